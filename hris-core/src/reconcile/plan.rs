//! A plan: what a run would do, as data.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::evidence::Evidence;
use super::figures::{Baseline, Figures};
use super::holding::{AccountClaim, Handover, Note};
use super::identity::Question;
use super::merge::Side;
use super::people::{People, Verdict};
use super::situation::{Reason, Situation};
use super::two_way::{Agreement, Conflict};
use crate::{
    Assignment, Employee, EmployeeId, Lookup, Problem, Snapshot, TargetField, Timestamp, UserId, hex,
};

/// What a run would do: serialisable, comparable, approvable.
///
/// A plan holds personal data (the values to be written) and serialises with it; keep a saved plan
/// readable by its owner only. `Debug` shows counts.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// The connection it was made for.
    pub connection: String,
    /// Whether it syncs or only matches.
    pub mode: Mode,
    /// The actions, in the order in which they must be done.
    pub actions: Vec<Action>,
    /// One line for everybody in the source, in a link, or in the target without one.
    pub people: People,
    /// What a person should look at.
    pub problems: Vec<Problem>,
    /// The figures that the safeguards look at.
    pub figures: Figures,
    /// What will be remembered if the plan is carried out.
    pub baseline: Baseline,
    /// What will be remembered if a person approves it: then what is not visible any more is no longer
    /// expected.
    #[serde(default)]
    pub approved_baseline: Baseline,
    /// What somebody has to decide before both sides are in step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Fields that are in step already, or stay different for good: remembered without a write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreed: Vec<Agreement>,
    /// Whose accounts somebody has to decide about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// What was seen of pairs and is to be remembered without a write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Accounts that this connection waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<AccountClaim>,
    /// Accounts that go to another connection instead of being closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handovers: Vec<Handover>,
    /// Ids of decisions that no longer fit what they were made on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lapsed: Vec<String>,
}

/// What a run does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// Links accounts and brings their assignments in line; creates, invites and removes nobody.
    Match,
    /// Everything.
    #[default]
    Sync,
}

impl Plan {
    /// A short text that changes whenever what the plan would do changes: kinds, people, fields and
    /// values of its actions, in order, and the accounts that it hands over. The time at which it was made does not matter.
    #[must_use]
    pub fn digest(&self) -> PlanDigest {
        // Serialising cannot fail for these types, and an empty text would never equal a digest
        // of a plan that serialises, so an approval could not pass wrongly.
        let actions: Vec<Cow<'_, Action>> = self.actions.iter().map(Action::timeless).collect();
        let content =
            serde_json::to_vec(&(&self.connection, self.mode, actions, &self.handovers)).unwrap_or_default();
        PlanDigest(hex(&Sha256::digest(&content)))
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// The actions of one kind.
    pub fn of_kind(&self, kind: ActionKind) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(move |action| action.kind == kind)
    }

    /// The people to ask the directory for by id before this plan is carried out: missing people whose
    /// accounts it closes, and unlisted people whose accounts go to another person or to another
    /// connection. The answers go into [`Inputs::absent`](super::Inputs::absent) of a second plan, which is
    /// the one to carry out. Where the safeguards refuse the first plan nobody needs to be asked.
    #[must_use]
    pub fn unasked(
        &self,
        snapshot: &Snapshot,
        absent: &BTreeMap<EmployeeId, Lookup>,
    ) -> BTreeSet<EmployeeId> {
        let missing =
            self.of_kind(ActionKind::Deactivate).filter(|action| action.reason == Reason::AbsentUnasked);
        let mut unasked: BTreeSet<EmployeeId> =
            missing.filter_map(|action| action.employee.clone()).collect();
        // An account goes to another record, or to another connection, only when the record that had it is
        // really gone.
        let listed: BTreeSet<&EmployeeId> = snapshot.employees().iter().map(Employee::id).collect();
        let moved = self.of_kind(ActionKind::Link).filter(|action| action.replaces != action.employee);
        let former = moved.filter_map(|action| action.replaces.as_ref());
        let former = former.chain(self.handovers.iter().map(|handover| &handover.employee));
        let gone = |id: &&EmployeeId| !listed.contains(id) && !absent.contains_key(*id);
        unasked.extend(former.filter(gone).cloned());
        unasked
    }

    /// How many people are in each situation.
    #[must_use]
    pub fn situations(&self) -> BTreeMap<Situation, u64> {
        let mut counts = BTreeMap::new();
        for verdict in self.people.unordered() {
            *counts.entry(verdict.situation).or_default() += 1;
        }
        counts
    }

