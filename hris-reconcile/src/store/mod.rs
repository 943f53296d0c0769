//! What is remembered between runs, and the journal that makes a run safe to interrupt.

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
/// [`SqliteStore`] keeps them in a file, [`MemoryStore`] for tests; most products need no other. To write
/// your own, implement it under `#[async_trait]` of the crate [`async-trait`](https://docs.rs/async-trait):
/// the signatures below are its form of `async fn`.
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
/// Each method is one transaction: it happened, or it did not. What a method has confirmed survives a crash
/// and a power cut. Every write of a run carries the run's [`Lease`]; a store refuses one whose token is
/// not the newest, so that a run that was paused past its lease cannot write late.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync + 'static {
    /// Checks that a run could write here, without writing anything; so does a store that was opened to look at
    /// only. The default takes it for granted.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`] with a remedy.
    async fn check(&self) -> Result<()> {
        Ok(())
    }

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

    /// Checks that a lease is still the newest. A run calls this before each write to the target or the
    /// source, so it should cost little. A run on a machine that was asleep learns only here that another
    /// one took over, because its own clock may have stood still. The default renews the lease.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`] if another run took it.
    async fn holds(&self, lease: &Lease) -> Result<()> {
        self.renew(lease).await
    }

    /// Releases the lease. Releasing a lost one is not an error.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn release(&self, lease: &Lease) -> Result<()>;

    /// Returns everything that planning needs.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`] with a remedy.
    async fn load(&self, connection: &str) -> Result<State>;

    /// Records, in order, the actions that are about to be done, before the first one is done. An action
    /// that was intended before and not done may come again under its key.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Busy`] if the lease was lost, else [`crate::ErrorKind::State`].
    async fn intend(&self, lease: &Lease, intents: &[Intent]) -> Result<()>;

    /// Records how actions ended and the links that follow, as one step.
    ///
    /// # Errors
    /// As [`StateStore::intend`].
    async fn settle(&self, lease: &Lease, outcomes: &[Settlement]) -> Result<()>;

    /// Records a finished run: its report and, for a complete one, the baseline of the next. `claims` are
    /// the accounts that the connection waits for from now on, in place of the earlier ones. `None` keeps
    /// the earlier ones.
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

    /// Replaces the report of a recorded run with what became known after its end. An unrecorded run stays
    /// unrecorded. It needs no lease, because nothing else about the run changes.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn amend(&self, report: &Report) -> Result<()>;

    /// Returns what the other connections of this state have to do with the accounts of a target: the
    /// accounts of their links ([`hris_core::reconcile::Held::closed`] where they closed one; of several
    /// holders the one that did not), the accounts they wait for (of several the first by name), and the
    /// organisation that each reads; and the accounts that their open intents link, and the external ids of
    /// those that they create. Only connections whose last complete run was against this target count;
    /// where either side's target is unknown, it counts as the same.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn others(&self, connection: &str, target: Option<&str>) -> Result<Others>;

    /// Returns when the last run of a command, such as `sync`, began, whatever its outcome.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn last_started(&self, connection: &str, command: &str) -> Result<Option<Timestamp>>;

    /// Returns how many accounts this connection deactivated since then, without approved plans.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn removals_since(&self, connection: &str, since: Timestamp) -> Result<u64>;

    /// Returns past runs, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn history(&self, connection: &str, limit: u32) -> Result<Vec<Report>>;

    /// Returns one past run by its id.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn run(&self, connection: &str, run: &str) -> Result<Option<Report>>;

    /// Records decisions about conflicts, each under its id, in place of an earlier one. It needs no lease,
    /// because runs only read decisions and forget finished ones.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn decide(&self, connection: &str, decisions: &[Resolution]) -> Result<()>;

    /// Records answers to questions about accounts, each under its id, in place of an earlier one. Like
    /// [`StateStore::decide`], it needs no lease.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn judge(&self, connection: &str, judgements: &[Judgement]) -> Result<()>;

    /// Saves a connection under its name.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn save_connection(&self, connection: &Connection) -> Result<()>;

    /// Returns a connection by its name.
    ///
    /// # Errors
    /// [`crate::ErrorKind::State`].
    async fn connection(&self, name: &str) -> Result<Option<Connection>>;

    /// Returns the names of all connections with any stored data, sorted: the saved ones and those that
    /// only ran.
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
            async fn check(&self) -> Result<()> {
                (**self).check().await
            }
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
    /// A lease as a store issues it.
    #[must_use]
    pub fn new(connection: impl Into<String>, holder: impl Into<String>, token: u64) -> Self {
        Self { connection: connection.into(), holder: holder.into(), token }
    }
}

