//! A plan on its way to somebody who approves it.

use std::collections::BTreeSet;

use hris_core::Timestamp;
use hris_core::reconcile::{Plan, PlanDigest, Rule};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Removal;
use crate::{Error, ErrorKind, Result};

/// The form in which this version writes plans.
const FORMAT: u32 = 4;

/// A plan that was written down to be looked at and carried out later.
///
/// It holds the values that are to be written: keep it readable by its owner only. It is carried out
/// by [`crate::Runner::apply`], which makes the plan anew and refuses if it came out otherwise. So
/// nothing that somebody writes into the file is ever done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    format: u32,
    connection: String,
    created_at: Timestamp,
    digest: PlanDigest,
    checksum: String,
    /// The rules that it breached when it was made. A plan of format 1 does not say.
    #[serde(default)]
    breached: BTreeSet<Rule>,
    /// Whose accounts it would close, by name. A plan of an earlier format does not say.
    #[serde(default)]
    removals: Vec<Removal>,
    plan: Plan,
}

impl SavedPlan {
    /// Writes a plan down. `created_at` is the instant of the plan.
    #[must_use]
    pub fn new(plan: Plan, created_at: Timestamp) -> Self {
        let mut saved = Self {
            format: FORMAT,
            connection: plan.connection.clone(),
            created_at,
            digest: plan.digest(),
            checksum: String::new(),
            breached: BTreeSet::new(),
            removals: Vec::new(),
            plan,
        };
        saved.checksum = saved.sum();
        saved
    }

    /// With the rules of the safeguards that it breaches: what an approval of it covers.
    #[must_use]
    pub fn breaching(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.breached = rules.into_iter().collect();
        self.checksum = self.sum();
        self
    }

    /// Adds the people whose accounts it would close, for the person who reviews it.
    #[must_use]
    pub fn removing(mut self, removals: impl IntoIterator<Item = Removal>) -> Self {
        self.removals = removals.into_iter().collect();
        self.checksum = self.sum();
        self
    }

    /// Reads a plan that [`SavedPlan::to_json`] wrote.
    ///
    /// A plan that somebody changed is read all the same, see [`SavedPlan::is_intact`]; it is never
    /// carried out.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is no plan, or was written by a newer version.
    pub fn read(text: &str) -> Result<Self> {
        /// What stays the same in every version.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        // The reasons of serde quote the content, which is personal data.
        let head = serde_json::from_str::<Head>(text);
        let head = head.map_err(|_| Error::new(ErrorKind::Config, "read a saved plan: this is not one"))?;
        if head.format > FORMAT {
            let message = "read a saved plan: a newer version wrote it; make a new plan, or use that version";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let message = "read a saved plan: it is damaged; make a new one with `plan`";
        serde_json::from_str(text).map_err(|_| Error::new(ErrorKind::Config, message))
    }

    /// The plan as text, with the values to be written.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a value cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        text.map_err(|_| Error::new(ErrorKind::Config, "save a plan: it cannot be written as JSON"))
    }

    /// Whether nobody changed the plan since it was written down.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.checksum == self.sum() && self.digest == self.plan.digest()
    }

    /// The connection it was made for.
    #[must_use]
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// The instant of the plan.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// The digest of its actions.
    #[must_use]
    pub fn digest(&self) -> &PlanDigest {
        &self.digest
    }

    /// The rules of the safeguards that it breached when it was made. An approval covers these and no others.
    #[must_use]
    pub fn breached(&self) -> &BTreeSet<Rule> {
        &self.breached
    }

    /// The people whose accounts it would close, by name. Empty if an earlier version wrote the plan.
    #[must_use]
    pub fn removals(&self) -> &[Removal] {
        &self.removals
    }

    /// The plan itself, to look at.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    fn sum(&self) -> String {
        let content = (self.format, &self.connection, self.created_at, &self.digest, &self.plan);
        // An empty text sums to something no plan has, so a fault here is seen as a change.
        let content = match self.format {
            1 => serde_json::to_vec(&content),
            2 => serde_json::to_vec(&(content, &self.breached)),
            _ => serde_json::to_vec(&(content, &self.breached, &self.removals)),
        };
        let content = content.unwrap_or_default();
        hris_core::hex(&Sha256::digest(&content))
    }
}
