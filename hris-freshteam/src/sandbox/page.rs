//! Lists and records as one key sees them.

use std::cmp::Ordering;

use hris_core::sandbox::Received;
use serde_json::{Value, json};

use super::behaviour::{Behaviour, Role, Unfiltered};
use super::company::{Company, Record};

/// Members that the roles with less do not see.
const PRIVATE: [&str; 7] = [
    "termination_date",
    "personal_email",
    "phone_numbers",
    "address",
    "communication_address",
    "date_of_birth",
    "gender",
];

impl Company {
    /// The people whom lists and records show.
    pub(super) fn shown(&self) -> &[Record] {
        self.frozen.as_deref().unwrap_or(&self.records)
    }

    /// The rows of `/employees` for a request: filtered, sorted, whole.
    pub(super) fn employees(&self, request: &Received, role: Role) -> Vec<Value> {
        let mut records: Vec<&Record> =
            self.shown().iter().filter(|record| passes(record, request, role, &self.behaviour)).collect();
        if let Some(member) = request.parameter("sort") {
            records.sort_by(|one, other| order(one, other, member));
        }
        if request.parameter("sort_type") == Some("desc") {
            records.reverse();
        }
        records.into_iter().map(|record| row(record, role, &self.behaviour)).collect()
    }

    /// A person's own record.
    pub(super) fn own(&self, record: &Record, role: Role, include: &str) -> Value {
        let mut own = row(record, role, &self.behaviour);
        let Some(members) = own.as_object_mut() else { return own };
        for (name, value) in &record.detail {
            if name != "roles" || include.split(',').any(|part| part == "roles") {
                members.insert(name.clone(), value.clone());
            }
        }
        if role == Role::Admin {
            let name = if self.behaviour.other_custom_name { "custom_fields" } else { "custom_field_values" };
            members.insert(name.to_owned(), record.custom.clone().into());
        }
        own
    }
}

fn passes(record: &Record, request: &Received, role: Role, behaviour: &Behaviour) -> bool {
    let member = |name: &str| record.members.get(name).cloned().unwrap_or_default();
    let active = member("status") != "inactive";
    if role == Role::Employee && !active {
        return false;
    }
    let mut filtered = false;
    let mut here = true;
    for (name, value) in &request.query {
        let fits = match name.as_str() {
            "status" if behaviour.status_filter => {
                value.split(',').any(|status| (status != "inactive") == active)
            }
            "deleted" | "terminated" | "draft" => member(name) == json!(value == "true"),
            "official_email" | "personal_email" | "employee_id" | "first_name" | "last_name" => {
                member(name).as_str() == Some(value)
            }
            _ => continue,
        };
        filtered = true;
        here &= fits;
    }
    // Only that filter finds deleted people.
    let deleted = member("deleted") == json!(true);
    if deleted && request.parameter("deleted") != Some("true") {
        return false;
    }
    here && (filtered || active || behaviour.unfiltered == Unfiltered::Everybody)
}

/// By one member; those without it come last, and ties stay as they were.
fn order(one: &Record, other: &Record, member: &str) -> Ordering {
    let text = |record: &'_ Record| record.members.get(member).and_then(Value::as_str).map(str::to_owned);
    match (text(one), text(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

fn row(record: &Record, role: Role, behaviour: &Behaviour) -> Value {
    let mut members = record.members.clone();
    if role != Role::Admin {
        members.retain(|name, _| !PRIVATE.contains(&name.as_str()));
    }
    if behaviour.masked {
        for name in ["work_numbers", "phone_numbers"] {
            for phone in members.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(phone) = phone.as_object_mut() {
                    phone.insert("number".to_owned(), "******17".into());
                    phone.insert("masked".to_owned(), true.into());
                }
            }
        }
    }
    members.into()
}
