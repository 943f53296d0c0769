//! OAuth with the sandbox's authorisation server, as far as only Employment Hero knows it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod consent;
mod lost;
mod renewal;

use std::sync::Arc;

use hris_core::oauth::OAuth;
use hris_core::{Result, TokenStore};
use hris_employmenthero::EmploymentHero;

use hris_employmenthero::sandbox::Sandbox;

/// A small vendor without a network; its clock is the test's, which is paused.
async fn sandbox() -> Sandbox {
    Sandbox::builder().employees(5).plain().start().await.expect("a free port")
}

fn oauth(sandbox: &Sandbox) -> OAuth {
    sandbox.oauth().transport(sandbox.transport()).build().expect("the settings are right")
}

fn directory(sandbox: &Sandbox, kept: Arc<dyn TokenStore>) -> EmploymentHero {
    EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .oauth(oauth(sandbox), kept)
        .build()
        .expect("the settings are right")
}

/// Reads something, and says how it went.
async fn read(directory: &EmploymentHero) -> Result<usize> {
    directory.organisations().await.map(|seen| seen.len())
}

fn token_requests(sandbox: &Sandbox) -> usize {
    sandbox.requests_to("/oauth2/token")
}

/// Requests that were answered with this status.
fn answered(sandbox: &Sandbox, status: u16) -> usize {
    sandbox.requests().iter().filter(|request| request.status == Some(status)).count()
}
