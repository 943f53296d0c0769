//! Faults on demand, to test what a product's own target or store does to a run.
//!
//! [`Faulty`] wraps a target, a store or a directory and counts its calls; [`Faults`] says which call
//! goes wrong, and how. One script may be shared by all of them, so that every point of a run at which
//! something outside is touched has one number.
//!
//! ```
//! use hris_reconcile::faults::{Fault, Faults, Faulty};
//! use hris_reconcile::target::Target;
//! use hris_reconcile::targets::MemoryTarget;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let faults = Faults::new().at(2, Fault::Unavailable);
//! let target = Faulty::new(MemoryTarget::new(), faults.clone());
//! assert!(target.users().await.is_ok());
//! assert!(target.users().await.is_err());
//! assert!(target.users().await.is_ok());
//! assert_eq!(faults.calls(), 3);
//! # }
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use hris_core::reconcile::{
    AccountClaim, ActionKey, AssignmentChange, Baseline, Change, Judgement, Others, Resolution,
};
use hris_core::{
    Capabilities, Cost, Directory, DirectoryWriter, Employee, EmployeeId, FieldChange, FieldInfo,
    Fingerprint, Lookup, Preflight, ReadRequest, Snapshot, SourceSettings, Timestamp, User, UserId,
};
use tokio::sync::watch;

use crate::report::Report;
use crate::store::{Intent, Lease, Settlement, State, StateStore};
use crate::target::{Invitation, NewUser, Target, TargetCapabilities, TargetError, TargetErrorKind};
use crate::{Connection, Error, ErrorKind, Result};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not done: the credential is refused.
    Auth,
    /// It is not done: a value that must be unique is taken.
    Conflict,
    /// It is done, and never answers. [`Faults::cut`] returns; a test drops the run then, which is
    /// what a crash does.
    CutAfter,
    /// It is not done, and never answers.
    CutBefore,
    /// It is done, and the answer is lost.
    LostAfter,
    /// It is not done, and the answer is lost.
    LostBefore,
    /// It is done, and then the code panics.
    PanicAfter,
    /// It is not done: the code panics.
    PanicBefore,
    /// It is not done: the record is refused.
    Rejected,
    /// It is not done.
    Unavailable,
}

/// Which calls go wrong. Clones share their script and their count.
#[derive(Clone, Debug)]
pub struct Faults {
    script: Arc<Mutex<Script>>,
    cut: Arc<watch::Sender<bool>>,
}

type Act = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Script {
    calls: u64,
    at: BTreeMap<u64, Fault>,
    from: Option<(u64, Fault)>,
    on: BTreeMap<&'static str, Fault>,
    after: BTreeMap<&'static str, Act>,
    names: Vec<&'static str>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("calls", &self.calls).finish_non_exhaustive()
    }
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn new() -> Self {
        Self { script: Arc::default(), cut: Arc::new(watch::Sender::new(false)) }
    }

    /// Makes one call go wrong; the first is 1.
    #[must_use]
    pub fn at(self, call: u64, fault: Fault) -> Self {
        self.lock().at.insert(call, fault);
        self
    }

    /// Makes that call and each one after it go wrong.
    #[must_use]
    pub fn from(self, call: u64, fault: Fault) -> Self {
        self.lock().from = Some((call, fault));
        self
    }

    /// Makes each call of this name go wrong; the names are those of [`Faults::names`].
    #[must_use]
    pub fn on(self, name: &'static str, fault: Fault) -> Self {
        self.lock().on.insert(name, fault);
        self
    }

    /// Has something happen once, right after the first call of this name was done and before it answers: what
    /// somebody else does meanwhile.
    #[must_use]
    pub fn after(self, name: &'static str, act: impl FnOnce() + Send + 'static) -> Self {
        self.lock().after.insert(name, Box::new(act));
        self
    }

    /// From now on nothing goes wrong. Calls are counted on.
    pub fn clear(&self) {
        let mut script = self.lock();
        *script =
            Script { calls: script.calls, names: std::mem::take(&mut script.names), ..Script::default() };
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// The names of the calls there were, in order: `create`, `settle`, ….
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.lock().names.clone()
    }

    /// Returns once a call was cut.
    pub async fn cut(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.cut.subscribe().wait_for(|cut| *cut).await;
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, name: &'static str) -> Option<Fault> {
        let mut script = self.lock();
        script.calls += 1;
        script.names.push(name);
        let call = script.calls;
        let lasting = script.from.filter(|(from, _)| call >= *from).map(|(_, fault)| fault);
        script.at.get(&call).or(script.on.get(name)).copied().or(lasting)
    }

    fn done(&self, name: &'static str) {
        let act = self.lock().after.remove(name);
        if let Some(act) = act {
            act();
        }
    }

    async fn call<T, E: From<Fault>>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(fault) = self.next(name) else {
            let done = work.await?;
            self.done(name);
            return Ok(done);
        };
        if matches!(fault, Fault::CutAfter | Fault::LostAfter | Fault::PanicAfter) {
            work.await?;
            self.done(name);
        }
        match fault {
            Fault::CutAfter | Fault::CutBefore => {
                self.cut.send_replace(true);
                std::future::pending().await
            }
            Fault::PanicAfter | Fault::PanicBefore => {
                // A panic without the message that a hook would print.
                std::panic::resume_unwind(Box::new("a fault on demand"))
            }
            fault => Err(fault.into()),
        }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Fault> for TargetError {
    fn from(fault: Fault) -> Self {
        let kind = match fault {
            Fault::Auth => TargetErrorKind::Auth,
            Fault::Conflict => TargetErrorKind::Conflict,
            Fault::Rejected => TargetErrorKind::Rejected,
            Fault::Unavailable => TargetErrorKind::Unavailable,
            _ => TargetErrorKind::UnknownOutcome,
        };
        Self::new(kind, "a fault on demand")
    }
}

