//! What must be true of every plan, whatever it was made from: looked up in the plan itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::merge::Side;
use super::plan::{Action, ActionKind, Plan};
use super::situation::Reason;
use crate::{EmployeeId, TargetField, UserId, canon};

/// What is wrong with a [`Plan`], and at which of its actions.
///
/// Its text names ids and fields, never values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flaw {
    /// What is wrong.
    pub kind: FlawKind,
    /// The person or account that the action is done for.
    pub employee: Option<EmployeeId>,
    /// Whose account it is.
    pub user: Option<UserId>,
}

/// The kinds of [`Flaw`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlawKind {
    /// An account is closed while a question is open whether it is somebody's, and the facts do not speak against
    /// that.
    ClosedWhileAsked,
    /// One account is closed and used: it is opened, or somebody is invited to it, in the same plan.
    ClosedAndUsed,
    /// Two actions have one key, so the second would count as done.
    KeyTwice,
    /// An account becomes a person's without the facts that say so.
    LinkedWithoutEvidence,
    /// An account is closed that is protected.
    ProtectedClosed,
    /// One person gets two accounts, or one account two people.
    PairedTwice,
    /// An account is closed for a reason that is no proof that the person has left.
    RemovedWithoutReason,
    /// More accounts are closed than the safeguards count.
    RemovalsMiscounted,
    /// An account gets a value that another one still has.
    ValueTaken(TargetField),
    /// The action waits for an account that nothing was done to before.
    WaitsForNothing,
}

impl fmt::Display for FlawKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClosedWhileAsked => "the account is closed while it is open whose it is",
            Self::ClosedAndUsed => "the account is closed, and opened or invited too",
            Self::KeyTwice => "another action has the same key",
            Self::LinkedWithoutEvidence => "no fact says that the account is this person's",
            Self::ProtectedClosed => "the account is closed although it is protected",
            Self::PairedTwice => "the person gets a second account, or the account a second person",
            Self::RemovedWithoutReason => "the account is closed without proof that the person has left",
            Self::RemovalsMiscounted => "more accounts are closed than the safeguards count",
            Self::ValueTaken(field) => return write!(f, "another account still has this value of {field}"),
            Self::WaitsForNothing => "it waits for an account to which nothing is done before",
        })
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(employee) = &self.employee {
            write!(f, "employee {employee}, ")?;
        }
        if let Some(user) = &self.user {
            write!(f, "account {user}, ")?;
        }
        self.kind.fmt(f)
    }
}

impl Plan {
    /// Everything in which the plan contradicts itself: an empty list for every plan that the engine makes. A plan
    /// that has a flaw is not to be carried out.
    ///
    /// Carried out in its order no two accounts ever have one e-mail address or external id, as far as the plan
    /// names them; nothing protected is closed; every removal has a reason that proves it; everybody who gets an account
    /// gets one, by facts; and every action waits for one that comes before it.
    ///
    /// ```
    /// use hris_core::reconcile::Plan;
    ///
    /// fn refuse_a_broken_plan(plan: &Plan) -> Result<(), String> {
    ///     match plan.lint().first() {
    ///         Some(flaw) => Err(flaw.to_string()),
    ///         None => Ok(()),
    ///     }
    /// }
    /// # let _ = refuse_a_broken_plan;
    /// ```
    #[must_use]
    pub fn lint(&self) -> Vec<Flaw> {
        let actions: Vec<&Action> =
            self.actions.iter().filter(|action| action.side == Side::Target).collect();
        let mut flaws = Vec::new();
        let mut say = |kind: FlawKind, action: &Action| {
            flaws.push(Flaw { kind, employee: action.employee.clone(), user: action.user.clone() });
        };
        let mut keys = BTreeSet::new();
        self.actions
            .iter()
            .filter(|action| !keys.insert(&action.key))
            .for_each(|action| say(FlawKind::KeyTwice, action));
        self.removals(&actions, &mut say);
        pairs(&actions, &mut say);
        order(&actions, &mut say);
        let unique = TargetField::STANDARD.into_iter().filter(TargetField::is_unique);
        unique.for_each(|field| values(&field, &actions, &mut say));
        let closed: BTreeSet<_> = closed(&actions).collect();
        if closed.len() as u64 > self.figures.removals {
            flaws.push(Flaw { kind: FlawKind::RemovalsMiscounted, employee: None, user: None });
        }
        flaws
    }

