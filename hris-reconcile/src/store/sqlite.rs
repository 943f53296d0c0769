//! The state in a SQLite file.

mod credentials;
mod fault;
mod file;
mod holding;
mod journal;
mod lease;
mod process;
mod tenants;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use hris_core::reconcile::{AccountClaim, Baseline, Judgement, Others, Resolution};
use hris_core::{Secret, Timestamp};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, Transaction};
use tokio::sync::Mutex;

pub(crate) use fault::{Fault, code};
pub(crate) use file::{create_private, options, prove_writable, writable};
pub use tokens::SqliteTokens;

use super::seal::Seal;
use super::{Intent, Lease, Settlement, State, StateStore};
use crate::report::Report;
use crate::{Connection, Error, ErrorKind, Result};

/// The state in one SQLite file, for runs on one machine.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("hris-state.db");
/// use hris_reconcile::store::{SqliteStore, StateStore};
///
/// let store = SqliteStore::open(&path).await?;
/// let lease = store.acquire("acme", "run-1").await?;
/// assert!(store.acquire("acme", "run-2").await.is_err());
/// store.release(&lease).await?;
/// # Ok(())
/// # }
/// ```
///
/// The file is readable by its owner only, from its first byte. Every transaction is on the disk
/// before the call returns. A file that is damaged, of another program or of a newer schema is
/// refused with a remedy and stays as it is; one of an older schema is brought up to date after a copy
/// was kept beside it (`….bak-N`, with the old version). Every page is looked at where the file was not closed in good
/// order, where its length is wrong, and before its schema is changed.
///
/// A lease lasts a minute, by the clock of the machine. On Linux a lease also names the process that
/// took it (read from `/proc`), and one whose process provably no longer exists on this machine is
/// taken over at once, so that a run can follow a killed one without waiting;
/// [`SqliteStoreBuilder::leases_by_time_only`] turns that off.
///
/// Reports are kept for thirteen months; [`SqliteStoreBuilder::keep_reports_days`] changes that.
pub struct SqliteStore {
    path: PathBuf,
    connection: Mutex<Option<SqliteConnection>>,
    access: Access,
    clock_offset: i64,
    keep_days: i32,
    process: Option<String>,
    seal: Option<Seal>,
}

/// For how many days it is remembered which actions were done. It is longer than any window of the
/// safeguards, and does not follow the reports, so that forgetting those never loosens a limit.
const JOURNAL_DAYS: i32 = 397;

/// Whether the store is the file or a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Copy,
    File,
}

/// Settings of a [`SqliteStore`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("hris-state.db");
/// use hris_reconcile::store::SqliteStore;
///
/// let store = SqliteStore::builder(&path).keep_reports_days(90).open().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteStoreBuilder {
    path: PathBuf,
    clock_offset: i64,
    keep_days: i32,
    by_time_only: bool,
    key: Option<Secret>,
}

impl SqliteStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// [`ErrorKind::State`] with a remedy where the file cannot be used. It is then as it was.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder(path).open().await
    }

    /// Opens the file to look at: nothing is made, changed or left beside it, and every write is
    /// refused. Where there is no file the state is empty. What others write later is not seen.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder(path).open_read_only().await
    }

    /// Settings other than the defaults.
    pub fn builder(path: impl AsRef<Path>) -> SqliteStoreBuilder {
        let path = path.as_ref();
        // SQLite gives some relative names a meaning of their own.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        SqliteStoreBuilder { path, clock_offset: 0, keep_days: JOURNAL_DAYS, by_time_only: false, key: None }
    }

    /// Forgets the reports of runs that were started before then, and returns how many.
    ///
    /// # Errors
    /// [`ErrorKind::State`].
    pub async fn prune(&self, connection: &str, before: Timestamp) -> Result<u64> {
        self.write("forget old runs", async |tx| Ok(journal::prune_runs(tx, connection, before).await?)).await
    }

    /// Writes everything into the one file and closes it. A store that is dropped instead loses
    /// nothing, but may leave SQLite's own files beside it.
    ///
    /// # Errors
    /// [`ErrorKind::State`].
    pub async fn close(self) -> Result<()> {
        let Some(connection) = self.connection.into_inner() else { return Ok(()) };
        connection.close().await.map_err(|error| fault::state_error("close the state", &self.path, error))
    }

    /// One transaction that takes the file's write lock before it reads.
    async fn write<T>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&mut Transaction<'_, Sqlite>) -> Result<T, Refused>,
    ) -> Result<T> {
        if self.access == Access::Copy {
            let message = format!("{doing} in {}: the state was opened to look at only", self.path.display());
            return Err(Error::new(ErrorKind::State, message));
        }
        self.transact("BEGIN IMMEDIATE", doing, async |mut tx| {
            let value = work(&mut tx).await?;
            tx.commit().await?;
            Ok(value)
        })
        .await
    }

    /// One look at the file as it is at one moment.
    async fn read<T>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&mut Transaction<'_, Sqlite>) -> Result<T, Refused>,
    ) -> Result<T> {
        self.transact("BEGIN", doing, async |mut tx| {
            let value = work(&mut tx).await?;
            tx.rollback().await?;
            Ok(value)
        })
        .await
    }

    /// Takes what was overwritten out of the write-ahead log too. A reader may keep it from that for
    /// now, which is no failure of the run.
    async fn empty_log(&self) {
        let mut slot = self.connection.lock().await;
        let Some(connection) = slot.as_mut() else { return };
        let emptied = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(connection).await;
        if let Err(error) = emptied {
            tracing::debug!(code = code(&error), "the write-ahead log was not emptied");
        }
    }

    async fn transact<T>(
        &self,
        begin: &'static str,
        doing: &str,
        work: impl AsyncFnOnce(Transaction<'_, Sqlite>) -> Result<T, Refused>,
    ) -> Result<T> {
        let mut slot = self.connection.lock().await;
        let done = async {
            let connection = match slot.take() {
                Some(connection) => connection,
                None => options(&self.path).connect().await?,
            };
            work(slot.insert(connection).begin_with(begin).await?).await
        };
        let done = done.await;
        if let (Err(Refused::Database(_)), Access::File) = (&done, self.access) {
            // After some errors SQLite has ended the transaction by itself, and what the connection
            // believes of it is no longer true.
            *slot = None;
        }
        done.map_err(|refused| self.explain(doing, refused))
    }

    fn explain(&self, doing: &str, refused: Refused) -> Error {
        match refused {
            Refused::Busy(message) => Error::new(ErrorKind::Busy, format!("{doing}: {message}")),
            Refused::Content(what) => {
                // The reason would quote the content, so it is left out.
                let message = format!(
                    "{doing} in {}: {what} in it cannot be read; restore the file from a backup",
                    self.path.display()
                );
                Error::new(ErrorKind::State, message)
            }
            Refused::Database(error) => fault::state_error(doing, &self.path, error),
        }
    }
}

