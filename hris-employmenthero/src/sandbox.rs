//! A stateful fake of Employment Hero and its authorisation server on loopback, for tests and
//! demonstrations.
//!
//! ```
//! use std::sync::Arc;
//! use hris_core::{Date, Directory, TokenStore, MemoryTokens, ReadRequest};
//! use hris_employmenthero::EmploymentHero;
//! use hris_employmenthero::sandbox::{Person, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::builder().employees(40).start().await?;
//! let oauth = sandbox.oauth().build()?;
//!
//! // A person consents in their browser, and the product exchanges what they come back with.
//! let consent = oauth.consent()?;
//! let returned = sandbox.consent(consent.address())?;
//! let kept = MemoryTokens::default();
//! kept.replace(0, &oauth.exchange(consent, returned.as_str()).await?).await?;
//!
//! let directory = EmploymentHero::builder()
//!     .base_url(sandbox.url())
//!     .allow_http_loopback()
//!     .oauth(oauth, Arc::new(kept))
//!     .build()?;
//! sandbox.hire(Person::new("Noor", "El-Amrani").job("Barista"));
//! let everybody = directory.snapshot(&ReadRequest::new(Date::new(2026, 11, 24)?)).await?;
//! assert_eq!(everybody.people(), 41);
//! # Ok(())
//! # }
//! ```
//!
//! # What it serves
//!
//! `GET /oauth2/authorize` and `POST /oauth2/token`, with PKCE demanded and checked, credentials in
//! the form body only, tokens that age on the sandbox's clock ([`Sandbox::advance`]), rotation and
//! revocation; and under `/api/v1/organisations` the organisations, and of each its employees, one
//! employee, an employee's custom fields, teams, work locations and custom fields. Anything else is
//! 404, and what the grant has no scope for is 403.
//!
//! # How it decides what nobody knows
//!
//! [`Behaviour`] has a switch for each question that the vendor's documentation leaves open.

mod behaviour;
mod generate;
mod kit;
mod person;
mod serve;
mod token;
mod world;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use hris_core::http::Transport;
use hris_core::oauth::OAuthBuilder;
use hris_core::sandbox::{Server, day};
use hris_core::{Date, Secret, Tokens};
use serde_json::{Map, Value};
use url::Url;

pub use behaviour::{Behaviour, Rotation};
pub use hris_core::sandbox::{CANARY, Fault, OWN_WORDS, RecordedRequest, RetryAfter};
pub(crate) use kit::Starter;
pub use person::Person;
pub use world::{PersonView, World};

use crate::oauth;
use token::Authority;

/// A fault and the requests that it meets.
pub type Injection = hris_core::sandbox::Injection<World>;

const CLIENT_ID: &str = "eh-sandbox-client";
const CLIENT_SECRET: &str = "eh-sandbox-secret";
const REDIRECT_URI: &str = "https://product.example/callback";
/// Longer than any test.
const EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A running fake of the vendor. It stops when dropped.
pub struct Sandbox {
    server: Server<World>,
    organisation: String,
    refresh_token: String,
}

