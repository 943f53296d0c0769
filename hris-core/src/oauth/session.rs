//! The tokens of one connection in use: loaded, renewed by one task at a time, and stored before they are used.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex as Slot, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::OAuth;
use super::endpoint::Answer;
use crate::http::{Authorize, Headers};
use crate::{CLAIM_SECONDS, Claim, Error, ErrorKind, Result, Secret, StoredTokens, TokenStore, Tokens};

/// A token is renewed before use when less than a tenth of its life is left. No tenth is longer than this.
const MOST_SPARE: Duration = Duration::from_secs(60);
/// Waits for another process that renews: the first wait, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How many times a renewal tries to store the new tokens.
const STORE_ATTEMPTS: u32 = 4;

/// What the person who runs this has to do when nothing else helps.
const RECONNECT: &str =
    "reconnect: give consent again; links and history stay, and nothing is changed until then";
/// The same without a consent so far, or after the tokens were forgotten on purpose.
const CONNECT: &str = "connect: give consent first; nothing is changed until then";

/// Puts the access token of one connection on requests, and renews it. Clones share their state.
///
/// A connector gives it to its HTTP client
/// ([`ClientBuilder::authorization`](crate::http::ClientBuilder::authorization)). Its `Directory::settle` calls
/// [`Session::settle`], because a dropped call may leave a renewal in progress.
///
/// - One task of one process renews; the others wait and take what it stored.
/// - New tokens are stored before they are used, so a crash does not lose the only valid refresh token.
/// - A refresh token that was sent without an answer is not sent again for [`CLAIM_SECONDS`].
/// - Only the server's clear refusal of the newest stored refresh token ends a connection.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

struct Shared {
    oauth: OAuth,
    tokens: Arc<dyn TokenStore>,
    /// The refresh token to begin with when the store has none.
    seed: Option<Secret>,
    /// The tokens in use here.
    held: Slot<Option<Held>>,
    /// Locked by the one task of this process that looks into the store or renews. A renewal whose task was dropped
    /// stays here until the next task or [`Session::settle`] completes it: it may bring the only valid refresh token.
    under_way: Mutex<Option<BoxFuture<'static, Result<Option<Held>>>>>,
    /// Tokens that are not stored yet, and the version that they replace.
    unsaved: Slot<Option<(u64, Tokens)>>,
    /// The version whose refresh token was sent without an answer, and until when it is not sent again.
    unanswered: Slot<Option<(u64, Instant)>>,
}

#[derive(Clone)]
struct Held {
    stored: StoredTokens,
    /// When the access token ends, and how much of its life is spare. `None` for a token that another process
    /// received.
    ends: Option<Ends>,
}

#[derive(Clone, Copy)]
struct Ends {
    at: Instant,
    spare: Duration,
}

impl Ends {
    fn of(life: Duration, since: Instant) -> Option<Self> {
        Some(Self { at: since.checked_add(life)?, spare: (life / 10).min(MOST_SPARE) })
    }

    fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

impl Held {
    /// Whether more of its life is left than the spare part.
    fn is_fresh(&self) -> bool {
        self.is_good(|ends| ends.left() > ends.spare)
    }

    /// Whether any of its life is left.
    fn is_usable(&self) -> bool {
        self.is_good(|ends| !ends.left().is_zero())
    }

    /// A token of unknown age is used until it is refused.
    fn is_good(&self, test: impl Fn(Ends) -> bool) -> bool {
        self.stored.tokens.access_token.is_some() && self.ends.is_none_or(test)
    }
}

impl Session {
    /// A session over the tokens in the store. `seed` is the refresh token to begin with when the store is empty.
    #[must_use]
    pub fn new(oauth: OAuth, tokens: Arc<dyn TokenStore>, seed: Option<Secret>) -> Self {
        Self(Arc::new(Shared {
            oauth,
            tokens,
            seed,
            held: Slot::default(),
            under_way: Mutex::default(),
            unsaved: Slot::default(),
            unanswered: Slot::default(),
        }))
    }

