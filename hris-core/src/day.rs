//! A day as an HR system wrote it, which is not always one.

use crate::{Date, Employee, Field, ProblemCode, StandardField, Tally};

/// What an HR system wrote where a day belongs.
///
/// ```
/// use hris_core::{Date, Day};
///
/// let day = Date::new(2026, 12, 31)?;
/// assert_eq!(Day::read("2026-12-31"), Day::On(day));
/// assert_eq!(Day::read("2026-12-31T00:00:00.000Z"), Day::On(day), "midnight in UTC is that day");
/// assert_eq!(Day::read("9999-12-31"), Day::Open);
/// assert_eq!(Day::read("2026-12-31T17:00:00Z"), Day::Unreadable, "whose day that is depends on the zone");
/// assert_eq!(Day::read("31.12.2026"), Day::Unreadable);
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// This day.
    On(Date),
    /// A day that never comes, from the year 9000 on: how systems write that there is none.
    Open,
    /// Something is there, and it is no day that a calendar has between 1900 and 2199.
    Unreadable,
}

impl Day {
    /// Reads `YYYY-MM-DD`, or the instant at which that day begins in UTC (RFC 3339).
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let date = match text.split_at_checked(10) {
            Some((date, "")) => date,
            Some((date, time)) if is_midnight(time) => date,
            _ => return Self::Unreadable,
        };
        match date.parse() {
            Ok(day) => Self::On(day),
            Err(_) if is_far(date) => Self::Open,
            Err(_) => Self::Unreadable,
        }
    }
}

/// Whether this is the time of day `T00:00:00` in UTC, with or without fractions.
fn is_midnight(time: &str) -> bool {
    let Some(rest) = time.strip_prefix(['T', 't', ' ']) else { return false };
    let Some(rest) = rest.strip_prefix("00:00").map(|rest| rest.strip_prefix(":00").unwrap_or(rest)) else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches('0');
            if zone.len() == fraction.len() { return false } else { zone }
        }
        None => rest,
    };
    matches!(zone, "Z" | "z" | "+00:00" | "-00:00" | "+0000" | "+00")
}

/// Whether this is a day of the years 9000 to 9999.
fn is_far(date: &str) -> bool {
    // The years 2000 to 2199 have the same days as these, leap years included.
    let near = |rest: &str| format!("{}{rest}", if rest.starts_with("00-02-29") { "20" } else { "21" });
    let parts = date.strip_prefix('9').and_then(|rest| rest.split_at_checked(1));
    parts.is_some_and(|(century, rest)| {
        century.bytes().all(|byte| byte.is_ascii_digit()) && near(rest).parse::<Date>().is_ok()
    })
}

impl Date {
    /// Whether this is what systems write where no day is known: 1900-01-01 and 1970-01-01.
    #[must_use]
    pub fn is_placeholder(self) -> bool {
        [(1900, 1, 1), (1970, 1, 1)]
            .iter()
            .any(|(year, month, day)| Self::new(*year, *month, *day) == Ok(self))
    }
}

/// A day on which an employment ends, held against the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// This can be the day, or there is none.
    Fits(Field<Date>),
    /// Something is there that says no day: nobody knows whether the employment has ended.
    Unreadable,
    /// The day lies before the first one. It is left out, and the vendor's status decides.
    BeforeStart,
}

impl End {
    /// Holds an end against the start. `spoiled` says that something was sent which is no day; see
    /// [`Date::is_placeholder`] for days that say nothing.
    #[must_use]
    pub fn of(end: Field<Date>, start: Field<Date>, spoiled: bool) -> Self {
        match (end, start) {
            _ if spoiled => Self::Unreadable,
            (Field::Value(end), _) if end.is_placeholder() => Self::Unreadable,
            (Field::Value(end), Field::Value(start)) if end < start => Self::BeforeStart,
            (end, _) => Self::Fits(end),
        }
    }

    /// The day as far as it can be used: what cannot counts as not sent.
    #[must_use]
    pub fn usable(self) -> Field<Date> {
        match self {
            Self::Fits(end) => end,
            Self::BeforeStart | Self::Unreadable => Field::NotProvided,
        }
    }
}

