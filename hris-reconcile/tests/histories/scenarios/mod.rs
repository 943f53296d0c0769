//! Histories that have a name: each is one fault that somebody met, with the right end.

mod connections;
mod identity;
mod less;
mod links;
mod safeguards;
mod state;

use hris_core::reconcile::Policy;
use hris_core::{Date, Employee, Field, Fingerprint, MemoryDirectory, StandardField, Status, Timestamp};
use hris_reconcile::report::Report;
use hris_reconcile::store::MemoryStore;
use hris_reconcile::target::Target;
use hris_reconcile::{Runner, RunnerBuilder};

use crate::accounts::{Accounts, Row};

/// A morning.
fn at(date: &str) -> Timestamp {
    format!("{date}T09:00:00Z").parse().unwrap()
}

fn date(text: &str) -> Field<Date> {
    Field::Value(text.parse().unwrap())
}

/// An employed person of whom everything that tells people apart is known.
fn worker(id: &str, number: &str, name: &str, email: &str) -> Employee {
    let (given, family) = name.split_once(' ').unwrap();
    let text = |value: &str| Field::Value(value.to_owned());
    Employee::new(id)
        .with_status(Status::Active, "active")
        .with(StandardField::EmployeeNumber, text(number))
        .with(StandardField::GivenName, text(given))
        .with(StandardField::FamilyName, text(family))
        .with(StandardField::Email, text(email))
        .with(StandardField::JobTitle, text("Miller"))
        .with_date(StandardField::LastWorkingDay, Field::Cleared)
        .with_teams(Field::Cleared)
}

/// Distinct people, told apart by a letter.
fn others(letter: char, count: usize) -> Vec<Employee> {
    let one = |n: usize| {
        let email = format!("{letter}{n}@tallowmill.example");
        let name = format!("{letter}given{n} {letter}family{n}");
        worker(&format!("{letter}-{n}"), &format!("{letter}{}", 1000 + n), &name, &email)
    };
    (1..=count).map(one).collect()
}

fn company(people: Vec<Employee>) -> MemoryDirectory {
    MemoryDirectory::new(people)
}

fn join(directory: &MemoryDirectory, person: Employee) {
    directory.edit(|people| people.push(person));
}

fn offboard(directory: &MemoryDirectory, id: &str, last_day: &str) {
    crate::support::edit(directory, id, |person| {
        person.put_status(Status::Terminated, "offboarded");
        person.put_date(StandardField::LastWorkingDay, date(last_day));
    });
}

fn answers(directory: &MemoryDirectory, organisation: &str, credential: &str) {
    directory.set_fingerprint(Fingerprint {
        organisation: Some(organisation.to_owned()),
        credential: Some(credential.to_owned()),
        ..Fingerprint::default()
    });
}

fn builder(name: &str, source: &MemoryDirectory, users: impl Target, state: &MemoryStore) -> RunnerBuilder {
    Runner::builder(source.clone(), users, state.clone()).connection(name)
}

/// Runs under the settings that everybody gets.
async fn sync(
    source: &MemoryDirectory,
    users: &impl Accounts,
    state: &MemoryStore,
    now: Timestamp,
) -> Report {
    sync_as("acme", source, users, state, now).await
}

async fn sync_as(
    name: &str,
    source: &MemoryDirectory,
    users: &impl Accounts,
    state: &MemoryStore,
    now: Timestamp,
) -> Report {
    builder(name, source, users.target(), state).build().unwrap().run(now).await.unwrap()
}

async fn sync_under(
    policy: &Policy,
    source: &MemoryDirectory,
    users: &impl Accounts,
    state: &MemoryStore,
    now: Timestamp,
) -> Report {
    let runner = builder("acme", source, users.target(), state).policy(policy.clone()).build().unwrap();
    runner.run(now).await.unwrap()
}

/// The account that carries an external id.
async fn account(users: &impl Accounts, id: &str) -> Row {
    find(users, id).await.unwrap_or_else(|| panic!("nobody carries {id}"))
}

async fn find(users: &impl Accounts, id: &str) -> Option<Row> {
    users.rows().await.into_iter().find(|row| row.external_id() == Some(id))
}

/// Everybody accepts their invitation.
async fn everybody_accepts(users: &impl Accounts) {
    for mut row in users.rows().await {
        if row.status == "invited" {
            "active".clone_into(&mut row.status);
            users.put(&row).await;
        }
    }
}

fn has(report: &Report, code: &str) -> bool {
    crate::support::codes(report).contains(&code)
}

fn times(report: &Report, code: &str) -> usize {
    crate::support::codes(report).iter().filter(|one| **one == code).count()
}

fn rule(report: &Report) -> Option<&'static str> {
    report.refusal.as_ref().map(|refusal| refusal.rule.as_str())
}

fn is_quiet(report: &Report) -> bool {
    report.actions.is_empty() && report.exit_code() == 0
}
