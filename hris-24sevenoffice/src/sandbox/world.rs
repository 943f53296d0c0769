//! The invented company.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use hris_core::sandbox::{CANARY, Rng};
use hris_core::{Date, Timestamp};
use serde_json::{Map, Value, json};

use super::{Behaviour, Person, SandboxError};

/// A company with a payroll.
pub struct World {
    pub(super) rng: Rng,
    pub(super) today: Date,
    pub(super) began: Timestamp,
    pub(super) behaviour: Behaviour,
    pub(super) organisation: Value,
    pub(super) fields: Vec<Value>,
    pub(super) dimensions: Vec<(Value, Vec<Value>)>,
    /// In the vendor's order.
    pub(super) employees: Vec<Map<String, Value>>,
    pub(super) employments: BTreeMap<String, Vec<Map<String, Value>>>,
    pub(super) tokens: Vec<String>,
    /// Access tokens: of which persistent one, and since when.
    pub(super) access: HashMap<String, (String, Duration)>,
}

impl World {
    pub(super) fn empty(seed: u64, today: Date, began: Timestamp, behaviour: Behaviour) -> Self {
        Self {
            rng: Rng::new(seed),
            today,
            began,
            behaviour,
            organisation: json!({
                "name": "Fjordkaffe AS", "orgno": "999000000", "enterprise_number": "999000111",
                "address": "Skansegata 1", "zipcode": "0150", "tax_zone": "1", "country_code": "NO",
                "bank_account": format!("{CANARY}-bank"), "tax_account": format!("{CANARY}-tax"),
                "industry": "56.301", "tax_rule": "1", "retirement_age": "67",
                "sites": [
                    { "id": "1", "name": "Oslo brenneri", "enterprise_number": "999000111", "tax_zone": "1" },
                    { "id": "2", "name": "Tromsø kaffebar", "enterprise_number": 999_000_222, "tax_zone": "5" },
                ],
            }),
            fields: vec![
                json!({ "id": "1", "name": "Parking space", "type": "0", "export": "0", "available_values": [] }),
                json!({ "id": "2", "name": "Shirt size", "type": "1", "export": "0",
                        "available_values": ["S", "M", "L"] }),
            ],
            dimensions: vec![
                (
                    json!({ "dimid": "1", "name": "Department" }),
                    vec![
                        json!({ "value": "10", "name": "Roastery", "active": "1" }),
                        json!({ "value": "20", "name": "Coffee bars", "active": "1" }),
                    ],
                ),
                (
                    json!({ "dimid": "2", "name": "Project" }),
                    vec![json!({ "value": "7", "name": "Cold brew" })],
                ),
            ],
            employees: Vec::new(),
            employments: BTreeMap::new(),
            tokens: Vec::new(),
            access: HashMap::new(),
        }
    }

    /// Enters a person and answers their number.
    pub fn hire(&mut self, person: Person) -> String {
        let id = person.number.clone().unwrap_or_else(|| self.next_number());
        let mut members = blank();
        members.extend(person.members);
        members.insert("empId".to_owned(), json!(id));
        self.employees.push(members);
        let employments = person.employments.into_iter().enumerate().map(|(place, mut employment)| {
            employment.entry("employment_id").or_insert_with(|| json!(format!("{id}-{}", place + 1)));
            employment
        });
        self.employments.insert(id.clone(), employments.collect());
        id
    }

    /// Sets a member of a person by its name on the wire.
    ///
    /// # Errors
    /// When nobody has this number.
    pub fn set(&mut self, id: &str, member: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        let employee = self.find(id).ok_or_else(|| SandboxError::unknown(id))?;
        employee.insert(member.to_owned(), value.into());
        Ok(())
    }

    /// Ends a person's open employments on this day.
    ///
    /// # Errors
    /// When nobody has this number.
    pub fn leave(&mut self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        let employments = self.employments.get_mut(id).ok_or_else(|| SandboxError::unknown(id))?;
        for employment in employments.iter_mut().filter(|employment| text(employment, "enddate").is_empty()) {
            employment.insert("enddate".to_owned(), json!(last_day));
            employment.insert("enddate_reason".to_owned(), json!("arbeidstakerHarSagtOppSelv"));
        }
        Ok(())
    }

