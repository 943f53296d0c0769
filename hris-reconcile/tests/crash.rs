//! A run may be cut anywhere: the next one ends where the uncut one would have.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hris_core::{Field, MemoryDirectory, StandardField, Timestamp, UserId};
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::store::{MemoryStore, SqliteStore, StateStore};
use hris_reconcile::target::Target;
use hris_reconcile::targets::{MemoryTarget, SqliteTarget};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use support::{accounts, builder, day, leave, people, put, vanish};

/// A company before its busy day: ten people with accounts, and one who left long ago.
fn company() -> MemoryDirectory {
    MemoryDirectory::new(people(10))
}

/// The busy day, with a change, and an area that one is given.
fn busy_day(directory: &MemoryDirectory) {
    support::busy_day(directory);
    put(directory, "e-3", StandardField::JobTitle, "Baker");
    support::edit(directory, "e-4", |person| {
        *person = person.clone().with_teams(Field::Value(vec!["Weaving".to_owned()]));
    });
}

/// The quiet days before: everybody gets an account, and one person leaves.
async fn prepare(directory: &MemoryDirectory, target: impl Target + Clone, store: impl StateStore + Clone) {
    let runner = builder(directory, target, store).build().unwrap();
    assert_eq!(runner.run(day(1)).await.unwrap().counts.created, 10);
    leave(directory, "e-10");
    assert_eq!(runner.run(day(2)).await.unwrap().counts.deactivated, 1);
}

/// What must be the same however often a run was cut.
#[derive(Debug, PartialEq)]
struct End {
    accounts: Vec<String>,
    links: Vec<String>,
    invitations: usize,
}

async fn end(target: &dyn Target, store: &dyn StateStore, invitations: usize) -> End {
    let users = target.users(day(1)).await.unwrap();
    let name = |id: &UserId| {
        let user = users.iter().find(|user| user.id == *id).expect("a linked account is there");
        user.value(&hris_core::TargetField::ExternalId).unwrap_or_default().to_owned()
    };
    let state = store.load("acme").await.unwrap();
    assert!(state.unsettled.is_empty(), "nothing stays open");
    let links = state.links.iter().map(|link| {
        format!(
            "{} = {} closed_by_us={} awaits_invite={} granted={:?}",
            link.employee,
            name(&link.user),
            link.deactivated_by_us,
            link.awaits_invite,
            link.granted
        )
    });
    End { accounts: accounts(&users), links: links.collect(), invitations }
}

/// Runs once and is cut where the script says. Returns whether it was.
async fn cut_run(
    directory: &MemoryDirectory,
    target: impl Target,
    store: impl StateStore,
    faults: &Faults,
    now: Timestamp,
) -> bool {
    let runner = builder(directory, Faulty::new(target, faults.clone()), Faulty::new(store, faults.clone()));
    let runner = runner.build().unwrap();
    tokio::select! {
        biased;
        () = faults.cut() => true,
        done = runner.run(now) => {
            done.unwrap();
            false
        }
    }
}

/// Waits until a lease that nobody gave back has run out, then runs until there is nothing to do.
async fn recover(directory: &MemoryDirectory, target: impl Target, store: impl StateStore, now: Timestamp) {
    tokio::time::advance(Duration::from_secs(61)).await;
    let runner = builder(directory, target, store).build().unwrap();
    runner.run(now).await.expect("the run after a cut");
    let planned = runner.plan(now).await.unwrap();
    assert!(planned.plan.is_empty(), "one run finishes what was cut: {:?}", planned.plan.actions);
}

async fn uncut() -> (End, u64) {
    let (directory, target, store) = (company(), MemoryTarget::new(), MemoryStore::new());
    prepare(&directory, target.clone(), store.clone()).await;
    busy_day(&directory);
    let faults = Faults::new();
    assert!(!cut_run(&directory, target.clone(), store.clone(), &faults, day(3)).await);
    (end(&target, &store, target.invited().len()).await, faults.calls())
}

