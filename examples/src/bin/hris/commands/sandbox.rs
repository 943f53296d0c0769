//! `sandbox`: a fake vendor to try things with.

use std::time::Duration;

use hris_core::sandbox::FakeOptions;
use serde_json::json;

use crate::Shell;
use crate::args::Sandbox;
use crate::failure::{Failure, Result, exit};
use crate::signals::Signal;
use crate::vendors;

/// Runs a fake vendor until somebody stops it.
pub(crate) async fn sandbox(args: &Sandbox, shell: &Shell) -> Result<u8> {
    let vendor = vendors::find(&args.vendor).map_err(Failure::config)?;
    let now = shell.clock.now();
    let options = FakeOptions {
        port: args.port,
        employees: args.employees,
        seed: args.seed,
        rate_limit: args.rate_limit,
        latency: Duration::from_millis(args.latency_ms),
        now,
    };
    let fake = vendor.sandbox(options).await?;
    if args.after_demo {
        fake.a_day_passes(now).map_err(Failure::config)?;
    }
    let console = shell.console;
    console.say(format!("listening on {}", fake.url()))?;
    console.say(format!("token {}", fake.token()))?;
    let mut document = json!({ "listening_on": fake.url(), "token": fake.token(), "vendor": vendor.name() });
    if let Some((id, secret, redirect)) = fake.client() {
        console.say(format!("client_id {id}"))?;
        console.say(format!("client_secret {secret}"))?;
        console.say(format!("redirect_uri {redirect}"))?;
        if let Some(keys) = document.as_object_mut() {
            keys.insert("client_id".to_owned(), id.into());
            keys.insert("client_secret".to_owned(), secret.into());
            keys.insert("redirect_uri".to_owned(), redirect.into());
        }
    }
    console.document(&document)?;
    if fake.client().is_some() {
        console.note(
            "`hris connect` works without `redirect_uri`: any port of this machine is accepted besides the one above",
        );
    }
    console.note("invented people, on this machine only; Ctrl-C ends it");
    match shell.stop.clone().stopped().await {
        Signal::Interrupt => Ok(exit::INTERRUPTED),
        Signal::Terminate => Ok(exit::DONE),
    }
}
