//! The settings that only Employment Hero has, and the builder.

use std::collections::BTreeMap;
use std::sync::Arc;

use hris_core::connector::{Defaults, RateLimit, Vendor};
use hris_core::http::Bearer;
use hris_core::oauth::{OAuth, Session};
use hris_core::wire::Record as _;
use hris_core::{
    Capabilities, Error, LeaverSignals, Result, Secret, StandardField, Status, TokenStore, config, setting,
};
use url::Url;

use crate::refusals::{self, Words};
use crate::source::{Api, EmploymentHero};
use crate::wire::Person;

/// How Employment Hero is reached. It allows 20 requests in any second and 100 in any minute, and it is
/// unknown whether other connections of the same application count too.
pub(crate) const DEFAULTS: Defaults = Defaults {
    vendor: "employmenthero",
    title: "Employment Hero",
    base_url: "https://api.employmenthero.com",
    path: "/",
    page_size: Some(100),
    asks_page_size: true,
    concurrency: 4,
    rate_limit: Some(RateLimit::per_second(15).per_minute(95)),
    credential: ("grant", "give consent as an owner or a full administrator"),
    explain: refusals::explain,
};

/// Hosts of the payroll product, which is another system with other ids.
const PAYROLL: [&str; 2] = ["yourpayroll.com.au", "keypay.com.au"];

config! {
    /// The settings that only Employment Hero has.
    pub config Config {
        /// The organisation, by its id or its exact name. Needed where the consent covers several.
        listing organisation: Option<String>;
        /// What the status "archived" means, which Employment Hero does not document.
        listing archived: Archived;
        /// What further words of a status mean, such as onboarding = "pending". Employment Hero publishes
        /// no list of them, and nothing is decided about people whose status has no meaning here.
        listing status_words: BTreeMap<String, Status>;
    }
    /// Builds an [`EmploymentHero`]. Every setting but the credential has a default.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use hris_core::{MemoryTokens, Secret};
    /// use hris_employmenthero::{EmploymentHero, oauth};
    ///
    /// let secret = |text: &str| Secret::from(text.to_owned());
    /// let application = oauth::application("the client id", secret("the client secret")).build()?;
    /// let directory = EmploymentHero::builder()
    ///     .oauth(application, Arc::new(MemoryTokens::default()))
    ///     .refresh_token(secret("a refresh token from elsewhere"))
    ///     .organisation("Kererū Café Group")
    ///     .build()?;
    /// assert!(EmploymentHero::builder().build().is_err(), "there is no default credential");
    /// # Ok::<(), hris_core::Error>(())
    /// ```
    pub builder Builder { access: Option<Access>, seed: Option<Secret> }
}

#[derive(Clone)]
pub(crate) enum Access {
    Tokens(OAuth, Arc<dyn TokenStore>),
    Token(Secret),
}

setting! {
    "archived";
    /// What the status `archived` means, which Employment Hero does not document.
    #[derive(Default)]
    Archived {
        /// The person has left.
        #[default]
        Leaver = "leaver",
        /// Unknown: nothing is decided about the person.
        Unknown = "unknown",
    }
}

impl Builder {
    /// Reads with the tokens that are kept in `store`, and renews them there.
    pub fn oauth(mut self, application: OAuth, store: Arc<dyn TokenStore>) -> Self {
        self.access = Some(Access::Tokens(application, store));
        self
    }

    /// A refresh token to begin with where the store has none yet. A stored one wins.
    pub fn refresh_token(mut self, token: Secret) -> Self {
        self.seed = Some(token);
        self
    }

    /// Reads with one access token, which ends after 15 minutes: for tests and single requests.
    pub fn access_token(mut self, token: Secret) -> Self {
        self.access = Some(Access::Token(token));
        self
    }

    /// What a further word of `status` means, without regard to case. Employment Hero publishes no list of
    /// them. A word without a meaning is [`Status::Unknown`]: nothing is decided about the person.
    ///
    /// ```
    /// use hris_core::{Secret, Status};
    /// use hris_employmenthero::EmploymentHero;
    ///
    /// let token = || Secret::from("an-access-token".to_owned());
    /// let builder = EmploymentHero::builder().access_token(token());
    /// builder.status_word("onboarding", Status::Pending).build()?;
    /// let builder = EmploymentHero::builder().access_token(token());
    /// assert!(builder.status_word("active", Status::Terminated).build().is_err(), "its meaning is known");
    /// # Ok::<(), hris_core::Error>(())
    /// ```
    pub fn status_word(mut self, word: impl Into<String>, meaning: Status) -> Self {
        self.config.status_words.insert(word.into(), meaning);
        self
    }

