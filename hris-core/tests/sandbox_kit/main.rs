//! The kit for fake vendors, held against three that look nothing alike.
#![cfg(all(feature = "sandbox", feature = "conformance"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod bytes;
mod pages;
mod rules;

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hris_core::http::{
    Client, Limits, NetworkTransport, Outgoing, Request, Response, RetryPolicy, SendError, Transport,
};
use hris_core::sandbox::{
    Allowance, Answer, CANARY, Envelope, Fault, Injection, RateLimit, Received, RetryAfter, Server, World,
};
use serde_json::{Value, json};

/// A vendor of invented people `{"id":1,"firstName":"P1"}`, whose lists look as its envelope says.
struct Vendor {
    people: Vec<Value>,
    envelope: Envelope,
    limits: Vec<RateLimit>,
    tokens: Vec<String>,
}

/// `[…]`, pages by number, totals in headers.
const NUMBERED: fn() -> Envelope = || {
    Envelope::bare()
        .total_header("total-objects")
        .pages_header("total-pages")
        .by_number("page", "per_page")
        .page_size(3, 50)
};

/// `{"data":{"items":[…],"total_items":…,"total_pages":…}}`, pages by offset.
const NESTED: fn() -> Envelope = || {
    Envelope::rows("/data/items")
        .total_at("/data/total_items")
        .pages_at("/data/total_pages")
        .by_offset("skip", "limit")
        .page_size(3, 50)
};

/// `[…]` of everybody.
const WHOLE: fn() -> Envelope = Envelope::bare;

impl Vendor {
    fn of(envelope: fn() -> Envelope, people: usize) -> Self {
        let person = |id| json!({ "id": id, "firstName": format!("P{id}") });
        Self {
            people: (1..=people).map(person).collect(),
            envelope: envelope(),
            limits: Vec::new(),
            tokens: vec!["good".to_owned()],
        }
    }

    async fn start(self) -> Server<Self> {
        Server::start(self, 0).await.unwrap()
    }

    /// The credential stands in the header or in the query.
    fn credential(request: &Received) -> Option<&str> {
        request.bearer().or_else(|| request.parameter("token"))
    }

    fn list(&self, request: &Received) -> Answer {
        let (skip, size) = match self.envelope == WHOLE() {
            true => (0, usize::MAX),
            false => (self.envelope.skip(request), self.envelope.size(request)),
        };
        let rows: Vec<&Value> = self.people.iter().skip(skip).take(size).collect();
        let (total, pages) = (self.people.len(), self.people.len().div_ceil(size));
        if self.envelope == NESTED() {
            let data = json!({ "items": rows, "total_items": total, "total_pages": pages });
            return Answer::json(&json!({ "data": data }));
        }
        let answer = Answer::json(&rows);
        if self.envelope == WHOLE() {
            return answer;
        }
        answer.header("Total-Objects", total.to_string()).header("Total-Pages", pages.to_string())
    }
}

impl World for Vendor {
    fn base(&self) -> &str {
        "/api"
    }

    fn envelope(&self) -> Envelope {
        self.envelope
    }

    fn secrets(&self) -> &[&str] {
        &["token", "client_secret", "x-key"]
    }

    fn limits(&self, request: &Received) -> Vec<(String, RateLimit)> {
        let of = Self::credential(request).unwrap_or_default();
        self.limits.iter().map(|limit| (of.to_owned(), *limit)).collect()
    }

    fn answer(&mut self, request: &Received) -> Answer {
        if !Self::credential(request).is_some_and(|token| self.tokens.iter().any(|known| known == token)) {
            return self.refuse(request, 401);
        }
        match (request.method.as_str(), request.segments().as_slice()) {
            ("GET", [people]) if people == "people" => self.list(request),
            ("POST", [people]) if people == "people" => {
                let Some(person) = request.json::<Value>() else { return self.refuse(request, 400) };
                self.people.push(person.clone());
                Answer::json(&person).status(201)
            }
            ("POST", [echo]) if echo == "echo" => Answer::json(&request.form()),
            ("GET", [echo, id]) if echo == "echo" => Answer::json(id),
            _ => self.refuse(request, 404),
        }
    }

    fn refuse(&self, request: &Received, status: u16) -> Answer {
        let body = json!({ "message": CANARY, "request": request.number });
        Answer::json(&body).status(status)
    }

    fn revoke(&mut self, request: &Received) {
        self.tokens.retain(|known| Some(known.as_str()) != Self::credential(request));
    }

    fn finish(&self, _: &Received, answer: &mut Answer, allowances: &[Allowance]) {
        for allowance in allowances {
            answer.headers.push(("X-Remaining".to_owned(), allowance.remaining.to_string()));
        }
    }
}

/// What came of a request, before any client made something of it.
type Raw = Result<Response, String>;

/// A transport that keeps what the one beneath gave.
struct Probe(Box<dyn Transport>, Arc<Mutex<Option<Raw>>>);

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

#[async_trait]
impl Transport for Probe {
    async fn send(&self, request: Outgoing, limits: &Limits) -> Result<Response, SendError> {
        let result = self.0.send(request, limits).await;
        let kept = result.as_ref().map(Clone::clone).map_err(ToString::to_string);
        *self.1.lock().unwrap() = Some(kept);
        result
    }
}

/// A way to a vendor, in memory or over the network, that shows what it got.
struct Way(Client, Arc<Mutex<Option<Raw>>>);

impl Way {
    fn memory(vendor: &Server<Vendor>) -> Self {
        Self::through(vendor, Box::new(vendor.transport()))
    }

    fn network(vendor: &Server<Vendor>) -> Self {
        Self::through(vendor, Box::new(NetworkTransport::new(&Limits::default(), None).unwrap()))
    }

    fn through(vendor: &Server<Vendor>, transport: Box<dyn Transport>) -> Self {
        let last = Arc::default();
        let mut limits = Limits::default();
        limits.body = 1 << 20;
        let client = Client::builder(vendor.url())
            .allow_http_loopback()
            .transport(Probe(transport, Arc::clone(&last)))
            .retry(RetryPolicy::never())
            .limits(limits)
            .header("authorization", "Bearer good")
            .build()
            .unwrap();
        Self(client, last)
    }

    async fn send(&self, request: Request) -> Raw {
        *self.1.lock().unwrap() = None;
        // What a client makes of it is not looked at here.
        let _whatever = self.0.send(&request).await;
        self.1.lock().unwrap().take().expect("it was sent")
    }

    async fn people(&self, query: &[(&str, usize)]) -> Raw {
        let request = Request::get("list people").segments(["people"]);
        self.send(query.iter().fold(request, |request, (name, value)| request.query(name, value))).await
    }

    async fn status(&self) -> u16 {
        self.people(&[]).await.unwrap().status()
    }
}

/// Headers whose names a test may look for, without those of the web server.
fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.header(name)
}

fn value(raw: &Raw) -> Value {
    serde_json::from_slice(raw.as_ref().unwrap().body()).unwrap()
}

/// The ids of the rows, wherever they are.
fn ids(raw: &Raw) -> Vec<u64> {
    let body = value(raw);
    let rows = body.as_array().or_else(|| body["data"]["items"].as_array()).unwrap();
    rows.iter().map(|row| row["id"].as_u64().unwrap_or_default()).collect()
}
