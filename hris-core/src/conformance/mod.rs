//! The suite that every [`Directory`] passes: ours, and yours.
//!
//! A connector's tests bring a [`Harness`]: it starts a fake of the vendor that holds the people
//! the suite wants, connects a directory to it, and breaks it on demand. What is peculiar to a
//! vendor lives in the harness, never here.
//!
//! ```
//! use hris_core::conformance::{MemoryHarness, run};
//!
//! # async fn example() {
//! let summary = run(&MemoryHarness).await;
//! println!("{summary}");
//! summary.require();
//! # }
//! # futures_util::FutureExt::now_or_never(example()).expect("memory is ready at once");
//! ```
//!
//! It does not test writing, and it cannot know what a vendor calls things; that is for the
//! connector's own tests.

mod behaviour;
mod custom;
mod fault;
mod faults;
mod lookup;
mod memory;
#[cfg(feature = "connector")]
mod settings;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::custom::CustomFault;
pub use self::fault::Fault;
pub use self::lookup::LookupFault;
pub use self::memory::MemoryHarness;
#[cfg(feature = "connector")]
pub use self::settings::Edits;
use crate::{Date, Directory, EmployeeId, ReadRequest, Snapshot, Status};

/// The day on which the suite reads.
pub const TODAY: &str = "2026-11-23";

/// Starts fakes of one vendor.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A fake that holds exactly these people, and a directory connected to it with a credential
    /// that may see everything. The directory reads three people a page and several pages at once,
    /// and repeats failed requests after milliseconds, not seconds.
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage>;

    /// The answers about one person that mean, by the vendor's documentation, that nobody has the id. A
    /// plain 404 of the vendor's own always means it. Under any other answer a directory that says
    /// [`Lookup::Gone`](crate::Lookup::Gone) fails.
    fn gone(&self) -> &[LookupFault] {
        &[]
    }

    /// Edits of the vendor's settings, each of which has to count as what it decides.
    #[cfg(feature = "connector")]
    fn edits(&self) -> Option<Edits> {
        None
    }
}

/// One fake and the directory connected to it.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The directory under test.
    fn directory(&self) -> Arc<dyn Directory>;

    /// The vendor's ids of the people, in the order in which they were given.
    fn ids(&self) -> Vec<EmployeeId>;

    /// Replaces one person's record by another one under the same id.
    async fn change(&self, id: &EmployeeId, person: &Person);

    /// Adds a person and returns the vendor's id.
    async fn add(&self, person: &Person) -> EmployeeId;

    /// Removes a person so that the vendor knows them no longer.
    async fn remove(&self, id: &EmployeeId);

    /// Breaks the fake in this way from now on, or says why this vendor cannot break so.
    ///
    /// # Errors
    /// The reason for skipping the case, in words.
    async fn break_with(&self, fault: Fault) -> Result<(), String>;

    /// Breaks the answer about this one person in this way from now on, or says why this vendor cannot break
    /// so. Everybody else is answered as before.
    ///
    /// # Errors
    /// The reason for skipping the case, in words.
    async fn break_lookup(&self, id: &EmployeeId, fault: LookupFault) -> Result<(), String>;

    /// Puts the custom field that the harness defines out of reach in this way from now on, or says why this vendor
    /// cannot break so. `field` is the id of the field, as the directory returns it.
    ///
    /// # Errors
    /// The reason for skipping the case, in words.
    async fn break_custom(&self, field: &str, fault: CustomFault) -> Result<(), String>;

    /// From now on another organisation answers: in the fake, or in another directory that
    /// [`Stage::directory`] gives. Its people need not be others.
    ///
    /// # Errors
    /// Why this vendor shows no organisation, in words.
    async fn change_organisation(&self) -> Result<(), String>;

    /// From now on the credential is somebody else's.
    ///
    /// # Errors
    /// Why this vendor does not show whose a credential is, in words.
    async fn change_credential(&self) -> Result<(), String>;
}

