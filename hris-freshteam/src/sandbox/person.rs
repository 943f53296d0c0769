//! People on their way into the sandbox, and as they are in it.

use hris_core::sandbox::CANARY;
use serde_json::{Map, Value, json};

/// A person to be hired.
#[derive(Clone)]
#[must_use]
pub struct Person {
    pub(super) members: Map<String, Value>,
    pub(super) detail: Map<String, Value>,
    pub(super) custom: Map<String, Value>,
}

impl Person {
    /// Somebody active since 2020, with a work e-mail made of the name. The company completes what is
    /// not said.
    pub fn new(first_name: impl Into<String>, last_name: impl Into<String>) -> Self {
        let (first, last) = (first_name.into(), last_name.into());
        let members = json!({
            "first_name": first, "last_name": last, "middle_name": null, "nick_name": null,
            "employee_id": null, "personal_email": "",
            "work_numbers": null, "phone_numbers": [], "address": {}, "communication_address": {},
            "designation": null, "employee_type": "full_time", "joining_date": "2020-01-06",
            "termination_date": null, "status": "active", "terminated": false, "deleted": false, "draft": false,
            "user_category": "regular", "branch_id": null, "department_id": null, "sub_department_id": null,
            "business_unit_id": null, "team_id": null, "reporting_to_id": null, "hr_incharge_id": null,
            "shift_id": null, "date_of_birth": null, "gender": null,
            "avatar_url": format!("https://files.example/{CANARY}"),
        });
        let detail = json!({
            "level_id": null, "legal_name": null, "rehire_eligibility": null, "previous_exit_date": null,
            "roles": [{ "id": 6_000_300_009_u64, "name": "Employee", "description": "…", "default": true }],
            "bank_accounts": [{ "number": CANARY }], "blood_group": CANARY, "eeo_veteran": CANARY,
            "termination_reason": CANARY, "emergency_contacts": [{ "name": CANARY }],
        });
        Self { members: object(members), detail: object(detail), custom: Map::new() }
    }

    /// Sets a member that the list shows, by the vendor's name.
    pub fn set(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// Sets a member that only the person's own record shows.
    pub fn set_detail(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(member.to_owned(), value.into());
        self
    }

    /// Sets a field of the customer's own.
    pub fn custom(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.custom.insert(key.to_owned(), value.into());
        self
    }

    /// The work e-mail.
    pub fn email(self, email: impl Into<String>) -> Self {
        self.set("official_email", email.into())
    }

    /// Nobody has given this person a work e-mail.
    pub fn without_email(self) -> Self {
        self.set("official_email", Value::Null)
    }

    /// The job title.
    pub fn title(self, title: impl Into<String>) -> Self {
        self.set("designation", title.into())
    }

    /// The first day.
    pub fn starts(self, day: impl Into<String>) -> Self {
        self.set("joining_date", day.into())
    }

    /// The person whom this one reports to, by id.
    pub fn reports_to(self, id: &str) -> Self {
        self.set("reporting_to_id", id.parse::<u64>().ok())
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

/// A person as the sandbox holds one.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct PersonView {
    /// The id.
    pub id: String,
    /// The status, in the vendor's word.
    pub status: String,
    /// The work e-mail.
    pub email: Option<String>,
    /// The first day.
    pub joining_date: Option<String>,
    /// The last day.
    pub termination_date: Option<String>,
    /// Whose manager this person is, in number.
    pub reports: usize,
}

impl std::fmt::Debug for PersonView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonView")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
