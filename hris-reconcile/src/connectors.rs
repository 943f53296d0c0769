//! The vendors of this build as a catalogue: their settings as data, and how to connect each.
//!
//! A form, a command or an administrator's page is made of a [`Kit`]: names, what to ask a person for, the JSON Schema
//! of the settings, and what the vendor can do, all without a connector. [`open`] makes the connector of a stored
//! [`Connection`].
//!
//! ```
//! use hris_reconcile::connectors;
//!
//! for kit in connectors::all() {
//!     println!("{} ({}) asks for:", kit.title(), kit.name());
//!     for credential in kit.credentials() {
//!         println!("  {} ({})", credential.label, credential.name);
//!     }
//!     for setting in kit.settings() {
//!         println!("  {}: {}", setting.name, setting.help);
//!     }
//! }
//! ```
//!
//! Every stored connection is opened with the credentials that the store keeps for it:
//!
//! ```
//! # use hris_core::{Directory, Secret};
//! use hris_reconcile::connectors;
//! use hris_reconcile::store::{MemoryStore, StateStore};
//! # use hris_reconcile::Connection;
//!
//! # async fn example() -> hris_reconcile::Result<Vec<Box<dyn Directory>>> {
//! let store = MemoryStore::new();
//! store.save_connection(&Connection::new("acme", "Acme", "humaans")).await?;
//! store.save_credential("acme", "token", &Secret::from("hunter2".to_owned())).await?;
//!
//! let mut directories = Vec::new();
//! for name in store.connections().await? {
//!     // One that was never saved has no settings: it only ran.
//!     let Some(connection) = store.connection(&name).await? else { continue };
//!     let secrets = store.credentials(&name).await?.into_iter().collect();
//!     directories.push(connectors::open(&connection, secrets)?);
//! }
//! # Ok(directories)
//! # }
//! # let directories = tokio::runtime::Builder::new_current_thread().build()?.block_on(example());
//! # #[cfg(feature = "humaans")]
//! # assert_eq!(directories?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use hris_core::Directory;
pub use hris_core::connector::{Credential, Kit, Role, Secrets, Setting, Table};

use crate::{Connection, Error, ErrorKind, Result};

const ALL: &[&dyn Kit] = &[
    #[cfg(feature = "humaans")]
    hris_humaans::KIT,
    #[cfg(feature = "freshteam")]
    hris_freshteam::KIT,
    #[cfg(feature = "employmenthero")]
    hris_employmenthero::KIT,
    #[cfg(feature = "24sevenoffice")]
    hris_24sevenoffice::KIT,
];

/// The vendors of this build, by the features that are on.
#[must_use]
pub fn all() -> &'static [&'static dyn Kit] {
    ALL
}

/// The vendor of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Kit> {
    ALL.iter().copied().find(|kit| kit.name() == name)
}

/// Connects a stored connection with its credentials. Nothing is sent.
///
/// # Errors
/// [`ErrorKind::Config`] where this build does not have the vendor, or naming the setting or the credential that
/// cannot be right.
pub fn open(connection: &Connection, secrets: Secrets) -> Result<Box<dyn Directory>> {
    let Some(kit) = find(&connection.vendor) else {
        let names: Vec<&str> = ALL.iter().map(|kit| kit.name()).collect();
        let words = format!(
            "connection {:?}: this build has no vendor {:?}; it has: {}",
            connection.name,
            connection.vendor,
            names.join(", ")
        );
        return Err(Error::new(ErrorKind::Config, words));
    };
    Ok(kit.connect(&connection.settings, secrets)?)
}
