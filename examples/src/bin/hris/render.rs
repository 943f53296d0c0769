//! A run in words: what was or would be done, what to look at, what to do next. Ids and field names
//! only; a value is shown on a terminal, to somebody who has to decide, and nowhere else.

use std::collections::{BTreeMap, HashMap};

use hris_core::reconcile::{ActionKind, Conflict, Question, Refusal, Side};
use hris_core::{Problem, ProblemCode, Severity, Timestamp};
use hris_reconcile::Removal;
use hris_reconcile::report::{ActionLine, ActionResult, Counts, Group, Outcome, Report};

use crate::console::{Console, counted, plain};
use crate::failure::Result;
use crate::grid::Grid;

/// How many rows of one kind a terminal gets; everything is in `--json` and in the report.
const ROWS: usize = 20;

/// A whole report: heading, actions, problems, refusal, counts, and the names of the people a plan would
/// remove.
pub(crate) fn report(console: Console, report: &Report, removals: &[Removal]) -> Result<()> {
    let planned = report.command == "plan";
    heading(console, report)?;
    if report.actions.is_empty() && !report.problems.is_empty() {
        console.say("")?;
    }
    actions(console, report, removals)?;
    problems(console, &report.problems)?;
    if !report.situations.is_empty() {
        let situations: Vec<String> =
            report.situations.iter().map(|(name, number)| format!("{name} {number}")).collect();
        console.remark(console.dim(&format!("situations: {}", plain(&situations.join(" · ")))))?;
    }
    console.say(summary(&report.counts, planned))?;
    if let Some(refusal) = &report.refusal {
        refused(console, refusal, report.outcome)?;
    }
    for notice in &report.notices {
        console.say(console.yellow(&format!("note: {}", plain(notice))))?;
    }
    if let Some(error) = &report.error {
        console.say(console.red(&format!("failed: {}", plain(&error.message))))?;
    }
    Ok(())
}

/// Says where nobody may look at the whole report that it was not sent.
pub(crate) fn unsent(console: Console, report: &Report) {
    for problem in report.problems.iter().filter(|problem| problem.code == ProblemCode::ReportNotSent) {
        console.tell(format!("hris: {}", plain(&problem.message)));
    }
}

/// Open conflicts side by side. The values are shown on a terminal and nowhere else.
pub(crate) fn conflicts(console: Console, conflicts: &[Conflict]) -> Result<()> {
    if conflicts.is_empty() {
        return Ok(());
    }
    console.say(format!("{} · {}", console.bold("to decide"), conflicts.len()))?;
    let mut table = Grid::new(["id", "who", "field", "was", "source", "target", "why"]);
    let value = |value: Option<&str>, at: Option<Timestamp>| {
        let text = match value {
            None => "–".to_owned(),
            Some(value) if console.is_seen() => plain(value),
            Some(_) => "a value".to_owned(),
        };
        at.map_or(text.clone(), |at| format!("{text}\n{at}"))
    };
    for conflict in conflicts.iter().take(ROWS) {
        let employee = conflict.employee.as_ref().map(|id| plain(id.as_str()));
        let user = conflict.user.as_ref().map(|id| format!("account {}", plain(id.as_str())));
        let base = conflict.base.as_ref();
        let was = base.and_then(|base| base.source.as_deref().or(base.target.as_deref()));
        table.add_row([
            conflict.id.clone(),
            employee.into_iter().chain(user).collect::<Vec<_>>().join("\n"),
            conflict.field.as_ref().map(|field| plain(&field.to_string())).unwrap_or_default(),
            base.map_or_else(|| "never in step".to_owned(), |base| value(was, Some(base.at))),
            value(conflict.source.as_deref(), conflict.source_changed_at),
            value(conflict.target.as_deref(), conflict.target_changed_at),
            conflict.cause.as_str().to_owned(),
        ]);
    }
    console.show(&table)?;
    if !console.is_seen() {
        console.remark("The values are shown on a terminal only.")?;
    }
    rest(console, conflicts.len())
}

/// Open questions about whose an account is.
pub(crate) fn questions(console: Console, questions: &[Question]) -> Result<()> {
    if questions.is_empty() {
        return Ok(());
    }
    console.say(format!("{} · {}", console.bold("whose account"), questions.len()))?;
    let mut table = Grid::new(["id", "employee", "account", "what the facts say"]);
    for question in questions.iter().take(ROWS) {
        table.add_row([
            question.id.clone(),
            plain(question.employee.as_str()),
            plain(question.user.as_str()),
            question.evidence.to_string(),
        ]);
    }
    console.show(&table)?;
    rest(console, questions.len())
}

