//! Faults on demand: what can go wrong between a vendor and its reader.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Envelope, Received, RetryAfter, World};

/// One thing that goes wrong.
///
/// Hand it to [`Server::inject`](super::Server::inject) as it is, for every request until
/// [`Server::clear_faults`](super::Server::clear_faults), or narrowed:
///
/// ```
/// # use hris_core::sandbox::{Fault, Server, World};
/// # fn example<W: World>(vendor: &Server<W>) {
/// // The second request for people fails once.
/// vendor.inject(Fault::Status(503).on("/people").nth(2).once());
/// // The page after 250 rows comes with the rows of the first one.
/// vendor.inject(Fault::RepeatPage.on("/people").at_skip(250));
/// # }
/// ```
///
/// Faults that change a page leave answers that are no page as they are. What only one vendor can do
/// is an [`Edit`](Self::Edit) of its answer or a change of its world ([`Injection::then`]).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fault {
    /// Exactly these bytes, with status 200, as `application/json`.
    Body(Vec<u8>),
    /// A byte order mark before an otherwise good body.
    ByteOrderMark,
    /// This instead of the rows.
    Data(Value),
    /// A page of one record: so many arrays inside each other.
    DeepNesting(usize),
    /// The connection ends before the request is looked at.
    Disconnect,
    /// The request takes effect, then the connection ends without an answer.
    DisconnectAfter,
    /// The page's last row is replaced by a copy of its first: as when a row
    /// moves while somebody pages. The total stays.
    DuplicateRow,
    /// The same, but a text of the copy is another.
    DuplicateRowChanged,
    /// The parsed body is handed to the closure and sent as it then is.
    Edit(Edit),
    /// The first row of a page is handed to the closure.
    EditRow(Edit),
    /// Every row of a page is handed to the closure.
    EditRows(Edit),
    /// A list of nobody: total 0 and no rows.
    EmptyList,
    /// The right total without rows.
    EmptyPage,
    /// The header `Content-Encoding` names this, the body is not encoded.
    Encoding(String),
    /// Every page is full, for ever: the rows begin again and the total grows.
    Endless,
    /// The vendor's error body of this status, with status 200.
    ErrorBody(u16),
    /// Rows beyond the page are sent as well, so many.
    ExtraRows(usize),
    /// The total is right at first and one more each time.
    GrowingTotal,
    /// A body compressed with gzip that grows to about so many bytes.
    GzipBomb(usize),
    /// The answer, whatever it is, has one more header.
    Header(String, String),
    /// This status with an HTML body.
    HtmlStatus(u16),
    /// A valid body padded to about so many bytes.
    HugeBody(usize),
    /// Offset or page number ignored: always the first page, told as the first page.
    IgnoreSkip,
    /// A closing brace is missing and a comma is doubled.
    InvalidJson,
    /// Bytes that are no UTF-8 inside a good body.
    InvalidUtf8,
    /// A login page with status 200 and `text/html`.
    LoginPage,
    /// A login page with status 200 that claims to be `application/json`.
    LoginPageAsJson,
    /// The rows' member is missing; of a bare list, everything.
    NoData,
    /// There is no total.
    NoTotal,
    /// 429.
    RateLimited(RetryAfter),
    /// A redirect with this status to this address.
    Redirect(u16, String),
    /// The rows of the first page under the offset or number that was asked for.
    RepeatPage,
    /// The page ends with one row more, a copy of its first. The total stays.
    RepeatRow,
    /// The same, but a text of the copy is another.
    RepeatRowChanged,
    /// A good answer, after which the credential is revoked.
    Revoke,
    /// The first row has no id.
    RowWithoutId,
    /// The page lacks its last row; the total stays.
    ShortPage,
    /// Another order at every request.
    Shuffle,
    /// A good answer that takes so much longer.
    Slow(Duration),
    /// A status of 400 or above has the vendor's error body and the request no
    /// effect; 204, 205 and 304 have no body; another one has the body the
    /// request deserved.
    Status(u16),
    /// The request takes effect, then the vendor's error of this status is the answer.
    StatusAfter(u16),
    /// The total is this, a number or anything else.
    Total(Value),
    /// The total is off by so many.
    TotalOff(i64),
    /// A second document behind a good body.
    TrailingGarbage,
    /// The body ends in its middle.
    Truncated,
    /// The rows alone where the vendor has an envelope, an envelope where it has none.
    WrongEnvelope,
}

/// A closure that changes a parsed body, or a row of it.
#[derive(Clone)]
pub struct Edit(pub(super) Arc<dyn Fn(&mut Value) + Send + Sync>);

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edit")
    }
}

impl Fault {
    /// The parsed body is handed to this closure and sent as it then is.
    pub fn edit(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Edit(Edit(Arc::new(change)))
    }

    /// The first row of a page is handed to this closure.
    pub fn edit_row(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::EditRow(Edit(Arc::new(change)))
    }

