//! P7: what the report says is what the target shows.

use std::collections::BTreeSet;

use hris_core::reconcile::{ActionKind, Side};
use hris_reconcile::report::{ActionLine, ActionResult, Outcome, Report};

use crate::accounts::Row;
use crate::laws::{Broken, Look};
use crate::remember::is_column;
use crate::runs::Command;

const LAW: &str = "P7 what the report says is what the target shows";

/// Whether each done action shows, each difference is in the report, and the figures are those of the rows.
pub(crate) fn broken(look: &Look<'_>) -> Broken {
    let report = look.told.report.as_ref().filter(|_| *look.command != Command::Plan)?;
    let on_target = |line: &&ActionLine| line.side == Side::Target;
    let of = |result: ActionResult| {
        report.actions.iter().filter(on_target).filter(move |line| line.result == result)
    };
    let done: Vec<&ActionLine> = of(ActionResult::Done).collect();
    for line in &done {
        if let Some(what) = without_effect(look, line, &done) {
            return Some((LAW, what));
        }
    }

    let failed: Vec<&ActionLine> = of(ActionResult::Failed).collect();
    let named: BTreeSet<&str> =
        done.iter().filter_map(|line| line.user.as_ref()).map(|id| id.as_str()).collect();
    let changed = look.pairs().filter(|(old, new)| old != new).map(|(_, new)| new).chain(look.new_rows());
    for row in changed {
        let may = failed.iter().any(|line| {
            line.user.as_ref().is_some_and(|id| id.as_str() == row.id)
                || line.employee.as_ref().is_some_and(|id| row.external_id() == Some(id.as_str()))
        });
        if !named.contains(row.id.as_str()) && !may && failed.is_empty() {
            return Some((LAW, format!("account {} differs, and no action says so", row.id)));
        }
    }

    let figures = [
        ("created", report.counts.created, look.new_rows().count()),
        ("deactivated", report.counts.deactivated, count(look, |old, new| old.is_open() && !new.is_open())),
        ("reactivated", report.counts.reactivated, count(look, |old, new| !old.is_open() && new.is_open())),
        ("invited", report.counts.invited + report.counts.reinvited, invited(look)),
    ];
    for (word, said, seen) in figures {
        let said = usize::try_from(said).unwrap();
        let wrong = if failed.is_empty() { said != seen } else { said > seen };
        if wrong {
            return Some((LAW, format!("{word}: {said} in the report, {seen} in the target")));
        }
    }
    let updates = done.iter().filter(|line| matches!(line.action, ActionKind::Assign | ActionKind::Update));
    let accounts: BTreeSet<_> = updates.filter_map(|line| line.user.as_ref()).collect();
    let written = count(look, |old, new| old.values != new.values || old.given != new.given);
    if !look.settings.two_way && look.quiet && accounts.len() > written {
        let said = accounts.len();
        return Some((LAW, format!("{said} accounts updated in the report, {written} in the target")));
    }
    wrong_figure(report).map(|what| (LAW, what))
}

/// A count that is not the number of its lines.
fn wrong_figure(report: &Report) -> Option<String> {
    let changes_nothing = report.outcome == Outcome::Refused;
    let lines = || report.actions.iter().filter(|_| !changes_nothing);
    let counts = &report.counts;
    let of = |kinds: &[ActionKind]| {
        let done = lines().filter(|line| kinds.contains(&line.action) && line.result == ActionResult::Done);
        done.count() as u64
    };
    let failed = lines().filter(|line| line.result == ActionResult::Failed).count() as u64;
    let who = |kind: ActionKind| -> Vec<_> {
        let done = lines().filter(|line| line.action == kind && line.result == ActionResult::Done);
        done.map(|line| (&line.employee, line.user.as_ref().filter(|_| line.employee.is_none()))).collect()
    };
    let (updates, assigned) = (who(ActionKind::Update), who(ActionKind::Assign));
    let alone: BTreeSet<_> = assigned.into_iter().filter(|one| !updates.contains(one)).collect();
    let updated = (updates.len() + alone.len()) as u64;
    [
        ("created", counts.created, of(&[ActionKind::Create])),
        ("updated", counts.updated, updated),
        ("linked", counts.linked, of(&[ActionKind::Link])),
        ("failed", counts.failed, failed),
    ]
    .into_iter()
    .find(|(_, said, lines)| said != lines)
    .map(|(word, said, lines)| format!("{word}: {said} in the figures, {lines} in the lines"))
}

fn count(look: &Look<'_>, fits: impl Fn(&Row, &Row) -> bool) -> usize {
    look.pairs().filter(|(old, new)| fits(old, new)).count()
}

fn invited(look: &Look<'_>) -> usize {
    let before = |row: &Row| look.before.iter().find(|old| old.id == row.id).map_or(0, |old| old.invitations);
    look.after.iter().map(|row| row.invitations.saturating_sub(before(row))).sum()
}

/// What a done action says, and nobody can see.
fn without_effect(look: &Look<'_>, line: &ActionLine, done: &[&ActionLine]) -> Option<String> {
    let id = line.user.as_ref()?.as_str();
    let said = format!("{} of account {id}", line.action.as_str());
    let Some(after) = look.after.iter().find(|row| row.id == id) else {
        return Some(format!("{said}: there is no such account"));
    };
    let before = look.before.iter().find(|row| row.id == id);
    let alone = done.iter().filter(|other| other.user == line.user).count() == 1;
    let shows = match line.action {
        ActionKind::Create => before.is_none(),
        ActionKind::Deactivate => !after.is_open(),
        ActionKind::Reactivate => after.is_open(),
        ActionKind::Invite | ActionKind::Reinvite => {
            after.invitations > before.map_or(0, |row| row.invitations)
        }
        ActionKind::Update => {
            let mut columns = line.fields.iter().filter(|field| is_column(field));
            !alone || columns.all(|field| before.and_then(|row| row.get(field)) != after.get(field))
        }
        _ => true,
    };
    (!shows).then(|| format!("{said}: it does not show"))
}
