//! What nobody knows of the vendor, or what changes: a switch for each.

use std::time::Duration;

use hris_core::sandbox::RetryAfter;

use hris_core::oauth::TokenRequest;

/// How the fake decides what the vendor's documentation leaves open. A client that is right under
/// all of it needs no luck.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Behaviour {
    /// What a renewal does to the refresh token.
    pub rotation: Rotation,
    /// How long an access token lives, on the sandbox's clock. 15 minutes.
    pub token_life: Duration,
    /// Where the parts of a token request have to be.
    pub token_request: TokenRequest,
    /// Whether a token answer names the scopes.
    pub scope_told: bool,
    /// The redirect firewall: a consent whose redirect address names this machine gets 403. Without it a
    /// redirect to any port of this machine is accepted, as servers do for native applications (RFC 8252).
    pub loopback_refused: bool,
    /// Whether people's records have a `status` at all; older answers have none.
    pub status_sent: bool,
    /// Whether people who have left stay in the list. They can be asked for by id in any case.
    pub leavers_listed: bool,
    /// Whether `employees_count` counts people who have left.
    pub leavers_counted: bool,
    /// Whether dates carry a time of day and an offset, such as `+13:00`; else they are plain.
    pub offset: Option<&'static str>,
    /// What the member of a custom field's value is called.
    pub value_member: &'static str,
    /// The most rows of a page, whatever is asked for.
    pub max_page: usize,
    /// Requests in a second and in a minute, counted by access token; none for no limit.
    pub limits: Option<(u32, u32)>,
    /// How a 429 says when to come back.
    pub retry_after: RetryAfter,
}

/// What a renewal does to the refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// A new one is sent and the old one is dead at once.
    OldDies,
    /// A new one is sent and the old one goes on.
    OldLives,
    /// A new one is sent, and one that comes a second time is taken for stolen: it ends the whole grant (RFC
    /// 9700).
    ReuseEnds,
    /// None is sent; the old one goes on.
    Silent,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            rotation: Rotation::OldDies,
            token_life: Duration::from_secs(900),
            token_request: TokenRequest::Body,
            scope_told: true,
            loopback_refused: true,
            status_sent: true,
            leavers_listed: true,
            leavers_counted: false,
            offset: Some("+00:00"),
            value_member: "value",
            max_page: 100,
            limits: Some((20, 100)),
            retry_after: RetryAfter::Seconds,
        }
    }
}
