//! What a refusal says that may be shown.

use serde_json::Value;

use super::{Response, code_word};

/// The most names that one refusal is quoted with.
const MOST: usize = 5;

/// One thing that a vendor's refusals say and that may be shown: a code, a name, a request id. Never a message or a
/// value, because these quote people.
///
/// ```
/// use hris_core::http::{Response, Said, said};
///
/// const SAYS: [Said; 2] = [Said::called("code", "/code"), Said::about("/issues", &["/name"])];
/// let body = r#"{"code":422,"message":"Ada may not","issues":[{"name":"email"}]}"#;
/// let words = said(&Response::new(422).with_body(body), &SAYS);
/// assert_eq!(words.as_deref(), Some("code 422, about email"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Said {
    label: &'static str,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Body(&'static str),
    Header(&'static str),
    Names { within: &'static str, at: &'static [&'static str] },
}

impl Said {
    /// The word at this JSON pointer.
    #[must_use]
    pub const fn word(pointer: &'static str) -> Self {
        Self::called("", pointer)
    }

    /// The word at this JSON pointer, after what it is called.
    #[must_use]
    pub const fn called(label: &'static str, pointer: &'static str) -> Self {
        Self { label, place: Place::Body(pointer) }
    }

    /// The request id in this header field.
    #[must_use]
    pub const fn request_id(header: &'static str) -> Self {
        Self { label: "request id", place: Place::Header(header) }
    }

    /// What the refusal is about: the names of the members of the object at this JSON pointer, or, in a list there, the
    /// first of the pointers `at` that an element has.
    #[must_use]
    pub const fn about(within: &'static str, at: &'static [&'static str]) -> Self {
        Self { label: "about", place: Place::Names { within, at } }
    }
}

/// What an answer says of these things; `None` where it says nothing that may be shown. For
/// [`Vendor::words`](super::Vendor::words).
#[must_use]
pub fn said(response: &Response, says: &[Said]) -> Option<String> {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let words = says.iter().filter_map(|Said { label, place }| {
        let word = match place {
            Place::Body(pointer) => plain(body.pointer(pointer)?)?,
            Place::Header(name) => code_word(response.header(name)?)?.to_owned(),
            Place::Names { within, at } => names(body.pointer(within)?, at)?,
        };
        Some(if label.is_empty() { word } else { format!("{label} {word}") })
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn names(within: &Value, at: &[&str]) -> Option<String> {
    let names: Vec<String> = match within {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            names.into_iter().filter_map(|name| code_word(name)).map(str::to_owned).take(MOST).collect()
        }
        Value::Array(elements) => {
            let present = |element: &Value| {
                let mut found = at.iter().filter_map(|pointer| element.pointer(pointer));
                plain(found.find(|value| !value.is_null())?)
            };
            elements.iter().filter_map(present).take(MOST).collect()
        }
        _ => Vec::new(),
    };
    (!names.is_empty()).then(|| names.join(", "))
}

/// A text or a number that looks like an identifier.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => code_word(text).map(str::to_owned),
        Value::Number(number) => code_word(&number.to_string()).map(str::to_owned),
        _ => None,
    }
}
