//! A value of a field by its own type, so that nothing is joined into a text and guessed out of it again.

use std::borrow::Cow;
use std::fmt;

use crate::{Address, Date, Employee, Field, Identification, Kind, StandardField};

/// A value of a field, whichever field that is.
///
/// `Debug` shows what kind of value it is, never the value.
///
/// ```
/// use hris_core::{Kind, Value};
///
/// let teams = Value::from(vec!["R&D; Labs".to_owned(), "Dyeing".to_owned()]);
/// assert_eq!(teams.kind(), Kind::List);
/// assert_eq!(format!("{teams:?}"), "List(…)");
///
/// let day = Value::of(Kind::Date, "2026-11-23");
/// assert_eq!((day.kind(), day.text()), (Kind::Date, "2026-11-23".into()));
/// assert_eq!(Value::of(Kind::Date, "next week").kind(), Kind::Text);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// An address.
    Address(Box<Address>),
    /// A day.
    Date(Date),
    /// Numbers given by authorities.
    Identifications(Vec<Identification>),
    /// Names, in no particular order.
    List(Vec<String>),
    /// One text.
    Text(Box<str>),
}

impl Value {
    /// A text as a value of this kind: a date from `YYYY-MM-DD`, an address from a JSON object, identifications
    /// from a JSON list. It stays a text where it is no such value, and where names were joined in it, because
    /// nobody can tell what stood between them.
    #[must_use]
    pub fn of(kind: Kind, text: &str) -> Self {
        let found = match kind {
            Kind::Address => serde_json::from_str(text).ok().map(|address| Self::Address(Box::new(address))),
            Kind::Date => text.trim().parse().ok().map(Self::Date),
            Kind::Identifications => serde_json::from_str(text).ok().map(Self::Identifications),
            Kind::Derived | Kind::List | Kind::Text => None,
        };
        found.unwrap_or_else(|| Self::Text(text.into()))
    }

    /// What the value is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Address(_) => Kind::Address,
            Self::Date(_) => Kind::Date,
            Self::Identifications(_) => Kind::Identifications,
            Self::List(_) => Kind::List,
            Self::Text(_) => Kind::Text,
        }
    }

    /// The value as one text: how a mapping shows it and a plan keeps it. An address is a JSON object,
    /// identifications are a JSON list, names are sorted and joined with `; `.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Address(address) => Cow::Owned(json(address)),
            Self::Date(day) => Cow::Owned(day.text()),
            Self::Identifications(numbers) => Cow::Owned(json(numbers)),
            Self::List(names) => joined(names),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// The value if it is one text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What stands between the names of a list that is shown as one text.
pub(crate) const BETWEEN: &str = "; ";

/// Names as one text. In which order a vendor sends them says nothing.
pub(crate) fn joined(names: &[String]) -> Cow<'_, str> {
    if let [one] = names {
        return Cow::Borrowed(one);
    }
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    Cow::Owned(names.join(BETWEEN))
}

/// The types that are written here have only text keys, so writing them cannot fail.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}(…)", self.kind())
    }
}

macro_rules! from {
    ($($type:ty => $make:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                $make(value)
            }
        }
    )*};
}

from! {
    &str => |text: &str| Self::Text(text.into());
    Address => |address| Self::Address(Box::new(address));
    Date => Self::Date;
    String => |text: String| Self::Text(text.into());
    Vec<Identification> => Self::Identifications;
    Vec<String> => Self::List;
}

/// The field does not hold values of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field {field} holds no value of the kind {given:?}")]
pub struct WrongKind {
    /// The field.
    pub field: StandardField,
    /// What it was given; its own kind where nothing can set it.
    pub given: Kind,
}