    /// Every row of a page is handed to this closure.
    pub fn edit_rows(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::EditRows(Edit(Arc::new(change)))
    }

    /// As [`Injection::then`].
    pub fn then<W: World>(change: impl Fn(&mut W) + Send + Sync + 'static) -> Injection<W> {
        Injection::then(change)
    }

    /// As [`Injection::on`].
    pub fn on<W: World>(self, path: impl Into<String>) -> Injection<W> {
        Injection::from(self).on(path)
    }

    /// As [`Injection::by`].
    pub fn by<W: World>(self, method: impl Into<String>) -> Injection<W> {
        Injection::from(self).by(method)
    }

    /// As [`Injection::nth`].
    pub fn nth<W: World>(self, n: usize) -> Injection<W> {
        Injection::from(self).nth(n)
    }

    /// As [`Injection::times`].
    pub fn times<W: World>(self, n: usize) -> Injection<W> {
        Injection::from(self).times(n)
    }

    /// As [`Injection::once`].
    pub fn once<W: World>(self) -> Injection<W> {
        Injection::from(self).once()
    }

    /// As [`Injection::at_skip`].
    pub fn at_skip<W: World>(self, skip: usize) -> Injection<W> {
        Injection::from(self).at_skip(skip)
    }

    pub(super) fn cuts(&self) -> bool {
        matches!(self, Self::Disconnect | Self::DisconnectAfter)
    }
}

/// A [`Fault`], or a change of the world, and the requests it meets.
#[must_use]
pub struct Injection<W> {
    what: Strike<W>,
    path: Option<String>,
    method: Option<String>,
    parameters: Vec<(String, String)>,
    skip: Option<usize>,
    from: usize,
    left: Option<usize>,
    seen: usize,
}

/// What happens to a request that is met.
pub(super) enum Strike<W> {
    Fault(Fault),
    Then(Arc<dyn Fn(&mut W) + Send + Sync>),
}

impl<W> Clone for Strike<W> {
    fn clone(&self) -> Self {
        match self {
            Self::Fault(fault) => Self::Fault(fault.clone()),
            Self::Then(change) => Self::Then(Arc::clone(change)),
        }
    }
}

impl<W: World> Injection<W> {
    fn new(what: Strike<W>) -> Self {
        Self {
            what,
            path: None,
            method: None,
            parameters: Vec::new(),
            skip: None,
            from: 1,
            left: None,
            seen: 0,
        }
    }

    /// A good answer, after which this closure changes the world: people added, removed or moved
    /// between two pages.
    pub fn then(change: impl Fn(&mut W) + Send + Sync + 'static) -> Self {
        Self::new(Strike::Then(Arc::new(change)))
    }

    /// Only requests for this path, for example `/people`; `/people/*` means every path that begins
    /// with `/people/`.
    pub fn on(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Only requests of this method, in capitals.
    pub fn by(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Only requests with this query parameter.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// From the n-th matching request on, counted from one.
    pub fn nth(mut self, n: usize) -> Self {
        self.from = n;
        self
    }

    /// So many matching requests, then no more.
    pub fn times(mut self, n: usize) -> Self {
        self.left = Some(n);
        self
    }

    /// One matching request, then no more.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Only requests for the page before which so many rows come: the way to name a page when pages
    /// are asked for side by side. Where lists come whole, 0 is the only one.
    pub fn at_skip(mut self, skip: usize) -> Self {
        self.skip = Some(skip);
        self
    }

    /// Whether it cuts the connection.
    pub(super) fn cuts(&self) -> bool {
        matches!(&self.what, Strike::Fault(fault) if fault.cuts())
    }

    /// What happens to this request, if it is met, counting it.
    pub(super) fn strike(&mut self, request: &Received, envelope: &Envelope) -> Option<Strike<W>> {
        let path = self.path.as_deref().is_none_or(|wanted| match wanted.strip_suffix('*') {
            Some(prefix) => request.path.starts_with(prefix),
            None => request.path == wanted,
        });
        let here = path
            && self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.parameters.iter().all(|pair| request.query.contains(pair))
            && self.skip.is_none_or(|wanted| wanted == envelope.skip(request));
        if !here {
            return None;
        }
        self.seen += 1;
        if self.seen < self.from || self.left == Some(0) {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(match &self.what {
            Strike::Fault(Fault::GrowingTotal) => {
                let more = i64::try_from(self.seen - self.from).unwrap_or(i64::MAX);
                Strike::Fault(Fault::TotalOff(more))
            }
            what => what.clone(),
        })
    }
}

impl<W: World> From<Fault> for Injection<W> {
    fn from(fault: Fault) -> Self {
        Self::new(Strike::Fault(fault))
    }
}

impl<W> fmt::Debug for Injection<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Injection");
        match &self.what {
            Strike::Fault(fault) => shown.field("fault", fault),
            Strike::Then(_) => shown.field("fault", &"Then"),
        };
        shown.field("path", &self.path).field("seen", &self.seen).finish_non_exhaustive()
    }
}
