//! From 24SevenOffice's records to the model: the one place that sees both.

mod custom;
mod identification;
mod person;
mod phone;
mod work;

use std::collections::HashMap;

use hris_core::connector::{Assembly, Crowd, CustomField};
use hris_core::http::Part;
use hris_core::{EmployeeId, Error, ReadRequest, Snapshot, StandardField};

pub(crate) use custom::{Departments, defined, meant, needs_custom_fields};
pub(crate) use identification::{Identity, identity, kind_of};
pub(crate) use person::Reader;
pub(crate) use phone::complete as complete_phone;
pub(crate) use work::{Span, primary, today_in};

use crate::config::{DEFAULTS, PhoneRegion};
use crate::lists::Company;
use crate::wire::{Employee, Employment};

/// What is read beside the people.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) company: Part<Company>,
    pub(crate) custom_fields: Part<Vec<CustomField>>,
    pub(crate) departments: Part<Departments>,
}

impl Lists {
    /// The company's country, where 24SevenOffice gives it.
    pub(crate) fn country(&self) -> Option<PhoneRegion> {
        country(self.company.read()?)
    }
}

/// The company's country, where 24SevenOffice gives it.
pub(crate) fn country(company: &Company) -> Option<PhoneRegion> {
    let country = company.organisation.country.as_deref().value()?;
    country.trim().to_ascii_uppercase().parse().ok()
}

/// Makes one snapshot of everything that was read. `work` holds the employments of everybody whose record can be
/// believed, where they are needed.
pub(crate) fn snapshot(
    crowd: Crowd<Employee>,
    work: HashMap<EmployeeId, Vec<Employment>>,
    mut reader: Reader<'_>,
    request: &ReadRequest,
) -> Snapshot {
    let mut assembly = Assembly::new(DEFAULTS.vendor, DEFAULTS.title, request);
    assembly.fingerprint.organisation = reader.organisation();
    reader.problems().into_iter().for_each(|problem| assembly.tally.say(problem));
    assembly.convert(
        crowd,
        |_| None,
        |row, tally| {
            let employments = row.notes.id.as_deref().and_then(|id| work.get(id));
            reader.employee(row, employments.map(Vec::as_slice), tally)
        },
    );
    assembly.finish()
}

/// Whether a requested field is only in the employments, which cost one request a person.
pub(crate) fn needs_work(request: &ReadRequest) -> bool {
    [
        StandardField::EmploymentKind,
        StandardField::EndDate,
        StandardField::LastWorkingDay,
        StandardField::Location,
        StandardField::StartDate,
        StandardField::Status,
    ]
    .into_iter()
    .any(|field| request.wants(field))
}

/// The error about an answer that 24SevenOffice does not document.
pub(crate) fn unreadable(words: impl Into<String>) -> Error {
    Error::new(hris_core::ErrorKind::Protocol, words)
}
