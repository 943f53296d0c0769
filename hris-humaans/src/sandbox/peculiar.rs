//! Cases that real directories hold and readers stumble over.

use serde_json::{Value, json};

use super::person::{Job, Person, Status};
use super::world::{Resource, World};

/// A peculiar case, added by [`World::add`] or, one of each, by
/// [`Builder::peculiarities`](super::Builder::peculiarities).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peculiarity {
    /// Active, with a last working day in the past: employed all the same.
    ActivePastLastDay,
    /// Active, with a first day ahead.
    ActiveStartingLater,
    /// A sample person of the vendor's (`demo`).
    DemoPerson,
    /// The work e-mail is hidden from colleagues (`isWorkEmailHidden`).
    HiddenEmail,
    /// `employmentStartDate` is no day of the calendar.
    InvalidDate,
    /// Two people who report to each other; the first is answered.
    ManagerCycle,
    /// The present manager is offboarded.
    ManagerHasLeft,
    /// An active person without work e-mail.
    MissingEmail,
    /// Offboarded without any date.
    OffboardedUndated,
    /// Offboarded, with today as last day: employed until the day is over.
    OffboardedToday,
    /// A person the vendor lists twice under one id, with different names.
    RepeatedId,
    /// Two active people with one e-mail; the second is answered.
    SharedEmail,
    /// Two active people with one employee id; the second is answered.
    SharedEmployeeId,
    /// A name with a line break, a formula and text from right to left.
    StrangeName,
    /// The office is in nobody's list.
    UnknownLocation,
    /// Reports to an id nobody has.
    UnknownManager,
    /// A status the documentation does not know.
    UnknownStatus,
    /// Works in the office whose label is empty.
    UnlabelledOffice,
}

impl Peculiarity {
    /// Every case once.
    pub const ALL: [Self; 18] = [
        Self::ActivePastLastDay,
        Self::ActiveStartingLater,
        Self::DemoPerson,
        Self::HiddenEmail,
        Self::InvalidDate,
        Self::ManagerCycle,
        Self::ManagerHasLeft,
        Self::MissingEmail,
        Self::OffboardedUndated,
        Self::OffboardedToday,
        Self::RepeatedId,
        Self::SharedEmail,
        Self::SharedEmployeeId,
        Self::StrangeName,
        Self::UnknownLocation,
        Self::UnknownManager,
        Self::UnknownStatus,
        Self::UnlabelledOffice,
    ];
}

impl World {
    /// Adds a peculiar case and answers the id of the person it is about.
    pub fn add(&mut self, case: Peculiarity) -> String {
        let today = self.today;
        let start = today.plus_days(-700).to_string();
        let person = Person::new("Peculiar", format!("{case:?}")).starts(&start);
        match case {
            Peculiarity::ActivePastLastDay => {
                let day = today.plus_days(-40).to_string();
                let person = person.member("lastWorkingDay", day.clone());
                self.hire(person.member("employmentEndDate", day))
            }
            Peculiarity::ActiveStartingLater => self.hire(person.starts(today.plus_days(90).to_string())),
            Peculiarity::DemoPerson => self.hire(person.member("demo", true)),
            Peculiarity::HiddenEmail => self.hire(person.member("isWorkEmailHidden", true)),
            Peculiarity::InvalidDate => self.hire(person.starts("2025-02-31")),
            Peculiarity::ManagerCycle => self.cycle(person),
            Peculiarity::ManagerHasLeft => {
                let manager = self.leaver(Person::new("Former", "Manager").starts(&start), -60);
                self.hire(person.reports_to(manager))
            }
            Peculiarity::MissingEmail => self.hire(person.without_email()),
            Peculiarity::OffboardedUndated => self.hire(person.status(Status::Offboarded)),
            Peculiarity::OffboardedToday => self.leaver(person, 0),
            Peculiarity::RepeatedId => {
                let id = self.hire(person.clone());
                let twin = Person::new("Peculiar", "Twin").starts(&start);
                self.hire_as(id.clone(), twin);
                id
            }
            Peculiarity::SharedEmail => {
                let email = format!("shared@{}", self.domain);
                self.hire(Person::new("First", "Owner").starts(&start).email(&email));
                self.hire(person.email(email))
            }
            Peculiarity::SharedEmployeeId => {
                self.hire(Person::new("First", "Number").starts(&start).employee_id("900001"));
                self.hire(person.employee_id("900001"))
            }
            Peculiarity::StrangeName => {
                let name = "=cmd|'/c'!A1\n\u{202e}<script>";
                let email = format!("strange@{}", self.domain);
                self.hire(Person::new("Peculiar", name).starts(&start).email(email))
            }
            Peculiarity::UnknownLocation => {
                let id = self.rng.text(24);
                self.hire(person.location(id))
            }
            Peculiarity::UnknownManager => {
                let id = self.rng.text(24);
                self.hire(person.reports_to(id))
            }
            Peculiarity::UnknownStatus => self.hire(person.member("status", "sabbatical")),
            Peculiarity::UnlabelledOffice => {
                let office = self.locations().into_iter().find(|(_, label)| label.is_empty());
                self.hire(match office {
                    Some((id, _)) => person.location(id),
                    None => person,
                })
            }
        }
    }

    /// Gives an id that is known to another person: names, e-mail, employee id
    /// and first day are all new, as when a vendor recycles ids.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn recycle(&mut self, id: &str, person: Person) -> Result<(), super::SandboxError> {
        self.delete(id)?;
        self.hire_as(id, person);
        Ok(())
    }

    /// Gives a person another id and leaves everything else as it is. Answers
    /// the new id.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rekey(&mut self, id: &str) -> Result<String, super::SandboxError> {
        let row = self.people.find(id).map(|row| row.fields.clone());
        let mut fields = row.ok_or_else(|| super::SandboxError::unknown(id))?;
        let new = self.rng.text(24);
        fields.insert("id".to_owned(), json!(new));
        self.people.remove(id);
        self.insert(Resource::People, Value::Object(fields));
        for list in [Resource::JobRoles, Resource::CustomValues] {
            for row in 0..self.table(list).rows.len() {
                let key = self.table(list).rows.get(row);
                let key = key.filter(|row| row.person == id).map(|row| row.key.clone());
                if let Some(key) = key {
                    self.set(list, &key, "personId", new.clone())?;
                }
            }
        }
        Ok(new)
    }

    fn leaver(&mut self, person: Person, days: i32) -> String {
        let day = self.today.plus_days(days).to_string();
        let person = person.status(Status::Offboarded);
        let person = person.member("lastWorkingDay", day.clone());
        self.hire(person.member("employmentEndDate", day))
    }

    fn cycle(&mut self, person: Person) -> String {
        let start = person.start.clone().unwrap_or_default();
        let one = self.hire(person);
        let partner = Person::new("Cycle", "Partner").starts(&start);
        let other = self.hire(partner.reports_to(one.clone()));
        let job = Job::new("Associate", "Operations").reports_to(other);
        // The person was added just now, so the change cannot miss.
        let _added_just_now = self.change_job(&one, job);
        one
    }
}
