//! The problem that a report has of an action that the target refused.

use std::collections::BTreeSet;

use hris_core::{Problem, ProblemCode};

use crate::target::{TargetError, TargetErrorKind};

pub(super) fn conflict(fields: &BTreeSet<String>) -> Problem {
    let message = "another account holds a value that must be unique; free it there or correct the HR system";
    let problem = Problem::error(ProblemCode::UniquenessConflict, message);
    match fields.first() {
        Some(field) if fields.len() == 1 => problem.field(field.clone()),
        _ => problem,
    }
}

pub(super) fn rejected(error: &TargetError) -> Problem {
    let next = match error.kind {
        TargetErrorKind::Unavailable | TargetErrorKind::UnknownOutcome => {
            "it was not done; the next run does it"
        }
        TargetErrorKind::Auth => "the target refused the credential",
        _ => "correct the record, or what the target takes",
    };
    let code = match error.kind {
        TargetErrorKind::Auth => ProblemCode::NotPermitted,
        TargetErrorKind::Unavailable | TargetErrorKind::UnknownOutcome => ProblemCode::TargetUnavailable,
        _ => ProblemCode::TargetRejected,
    };
    let problem = Problem::error(code, format!("{error}: {next}"));
    match error.fields.first() {
        Some(field) if error.fields.len() == 1 => problem.field(field.clone()),
        _ => problem,
    }
}
