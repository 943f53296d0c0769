//! A report as the two bodies of a message: text, and HTML that mail programs draw.
//!
//! Mail programs know tables and inline styles and little else, and cut off or refuse what is long. So both
//! bodies hold a bounded part of the report whatever the run did, and say where the rest is.

use std::borrow::Cow;

use hris_core::reconcile::ActionKind;
use hris_core::{Problem, Severity};
use serde::Serialize;

use super::html::{counts, draw, notices};
use super::words::{self, visible};
use super::{ActionLine, Group, Outcome, Report};

/// The page of a message, a minijinja template.
const TEMPLATE: &str = include_str!("mail.html");

/// The most that one body may weigh on the way, in bytes: mail programs cut off at about 100,000.
const LIMIT: usize = 64_000;

/// The most letters of a text that comes from elsewhere, and of a message in a box of its own.
const CLIP: usize = 160;
const CLIP_NOTICE: usize = 600;

/// How many fields of one action are named.
const FIELDS: usize = 8;

/// How many rows a body has at most of removals, of each other kind of action, and of problems: the first of
/// these that stay within the limit.
const ROWS: [[usize; 3]; 6] = [[150, 15, 25], [100, 5, 15], [50, 3, 8], [20, 1, 4], [5, 0, 2], [0, 0, 0]];

/// What is attached to a message beside its two bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attached {
    /// The whole report as a page.
    pub(crate) page: bool,
    /// Errors and warnings as a table.
    pub(crate) table: bool,
}

/// The body for those who read no HTML.
pub(crate) fn text(report: &Report, attached: Attached) -> String {
    bounded(report, attached, |mail| mail.to_text())
}

/// The body that looks well.
pub(crate) fn html(report: &Report, attached: Attached) -> String {
    bounded(report, attached, |mail| {
        // The template is fixed and rendered by every test of a message, so this never shows; the text says
        // the same.
        draw("mail.html", TEMPLATE, mail).unwrap_or_default()
    })
}

fn bounded(report: &Report, attached: Attached, render: impl Fn(&Mail<'_>) -> String) -> String {
    let mut body = String::new();
    for rows in ROWS {
        body = render(&Mail::of(report, attached, rows));
        if weight(&body) <= LIMIT {
            break;
        }
    }
    body
}

/// The bytes of a body as it is sent: what is no plain letter takes three.
fn weight(body: &str) -> usize {
    body.bytes().map(|byte| if byte.is_ascii() && byte != b'=' { 1 } else { 3 }).sum()
}

/// What a message says.
#[derive(Serialize)]
struct Mail<'a> {
    headline: String,
    /// The outcome in capitals, with a sign: seen without any colour.
    verdict: &'static str,
    ink: &'static str,
    paper: &'static str,
    sentence: &'static str,
    connection: String,
    run: String,
    command: String,
    started: String,
    source: String,
    notices: Vec<Notice>,
    counts: Vec<(&'static str, u64)>,
    groups: Vec<Rows<'a>>,
    problems: Vec<ProblemRow<'a>>,
    /// How many kinds of problem are not shown.
    more_problems: usize,
    remarks: Vec<String>,
    attached: &'static str,
}

#[derive(Serialize)]
struct Notice {
    title: String,
    message: String,
    remedy: &'static str,
}

#[derive(Serialize)]
struct Rows<'a> {
    title: &'static str,
    total: usize,
    fields: String,
    why: Option<String>,
    rows: Vec<Row<'a>>,
    more: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    employee: String,
    user: String,
    fields: String,
    reason: String,
    result: &'a str,
}

#[derive(Serialize)]
struct ProblemRow<'a> {
    severity: &'static str,
    title: &'a str,
    remedy: &'a str,
    message: String,
    field: String,
    who: String,
}

