//! Requests that may be refused while the listing goes on.

use crate::{Error, ErrorKind, Problem, ProblemCode, Result};

/// A list beside the people: read, not visible, or not requested.
#[derive(Default)]
#[allow(missing_debug_implementations, reason = "it holds what a vendor said about people")]
pub enum Part<T> {
    /// Refused or not there, with this HTTP status.
    Hidden(u16),
    /// Read.
    Read(T),
    /// Not requested.
    #[default]
    Skipped,
}

impl<T> Part<T> {
    /// Turns a refused or missing list into [`Part`]. So it does with a 401 where the vendor's 401 is not
    /// about the credential ([`ErrorKind::Auth`]).
    ///
    /// # Errors
    /// Everything else.
    pub fn of(answer: Result<T>) -> Result<Self> {
        match answer {
            Ok(list) => Ok(Self::Read(list)),
            Err(error) => match error.status() {
                Some(status @ (403 | 404 | 410)) => Ok(Self::Hidden(status)),
                Some(401) if error.kind() != ErrorKind::Auth => Ok(Self::Hidden(401)),
                _ => Err(error),
            },
        }
    }

    /// Reads `list` if `needed`.
    ///
    /// # Errors
    /// As [`Part::of`].
    pub async fn when(needed: bool, list: impl Future<Output = Result<T>>) -> Result<Self> {
        if needed { Self::of(list.await) } else { Ok(Self::Skipped) }
    }

    /// Maps the content of a list that was read.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Part<U> {
        match self {
            Self::Hidden(status) => Part::Hidden(status),
            Self::Read(list) => Part::Read(make(list)),
            Self::Skipped => Part::Skipped,
        }
    }

    /// The problem that the list may not be read; `None` where it may. `what` is in it, `path` is where it is, and
    /// `remedy` continues the sentence.
    #[must_use]
    pub fn problem(&self, field: &str, what: &str, path: &str, remedy: &str) -> Option<Problem> {
        let status = self.hidden()?;
        let words =
            format!("{what} may not be read (HTTP {status} on {path}){remedy}; accounts keep what they have");
        Some(Problem::warning(ProblemCode::NotPermitted, words).field(field))
    }

    /// The content that was read.
    #[must_use]
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(list) => Some(list),
            _ => None,
        }
    }

    /// The status with which it was refused.
    #[must_use]
    pub fn hidden(&self) -> Option<u16> {
        match self {
            Self::Hidden(status) => Some(*status),
            _ => None,
        }
    }

    /// The content that was read, by value.
    #[must_use]
    pub fn into_read(self) -> Option<T> {
        match self {
            Self::Read(list) => Some(list),
            _ => None,
        }
    }
}

/// The result of one request of a preflight.
#[allow(missing_debug_implementations, reason = "it holds what a vendor said about people")]
pub enum Asked<T> {
    /// It was answered.
    Answered(T),
    /// It was refused, which is a finding.
    Refused(Error),
}

impl<T> Asked<T> {
    /// Separates a refused request from a refused credential and from a missing answer.
    ///
    /// # Errors
    /// A refused credential, and every failure without an answer.
    pub fn of(answer: Result<T>) -> Result<Self> {
        match answer {
            Ok(value) => Ok(Self::Answered(value)),
            Err(error) => match error.kind() {
                ErrorKind::Permission | ErrorKind::NotFound | ErrorKind::Rejected => Ok(Self::Refused(error)),
                // A list that is not found, or refused with a 401 that is not about the credential.
                ErrorKind::Protocol if matches!(error.status(), Some(401 | 404 | 410)) => {
                    Ok(Self::Refused(error))
                }
                _ => Err(error),
            },
        }
    }
}
