//! Logs for operators, on standard error: off unless `--log` or `HRIS_LOG` says otherwise.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::nearest;
use crate::failure::{Failure, Result};

/// The variable that stands for `--log`.
pub(crate) const VARIABLE: &str = "HRIS_LOG";
/// What the names of our crates begin with.
const OURS: &str = "hris";
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Begins to write logs, and says whether there are any.
pub(crate) fn begin(option: Option<&str>, no_color: bool) -> Result<bool> {
    let variable = std::env::var(VARIABLE).ok().filter(|value| !value.trim().is_empty());
    let (name, filter) = match (option, &variable) {
        (Some(option), _) => ("--log", option),
        (None, Some(variable)) => (VARIABLE, variable.as_str()),
        (None, None) => return Ok(false),
    };
    let wanted = targets(filter).map_err(|message| Failure::config(format!("{name}: {message}")))?;
    if wanted.iter().all(|(_, level)| level == LevelFilter::OFF) {
        return Ok(false);
    }
    let color = !no_color && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(color && io::stderr().is_terminal());
    // A second subscriber cannot be there: this process has made none.
    let _ = tracing_subscriber::registry().with(lines.with_filter(wanted)).try_init();
    Ok(true)
}

/// A level for everything of ours, or `NAME=LEVEL`, several with commas. Other libraries are never heard: at their
/// finer levels they write what they send, and that holds secrets.
fn targets(filter: &str) -> Result<Targets, String> {
    let mut targets = Targets::new();
    for part in filter.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, level) = part.split_once('=').unwrap_or((OURS, part));
        let (name, level) = (name.trim(), level.trim());
        if !name.starts_with(OURS) {
            return Err(format!("{name:?} is none of our crates; their names begin with hris, as hris_core"));
        }
        let known = LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level));
        let Some(parsed) = level.parse::<LevelFilter>().ok().filter(|_| known) else {
            let near =
                nearest(level, LEVELS).map(|near| format!("; the nearest is `{near}`")).unwrap_or_default();
            return Err(format!("{level:?} is not a level{near}. Levels are {}", LEVELS.join(", ")));
        };
        targets = targets.with_target(name, parsed);
    }
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::targets;

    #[test]
    fn a_level_is_that_of_our_crates_and_a_name_has_its_own() {
        let level = |filter: &str, name: &str| {
            let targets = targets(filter).map_err(|error| format!("{filter}: {error}")).unwrap_or_default();
            [LevelFilter::DEBUG, LevelFilter::INFO, LevelFilter::WARN]
                .into_iter()
                .find(|level| level.into_level().is_some_and(|level| targets.would_enable(name, &level)))
        };
        assert_eq!(level("info", "hris_core::http::client"), Some(LevelFilter::INFO));
        assert_eq!(level("INFO", "hris_24sevenoffice::directory"), Some(LevelFilter::INFO));
        assert_eq!(level("debug", "lettre::transport"), None);
        assert_eq!(level("warn, hris_core::http=debug", "hris_core::http::client"), Some(LevelFilter::DEBUG));
        assert_eq!(level("warn, hris_core::http=debug", "hris_reconcile::runner"), Some(LevelFilter::WARN));
    }

    #[test]
    fn a_filter_that_cannot_be_meant_is_told() {
        for (filter, told) in [
            ("inof", "\"inof\" is not a level; the nearest is `info`"),
            ("hris_core=", "is not a level"),
            ("3", "is not a level"),
            ("lettre=trace", "none of our crates"),
            ("debug,sqlx=debug", "none of our crates"),
        ] {
            let error = targets(filter).err().unwrap_or_default();
            assert!(error.contains(told), "{filter}: {error}");
        }
    }
}