impl<'a> Mail<'a> {
    fn of(report: &'a Report, attached: Attached, [removals, others, problems]: [usize; 3]) -> Self {
        let (verdict, ink, paper) = verdict(report);
        let planned = report.command == "plan" || report.outcome == Outcome::Refused;
        let kinds = by_kind(&report.problems);
        let source = &report.source;
        Self {
            headline: report.headline(),
            verdict,
            ink,
            paper,
            sentence: words::outcome(report),
            connection: clip(&report.connection, CLIP),
            run: clip(&report.run, CLIP),
            command: clip(&report.command, CLIP),
            started: report.started_at.to_string().replace('T', " ").replace('Z', " UTC"),
            source: format!("{}: {} people", clip(&source.vendor, CLIP), source.employees),
            notices: notices(report)
                .into_iter()
                .map(|notice| Notice {
                    title: notice.title,
                    message: clip(notice.message, CLIP_NOTICE),
                    remedy: notice.remedy,
                })
                .collect(),
            counts: counts(report)
                .into_iter()
                .filter(|count| count.value > 0)
                .map(|count| (count.label, count.value))
                .collect(),
            groups: report
                .groups()
                .map(|group| {
                    let limit = if group.kind == ActionKind::Deactivate { removals } else { others };
                    rows(&group, limit, planned)
                })
                .collect(),
            more_problems: kinds.len().saturating_sub(problems),
            problems: kinds.into_iter().take(problems).map(problem).collect(),
            remarks: report.notices.iter().take(5).map(|text| clip(text, CLIP_NOTICE)).collect(),
            attached: match (attached.page, attached.table) {
                (true, true) => {
                    "The whole report is attached as a page, and as a table of errors and warnings."
                }
                (true, false) => "The whole report is attached as a page.",
                (false, true) => "Errors and warnings are attached as a table.",
                (false, false) => "",
            },
        }
    }

    fn to_text(&self) -> String {
        let mut lines =
            vec![self.headline.clone(), String::new(), format!("{}. {}", self.verdict, self.sentence)];
        lines.push(format!(
            "Connection {}, {} {}, {}. Read from {}.",
            self.connection, self.command, self.run, self.started, self.source
        ));
        for notice in &self.notices {
            lines.extend([String::new(), notice.title.clone(), notice.message.clone()]);
            lines.push(format!("What to do: {}", notice.remedy));
        }
        if !self.counts.is_empty() {
            let counts: Vec<String> =
                self.counts.iter().map(|(label, value)| format!("{value} {label}")).collect();
            lines.extend([String::new(), counts.join(", ")]);
        }
        for group in &self.groups {
            lines.push(String::new());
            let fields = if group.fields.is_empty() { String::new() } else { format!(": {}", group.fields) };
            lines.push(format!("{} ({}){fields}", group.title, group.total));
            lines.extend(group.why.clone());
            lines.extend(group.rows.iter().map(|row| row.to_text(group.why.is_some())));
            if group.more > 0 {
                lines.push(format!("- and {} more", group.more));
            }
        }
        if !self.problems.is_empty() || self.more_problems > 0 {
            lines.extend([String::new(), "To look at".to_owned()]);
        }
        for one in &self.problems {
            let field = if one.field.is_empty() { String::new() } else { format!(" ({})", one.field) };
            lines.push(format!("- {}: {}{field}: {}", one.severity, one.title, one.message));
            if !one.who.is_empty() {
                lines.push(format!("  Who: {}", one.who));
            }
            lines.push(format!("  What to do: {}", one.remedy));
        }
        if self.more_problems > 0 {
            lines.push(format!("- and {} more kinds of problem", self.more_problems));
        }
        lines.extend(self.remarks.iter().map(|remark| format!("\nNote: {remark}")));
        lines.push(String::new());
        if !self.attached.is_empty() {
            lines.push(self.attached.to_owned());
        }
        lines.push(format!("`hris report {} --format html` writes out the whole report.", self.run));
        let mut text: String = lines.join("\n");
        text.push('\n');
        text.replace('\n', "\r\n")
    }
}

impl Row<'_> {
    fn to_text(&self, is_explained: bool) -> String {
        let ids: Vec<String> = [("employee", &self.employee), ("account", &self.user)]
            .into_iter()
            .filter(|(_, id)| !id.is_empty())
            .map(|(what, id)| format!("{what} {id}"))
            .collect();
        let mut line = format!("- {}", ids.join(", "));
        if !self.fields.is_empty() {
            line.push_str(&format!(" ({})", self.fields));
        }
        if !is_explained {
            line.push_str(&format!(": {} [{}]", self.reason, self.result));
        }
        line
    }
}

