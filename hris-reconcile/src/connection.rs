//! A connection: a stored thing with a life.

use hris_core::mapping::Mapping;
use hris_core::reconcile::{PlanDigest, Policy, Safeguards};
use hris_core::{Capabilities, Preflight, Timestamp};
use serde::{Deserialize, Serialize};

use crate::runner::{Planned, SavedPlan};
use crate::{Error, ErrorKind, Result};

/// A customer's HR system, tied to a product: label, vendor, frequency, mapping, policy, and the
/// stage of its life.
///
/// It goes from draft to authorised to mapped to published, each step by a method that says what is
/// missing; it can be saved at any stage and taken up again later. It holds no credential; those are
/// kept beside it, by [`StateStore::save_credential`](crate::store::StateStore::save_credential) or by the product.
///
/// ```
/// use hris_core::mapping::Mapping;
/// use hris_core::{Directory, MemoryDirectory, Preflight};
/// use hris_reconcile::{Attestation, Connection, Stage};
///
/// let directory = MemoryDirectory::new([]);
/// let mut connection = Connection::new("acme-memory", "Acme", "memory");
/// assert!(connection.publish().is_err());
///
/// let by = Attestation::new("admin-7", "2026-11-23T09:00:00Z".parse()?);
/// connection.authorise(&Preflight::new(), by)?;
/// connection.map(Mapping::standard(directory.capabilities()), directory.capabilities())?;
/// assert_eq!(connection.stage(), Stage::Mapped);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Connection {
    /// Its name; state is kept by it.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The vendor's name.
    pub vendor: String,
    /// The vendor's settings, without credentials: what [`connectors::open`](crate::connectors::open) reads.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// How often it runs, in seconds; `None` if only on demand.
    pub every_seconds: Option<u64>,
    /// What to do in which situation.
    #[serde(default)]
    pub policy: Policy,
    /// How much a run may do at once.
    #[serde(default)]
    pub safeguards: Safeguards,
    stage: Stage,
    /// The stage to come back to after a pause or a new credential.
    #[serde(default)]
    before: Option<Stage>,
    #[serde(default)]
    mapping: Option<Mapping>,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    attestation: Option<Attestation>,
    /// The digest of the plan that a person has seen since the mapping was made.
    #[serde(default)]
    reviewed: Option<PlanDigest>,
}

/// Who said, and when, that they may connect this HR system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attestation {
    /// Who: an id of the product's, not a name.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Attestation {
    /// Said by this person at this instant.
    pub fn new(by: impl Into<String>, at: Timestamp) -> Self {
        Self { by: by.into(), at }
    }
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
    /// The credential died, as a run found out or somebody said. A new one brings it back with its
    /// links and history.
    ReconnectNeeded,
    /// Removed. Its history stays.
    Removed,
}

impl Stage {
    /// The word used for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorised => "authorised",
            Self::Draft => "draft",
            Self::Mapped => "mapped",
            Self::Paused => "paused",
            Self::Published => "published",
            Self::ReconnectNeeded => "reconnect_needed",
            Self::Removed => "removed",
        }
    }

    /// What has to be done before more is allowed.
    fn next(self) -> &'static str {
        match self {
            Self::Authorised => "give it a mapping",
            Self::Draft => "check the credential first",
            Self::Mapped => "look at a plan and publish it",
            Self::Paused => "resume it",
            Self::Published => "nothing is missing",
            Self::ReconnectNeeded => "give it a new credential",
            Self::Removed => "make a new one",
        }
    }

    pub(crate) fn refuse(self, connection: &str) -> Error {
        let message = format!("connection {connection:?} is {}: {}", self.as_str(), self.next());
        let kind = if self == Self::ReconnectNeeded { ErrorKind::Auth } else { ErrorKind::Config };
        Error::new(kind, message)
    }
}

