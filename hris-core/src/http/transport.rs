//! The seam beneath the client: one request goes out, one whole answer comes back.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Outgoing, Response};
use crate::ErrorKind;

/// Sends one request and receives one whole answer.
///
/// The client above does everything else: authorising, pace, retries, redirects, reading. So an
/// implementation must not repeat, follow or interpret anything. Tests and simulations put
/// [`FnTransport`] here.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and receives the whole answer, its body decoded.
    ///
    /// # Errors
    /// [`SendError`], which says whether the request may have reached the vendor.
    async fn send(&self, request: Outgoing, limits: &Limits) -> Result<Response, SendError>;
}

/// A transport that several clients of one vendor share.
#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(&self, request: Outgoing, limits: &Limits) -> Result<Response, SendError> {
        (**self).send(request, limits).await
    }
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Box<T> {
    async fn send(&self, request: Outgoing, limits: &Limits) -> Result<Response, SendError> {
        (**self).send(request, limits).await
    }
}

/// How long and how large an exchange may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Time to make a connection, its encryption included. 10 s.
    pub connect: Duration,
    /// Time until the header fields of an answer are complete, and then the longest time without a byte of
    /// its body. 30 s.
    pub idle: Duration,
    /// Time for the whole exchange. 120 s.
    pub total: Duration,
    /// Bytes of body, counted after decompression. 64 MiB.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(120),
            body: 64 * 1024 * 1024,
        }
    }
}

/// Why there is no answer.
///
/// The words never name the address beyond its host.
#[derive(Debug)]
pub struct SendError {
    pub(crate) kind: ErrorKind,
    pub(crate) words: String,
    pub(crate) sent: bool,
    pub(crate) late: bool,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl SendError {
    /// Nothing reached the vendor, so even a write may be tried again.
    ///
    /// Of the kinds only [`ErrorKind::Unavailable`] is tried again.
    pub fn not_sent(kind: ErrorKind, words: impl Into<String>) -> Self {
        Self { kind, words: words.into(), sent: false, late: false, source: None }
    }

    /// The vendor may have received and applied the request.
    ///
    /// Of the kinds only [`ErrorKind::Unavailable`] is tried again, and only for reads.
    pub fn maybe_sent(kind: ErrorKind, words: impl Into<String>) -> Self {
        Self { kind, words: words.into(), sent: true, late: false, source: None }
    }

    /// There was no whole answer in the time allowed. The vendor may have received and applied the request.
    /// A read is tried once more only, so that a call ends near the limit.
    pub fn late(words: impl Into<String>) -> Self {
        Self { late: true, ..Self::maybe_sent(ErrorKind::Unavailable, words) }
    }

    /// The body was larger than `limit` bytes and was dropped.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::maybe_sent(ErrorKind::TooLarge, format!("the answer is larger than {limit} bytes"))
    }

    /// Adds the error beneath. It must not carry an address, a body or a secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl StdError for SendError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// A transport made of a closure, for tests and simulations in memory.
///
/// ```
/// use hris_core::http::{Client, FnTransport, Request, Response};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> hris_core::Result<()> {
/// let client = Client::builder("https://hr.example/api")
///     .transport(FnTransport::new(|request| async move {
///         assert_eq!(request.url().path(), "/api/people/p%2F1");
///         Ok(Response::new(200).with_body(r#""Ada""#))
///     }))
///     .build()?;
/// let name: String = client.json(&Request::get("read person").segments(["people", "p/1"])).await?;
/// assert_eq!(name, "Ada");
/// # Ok(())
/// # }
/// ```
pub struct FnTransport<F>(F);

impl<F, A> FnTransport<F>
where
    F: Fn(Outgoing) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response, SendError>> + Send + 'static,
{
    /// A transport that answers with what `answer` gives.
    pub fn new(answer: F) -> Self {
        Self(answer)
    }
}

impl<F> fmt::Debug for FnTransport<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnTransport")
    }
}

#[async_trait]
impl<F, A> Transport for FnTransport<F>
where
    F: Fn(Outgoing) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response, SendError>> + Send + 'static,
{
    async fn send(&self, request: Outgoing, _: &Limits) -> Result<Response, SendError> {
        (self.0)(request).await
    }
}
