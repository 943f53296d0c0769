//! Custom fields and departments: what stands in members whose names or shape the customer decides.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hris_core::wire;
use hris_core::{
    CustomValue, Employee, Error, ErrorKind, Field, ReadRequest, Result, SourceField, custom_fields_called,
    nearest_custom_field,
};

use crate::wire::{CUSTOM, CustomField, DimensionValue, Share, ShareOf};

/// Members that are read as custom fields of their own name.
const MEMBERS: [&str; 3] = ["email_copy", "employment_rate", "hours_per_week"];

/// A custom field that is asked for: where it stands, its id, its name.
pub(crate) struct Wanted {
    member: String,
    id: Arc<str>,
    name: Arc<str>,
}

/// Whether definitions are needed: a field that is asked for by id is found without them.
pub(crate) fn needs_custom_fields(request: &ReadRequest) -> bool {
    let by_name = |field: &SourceField| match field {
        SourceField::CustomName(name) => !MEMBERS.contains(&name.as_str()),
        _ => false,
    };
    request.wants_everything() || request.named_fields().any(by_name)
}

/// The custom fields that are asked for, by their definitions or, by id, without them.
///
/// # Errors
/// [`ErrorKind::Config`] when one is asked for by a name that several have.
pub(crate) fn wanted(definitions: &[CustomField], request: &ReadRequest) -> Result<Vec<Wanted>> {
    for field in request.named_fields() {
        let SourceField::CustomName(name) = field else { continue };
        if called(name, definitions).len() > 1 {
            let words =
                format!("custom field {name:?}: several have this name; ask for it by id, custom.#ID");
            return Err(Error::new(ErrorKind::Config, words));
        }
    }
    let mut found: Vec<Wanted> = Vec::new();
    for definition in definitions {
        let Some(id) = definition.notes.id.as_deref() else { continue };
        let name = definition.name.as_deref().value().unwrap_or(id);
        let by_name = request.named_fields().any(|field| means(field, definition, definitions));
        if !by_name && !request.wants_custom_field(id, name) {
            continue;
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
pub(crate) fn lacking<'r>(definitions: &[CustomField], request: &'r ReadRequest) -> Vec<&'r SourceField> {
    let lacks = |field: &&SourceField| match field {
        SourceField::CustomName(name) => {
            called(name, definitions).is_empty() && !MEMBERS.contains(&name.as_str())
        }
        _ => false,
    };
    request.named_fields().filter(lacks).collect()
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

/// Puts the wanted fields of a person, which are among the members that no table names. A member
/// that is absent is empty; of members that contradict each other none says anything.
pub(super) fn put(employee: &mut Employee, extra: Option<&str>, wanted: &[Wanted]) {
    let members = extra.map_or_else(|| Some(Vec::new()), wire::members);
    for field in wanted {
        let value = match &members {
            None => Field::NotProvided,
            Some(members) => {
                let member = members.iter().find(|(name, _)| *name == field.member);
                member.map_or(Field::Cleared, |(_, value)| value.clone())
            }
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
    pub(super) fn of(&self, accounting: &Field<Box<str>>) -> std::result::Result<Field<String>, ()> {
        let shares: Vec<Share> = match accounting.as_deref() {
            Field::Value(json) => wire::objects(json).unwrap_or_default(),
            _ => Vec::new(),
        };
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for share in &shares {
            let parts: Vec<ShareOf> =
                share.dimensions.as_deref().value().and_then(wire::objects).unwrap_or_default();
            for part in parts.into_iter().filter(|part| part.notes.id.as_ref() == Some(&self.dimension)) {
                if let Field::Value(value) = part.value {
                    *sums.entry(value).or_default() += hundredths(share.percentage.as_deref());
                }
            }
        }
        let Some(most) = sums.values().max().copied() else { return Ok(Field::Cleared) };
        let mut first = sums.iter().filter(|(_, sum)| **sum == most).map(|(value, _)| value);
        match (first.next(), first.next()) {
            (Some(value), None) => Ok(Field::Value(self.names.get(value).unwrap_or(value).clone())),
            _ => Err(()),
        }
    }
}

/// A percentage in hundredths, so that shares compare exactly.
#[expect(clippy::cast_possible_truncation, reason = "held between 0 and 100 percent")]
fn hundredths(percentage: Field<&str>) -> i64 {
    let percentage = percentage.value().and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or_default();
    (percentage.clamp(0.0, 100.0) * 100.0).round() as i64
}
