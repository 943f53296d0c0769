#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod checks;
mod config;
mod convert;
mod kit;
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

/// 24SevenOffice, for a catalogue of vendors: its settings as data, and how to connect it.
pub const KIT: &dyn hris_core::connector::Kit = &kit::SevenOfficeKit;
