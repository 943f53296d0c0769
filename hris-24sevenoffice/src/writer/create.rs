//! Creation under a free number, without ever creating a second record.

use hris_core::{Employee, EmployeeId, Error, ErrorKind, Result};

use super::change::{Wanted, has_email};
use super::{Writing, rejected, unproven};
use crate::config::NewEmployeeNumber;
use crate::wire;

/// The most numbers that are tried if others take them meanwhile.
const ATTEMPTS: u32 = 5;

impl Writing<'_> {
    pub(super) async fn create(&mut self, wanted: Wanted) -> Result<Employee> {
        wanted.check_create()?;
        self.check_end(&wanted).await?;
        self.region().await?;
        let people = self.calls.employees().await?;
        let id = match found(&people, &wanted)? {
            Some(id) => id,
            None => self.insert(&wanted, people).await?,
        };
        let person = self.person(&id).await.map_err(unproven)?;
        // An existing person is not changed. Only a missing employment is added.
        let work = self.work(&id).await.map_err(unproven)?;
        if wanted.start.is_none() || !work.employments.is_empty() {
            return self.told(person, &work).await;
        }
        let employed = match self.plan(&id, work, &wanted, person.at) {
            Ok(planned) => self.employ(&id, planned).await,
            Err(error) => Err(error),
        };
        self.told(person, &employed.map_err(|error| without_employment(&id, error))?).await
    }

    /// Creates the person under a free number, and returns that number.
    async fn insert(&self, wanted: &Wanted, mut people: Vec<wire::Employee>) -> Result<EmployeeId> {
        let members = wanted.new_members();
        let mut number = self.number(&people, wanted, 0)?;
        let mut unclear = false;
        let mut attempt = 1;
        loop {
            let body = members.new_body(number.as_deref(), self.settings);
            let sent = self.calls.create_employee(&body).await;
            let refused = match sent {
                Ok(()) => None,
                Err(error) if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::UnknownOutcome) => {
                    Some(error)
                }
                Err(error) => return Err(error),
            };
            let holder = self.holder(number.as_deref()).await.map_err(|error| unsure(&refused, error))?;
            if let (Some(holder), Some(number)) = (&holder, &number)
                && wanted.email().is_some_and(|email| has_email(holder, email))
            {
                return Ok(EmployeeId::from(number.as_str()));
            }
            people = self.calls.employees().await.map_err(|error| unsure(&refused, error))?;
            if let Some(id) = found(&people, wanted)? {
                return Ok(id);
            }
            let Some(error) = refused else {
                let words = "create employee: accepted, but nobody is listed with this e-mail address";
                return Err(Error::new(ErrorKind::UnknownOutcome, words));
            };
            if holder.is_some() && self.settings.new_employee_number == NewEmployeeNumber::Source {
                return Err(rejected("employee_number: somebody else in 24SevenOffice has it"));
            }
            if holder.is_some() && attempt < ATTEMPTS {
                let tried = number.as_deref().and_then(|number| number.parse().ok()).unwrap_or_default();
                number = self.number(&people, wanted, tried)?;
            } else if error.kind() == ErrorKind::UnknownOutcome && !unclear {
                // The first attempt had no effect. The second uses the same number, so that there are never
                // two records.
                unclear = true;
            } else {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// The person who has this number, if any. The list may leave people out.
    async fn holder(&self, number: Option<&str>) -> Result<Option<wire::Employee>> {
        let Some(number) = number else { return Ok(None) };
        match self.calls.employee(&EmployeeId::from(number), |_, person| Ok(person)).await {
            Ok(person) => Ok(Some(person)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Rejected) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A number above all listed ones and above `tried`, or the source's. `None` if 24SevenOffice chooses.
    fn number(&self, people: &[wire::Employee], wanted: &Wanted, tried: u64) -> Result<Option<String>> {
        let ids = || people.iter().filter_map(|person| person.notes.id.as_deref());
        match self.settings.new_employee_number {
            NewEmployeeNumber::Server => Ok(None),
            NewEmployeeNumber::Source => {
                let number = wanted.number.as_deref().filter(|number| number.parse::<u64>().is_ok());
                let Some(number) = number else {
                    return Err(rejected("employee_number: 24SevenOffice takes whole numbers only"));
                };
                if ids().any(|id| id == number) {
                    return Err(rejected("employee_number: somebody else in 24SevenOffice has it"));
                }
                Ok(Some(number.to_owned()))
            }
            NewEmployeeNumber::Next => {
                let highest = ids().filter_map(|id| id.parse::<u64>().ok()).max();
                let Some(next) = highest.and_then(|highest| highest.max(tried).checked_add(1)) else {
                    return Err(rejected(
                        "employee_number: 24SevenOffice lists nobody with a number, so the next one is not known; \
                         create the first person there, or set new_employee_number",
                    ));
                };
                Ok(Some(next.to_string()))
            }
        }
    }
}

/// The one person with this e-mail address.
fn found(people: &[wire::Employee], wanted: &Wanted) -> Result<Option<EmployeeId>> {
    let Some(email) = wanted.email() else { return Ok(None) };
    let mut ids =
        people.iter().filter(|person| has_email(person, email)).map(|person| person.notes.id.as_deref());
    match (ids.next(), ids.next()) {
        (None, _) => Ok(None),
        (Some(Some(id)), None) => Ok(Some(EmployeeId::from(id))),
        _ => Err(rejected("email: several people in 24SevenOffice have this address")),
    }
}

/// The creation was not refused, and its outcome cannot be read.
fn unsure(refused: &Option<Error>, error: Error) -> Error {
    match refused {
        Some(refused) if refused.kind() == ErrorKind::Rejected => error,
        _ => unproven(error),
    }
}

/// The person exists, and the employment is missing.
fn without_employment(id: &EmployeeId, error: Error) -> Error {
    error.with_hint(format!(
        "employee {id} was created and has no employment yet: add it in 24SevenOffice, or run again"
    ))
}
