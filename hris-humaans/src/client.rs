//! Requests to Humaans and the first reading of answers. It can send `GET` and nothing else.

use hris_core::http::{
    Client, Listed, Listing, Options, Page, Position, Progress, Request, Response, code_word, list_all,
};
use hris_core::wire::{self, Record};
use hris_core::{Date, EmployeeId, Error, ErrorKind, ReadRequest, Result};
use serde::Deserialize;

use crate::builder::PeopleStatus;
use crate::wire::{Company, CustomField, CustomValue, JobRole, Location, Person, TokenInfo};

/// The API as one credential sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) page_size: u32,
    pub(crate) concurrency: usize,
    pub(crate) sort: Option<String>,
    pub(crate) job_roles_as_of: bool,
    pub(crate) people_status: PeopleStatus,
}

/// A list of people as far as it could be had.
pub(crate) struct People {
    pub(crate) lists: Vec<Listed<Person>>,
    /// Statuses that Humaans refused to list.
    pub(crate) hidden: Vec<&'static str>,
    /// The list has no filter, so nobody knows whom it leaves out.
    pub(crate) unfiltered: bool,
}

/// Told how far the list of people is.
pub(crate) type Tell<'a> = &'a (dyn Fn(u64, Option<u64>) + Send + Sync);

impl Api {
    /// The same API with fresh counts for one run, which tells of its long waits.
    pub(crate) fn begin_run(&self, request: Option<&ReadRequest>) -> Self {
        let waiting = request.and_then(|request| request.waiting().cloned());
        Self { client: self.client.begin_run().on_wait(waiting), ..self.clone() }
    }

    /// 4.1: what the token may do.
    pub(crate) async fn token_info(&self) -> Result<TokenInfo> {
        let request = Request::get("read the token's scopes").segments(["token-info"]);
        self.read(&request, |response| wire::one(response, &[])).await
    }

    /// 4.2: who made the token.
    pub(crate) async fn me(&self) -> Result<Person> {
        self.read(&Request::get("read the token's maker").segments(["me"]), person(&[])).await
    }

    /// 4.3: the company; Humaans has one to a tenant.
    pub(crate) async fn companies(&self) -> Result<Vec<Company>> {
        let request = Request::get("read the company").segments(["companies"]);
        self.read(&request, |response| Ok(wire::list(response, &["data"], &[])?.rows)).await
    }

