//! Why one attempt failed, and the error for it.

use std::time::Duration;

use super::SendError;
use super::retry::{Asked, Cause};
use crate::{Error, ErrorKind};

/// Why one attempt failed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) cause: Cause,
    pub(super) words: String,
    pub(super) status: Option<u16>,
    pub(super) asked: Option<Asked>,
    /// A complete error.
    pub(super) ready: Option<Error>,
    pub(super) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault of an answer, or a missing answer.
    pub(super) fn of(kind: ErrorKind, cause: Cause, words: String) -> Self {
        Self { kind, cause, words, status: None, asked: None, ready: None, source: None }
    }

    /// An answer without usable data.
    pub(super) fn unreadable(error: Error) -> Self {
        Self { cause: Cause::Unreadable, ..error.into() }
    }

    /// The error of a request whose last attempt, number `attempt`, had this fault.
    pub(super) fn into_error(self, label: &str, attempt: u32) -> Error {
        let words = match attempt {
            1 => self.words.clone(),
            _ => format!("{} after {attempt} attempts", self.words),
        };
        let kind = self.kind;
        self.told(kind, &format!("{label}: {words}"))
    }

    /// The error of a request that would have to wait longer than the limit.
    pub(super) fn too_long(self, label: &str) -> Error {
        let words = match self.asked {
            Some(Asked::Wait(wait)) => {
                format!("{label}: {}, asked to wait {} s", self.words, seconds_up(wait))
            }
            _ => format!("{label}: {}, asked to wait until a date that cannot be measured", self.words),
        };
        Self { ready: None, ..self }.told(ErrorKind::RateLimited, &words)
    }

    /// The error of a write that may have been applied.
    pub(super) fn unknown(self, label: &str) -> Error {
        let words = format!("{label}: {}; it is unknown whether it was done", self.words);
        Self { ready: None, ..self }.told(ErrorKind::UnknownOutcome, &words)
    }

    fn told(self, kind: ErrorKind, words: &str) -> Error {
        if let Some(error) = self.ready {
            return error;
        }
        let mut error = Error::new(kind, words);
        if let Some(status) = self.status {
            error = error.with_status(status);
        }
        if let Some(Asked::Wait(wait)) = self.asked {
            error = error.with_retry_after(wait);
        }
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let fault = Self::of(error.kind(), Cause::Final, "the answer cannot be read".to_owned());
        Self { status: error.status(), ready: Some(error), ..fault }
    }
}

impl From<Error> for Box<Fault> {
    fn from(error: Error) -> Self {
        Box::new(error.into())
    }
}

impl From<SendError> for Fault {
    fn from(error: SendError) -> Self {
        let cause = match (error.kind, error.sent) {
            (ErrorKind::Unavailable, false) => Cause::NotSent,
            (ErrorKind::Unavailable, true) if error.late => Cause::Late,
            (ErrorKind::Unavailable, true) => Cause::Silent,
            (_, false) => Cause::Final,
            (_, true) => Cause::Spoiled,
        };
        Self { source: error.source, ..Self::of(error.kind, cause, error.words) }
    }
}

/// Whole seconds, never fewer than `time`.
pub(super) fn seconds_up(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}
