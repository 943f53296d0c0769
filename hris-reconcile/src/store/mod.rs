//! What is remembered between runs, and the journal that makes a run safe to cut.

mod memory;
#[cfg(feature = "sqlite")]
mod seal;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use hris_core::reconcile::{
    AccountClaim, Action, ActionKey, Baseline, Handover, Judgement, LinkChange, Others, Resolution,
};
use hris_core::{EmployeeId, Link, Secret, TargetField, Timestamp};
use serde::{Deserialize, Serialize};

use crate::report::Report;
use crate::{Connection, Result};

pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteStore, SqliteStoreBuilder, SqliteTokens};

/// Where links, the journal, history and connections are kept: what a run remembers for the next.
///
/// [`SqliteStore`] keeps them in a file, [`MemoryStore`] for tests; most products need no other. One of your own
/// is an `impl` under `#[async_trait]`, of the crate [`async-trait`](https://docs.rs/async-trait): the signatures
/// below are what that makes of `async fn`.
///
/// ```
/// use hris_reconcile::Connection;
/// use hris_reconcile::store::{MemoryStore, StateStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> hris_reconcile::Result<()> {
/// let store: Box<dyn StateStore> = Box::new(MemoryStore::new());
/// store.save_connection(&Connection::new("acme", "Acme", "humaans")).await?;
/// assert_eq!(store.connections().await?, ["acme"]);
/// assert!(store.history("acme", 10).await?.is_empty());
/// assert!(store.forget("acme").await?);
/// # Ok(())
/// # }
/// ```
///
/// Each method is one transaction: it happened, or it did not. What a method has confirmed survives
/// a crash and a power cut. Every write of a run carries the run's [`Lease`]; a store refuses one
/// whose token is not the newest, so that a run which was paused past its lease cannot write late.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync + 'static {
    /// Takes the lease of a connection for [`LEASE_SECONDS`] by the store's own clock.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`] while another run holds it.
    async fn acquire(&self, connection: &str, holder: &str) -> Result<Lease>;

    /// Extends a lease that is still the newest.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`] if another run took it.
    async fn renew(&self, lease: &Lease) -> Result<()>;

    /// Whether a lease is still the newest: asked before each write to the target or the source, so it should
    /// cost little. A run on a machine that was asleep learns only here that another one took over, since its
    /// own clock may have stood still meanwhile. Unless a store says otherwise, the lease is renewed.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`] if another run took it.
    async fn holds(&self, lease: &Lease) -> Result<()> {
        self.renew(lease).await
    }

    /// Gives the lease back. Giving back one that was lost is no error.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn release(&self, lease: &Lease) -> Result<()>;

    /// Everything that planning needs.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`] with a remedy.
    async fn load(&self, connection: &str) -> Result<State>;

    /// Records that these actions are about to be done, in order, before any of them is. An action
    /// that was intended before and not done may come again under its key.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`] if the lease was lost, else [`crate::ErrorKind::State`].
    async fn intend(&self, lease: &Lease, intents: &[Intent]) -> Result<()>;

    /// Records how actions ended, together with what that makes of their links, as one step.
    ///
    /// # Errors
    /// As [`StateStore::intend`].
    async fn settle(&self, lease: &Lease, outcomes: &[Settlement]) -> Result<()>;

    /// Records a finished run: its report and, for a complete one, the baseline of the next. `claims` are
    /// the accounts that the connection waits for from now on, in place of those before; `None` leaves
    /// those as they are.
    ///
    /// # Errors
    /// As [`StateStore::intend`].
    async fn finish(
        &self,
        lease: &Lease,
        report: &Report,
        baseline: Option<&Baseline>,
        claims: Option<&[AccountClaim]>,
    ) -> Result<()>;

    /// Replaces the report of a recorded run with what became known after its end. A run that was never recorded
    /// stays so. It needs no lease: nothing else about the run changes.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn amend(&self, report: &Report) -> Result<()>;

    /// What the other connections of this state have to do with the accounts of a target: the accounts of
    /// their links ([`hris_core::reconcile::Held::closed`] where they closed one; of several holders the one
    /// who did not), the accounts they wait for (of several the first by name), and whose organisation each
    /// reads; and the accounts that an open intent of theirs links, and the external ids of those that one makes. Only connections whose last complete run was against this target count; where either side
    /// does not know which target it is, it counts as the same.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn others(&self, connection: &str, target: Option<&str>) -> Result<Others>;

    /// When the last run of a command, such as `sync`, began, however it ended.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn last_started(&self, connection: &str, command: &str) -> Result<Option<Timestamp>>;

    /// How many accounts this connection deactivated since then, approved plans apart.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn removals_since(&self, connection: &str, since: Timestamp) -> Result<u64>;

    /// Past runs, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn history(&self, connection: &str, limit: u32) -> Result<Vec<Report>>;

    /// One past run, by its id.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn run(&self, connection: &str, run: &str) -> Result<Option<Report>>;

    /// Remembers what was decided about conflicts, each under its id, in place of an earlier decision.
    /// It needs no lease: runs only read decisions, and forget those that are over.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn decide(&self, connection: &str, decisions: &[Resolution]) -> Result<()>;

    /// Remembers what was decided about whose an account is, each under its id, in place of an earlier
    /// decision. It needs no lease, as [`StateStore::decide`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn judge(&self, connection: &str, judgements: &[Judgement]) -> Result<()>;

    /// Saves a connection under its name.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn save_connection(&self, connection: &Connection) -> Result<()>;

    /// A connection, by its name.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn connection(&self, name: &str) -> Result<Option<Connection>>;

    /// The names of all connections of which anything is kept, sorted: those that were saved and those that only
    /// ran.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn connections(&self) -> Result<Vec<String>>;

    /// Keeps a credential of a connection under the name by which the vendor asks for it, such as `token`, in place of
    /// the one before. It needs no lease.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn save_credential(&self, connection: &str, name: &str, credential: &Secret) -> Result<()>;

    /// The credentials of a connection by their names, all of one moment.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Config`] where they are sealed and the key is missing or another one, else
    /// [`crate::ErrorKind::State`].
    async fn credentials(&self, connection: &str) -> Result<BTreeMap<String, Secret>>;

    /// Forgets a credential, and says whether there was one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn forget_credential(&self, connection: &str, name: &str) -> Result<bool>;

    /// Forgets a connection, and says whether anything was kept of it: links, journal, history, decisions, tokens,
    /// credentials and the saved connection, in one step. Accounts are left as they are and become nobody's: a connection of
    /// the same name that is made later has to match them anew, and another connection may take them.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`] while a run holds the connection, else [`crate::ErrorKind::State`].
    async fn forget(&self, connection: &str) -> Result<bool>;
}

