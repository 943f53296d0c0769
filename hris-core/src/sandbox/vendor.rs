//! What every vendor's sandbox has: settings before the start, a credential, switches, errors.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use async_trait::async_trait;

use super::{Fake, FakeKit, FakeOptions, Server, World, day};
use crate::{Date, TimeZone, Timestamp};

/// A [`World`] that can be invented: what the sandbox of one vendor says of itself.
pub trait FakeVendor: World {
    /// Choices for what the vendor's documentation leaves open.
    type Behaviour: Clone + fmt::Debug + Default + Send;

    /// The vendor's own name for a [`Running`] fake, as [`sandbox!`](crate::sandbox!) defines it.
    type Sandbox: From<Running<Self>>;

    /// How many people there are by default.
    const EMPLOYEES: usize = 250;

    /// Invents the company, and a credential that sees everything it should. The same plan gives the same both.
    fn invent(plan: &Plan, behaviour: Self::Behaviour) -> (Self, String);

    /// The choices, for change. They hold from the next request on.
    fn behaviour_mut(&mut self) -> &mut Self::Behaviour;

    /// Allows so many requests a second; 0 for no limit.
    fn limit(behaviour: &mut Self::Behaviour, per_second: u32);

    /// Changes choices for a fake that people try by hand, before the limit of its options is set. Does nothing by
    /// default.
    fn for_people(behaviour: &mut Self::Behaviour) {
        let _as_it_is = behaviour;
    }

    /// Settings of a connector that lead to the fake, as [`Fake::settings`].
    fn settings() -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The registered application, as [`Fake::client`].
    fn client(&self) -> Option<(&'static str, &'static str, String)> {
        None
    }

    /// Somebody is hired, somebody changes, somebody leaves: a sentence for each.
    ///
    /// # Errors
    /// [`SandboxError::TooFew`] if the company has too few people.
    fn a_day_passes(&mut self, today: Date) -> Result<[String; 3], SandboxError>;
}

/// What is to be invented.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The number of people, those who start later and leavers among them.
    pub employees: usize,
    /// The seed of all that is invented.
    pub seed: u64,
    /// The day on which the company lives: people start and leave around it.
    pub today: Date,
    /// The time at which the company's clock begins; `None` for the machine's own.
    pub now: Option<Timestamp>,
    /// Whether the company is uniform: everybody is active and complete.
    pub plain: bool,
}

/// Settings of a sandbox before it starts.
#[must_use]
pub struct Builder<V: FakeVendor> {
    plan: Plan,
    port: u16,
    latency: Duration,
    behaviour: V::Behaviour,
}

impl<V: FakeVendor> Default for Builder<V> {
    fn default() -> Self {
        let today = day(2026, 11, 24);
        Self {
            plan: Plan { employees: V::EMPLOYEES, seed: 7, today, now: None, plain: false },
            port: 0,
            latency: Duration::ZERO,
            behaviour: V::Behaviour::default(),
        }
    }
}

impl<V: FakeVendor> Builder<V> {
    /// Sets the number of people, those who start later and leavers among them. [`FakeVendor::EMPLOYEES`] by default.
    pub fn employees(mut self, number: usize) -> Self {
        self.plan.employees = number;
        self
    }

    /// Sets the seed of all that is invented. 7 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.plan.seed = seed;
        self
    }

    /// Sets the port. 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the day on which the company lives, `YYYY-MM-DD`. 2026-11-24 by default. An invalid date is ignored.
    pub fn today(mut self, day: impl fmt::Display) -> Self {
        self.plan.today = day.to_string().parse().unwrap_or(self.plan.today);
        self
    }

    /// Sets the time at which the company's clock begins, for vendors whose answers tell times. The machine's own by
    /// default, so that a client that compares the end of a token with its own clock finds it ahead.
    pub fn now(mut self, now: Timestamp) -> Self {
        self.plan.now = Some(now);
        self
    }

    /// Makes the company uniform: everybody is active and complete. Vendors whose companies have no such kind ignore
    /// this.
    pub fn plain(mut self) -> Self {
        self.plan.plain = true;
        self
    }

    /// Sets how many requests a second are allowed, beyond which the answer is 429; 0 for no limit.
    pub fn rate_limit(mut self, per_second: u32) -> Self {
        V::limit(&mut self.behaviour, per_second);
        self
    }

    /// Sets how long every answer takes.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Changes what the vendor's documentation leaves open.
    pub fn behaviour(mut self, change: impl FnOnce(&mut V::Behaviour)) -> Self {
        change(&mut self.behaviour);
        self
    }

    /// Invents the company and opens the port.
    ///
    /// # Errors
    /// [`SandboxError::Port`] if the port cannot be opened, for example because it is taken.
    pub async fn start(self) -> Result<V::Sandbox, SandboxError> {
        Ok(V::Sandbox::from(self.run().await?))
    }

    async fn run(self) -> Result<Running<V>, SandboxError> {
        let (world, token) = V::invent(&self.plan, self.behaviour);
        let started = Server::start(world, self.port).await;
        let server = started.map_err(|source| SandboxError::Port { port: self.port, source })?;
        server.set_latency(self.latency);
        Ok(Running { server, token })
    }
}

