//! Requests to Employment Hero and the first reading of answers. It can send `GET` and nothing
//! else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hris_core::http::{
    Client, Listed, Listing, Options, Page, Position, Progress, Request, Response, code_word, list_all,
};
use hris_core::oauth::Session;
use hris_core::wire::{self, Record};
use hris_core::{EmployeeId, Error, ErrorKind, ReadRequest, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::wire::{CustomField, CustomValue, Named, Organisation, Person};

/// The API as one credential sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) page_size: u32,
    concurrency: usize,
    /// The pace that is kept over a minute.
    pub(crate) per_minute: u32,
    /// The organisation to read, by id or exact name.
    pub(crate) wanted: Option<String>,
    session: Option<Session>,
    /// The organisation that was chosen last, so that questions about one person do not choose anew.
    chosen: Arc<Mutex<Option<String>>>,
}

/// Told how far the list of people is.
pub(crate) type Tell<'a> = &'a (dyn Fn(u64, Option<u64>) + Send + Sync);

impl Api {
    pub(crate) fn new(
        client: Client,
        page_size: u32,
        concurrency: usize,
        per_minute: u32,
        wanted: Option<String>,
        session: Option<Session>,
    ) -> Self {
        Self { client, page_size, concurrency, per_minute, wanted, session, chosen: Arc::default() }
    }

    /// The same API with fresh counts for one run, which tells of its long waits.
    pub(crate) fn begin_run(&self, request: Option<&ReadRequest>) -> Self {
        let waiting = request.and_then(|request| request.waiting().cloned());
        Self { client: self.client.begin_run().on_wait(waiting), ..self.clone() }
    }

    /// What was granted, as far as a token answer told it.
    pub(crate) fn scopes(&self) -> Option<std::collections::BTreeSet<String>> {
        self.session.as_ref()?.scopes()
    }

    /// As [`hris_core::Directory::settle`].
    pub(crate) async fn settle(&self) -> Result<()> {
        match &self.session {
            Some(session) => session.settle().await,
            None => Ok(()),
        }
    }

    pub(crate) fn concurrency(&self) -> usize {
        self.concurrency
    }

    pub(crate) fn remember(&self, organisation: &str) {
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(organisation.to_owned());
    }

    pub(crate) fn remembered(&self) -> Option<String> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// 4.1: the organisations that the credential sees.
    pub(crate) async fn organisations(&self) -> Result<Vec<Organisation>> {
        Ok(self.all(&self.list::<Organisation>(Resource::Organisations, &[])).await?.rows)
    }

    /// 4.2: one organisation with its counts.
    pub(crate) async fn organisation(&self, id: &str) -> Result<Organisation> {
        let of = Resource::Organisation;
        let request = Request::get(of.label()).segments(["api", "v1", "organisations", id]);
        self.one(of, &request, &[], id).await
    }

    /// 4.3: everybody.
    pub(crate) async fn people(
        &self,
        organisation: &str,
        asked: &[&str],
        tell: Tell<'_>,
    ) -> Result<Listed<Person>> {
        let progress = |progress: Progress| tell(progress.rows, progress.total);
        let mut list = self.list(Resource::Employees, &[organisation, "employees"]);
        list.asked = asked;
        let options = Options::default().concurrency(self.concurrency).progress(&progress);
        list_all(&self.client, &list, &options).await.map_err(|error| explain(error, list.of))
    }

    /// The first page of people, and how many there are.
    pub(crate) async fn first_people(
        &self,
        organisation: &str,
        asked: &[&str],
    ) -> Result<(Vec<Person>, Option<u64>)> {
        let mut list = self.list(Resource::Employees, &[organisation, "employees"]);
        list.asked = asked;
        self.first(&list).await
    }

    /// 4.4: one person.
    pub(crate) async fn person(&self, organisation: &str, id: &EmployeeId, asked: &[&str]) -> Result<Person> {
        let of = Resource::Employee;
        let path = ["api", "v1", "organisations", organisation, "employees", id.as_str()];
        self.one(of, &Request::get(of.label()).segments(path), asked, id.as_str()).await
    }

