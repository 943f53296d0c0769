//! Humaans in the suite that every directory passes.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up has failed")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::conformance::{Fault, Harness, Person, Stage, run};
use hris_core::http::{Rate, RetryPolicy};
use hris_core::{Directory, EmployeeId, Secret, Status};
use hris_humaans::Humaans;
use hris_humaans::sandbox::{self, Job, RetryAfter, Sandbox, Token};
use serde_json::{Value, json};

#[tokio::test]
async fn humaans() {
    let summary = run(&HumaansHarness).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 80, "only {} cases ran", summary.passed.len());
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
            .rate_limit(Rate::per_second(10_000).burst(10_000))
            .retry(retry)
            .build()
            .expect("the settings are right");
        Box::new(HumaansStage { sandbox, directory, token, ids: Arc::new(Mutex::new(ids)) })
    }
}

struct HumaansStage {
    sandbox: Sandbox,
    directory: Humaans,
    token: String,
    ids: Arc<Mutex<Vec<String>>>,
}

fn hire(sandbox: &Sandbox, person: &Person) -> String {
    let id = sandbox.hire(record(person));
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

    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        use sandbox::Fault as Here;
        let people = |fault: Here| self.sandbox.inject(fault.on("/people"));
        let once = |fault: Here| self.sandbox.inject(fault.on("/people").once());
        let at = |fault: Here, skip: usize| self.sandbox.inject(fault.on("/people").at_skip(skip));
        let first_row = |change: fn(&mut Value)| {
            Here::edit(move |body| {
                if let Some(row) = body.pointer_mut("/data/0") {
                    change(row);
                }
            })
        };
        let again = |change: fn(&mut Value)| {
            Here::edit(move |body| {
                let Some(rows) = body.get_mut("data").and_then(Value::as_array_mut) else { return };
                let Some(mut copy) = rows.first().cloned() else { return };
                change(&mut copy);
                rows.push(copy);
            })
        };
        match fault {
            Fault::Unauthorised => self.sandbox.revoke(&self.token).expect("the token is there"),
            Fault::RevokedBetweenPages => once(Here::Revoke),
            Fault::Forbidden => people(Here::Status(403)),
            Fault::SecondaryForbidden => self.sandbox.inject(Here::Status(403).on("/job-roles")),
            Fault::SecondaryDown => self.sandbox.inject(Here::Status(500).on("/job-roles")),
            Fault::ListNotFound => people(Here::Status(404)),
            Fault::BadRequest => people(Here::Status(400)),
            Fault::ServerErrorOnce => once(Here::Status(500)),
            Fault::ServerErrors => people(Here::Status(500)),
            Fault::BadGatewayOnce => once(Here::HtmlStatus(502)),
            Fault::BusyOnce => once(Here::Status(503)),
            Fault::RequestTimeoutOnce => once(Here::Status(408)),
            Fault::ThrottledOnce => once(Here::RateLimited(RetryAfter::Text("0".into()))),
            Fault::ThrottledSilentlyOnce => once(Here::RateLimited(RetryAfter::Missing)),
            Fault::ThrottledGarbageOnce => once(Here::RateLimited(RetryAfter::Malformed)),
            Fault::ThrottledForADay => people(Here::RateLimited(RetryAfter::Text("86400".into()))),
            Fault::ThrottledForEver => people(Here::RateLimited(RetryAfter::Text("0".into()))),
            Fault::Created => people(Here::Status(201)),
            Fault::Accepted => people(Here::Status(202)),
            Fault::NoContent => people(Here::Status(204)),
            Fault::PartialContent => people(Here::Status(206)),
            Fault::NotModified => people(Here::Status(304)),
            Fault::RedirectElsewhere => people(Here::Redirect(302, "http://127.0.0.1:9/api/people".into())),
            Fault::RedirectLoop => people(Here::Redirect(302, format!("{}/people", self.sandbox.url()))),
            Fault::LoginPage => people(Here::LoginPage),
            Fault::LoginPageAsJson => people(Here::LoginPageAsJson),
            Fault::TruncatedOnce => once(Here::Truncated),
            Fault::Truncated => people(Here::Truncated),
            Fault::InvalidJson => people(Here::InvalidJson),
            Fault::TrailingGarbage => people(Here::TrailingGarbage),
            Fault::InvalidUtf8 => people(Here::InvalidUtf8),
            Fault::EmptyBody => people(Here::Body(Vec::new())),
            Fault::NullBody => people(Here::Body(b"null".to_vec())),
            Fault::EmptyObject => people(Here::Body(b"{}".to_vec())),
            Fault::WrongEnvelope => people(Here::BareArray),
            Fault::ListOfAnotherType => people(Here::Data(json!("nobody"))),
            Fault::ErrorWithSuccess => {
                people(Here::Body(
                    br#"{"id":"req_x","code":500,"name":"GeneralError","message":"no"}"#.to_vec(),
                ));
            }
            Fault::DeepNesting => people(Here::Body(deep())),
            Fault::HugeBody => people(Here::HugeBody(65 << 20)),
            Fault::DecompressionBomb => people(Here::GzipBomb(80 << 20)),
            Fault::UnknownEncoding => people(Here::Encoding("br-ng".into())),
            Fault::TotalTooHigh => people(Here::TotalOff(3)),
            Fault::TotalTooLow => people(Here::TotalOff(-3)),
            Fault::TotalMissing => people(Here::NoTotal),
            Fault::TotalIsText => people(Here::Total(json!("many"))),
            Fault::TotalNegative => people(Here::Total(json!(-1))),
            Fault::TotalGrows => {
                let total = AtomicI64::new(8);
                people(Here::edit(move |body| body["total"] = json!(total.fetch_add(1, Ordering::Relaxed))));
            }
            Fault::RowRepeated => at(again(|_| {}), 6),
            Fault::RowContradicted => at(again(|row| row["lastName"] = json!("Somebody-Else")), 6),
            Fault::PageRepeated => at(Here::RepeatPage, 3),
            Fault::OffsetIgnored => people(Here::IgnoreSkip),
            Fault::EmptyPageEarly => at(Here::EmptyPage, 3),
            Fault::ShortPageInTheMiddle => at(Here::ShortPage, 3),
            Fault::OrderChanges => people(Here::Shuffle),
            Fault::AddedWhileReading => {
                let ids = self.ids.clone();
                once(Here::then(move |world| {
                    let id = world.hire(record(&Person::number(99)));
                    ids.lock().expect("no test panics here").push(id);
                }));
            }
            Fault::RemovedWhileReading => {
                let ids = self.ids.clone();
                once(Here::then(move |world| {
                    let mut ids = ids.lock().expect("no test panics here");
                    let id = ids.remove(1);
                    world.delete(&id).expect("the person is there");
                }));
            }
            Fault::RecordWithoutId => at(Here::RowWithoutId, 3),
            Fault::RecordMalformed => at(first_row(|row| row["firstName"] = json!({ "de": "Gerd" })), 3),
            Fault::UnknownStatus => at(first_row(|row| row["status"] = json!("sabbatical")), 3),
            Fault::ImpossibleDate => {
                at(
                    first_row(|row| {
                        row["employmentStartDate"] = json!("2025-02-31");
                        row["firstWorkingDay"] = json!("2025-02-31");
                    }),
                    3,
                );
            }
            Fault::ExtraMember => people(Here::edit(|body| {
                for row in body.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
                    row["somethingNew"] = json!({ "deep": [1, 2, { "er": null }] });
                }
            })),
            other => return Err(format!("{other:?} is not known to this harness")),
        }
        Ok(())
    }
}

fn deep() -> Vec<u8> {
    let depth = 100_000;
    let mut body = br#"{"total":1,"limit":3,"skip":0,"data":["#.to_vec();
    body.extend(std::iter::repeat_n(b'[', depth));
    body.extend(std::iter::repeat_n(b']', depth));
    body.extend(b"]}");
    body
}
