//! What the payroll makes of writes.

use hris_core::sandbox::{Answer, Received, World as _};
use serde_json::{Map, Value, json};

use super::behaviour::{Employments, Omitted};
use super::world::{World, blank, text};

type Record = Map<String, Value>;

impl World {
    pub(super) fn create(&mut self, request: &Received) -> Answer {
        let Some(mut body) = request.json::<Record>() else { return self.refuse(request, 400) };
        let mandatory = ["email", "firstname", "lastname"].into_iter().map(str::to_owned);
        let mut needed = mandatory.chain(self.behaviour.mandatory.iter().cloned());
        if needed.any(|member| text(&body, &member).is_empty()) || !is_sound(&body) {
            return self.refuse(request, 400);
        }
        let id = match text(&body, "empId") {
            id if !id.is_empty() => id,
            _ if self.behaviour.assigns_numbers => self.next_number(),
            _ => return self.refuse(request, 400),
        };
        if self.employee(&id).is_some() {
            return self.refuse(request, 409);
        }
        if self.has_email(&text(&body, "email"), &id) {
            return self.refuse(request, self.behaviour.duplicate_email);
        }
        body.insert("empId".to_owned(), json!(id));
        let mut members = blank();
        members.extend(body);
        self.employees.push(members);
        self.employments.insert(id, Vec::new());
        Answer::json(&json!("item created returned"))
    }

    pub(super) fn update(&mut self, request: &Received, id: &str) -> Answer {
        let Some(mut body) = request.json::<Record>() else { return self.refuse(request, 400) };
        body.remove("empid");
        let emptied = ["email", "firstname", "lastname"];
        if !is_sound(&body)
            || emptied.iter().any(|member| body.contains_key(*member) && text(&body, member).is_empty())
        {
            return self.refuse(request, 400);
        }
        if body.contains_key("email") && self.has_email(&text(&body, "email"), id) {
            return self.refuse(request, self.behaviour.duplicate_email);
        }
        let (omitted, clears) = (self.behaviour.omitted, self.behaviour.clears);
        let Some(employee) = self.find(id) else { return self.refuse(request, 401) };
        if omitted == Omitted::Wiped {
            for (member, value) in employee.iter_mut().filter(|(member, _)| *member != "empId") {
                if !body.contains_key(member) {
                    *value = match value {
                        Value::Array(_) => json!([]),
                        Value::Object(_) => json!({}),
                        _ => json!(""),
                    };
                }
            }
        }
        for (member, value) in body {
            let empty = value.as_str().is_some_and(str::is_empty)
                || (member == "internationalID" && value.get("ID").is_none_or(|id| id == ""));
            if member != "empId" && !(empty && (!clears || member == "internationalID")) {
                employee.insert(member, value);
            }
        }
        Answer::json(&json!("item updated"))
    }

    pub(super) fn write_employments(&mut self, request: &Received, id: &str) -> Answer {
        let Some(elements) = request.json::<Vec<Record>>() else { return self.refuse(request, 400) };
        let Some(known) = self.employments.get(id) else { return self.refuse(request, 401) };
        let mut after = known.clone();
        let mut mentioned = Vec::new();
        for element in elements {
            let place = after.iter().position(|known| {
                let wanted = text(&element, "employment_id");
                !wanted.is_empty() && text(known, "employment_id") == wanted
            });
            let mut employment = place.and_then(|place| after.get(place).cloned()).unwrap_or_default();
            employment.extend(element);
            employment.entry("employment_id").or_insert_with(|| json!(format!("{id}-{}", after.len() + 1)));
            let ends_without_reason =
                !text(&employment, "enddate").is_empty() && text(&employment, "enddate_reason").is_empty();
            if text(&employment, "startdate").is_empty() || ends_without_reason {
                return self.refuse(request, 400);
            }
            mentioned.push(text(&employment, "employment_id"));
            match place.and_then(|place| after.get_mut(place)) {
                Some(known) => *known = employment,
                None => after.push(employment),
            }
        }
        if self.behaviour.employments == Employments::Replaced {
            after.retain(|employment| mentioned.contains(&text(employment, "employment_id")));
        }
        let answer = Answer::json(&after);
        self.employments.insert(id.to_owned(), after);
        answer
    }

    fn has_email(&self, email: &str, but: &str) -> bool {
        let others = self.employees.iter().filter(|employee| text(employee, "empId") != but);
        others.into_iter().any(|employee| text(employee, "email").eq_ignore_ascii_case(email))
    }
}

/// Whether no value is of a form that the payroll refuses.
fn is_sound(body: &Record) -> bool {
    let country = text(body, "countryCode");
    let kinds = ["passnummer", "socialSecurityNumber", "taxIdentificationNumber", "valueAddedTaxNumber"];
    let international = match body.get("internationalID") {
        None => true,
        Some(Value::Object(members)) => {
            ["ID", "countryCode", "type"].iter().all(|member| members.contains_key(*member))
                && kinds.contains(&text(members, "type").as_str())
        }
        Some(_) => false,
    };
    (country.is_empty() || (country.len() == 2 && country.chars().all(|char| char.is_ascii_uppercase())))
        && international
}
