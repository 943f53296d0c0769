//! The product's side: where accounts live.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{Timestamp, User, UserId, UserStatus};

pub use hris_core::reconcile::TargetCapabilities;

/// A product's own accounts: implement it to have people provisioned into your database.
///
/// Its methods are `async`. Write them as such in an `impl` under `#[async_trait]`, of the crate
/// [`async-trait`](https://docs.rs/async-trait): the signatures below are what that makes of them. A whole target
/// over a `Vec`, to begin with:
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use async_trait::async_trait;
/// use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
/// use hris_core::{TargetField, Timestamp, User, UserId, UserStatus};
/// use hris_reconcile::target::{
///     Invitation, NewUser, Target, TargetCapabilities, TargetError, TargetErrorKind,
/// };
///
/// #[derive(Clone, Debug, Default)]
/// struct Members(Arc<Mutex<Vec<User>>>);
///
/// impl Members {
///     fn find_by(&self, is: impl Fn(&User) -> bool) -> Option<User> {
///         self.0.lock().ok()?.iter().find(|user| is(user)).cloned()
///     }
///
///     fn edit(&self, id: &UserId, change: impl FnOnce(&mut User)) -> Result<(), TargetError> {
///         let mut all = self.0.lock().map_err(|_| unavailable())?;
///         let user = all.iter_mut().find(|user| user.id == *id);
///         change(user.ok_or_else(|| TargetError::new(TargetErrorKind::NotFound, "there is no such account"))?);
///         Ok(())
///     }
/// }
///
/// fn unavailable() -> TargetError {
///     TargetError::new(TargetErrorKind::Unavailable, "the list of members cannot be used")
/// }
///
/// #[async_trait]
/// impl Target for Members {
///     fn capabilities(&self) -> TargetCapabilities {
///         let mut capabilities = TargetCapabilities::full();
///         capabilities.invites = false; // members log in with the company's own login
///         capabilities.assigns = false; // and have no roles
///         capabilities
///     }
///     async fn check(&self) -> Result<(), TargetError> {
///         Ok(())
///     }
///     async fn users(&self) -> Result<Vec<User>, TargetError> {
///         Ok(self.0.lock().map_err(|_| unavailable())?.clone())
///     }
///     async fn user(&self, id: &UserId) -> Result<Option<User>, TargetError> {
///         Ok(self.find_by(|user| user.id == *id))
///     }
///     async fn find(&self, external_id: &str) -> Result<Option<User>, TargetError> {
///         Ok(self.find_by(|user| user.value(&TargetField::ExternalId) == Some(external_id)))
///     }
///     async fn create(&self, new: &NewUser, _: &ActionKey, _: Timestamp) -> Result<UserId, TargetError> {
///         let mut all = self.0.lock().map_err(|_| unavailable())?;
///         let mut user = User::new(format!("m-{}", all.len() + 1), new.status);
///         new.values.iter().for_each(|change| user.put(&change.field, change.to.as_deref()));
///         all.push(user.clone());
///         Ok(user.id)
///     }
///     async fn update(
///         &self,
///         id: &UserId,
///         changes: &[Change],
///         _: &ActionKey,
///         _: Timestamp,
///     ) -> Result<(), TargetError> {
///         self.edit(id, |user| changes.iter().for_each(|change| user.put(&change.field, change.to.as_deref())))
///     }
///     async fn assign(
///         &self,
///         _: &UserId,
///         _: &[AssignmentChange],
///         _: &ActionKey,
///         _: Timestamp,
///     ) -> Result<(), TargetError> {
///         Err(TargetError::new(TargetErrorKind::Rejected, "members have no roles"))
///     }
///     async fn invite(
///         &self,
///         _: &UserId,
///         _: &Invitation,
///         _: &ActionKey,
///         _: Timestamp,
///     ) -> Result<(), TargetError> {
///         Err(TargetError::new(TargetErrorKind::Rejected, "members are not invited"))
///     }
///     async fn deactivate(&self, seen: &User, _: &ActionKey, _: Timestamp) -> Result<(), TargetError> {
///         match self.find_by(|user| user.id == seen.id) {
///             Some(user) if !user.is_still(seen) => Err(TargetError::changed()), // it is somebody else's by now
///             _ => self.edit(&seen.id, |user| user.status = UserStatus::Deactivated),
///         }
///     }
///     async fn reactivate(&self, id: &UserId, _: &ActionKey, _: Timestamp) -> Result<(), TargetError> {
///         self.edit(id, |user| user.status = UserStatus::Active)
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
/// assert_eq!((report.counts.created, members.users().await?.len()), (1, 1));
/// # Ok(())
/// # }
/// ```
///
/// The page "writing a target" of the guide says what each call must hold.
///
/// Every call that writes carries a key, which belongs to one entry of one run's journal and never comes
/// again once that entry is settled. A call repeated with the same key has no further effect and answers
/// as it did the first time, as long as its effect stands: the account that was made is there, the closed
/// one is closed, the values are the ones that were written. Where the effect is gone the call is done
/// again, so that an answer is never about an account that is not there. A call is whole or not at all: it
/// never leaves half an account.
#[async_trait]
pub trait Target: fmt::Debug + Send + Sync + 'static {
    /// What this target can do; asked once a run.
    fn capabilities(&self) -> TargetCapabilities;

    /// Looks whether the target can be reached and written, and prepares what it needs.
    ///
    /// # Errors
    /// [`TargetError`] saying what is missing and what to do.
    async fn check(&self) -> Result<(), TargetError>;

    /// An id that the target keeps of its own and that no other table, database or tenant has. It is copied
    /// and restored with the accounts. `None` where it cannot keep one, or does not have one yet; asking
    /// makes none.
    ///
    /// # Errors
    /// Whatever kept the question from being answered.
    async fn identity(&self) -> Result<Option<String>, TargetError> {
        Ok(None)
    }

    /// Whether a call with this key was done to this account, whatever became of its effect since: used to tell what an
    /// interrupted run did from what somebody else did by hand. `None` where the target cannot tell.
    ///
    /// # Errors
    /// Whatever kept the question from being answered.
    async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        let _ = (key, user);
        Ok(None)
    }

    /// Every account, whole.
    ///
    /// # Errors
    /// Whatever keeps the list from being whole.
    async fn users(&self) -> Result<Vec<User>, TargetError>;

    /// One account, by its id: used to settle an action whose outcome nobody knows.
    ///
    /// # Errors
    /// Whatever kept the question from being answered; not being there is `None`.
    async fn user(&self, id: &UserId) -> Result<Option<User>, TargetError>;

    /// One account, by its external id: used before anybody is created.
    ///
    /// # Errors
    /// As [`Target::user`].
    async fn find(&self, external_id: &str) -> Result<Option<User>, TargetError>;

    /// Makes an account and returns its id.
    ///
    /// # Errors
    /// [`TargetErrorKind::Conflict`] if a value that must be unique is taken.
    async fn create(&self, user: &NewUser, key: &ActionKey, now: Timestamp) -> Result<UserId, TargetError>;

    /// Writes the named fields and leaves all others alone.
    ///
    /// # Errors
    /// As [`Target::create`], and [`TargetErrorKind::NotFound`].
    async fn update(
        &self,
        id: &UserId,
        changes: &[Change],
        key: &ActionKey,
        now: Timestamp,
    ) -> Result<(), TargetError>;

    /// Gives and takes back assignments.
    ///
    /// # Errors
    /// As [`Target::update`].
    async fn assign(
        &self,
        id: &UserId,
        assignments: &[AssignmentChange],
        key: &ActionKey,
        now: Timestamp,
    ) -> Result<(), TargetError>;

    /// Asks the account's owner to join. Sent once a key; earlier invitations of the account that are still
    /// open end.
    ///
    /// # Errors
    /// As [`Target::update`].
    async fn invite(
        &self,
        id: &UserId,
        invitation: &Invitation,
        key: &ActionKey,
        now: Timestamp,
    ) -> Result<(), TargetError>;

    /// Closes the account `seen`, as it was read a moment ago, if it is still that one: see [`User::is_still`].
    /// Looking and closing are one step where the target can do both at once. Closing a closed account is no
    /// error.
    ///
    /// # Errors
    /// As [`Target::update`], and [`TargetErrorKind::Changed`] if it carries another external id or address by now.
    async fn deactivate(&self, seen: &User, key: &ActionKey, now: Timestamp) -> Result<(), TargetError>;

    /// Opens a closed account again, as it was before it was closed: pending, invited or active. Where that
    /// is not known, an account whose last invitation is open and was not accepted is invited again, and any
    /// other is active. Opening an open account is no error.
    ///
    /// # Errors
    /// As [`Target::update`].
    async fn reactivate(&self, id: &UserId, key: &ActionKey, now: Timestamp) -> Result<(), TargetError>;
}

