//! From Freshteam's records to the model: the one place that sees both.

mod contact;
mod need;
mod person;
mod status;

use std::collections::{HashMap, HashSet};

use hris_core::http::{Listed, Part};
use hris_core::{
    Date, Employee, EmployeeId, Field, Fingerprint, Problem, ProblemCode, ReadRequest, Result, Snapshot,
    SourceField, StandardField, Tally, join_manager_emails, no_such_custom_fields, unseen_fields,
};

pub(crate) use need::{DETAIL, Need, is_detail};
pub(crate) use status::has_left;

use crate::builder::Subdomain;
use crate::client::Resource;
use crate::wire::{FormField, Person, Unit};
use person::Reader;

/// The vendor's name in configuration and reports.
pub(crate) const VENDOR: &str = "freshteam";

/// What everybody who uses Freshteam should know.
pub(crate) const RETIRING: &str = "Freshworks retires Freshteam: renewals ended on 2026-06-07, and an account can be \
                                   read for 90 days after its subscription ends; connect the HR system that follows \
                                   it before then";

/// The lists of named units that were asked for, each as names by id.
#[derive(Default)]
pub(crate) struct Units(HashMap<Resource, Part<HashMap<String, String>>>);

impl Units {
    pub(crate) fn of(lists: HashMap<Resource, Part<Vec<Unit>>>) -> Self {
        // Deleted units stay: somebody may still be in one, and its name is better than its number.
        let named = |unit: Unit| Some((unit.notes.id?, unit.name.value()?));
        let names = |part| match part {
            Part::Read(units) => Part::Read(Vec::into_iter(units).filter_map(named).collect()),
            Part::Hidden(status) => Part::Hidden(status),
            Part::Skipped => Part::Skipped,
        };
        Self(lists.into_iter().map(|(of, part)| (of, names(part))).collect())
    }

    /// The name of the unit with this id. One that is not listed is called by its id.
    fn name(
        &self,
        of: Resource,
        id: &Field<String>,
        field: &'static str,
        person: &str,
        tally: &mut Tally,
    ) -> Field<String> {
        let Field::Value(unit) = id else { return id.clone() };
        match self.0.get(&of) {
            None | Some(Part::Skipped) => Field::NotProvided,
            Some(Part::Hidden(_)) => Field::NotPermitted,
            Some(Part::Read(names)) => match names.get(unit) {
                Some(name) => Field::Value(name.clone()),
                None => {
                    let words =
                        "is in a unit that is not among those that can be seen; its id is taken as its name";
                    tally.count(ProblemCode::UnmappedValue, field, words, person);
                    Field::Value(unit.clone())
                }
            },
        }
    }

    /// Says which lists may not be read.
    fn problems(&self) -> Vec<Problem> {
        let hidden = self.0.iter().filter_map(|(of, part)| Some((of.path(), part.hidden()?)));
        let mut hidden: Vec<(&str, u16)> = hidden.collect();
        hidden.sort_unstable();
        let problem = |(path, status)| {
            let words = format!(
                "{path} may not be read (HTTP {status}): give the key's user the role HR Partner or Admin; accounts \
                 keep what they have"
            );
            Problem::warning(ProblemCode::NotPermitted, words).field(path)
        };
        hidden.into_iter().map(problem).collect()
    }
}

/// Everybody in all listings, each once, and whose records contradict each other.
pub(crate) struct Crowd {
    rows: Vec<Person>,
    contradicted: HashSet<String>,
    repeated: u64,
    /// Why nobody's absence can be believed.
    doubt: Option<&'static str>,
    is_weak: bool,
}

impl Crowd {
    /// Joins listings that were read one after the other. Who is in several has moved meanwhile, and
    /// the record that was updated later counts. Where that cannot be told, none does.
    pub(crate) fn of(lists: Vec<Listed<Person>>) -> Self {
        let doubt = lists.iter().find_map(Listed::doubt);
        let is_weak = lists.iter().any(Listed::is_weak);
        let mut crowd = Self { rows: Vec::new(), contradicted: HashSet::new(), repeated: 0, doubt, is_weak };
        // Where each id stands, and in which listing it was seen first.
        let mut places: HashMap<String, (usize, usize)> = HashMap::new();
        for (number, list) in lists.into_iter().enumerate() {
            for repeated in list.repeated {
                if repeated.conflicting {
                    crowd.contradicted.insert(repeated.id);
                } else {
                    crowd.repeated += 1;
                }
            }
            for row in list.rows {
                let Some(id) = row.notes.id.clone() else {
                    crowd.rows.push(row);
                    continue;
                };
                match places.get(&id) {
                    Some((place, first)) if *first != number => crowd.meet(*place, row, id),
                    Some(_) => crowd.rows.push(row),
                    None => {
                        places.insert(id, (crowd.rows.len(), number));
                        crowd.rows.push(row);
                    }
                }
            }
        }
        crowd
    }

