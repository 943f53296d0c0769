//! What every connector over HTTP does the same way, so that a vendor's crate holds what only that vendor knows.
//!
//! A vendor is a configuration, its records ([`record!`](crate::record)), its lists ([`List`]), one conversion, and
//! its own checks. It implements [`Source`], and [`connector!`](crate::connector!) makes a
//! [`Directory`](crate::Directory) of it.
//!
//! The page [a new connector](crate::guide) goes through one from nothing.
//!
//! This module is for authors of connectors. It changes with them, outside the promises of semantic versioning.

mod assembly;
mod checks;
mod config;
mod crowd;
mod custom;
mod declare;
mod hint;
mod kit;
mod list;
mod names;
mod person;
mod run;
mod source;

#[doc(hidden)]
pub use async_trait::async_trait;

pub use assembly::Assembly;
pub use checks::Checks;
pub use config::{Config, Defaults, Members, RateLimit, Reach, Role, Setting, Table, Wiring};
pub use crowd::Crowd;
pub use custom::{CustomField, CustomFields, Meant, ReadFields};
pub use hint::hint;
#[cfg(feature = "oauth")]
pub use kit::ConsentKit;
pub use kit::{Credential, Kit, Secrets, TokenKit, address_of, is_loopback, needs};
pub use list::{List, Paging};
pub use names::Names;
pub use person::{count_unreadable, fill, is_undated, is_unfit, keep, may_keep, work_email};
pub use run::{Explain, Run};
pub use source::{Source, Vendor, ask, catalogue, check, cost, fingerprint, snapshot};
