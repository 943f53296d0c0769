//! The crates alone: a directory, accounts, a state, a runner. Offline, against a sandbox.
#![allow(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;

use hris_core::Secret;
use hris_core::mapping::{Mapping, from};
use hris_humaans::{Humaans, sandbox::Sandbox};
use hris_reconcile::{Runner, store::SqliteStore, targets::SqliteTarget};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::builder().employees(25).start().await?;
    let humaans = Humaans::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .token(Secret::from(sandbox.token().to_owned()))
        .build()?;

    let folder = tempfile::tempdir()?;
    let users = SqliteTarget::open(folder.path().join("users.db")).await?;
    let state = SqliteStore::open(folder.path().join("hris-state.db")).await?;
    let mapping = Mapping::new()
        .field("external_id", from("id"))
        .field("email", from("email").trim().lowercase())
        .field("given_name", from("given_name"))
        .field("phone", from("work_phone").or("personal_phone"));
    let runner = Runner::builder(humaans, users, state).connection("acme").mapping(mapping).build()?;

    let now = "2026-11-24T09:00:00Z".parse()?;
    runner.check(now).await?.require_all()?; // names each missing scope and permission, and what it costs

    let planned = runner.plan(now).await?; // reads and decides; writes nothing
    for action in planned.plan.actions.iter().take(3) {
        println!("would {}: {}", action.kind.as_str(), action.reason);
    }
    let report = runner.run(now).await?;
    println!("{} accounts made, {} people invited", report.counts.created, report.counts.invited);

    let again = runner.run(now).await?;
    println!("the second run changes nothing: {} unchanged", again.counts.unchanged);
    Ok(())
}
