//! From Freshteam's records to the model: the one place that sees both.

mod contact;
mod need;
mod person;
mod status;

use std::collections::{BTreeMap, HashMap};

use hris_core::connector::{Assembly, Crowd, Names};
use hris_core::http::Part;
use hris_core::{
    Employee, EmployeeId, Field, Problem, ProblemCode, ReadRequest, Result, Snapshot, Tally,
    no_such_custom_fields,
};

pub(crate) use need::{DETAIL, Need, is_detail};
pub(crate) use status::has_left;

use crate::config::{DEFAULTS, Subdomain};
use crate::lists::Resource;
use crate::wire::{FormField, Person, Unit};
use person::Reader;

/// The warning that every user of Freshteam gets.
pub(crate) const RETIRING: &str = "Freshworks retires Freshteam: renewals ended on 2026-06-07, and an account can be \
                                   read for 90 days after its subscription ends; connect the HR system that follows \
                                   it before then";

/// The lists of named units that were asked for.
#[derive(Default)]
pub(crate) struct Units(BTreeMap<Resource, Names>);

impl Units {
    pub(crate) fn of(lists: Vec<(Resource, Part<Vec<Unit>>)>) -> Self {
        // Deleted units stay, because a person may still be in one, and its name is better than its number.
        fn named(unit: &Unit) -> Option<(&str, String)> {
            Some((unit.notes.id.as_deref()?, unit.name.clone().value()?))
        }
        Self(lists.into_iter().map(|(of, part)| (of, Names::of(&part, named))).collect())
    }

    /// The name of the unit with this id. An unlisted unit is called by its id.
    fn name(
        &self,
        of: Resource,
        id: &Field<String>,
        field: &'static str,
        person: &str,
        tally: &mut Tally,
    ) -> Field<String> {
        self.0.get(&of).unwrap_or(&Names::default()).name(id, |unit| {
            let words = "is in a unit that is not visible; its id is taken as its name";
            tally.count(ProblemCode::UnmappedValue, field, words, person);
            Field::Value(unit.to_owned())
        })
    }

    /// Says which lists may not be read.
    fn problems(&self) -> Vec<Problem> {
        let hidden = self.0.iter().filter_map(|(of, part)| Some((of.0, part.hidden()?)));
        let problem = |(path, status)| {
            let words = format!(
                "{path} may not be read (HTTP {status}): give the key's user the role HR Partner or Admin; accounts \
                 keep what they have"
            );
            Problem::warning(ProblemCode::NotPermitted, words).field(path)
        };
        hidden.map(problem).collect()
    }
}

/// Makes one snapshot of everything that was read.
///
/// # Errors
/// `Config` when a custom field is asked for and nobody's record has it.
pub(crate) fn snapshot(
    crowd: Crowd<Person>,
    mut details: HashMap<EmployeeId, Person>,
    units: &Units,
    need: &Need<'_>,
    subdomain: &Subdomain,
    request: &ReadRequest,
) -> Result<Snapshot> {
    let mut assembly = Assembly::new(DEFAULTS.vendor, DEFAULTS.title, request);
    // Freshteam sends no id of the account, and nothing about the key.
    assembly.fingerprint.organisation = Some(subdomain.as_str().to_owned());
    let places = crowd.rows().iter().filter_map(|row| row.branch.as_deref().value());
    assembly.fingerprint.places = places.map(str::to_owned).collect();
    assembly.tally.say(Problem::warning(ProblemCode::SourceRetiring, RETIRING));
    units.problems().into_iter().for_each(|problem| assembly.tally.say(problem));
    let records = details.len();
    let mut reader = Reader::new(units, need, request);
    assembly.convert(
        crowd,
        |row| row.status.as_deref().value(),
        |row, tally| {
            let detail = row.notes.id.as_deref().and_then(|id| details.remove(id));
            reader.employee(row, detail, tally)
        },
    );
    if records > 0 {
        let unseen = reader.unseen_customs();
        let lacking = unseen.iter().map(|(field, near)| (field, near.clone()));
        no_such_custom_fields(lacking).map_or(Ok(()), Err)?;
    }
    Ok(assembly.finish())
}

/// One person who was asked for by id: the answer is the whole record.
pub(crate) fn one(person: Person, units: &Units, need: &Need<'_>, request: &ReadRequest) -> Employee {
    Reader::new(units, need, request).whole(person, &mut Tally::default())
}

/// Whether a row of `/employee_fields` is a custom field.
pub(crate) fn is_custom(row: &FormField) -> bool {
    row.built_in == Field::Value(false)
        && row.deleted != Field::Value(true)
        && row.kind.as_deref() != Field::Value("field_group")
}