macro_rules! forward {
    ($($pointer:ident)*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Target + ?Sized> Target for $pointer<T> {
            fn capabilities(&self) -> TargetCapabilities {
                (**self).capabilities()
            }
            async fn check(&self) -> Result<(), TargetError> {
                (**self).check().await
            }
            async fn identity(&self) -> Result<Option<String>, TargetError> {
                (**self).identity().await
            }
            async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
                (**self).applied(key, user).await
            }
            async fn users(&self) -> Result<Vec<User>, TargetError> {
                (**self).users().await
            }
            async fn user(&self, id: &UserId) -> Result<Option<User>, TargetError> {
                (**self).user(id).await
            }
            async fn find(&self, external_id: &str) -> Result<Option<User>, TargetError> {
                (**self).find(external_id).await
            }
            async fn create(&self, user: &NewUser, key: &ActionKey, now: Timestamp) -> Result<UserId, TargetError> {
                (**self).create(user, key, now).await
            }
            async fn update(
                &self,
                id: &UserId,
                changes: &[Change],
                key: &ActionKey,
                now: Timestamp,
            ) -> Result<(), TargetError> {
                (**self).update(id, changes, key, now).await
            }
            async fn assign(
                &self,
                id: &UserId,
                assignments: &[AssignmentChange],
                key: &ActionKey,
                now: Timestamp,
            ) -> Result<(), TargetError> {
                (**self).assign(id, assignments, key, now).await
            }
            async fn invite(
                &self,
                id: &UserId,
                invitation: &Invitation,
                key: &ActionKey,
                now: Timestamp,
            ) -> Result<(), TargetError> {
                (**self).invite(id, invitation, key, now).await
            }
            async fn deactivate(&self, seen: &User, key: &ActionKey, now: Timestamp) -> Result<(), TargetError> {
                (**self).deactivate(seen, key, now).await
            }
            async fn reactivate(&self, id: &UserId, key: &ActionKey, now: Timestamp) -> Result<(), TargetError> {
                (**self).reactivate(id, key, now).await
            }
        }
    )*};
}
forward!(Arc Box);