    /// Takes a person out of the payroll, which its users cannot.
    ///
    /// # Errors
    /// When nobody has this number.
    pub fn remove(&mut self, id: &str) -> Result<(), SandboxError> {
        let place = self.employees.iter().position(|employee| text(employee, "empId") == id);
        self.employees.remove(place.ok_or_else(|| SandboxError::unknown(id))?);
        self.employments.remove(id);
        Ok(())
    }

    /// Everybody's numbers, in the vendor's order.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.employees.iter().map(|employee| text(employee, "empId")).collect()
    }

    /// A member of a person as text; nothing where there is none.
    #[must_use]
    pub fn member(&self, id: &str, member: &str) -> Option<String> {
        let employee = self.employees.iter().find(|employee| text(employee, "empId") == id)?;
        employee.contains_key(member).then(|| text(employee, member))
    }

    /// A person's whole record.
    #[must_use]
    pub fn employee(&self, id: &str) -> Option<&Map<String, Value>> {
        self.employees.iter().find(|employee| text(employee, "empId") == id)
    }

    /// A person's employments.
    #[must_use]
    pub fn employments(&self, id: &str) -> &[Map<String, Value>] {
        self.employments.get(id).map_or(&[], Vec::as_slice)
    }

    /// A person's employments, to be changed.
    pub fn employments_mut(&mut self, id: &str) -> &mut Vec<Map<String, Value>> {
        self.employments.entry(id.to_owned()).or_default()
    }

    /// The company's own record, to be changed.
    pub fn organisation_mut(&mut self) -> &mut Value {
        &mut self.organisation
    }

    /// Makes one more persistent token.
    pub fn issue_token(&mut self) -> String {
        let token = format!("fjordkaffe+token/{}", self.rng.text(24));
        self.tokens.push(token.clone());
        token
    }

    /// Takes a persistent token back, and every access token that was made with it.
    ///
    /// # Errors
    /// When there is no such token.
    pub fn revoke_token(&mut self, token: &str) -> Result<(), SandboxError> {
        let known = self.tokens.len();
        self.tokens.retain(|live| live != token);
        self.access.retain(|_, (of, _)| of != token);
        if self.tokens.len() == known { Err(SandboxError::unknown("this token")) } else { Ok(()) }
    }

    /// Ends all access tokens; the persistent ones live on.
    pub fn expire_access(&mut self) {
        self.access.clear();
    }

    pub(super) fn find(&mut self, id: &str) -> Option<&mut Map<String, Value>> {
        self.employees.iter_mut().find(|employee| text(employee, "empId") == id)
    }

    pub(super) fn next_number(&self) -> String {
        let numbers =
            self.employees.iter().filter_map(|employee| text(employee, "empId").parse::<u64>().ok());
        (numbers.max().unwrap_or(0) + 1).to_string()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("employees", &self.employees.len()).finish_non_exhaustive()
    }
}

/// Every member of an employee, empty but for what must never be kept.
pub(super) fn blank() -> Map<String, Value> {
    let secret = |what: &str| format!("{CANARY}-{what}");
    let members = json!({
        "empId": "", "email": "", "email_copy": "", "firstname": "", "lastname": "", "postaddress": "",
        "zipcode": "", "city": "", "countryCode": "", "employee_date": "", "telefon": "", "personnr": "",
        "internationalID": { "countryCode": "", "ID": "", "type": "passnummer" }, "hidden": "0",
        "salary_type": secret("salary-type"), "salary": secret("salary"), "salary_valid_from": "2024-01-01",
        "taxtable": secret("tax"), "percentage_tax_main_employer": "50.00",
        "percentage_tax_bi_employer": "50.00", "tax_resident_country": "NO", "continental_shelf": "-1",
        "taxexemption": { "percentage": "0.00", "amount": secret("exemption") },
        "account": secret("account"), "bic": secret("bic"), "clearingno": secret("clearing"),
        "employment_rate": "100.00", "employment_rate_valid_from": "2024-01-01", "hours_per_week": "37.50",
        "hours_per_week_valid_from": "2024-01-01", "vacation_percent": "12.00", "vacation_days": "25",
        "accounting": [], "employee_field_1": "", "employee_field_2": "",
    });
    members.as_object().cloned().unwrap_or_default()
}

/// A member as text.
pub(super) fn text(record: &Map<String, Value>, member: &str) -> String {
    match record.get(member) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}
