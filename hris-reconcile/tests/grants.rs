//! The tokens of connections in the state: one newest grant, renewed by one at a time, sealed, and
//! forgotten without a trace.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use hris_core::{Claim, ErrorKind, Grant, GrantStore, Secret, StoredGrant};
use hris_reconcile::store::{MemoryStore, SqliteGrants, SqliteStore};

const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";

fn grant(refresh: &str) -> Grant {
    let token = |text: &str| Some(Secret::from(text.to_owned()));
    Grant::new(token("marker-access"), token(refresh))
        .with_scopes(Some(BTreeSet::from(["a:list".to_owned()])))
}

/// What a store says the newest grant is: its version and its refresh token.
fn said(stored: Option<StoredGrant>) -> Option<(u64, String)> {
    stored.map(|stored| (stored.version, stored.grant.refresh_token.unwrap().expose().to_owned()))
}

fn place() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    (folder, path)
}

async fn open(path: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(path).await.unwrap())
}

/// As another process would open it: nothing shows that this one is the same.
async fn elsewhere(path: &Path, ahead: i64) -> Arc<SqliteStore> {
    let builder = SqliteStore::builder(path).leases_by_time_only().clock_ahead_seconds(ahead);
    Arc::new(builder.open().await.unwrap())
}

/// What each store of grants promises; `one` and `two` are of the same connection.
async fn contract(one: &dyn GrantStore, two: &dyn GrantStore) {
    assert_eq!(said(one.load().await.unwrap()), None);
    assert!(matches!(one.claim(0).await.unwrap(), Claim::Stale(None)), "there is nothing to renew");
    assert!(one.replace(0, &grant("first")).await.unwrap());
    assert!(!two.replace(0, &grant("other")).await.unwrap(), "another grant is there already");
    let stored = two.load().await.unwrap().unwrap();
    assert_eq!(stored.grant.scopes, Some(BTreeSet::from(["a:list".to_owned()])));
    assert_eq!(stored.grant.access_token.unwrap().expose(), "marker-access");

    assert!(matches!(one.claim(1).await.unwrap(), Claim::Taken));
    assert!(matches!(two.claim(1).await.unwrap(), Claim::Busy));
    one.release(1).await.unwrap();
    assert!(matches!(two.claim(1).await.unwrap(), Claim::Taken), "a claim that was given back");
    assert!(two.replace(1, &grant("second")).await.unwrap());
    let Claim::Stale(newest) = one.claim(1).await.unwrap() else { panic!("it is not the newest") };
    assert_eq!(said(newest), Some((2, "second".to_owned())));
    assert!(!one.replace(1, &grant("late")).await.unwrap(), "what was renewed from an old one is not stored");
    one.release(1).await.unwrap();
    assert!(matches!(one.claim(2).await.unwrap(), Claim::Taken), "a replaced grant's claim is over");
    assert_eq!(said(one.load().await.unwrap()), Some((2, "second".to_owned())));
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    let store = MemoryStore::new();
    contract(&store.grants("acme"), &store.grants("acme")).await;
    assert!(store.grants("mill").load().await.unwrap().is_none());
    assert!(store.backup().grants("acme").load().await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_keeps_the_contract_between_two_processes() {
    let (_guard, path) = place();
    let (one, two) = (open(&path).await, elsewhere(&path, 0).await);
    contract(&one.grants("acme"), &two.grants("acme")).await;
    assert!(two.grants("mill").load().await.unwrap().is_none());
    assert!(!format!("{:?}", one.grants("acme")).contains("marker"));
}

#[tokio::test]
async fn a_sealed_file_keeps_the_contract_and_shows_no_token() {
    let (guard, path) = place();
    let store = sealed(&path, KEY).await;
    contract(&store.grants("acme"), &sealed(&path, KEY).await.grants("acme")).await;
    assert!(!holds(guard.path(), b"marker") && !holds(guard.path(), b"a:list"));
}

#[tokio::test]
async fn many_workers_renew_one_grant_once() {
    let (_guard, path) = place();
    let first = open(&path).await;
    assert!(first.grants("acme").replace(0, &grant("0")).await.unwrap());
    let stores = [first, elsewhere(&path, 0).await, elsewhere(&path, 0).await];
    let renew = |grants: SqliteGrants| async move {
        match grants.claim(1).await.unwrap() {
            Claim::Taken => grants.replace(1, &grant("1")).await.unwrap(),
            _ => false,
        }
    };
    let workers = (0..12).map(|n| renew(stores[n % stores.len()].grants("acme")));
    let renewed = futures_util::future::join_all(workers).await;
    assert_eq!(renewed.into_iter().filter(|renewed| *renewed).count(), 1);
}

#[tokio::test]
async fn a_claim_that_nobody_gives_back_runs_out() {
    let (_guard, path) = place();
    // The process that claims is killed before it stores anything.
    let killed = elsewhere(&path, 0).await;
    assert!(killed.grants("acme").replace(0, &grant("first")).await.unwrap());
    assert!(matches!(killed.grants("acme").claim(1).await.unwrap(), Claim::Taken));
    drop(killed);

    assert!(matches!(elsewhere(&path, 149).await.grants("acme").claim(1).await.unwrap(), Claim::Busy));
    let next = elsewhere(&path, 151).await;
    assert!(matches!(next.grants("acme").claim(1).await.unwrap(), Claim::Taken));
    assert_eq!(
        said(next.grants("acme").load().await.unwrap()),
        Some((1, "first".to_owned())),
        "nothing is lost"
    );
}

/// A process that claims and is killed is known to be gone, so nobody waits for its claim to run out.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_claim_of_a_process_that_is_gone_is_taken_over_at_once() {
    use sqlx::{Connection as _, SqliteConnection};

    let (_guard, path) = place();
    let store = open(&path).await;
    assert!(store.grants("acme").replace(0, &grant("first")).await.unwrap());
    assert!(matches!(store.grants("acme").claim(1).await.unwrap(), Claim::Taken));
    assert!(matches!(open(&path).await.grants("acme").claim(1).await.unwrap(), Claim::Busy), "it lives");
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let (pid, own) = (child.id(), std::process::id());
    child.wait().unwrap();
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("UPDATE grants SET process = replace(process, ?1, ?2)")
        .bind(format!(" {own} "))
        .bind(format!(" {pid} "))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    assert!(matches!(open(&path).await.grants("acme").claim(1).await.unwrap(), Claim::Taken));
}

#[tokio::test]
async fn a_grant_that_was_stored_is_there_after_a_cut() {
    let (guard, path) = place();
    let grants = open(&path).await.grants("acme");
    assert!(grants.replace(0, &grant("first")).await.unwrap());
    // What a power cut leaves: the files as they are at this moment.
    let after = guard.path().join("after");
    std::fs::create_dir(&after).unwrap();
    for file in ["state.db", "state.db-wal"] {
        let _ = std::fs::copy(guard.path().join(file), after.join(file));
    }
    let found = open(&after.join("state.db")).await.grants("acme").load().await.unwrap();
    assert_eq!(said(found), Some((1, "first".to_owned())));
}

#[tokio::test]
async fn forgetting_leaves_no_token_and_no_version_comes_twice() {
    let (guard, path) = place();
    let store = open(&path).await;
    let grants = store.grants("acme");
    assert!(!grants.forget().await.unwrap(), "there was nothing");
    assert!(grants.replace(0, &grant("marker-first")).await.unwrap());
    assert!(grants.replace(1, &grant("marker-second")).await.unwrap());
    assert!(holds(guard.path(), b"marker-second"), "the test would see it");
    assert!(!holds(guard.path(), b"marker-first"), "the one before is gone");
    assert!(grants.forget().await.unwrap());
    assert!(!holds(guard.path(), b"marker"));
    assert_eq!(said(grants.load().await.unwrap()), None);

    // A worker that was renewing meanwhile brings nothing back.
    assert!(!grants.replace(2, &grant("late")).await.unwrap());
    assert!(grants.replace(0, &grant("third")).await.unwrap());
    assert_eq!(said(grants.load().await.unwrap()), Some((4, "third".to_owned())));
}

#[tokio::test]
async fn a_sealed_grant_needs_its_key() {
    let (_guard, path) = place();
    let grants = open(&path).await.grants("acme");
    assert!(grants.replace(0, &grant("plain")).await.unwrap());
    let with_key = sealed(&path, KEY).await.grants("acme");
    assert_eq!(said(with_key.load().await.unwrap()), Some((1, "plain".to_owned())), "what was there is read");
    assert!(with_key.replace(1, &grant("sealed")).await.unwrap());

    let other = "another key that is long enough too";
    for (store, words) in
        [(open(&path).await, "no key was given"), (sealed(&path, other).await, "with this key")]
    {
        let refused = store.grants("acme").load().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Config);
        assert!(refused.to_string().contains(words), "{refused}");
        assert!(refused.to_string().contains("acme"), "{refused}");
    }
    assert!(open(&path).await.grants("acme").forget().await.unwrap(), "forgetting takes no key");
    assert!(SqliteStore::builder(&path).seal_with(Secret::from("short".to_owned())).open().await.is_err());
}

