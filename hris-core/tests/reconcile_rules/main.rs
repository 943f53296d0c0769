//! Every rule of the engine as a small table: who is there, and what the plan says.

#[path = "../support/mod.rs"]
mod support;

mod assignments;
mod emails;
mod fields;
mod guard;
mod lifecycle;
mod matching;
