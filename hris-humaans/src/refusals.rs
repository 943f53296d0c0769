//! What a refusal means in Humaans, and what to do about it.

use hris_core::http::{Response, Vendor, code_word};
use hris_core::{Error, ErrorKind};
use serde::Deserialize;

/// Whether Humaans refused the question itself, rather than failed to answer it.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 403 | 422))
}

/// Adds to an error what the refusal may mean in Humaans. The answer does not distinguish the reasons.
pub(crate) fn explain(error: Error, _: &'static str) -> Error {
    match error.kind() {
        ErrorKind::Auth => error.with_hint(
            "the access token is wrong or revoked, or its owner has left or lost the permission API Access, \
             or the company's plan has no API; create a new token",
        ),
        ErrorKind::Permission => error.with_hint(
            "the token's scopes or its owner's role do not allow this; `check` names what is missing",
        ),
        _ => error,
    }
}

/// How Humaans words its refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words;

impl Vendor for Words {
    /// The name, the code, the request's id and the names of the issues: never a message, a reason
    /// or a value.
    fn words(&self, response: &Response) -> Option<String> {
        let refusal: Refusal = serde_json::from_slice(response.body()).ok()?;
        let mut words: Vec<String> = Vec::new();
        words.extend(refusal.name.and_then(plain));
        words.extend(refusal.code.and_then(plain).map(|code| format!("code {code}")));
        words.extend(refusal.id.and_then(plain).map(|id| format!("request id {id}")));
        let issues = refusal.issues.into_iter().flatten();
        let names: Vec<String> =
            issues.filter_map(|issue| plain(issue.name.or(issue.path)?)).take(5).collect();
        if !names.is_empty() {
            words.push(format!("about {}", names.join(", ")));
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// An error body. Each member may be of any type.
#[derive(Deserialize)]
struct Refusal {
    name: Option<serde_json::Value>,
    code: Option<serde_json::Value>,
    id: Option<serde_json::Value>,
    #[serde(default, deserialize_with = "issues")]
    issues: Option<Vec<Issue>>,
}

#[derive(Deserialize)]
struct Issue {
    name: Option<serde_json::Value>,
    path: Option<serde_json::Value>,
}

/// The issues; empty where they have an unknown shape.
fn issues<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Issue>>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Returns a word or a number only if it looks like an identifier.
fn plain(value: serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => code_word(&text).map(str::to_owned),
        serde_json::Value::Number(number) => code_word(&number.to_string()).map(str::to_owned),
        _ => None,
    }
}