#[tokio::test]
async fn one_connections_sealed_grant_is_not_anothers() {
    let (_guard, path) = place();
    let store = sealed(&path, KEY).await;
    assert!(store.grants("acme").replace(0, &grant("acme's")).await.unwrap());
    drop(store);
    let mut file = sqlx::ConnectOptions::connect(&sqlx::sqlite::SqliteConnectOptions::new().filename(&path))
        .await
        .unwrap();
    sqlx::query("UPDATE grants SET connection = 'mill'").execute(&mut file).await.unwrap();
    sqlx::Connection::close(file).await.unwrap();
    assert_eq!(sealed(&path, KEY).await.grants("mill").load().await.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_state_that_cannot_be_used_is_told_as_such_through_a_connector() {
    let (_guard, path) = place();
    drop(open(&path).await);
    let copy = Arc::new(SqliteStore::open_read_only(&path).await.unwrap());
    let refused = copy.grants("acme").replace(0, &grant("x")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    // A connector may put its own error over it.
    let passed = hris_core::Error::new(ErrorKind::Unavailable, "renew the tokens").with_source(refused);
    let ended = hris_reconcile::Error::from(passed);
    assert_eq!((ended.kind(), ended.exit_code()), (hris_reconcile::ErrorKind::State, 7));
    assert!(ended.to_string().contains("opened to look at only"), "{ended}");
}

async fn sealed(path: &Path, key: &str) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::builder(path).seal_with(Secret::from(key.to_owned())).open().await.unwrap())
}

/// Whether any file of the folder holds these bytes.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    let files =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.into_iter().any(|file| std::fs::read(file).unwrap().windows(bytes.len()).any(|part| part == bytes))
}
