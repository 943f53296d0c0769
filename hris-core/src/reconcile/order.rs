//! The order in which actions are done, so that no two accounts ever hold one e-mail address.
//!
//! Links come first and removals last, except that the account that releases an address goes before the one
//! that takes it: people who exchange addresses do it over an intermediate step, and a leaver's account
//! gives up its address only when somebody else is to have it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::bonds::Bonds;
use super::inputs::Inputs;
use super::manager::Managers;
use super::merge::Side;
use super::pairs::{Pairs, holder};
use super::plan::{Action, ActionKey, ActionKind, Change, Verdict};
use super::situation::{Reason, Situation};
use crate::{EmployeeId, Problem, ProblemCode, TargetField, User, UserId, canon};

pub(super) fn order(
    inputs: &Inputs<'_>,
    (pairs, bonds): (&Pairs<'_>, &Bonds),
    managers: &Managers,
    mut actions: Vec<Action>,
    kept: &BTreeSet<&str>,
    people: &mut [Verdict],
    problems: &mut Vec<Problem>,
) -> Vec<Action> {
    // Everything below must not depend on the order of the inputs.
    actions.sort_by(|left, right| rank(left).cmp(&rank(right)));
    // What goes to the source has no part in the order of the accounts, and comes after it.
    let (mut actions, mut back): (Vec<Action>, Vec<Action>) =
        actions.into_iter().partition(|action| action.side == Side::Target);
    let unpaired = drop_taken_ids(inputs, &mut actions, people, problems);
    // Whose account it is not is no reason to write to their record either.
    back.retain(|action| action.employee.as_ref().is_none_or(|id| !unpaired.contains(id)));
    let mut waits = Waits::default();
    if inputs.target.support(&TargetField::Email).unique {
        waits = resolve(inputs, (pairs, bonds), &mut actions, kept, people, problems);
        follow_addresses(&mut actions);
    }
    let mut ordered = arrange(pairs, managers, actions, &waits);
    ordered.extend(back);
    for action in &mut ordered {
        let content = (&action.user, &action.changes, &action.assignments);
        let (connection, subject) = (inputs.connection, action.subject());
        action.key =
            ActionKey::new(connection, action.kind, subject, &(action.side, action.releases, content));
    }
    ordered
}

/// An invitation to a corrected address waits for whatever the correction waits for.
fn follow_addresses(actions: &mut [Action]) {
    let waits = |action: &Action| Some((action.user.clone()?, action.waits_for.clone()));
    let moves = actions.iter().filter(|action| email_of(action).is_some() && !action.waits_for.is_empty());
    let waits: HashMap<UserId, BTreeSet<UserId>> = moves.filter_map(waits).collect();
    for action in actions.iter_mut().filter(|action| action.reason == Reason::InviteMoved) {
        action
            .waits_for
            .extend(action.user.as_ref().and_then(|user| waits.get(user)).into_iter().flatten().cloned());
    }
}

fn rank(action: &Action) -> (u8, &str, Option<&str>, bool) {
    let phase = match action.kind {
        ActionKind::Link => 0,
        ActionKind::Reactivate => 1,
        ActionKind::Update => 2,
        ActionKind::Create => 3,
        ActionKind::Assign => 4,
        ActionKind::Invite => 5,
        ActionKind::Reinvite => 6,
        ActionKind::Deactivate => 7,
    };
    (phase, action.subject(), action.user.as_ref().map(UserId::as_str), action.releases)
}

/// What an action must wait for: other actions, by place.
#[derive(Debug, Default)]
struct Waits {
    edges: Vec<(usize, usize)>,
}

fn email_of(action: &Action) -> Option<&Change> {
    action.changes.iter().find(|change| change.field == TargetField::Email)
}

/// Somebody's external id that another account holds cannot be written: nobody gives up an id. Returns those who get no
/// account because of that.
fn drop_taken_ids(
    inputs: &Inputs<'_>,
    actions: &mut Vec<Action>,
    people: &mut [Verdict],
    problems: &mut Vec<Problem>,
) -> BTreeSet<EmployeeId> {
    let mut wanted: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, action) in actions.iter().enumerate() {
        let change = action.changes.iter().find(|change| change.field == TargetField::ExternalId);
        if let Some(value) = change.and_then(|change| change.to.as_deref()) {
            wanted
                .entry(canon::canonical(&TargetField::ExternalId, value).into_owned())
                .or_default()
                .push(place);
        }
    }
    let mut dropped: BTreeSet<usize> =
        wanted.values().filter(|places| places.len() > 1).flatten().copied().collect();
    let mut carriers: HashMap<usize, &UserId> = HashMap::new();
    for user in inputs.users {
        let Some(value) = user.value(&TargetField::ExternalId) else { continue };
        let places = wanted.get(canon::canonical(&TargetField::ExternalId, value).as_ref());
        let others =
            |place: &&usize| actions.get(**place).is_some_and(|one| one.user.as_ref() != Some(&user.id));
        carriers.extend(places.into_iter().flatten().filter(others).map(|place| (*place, &user.id)));
    }
    dropped.extend(carriers.keys().copied());
    let why = |place: usize| (ProblemCode::UniquenessConflict, carriers.get(&place).copied());
    drop_values(&TargetField::ExternalId, &dropped, actions, people, problems, why)
}

