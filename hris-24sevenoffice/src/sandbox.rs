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
//! Under [`Sandbox::url`]: `/auth`, `/employee/v2` and one person beneath it, `/employment/v2/{empId}`,
//! `/employee_field/v2/`, `/dimension/v2` and `/dimension/v2/{dimid}`, `/organization/v2`. Employees
//! and employments can be written, nothing else. What the vendor's description leaves open is a switch
//! of [`Behaviour`]; a client that is right under all of them needs no luck.
//!
//! Every value that a reader must drop (national numbers, bank, pay, tax) contains [`CANARY`], so a
//! leak shows in a text search. E-mail domains end in `.example`.

mod behaviour;
mod generate;
mod kit;
mod person;
mod serve;
mod world;
mod write;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hris_core::http::Transport;
use hris_core::sandbox::{RateLimit, Server, day};
use hris_core::{Date, Timestamp};

pub use behaviour::{Behaviour, Employments, ExpiresOn, Omitted, Shape};
pub use hris_core::sandbox::{CANARY, Edit, Fault, OWN_WORDS, RecordedRequest, RetryAfter};
pub(crate) use kit::Starter;
pub use person::Person;
pub use world::World;

/// A fault and the requests for this company that it meets.
pub type Injection = hris_core::sandbox::Injection<World>;

/// A running fake of the vendor. It stops when dropped.
pub struct Sandbox {
    server: Server<World>,
    token: String,
}

impl Sandbox {
    /// A company of 50 employees on a free port.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start() -> Result<Self, SandboxError> {
        Self::builder().start().await
    }

    /// Settings before the start.
    pub fn builder() -> Builder {
        Builder {
            employees: 50,
            seed: 7,
            port: 0,
            today: day(2026, 11, 24),
            began: None,
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

    /// The persistent token of this company. The same seed gives the same one.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Looks at or changes the company while no request is answered. Do not call the sandbox from
    /// inside the closure.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.server.change(change)
    }

    /// Changes one of the open choices from the next request on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.change(|world| change(world.behaviour_mut()));
    }

    /// Makes something go wrong.
    pub fn inject(&self, fault: impl Into<Injection>) {
        self.server.inject(fault);
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.server.clear_faults();
    }

    /// The requests so far, oldest first: the last 10,000 of them. Tokens are not kept.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    /// The recorded requests that change something: whatever is no `GET`.
    #[must_use]
    pub fn writes(&self) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.method != "GET");
        requests
    }

    /// How many of the recorded requests were for this path, for example `/employee/v2`.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> usize {
        self.server.requests_to(path)
    }

    /// The server beneath, as every vendor's sandbox has one.
    #[must_use]
    pub fn server(&self) -> &Server<World> {
        &self.server
    }

    /// A way to this company that needs no network and runs on the caller's clock, as
    /// [`Server::transport`].
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
    began: Option<Timestamp>,
    behaviour: Behaviour,
}

impl Builder {
    /// The number of employees, people yet to start and leavers among them; 50 when not said.
    pub fn employees(mut self, number: usize) -> Self {
        self.employees = number;
        self
    }

    /// The seed of all that is invented; 7 when not said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A fixed port; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The day the company lives on, `YYYY-MM-DD`: people start and leave around it. 2026-11-24 when
    /// not said. What is no day is ignored.
    pub fn today(mut self, day: &str) -> Self {
        self.today = day.parse().unwrap_or(self.today);
        self
    }

    /// The time at which the company's clock begins: answers are dated and tokens end by it. The
    /// machine's own when not said, so that a client which compares the end of a token with its own
    /// clock finds it ahead.
    pub fn now(mut self, now: Timestamp) -> Self {
        self.began = Some(now);
        self
    }

    /// So many requests a second for each access token, beyond which the answer is 429; 0 for no
    /// limit.
    pub fn rate_limit(mut self, per_second: u32) -> Self {
        self.behaviour.rate_limit = (per_second > 0).then(|| RateLimit::per_second(per_second));
        self
    }

    /// How long every answer takes.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.behaviour.latency = latency;
        self
    }

    /// Any of the open choices.
    pub fn behaviour(mut self, change: impl FnOnce(&mut Behaviour)) -> Self {
        change(&mut self.behaviour);
        self
    }

    /// Invents the company and opens the port.
    ///
    /// # Errors
    /// When the port cannot be opened, for example because it is taken.
    pub async fn start(self) -> Result<Sandbox, SandboxError> {
        let mut world = World::empty(self.seed, self.today, self.began.unwrap_or_else(clock), self.behaviour);
        generate::fill(&mut world, self.employees);
        let token = world.issue_token();
        let started = Server::start(world, self.port).await;
        let server = started.map_err(|source| SandboxError::Port { port: self.port, source })?;
        Ok(Sandbox { server, token })
    }
}

/// The machine's clock.
fn clock() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    Timestamp::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// What a sandbox cannot do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The port could not be opened: choose another one, or 0 for any.
    #[error("sandbox: port {port} could not be opened")]
    Port {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The company has no such person or token.
    #[error("sandbox: {what} is unknown")]
    Unknown {
        /// The id asked for.
        what: String,
    },
}

impl SandboxError {
    fn unknown(what: &str) -> Self {
        Self::Unknown { what: what.to_owned() }
    }
}
