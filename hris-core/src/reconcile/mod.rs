//! The decision: who is who, who joins, moves and leaves, and what to do about it.
//!
//! [`plan`] is one function of its arguments: no input or output, no clock, no randomness. Given
//! the same inputs in any order it yields the same plan. It cannot fail; what it cannot decide it
//! leaves as it is and reports.
//!
//! ```
//! use std::collections::BTreeMap;
//! use hris_core::mapping::Mapping;
//! use hris_core::reconcile::{ActionKind, Inputs, Mode, Policy, TargetCapabilities, plan};
//! use hris_core::{Date, Directory, Employee, Field, MemoryDirectory, Snapshot, StandardField, Status};
//!
//! let person = Employee::new("e-1")
//!     .with_status(Status::Active, "active")
//!     .with(StandardField::Email, Field::Value("ada@mill.example".into()));
//! let directory = MemoryDirectory::new([]);
//! let map = Mapping::standard(directory.capabilities()).compile(directory.capabilities())?;
//! let snapshot = Snapshot::new("memory", vec![person]);
//! let desired = map.apply(&snapshot);
//!
//! let inputs = Inputs {
//!     connection: "acme",
//!     mode: Mode::Sync,
//!     snapshot: &snapshot,
//!     desired: &desired,
//!     users: &[],
//!     links: &[],
//!     last: None,
//!     absent: &BTreeMap::new(),
//!     target: &TargetCapabilities::full(),
//!     leavers: directory.capabilities().leavers,
//!     config: "",
//!     removed_in_window: 0,
//!     now: "2026-11-23T09:00:00Z".parse()?,
//! };
//! let plan = plan(&inputs, &Policy::default(), Date::new(2026, 11, 23)?);
//! let kinds: Vec<ActionKind> = plan.actions.iter().map(|action| action.kind).collect();
//! assert_eq!(kinds, [ActionKind::Create, ActionKind::Invite]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assignment;
mod coverage;
mod diff;
mod guard;
mod inputs;
mod leaver;
mod manager;
mod matching;
mod order;
mod pairs;
mod plan;
mod policy;
mod react;
mod situation;

pub use self::guard::{Decision, Refusal, Rule, guard};
pub use self::inputs::{Inputs, TargetCapabilities};
pub use self::plan::{
    Action, ActionKey, ActionKind, Baseline, Change, Figures, GrantChange, Mode, Plan, PlanDigest, Verdict,
};
pub use self::policy::{
    AreaSource, AssignmentMode, Assignments, FutureStarters, Leavers, MatchKey, OnBreach, PastEndDate,
    Policy, Rehire, Safeguards, UnlinkedUsers,
};
pub use self::situation::{Reason, Situation};

use crate::Date;

/// Decides what to do about everybody in the source, in a link, and in the target.
///
/// `today` is the calendar day in the policy's zone; it decides who has started and who has left.
#[must_use]
pub fn plan(inputs: &Inputs<'_>, policy: &Policy, today: Date) -> Plan {
    let mode = coverage::mode(inputs);
    let lost = coverage::compare(inputs, policy);
    let pairs = pairs::Pairs::of(inputs);
    let managers = manager::Managers::of(inputs, &pairs);
    let matches = matching::correlate(inputs, policy, today, &pairs);

    let mut draft = react::Draft::new(inputs, policy, today, mode, &lost, &pairs, &managers, &matches);
    draft.linked_people();
    draft.missing_people();
    draft.unlinked_people();
    draft.unlinked_users();

    let react::Decided { actions, mut people, mut problems } = draft.finish();
    let actions = order::order(inputs, &pairs, &managers, actions, &mut people, &mut problems);

    people.sort_unstable();
    problems.sort_unstable();
    problems.dedup();
    let figures = coverage::figures(inputs, policy, &pairs, &lost, &actions, &people);
    let baseline = coverage::baseline(inputs, &lost);
    Plan { connection: inputs.connection.to_owned(), mode, actions, people, problems, figures, baseline }
}