/// Takes a value that somebody else holds out of actions. A creation without it cannot be, and goes
/// altogether, with whatever follows for that person. Returns these people.
fn drop_values<'a>(
    field: &TargetField,
    dropped: &BTreeSet<usize>,
    actions: &mut Vec<Action>,
    people: &mut [Verdict],
    problems: &mut Vec<Problem>,
    why: impl Fn(usize) -> (ProblemCode, Option<&'a UserId>),
) -> BTreeSet<EmployeeId> {
    let mut never_created: BTreeSet<EmployeeId> = BTreeSet::new();
    let links = actions.iter().filter(|action| {
        action.kind == ActionKind::Link && action.replaces.is_none() && action.reason != Reason::Decided
    });
    let joining: BTreeSet<EmployeeId> = links.filter_map(|action| action.employee.clone()).collect();
    // Accounts that keep their address: nobody is invited to another one.
    let mut stay: BTreeSet<UserId> = BTreeSet::new();
    for place in dropped {
        let Some(action) = actions.get_mut(*place) else { continue };
        let (code, holder) = why(*place);
        let employee = action.employee.as_ref().map_or("EMPLOYEE", EmployeeId::as_str);
        let message = match (code, holder) {
            (ProblemCode::DuplicateEmail, _) => {
                "another person has the same e-mail address; correct one of them in the HR system".to_owned()
            }
            (_, Some(user)) => format!(
                "account {user} carries this id; `hris link {employee} {user}` if it is this person's, else take the \
                 id out of it in the product"
            ),
            _ if *field == TargetField::ExternalId => {
                "two accounts would carry this id; correct one person in the HR system".to_owned()
            }
            _ => format!(
                "another account holds this value; free it there or correct it in the HR system, or `hris link \
                 {employee} USER` if that account is this person's"
            ),
        };
        let mut problem = Problem::error(code, message).field(field.to_string());
        if let Some(employee) = &action.employee {
            problem = problem.employee(employee);
        }
        if let Some(user) = &action.user {
            problem = problem.user(user);
        }
        problems.push(problem);
        action.changes.retain(|change| change.field != *field);
        if *field == TargetField::Email {
            stay.extend(action.user.clone());
        }
        // Without its external id an account is not made, and does not become anybody's.
        let joins = action.employee.as_ref().is_some_and(|id| joining.contains(id));
        if action.kind == ActionKind::Create || (joins && *field == TargetField::ExternalId) {
            never_created.extend(action.employee.clone());
        }
    }
    let gone = |action: &Action| action.employee.as_ref().is_some_and(|id| never_created.contains(id));
    for verdict in people.iter_mut() {
        if verdict.employee.as_ref().is_some_and(|id| never_created.contains(id)) {
            verdict.situation = Situation::Contested;
            verdict.reason = Reason::NotUsable;
        }
    }
    actions.retain(|action| {
        let emptied = action.kind == ActionKind::Update && action.changes.is_empty();
        let moved = action.reason == Reason::InviteMoved
            && action.user.as_ref().is_some_and(|user| stay.contains(user));
        !emptied && !moved && !gone(action)
    });
    never_created
}

