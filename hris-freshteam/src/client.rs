//! Requests to Freshteam and the first reading of answers. It can send `GET` and nothing else.

mod vendor;

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt, stream};
use hris_core::http::{
    Client, Listed, Listing, Options, Page, Position, Progress, Request, Response, list_all, never_empty,
};
use hris_core::wire::{self, Record};
use hris_core::{EmployeeId, Error, ErrorKind, ReadRequest, Result};

pub(crate) use vendor::{Vendor, pace};

use crate::builder::PAGE_SIZE;
use crate::wire::{FormField, Person, Unit};

/// Where a key is found.
pub(crate) const KEY_PLACE: &str = "in Freshteam: profile picture, top right › API Key";

/// The API as one key sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) page_size: Option<u32>,
    pub(crate) concurrency: usize,
    /// The listings of a snapshot, each a filter, in order.
    pub(crate) listings: Arc<[(&'static str, &'static str)]>,
    pub(crate) sort: String,
    pub(crate) share: f64,
    /// The account's limit a minute as an answer told it; 0 before.
    pub(crate) limit: Arc<AtomicU64>,
}

/// Told how far a read is.
pub(crate) type Tell<'a> = &'a (dyn Fn(u64, Option<u64>) + Send + Sync);

impl Api {
    /// The same API with fresh counts for one run, which tells of its long waits.
    pub(crate) fn begin_run(&self, request: Option<&ReadRequest>) -> Self {
        let waiting = request.and_then(|request| request.waiting().cloned());
        Self { client: self.client.begin_run().on_wait(waiting), ..self.clone() }
    }

    /// Requests a minute that the account may make, once an answer has told it.
    pub(crate) fn limit(&self) -> Option<u64> {
        Some(self.limit.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
    }

    /// Rows on a full page.
    pub(crate) fn rows_a_page(&self) -> u64 {
        self.page_size.unwrap_or(PAGE_SIZE).into()
    }

    /// 4.2: everybody, one listing after the other, each proven by itself. They are never read side by
    /// side: whoever leaves between two listings is seen in the later one.
    pub(crate) async fn people(&self, asked: &[&str], tell: Tell<'_>) -> Result<Vec<Listed<Person>>> {
        let mut lists = Vec::with_capacity(self.listings.len());
        let mut before = 0;
        for filter in self.listings.iter() {
            let progress = |progress: Progress| tell(before + progress.rows, None);
            let options = Options::default().concurrency(self.concurrency).progress(&progress);
            let list = list_all(&self.client, &self.employees(*filter, asked), &options).await;
            let list = list.map_err(explain)?;
            if list.oversized > 0 {
                tracing::debug!(pages = list.oversized, "pages with more rows than a page has");
            }
            before += list.rows.len() as u64;
            lists.push(list);
        }
        Ok(lists)
    }

    /// The first page of one listing, and how many people it has in all.
    pub(crate) async fn first_people(
        &self,
        filter: (&'static str, &'static str),
        asked: &[&str],
    ) -> Result<(Vec<Person>, Option<u64>)> {
        self.page(&self.employees(filter, asked), 0).await
    }

    /// People of one status with this work e-mail.
    pub(crate) async fn by_email(&self, status: &'static str, email: &str) -> Result<Vec<Person>> {
        let list = self.employees(("status", status), &[]);
        let request = list.request(&Position::default()).query("official_email", email);
        Ok(self.read(&request, |response| list.read(response)).await?.rows)
    }

    /// 5.4: one person with everything that only the person's own record tells.
    pub(crate) async fn person(&self, id: &EmployeeId, asked: &[&str], include: &[&str]) -> Result<Person> {
        let mut request = Request::get("read an employee").segments(["employees", id.as_str()]);
        if !include.is_empty() {
            request = request.query("include", include.join(","));
        }
        let person: Person = self.read(&request, |response| wire::one(response, asked)).await?;
        if person.notes.id.as_deref() != Some(id.as_str()) {
            let words = "read an employee: the answer is another person's record";
            return Err(Error::new(ErrorKind::Mismatch, words));
        }
        Ok(person)
    }

    /// The records of these people, one request each, by id; none if one of them is gone meanwhile,
    /// because the listing is then older than the records.
    pub(crate) async fn people_one_by_one(
        &self,
        ids: Vec<EmployeeId>,
        asked: &[&str],
        include: &[&str],
        tell: Tell<'_>,
    ) -> Result<Option<HashMap<EmployeeId, Person>>> {
        let total = ids.len();
        let read = |id: EmployeeId| async move {
            let person = self.person(&id, asked, include).await;
            (id, person)
        };
        let mut records = HashMap::with_capacity(total);
        let mut answers = stream::iter(ids.into_iter().map(read)).buffer_unordered(self.concurrency);
        while let Some((id, person)) = answers.next().await {
            match person {
                Ok(person) => drop(records.insert(id, person)),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
            tell(records.len() as u64, Some(total as u64));
        }
        Ok(Some(records))
    }

    /// 5.2: one of the lists of named units, all of it.
    pub(crate) async fn units(&self, of: Resource) -> Result<Vec<Unit>> {
        self.whole(of).await
    }

    /// Whether a list of named units may be read, and how many it has.
    pub(crate) async fn probe(&self, of: Resource) -> Result<Option<u64>> {
        Ok(self.page(&self.list::<Unit>(of), 0).await?.1)
    }

    /// 5.5: the fields of the employee form and its sections.
    pub(crate) async fn form_fields(&self) -> Result<Vec<FormField>> {
        self.whole(Resource::EmployeeFields).await
    }

    /// A list beside the people, which may be paged or not. One that is not comes whole and without
    /// numbers, whatever page is asked for.
    async fn whole<R: Record>(&self, of: Resource) -> Result<Vec<R>> {
        let list = self.list::<R>(of);
        let (rows, total) = self.page(&list, 0).await?;
        let ids = |rows: &[R]| rows.iter().map(|row| row.id().map(str::to_owned)).collect::<HashSet<_>>();
        let known = ids(&rows);
        let whole = match total {
            Some(total) => total == known.len() as u64,
            None => {
                let (next, _) = self.page(&list, 1).await?;
                next.is_empty() || ids(&next) == known
            }
        };
        if whole {
            return Ok(rows);
        }
        let options = Options::default().concurrency(self.concurrency);
        Ok(list_all(&self.client, &list, &options).await.map_err(explain)?.rows)
    }

    fn employees<'a>(
        &'a self,
        filter: (&'static str, &'static str),
        asked: &'a [&'a str],
    ) -> List<'a, Person> {
        List { filter: Some(filter), asked, ..self.list(Resource::Employees) }
    }

    fn list<R: Record>(&self, of: Resource) -> List<'_, R> {
        List { api: self, of, filter: None, asked: &[], row: PhantomData }
    }

    /// The rows of one page, counted from 0, and how many rows there are in all.
    async fn page<R: Record>(&self, list: &List<'_, R>, page: u64) -> Result<(Vec<R>, Option<u64>)> {
        let request = list.request(&Position { page, offset: page.saturating_mul(self.rows_a_page()), cursor: None });
        let page = self.client.exchange(&request, |response| list.read(response)).await;
        let page = page.map_err(|error| explain(never_empty(error)))?;
        Ok((page.rows, page.total.rows()))
    }

    async fn read<T: Send>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T> + Send,
    ) -> Result<T> {
        self.client.exchange(request, read).await.map_err(explain)
    }
}

