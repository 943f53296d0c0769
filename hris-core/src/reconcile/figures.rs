//! The figures of a plan, and what is remembered of a complete run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::plan::{Mode, Plan};
use super::takings::Taken;
use crate::{Fingerprint, Timestamp};

/// The figures that the safeguards look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Figures {
    /// Accounts that may be removed: linked and not deactivated, invited ones included; with
    /// `unlinked_users = "deactivate"` the accounts without a link too, but for those that are somebody else's.
    pub population: u64,
    /// Accounts this plan deactivates.
    pub removals: u64,
    /// Those of them that rest on somebody's absence from a listing which nothing but its end proves whole:
    /// they count twice.
    pub weak_removals: u64,
    /// Removals that would have been planned if absence counted in this run.
    pub withheld_removals: u64,
    /// Accounts of leavers that this plan gives to another connection. They stay open, so the limits of
    /// removals do not count them; whatever puts who left in doubt does.
    pub handovers: u64,
    /// Accounts this plan creates.
    pub creations: u64,
    /// What the plan takes away, by field or kind of assignment.
    pub taken: BTreeMap<String, Taken>,
    /// Linked accounts in use.
    pub linked_accounts: u64,
    /// Sign-in addresses of linked accounts that the plan changes.
    pub email_changes: u64,
    /// Links, and how many of them name an account that is not the one that was linked.
    pub links: u64,
    /// See [`Figures::links`].
    pub replaced: u64,
    /// Whether the target lists none of the accounts of linked people who have not left.
    pub none_listed: bool,
    /// Whether the target has another id than at the last complete run.
    pub target_changed: bool,
    /// Accounts deactivated within the window before this run, approved plans apart.
    pub removed_in_window: u64,
    /// People in the source now.
    pub source_people: u64,
    /// Records without an id.
    pub unidentified: u64,
    /// Whether anybody is linked.
    pub linked: bool,
    /// Fields that somebody had at the last complete run and nobody has now.
    pub coverage_lost: BTreeSet<String>,
    /// Whether the credential shows less than at the last complete run in other ways, in words.
    pub visibility_lost: Option<String>,
    /// Whether another credential answers now.
    pub credential_changed: bool,
    /// Whether another organisation answers now.
    pub organisation_changed: bool,
    /// How many people are linked, if not one of them is in the source any more.
    pub strangers: Option<u64>,
    /// Whether mapping, match keys, policy or source settings changed.
    pub config_changed: bool,
    /// People in the source at the last complete run.
    pub last_source_people: Option<u64>,
    /// Why the credential may not see some people, in words.
    pub hidden: Option<String>,
}

/// What is remembered of a complete run, to compare the next one with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Baseline {
    /// The organisation and the credential that answered.
    pub fingerprint: Fingerprint,
    /// How many people the source had.
    pub people: u64,
    /// Per target field, how many people had a value in the source.
    pub filled: BTreeMap<String, u64>,
    /// A digest of mapping, match keys, policy and source settings.
    pub config: String,
    /// The vendor of the source.
    pub vendor: String,
    /// The target's own id, where it keeps one.
    pub target: Option<String>,
    /// Other targets that approved runs have written to: accounts of this connection may be in them too.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub also_in: BTreeSet<String>,
    /// What the vendor no longer says of the credential, as a person has approved.
    pub accepted_silence: BTreeSet<String>,
    /// When the plan was made.
    pub at: Option<Timestamp>,
}

/// How much of a plan was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// All of it, after a person approved it.
    Approved,
    /// All of it.
    Whole,
    /// All but its removals, which wait: [`Plan::without_removals`].
    WithoutRemovals,
}

impl Plan {
    /// What the next run is compared with, once this plan was carried out to this extent. `None` if the next run is
    /// compared with what this one was compared with: removals wait for the difference that was found now, and a plan
    /// that only matches removes nobody, so neither makes a change look reviewed.
    #[must_use]
    pub fn next_baseline(&self, extent: Extent) -> Option<&Baseline> {
        let only_matched = self.mode == Mode::Match && self.figures.last_source_people.is_some();
        match extent {
            _ if only_matched => None,
            Extent::Approved => Some(&self.approved_baseline),
            Extent::Whole => Some(&self.baseline),
            Extent::WithoutRemovals => None,
        }
    }
}

impl Baseline {
    /// Whether accounts of this connection may be in the target with this id, as far as anybody knows.
    #[must_use]
    pub fn may_be_in(&self, target: Option<&str>) -> bool {
        let known = self.target.as_deref().zip(target);
        known.is_none_or(|(own, target)| own == target || self.also_in.contains(target))
    }
}
