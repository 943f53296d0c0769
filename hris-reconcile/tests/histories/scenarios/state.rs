//! State that was lost or is older than the table, people who come back, invitations.

use hris_core::Status;
use hris_core::reconcile::Policy;
use hris_reconcile::store::MemoryStore;

use super::*;
use crate::accounts::Memory;
use crate::sqlite::Sqlite;
use crate::support::{day, edit, leave, put, vanish};

#[tokio::test]
async fn starting_over_beside_a_table_that_remembers_keys() {
    let (source, users, state) = (company(others('s', 19)), Sqlite::empty().await, MemoryStore::new());
    assert_eq!(sync(&source, &users, &state, day(1)).await.counts.created, 19);
    for row in users.rows().await {
        users.delete(&row.id).await;
    }
    let report = sync(&source, &users, &MemoryStore::new(), day(1)).await;
    assert_eq!(report.counts.created, users.rows().await.len() as u64);
    assert_eq!(report.counts.created, 19);
}

#[tokio::test]
async fn an_older_state_closes_what_the_report_says() {
    let (source, users, state) = (company(others('s', 8)), Sqlite::empty().await, MemoryStore::new());
    let back = |status| edit(&source, "s-1", |person| person.put_status(status, "any"));
    sync(&source, &users, &state, day(1)).await;
    everybody_accepts(&users).await;
    let older = state.backup();
    back(Status::Terminated);
    assert_eq!(sync(&source, &users, &state, day(2)).await.counts.deactivated, 1);
    back(Status::Active);
    assert_eq!(sync(&source, &users, &state, day(3)).await.counts.reactivated, 1);
    sync(&source, &users, &older, day(4)).await;
    back(Status::Terminated);
    let report = sync(&source, &users, &older, day(5)).await;
    let closed = !account(&users, "s-1").await.is_open();
    assert_eq!((closed, report.counts.deactivated), (true, 1));
}

#[tokio::test]
async fn hired_rescinded_and_hired_after_all_is_invited() {
    let (source, users, state) = (company(others('s', 8)), Sqlite::empty().await, MemoryStore::new());
    let hired = |start: &str| {
        worker("f-1", "77", "Fay Late", "fay@tallowmill.example")
            .with_date(StandardField::StartDate, date(start))
    };
    // A field that only one person has would be lost with them.
    join(
        &source,
        worker("s-9", "79", "Sam Early", "sam@tallowmill.example")
            .with_date(StandardField::StartDate, date("2020-01-01")),
    );
    join(&source, hired("2026-12-10"));
    sync(&source, &users, &state, day(1)).await;
    assert_eq!(account(&users, "f-1").await.status, "pending");
    vanish(&source, "f-1");
    sync(&source, &users, &state, day(2)).await;
    assert_eq!(account(&users, "f-1").await.status, "deactivated");
    join(&source, hired("2026-11-03"));
    sync(&source, &users, &state, day(3)).await;
    sync(&source, &users, &state, day(4)).await;
    let row = account(&users, "f-1").await;
    assert_eq!((row.status.as_str(), row.invitations), ("invited", 1), "nobody is in use who never joined");
}

#[tokio::test]
async fn an_invitation_that_nobody_accepted_is_still_open_after_a_return() {
    let (source, users, state) = (company(others('s', 8)), Sqlite::empty().await, MemoryStore::new());
    sync(&source, &users, &state, day(1)).await;
    leave(&source, "s-1");
    sync(&source, &users, &state, day(2)).await;
    edit(&source, "s-1", |person| person.put_status(Status::Active, "active"));
    sync(&source, &users, &state, day(3)).await;
    let status = account(&users, "s-1").await.status;
    assert!(status == "invited" || status == "pending", "{status}");
    sync(&source, &users, &state, at("2027-01-05")).await;
    let (back, other) = (account(&users, "s-1").await, account(&users, "s-2").await);
    assert_eq!(other.invitations, 2);
    assert!(back.invitations >= 2, "asked again, as everybody else");
}

#[tokio::test]
async fn who_waits_for_the_first_day_while_the_state_is_lost_is_told_of() {
    let (source, users) = (company(others('s', 8)), Memory::empty().await);
    let late = worker("f-1", "77", "Fay Late", "fay@tallowmill.example");
    join(&source, late.with_date(StandardField::StartDate, date("2026-11-10")));
    sync(&source, &users, &MemoryStore::new(), day(1)).await;
    let state = MemoryStore::new();
    for n in [2, 3, 12] {
        sync(&source, &users, &state, day(n)).await;
    }
    let report = sync(&source, &users, &state, day(13)).await;
    let row = account(&users, "f-1").await;
    assert_eq!((row.status.as_str(), row.invitations), ("pending", 0), "whom we did not make is not invited");
    let about = report.problems.iter().any(|problem| {
        problem.about().any(|id| id.as_str() == "f-1")
            || problem.user.as_ref().is_some_and(|user| user.as_str() == row.id)
    });
    assert!(about, "{:?}", report.problems);
}

async fn a_corrected_address(policy: &Policy, accepts: bool) -> (Row, Row) {
    let (source, users, state) = (company(others('s', 8)), Memory::empty().await, MemoryStore::new());
    join(&source, worker("ann", "77", "Ann Berg", "ann@tallowmil.example"));
    sync_under(policy, &source, &users, &state, day(1)).await;
    if accepts {
        everybody_accepts(&users).await;
    }
    let before = account(&users, "ann").await;
    put(&source, "ann", StandardField::Email, "ann@tallowmill.example");
    for n in 2..5 {
        sync_under(policy, &source, &users, &state, day(n)).await;
    }
    (before, account(&users, "ann").await)
}

#[tokio::test]
async fn a_corrected_address_of_somebody_who_has_not_joined_is_invited_once() {
    let mut never_again = Policy::default();
    never_again.reinvite_after_days = 0;
    for policy in [Policy::default(), never_again] {
        let (before, after) = a_corrected_address(&policy, false).await;
        assert_eq!(after.get("email"), Some("ann@tallowmill.example"));
        assert_eq!(after.invitations, before.invitations + 1);
        assert_eq!(after.status, "invited");
    }
}

#[tokio::test]
async fn a_corrected_address_of_somebody_who_has_joined_is_written_silently() {
    let (before, after) = a_corrected_address(&Policy::default(), true).await;
    assert_eq!(after.get("email"), Some("ann@tallowmill.example"));
    assert_eq!((after.invitations, after.status.as_str()), (before.invitations, "active"));
}

#[tokio::test]
async fn who_never_accepts_is_asked_three_times_and_then_told_of() {
    let source = company(vec![worker("ann", "77", "Ann Berg", "ann@tallowmill.example")]);
    let (users, state) = (Memory::empty().await, MemoryStore::new());
    let mut now = day(1);
    let mut last = None;
    for _ in 0..36 {
        last = Some(sync(&source, &users, &state, now).await);
        now = now.plus_days(31);
    }
    assert_eq!(account(&users, "ann").await.invitations, 3);
    let report = last.unwrap();
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert_eq!(report.exit_code(), 0);
}
