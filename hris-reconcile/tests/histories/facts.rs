//! What is known of a person, and how it speaks of an account. Written from what people mean by it, not
//! from the engine.

use hris_core::{Date, Employee, Field, StandardField, Status};

use crate::accounts::Row;

/// A person, as the source shows them on a day.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) given: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) start: Option<String>,
    /// Whether the source says that they have left by today.
    pub(crate) left: bool,
}

const NOTHING: [&str; 12] =
    ["n/a", "none", "null", "nil", "unknown", "tbc", "tbd", "true", "false", "0", "-", "."];

fn plain(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    (!text.is_empty() && !NOTHING.contains(&text.as_str())).then_some(text)
}

impl Person {
    pub(crate) fn of(person: &Employee, today: Date) -> Self {
        let text = |field| match person.text(field) {
            Field::Value(value) => plain(value),
            _ => None,
        };
        let last = person.last_working_day().value().or(person.end_date().value());
        Self {
            id: person.id().to_string(),
            number: text(StandardField::EmployeeNumber),
            email: text(StandardField::Email),
            given: text(StandardField::GivenName),
            family: text(StandardField::FamilyName),
            start: person.start_date().value().map(|day| day.to_string()),
            left: person.status() == Status::Terminated && last.is_none_or(|day| day < today),
        }
    }

    fn name(&self) -> Option<String> {
        Some(format!("{} {}", self.given.as_ref()?, self.family.as_ref()?))
    }
}

/// What number, e-mail and name say about whether an account is a person's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) number: Option<bool>,
    pub(crate) email: Option<bool>,
    pub(crate) name: Option<bool>,
}

fn value(row: &Row, field: &str) -> Option<String> {
    row.get(field).and_then(plain)
}

fn same(a: Option<&String>, b: Option<&String>) -> Option<bool> {
    Some(a? == b?)
}

impl Said {
    pub(crate) fn of(row: &Row, person: &Person) -> Self {
        let name = value(row, "given_name").zip(value(row, "family_name"));
        let name = name.map(|(given, family)| format!("{given} {family}"));
        Self {
            number: same(value(row, "employee_number").as_ref(), person.number.as_ref()),
            email: same(value(row, "email").as_ref(), person.email.as_ref()),
            name: same(name.as_ref(), person.name().as_ref()),
        }
    }

    fn count(self, said: bool) -> usize {
        [self.number, self.email, self.name].into_iter().filter(|one| *one == Some(said)).count()
    }

    pub(crate) fn two_agree(self) -> bool {
        self.count(true) >= 2
    }

    /// Whether an account that is nobody's may be taken for this person's.
    pub(crate) fn suffices(self) -> bool {
        self.two_agree()
            || (self.email == Some(true) && self.count(false) <= 1)
            || (self.number == Some(true) && self.count(false) == 0)
    }

    pub(crate) fn key_agrees(self) -> bool {
        self.number == Some(true) || self.email == Some(true)
    }
}

/// Whether a known id stands for somebody else than the account: everything that was known is new.
pub(crate) fn is_recycled(row: &Row, person: &Person) -> bool {
    let differs = |field: &str, now: Option<&String>| same(value(row, field).as_ref(), now) == Some(false);
    let agrees = |field: &str, now: Option<&String>| same(value(row, field).as_ref(), now) == Some(true);
    // Where an e-mail is missing, a number or a start date that is new speaks for it.
    let instead = !agrees("email", person.email.as_ref())
        && (differs("employee_number", person.number.as_ref())
            || differs("start_date", person.start.as_ref()));
    (differs("email", person.email.as_ref()) || instead)
        && differs("given_name", person.given.as_ref())
        && differs("family_name", person.family.as_ref())
        && !agrees("employee_number", person.number.as_ref())
        && !agrees("start_date", person.start.as_ref())
}
