//! The order in which actions are done, so that no two accounts ever hold one e-mail address.
//!
//! Links come first and removals last, except that the account that releases an address goes before the one
//! that takes it: people who exchange addresses do it over an intermediate step, and a leaver's account
//! gives up its address only when somebody else is to have it.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

use super::bonds::Bonds;
use super::identity::Identity;
use super::index::Sought;
use super::inputs::Inputs;
use super::keys::Having;
use super::manager::Managers;
use super::merge::Side;
use super::pairs::{Pairs, holder};
use super::people::People;
use super::plan::{Action, ActionKey, ActionKind, Change};
use super::situation::{Reason, Situation};
use crate::{EmployeeId, Problem, ProblemCode, TargetField, User, UserId, canon};

pub(super) fn order(
    inputs: &Inputs<'_>,
    (pairs, bonds, identity): (&Pairs<'_>, &Bonds, &Identity<'_, '_>),
    managers: &Managers,
    mut actions: Vec<Action>,
    kept: &BTreeSet<&str>,
    people: &mut People,
    problems: &mut Vec<Problem>,
) -> Vec<Action> {
    // Everything below must not depend on the order of the inputs.
    sort(&mut actions);
    // What goes to the source has no part in the order of the accounts, and comes after it.
    let (mut actions, mut back): (Vec<Action>, Vec<Action>) =
        actions.into_iter().partition(|action| action.side == Side::Target);
    let unpaired = drop_taken_ids(inputs, identity, &mut actions, people, problems);
    // Whose account it is not is no reason to write to their record either.
    back.retain(|action| action.employee.as_ref().is_none_or(|id| !unpaired.contains(id)));
    let mut waits = Waits::default();
    if inputs.target.support(&TargetField::Email).unique {
        waits = resolve(inputs, (pairs, bonds, identity), &mut actions, kept, people, problems);
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

/// Puts actions in order by [`rank`]. An action is large, so their places are sorted and each is moved once.
fn sort(actions: &mut Vec<Action>) {
    let mut places: Vec<_> =
        actions.iter().enumerate().map(|(place, action)| (rank(action), place)).collect();
    places.sort_unstable();
    let order: Vec<usize> = places.into_iter().map(|(_, place)| place).collect();
    let mut unordered: Vec<Option<Action>> = std::mem::take(actions).into_iter().map(Some).collect();
    actions.extend(order.into_iter().filter_map(|place| unordered.get_mut(place).and_then(Option::take)));
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
    identity: &Identity<'_, '_>,
    actions: &mut Vec<Action>,
    people: &mut People,
    problems: &mut Vec<Problem>,
) -> BTreeSet<EmployeeId> {
    let mut wanted: Sought<'_, Vec<usize>> = Sought::with_capacity(actions.len());
    for (place, action) in actions.iter().enumerate() {
        if let Some(value) = action.external_id() {
            wanted.seek(canon::canonical(&TargetField::ExternalId, value), Vec::new()).push(place);
        }
    }
    let several = wanted.iter().filter(|(_, places)| places.len() > 1);
    let mut dropped: BTreeSet<usize> = several.flat_map(|(_, places)| places).copied().collect();
    let mut carriers: HashMap<usize, &UserId> = HashMap::new();
    for (value, places) in wanted.iter() {
        let having = identity.having(&TargetField::ExternalId, value);
        // Of several carriers the last one is named.
        let users = having.into_iter().flat_map(Having::accounts).collect::<BTreeSet<usize>>();
        for user in users.into_iter().filter_map(|user| inputs.users.get(user)) {
            let others =
                |place: &&usize| actions.get(**place).is_some_and(|one| one.user.as_ref() != Some(&user.id));
            carriers.extend(places.iter().filter(others).map(|place| (*place, &user.id)));
        }
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
    people: &mut People,
    problems: &mut Vec<Problem>,
    why: impl Fn(usize) -> (ProblemCode, Option<&'a UserId>),
) -> BTreeSet<EmployeeId> {
    let mut never_created: BTreeSet<EmployeeId> = BTreeSet::new();
    if dropped.is_empty() {
        return never_created;
    }
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
    if !never_created.is_empty() {
        people.change(|id| never_created.contains(id), Situation::Contested, Reason::NotUsable);
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

/// Puts the actions in order: by phase, then by id, as far as nobody has to wait.
fn arrange(pairs: &Pairs<'_>, managers: &Managers, actions: Vec<Action>, waits: &Waits) -> Vec<Action> {
    let depth = |action: &Action| match (action.kind, &action.employee) {
        (ActionKind::Create, Some(employee)) => {
            pairs.row(employee.as_str()).map_or(0, |row| managers.depth(row))
        }
        _ => 0,
    };
    // Which action comes before which is found out once, and after that actions are numbers.
    let mut keys: Vec<(u8, u32, &str, bool, usize)> = actions
        .iter()
        .enumerate()
        .map(|(place, action)| (rank(action).0, depth(action), action.subject(), !action.releases, place))
        .collect();
    keys.sort_unstable();
    let mut turn = vec![0; actions.len()];
    for (number, key) in keys.iter().enumerate() {
        if let Some(turn) = turn.get_mut(key.4) {
            *turn = number;
        }
    }
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
    let free = keys.iter().enumerate().filter(|(_, key)| blocked.get(key.4) == Some(&0));
    let mut ready: BinaryHeap<Reverse<usize>> = free.map(|(number, _)| Reverse(number)).collect();
    let mut order = Vec::with_capacity(actions.len());
    while let Some(Reverse(number)) = ready.pop() {
        let Some(place) = keys.get(number).map(|key| key.4) else { continue };
        order.push(place);
        for later in unblocks.remove(&place).unwrap_or_default() {
            if let Some(count) = blocked.get_mut(later) {
                *count -= 1;
                if *count == 0 {
                    ready.extend(turn.get(later).copied().map(Reverse));
                }
            }
        }
    }
    let mut actions: Vec<Option<Action>> = actions.into_iter().map(Some).collect();
    let mut ordered: Vec<Action> =
        order.into_iter().filter_map(|place| actions.get_mut(place).and_then(Option::take)).collect();
    // Every circle was opened, so nothing is left over; were it otherwise, it would still be done last.
    ordered.extend(actions.into_iter().flatten());
    ordered
}

/// What is done for one person keeps its order: linked before updated, created before invited, closed
/// before the address is released, the first step of an exchange before the second.
fn chain_people(actions: &[Action], edge: &mut impl FnMut(usize, usize)) {
    let mut people: Sought<'_, Vec<usize>> = Sought::with_capacity(actions.len());
    let mut accounts: Sought<'_, Vec<usize>> = Sought::with_capacity(0);
    for (place, action) in actions.iter().enumerate() {
        let all = if action.employee.is_some() { &mut people } else { &mut accounts };
        all.seek(Cow::Borrowed(action.subject()), Vec::new()).push(place);
    }
    let step = |action: &Action| match (action.releases, action.reason) {
        (true, Reason::FreesValueForNow) => (rank(action).0, 0),
        (true, _) => (u8::MAX, 0),
        (false, _) => (rank(action).0, 1),
    };
    let several = people.into_known().chain(accounts.into_known()).filter(|places| places.len() > 1);
    for mut places in several {
        places.sort_by_key(|place| actions.get(*place).map(step));
        for pair in places.windows(2) {
            if let [earlier, later] = pair {
                edge(*later, *earlier);
            }
        }
    }
}