    /// Everything the plan says about one employee: the situation and why, and what will be done.
    #[must_use]
    pub fn explain(&self, employee: &EmployeeId) -> Option<(Verdict, Vec<&Action>)> {
        let verdict = self.people.of(employee)?.to_verdict();
        let actions = self.actions.iter().filter(|action| action.employee.as_ref() == Some(employee));
        Some((verdict, actions.collect()))
    }

    /// The same plan without its removals and handovers, and without what many people lose by it: what goes
    /// on while those wait. If a leaver's removal is held, the address stays taken, and the actions that
    /// need it wait too.
    #[must_use]
    pub fn without_removals(&self) -> Self {
        let removed = self.of_kind(ActionKind::Deactivate).filter_map(|action| action.user.as_ref());
        let held: BTreeSet<&UserId> = removed.collect();
        let mut blocked = held.clone();
        let mut never_created: BTreeSet<&EmployeeId> = BTreeSet::new();
        let waits = |action: &Action, blocked: &BTreeSet<&UserId>| {
            action.waits_for.iter().any(|user| blocked.contains(user))
        };
        loop {
            let before = (blocked.len(), never_created.len());
            for action in &self.actions {
                if !waits(action, &blocked) {
                    continue;
                }
                blocked.extend(&action.user);
                if action.kind == ActionKind::Create {
                    never_created.extend(&action.employee);
                }
            }
            if (blocked.len(), never_created.len()) == before {
                break;
            }
        }
        let stays = |action: &Action| {
            action.kind == ActionKind::Deactivate
                || action.waits
                || waits(action, &blocked)
                || (action.releases && action.user.as_ref().is_some_and(|user| blocked.contains(user)))
                || action.employee.as_ref().is_some_and(|employee| never_created.contains(employee))
        };
        let actions = self.actions.iter().filter(|action| !stays(action)).cloned().collect();
        Self { actions, handovers: Vec::new(), ..self.clone() }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("connection", &self.connection)
            .field("mode", &self.mode)
            .field("actions", &self.actions.len())
            .field("people", &self.people.len())
            .field("problems", &self.problems.len())
            .finish_non_exhaustive()
    }
}

/// The digest of a [`Plan`], as hexadecimal text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanDigest(String);

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing to do to one account.
///
/// `Debug` shows ids, kind and field names, never values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Action {
    /// Identifies the action within its plan: the same action planned again has the same key. What a target
    /// is given is another one, which belongs to one run: [`ActionKey::in_run`].
    pub key: ActionKey,
    /// What is done.
    pub kind: ActionKind,
    /// Which side is written.
    #[serde(default, skip_serializing_if = "Side::is_target")]
    pub side: Side,
    /// The employee it is done for; none for an account that no employee was ever linked to.
    pub employee: Option<EmployeeId>,
    /// The account; none for one that is yet to be created, and for the first invitation to it.
    pub user: Option<UserId>,
    /// The fields that are written.
    pub changes: Vec<Change>,
    /// What is given or taken back.
    #[serde(rename = "grants")]
    pub assignments: Vec<AssignmentChange>,
    /// The situation of the person.
    pub situation: Situation,
    /// Why it is done.
    pub reason: Reason,
    /// Accounts that must have released a value before this action can be done.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub waits_for: BTreeSet<UserId>,
    /// Whether it only gives up a value that somebody else needs.
    #[serde(default)]
    pub releases: bool,
    /// The record of the same person whose link this action takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<EmployeeId>,
    /// Whether the account is owed an invitation from now on: [`crate::Link::awaits_invite`].
    #[serde(default)]
    pub awaits_invite: bool,
    /// The external id that the account carries as it is linked: [`crate::Link::external_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carries: Option<String>,
    /// A digest of the address that an invitation goes to: [`crate::Link::invited_to`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invites_to: Option<String>,
    /// When the invitation stops being valid; `None` if it never does, and for all other actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Which facts say that the account is this person's, where the action makes it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Whether it takes away what so many others lose too that it waits for an approval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
}

impl Action {
    pub(super) fn new(kind: ActionKind, situation: Situation, reason: Reason) -> Self {
        Self {
            key: ActionKey(String::new()),
            kind,
            side: Side::Target,
            employee: None,
            user: None,
            changes: Vec::new(),
            assignments: Vec::new(),
            situation,
            reason,
            waits_for: BTreeSet::new(),
            releases: false,
            replaces: None,
            awaits_invite: false,
            carries: None,
            invites_to: None,
            expires_at: None,
            evidence: None,
            waits: false,
        }
    }

