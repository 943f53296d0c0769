//! Calendar dates and instants: ours outside, a date library inside.

mod convert;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A calendar date without a time of day or a zone, from 1900-01-01 to 2199-12-31.
///
/// Days before or after that in an employee's record are typing errors (`0000-00-00`, `20225-…`),
/// so they do not parse.
///
/// ```
/// use hris_core::Date;
///
/// let day: Date = "2028-02-29".parse()?;
/// assert_eq!(day.to_string(), "2028-02-29");
/// assert!("2027-02-29".parse::<Date>().is_err());
/// assert!("2027-02-28T00:00:00Z".parse::<Date>().is_err());
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

/// The text is not a calendar date of the form `YYYY-MM-DD` between 1900 and 2199.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a calendar date of the form YYYY-MM-DD between 1900 and 2199")]
pub struct InvalidDate;

impl Date {
    /// 1970-01-01, where a day is needed and any one will do.
    pub const EPOCH: Self = Self(jiff::civil::Date::constant(1970, 1, 1));

    /// The date of `year`, `month` (1 to 12) and `day` (1 to 31).
    ///
    /// # Errors
    /// [`InvalidDate`] where the calendar has no such day, or outside 1900 to 2199.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, InvalidDate> {
        if !(1900..=2199).contains(&year) {
            return Err(InvalidDate);
        }
        jiff::civil::Date::new(year, month, day).map(Self).map_err(|_| InvalidDate)
    }

    /// The date that many days later (earlier, if negative); stays within the calendar.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days.clamp(-100_000, 100_000))))
    }

    /// The date as text, `YYYY-MM-DD`; the same as `to_string`, without its cost.
    pub(crate) fn text(self) -> String {
        let (year, month, day) = (self.0.year().unsigned_abs(), self.0.month(), self.0.day());
        let digit = |number: u16| char::from(b'0' + u8::try_from(number % 10).unwrap_or(0));
        let mut text = String::with_capacity(10);
        text.extend([digit(year / 1000), digit(year / 100), digit(year / 10), digit(year)]);
        for part in [month, day] {
            let part = u16::from(part.unsigned_abs());
            text.extend(['-', digit(part / 10), digit(part)]);
        }
        text
    }

    /// Days from `self` to `other`; negative if `other` is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i32 {
        self.0.until(other.0).map_or(0, |span| span.get_days())
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |range: std::ops::Range<usize>| -> Result<i16, InvalidDate> {
            let digits = text.get(range).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|part| part.parse().ok()).ok_or(InvalidDate)
        };
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
            return Err(InvalidDate);
        }
        let small = |value: i16| i8::try_from(value).map_err(|_| InvalidDate);
        Self::new(number(0..4)?, small(number(5..7)?)?, small(number(8..10)?)?)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An instant in UTC, to the second.
///
/// ```
/// use hris_core::Timestamp;
///
/// let at: Timestamp = "2026-11-23T10:00:00+01:00".parse()?;
/// assert_eq!(at.to_string(), "2026-11-23T09:00:00Z");
/// assert_eq!(at.plus_seconds(60).to_string(), "2026-11-23T09:01:00Z");
/// # Ok::<(), hris_core::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 instant such as `2026-11-23T09:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant such as 2026-11-23T09:00:00Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    const FIRST: i64 = -2_208_988_800; // 1900-01-01
    const LAST: i64 = 7_258_118_399; // 2199-12-31

    /// The instant so many seconds after 1970-01-01T00:00:00Z, held between 1900 and 2199.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.clamp(Self::FIRST, Self::LAST))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0
    }

    /// The instant that many seconds later (earlier, if negative).
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix_seconds(self.0.saturating_add(seconds))
    }

    /// The instant that many times 24 hours later (earlier, if negative).
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        self.plus_seconds(i64::from(days).saturating_mul(86_400))
    }

    /// The calendar date at this instant in `zone`.
    #[must_use]
    pub fn date_in(self, zone: &TimeZone) -> Date {
        Date(zone.zone.to_datetime(self.instant()).date())
    }

    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant: jiff::Timestamp = text.trim().parse().map_err(|_| InvalidTimestamp)?;
        let seconds = instant.as_second();
        if (Self::FIRST..=Self::LAST).contains(&seconds) { Ok(Self(seconds)) } else { Err(InvalidTimestamp) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.instant(), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A time zone by its IANA name, such as `Europe/Oslo`. Says which day it is at an instant.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZone {
    name: String,
    zone: jiff::tz::TimeZone,
}

/// No time zone of this name is known on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called {name:?}; use an IANA name such as Europe/Oslo or UTC")]
pub struct UnknownTimeZone {
    name: String,
}

impl TimeZone {
    /// Coordinated universal time, the default.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".into(), zone: jiff::tz::TimeZone::UTC }
    }

    /// The zone's IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::utc());
        }
        let zone = jiff::tz::TimeZone::get(name).map_err(|_| UnknownTimeZone { name: name.into() })?;
        Ok(Self { name: name.into(), zone })
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::utc()
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
