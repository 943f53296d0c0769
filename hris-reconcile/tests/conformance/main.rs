//! The suites that every target and every store passes: right ones pass, and each wrong one fails the case that
//! looks at what is wrong.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod bad_batches;
mod bad_store;
mod bad_target;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use hris_core::{MemoryDirectory, TargetField, UserId};
use hris_reconcile::conformance::{self, StoreHarness, StoreStage, Summary, TargetHarness, TargetStage};
use hris_reconcile::store::{MemoryStore, SqliteStore, StateStore};
use hris_reconcile::target::Target;
use hris_reconcile::targets::{DirectoryTarget, MemoryTarget, SqliteTarget};
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

/// Passes, and looked at so many cases at least.
fn passes(summary: &Summary, at_least: usize) {
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= at_least, "only {} cases ran: {summary}", summary.passed.len());
}

struct Memory(MemoryTarget);

#[async_trait]
impl TargetStage for Memory {
    fn target(&self) -> &dyn Target {
        &self.0
    }
    async fn reopen(&self) -> Result<Box<dyn Target>, String> {
        Ok(Box::new(self.0.clone()))
    }
    async fn remove(&self, id: &UserId) -> Result<(), String> {
        self.0.edit(|users| drop(users.remove(id)));
        Ok(())
    }
}

struct MemoryAccounts;

#[async_trait]
impl TargetHarness for MemoryAccounts {
    async fn stage(&self) -> Box<dyn TargetStage> {
        Box::new(Memory(MemoryTarget::new()))
    }
}

#[tokio::test]
async fn accounts_in_memory_pass() {
    passes(&conformance::target(&MemoryAccounts).await, 49);
}

/// Tables that the target made, or that a product made, whose ids are row numbers that come again.
struct Files {
    before: Option<&'static str>,
}

struct File {
    target: SqliteTarget,
    path: PathBuf,
    _folder: TempDir,
}

impl File {
    async fn run(&self, statement: &str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&self.path).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

#[async_trait]
impl TargetStage for File {
    fn target(&self) -> &dyn Target {
        &self.target
    }
    async fn reopen(&self) -> Result<Box<dyn Target>, String> {
        Ok(Box::new(SqliteTarget::open(&self.path).await.unwrap()))
    }
    async fn remove(&self, id: &UserId) -> Result<(), String> {
        self.run(&format!("DELETE FROM users WHERE id = '{id}'")).await;
        Ok(())
    }
}

#[async_trait]
impl TargetHarness for Files {
    async fn stage(&self) -> Box<dyn TargetStage> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.db");
        let file =
            File { target: SqliteTarget::open(&path).await.unwrap(), path: path.clone(), _folder: folder };
        if let Some(statement) = self.before {
            file.run(statement).await;
        }
        Box::new(file)
    }
}

#[tokio::test]
async fn accounts_in_a_file_pass() {
    passes(&conformance::target(&Files { before: None }).await, 60);
}

#[tokio::test]
async fn accounts_in_a_table_of_the_product_pass() {
    const TABLE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, external_id TEXT UNIQUE, employee_number TEXT, \
        email TEXT COLLATE NOCASE UNIQUE, given_name TEXT, family_name TEXT, phone TEXT, job_title TEXT, \
        department TEXT, location TEXT, manager_external_id TEXT, start_date TEXT, end_date TEXT, address TEXT, \
        custom TEXT, role TEXT, status TEXT NOT NULL DEFAULT 'active', invited_at TEXT, deactivated_at TEXT, \
        created_at TEXT, updated_at TEXT)";
    passes(&conformance::target(&Files { before: Some(TABLE) }).await, 60);
}

/// The people of a directory in memory, which lets two of them have one address.
struct Payroll(DirectoryTarget<MemoryDirectory>, MemoryDirectory);

#[async_trait]
impl TargetStage for Payroll {
    fn target(&self) -> &dyn Target {
        &self.0
    }
    async fn reopen(&self) -> Result<Box<dyn Target>, String> {
        Ok(Box::new(DirectoryTarget::new(self.1.clone()).unwrap()))
    }
    async fn remove(&self, id: &UserId) -> Result<(), String> {
        self.1.edit(|people| people.retain(|person| person.id().as_str() != id.as_str()));
        Ok(())
    }
    fn unheld(&self) -> &[TargetField] {
        &[TargetField::Email]
    }
}

struct Payrolls;

#[async_trait]
impl TargetHarness for Payrolls {
    async fn stage(&self) -> Box<dyn TargetStage> {
        let people = MemoryDirectory::new([]);
        Box::new(Payroll(DirectoryTarget::new(people.clone()).unwrap(), people))
    }
}

#[tokio::test]
async fn a_directory_as_a_target_passes() {
    let summary = conformance::target(&Payrolls).await;
    passes(&summary, 26);
    let why =
        |name: &str| summary.skipped.iter().find(|(case, _)| *case == name).map(|(_, why)| why.as_str());
    assert_eq!(why("an_account_is_found_by_its_external_id"), Some("the target keeps no external ids"));
    assert_eq!(why("an_invitation_is_seen_with_its_time"), Some("the target does not invite"));
}

struct MemoryState {
    store: MemoryStore,
    passed: Mutex<u64>,
}

#[async_trait]
impl StoreStage for MemoryState {
    fn store(&self) -> &dyn StateStore {
        &self.store
    }
    async fn reopen(&self) -> Result<Box<dyn StateStore>, String> {
        Ok(Box::new(self.store.clone()))
    }
    async fn after(&self, seconds: u64) -> Result<Box<dyn StateStore>, String> {
        let more = seconds.saturating_sub(std::mem::replace(&mut *self.passed.lock().unwrap(), seconds));
        tokio::time::advance(Duration::from_secs(more)).await;
        Ok(Box::new(self.store.clone()))
    }
}

struct MemoryStates;

#[async_trait]
impl StoreHarness for MemoryStates {
    async fn stage(&self) -> Box<dyn StoreStage> {
        Box::new(MemoryState { store: MemoryStore::new(), passed: Mutex::new(0) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_in_memory_passes() {
    passes(&conformance::store(&MemoryStates).await, 35);
}

struct StateFiles;

struct StateFile {
    store: SqliteStore,
    path: PathBuf,
    _folder: TempDir,
}

#[async_trait]
impl StoreStage for StateFile {
    fn store(&self) -> &dyn StateStore {
        &self.store
    }
    async fn reopen(&self) -> Result<Box<dyn StateStore>, String> {
        self.after(0).await
    }
    async fn after(&self, seconds: u64) -> Result<Box<dyn StateStore>, String> {
        let seconds = i64::try_from(seconds).unwrap();
        Ok(Box::new(SqliteStore::builder(&self.path).clock_ahead_seconds(seconds).open().await.unwrap()))
    }
}

#[async_trait]
impl StoreHarness for StateFiles {
    async fn stage(&self) -> Box<dyn StoreStage> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        Box::new(StateFile { store: SqliteStore::open(&path).await.unwrap(), path, _folder: folder })
    }
}

#[tokio::test]
async fn a_state_in_a_file_passes() {
    passes(&conformance::store(&StateFiles).await, 35);
}
