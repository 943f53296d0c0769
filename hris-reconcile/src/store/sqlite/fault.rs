//! What SQLite complains about, and what a person can do.

use std::path::Path;

use crate::{Error, ErrorKind};

/// The complaints that a person can do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The file cannot be opened or created.
    CannotOpen,
    /// The file is not a database, or is damaged.
    Damaged,
    /// The disk failed.
    Disk,
    /// No space is left.
    Full,
    /// Another program holds the file.
    Locked,
    /// Anything else.
    Other,
    /// The file or its directory may not be written.
    ReadOnly,
}

impl Fault {
    /// The complaint of an error.
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(error) => Self::of_file(error),
            _ => match code(error) & 0xff {
                5 | 6 => Self::Locked,
                8 => Self::ReadOnly,
                10 => Self::Disk,
                11 | 26 => Self::Damaged,
                13 => Self::Full,
                14 => Self::CannotOpen,
                _ => Self::Other,
            },
        }
    }

    /// The complaint of an error of the file system.
    pub(crate) fn of_file(error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        match error.kind() {
            Io::PermissionDenied | Io::ReadOnlyFilesystem => Self::ReadOnly,
            Io::StorageFull | Io::QuotaExceeded => Self::Full,
            Io::NotFound | Io::IsADirectory | Io::NotADirectory => Self::CannotOpen,
            _ => Self::Disk,
        }
    }

    /// What happened and what to do, after "in FILE: ".
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::CannotOpen => {
                "the file cannot be opened; make its directory, and let this user read and write both"
            }
            Self::Damaged => {
                "the file is damaged or not a database; nothing was changed in it. Restore it from a backup, \
                 or move it away to start without it"
            }
            Self::Disk => "the disk reports an error; check it, then run again",
            Self::Full => "the disk is full; free some space, then run again. What was recorded is kept",
            Self::Locked => {
                "another program has held the database locked for 30 seconds; end its transaction, then run again"
            }
            Self::Other => "the database refused it",
            Self::ReadOnly => {
                "the file or its directory is read-only; let this user write both, then run again"
            }
        }
    }
}

/// SQLite's extended result code, zero if the error is not SQLite's.
pub(crate) fn code(error: &sqlx::Error) -> u32 {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse().ok()).unwrap_or_default()
}

/// The error of a store that could not do its work in this file.
pub(super) fn state_error(doing: &str, path: &Path, error: sqlx::Error) -> Error {
    let remedy = Fault::of(&error).remedy();
    Error::new(ErrorKind::State, format!("{doing} in {}: {remedy}", path.display())).with_source(error)
}

/// As [`state_error`], of a complaint of the file system.
pub(super) fn file_error(doing: &str, path: &Path, error: std::io::Error) -> Error {
    let remedy = Fault::of_file(&error).remedy();
    Error::new(ErrorKind::State, format!("{doing} in {}: {remedy}", path.display())).with_source(error)
}
