//! Fetches a paged list, and proves that it is complete or returns an error.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{self, StreamExt};

use super::proof::{Disagreement, Step, Sweep};
use super::{Client, Request, Response};
use crate::{Error, ErrorKind, Result};

/// The most listings that are tried.
const LISTINGS: u32 = 3;

/// How one vendor's list is requested and read. The paginator does the rest.
pub trait Listing: Send + Sync {
    /// One row, best in its final form, because it is read while its page is at hand.
    type Row: Send;

    /// What is being done ("list people"), for errors and traces.
    fn label(&self) -> &'static str;

    /// The requested number of rows on a page. The vendor may give fewer or more.
    fn page_size(&self) -> u64;

    /// The request for the page at a position. It uses the number or the offset, as the vendor
    /// counts, and is the same for the same position.
    fn request(&self, at: &Position) -> Request;

    /// Reads one page.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when the answer is not the documented list. A missing list does not count as
    /// empty.
    fn read(&self, response: &Response) -> Result<Page<Self::Row>>;

    /// The vendor's id of a row, exactly as sent; `None` when it has no usable one.
    fn id<'r>(&self, row: &'r Self::Row) -> Option<&'r str>;

    /// Whether two rows with the same id say the same.
    fn same(&self, one: &Self::Row, other: &Self::Row) -> bool;
}

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Pages before it.
    pub page: u64,
    /// Rows before it, as received.
    pub offset: u64,
    /// The cursor that the page before it gave, for vendors that page by cursor; `None` for the first page.
    pub cursor: Option<String>,
}

/// The total that an answer states for the whole list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Total {
    /// This number of rows.
    Known(u64),
    /// The answer states no total.
    #[default]
    Missing,
    /// An invalid total: negative, a fraction, a text. Such an answer is not trusted, and the list is not
    /// proven.
    Unusable,
}

impl Total {
    /// Reads a total from the text of a header or of a JSON value.
    ///
    /// ```
    /// use hris_core::http::Total;
    ///
    /// assert_eq!(Total::read("250"), Total::Known(250));
    /// assert_eq!(Total::read("-1"), Total::Unusable);
    /// assert_eq!(Total::read("null"), Total::Missing);
    /// ```
    #[must_use]
    pub fn read(told: &str) -> Self {
        if told.trim() == "null" {
            return Self::Missing;
        }
        super::limit::whole(told).map_or(Self::Unusable, Self::Known)
    }

    /// The number, where there is one.
    #[must_use]
    pub fn rows(self) -> Option<u64> {
        match self {
            Self::Known(rows) => Some(rows),
            Self::Missing | Self::Unusable => None,
        }
    }
}

impl From<Option<u64>> for Total {
    fn from(rows: Option<u64>) -> Self {
        rows.map_or(Self::Missing, Self::Known)
    }
}

/// One page as read.
#[derive(Clone)]
#[non_exhaustive]
pub struct Page<R> {
    /// Its rows, in order.
    pub rows: Vec<R>,
    /// Rows in the whole list.
    pub total: Total,
    /// Rows before this page, as the answer repeats it.
    pub offset: Option<u64>,
    /// Pages before this page, as the answer repeats it (counted from 0 whatever the vendor does).
    pub page: Option<u64>,
    /// Whether the vendor says that this is the last page. It never ends a listing by itself,
    /// but it may not contradict its end.
    pub last: Option<bool>,
    /// Where the next page is, for vendors that page by cursor.
    pub next: Next,
    /// Whether it is the whole list.
    pub(super) whole: bool,
}

/// What a page says about the next page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// The vendor counts pages or rows, so the page says nothing.
    #[default]
    Counted,
    /// The next page begins at this cursor.
    Cursor(String),
    /// The vendor pages by cursor, and there is no further page.
    End,
}

impl<R> Page<R> {
    /// A page about which the vendor says nothing but its rows.
    #[must_use]
    pub fn new(rows: Vec<R>) -> Self {
        Self {
            rows,
            total: Total::Missing,
            offset: None,
            page: None,
            last: None,
            next: Next::Counted,
            whole: false,
        }
    }