/// An account that is to be made. `Debug` shows field names only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewUser {
    /// Where it will stand: pending or active.
    pub status: UserStatus,
    /// Its fields.
    pub values: Vec<Change>,
    /// Its permission level, locations and areas.
    pub assignments: Vec<AssignmentChange>,
}

impl NewUser {
    /// An account of these values.
    #[must_use]
    pub fn new(status: UserStatus, values: Vec<Change>, assignments: Vec<AssignmentChange>) -> Self {
        Self { status, values, assignments }
    }

    /// The external id it will have.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        let change = self.values.iter().find(|change| change.field == hris_core::TargetField::ExternalId);
        change.and_then(|change| change.to.as_deref())
    }
}

/// An invitation that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// When it stops being valid; none if it never does.
    pub expires_at: Option<Timestamp>,
    /// Whether an earlier one expired.
    pub again: bool,
}

impl Invitation {
    /// An invitation valid until then.
    #[must_use]
    pub fn new(expires_at: Option<Timestamp>, again: bool) -> Self {
        Self { expires_at, again }
    }
}

/// Why a target did not do what it was asked. The message carries no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct TargetError {
    /// The coarse kind.
    pub kind: TargetErrorKind,
    /// What happened and what to do.
    pub message: String,
    /// The fields it is about.
    pub fields: BTreeSet<String>,
}

impl TargetError {
    /// The account carries another external id or address than the one that was seen.
    #[must_use]
    pub fn changed() -> Self {
        let message = "the account carries another external id or e-mail address than before, so it may be \
                       somebody else's by now; nothing was done to it";
        Self::new(TargetErrorKind::Changed, message)
    }

    /// An error of `kind`.
    pub fn new(kind: TargetErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), fields: BTreeSet::new() }
    }

    /// Names a field it is about.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.fields.insert(field.into());
        self
    }
}

/// The coarse kinds of [`TargetError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetErrorKind {
    /// The target's credential or permission is missing: the run stops.
    Auth,
    /// The account is not the one that was seen, so nothing was done to it: this record only.
    Changed,
    /// A value that must be unique is taken: this record only.
    Conflict,
    /// A write changed what it should not have: the run stops, and nothing more is written until somebody
    /// has looked.
    Harmed,
    /// The account is not there: this record only.
    NotFound,
    /// The record was refused: this record only.
    Rejected,
    /// Nothing was done and the target does not work now: the run stops after three in a row.
    Unavailable,
    /// Nobody knows whether it was done: read back before anything else.
    UnknownOutcome,
}
