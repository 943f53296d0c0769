//! Combines a person's employments: the first day, the last day, and whether the person is employed.

use hris_core::{Date, Day, End, Field, Status, TimeZone, Timestamp};

use crate::config::{EndDates, PhoneRegion};
use crate::wire::Employment;

/// A date as 24SevenOffice writes it; `None` if there is no date.
///
/// Some answers append midnight, and the usual placeholders for a missing date count as missing. So does a
/// day that never comes.
pub(crate) fn date(text: Field<&str>) -> Option<Field<Date>> {
    let text = match text {
        Field::Value(text) => text.trim(),
        // An absent member counts as empty.
        Field::Cleared | Field::NotProvided => return Some(Field::Cleared),
        Field::NotPermitted => return Some(Field::NotPermitted),
    };
    let text = text.strip_suffix(" 00:00:00").unwrap_or(text);
    match text {
        "0000-00-00" | "0001-01-01" => Some(Field::Cleared),
        _ => match Day::read(text) {
            Day::On(date) => Some(Field::Value(date)),
            Day::Open => Some(Field::Cleared),
            Day::Unreadable => None,
        },
    }
}

/// The day at an instant where the company is.
pub(crate) fn today_in(country: Option<PhoneRegion>, now: Timestamp) -> Date {
    // Oslo and Stockholm keep the same time, so the country matters only if it is neither.
    let name = match country {
        Some(PhoneRegion::Sweden) => "Europe/Stockholm",
        _ => "Europe/Oslo",
    };
    now.date_in(&name.parse().unwrap_or_else(|_| TimeZone::utc()))
}

/// One employment's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first day. `None` where it is missing or cannot be read.
    pub(crate) start: Option<Date>,
    pub(crate) end: Field<Date>,
    /// The start is there and cannot be read.
    pub(crate) spoiled_start: bool,
    /// The end as it was sent, held against the start.
    pub(crate) sent_end: End,
}

impl Span {
    pub(crate) fn of(employment: &Employment) -> Self {
        let unfit = |member: &str| employment.notes.unfit.iter().any(|name| **name == *member);
        let start = date(employment.start.as_deref()).filter(|_| !unfit("startdate"));
        let end = date(employment.end.as_deref()).filter(|_| !unfit("enddate"));
        let sent_end = End::of(end.unwrap_or_default(), start.unwrap_or_default(), end.is_none());
        Self {
            start: start.and_then(Field::value),
            end: sent_end.usable(),
            spoiled_start: start.is_none(),
            sent_end,
        }
    }

    /// Whether the end that was sent cannot be used.
    pub(crate) fn has_spoiled_end(&self) -> bool {
        !matches!(self.sent_end, End::Fits(_))
    }

    /// Whether the employment has no readable end date.
    pub(crate) fn is_open(&self) -> bool {
        !self.end.is_value()
    }

    fn is_current(&self, today: Date) -> bool {
        let begun = self.start.is_none_or(|start| start <= today);
        begun && self.end.value().is_none_or(|end| end >= today)
    }
}

/// All employments of a person, combined.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) start: Field<Date>,
    pub(super) end: Field<Date>,
    pub(super) status: Status,
    /// 24SevenOffice has no status, so this is our word for what the dates say.
    pub(super) word: &'static str,
    /// Which employment is the primary one.
    pub(super) primary: Option<usize>,
    /// The earliest start of all.
    pub(super) first: Option<Date>,
    /// A start cannot be read.
    pub(super) spoiled_start: bool,
    /// What was sent as the ends.
    pub(super) ends: Vec<End>,
}

/// Which employment the start of a person is that of: the primary one; of several the current, else
/// the one that begins last.
pub(crate) fn primary(employments: &[Employment], today: Option<Date>) -> Option<usize> {
    let any = employments.iter().any(|employment| employment.primary == Field::Value(true));
    let candidates = employments
        .iter()
        .enumerate()
        .filter(|(_, employment)| !any || employment.primary == Field::Value(true))
        .map(|(place, employment)| (place, Span::of(employment)));
    let best = candidates.max_by_key(|(place, span)| {
        (today.is_some_and(|today| span.is_current(today)), span.start, std::cmp::Reverse(*place))
    });
    best.map(|(place, _)| place)
}

