//! `connect` and `disconnect`: for vendors with a token, where to get it and where it goes.

use std::path::Path;

use serde_json::json;

use crate::args::Connect;
use crate::failure::{Failure, Result, exit};
use crate::{Shell, config, engine};

/// Vendors with a consent page are connected here; those with a token by putting it in its place.
pub(crate) fn connect(path: &Path, _args: &Connect, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let name = settings.vendor.name();
    for line in settings.vendor.how_to_connect(&settings) {
        shell.console.note(line);
    }
    Err(Failure::config(format!(
        "{name} has no consent page: it is connected with a token, as said above; then `hris check` looks at it"
    )))
}

/// Says how to take the credential away; links and history stay.
pub(crate) async fn disconnect(path: &Path, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let runs = engine::history(&settings, 1).await?;
    let name = settings.vendor.name();
    let console = shell.console;
    console.say(format!(
        "{} keeps no secret of {name}: the token is where hris.toml says, and only there.",
        settings.connection
    ))?;
    console
        .say(format!("Revoke it in {name} (API access tokens), and take it out of its variable or file."))?;
    if !runs.is_empty() {
        console.say("Links and history stay; a new token of the same organisation goes on with them.")?;
    }
    console.document(&json!({
        "command": "disconnect", "connection": settings.connection, "outcome": "completed",
        "vendor": name, "secrets_forgotten": 0, "revoked": false,
    }))?;
    Ok(exit::DONE)
}
