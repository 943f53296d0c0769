//! What a snapshot and a plan cost beyond reading the same bytes, and what fetching pages side by
//! side saves. Prints ratios beside their limits and exits with 1 when one is passed.
//!
//! `cargo bench -p hris-examples` runs it. The vendor is the sandbox on loopback in a thread of its
//! own; only the thread that reads is measured, by the operating system's own account of its
//! processor time (Linux). `-- --smoke` goes through all of it with few people and judges no time.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

mod measure;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hris_core::http::{Bearer, Client, Rate, Request};
use hris_core::mapping::{FieldMap, Mapping};
use hris_core::reconcile::{Inputs, Mode, Others, Policy, TargetCapabilities, plan};
use hris_core::{Date, Directory, Field, Link, ReadRequest, Secret, Snapshot, TargetField, User, UserStatus};
use hris_humaans::Humaans;
use hris_humaans::sandbox::Sandbox;
use measure::{Result, connector, median, processor_time};

/// How much is measured.
#[derive(Clone, Copy)]
struct Scale {
    people: usize,
    rounds: usize,
    latency: Duration,
}

const FULL: Scale = Scale { people: 10_000, rounds: 9, latency: Duration::from_millis(50) };
const SMOKE: Scale = Scale { people: 300, rounds: 1, latency: Duration::from_millis(1) };
/// Snapshot and plan, against reading the same bytes into the wire structs.
const MOST_WORK: f64 = 1.5;
/// Pages one after another, against four at once, at 50 ms a request.
const LEAST_SPEED_UP: f64 = 3.5;

fn main() -> Result<()> {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let scale = if smoke { SMOKE } else { FULL };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let work = runtime.block_on(work(scale))?;
    let speed_up = runtime.block_on(speed_up(scale))?;
    let Scale { people, latency, .. } = scale;
    println!(
        "snapshot of {people} people and plan, CPU against reading alone: {work:.2} (limit {MOST_WORK})"
    );
    println!(
        "4 requests at once, wall time against one after another at {latency:?}: {speed_up:.2} (at least {LEAST_SPEED_UP})"
    );
    if smoke {
        return Ok(());
    }
    if work > MOST_WORK || speed_up < LEAST_SPEED_UP {
        return Err("a limit is passed".into());
    }
    Ok(())
}

/// A sandbox in a thread of its own, for as long as the process lives.
fn serve(people: usize, latency: Duration) -> Result<(String, String)> {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let sandbox = Sandbox::builder().employees(people).plain().latency(latency).start().await;
            let Ok(sandbox) = sandbox else { return };
            let _ = tell.send((sandbox.url().to_owned(), sandbox.token().to_owned()));
            std::future::pending::<()>().await;
        });
    });
    Ok(told.recv()?)
}

fn connect(url: &str, token: &str, concurrency: u32) -> Result<Humaans> {
    Ok(connector(url, token).concurrency(concurrency).build()?)
}

/// The median ratio of processor time: snapshot, mapping and plan against reading and parsing alone.
async fn work(scale: Scale) -> Result<f64> {
    let (url, token) = serve(scale.people, Duration::ZERO)?;
    let humaans = connect(&url, &token, 4)?;
    let today = Date::new(2026, 11, 23)?;
    let map = Mapping::standard(humaans.capabilities()).compile(humaans.capabilities())?;
    let policy = Policy::default();
    let request = ReadRequest::new(today)
        .with_fields(map.sources())
        .with_fields(policy.sources().into_iter().map(Into::into));
    let (users, links) = provisioned(&humaans.snapshot(&request).await?, &map);
    let reader = Client::builder(&url)
        .allow_http_loopback()
        .authorization(Bearer::new(Secret::from(token)))
        .rate(Rate::per_second(100_000).burst(100_000))
        .build()?;

    let mut ratios = Vec::new();
    for _ in 0..scale.rounds {
        let before = processor_time()?;
        let snapshot = humaans.snapshot(&request).await?;
        let actions = planned(&humaans, &snapshot, &map, &policy, today, &users, &links)?;
        let whole = processor_time()? - before;
        if actions != 0 {
            return Err(format!("nothing changed, and {actions} actions are planned").into());
        }
        drop(snapshot);

        let before = processor_time()?;
        let mut records = 0;
        for (list, filter) in [("people", Some(("status", "all"))), ("job-roles", None), ("locations", None)]
        {
            records += read_alone(&reader, list, filter).await?;
        }
        let alone = processor_time()? - before;
        if records < 2 * scale.people {
            return Err(format!("only {records} records were read").into());
        }
        ratios.push(whole.as_secs_f64() / alone.as_secs_f64());
    }
    Ok(median(&ratios))
}

/// Reads a list page by page into the connector's own wire structs and drops them.
async fn read_alone(reader: &Client, list: &'static str, filter: Option<(&str, &str)>) -> Result<usize> {
    let (mut records, mut pages) = (0, Vec::new());
    loop {
        let mut request = Request::get("read a list").segments([list]);
        if let Some((name, value)) = filter {
            request = request.query(name, value);
        }
        let request = request.query("$limit", 250).query("$skip", records);
        let (rows, page) = reader
            .exchange(&request, |response| hris_humaans::sandbox::measure::parse(list, response))
            .await?;
        records += rows;
        pages.push(page);
        if rows < 250 {
            return Ok(records);
        }
    }
}

/// Accounts and links as a run would have left them.
fn provisioned(snapshot: &Snapshot, map: &FieldMap) -> (Vec<User>, Vec<Link>) {
    let desired = map.apply(snapshot);
    let targets: Vec<TargetField> = map.targets().cloned().collect();
    let mut users = Vec::new();
    let mut links = Vec::new();
    for (row, person) in snapshot.employees().iter().enumerate() {
        let mut user = User::new(format!("u{row}"), UserStatus::Active);
        user.role = Some("employee".to_owned());
        for target in &targets {
            if let Field::Value(value) = desired.value(row, target) {
                user.put(target, Some(value));
            }
        }
        links.push(Link::new(person.id().clone(), user.id.clone()));
        users.push(user);
    }
    (users, links)
}

fn planned(
    humaans: &Humaans,
    snapshot: &Snapshot,
    map: &FieldMap,
    policy: &Policy,
    today: Date,
    users: &[User],
    links: &[Link],
) -> Result<usize> {
    let inputs = Inputs {
        connection: "bench",
        mode: Mode::Sync,
        snapshot,
        desired: &map.apply(snapshot),
        users,
        links,
        others: &Others::default(),
        judgements: &[],
        target_id: None,
        last: None,
        absent: &BTreeMap::new(),
        target: &TargetCapabilities::full(),
        leavers: humaans.capabilities().leavers,
        config: "",
        removed_in_window: 0,
        now: "2026-11-23T09:00:00Z".parse()?,
    };
    let plan = plan(&inputs, policy, today);
    Ok(plan.actions.len())
}

/// The ratio of wall times at one latency: one after another against four at once.
async fn speed_up(scale: Scale) -> Result<f64> {
    let (url, token) = serve(scale.people, scale.latency)?;
    let request = ReadRequest::new(Date::new(2026, 11, 23)?).with_field(hris_core::StandardField::Email);
    let mut times = Vec::new();
    for concurrency in [1, 4] {
        let humaans = connect(&url, &token, concurrency)?;
        let started = Instant::now();
        humaans.snapshot(&request).await?;
        times.push(started.elapsed().as_secs_f64());
    }
    match times.as_slice() {
        [one, four] => Ok(one / four),
        _ => Err("two measurements are needed".into()),
    }
}