    /// Builds the connector after checking every setting. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](hris_core::ErrorKind::Config) naming the setting: a missing credential, an address that is
    /// not `https` or that of the payroll product, a page size above 100, another meaning for a status whose meaning is
    /// known.
    pub fn build(self) -> Result<EmploymentHero> {
        let Self { mut config, wiring, access, seed } = self;
        config.check()?;
        let lower = |(word, meaning): (String, Status)| (word.trim().to_ascii_lowercase(), meaning);
        config.status_words = config.status_words.into_iter().map(lower).collect();
        let base_url = wiring.base_url(&DEFAULTS);
        check_address(base_url)?;
        let mut client = wiring.client(&DEFAULTS, base_url)?.vendor(Words);
        let mut session = None;
        client = match access {
            None => {
                let words = "missing; connect by OAuth 2.0, with a client id and secret";
                return Err(Error::setting("credential", words));
            }
            Some(Access::Token(token)) => {
                let token = Secret::required("access token", Some(token), "give consent again")?;
                client.authorization(Bearer::new(token))
            }
            Some(Access::Tokens(application, store)) => {
                let own = Session::new(application, store, seed);
                session = Some(own.clone());
                client.authorization(own)
            }
        };
        let vendor = Vendor::new(&DEFAULTS, &wiring, &config, base_url, capabilities(), client.build()?);
        let rate = wiring.reach.rate_limit.and_then(|rate| rate.per_minute);
        Ok(EmploymentHero(Api {
            vendor: Arc::new(vendor),
            config: Arc::new(config),
            page_size: wiring.page_size(&DEFAULTS),
            per_minute: rate.or(DEFAULTS.rate_limit.and_then(|rate| rate.per_minute)).unwrap_or(1),
            session,
            chosen: Arc::default(),
        }))
    }
}

/// What Employment Hero can show: what members of a record are as they stand, and what is made of several.
pub(crate) fn capabilities() -> Capabilities {
    use StandardField::{
        Address, AddressCity, AddressCountry, AddressPostcode, AddressRegion, AddressStreet, Email, EndDate,
        Groups, Id, LastWorkingDay, Location, Manager, ManagerEmail, MiddleName, PersonalPhone, RawStatus,
        StartDate, Status, Team, Teams, WorkPhone,
    };
    DEFAULTS
        .capabilities(LeaverSignals::new(true, true))
        .reading([Id, Status, RawStatus, StartDate, EndDate, LastWorkingDay, MiddleName])
        .reading(Person::FILLS.iter().map(|(_, field)| *field))
        .reading([Email, WorkPhone, PersonalPhone, Team, Teams, Groups, Location, Manager, ManagerEmail])
        .reading([Address, AddressStreet, AddressCity, AddressRegion, AddressPostcode, AddressCountry])
}

impl Config {
    /// What a word of `status` means. `None` for a word without a meaning.
    pub(crate) fn meaning(&self, word: &str) -> Option<Status> {
        let word = word.trim().to_ascii_lowercase();
        match (word.as_str(), self.archived) {
            ("archived", Archived::Leaver) => Some(Status::Terminated),
            ("archived", Archived::Unknown) => Some(Status::Unknown),
            _ => known(&word).or_else(|| self.status_words.get(&word).copied()),
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.organisation.as_deref().is_some_and(|name| name.trim().is_empty()) {
            let words = "must be an id or a name; leave it out to take the only one";
            return Err(Error::setting("organisation", words));
        }
        for word in self.status_words.keys() {
            let plain = word.trim().to_ascii_lowercase();
            if plain == "archived" {
                let words = "the setting `archived` says what \"archived\" means";
                return Err(Error::setting("status_words", words));
            }
            if plain.is_empty() || known(&plain).is_some() {
                let words = format!("{word:?} has a fixed meaning; only further words can be given one");
                return Err(Error::setting("status_words", words));
            }
        }
        Ok(())
    }
}

/// The payroll product is another system with other ids.
pub(crate) fn check_address(base_url: &str) -> Result<()> {
    if is_payroll(base_url) {
        let words = "this is the payroll product (formerly KeyPay), which is another system; the HR platform is at \
                     https://api.employmenthero.com";
        return Err(Error::setting("base_url", words));
    }
    Ok(())
}

fn is_payroll(address: &str) -> bool {
    let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    host.is_some_and(|host| {
        PAYROLL.iter().any(|payroll| {
            host.strip_suffix(payroll).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    })
}

/// The words whose meaning is known, in lower case.
fn known(word: &str) -> Option<Status> {
    match word {
        "active" => Some(Status::Active),
        "pending" => Some(Status::Pending),
        "inactive" | "terminated" => Some(Status::Terminated),
        _ => None,
    }
}