macro_rules! forward {
    ($($pointer:ident)*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<S: StateStore + ?Sized> StateStore for $pointer<S> {
            async fn acquire(&self, connection: &str, holder: &str) -> Result<Lease> {
                (**self).acquire(connection, holder).await
            }
            async fn renew(&self, lease: &Lease) -> Result<()> {
                (**self).renew(lease).await
            }
            async fn holds(&self, lease: &Lease) -> Result<()> {
                (**self).holds(lease).await
            }
            async fn release(&self, lease: &Lease) -> Result<()> {
                (**self).release(lease).await
            }
            async fn load(&self, connection: &str) -> Result<State> {
                (**self).load(connection).await
            }
            async fn intend(&self, lease: &Lease, intents: &[Intent]) -> Result<()> {
                (**self).intend(lease, intents).await
            }
            async fn settle(&self, lease: &Lease, outcomes: &[Settlement]) -> Result<()> {
                (**self).settle(lease, outcomes).await
            }
            async fn finish(
                &self,
                lease: &Lease,
                report: &Report,
                baseline: Option<&Baseline>,
                claims: Option<&[AccountClaim]>,
            ) -> Result<()> {
                (**self).finish(lease, report, baseline, claims).await
            }
            async fn amend(&self, report: &Report) -> Result<()> {
                (**self).amend(report).await
            }
            async fn others(&self, connection: &str, target: Option<&str>) -> Result<Others> {
                (**self).others(connection, target).await
            }
            async fn last_started(&self, connection: &str, command: &str) -> Result<Option<Timestamp>> {
                (**self).last_started(connection, command).await
            }
            async fn removals_since(&self, connection: &str, since: Timestamp) -> Result<u64> {
                (**self).removals_since(connection, since).await
            }
            async fn history(&self, connection: &str, limit: u32) -> Result<Vec<Report>> {
                (**self).history(connection, limit).await
            }
            async fn run(&self, connection: &str, run: &str) -> Result<Option<Report>> {
                (**self).run(connection, run).await
            }
            async fn decide(&self, connection: &str, decisions: &[Resolution]) -> Result<()> {
                (**self).decide(connection, decisions).await
            }
            async fn judge(&self, connection: &str, judgements: &[Judgement]) -> Result<()> {
                (**self).judge(connection, judgements).await
            }
            async fn save_connection(&self, connection: &Connection) -> Result<()> {
                (**self).save_connection(connection).await
            }
            async fn connection(&self, name: &str) -> Result<Option<Connection>> {
                (**self).connection(name).await
            }
            async fn connections(&self) -> Result<Vec<String>> {
                (**self).connections().await
            }
            async fn save_credential(&self, connection: &str, name: &str, credential: &Secret) -> Result<()> {
                (**self).save_credential(connection, name, credential).await
            }
            async fn credentials(&self, connection: &str) -> Result<BTreeMap<String, Secret>> {
                (**self).credentials(connection).await
            }
            async fn forget_credential(&self, connection: &str, name: &str) -> Result<bool> {
                (**self).forget_credential(connection, name).await
            }
            async fn forget(&self, connection: &str) -> Result<bool> {
                (**self).forget(connection).await
            }
        }
    )*};
}
forward!(Arc Box);

