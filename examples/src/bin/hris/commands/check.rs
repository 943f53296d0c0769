//! `check`: whether everything is ready, and what to do about what is not.

use std::path::Path;

use hris_core::{Finding, Level, Organisation};
use serde_json::{Value, json};

use crate::console::{Console, plain};
use crate::failure::{Result, exit};
use crate::grid::Grid;
use crate::{Shell, config, engine};

/// Looks at configuration, credential, scopes, permissions, mapping, target and state.
pub(crate) async fn check(path: &Path, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let looked = engine::check(&settings, shell).await?;
    show(shell.console, &looked)?;
    shell.console.document(&document(&settings, &looked))?;
    Ok(looked.code())
}

/// Everything that was looked at.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) organisation: Option<Organisation>,
    pub(crate) lines: Vec<Line>,
}

/// One thing that was looked at, and the exit code it asks for.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) area: &'static str,
    pub(crate) finding: Finding,
    pub(crate) code: u8,
}

impl Looked {
    pub(crate) fn push(&mut self, area: &'static str, finding: Finding, code: u8) {
        self.lines.push(Line { area, finding, code });
    }

    /// The code of the first line that keeps a run from happening.
    pub(crate) fn code(&self) -> u8 {
        self.lines.iter().map(|line| line.code).find(|code| *code != exit::DONE).unwrap_or(exit::DONE)
    }
}

/// A table: what passed, what to know, what is missing, and the remedies.
pub(crate) fn show(console: Console, looked: &Looked) -> Result<()> {
    let mut table = Grid::new(["", "what", "found"]);
    for Line { finding, .. } in &looked.lines {
        let mark = match finding.level {
            Level::Passed => "✓",
            Level::Warning => "!",
            Level::Missing | Level::Refused => "✗",
        };
        let mut found = plain(&finding.outcome);
        if let Some(cost) = &finding.cost {
            found.push_str(&format!("\n→ {}", plain(cost)));
        }
        if let Some(remedy) = &finding.remedy {
            found.push_str(&format!("\n  {}", plain(remedy)));
        }
        table.add_row([mark.to_owned(), plain(&finding.subject), found]);
    }
    console.show(&table)?;
    let verdict = match looked.code() {
        exit::DONE => console.green("Ready. `hris plan` shows what a sync would do."),
        _ => console.red("Not ready: see ✗ above."),
    };
    console.remark(verdict)
}

/// The document of `--json`.
pub(crate) fn document(settings: &config::Settings, looked: &Looked) -> Value {
    let word = |level| match level {
        Level::Passed => "passed",
        Level::Warning => "warning",
        Level::Missing => "missing",
        Level::Refused => "refused",
    };
    let findings: Vec<Value> = looked
        .lines
        .iter()
        .map(|Line { area, finding, code }| {
            json!({
                "area": area, "level": word(finding.level), "subject": finding.subject, "found": finding.outcome,
                "cost": finding.cost, "remedy": finding.remedy, "exit": code,
            })
        })
        .collect();
    let code = looked.code();
    let organisation = looked.organisation.as_ref();
    let organisation = organisation.map(|Organisation { id, name, .. }| json!({ "id": id, "name": name }));
    json!({
        "command": "check", "connection": settings.connection, "vendor": settings.vendor.name(),
        "outcome": if code == exit::DONE { "completed" } else { "failed" },
        "organisation": organisation, "findings": findings, "exit": code,
    })
}
