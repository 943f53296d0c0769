//! The in-memory directory in the suite.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{CustomFault, Fault, Harness, LookupFault, Person, Stage};
use crate::{
    CustomValue, Directory, Employee, EmployeeId, ErrorKind, Field, Fingerprint, MemoryDirectory,
    StandardField,
};

/// Starts [`MemoryDirectory`]s. It has no wire, so faults of the wire are skipped.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryHarness;

#[async_trait]
impl Harness for MemoryHarness {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        let ids: Vec<EmployeeId> = (1..=people.len()).map(|n| EmployeeId::from(format!("m{n}"))).collect();
        let records = ids.iter().zip(people).map(|(id, person)| record(id, person));
        let directory = MemoryDirectory::new(records);
        directory.set_fingerprint(fingerprint("one", "ada"));
        Box::new(MemoryStage { directory, ids: Mutex::new(ids) })
    }
}

struct MemoryStage {
    directory: MemoryDirectory,
    ids: Mutex<Vec<EmployeeId>>,
}

#[async_trait]
impl Stage for MemoryStage {
    fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.directory.clone())
    }

    fn ids(&self) -> Vec<EmployeeId> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn change(&self, id: &EmployeeId, person: &Person) {
        self.directory.edit(|people| {
            if let Some(place) = people.iter_mut().find(|known| known.id() == id) {
                *place = record(id, person);
            }
        });
    }

    async fn add(&self, person: &Person) -> EmployeeId {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let id = EmployeeId::from(format!("m{}", ids.len() + 1));
        self.directory.edit(|people| people.push(record(&id, person)));
        ids.push(id.clone());
        id
    }

    async fn remove(&self, id: &EmployeeId) {
        self.directory.edit(|people| people.retain(|person| person.id() != id));
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != id);
    }

    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        let failure = match fault {
            Fault::Unauthorised => (ErrorKind::Auth, "list people: refused"),
            Fault::Forbidden => (ErrorKind::Permission, "list people: forbidden"),
            Fault::ServerErrors => (ErrorKind::Unavailable, "list people: no answer"),
            _ => return Err("memory has no wire to break".to_owned()),
        };
        self.directory.fail_with(Some(failure));
        Ok(())
    }

    async fn break_lookup(&self, _: &EmployeeId, _: LookupFault) -> Result<(), String> {
        Err("memory has no wire to break".to_owned())
    }

    async fn break_custom(&self, _: &str, _: CustomFault) -> Result<(), String> {
        Err("memory does not define custom fields".to_owned())
    }

    async fn change_organisation(&self) -> Result<(), String> {
        self.directory.set_fingerprint(fingerprint("two", "ada"));
        Ok(())
    }

    async fn change_credential(&self) -> Result<(), String> {
        self.directory.set_fingerprint(fingerprint("one", "bea"));
        Ok(())
    }
}

fn fingerprint(organisation: &str, credential: &str) -> Fingerprint {
    Fingerprint {
        organisation: Some(organisation.to_owned()),
        credential: Some(credential.to_owned()),
        ..Fingerprint::default()
    }
}

fn record(id: &EmployeeId, person: &Person) -> Employee {
    Employee::new(id.clone())
        .with_status(person.status, person.status.as_str())
        .with(StandardField::GivenName, Field::Value(person.given_name.clone()))
        .with(StandardField::FamilyName, Field::Value(person.family_name.clone()))
        .with(StandardField::Email, person.email.clone().into())
        .with(StandardField::JobTitle, person.job_title.clone().into())
        .with_date(StandardField::StartDate, Field::Value(person.start_date))
        .with(StandardField::Manager, person.manager.as_ref().map(ToString::to_string).into())
        .with(StandardField::Location, person.location.clone().into())
        .with_custom(CustomValue {
            id: "badge".into(),
            name: "Badge".into(),
            value: person.custom.clone().into(),
        })
        .with_date(StandardField::LastWorkingDay, person.last_working_day.into())
}
