//! Custom fields, and members of a person's record that a mapping names like custom fields.

use std::collections::HashMap;

use hris_core::connector::{CustomField, CustomFields, ReadFields};
use hris_core::http::Part;
use hris_core::wire::Record;
use hris_core::{CustomValue, Employee, EmployeeId, Field, Problem, ReadRequest, Result, SourceField};

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

/// What to do where custom fields may not be read.
const GRANT: &str = "add their scope to the application and reconnect";

/// The custom fields that are wanted, and everybody's values.
pub(super) struct Values<'a> {
    read: ReadFields,
    values: &'a HashMap<EmployeeId, Part<Vec<wire::CustomValue>>>,
    /// Members of the record by the words that ask for them.
    members: Vec<(&'a str, &'a str)>,
}

impl<'a> Values<'a> {
    pub(super) fn new(customs: &'a Customs, request: &'a ReadRequest) -> Result<Self> {
        let read = ReadFields::of(&customs.fields, request, meant, GRANT)?;
        Ok(Self { read, values: &customs.values, members: members(request) })
    }

    /// That custom fields may not be read, where they may not.
    pub(super) fn into_problem(mut self) -> Option<Problem> {
        self.read.take_problem()
    }

    /// Puts a person's values where they belong.
    pub(super) fn put(&self, employee: &mut Employee, person: &mut Person) {
        let values = self.values.get(employee.id());
        self.read.put(employee, |field| match values {
            Some(Part::Hidden(_)) => Some(Field::NotPermitted),
            Some(Part::Read(values)) => {
                let own = values.iter().find(|value| value.id() == Some(&*field.id));
                Some(own.map_or(Field::NotProvided, read))
            }
            // The person was added while the values were read.
            Some(Part::Skipped) | None => Some(Field::NotProvided),
        });
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
    CustomField::defined(definition.notes.id.as_deref(), &definition.name, &definition.kind)
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
