//! The errors and warnings of a report as a table for a spreadsheet.

use std::borrow::Cow;
use std::collections::BTreeSet;

use hris_core::Severity;

use super::words::{self, visible};
use super::{ActionResult, Report};

const HEADER: [&str; 8] = ["severity", "code", "employee", "user", "field", "message", "what_to_do", "run"];

impl Report {
    /// The errors and warnings as CSV (RFC 4180, UTF-8): a header, then a row each.
    ///
    /// The columns are `severity` (`error` or `warning`), `code`, `employee`, `user`, `field`, `message`,
    /// `what_to_do` and `run`. The first row names what stopped the run, with its rule or kind as the code.
    /// The problems follow. Each failed action that no problem reports comes last, with the code
    /// `action_failed`.
    ///
    /// A cell that a spreadsheet would take for a formula begins with an apostrophe, and characters
    /// that cannot be seen are shown (`␊`, `⟨U+202E⟩`).
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer =
            ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
        // Writing rows of one width to memory cannot fail.
        let _ = writer.write_record(HEADER);
        for row in rows(self) {
            let _ = writer.write_record(row.iter().map(|cell| harmless(cell).into_owned()));
        }
        writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

type Row<'a> = [Cow<'a, str>; 8];

fn rows(report: &Report) -> Vec<Row<'_>> {
    let run = report.run.as_str();
    let mut rows = Vec::new();
    if let Some(refusal) = &report.refusal {
        let (_, remedy) = words::rule(refusal.rule);
        rows.push(["error", refusal.rule.as_str(), "", "", "", &refusal.message, remedy, run].map(Cow::from));
    }
    if let Some(error) = &report.error {
        let (_, remedy) = words::failure(&error.kind);
        rows.push(["error", &error.kind, "", "", "", &error.message, remedy, run].map(Cow::from));
    }
    let mut told = BTreeSet::new();
    for problem in &report.problems {
        let user = problem.user.as_ref().map_or("", |id| id.as_str());
        let (severity, _) = words::severity(problem.severity);
        let (_, remedy) = words::problem(problem.code);
        let field = problem.field.as_deref().unwrap_or("");
        let code = problem.code.as_str();
        // A problem of several people has a row for each.
        let nobody = problem.about().next().is_none().then_some("");
        for employee in problem.about().map(|id| id.as_str()).chain(nobody) {
            if problem.severity == Severity::Error {
                told.extend([("employee", employee), ("user", user)]);
            }
            rows.push([severity, code, employee, user, field, &problem.message, remedy, run].map(Cow::from));
        }
    }
    for line in report.actions.iter().filter(|line| line.result == ActionResult::Failed) {
        let employee = line.employee.as_ref().map_or("", |id| id.as_str());
        let user = line.user.as_ref().map_or("", |id| id.as_str());
        let known = |key: (&'static str, &str)| !key.1.is_empty() && told.contains(&key);
        if known(("employee", employee)) || known(("user", user)) {
            continue;
        }
        let mut row =
            ["error", "action_failed", employee, user, "", "", words::RUN_AGAIN, run].map(Cow::from);
        let [.., field, message, _, _] = &mut row;
        *field = line.fields.join(" ").into();
        *message = format!("{} failed: {}", line.action.as_str(), line.reason).into();
        rows.push(row);
    }
    rows
}

/// The cell as text that no spreadsheet calculates.
fn harmless(cell: &str) -> Cow<'_, str> {
    // Spreadsheets take the wide forms of these signs for them as well.
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { Cow::Owned(format!("'{}", visible(cell))) } else { visible(cell) }
}
