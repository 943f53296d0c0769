//! What a refusal means in Employment Hero, and what to do about it.

use std::collections::BTreeMap;

use hris_core::http::{Response, Vendor, code_word};
use hris_core::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::Value;

use crate::lists::{
    CUSTOM_FIELDS, CUSTOM_VALUES, EMPLOYEES, ORGANISATION, ORGANISATIONS, PERSON, TEAMS, WORK_LOCATIONS,
};

/// The scope that a call needs, in both notations as far as they are known.
fn scope(label: &str) -> &'static str {
    match label {
        EMPLOYEES => "employees:list (urn:mainapp:employees:read)",
        ORGANISATION => "organisations:show (urn:mainapp:organisations:read)",
        ORGANISATIONS => "organisations:list (urn:mainapp:organisations:read)",
        PERSON => "employees:show (urn:mainapp:employees:read)",
        TEAMS => "teams:list",
        WORK_LOCATIONS => "work_locations:list",
        CUSTOM_FIELDS | CUSTOM_VALUES => "for custom fields, whose name is not published",
        _ => "for this, whose name is not known",
    }
}

/// Says what a refusal may mean in Employment Hero. The answer cannot tell the reasons apart.
pub(crate) fn explain(error: Error, label: &'static str) -> Error {
    match (error.kind(), error.status()) {
        // Without a status it is the session's own word, which says everything.
        (ErrorKind::Auth, Some(_)) => error.with_hint(
            "the access token is refused, and renewing it did not help; reconnect: give consent again, as an owner or a full \
             administrator",
        ),
        (ErrorKind::Permission, _) => error.with_hint(format_args!(
            "the grant lacks the scope {}, or the person who consented may not see this, or the plan has no API (Platinum \
             and above have)",
            scope(label)
        )),
        // Nothing at all is found in an organisation that the grant does not cover.
        (ErrorKind::NotFound | ErrorKind::Protocol, Some(404))
            if matches!(label, EMPLOYEES | ORGANISATION) =>
        {
            Error::new(ErrorKind::Permission, error.to_string())
                .with_status(404)
                .with_hint("the organisation is not visible to this grant; `organisation` may be wrong")
        }
        _ => error,
    }
}

/// How Employment Hero words its refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words;

impl Vendor for Words {
    /// The code, the request's id and the names of refused fields: never a message or a value.
    fn words(&self, response: &Response) -> Option<String> {
        let refusal: Option<Refusal> = serde_json::from_slice(response.body()).ok();
        let mut words = Vec::new();
        if let Some(refusal) = refusal {
            words.extend(refusal.code.and_then(plain).map(|code| format!("code {code}")));
            let fields: Option<BTreeMap<String, Value>> =
                refusal.errors.and_then(|errors| serde_json::from_value(errors).ok());
            let names: Vec<String> = fields
                .into_iter()
                .flat_map(BTreeMap::into_keys)
                .filter_map(|name| plain(Value::String(name)))
                .take(5)
                .collect();
            if !names.is_empty() {
                words.push(format!("about {}", names.join(", ")));
            }
        }
        words.extend(hris_core::http::PlainVendor.words(response));
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// An error body. Each member may be of any type.
#[derive(Deserialize)]
struct Refusal {
    code: Option<Value>,
    errors: Option<Value>,
}

/// A number or a word that can be a code and nothing else.
fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => code_word(&text).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
