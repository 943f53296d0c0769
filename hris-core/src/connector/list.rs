//! A vendor's list, declared as data.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::http::{Listing, Page, Position, Request, Response};
use crate::wire::{self, Record};
use crate::{Error, ErrorKind, Result};

/// How a vendor pages its lists: which parameters ask for a page, and where an answer holds the rows and what it
/// says of the whole list.
///
/// ```
/// use hris_core::connector::Paging;
///
/// /// `?limit=100&skip=200`, answered with `{"total": 250, "skip": 200, "data": […]}`.
/// const BY_ROWS: Paging =
///     Paging::by_offset("limit", "skip").rows_in(&["data"]).total_in("total").offset_in("skip");
/// /// `?per_page=50&page=3`, answered with a bare array and a header that says how many rows there are.
/// const BY_PAGES: Paging = Paging::by_number("page", 1).size("per_page").total_header("x-total");
/// /// `?after=CURSOR`, answered with `{"items": […], "next": "CURSOR"}`.
/// const BY_CURSOR: Paging = Paging::by_cursor("after", &["next"]).rows_in(&["items"]);
/// /// Everything in one answer.
/// const WHOLE: Paging = Paging::WHOLE;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    by: By,
    size: Option<&'static str>,
    rows: &'static [&'static str],
    or_rows: Option<&'static [&'static str]>,
    total: Option<Place>,
    offset: Option<&'static str>,
    page: Option<&'static str>,
    pages: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Cursor { parameter: &'static str, next: &'static [&'static str] },
    Number { parameter: &'static str, first: u64 },
    Offset(&'static str),
    Whole,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Header(&'static str),
    Member(&'static str),
}

impl Paging {
    /// A list that comes whole in one answer, without a total: a bare array, unless [`Paging::rows_in`] says
    /// otherwise. Nothing but the end of the answer proves it whole.
    pub const WHOLE: Self = Self {
        by: By::Whole,
        size: None,
        rows: &[],
        or_rows: None,
        total: None,
        offset: None,
        page: None,
        pages: None,
    };

    /// Pages that begin after so many rows: the parameters for the size of a page and for the rows before it.
    #[must_use]
    pub const fn by_offset(size: &'static str, offset: &'static str) -> Self {
        Self { by: By::Offset(offset), size: Some(size), ..Self::WHOLE }
    }

    /// Numbered pages: the parameter for the number, and the number of the first page.
    #[must_use]
    pub const fn by_number(parameter: &'static str, first: u64) -> Self {
        Self { by: By::Number { parameter, first }, ..Self::WHOLE }
    }

    /// Pages that begin at a cursor: the parameter for it, and where an answer holds the cursor of the next page. An
    /// answer without one, or with `null` or a blank one, is the last page. Anything else there is an error.
    #[must_use]
    pub const fn by_cursor(parameter: &'static str, next: &'static [&'static str]) -> Self {
        Self { by: By::Cursor { parameter, next }, ..Self::WHOLE }
    }

    /// The parameter for the size of a page.
    #[must_use]
    pub const fn size(self, parameter: &'static str) -> Self {
        Self { size: Some(parameter), ..self }
    }

    /// Where an answer holds the rows. By default the answer itself is the array.
    #[must_use]
    pub const fn rows_in(self, path: &'static [&'static str]) -> Self {
        Self { rows: path, ..self }
    }

    /// Another place for the rows, where they are not in the first one.
    #[must_use]
    pub const fn or_rows_in(self, path: &'static [&'static str]) -> Self {
        Self { or_rows: Some(path), ..self }
    }

    /// The member beside the rows that says how many rows the whole list has.
    #[must_use]
    pub const fn total_in(self, member: &'static str) -> Self {
        Self { total: Some(Place::Member(member)), ..self }
    }

    /// The header that says how many rows the whole list has.
    #[must_use]
    pub const fn total_header(self, name: &'static str) -> Self {
        Self { total: Some(Place::Header(name)), ..self }
    }

    /// The member beside the rows that repeats how many rows stand before the page.
    #[must_use]
    pub const fn offset_in(self, member: &'static str) -> Self {
        Self { offset: Some(member), ..self }
    }

    /// The members beside the rows that repeat the number of the page and say how many pages there are.
    #[must_use]
    pub const fn page_in(self, number: &'static str, pages: &'static str) -> Self {
        Self { page: Some(number), pages: Some(pages), ..self }
    }
}

/// One of a vendor's lists: what it is called, where it is, how it is paged, and what it is asked for.
///
/// ```
/// use hris_core::connector::{List, Paging};
///
/// hris_core::record! {
///     struct Team { id { "id" } text { name = "name" } others Dropped }
/// }
///
/// const PAGING: Paging = Paging::by_number("page", 1).size("per_page").total_header("x-total");
/// let teams = List::<Team>::new("list teams", ["v1", "teams"], PAGING).page_size(50).query("deleted", false);
/// assert_eq!(teams.label(), "list teams");
/// ```
#[must_use]
pub struct List<R> {
    label: &'static str,
    path: Vec<Cow<'static, str>>,
    slash: bool,
    paging: Paging,
    page_size: u32,
    query: Vec<(Cow<'static, str>, String)>,
    search: Option<serde_json::Map<String, serde_json::Value>>,
    asked: Vec<String>,
    row: PhantomData<fn() -> R>,
}

impl<R> List<R> {
    /// The list at this path. `label` says what is being done, as in "list people": it begins each error message.
    pub fn new<S: Into<Cow<'static, str>>>(
        label: &'static str,
        path: impl IntoIterator<Item = S>,
        paging: Paging,
    ) -> Self {
        Self {
            label,
            path: path.into_iter().map(Into::into).collect(),
            slash: false,
            paging,
            page_size: 100,
            query: Vec::new(),
            search: None,
            asked: Vec::new(),
            row: PhantomData,
        }
    }

    /// What is being done, for errors and traces.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// Rows asked for on a page. 100; without [`Paging::size`] it only says how many rows a full page has.
    pub fn page_size(self, rows: u32) -> Self {
        Self { page_size: rows, ..self }
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Adds a query parameter where there is a value.
    pub fn query_if(self, name: impl Into<Cow<'static, str>>, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Reads these members too, which are otherwise dropped: some of [`Record::ASKED`].
    pub fn asking<S: AsRef<str>>(self, members: &[S]) -> Self {
        Self { asked: members.iter().map(|member| member.as_ref().to_owned()).collect(), ..self }
    }

    /// Sends a `POST` whose JSON body holds these terms and the parameters of the page, for a vendor whose lists are
    /// searches.
    pub fn searching(self, terms: serde_json::Map<String, serde_json::Value>) -> Self {
        Self { search: Some(terms), ..self }
    }

    /// Ends the path with a slash.
    pub fn trailing_slash(self) -> Self {
        Self { slash: true, ..self }
    }
}

impl<R> List<R> {
    /// Whether a page can be asked for without the page before it.
    pub(super) fn has_numbered_pages(&self) -> bool {
        matches!(self.paging.by, By::Number { .. } | By::Offset(_))
    }

    fn refusal(&self, response: &Response, what: &str) -> Error {
        let words = format!("{}: {what}", self.label);
        Error::new(ErrorKind::Protocol, words).with_status(response.status())
    }
}

impl<R> fmt::Debug for List<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A path may hold a person's id and a query an address, so neither is shown.
        f.debug_struct("List")
            .field("label", &self.label)
            .field("paging", &self.paging)
            .finish_non_exhaustive()
    }
}

impl<R: Record> Listing for List<R> {
    type Row = R;

    fn label(&self) -> &'static str {
        self.label
    }

    fn page_size(&self) -> u64 {
        self.page_size.into()
    }

    fn request(&self, at: &Position) -> Request {
        let mut place: Vec<(&str, serde_json::Value)> = Vec::new();
        place.extend(self.paging.size.map(|name| (name, self.page_size.into())));
        match self.paging.by {
            By::Offset(name) => place.push((name, at.offset.into())),
            By::Number { parameter, first } => place.push((parameter, at.page.saturating_add(first).into())),
            By::Cursor { parameter, .. } => {
                place.extend(at.cursor.as_ref().map(|cursor| (parameter, cursor.as_str().into())));
            }
            By::Whole => {}
        }
        let mut request = match &self.search {
            None => Request::get(self.label),
            Some(terms) => {
                let mut terms = terms.clone();
                terms.extend(place.drain(..).map(|(name, value)| (name.to_owned(), value)));
                let search = Request::search(self.label);
                // A map of JSON values can always be written as JSON.
                search.clone().json(&terms).unwrap_or(search)
            }
        };
        request = request.segments(self.path.iter().map(|part| &**part));
        if self.slash {
            request = request.trailing_slash();
        }
        for (name, value) in &self.query {
            request = request.query(name, value);
        }
        for (name, value) in place {
            request = match value {
                serde_json::Value::String(text) => request.query(name, text),
                other => request.query(name, other),
            };
        }
        request
    }

    fn read(&self, response: &Response) -> Result<Page<R>> {
        let goes_on = |link: &str| link.contains("next");
        if matches!(self.paging.by, By::Whole) && response.headers().values("link").any(goes_on) {
            return Err(self.refusal(response, "the answer has further pages, which are not documented"));
        }
        let asked: Vec<&str> = self.asked.iter().map(String::as_str).collect();
        let list =
            wire::list(response, self.paging.rows, &asked).or_else(|error| match self.paging.or_rows {
                Some(rows) => wire::list(response, rows, &asked).map_err(|_| error),
                None => Err(error),
            })?;
        let total = match self.paging.total {
            Some(Place::Header(name)) => response.total(name),
            Some(Place::Member(name)) => list.total(name),
            None => crate::http::Total::Missing,
        };
        let offset = self.paging.offset.and_then(|name| list.count(name));
        let first = match self.paging.by {
            By::Number { first, .. } => first,
            _ => 0,
        };
        let page = self.paging.page.and_then(|name| list.count(name)).and_then(|told| {
            // A number before the first page is no page, unless there is none.
            let other = (!list.rows.is_empty()).then_some(u64::MAX);
            told.checked_sub(first).or(other)
        });
        let pages = self.paging.pages.and_then(|name| list.count(name));
        let last = pages.zip(page).map(|(pages, page)| page.saturating_add(1) >= pages);
        Ok(match self.paging.by {
            By::Whole => Page::whole(list.rows).with_total(total),
            By::Cursor { next, .. } => {
                let next = wire::cursor(response, next).map_err(|()| {
                    self.refusal(response, "the cursor of the next page is neither a text nor a number")
                })?;
                Page::new(list.rows).with_total(total).with_next(next)
            }
            _ => Page::new(list.rows).with_total(total).with_offset(offset).with_page(page).with_last(last),
        })
    }

    fn id<'r>(&self, row: &'r R) -> Option<&'r str> {
        row.id()
    }

    fn same(&self, one: &R, other: &R) -> bool {
        one == other
    }
}
