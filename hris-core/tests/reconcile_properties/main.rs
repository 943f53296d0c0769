//! What holds for every plan, whatever the world: random people, accounts, links and policies with
//! few names, so that everything that can collide does.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod identity;
mod oracle;
mod ordering;
mod plans;
mod unchanged;
mod worlds;
