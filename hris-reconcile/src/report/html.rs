//! A report as one page for a person.

use std::collections::BTreeMap;

use hris_core::reconcile::ActionKind;
use hris_core::{Problem, Severity};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;

use super::words::{self, visible};
use super::{ActionLine, ActionResult, Outcome, Report};
use crate::error::{Error, ErrorKind, Result};

/// The page, a minijinja template. Products may use one of their own with
/// [`Report::to_html_with`]; this one shows what there is to use.
const TEMPLATE: &str = include_str!("report.html");

/// Groups with more rows than this begin closed, so that a large run is still read from the top. Removals never
/// do.
const OPEN_ROWS: usize = 40;

/// The letters of a title that every browser and bookmark shows.
const TITLE: usize = 70;

impl Report {
    /// The report as one page of HTML: no script, no font, no picture, nothing that is loaded from
    /// anywhere; light and dark, and fit for paper. It may be mailed, stored or served as it is.
    ///
    /// Everything that comes from another system is escaped, and characters that cannot be seen
    /// are shown (`␊`, `⟨U+202E⟩`).
    #[must_use]
    pub fn to_html(&self) -> String {
        // The template is fixed and every test of this file renders it, so this never shows;
        // a page of JSON is still a report.
        self.to_html_with(TEMPLATE).unwrap_or_else(|_| {
            let json = self.to_json();
            let escaped = visible_lines(&json).replace('&', "&amp;").replace('<', "&lt;");
            format!("<!DOCTYPE html><meta charset=\"utf-8\"><title>Report</title><pre>{escaped}</pre>")
        })
    }

    /// The report as a page of the product's own: `template` is a minijinja template with the words
    /// of the built-in one (`page.headline`, `page.groups`, `page.problems`, …). Values are escaped
    /// for HTML.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the template cannot be read or asks for what is not there.
    pub fn to_html_with(&self, template: &str) -> Result<String> {
        draw("report.html", template, Page::of(self))
    }
}

/// What a template makes of a page. Values are escaped for HTML, and what is not there is an error.
pub(super) fn draw(name: &str, template: &str, page: impl Serialize) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.add_filter("seen", |text: &str| visible(text).into_owned());
    let page = Value::from(Serde(page));
    environment
        .render_named_str(name, template, context! { page })
        .map_err(|error| Error::new(ErrorKind::Config, "report: the HTML template failed").with_source(error))
}

/// Control characters shown, line ends left to lay the text out.
fn visible_lines(text: &str) -> String {
    text.lines().map(|line| visible(line).into_owned() + "\n").collect()
}

/// What the template sees.
#[derive(Serialize)]
struct Page<'a> {
    headline: String,
    /// The headline and the connection, short enough for a tab.
    title: String,
    /// The headline with no line end between a number and its noun.
    heading: String,
    /// `good`, `attention` or `bad`: how the outcome is coloured.
    tone: &'static str,
    outcome: &'static str,
    sentence: &'static str,
    dry_run: bool,
    run: &'a str,
    connection: &'a str,
    command: &'a str,
    started_at: String,
    finished_at: String,
    started: String,
    duration: String,
    vendor: &'a str,
    employees: u64,
    complete: bool,
    requests: u64,
    notices: Vec<Notice<'a>>,
    counts: Vec<Count>,
    /// The counts that are zero, as one sentence's end: `left, linked or failed`.
    zeros: String,
    bar: Vec<Part>,
    groups: Vec<Group<'a>>,
    problems: Vec<Problems<'a>>,
    situations: &'a BTreeMap<String, u64>,
    remarks: &'a [String],
}

/// A box that says why the run was refused, held or failed, and what to do.
#[derive(Serialize)]
pub(super) struct Notice<'a> {
    pub(super) title: String,
    pub(super) message: &'a str,
    pub(super) remedy: &'static str,
    code: &'a str,
    /// Planned and allowed, where the rule counts.
    figures: Option<(u64, u64)>,
}

#[derive(Serialize)]
pub(super) struct Count {
    pub(super) label: &'static str,
    pub(super) value: u64,
    tone: &'static str,
}

