//! What goes wrong where people do this job, each with its smallest input and the right outcome, through the
//! command against a company that says exactly what the case says.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
mod common;

mod account;
mod case;
mod changes;
mod company;
mod connections;
mod decisions;
mod new_ids;
mod regression;
mod target;
mod visibility;
mod ways_out;
