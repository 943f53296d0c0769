//! Values of an employee that are more than one text.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Field, SourceField};

/// A postal address. Each part may be missing.
///
/// `Debug` shows which parts there are, never their text.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    /// Street and number, in as many lines as the vendor sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Town or city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State, county or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postcode or ZIP code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// Country: an ISO 3166 alpha-2 code where the vendor sends one, else its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Address {
    /// Whether no part has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts().iter().all(|(_, part)| part.is_none())
    }

    fn parts(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("street", self.street.as_deref()),
            ("city", self.city.as_deref()),
            ("region", self.region.as_deref()),
            ("postcode", self.postcode.as_deref()),
            ("country", self.country.as_deref()),
        ]
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = self.parts().into_iter().filter(|(_, part)| part.is_some()).map(|(name, _)| name);
        f.write_str("Address ")?;
        f.debug_set().entries(present).finish()
    }
}

/// A number that some authority gave to a person, as far as a vendor shows it and a product asks
/// for it. National ids that a connector must never keep do not reach this type.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identification {
    /// The number itself.
    pub number: String,
    /// What kind of number: passport, national id, tax number; the vendor's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The country that issued it, ISO 3166 alpha-2 where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl fmt::Debug for Identification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identification(…)")
    }
}

/// One custom field of one person: the customer's own field, by the vendor's id and its name.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomValue {
    /// The field's id at the vendor, stable when the field is renamed.
    pub id: std::sync::Arc<str>,
    /// The field's name as the customer wrote it.
    pub name: std::sync::Arc<str>,
    /// The value as text. Several choices are joined with `; `.
    pub value: Field<String>,
}

impl CustomValue {
    /// The value of a field that the credential may not see. Of the id and the name only the one that
    /// the mapping uses is known.
    #[must_use]
    pub fn hidden(field: &SourceField) -> Self {
        let (id, name) = match field {
            SourceField::CustomId(id) => (id.as_str(), ""),
            other => ("", other.custom().unwrap_or_default()),
        };
        Self { id: id.into(), name: name.into(), value: Field::NotPermitted }
    }
}

impl fmt::Debug for CustomValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}: {:?}", self.id, self.value)
    }
}
