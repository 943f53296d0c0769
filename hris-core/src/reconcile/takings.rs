//! What a plan takes away, and from how many: emptied fields, assignments and levels taken back.
//!
//! A few who lose something are daily business. Many who lose the same at once are more likely a credential
//! that sees less than before, so what they lose is planned apart from the rest and can wait alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::bonds::Bonds;
use super::inputs::Inputs;
use super::merge::Side;
use super::pairs::Pairs;
use super::plan::{Action, ActionKind, Change};
use super::policy::Policy;
use crate::{AssignmentKind, TargetField, UserId};

/// How many had something, and how many would lose it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Linked accounts in use that have it.
    pub had: u64,
    /// Of those, how many lose it by the plan.
    pub lose: u64,
}

/// So many may always lose something in a run.
pub(super) const A_FEW: u64 = 3;

/// Splits off what so many lose that it may have to wait; all of it where `all` says that something else is
/// wrong with this run.
pub(super) fn split(
    inputs: &Inputs<'_>,
    policy: &Policy,
    (pairs, bonds): (&Pairs<'_>, &Bonds),
    all: bool,
    actions: &mut Vec<Action>,
) {
    let taken = count(inputs, policy, (pairs, bonds), actions);
    let many = taken.iter().filter(|(_, taken)| all || taken.lose > A_FEW);
    let apart: BTreeSet<&str> = many.map(|(name, _)| name.as_str()).collect();
    if apart.is_empty() {
        return;
    }
    let takes = Takes { inputs, policy, pairs };
    let mut split = Vec::new();
    for action in actions.iter_mut() {
        split.extend(takes.apart(action, &apart));
    }
    actions.extend(split);
}

/// Counts what the actions take away.
pub(super) fn count(
    inputs: &Inputs<'_>,
    policy: &Policy,
    (pairs, bonds): (&Pairs<'_>, &Bonds),
    actions: &[Action],
) -> BTreeMap<String, Taken> {
    let takes = Takes { inputs, policy, pairs };
    let mut losers: BTreeMap<String, BTreeSet<UserId>> = BTreeMap::new();
    for action in actions.iter() {
        let Some(user) = &action.user else { continue };
        for name in takes.of(action) {
            losers.entry(name).or_default().insert(user.clone());
        }
    }
    let mut taken: BTreeMap<String, Taken> = BTreeMap::new();
    for (name, users) in losers {
        taken.insert(name, Taken { had: 0, lose: users.len() as u64 });
    }
    if taken.is_empty() {
        return taken;
    }
    let mut names: Vec<(Option<TargetField>, &String, &mut Taken)> =
        taken.iter_mut().map(|(name, taken)| (name.parse().ok(), name, taken)).collect();
    for (index, user) in inputs.users.iter().enumerate() {
        let Some(link) = pairs.holder_of(index).filter(|link| user.is_live() && bonds.holds(*link)) else {
            continue;
        };
        let granted = inputs.links.get(link).map(|link| &link.granted);
        for (field, name, taken) in &mut names {
            let has = match field {
                Some(field) => user.value(field).is_some(),
                None if **name == kind_name(AssignmentKind::Role) => user.role.is_some(),
                None => granted.into_iter().flatten().any(|assignment| kind_name(assignment.kind) == **name),
            };
            taken.had += u64::from(has);
        }
    }
    taken
}

/// The name of a kind of assignment in the figures.
pub(super) fn kind_name(kind: AssignmentKind) -> String {
    format!("assignments.{}", kind.as_str())
}

struct Takes<'a, 'i> {
    inputs: &'a Inputs<'i>,
    policy: &'a Policy,
    pairs: &'a Pairs<'i>,
}

impl Takes<'_, '_> {
    /// The names of everything that an action takes away.
    fn of(&self, action: &Action) -> Vec<String> {
        if action.side == Side::Source || action.releases {
            return Vec::new();
        }
        let fields = action.changes.iter().filter(|change| self.empties(change));
        let kinds = action.assignments.iter().filter(|change| self.strips(action, change));
        let kinds: BTreeSet<String> = kinds.map(|change| kind_name(change.assignment.kind)).collect();
        fields.map(|change| change.field.to_string()).chain(kinds).collect()
    }

    /// Whether a change puts nothing, or what stands for nothing, in place of a value.
    fn empties(&self, change: &Change) -> bool {
        let fallback = || self.inputs.desired.fallback(&change.field);
        change.from.is_some() && (change.to.is_none() || change.to.as_deref() == fallback())
    }

    /// Whether something is taken back; a level that replaces another takes that one back, unless it is the
    /// base level that gives way.
    fn strips(&self, action: &Action, change: &super::plan::AssignmentChange) -> bool {
        if !change.given {
            return true;
        }
        let user = action.user.as_ref().and_then(|user| self.pairs.user(user.as_str()));
        let current = user.and_then(|user| self.inputs.users.get(user)).and_then(|user| user.role.as_deref());
        change.assignment.kind == AssignmentKind::Role
            && current.is_some_and(|current| self.policy.assignments.default_role.as_deref() != Some(current))
    }

    /// Leaves in an action what may go on, and returns the rest as an action of its own.
    fn apart(&self, action: &mut Action, names: &BTreeSet<&str>) -> Option<Action> {
        if !self.of(action).iter().any(|name| names.contains(name.as_str())) {
            return None;
        }
        let waits =
            |change: &Change| self.empties(change) && names.contains(change.field.to_string().as_str());
        let (changes, kept) = std::mem::take(&mut action.changes).into_iter().partition(waits);
        action.changes = kept;
        let back = std::mem::take(&mut action.assignments);
        let (assignments, kept) = back.into_iter().partition(|change| {
            self.strips(action, change) && names.contains(kind_name(change.assignment.kind).as_str())
        });
        action.assignments = kept;
        let mut apart = Action { changes, assignments, waits: true, ..action.clone() };
        if action.changes.is_empty() && action.assignments.is_empty() && action.kind != ActionKind::Create {
            std::mem::swap(action, &mut apart);
            return None;
        }
        Some(apart)
    }
}
