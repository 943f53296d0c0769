//! From situations to actions: the policy applied to one person after another.

mod actions;
mod linked;
mod unlinked;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::coverage::Lost;
use super::inputs::Inputs;
use super::manager::Managers;
use super::matching::Matches;
use super::pairs::Pairs;
use super::plan::{Action, Mode, Verdict};
use super::policy::Policy;
use super::situation::{Reason, Situation};
use super::two_way::{Agreement, BothWays, Conflict};
use crate::{Assignment, AssignmentKind, Date, EmployeeId, Problem, ProblemCode, TargetField, User, canon};

/// A plan in the making.
pub(super) struct Draft<'d, 'i> {
    pub(super) inputs: &'d Inputs<'i>,
    /// What both sides may change, if they may.
    pub(super) both: Option<&'d BothWays<'d>>,
    policy: &'d Policy,
    today: Date,
    pub(super) mode: Mode,
    pub(super) lost: &'d Lost,
    pairs: &'d Pairs<'i>,
    managers: &'d Managers,
    matches: &'d Matches,
    protected: BTreeSet<String>,
    unmapped: BTreeMap<AssignmentKind, (u64, EmployeeId)>,
    /// What the target does not have, and who would get it.
    unknown: BTreeMap<Assignment, BTreeSet<EmployeeId>>,
    /// How many people who have not left have an address, once somebody asks.
    addresses: OnceCell<HashMap<Cow<'d, str>, u32>>,
    /// Accounts in use that nobody is linked to, by external id, once somebody asks.
    strays: OnceCell<HashMap<&'d str, &'d User>>,
    /// How many accounts are kept because being missing from this list means nothing.
    unproven: u64,
    pub(super) decided: Decided,
}

/// What was decided, not yet in order.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) actions: Vec<Action>,
    pub(super) people: Vec<Verdict>,
    pub(super) problems: Vec<Problem>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) agreed: Vec<Agreement>,
    pub(super) lapsed: Vec<String>,
}

impl<'d, 'i> Draft<'d, 'i> {
    #[expect(clippy::too_many_arguments, reason = "each is the result of one named step of `plan`")]
    pub(super) fn new(
        inputs: &'d Inputs<'i>,
        both: Option<&'d BothWays<'d>>,
        policy: &'d Policy,
        today: Date,
        mode: Mode,
        lost: &'d Lost,
        pairs: &'d Pairs<'i>,
        managers: &'d Managers,
        matches: &'d Matches,
    ) -> Self {
        let protected = policy.protected.iter();
        let protected =
            protected.map(|name| canon::canonical(&TargetField::Email, name).into_owned()).collect();
        let mut decided = Decided::default();
        decided.people.reserve(inputs.snapshot.employees().len() + inputs.users.len() / 8);
        decided.problems.extend(inputs.snapshot.problems().iter().cloned());
        decided.problems.extend(inputs.desired.problems().iter().cloned());
        let unmapped = BTreeMap::new();
        let mut draft = Self {
            inputs,
            both,
            policy,
            today,
            mode,
            lost,
            pairs,
            managers,
            matches,
            protected,
            unmapped,
            unknown: BTreeMap::new(),
            addresses: OnceCell::new(),
            strays: OnceCell::new(),
            unproven: 0,
            decided,
        };
        draft.notices();
        draft
    }

    /// What concerns nobody in particular.
    fn notices(&mut self) {
        for (field, had) in &self.lost.fields {
            let message = format!(
                "{had} people had a value at the last complete run and nobody has one now; the target keeps what it has. \
                 Check what the credential may see, or approve a plan"
            );
            let problem = Problem::warning(ProblemCode::VisibilityLost, message).field(field.clone());
            self.decided.problems.push(problem);
        }
        if let Some(hidden) = &self.lost.hidden {
            let message = format!("{hidden}; nobody is removed until it does");
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, message));
        }
        let unkept = |field: &&TargetField| {
            **field != TargetField::ExternalId && self.inputs.target.unkept.contains(*field)
        };
        for field in self.inputs.desired.targets().filter(unkept) {
            let message = "the target does not keep this field; take it out of the mapping";
            let problem = Problem::warning(ProblemCode::NotPermitted, message).field(field.to_string());
            self.decided.problems.push(problem);
        }
        if self.both.is_some_and(|both| both.source_is_held) {
            let message = "an update of the source changed fields that were not sent, so nothing is written there until the settings \
                           of the source change; correct the person whom that run named and how updates are sent";
            self.decided.problems.push(Problem::error(ProblemCode::NotPermitted, message));
        }
        if let Some(lost) = &self.lost.visibility {
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, lost.clone()));
        }
        if self.mode == Mode::Match && self.inputs.mode == Mode::Sync {
            let message = "there are accounts with external ids and no memory of them, so this run only matches; \
                           run again to sync";
            self.decided.problems.push(Problem::warning(ProblemCode::StateMissing, message));
        }
    }

    pub(super) fn finish(mut self) -> Decided {
        for (kind, (count, first)) in std::mem::take(&mut self.unmapped) {
            let message = format!(
                "{count} people have a {} that no rule of `assignments` names; add it there",
                kind.as_str()
            );
            let problem = Problem::warning(ProblemCode::UnmappedValue, message);
            self.decided.problems.push(problem.employee(&first).field(kind.as_str()));
        }
        for (Assignment { kind, value }, people) in std::mem::take(&mut self.unknown) {
            let message = format!(
                "the target has no {} {value:?}, which {} would get ({}); make it there or correct `assignments`",
                kind.as_str(),
                if people.len() == 1 { "1 person".to_owned() } else { format!("{} people", people.len()) },
                some(&people)
            );
            let problem = Problem::error(ProblemCode::UnmappedValue, message).field(kind.as_str());
            self.decided.problems.extend(people.first().map(|first| problem.employee(first)));
        }
        if let (1.., Some(why)) = (self.unproven, self.inputs.snapshot.absence_reason()) {
            let message = format!("{why}; {} who are missing from it keep their accounts", self.unproven);
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, message));
        }
        self.decided
    }

    /// Accounts named by the policy, and the owner of the credential by which all this is read.
    pub(super) fn is_protected(&self, employee: Option<&EmployeeId>, user: &User) -> bool {
        let owner = self.inputs.snapshot.fingerprint().credential.as_deref();
        if owner.is_some() && employee.map(EmployeeId::as_str) == owner {
            return true;
        }
        if self.protected.is_empty() {
            return false;
        }
        let email = user.value(&TargetField::Email).map(|email| canon::canonical(&TargetField::Email, email));
        self.policy.protected.iter().any(|name| name == user.id.as_str())
            || email.is_some_and(|email| self.protected.contains(email.as_ref()))
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.decided.problems.push(problem);
    }

    pub(super) fn say(
        &mut self,
        employee: Option<&EmployeeId>,
        user: Option<&User>,
        situation: Situation,
        reason: Reason,
    ) {
        let user = user.map(|user| user.id.clone());
        self.decided.people.push(Verdict { employee: employee.cloned(), user, situation, reason });
    }
}

/// The first few ids, as one text.
fn some(people: &BTreeSet<EmployeeId>) -> String {
    const FEW: usize = 5;
    let mut few: Vec<&str> = people.iter().take(FEW).map(EmployeeId::as_str).collect();
    if people.len() > FEW {
        few.push("…");
    }
    few.join(", ")
}

/// Whether an account is being taken over from somebody else's care in this run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Adoption {
    No,
    Yes,
}
