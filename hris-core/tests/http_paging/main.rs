//! A listing is whole or it is an error, whatever the vendor does meanwhile.
#![cfg(feature = "http")]
// Helpers of tests may break off like tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod answers;
mod faults;
mod moving;
mod speed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hris_core::http::{
    Client, FnTransport, Listed, Listing, Options, Outgoing, Page, Position, Proof, Rate, Request, Response,
    RetryPolicy, Total, list_all,
};
use hris_core::{ErrorKind, Result};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Row {
    id: Option<String>,
    name: String,
}

#[derive(Deserialize)]
struct Envelope {
    total: Option<Value>,
    skip: Option<u64>,
    page: Option<u64>,
    last: Option<bool>,
    data: Vec<Row>,
}

struct People {
    size: u64,
    numbered: bool,
}

const PEOPLE: People = People { size: 25, numbered: false };

impl Listing for People {
    type Row = Row;

    fn label(&self) -> &'static str {
        "list people"
    }

    fn page_size(&self) -> u64 {
        self.size
    }

    fn request(&self, at: &Position) -> Request {
        let request = Request::get(self.label()).segments(["people"]).query("limit", self.size);
        if self.numbered { request.query("page", at.page) } else { request.query("skip", at.offset) }
    }

    fn read(&self, response: &Response) -> Result<Page<Row>> {
        let read: Envelope = response.json()?;
        Ok(Page::new(read.data)
            .with_total(match read.total {
                None | Some(Value::Null) => Total::Missing,
                Some(total) => total.as_u64().map_or(Total::Unusable, Total::Known),
            })
            .with_offset(read.skip)
            .with_page(read.page)
            .with_last(read.last))
    }

    fn id<'r>(&self, row: &'r Row) -> Option<&'r str> {
        row.id.as_deref()
    }

    fn same(&self, one: &Row, other: &Row) -> bool {
        one == other
    }
}

/// A vendor's list, and what was asked of it.
struct World {
    people: Vec<Value>,
    asked: u64,
}

#[derive(Clone, Copy)]
struct Asked {
    /// Counts from 1 over all requests.
    number: u64,
    skip: usize,
    limit: usize,
}

fn person(n: u64) -> Value {
    json!({ "id": format!("p{n:04}"), "name": format!("Name {n}") })
}

impl World {
    fn of(people: u64) -> Self {
        Self { people: (0..people).map(person).collect(), asked: 0 }
    }

    fn rows(&self, asked: Asked) -> Vec<Value> {
        self.people.iter().skip(asked.skip).take(asked.limit).cloned().collect()
    }

    fn honest(&self, asked: Asked) -> Value {
        json!({ "total": self.people.len(), "skip": asked.skip, "data": self.rows(asked) })
    }
}

type Fault = Arc<dyn Fn(&mut World, Asked) -> Value + Send + Sync>;

fn fault(fault: impl Fn(&mut World, Asked) -> Value + Send + Sync + 'static) -> Fault {
    Arc::new(fault)
}

fn number(outgoing: &Outgoing, name: &str) -> Option<usize> {
    outgoing.query(name).and_then(|text| text.parse().ok())
}

fn client(world: World, concurrency: usize, fault: Fault) -> Client {
    let world = Arc::new(Mutex::new(world));
    Client::builder("https://hr.example")
        .concurrency(concurrency)
        .seed(1)
        .transport(FnTransport::new(move |outgoing| {
            let limit = number(&outgoing, "limit").unwrap();
            let skip =
                number(&outgoing, "skip").or(number(&outgoing, "page").map(|page| page * limit)).unwrap();
            let mut world = world.lock().unwrap();
            world.asked += 1;
            let asked = Asked { number: world.asked, skip, limit };
            let answer = fault(&mut world, asked);
            async move { Ok(Response::new(200).with_body(answer.to_string())) }
        }))
        .build()
        .unwrap()
}

async fn list(world: World, concurrency: usize, fault: Fault) -> Result<Listed<Row>> {
    list_all(&client(world, concurrency, fault), &PEOPLE, &Options::default().concurrency(concurrency)).await
}

fn outcome(listed: &Result<Listed<Row>>) -> String {
    match listed {
        Ok(listed) => {
            let repeated =
                listed.repeated.iter().map(|one| one.id.clone() + if one.conflicting { "!" } else { "" });
            format!(
                "{} rows, total {:?}, {:?}, listing {}, repeated {:?}, no id {}, oversized {}",
                listed.rows.len(),
                listed.total,
                listed.proof,
                listed.listings,
                repeated.collect::<Vec<_>>(),
                listed.unidentified,
                listed.oversized
            )
        }
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

/// Whatever the vendor does, one page at a time and four at a time end alike.
async fn check(name: &str, people: u64, wrong: Fault, expected: &str) {
    for concurrency in [1, 4] {
        let listed = list(World::of(people), concurrency, wrong.clone()).await;
        let told = outcome(&listed);
        assert!(
            if let Some(start) = expected.strip_suffix('…') {
                told.starts_with(start)
            } else {
                told == expected
            },
            "{name}, {concurrency} at once:\n  expected {expected}\n  told     {told}"
        );
        if let Ok(listed) = listed {
            let ids: Vec<_> = listed.rows.iter().filter_map(|row| row.id.clone()).collect();
            assert!(ids.is_sorted(), "{name}, {concurrency} at once: order");
        }
    }
}

const REFUSED: &str = "Incomplete: list people: not proven whole in 3 listings, the last: ";
const WHOLE: &str = "100 rows, total Some(100), Total, listing 1, repeated [], no id 0, oversized 0";

fn refused(reason: &str) -> String {
    format!("{REFUSED}{reason}")
}

#[tokio::test]
async fn honest_lists_of_every_size_are_whole_in_one_listing() {
    for people in [0, 1, 24, 25, 26, 49, 50, 51, 99, 100, 101, 1_000] {
        let whole = format!(
            "{people} rows, total Some({people}), Total, listing 1, repeated [], no id 0, oversized 0"
        );
        check("honest", people, fault(|world, asked| world.honest(asked)), &whole).await;
    }
}

#[tokio::test]
async fn a_full_last_page_costs_one_more_request_and_a_short_one_none() {
    for (people, requests) in [(0, 1), (10, 1), (25, 2), (26, 2), (100, 5), (90, 4)] {
        for concurrency in [1, 4] {
            let listed = list(World::of(people), concurrency, fault(|world, asked| world.honest(asked)))
                .await
                .unwrap();
            assert_eq!(listed.requests, requests, "{people} people, {concurrency} at once");
        }
    }
}

#[tokio::test]
async fn progress_is_told_after_each_page() {
    let told = Mutex::new(Vec::new());
    let note = |progress: hris_core::http::Progress| {
        told.lock().unwrap().push((progress.listing, progress.rows, progress.total))
    };
    let client = client(World::of(60), 4, fault(|world, asked| world.honest(asked)));
    list_all(&client, &PEOPLE, &Options::default().progress(&note)).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [(1, 25, Some(60)), (1, 50, Some(60)), (1, 60, Some(60))]);
}