impl Employee {
    /// Sets any field by its kind of value; an address sets all of its parts. Blank text becomes
    /// [`Field::Cleared`].
    ///
    /// ```
    /// use hris_core::{Date, Employee, Field, StandardField, Value};
    ///
    /// let mut person = Employee::new("e-17");
    /// person.set(StandardField::StartDate, Field::Value(Date::new(2026, 11, 23)?.into()))?;
    /// person.set(StandardField::Teams, Field::Value(vec!["R&D; Labs".to_owned()].into()))?;
    /// assert_eq!(person.teams(), Field::Value(&["R&D; Labs".to_owned()][..]));
    /// assert!(person.set(StandardField::StartDate, Field::Value("next week".into())).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`WrongKind`] if the field holds no such value, or is one that nothing sets: the id, the status, the first
    /// team. Then the person stays as they were.
    pub fn set(&mut self, field: StandardField, value: Field<Value>) -> Result<(), WrongKind> {
        let given = value.as_ref().value().map_or(field.kind(), Value::kind);
        let wrong = WrongKind { field, given };
        match field.kind() {
            Kind::Address => {
                let address = typed(value, |value| match value {
                    Value::Address(address) => Some(*address),
                    _ => None,
                });
                let parts = match address.ok_or(wrong)? {
                    Field::Value(Address { street, city, region, postcode, country }) => {
                        [street, city, region, postcode, country].map(Field::from)
                    }
                    other => std::array::from_fn(|_| other.as_ref().map(|_| String::new())),
                };
                for (field, part) in StandardField::ADDRESS.into_iter().zip(parts) {
                    self.put(field, part);
                }
            }
            Kind::Date => {
                let day = typed(value, |value| match value {
                    Value::Date(day) => Some(day),
                    _ => None,
                });
                self.put_date(field, day.ok_or(wrong)?);
            }
            Kind::Derived => return Err(wrong),
            Kind::Identifications => {
                let numbers = typed(value, |value| match value {
                    Value::Identifications(numbers) => Some(numbers),
                    _ => None,
                });
                self.put_identifications(numbers.ok_or(wrong)?);
            }
            Kind::List => {
                let names = typed(value, |value| match value {
                    Value::List(names) => Some(names),
                    _ => None,
                });
                self.put_list(field, names.ok_or(wrong)?);
            }
            Kind::Text => {
                let text = typed(value, |value| match value {
                    Value::Text(text) => Some(String::from(text)),
                    _ => None,
                });
                self.put(field, text.ok_or(wrong)?);
            }
        }
        Ok(())
    }
}

/// The same state around the value as its own type; `None` if it is of another one.
fn typed<T>(value: Field<Value>, take: impl FnOnce(Value) -> Option<T>) -> Option<Field<T>> {
    match value {
        Field::Value(value) => take(value).map(Field::Value),
        Field::Cleared => Some(Field::Cleared),
        Field::NotPermitted => Some(Field::NotPermitted),
        Field::NotProvided => Some(Field::NotProvided),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One value of each kind, and a field that holds it.
    fn each() -> [(StandardField, Value); 5] {
        let address = Address { city: Some("Leeds".to_owned()), ..Address::default() };
        let number = Identification { number: "17".to_owned(), kind: None, country: None };
        [
            (StandardField::Address, address.into()),
            (StandardField::EndDate, Value::of(Kind::Date, "2026-11-01")),
            (StandardField::Identifications, vec![number].into()),
            (StandardField::Groups, vec!["R&D; Labs".to_owned(), "Mill".to_owned()].into()),
            (StandardField::Email, "ada@mill.example".into()),
        ]
    }

    #[test]
    fn a_field_takes_its_own_kind_of_value_in_each_state_and_no_other() {
        for (field, value) in each() {
            assert_eq!(field.kind(), value.kind());
            for state in [Field::Value(value), Field::Cleared, Field::NotPermitted, Field::NotProvided] {
                let mut person = Employee::new("e-1");
                let presence = state.as_ref().map(|_| ());
                assert_eq!(person.set(field, state), Ok(()));
                assert_eq!(person.presence(field), presence, "{field}");
            }
            for (other, value) in each().into_iter().filter(|(other, _)| *other != field) {
                let mut person = Employee::new("e-1");
                let given = value.kind();
                assert_eq!(
                    person.set(field, Field::Value(value)),
                    Err(WrongKind { field, given }),
                    "{other}"
                );
                assert_eq!(person, Employee::new("e-1"));
            }
        }
    }

    #[test]
    fn nothing_sets_what_follows_from_something_else() {
        for field in [StandardField::Id, StandardField::Status, StandardField::Team] {
            for value in each().map(|(_, value)| Field::Value(value)).into_iter().chain([Field::Cleared]) {
                assert!(Employee::new("e-1").set(field, value).is_err(), "{field}");
            }
        }
    }

    #[test]
    fn a_value_is_found_again_in_its_text_unless_names_were_joined() {
        for (_, value) in each() {
            let again = Value::of(value.kind(), &value.text());
            assert_eq!(again == value, value.kind() != Kind::List, "{value:?}");
            assert_eq!(again.text(), value.text());
        }
        for (kind, text) in
            [(Kind::Date, "1.3.2024"), (Kind::Address, "4 Yard"), (Kind::Identifications, "17")]
        {
            assert_eq!(Value::of(kind, text), Value::from(text));
        }
    }
}
