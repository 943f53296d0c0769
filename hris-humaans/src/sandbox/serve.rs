//! From a request to its answer: routes, filters, order, and what one token may see.

use std::collections::HashSet;

use hris_core::sandbox::{self as kit, Answer, Envelope, OWN_WORDS, RateLimit, Received};
use serde_json::{Map, Value, json};

use super::behaviour::{AllStatus, Hidden};
use super::token::{Profiles, Scope};
use super::world::{Issued, Resource, Row, World};

/// The members of a person that a token without `private:read` sees.
const PUBLIC: &str =
    "id companyId firstName lastName preferredName email phoneNumber locationId timezone teams status";

/// Why a request is refused, and the part of it that is at fault.
type Refusal = (u16, Option<String>);

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
        Envelope::rows("/data")
            .total_at("/total")
            .by_offset("$skip", "$limit")
            .page_size(100, 250)
            .text("lastName")
    }

    fn limits(&self, request: &Received) -> Vec<(String, RateLimit)> {
        let issued = self.issued(request);
        let limit = self.behaviour.rate_limit;
        issued.zip(limit).map(|(issued, limit)| (issued.secret.clone(), limit)).into_iter().collect()
    }

    fn answer(&mut self, request: &Received) -> Answer {
        let answered = self.issued(request).ok_or((401, None)).and_then(|issued| self.route(request, issued));
        match answered {
            Ok(body) => Answer::json(&body),
            Err((status, issue)) => refusal(request, status, issue),
        }
    }

    fn refuse(&self, request: &Received, status: u16) -> Answer {
        refusal(request, status, None)
    }

    fn revoke(&mut self, request: &Received) {
        self.tokens.retain(|known| Some(known.secret.as_str()) != request.bearer());
    }
}

/// An answer that is no success. No reader should repeat its message.
fn refusal(request: &Received, status: u16, issue: Option<String>) -> Answer {
    let name = match status {
        400 => "BadRequest",
        401 => "NotAuthenticated",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        422 => "Unprocessable",
        429 => "TooManyRequests",
        503 => "Unavailable",
        _ => "GeneralError",
    };
    let mut body = json!({ "code": status, "name": name, "message": format!("Not answered ({OWN_WORDS})") });
    if let Value::Object(body) = &mut body {
        // The vendor's 404 carries neither a request id nor issues.
        if status != 404 {
            body.insert("id".to_owned(), json!(format!("req_{:x}", request.number)));
        }
        if let Some(name) = issue {
            let issue = json!({ "name": name, "reason": "not allowed", "forbidden": status == 403 });
            body.insert("issues".to_owned(), json!([issue]));
        }
    }
    Answer::json(&body).status(status)
}

impl World {
    /// The token of a request, as this company knows it.
    fn issued(&self, request: &Received) -> Option<&Issued> {
        let bearer = request.bearer()?;
        self.tokens.iter().find(|known| known.secret == bearer)
    }

    fn route(&self, request: &Received, issued: &Issued) -> Result<Value, Refusal> {
        let refused = |status: u16| Err((status, None));
        let (token, path) = (&issued.token, request.path.as_str());
        if let Some(status) = token.role.api_refusal {
            return refused(status);
        }
        if !is_served(path) {
            return refused(404);
        }
        if request.method != "GET" {
            return refused(405);
        }
        if token.role.refused_paths.contains(path) {
            return refused(403);
        }
        if path == "/token-info" {
            let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
            return Ok(
                json!({ "id": issued.id, "personId": issued.maker, "label": "Directory sync", "scopes": scopes }),
            );
        }
        if !token.has(Scope::PublicRead) && !token.has(Scope::PrivateRead) {
            return refused(403);
        }
        let reader = Reader { issued, hidden: self.behaviour.hidden };
        if let Some(list) = Resource::of_path(path) {
            return self.list(list, request, &reader);
        }
        let id = path.strip_prefix("/people/");
        let row = self.find(Resource::People, id.unwrap_or(&issued.maker)).ok_or((404, None))?;
        if id.is_some() && !reader.sees(row) {
            return refused(self.behaviour.hidden_person_status);
        }
        Ok(reader.shown(Resource::People, row))
    }