    /// The whole list of a vendor that sends it in one answer without a total. No other page is requested.
    /// The only proof is a complete JSON answer, because a cut one is not valid JSON: [`Listed::is_weak`].
    ///
    /// ```
    /// use hris_core::http::{
    ///     Client, FnTransport, Listing, Options, Page, Position, Request, Response, list_all,
    /// };
    ///
    /// struct Desks;
    ///
    /// impl Listing for Desks {
    ///     type Row = String;
    ///
    ///     fn label(&self) -> &'static str {
    ///         "list desks"
    ///     }
    ///     fn page_size(&self) -> u64 {
    ///         1 // whatever comes is the whole
    ///     }
    ///     fn request(&self, _: &Position) -> Request {
    ///         Request::get("list desks").segments(["desks"])
    ///     }
    ///     fn read(&self, response: &Response) -> hris_core::Result<Page<String>> {
    ///         Ok(Page::whole(response.json()?))
    ///     }
    ///     fn id<'r>(&self, row: &'r String) -> Option<&'r str> {
    ///         Some(row)
    ///     }
    ///     fn same(&self, one: &String, other: &String) -> bool {
    ///         one == other
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> hris_core::Result<()> {
    /// let answer = FnTransport::new(|_| async { Ok(Response::new(200).with_body(r#"["d-1","d-2","d-3"]"#)) });
    /// let client = Client::builder("https://hr.example").transport(answer).build()?;
    /// let listed = list_all(&client, &Desks, &Options::default()).await?;
    /// assert_eq!((listed.rows.len(), listed.requests, listed.is_weak()), (3, 1, true));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn whole(rows: Vec<R>) -> Self {
        Self { last: Some(true), whole: true, ..Self::new(rows) }
    }

    /// Adds the rows of the whole list.
    #[must_use]
    pub fn with_total(self, total: impl Into<Total>) -> Self {
        Self { total: total.into(), ..self }
    }

    /// Adds the rows before this page, as repeated by the answer.
    #[must_use]
    pub fn with_offset(self, offset: Option<u64>) -> Self {
        Self { offset, ..self }
    }

    /// Adds the pages before this page, as repeated by the answer.
    #[must_use]
    pub fn with_page(self, page: Option<u64>) -> Self {
        Self { page, ..self }
    }

    /// Adds the cursor of the next page, for a vendor that pages by cursor; `None` says that there is no further
    /// page. Such a list is read page by page until a page has no cursor, and an empty page with a cursor does not
    /// end it.
    #[must_use]
    pub fn with_next(self, cursor: Option<String>) -> Self {
        Self { next: cursor.map_or(Next::End, Next::Cursor), ..self }
    }

    /// Adds whether the vendor calls it the last.
    #[must_use]
    pub fn with_last(self, last: Option<bool>) -> Self {
        Self { last, ..self }
    }
}

impl<R> fmt::Debug for Page<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("rows", &self.rows.len())
            .field("total", &self.total)
            .field("offset", &self.offset)
            .field("page", &self.page)
            .field("last", &self.last)
            .field("has_cursor", &matches!(self.next, Next::Cursor(_)))
            .finish()
    }
}

/// How to list.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Options<'a> {
    /// The most pages under way at once. The default is 4. The client's own limit applies too.
    pub concurrency: usize,
    /// Called after each page.
    pub progress: Option<&'a (dyn Fn(Progress) + Send + Sync)>,
}

impl<'a> Options<'a> {
    /// Sets the most pages fetched at once. Zero counts as one.
    #[must_use]
    pub fn concurrency(self, pages: usize) -> Self {
        Self { concurrency: pages.max(1), ..self }
    }

    /// Calls `progress` after each page.
    #[must_use]
    pub fn progress(self, progress: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        Self { progress: Some(progress), ..self }
    }
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { concurrency: 4, progress: None }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("concurrency", &self.concurrency).finish_non_exhaustive()
    }
}