impl Connection {
    /// A draft.
    pub fn new(name: impl Into<String>, label: impl Into<String>, vendor: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            vendor: vendor.into(),
            settings: serde_json::Map::new(),
            every_seconds: None,
            policy: Policy::default(),
            safeguards: Safeguards::default(),
            stage: Stage::Draft,
            before: None,
            mapping: None,
            organisation: None,
            attestation: None,
            reviewed: None,
        }
    }

    /// The stage of its life.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Which target field takes what, once that was said.
    #[must_use]
    pub fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_ref()
    }

    /// The id of the organisation it is tied to, once the credential showed it.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        self.organisation.as_deref()
    }

    /// Who said that they may connect this HR system.
    #[must_use]
    pub fn attestation(&self) -> Option<&Attestation> {
        self.attestation.as_ref()
    }

    /// The digest of the plan that a person has seen since the mapping was made.
    #[must_use]
    pub fn reviewed(&self) -> Option<&PlanDigest> {
        self.reviewed.as_ref()
    }

    /// The credential was checked: the HR system may be read from now on. Also how a dead credential
    /// is replaced; everything is then as it was before.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] naming what the credential lacks; [`ErrorKind::Config`] if it belongs to
    /// another organisation than before, or the connection was removed. Nothing changes then.
    pub fn authorise(&mut self, preflight: &Preflight, attestation: Attestation) -> Result<()> {
        if self.stage == Stage::Removed {
            return Err(self.stage.refuse(&self.name));
        }
        preflight.require()?;
        let organisation = preflight.organisation.as_ref().map(|organisation| organisation.id.as_str());
        if let (Some(known), Some(now)) = (self.organisation.as_deref(), organisation)
            && known != now
        {
            let message = format!(
                "connection {:?} belongs to organisation {known} and this credential to {now}; make a new connection for it",
                self.name
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        if let Some(organisation) = organisation {
            self.organisation = Some(organisation.to_owned());
        }
        self.attestation = Some(attestation);
        self.stage = match self.stage {
            Stage::Draft => Stage::Authorised,
            Stage::ReconnectNeeded => self.before.take().unwrap_or(Stage::Authorised),
            stage => stage,
        };
        Ok(())
    }

    /// Gives it a mapping. One that is published goes back to be looked at, unless the mapping is
    /// the one it has.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with every fault of the mapping, or if the connection is not authorised.
    /// Nothing changes then.
    pub fn map(&mut self, mapping: Mapping, capabilities: &Capabilities) -> Result<()> {
        if matches!(self.stage, Stage::Draft | Stage::ReconnectNeeded | Stage::Removed) {
            return Err(self.stage.refuse(&self.name));
        }
        if let Err(error) = mapping.compile(capabilities) {
            return Err(
                Error::new(ErrorKind::Config, format!("read the mapping: {error}")).with_source(error)
            );
        }
        if self.mapping.as_ref() == Some(&mapping) {
            return Ok(());
        }
        self.mapping = Some(mapping);
        self.reviewed = None;
        self.before = None;
        self.stage = Stage::Mapped;
        Ok(())
    }

    /// A person has seen this plan.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it has no mapping yet, or the plan is another connection's.
    pub fn review(&mut self, planned: &Planned) -> Result<()> {
        self.seen(&planned.plan.connection, planned.plan.digest())
    }

    /// A person has seen this plan that was saved.
    ///
    /// # Errors
    /// As [`Connection::review`], and if the plan was changed by hand.
    pub fn review_saved(&mut self, saved: &SavedPlan) -> Result<()> {
        if !saved.is_intact() {
            return Err(Error::new(
                ErrorKind::Config,
                "review a plan: it was changed by hand; make a new one",
            ));
        }
        self.seen(saved.connection(), saved.digest().clone())
    }

    fn seen(&mut self, connection: &str, digest: PlanDigest) -> Result<()> {
        if !matches!(self.stage, Stage::Mapped | Stage::Paused | Stage::Published) {
            return Err(self.stage.refuse(&self.name));
        }
        if connection != self.name {
            let message =
                format!("review a plan: it was made for connection {connection:?}, not {:?}", self.name);
            return Err(Error::new(ErrorKind::Config, message));
        }
        self.reviewed = Some(digest);
        Ok(())
    }

    /// Makes it live.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming what is missing: the checked credential, the mapping, or a plan
    /// that somebody has seen since the mapping was made.
    pub fn publish(&mut self) -> Result<()> {
        match self.stage {
            Stage::Published => return Ok(()),
            Stage::Mapped if self.reviewed.is_some() => {}
            _ => return Err(self.stage.refuse(&self.name)),
        }
        self.stage = Stage::Published;
        Ok(())
    }

    /// Stops it: plans may be made, nothing is written.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless it is published or paused.
    pub fn pause(&mut self) -> Result<()> {
        if !matches!(self.stage, Stage::Published | Stage::Paused) {
            return Err(self.stage.refuse(&self.name));
        }
        self.stage = Stage::Paused;
        Ok(())
    }

    /// Lets a paused connection go on.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless it is paused or published.
    pub fn resume(&mut self) -> Result<()> {
        if !matches!(self.stage, Stage::Published | Stage::Paused) {
            return Err(self.stage.refuse(&self.name));
        }
        self.stage = Stage::Published;
        Ok(())
    }

    /// The credential died: nothing is read until [`Connection::authorise`] passes again.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it never had a credential, or was removed.
    pub fn lose_credential(&mut self) -> Result<()> {
        match self.stage {
            Stage::ReconnectNeeded => return Ok(()),
            Stage::Draft | Stage::Removed => return Err(self.stage.refuse(&self.name)),
            stage => self.before = Some(stage),
        }
        self.stage = Stage::ReconnectNeeded;
        Ok(())
    }

    /// Removes it. Its history and its links stay; it never runs again.
    pub fn remove(&mut self) {
        self.before = None;
        self.stage = Stage::Removed;
    }
}
