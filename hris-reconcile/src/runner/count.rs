//! What the figures of a report are: one computation for JSON, text, mail and page.

use std::collections::BTreeSet;

use hris_core::reconcile::{ActionKind, Plan, Reason, Situation, VerdictRef};
use hris_core::{EmployeeId, Problem, Severity, UserId};

use super::draft::End;
use crate::report::{ActionResult, Counts};

/// The counts of a plan of which everything goes well.
pub(super) fn planned(plan: &Plan) -> Counts {
    let ends: Vec<End> = plan.actions.iter().map(|action| End::new(action, ActionResult::Planned)).collect();
    count(plan, &ends, &[])
}

/// Counts actions by kind and result, and the people without an attempted action.
///
/// `ends` are the ends of the plan's actions in its order, empty if nothing was carried out. `problems` are
/// those that came up on the way.
pub(super) fn count(plan: &Plan, ends: &[End], problems: &[Problem]) -> Counts {
    let mut counts = Counts::default();
    let (mut acted, mut updated, mut assigned) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (action, end) in plan.actions.iter().zip(ends) {
        if end.result == ActionResult::Skipped {
            continue;
        }
        let who = subject(action.employee.as_ref(), action.user.as_ref());
        acted.insert(who);
        let place = match (end.result, end.kind) {
            (ActionResult::Failed, _) => &mut counts.failed,
            (_, ActionKind::Create) => &mut counts.created,
            (_, ActionKind::Deactivate) => &mut counts.deactivated,
            (_, ActionKind::Invite) => &mut counts.invited,
            (_, ActionKind::Link) => &mut counts.linked,
            (_, ActionKind::Reactivate) => &mut counts.reactivated,
            (_, ActionKind::Reinvite) => &mut counts.reinvited,
            (_, ActionKind::Update) => {
                updated.insert(who);
                &mut counts.updated
            }
            // Assignments; a kind that is added later writes something of an account too.
            _ => {
                assigned.insert(who);
                continue;
            }
        };
        *place += 1;
    }
    // Assignments beside an update of the same account are no further update.
    counts.updated += assigned.difference(&updated).count() as u64;
    counts.conflicts = (plan.conflicts.len() + plan.questions.len()) as u64;
    let held = in_doubt(plan, problems);
    for verdict in plan.people.unordered() {
        let who = (verdict.employee, if verdict.employee.is_none() { verdict.user } else { None });
        if acted.contains(&who) {
            continue;
        }
        match is_unchanged(&verdict) && !held.contains(&who) {
            true => counts.unchanged += 1,
            false => counts.skipped += 1,
        }
    }
    counts
}

/// Somebody in a plan: the employee, or an account that has none.
type Subject<'a> = (Option<&'a str>, Option<&'a str>);

fn subject<'a>(employee: Option<&'a EmployeeId>, user: Option<&'a UserId>) -> Subject<'a> {
    let user = user.filter(|_| employee.is_none());
    (employee.map(EmployeeId::as_str), user.map(UserId::as_str))
}

/// Everybody with an error or with something to decide: what was not done for them is left undone.
fn in_doubt<'a>(plan: &'a Plan, problems: &'a [Problem]) -> BTreeSet<Subject<'a>> {
    let errors = plan.problems.iter().chain(problems).filter(|problem| problem.severity == Severity::Error);
    let mut held: BTreeSet<Subject<'_>> = errors
        .flat_map(|problem| {
            let people = problem.about().map(|employee| subject(Some(employee), None));
            let account = problem.user.as_ref().filter(|_| problem.employee.is_none());
            people.chain(account.map(|user| subject(None, Some(user))))
        })
        .collect();
    held.extend(plan.conflicts.iter().map(|one| subject(one.employee.as_ref(), one.user.as_ref())));
    held.extend(plan.questions.iter().map(|one| subject(Some(&one.employee), None)));
    held
}

/// Whether an account is there, in use or closed as it should be, and nothing had to be done.
fn is_unchanged(verdict: &VerdictRef<'_>) -> bool {
    let stands = matches!(verdict.situation, Situation::Confirmed | Situation::PreHire | Situation::Rehire);
    let closed = verdict.reason == Reason::AlreadyDeactivated;
    verdict.user.is_some() && (closed || (stands && verdict.reason != Reason::MatchOnly))
}
