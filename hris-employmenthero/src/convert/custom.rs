//! Custom fields, and members of a person's record that a mapping names like custom fields.

use std::collections::HashMap;
use std::sync::Arc;

use hris_core::connector::{CustomField, CustomFields};
use hris_core::http::Part;
use hris_core::wire::Record;
use hris_core::{
    CustomValue, Employee, EmployeeId, Field, Problem, ProblemCode, ReadRequest, Result, SourceField,
};

use super::Customs;
use crate::wire::{self, Person};

/// Harmless members of a person's record, which are read without being requested by name.
const OPEN: [&str; 6] = [
    "external_id",
    "primary_cost_centre",
    "secondary_cost_centres",
    "employing_entity",
    "work_country",
    "independent_contractor",
];

/// Other words for members.
const ALIASES: [(&str, &str); 2] =
    [("cost_centre", "primary_cost_centre"), ("cost_centres", "secondary_cost_centres")];

/// Names under which the value of a custom field was seen; none of them is documented.
const VALUES: [&str; 4] = ["value", "values", "answer", "content"];

/// The custom fields that are wanted, and everybody's values.
pub(super) struct Values<'a> {
    fields: Vec<(Arc<str>, Arc<str>)>,
    values: &'a HashMap<EmployeeId, Part<Vec<wire::CustomValue>>>,
    /// Members of the record by the words that ask for them.
    members: Vec<(&'a str, &'a str)>,
    /// Fields asked for that may not be seen.
    hidden: Vec<CustomValue>,
    /// Problems of the mapping.
    pub(super) problems: Vec<Problem>,
}

impl<'a> Values<'a> {
    pub(super) fn new(customs: &'a Customs, request: &'a ReadRequest) -> Result<Self> {
        let mut read = Self {
            fields: Vec::new(),
            values: &customs.values,
            members: members(request),
            hidden: Vec::new(),
            problems: Vec::new(),
        };
        if let Some(status) = customs.fields.hidden() {
            read.hidden = request
                .custom_fields()
                .filter(|field| member(field).is_none())
                .map(CustomValue::hidden)
                .collect();
            let words = format!(
                "custom fields may not be read (HTTP {status}): add their scope to the application and reconnect; accounts \
                 keep what they have"
            );
            read.problems.push(Problem::warning(ProblemCode::NotPermitted, words).field("custom"));
        }
        let Some(defined) = customs.fields.read() else { return Ok(read) };
        for field in meant(defined, request).required()? {
            read.fields.push((Arc::clone(&field.id), Arc::clone(&field.name)));
        }
        Ok(read)
    }

    /// Puts a person's values where they belong.
    pub(super) fn put(&self, employee: &mut Employee, person: &mut Person) {
        for value in &self.hidden {
            employee.put_custom(value.clone());
        }
        let values = self.values.get(employee.id());
        for (id, name) in &self.fields {
            let value = match values {
                Some(Part::Hidden(_)) => Field::NotPermitted,
                Some(Part::Read(values)) => {
                    let own = values.iter().find(|value| value.id() == Some(&**id));
                    own.map_or(Field::NotProvided, read)
                }
                // The person was added while the values were read.
                Some(Part::Skipped) | None => Field::NotProvided,
            };
            employee.put_custom(CustomValue { id: Arc::clone(id), name: Arc::clone(name), value });
        }
        for (member, value) in person.notes.asked.drain(..) {
            for (word, _) in self.members.iter().filter(|(_, known)| **known == *member) {
                let (id, name) = ((&*member).into(), (*word).into());
                employee.put_custom(CustomValue { id, name, value: value.clone() });
            }
        }
    }
}

/// The value in a record. The vendor does not document which member holds it.
fn read(value: &wire::CustomValue) -> Field<String> {
    let mut members = value.notes.extra.as_deref().and_then(hris_core::wire::members).unwrap_or_default();
    let place = VALUES.iter().find_map(|name| members.iter().position(|(known, _)| known == name));
    place.map_or(Field::NotProvided, |place| members.swap_remove(place).1)
}

/// A definition as the kit knows it; `None` without an id.
pub(crate) fn defined(definition: &wire::CustomField) -> Option<CustomField> {
    let name = definition.name.as_deref().value().unwrap_or_default();
    let field = CustomField::new(definition.notes.id.as_deref()?, name);
    Some(match definition.kind.as_deref().value() {
        Some(kind) => field.of_kind(kind),
        None => field,
    })
}

/// The custom fields that a request names.
pub(crate) fn meant<'a>(defined: &'a [CustomField], request: &'a ReadRequest) -> CustomFields<'a> {
    CustomFields::of(defined, request, is_member)
}

fn is_member(word: &str) -> bool {
    Person::ASKED.contains(&unaliased(word))
}

fn unaliased(word: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == word).map_or(word, |(_, member)| member)
}

/// The members of a person's record to be read for a request, beside the known ones.
pub(crate) fn asked_members(request: &ReadRequest) -> Vec<&str> {
    members(request).into_iter().map(|(_, member)| member).collect()
}

/// The words of a request that name members of a person's record, and these members.
fn members(request: &ReadRequest) -> Vec<(&str, &str)> {
    if request.wants_everything() {
        return OPEN.iter().map(|member| (*member, *member)).collect();
    }
    request.custom_fields().filter_map(|field| Some((field.custom()?, member(field)?))).collect()
}

fn member(field: &SourceField) -> Option<&str> {
    let word = unaliased(field.custom()?);
    Person::ASKED.contains(&word).then_some(word)
}

/// Whether the definitions of custom fields have to be read for a request.
pub(crate) fn needs_lists(request: &ReadRequest) -> bool {
    CustomFields::are_needed(request, is_member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_whatever_it_is_called() {
        for (json, expected) in [
            (r#"{"id":"f","value":"Blue"}"#, Field::Value("Blue")),
            (r#"{"id":"f","values":["Blue","Red"]}"#, Field::Value("Blue; Red")),
            (r#"{"id":"f","answer":7}"#, Field::Value("7")),
            (
                r#"{"id":"f","content":[{"id":"o","value":"Blue"},{"value":"Red"}]}"#,
                Field::Value("Blue; Red"),
            ),
            (r#"{"id":"f","value":{"value":true}}"#, Field::Value("true")),
            (r#"{"id":"f","value":null}"#, Field::Cleared),
            (r#"{"id":"f","values":[]}"#, Field::Cleared),
            (r#"{"id":"f","value":" "}"#, Field::Cleared),
            (r#"{"id":"f","value":{"other":1}}"#, Field::NotProvided),
            (r#"{"id":"f","value":[["a"]]}"#, Field::NotProvided),
            (r#"{"id":"f","text":"Blue"}"#, Field::NotProvided),
            (r#"{"id":"f"}"#, Field::NotProvided),
        ] {
            let value = hris_core::wire::object::<wire::CustomValue>(json).unwrap_or_default();
            assert!(read(&value).as_deref() == expected, "{json}");
        }
    }
}
