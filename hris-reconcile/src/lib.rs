//! Runs HRIS provisioning: fetch, plan, guard, apply, remember, report.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod connection;
mod error;
pub mod report;
pub mod store;
pub mod target;
pub mod targets;

pub use connection::{Connection, Stage};
pub use error::{Error, ErrorKind, Result};
