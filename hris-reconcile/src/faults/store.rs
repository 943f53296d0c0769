//! A store whose calls go wrong.

use std::collections::BTreeMap;

use async_trait::async_trait;
use hris_core::reconcile::{AccountClaim, Baseline, Judgement, Others, Resolution};
use hris_core::{Secret, Timestamp};

use super::Faulty;
use crate::report::Report;
use crate::store::{Intent, Lease, Settlement, State, StateStore};
use crate::{Connection, Result};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: StateStore> StateStore for Faulty<S> {
    async fn check(&self) -> Result<()> {
        self.faults.call("check the store", self.inner.check()).await
    }

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

    async fn amend(&self, report: &Report) -> Result<()> {
        self.faults.call("amend", self.inner.amend(report)).await
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

    async fn save_credential(&self, connection: &str, name: &str, credential: &Secret) -> Result<()> {
        let save = self.inner.save_credential(connection, name, credential);
        self.faults.call("save_credential", save).await
    }

    async fn credentials(&self, connection: &str) -> Result<BTreeMap<String, Secret>> {
        self.faults.call("credentials", self.inner.credentials(connection)).await
    }

    async fn forget_credential(&self, connection: &str, name: &str) -> Result<bool> {
        self.faults.call("forget_credential", self.inner.forget_credential(connection, name)).await
    }

    async fn forget(&self, connection: &str) -> Result<bool> {
        self.faults.call("forget", self.inner.forget(connection)).await
    }
}
