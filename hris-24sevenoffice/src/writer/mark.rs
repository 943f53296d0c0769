//! Detects whether a record changed, without keeping its content.
//!
//! A payroll's record holds pay, bank and national numbers. Only a keyed hash of each member's canonical
//! form is kept, because the connector only needs to know whether it changed.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Every member of one record as it was sent. It is held for one write, and has no `Debug`.
pub(super) type Members = BTreeMap<String, Box<RawValue>>;

/// Makes marks. The key is random for each connection, so a mark reveals nothing by itself.
#[derive(Default)]
pub(super) struct Marker(RandomState);

/// A mark of each member that has a value.
#[derive(Clone)]
pub(super) struct Marks(BTreeMap<String, u64>);

/// What a write may change.
pub(super) struct Allowed {
    /// These members.
    pub(super) members: Vec<String>,
    /// Every member whose name begins so.
    pub(super) prefix: Option<String>,
}

impl Marker {
    /// Marks the one record of an answer, which may stand in a list.
    pub(super) fn person(&self, body: &[u8]) -> Option<Marks> {
        let record = match serde_json::from_slice(without_mark(body)).ok()? {
            Value::Array(rows) => rows.into_iter().next()?,
            record => record,
        };
        let Value::Object(record) = record else { return None };
        let mut marks = BTreeMap::new();
        self.mark(&mut marks, "", &record);
        Some(Marks(marks))
    }

    /// Marks every member of every employment, by the employment's id.
    pub(super) fn employments(&self, body: &[u8]) -> Option<Marks> {
        let rows = match serde_json::from_slice(without_mark(body)).ok()? {
            Value::Array(rows) => rows,
            row => vec![row],
        };
        let mut marks = BTreeMap::new();
        for (place, row) in rows.iter().enumerate() {
            let row = row.as_object()?;
            let id = row.get("employment_id").and_then(|id| canonical("employment_id", id));
            self.mark(&mut marks, &format!("{}.", id.unwrap_or_else(|| format!("#{place}"))), row);
        }
        Some(Marks(marks))
    }

    fn mark(&self, marks: &mut BTreeMap<String, u64>, prefix: &str, record: &Map<String, Value>) {
        for (member, value) in record {
            if let Some(text) = canonical(member, value) {
                marks.insert(format!("{prefix}{member}"), self.0.hash_one(text));
            }
        }
    }
}

impl Marks {
    /// Whether this member has a value.
    pub(super) fn has(&self, member: &str) -> bool {
        self.0.contains_key(member)
    }

    /// The names of the members that differ in `after` and may not.
    pub(super) fn lost(&self, after: &Self, allowed: &Allowed) -> Vec<String> {
        let mut names: Vec<&String> = self.0.keys().chain(after.0.keys()).collect();
        names.sort();
        names.dedup();
        names
            .into_iter()
            .filter(|name| self.0.get(*name) != after.0.get(*name))
            .filter(|name| {
                let begun = allowed.prefix.as_ref().is_some_and(|prefix| name.starts_with(prefix));
                !begun && !allowed.members.contains(name)
            })
            .cloned()
            .collect()
    }
}

/// Every member of the one record of an answer, letter by letter.
pub(super) fn members(body: &[u8]) -> Option<Members> {
    let body = without_mark(body);
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => serde_json::from_slice::<Vec<Members>>(body).ok()?.into_iter().next(),
        _ => serde_json::from_slice(body).ok(),
    }
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The canonical form of a member: what "the same" means. `None` where there is no value.
fn canonical(member: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(flag) => Some(u8::from(*flag).to_string()),
        Value::Number(number) => Some(canonical_text(member, &number.to_string())),
        Value::String(text) => Some(canonical_text(member, text)).filter(|text| !text.is_empty()),
        Value::Array(values) => {
            let parts: Vec<String> = values.iter().filter_map(|value| canonical("", value)).collect();
            (!parts.is_empty()).then(|| format!("[{}]", parts.join("\u{1f}")))
        }
        Value::Object(members) => {
            // The kind remains after the number itself is gone.
            if member == "internationalID" && members.get("ID").and_then(|id| canonical("ID", id)).is_none() {
                return None;
            }
            let parts: BTreeMap<&String, String> =
                members.iter().filter_map(|(name, value)| Some((name, canonical(name, value)?))).collect();
            let parts: Vec<String> =
                parts.into_iter().map(|(name, value)| format!("{name}\u{1e}{value}")).collect();
            (!parts.is_empty()).then(|| format!("{{{}}}", parts.join("\u{1f}")))
        }
    }
}

