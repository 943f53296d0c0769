//! When `hris run` syncs, as a configuration says it.

use std::time::Duration;

use hris_core::TimeZone;
use hris_reconcile::schedule::Schedule;

/// The schedule of a duration such as `30m`.
pub(super) fn every(text: &str) -> Result<Schedule, String> {
    duration(text).map(Schedule::every)
}

/// The schedule of a pattern of five fields in a time zone.
pub(super) fn cron(pattern: &str, zone: &TimeZone) -> Result<Schedule, String> {
    Schedule::cron(pattern, zone).map_err(|error| error.to_string())
}

fn duration(text: &str) -> Result<Duration, String> {
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
        return Err("must be longer than zero".to_owned());
    }
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("24h", 86_400), (" 7d", 604_800), ("2 w", 1_209_600)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "24", "0h", "-1h", "h", "1.5h", "24 hours", "99999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
