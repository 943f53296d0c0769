//! The account's limit is never passed, and the share of it that we may use is used.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hris_core::http::{FnTransport, Outgoing, Response, SendError};
use hris_core::{Date, Directory, ReadRequest, Secret, SourceField, StandardField};
use hris_freshteam::Freshteam;
use serde_json::{Value, json};
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// An account that counts its requests as the vendor does: over the last minute, and another
/// integration's with them.
struct Account {
    people: usize,
    limit: usize,
    /// Requests of another integration at the start of every minute.
    others: usize,
    started: Instant,
    sent: Mutex<Vec<Instant>>,
    refused: Mutex<usize>,
}

impl Account {
    fn new(people: usize, limit: usize, others: usize) -> Arc<Self> {
        let (sent, refused) = (Mutex::new(Vec::new()), Mutex::new(0));
        Arc::new(Self { people, limit, others, started: Instant::now(), sent, refused })
    }

    fn directory(self: &Arc<Self>, share: f64) -> Freshteam {
        let account = Arc::clone(self);
        let transport = FnTransport::new(move |request: Outgoing| {
            let account = Arc::clone(&account);
            async move {
                let answer = account.answer(&request);
                // Not always equally fast.
                let delay = 150 + 37 * (account.sent.lock().unwrap().len() as u64 % 9);
                tokio::time::sleep(Duration::from_millis(delay)).await;
                Ok::<_, SendError>(answer)
            }
        });
        Freshteam::builder()
            .subdomain("acme")
            .api_key(Secret::from("key".to_owned()))
            .rate_share(share)
            .transport(transport)
            .build()
            .expect("the settings are right")
    }

    fn answer(&self, request: &Outgoing) -> Response {
        let now = Instant::now();
        let mut sent = self.sent.lock().unwrap();
        let own = sent.iter().rev().take_while(|at| now.duration_since(**at) < MINUTE).count();
        sent.push(now);
        let used = own + 1 + if self.started.elapsed().as_secs() % 60 < 30 { self.others } else { 0 };
        let limits = |response: Response| {
            response
                .with_header("X-RateLimit-Total", self.limit.to_string())
                .with_header("X-RateLimit-Remaining", self.limit.saturating_sub(used).to_string())
                .with_header("X-RateLimit-Used-CurrentRequest", "1")
        };
        if used > self.limit {
            *self.refused.lock().unwrap() += 1;
            return limits(Response::new(429));
        }
        let url = request.url();
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let value =
            |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let person =
            |id: usize| json!({ "id": 6_000_000_000_u64 + id as u64, "status": "active", "first_name": "A" });
        let body = match url.path() {
            "/api/employees" => {
                let total = if value("status") == Some("active") { self.people } else { 0 };
                let page: usize = value("page").expect("a page").parse().expect("a number");
                let from = (page - 1) * 50;
                let rows: Vec<Value> = (from..total.min(from + 50)).map(person).collect();
                let response = Response::new(200).with_header("Total-Objects", total.to_string());
                return limits(response.with_body(Value::from(rows).to_string()));
            }
            path => {
                let id =
                    path.strip_prefix("/api/employees/").expect("a person").parse::<u64>().expect("an id");
                json!({ "id": id, "status": "active", "custom_field_values": { "locker": format!("B-{id}") } })
            }
        };
        limits(Response::new(200).with_body(body.to_string()))
    }

    /// The most requests in any minute, wherever it begins.
    fn busiest_minute(&self) -> usize {
        let sent = self.sent.lock().unwrap();
        let within = |from: usize| sent[from..].iter().take_while(|at| **at < sent[from] + MINUTE).count();
        (0..sent.len()).map(within).max().unwrap_or(0)
    }
}

fn request(fields: &[&str]) -> ReadRequest {
    let fields = fields.iter().map(|field| field.parse::<SourceField>().expect("a field"));
    ReadRequest::new(Date::new(2026, 11, 23).expect("a day"))
        .with_field(StandardField::Email)
        .with_fields(fields)
}

/// Reads so many people, each with a record of their own. How many minutes it took, and the share of
/// what was allowed in them that was used.
async fn read(account: &Arc<Account>, share: f64) -> (f64, f64) {
    let directory = account.directory(share);
    let began = Instant::now();
    let snapshot = directory.snapshot(&request(&["custom.locker"])).await.expect("whole");
    assert_eq!(snapshot.people() as usize, account.people);
    assert!(snapshot.employees().iter().all(|person| person.custom().len() == 1), "everybody's record");
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let requests = account.sent.lock().unwrap().len() as f64;
    assert_eq!(snapshot.requests() as f64, requests);
    (minutes, requests / (minutes * account.limit as f64 * share))
}

#[tokio::test(start_paused = true)]
async fn five_thousand_people_at_fifty_a_minute() {
    let account = Account::new(5_000, 50, 0);
    let (minutes, used) = read(&account, 0.8).await;
    assert!(account.busiest_minute() <= 50, "{} in one minute", account.busiest_minute());
    assert!(account.busiest_minute() <= 41, "no more than the share and the one that ends the minute");
    assert!(used >= 0.95, "{used} of the share in {minutes} minutes");
    assert_eq!(*account.refused.lock().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn every_limit_and_share() {
    for (limit, share, people) in [(10, 0.8, 300), (50, 1.0, 1_000), (100, 0.5, 1_000), (200, 0.8, 1_500)] {
        let account = Account::new(people, limit, 0);
        let (minutes, used) = read(&account, share).await;
        assert!(account.busiest_minute() <= limit, "{} of {limit}", account.busiest_minute());
        assert!(used >= 0.95 || minutes < 2.0, "{used} of {share} of {limit} in {minutes} minutes");
        assert_eq!(*account.refused.lock().unwrap(), 0, "{limit} {share}");
    }
}

#[tokio::test(start_paused = true)]
async fn others_who_use_the_account_are_left_their_part() {
    // The other integration takes 45 of 50 for half of every minute.
    let account = Account::new(200, 50, 45);
    let (minutes, _) = read(&account, 0.8).await;
    assert!(account.busiest_minute() <= 50);
    let refused = *account.refused.lock().unwrap();
    assert!(
        refused <= 5,
        "{refused} refused in {minutes} minutes: whoever is told that little is left waits"
    );
}

#[tokio::test(start_paused = true)]
async fn the_cost_is_told_beforehand_and_is_what_it_takes() {
    for (fields, expected) in [
        (&["given_name"][..], "102 requests, about 3 min at 40 a minute"),
        (&["custom.locker"], "5,102 requests, about 2 h 8 min at 40 a minute"),
    ] {
        let account = Account::new(5_000, 50, 0);
        let directory = account.directory(0.8);
        let cost = directory.cost(&request(fields)).await.expect("an answer").expect("a cost");
        assert_eq!(cost.to_string(), expected);
        assert_eq!(cost.asked, 2);
        account.sent.lock().unwrap().clear();
        let snapshot = directory.snapshot(&request(fields)).await.expect("whole");
        assert_eq!(snapshot.requests(), cost.requests, "{fields:?}");
    }
}
