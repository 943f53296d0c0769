//! A target and a state store that do what a plan says, one action after another, and object to
//! anything that a real one would object to.

use hris_core::reconcile::{Action, ActionKind, Held, Plan};
use hris_core::{Assignment, AssignmentKind, Invite, Link, TargetField, User, UserStatus};

use super::{World, line_of};

/// Carries a plan out. What a target must refuse, or what a plan got wrong, is an error.
pub fn apply(world: &mut World, plan: &Plan) -> Result<(), String> {
    for action in &plan.actions {
        step(world, action).map_err(|fault| format!("{fault} at {}", line_of(action)))?;
        unique(world).map_err(|fault| format!("{fault} after {}", line_of(action)))?;
    }
    for note in &plan.notes {
        let link = world.links.iter_mut().find(|link| link.employee == note.employee);
        // A note about a record that this plan replaced says nothing any more.
        if let Some(link) = link {
            note.apply(link);
        }
    }
    for handover in &plan.handovers {
        world.links.retain(|link| link.employee != handover.employee);
        world.others.claimed.remove(&handover.user);
        world.others.held.insert(handover.user.clone(), Held::new(handover.to.clone(), false));
    }
    world.judgements.retain(|one| !plan.lapsed.contains(&one.id));
    world.last = Some(plan.baseline.clone());
    Ok(())
}

fn step(world: &mut World, action: &Action) -> Result<(), String> {
    let employee = action.employee.clone();
    match action.kind {
        ActionKind::Create => {
            let employee = employee.ok_or("nobody to create")?;
            let mut user = User::new(format!("new-{employee}"), UserStatus::Pending);
            if world.users.iter().any(|other| other.id == user.id) {
                return Err("created twice".to_owned());
            }
            write(&mut user, action)?;
            let mut link = Link::new(employee, user.id.clone());
            link.awaits_invite = action.awaits_invite;
            link.external_id = user.value(&TargetField::ExternalId).map(str::to_owned);
            give(&mut user, Some(&mut link), action);
            world.users.push(user);
            world.links.push(link);
            return Ok(());
        }
        ActionKind::Link => {
            let (Some(employee), Some(user)) = (employee, action.user.clone()) else {
                return Err("no pair to link".to_owned());
            };
            let mut link = Link::new(employee, user);
            if let Some(old) = &action.replaces {
                let place = world.links.iter().position(|link| link.employee == *old).ok_or("no old link")?;
                let old = world.links.remove(place);
                if old.employee != link.employee || old.user == link.user {
                    let (employee, user) = (link.employee, link.user);
                    link = old;
                    (link.employee, link.user) = (employee, user);
                }
            }
            link.external_id.clone_from(&action.carries);
            link.awaits_invite |= action.awaits_invite;
            // What another connection closed of the same person is opened as if it were ours.
            if world.others.held.remove(&link.user).is_some_and(|held| held.closed) {
                link.deactivated_by_us = true;
            }
            if world.links.iter().any(|other| other.user == link.user || other.employee == link.employee) {
                return Err("two links to one".to_owned());
            }
            world.links.push(link);
            return Ok(());
        }
        _ => {}
    }
    // An invitation to an account that this plan made is found by its employee.
    let mut link = world.links.iter_mut().find(|link| Some(&link.employee) == action.employee.as_ref());
    let id = action.user.clone().or(link.as_ref().map(|link| link.user.clone())).ok_or("no account")?;
    let user = world.users.iter_mut().find(|user| user.id == id).ok_or("no such account")?;
    match action.kind {
        ActionKind::Update => {
            write(user, action)?;
            let given = action.changes.iter().find(|change| change.field == TargetField::ExternalId);
            if let (Some(given), Some(link)) = (given, &mut link) {
                link.external_id.clone_from(&given.to);
            }
        }
        ActionKind::Assign => give(user, link.as_deref_mut(), action),
        ActionKind::Invite | ActionKind::Reinvite => {
            if user.status == UserStatus::Active || user.status == UserStatus::Deactivated {
                return Err("invited a settled account".to_owned());
            }
            user.status = UserStatus::Invited;
            user.invite = Some(Invite::sent(world.now));
            let link = link.as_mut().ok_or("invited a stranger")?;
            link.awaits_invite = false;
            link.invites += 1;
            link.invited_to.clone_from(&action.invites_to);
        }
        ActionKind::Deactivate => {
            if !user.is_live() {
                return Err("closed twice".to_owned());
            }
            user.status = UserStatus::Deactivated;
            if let Some(link) = &mut link {
                link.deactivated_by_us = true;
            }
        }
        ActionKind::Reactivate => {
            let link = link.as_mut().ok_or("opened a stranger")?;
            if user.is_live() || !link.deactivated_by_us {
                return Err("opened what we did not close".to_owned());
            }
            user.status = UserStatus::Active;
            link.deactivated_by_us = false;
        }
        other => return Err(format!("no such kind: {other:?}")),
    }
    Ok(())
}

fn write(user: &mut User, action: &Action) -> Result<(), String> {
    for change in &action.changes {
        if user.value(&change.field) != change.from.as_deref() {
            return Err(format!("{} was something else before", change.field));
        }
        if change.from == change.to {
            return Err(format!("{} does not change", change.field));
        }
        user.put(&change.field, change.to.as_deref());
    }
    Ok(())
}

fn give(user: &mut User, mut link: Option<&mut Link>, action: &Action) {
    for change in &action.assignments {
        let Assignment { kind, value } = change.assignment.clone();
        match (kind, change.given) {
            (AssignmentKind::Role, true) => {
                user.role = Some(value);
                if let Some(link) = &mut link {
                    link.granted.retain(|assignment| assignment.kind != AssignmentKind::Role);
                }
            }
            (AssignmentKind::Role, false) => user.role = None,
            (_, true) => {
                user.assignments.insert(change.assignment.clone());
            }
            (_, false) => {
                user.assignments.remove(&change.assignment);
            }
        }
        if let Some(link) = &mut link {
            if change.given {
                link.granted.insert(change.assignment.clone());
            } else {
                link.granted.remove(&change.assignment);
            }
        }
    }
}

/// No two accounts, closed ones included, hold one e-mail address or external id.
fn unique(world: &World) -> Result<(), String> {
    for field in [TargetField::Email, TargetField::ExternalId] {
        let mut seen = std::collections::BTreeSet::new();
        for user in &world.users {
            if let Some(value) = user.value(&field)
                && !seen.insert(value.trim().to_ascii_lowercase())
            {
                return Err(format!("two accounts hold one {field}"));
            }
        }
    }
    Ok(())
}
