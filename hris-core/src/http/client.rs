//! The client: authorise → pace → send → classify, tried again as the policy allows.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument as _;
use url::Url;

use super::builder::ClientBuilder;
use super::fault::{Fault, seconds_up};
use super::limit::Limiter;
use super::retry::{Asked, Cause, Jitter, Next, Run, next, retry_after};
use super::vendor::classify;
use super::{
    Authorize, Headers, Limits, Outgoing, Request, Response, RetryPolicy, SendError, Transport, Vendor,
    Verdict,
};
use crate::{Error, ErrorKind, Result, Timestamp, Waiting};

/// Redirects followed within one origin.
const REDIRECTS: u32 = 3;

/// A shorter wait is not reported.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// When to come back to a vendor that refused too many requests and did not say until when.
const LATER: Duration = Duration::from_secs(60);

/// Sends requests of one credential to one vendor. Cheap to clone; clones share everything.
///
/// `Debug` shows the host only.
#[derive(Clone)]
pub struct Client {
    parts: Arc<Parts>,
    shared: Arc<Shared>,
    run: Arc<Run>,
    waiting: Option<Waiting>,
}

/// What the builder sets.
pub(super) struct Parts {
    pub(super) base: Url,
    pub(super) name: Option<&'static str>,
    pub(super) headers: Headers,
    pub(super) accepts: Option<Vec<String>>,
    pub(super) authorization: Option<Arc<dyn Authorize>>,
    pub(super) vendor: Arc<dyn Vendor>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) limiter: Limiter,
    pub(super) concurrency: usize,
    pub(super) retry: RetryPolicy,
    pub(super) limits: Limits,
    pub(super) jitter: Jitter,
}

struct Shared {
    permits: Semaphore,
    /// Locked by the request that renews the credential.
    renewing: Mutex<()>,
    /// Grows with each renewal, so that a request that was refused with an older credential sees that a
    /// newer one exists.
    renewals: AtomicU64,
    /// Grows with each refused renewal, so that the requests that waited for it do not ask for another.
    refusals: AtomicU64,
}

impl Shared {
    /// Renewals and refused renewals so far.
    fn renewed(&self) -> (u64, u64) {
        (self.renewals.load(Ordering::Acquire), self.refusals.load(Ordering::Acquire))
    }
}

