//! What a run did: as data, and as a person reads it.
//!
//! A [`Report`] holds ids, field names and words, never a value of anybody's record. It becomes JSON for
//! programs, CSV for the people who correct the records, one HTML page for everybody else, and with feature
//! `email` a message.

mod csv;
mod headline;
mod html;
#[cfg(feature = "email")]
pub(crate) mod mail;
mod words;

#[cfg(feature = "email")]
pub(crate) use self::words::visible;

use std::collections::BTreeMap;
use std::fmt;

use hris_core::reconcile::{Action, ActionKind, Cause, Conflict, Refusal, Side};
use hris_core::{EmployeeId, Problem, ProblemCode, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::ErrorKind;

/// What a run did: counts, actions by id and field, problems. It holds no value of any field, so it
/// may be kept, sent and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The run's id; ids sort by time.
    pub run: String,
    /// The connection's name.
    pub connection: String,
    /// What was asked for: `plan`, `sync`, `match` or `import`.
    pub command: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// What was read.
    pub source: SourceSummary,
    /// How much was done.
    pub counts: Counts,
    /// What was done or, in a dry run, would be.
    pub actions: Vec<ActionLine>,
    /// What a person should look at.
    pub problems: Vec<Problem>,
    /// Why a safeguard refused the run or held its removals.
    pub refusal: Option<Refusal>,
    /// Why the run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// How many people are in each situation.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub situations: BTreeMap<String, u64>,
    /// What somebody has to decide, by id and field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<ConflictLine>,
    /// What concerns the run and no person, such as actions of an interrupted run that were settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

impl Report {
    /// The exit code of a command that ends with this report: 0 completed, 2 some records failed or
    /// are in conflict, 3 refused, 5 the system that was to be written did not work for some records, and where
    /// the run failed that of [`crate::Error::exit_code`].
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.outcome {
            Outcome::Completed => 0,
            Outcome::Partial if self.met_no_target() => ErrorKind::Target.exit_code(),
            Outcome::Partial => 2,
            Outcome::Refused => 3,
            Outcome::Failed => {
                let kind = self.error.as_ref().and_then(|failure| ErrorKind::of_word(&failure.kind));
                kind.unwrap_or(ErrorKind::Target).exit_code()
            }
        }
    }
}

impl Report {
    /// Whether the system that was to be written did not work when it was somebody's turn.
    fn met_no_target(&self) -> bool {
        self.problems.iter().any(|problem| problem.code == ProblemCode::TargetUnavailable)
    }

    /// The report as indented JSON: what `plan`, `sync` and `match` answer.
    ///
    /// ```
    /// # use hris_reconcile::report::Report;
    /// # let text = r#"{"run":"01J","connection":"acme","command":"sync","outcome":"completed",
    /// #   "started_at":"2026-11-23T09:00:00Z","finished_at":"2026-11-23T09:00:04Z",
    /// #   "source":{"vendor":"humaans","employees":0,"complete":true,"requests":1},
    /// #   "counts":{},"actions":[],"problems":[],"refusal":null}"#;
    /// let report: Report = serde_json::from_str(text)?;
    /// let again: Report = serde_json::from_str(&report.to_json())?;
    /// assert_eq!(again, report);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists under text keys: serialising these cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// What happened in one line of plain words, such as `3 people joined, 1 left, 248 unchanged`.
    ///
    /// It holds no line break and no character that is not seen, so it may be a subject line.
    #[must_use]
    pub fn headline(&self) -> String {
        headline::headline(self)
    }

    /// All kinds of action that it has, as people read them: removals first.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        words::ORDER.into_iter().filter_map(|kind| self.group(kind))
    }

    fn group(&self, kind: ActionKind) -> Option<Group<'_>> {
        let lines: Vec<&ActionLine> = self.actions.iter().filter(|line| line.action == kind).collect();
        let first = lines.first()?;
        let alike = lines.iter().all(|line| line.reason == first.reason && line.result == first.result);
        let why = alike.then(|| words::each(&first.reason));
        Some(Group { kind, fields: words::fields(lines.iter().copied()), why, lines })
    }

    /// Whether it holds anything that somebody should look at.
    #[must_use]
    pub fn needs_attention(&self) -> bool {
        !self.problems.is_empty()
            || self.refusal.is_some()
            || self.error.is_some()
            || self.actions.iter().any(|line| line.result == ActionResult::Failed)
    }
}

