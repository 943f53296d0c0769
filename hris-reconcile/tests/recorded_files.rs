//! Files of versions before are opened and mean what they meant: a state with links, learned forms, values of both
//! sides, a conflict and a cut run, and the accounts that go with it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::path::Path;

use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{Conflicts, Policy, Side, TwoWay};
use hris_core::{Date, Employee, Field, Identification, MemoryDirectory, StandardField, Status};
use hris_reconcile::Runner;
use hris_reconcile::faults::{Faults, Faulty};
use hris_reconcile::store::{SqliteStore, StateStore};
use hris_reconcile::targets::SqliteTarget;
use sqlx::{Connection as _, SqliteConnection};
use support::{day, edit, lines, put};

fn mapping() -> Mapping {
    Mapping::new()
        .field("external_id", from("id"))
        .field("email", from("email").trim().lowercase())
        .field("given_name", from("given_name"))
        .field("phone", from("work_phone"))
        .field("job_title", from("job_title"))
        .field("start_date", from("start_date"))
        .field("address", from("address"))
        .field("custom.teams", from("teams"))
        .field("custom.numbers", from("identifications"))
        .field("custom.began", from("start_date"))
}

fn office() -> MemoryDirectory {
    let text = |text: &str| Field::Value(text.to_owned());
    let person = |n: u8, name: &str| {
        Employee::new(format!("e-{n}").as_str())
            .with_status(Status::Active, "active")
            .with(StandardField::Email, text(&format!("{name}@mill.example")))
            .with(StandardField::GivenName, text(name))
            .with(StandardField::WorkPhone, text(&format!("+47220000{n:02}")))
            .with(StandardField::JobTitle, text("Miller"))
            .with(StandardField::AddressStreet, text(&format!("{n} \"Fuller's\" Yard")))
            .with(StandardField::AddressCity, text("Troms\u{f8}"))
            .with(StandardField::AddressCountry, text("no"))
            .with_date(StandardField::StartDate, Field::Value(Date::new(2024, 2, 29).unwrap()))
            .with_teams(Field::Value(vec!["Weaving".to_owned(), "Dyeing".to_owned()]))
            .with_identifications(Field::Value(vec![Identification {
                number: format!("N {n}"),
                kind: Some("passport".to_owned()),
                country: None,
            }]))
    };
    MemoryDirectory::new(["ada", "bo", "cy", "di"].iter().zip(1..).map(|(name, n)| person(n, name)))
}

/// What the company edits after its first run.
fn busy_day(directory: &MemoryDirectory) {
    put(directory, "e-1", StandardField::JobTitle, "Senior Miller of the mill");
    put(directory, "e-3", StandardField::JobTitle, "Spinner");
}

/// What the run that was cut was about.
fn moved(directory: &MemoryDirectory) {
    put(directory, "e-4", StandardField::AddressCity, "Bod\u{f8}");
    let began = Field::Value(Date::new(2025, 1, 1).unwrap());
    edit(directory, "e-4", |person| person.put_date(StandardField::StartDate, began));
}

async fn files(folder: &Path) -> (SqliteTarget, SqliteStore) {
    let target = SqliteTarget::open(folder.join("users.db")).await.unwrap();
    (target, SqliteStore::builder(folder.join("state.db")).leases_by_time_only().open().await.unwrap())
}

async fn runner(connection: &str, directory: &MemoryDirectory, folder: &Path, faults: &Faults) -> Runner {
    let (target, store) = files(folder).await;
    let mut policy = Policy::default();
    policy.invite = false;
    if connection == "both" {
        let mut rules = TwoWay::default();
        rules.conflict = Conflicts::Ask;
        policy.two_way = Some(rules);
    }
    let target = Faulty::new(target, faults.clone());
    let builder = Runner::builder(directory.clone(), target, store).connection(connection);
    builder.mapping(mapping()).policy(policy).build().unwrap()
}

