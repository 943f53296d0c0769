//! Everything a decision is made from.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::Baseline;
use super::holding::Others;
use super::identity::Judgement;
use super::plan::Mode;
use crate::mapping::Desired;
use crate::{Assignment, AssignmentKind, EmployeeId, Link, Lookup, Snapshot, TargetField, Timestamp, User};

/// Everything a plan is made from, beside the policy and the day. The engine knows nothing else.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    /// The connection's name: part of each action's key.
    pub connection: &'a str,
    /// What the run is for.
    pub mode: Mode,
    /// The whole directory.
    pub snapshot: &'a Snapshot,
    /// What each of its people should look like in the target.
    pub desired: &'a Desired<'a>,
    /// Every account.
    pub users: &'a [User],
    /// Who is whom.
    pub links: &'a [Link],
    /// What other connections of the same state have to do with the accounts.
    pub others: &'a Others,
    /// What people decided about whose an account is.
    pub judgements: &'a [Judgement],
    /// The target's own id, where it keeps one: another one is another target.
    pub target_id: Option<&'a str>,
    /// The last complete run; `None` before the first.
    pub last: Option<&'a Baseline>,
    /// What the vendor said when linked people who are missing were asked for by id: those whom
    /// [`Plan::unasked`](super::Plan::unasked) of a first plan names.
    pub absent: &'a BTreeMap<EmployeeId, Lookup>,
    /// What the target can do.
    pub target: &'a TargetCapabilities,
    /// The vendor's own signs of leaving.
    pub leavers: crate::LeaverSignals,
    /// A digest of mapping, match keys, policy and source settings: [`config_digest`](super::config_digest).
    pub config: &'a str,
    /// Accounts deactivated within the window before this run, approved plans apart:
    /// [`Safeguards::removed_in_window`](super::Safeguards::removed_in_window).
    pub removed_in_window: u64,
    /// The instant of the plan: decides which invitations have expired.
    pub now: Timestamp,
}

/// What a target can do: data, not code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetCapabilities {
    /// It can invite.
    pub invites: bool,
    /// It can open a closed account again.
    pub reactivates: bool,
    /// It keeps permission levels, locations and areas.
    pub assigns: bool,
    /// Fields from which a value cannot be taken away again.
    pub unclearable: BTreeSet<TargetField>,
    /// Fields that are not kept: they are never written to an account that is there, and that they are
    /// mapped is reported (but for the external id, which then lives in the links alone).
    pub unkept: BTreeSet<TargetField>,
    /// Whether two accounts may not have one e-mail address, closed accounts included.
    pub unique_email: bool,
    /// The permission levels, locations and areas there are, per kind. Of a kind that is not told any
    /// value will do; of one that is told, others are not given and the people they concern are
    /// reported.
    pub assignable: BTreeMap<AssignmentKind, BTreeSet<String>>,
}

impl TargetCapabilities {
    /// A target that can do everything and keeps e-mail addresses unique.
    #[must_use]
    pub fn full() -> Self {
        Self {
            invites: true,
            reactivates: true,
            assigns: true,
            unclearable: BTreeSet::new(),
            unkept: BTreeSet::new(),
            unique_email: true,
            assignable: BTreeMap::new(),
        }
    }

    /// Whether this can be given, as far as the target tells.
    ///
    /// ```
    /// use hris_core::reconcile::TargetCapabilities;
    /// use hris_core::{Assignment, AssignmentKind::Role};
    ///
    /// let level = |value: &str| Assignment { kind: Role, value: value.to_owned() };
    /// let mut target = TargetCapabilities::full();
    /// assert!(target.knows(&level("manager")));
    /// target.assignable.insert(Role, ["employee".to_owned()].into());
    /// assert!(!target.knows(&level("manager")));
    /// ```
    #[must_use]
    pub fn knows(&self, assignment: &Assignment) -> bool {
        self.assignable.get(&assignment.kind).is_none_or(|values| values.contains(&assignment.value))
    }
}