    /// 4.4: everybody, by the way that is set or the next one that Humaans does not refuse.
    pub(crate) async fn people(&self, asked: &[&str], tell: Tell<'_>) -> Result<People> {
        if self.people_status == PeopleStatus::All {
            match self.people_of(Some("all"), asked, tell).await {
                Ok(list) => return Ok(People { lists: vec![list], hidden: Vec::new(), unfiltered: false }),
                Err(error) if is_refusal(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if self.people_status != PeopleStatus::Omit
            && let Some(people) = self.people_split(asked, tell).await?
        {
            return Ok(people);
        }
        let list = self.people_of(None, asked, tell).await?;
        Ok(People { lists: vec![list], hidden: Vec::new(), unfiltered: true })
    }

    /// Three lists, one a status; none if Humaans refuses the filter itself.
    async fn people_split(&self, asked: &[&str], tell: Tell<'_>) -> Result<Option<People>> {
        let mut people = People { lists: Vec::new(), hidden: Vec::new(), unfiltered: false };
        let mut before = 0;
        for status in ["active", "newHire", "offboarded"] {
            let sofar = move |rows: u64, _: Option<u64>| tell(before + rows, None);
            match self.people_of(Some(status), asked, &sofar).await {
                Ok(list) => {
                    before += list.rows.len() as u64;
                    people.lists.push(list);
                }
                Err(error) if error.status() == Some(403) && status != "active" => people.hidden.push(status),
                Err(error) if matches!(error.status(), Some(400 | 422)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(people))
    }

    async fn people_of(
        &self,
        status: Option<&'static str>,
        asked: &[&str],
        tell: Tell<'_>,
    ) -> Result<Listed<Person>> {
        let progress = |progress: Progress| tell(progress.rows, progress.total);
        let mut list = self.list(Resource::People);
        list.asked = asked;
        list.filter.extend(status.map(|status| ("status", status.to_owned())));
        let options = Options::default().concurrency(self.concurrency).progress(&progress);
        list_all(&self.client, &list, &options).await.map_err(explain)
    }

    /// The first page of people, and how many there are of `status`.
    pub(crate) async fn first_people(
        &self,
        status: Option<&'static str>,
        rows: u32,
        asked: &[&str],
    ) -> Result<(Vec<Person>, Option<u64>)> {
        let mut list = self.list(Resource::People);
        list.asked = asked;
        list.page_size = rows;
        list.filter.extend(status.map(|status| ("status", status.to_owned())));
        self.first(&list).await
    }

    /// The first row of a list, to see whether it may be read, and how many rows there are.
    pub(crate) async fn probe(&self, of: Resource) -> Result<Option<u64>> {
        let mut list = self.list::<JobRole>(of);
        list.page_size = 1;
        Ok(self.first(&list).await?.1)
    }

    async fn first<R: Record>(&self, list: &List<'_, R>) -> Result<(Vec<R>, Option<u64>)> {
        let request = list.request(Position { page: 0, offset: 0 });
        let page = self.read(&request, |response| list.read(response)).await?;
        Ok((page.rows, page.total.rows()))
    }

    /// 4.4: one person.
    pub(crate) async fn person(&self, id: &EmployeeId, asked: &[&str]) -> Result<Person> {
        let request = Request::get("read a person").segments(["people", id.as_str()]);
        let person = self.read(&request, person(asked)).await?;
        if person.notes.id.as_deref() != Some(id.as_str()) {
            let words = "read a person: the answer is another person's record";
            return Err(Error::new(ErrorKind::Mismatch, words));
        }
        Ok(person)
    }

    /// 4.5: the history of jobs, of everybody or of one person.
    pub(crate) async fn job_roles(&self, today: Date, person: Option<&EmployeeId>) -> Result<Vec<JobRole>> {
        let mut list = self.list(Resource::JobRoles);
        list.filter.extend(person.map(|id| ("personId", id.to_string())));
        if self.job_roles_as_of {
            list.filter.push(("$asOf", today.to_string()));
        }
        self.all(&list).await
    }

    /// 4.6: the offices.
    pub(crate) async fn locations(&self) -> Result<Vec<Location>> {
        self.all(&self.list(Resource::Locations)).await
    }

    /// 4.7: the customer's own fields.
    pub(crate) async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        self.all(&self.list(Resource::CustomFields)).await
    }

    /// 4.8: their values, of everybody or of one person.
    pub(crate) async fn custom_values(&self, person: Option<&EmployeeId>) -> Result<Vec<CustomValue>> {
        let mut list = self.list(Resource::CustomValues);
        list.filter.extend(person.map(|id| ("personId", id.to_string())));
        self.all(&list).await
    }

    async fn all<R: Record>(&self, list: &List<'_, R>) -> Result<Vec<R>> {
        let options = Options::default().concurrency(self.concurrency);
        Ok(list_all(&self.client, list, &options).await.map_err(explain)?.rows)
    }

    fn list<R: Record>(&self, of: Resource) -> List<'_, R> {
        let sort = self.sort.as_ref().map(|member| (format!("$sort[{member}]"), "1"));
        List {
            of,
            page_size: self.page_size,
            filter: Vec::new(),
            sort,
            asked: &[],
            row: std::marker::PhantomData,
        }
    }

    async fn read<T: Send>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T> + Send,
    ) -> Result<T> {
        self.client.exchange(request, read).await.map_err(explain)
    }
}

fn person(asked: &[&str]) -> impl Fn(&Response) -> Result<Person> + Send {
    move |response| {
        let person: Person = wire::one(response, asked)?;
        if person.notes.id.is_none() {
            let words = format!("{}: a record without an id", response.label());
            return Err(Error::new(ErrorKind::Protocol, words).with_status(response.status()));
        }
        Ok(person)
    }
}

/// The lists that are read. There is no other way to name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    CustomFields,
    CustomValues,
    JobRoles,
    Locations,
    People,
}

impl Resource {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::CustomFields => "custom-fields",
            Self::CustomValues => "custom-values",
            Self::JobRoles => "job-roles",
            Self::Locations => "locations",
            Self::People => "people",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::CustomFields => "list custom fields",
            Self::CustomValues => "list custom values",
            Self::JobRoles => "list job roles",
            Self::Locations => "list locations",
            Self::People => "list people",
        }
    }
}

