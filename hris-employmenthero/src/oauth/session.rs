//! The grant of one connection in use: loaded, renewed by one at a time, and stored before it is
//! used.

use std::fmt;
use std::sync::{Arc, Mutex as Slot, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use hris_core::http::{Authorize, Headers};
use hris_core::{CLAIM_SECONDS, Claim, Error, ErrorKind, Grant, GrantStore, Result, Secret, StoredGrant};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::OAuth;
use super::token::Answer;

/// A token with less life left than a tenth is renewed before it is used; than this in any case.
const MOST_SPARE: Duration = Duration::from_secs(60);
/// Waits for somebody else who renews: the first, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How often it is tried to store what a renewal brought.
const STORE_ATTEMPTS: u32 = 4;

/// What the person who runs this has to do when nothing else helps.
const RECONNECT: &str =
    "reconnect: give consent again; links and history stay, and nothing is changed until then";
/// The same where there has been no consent yet, or it was forgotten on purpose.
const CONNECT: &str = "connect: give consent first; nothing is changed until then";

/// Puts the kept access token on requests and renews the grant. Clones share it.
#[derive(Clone)]
pub(crate) struct Session(Arc<Shared>);

struct Shared {
    oauth: OAuth,
    grants: Arc<dyn GrantStore>,
    /// The refresh token to begin with where none is kept.
    seed: Option<Secret>,
    /// What is in use here.
    held: Slot<Option<Held>>,
    /// Held by the one task of this process that looks into the store or renews. A renewal whose
    /// task was given up in the middle stays here, and the next one takes it to its end, or
    /// [`Session::settle`]: what it was about to bring may be the only good refresh token.
    under_way: Mutex<Option<BoxFuture<'static, Result<Option<Held>>>>>,
    /// A grant that is not stored yet, and the version that it replaces.
    unsaved: Slot<Option<(u64, Grant)>>,
    /// The version whose refresh token was sent without an answer, and until when it is not sent again.
    unanswered: Slot<Option<(u64, Instant)>>,
}

#[derive(Clone)]
struct Held {
    stored: StoredGrant,
    /// When the access token ends, and how much of its life is spare; unknown for one that another
    /// process received.
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
    /// Whether there is more left of it than what is spare.
    fn is_fresh(&self) -> bool {
        self.is_good(|ends| ends.left() > ends.spare)
    }

    /// Whether anything is left of it.
    fn is_usable(&self) -> bool {
        self.is_good(|ends| !ends.left().is_zero())
    }

    /// A token whose age nobody here knows is used until it is refused.
    fn is_good(&self, test: impl Fn(Ends) -> bool) -> bool {
        self.stored.grant.access_token.is_some() && self.ends.is_none_or(test)
    }
}

impl Session {
    pub(crate) fn new(oauth: OAuth, grants: Arc<dyn GrantStore>, seed: Option<Secret>) -> Self {
        Self(Arc::new(Shared {
            oauth,
            grants,
            seed,
            held: Slot::default(),
            under_way: Mutex::default(),
            unsaved: Slot::default(),
            unanswered: Slot::default(),
        }))
    }

    /// Takes a renewal that was given up to its end, within its own limits, and stores what it brought.
    ///
    /// # Errors
    /// That of the store, if it still cannot store it.
    pub(crate) async fn settle(&self) -> Result<()> {
        let mut under_way = self.0.under_way.lock().await;
        finish(&mut under_way).await;
        let unsaved = self.unsaved().clone();
        let Some((version, grant)) = unsaved else { return Ok(()) };
        match self.store(version, grant, None).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.with_hint(
                "the tokens that a renewal brought are lost when this process ends; if Employment Hero does not accept \
                 the old ones any more, the next run says so and a new consent is needed",
            )),
        }
    }

    /// What was granted, in the vendor's words, as far as a token answer told it.
    pub(crate) fn scopes(&self) -> Option<std::collections::BTreeSet<String>> {
        self.held().as_ref()?.stored.grant.scopes.clone()
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unsaved(&self) -> MutexGuard<'_, Option<(u64, Grant)>> {
        self.0.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unanswered(&self) -> MutexGuard<'_, Option<(u64, Instant)>> {
        self.0.unanswered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self, stored: StoredGrant, ends: Option<Ends>) -> Held {
        let held = Held { stored, ends };
        *self.held() = Some(held.clone());
        held
    }

    fn version(&self) -> Option<u64> {
        self.held().as_ref().map(|held| held.stored.version)
    }

    /// A grant whose access token may be used.
    async fn usable(&self) -> Result<Held> {
        let known = self.held().clone();
        match known {
            Some(held) if held.is_fresh() => Ok(held),
            // What is spare is used up where nothing newer can be had.
            Some(held) => match self.renew(false).await {
                Err(_) if held.is_usable() => Ok(held),
                renewed => renewed,
            },
            None => self.renew(false).await,
        }
    }

    /// Gets a newer grant: somebody else's from the store, else our own. `refused` says that the
    /// one in use was refused; else it is renewed only if it is not fresh.
    async fn renew(&self, refused: bool) -> Result<Held> {
        let before = self.version();
        let began = Instant::now();
        let mut wait = WAITS.0;
        loop {
            {
                let mut under_way = self.0.under_way.lock().await;
                // What came of one that was given up is seen below: a newer grant, or none.
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

    /// A grant that is newer than the one of version `before`; none while another process renews it.
    async fn newer(self, before: Option<u64>) -> Result<Option<Held>> {
        let unsaved = self.unsaved().clone();
        if let Some((version, grant)) = unsaved {
            return self.store(version, grant, None).await.map(Some);
        }
        let mut newest = self.load().await?;
        loop {
            if newest.grant.refused {
                return Err(self.refused());
            }
            if Some(newest.version) != before && newest.grant.access_token.is_some() {
                return Ok(Some(self.hold(newest, None)));
            }
            self.is_answered(newest.version)?;
            match self.0.grants.claim(newest.version).await? {
                Claim::Taken => return self.refresh(newest).await.map(Some),
                Claim::Stale(Some(newer)) => newest = newer,
                Claim::Stale(None) => return Err(self.gone()),
                _ => return Ok(None),
            }
        }
    }

    /// Fails while the refresh token of this version is on its way without an answer.
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

    /// The newest grant in the store; the given refresh token where there is none.
    async fn load(&self) -> Result<StoredGrant> {
        if let Some(stored) = self.0.grants.load().await? {
            return Ok(stored);
        }
        if let Some(seed) = &self.0.seed {
            // If somebody else was first, theirs counts.
            self.0.grants.replace(0, &Grant::new(None, Some(seed.clone()))).await?;
        }
        self.0.grants.load().await?.ok_or_else(|| self.gone())
    }

    fn gone(&self) -> Error {
        *self.held() = None;
        Error::new(ErrorKind::Auth, format!("there is no grant of Employment Hero; {CONNECT}"))
    }

    fn refused(&self) -> Error {
        let words = format!("Employment Hero does not accept the refresh token any more; {RECONNECT}");
        Error::new(ErrorKind::Auth, words)
    }

    /// Renews a grant to which the claim is ours.
    async fn refresh(&self, from: StoredGrant) -> Result<Held> {
        let StoredGrant { grant, version, .. } = from;
        let Some(token) = &grant.refresh_token else {
            self.release(version).await;
            let words = format!("the access token is refused and there is no refresh token; {RECONNECT}");
            return Err(Error::new(ErrorKind::Auth, words));
        };
        let asked = Instant::now();
        match self.0.oauth.0.endpoint.refresh(token).await {
            Ok(Answer::Granted(granted)) => {
                let mut new = granted.grant;
                // No new one means that the old one goes on.
                new.refresh_token = new.refresh_token.or(grant.refresh_token);
                new.scopes = new.scopes.or(grant.scopes);
                self.store(version, new, Ends::of(granted.life, asked)).await
            }
            Ok(Answer::Dead) => {
                // Nobody asks with it again. Somebody else may have renewed it meanwhile; then only our
                // copy is dead, and theirs stays.
                if let Err(error) = self.0.grants.replace(version, &grant.with_refused(true)).await {
                    tracing::debug!(kind = ?error.kind(), "that a grant is dead could not be stored");
                    self.release(version).await;
                }
                match self.0.grants.load().await? {
                    Some(newer)
                        if newer.version != version
                            && !newer.grant.refused
                            && newer.grant.access_token.is_some() =>
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

    /// Stores a new grant in place of the one of `version`, and only then holds it. What cannot be
    /// stored is kept for the next attempt and not used: its refresh token may be the only one.
    async fn store(&self, version: u64, grant: Grant, ends: Option<Ends>) -> Result<Held> {
        *self.unsaved() = Some((version, grant.clone()));
        let mut wait = WAITS.0;
        let mut attempt = 1;
        let stored = loop {
            match self.0.grants.replace(version, &grant).await {
                Ok(stored) => break stored,
                Err(error) if attempt >= STORE_ATTEMPTS => return Err(error),
                Err(_) => sleep(wait).await,
            }
            attempt += 1;
            wait = wait.saturating_mul(2);
        };
        *self.unsaved() = None;
        let newest = self.0.grants.load().await?.ok_or_else(|| self.gone())?;
        // If ours was not stored, or is not the newest any more, the newest counts.
        let ours = stored && same_token(&newest.grant, &grant);
        Ok(self.hold(newest, ends.filter(|_| ours)))
    }

    /// Gives a claim back. One that cannot be given back runs out by itself.
    async fn release(&self, version: u64) {
        if let Err(error) = self.0.grants.release(version).await {
            tracing::debug!(kind = ?error.kind(), "a claim could not be given back");
        }
    }
}

/// Takes a renewal that was given up to its end.
async fn finish(under_way: &mut Option<BoxFuture<'static, Result<Option<Held>>>>) {
    if let Some(left) = under_way.as_mut() {
        // Whoever began it has gone; what it brought is stored, and what it did not is met again.
        let _ = left.await;
        *under_way = None;
    }
}

fn same_token(one: &Grant, other: &Grant) -> bool {
    match (&one.access_token, &other.access_token) {
        (Some(one), Some(other)) => one.expose() == other.expose(),
        _ => false,
    }
}

#[async_trait]
impl Authorize for Session {
    async fn authorize(&self, headers: &mut Headers) -> Result<()> {
        let held = self.usable().await?;
        if let Some(token) = &held.stored.grant.access_token {
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
        f.debug_struct("Session").field("grants", &self.0.grants).finish_non_exhaustive()
    }
}
