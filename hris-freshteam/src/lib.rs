#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod checks;
mod config;
mod convert;
mod kit;
mod lists;
mod refusals;
mod requirements;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod source;
#[cfg(feature = "webhooks")]
pub mod webhook;
mod wire;

pub use config::{Builder, Config, InvalidSubdomain, Sort, Subdomain};
pub use requirements::{HOW_TO_REVOKE, requirements};
pub use source::Freshteam;

/// Freshteam, for a catalogue of vendors: its settings as data, and how to connect it.
pub const KIT: &dyn hris_core::connector::Kit = &kit::FreshteamKit;
