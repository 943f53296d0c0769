#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod convert;
mod directory;
mod preflight;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod wire;
mod writer;

pub use builder::{Builder, EndDates, HOW_TO_REVOKE, NewEmployeeNumber, PhoneRegion, UpdateBody};
pub use directory::TwentyFourSevenOffice;
pub use hris_core::UnknownWord;
