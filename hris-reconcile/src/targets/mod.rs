//! Targets that come with the crate.

mod memory;

pub use memory::MemoryTarget;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use sqlite::SqliteTarget;
