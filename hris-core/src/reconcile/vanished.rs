//! People of one kind who all vanish at once.
//!
//! A credential that may not see a place or a kind of people any more answers as if they had all left: a
//! whole list without them, and nobody found by id. If they are few, no limit stops their removal.

use std::collections::{BTreeMap, BTreeSet};

use super::bonds::Bonds;
use super::inputs::Inputs;
use super::pairs::Pairs;
use super::plan::{Action, ActionKind};
use super::situation::Reason;
use super::takings::A_FEW;
use crate::{EmployeeId, Problem, ProblemCode, TargetField};

/// Warns of each value that several linked accounts share, if the actions close every one of them because the
/// person is missing. A value that everybody has separates nobody, so nothing is said of it. If several fields
/// lead to the same people, these are named once.
pub(super) fn together(
    inputs: &Inputs<'_>,
    (pairs, bonds): (&Pairs<'_>, &Bonds),
    actions: &[Action],
) -> Vec<Problem> {
    let absent = |action: &&Action| {
        action.kind == ActionKind::Deactivate
            && matches!(action.reason, Reason::AbsentUnasked | Reason::AbsentAndGone)
    };
    let closed: BTreeMap<&str, &EmployeeId> = actions
        .iter()
        .filter(absent)
        .filter_map(|action| Some((action.user.as_ref()?.as_str(), action.employee.as_ref()?)))
        .collect();
    if (closed.len() as u64) < A_FEW {
        return Vec::new();
    }
    let in_use = |index: usize| pairs.holder_of(index).is_some_and(|link| bonds.holds(link));
    let accounts: Vec<_> = inputs
        .users
        .iter()
        .enumerate()
        .filter(|(index, user)| user.is_live() && in_use(*index))
        .map(|(_, user)| (user, closed.get(user.id.as_str()).copied()))
        .collect();

    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    for field in inputs.desired.filled().map(|(field, _)| field).filter(|field| field.is_shared()) {
        let with_value =
            || accounts.iter().filter_map(|(user, employee)| Some((user.value(field)?, *employee)));
        let mut groups: BTreeMap<&str, BTreeSet<&EmployeeId>> = BTreeMap::new();
        for (value, employee) in with_value() {
            if let Some(employee) = employee {
                groups.entry(value).or_default().insert(employee);
            }
        }
        for (value, _) in with_value().filter(|(_, employee)| employee.is_none()) {
            // Somebody keeps it.
            groups.remove(value);
        }
        for people in groups.into_values() {
            let is_everybody = people.len() == accounts.len();
            if (people.len() as u64) < A_FEW || is_everybody || !told.insert(people.clone()) {
                continue;
            }
            problems.push(warning(field, &people));
        }
    }
    problems
}

fn warning(field: &TargetField, people: &BTreeSet<&EmployeeId>) -> Problem {
    let words = format!(
        "everybody who has one value of this field is missing at once: {} people, whose accounts are closed; \
         make sure that the credential still sees such people",
        people.len()
    );
    Problem::warning(ProblemCode::VisibilityLost, words)
        .field(field.to_string())
        .people(people.iter().copied())
}
