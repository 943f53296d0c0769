//! From Employment Hero's records to the model: the one place that sees both.

mod custom;
mod organisation;
mod person;

use std::collections::{BTreeSet, HashMap};

use hris_core::connector::{Assembly, Crowd, CustomField};
use hris_core::http::Part;
use hris_core::{
    Employee, EmployeeId, Fingerprint, Problem, ProblemCode, ReadRequest, Result, Snapshot, Status,
};

pub(crate) use custom::{asked_members, defined, meant, needs_lists};
pub(crate) use organisation::{Chosen, choose, count};
pub(crate) use person::{Reader, email};

use crate::config::{Config, DEFAULTS};
use crate::wire::{CustomValue, Organisation, Person};

/// The custom fields, and each person's values by id.
#[derive(Default)]
pub(crate) struct Customs {
    pub(crate) fields: Part<Vec<CustomField>>,
    pub(crate) values: HashMap<EmployeeId, Part<Vec<CustomValue>>>,
}

/// Makes one snapshot of everything that was read.
///
/// # Errors
/// [`ErrorKind::Config`](hris_core::ErrorKind::Config) when a custom field is asked for by a name
/// that several have.
pub(crate) fn snapshot(
    crowd: Crowd<Person>,
    customs: &Customs,
    chosen: &Chosen,
    detail: &Part<Organisation>,
    scopes: Option<BTreeSet<String>>,
    request: &ReadRequest,
    config: &Config,
) -> Result<Snapshot> {
    let mut assembly = Assembly::new(DEFAULTS.vendor, DEFAULTS.title, request);
    assembly.fingerprint = Fingerprint {
        organisation: Some(chosen.id.clone()),
        credential: chosen.visible(),
        scopes,
        ..Fingerprint::default()
    };
    let reader = Reader::new(customs, request, config)?;
    assembly.convert(
        crowd,
        |person| person.status.as_deref().value(),
        |person, tally| reader.employee(person, tally),
    );
    reader.finish(&mut assembly.tally);
    compare(&mut assembly, detail);
    Ok(assembly.finish())
}

/// Compares the list with the number of people that the organisation says it has: the consent of an
/// ordinary person shows a part of them, and such a list looks complete.
fn compare(assembly: &mut Assembly<'_>, detail: &Part<Organisation>) {
    match detail {
        Part::Skipped => {}
        Part::Hidden(status) => {
            let words = format!(
                "how many people the organisation has may not be read (HTTP {status}), so an incomplete list \
                 would not be noticed; grant organisations:show"
            );
            assembly.tally.say(Problem::warning(ProblemCode::NotPermitted, words));
        }
        Part::Read(detail) => {
            let active = assembly.employees().iter().filter(|person| may_be_active(person)).count() as u64;
            if let Some(why) = hidden(assembly.people(), Some(active + assembly.unread()), detail) {
                assembly.hide(why);
            }
        }
    }
}

/// Returns why the consent may not show some people. It is unknown whether `employees_count` includes
/// former people, and whether those are listed. So it is compared with every row, and
/// `active_employees_count` with the active rows, where they are known. If both agree, everybody active is
/// visible under either meaning.
pub(crate) fn hidden(listed: u64, active: Option<u64>, detail: &Organisation) -> Option<String> {
    let said = count(&detail.employees).filter(|said| listed < *said).map(|said| {
        format!(
            "{listed} people are listed and the organisation says that it has {said}: the person who consented does not see \
             everybody, or former people are counted and not listed"
        )
    });
    let said_active = count(&detail.active).zip(active).filter(|(said, active)| active < said);
    said.or_else(|| {
        said_active.map(|(said, active)| {
            format!(
                "{active} active people are listed and the organisation says that it has {said}: the person who consented does \
                 not see everybody"
            )
        })
    })
}

/// Whether Employment Hero may count a person as active: the person has not left, and the vendor's status
/// is not pending. What its other words count as is unknown.
pub(crate) fn may_be_active(person: &Employee) -> bool {
    let is_pending = |word: &str| word.trim().eq_ignore_ascii_case("pending");
    person.status() != Status::Terminated && !person.raw_status().value().is_some_and(is_pending)
}
