//! Which of a person's job roles counts.

use std::cmp::Ordering;
use std::collections::HashMap;

use hris_core::http::Part;
use hris_core::{Date, Field, wire};

use crate::wire::{JobRole, Person};

/// The job role of each person that counts today.
pub(super) struct Roles<'a> {
    current: HashMap<&'a str, &'a JobRole>,
    /// The list may not be seen.
    hidden: bool,
    skipped: bool,
}

/// What a person's job role says.
#[derive(Default)]
pub(super) struct Job {
    pub(super) title: Field<String>,
    pub(super) department: Field<String>,
    pub(super) manager: Field<String>,
}

impl<'a> Roles<'a> {
    pub(super) fn new(roles: &'a Part<Vec<JobRole>>, today: Date) -> Self {
        let list = roles.read().map_or(&[][..], Vec::as_slice);
        let mut current: HashMap<&str, &JobRole> = HashMap::with_capacity(list.len());
        for role in list {
            let Field::Value(person) = role.person.as_deref() else { continue };
            let best = current.entry(person).or_insert(role);
            if order(role, best, today) == Ordering::Greater {
                *best = role;
            }
        }
        Self { current, hidden: roles.hidden().is_some(), skipped: matches!(roles, Part::Skipped) }
    }

    /// The record that counts for this person.
    pub(super) fn current(&self, person: &str) -> Option<&'a JobRole> {
        self.current.get(person).copied()
    }

    /// The job of a person: from the list, else from the role inside their own record, else from
    /// its top.
    pub(super) fn of(&self, person: &Person) -> Job {
        if let Some(role) = person.notes.id.as_deref().and_then(|id| self.current(id)) {
            // A record that contradicts itself is ignored.
            return if role.notes.repeated { Job::default() } else { Job::of(role) };
        }
        if self.skipped {
            return Job::default();
        }
        let inner = match person.job_role.as_deref() {
            Field::Value(json) => wire::object::<JobRole>(json).map(|role| Job::of(&role)),
            _ => None,
        };
        let job = inner.unwrap_or_else(|| Job {
            title: person.job_title.clone(),
            department: person.department.clone(),
            manager: person.manager.clone(),
        });
        // Without the list these are hints: a value counts, an empty member does not.
        let hint = |field: Field<String>| match field {
            Field::Value(text) => Field::Value(text),
            _ if self.hidden => Field::NotPermitted,
            _ => Field::NotProvided,
        };
        Job { title: hint(job.title), department: hint(job.department), manager: hint(job.manager) }
    }
}

impl Job {
    fn of(role: &JobRole) -> Self {
        Self { title: role.title.clone(), department: role.department.clone(), manager: role.manager.clone() }
    }
}

/// Which of two records of one person counts: the latest that has begun, else the first to begin. A record
/// without a date counts as the oldest. Of two equal ones the later created counts, then the one with the
/// greater id.
fn order(one: &JobRole, other: &JobRole, today: Date) -> Ordering {
    let date = |role: &JobRole| role.effective.value();
    let begun = |role: &JobRole| date(role).is_none_or(|date| date <= today);
    let dates = match (begun(one), begun(other)) {
        (true, true) => date(one).cmp(&date(other)),
        (false, false) => date(other).cmp(&date(one)),
        (one, other) => one.cmp(&other),
    };
    let made = |role: &'_ JobRole| role.created_at.as_deref().value().map(str::to_owned);
    dates
        .then_with(|| made(one).cmp(&made(other)))
        .then_with(|| one.notes.id.as_deref().cmp(&other.notes.id.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hris_core::http::Response;

    /// `id effective created` a record, the day is 2026-11-23; the id of the one that counts.
    #[track_caller]
    fn check(records: &[&str], expected: &str) {
        let json = |record: &&str| {
            let words: Vec<&str> = record.split(' ').collect();
            let text = |n: usize| match words.get(n) {
                Some(word) if *word != "-" => format!("\"{word}\""),
                _ => "null".to_owned(),
            };
            format!(
                r#"{{"id":{},"personId":"p","effectiveDate":{},"createdAt":{}}}"#,
                text(0),
                text(1),
                text(2)
            )
        };
        for turn in 0..records.len() {
            let mut records = records.to_vec();
            records.rotate_left(turn);
            let body = records.iter().map(json).collect::<Vec<_>>().join(",");
            let response = Response::new(200).with_body(format!("[{body}]"));
            let list =
                Part::Read(wire::list(&response, &[], &[]).unwrap_or_else(|_| panic!("bad table")).rows);
            let roles = Roles::new(&list, Date::new(2026, 11, 23).unwrap_or_else(|_| panic!("bad day")));
            assert_eq!(
                roles.current("p").and_then(|role| role.notes.id.as_deref()),
                Some(expected),
                "{records:?}"
            );
        }
    }

    #[test]
    fn the_latest_that_has_begun_counts() {
        check(&["a 2020-01-01 -", "b 2024-01-01 -", "c 2027-01-01 -"], "b");
        check(&["a 2020-01-01 -", "b 2026-11-23 -"], "b");
        check(&["a 2026-11-24 -", "b 2028-01-01 -"], "a");
        check(&["a 2024-01-01 2024-01-02T00:00:00.000Z", "b 2024-01-01 2024-01-01T00:00:00.000Z"], "a");
        check(&["a 2024-01-01 -", "b 2024-01-01 -"], "b");
        check(&["a - -", "b 2020-01-01 -"], "b");
        check(&["a - -", "b 2027-01-01 -"], "a");
        check(&["a nonsense -", "b 2020-01-01 -"], "b");
    }
}
