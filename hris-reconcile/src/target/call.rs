//! The arguments of a target: the call, the account to find, the account to create.

use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{AssignmentKind, TargetField, Timestamp, User, UserId, UserStatus};

use super::{Target, TargetError, TargetErrorKind};

/// The key and the time of a write.
///
/// A key belongs to one entry of one run's journal and is never used again after that entry is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call<'a> {
    /// The key under which the write takes effect once.
    pub key: &'a ActionKey,
    /// The instant of the run.
    pub now: Timestamp,
}

impl<'a> Call<'a> {
    /// A write under this key at this instant.
    #[must_use]
    pub fn new(key: &'a ActionKey, now: Timestamp) -> Self {
        Self { key, now }
    }
}

/// How one account is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// By the external id that the account carries: used before an account is created.
    ExternalId(&'a str),
    /// By the account's own id: used right before it is closed, and after a write of unknown outcome.
    Id(&'a UserId),
}

impl By<'_> {
    /// Whether this is the wanted account.
    #[must_use]
    pub fn is(self, user: &User) -> bool {
        match self {
            Self::ExternalId(id) => user.value(&TargetField::ExternalId) == Some(id),
            Self::Id(id) => user.id == *id,
        }
    }
}

/// An account to be created. `Debug` shows field names only.
///
/// ```
/// use hris_core::reconcile::Change;
/// use hris_core::{TargetField, UserStatus};
/// use hris_reconcile::target::NewUser;
///
/// let email = Change::new(TargetField::Email, None, Some("ada@mill.example".into()));
/// let new = NewUser::new(UserStatus::Pending, vec![email], vec![]);
/// assert_eq!(new.email(), Some("ada@mill.example"));
/// assert_eq!(new.get(&TargetField::JobTitle), None);
/// assert_eq!(new.to_user("u-1").status, UserStatus::Pending);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewUser {
    /// Its status: pending if an invitation follows, else active.
    pub status: UserStatus,
    /// Its permission level, locations and areas.
    pub assignments: Vec<AssignmentChange>,
    values: Vec<Change>,
}

impl NewUser {
    /// An account of these values.
    #[must_use]
    pub fn new(status: UserStatus, mut values: Vec<Change>, assignments: Vec<AssignmentChange>) -> Self {
        values.retain(|change| change.to.as_deref().is_some_and(|value| !value.is_empty()));
        Self { status, assignments, values }
    }

    /// The value of a field. `None` where the account gets no value.
    #[must_use]
    pub fn get(&self, field: &TargetField) -> Option<&str> {
        self.values().find(|(name, _)| *name == field).map(|(_, value)| value)
    }

    /// The external id, which says whose account it is. A run gives every account one.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.get(&TargetField::ExternalId)
    }

    /// The e-mail address. A run gives every account one.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.get(&TargetField::Email)
    }

    /// The given name.
    #[must_use]
    pub fn given_name(&self) -> Option<&str> {
        self.get(&TargetField::GivenName)
    }

    /// The family name.
    #[must_use]
    pub fn family_name(&self) -> Option<&str> {
        self.get(&TargetField::FamilyName)
    }

    /// The fields that have a value.
    pub fn values(&self) -> impl Iterator<Item = (&TargetField, &str)> {
        self.values.iter().filter_map(|change| Some((&change.field, change.to.as_deref()?)))
    }

    /// The account under the id that the target gave it, as a list of accounts shows it.
    #[must_use]
    pub fn to_user(&self, id: impl Into<UserId>) -> User {
        let mut user = User::new(id, self.status);
        for (field, value) in self.values() {
            user.put(field, Some(value));
        }
        give(&mut user, &self.assignments);
        user
    }

    /// The values as changes of an account that has none yet.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.values
    }
}

/// Gives and takes back assignments of an account.
pub(crate) fn give(user: &mut User, assignments: &[AssignmentChange]) {
    for AssignmentChange { assignment, given, .. } in assignments {
        match (assignment.kind, given) {
            (AssignmentKind::Role, true) => user.role = Some(assignment.value.clone()),
            (AssignmentKind::Role, false) => user.role = None,
            (_, true) => {
                user.assignments.insert(assignment.clone());
            }
            (_, false) => {
                user.assignments.remove(assignment);
            }
        }
    }
}

/// An invitation to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// When it expires. `None` if it never does.
    pub expires_at: Option<Timestamp>,
    /// Whether the account was invited before.
    pub again: bool,
}

impl Invitation {
    /// An invitation that is valid until then.
    #[must_use]
    pub fn new(expires_at: Option<Timestamp>, again: bool) -> Self {
        Self { expires_at, again }
    }
}

/// One write of several that a target is given at once: see [`Batches`](super::Batches).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Write<'a> {
    /// What [`Assigns::assign`](super::Assigns::assign) does.
    Assign(&'a UserId, &'a [AssignmentChange]),
    /// What [`Target::create`](super::Target::create) does.
    Create(&'a NewUser),
    /// What [`Target::deactivate`](super::Target::deactivate) does.
    Deactivate(&'a User),
    /// What [`Invites::invite`](super::Invites::invite) does.
    Invite(&'a UserId, Invitation),
    /// What [`Reactivates::reactivate`](super::Reactivates::reactivate) does.
    Reactivate(&'a UserId),
    /// What [`Target::update`](super::Target::update) does.
    Update(&'a UserId, &'a [Change]),
}

impl<'a> Write<'a> {
    /// The account that is written. `None` for one that is to be created.
    #[must_use]
    pub fn user(&self) -> Option<&'a UserId> {
        match self {
            Self::Create(_) => None,
            Self::Deactivate(seen) => Some(&seen.id),
            Self::Assign(id, _) | Self::Invite(id, _) | Self::Reactivate(id) | Self::Update(id, _) => {
                Some(id)
            }
        }
    }

    /// Does this one write by the method of the target that it stands for, and returns the account's id.
    ///
    /// # Errors
    /// As that method, and [`TargetErrorKind::Rejected`] where the target lacks the power.
    pub async fn by(&self, target: &dyn Target, call: &Call<'_>) -> Result<UserId, TargetError> {
        let powers = target.powers();
        let lacking = || TargetError::new(TargetErrorKind::Rejected, "the target does not do that");
        let id = match *self {
            Self::Create(new) => return target.create(new, call).await,
            Self::Deactivate(seen) => target.deactivate(seen, call).await.map(|()| &seen.id),
            Self::Update(id, changes) => target.update(id, changes, call).await.map(|()| id),
            Self::Assign(id, assignments) => {
                powers.assigns.ok_or_else(lacking)?.assign(id, assignments, call).await.map(|()| id)
            }
            Self::Invite(id, invitation) => {
                powers.invites.ok_or_else(lacking)?.invite(id, &invitation, call).await.map(|()| id)
            }
            Self::Reactivate(id) => {
                powers.reactivates.ok_or_else(lacking)?.reactivate(id, call).await.map(|()| id)
            }
        };
        id.cloned()
    }
}
