//! One file a command, or two that belong together.

pub(crate) mod connect;
pub(crate) mod fields;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod resolve;
pub(crate) mod sandbox;
