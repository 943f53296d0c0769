//! Whether the effect of an earlier call still exists.

use hris_core::reconcile::{AssignmentChange, Change};
use hris_core::{AssignmentKind, User, UserStatus};

use crate::target::NewUser;

/// What a call of a target does to an account.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect<'a> {
    Assigned(&'a [AssignmentChange]),
    Closed,
    Created(&'a NewUser),
    Invited,
    Opened,
    Updated(&'a [Change]),
}

impl Effect<'_> {
    /// Whether the account still shows the effect of the call.
    pub(super) fn stands(self, user: Option<&User>) -> bool {
        let Some(user) = user else { return false };
        match self {
            Self::Assigned(assignments) => assignments.iter().all(|change| has(user, change) == change.given),
            Self::Closed => !user.is_live(),
            // A reused number belongs to another account.
            Self::Created(new) => {
                new.external_id().is_none_or(|id| user.value(&hris_core::TargetField::ExternalId) == Some(id))
            }
            Self::Invited => user.invite.is_some() || user.status != UserStatus::Pending,
            Self::Opened => user.is_live(),
            Self::Updated(changes) => changes.iter().all(|change| {
                let to = change.to.as_deref().filter(|text| !text.is_empty());
                user.value(&change.field) == to
            }),
        }
    }
}

/// Whether an account already has the change of assignments.
pub(crate) fn has(user: &User, change: &AssignmentChange) -> bool {
    match change.assignment.kind {
        AssignmentKind::Role => user.role.as_deref() == Some(change.assignment.value.as_str()),
        _ => user.assignments.contains(&change.assignment),
    }
}
