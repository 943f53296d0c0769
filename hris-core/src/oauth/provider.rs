//! The facts about one vendor's authorisation server.

use std::fmt;

use crate::http::Response;

/// The facts about one vendor's authorisation server.
///
/// ```
/// use hris_core::oauth::Provider;
///
/// const ACME: Provider =
///     Provider::new("Acme", "https://login.acme.example/authorize", "https://login.acme.example/token")
///         .credentials_at("the page Apps of Acme")
///         .dead_when(|answer| answer.body() == b"token expired");
/// ```
#[derive(Clone, Copy)]
pub struct Provider {
    pub(super) vendor: &'static str,
    pub(super) auth_url: &'static str,
    pub(super) token_url: &'static str,
    pub(super) credentials_at: &'static str,
    pub(super) is_dead: fn(&Response) -> bool,
}

impl Provider {
    /// A vendor by its name for people, with the addresses of its consent page and of its token endpoint.
    #[must_use]
    pub const fn new(vendor: &'static str, auth_url: &'static str, token_url: &'static str) -> Self {
        Self {
            vendor,
            auth_url,
            token_url,
            credentials_at: "the page of the application at the vendor",
            is_dead: |_| false,
        }
    }

    /// Where a person finds the client's id and secret, such as "the Developer Portal". Messages name it.
    #[must_use]
    pub const fn credentials_at(mut self, place: &'static str) -> Self {
        self.credentials_at = place;
        self
    }

    /// How this vendor says that a code or a refresh token is dead, beside the standard's `invalid_grant`. The test
    /// gets answers of status 400 and 401 only.
    #[must_use]
    pub const fn dead_when(mut self, is_dead: fn(&Response) -> bool) -> Self {
        self.is_dead = is_dead;
        self
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("vendor", &self.vendor).finish_non_exhaustive()
    }
}
