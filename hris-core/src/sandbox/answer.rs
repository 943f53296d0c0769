//! Answers on their way out.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::OWN_WORDS;

/// A whole answer of the fake.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Answer {
    /// The status, 200 to 599.
    pub status: u16,
    /// The body; nothing for none.
    pub body: Vec<u8>,
    /// The value of `Content-Type`; an empty body goes without.
    pub content_type: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// 200 with this body of this type.
    pub fn new(body: impl Into<Vec<u8>>, content_type: impl Into<String>) -> Self {
        Self { status: 200, body: body.into(), content_type: Some(content_type.into()), headers: Vec::new() }
    }

    /// 200 with this value as JSON; `null` when it has no JSON form.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Self {
        Self::text(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
    }

    /// 200 with this JSON text, as it is.
    pub fn text(json: impl Into<String>) -> Self {
        Self::new(json.into(), "application/json; charset=utf-8")
    }

    /// 200 with a page for people, such as a login form or a gateway's complaint.
    pub fn page(title: &str) -> Self {
        Self::new(html(title), "text/html; charset=utf-8")
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, body: Vec::new(), content_type: None, headers: Vec::new() }
    }

    /// The same answer with another status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same answer with one more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same answer under another `Content-Type`; `None` sends none.
    pub fn typed(mut self, content_type: Option<&str>) -> Self {
        self.content_type = content_type.map(str::to_owned);
        self
    }

    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Puts a header in the place of those of its name.
    pub(super) fn set_header(&mut self, name: &str, value: Option<String>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value)));
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Shows the status and the size, never the content.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The `Retry-After` header of a 429.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// A number of seconds no client should sleep: 10^20.
    Absurd,
    /// The moment as an HTTP date.
    HttpDate,
    /// Text that is neither a number nor a date.
    Malformed,
    /// No header at all.
    Missing,
    /// Whole seconds.
    Seconds,
    /// Exactly this text.
    Text(String),
}

impl RetryAfter {
    /// The header's value when so many seconds are to be waited.
    pub(super) fn value(&self, seconds: u64) -> Option<String> {
        Some(match self {
            Self::Absurd => "100000000000000000000".to_owned(),
            // A date has whole seconds: one more, never one less.
            Self::HttpDate => http_date(now().saturating_add(seconds).saturating_add(1)),
            Self::Malformed => "soon, perhaps".to_owned(),
            Self::Missing => return None,
            Self::Seconds => seconds.to_string(),
            Self::Text(text) => text.clone(),
        })
    }
}

/// Seconds since 1970, by the machine's clock.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

/// A moment, in seconds since 1970, in the form of an HTTP `Date` header.
#[must_use]
pub fn http_date(unix_seconds: u64) -> String {
    let moment = i64::try_from(unix_seconds).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    let text = moment.and_then(|moment| printer.timestamp_to_rfc9110_string(&moment).ok());
    text.unwrap_or_else(|| "Thu, 01 Jan 1970 00:00:00 GMT".to_owned())
}

/// The text of a page for people, which says that it is [the sandbox's](OWN_WORDS).
#[must_use]
pub fn html(title: &str) -> String {
    format!(
        "<!doctype html><html><head><title>{title}</title></head>\
         <body><h1>{title}</h1><form action=\"/login\"></form><p>A page in {OWN_WORDS}.</p></body></html>"
    )
}