    /// The action without what depends on the time of the plan.
    fn timeless(&self) -> Cow<'_, Self> {
        match self.expires_at {
            Some(_) => Cow::Owned(Self { expires_at: None, ..self.clone() }),
            None => Cow::Borrowed(self),
        }
    }

    /// The id that separates the action from others of its kind: the employee's or the account's.
    pub(super) fn subject(&self) -> &str {
        let employee = self.employee.as_ref().map(EmployeeId::as_str);
        employee.or(self.user.as_ref().map(UserId::as_str)).unwrap_or_default()
    }

    /// What is written into a field, if anything is.
    #[must_use]
    pub fn change_of(&self, field: &TargetField) -> Option<&Change> {
        self.changes.iter().find(|change| change.field == *field)
    }

    /// The external id that the account gets, if it gets one.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.change_of(&TargetField::ExternalId).and_then(|change| change.to.as_deref())
    }

    /// The names of what is written, as reports show them.
    pub fn fields(&self) -> impl Iterator<Item = String> {
        let assignments: BTreeSet<&'static str> =
            self.assignments.iter().map(|change| change.assignment.kind.as_str()).collect();
        self.changes
            .iter()
            .map(|change| change.field.to_string())
            .chain(assignments.into_iter().map(str::to_owned))
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action")
            .field("kind", &self.kind)
            .field("side", &self.side)
            .field("employee", &self.employee)
            .field("user", &self.user)
            .field("fields", &self.fields().collect::<Vec<_>>())
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// The key of an [`Action`]: hexadecimal text, the same for the same action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionKey(String);

impl ActionKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of an action in its plan: `subject` is the employee's or the account's id, and `content`
    /// everything else that separates it from others.
    pub(super) fn new(connection: &str, kind: ActionKind, subject: &str, content: &impl Serialize) -> Self {
        let content = serde_json::to_vec(&(connection, kind, subject, content)).unwrap_or_default();
        Self(hex(Sha256::digest(&content).get(..16).unwrap_or_default()))
    }
}

impl ActionKey {
    /// The key by which a target is asked to do the action once. `run` names the run and is never given twice:
    /// the same action in a later run, such as closing an account that was opened again, has another key and is
    /// done again.
    ///
    /// ```
    /// use hris_core::reconcile::ActionKey;
    ///
    /// let close = ActionKey::from("close-u-7".to_owned());
    /// assert_eq!(close.in_run("monday"), close.in_run("monday"));
    /// assert_ne!(close.in_run("monday"), close.in_run("tuesday"));
    /// ```
    #[must_use]
    pub fn in_run(&self, run: &str) -> Self {
        let mut digest = Sha256::new();
        for part in [run, self.as_str()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(hex(digest.finalize().get(..16).unwrap_or_default()))
    }
}

impl From<String> for ActionKey {
    fn from(key: String) -> Self {
        Self(key)
    }
}

impl fmt::Display for ActionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kinds of [`Action`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActionKind {
    /// Gives (or takes back) permission level, locations, areas.
    Assign,
    /// Makes an account.
    Create,
    /// Closes an account.
    Deactivate,
    /// Sends the first invitation.
    Invite,
    /// Remembers that this account is this employee. Nothing is written to the target.
    Link,
    /// Opens an account again that this connection closed.
    Reactivate,
    /// Sends an invitation again.
    Reinvite,
    /// Writes fields of an account.
    Update,
}

impl ActionKind {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Create => "create",
            Self::Deactivate => "deactivate",
            Self::Invite => "invite",
            Self::Link => "link",
            Self::Reactivate => "reactivate",
            Self::Reinvite => "reinvite",
            Self::Update => "update",
        }
    }
}

/// One field to be written. `Debug` shows the field only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// Which field.
    pub field: TargetField,
    /// What the account has now.
    pub from: Option<String>,
    /// What it gets; none takes the value away.
    pub to: Option<String>,
}

impl Change {
    /// A change of `field` from one value to another.
    #[must_use]
    pub fn new(field: TargetField, from: Option<String>, to: Option<String>) -> Self {
        Self { field, from, to }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.field)
    }
}

/// One assignment given or taken back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AssignmentChange {
    /// What.
    #[serde(rename = "grant")]
    pub assignment: Assignment,
    /// Given, or taken back.
    pub given: bool,
}

impl AssignmentChange {
    /// Gives `assignment`, or takes it back.
    #[must_use]
    pub fn new(assignment: Assignment, given: bool) -> Self {
        Self { assignment, given }
    }
}
