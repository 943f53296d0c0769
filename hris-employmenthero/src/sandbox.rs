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
//! the form body only, tokens that age on the sandbox's clock
//! ([`Server::advance`](hris_core::sandbox::Server::advance)), rotation and
//! revocation; and under `/api/v1/organisations` the organisations, and of each its employees, one
//! employee, an employee's custom fields, teams, work locations and custom fields. Anything else is
//! 404, and what the grant has no scope for is 403.
//!
//! # How it decides what nobody knows
//!
//! [`Behaviour`] has a switch for each question that the vendor's documentation leaves open.

mod behaviour;
mod generate;
mod person;
mod serve;
mod token;
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use hris_core::oauth::OAuthBuilder;
use hris_core::sandbox::{FakeVendor, Plan};
use hris_core::{Date, Secret, Tokens};
use serde_json::{Map, Value, json};
use url::Url;

pub use behaviour::{Behaviour, Rotation};
pub use hris_core::sandbox::{CANARY, Fault, OWN_WORDS, RecordedRequest, RetryAfter, SandboxError};
pub use person::Person;
pub use world::{PersonView, World};

use crate::oauth;

/// Settings of a [`Sandbox`] before it starts.
pub type Builder = hris_core::sandbox::Builder<World>;

/// A fault and the requests for this vendor that it meets.
pub type Injection = hris_core::sandbox::Injection<World>;

pub(crate) static STARTER: hris_core::sandbox::Starter<World> = hris_core::sandbox::Starter::new();

const CLIENT_ID: &str = "eh-sandbox-client";
const CLIENT_SECRET: &str = "eh-sandbox-secret";
const REDIRECT_URI: &str = "https://product.example/callback";
/// Longer than any test.
const EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

hris_core::sandbox! {
    /// A running fake of the vendor. It stops when dropped.
    pub struct Sandbox(World) {
        fn organisation() -> String;
        fn people() -> Vec<PersonView>;
        fn hire(person: Person) -> String;
        fn add_organisation(name: &str, sso: bool) -> String;
        fn refuse_access_tokens();
    } or fail {
        fn update(id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> ();
        fn terminate(id: &str, last_day: &str) -> ();
        fn delete(id: &str) -> ();
    }
}

impl Sandbox {
    /// The registered application's id.
    #[must_use]
    pub fn client_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// The registered application's secret.
    #[must_use]
    pub fn client_secret(&self) -> &'static str {
        CLIENT_SECRET
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
        let answer = self.change(|world| world.authorize(&query));
        let back =
            answer.headers.iter().find(|(name, _)| name == "Location").map(|(_, value)| Url::parse(value));
        match back {
            Some(Ok(back)) => Ok(back),
            _ => Err(SandboxError::Refused { status: answer.status }),
        }
    }

    /// A refresh token of a grant that sees everything. The same seed gives the same one. It may be dead after its
    /// first use ([`Rotation`]).
    #[must_use]
    pub fn refresh_token(&self) -> &str {
        self.token()
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
        let now = self.elapsed();
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

    /// The path of the first organisation, or of something beneath it.
    #[must_use]
    pub fn path(&self, beneath: &str) -> String {
        let path = format!("/api/v1/organisations/{}", self.organisation());
        if beneath.is_empty() { path } else { format!("{path}/{beneath}") }
    }
}

impl FakeVendor for World {
    type Behaviour = Behaviour;
    type Sandbox = Sandbox;

    fn invent(plan: &Plan, behaviour: Behaviour) -> (Self, String) {
        let mut world = Self::empty(plan.seed, plan.today, behaviour);
        world.add_organisation("Kererū Café Group", false);
        generate::fill(&mut world, plan.employees, plan.plain);
        let number = world.grant(world.authority.scopes.clone());
        let refresh_token = world.refresh_token(number, None);
        (world, refresh_token)
    }

    fn behaviour_mut(&mut self) -> &mut Behaviour {
        &mut self.behaviour
    }

    fn limit(behaviour: &mut Behaviour, per_second: u32) {
        behaviour.limits = (per_second > 0).then(|| (per_second, per_second.saturating_mul(60)));
    }

    /// A fake that is started again knows the token that it began with and no later one.
    fn for_people(behaviour: &mut Behaviour) {
        behaviour.rotation = Rotation::Silent;
        behaviour.loopback_refused = false;
        behaviour.limits = None;
    }

    fn settings() -> Vec<(&'static str, String)> {
        // A fake on this machine is nobody's to spare.
        vec![("rate_limit", "{ per_second = 200, per_minute = 12000 }".to_owned())]
    }

    fn client(&self) -> Option<(&'static str, &'static str, String)> {
        Some((CLIENT_ID, CLIENT_SECRET, self.authority.redirect_uri.clone()))
    }

    fn a_day_passes(&mut self, today: Date) -> Result<[String; 3], SandboxError> {
        let mut staff = self.people();
        let managers: Vec<_> = staff.iter().filter_map(|person| person.manager.clone()).collect();
        staff.retain(|person| {
            person.status == "active" && person.email.is_some() && !managers.contains(&person.id)
        });
        let [.., promoted, leaver] = staff.as_slice() else { return Err(SandboxError::TooFew) };
        let joiner = Person::new("Noor", "El-Amrani").email("noor.el-amrani@kererucafe.example").job("Buyer");
        let joiner = self.hire(joiner.location("Cuba Street").starts(today.to_string()));
        self.update(&promoted.id, |members| {
            members.insert("job_title".to_owned(), json!("Head of Good Ideas"));
        })?;
        self.terminate(&leaver.id, &today.plus_days(-1).to_string())?;
        Ok([
            format!("{joiner} is hired and starts today"),
            format!("{} gets a new job title", promoted.id),
            format!("{} has left; yesterday was the last day", leaver.id),
        ])
    }
}