/// The canonical form of a text: runs of blanks are one; what 24SevenOffice is known to respell is
/// the same in either spelling.
pub(super) fn canonical_text(member: &str, text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match member {
        "email" => text.to_ascii_lowercase(),
        "address" | "city" | "postaddress" => text.to_lowercase(),
        "countryCode" => text.to_ascii_uppercase(),
        "postalcode" | "zipcode" => text.replace(' ', ""),
        "telefon" => {
            let digits: String = text.chars().filter(|char| char.is_ascii_digit() || *char == '+').collect();
            match digits.strip_prefix("00") {
                Some(rest) => format!("+{rest}"),
                None => digits,
            }
        }
        _ => {
            let text = text.strip_suffix(" 00:00:00").unwrap_or(&text);
            let decimal = |(whole, part): (&str, &str)| {
                let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(part)
            };
            match text.split_once('.').filter(|parts| decimal(*parts)) {
                Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                None => text.to_owned(),
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]
mod tests {
    use super::*;

    fn lost(before: &str, after: &str, allowed: &[&str]) -> Vec<String> {
        let marker = Marker::default();
        let marks = |json: &str| marker.person(json.as_bytes()).expect("a record");
        let allowed =
            Allowed { members: allowed.iter().map(|name| (*name).to_owned()).collect(), prefix: None };
        marks(before).lost(&marks(after), &allowed)
    }

    #[test]
    fn what_is_the_same_in_another_spelling() {
        for (before, after) in [
            (r#"{"city":"Oslo"}"#, r#"{"city":" OSLO "}"#),
            (r#"{"email":"A@x.example"}"#, r#"{"email":"a@x.example"}"#),
            (r#"{"hours_per_week":"37.50"}"#, r#"{"hours_per_week":37.5}"#),
            (r#"{"salary":"500000.00"}"#, r#"{"salary":"500000"}"#),
            (r#"{"telefon":"0047 405 55 141"}"#, r#"{"telefon":"+4740555141"}"#),
            (r#"{"employee_date":"2024-03-01"}"#, r#"{"employee_date":"2024-03-01 00:00:00"}"#),
            (r#"{"email_copy":""}"#, "{}"),
            (r#"{"email_copy":null}"#, r#"{"email_copy":" "}"#),
            (r#"{"internationalID":{"ID":"","type":"passnummer"}}"#, r#"{"internationalID":[]}"#),
            (r#"{"empId":"41"}"#, r#"[{"empId":41}]"#),
            (r#"{"a":{"x":1,"y":""}}"#, r#"{"a":{"x":"1"}}"#),
        ] {
            assert_eq!(lost(before, after, &[]), Vec::<String>::new(), "{before} {after}");
        }
    }

    #[test]
    fn what_changed_is_named() {
        for (before, after, names) in [
            (r#"{"salary":"500000"}"#, r#"{"salary":"500001"}"#, &["salary"][..]),
            (r#"{"account":"12345678901"}"#, "{}", &["account"]),
            ("{}", r#"{"hidden":"1"}"#, &["hidden"]),
            (r#"{"zipcode":"0184"}"#, r#"{"zipcode":"184"}"#, &["zipcode"]),
            (r#"{"accounting":[{"percentage":"100"}]}"#, r#"{"accounting":[]}"#, &["accounting"]),
            (r#"{"telefon":"1"}"#, r#"{"telefon":"2"}"#, &[]),
        ] {
            assert_eq!(lost(before, after, &["telefon"]), names, "{before} {after}");
        }
    }
}
