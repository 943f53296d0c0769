//! Custom fields and departments: the members whose names or shape the customer decides.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hris_core::connector::{CustomField, CustomFields};
use hris_core::wire;
use hris_core::{CustomValue, Employee, Field, ReadRequest, Result, SourceField};

use crate::wire::{CUSTOM, DimensionValue, Share, ShareOf};

/// Members that are read as custom fields of their own name.
const MEMBERS: [&str; 3] = ["email_copy", "employment_rate", "hours_per_week"];

/// A requested custom field: its member, its id, its name.
pub(crate) struct Wanted {
    member: String,
    id: Arc<str>,
    name: Arc<str>,
}

/// A definition as the kit knows it; `None` without an id. A kind of 1 is a list.
pub(crate) fn defined(definition: &crate::wire::CustomField) -> Option<CustomField> {
    let id = definition.notes.id.as_deref()?;
    let kind = if definition.kind.as_deref().value() == Some("1") { "list" } else { "text" };
    Some(CustomField::new(id, definition.name.as_deref().value().unwrap_or(id)).of_kind(kind))
}

/// The custom fields that a request names. A field named by id is found in people's records without its
/// definition.
pub(crate) fn meant<'a>(defined: &'a [CustomField], request: &'a ReadRequest) -> CustomFields<'a> {
    CustomFields::of(defined, request, is_member).with_open_ids()
}

/// Whether definitions are needed.
pub(crate) fn needs_custom_fields(request: &ReadRequest) -> bool {
    let by_name = |field: &SourceField| matches!(field, SourceField::CustomName(name) if !is_member(name));
    request.wants_everything() || request.named_fields().any(by_name)
}

/// The custom fields that are asked for, by their definitions or, by id, without them. Without `defined` the
/// definitions are hidden.
///
/// # Errors
/// [`ErrorKind::Config`](hris_core::ErrorKind::Config) when a requested name is missing, or several fields
/// have it.
pub(super) fn wanted(defined: Option<&[CustomField]>, request: &ReadRequest) -> Result<Vec<Wanted>> {
    let fields = meant(defined.unwrap_or_default(), request);
    let known = if defined.is_some() { fields.required()? } else { Vec::new() };
    let of =
        |id: &str, name: &str| Wanted { member: format!("{CUSTOM}{id}"), id: id.into(), name: name.into() };
    let mut found: Vec<Wanted> = known.iter().map(|field| of(&field.id, &field.name)).collect();
    for field in request.named_fields() {
        if let SourceField::CustomId(id) = field
            && !is_member(id)
            && !found.iter().any(|known| *known.id == **id)
        {
            found.push(of(id, id));
        }
    }
    let members = MEMBERS.iter().filter(|member| request.wants_custom_field(member, member));
    found.extend(members.map(|member| Wanted { member: (*member).to_owned(), ..of(member, member) }));
    Ok(found)
}

fn is_member(word: &str) -> bool {
    MEMBERS.contains(&word)
}

/// Puts the wanted fields of a person, which are among the members that no table names. An absent member is
/// empty. Members that contradict each other are ignored.
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