async fn sql(folder: &Path, file: &str, statements: &str) {
    let url = format!("sqlite://{}?mode=rwc", folder.join(file).display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The files of one of the recorded connections, as they were left.
async fn recorded(name: &str, state: &str, users: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    sql(folder.path(), "state.db", state).await;
    sql(folder.path(), "users.db", users).await;
    let (_, store) = files(folder.path()).await;
    let before = store.load(name).await.unwrap();
    assert_eq!((before.links.len(), before.unsettled.len()), (4, 1), "{name}");
    folder
}

/// The company as it was when the files were recorded.
fn then(name: &str) -> MemoryDirectory {
    let directory = office();
    busy_day(&directory);
    if name == "both" {
        put(&directory, "e-2", StandardField::JobTitle, "Carder");
        put(&directory, "e-2", StandardField::WorkPhone, "+47 99 00 00 02");
    }
    moved(&directory);
    directory
}

#[tokio::test]
async fn the_files_of_two_sides_are_opened_and_nothing_is_written_again() {
    let users = include_str!("recorded/both-users.sql");
    let folder = recorded("both", include_str!("recorded/both-state.sql"), users).await;
    let (directory, none) = (then("both"), Faults::new());
    let runner = runner("both", &directory, folder.path(), &none).await;
    let report = runner.run(day(4)).await.unwrap();
    assert_eq!(lines(&report, "done"), Vec::<String>::new());
    assert_eq!(
        report.conflicts.iter().map(|conflict| conflict.id.as_str()).collect::<Vec<_>>(),
        ["da033d1eeb"]
    );

    let conflict = runner.plan(day(4)).await.unwrap().plan.conflicts.remove(0);
    assert_eq!((conflict.source.as_deref(), conflict.target.as_deref()), (Some("Spinner"), Some("Weaver")));
    runner.resolve(&[conflict.keep(Side::Source)]).await.unwrap();
    let report = runner.run(day(5)).await.unwrap();
    assert_eq!(lines(&report, "done"), ["update e-3 (job_title)"]);
}

#[tokio::test]
async fn the_files_of_one_way_are_opened_and_nothing_is_written_again() {
    let users = include_str!("recorded/one-users.sql");
    let folder = recorded("one", include_str!("recorded/one-state.sql"), users).await;
    let (directory, none) = (then("one"), Faults::new());
    let report = runner("one", &directory, folder.path(), &none).await.run(day(4)).await.unwrap();
    assert_eq!(lines(&report, "done"), Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_is_byte_for_byte_what_it_was() {
    for (name, state, users, plan) in [
        (
            "both",
            include_str!("recorded/both-state.sql"),
            include_str!("recorded/both-users.sql"),
            include_str!("recorded/both-plan.json"),
        ),
        (
            "one",
            include_str!("recorded/one-state.sql"),
            include_str!("recorded/one-users.sql"),
            include_str!("recorded/one-plan.json"),
        ),
    ] {
        let folder = recorded(name, state, users).await;
        let (directory, none) = (then(name), Faults::new());
        runner(name, &directory, folder.path(), &none).await.run(day(4)).await.unwrap();
        // Addresses and dates as people write them, in another order and with more than we know.
        let others = r#"UPDATE users SET address = '{"city":"Oslo", "street":"2 Gate","note":"yes"}' WHERE given_name = 'bo';
            UPDATE users SET address = '4 Gate, Oslo', start_date = '1.1.2025' WHERE given_name = 'di';
            UPDATE users SET address = NULL, custom = '{"teams":"Weaving; Dyeing","began":"2024"}' WHERE given_name = 'cy';"#;
        sql(folder.path(), "users.db", others).await;
        edit(&directory, "e-1", |person| {
            *person =
                person.clone().with_teams(Field::Value(vec!["R&D; Labs".to_owned(), "Dyeing".to_owned()]));
            person.put_date(StandardField::StartDate, Field::Cleared);
            person.put(StandardField::AddressRegion, Field::Value("Nordland \\ \u{1}".to_owned()));
        });
        let planned = runner(name, &directory, folder.path(), &none).await.plan(day(5)).await.unwrap();
        let text = planned.save().to_json().unwrap();
        assert_eq!(text, plan, "{name}");
    }
}
