//! Writing: one write at a time, each read back before the next.
//!
//! 24SevenOffice does not say whether members that an update leaves out survive it, nor whether employments
//! that are not mentioned do. So every write keeps a mark of each member before, and compares it with what
//! is read back. If anything changed that was not sent, nothing more is written. So every update, beginning
//! with the first, is also a test of the vendor.

mod change;
mod create;
mod employment;
mod mark;
pub(crate) mod reason;

use std::fmt;

use async_trait::async_trait;
use hris_core::http::Part;
use hris_core::{
    DirectoryWriter, Employee, EmployeeId, Error, ErrorKind, FieldChange, Result, Tally, Timestamp,
};

use self::change::Wanted;
use self::mark::{Allowed, Marker, Marks};
use crate::config::{Config, PhoneRegion};
use crate::convert::{Lists, Reader, today_in};
use crate::lists::Calls;
use crate::source::{Api, is_number};
use crate::wire;

/// What is remembered from one write to the next. It is locked during a write, so that the next one begins
/// after it.
#[derive(Default)]
pub(crate) struct State {
    marker: Marker,
    /// A write that was not read back yet.
    pending: Option<Pending>,
    /// The members that an earlier write lost, if any.
    lost: Option<String>,
    /// The company, read once.
    lists: Option<Lists>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("lost", &self.lost).finish_non_exhaustive()
    }
}

/// A write under way: the record and the members that it may change.
struct Pending {
    id: EmployeeId,
    what: What,
    before: Marks,
    allowed: Allowed,
}

/// One of a person's two records.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Employee,
    Employments,
}

/// One person as read just now.
struct Person {
    record: wire::Employee,
    marks: Marks,
    /// Every member as it was sent, only where an update sends all of them back.
    members: Option<mark::Members>,
    at: Option<Timestamp>,
}

/// What was read back after a write.
enum Seen {
    Person(Box<Person>),
    Work(Work),
}

/// One person's employments as read just now.
struct Work {
    employments: Vec<wire::Employment>,
    marks: Marks,
}

#[async_trait]
impl DirectoryWriter for Api {
    /// Creates a person, and the first employment if a start date is given.
    ///
    /// 24SevenOffice has no idempotency keys. A repeated call finds the person by e-mail address and adds
    /// the employment if it is still missing; so does a call for a person who was created elsewhere
    /// meanwhile. The caller checks whether the returned record belongs to another account already.
    async fn create(&self, values: &[FieldChange], _: &str) -> Result<Employee> {
        let mut state = self.writing.lock().await;
        Writing::begin(self, &mut state).await?.create(Wanted::of(values)?).await
    }

    /// Changes a person's record, then their employments, as far as the values differ.
    async fn update(&self, id: &EmployeeId, values: &[FieldChange], _: &str) -> Result<Employee> {
        let mut state = self.writing.lock().await;
        Writing::begin(self, &mut state).await?.update(id, &Wanted::of(values)?).await
    }
}

/// One write, while no other is under way.
struct Writing<'a> {
    calls: Calls,
    settings: &'a Config,
    state: &'a mut State,
}

impl<'a> Writing<'a> {
    /// Begins a write, unless an earlier one has lost something.
    async fn begin(api: &'a Api, state: &'a mut State) -> Result<Self> {
        let mut writing = Self { calls: Calls::new(&api.vendor.client), settings: &api.config, state };
        if let Some(lost) = &writing.state.lost {
            return Err(Error::new(
                ErrorKind::FieldsLost,
                format!("nothing was sent, because of an earlier write: {lost}"),
            ));
        }
        // A write that was interrupted before it was read back.
        if let Some(id) = writing.state.pending.as_ref().map(|pending| pending.id.clone()) {
            writing.settle(&id).await?;
        }
        Ok(writing)
    }

    async fn update(&mut self, id: &EmployeeId, wanted: &Wanted) -> Result<Employee> {
        if !is_number(id) {
            return Err(rejected(
                "update employee: this id is not one of 24SevenOffice's, which are whole numbers",
            ));
        }
        wanted.check_update(id)?;
        self.check_end(wanted).await?;
        let region = self.region().await?;
        let mut person = self.person(id).await?;
        let members = wanted.members(&person.record, &person.marks, region, self.settings)?;
        // Everything that can be refused is refused before anything is sent.
        let planned = match wanted.has_dates() {
            true => Some(self.plan(id, self.work(id).await?, wanted, person.at)?),
            false => None,
        };
        let sends = !members.is_empty();
        if sends {
            person = self.change(id, wanted, person, members).await?;
        }
        let work = match planned {
            Some(planned) => self.employ(id, planned).await?,
            None if sends => self.work(id).await.map_err(unproven)?,
            None => self.work(id).await?,
        };
        self.told(person, &work).await
    }

    /// Sends the members that change, and compares all members afterwards.
    async fn change(
        &mut self,
        id: &EmployeeId,
        wanted: &Wanted,
        person: Person,
        members: change::Changes,
    ) -> Result<Person> {
        let region = self.region().await?;
        let body = members.body(id, person.members, self.settings)?;
        let allowed = members.allowed();
        let pending = Pending { id: id.clone(), what: What::Employee, before: person.marks, allowed };
        self.state.pending = Some(pending);
        let mut sent = self.calls.update_employee(id, &body).await;
        let unclear = is_unclear(&sent);
        if unclear {
            // Sending the same values twice is harmless. Nothing is sent if they are there already.
            let now = self.person(id).await.map_err(unproven)?;
            sent = match wanted.members(&now.record, &now.marks, region, self.settings)?.is_empty() {
                true => Ok(()),
                false => self.calls.update_employee(id, &body).await,
            };
        }
        if let Err(error) = sent {
            if !unclear {
                self.state.pending = None;
            }
            return Err(self.email_taken(id, wanted, error).await);
        }
        match self.settle(id).await? {
            Some(Seen::Person(person)) => Ok(*person),
            _ => self.person(id).await,
        }
    }

