//! Any field of an employee as text.

use std::borrow::Cow;

use crate::{Employee, Field, SourceField, StandardField};

/// The text of `field`: dates as `YYYY-MM-DD`, lists joined with `; `, the address as a JSON
/// object. Custom fields go by id, or by the exact name.
pub(crate) fn read<'a>(person: &'a Employee, field: &SourceField) -> Field<Cow<'a, str>> {
    let standard = match field {
        SourceField::Standard(standard) => *standard,
        SourceField::CustomId(id) => return custom(person, |value| *value.id == **id),
        SourceField::CustomName(name) => return custom(person, |value| *value.name == **name),
    };
    if standard.text_slot().is_some() {
        return person.text(standard).map(Cow::Borrowed);
    }
    match standard {
        StandardField::Id => Field::Value(Cow::Borrowed(person.id().as_str())),
        StandardField::Status => Field::Value(Cow::Borrowed(person.status().as_str())),
        StandardField::Address => person.address().map(|address| Cow::Owned(json(&address))),
        StandardField::Team => match person.teams() {
            Field::Value([first, ..]) => Field::Value(Cow::Borrowed(first.as_str())),
            Field::Value([]) => Field::Cleared,
            other => other.map(|_| Cow::Borrowed("")),
        },
        StandardField::Teams => joined(person.teams()),
        StandardField::Groups => joined(person.groups()),
        StandardField::Identifications => match person.identifications() {
            Field::Value([]) => Field::Cleared,
            other => other.map(|list| Cow::Owned(json(&list))),
        },
        date => person.date(date).map(|day| Cow::Owned(day.to_string())),
    }
}

fn custom<'a>(person: &'a Employee, wanted: impl Fn(&crate::CustomValue) -> bool) -> Field<Cow<'a, str>> {
    let found = person.custom().iter().find(|value| wanted(value));
    found.map_or(Field::NotProvided, |value| value.value.as_deref().map(Cow::Borrowed))
}

fn joined(list: Field<&[String]>) -> Field<Cow<'_, str>> {
    match list {
        Field::Value([]) => Field::Cleared,
        Field::Value([one]) => Field::Value(Cow::Borrowed(one)),
        other => other.map(|list| Cow::Owned(list.join("; "))),
    }
}

/// The types written here have only text keys, so serialising them cannot fail.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
