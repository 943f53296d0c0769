//! What ends an employment, and what only looks like it.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use hris_core::{Date, Directory, Field, ProblemCode, ReadRequest, Secret, Severity, Status};
use hris_freshteam::Freshteam;
use hris_freshteam::sandbox::{Person, Sandbox};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_read_is_unknown_and_no_missing_one() {
    let day = |text: &str| text.parse::<Date>().map_or(Field::NotProvided, Field::Value);
    let table: &[(Value, Field<Date>, Option<Severity>)] = &[
        (json!("2026-12-31T00:00:00.000Z"), day("2026-12-31"), None),
        (json!("9999-12-31"), Field::Cleared, None),
        (json!(null), Field::Cleared, None),
        (json!("2026-12-31T17:00:00Z"), Field::NotProvided, Some(Severity::Error)),
        (json!("soon"), Field::NotProvided, Some(Severity::Error)),
        (json!({ "day": 1 }), Field::NotProvided, Some(Severity::Error)),
        (json!("1970-01-01"), Field::NotProvided, Some(Severity::Error)),
        (json!("0001-01-01"), Field::NotProvided, Some(Severity::Error)),
        (json!("2001-01-01"), Field::NotProvided, Some(Severity::Warning)),
    ];
    let sandbox = Sandbox::builder().employees(1).start().await.expect("a free port");
    let hire = |end: &Value| {
        let person = Person::new("Ola", "Odd").starts("2020-01-06").set("status", "inactive");
        sandbox.change(|company| company.hire(person.set("termination_date", end.clone())))
    };
    let ids: Vec<String> = table.iter().map(|(end, ..)| hire(end)).collect();
    let freshteam = Freshteam::builder()
        .subdomain(sandbox.subdomain())
        .api_key(Secret::from(sandbox.key().to_owned()))
        .transport(sandbox.transport())
        .build()
        .expect("right settings");
    let today = Date::new(2026, 11, 24).expect("a day");
    let snapshot = freshteam.snapshot(&ReadRequest::new(today)).await.expect("a whole directory");
    for (id, (sent, end, severity)) in ids.iter().zip(table) {
        let mut people = snapshot.employees().iter();
        let found = people.find(|person| person.id().as_str() == id).expect("the person is listed");
        assert_eq!(found.status(), Status::Terminated, "{sent}");
        assert!((found.end_date(), found.last_working_day()) == (*end, *end), "{sent}: {found:?}");
        assert_eq!(found.has_unreadable_end(), *severity == Some(Severity::Error), "{sent}");
        let about = |problem: &&hris_core::Problem| {
            problem.code == ProblemCode::InvalidDate && problem.about().any(|about| about.as_str() == id)
        };
        let told: Vec<_> = snapshot.problems().iter().filter(about).map(|problem| problem.severity).collect();
        assert_eq!(told, severity.iter().copied().collect::<Vec<_>>(), "{sent}");
    }
}
