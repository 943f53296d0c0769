//! What the JSON Schema says beyond the shape of single values, so that an editor refuses what the command
//! refuses. The command checks what depends on this machine, such as whether a time zone exists.

use hris_core::{StandardField, TargetField};
use serde_json::{Value, json};

use super::vendors;

/// The beginning of an address that a secret may go to: https, or this machine.
const ADDRESS: &str = r"^\s*([Hh][Tt][Tt][Pp][Ss]://|[Hh][Tt][Tt][Pp]://(([^/@]*\.)?localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?(/|$))";

/// The name of an environment variable.
const VARIABLE: &str = r"^[^=\u0000]*[^=\s\u0000][^=\u0000]*$";

/// A time such as `30m`.
const DURATION: &str = r"^\s*\+?0*[1-9][0-9]{0,9}\s*[smhdw]\s*$";

/// The beginning of a name in the IANA database.
const ZONE: &str = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$";

/// A field that a customer named: a source's by name or id, and a target's.
const CUSTOM_SOURCE: &str = r"^custom\.(#.+|[^#].*)$";
const CUSTOM_TARGET: &str = r"^custom\..+$";

/// Takes away what is no JSON Schema: the widths of numbers as formats, and a dialect inside of another.
fn portable(schema: &mut Value) {
    fn walk(value: &mut Value, inside: bool) {
        match value {
            Value::Object(members) => {
                if members.get("format").is_some_and(Value::is_string) {
                    members.remove("format");
                }
                if inside {
                    members.remove("$schema");
                }
                members.values_mut().for_each(|value| walk(value, true));
            }
            Value::Array(items) => items.iter_mut().for_each(|value| walk(value, true)),
            _ => {}
        }
    }
    walk(schema, false);
}

/// Adds the rules to the schema of a whole file.
pub(super) fn add(schema: &mut Value) {
    portable(schema);
    not_blank(schema);
    put(schema, "/properties/schedule", &json!({ "not": both("every", "cron") }));
    put(schema, "/properties/schedule/properties/every", &json!({ "pattern": DURATION }));
    put(schema, "/properties/schedule/properties/cron", &json!({ "pattern": cron() }));
    let mail = json!({ "dependentRequired": { "email_to": ["smtp_url_env"], "smtp_url_env": ["email_to"] } });
    put(schema, "/properties/report", &mail);
    put(schema, "/properties/policy/properties/time_zone", &json!({ "pattern": ZONE }));
    let mut targets: Vec<&str> = TargetField::STANDARD.iter().map(TargetField::name).collect();
    targets.push("default");
    let field = json!({ "propertyNames": { "type": "string", "anyOf": [
        { "type": "string", "enum": targets }, { "type": "string", "pattern": CUSTOM_TARGET } ] } });
    put(schema, "/properties/policy/properties/conflict/anyOf/1", &field);
    mapping(schema);
    for table in ["source", "target"] {
        let place = schema.pointer_mut(&format!("/properties/{table}/oneOf"));
        place.and_then(Value::as_array_mut).into_iter().flatten().for_each(vendor);
    }
    let readers = vendors::all().filter(|vendor| !vendors::writes(*vendor));
    let readers: Vec<&str> = readers.map(|vendor| vendor.name()).collect();
    let both_ways = |table: &str, key: &str, words: Value| {
        let holds = |key: &str, words: Value| {
            json!({ "type": "object", "required": [key],
                    "properties": { key: { "type": "string", "enum": words } } })
        };
        json!({ "not": { "type": "object", "required": [table, "policy"], "properties": {
            table: holds(key, words), "policy": holds("direction", json!(["two_way"])) } } })
    };
    let rules = json!({ "allOf": [
        both_ways("source", "vendor", json!(readers)), both_ways("target", "kind", json!(["directory"])) ] });
    put(schema, "", &rules);
}

