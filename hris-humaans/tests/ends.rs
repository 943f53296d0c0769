//! What ends an employment, and what only looks like it.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use hris_core::RateLimit;
use hris_core::{
    Date, Directory, Employee, Field, ProblemCode, ReadRequest, Secret, Severity, Snapshot, Status,
};
use hris_humaans::Humaans;
use hris_humaans::sandbox::Sandbox;
use serde_json::{Value, json};

/// employmentEndDate and lastWorkingDay as sent; end date and last working day; whether nobody knows.
type Case = ([Value; 2], [Field<Date>; 2], bool);

async fn company() -> Sandbox {
    Sandbox::builder().employees(12).plain().today("2026-11-24").start().await.expect("a free port")
}

async fn read(sandbox: &Sandbox) -> Snapshot {
    let humaans = Humaans::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .token(Secret::from(sandbox.token().to_owned()))
        .rate_limit(RateLimit::per_second(10_000).burst(10_000))
        .build()
        .expect("right settings");
    let today = Date::new(2026, 11, 24).expect("a day");
    humaans.snapshot(&ReadRequest::everything(today)).await.expect("a whole directory")
}

fn person<'s>(snapshot: &'s Snapshot, id: &str) -> &'s Employee {
    snapshot.employees().iter().find(|person| person.id().as_str() == id).expect("the person is listed")
}

#[tokio::test]
async fn an_end_that_cannot_be_read_is_unknown_and_no_missing_one() {
    let day = |text: &str| text.parse::<Date>().map_or(Field::NotProvided, Field::Value);
    let table: &[Case] = &[
        (
            [json!("2026-12-31T00:00:00.000Z"), json!("2026-12-31T00:00:00+00:00")],
            [day("2026-12-31"), day("2026-12-31")],
            false,
        ),
        ([json!("9999-12-31"), json!("9999-12-31")], [Field::Cleared, Field::Cleared], false),
        ([json!("9999-12-31"), json!("2026-12-15")], [day("2026-12-15"), day("2026-12-15")], false),
        (
            [json!("2026-12-31T17:00:00Z"), json!("31.12.2026")],
            [Field::NotProvided, Field::NotProvided],
            true,
        ),
        ([json!("2026-10-31"), json!("soon")], [day("2026-10-31"), Field::NotProvided], true),
        ([json!(["2026-10-31"]), json!("2026-10-30")], [Field::NotProvided, day("2026-10-30")], true),
        ([json!("1970-01-01"), Value::Null], [Field::NotProvided, Field::NotProvided], true),
        ([json!("0001-01-01"), json!("1900-01-01")], [Field::NotProvided, Field::NotProvided], true),
        ([json!("2001-01-01"), Value::Null], [Field::NotProvided, Field::NotProvided], false),
        ([Value::Null, Value::Null], [Field::Cleared, Field::Cleared], false),
    ];
    let sandbox = company().await;
    let ids: Vec<String> = sandbox.people().iter().map(|person| person.id.clone()).collect();
    for (id, ([end, last], ..)) in ids.iter().zip(table) {
        for (member, value) in [
            ("status", &json!("offboarded")),
            ("employmentStartDate", &json!("2020-01-06")),
            ("employmentEndDate", end),
            ("lastWorkingDay", last),
        ] {
            sandbox.set_field(id, member, value.clone()).expect("somebody");
        }
    }
    let snapshot = read(&sandbox).await;
    let told = |id: &str, severity: Severity| {
        let about = |problem: &&hris_core::Problem| {
            (problem.code, problem.severity) == (ProblemCode::InvalidDate, severity)
                && problem.about().any(|about| about.as_str() == id)
        };
        snapshot.problems().iter().filter(about).count()
    };
    for (id, (sent, [end, last], unknown)) in ids.iter().zip(table) {
        let found = person(&snapshot, id);
        assert_eq!(found.status(), Status::Terminated);
        assert!((found.end_date(), found.last_working_day()) == (*end, *last), "{sent:?}: {found:?}");
        assert_eq!(found.has_unreadable_end(), *unknown, "{sent:?}");
        assert_eq!(told(id, Severity::Error), usize::from(*unknown), "one error a person: {sent:?}");
    }
    let before_start = ids.get(8).expect("so many");
    assert_eq!(told(before_start, Severity::Warning), 1, "the status decides");
    let counted = snapshot.problems().iter().find(|problem| problem.severity == Severity::Error);
    let message = counted.map(|problem| problem.message.clone()).unwrap_or_default();
    assert!(message.starts_with("5 people: the end of the employment is there"), "{message}");
}