impl SqliteStoreBuilder {
    /// Lets a lease end by time or by being given back only: for a file on a disk that several
    /// machines share without their processes being told apart.
    #[must_use]
    pub fn leases_by_time_only(mut self) -> Self {
        self.by_time_only = true;
        self
    }

    /// Sets the leases' clock ahead by so many seconds (back, if negative), for tests.
    #[must_use]
    pub fn clock_ahead_seconds(mut self, seconds: i64) -> Self {
        self.clock_offset = seconds.saturating_mul(1000);
        self
    }

    /// For how many days reports are kept; the default is 397, thirteen months.
    #[must_use]
    pub fn keep_reports_days(mut self, days: u16) -> Self {
        self.keep_days = i32::from(days);
        self
    }

    /// Seals the tokens and credentials of connections with this key, which is random and at least 32 characters long,
    /// such as the output of `openssl rand -hex 32`. Without it they stand in the file as they are,
    /// which its owner alone can read. What was stored before is sealed when it is stored again.
    #[must_use]
    pub fn seal_with(mut self, key: Secret) -> Self {
        self.key = Some(key);
        self
    }

    /// As [`SqliteStore::open`].
    ///
    /// # Errors
    /// As [`SqliteStore::open`], and [`ErrorKind::Config`] if the key is too short.
    pub async fn open(self) -> Result<SqliteStore> {
        let seal = self.key.as_ref().map(Seal::new).transpose()?;
        let connection = file::open(&self.path, file::STEPS).await?;
        Ok(self.store(connection, Access::File, seal))
    }

    /// As [`SqliteStore::open_read_only`].
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_read_only(self) -> Result<SqliteStore> {
        let seal = self.key.as_ref().map(Seal::new).transpose()?;
        let connection = file::open_copy(&self.path, file::STEPS).await?;
        Ok(self.store(connection, Access::Copy, seal))
    }

    fn store(self, connection: SqliteConnection, access: Access, seal: Option<Seal>) -> SqliteStore {
        SqliteStore {
            path: self.path,
            connection: Mutex::new(Some(connection)),
            access,
            clock_offset: self.clock_offset,
            keep_days: self.keep_days,
            process: if self.by_time_only { None } else { process::identity() },
            seal,
        }
    }
}

#[async_trait]
impl StateStore for SqliteStore {
    async fn check(&self) -> Result<()> {
        match self.access {
            Access::Copy => file::check(&self.path, file::STEPS).await,
            Access::File => self.write("check the state", async |_| Ok(())).await,
        }
    }

    async fn acquire(&self, connection: &str, holder: &str) -> Result<Lease> {
        let request = lease::Request {
            connection,
            holder,
            clock_offset: self.clock_offset,
            process: self.process.as_deref(),
        };
        self.write("take the lease", async |tx| lease::acquire(tx, request).await).await
    }

    async fn renew(&self, lease: &Lease) -> Result<()> {
        self.write("renew the lease", async |tx| lease::renew(tx, lease, self.clock_offset).await).await
    }

