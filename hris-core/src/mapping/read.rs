//! Any field of an employee as text.

use std::borrow::Cow;

use crate::value::{self, json};
use crate::{Employee, Field, SourceField, StandardField};

/// The text of `field`: dates as `YYYY-MM-DD`, lists sorted and joined with `; `, the address as a JSON
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
        StandardField::Address => person.address_state().map(|()| Cow::Owned(json(&AddressText::of(person)))),
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
        date => person.date(date).map(|day| Cow::Owned(day.text())),
    }
}

fn custom<'a>(person: &'a Employee, wanted: impl Fn(&crate::CustomValue) -> bool) -> Field<Cow<'a, str>> {
    let found = person.custom().iter().find(|value| wanted(value));
    found.map_or(Field::NotProvided, |value| value.value.as_deref().map(Cow::Borrowed))
}

fn joined(list: Field<&[String]>) -> Field<Cow<'_, str>> {
    match list {
        Field::Value([]) => Field::Cleared,
        other => other.map(value::joined),
    }
}

/// An [`crate::Address`] that borrows its parts; it is written as that one is.
#[derive(serde::Serialize)]
struct AddressText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postcode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
}

impl<'a> AddressText<'a> {
    fn of(person: &'a Employee) -> Self {
        let part = |field| person.text(field).value();
        Self {
            street: part(StandardField::AddressStreet),
            city: part(StandardField::AddressCity),
            region: part(StandardField::AddressRegion),
            postcode: part(StandardField::AddressPostcode),
            country: part(StandardField::AddressCountry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_is_written() {
        let value = |text: &str| Field::Value(text.to_owned());
        let person = Employee::new("e-1")
            .with(StandardField::AddressStreet, value("4 \"Fuller's\" Yard"))
            .with(StandardField::AddressCountry, value("GB"));
        let field = SourceField::Standard(StandardField::Address);
        let whole = json(&person.address().value());
        assert_eq!(read(&person, &field).value().as_deref(), Some(whole.as_str()));
        let partly = person.with(StandardField::AddressCity, Field::NotPermitted);
        assert_eq!(read(&partly, &field), Field::NotPermitted);
        assert_eq!(read(&Employee::new("e-2"), &field), Field::NotProvided);
        let none = Employee::new("e-3").with(StandardField::AddressStreet, Field::Cleared);
        assert_eq!(read(&none, &field), Field::Cleared);
    }

    #[test]
    fn a_date_reads_as_it_is_shown() {
        for date in ["1900-01-01", "2028-02-29", "2199-12-31"] {
            let date: crate::Date = date.parse().expect("a date");
            assert_eq!(date.text(), date.to_string());
        }
    }
}
