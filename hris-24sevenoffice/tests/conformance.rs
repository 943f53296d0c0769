//! 24SevenOffice in the suite that every directory passes.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hris_24sevenoffice::TwentyFourSevenOffice;
use hris_24sevenoffice::sandbox::{self, Sandbox};
use hris_core::RateLimit;
use hris_core::conformance::{CustomFault, Edits, Fault, Harness, LookupFault, Person, Stage, run};
use hris_core::http::RetryPolicy;
use hris_core::sandbox::{Breakages, Fault as Broken};
use hris_core::{Directory, EmployeeId, Secret};
use serde_json::json;

#[tokio::test]
async fn twenty_four_seven_office() {
    let summary = run(&Payroll).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 100, "only {} cases ran", summary.passed.len());
    assert_eq!(summary.skipped.len(), 17, "{summary}");
}

#[test]
fn a_setting_that_counts_as_something_else_is_found() {
    let failure = |edits: Edits| format!("{:?}", edits.check().expect_err("the suite saw nothing"));
    let right = || Payroll.edits().expect("its settings");
    right().check().expect("every edit counts as what it decides");
    assert!(failure(right().neither("end_dates", "required")).contains("an edit of end_dates"));
    assert!(failure(right().listing("update_body", "full")).contains("an edit of update_body"));
    assert!(failure(right().writing("concurrency", 7)).contains("an edit of concurrency"));
    let silent = Edits::of(hris_24sevenoffice::KIT).listing("base_url", "https://payroll.example/api");
    assert!(failure(silent).contains("no edit of auth_header"));
}

struct Payroll;

#[async_trait]
impl Harness for Payroll {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        let sandbox = Sandbox::builder().employees(0).start().await.expect("a free port");
        for person in people {
            sandbox.change(|company| hire(company, person));
        }
        let mut retry = RetryPolicy::default();
        retry.attempts = 3;
        retry.base = Duration::from_millis(1);
        retry.throttled_base = Duration::from_millis(1);
        let directory = TwentyFourSevenOffice::builder()
            .base_url(sandbox.url())
            .allow_http_loopback()
            .token(Secret::from(sandbox.token().to_owned()))
            .rate_limit(RateLimit::per_second(10_000).burst(10_000))
            .retry(retry)
            .build()
            .expect("the settings are right");
        Box::new(PayrollStage { sandbox, directory })
    }

    /// The answer about one person is a list of those who have the number.
    fn gone(&self) -> &[LookupFault] {
        &[LookupFault::EmptyList]
    }

    fn edits(&self) -> Option<Edits> {
        Some(
            Edits::of(hris_24sevenoffice::KIT)
                .listing("base_url", "https://payroll.example/api")
                .neither("base_url", "https://payroll.24sevenoffice.com/api/")
                .listing("end_dates", "required")
                .listing("department_dimension", "Avdeling")
                .writing("update_body", "full")
                .writing("update_includes_id", true)
                .writing("empid_as_number", true)
                .writing("new_employee_number", "source")
                .writing("create_defaults", json!({"employee_field_1": ""}))
                .writing("employment_defaults", json!({"working_times": "ikkeSkift"}))
                .writing("enddate_reason", "arbeidstakerHarSagtOppSelv")
                .writing("international_id_always", true)
                .writing("phone_region", "SE")
                .neither("auth_header", "X-Token")
                .neither("concurrency", 1)
                .neither("rate_limit", json!({"per_second": 1})),
        )
    }
}

struct PayrollStage {
    sandbox: Sandbox,
    directory: TwentyFourSevenOffice,
}

fn hire(company: &mut sandbox::World, person: &Person) -> String {
    let mut record = record(person);
    if let Some(value) = &person.custom {
        record = record.member("employee_field_1", value.clone());
    }
    let id = company.hire(record);
    if let Some(place) = &person.location {
        let sites = company.organisation_mut()["sites"].as_array_mut().expect("sites");
        let number = json!(format!("99900099{}", sites.len()));
        sites.push(json!({ "id": sites.len(), "name": place, "enterprise_number": number, "tax_zone": "1" }));
        for employment in company.employments_mut(&id) {
            employment.insert("enterprise_number".to_owned(), number.clone());
        }
    }
    id
}

/// The status of a person follows from the dates.
fn record(person: &Person) -> sandbox::Person {
    let mut record = sandbox::Person::new(person.given_name.clone(), person.family_name.clone())
        .email(person.email.clone().unwrap_or_default())
        .starts(person.start_date.to_string());
    if let Some(day) = person.last_working_day {
        record = record.ends(day.to_string());
    }
    record
}

#[async_trait]
impl Stage for PayrollStage {
    fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.directory.clone())
    }

    fn ids(&self) -> Vec<EmployeeId> {
        self.sandbox.change(|company| company.ids()).into_iter().map(EmployeeId::from).collect()
    }

    async fn change(&self, id: &EmployeeId, person: &Person) {
        self.sandbox.change(|company| {
            company.set(id.as_str(), "firstname", person.given_name.clone()).expect("the person is there");
            company.set(id.as_str(), "lastname", person.family_name.clone()).expect("the person is there");
        });
    }

    async fn add(&self, person: &Person) -> EmployeeId {
        EmployeeId::from(self.sandbox.change(|company| hire(company, person)))
    }

    async fn remove(&self, id: &EmployeeId) {
        self.sandbox.change(|company| company.remove(id.as_str())).expect("the person is there");
    }

    async fn break_lookup(&self, id: &EmployeeId, fault: LookupFault) -> Result<(), String> {
        Breakages::of("/employee/v2").apply_lookup(self.sandbox.server(), id, fault)
    }

    async fn break_custom(&self, _: &str, fault: CustomFault) -> Result<(), String> {
        let definitions = match fault {
            CustomFault::Hidden => Broken::Status(403),
            CustomFault::Twin => Broken::edit(|fields| {
                for field in fields.as_array_mut().expect("a list") {
                    field["name"] = json!("Parking space");
                }
            }),
            other => return Err(format!("{other:?} is not known here")),
        };
        self.sandbox.server().inject(definitions.on("/employee_field/v2/"));
        Ok(())
    }

    async fn change_organisation(&self) -> Result<(), String> {
        self.sandbox.change(|company| {
            let organisation = company.organisation_mut();
            organisation["orgno"] = json!("999000001");
        });
        Ok(())
    }

    async fn change_credential(&self) -> Result<(), String> {
        Err("24SevenOffice does not tell whose a token is".to_owned())
    }

    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        match fault {
            Fault::Unauthorised => {
                let token = self.sandbox.token();
                self.sandbox.change(|company| company.revoke_token(token)).expect("the token is there");
                Ok(())
            }
            Fault::UnknownStatus => Err("24SevenOffice has no status; it follows from the dates".to_owned()),
            Fault::AddedWhileReading | Fault::RemovedWhileReading => {
                Err("everybody comes in one answer, so nobody comes or goes while it is read".to_owned())
            }
            // The dates stand in employments.
            Fault::ImpossibleDate => {
                let id = self.ids().into_iter().next().expect("somebody is there");
                self.sandbox.change(|company| {
                    for employment in company.employments_mut(id.as_str()) {
                        employment.insert("startdate".to_owned(), json!("2025-02-31"));
                    }
                });
                Ok(())
            }
            other => {
                Breakages::of("/employee/v2").beside("/organization/v2").apply(self.sandbox.server(), other)
            }
        }
    }
}
