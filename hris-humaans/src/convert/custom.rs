//! The customer's own fields: which are read, and their values.

use std::collections::HashMap;
use std::sync::Arc;

use hris_core::connector::{CustomField, CustomFields};
use hris_core::wire::Record;
use hris_core::{CustomValue, Employee, Field, Problem, ProblemCode, ReadRequest, Result};

use super::Lists;
use crate::wire::{self, Person};

/// Sections whose fields are read only when they are asked for by id.
const SENSITIVE: [&str; 4] = ["bank", "compensation", "health", "salary"];

/// The custom fields that are wanted, and everybody's values.
pub(crate) struct Customs<'a> {
    fields: Vec<(Arc<str>, Arc<str>)>,
    values: HashMap<&'a str, Vec<Value<'a>>>,
    /// Fields asked for that may not be seen.
    hidden: Vec<CustomValue>,
    /// Problems of the mapping.
    pub(super) problems: Vec<Problem>,
}

struct Value<'a> {
    field: usize,
    resource: Option<&'a str>,
    value: &'a Field<String>,
}

impl<'a> Customs<'a> {
    pub(super) fn new(lists: &'a Lists, request: &ReadRequest) -> Result<Self> {
        let mut customs =
            Self { fields: Vec::new(), values: HashMap::new(), hidden: Vec::new(), problems: Vec::new() };
        if !request.wants_custom() {
            return Ok(customs);
        }
        let hidden = lists.custom_fields.hidden().or(lists.custom_values.hidden());
        if let Some(status) = hidden {
            customs.hidden = request.custom_fields().map(CustomValue::hidden).collect();
            if !customs.hidden.is_empty() || request.wants_everything() {
                let words = format!(
                    "custom fields may not be read (HTTP {status}): grant the token `private:read` and its \
                     owner's role each field; accounts keep what they have"
                );
                customs.problems.push(Problem::warning(ProblemCode::NotPermitted, words).field("custom"));
            }
            return Ok(customs);
        }
        let Some(definitions) = lists.custom_fields.read() else { return Ok(customs) };
        let mut places: HashMap<&str, usize> = HashMap::new();
        for field in meant(definitions, request).required()? {
            places.insert(&field.id, customs.fields.len());
            customs.fields.push((Arc::clone(&field.id), Arc::clone(&field.name)));
        }
        for value in lists.custom_values.read().into_iter().flatten() {
            let (Field::Value(person), Field::Value(field)) =
                (value.person.as_deref(), value.field.as_deref())
            else {
                continue;
            };
            if let Some(place) = places.get(field) {
                let resource = value.resource.as_deref().value();
                let value = Value { field: *place, resource, value: &value.value };
                customs.values.entry(person).or_default().push(value);
            }
        }
        Ok(customs)
    }

    /// Puts a person's values where they belong. A value of a job role counts only if that is the current
    /// job role.
    pub(super) fn put(&self, employee: &mut Employee, person: &mut Person, role: Option<&str>) {
        for value in &self.hidden {
            employee.put_custom(value.clone());
        }
        let values = self.values.get(employee.id().as_str()).map_or(&[][..], Vec::as_slice);
        for (number, (id, name)) in self.fields.iter().enumerate() {
            let mut of_field = values.iter().filter(|value| value.field == number);
            let own = of_field.clone().find(|value| value.resource.is_none());
            let found = own.or_else(|| of_field.find(|value| value.resource == role && role.is_some()));
            if let Some(found) = found {
                let value = found.value.clone();
                employee.put_custom(CustomValue { id: Arc::clone(id), name: Arc::clone(name), value });
            }
        }
        for (name, value) in person.notes.asked.drain(..) {
            if !self.fields.iter().any(|(_, known)| **known == *name) {
                let name: Arc<str> = name.into();
                employee.put_custom(CustomValue { id: Arc::clone(&name), name, value });
            }
        }
    }
}

/// A definition as the kit knows it; `None` without an id.
pub(crate) fn defined(definition: &wire::CustomField) -> Option<CustomField> {
    let section = definition.section.as_deref().value().unwrap_or_default().to_ascii_lowercase();
    let name = definition.name.as_deref().value().unwrap_or_default();
    let field = CustomField::new(definition.notes.id.as_deref()?, name);
    let field = field.sensitive(SENSITIVE.iter().any(|word| section.contains(word)));
    Some(match definition.kind.as_deref().value() {
        Some(kind) => field.of_kind(kind),
        None => field,
    })
}

/// The custom fields that a request names.
pub(crate) fn meant<'a>(defined: &'a [CustomField], request: &'a ReadRequest) -> CustomFields<'a> {
    CustomFields::of(defined, request, is_member)
}

/// Members of a person's own record that are asked for as if they were custom fields.
pub(crate) fn asked_members(request: &ReadRequest) -> Vec<&str> {
    CustomFields::members(request, is_member)
}

/// Whether the lists of custom fields have to be read for a request.
pub(crate) fn needs_lists(request: &ReadRequest) -> bool {
    CustomFields::are_needed(request, is_member)
}

fn is_member(word: &str) -> bool {
    Person::ASKED.contains(&word)
}
