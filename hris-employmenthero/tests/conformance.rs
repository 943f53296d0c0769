//! Employment Hero in the suite that every directory passes.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::conformance::{CustomFault, Edits, Fault, Harness, LookupFault, Person, Stage, run};
use hris_core::http::RetryPolicy;
use hris_core::sandbox::{Breakages, Fault as Broken};
use hris_core::{Directory, EmployeeId, MemoryTokens, Status, TokenStore};
use hris_employmenthero::EmploymentHero;
use hris_employmenthero::sandbox::{self, Sandbox, World};
use serde_json::json;

#[tokio::test]
async fn employment_hero() {
    let summary = run(&EmploymentHeroHarness).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 115, "only {} cases ran", summary.passed.len());
}

struct EmploymentHeroHarness;

#[async_trait]
impl Harness for EmploymentHeroHarness {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        let free = |behaviour: &mut sandbox::Behaviour| behaviour.limits = None;
        let started = Sandbox::builder().employees(1).plain().behaviour(free).start().await;
        let sandbox = started.expect("a free port");
        let owner = sandbox.people().first().map(|person| person.id.clone()).expect("an owner");
        let ids: Vec<String> = people.iter().map(|person| sandbox.hire(record(person))).collect();
        sandbox.delete(&owner).expect("the owner is there");
        let tokens = MemoryTokens::default();
        assert!(tokens.replace(0, &sandbox.tokens()).await.expect("memory"), "the first grant");
        let tokens: Arc<dyn TokenStore> = Arc::new(tokens);
        let directory = Mutex::new(connect(&sandbox, &tokens, None));
        Box::new(EmploymentHeroStage { sandbox, tokens, directory, ids: Arc::new(Mutex::new(ids)) })
    }

    fn edits(&self) -> Option<Edits> {
        Some(
            Edits::of(hris_employmenthero::KIT)
                .listing("base_url", "https://api.eu.employmenthero.com")
                .neither("base_url", "https://api.employmenthero.com/")
                .listing("organisation", "Mill")
                .listing("archived", "unknown")
                .listing("status_words", json!({"Onboarding": "pending"}))
                .neither("redirect_uri", "https://product.example/callback")
                .neither("auth_url", "https://oauth.example/authorize")
                .neither("token_url", "https://oauth.example/token")
                .neither("scopes", json!(["employees:list"]))
                .neither("scope_notation", "urn")
                .neither("send_scope", true)
                .neither("token_request", "split")
                .neither("page_size", 7)
                .neither("concurrency", 1)
                .neither("rate_limit", json!({"per_second": 1, "per_minute": 10})),
        )
    }
}

fn connect(sandbox: &Sandbox, tokens: &Arc<dyn TokenStore>, organisation: Option<&str>) -> EmploymentHero {
    let mut retry = RetryPolicy::default();
    retry.base = Duration::from_millis(1);
    retry.throttled_base = Duration::from_millis(1);
    let builder = EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .oauth(sandbox.oauth().build().expect("the settings are right"), Arc::clone(tokens))
        .page_size(3)
        .concurrency(4)
        .rate_limit(hris_core::RateLimit::per_second(10_000).per_minute(100_000))
        .retry(retry);
    let builder = match organisation {
        Some(organisation) => builder.organisation(organisation),
        None => builder,
    };
    builder.build().expect("the settings are right")
}

struct EmploymentHeroStage {
    sandbox: Sandbox,
    tokens: Arc<dyn TokenStore>,
    directory: Mutex<EmploymentHero>,
    ids: Arc<Mutex<Vec<String>>>,
}

fn record(person: &Person) -> sandbox::Person {
    let mut record = sandbox::Person::new(person.given_name.clone(), person.family_name.clone())
        .starts(person.start_date.to_string())
        .status(match person.status {
            Status::Pending => "pending",
            Status::Terminated => "terminated",
            _ => "active",
        });
    record = match &person.email {
        Some(email) => record.email(email.clone()),
        None => record.without_email(),
    };
    if let Some(title) = &person.job_title {
        record = record.job(title.clone());
    }
    if let Some(manager) = &person.manager {
        record = record.reports_to(manager.as_str());
    }
    if let Some(place) = &person.location {
        record = record.location(place.clone());
    }
    match person.last_working_day {
        Some(day) => record.ends(day.to_string()),
        None => record,
    }
}

#[async_trait]
impl Stage for EmploymentHeroStage {
    fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.directory.lock().expect("no test panics here").clone())
    }

    fn ids(&self) -> Vec<EmployeeId> {
        self.ids.lock().expect("no test panics here").iter().map(|id| EmployeeId::from(id.as_str())).collect()
    }

    async fn change(&self, id: &EmployeeId, person: &Person) {
        let change = |members: &mut serde_json::Map<String, serde_json::Value>| {
            members.insert("first_name".to_owned(), person.given_name.clone().into());
            members.insert("last_name".to_owned(), person.family_name.clone().into());
            members.insert("job_title".to_owned(), person.job_title.clone().into());
        };
        self.sandbox.update(id.as_str(), change).expect("the person is there");
    }

    async fn add(&self, person: &Person) -> EmployeeId {
        let id = self.sandbox.hire(record(person));
        if let Some(value) = &person.custom {
            self.sandbox.change(|world| {
                let field = world.add_custom_field("Badge");
                world.set_custom(&id, &field, value.clone()).expect("the person is there");
            });
        }
        self.ids.lock().expect("no test panics here").push(id.clone());
        EmployeeId::from(id)
    }

    async fn remove(&self, id: &EmployeeId) {
        self.sandbox.delete(id.as_str()).expect("the person is there");
        self.ids.lock().expect("no test panics here").retain(|known| known != id.as_str());
    }

    async fn break_lookup(&self, id: &EmployeeId, fault: LookupFault) -> Result<(), String> {
        Breakages::of(self.sandbox.path("employees")).apply_lookup(self.sandbox.server(), id, fault)
    }

    async fn break_custom(&self, _: &str, fault: CustomFault) -> Result<(), String> {
        match fault {
            CustomFault::Hidden => {
                let of_each = format!("{}/*", self.sandbox.path("employees"));
                for path in [self.sandbox.path("custom_fields"), of_each] {
                    self.sandbox.server().inject(Broken::Status(403).on(path));
                }
            }
            CustomFault::Twin => {
                self.sandbox.change(|world| world.add_custom_field("Badge"));
            }
            other => return Err(format!("{other:?} is not known here")),
        }
        Ok(())
    }

    async fn change_organisation(&self) -> Result<(), String> {
        let former = self.sandbox.organisation().to_owned();
        self.sandbox.add_organisation("Another Cafe", false);
        self.sandbox.change(|world| world.remove_organisation(&former)).expect("the organisation is there");
        Ok(())
    }

    /// A grant is told by the organisations that it sees.
    async fn change_credential(&self) -> Result<(), String> {
        self.sandbox.add_organisation("Another Cafe", false);
        let directory = connect(&self.sandbox, &self.tokens, Some(&self.sandbox.organisation()));
        *self.directory.lock().expect("no test panics here") = directory;
        Ok(())
    }

    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        if fault == Fault::Unauthorised {
            self.sandbox.revoke_all();
            return Ok(());
        }
        let (added, removed) = (self.ids.clone(), self.ids.clone());
        Breakages::of(self.sandbox.path("employees"))
            .beside(self.sandbox.path("custom_fields"))
            .status_member("status")
            .date_members(&["start_date"])
            .adding(move |world: &mut World| {
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
