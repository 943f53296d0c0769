//! A state that was lost or restored beside a target that remembers, and accounts that come back.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hris_core::{Level, MemoryDirectory, StandardField, Status, TargetField, UserStatus};
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::store::{MemoryStore, StateStore as _};
use hris_reconcile::target::{By, Call, Invites as _, Reactivates as _, Remembers as _, Target};
use hris_reconcile::targets::{MemoryTarget, SqliteTarget};
use sqlx::{Connection as _, SqliteConnection};
use support::{Company, builder, day, done, edit, leave, people};

/// A company whose accounts are in a file.
struct Filed {
    directory: MemoryDirectory,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Filed {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.db");
        Self { directory: MemoryDirectory::new(people(count)), path, _folder: folder }
    }

    async fn target(&self) -> Arc<SqliteTarget> {
        Arc::new(SqliteTarget::open(&self.path).await.unwrap())
    }

    async fn run(&self, store: &MemoryStore, n: u8) -> Report {
        let runner = builder(&self.directory, self.target().await, store.clone()).build().unwrap();
        runner.run(day(n)).await.unwrap()
    }

    async fn status(&self, employee: &str) -> UserStatus {
        self.target().await.user(By::ExternalId(employee), day(1)).await.unwrap().unwrap().status
    }
}

async fn sql(path: &Path, script: &'static str) {
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::raw_sql(script).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Everything is deleted and the state with it; what the target once did under a key is not there any more.
#[tokio::test]
async fn after_starting_over_what_is_reported_as_made_is_there() {
    let filed = Filed::new(6);
    assert_eq!(filed.run(&MemoryStore::new(), 1).await.counts.created, 6);
    sql(&filed.path, "DELETE FROM users; DELETE FROM assignments; DELETE FROM invites;").await;
    let again = filed.run(&MemoryStore::new(), 1).await;
    assert_eq!((again.outcome, again.counts.created, again.counts.invited), (Outcome::Completed, 6, 6));
    assert_eq!(filed.target().await.users(day(1)).await.unwrap().len(), 6);
}

#[tokio::test]
async fn after_a_restored_state_who_is_reported_as_closed_is_closed() {
    let filed = Filed::new(5);
    let store = MemoryStore::new();
    filed.run(&store, 1).await;
    let backup = store.backup();
    leave(&filed.directory, "e-1");
    assert_eq!(done(&filed.run(&store, 2).await), ["deactivate e-1"]);
    edit(&filed.directory, "e-1", |person| person.put_status(Status::Active, "active"));
    assert_eq!(done(&filed.run(&store, 3).await), ["reactivate e-1"]);

    filed.run(&backup, 4).await;
    leave(&filed.directory, "e-1");
    let report = filed.run(&backup, 5).await;
    assert_eq!((done(&report), report.counts.deactivated), (vec!["deactivate e-1".to_owned()], 1));
    assert_eq!(filed.status("e-1").await, UserStatus::Deactivated);
}

/// The two targets of the crate agree on what comes back.
#[tokio::test]
async fn whoever_never_joined_comes_back_as_such() {
    let filed = Filed::new(5);
    let company = Company::provisioned(5).await;
    let store = MemoryStore::new();
    filed.run(&store, 1).await;
    // e-1 accepted, e-2 was asked and never answered.
    sql(&filed.path, "UPDATE users SET status = 'active' WHERE external_id = 'e-1'").await;
    company.target.edit(|users| {
        for user in users.values_mut().filter(|user| user.value(&TargetField::ExternalId) == Some("e-1")) {
            user.status = UserStatus::Active;
        }
    });
    for directory in [&filed.directory, &company.directory] {
        leave(directory, "e-1");
        leave(directory, "e-2");
    }
    filed.run(&store, 2).await;
    company.runner().run(day(2)).await.unwrap();
    for directory in [&filed.directory, &company.directory] {
        for id in ["e-1", "e-2"] {
            edit(directory, id, |person| person.put_status(Status::Active, "active"));
        }
    }
    let report = filed.run(&store, 3).await;
    assert_eq!((report.counts.reactivated, report.counts.invited, report.exit_code()), (2, 0, 0));
    company.runner().run(day(3)).await.unwrap();
    for (id, status) in [("e-1", UserStatus::Active), ("e-2", UserStatus::Invited)] {
        assert_eq!(filed.status(id).await, status, "{id} in the file");
        assert_eq!(support::user(&company.target, id).status, status, "{id} in memory");
    }
}

/// Hired for December, not hired after all, hired at once: the account was never used, and its owner was
/// never asked.
#[tokio::test]
async fn a_hire_that_was_taken_back_and_renewed_is_invited() {
    let filed = Filed::new(6);
    let store = MemoryStore::new();
    let start = |day: &str| {
        let day = day.parse().unwrap();
        edit(&filed.directory, "e-1", |person| {
            person.put_date(StandardField::StartDate, hris_core::Field::Value(day));
        });
    };
    start("2026-12-10");
    filed.run(&store, 1).await;
    assert_eq!(filed.status("e-1").await, UserStatus::Pending);
    leave(&filed.directory, "e-1");
    filed.run(&store, 2).await;
    assert_eq!(filed.status("e-1").await, UserStatus::Deactivated);
    edit(&filed.directory, "e-1", |person| person.put_status(Status::Active, "active"));
    start("2026-11-03");
    let mut invited = 0;
    for n in 3..=5 {
        invited += filed.run(&store, n).await.counts.invited;
    }
    assert_eq!((filed.status("e-1").await, invited), (UserStatus::Invited, 1));
}

/// What we closed, somebody opened and somebody closed again comes back as the second found it.
#[tokio::test]
async fn what_an_account_was_is_known_only_while_it_stays_closed() {
    let filed = Filed::new(1);
    filed.run(&MemoryStore::new(), 1).await;
    let target = filed.target().await;
    let key = |text: &str| hris_core::reconcile::ActionKey::from(text.to_owned());
    let user = target.user(By::ExternalId("e-1"), day(1)).await.unwrap().unwrap();
    let id = user.id.clone();
    target.deactivate(&user, &Call::new(&key("1"), day(2))).await.unwrap();
    let by_hand = "UPDATE users SET status = 'active', deactivated_at = NULL; DELETE FROM invites; \
                   UPDATE users SET status = 'deactivated', deactivated_at = '2026-11-03T00:00:00Z'";
    sql(&filed.path, by_hand).await;
    target.reactivate(&id, &Call::new(&key("2"), day(4))).await.unwrap();
    assert_eq!(filed.status("e-1").await, UserStatus::Active);
}

/// Whose address it was by mistake cannot use the letter any more.
#[tokio::test]
async fn a_new_invitation_ends_the_open_ones() {
    let filed = Filed::new(1);
    filed.run(&MemoryStore::new(), 1).await;
    let target = filed.target().await;
    let id = target.user(By::ExternalId("e-1"), day(1)).await.unwrap().unwrap().id;
    let invitation = hris_reconcile::target::Invitation::new(Some(day(28)), true);
    let key = hris_core::reconcile::ActionKey::from("again".to_owned());
    target.invite(&id, &invitation, &Call::new(&key, day(2))).await.unwrap();
    let mut connection =
        SqliteConnection::connect(&format!("sqlite:{}", filed.path.display())).await.unwrap();
    let ends: Vec<String> = sqlx::query_scalar("SELECT expires_at FROM invites ORDER BY sent_at")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(ends, [day(2).to_string(), day(28).to_string()]);
}

#[tokio::test]
async fn a_target_is_told_from_another_and_asking_makes_nothing() {
    let filed = Filed::new(4);
    let target = filed.target().await;
    assert_eq!(target.identity().await.unwrap(), None);
    assert!(!filed.path.exists());
    let store = MemoryStore::new();
    filed.run(&store, 1).await;
    let id = target.identity().await.unwrap();
    assert!(id.is_some());
    let remembered = store.load("acme").await.unwrap().baseline.unwrap().target;
    assert_eq!(remembered, id, "as it is after the first write");

    let copy = filed.path.with_file_name("copy.db");
    target.close().await.unwrap();
    std::fs::copy(&filed.path, &copy).unwrap();
    assert_eq!(SqliteTarget::open(&copy).await.unwrap().identity().await.unwrap(), id, "a copy is the same");
    assert_ne!(Filed::new(1).target().await.identity().await.unwrap(), id);
    let memory = MemoryTarget::new();
    assert_eq!(memory.identity().await.unwrap(), memory.clone().identity().await.unwrap());
    assert_ne!(memory.identity().await.unwrap(), MemoryTarget::new().identity().await.unwrap());
}

/// Another table, an emptied one, or one whose numbers were given again.
#[tokio::test]
async fn check_says_that_the_accounts_are_not_the_ones_that_were_linked() {
    let company = Company::provisioned(8).await;
    assert_eq!(company.runner().check(day(2)).await.unwrap().target.level, Level::Passed);

    let elsewhere = builder(&company.directory, MemoryTarget::new(), company.store.clone()).build().unwrap();
    let check = elsewhere.check(day(2)).await.unwrap();
    assert_eq!(check.target.level, Level::Missing);
    assert!(check.target.outcome.contains("another one"), "{}", check.target);
    assert!(check.target.remedy.as_ref().unwrap().contains("old database"), "{}", check.target);
    assert!(check.require().is_err());

    let all = company.target.all();
    company.target.edit(std::collections::BTreeMap::clear);
    let check = company.runner().check(day(2)).await.unwrap();
    assert!(check.target.outcome.contains("none of the 8"), "{}", check.target);

    for (strangers, level) in [(3, Level::Passed), (4, Level::Missing)] {
        company.target.edit(|users| {
            users.extend(all.iter().map(|user| (user.id.clone(), user.clone())));
            for (n, user) in users.values_mut().take(strangers).enumerate() {
                user.put(&TargetField::ExternalId, Some(&format!("stranger-{n}")));
            }
        });
        let check = company.runner().check(day(2)).await.unwrap();
        assert_eq!(check.target.level, level, "{strangers} strangers: {}", check.target);
    }
}
