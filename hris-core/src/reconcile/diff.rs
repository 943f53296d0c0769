//! What of an account differs from what its person should have.

use super::coverage::Lost;
use super::inputs::Inputs;
use super::manager::Managers;
use super::plan::Change;
use crate::{Field, TargetField, User, canon};

/// The differing fields of one pair.
#[derive(Debug, Default)]
pub(super) struct Differences {
    pub(super) changes: Vec<Change>,
    /// Fields whose value is gone in the source and that the target cannot take away.
    pub(super) unclearable: Vec<TargetField>,
    /// The e-mail address is gone in the source; an account always keeps one.
    pub(super) email_gone: bool,
}

pub(super) fn differences(
    inputs: &Inputs<'_>,
    lost: &Lost,
    managers: &Managers,
    row: usize,
    user: &User,
    follows: &impl Fn(&TargetField) -> bool,
) -> Differences {
    let mut found = Differences::default();
    let columns = inputs.desired.targets().zip(inputs.desired.row(row)).enumerate();
    for (column, (target, cell)) in columns {
        if !lost.fields.is_empty() && lost.fields.contains_key(&target.to_string()) {
            // Whatever stands there now is a default or nothing, not what the source knows.
            continue;
        }
        if !follows(target) || inputs.target.unkept.contains(target) {
            continue;
        }
        let wanted = match cell.as_deref() {
            _ if inputs.desired.is_reference(column) => managers.external_id(inputs, row),
            wanted => wanted,
        };
        let current = user.value(target);
        match (wanted, current) {
            (Field::Value(wanted), Some(current)) if canon::same(target, wanted, current) => {}
            (Field::Value(wanted), current) => {
                found.changes.push(Change::new(
                    target.clone(),
                    current.map(str::to_owned),
                    Some(wanted.to_owned()),
                ));
            }
            (Field::Cleared, Some(current)) => match target {
                TargetField::Email => found.email_gone = true,
                TargetField::ExternalId => {}
                target if inputs.target.unclearable.contains(target) => {
                    found.unclearable.push(target.clone())
                }
                target => found.changes.push(Change::new(target.clone(), Some(current.to_owned()), None)),
            },
            (Field::Cleared, None) | (Field::NotPermitted | Field::NotProvided, _) => {}
        }
    }
    found
}

/// Every value of a person, for an account that is yet to be made.
pub(super) fn values(inputs: &Inputs<'_>, managers: &Managers, row: usize) -> Vec<Change> {
    let columns = inputs.desired.targets().zip(inputs.desired.row(row)).enumerate();
    let values = columns.filter_map(|(column, (target, cell))| {
        let wanted = match cell.as_deref() {
            _ if inputs.desired.is_reference(column) => managers.external_id(inputs, row),
            wanted => wanted,
        };
        wanted.value().map(|value| Change::new(target.clone(), None, Some(value.to_owned())))
    });
    values.collect()
}

/// Whether a known id now belongs to somebody else: number, name, e-mail and start date are all
/// new, as far as both sides have them, and at least three of them are there, the e-mail among them.
pub(super) fn is_recycled(inputs: &Inputs<'_>, row: usize, user: &User) -> bool {
    let differs = |field: &TargetField| match (inputs.desired.value(row, field), user.value(field)) {
        (Field::Value(wanted), Some(current)) => Some(!canon::same(field, wanted, current)),
        _ => None,
    };
    // The e-mail is looked at first, since it is the same for nearly everybody.
    if differs(&TargetField::Email) != Some(true) {
        return false;
    }
    let name = match (differs(&TargetField::GivenName), differs(&TargetField::FamilyName)) {
        (Some(given), Some(family)) => Some(given && family),
        (one, other) => one.or(other),
    };
    let others = [differs(&TargetField::EmployeeNumber), name, differs(&TargetField::StartDate)];
    let known = others.iter().flatten().count();
    known >= 2 && others.iter().flatten().all(|differs| *differs)
}
