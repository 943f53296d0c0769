//! What faults of a vendor cost: a listing of 5,000 people where every tenth answer is a 503, and one where every
//! seventh is cut in the middle of its body. Beside it, the same pages through plain reqwest with a retry: the first,
//! then four at once.
//!
//! `cargo bench -p hris-examples --bench faults` runs it. It prints wall times, their ratio and the limit of ours, and
//! exits with 1 when that is passed. The reference keeps no order: a page that waits does not hold up those after it.
//! The vendor is a thread that serves pages made beforehand. `-- --smoke` goes through all of it with few people and
//! judges no time.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

mod measure;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hris_core::http::{Limits, NetworkTransport, Outgoing, Response, SendError, Transport};
use hris_core::{Date, Directory, ReadRequest, StandardField};
use hris_humaans::sandbox::Sandbox;
use measure::{Result, connector, median};

/// The bodies by path and query.
type Pages = BTreeMap<String, Vec<u8>>;

/// Our wall time in seconds. Nearly all of it is waiting, so it hardly depends on the machine.
const LONGEST: f64 = 0.25;
/// Requests under way at once.
const AT_ONCE: usize = 4;
/// Attempts that the reference has for one page, and the first of its waits at most.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// What every so many answers suffer.
#[derive(Clone, Copy)]
enum Fault {
    Cut,
    Unavailable,
}

const CASES: [(&str, Fault, usize); 2] =
    [("503 every tenth answer", Fault::Unavailable, 10), ("every seventh answer cut", Fault::Cut, 7)];

fn main() -> Result<()> {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let (people, rounds) = if smoke { (300, 1) } else { (5_000, 25) };
    // reqwest wants one even where nothing is encrypted.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut passed = false;
    for (name, fault, every) in CASES {
        let (ours, reference) = runtime.block_on(measure(people, rounds, fault, every))?;
        let ratio = ours / reference;
        println!(
            "{name}, {people} people, wall: {:.0} ms (limit {:.0}), reference {:.0} ms, ratio {ratio:.2}",
            ours * 1_000.0,
            LONGEST * 1_000.0,
            reference * 1_000.0
        );
        passed |= ours > LONGEST;
    }
    if passed && !smoke {
        return Err("a limit is passed".into());
    }
    Ok(())
}

/// The median wall times of ours and of the reference, in rounds that take turns.
async fn measure(people: usize, rounds: usize, fault: Fault, every: usize) -> Result<(f64, f64)> {
    let (pages, base, token) = recorded(people).await?;
    let vendor = Vendor::start(pages, fault, every)?;
    let humaans = connect(&format!("{}{base}", vendor.origin), &token)?.build()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let (mut ours, mut reference) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        vendor.answered.store(0, Ordering::Relaxed);
        let began = Instant::now();
        let snapshot = humaans.snapshot(&request()?).await?;
        ours.push(began.elapsed().as_secs_f64());
        if snapshot.employees().len() != people {
            return Err(format!("{} of {people} people", snapshot.employees().len()).into());
        }

        vendor.answered.store(0, Ordering::Relaxed);
        let began = Instant::now();
        let found = plainly(&client, &vendor, round).await?;
        reference.push(began.elapsed().as_secs_f64());
        if found != people {
            return Err(format!("the reference found {found} of {people} people").into());
        }
    }
    Ok((median(&ours), median(&reference)))
}

fn request() -> Result<ReadRequest> {
    Ok(ReadRequest::new(Date::new(2026, 11, 23)?).with_field(StandardField::Email))
}

fn connect(url: &str, token: &str) -> Result<hris_humaans::Builder> {
    Ok(connector(url, token).concurrency(u32::try_from(AT_ONCE)?))
}

/// All pages of one snapshot, the path that they are beneath, and the token that they were asked for with.
async fn recorded(people: usize) -> Result<(Pages, String, String)> {
    let sandbox = Sandbox::builder().employees(people).plain().start().await?;
    let recorder = Arc::new(Recorder {
        network: NetworkTransport::new(&Limits::default(), None)?,
        pages: Mutex::new(Pages::new()),
    });
    connect(sandbox.url(), sandbox.token())?
        .transport(Arc::clone(&recorder))
        .build()?
        .snapshot(&request()?)
        .await?;
    let pages = std::mem::take(&mut *recorder.pages.lock().unwrap_or_else(PoisonError::into_inner));
    let base = url::Url::parse(sandbox.url())?.path().trim_end_matches('/').to_owned();
    Ok((pages, base, sandbox.token().to_owned()))
}

