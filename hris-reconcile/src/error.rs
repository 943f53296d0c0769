//! What can keep a run from happening or from finishing.

use std::fmt;
use std::time::Duration;

use crate::report::Report;

/// A result whose error is [`struct@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kept a run from happening or from finishing.
///
/// It never carries a person, a secret or a response body.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    retry_after: Option<Duration>,
    report: Option<Report>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The coarse kinds of [`struct@Error`]. Each says what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A credential or permission of the source or the target is missing. Grant it.
    Auth,
    /// Another run holds this connection. Wait for it.
    Busy,
    /// The caller stopped the run. What was done is recorded; run again when ready.
    Cancelled,
    /// A setting, mapping or stage does not allow this. Correct it.
    Config,
    /// The run took longer than [`RunnerBuilder::deadline`](crate::RunnerBuilder::deadline) allows. What was done is
    /// recorded; the next run goes on.
    Deadline,
    /// The source did not answer, or its answer was incomplete or not to be trusted. Nothing was changed;
    /// run again later. [`Error::source_kind`] distinguishes these.
    Source,
    /// The state cannot be used: corrupt, read-only, full, or of a newer version. The message names
    /// the remedy.
    State,
    /// The target did not answer, or refused to work. What was done is recorded; run again later.
    Target,
}

impl ErrorKind {
    const ALL: [Self; 8] = [
        Self::Auth,
        Self::Busy,
        Self::Cancelled,
        Self::Config,
        Self::Deadline,
        Self::Source,
        Self::State,
        Self::Target,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Busy => "busy",
            Self::Cancelled => "cancelled",
            Self::Config => "config",
            Self::Deadline => "deadline",
            Self::Source => "source",
            Self::State => "state",
            Self::Target => "target",
        }
    }

    /// The exit code of a command that ends so; see [`Error::exit_code`].
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Config => 1,
            Self::Auth => 4,
            Self::Deadline | Self::Source | Self::Target => 5,
            Self::Busy => 6,
            Self::State => 7,
            Self::Cancelled => 130,
        }
    }

    /// The kind of this word.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Error {
    /// An error of `kind`; `message` says what was being done, what went wrong and what to do.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), retry_after: None, report: None, source: None }))
    }

    /// Adds the error beneath this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds the wait that was asked for.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds to the message what else there is to know.
    pub(crate) fn with_hint(mut self, hint: &Self) -> Self {
        self.0.message = format!("{}; {hint}", self.0.message);
        self
    }

    /// Adds what the run had done until then.
    #[must_use]
    pub fn with_report(mut self, report: Report) -> Self {
        self.0.report = Some(report);
        self
    }

    /// What the run had done until it failed, where it had begun.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.0.report.as_ref()
    }

    /// The coarse kind, to branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The exit code of a command that ends with this error: 1 configuration, 4 credentials, 5 source,
    /// target or deadline, 6 busy, 7 state, 130 stopped.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.0.kind.exit_code()
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Busy | ErrorKind::Deadline | ErrorKind::Source | ErrorKind::Target)
    }

    /// Whether the source refused the credential itself, so that nothing works before there is a new
    /// one. A permission that is missing, and a credential of the target, are something else.
    #[must_use]
    pub fn is_credential_refused(&self) -> bool {
        self.0.kind == ErrorKind::Auth && self.source_kind() == Some(hris_core::ErrorKind::Auth)
    }

    /// The finer kind where the source is at fault, such as
    /// [`RateLimited`](hris_core::ErrorKind::RateLimited) (come back after [`Error::retry_after`]),
    /// [`Incomplete`](hris_core::ErrorKind::Incomplete) (the list changed while it was read: run again soon),
    /// [`Unavailable`](hris_core::ErrorKind::Unavailable) (no usable answer: run again later) or
    /// [`Protocol`](hris_core::ErrorKind::Protocol) (an answer that nobody expects: somebody has to look).
    ///
    /// `None` where the target, the state or this crate itself is at fault.
    ///
    /// ```
    /// use hris_reconcile::{Error, ErrorKind};
    ///
    /// let cause = hris_core::Error::new(hris_core::ErrorKind::RateLimited, "list people: HTTP 429");
    /// let error = Error::from(cause);
    /// assert_eq!(error.kind(), ErrorKind::Source);
    /// assert_eq!(error.source_kind(), Some(hris_core::ErrorKind::RateLimited));
    /// ```
    #[must_use]
    pub fn source_kind(&self) -> Option<hris_core::ErrorKind> {
        let source = self.0.source.as_deref()?.downcast_ref::<hris_core::Error>()?;
        beneath(source).is_none().then(|| source.kind())
    }

    /// How long the source or target asked to wait, if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl From<hris_core::Error> for Error {
    /// An error of the source; or of the state, where the connector's tokens are kept in it.
    fn from(error: hris_core::Error) -> Self {
        use hris_core::ErrorKind as Core;
        if let Some(own) = beneath(&error) {
            return Self::new(own.kind(), own.to_string()).with_source(error);
        }
        let kind = match error.kind() {
            Core::Auth | Core::Permission => ErrorKind::Auth,
            Core::Config => ErrorKind::Config,
            Core::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Source,
        };
        let mut own = Self::new(kind, error.to_string());
        own.0.retry_after = error.retry_after();
        own.with_source(error)
    }
}

/// The error of ours that a connector passes on.
fn beneath(error: &hris_core::Error) -> Option<&Error> {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(own) = error.downcast_ref::<Error>() {
            return Some(own);
        }
        next = error.source();
    }
    None
}

impl From<Error> for hris_core::Error {
    /// An error of the state, for a connector that keeps its tokens there.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Config => hris_core::ErrorKind::Config,
            _ => hris_core::ErrorKind::Unavailable,
        };
        Self::new(kind, error.to_string()).with_source(error)
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
            .field("retry_after", &self.0.retry_after)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
