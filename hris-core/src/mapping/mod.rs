//! From an employee's fields to an account's fields.
//!
//! A [`Mapping`] is what somebody wrote down; [`Mapping::compile`] holds it against what the vendor
//! has and makes it a [`FieldMap`], or says everything that is wrong with it; [`FieldMap::apply`]
//! turns a snapshot into [`Desired`] records.
//!
//! ```
//! use hris_core::mapping::{Mapping, from};
//! use hris_core::{Directory, Employee, Field, MemoryDirectory, Snapshot, StandardField, TargetField};
//!
//! let mapping = Mapping::new()
//!     .field("external_id", from("id"))
//!     .field("email", from("email").trim().lowercase())
//!     .field("phone", from("work_phone").or("personal_phone"));
//! let map = mapping.compile(MemoryDirectory::new([]).capabilities())?;
//!
//! let person = Employee::new("e-1").with(StandardField::Email, Field::Value(" Ada@Mill.example ".into()));
//! let snapshot = Snapshot::new("memory", vec![person]);
//! let desired = map.apply(&snapshot);
//! assert_eq!(desired.value(0, &TargetField::Email), Field::Value("ada@mill.example"));
//! assert_eq!(desired.value(0, &TargetField::Phone), Field::NotProvided);
//! # Ok::<(), hris_core::mapping::MappingError>(())
//! ```

mod apply;
mod desired;
mod fault;
mod read;
mod written;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::apply::FieldMap;
pub use self::desired::{Desired, Row};
pub(crate) use self::fault::fault_of;
pub(crate) use self::read::read;
use crate::{Capabilities, SourceField, StandardField, TargetField};

/// Which target field takes what, as somebody wrote it down. Not checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    rules: BTreeMap<String, Rule>,
}

impl Mapping {
    /// A mapping without rules. It needs at least `external_id` and `email` to compile.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The mapping that applies where nobody wrote one: each target field takes its
    /// [`TargetField::source`], and what the vendor does not have stays out.
    #[must_use]
    pub fn standard(capabilities: &Capabilities) -> Self {
        let mut mapping = Self::new();
        for target in TargetField::STANDARD {
            if let Some(field) = target.source().filter(|field| has(capabilities, *field)) {
                let rule = from(field.as_str());
                let rule = if field == StandardField::Email { rule.trim().lowercase() } else { rule };
                mapping = mapping.field(target.name(), rule);
            }
        }
        mapping
    }

    /// Adds the rule for one target field, replacing an earlier one.
    #[must_use]
    pub fn field(mut self, target: &str, rule: Rule) -> Self {
        self.rules.insert(target.to_owned(), rule);
        self
    }

    /// The rules by target field.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.rules.iter().map(|(target, rule)| (target.as_str(), rule))
    }

    /// Holds the mapping against what a vendor has.
    ///
    /// # Errors
    /// [`MappingError`] with everything that is wrong: unknown fields on either side, fields the
    /// vendor does not have, rules without a source, and a missing `external_id` or `email`.
    pub fn compile(&self, capabilities: &Capabilities) -> Result<FieldMap, MappingError> {
        let mut faults = Vec::new();
        let mut columns = Vec::new();
        for (target, rule) in &self.rules {
            let field = target
                .parse::<TargetField>()
                .map_err(|_| MappingFault::UnknownTarget { name: target.clone() });
            let mut sources = Vec::new();
            for name in &rule.from {
                match name.parse::<SourceField>() {
                    Err(_) => faults
                        .push(MappingFault::UnknownSource { target: target.clone(), name: name.clone() }),
                    Ok(SourceField::Standard(field)) if !has(capabilities, field) => {
                        faults.push(MappingFault::NotAtVendor {
                            target: target.clone(),
                            name: name.clone(),
                            vendor: capabilities.vendor,
                        });
                    }
                    Ok(source @ (SourceField::CustomId(_) | SourceField::CustomName(_)))
                        if !capabilities.custom_fields =>
                    {
                        faults.push(MappingFault::NotAtVendor {
                            target: target.clone(),
                            name: source.to_string(),
                            vendor: capabilities.vendor,
                        });
                    }
                    Ok(source) => sources.push(source),
                }
            }
            if rule.from.is_empty() {
                faults.push(MappingFault::NoSource { target: target.clone() });
            }
            match field {
                Ok(field) => columns.push(apply::Column::new(field, sources, rule.clone())),
                Err(fault) => faults.push(fault),
            }
        }
        for required in ["external_id", "email"] {
            if !self.rules.contains_key(required) {
                faults.push(MappingFault::Required { target: required });
            }
        }
        if faults.is_empty() { Ok(FieldMap::new(columns)) } else { Err(MappingError { faults }) }
    }
}

fn has(capabilities: &Capabilities, field: StandardField) -> bool {
    matches!(field, StandardField::Id | StandardField::Status) || capabilities.can_read(field)
}

