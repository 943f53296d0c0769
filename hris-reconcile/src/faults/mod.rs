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
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = "2026-11-23T09:00:00Z".parse()?;
//! let faults = Faults::new().at(2, Fault::Unavailable);
//! let target = Faulty::new(MemoryTarget::new(), faults.clone());
//! assert!(target.users(now).await.is_ok());
//! assert!(target.users(now).await.is_err());
//! assert!(target.users(now).await.is_ok());
//! assert_eq!(faults.calls(), 3);
//! # Ok(())
//! # }
//! ```

mod directory;
mod store;
mod target;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::target::{TargetError, TargetErrorKind};
use crate::{Error, ErrorKind};

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
