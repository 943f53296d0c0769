//! A small vendor and its connector, which can be built with one flaw.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hris_core::http::{Client, Listing, Options, Page, Part, Position, Request, Response, Total, list_all};
use hris_core::sandbox::{Answer, Envelope, Received, World};
use hris_core::{
    Capabilities, CustomValue, Directory, Employee, EmployeeId, Error, ErrorKind, Field, FieldInfo, Finding,
    Fingerprint, LeaverSignals, Level, Lookup, Preflight, Problem, ProblemCode, ReadRequest, Result,
    Snapshot, SourceField, SourceSettings, StandardField, Status,
};
use serde_json::{Map, Value, json};

/// What is wrong with a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    AnyNameWillDo,
    AnyRecordIsTheirs,
    DoubtIgnored,
    EmptyIsGone,
    ForbiddenIsGone,
    HiddenIsEmpty,
    ManagerAndLocationSwapped,
    NoCustomFields,
    NoFingerprint,
    OldFingerprint,
    PlaceOfTheFirst,
    RefusedIsGone,
    TwinsAreOne,
    WeakProofIgnored,
}

/// People under `/people`, one under `/people/ID`, who is asking under `/me`, places under `/places`.
pub(crate) struct Company {
    pub(crate) people: Vec<Value>,
    pub(crate) organisation: &'static str,
    pub(crate) credential: &'static str,
    pub(crate) next: u64,
    pub(crate) revoked: bool,
    pub(crate) badges: Badges,
}

/// The custom field that people have, as the credential sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Badges {
    Hidden,
    One,
    Twins,
}

impl World for Company {
    fn envelope(&self) -> Envelope {
        Envelope::rows("/data").total_at("/total").by_offset("skip", "limit").page_size(3, 100)
    }

    fn answer(&mut self, request: &Received) -> Answer {
        if self.revoked {
            return self.refuse(request, 401);
        }
        let segments = request.segments();
        match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["me"] => Answer::json(&json!({ "organisation": self.organisation, "user": self.credential })),
            ["places"] => Answer::json(&json!({ "data": [
                { "id": "p1", "name": "Conformance Harbour" }, { "id": "p2", "name": "Conformance Hill" },
            ] })),
            ["badges"] => match self.badges {
                Badges::Hidden => self.refuse(request, 403),
                Badges::One => Answer::json(&json!([{ "id": "badge" }])),
                Badges::Twins => Answer::json(&json!([{ "id": "badge" }, { "id": "badge-2" }])),
            },
            ["people"] => {
                let (skip, size) = (self.envelope().skip(request), self.envelope().size(request));
                let rows: Vec<Value> =
                    self.people.iter().skip(skip).take(size).map(|row| self.shown(row)).collect();
                Answer::json(&json!({ "total": self.people.len(), "data": rows }))
            }
            ["people", id] => match self.people.iter().find(|person| person["id"] == *id) {
                Some(person) => Answer::json(&self.shown(person)),
                None => self.refuse(request, 404),
            },
            _ => self.refuse(request, 404),
        }
    }

    fn refuse(&self, _: &Received, status: u16) -> Answer {
        Answer::json(&json!({ "message": "no" })).status(status)
    }

    fn revoke(&mut self, _: &Received) {
        self.revoked = true;
    }
}

