//! A run in one line of plain words.

use hris_core::Severity;

use super::{Outcome, Report, words};

/// What happened, in one line.
pub(super) fn headline(report: &Report) -> String {
    let done = report.command != "plan";
    let counted = counted(report, done);
    match report.outcome {
        Outcome::Refused => match &report.refusal {
            Some(refusal) => format!("Nothing was changed: {}", words::rule(refusal.rule).0),
            None => "Nothing was changed: a safeguard refused the run".to_owned(),
        },
        Outcome::Failed => {
            let cause = report
                .error
                .as_ref()
                .map_or("it could not be finished", |error| words::failure(&error.kind).0);
            match changed(report) {
                true => format!("The run failed: {cause}; before that, {}", counted.join(", ")),
                false => format!("The run failed: {cause}"),
            }
        }
        Outcome::Completed | Outcome::Partial if counted.is_empty() => "Nothing to do".to_owned(),
        Outcome::Completed | Outcome::Partial if counted.len() == 1 && report.counts.unchanged > 0 => {
            match report.counts.unchanged {
                1 => "Nothing to do: the one person is up to date".to_owned(),
                people => format!("Nothing to do: all {people} people are up to date"),
            }
        }
        Outcome::Completed | Outcome::Partial => counted.join(", "),
    }
}

/// Whether anything was written.
pub(super) fn changed(report: &Report) -> bool {
    let counts = &report.counts;
    [
        counts.created,
        counts.invited,
        counts.reinvited,
        counts.updated,
        counts.deactivated,
        counts.reactivated,
        counts.linked,
    ]
    .iter()
    .any(|count| *count > 0)
}

/// The errors that are neither failed actions nor something to decide: records that were left undone.
pub(super) fn other_errors(report: &Report) -> u64 {
    let errors = report.problems.iter().filter(|problem| problem.severity == Severity::Error).count() as u64;
    errors.saturating_sub(report.counts.failed).saturating_sub(report.counts.conflicts)
}

/// `3 people joined`, `1 left`, …: only the first has a noun.
fn counted(report: &Report, done: bool) -> Vec<String> {
    let counts = &report.counts;
    // A joiner is invited in the same run, so invitations are counted only where nobody joined.
    let invited = if counts.created > 0 { 0 } else { counts.invited };
    let people = [
        (counts.created, "joined", "would join"),
        (counts.reactivated, "came back", "would come back"),
        (counts.deactivated, "left", "would leave"),
        (counts.linked, "linked", "would be linked"),
        (invited, "invited", "would be invited"),
        (counts.reinvited, "invited again", "would be invited again"),
    ];
    let mut texts: Vec<String> = Vec::new();
    for (count, past, future) in people.into_iter().filter(|(count, ..)| *count > 0) {
        let noun = match (texts.is_empty(), count) {
            (false, _) => "",
            (true, 1) => "person ",
            (true, _) => "people ",
        };
        texts.push(format!("{count} {noun}{}", if done { past } else { future }));
    }
    let things = [
        (counts.updated, "update", "updates"),
        (counts.failed, "failure", "failures"),
        (counts.conflicts, "conflict to decide", "conflicts to decide"),
        (other_errors(report), "error to look at", "errors to look at"),
    ];
    let things = things.into_iter().filter(|(count, ..)| *count > 0);
    texts.extend(things.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })));
    match (counts.unchanged, texts.is_empty()) {
        (0, _) => {}
        (1, true) => texts.push("1 person unchanged".to_owned()),
        (many, true) => texts.push(format!("{many} people unchanged")),
        (many, false) => texts.push(format!("{many} unchanged")),
    }
    texts
}
