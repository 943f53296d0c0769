//! A person as the product knows them: an account, and what ties it to an employee.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::reconcile::{Bases, Learned, is_same};
use crate::{EmployeeId, TargetField, Timestamp, UnknownField};

/// The immutable id of an account in the product. Not personal data.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for UserId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<&str> for UserId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl std::borrow::Borrow<str> for UserId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UserStatus {
    /// In use.
    #[default]
    Active,
    /// Closed to its owner; kept.
    Deactivated,
    /// Asked to join; has not accepted.
    Invited,
    /// Exists; its owner was not asked to join yet.
    Pending,
}

impl UserStatus {
    /// The word used in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Invited => "invited",
            Self::Pending => "pending",
        }
    }
}

impl FromStr for UserStatus {
    type Err = UnknownField;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Active, Self::Deactivated, Self::Invited, Self::Pending]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownField { name: text.to_owned() })
    }
}

/// Something given to an account: a location or an area of work. The permission level is
/// [`User::role`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Assignment {
    /// What is given.
    pub kind: AssignmentKind,
    /// Which one, by the product's id.
    pub value: String,
}

impl Assignment {
    /// This one of this kind.
    pub fn new(kind: AssignmentKind, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.value)
    }
}

/// The kinds of [`Assignment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentKind {
    /// An area of work.
    Area,
    /// A place.
    Location,
    /// A permission level. An account has one.
    Role,
}

impl AssignmentKind {
    /// The word used in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Location => "location",
            Self::Role => "role",
        }
    }
}

/// The last invitation sent to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Invite {
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was accepted, if it was.
    pub accepted_at: Option<Timestamp>,
}

impl Invite {
    /// An invitation that nobody has accepted yet.
    #[must_use]
    pub const fn sent(at: Timestamp) -> Self {
        Self { sent_at: at, accepted_at: None }
    }

    /// The same, accepted then, or not accepted.
    #[must_use]
    pub const fn accepted(mut self, at: Option<Timestamp>) -> Self {
        self.accepted_at = at;
        self
    }
}

/// An account in the product.
///
/// `Debug` shows the id, the status and which fields have a value.
#[derive(Clone, PartialEq)]
pub struct User {
    /// The account's immutable id.
    pub id: UserId,
    /// Where it stands.
    pub status: UserStatus,
    /// Its permission level.
    pub role: Option<String>,
    /// The last invitation.
    pub invite: Option<Invite>,
    /// Its locations and areas, ours and those that others gave.
    pub assignments: BTreeSet<Assignment>,
    /// When one of its fields was last changed by anybody, where the product keeps that reliably.
    pub changed_at: Option<Timestamp>,
    /// The values of the standard fields, one after the other in one text, so that one comparison shows whether an
    /// account is as it should be.
    text: String,
    /// Where the value of each field ends. A field without a value takes no place.
    ends: [usize; TargetField::COUNT],
    custom: BTreeMap<String, Box<str>>,
}

impl User {
    /// An account with no field filled.
    #[must_use]
    pub fn new(id: impl Into<UserId>, status: UserStatus) -> Self {
        Self {
            id: id.into(),
            status,
            role: None,
            invite: None,
            assignments: BTreeSet::new(),
            changed_at: None,
            text: String::new(),
            ends: [0; TargetField::COUNT],
            custom: BTreeMap::new(),
        }
    }

    /// The values of the standard fields in one text, and where each of them ends.
    pub(crate) fn texts(&self) -> (&str, &[usize; TargetField::COUNT]) {
        (&self.text, &self.ends)
    }

    /// Where the value of a standard field stands.
    fn place(&self, slot: usize) -> std::ops::Range<usize> {
        let start = slot.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        start..self.ends.get(slot).copied().unwrap_or(start)
    }

    /// The value of a field. Dates are `YYYY-MM-DD`, the address is a JSON object.
    #[must_use]
    pub fn value(&self, field: &TargetField) -> Option<&str> {
        match field {
            TargetField::Custom(name) => self.custom.get(name).map(|value| &**value),
            standard => {
                let value = standard.slot().and_then(|slot| self.text.get(self.place(slot)));
                value.filter(|value| !value.is_empty())
            }
        }
    }