/// A part of the bar that shows how much of the whole the run touched.
#[derive(Serialize)]
struct Part {
    label: &'static str,
    value: u64,
    tone: &'static str,
}

#[derive(Serialize)]
struct Group<'a> {
    title: &'static str,
    tone: &'static str,
    open: bool,
    failed: usize,
    rows: Vec<Row<'a>>,
    fields: bool,
    /// The fields with their numbers, where there are too many rows to see that.
    summary: String,
}

#[derive(Serialize)]
struct Row<'a> {
    employee: &'a str,
    user: &'a str,
    fields: &'a [String],
    reason: &'a str,
    result: &'static str,
}

#[derive(Serialize)]
struct Problems<'a> {
    severity: &'static str,
    title: &'static str,
    total: usize,
    kinds: Vec<ProblemKind<'a>>,
}

#[derive(Serialize)]
struct ProblemKind<'a> {
    code: &'static str,
    title: &'static str,
    remedy: &'static str,
    open: bool,
    rows: Vec<ProblemRow<'a>>,
}

#[derive(Serialize)]
struct ProblemRow<'a> {
    employee: &'a str,
    /// How many people it concerns besides.
    others: usize,
    user: &'a str,
    field: &'a str,
    message: &'a str,
}

impl<'a> Page<'a> {
    fn of(report: &'a Report) -> Self {
        let dry_run = report.command == "plan";
        let seconds = report.finished_at.unix_seconds().saturating_sub(report.started_at.unix_seconds());
        let counts = counts(report);
        let headline = report.headline();
        Self {
            heading: unbroken(&headline),
            title: title(&headline, &report.connection),
            headline,
            tone: match report.outcome {
                Outcome::Completed => "good",
                Outcome::Partial => "attention",
                Outcome::Failed | Outcome::Refused => "bad",
            },
            outcome: report.outcome.as_str(),
            sentence: words::outcome(report),
            dry_run,
            run: &report.run,
            connection: &report.connection,
            command: &report.command,
            started_at: report.started_at.to_string(),
            finished_at: report.finished_at.to_string(),
            started: report.started_at.to_string().replace('T', " ").replace('Z', " UTC"),
            duration: duration(seconds),
            vendor: &report.source.vendor,
            employees: report.source.employees,
            complete: report.source.complete,
            requests: report.source.requests,
            notices: notices(report),
            zeros: zeros(&counts),
            counts: counts.into_iter().filter(|count| count.value > 0).collect(),
            bar: bar(report),
            groups: groups(report, dry_run),
            problems: problems(&report.problems),
            situations: &report.situations,
            remarks: &report.notices,
        }
    }
}

fn title(headline: &str, connection: &str) -> String {
    let whole = visible(&format!("{headline} · {connection}")).into_owned();
    match whole.char_indices().nth(TITLE) {
        None => whole,
        Some(_) => whole.chars().take(TITLE - 1).chain(['…']).collect(),
    }
}

fn unbroken(headline: &str) -> String {
    let mut after_number = false;
    let bind = |character| {
        let bound = if after_number && character == ' ' { '\u{a0}' } else { character };
        after_number = character.is_ascii_digit();
        bound
    };
    headline.chars().map(bind).collect()
}

