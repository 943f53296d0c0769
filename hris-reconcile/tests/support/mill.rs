//! A company whose product keeps its accounts in a table, in which triggers refuse what a test wants refused.

use std::sync::Arc;

use hris_core::{MemoryDirectory, User};
use hris_reconcile::report::Report;
use hris_reconcile::store::MemoryStore;
use hris_reconcile::target::{By, Target as _};
use hris_reconcile::targets::SqliteTarget;
use sqlx::{Connection as _, SqliteConnection};

use super::{assert_figures, builder, day, people};

pub(crate) struct Mill {
    pub(crate) directory: MemoryDirectory,
    pub(crate) target: Arc<SqliteTarget>,
    pub(crate) store: MemoryStore,
    folder: tempfile::TempDir,
}

impl Mill {
    pub(crate) async fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = Arc::new(SqliteTarget::open(folder.path().join("users.db")).await.unwrap());
        target.prepare().await.unwrap();
        Self { directory: MemoryDirectory::new(people(count)), target, store: MemoryStore::new(), folder }
    }

    /// Runs statements on the table.
    pub(crate) async fn execute(&self, script: &'static str) {
        let path = self.folder.path().join("users.db");
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
        sqlx::raw_sql(script).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn run(&self, n: u8) -> Report {
        let runner = builder(&self.directory, Arc::clone(&self.target), self.store.clone()).build().unwrap();
        let report = runner.run(day(n)).await.unwrap();
        assert_figures(&report);
        report
    }

    pub(crate) async fn user(&self, employee: &str) -> User {
        self.target.user(By::ExternalId(employee), day(1)).await.unwrap().unwrap()
    }
}
