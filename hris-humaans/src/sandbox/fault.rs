//! Faults on demand: what can go wrong between a vendor and its reader.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::behaviour::RetryAfter;
use super::world::World;

/// One thing that goes wrong.
///
/// Hand it to [`Sandbox::inject`](super::Sandbox::inject) as it is, for every
/// request until [`Sandbox::clear_faults`](super::Sandbox::clear_faults), or
/// narrowed:
///
/// ```
/// use hris_humaans::sandbox::Fault;
///
/// let second_page_fails_once = Fault::Status(503).on("/people").nth(2).once();
/// let later_pages_repeat = Fault::RepeatPage.on("/people").at_skip(250);
/// ```
///
/// Faults that change a page leave answers that are no page as they are.
#[derive(Clone)]
#[non_exhaustive]
pub enum Fault {
    /// The rows alone, without the envelope.
    BareArray,
    /// Exactly these bytes, with status 200, as `application/json`.
    Body(Vec<u8>),
    /// A byte order mark before an otherwise good body.
    ByteOrderMark,
    /// `data` is this instead of the rows.
    Data(Value),
    /// The connection ends before any answer.
    Disconnect,
    /// The page's last row is replaced by a copy of its first: as when a row
    /// moves while somebody pages. The total stays.
    DuplicateRow,
    /// The same, but the copy has another last name.
    DuplicateRowChanged,
    /// The parsed body is handed to the closure and sent as it then is.
    Edit(Edit),
    /// An envelope of nobody: total 0 and no rows.
    EmptyList,
    /// The right envelope without rows.
    EmptyPage,
    /// The header `Content-Encoding` names this, the body is not encoded.
    Encoding(String),
    /// Every page is full, for ever: the rows begin again and the total grows.
    Endless,
    /// Rows beyond the limit are sent as well, so many.
    ExtraRows(usize),
    /// A body compressed with gzip that grows to about so many bytes.
    GzipBomb(usize),
    /// A good answer with one more header, for example a wrong `Date`.
    Header(String, String),
    /// This status with an HTML body.
    HtmlStatus(u16),
    /// A valid body padded to about so many bytes.
    HugeBody(usize),
    /// Offset ignored: always the first page, told as the first page.
    IgnoreSkip,
    /// A closing brace is missing and a comma is doubled.
    InvalidJson,
    /// Bytes that are no UTF-8 inside a good body.
    InvalidUtf8,
    /// A login page with status 200 and `text/html`.
    LoginPage,
    /// A login page with status 200 that claims to be `application/json`.
    LoginPageAsJson,
    /// `data` is missing from the envelope.
    NoData,
    /// `total` is missing from the envelope.
    NoTotal,
    /// Every `companyId` of the page is this.
    OtherCompany(String),
    /// 429.
    RateLimited(RetryAfter),
    /// A redirect with this status to this address.
    Redirect(u16, String),
    /// The rows of the first page under the offset that was asked for.
    RepeatPage,
    /// A good answer, after which the token is revoked.
    Revoke,
    /// The first row has no `id`.
    RowWithoutId,
    /// The page lacks its last row; the total stays.
    ShortPage,
    /// Another order at every request.
    Shuffle,
    /// A good answer that takes so much longer.
    Slow(Duration),
    /// A status of 400 or above has the vendor's error body; 204, 205 and 304
    /// have none; another one has the body the request deserved.
    Status(u16),
    /// A good answer, after which the world changes.
    Then(Change),
    /// `total` is this, a number or anything else.
    Total(Value),
    /// `total` is off by so many.
    TotalOff(i64),
    /// A second document behind a good body.
    TrailingGarbage,
    /// The body ends in its middle.
    Truncated,
}

/// A closure that changes a parsed body.
pub type Edit = Arc<dyn Fn(&mut Value) + Send + Sync>;
/// A closure that changes the world.
pub type Change = Arc<dyn Fn(&mut World) + Send + Sync>;

impl Fault {
    /// The parsed body is handed to this closure and sent as it then is.
    pub fn edit(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Edit(Arc::new(change))
    }

    /// A good answer, after which this closure changes the world: people
    /// added, removed or moved between two pages.
    pub fn then(change: impl Fn(&mut World) + Send + Sync + 'static) -> Self {
        Self::Then(Arc::new(change))
    }

