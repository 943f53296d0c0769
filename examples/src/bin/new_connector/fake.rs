//! A fake Birch, and how the suite breaks it. It is made of Birch's own pages, never of the connector.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::conformance::{CustomFault, Edits, Fault, Harness, LookupFault, Person, Stage};
use hris_core::connector::RateLimit;
use hris_core::http::RetryPolicy;
use hris_core::sandbox::{Answer, Breakages, Envelope, Received, Server, World};
use hris_core::{Directory, EmployeeId, Secret, Status};
use serde_json::{Value, json};

use super::birch::{Birch, BirchKit, Builder};

/// The company that the fake plays.
#[derive(Default)]
pub(crate) struct Company {
    pub(crate) people: Vec<Value>,
    offices: Vec<Value>,
    account: &'static str,
    owner: &'static str,
    hired: u64,
    revoked: bool,
}

impl World for Company {
    fn envelope(&self) -> Envelope {
        let envelope = Envelope::rows("/items").total_at("/total").by_offset("skip", "limit");
        envelope.page_size(100, 100).text("first_name")
    }

    fn answer(&mut self, request: &Received) -> Answer {
        // The user is `secret`, the password `x`.
        if self.revoked || request.header("authorization") != Some("Basic c2VjcmV0Ong=") {
            return self.refuse(request, 401);
        }
        let segments = request.segments();
        match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["v1", "account"] => {
                Answer::json(&json!({ "id": self.account, "name": "Birch Bakery", "key_owner": self.owner }))
            }
            ["v1", "offices"] => Answer::json(&self.offices),
            ["v1", "people"] => {
                let (skip, size) = (self.envelope().skip(request), self.envelope().size(request));
                let rows: Vec<&Value> = self.people.iter().skip(skip).take(size).collect();
                Answer::json(&json!({ "total": self.people.len(), "skip": skip, "items": rows }))
            }
            ["v1", "people", id] => match self.people.iter().find(|person| person["id"] == *id) {
                Some(person) => Answer::json(person),
                None => self.refuse(request, 404),
            },
            _ => self.refuse(request, 404),
        }
    }

    fn refuse(&self, _: &Received, status: u16) -> Answer {
        Answer::json(&json!({ "error": "refused", "message": hris_core::sandbox::OWN_WORDS })).status(status)
    }

    fn revoke(&mut self, _: &Received) {
        self.revoked = true;
    }
}

impl Company {
    pub(crate) fn hire(&mut self, person: &Person) -> EmployeeId {
        self.hired += 1;
        let id = format!("b{}", self.hired);
        let office = person.location.as_ref().map(|place| {
            let office = format!("o{}", self.offices.len());
            self.offices.push(json!({ "id": office, "name": place }));
            office
        });
        self.people.push(record(&id, person, office));
        EmployeeId::from(id)
    }
}

fn record(id: &str, person: &Person, office: Option<String>) -> Value {
    let state = match person.status {
        Status::Pending => "joining",
        Status::Terminated => "left",
        _ => "employed",
    };
    json!({
        "id": id, "first_name": person.given_name, "last_name": person.family_name, "email": person.email,
        "state": state, "job": person.job_title, "manager_id": person.manager.as_ref().map(EmployeeId::as_str),
        "first_day": person.start_date.to_string(), "last_day": person.last_working_day.map(|day| day.to_string()),
        "office_id": office, "bank_account": hris_core::sandbox::CANARY,
    })
}

/// Starts fakes for the suite.
pub(crate) struct BirchHarness;

/// A fake with its people, and the connector that reads it.
pub(crate) struct BirchStage {
    pub(crate) server: Server<Company>,
    pub(crate) birch: Birch,
    ids: Arc<Mutex<Vec<EmployeeId>>>,
}

impl BirchStage {
    pub(crate) async fn start(people: &[Person]) -> Result<Self, Box<dyn std::error::Error>> {
        let mut company = Company { account: "one", owner: "ada", ..Company::default() };
        let ids = people.iter().map(|person| company.hire(person)).collect();
        let server = Server::start(company, 0).await?;
        let mut retry = RetryPolicy::default();
        (retry.base, retry.throttled_base) = (Duration::from_millis(1), Duration::from_millis(1));
        let birch = Builder::default()
            .base_url(format!("{}/v1", server.url()))
            .allow_http_loopback()
            .transport(server.transport())
            .key(Secret::from("secret".to_owned()))
            .page_size(3)
            .rate_limit(RateLimit::per_second(10_000).burst(10_000))
            .retry(retry)
            .build()?;
        Ok(Self { server, birch, ids: Arc::new(Mutex::new(ids)) })
    }
}

#[async_trait]
impl Harness for BirchHarness {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        match BirchStage::start(people).await {
            Ok(stage) => Box::new(stage),
            Err(error) => panic!("no fake: {error}"),
        }
    }

    fn edits(&self) -> Option<Edits> {
        Some(
            Edits::of(&BirchKit)
                .listing("base_url", "https://eu.birch.example/v1")
                .listing("former", false)
                .neither("page_size", 7)
                .neither("concurrency", 1)
                .neither("rate_limit", json!({"per_second": 1})),
        )
    }
}

#[async_trait]
impl Stage for BirchStage {
    fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.birch.clone())
    }

    fn ids(&self) -> Vec<EmployeeId> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn change(&self, id: &EmployeeId, person: &Person) {
        self.server.change(|company| {
            for row in company.people.iter_mut().filter(|row| row["id"] == id.as_str()) {
                *row = record(id.as_str(), person, None);
            }
        });
    }

    async fn add(&self, person: &Person) -> EmployeeId {
        let id = self.server.change(|company| company.hire(person));
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
        id
    }

    async fn remove(&self, id: &EmployeeId) {
        self.server.change(|company| company.people.retain(|row| row["id"] != id.as_str()));
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != id);
    }

    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        if fault == Fault::Unauthorised {
            self.server.change(|company| company.revoked = true);
            return Ok(());
        }
        let (added, removed) = (Arc::clone(&self.ids), Arc::clone(&self.ids));
        Breakages::of("/v1/people")
            .beside("/v1/offices")
            .status_member("state")
            .date_members(&["first_day"])
            .adding(move |company: &mut Company| {
                let id = company.hire(&Person::number(99));
                added.lock().unwrap_or_else(PoisonError::into_inner).push(id);
            })
            .removing(move |company| {
                let id = removed.lock().unwrap_or_else(PoisonError::into_inner).remove(1);
                company.people.retain(|row| row["id"] != id.as_str());
            })
            .apply(&self.server, fault)
    }

    async fn break_lookup(&self, id: &EmployeeId, fault: LookupFault) -> Result<(), String> {
        Breakages::of("/v1/people").apply_lookup(&self.server, id, fault)
    }

    async fn break_custom(&self, _: &str, _: CustomFault) -> Result<(), String> {
        Err("Birch has no custom fields".to_owned())
    }

    async fn change_organisation(&self) -> Result<(), String> {
        self.server.change(|company| company.account = "two");
        Ok(())
    }

    async fn change_credential(&self) -> Result<(), String> {
        self.server.change(|company| company.owner = "bea");
        Ok(())
    }
}