/// What planning needs from earlier runs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct State {
    /// Which account is whose.
    pub links: Vec<Link>,
    /// The last complete run.
    pub baseline: Option<Baseline>,
    /// Intended actions without a recorded end, oldest first.
    pub unsettled: Vec<Intent>,
    /// Decisions about conflicts.
    pub decisions: Vec<Resolution>,
    /// Answers to questions about accounts.
    pub judgements: Vec<Judgement>,
    /// A digest of the source's settings. Nothing is written to the source while its settings have this
    /// digest.
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
    /// For an update of the source: fields that the person lacked when it was planned. The update cannot
    /// have lost a value that was empty before.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub empty: BTreeSet<TargetField>,
}

impl Intent {
    /// An action of a run that is about to be done.
    #[must_use]
    pub fn new(run: impl Into<String>, action: Action, at: Timestamp, approved: bool) -> Self {
        Self { run: run.into(), action, at, approved, empty: BTreeSet::new() }
    }

    /// Sets the fields that the person lacked.
    #[must_use]
    pub fn with_empty(mut self, empty: impl IntoIterator<Item = TargetField>) -> Self {
        self.empty = empty.into_iter().collect();
        self
    }
}

/// How an action ended, or another fact to be remembered about a pair.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settlement {
    /// The action.
    pub key: ActionKey,
    /// Whether it was done.
    pub done: bool,
    /// The link afterwards. `None` where there is none.
    pub link: Option<Link>,
    /// Links that end, because the person has another record now.
    pub unlinked: Vec<EmployeeId>,
    /// Ids of finished decisions about conflicts and accounts: they were carried out, or their facts
    /// changed.
    pub decided: Vec<String>,
    /// The connection that takes over the account. In the same step it gets a link in place of ours: to the
    /// employee of its claim, with what our link says of the account, and not closed by it. Its claim ends.
    /// If it no longer waits for the account, or that employee has another account by now, nothing happens
    /// and our link stays.
    pub hand_over: Option<Handover>,
    /// The connection whose link to the account of [`Settlement::link`] ends in the same step, if it closed
    /// that account.
    pub takes_over: Option<String>,
    /// From now on accounts of this connection may be in this target too: it joins
    /// [`Baseline::also_in`](hris_core::reconcile::Baseline::also_in) of the last complete run, if there is one.
    pub also_in: Option<String>,
    /// From now on nothing is written to the source while a digest of its settings is this.
    pub source_hold: Option<String>,
}

impl Settlement {
    /// An action that was done, or was not.
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

    /// An action that was done, and the link that follows.
    #[must_use]
    pub fn of(action: &Action, change: LinkChange) -> Self {
        let mut done = Self::new(action.key.clone(), true);
        (done.link, done.unlinked, done.takes_over) = (change.link, change.unlinked, change.takes_over);
        done
    }

    /// A fact to be remembered without an action: no intent has the key.
    #[must_use]
    pub fn note() -> Self {
        Self::new(ActionKey::from(String::new()), false)
    }

    /// Sets the link afterwards.
    #[must_use]
    pub fn with_link(mut self, link: Option<Link>) -> Self {
        self.link = link;
        self
    }
}
