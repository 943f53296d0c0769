//! A stateful fake of Humaans on loopback, for tests and demonstrations.
//!
//! A [`Sandbox`] is a small company with an HR system: invented people, job
//! histories, offices and custom fields, served over HTTP the way the vendor
//! does, with access tokens, scopes, roles, filters and paging. The company can
//! be changed while it runs, and things can be made to go wrong on demand.
//!
//! ```
//! use hris_humaans::sandbox::{Fault, Person, Sandbox, SandboxError, Token};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), SandboxError> {
//! let sandbox = Sandbox::builder().employees(40).seed(7).start().await?;
//! // Give these two to whatever is under test.
//! let (_base, _token) = (sandbox.url(), sandbox.token());
//!
//! // The HR team at work.
//! let joiner = sandbox.hire(Person::new("Noor", "El-Amrani").job("Buyer", "Operations"));
//! sandbox.update(&joiner, |person| {
//!     person.set("lastName", "Amrani");
//! })?;
//! sandbox.offboard(&joiner, "2026-10-31")?;
//!
//! // A colder wind: a narrower token, and a vendor with a bad day.
//! let _public = sandbox.issue_token(Token::public());
//! sandbox.inject(Fault::Status(503).on("/people").nth(2).once());
//! # Ok(())
//! # }
//! ```
//!
//! # What it serves
//!
//! Under [`Sandbox::url`], for `GET` only: `/token-info`, `/me`, `/companies`,
//! `/people`, `/people/{id}`, `/job-roles`, `/locations`, `/custom-fields` and
//! `/custom-values`. Anything else is 404, any other method 405. Every request
//! is recorded ([`Sandbox::requests`]), so a test can prove what was not asked
//! for ([`Sandbox::strayed`]).
//!
//! # How it decides what nobody knows
//!
//! The vendor's public documentation leaves questions open: what an omitted
//! `status` means, how a hidden value looks, what a page limit above the
//! maximum does, which shape errors have. [`Behaviour`] has a switch for each;
//! a client that is right under all of them needs no luck.
//!
//! # The invented company
//!
//! The same seed and number of people give the same company, to the last
//! letter. Nine in ten people are active; about three in a hundred are yet to
//! start (`newHire`, no work e-mail) and as many have left. E-mail domains end
//! in `.example`. Values a reader must drop (calendar tokens, tax ids, leave
//! reasons, notes) contain [`CANARY`], so a leak shows in a text search. The
//! default company holds no contradiction; [`Peculiarity`] adds them.
//!
//! # Limits
//!
//! It speaks plain HTTP on loopback. It cannot break a connection in the
//! middle of a body or send one byte a second; [`Fault::Disconnect`] and
//! [`Fault::Slow`] come closest. It writes no logs.

mod behaviour;
mod builder;
mod changes;
mod generate;
mod kit;
#[doc(hidden)]
pub mod measure;
mod page;
mod peculiar;
mod person;
mod reader;
mod record;
mod refusal;
mod serve;
mod table;
mod token;
mod world;

use std::net::SocketAddr;

use hris_core::http::Transport;
use hris_core::sandbox::Server;
use serde_json::Value;

pub use behaviour::{AllStatus, Behaviour, ErrorShape, Hidden, OverLimit, StatusFilter};
pub use builder::Builder;
pub use hris_core::sandbox::{CANARY, Edit, Fault, OWN_WORDS, RateLimit, RecordedRequest, RetryAfter};
pub(crate) use kit::Starter;
pub use peculiar::Peculiarity;
pub use person::{CustomField, Job, Location, Members, Person, PersonView, Status};
pub use token::{Profiles, Role, Scope, Token};
pub use world::{Resource, World};

/// A fault and the requests for this company that it meets.
pub type Injection = hris_core::sandbox::Injection<World>;

/// Every `companyId` of an answer is this, as when a token belongs to another company.
pub fn other_company(id: impl Into<String>) -> Fault {
    let id = id.into();
    let replace = move |row: &mut Value| {
        if let Some(slot) = row.get_mut("companyId") {
            *slot = Value::String(id.clone());
        }
    };
    Fault::edit(move |body| {
        replace(body);
        if let Some(Value::Array(rows)) = body.get_mut("data") {
            rows.iter_mut().for_each(&replace);
        }
    })
}