impl<V: FakeVendor> fmt::Debug for Builder<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("plan", &self.plan).field("port", &self.port).finish_non_exhaustive()
    }
}

/// A fake vendor that runs. It stops when dropped, and can all that its [`Server`] can.
pub struct Running<V: FakeVendor> {
    server: Server<V>,
    token: String,
}

impl<V: FakeVendor> Running<V> {
    /// The credential that sees everything it should. The same seed gives the same one.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The server beneath, which the conformance suite breaks.
    #[must_use]
    pub fn server(&self) -> &Server<V> {
        &self.server
    }

    /// Changes what the vendor's documentation leaves open, from the next request on.
    pub fn behave(&self, change: impl FnOnce(&mut V::Behaviour)) {
        self.server.change(|world| change(world.behaviour_mut()));
    }
}

impl<V: FakeVendor> Deref for Running<V> {
    type Target = Server<V>;

    fn deref(&self) -> &Server<V> {
        &self.server
    }
}

impl<V: FakeVendor> fmt::Debug for Running<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl<V: FakeVendor> Fake for Running<V> {
    fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    fn token(&self) -> &str {
        &self.token
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        V::settings()
    }

    fn client(&self) -> Option<(&str, &str, String)> {
        self.change(|world| world.client())
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let passed = self.change(|world| world.a_day_passes(now.date_in(&TimeZone::utc())));
        passed.map(Vec::from).map_err(|error| error.to_string())
    }
}

/// Starts the fake of one vendor for a program.
pub struct Starter<V>(PhantomData<fn() -> V>);

impl<V> Starter<V> {
    /// The one of its kind.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<V> Default for Starter<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> fmt::Debug for Starter<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Starter")
    }
}

#[async_trait]
impl<V: FakeVendor> FakeKit for Starter<V> {
    async fn start(&self, options: FakeOptions) -> Result<Box<dyn Fake>, String> {
        let mut builder = Builder::<V>::default()
            .port(options.port)
            .employees(usize::try_from(options.employees).unwrap_or(usize::MAX))
            .seed(options.seed)
            .today(options.now.date_in(&TimeZone::utc()))
            .now(options.now)
            .latency(options.latency)
            .behaviour(V::for_people);
        if let Some(rate) = options.rate_limit {
            builder = builder.rate_limit(rate);
        }
        let started = builder.run().await;
        started.map(|running| Box::new(running) as Box<dyn Fake>).map_err(|error| error.to_string())
    }
}

/// Why a sandbox did not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The port could not be opened: choose another one, or 0 for any.
    #[error("sandbox: port {port} could not be opened")]
    Port {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The fake answered with this status where its success was needed.
    #[error("sandbox: the answer was {status}")]
    Refused {
        /// The status.
        status: u16,
    },
    /// The company has too few people for a day to pass.
    #[error("the sandbox has too few people for a day to pass; give it ten or more")]
    TooFew,
    /// The company has no such person, row, field or credential.
    #[error("sandbox: {what} is unknown")]
    Unknown {
        /// The id or name asked for.
        what: String,
    },
}

impl SandboxError {
    /// The company has nothing of this id or name.
    #[must_use]
    pub fn unknown(what: &str) -> Self {
        Self::Unknown { what: what.to_owned() }
    }
}

