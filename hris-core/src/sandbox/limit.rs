//! Limits on requests: token buckets on the sandbox's clock.

use std::collections::HashMap;
use std::time::Duration;

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests a second in the long run.
    pub per_second: f64,
    /// Requests that may come at once after a pause.
    pub burst: u32,
}

impl RateLimit {
    /// So many requests a second, and a burst of as many, at least one.
    #[must_use]
    pub fn per_second(requests: u32) -> Self {
        Self { per_second: f64::from(requests), burst: requests.max(1) }
    }

    /// So many requests a minute, and a burst of as many, at least one.
    #[must_use]
    pub fn per_minute(requests: u32) -> Self {
        Self { per_second: f64::from(requests) / 60.0, burst: requests.max(1) }
    }

    /// The same rate with another burst.
    #[must_use]
    pub fn burst(mut self, burst: u32) -> Self {
        self.burst = burst;
        self
    }

    /// How long it takes until so many requests are allowed again, a day at most.
    fn wait(self, requests: f64) -> Duration {
        let seconds = (requests / self.per_second).min(86_400.0);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(86_400))
    }
}

/// What is left of a limit after a request.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Allowance {
    /// The limit.
    pub limit: RateLimit,
    /// Requests that may still come at once.
    pub remaining: u32,
    /// Until the whole burst is allowed again.
    pub full_in: Duration,
}

/// The state of every limit, by whom it is counted for.
#[derive(Default)]
pub(super) struct Buckets(HashMap<(String, usize), Bucket>);

struct Bucket {
    level: f64,
    at: Duration,
}

impl Buckets {
    /// Counts one request against all limits, unless one of them is used up: then the whole seconds
    /// until it may come again.
    pub(super) fn take(&mut self, limits: &[(String, RateLimit)], now: Duration) -> Result<(), u64> {
        let mut wait: Option<Duration> = None;
        for (at, (of, limit)) in limits.iter().enumerate() {
            let level = self.level(at, of, *limit, now);
            if *level < 1.0 {
                wait = wait.max(Some(limit.wait(1.0 - *level)));
            }
        }
        if let Some(wait) = wait {
            return Err(wait.as_secs() + 1);
        }
        for (at, (of, limit)) in limits.iter().enumerate() {
            *self.level(at, of, *limit, now) -= 1.0;
        }
        Ok(())
    }

    /// What is left, without counting anything.
    pub(super) fn allowances(&mut self, limits: &[(String, RateLimit)], now: Duration) -> Vec<Allowance> {
        let left = |(at, (of, limit)): (usize, &(String, RateLimit))| {
            let level = *self.level(at, of, *limit, now);
            let full = f64::from(limit.burst.max(1));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between zero and the burst, which is a u32"
            )]
            let remaining = level.floor() as u32;
            Allowance { limit: *limit, remaining, full_in: limit.wait(full - level) }
        };
        limits.iter().enumerate().map(left).collect()
    }

    /// The level of one bucket, filled up to now.
    fn level(&mut self, at: usize, of: &str, limit: RateLimit, now: Duration) -> &mut f64 {
        let full = f64::from(limit.burst.max(1));
        let bucket = self.0.entry((of.to_owned(), at)).or_insert(Bucket { level: full, at: now });
        let grown = now.saturating_sub(bucket.at).as_secs_f64() * limit.per_second;
        bucket.level = (bucket.level + grown).clamp(0.0, full);
        bucket.at = now;
        &mut bucket.level
    }
}
