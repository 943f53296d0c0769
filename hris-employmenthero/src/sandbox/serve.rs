//! From a request to its answer.

use hris_core::sandbox::{self as kit, Answer, CANARY, Envelope, OWN_WORDS, RateLimit, Received, RetryAfter};
use serde_json::{Map, Value, json};

use super::token::Granted;
use super::world::{Organisation, Row, World};

/// Members of a record that hold dates.
const DATES: [&str; 2] = ["start_date", "termination_date"];

impl kit::World for World {
    fn envelope(&self) -> Envelope {
        Envelope::rows("/data/items")
            .total_at("/data/total_items")
            .pages_at("/data/total_pages")
            .by_number("page_index", "item_per_page")
            .page_size(20, self.behaviour.max_page)
            .text("first_name")
    }

    fn secrets(&self) -> &[&str] {
        &["client_secret", "code", "code_verifier", "refresh_token", "state"]
    }

    fn limits(&self, request: &Received) -> Vec<(String, RateLimit)> {
        let Some((second, minute)) = self.behaviour.limits else { return Vec::new() };
        let Some(token) = request.bearer() else { return Vec::new() };
        vec![
            (token.to_owned(), RateLimit::per_second(second)),
            (token.to_owned(), RateLimit::per_minute(minute)),
        ]
    }

    fn retry_after(&self) -> RetryAfter {
        self.behaviour.retry_after.clone()
    }

    fn answer(&mut self, request: &Received) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/oauth2/authorize") => return self.authorize(&request.query),
            ("POST", "/oauth2/token") => return self.token(request),
            ("GET", _) => {}
            _ => return self.refuse(request, 405),
        }
        let Some(grant) = self.authority.bearer(request.bearer(), request.at) else {
            return self.refuse(request, 401);
        };
        match self.read(request, grant) {
            Ok(answer) => answer,
            Err(status) => self.refuse(request, status),
        }
    }

    fn refuse(&self, _: &Received, status: u16) -> Answer {
        let body = json!({
            "code": status, "error": { "message": format!("refused, in {OWN_WORDS}") },
            "errors": [{ "message": format!("no more is known, in {OWN_WORDS}") }],
        });
        Answer::json(&body).status(status)
    }

    fn revoke(&mut self, request: &Received) {
        if let Some(token) = request.bearer() {
            self.authority.revoke(token);
        }
    }
}

