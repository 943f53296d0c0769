//! What is written to 24SevenOffice, what is looked at afterwards, and what stops it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod creating;
mod employments;
#[allow(dead_code, reason = "shared with the tests of reading")]
#[path = "../support/mod.rs"]
mod support;
mod updating;

use hris_24sevenoffice::sandbox::Sandbox;
use serde_json::Value;

/// The writes so far, as method, path and body.
fn writes(sandbox: &Sandbox) -> Vec<(String, Value)> {
    sandbox
        .writes()
        .iter()
        .map(|request| (request.path.clone(), request.json().expect("a JSON body")))
        .collect()
}