/// Defines the sandbox of one vendor: a [`Running`](crate::sandbox::Running) fake with methods of its world that need
/// no [`Server::change`](crate::sandbox::Server::change). Those after `or fail` may also return a
/// [`SandboxError`](crate::sandbox::SandboxError).
///
/// ```
/// # use hris_core::Date;
/// use hris_core::sandbox::{Answer, Envelope, FakeVendor, Plan, Received, SandboxError, World};
///
/// pub struct Company(Vec<String>);
///
/// hris_core::sandbox! {
///     /// A running fake of the vendor. It stops when dropped.
///     pub struct Sandbox(Company) {
///         fn hire(name: &str) -> usize;
///     } or fail {
///         fn fire(place: usize) -> String;
///     }
/// }
///
/// impl Company {
///     /// Adds a person.
///     pub fn hire(&mut self, name: &str) -> usize {
///         self.0.push(name.to_owned());
///         self.0.len() - 1
///     }
///
///     /// Removes a person.
///     pub fn fire(&mut self, place: usize) -> Result<String, SandboxError> {
///         if place < self.0.len() { Ok(self.0.remove(place)) } else { Err(SandboxError::unknown("the place")) }
///     }
/// }
///
/// impl FakeVendor for Company {
///     type Behaviour = ();
///     type Sandbox = Sandbox;
///
///     fn invent(plan: &Plan, (): ()) -> (Self, String) {
///         (Self((0..plan.employees).map(|number| format!("Person {number}")).collect()), "token".to_owned())
///     }
/// #   fn behaviour_mut(&mut self) -> &mut () { Box::leak(Box::new(())) }
/// #   fn limit((): &mut (), _: u32) {}
/// #   fn a_day_passes(&mut self, _: Date) -> Result<[String; 3], SandboxError> { Err(SandboxError::TooFew) }
///     // …
/// }
/// # impl World for Company {
/// #     fn envelope(&self) -> Envelope { Envelope::bare() }
/// #     fn answer(&mut self, _: &Received) -> Answer { Answer::json(&self.0) }
/// #     fn refuse(&self, _: &Received, status: u16) -> Answer { Answer::empty(status) }
/// #     fn revoke(&mut self, _: &Received) {}
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), SandboxError> {
/// let sandbox = Sandbox::builder().employees(40).start().await?;
/// let joiner = sandbox.hire("Noor El-Amrani");
/// assert_eq!((joiner, sandbox.fire(joiner)?), (40, "Noor El-Amrani".to_owned()));
/// assert!(sandbox.fire(joiner).is_err());
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! sandbox {
    (
        $(#[$about:meta])*
        pub struct $sandbox:ident($world:ident) {
            $(fn $plain:ident($($arg:ident: $kind:ty),*) $(-> $result:ty)?;)*
        } or fail {
            $(fn $fallible:ident($($given:ident: $sort:ty),*) -> $outcome:ty;)*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $sandbox($crate::sandbox::Running<$world>);

        impl $sandbox {
            /// Starts a company of the default size on a free port.
            ///
            /// # Errors
            /// If no port can be opened.
            pub async fn start() -> ::std::result::Result<Self, $crate::sandbox::SandboxError> {
                Self::builder().start().await
            }

            /// Settings before the start.
            pub fn builder() -> $crate::sandbox::Builder<$world> {
                $crate::sandbox::Builder::default()
            }

            $(
                #[doc = concat!("As [`", stringify!($world), "::", stringify!($plain), "`].")]
                pub fn $plain(&self $(, $arg: $kind)*) $(-> $result)? {
                    self.0.change(|world| world.$plain($($arg),*))
                }
            )*

            $(
                #[doc = concat!("As [`", stringify!($world), "::", stringify!($fallible), "`].")]
                ///
                /// # Errors
                /// As there.
                pub fn $fallible(
                    &self $(, $given: $sort)*
                ) -> ::std::result::Result<$outcome, $crate::sandbox::SandboxError> {
                    self.0.change(|world| world.$fallible($($given),*))
                }
            )*
        }

        impl ::std::convert::From<$crate::sandbox::Running<$world>> for $sandbox {
            fn from(running: $crate::sandbox::Running<$world>) -> Self {
                Self(running)
            }
        }

        impl ::std::ops::Deref for $sandbox {
            type Target = $crate::sandbox::Running<$world>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    };
}