    fn removals(&self, actions: &[&Action], say: &mut impl FnMut(FlawKind, &Action)) {
        let protected = self.people.unordered().filter(|verdict| verdict.reason == Reason::Protected);
        let protected: BTreeSet<&str> = protected.filter_map(|verdict| verdict.user).collect();
        let open = self.questions.iter().filter(|question| !question.evidence.speaks_against());
        let asked: BTreeSet<&UserId> = open.map(|question| &question.user).collect();
        let used: BTreeSet<&UserId> = actions
            .iter()
            .filter(|action| {
                matches!(action.kind, ActionKind::Invite | ActionKind::Reactivate | ActionKind::Reinvite)
            })
            .filter_map(|action| action.user.as_ref())
            .collect();
        for action in actions.iter().filter(|action| action.kind == ActionKind::Deactivate) {
            let user = action.user.as_ref();
            if user.is_some_and(|user| protected.contains(user.as_str())) {
                say(FlawKind::ProtectedClosed, action);
            }
            if user.is_some_and(|user| asked.contains(user)) {
                say(FlawKind::ClosedWhileAsked, action);
            }
            if user.is_some_and(|user| used.contains(user)) {
                say(FlawKind::ClosedAndUsed, action);
            }
            let proves = matches!(
                action.reason,
                Reason::AbsentAndGone
                    | Reason::AbsentUnasked
                    | Reason::EndDatePassed
                    | Reason::LeftByStatus
                    | Reason::NoEmployeePolicy
                    | Reason::WillNotStart
            );
            if !proves || action.user.is_none() {
                say(FlawKind::RemovedWithoutReason, action);
            }
        }
    }
}

fn closed<'a>(actions: &[&'a Action]) -> impl Iterator<Item = &'a UserId> {
    let closing = actions.iter().filter(|action| action.kind == ActionKind::Deactivate);
    closing.filter_map(|action| action.user.as_ref()).collect::<Vec<_>>().into_iter()
}

/// Each person gets one account, each account one person, and a found one by facts.
fn pairs(actions: &[&Action], say: &mut impl FnMut(FlawKind, &Action)) {
    let (mut people, mut users) = (BTreeSet::new(), BTreeSet::new());
    for action in actions.iter().filter(|one| matches!(one.kind, ActionKind::Create | ActionKind::Link)) {
        let again = action.employee.as_ref().is_some_and(|employee| !people.insert(employee))
            || action.user.as_ref().is_some_and(|user| !users.insert(user));
        if again {
            say(FlawKind::PairedTwice, action);
        }
        // Of a person who is gone no facts are left. The account that was made again carries the id that their
        // account was given.
        let remade = action.reason == Reason::AccountRemade && action.carries.is_some();
        if action.kind == ActionKind::Link && action.evidence.is_none() && !remade {
            say(FlawKind::LinkedWithoutEvidence, action);
        }
    }
}

/// What an action waits for was done before it.
fn order(actions: &[&Action], say: &mut impl FnMut(FlawKind, &Action)) {
    let mut done: BTreeSet<&UserId> = BTreeSet::new();
    for action in actions {
        if !action.waits_for.iter().all(|user| done.contains(user)) {
            say(FlawKind::WaitsForNothing, action);
        }
        done.extend(&action.user);
    }
}

/// No two accounts have one value at any moment, as far as the plan says who has which.
fn values<'a>(field: &TargetField, actions: &[&'a Action], say: &mut impl FnMut(FlawKind, &Action)) {
    /// An account, or the person for whom one is made.
    type Holder<'a> = (Option<&'a UserId>, Option<&'a EmployeeId>);
    let holder = |action: &'a Action| -> Holder<'a> {
        match &action.user {
            Some(user) => (Some(user), None),
            None => (None, action.employee.as_ref()),
        }
    };
    let canonical =
        |value: &Option<String>| value.as_deref().map(|value| canon::canonical(field, value).into_owned());
    let changes = || actions.iter().filter_map(|action| Some((*action, action.change_of(field)?)));
    // What each account has before anything is done stands in the first change of it.
    let mut has: BTreeMap<Holder<'a>, Option<String>> = BTreeMap::new();
    let mut holders: BTreeMap<String, BTreeSet<Holder<'a>>> = BTreeMap::new();
    for (action, change) in changes() {
        let (own, from) = (holder(action), canonical(&change.from));
        has.entry(own).or_insert_with(|| {
            holders.entry(from.clone().unwrap_or_default()).or_default().insert(own);
            from
        });
    }
    for (action, change) in changes() {
        let (own, to) = (holder(action), canonical(&change.to));
        if let Some(before) = has.insert(own, to.clone()).flatten()
            && let Some(having) = holders.get_mut(&before)
        {
            having.remove(&own);
        }
        let Some(value) = to else { continue };
        let having = holders.entry(value).or_default();
        if !having.is_empty() {
            say(FlawKind::ValueTaken(field.clone()), action);
        }
        having.insert(own);
    }
}
