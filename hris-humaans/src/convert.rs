//! From Humaans' records to the model: the one place that sees both.

mod custom;
mod person;
mod role;

use std::collections::{BTreeSet, HashMap, HashSet};

use hris_core::http::{Listed, Part};
use hris_core::{
    Date, Employee, EmployeeId, Error, ErrorKind, Field, Fingerprint, Problem, ProblemCode, ReadRequest,
    Result, Snapshot, StandardField, Tally, join_manager_emails, unseen_fields,
};

pub(crate) use custom::{Customs, asked_members, is_sensitive, lacking, near, needs_lists, wanted};

use crate::builder::LastDay;
use crate::client::People;
use crate::requirements::PRIVATE_READ;
use crate::wire::{CustomField, CustomValue, JobRole, Location, Person, TokenInfo};
use person::Reader;
use role::Roles;

/// The vendor's name in configuration and reports.
pub(crate) const VENDOR: &str = "humaans";

/// The lists beside the people.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) roles: Part<Vec<JobRole>>,
    pub(crate) locations: Part<Vec<Location>>,
    pub(crate) custom_fields: Part<Vec<CustomField>>,
    pub(crate) custom_values: Part<Vec<CustomValue>>,
}

/// Who asks: the token and its maker, as far as Humaans tells.
#[derive(Default)]
pub(crate) struct Identity {
    pub(crate) token: Option<TokenInfo>,
    pub(crate) me: Option<Person>,
}

impl Identity {
    /// The token's scopes; none where Humaans does not tell them as a list of texts.
    pub(crate) fn scopes(&self) -> Option<BTreeSet<String>> {
        let told = self.token.as_ref()?.scopes.as_deref().value()?;
        serde_json::from_str(told).ok().filter(|scopes: &BTreeSet<String>| !scopes.is_empty())
    }

    /// The company's id.
    pub(crate) fn company(&self) -> Option<&str> {
        self.me.as_ref()?.company.as_deref().value()
    }

    fn maker(&self) -> Option<&str> {
        let token = self.token.as_ref().and_then(|token| token.person.as_deref().value());
        token.or_else(|| self.me.as_ref()?.notes.id.as_deref())
    }

    fn lacks_private(&self) -> bool {
        self.scopes().is_some_and(|scopes| !scopes.contains(PRIVATE_READ))
    }
}

