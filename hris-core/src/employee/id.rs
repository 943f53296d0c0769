//! Who an employee is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A person's immutable id in the HR system, exactly as the vendor sends it.
///
/// Ids are opaque and case-sensitive. They are not personal data, so `Debug` and `Display` show
/// them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmployeeId(String);

impl EmployeeId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for EmployeeId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<&str> for EmployeeId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl std::borrow::Borrow<str> for EmployeeId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmployeeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmployeeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