/// How far a listing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of this listing, from 1. A second one begins again at zero rows.
    pub listing: u32,
    /// Different rows so far.
    pub rows: u64,
    /// Rows in the whole list, if the vendor says.
    pub total: Option<u64>,
}

/// A list that was proven complete.
#[non_exhaustive]
pub struct Listed<R> {
    /// The rows in the vendor's order. Of rows that say the same under one id the first is kept; those that
    /// differ are all kept and named in `repeated`.
    pub rows: Vec<R>,
    /// Rows in the whole list, if the vendor said.
    pub total: Option<u64>,
    /// The kind of proof.
    pub proof: Proof,
    /// Ids that came more than once, in every listing alike.
    pub repeated: Vec<Repeated>,
    /// Rows without a usable id. With such rows the list proves nobody's absence.
    pub unidentified: u64,
    /// Pages with more rows than asked for.
    pub oversized: u64,
    /// Requested pages, including those of earlier listings and without retries.
    pub requests: u64,
    /// The number of listings, this one included.
    pub listings: u32,
}

impl<R> Listed<R> {
    /// Why this list does not prove anybody's absence, for
    /// [`Snapshot::without_absence`](crate::Snapshot::without_absence). `None` if it does.
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        (self.proof == Proof::Rows).then_some(
            "several records share an id and the total counts each, so nobody knows whose place they take",
        )
    }

    /// Whether nothing but its end says that the list is whole, for
    /// [`Snapshot::weakly_proven`](crate::Snapshot::weakly_proven).
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.proof == Proof::End
    }
}

impl<R> fmt::Debug for Listed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listed")
            .field("rows", &self.rows.len())
            .field("total", &self.total)
            .field("proof", &self.proof)
            .field("repeated", &self.repeated)
            .field("unidentified", &self.unidentified)
            .field("oversized", &self.oversized)
            .field("requests", &self.requests)
            .field("listings", &self.listings)
            .finish()
    }
}

/// The kinds of proof that a list is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// The list ended with an empty page and the vendor gave no total. Weaker: rows that moved while the
    /// list was read may be missing, so removals that rest on such a list count twice.
    End,
    /// The rows are as many as the total, but some ids came with rows that contradict each other, in two
    /// listings alike. Weaker: one of those rows may have replaced another person's, so the list proves
    /// nobody's absence.
    Rows,
    /// The different rows are as many as the total, which was the same on every page.
    Total,
}

/// An id that came more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repeated {
    /// The vendor's id.
    pub id: String,
    /// Whether its rows differ.
    pub conflicting: bool,
}

/// Fetches every page of a list and proves that it is complete.
///
/// The first page states the total. Then several pages are fetched at once and taken in order. Each next
/// page begins after the rows received, so a vendor that gives smaller pages than asked for is followed.
/// The list ends only at an empty page, or at a short one once the rows reach the total; where the vendor
/// pages by cursor, at the page without one. Then the total must have been the same on every page, every id
/// different, and the different rows as many as the total. Otherwise everything is listed again, three
/// times in all. An id that comes twice in two listings alike is accepted and named in
/// [`Listed::repeated`]; where the total counts such rows too, the proof is [`Proof::Rows`], and the list
/// proves nobody's absence.
///
/// The proof sees every change that changes the total while the list is read. It cannot see
/// one person removed and another added between the same two requests, so ask about a person who
/// is missing before believing it.
///
/// # Errors
/// [`ErrorKind::Incomplete`] when no listing could be proven whole; [`ErrorKind::Mismatch`] when a page
/// answers another request than its own; and those of [`Client::exchange`], where a list that is not found
/// is [`ErrorKind::Protocol`] (with its status), and never an empty list.
pub async fn list_all<L: Listing>(
    client: &Client,
    listing: &L,
    options: &Options<'_>,
) -> Result<Listed<L::Row>> {
    let requests = AtomicU64::new(0);
    let label = listing.label();
    let mut earlier = None;
    let mut reason = String::new();
    for number in 1..=LISTINGS {
        let progress = |sweep: &Sweep<'_, L>| {
            if let Some(tell) = options.progress {
                tell(Progress { listing: number, rows: sweep.unique(), total: sweep.total() });
            }
        };
        match list_once(client, listing, options.concurrency, &requests, &progress).await? {
            Ok(sweep) => {
                if sweep.repeated().is_empty() || earlier.as_ref() == Some(sweep.repeated()) {
                    return Ok(sweep.listed(requests.into_inner(), number));
                }
                reason = format!("{} ids came more than once", sweep.repeated().len());
                earlier = Some(sweep.into_repeated());
            }
            Err(disagreement) => reason = disagreement.0,
        }
        tracing::debug!(label, listing = number, reason, "the listing is not proven");
    }
    Err(Error::new(
        ErrorKind::Incomplete,
        format!("{label}: not proven whole in {LISTINGS} listings, the last: {reason}"),
    ))
}

