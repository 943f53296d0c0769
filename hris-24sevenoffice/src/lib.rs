#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod checks;
mod config;
mod convert;
mod lists;
mod refusals;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod source;
mod token;
mod wire;
mod writer;

pub use config::{Builder, Config, EndDates, HOW_TO_REVOKE, NewEmployeeNumber, PhoneRegion, UpdateBody};
pub use hris_core::UnknownWord;
pub use source::TwentyFourSevenOffice;
