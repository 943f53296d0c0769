#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod checks;
mod config;
mod convert;
mod kit;
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

/// Employment Hero, for a catalogue of vendors: its settings as data, and how to connect it.
pub const KIT: &dyn hris_core::connector::Kit = &kit::EmploymentHeroKit;
