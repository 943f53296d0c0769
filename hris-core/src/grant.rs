//! What an authorisation server granted, and where it is kept.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{Result, Secret};

/// The tokens of one connection, as an OAuth authorisation server granted them.
///
/// `Debug` shows which of them there are.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Grant {
    /// The short-lived token that requests carry.
    pub access_token: Option<Secret>,
    /// The long-lived token that renews it.
    pub refresh_token: Option<Secret>,
    /// What was granted, in the vendor's words; none where it was not told.
    pub scopes: Option<BTreeSet<String>>,
    /// Whether the authorisation server refused the refresh token for good. Nobody asks with it again; a new
    /// consent takes its place.
    pub refused: bool,
}

impl Grant {
    /// A grant of these tokens.
    #[must_use]
    pub fn new(access_token: Option<Secret>, refresh_token: Option<Secret>) -> Self {
        Self { access_token, refresh_token, scopes: None, refused: false }
    }

    /// Adds what was granted.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Option<BTreeSet<String>>) -> Self {
        self.scopes = scopes;
        self
    }

    /// Says whether the refresh token was refused for good.
    #[must_use]
    pub fn with_refused(mut self, refused: bool) -> Self {
        self.refused = refused;
        self
    }
}

/// A [`Grant`] and its version, which grows with each that replaces it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredGrant {
    /// The tokens.
    pub grant: Grant,
    /// Which one it is.
    pub version: u64,
}

impl StoredGrant {
    /// The grant of this version.
    #[must_use]
    pub fn new(grant: Grant, version: u64) -> Self {
        Self { grant, version }
    }
}

/// Where the grant of one connection is kept, for all tasks and processes that use it.
///
/// A refresh token may be good for one use. So a renewal is claimed first, by one at a time; what it
/// brings is stored before it is used; and it is stored only in place of the grant it was made from.
/// A claim that is not given back runs out after [`CLAIM_SECONDS`] by the store's own clock.
#[async_trait]
pub trait GrantStore: fmt::Debug + Send + Sync + 'static {
    /// The newest grant; none before the first consent and after it was forgotten.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Config`] if what is stored cannot be read, for example for want of its
    /// key; [`crate::ErrorKind::Unavailable`] if the store does not answer.
    async fn load(&self) -> Result<Option<StoredGrant>>;

    /// Takes the right to renew the grant of this version.
    ///
    /// # Errors
    /// As [`GrantStore::load`].
    async fn claim(&self, version: u64) -> Result<Claim>;

    /// Stores `grant` in place of the one of `version` (0 where there is none), and ends a claim to
    /// it. Says whether that was still the newest; if not, nothing is stored.
    ///
    /// # Errors
    /// As [`GrantStore::load`]. What was confirmed survives a crash.
    async fn replace(&self, version: u64, grant: &Grant) -> Result<bool>;

    /// Ends a claim that brought nothing.
    ///
    /// # Errors
    /// As [`GrantStore::load`].
    async fn release(&self, version: u64) -> Result<()>;
}

/// How long a claim to renew a grant lasts.
pub const CLAIM_SECONDS: u64 = 150;

/// Whether a grant may be renewed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Claim {
    /// Somebody else is at it: look again in a moment.
    Busy,
    /// It is not the newest any more: this one is, if any.
    Stale(Option<StoredGrant>),
    /// It may, by the caller alone.
    Taken,
}

/// A grant held in memory, for tests and for products that keep it elsewhere between runs. Clones
/// share it.
///
/// ```
/// use hris_core::{Claim, Grant, GrantStore, MemoryGrants, Secret};
///
/// # async fn example() -> hris_core::Result<()> {
/// let grants = MemoryGrants::default();
/// let first = Grant::new(None, Some(Secret::from("refresh".to_owned())));
/// assert!(grants.replace(0, &first).await?);
/// assert!(matches!(grants.claim(1).await?, Claim::Taken));
/// assert!(matches!(grants.claim(1).await?, Claim::Busy));
/// assert!(!grants.replace(0, &first).await?, "another grant is there already");
/// # Ok(()) }
/// # futures_util::FutureExt::now_or_never(example()).expect("ready at once").expect("no error");
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryGrants(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    newest: Option<StoredGrant>,
    version: u64,
    claimed: bool,
}

impl MemoryGrants {
    /// Forgets the grant, and says whether there was one.
    pub fn forget(&self) -> bool {
        let mut kept = self.lock();
        kept.version += 1;
        kept.claimed = false;
        kept.newest.take().is_some()
    }

    /// Whether a grant is kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.lock().newest.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl GrantStore for MemoryGrants {
    async fn load(&self) -> Result<Option<StoredGrant>> {
        Ok(self.lock().newest.clone())
    }

    async fn claim(&self, version: u64) -> Result<Claim> {
        let mut kept = self.lock();
        if kept.newest.as_ref().is_none_or(|newest| newest.version != version) {
            return Ok(Claim::Stale(kept.newest.clone()));
        }
        Ok(if std::mem::replace(&mut kept.claimed, true) { Claim::Busy } else { Claim::Taken })
    }

    async fn replace(&self, version: u64, grant: &Grant) -> Result<bool> {
        let mut kept = self.lock();
        if kept.newest.as_ref().map_or(0, |newest| newest.version) != version {
            return Ok(false);
        }
        kept.version += 1;
        kept.claimed = false;
        kept.newest = Some(StoredGrant::new(grant.clone(), kept.version));
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