    /// Sets a field; `None` or empty text takes the value away.
    pub fn put(&mut self, field: &TargetField, value: Option<&str>) {
        let value = value.filter(|text| !text.is_empty());
        match (field, value) {
            (TargetField::Custom(name), Some(value)) => {
                self.custom.insert(name.clone(), value.into());
            }
            (TargetField::Custom(name), None) => {
                self.custom.remove(name);
            }
            (standard, value) => {
                let Some(slot) = standard.slot() else { return };
                let (place, value) = (self.place(slot), value.unwrap_or_default());
                let former = place.len();
                self.text.replace_range(place, value);
                for end in self.ends.iter_mut().skip(slot) {
                    *end = *end - former + value.len();
                }
            }
        }
    }

    /// Sets a field.
    #[must_use]
    pub fn with(mut self, field: TargetField, value: &str) -> Self {
        self.put(&field, Some(value));
        self
    }

    /// The product's own fields.
    pub fn custom(&self) -> impl Iterator<Item = (&str, &str)> {
        self.custom.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    /// Whether it carries the external id and the e-mail address that it carried when it was `seen`: these say
    /// whose an account is.
    ///
    /// ```
    /// use hris_core::{TargetField, User, UserStatus};
    ///
    /// let seen = User::new("u-1", UserStatus::Active).with(TargetField::Email, "ada@mill.example");
    /// assert!(seen.clone().with(TargetField::Email, "Ada@mill.example").is_still(&seen));
    /// assert!(!seen.clone().with(TargetField::Email, "bo@mill.example").is_still(&seen));
    /// ```
    #[must_use]
    pub fn is_still(&self, seen: &Self) -> bool {
        let same = |field: &TargetField| is_same(field, seen.value(field), self.value(field));
        self.id == seen.id && same(&TargetField::ExternalId) && same(&TargetField::Email)
    }

    /// Whether the account counts as in use or about to be: everything but deactivated.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.status != UserStatus::Deactivated
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = TargetField::STANDARD.into_iter().filter(|field| self.value(field).is_some());
        f.debug_struct("User")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("with", &filled.map(|field| field.name().to_owned()).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A remembered pair: this employee is this account. Made once, by immutable ids; no change of
/// e-mail, number or name alters it.
///
/// What an action makes of it is said by [`crate::reconcile::Links::after`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Link {
    /// The employee in the HR system.
    pub employee: EmployeeId,
    /// The account in the product.
    pub user: UserId,
    /// Whether this connection deactivated the account; only such an account comes back by itself.
    #[serde(default)]
    pub deactivated_by_us: bool,
    /// Whether this connection made the account and still owes it its first invitation. Accounts
    /// that were there before are never invited.
    #[serde(default)]
    pub awaits_invite: bool,
    /// What this connection gave; nothing else may it take away.
    #[serde(default)]
    pub granted: BTreeSet<Assignment>,
    /// The external id that the account was given, or carried when it was linked. The link is believed
    /// only while the account carries it. `None` until it is known: then the facts of person and account
    /// have to agree as for a match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The entry of [`crate::reconcile::Policy::protected`] under which the account was once found. It
    /// stays protected when its e-mail address changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_by: Option<String>,
    /// How many invitations this connection has sent to the account.
    #[serde(default)]
    pub invites: u32,
    /// A digest of the address that the last invitation went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_to: Option<String>,
    /// What the target made of values that were written, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub learned: BTreeMap<TargetField, Learned>,
    /// What the fields were that both sides may change, when the two were last in step.
    #[serde(default, skip_serializing_if = "Bases::is_empty")]
    pub bases: Bases,
}

impl Link {
    /// The external id that the account was given. States from before it was remembered do not know it; it
    /// was the employee's own in nearly all of them.
    #[must_use]
    pub fn given_id(&self) -> &str {
        self.external_id.as_deref().unwrap_or(self.employee.as_str())
    }

    /// A fresh pair.
    #[must_use]
    pub fn new(employee: impl Into<EmployeeId>, user: impl Into<UserId>) -> Self {
        Self {
            employee: employee.into(),
            user: user.into(),
            deactivated_by_us: false,
            awaits_invite: false,
            granted: BTreeSet::new(),
            external_id: None,
            protected_by: None,
            invites: 0,
            invited_to: None,
            learned: BTreeMap::new(),
            bases: Bases::new(),
        }
    }
}