/// A person as the suite wants them in the fake. All are invented.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Work e-mail; unique.
    pub email: Option<String>,
    /// Where the person stands. [`Status::Pending`] starts on `start_date`; [`Status::Terminated`]
    /// had the last working day on `last_working_day`.
    pub status: Status,
    /// First day.
    pub start_date: Date,
    /// Last day worked.
    pub last_working_day: Option<Date>,
    /// Job title.
    pub job_title: Option<String>,
    /// The manager: somebody who is in the fake already.
    pub manager: Option<EmployeeId>,
    /// The name of the place of work, for vendors that have places.
    pub location: Option<String>,
    /// The value of a custom field, which the harness defines once, for vendors that have such fields.
    pub custom: Option<String>,
}

impl Person {
    /// The `n`-th invented person, employed since 2020.
    #[must_use]
    pub fn number(n: usize) -> Self {
        Self {
            given_name: format!("Given{n}"),
            family_name: format!("Family{n}"),
            email: Some(format!("person{n}@conformance.example")),
            status: Status::Active,
            start_date: day("2020-01-06"),
            last_working_day: None,
            job_title: Some(format!("Job {n}")),
            manager: None,
            location: None,
            custom: None,
        }
    }

    /// So many invented people.
    #[must_use]
    pub fn some(count: usize) -> Vec<Self> {
        (1..=count).map(Self::number).collect()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("status", &self.status).finish_non_exhaustive()
    }
}

/// How the suite went.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// Names of the cases that passed.
    pub passed: Vec<&'static str>,
    /// Cases that failed, and how.
    pub failed: Vec<(&'static str, String)>,
    /// Cases that this vendor cannot show, and why.
    pub skipped: Vec<(&'static str, String)>,
}

impl Summary {
    /// Panics unless every case passed or was skipped for a reason. Meant for tests.
    ///
    /// # Panics
    /// With every failure in words.
    #[expect(clippy::panic, reason = "a failed suite fails the test that ran it")]
    pub fn require(&self) {
        if !self.failed.is_empty() {
            panic!("{self}");
        }
    }

    /// Enters how one case ended.
    pub fn enter(&mut self, name: &'static str, outcome: Outcome) {
        match outcome {
            Ok(()) => self.passed.push(name),
            Err(Miss::Failed(how)) => self.failed.push((name, how)),
            Err(Miss::Skipped(why)) => self.skipped.push((name, why)),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (passed, failed, skipped) = (self.passed.len(), self.failed.len(), self.skipped.len());
        writeln!(f, "{passed} passed, {failed} failed, {skipped} skipped")?;
        for (name, how) in &self.failed {
            writeln!(f, "failed: {name}: {how}")?;
        }
        for (name, why) in &self.skipped {
            writeln!(f, "skipped: {name}: {why}")?;
        }
        Ok(())
    }
}

/// Runs every case against fresh fakes.
pub async fn run(harness: &dyn Harness) -> Summary {
    let mut summary = Summary::default();
    behaviour::run(harness, &mut summary).await;
    fault::run(harness, &mut summary).await;
    lookup::run(harness, &mut summary).await;
    custom::run(harness, &mut summary).await;
    #[cfg(feature = "connector")]
    settings::run(harness, &mut summary);
    summary
}

/// How one case ended.
pub type Outcome = Result<(), Miss>;

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// What was expected did not happen: how, in words.
    Failed(String),
    /// It cannot be tried here: why, in words.
    Skipped(String),
}

/// Fails a case in words unless something holds: for suites of other traits.
///
/// # Errors
/// [`Miss::Failed`].
pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Miss::Failed(otherwise())) }
}

impl From<crate::Error> for Miss {
    fn from(error: crate::Error) -> Self {
        Self::Failed(format!("{:?}: {error}", error.kind()))
    }
}

fn request() -> ReadRequest {
    ReadRequest::everything(day(TODAY))
}

/// A date of the suite's own, which is one.
#[expect(clippy::expect_used, reason = "every date of the suite is a constant of it")]
fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn sorted(ids: impl IntoIterator<Item = EmployeeId>) -> Vec<EmployeeId> {
    let mut ids: Vec<EmployeeId> = ids.into_iter().collect();
    ids.sort();
    ids
}

fn ids(snapshot: &Snapshot) -> Vec<EmployeeId> {
    sorted(
        snapshot
            .employees()
            .iter()
            .map(|person| person.id().clone())
            .chain(snapshot.set_aside().iter().cloned()),
    )
}
