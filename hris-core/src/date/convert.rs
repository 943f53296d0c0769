//! Conversions from and into the dates and instants of other libraries.

use std::time::{Duration, SystemTime};

use super::Timestamp;

/// The second that contains the instant, clamped to the years 1900 to 2199.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use hris_core::Timestamp;
///
/// let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_424_400_999);
/// assert_eq!(Timestamp::from(at).to_string(), "2026-11-23T09:00:00Z");
/// let before = SystemTime::UNIX_EPOCH - Duration::from_millis(1);
/// assert_eq!(Timestamp::from(before).to_string(), "1969-12-31T23:59:59Z");
/// ```
impl From<SystemTime> for Timestamp {
    fn from(at: SystemTime) -> Self {
        let whole = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        Self::from_unix_seconds(match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => whole(since.as_secs()),
            Err(earlier) => {
                let until = earlier.duration();
                whole(until.as_secs()).saturating_add(i64::from(until.subsec_nanos() > 0)).saturating_neg()
            }
        })
    }
}

/// The instant for the standard library.
///
/// ```
/// use std::time::SystemTime;
/// use hris_core::Timestamp;
///
/// let at: Timestamp = "1969-12-31T23:59:59Z".parse()?;
/// assert_eq!(Timestamp::from(SystemTime::from(at)), at);
/// # Ok::<(), hris_core::InvalidTimestamp>(())
/// ```
impl From<Timestamp> for SystemTime {
    fn from(at: Timestamp) -> Self {
        let distance = Duration::from_secs(at.unix_seconds().unsigned_abs());
        let moved = match at.unix_seconds() {
            0.. => Self::UNIX_EPOCH.checked_add(distance),
            _ => Self::UNIX_EPOCH.checked_sub(distance),
        };
        // Only a clock that cannot count the years 1900 to 2199 has no such instant.
        moved.unwrap_or(Self::UNIX_EPOCH)
    }
}

#[cfg(feature = "jiff")]
mod of_jiff {
    use crate::{Date, InvalidDate, Timestamp};

    /// The second that contains the instant, clamped to the years 1900 to 2199.
    ///
    /// ```
    /// use hris_core::Timestamp;
    ///
    /// let at: jiff::Timestamp = "2026-11-23T10:00:00.9+01:00".parse()?;
    /// assert_eq!(Timestamp::from(at).to_string(), "2026-11-23T09:00:00Z");
    /// let before: jiff::Timestamp = "1969-12-31T23:59:59.9Z".parse()?;
    /// assert_eq!(Timestamp::from(before).to_string(), "1969-12-31T23:59:59Z");
    /// # Ok::<(), jiff::Error>(())
    /// ```
    impl From<jiff::Timestamp> for Timestamp {
        fn from(at: jiff::Timestamp) -> Self {
            let seconds = at.as_nanosecond().div_euclid(1_000_000_000);
            Self::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
        }
    }

    /// The instant for jiff.
    ///
    /// ```
    /// use hris_core::Timestamp;
    ///
    /// let at: Timestamp = "2026-11-23T09:00:00Z".parse()?;
    /// assert_eq!(jiff::Timestamp::from(at).to_string(), "2026-11-23T09:00:00Z");
    /// # Ok::<(), hris_core::InvalidTimestamp>(())
    /// ```
    impl From<Timestamp> for jiff::Timestamp {
        fn from(at: Timestamp) -> Self {
            at.instant()
        }
    }

    /// The same day, from 1900 to 2199.
    ///
    /// ```
    /// use hris_core::{Date, InvalidDate};
    ///
    /// assert_eq!(Date::try_from(jiff::civil::date(2028, 2, 29))?.to_string(), "2028-02-29");
    /// assert_eq!(Date::try_from(jiff::civil::date(1899, 12, 31)), Err(InvalidDate));
    /// # Ok::<(), InvalidDate>(())
    /// ```
    impl TryFrom<jiff::civil::Date> for Date {
        type Error = InvalidDate;

        fn try_from(day: jiff::civil::Date) -> Result<Self, InvalidDate> {
            Self::new(day.year(), day.month(), day.day())
        }
    }

    /// The same day for jiff.
    ///
    /// ```
    /// use hris_core::Date;
    ///
    /// let day: Date = "2028-02-29".parse()?;
    /// assert_eq!(jiff::civil::Date::from(day), jiff::civil::date(2028, 2, 29));
    /// # Ok::<(), hris_core::InvalidDate>(())
    /// ```
    impl From<Date> for jiff::civil::Date {
        fn from(day: Date) -> Self {
            day.0
        }
    }
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};

    use crate::{Date, InvalidDate, Timestamp};

    /// The second that contains the instant, clamped to the years 1900 to 2199.
    ///
    /// ```
    /// use chrono::DateTime;
    /// use hris_core::Timestamp;
    ///
    /// let at = DateTime::parse_from_rfc3339("2026-11-23T10:00:00.9+01:00").expect("an instant");
    /// assert_eq!(Timestamp::from(at).to_string(), "2026-11-23T09:00:00Z");
    /// ```
    impl<Zone: TimeZone> From<DateTime<Zone>> for Timestamp {
        fn from(at: DateTime<Zone>) -> Self {
            Self::from_unix_seconds(at.timestamp())
        }
    }

    /// The instant for chrono.
    ///
    /// ```
    /// use chrono::{DateTime, Utc};
    /// use hris_core::Timestamp;
    ///
    /// let at: Timestamp = "2026-11-23T09:00:00Z".parse()?;
    /// assert_eq!(DateTime::<Utc>::from(at).timestamp(), at.unix_seconds());
    /// # Ok::<(), hris_core::InvalidTimestamp>(())
    /// ```
    impl From<Timestamp> for DateTime<Utc> {
        fn from(at: Timestamp) -> Self {
            // The years 1900 to 2199 are within chrono's.
            Self::from_timestamp(at.unix_seconds(), 0).unwrap_or_default()
        }
    }

    /// The same day, from 1900 to 2199.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use hris_core::{Date, InvalidDate};
    ///
    /// let day = NaiveDate::from_ymd_opt(2028, 2, 29).expect("a day");
    /// assert_eq!(Date::try_from(day)?.to_string(), "2028-02-29");
    /// assert_eq!(Date::try_from(NaiveDate::MIN), Err(InvalidDate));
    /// # Ok::<(), InvalidDate>(())
    /// ```
    impl TryFrom<NaiveDate> for Date {
        type Error = InvalidDate;

        fn try_from(day: NaiveDate) -> Result<Self, InvalidDate> {
            let small = |number: u32| i8::try_from(number).map_err(|_| InvalidDate);
            let year = i16::try_from(day.year()).map_err(|_| InvalidDate)?;
            Self::new(year, small(day.month())?, small(day.day())?)
        }
    }

    /// The same day for chrono.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use hris_core::Date;
    ///
    /// let day: Date = "2028-02-29".parse()?;
    /// assert_eq!(Some(NaiveDate::from(day)), NaiveDate::from_ymd_opt(2028, 2, 29));
    /// # Ok::<(), hris_core::InvalidDate>(())
    /// ```
    impl From<Date> for NaiveDate {
        fn from(day: Date) -> Self {
            let small = |number: i8| u32::from(number.unsigned_abs());
            // The years 1900 to 2199 are within chrono's.
            Self::from_ymd_opt(day.0.year().into(), small(day.0.month()), small(day.0.day()))
                .unwrap_or_default()
        }
    }
}
