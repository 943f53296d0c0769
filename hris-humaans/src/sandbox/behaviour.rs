//! How the sandbox decides what the vendor's documentation leaves open.

use std::time::Duration;

use hris_core::sandbox::{RateLimit, RetryAfter};

/// Choices a real account makes for itself, each with the most likely default.
///
/// Change them with [`Builder::behaviour`](super::Builder::behaviour) or, while
/// the sandbox runs, through [`World::behaviour_mut`](super::World::behaviour_mut).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Behaviour {
    /// Which people are listed when a request names no `status`.
    pub default_status: StatusFilter,
    /// What `status=all` is answered with.
    pub all_status: AllStatus,
    /// How values hidden by scope or role look.
    pub hidden: Hidden,
    /// The status for `GET /people/{id}` of a person who exists but is hidden.
    pub hidden_person_status: u16,
    /// The members of a person a token without `private:read` sees.
    pub public_members: Vec<String>,
    /// The number of rows of a page when `$limit` is missing: 100.
    pub default_limit: usize,
    /// The greatest number of rows of a page: 250.
    pub max_limit: usize,
    /// What happens to a `$limit` above [`Behaviour::max_limit`].
    pub over_limit: OverLimit,
    /// The shape of error bodies.
    pub error_shape: ErrorShape,
    /// A limit on requests for each token; `None` for none.
    pub rate_limit: Option<RateLimit>,
    /// How a 429 says when to come back.
    pub retry_after: RetryAfter,
    /// How long every answer takes, in real time.
    pub latency: Duration,
}

impl Default for Behaviour {
    fn default() -> Self {
        let public = [
            "id",
            "companyId",
            "firstName",
            "lastName",
            "preferredName",
            "email",
            "phoneNumber",
            "locationId",
            "timezone",
            "teams",
            "status",
        ];
        Self {
            default_status: StatusFilter::Active,
            all_status: AllStatus::Served,
            hidden: Hidden::Absent,
            hidden_person_status: 404,
            public_members: public.map(str::to_owned).to_vec(),
            default_limit: 100,
            max_limit: 250,
            over_limit: OverLimit::Clamp,
            error_shape: ErrorShape::CodeNumber,
            rate_limit: None,
            retry_after: RetryAfter::Seconds,
            latency: Duration::ZERO,
        }
    }
}

/// Values of the `status` filter of `/people`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusFilter {
    /// `active`
    Active,
    /// `all`
    All,
    /// `newHire`
    NewHire,
    /// `offboarded`
    Offboarded,
}

impl StatusFilter {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "active" => Self::Active,
            "all" => Self::All,
            "newHire" => Self::NewHire,
            "offboarded" => Self::Offboarded,
            _ => return None,
        })
    }

    pub(super) fn admits(self, status: &str) -> bool {
        match self {
            Self::Active => status == "active",
            Self::All => true,
            Self::NewHire => status == "newHire",
            Self::Offboarded => status == "offboarded",
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
    /// The key is missing; custom fields and values are answered with 403.
    Absent,
    /// The key is missing, and asking for anything hidden (`status` of `all`,
    /// `newHire` or `offboarded`, custom fields, custom values) is answered
    /// with 403.
    Forbidden,
    /// The key is there with `null`; custom fields and values are empty lists.
    Null,
}

/// What happens to a `$limit` above the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverLimit {
    /// The page is as long as the maximum.
    Clamp,
    /// The request is answered with 422.
    Refuse,
}

/// The shape of error bodies: all that clients of the vendor were seen to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorShape {
    /// `id`, `code` as a number, `name`, `message`, `issues` of `name` and
    /// `reason`.
    CodeNumber,
    /// The same with `code` as text and `issues` of `path` and `message`.
    CodeText,
    /// `{"error":{"message":"…"}}`
    ErrorObject,
    /// `{"error":"…"}`
    ErrorText,
    /// An HTML page.
    Html,
    /// `{"message":"…"}`
    MessageOnly,
    /// Plain text.
    PlainText,
}
