//! What carrying a plan out costs: creations in a SQLite file with a journal beside it, against the same
//! rows written in batches by hand.
//!
//! `cargo bench -p hris-examples --bench apply` runs it; `-- --smoke` takes seconds and looks only whether
//! it works. Each piece of work runs in a process of its own, and the rounds take turns. It reads the
//! operating system's own account of memory and processor time (Linux).
//!
//! The reference is a prepared statement a row in transactions of 256, each on the disk before the next
//! begins. `journal` is the same with a second file that says before each batch what is about to be done,
//! and after it what was done. A run is measured twice: whole, and from the finished plan on.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

mod measure;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hris_core::reconcile::{Policy, Safeguards};
use hris_core::{Employee, Field, MemoryDirectory, StandardField, Status};
use hris_reconcile::store::SqliteStore;
use hris_reconcile::targets::SqliteTarget;
use hris_reconcile::{Event, Observer, Runner};
use measure::{Result, Rounds, apart, since, tell};
use rusqlite::{Connection, params};

const PEOPLE: usize = 20_000;
const ROUNDS: usize = 5;
const BATCH: usize = 256;
/// The rows a second of a run, from its plan on, against the reference.
const LEAST: f64 = 0.5;

const BATCHED: &str = "reference";
const JOURNAL: &str = "reference, journal";
const INVITED: &str = "reference, invitations";
const INVITED_JOURNAL: &str = "reference, invitations, journal";
const RUN: &str = "run";
const APPLIED: &str = "run, from its plan on";
const RUN_INVITED: &str = "run, invitations";
const APPLIED_INVITED: &str = "run, invitations, from its plan on";

const NAMES: [&str; 8] =
    [BATCHED, JOURNAL, INVITED, INVITED_JOURNAL, APPLIED, RUN, APPLIED_INVITED, RUN_INVITED];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => rounds(PEOPLE, ROUNDS, LEAST),
        ["--smoke"] => rounds(2 * BATCH, 1, 0.0),
        [name, people, folder] => work(name, people.parse()?, Path::new(folder)),
        _ => Err("it takes --smoke or nothing".into()),
    }
}

fn rounds(people: usize, rounds: usize, least: f64) -> Result<()> {
    let mut all = Rounds::default();
    for _ in 0..rounds {
        for name in NAMES {
            let folder = tempfile::tempdir()?;
            let folder = folder.path().to_string_lossy().into_owned();
            all.enter(name, apart(&[name, &people.to_string(), &folder])?);
        }
    }
    println!("{people} accounts, {rounds} rounds, medians\n");
    all.print(&NAMES, (people, "accounts/s"));
    println!();
    let wall = |name| all.median(name, |cost| cost.wall);
    let mut slow = false;
    for (run, reference) in
        [(APPLIED, BATCHED), (RUN, BATCHED), (APPLIED_INVITED, INVITED), (RUN_INVITED, INVITED)]
    {
        let ratio = wall(reference) / wall(run);
        let limit = if run == APPLIED || run == APPLIED_INVITED {
            format!(" (at least {least})")
        } else {
            String::new()
        };
        println!("accounts a second of {run:?} against {reference:?}: {ratio:.3}{limit}");
        slow |= !limit.is_empty() && ratio < least;
    }
    if slow { Err("a limit is passed".into()) } else { Ok(()) }
}

fn work(name: &str, people: usize, folder: &Path) -> Result<()> {
    let path = |name: &str| folder.join(name);
    match name {
        RUN | APPLIED => run(people, folder, false, name == APPLIED),
        RUN_INVITED | APPLIED_INVITED => run(people, folder, true, name == APPLIED_INVITED),
        BATCHED => by_hand(people, path("users.db"), None, false),
        JOURNAL => by_hand(people, path("users.db"), Some(path("journal.db")), false),
        INVITED => by_hand(people, path("users.db"), None, true),
        INVITED_JOURNAL => by_hand(people, path("users.db"), Some(path("journal.db")), true),
        _ => Err(format!("nothing is called {name:?}").into()),
    }
}

/// The values of the `n`-th person: address, names, job, department, place, start, phone.
fn values(n: usize) -> [String; 8] {
    [
        format!("person.{n}@mill.example"),
        format!("Given{n}"),
        format!("Family{n}"),
        format!("Job {}", n % 97),
        format!("Department {}", n % 31),
        format!("Place {}", n % 7),
        format!("20{:02}-0{}-1{}", n % 25, 1 + n % 9, n % 9),
        format!("+44 20 7946 {:04}", n % 10_000),
    ]
}

const FIELDS: [StandardField; 8] = [
    StandardField::Email,
    StandardField::GivenName,
    StandardField::FamilyName,
    StandardField::JobTitle,
    StandardField::Department,
    StandardField::Location,
    StandardField::StartDate,
    StandardField::WorkPhone,
];

