//! Running again and again.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use hris_core::Timestamp;

use crate::report::Report;
use crate::{ErrorKind, Result, Runner};

/// How often a connection runs.
///
/// ```
/// use std::time::Duration;
/// use hris_core::Timestamp;
/// use hris_reconcile::schedule::Schedule;
///
/// let daily = Schedule::every(Duration::from_secs(24 * 60 * 60));
/// let last: Timestamp = "2026-11-23T09:00:00Z".parse()?;
/// let next = daily.next_after(Some(last), "2026-11-23T10:00:00Z".parse()?);
/// assert_eq!(next, "2026-11-24T09:00:00Z".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    every: Duration,
}

impl Schedule {
    /// A run each time so much time has passed since the last one began; at least a second.
    #[must_use]
    pub fn every(every: Duration) -> Self {
        Self { every: every.max(Duration::from_secs(1)) }
    }

    /// When the next run is due, if the last one began then. What is in the past is due now.
    ///
    /// However many were missed, one makes up for all. A clock that was set back does not put the
    /// next run off for longer than the schedule says.
    #[must_use]
    pub fn next_after(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let every = i64::try_from(self.every.as_secs()).unwrap_or(i64::MAX);
        let Some(last) = last else { return now };
        last.plus_seconds(every).min(now.plus_seconds(every)).max(now)
    }
}

/// What time it is, and waiting.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// The instant it is now.
    fn now(&self) -> Timestamp;

    /// Waits so long.
    async fn sleep(&self, duration: Duration);
}

/// A clock that jumps is looked at again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Syncs whenever the schedule says so, one run after the other, until the runner is stopped, and
/// hands each result to `each`. A run that fails does not end the loop; it is tried again when the
/// next one is due, but never earlier than the source or target asked for.
///
/// The first run is due by the history of the connection: at once if the last one is long ago.
///
/// # Errors
/// [`ErrorKind::State`] if the history cannot be read.
pub async fn run_every(
    runner: &Runner,
    schedule: Schedule,
    clock: &dyn Clock,
    mut each: impl FnMut(Result<Report>) + Send,
) -> Result<()> {
    let mut last = runner.history(1).await?.first().map(|report| report.started_at);
    let mut not_before: Option<Timestamp> = None;
    loop {
        let now = clock.now();
        let due = schedule.next_after(last, now);
        let due = not_before.map_or(due, |not_before| due.max(not_before));
        if due > now {
            let wait = u64::try_from(due.unix_seconds().saturating_sub(now.unix_seconds())).unwrap_or(1);
            let wait = Duration::from_secs(wait).min(LOOK_AGAIN);
            tokio::select! {
                biased;
                () = runner.stop().stopped() => return Ok(()),
                () = clock.sleep(wait) => continue,
            }
        }
        if runner.stop().is_stopped() {
            return Ok(());
        }
        let done = runner.run(now).await;
        last = Some(now);
        let wait = done.as_ref().err().and_then(crate::Error::retry_after);
        not_before = wait.map(|wait| {
            let wait = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX).saturating_add(1);
            clock.now().plus_seconds(wait)
        });
        let stopped = done.as_ref().err().is_some_and(|error| error.kind() == ErrorKind::Cancelled);
        each(done);
        if stopped {
            return Ok(());
        }
    }
}
