//! Safeguards that silence, time and approvals do not get round.

use hris_core::Fingerprint;
use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{Leavers, OnBreach, Policy, Safeguards};
use hris_reconcile::Approval;
use hris_reconcile::report::Outcome;
use hris_reconcile::store::MemoryStore;

use super::*;
use crate::accounts::Memory;
use crate::support::{day, leave, put, vanish};

async fn another_organisation_after_a_silent_day(on_breach: OnBreach) {
    let (source, users, state) = (company(others('s', 10)), Memory::empty().await, MemoryStore::new());
    let mut policy = Policy::default();
    policy.leavers = Leavers::Status;
    let mut safeguards = Safeguards::default();
    safeguards.on_breach = on_breach;
    let runner = builder("acme", &source, users.target(), &state)
        .policy(policy)
        .safeguards(safeguards)
        .build()
        .unwrap();
    answers(&source, "A", "c-A");
    runner.run(day(1)).await.unwrap();
    source.set_fingerprint(Fingerprint::default());
    runner.run(day(2)).await.unwrap();
    answers(&source, "B", "c-B");
    source.edit(|people| *people = others('z', 10));
    let before = users.rows().await;
    let report = runner.run(day(3)).await.unwrap();
    assert_eq!(users.rows().await, before, "nobody of another company is created or invited");
    assert_eq!((report.outcome, rule(&report)), (Outcome::Refused, Some("organisation_changed")));
}

#[tokio::test]
async fn a_silent_day_does_not_unpin_the_organisation() {
    another_organisation_after_a_silent_day(OnBreach::Refuse).await;
}

#[tokio::test]
async fn a_silent_day_does_not_unpin_the_organisation_under_hold() {
    another_organisation_after_a_silent_day(OnBreach::Hold).await;
}

#[tokio::test]
async fn a_silent_day_does_not_unpin_the_credential() {
    let (source, users, state) = (company(others('s', 30)), Memory::empty().await, MemoryStore::new());
    answers(&source, "A", "c-A");
    sync(&source, &users, &state, day(1)).await;
    source.set_fingerprint(Fingerprint::default());
    sync(&source, &users, &state, day(2)).await;
    answers(&source, "A", "c-B");
    vanish(&source, "s-1");
    vanish(&source, "s-2");
    let report = sync(&source, &users, &state, day(3)).await;
    assert!(account(&users, "s-1").await.is_open() && account(&users, "s-2").await.is_open());
    assert_eq!((report.outcome, rule(&report)), (Outcome::Refused, Some("credential_changed")));
}

/// Forty people with phones, five of whom leave: refused, and the plan is saved.
async fn approved() -> (MemoryDirectory, Memory, Runner, hris_reconcile::SavedPlan) {
    let (source, users, state) = (company(others('s', 40)), Memory::empty().await, MemoryStore::new());
    for n in 1..=40 {
        put(&source, &format!("s-{n}"), StandardField::WorkPhone, &format!("+47 22 00 {n:04}"));
    }
    answers(&source, "A", "c-A");
    let runner = builder("acme", &source, users.target(), &state).build().unwrap();
    runner.run(day(1)).await.unwrap();
    for n in 1..=5 {
        leave(&source, &format!("s-{n}"));
    }
    let planned = runner.plan(day(2)).await.unwrap();
    assert_eq!(rule(&planned.report), Some("max_deactivations_percent"));
    let saved = planned.save();
    (source, users, runner, saved)
}

#[tokio::test]
async fn an_approval_does_not_pass_a_loss_that_came_later() {
    let (source, users, runner, saved) = approved().await;
    source.edit(|people| {
        people.iter_mut().for_each(|person| person.put(StandardField::WorkPhone, Field::Cleared))
    });
    let before = users.rows().await;
    let report = runner.apply(&saved, Approval::Given, day(2)).await.unwrap();
    assert_eq!(rule(&report), Some("plan_stale"));
    runner.run(day(3)).await.unwrap();
    let phones = |rows: &[Row]| rows.iter().filter(|row| row.get("phone").is_some()).count();
    assert_eq!(phones(&users.rows().await), phones(&before), "nobody's phone is taken away");
}

#[tokio::test]
async fn an_approval_does_not_pass_another_company() {
    let (source, users, runner, saved) = approved().await;
    answers(&source, "B", "c-B");
    let before = users.rows().await;
    let report = runner.apply(&saved, Approval::Given, day(2)).await.unwrap();
    assert_eq!(rule(&report), Some("plan_stale"));
    assert_eq!(users.rows().await, before);
}

#[tokio::test]
async fn an_approval_passes_what_it_was_given_for() {
    let (_source, users, runner, saved) = approved().await;
    let report = runner.apply(&saved, Approval::Given, day(2)).await.unwrap();
    assert_eq!((report.outcome, report.counts.deactivated), (Outcome::Completed, 5));
    assert_eq!(users.rows().await.iter().filter(|row| !row.is_open()).count(), 5);
}

