//! Longer reading for those who embed the runner: a target or a store of their own, many customers, and running it
//! every night.

#[doc = include_str!("../docs/production.md")]
pub mod production {}

#[doc = include_str!("../docs/tenants.md")]
pub mod tenants {}

#[doc = include_str!("../docs/writing-a-store.md")]
pub mod writing_a_store {}

#[doc = include_str!("../docs/writing-a-target.md")]
pub mod writing_a_target {}
