//! People as a test invents them.

use serde_json::{Map, Value, json};

/// Somebody to be hired: a record in the vendor's words, changed member by member.
///
/// ```
/// use hris_employmenthero::sandbox::Person;
///
/// let joiner = Person::new("Noor", "El-Amrani").job("Barista").starts("2026-11-24").team("Front of House");
/// # let _ = joiner;
/// ```
#[derive(Clone)]
#[must_use]
pub struct Person {
    pub(super) members: Map<String, Value>,
    pub(super) teams: Vec<String>,
    pub(super) manager: Option<String>,
}

impl Person {
    /// An active employee since 2024, with a work e-mail made of the name.
    pub fn new(given: impl Into<String>, family: impl Into<String>) -> Self {
        let (given, family) = (given.into(), family.into());
        let mailbox: String = format!("{given}.{family}")
            .chars()
            .filter(|char| char.is_ascii_alphanumeric() || *char == '.')
            .collect::<String>()
            .to_ascii_lowercase();
        let mut person = Self { members: Map::new(), teams: Vec::new(), manager: None };
        person = person.set("full_name", format!("{given} {family}"));
        person
            .set("first_name", given)
            .set("last_name", family)
            .status("active")
            .starts("2024-02-05")
            .email(format!("{mailbox}@kererucafe.example"))
    }

    /// Sets any member of the record.
    pub fn set(mut self, member: impl Into<String>, value: impl Into<Value>) -> Self {
        self.members.insert(member.into(), value.into());
        self
    }

    /// The e-mail address of the account.
    pub fn email(self, address: impl Into<String>) -> Self {
        let address = address.into();
        self.set("account_email", address.clone()).set("email", address)
    }

    /// Nobody's e-mail address at all.
    pub fn without_email(self) -> Self {
        self.set("account_email", Value::Null).set("email", Value::Null).set("company_email", Value::Null)
    }

    /// The job title.
    pub fn job(self, title: impl Into<String>) -> Self {
        self.set("job_title", title.into())
    }

    /// The name of the place of work.
    pub fn location(self, name: impl Into<String>) -> Self {
        self.set("location", name.into())
    }

    /// The role in Employment Hero.
    pub fn role(self, role: impl Into<String>) -> Self {
        self.set("role", role.into())
    }

    /// The status.
    pub fn status(self, status: impl Into<String>) -> Self {
        self.set("status", status.into())
    }

    /// The first day, `YYYY-MM-DD`.
    pub fn starts(self, day: impl Into<String>) -> Self {
        self.set("start_date", day.into())
    }

    /// The last day, `YYYY-MM-DD`; the status stays.
    pub fn ends(self, day: impl Into<String>) -> Self {
        self.set("termination_date", day.into())
    }

    /// One more team, by its name; it is made where there is none.
    pub fn team(mut self, name: impl Into<String>) -> Self {
        self.teams.push(name.into());
        self
    }

    /// The manager, by id.
    pub fn reports_to(mut self, id: impl Into<String>) -> Self {
        self.manager = Some(id.into());
        self
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

/// Members that a record has although nobody set them: `null`, or what no reader may keep.
pub(super) fn blank() -> Map<String, Value> {
    let mut members = Map::new();
    for member in [
        "code",
        "external_id",
        "account_email",
        "company_email",
        "email",
        "personal_email",
        "title",
        "middle_name",
        "known_as",
        "full_legal_name",
        "pronouns",
        "company_mobile",
        "company_landline",
        "personal_mobile_number",
        "home_phone",
        "job_title",
        "location",
        "work_country",
        "primary_cost_centre",
        "employing_entity",
        "secondary_manager",
        "start_date",
        "termination_date",
        "employment_type",
        "time_zone",
        "address",
        "residential_address",
        "postal_address",
    ] {
        members.insert(member.to_owned(), Value::Null);
    }
    members.insert("role".to_owned(), json!("employee"));
    members.insert("secondary_cost_centres".to_owned(), json!([]));
    members.insert("independent_contractor".to_owned(), json!(false));
    for member in
        ["avatar_url", "termination_summary", "uk_tax_and_national_insurance", "date_of_birth", "biography"]
    {
        members.insert(member.to_owned(), json!(format!("{member}-{}", hris_core::sandbox::CANARY)));
    }
    members
}
