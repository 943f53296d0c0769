//! People, jobs, offices and custom fields as tests and demonstrations hand them in and look at them.

use serde_json::{Map, Value, json};

/// A person to be added by [`World::hire`](super::World::hire).
///
/// What is not set is filled in: an active person with a work e-mail made of the name, the next employee id, the
/// first office, a job without manager, and today as first day.
///
/// ```
/// use hris_humaans::sandbox::Person;
///
/// let person = Person::new("Noor", "El-Amrani").job("Buyer", "Sales").starts("2026-12-01").team("Benelux");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Person {
    pub(super) job: Job,
    pub(super) teams: Vec<String>,
    pub(super) custom: Vec<(String, Value)>,
    pub(super) members: Map<String, Value>,
}

impl Person {
    /// An active person of this name.
    pub fn new(first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        let person = Self {
            job: Job::new("Associate", "Operations"),
            teams: Vec::new(),
            custom: Vec::new(),
            members: Map::new(),
        };
        person
            .member("firstName", first_name.into())
            .member("lastName", last_name.into())
            .status(Status::Active)
    }

    /// Somebody who is still to start: status `newHire`, a personal e-mail and no work e-mail.
    pub fn new_hire(first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        Self::new(first_name, last_name).status(Status::NewHire).without_email()
    }

    /// The status as the vendor sends it.
    pub fn status(self, status: Status) -> Self {
        self.member("status", status.as_str())
    }

    /// The work e-mail.
    pub fn email(self, email: impl Into<String>) -> Self {
        self.member("email", email.into())
    }

    /// No work e-mail.
    pub fn without_email(self) -> Self {
        self.member("email", Value::Null)
    }

    /// The first day, `YYYY-MM-DD`.
    pub fn starts(mut self, day: impl Into<String>) -> Self {
        self.job.from = Some(day.into());
        self
    }

    /// Job title and department, from the first day on.
    pub fn job(mut self, title: impl Into<String>, department: impl Into<String>) -> Self {
        (self.job.title, self.job.department) = (title.into(), department.into());
        self
    }

    /// The person id of the manager.
    pub fn reports_to(mut self, person: impl Into<String>) -> Self {
        self.job.reports_to = Some(person.into());
        self
    }

    /// Adds a team.
    pub fn team(mut self, name: impl Into<String>) -> Self {
        self.teams.push(name.into());
        self
    }

    /// The office, by location id, or `remote`.
    pub fn location(self, id: impl Into<String>) -> Self {
        self.member("locationId", id.into())
    }

    /// The value of a custom field, named by its name or id. A field that nobody defined is ignored.
    pub fn custom(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.push((field.into(), value.into()));
        self
    }

    /// Any other member of the record, in the vendor's spelling.
    pub fn member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

/// The three statuses of the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// `active`
    Active,
    /// `newHire`
    NewHire,
    /// `offboarded`
    Offboarded,
}

impl Status {
    /// The status as the vendor spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NewHire => "newHire",
            Self::Offboarded => "offboarded",
        }
    }
}

/// A new job of somebody, for [`World::change_job`](super::World::change_job).
#[derive(Debug, Clone)]
#[must_use]
pub struct Job {
    pub(super) title: String,
    pub(super) department: String,
    pub(super) reports_to: Option<String>,
    pub(super) from: Option<String>,
}

impl Job {
    /// This title in this department, from today on.
    pub fn new(title: impl Into<String>, department: impl Into<String>) -> Self {
        Self { title: title.into(), department: department.into(), reports_to: None, from: None }
    }

    /// The person id of the manager.
    pub fn reports_to(mut self, person: impl Into<String>) -> Self {
        self.reports_to = Some(person.into());
        self
    }

    /// The first day of the job, `YYYY-MM-DD`, which may lie ahead.
    pub fn from(mut self, day: impl Into<String>) -> Self {
        self.from = Some(day.into());
        self
    }

    /// What the person's own record says of the job.
    pub(super) fn brief(&self) -> Value {
        json!({ "jobTitle": self.title, "department": self.department })
    }
}

/// An office, for [`World::add_location`](super::World::add_location).
#[derive(Debug, Clone)]
#[must_use]
pub struct Location(pub(super) Value);

impl Location {
    /// An office in the time zone `Europe/London`. The label may be empty, as in the vendor's app.
    pub fn new(label: impl Into<String>, city: impl Into<String>, country: impl Into<String>) -> Self {
        Self(json!({
            "label": label.into(), "city": city.into(), "country": country.into(), "timezone": "Europe/London",
        }))
    }

    /// Another IANA time zone.
    pub fn timezone(self, name: impl Into<String>) -> Self {
        Self(with(self.0, "timezone", json!(name.into())))
    }
}

/// A custom field, for [`World::add_custom_field`](super::World::add_custom_field).
#[derive(Debug, Clone)]
#[must_use]
pub struct CustomField(pub(super) Value);

impl CustomField {
    /// A field of this wire `type` (`text`, `date`, `select` …) in the section `basics`.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self(json!({
            "name": name.into(), "section": "basics", "resourceId": null, "type": kind.into(), "config": null,
        }))
    }

    /// Puts it into another section, for example `banking` or `health`.
    pub fn section(self, section: impl Into<String>) -> Self {
        Self(with(self.0, "section", json!(section.into())))
    }

    pub(super) fn config(self, config: Value) -> Self {
        Self(with(self.0, "config", config))
    }
}

/// A row with one member set.
pub(super) fn with(mut row: Value, member: &str, value: Value) -> Value {
    if let Some(members) = row.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
    row
}

/// The members of one person, open for change by [`World::update`](super::World::update).
pub struct Members<'a>(pub(super) &'a mut Map<String, Value>);

impl Members<'_> {
    /// Sets a member, in the vendor's spelling; `Value::Null` clears it.
    pub fn set(&mut self, member: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }
}

/// Shows no person.
impl std::fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Members").finish_non_exhaustive()
    }
}

/// What a test or a demonstration wants to know of a person.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonView {
    /// The vendor's id.
    pub id: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Work e-mail.
    pub email: Option<String>,
    /// The status as served.
    pub status: String,
    /// Department of the present job.
    pub department: Option<String>,
}

impl PersonView {
    pub(super) fn of(key: &str, fields: &Map<String, Value>) -> Self {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        Self {
            id: key.to_owned(),
            first_name: text(fields.get("firstName")).unwrap_or_default(),
            last_name: text(fields.get("lastName")).unwrap_or_default(),
            email: text(fields.get("email")),
            status: text(fields.get("status")).unwrap_or_default(),
            department: text(fields.get("jobRole").and_then(|job| job.get("department"))),
        }
    }

    /// First and last name with a blank between them.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

impl std::fmt::Debug for PersonView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonView")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
