//! Everything a decision is made from.

use std::collections::BTreeMap;

use super::capabilities::TargetCapabilities;
use super::figures::Baseline;
use super::holding::Others;
use super::identity::Judgement;
use super::plan::Mode;
use crate::mapping::Desired;
use crate::{EmployeeId, Link, Lookup, Snapshot, Timestamp, User};

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
    /// Which account is whose.
    pub links: &'a [Link],
    /// What other connections of the same state have to do with the accounts.
    pub others: &'a Others,
    /// What people decided about whose an account is.
    pub judgements: &'a [Judgement],
    /// The target's own id, where it keeps one: another one is another target.
    pub target_id: Option<&'a str>,
    /// The last complete run; `None` before the first.
    pub last: Option<&'a Baseline>,
    /// The vendor's answers about missing linked people that were asked for by id: those that
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
