//! Longer reading for those who embed the runner: a target or a store of their own, many customers, running it
//! every night, and what that costs.

#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[doc = include_str!("../docs/production.md")]
pub mod production {}

#[doc = include_str!("../docs/tenants.md")]
pub mod tenants {}

#[doc = include_str!("../docs/writing-a-store.md")]
pub mod writing_a_store {}

#[doc = include_str!("../docs/writing-a-target.md")]
pub mod writing_a_target {}
