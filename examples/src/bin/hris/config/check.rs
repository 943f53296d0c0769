//! Holds a TOML document against a JSON Schema and says in one message what is wrong first: where,
//! what was expected, and which known word is nearest.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// In which line each key of a document stands, by its path.
pub(crate) type Lines = BTreeMap<String, usize>;

/// What is wrong with a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// A hint for a key that is unknown where it stands: its path, and its name.
pub(crate) type Hint<'a> = &'a dyn Fn(&str, &str) -> Option<String>;

/// Walks `document` along `schema`. Returns in which line each key stands.
pub(crate) fn check(
    text: &str,
    document: &DeTable<'_>,
    schema: &Value,
    hint: Hint<'_>,
) -> Result<Lines, Fault> {
    let mut walk = Walk { text, root: schema, hint, lines: Lines::new() };
    walk.table(document, schema, "", 1)?;
    Ok(walk.lines)
}

/// The first name at the top of `document` that is not a key, if there is one.
pub(crate) fn unknown_table(text: &str, document: &DeTable<'_>, schema: &Value) -> Option<Fault> {
    let known = schema.get("properties")?.as_object()?;
    let (key, _) = document.iter().find(|(key, _)| !known.contains_key(key.get_ref().as_ref()))?;
    let name = key.get_ref().as_ref();
    let near = nearest(name, known.keys().map(String::as_str))?;
    let message = format!("{} is not a key; the nearest is `{near}`", join("", name));
    Some(Fault { line: line_of(text, key.span().start), message })
}

/// The word of `known` that is nearest to `word`.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    // The beginning of a word stands for it, however much is missing.
    let begins = |other: &str| word.len() > 2 && other.starts_with(&word);
    let distance = |other: &str| strsim::damerau_levenshtein(&word, other);
    known.into_iter().min_by_key(|other| {
        let other = other.to_lowercase();
        (!begins(&other), distance(&other))
    })
}

/// The line, counted from 1, of a byte of `text`.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

struct Walk<'a> {
    text: &'a str,
    root: &'a Value,
    hint: Hint<'a>,
    lines: Lines,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, schema: &Value, path: &str, line: usize) -> Result<(), Fault> {
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        for (key, value) in table {
            let line = line_of(self.text, key.span().start);
            let name = key.get_ref().as_ref();
            let path = join(path, name);
            match (properties.and_then(|known| known.get(name)), others) {
                (Some(schema), _) | (None, Some(schema)) => {
                    self.lines.insert(path.clone(), line);
                    self.value(value, schema, &path, line)?;
                }
                (None, None) if properties.is_none() => {}
                (None, None) => return Err(self.unknown(schema, &path, name, line)),
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !table.iter().any(|(key, _)| key.get_ref() == name) {
                let message = format!("{} is missing", join(path, name));
                return Err(Fault { line, message });
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        schema: &Value,
        path: &str,
        line: usize,
    ) -> Result<(), Fault> {
        let found = value.get_ref();
        let Some(schema) = branches(schema).into_iter().find(|schema| fits(found, schema)) else {
            let message = format!("{path} must be {}, not {}", shape(schema), kind(found));
            return Err(Fault { line, message });
        };
        let outside = |message| Err(Fault { line, message });
        match found {
            DeValue::String(text) => {
                let words = words(schema);
                if !words.is_empty() && !words.contains(&text.as_ref()) {
                    let near = nearest(text, words.iter().copied()).unwrap_or_default();
                    return outside(format!(
                        "{path} must be {}, not {:?}; the nearest is {near:?}",
                        shape(schema),
                        clip(text)
                    ));
                }
                if text.trim().is_empty() && schema.get("minLength").is_some() {
                    return outside(format!("{path} must not be empty"));
                }
                let most = schema.get("maxLength").and_then(Value::as_u64);
                if let Some(most) = most.filter(|most| text.chars().count() as u64 > *most) {
                    return outside(format!("{path} must be at most {most} characters long"));
                }
            }
            DeValue::Integer(number) => {
                let number: i128 = i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX);
                let bound = |name| schema.get(name).and_then(Value::as_i64).map(i128::from);
                let (least, most) = (bound("minimum"), bound("maximum"));
                if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                    return outside(format!("{path} must be {}", shape(schema)));
                }
            }
            DeValue::Array(items) => {
                for item in items {
                    let line = line_of(self.text, item.span().start);
                    if let Some(schema) = schema.get("items") {
                        self.value(item, schema, path, line)?;
                    }
                }
            }
            DeValue::Table(table) => self.table(table, schema, path, line)?,
            _ => {}
        }
        Ok(())
    }

    fn unknown(&self, schema: &Value, path: &str, name: &str, line: usize) -> Fault {
        let message = (self.hint)(path, name).unwrap_or_else(|| {
            let known = schema.get("properties").and_then(Value::as_object);
            let names = || known.into_iter().flat_map(|known| known.keys().map(String::as_str));
            if path != name && self.root.pointer("/properties").is_some_and(|top| top.get(name).is_some()) {
                return format!(
                    "{path} is not a key here; it belongs to the top of the file, before any [table]"
                );
            }
            if let Some(elsewhere) = self.elsewhere(name) {
                return format!("{path} is not a key here; it belongs into [{elsewhere}]");
            }
            let near = nearest(name, names()).unwrap_or_default();
            let expected = known.and_then(|known| known.get(near)).map(shape).unwrap_or_default();
            format!("{path} is not a key; the nearest is `{near}`, which takes {expected}")
        });
        Fault { line, message }
    }

    /// The table in which a key of this name does stand.
    fn elsewhere(&self, name: &str) -> Option<&str> {
        let tables = self.root.get("properties")?.as_object()?;
        let holds = |schema: &Value| {
            branches(schema)
                .iter()
                .any(|schema| schema.get("properties").is_some_and(|keys| keys.get(name).is_some()))
        };
        tables.iter().find(|(_, schema)| holds(schema)).map(|(table, _)| table.as_str())
    }
}

