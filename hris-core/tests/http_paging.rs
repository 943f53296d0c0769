//! A listing is whole or it is an error, whatever the vendor does meanwhile.
#![cfg(feature = "http")]
// Helpers of tests may break off like tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hris_core::http::{
    Client, FnTransport, Listed, Listing, Options, Outgoing, Page, Position, Proof, Rate, Request, Response,
    RetryPolicy, list_all,
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

    fn request(&self, at: Position) -> Request {
        let request = Request::get(self.label()).segments(["people"]).query("limit", self.size);
        if self.numbered { request.query("page", at.page) } else { request.query("skip", at.offset) }
    }

    fn read(&self, response: &Response) -> Result<Page<Row>> {
        let read: Envelope = response.json()?;
        Ok(Page::new(read.data)
            .with_total(read.total.and_then(|total| total.as_u64()))
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
async fn rows_inserted_or_deleted_while_listing_are_seen_and_listed_again() {
    for place in [0, 30, 60] {
        let insert = fault(move |world, asked| {
            if asked.number == 3 {
                world.people.insert(place, json!({ "id": "new", "name": "New" }));
            }
            world.honest(asked)
        });
        let listed = list(World::of(100), 4, insert).await.unwrap();
        assert_eq!((listed.rows.len(), listed.listings, listed.repeated.len()), (101, 2, 0));
        let delete = fault(move |world, asked| {
            if asked.number == 3 {
                world.people.remove(place);
            }
            world.honest(asked)
        });
        let listed = list(World::of(100), 4, delete).await.unwrap();
        assert_eq!((listed.rows.len(), listed.listings), (99, 2));
    }
}

#[tokio::test]
async fn a_list_that_never_rests_is_refused() {
    let grows = fault(|world, asked| {
        world.people.push(json!({ "id": format!("q{}", asked.number), "name": "Q" }));
        world.honest(asked)
    });
    check("grows", 100, grows, &format!("{REFUSED}the total changed from …")).await;
}

#[tokio::test]
async fn a_total_that_lies_is_refused() {
    for (told, reason) in [
        (110, "the total says 110, there were 100 different rows"),
        (1_000_000, "the total says 1000000, there were 100 different rows"),
        (90, "more than the 90 rows that the total says"),
        (75, "more than the 75 rows that the total says"),
        (60, "more than the 60 rows that the total says"),
        (0, "more than the 0 rows that the total says"),
        (u64::MAX, "the total says 18446744073709551615, there were 100 different rows"),
    ] {
        let lies = fault(move |world, asked| json!({ "total": told, "data": world.rows(asked) }));
        check("total lies", 100, lies, &refused(reason)).await;
    }
}

#[tokio::test]
async fn without_a_usable_total_the_list_is_read_to_an_empty_page_and_the_proof_is_weaker() {
    for told in [json!(null), json!(-1), json!("100"), json!(1.5), json!([100])] {
        let mute = fault(move |world, asked| json!({ "total": told, "data": world.rows(asked) }));
        check(
            "no total",
            100,
            mute,
            "100 rows, total None, End, listing 1, repeated [], no id 0, oversized 0",
        )
        .await;
    }
    let half = fault(|world, asked| match asked.skip {
        0 => world.honest(asked),
        _ => json!({ "data": world.rows(asked) }),
    });
    check("total on the first page only", 100, half, &refused("the total changed from 100 to none")).await;
}

#[tokio::test]
async fn past_the_end_the_total_may_be_left_out() {
    let silent = fault(|world, asked| match world.rows(asked) {
        rows if rows.is_empty() => json!({ "data": rows }),
        _ => world.honest(asked),
    });
    check("silent end", 100, silent, WHOLE).await;
}

#[tokio::test]
async fn a_short_page_in_the_middle_is_not_the_end() {
    // Ten rows where 25 were asked for; the next page must begin after the ten.
    let short = fault(|world, asked| {
        let limit = if asked.skip == 25 { 10 } else { asked.limit };
        world.honest(Asked { limit, ..asked })
    });
    check("short page", 100, short, WHOLE).await;
    let first = fault(|world, asked| {
        let limit = if asked.skip == 0 { 1 } else { asked.limit };
        world.honest(Asked { limit, ..asked })
    });
    check("short first page", 100, first, WHOLE).await;
}

#[tokio::test]
async fn an_empty_page_before_the_total_is_refused_unless_it_passes() {
    let early =
        fault(
            |world, asked| {
                if asked.skip == 50 { json!({ "total": 100, "data": [] }) } else { world.honest(asked) }
            },
        );
    check("empty early", 100, early, &refused("the total says 100, there were 50 different rows")).await;
    let never = fault(|_, _| json!({ "total": 100, "data": [] }));
    check("empty at once", 100, never, &refused("the total says 100, there were 0 different rows")).await;
    let once =
        fault(
            |world, asked| {
                if asked.number == 3 { json!({ "total": 100, "data": [] }) } else { world.honest(asked) }
            },
        );
    check("empty once", 100, once, "100 rows, total Some(100), Total, listing 2…").await;
    let promised = fault(|world, asked| {
        let rows = world.rows(asked);
        json!({ "total": 100, "last": false, "data": rows })
    });
    check("promises more", 100, promised, &refused("an empty page that is not the last")).await;
}

#[tokio::test]
async fn a_clamped_page_size_is_followed() {
    for clamp in [1, 7, 10, 24] {
        let clamped =
            fault(move |world, asked| world.honest(Asked { limit: asked.limit.min(clamp), ..asked }));
        check("clamp", 100, clamped, WHOLE).await;
    }
    // A clamp together with a total that lies too low must not end the list at the clamp.
    let both = fault(|world, asked| {
        let rows = world.rows(Asked { limit: asked.limit.min(10), ..asked });
        json!({ "total": 50, "data": rows })
    });
    check("clamp and lie", 100, both, &refused("more than the 50 rows that the total says")).await;
}

#[tokio::test]
async fn more_rows_than_asked_for_are_taken_and_noted() {
    let large = fault(|world, asked| world.honest(Asked { limit: 40, ..asked }));
    let noted = "100 rows, total Some(100), Total, listing 1, repeated [], no id 0, oversized 2";
    check("large pages", 100, large, noted).await;
    let everything = fault(|world, asked| world.honest(Asked { limit: 1_000, ..asked }));
    let noted = "100 rows, total Some(100), Total, listing 1, repeated [], no id 0, oversized 1";
    check("everything at once", 100, everything, noted).await;
}

#[tokio::test]
async fn pages_that_come_back_are_refused() {
    let ignored =
        fault(|world, asked| json!({ "total": 100, "data": world.rows(Asked { skip: 0, ..asked }) }));
    check("offset ignored", 100, ignored, &refused("page 2 brought no new row")).await;
    let cyclic = fault(|world, asked| {
        let skip = asked.skip % 50;
        json!({ "total": 100, "data": world.rows(Asked { skip, ..asked }) })
    });
    check("A-B-A-B", 100, cyclic, &refused("page 3 brought no new row")).await;
    let mute = fault(|world, asked| json!({ "data": world.rows(Asked { skip: asked.skip % 50, ..asked }) }));
    check("A-B-A-B without a total", 100, mute, &refused("page 3 brought no new row")).await;
    let told = fault(|world, asked| world.honest(Asked { skip: 0, ..asked }));
    check("offset ignored and told", 100, told, "Mismatch: list people: page 2 answers another request")
        .await;
}

#[tokio::test]
async fn a_page_number_that_answers_another_page_is_a_mismatch() {
    let crossed = fault(|world, asked| {
        let page = asked.skip / 25;
        json!({ "total": 100, "page": if page == 2 { 3 } else { page }, "data": world.rows(asked) })
    });
    let numbered = People { numbered: true, ..PEOPLE };
    let error =
        list_all(&client(World::of(100), 4, crossed), &numbered, &Options::default()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Mismatch, "list people: page 3 answers another request")
    );
}

#[tokio::test]
async fn endless_lists_end() {
    let endless = fault(|_, asked| {
        let rows: Vec<_> = (0..25).map(|n| person(asked.skip as u64 + n)).collect();
        json!({ "data": rows })
    });
    check("endless", 0, endless, &refused("no end after 10000 pages")).await;
    // Without ids nothing repeats, so only the count of rows can tell.
    let nameless = fault(|_, _| json!({ "data": [{ "name": "x" }] }));
    check("endless without ids", 0, nameless, &refused("no end after 10000 pages")).await;
    // Each page one known person and one new one: always something new, never the end.
    let crawling = fault(|_, asked| {
        let n = asked.number;
        json!({ "total": 100, "data": [person(0), { "id": "dup", "name": "x" }, person(9_000 + n)] })
    });
    check("crawling", 0, crawling, &format!("{REFUSED}…")).await;
}

#[tokio::test]
async fn an_order_that_changes_is_refused() {
    let shuffled = fault(|world, asked| {
        world.people.rotate_left(13);
        json!({ "total": 100, "data": world.rows(asked) })
    });
    check("order changes", 100, shuffled, &format!("{REFUSED}…")).await;
}

#[tokio::test]
async fn an_id_that_stays_twice_is_accepted_once_its_total_agrees() {
    let same = fault(|world, asked| {
        let mut rows = world.rows(asked);
        if asked.skip == 25 {
            rows.insert(1, person(3));
        }
        // The vendor counts people, and its pages begin after people.
        json!({ "total": 100, "data": rows })
    });
    // By rows received the next page would begin one too late, so such a list is not provable
    // unless the page is numbered.
    let numbered = People { numbered: true, ..PEOPLE };
    let listed = list_all(&client(World::of(100), 4, same), &numbered, &Options::default()).await;
    let twice = "100 rows, total Some(100), Total, listing 2, repeated [\"p0003\"], no id 0, oversized 1";
    assert_eq!(outcome(&listed), twice);
}

#[tokio::test]
async fn rows_that_disagree_under_one_id_are_both_given_and_named() {
    let differs = fault(|world, asked| {
        let mut rows = world.rows(asked);
        if asked.skip == 75 {
            rows.push(json!({ "id": "p0099", "name": "Somebody else" }));
        }
        json!({ "total": 100, "data": rows })
    });
    let listed = list(World::of(100), 4, differs.clone()).await.unwrap();
    assert_eq!(listed.rows.len(), 101);
    assert_eq!(listed.listings, 2);
    assert_eq!(listed.rows.iter().filter(|row| row.id.as_deref() == Some("p0099")).count(), 2);
    assert!(listed.repeated[0].conflicting && listed.repeated[0].id == "p0099");
    assert_eq!(outcome(&list(World::of(100), 1, differs).await), outcome(&Ok(listed)));
}

#[tokio::test]
async fn an_id_that_takes_the_place_of_another_is_refused() {
    let instead = fault(|world, asked| {
        let mut rows = world.rows(asked);
        if asked.skip == 25 {
            rows[0] = person(3);
        }
        json!({ "total": 100, "data": rows })
    });
    check("instead", 100, instead, &refused("the total says 100, there were 99 different rows")).await;
}

#[tokio::test]
async fn rows_without_an_id_are_kept_and_counted() {
    let nameless = fault(|world, asked| {
        let mut rows = world.rows(asked);
        if asked.skip == 25 {
            rows[0]["id"] = json!(null);
        }
        json!({ "total": 100, "data": rows })
    });
    check(
        "no id",
        100,
        nameless,
        "100 rows, total Some(100), Total, listing 1, repeated [], no id 1, oversized 0",
    )
    .await;
}

fn answering(answer: impl Fn(u64, &Outgoing) -> Response + Send + Sync + 'static) -> Client {
    let count = AtomicU64::new(0);
    Client::builder("https://hr.example")
        .seed(1)
        .transport(FnTransport::new(move |outgoing| {
            let answer = answer(count.fetch_add(1, Ordering::Relaxed) + 1, &outgoing);
            async move { Ok(answer) }
        }))
        .build()
        .unwrap()
}

fn honest(outgoing: &Outgoing) -> Response {
    let asked = Asked { number: 0, skip: number(outgoing, "skip").unwrap(), limit: 25 };
    Response::new(200).with_body(World::of(100).honest(asked).to_string())
}

#[tokio::test]
async fn a_later_page_that_is_refused_begins_the_listing_again() {
    for (status, number_of_refusals, expected) in
        [(410, 1, "100 rows, total Some(100), Total, listing 2…"), (400, 9, REFUSED)]
    {
        let refusals = AtomicU64::new(number_of_refusals);
        let client = answering(move |_, outgoing| {
            let later = number(outgoing, "skip") == Some(50);
            let left = |left: u64| left.checked_sub(1);
            if later && refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok() {
                return Response::new(status);
            }
            honest(outgoing)
        });
        let told = outcome(&list_all(&client, &PEOPLE, &Options::default()).await);
        assert!(told.starts_with(expected.trim_end_matches('…')), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_list_is_never_an_empty_one() {
    for (status, body, kind) in [
        (404, "", ErrorKind::Protocol),
        (400, "{}", ErrorKind::Rejected),
        (401, "", ErrorKind::Auth),
        (403, "", ErrorKind::Permission),
        (201, r#"{"total":0,"data":[]}"#, ErrorKind::Protocol),
        (202, r#"{"total":0,"data":[]}"#, ErrorKind::Protocol),
        (204, "", ErrorKind::Protocol),
        (206, r#"{"total":0,"data":[]}"#, ErrorKind::Protocol),
        (304, "", ErrorKind::Protocol),
        (302, "", ErrorKind::Protocol),
        (200, "", ErrorKind::Protocol),
        (200, "null", ErrorKind::Protocol),
        (200, "{}", ErrorKind::Protocol),
        (200, "[]", ErrorKind::Protocol),
        (200, r#"{"error":"no"}"#, ErrorKind::Protocol),
        (200, r#"{"total":0,"data":null}"#, ErrorKind::Protocol),
        (200, r#"{"total":0,"data":{}}"#, ErrorKind::Protocol),
        (200, r#"{"total":0,"data":[]}{"total":0,"data":[]}"#, ErrorKind::Protocol),
        (200, r#"{"total":0,"data":["#, ErrorKind::Protocol),
        (200, "  <html>Sign in</html>", ErrorKind::Protocol),
    ] {
        let client = answering(move |_, _| Response::new(status).with_body(body));
        let error = list_all(&client, &PEOPLE, &Options::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_fail_end_alike_one_at_a_time_and_four_at_a_time() {
    for concurrency in [1, 4] {
        let client = answering(|_, outgoing| match number(outgoing, "skip") {
            Some(50) => Response::new(403),
            Some(75) => Response::new(500),
            _ => honest(outgoing),
        });
        let listed = list_all(&client, &PEOPLE, &Options::default().concurrency(concurrency)).await;
        assert_eq!(listed.unwrap_err().to_string(), "list people: HTTP 403", "{concurrency} at once");
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

#[tokio::test]
async fn numbered_pages_may_be_clamped_too() {
    let clamped = fault(|world, asked| {
        let page = asked.skip / asked.limit;
        json!({ "total": 100, "page": page, "data": world.rows(Asked { skip: page * 10, limit: 10, ..asked }) })
    });
    let numbered = People { numbered: true, ..PEOPLE };
    for concurrency in [1, 4] {
        let client = client(World::of(100), concurrency, clamped.clone());
        let listed = list_all(&client, &numbered, &Options::default().concurrency(concurrency)).await;
        assert_eq!(outcome(&listed), WHOLE);
    }
}

/// A vendor of `people` that takes 50 ms a request, and notes when each arrived and how many
/// were under way at once.
fn slow(
    people: u64,
    rate: Option<Rate>,
    concurrency: usize,
) -> (Client, Arc<Mutex<Vec<Duration>>>, Arc<AtomicUsize>) {
    let (arrivals, peak, under_way) =
        (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let (noted, highest) = (arrivals.clone(), peak.clone());
    let world = Arc::new(World::of(people));
    let transport = FnTransport::new(move |outgoing: Outgoing| {
        let (world, under_way, noted, highest) =
            (world.clone(), under_way.clone(), noted.clone(), highest.clone());
        async move {
            noted.lock().unwrap().push(started.elapsed());
            highest.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(50)).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            let asked = Asked {
                number: 0,
                skip: number(&outgoing, "skip").unwrap(),
                limit: number(&outgoing, "limit").unwrap(),
            };
            Ok(Response::new(200).with_body(world.honest(asked).to_string()))
        }
    });
    let mut builder = Client::builder("https://hr.example").concurrency(concurrency).transport(transport);
    if let Some(rate) = rate {
        builder = builder.rate(rate);
    }
    (builder.build().unwrap(), arrivals, peak)
}

#[tokio::test(start_paused = true)]
async fn four_at_a_time_take_eleven_round_trips_for_forty_pages() {
    // 39 pages follow the first one: ten rounds of four, so 11 × 50 ms against 40 × 50 ms.
    let mut took = Vec::new();
    for concurrency in [1, 4] {
        let started = Instant::now();
        let (client, _, peak) = slow(999, None, concurrency);
        let listed = list_all(&client, &PEOPLE, &Options::default().concurrency(concurrency)).await.unwrap();
        assert_eq!((listed.rows.len(), listed.requests), (999, 40));
        assert_eq!(peak.load(Ordering::SeqCst), concurrency);
        took.push(started.elapsed().as_millis());
    }
    assert_eq!(took, [2_000, 550]);
}

#[tokio::test(start_paused = true)]
async fn the_clients_own_bound_holds_below_that_of_the_listing() {
    let (client, _, peak) = slow(999, None, 2);
    list_all(&client, &PEOPLE, &Options::default().concurrency(16)).await.unwrap();
    assert_eq!(peak.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_never_passed_and_nearly_all_of_it_is_used() {
    for (rate, burst) in [(5, 1), (20, 1), (50, 1), (20, 10), (3, 1)] {
        let (client, arrivals, _) = slow(4_999, Some(Rate::per_second(rate).burst(burst)), 8);
        list_all(&client, &PEOPLE, &Options::default().concurrency(8)).await.unwrap();
        let arrivals = arrivals.lock().unwrap();
        assert_eq!(arrivals.len(), 200);
        let second = Duration::from_secs(1);
        for (first, at) in arrivals.iter().enumerate() {
            let window = arrivals[first..].iter().take_while(|later| **later < *at + second).count();
            assert!(
                window <= (rate + burst - 1) as usize,
                "{window} in one second at {rate} a second, burst {burst}"
            );
        }
        let (all, time) = (arrivals.len() as f64 - 1.0, arrivals.last().unwrap().as_secs_f64());
        assert!(all / time >= 0.95 * f64::from(rate), "{:.2} used of {rate}", all / time);
    }
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_holds_everybody_and_loses_nobody() {
    // The vendor allows ten requests in each second, and says so only by refusing.
    let windows = Arc::new(Mutex::new(BTreeMap::<u64, u64>::new()));
    let refusals = Arc::new(AtomicU64::new(0));
    let (seen, refused) = (windows.clone(), refusals.clone());
    let started = Instant::now();
    let client = Client::builder("https://hr.example")
        .concurrency(4)
        .seed(7)
        .transport(FnTransport::new(move |outgoing: Outgoing| {
            let (seen, refused) = (seen.clone(), refused.clone());
            async move {
                let count = *seen
                    .lock()
                    .unwrap()
                    .entry(started.elapsed().as_secs())
                    .and_modify(|n| *n += 1)
                    .or_insert(1);
                sleep(Duration::from_millis(20)).await;
                if count > 10 {
                    refused.fetch_add(1, Ordering::Relaxed);
                    return Ok(Response::new(429).with_header("retry-after", "1"));
                }
                Ok(honest_of(&outgoing, 1_490))
            }
        }))
        .build()
        .unwrap();
    let listed = list_all(&client, &PEOPLE, &Options::default()).await.unwrap();
    assert_eq!(listed.rows.len(), 1_490);
    // In each second at most the four under way are refused, then all wait together.
    let refusals = refusals.load(Ordering::Relaxed);
    assert!(refusals <= 4 * windows.lock().unwrap().len() as u64, "{refusals}");
    assert_eq!(client.requests(), 60 + refusals);
}

fn honest_of(outgoing: &Outgoing, people: u64) -> Response {
    let asked = Asked { number: 0, skip: number(outgoing, "skip").unwrap(), limit: 25 };
    Response::new(200).with_body(World::of(people).honest(asked).to_string())
}

#[derive(Clone, Debug)]
enum Change {
    Add(usize),
    Remove(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![(0..200_usize).prop_map(Change::Add), (0..200_usize).prop_map(Change::Remove),]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1_000), failure_persistence: None, ..ProptestConfig::default() })]

    /// With at most one change between two requests, and each vendor total true at its moment:
    /// a listing holds everybody who was there all the time, or it is refused.
    #[test]
    fn people_who_were_there_all_the_time_are_never_missing(
        people in 0_u64..120,
        size in 1_u64..40,
        concurrency in 1_usize..6,
        numbered: bool,
        changes in prop::collection::btree_map(1_u64..30, change(), 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let always = Arc::new(Mutex::new((0..people).map(|n| format!("p{n:04}")).collect::<BTreeSet<_>>()));
        let ever = Arc::new(Mutex::new(always.lock().unwrap().clone()));
        let (still, known) = (always.clone(), ever.clone());
        let wrong = fault(move |world, asked| {
            let length = world.people.len();
            match changes.get(&asked.number) {
                Some(Change::Add(place)) => {
                    let id = format!("n{:04}", asked.number);
                    known.lock().unwrap().insert(id.clone());
                    world.people.insert(place % (length + 1), json!({ "id": id, "name": "New" }));
                }
                Some(Change::Remove(place)) if length > 0 => {
                    let gone = world.people.remove(place % length);
                    still.lock().unwrap().remove(gone["id"].as_str().unwrap());
                }
                _ => {}
            }
            json!({ "total": world.people.len(), "data": world.rows(asked) })
        });
        let listing = People { size, numbered };
        let client = client(World::of(people), concurrency, wrong);
        match runtime.block_on(list_all(&client, &listing, &Options::default().concurrency(concurrency))) {
            Ok(listed) => {
                let ids: BTreeSet<_> = listed.rows.iter().filter_map(|row| row.id.clone()).collect();
                prop_assert_eq!(ids.len(), listed.rows.len());
                prop_assert_eq!(Some(ids.len() as u64), listed.total);
                prop_assert!(listed.repeated.is_empty());
                prop_assert_eq!(listed.proof, Proof::Total);
                let always = always.lock().unwrap();
                prop_assert!(always.is_subset(&ids), "missing {:?}", always.difference(&ids).collect::<Vec<_>>());
                prop_assert!(ids.is_subset(&ever.lock().unwrap()));
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Incomplete),
        }
    }

    /// Whatever sizes a vendor gives its pages, and however many are asked for at once, the same
    /// list comes out.
    #[test]
    fn pages_of_any_size_give_the_same_list(
        people in 0_u64..150,
        size in 1_u64..40,
        concurrency in 1_usize..6,
        sizes in prop::collection::vec(20_usize..60, 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let uneven = fault(move |world, asked| {
            // The size hangs on the place alone, as it must for the same answer twice.
            let limit = sizes[asked.skip % sizes.len()].min(asked.limit + 5);
            world.honest(Asked { limit, ..asked })
        });
        let listing = People { size, numbered: false };
        let run = |concurrency| {
            let client = client(World::of(people), concurrency, uneven.clone());
            runtime.block_on(list_all(&client, &listing, &Options::default().concurrency(concurrency)))
        };
        let (one, many) = (run(1), run(concurrency));
        prop_assert_eq!(outcome(&one), outcome(&many));
        if let Ok(listed) = one {
            let ids: Vec<_> = listed.rows.iter().filter_map(|row| row.id.clone()).collect();
            prop_assert_eq!(ids, (0..people).map(|n| format!("p{n:04}")).collect::<Vec<_>>());
        }
    }
}

#[test]
fn listing_can_be_awaited_on_any_thread() {
    fn send<T: Send>(_: &T) {}
    let client = answering(|_, outgoing| honest(outgoing));
    let options = Options::default();
    send(&list_all(&client, &PEOPLE, &options));
    send(&client.send(&Request::get("read")));
    let _ = RetryPolicy::never();
}
