//! Permission level, locations and areas: given by rule, taken back only if this connection gave
//! them and the mode says `exact`.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::AssignmentChange;
use super::policy::{AreaSource, AssignmentMode, Assignments};
use crate::{Assignment, AssignmentKind, Employee, Field, Link, StandardField, User, canon};

/// What the source gives to a person.
#[derive(Debug, Default)]
pub(super) struct Given<'r> {
    /// The permission level, and whether a rule names it (or it is the default).
    role: Option<(&'r str, bool)>,
    /// Locations and areas.
    assignments: BTreeSet<Assignment>,
    /// Kinds about which the source said nothing: nothing of them may be taken back.
    unseen: BTreeSet<AssignmentKind>,
    /// Kinds of which a value is in no rule: it may be a new word for the same thing, so nothing of them may
    /// be taken back either.
    unnamed: BTreeSet<AssignmentKind>,
}

impl<'r> Given<'r> {
    pub(super) fn to(person: &Employee, rules: &'r Assignments) -> Self {
        let mut given = Self::default();
        given.role(person, rules);
        if !rules.locations.is_empty() {
            let location = person.location().map(|location| vec![location.to_owned()]);
            given.list(AssignmentKind::Location, location, &rules.locations);
        }
        if !rules.areas.is_empty() {
            let areas = match rules.areas_from {
                AreaSource::Department => person.department().map(|department| vec![department.to_owned()]),
                AreaSource::Groups => person.groups().map(<[String]>::to_vec),
                AreaSource::Teams => person.teams().map(<[String]>::to_vec),
            };
            given.list(AssignmentKind::Area, areas, &rules.areas);
        }
        given
    }

    /// Takes what the source says about these kinds for not said: it showed more last time.
    pub(super) fn hide(&mut self, kinds: &BTreeSet<AssignmentKind>) {
        self.unseen.extend(kinds);
    }

    fn role(&mut self, person: &Employee, rules: &'r Assignments) {
        let sources = [StandardField::AccessRole, StandardField::JobTitle];
        let texts = sources.map(|field| person.text(field));
        let named = texts.iter().find_map(|text| text.value().and_then(|text| look_up(&rules.roles, text)));
        if named.is_none() && !rules.roles.is_empty() {
            // A level that no rule names for this person is not taken for a lower one.
            let hidden = texts.iter().any(|text| matches!(text, Field::NotPermitted));
            let words = texts.iter().any(Field::is_value) && !hidden;
            let kinds = if words { &mut self.unnamed } else { &mut self.unseen };
            kinds.insert(AssignmentKind::Role);
        }
        self.role = match named {
            Some(role) => Some((role, true)),
            None => rules.default_role.as_deref().map(|role| (role, false)),
        };
    }

    fn list(&mut self, kind: AssignmentKind, values: Field<Vec<String>>, rules: &BTreeMap<String, String>) {
        match values {
            Field::Value(values) => {
                for value in values {
                    match look_up(rules, &value) {
                        Some(value) => {
                            self.assignments.insert(Assignment { kind, value: value.to_owned() });
                        }
                        None => {
                            self.unnamed.insert(kind);
                        }
                    }
                }
            }
            Field::Cleared => {}
            Field::NotPermitted | Field::NotProvided => {
                self.unseen.insert(kind);
            }
        }
    }

    /// Everything, for an account that is yet to be made.
    pub(super) fn all(&self) -> Vec<AssignmentChange> {
        let role = self.role.iter().map(|(role, _)| Assignment::new(AssignmentKind::Role, *role));
        let mut all: Vec<AssignmentChange> = role
            .chain(self.assignments.iter().cloned())
            .map(|assignment| AssignmentChange::new(assignment, true))
            .collect();
        all.sort_unstable();
        all
    }

    /// Whether nothing of a kind may be taken back.
    fn keeps(&self, kind: AssignmentKind) -> bool {
        self.unseen.contains(&kind) || self.unnamed.contains(&kind)
    }