impl From<Fault> for Error {
    fn from(_fault: Fault) -> Self {
        Self::new(ErrorKind::State, "a fault on demand")
    }
}

impl From<Fault> for hris_core::Error {
    fn from(fault: Fault) -> Self {
        use hris_core::ErrorKind as Core;
        let kind = match fault {
            Fault::Auth => Core::Auth,
            Fault::Conflict | Fault::Rejected => Core::Rejected,
            Fault::Unavailable => Core::Unavailable,
            _ => Core::UnknownOutcome,
        };
        Self::new(kind, "a fault on demand")
    }
}

/// A target, a store or a directory whose calls go wrong as a script says.
#[derive(Clone, Debug)]
pub struct Faulty<T> {
    inner: T,
    faults: Faults,
}

impl<T: fmt::Debug> Faulty<T> {
    /// Wraps a target, a store or a directory.
    #[must_use]
    pub fn new(inner: T, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Faulty<T> {
    fn capabilities(&self) -> TargetCapabilities {
        self.inner.capabilities()
    }

    async fn check(&self) -> Result<(), TargetError> {
        self.faults.call("check", self.inner.check()).await
    }

    async fn identity(&self) -> Result<Option<String>, TargetError> {
        self.faults.call("identity", self.inner.identity()).await
    }

    async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        self.faults.call("applied", self.inner.applied(key, user)).await
    }

    async fn users(&self) -> Result<Vec<User>, TargetError> {
        self.faults.call("users", self.inner.users()).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, TargetError> {
        self.faults.call("user", self.inner.user(id)).await
    }

    async fn find(&self, external_id: &str) -> Result<Option<User>, TargetError> {
        self.faults.call("find", self.inner.find(external_id)).await
    }

    async fn create(&self, user: &NewUser, key: &ActionKey, now: Timestamp) -> Result<UserId, TargetError> {
        self.faults.call("create", self.inner.create(user, key, now)).await
    }

    async fn update(
        &self,
        id: &UserId,
        changes: &[Change],
        key: &ActionKey,
        now: Timestamp,
    ) -> Result<(), TargetError> {
        self.faults.call("update", self.inner.update(id, changes, key, now)).await
    }

    async fn assign(
        &self,
        id: &UserId,
        assignments: &[AssignmentChange],
        key: &ActionKey,
        now: Timestamp,
    ) -> Result<(), TargetError> {
        self.faults.call("assign", self.inner.assign(id, assignments, key, now)).await
    }

    async fn invite(
        &self,
        id: &UserId,
        invitation: &Invitation,
        key: &ActionKey,
        now: Timestamp,
    ) -> Result<(), TargetError> {
        self.faults.call("invite", self.inner.invite(id, invitation, key, now)).await
    }

    async fn deactivate(&self, seen: &User, key: &ActionKey, now: Timestamp) -> Result<(), TargetError> {
        self.faults.call("deactivate", self.inner.deactivate(seen, key, now)).await
    }

    async fn reactivate(&self, id: &UserId, key: &ActionKey, now: Timestamp) -> Result<(), TargetError> {
        self.faults.call("reactivate", self.inner.reactivate(id, key, now)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: StateStore> StateStore for Faulty<S> {
    async fn acquire(&self, connection: &str, holder: &str) -> Result<Lease> {
        self.faults.call("acquire", self.inner.acquire(connection, holder)).await
    }

    async fn renew(&self, lease: &Lease) -> Result<()> {
        self.faults.call("renew", self.inner.renew(lease)).await
    }

    async fn holds(&self, lease: &Lease) -> Result<()> {
        // It changes nothing, so a run that is cut here is one that is cut before the write that follows.
        self.inner.holds(lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        self.faults.call("release", self.inner.release(lease)).await
    }

    async fn load(&self, connection: &str) -> Result<State> {
        self.faults.call("load", self.inner.load(connection)).await
    }

    async fn intend(&self, lease: &Lease, intents: &[Intent]) -> Result<()> {
        self.faults.call("intend", self.inner.intend(lease, intents)).await
    }

    async fn settle(&self, lease: &Lease, outcomes: &[Settlement]) -> Result<()> {
        self.faults.call("settle", self.inner.settle(lease, outcomes)).await
    }

    async fn finish(
        &self,
        lease: &Lease,
        report: &Report,
        baseline: Option<&Baseline>,
        claims: Option<&[AccountClaim]>,
    ) -> Result<()> {
        self.faults.call("finish", self.inner.finish(lease, report, baseline, claims)).await
    }

    async fn others(&self, connection: &str, target: Option<&str>) -> Result<Others> {
        self.faults.call("others", self.inner.others(connection, target)).await
    }

    async fn last_started(&self, connection: &str, command: &str) -> Result<Option<Timestamp>> {
        self.faults.call("last_started", self.inner.last_started(connection, command)).await
    }

    async fn removals_since(&self, connection: &str, since: Timestamp) -> Result<u64> {
        self.faults.call("removals_since", self.inner.removals_since(connection, since)).await
    }

    async fn history(&self, connection: &str, limit: u32) -> Result<Vec<Report>> {
        self.faults.call("history", self.inner.history(connection, limit)).await
    }

    async fn run(&self, connection: &str, run: &str) -> Result<Option<Report>> {
        self.faults.call("run", self.inner.run(connection, run)).await
    }

    async fn decide(&self, connection: &str, decisions: &[Resolution]) -> Result<()> {
        self.faults.call("decide", self.inner.decide(connection, decisions)).await
    }

    async fn judge(&self, connection: &str, judgements: &[Judgement]) -> Result<()> {
        self.faults.call("judge", self.inner.judge(connection, judgements)).await
    }

    async fn save_connection(&self, connection: &Connection) -> Result<()> {
        self.faults.call("save_connection", self.inner.save_connection(connection)).await
    }

    async fn connection(&self, name: &str) -> Result<Option<Connection>> {
        self.faults.call("connection", self.inner.connection(name)).await
    }

    async fn connections(&self) -> Result<Vec<String>> {
        self.faults.call("connections", self.inner.connections()).await
    }

    async fn forget(&self, connection: &str) -> Result<bool> {
        self.faults.call("forget", self.inner.forget(connection)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<D: Directory> Directory for Faulty<D> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn settings(&self) -> SourceSettings {
        self.inner.settings()
    }

    async fn check(&self, request: &ReadRequest) -> hris_core::Result<Preflight> {
        self.faults.call("check", self.inner.check(request)).await
    }

    async fn fields(&self, request: &ReadRequest) -> hris_core::Result<Vec<FieldInfo>> {
        self.faults.call("fields", self.inner.fields(request)).await
    }

    async fn snapshot(&self, request: &ReadRequest) -> hris_core::Result<Snapshot> {
        self.faults.call("snapshot", self.inner.snapshot(request)).await
    }

    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> hris_core::Result<Lookup> {
        self.faults.call("get", self.inner.get(id, request)).await
    }

    async fn cost(&self, request: &ReadRequest) -> hris_core::Result<Option<Cost>> {
        self.faults.call("cost", self.inner.cost(request)).await
    }

    async fn fingerprint(&self, request: &ReadRequest) -> hris_core::Result<Option<Fingerprint>> {
        self.faults.call("fingerprint", self.inner.fingerprint(request)).await
    }

    async fn settle(&self) -> hris_core::Result<()> {
        self.inner.settle().await
    }

    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        self.inner.writer().map(|_| self as &dyn DirectoryWriter)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<D: Directory> DirectoryWriter for Faulty<D> {
    async fn create(&self, values: &[FieldChange], key: &str) -> hris_core::Result<Employee> {
        self.faults.call("create person", self.writing()?.create(values, key)).await
    }

    async fn update(
        &self,
        id: &EmployeeId,
        values: &[FieldChange],
        key: &str,
    ) -> hris_core::Result<Employee> {
        self.faults.call("update person", self.writing()?.update(id, values, key)).await
    }
}

impl<D: Directory> Faulty<D> {
    fn writing(&self) -> hris_core::Result<&dyn DirectoryWriter> {
        let message = "write to the directory: it can only be read";
        self.inner.writer().ok_or_else(|| hris_core::Error::new(hris_core::ErrorKind::Permission, message))
    }
}
