//! Finding out what became of actions whose outcome nobody recorded.
//!
//! Nothing is repeated blindly: the target is asked how the account stands now.

use std::collections::BTreeMap;

use hris_core::reconcile::{Action, ActionKind, Change, Links, Side, is_same};
use hris_core::{Problem, TargetField, Timestamp, User, UserId, UserStatus};

use super::Runner;
use super::apply::{Creations, who};
use super::calls::{Calls, fatal};
use super::two_way::{settle_shared, settle_source};
use crate::Result;
use crate::store::{Intent, Settlement};
use crate::target::TargetError;
use crate::targets::effect::has;

/// How far the target's clock may be behind ours. Two invitations of one account are at least a day
/// apart, so this cannot take an earlier one for ours.
const CLOCK_TOLERANCE_SECONDS: i64 = 12 * 60 * 60;

/// What an interrupted run left, looked up.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// How its actions ended, as far as they ended.
    pub(super) settlements: Vec<Settlement>,
    /// Creations of which nothing was found. A list may lag behind, so these stay open and are tried again
    /// under their keys.
    pub(super) creations: Creations,
}

/// Settles what an interrupted run left, oldest first, and takes it over into `links`.
pub(super) async fn settle(
    runner: &Runner,
    links: &mut Links,
    unsettled: Vec<Intent>,
    now: Timestamp,
    problems: &mut Vec<Problem>,
) -> Result<Settled> {
    let mut settled = Settled::default();
    let marks = marks(&unsettled);
    for intent in unsettled {
        let Intent { action, at, .. } = &intent;
        let settlement = if action.side == Side::Source {
            settle_source(runner, links, &intent, problems).await?
        } else if action.kind == ActionKind::Link {
            settle_link(runner, links, (action, now), &marks).await?
        } else {
            settle_target(runner, links, action, (*at, now), problems).await?
        };
        if action.kind == ActionKind::Create && !settlement.done {
            settled.creations.insert((action.side, who(action).to_owned()), action.key.clone());
            continue;
        }
        links.put(&settlement.unlinked, settlement.link.as_ref());
        settled.settlements.push(settlement);
    }
    Ok(settled)
}

/// The external ids that accounts were given in a run.
fn marks(intents: &[Intent]) -> BTreeMap<UserId, String> {
    let mark = |intent: &Intent| {
        let change = intent.action.change_of(&TargetField::ExternalId)?;
        (intent.action.kind == ActionKind::Update).then_some(())?;
        Some((intent.action.user.clone()?, change.to.clone()?))
    };
    intents.iter().filter_map(mark).collect()
}

/// A link is in our own state only. It was made if the account carries the external id that it was to carry
/// after that run; without that it is looked for anew.
async fn settle_link(
    runner: &Runner,
    links: &Links,
    (action, now): (&Action, Timestamp),
    marks: &BTreeMap<UserId, String>,
) -> Result<Settlement> {
    let not_done = Settlement::new(action.key.clone(), false);
    let Some(id) = &action.user else { return Ok(not_done) };
    let Some(mark) = marks.get(id).or(action.carries.as_ref()) else { return Ok(not_done) };
    let failed = |error| fatal("settle actions of an interrupted run", error);
    let user = runner.calls.user(id, now).await.map_err(failed)?;
    let carries = user.is_some_and(|user| user.value(&TargetField::ExternalId) == Some(mark));
    let former = || links.holder(id) == action.replaces.as_ref();
    if !carries || (is_held_by_another(links, action, id) && !former()) {
        return Ok(not_done);
    }
    let mut done = Settlement::of(action, links.after(action, id));
    if let Some(link) = &mut done.link {
        link.external_id = Some(mark.clone());
    }
    Ok(done)
}

