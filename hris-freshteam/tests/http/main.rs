//! What is peculiar to Freshteam, over the wire.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod check;
mod listing;
mod records;

use hris_core::sandbox::CANARY;
use hris_core::{
    Date, Directory, EmployeeId, ErrorKind, Field, Level, Lookup, Organisation, Preflight, ProblemCode,
    ReadRequest, Secret, Snapshot, SourceField, StandardField, Status,
};
use hris_freshteam::sandbox::{
    Company, Ending, Fault, Injection, PastEnd, PerPage, Person, Role, Sandbox, Unfiltered,
};
use hris_freshteam::{Builder, Freshteam};
use serde_json::{Value, json};

fn builder(sandbox: &Sandbox) -> Builder {
    Freshteam::builder()
        .subdomain(sandbox.subdomain())
        .api_key(Secret::from(sandbox.key().to_owned()))
        .transport(sandbox.transport())
}

fn connect(sandbox: &Sandbox) -> Freshteam {
    builder(sandbox).build().expect("the settings are right")
}

fn with_key(sandbox: &Sandbox, key: String) -> Freshteam {
    builder(sandbox).api_key(Secret::from(key)).build().expect("the settings are right")
}

async fn started(employees: usize) -> Sandbox {
    Sandbox::builder().employees(employees).start().await.expect("a free port")
}

fn today() -> Date {
    Date::new(2026, 11, 24).expect("a day")
}

fn request(fields: &[&str]) -> ReadRequest {
    let fields = fields.iter().map(|field| field.parse::<SourceField>().expect("a field"));
    ReadRequest::new(today()).with_field(StandardField::Email).with_fields(fields)
}

fn has(snapshot: &Snapshot, code: ProblemCode) -> bool {
    snapshot.problems().iter().any(|problem| problem.code == code)
}

fn find<'s>(snapshot: &'s Snapshot, id: &str) -> &'s hris_core::Employee {
    snapshot.employees().iter().find(|person| person.id().as_str() == id).expect("the person is there")
}

#[tokio::test(start_paused = true)]
async fn every_reading_of_the_open_questions_gives_the_same_people() {
    let expected = {
        let sandbox = started(130).await;
        connect(&sandbox).snapshot(&request(&[])).await.unwrap().people()
    };
    assert_eq!(expected, 130);
    type Change = fn(&mut hris_freshteam::sandbox::Behaviour);
    let changes: [(&str, Change, Option<u32>); 9] = [
        ("no totals", |one| one.totals = false, None),
        (
            "filter not heard",
            |one| (one.status_filter, one.unfiltered) = (false, Unfiltered::Everybody),
            None,
        ),
        ("filter not heard, active only", |one| one.status_filter = false, None),
        ("page size ignored", |one| one.per_page = PerPage::Ignored, Some(20)),
        ("page size capped", |one| one.per_page = PerPage::Capped(7), Some(20)),
        ("page size obeyed", |one| one.per_page = PerPage::Obeyed, Some(20)),
        ("not found past the end", |one| one.past_end = PastEnd::NotFound, None),
        ("masked", |one| one.masked = true, None),
        ("units not paged", |one| one.units_paged = false, None),
    ];
    for (name, change, page_size) in changes {
        let sandbox = started(130).await;
        sandbox.behave(change);
        let mut builder = builder(&sandbox);
        if let Some(rows) = page_size {
            builder = builder.page_size(rows);
        }
        let fields = request(&["department", "location", "teams", "custom.business_unit"]);
        let snapshot = builder.build().unwrap().snapshot(&fields).await;
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{name}: {error}"));
        let hidden = if name == "filter not heard, active only" { 4 } else { 0 };
        assert_eq!(snapshot.people() + hidden, 130, "{name}");
        assert!(snapshot.employees()[0].department().is_value(), "{name}");
    }
}

fn told(preflight: &Preflight) -> String {
    preflight.findings.iter().chain(&preflight.unknown).map(|finding| format!("{finding}\n")).collect()
}
