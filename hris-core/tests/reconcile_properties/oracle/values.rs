//! Values as they are compared in these worlds.

use super::*;

/// Whether a decision made now would be on the same facts.
pub(super) fn is_fresh(world: &World, one: &Judgement) -> bool {
    world.users.iter().any(|user| user.id == one.user) && {
        let plain = World { judgements: Vec::new(), ..world.clone() };
        let now = plain.judged(one.employee.as_str(), one.user.as_str(), one.same);
        now.judgements[0].facts == one.facts
    }
}

/// One form for all texts of these worlds.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace("e\u{308}", "\u{eb}");
    if text.contains('@') { text.to_lowercase() } else { text }
}

pub(super) fn wanted(person: &Employee, field: &TargetField) -> Field<String> {
    let text = |value: Field<&str>| value.map(str::to_owned);
    match field {
        TargetField::ExternalId => Field::Value(person.id().to_string()),
        TargetField::EmployeeNumber => text(person.employee_number()),
        TargetField::Email => text(person.email()).map(|email| email.to_lowercase()),
        TargetField::GivenName => text(person.given_name()),
        TargetField::FamilyName => text(person.family_name()),
        TargetField::JobTitle => text(person.job_title()),
        TargetField::StartDate => person.start_date().map(|day| day.to_string()),
        TargetField::EndDate => person.end_date().map(|day| day.to_string()),
        _ => Field::NotProvided,
    }
}

pub(super) fn target(key: MatchKey) -> TargetField {
    match key {
        MatchKey::Email => TargetField::Email,
        MatchKey::EmployeeNumber => TargetField::EmployeeNumber,
        _ => TargetField::ExternalId,
    }
}

/// What these worlds have for nothing.
pub(super) fn says(value: String) -> Option<String> {
    Some(value).filter(|value| value != "N/A" && value != "0")
}

pub(super) fn key_of(person: &Employee, key: MatchKey) -> Option<String> {
    wanted(person, &target(key)).value().and_then(says)
}

pub(super) fn user_key(user: &User, key: MatchKey) -> Option<String> {
    user.value(&target(key)).map(plain).and_then(says)
}

pub(super) fn differs(person: &Employee, user: &User, field: &TargetField) -> Option<bool> {
    let (mine, theirs) = (says(wanted(person, field).value()?)?, says(user.value(field)?.to_owned())?);
    let name = matches!(field, TargetField::GivenName | TargetField::FamilyName);
    let shown = |text: &str| if name { plain(text).to_lowercase() } else { plain(text) };
    Some(shown(&mine) != shown(&theirs))
}

pub(super) fn is_recycled(person: &Employee, user: &User) -> bool {
    let known = |fields: [TargetField; 2]| -> Vec<bool> {
        fields.iter().filter_map(|field| differs(person, user, field)).collect()
    };
    let names = known([TargetField::GivenName, TargetField::FamilyName]);
    let others = known([TargetField::EmployeeNumber, TargetField::StartDate]);
    let enough = match differs(person, user, &TargetField::Email) {
        Some(false) => false,
        Some(true) => names.len() == 2 || names.len() + others.len() >= 2,
        None => names.len() == 2 && !others.is_empty(),
    };
    enough && names.iter().chain(&others).all(|new| *new)
}
