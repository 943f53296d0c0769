//! What holds of any document.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const KNOWN: [&str; 13] = [
    "id", "text", "loose", "list", "date", "flag", "kept", "object", "array", "asked", "also", "secret",
    "photo",
];

proptest! {
    #[test]
    fn no_bytes_panic(body in any::<Vec<u8>>(), text in r#"[\[\]{}",:0-9a-z\\.u\- ]{0,60}"#) {
        for body in [body, text.clone().into_bytes(), format!(r#"{{"data":[{text}]}}"#).into_bytes()] {
            let response = response(body);
            let _read = list::<Row>(&response, &["data"], &["asked"]);
            let _read = list::<Row>(&response, &[], &[]);
            let _read = one::<Row>(&response, &["asked"]);
            let _read = one_in::<Row>(&response, "data", &[]);
        }
        let _read = (members(&text), super::object::<Row>(&text), objects::<Row>(&text));
    }

    #[test]
    fn any_json_is_a_row(rows in prop::collection::vec(
        prop::collection::btree_map(prop::sample::select(&KNOWN[..]), any_json(), 0..6), 0..4,
    )) {
        let body = serde_json::to_string(&rows).unwrap();
        let read = list::<Row>(&response(body), &[], &["asked"]).unwrap().rows;
        prop_assert_eq!(read.len(), rows.len());
        for (read, row) in read.iter().zip(&rows) {
            prop_assert!(!read.notes.repeated && !read.notes.shapeless);
            // Each member is there, or noted as what it cannot be.
            for (name, field) in [("text", &read.text), ("loose", &read.loose)] {
                let noted = read.notes.unfit.iter().any(|unfit| **unfit == *name);
                let sent = row.contains_key(name);
                prop_assert_eq!(*field == Field::NotProvided, !sent || noted, "{} {:?}", name, row);
            }
            if let Some(Value::String(text)) = row.get("text") {
                let expected = if text.trim().is_empty() { Field::Cleared } else { Field::Value(text.as_str()) };
                prop_assert_eq!(read.text.as_deref(), expected);
            }
            if let Some(Value::Number(number)) = row.get("id") {
                prop_assert_eq!(read.id().map(str::to_owned), Some(number.to_string()));
            }
        }
    }

    #[test]
    fn unknown_members_survive(sent in prop::collection::btree_map(any::<String>(), any_json(), 0..6)) {
        let sent: Map<String, Value> = sent
            .into_iter()
            .filter(|(name, _)| !KNOWN.contains(&name.as_str()) && !forbidden(name))
            .collect();
        let body = serde_json::to_string(&sent).unwrap();
        let read: Row = one(&response(body.as_str()), &[]).unwrap();
        match read.notes.extra.as_deref() {
            None => prop_assert!(sent.is_empty()),
            Some(extra) => {
                prop_assert_eq!(serde_json::from_str::<Value>(extra).unwrap(), serde_json::from_str::<Value>(&body).unwrap());
            }
        }
    }
}
