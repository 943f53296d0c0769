//! Accounts in a file: what actions do to the rows, once a key, whoever made the tables.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod actions;
mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{Assignment, AssignmentKind, TargetField, Timestamp, User, UserId, UserStatus};
use hris_reconcile::target::{
    Assigns as _, By, Call, Invitation, Invites as _, NewUser, Reactivates as _, Remembers as _, Target,
    TargetError, TargetErrorKind,
};
use hris_reconcile::targets::SqliteTarget;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

async fn target_of(path: &Path) -> SqliteTarget {
    SqliteTarget::open(path).await.unwrap()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("users.db");
    (directory, path)
}

fn key(text: &str) -> ActionKey {
    ActionKey::from(text.to_owned())
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_000_000 + minutes * 60)
}

fn set(field: TargetField, to: &str) -> Change {
    Change::new(field, None, Some(to.to_owned()))
}

fn give(kind: AssignmentKind, value: &str) -> AssignmentChange {
    AssignmentChange::new(Assignment { kind, value: value.to_owned() }, true)
}

fn location(value: &str) -> Assignment {
    Assignment { kind: AssignmentKind::Location, value: value.to_owned() }
}

fn fields(error: &TargetError) -> Vec<&str> {
    error.fields.iter().map(String::as_str).collect()
}

async fn raw(path: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    options.connect().await.unwrap()
}

/// What somebody else does to the file.
async fn run(path: &Path, script: &str) {
    let mut connection = raw(path).await;
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// What somebody else sees in the file: the first cell of the first row.
async fn cell(path: &Path, query: &str) -> String {
    let mut connection = raw(path).await;
    let query = format!("SELECT CAST(({query}) AS TEXT)");
    let cell: Option<String> =
        sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    cell.unwrap_or_default()
}

/// Closes an account as it stands.
async fn close(
    target: &SqliteTarget,
    id: &UserId,
    key: &ActionKey,
    now: Timestamp,
) -> Result<(), TargetError> {
    let seen =
        target.user(By::Id(id), at(0)).await?.unwrap_or_else(|| User::new(id.clone(), UserStatus::Active));
    target.deactivate(&seen, &Call::new(key, now)).await
}
