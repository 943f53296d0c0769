//! An answer, and how it is read as JSON without trusting it.

use std::fmt;

use serde::de::DeserializeOwned;

use super::Headers;
use crate::{Error, ErrorKind, Result, Timestamp};

/// A whole answer: status, header fields and the decoded body.
///
/// `Debug` shows the status and the length of the body only.
///
/// ```
/// use hris_core::http::Response;
///
/// let response = Response::new(200).with_body(r#"{"total":0}"#);
/// assert_eq!(response.json::<std::collections::BTreeMap<String, u64>>()?["total"], 0);
/// assert_eq!(format!("{response:?}"), "Response { status: 200, body: 11 }");
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Response {
    label: &'static str,
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

impl Response {
    /// An answer without header fields and body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { label: "read an answer", status, headers: Headers::new(), body: Vec::new() }
    }

    /// Adds one header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Sets the body, decoded already.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Names the request this answers, for errors.
    pub(crate) fn labelled(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header field; the name's case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.value(name)
    }

    /// The whole number in a header field, also when it is written `50.0`. `None` for anything else.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name).and_then(super::limit::whole)
    }

    /// The total of a list in a header field.
    #[must_use]
    pub fn total(&self, name: &str) -> super::Total {
        let told = self.header(name).map(str::trim).filter(|told| !told.is_empty());
        told.map_or(super::Total::Missing, super::Total::read)
    }

    /// All header fields.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The time of the answer by the vendor's own clock (`Date`). Times in the answer are measured by it,
    /// because that clock and ours may differ.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        let seconds = i64::try_from(super::retry::unix_date(self)?).ok()?;
        Some(Timestamp::from_unix_seconds(seconds))
    }

    /// The body as received, after decompression.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What was being done, for errors about the content.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// Reads the body as one JSON document.
    ///
    /// A byte order mark is skipped. Nothing may follow the document.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when the body is empty, HTML, not in UTF-8, cut, followed by anything, or of
    /// another shape than `T`. The message never quotes it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        match first {
            None => Err(self.unreadable("the body is empty")),
            Some(b'<') => Err(self.unreadable("not JSON, probably a login page")),
            Some(_) if std::str::from_utf8(body).is_err() => {
                Err(self.unreadable("the body is not text in UTF-8, as JSON is"))
            }
            Some(_) => serde_json::from_slice(body).map_err(|error| {
                // Only the place: the message of a type mismatch quotes the value it met.
                let what = match error.classify() {
                    serde_json::error::Category::Data => "another shape than documented",
                    serde_json::error::Category::Eof => "the JSON ends too early",
                    _ => "not JSON",
                };
                self.unreadable(&format!("{what}, at line {} column {}", error.line(), error.column()))
            }),
        }
    }

    pub(crate) fn unreadable(&self, what: &str) -> Error {
        Error::new(ErrorKind::Protocol, format!("{}: {what}", self.label)).with_status(self.status)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).field("body", &self.body.len()).finish()
    }
}