fn heading(console: Console, report: &Report) -> Result<()> {
    let source = &report.source;
    let people = counted(source.employees, "person", "people");
    let connection = console.bold(&plain(&report.connection));
    if report.command == "plan" {
        return console.say(format!(
            "Plan for {connection}: {people} in {} ({}), nothing written",
            plain(&source.vendor),
            counted(source.requests, "request", "requests"),
        ));
    }
    let outcome = match report.outcome {
        Outcome::Completed => console.green("completed"),
        Outcome::Partial => console.yellow("partial"),
        other => console.red(other.as_str()),
    };
    let name = match report.command.as_str() {
        "import" => "Import",
        "match" => "Match",
        _ => "Sync",
    };
    console.say(format!(
        "{name} of {connection}: {outcome}, {people} in {} (run {})",
        plain(&source.vendor),
        plain(&report.run)
    ))
}

/// The actions by kind: removals first, one by one; of others a number that can be read.
fn actions(console: Console, report: &Report, removals: &[Removal]) -> Result<()> {
    for group in report.groups() {
        console.say("")?;
        console.say(title(console, &group))?;
        if group.kind == ActionKind::Deactivate {
            leaving(console, &group, removals)?;
            continue;
        }
        if let Some(why) = group.why.as_ref().filter(|_| group.lines.len() > ROWS) {
            // One line says more than hundreds of equal rows.
            console.say(plain(why))?;
            continue;
        }
        let mut table = Grid::new(["employee", "user", "fields", "why", "result"]);
        for line in group.lines.iter().take(ROWS) {
            table.add_row([
                employee(line),
                user(line),
                match line.side {
                    Side::Source => format!("in the source: {}", plain(&line.fields.join(", "))),
                    Side::Target => plain(&line.fields.join(", ")),
                },
                plain(&line.reason),
                line.result.as_str().to_owned(),
            ]);
        }
        console.show(&table)?;
        rest(console, group.lines.len())?;
    }
    if !report.actions.is_empty() {
        console.say("")?;
    }
    Ok(())
}

/// `update · 113 · job_title 100, phone 13`, and how many failed.
fn title(console: Console, group: &Group<'_>) -> String {
    let mut title = format!("{} · {}", console.bold(group.kind.as_str()), group.lines.len());
    let fields = group.fields_in_words();
    if group.lines.len() > ROWS && !fields.is_empty() {
        title.push_str(&format!(" · {}", plain(&fields)));
    }
    let failed = group.lines.iter().filter(|line| line.result == ActionResult::Failed).count();
    if failed > 0 && failed < group.lines.len() {
        title.push_str(&format!(" · {failed} failed"));
    }
    title
}

/// Everybody who loses an account. Names and addresses are shown on a terminal and nowhere else.
fn leaving(console: Console, group: &Group<'_>, removals: &[Removal]) -> Result<()> {
    let reason = |line: &ActionLine| [plain(&line.reason), line.result.as_str().to_owned()];
    if removals.is_empty() || !console.is_seen() {
        let mut table = Grid::new(["employee", "user", "why", "result"]);
        for line in &group.lines {
            let [why, result] = reason(line);
            table.add_row([employee(line), user(line), why, result]);
        }
        console.show(&table)?;
        if !removals.is_empty() {
            console.remark("Their names are shown on a terminal, and are in the file of `--out`.")?;
        }
        return Ok(());
    }
    let known: HashMap<_, &Removal> = removals.iter().map(|one| (one.user.as_ref(), one)).collect();
    let mut table = Grid::new(["name", "e-mail", "employee", "user", "why", "result"]);
    for line in &group.lines {
        let who = known.get(&line.user.as_ref());
        let shown = |value: Option<&String>| value.map_or_else(|| "–".to_owned(), |value| plain(value));
        let [why, result] = reason(line);
        table.add_row([
            shown(who.and_then(|who| who.name.as_ref())),
            shown(who.and_then(|who| who.email.as_ref())),
            employee(line),
            user(line),
            why,
            result,
        ]);
    }
    console.show(&table)
}

fn employee(line: &ActionLine) -> String {
    line.employee.as_ref().map(|id| plain(id.as_str())).unwrap_or_default()
}

