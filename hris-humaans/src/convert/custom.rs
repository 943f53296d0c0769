//! The customer's own fields: which are read, and their values.

use std::collections::HashMap;
use std::sync::Arc;

use hris_core::wire::Record;
use hris_core::{
    CustomValue, Employee, Error, ErrorKind, Field, Problem, ProblemCode, ReadRequest, Result, SourceField,
    custom_fields_called, nearest_custom_field, no_such_custom_fields,
};

use super::Lists;
use crate::wire::{CustomField, Person};

/// Sections whose fields are read only when they are asked for by id.
const SENSITIVE: [&str; 4] = ["bank", "compensation", "health", "salary"];

/// The custom fields that are wanted, and everybody's values.
pub(crate) struct Customs<'a> {
    fields: Vec<(Arc<str>, Arc<str>)>,
    values: HashMap<&'a str, Vec<Value<'a>>>,
    /// Fields asked for that may not be seen.
    hidden: Vec<CustomValue>,
    /// What the mapping should be told.
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
                    "custom fields may not be read (HTTP {status}): grant the token `private:read` and its maker's \
                     role each field; accounts keep what they have"
                );
                customs.problems.push(Problem::warning(ProblemCode::NotPermitted, words).field("custom"));
            }
            return Ok(customs);
        }
        let Some(definitions) = lists.custom_fields.read() else { return Ok(customs) };
        let lacking =
            lacking(definitions, request).into_iter().map(|field| (field, near(definitions, field)));
        if let Some(error) = no_such_custom_fields(lacking) {
            return Err(error);
        }
        let mut places: HashMap<&str, usize> = HashMap::new();
        for definition in wanted(definitions, request)? {
            let Some(id) = definition.notes.id.as_deref() else { continue };
            places.insert(id, customs.fields.len());
            customs.fields.push((id.into(), definition.name.as_deref().value().unwrap_or_default().into()));
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

    /// Puts a person's values where they belong. A value that hangs on a record of its own counts
    /// only if that is the current job role.
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

/// The definitions that a request wants.
///
/// # Errors
/// [`ErrorKind::Config`] when it names one by a name that several have.
pub(crate) fn wanted<'d>(
    definitions: &'d [CustomField],
    request: &ReadRequest,
) -> Result<Vec<&'d CustomField>> {
    for field in request.custom_fields() {
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
        let Some(id) = definition.notes.id.as_deref() else { return false };
        if is_sensitive(definition) {
            return request.custom_fields().any(|field| *field == SourceField::CustomId(id.to_owned()));
        }
        request.wants_custom_field(id, definition.name.as_deref().value().unwrap_or_default())
            || request.custom_fields().any(|field| means(field, definition, definitions))
    };
    Ok(definitions.iter().filter(wanted).collect())
}

/// The custom fields asked for by name or id that no definition answers to.
pub(crate) fn lacking<'r>(definitions: &[CustomField], request: &'r ReadRequest) -> Vec<&'r SourceField> {
    let answers = |field: &SourceField, definition: &CustomField| match field {
        SourceField::CustomId(id) => definition.notes.id.as_deref() == Some(id),
        SourceField::CustomName(_) => means(field, definition, definitions) && !is_sensitive(definition),
        SourceField::Standard(_) => true,
    };
    request
        .custom_fields()
        .filter(|field| !is_member(field))
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
    let open = definitions.iter().filter(|definition| !is_sensitive(definition));
    nearest_custom_field(field, open.filter_map(|definition| definition.name.as_deref().value()))
}

/// Whether a field stands in a section about bank details, pay or health.
pub(crate) fn is_sensitive(definition: &CustomField) -> bool {
    let section = definition.section.as_deref().value().unwrap_or_default().to_ascii_lowercase();
    SENSITIVE.iter().any(|word| section.contains(word))
}

/// Members of a person's own record that are asked for as if they were custom fields.
pub(crate) fn asked_members(request: &ReadRequest) -> Vec<&str> {
    request.custom_fields().filter(|field| is_member(field)).filter_map(SourceField::custom).collect()
}

fn is_member(field: &SourceField) -> bool {
    field.custom().is_some_and(|word| Person::ASKED.contains(&word))
}

/// Whether the lists of custom fields have to be read for a request.
pub(crate) fn needs_lists(request: &ReadRequest) -> bool {
    request.wants_everything() || request.custom_fields().any(|field| !is_member(field))
}
