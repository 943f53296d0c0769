//! The HRIS employee model, the Directory trait and a pure reconcile engine.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
#[cfg(feature = "http")]
pub mod http;
mod secret;

pub use error::{Error, ErrorKind, Result};
pub use secret::Secret;
