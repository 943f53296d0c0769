//! The state in a file: what is a file's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hris_core::Timestamp;
use hris_core::reconcile::{Action, ActionKey};
use hris_reconcile::report::Report;
use hris_reconcile::store::{Intent, Settlement, SqliteStore, StateStore};
use hris_reconcile::{Error, ErrorKind};
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

fn intent(run: &str, key: &str, kind: &str, employee: &str, at: i64) -> Intent {
    let action: Action = serde_json::from_value(json!({
        "key": key, "kind": kind, "employee": employee, "user": format!("user-{employee}"),
        "changes": [{ "field": "given_name", "from": null, "to": "marker-of-a-value" }],
        "grants": [], "status": null, "situation": "confirmed", "reason": "fields_differ",
    }))
    .unwrap();
    Intent::new(run, action, Timestamp::from_unix_seconds(at), false)
}

fn report(connection: &str, run: &str, at: i64) -> Report {
    let at = Timestamp::from_unix_seconds(at);
    serde_json::from_value(json!({
        "run": run, "connection": connection, "command": "sync", "outcome": "completed",
        "started_at": at, "finished_at": at,
        "source": { "vendor": "memory", "employees": 1, "complete": true, "requests": 1 },
        "counts": {}, "actions": [], "problems": [], "refusal": null,
    }))
    .unwrap()
}

