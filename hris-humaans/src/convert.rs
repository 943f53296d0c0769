//! From Humaans' records to the model: the one place that sees both.

mod custom;
mod person;
mod role;

use std::collections::BTreeSet;

use hris_core::connector::{Assembly, CustomField};
use hris_core::http::Part;
use hris_core::{Error, ErrorKind, Fingerprint, Problem, ProblemCode, ReadRequest, Result, Snapshot};

pub(crate) use custom::{asked_members, defined, meant, needs_lists};
pub(crate) use person::Reader;

use crate::config::DEFAULTS;
use crate::requirements::PRIVATE_READ;
use crate::source::People;
use crate::wire::{CustomValue, JobRole, Location, Person, TokenInfo};

/// The lists beside the people.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) roles: Part<Vec<JobRole>>,
    pub(crate) locations: Part<Vec<Location>>,
    pub(crate) custom_fields: Part<Vec<CustomField>>,
    pub(crate) custom_values: Part<Vec<CustomValue>>,
}

/// The token and its owner, as far as Humaans shows them.
#[derive(Default)]
pub(crate) struct Identity {
    pub(crate) token: Option<TokenInfo>,
    pub(crate) me: Option<Person>,
}

impl Identity {
    /// The token's scopes. `None` where Humaans does not list them as texts.
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

/// Makes one snapshot of everything that was read.
///
/// # Errors
/// [`ErrorKind::Mismatch`] when people of another company are among them.
pub(crate) fn snapshot(
    people: People,
    mut reader: Reader<'_>,
    identity: &Identity,
    request: &ReadRequest,
) -> Result<Snapshot> {
    let mut assembly = Assembly::new(DEFAULTS.vendor, DEFAULTS.title, request);
    assembly.fingerprint = Fingerprint {
        organisation: organisation(people.crowd.rows(), identity)?,
        credential: identity.maker().map(str::to_owned),
        role: identity.me.as_ref().and_then(|me| me.role.as_deref().value().map(str::to_owned)),
        scopes: identity.scopes(),
        ..Fingerprint::default()
    };
    assembly.convert(
        people.crowd,
        |person| person.status.as_deref().value(),
        |person, tally| reader.employee(person, tally),
    );
    reader.finish(&mut assembly.tally);
    for status in people.hidden {
        let words = format!(
            "people of status {status} may not be listed; grant the token's owner the right to see them"
        );
        assembly.tally.say(Problem::warning(ProblemCode::NotPermitted, words));
    }
    if identity.lacks_private() {
        // A token that may not see private data may be shown `null` in its place.
        assembly.distrust_empty_fields();
    }
    if people.unfiltered {
        assembly.doubt_absence(
            "people were listed without the status filter, so it is unknown which people the list leaves out",
        );
    }
    Ok(assembly.finish())
}

/// The company of all these records.
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
