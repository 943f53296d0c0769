#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod canon;
mod catalog;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "connector")]
pub mod connector;
mod cost;
mod custom;
mod date;
mod day;
mod directory;
mod employee;
mod error;
mod field;
mod fields;
#[cfg(doc)]
pub mod guide;
mod hex;
#[cfg(feature = "http")]
pub mod http;
mod limit;
pub mod mapping;
mod memory;
#[cfg(feature = "oauth")]
pub mod oauth;
mod preflight;
mod problem;
pub mod reconcile;
mod requirements;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod scope;
mod secret;
mod setting;
mod settings;
mod snapshot;
mod tally;
#[cfg(feature = "tls")]
pub mod tls;
mod tokens;
mod unicode;
mod user;
mod value;
#[cfg(feature = "http")]
pub mod wire;

pub use catalog::{Capabilities, FieldCapability, FieldInfo, LeaverSignals, SourceField, UnknownField};
#[cfg(feature = "connector")]
pub use connector::RateLimit;
pub use cost::Cost;
pub use custom::{custom_fields_called, nearest_custom_field, no_such_custom_fields};
pub use date::{Date, InvalidDate, InvalidTimestamp, TimeZone, Timestamp, UnknownTimeZone};
pub use day::{Day, End};
pub use directory::{
    Directory, DirectoryExt, DirectoryWriter, FieldChange, Lookup, Progress, ReadRequest, Waiting,
};
pub use employee::{Address, CustomValue, Employee, EmployeeId, Identification, Status};
pub use error::{Error, ErrorKind, Result};
pub use field::Field;
pub use fields::{Kind, StandardField, TargetField, UnknownTargetField};
pub use hex::hex;
pub use limit::Limit;
pub use memory::MemoryDirectory;
pub use preflight::{Finding, Level, Organisation, Preflight};
pub use problem::{Problem, ProblemCode, Severity};
pub use requirements::{Need, NeedKind, Requirements};
pub use scope::Scope;
pub use secret::Secret;
pub use setting::{SettingValue, UnknownWord};
pub use settings::{SourceSettings, SourceSettingsBuilder};
pub use snapshot::{Fingerprint, Snapshot, join_manager_emails, unseen_fields};
pub use tally::Tally;
pub use tokens::{CLAIM_SECONDS, Claim, MemoryTokens, StoredTokens, TokenStore, Tokens};
pub use user::{Assignment, AssignmentKind, Invite, Link, User, UserId, UserStatus};
pub use value::{Value, WrongKind};

/// What macros of this crate name, whatever the crate that uses them depends on.
#[doc(hidden)]
pub mod __private {
    pub use {serde, serde_json};
}
