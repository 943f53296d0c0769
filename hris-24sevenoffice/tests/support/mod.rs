//! A connector and a sandbox that meet in memory, on the clock of the test.

use hris_24sevenoffice::sandbox::{Builder as SandboxBuilder, Person, Sandbox};
use hris_24sevenoffice::{Builder, TwentyFourSevenOffice};
use hris_core::RateLimit;
use hris_core::{Date, Directory, EmployeeId, FieldChange, ReadRequest, Secret, StandardField};

pub(crate) async fn sandbox(employees: usize) -> Sandbox {
    started(Sandbox::builder().employees(employees)).await
}

pub(crate) async fn started(builder: SandboxBuilder) -> Sandbox {
    builder.start().await.expect("a free port")
}

/// Three people with everything that tests look at: 41 with a national number, 42 with an
/// international id, 43 who has left.
pub(crate) async fn three() -> Sandbox {
    let sandbox = sandbox(0).await;
    sandbox.change(|company| {
        company.hire(
            Person::new("Sunniva", "Lie")
                .number("41")
                .starts("2024-03-01")
                .member("postaddress", "Skansegata 7")
                .member("zipcode", "0184")
                .member("city", "Oslo")
                .member("countryCode", "NO")
                .member("telefon", "405 55 141")
                .member("personnr", "must-never-be-kept-personnr")
                .member("employee_field_2", "M"),
        );
        company.hire(
            Person::new("Mateusz", "Zielinski")
                .number("42")
                .starts("2025-01-01")
                .member("telefon", "+4740555142")
                .member(
                    "internationalID",
                    serde_json::json!({ "countryCode": "PL", "ID": "ZS0000142", "type": "passnummer" }),
                ),
        );
        company.hire(Person::new("Aino", "Virtanen").number("43").starts("2020-01-01").ends("2026-01-31"));
    });
    sandbox
}

pub(crate) fn builder(sandbox: &Sandbox) -> Builder {
    TwentyFourSevenOffice::builder()
        .transport(sandbox.transport())
        .base_url(sandbox.url())
        .allow_http_loopback()
        .token(Secret::from(sandbox.token().to_owned()))
        .rate_limit(RateLimit::per_second(1000).burst(1000))
}

pub(crate) fn payroll(sandbox: &Sandbox) -> TwentyFourSevenOffice {
    builder(sandbox).build().expect("the settings are right")
}

pub(crate) fn today() -> Date {
    "2026-11-24".parse().expect("a date")
}

pub(crate) fn everything() -> ReadRequest {
    ReadRequest::everything(today())
}

pub(crate) fn id(number: &str) -> EmployeeId {
    EmployeeId::from(number)
}

pub(crate) fn set(field: StandardField, value: &str) -> FieldChange {
    FieldChange::of_text(field, Some(value))
}

pub(crate) fn clear(field: StandardField) -> FieldChange {
    FieldChange { field, value: None }
}

pub(crate) async fn update(
    payroll: &TwentyFourSevenOffice,
    number: &str,
    values: &[FieldChange],
) -> hris_core::Result<hris_core::Employee> {
    payroll.writer().expect("it can be written").update(&id(number), values, "key").await
}

pub(crate) async fn create(
    payroll: &TwentyFourSevenOffice,
    values: &[FieldChange],
) -> hris_core::Result<hris_core::Employee> {
    payroll.writer().expect("it can be written").create(values, "key").await
}