/// One of Humaans' lists, page by page: `$limit`, `$skip`, and `{total, limit, skip, data}`.
struct List<'a, R> {
    of: Resource,
    page_size: u32,
    filter: Vec<(&'static str, String)>,
    sort: Option<(String, &'static str)>,
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

    fn request(&self, at: Position) -> Request {
        let mut request = Request::get(self.of.label()).segments([self.of.path()]);
        for (name, value) in &self.filter {
            request = request.query(name, value);
        }
        if let Some((name, value)) = &self.sort {
            request = request.query(name, value);
        }
        request.query("$limit", self.page_size).query("$skip", at.offset)
    }

    fn read(&self, response: &Response) -> Result<Page<R>> {
        let list = wire::list(response, &["data"], self.asked)?;
        let (total, skip) = (list.total("total"), list.count("skip"));
        Ok(Page::new(list.rows).with_total(total).with_offset(skip))
    }

    fn id<'r>(&self, row: &'r R) -> Option<&'r str> {
        row.id()
    }

    fn same(&self, one: &R, other: &R) -> bool {
        one == other
    }
}

/// Whether Humaans refused the question itself, rather than failed to answer it.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 403 | 422))
}

/// Says what a refusal may mean in Humaans. The answer cannot tell the reasons apart.
fn explain(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Auth => error.with_hint(
            "the access token is wrong or revoked, or its maker has left or lost the permission API Access, or the \
             company's plan has no API; make a new token",
        ),
        ErrorKind::Permission => error.with_hint(
            "the token's scopes or its maker's role do not allow this; `check` names what is missing",
        ),
        _ => error,
    }
}

/// How Humaans words its refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vendor;

impl hris_core::http::Vendor for Vendor {
    /// The name, the code, the request's id and the names of the issues: never a message, a reason
    /// or a value.
    fn words(&self, response: &Response) -> Option<String> {
        let refusal: Refusal = serde_json::from_slice(response.body()).ok()?;
        let mut words: Vec<String> = Vec::new();
        words.extend(refusal.name.and_then(plain));
        words.extend(refusal.code.and_then(plain).map(|code| format!("code {code}")));
        words.extend(refusal.id.and_then(plain).map(|id| format!("request id {id}")));
        let issues = refusal.issues.into_iter().flatten();
        let names: Vec<String> =
            issues.filter_map(|issue| plain(issue.name.or(issue.path)?)).take(5).collect();
        if !names.is_empty() {
            words.push(format!("about {}", names.join(", ")));
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// An error body. Each member may be of any type.
#[derive(Deserialize)]
struct Refusal {
    name: Option<serde_json::Value>,
    code: Option<serde_json::Value>,
    id: Option<serde_json::Value>,
    #[serde(default, deserialize_with = "issues")]
    issues: Option<Vec<Issue>>,
}

#[derive(Deserialize)]
struct Issue {
    name: Option<serde_json::Value>,
    path: Option<serde_json::Value>,
}

/// Issues, or none where they have a shape of their own.
fn issues<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Issue>>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// A word or a number that can be the name of something and nothing else.
fn plain(value: serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => code_word(&text).map(str::to_owned),
        serde_json::Value::Number(number) => code_word(&number.to_string()).map(str::to_owned),
        _ => None,
    }
}