fn user(line: &ActionLine) -> String {
    line.user.as_ref().map(|id| plain(id.as_str())).unwrap_or_default()
}

fn rest(console: Console, rows: usize) -> Result<()> {
    if rows > ROWS {
        console.say(console.dim(&format!("… and {} more; --json lists all", rows - ROWS)))?;
    }
    Ok(())
}

/// The problems, errors first. Those that say the same of several people are one row.
fn problems(console: Console, problems: &[Problem]) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    console.say(format!(
        "{} · {}, {}",
        console.bold("to look at"),
        counted(errors as u64, "error", "errors"),
        counted((problems.len() - errors) as u64, "warning", "warnings")
    ))?;
    let mut alike: BTreeMap<_, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        let kind =
            (problem.severity, problem.code.as_str(), problem.field.as_deref(), problem.message.as_str());
        alike.entry(kind).or_default().push(problem);
    }
    let rows = alike.len();
    let mut table = Grid::new(["", "code", "field", "who", "what"]);
    for ((severity, code, field, message), people) in alike.into_iter().take(ROWS) {
        let mark = if severity == Severity::Error { "✗" } else { "!" };
        table.add_row([
            mark.to_owned(),
            code.to_owned(),
            plain(field.unwrap_or("")),
            who(&people),
            plain(message),
        ]);
    }
    console.show(&table)?;
    rest(console, rows)?;
    console.say("")
}

/// The people that some problems concern: the first few, and how many more.
fn who(problems: &[&Problem]) -> String {
    const NAMED: usize = 3;
    let name = |problem: &&Problem| {
        let several = problem.employees.len();
        let employee = problem.employee.as_ref().map(|id| match several {
            0 => plain(id.as_str()),
            several => format!("{} and {} more", plain(id.as_str()), several - 1),
        });
        let user = problem.user.as_ref().map(|id| format!("account {}", plain(id.as_str())));
        employee.into_iter().chain(user).collect::<Vec<_>>().join(", ")
    };
    let mut named: Vec<String> =
        problems.iter().take(NAMED).map(name).filter(|name| !name.is_empty()).collect();
    if problems.len() > NAMED {
        named.push(format!("… and {} more", problems.len() - NAMED));
    }
    named.join("\n")
}

fn refused(console: Console, refusal: &Refusal, outcome: Outcome) -> Result<()> {
    let what = if outcome == Outcome::Refused { "refused: nothing is changed" } else { "removals wait" };
    console.say(console.red(&format!(
        "{what} ({}: {} planned, {} allowed)",
        refusal.rule.as_str(),
        refusal.planned,
        refusal.limit
    )))?;
    console.say(plain(&refusal.message))
}

/// `1 created, 1 invited, 249 unchanged`.
pub(crate) fn summary(counts: &Counts, planned: bool) -> String {
    let parts = [
        (counts.linked, "linked", "to link"),
        (counts.created, "created", "to create"),
        (counts.invited, "invited", "to invite"),
        (counts.reinvited, "invited again", "to invite again"),
        (counts.updated, "updated", "to update"),
        (counts.reactivated, "reactivated", "to reactivate"),
        (counts.deactivated, "deactivated", "to deactivate"),
        (counts.unchanged, "unchanged", "unchanged"),
        (counts.conflicts, "in conflict", "in conflict"),
        (counts.skipped, "skipped", "skipped"),
        (counts.failed, "failed", "to fail"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, done, to_do)| format!("{number} {}", if planned { to_do } else { done }))
        .collect();
    if said.is_empty() { "nothing to do".to_owned() } else { said.join(", ") }
}

/// The first words of a message, for a cell of a table.
fn clip(message: &str) -> String {
    const LENGTH: usize = 90;
    match message.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

/// One line of history.
pub(crate) fn line(report: &Report) -> [String; 6] {
    let refusal = report.refusal.as_ref().map(|refusal| format!(" ({})", refusal.rule.as_str()));
    let error = report.error.as_ref().map(|error| format!(" ({})", plain(&error.kind)));
    [
        plain(&report.run),
        report.started_at.to_string(),
        plain(&report.command),
        format!("{}{}", report.outcome.as_str(), refusal.or(error).unwrap_or_default()),
        match &report.error {
            Some(error) if report.counts == Counts::default() => clip(&plain(&error.message)),
            _ => summary(&report.counts, report.command == "plan"),
        },
        report.problems.len().to_string(),
    ]
}