/// The lists that are read. There is no other way to name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    Branches,
    BusinessUnits,
    Departments,
    EmployeeFields,
    Employees,
    Levels,
    SubDepartments,
    Teams,
}

impl Resource {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Branches => "branches",
            Self::BusinessUnits => "business_units",
            Self::Departments => "departments",
            Self::EmployeeFields => "employee_fields",
            Self::Employees => "employees",
            Self::Levels => "levels",
            Self::SubDepartments => "sub_departments",
            Self::Teams => "teams",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Branches => "list branches",
            Self::BusinessUnits => "list business units",
            Self::Departments => "list departments",
            Self::EmployeeFields => "list employee fields",
            Self::Employees => "list employees",
            Self::Levels => "list levels",
            Self::SubDepartments => "list sub-departments",
            Self::Teams => "list teams",
        }
    }
}

/// One of Freshteam's lists: a bare array, `page` from one, the totals in headers.
struct List<'a, R> {
    api: &'a Api,
    of: Resource,
    filter: Option<(&'static str, &'static str)>,
    asked: &'a [&'a str],
    row: PhantomData<fn() -> R>,
}

impl<R: Record> Listing for List<'_, R> {
    type Row = R;

    fn label(&self) -> &'static str {
        self.of.label()
    }

    fn page_size(&self) -> u64 {
        self.api.rows_a_page()
    }

    fn request(&self, at: &Position) -> Request {
        let mut request = Request::get(self.of.label()).segments([self.of.path()]);
        if let Some((name, value)) = self.filter {
            request = request.query(name, value).query("sort", &self.api.sort).query("sort_type", "asc");
        }
        if let Some(rows) = self.api.page_size {
            request = request.query("per_page", rows);
        }
        request.query("page", at.page.saturating_add(1))
    }

    fn read(&self, response: &Response) -> Result<Page<R>> {
        for link in links(response) {
            // Pages are asked for by number; a link is read only to see that nobody leads us away.
            self.api.client.link(self.of.label(), link)?;
        }
        let rows = wire::list(response, &[], self.asked)?.rows;
        Ok(Page::new(rows).with_total(response.total("total-objects")))
    }

    fn id<'r>(&self, row: &'r R) -> Option<&'r str> {
        row.id()
    }

    fn same(&self, one: &R, other: &R) -> bool {
        one == other
    }
}

/// The addresses in the `link` headers of an answer.
fn links(response: &Response) -> impl Iterator<Item = &str> {
    let parts = response.headers().values("link").flat_map(|text| text.split(','));
    parts.filter_map(|part| Some(part.split_once('<')?.1.split_once('>')?.0))
}

/// Says what a refusal may mean in Freshteam, and what to do. The answer cannot tell the reasons
/// apart.
fn explain(error: Error) -> Error {
    let hint = match (error.kind(), error.status()) {
        (ErrorKind::Auth, _) => format!(
            "the API key is wrong or was reset, or its user was deactivated, or the account has ended; copy the key \
             again ({KEY_PLACE})"
        ),
        (ErrorKind::Permission, _) => {
            "the key works and the role of its user does not allow this; give that user the role HR Partner or Admin \
             (an IP restriction of the account is the other cause)"
                .to_owned()
        }
        (ErrorKind::Protocol, Some(404)) => {
            "the address is wrong: it should be SUBDOMAIN.freshteam.com/api".to_owned()
        }
        (ErrorKind::Protocol, Some(200 | 300..=399)) => {
            "no Freshteam account answers at this subdomain, or it was closed, as Freshworks retires the product; \
             compare the subdomain with the browser's address when you are logged in, and if the account has ended, \
             connect the HR system that follows it; nobody is removed"
                .to_owned()
        }
        _ => return error,
    };
    let mut explained = Error::new(error.kind(), format!("{error}; {hint}"));
    if let Some(status) = error.status() {
        explained = explained.with_status(status);
    }
    match error.retry_after() {
        Some(wait) => explained.with_retry_after(wait),
        None => explained,
    }
}
