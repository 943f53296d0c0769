//! What a run costs that has nothing to change, against reading the same people and dropping them.
//!
//! `cargo bench -p hris-examples --bench no_change` runs it; `-- --smoke` takes seconds and looks only
//! whether it works. The vendor is a process of its own that answers with pages which were made beforehand.
//! Each piece of work runs in a process of its own too, and the rounds take turns. It reads the operating
//! system's own account of memory and processor time (Linux).

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

mod measure;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hris_core::mapping::Mapping;
use hris_core::reconcile::{Policy, Safeguards};
use hris_core::{Directory, ReadRequest, TimeZone, Timestamp};
use hris_humaans::sandbox::Sandbox;
use hris_reconcile::Runner;
use hris_reconcile::store::SqliteStore;
use hris_reconcile::targets::SqliteTarget;
use measure::{Result, Rounds, apart, connector, since, tell};

const PEOPLE: usize = 100_000;
const ROUNDS: usize = 5;
/// The wall time of a run against that of reading alone.
const MOST: f64 = 1.1;
/// The memory of a run, in MiB.
const MOST_MEMORY: f64 = 30.0;

const FETCH: &str = "read alone";
const RUN: &str = "run without a change";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => rounds(PEOPLE, ROUNDS, true),
        ["--smoke"] => rounds(1_000, 1, false),
        // Others than the usual number, to see how cost grows.
        ["--people", people] => rounds(people.parse()?, ROUNDS, false),
        ["vendor", people] => vendor(people.parse()?),
        [FETCH, url, token] => fetch(url, token),
        ["first", url, token, folder] => run(url, token, Path::new(folder), true),
        [RUN, url, token, folder] => run(url, token, Path::new(folder), false),
        _ => Err("it takes --smoke, --people N or nothing".into()),
    }
}

fn rounds(people: usize, rounds: usize, judged: bool) -> Result<()> {
    let vendor = Vendor::start(people)?;
    let folder = tempfile::tempdir()?;
    let files = folder.path().to_string_lossy().into_owned();
    let first = apart(&["first", &vendor.url, &vendor.token, &files])?;
    println!("the first run made everybody's account in {:.1} s", first.wall);
    let before = std::fs::read(folder.path().join("users.db"))?;
    let mut all = Rounds::default();
    for _ in 0..rounds {
        all.enter(FETCH, apart(&[FETCH, &vendor.url, &vendor.token])?);
        all.enter(RUN, apart(&[RUN, &vendor.url, &vendor.token, &files])?);
    }
    if std::fs::read(folder.path().join("users.db"))? != before {
        return Err("a run without a change wrote to the accounts".into());
    }
    println!("{people} people, {rounds} rounds, medians\n");
    all.print(&[FETCH, RUN], (people, "people/s"));
    let wall = |name| all.median(name, |cost| cost.wall);
    let (ratio, peak) = (wall(RUN) / wall(FETCH), all.median(RUN, |cost| cost.peak));
    println!("\nwall of {RUN:?} against {FETCH:?}: {ratio:.2} (at most {MOST})");
    println!("peak of {RUN:?}: {peak:.0} MiB (at most {MOST_MEMORY})");
    if judged && (ratio > MOST || peak > MOST_MEMORY) { Err("a limit is passed".into()) } else { Ok(()) }
}

fn now() -> Result<Timestamp> {
    Ok("2026-11-23T09:00:00Z".parse()?)
}

/// Accounts for everybody, without invitations.
fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.invite = false;
    policy
}

fn fetch(url: &str, token: &str) -> Result<()> {
    let humaans = connector(url, token).build()?;
    let map = Mapping::standard(humaans.capabilities()).compile(humaans.capabilities())?;
    let request: ReadRequest =
        policy().request(&map, humaans.capabilities(), now()?.date_in(&TimeZone::utc()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let snapshot = runtime.block_on(humaans.snapshot(&request))?;
    let wall = since(began);
    if snapshot.people() == 0 {
        return Err("nobody was read".into());
    }
    tell(wall)
}

fn run(url: &str, token: &str, folder: &Path, first: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let humaans = connector(url, token).build()?;
        let began = Instant::now();
        let target = Arc::new(SqliteTarget::open(folder.join("users.db")).await?);
        let store = Arc::new(SqliteStore::open(folder.join("state.db")).await?);
        let runner = Runner::builder(humaans, target.clone(), store.clone())
            .policy(policy())
            .safeguards(Safeguards::default())
            .build()?;
        let report = runner.run(now()?).await?;
        let wall = since(began);
        if report.actions.is_empty() == first {
            return Err(format!("{} actions", report.actions.len()).into());
        }
        drop(runner);
        target.close().await?;
        if let Some(store) = Arc::into_inner(store) {
            store.close().await?;
        }
        tell(wall)
    })
}

/// The vendor's process, which ends with this value.
struct Vendor {
    process: Child,
    url: String,
    token: String,
}

impl Vendor {
    fn start(people: usize) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["vendor", &people.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let told = process.stdout.take().ok_or("the vendor has no output")?;
        BufReader::new(told).read_line(&mut line)?;
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            [url, token] => Ok(Self { url: url.to_owned(), token: token.to_owned(), process }),
            _ => Err("the vendor did not start".into()),
        }
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Answers by their requests, as the sandbox gave them.
type Pages = Arc<Mutex<HashMap<String, Arc<Vec<u8>>>>>;

/// A sandbox, and before it a server that asks it everything once only.
fn vendor(people: usize) -> Result<()> {
    let (say, said) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let sandbox = Sandbox::builder().employees(people).plain().start().await;
            let Ok(sandbox) = sandbox else { return };
            let _ = say.send((sandbox.url().to_owned(), sandbox.token().to_owned()));
            std::future::pending::<()>().await;
        });
    });
    let (origin, token) = said.recv()?;
    let origin = origin.trim_start_matches("http://");
    let (authority, path) = origin.split_once('/').unwrap_or((origin, ""));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}/{path} {token}", listener.local_addr()?);
    let pages = Pages::default();
    for stream in listener.incoming() {
        let (stream, authority, pages) = (stream?, authority.to_owned(), Arc::clone(&pages));
        std::thread::spawn(move || serve(stream, &authority, &pages));
    }
    Ok(())
}

/// Answers the requests of one connection.
fn serve(stream: TcpStream, authority: &str, pages: &Pages) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let (mut first, mut authorization) = (String::new(), String::new());
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                break;
            }
            if line.to_ascii_lowercase().starts_with("authorization:") {
                authorization = line;
            }
        }
        let kept = pages.lock().unwrap_or_else(PoisonError::into_inner).get(&first).cloned();
        let page = match kept {
            Some(page) => page,
            None => {
                let page = Arc::new(ask(authority, &first, &authorization)?);
                pages.lock().unwrap_or_else(PoisonError::into_inner).insert(first, Arc::clone(&page));
                page
            }
        };
        stream.write_all(&page)?;
    }
}

/// Asks the sandbox itself. What comes back is an answer of a connection that stays open.
fn ask(authority: &str, first: &str, authorization: &str) -> std::io::Result<Vec<u8>> {
    let mut sandbox = TcpStream::connect(authority)?;
    write!(sandbox, "{first}Host: {authority}\r\n{authorization}Connection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    sandbox.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(answer.len());
    let (head, body) = answer.split_at(end);
    let head = String::from_utf8_lossy(head).into_owned();
    let kept = head.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !line.starts_with("connection:") && !line.starts_with("content-length:")
    });
    let mut page: Vec<u8> = kept.flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect();
    let body = body.get(4..).unwrap_or_default();
    page.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
    page.extend(body);
    Ok(page)
}
