#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod checks;
mod config;
mod convert;
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
