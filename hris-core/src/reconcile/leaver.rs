//! Where a person stands on a day, and whether that is a sign of leaving.

use super::inputs::Inputs;
use super::policy::{Leavers, PastEndDate, Policy};
use super::situation::Reason;
use crate::{Date, Employee, Status};

/// Where a person stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Employed. The flag says that an end date has passed all the same.
    Employed { past_end: bool },
    /// Has a leaver's status; the last working day is still to come.
    Leaving,
    /// Has left, and why we say so.
    Left(Reason),
    /// Will start later.
    PreHire,
    /// The status is not known to us.
    Unknown,
}

impl Standing {
    /// Whether the person works today, or still does for some days.
    pub(super) fn is_employed(self) -> bool {
        matches!(self, Self::Employed { .. })
    }
}

/// Where `person` stands on `today`. The status decides; dates only say when it takes effect. The
/// last working day is inclusive; where it is not known, the end date is it.
pub(super) fn standing(person: &Employee, policy: &Policy, today: Date) -> Standing {
    let last_day = person.last_working_day().value().or(person.end_date().value());
    let starts_later = person.start_date().value().is_some_and(|start| start > today);
    match person.status() {
        // An end is there and nobody knows when it is, so nobody has left by it yet.
        Status::Terminated if person.has_unreadable_end() => Standing::Leaving,
        Status::Terminated if last_day.is_some_and(|day| day >= today) => Standing::Leaving,
        Status::Terminated => Standing::Left(Reason::LeftByStatus),
        Status::Active | Status::OnLeave if starts_later => Standing::PreHire,
        Status::Active | Status::OnLeave => match last_day {
            Some(day)
                if day < today
                    && policy.past_end_date == PastEndDate::Leaver
                    && !person.has_unreadable_end() =>
            {
                Standing::Left(Reason::EndDatePassed)
            }
            day => Standing::Employed { past_end: day.is_some_and(|day| day < today) },
        },
        Status::Pending => Standing::PreHire,
        Status::Unknown => Standing::Unknown,
    }
}

/// Whether this sign of having left counts.
pub(super) fn sign_counts(inputs: &Inputs<'_>, policy: &Policy, sign: Reason) -> bool {
    match policy.leavers {
        Leavers::Absence | Leavers::Status | Leavers::Vendor if sign == Reason::EndDatePassed => true,
        Leavers::Absence | Leavers::Status => true,
        Leavers::Never => false,
        Leavers::Vendor => inputs.leavers.status,
    }
}

/// Whether being missing from a whole list counts.
pub(super) fn absence_counts(inputs: &Inputs<'_>, policy: &Policy) -> bool {
    match policy.leavers {
        Leavers::Absence => true,
        Leavers::Never | Leavers::Status => false,
        Leavers::Vendor => inputs.leavers.absence,
    }
}
