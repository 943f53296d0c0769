//! Targets that come with the crate.

mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::MemoryTarget;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteTarget;
