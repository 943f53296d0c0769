//! People as tests and demonstrations hand them in and look at them.

use serde_json::{Map, Value, json};

/// A person to be added by [`World::hire`](super::World::hire).
///
/// What is not said is filled in: an active person with a work e-mail made of
/// the name, the next employee id, the first office, a job without manager,
/// and today as first day.
///
/// ```
/// use hris_humaans::sandbox::Person;
///
/// let person = Person::new("Noor", "El-Amrani")
///     .job("Account Manager", "Sales")
///     .starts("2026-12-01")
///     .team("Benelux");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Person {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) status: Status,
    pub(super) email: Option<Option<String>>,
    pub(super) employee_id: Option<Option<String>>,
    pub(super) start: Option<String>,
    pub(super) job_title: String,
    pub(super) department: String,
    pub(super) reports_to: Option<String>,
    pub(super) teams: Vec<String>,
    pub(super) location: Option<String>,
    pub(super) custom: Vec<(String, Value)>,
    pub(super) members: Map<String, Value>,
}

impl Person {
    /// An active person of this name.
    pub fn new(first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        Self {
            first_name: first_name.into(),
            last_name: last_name.into(),
            status: Status::Active,
            email: None,
            employee_id: None,
            start: None,
            job_title: "Associate".to_owned(),
            department: "Operations".to_owned(),
            reports_to: None,
            teams: Vec::new(),
            location: None,
            custom: Vec::new(),
            members: Map::new(),
        }
    }

    /// Somebody who is still to start: status `newHire`, a personal e-mail
    /// and no work e-mail.
    pub fn new_hire(first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        let mut person = Self::new(first_name, last_name);
        person.status = Status::NewHire;
        person.email = Some(None);
        person
    }

    /// The status in the vendor's answers.
    pub fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// The work e-mail.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(Some(email.into()));
        self
    }

    /// No work e-mail.
    pub fn without_email(mut self) -> Self {
        self.email = Some(None);
        self
    }

    /// The employee id, a text such as `126`.
    pub fn employee_id(mut self, id: impl Into<String>) -> Self {
        self.employee_id = Some(Some(id.into()));
        self
    }

    /// No employee id.
    pub fn without_employee_id(mut self) -> Self {
        self.employee_id = Some(None);
        self
    }

    /// The first day, `YYYY-MM-DD`.
    pub fn starts(mut self, day: impl Into<String>) -> Self {
        self.start = Some(day.into());
        self
    }

    /// Job title and department, from the first day on.
    pub fn job(mut self, title: impl Into<String>, department: impl Into<String>) -> Self {
        self.job_title = title.into();
        self.department = department.into();
        self
    }

    /// The person id of the manager.
    pub fn reports_to(mut self, person: impl Into<String>) -> Self {
        self.reports_to = Some(person.into());
        self
    }

    /// Adds a team.
    pub fn team(mut self, name: impl Into<String>) -> Self {
        self.teams.push(name.into());
        self
    }

    /// The office, by location id.
    pub fn location(mut self, id: impl Into<String>) -> Self {
        self.location = Some(id.into());
        self
    }

    /// Works remotely, from this city and country (alpha-2).
    pub fn remote(mut self, city: impl Into<String>, country_code: impl Into<String>) -> Self {
        self.location = Some("remote".to_owned());
        self.members.insert("remoteCity".to_owned(), json!(city.into()));
        self.members.insert("remoteCountryCode".to_owned(), json!(country_code.into()));
        self
    }

    /// The value of a custom field, named by its name or id. A field nobody
    /// defined is ignored.
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
        f.debug_struct("Person").field("status", &self.status).finish_non_exhaustive()
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
}

/// An office, for [`World::add_location`](super::World::add_location).
#[derive(Debug, Clone)]
#[must_use]
pub struct Location {
    pub(super) label: String,
    pub(super) city: String,
    pub(super) country: String,
    pub(super) timezone: String,
}

impl Location {
    /// An office; the label may be empty, as in the vendor's app.
    pub fn new(label: impl Into<String>, city: impl Into<String>, country: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            city: city.into(),
            country: country.into(),
            timezone: "Europe/London".to_owned(),
        }
    }

    /// The IANA time zone; `Europe/London` when not said.
    pub fn timezone(mut self, name: impl Into<String>) -> Self {
        self.timezone = name.into();
        self
    }
}

/// A custom field, for
/// [`World::add_custom_field`](super::World::add_custom_field).
#[derive(Debug, Clone)]
#[must_use]
pub struct CustomField {
    pub(super) name: String,
    pub(super) section: String,
    pub(super) kind: String,
    pub(super) config: Value,
}

impl CustomField {
    /// A field of this wire `type` (`text`, `date`, `select` …) in the section
    /// `basics`.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), section: "basics".to_owned(), kind: kind.into(), config: Value::Null }
    }

    /// A single choice among these texts.
    pub fn select<S: Into<String>>(name: impl Into<String>, choices: impl IntoIterator<Item = S>) -> Self {
        let choices: Vec<String> = choices.into_iter().map(Into::into).collect();
        let mut field = Self::new(name, "select");
        field.config = json!({ "choices": choices });
        field
    }

    /// Puts it into another section, for example `banking` or `health`.
    pub fn section(mut self, section: impl Into<String>) -> Self {
        self.section = section.into();
        self
    }
}

/// The members of one person, open for change.
///
/// Handed to the closure of [`World::update`](super::World::update).
pub struct Members<'a>(pub(super) &'a mut Map<String, Value>);

impl Members<'_> {
    /// Sets a member, in the vendor's spelling; `Value::Null` clears it.
    pub fn set(&mut self, member: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }

    /// Takes a member away altogether: the key is no longer served.
    pub fn remove(&mut self, member: &str) -> &mut Self {
        self.0.remove(member);
        self
    }

    /// The present value, `None` when the key is absent.
    #[must_use]
    pub fn value(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }
}

impl std::fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Members").field("count", &self.0.len()).finish()
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
    /// Preferred name, where one is kept.
    pub preferred_name: Option<String>,
    /// Work e-mail.
    pub email: Option<String>,
    /// Personal e-mail.
    pub personal_email: Option<String>,
    /// Employee id.
    pub employee_id: Option<String>,
    /// The status as served.
    pub status: String,
    /// `employmentStartDate`.
    pub start_date: Option<String>,
    /// `lastWorkingDay`, else `employmentEndDate`.
    pub last_day: Option<String>,
    /// Location id, or `remote`.
    pub location_id: Option<String>,
    /// Title of the present job.
    pub job_title: Option<String>,
    /// Department of the present job.
    pub department: Option<String>,
    /// Names of the teams.
    pub teams: Vec<String>,
}

impl PersonView {
    pub(super) fn of(key: &str, fields: &Map<String, Value>) -> Self {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let member = |name: &str| text(fields.get(name));
        let job = |name: &str| text(fields.get("jobRole").and_then(|job| job.get(name)));
        let teams = fields.get("teams").and_then(Value::as_array);
        Self {
            id: key.to_owned(),
            first_name: member("firstName").unwrap_or_default(),
            last_name: member("lastName").unwrap_or_default(),
            preferred_name: member("preferredName"),
            email: member("email"),
            personal_email: member("personalEmail"),
            employee_id: member("employeeId"),
            status: member("status").unwrap_or_default(),
            start_date: member("employmentStartDate"),
            last_day: member("lastWorkingDay").or_else(|| member("employmentEndDate")),
            location_id: member("locationId"),
            job_title: job("jobTitle"),
            department: job("department"),
            teams: teams.into_iter().flatten().filter_map(|team| text(team.get("name"))).collect(),
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