/// Adds members to the object at a place, if there is one.
fn put(schema: &mut Value, place: &str, members: &Value) {
    let found = schema.pointer_mut(place).and_then(Value::as_object_mut);
    if let (Some(found), Some(members)) = (found, members.as_object()) {
        found.extend(members.clone());
    }
}

/// Both keys at once.
fn both(one: &str, other: &str) -> Value {
    json!({ "type": "object", "required": [one, other], "properties": { one: {}, other: {} } })
}

/// A text that may not be empty may not be blank either.
fn not_blank(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.contains_key("minLength") && !members.contains_key("pattern") {
                members.insert("pattern".to_owned(), json!(r"\S"));
            }
            members.values_mut().for_each(not_blank);
        }
        Value::Array(items) => items.iter_mut().for_each(not_blank),
        _ => {}
    }
}

/// Which fields there are, and which a mapping must have.
fn mapping(schema: &mut Value) {
    let Some(rule) = schema.pointer("/properties/mapping/additionalProperties").cloned() else { return };
    let sources: Vec<&str> = StandardField::ALL.iter().map(|field| field.as_str()).collect();
    let source = json!({ "anyOf": [
        { "type": "string", "enum": sources }, { "type": "string", "pattern": CUSTOM_SOURCE } ] });
    let mut rule = rule;
    put(&mut rule, "/anyOf/0", &source);
    put(&mut rule, "/anyOf/1/properties/from/anyOf/0", &source);
    put(&mut rule, "/anyOf/1/properties/from/anyOf/1", &json!({ "minItems": 1 }));
    put(&mut rule, "/anyOf/1/properties/from/anyOf/1/items", &source);
    let fields: serde_json::Map<String, Value> =
        TargetField::STANDARD.iter().map(|field| (field.name().to_owned(), rule.clone())).collect();
    put(schema, "/properties/mapping/properties", &Value::Object(fields));
    let own = json!({ "additionalProperties": rule, "propertyNames": { "type": "string", "minLength": 1 } });
    put(schema, "/properties/mapping/properties/custom", &own);
    let whole = json!({
        "required": ["external_id", "email"],
        "patternProperties": { CUSTOM_TARGET: rule },
        "additionalProperties": false,
    });
    put(schema, "/properties/mapping", &whole);
}

/// The keys of one vendor: where secrets are and where they go.
fn vendor(schema: &mut Value) {
    let Some(keys) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let names: Vec<String> = keys.keys().cloned().collect();
    let mut rules = Vec::new();
    for name in names {
        let pattern = match name.rsplit_once('_') {
            Some((_, "url")) => ADDRESS,
            Some((stem, "env")) => {
                let file = format!("{stem}_file");
                if keys.contains_key(&file) {
                    rules.push(json!({ "not": both(&name, &file) }));
                }
                VARIABLE
            }
            _ if name == "subdomain" => r"\S",
            _ => continue,
        };
        if let Some(key) = keys.get_mut(&name).and_then(Value::as_object_mut) {
            key.insert("pattern".to_owned(), json!(pattern));
        }
    }
    if !rules.is_empty() {
        put(schema, "", &json!({ "allOf": rules }));
    }
}

/// A pattern of five fields, each within its range, or a word such as `@daily`.
fn cron() -> String {
    let list = |value: &str| {
        let item = format!(r"(\*|{value})(-{value})?(/[0-9]+)?");
        format!("{item}(,{item})*")
    };
    let minute = list("[0-5]?[0-9]");
    let hour = list("([01]?[0-9]|2[0-3])");
    let day = list(r"(\?|L|l|LW|lw|(0?[1-9]|[12][0-9]|3[01])[Ww]?)");
    let month = list("(0?[1-9]|1[0-2]|[A-Za-z]{3})");
    let weekday = list(r"(\?|([0-7]|[A-Za-z]{3})([Ll]|#[1-5]|#[Ll])?)");
    format!(r"^\s*(@[A-Za-z]+|{minute}\s+{hour}\s+{day}\s+{month}\s+{weekday})\s*$")
}
