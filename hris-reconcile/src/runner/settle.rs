//! Finding out what became of actions whose outcome nobody recorded.
//!
//! Nothing is repeated blindly: the target is asked how the account stands now.

use hris_core::reconcile::{Action, ActionKind, Side};
use hris_core::{AssignmentKind, Problem, TargetField, Timestamp, User, UserId, UserStatus};

use super::Runner;
use super::both_ways::{settle_shared, settle_source};
use super::calls::{Calls, fatal};
use super::links::Links;
use crate::Result;
use crate::store::{Intent, Settlement};
use crate::target::TargetError;

/// How far the target's clock may be behind ours. Two invitations of one account are at least a day
/// apart, so this cannot take an earlier one for ours.
const CLOCK_TOLERANCE_SECONDS: i64 = 12 * 60 * 60;

/// Settles what an interrupted run left, oldest first, and takes it over into `links`.
pub(super) async fn settle(
    runner: &Runner,
    links: &mut Links,
    unsettled: Vec<Intent>,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Settlement>> {
    let mut settlements = Vec::with_capacity(unsettled.len());
    for intent in unsettled {
        let Intent { action, at, .. } = &intent;
        let settlement = if action.side == Side::Source {
            settle_source(runner, links, action, *at, problems).await?
        } else {
            let found = read_back(&runner.calls, links, action, *at).await;
            match found.map_err(|error| fatal("settle actions of an interrupted run", error))? {
                Some(user) => {
                    let mut done = if action.kind == ActionKind::Create {
                        created(links, action, &user)
                    } else {
                        links.after(action, &user.id)
                    };
                    settle_shared(runner, &mut done, action, (&user, *at), problems);
                    done
                }
                None => Settlement::new(action.key.clone(), false),
            }
        };
        links.take_over(&settlement);
        settlements.push(settlement);
    }
    Ok(settlements)
}

/// The account as it stands, if the action was done to it at `at` or later; none if it was not done.
pub(super) async fn read_back(
    calls: &Calls,
    links: &Links,
    action: &Action,
    at: Timestamp,
) -> Result<Option<User>, TargetError> {
    match action.kind {
        // A link is in our own state only: it is not there, so it was not made.
        ActionKind::Link => Ok(None),
        ActionKind::Create => {
            let Some(external_id) = external_id(action) else { return Ok(None) };
            let found = calls.find(external_id).await?;
            let own =
                |user: &User| links.holder(&user.id).is_none_or(|of| Some(of) == action.employee.as_ref());
            Ok(found.filter(own))
        }
        _ => {
            let Some(id) = links.user_of(action) else { return Ok(None) };
            match calls.user(&id).await? {
                Some(user) => Ok(was_done(action, at, &user).then_some(user)),
                // An account that is not there any more needs no closing.
                None if action.kind == ActionKind::Deactivate => {
                    Ok(Some(User::new(id, UserStatus::Deactivated)))
                }
                None => Ok(None),
            }
        }
    }
}

/// The settlement of a creation after which the account is there. One with our external id and the
/// e-mail address that we wrote is ours, whatever was done to it since; one with another address
/// was made by somebody else meanwhile, and is adopted.
pub(super) fn created(links: &Links, action: &Action, user: &User) -> Settlement {
    let wanted = action.changes.iter().find(|change| change.field == TargetField::Email);
    let ours = match (wanted.and_then(|change| change.to.as_deref()), user.value(&TargetField::Email)) {
        (Some(wanted), Some(current)) => wanted.trim().eq_ignore_ascii_case(current.trim()),
        _ => false,
    };
    if ours { links.after(action, &user.id) } else { links.adopted(action, &user.id) }
}

/// The external id of an account that is to be made.
pub(super) fn external_id(action: &Action) -> Option<&str> {
    let change = action.changes.iter().find(|change| change.field == TargetField::ExternalId);
    change.and_then(|change| change.to.as_deref())
}

/// Whether an account stands as the action would have left it.
fn was_done(action: &Action, at: Timestamp, user: &User) -> bool {
    match action.kind {
        ActionKind::Update => {
            action.changes.iter().all(|change| user.value(&change.field) == change.to.as_deref())
        }
        ActionKind::Assign => action.grants.iter().all(|change| has(user, change) == change.given),
        // A first invitation: any sign of one will do. Whoever may have been asked is not asked again.
        ActionKind::Invite => user.invite.is_some() || user.status != UserStatus::Pending,
        ActionKind::Reinvite => user.invite.is_none_or(|invite| {
            invite.accepted_at.is_some() || invite.sent_at.plus_seconds(CLOCK_TOLERANCE_SECONDS) >= at
        }),
        ActionKind::Deactivate => !user.is_live(),
        ActionKind::Reactivate => user.is_live(),
        _ => false,
    }
}

fn has(user: &User, change: &hris_core::reconcile::GrantChange) -> bool {
    match change.grant.kind {
        AssignmentKind::Role => user.role.as_deref() == Some(change.grant.value.as_str()),
        _ => user.assignments.contains(&change.grant),
    }
}

/// The account that a settled action was done to, as far as it is known.
pub(super) fn is_held_by_another(links: &Links, action: &Action, user: &UserId) -> bool {
    links.holder(user).is_some_and(|holder| Some(holder) != action.employee.as_ref())
}
