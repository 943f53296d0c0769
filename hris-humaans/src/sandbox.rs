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
//! Under [`Server::url`], for `GET` only: `/token-info`, `/me`, `/companies`,
//! `/people`, `/people/{id}`, `/job-roles`, `/locations`, `/custom-fields` and
//! `/custom-values`. Anything else is 404, any other method 405. Every request
//! is recorded ([`Server::requests`]), so a test can prove what was not asked
//! for ([`Sandbox::strayed`]).
//!
//! # How it decides what nobody knows
//!
//! The vendor's public documentation leaves questions open: what `status=all` answers, how a hidden
//! value looks, what asking for a hidden person answers. [`Behaviour`] has a switch for each; a
//! client that is right under all of them needs no luck.
//!
//! # The invented company
//!
//! The same seed and number of people give the same company, to the last
//! letter. Nine in ten people are active; about three in a hundred are yet to
//! start (`newHire`, no work e-mail) and as many have left. E-mail domains end
//! in `.example`. Values a reader must drop (calendar tokens, tax ids, leave
//! reasons, notes) contain [`CANARY`], so a leak shows in a text search. The
//! company holds no contradiction; [`World`] adds any record, as strange as wanted.

mod behaviour;
mod generate;
#[doc(hidden)]
pub mod measure;
mod person;
mod record;
mod serve;
mod token;
mod world;

use hris_core::Date;
#[cfg(doc)]
use hris_core::sandbox::Server;
use hris_core::sandbox::{FakeVendor, Plan, RateLimit};
use serde_json::Value;

pub use behaviour::{AllStatus, Behaviour, Hidden};
pub use hris_core::sandbox::{CANARY, Fault, OWN_WORDS, RecordedRequest, SandboxError};
pub use person::{CustomField, Job, Location, Members, Person, PersonView, Status};
pub use token::{Profiles, Role, Scope, Token};
pub use world::{Resource, World};

/// Settings of a [`Sandbox`] before it starts.
pub type Builder = hris_core::sandbox::Builder<World>;

/// A fault and the requests for this company that it meets.
pub type Injection = hris_core::sandbox::Injection<World>;

pub(crate) static STARTER: hris_core::sandbox::Starter<World> = hris_core::sandbox::Starter::new();

hris_core::sandbox! {
    /// A running fake of the vendor. It stops when dropped.
    pub struct Sandbox(World) {
        fn people() -> Vec<PersonView>;
        fn person(id: &str) -> Option<PersonView>;
        fn hire(person: Person) -> String;
        fn issue_token(token: Token) -> String;
    } or fail {
        fn update(id: &str, change: impl FnOnce(&mut Members<'_>)) -> ();
        fn set_field(id: &str, field: &str, value: impl Into<Value>) -> ();
        fn set_custom(id: &str, field: &str, value: impl Into<Value>) -> ();
        fn change_job(id: &str, job: Job) -> String;
        fn offboard(id: &str, last_day: &str) -> ();
        fn rehire(id: &str, start: &str) -> ();
        fn delete(id: &str) -> ();
        fn revoke(token: &str) -> ();
    }
}

impl Sandbox {
    /// The recorded requests that a reader of the directory has no business to make: other paths than those served,
    /// and other methods than `GET`.
    #[must_use]
    pub fn strayed(&self) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.method != "GET" || !serve::is_served(&request.path));
        requests
    }
}

impl FakeVendor for World {
    type Behaviour = Behaviour;
    type Sandbox = Sandbox;

    fn invent(plan: &Plan, behaviour: Behaviour) -> (Self, String) {
        let mut world = Self::empty(plan.seed, plan.today, behaviour);
        generate::fill(&mut world, plan.plain, plan.employees);
        let token = world.issue_token(Token::private());
        (world, token)
    }

    fn behaviour_mut(&mut self) -> &mut Behaviour {
        &mut self.behaviour
    }

    fn limit(behaviour: &mut Behaviour, per_second: u32) {
        behaviour.rate_limit = (per_second > 0).then(|| RateLimit::per_second(per_second));
    }

    fn settings() -> Vec<(&'static str, String)> {
        // A fake on this machine is nobody's to spare.
        vec![("rate_limit", "{ per_second = 200, burst = 200 }".to_owned())]
    }

    fn a_day_passes(&mut self, today: Date) -> Result<[String; 3], SandboxError> {
        let mut staff = self.people();
        staff.retain(|person| person.status == "active" && person.email.is_some() && person.id != self.admin);
        // The last of the list manage nobody, so exactly one person changes with each of them.
        let [.., promoted, leaver] = staff.as_slice() else { return Err(SandboxError::TooFew) };
        let joiner = Person::new("Noor", "El-Amrani").job("Buyer", "Operations").team("Operations");
        let joiner = self.hire(joiner.starts(today.to_string()));
        let mut roles = self.table(Resource::JobRoles).iter();
        let present = roles.find(|role| role.person() == promoted.id && role.str("endDate").is_none());
        let mut job = Job::new("Head of Good Ideas", promoted.department.clone().unwrap_or_default());
        job.reports_to = present.and_then(|role| role.str("reportingTo")).map(str::to_owned);
        self.change_job(&promoted.id, job)?;
        self.offboard(&leaver.id, &today.plus_days(-1).to_string())?;
        Ok([
            format!("{joiner} is hired and starts today"),
            format!("{} gets a new job title", promoted.id),
            format!("{} has left; yesterday was the last day", leaver.id),
        ])
    }
}
