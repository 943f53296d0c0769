//! The tokens of connections in the state: the newest ones, renewed by one at a time, sealed, and
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

use hris_core::{Claim, ErrorKind, Secret, StoredTokens, TokenStore, Tokens};
use hris_reconcile::store::{MemoryStore, SqliteStore, SqliteTokens};

const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";

fn tokens(refresh: &str) -> Tokens {
    let token = |text: &str| Some(Secret::from(text.to_owned()));
    Tokens::new(token("marker-access"), token(refresh))
        .with_scopes(Some(BTreeSet::from(["a:list".to_owned()])))
}

/// What a store says the newest tokens are: their version and their refresh token.
fn said(stored: Option<StoredTokens>) -> Option<(u64, String)> {
    stored.map(|stored| (stored.version, stored.tokens.refresh_token.unwrap().expose().to_owned()))
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

/// What each store of tokens promises; `one` and `two` are of the same connection.
async fn contract(one: &dyn TokenStore, two: &dyn TokenStore) {
    assert_eq!(said(one.load().await.unwrap()), None);
    assert!(matches!(one.claim(0).await.unwrap(), Claim::Stale(None)), "there is nothing to renew");
    assert!(one.replace(0, &tokens("first")).await.unwrap());
    assert!(!two.replace(0, &tokens("other")).await.unwrap(), "the store has tokens already");
    let stored = two.load().await.unwrap().unwrap();
    assert_eq!(stored.tokens.scopes, Some(BTreeSet::from(["a:list".to_owned()])));
    assert_eq!(stored.tokens.access_token.unwrap().expose(), "marker-access");

    assert!(matches!(one.claim(1).await.unwrap(), Claim::Taken));
    assert!(matches!(two.claim(1).await.unwrap(), Claim::Busy));
    one.release(1).await.unwrap();
    assert!(matches!(two.claim(1).await.unwrap(), Claim::Taken), "a claim that was given back");
    assert!(two.replace(1, &tokens("second")).await.unwrap());
    let Claim::Stale(newest) = one.claim(1).await.unwrap() else { panic!("it is not the newest") };
    assert_eq!(said(newest), Some((2, "second".to_owned())));
    assert!(
        !one.replace(1, &tokens("late")).await.unwrap(),
        "what was renewed from an old one is not stored"
    );
    one.release(1).await.unwrap();
    assert!(matches!(one.claim(2).await.unwrap(), Claim::Taken), "the claim on replaced tokens is over");
    assert_eq!(said(one.load().await.unwrap()), Some((2, "second".to_owned())));
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    let store = MemoryStore::new();
    contract(&store.tokens("acme"), &store.tokens("acme")).await;
    assert!(store.tokens("mill").load().await.unwrap().is_none());
    assert!(store.backup().tokens("acme").load().await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_keeps_the_contract_between_two_processes() {
    let (_guard, path) = place();
    let (one, two) = (open(&path).await, elsewhere(&path, 0).await);
    contract(&one.tokens("acme"), &two.tokens("acme")).await;
    assert!(two.tokens("mill").load().await.unwrap().is_none());
    assert!(!format!("{:?}", one.tokens("acme")).contains("marker"));
}

#[tokio::test]
async fn a_sealed_file_keeps_the_contract_and_shows_no_token() {
    let (guard, path) = place();
    let store = sealed(&path, KEY).await;
    contract(&store.tokens("acme"), &sealed(&path, KEY).await.tokens("acme")).await;
    assert!(!holds(guard.path(), b"marker") && !holds(guard.path(), b"a:list"));
}

#[tokio::test]
async fn many_workers_renew_the_tokens_once() {
    let (_guard, path) = place();
    let first = open(&path).await;
    assert!(first.tokens("acme").replace(0, &tokens("0")).await.unwrap());
    let stores = [first, elsewhere(&path, 0).await, elsewhere(&path, 0).await];
    let renew = |kept: SqliteTokens| async move {
        match kept.claim(1).await.unwrap() {
            Claim::Taken => kept.replace(1, &tokens("1")).await.unwrap(),
            _ => false,
        }
    };
    let workers = (0..12).map(|n| renew(stores[n % stores.len()].tokens("acme")));
    let renewed = futures_util::future::join_all(workers).await;
    assert_eq!(renewed.into_iter().filter(|renewed| *renewed).count(), 1);
}

#[tokio::test]
async fn a_claim_that_nobody_gives_back_runs_out() {
    let (_guard, path) = place();
    // The process that claims is killed before it stores anything.
    let killed = elsewhere(&path, 0).await;
    assert!(killed.tokens("acme").replace(0, &tokens("first")).await.unwrap());
    assert!(matches!(killed.tokens("acme").claim(1).await.unwrap(), Claim::Taken));
    drop(killed);

    assert!(matches!(elsewhere(&path, 149).await.tokens("acme").claim(1).await.unwrap(), Claim::Busy));
    let next = elsewhere(&path, 151).await;
    assert!(matches!(next.tokens("acme").claim(1).await.unwrap(), Claim::Taken));
    assert_eq!(
        said(next.tokens("acme").load().await.unwrap()),
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
    assert!(store.tokens("acme").replace(0, &tokens("first")).await.unwrap());
    assert!(matches!(store.tokens("acme").claim(1).await.unwrap(), Claim::Taken));
    assert!(matches!(open(&path).await.tokens("acme").claim(1).await.unwrap(), Claim::Busy), "it lives");
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
    assert!(matches!(open(&path).await.tokens("acme").claim(1).await.unwrap(), Claim::Taken));
}

#[tokio::test]
async fn tokens_that_were_stored_are_there_after_a_cut() {
    let (guard, path) = place();
    let kept = open(&path).await.tokens("acme");
    assert!(kept.replace(0, &tokens("first")).await.unwrap());
    // What a power cut leaves: the files as they are at this moment.
    let after = guard.path().join("after");
    std::fs::create_dir(&after).unwrap();
    for file in ["state.db", "state.db-wal"] {
        let _ = std::fs::copy(guard.path().join(file), after.join(file));
    }
    let found = open(&after.join("state.db")).await.tokens("acme").load().await.unwrap();
    assert_eq!(said(found), Some((1, "first".to_owned())));
}

#[tokio::test]
async fn forgetting_leaves_no_token_and_no_version_comes_twice() {
    let (guard, path) = place();
    let store = open(&path).await;
    let kept = store.tokens("acme");
    assert!(!kept.forget().await.unwrap(), "there was nothing");
    assert!(kept.replace(0, &tokens("marker-first")).await.unwrap());
    assert!(kept.replace(1, &tokens("marker-second")).await.unwrap());
    assert!(holds(guard.path(), b"marker-second"), "the test would see it");
    assert!(!holds(guard.path(), b"marker-first"), "the one before is gone");
    assert!(kept.forget().await.unwrap());
    assert!(!holds(guard.path(), b"marker"));
    assert_eq!(said(kept.load().await.unwrap()), None);

    // A worker that was renewing meanwhile brings nothing back.
    assert!(!kept.replace(2, &tokens("late")).await.unwrap());
    assert!(kept.replace(0, &tokens("third")).await.unwrap());
    assert_eq!(said(kept.load().await.unwrap()), Some((4, "third".to_owned())));
}

#[tokio::test]
async fn sealed_tokens_need_their_key() {
    let (_guard, path) = place();
    let kept = open(&path).await.tokens("acme");
    assert!(kept.replace(0, &tokens("plain")).await.unwrap());
    let with_key = sealed(&path, KEY).await.tokens("acme");
    assert_eq!(said(with_key.load().await.unwrap()), Some((1, "plain".to_owned())), "what was there is read");
    assert!(with_key.replace(1, &tokens("sealed")).await.unwrap());

    let other = "another key that is long enough too";
    for (store, words) in
        [(open(&path).await, "no key was given"), (sealed(&path, other).await, "with this key")]
    {
        let refused = store.tokens("acme").load().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Config);
        assert!(refused.to_string().contains(words), "{refused}");
        assert!(refused.to_string().contains("acme"), "{refused}");
    }
    assert!(open(&path).await.tokens("acme").forget().await.unwrap(), "forgetting takes no key");
    assert!(SqliteStore::builder(&path).seal_with(Secret::from("short".to_owned())).open().await.is_err());
}

/// Rows as a version wrote them that called the tokens a grant: one in the open and one sealed with `KEY`.
#[tokio::test]
async fn tokens_that_an_earlier_version_stored_are_still_read() {
    let (_guard, path) = place();
    open(&path).await;
    let mut file = sqlx::ConnectOptions::connect(&sqlx::sqlite::SqliteConnectOptions::new().filename(&path))
        .await
        .unwrap();
    let sealed_content = concat!(
        "44d257e74200daf3df8477f7efba98f46f5fd3df1527db8a58b2adb8902934624e51b686a78811d3",
        "57366cf5341e786dae27bee2b097208976982f2843488ef934ac3b8532db2f021101d49b1ef28236",
        "2919239a103f595459ee5831ec59c06ff859588cbed18720b8071f42d5856bcce024ac8a14d3ecae",
        "b9adb6c162c48d53bf111c7577c4143e",
    );
    let script = format!(
        r#"INSERT INTO grants (connection, version, content, sealed, claimed_until, process) VALUES
           ('plain', 2, CAST('{{"access_token":"access-1","refresh_token":"refresh-1","scopes":["people:read"],"refused":true}}' AS BLOB), 0, 0, NULL),
           ('sealed', 1, X'{sealed_content}', 1, 0, NULL);"#
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut file).await.unwrap();
    sqlx::Connection::close(file).await.unwrap();
    let store = sealed(&path, KEY).await;
    for (connection, version, refused) in [("plain", 2, true), ("sealed", 1, false)] {
        let stored = store.tokens(connection).load().await.unwrap().unwrap();
        assert_eq!((stored.version, stored.tokens.refused), (version, refused), "{connection}");
        assert_eq!(stored.tokens.access_token.unwrap().expose(), "access-1");
        assert_eq!(stored.tokens.refresh_token.unwrap().expose(), "refresh-1");
        assert_eq!(stored.tokens.scopes, Some(BTreeSet::from(["people:read".to_owned()])));
        assert!(store.tokens(connection).replace(version, &tokens("next")).await.unwrap());
    }
}

#[tokio::test]
async fn sealed_tokens_of_one_connection_are_not_those_of_another() {
    let (_guard, path) = place();
    let store = sealed(&path, KEY).await;
    assert!(store.tokens("acme").replace(0, &tokens("acme's")).await.unwrap());
    drop(store);
    let mut file = sqlx::ConnectOptions::connect(&sqlx::sqlite::SqliteConnectOptions::new().filename(&path))
        .await
        .unwrap();
    sqlx::query("UPDATE grants SET connection = 'mill'").execute(&mut file).await.unwrap();
    sqlx::Connection::close(file).await.unwrap();
    assert_eq!(sealed(&path, KEY).await.tokens("mill").load().await.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_state_that_cannot_be_used_is_told_as_such_through_a_connector() {
    let (_guard, path) = place();
    drop(open(&path).await);
    let copy = Arc::new(SqliteStore::open_read_only(&path).await.unwrap());
    let refused = copy.tokens("acme").replace(0, &tokens("x")).await.unwrap_err();
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
