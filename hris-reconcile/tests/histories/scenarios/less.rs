//! Seeing less is never taking away, and a target that keeps values in a form of its own.

use hris_reconcile::store::MemoryStore;

use super::*;
use crate::accounts::Memory;
use crate::sqlite::Sqlite;
use crate::support::{day, edit, put};

const SEEN: [StandardField; 6] = [
    StandardField::EmployeeNumber,
    StandardField::WorkPhone,
    StandardField::JobTitle,
    StandardField::Department,
    StandardField::Location,
    StandardField::Manager,
];

/// People who have everything.
async fn full(count: usize) -> (MemoryDirectory, Memory, MemoryStore) {
    let (source, users, state) = (company(others('s', count)), Memory::empty().await, MemoryStore::new());
    source.edit(|people| {
        for (n, person) in people.iter_mut().enumerate() {
            person.put(StandardField::WorkPhone, Field::Value(format!("+47 22 00 {n:04}")));
            person.put(StandardField::Department, Field::Value("Dyeing".to_owned()));
            person.put(StandardField::Location, Field::Value("Kiln Yard".to_owned()));
            person.put_date(StandardField::StartDate, date("2020-05-01"));
            let manager = if n == 0 { Field::Cleared } else { Field::Value("s-1".to_owned()) };
            person.put(StandardField::Manager, manager);
        }
    });
    sync(&source, &users, &state, day(1)).await;
    everybody_accepts(&users).await;
    (source, users, state)
}

fn empty(person: &mut Employee) {
    for field in SEEN {
        person.put(field, Field::Cleared);
    }
    person.put_date(StandardField::StartDate, Field::Cleared);
}

async fn half_hidden(count: usize) {
    let (source, users, state) = full(count).await;
    let before = users.target().users(day(1)).await.unwrap();
    source.edit(|people| people.iter_mut().skip(1).for_each(empty));
    for n in [2, 3] {
        let report = sync(&source, &users, &state, day(n)).await;
        assert!(users.target().users(day(1)).await.unwrap() == before, "nothing is emptied");
        assert!(has(&report, "visibility_lost"), "{:?}", report.problems);
    }
}

#[tokio::test]
async fn fields_that_all_but_one_lose_are_not_emptied() {
    half_hidden(40).await;
}

#[tokio::test]
async fn fields_that_all_but_one_of_many_lose_are_not_emptied() {
    half_hidden(200).await;
}

#[tokio::test]
async fn fields_that_two_of_forty_lose_are_emptied() {
    let (source, users, state) = full(40).await;
    for id in ["s-7", "s-8"] {
        edit(&source, id, |person| person.put(StandardField::WorkPhone, Field::Cleared));
    }
    sync(&source, &users, &state, day(2)).await;
    assert_eq!(account(&users, "s-7").await.get("phone"), None);
    assert_eq!(account(&users, "s-8").await.get("phone"), None);
    assert!(account(&users, "s-9").await.get("phone").is_some());
}

#[tokio::test]
async fn a_target_that_cuts_titles_is_written_once() {
    let (source, users, state) = (company(others('s', 19)), Sqlite::empty().await, MemoryStore::new());
    for n in 1..=19 {
        put(&source, &format!("s-{n}"), StandardField::JobTitle, "Weaving foreman");
    }
    users
        .execute(
            "CREATE TRIGGER cut_new AFTER INSERT ON users BEGIN \
               UPDATE users SET job_title = substr(NEW.job_title, 1, 6) WHERE id = NEW.id; END; \
             CREATE TRIGGER cut_old AFTER UPDATE OF job_title ON users BEGIN \
               UPDATE users SET job_title = substr(NEW.job_title, 1, 6) WHERE id = NEW.id; END;",
        )
        .await;
    let mut divergences = times(&sync(&source, &users, &state, day(1)).await, "divergence");
    for n in 2..6 {
        let report = sync(&source, &users, &state, day(n)).await;
        assert_eq!(report.counts.updated, 0, "day {n}");
        divergences += times(&report, "divergence");
    }
    assert!((1..=5).contains(&divergences), "told, and not once a person: {divergences}");

    // What somebody changes in the target is still brought back, once.
    let mut row = account(&users, "s-5").await;
    row.set("job_title", Some("Boss"));
    users.put(&row).await;
    assert_eq!(sync(&source, &users, &state, day(7)).await.counts.updated, 1);
    assert_eq!(account(&users, "s-5").await.get("job_title"), Some("Weavin"));
    assert_eq!(sync(&source, &users, &state, day(8)).await.counts.updated, 0);
}
