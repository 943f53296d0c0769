//! `resolve`: open conflicts. They come from syncing both ways, which no vendor of this build can.

use std::path::Path;

use serde_json::json;

use crate::args::Resolve;
use crate::failure::{Failure, Result, exit};
use crate::{Shell, config, engine};

/// Lists open conflicts, or decides them.
pub(crate) async fn resolve(path: &Path, args: &Resolve, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    // A state that cannot be used is told here as everywhere.
    engine::history(&settings, 1).await?;
    if let Some(id) = &args.id {
        return Err(Failure::config(match args.keep {
            None => format!("{id}: say which side stays with --keep source or --keep target"),
            Some(_) => format!("there is no open conflict {id:?}; `hris resolve` lists them"),
        }));
    }
    let console = shell.console;
    console.say("No open conflicts.")?;
    console.remark("Data flows one way here, so the source decides every field; ambiguous matches are in the problems of a run.")?;
    console.document(&json!({
        "command": "resolve", "connection": settings.connection, "outcome": "completed", "conflicts": [],
    }))?;
    Ok(exit::DONE)
}
