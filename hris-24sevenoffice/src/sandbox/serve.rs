//! From a request to its answer: what is peculiar to 24SevenOffice.

use hris_core::Timestamp;
use hris_core::sandbox::{
    self as kit, Allowance, Answer, Envelope, OWN_WORDS, RateLimit, Received, http_date,
};
use serde_json::{Map, Value, json};

use super::behaviour::{ExpiresOn, Shape};
use super::world::{World, text};

impl kit::World for World {
    fn base(&self) -> &str {
        "/api"
    }

    fn envelope(&self) -> Envelope {
        Envelope::bare().id("empId").text("firstname")
    }

    fn secrets(&self) -> &[&str] {
        &["token"]
    }

    fn limits(&self, request: &Received) -> Vec<(String, RateLimit)> {
        let token = request.bearer().unwrap_or("nobody").to_owned();
        self.behaviour.rate_limit.iter().map(|limit| (token.clone(), *limit)).collect()
    }

    fn answer(&mut self, request: &Received) -> Answer {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        if path == ["auth"] {
            return self.auth(request);
        }
        if !self.is_signed_in(request) {
            return self.refuse(request, 401);
        }
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["employee", "v2"]) => self.list(),
            ("GET", ["employee", "v2", id]) => self.one(request, id),
            ("POST", ["employee", "v2"]) => self.create(request),
            ("POST", ["employee", "v2", id]) => self.update(request, id),
            ("GET", ["employment", "v2", id]) => self.employments_of(request, id),
            ("POST", ["employment", "v2", id]) => self.write_employments(request, id),
            ("GET", ["employee_field", "v2"]) if request.path.ends_with('/') => self.fields(request),
            ("GET", ["dimension", "v2"]) => {
                Answer::json(&self.dimensions.iter().map(|(dimension, _)| dimension).collect::<Vec<_>>())
            }
            ("GET", ["dimension", "v2", id]) => self.dimension(request, id),
            ("GET", ["organization", "v2"]) => Answer::json(&self.organisation),
            _ => self.refuse(request, 404),
        }
    }

    fn refuse(&self, _: &Received, status: u16) -> Answer {
        let meaning = match status {
            401 => "Error, bad input parameter",
            409 => "an existing item already exists",
            500 => "internal error, contact support",
            _ => "invalid input, object invalid",
        };
        Answer::json(&json!({ "error": format!("{meaning} ({OWN_WORDS})") })).status(status)
    }

    fn revoke(&mut self, request: &Received) {
        let of = request.bearer().and_then(|access| self.access.get(access)).map(|(of, _)| of.clone());
        if let Some(token) = of {
            let _known = self.revoke_token(&token);
        }
    }

    fn finish(&self, request: &Received, answer: &mut Answer, _: &[Allowance]) {
        let seconds = u64::try_from(self.now(request).unix_seconds()).unwrap_or(0);
        answer.headers.push(("Date".to_owned(), http_date(seconds)));
        if answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/json")) {
            answer.content_type.clone_from(&self.behaviour.content_type);
        }
    }
}

impl World {
    /// The company's clock, which began with the sandbox.
    fn now(&self, request: &Received) -> Timestamp {
        self.began.plus_seconds(i64::try_from(request.at.as_secs()).unwrap_or(0))
    }

    fn auth(&mut self, request: &Received) -> Answer {
        let Some(token) =
            request.parameter("token").filter(|token| self.tokens.iter().any(|live| live == token))
        else {
            return kit::World::refuse(self, request, 401);
        };
        let token = token.to_owned();
        let access = format!("fjordkaffe-access-{}", self.rng.text(24));
        self.access.insert(access.clone(), (token, request.at));
        let mut body = json!({ "accessToken": access });
        let life = i64::try_from(self.behaviour.token_life.as_secs()).unwrap_or(i64::MAX);
        let end = self.now(request).plus_seconds(life);
        let told = match &self.behaviour.expires_on {
            ExpiresOn::Missing => None,
            ExpiresOn::Text(text) => Some(text.clone()),
            ExpiresOn::Offset(offset) => {
                let hours: i64 = offset.get(1..3).and_then(|hours| hours.parse().ok()).unwrap_or(0);
                let local = end.plus_seconds(hours * 3600).to_string();
                Some(local.replace('Z', offset))
            }
        };
        if let (Some(told), Some(members)) = (told, body.as_object_mut()) {
            members.insert("expiresOn".to_owned(), json!(told));
        }
        Answer::json(&body)
    }

    fn is_signed_in(&self, request: &Received) -> bool {
        let known = request.bearer().and_then(|access| self.access.get(access));
        known.is_some_and(|(_, since)| request.at.saturating_sub(*since) < self.behaviour.token_life)
    }

    fn list(&self) -> Answer {
        let unlisted = &self.behaviour.unlisted;
        let listed = self.employees.iter().filter(|employee| !unlisted.contains(&text(employee, "empId")));
        Answer::json(&listed.map(|employee| self.shown(employee)).collect::<Vec<_>>())
    }

    fn one(&self, request: &Received, id: &str) -> Answer {
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return kit::World::refuse(self, request, 401);
        }
        let found = self.employee(id).map(|employee| self.shown(employee));
        match (found, self.behaviour.one_as_object) {
            (Some(employee), true) => Answer::json(&employee),
            (None, true) => Answer::empty(200),
            (found, false) => Answer::json(&found.into_iter().collect::<Vec<_>>()),
        }
    }

    fn employments_of(&self, request: &Received, id: &str) -> Answer {
        match self.employments.get(id) {
            Some(employments) => Answer::json(employments),
            None => kit::World::refuse(self, request, 401),
        }
    }

    fn fields(&self, request: &Received) -> Answer {
        match self.behaviour.shape {
            Shape::December2025 => Answer::json(&self.fields),
            _ => kit::World::refuse(self, request, 404),
        }
    }

    fn dimension(&self, request: &Received, id: &str) -> Answer {
        let found = self.dimensions.iter().find(|(dimension, _)| dimension.get("dimid") == Some(&json!(id)));
        found.map_or_else(|| kit::World::refuse(self, request, 401), |(_, values)| Answer::json(values))
    }

    /// An employee as this edition shows them.
    fn shown(&self, employee: &Map<String, Value>) -> Map<String, Value> {
        let mut shown = employee.clone();
        if self.behaviour.city_in_capitals {
            shown.insert("city".to_owned(), json!(text(employee, "city").to_uppercase()));
        }
        if self.behaviour.shape == Shape::December2025 {
            return shown;
        }
        shown.retain(|member, _| !member.starts_with("employee_field_"));
        match self.behaviour.shape {
            Shape::October2024 => {
                let kind = shown.remove("salary_type").unwrap_or_default();
                shown.insert("period".to_owned(), kind);
                if let Ok(number) = text(employee, "empId").parse::<u64>() {
                    shown.insert("empId".to_owned(), json!(number));
                }
            }
            _ => {
                for (older, newer) in [("address", "postaddress"), ("postalcode", "zipcode")] {
                    shown.insert(older.to_owned(), json!(text(employee, newer)));
                }
            }
        }
        shown
    }
}