/// A running fake of the vendor. It stops when dropped.
pub struct Sandbox {
    server: Server<World>,
    token: String,
}

impl Sandbox {
    /// A company of 250 people on a free port.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start() -> Result<Self, SandboxError> {
        Self::builder().start().await
    }

    /// Settings before the start.
    pub fn builder() -> Builder {
        Builder::default()
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

    /// A token that sees everything it should: `public:read`, `private:read`,
    /// made by an administrator. The same seed gives the same token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Looks at or changes the company while no request is answered. Do not
    /// call the sandbox from inside the closure.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.server.change(change)
    }

    /// As [`World::people`].
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        self.change(|world| world.people())
    }

    /// As [`World::person`].
    #[must_use]
    pub fn person(&self, id: &str) -> Option<PersonView> {
        self.change(|world| world.person(id))
    }

    /// As [`World::hire`].
    pub fn hire(&self, person: Person) -> String {
        self.change(|world| world.hire(person))
    }

    /// As [`World::update`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn update(&self, id: &str, change: impl FnOnce(&mut Members<'_>)) -> Result<(), SandboxError> {
        self.change(|world| world.update(id, change))
    }

    /// As [`World::set_field`].
    ///
    /// # Errors
    /// When nobody has this id or the pointer leads nowhere.
    pub fn set_field(&self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        self.change(|world| world.set_field(id, field, value))
    }

    /// As [`World::set_custom`].
    ///
    /// # Errors
    /// When nobody has this id or no field this name.
    pub fn set_custom(&self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        self.change(|world| world.set_custom(id, field, value))
    }

    /// As [`World::change_job`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn change_job(&self, id: &str, job: Job) -> Result<String, SandboxError> {
        self.change(|world| world.change_job(id, job))
    }

    /// As [`World::offboard`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn offboard(&self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.change(|world| world.offboard(id, last_day))
    }

    /// As [`World::rehire`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rehire(&self, id: &str, start: &str) -> Result<(), SandboxError> {
        self.change(|world| world.rehire(id, start))
    }

    /// As [`World::rehire_as_new`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rehire_as_new(&self, id: &str, start: &str) -> Result<String, SandboxError> {
        self.change(|world| world.rehire_as_new(id, start))
    }

    /// As [`World::delete`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn delete(&self, id: &str) -> Result<(), SandboxError> {
        self.change(|world| world.delete(id))
    }

    /// Adds a peculiar case and answers the id of the person it is about.
    pub fn add(&self, case: Peculiarity) -> String {
        self.change(|world| world.add(case))
    }

    /// As [`World::issue_token`].
    pub fn issue_token(&self, token: Token) -> String {
        self.change(|world| world.issue_token(token))
    }

    /// As [`World::revoke`].
    ///
    /// # Errors
    /// When there is no such token.
    pub fn revoke(&self, token: &str) -> Result<(), SandboxError> {
        self.change(|world| world.revoke(token))
    }

    /// Changes one of the open choices from the next request on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.change(|world| change(world.behaviour_mut()));
    }

    /// Makes something go wrong. Several faults that meet one request work
    /// together where they can; of two that replace the answer the first wins.
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

    /// How many of the recorded requests were for this path, for example
    /// `/people`.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> usize {
        self.server.requests_to(path)
    }

    /// The recorded requests that a reader of the directory has no business to
    /// make: other paths than those served, and other methods than `GET`.
    #[must_use]
    pub fn strayed(&self) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.method != "GET" || !serve::is_served(&request.path));
        requests
    }

    /// Forgets the recorded requests.
    pub fn forget_requests(&self) {
        self.server.forget_requests();
    }

    /// The server beneath, as every vendor's sandbox has one: more ways to look
    /// at it, and what the conformance suite breaks.
    #[must_use]
    pub fn server(&self) -> &Server<World> {
        &self.server
    }

    /// A way to this company that needs no network and runs on the caller's
    /// clock, as [`Server::transport`].
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
    /// The company has no such person, row, field or token.
    #[error("sandbox: {what} is unknown")]
    Unknown {
        /// The id or name asked for.
        what: String,
    },
}

impl SandboxError {
    fn unknown(what: &str) -> Self {
        Self::Unknown { what: what.to_owned() }
    }
}
