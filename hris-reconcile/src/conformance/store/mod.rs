//! The suite for state stores.

mod cuts;
mod holding;
mod journal;
mod runs;

use std::future::Future;

use async_trait::async_trait;
use hris_core::conformance::Summary;
use hris_core::reconcile::{Action, ActionKey, Baseline, Policy, Safeguards};
use hris_core::{EmployeeId, Link, Secret, Timestamp};
use serde_json::{Value, json};

use super::{Miss, Outcome, ensure, failed};
use crate::report::Report;
use crate::store::{Intent, Lease, Settlement, StateStore};
use crate::{Connection, ErrorKind};

/// Makes empty stores.
#[async_trait]
pub trait StoreHarness: Send + Sync {
    /// A store in which nothing is kept and that nobody else uses.
    async fn stage(&self) -> Box<dyn StoreStage>;
}

/// A store, and what can happen to it.
#[async_trait]
pub trait StoreStage: Send + Sync {
    /// The store under test.
    fn store(&self) -> &dyn StateStore;

    /// The same state by another handle, as a program has that is started again.
    ///
    /// # Errors
    /// Why that cannot be, in words.
    async fn reopen(&self) -> Result<Box<dyn StateStore>, String> {
        Err("the harness does not open the same state again".to_owned())
    }

    /// The same state after as many seconds by the store's clock, without waiting for them.
    ///
    /// # Errors
    /// Why that cannot be, in words.
    async fn after(&self, seconds: u64) -> Result<Box<dyn StateStore>, String> {
        let _ = seconds;
        Err("the harness does not turn the store's clock".to_owned())
    }
}

#[async_trait]
impl<F, W, S> StoreHarness for F
where
    F: Fn() -> W + Send + Sync,
    W: Future<Output = S> + Send,
    S: StateStore,
{
    async fn stage(&self) -> Box<dyn StoreStage> {
        Box::new(Alone(self().await))
    }
}

/// A store of which nothing else is known.
struct Alone<S>(S);

impl<S: StateStore> StoreStage for Alone<S> {
    fn store(&self) -> &dyn StateStore {
        &self.0
    }
}

/// Runs every case for stores, each on a state of its own.
pub async fn store(harness: &dyn StoreHarness) -> Summary {
    let mut summary = Summary::default();
    journal::run(harness, &mut summary).await;
    runs::run(harness, &mut summary).await;
    holding::run(harness, &mut summary).await;
    cuts::run(harness, &mut summary).await;
    summary
}

/// What a case works with.
struct Scene(Box<dyn StoreStage>);

impl Scene {
    fn new(stage: Box<dyn StoreStage>) -> Self {
        Self(stage)
    }

    fn store(&self) -> &dyn StateStore {
        self.0.store()
    }

    async fn links(&self, connection: &str) -> Result<Vec<Link>, Miss> {
        let mut links = self.store().load(connection).await?.links;
        links.sort_by(|one, other| one.employee.cmp(&other.employee));
        Ok(links)
    }

    /// The credentials of a connection, each as its name and its text.
    async fn secrets(&self, connection: &str) -> Result<Vec<String>, Miss> {
        let credentials = self.store().credentials(connection).await?;
        Ok(credentials.iter().map(|(name, secret)| format!("{name} {}", secret.expose())).collect())
    }

    async fn unsettled(&self, connection: &str) -> Result<Vec<Intent>, Miss> {
        Ok(self.store().load(connection).await?.unsettled)
    }
}

/// A value of the suite's own.
#[expect(clippy::expect_used, reason = "every document of the suite is a constant of it")]
fn document<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("a document of the suite")
}

fn key(text: &str) -> ActionKey {
    ActionKey::from(text.to_owned())
}

fn intent(run: &str, key: &str, kind: &str, employee: &str, at: i64) -> Intent {
    let action: Action = document(json!({
        "key": key, "kind": kind, "employee": employee, "user": format!("user-{employee}"),
        "changes": [{ "field": "given_name", "from": null, "to": "marker-of-a-value" }],
        "grants": [], "status": null, "situation": "confirmed", "reason": "fields_differ",
    }));
    Intent::new(run, action, Timestamp::from_unix_seconds(at), false)
}

fn report(connection: &str, run: &str, at: i64) -> Report {
    let at = Timestamp::from_unix_seconds(at);
    document(json!({
        "run": run, "connection": connection, "command": "sync", "outcome": "completed",
        "started_at": at, "finished_at": at,
        "source": { "vendor": "memory", "employees": 1, "complete": true, "requests": 1 },
        "counts": {}, "actions": [], "problems": [], "refusal": null,
    }))
}

fn connection(name: &str, label: &str) -> Connection {
    document(json!({
        "name": name, "label": label, "vendor": "memory", "stage": "draft", "every_seconds": 86_400,
        "mapping": null, "policy": Policy::default(), "safeguards": Safeguards::default(),
        "organisation": null, "reviewed": null,
    }))
}

/// Expects that a call is refused because another run holds the connection.
fn busy<T>(done: crate::Result<T>, what: &str) -> Outcome {
    match done {
        Err(error) if error.kind() == ErrorKind::Busy => Ok(()),
        Err(error) => failed(format!("{what} fails as {:?}, which is to be Busy", error.kind())),
        Ok(_) => failed(format!("{what} is done, which is to be refused as Busy")),
    }
}
