//! One value, read without believing its type.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::read::{Key, Reading};
use crate::Field;

/// A value as a text, a list of texts, or neither.
pub(super) enum Loose {
    /// `null` or blank.
    Nothing,
    One(String),
    Many(Vec<String>),
    /// Of a type that the member cannot have.
    Unfit,
}

impl Loose {
    /// The value as one text, a list joined with `; `. `None` if it is unfit.
    pub(super) fn joined(self) -> Option<Field<String>> {
        match self {
            Self::Nothing => Some(Field::Cleared),
            Self::One(text) => Some(Field::Value(text)),
            Self::Many(texts) if texts.is_empty() => Some(Field::Cleared),
            Self::Many(texts) => Some(Field::Value(texts.join("; "))),
            Self::Unfit => None,
        }
    }
}

/// What a member may be besides one scalar.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum May {
    /// Nothing else.
    Scalar,
    /// An object with a `name` or a `value`.
    Named,
    /// The same, or a list of scalars and such objects.
    List,
}

/// Reads one value.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) may: May,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Loose;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose, D::Error> {
        if !self.reading.exact {
            return deserializer.deserialize_any(self);
        }
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => decode(raw).map(scalar).map_err(D::Error::custom),
            Some(b'n') | None => Ok(Loose::Nothing),
            Some(b'{' | b'[') if self.may == May::Scalar => Ok(Loose::Unfit),
            Some(b'{' | b'[') => {
                serde_json::Deserializer::from_str(raw).deserialize_any(self).map_err(D::Error::custom)
            }
            Some(_) => Ok(Loose::One(raw.to_owned())),
        }
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Loose, E> {
        Ok(Loose::One(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Loose, E> {
        Ok(Loose::One(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Loose, E> {
        Ok(Loose::One(value.to_string()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
        // A fraction, an exponent or too many digits: only the text itself has it as sent.
        self.reading.inexact.set(true);
        Ok(Loose::Unfit)
    }

    fn visit_str<E>(self, value: &str) -> Result<Loose, E> {
        Ok(scalar(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Loose, E> {
        Ok(scalar(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        if self.may == May::Scalar {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Loose::Unfit);
        }
        let inner = Self { may: May::Scalar, ..self };
        let (mut name, mut choice, mut id) = (Loose::Nothing, None, Loose::Nothing);
        while let Some(key) = map.next_key_seed(Key)? {
            match &*key {
                "name" => name = map.next_value_seed(inner)?,
                "value" => choice = Some(map.next_value_seed(inner)?),
                "id" => id = map.next_value_seed(inner)?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(match (name, choice, id) {
            (Loose::One(text), _, _) => Loose::One(text),
            // A choice without a value is none, whatever number it has.
            (Loose::Nothing, Some(choice @ (Loose::Nothing | Loose::One(_))), _) => choice,
            (Loose::Nothing, None, Loose::One(text)) => Loose::One(text),
            _ => Loose::Unfit,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
        if self.may != May::List {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Loose::Unfit);
        }
        let inner = Self { may: May::Named, ..self };
        let mut texts = Vec::new();
        let mut unfit = false;
        while let Some(element) = seq.next_element_seed(inner)? {
            match element {
                Loose::One(text) => texts.push(text),
                Loose::Nothing => {}
                Loose::Many(_) | Loose::Unfit => unfit = true,
            }
        }
        Ok(if unfit { Loose::Unfit } else { Loose::Many(texts) })
    }
}

fn scalar(text: String) -> Loose {
    if text.trim().is_empty() { Loose::Nothing } else { Loose::One(text) }
}

/// The text of a JSON string. Half of a surrogate pair, which no text can hold, becomes the
/// replacement character, so that one odd name does not spoil a whole page.
fn decode(json: &str) -> serde_json::Result<String> {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_bytes(Bytes)
}
