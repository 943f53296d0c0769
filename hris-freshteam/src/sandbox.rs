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
//! Under [`Sandbox::url`], for `GET` only: `/employees`, `/employees/{id}`, `/employee_fields`,
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
mod kit;
mod page;
mod person;
mod serve;

use std::net::SocketAddr;
use std::time::Duration;

use hris_core::Date;
use hris_core::http::Transport;
use hris_core::sandbox::{Server, day};

pub use behaviour::{Behaviour, Ending, PastEnd, PerPage, Role, Unfiltered};
pub use company::{Company, Units};
pub use hris_core::sandbox::{CANARY, Edit, Fault, OWN_WORDS, RecordedRequest, RetryAfter};
pub(crate) use kit::Starter;
pub use person::{Person, PersonView};

/// A fault and the requests for this account that it meets.
pub type Injection = hris_core::sandbox::Injection<Company>;

/// A running fake of the vendor. It stops when dropped.
pub struct Sandbox {
    server: Server<Company>,
    key: String,
}

/// Why the sandbox did not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The port cannot be opened.
    #[error("open a port on this machine: {0}")]
    Port(#[from] std::io::Error),
    /// Nobody has this id.
    #[error("nobody has the id {0}")]
    UnknownPerson(String),
}

impl Sandbox {
    /// Settings before the start.
    pub fn builder() -> Builder {
        Builder {
            employees: 250,
            seed: 7,
            port: 0,
            today: day(2026, 11, 24),
            behaviour: Behaviour::default(),
        }
    }

    /// The base address of the API, for example `http://127.0.0.1:4010/api`.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The account's subdomain.
    #[must_use]
    pub fn subdomain(&self) -> &'static str {
        generate::SUBDOMAIN
    }

    /// The key of an Admin. The same seed gives the same key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Looks at or changes the account while no request is answered. Do not call the sandbox from
    /// inside the closure.
    pub fn change<T>(&self, change: impl FnOnce(&mut Company) -> T) -> T {
        self.server.change(change)
    }

    /// As [`Company::hire`].
    pub fn hire(&self, person: Person) -> String {
        self.change(|company| company.hire(person))
    }

    /// As [`Company::people`].
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        self.change(|company| company.people())
    }

    /// Changes one of the open choices from the next request on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.change(|company| change(&mut company.behaviour));
    }

    /// Makes something go wrong.
    pub fn inject(&self, fault: impl Into<Injection>) {
        self.server.inject(fault);
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.server.clear_faults();
    }

    /// The requests so far, oldest first: the last 10,000 of them.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    /// How many of the recorded requests were for this path, for example `/employees`.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> usize {
        self.server.requests_to(path)
    }

    /// Forgets the recorded requests.
    pub fn forget_requests(&self) {
        self.server.forget_requests();
    }

    /// The server beneath, as every vendor's sandbox has one.
    #[must_use]
    pub fn server(&self) -> &Server<Company> {
        &self.server
    }

    /// A way to this account that needs no network and runs on the caller's clock.
    #[must_use]
    pub fn transport(&self) -> impl Transport + use<> {
        self.server.transport()
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// Settings of a [`Sandbox`] before it starts.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    employees: usize,
    seed: u64,
    port: u16,
    today: Date,
    behaviour: Behaviour,
}

impl Builder {
    /// How many people the company begins with. 250.
    pub fn employees(mut self, people: usize) -> Self {
        self.employees = people;
        self
    }

    /// Which invented company it is. 7.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The port; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The company's today. 2026-11-24.
    pub fn today(mut self, today: Date) -> Self {
        self.today = today;
        self
    }

    /// Requests a minute that the account may make. 60,000, so that tests and demonstrations are
    /// quick; a small account of the vendor's has 50, a trial 10.
    pub fn per_minute(mut self, requests: u32) -> Self {
        self.behaviour.per_minute = requests.max(1);
        self
    }

    /// How long every answer takes.
    pub fn latency(mut self, time: Duration) -> Self {
        self.behaviour.latency = time;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// [`SandboxError::Port`] when the port cannot be opened.
    pub async fn start(self) -> Result<Sandbox, SandboxError> {
        let mut company = Company::new(self.seed, self.today, self.behaviour);
        generate::fill(&mut company, self.employees);
        let key = company.issue_key(Role::Admin);
        let server = Server::start(company, self.port).await?;
        Ok(Sandbox { server, key })
    }
}
