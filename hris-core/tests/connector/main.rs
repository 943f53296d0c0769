//! What the kit for connectors does with lists, records, settings and refusals.
#![cfg(feature = "connector")]
// Helpers of tests may break off like tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod assembly;
mod config;
mod crowd;
mod custom;
mod paging;
mod person;
mod searching;
mod source;

use std::sync::{Arc, Mutex};

use hris_core::connector::{Assembly, Crowd, List, Paging, Run};
use hris_core::http::{Client, FnTransport, Listed, Outgoing, Response};
use hris_core::{Employee, Error, ReadRequest, Result};
use serde_json::{Value, json};

hris_core::record! {
    /// A person on the wire.
    struct Person {
        id { "id" }
        text { name = "name", status = "status", changed = "changed" }
        asked { "shoe" }
        others Dropped
    }
}

/// What was sent: the method, the path with its query, and the body.
type Sent = Arc<Mutex<Vec<(&'static str, String, Value)>>>;

/// A client whose requests this answers, and what it sent.
fn vendor(answer: impl Fn(&Outgoing) -> Response + Send + Sync + 'static) -> (Client, Sent) {
    let sent = Sent::default();
    let kept = sent.clone();
    let transport = FnTransport::new(move |outgoing: Outgoing| {
        let url = outgoing.url();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let body = outgoing.body().map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
        let line = (outgoing.method().as_str(), format!("{}{query}", url.path()), body);
        kept.lock().unwrap().push(line);
        let answer = answer(&outgoing);
        async move { Ok(answer) }
    });
    let client = Client::builder("https://hr.example").concurrency(4).seed(1).transport(transport);
    (client.build().unwrap(), sent)
}

fn ok(body: &Value) -> Response {
    Response::new(200).with_body(body.to_string())
}

/// So many people from this one on: p1, p2, and so on.
fn people(from: usize, count: usize) -> Vec<Value> {
    (from..from + count).map(|n| json!({"id": format!("p{n}"), "name": format!("Name {n}")})).collect()
}

fn list(paging: Paging) -> List<Person> {
    List::new("list people", ["people"], paging).page_size(2)
}

fn everything() -> ReadRequest {
    ReadRequest::everything("2026-11-23".parse().unwrap())
}

fn as_it_is(error: Error, _: &'static str) -> Error {
    error
}

/// Reads the whole list.
async fn read(client: &Client, list: &List<Person>) -> Result<Listed<Person>> {
    Run::new(client, 1, as_it_is, &everything()).people(list).await
}

/// These rows as a list that came in one answer.
async fn listed(rows: Value) -> Listed<Person> {
    let (client, _) = vendor(move |_| ok(&rows));
    read(&client, &list(Paging::WHOLE)).await.unwrap()
}

fn ids(rows: &[Person]) -> Vec<&str> {
    rows.iter().map(|row| row.notes.id.as_deref().unwrap_or("?")).collect()
}

/// What came of a listing, in one line.
fn outcome(result: &Result<Listed<Person>>) -> String {
    match result {
        Ok(listed) => format!("{} {:?}", ids(&listed.rows).join(" "), listed.proof),
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}
