//! The life of a connection.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use hris_core::mapping::Mapping;
use hris_core::{
    Directory as _, ErrorKind as SourceError, Finding, Level, MemoryDirectory, Organisation, Preflight,
};
use hris_reconcile::store::{MemoryStore, SqliteStore, StateStore};
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Attestation, Connection, ErrorKind, Runner, Stage};
use support::{builder, day, people};

fn preflight(organisation: &str) -> Preflight {
    let mut preflight = Preflight::new();
    preflight.organisation = Some(Organisation::new(organisation, "Mill"));
    preflight.push(Finding::new(Level::Passed, "credential", "valid"));
    preflight
}

fn by() -> Attestation {
    Attestation::new("admin-7", day(1))
}

fn standard() -> (Mapping, MemoryDirectory) {
    let directory = MemoryDirectory::new(people(3));
    (Mapping::standard(directory.capabilities()), directory)
}

fn runner(connection: &Connection, directory: &MemoryDirectory, store: &MemoryStore) -> Runner {
    let runner = Runner::builder(directory.clone(), MemoryTarget::new(), store.clone());
    runner.for_connection(connection).build().unwrap()
}

/// What a runner of a connection may do: check, read fields, plan, write.
async fn allowed(connection: &Connection) -> [bool; 4] {
    let (_, directory) = standard();
    let runner = runner(connection, &directory, &MemoryStore::new());
    let writes = runner.run(day(1)).await;
    if let Err(error) = &writes {
        let kind = match connection.stage() {
            Stage::ReconnectNeeded => ErrorKind::Auth,
            _ => ErrorKind::Config,
        };
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(connection.stage().as_str()), "{error}");
        assert_eq!(runner.match_users(day(1)).await.unwrap_err().kind(), kind);
        assert_eq!(runner.import(&support::id("e-1"), day(1)).await.unwrap_err().kind(), kind);
    }
    [
        runner.check(day(1)).await.is_ok(),
        runner.fields(day(1)).await.is_ok(),
        runner.plan(day(1)).await.is_ok(),
        writes.is_ok(),
    ]
}

#[tokio::test]
async fn from_draft_to_published() {
    let (mapping, directory) = standard();
    let store = MemoryStore::new();
    let mut connection = Connection::new("acme", "Acme", "memory");
    assert_eq!(allowed(&connection).await, [true, false, false, false]);
    assert!(connection.map(mapping.clone(), directory.capabilities()).is_err());

    let mut refused = preflight("mill");
    refused.push(Finding::new(Level::Missing, "scope `private:read`", "not granted"));
    let error = connection.authorise(&refused, by()).unwrap_err();
    assert_eq!((error.kind(), connection.stage()), (ErrorKind::Auth, Stage::Draft));
    assert!(error.to_string().contains("private:read"));

    connection.authorise(&preflight("mill"), by()).unwrap();
    assert_eq!(connection.organisation(), Some("mill"));
    assert_eq!(connection.attestation().unwrap().by, "admin-7");
    assert_eq!(allowed(&connection).await, [true, true, false, false]);

    let error = connection.map(Mapping::new(), directory.capabilities()).unwrap_err();
    assert!(error.to_string().contains("mapping.email"), "{error}");
    connection.map(mapping.clone(), directory.capabilities()).unwrap();
    assert_eq!(allowed(&connection).await, [true, true, true, false]);

    // Left for a while, and taken up again.
    store.save_connection(&connection).await.unwrap();
    let mut connection = store.connection("acme").await.unwrap().unwrap();
    assert!(connection.publish().is_err(), "nobody has seen a plan");
    connection.review(&runner(&connection, &directory, &store).plan(day(1)).await.unwrap()).unwrap();
    connection.publish().unwrap();
    assert_eq!(allowed(&connection).await, [true, true, true, true]);

    // Another mapping has to be looked at again; the same one has not.
    connection.map(mapping.clone(), directory.capabilities()).unwrap();
    assert_eq!(connection.stage(), Stage::Published);
    let other = mapping.field("phone", hris_core::mapping::from("personal_phone"));
    connection.map(other, directory.capabilities()).unwrap();
    assert_eq!((connection.stage(), connection.reviewed()), (Stage::Mapped, None));
    assert!(connection.publish().is_err());
}

