//! The customer's own fields: which are read, and their values.

use std::collections::HashMap;
use std::sync::Arc;

use hris_core::connector::{CustomField, CustomFields, ReadFields};
use hris_core::http::Part;
use hris_core::wire::Record;
use hris_core::{Employee, Field, Problem, ReadRequest, Result};

use super::Lists;
use crate::wire::{self, CustomValue, Person};

/// Sections whose fields are read only when they are asked for by id.
const SENSITIVE: [&str; 4] = ["bank", "compensation", "health", "salary"];

/// What to do where custom fields may not be read.
const GRANT: &str = "grant the token `private:read` and its owner's role each field";

/// The custom fields that are wanted, and everybody's values.
pub(crate) struct Customs<'a> {
    read: ReadFields,
    values: HashMap<&'a str, Vec<&'a CustomValue>>,
}

impl<'a> Customs<'a> {
    pub(super) fn new(lists: &'a Lists, request: &ReadRequest) -> Result<Self> {
        // A field without its values may not be read either.
        let values_hidden = lists.custom_values.hidden().map(Part::Hidden);
        let defined = match &values_hidden {
            Some(hidden) if lists.custom_fields.hidden().is_none() => hidden,
            _ => &lists.custom_fields,
        };
        let read = ReadFields::of(defined, request, meant, GRANT)?;
        let mut values: HashMap<&str, Vec<&CustomValue>> = HashMap::new();
        for value in lists.custom_values.read().into_iter().flatten() {
            let field = value.field.as_deref().value();
            if let Field::Value(person) = value.person.as_deref()
                && read.fields().iter().any(|known| Some(&*known.id) == field)
            {
                values.entry(person).or_default().push(value);
            }
        }
        Ok(Self { read, values })
    }

    /// That custom fields may not be read, where they may not.
    pub(super) fn take_problem(&mut self) -> Option<Problem> {
        self.read.take_problem()
    }

    /// Puts a person's values where they belong. A value of a job role counts only if that is the current
    /// job role.
    pub(super) fn put(&self, employee: &mut Employee, person: &mut Person, role: Option<&str>) {
        let values = self.values.get(employee.id().as_str()).map_or(&[][..], Vec::as_slice);
        self.read.put(employee, |field| {
            let mut of_field =
                values.iter().filter(|value| value.field.as_deref() == Field::Value(&*field.id));
            let own = of_field.clone().find(|value| !value.resource.is_value());
            let of_role = |value: &&&CustomValue| role.is_some() && value.resource.as_deref().value() == role;
            own.or_else(|| of_field.find(of_role)).map(|found| found.value.clone())
        });
        for (name, value) in person.notes.asked.drain(..) {
            if !self.read.fields().iter().any(|field| *field.id == *name) {
                let name: Arc<str> = name.into();
                employee.put_custom(hris_core::CustomValue { id: Arc::clone(&name), name, value });
            }
        }
    }
}

/// A definition as the kit knows it; `None` without an id.
pub(crate) fn defined(definition: &wire::CustomField) -> Option<CustomField> {
    let section = definition.section.as_deref().value().unwrap_or_default().to_ascii_lowercase();
    let field = CustomField::defined(definition.notes.id.as_deref(), &definition.name, &definition.kind)?;
    Some(field.sensitive(SENSITIVE.iter().any(|word| section.contains(word))))
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