impl Client {
    /// Whether the connection is encrypted. Plain `http` is possible to this machine only, where it was allowed.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.parts.base.scheme() == "https"
    }

    /// A builder of clients for the API beneath `base`, such as `https://hr.example/api`.
    pub fn builder(base: &str) -> ClientBuilder {
        ClientBuilder::new(base)
    }

    pub(super) fn assemble(parts: Parts) -> Self {
        let shared = Shared {
            permits: Semaphore::new(parts.concurrency.min(Semaphore::MAX_PERMITS)),
            renewing: Mutex::new(()),
            renewals: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
        };
        Self { parts: Arc::new(parts), shared: Arc::new(shared), run: Arc::default(), waiting: None }
    }

    /// The same client with a fresh budget of repeats and a request count of zero. Pace and credential stay
    /// shared; a lowered pace is reset.
    #[must_use]
    pub fn begin_run(&self) -> Self {
        self.parts.limiter.recover();
        Self { run: Arc::default(), ..self.clone() }
    }

    /// The same client, which reports to `waiting` each wait of a second or more that a limit or a fault of
    /// the vendor causes.
    #[must_use]
    pub fn on_wait(self, waiting: Option<Waiting>) -> Self {
        Self { waiting, ..self }
    }

    /// Reports a wait that begins.
    fn tell(&self, time: Duration) {
        if time < WORTH_TELLING {
            return;
        }
        tracing::info!(wait_ms = millis(time), "waiting for the vendor");
        if let Some(waiting) = &self.waiting {
            waiting(time);
        }
    }

    /// Requests sent in this run so far, repeats and redirects included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.run.requests()
    }

    /// The time of the first answer of this run by the vendor's clock (`Date`), where it is given, for
    /// [`Snapshot::with_answered_at`](crate::Snapshot::with_answered_at).
    #[must_use]
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.run.answered().and_then(|at| i64::try_from(at).ok()).map(Timestamp::from_unix_seconds)
    }

    /// Sends a request and returns its successful answer.
    ///
    /// # Errors
    /// By the vendor's answer: [`ErrorKind::Auth`], [`ErrorKind::Permission`],
    /// [`ErrorKind::NotFound`], [`ErrorKind::Rejected`], [`ErrorKind::RateLimited`] (with the wait
    /// asked for). Without a usable one: [`ErrorKind::Unavailable`], [`ErrorKind::Protocol`],
    /// [`ErrorKind::TooLarge`], and [`ErrorKind::UnknownOutcome`] for a write that may have been
    /// applied. [`ErrorKind::Config`] when the request cannot be built.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        self.try_until(request, Ok).await
    }

    /// Sends a request and reads the answer as JSON.
    ///
    /// # Errors
    /// As [`Client::send`] and [`Response::json`]. An unreadable answer to a read is asked for
    /// once more; one to a write leaves an [`ErrorKind::UnknownOutcome`].
    pub async fn json<T: DeserializeOwned + Send>(&self, request: &Request) -> Result<T> {
        self.exchange(request, Response::json).await
    }

    /// Sends a request and reads the answer with `read`, inside the retries: when `read` fails
    /// with [`ErrorKind::Protocol`], the answer to a read is asked for once more.
    ///
    /// # Errors
    /// As [`Client::send`], and those of `read`.
    pub async fn exchange<T, R>(&self, request: &Request, read: R) -> Result<T>
    where
        R: Fn(&Response) -> Result<T> + Send,
        T: Send,
    {
        self.try_until(request, move |response| read(&response)).await
    }

    /// Tries until there is a value, a permanent fault, or no attempt left.
    async fn try_until<T: Send>(
        &self,
        request: &Request,
        read: impl Fn(Response) -> Result<T> + Send,
    ) -> Result<T> {
        let vendor = self.parts.name.or(self.parts.base.host_str()).unwrap_or_default();
        self.tries(request, read).instrument(tracing::info_span!("request", vendor)).await
    }

    async fn tries<T: Send>(
        &self,
        request: &Request,
        read: impl Fn(Response) -> Result<T> + Send,
    ) -> Result<T> {
        let started = Instant::now();
        let policy = &self.parts.retry;
        let mut refreshed = false;
        let mut once = false;
        let mut attempt = 1;
        // How long limits have made this request wait.
        let mut held = Duration::ZERO;
        loop {
            let fault = match self.attempt(request, attempt, &mut refreshed).await {
                Ok(response) => match self.check_type(&response).and_then(|()| read(response)) {
                    Ok(value) => return Ok(value),
                    Err(error) if error.kind() == ErrorKind::Protocol => Fault::unreadable(error),
                    Err(error) => return Err(error),
                },
                Err(fault) => *fault,
            };
            let asked = match fault.asked {
                Some(Asked::Wait(wait)) => wait,
                _ => Duration::ZERO,
            };
            let drawn = policy.delay(attempt, fault.cause, request.is_read(), self.parts.jitter.draw());
            let mut wait = asked.max(drawn);
            let limited = matches!(fault.cause, Cause::Busy | Cause::Throttled);
            if limited {
                self.parts.limiter.hold(wait);
                wait = wait.max(self.parts.limiter.held());
                held = held.saturating_add(wait);
            }
            let repeat = match next(fault.cause, request.effect()) {
                Next::Repeat => true,
                Next::RepeatOnce => !std::mem::replace(&mut once, true),
                Next::Stop => false,
                Next::Unknown => return Err(fault.unknown(request.label())),
            };
            if !repeat {
                return Err(fault.into_error(request.label(), attempt));
            }
            if asked > policy.longest_wait || fault.asked == Some(Asked::Unmeasured) {
                return Err(fault.too_long(request.label()));
            }
            let late = started.elapsed().saturating_add(wait) > policy.deadline
                || (limited && held > policy.longest_wait);
            // A refusal for too many requests lowers the pace. Only other faults use up the run's budget of
            // repeats.
            let within = fault.cause == Cause::Throttled || self.run.spend_repeat();
            if attempt >= policy.attempts || late || !within {
                let unsaid = fault.cause == Cause::Throttled && fault.asked.is_none();
                let error = fault.into_error(request.label(), attempt);
                return Err(if unsaid { error.with_retry_after(wait.max(LATER)) } else { error });
            }
            tracing::debug!(
                label = request.label(),
                attempt,
                status = fault.status,
                wait_ms = millis(wait),
                "trying again"
            );
            self.tell(wait);
            sleep(wait).await;
            attempt += 1;
        }
    }

    /// A request for the page that a link or cursor address in an answer points to. Only its path
    /// and query are used, on our own address.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when it points to another origin, because the credential would
    /// travel there.
    pub fn link(&self, label: &'static str, link: &str) -> Result<Request> {
        match self.parts.base.join(link) {
            Ok(url) if self.is_ours(&url) => Ok(Request::link(label, url.path(), url.query())),
            _ => Err(Error::new(ErrorKind::Protocol, format!("{label}: a link points to another host"))),
        }
    }

    fn is_ours(&self, url: &Url) -> bool {
        let plain = url.username().is_empty() && url.password().is_none();
        plain && url.origin() == self.parts.base.origin()
    }

    /// One attempt, with the redirects and the renewal of the credential that belong to it.
    async fn attempt(
        &self,
        request: &Request,
        attempt: u32,
        refreshed: &mut bool,
    ) -> Result<Response, Box<Fault>> {
        let label = request.label();
        let mut redirects = 0;
        let mut target: Option<Url> = None;
        loop {
            let known = self.shared.renewed();
            let outgoing = self.prepare(request, target.as_ref()).await?;
            let address = outgoing.url().clone();
            let response = self.transmit(outgoing, attempt).await?.labelled(label);
            if response.status() == 401 && !*refreshed {
                *refreshed = true;
                if self.renew(known).await? {
                    continue;
                }
            }
            if matches!(response.status(), 301 | 302 | 303 | 307 | 308) {
                redirects += 1;
                target = Some(self.follow(request, &response, &address, redirects)?);
                continue;
            }
            return self.judge(request, response);
        }
    }

    async fn prepare(&self, request: &Request, target: Option<&Url>) -> Result<Outgoing> {
        let mut outgoing = request.outgoing(&self.parts.base, &self.parts.headers)?;
        if let Some(url) = target {
            outgoing.redirect(url.clone());
        }
        if let Some(authorization) = &self.parts.authorization {
            authorization.authorize(outgoing.headers_mut()).await?;
        }
        match outgoing.headers().unsendable() {
            None => Ok(outgoing),
            Some(name) => {
                let words = format!("{}: header {name:?} holds what no header may", request.label());
                Err(Error::new(ErrorKind::Config, words))
            }
        }
    }

    /// Sends once, at its time.
    async fn transmit(&self, outgoing: Outgoing, attempt: u32) -> Result<Response, Box<Fault>> {
        let label = outgoing.label();
        let limits = &self.parts.limits;
        let closed = |_| Error::new(ErrorKind::Cancelled, format!("{label}: the client is closed"));
        let _permit = self.shared.permits.acquire().await.map_err(closed)?;
        let longest = self.parts.retry.longest_wait;
        let ticket = self.parts.limiter.acquire(longest, |time| self.tell(time)).await.map_err(|left| {
            let words = format!("{label}: the vendor asked to wait {} s", seconds_up(left));
            Error::new(ErrorKind::RateLimited, words).with_retry_after(left)
        })?;
        self.run.count_request();
        let started = Instant::now();
        let sent = timeout(limits.total, self.parts.transport.send(outgoing, limits)).await;
        let elapsed_ms = millis(started.elapsed());
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                tracing::debug!(label, attempt, elapsed_ms, kind = ?error.kind, "no answer");
                return Err(Box::new(error.into()));
            }
            Err(_) => {
                tracing::debug!(label, attempt, elapsed_ms, "no answer in time");
                let words = format!("no whole answer in {} s", seconds_up(limits.total));
                return Err(Box::new(SendError::late(words).into()));
            }
        };
        let (status, bytes) = (response.status(), response.body().len());
        tracing::debug!(label, attempt, status, bytes, elapsed_ms, "answered");
        self.run.note_answer(&response);
        if let Some(pace) = self.parts.vendor.pace(&response) {
            self.parts.limiter.observe(pace);
        }
        if status == 429 {
            self.parts.limiter.slow_down(started);
        }
        drop(ticket);
        if bytes > limits.body {
            return Err(Box::new(SendError::too_large(limits.body).into()));
        }
        Ok(response)
    }

    /// Renews the credential. If another request has tried to since `known` was read, its result counts for
    /// this one too.
    async fn renew(&self, known: (u64, u64)) -> Result<bool> {
        let Some(authorization) = &self.parts.authorization else { return Ok(false) };
        let _one = self.shared.renewing.lock().await;
        let now = self.shared.renewed();
        if now != known {
            return Ok(now.0 != known.0);
        }
        let renewed = authorization.refresh().await;
        match &renewed {
            Ok(true) => self.shared.renewals.fetch_add(1, Ordering::AcqRel),
            _ => self.shared.refusals.fetch_add(1, Ordering::AcqRel),
        };
        renewed
    }

    /// Where a redirect leads, if it may be followed: only reads, only within our origin.
    fn follow(
        &self,
        request: &Request,
        response: &Response,
        from: &Url,
        count: u32,
    ) -> Result<Url, Box<Fault>> {
        let status = response.status();
        if !request.is_read() {
            // 307 and 308 ask to send the same request again, so nothing was applied. The others may point
            // to the result of an applied one.
            let cause = if status >= 307 { Cause::Final } else { Cause::Failed };
            let fault =
                Fault::of(ErrorKind::Protocol, cause, format!("HTTP {status}, a redirect of a write"));
            return Err(Box::new(Fault { status: Some(status), ..fault }));
        }
        let target = response.header("location").and_then(|location| from.join(location).ok());
        match target {
            Some(url) if self.is_ours(&url) && count <= REDIRECTS => Ok(url),
            Some(url) if self.is_ours(&url) => Err(response.unreadable("too many redirects").into()),
            Some(_) => Err(response.unreadable("redirected to another host, probably a login page").into()),
            None => Err(response.unreadable("redirected to nowhere").into()),
        }
    }

    fn judge(&self, request: &Request, response: Response) -> Result<Response, Box<Fault>> {
        let verdict = self.parts.vendor.classify(request, &response);
        let (kind, cause) = match verdict.unwrap_or_else(|| classify(request, &response)) {
            Verdict::Success => return Ok(response),
            Verdict::Refused(kind) => (kind, Cause::Final),
            Verdict::Throttled => (ErrorKind::RateLimited, Cause::Throttled),
            Verdict::Transient if response.header("retry-after").is_some() => {
                (ErrorKind::Unavailable, Cause::Busy)
            }
            Verdict::Transient => (ErrorKind::Unavailable, Cause::Failed),
        };
        let status = response.status();
        let words = match self.parts.vendor.words(&response).map(|words| clean(&words)) {
            Some(words) if !words.is_empty() => format!("HTTP {status} ({words})"),
            _ => format!("HTTP {status}"),
        };
        let asked = match cause {
            Cause::Busy | Cause::Throttled => retry_after(&response),
            _ => None,
        };
        Err(Box::new(Fault { status: Some(status), asked, ..Fault::of(kind, cause, words) }))
    }

    /// Refuses an answer of a type this vendor does not document.
    fn check_type(&self, response: &Response) -> Result<()> {
        let Some(accepts) = &self.parts.accepts else { return Ok(()) };
        let Some(told) = response.header("content-type").filter(|_| !response.body().is_empty()) else {
            return Ok(());
        };
        let told = told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if told.ends_with("+json") || accepts.contains(&told) {
            Ok(())
        } else if told == "text/html" {
            Err(response.unreadable("not JSON, probably a login page"))
        } else {
            Err(response.unreadable("not of a type that this vendor documents"))
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("host", &self.parts.base.host_str()).finish_non_exhaustive()
    }
}

/// Shortens words from outside to one short line, for an error.
fn clean(words: &str) -> String {
    words.chars().filter(|char| !char.is_control()).take(200).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
