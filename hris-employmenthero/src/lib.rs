#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod checks;
mod config;
mod convert;
mod lists;
pub mod oauth;
mod refusals;
mod requirements;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod source;
#[cfg(feature = "webhooks")]
pub mod webhook;
mod wire;

pub use config::{Archived, Builder, Config};
pub use requirements::{HOW_TO_REVOKE, ScopeNotation, requirements, scopes};
pub use source::EmploymentHero;