    async fn holds(&self, lease: &Lease) -> Result<()> {
        self.read("look at the lease", async |tx| lease::check(tx, lease).await).await
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        self.write("give the lease back", async |tx| Ok(lease::release(tx, lease).await?)).await?;
        // Values that were in the journal go out of the write-ahead log too.
        self.empty_log().await;
        Ok(())
    }

    async fn load(&self, connection: &str) -> Result<State> {
        self.read("load the state", async |tx| journal::load(tx, connection).await).await
    }

    async fn intend(&self, lease: &Lease, intents: &[Intent]) -> Result<()> {
        self.write("record what is about to be done", async |tx| {
            lease::check(tx, lease).await?;
            journal::intend(tx, &lease.connection, intents).await
        })
        .await
    }

    async fn settle(&self, lease: &Lease, outcomes: &[Settlement]) -> Result<()> {
        self.write("record what was done", async |tx| {
            lease::check(tx, lease).await?;
            journal::settle(tx, &lease.connection, outcomes).await
        })
        .await
    }

    async fn finish(
        &self,
        lease: &Lease,
        report: &Report,
        baseline: Option<&Baseline>,
        claims: Option<&[AccountClaim]>,
    ) -> Result<()> {
        let horizon = |days: i32| report.started_at.plus_days(days.saturating_neg());
        self.write("record the run", async |tx| {
            lease::check(tx, lease).await?;
            journal::finish(tx, &lease.connection, report, baseline).await?;
            if let Some(claims) = claims {
                holding::claim(tx, &lease.connection, claims).await?;
            }
            journal::prune_runs(tx, &lease.connection, horizon(self.keep_days)).await?;
            journal::prune_journal(tx, &lease.connection, horizon(JOURNAL_DAYS)).await?;
            Ok(())
        })
        .await
    }

    async fn amend(&self, report: &Report) -> Result<()> {
        self.write("add to the record of the run", async |tx| journal::amend(tx, report).await).await
    }

    async fn others(&self, connection: &str, target: Option<&str>) -> Result<Others> {
        self.read("look at other connections", async |tx| holding::others(tx, connection, target).await).await
    }

    async fn last_started(&self, connection: &str, command: &str) -> Result<Option<Timestamp>> {
        let look = async |tx: &mut Transaction<'_, Sqlite>| {
            Ok(journal::last_started(tx, connection, command).await?)
        };
        self.read("look for the last run", look).await
    }

    async fn removals_since(&self, connection: &str, since: Timestamp) -> Result<u64> {
        self.read("count removals", async |tx| journal::removals(tx, connection, since).await).await
    }

    async fn history(&self, connection: &str, limit: u32) -> Result<Vec<Report>> {
        self.read("read the history", async |tx| journal::history(tx, connection, limit).await).await
    }

    async fn run(&self, connection: &str, run: &str) -> Result<Option<Report>> {
        self.read("read a run", async |tx| journal::run(tx, connection, run).await).await
    }

    async fn decide(&self, connection: &str, decisions: &[Resolution]) -> Result<()> {
        self.write("record decisions", async |tx| journal::decide(tx, connection, decisions).await).await
    }

    async fn judge(&self, connection: &str, judgements: &[Judgement]) -> Result<()> {
        self.write("record decisions", async |tx| holding::judge(tx, connection, judgements).await).await
    }

    async fn save_connection(&self, connection: &Connection) -> Result<()> {
        self.write("save the connection", async |tx| journal::save_connection(tx, connection).await).await
    }

    async fn connection(&self, name: &str) -> Result<Option<Connection>> {
        self.read("read the connection", async |tx| journal::connection(tx, name).await).await
    }

    async fn connections(&self) -> Result<Vec<String>> {
        self.read("list the connections", async |tx| Ok(tenants::names(tx).await?)).await
    }

    async fn save_credential(&self, connection: &str, name: &str, credential: &Secret) -> Result<()> {
        self.save_sealed_credential(connection, name, credential).await
    }

    async fn credentials(&self, connection: &str) -> Result<BTreeMap<String, Secret>> {
        self.open_credentials(connection).await
    }

    async fn forget_credential(&self, connection: &str, name: &str) -> Result<bool> {
        let forgotten = self
            .write("forget the credential", async |tx| Ok(credentials::forget(tx, connection, name).await?));
        let forgotten = forgotten.await?;
        self.empty_log().await;
        Ok(forgotten)
    }

    async fn forget(&self, connection: &str) -> Result<bool> {
        let forgotten = self.write("forget the connection", async |tx| {
            let (clock_offset, process) = (self.clock_offset, self.process.as_deref());
            let request = lease::Request { connection, holder: "forget", clock_offset, process };
            let lease = lease::acquire(tx, request).await?;
            Ok(tenants::forget(tx, &lease).await?)
        });
        let forgotten = forgotten.await?;
        self.empty_log().await;
        Ok(forgotten)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// Why a transaction came to nothing.
enum Refused {
    /// Another run holds the connection.
    Busy(String),
    /// What is stored is not what was written; the text says which part.
    Content(&'static str),
    /// SQLite says so.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}
