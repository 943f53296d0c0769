//! Cases that real directories hold and readers stumble over.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use hris_core::Date;
use hris_humaans::sandbox::{Person, Sandbox, Status};

/// The day of the sandbox, unless a test sets another.
const TODAY: &str = "2026-11-24";

/// A peculiar case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Peculiarity {
    /// Active, with a last working day in the past: employed all the same.
    ActivePastLastDay,
    /// Active, with a first day ahead.
    ActiveStartingLater,
    /// A sample person of the vendor's (`demo`).
    DemoPerson,
    /// The work e-mail is hidden from colleagues (`isWorkEmailHidden`).
    HiddenEmail,
    /// `employmentStartDate` is no day of the calendar.
    InvalidDate,
    /// Offboarded without any date.
    OffboardedUndated,
    /// Offboarded, with today as last day: employed until the day is over.
    OffboardedToday,
    /// A person whom the vendor lists twice under one id, with different names.
    RepeatedId,
    /// A name with a line break, a formula and text from right to left.
    StrangeName,
    /// A status that the documentation does not know.
    UnknownStatus,
}

impl Peculiarity {
    /// Every case once.
    pub(crate) const ALL: [Self; 10] = [
        Self::ActivePastLastDay,
        Self::ActiveStartingLater,
        Self::DemoPerson,
        Self::HiddenEmail,
        Self::InvalidDate,
        Self::OffboardedUndated,
        Self::OffboardedToday,
        Self::RepeatedId,
        Self::StrangeName,
        Self::UnknownStatus,
    ];
}

/// Adds a peculiar case to a company whose day is the sandbox's default, and returns the id of the person it is about.
pub(crate) fn add(sandbox: &Sandbox, case: Peculiarity) -> String {
    let today: Date = TODAY.parse().expect("a day");
    let on = |days: i32| today.plus_days(days).to_string();
    let ending = |person: Person, day: String| {
        person.member("lastWorkingDay", day.clone()).member("employmentEndDate", day)
    };
    let person = Person::new("Peculiar", format!("{case:?}")).starts(on(-700));
    let person = match case {
        Peculiarity::ActivePastLastDay => ending(person, on(-40)),
        Peculiarity::ActiveStartingLater => person.starts(on(90)),
        Peculiarity::DemoPerson => person.member("demo", true),
        Peculiarity::HiddenEmail => person.member("isWorkEmailHidden", true),
        Peculiarity::InvalidDate => person.starts("2025-02-31"),
        Peculiarity::OffboardedUndated => person.status(Status::Offboarded),
        Peculiarity::OffboardedToday => ending(person.status(Status::Offboarded), on(0)),
        Peculiarity::RepeatedId => {
            let id = sandbox.hire(person.clone());
            let twin = person.member("lastName", "Twin");
            sandbox.change(|company| company.hire_as(id.clone(), twin));
            return id;
        }
        Peculiarity::StrangeName => {
            person.member("lastName", "=cmd|'/c'!A1\n\u{202e}<script>").email("strange@tallowmill.example")
        }
        Peculiarity::UnknownStatus => person.member("status", "sabbatical"),
    };
    sandbox.hire(person)
}
