#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "conformance")]
pub mod conformance;
mod connection;
#[cfg(feature = "connectors")]
pub mod connectors;
#[cfg(feature = "email")]
pub mod email;
mod error;
pub mod faults;
#[cfg(doc)]
pub mod guide;
mod observer;
pub mod report;
mod runner;
pub mod schedule;
pub mod store;
pub mod target;
pub mod targets;

pub use connection::{Attestation, Connection, Stage};
pub use error::{Error, ErrorKind, Result};
pub use observer::{Event, Observer, ReportHook};
pub use runner::{
    Approval, Check, Explanation, Planned, Removal, Runner, RunnerBuilder, SavedPlan, Stop, Unlinked,
};

#[cfg(feature = "24sevenoffice")]
pub use hris_24sevenoffice as sevenoffice;
#[cfg(feature = "employmenthero")]
pub use hris_employmenthero as employmenthero;
#[cfg(feature = "freshteam")]
pub use hris_freshteam as freshteam;
#[cfg(feature = "humaans")]
pub use hris_humaans as humaans;