impl Company {
    fn shown(&self, row: &Value) -> Value {
        let mut row = row.clone();
        if let Some(members) = row.as_object_mut().filter(|_| self.badges == Badges::Hidden) {
            members.insert("badge".to_owned(), Value::Null);
        }
        row
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Acme {
    client: Client,
    capabilities: Arc<Capabilities>,
    pub(crate) flaw: Option<Flaw>,
    first: Arc<Mutex<Option<Fingerprint>>>,
}

impl Acme {
    pub(crate) fn new(client: Client, flaw: Option<Flaw>) -> Self {
        let fields = [
            StandardField::Id,
            StandardField::GivenName,
            StandardField::FamilyName,
            StandardField::Email,
            StandardField::Status,
            StandardField::RawStatus,
            StandardField::JobTitle,
            StandardField::Location,
            StandardField::Manager,
            StandardField::StartDate,
            StandardField::LastWorkingDay,
        ];
        let mut capabilities = Capabilities::read_only("acme", &fields, LeaverSignals::new(true, true));
        capabilities.custom_fields = true;
        Self { client, capabilities: Arc::new(capabilities), flaw, first: Arc::default() }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    async fn who(&self) -> Result<Fingerprint> {
        if self.has(Flaw::NoFingerprint) {
            return Ok(Fingerprint::default());
        }
        let me: Map<String, Value> = self.client.json(&Request::get("read me").segments(["me"])).await?;
        let text = |name: &str| me.get(name).and_then(Value::as_str).map(str::to_owned);
        let print = Fingerprint {
            organisation: text("organisation"),
            credential: text("user"),
            scopes: Some(BTreeSet::from(["people:read".to_owned()])),
            ..Fingerprint::default()
        };
        let mut first = self.first.lock().expect("no test panics here");
        let first = first.get_or_insert_with(|| print.clone());
        Ok(if self.has(Flaw::OldFingerprint) { first.clone() } else { print })
    }

    async fn places(&self) -> Result<Part<Value>> {
        let request = Request::get("list places").segments(["places"]);
        Part::of(self.client.exchange(&request, |response| response.json::<Value>()).await)
    }

    /// The definitions of badges, which have to be what `request` asks for.
    async fn badges(&self, request: &ReadRequest) -> Result<Part<Vec<Value>>> {
        let list = Request::get("list badges").segments(["badges"]);
        let read = Part::of(self.client.exchange(&list, |response| response.json::<Vec<Value>>()).await)?;
        let several = read.read().is_some_and(|badges| badges.len() > 1) && !self.has(Flaw::TwinsAreOne);
        for asked in request.custom_fields() {
            let is_known = match asked {
                SourceField::CustomName(name) => name == "Badge" && !several,
                other => other.custom() == Some("badge"),
            };
            if !is_known && !self.has(Flaw::AnyNameWillDo) {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("{asked}: not there, or several have the name"),
                ));
            }
        }
        Ok(read)
    }

    /// A person, and what is odd about the record.
    fn employee(&self, row: &Map<String, Value>, id: &str, beside: &Beside) -> (Employee, Vec<Problem>) {
        let Beside { places, badges } = beside;
        let text = |name: &str| match row.get(name) {
            None => Field::NotProvided,
            Some(Value::String(text)) if !text.is_empty() => Field::Value(text.clone()),
            Some(Value::Null | Value::String(_)) => Field::Cleared,
            Some(_) => Field::NotProvided,
        };
        let mut problems = Vec::new();
        let mut date = |name: &str| match text(name) {
            Field::Value(day) => day.parse().map_or_else(
                |_| {
                    problems
                        .push(Problem::warning(ProblemCode::InvalidDate, "no such day").employee(&id.into()));
                    Field::NotProvided
                },
                Field::Value,
            ),
            other => other.map(|_| unreachable!("a value is read above")),
        };
        let (start, last) = (date("start"), date("last"));
        let word = text("status").value().unwrap_or_default();
        let status = match word.as_str() {
            "active" => Status::Active,
            "pending" => Status::Pending,
            "terminated" => Status::Terminated,
            _ => {
                problems.push(
                    Problem::warning(ProblemCode::UnknownStatus, "no such status").employee(&id.into()),
                );
                Status::Unknown
            }
        };
        let place = |id: &str| {
            let list = places.read()?.get("data")?.as_array()?;
            let place = list.iter().find(|place| place["id"] == id || self.has(Flaw::PlaceOfTheFirst))?;
            place["name"].as_str().map(str::to_owned)
        };
        let location = match (text("place"), places.hidden()) {
            (_, Some(_)) => Field::NotPermitted,
            (Field::Value(id), None) => place(&id).map_or(Field::NotProvided, Field::Value),
            (other, None) => other,
        };
        let (mut manager, mut location) = (text("boss"), location);
        if self.has(Flaw::ManagerAndLocationSwapped) {
            std::mem::swap(&mut manager, &mut location);
        }
        let mut person = Employee::new(id)
            .with_status(status, &word)
            .with(StandardField::GivenName, text("firstName"))
            .with(StandardField::FamilyName, text("lastName"))
            .with(StandardField::Email, text("mail"))
            .with(StandardField::JobTitle, text("job"))
            .with(StandardField::Manager, manager)
            .with(StandardField::Location, location)
            .with_date(StandardField::StartDate, start)
            .with_date(StandardField::LastWorkingDay, last);
        if !self.has(Flaw::NoCustomFields) {
            let value = match badges.hidden() {
                Some(_) if !self.has(Flaw::HiddenIsEmpty) => Field::NotPermitted,
                _ => text("badge"),
            };
            person.put_custom(CustomValue { id: "badge".into(), name: "Badge".into(), value });
        }
        (person, problems)
    }
}

/// What stands beside the people.
struct Beside {
    places: Part<Value>,
    badges: Part<Vec<Value>>,
}

/// Everybody, page by page.
struct People;

impl Listing for People {
    type Row = Map<String, Value>;

    fn label(&self) -> &'static str {
        "list people"
    }

    fn page_size(&self) -> u64 {
        3
    }

    fn request(&self, at: &Position) -> Request {
        Request::get("list people").segments(["people"]).query("skip", at.offset).query("limit", 3)
    }

