//! The report of a run in the making: at any moment it can say what was done until then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hris_core::reconcile::{Action, ActionKind, Plan, Refusal, Situation};
use hris_core::{Problem, Severity, Timestamp, UserId};
use tokio::time::Instant;

use super::count::count;
use crate::Error;
use crate::report::{ActionLine, ActionResult, ConflictLine, Failure, Outcome, Report, SourceSummary};

/// A report in the making.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) run: String,
    pub(super) connection: String,
    pub(super) command: &'static str,
    started_at: Timestamp,
    started: Instant,
    pub(super) source: SourceSummary,
    pub(super) plan: Option<Plan>,
    /// How the actions of the plan ended, in its order; the last ones may not have ended yet.
    pub(super) ends: Vec<End>,
    /// Problems that came up while the plan was carried out.
    pub(super) problems: Vec<Problem>,
    pub(super) notices: Vec<String>,
    pub(super) refusal: Option<Refusal>,
    /// What actions that have not ended amount to.
    pub(super) rest: ActionResult,
}

/// How one action ended.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) result: ActionResult,
    /// What was done in the end: a creation may turn out to be a link.
    pub(super) kind: ActionKind,
    pub(super) user: Option<UserId>,
    /// Fields that were refused while the others were written.
    pub(super) refused: BTreeSet<String>,
}

impl End {
    pub(super) fn new(action: &Action, result: ActionResult) -> Self {
        Self { result, kind: action.kind, user: action.user.clone(), refused: BTreeSet::new() }
    }
}

impl Draft {
    pub(super) fn new(connection: &str, command: &'static str, vendor: &str, now: Timestamp) -> Self {
        let mut source = SourceSummary::default();
        vendor.clone_into(&mut source.vendor);
        Self {
            run: run_id(now),
            connection: connection.to_owned(),
            command,
            started_at: now,
            started: Instant::now(),
            source,
            plan: None,
            ends: Vec::new(),
            problems: Vec::new(),
            notices: Vec::new(),
            refusal: None,
            rest: ActionResult::Skipped,
        }
    }

    /// The report as things stand, of a run that was carried out to its end.
    pub(super) fn finished(&self) -> Report {
        let mut report = self.report(Outcome::Completed);
        let wrong = report.problems.iter().any(|problem| problem.severity == Severity::Error);
        if wrong || report.counts.failed > 0 || report.counts.conflicts > 0 || self.refusal.is_some() {
            report.outcome = Outcome::Partial;
        }
        report
    }

    /// The report of a run that a safeguard refused: nothing was changed.
    pub(super) fn refused(&self) -> Report {
        self.report(Outcome::Refused)
    }

    /// The report of a run that could not go on.
    pub(super) fn failed(&self, error: &Error) -> Report {
        let mut report = self.report(Outcome::Failed);
        report.error = Some(Failure::new(error.kind().as_str(), error.to_string()));
        report
    }

    fn report(&self, outcome: Outcome) -> Report {
        let empty: &[Action] = &[];
        let actions = self.plan.as_ref().map_or(empty, |plan| &plan.actions);
        let ends: Vec<End> = actions
            .iter()
            .enumerate()
            .map(|(place, action)| {
                self.ends.get(place).cloned().unwrap_or_else(|| End::new(action, self.rest))
            })
            .collect();
        let mut problems = self.plan.as_ref().map(|plan| plan.problems.clone()).unwrap_or_default();
        problems.extend(self.problems.iter().cloned());
        // A refused run has done nothing, whatever its lines say was planned, and whether or not its report could
        // be recorded.
        let failed = outcome == Outcome::Failed && self.rest == ActionResult::Planned;
        let counted = if failed || outcome == Outcome::Refused { &[][..] } else { &ends };
        let counts = self.plan.as_ref().map(|plan| count(plan, counted, &self.problems)).unwrap_or_default();
        Report {
            run: self.run.clone(),
            connection: self.connection.clone(),
            command: self.command.to_owned(),
            outcome,
            started_at: self.started_at,
            finished_at: self.started_at.plus_seconds(seconds(self.started.elapsed())),
            source: self.source.clone(),
            counts,
            actions: actions.iter().zip(&ends).map(|(action, end)| line(action, end)).collect(),
            problems,
            refusal: self.refusal.clone(),
            error: None,
            situations: self.plan.as_ref().map(situations).unwrap_or_default(),
            conflicts: self
                .plan
                .iter()
                .flat_map(|plan| plan.conflicts.iter().map(ConflictLine::new))
                .collect(),
            notices: self.notices.clone(),
        }
    }
}

fn line(action: &Action, end: &End) -> ActionLine {
    let mut line = ActionLine::new(action, end.result);
    if end.kind != action.kind {
        // The account was there already, so nothing was written to it.
        line.action = end.kind;
        line.fields.clear();
    }
    line.fields.retain(|field| !end.refused.contains(field));
    line.user.clone_from(&end.user);
    line
}

fn situations(plan: &Plan) -> BTreeMap<String, u64> {
    let word = |situation: Situation| {
        let word = serde_json::to_value(situation).ok();
        word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_else(|| situation.to_string())
    };
    plan.situations().into_iter().map(|(situation, count)| (word(situation), count)).collect()
}

/// The id of a run: the time of the run, then chance, so that ids sort by time.
fn run_id(now: Timestamp) -> String {
    let since_1970 = Duration::from_secs(u64::try_from(now.unix_seconds()).unwrap_or_default());
    ulid::Ulid::from_datetime(std::time::SystemTime::UNIX_EPOCH + since_1970).to_string()
}

fn seconds(elapsed: Duration) -> i64 {
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}
