//! The product's side: where accounts live.

mod call;
mod error;
mod powers;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use hris_core::reconcile::Change;
use hris_core::{Timestamp, User, UserId};

pub use hris_core::reconcile::{FieldSupport, TargetCapabilities};

pub(crate) use self::call::give;
pub use self::call::{By, Call, Invitation, NewUser, Write};
pub use self::error::{TargetError, TargetErrorKind};
pub use self::powers::{Assigns, Batches, Invites, MOST_AT_ONCE, Powers, Reactivates, Remembers, Settles};

/// A product's own accounts: implement it to have people provisioned into your database.
///
/// Its methods are `async`. Write them as such in an `impl` under `#[async_trait]`, of the crate
/// [`async-trait`](https://docs.rs/async-trait): the signatures below are the result. A complete target
/// over a `Vec` as an example:
///
/// ```
/// use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
///
/// use async_trait::async_trait;
/// use hris_core::reconcile::Change;
/// use hris_core::{Timestamp, User, UserId, UserStatus};
/// use hris_reconcile::target::{By, Call, NewUser, Target, TargetError, TargetErrorKind};
///
/// #[derive(Clone, Debug, Default)]
/// struct Members(Arc<Mutex<Vec<User>>>);
///
/// impl Members {
///     fn all(&self) -> MutexGuard<'_, Vec<User>> {
///         self.0.lock().unwrap_or_else(PoisonError::into_inner)
///     }
///
///     fn edit(
///         &self,
///         id: &UserId,
///         change: impl FnOnce(&mut User) -> Result<(), TargetError>,
///     ) -> Result<(), TargetError> {
///         let mut all = self.all();
///         let user = all.iter_mut().find(|user| user.id == *id);
///         change(user.ok_or_else(|| TargetError::new(TargetErrorKind::NotFound, "there is no such account"))?)
///     }
/// }
///
/// #[async_trait]
/// impl Target for Members {
///     async fn check(&self, _: Timestamp) -> Result<(), TargetError> {
///         Ok(())
///     }
///     async fn users(&self, _: Timestamp) -> Result<Vec<User>, TargetError> {
///         Ok(self.all().clone())
///     }
///     async fn user(&self, by: By<'_>, _: Timestamp) -> Result<Option<User>, TargetError> {
///         Ok(self.all().iter().find(|user| by.is(user)).cloned())
///     }
///     async fn create(&self, new: &NewUser, _: &Call<'_>) -> Result<UserId, TargetError> {
///         let mut all = self.all();
///         let same = |user: &&User| By::ExternalId(new.external_id().unwrap_or_default()).is(user);
///         if let Some(made) = all.iter().find(same) {
///             return Ok(made.id.clone()); // this call was done before
///         }
///         let user = new.to_user(format!("m-{}", all.len() + 1));
///         all.push(user.clone());
///         Ok(user.id)
///     }
///     async fn update(&self, id: &UserId, changes: &[Change], _: &Call<'_>) -> Result<(), TargetError> {
///         self.edit(id, |user| {
///             changes.iter().for_each(|change| user.put(&change.field, change.to.as_deref()));
///             Ok(())
///         })
///     }
///     async fn deactivate(&self, seen: &User, _: &Call<'_>) -> Result<(), TargetError> {
///         self.edit(&seen.id, |user| {
///             if !user.is_still(seen) {
///                 return Err(TargetError::changed()); // it is somebody else's by now
///             }
///             user.status = UserStatus::Deactivated;
///             Ok(())
///         })
///     }
/// }
///
/// # use hris_core::{Employee, Field, MemoryDirectory, StandardField, Status};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let ada = Employee::new("e-1")
/// #     .with_status(Status::Active, "active")
/// #     .with(StandardField::Email, Field::Value("ada@mill.example".into()));
/// # let directory = MemoryDirectory::new([ada]);
/// let members = Members::default();
/// # let state = hris_reconcile::store::MemoryStore::new();
/// let runner = hris_reconcile::Runner::builder(directory, members.clone(), state).build()?;
/// let report = runner.run("2026-11-23T02:00:00Z".parse()?).await?;
/// assert_eq!((report.counts.created, members.all().len()), (1, 1));
/// # Ok(())
/// # }
/// ```
///
/// Two of the eight methods have a default. Implement [`Target::powers`] for a product that also invites,
/// gives roles or opens accounts again, or takes several calls at once, and [`Target::capabilities`] for one
/// that does not keep every field.
///
/// The page "writing a target" of the guide says what each call must hold, and the suite of feature `conformance`
/// tries it.
///
/// Every call that writes carries a key, which belongs to one entry of one run's journal and is never used
/// again after that entry is settled. A call repeated with the same key has no further effect and answers
/// as it did the first time, as long as its effect exists: the created account is there, the closed one is
/// closed, the values are the written ones. If the effect is gone, the call is done again, so that an
/// answer is never about a missing account. A call has its whole effect or none: it never leaves half an
/// account.
#[async_trait]
pub trait Target: fmt::Debug + Send + Sync + 'static {
    /// Returns how this target keeps each field, and what may be assigned. A run calls it once.
    fn capabilities(&self) -> TargetCapabilities {
        TargetCapabilities::full()
    }

    /// Returns what this target can do beyond creating, changing and closing accounts.
    fn powers(&self) -> Powers<'_> {
        Powers::none()
    }

    /// Checks whether the target can be reached and written, and prepares what it needs.
    ///
    /// # Errors
    /// [`TargetError`] saying what is missing and what to do.
    async fn check(&self, now: Timestamp) -> Result<(), TargetError>;

    /// Returns every account, closed ones included.
    ///
    /// # Errors
    /// Whatever keeps the list from being complete.
    async fn users(&self, now: Timestamp) -> Result<Vec<User>, TargetError>;

    /// One account, closed ones included. A run looks it up by external id before a creation, and by its
    /// own id to settle an action of unknown outcome.
    ///
    /// # Errors
    /// Whatever kept the target from answering. A missing account is `None`, not an error.
    async fn user(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError>;

    /// Creates an account and returns its id.
    ///
    /// # Errors
    /// [`TargetErrorKind::Conflict`] if a value that must be unique is taken.
    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError>;

    /// Writes the named fields and leaves all others alone.
    ///
    /// # Errors
    /// As [`Target::create`], and [`TargetErrorKind::NotFound`].
    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError>;

    /// Closes the account `seen`, as it was read a moment ago, if it is still that one: see
    /// [`User::is_still`]. Looking and closing are one step where the target can do both at once. Closing a
    /// closed account is not an error.
    ///
    /// # Errors
    /// As [`Target::update`], and [`TargetErrorKind::Changed`] if it carries another external id or address by now.
    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError>;
}

macro_rules! forward {
    ($($pointer:ident)*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Target + ?Sized> Target for $pointer<T> {
            fn capabilities(&self) -> TargetCapabilities {
                (**self).capabilities()
            }
            fn powers(&self) -> Powers<'_> {
                (**self).powers()
            }
            async fn check(&self, now: Timestamp) -> Result<(), TargetError> {
                (**self).check(now).await
            }
            async fn users(&self, now: Timestamp) -> Result<Vec<User>, TargetError> {
                (**self).users(now).await
            }
            async fn user(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError> {
                (**self).user(by, now).await
            }
            async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
                (**self).create(new, call).await
            }
            async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
                (**self).update(id, changes, call).await
            }
            async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
                (**self).deactivate(seen, call).await
            }
        }
    )*};
}
forward!(Arc Box);
