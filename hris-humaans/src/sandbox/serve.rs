//! From a request to its answer: what is peculiar to Humaans.

use std::time::Duration;

use hris_core::sandbox::{self as kit, Answer, Envelope, RateLimit, Received, RetryAfter};
use serde_json::json;

use super::page::{self, Query};
use super::reader::Reader;
use super::refusal::Refusal;
use super::world::{Issued, Resource, World};

/// Whether a reader of the directory has business there.
pub(super) fn is_served(path: &str) -> bool {
    let single = path.strip_prefix("/people/");
    ["/me", "/token-info"].contains(&path)
        || Resource::of_path(path).is_some()
        || single.is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

impl kit::World for World {
    fn base(&self) -> &str {
        "/api"
    }

    fn envelope(&self) -> Envelope {
        let behaviour = self.behaviour();
        Envelope::rows("/data")
            .total_at("/total")
            .by_offset("$skip", "$limit")
            .page_size(behaviour.default_limit, behaviour.max_limit)
            .text("lastName")
    }

    fn latency(&self) -> Duration {
        self.behaviour().latency
    }

    fn limits(&self, request: &Received) -> Vec<(String, RateLimit)> {
        let issued = self.issued(request);
        let limit = self.behaviour().rate_limit;
        issued.zip(limit).map(|(issued, limit)| (issued.secret.clone(), limit)).into_iter().collect()
    }

    fn retry_after(&self) -> RetryAfter {
        self.behaviour().retry_after.clone()
    }

    fn answer(&mut self, request: &Received) -> Answer {
        let body = match self.issued(request).cloned() {
            Some(issued) => self.route(request, issued),
            None => Err(Refusal::new(401)),
        };
        match body {
            Ok(body) => Answer::text(body),
            Err(refusal) => refusal.answer(self.behaviour().error_shape, request),
        }
    }

    fn refuse(&self, request: &Received, status: u16) -> Answer {
        Refusal::new(status).answer(self.behaviour().error_shape, request)
    }

    fn revoke(&mut self, request: &Received) {
        self.tokens.retain(|known| Some(known.secret.as_str()) != request.bearer());
    }
}

impl World {
    /// The token of a request, as this company knows it.
    fn issued(&self, request: &Received) -> Option<&Issued> {
        let bearer = request.bearer()?;
        self.tokens.iter().find(|known| known.secret == bearer)
    }

    fn route(&mut self, request: &Received, issued: Issued) -> Result<String, Refusal> {
        if let Some(status) = issued.token.role.api_refusal {
            return Err(Refusal::new(status));
        }
        if !is_served(&request.path) {
            return Err(Refusal::new(404));
        }
        if request.method != "GET" {
            return Err(Refusal::new(405));
        }
        if issued.token.role.refused_paths.contains(&request.path) {
            return Err(Refusal::new(403));
        }
        if request.path == "/token-info" {
            return Ok(token_info(&issued));
        }
        if !issued.token.reads_anything() {
            return Err(Refusal::new(403));
        }
        let reader = Reader::new(self, issued);
        if let Some(list) = Resource::of_path(&request.path) {
            let query = Query::parse(list, &request.query, self.behaviour())?;
            return page::render(self, list, &query, &reader);
        }
        if let Some(id) = request.path.strip_prefix("/people/") {
            let row = self.people.find(id).ok_or(Refusal::new(404))?;
            if !reader.sees(row) {
                return Err(Refusal::new(self.behaviour().hidden_person_status));
            }
            return self.visible(id, &reader);
        }
        let maker = reader.issued.maker.clone();
        self.visible(&maker, &reader)
    }

    /// One person as this reader sees one, visible or not.
    fn visible(&mut self, key: &str, reader: &Reader) -> Result<String, Refusal> {
        let views = reader.views(self, Resource::People);
        let at = self.people.position(key);
        let row = at.and_then(|at| self.people.rows.get_mut(at));
        let row = row.ok_or(Refusal::new(404))?;
        let (number, view) = views.of(reader, row);
        Ok(row.text(number, view).to_owned())
    }
}

fn token_info(issued: &Issued) -> String {
    let scopes = issued.token.scopes.iter();
    let scopes: Vec<&str> = scopes.map(|scope| scope.as_str()).collect();
    json!({
        "id": issued.id, "personId": issued.maker, "label": issued.token.label, "scopes": scopes,
    })
    .to_string()
}
