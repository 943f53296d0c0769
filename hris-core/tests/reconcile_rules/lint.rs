//! A plan that contradicts itself is found out, in whichever way it does.

use hris_core::TargetField;
use hris_core::reconcile::{Action, ActionKind, FlawKind, Plan, Reason, Verdict};

use crate::support::{World, world};

/// A leaver whose address goes to somebody, whose goes to a joiner; and somebody who is found.
fn busy() -> World {
    world(
        "a active email=c@x.io\nc left email=c@x.io\nd active email=a@x.io\nf active email=f@x.io number=7",
        "ua active for=a\nuc active for=c\nuf active email=f@x.io number=7",
        "a>ua\nc>uc",
    )
}

fn of(plan: &mut Plan, kind: ActionKind) -> &mut Action {
    plan.actions.iter_mut().find(|action| action.kind == kind).unwrap()
}

fn protect(plan: &mut Plan, user: &str) {
    let mut people: Vec<Verdict> = plan.people.iter().map(|one| one.to_verdict()).collect();
    people.iter_mut().find(|one| one.user == Some(user.into())).unwrap().reason = Reason::Protected;
    plan.people = people.into_iter().collect();
}

fn address(action: &mut Action, address: &str) {
    let change = action.changes.iter_mut().find(|change| change.field == TargetField::Email).unwrap();
    change.to = Some(address.to_owned());
}

#[test]
fn a_plan_of_the_engine_has_no_flaw() {
    let plan = busy().plan();
    for kind in [ActionKind::Create, ActionKind::Deactivate, ActionKind::Link, ActionKind::Update] {
        assert!(plan.of_kind(kind).next().is_some(), "{kind:?}");
    }
    assert_eq!(plan.lint(), []);
}

#[test]
fn each_contradiction_is_named() {
    type Break = fn(&mut Plan);
    let email = FlawKind::ValueTaken(TargetField::Email);
    let cases: [(FlawKind, Break); 14] = [
        (FlawKind::ClosedWhileAsked, |plan| {
            let user = of(plan, ActionKind::Deactivate).user.clone();
            let asked =
                serde_json::json!({ "id": "1", "employee": "z", "user": user, "evidence": {}, "facts": "" });
            plan.questions.push(serde_json::from_value(asked).unwrap());
        }),
        (FlawKind::ClosedAndUsed, |plan| {
            let mut invited = of(plan, ActionKind::Deactivate).clone();
            invited.kind = ActionKind::Invite;
            invited.key = "other".to_owned().into();
            plan.actions.push(invited);
        }),
        (FlawKind::KeyTwice, |plan| {
            let key = of(plan, ActionKind::Create).key.clone();
            of(plan, ActionKind::Deactivate).key = key;
        }),
        (FlawKind::LinkedWithoutEvidence, |plan| of(plan, ActionKind::Link).evidence = None),
        (FlawKind::ProtectedClosed, |plan| protect(plan, "uc")),
        (FlawKind::PairedTwice, |plan| {
            let employee = of(plan, ActionKind::Create).employee.clone();
            of(plan, ActionKind::Link).employee = employee;
        }),
        (FlawKind::PairedTwice, |plan| {
            let mut again = of(plan, ActionKind::Link).clone();
            (again.key, again.employee) = ("other".to_owned().into(), Some("z".into()));
            plan.actions.push(again);
        }),
        (FlawKind::RemovedWithoutReason, |plan| of(plan, ActionKind::Deactivate).reason = Reason::Unchanged),
        (FlawKind::RemovedWithoutReason, |plan| {
            of(plan, ActionKind::Deactivate).reason = Reason::SupersededRecord;
        }),
        (FlawKind::RemovalsMiscounted, |plan| plan.figures.removals = 0),
        // Whoever gets the address gets it before it is given up.
        (email.clone(), |plan| plan.actions.reverse()),
        (email, |plan| address(of(plan, ActionKind::Create), "c@x.io")),
        (FlawKind::ValueTaken(TargetField::ExternalId), |plan| {
            let new = of(plan, ActionKind::Create).changes.iter_mut();
            let id = new.into_iter().find(|change| change.field == TargetField::ExternalId);
            id.unwrap().to = Some("f".to_owned());
        }),
        (FlawKind::WaitsForNothing, |plan| {
            of(plan, ActionKind::Create).waits_for.insert("nobody".into());
        }),
    ];
    for (place, (expected, break_it)) in cases.into_iter().enumerate() {
        let mut plan = busy().plan();
        break_it(&mut plan);
        let found = plan.lint();
        assert!(found.iter().any(|flaw| flaw.kind == expected), "{place}: {expected:?} {found:?}");
    }
}

#[test]
fn an_address_is_the_same_in_whatever_case_it_is_written() {
    let mut plan = busy().plan();
    address(of(&mut plan, ActionKind::Create), " C@X.io");
    let flaws = plan.lint();
    assert!(flaws.iter().any(|flaw| flaw.kind == FlawKind::ValueTaken(TargetField::Email)), "{flaws:?}");
}
