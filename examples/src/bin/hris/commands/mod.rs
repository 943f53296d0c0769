//! One file a command, or two that belong together.

pub(crate) mod check;
pub(crate) mod connect;
pub(crate) mod demo;
pub(crate) mod fields;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod resolve;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod sync;
