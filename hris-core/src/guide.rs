//! Longer reading: how the crates fit together, what was decided and why, and how a connector is
//! written.

#[doc = include_str!("../docs/architecture.md")]
pub mod architecture {}

#[doc = include_str!("../docs/design.md")]
pub mod design {}

#[cfg(all(feature = "conformance", feature = "http"))]
#[doc = include_str!("../docs/writing-a-connector.md")]
pub mod writing_a_connector {}
