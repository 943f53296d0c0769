//! The decision: who is who, who joins, moves and leaves, and what to do about it.
//!
//! [`plan`] is one function of its arguments: no input or output, no clock, no randomness. Given
//! the same inputs in any order it yields the same plan. It cannot fail; what it cannot decide it
//! leaves as it is and reports.
//!
//! ```
//! use std::collections::BTreeMap;
//! use hris_core::mapping::Mapping;
//! use hris_core::reconcile::{ActionKind, Inputs, Mode, Others, Policy, TargetCapabilities, plan};
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
//!     others: &Others::default(),
//!     judgements: &[],
//!     target_id: None,
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

#[macro_use]
mod words;

mod assignment;
mod bonds;
mod capabilities;
mod config;
mod coverage;
mod diff;
mod evidence;
mod figures;
mod guard;
mod holding;
mod identity;
mod index;
mod inputs;
mod keys;
mod learned;
mod leaver;
mod links;
mod lint;
mod manager;
mod matching;
mod merge;
mod order;
mod pairs;
mod people;
mod plan;
mod policy;
mod react;
mod situation;
mod takings;
mod two_way;
mod unchanged;
mod vanished;
mod window;

pub use self::capabilities::{FieldSupport, TargetCapabilities};
pub use self::config::config_digest;
pub use self::evidence::{Evidence, Opinion};
pub use self::figures::{Baseline, Extent, Figures};
pub use self::guard::{Decision, Refusal, Rule, breaches, guard, withheld};
pub use self::holding::{AccountClaim, Handover, Held, Note, Others, Seen};
pub use self::identity::{Judgement, Question};
pub use self::inputs::Inputs;
pub use self::learned::Learned;
pub use self::links::{LinkChange, Links};
pub use self::lint::{Flaw, FlawKind};
pub use self::merge::{Base, Bases, Cause, Merge, Rules, Side, is_alike, is_own_form, is_same, merge};
pub use self::people::{People, Verdict, VerdictRef};
pub use self::plan::{Action, ActionKey, ActionKind, AssignmentChange, Change, Mode, Plan, PlanDigest};
pub use self::policy::{
    AreaSource, AssignmentMode, Assignments, Conflicts, FutureStarters, Leavers, MatchKey, MissingAccounts,
    MissingPeople, MissingValue, OnBreach, PastEndDate, Policy, Rehire, Safeguards, TwoWay, UnlinkedUsers,
};
pub use self::situation::{Reason, Situation};
pub use self::takings::Taken;
pub use self::two_way::{Agreement, BothWays, Conflict, Resolution, SharedField};
pub use self::window::Removal;

use std::collections::BTreeSet;

use crate::{Date, TargetField, UserId};

/// Decides what to do about everybody in the source, in a link, and in the target.
///
/// `today` is the calendar day in the policy's zone; it decides who has started and who has left.
#[must_use]
pub fn plan(inputs: &Inputs<'_>, policy: &Policy, today: Date) -> Plan {
    decide(inputs, None, policy, today)
}

/// The same where both sides are edited: fields that can flow back are merged, and everything else is
/// as in [`plan`]. People leave as the source says; closing an account removes nobody in the source.
///
/// If two people exchange an address, one has none for a moment, and that looks like an edit of the other
/// side. So such exchanges, and a leaver's address for a joiner, are reported and left to a person.
#[must_use]
pub fn plan_both_ways(inputs: &Inputs<'_>, both: &BothWays<'_>, policy: &Policy, today: Date) -> Plan {
    let mut target = inputs.target.clone();
    if both.fields.iter().any(|shared| shared.target == TargetField::Email) {
        target.set(TargetField::Email, target.support(&TargetField::Email).unclearable());
    }
    let inputs = Inputs { target: &target, ..inputs.clone() };
    decide(&inputs, Some(both), policy, today)
}