/// Starts a rule: take this source field.
#[must_use]
pub fn from(source: &str) -> Rule {
    Rule { from: vec![source.to_owned()], ..Rule::default() }
}

/// What one target field takes: the first of some source fields that has a value, changed, looked
/// up, or a default.
///
/// A file holds it as the name of a source field, or as a table:
///
/// ```
/// use hris_core::mapping::{Rule, from};
/// use serde_json::json;
///
/// let read = |value| serde_json::from_value::<Rule>(value);
/// assert_eq!(read(json!("work_phone"))?, from("work_phone"));
/// let table = json!({ "from": ["work_phone", "personal_phone"], "transform": ["trim"], "empty": ["-"] });
/// assert_eq!(read(table)?, from("work_phone").or("personal_phone").trim().empty("-"));
/// assert!(read(json!({ "form": "email" })).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "written::Rule")]
pub struct Rule {
    from: Vec<String>,
    transform: Vec<Transform>,
    map: BTreeMap<String, String>,
    default: Option<String>,
    empty: Vec<String>,
}

impl Rule {
    /// Takes this source field where the ones before have no value.
    #[must_use]
    pub fn or(mut self, source: &str) -> Self {
        self.from.push(source.to_owned());
        self
    }

    /// Removes white space at both ends.
    #[must_use]
    pub fn trim(self) -> Self {
        self.transform(Transform::Trim)
    }

    /// Makes the letters A to Z small. Others stay, so that no two addresses become one.
    #[must_use]
    pub fn lowercase(self) -> Self {
        self.transform(Transform::Lowercase)
    }

    /// Adds a change, after the ones before.
    #[must_use]
    pub fn transform(mut self, transform: Transform) -> Self {
        self.transform.push(transform);
        self
    }

    /// Replaces this value by that one. With at least one such pair, a value without a pair takes
    /// the default, or else is left as it is in the target, and is reported. Values are held against the
    /// pairs in compatibility form, without regard to case and with every kind of blank as one space; a
    /// pair that is written exactly so goes before.
    #[must_use]
    pub fn map(mut self, value: &str, replacement: &str) -> Self {
        self.map.insert(value.to_owned(), replacement.to_owned());
        self
    }

    /// The value where the source says there is none. It never stands in for a field that was not
    /// sent or may not be seen.
    #[must_use]
    pub fn default_value(mut self, value: &str) -> Self {
        self.default = Some(value.to_owned());
        self
    }

    /// Takes this word of the source for no value, as if the field were empty there: `N/A`, `-`. Words are
    /// compared as those of [`Rule::map`] are.
    #[must_use]
    pub fn empty(mut self, word: &str) -> Self {
        self.empty.push(word.to_owned());
        self
    }

    /// The source fields, in order.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.from.iter().map(String::as_str)
    }
}

/// One change to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transform {
    /// Runs of white space become one space.
    CollapseSpaces,
    /// The letters A to Z become small; others stay.
    Lowercase,
    /// White space at both ends goes.
    Trim,
    /// The letters a to z become large; others stay.
    Uppercase,
}

impl Transform {
    /// Every change, by its name in configuration.
    pub const ALL: [(&'static str, Self); 4] = [
        ("trim", Self::Trim),
        ("lowercase", Self::Lowercase),
        ("uppercase", Self::Uppercase),
        ("collapse_spaces", Self::CollapseSpaces),
    ];
}

/// Everything that is wrong with a [`Mapping`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingError {
    /// Each fault, in the order of the rules.
    pub faults: Vec<MappingFault>,
}

/// One thing wrong with a [`Mapping`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MappingFault {
    /// The rule takes nothing.
    NoSource {
        /// The target field.
        target: String,
    },
    /// The vendor does not have this field.
    NotAtVendor {
        /// The target field.
        target: String,
        /// The source field.
        name: String,
        /// The vendor.
        vendor: &'static str,
    },
    /// Nobody can be provisioned without this target field.
    Required {
        /// The target field.
        target: &'static str,
    },
    /// There is no such source field.
    UnknownSource {
        /// The target field.
        target: String,
        /// The name that was given.
        name: String,
    },
    /// There is no such target field.
    UnknownTarget {
        /// The name that was given.
        name: String,
    },
}

impl fmt::Display for MappingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSource { target } => write!(f, "mapping.{target}: `from` names no source field"),
            Self::NotAtVendor { target, name, vendor } => {
                write!(f, "mapping.{target}: {vendor} has no field `{name}`")
            }
            Self::Required { target } => {
                write!(f, "mapping.{target}: missing; nobody can be provisioned without it")
            }
            Self::UnknownSource { target, name } => {
                write!(f, "mapping.{target}: there is no source field `{name}`")
            }
            Self::UnknownTarget { name } => write!(f, "mapping.{name}: there is no target field `{name}`"),
        }
    }
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        f.write_str(&faults.join("; "))
    }
}

impl std::error::Error for MappingError {}