/// Finds out for each address that is taken who holds it and how it becomes free; takes out what
/// cannot be; adds the steps that free addresses.
fn resolve(
    inputs: &Inputs<'_>,
    (pairs, bonds): (&Pairs<'_>, &Bonds),
    actions: &mut Vec<Action>,
    kept: &BTreeSet<&str>,
    people: &mut [Verdict],
    problems: &mut Vec<Problem>,
) -> Waits {
    let clearable = inputs.target.clears(&TargetField::Email);
    // Each round may take out an action on whose release another one relied, so look again until
    // nothing is taken out. Each round takes out at least one.
    loop {
        let found = survey(inputs, (pairs, bonds), actions, (people, kept), clearable);
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
    (pairs, bonds): (&Pairs<'_>, &Bonds),
    actions: &[Action],
    (people, kept): (&[Verdict], &BTreeSet<&str>),
    clearable: bool,
) -> Survey {
    let mut found = Survey::default();
    if !actions.iter().any(|action| email_of(action).is_some()) {
        return found;
    }
    let mut takers: HashMap<String, Vec<usize>> = HashMap::new();
    let mut changes_of: HashMap<&str, usize> = HashMap::new();
    let mut closes: HashSet<&str> = HashSet::new();
    let mut opens: HashSet<&str> = HashSet::new();
    for (place, action) in actions.iter().enumerate() {
        let user = action.user.as_ref().map(UserId::as_str);
        if let Some(change) = email_of(action) {
            if let Some(value) = &change.to {
                takers
                    .entry(canon::canonical(&TargetField::Email, value).into_owned())
                    .or_default()
                    .push(place);
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
        .iter()
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
        .filter_map(|verdict| verdict.user.as_ref().map(UserId::as_str))
        .chain(kept.iter().copied())
        .collect();
    for places in takers.values().filter(|places| places.len() > 1) {
        found.dropped.extend(places.iter().map(|place| (*place, ProblemCode::DuplicateEmail)));
    }
    for (index, user) in inputs.users.iter().enumerate() {
        let Some(value) = user.value(&TargetField::Email) else { continue };
        let value = canon::canonical(&TargetField::Email, value);
        let Some(places) = takers.get(value.as_ref()) else { continue };
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
        for circle in circles {
            let subject = |place: &&usize| actions.get(**place).map(|action| action.subject().to_owned());
            if let Some(first) = circle.iter().min_by_key(subject).copied() {
                park(actions, &mut waits, first);
            }
        }
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
fn park(actions: &mut Vec<Action>, waits: &mut Waits, place: usize) {
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
    // An action that waited for the whole action now waits for its first step only.
    for (_, releaser) in waits.edges.iter_mut().filter(|(_, releaser)| *releaser == place) {
        *releaser = parked;
    }
    waits.edges.push((place, parked));
}

/// Puts the actions in order: by phase, then by id, as far as nobody has to wait.
fn arrange(pairs: &Pairs<'_>, managers: &Managers, actions: Vec<Action>, waits: &Waits) -> Vec<Action> {
    let depth = |action: &Action| match (action.kind, &action.employee) {
        (ActionKind::Create, Some(employee)) => {
            pairs.row(employee.as_str()).map_or(0, |row| managers.depth(row))
        }
        _ => 0,
    };
    let keys: Vec<(u8, u32, &str, bool, usize)> = actions
        .iter()
        .enumerate()
        .map(|(place, action)| (rank(action).0, depth(action), action.subject(), !action.releases, place))
        .collect();
    let mut blocked = vec![0_u32; actions.len()];
    let mut unblocks: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut edge = |later: usize, earlier: usize| {
        if let Some(count) = blocked.get_mut(later) {
            *count += 1;
            unblocks.entry(earlier).or_default().push(later);
        }
    };
    for (later, earlier) in &waits.edges {
        edge(*later, *earlier);
    }
    chain_people(&actions, &mut edge);
    let mut ready: BTreeSet<&(u8, u32, &str, bool, usize)> =
        keys.iter().filter(|key| blocked.get(key.4) == Some(&0)).collect();
    let mut order = Vec::with_capacity(actions.len());
    while let Some(key) = ready.pop_first() {
        order.push(key.4);
        for later in unblocks.remove(&key.4).unwrap_or_default() {
            if let Some(count) = blocked.get_mut(later) {
                *count -= 1;
                if *count == 0 {
                    ready.extend(keys.get(later));
                }
            }
        }
    }
    // Every circle was opened, so nothing is left over; were it otherwise, it would still be done last.
    let done: BTreeSet<usize> = order.iter().copied().collect();
    order.extend((0..actions.len()).filter(|place| !done.contains(place)));
    let mut actions: Vec<Option<Action>> = actions.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| actions.get_mut(place).and_then(Option::take)).collect()
}

/// What is done for one person keeps its order: linked before updated, created before invited, closed
/// before the address is released, the first step of an exchange before the second.
fn chain_people(actions: &[Action], edge: &mut impl FnMut(usize, usize)) {
    let mut of_person: HashMap<(bool, &str), Vec<usize>> = HashMap::new();
    for (place, action) in actions.iter().enumerate() {
        of_person.entry((action.employee.is_some(), action.subject())).or_default().push(place);
    }
    let step = |action: &Action| match (action.releases, action.reason) {
        (true, Reason::FreesValueForNow) => (rank(action).0, 0),
        (true, _) => (u8::MAX, 0),
        (false, _) => (rank(action).0, 1),
    };
    for mut places in of_person.into_values() {
        places.sort_by_key(|place| actions.get(*place).map(step));
        for pair in places.windows(2) {
            if let [earlier, later] = pair {
                edge(*later, *earlier);
            }
        }
    }
}
