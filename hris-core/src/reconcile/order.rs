//! The order in which actions are done, so that no two accounts ever hold one e-mail address.
//!
//! Links come first and removals last, except that the account that releases an address goes before the one
//! that takes it: people who exchange addresses do it over an intermediate step, and a leaver's account
//! gives up its address only when somebody else is to have it.

mod addresses;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::bonds::Bonds;
use super::identity::Identity;
use super::index::Sought;
use super::inputs::Inputs;
use super::keys::Having;
use super::manager::Managers;
use super::merge::Side;
use super::pairs::Pairs;
use super::people::People;
use super::plan::{Action, ActionKey, ActionKind, Change};
use super::situation::{Reason, Situation};
use crate::{EmployeeId, Problem, ProblemCode, TargetField, UserId, canon};

pub(super) fn order(
    inputs: &Inputs<'_>,
    (pairs, bonds, identity): (&Pairs<'_>, &Bonds, &Identity<'_, '_>),
    managers: &Managers,
    actions: Vec<Action>,
    kept: &BTreeSet<&str>,
    people: &mut People,
    problems: &mut Vec<Problem>,
) -> Vec<Action> {
    // Everything below must not depend on the order of the inputs.
    // What goes to the source has no part in the order of the accounts, and comes after it.
    let (mut actions, mut back): (Vec<Action>, Vec<Action>) =
        sort(actions).into_iter().partition(|action| action.side == Side::Target);
    let unpaired = drop_taken_ids(inputs, identity, &mut actions, people, problems);
    // Whose account it is not is no reason to write to their record either.
    back.retain(|action| action.employee.as_ref().is_none_or(|id| !unpaired.contains(id)));
    let mut waits = Waits::default();
    if inputs.target.support(&TargetField::Email).unique {
        waits = addresses::resolve(inputs, (pairs, bonds, identity), &mut actions, kept, people, problems);
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
fn sort(actions: Vec<Action>) -> Vec<Action> {
    let mut places: Vec<_> =
        actions.iter().enumerate().map(|(place, action)| (rank(action), place)).collect();
    places.sort_unstable();
    let order: Vec<usize> = places.into_iter().map(|(_, place)| place).collect();
    in_order(actions, &order)
}

/// The actions at these places, and after them those that none of the places names.
fn in_order(actions: Vec<Action>, order: &[usize]) -> Vec<Action> {
    let mut actions: Vec<Option<Action>> = actions.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(actions.len());
    ordered.extend(order.iter().filter_map(|place| actions.get_mut(*place).and_then(Option::take)));
    ordered.extend(actions.into_iter().flatten());
    ordered
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
    // Every circle was opened, so nothing is left over; were it otherwise, it would still be done last.
    in_order(actions, &order)
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
