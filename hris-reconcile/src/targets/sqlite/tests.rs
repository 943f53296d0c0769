//! What needs a hand on the connection.

use hris_core::UserStatus;

use super::*;
use crate::target::TargetErrorKind;

#[tokio::test]
async fn a_full_or_read_only_disk_leaves_rows_whole_and_says_what_to_do() {
    for (broken, remedy) in
        [("PRAGMA max_page_count = 1", "free some space"), ("PRAGMA query_only = ON", "is read-only")]
    {
        let directory = tempfile::tempdir().unwrap();
        let target = SqliteTarget::open(directory.path().join("users.db")).await.unwrap();
        target.prepare().await.unwrap();
        let now = Timestamp::from_unix_seconds(0);
        let key = |text: &str| ActionKey::from(text.to_owned());
        let assignment = |n: usize| {
            let value = format!("{n}{}", "x".repeat(500));
            AssignmentChange::new(
                hris_core::Assignment { kind: hris_core::AssignmentKind::Area, value },
                true,
            )
        };
        let user = NewUser::new(UserStatus::Active, vec![], (0..200).map(assignment).collect());
        if let Some(session) = target.session.lock().await.as_mut() {
            sqlx::raw_sql(broken).execute(&mut session.connection).await.unwrap();
        }
        let refused = target.create(&user, &Call::new(&key("k"), now)).await.unwrap_err();
        assert_eq!(refused.kind, TargetErrorKind::Unavailable);
        assert!(refused.message.contains(remedy), "{refused}");
        // The setting was the connection's, so a new one stands for a disk that was mended.
        assert!(target.users(now).await.unwrap().is_empty(), "whole or not at all");
        target.create(&user, &Call::new(&key("k"), now)).await.unwrap();
        assert_eq!(target.users(now).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_write_reaches_the_disk_before_it_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let target = SqliteTarget::open(directory.path().join("users.db")).await.unwrap();
    target.prepare().await.unwrap();
    let mut slot = target.session.lock().await;
    let connection = &mut slot.as_mut().unwrap().connection;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await.unwrap();
    let patience: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(connection).await.unwrap();
    assert_eq!((mode.as_str(), synchronous, patience), ("wal", 2, 30_000));
}

#[tokio::test]
async fn a_locked_database_is_unavailable_until_it_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let target = SqliteTarget::open(directory.path().join("users.db")).await.unwrap();
    target.prepare().await.unwrap();
    if let Some(session) = target.session.lock().await.as_mut() {
        sqlx::raw_sql("PRAGMA busy_timeout = 0").execute(&mut session.connection).await.unwrap();
    }
    let mut other = options(&target.path).connect().await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let user = NewUser::new(UserStatus::Active, vec![], vec![]);
    let (key, now) = (ActionKey::from("k".to_owned()), Timestamp::from_unix_seconds(0));
    let refused = target.create(&user, &Call::new(&key, now)).await.unwrap_err();
    assert_eq!(refused.kind, TargetErrorKind::Unavailable);
    assert!(refused.message.contains("locked for 30 seconds"), "{refused}");
    held.rollback().await.unwrap();
    target.create(&user, &Call::new(&key, now)).await.unwrap();
}

#[test]
fn only_a_failing_disk_leaves_the_outcome_unknown() {
    let path = Path::new("users.db");
    let disk = sqlx::Error::Io(std::io::Error::other("disk"));
    assert_eq!(fault::of("update", path, &disk).kind, TargetErrorKind::Unavailable);
    assert_eq!(fault::uncertain("update", path, &disk).kind, TargetErrorKind::UnknownOutcome);
    let full = sqlx::Error::Io(std::io::ErrorKind::StorageFull.into());
    assert_eq!(fault::uncertain("update", path, &full).kind, TargetErrorKind::Unavailable);
}
