//! What an HR team does to people.

use hris_core::Date;
use serde_json::{Value, json};

use super::SandboxError;
use super::person::{Job, Members, Person, Status};
use super::record::{canary, teams};
use super::world::{Resource, World};

/// Changing people.
impl World {
    /// Adds a person with a job role and answers the new id.
    pub fn hire(&mut self, person: Person) -> String {
        let id = self.rng.text(24);
        self.hire_as(id, person)
    }

    /// Adds a person under an id of the caller's choice. An id that is taken
    /// gives a second row of the same id, which the answered key names.
    pub fn hire_as(&mut self, id: impl Into<String>, person: Person) -> String {
        let id = id.into();
        let start = person.start.clone().unwrap_or_else(|| self.today.to_string());
        let job = Job {
            title: person.job_title.clone(),
            department: person.department.clone(),
            reports_to: person.reports_to.clone(),
            from: Some(start.clone()),
        };
        let custom = person.custom.clone();
        let fields = self.person_fields(&id, &start, person);
        let spare = self.rng.text(24);
        let key = self.people.insert(fields, spare);
        self.add_job_role(&id, &job, None);
        for (field, value) in custom {
            let _ignored_when_undefined = self.set_custom(&key, &field, value);
        }
        key
    }

    /// Changes members of a person and the time of the last change.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn update(&mut self, id: &str, change: impl FnOnce(&mut Members<'_>)) -> Result<(), SandboxError> {
        let now = self.tick();
        let done = self.people.edit(id, |fields| {
            fields.insert("updatedAt".to_owned(), json!(now));
            change(&mut Members(fields));
        });
        done.ok_or_else(|| SandboxError::unknown(id))
    }

    /// Sets one value: a member such as `lastName`, or a JSON pointer such as
    /// `/jobRole/department` to something that is there already.
    ///
    /// # Errors
    /// When nobody has this id or the pointer leads nowhere.
    pub fn set_field(&mut self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        self.set(Resource::People, id, field, value)
    }

    /// Sets the last working day of somebody who stays `active` until then,
    /// as the vendor's app does when offboarding begins.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn plan_leaving(&mut self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("lastWorkingDay", last_day);
            person.set("employmentEndDate", last_day);
        })
    }

    /// Offboards a person: the record and the employee id stay.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn offboard(&mut self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.plan_leaving(id, last_day)?;
        self.update(id, |person| {
            person.set("status", Status::Offboarded.as_str());
            person.set("leavingReason", canary("reason"));
            person.set("leavingNote", canary("note"));
        })
    }

    /// Makes a new hire active, with a work e-mail.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn activate(&mut self, id: &str, email: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("status", Status::Active.as_str());
            person.set("email", email);
        })
    }

    /// Takes a leaver back on the old record, from this day on.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rehire(&mut self, id: &str, start: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("status", Status::Active.as_str());
            person.set("employmentStartDate", start);
            person.set("firstWorkingDay", start);
            for member in ["employmentEndDate", "lastWorkingDay", "leavingReason", "leavingNote"] {
                person.set(member, Value::Null);
            }
        })
    }

    /// Takes a leaver back on a new record with the old names, e-mail and
    /// employee id; the offboarded record stays. Answers the new id.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rehire_as_new(&mut self, id: &str, start: &str) -> Result<String, SandboxError> {
        let old = self.person(id).ok_or_else(|| SandboxError::unknown(id))?;
        let mut person = Person::new(old.first_name, old.last_name)
            .starts(start)
            .job(old.job_title.unwrap_or_default(), old.department.unwrap_or_default());
        person.email = Some(old.email);
        person.employee_id = Some(old.employee_id);
        person.location = old.location_id;
        person.teams = old.teams;
        Ok(self.hire(person))
    }

    /// Deletes a person for good, with job roles and custom values.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn delete(&mut self, id: &str) -> Result<(), SandboxError> {
        if !self.people.remove(id) {
            return Err(SandboxError::unknown(id));
        }
        self.job_roles.retain(|row| row.person != id);
        self.custom_values.retain(|row| row.person != id);
        Ok(())
    }

    /// Replaces the teams of a person.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn set_teams(&mut self, id: &str, names: &[&str]) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("teams", teams(names));
        })
    }

    /// Moves a person to another office, by location id, or to `remote`.
    ///
    /// # Errors
    /// When nobody has this id. The location is not checked: an unknown one is
    /// a case worth testing.
    pub fn relocate(&mut self, id: &str, location: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("locationId", location);
        })
    }

    /// Ends the present job and begins another, today or on the day it names;
    /// the person's own `updatedAt` does not move. Answers the id of the new
    /// job role.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn change_job(&mut self, id: &str, job: Job) -> Result<String, SandboxError> {
        if self.people.find(id).is_none() {
            return Err(SandboxError::unknown(id));
        }
        let from = job.from.clone().unwrap_or_else(|| self.today.to_string());
        let last = from.parse::<Date>().ok().map(|day| day.plus_days(-1).to_string());
        let open: Vec<String> = self
            .job_roles
            .rows
            .iter()
            .filter(|row| row.person == id && row.str("endDate").is_none())
            .map(|row| row.key.clone())
            .collect();
        for key in open {
            self.job_roles.edit(&key, |fields| fields.insert("endDate".to_owned(), json!(last)));
        }
        if from <= self.today.to_string() {
            let brief = json!({ "jobTitle": job.title, "department": job.department });
            self.people.edit(id, |fields| fields.insert("jobRole".to_owned(), brief));
        }
        let job = Job { from: Some(from), ..job };
        Ok(self.add_job_role(id, &job, None))
    }

    /// Sets the value of a custom field, named by its name or id;
    /// `Value::Null` empties it.
    ///
    /// # Errors
    /// When nobody has this id or no field this name.
    pub fn set_custom(&mut self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        if self.people.find(id).is_none() {
            return Err(SandboxError::unknown(id));
        }
        let field = self.custom_field_id(field).ok_or_else(|| SandboxError::unknown(field))?;
        let known = self
            .custom_values
            .rows
            .iter()
            .find(|row| row.person == id && row.str("customFieldId") == Some(&field))
            .map(|row| row.key.clone());
        match known {
            Some(key) => self.set(Resource::CustomValues, &key, "value", value),
            None => {
                self.add_custom_value(id, &field, value.into());
                Ok(())
            }
        }
    }
}
