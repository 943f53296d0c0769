//! Cron patterns. Their library uses an older version of our date library, so times are passed as seconds
//! and zones by name.

use std::str::FromStr as _;

use croner::Cron;
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
        let word = pattern.trim_start().starts_with('@');
        if !word && pattern.split_whitespace().count() != FIELDS.len() {
            return Err(fault(complaint(pattern)));
        }
        let cron = Cron::from_str(pattern).map_err(|_| fault(complaint(pattern)))?;
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

/// The fields of a pattern in order, and what each takes.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31"),
    ("month", "1 to 12"),
    ("day of the week", "0 to 7, 0 and 7 being Sunday"),
];

/// What is wrong with a pattern that cannot be read, in words about its fields.
fn complaint(pattern: &str) -> String {
    let fields: Vec<&str> = pattern.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return format!(
            "a pattern has five fields (minute, hour, day of the month, month, day of the week), and this has {}",
            fields.len()
        );
    }
    for (place, ((name, range), field)) in FIELDS.iter().zip(&fields).enumerate() {
        let mut alone = ["*"; FIELDS.len()];
        if let Some(own) = alone.get_mut(place) {
            *own = field;
        }
        if Cron::from_str(&alone.join(" ")).is_err() {
            return format!("the {name} cannot be {field:?}; it takes {range}");
        }
    }
    "its fields do not fit together".to_owned()
}
