//! Freshteam in the suite that every directory passes.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hris_core::conformance::{CustomFault, Edits, Fault, Harness, LookupFault, Person, Stage, run};
use hris_core::sandbox::{Breakages, Fault as Broken};
use hris_core::{Directory, EmployeeId, Secret, Status};
use hris_freshteam::Freshteam;
use hris_freshteam::sandbox::{self, Company, Sandbox, Units};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn freshteam() {
    let summary = run(&FreshteamHarness).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 115, "only {} cases ran", summary.passed.len());
}

struct FreshteamHarness;

#[async_trait]
impl Harness for FreshteamHarness {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        let sandbox = Sandbox::builder().employees(0).start().await.expect("a free port");
        let ids: Vec<String> =
            people.iter().map(|person| sandbox.change(|company| hire(company, person))).collect();
        let directory = Mutex::new(connect(&sandbox, sandbox.subdomain()));
        Box::new(FreshteamStage { sandbox, directory, ids: Arc::new(Mutex::new(ids)) })
    }

    fn edits(&self) -> Option<Edits> {
        Some(
            Edits::of(hris_freshteam::KIT)
                .base("subdomain", "acme")
                .listing("subdomain", "other")
                .neither("subdomain", "https://acme.freshteam.com/home")
                .listing("base_url", "http://127.0.0.1:9/api")
                .listing("listings", json!(["status=active", "status=inactive", "deleted=true"]))
                .listing("sort", "last_name")
                .neither("rate_share", 0.5)
                .neither("key_owner", "ada@mill.example")
                .neither("new_hires", false)
                .neither("page_size", 7)
                .neither("concurrency", 1),
        )
    }
}

/// In memory, so that the minutes that Freshteam's limits ask for take none.
fn connect(sandbox: &Sandbox, subdomain: &str) -> Freshteam {
    Freshteam::builder()
        .subdomain(subdomain)
        .api_key(Secret::from(sandbox.key().to_owned()))
        .transport(sandbox.transport())
        .page_size(3)
        .concurrency(4)
        .build()
        .expect("the settings are right")
}

fn hire(company: &mut Company, person: &Person) -> String {
    let mut record = record(person);
    if let Some(place) = &person.location {
        record = record.set("branch_id", company.add_unit(Units::Branches, place));
    }
    if let Some(value) = &person.custom {
        record = record.custom("badge_cf_str01", value.clone());
    }
    company.hire(record)
}

struct FreshteamStage {
    sandbox: Sandbox,
    directory: Mutex<Freshteam>,
    ids: Arc<Mutex<Vec<String>>>,
}

fn record(person: &Person) -> sandbox::Person {
    let mut record = sandbox::Person::new(person.given_name.clone(), person.family_name.clone())
        .starts(person.start_date.to_string())
        .set("designation", person.job_title.clone());
    if let Some(day) = person.last_working_day {
        record = record.set("termination_date", day.to_string());
    }
    if person.status == Status::Terminated {
        record = record.set("status", "inactive").set("terminated", true);
    }
    if let Some(manager) = &person.manager {
        record = record.reports_to(manager.as_str());
    }
    match &person.email {
        Some(email) => record.email(email.clone()),
        None => record.without_email(),
    }
}

#[async_trait]
impl Stage for FreshteamStage {
    fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.directory.lock().expect("no test panics here").clone())
    }

    fn ids(&self) -> Vec<EmployeeId> {
        self.ids.lock().expect("no test panics here").iter().map(|id| EmployeeId::from(id.as_str())).collect()
    }

    async fn change(&self, id: &EmployeeId, person: &Person) {
        let change = |company: &mut Company| {
            company.update(id.as_str(), |members| {
                members.insert("first_name".to_owned(), person.given_name.clone().into());
                members.insert("last_name".to_owned(), person.family_name.clone().into());
                members.insert("designation".to_owned(), person.job_title.clone().into());
            })
        };
        self.sandbox.change(change).expect("the person is there");
    }

    async fn add(&self, person: &Person) -> EmployeeId {
        let id = self.sandbox.change(|company| hire(company, person));
        self.ids.lock().expect("no test panics here").push(id.clone());
        EmployeeId::from(id)
    }

    async fn remove(&self, id: &EmployeeId) {
        self.sandbox.change(|company| company.delete_for_ever(id.as_str())).expect("the person is there");
        self.ids.lock().expect("no test panics here").retain(|known| known != id.as_str());
    }

    async fn break_lookup(&self, id: &EmployeeId, fault: LookupFault) -> Result<(), String> {
        Breakages::of("/employees").apply_lookup(self.sandbox.server(), id, fault)
    }

    async fn break_custom(&self, _: &str, fault: CustomFault) -> Result<(), String> {
        match fault {
            // They stand on a person's own record.
            CustomFault::Hidden => {
                let strip = |record: &mut serde_json::Value| {
                    record.as_object_mut().map(|members| members.remove("custom_field_values"));
                };
                self.sandbox.server().inject(Broken::edit(strip).on("/employees/*"));
                Ok(())
            }
            _ => Err("Freshteam knows a field by its key, and no two have the same".to_owned()),
        }
    }

    /// An account is told by its address.
    async fn change_organisation(&self) -> Result<(), String> {
        *self.directory.lock().expect("no test panics here") = connect(&self.sandbox, "another");
        Ok(())
    }

    async fn change_credential(&self) -> Result<(), String> {
        Err("Freshteam does not tell whose an API key is".to_owned())
    }

    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        if fault == Fault::Unauthorised {
            self.sandbox.change(|company| company.revoke(self.sandbox.key()));
            return Ok(());
        }
        let (added, removed) = (self.ids.clone(), self.ids.clone());
        Breakages::of("/employees")
            .beside("/departments")
            .status_member("status")
            .date_members(&["joining_date"])
            .adding(move |company: &mut Company| {
                let id = company.hire(record(&Person::number(99)));
                added.lock().expect("no test panics here").push(id);
            })
            .removing(move |company| {
                let mut ids = removed.lock().expect("no test panics here");
                let id = ids.remove(1);
                company.delete_for_ever(&id).expect("the person is there");
            })
            .apply(self.sandbox.server(), fault)
    }
}
