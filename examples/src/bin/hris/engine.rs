//! Opens source, target and state of a configuration, and runs.

use hris_reconcile::report::Report;
use hris_reconcile::store::{SqliteStore, StateStore as _};

use crate::config::Settings;
use crate::failure::Result;

/// Past runs, newest first.
pub(crate) async fn history(settings: &Settings, limit: u32) -> Result<Vec<Report>> {
    let store = SqliteStore::open_read_only(&settings.state).await?;
    Ok(store.history(&settings.connection, limit).await?)
}

/// One past run.
pub(crate) async fn past_run(settings: &Settings, run: &str) -> Result<Option<Report>> {
    let store = SqliteStore::open_read_only(&settings.state).await?;
    Ok(store.run(&settings.connection, run).await?)
}