    /// Whether anybody of the organisation may be seen at all; one row is asked for.
    pub(crate) async fn probe(&self, organisation: &str, of: Resource) -> Result<Option<u64>> {
        let mut list = self.list::<Named>(of, &[organisation, of.segment()]);
        list.page_size = 1;
        Ok(self.first(&list).await?.1)
    }

    /// 4.7: the places of work, by name.
    pub(crate) async fn work_locations(&self, organisation: &str) -> Result<Vec<Named>> {
        Ok(self
            .all(&self.list(Resource::WorkLocations, &[organisation, Resource::WorkLocations.segment()]))
            .await?
            .rows)
    }

    /// 4.9: the customer's own fields.
    pub(crate) async fn custom_fields(&self, organisation: &str) -> Result<Vec<CustomField>> {
        Ok(self
            .all(&self.list(Resource::CustomFields, &[organisation, Resource::CustomFields.segment()]))
            .await?
            .rows)
    }

    /// 4.10: their values of one person.
    pub(crate) async fn custom_values(&self, organisation: &str, person: &str) -> Result<Vec<CustomValue>> {
        let path = [organisation, "employees", person, "custom_fields"];
        Ok(self.all(&self.list(Resource::CustomValues, &path)).await?.rows)
    }

    async fn all<R: Record>(&self, list: &List<'_, R>) -> Result<Listed<R>> {
        let options = Options::default().concurrency(1);
        list_all(&self.client, list, &options).await.map_err(|error| explain(error, list.of))
    }

    async fn first<R: Record>(&self, list: &List<'_, R>) -> Result<(Vec<R>, Option<u64>)> {
        let request = list.request(&Position::default());
        let page = self.client.exchange(&request, |response| list.read(response)).await;
        let page = page.map_err(|error| explain(error, list.of))?;
        Ok((page.rows, page.total.rows()))
    }

    async fn one<R: Record>(&self, of: Resource, request: &Request, asked: &[&str], id: &str) -> Result<R> {
        let read = |response: &Response| wire::one_in::<R>(response, "data", asked);
        let record = self.client.exchange(request, read).await.map_err(|error| explain(error, of))?;
        if record.id() == Some(id) {
            return Ok(record);
        }
        Err(Error::new(ErrorKind::Mismatch, format!("{}: the answer is another one's record", of.label())))
    }

    fn list<'a, R: Record>(&self, of: Resource, beneath: &[&str]) -> List<'a, R> {
        let path = ["api", "v1", "organisations"].iter().chain(beneath).map(|part| (*part).to_owned());
        List {
            of,
            path: path.collect(),
            page_size: self.page_size,
            asked: &[],
            row: std::marker::PhantomData,
        }
    }
}

/// What is read. There is no other way to name anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    CustomFields,
    CustomValues,
    Employee,
    Employees,
    Organisation,
    Organisations,
    Teams,
    WorkLocations,
}

impl Resource {
    fn segment(self) -> &'static str {
        match self {
            Self::CustomFields | Self::CustomValues => "custom_fields",
            Self::Employee | Self::Employees => "employees",
            Self::Organisation | Self::Organisations => "organisations",
            Self::Teams => "teams",
            Self::WorkLocations => "work_locations",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::CustomFields => "list custom fields",
            Self::CustomValues => "list a person's custom fields",
            Self::Employee => "read a person",
            Self::Employees => "list employees",
            Self::Organisation => "read the organisation",
            Self::Organisations => "list organisations",
            Self::Teams => "list teams",
            Self::WorkLocations => "list work locations",
        }
    }

    /// The scope it needs, in both notations as far as they are known.
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Self::CustomFields | Self::CustomValues => "for custom fields, whose name is not published",
            Self::Employee => "employees:show (urn:mainapp:employees:read)",
            Self::Employees => "employees:list (urn:mainapp:employees:read)",
            Self::Organisation => "organisations:show (urn:mainapp:organisations:read)",
            Self::Organisations => "organisations:list (urn:mainapp:organisations:read)",
            Self::Teams => "teams:list",
            Self::WorkLocations => "work_locations:list",
        }
    }
}

