//! The customer's own fields, and members of a person's record that are asked for like them.

use std::collections::HashMap;
use std::sync::Arc;

use hris_core::http::Part;
use hris_core::wire::Record;
use hris_core::{
    CustomValue, Employee, Error, ErrorKind, Field, Problem, ProblemCode, ReadRequest, Result, SourceField,
    custom_fields_called, nearest_custom_field, no_such_custom_fields,
};

use super::Customs;
use crate::wire::{self, CustomField, Person};

/// Members of a person's own record that nobody minds to be read with everything else.
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
    values: &'a HashMap<String, Part<Vec<wire::CustomValue>>>,
    /// Members of the record by the words that ask for them.
    members: Vec<(&'a str, &'a str)>,
    /// Fields asked for that may not be seen.
    hidden: Vec<CustomValue>,
    /// What the mapping should be told.
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
        let Some(definitions) = customs.fields.read() else { return Ok(read) };
        let lacking =
            lacking(definitions, request).into_iter().map(|field| (field, near(definitions, field)));
        if let Some(error) = no_such_custom_fields(lacking) {
            return Err(error);
        }
        for definition in wanted(definitions, request)? {
            let Some(id) = definition.notes.id.as_deref() else { continue };
            read.fields.push((id.into(), definition.name.as_deref().value().unwrap_or_default().into()));
        }
        Ok(read)
    }

    /// Puts a person's values where they belong.
    pub(super) fn put(&self, employee: &mut Employee, person: &mut Person) {
        for value in &self.hidden {
            employee.put_custom(value.clone());
        }
        let values = self.values.get(employee.id().as_str());
        for (id, name) in &self.fields {
            let value = match values {
                Some(Part::Hidden(_)) => Field::NotPermitted,
                Some(Part::Read(values)) => {
                    let own = values.iter().find(|value| value.id() == Some(&**id));
                    own.map_or(Field::NotProvided, read)
                }
                // The person came while the values were read.
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

/// The value in a record whose member for it nobody documents.
fn read(value: &wire::CustomValue) -> Field<String> {
    let mut members = value.notes.extra.as_deref().and_then(hris_core::wire::members).unwrap_or_default();
    let place = VALUES.iter().find_map(|name| members.iter().position(|(known, _)| known == name));
    place.map_or(Field::NotProvided, |place| members.swap_remove(place).1)
}

/// The definitions that a request wants.
///
/// # Errors
/// [`ErrorKind::Config`] when it names one by a name that several have.
pub(crate) fn wanted<'d>(
    definitions: &'d [CustomField],
    request: &ReadRequest,
) -> Result<Vec<&'d CustomField>> {
    for field in request.custom_fields().filter(|field| member(field).is_none()) {
        let SourceField::CustomName(name) = field else { continue };
        let ids: Vec<String> = called(name, definitions)
            .into_iter()
            .filter_map(|definition| Some(format!("custom.#{}", definition.notes.id.as_deref()?)))
            .collect();
        if ids.len() > 1 {
            let words =
                format!("{field}: several custom fields have this name; use one of {}", ids.join(", "));
            return Err(Error::new(ErrorKind::Config, words));
        }
    }
    let wanted = |definition: &&CustomField| {
        let name = definition.name.as_deref().value().unwrap_or_default();
        // A member of the record itself goes before a custom field of its name.
        let by_name = SourceField::CustomName(name.to_owned());
        let shadowed = member(&by_name).is_some() && !request.wants_everything();
        let Some(id) = definition.notes.id.as_deref() else { return false };
        let mut named = request.custom_fields().filter(|field| member(field).is_none());
        request.wants_custom_field(id, if shadowed { "" } else { name })
            || named.any(|field| means(field, definition, definitions))
    };
    Ok(definitions.iter().filter(wanted).collect())
}

/// The custom fields asked for by name or id that no definition answers to.
pub(crate) fn lacking<'r>(definitions: &[CustomField], request: &'r ReadRequest) -> Vec<&'r SourceField> {
    let answers = |field: &SourceField, definition: &CustomField| match field {
        SourceField::CustomId(id) => definition.notes.id.as_deref() == Some(id),
        SourceField::CustomName(_) => means(field, definition, definitions),
        SourceField::Standard(_) => true,
    };
    request
        .custom_fields()
        .filter(|field| member(field).is_none())
        .filter(|field| !definitions.iter().any(|definition| answers(field, definition)))
        .collect()
}

/// The definitions that a name means.
fn called<'d>(name: &str, definitions: &'d [CustomField]) -> Vec<&'d CustomField> {
    custom_fields_called(name, definitions, |definition| definition.name.as_deref().value())
}

/// Whether a field that is asked for by name is the one of this definition.
fn means(field: &SourceField, definition: &CustomField, definitions: &[CustomField]) -> bool {
    let SourceField::CustomName(name) = field else { return false };
    called(name, definitions).iter().any(|found| std::ptr::eq(*found, definition))
}

/// The nearest name to one that no definition has, in words.
pub(crate) fn near(definitions: &[CustomField], field: &SourceField) -> String {
    let names = definitions.iter().filter_map(|definition| definition.name.as_deref().value());
    nearest_custom_field(field, names)
}

/// The members of a person's record to be read for a request, beside the known ones.
pub(crate) fn asked_members(request: &ReadRequest) -> Vec<&str> {
    members(request).into_iter().map(|(_, member)| member).collect()
}

/// The words of a request that mean members of a person's record, and these members.
fn members(request: &ReadRequest) -> Vec<(&str, &str)> {
    if request.wants_everything() {
        return OPEN.iter().map(|member| (*member, *member)).collect();
    }
    request.custom_fields().filter_map(|field| Some((field.custom()?, member(field)?))).collect()
}

fn member(field: &SourceField) -> Option<&str> {
    let word = field.custom()?;
    let word = ALIASES.iter().find(|(alias, _)| *alias == word).map_or(word, |(_, member)| member);
    Person::ASKED.contains(&word).then_some(word)
}

/// Whether the definitions of custom fields have to be read for a request.
pub(crate) fn needs_lists(request: &ReadRequest) -> bool {
    request.wants_everything() || request.custom_fields().any(|field| member(field).is_none())
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
