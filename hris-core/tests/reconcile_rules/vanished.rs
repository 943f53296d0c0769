//! A whole kind of people that vanishes under every limit is told.

use hris_core::mapping::from;
use hris_core::reconcile::{ActionKind, Plan};
use hris_core::{Field, ProblemCode, StandardField, TargetField};

use crate::support::{World, world};

/// A hundred people, of whom the first `few` have other words than the others. These few are missing.
fn without(few: usize, all: usize, theirs: &str, others: &str) -> World {
    let words = |n: usize| if n < few { theirs } else { others };
    let line = |n: usize| format!("p{n} active @ number=8{n} {}", words(n));
    let account = |n: usize| format!("u{n} active for=p{n} number=8{n} {}", words(n));
    let people: Vec<String> = (few..all).map(line).collect();
    let accounts: Vec<String> = (0..all).map(account).collect();
    let links: Vec<String> = (0..all).map(|n| format!("p{n}>u{n} id:p{n}")).collect();
    world(&people.join("\n"), &accounts.join("\n"), &links.join("\n")).remembered()
}

fn told(plan: &Plan) -> Vec<(String, usize)> {
    let warnings = plan.problems.iter().filter(|problem| problem.code == ProblemCode::VisibilityLost);
    warnings.map(|one| (one.field.clone().unwrap_or_default(), one.about().count())).collect()
}

#[test]
fn everybody_of_one_place_missing_at_once_is_told_with_their_ids() {
    let world = without(8, 100, "location=Bergen", "location=Oslo");
    let plan = world.plan();
    assert_eq!(plan.of_kind(ActionKind::Deactivate).count(), 8);
    world.guarded("go");
    assert_eq!(told(&plan), [("location".to_owned(), 8)]);
    let problem = plan.problems.first().expect("the warning");
    assert!(problem.about().any(|id| id.as_str() == "p7"), "{problem}");
    assert!(!problem.to_string().contains("Bergen"), "no value: {problem}");
}

#[test]
fn one_set_of_people_is_told_once() {
    let world = without(8, 100, "location=Bergen job_title=Miller", "location=Oslo job_title=Baker");
    assert_eq!(told(&world.plan()).len(), 1);
}

#[test]
fn daily_leavers_are_not_told() {
    // The missing ones share their words with people who stay, are too few, or are everybody.
    for (few, all, theirs, others) in [
        (8, 100, "location=Oslo", "location=Oslo"),
        (2, 100, "location=Bergen", "location=Oslo"),
        (8, 100, "given_name=Ada", "given_name=Eva"),
        (8, 100, "", "location=Oslo"),
        (4, 4, "location=Oslo", ""),
    ] {
        let plan = without(few, all, theirs, others).plan();
        assert_eq!(told(&plan), [], "{few} {theirs}");
    }
}

#[test]
fn those_who_left_by_status_are_not_told() {
    let mut world = without(8, 100, "location=Bergen", "location=Oslo");
    for n in 0..8 {
        world.people.push(crate::support::person(&format!("p{n} left @ number=8{n} location=Bergen")));
    }
    let plan = world.plan();
    assert_eq!(plan.of_kind(ActionKind::Deactivate).count(), 8);
    assert_eq!(told(&plan), []);
}

#[test]
fn a_field_of_the_products_own_tells_kinds_of_people_apart() {
    let mut world = without(8, 100, "", "");
    for (n, user) in world.users.iter_mut().enumerate() {
        let kind = if n < 8 { "contractor" } else { "employee" };
        *user = user.clone().with(TargetField::Custom("contract".into()), kind);
    }
    world.mapping = world.mapping.field("custom.contract", from("employment_kind"));
    for person in &mut world.people {
        person.put(StandardField::EmploymentKind, Field::Value("employee".into()));
    }
    assert_eq!(told(&world.plan()), [("custom.contract".to_owned(), 8)]);
}
