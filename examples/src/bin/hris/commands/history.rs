//! `history` and `report`: what earlier runs did.

use std::path::Path;

use hris_reconcile::report::Report;
use serde_json::json;

use crate::args::{self, Format};
use crate::failure::{Failure, Result, exit};
use crate::grid::Grid;
use crate::{Shell, config, engine, render};

/// The most runs that are listed.
const RUNS: u32 = 50;

/// Past runs, newest first; or one of them in full.
pub(crate) async fn history(path: &Path, args: &args::History, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let console = shell.console;
    if let Some(run) = &args.run {
        let report = find(&settings, run).await?;
        render::report(console, &report, &[])?;
        console.document(&report)?;
        return Ok(exit::DONE);
    }
    let runs = engine::history(&settings, RUNS).await?;
    if runs.is_empty() {
        console.say(format!("No runs of {} yet.", settings.connection))?;
    } else {
        let mut table = Grid::new(["run", "started", "command", "outcome", "what", "problems"]);
        for report in &runs {
            table.add_row(render::line(report));
        }
        console.show(&table)?;
        console.remark(
            "`hris history RUN` shows one in full, `hris report RUN --format html|csv|json` writes it out.",
        )?;
    }
    console.document(&json!({
        "command": "history", "connection": settings.connection, "outcome": "completed", "runs": runs,
    }))?;
    Ok(exit::DONE)
}

/// Writes out the report of one run.
pub(crate) async fn report(path: &Path, args: &args::Report, shell: &Shell) -> Result<u8> {
    let format = match (args.format, shell.console.is_json()) {
        (None | Some(Format::Json), _) => Format::Json,
        (Some(_), true) => {
            return Err(Failure::config("--json promises a JSON document; leave it out for csv or html"));
        }
        (Some(format), false) => format,
    };
    let settings = config::load(path)?;
    let report = find(&settings, &args.run).await?;
    let text = match format {
        Format::Csv => report.to_csv(),
        Format::Html => report.to_html(),
        Format::Json => {
            format!("{}\n", report.to_json())
        }
    };
    shell.console.raw(&text)?;
    Ok(exit::DONE)
}

/// The run of this id; `latest` is the newest.
pub(crate) async fn find(settings: &config::Settings, run: &str) -> Result<Report> {
    let found = if run == "latest" {
        engine::history(settings, 1).await?.into_iter().next()
    } else {
        engine::past_run(settings, run).await?
    };
    found.ok_or_else(|| {
        Failure::config(format!("{} has no run {run:?}; `hris history` lists them", settings.connection))
    })
}