    /// Takes the later of two records of one person.
    fn meet(&mut self, place: usize, row: Person, id: String) {
        let Some(known) = self.rows.get_mut(place) else { return };
        if *known == row {
            return;
        }
        match (known.updated_at.as_deref().value(), row.updated_at.as_deref().value()) {
            (Some(before), Some(after)) if before < after => *known = row,
            (Some(before), Some(after)) if before > after => {}
            _ => drop(self.contradicted.insert(id)),
        }
    }

    /// Those whose own records are worth a request: everybody usable who has not left.
    pub(crate) fn employed(&self, today: Date) -> Vec<EmployeeId> {
        let usable = self.rows.iter().filter(|row| !has_left(row, today) && !row.notes.repeated);
        let ids = usable.filter_map(|row| row.notes.id.as_deref());
        ids.filter(|id| !self.contradicted.contains(*id)).map(EmployeeId::from).collect()
    }
}

/// Joins everything that was read into one snapshot.
///
/// # Errors
/// `Config` when a custom field is asked for and nobody's record has it.
pub(crate) fn snapshot(
    crowd: Crowd,
    mut details: HashMap<EmployeeId, Person>,
    units: &Units,
    need: &Need<'_>,
    subdomain: &Subdomain,
    request: &ReadRequest,
) -> Result<Snapshot> {
    // Freshteam tells no id of the account, and nothing about the key.
    let organisation = Some(subdomain.as_str().to_owned());
    let mut fingerprint = Fingerprint { organisation, ..Fingerprint::default() };
    let mut tally = Tally::default();
    tally.say(Problem::warning(ProblemCode::SourceRetiring, RETIRING));
    units.problems().into_iter().for_each(|problem| tally.say(problem));
    tally.repeated(crowd.repeated);
    let records = details.len();
    let mut reader = Reader::new(units, need, request);
    let mut employees = Vec::with_capacity(crowd.rows.len());
    let mut aside: Vec<(EmployeeId, Problem)> = Vec::new();
    let mut unidentified = 0_u64;
    for row in crowd.rows {
        let Some(id) = row.notes.id.as_deref().map(EmployeeId::from) else {
            unidentified += 1;
            continue;
        };
        if let Field::Value(status) = row.status.as_deref() {
            *fingerprint.statuses.entry(status.to_ascii_lowercase()).or_default() += 1;
        }
        fingerprint.places.extend(row.branch.as_deref().value().map(str::to_owned));
        if crowd.contradicted.contains(id.as_str()) {
            if !aside.iter().any(|(known, _)| *known == id) {
                let words =
                    "different records have this id and none says that it is the later one; nothing is done";
                aside.push(set_aside(id, ProblemCode::DuplicateExternalId, words));
            }
        } else if row.notes.repeated {
            let words = "the record says the same thing twice, so none of it can be believed";
            aside.push(set_aside(id, ProblemCode::InvalidRecord, words));
        } else {
            let detail = details.remove(&id);
            employees.push(reader.employee(row, detail, &mut tally));
        }
    }
    if records > 0 {
        let unseen = reader.unseen_customs();
        let unseen: Vec<_> =
            unseen.into_iter().map(|(key, near)| (SourceField::CustomName(key.to_owned()), near)).collect();
        let lacking = unseen.iter().map(|(field, near)| (field, near.clone()));
        let error = no_such_custom_fields(lacking);
        error.map_or(Ok(()), Err)?;
    }
    if request.wants(StandardField::ManagerEmail) {
        join_manager_emails(&mut employees);
    }
    let unseen = unseen_fields(&employees, request);
    let mut snapshot = Snapshot::new(VENDOR, employees)
        .with_fingerprint(fingerprint)
        .with_unsent(unseen)
        .weakly_proven(crowd.is_weak);
    if let Some(why) = crowd.doubt {
        snapshot = snapshot.without_absence(why);
    }
    for (id, problem) in aside {
        snapshot = snapshot.with_set_aside(id, problem);
    }
    for _ in 0..unidentified {
        let words = "a person's record without a usable id";
        snapshot = snapshot.with_unidentified(Problem::error(ProblemCode::MissingExternalId, words));
    }
    for problem in tally.problems() {
        snapshot = snapshot.with_problem(problem);
    }
    Ok(snapshot)
}

/// One person who was asked for by id: the answer is the whole record.
pub(crate) fn one(person: Person, units: &Units, need: &Need<'_>, request: &ReadRequest) -> Employee {
    Reader::new(units, need, request).whole(person, &mut Tally::default())
}

/// Whether a row of `/employee_fields` is a field of the customer's own.
pub(crate) fn is_custom(row: &FormField) -> bool {
    row.built_in == Field::Value(false)
        && row.deleted != Field::Value(true)
        && row.kind.as_deref() != Field::Value("field_group")
}

fn set_aside(id: EmployeeId, code: ProblemCode, words: &str) -> (EmployeeId, Problem) {
    let problem = Problem::error(code, words).employee(&id);
    (id, problem)
}