/// The actions of one kind.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group<'a> {
    /// The kind.
    pub kind: ActionKind,
    /// The actions.
    pub lines: Vec<&'a ActionLine>,
    /// Which fields they write, and how many of them each, the most written first.
    pub fields: Vec<(&'a str, u64)>,
    /// Why, as a sentence about each of them; `None` where they differ in reason or result.
    pub why: Option<String>,
}

impl Group<'_> {
    /// The fields with their numbers, such as `job_title 100, phone 13`; empty where what is written is not the
    /// news, as for an account that is made.
    #[must_use]
    pub fn fields_in_words(&self) -> String {
        if !matches!(self.kind, ActionKind::Assign | ActionKind::Update) {
            return String::new();
        }
        let words: Vec<String> =
            self.fields.iter().map(|(field, count)| format!("{field} {count}")).collect();
        words.join(", ")
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Everything was done.
    Completed,
    /// It could not be done, or not to the end.
    Failed,
    /// Some records failed, are in conflict, or wait.
    Partial,
    /// A safeguard refused it; nothing was changed.
    Refused,
}

impl Outcome {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Refused => "refused",
        }
    }
}

/// What was read from the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourceSummary {
    /// The vendor's name.
    pub vendor: String,
    /// How many people the directory holds.
    pub employees: u64,
    /// Whether the listing was proven whole.
    pub complete: bool,
    /// How many requests it took.
    pub requests: u64,
}

/// How much was done: actions by kind and by how they ended.
///
/// The counts from `created` to `linked`, without `unchanged`, are the actions of these kinds that were
/// done or, in a dry run, would be; `failed` are those that failed. A person who was linked and updated
/// counts in both. A created account counts even if its invitation failed. A person for whom nothing was
/// done and nothing failed is in `unchanged` or in `skipped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Counts {
    /// Accounts made.
    pub created: u64,
    /// First invitations sent.
    pub invited: u64,
    /// Invitations sent again.
    pub reinvited: u64,
    /// Updates, and accounts of which assignments alone were written.
    pub updated: u64,
    /// People with an account for whom there was nothing to do.
    pub unchanged: u64,
    /// Accounts closed.
    pub deactivated: u64,
    /// Accounts opened again.
    pub reactivated: u64,
    /// Accounts linked to an employee.
    pub linked: u64,
    /// What somebody has to decide: fields that both sides changed, people on one side only, and whose an
    /// account is.
    pub conflicts: u64,
    /// People for whom nothing was done, on purpose or because of a problem.
    pub skipped: u64,
    /// Actions that failed.
    pub failed: u64,
}

/// One action of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActionLine {
    /// What was done.
    pub action: ActionKind,
    /// To which side; left out where it is the target.
    #[serde(default, skip_serializing_if = "Side::is_target")]
    pub side: Side,
    /// For which employee.
    pub employee: Option<EmployeeId>,
    /// To which account.
    pub user: Option<UserId>,
    /// The names of the fields that were written.
    pub fields: Vec<String>,
    /// Why.
    pub reason: String,
    /// How it ended.
    pub result: ActionResult,
}

impl ActionLine {
    /// The line of an action that ended so.
    #[must_use]
    pub fn new(action: &Action, result: ActionResult) -> Self {
        Self {
            action: action.kind,
            side: action.side,
            employee: action.employee.clone(),
            user: action.user.clone(),
            fields: action.fields().collect(),
            reason: action.reason.to_string(),
            result,
        }
    }
}

/// One conflict of a report: whose and which field, never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConflictLine {
    /// The conflict's id, by which it is decided.
    pub id: String,
    /// The employee in the source.
    pub employee: Option<EmployeeId>,
    /// The account in the target.
    pub user: Option<UserId>,
    /// The field. `None` where the person is on one side only.
    pub field: Option<String>,
    /// Why somebody has to decide.
    pub cause: Cause,
}

impl ConflictLine {
    /// The line of a conflict.
    #[must_use]
    pub fn new(conflict: &Conflict) -> Self {
        Self {
            id: conflict.id.clone(),
            employee: conflict.employee.clone(),
            user: conflict.user.clone(),
            field: conflict.field.as_ref().map(ToString::to_string),
            cause: conflict.cause,
        }
    }
}

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActionResult {
    /// It was done.
    Done,
    /// It was tried and not done.
    Failed,
    /// It would be done.
    Planned,
    /// It was not tried.
    Skipped,
}

impl ActionResult {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Planned => "planned",
            Self::Skipped => "skipped",
        }
    }
}

/// Why a run failed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The kind, as a word: `auth`, `busy`, `cancelled`, `config`, `source`, `state`, `target`.
    pub kind: String,
    /// What happened and what to do.
    pub message: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), message: message.into() }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}
