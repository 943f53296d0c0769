//! `init` and `schema`: a configuration to begin with, and its form for editors.

use std::path::Path;

use serde_json::json;

use crate::Shell;
use crate::args::Init;
use crate::config;
use crate::failure::{Failure, Result, exit};
use crate::{files, vendors};

/// Writes a commented configuration, and never over one that is there.
pub(crate) fn init(path: &Path, args: &Init, shell: &Shell) -> Result<u8> {
    let vendor =
        vendors::find(&args.vendor).map_err(|message| Failure::config(format!("--vendor: {message}")))?;
    let target = match args.target.as_str() {
        "sqlite" => None,
        "directory" => {
            let target = vendors::target_for(vendor);
            let message = || format!("--target: no HR system but {} can be written", vendor.name());
            Some(target.ok_or_else(|| Failure::config(message()))?)
        }
        other => {
            let message = config::no_such_target(other).unwrap_or_else(|| {
                format!("there is no target {other:?}; this build has \"sqlite\" and \"directory\"")
            });
            return Err(Failure::config(format!("--target: {message}")));
        }
    };
    files::create(path, &config::template::template(vendor, target))?;
    let console = shell.console;
    console.say(format!("Wrote {}.", path.display()))?;
    console.remark("")?;
    console.remark("Next:")?;
    let settings = config::load(path)?;
    for line in vendor.how_to_connect(&settings) {
        console.remark(format!("  {line}"))?;
    }
    console.remark(
        "  Then `hris check` says whether everything is ready, and `hris plan` what a sync would do.",
    )?;
    console.document(
        &json!({ "command": "init", "outcome": "completed", "file": path, "vendor": vendor.name() }),
    )?;
    Ok(exit::DONE)
}

/// Prints the JSON Schema of a configuration.
pub(crate) fn schema(shell: &Shell) -> Result<u8> {
    let text = serde_json::to_string_pretty(&config::schema()).map_err(std::io::Error::other)?;
    shell.console.raw(&format!("{text}\n"))?;
    Ok(exit::DONE)
}
