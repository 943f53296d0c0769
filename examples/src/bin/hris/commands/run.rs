//! `run`: syncs by the schedule until stopped.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use hris_core::Timestamp;
use hris_reconcile::report::Report;
use hris_reconcile::schedule::{self, Ended, Job};
use serde_json::json;

use crate::config::Settings;
use crate::failure::{Failure, Result, exit};
use crate::signals::Signal;
use crate::{Shell, config, engine, render};

/// One run after another, never two at once. A failure is reported and does not end the loop.
pub(crate) async fn run(path: &Path, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let schedule = settings.schedule.clone().ok_or_else(|| {
        settings.fault(
            "schedule",
            "schedule.every (such as \"24h\") or schedule.cron is missing; `hris run` needs one",
        )
    })?;
    // A wrong credential location, mapping or mail setting is reported now and not at the first run.
    engine::mailer(&settings)?;
    settings.mapping_for(settings.vendor.directory(&settings)?.capabilities())?;
    let last = engine::last_sync(&settings).await?;
    let mut syncs = Syncs { settings: &settings, shell, runs: 0, failed: 0, last: None, output: Ok(()) };
    let ended = schedule::repeat(&schedule, &shell.clock, &shell.stop.runs(), last, &mut syncs).await;
    ended.map_err(|error| settings.fault("schedule.cron", error))?;
    syncs.output?;
    shell.console.document(&json!({
        "command": "run", "connection": settings.connection, "outcome": "completed",
        "runs": syncs.runs, "failed": syncs.failed, "last": syncs.last,
    }))?;
    Ok(match shell.stop.signal() {
        Some(Signal::Terminate) => exit::DONE,
        _ => exit::INTERRUPTED,
    })
}

/// The runs of this loop and how they went.
struct Syncs<'a> {
    settings: &'a Settings,
    shell: &'a Shell,
    runs: u64,
    failed: u64,
    last: Option<Report>,
    /// Whether standard output can still be written.
    output: Result<()>,
}

#[async_trait]
impl Job for Syncs<'_> {
    async fn run(&mut self, now: Timestamp) -> Ended {
        let ended = engine::sync(self.settings, self.shell, now).await;
        self.runs += 1;
        match ended {
            Ok(report) => self.told(report),
            Err(Failure { code: exit::INTERRUPTED, .. }) => Ended::Done,
            Err(failure) => {
                self.failed += 1;
                self.shell.console.tell(format!("hris: {}", crate::console::plain(&failure.message)));
                if let Some(report) = &failure.report {
                    render::unsent(self.shell.console, report);
                }
                again(failure.code, failure.retry_after)
            }
        }
    }

    fn waits(&mut self, due: Timestamp) {
        self.shell.console.note(format!("next run at {due}"));
    }
}

impl Syncs<'_> {
    /// Prints how a run went.
    fn told(&mut self, report: Report) -> Ended {
        let [run, at, _, outcome, what, _] = render::line(&report);
        if let Err(failure) = self.shell.console.say(format!("{at} {run} {outcome}: {what}")) {
            // Nobody hears it any more, so nothing goes on unheard.
            self.output = Err(failure);
            self.shell.stop.runs().stop();
        }
        render::unsent(self.shell.console, &report);
        let code = report.exit_code();
        self.last = Some(report);
        if code > exit::REFUSED {
            self.failed += 1;
        }
        again(code, None)
    }
}

fn again(code: u8, asked: Option<u64>) -> Ended {
    match (code, asked) {
        (_, Some(seconds)) => Ended::Wait(Duration::from_secs(seconds)),
        (exit::UNAVAILABLE | exit::BUSY, None) => Ended::Passing,
        _ => Ended::Done,
    }
}