    fn read(&self, response: &Response) -> Result<Page<Self::Row>> {
        let body: Map<String, Value> = response.json()?;
        let wrong = || Error::new(ErrorKind::Protocol, "list people: no list").with_status(response.status());
        let rows = body.get("data").and_then(Value::as_array).ok_or_else(wrong)?;
        // What is no object has no id either.
        let rows = rows.iter().map(|row| row.as_object().cloned().unwrap_or_default()).collect();
        let total = body.get("total").map_or(Total::Missing, |told| Total::read(&told.to_string()));
        Ok(Page::new(rows).with_total(total))
    }

    fn id<'r>(&self, row: &'r Self::Row) -> Option<&'r str> {
        row.get("id")?.as_str()
    }

    fn same(&self, one: &Self::Row, other: &Self::Row) -> bool {
        one == other
    }
}

#[async_trait]
impl Directory for Acme {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn settings(&self) -> SourceSettings {
        SourceSettings::of("acme").build()
    }

    async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
        let mut preflight = Preflight::new();
        self.badges(request).await?;
        let people = People.request(&Position::default());
        self.client.exchange(&people, |response| People.read(response)).await?;
        preflight.push(Finding::new(Level::Passed, "people", "may be listed"));
        Ok(preflight)
    }

    async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
        Ok(FieldInfo::count(self.snapshot(request).await?.employees(), &self.capabilities))
    }

    async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
        let client = self.client.begin_run();
        let tell = |progress: hris_core::http::Progress| {
            if let Some(told) = request.progress() {
                told(progress.rows, progress.total);
            }
        };
        let listed = list_all(&client, &People, &Options::default().progress(&tell)).await?;
        let beside = Beside { places: self.places().await?, badges: self.badges(request).await? };
        let (doubt, places) = (listed.doubt(), &beside.places);
        let is_weak = listed.is_weak() && !self.has(Flaw::WeakProofIgnored);
        let twice: BTreeSet<&str> =
            listed.repeated.iter().filter(|one| one.conflicting).map(|one| one.id.as_str()).collect();
        let mut people = Vec::new();
        let mut snapshot_problems = Vec::new();
        let (mut nameless, mut aside) = (0, BTreeSet::new());
        for row in &listed.rows {
            match People.id(row) {
                None => nameless += 1,
                Some(id) if twice.contains(id) => drop(aside.insert(id)),
                Some(id) => {
                    let (person, problems) = self.employee(row, id, &beside);
                    people.push(person);
                    snapshot_problems.extend(problems);
                }
            }
        }
        if let Some(status) = places.hidden() {
            let words = format!("places may not be read (HTTP {status})");
            snapshot_problems.push(Problem::warning(ProblemCode::NotPermitted, words));
        }
        let mut snapshot =
            Snapshot::new("acme", people).with_fingerprint(self.who().await?).weakly_proven(is_weak);
        for problem in snapshot_problems {
            snapshot = snapshot.with_problem(problem);
        }
        for id in aside {
            let id = EmployeeId::from(id);
            let problem = Problem::error(ProblemCode::DuplicateExternalId, "two records").employee(&id);
            snapshot = snapshot.with_set_aside(id, problem);
        }
        for _ in 0..nameless {
            snapshot = snapshot.with_unidentified(Problem::error(ProblemCode::InvalidRecord, "no id"));
        }
        Ok(match doubt.filter(|_| !self.has(Flaw::DoubtIgnored)) {
            Some(why) => snapshot.without_absence(why),
            None => snapshot,
        })
    }

    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
        let own = Request::get("read a person").segments(["people", id.as_str()]);
        let answer =
            self.client.exchange(&own, |response| response.json::<Option<Map<String, Value>>>()).await;
        let row = match answer {
            Ok(row) => row.unwrap_or_default(),
            Err(error) if self.has(Flaw::ForbiddenIsGone) && error.kind() == ErrorKind::Permission => {
                return Ok(Lookup::Gone);
            }
            Err(error)
                if self.has(Flaw::RefusedIsGone)
                    && matches!(error.kind(), ErrorKind::Permission | ErrorKind::Rejected) =>
            {
                return Ok(Lookup::Gone);
            }
            Err(error) => return Lookup::of_refusal(error),
        };
        match People.id(&row) {
            None if self.has(Flaw::EmptyIsGone) => return Ok(Lookup::Gone),
            Some(own) if own == id.as_str() || self.has(Flaw::AnyRecordIsTheirs) => {}
            _ => return Err(Error::new(ErrorKind::Mismatch, "read a person: not the person's record")),
        }
        let beside = Beside { places: self.places().await?, badges: self.badges(request).await? };
        Ok(Lookup::Found(Box::new(self.employee(&row, id.as_str(), &beside).0)))
    }

    async fn fingerprint(&self, _: &ReadRequest) -> Result<Option<Fingerprint>> {
        self.who().await.map(Some)
    }
}