#[tokio::test(start_paused = true)]
async fn cut_at_every_call_in_memory() {
    let (expected, calls) = uncut().await;
    assert!(calls > 25, "{calls} calls are too few for a busy day");
    assert_eq!(expected.invitations, 15, "an address that is corrected is asked again");
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        for call in 1..=calls {
            let (directory, target, store) = (company(), MemoryTarget::new(), MemoryStore::new());
            prepare(&directory, target.clone(), store.clone()).await;
            busy_day(&directory);
            let faults = Faults::new().at(call, fault);
            let was_cut = cut_run(&directory, target.clone(), store.clone(), &faults, day(3)).await;
            assert!(was_cut, "{fault:?} at {call}");
            let before = accounts(&target.all()).len();
            assert!(before <= 14);
            recover(&directory, target.clone(), store.clone(), day(3)).await;
            let found = end(&target, &store, target.invited().len()).await;
            assert_eq!(found, expected, "{fault:?} at call {call}: {:?}", faults.names().last());
        }
    }
}

/// The recovery itself is cut, at every point of a run that was cut at every third.
#[tokio::test(start_paused = true)]
async fn cut_again_while_recovering() {
    let (expected, calls) = uncut().await;
    for first in (1..=calls).step_by(3) {
        let mut second = 1;
        loop {
            let (directory, target, store) = (company(), MemoryTarget::new(), MemoryStore::new());
            prepare(&directory, target.clone(), store.clone()).await;
            busy_day(&directory);
            let faults = Faults::new().at(first, Fault::CutAfter);
            assert!(cut_run(&directory, target.clone(), store.clone(), &faults, day(3)).await);
            tokio::time::advance(Duration::from_secs(61)).await;
            let faults = Faults::new().at(second, Fault::CutAfter);
            let was_cut = cut_run(&directory, target.clone(), store.clone(), &faults, day(3)).await;
            recover(&directory, target.clone(), store.clone(), day(3)).await;
            let found = end(&target, &store, target.invited().len()).await;
            assert_eq!(found, expected, "cut at {first}, then at {second}");
            if !was_cut {
                break;
            }
            second += 5;
        }
    }
}

/// An answer that is lost, whether the call was done or not, and a panic in the target's code.
#[tokio::test(start_paused = true)]
async fn lose_every_answer_of_the_target() {
    let (expected, _) = uncut().await;
    for fault in [Fault::LostBefore, Fault::LostAfter, Fault::PanicBefore, Fault::PanicAfter] {
        let mut call = 1;
        loop {
            let (directory, target, store) = (company(), MemoryTarget::new(), MemoryStore::new());
            prepare(&directory, target.clone(), store.clone()).await;
            busy_day(&directory);
            let faults = Faults::new().at(call, fault);
            let runner = builder(&directory, Faulty::new(target.clone(), faults.clone()), store.clone())
                .build()
                .unwrap();
            let _ = runner.run(day(3)).await;
            if faults.calls() < call {
                break;
            }
            recover(&directory, target.clone(), store.clone(), day(3)).await;
            let found = end(&target, &store, target.invited().len()).await;
            assert_eq!(
                found,
                expected,
                "{fault:?} at call {call}: {:?}",
                faults.names().get(call as usize - 1)
            );
            call += 1;
        }
        assert!(call > 15, "the loop ended at once");
    }
}

/// A state call that fails stops the run; what it could not record is found out.
#[tokio::test(start_paused = true)]
async fn fail_every_call_of_the_store() {
    let (expected, _) = uncut().await;
    for fault in [Fault::LostBefore, Fault::LostAfter] {
        let mut call = 1;
        loop {
            let (directory, target, store) = (company(), MemoryTarget::new(), MemoryStore::new());
            prepare(&directory, target.clone(), store.clone()).await;
            busy_day(&directory);
            let faults = Faults::new().from(call, fault);
            let runner = builder(&directory, target.clone(), Faulty::new(store.clone(), faults.clone()))
                .build()
                .unwrap();
            let done = runner.run(day(3)).await;
            if faults.calls() < call {
                break;
            }
            if done.is_ok() {
                // Only the lease was not given back.
                assert_eq!(faults.names().last(), Some(&"release"));
            }
            recover(&directory, target.clone(), store.clone(), day(3)).await;
            let found = end(&target, &store, target.invited().len()).await;
            assert_eq!(found, expected, "{fault:?} from call {call}");
            call += 1;
        }
        assert!(call > 5);
    }
}

