//! A connector for Birch, an HR system that does not exist: everything that a vendor's crate has to hold.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join3;
use hris_core::connector::{
    Assembly, Checks, Credential, Crowd, Defaults, List, Paging, RateLimit, Run, Source, TokenKit, Vendor,
    Wiring, count_unreadable, fill, is_undated,
};
use hris_core::http::{Basic, Part, Request, Response, Said, said};
use hris_core::wire::Record as _;
use hris_core::{
    Capabilities, Directory, Employee, EmployeeId, End, Error, ErrorKind, Field, Fingerprint, LeaverSignals,
    Problem, ProblemCode, Result, Secret, Snapshot, StandardField, Status, Tally, config, record,
};

/// How Birch is reached.
pub(crate) const DEFAULTS: Defaults = Defaults {
    vendor: "birch",
    title: "Birch",
    base_url: "https://api.birch.example/v1",
    path: "/v1",
    page_size: Some(100),
    asks_page_size: true,
    concurrency: 4,
    rate_limit: Some(RateLimit::per_second(10).burst(20)),
    credential: ("API key", "make another one under Settings, API keys"),
    explain,
};

/// What does not stand on a person's own record.
const ELSEWHERE: [StandardField; 2] = [StandardField::Location, StandardField::ManagerEmail];

config! {
    /// The settings that only Birch has.
    pub(crate) config Config {
        /// Whether people who left are listed. Otherwise somebody leaves by no longer being listed.
        listing former: bool = true;
    }
    /// Builds a [`Birch`]. Every setting but the key has a default.
    pub(crate) builder Builder { key: Option<Secret> }
}

/// One company's Birch, read with one API key.
#[derive(Clone, Debug)]
pub(crate) struct Birch(Api);

hris_core::connector!(Birch);

impl Builder {
    /// The API key.
    pub(crate) fn key(mut self, key: Secret) -> Self {
        self.key = Some(key);
        self
    }

    /// Builds the connector after checking every setting. Nothing is sent.
    pub(crate) fn build(self) -> Result<Birch> {
        let Self { config, wiring, key } = self;
        let key = Secret::required("key", key, "make one in Birch under Settings, API keys")?;
        let base_url = wiring.base_url(&DEFAULTS);
        // Birch wants its key as the user of HTTP Basic, and any password.
        let basic = Basic::new(key, Secret::from("x".to_owned()));
        let client = wiring.client(&DEFAULTS, base_url)?.vendor(Refusals).authorization(basic).build()?;
        let vendor = Vendor::new(&DEFAULTS, &wiring, &config, base_url, capabilities(), client);
        Ok(Birch(Api { vendor: Arc::new(vendor), config, page_size: wiring.page_size(&DEFAULTS) }))
    }
}

/// What Birch can show: what members of a record are as they stand, and what is made of others.
fn capabilities() -> Capabilities {
    use StandardField::{Id, LastWorkingDay, Location, ManagerEmail, RawStatus, StartDate, Status};
    let mut capabilities = DEFAULTS
        .capabilities(LeaverSignals::new(true, true))
        .reading([Id, Status, RawStatus, StartDate, LastWorkingDay, Location, ManagerEmail])
        .reading(Person::FILLS.iter().map(|(_, field)| *field));
    capabilities.custom_fields = false;
    capabilities
}

record! {
    /// A person on the wire.
    pub(crate) struct Person {
        id { "id" }
        text {
            first_name = "first_name" => GivenName, last_name = "last_name" => FamilyName,
            email = "email" => Email, job = "job" => JobTitle, manager = "manager_id" => Manager,
            state = "state", office = "office_id",
        }
        date { first_day = "first_day", last_day = "last_day" }
        dropped { "bank_account" }
        others Dropped
    }
}

record! {
    /// A place of work.
    pub(crate) struct Office { id { "id" } text { name = "name" } others Dropped }
}

record! {
    /// The account that the key belongs to.
    struct Account { id { "id" } text { name = "name", owner = "key_owner" } others Dropped }
}

/// `?limit=100&skip=200`, answered with `{"total": 250, "skip": 200, "items": […]}`.
const PAGING: Paging =
    Paging::by_offset("limit", "skip").rows_in(&["items"]).total_in("total").offset_in("skip");

/// The API as one key sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    vendor: Arc<Vendor>,
    config: Config,
    page_size: u32,
}

impl Api {
    fn people(&self) -> List<Person> {
        List::new("list people", ["people"], PAGING)
            .page_size(self.page_size)
            .query("former", self.config.former)
    }

    fn offices(&self) -> List<Office> {
        List::new("list offices", ["offices"], Paging::WHOLE)
    }

    /// The offices where a request needs them. That they may not be read is an answer.
    async fn places(&self, run: &Run<'_>) -> Result<Part<Vec<Office>>> {
        Part::when(run.request().wants(StandardField::Location), run.all(&self.offices())).await
    }
}

async fn account(run: &Run<'_>) -> Result<Account> {
    run.record(&Request::get("read the account").segments(["account"])).await
}

fn fingerprint(account: &Account) -> Fingerprint {
    Fingerprint {
        organisation: account.notes.id.clone(),
        credential: account.owner.as_deref().value().map(str::to_owned),
        ..Fingerprint::default()
    }
}

#[async_trait]
impl Source for Api {
    type Row = Person;
    type Around = ();

    fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    async fn read(&self, run: &Run<'_>) -> Result<(Snapshot, ())> {
        let people = self.people();
        let (account, people, offices) =
            try_join3(account(run), run.people(&people), self.places(run)).await?;
        let mut assembly = Assembly::new(DEFAULTS.vendor, DEFAULTS.title, run.request());
        assembly.fingerprint = fingerprint(&account);
        if let Some(status) = offices.hidden() {
            let words = format!(
                "offices may not be read (HTTP {status}); let the key read them; accounts keep theirs"
            );
            assembly.tally.say(Problem::warning(ProblemCode::NotPermitted, words).field("location"));
        }
        let reader = Reader::new(run, &offices);
        assembly.convert(
            Crowd::of(people),
            |person| person.state.as_deref().value(),
            |person, tally| reader.employee(person, tally),
        );
        Ok((assembly.finish(), ()))
    }

    async fn person(&self, run: &Run<'_>, id: &EmployeeId) -> Result<Person> {
        let request = Request::get("read a person").segments(["people", id.as_str()]);
        run.one(&request, None, &[], id.as_str()).await
    }

    async fn complete(&self, run: &Run<'_>, person: Person) -> Result<Employee> {
        let offices = self.places(run).await?;
        Ok(Reader::new(run, &offices).employee(person, &mut Tally::default()))
    }

    fn work_email(&self, person: Person) -> Field<String> {
        person.email
    }

    async fn check(&self, checks: &mut Checks<'_>) -> Result<()> {
        let account = account(checks.run()).await?;
        let id = account.notes.id.unwrap_or_default();
        checks.organisation(id, account.name.value().unwrap_or_default());
        let people = checks.run().first(&self.people()).await;
        if let Some((people, total)) = checks.need("people", people, "let the key read people")? {
            checks.passed("people", format!("{} people", total.unwrap_or(people.len() as u64)));
            let offices = self.places(checks.run()).await?;
            let reader = Reader::new(checks.run(), &offices);
            let people = people.into_iter().map(|person| reader.employee(person, &mut Tally::default()));
            let people: Vec<Employee> = people.collect();
            checks.coverage(&people, &ELSEWHERE, |field| format!("fill in {field} in Birch"));
        }
        let offices = checks.run().all(&self.offices()).await.map(|offices| Some(offices.len() as u64));
        checks.list("offices", offices, "accounts keep the place that they have", "let the key read offices")
    }

    async fn fingerprint(&self, run: &Run<'_>) -> Result<Option<Fingerprint>> {
        Ok(Some(fingerprint(&account(run).await?)))
    }
}

/// From Birch's records to the model: the one place that sees both.
struct Reader<'a> {
    run: &'a Run<'a>,
    offices: Option<HashMap<&'a str, &'a Field<String>>>,
}

impl<'a> Reader<'a> {
    fn new(run: &'a Run<'a>, offices: &'a Part<Vec<Office>>) -> Self {
        let named = |office: &'a Office| Some((office.notes.id.as_deref()?, &office.name));
        Self { run, offices: offices.read().map(|offices| offices.iter().filter_map(named).collect()) }
    }

    fn employee(&self, mut person: Person, tally: &mut Tally) -> Employee {
        count_unreadable(&person, DEFAULTS.title, str::to_owned, &["last_day"], tally);
        let end = End::of(person.last_day, person.first_day, is_undated(&person, "last_day"));
        let id = person.notes.id.clone().unwrap_or_default();
        let mut employee = Employee::new(id);
        employee.put_doubts(&[end], tally);
        let has_begun = person.first_day.value().is_none_or(|day| day <= self.run.today());
        let raw = person.state.as_deref().value().unwrap_or_default();
        let status = match raw {
            "employed" if has_begun => Status::Active,
            "employed" | "joining" => Status::Pending,
            "left" => Status::Terminated,
            word => {
                tally.unknown_status(word);
                Status::Unknown
            }
        };
        employee.put_status(status, raw);
        employee.put_date(StandardField::StartDate, person.first_day);
        employee.put_date(StandardField::LastWorkingDay, end.usable());
        fill(&mut employee, &mut person, self.run.request());
        let location = match (person.office, &self.offices) {
            // A list that may not be seen is not an empty list.
            (Field::Value(_), None) => Field::NotPermitted,
            (Field::Value(office), Some(offices)) => {
                offices.get(office.as_str()).map_or(Field::NotProvided, |name| (*name).clone())
            }
            (other, _) => other,
        };
        employee.put(StandardField::Location, location);
        employee
    }
}

/// What a refusal may mean in Birch, and what to do about it.
fn explain(error: Error, _: &'static str) -> Error {
    match error.kind() {
        ErrorKind::Auth => error.with_hint("the API key is wrong or was deleted; make another one"),
        ErrorKind::Permission => {
            error.with_hint("the API key may not read this; `check` names what is missing")
        }
        _ => error,
    }
}

/// How Birch words its refusals: `{"error": "code"}`. Its messages may name people and are not repeated.
#[derive(Clone, Copy, Debug)]
struct Refusals;

impl hris_core::http::Vendor for Refusals {
    fn words(&self, response: &Response) -> Option<String> {
        said(response, &[Said::called("code", "/error")])
    }
}

/// Birch, for a catalogue of vendors.
#[derive(Debug)]
pub(crate) struct BirchKit;

impl TokenKit for BirchKit {
    type Config = Config;

    const DEFAULTS: &'static Defaults = &DEFAULTS;
    const CREDENTIAL: &'static [Credential; 1] = &[Credential::new("key", "API key", "BIRCH_KEY")];
    const HOW_TO_CONNECT: &'static [&'static str] =
        &["In Birch, open Settings, API keys, and make a key that may read people and offices."];
    const HOW_TO_REVOKE: &'static str = "In Birch, open Settings, API keys, and delete the key.";

    fn capabilities(_: &Config) -> Capabilities {
        capabilities()
    }

    fn build(config: Config, wiring: Wiring, key: Option<Secret>) -> Result<Box<dyn Directory>> {
        Ok(Box::new(Builder { config, wiring, key }.build()?))
    }
}
