//! A plan as it is shown, and why it decides as it does about one person.

use std::collections::BTreeSet;
use std::fmt;

use hris_core::reconcile::{Decision, Plan, Refusal, Rule, Verdict};
use hris_core::{Problem, Timestamp};

use super::{Removal, SavedPlan};
use crate::report::{ActionLine, Report};

/// A plan that was made and not carried out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Planned {
    /// What would be done.
    pub plan: Plan,
    /// Whether the safeguards would let it pass.
    pub decision: Decision,
    /// The same as a report: command `plan`, each action `planned`. Its outcome is how a run would
    /// end if all goes well; `refused` where a safeguard would refuse it.
    pub report: Report,
    /// The people whose accounts would be closed, by name: personal data, for the person who decides about
    /// the plan.
    pub removals: Vec<Removal>,
    /// The rules that stand in its way: what an approval of it covers.
    pub(super) breached: BTreeSet<Rule>,
    pub(super) now: Timestamp,
}

impl Planned {
    /// The plan in the form in which it is approved and carried out later.
    #[must_use]
    pub fn save(&self) -> SavedPlan {
        SavedPlan::new(self.plan.clone(), self.now)
            .breaching(self.breached.clone())
            .removing(self.removals.clone())
    }
}

/// Why something is done for one person, or not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The situation and its reason.
    pub verdict: Verdict,
    /// What would be done.
    pub actions: Vec<ActionLine>,
    /// What somebody should look at.
    pub problems: Vec<Problem>,
    /// Why a safeguard would refuse the whole run or hold its removals.
    pub refusal: Option<Refusal>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { employee, user, situation, reason, .. } = &self.verdict;
        match (employee, user) {
            (Some(employee), Some(user)) => write!(f, "employee {employee}, account {user}")?,
            (Some(employee), None) => write!(f, "employee {employee}, no account")?,
            (None, Some(user)) => write!(f, "account {user}")?,
            (None, None) => f.write_str("nobody")?,
        }
        write!(f, ": {situation}: {reason}")?;
        if self.actions.is_empty() {
            f.write_str("\nnothing would be done")?;
        }
        for action in &self.actions {
            write!(f, "\nwould {}", action.action.as_str())?;
            if !action.fields.is_empty() {
                write!(f, " ({})", action.fields.join(", "))?;
            }
            write!(f, ": {}", action.reason)?;
        }
        for problem in &self.problems {
            write!(f, "\n{}: {}", problem.code.as_str(), problem.message)?;
        }
        if let Some(refusal) = &self.refusal {
            write!(
                f,
                "\nthe whole run would be refused or held: {}: {}",
                refusal.rule.as_str(),
                refusal.message
            )?;
        }
        Ok(())
    }
}
