//! What is read of people and organisations, against the sandbox.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod check;
mod counts;
mod organisation;
mod pace;
mod people;

use hris_core::{Date, Employee, ReadRequest, Snapshot};
use hris_employmenthero::sandbox::Sandbox;
use hris_employmenthero::{Builder, EmploymentHero};

/// A vendor with so many plain people, without a network; its clock is the test's.
async fn sandbox(people: usize) -> Sandbox {
    Sandbox::builder().employees(people).plain().start().await.expect("a free port")
}

/// A connector with a token that sees what the next person to consent would see.
fn builder(sandbox: &Sandbox) -> Builder {
    EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .access_token(sandbox.access_token())
}

fn directory(sandbox: &Sandbox) -> EmploymentHero {
    builder(sandbox).build().expect("the settings are right")
}

fn today() -> Date {
    Date::new(2026, 11, 24).expect("a date")
}

fn everything() -> ReadRequest {
    ReadRequest::everything(today())
}

fn person<'s>(snapshot: &'s Snapshot, id: &str) -> &'s Employee {
    snapshot.employees().iter().find(|person| person.id().as_str() == id).expect("the person is listed")
}
