//! The one visitor that reads every vendor's records.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::SliceRead;
use serde_json::value::RawValue;

use super::value::{Loose, May, Value};
use super::{List, Notes, Record, Slot};
use crate::http::Total;
use crate::{Date, Day, Field};

/// How a document is being read.
pub(super) struct Reading<'a> {
    asked: &'a [&'a str],
    /// Scalars are taken from their own text: slower, and nothing of a number is lost.
    pub(super) exact: bool,
    /// Set when a number was met whose text the fast way loses.
    pub(super) inexact: Cell<bool>,
}

/// Reads a whole document with `read`, and once more with care where the fast way is not enough:
/// it loses long numbers and refuses half a surrogate pair.
pub(super) fn document<'de, T>(
    body: &'de [u8],
    asked: &[&str],
    read: impl Fn(&Reading<'_>, &mut serde_json::Deserializer<SliceRead<'de>>) -> serde_json::Result<T>,
) -> serde_json::Result<T> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let attempt = |reading: &Reading<'_>| {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let value = read(reading, &mut deserializer)?;
        deserializer.end()?;
        Ok(value)
    };
    let fast = Reading { asked, exact: false, inexact: Cell::new(false) };
    match attempt(&fast) {
        Ok(value) if !fast.inexact.get() => Ok(value),
        _ => attempt(&Reading { asked, exact: true, inexact: Cell::new(false) }),
    }
}

/// Finds the list at a path and reads its records.
pub(super) struct ListSeed<'a, R> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) path: &'a [&'a str],
    record: PhantomData<R>,
}

impl<'a, R> ListSeed<'a, R> {
    pub(super) fn new(reading: &'a Reading<'a>, path: &'a [&'a str]) -> Self {
        Self { reading, path, record: PhantomData }
    }
}

impl<'de, R: Record> DeserializeSeed<'de> for ListSeed<'_, R> {
    type Value = List<R>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<List<R>, D::Error> {
        if self.path.is_empty() {
            deserializer.deserialize_seq(self)
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de, R: Record> Visitor<'de> for ListSeed<'_, R> {
    type Value = List<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path.is_empty() { "a list" } else { "an object that holds a list" })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<R>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element_seed(RecordSeed::new(self.reading))? {
            rows.push(row);
        }
        Ok(List { rows, counts: Vec::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<R>, A::Error> {
        let Some((name, rest)) = self.path.split_first() else {
            return Err(A::Error::custom("an object in place of a list"));
        };
        let mut list: Option<List<R>> = None;
        let mut counts = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            if key == *name {
                let found = map.next_value_seed(ListSeed::new(self.reading, rest))?;
                if list.replace(found).is_some() {
                    return Err(A::Error::custom("the list is there twice"));
                }
            } else {
                let told = map.next_value::<&RawValue>()?.get();
                counts.push((key.into(), Total::read(told)));
            }
        }
        let mut list = list.ok_or_else(|| A::Error::custom("the list is missing"))?;
        list.counts.extend(counts);
        Ok(list)
    }
}

/// Reads one element of a list, whatever it is.
pub(super) struct RecordSeed<'a, R> {
    reading: &'a Reading<'a>,
    record: PhantomData<R>,
}

impl<'a, R> RecordSeed<'a, R> {
    pub(super) fn new(reading: &'a Reading<'a>) -> Self {
        Self { reading, record: PhantomData }
    }
}

impl<'de, R: Record> DeserializeSeed<'de> for RecordSeed<'_, R> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Record> Visitor<'de> for RecordSeed<'_, R> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<R, A::Error> {
        let mut record = R::default();
        let mut notes = Notes::default();
        let mut ids = 0_u32;
        let mut extra = Extra(String::new());
        while let Some(key) = map.next_key_seed(Key)? {
            let mut member = Member { map: &mut map, reading: self.reading, key: &key, notes: &mut notes };
            match record.slot(&key) {
                Slot::Array(slot) => member.raw(slot, b'[')?,
                Slot::Asked if !self.reading.asked.contains(&&*key) => member.drop()?,
                Slot::Asked => {
                    let mut value = Field::NotProvided;
                    member.loose(&mut value)?;
                    notes.repeated |= notes.asked.iter().any(|(known, _)| **known == *key);
                    notes.asked.push((key.into(), value));
                }
                Slot::Date(slot) => member.date(slot)?,
                Slot::Dropped => member.drop()?,
                Slot::Extra => {
                    let json = member.map.next_value::<&RawValue>()?.get();
                    extra.push(key, json);
                }
                Slot::Flag(slot) => drop(member.flag(slot)?),
                Slot::Id => {
                    ids += 1;
                    notes.id = match member.value(May::Scalar)? {
                        Loose::One(id) if ids == 1 => Some(id),
                        _ => None,
                    };
                }
                Slot::KeptFlag(slot) => {
                    let json = member.flag(slot)?;
                    extra.push(key, json);
                }
                Slot::List(slot) => member.list(slot)?,
                Slot::Loose(slot) => member.loose(slot)?,
                Slot::Object(slot) => member.raw(slot, b'{')?,
                Slot::Text(slot) => member.text(slot)?,
            }
        }
        notes.repeated |= ids > 1;
        notes.extra = extra.finish();
        *record.notes_mut() = notes;
        Ok(record)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<R, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(shapeless())
    }

    fn visit_unit<E>(self) -> Result<R, E> {
        Ok(shapeless())
    }

    fn visit_bool<E>(self, _: bool) -> Result<R, E> {
        Ok(shapeless())
    }

    fn visit_u64<E>(self, _: u64) -> Result<R, E> {
        Ok(shapeless())
    }

    fn visit_i64<E>(self, _: i64) -> Result<R, E> {
        Ok(shapeless())
    }

    fn visit_f64<E>(self, _: f64) -> Result<R, E> {
        Ok(shapeless())
    }

    fn visit_str<E>(self, _: &str) -> Result<R, E> {
        Ok(shapeless())
    }
}

