//! A connection: a stored thing with a life.

use hris_core::mapping::Mapping;
use hris_core::reconcile::{Policy, Safeguards};
use serde::{Deserialize, Serialize};

/// A customer's HR system, tied to a product: label, vendor, frequency, mapping, policy, and the
/// stage of its life.
///
/// It holds no credential; those are the product's to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Connection {
    /// Its name; state is kept by it.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The vendor's name.
    pub vendor: String,
    /// The stage of its life.
    pub stage: Stage,
    /// How often it runs, in seconds; none if only on demand.
    pub every_seconds: Option<u64>,
    /// Which target field takes what.
    pub mapping: Option<Mapping>,
    /// What to do in which situation.
    pub policy: Policy,
    /// How much a run may do at once.
    pub safeguards: Safeguards,
    /// The organisation it is tied to, once the credential was checked.
    pub organisation: Option<String>,
    /// The digest of the plan that a person has seen, needed to publish.
    pub reviewed: Option<String>,
}

/// The stage of a [`Connection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// The credential was checked: the HR system may be read.
    Authorised,
    /// Nothing may be read yet.
    Draft,
    /// The mapping is valid: plans may be made and looked at.
    Mapped,
    /// Stopped by a person; plans may be made, nothing is written.
    Paused,
    /// Live: runs may write.
    Published,
    /// The credential died. A new one brings it back with its links and history.
    ReconnectNeeded,
    /// Removed. Its history stays.
    Removed,
}
