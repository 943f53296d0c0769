//! `run`: syncs by the schedule until stopped.

use std::path::Path;
use std::time::Duration;

use hris_core::Timestamp;
use hris_reconcile::report::Report;
use serde_json::json;

use crate::config::Settings;
use crate::failure::{Failure, Result, exit};
use crate::signals::Signal;
use crate::{Shell, config, engine, render};

/// The longest sleep at once, so that a machine that slept notices what it missed.
const NAP: i64 = 30;
/// The waits after failures in a row that may pass by themselves, in seconds.
const BACK_OFF: [i64; 5] = [60, 120, 300, 900, 1_800];

/// One run after another, never two at once. A failure is told and does not end the loop.
pub(crate) async fn run(path: &Path, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let schedule = settings.schedule.clone().ok_or_else(|| {
        settings.fault(
            "schedule",
            "schedule.every (such as \"24h\") or schedule.cron is missing; `hris run` needs one",
        )
    })?;
    // What is wrong with the credential's place or the mapping is told now and not tonight.
    settings.mapping_for(settings.vendor.directory(&settings)?.capabilities())?;
    let mut last = last_run(&settings).await?;
    let mut told = None;
    let mut tally = Tally::default();
    let mut retry_at = None;
    let signal = loop {
        if let Some(signal) = shell.stop.signal() {
            break signal;
        }
        let now = shell.clock.moving();
        let due = schedule
            .next(last, now)
            .ok_or_else(|| settings.fault("schedule.cron", "the pattern never comes"))?;
        let due = retry_at.map_or(due, |retry: Timestamp| retry.min(due).max(now));
        if due > now {
            if told != Some(due) {
                shell.console.note(format!("next run at {due}"));
                told = Some(due);
            }
            let wait = (due.unix_seconds() - now.unix_seconds()).clamp(0, NAP);
            let mut stop = shell.stop.clone();
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(wait.unsigned_abs())) => {}
                _ = stop.stopped() => {}
            }
            continue;
        }
        last = Some(now);
        let ended = engine::sync(&settings, shell, now).await;
        retry_at = tally.count(shell, ended, shell.clock.moving())?;
    };
    shell.console.document(&json!({
        "command": "run", "connection": settings.connection, "outcome": "completed",
        "runs": tally.runs, "failed": tally.failed, "last": tally.last,
    }))?;
    Ok(match signal {
        Signal::Interrupt => exit::INTERRUPTED,
        Signal::Terminate => exit::DONE,
    })
}

/// When the last run that was meant to write began.
async fn last_run(settings: &Settings) -> Result<Option<Timestamp>> {
    let past = engine::history(settings, 20).await?;
    Ok(past.iter().find(|report| report.command == "sync").map(|report| report.started_at))
}

/// How the runs of this loop went.
#[derive(Debug, Default)]
struct Tally {
    runs: u64,
    failed: u64,
    in_a_row: usize,
    last: Option<Report>,
}

impl Tally {
    /// Tells how a run went. Returns when to try again where waiting for the schedule would be long
    /// and trying again may help.
    fn count(&mut self, shell: &Shell, ended: Result<Report>, now: Timestamp) -> Result<Option<Timestamp>> {
        self.runs += 1;
        let wait = match ended {
            Ok(report) => {
                let [run, at, _, outcome, what, _] = render::line(&report);
                shell.console.say(format!("{at} {run} {outcome}: {what}"))?;
                let failed = report.exit_code() > exit::REFUSED;
                let passing = matches!(report.exit_code(), exit::UNAVAILABLE | exit::BUSY);
                self.last = Some(report);
                if failed { Some((passing, None)) } else { None }
            }
            Err(Failure { code: exit::INTERRUPTED, .. }) => return Ok(None),
            Err(failure) if matches!(failure.code, exit::PIPE | exit::OUTPUT) => return Err(failure),
            Err(failure) => {
                shell.console.tell(format!("hris: {}", crate::console::plain(&failure.message)));
                Some((matches!(failure.code, exit::UNAVAILABLE | exit::BUSY), failure.retry_after))
            }
        };
        let Some((passing, asked)) = wait else {
            self.in_a_row = 0;
            return Ok(None);
        };
        self.failed += 1;
        let own = BACK_OFF.get(self.in_a_row.min(BACK_OFF.len() - 1)).copied().unwrap_or(1_800);
        self.in_a_row += 1;
        let asked = asked.map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        Ok(passing.then(|| now.plus_seconds(own.max(asked))))
    }
}
