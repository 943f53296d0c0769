//! Running again and again.

#[cfg(feature = "cron")]
mod cron;
mod system;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use hris_core::Timestamp;

use crate::report::Report;
use crate::{Error, ErrorKind, Result, Runner, Stop};

pub use system::SystemClock;

/// When a connection runs: every so often, or with feature `cron` at the times of a pattern.
///
/// ```
/// use std::time::Duration;
/// use hris_core::Timestamp;
/// use hris_reconcile::schedule::Schedule;
///
/// let daily = Schedule::every(Duration::from_secs(24 * 60 * 60));
/// let last: Timestamp = "2026-11-23T09:00:00Z".parse()?;
/// let next = daily.next_after(Some(last), "2026-11-23T10:00:00Z".parse()?);
/// assert_eq!(next, Some("2026-11-24T09:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schedule(Kind);

#[derive(Clone, Debug)]
enum Kind {
    #[cfg(feature = "cron")]
    Cron(Box<cron::Pattern>),
    Every(Duration),
}

impl Schedule {
    /// A run whenever this much time has passed since the last one began; at least a second.
    #[must_use]
    pub fn every(every: Duration) -> Self {
        Self(Kind::Every(every.max(Duration::from_secs(1))))
    }

    /// A run at the times of a cron pattern of five fields, such as `0 6 * * *`, in a time zone. A time
    /// that the zone skips when its clocks go forward comes as soon as they have; one that it has
    /// twice comes once.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the pattern is invalid or has no time.
    #[cfg(feature = "cron")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cron")))]
    pub fn cron(pattern: &str, zone: &hris_core::TimeZone) -> Result<Self> {
        Ok(Self(Kind::Cron(Box::new(cron::Pattern::new(pattern, zone)?))))
    }

    /// Returns when the next run is due after the last one began. `None` if it never is. A time in the past
    /// is due now: one run makes up for all missed ones. Without a last run a pattern is due at its next
    /// time, and an interval now.
    #[must_use]
    pub fn next_after(&self, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        // A clock that was set back does not put the next run off for longer than the schedule says.
        let last = last.map(|last| last.min(now));
        let next = match &self.0 {
            #[cfg(feature = "cron")]
            Kind::Cron(pattern) => pattern.next_after(last.unwrap_or(now))?,
            Kind::Every(every) => last.map_or(now, |last| last.plus_seconds(seconds(*every))),
        };
        Some(next.max(now))
    }
}

/// The time, and waiting: [`SystemClock`] for a product, one of your own for a test that takes no time.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// The instant it is now.
    fn now(&self) -> Timestamp;

    /// Waits so long.
    async fn sleep(&self, duration: Duration);
}

/// The work that [`repeat`] does again and again.
#[async_trait]
pub trait Job: Send {
    /// Runs once, at this instant.
    async fn run(&mut self, now: Timestamp) -> Ended;

    /// Gets the time of the next run.
    fn waits(&mut self, due: Timestamp) {
        let _ = due;
    }
}

/// How a run of a [`Job`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Finished until the next scheduled time: it did its work, or a person has to act first.
    Done,
    /// With a failure that may pass: it is tried again before the next scheduled time, after a minute and
    /// then less and less often.
    Passing,
    /// The source or the target asked for no request before this much time has passed.
    Wait(Duration),
}

impl From<&Result<Report>> for Ended {
    fn from(done: &Result<Report>) -> Self {
        match done {
            Ok(_) => Self::Done,
            Err(error) => match error.retry_after() {
                Some(wait) => Self::Wait(wait),
                None if error.is_transient() => Self::Passing,
                None => Self::Done,
            },
        }
    }
}

/// The longest sleep between two looks at the clock, because the clock may jump.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// The waits after failures in a row that may pass by themselves, in seconds.
const BACK_OFF: [u64; 5] = [60, 120, 300, 900, 1_800];