/// The instant at which the plan was finished.
#[derive(Clone, Debug, Default)]
struct Planned(Arc<Mutex<Option<Instant>>>);

impl Observer for Planned {
    fn event(&self, event: &Event) {
        if let Event::Planned { .. } = event {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

/// One run over people who have no accounts yet.
fn run(count: usize, folder: &Path, invite: bool, from_plan: bool) -> Result<()> {
    let people = (0..count).map(|n| {
        let person = Employee::new(format!("e-{n}")).with_status(Status::Active, "active");
        FIELDS
            .into_iter()
            .zip(values(n))
            .fold(person, |person, (field, value)| person.with(field, Field::Value(value)))
    });
    let directory = MemoryDirectory::new(people);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let target = SqliteTarget::open(folder.join("users.db")).await?;
        target.prepare().await?;
        let store = SqliteStore::open(folder.join("state.db")).await?;
        let mut policy = Policy::default();
        policy.invite = invite;
        let planned = Planned::default();
        let runner = Runner::builder(directory, target, store)
            .policy(policy)
            .safeguards(Safeguards::default())
            .observer(planned.clone())
            .build()?;
        let began = Instant::now();
        let report = runner.run("2026-11-23T09:00:00Z".parse()?).await?;
        let done = (report.counts.created, report.counts.invited);
        if done != (count as u64, if invite { count as u64 } else { 0 }) {
            return Err(format!("{done:?} accounts of {count} were made and invited").into());
        }
        let planned = *planned.0.lock().unwrap_or_else(PoisonError::into_inner);
        tell(since(planned.filter(|_| from_plan).unwrap_or(began)))
    })
}

/// The same rows without this library.
fn by_hand(count: usize, users: PathBuf, journal: Option<PathBuf>, invite: bool) -> Result<()> {
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
    let mut users = Connection::open(users)?;
    users.execute_batch(settings)?;
    users.execute_batch(&SqliteTarget::statements())?;
    let mut journal = journal.map(Connection::open).transpose()?;
    if let Some(journal) = &journal {
        journal.execute_batch(settings)?;
        journal.execute_batch(
            "CREATE TABLE journal (key TEXT PRIMARY KEY NOT NULL, action TEXT, done INTEGER) WITHOUT ROWID;",
        )?;
    }
    let began = Instant::now();
    for (kind, batches) in [("create", true), ("invite", invite)] {
        if !batches {
            continue;
        }
        for first in (0..count).step_by(BATCH) {
            let batch = first..count.min(first + BATCH);
            if let Some(journal) = &mut journal {
                let tx = journal.transaction()?;
                let mut intend = tx.prepare_cached("INSERT INTO journal (key, action) VALUES (?1, ?2)")?;
                for n in batch.clone() {
                    let action = serde_json::to_string(&(kind, n, values(n)))?;
                    intend.execute(params![format!("{kind}-{n}"), action])?;
                }
                drop(intend);
                tx.commit()?;
            }
            let tx = users.transaction()?;
            if kind == "create" {
                let mut create = tx.prepare_cached(
                    "INSERT INTO users (id, external_id, email, given_name, family_name, job_title, department, \
                     location, start_date, phone, status, created_at, updated_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'pending', ?11, ?11)",
                )?;
                for n in batch.clone() {
                    let [email, given, family, job, department, place, start, phone] = values(n);
                    create.execute(params![
                        format!("u-{n}"),
                        format!("e-{n}"),
                        email,
                        given,
                        family,
                        job,
                        department,
                        place,
                        start,
                        phone,
                        "2026-11-23T09:00:00Z"
                    ])?;
                }
            } else {
                let mut invite =
                    tx.prepare_cached("INSERT INTO invites (user_id, sent_at) VALUES (?1, ?2)")?;
                let mut mark = tx.prepare_cached(
                    "UPDATE users SET status = 'invited', invited_at = ?2, updated_at = ?2 WHERE id = ?1",
                )?;
                for n in batch.clone() {
                    invite.execute(params![format!("u-{n}"), "2026-11-23T09:00:00Z"])?;
                    mark.execute(params![format!("u-{n}"), "2026-11-23T09:00:00Z"])?;
                }
            }
            tx.commit()?;
            if let Some(journal) = &mut journal {
                let tx = journal.transaction()?;
                let mut settle =
                    tx.prepare_cached("UPDATE journal SET action = NULL, done = 1 WHERE key = ?1")?;
                for n in batch {
                    settle.execute(params![format!("{kind}-{n}")])?;
                }
                drop(settle);
                tx.commit()?;
            }
        }
    }
    tell(since(began))
}
