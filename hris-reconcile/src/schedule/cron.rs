//! Cron patterns. The library behind them speaks an older version of ours for dates, so times cross
//! as seconds and zones by name.

use std::str::FromStr as _;

use croner::Cron;
use croner::errors::CronError;
use hris_core::Timestamp;
use jiff_for_cron::tz::TimeZone;

use crate::{Error, ErrorKind, Result};

/// A pattern in a time zone.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    cron: Cron,
    zone: TimeZone,
}

impl Pattern {
    pub(super) fn new(pattern: &str, zone: &hris_core::TimeZone) -> Result<Self> {
        let fault = |message: String| {
            Error::new(ErrorKind::Config, format!("{message}; a pattern is such as \"0 6 * * *\""))
        };
        let cron = Cron::from_str(pattern).map_err(|error| fault(words(&error)))?;
        let name = zone.name();
        let zone = if name.eq_ignore_ascii_case("utc") { Ok(TimeZone::UTC) } else { TimeZone::get(name) };
        let zone = zone.map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        let pattern = Self { cron, zone };
        if pattern.next_after(Timestamp::from_unix_seconds(0)).is_none() {
            return Err(fault("the pattern never comes".to_owned()));
        }
        Ok(pattern)
    }

    pub(super) fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let start = jiff_for_cron::Timestamp::from_second(instant.unix_seconds()).ok()?;
        let next = self.cron.find_next_occurrence(&start.to_zoned(self.zone.clone()), false).ok()?;
        Some(Timestamp::from_unix_seconds(next.timestamp().as_second()))
    }
}

/// What is wrong with a pattern, as a part of a sentence.
fn words(error: &CronError) -> String {
    let detail = match error {
        CronError::EmptyPattern => return "the pattern is empty".to_owned(),
        CronError::ComponentError(detail)
        | CronError::IllegalCharacters(detail)
        | CronError::InvalidPattern(detail) => detail,
        _ => return "the pattern cannot be read".to_owned(),
    };
    let detail = detail.trim_end_matches('.');
    let mut letters = detail.chars();
    let begin = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    format!("the pattern cannot be read: {begin}{}", letters.as_str())
}
