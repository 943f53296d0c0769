//! `plan`: what a sync would do.

use std::path::Path;

use crate::args::Plan;
use crate::failure::{Failure, Result, exit};
use crate::{Shell, config, engine, files, render};

/// Reads, decides, shows; writes nothing but the file asked for.
pub(crate) async fn plan(path: &Path, args: &Plan, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let planned = engine::plan(&settings, shell).await?;
    let console = shell.console;
    let flaws = if args.check { planned.plan.lint() } else { Vec::new() };
    if !flaws.is_empty() {
        let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        return Err(Failure::contradiction(&flaws));
    }
    if let Some(file) = &args.out {
        files::replace(file, &planned.save().to_json()?)?;
    }
    let report = &planned.report;
    render::report(console, report, &planned.removals)?;
    render::conflicts(console, &planned.plan.conflicts)?;
    if args.check {
        console.say("The plan does not contradict itself.")?;
    }
    let code = report.exit_code();
    if let Some(file) = &args.out {
        console
            .say(format!("Saved in {}: it holds personal data and only you can read it.", file.display()))?;
        let approve = if code == exit::REFUSED { " --approve" } else { "" };
        console.remark(format!(
            "`hris sync --plan {}{approve}` does exactly this, or refuses.",
            file.display()
        ))?;
    } else if code == exit::REFUSED {
        console.remark(
            "If the plan is right: `hris plan --out plan.json`, then `hris sync --plan plan.json --approve`.",
        )?;
    } else if !planned.plan.conflicts.is_empty() {
        console.remark(
            "`hris resolve ID --keep source` or `--keep target` decides; `hris sync` does the rest.",
        )?;
    } else if !planned.plan.questions.is_empty() {
        console.remark(
            "`hris resolve` lists the accounts whose owner is open, and takes the answer; `hris sync` does the rest.",
        )?;
    } else if report.actions.is_empty() && code == exit::DONE {
        let is_clean = report.problems.is_empty();
        console.remark(if is_clean { "Everything is up to date." } else { "There is nothing to write." })?;
    } else if !report.actions.is_empty() {
        console.remark(
            "Nothing was written. `hris sync` does this; `hris plan --out plan.json` saves it for approval.",
        )?;
    }
    console.document(report)?;
    Ok(code)
}
