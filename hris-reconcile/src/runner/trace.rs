//! What a run says in traces: whose it is, and how it ended. Names of connections and rules, and
//! counts; never a person or a value.

use hris_core::Level;
use tracing::Span;

use super::draft::Draft;
use super::{Check, Runner};
use crate::report::{Outcome, Report};
use crate::{Error, ErrorKind};

/// The span of one run, in which everything that it does is traced. Its level is the highest, so that errors are
/// attributed also where nothing else is listened to.
pub(super) fn span(draft: &Draft) -> Span {
    tracing::error_span!(
        "run",
        connection = draft.connection,
        vendor = draft.source.vendor,
        run = draft.run,
        command = draft.command
    )
}

/// The span of one check, which is no run.
pub(super) fn check_span(runner: &Runner) -> Span {
    tracing::error_span!(
        "check",
        connection = runner.connection(),
        vendor = runner.directory.capabilities().vendor
    )
}

/// Logs what a check found.
pub(super) fn checked(checked: Result<&Check, &Error>) {
    let check = match checked {
        Ok(check) => check,
        Err(error) => return failed(error),
    };
    let count = |level: Level| check.findings().filter(|finding| finding.level == level).count();
    let (warnings, missing, refused) = (count(Level::Warning), count(Level::Missing), count(Level::Refused));
    match check.level() < Level::Missing {
        true => tracing::info!(warnings, "ready"),
        false => tracing::warn!(warnings, missing, refused, "not ready"),
    }
}

/// Logs how it ended: completed at INFO, refused or partial at WARN, failed at ERROR.
pub(super) fn ended(ended: Result<&Report, &Error>) {
    let report = match ended {
        Ok(report) => report,
        Err(error) => return failed(error),
    };
    let counts = &report.counts;
    macro_rules! tell {
        ($level:ident, $what:literal $(, $name:ident = $value:expr)*) => {
            tracing::$level!(
                $($name = $value,)*
                created = counts.created,
                updated = counts.updated,
                deactivated = counts.deactivated,
                reactivated = counts.reactivated,
                linked = counts.linked,
                unchanged = counts.unchanged,
                conflicts = counts.conflicts,
                skipped = counts.skipped,
                failed = counts.failed,
                problems = report.problems.len(),
                $what
            )
        };
    }
    match (&report.refusal, report.outcome) {
        (Some(refusal), Outcome::Refused) => {
            tell!(
                warn,
                "refused",
                rule = refusal.rule.as_str(),
                planned = refusal.planned,
                limit = refusal.limit
            );
        }
        (Some(refusal), _) => {
            tell!(
                warn,
                "removals are held",
                rule = refusal.rule.as_str(),
                planned = refusal.planned,
                limit = refusal.limit
            );
        }
        (_, Outcome::Completed) => tell!(info, "completed"),
        (_, outcome) => tell!(warn, "not everything was done", outcome = outcome.as_str()),
    }
}

fn failed(error: &Error) {
    let (kind, exit_code) = (error.kind().as_str(), error.exit_code());
    let source = error.source_kind().map(|kind| format!("{kind:?}"));
    let retry_after_s = error.retry_after().map(|wait| wait.as_secs());
    match error.kind() {
        // Nothing is wrong: somebody else is at it, or asked for this.
        ErrorKind::Busy | ErrorKind::Cancelled => tracing::warn!(kind, exit_code, "not run"),
        _ => tracing::error!(kind, source, exit_code, retry_after_s, "failed"),
    }
}
