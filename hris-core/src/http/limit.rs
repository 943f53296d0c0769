//! The pace of one credential: our own limit, and the vendor's, which wins.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Response;

/// Requests allowed per time, and how many of them may go out at once.
///
/// In any period no more go out than the burst plus what the rate adds. To stay below a limit that counts
/// over windows, choose rate and burst so that their sum over one window is that limit. A burst of one (the
/// default) spaces requests evenly.
///
/// ```
/// use hris_core::http::Rate;
///
/// let rate = Rate::per_second(5).burst(10);
/// assert_eq!(rate, Rate::per_minute(300).burst(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
    burst: NonZeroU32,
}

impl Rate {
    /// `requests` a second. Zero counts as one.
    #[must_use]
    pub fn per_second(requests: u32) -> Self {
        Self::every(Duration::from_secs(1), requests)
    }

    /// `requests` a minute. Zero counts as one.
    #[must_use]
    pub fn per_minute(requests: u32) -> Self {
        Self::every(Duration::from_secs(60), requests)
    }

    fn every(time: Duration, requests: u32) -> Self {
        let requests = u64::from(requests.max(1));
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        // Rounded up, so that the sum of the intervals is never shorter than the time.
        Self { interval: Duration::from_nanos(nanos.div_ceil(requests).max(1)), burst: NonZeroU32::MIN }
    }

    /// Lets `requests` go out at once after a pause. Zero counts as one.
    #[must_use]
    pub fn burst(self, requests: u32) -> Self {
        Self { burst: NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN), ..self }
    }
}

/// The pace that an answer asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pace {
    /// No request may be sent before this much time has passed.
    pub hold: Option<Duration>,
    /// What is left of the vendor's allowance.
    pub quota: Option<Quota>,
    /// The rate the vendor states, in place of the one so far. The connector decides what share
    /// of it to use.
    pub rate: Option<Rate>,
}

/// What is left of an allowance, and when it is full again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests left.
    pub remaining: u64,
    /// Time until the allowance is renewed.
    pub reset: Duration,
}

impl Pace {
    /// Reads the usual header fields: `RateLimit-Remaining` with `RateLimit-Reset`, or the same with `X-`
    /// before them. A reset is seconds from now, or, from some vendors, a Unix time, which then counts from
    /// the answer's `Date`. A senseless value is ignored, and so is a reset more than a day away.
    #[must_use]
    pub fn of(response: &Response) -> Option<Self> {
        let field = |name: &str| {
            ["ratelimit-", "x-ratelimit-", "x-rate-limit-"]
                .iter()
                .find_map(|prefix| response.header(&format!("{prefix}{name}")))
                .and_then(whole)
        };
        let remaining = field("remaining")?;
        let reset = match field("reset")? {
            unix @ 1_000_000_000.. => unix.checked_sub(super::retry::unix_date(response)?)?,
            seconds => seconds,
        };
        let day = 24 * 3600;
        (reset <= day).then(|| Self {
            quota: Some(Quota { remaining, reset: Duration::from_secs(reset) }),
            ..Self::default()
        })
    }

    /// Asks for no request before `time` has passed.
    #[must_use]
    pub fn hold(time: Duration) -> Self {
        Self { hold: Some(time), ..Self::default() }
    }

    /// Sets what is left of the allowance.
    #[must_use]
    pub fn quota(quota: Quota) -> Self {
        Self { quota: Some(quota), ..Self::default() }
    }

    /// Sets the rate from now on.
    #[must_use]
    pub fn rate(rate: Rate) -> Self {
        Self { rate: Some(rate), ..Self::default() }
    }
}