async fn published() -> Connection {
    let (mapping, directory) = standard();
    let mut connection = Connection::new("acme", "Acme", "memory");
    connection.authorise(&preflight("mill"), by()).unwrap();
    connection.map(mapping, directory.capabilities()).unwrap();
    connection
        .review(&runner(&connection, &directory, &MemoryStore::new()).plan(day(1)).await.unwrap())
        .unwrap();
    connection.publish().unwrap();
    connection
}

#[tokio::test]
async fn paused_disconnected_and_removed() {
    let mut connection = published().await;
    connection.pause().unwrap();
    assert_eq!(allowed(&connection).await, [true, true, true, false]);
    connection.resume().unwrap();

    connection.lose_credential().unwrap();
    assert_eq!(allowed(&connection).await, [true, false, false, false]);
    let error = connection.authorise(&preflight("other"), by()).unwrap_err();
    assert_eq!((error.kind(), connection.stage()), (ErrorKind::Config, Stage::ReconnectNeeded));
    connection.authorise(&preflight("mill"), by()).unwrap();
    assert_eq!(connection.stage(), Stage::Published);

    connection.pause().unwrap();
    connection.lose_credential().unwrap();
    connection.authorise(&preflight("mill"), by()).unwrap();
    assert_eq!(connection.stage(), Stage::Paused, "a new credential does not resume");

    connection.remove();
    assert_eq!(allowed(&connection).await, [false; 4]);
    assert!(connection.authorise(&preflight("mill"), by()).is_err());
}

#[tokio::test]
async fn a_plan_of_another_connection_is_no_review() {
    let (_, directory) = standard();
    let mut connection = published().await;
    let other =
        builder(&directory, MemoryTarget::new(), MemoryStore::new()).connection("other").build().unwrap();
    let planned = other.plan(day(1)).await.unwrap();
    assert!(connection.review(&planned).is_err());
    assert!(connection.review_saved(&planned.save()).is_err());
}

#[tokio::test]
async fn stages_survive_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let connection = published().await;
    let store = SqliteStore::open(folder.path().join("state.db")).await.unwrap();
    store.save_connection(&connection).await.unwrap();
    assert_eq!(store.connection("acme").await.unwrap(), Some(connection));
}

#[tokio::test]
async fn a_dead_credential_waits_for_a_new_one_and_keeps_links_and_history() {
    let (_, directory) = standard();
    let store = MemoryStore::new();
    let target = MemoryTarget::new();
    store.save_connection(&published().await).await.unwrap();
    let run = async |day: hris_core::Timestamp| {
        let stored = store.connection("acme").await.unwrap().unwrap();
        let runner = Runner::builder(directory.clone(), target.clone(), store.clone());
        runner.for_connection(&stored).build().unwrap().run(day).await
    };
    let stage = async || store.connection("acme").await.unwrap().unwrap().stage();
    assert_eq!(run(day(1)).await.unwrap().counts.created, 3);

    // What passes by itself, and what a permission would mend, is no end of the connection.
    for fault in [SourceError::Unavailable, SourceError::Permission] {
        directory.fail_with(Some((fault, "list people: no")));
        assert!(run(day(2)).await.is_err());
        assert_eq!(stage().await, Stage::Published, "{fault:?}");
    }
    directory.fail_with(Some((SourceError::Auth, "list people: the grant is dead")));
    let died = run(day(3)).await.unwrap_err();
    assert_eq!((died.exit_code(), stage().await), (4, Stage::ReconnectNeeded));
    assert!(died.report().unwrap().notices.iter().any(|notice| notice.contains("new credential")));

    // From now on nobody is asked with the dead one.
    directory.fail_with(None);
    let waits = run(day(4)).await.unwrap_err();
    assert_eq!((waits.kind(), waits.exit_code()), (ErrorKind::Auth, 4));
    assert!(waits.to_string().contains("give it a new credential"), "{waits}");

    let mut connection = store.connection("acme").await.unwrap().unwrap();
    connection.authorise(&preflight("mill"), by()).unwrap();
    store.save_connection(&connection).await.unwrap();
    let back = run(day(5)).await.unwrap();
    assert_eq!((back.counts.created, back.counts.unchanged), (0, 3), "everybody is known");
    assert!(store.history("acme", 9).await.unwrap().len() >= 4);
}