fn shapeless<R: Record>() -> R {
    let mut record = R::default();
    record.notes_mut().shapeless = true;
    record
}

/// One member whose value is to be read.
struct Member<'m, 'r, A> {
    map: &'m mut A,
    reading: &'r Reading<'r>,
    key: &'m str,
    notes: &'m mut Notes,
}

impl<'de, A: MapAccess<'de>> Member<'_, '_, A> {
    fn value(&mut self, may: May) -> Result<Loose, A::Error> {
        self.map.next_value_seed(Value { reading: self.reading, may })
    }

    fn drop(&mut self) -> Result<(), A::Error> {
        self.map.next_value::<IgnoredAny>().map(drop)
    }

    fn text(&mut self, slot: &mut Field<String>) -> Result<(), A::Error> {
        let value = self.value(May::Scalar)?;
        self.put(slot, value, |text| text);
        Ok(())
    }

    fn date(&mut self, slot: &mut Field<Date>) -> Result<(), A::Error> {
        let value = match self.value(May::Scalar)? {
            Loose::Nothing => Field::Cleared,
            Loose::One(text) => match Day::read(&text) {
                Day::On(date) => Field::Value(date),
                Day::Open => Field::Cleared,
                Day::Unreadable => Field::NotProvided,
            },
            Loose::Many(_) | Loose::Unfit => Field::NotProvided,
        };
        if value == Field::NotProvided {
            self.notes.undated.push(self.key.into());
        }
        self.set(slot, value);
        Ok(())
    }

    /// Reads a flag, and answers its text.
    fn flag(&mut self, slot: &mut Field<bool>) -> Result<&'de str, A::Error> {
        let raw = self.map.next_value::<&RawValue>()?.get();
        let value = match raw.trim_matches('"') {
            "true" | "1" => Field::Value(true),
            "false" | "0" => Field::Value(false),
            "null" | "" => Field::Cleared,
            _ => {
                self.notes.unfit.push(self.key.into());
                Field::NotProvided
            }
        };
        self.set(slot, value);
        Ok(raw)
    }

    fn list(&mut self, slot: &mut Field<Vec<String>>) -> Result<(), A::Error> {
        match self.value(May::List)? {
            Loose::Many(texts) => self.set(slot, Field::Value(texts)),
            one => self.put(slot, one, |text| vec![text]),
        }
        Ok(())
    }

    fn loose(&mut self, slot: &mut Field<String>) -> Result<(), A::Error> {
        let value = self.value(May::List)?.joined();
        if value.is_none() {
            self.notes.unfit.push(self.key.into());
        }
        self.set(slot, value.unwrap_or_default());
        Ok(())
    }

    /// Keeps the JSON of an object or a list, whichever begins so.
    fn raw(&mut self, slot: &mut Field<Box<str>>, begin: u8) -> Result<(), A::Error> {
        let raw = self.map.next_value::<&RawValue>()?.get();
        match raw.as_bytes().first() {
            Some(first) if *first == begin => self.set(slot, Field::Value(raw.into())),
            Some(b'n') => self.set(slot, Field::Cleared),
            _ => {
                self.notes.unfit.push(self.key.into());
                self.set(slot, Field::NotProvided);
            }
        }
        Ok(())
    }

    fn put<T: PartialEq>(&mut self, slot: &mut Field<T>, value: Loose, make: impl FnOnce(String) -> T) {
        match value {
            Loose::Nothing => self.set(slot, Field::Cleared),
            Loose::One(text) => self.set(slot, Field::Value(make(text))),
            Loose::Many(_) | Loose::Unfit => {
                self.notes.unfit.push(self.key.into());
                self.set(slot, Field::NotProvided);
            }
        }
    }

    fn set<T: PartialEq>(&mut self, slot: &mut Field<T>, value: Field<T>) {
        let spoiled = |names: &[Box<str>]| names.iter().filter(|name| &***name == self.key).count();
        let unreadable = spoiled(&self.notes.unfit) + spoiled(&self.notes.undated);
        if *slot != Field::NotProvided || unreadable > usize::from(value == Field::NotProvided) {
            self.notes.repeated = true;
        }
        *slot = value;
    }
}

/// Reads every member of an object loosely.
pub(super) struct MembersSeed<'a>(pub(super) &'a Reading<'a>);

impl<'de> DeserializeSeed<'de> for MembersSeed<'_> {
    type Value = Vec<(String, Field<String>)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MembersSeed<'_> {
    type Value = Vec<(String, Field<String>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            if members.iter().any(|(known, _)| **known == *key) {
                return Err(A::Error::custom("a member is there twice"));
            }
            let value = map.next_value_seed(Value { reading: self.0, may: May::List })?.joined();
            members.push((key.into_owned(), value.unwrap_or_default()));
        }
        Ok(members)
    }
}

/// The text of one JSON object, as it grows.
struct Extra(String);

impl Extra {
    fn push(&mut self, key: Cow<'_, str>, json: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        match key {
            // A key that could be borrowed has no escapes, so it needs none.
            Cow::Borrowed(key) => self.0.extend(["\"", key, "\":"]),
            Cow::Owned(key) => self.0.extend([&*serde_json::Value::from(key).to_string(), ":"]),
        }
        self.0.push_str(json);
    }

    fn finish(mut self) -> Option<Box<str>> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push('}');
        Some(self.0.into())
    }
}

/// A key, borrowed where it has no escapes.
pub(super) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
