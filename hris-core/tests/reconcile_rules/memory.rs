//! What a run is compared with: the last one, and what it said of organisation and credential.

use hris_core::reconcile::{Plan, Rule, breaches};

use crate::support::{World, person, world};

fn company() -> World {
    world("", "", "")
        .beside(10)
        .with(|world| {
            world.fingerprint.organisation = Some("A".to_owned());
            world.fingerprint.credential = Some("c-A".to_owned());
        })
        .remembered()
}

fn silent(mut world: World) -> World {
    world.fingerprint = Default::default();
    world
}

fn told(plan: &Plan) -> usize {
    plan.problems.iter().filter(|one| one.message.contains("no longer says")).count()
}

#[test]
fn an_answer_that_says_nothing_unpins_nothing() {
    // Day two says nothing, and there is nobody to remove.
    let quiet = silent(company());
    quiet.guarded("go");
    assert_eq!(told(&quiet.plan()), 1);
    let baseline = quiet.plan().baseline;
    assert_eq!(baseline.fingerprint.organisation.as_deref(), Some("A"));
    assert_eq!(baseline.fingerprint.credential.as_deref(), Some("c-A"));
    // Day three is another company's, or another credential.
    let mut day_three = quiet.clone().carried_out();
    day_three.fingerprint.organisation = Some("B".to_owned());
    assert_eq!(breaches(&day_three.plan(), &day_three.safeguards)[0].rule, Rule::OrganisationChanged);
    let mut other = quiet.carried_out();
    other.fingerprint.organisation = Some("A".to_owned());
    other.fingerprint.credential = Some("c-B".to_owned());
    other.guarded("go");
    other.people[0] = person("f0 left @ number=90 given_name=F0 family_name=Far");
    other.guarded("refuse credential_changed 1/0");
    // Whoever keeps silent removes nobody.
    let mut removes = silent(company());
    removes.people[0] = person("f0 left @ number=90 given_name=F0 family_name=Far");
    removes.guarded("refuse coverage_lost 1/0");
}

#[test]
fn a_silence_that_was_approved_is_not_told_again() {
    let quiet = silent(company());
    let plan = quiet.plan();
    assert!(plan.baseline.accepted_silence.is_empty());
    assert_eq!(plan.approved_baseline.accepted_silence.len(), 2);
    let mut approved = quiet.with(|world| world.last = Some(plan.approved_baseline.clone()));
    assert_eq!(told(&approved.plan()), 0);
    approved.people[0] = person("f0 left @ number=90 given_name=F0 family_name=Far");
    approved.guarded("go");
    // It lasts over the runs, and is over once something is said.
    assert_eq!(approved.plan().baseline.accepted_silence.len(), 2);
    approved.fingerprint.credential = Some("c-A".to_owned());
    assert_eq!(approved.plan().baseline.accepted_silence.len(), 1);
    // What is pinned stays pinned all the same.
    approved.fingerprint.organisation = Some("B".to_owned());
    approved.guarded("refuse organisation_changed 1/0");
}

#[test]
fn what_was_said_of_role_and_scopes_stays_expected_too() {
    let before = company().with(|world| {
        world.fingerprint.role = Some("admin".to_owned());
        world.fingerprint.scopes = Some(["read".to_owned(), "write".to_owned()].into());
        world.fingerprint.statuses = [("active".to_owned(), 9)].into();
    });
    let less = before.remembered().with(|world| {
        world.fingerprint.role = None;
        world.fingerprint.scopes = Some(["read".to_owned()].into());
        world.fingerprint.statuses.clear();
    });
    let plan = less.plan();
    let kept = &plan.baseline.fingerprint;
    assert_eq!((kept.role.as_deref(), kept.scopes.as_ref().map(|all| all.len())), (Some("admin"), Some(2)));
    assert_eq!(kept.statuses.len(), 1);
    let accepted = &plan.approved_baseline.fingerprint;
    assert_eq!((accepted.role.as_deref(), accepted.scopes.as_ref().map(|all| all.len())), (None, Some(1)));
}
