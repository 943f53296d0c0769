//! How a mapping names an employee's fields, what a vendor can do with each, and what was seen of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Field, Kind, StandardField};

/// A field of an employee as a mapping names it: a standard one, or a custom one by name or id.
///
/// ```
/// use hris_core::{SourceField, StandardField};
///
/// assert_eq!("job_title".parse(), Ok(SourceField::Standard(StandardField::JobTitle)));
/// assert_eq!("custom.Cost centre".parse(), Ok(SourceField::CustomName("Cost centre".into())));
/// assert_eq!("custom.#f4Qq".parse(), Ok(SourceField::CustomId("f4Qq".into())));
/// assert!("job title".parse::<SourceField>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceField {
    /// A custom field by the vendor's id: `custom.#ID`. Survives a renaming.
    CustomId(String),
    /// A custom field by its name: `custom.NAME`.
    CustomName(String),
    /// A field that every vendor calls by the same name here.
    Standard(StandardField),
}

impl SourceField {
    /// The id or name of a custom field; none for a standard one.
    #[must_use]
    pub fn custom(&self) -> Option<&str> {
        match self {
            Self::CustomId(word) | Self::CustomName(word) => Some(word),
            Self::Standard(_) => None,
        }
    }
}

/// The text names no source field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no source field {name:?}")]
pub struct UnknownField {
    /// The text that was given.
    pub name: String,
}

impl FromStr for SourceField {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownField { name: name.to_owned() };
        if let Some(custom) = name.strip_prefix("custom.") {
            return match custom.strip_prefix('#') {
                Some("") | None if custom.len() <= 1 && custom.trim_start_matches('#').is_empty() => {
                    Err(unknown())
                }
                Some(id) => Ok(Self::CustomId(id.to_owned())),
                None => Ok(Self::CustomName(custom.to_owned())),
            };
        }
        let known = StandardField::ALL.iter().find(|field| field.as_str() == name);
        known.map(|field| Self::Standard(*field)).ok_or_else(unknown)
    }
}

impl fmt::Display for SourceField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CustomId(id) => write!(f, "custom.#{id}"),
            Self::CustomName(name) => write!(f, "custom.{name}"),
            Self::Standard(field) => f.write_str(field.as_str()),
        }
    }
}

impl From<StandardField> for SourceField {
    fn from(field: StandardField) -> Self {
        Self::Standard(field)
    }
}

/// What a vendor can do with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldCapability {
    /// Which field.
    pub field: StandardField,
    /// The connector can read it.
    pub readable: bool,
    /// The connector can write it.
    pub writable: bool,
    /// A value, once there, can be taken away again.
    pub clearable: bool,
    /// The vendor allows a value only once.
    pub unique: bool,
    /// A record must have a value: nobody can be created without it.
    pub required: bool,
}

impl FieldCapability {
    /// A field that can be read and nothing else.
    #[must_use]
    pub const fn readable(field: StandardField) -> Self {
        Self { field, readable: true, writable: false, clearable: false, unique: false, required: false }
    }

    /// The same, and it can be written.
    #[must_use]
    pub const fn writable(mut self) -> Self {
        self.writable = true;
        self
    }

    /// The same, and a value can be taken away again.
    #[must_use]
    pub const fn clearable(mut self) -> Self {
        self.clearable = true;
        self
    }

    /// The same, and a value is allowed only once.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The same, and nobody can be created without a value.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// Which signs of leaving a vendor gives by default (`leavers = "vendor"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LeaverSignals {
    /// People stay listed with the status of one who has left.
    pub status: bool,
    /// A linked person has left who is missing from a whole listing, and unknown when asked for by id.
    pub absence: bool,
}

impl LeaverSignals {
    /// The signals of a vendor.
    #[must_use]
    pub const fn new(status: bool, absence: bool) -> Self {
        Self { status, absence }
    }
}

/// What one vendor can do: data, not code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The vendor's name in configuration and reports: `humaans`.
    pub vendor: &'static str,
    /// The fields the vendor has; a mapping may name no other standard field.
    pub fields: Vec<FieldCapability>,
    /// Whether customers can add fields of their own.
    pub custom_fields: bool,
    /// The signs of leaving used for `leavers = "vendor"`.
    pub leavers: LeaverSignals,
    /// The most people a page can hold.
    pub max_page_size: u32,
}

