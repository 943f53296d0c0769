//! Where both sides are edited: which fields, what somebody has to decide, and what was decided.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::merge::{Base, Cause, Side, is_same};
use super::policy::TwoWay;
use crate::{EmployeeId, StandardField, TargetField, Timestamp, UserId, canon, hex};

/// What planning both ways takes beside the inputs of planning one way.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BothWays<'a> {
    /// The rules.
    pub rules: &'a TwoWay,
    /// The fields that both sides may change; all others follow the source.
    pub fields: &'a [SharedField],
    /// What was decided about conflicts.
    pub decisions: &'a [Resolution],
    /// Whether nothing may be written to the source for now.
    pub source_is_held: bool,
}

impl<'a> BothWays<'a> {
    /// These fields under these rules; nothing was decided yet, and the source may be written.
    #[must_use]
    pub fn new(rules: &'a TwoWay, fields: &'a [SharedField]) -> Self {
        Self { rules, fields, decisions: &[], source_is_held: false }
    }

    /// With what was decided about conflicts.
    #[must_use]
    pub fn decided(mut self, decisions: &'a [Resolution]) -> Self {
        self.decisions = decisions;
        self
    }

    /// Says whether nothing may be written to the source for now.
    #[must_use]
    pub fn held(mut self, source_is_held: bool) -> Self {
        self.source_is_held = source_is_held;
        self
    }
}

/// A field that both sides may change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedField {
    /// Its name in the target.
    pub target: TargetField,
    /// Its name in the source. `None` if it cannot be written there; an edit in the target then stays there
    /// and is reported.
    pub source: Option<StandardField>,
    /// Whether the source can lose a value.
    pub clears: bool,
    /// Whether the source takes a value only once.
    pub unique: bool,
}

impl SharedField {
    /// A field under its two names, of which the source takes a value away again and allows it to
    /// several people.
    #[must_use]
    pub fn new(target: TargetField, source: StandardField) -> Self {
        Self { target, source: Some(source), clears: true, unique: false }
    }

    /// A field that the source cannot be written.
    #[must_use]
    pub fn one_way(target: TargetField) -> Self {
        Self { target, source: None, clears: false, unique: false }
    }
}

/// Something that no rule decides. It stays as it is until somebody does.
///
/// It serialises with the values, which are personal data; `Debug` shows ids and the field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Conflict {
    /// Names it: the same while the same field of the same person is open.
    pub id: String,
    /// The person in the source; none for an account that has nobody there.
    pub employee: Option<EmployeeId>,
    /// The account; none for a person who has none.
    pub user: Option<UserId>,
    /// The field. `None` where the person is on one side only.
    pub field: Option<TargetField>,
    /// Why somebody has to decide.
    pub cause: Cause,
    /// What the field was when both were in step.
    pub base: Option<Base>,
    /// What it is in the source.
    pub source: Option<String>,
    /// What it is in the target.
    pub target: Option<String>,
    /// When the source's record was changed, where it says so.
    pub source_changed_at: Option<Timestamp>,
    /// When the account was changed, where the target says so.
    pub target_changed_at: Option<Timestamp>,
}

impl Conflict {
    /// The decision to keep this side's value (or to follow this side, where the person is on one
    /// only). It holds while the three values are as they are now.
    #[must_use]
    pub fn keep(&self, side: Side) -> Resolution {
        let canonical = |value: &Option<String>| match (&self.field, value) {
            (Some(field), Some(value)) => Some(canon::canonical(field, value).into_owned()),
            (_, value) => value.clone(),
        };
        Resolution {
            id: self.id.clone(),
            keep: side,
            base: self.base.as_ref().map(|base| (base.source.clone(), base.target.clone())),
            source: canonical(&self.source),
            target: canonical(&self.target),
        }
    }

    /// The id of the conflict about a field of somebody: short, and the same in each run.
    #[must_use]
    pub fn id(
        connection: &str,
        employee: Option<&EmployeeId>,
        user: Option<&UserId>,
        field: Option<&TargetField>,
    ) -> String {
        let who = employee.map(EmployeeId::as_str).ok_or(user.map(UserId::as_str));
        let content = serde_json::to_vec(&(connection, who, field)).unwrap_or_default();
        hex(Sha256::digest(&content).get(..5).unwrap_or_default())
    }
}

impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conflict")
            .field("id", &self.id)
            .field("employee", &self.employee)
            .field("user", &self.user)
            .field("field", &self.field)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

/// What somebody decided about a [`Conflict`], and the values it was decided on.
///
/// It holds personal data; `Debug` shows the id and the side.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resolution {
    /// Which conflict.
    pub id: String,
    /// Whose value stays.
    pub keep: Side,
    base: Option<(Option<String>, Option<String>)>,
    source: Option<String>,
    target: Option<String>,
}

impl Resolution {
    /// Whether it was made on these values.
    pub(super) fn fits(
        &self,
        field: &TargetField,
        base: Option<&Base>,
        source: Option<&str>,
        target: Option<&str>,
    ) -> bool {
        let seen = self.base.as_ref().map(|(source, target)| (source.as_deref(), target.as_deref()));
        seen == base.map(|base| (base.source.as_deref(), base.target.as_deref()))
            && is_same(field, self.source.as_deref(), source)
            && is_same(field, self.target.as_deref(), target)
    }
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resolution({}, keep {})", self.id, self.keep.as_str())
    }
}

/// A field that needs no write: this is what both sides are compared with from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Agreement {
    /// Whose.
    pub employee: EmployeeId,
    /// Which field.
    pub field: TargetField,
    /// As both sides have it.
    pub base: Base,
}
