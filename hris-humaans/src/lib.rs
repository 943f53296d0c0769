#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod convert;
mod directory;
mod preflight;
mod requirements;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(feature = "webhooks")]
pub mod webhook;
mod wire;

pub use builder::{Builder, LastDay, PeopleStatus};
pub use directory::Humaans;
pub use hris_core::{Need, NeedKind, Requirements, UnknownWord};
pub use requirements::{HOW_TO_REVOKE, requirements};
