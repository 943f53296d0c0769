//! Longer reading: how the crates fit together, what was decided and why, what each word means, how to
//! write a connector, and how a platform carries out plans itself.

#[doc = include_str!("../docs/architecture.md")]
pub mod architecture {}

#[doc = include_str!("../docs/design.md")]
pub mod design {}

#[cfg(all(feature = "conformance", feature = "connector", feature = "oauth", feature = "sandbox"))]
#[doc = include_str!("../docs/new-connector.md")]
pub mod new_connector {}

#[doc = include_str!("../docs/your-own-loop.md")]
pub mod your_own_loop {}

#[doc = include_str!("../docs/glossary.md")]
pub mod glossary {}