impl Sandbox {
    /// An organisation of 250 people on a free port.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start() -> Result<Self, SandboxError> {
        Self::builder().start().await
    }

    /// Settings before the start.
    pub fn builder() -> Builder {
        Builder {
            employees: 250,
            seed: 7,
            port: 0,
            today: day(2026, 11, 24),
            plain: false,
            behaviour: Behaviour::default(),
        }
    }

    /// The address of API and authorisation server, for example `http://127.0.0.1:4010`.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The id of the first organisation.
    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    /// The registered application's id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        CLIENT_ID
    }

    /// The registered application's secret.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        CLIENT_SECRET
    }

    /// The redirect address that is registered with the application.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        self.change(|world| world.authority.redirect_uri.clone())
    }

    /// Settings of the registered application at this authorisation server.
    pub fn oauth(&self) -> OAuthBuilder {
        oauth::application(CLIENT_ID, Secret::from(CLIENT_SECRET.to_owned()))
            .auth_url(format!("{}/oauth2/authorize", self.url()))
            .token_url(format!("{}/oauth2/token", self.url()))
            .redirect_uri(REDIRECT_URI)
            .allow_http_loopback()
    }

    /// What the browser of somebody does who opens the address of a consent and allows everything:
    /// the address it is sent back to.
    ///
    /// # Errors
    /// When it is not sent back: the application or its redirect address is unknown, or the
    /// firewall refuses that.
    pub fn consent(&self, address: &Url) -> Result<Url, SandboxError> {
        let query: Vec<(String, String)> = address.query_pairs().into_owned().collect();
        let answer = self.server.change(|world| world.authorize(&query));
        let back =
            answer.headers.iter().find(|(name, _)| name == "Location").map(|(_, value)| Url::parse(value));
        match back {
            Some(Ok(back)) => Ok(back),
            _ => Err(SandboxError::Refused { status: answer.status }),
        }
    }

    /// A refresh token of a grant that sees everything. The same seed gives the same one. It may be
    /// dead after its first use ([`Rotation`]).
    #[must_use]
    pub fn refresh_token(&self) -> &str {
        &self.refresh_token
    }

    /// Tokens of a fresh grant that sees everything, as if somebody had consented. The access token lives for 15
    /// minutes.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        let scopes = self.change(|world| world.authority.scopes.clone());
        self.tokens_of(scopes)
    }

    /// Tokens of a fresh grant of these scopes.
    #[must_use]
    pub fn tokens_of(&self, scopes: BTreeSet<String>) -> Tokens {
        let now = self.server.elapsed();
        self.change(|world| {
            let number = world.grant(scopes.clone());
            let refresh = world.refresh_token(number, None);
            let life = world.behaviour.token_life;
            let access = world.access_token(number, now.saturating_add(life));
            Tokens::new(Some(Secret::from(access)), Some(Secret::from(refresh))).with_scopes(Some(scopes))
        })
    }

    /// An access token of a fresh grant that sees everything and does not age.
    #[must_use]
    pub fn access_token(&self) -> Secret {
        self.change(|world| {
            let number = world.grant(world.authority.scopes.clone());
            Secret::from(world.access_token(number, EVER))
        })
    }

    /// The scopes of the application, from the next consent on.
    pub fn set_scopes<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.change(|world| world.authority.scopes = scopes);
    }

    /// The redirect address that is registered with the application, in place of the one it has.
    pub fn register_redirect(&self, address: impl Into<String>) {
        let address = address.into();
        self.change(|world| world.authority.redirect_uri = address);
    }

    /// People whom the next person to consent does not see, such as the owner.
    pub fn hide<S: Into<String>>(&self, ids: impl IntoIterator<Item = S>) {
        let ids = ids.into_iter().map(Into::into).collect();
        self.change(|world| world.authority.hidden = ids);
    }

    /// Where the next person to consent logs in: an organisation with single sign-on, by id.
    pub fn sign_in(&self, organisation: &str) {
        self.change(|world| world.authority.signed_in = Some(organisation.to_owned()));
    }

    /// Has every grant so far revoked, as when the application's access is removed.
    pub fn revoke_all(&self) {
        self.change(|world| world.authority.grants.iter_mut().for_each(|grant| grant.revoked = true));
    }

    /// As [`World::refuse_access_tokens`].
    pub fn refuse_access_tokens(&self) {
        self.change(World::refuse_access_tokens);
    }

    /// Looks at or changes everything while no request is answered. Do not call the sandbox from
    /// inside the closure.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.server.change(change)
    }

    /// As [`World::people`].
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        self.change(|world| world.people())
    }

    /// As [`World::hire`].
    pub fn hire(&self, person: Person) -> String {
        self.change(|world| world.hire(person))
    }

    /// As [`World::update`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn update(&self, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> Result<(), SandboxError> {
        self.change(|world| world.update(id, change))
    }

    /// As [`World::terminate`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn terminate(&self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.change(|world| world.terminate(id, last_day))
    }

    /// As [`World::delete`].
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn delete(&self, id: &str) -> Result<(), SandboxError> {
        self.change(|world| world.delete(id))
    }

    /// As [`World::add_organisation`].
    pub fn add_organisation(&self, name: &str, sso: bool) -> String {
        self.change(|world| world.add_organisation(name, sso))
    }

    /// Changes one of the open choices from the next request on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.change(|world| change(world.behaviour_mut()));
    }

    /// Makes something go wrong; see [`Server::inject`].
    pub fn inject(&self, fault: impl Into<Injection>) {
        self.server.inject(fault);
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.server.clear_faults();
    }

    /// Lets so much time pass at once: tokens age, limits refill.
    pub fn advance(&self, time: Duration) {
        self.server.advance(time);
    }

    /// The requests so far, oldest first; without any secret.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    /// How many of them were for this path.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> usize {
        self.server.requests_to(path)
    }

    /// The path of the first organisation, or of something beneath it.
    #[must_use]
    pub fn path(&self, beneath: &str) -> String {
        let path = format!("/api/v1/organisations/{}", self.organisation);
        if beneath.is_empty() { path } else { format!("{path}/{beneath}") }
    }

    /// The server beneath, as every vendor's sandbox has one.
    #[must_use]
    pub fn server(&self) -> &Server<World> {
        &self.server
    }

    /// A way to this vendor that needs no network and runs on the caller's clock, as
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
    plain: bool,
    behaviour: Behaviour,
}

impl Builder {
    /// The number of people, those who start later and leavers among them; 250 when not said.
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

    /// The day the organisation lives on, `YYYY-MM-DD`; 2026-11-24 when not said. What is no day is
    /// ignored.
    pub fn today(mut self, day: &str) -> Self {
        self.today = day.parse().unwrap_or(self.today);
        self
    }

    /// A uniform organisation: everybody is active, in one place and without teams.
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// So many requests a second and no limit a minute; 0 for no limit at all. The vendor's 20 a
    /// second and 100 a minute when not said.
    pub fn rate_limit(mut self, per_second: u32) -> Self {
        self.behaviour.limits = (per_second > 0).then(|| (per_second, per_second.saturating_mul(60)));
        self
    }

    /// How long every answer takes, in real time.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.behaviour.latency = latency;
        self
    }

    /// Any of the open choices.
    pub fn behaviour(mut self, change: impl FnOnce(&mut Behaviour)) -> Self {
        change(&mut self.behaviour);
        self
    }

    /// Invents the organisation and opens the port.
    ///
    /// # Errors
    /// When the port cannot be opened, for example because it is taken.
    pub async fn start(self) -> Result<Sandbox, SandboxError> {
        let mut world = World {
            behaviour: self.behaviour,
            authority: Authority::new(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI),
            organisations: Vec::new(),
            rng: hris_core::sandbox::Rng::new(self.seed),
            today: self.today,
        };
        let organisation = world.add_organisation("Kererū Café Group", false);
        generate::fill(&mut world, self.employees, self.plain);
        let number = world.grant(world.authority.scopes.clone());
        let refresh_token = world.refresh_token(number, None);
        let started = Server::start(world, self.port).await;
        let server = started.map_err(|source| SandboxError::Port { port: self.port, source })?;
        Ok(Sandbox { server, organisation, refresh_token })
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
    /// The consent page did not send anybody back.
    #[error("sandbox: the consent was answered with {status}")]
    Refused {
        /// Its status.
        status: u16,
    },
    /// There is no such person or organisation.
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
