//! The small vendor in the suite.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::conformance::{CustomFault, Fault, Harness, LookupFault, Person, Stage};
use hris_core::http::{Client, RetryPolicy};
use hris_core::sandbox::{Breakages, Server};
use hris_core::{Directory, EmployeeId};
use serde_json::{Value, json};

use super::acme::{Acme, Badges, Company, Flaw};

pub(crate) struct AcmeHarness(pub(crate) Option<Flaw>);

#[async_trait]
impl Harness for AcmeHarness {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        let mut company = Company {
            people: Vec::new(),
            organisation: "one",
            credential: "ada",
            next: 1,
            revoked: false,
            badges: Badges::One,
        };
        let ids = people.iter().map(|person| hire(&mut company, person)).collect();
        let server = Server::start(company, 0).await.expect("a free port");
        let mut retry = RetryPolicy::default();
        retry.base = Duration::from_millis(1);
        let client = Client::builder(server.url()).transport(server.transport()).allow_http_loopback();
        let client = client.retry(retry).build().expect("the settings are right");
        Box::new(AcmeStage { directory: Acme::new(client, self.0), server, ids: Arc::new(Mutex::new(ids)) })
    }
}

struct AcmeStage {
    server: Server<Company>,
    directory: Acme,
    ids: Arc<Mutex<Vec<EmployeeId>>>,
}

fn record(id: &str, person: &Person) -> Value {
    json!({
        "id": id, "firstName": person.given_name, "lastName": person.family_name, "mail": person.email,
        "status": person.status.as_str(), "start": person.start_date.to_string(),
        "last": person.last_working_day.map(|day| day.to_string()), "job": person.job_title,
        "boss": person.manager.as_ref().map(EmployeeId::as_str),
        "place": person.location.as_ref().map(|name| if name.ends_with("Hill") { "p2" } else { "p1" }),
        "badge": person.custom,
    })
}

fn hire(company: &mut Company, person: &Person) -> EmployeeId {
    let id = format!("a{}", company.next);
    company.next += 1;
    company.people.push(record(&id, person));
    EmployeeId::from(id)
}

impl AcmeStage {
    /// What takes seconds is not looked at again for each flaw.
    fn skip(&self, slow: bool) -> Result<(), String> {
        if slow && self.directory.flaw.is_some() {
            Err("it was looked at already".to_owned())
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl Stage for AcmeStage {
    fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.directory.clone())
    }

    fn ids(&self) -> Vec<EmployeeId> {
        self.ids.lock().expect("no test panics here").clone()
    }

    async fn change(&self, id: &EmployeeId, person: &Person) {
        self.server.change(|company| {
            for row in company.people.iter_mut().filter(|row| row["id"] == id.as_str()) {
                *row = record(id.as_str(), person);
            }
        });
    }

    async fn add(&self, person: &Person) -> EmployeeId {
        let id = self.server.change(|company| hire(company, person));
        self.ids.lock().expect("no test panics here").push(id.clone());
        id
    }

    async fn remove(&self, id: &EmployeeId) {
        self.server.change(|company| company.people.retain(|row| row["id"] != id.as_str()));
        self.ids.lock().expect("no test panics here").retain(|known| known != id);
    }

    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        self.skip(matches!(fault, Fault::HugeBody | Fault::DecompressionBomb))?;
        if fault == Fault::Unauthorised {
            self.server.change(|company| company.revoked = true);
            return Ok(());
        }
        let (added, removed) = (self.ids.clone(), self.ids.clone());
        Breakages::of("/people")
            .beside("/places")
            .status_member("status")
            .date_members(&["start"])
            .adding(move |company: &mut Company| {
                let id = hire(company, &Person::number(99));
                added.lock().expect("no test panics here").push(id);
            })
            .removing(move |company| {
                let id = removed.lock().expect("no test panics here").remove(1);
                company.people.retain(|row| row["id"] != id.as_str());
            })
            .apply(&self.server, fault)
    }

    async fn break_lookup(&self, id: &EmployeeId, fault: LookupFault) -> Result<(), String> {
        self.skip(fault == LookupFault::HugeBody)?;
        Breakages::of("/people").apply_lookup(&self.server, id, fault)
    }

    async fn break_custom(&self, _: &str, fault: CustomFault) -> Result<(), String> {
        self.server.change(|company| match fault {
            CustomFault::Hidden => company.badges = Badges::Hidden,
            _ => company.badges = Badges::Twins,
        });
        Ok(())
    }

    async fn change_organisation(&self) -> Result<(), String> {
        self.server.change(|company| company.organisation = "two");
        Ok(())
    }

    async fn change_credential(&self) -> Result<(), String> {
        self.server.change(|company| company.credential = "bea");
        Ok(())
    }
}
