//! Whose account is it: numbers that come again, second contracts, new ids for everybody.

use hris_core::ProblemCode;
use hris_reconcile::Approval;
use hris_reconcile::store::MemoryStore;

use super::*;
use crate::accounts::Memory;
use crate::support::day;

/// Anna has the number 14, and more rights than others.
async fn anna() -> (MemoryDirectory, Memory, MemoryStore) {
    let (source, users, state) = (company(others('s', 20)), Memory::empty().await, MemoryStore::new());
    let anna = worker("anna", "14", "Anna Berg", "anna.berg@tallowmill.example");
    join(&source, anna.with_date(StandardField::StartDate, date("2018-01-01")));
    sync(&source, &users, &state, at("2026-01-05")).await;
    everybody_accepts(&users).await;
    assert!(is_quiet(&sync(&source, &users, &state, at("2026-01-06")).await));
    (source, users, state)
}

fn bela_joins(source: &MemoryDirectory) {
    let bela = worker("bela", "14", "Bela Szabo", "bela.szabo@tallowmill.example");
    join(source, bela.with_date(StandardField::StartDate, date("2026-11-02")));
}

/// Anna's account is hers, closed, and as it was; Bela has an account of his own, or waits.
async fn anna_keeps_hers(users: &Memory, before: &Row) {
    let hers = users.rows().await.into_iter().find(|row| row.id == before.id).unwrap();
    assert_eq!(hers, Row { status: "deactivated".to_owned(), ..before.clone() });
    if let Some(his) = find(users, "bela").await {
        assert_ne!(his.id, before.id);
        assert_eq!(his.given, ["role:employee".to_owned()].into());
    }
}

#[tokio::test]
async fn a_number_given_again_gives_no_account_away() {
    let (source, users, state) = anna().await;
    let before = account(&users, "anna").await;
    offboard(&source, "anna", "2026-02-27");
    assert_eq!(sync(&source, &users, &state, at("2026-03-01")).await.counts.deactivated, 1);
    bela_joins(&source);
    for now in ["2026-11-03", "2026-11-04"] {
        sync(&source, &users, &state, at(now)).await;
        anna_keeps_hers(&users, &before).await;
    }
}

#[tokio::test]
async fn a_number_given_again_in_the_same_run_gives_no_account_away() {
    let (source, users, state) = anna().await;
    let before = account(&users, "anna").await;
    offboard(&source, "anna", "2026-02-27");
    bela_joins(&source);
    for now in ["2026-11-03", "2026-11-04"] {
        sync(&source, &users, &state, at(now)).await;
        anna_keeps_hers(&users, &before).await;
    }
}

/// Jo has two records, and the account is that of the first, as it was before the second came.
async fn jo() -> (MemoryDirectory, Memory, MemoryStore, Row) {
    let (source, users, state) = (company(others('s', 20)), Memory::empty().await, MemoryStore::new());
    join(&source, worker("jobA", "100", "Jo Hart", "jo@tallowmill.example"));
    sync(&source, &users, &state, day(1)).await;
    everybody_accepts(&users).await;
    let before = account(&users, "jobA").await;
    join(&source, worker("jobB", "200", "Jo Hart", "jo@tallowmill.example"));
    assert_eq!(sync(&source, &users, &state, day(27)).await.exit_code(), 2, "both are employed: held");
    (source, users, state, before)
}

/// Jo's first contract ends and another one has begun: one person, one account, never closed.
#[tokio::test]
async fn a_second_contract_keeps_the_account() {
    let (source, users, state, before) = jo().await;
    offboard(&source, "jobA", "2026-11-27");
    sync(&source, &users, &state, day(28)).await;
    sync(&source, &users, &state, day(29)).await;
    let rows = users.rows().await;
    assert_eq!(rows.len(), 21, "no second account");
    let after = rows.into_iter().find(|row| row.id == before.id).unwrap();
    assert_eq!((after.external_id_text(), after.is_open()), ("jobB", true));
    assert_eq!(after.get("email"), Some("jo@tallowmill.example"));
    assert_eq!(after.invitations, before.invitations);
    assert!(is_quiet(&sync(&source, &users, &state, day(30)).await));
}