fn join(path: &str, name: &str) -> String {
    let bare =
        !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_-".contains(letter));
    let name = if bare { name.to_owned() } else { format!("{:?}", clip(name)) };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The forms a value may take: the branches of `anyOf` or `oneOf`, or the schema itself.
fn branches(schema: &Value) -> Vec<&Value> {
    let several = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    match several {
        // The variants of an enumeration with help are branches of one word each: one form.
        Some(forms) if forms.iter().any(|form| form.get("const").is_none() && form.get("enum").is_none()) => {
            forms.iter().flat_map(branches).collect()
        }
        _ => vec![schema],
    }
}

/// The words that an enumeration allows; empty if any text is allowed.
fn words(schema: &Value) -> Vec<&str> {
    let mut words: Vec<&str> = Vec::new();
    words
        .extend(schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str));
    words.extend(schema.get("const").and_then(Value::as_str));
    for form in
        schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array).into_iter().flatten()
    {
        words.extend(form.get("const").and_then(Value::as_str));
        words.extend(
            form.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str),
        );
    }
    words
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => {
            several.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect()
        }
        _ if !words(schema).is_empty() => vec!["string"],
        _ => Vec::new(),
    }
}

fn fits(value: &DeValue<'_>, schema: &Value) -> bool {
    let types = types(schema);
    let found = match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
        DeValue::Datetime(_) => "datetime",
    };
    types.is_empty() && schema.get("type").is_none() && words(schema).is_empty()
        || types.contains(&found)
        || found == "integer" && types.contains(&"number")
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
        DeValue::Datetime(_) => "a date",
    }
}

/// What a schema takes, in words.
fn shape(schema: &Value) -> String {
    let forms = branches(schema);
    let forms: Vec<String> =
        forms.into_iter().filter(|form| form.get("type") != Some(&Value::from("null"))).map(form).collect();
    forms.join(" or ")
}

fn form(schema: &Value) -> String {
    let words = words(schema);
    if !words.is_empty() {
        let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        return if quoted.len() == 1 { quoted.concat() } else { format!("one of {}", quoted.join(", ")) };
    }
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    match types(schema).first().copied() {
        Some("integer") => match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            (Some(least), None) if least > 0 => format!("a whole number from {least}"),
            (None, Some(most)) => format!("a whole number up to {most}"),
            _ => "a whole number".to_owned(),
        },
        Some("number") => "a number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => match schema.get("items") {
            Some(items) => format!("a list of {}", plural(items)),
            None => "a list".to_owned(),
        },
        Some("object") => match schema.get("properties").and_then(Value::as_object) {
            Some(known) => {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                format!("a table of {}", names.join(", "))
            }
            None => "a table".to_owned(),
        },
        _ => "text in quotes".to_owned(),
    }
}

fn plural(items: &Value) -> String {
    let words = words(items);
    if words.is_empty() {
        return "texts".to_owned();
    }
    words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}
