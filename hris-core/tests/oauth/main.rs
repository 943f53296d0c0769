//! OAuth against an authorisation server of the tests: consents, codes, and renewals that never lose the tokens.
#![cfg(all(feature = "oauth", feature = "sandbox"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod consent;
mod lost;
mod renewal;
mod server;
mod store;
