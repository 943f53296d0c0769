//! Tolerant and fast reading of a vendor's JSON records.
//!
//! A connector names the members of a record once, with [`record!`](crate::record), and gets a
//! struct whose every member is a [`Field`]: a key that is absent says nothing, `null` and blank
//! text say that there is no value. A value of the wrong type spoils that member only. What the
//! table does not name is kept as one text of JSON, and what it calls `dropped` is never held.
//!
//! ```
//! use hris_core::Field;
//! use hris_core::http::Response;
//!
//! hris_core::record! {
//!     /// One element of a vendor's list.
//!     struct Person {
//!         id { "id" }
//!         text { name = "fullName", phone = "phone", title = "title" }
//!         list { teams = "teams" }
//!         dropped { "calendarSecret" }
//!         others Extra
//!     }
//! }
//!
//! let response = Response::new(200).with_body(
//!     r#"{"total":1,"data":[{"id":7,"fullName":"Imogen","phone":null,"teams":[{"name":"Ops"}],
//!         "calendarSecret":"never","shoeSize":38}]}"#,
//! );
//! let list = hris_core::wire::list::<Person>(&response, &["data"], &[])?;
//! let person = &list.rows[0];
//! assert_eq!(list.count("total"), Some(1));
//! assert_eq!(person.notes.id.as_deref(), Some("7"));
//! assert_eq!(person.name.as_deref(), Field::Value("Imogen"));
//! assert_eq!(person.phone, Field::Cleared);
//! assert_eq!(person.title, Field::NotProvided);
//! assert_eq!(person.teams, Field::Value(vec!["Ops".to_owned()]));
//! assert_eq!(person.notes.extra.as_deref(), Some(r#"{"shoeSize":38}"#));
//! # Ok::<(), hris_core::Error>(())
//! ```

mod read;
mod value;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use crate::{Date, Error, ErrorKind, Field, Result, StandardField, http::Response, http::Total};

/// A vendor's record: which member goes where. [`record!`](crate::record) implements it.
pub trait Record: Default + PartialEq + Send {
    /// Members that are read only when they are asked for by name.
    const ASKED: &'static [&'static str];

    /// The members that are a standard field as they stand, and that field.
    const FILLS: &'static [(&'static str, StandardField)];

    /// Gives away the texts of these members, each with its field.
    fn texts(&mut self, take: &mut dyn FnMut(StandardField, Field<String>));

    /// Where the value of a member goes.
    fn slot(&mut self, member: &str) -> Slot<'_>;

    /// The id exactly as sent, if there is a usable one.
    fn id(&self) -> Option<&str>;

    /// What was noticed while reading.
    fn notes(&self) -> &Notes;

    /// Where to note it.
    fn notes_mut(&mut self) -> &mut Notes;
}

