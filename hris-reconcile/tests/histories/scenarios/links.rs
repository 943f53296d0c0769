//! A link is believed only while the account is the one that was linked.

use hris_core::Status;
use hris_reconcile::report::Outcome;
use hris_reconcile::store::MemoryStore;

use super::*;
use crate::accounts::Memory;
use crate::sqlite::Sqlite;
use crate::support::{day, leave, vanish};

fn customer(n: usize) -> Row {
    let mut row = Row { status: "active".to_owned(), ..Row::default() };
    row.set("given_name", Some(&format!("Real{n}")));
    row.set("family_name", Some("Customer"));
    row.set("email", Some(&format!("real{n}@customer.example")));
    row
}

async fn another_table(gone: bool) {
    let (source, state) = (company(others('s', 19)), MemoryStore::new());
    let (staging, production) = (Sqlite::empty().await, Sqlite::empty().await);
    assert_eq!(sync(&source, &staging, &state, day(1)).await.counts.created, 19);
    for n in 1..=25 {
        production.insert(&customer(n)).await.unwrap();
    }
    if gone {
        vanish(&source, "s-3");
    }
    let before = production.rows().await;
    let report = sync(&source, &production, &state, day(2)).await;
    assert_eq!(production.rows().await, before, "no stranger is written or closed");
    assert_eq!((report.outcome, rule(&report)), (Outcome::Refused, Some("target_changed")));
}

#[tokio::test]
async fn another_table_behind_the_same_state_is_refused() {
    another_table(false).await;
}

#[tokio::test]
async fn another_table_behind_the_same_state_closes_no_stranger() {
    another_table(true).await;
}

#[tokio::test]
async fn a_row_number_given_again_is_a_strangers_row() {
    let (source, users, state) = (company(others('s', 12)), Sqlite::empty().await, MemoryStore::new());
    sync(&source, &users, &state, day(1)).await;
    let last = users.rows().await.into_iter().max_by_key(|row| row.id.parse::<i64>().unwrap()).unwrap();
    let employee = last.external_id().unwrap().to_owned();
    users.delete(&last.id).await;
    let carla = users.insert(&customer(1)).await.unwrap();
    assert_eq!(carla, last.id, "the number comes again");
    let hers = async || users.rows().await.into_iter().find(|row| row.id == carla).unwrap();
    let before = hers().await;

    let report = sync(&source, &users, &state, day(2)).await;
    assert_eq!(hers().await, before);
    assert!(has(&report, "account_replaced"), "{:?}", report.problems);
    vanish(&source, &employee);
    sync(&source, &users, &state, day(3)).await;
    assert_eq!(hers().await, before);
}

/// 1.7: what somebody else opened is no longer ours to open.
#[tokio::test]
async fn an_account_that_somebody_else_opened_and_closed_stays_closed() {
    let (source, users, state) = (company(others('s', 5)), Memory::empty().await, MemoryStore::new());
    sync(&source, &users, &state, day(1)).await;
    everybody_accepts(&users).await;
    leave(&source, "s-1");
    assert_eq!(sync(&source, &users, &state, day(2)).await.counts.deactivated, 1);

    let set = async |status: &str| {
        let mut row = account(&users, "s-1").await;
        status.clone_into(&mut row.status);
        users.put(&row).await;
    };
    set("active").await;
    crate::support::edit(&source, "s-1", |person| person.put_status(Status::Active, "active"));
    for n in [3, 4] {
        assert!(is_quiet(&sync(&source, &users, &state, day(n)).await));
    }
    set("deactivated").await;
    let report = sync(&source, &users, &state, day(20)).await;
    assert_eq!(account(&users, "s-1").await.status, "deactivated");
    assert!(has(&report, "divergence"), "{:?}", report.problems);
}

#[tokio::test]
async fn an_emptied_table_is_refused_and_never_fine() {
    let (source, users, state) = (company(others('s', 10)), Memory::empty().await, MemoryStore::new());
    sync(&source, &users, &state, day(1)).await;
    for row in users.rows().await {
        users.delete(&row.id).await;
    }
    for n in [2, 3] {
        let report = sync(&source, &users, &state, day(n)).await;
        assert_eq!((report.exit_code(), rule(&report)), (3, Some("target_changed")));
        assert!(users.rows().await.is_empty());
    }
}