fn decide(inputs: &Inputs<'_>, both: Option<&BothWays<'_>>, policy: &Policy, today: Date) -> Plan {
    let pairs = pairs::Pairs::of(inputs);
    let mode = coverage::mode(inputs, &pairs);
    let mut lost = coverage::compare(inputs, policy);
    let managers = manager::Managers::of(inputs, &pairs);
    let unchanged = match both {
        None => unchanged::Unchanged::of(inputs, (policy, today), &lost, &pairs, &managers),
        Some(_) => unchanged::Unchanged::nobody(),
    };
    let all = (&pairs, &unchanged);
    let identity = identity::Identity::new(inputs, policy, today, all);
    let bonds = bonds::Bonds::of(inputs, all, &identity);
    let matches = matching::correlate(inputs, policy, today, all, &identity, &bonds);
    lost.strangers = coverage::strangers(inputs, &pairs, &matches);

    let found = (&identity, &bonds, &matches);
    let mut draft = react::Draft::new(inputs, both, policy, today, mode, &lost, all, &managers, found);
    draft.shield();
    draft.linked_people();
    draft.missing_people();
    draft.unlinked_people();
    draft.waiting_people();
    draft.spared_people();
    draft.unlinked_users();

    let mut decided = draft.finish();
    let lapsed_identity = identity.lapsed(&pairs);

    let is_wrong = lost.is_wrong(inputs);
    takings::split(inputs, policy, (&pairs, &bonds), is_wrong, &mut decided.actions);
    // Identifying values stay while a question about them is open, and so do protected ones.
    let kept: BTreeSet<UserId> = decided.kept.iter().cloned().collect();
    let kept: BTreeSet<&str> = kept
        .iter()
        .chain(decided.questions.iter().map(|question| &question.user))
        .map(UserId::as_str)
        .collect();
    let (people, problems) = (&mut decided.people, &mut decided.problems);
    let actions = order::order(
        inputs,
        (&pairs, &bonds, &identity),
        &managers,
        decided.actions,
        &kept,
        people,
        problems,
    );
    decided.problems.extend(vanished::together(inputs, (&pairs, &bonds), &actions));
    let taken = takings::count(inputs, policy, (&pairs, &bonds), &actions);
    let figures = coverage::figures(
        inputs,
        (policy, mode),
        (&pairs, &bonds),
        &lost,
        (&actions, taken),
        (&decided.people, &decided.handovers),
    );

    let (target, also_in) = coverage::target(inputs, &bonds, &figures);
    let of_target = |baseline| Baseline { target: target.clone(), also_in: also_in.clone(), ..baseline };

    if figures.target_changed || figures.none_listed {
        // The accounts are elsewhere, which the refusal says once. What would be said of each is not so.
        let gone = |verdict: &VerdictRef<'_>| verdict.reason == Reason::AccountGone;
        let gone: BTreeSet<_> = decided.people.unordered().filter(gone).map(|one| one.employee).collect();
        decided.problems.retain(|problem| {
            let employee = problem.employee.as_ref().map(crate::EmployeeId::as_str);
            problem.code != crate::ProblemCode::Divergence || !gone.contains(&employee)
        });
    }
    decided.problems.sort_unstable();
    decided.problems.dedup();
    decided.conflicts.sort_by(|left, right| {
        (&left.employee, &left.user, &left.field).cmp(&(&right.employee, &right.user, &right.field))
    });
    decided.agreed.sort_by(|left, right| (&left.employee, &left.field).cmp(&(&right.employee, &right.field)));
    decided.lapsed.extend(lapsed_identity);
    decided.lapsed.sort_unstable();
    decided.questions.sort_unstable();
    decided.notes.sort_unstable();
    decided.claims.sort_unstable();
    decided.claims.dedup();
    decided.handovers.sort_unstable();
    let (employees, users) = pairs.into_ids();
    let people = decided.people.with_unchanged(employees, users, unchanged.pairs());
    Plan {
        connection: inputs.connection.to_owned(),
        mode,
        actions,
        people,
        problems: decided.problems,
        figures,
        baseline: of_target(coverage::baseline(inputs, &lost)),
        approved_baseline: of_target(coverage::approved_baseline(inputs, &lost)),
        conflicts: decided.conflicts,
        agreed: decided.agreed,
        questions: decided.questions,
        notes: decided.notes,
        claims: decided.claims,
        handovers: decided.handovers,
        lapsed: decided.lapsed,
    }
}
