//! A stateful fake of 24SevenOffice Payroll on loopback, for tests and demonstrations.
//!
//! A [`Sandbox`] is a small company with a payroll: invented employees, employments, custom fields
//! and departments, served over HTTP the way the vendor does and, through [`World`], changed while it
//! runs. Things can be made to go wrong on demand ([`Fault`]).
//!
//! ```
//! use hris_24sevenoffice::sandbox::{Fault, Omitted, Person, Sandbox, SandboxError};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), SandboxError> {
//! let sandbox = Sandbox::builder().employees(40).seed(7).start().await?;
//! // Give these two to whatever is under test.
//! let (_base, _token) = (sandbox.url(), sandbox.token());
//!
//! // The payroll department at work.
//! let joiner = sandbox.change(|company| company.hire(Person::new("Aino", "Virtanen").starts("2026-12-01")));
//! sandbox.change(|company| company.set(&joiner, "telefon", "405 55 143"))?;
//! sandbox.change(|company| company.leave(&joiner, "2026-12-31"))?;
//!
//! // A vendor that wipes what an update leaves out, and has a bad day.
//! sandbox.behave(|behaviour| behaviour.omitted = Omitted::Wiped);
//! sandbox.inject(Fault::StatusAfter(500).on("/employee/v2").by("POST").once());
//! # Ok(())
//! # }
//! ```
//!
//! # What it serves
//!
//! Under [`Server::url`](hris_core::sandbox::Server::url): `/auth`, `/employee/v2` and one person
//! beneath it, `/employment/v2/{empId}`,
//! `/employee_field/v2/`, `/dimension/v2` and `/dimension/v2/{dimid}`, `/organization/v2`. Employees
//! and employments can be written, nothing else. What the vendor's description leaves open is a switch
//! of [`Behaviour`]; a client that is right under all of them needs no luck.
//!
//! Every value that a reader must drop (national numbers, bank, pay, tax) contains [`CANARY`], so a
//! leak shows in a text search. E-mail domains end in `.example`.

mod behaviour;
mod generate;
mod person;
mod serve;
mod world;
mod write;

use std::time::{SystemTime, UNIX_EPOCH};

use hris_core::sandbox::{FakeVendor, Plan, RateLimit};
use hris_core::{Date, Timestamp};

pub use behaviour::{Behaviour, Employments, ExpiresOn, Omitted, Shape};
pub use hris_core::sandbox::{CANARY, Edit, Fault, OWN_WORDS, RecordedRequest, RetryAfter, SandboxError};
pub use person::Person;
pub use world::World;

/// Settings of a [`Sandbox`] before it starts.
pub type Builder = hris_core::sandbox::Builder<World>;

/// A fault and the requests for this company that it meets.
pub type Injection = hris_core::sandbox::Injection<World>;

pub(crate) static STARTER: hris_core::sandbox::Starter<World> = hris_core::sandbox::Starter::new();

hris_core::sandbox! {
    /// A running fake of the vendor. It stops when dropped.
    pub struct Sandbox(World) {} or fail {}
}

impl Sandbox {
    /// The recorded requests that change something: those with another method than `GET`.
    #[must_use]
    pub fn writes(&self) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.method != "GET");
        requests
    }
}

impl FakeVendor for World {
    type Behaviour = Behaviour;
    type Sandbox = Sandbox;

    const EMPLOYEES: usize = 50;

    fn invent(plan: &Plan, behaviour: Behaviour) -> (Self, String) {
        let mut world = Self::empty(plan.seed, plan.today, plan.now.unwrap_or_else(clock), behaviour);
        generate::fill(&mut world, plan.employees);
        let token = world.issue_token();
        (world, token)
    }

    fn behaviour_mut(&mut self) -> &mut Behaviour {
        &mut self.behaviour
    }

    fn limit(behaviour: &mut Behaviour, per_second: u32) {
        behaviour.rate_limit = (per_second > 0).then(|| RateLimit::per_second(per_second));
    }

    fn settings() -> Vec<(&'static str, String)> {
        vec![
            ("department_dimension", format!("{:?}", "Department")),
            // A fake on this machine is nobody's to spare.
            ("concurrency", "8".to_owned()),
            ("rate_limit", "{ per_second = 500, burst = 500 }".to_owned()),
        ]
    }

    fn a_day_passes(&mut self, today: Date) -> Result<[String; 3], SandboxError> {
        let mut staff = self.ids();
        staff.retain(|id| {
            self.employments(id).iter().any(|employment| {
                let started = world::text(employment, "startdate") < today.to_string();
                started && world::text(employment, "enddate").is_empty()
            })
        });
        let [.., mover, leaver] = staff.as_slice() else { return Err(SandboxError::TooFew) };
        let joiner = self.hire(Person::new("Noor", "El-Amrani").starts(today.to_string()));
        self.set(mover, "telefon", "+47 405 99 999")?;
        self.leave(leaver, &today.plus_days(-1).to_string())?;
        Ok([
            format!("{joiner} is hired and starts today"),
            format!("{mover} gets a new phone number"),
            format!("{leaver} has left; yesterday was the last day"),
        ])
    }
}

/// The machine's clock.
fn clock() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    Timestamp::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}