/// Sixty people who have joined.
async fn sixty() -> (MemoryDirectory, Memory, MemoryStore) {
    let (source, users, state) = (company(others('s', 60)), Memory::empty().await, MemoryStore::new());
    for n in 1..=60 {
        let personal = format!("home{n}@elsewhere.example");
        put(&source, &format!("s-{n}"), StandardField::PersonalEmail, &personal);
    }
    sync(&source, &users, &state, day(1)).await;
    everybody_accepts(&users).await;
    (source, users, state)
}

#[tokio::test]
async fn everybodys_sign_in_address_at_once_is_refused() {
    let (source, users, state) = sixty().await;
    for n in 1..=60 {
        put(&source, &format!("s-{n}"), StandardField::Email, &format!("noreply+{n}@tallowmill.invalid"));
        put(&source, &format!("s-{n}"), StandardField::FamilyName, "Anonymised");
    }
    let before = users.rows().await;
    let report = sync(&source, &users, &state, day(2)).await;
    assert_eq!((report.outcome, rule(&report)), (Outcome::Refused, Some("max_email_changes")));
    assert_eq!(users.rows().await, before);
}

#[tokio::test]
async fn a_change_of_domain_asks_once_and_passes_whole_without_invitations() {
    let (source, users, state) = sixty().await;
    for n in 1..=60 {
        put(&source, &format!("s-{n}"), StandardField::Email, &format!("s{n}@newmill.example"));
    }
    let runner = builder("acme", &source, users.target(), &state).build().unwrap();
    assert_eq!(rule(&runner.run(day(2)).await.unwrap()), Some("max_email_changes"));
    let saved = runner.plan(day(2)).await.unwrap().save();
    let report = runner.apply(&saved, Approval::Given, day(2)).await.unwrap();
    let counts = report.counts;
    assert_eq!(
        (report.outcome, counts.updated, counts.invited + counts.reinvited),
        (Outcome::Completed, 60, 0)
    );
    let rows = users.rows().await;
    assert!(rows.iter().all(|row| row.get("email").is_some_and(|mail| mail.ends_with("@newmill.example"))));
    assert!(is_quiet(&runner.run(day(3)).await.unwrap()));
}

#[tokio::test]
async fn five_sign_in_addresses_of_few_people_pass() {
    let (source, users, state) = (company(others('s', 10)), Memory::empty().await, MemoryStore::new());
    sync(&source, &users, &state, day(1)).await;
    for n in 1..=5 {
        put(&source, &format!("s-{n}"), StandardField::Email, &format!("s{n}@newmill.example"));
    }
    assert_eq!(sync(&source, &users, &state, day(2)).await.counts.updated, 5);
}

#[tokio::test]
async fn a_changed_mapping_of_the_address_is_refused() {
    let (source, users, state) = sixty().await;
    let mapping = Mapping::new()
        .field("external_id", from("id"))
        .field("employee_number", from("employee_number"))
        .field("email", from("personal_email").trim().lowercase())
        .field("given_name", from("given_name"))
        .field("family_name", from("family_name"))
        .field("job_title", from("job_title"));
    let before = users.rows().await;
    let runner = builder("acme", &source, users.target(), &state).mapping(mapping).build().unwrap();
    let report = runner.run(day(2)).await.unwrap();
    assert_eq!((report.outcome, rule(&report)), (Outcome::Refused, Some("config_changed")));
    assert_eq!(users.rows().await, before);
}

#[tokio::test]
async fn protection_that_protects_nobody_is_told_once_a_run() {
    let (source, users, state) = (company(others('s', 8)), Memory::empty().await, MemoryStore::new());
    let mut policy = Policy::default();
    policy.protected = vec!["owner@tallowmil.example".to_owned(), "own".to_owned()];
    let runner = builder("acme", &source, users.target(), &state).policy(policy).build().unwrap();
    runner.run(day(1)).await.unwrap();
    for report in [runner.plan(day(2)).await.unwrap().report, runner.run(day(2)).await.unwrap()] {
        assert!((1..=2).contains(&times(&report, "protected_unknown")), "{:?}", report.problems);
        assert_eq!(report.exit_code(), 0);
    }
}

#[tokio::test]
async fn a_protected_account_stays_so_when_its_address_changes() {
    let (source, users, state) = (company(others('s', 8)), Memory::empty().await, MemoryStore::new());
    let mut policy = Policy::default();
    policy.protected = vec!["s1@tallowmill.example".to_owned()];
    let runner = builder("acme", &source, users.target(), &state).policy(policy).build().unwrap();
    runner.run(day(1)).await.unwrap();
    put(&source, "s-1", StandardField::Email, "ceo@tallowmill.example");
    runner.run(day(2)).await.unwrap();
    leave(&source, "s-1");
    let report = runner.run(day(3)).await.unwrap();
    assert!(account(&users, "s-1").await.is_open());
    assert!(has(&report, "protected"), "{:?}", report.problems);
}