    /// The page of a list that was asked for.
    fn list(&self, list: Resource, request: &Received, reader: &Reader<'_>) -> Result<Value, Refusal> {
        let (mut skip, mut limit, mut sort, mut status) = (0, 100, None, "active");
        let mut rows: Vec<&Row> = self.table(list).iter().collect();
        for (key, value) in &request.query {
            let at_fault = || (422, Some(key.clone()));
            match (key.as_str(), list) {
                ("$limit", _) => limit = value.parse().map_err(|_| at_fault())?,
                ("$skip", _) => skip = value.parse().map_err(|_| at_fault())?,
                ("$asOf", Resource::JobRoles) => rows.retain(|row| in_force(row, value)),
                ("status", Resource::People) => {
                    status = value;
                    self.admits(status, reader)?;
                }
                ("personId", Resource::JobRoles | Resource::CustomValues)
                | ("customFieldId", Resource::CustomValues)
                | ("id" | "email", Resource::People) => rows.retain(|row| row.str(key) == Some(value)),
                _ => {
                    let member = key.strip_prefix("$sort[").and_then(|member| member.strip_suffix(']'));
                    sort = Some((member.filter(|_| value == "1").ok_or_else(at_fault)?).to_owned());
                }
            }
        }
        match list {
            Resource::People => {
                rows.retain(|row| (status == "all" || row.str("status") == Some(status)) && reader.sees(row))
            }
            Resource::CustomFields | Resource::CustomValues if !reader.reads_private() => {
                if reader.hidden != Hidden::Null {
                    return Err((403, Some("customFieldId".to_owned())));
                }
                rows.clear();
            }
            Resource::CustomValues | Resource::JobRoles if !reader.sees_everybody() => {
                let people = self.table(Resource::People).iter().filter(|row| reader.sees(row));
                let people: HashSet<&str> = people.map(|row| row.key.as_str()).collect();
                rows.retain(|row| people.contains(row.person()));
            }
            _ => {}
        }
        if let Some(member) = sort {
            rows.sort_by_key(|row| row.str(&member));
        }
        let (total, limit) = (rows.len(), limit.min(250));
        let page = rows.into_iter().skip(skip).take(limit).map(|row| reader.shown(list, row));
        Ok(json!({ "total": total, "limit": limit, "skip": skip, "data": page.collect::<Vec<_>>() }))
    }

    /// Whether people of this status may be asked for.
    fn admits(&self, status: &str, reader: &Reader<'_>) -> Result<(), Refusal> {
        let at_fault = Some("status".to_owned());
        let visible = match status {
            "active" => true,
            "newHire" => reader.reads_private(),
            "offboarded" => reader.sees_offboarded(),
            "all" => reader.sees_offboarded(),
            _ => return Err((422, at_fault)),
        };
        match self.behaviour.all_status {
            AllStatus::Refused(code) if status == "all" => Err((code, at_fault)),
            _ if reader.hidden == Hidden::Forbidden && !visible => Err((403, at_fault)),
            _ => Ok(()),
        }
    }
}

fn in_force(row: &Row, day: &str) -> bool {
    let begun = row.str("effectiveDate").is_some_and(|from| from <= day);
    begun && row.str("endDate").is_none_or(|end| end >= day)
}

/// A token at work.
struct Reader<'a> {
    issued: &'a Issued,
    hidden: Hidden,
}

impl Reader<'_> {
    fn reads_private(&self) -> bool {
        self.issued.token.has(Scope::PrivateRead)
    }

    fn sees_offboarded(&self) -> bool {
        self.reads_private() && self.issued.token.role.offboarded
    }

    fn sees_everybody(&self) -> bool {
        self.sees_offboarded() && self.issued.token.role.people == Profiles::Everybody
    }

    /// Whether the person of this row is visible at all.
    fn sees(&self, row: &Row) -> bool {
        let status = match row.str("status") {
            Some("offboarded") => self.sees_offboarded(),
            Some("newHire") => self.reads_private(),
            _ => true,
        };
        let own = row.key == self.issued.maker;
        status && (own || self.issued.token.role.people == Profiles::Everybody)
    }

    /// A row as this token sees it.
    fn shown(&self, list: Resource, row: &Row) -> Value {
        let token = &self.issued.token;
        let mut shown = Map::new();
        for (member, value) in &row.fields {
            let own = || member == "email" && row.fields.get("isWorkEmailHidden") == Some(&Value::Bool(true));
            let public = || PUBLIC.split(' ').any(|public| public == member) && !own();
            let visible = list != Resource::People
                || (!token.role.hidden_members.contains(member) && (self.reads_private() || public()));
            let company = match member.as_str() {
                "companyId" => token.company.as_ref(),
                "id" if list == Resource::Companies => token.company.as_ref(),
                _ => None,
            };
            if visible {
                shown.insert(member.clone(), company.map_or_else(|| value.clone(), |id| json!(id)));
            } else if self.hidden == Hidden::Null {
                shown.insert(member.clone(), Value::Null);
            }
        }
        Value::Object(shown)
    }
}
