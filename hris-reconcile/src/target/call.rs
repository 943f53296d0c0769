//! The arguments of a target: the call, the account to find, the account to create.

use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{AssignmentKind, TargetField, Timestamp, User, UserId, UserStatus};

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
