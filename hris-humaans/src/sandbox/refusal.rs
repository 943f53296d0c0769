//! Answers that are no success, in each shape the vendor was seen to use.

use hris_core::sandbox::{Answer, OWN_WORDS, Received, html};
use serde_json::{Value, json};

use super::behaviour::ErrorShape;

/// Why a request is refused.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    message: &'static str,
    issue: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16) -> Self {
        let message = match status {
            400 | 422 => "Invalid query",
            401 => "Invalid access token",
            403 => "Not allowed",
            404 => "No such record",
            405 => "Method not allowed",
            429 => "Too many requests",
            _ => "Something went wrong",
        };
        Self { status, message, issue: None }
    }

    /// Names the part of the request that is at fault.
    pub(super) fn of(status: u16, issue: &str) -> Self {
        Self { issue: Some(issue.to_owned()), ..Self::new(status) }
    }

    fn name(&self) -> &'static str {
        match self.status {
            400 => "BadRequest",
            401 => "NotAuthenticated",
            403 => "Forbidden",
            404 => "NotFound",
            405 => "MethodNotAllowed",
            408 => "Timeout",
            409 => "Conflict",
            422 => "Unprocessable",
            429 => "TooManyRequests",
            502 => "BadGateway",
            503 => "Unavailable",
            _ => "GeneralError",
        }
    }

    /// The answer. No reader should repeat its message.
    pub(super) fn answer(&self, shape: ErrorShape, request: &Received) -> Answer {
        let message = format!("{} ({OWN_WORDS})", self.message);
        let answer = match shape {
            ErrorShape::CodeNumber => {
                let issue = |name: &String| json!({ "name": name, "reason": "not allowed", "forbidden": self.status == 403 });
                Answer::json(&self.full(json!(self.status), &message, request.number, issue))
            }
            ErrorShape::CodeText => {
                let issue = |name: &String| json!({ "path": name, "message": message });
                Answer::json(&self.full(json!(self.status.to_string()), &message, request.number, issue))
            }
            ErrorShape::ErrorObject => Answer::json(&json!({ "error": { "message": message } })),
            ErrorShape::ErrorText => Answer::json(&json!({ "error": message })),
            ErrorShape::Html => Answer::new(html(self.name()), "text/html; charset=utf-8"),
            ErrorShape::MessageOnly => Answer::json(&json!({ "message": message })),
            ErrorShape::PlainText => Answer::new(message, "text/plain; charset=utf-8"),
        };
        answer.status(self.status)
    }

    fn full(&self, code: Value, message: &str, request: u64, issue: impl Fn(&String) -> Value) -> Value {
        let mut body = json!({ "code": code, "name": self.name(), "message": message });
        if let Value::Object(body) = &mut body {
            // The vendor's 404 carries neither a request id nor issues.
            if self.status != 404 {
                body.insert("id".to_owned(), json!(format!("req_{request:x}")));
            }
            if let Some(name) = &self.issue {
                body.insert("issues".to_owned(), json!([issue(name)]));
            }
        }
        body
    }
}
