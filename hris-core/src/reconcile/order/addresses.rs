//! Who holds each address that somebody is to get, and how it becomes free.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::bonds::Bonds;
use super::super::identity::Identity;
use super::super::index::Sought;
use super::super::inputs::Inputs;
use super::super::keys::Having;
use super::super::pairs::{Pairs, holder};
use super::super::people::People;
use super::super::plan::{Action, ActionKind, Change};
use super::super::situation::{Reason, Situation};
use super::{Waits, drop_values, email_of};
use crate::{EmployeeId, Problem, ProblemCode, TargetField, User, UserId, canon};

/// Finds out for each address that is taken who holds it and how it becomes free; takes out what
/// cannot be; adds the steps that free addresses.
pub(super) fn resolve(
    inputs: &Inputs<'_>,
    (pairs, bonds, identity): (&Pairs<'_>, &Bonds, &Identity<'_, '_>),
    actions: &mut Vec<Action>,
    kept: &BTreeSet<&str>,
    people: &mut People,
    problems: &mut Vec<Problem>,
) -> Waits {
    let clearable = inputs.target.clears(&TargetField::Email);
    // Each round may take out an action on whose release another one relied, so look again until
    // nothing is taken out. Each round takes out at least one.
    loop {
        let found = survey(inputs, (pairs, bonds, identity), actions, (people, kept), clearable);
        if !found.dropped.is_empty() {
            let dropped: BTreeSet<usize> = found.dropped.keys().copied().collect();
            let code = |place| found.dropped.get(&place).copied().unwrap_or(ProblemCode::UniquenessConflict);
            let why = |place: usize| (code(place), None);
            drop_values(&TargetField::Email, &dropped, actions, people, problems, why);
            continue;
        }
        return add_releases(inputs, pairs, actions, found);
    }
}

/// What a look at all takers of addresses found.
#[derive(Debug, Default)]
struct Survey {
    /// Takers that cannot be, and why.
    dropped: BTreeMap<usize, ProblemCode>,
    /// Taker and the action that frees its address.
    after: Vec<(usize, usize)>,
    /// Taker and the closed (or closing) account that must give its address up.
    release: Vec<(usize, usize)>,
}

fn survey(
    inputs: &Inputs<'_>,
    (pairs, bonds, identity): (&Pairs<'_>, &Bonds, &Identity<'_, '_>),
    actions: &[Action],
    (people, kept): (&People, &BTreeSet<&str>),
    clearable: bool,
) -> Survey {
    let mut found = Survey::default();
    if !actions.iter().any(|action| email_of(action).is_some()) {
        return found;
    }
    let mut takers: Sought<'_, Vec<usize>> = Sought::with_capacity(actions.len());
    let mut changes_of: HashMap<&str, usize> = HashMap::new();
    let mut closes: HashSet<&str> = HashSet::new();
    let mut opens: HashSet<&str> = HashSet::new();
    for (place, action) in actions.iter().enumerate() {
        let user = action.user.as_ref().map(UserId::as_str);
        if let Some(change) = email_of(action) {
            if let Some(value) = &change.to {
                takers.seek(canon::canonical(&TargetField::Email, value), Vec::new()).push(place);
            }
            if let Some(user) = user {
                changes_of.insert(user, place);
            }
        }
        match action.kind {
            ActionKind::Deactivate => closes.extend(user),
            ActionKind::Reactivate => opens.extend(user),
            _ => {}
        }
    }
    // While it is open whose account it is, its address stays, because it identifies the person.
    let held: HashSet<&str> = people
        .unordered()
        .filter(|verdict| {
            matches!(
                verdict.situation,
                Situation::AccountReplaced
                    | Situation::Contested
                    | Situation::HeldElsewhere
                    | Situation::Recycled
                    | Situation::Superseded
            )
        })
        .filter_map(|verdict| verdict.user)
        .chain(kept.iter().copied())
        .collect();
    for (_, places) in takers.iter().filter(|(_, places)| places.len() > 1) {
        found.dropped.extend(places.iter().map(|place| (*place, ProblemCode::DuplicateEmail)));
    }
    let taken = takers.iter().flat_map(|(value, places)| {
        let having = identity.having(&TargetField::Email, value);
        let users = having.into_iter().flat_map(Having::accounts);
        users.filter_map(move |index| Some((index, inputs.users.get(index)?, places)))
    });
    for (index, user, places) in taken {
        for place in places {
            if actions.get(*place).is_some_and(|taker| taker.user.as_ref() == Some(&user.id)) {
                continue;
            }
            let owner = holder(inputs, pairs, index);
            let believed = pairs.holder_of(index).is_some_and(|link| bonds.holds(link));
            let by_us = believed && owner.is_some_and(|(link, _)| link.deactivated_by_us);
            let closed_by_us = !user.is_live() && by_us;
            let closed =
                closes.contains(user.id.as_str()) || (closed_by_us && !opens.contains(user.id.as_str()));
            if let Some(releaser) = changes_of.get(user.id.as_str()) {
                found.after.push((*place, *releaser));
            } else if clearable && closed && !held.contains(user.id.as_str()) {
                found.release.push((*place, index));
            } else {
                found.dropped.insert(*place, ProblemCode::UniquenessConflict);
            }
        }
    }
    if !clearable {
        // Nobody can let go of an address for a moment, so people in a circle keep what they have.
        let stuck = circles(&found.after).into_iter().flatten();
        found.dropped.extend(stuck.map(|place| (place, ProblemCode::UniquenessConflict)));
    }
    found
}

fn add_releases(inputs: &Inputs<'_>, pairs: &Pairs<'_>, actions: &mut Vec<Action>, found: Survey) -> Waits {
    let mut waits = Waits { edges: found.after };
    let closing: HashMap<UserId, (Situation, Option<EmployeeId>)> = actions
        .iter()
        .filter(|action| action.kind == ActionKind::Deactivate && !found.release.is_empty())
        .filter_map(|action| Some((action.user.clone()?, (action.situation, action.employee.clone()))))
        .collect();
    let mut releases: BTreeMap<usize, usize> = BTreeMap::new();
    for (taker, index) in found.release {
        let Some(user) = inputs.users.get(index) else { continue };
        let place = *releases.entry(index).or_insert_with(|| {
            let owner = || holder(inputs, pairs, index).map(|(link, _)| link.employee.clone());
            let (situation, employee) =
                closing.get(&user.id).cloned().unwrap_or_else(|| (Situation::Leaver, owner()));
            actions.push(release(situation, Reason::FreesValue, employee, user));
            actions.len() - 1
        });
        waits.edges.push((taker, place));
        if let Some(action) = actions.get_mut(taker) {
            action.waits_for.insert(user.id.clone());
        }
    }
    for (taker, releaser) in waits.edges.clone() {
        let user = actions.get(releaser).and_then(|action| action.user.clone());
        if let (Some(action), Some(user)) = (actions.get_mut(taker), user) {
            action.waits_for.insert(user);
        }
    }
    // Letting one of a group go for a moment may leave a smaller circle, so look again.
    loop {
        let circles = circles(&waits.edges);
        if circles.is_empty() {
            return waits;
        }
        let mut parked_at: HashMap<usize, usize> = HashMap::new();
        for circle in circles {
            let subject = |place: &&usize| actions.get(**place).map(|action| action.subject().to_owned());
            if let Some(first) = circle.iter().min_by_key(subject).copied() {
                park(actions, &mut parked_at, first);
            }
        }
        // An action that waited for the whole action now waits for its first step only.
        for (_, releaser) in &mut waits.edges {
            *releaser = parked_at.get(releaser).copied().unwrap_or(*releaser);
        }
        waits.edges.extend(parked_at);
    }
}

fn release(situation: Situation, reason: Reason, employee: Option<EmployeeId>, user: &User) -> Action {
    let mut action = Action::new(ActionKind::Update, situation, reason);
    action.employee = employee;
    action.user = Some(user.id.clone());
    action.changes =
        vec![Change::new(TargetField::Email, user.value(&TargetField::Email).map(str::to_owned), None)];
    action.releases = true;
    action
}

/// Actions that wait for each other in circles: people who exchange addresses. Circles that touch are one
/// group.
fn circles(edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut edges: BTreeSet<(usize, usize)> = edges.iter().copied().collect();
    trim(&mut edges, |(later, earlier)| (later, earlier));
    trim(&mut edges, |(later, earlier)| (earlier, later));
    let mut near: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (later, earlier) in edges {
        near.entry(later).or_default().push(earlier);
        near.entry(earlier).or_default().push(later);
    }
    let mut groups = Vec::new();
    while let Some((start, first)) = near.pop_first() {
        let mut group = vec![start];
        let mut open = first;
        while let Some(place) = open.pop() {
            if let Some(more) = near.remove(&place) {
                group.push(place);
                open.extend(more);
            }
        }
        groups.push(group);
    }
    groups
}

/// Takes away, again and again, the edges to ends that wait for nothing.
fn trim(edges: &mut BTreeSet<(usize, usize)>, ends: impl Fn((usize, usize)) -> (usize, usize)) {
    let mut waiting: BTreeMap<usize, usize> = BTreeMap::new();
    let mut behind: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for edge in edges.iter() {
        let (later, earlier) = ends(*edge);
        *waiting.entry(later).or_default() += 1;
        waiting.entry(earlier).or_default();
        behind.entry(earlier).or_default().push(*edge);
    }
    let mut free: Vec<usize> =
        waiting.iter().filter(|(_, count)| **count == 0).map(|(end, _)| *end).collect();
    while let Some(end) = free.pop() {
        for edge in behind.remove(&end).unwrap_or_default() {
            edges.remove(&edge);
            let (later, _) = ends(edge);
            if let Some(count) = waiting.get_mut(&later) {
                *count -= 1;
                if *count == 0 {
                    free.push(later);
                }
            }
        }
    }
}

/// Splits an action: the account lets go of its address for a moment, and takes the new one later.
fn park(actions: &mut Vec<Action>, parked_at: &mut HashMap<usize, usize>, place: usize) {
    let parked = actions.len();
    let Some(action) = actions.get_mut(place) else { return };
    let mut first = Action::new(ActionKind::Update, action.situation, Reason::FreesValueForNow);
    first.employee.clone_from(&action.employee);
    first.user.clone_from(&action.user);
    first.releases = true;
    if let Some(change) = action.changes.iter_mut().find(|change| change.field == TargetField::Email) {
        first.changes.push(Change::new(TargetField::Email, change.from.take(), None));
    }
    actions.push(first);
    parked_at.insert(place, parked);
}