impl Capabilities {
    /// The capabilities of a read-only vendor.
    #[must_use]
    pub fn read_only(vendor: &'static str, fields: &[StandardField], leavers: LeaverSignals) -> Self {
        Self {
            vendor,
            fields: fields.iter().map(|field| FieldCapability::readable(*field)).collect(),
            custom_fields: false,
            leavers,
            max_page_size: 100,
        }
    }

    /// Adds fields that can be read.
    #[must_use]
    pub fn reading(mut self, fields: impl IntoIterator<Item = StandardField>) -> Self {
        self.fields.extend(fields.into_iter().map(FieldCapability::readable));
        self
    }

    /// What can be done with `field`, if the vendor has it at all.
    #[must_use]
    pub fn field(&self, field: StandardField) -> Option<&FieldCapability> {
        self.fields.iter().find(|capability| capability.field == field)
    }

    /// Whether the vendor has `field`.
    #[must_use]
    pub fn can_read(&self, field: StandardField) -> bool {
        self.field(field).is_some_and(|capability| capability.readable)
    }
}

/// One field as it was seen in a directory: for the person who writes a mapping.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldInfo {
    /// How a mapping names it.
    pub field: SourceField,
    /// The name as the customer sees it, for custom fields.
    pub label: Option<String>,
    /// The kind of value: `text`, `date`, `select`, …; the vendor's word for custom fields.
    pub kind: String,
    /// How many people have a value.
    pub filled: u64,
    /// How many people there are in all.
    pub people: u64,
    /// An invented value of the same form: digits and letters replaced.
    pub example: Option<String>,
    /// One real value. Personal data: shown only to somebody who asked for it.
    pub sample: Option<String>,
}

impl FieldInfo {
    /// A field of which nothing was counted yet.
    #[must_use]
    pub fn new(field: impl Into<SourceField>, kind: impl Into<String>) -> Self {
        let (field, kind) = (field.into(), kind.into());
        Self { field, label: None, kind, filled: 0, people: 0, example: None, sample: None }
    }
}

impl fmt::Debug for FieldInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {} of {})", self.field, self.kind, self.filled, self.people)
    }
}

impl FieldInfo {
    /// Counts the fields of `people`: every standard field the vendor has and every custom field
    /// that somebody has.
    #[must_use]
    pub fn count(people: &[crate::Employee], capabilities: &Capabilities) -> Vec<Self> {
        let total = people.len() as u64;
        let mut infos: Vec<Self> = Vec::new();
        for capability in capabilities.fields.iter().filter(|capability| capability.readable) {
            let field = SourceField::Standard(capability.field);
            let kind = if capability.field.kind() == Kind::Date { "date" } else { "text" };
            let mut info = Self { people: total, ..Self::new(field.clone(), kind) };
            for value in people.iter().filter_map(|person| crate::mapping::read(person, &field).value()) {
                info.see(&value);
            }
            infos.push(info);
        }
        let standard = infos.len();
        for custom in people.iter().flat_map(crate::Employee::custom) {
            let field = SourceField::CustomId(custom.id.to_string());
            let place = infos.iter().skip(standard).position(|info| info.field == field);
            let index = place.map_or(infos.len(), |index| index + standard);
            if index == infos.len() {
                let label = Some(custom.name.to_string());
                infos.push(Self { people: total, label, ..Self::new(field, "text") });
            }
            if let (Some(info), Field::Value(value)) = (infos.get_mut(index), custom.value.as_deref()) {
                info.see(value);
            }
        }
        infos
    }

    fn see(&mut self, value: &str) {
        self.filled += 1;
        if self.sample.is_none() {
            self.sample = Some(value.to_owned());
            self.example = Some(invent(value));
        }
    }
}

/// A text of the same form as `value` that reveals nothing about it: letters become `x` or `X`, digits
/// become `9`, and the length is cut to 40.
fn invent(value: &str) -> String {
    let swap = |letter: char| match letter {
        letter if letter.is_uppercase() => 'X',
        letter if letter.is_alphabetic() => 'x',
        letter if letter.is_numeric() => '9',
        letter if letter.is_control() => ' ',
        other => other,
    };
    value.chars().take(40).map(swap).collect()
}
