//! Holding the lease while a run works.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::Result;
use crate::store::{Lease, RENEW_SECONDS, StateStore};

/// A lease and when it was renewed last.
#[derive(Debug)]
pub(super) struct Keeper<'a> {
    store: &'a dyn StateStore,
    lease: Lease,
    renewed: Mutex<Instant>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(store: &'a dyn StateStore, lease: Lease) -> Self {
        Self { store, lease, renewed: Mutex::new(Instant::now()) }
    }

    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Does the work and renews the lease beside it. Both are polled together, since a renewal may
    /// have to wait for a write of the work.
    pub(super) async fn hold<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = pin!(work);
        let mut lost = pin!(async {
            loop {
                sleep_until(self.due()).await;
                if let Err(error) = self.renew().await {
                    return error;
                }
            }
        });
        tokio::select! {
            biased;
            done = &mut work => done,
            error = &mut lost => Err(error),
        }
    }

    /// Asks the store whether the lease is still held, and renews it if that is due: before each write to the
    /// target or the source, so that a run which was paused finds out before it writes that another one took
    /// over. How old the lease is decides nothing: the clock of this process may have stood still while the
    /// machine was suspended.
    pub(super) async fn ensure(&self) -> Result<()> {
        if Instant::now() < self.due() { self.store.holds(&self.lease).await } else { self.renew().await }
    }

    async fn renew(&self) -> Result<()> {
        let asked = Instant::now();
        self.store.renew(&self.lease).await?;
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = asked;
        Ok(())
    }

    fn due(&self) -> Instant {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) + Duration::from_secs(RENEW_SECONDS)
    }
}
