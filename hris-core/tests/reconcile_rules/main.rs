//! Every rule of the engine as a small table: who is there, and what the plan says.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "../support/mod.rs"]
mod support;

mod assignments;
mod both_ways;
mod emails;
mod fields;
mod guard;
mod holding;
mod identity;
mod invitations;
mod judgements;
mod lifecycle;
mod lint;
mod matching;
mod memory;
mod signin;
mod takings;
mod vanished;
