//! From 24SevenOffice's records to the model: the one place that sees both.

mod custom;
mod identification;
mod person;
mod phone;
mod work;

use std::collections::{HashMap, HashSet};

use hris_core::http::Part;
use hris_core::{
    EmployeeId, Error, Field, Fingerprint, Problem, ProblemCode, ReadRequest, Result, Snapshot,
    StandardField, Tally,
};

pub(crate) use custom::{Departments, lacking, near, needs_custom_fields, wanted};
pub(crate) use identification::{Identity, identity, kind_of};
pub(crate) use person::Reader;
pub(crate) use phone::complete as complete_phone;
pub(crate) use work::{Span, primary, today_in};

use crate::builder::PhoneRegion;
use crate::client::Company;
use crate::wire::{CustomField, Employee, Employment};

/// The vendor's name in configuration and reports.
pub(crate) const VENDOR: &str = "24sevenoffice";

/// What is read beside the people.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) company: Part<Company>,
    pub(crate) custom_fields: Part<Vec<CustomField>>,
    pub(crate) departments: Part<Departments>,
}

impl Lists {
    /// The company's country, where 24SevenOffice tells it.
    pub(crate) fn country(&self) -> Option<PhoneRegion> {
        country(self.company.read()?)
    }
}

/// The company's country, where 24SevenOffice tells it.
pub(crate) fn country(company: &Company) -> Option<PhoneRegion> {
    let country = company.organisation.country.as_deref().value()?;
    country.trim().to_ascii_uppercase().parse().ok()
}

/// Everybody as listed, and whose records contradict each other.
pub(crate) struct Crowd {
    pub(crate) rows: Vec<Employee>,
    conflicting: HashSet<String>,
    repeated: u64,
}

impl Crowd {
    /// Of records that say the same under one number the first is kept.
    pub(crate) fn of(listed: Vec<Employee>) -> Self {
        let mut crowd =
            Self { rows: Vec::with_capacity(listed.len()), conflicting: HashSet::new(), repeated: 0 };
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in listed {
            let Some(id) = row.notes.id.clone() else {
                crowd.rows.push(row);
                continue;
            };
            match places.get(&id).and_then(|place| crowd.rows.get(*place)) {
                Some(known) if *known == row => crowd.repeated += 1,
                Some(_) => drop(crowd.conflicting.insert(id)),
                None => {
                    places.insert(id, crowd.rows.len());
                    crowd.rows.push(row);
                }
            }
        }
        crowd
    }

    /// Whether this person's record can be believed: it does not contradict itself or another one.
    pub(crate) fn is_sound(&self, row: &Employee) -> bool {
        !row.notes.repeated && row.notes.id.as_ref().is_some_and(|id| !self.conflicting.contains(id))
    }
}

/// What is known of one person's employments.
pub(crate) enum Work {
    /// They could not be read.
    Failed,
    /// These are all of them.
    Read(Vec<Employment>),
    /// Nobody asked.
    Skipped,
}

/// Joins everything that was read into one snapshot. `work` holds everybody's employments, in the
/// order of the crowd.
///
/// # Errors
/// `Config` when a custom field is asked for by a name that several have.
pub(crate) fn snapshot(
    crowd: Crowd,
    work: Vec<Work>,
    reader: &mut Reader<'_>,
    lists: &Lists,
) -> Result<Snapshot> {
    let organisation = lists.company.read().and_then(|company| company.organisation.notes.id.clone());
    let mut fingerprint = Fingerprint { organisation, ..Fingerprint::default() };
    let mut warnings = Tally::default();
    warnings.repeated(crowd.repeated);
    let mut employees = Vec::with_capacity(crowd.rows.len());
    let mut aside: Vec<(EmployeeId, Problem)> = Vec::new();
    let mut unidentified = 0_u64;
    let sound: Vec<bool> = crowd.rows.iter().map(|row| crowd.is_sound(row)).collect();
    for ((row, work), sound) in crowd.rows.into_iter().zip(work).zip(sound) {
        let Some(id) = row.notes.id.as_deref() else {
            unidentified += 1;
            continue;
        };
        if !sound {
            let repeated = row.notes.repeated;
            let (code, words) = if repeated {
                (
                    ProblemCode::InvalidRecord,
                    "the record says the same thing twice, so none of it can be believed",
                )
            } else {
                (ProblemCode::DuplicateExternalId, "several different records have this number; correct it")
            };
            aside.push(set_aside(id, code, words));
            continue;
        }
        let employments = match work {
            Work::Failed => {
                let words =
                    "the employments of this person cannot be read; nothing is done about them in this run";
                aside.push(set_aside(id, ProblemCode::InvalidRecord, words));
                continue;
            }
            Work::Read(employments) => Some(employments),
            Work::Skipped => None,
        };
        let employee = reader.employee(row, employments.as_deref(), &mut warnings);
        if let Field::Value(word) = employee.raw_status() {
            *fingerprint.statuses.entry(word.to_owned()).or_default() += 1;
        }
        employees.push(employee);
    }
    let mut snapshot = Snapshot::new(VENDOR, employees).with_fingerprint(fingerprint);
    for (id, problem) in aside {
        snapshot = snapshot.with_set_aside(id, problem);
    }
    for _ in 0..unidentified {
        let words = "a person's record without a usable number";
        snapshot = snapshot.with_unidentified(Problem::error(ProblemCode::MissingExternalId, words));
    }
    for problem in reader.problems().into_iter().chain(warnings.problems()) {
        snapshot = snapshot.with_problem(problem);
    }
    Ok(snapshot)
}

fn set_aside(id: &str, code: ProblemCode, words: &str) -> (EmployeeId, Problem) {
    let id = EmployeeId::from(id);
    let problem = Problem::error(code, words).employee(&id);
    (id, problem)
}

/// Whether what is asked for stands in people's employments only: that is a request a person.
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

/// An answer that is none.
pub(crate) fn unreadable(words: impl Into<String>) -> Error {
    Error::new(hris_core::ErrorKind::Protocol, words)
}
