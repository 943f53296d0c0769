//! Building a runner.

use std::sync::Arc;
use std::time::Duration;

use hris_core::mapping::{FieldMap, Mapping};
use hris_core::reconcile::{Policy, Safeguards, config_digest};
use hris_core::{Directory, SourceSettings, TimeZone};
use sha2::{Digest as _, Sha256};

use super::calls::Calls;
use super::two_way::Shared;
use super::{CALL_LIMIT, Runner, Stop};
use crate::observer::{Nobody, Observer, ReportHook};
use crate::store::StateStore;
use crate::target::Target;
use crate::{Connection, Error, ErrorKind, Result, Stage};

/// Settings of a [`Runner`]. Every default is the safe one.
#[derive(Debug)]
#[must_use]
pub struct RunnerBuilder {
    directory: Arc<dyn Directory>,
    target: Arc<dyn Target>,
    store: Arc<dyn StateStore>,
    connection: String,
    stage: Stage,
    mapping: Option<Mapping>,
    policy: Policy,
    safeguards: Safeguards,
    time_zone: TimeZone,
    observer: Arc<dyn Observer>,
    hooks: Vec<Arc<dyn ReportHook>>,
    stop: Stop,
    call_limit: Duration,
    real_time: bool,
    deadline: Option<Duration>,
}

impl RunnerBuilder {
    pub(super) fn new(
        directory: Arc<dyn Directory>,
        target: Arc<dyn Target>,
        store: Arc<dyn StateStore>,
    ) -> Self {
        Self {
            directory,
            target,
            store,
            connection: "default".to_owned(),
            stage: Stage::Published,
            mapping: None,
            policy: Policy::default(),
            safeguards: Safeguards::default(),
            time_zone: TimeZone::utc(),
            observer: Arc::new(Nobody),
            hooks: Vec::new(),
            stop: Stop::new(),
            call_limit: CALL_LIMIT,
            real_time: false,
            deadline: None,
        }
    }

    /// Names the connection. State is kept by this name; the default is `default`.
    pub fn connection(mut self, name: impl Into<String>) -> Self {
        self.connection = name.into();
        self
    }

    /// Takes name, mapping, policy and safeguards from a stored connection, and allows what its stage
    /// allows: nothing is read from it before it is authorised, nothing written before it is
    /// published. A runner of no stored connection may do everything.
    pub fn for_connection(mut self, connection: &Connection) -> Self {
        self.connection.clone_from(&connection.name);
        self.stage = connection.stage();
        self.mapping = connection.mapping().cloned();
        self.policy = connection.policy.clone();
        self.safeguards = connection.safeguards.clone();
        self
    }

    /// Says which target field takes what. The default is [`Mapping::standard`].
    pub fn mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = Some(mapping);
        self
    }

    /// Says what is done in which situation.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Says how much a run may do at once.
    pub fn safeguards(mut self, safeguards: Safeguards) -> Self {
        self.safeguards = safeguards;
        self
    }

    /// The zone in which "today" is. The default is UTC.
    pub fn time_zone(mut self, zone: TimeZone) -> Self {
        self.time_zone = zone;
        self
    }

    /// Sets the observer of a run.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Has the report of each run handed to somebody, after it is recorded. May be given several
    /// times.
    pub fn after_run(mut self, hook: impl ReportHook) -> Self {
        self.hooks.push(Arc::new(hook));
        self
    }

    /// Has runs stop when `stop` does.
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// How long one call of the target may take. After that nobody knows whether it was done, and it
    /// is looked up. The default is 30 seconds; a list of everybody may take twenty times as long.
    pub fn call_limit(mut self, limit: Duration) -> Self {
        self.call_limit = limit;
        self
    }

    /// Says that runs are given the real time, as a product does, and not a made-up one, as tests and
    /// rehearsals do. Then the clock of the source is looked at too, where its answers have a time: if it
    /// shows an earlier day, that day counts and a warning says so. Nobody starts or leaves by a date
    /// before both clocks say so. Without it no clocks are compared.
    pub fn real_time(mut self) -> Self {
        self.real_time = true;
        self
    }

    /// How long a run may take, waits that a vendor asks for included. A run that has not ended by then reads no
    /// further and begins no further action; the call it is in is ended and recorded, and the run fails with
    /// [`ErrorKind::Deadline`]. The next run goes on where it was. The default is no deadline.
    ///
    /// A vendor that is slow for its limits takes minutes by right: see [`hris_core::Directory::cost`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Holds the mapping against the source.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with every fault of the mapping; its source is the
    /// [`hris_core::mapping::MappingError`].
    pub fn build(self) -> Result<Runner> {
        let capabilities = self.directory.capabilities();
        let mapping = self.mapping.unwrap_or_else(|| Mapping::standard(capabilities));
        let map = mapping.compile(capabilities).map_err(|error| {
            Error::new(ErrorKind::Config, format!("read the mapping: {error}")).with_source(error)
        })?;
        let maps_all = mapping == Mapping::standard(capabilities);
        let settings = self.directory.settings();
        let written = written(&settings)?;
        let shared = shared(&*self.directory, &map, &self.policy, written)?;
        let config = config_digest(&mapping, &self.policy, &self.time_zone, &settings)?;
        Ok(Runner {
            calls: Calls::new(Arc::clone(&self.target), self.call_limit),
            directory: self.directory,
            target: self.target,
            store: self.store,
            connection: self.connection,
            stage: self.stage,
            maps_all,
            map,
            policy: self.policy,
            safeguards: self.safeguards,
            time_zone: self.time_zone,
            config,
            shared,
            observer: self.observer,
            hooks: self.hooks,
            stop: self.stop,
            real_time: self.real_time,
            deadline: self.deadline,
            until: None,
        })
    }
}

/// A digest of all settings of the source: what a write that harmed somebody holds back further writes under.
fn written(settings: &SourceSettings) -> Result<String> {
    let unwritable = |_| Error::new(ErrorKind::Config, "read the settings: they cannot be written as JSON");
    let text = serde_json::to_vec(&(&settings.listing, &settings.writing)).map_err(unwritable)?;
    Ok(hris_core::hex(&Sha256::digest(&text)))
}

/// What both sides may change under a two-way policy.
fn shared(
    directory: &dyn Directory,
    map: &FieldMap,
    policy: &Policy,
    settings: String,
) -> Result<Option<Shared>> {
    let Some(rules) = &policy.two_way else { return Ok(None) };
    let capabilities = directory.capabilities();
    let vendor = capabilities.vendor;
    if directory.writer().is_none() {
        let message = format!("read the policy: {vendor} can only be read, so data can flow from it alone");
        return Err(Error::new(ErrorKind::Config, message));
    }
    let fields = map.shared(capabilities);
    let written: Vec<_> = fields.iter().filter(|shared| shared.source.is_some()).collect();
    if written.is_empty() {
        let message = format!(
            "read the policy: no mapped field can flow back to {vendor}; one can that takes a single field which is \
             written there, without `map` and `default`"
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    let unknown = rules.fields.keys().find(|field| !written.iter().any(|shared| shared.target == **field));
    if let Some(field) = unknown {
        let message =
            format!("read the policy: {field} cannot flow back to {vendor}, so no conflict can be about it");
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(Some(Shared { fields, settings }))
}
