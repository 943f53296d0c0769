//! The decision: who is who, who joins, moves and leaves, and what to do about it.
mod guard;
mod inputs;
mod plan;
mod policy;
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

/// Decides. Replaced by the whole engine in a following change.
#[must_use]
pub fn plan(inputs: &Inputs<'_>, policy: &Policy, today: Date) -> Plan {
    let _ = (policy, today);
    Plan {
        connection: inputs.connection.to_owned(),
        mode: inputs.mode,
        actions: Vec::new(),
        people: Vec::new(),
        problems: Vec::new(),
        figures: Figures::default(),
        baseline: Baseline::default(),
    }
}
