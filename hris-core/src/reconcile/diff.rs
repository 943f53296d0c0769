//! What of an account differs from what its person should have.

use super::coverage::Lost;
use super::inputs::Inputs;
use super::learned::Learned;
use super::manager::Managers;
use super::plan::Change;
use crate::{Field, Link, TargetField, User};

/// The differing fields of one pair.
#[derive(Debug, Default)]
pub(super) struct Differences {
    pub(super) changes: Vec<Change>,
    /// Fields whose value is gone in the source and that the target cannot take away.
    pub(super) unclearable: Vec<TargetField>,
    /// The e-mail address is gone in the source; an account always keeps one.
    pub(super) email_gone: bool,
    /// Fields that differ and that the target takes only when an account is made.
    pub(super) fixed: Vec<TargetField>,
    /// Fields that the target keeps in a form of its own.
    pub(super) own_form: Vec<TargetField>,
    /// Fields into which somebody keeps putting back what was there.
    pub(super) worn_out: Vec<TargetField>,
}

pub(super) fn differences(
    inputs: &Inputs<'_>,
    lost: &Lost,
    managers: &Managers,
    row: usize,
    (user, link): (&User, Option<&Link>),
    follows: &impl Fn(&TargetField) -> bool,
) -> Differences {
    let mut found = Differences::default();
    for (column, target) in inputs.desired.targets().enumerate() {
        if !lost.fields.is_empty() && lost.fields.contains_key(&target.to_string()) {
            // Whatever stands there now is a default or nothing, not what the source knows.
            continue;
        }
        if !follows(target) || !inputs.target.keeps(target) {
            continue;
        }
        let wanted = managers.wanted(inputs, row, (column, target));
        let current = user.value(target);
        let learned = link.and_then(|link| link.learned.get(target));
        let says = |told: fn(&Learned, &TargetField, Option<&str>, Option<&str>) -> bool| {
            let wanted = wanted.is_visible().then(|| wanted.value());
            learned.zip(wanted).is_some_and(|(learned, wanted)| told(learned, target, wanted, current))
        };
        match (wanted, current) {
            (Field::Value(wanted), Some(current)) if inputs.desired.agrees(column, wanted, current) => {}
            (Field::Cleared, None) => {}
            _ if says(Learned::is_own_form) => found.own_form.push(target.clone()),
            _ if says(Learned::is_worn_out) => found.worn_out.push(target.clone()),
            (Field::Value(_) | Field::Cleared, _) if !inputs.target.changes(target) => {
                found.fixed.push(target.clone());
            }
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
                target if !inputs.target.clears(target) => found.unclearable.push(target.clone()),
                target => found.changes.push(Change::new(target.clone(), Some(current.to_owned()), None)),
            },
            (Field::NotPermitted | Field::NotProvided, _) => {}
        }
    }
    found
}

/// Every value of a person, for an account that is yet to be made.
pub(super) fn values(inputs: &Inputs<'_>, managers: &Managers, row: usize) -> Vec<Change> {
    let values = inputs.desired.targets().enumerate().filter_map(|(column, target)| {
        let wanted = managers.wanted(inputs, row, (column, target));
        wanted.value().map(|value| Change::new(target.clone(), None, Some(value.to_owned())))
    });
    values.collect()
}
