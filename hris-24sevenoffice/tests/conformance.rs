//! 24SevenOffice in the suite that every directory passes.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hris_24sevenoffice::TwentyFourSevenOffice;
use hris_24sevenoffice::sandbox::{self, Sandbox};
use hris_core::conformance::{Fault, Harness, Person, Stage, run};
use hris_core::http::{Rate, RetryPolicy};
use hris_core::sandbox::Breakages;
use hris_core::{Directory, EmployeeId, Secret};
use serde_json::json;

#[tokio::test]
async fn twenty_four_seven_office() {
    let summary = run(&Payroll).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 65, "only {} cases ran", summary.passed.len());
    assert_eq!(summary.skipped.len(), 14, "{summary}");
}

struct Payroll;

#[async_trait]
impl Harness for Payroll {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        let sandbox = Sandbox::builder().employees(0).start().await.expect("a free port");
        for person in people {
            sandbox.change(|company| company.hire(record(person)));
        }
        let mut retry = RetryPolicy::default();
        retry.attempts = 3;
        retry.base = Duration::from_millis(1);
        retry.throttled_base = Duration::from_millis(1);
        let directory = TwentyFourSevenOffice::builder()
            .base_url(sandbox.url())
            .allow_http_loopback()
            .token(Secret::from(sandbox.token().to_owned()))
            .rate_limit(Rate::per_second(10_000).burst(10_000))
            .retry(retry)
            .build()
            .expect("the settings are right");
        Box::new(PayrollStage { sandbox, directory })
    }
}

struct PayrollStage {
    sandbox: Sandbox,
    directory: TwentyFourSevenOffice,
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
        EmployeeId::from(self.sandbox.change(|company| company.hire(record(person))))
    }

    async fn remove(&self, id: &EmployeeId) {
        self.sandbox.change(|company| company.remove(id.as_str())).expect("the person is there");
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
