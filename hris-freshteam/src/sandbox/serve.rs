//! From a request to its answer.

use hris_core::sandbox::{Allowance, Answer, Envelope, OWN_WORDS, RateLimit, Received, RetryAfter, World};
use serde_json::{Value, json};

use super::behaviour::{Ending, PastEnd, PerPage, Role};
use super::company::{Company, Units};

impl World for Company {
    fn base(&self) -> &str {
        "/api"
    }

    fn envelope(&self) -> Envelope {
        let (size, most) = match self.behaviour.per_page {
            PerPage::Obeyed => ("per_page", 50),
            PerPage::Capped(most) => ("per_page", most),
            // No request says this.
            PerPage::Ignored => ("", 50),
        };
        Envelope::bare()
            .total_header("Total-Objects")
            .pages_header("Total-Pages")
            .by_number("page", size)
            .page_size(most.min(50), most)
            .text("last_name")
    }

    fn limits(&self, _: &Received) -> Vec<(String, RateLimit)> {
        // The limit is the account's, whatever the key.
        vec![("account".to_owned(), RateLimit::per_minute(self.behaviour.per_minute))]
    }

    fn retry_after(&self) -> RetryAfter {
        self.behaviour.retry_after.clone()
    }

    fn answer(&mut self, request: &Received) -> Answer {
        match self.ending {
            Some(Ending::Page) => return Answer::page("Page not found"),
            Some(Ending::Redirect) => {
                return Answer::empty(302).header("Location", "https://www.freshworks.com/hr-software/");
            }
            Some(Ending::Unauthorised) => return self.refuse(request, 401),
            Some(Ending::Forbidden) => return self.refuse(request, 403),
            Some(Ending::Empty | Ending::Frozen) | None => {}
        }
        let key = request.bearer().unwrap_or_default();
        let Some(role) = self.keys.iter().find(|(known, _)| known == key).map(|(_, role)| *role) else {
            return self.refuse(request, 401);
        };
        if role == Role::Nobody {
            return self.refuse(request, 403);
        }
        if request.method != "GET" {
            return self.refuse(request, 405);
        }
        let segments = request.segments();
        match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["employees"] => {
                let rows = self.employees(request, role);
                let rows = if self.ending == Some(Ending::Empty) { Vec::new() } else { rows };
                self.list(request, rows, true)
            }
            ["employees", id] => {
                let record = self.shown().iter().find(|record| record.id.to_string() == **id);
                match record {
                    Some(record)
                        if role != Role::Employee
                            || record.members.get("status") == Some(&json!("active")) =>
                    {
                        Answer::json(&self.own(
                            record,
                            role,
                            request.parameter("include").unwrap_or_default(),
                        ))
                    }
                    Some(_) => self.refuse(request, 403),
                    None => self.refuse(request, 404),
                }
            }
            ["employee_fields"] => self.list(request, self.form.clone(), self.behaviour.units_paged),
            [list, id @ ..] if id.len() < 2 => {
                let slot = Units::ALL.iter().position(|(path, _)| path.strip_prefix('/') == Some(*list));
                let rows = slot.and_then(|slot| self.units.get(slot));
                match (rows, id.first()) {
                    (Some(rows), None) => self.list(request, rows.clone(), self.behaviour.units_paged),
                    (Some(rows), Some(id)) => {
                        let known = |row: &&Value| {
                            row.get("id").and_then(Value::as_u64).is_some_and(|own| id.parse() == Ok(own))
                        };
                        rows.iter().find(known).map_or_else(|| self.refuse(request, 404), Answer::json)
                    }
                    (None, _) => self.refuse(request, 404),
                }
            }
            _ => self.refuse(request, 404),
        }
    }

    /// No reader should repeat the message.
    fn refuse(&self, _: &Received, status: u16) -> Answer {
        let code = match status {
            401 => "invalid_credentials",
            403 => "forbidden",
            404 => "not_found",
            500 => "internal_server_error",
            _ => "invalid_value",
        };
        let message = format!("refused with {status}, in {OWN_WORDS}");
        Answer::json(&json!({ "errors": [{ "code": code, "message": message }] })).status(status)
    }

    fn revoke(&mut self, request: &Received) {
        let key = request.bearer().unwrap_or_default().to_owned();
        Self::revoke(self, &key);
    }

    fn finish(&self, request: &Received, answer: &mut Answer, allowances: &[Allowance]) {
        let headers = [
            ("X-Request-Id", format!("5a0c2f9e-7d0e-4c55-9a53-{:012x}", request.number)),
            ("X-Freshteam-Api-Version", "1.0".to_owned()),
        ];
        answer.headers.extend(headers.map(|(name, value)| (name.to_owned(), value)));
        if let Some(allowance) = allowances.first() {
            let limits = [
                ("X-RateLimit-Total", self.behaviour.per_minute),
                ("X-RateLimit-Remaining", allowance.remaining),
                ("X-RateLimit-Used-CurrentRequest", 1),
            ];
            answer.headers.extend(limits.map(|(name, value)| (name.to_owned(), value.to_string())));
        }
    }
}

impl Company {
    /// One page of rows, with the headers of a list.
    fn list(&self, request: &Received, rows: Vec<Value>, paged: bool) -> Answer {
        if !paged {
            return Answer::json(&rows);
        }
        let envelope = self.envelope();
        let (skip, size) = (envelope.skip(request), envelope.size(request));
        let total = rows.len();
        if self.behaviour.past_end == PastEnd::NotFound && skip > 0 && skip >= total {
            return self.refuse(request, 404);
        }
        let page: Vec<Value> = rows.into_iter().skip(skip).take(size).collect();
        let mut answer = Answer::json(&page);
        if self.behaviour.totals {
            answer = answer
                .header("Total-Objects", total.to_string())
                .header("Total-Pages", total.div_ceil(size).to_string())
                .header("Per-Page", size.to_string());
        }
        if let Some(address) = &self.behaviour.links {
            let next = skip / size + 2;
            answer = answer.header("Link", format!("<{address}{}?page={next}>; rel=\"next\"", request.path));
        }
        answer
    }
}