/// Keeps what the network answers.
#[derive(Debug)]
struct Recorder {
    network: NetworkTransport,
    pages: Mutex<Pages>,
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Outgoing, limits: &Limits) -> std::result::Result<Response, SendError> {
        let url = request.url().clone();
        let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let response = self.network.send(request, limits).await?;
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(target, response.body().to_vec());
        Ok(response)
    }
}

/// A server whose answers fail in turn.
struct Vendor {
    origin: String,
    pages: Arc<Pages>,
    answered: Arc<AtomicUsize>,
}

impl Vendor {
    fn start(pages: Pages, fault: Fault, every: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let origin = format!("http://{}", listener.local_addr()?);
        let (pages, answered) = (Arc::new(pages), Arc::new(AtomicUsize::new(0)));
        let (served, count) = (Arc::clone(&pages), Arc::clone(&answered));
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (served, count) = (Arc::clone(&served), Arc::clone(&count));
                // An error here is a client that went away.
                std::thread::spawn(move || serve(&socket, &served, &count, fault, every));
            }
        });
        Ok(Self { origin, pages, answered })
    }
}

/// Answers the requests of one connection until it ends.
fn serve(
    socket: &TcpStream,
    pages: &Pages,
    answered: &AtomicUsize,
    fault: Fault,
    every: usize,
) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(socket), socket);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        // None of the requests has a body.
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line)?;
        }
        let fails = (answered.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(every);
        let (status, body) = match pages.get(&target) {
            _ if fails && matches!(fault, Fault::Unavailable) => ("503 Service Unavailable", &b"{}"[..]),
            Some(body) => ("200 OK", body.as_slice()),
            None => ("404 Not Found", &b"{}"[..]),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        writer.write_all(head.as_bytes())?;
        if fails && matches!(fault, Fault::Cut) {
            writer.write_all(body.get(..body.len() / 2).unwrap_or_default())?;
            return socket.shutdown(std::net::Shutdown::Both);
        }
        writer.write_all(body)?;
    }
}

/// Every page through plain reqwest, parsed into the connector's wire structs: how many people they hold.
async fn plainly(client: &reqwest::Client, vendor: &Vendor, round: usize) -> Result<usize> {
    let (first, others): (Vec<_>, Vec<_>) =
        vendor.pages.keys().enumerate().partition(|(_, target)| target.ends_with("skip=0"));
    let page = |(number, target): (usize, &String)| {
        let (address, seed) = (format!("{}{target}", vendor.origin), round * 1_000 + number);
        let path = target.split('?').next().unwrap_or_default();
        let list = path.rsplit('/').next().unwrap_or_default().to_owned();
        async move {
            let body = repeated(client, &address, seed).await?;
            let records = match list.as_str() {
                "people" | "job-roles" | "locations" => {
                    hris_humaans::sandbox::measure::parse(&list, &Response::new(200).with_body(body))?.0
                }
                _ => 0,
            };
            Result::Ok(if list == "people" { records } else { 0 })
        }
    };
    // Nobody knows how many pages there are before the first.
    let mut found = 0;
    for pages in [first, others] {
        let counts: Vec<usize> =
            stream::iter(pages).map(page).buffer_unordered(AT_ONCE).try_collect().await?;
        found += counts.iter().sum::<usize>();
    }
    Ok(found)
}

/// One page, with waits that double and are drawn anew (full jitter).
async fn repeated(client: &reqwest::Client, url: &str, seed: usize) -> Result<Vec<u8>> {
    for attempt in 0..ATTEMPTS {
        let answer = async { client.get(url).send().await?.error_for_status()?.bytes().await };
        if let Ok(body) = answer.await {
            return Ok(body.to_vec());
        }
        // Any fixed draw in [0, 1) does, if it differs by page and round.
        let drawn = (f64::from(u32::try_from(seed)?) * 0.618_034 + f64::from(attempt) * 0.414_214).fract();
        tokio::time::sleep((FIRST_WAIT * 2_u32.pow(attempt)).mul_f64(drawn)).await;
    }
    Err(format!("{url}: {ATTEMPTS} attempts failed").into())
}