/// Where the value of a member goes, and what it may be.
#[derive(Debug)]
pub enum Slot<'a> {
    /// A list, kept as its JSON to be read when needed.
    Array(&'a mut Field<Box<str>>),
    /// Read loosely into [`Notes::asked`] when asked for by name, else dropped.
    Asked,
    /// A calendar date, read as [`Day`](crate::Day) is; a day that never comes is none.
    Date(&'a mut Field<Date>),
    /// Never held.
    Dropped,
    /// Kept with its name in [`Notes::extra`].
    Extra,
    /// `true` or `false`; also as text, and as 1 or 0.
    Flag(&'a mut Field<bool>),
    /// The record's id.
    Id,
    /// A flag that is kept in [`Notes::extra`] as well.
    KeptFlag(&'a mut Field<bool>),
    /// Texts, or objects with a `name` (else a `value`, else an `id`).
    List(&'a mut Field<Vec<String>>),
    /// A text, an object with a `name` or a `value`, or a list of these, joined with `; `.
    Loose(&'a mut Field<String>),
    /// An object, kept as its JSON to be read when needed.
    Object(&'a mut Field<Box<str>>),
    /// A text; a number or truth value is taken as it was written.
    Text(&'a mut Field<String>),
}

/// What was noticed while reading one record.
///
/// It holds values, so it has no `Debug`; the names in it are the vendor's, never values.
#[derive(Default, PartialEq, Eq)]
#[allow(missing_debug_implementations)]
pub struct Notes {
    /// The id exactly as sent. `None` if it is missing, blank, not a scalar, or there twice.
    pub id: Option<String>,
    /// Members that the table does not name, as the text of one JSON object.
    pub extra: Option<Box<str>>,
    /// Members that were asked for by name.
    pub asked: Vec<(Box<str>, Field<String>)>,
    /// Members whose value was of a type they cannot have.
    pub unfit: Vec<Box<str>>,
    /// Members whose value is no date.
    pub undated: Vec<Box<str>>,
    /// A known member came more than once, so the record cannot be believed.
    pub repeated: bool,
    /// The element was no object at all.
    pub shapeless: bool,
}

/// A list as read from one answer.
#[allow(missing_debug_implementations)]
pub struct List<R> {
    /// Its records, in order, unreadable ones included.
    pub rows: Vec<R>,
    counts: Vec<(Box<str>, Total)>,
}

impl<R> List<R> {
    /// A whole number that stood beside the list, such as its total. Anything else than a whole
    /// number counts as not said.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.total(name).rows()
    }

    /// How many rows the whole list has, as a member beside it says. An invalid number of rows is different
    /// from a missing one.
    #[must_use]
    pub fn total(&self, name: &str) -> Total {
        self.counts.iter().find(|(known, _)| **known == *name).map_or(Total::Missing, |(_, total)| *total)
    }
}

/// Reads the list of records at `path` beneath the root of an answer; an empty path means that the
/// answer itself is the list. Members in `asked` are those of [`Record::ASKED`] that are wanted.
///
/// # Errors
/// [`ErrorKind::Protocol`] when the answer is not JSON or has no list there. A missing list is
/// never an empty one.
pub fn list<R: Record>(response: &Response, path: &[&str], asked: &[&str]) -> Result<List<R>> {
    read::document(response.body(), asked, |reading, json| {
        read::ListSeed::new(reading, path).deserialize(json)
    })
    .map_err(|_| refusal(response, "no list where one is documented"))
}

/// Reads an answer that is one record. Whether it has the id that it should is for the caller to
/// say.
///
/// # Errors
/// [`ErrorKind::Protocol`] when the answer is not JSON or no object.
pub fn one<R: Record>(response: &Response, asked: &[&str]) -> Result<R> {
    record(response.body(), asked).ok_or_else(|| refusal(response, "no record where one is documented"))
}

/// Reads an answer that holds one record as the member `name`, such as `{"data": {…}}`.
///
/// # Errors
/// As [`one`].
pub fn one_in<R: Record>(response: &Response, name: &str, asked: &[&str]) -> Result<R> {
    let body = response.body();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let members: Option<BTreeMap<Cow<'_, str>, &RawValue>> = serde_json::from_slice(body).ok();
    members
        .and_then(|members| record(members.get(name)?.get().as_bytes(), asked))
        .ok_or_else(|| refusal(response, "no record where one is documented"))
}

/// Reads an object that was kept as JSON. Returns `None` if it is not an object.
#[must_use]
pub fn object<R: Record>(json: &str) -> Option<R> {
    record(json.as_bytes(), &[])
}

/// Reads a list of objects that was kept as JSON. Returns `None` if it is not a list.
#[must_use]
pub fn objects<R: Record>(json: &str) -> Option<Vec<R>> {
    let read = read::document(json.as_bytes(), &[], |reading, json| {
        read::ListSeed::new(reading, &[]).deserialize(json)
    });
    read.ok().map(|list: List<R>| list.rows)
}

/// Reads every member of an object that was kept as JSON, each as [`Slot::Loose`] is: for members that
/// customers name. A member of another shape counts as not sent. Returns `None` if it is not an object, or
/// has a member twice.
#[must_use]
pub fn members(json: &str) -> Option<Vec<(String, Field<String>)>> {
    read::document(json.as_bytes(), &[], |reading, json| read::MembersSeed(reading).deserialize(json)).ok()
}

/// The cursor of the next page at `path` in an answer: a text or a number. `None` where it is missing, `null` or
/// blank. What has another shape is an error, because it would look like the last page.
#[cfg(feature = "connector")]
pub(crate) fn cursor(response: &Response, path: &[&str]) -> std::result::Result<Option<String>, ()> {
    let body = response.body();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut json = std::str::from_utf8(body).map_err(|_| ())?;
    for name in path {
        let members: Option<BTreeMap<Cow<'_, str>, &RawValue>> =
            serde_json::from_str(json).map_err(|_| ())?;
        match members.and_then(|mut members| members.remove(*name)) {
            Some(member) => json = member.get(),
            None => return Ok(None),
        }
    }
    match serde_json::from_str(json).map_err(|_| ())? {
        serde_json::Value::Null => Ok(None),
        serde_json::Value::String(text) => Ok((!text.trim().is_empty()).then_some(text)),
        serde_json::Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(()),
    }
}

fn record<R: Record>(json: &[u8], asked: &[&str]) -> Option<R> {
    let read = read::document(json, asked, |reading, json| read::RecordSeed::new(reading).deserialize(json));
    let record: R = read.ok()?;
    (!record.notes().shapeless).then_some(record)
}

/// What is wrong with the answer as a whole, else `what`.
fn refusal(response: &Response, what: &str) -> Error {
    match response.json::<serde::de::IgnoredAny>() {
        Err(error) => error,
        Ok(_) => {
            let words = format!("{}: {what}", response.label());
            Error::new(ErrorKind::Protocol, words).with_status(response.status())
        }
    }
}

/// Declares a vendor's record: a struct of fields, and the table by which it is read.
///
/// A text that is a standard field as it stands names it: `title = "jobTitle" => JobTitle`.
///
/// `others` says what becomes of members that no line names: `Extra` or `Dropped`; or `Extra unless` the
/// name of a function that decides by a member's name whether it must never be held. See
/// [`wire`](crate::wire) for an example and [`Slot`](crate::wire::Slot) for the kinds of members.
#[macro_export]
macro_rules! record {
    (
        $(#[$doc:meta])*
        $vis:vis struct $name:ident {
            id { $id:literal }
            $(text { $($text:ident = $text_name:literal $(=> $text_field:ident)?),* $(,)? })?
            $(loose { $($loose:ident = $loose_name:literal $(=> $loose_field:ident)?),* $(,)? })?
            $(list { $($list:ident = $list_name:literal),* $(,)? })?
            $(date { $($date:ident = $date_name:literal),* $(,)? })?
            $(flag { $($flag:ident = $flag_name:literal),* $(,)? })?
            $(kept_flag { $($kept:ident = $kept_name:literal),* $(,)? })?
            $(object { $($object:ident = $object_name:literal),* $(,)? })?
            $(array { $($array:ident = $array_name:literal),* $(,)? })?
            $(asked { $($asked:literal),* $(,)? })?
            $(dropped { $($dropped:literal),* $(,)? })?
            others $others:ident $(unless $refused:path)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Default, PartialEq)]
        $vis struct $name {
            /// What was noticed while reading.
            $vis notes: $crate::wire::Notes,
            $($($vis $text: $crate::Field<String>,)*)?
            $($($vis $loose: $crate::Field<String>,)*)?
            $($($vis $list: $crate::Field<Vec<String>>,)*)?
            $($($vis $date: $crate::Field<$crate::Date>,)*)?
            $($($vis $flag: $crate::Field<bool>,)*)?
            $($($vis $kept: $crate::Field<bool>,)*)?
            $($($vis $object: $crate::Field<Box<str>>,)*)?
            $($($vis $array: $crate::Field<Box<str>>,)*)?
        }

        impl $crate::wire::Record for $name {
            const ASKED: &'static [&'static str] = &[$($($asked),*)?];
            const FILLS: &'static [(&'static str, $crate::StandardField)] = &[
                $($($(($text_name, $crate::StandardField::$text_field),)?)*)?
                $($($(($loose_name, $crate::StandardField::$loose_field),)?)*)?
            ];

            #[allow(unused_variables, reason = "many records fill no field")]
            fn texts(&mut self, take: &mut dyn FnMut($crate::StandardField, $crate::Field<String>)) {
                $($($(take($crate::StandardField::$text_field, ::std::mem::take(&mut self.$text));)?)*)?
                $($($(take($crate::StandardField::$loose_field, ::std::mem::take(&mut self.$loose));)?)*)?
            }

            fn slot(&mut self, member: &str) -> $crate::wire::Slot<'_> {
                use $crate::wire::Slot;
                match member {
                    $id => Slot::Id,
                    $($($text_name => Slot::Text(&mut self.$text),)*)?
                    $($($loose_name => Slot::Loose(&mut self.$loose),)*)?
                    $($($list_name => Slot::List(&mut self.$list),)*)?
                    $($($date_name => Slot::Date(&mut self.$date),)*)?
                    $($($flag_name => Slot::Flag(&mut self.$flag),)*)?
                    $($($kept_name => Slot::KeptFlag(&mut self.$kept),)*)?
                    $($($object_name => Slot::Object(&mut self.$object),)*)?
                    $($($array_name => Slot::Array(&mut self.$array),)*)?
                    $($($asked)|* => Slot::Asked,)?
                    $($($dropped)|* => Slot::Dropped,)?
                    $(other if $refused(other) => Slot::Dropped,)?
                    _ => Slot::$others,
                }
            }

            fn id(&self) -> Option<&str> {
                self.notes.id.as_deref()
            }

            fn notes(&self) -> &$crate::wire::Notes {
                &self.notes
            }

            fn notes_mut(&mut self) -> &mut $crate::wire::Notes {
                &mut self.notes
            }
        }
    };
}

#[cfg(test)]
mod tests;
