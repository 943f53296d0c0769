//! How the sandbox decides what the vendor's documentation leaves open.

use hris_core::sandbox::RateLimit;

/// Choices that a real account makes for itself, each with the most likely default.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Behaviour {
    /// What `status=all` is answered with.
    pub all_status: AllStatus,
    /// How values look that scope or role hide.
    pub hidden: Hidden,
    /// The status for `GET /people/{id}` of a person who exists but is hidden.
    pub hidden_person_status: u16,
    /// A limit on requests for each token; `None` for none.
    pub rate_limit: Option<RateLimit>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            all_status: AllStatus::Served,
            hidden: Hidden::Absent,
            hidden_person_status: 404,
            rate_limit: None,
        }
    }
}

/// What `status=all` is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllStatus {
    /// This error status: 400, 403 or 422.
    Refused(u16),
    /// The whole list.
    Served,
}

/// How a value looks that scope or role hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hidden {
    /// The key is missing. Custom fields and values are answered with 403.
    Absent,
    /// The key is missing, and asking for anything hidden (`status` of `all`, `newHire` or `offboarded`, custom
    /// fields, custom values) is answered with 403.
    Forbidden,
    /// The key is there with `null`. Custom fields and values are empty lists.
    Null,
}
