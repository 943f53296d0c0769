//! Settings of a client, checked once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::{Host, Url};

use super::client::{Client, Parts};
use super::limit::Limiter;
use super::retry::Jitter;
use super::{
    Authorize, Headers, Limits, NetworkTransport, PlainVendor, Rate, RetryPolicy, Transport, Vendor,
};
use crate::{Error, ErrorKind, Result};

/// Builds a [`Client`].
///
/// ```
/// use hris_core::Secret;
/// use hris_core::http::{Bearer, Client, Rate};
///
/// let client = Client::builder("https://hr.example/api")
///     .authorization(Bearer::new(Secret::from("token".to_owned())))
///     .rate(Rate::per_second(5).burst(10))
///     .concurrency(4)
///     .build()?;
/// assert_eq!(client.requests(), 0);
/// # Ok::<(), hris_core::Error>(())
/// ```
#[must_use]
pub struct ClientBuilder {
    base: String,
    name: Option<&'static str>,
    loopback: bool,
    authorization: Option<Arc<dyn Authorize>>,
    vendor: Arc<dyn Vendor>,
    transport: Option<Arc<dyn Transport>>,
    headers: Headers,
    accepts: Option<Vec<String>>,
    rate: Option<Rate>,
    windows: Vec<(u32, Duration)>,
    concurrency: usize,
    retry: RetryPolicy,
    limits: Limits,
    proxy: Option<Url>,
    seed: Option<u64>,
}

impl ClientBuilder {
    pub(super) fn new(base: &str) -> Self {
        let mut headers = Headers::new();
        headers.set("accept", "application/json");
        headers.set("user-agent", concat!("hris-rs/", env!("CARGO_PKG_VERSION")));
        Self {
            base: base.to_owned(),
            name: None,
            loopback: false,
            authorization: None,
            vendor: Arc::new(PlainVendor),
            transport: None,
            headers,
            accepts: Some(vec!["application/json".to_owned()]),
            rate: None,
            windows: Vec::new(),
            concurrency: 4,
            retry: RetryPolicy::default(),
            limits: Limits::default(),
            proxy: None,
            seed: None,
        }
    }

    /// The vendor's name in traces, in place of the host.
    pub fn name(mut self, vendor: &'static str) -> Self {
        self.name = Some(vendor);
        self
    }

    /// Puts a credential on every request. Without it nothing is added.
    pub fn authorization(mut self, authorization: impl Authorize) -> Self {
        self.authorization = Some(Arc::new(authorization));
        self
    }

    /// Sets the vendor's own rules.
    pub fn vendor(mut self, vendor: impl Vendor) -> Self {
        self.vendor = Arc::new(vendor);
        self
    }

    /// Sends through `transport` in place of the network.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Sends one header field with every request.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.set(name, value);
        self
    }

    /// The media types that may be parsed, in place of `application/json`. A type that ends in
    /// `+json` is always one of them; an answer that names no type is judged by its content.
    pub fn accepts<S: Into<String>>(mut self, types: impl IntoIterator<Item = S>) -> Self {
        self.accepts = Some(types.into_iter().map(|name| name.into().to_ascii_lowercase()).collect());
        self
    }

    /// Judges every answer by its content alone, for vendors that mislabel theirs.
    pub fn accepts_any_type(mut self) -> Self {
        self.accepts = None;
        self
    }

    /// The pace of the client. Without it only the vendor's answers slow the client down.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Sends no more than `requests` in any period of `time`, for vendors that count this way. It may be
    /// called several times, and applies in addition to [`ClientBuilder::rate`].
    pub fn window(mut self, requests: u32, time: Duration) -> Self {
        self.windows.push((requests, time));
        self
    }

    /// The most requests under way at once. The default is 4; zero counts as one.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// How often and how long to try.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long and how large an exchange may be.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Goes through a proxy. The environment's proxy is never used.
    pub fn proxy(mut self, proxy: Url) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Allows `http` to this machine itself, for sandboxes and tests. It is never allowed to other hosts.
    pub fn allow_http_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Takes the random part of waits from `seed`, so that a test can be repeated exactly.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the client after checking every setting. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the base address is not a plain `https` address, or a header field cannot
    /// be sent.
    pub fn build(self) -> Result<Client> {
        let base = base_address(&self.base, self.loopback)?;
        if let Some(name) = self.headers.unsendable() {
            return Err(Error::new(ErrorKind::Config, format!("header {name:?}: cannot be sent")));
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(NetworkTransport::new(&self.limits, self.proxy.as_ref())?),
        };
        Ok(Client::assemble(Parts {
            base,
            name: self.name,
            headers: self.headers,
            accepts: self.accepts,
            authorization: self.authorization,
            vendor: self.vendor,
            transport,
            limiter: Limiter::new(self.rate, &self.windows),
            concurrency: self.concurrency,
            retry: self.retry,
            limits: self.limits,
            jitter: Jitter::new(self.seed),
        }))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither address is shown, because before the check it may hold a password.
        f.debug_struct("ClientBuilder").field("headers", &self.headers).finish_non_exhaustive()
    }
}

/// Refuses everything but a plain address, because a part of it may come from a form.
fn base_address(text: &str, loopback: bool) -> Result<Url> {
    let refuse = |why: &str| Err(Error::new(ErrorKind::Config, format!("base address: {why}")));
    let Ok(url) = Url::parse(text) else { return refuse("not an absolute address") };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not hold a user name");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not hold a query or a fragment");
    }
    match (url.scheme(), url.host()) {
        (_, None) => refuse("names no host"),
        ("https", Some(_)) => Ok(url),
        ("http", Some(_)) if loopback && is_loopback(&url) => Ok(url),
        ("http", Some(_)) if is_loopback(&url) => {
            refuse("http to this machine must be allowed with allow_http_loopback()")
        }
        _ => refuse("must be https"),
    }
}

/// Whether an address leads to this machine: `localhost`, or an address of the loopback network.
///
/// ```
/// use hris_core::http::is_loopback;
///
/// let is_here = |address: &str| address.parse().is_ok_and(|url| is_loopback(&url));
/// assert!(is_here("http://localhost:4010") && is_here("http://[::1]/api"));
/// assert!(!is_here("https://localhost.evil.example"));
/// ```
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