/// Reads one listing from beginning to end. Fails with the reason why it is not believable.
async fn list_once<'l, L: Listing>(
    client: &Client,
    listing: &'l L,
    concurrency: usize,
    requests: &AtomicU64,
    progress: &(dyn Fn(&Sweep<'l, L>) + Send + Sync),
) -> Result<Result<Sweep<'l, L>, Disagreement>> {
    let mut sweep = Sweep::new(listing);
    loop {
        // Positions further ahead are guesses. A guess is used only when its request turns out to be the
        // one that the rows received ask for; otherwise the rest is planned again.
        let fetch = |at| async move {
            requests.fetch_add(1, Ordering::Relaxed);
            let request = listing.request(&at);
            let page = client.exchange(&request, |response| read(client, listing, response)).await;
            (request, page)
        };
        let mut pages = stream::iter(sweep.plan()).map(fetch).buffered(concurrency.max(1));
        while let Some((request, page)) = pages.next().await {
            let at = sweep.next();
            if request != listing.request(&at) {
                break;
            }
            let page = match page {
                Ok(page) => page,
                Err(error) if at.page > 0 && matches!(error.status(), Some(400 | 410)) => {
                    return Ok(Err(Disagreement("a later page was refused".to_owned())));
                }
                Err(error) => return Err(never_empty(error)),
            };
            if page.offset.is_some_and(|told| told != at.offset)
                || page.page.is_some_and(|told| told != at.page)
            {
                let words = format!("{}: page {} answers another request", listing.label(), at.page + 1);
                return Err(Error::new(ErrorKind::Mismatch, words));
            }
            if page.total == Total::Unusable {
                return Ok(Err(Disagreement("the total is not a number of rows".to_owned())));
            }
            match sweep.take(page) {
                Ok(Step::Done) => {
                    progress(&sweep);
                    return Ok(Ok(sweep));
                }
                Ok(Step::More) => progress(&sweep),
                Err(disagreement) => return Ok(Err(disagreement)),
            }
        }
    }
}

/// Reads a page. A link in its header is never followed. A link to another origin is an error, because then
/// another server answers.
pub(crate) fn read<L: Listing>(client: &Client, listing: &L, response: &Response) -> Result<Page<L::Row>> {
    let links = response.headers().values("link").flat_map(|text| text.split(','));
    for link in links.filter_map(|part| Some(part.split_once('<')?.1.split_once('>')?.0)) {
        client.link(listing.label(), link)?;
    }
    listing.read(response)
}

/// A list that is not found means a wrong address, never an empty company: such an error becomes
/// [`ErrorKind::Protocol`], with its status. [`list_all`] does this already.
#[must_use]
pub fn never_empty(error: Error) -> Error {
    match (error.kind(), error.status()) {
        (ErrorKind::NotFound, Some(status)) => {
            Error::new(ErrorKind::Protocol, error.to_string()).with_status(status)
        }
        _ => error,
    }
}