fn duration(seconds: i64) -> String {
    match seconds {
        i64::MIN..=0 => "under a second".to_owned(),
        1 => "1 second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

pub(super) fn notices(report: &Report) -> Vec<Notice<'_>> {
    let mut notices = Vec::new();
    if let Some(refusal) = &report.refusal {
        let (what, remedy) = words::rule(refusal.rule);
        let held = report.outcome != Outcome::Refused;
        notices.push(Notice {
            title: format!("{}: {what}", if held { "Removals wait" } else { "Refused" }),
            message: &refusal.message,
            remedy,
            code: refusal.rule.as_str(),
            figures: (refusal.limit != refusal.planned).then_some((refusal.planned, refusal.limit)),
        });
    }
    if let Some(error) = &report.error {
        let (what, remedy) = words::failure(&error.kind);
        notices.push(Notice {
            title: format!("Failed: {what}"),
            message: &error.message,
            remedy,
            code: &error.kind,
            figures: None,
        });
    }
    notices
}

pub(super) fn counts(report: &Report) -> Vec<Count> {
    let counts = &report.counts;
    [
        ("left", counts.deactivated, "left"),
        ("joined", counts.created, "joined"),
        ("came back", counts.reactivated, "joined"),
        ("updated", counts.updated, "changed"),
        ("unchanged", counts.unchanged, "plain"),
        ("invited", counts.invited, "plain"),
        ("invited again", counts.reinvited, "plain"),
        ("linked", counts.linked, "plain"),
        ("skipped", counts.skipped, "plain"),
        ("in conflict", counts.conflicts, "attention"),
        ("failed", counts.failed, "bad"),
    ]
    .into_iter()
    .map(|(label, value, tone)| Count { label, value, tone })
    .collect()
}

fn zeros(counts: &[Count]) -> String {
    let labels: Vec<_> = counts.iter().filter(|count| count.value == 0).map(|count| count.label).collect();
    match labels.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn bar(report: &Report) -> Vec<Part> {
    let counts = &report.counts;
    [
        ("left", counts.deactivated, "left"),
        ("joined or came back", counts.created.saturating_add(counts.reactivated), "joined"),
        ("updated", counts.updated, "changed"),
        ("failed", counts.failed, "bad"),
        ("unchanged", counts.unchanged, "plain"),
    ]
    .into_iter()
    .filter(|(_, value, _)| *value > 0)
    .map(|(label, value, tone)| Part { label, value, tone })
    .collect()
}

/// The actions by kind, removals first.
fn groups(report: &Report, dry_run: bool) -> Vec<Group<'_>> {
    let planned = dry_run || report.outcome == Outcome::Refused;
    let mut groups = Vec::new();
    for group in report.groups() {
        let mut rows: Vec<Row<'_>> = group.lines.iter().copied().map(row).collect();
        // What failed is what somebody looks for.
        rows.sort_by_key(|row| row.result != ActionResult::Failed.as_str());
        let (past, future) = words::action(group.kind);
        let is_short = rows.len() <= OPEN_ROWS;
        groups.push(Group {
            title: if planned { future } else { past },
            tone: match group.kind {
                ActionKind::Deactivate => "left",
                ActionKind::Create | ActionKind::Reactivate => "joined",
                ActionKind::Update | ActionKind::Assign => "changed",
                _ => "plain",
            },
            open: is_short || group.kind == ActionKind::Deactivate,
            failed: rows.iter().filter(|row| row.result == ActionResult::Failed.as_str()).count(),
            fields: rows.iter().any(|row| !row.fields.is_empty()),
            summary: if is_short { String::new() } else { group.fields_in_words() },
            rows,
        });
    }
    groups
}

fn row(line: &ActionLine) -> Row<'_> {
    Row {
        employee: line.employee.as_ref().map_or("", |id| id.as_str()),
        user: line.user.as_ref().map_or("", |id| id.as_str()),
        fields: &line.fields,
        reason: &line.reason,
        result: line.result.as_str(),
    }
}

/// The problems by severity and kind.
fn problems(problems: &[Problem]) -> Vec<Problems<'_>> {
    let mut sorted: BTreeMap<Severity, BTreeMap<_, Vec<ProblemRow<'_>>>> = BTreeMap::new();
    for problem in problems {
        let rows = sorted.entry(problem.severity).or_default().entry(problem.code).or_default();
        rows.push(ProblemRow {
            employee: problem.employee.as_ref().map_or("", |id| id.as_str()),
            others: problem.employees.len().saturating_sub(1),
            user: problem.user.as_ref().map_or("", |id| id.as_str()),
            field: problem.field.as_deref().unwrap_or(""),
            message: &problem.message,
        });
    }
    let mut all = Vec::new();
    for (severity, kinds) in sorted {
        let total = kinds.values().map(Vec::len).sum();
        let (severity, title) = words::severity(severity);
        let mut listed = Vec::new();
        for (code, rows) in kinds {
            let (title, remedy) = words::problem(code);
            listed.push(ProblemKind {
                code: code.as_str(),
                title,
                remedy,
                open: rows.len() <= OPEN_ROWS,
                rows,
            });
        }
        all.push(Problems { severity, title, total, kinds: listed });
    }
    all
}