/// How long a lease lasts unless it is renewed.
pub const LEASE_SECONDS: u64 = 60;
/// How often a run renews its lease.
pub const RENEW_SECONDS: u64 = 15;

/// The right to run one connection, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The connection's name.
    pub connection: String,
    /// Who holds it: the run's id.
    pub holder: String,
    /// Grows with each lease of this connection.
    pub token: u64,
}

impl Lease {
    /// A lease as a store hands it out.
    #[must_use]
    pub fn new(connection: impl Into<String>, holder: impl Into<String>, token: u64) -> Self {
        Self { connection: connection.into(), holder: holder.into(), token }
    }
}

/// What planning needs of the past.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct State {
    /// Who is whom.
    pub links: Vec<Link>,
    /// The last complete run.
    pub baseline: Option<Baseline>,
    /// Actions that were about to be done and of which no end is recorded, oldest first.
    pub unsettled: Vec<Intent>,
    /// What was decided about conflicts.
    pub decisions: Vec<Resolution>,
    /// What was decided about whose an account is.
    pub judgements: Vec<Judgement>,
    /// Nothing is written to the source while a digest of its settings is this.
    pub source_hold: Option<String>,
}

/// An action that is about to be done. It holds the values to be written until it is settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Intent {
    /// The run it belongs to.
    pub run: String,
    /// The action.
    pub action: Action,
    /// When the run was started.
    pub at: Timestamp,
    /// Whether a person approved the plan.
    pub approved: bool,
    /// For an update of the source: fields that the person did not have when it was planned. What was empty
    /// before was not lost by it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub empty: BTreeSet<TargetField>,
}

impl Intent {
    /// An action of a run that is about to be done.
    #[must_use]
    pub fn new(run: impl Into<String>, action: Action, at: Timestamp, approved: bool) -> Self {
        Self { run: run.into(), action, at, approved, empty: BTreeSet::new() }
    }

    /// With the fields that the person did not have.
    #[must_use]
    pub fn with_empty(mut self, empty: impl IntoIterator<Item = TargetField>) -> Self {
        self.empty = empty.into_iter().collect();
        self
    }
}

/// How an action ended, or what else is to be remembered of a pair.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settlement {
    /// Which action.
    pub key: ActionKey,
    /// Whether it was done.
    pub done: bool,
    /// What the link is afterwards, where there is one.
    pub link: Option<Link>,
    /// Links that are no more: the person has another record now.
    pub unlinked: Vec<EmployeeId>,
    /// Ids of decisions that are over, about conflicts or about whose an account is: carried out, or no
    /// longer about what they were made on.
    pub decided: Vec<String>,
    /// The account goes to the connection that waits for it, which gets a link in place of ours in the same
    /// step: to the employee of its claim, with what our link says of the account, and not closed by it. Its
    /// claim is over. If it no longer waits for the account, or that employee has another account by now,
    /// nothing becomes of this and our link stays.
    pub hand_over: Option<Handover>,
    /// The connection whose link to the account of [`Settlement::link`] goes in the same step, if it closed
    /// that account.
    pub takes_over: Option<String>,
    /// From now on accounts of this connection may be in this target too: it joins
    /// [`Baseline::also_in`](hris_core::reconcile::Baseline::also_in) of the last complete run, if there is one.
    pub also_in: Option<String>,
    /// From now on nothing is written to the source while a digest of its settings is this.
    pub source_hold: Option<String>,
}

impl Settlement {
    /// An action that was done, or not.
    #[must_use]
    pub fn new(key: ActionKey, done: bool) -> Self {
        Self {
            key,
            done,
            link: None,
            unlinked: Vec::new(),
            decided: Vec::new(),
            hand_over: None,
            takes_over: None,
            also_in: None,
            source_hold: None,
        }
    }

    /// An action that was done, and what it makes of the links.
    #[must_use]
    pub fn of(action: &Action, change: LinkChange) -> Self {
        let mut done = Self::new(action.key.clone(), true);
        (done.link, done.unlinked, done.takes_over) = (change.link, change.unlinked, change.takes_over);
        done
    }

    /// Something to be remembered without an action: no intent has the key.
    #[must_use]
    pub fn note() -> Self {
        Self::new(ActionKey::from(String::new()), false)
    }

    /// With what the link is afterwards.
    #[must_use]
    pub fn with_link(mut self, link: Option<Link>) -> Self {
        self.link = link;
        self
    }
}