    /// Completes a renewal whose caller was dropped, within the renewal's own time limits, and stores its tokens.
    ///
    /// # Errors
    /// The store's error, if it still cannot store the tokens.
    pub async fn settle(&self) -> Result<()> {
        let mut under_way = self.0.under_way.lock().await;
        finish(&mut under_way).await;
        let unsaved = self.unsaved().clone();
        let Some((version, tokens)) = unsaved else { return Ok(()) };
        match self.store(version, tokens, None).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.with_hint(format!(
                "the tokens that a renewal brought are lost when this process ends; if {} does not accept the old ones \
                 any more, the next run says so and a new consent is needed",
                self.0.oauth.vendor()
            ))),
        }
    }

    /// The scopes of the tokens in use, in the vendor's words. `None` before the first request, and where the server
    /// did not say them.
    #[must_use]
    pub fn scopes(&self) -> Option<BTreeSet<String>> {
        self.held().as_ref()?.stored.tokens.scopes.clone()
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unsaved(&self) -> MutexGuard<'_, Option<(u64, Tokens)>> {
        self.0.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unanswered(&self) -> MutexGuard<'_, Option<(u64, Instant)>> {
        self.0.unanswered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self, stored: StoredTokens, ends: Option<Ends>) -> Held {
        let held = Held { stored, ends };
        *self.held() = Some(held.clone());
        held
    }

    fn version(&self) -> Option<u64> {
        self.held().as_ref().map(|held| held.stored.version)
    }

    /// Tokens whose access token may be used.
    async fn usable(&self) -> Result<Held> {
        let known = self.held().clone();
        match known {
            Some(held) if held.is_fresh() => Ok(held),
            // The spare time is used when a renewal fails.
            Some(held) => match self.renew(false).await {
                Err(_) if held.is_usable() => Ok(held),
                renewed => renewed,
            },
            None => self.renew(false).await,
        }
    }

    /// Gets newer tokens: another process's from the store, else by a renewal. `refused` says that the access token
    /// in use was refused; without that, it is renewed only if it is not fresh.
    async fn renew(&self, refused: bool) -> Result<Held> {
        let before = self.version();
        let began = Instant::now();
        let mut wait = WAITS.0;
        loop {
            {
                let mut under_way = self.0.under_way.lock().await;
                // The result of a dropped renewal is seen below: newer tokens, or none.
                finish(&mut under_way).await;
                if let Some(held) = self.held().clone()
                    && (Some(held.stored.version) != before || !refused)
                    && held.is_fresh()
                {
                    return Ok(held);
                }
                let newer = under_way.insert(Box::pin(self.clone().newer(before))).await;
                *under_way = None;
                if let Some(held) = newer? {
                    return Ok(held);
                }
            }
            if began.elapsed() > Duration::from_secs(CLAIM_SECONDS + 10) {
                let words =
                    "renew the access token: another process has been at it for too long; try again later";
                return Err(Error::new(ErrorKind::Unavailable, words));
            }
            sleep(wait).await;
            wait = wait.saturating_mul(2).min(WAITS.1);
        }
    }

    /// Tokens newer than those of version `before`. `None` while another process renews them.
    async fn newer(self, before: Option<u64>) -> Result<Option<Held>> {
        let unsaved = self.unsaved().clone();
        if let Some((version, tokens)) = unsaved {
            return self.store(version, tokens, None).await.map(Some);
        }
        let mut newest = self.load().await?;
        loop {
            if newest.tokens.refused {
                return Err(self.refused());
            }
            if Some(newest.version) != before && newest.tokens.access_token.is_some() {
                return Ok(Some(self.hold(newest, None)));
            }
            self.is_answered(newest.version)?;
            match self.0.tokens.claim(newest.version).await? {
                Claim::Taken => return self.refresh(newest).await.map(Some),
                Claim::Stale(Some(newer)) => newest = newer,
                Claim::Stale(None) => return Err(self.gone()),
                _ => return Ok(None),
            }
        }
    }

    /// Fails while an answer to the refresh token of this version may be on its way.
    fn is_answered(&self, version: u64) -> Result<()> {
        let unanswered = *self.unanswered();
        match unanswered {
            Some((sent, until)) if sent == version && until > Instant::now() => {
                let words = "renew the access token: it was asked for and no answer came, so the same token is not sent again \
                             now; try again in some minutes";
                Err(Error::new(ErrorKind::UnknownOutcome, words))
            }
            _ => Ok(()),
        }
    }

    /// The newest tokens in the store; the seed when the store is empty.
    async fn load(&self) -> Result<StoredTokens> {
        if let Some(stored) = self.0.tokens.load().await? {
            return Ok(stored);
        }
        if let Some(seed) = &self.0.seed {
            // If another process was first, its tokens count.
            self.0.tokens.replace(0, &Tokens::new(None, Some(seed.clone()))).await?;
        }
        self.0.tokens.load().await?.ok_or_else(|| self.gone())
    }

    fn gone(&self) -> Error {
        *self.held() = None;
        let words = format!("there are no tokens of {}; {CONNECT}", self.0.oauth.vendor());
        Error::new(ErrorKind::Auth, words)
    }

    fn refused(&self) -> Error {
        let vendor = self.0.oauth.vendor();
        let words = format!("{vendor} does not accept the refresh token any more; {RECONNECT}");
        Error::new(ErrorKind::Auth, words)
    }

    /// Renews tokens that this task has claimed.
    async fn refresh(&self, from: StoredTokens) -> Result<Held> {
        let StoredTokens { tokens: old, version, .. } = from;
        let Some(token) = &old.refresh_token else {
            self.release(version).await;
            let words = format!("the access token is refused and there is no refresh token; {RECONNECT}");
            return Err(Error::new(ErrorKind::Auth, words));
        };
        let asked = Instant::now();
        match self.0.oauth.0.endpoint.refresh(token).await {
            Ok(Answer::Issued(issued)) => {
                let mut new = issued.tokens;
                // Without a new refresh token, the old one stays valid.
                new.refresh_token = new.refresh_token.or(old.refresh_token);
                new.scopes = new.scopes.or(old.scopes);
                self.store(version, new, Ends::of(issued.life, asked)).await
            }
            Ok(Answer::Dead) => {
                // It is not sent again. If another process renewed it meanwhile, only our copy is dead, and the
                // newer tokens stay.
                if let Err(error) = self.0.tokens.replace(version, &old.with_refused(true)).await {
                    tracing::debug!(kind = ?error.kind(), "the refusal of a refresh token could not be stored");
                    self.release(version).await;
                }
                match self.0.tokens.load().await? {
                    Some(newer)
                        if newer.version != version
                            && !newer.tokens.refused
                            && newer.tokens.access_token.is_some() =>
                    {
                        Ok(self.hold(newer, None))
                    }
                    _ => Err(self.refused()),
                }
            }
            Ok(Answer::Refused(error)) | Err(error) => {
                if error.kind() == ErrorKind::UnknownOutcome {
                    let until = Instant::now() + Duration::from_secs(CLAIM_SECONDS);
                    *self.unanswered() = Some((version, until));
                }
                self.release(version).await;
                Err(error)
            }
        }
    }

    /// Stores new tokens in place of those of `version`, and only then holds them. Tokens that cannot be stored are
    /// kept for the next attempt and not used: they may contain the only valid refresh token.
    async fn store(&self, version: u64, tokens: Tokens, ends: Option<Ends>) -> Result<Held> {
        *self.unsaved() = Some((version, tokens.clone()));
        let mut wait = WAITS.0;
        let mut attempt = 1;
        let stored = loop {
            match self.0.tokens.replace(version, &tokens).await {
                Ok(stored) => break stored,
                Err(error) if attempt >= STORE_ATTEMPTS => return Err(error),
                Err(_) => sleep(wait).await,
            }
            attempt += 1;
            wait = wait.saturating_mul(2);
        };
        *self.unsaved() = None;
        let newest = self.0.tokens.load().await?.ok_or_else(|| self.gone())?;
        // If ours were not stored, or are not the newest any more, the newest count.
        let ours = stored && same_token(&newest.tokens, &tokens);
        Ok(self.hold(newest, ends.filter(|_| ours)))
    }

    /// Releases a claim. A claim that cannot be released ends by itself.
    async fn release(&self, version: u64) {
        if let Err(error) = self.0.tokens.release(version).await {
            tracing::debug!(kind = ?error.kind(), "a claim could not be released");
        }
    }
}

/// Completes a renewal whose task was dropped.
async fn finish(under_way: &mut Option<BoxFuture<'static, Result<Option<Held>>>>) {
    if let Some(left) = under_way.as_mut() {
        // Its caller is gone. New tokens are stored; an error will occur again.
        let _ = left.await;
        *under_way = None;
    }
}

fn same_token(one: &Tokens, other: &Tokens) -> bool {
    match (&one.access_token, &other.access_token) {
        (Some(one), Some(other)) => one.expose() == other.expose(),
        _ => false,
    }
}

#[async_trait]
impl Authorize for Session {
    async fn authorize(&self, headers: &mut Headers) -> Result<()> {
        let held = self.usable().await?;
        if let Some(token) = &held.stored.tokens.access_token {
            headers.set("authorization", format!("Bearer {}", token.expose()));
        }
        Ok(())
    }

    async fn refresh(&self) -> Result<bool> {
        self.renew(true).await.map(|_| true)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("tokens", &self.0.tokens).finish_non_exhaustive()
    }
}