/// A whole number, also when it is written `50.0`.
pub(super) fn whole(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text
        .split_once('.')
        .filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'))
        .map_or(text, |(n, _)| n);
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// The pace in requests a second after the first refusal, where no pace was set.
const UNLIMITED_SLOWED: u32 = 10;
/// The longest time between two requests that slowing down may reach.
const SLOWEST: Duration = Duration::from_secs(30);

/// Lets requests of one credential through, one after the other, each at its time.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// Locked by the request that waits for the next place, so that requests leave in the order they came.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The rate at the beginning of a run: the configured one, or the one the vendor stated since.
    full: Option<Rate>,
    /// When the rate was last lowered because of a refusal.
    slowed: Option<Instant>,
    rate: Option<Rate>,
    bucket: Option<Bucket>,
    /// Limits that count over a period, in addition to the rate.
    windows: Vec<Window>,
    hold: Option<Instant>,
    quota: Option<(u64, Instant)>,
    in_flight: u64,
}

/// The number of requests in any period of this length, and when the last of them went out.
#[derive(Debug)]
struct Window {
    requests: usize,
    time: Duration,
    sent: VecDeque<Instant>,
}

impl Window {
    /// When the next request may go out, if that is not now.
    fn closed_until(&self, now: Instant) -> Option<Instant> {
        let first = self.sent.front().filter(|_| self.sent.len() >= self.requests)?;
        Some(later(*first, self.time)).filter(|until| *until > now)
    }

    fn count(&mut self, now: Instant) {
        if self.sent.len() >= self.requests {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
    }
}

/// The right to have one request under way.
#[derive(Debug)]
pub(crate) struct Ticket<'a>(&'a Limiter);

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

