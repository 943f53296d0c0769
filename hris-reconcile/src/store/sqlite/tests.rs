//! What needs a hand on the connection or on the steps of the schema.

use std::path::Path;

use hris_core::Timestamp;
use hris_core::reconcile::Action;

use super::file::{STEPS, open, open_copy};
use super::*;

fn intents() -> Vec<Intent> {
    let action = |n: usize| -> Action {
        serde_json::from_value(serde_json::json!({
            "key": format!("k{n}"), "kind": "update", "employee": "e", "user": "u",
            "changes": [{ "field": "given_name", "from": null, "to": "x".repeat(1000) }],
            "grants": [], "status": null, "situation": "confirmed", "reason": "fields_differ",
        }))
        .unwrap()
    };
    (0..200).map(|n| Intent::new("run", action(n), Timestamp::from_unix_seconds(0), false)).collect()
}

#[tokio::test]
async fn a_full_or_read_only_disk_loses_nothing_and_says_what_to_do() {
    for (broken, remedy) in
        [("PRAGMA max_page_count = 1", "free some space"), ("PRAGMA query_only = ON", "is read-only")]
    {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("state.db")).await.unwrap();
        let lease = store.acquire("acme", "run").await.unwrap();
        let mut intents = intents();
        let late = intents.split_off(1);
        store.intend(&lease, &intents).await.unwrap();

        sqlx::raw_sql(broken).execute(store.connection.lock().await.as_mut().unwrap()).await.unwrap();
        let refused = store.intend(&lease, &late).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::State);
        assert!(refused.to_string().contains(remedy), "{refused}");
        assert_eq!(store.load("acme").await.unwrap().unsettled, intents, "whole or not at all");
        // Both settings were the connection's, so a new one stands for a disk that was mended.
        store.intend(&lease, &late).await.unwrap();
    }
}

#[tokio::test]
async fn every_write_reaches_the_disk_and_deleted_values_are_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("state.db")).await.unwrap();
    let mut slot = store.connection.lock().await;
    let connection = slot.as_mut().unwrap();
    for (pragma, expected) in [
        ("PRAGMA synchronous", 2),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA secure_delete", 1),
        ("PRAGMA busy_timeout", 30_000),
    ] {
        let found: i64 = sqlx::query_scalar(pragma).fetch_one(&mut *connection).await.unwrap();
        assert_eq!(found, expected, "{pragma}");
    }
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
    assert_eq!(mode, "wal");
}

const NEXT: &str = "ALTER TABLE links ADD COLUMN extra TEXT; PRAGMA user_version = 2;";

/// The schema of the first version, which a step follows here that none of ours is.
fn first() -> &'static [&'static str] {
    &STEPS[..1]
}

async fn version(path: &Path) -> i64 {
    let looking = options(path).read_only(true).immutable(true);
    let mut connection = sqlx::ConnectOptions::connect(&looking).await.unwrap();
    sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn an_older_state_is_brought_up_to_date_and_a_copy_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let kept = directory.path().join("state.db.bak-1");
    open(&path, first()).await.unwrap().close().await.unwrap();
    let old = std::fs::read(&path).unwrap();
    let steps = [STEPS[0], NEXT];

    open_copy(&path, &steps).await.unwrap().close().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), old, "looking does not bring the file up to date");
    assert!(!kept.exists());

    // What a kill in the middle of copying left behind is not taken for the copy.
    std::fs::write(directory.path().join("state.db.bak-1.part"), b"half").unwrap();
    open(&path, &steps).await.unwrap().close().await.unwrap();
    assert_eq!((version(&path).await, version(&kept).await), (2, 1));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    }

    let new = std::fs::read(&path).unwrap();
    let refused = open(&path, first()).await.unwrap_err().to_string();
    assert!(refused.contains("schema version 2, and this program knows versions up to 1"), "{refused}");
    assert!(refused.contains("state.db.bak-1"), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), new);

    // The copy is a state that the older program opens.
    open(&kept, first()).await.unwrap().close().await.unwrap();
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_version_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    open(&path, first()).await.unwrap().close().await.unwrap();
    let broken = "ALTER TABLE links ADD COLUMN half TEXT; ALTER TABLE nowhere ADD COLUMN x TEXT; PRAGMA user_version = 3;";
    assert_eq!(open(&path, &[STEPS[0], NEXT, broken]).await.unwrap_err().kind(), ErrorKind::State);
    let mut connection = open(&path, &[STEPS[0], NEXT]).await.unwrap();
    let half: i64 = sqlx::query_scalar("SELECT count(*) FROM pragma_table_info('links') WHERE name = 'half'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(half, 0);
    connection.close().await.unwrap();
    assert_eq!(version(&path).await, 2);
}