    /// Only requests for this path, for example `/people`; `/people/*` means
    /// every single person.
    pub fn on(self, path: impl Into<String>) -> Injection {
        Injection::from(self).on(path)
    }

    /// From the n-th matching request on, counted from one.
    pub fn nth(self, n: usize) -> Injection {
        Injection::from(self).nth(n)
    }

    /// So many matching requests, then no more.
    pub fn times(self, n: usize) -> Injection {
        Injection::from(self).times(n)
    }

    /// One matching request, then no more.
    pub fn once(self) -> Injection {
        Injection::from(self).times(1)
    }

    /// Only requests whose `$skip` is this (0 when it is missing): the way to
    /// name a page when pages are asked for side by side.
    pub fn at_skip(self, skip: usize) -> Injection {
        Injection::from(self).at_skip(skip)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::BareArray => "BareArray",
            Self::Body(_) => "Body",
            Self::ByteOrderMark => "ByteOrderMark",
            Self::Disconnect => "Disconnect",
            Self::Data(_) => "Data",
            Self::DuplicateRow => "DuplicateRow",
            Self::DuplicateRowChanged => "DuplicateRowChanged",
            Self::Edit(_) => "Edit",
            Self::EmptyList => "EmptyList",
            Self::EmptyPage => "EmptyPage",
            Self::Encoding(_) => "Encoding",
            Self::Endless => "Endless",
            Self::ExtraRows(_) => "ExtraRows",
            Self::GzipBomb(_) => "GzipBomb",
            Self::Header(..) => "Header",
            Self::HugeBody(_) => "HugeBody",
            Self::HtmlStatus(_) => "HtmlStatus",
            Self::IgnoreSkip => "IgnoreSkip",
            Self::InvalidUtf8 => "InvalidUtf8",
            Self::InvalidJson => "InvalidJson",
            Self::LoginPage => "LoginPage",
            Self::LoginPageAsJson => "LoginPageAsJson",
            Self::NoData => "NoData",
            Self::NoTotal => "NoTotal",
            Self::OtherCompany(_) => "OtherCompany",
            Self::RateLimited(_) => "RateLimited",
            Self::Redirect(..) => "Redirect",
            Self::RepeatPage => "RepeatPage",
            Self::Revoke => "Revoke",
            Self::RowWithoutId => "RowWithoutId",
            Self::Shuffle => "Shuffle",
            Self::ShortPage => "ShortPage",
            Self::Slow(_) => "Slow",
            Self::Status(_) => "Status",
            Self::Then(_) => "Then",
            Self::Total(_) => "Total",
            Self::TotalOff(_) => "TotalOff",
            Self::TrailingGarbage => "TrailingGarbage",
            Self::Truncated => "Truncated",
        };
        f.write_str(name)
    }
}

/// A [`Fault`] and the requests it meets.
#[derive(Debug, Clone)]
#[must_use]
pub struct Injection {
    pub(super) fault: Fault,
    path: Option<String>,
    skip: Option<usize>,
    from: usize,
    left: Option<usize>,
    seen: usize,
}

impl Injection {
    /// As [`Fault::on`].
    pub fn on(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// As [`Fault::nth`].
    pub fn nth(mut self, n: usize) -> Self {
        self.from = n;
        self
    }

    /// As [`Fault::times`].
    pub fn times(mut self, n: usize) -> Self {
        self.left = Some(n);
        self
    }

    /// As [`Fault::once`].
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// As [`Fault::at_skip`].
    pub fn at_skip(mut self, skip: usize) -> Self {
        self.skip = Some(skip);
        self
    }

    /// Whether this request is met, counting it.
    pub(super) fn strike(&mut self, path: &str, skip: usize) -> bool {
        let here = match self.path.as_deref() {
            None => true,
            Some(wanted) => match wanted.strip_suffix('*') {
                Some(prefix) => path.starts_with(prefix),
                None => path == wanted,
            },
        };
        if !here || self.skip.is_some_and(|wanted| wanted != skip) {
            return false;
        }
        self.seen += 1;
        if self.seen < self.from || self.left == Some(0) {
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        true
    }
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        Self { fault, path: None, skip: None, from: 1, left: None, seen: 0 }
    }
}