/// One of Jo's two records is renamed: name and address of the account speak for the other one, the number for this
/// one, and nobody knows whose the account is.
#[tokio::test]
async fn a_renamed_first_record_gives_the_second_no_account() {
    let (source, users, state, before) = jo().await;
    crate::support::edit(&source, "jobA", |person| {
        person.put(StandardField::FamilyName, Field::Value("Marsh".into()));
        person.put(StandardField::Email, Field::Value("jo.marsh@tallowmill.example".into()));
    });
    for now in [28, 29] {
        let report = sync(&source, &users, &state, day(now)).await;
        assert_eq!(report.exit_code(), 2);
        assert!(report.problems.iter().any(|problem| problem.code == ProblemCode::AmbiguousMatch));
        assert_eq!(account(&users, "jobA").await, before, "nothing is written while it is asked");
        assert_eq!(users.rows().await.len(), 21, "no second account");
    }
}

enum Keep {
    Everything,
    EmailAndName,
    Name,
}

/// Twelve people who have joined get new ids, and keep what is said.
async fn new_ids(keep: Keep) -> (MemoryDirectory, Memory, MemoryStore) {
    let (source, users, state) = (company(others('s', 12)), Memory::empty().await, MemoryStore::new());
    sync(&source, &users, &state, day(1)).await;
    everybody_accepts(&users).await;
    source.edit(|people| {
        for (n, old) in people.iter_mut().enumerate() {
            let text = |field| old.text(field).value().unwrap().to_owned();
            let name = format!("{} {}", text(StandardField::GivenName), text(StandardField::FamilyName));
            let (mut number, mut email) = (text(StandardField::EmployeeNumber), text(StandardField::Email));
            if !matches!(keep, Keep::Everything) {
                number = format!("new-{n}");
            }
            if matches!(keep, Keep::Name) {
                email = format!("n{n}@elsewhere.example");
            }
            *old = worker(&format!("new-{n}"), &number, &name, &email);
        }
    });
    (source, users, state)
}

async fn everybody_is_linked_anew(keep: Keep) {
    let (source, users, state) = new_ids(keep).await;
    let before = users.rows().await;
    let runner = builder("acme", &source, users.target(), &state).build().unwrap();
    let planned = runner.plan(day(2)).await.unwrap();
    let words: Vec<_> = planned.plan.actions.iter().map(|action| action.kind.as_str()).collect();
    assert!(!words.contains(&"create") && !words.contains(&"deactivate"), "{words:?}");
    assert_eq!(words.iter().filter(|word| **word == "link").count(), 12, "{words:?}");
    if planned.report.refusal.is_some() {
        assert_eq!(rule(&planned.report), Some("config_changed"));
    }
    runner.apply(&planned.save(), Approval::Given, day(2)).await.unwrap();
    runner.run(day(3)).await.unwrap();
    let after = users.rows().await;
    assert_eq!(after.len(), 12);
    for row in &after {
        let old = before.iter().find(|old| old.id == row.id).unwrap();
        assert!(row.external_id_text().starts_with("new-") && row.is_open());
        assert_eq!((row.get("email"), row.invitations), (old.get("email"), old.invitations));
    }
    assert!(is_quiet(&runner.run(day(4)).await.unwrap()));
}

#[tokio::test]
async fn new_ids_for_everybody_link_anew() {
    everybody_is_linked_anew(Keep::Everything).await;
}

#[tokio::test]
async fn new_ids_and_new_numbers_for_everybody_link_anew() {
    everybody_is_linked_anew(Keep::EmailAndName).await;
}

#[tokio::test]
async fn new_ids_with_nothing_but_the_name_are_asked_about() {
    let (source, users, state) = new_ids(Keep::Name).await;
    let before = users.rows().await;
    let runner = builder("acme", &source, users.target(), &state).build().unwrap();
    let planned = runner.plan(day(2)).await.unwrap();
    let words: Vec<_> = planned.plan.actions.iter().map(|action| action.kind.as_str()).collect();
    assert!(!words.contains(&"create") && !words.contains(&"deactivate"), "{words:?}");
    let report = runner.run(day(2)).await.unwrap();
    assert_eq!(report.exit_code(), 2, "{:?}", report.refusal);
    assert_eq!(users.rows().await, before);
}
