//! A stateful fake of Freshteam on loopback, for tests and demonstrations.
//!
//! A [`Sandbox`] is one account: an invented company with branches, departments, teams and custom
//! fields, served over HTTP the way the vendor does, with keys, roles, filters, page numbers and a
//! limit a minute. The company can be changed while it runs, the account can end, and things can be
//! made to go wrong on demand.
//!
//! ```
//! use hris_freshteam::sandbox::{Ending, Fault, Person, Role, Sandbox, SandboxError};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), SandboxError> {
//! let sandbox = Sandbox::builder().employees(40).seed(7).start().await?;
//! // Give these to whatever is under test.
//! let (_subdomain, _base, _key) = (sandbox.subdomain(), sandbox.url(), sandbox.key());
//!
//! // HR at work.
//! let joiner = sandbox.hire(Person::new("Noor", "El-Amrani").title("Buyer"));
//! sandbox.change(|company| company.deactivate(&joiner, Some("2026-10-31")))?;
//!
//! // A narrower key, a bad day, and the end.
//! let _narrow = sandbox.change(|company| company.issue_key(Role::Employee));
//! sandbox.inject(Fault::Status(503).on("/employees").nth(2).once());
//! sandbox.change(|company| company.end(Ending::Page));
//! # Ok(())
//! # }
//! ```
//!
//! # What it serves
//!
//! Under [`Server::url`](hris_core::sandbox::Server::url), for `GET` only:
//! `/employees`, `/employees/{id}`, `/employee_fields`,
//! `/branches`, `/departments`, `/sub_departments`, `/business_units`, `/teams`, `/levels`, `/roles`
//! and `/user_functions`, and one of each of these by its id. Anything else is 404. Every request is
//! recorded.
//!
//! # How it decides what nobody knows
//!
//! The vendor's pages leave questions open: what a list without filter holds, whether `per_page` is heard,
//! whether totals are given, what an ended account answers. [`Behaviour`] has a switch for each, and
//! [`Ending`] the answers of an ended account; a client that is right under all of them needs no luck.
//!
//! # The invented company
//!
//! The same seed and number of people give the same company. About four in a hundred are inactive and
//! two start later; managers lead to the first person. Values that a reader must drop hold
//! [`CANARY`].

mod behaviour;
mod company;
mod generate;
mod page;
mod person;
mod serve;

use hris_core::Date;
use hris_core::sandbox::{FakeVendor, Plan};

pub use behaviour::{Behaviour, Ending, PastEnd, PerPage, Role, Unfiltered};
pub use company::{Company, Units};
pub use hris_core::sandbox::{CANARY, Edit, Fault, OWN_WORDS, RecordedRequest, RetryAfter, SandboxError};
pub use person::{Person, PersonView};

/// Settings of a [`Sandbox`] before it starts.
pub type Builder = hris_core::sandbox::Builder<Company>;

/// A fault and the requests for this account that it meets.
pub type Injection = hris_core::sandbox::Injection<Company>;

pub(crate) static STARTER: hris_core::sandbox::Starter<Company> = hris_core::sandbox::Starter::new();

hris_core::sandbox! {
    /// A running fake of the vendor. It stops when dropped.
    pub struct Sandbox(Company) {
        fn people() -> Vec<PersonView>;
        fn hire(person: Person) -> String;
    } or fail {}
}

impl Sandbox {
    /// The account's subdomain.
    #[must_use]
    pub fn subdomain(&self) -> &'static str {
        generate::SUBDOMAIN
    }

    /// The key of an Admin. The same seed gives the same key.
    #[must_use]
    pub fn key(&self) -> &str {
        self.token()
    }
}

impl FakeVendor for Company {
    type Behaviour = Behaviour;
    type Sandbox = Sandbox;

    fn invent(plan: &Plan, behaviour: Behaviour) -> (Self, String) {
        let mut company = Self::new(plan.seed, plan.today, behaviour);
        generate::fill(&mut company, plan.employees);
        let key = company.issue_key(Role::Admin);
        (company, key)
    }

    fn behaviour_mut(&mut self) -> &mut Behaviour {
        &mut self.behaviour
    }

    /// The vendor counts by the minute.
    fn limit(behaviour: &mut Behaviour, per_second: u32) {
        behaviour.per_minute = if per_second > 0 { per_second.saturating_mul(60) } else { u32::MAX };
    }

    fn settings() -> Vec<(&'static str, String)> {
        vec![("subdomain", format!("{:?}", generate::SUBDOMAIN))]
    }

    fn a_day_passes(&mut self, today: Date) -> Result<[String; 3], SandboxError> {
        let mut staff = self.people();
        staff.retain(|person| {
            let started = person.joining_date.as_deref().is_some_and(|day| *day <= *today.to_string());
            person.status == "active" && person.email.is_some() && person.reports == 0 && started
        });
        // The last of the list manage nobody, so exactly one person changes with each of them.
        let [.., promoted, leaver] = staff.as_slice() else { return Err(SandboxError::TooFew) };
        let joiner =
            Person::new("Noor", "El-Amrani").email("noor.el-amrani.joins@lofotfisk.example").title("Buyer");
        let joiner = self.hire(joiner.starts(today.to_string()).set("employee_id", "A-9001"));
        self.set(&promoted.id, "designation", "Head of Good Ideas")?;
        self.deactivate(&leaver.id, Some(&today.plus_days(-1).to_string()))?;
        Ok([
            format!("{joiner} is hired and starts today"),
            format!("{} gets a new job title", promoted.id),
            format!("{} is made inactive; yesterday was the last day", leaver.id),
        ])
    }
}
