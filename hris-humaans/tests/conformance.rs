//! Humaans in the suite that every directory passes.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::RateLimit;
use hris_core::conformance::{CustomFault, Edits, Fault, Harness, LookupFault, Person, Stage, run};
use hris_core::http::RetryPolicy;
use hris_core::sandbox::{Breakages, Fault as Broken};
use hris_core::{Directory, EmployeeId, Secret, Status};
use hris_humaans::Humaans;
use hris_humaans::sandbox::{self, CustomField, Job, Location, Resource, Sandbox, Token};
use serde_json::json;

#[tokio::test]
async fn humaans() {
    let summary = run(&HumaansHarness).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 115, "only {} cases ran", summary.passed.len());
}

struct HumaansHarness;

#[async_trait]
impl Harness for HumaansHarness {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        let sandbox = Sandbox::builder().employees(1).plain().start().await.expect("a free port");
        let founder =
            sandbox.people().first().map(|person| person.id.clone()).expect("somebody made the token");
        let ids: Vec<String> = people.iter().map(|person| hire(&sandbox, person)).collect();
        let token = match ids.first() {
            Some(first) => sandbox.issue_token(Token::private().maker(first.clone())),
            None => sandbox.token().to_owned(),
        };
        sandbox.delete(&founder).expect("the founder is there");
        let mut retry = RetryPolicy::default();
        retry.base = Duration::from_millis(1);
        retry.throttled_base = Duration::from_millis(1);
        let directory = Humaans::builder()
            .base_url(sandbox.url())
            .allow_http_loopback()
            .token(Secret::from(token.clone()))
            .page_size(3)
            .concurrency(4)
            .rate_limit(RateLimit::per_second(10_000).burst(10_000))
            .retry(retry)
            .build()
            .expect("the settings are right");
        Box::new(HumaansStage { sandbox, directory, token, ids: Arc::new(Mutex::new(ids)) })
    }

    fn edits(&self) -> Option<Edits> {
        Some(
            Edits::of(hris_humaans::KIT)
                .listing("base_url", "https://eu.humaans.io/api")
                .neither("base_url", "https://app.humaans.io/api/")
                .listing("people_status", "split")
                .listing("last_day", "employment_end")
                .listing("sort", "createdAt")
                .listing("job_roles_as_of", true)
                .neither("page_size", 7)
                .neither("concurrency", 1)
                .neither("rate_limit", json!({"per_second": 1})),
        )
    }
}

struct HumaansStage {
    sandbox: Sandbox,
    directory: Humaans,
    token: String,
    ids: Arc<Mutex<Vec<String>>>,
}

fn hire(sandbox: &Sandbox, person: &Person) -> String {
    let mut record = record(person);
    if let Some(place) = &person.location {
        let office = Location::new(place.clone(), "Leeds", "GB");
        record = record.location(sandbox.change(|world| world.add_location(office)));
    }
    if let Some(value) = &person.custom {
        let field = sandbox.change(|world| world.add_custom_field(CustomField::new("Badge", "text")));
        record = record.custom(field, value.clone());
    }
    let id = sandbox.hire(record);
    if let Some(day) = person.last_working_day {
        sandbox.offboard(&id, &day.to_string()).expect("just hired");
    }
    id
}

fn record(person: &Person) -> sandbox::Person {
    let (given, family) = (person.given_name.clone(), person.family_name.clone());
    let mut record = match person.status {
        Status::Pending => sandbox::Person::new_hire(given, family),
        _ => sandbox::Person::new(given, family),
    };
    record = record.starts(person.start_date.to_string());
    record = match &person.email {
        Some(email) => record.email(email.clone()),
        None => record.without_email(),
    };
    if let Some(manager) = &person.manager {
        record = record.reports_to(manager.as_str());
    }
    match &person.job_title {
        Some(title) => record.job(title.clone(), "Operations"),
        None => record,
    }
}

#[async_trait]
impl Stage for HumaansStage {
    fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.directory.clone())
    }

    fn ids(&self) -> Vec<EmployeeId> {
        self.ids.lock().expect("no test panics here").iter().map(|id| EmployeeId::from(id.as_str())).collect()
    }

    async fn change(&self, id: &EmployeeId, person: &Person) {
        let members = |members: &mut sandbox::Members<'_>| {
            members.set("firstName", person.given_name.clone()).set("lastName", person.family_name.clone());
        };
        self.sandbox.update(id.as_str(), members).expect("the person is there");
        if let Some(title) = &person.job_title {
            let job = Job::new(title.clone(), "Operations").from("2026-01-01");
            self.sandbox.change_job(id.as_str(), job).expect("the person is there");
        }
    }

    async fn add(&self, person: &Person) -> EmployeeId {
        let id = hire(&self.sandbox, person);
        self.ids.lock().expect("no test panics here").push(id.clone());
        EmployeeId::from(id)
    }

    async fn remove(&self, id: &EmployeeId) {
        self.sandbox.delete(id.as_str()).expect("the person is there");
        self.ids.lock().expect("no test panics here").retain(|known| known != id.as_str());
    }

    async fn break_lookup(&self, id: &EmployeeId, fault: LookupFault) -> Result<(), String> {
        Breakages::of("/people").apply_lookup(self.sandbox.server(), id, fault)
    }

    async fn break_custom(&self, _: &str, fault: CustomFault) -> Result<(), String> {
        match fault {
            CustomFault::Hidden => {
                for list in ["/custom-fields", "/custom-values"] {
                    self.sandbox.server().inject(Broken::Status(403).on(list));
                }
            }
            CustomFault::Twin => {
                self.sandbox.change(|world| world.add_custom_field(CustomField::new("Badge", "text")));
            }
            other => return Err(format!("{other:?} is not known here")),
        }
        Ok(())
    }

    async fn change_organisation(&self) -> Result<(), String> {
        self.sandbox.change(|world| {
            for person in world.people() {
                world.set(Resource::People, &person.id, "companyId", "another").expect("the person is there");
            }
            world.edit_token(&self.token, |token| token.company("another")).expect("the token is there");
        });
        Ok(())
    }

    async fn change_credential(&self) -> Result<(), String> {
        let ids = self.ids.lock().expect("no test panics here").clone();
        let other = ids.get(1).cloned().expect("more than one person");
        let edit = |token: Token| token.maker(other);
        self.sandbox.change(|world| world.edit_token(&self.token, edit)).expect("the token is there");
        Ok(())
    }

    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        if fault == Fault::Unauthorised {
            self.sandbox.revoke(&self.token).expect("the token is there");
            return Ok(());
        }
        let (added, removed) = (self.ids.clone(), self.ids.clone());
        Breakages::of("/people")
            .beside("/job-roles")
            .status_member("status")
            .date_members(&["employmentStartDate", "firstWorkingDay"])
            .adding(move |world: &mut sandbox::World| {
                let id = world.hire(record(&Person::number(99)));
                added.lock().expect("no test panics here").push(id);
            })
            .removing(move |world| {
                let mut ids = removed.lock().expect("no test panics here");
                let id = ids.remove(1);
                world.delete(&id).expect("the person is there");
            })
            .apply(self.sandbox.server(), fault)
    }
}
