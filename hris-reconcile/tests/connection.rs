//! The life of a connection.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use hris_core::mapping::Mapping;
use hris_core::{Directory as _, Finding, Level, MemoryDirectory, Preflight};
use hris_reconcile::store::{MemoryStore, SqliteStore, StateStore};
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Attestation, Connection, ErrorKind, Runner, Stage};
use support::{builder, day, people};

fn preflight(organisation: &str) -> Preflight {
    let mut preflight = Preflight::new();
    preflight.organisation = Some((organisation.to_owned(), "Mill".to_owned()));
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
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(connection.stage().as_str()), "{error}");
        assert_eq!(runner.match_users(day(1)).await.unwrap_err().kind(), ErrorKind::Config);
        assert_eq!(runner.import(&support::id("e-1"), day(1)).await.unwrap_err().kind(), ErrorKind::Config);
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
