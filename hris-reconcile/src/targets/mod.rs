//! Targets that come with the crate.

mod directory;
pub(crate) mod effect;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use directory::DirectoryTarget;
pub use memory::MemoryTarget;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteTarget;
