//! Custom fields and departments: what stands in members whose names or shape the customer decides.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hris_core::{CustomValue, Employee, Error, ErrorKind, Field, ReadRequest, Result, SourceField};
use serde_json::{Map, Value};

use crate::wire::{CUSTOM, CustomField, DimensionValue};

/// Members that are read as custom fields of their own name.
const MEMBERS: [&str; 3] = ["email_copy", "employment_rate", "hours_per_week"];

/// A custom field that is asked for: where it stands, its id, its name.
pub(crate) struct Wanted {
    member: String,
    id: Arc<str>,
    name: Arc<str>,
}

/// The custom fields that are asked for, by their definitions or, by id, without them.
///
/// # Errors
/// [`ErrorKind::Config`] when one is asked for by a name that several have.
pub(crate) fn wanted(definitions: &[CustomField], request: &ReadRequest) -> Result<Vec<Wanted>> {
    let mut found: Vec<Wanted> = Vec::new();
    for definition in definitions {
        let Some(id) = definition.notes.id.as_deref() else { continue };
        let name = definition.name.as_deref().value().unwrap_or(id);
        if !request.wants_custom_field(id, name) {
            continue;
        }
        let by_name = request.named_fields().any(|field| *field == SourceField::CustomName(name.to_owned()));
        if by_name && found.iter().any(|known| *known.name == *name) {
            let words =
                format!("custom field {name:?}: several have this name; ask for it by id, custom.#ID");
            return Err(Error::new(ErrorKind::Config, words));
        }
        found.push(Wanted { member: format!("{CUSTOM}{id}"), id: id.into(), name: name.into() });
    }
    for field in request.named_fields() {
        if let SourceField::CustomId(id) = field
            && !MEMBERS.contains(&id.as_str())
            && !found.iter().any(|known| *known.id == **id)
        {
            found.push(Wanted {
                member: format!("{CUSTOM}{id}"),
                id: id.as_str().into(),
                name: id.as_str().into(),
            });
        }
    }
    let members = MEMBERS.iter().filter(|member| request.wants_custom_field(member, member));
    found.extend(members.map(|member| Wanted {
        member: (*member).to_owned(),
        id: (*member).into(),
        name: (*member).into(),
    }));
    Ok(found)
}

/// The custom fields asked for by name that no definition has.
pub(crate) fn lacking<'r>(
    definitions: &[CustomField],
    request: &'r ReadRequest,
) -> impl Iterator<Item = &'r SourceField> {
    let names: Vec<String> = definitions
        .iter()
        .filter_map(|definition| definition.name.as_deref().value().map(str::to_owned))
        .collect();
    request.named_fields().filter(move |field| match field {
        SourceField::CustomName(name) => !names.contains(name) && !MEMBERS.contains(&name.as_str()),
        _ => false,
    })
}

/// Puts the wanted fields of a person. A member that is absent is empty.
pub(super) fn put(employee: &mut Employee, members: &Map<String, Value>, wanted: &[Wanted]) {
    for field in wanted {
        let value = match members.get(&field.member) {
            None => Field::Cleared,
            Some(value) => text(value),
        };
        employee.put_custom(CustomValue { id: field.id.clone(), name: field.name.clone(), value });
    }
}

/// The dimension whose value is a person's department, and the names of its values.
pub(crate) struct Departments {
    pub(crate) dimension: String,
    pub(crate) names: HashMap<String, String>,
}

impl Departments {
    pub(crate) fn new(dimension: String, values: Vec<DimensionValue>) -> Self {
        let names = values.into_iter().filter_map(|value| Some((value.notes.id?, value.name.value()?)));
        Self { dimension, names: names.collect() }
    }

    /// The department to which most of a person's cost goes; `Err` where two have the same share.
    pub(super) fn of(&self, members: &Map<String, Value>) -> std::result::Result<Field<String>, ()> {
        let mut shares: BTreeMap<String, i64> = BTreeMap::new();
        for share in members.get("accounting").and_then(Value::as_array).into_iter().flatten() {
            let percentage = share.get("percentage").map_or(Field::Cleared, text).value();
            // Hundredths of a percent, so that shares compare exactly.
            let percentage = percentage.and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or_default();
            #[expect(clippy::cast_possible_truncation, reason = "held between 0 and 100 percent")]
            let hundredths = (percentage.clamp(0.0, 100.0) * 100.0).round() as i64;
            for dimension in share.get("dimensions").and_then(Value::as_array).into_iter().flatten() {
                let part = |name| dimension.get(name).map_or(Field::Cleared, text).value();
                if part("dimid").as_deref() == Some(self.dimension.as_str())
                    && let Some(value) = part("value")
                {
                    *shares.entry(value).or_default() += hundredths;
                }
            }
        }
        let Some(most) = shares.values().max().copied() else { return Ok(Field::Cleared) };
        let mut first = shares.iter().filter(|(_, share)| **share == most).map(|(value, _)| value);
        match (first.next(), first.next()) {
            (Some(value), None) => Ok(Field::Value(self.names.get(value).unwrap_or(value).clone())),
            _ => Err(()),
        }
    }
}

/// A scalar as text.
fn text(value: &Value) -> Field<String> {
    match value {
        Value::Null => Field::Cleared,
        Value::String(text) if text.trim().is_empty() => Field::Cleared,
        Value::String(text) => Field::Value(text.clone()),
        Value::Bool(_) | Value::Number(_) => Field::Value(value.to_string()),
        Value::Array(_) | Value::Object(_) => Field::NotProvided,
    }
}