/// Joins everything that was read into one snapshot.
///
/// # Errors
/// [`ErrorKind::Mismatch`] when people of another company are among them; [`ErrorKind::Config`]
/// when a custom field is asked for by a name that several have.
pub(crate) fn snapshot(
    people: People,
    lists: &Lists,
    identity: &Identity,
    request: &ReadRequest,
    last_day: LastDay,
) -> Result<Snapshot> {
    let hidden = people.hidden;
    let unfiltered = people.unfiltered;
    let doubt = people.lists.iter().find_map(Listed::doubt);
    let is_weak = people.lists.iter().any(Listed::is_weak);
    let crowd = Crowd::of(people.lists);
    let organisation = organisation(&crowd.rows, identity)?;
    let mut fingerprint = Fingerprint {
        organisation,
        credential: identity.maker().map(str::to_owned),
        role: identity.me.as_ref().and_then(|me| me.role.as_deref().value().map(str::to_owned)),
        scopes: identity.scopes(),
        ..Fingerprint::default()
    };
    let mut warnings = Tally::default();
    warnings.repeated(crowd.repeated);
    let mut reader = Reader::new(lists, request, last_day)?;
    let mut employees = Vec::with_capacity(crowd.rows.len());
    let mut aside: Vec<(EmployeeId, Problem)> = Vec::new();
    let mut unidentified = 0_u64;
    for person in crowd.rows {
        let Some(id) = person.notes.id.as_deref() else {
            unidentified += 1;
            continue;
        };
        if let Some(status) = person.status.as_deref().value() {
            match fingerprint.statuses.get_mut(status) {
                Some(count) => *count += 1,
                None => drop(fingerprint.statuses.insert(status.to_owned(), 1)),
            }
        }
        if crowd.conflicting.contains(id) {
            if !aside.iter().any(|(known, _)| known.as_str() == id) {
                let words = "several different records have this id; correct it in Humaans";
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
    if identity.lacks_private() {
        distrust_empty_fields(&mut employees);
    }
    let unseen = unseen_fields(&employees, request);
    let mut snapshot = Snapshot::new(VENDOR, employees).with_fingerprint(fingerprint);
    snapshot =
        if identity.lacks_private() { snapshot.with_unseen(unseen) } else { snapshot.with_unsent(unseen) };
    for (id, problem) in aside {
        snapshot = snapshot.with_set_aside(id, problem);
    }
    for _ in 0..unidentified {
        let words = "a person's record without a usable id";
        snapshot = snapshot.with_unidentified(Problem::error(ProblemCode::MissingExternalId, words));
    }
    for status in hidden {
        let words = format!(
            "people of status {status} may not be listed; grant the token's maker the right to see them"
        );
        snapshot = snapshot.with_problem(Problem::warning(ProblemCode::NotPermitted, words));
    }
    for problem in warnings.problems() {
        snapshot = snapshot.with_problem(problem);
    }
    snapshot = snapshot.weakly_proven(is_weak);
    if let Some(why) = doubt {
        snapshot = snapshot.without_absence(why);
    }
    if unfiltered {
        snapshot = snapshot.without_absence(
            "people were listed without the status filter, so nobody knows whom the list leaves out",
        );
    }
    Ok(snapshot)
}

/// One person who was asked for by id.
///
/// # Errors
/// As [`snapshot`].
pub(crate) fn one(
    person: Person,
    lists: &Lists,
    request: &ReadRequest,
    last_day: LastDay,
) -> Result<Employee> {
    Ok(Reader::new(lists, request, last_day)?.employee(person, &mut Tally::default()))
}

/// The manager whom these lists give to a person.
pub(crate) fn manager(person: &Person, lists: &Lists, today: Date) -> Option<EmployeeId> {
    let roles = Roles::new(&lists.roles, today);
    roles.of(person).manager.value().map(EmployeeId::from)
}

/// Everybody in one list, and whose records contradict each other.
struct Crowd {
    rows: Vec<Person>,
    conflicting: HashSet<String>,
    repeated: u64,
}

impl Crowd {
    fn of(lists: Vec<Listed<Person>>) -> Self {
        let mut crowd = Self { rows: Vec::new(), conflicting: HashSet::new(), repeated: 0 };
        let several = lists.len() > 1;
        let mut places: HashMap<String, usize> = HashMap::new();
        for list in lists {
            for repeated in list.repeated {
                if repeated.conflicting {
                    crowd.conflicting.insert(repeated.id);
                } else {
                    crowd.repeated += 1;
                }
            }
            if !several {
                crowd.rows = list.rows;
                continue;
            }
            for row in list.rows {
                let id = row.notes.id.as_deref().unwrap_or_default();
                let known = places.get(id).and_then(|place| crowd.rows.get(*place));
                if known.is_some_and(|known| *known == row) {
                    continue;
                }
                if known.is_some() {
                    crowd.conflicting.insert(id.to_owned());
                } else if !id.is_empty() {
                    places.insert(id.to_owned(), crowd.rows.len());
                }
                crowd.rows.push(row);
            }
        }
        crowd
    }
}

/// The one company that all this belongs to.
fn organisation(people: &[Person], identity: &Identity) -> Result<Option<String>> {
    let mut company = identity.company();
    for seen in people.iter().filter_map(|person| person.company.as_deref().value()) {
        match company {
            None => company = Some(seen),
            Some(known) if known == seen => {}
            Some(_) => {
                let words = "list people: some belong to another company than the token";
                return Err(Error::new(ErrorKind::Mismatch, words));
            }
        }
    }
    Ok(company.map(str::to_owned))
}

fn set_aside(id: &str, code: ProblemCode, words: &str) -> (EmployeeId, Problem) {
    let id = EmployeeId::from(id);
    let problem = Problem::error(code, words).employee(&id);
    (id, problem)
}

/// A token that may not see private data may be shown `null` in its place. So a field that nobody
/// has a value for is taken as hidden, not as empty.
fn distrust_empty_fields(employees: &mut [Employee]) {
    for field in StandardField::ALL {
        if !employees.iter().any(|person| person.text(*field).is_value()) {
            for person in employees.iter_mut().filter(|person| person.text(*field) == Field::Cleared) {
                person.put(*field, Field::NotPermitted);
            }
        }
        if !employees.iter().any(|person| person.date(*field).is_value()) {
            for person in employees.iter_mut().filter(|person| person.date(*field) == Field::Cleared) {
                person.put_date(*field, Field::NotPermitted);
            }
        }
    }
}