impl World {
    fn read(&self, request: &Received, grant: &Granted) -> Result<Answer, u16> {
        let segments = request.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let beneath = parts.strip_prefix(&["api", "v1", "organisations"]).ok_or(404_u16)?;
        let scope = match beneath {
            [] => "organisations:list",
            [_] => "organisations:show",
            [_, "employees"] => "employees:list",
            [_, "employees", _] => "employees:show",
            [_, "employees", _, "custom_fields"] => "employees:custom_fields:list",
            [_, "teams"] => "teams:list",
            [_, "work_locations"] => "work_locations:list",
            [_, "custom_fields"] => "custom_fields:list",
            _ => return Err(404),
        };
        if !grant.scopes.contains(scope) {
            return Err(403);
        }
        let sees = |one: &&Organisation| !one.sso || grant.signed_in.as_ref() == Some(&one.id);
        let Some(id) = beneath.first() else {
            let seen = self.organisations.iter().filter(sees);
            let short = |one: &Organisation| json!({ "id": one.id, "name": one.name, "phone": null, "country": "NZ", "logo_url": null });
            return Ok(self.page(request, seen.map(short).collect()));
        };
        let one = self.organisations.iter().filter(sees).find(|one| one.id == *id).ok_or(404_u16)?;
        let person = |id: &str| {
            one.people.iter().find(|row| row.id == id && !grant.hidden.contains(&row.id)).ok_or(404_u16)
        };
        match beneath {
            [_] => Ok(Answer::json(&json!({ "data": detail(one, self.behaviour.leavers_counted) }))),
            [_, "employees"] => {
                let listed = |row: &&Row| {
                    !grant.hidden.contains(&row.id) && (self.behaviour.leavers_listed || !row.has_left())
                };
                Ok(self.page(request, one.people.iter().filter(listed).map(|row| self.record(row)).collect()))
            }
            [_, "employees", id] => Ok(Answer::json(&json!({ "data": self.record(person(id)?) }))),
            [_, "employees", id, _] => {
                let row = person(id)?;
                let values = one.custom_fields.iter().filter_map(|(id, name)| {
                    let mut value =
                        json!({ "id": id, "name": name, "type": "free_text", "description": null });
                    let members = value.as_object_mut()?;
                    members.insert(self.behaviour.value_member.to_owned(), row.custom.get(id)?.clone());
                    Some(value)
                });
                Ok(self.page(request, values.collect()))
            }
            [_, "teams"] => {
                let rows = one.teams.iter();
                let rows = rows.map(|(id, name)| json!({ "id": id, "name": name, "status": "active" }));
                Ok(self.page(request, rows.collect()))
            }
            [_, "work_locations"] => {
                let rows = one.locations.iter();
                let rows =
                    rows.map(|(id, name, country)| json!({ "id": id, "name": name, "country": country }));
                Ok(self.page(request, rows.collect()))
            }
            _ => {
                let rows = one.custom_fields.iter().map(|(id, name)| {
                    json!({
                        "id": id, "name": name, "hint": null, "description": null, "type": "free_text",
                        "in_onboarding": false, "required": false, "custom_field_permissions": [],
                        "custom_field_options": [],
                    })
                });
                Ok(self.page(request, rows.collect()))
            }
        }
    }

    /// A page in the vendor's envelope.
    fn page(&self, request: &Received, rows: Vec<Value>) -> Answer {
        let envelope = kit::World::envelope(self);
        let (size, skip) = (envelope.size(request), envelope.skip(request));
        let (total, page) = (rows.len(), skip / size + 1);
        let rows: Vec<Value> = rows.into_iter().skip(skip).take(size).collect();
        Answer::json(&json!({ "data": {
            "items": rows, "page_index": page, "item_per_page": size,
            "total_items": total, "total_pages": total.div_ceil(size),
        } }))
    }

    /// A person's record as it is sent at present.
    fn record(&self, row: &Row) -> Value {
        let mut members = Map::new();
        members.insert("id".to_owned(), json!(row.id));
        members.extend(row.members.clone());
        if !self.behaviour.status_sent {
            members.remove("status");
        }
        for member in DATES {
            if let (Some(Value::String(day)), Some(offset)) = (members.get_mut(member), self.behaviour.offset)
                && day.len() == 10
            {
                day.push_str("T00:00:00");
                day.push_str(offset);
            }
        }
        Value::Object(members)
    }
}

fn detail(one: &Organisation, leavers_counted: bool) -> Value {
    let employees = one.people.iter().filter(|row| leavers_counted || !row.has_left()).count() as u64;
    let is = |row: &Row, status: &str| row.members.get("status").and_then(Value::as_str) == Some(status);
    let active = one.people.iter().filter(|row| is(row, "active")).count() as u64;
    let pending = one.people.iter().filter(|row| is(row, "pending")).count() as u64;
    json!({
        "id": one.id, "name": one.name, "phone": null, "country": "NZ", "logo_url": null,
        "primary_address": null, "typical_work_day": "7.6", "payroll_admin_emails": [format!("payroll-{CANARY}")],
        "subscription_plan": "platinum", "superfund_name": null,
        "employees_count": one.told.unwrap_or(employees),
        "active_employees_count": one.told.unwrap_or(active), "pending_employees_count": pending,
        "time_zone": "Pacific/Auckland", "created_at": "2019-03-04T10:11:12+13:00",
    })
}
