//! How the sandbox decides what the vendor's description leaves open.

use std::collections::BTreeSet;
use std::time::Duration;

use hris_core::sandbox::RateLimit;

/// Choices that the vendor has made and nobody has written down, each with the most likely default.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Behaviour {
    /// Which edition of the description employees look like.
    pub shape: Shape,
    /// One person is answered as an object rather than as a list of one.
    pub one_as_object: bool,
    /// The `Content-Type` of every answer; `None` sends none.
    pub content_type: Option<String>,
    /// What `/auth` says about the end of a token.
    pub expires_on: ExpiresOn,
    /// How long an access token lives.
    pub token_life: Duration,
    /// What becomes of members that an update of an employee leaves out.
    pub omitted: Omitted,
    /// What becomes of employments that a write leaves out.
    pub employments: Employments,
    /// Cities are kept in capitals.
    pub city_in_capitals: bool,
    /// An empty text takes a value away. The international id stays in any case.
    pub clears: bool,
    /// The status that refuses an e-mail address which somebody has.
    pub duplicate_email: u16,
    /// Somebody without a number is given one.
    pub assigns_numbers: bool,
    /// Members besides e-mail address and names without which nobody is created.
    pub mandatory: Vec<String>,
    /// Numbers that the list leaves out.
    pub unlisted: BTreeSet<String>,
    /// A limit on requests for each access token; `None` for none.
    pub rate_limit: Option<RateLimit>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            shape: Shape::December2025,
            one_as_object: false,
            content_type: Some("application/json".to_owned()),
            expires_on: ExpiresOn::Offset("+01:00".to_owned()),
            token_life: Duration::from_secs(3600),
            omitted: Omitted::Kept,
            employments: Employments::Merged,
            city_in_capitals: false,
            clears: true,
            duplicate_email: 400,
            assigns_numbers: false,
            mandatory: Vec::new(),
            unlisted: BTreeSet::new(),
            rate_limit: None,
        }
    }
}

/// Editions of the vendor's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Of 2024-10: numbers are numbers, `period` in place of `salary_type`, no custom fields.
    October2024,
    /// Of 2025-09: addresses also under their older names, no custom fields.
    September2025,
    /// Of 2025-12.
    December2025,
}

/// The member `expiresOn`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpiresOn {
    /// It is not there.
    Missing,
    /// The moment in a zone of this offset, `+01:00` or `+02:00`.
    Offset(String),
    /// Exactly this text.
    Text(String),
}

/// What becomes of members that an update of an employee leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Omitted {
    /// They stay.
    Kept,
    /// They are emptied.
    Wiped,
}

/// What becomes of employments that a write leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Employments {
    /// They stay.
    Merged,
    /// They are removed.
    Replaced,
}
