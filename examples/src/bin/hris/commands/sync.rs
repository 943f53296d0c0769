//! `sync` and `match`: the runs that write.

use std::path::Path;

use hris_reconcile::{Approval, SavedPlan};

use crate::args::Sync;
use crate::failure::{Failure, Result, exit};
use crate::{Shell, config, engine, render};

/// Brings the accounts in step, or carries out one saved plan.
pub(crate) async fn sync(path: &Path, args: &Sync, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let report = match &args.plan {
        None => engine::sync(&settings, shell, shell.clock.now()).await?,
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| Failure::config(format!("read {}: {error}", file.display())))?;
            let saved = SavedPlan::read(&text)?;
            let approval = if args.approve { Approval::Given } else { Approval::None };
            engine::apply(&settings, shell, &saved, approval).await?
        }
    };
    finish(shell, &report)
}

/// Links existing accounts to employees.
pub(crate) async fn match_only(path: &Path, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let report = engine::match_only(&settings, shell).await?;
    finish(shell, &report)
}

pub(crate) fn finish(shell: &Shell, report: &hris_reconcile::report::Report) -> Result<u8> {
    let console = shell.console;
    render::report(console, report, &[])?;
    let code = report.exit_code();
    if code == exit::REFUSED {
        console.remark(
            "To let it pass once: `hris plan --out plan.json`, read the plan, `hris sync --plan plan.json --approve`.",
        )?;
    }
    console.document(report)?;
    Ok(code)
}
