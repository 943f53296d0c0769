//! What time it is for this command.

use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use hris_core::Timestamp;

/// The real clock, or the one given with `--now`, which goes on from there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    given: Option<(Timestamp, Instant)>,
}

impl Clock {
    pub(crate) fn new(given: Option<Timestamp>) -> Self {
        Self { given: given.map(|at| (at, Instant::now())) }
    }

    /// Now. The clock of `--now` stands still for a single command, so that its output is the same
    /// each time.
    pub(crate) fn now(self) -> Timestamp {
        self.given.map_or_else(real, |(at, _)| at)
    }

    /// Whether it is the real clock.
    pub(crate) fn is_real(self) -> bool {
        self.given.is_none()
    }

    /// Now, for a command that runs for long: the clock of `--now` moves on.
    pub(crate) fn moving(self) -> Timestamp {
        self.given.map_or_else(real, |(at, since)| {
            at.plus_seconds(i64::try_from(since.elapsed().as_secs()).unwrap_or(i64::MAX))
        })
    }

    /// The clock so many seconds later, standing still.
    pub(crate) fn later(self, seconds: i64) -> Self {
        Self { given: Some((self.now().plus_seconds(seconds), Instant::now())) }
    }
}

#[async_trait]
impl hris_reconcile::schedule::Clock for Clock {
    fn now(&self) -> Timestamp {
        self.moving()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

fn real() -> Timestamp {
    SystemTime::now().into()
}
