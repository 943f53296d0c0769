//! From Employment Hero's records to the model: the one place that sees both.

mod custom;
mod organisation;
mod person;

use std::collections::{BTreeSet, HashMap, HashSet};

use hris_core::http::{Listed, Part};
use hris_core::{
    Employee, EmployeeId, Field, Fingerprint, Problem, ProblemCode, ReadRequest, Result, Snapshot,
    StandardField, Status, Tally, join_manager_emails, unseen_fields,
};

pub(crate) use custom::{asked_members, lacking, near, needs_lists, wanted};
pub(crate) use organisation::{Chosen, choose, count};

use crate::builder::StatusWords;
use crate::wire::{CustomField, CustomValue, Organisation, Person};
use person::Reader;

/// The vendor's name in configuration and reports.
pub(crate) const VENDOR: &str = "employmenthero";

/// The customer's own fields, and everybody's values by the person's id.
#[derive(Default)]
pub(crate) struct Customs {
    pub(crate) fields: Part<Vec<CustomField>>,
    pub(crate) values: HashMap<String, Part<Vec<CustomValue>>>,
}

/// Joins everything that was read into one snapshot.
///
/// # Errors
/// [`ErrorKind::Config`](hris_core::ErrorKind::Config) when a custom field is asked for by a name
/// that several have.
pub(crate) fn snapshot(
    people: Listed<Person>,
    customs: &Customs,
    chosen: &Chosen,
    detail: &Part<Organisation>,
    scopes: Option<BTreeSet<String>>,
    request: &ReadRequest,
    words: &StatusWords,
) -> Result<Snapshot> {
    let mut fingerprint = Fingerprint {
        organisation: Some(chosen.id.clone()),
        credential: chosen.visible(),
        scopes,
        ..Fingerprint::default()
    };
    let mut warnings = Tally::default();
    warnings.repeated(people.repeated.iter().filter(|repeated| !repeated.conflicting).count() as u64);
    let conflicting: HashSet<&str> = people
        .repeated
        .iter()
        .filter(|repeated| repeated.conflicting)
        .map(|repeated| &*repeated.id)
        .collect();
    let (doubt, is_weak) = (people.doubt(), people.is_weak());
    let reader = Reader::new(customs, request, words)?;
    let mut employees = Vec::with_capacity(people.rows.len());
    let mut aside: Vec<(EmployeeId, Problem)> = Vec::new();
    let mut unidentified = 0_u64;
    for person in people.rows {
        let Some(id) = person.notes.id.as_deref() else {
            unidentified += 1;
            continue;
        };
        if let Field::Value(status) = person.status.as_deref() {
            match fingerprint.statuses.get_mut(status) {
                Some(count) => *count += 1,
                None => drop(fingerprint.statuses.insert(status.to_owned(), 1)),
            }
        }
        if conflicting.contains(id) {
            if !aside.iter().any(|(known, _)| known.as_str() == id) {
                let words = "several different records have this id; ask Employment Hero to correct it";
                aside.push(set_aside(id, ProblemCode::DuplicateExternalId, words));
            }
        } else if person.notes.repeated {
            let words = "the record says the same thing twice, so none of it can be believed";
            aside.push(set_aside(id, ProblemCode::InvalidRecord, words));
        } else {
            employees.push(reader.employee(person, &mut warnings));
        }
    }
    reader.finish(&mut warnings);
    if request.wants(StandardField::ManagerEmail) {
        join_manager_emails(&mut employees);
    }
    let active = employees.iter().filter(|person| may_be_active(person)).count();
    let active = (active + aside.len()) as u64 + unidentified;
    let unseen = unseen_fields(&employees, request);
    let mut snapshot = Snapshot::new(VENDOR, employees)
        .with_fingerprint(fingerprint)
        .with_unsent(unseen)
        .weakly_proven(is_weak);
    if let Some(why) = doubt {
        snapshot = snapshot.without_absence(why);
    }
    for (id, problem) in aside {
        snapshot = snapshot.with_set_aside(id, problem);
    }
    for _ in 0..unidentified {
        let words = "a person's record without a usable id";
        snapshot = snapshot.with_unidentified(Problem::error(ProblemCode::MissingExternalId, words));
    }
    for problem in warnings.problems() {
        snapshot = snapshot.with_problem(problem);
    }
    Ok(compare(snapshot, active, detail))
}

/// Compares who is listed with whom the organisation says it has: a grant of an ordinary person
/// shows a part of them, and such a list looks whole.
fn compare(snapshot: Snapshot, active: u64, detail: &Part<Organisation>) -> Snapshot {
    let detail = match detail {
        Part::Read(detail) => detail,
        Part::Skipped => return snapshot,
        Part::Hidden(status) => {
            let words = format!(
                "how many people the organisation has may not be read (HTTP {status}), so a list that shows a part of \
                 them would not be noticed; grant organisations:show"
            );
            return snapshot.with_problem(Problem::warning(ProblemCode::NotPermitted, words));
        }
    };
    match hidden(snapshot.people(), Some(active), detail) {
        Some(why) => snapshot.with_hidden(why),
        None => snapshot,
    }
}

/// Why there may be people whom the grant does not see. Whether `employees_count` includes former people is not
/// known, nor whether those are listed. So it is compared with every row, and the active ones among them, where
/// they are known, with `active_employees_count`: with both in order, everybody active is seen whatever it means.
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

/// Whether Employment Hero may count a person as active: whoever has not left and is not pending in its own word.
/// What its other words count as is not known.
pub(crate) fn may_be_active(person: &Employee) -> bool {
    let is_pending = |word: &str| word.trim().eq_ignore_ascii_case("pending");
    person.status() != Status::Terminated && !person.raw_status().value().is_some_and(is_pending)
}

/// One person who was asked for by id.
///
/// # Errors
/// As [`snapshot`].
pub(crate) fn one(
    person: Person,
    customs: &Customs,
    request: &ReadRequest,
    words: &StatusWords,
) -> Result<Employee> {
    Ok(Reader::new(customs, request, words)?.employee(person, &mut Tally::default()))
}

/// The work e-mail in a record, by the same rule as everywhere.
pub(crate) fn email(person: &mut Person) -> Field<String> {
    person::email(person)
}

fn set_aside(id: &str, code: ProblemCode, words: &str) -> (EmployeeId, Problem) {
    let id = EmployeeId::from(id);
    let problem = Problem::error(code, words).employee(&id);
    (id, problem)
}
