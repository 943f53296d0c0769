//! The tokens of an authorisation server, and where they are kept.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{Result, Secret};

/// The tokens of one connection, as an OAuth authorisation server issued them.
///
/// `Debug` shows which of them there are.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tokens {
    /// The short-lived token that requests carry.
    pub access_token: Option<Secret>,
    /// The long-lived token that renews it.
    pub refresh_token: Option<Secret>,
    /// The scopes of the tokens, in the vendor's words. `None` where the server did not say them.
    pub scopes: Option<BTreeSet<String>>,
    /// Whether the authorisation server refused the refresh token for good. It is not sent again; a new consent
    /// replaces it.
    pub refused: bool,
}

impl Tokens {
    /// An access token and a refresh token.
    #[must_use]
    pub fn new(access_token: Option<Secret>, refresh_token: Option<Secret>) -> Self {
        Self { access_token, refresh_token, scopes: None, refused: false }
    }

    /// Sets the scopes.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Option<BTreeSet<String>>) -> Self {
        self.scopes = scopes;
        self
    }

    /// Sets whether the refresh token was refused for good.
    #[must_use]
    pub fn with_refused(mut self, refused: bool) -> Self {
        self.refused = refused;
        self
    }
}

/// [`Tokens`] and their version, which grows with each replacement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredTokens {
    /// The tokens.
    pub tokens: Tokens,
    /// Their version.
    pub version: u64,
}

impl StoredTokens {
    /// The tokens of this version.
    #[must_use]
    pub fn new(tokens: Tokens, version: u64) -> Self {
        Self { tokens, version }
    }
}

/// Keeps the tokens of one connection for all tasks and processes that use it.
///
/// A refresh token may be good for one use only. Therefore a process claims the right to renew before it renews,
/// stores the new tokens before it uses them, and stores them only in place of the tokens that it renewed. A claim
/// ends by itself after [`CLAIM_SECONDS`] by the store's own clock.
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// The newest tokens. `None` before the first consent and after the tokens were forgotten.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Config`] if the stored tokens cannot be read, for example because their key is missing;
    /// [`crate::ErrorKind::Unavailable`] if the store does not answer.
    async fn load(&self) -> Result<Option<StoredTokens>>;

    /// Takes the right to renew the tokens of this version.
    ///
    /// # Errors
    /// The errors of [`TokenStore::load`].
    async fn claim(&self, version: u64) -> Result<Claim>;

    /// Stores `tokens` in place of those of `version`, or as the first ones where `version` is 0, and ends a claim
    /// on that version. Returns `false` and stores nothing if `version` is not the newest any more.
    ///
    /// # Errors
    /// The errors of [`TokenStore::load`]. Confirmed tokens survive a crash.
    async fn replace(&self, version: u64, tokens: &Tokens) -> Result<bool>;

    /// Ends a claim without new tokens.
    ///
    /// # Errors
    /// The errors of [`TokenStore::load`].
    async fn release(&self, version: u64) -> Result<()>;
}

/// How long a claim to renew tokens lasts.
pub const CLAIM_SECONDS: u64 = 150;

/// The answer to a claim.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Claim {
    /// Another task or process renews the tokens now. Look again in a moment.
    Busy,
    /// The version is not the newest any more. The newest tokens are here; `None` if they were forgotten.
    Stale(Option<StoredTokens>),
    /// The caller, and nobody else, may renew the tokens.
    Taken,
}

/// Tokens in memory, for tests and for products that keep them elsewhere between runs. Clones share them.
///
/// ```
/// use hris_core::{Claim, MemoryTokens, Secret, TokenStore, Tokens};
///
/// # async fn example() -> hris_core::Result<()> {
/// let store = MemoryTokens::default();
/// let first = Tokens::new(None, Some(Secret::from("refresh".to_owned())));
/// assert!(store.replace(0, &first).await?);
/// assert!(matches!(store.claim(1).await?, Claim::Taken));
/// assert!(matches!(store.claim(1).await?, Claim::Busy));
/// assert!(!store.replace(0, &first).await?, "the store has tokens already");
/// # Ok(()) }
/// # futures_util::FutureExt::now_or_never(example()).expect("ready at once").expect("no error");
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryTokens(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    newest: Option<StoredTokens>,
    version: u64,
    claimed: bool,
}

impl MemoryTokens {
    /// Forgets the tokens. Returns whether there were any.
    pub fn forget(&self) -> bool {
        let mut kept = self.lock();
        kept.version += 1;
        kept.claimed = false;
        kept.newest.take().is_some()
    }

    /// Whether there are tokens.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.lock().newest.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self) -> Result<Option<StoredTokens>> {
        Ok(self.lock().newest.clone())
    }

    async fn claim(&self, version: u64) -> Result<Claim> {
        let mut kept = self.lock();
        if kept.newest.as_ref().is_none_or(|newest| newest.version != version) {
            return Ok(Claim::Stale(kept.newest.clone()));
        }
        Ok(if std::mem::replace(&mut kept.claimed, true) { Claim::Busy } else { Claim::Taken })
    }

    async fn replace(&self, version: u64, tokens: &Tokens) -> Result<bool> {
        let mut kept = self.lock();
        if kept.newest.as_ref().map_or(0, |newest| newest.version) != version {
            return Ok(false);
        }
        kept.version += 1;
        kept.claimed = false;
        kept.newest = Some(StoredTokens::new(tokens.clone(), kept.version));
        Ok(true)
    }

    async fn release(&self, version: u64) -> Result<()> {
        let mut kept = self.lock();
        if kept.newest.as_ref().is_some_and(|newest| newest.version == version) {
            kept.claimed = false;
        }
        Ok(())
    }
}
