//! Nothing vanishes where actions are put in order: what is left out is told.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{Action, ActionKind, FieldSupport, Plan};
use hris_core::{EmployeeId, TargetField, UserId};
use proptest::prelude::*;

use crate::support::{World, line_of, world};
use crate::worlds::{cases, worlds};

/// People with accounts in use, who have addresses out of few, in a table that does not keep them unique; some
/// leave, and some are new.
fn crowds() -> impl Strategy<Value = World> {
    proptest::collection::vec((0..5_usize, 0..5_usize, 0..8_usize), 2..8).prop_map(|rows| {
        let (mut people, mut users, mut links) = (String::new(), String::new(), String::new());
        for (n, (wanted, current, fate)) in rows.into_iter().enumerate() {
            let status = if fate == 0 { "left" } else { "active" };
            let name = format!("number=7{n} given_name=P{n} family_name=Far");
            people += &format!("p{n} {status} email=m{wanted}@x.io job_title=New {name}\n");
            if fate == 1 {
                continue;
            }
            users += &format!("u{n} active external_id=p{n} email=m{current}@x.io job_title=Old {name}\n");
            links += &format!("p{n}>u{n} id:p{n}\n");
        }
        world(&people, &users, &links)
    })
}

type Step<'p> = (ActionKind, Option<&'p EmployeeId>, Option<&'p UserId>);

/// What each step writes, gives and takes.
fn steps(plan: &Plan) -> BTreeMap<Step<'_>, BTreeSet<String>> {
    let mut steps: BTreeMap<Step<'_>, BTreeSet<String>> = BTreeMap::new();
    for action in plan.actions.iter().filter(|action| !action.releases) {
        let all = steps.entry((action.kind, action.employee.as_ref(), action.user.as_ref())).or_default();
        let changes = action.changes.iter().map(|change| format!("{} {:?}", change.field, change.to));
        all.extend(changes.chain(action.assignments.iter().map(|assignment| format!("{assignment:?}"))));
    }
    steps
}

fn all_is_there(unique: World) -> Result<(), TestCaseError> {
    let mut free = unique.clone();
    free.target.set(TargetField::Email, FieldSupport::plain());
    let (all, ordered) = (free.plan(), unique.plan());
    let found = steps(&ordered);
    let fields = [TargetField::Email.to_string(), TargetField::ExternalId.to_string()];
    let told = |employee: Option<&EmployeeId>, user: Option<&UserId>| {
        ordered.problems.iter().any(|problem| {
            let about = (employee.is_some() && problem.employee.as_ref() == employee)
                || (user.is_some() && problem.user.as_ref() == user);
            about && problem.field.as_ref().is_some_and(|field| fields.contains(field))
        })
    };
    for ((kind, employee, user), parts) in steps(&all) {
        let there = found.get(&(kind, employee, user));
        let missing: Vec<&String> =
            parts.iter().filter(|part| there.is_none_or(|there| !there.contains(*part))).collect();
        if there.is_none() || !missing.is_empty() {
            let lines: Vec<String> = ordered.actions.iter().map(line_of).collect();
            prop_assert!(told(employee, user), "{kind:?} {employee:?} {user:?} {missing:?}: {lines:?}");
            // Only the address is left out, unless nobody is made without one.
            prop_assert!(
                kind != ActionKind::Update || missing.iter().all(|part| part.starts_with("email ")),
                "{missing:?}"
            );
        }
    }
    Ok(())
}

/// Whoever takes an address comes after everybody who gives it up.
fn takers_wait(plan: &Plan, world: &World) -> Result<(), TestCaseError> {
    let moves =
        |action: &Action| action.changes.iter().find(|change| change.field == TargetField::Email).cloned();
    for (place, action) in plan.actions.iter().enumerate() {
        let Some(to) = moves(action).and_then(|change| change.to) else { continue };
        for user in world.users.iter().filter(|user| Some(&user.id) != action.user.as_ref()) {
            if user.value(&TargetField::Email).is_none_or(|email| !email.eq_ignore_ascii_case(&to)) {
                continue;
            }
            let gives = plan.actions[..place]
                .iter()
                .any(|one| one.user.as_ref() == Some(&user.id) && moves(one).is_some());
            prop_assert!(gives, "{} takes what {} has", line_of(action), user.id);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn nothing_vanishes_among_shared_addresses(world in crowds(), clears in any::<bool>()) {
        let mut world = world;
        if !clears {
            world.target.set(TargetField::Email, FieldSupport::plain().unique().unclearable());
        }
        takers_wait(&world.plan(), &world)?;
        all_is_there(world)?;
    }

    #[test]
    fn nothing_vanishes(world in worlds()) {
        takers_wait(&world.plan(), &world)?;
        all_is_there(world)?;
    }
}