    /// A refusal may mean that another person has the e-mail address. 24SevenOffice does not say.
    async fn email_taken(&self, id: &EmployeeId, wanted: &Wanted, error: Error) -> Error {
        let (ErrorKind::Rejected | ErrorKind::UnknownOutcome, Some(email)) = (error.kind(), wanted.email())
        else {
            return error;
        };
        let Ok(people) = self.calls.employees().await else { return error };
        let other = people
            .iter()
            .filter(|other| change::has_email(other, email))
            .find_map(|other| other.notes.id.clone().filter(|other| other.as_str() != id.as_str()));
        match other {
            Some(other) => {
                rejected(format!("update employee: employee {other} has this e-mail address already"))
            }
            None => error,
        }
    }

    /// Reads back the pending write, and compares every member that was not sent. Returns what was read.
    async fn settle(&mut self, id: &EmployeeId) -> Result<Option<Seen>> {
        let Some(what) = self.state.pending.as_ref().map(|pending| pending.what) else { return Ok(None) };
        let seen = match what {
            What::Employee => Seen::Person(Box::new(self.person(id).await.map_err(unproven)?)),
            What::Employments => Seen::Work(self.work(id).await.map_err(unproven)?),
        };
        let marks = match &seen {
            Seen::Person(person) => &person.marks,
            Seen::Work(work) => &work.marks,
        };
        let Some(pending) = self.state.pending.take() else { return Ok(Some(seen)) };
        let lost = pending.before.lost(marks, &pending.allowed);
        if lost.is_empty() {
            return Ok(Some(seen));
        }
        let remedy = match what {
            What::Employments => "look at the person's employments in 24SevenOffice",
            What::Employee => "look at the person in 24SevenOffice, and set update_body to full",
        };
        let words = format!(
            "write employee {id}: what was not sent changed as well: {}; nothing more is written; {remedy}",
            lost.join(", ")
        );
        self.state.lost = Some(words.clone());
        Err(Error::new(ErrorKind::FieldsLost, words))
    }

    async fn person(&self, id: &EmployeeId) -> Result<Person> {
        let full = self.settings.update_body == crate::UpdateBody::Full;
        let marker = &self.state.marker;
        self.calls
            .employee(id, |response, record| {
                if record.notes.repeated {
                    return Err(crate::convert::unreadable(
                        "read employee: the record says the same thing twice",
                    ));
                }
                let unreadable =
                    || crate::convert::unreadable("read employee: no record where one is documented");
                let marks = marker.person(response.body()).ok_or_else(unreadable)?;
                let members = match full {
                    true => Some(mark::members(response.body()).ok_or_else(unreadable)?),
                    false => None,
                };
                Ok(Person { record, marks, members, at: response.date() })
            })
            .await
    }

    async fn work(&self, id: &EmployeeId) -> Result<Work> {
        let marker = &self.state.marker;
        self.calls
            .employments(id, |response, employments| {
                let marks = marker.employments(response.body()).ok_or_else(|| {
                    crate::convert::unreadable("read employments: no list where one is documented")
                })?;
                Ok(Work { employments, marks })
            })
            .await
    }

    /// The company's country, or the one that is set.
    async fn region(&mut self) -> Result<Option<PhoneRegion>> {
        if self.state.lists.is_none() {
            let company = Part::of(self.calls.company().await)?;
            self.state.lists = Some(Lists { company, ..Lists::default() });
        }
        let told = self.state.lists.as_ref().and_then(Lists::country);
        Ok(self.settings.phone_region.or(told))
    }

    /// Refuses an end date before anything is sent that could not go with it.
    async fn check_end(&mut self, wanted: &Wanted) -> Result<()> {
        if !wanted.ends() {
            return Ok(());
        }
        let Some(code) = &self.settings.enddate_reason else {
            return Err(rejected(
                "end_date: not written: 24SevenOffice reports a reason to the tax authority with it; set \
                 enddate_reason",
            ));
        };
        self.region().await?;
        let country = self.state.lists.as_ref().and_then(Lists::country);
        if !reason::fits(code, country) {
            let words = format!(
                "enddate_reason: {code} is no reason of the company's country; use {}",
                reason::of(country)
            );
            return Err(Error::new(ErrorKind::Config, words));
        }
        Ok(())
    }

    /// The person as read back, converted.
    async fn told(&mut self, person: Person, work: &Work) -> Result<Employee> {
        self.region().await?;
        let lists = self.state.lists.get_or_insert_default();
        let today = person.at.map(|at| today_in(lists.country(), at));
        let reader = Reader::new(lists, self.settings, None, today)?;
        Ok(reader.employee(person.record, Some(&work.employments), &mut Tally::default()))
    }
}

/// Whether the outcome of a write is unknown.
fn is_unclear(sent: &Result<()>) -> bool {
    sent.as_ref().is_err_and(|error| error.kind() == ErrorKind::UnknownOutcome)
}

/// A write was sent and cannot be read back.
fn unproven(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Auth | ErrorKind::FieldsLost => error,
        _ => Error::new(ErrorKind::UnknownOutcome, format!("{error}; the outcome of the write is unknown")),
    }
}

fn rejected(words: impl Into<String>) -> Error {
    Error::new(ErrorKind::Rejected, words)
}