/// One of Employment Hero's lists, page by page: `page_index` from 1, `item_per_page`, and
/// `{data: {items, page_index, item_per_page, total_items, total_pages}}`.
struct List<'a, R> {
    of: Resource,
    path: Vec<String>,
    page_size: u32,
    asked: &'a [&'a str],
    row: std::marker::PhantomData<fn() -> R>,
}

impl<R: Record> Listing for List<'_, R> {
    type Row = R;

    fn label(&self) -> &'static str {
        self.of.label()
    }

    fn page_size(&self) -> u64 {
        self.page_size.into()
    }

    fn request(&self, at: &Position) -> Request {
        Request::get(self.of.label())
            .segments(self.path.iter().cloned())
            .query("page_index", at.page.saturating_add(1))
            .query("item_per_page", self.page_size)
    }

    fn read(&self, response: &Response) -> Result<Page<R>> {
        // The bare array is not documented for lists; it is nobody's empty list either.
        let list = wire::list(response, &["data", "items"], self.asked)
            .or_else(|error| wire::list(response, &["data"], self.asked).map_err(|_| error))?;
        let page = list.count("page_index").and_then(|page| page.checked_sub(1));
        let last = list.count("total_pages").zip(page).map(|(pages, page)| page.saturating_add(1) >= pages);
        let total = list.total("total_items");
        Ok(Page::new(list.rows).with_total(total).with_page(page).with_last(last))
    }

    fn id<'r>(&self, row: &'r R) -> Option<&'r str> {
        row.id()
    }

    fn same(&self, one: &R, other: &R) -> bool {
        one == other
    }
}

/// Says what a refusal may mean in Employment Hero. The answer cannot tell the reasons apart.
fn explain(error: Error, of: Resource) -> Error {
    match (error.kind(), error.status()) {
        // Without a status it is the session's own word, which says everything.
        (ErrorKind::Auth, Some(_)) => error.with_hint(
            "the access token is refused, and renewing it did not help; reconnect: give consent again, as an owner or a full \
             administrator",
        ),
        (ErrorKind::Permission, _) => error.with_hint(format_args!(
            "the grant lacks the scope {}, or the person who consented may not see this, or the plan has no API (Platinum \
             and above have)",
            of.scope()
        )),
        // Nothing at all is found in an organisation that the grant does not cover.
        (ErrorKind::NotFound | ErrorKind::Protocol, Some(404))
            if matches!(of, Resource::Employees | Resource::Organisation) =>
        {
            Error::new(ErrorKind::Permission, error.to_string())
                .with_status(404)
                .with_hint("the organisation is not visible to this grant; `organisation` may be wrong")
        }
        _ => error,
    }
}

/// How Employment Hero words its refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vendor;

impl hris_core::http::Vendor for Vendor {
    /// The code, the request's id and the names of refused fields: never a message or a value.
    fn words(&self, response: &Response) -> Option<String> {
        let refusal: Option<Refusal> = serde_json::from_slice(response.body()).ok();
        let mut words = Vec::new();
        if let Some(refusal) = refusal {
            words.extend(refusal.code.and_then(plain).map(|code| format!("code {code}")));
            let fields: Option<BTreeMap<String, Value>> =
                refusal.errors.and_then(|errors| serde_json::from_value(errors).ok());
            let names: Vec<String> = fields
                .into_iter()
                .flat_map(BTreeMap::into_keys)
                .filter_map(|name| plain(Value::String(name)))
                .take(5)
                .collect();
            if !names.is_empty() {
                words.push(format!("about {}", names.join(", ")));
            }
        }
        words.extend(hris_core::http::PlainVendor.words(response));
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// An error body. Each member may be of any type.
#[derive(Deserialize)]
struct Refusal {
    code: Option<Value>,
    errors: Option<Value>,
}

/// A number or a word that can be a code and nothing else.
fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => code_word(&text).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
