//! When a request is sent again, and after how long.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::civil::DateTime;

use super::Response;

/// How often and how long requests are tried again.
///
/// Waits grow by a factor of two from their base to the cap, and each is drawn at random between
/// nothing and that (full jitter), so that clients which failed together do not return together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts a request has, the first included. 5.
    pub attempts: u32,
    /// The first wait of a request that writes or spends a value, at most. 0.5 s.
    pub base: Duration,
    /// The first wait of a request that only reads, at most. 50 ms: a connection that was cut and a server that
    /// restarts are usually back at once, and a read may be repeated without harm.
    pub read_base: Duration,
    /// The first wait of any request after too many of them, or after an answer that asks for a wait, at most. 1 s.
    pub throttled_base: Duration,
    /// Any wait of our own, at most. 30 s.
    pub cap: Duration,
    /// The longest wait that is accepted from a vendor, for all refusals of one request together. Above it
    /// the request fails at once with [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) and the
    /// wait in it. 120 s.
    pub longest_wait: Duration,
    /// Time from the first attempt after which no further attempt begins. 5 min.
    pub deadline: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            base: Duration::from_millis(500),
            read_base: Duration::from_millis(50),
            throttled_base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            longest_wait: Duration::from_secs(120),
            deadline: Duration::from_secs(300),
        }
    }
}

impl RetryPolicy {
    /// A policy that never repeats.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The wait after attempt number `attempt` (from 1), drawn by `random`.
    pub(crate) fn delay(&self, attempt: u32, cause: Cause, reads: bool, random: u64) -> Duration {
        let base = match cause {
            Cause::Busy | Cause::Throttled => self.throttled_base,
            _ if reads => self.read_base,
            _ => self.base,
        };
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let ceiling = base.saturating_mul(factor).min(self.cap);
        let share = u128::from(random);
        let nanos = (ceiling.as_nanos().saturating_mul(share)) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Why an attempt gave no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The server said it is busy and when to return; it may have applied the request.
    Busy,
    /// The server said that it failed; it may have applied the request.
    Failed,
    /// No server would answer otherwise.
    Final,
    /// The time was up; the server may have applied the request.
    Late,
    /// Nothing was sent.
    NotSent,
    /// It was sent and no answer came; it may have been applied.
    Silent,
    /// An answer came that must not be read, and it would be the same again.
    Spoiled,
    /// Too many requests; it was not applied.
    Throttled,
    /// The answer was not data.
    Unreadable,
}

/// What to do after an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send it again, within the policy.
    Repeat,
    /// Send it again if this happened for the first time.
    RepeatOnce,
    /// Stop, with an error.
    Stop,
    /// Stop, with an error that says that the outcome is unknown.
    Unknown,
}

/// How often a request may take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Twice has the same effect as once.
    Repeatable,
    /// Once, and it spends a value. If the server says that it failed, the request is sent again.
    Spending,
    /// Once.
    Write,
}

/// The one table of what is repeated.
pub(crate) fn next(cause: Cause, effect: Effect) -> Next {
    match (cause, effect) {
        (Cause::Final, _) | (Cause::Spoiled, Effect::Repeatable) => Next::Stop,
        (Cause::NotSent | Cause::Throttled, _)
        | (Cause::Busy | Cause::Failed, Effect::Repeatable | Effect::Spending)
        | (Cause::Silent, Effect::Repeatable) => Next::Repeat,
        (Cause::Late | Cause::Unreadable, Effect::Repeatable) => Next::RepeatOnce,
        _ => Next::Unknown,
    }
}

/// How long the vendor asked to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Until a date, and the answer has no time to measure it by.
    Unmeasured,
    /// This long.
    Wait(Duration),
}

/// The longest wait that is passed on. Only a broken vendor asks for more, and a caller that adds it to a
/// date must not overflow.
const A_CENTURY: u64 = 100 * 365 * 24 * 3600;

/// Reads `Retry-After`: whole seconds or an HTTP date, which counts from the answer's own `Date`, because
/// the vendor's clock and ours may differ. Anything else, and a date in the past, is ignored. Of several
/// the longest counts.
pub(crate) fn retry_after(response: &Response) -> Option<Asked> {
    let date = response.header("date").and_then(http_date);
    let asked = response.headers().values("retry-after").filter_map(|value| {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = value.parse().unwrap_or(u64::MAX).min(A_CENTURY);
            return (seconds > 0).then_some(Asked::Wait(Duration::from_secs(seconds)));
        }
        let until = http_date(value)?;
        let Some(date) = date else { return Some(Asked::Unmeasured) };
        let wait = Duration::try_from(until.duration_since(date)).ok()?;
        (!wait.is_zero()).then_some(Asked::Wait(wait.min(Duration::from_secs(A_CENTURY))))
    });
    asked.max_by_key(|asked| match asked {
        Asked::Unmeasured => Duration::MAX,
        Asked::Wait(wait) => *wait,
    })
}

/// The three forms of a date in HTTP; all are in GMT.
fn http_date(text: &str) -> Option<DateTime> {
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| DateTime::strptime(form, text.trim()).ok())
}

/// The moment an answer was made, in Unix seconds by the vendor's clock.
pub(crate) fn unix_date(response: &Response) -> Option<u64> {
    let date = response.header("date").and_then(http_date)?;
    u64::try_from(date.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_secs()).ok()
}

/// What the requests of one run have used, shared by every clone of its client.
#[derive(Debug, Default)]
pub(crate) struct Run {
    requests: AtomicU64,
    repeats: AtomicU64,
    /// The time of the first answer, in Unix seconds by the vendor's clock; 0 while it is unknown.
    answered: AtomicU64,
}

impl Run {
    pub(crate) fn note_answer(&self, response: &Response) {
        if let Some(at) = unix_date(response).filter(|_| (200..300).contains(&response.status())) {
            let _earlier = self.answered.compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    pub(crate) fn answered(&self) -> Option<u64> {
        Some(self.answered.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Takes one repeat from the budget: ten, or a fifth of the requests so far if that is more. An empty
    /// budget means a fault beyond single requests.
    pub(crate) fn spend_repeat(&self) -> bool {
        let allowed = (self.requests() / 5).max(10);
        self.repeats
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |spent| {
                (spent < allowed).then_some(spent + 1)
            })
            .is_ok()
    }
}

/// Random numbers for jitter (splitmix64): good enough to spread load, and repeatable from a seed.
#[derive(Debug)]
pub(crate) struct Jitter(AtomicU64);

impl Jitter {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(AtomicU64::new(seed.unwrap_or_else(|| RandomState::new().build_hasher().finish())))
    }

    pub(crate) fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