    /// The kinds of which the person has a word that no rule names, where somebody should know: a place or an
    /// area is missing, or a level stays that a rule once gave.
    pub(super) fn unnamed(
        &self,
        user: Option<&User>,
        link: Option<&Link>,
        rules: &Assignments,
    ) -> impl Iterator<Item = AssignmentKind> {
        let level = user
            .and_then(|user| user.role.as_deref())
            .filter(|level| rules.default_role.as_deref() != Some(level));
        let ours = |level: &str| {
            let assignment = Assignment { kind: AssignmentKind::Role, value: level.to_owned() };
            link.is_some_and(|link| link.granted.contains(&assignment))
        };
        let stays = level.is_some_and(ours);
        self.unnamed.iter().copied().filter(move |kind| *kind != AssignmentKind::Role || stays)
    }

    /// What an existing account lacks and, in `exact` mode, what it no longer should have of what
    /// this connection gave. A protected account is never stripped.
    pub(super) fn changes(
        &self,
        user: &User,
        link: Option<&Link>,
        rules: &Assignments,
        protected: bool,
    ) -> Vec<AssignmentChange> {
        let mut changes = Vec::new();
        let exact = rules.mode == AssignmentMode::Exact && !protected;
        let ours = |assignment: &Assignment| link.is_some_and(|link| link.granted.contains(assignment));
        if let Some((role, named)) = &self.role {
            let level = |value: &str| Assignment { kind: AssignmentKind::Role, value: value.to_owned() };
            let replaces = match user.role.as_deref() {
                None => true,
                Some(current) if current == *role => false,
                // The base level gives way to a named one: that adds. Any other exchange takes
                // something away, which only `exact` may do, and only to what we gave.
                Some(current) if *named && rules.default_role.as_deref() == Some(current) => true,
                Some(current) => exact && !self.keeps(AssignmentKind::Role) && ours(&level(current)),
            };
            if replaces {
                changes.push(AssignmentChange::new(level(role), true));
            }
        }
        let missing = self.assignments.difference(&user.assignments);
        changes.extend(missing.map(|assignment| AssignmentChange::new(assignment.clone(), true)));
        if exact {
            let surplus = user.assignments.difference(&self.assignments);
            let surplus = surplus.filter(|assignment| ours(assignment) && !self.keeps(assignment.kind));
            changes.extend(surplus.map(|assignment| AssignmentChange::new(assignment.clone(), false)));
        }
        changes.sort_unstable();
        changes
    }
}

/// What this connection gave to an account and the account has no more.
pub(super) fn taken(user: &User, link: &Link) -> BTreeSet<Assignment> {
    let has = |assignment: &Assignment| match assignment.kind {
        AssignmentKind::Role => user.role.as_deref() == Some(assignment.value.as_str()),
        _ => user.assignments.contains(assignment),
    };
    link.granted.iter().filter(|assignment| !has(assignment)).cloned().collect()
}

/// Per kind that the rules speak of, how many people have something in the source to go by.
pub(super) fn filled(people: &[Employee], rules: &Assignments) -> Vec<(AssignmentKind, u64)> {
    let areas = |person: &Employee| match rules.areas_from {
        AreaSource::Department => person.department().is_value(),
        AreaSource::Groups => person.groups().value().is_some_and(|groups| !groups.is_empty()),
        AreaSource::Teams => person.teams().value().is_some_and(|teams| !teams.is_empty()),
    };
    let role = |person: &Employee| {
        [StandardField::AccessRole, StandardField::JobTitle]
            .iter()
            .any(|field| person.text(*field).is_value())
    };
    let location = |person: &Employee| person.location().is_value();
    let count = |has: &dyn Fn(&Employee) -> bool| people.iter().filter(|person| has(person)).count() as u64;
    let mut filled = Vec::new();
    if !rules.areas.is_empty() {
        filled.push((AssignmentKind::Area, count(&areas)));
    }
    if !rules.locations.is_empty() {
        filled.push((AssignmentKind::Location, count(&location)));
    }
    if !rules.roles.is_empty() {
        filled.push((AssignmentKind::Role, count(&role)));
    }
    filled
}

/// The rule for a value: the exact one, else the one that is the same word in other characters.
fn look_up<'a>(rules: &'a BTreeMap<String, String>, value: &str) -> Option<&'a str> {
    if rules.is_empty() {
        return None;
    }
    let folded = || {
        let wanted = canon::word(value);
        rules.iter().find(|(key, _)| canon::word(key) == wanted).map(|(_, value)| value)
    };
    rules.get(value).or_else(folded).map(String::as_str)
}