/// A state of the schema before accounts had holders keeps its links, and says what it knew to others.
#[tokio::test]
async fn a_state_of_schema_3_keeps_its_links() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let mut old = open(&path, &STEPS[..3]).await.unwrap();
    let script = r#"
        INSERT INTO links (connection, employee, user, deactivated_by_us, awaits_invite, granted, sequence, bases)
        VALUES ('acme', 'e-1', 'u-1', 1, 0, '[{"kind":"area","value":"weaving"}]', 17, NULL),
               ('acme', 'e-2', 'u-2', 0, 1, NULL, 2, NULL);
        INSERT INTO baselines (connection, baseline)
        VALUES ('acme', '{"people":2,"fingerprint":{"organisation":"org-1","statuses":{}}}');
        INSERT INTO runs (connection, run, started_at, report) VALUES ('acme', 'r', 100, '{"command":"sync"}'),
               ('acme', 's', 200, '{"command":"push"}');
        INSERT INTO journal (connection, key, run, kind, employee, user, at, approved, done)
        VALUES ('acme', 'k', 'r', 'deactivate', 'e-1', 'u-1', 100, 0, 1);"#;
    sqlx::raw_sql(script).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let store = SqliteStore::open(&path).await.unwrap();
    let state = store.load("acme").await.unwrap();
    let [one, two] = &state.links[..] else { panic!("two links") };
    assert_eq!((one.user.as_str(), one.deactivated_by_us, one.granted.len()), ("u-1", true, 1));
    assert_eq!((two.user.as_str(), two.awaits_invite, two.invites), ("u-2", true, 0));
    assert_eq!((&one.external_id, one.learned.len()), (&None, 0));
    let last = state.baseline.unwrap();
    assert_eq!((last.people, last.target), (2, None));
    let others = store.others("other", Some("t")).await.unwrap();
    assert_eq!(others.held.len(), 2);
    assert_eq!(store.last_started("acme", "sync").await.unwrap(), Some(Timestamp::from_unix_seconds(100)));
    assert_eq!(store.removals_since("acme", Timestamp::from_unix_seconds(0)).await.unwrap(), 1);
}

/// A state of the schema before credentials were kept is the state it was, and takes some.
#[tokio::test]
async fn a_state_of_schema_4_keeps_what_it_has_and_takes_credentials() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let mut old = open(&path, &STEPS[..4]).await.unwrap();
    let script = r#"
        INSERT INTO links (connection, employee, user, deactivated_by_us, awaits_invite, granted, sequence, bases)
        VALUES ('acme', 'e-1', 'u-1', 0, 0, NULL, 1, NULL);
        INSERT INTO grants (connection, version, content, sealed, claimed_until)
        VALUES ('acme', 3, CAST('{"access_token":"a","refresh_token":"r","scopes":null}' AS BLOB), 0, 0);"#;
    sqlx::raw_sql(script).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let looking = SqliteStore::open_read_only(&path).await.unwrap();
    assert!(looking.credentials("acme").await.unwrap().is_empty());
    assert_eq!(version(&path).await, 4, "looking does not bring the file up to date");

    let store = std::sync::Arc::new(SqliteStore::open(&path).await.unwrap());
    assert_eq!(store.load("acme").await.unwrap().links.len(), 1);
    let tokens = hris_core::TokenStore::load(&store.tokens("acme")).await.unwrap().unwrap();
    assert_eq!(tokens.version, 3);
    store.save_credential("acme", "token", &secret("typed-in")).await.unwrap();
    assert_eq!(store.credentials("acme").await.unwrap()["token"].expose(), "typed-in");
    assert_eq!((version(&path).await, path.with_file_name("state.db.bak-4").exists()), (6, true));
}

#[tokio::test]
async fn credentials_are_sealed_and_belong_to_one_connection_and_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let key = |letter: &str| secret(&letter.repeat(32));
    let store = SqliteStore::builder(&path).seal_with(key("k")).open().await.unwrap();
    store.save_credential("acme", "token", &secret("marker-of-a-secret")).await.unwrap();
    assert_eq!(store.credentials("acme").await.unwrap()["token"].expose(), "marker-of-a-secret");
    assert!(!format!("{:?}", store.credentials("acme").await.unwrap()).contains("marker"));
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"marker"), "it stands in a file");
    }

    // A person who can write the file cannot give one connection the credential of another, nor under another name.
    for moved in ["SET connection = 'other'", "SET connection = 'acme', name = 'client_secret'"] {
        let script = format!("UPDATE credentials {moved}");
        let mut slot = store.connection.lock().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(slot.as_mut().unwrap()).await.unwrap();
        drop(slot);
        let connection = store.connections().await.unwrap().remove(0);
        let refused = store.credentials(&connection).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Config, "{moved}: {refused}");
    }
    store.save_credential("acme", "client_secret", &secret("again")).await.unwrap();
    store.close().await.unwrap();

    for builder in [SqliteStore::builder(&path), SqliteStore::builder(&path).seal_with(key("x"))] {
        let store = builder.open().await.unwrap();
        let refused = store.credentials("acme").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Config);
        assert!(refused.to_string().contains("give the one it was sealed with"), "{refused}");
        store.close().await.unwrap();
    }
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(store.forget_credential("acme", "client_secret").await.unwrap(), "forgetting takes no key");
    assert!(store.credentials("acme").await.unwrap().is_empty());
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}
