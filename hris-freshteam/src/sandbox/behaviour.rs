//! What nobody knows about the vendor, as switches.

use hris_core::sandbox::RetryAfter;

/// One choice for each open question.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Behaviour {
    /// Whether lists tell `total-objects`, `total-pages` and `per-page`. They do.
    pub totals: bool,
    /// Whether lists have a `link` to the next page, beginning with this address. None have.
    pub links: Option<String>,
    /// What becomes of `per_page`. [`PerPage::Obeyed`].
    pub per_page: PerPage,
    /// What a list of employees without a filter holds. [`Unfiltered::Active`].
    pub unfiltered: Unfiltered,
    /// Whether the filter `status` is heard. It is.
    pub status_filter: bool,
    /// What a page past the end answers. [`PastEnd::Empty`].
    pub past_end: PastEnd,
    /// Whether lists of units are paged. They are; else everything comes, without numbers.
    pub units_paged: bool,
    /// Whether phone numbers are masked. They are not.
    pub masked: bool,
    /// Whether custom values stand under `custom_fields` in place of `custom_field_values`.
    pub other_custom_name: bool,
    /// Requests a minute.
    pub per_minute: u32,
    /// How a 429 says when to come back. Not at all.
    pub retry_after: RetryAfter,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            totals: true,
            links: None,
            per_page: PerPage::Obeyed,
            unfiltered: Unfiltered::Active,
            status_filter: true,
            past_end: PastEnd::Empty,
            units_paged: true,
            masked: false,
            other_custom_name: false,
            per_minute: 60_000,
            retry_after: RetryAfter::Missing,
        }
    }
}

/// What becomes of the parameter `per_page`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PerPage {
    /// It is heard up to so many.
    Capped(usize),
    /// Fifty rows come whatever is asked for.
    Ignored,
    /// It is heard, up to fifty.
    Obeyed,
}

/// What a list of employees without a filter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfiltered {
    /// Active people only.
    Active,
    /// Everybody.
    Everybody,
}

/// What a page past the end answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PastEnd {
    /// An empty list.
    Empty,
    /// 404.
    NotFound,
}

/// The role of a key's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Sees everything.
    Admin,
    /// Sees active people and their public fields.
    Employee,
    /// Sees everybody, and of most people public fields only.
    LimitedHrPartner,
    /// May ask nothing.
    Nobody,
}

/// How an account answers that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Empty lists.
    Empty,
    /// 403.
    Forbidden,
    /// The data of that moment, for ever.
    Frozen,
    /// A web page with 200.
    Page,
    /// A redirect to the vendor's site.
    Redirect,
    /// 401.
    Unauthorised,
}
