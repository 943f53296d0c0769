//! The one error of this crate and of every connector.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// A result whose error is [`struct@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong while a directory was read or written.
///
/// The message says what was being done and what went wrong. It never has a response body, a token or a
/// person. Branch on [`Error::kind`], not on the text.
///
/// ```
/// use hris_core::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Incomplete, "list people: 3 listings disagreed");
/// assert_eq!(error.kind(), ErrorKind::Incomplete);
/// assert!(!error.is_transient());
/// assert_eq!(error.to_string(), "list people: 3 listings disagreed");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    retry_after: Option<Duration>,
    status: Option<u16>,
    setting: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The coarse kinds of [`struct@Error`]. Each says what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The credential was refused. Replace it; nothing will work before that.
    Auth,
    /// The caller stopped the work. Start again when ready.
    Cancelled,
    /// A setting is invalid. Correct it; repeating changes nothing.
    Config,
    /// An update changed fields that it did not send. Nothing more may be written until an operator has
    /// checked the named person and changed how updates are sent.
    FieldsLost,
    /// The listing could not be proven whole after several attempts. Run again later; nobody may be removed
    /// because of it.
    Incomplete,
    /// The answer belongs to another organisation or another request. Check the credential.
    Mismatch,
    /// The requested record does not exist, or is not visible.
    NotFound,
    /// The credential is valid but may not do this. Grant what the message names.
    Permission,
    /// The answer is not what this vendor documents. Report it; never treat it as empty.
    Protocol,
    /// The vendor asked for a longer wait than the limit allows. Come back after [`Error::retry_after`],
    /// not earlier.
    RateLimited,
    /// One record or request was refused as invalid. Correct that record.
    Rejected,
    /// The answer was larger than allowed. Raise the limit only if the vendor is trusted.
    TooLarge,
    /// No usable answer: network, time-out or a server error that outlived its retries.
    Unavailable,
    /// A write was sent and no answer came, so it may have been applied. Read the record back.
    UnknownOutcome,
}

impl Error {
    /// An error of `kind`; `message` says what was being done and what went wrong.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            retry_after: None,
            status: None,
            setting: None,
            source: None,
        }))
    }

    /// An error of the kind [`ErrorKind::Config`] about the setting of this name: "NAME: MESSAGE".
    ///
    /// ```
    /// use hris_core::Error;
    ///
    /// let error = Error::setting("page_size", "must be at least 1");
    /// assert_eq!(error.to_string(), "page_size: must be at least 1");
    /// assert_eq!(error.setting_name(), Some("page_size"));
    /// ```
    pub fn setting(name: impl Into<String>, message: impl fmt::Display) -> Self {
        let name = name.into();
        let mut error = Self::new(ErrorKind::Config, format!("{name}: {message}"));
        error.0.setting = Some(name);
        error
    }

    /// Adds the wait that the vendor asked for.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds the HTTP status that was received.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the error beneath this one. It must not carry a body, a secret or a person.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds to the message what this may mean and what to do.
    ///
    /// ```
    /// use hris_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Auth, "list people: refused").with_status(401);
    /// let error = error.with_hint("make a new token");
    /// assert_eq!(error.to_string(), "list people: refused; make a new token");
    /// assert_eq!(error.status(), Some(401));
    /// ```
    #[must_use]
    pub fn with_hint(mut self, hint: impl fmt::Display) -> Self {
        self.0.message = format!("{}; {hint}", self.0.message);
        self
    }

    /// The coarse kind, to branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The name of the invalid setting. `None` where the error is not about a setting.
    #[must_use]
    pub fn setting_name(&self) -> Option<&str> {
        self.0.setting.as_deref()
    }

    /// The HTTP status behind this error. `None` where there was no answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.0.kind, ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::UnknownOutcome)
    }

    /// How long to wait: the vendor's own wait, or a minute where it refused too many requests without a
    /// time.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("status", &self.0.status)
            .field("retry_after", &self.0.retry_after)
            .field("setting", &self.0.setting)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