/// The same with files: they are closed and opened again after each cut, as by another process.
#[tokio::test]
async fn cut_at_every_call_with_files() {
    let (expected, calls) = uncut_with_files().await;
    for call in 1..=calls {
        let folder = tempfile::tempdir().unwrap();
        let (state, users) = (folder.path().join("state.db"), folder.path().join("users.db"));
        let directory = company();
        {
            let target = Arc::new(SqliteTarget::open(&users).await.unwrap());
            let store = Arc::new(SqliteStore::open(&state).await.unwrap());
            prepare(&directory, target, store).await;
        }
        busy_day(&directory);
        let faults = Faults::new().at(call, Fault::CutAfter);
        {
            let target = SqliteTarget::open(&users).await.unwrap();
            let store = SqliteStore::open(&state).await.unwrap();
            assert!(cut_run(&directory, target, store, &faults, day(3)).await);
        }
        let target = Arc::new(SqliteTarget::open(&users).await.unwrap());
        let store = SqliteStore::builder(&state).clock_ahead_seconds(61).open().await.unwrap();
        let store = Arc::new(store);
        let runner = builder(&directory, Arc::clone(&target), Arc::clone(&store)).build().unwrap();
        runner.run(day(3)).await.expect("the run after a cut");
        assert!(runner.plan(day(3)).await.unwrap().plan.is_empty());
        let found = end(&target, &store, invitations(&users).await).await;
        assert_eq!(found, expected, "cut after call {call}: {:?}", faults.names().last());
    }
}

/// The uncut run with files, which differ from those in memory in what they note besides.
async fn uncut_with_files() -> (End, u64) {
    let folder = tempfile::tempdir().unwrap();
    let target = Arc::new(SqliteTarget::open(folder.path().join("users.db")).await.unwrap());
    let store = Arc::new(SqliteStore::open(folder.path().join("state.db")).await.unwrap());
    let directory = company();
    prepare(&directory, target.clone(), store.clone()).await;
    busy_day(&directory);
    let faults = Faults::new();
    assert!(!cut_run(&directory, target.clone(), store.clone(), &faults, day(3)).await);
    let sent = invitations(&folder.path().join("users.db")).await;
    (end(&target, &store, sent).await, faults.calls())
}

/// How many invitations a file holds: each one sent.
async fn invitations(users: &Path) -> usize {
    let options = SqliteConnectOptions::new().filename(users);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let count = sqlx::query_scalar("SELECT count(*) FROM invites").fetch_one(&mut connection);
    let count: i64 = count.await.unwrap();
    usize::try_from(count).unwrap()
}

#[tokio::test(start_paused = true)]
async fn missing_people_survive_a_cut_too() {
    for call in 1.. {
        let (directory, target, store) = (company(), MemoryTarget::new(), MemoryStore::new());
        prepare(&directory, target.clone(), store.clone()).await;
        vanish(&directory, "e-7");
        let faults = Faults::new().at(call, Fault::CutAfter);
        if !cut_run(&directory, target.clone(), store.clone(), &faults, day(3)).await {
            break;
        }
        recover(&directory, target.clone(), store.clone(), day(3)).await;
        assert!(!support::user(&target, "e-7").is_live(), "cut at {call}");
        let removed = store.removals_since("acme", day(3)).await.unwrap();
        assert_eq!(removed, 1, "cut at {call}: the removal counts once");
    }
}