/// Combines employments. Where there is none, the status is the one of `without`.
///
/// Where there is no employment, `employee_date` is the first day. Without a day nothing is decided.
pub(super) fn sum_up(
    employments: &[Employment],
    employee_date: Field<Date>,
    today: Option<Date>,
    without: EndDates,
) -> Summary {
    let spans: Vec<Span> = employments.iter().map(Span::of).collect();
    let primary = primary(employments, today);
    let Some(main) = primary.and_then(|place| spans.get(place)) else {
        let starts_later = today.zip(employee_date.value()).is_some_and(|(today, start)| start > today);
        let (status, word) = match without {
            EndDates::Required => (Status::Unknown, "no employment"),
            EndDates::Optional if starts_later => (Status::Pending, "not started"),
            EndDates::Optional => (Status::Active, "no employment"),
        };
        let first = employee_date.value();
        let end = Field::Cleared;
        return Summary {
            start: employee_date,
            end,
            status,
            word,
            primary,
            first,
            spoiled_start: false,
            ends: Vec::new(),
        };
    };
    let start = match main.start {
        Some(start) => Field::Value(start),
        None if main.spoiled_start => Field::NotProvided,
        None => Field::Cleared,
    };
    let spoiled_end = spans.iter().any(Span::has_spoiled_end);
    let end = if spans.iter().any(|span| span.is_open() && !span.has_spoiled_end()) {
        Field::Cleared
    } else if spoiled_end {
        Field::NotProvided
    } else {
        spans.iter().filter_map(|span| span.end.value()).max().into()
    };
    let (status, word) = match today {
        None => (Status::Unknown, "unknown"),
        Some(today) if spans.iter().any(|span| span.is_current(today)) => (Status::Active, "employed"),
        Some(today) if spans.iter().any(|span| span.start.is_some_and(|start| start > today)) => {
            (Status::Pending, "not started")
        }
        Some(_) => (Status::Terminated, "ended"),
    };
    Summary {
        start,
        end,
        status,
        word,
        primary,
        first: spans.iter().filter_map(|span| span.start).min(),
        spoiled_start: spans.iter().any(|span| span.spoiled_start),
        ends: spans.iter().map(|span| span.sent_end).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap_or_else(|_| unreachable!("a constant of this test"))
    }

    fn employments(spans: &[(&str, &str, &str)]) -> Vec<Employment> {
        let text = |text: &str| if text.is_empty() { Field::Cleared } else { Field::Value(text.to_owned()) };
        spans
            .iter()
            .map(|(start, end, primary)| Employment {
                start: text(start),
                end: text(end),
                primary: Field::Value(*primary == "1"),
                ..Employment::default()
            })
            .collect()
    }

    #[test]
    fn what_employments_say_together() {
        let none: &[(&str, &str, &str)] = &[];
        for (spans, start, end, word) in [
            (none, "2024-03-01", "", "no employment"),
            (&[("2024-03-01", "", "1")][..], "2024-03-01", "", "employed"),
            (&[("2024-03-01", "2026-11-23", "1")], "2024-03-01", "2026-11-23", "employed"),
            (&[("2024-03-01", "2026-11-22", "1")], "2024-03-01", "2026-11-22", "ended"),
            (&[("2026-12-01", "", "1")], "2026-12-01", "", "not started"),
            // A second job without an end keeps a person employed.
            (&[("2020-01-01", "2021-01-01", "1"), ("2021-02-01", "", "0")], "2020-01-01", "", "employed"),
            // Hired again.
            (&[("2020-01-01", "2021-01-01", "1"), ("2026-01-01", "", "1")], "2026-01-01", "", "employed"),
            // Of two the one that is current now.
            (&[("2020-01-01", "", "1"), ("2027-01-01", "", "1")], "2020-01-01", "", "employed"),
            (
                &[("2020-01-01", "2021-01-01", "1"), ("2022-01-01", "2023-01-01", "1")],
                "2022-01-01",
                "2023-01-01",
                "ended",
            ),
            // Midnight and the dates that mean none.
            (&[("2024-03-01 00:00:00", "0000-00-00", "1")], "2024-03-01", "", "employed"),
            // What cannot be read ends nobody.
            (&[("2024-03-01", "31.12.2025", "1")], "2024-03-01", "?", "employed"),
            (&[("2024-03-01", "2024-02-01", "1")], "2024-03-01", "?", "employed"),
            (&[("", "1970-01-01", "1")], "", "?", "employed"),
            (&[("2024-03-01", "9999-12-31", "1")], "2024-03-01", "", "employed"),
            (&[("2024-03-01", "2026-12-31T00:00:00.000Z", "1")], "2024-03-01", "2026-12-31", "employed"),
            (&[("2024-02-31", "", "1")], "?", "", "employed"),
        ] {
            let spans = employments(spans);
            let read =
                sum_up(&spans, Field::Value(day("2024-03-01")), Some(day("2026-11-23")), EndDates::Optional);
            let told = |date: Field<Date>| match date {
                Field::Value(date) => date.to_string(),
                Field::Cleared => String::new(),
                _ => "?".to_owned(),
            };
            assert_eq!((told(read.start).as_str(), told(read.end).as_str(), read.word), (start, end, word));
        }
    }

    #[test]
    fn without_an_employment_or_a_day_nobody_has_left() {
        let today = Some(day("2026-11-23"));
        let start = Field::Value(day("2027-01-01"));
        assert_eq!(sum_up(&[], start, today, EndDates::Optional).status, Status::Pending);
        assert_eq!(sum_up(&[], start, today, EndDates::Required).status, Status::Unknown);
        let ended = employments(&[("2020-01-01", "2021-01-01", "1")]);
        assert_eq!(sum_up(&ended, start, None, EndDates::Optional).status, Status::Unknown);
    }
}
