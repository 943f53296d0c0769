//! From a record to an employee: which members are kept, and what of them is counted.

use hris_core::connector::{count_unreadable, fill, hint, may_keep};
use hris_core::http::{Said, said};
use hris_core::{EmployeeId, ErrorKind, Field, StandardField, Tally};

use super::*;

hris_core::record! {
    struct Row {
        id { "id" }
        text { title = "title" => JobTitle, street = "street" => AddressStreet, mail = "mail" => PersonalEmail }
        date { start = "start", end = "end" }
        others Dropped
    }
}

fn row(body: &str) -> Row {
    hris_core::wire::one(&Response::new(200).with_body(body.to_owned()), &[]).unwrap()
}

#[test]
fn personal_values_are_kept_only_if_they_are_asked_for() {
    let body = r#"{"id":"a","title":"Buyer","street":"Mill Lane 1","mail":"ada@home.example"}"#;
    let little = ReadRequest::new("2026-11-23".parse().unwrap());
    for (request, street, mail) in [
        (little.clone(), false, false),
        (little.clone().with_field(StandardField::Address), true, false),
        (little.clone().with_field(StandardField::AddressStreet), true, false),
        (little.with_field(StandardField::PersonalEmail), false, true),
        (everything(), true, true),
    ] {
        let mut employee = Employee::new("a");
        fill(&mut employee, &mut row(body), &request);
        assert_eq!(employee.job_title(), Field::Value("Buyer"));
        assert_eq!(employee.text(StandardField::AddressStreet).is_value(), street, "{request:?}");
        assert_eq!(employee.text(StandardField::PersonalEmail).is_value(), mail, "{request:?}");
        assert_eq!(may_keep(&request, StandardField::PersonalEmail), mail);
    }
}

#[test]
fn members_that_cannot_be_read_are_counted_but_for_dates_that_are_judged_elsewhere() {
    let mut tally = Tally::default();
    let row = row(r#"{"id":"a","title":{"x":1},"start":"soon","end":"later"}"#);
    count_unreadable(&row, "Acme", |member| format!("our {member}"), &["end"], &mut tally);
    let told: Vec<_> =
        tally.problems().map(|problem| format!("{:?} {}", problem.field, problem.message)).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|line| line.contains("our title") && line.contains("than Acme documents")));
    assert!(told.iter().any(|line| line.contains("our start") && line.contains("YYYY-MM-DD")));
}

#[test]
fn a_refusal_is_quoted_by_names_and_codes_never_by_messages() {
    let says = [
        Said::word("/name"),
        Said::called("code", "/code"),
        Said::about("/issues", &["/name", "/path"]),
        Said::request_id("x-request-id"),
    ];
    for (body, expected) in [
        (r#"{"name":"Forbidden","code":403,"message":"Ada may not"}"#, Some("Forbidden, code 403")),
        (r#"{"name":"Ada Lovelace","code":{"x":1}}"#, None),
        (
            r#"{"issues":[{"name":null,"path":"email"},{"name":"a@b.example"},{"path":"id"}]}"#,
            Some("about email, id"),
        ),
        (r#"{"issues":{"b":1,"a":["Ada is taken"]}}"#, Some("about a, b")),
        (r#"{"issues":"email"}"#, None),
        ("<html>", None),
        ("", None),
    ] {
        assert_eq!(
            said(&Response::new(403).with_body(body.to_owned()), &says).as_deref(),
            expected,
            "{body}"
        );
    }
    let answer = Response::new(403).with_body("<html>".to_owned()).with_header("x-request-id", "r-1");
    assert_eq!(said(&answer, &says).as_deref(), Some("request id r-1"));
}

#[test]
fn a_webhook_names_a_person_by_an_id_of_the_right_form() {
    let about = |body: &str| {
        let digits = |id: &str| id.bytes().all(|byte| byte.is_ascii_digit());
        hint(body.as_bytes(), "read an event", &["/data/id", "/id"], digits)
    };
    assert_eq!(about(r#"{"data":{"id":"x"},"id":7}"#).unwrap(), EmployeeId::from("7"));
    assert_eq!(about(r#"{"data":{"id":8},"id":7}"#).unwrap(), EmployeeId::from("8"));
    for body in [r#"{"id":-1}"#, r#"{"id":"../roles"}"#, "[]", "<html>"] {
        assert_eq!(about(body).unwrap_err().kind(), ErrorKind::Protocol, "{body}");
    }
    assert_eq!(about(&" ".repeat(1024 * 1024 + 1)).unwrap_err().kind(), ErrorKind::TooLarge);
}