async fn settle_target(
    runner: &Runner,
    links: &Links,
    action: &Action,
    (at, now): (Timestamp, Timestamp),
    problems: &mut Vec<Problem>,
) -> Result<Settlement> {
    let failed = |error| fatal("settle actions of an interrupted run", error);
    let not_done = Settlement::new(action.key.clone(), false);
    let Some(user) = read_back(&runner.calls, links, action, (at, now)).await.map_err(failed)? else {
        return Ok(not_done);
    };
    let ours = is_ours(&runner.calls, action, &user).await.map_err(failed)?;
    let mut done = match (ours, action.kind) {
        (true, _) => Settlement::of(action, links.after(action, &user.id)),
        (false, ActionKind::Create) => Settlement::of(action, links.adopted(action, &user)),
        // Somebody else did it, so it is not ours to undo. The next plan sees it as it is.
        (false, _) => return Ok(not_done),
    };
    if let (ActionKind::Invite | ActionKind::Reinvite, Some(link)) = (action.kind, &mut done.link) {
        // Unless the target knows the key, the invitation that the account shows may have gone to another address.
        if runner.calls.applied(&action.key, &user.id).await.map_err(failed)? != Some(true) {
            link.invited_to = None;
        }
    }
    settle_shared(runner, &mut done, action, (&user, at), problems);
    Ok(done)
}

/// Whether an action that an account shows was done by the run that intended it, and not by somebody else
/// meanwhile. The target says so by the key. Where it cannot tell, an account counts as made by us if it
/// is in every way as we would have made it.
pub(super) async fn is_ours(calls: &Calls, action: &Action, user: &User) -> Result<bool, TargetError> {
    let matters = matches!(
        action.kind,
        ActionKind::Assign | ActionKind::Create | ActionKind::Deactivate | ActionKind::Reactivate
    );
    if !matters {
        return Ok(true);
    }
    if let Some(applied) = calls.applied(&action.key, &user.id).await? {
        return Ok(applied);
    }
    if action.kind != ActionKind::Create {
        return Ok(true);
    }
    let status = if action.awaits_invite { UserStatus::Pending } else { UserStatus::Active };
    let kept = calls.capabilities().await?;
    let mut written = action.changes.iter().filter(|change| kept.keeps(&change.field));
    let is_alike = |change: &Change| is_same(&change.field, change.to.as_deref(), user.value(&change.field));
    Ok(user.status == status
        && written.all(is_alike)
        && action.assignments.iter().all(|change| has(user, change)))
}

/// Returns the account if the action was done to it at `at` or later, else `None`.
pub(super) async fn read_back(
    calls: &Calls,
    links: &Links,
    action: &Action,
    (at, now): (Timestamp, Timestamp),
) -> Result<Option<User>, TargetError> {
    match action.kind {
        ActionKind::Link => Ok(None),
        ActionKind::Create => {
            let Some(external_id) = action.external_id() else { return Ok(None) };
            let found = calls.find(external_id, now).await?;
            let own =
                |user: &User| links.holder(&user.id).is_none_or(|of| Some(of) == action.employee.as_ref());
            Ok(found.filter(own))
        }
        _ => {
            let Some(id) = links.user_of(action) else { return Ok(None) };
            match calls.user(&id, now).await? {
                Some(user) => {
                    // Where an address was corrected the invitation before may be as young as this one.
                    let told = match action.kind {
                        ActionKind::Reinvite => calls.applied(&action.key, &id).await?,
                        _ => None,
                    };
                    Ok(told.unwrap_or_else(|| was_done(action, at, &user)).then_some(user))
                }
                // An account that is not there any more needs no closing.
                None if action.kind == ActionKind::Deactivate => {
                    Ok(Some(User::new(id, UserStatus::Deactivated)))
                }
                None => Ok(None),
            }
        }
    }
}

/// Whether an account stands as the action would have left it.
fn was_done(action: &Action, at: Timestamp, user: &User) -> bool {
    match action.kind {
        ActionKind::Update => {
            action.changes.iter().all(|change| user.value(&change.field) == change.to.as_deref())
        }
        ActionKind::Assign => action.assignments.iter().all(|change| has(user, change) == change.given),
        // A first invitation: any sign of one will do. A person who may have been invited is not invited
        // again.
        ActionKind::Invite => user.invite.is_some() || user.status != UserStatus::Pending,
        ActionKind::Reinvite => user.invite.is_none_or(|invite| {
            invite.accepted_at.is_some() || invite.sent_at.plus_seconds(CLOCK_TOLERANCE_SECONDS) >= at
        }),
        ActionKind::Deactivate => !user.is_live(),
        ActionKind::Reactivate => user.is_live(),
        _ => false,
    }
}

/// The account that a settled action was done to, as far as it is known.
pub(super) fn is_held_by_another(links: &Links, action: &Action, user: &UserId) -> bool {
    links.holder(user).is_some_and(|holder| Some(holder) != action.employee.as_ref())
}