#[tokio::test]
async fn debug_shows_no_value() {
    let (_guard, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let lease = store.acquire("acme", "run-1").await.unwrap();
    store.intend(&lease, &[intent("run-1", "k", "update", "e", 1)]).await.unwrap();
    assert!(!format!("{store:?}").contains("marker"));
}

#[tokio::test]
async fn what_was_confirmed_is_there_after_opening_again() {
    let (_guard, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let lease = store.acquire("acme", "run-1").await.unwrap();
    store.intend(&lease, &[intent("run-1", "k", "update", "e", 1)]).await.unwrap();
    store.close().await.unwrap();

    let again = SqliteStore::open(&path).await.unwrap();
    assert_eq!(again.load("acme").await.unwrap().unsettled, [intent("run-1", "k", "update", "e", 1)]);
    again.settle(&lease, &[Settlement::new(ActionKey::from("k".to_owned()), true)]).await.unwrap();
}

#[tokio::test]
async fn settled_actions_leave_no_value_in_any_file() {
    let (guard, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let lease = store.acquire("acme", "run-1").await.unwrap();
    store.intend(&lease, &[intent("run-1", "k", "update", "e", 1)]).await.unwrap();
    assert!(holds(guard.path(), b"marker-of-a-value"), "the test would see it");
    store.settle(&lease, &[Settlement::new(ActionKey::from("k".to_owned()), true)]).await.unwrap();
    store.finish(&lease, &report("acme", "run-1", 1), None, None).await.unwrap();
    store.release(&lease).await.unwrap();
    assert!(!holds(guard.path(), b"marker-of-a-value"));
}

#[tokio::test]
async fn looking_changes_nothing_and_leaves_nothing_behind() {
    let (guard, path) = place();
    let nothing = SqliteStore::open_read_only(&path).await.unwrap();
    assert!(nothing.load("acme").await.unwrap().links.is_empty());
    assert!(files(guard.path()).is_empty(), "a state that is not there is not made");

    let store = SqliteStore::open(&path).await.unwrap();
    let lease = store.acquire("acme", "run-1").await.unwrap();
    store.intend(&lease, &[intent("run-1", "k", "update", "e", 1)]).await.unwrap();

    // While it is open, what is still in the write-ahead log is seen too.
    let copy = SqliteStore::open_read_only(&path).await.unwrap();
    assert_eq!(copy.load("acme").await.unwrap().unsettled.len(), 1);
    store.close().await.unwrap();

    let before = files(guard.path());
    assert_eq!(before.len(), 1, "a closed state is one file");
    let copy = SqliteStore::open_read_only(&path).await.unwrap();
    assert_eq!(copy.load("acme").await.unwrap().unsettled.len(), 1);
    let refused = copy.acquire("acme", "run-2").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::State);
    drop(copy);
    assert!(files(guard.path()) == before);
}

#[tokio::test]
async fn a_lease_runs_out_by_the_stores_clock() {
    let (_guard, path) = place();
    let at = |seconds| SqliteStore::builder(&path).clock_ahead_seconds(seconds).open();
    let now = at(0).await.unwrap();
    let first = now.acquire("acme", "run-1").await.unwrap();
    let refused = at(55).await.unwrap().acquire("acme", "run-2").await.unwrap_err().to_string();
    for part in ["run-1", "\"acme\"", "since 2", "runs out at 2"] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
    at(30).await.unwrap().renew(&first).await.unwrap();
    assert!(at(85).await.unwrap().acquire("acme", "run-2").await.is_err(), "renewed");

    let second = at(95).await.unwrap().acquire("acme", "run-2").await.unwrap();
    assert_eq!(second.token, first.token + 1);
    let late = now.intend(&first, &[intent("run-1", "k", "update", "e", 1)]).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Busy);
    assert!(late.to_string().contains("run-2"), "{late}");
    assert!(now.load("acme").await.unwrap().unsettled.is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_lease_of_a_dead_process_is_taken_over_at_once() {
    let (_guard, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let first = store.acquire("acme", "run-1").await.unwrap();
    assert!(SqliteStore::open(&path).await.unwrap().acquire("acme", "run-2").await.is_err(), "it lives");

    // As if another process of this machine had taken it and was killed since.
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    change(
        &path,
        &format!("UPDATE leases SET process = replace(process, ' {} ', ' {pid} ')", std::process::id()),
    )
    .await;
    let patient = SqliteStore::builder(&path).leases_by_time_only().open().await.unwrap();
    assert!(patient.acquire("acme", "run-2").await.is_err(), "only time counts there");
    let second = store.acquire("acme", "run-2").await.unwrap();
    assert_eq!(second.token, first.token + 1);
    assert_eq!(store.renew(&first).await.unwrap_err().kind(), ErrorKind::Busy);

    // Of a process on another machine nothing is known.
    change(&path, "UPDATE leases SET process = 'elsewhere pid:[1] 1 1'").await;
    assert!(store.acquire("acme", "run-3").await.is_err());
}

#[tokio::test]
async fn one_of_many_takes_the_lease_and_many_may_make_the_file() {
    let (_guard, path) = place();
    let runs = (0..8).map(|run| {
        let path = path.clone();
        async move {
            let store = SqliteStore::open(&path).await.unwrap();
            store.acquire("acme", &format!("run-{run}")).await.map_err(|error| error.kind())
        }
    });
    let taken = futures_util::future::join_all(runs).await;
    assert_eq!(taken.iter().filter(|lease| lease.is_ok()).count(), 1);
    assert!(taken.iter().all(|lease| matches!(lease, Ok(_) | Err(ErrorKind::Busy))), "{taken:?}");
}

#[tokio::test]
async fn reports_are_kept_for_thirteen_months_and_open_intents_for_ever() {
    const DAY: i64 = 86_400;
    let (_guard, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let lease = store.acquire("acme", "run").await.unwrap();
    let intents = [intent("run-1", "done", "deactivate", "e", 0), intent("run-1", "open", "update", "e", 0)];
    store.intend(&lease, &intents).await.unwrap();
    store.settle(&lease, &[Settlement::new(ActionKey::from("done".to_owned()), true)]).await.unwrap();
    for (run, day) in [("run-1", 0), ("run-2", 396), ("run-3", 397)] {
        store.finish(&lease, &report("acme", run, day * DAY), None, None).await.unwrap();
    }
    assert_eq!(store.history("acme", 9).await.unwrap().len(), 3);
    assert_eq!(store.removals_since("acme", Timestamp::from_unix_seconds(0)).await.unwrap(), 1);
    store.finish(&lease, &report("acme", "run-4", 398 * DAY), None, None).await.unwrap();
    assert_eq!(store.run("acme", "run-1").await.unwrap(), None);
    assert_eq!(store.removals_since("acme", Timestamp::from_unix_seconds(0)).await.unwrap(), 0);
    assert_eq!(store.load("acme").await.unwrap().unsettled.len(), 1);
    let forgotten = store.prune("acme", Timestamp::from_unix_seconds(397 * DAY)).await.unwrap();
    assert_eq!((forgotten, store.history("acme", 9).await.unwrap().len()), (1, 2));
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_refused_with_a_remedy_and_left_alone() {
    for (case, remedy) in [
        ("garbage", "Restore it from a backup"),
        ("short", "Restore it from a backup"),
        ("truncated", "Restore it from a backup"),
        ("scribbled", "Restore it from a backup"),
        ("foreign", "Name another file"),
        ("foreign without an id", "Name another file"),
        ("foreign in its log", "Name another file"),
        ("newer", "schema version 99, and this program knows versions up to "),
        ("newer in its log", "schema version 99, and this program knows versions up to "),
        ("directory", "name a file"),
    ] {
        let (guard, path) = place();
        let mut kept_open = None;
        match case {
            "garbage" => fs::write(&path, [b'x'; 8192]).unwrap(),
            "short" => fs::write(&path, b"SQLite format 3\0").unwrap(),
            "directory" => fs::create_dir(&path).unwrap(),
            "foreign" => change(&path, "PRAGMA application_id = 7; CREATE TABLE t (x)").await,
            "foreign without an id" => change(&path, "CREATE TABLE t (x)").await,
            "foreign in its log" => {
                let mut other = raw(&path).await;
                let script = "PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)";
                sqlx::raw_sql(script).execute(&mut other).await.unwrap();
                kept_open = Some(other);
            }
            _ => {
                filled(&path).await;
                match case {
                    "newer" => change(&path, "PRAGMA user_version = 99").await,
                    "newer in its log" => {
                        let mut other = raw(&path).await;
                        sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut other).await.unwrap();
                        kept_open = Some(other);
                    }
                    "truncated" => {
                        let length = fs::metadata(&path).unwrap().len();
                        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
                    }
                    _ => {
                        let mut bytes = fs::read(&path).unwrap();
                        let end = bytes.len();
                        bytes[4096..end].fill(0x5a);
                        fs::write(&path, bytes).unwrap();
                    }
                }
            }
        }
        let before = files(guard.path());
        for refused in [
            SqliteStore::open(&path).await.unwrap_err(),
            SqliteStore::open_read_only(&path).await.unwrap_err(),
        ] {
            assert_eq!(refused.kind(), ErrorKind::State, "{case}");
            let message = refused.to_string();
            assert!(message.contains(remedy), "{case}: {message}");
            assert!(message.contains(path.to_str().unwrap()), "{case}: {message}");
        }
        // A connection that fails while it is made is closed by a thread of its own.
        for _ in 0..500 {
            if files(guard.path()) == before {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(files(guard.path()) == before, "{case}: the files were changed");
        drop(kept_open);
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_refused_with_a_remedy() {
    let (guard, _) = place();
    for path in [guard.path().join("missing/state.db"), "/proc/hris-state.db".into()] {
        let refused = SqliteStore::open(&path).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::State);
        assert!(refused.to_string().contains("let this user"), "{refused}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_file_is_refused_and_can_be_used_once_it_is_writable() {
    use std::os::unix::fs::PermissionsExt as _;
    let (guard, path) = place();
    filled(&path).await;
    let before = files(guard.path());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::State);
    assert!(refused.to_string().contains("is read-only; let this user write"), "{refused}");
    assert!(SqliteStore::open_read_only(&path).await.is_ok(), "it may be looked at");
    assert_eq!(files(guard.path()).len(), before.len(), "nothing is left beside it");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    SqliteStore::open(&path).await.unwrap().acquire("other", "run-2").await.unwrap();
}

#[tokio::test]
async fn a_run_that_was_killed_leaves_a_log_that_is_read() {
    let (_guard, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let lease = store.acquire("acme", "run-1").await.unwrap();
    store.intend(&lease, &[intent("run-1", "k", "update", "e", 1)]).await.unwrap();
    // The files as a killed process leaves them: everything is still in the log.
    let (other, copied) = place();
    for (name, (bytes, _)) in files(path.parent().unwrap()) {
        fs::write(other.path().join(name), bytes).unwrap();
    }
    for open in [SqliteStore::open_read_only(&copied).await, SqliteStore::open(&copied).await] {
        assert_eq!(open.unwrap().load("acme").await.unwrap().unsettled.len(), 1);
    }
    // Without its log such a file is an empty state, not a damaged one.
    let (_third, bare) = place();
    fs::copy(&path, &bare).unwrap();
    assert!(SqliteStore::open(&bare).await.unwrap().load("acme").await.unwrap().unsettled.is_empty());
}

#[tokio::test]
async fn a_content_that_cannot_be_read_is_refused_without_showing_it() {
    let (_guard, path) = place();
    filled(&path).await;
    change(&path, "UPDATE journal SET action = '\"ada@acme.example\"'").await;
    let refused = SqliteStore::open(&path).await.unwrap().load("acme").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::State);
    assert!(!chain(&refused).contains("ada"), "{refused:?}");
    assert!(refused.to_string().contains("an intent in it cannot be read"), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_any_of_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let (guard, path) = place();
    let modes = || -> Vec<u32> { files(guard.path()).into_values().map(|(_, mode)| mode & 0o777).collect() };
    let store = SqliteStore::open(&path).await.unwrap();
    let lease = store.acquire("acme", "run-1").await.unwrap();
    assert_eq!(modes(), [0o600; 3], "the file, its log and the log's index");
    store.release(&lease).await.unwrap();
    store.close().await.unwrap();

    // A file that was copied with wider rights is narrowed before anything is written to it.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    store.acquire("acme", "run-2").await.unwrap();
    assert_eq!(modes(), [0o600; 3]);
}

fn place() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    (directory, path)
}

/// A state with something in it, closed.
async fn filled(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    let lease = store.acquire("acme", "run-1").await.unwrap();
    let intents: Vec<_> = (0..500).map(|n| intent("run-1", &format!("k{n}"), "update", "e", 1)).collect();
    store.intend(&lease, &intents).await.unwrap();
    store.close().await.unwrap();
}

async fn raw(path: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    options.connect().await.unwrap()
}

async fn change(path: &Path, script: &str) {
    let mut connection = raw(path).await;
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn files(directory: &Path) -> BTreeMap<String, (Vec<u8>, u32)> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file());
    entries
        .map(|entry| {
            // Only the lock marks in the log's index may change: they hold no data.
            let name = entry.file_name().into_string().unwrap();
            let bytes = if name.ends_with("-shm") { Vec::new() } else { fs::read(entry.path()).unwrap() };
            (name, (bytes, mode(&entry.path())))
        })
        .collect()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode()
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> u32 {
    0
}

fn holds(directory: &Path, needle: &[u8]) -> bool {
    files(directory).values().any(|(bytes, _)| bytes.windows(needle.len()).any(|window| window == needle))
}

fn chain(error: &Error) -> String {
    format!("{error:?}")
}
