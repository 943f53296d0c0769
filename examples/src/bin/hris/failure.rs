//! How a command ends when it does not end well: one message, one exit code.

use std::fmt;
use std::io;

use hris_reconcile::ErrorKind;
use serde_json::{Value, json};

/// The codes a script may rely on.
pub(crate) mod exit {
    pub(crate) const DONE: u8 = 0;
    pub(crate) const USAGE: u8 = 1;
    pub(crate) const PARTIAL: u8 = 2;
    pub(crate) const REFUSED: u8 = 3;
    pub(crate) const AUTH: u8 = 4;
    pub(crate) const UNAVAILABLE: u8 = 5;
    pub(crate) const BUSY: u8 = 6;
    pub(crate) const STATE: u8 = 7;
    /// The disk or device behind standard output took no more.
    pub(crate) const OUTPUT: u8 = 74;
    pub(crate) const INTERRUPTED: u8 = 130;
    /// The reader of standard output went away, as a shell reports it.
    pub(crate) const PIPE: u8 = 141;
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command stops. The message never carries a person, a secret or a response body.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) retry_after: Option<u64>,
    /// Whether the credential is dead, so that only a new one helps.
    pub(crate) reconnect: bool,
    /// What to do instead, line by line.
    pub(crate) steps: Vec<String>,
    /// What the run had done until then, as its report.
    pub(crate) report: Option<Box<hris_reconcile::report::Report>>,
}

impl Failure {
    fn new(code: u8, kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, kind, message, retry_after: None, reconnect: false, steps: Vec::new(), report: None }
    }

    /// Wrong usage, configuration or mapping.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, "config", message)
    }

    /// Credentials or permissions.
    pub(crate) fn auth(message: impl Into<String>) -> Self {
        Self::new(exit::AUTH, "auth", message)
    }

    /// A plan that the engine should never have made.
    pub(crate) fn contradiction(flaws: &[String]) -> Self {
        let message = format!(
            "the plan contradicts itself, so do not carry it out: {}. Nobody's account was changed. This is a fault of \
             the program; report it with these lines",
            flaws.join("; ")
        );
        Self::new(exit::STATE, "plan", message)
    }

    /// A person asked to stop.
    pub(crate) fn interrupted() -> Self {
        Self::new(exit::INTERRUPTED, "cancelled", "stopped on request")
    }

    /// The one JSON document of a command that failed: the keys of a report, and why.
    pub(crate) fn document(&self, command: &str, connection: &str, now: &str) -> Value {
        let mut error = json!({ "kind": self.kind, "message": self.message, "exit": self.code });
        if let (Some(seconds), Some(map)) = (self.retry_after, error.as_object_mut()) {
            map.insert("retry_after_seconds".to_owned(), seconds.into());
        }
        if let (false, Some(map)) = (self.steps.is_empty(), error.as_object_mut()) {
            map.insert("steps".to_owned(), self.steps.clone().into());
        }
        let report = self.report.as_ref().and_then(|report| serde_json::to_value(report).ok());
        let mut document = report.unwrap_or_else(|| {
            json!({
                "run": null, "connection": connection, "command": command,
                "started_at": now, "finished_at": now,
                "source": { "vendor": null, "employees": 0, "complete": false, "requests": 0 },
                "counts": hris_reconcile::report::Counts::default(),
                "actions": [], "problems": [], "refusal": null,
            })
        });
        if let Some(map) = document.as_object_mut() {
            map.insert("outcome".to_owned(), "failed".into());
            map.insert("error".to_owned(), error);
        }
        document
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<hris_reconcile::Error> for Failure {
    fn from(error: hris_reconcile::Error) -> Self {
        let (code, kind) = match error.kind() {
            ErrorKind::Auth => (exit::AUTH, "auth"),
            ErrorKind::Busy => (exit::BUSY, "busy"),
            ErrorKind::Cancelled => (exit::INTERRUPTED, "cancelled"),
            ErrorKind::Config => (exit::USAGE, "config"),
            ErrorKind::State => (exit::STATE, "state"),
            ErrorKind::Target => (exit::UNAVAILABLE, "target"),
            _ => (exit::UNAVAILABLE, "source"),
        };
        let mut failure = Self::new(code, kind, error.to_string());
        failure.reconnect = error.is_credential_refused();
        failure.retry_after = error.retry_after().map(|wait| wait.as_secs());
        failure.report = error.report().cloned().map(Box::new);
        failure
    }
}

impl From<hris_core::Error> for Failure {
    fn from(error: hris_core::Error) -> Self {
        hris_reconcile::Error::from(error).into()
    }
}

/// Standard output could not be written. A reader that went away is no fault of anybody's.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(exit::PIPE, "output", "standard output was closed"),
            _ => Self::new(exit::OUTPUT, "output", format!("write to standard output: {error}")),
        }
    }
}