impl Limiter {
    pub(crate) fn new(rate: Option<Rate>, windows: &[(u32, Duration)]) -> Self {
        let windows = windows.iter().map(|(requests, time)| {
            let requests = usize::try_from(*requests).unwrap_or(usize::MAX).max(1);
            Window { requests, time: *time, sent: VecDeque::new() }
        });
        let windows = windows.collect();
        let state = State { full: rate, rate, bucket: rate.map(Bucket::full), windows, ..State::default() };
        Self { turn: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    /// Waits for the next place. Fails with the remaining wait if the vendor asks for more than `longest`,
    /// because only the caller can decide to sleep that long. `tell` gets each wait, for the pace too: it is slow
    /// where a vendor allows little, and slower after refusals.
    pub(crate) async fn acquire(
        &self,
        longest: Duration,
        tell: impl Fn(Duration),
    ) -> Result<Ticket<'_>, Duration> {
        let _turn = self.turn.lock().await;
        loop {
            let now = Instant::now();
            let wake = match self.state().pass(now) {
                Gate::Held(until) => {
                    let left = until.saturating_duration_since(now);
                    if left > longest {
                        return Err(left);
                    }
                    tell(left);
                    until
                }
                Gate::Open => return Ok(Ticket(self)),
                Gate::Spaced(until) => {
                    tell(until.saturating_duration_since(now));
                    until
                }
            };
            sleep_until(wake).await;
        }
    }

    /// Stops all requests for `time` from now. An earlier, longer stop stays.
    pub(crate) fn hold(&self, time: Duration) {
        let until = later(Instant::now(), time);
        let mut state = self.state();
        state.hold = Some(state.hold.map_or(until, |known| known.max(until)));
    }

    /// How long requests are stopped from now on.
    pub(crate) fn held(&self) -> Duration {
        let until = self.state().hold;
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// Applies the pace of an answer. Call it while the ticket of that answer exists.
    pub(crate) fn observe(&self, pace: Pace) {
        if let Some(time) = pace.hold {
            self.hold(time);
        }
        let mut state = self.state();
        if let Some(rate) = pace.rate.filter(|rate| state.full != Some(*rate)) {
            state.full = Some(rate);
            state.set_rate(rate);
        }
        if let Some(quota) = pace.quota {
            state.take_quota(quota, Instant::now());
        }
    }

    /// Halves the pace, because a request sent at `sent` was one too many. Of several that were under way
    /// together only the first counts. So an unknown limit is found within a few refusals.
    pub(crate) fn slow_down(&self, sent: Instant) {
        let mut state = self.state();
        if state.slowed.is_some_and(|slowed| sent <= slowed) {
            return;
        }
        state.slowed = Some(Instant::now());
        let rate = state.rate.or(state.windows_rate()).map_or(Rate::per_second(UNLIMITED_SLOWED), |rate| {
            Rate { interval: rate.interval.saturating_mul(2).min(SLOWEST), burst: NonZeroU32::MIN }
        });
        state.set_rate(rate);
    }

    /// Returns to the pace that was set or stated, because the vendor may be less busy in a new run.
    pub(crate) fn recover(&self) {
        let mut state = self.state();
        if state.slowed.take().is_none() {
            return;
        }
        match state.full {
            Some(rate) => state.set_rate(rate),
            // The windows are the pace, so a rate that slowed them is removed.
            None if !state.windows.is_empty() => (state.rate, state.bucket) = (None, None),
            None => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Gate {
    Held(Instant),
    Open,
    Spaced(Instant),
}

impl State {
    /// The rate of the slowest window.
    fn windows_rate(&self) -> Option<Rate> {
        let interval = |window: &Window| window.time / u32::try_from(window.requests).unwrap_or(u32::MAX);
        let interval = self.windows.iter().map(interval).max()?.max(Duration::from_nanos(1));
        Some(Rate { interval, burst: NonZeroU32::MIN })
    }

    fn set_rate(&mut self, rate: Rate) {
        self.rate = Some(rate);
        // Requests already sent count against the new rate, so its burst begins empty.
        self.bucket = Some(Bucket::empty(rate, Instant::now()));
    }

    fn pass(&mut self, now: Instant) -> Gate {
        self.hold = self.hold.filter(|until| *until > now);
        self.quota = self.quota.filter(|(_, until)| *until > now);
        if let Some(until) = self.hold {
            return Gate::Held(until);
        }
        if let Some((0, until)) = self.quota {
            return Gate::Held(until);
        }
        if let Some(until) = self.windows.iter().filter_map(|window| window.closed_until(now)).max() {
            return Gate::Spaced(until);
        }
        if let Some(until) = self.bucket.as_mut().and_then(|bucket| bucket.take(now)) {
            return Gate::Spaced(until);
        }
        if let Some((remaining, _)) = &mut self.quota {
            *remaining = remaining.saturating_sub(1);
        }
        for window in &mut self.windows {
            window.count(now);
        }
        self.in_flight += 1;
        Gate::Open
    }

    fn take_quota(&mut self, told: Quota, now: Instant) {
        // The vendor may not have counted the other requests under way yet.
        let remaining = told.remaining.saturating_sub(self.in_flight.saturating_sub(1));
        let until = later(now, told.reset);
        // Resets come in whole seconds, so they seem to vary within one window.
        let slack = Duration::from_secs(1);
        self.quota = match self.quota {
            Some((known, end)) if end > now && until <= later(end, slack) => {
                Some((known.min(remaining), end))
            }
            _ => Some((remaining, until)),
        };
    }
}

/// A moment after `from`. An overflow of the clock means "never".
fn later(from: Instant, time: Duration) -> Instant {
    const LONG: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    from.checked_add(time.min(LONG)).unwrap_or(from)
}

/// The requests that a rate allows, by one moment: each request moves it on by the interval, and it may be ahead
/// of the clock by all of the burst but one.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    /// When the burst is full again; `None` before the first request.
    full_at: Option<Instant>,
}

impl Bucket {
    fn full(rate: Rate) -> Self {
        Self { rate, full_at: None }
    }

    fn empty(rate: Rate, now: Instant) -> Self {
        let burst = rate.interval.saturating_mul(rate.burst.get());
        Self { rate, full_at: Some(later(now, burst)) }
    }

    /// Takes the place of one request, or says when there will be one.
    fn take(&mut self, now: Instant) -> Option<Instant> {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let ahead = full_at.saturating_duration_since(now);
        let most = self.rate.interval.saturating_mul(self.rate.burst.get() - 1);
        if let Some(early) = ahead.checked_sub(most).filter(|early| !early.is_zero()) {
            return Some(later(now, early));
        }
        self.full_at = Some(later(full_at, self.rate.interval));
        None
    }
}
