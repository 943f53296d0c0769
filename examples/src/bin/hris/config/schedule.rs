//! When the next run is due.

use std::str::FromStr as _;

use croner::Cron;
use hris_core::Timestamp;
use jiff_for_cron::tz::TimeZone;

/// When `hris run` syncs.
#[derive(Clone, Debug)]
pub(crate) enum Schedule {
    /// At the times of a pattern, in a zone.
    Cron(Box<Cron>, TimeZone),
    /// So many seconds after the last run began.
    Every(i64),
}

impl Schedule {
    /// The schedule of a duration such as `30m`.
    pub(crate) fn every(text: &str) -> Result<Self, String> {
        let fault = || "not a time such as \"30m\", \"24h\" or \"7d\"".to_owned();
        let text = text.trim();
        let unit = text.chars().last().ok_or_else(fault)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(fault()),
        };
        let number = text.strip_suffix(unit).unwrap_or_default().trim();
        let number: u32 = number.parse().map_err(|_| fault())?;
        if number == 0 {
            return Err("must be more than nothing".to_owned());
        }
        Ok(Self::Every(i64::from(number) * seconds))
    }

    /// The schedule of a pattern of five fields in a time zone.
    pub(crate) fn cron(pattern: &str, zone: &str) -> Result<Self, String> {
        let cron = Cron::from_str(pattern)
            .map_err(|error| format!("{error}; a pattern is such as \"0 6 * * *\""))?;
        let zone = if zone.eq_ignore_ascii_case("utc") {
            TimeZone::UTC
        } else {
            TimeZone::get(zone).map_err(|error| error.to_string())?
        };
        Ok(Self::Cron(Box::new(cron), zone))
    }

    /// When the next run is due after a run began at `last`; at `now` if there was none and the
    /// schedule does not say a time of day.
    ///
    /// However much time was missed, that makes one run and not many.
    pub(crate) fn next(&self, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(seconds) => Some(last.map_or(now, |last| last.plus_seconds(*seconds)).max(now)),
            Self::Cron(cron, zone) => {
                let after = last.unwrap_or(now);
                let start = jiff_for_cron::Timestamp::from_second(after.unix_seconds()).ok()?;
                let next = cron.find_next_occurrence(&start.to_zoned(zone.clone()), false).ok()?;
                Some(Timestamp::from_unix_seconds(next.timestamp().as_second()).max(now))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("24h", 86_400), (" 7d", 604_800), ("2 w", 1_209_600)]
        {
            assert!(
                matches!(Schedule::every(text), Ok(Schedule::Every(found)) if found == seconds),
                "{text}"
            );
        }
        for text in ["", "24", "0h", "-1h", "h", "1.5h", "24 hours", "99999999999h"] {
            assert!(Schedule::every(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_missed_time_is_caught_up_with_once() {
        let daily = Schedule::every("24h").expect("a schedule");
        let now = at("2026-11-23T09:00:00Z");
        assert_eq!(daily.next(None, now), Some(now));
        assert_eq!(daily.next(Some(at("2026-11-10T06:00:00Z")), now), Some(now));
        assert_eq!(daily.next(Some(at("2026-11-23T08:00:00Z")), now), Some(at("2026-11-24T08:00:00Z")));
    }

    #[test]
    fn a_pattern_means_the_time_of_its_zone() {
        let six = Schedule::cron("0 6 * * *", "Europe/Oslo").expect("a schedule");
        let now = at("2026-11-23T09:00:00Z");
        assert_eq!(six.next(None, now), Some(at("2026-11-24T05:00:00Z")));
        assert_eq!(six.next(Some(at("2026-11-20T05:00:00Z")), now), Some(now), "caught up");
        let summer = at("2026-07-01T09:00:00Z");
        assert_eq!(six.next(Some(summer), summer), Some(at("2026-07-02T04:00:00Z")));
        assert!(Schedule::cron("every day", "UTC").is_err());
    }
}
