//! The running fake.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use wiremock::http::{HeaderMap, HeaderName, HeaderValue};
use wiremock::matchers::any;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

use super::memory::InMemory;
use super::state::State;
use super::{Answer, Injection, Received, RecordedRequest, World};
use crate::http::Transport;

pub(super) type Shared<W> = Arc<Mutex<State<W>>>;

pub(super) fn lock<W>(state: &Shared<W>) -> MutexGuard<'_, State<W>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A [`World`] that is served on loopback, on a thread of its own. It stops when dropped.
pub struct Server<W: World> {
    /// `None` only while it is dropped.
    server: Option<MockServer>,
    address: SocketAddr,
    state: Shared<W>,
    url: String,
}

impl<W: World> Server<W> {
    /// Serves a world on this port; 0 takes a free one.
    ///
    /// # Errors
    /// When the port cannot be opened, for example because it is taken.
    pub async fn start(world: W, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let server = MockServer::builder().listener(listener).disable_request_recording().start().await;
        let url = format!("{}{}", server.uri(), world.base());
        let state = Arc::new(Mutex::new(State::new(world)));
        Mock::given(Cut(Arc::clone(&state)))
            .respond_with_err(|_: &Request| io::Error::from(io::ErrorKind::ConnectionReset))
            .with_priority(1)
            .mount(&server)
            .await;
        Mock::given(any()).respond_with(Router(Arc::clone(&state))).mount(&server).await;
        Ok(Self { address: *server.address(), server: Some(server), state, url })
    }

    /// The base address of the API, for example `http://127.0.0.1:4010/api`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A way to the same world that needs no network and runs on the caller's runtime: with paused
    /// time, waits of limits and retries take none. Whatever the host of a request, this answers.
    #[must_use]
    pub fn transport(&self) -> impl Transport + use<W> {
        InMemory(Arc::clone(&self.state))
    }

    /// Looks at or changes the world while no request is answered. Do not call the server from inside
    /// the closure.
    pub fn change<T>(&self, change: impl FnOnce(&mut W) -> T) -> T {
        change(&mut lock(&self.state).world)
    }

    /// Makes something go wrong. Several faults that meet one request work together where they can;
    /// of two that replace the answer the first wins.
    pub fn inject(&self, fault: impl Into<Injection<W>>) {
        lock(&self.state).faults.push(fault.into());
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        lock(&self.state).faults.clear();
    }

    /// Lets so much time pass in the sandbox at once: limits refill, tokens age.
    pub fn advance(&self, time: Duration) {
        lock(&self.state).shift += time;
    }

    /// Has every answer take so long.
    pub fn set_latency(&self, latency: Duration) {
        lock(&self.state).latency = latency;
    }

    /// The time since the start, as [`Received::at`] returns it: for credentials made between requests.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        lock(&self.state).now()
    }

    /// The requests so far, oldest first: the last 10,000 of them.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.state).log.iter().cloned().collect()
    }

    /// How many of the recorded requests were for this path, for example `/people`.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> usize {
        lock(&self.state).log.iter().filter(|request| request.path == path).count()
    }

    /// Forgets the recorded requests.
    pub fn forget_requests(&self) {
        lock(&self.state).log.clear();
    }
}

impl<W: World> Drop for Server<W> {
    fn drop(&mut self) {
        // The mock server waits for a lock of tokio's as it goes. Inside a task that has used up its
        // turn, as one that asks in memory a hundred times does, such a wait never ends.
        if let Some(server) = self.server.take() {
            let _gone = tokio::task::unconstrained(async move { drop(server) }).now_or_never();
        }
    }
}

impl<W: World> fmt::Debug for Server<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The one responder behind every path.
struct Router<W>(Shared<W>);

impl<W: World> Respond for Router<W> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = lock(&self.0);
        let mut request = received(&state, request);
        let (answer, delay) = state.respond(&mut request);
        template(answer, delay)
    }
}

/// Matches the requests whose connection a fault cuts.
struct Cut<W>(Shared<W>);

impl<W: World> Match for Cut<W> {
    fn matches(&self, request: &Request) -> bool {
        let mut state = lock(&self.0);
        let mut request = received(&state, request);
        state.cut(&mut request)
    }
}

fn received<W: World>(state: &State<W>, request: &Request) -> Received {
    Received {
        method: request.method.to_string(),
        path: state.path(request.url.path()),
        query: request.url.query_pairs().into_owned().collect(),
        headers: texts(&request.headers),
        body: request.body.clone(),
        number: 0,
        at: Duration::ZERO,
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    headers.iter().map(text).collect()
}

fn template(answer: Answer, delay: Duration) -> ResponseTemplate {
    let mut template = ResponseTemplate::new(answer.status);
    if !answer.body.is_empty() {
        template = match answer.content_type {
            Some(kind) => template.set_body_raw(answer.body, &kind),
            None => template.set_body_bytes(answer.body),
        };
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            template = template.append_header(name, value);
        }
    }
    if delay.is_zero() { template } else { template.set_delay(delay) }
}
