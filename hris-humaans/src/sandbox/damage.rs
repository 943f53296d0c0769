//! What faults do to an answer.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::behaviour::{ErrorShape, RetryAfter};
use super::fault::Fault;
use super::refusal::{Refusal, html};
use super::seed::http_date;
use super::{CANARY, gzip};

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// An answer on its way out.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(String, String)>,
}

impl Answer {
    pub(super) fn json(body: String) -> Self {
        Self::new(200, body.into_bytes(), JSON)
    }

    pub(super) fn refusal(refusal: &Refusal, shape: ErrorShape, request: u64) -> Self {
        let (body, content_type) = refusal.body(shape, request);
        Self::new(refusal.status, body.into_bytes(), content_type)
    }

    /// 429, to be tried again after so many seconds.
    pub(super) fn too_many(retry_after: &RetryAfter, seconds: u64, shape: ErrorShape, request: u64) -> Self {
        let mut answer = Self::refusal(&Refusal::new(429), shape, request);
        let header = match retry_after {
            RetryAfter::Absurd => Some("100000000000000000000".to_owned()),
            RetryAfter::HttpDate => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                // A date has whole seconds: one more, never one less.
                Some(http_date(now.map_or(0, |now| now.as_secs()) + seconds + 1))
            }
            RetryAfter::Malformed => Some("soon, perhaps".to_owned()),
            RetryAfter::Missing => None,
            RetryAfter::Seconds => Some(seconds.to_string()),
            RetryAfter::Text(text) => Some(text.clone()),
        };
        let header = header.map(|value| ("Retry-After".to_owned(), value));
        answer.headers.extend(header);
        answer
    }

    fn new(status: u16, body: Vec<u8>, content_type: &'static str) -> Self {
        Self { status, body, content_type, headers: Vec::new() }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The answer of a fault that comes instead of the vendor's.
pub(super) fn replacement(fault: &Fault, shape: ErrorShape, request: u64) -> Option<Answer> {
    let login = || html("Sign in to continue").into_bytes();
    Some(match fault {
        Fault::Body(bytes) => Answer::new(200, bytes.clone(), JSON),
        Fault::GzipBomb(size) => {
            Answer::new(200, gzip::blanks(*size), JSON).header("Content-Encoding", "gzip")
        }
        Fault::HtmlStatus(status) => Answer::new(*status, html("Bad gateway").into_bytes(), HTML),
        Fault::LoginPage => Answer::new(200, login(), HTML),
        Fault::LoginPageAsJson => Answer::new(200, login(), JSON),
        Fault::RateLimited(retry_after) => Answer::too_many(retry_after, 1, shape, request),
        Fault::Redirect(status, to) => Answer::new(*status, Vec::new(), HTML).header("Location", to),
        Fault::Status(status @ (204 | 205 | 304)) => Answer::new(*status, Vec::new(), JSON),
        Fault::Status(status) if *status >= 400 => Answer::refusal(&Refusal::new(*status), shape, request),
        _ => return None,
    })
}

/// Does to a good answer what the faults say, meaning before bytes.
pub(super) fn apply(answer: &mut Answer, faults: &[Fault]) {
    if faults.iter().any(changes_meaning)
        && let Ok(mut body) = serde_json::from_slice(&answer.body)
    {
        for fault in faults {
            change_meaning(&mut body, fault);
        }
        answer.body = body.to_string().into_bytes();
    }
    for fault in faults {
        change_bytes(answer, fault);
    }
}

fn changes_meaning(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::BareArray
            | Fault::Data(_)
            | Fault::DuplicateRow
            | Fault::DuplicateRowChanged
            | Fault::Edit(_)
            | Fault::EmptyList
            | Fault::EmptyPage
            | Fault::NoData
            | Fault::NoTotal
            | Fault::OtherCompany(_)
            | Fault::RowWithoutId
            | Fault::ShortPage
            | Fault::Total(_)
            | Fault::TotalOff(_)
    )
}

fn change_meaning(body: &mut Value, fault: &Fault) {
    match fault {
        Fault::Edit(change) => return change(body),
        Fault::OtherCompany(company) => return replace_company(body, company),
        _ => {}
    }
    if body.get("data").is_none_or(|data| !data.is_array()) {
        return;
    }
    match fault {
        Fault::BareArray => {
            let rows = body.get_mut("data").map(Value::take);
            *body = rows.unwrap_or(Value::Null);
        }
        Fault::Data(value) => set(body, "data", value.clone()),
        Fault::EmptyList => {
            set(body, "total", json!(0));
            set(body, "data", json!([]));
        }
        Fault::EmptyPage => set(body, "data", json!([])),
        Fault::NoData => remove(body, "data"),
        Fault::NoTotal => remove(body, "total"),
        Fault::Total(value) => set(body, "total", value.clone()),
        Fault::TotalOff(by) => {
            let total = body.get("total").and_then(Value::as_i64).unwrap_or(0);
            set(body, "total", json!(total.saturating_add(*by)));
        }
        _ => {
            if let Some(Value::Array(rows)) = body.get_mut("data") {
                change_rows(rows, fault);
            }
        }
    }
}

fn change_rows(rows: &mut Vec<Value>, fault: &Fault) {
    match fault {
        Fault::DuplicateRow | Fault::DuplicateRowChanged => {
            let mut copy = rows.first().cloned().unwrap_or(Value::Null);
            if matches!(fault, Fault::DuplicateRowChanged) {
                set(&mut copy, "lastName", json!("Doppelgänger"));
            }
            if let Some(last) = rows.last_mut() {
                *last = copy;
            }
        }
        Fault::RowWithoutId => {
            if let Some(row) = rows.first_mut() {
                remove(row, "id");
            }
        }
        Fault::ShortPage => {
            rows.pop();
        }
        _ => {}
    }
}

fn replace_company(body: &mut Value, company: &str) {
    let replace = |row: &mut Value| {
        if let Some(slot) = row.get_mut("companyId") {
            *slot = json!(company);
        }
    };
    replace(body);
    if let Some(Value::Array(rows)) = body.get_mut("data") {
        rows.iter_mut().for_each(replace);
    }
}

fn set(object: &mut Value, member: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(member.to_owned(), value);
    }
}

fn remove(object: &mut Value, member: &str) {
    if let Value::Object(fields) = object {
        fields.remove(member);
    }
}

fn change_bytes(answer: &mut Answer, fault: &Fault) {
    let body = &mut answer.body;
    match fault {
        Fault::ByteOrderMark => {
            body.splice(0..0, [0xEF, 0xBB, 0xBF]);
        }
        Fault::Encoding(name) => {
            let header = ("Content-Encoding".to_owned(), name.clone());
            answer.headers.push(header);
        }
        Fault::Header(name, value) => answer.headers.push((name.clone(), value.clone())),
        Fault::HugeBody(size) => {
            // Inside the object, so that only a reader who takes all of it
            // finds it valid.
            body.pop();
            body.extend_from_slice(b",\"padding\":\"");
            body.resize((*size).max(body.len()), b'x');
            body.extend_from_slice(b"\"}");
        }
        Fault::InvalidJson => {
            body.pop();
            body.extend_from_slice(b",,");
        }
        Fault::InvalidUtf8 => {
            body.pop();
            body.extend_from_slice(b",\"note\":\"\xC3\x28\xFF\"}");
        }
        Fault::Status(status) => answer.status = *status,
        Fault::TrailingGarbage => {
            body.extend_from_slice(format!("{{\"{CANARY}\":1}}").as_bytes());
        }
        Fault::Truncated => body.truncate(body.len() / 2),
        _ => {}
    }
}