impl Employee {
    /// Sets the end of an employment that has one day for both, and notes what is wrong with it.
    pub fn put_end(&mut self, end: End, tally: &mut Tally) {
        self.put_doubts(&[end], tally);
        self.put_date(StandardField::EndDate, end.usable());
        self.put_date(StandardField::LastWorkingDay, end.usable());
    }

    /// Notes what is wrong with the ends of an employment, once however many of them there are: an end that
    /// cannot be read leaves the person where they are until somebody corrects it, and is an error; one
    /// before the start is left out with a warning.
    pub fn put_doubts(&mut self, ends: &[End], tally: &mut Tally) {
        let id = self.id().to_string();
        if ends.contains(&End::Unreadable) {
            self.put_unreadable_end();
            let words = "the end of the employment is there and cannot be read, so nobody knows whether it has passed; \
                         the account is kept until the date is corrected in the HR system";
            tally.fail(ProblemCode::InvalidDate, "end_date", words, &id);
        } else if ends.contains(&End::BeforeStart) {
            let words = "the end lies before the start; left out";
            tally.count(ProblemCode::InvalidDate, "end_date", words, &id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Day {
        text.parse().map_or(Day::Unreadable, Day::On)
    }

    #[test]
    fn what_is_a_day_and_what_only_looks_like_one() {
        for (text, expected) in [
            ("2026-12-31", on("2026-12-31")),
            (" 2026-12-31 ", on("2026-12-31")),
            ("2026-12-31T00:00:00.000Z", on("2026-12-31")),
            ("2026-12-31T00:00:00Z", on("2026-12-31")),
            ("2026-12-31T00:00:00+00:00", on("2026-12-31")),
            ("2026-12-31T00:00Z", on("2026-12-31")),
            ("2026-12-31 00:00:00Z", on("2026-12-31")),
            ("2026-12-31T00:00:00.001Z", Day::Unreadable),
            ("2026-12-31T00:00:00.Z", Day::Unreadable),
            ("2026-12-31T00:00:00", Day::Unreadable),
            ("2026-12-31T00:00:00+01:00", Day::Unreadable),
            ("2026-12-31T23:00:00Z", Day::Unreadable),
            ("2026-12-31x", Day::Unreadable),
            ("9999-12-31", Day::Open),
            ("9999-12-31T00:00:00Z", Day::Open),
            ("9000-01-01", Day::Open),
            ("9600-02-29", Day::Open),
            ("9999-02-30", Day::Unreadable),
            ("9999-99-99", Day::Unreadable),
            ("8999-12-31", Day::Unreadable),
            ("2200-01-01", Day::Unreadable),
            ("0001-01-01", Day::Unreadable),
            ("0000-00-00", Day::Unreadable),
            ("2026-02-30", Day::Unreadable),
            ("soon", Day::Unreadable),
            ("\u{1F41D}\u{1F41D}\u{1F41D}", Day::Unreadable),
        ] {
            assert_eq!(Day::read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_end_that_says_nothing_is_not_one_that_is_missing() {
        let day = |text: &str| text.parse().map_or(Field::NotProvided, Field::Value);
        let none = Field::Cleared;
        for (end, start, spoiled, expected) in [
            (day("2026-01-31"), day("2020-01-01"), false, End::Fits(day("2026-01-31"))),
            (none, day("2020-01-01"), false, End::Fits(none)),
            (Field::NotProvided, none, false, End::Fits(Field::NotProvided)),
            (Field::NotProvided, none, true, End::Unreadable),
            (day("1970-01-01"), none, false, End::Unreadable),
            (day("1900-01-01"), day("2020-01-01"), false, End::Unreadable),
            (day("2019-12-31"), day("2020-01-01"), false, End::BeforeStart),
            (day("2020-01-01"), day("2020-01-01"), false, End::Fits(day("2020-01-01"))),
        ] {
            assert_eq!(End::of(end, start, spoiled), expected, "{end:?} {start:?} {spoiled}");
        }
    }
}
