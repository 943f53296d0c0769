//! Observers of a run, while it goes and afterwards.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::reconcile::ActionKind;
use hris_core::{Cost, EmployeeId, UserId};

use crate::report::{ActionResult, Counts, Outcome, Report};

/// Gets the events of a run. It sees ids and counts only, and should return at once.
///
/// ```
/// use hris_reconcile::{Event, Observer};
///
/// #[derive(Debug)]
/// struct Lines;
///
/// impl Observer for Lines {
///     fn event(&self, event: &Event) {
///         if let Event::Applying { done, total } = event {
///             eprintln!("{done} of {total}");
///         }
///     }
/// }
/// ```
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Something happened. A panic in here does not reach the run.
    fn event(&self, event: &Event);
}

/// What an [`Observer`] gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// One action ended.
    ActionDone {
        /// What was to be done.
        kind: ActionKind,
        /// The person.
        employee: Option<EmployeeId>,
        /// To which account, where there is one.
        user: Option<UserId>,
        /// How it ended.
        result: ActionResult,
    },
    /// So many actions of a plan have ended.
    Applying {
        /// Actions that have ended.
        done: u64,
        /// Actions in all.
        total: u64,
    },
    /// People who are missing from the list are asked for by id.
    Asking {
        /// How many.
        people: u64,
    },
    /// What reading the directory will cost, before it begins, from directories that know.
    Expected {
        /// Requests and pace.
        cost: Cost,
    },
    /// The directory is being read.
    Fetching {
        /// People read so far.
        read: u64,
        /// People in all, once known.
        total: Option<u64>,
    },
    /// The run has ended.
    Finished {
        /// How.
        outcome: Outcome,
        /// How much was done.
        counts: Counts,
    },
    /// It was decided what to do.
    Planned {
        /// How much is planned, if all of it goes well.
        counts: Counts,
        /// How many actions that takes.
        actions: u64,
    },
    /// Actions of an interrupted run were looked up in the target.
    Settled {
        /// Those that had been done.
        done: u64,
        /// Those that had not.
        not_done: u64,
    },
    /// A run has begun.
    Started {
        /// Its id.
        run: String,
    },
    /// Reading waits for the vendor: for a limit of its, or before a request is tried again. It comes as
    /// the wait begins, if it takes a second or more.
    Waiting {
        /// How long.
        time: Duration,
    },
}

/// Is handed the report of each run once it is recorded: to send or store it.
#[async_trait]
pub trait ReportHook: fmt::Debug + Send + Sync + 'static {
    /// A run has ended, well or not.
    ///
    /// # Errors
    /// What kept the report from going where it should, in a sentence that says what did not happen and what
    /// to do. It never fails the run; its text becomes a warning of the report that the caller gets
    /// ([`hris_core::ProblemCode::ReportNotSent`]), so it must carry no personal data.
    async fn finished(&self, report: &Report) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Calls an observer, and keeps its panics from the run.
pub(crate) fn tell(observer: &dyn Observer, event: &Event) {
    if catch_unwind(AssertUnwindSafe(|| observer.event(event))).is_err() {
        tracing::warn!("an observer panicked");
    }
}

/// An observer that does nothing.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Observer for Nobody {
    fn event(&self, _event: &Event) {}
}
