//! What is asked of 24SevenOffice, and what its answers are taken for.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod reading;
#[allow(dead_code, reason = "shared with the tests of writing")]
#[path = "../support/mod.rs"]
mod support;
mod token;