/// Runs whenever the schedule says so, one run after the other, until stopped: the loop beneath
/// [`run_every`], for a product that opens source, target and state again for each run.
///
/// `last` is when the last run began, or `None`. If the clock is set forward, a passed time is due. If it
/// is set back, the next run comes no later than the schedule says.
///
/// # Errors
/// [`ErrorKind::Config`] if the schedule never comes again.
pub async fn repeat(
    schedule: &Schedule,
    clock: &dyn Clock,
    stop: &Stop,
    mut last: Option<Timestamp>,
    job: &mut dyn Job,
) -> Result<()> {
    #[cfg(feature = "cron")]
    if let Kind::Cron(_) = schedule.0 {
        // The next time of the pattern counts from the beginning of the loop. Counted from each look, it
        // would move on.
        last = last.or(Some(clock.now()));
    }
    let mut told = None;
    let mut retry: Option<Retry> = None;
    let mut in_a_row = 0_usize;
    while !stop.is_stopped() {
        let now = clock.now();
        if last.is_some_and(|last| last > now) {
            last = Some(now);
        }
        let due = schedule.next_after(last, now).ok_or_else(|| {
            Error::new(ErrorKind::Config, "wait for the next run: the pattern never comes again; correct it")
        })?;
        let due = retry.map_or(due, |retry| retry.instead_of(due, now));
        if due > now {
            if told != Some(due) {
                job.waits(due);
                told = Some(due);
            }
            let wait = u64::try_from(due.unix_seconds().saturating_sub(now.unix_seconds())).unwrap_or(1);
            let wait = Duration::from_secs(wait).min(LOOK_AGAIN);
            tokio::select! {
                biased;
                () = stop.stopped() => break,
                () = clock.sleep(wait) => continue,
            }
        }
        last = Some(now);
        let ended = job.run(now).await;
        let asked = if let Ended::Wait(wait) = ended {
            wait.saturating_add(Duration::from_secs(1))
        } else {
            Duration::ZERO
        };
        retry = match ended {
            Ended::Done => None,
            Ended::Passing | Ended::Wait(_) => {
                let own = BACK_OFF.get(in_a_row).or(BACK_OFF.last()).copied().unwrap_or(60);
                Some(Retry {
                    since: clock.now(),
                    after: Duration::from_secs(own).max(asked),
                    at_least: asked,
                })
            }
        };
        in_a_row = if retry.is_some() { in_a_row.saturating_add(1) } else { 0 };
    }
    Ok(())
}

/// When a run is tried again after one that failed.
#[derive(Clone, Copy, Debug)]
struct Retry {
    since: Timestamp,
    after: Duration,
    /// Not even the schedule makes it earlier than this.
    at_least: Duration,
}

impl Retry {
    fn instead_of(self, due: Timestamp, now: Timestamp) -> Timestamp {
        // After a clock was set back the wait counts from then, because it is unknown how much of it is
        // over.
        let since = self.since.min(now);
        due.min(since.plus_seconds(seconds(self.after)))
            .max(since.plus_seconds(seconds(self.at_least)))
            .max(now)
    }
}

/// Syncs whenever the schedule says so, one run after the other, until the runner is stopped, and hands
/// each result to `each`. A run that fails does not end the loop: a failure that may pass is tried again
/// after a minute and then less and less often, any other when the next run is due, and none earlier than
/// the source or target asked for.
///
/// The first run is due by the last sync of the connection, see [`Runner::last_sync`]: at once if one was
/// missed.
///
/// # Errors
/// [`ErrorKind::State`] if the history cannot be read; [`ErrorKind::Config`] if the schedule never
/// comes again.
pub async fn run_every(
    runner: &Runner,
    schedule: &Schedule,
    clock: &dyn Clock,
    each: impl FnMut(Result<Report>) + Send,
) -> Result<()> {
    let last = runner.last_sync().await?;
    repeat(schedule, clock, runner.stop(), last, &mut Syncs { runner, each }).await
}

struct Syncs<'a, F> {
    runner: &'a Runner,
    each: F,
}

#[async_trait]
impl<F: FnMut(Result<Report>) + Send> Job for Syncs<'_, F> {
    async fn run(&mut self, now: Timestamp) -> Ended {
        let done = self.runner.run(now).await;
        let ended = Ended::from(&done);
        (self.each)(done);
        ended
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