/// How the run ended, as a word that is seen, and its colours.
fn verdict(report: &Report) -> (&'static str, &'static str, &'static str) {
    let (good, attention, bad) = (("#14573b", "#e4f3ea"), ("#6d4703", "#fbefd5"), ("#861d28", "#fbe6e6"));
    let (verdict, (ink, paper)) = match report.outcome {
        Outcome::Completed => ("✓ COMPLETED", good),
        Outcome::Partial if report.refusal.is_some() => ("! PARTLY DONE, REMOVALS WAIT", attention),
        Outcome::Partial => ("! PARTLY DONE", attention),
        Outcome::Refused => ("✗ REFUSED", bad),
        Outcome::Failed => ("✗ FAILED", bad),
    };
    (verdict, ink, paper)
}

fn rows<'a>(group: &Group<'a>, limit: usize, planned: bool) -> Rows<'a> {
    let (past, future) = words::action(group.kind);
    let shown: Vec<Row<'a>> = group.lines.iter().take(limit).map(|line| row(line)).collect();
    Rows {
        title: if planned { future } else { past },
        total: group.lines.len(),
        fields: clip(&group.fields_in_words(), CLIP),
        why: group.why.as_deref().map(|why| clip(why, CLIP_NOTICE)),
        more: group.lines.len() - shown.len(),
        rows: shown,
    }
}

fn row(line: &ActionLine) -> Row<'static> {
    let mut fields: Vec<String> = line.fields.iter().take(FIELDS).map(|field| clip(field, 40)).collect();
    if line.fields.len() > FIELDS {
        fields.push(format!("and {} more", line.fields.len() - FIELDS));
    }
    Row {
        employee: line.employee.as_ref().map(|id| clip(id.as_str(), 64)).unwrap_or_default(),
        user: line.user.as_ref().map(|id| clip(id.as_str(), 64)).unwrap_or_default(),
        fields: fields.join(", "),
        reason: clip(&line.reason, CLIP),
        result: line.result.as_str(),
    }
}

/// Problems that say the same of several people, errors first.
fn by_kind(problems: &[Problem]) -> Vec<Vec<&Problem>> {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    let kind =
        |problem: &Problem| (problem.severity, problem.code, problem.field.clone(), problem.message.clone());
    sorted.sort_by_key(|problem| kind(problem));
    let mut kinds: Vec<Vec<&Problem>> = Vec::new();
    for problem in sorted {
        match kinds.last_mut() {
            Some(alike) if alike.first().is_some_and(|first| kind(first) == kind(problem)) => {
                alike.push(problem)
            }
            _ => kinds.push(vec![problem]),
        }
    }
    kinds
}

fn problem(alike: Vec<&Problem>) -> ProblemRow<'static> {
    const NAMED: usize = 5;
    let first = alike.first();
    let ids = || {
        let people = alike.iter().flat_map(|problem| problem.about().map(|id| id.as_str()));
        let accounts = alike.iter().filter(|problem| problem.employee.is_none());
        people.chain(accounts.filter_map(|problem| problem.user.as_ref().map(|id| id.as_str())))
    };
    let mut who: Vec<String> = ids().take(NAMED).map(|id| clip(id, 64)).collect();
    let total = ids().count();
    if total > NAMED {
        who.push(format!("and {} more", total - NAMED));
    }
    let (title, remedy) = first.map_or(("", ""), |problem| words::problem(problem.code));
    ProblemRow {
        severity: match first.map(|problem| problem.severity) {
            Some(Severity::Error) => "Error",
            _ => "Warning",
        },
        title,
        remedy,
        message: first.map(|problem| clip(&problem.message, CLIP_NOTICE)).unwrap_or_default(),
        field: first
            .and_then(|problem| problem.field.as_deref())
            .map(|field| clip(field, 64))
            .unwrap_or_default(),
        who: who.join(", "),
    }
}

/// The beginning of a text, with nothing in it that is not seen.
fn clip(text: &str, letters: usize) -> String {
    let cut = match text.char_indices().nth(letters) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    };
    visible(&cut).into_owned()
}
