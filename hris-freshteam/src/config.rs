//! The settings that only Freshteam has, and the builder.

mod subdomain;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hris_core::connector::{Defaults, Vendor, Wiring};
use hris_core::http::{Bearer, Rate, is_loopback};
use hris_core::wire::Record as _;
use hris_core::{Capabilities, Error, LeaverSignals, Result, Secret, StandardField, config, setting};
use url::Url;

pub use subdomain::{InvalidSubdomain, Subdomain};

use crate::refusals::{self, Words, pace};
use crate::source::{Api, Freshteam};
use crate::wire::Person;

/// The most rows on one page, which is also the vendor's default.
pub(crate) const PAGE_SIZE: u32 = 50;

/// How Freshteam is reached. Each account has an address and a limit of its own.
pub(crate) const DEFAULTS: Defaults = Defaults {
    vendor: "freshteam",
    title: "Freshteam",
    base_url: "",
    path: "/api",
    page_size: Some(PAGE_SIZE),
    asks_page_size: false,
    concurrency: 2,
    rate_limit: None,
    credential: (
        "API key",
        "copy the key again (in Freshteam: profile picture, top right › API Key), best of a user that is no real \
         person's",
    ),
    explain: refusals::explain,
};

/// The limit of the smallest plan, assumed until the first answer states the account's own.
const FIRST_LIMIT: u64 = 10;

/// The listings that make a snapshot, in this order.
const LISTINGS: [&str; 2] = ["status=active", "status=inactive"];

/// Filters that may be listed besides.
const MORE_LISTINGS: [&str; 3] = ["terminated=true", "deleted=true", "draft=true"];

config! {
    /// The settings that only Freshteam has.
    pub config Config {
        /// The account, such as acme of acme.freshteam.com; it is needed. The address of a page in the browser is
        /// understood too.
        neither subdomain: Option<String>;
        /// The listings that make a snapshot. They begin with status=active and status=inactive; terminated=true,
        /// deleted=true and draft=true may follow.
        listing listings: Vec<String> = LISTINGS.map(str::to_owned).to_vec();
        /// The member by which people are sorted while they are listed.
        listing sort: Sort;
        /// The share of the account's limit that is used, above 0 and at most 1. The limit belongs to the
        /// account, so other programs use it too. One request a minute is always left.
        neither rate_share: f64 = 0.8;
        /// The work e-mail of the user whose key it is, for a warning before that user leaves. Freshteam does not say
        /// whose key it is.
        neither key_owner: Option<String>;
        /// Whether people are read before their first day. Only false is possible, because the vendor does
        /// not document how they are sent.
        listing new_hires: bool;
    }
    /// Builds a [`Freshteam`]. Subdomain and API key are needed, everything else has a default.
    ///
    /// ```
    /// use hris_core::Secret;
    /// use hris_freshteam::Freshteam;
    ///
    /// let freshteam = Freshteam::builder()
    ///     .subdomain("https://acme.freshteam.com/home")
    ///     .api_key(Secret::from("k3y".to_owned()))
    ///     .build()?;
    /// let elsewhere = Freshteam::builder().subdomain("acme.evil.example");
    /// assert!(elsewhere.api_key(Secret::from("k3y".to_owned())).build().is_err());
    /// # let _ = freshteam;
    /// # Ok::<(), hris_core::Error>(())
    /// ```
    pub builder Builder { key: Option<Secret> }
}

setting! {
    "sort";
    /// The member by which people are sorted while they are listed.
    #[derive(Default)]
    Sort {
        /// `employee_id`.
        #[default]
        EmployeeId = "employee_id",
        /// `first_name`.
        FirstName = "first_name",
        /// `last_name`.
        LastName = "last_name",
    }
}

impl Builder {
    /// The API key, as copied from Freshteam. Blanks around it are taken away.
    pub fn api_key(mut self, key: Secret) -> Self {
        self.key = Some(key);
        self
    }

    /// Builds the connector after checking every setting. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](hris_core::ErrorKind::Config) naming the setting: an invalid subdomain, a missing key, a
    /// share outside 0 to 1, a page size above 50.
    pub fn build(self) -> Result<Freshteam> {
        let Self { mut config, wiring, key } = self;
        config.listings = sorted(config.listings);
        config.key_owner = config.key_owner.map(|email| email.trim().to_ascii_lowercase());
        // A base address on this machine takes any subdomain.
        let unnamed = if wiring.reach.base_url.is_some() { "sandbox" } else { "" };
        let subdomain = config.subdomain(unnamed)?;
        let key = self::key(key)?;
        let listings = config.check()?;
        let base = base_url(&wiring, &subdomain)?;
        let limit = Arc::new(AtomicU64::new(0));
        let client = wiring
            .client(&DEFAULTS, &base)?
            .authorization(Bearer::new(key))
            .vendor(Words { share: config.rate_share, limit: Arc::clone(&limit) })
            .rate(Rate::per_minute(pace(FIRST_LIMIT, config.rate_share)));
        let mut vendor = Vendor::new(&DEFAULTS, &wiring, &config, &base, capabilities(), client.build()?);
        vendor.address = ("subdomain", format!("https://{}", subdomain.host()));
        Ok(Freshteam(Api {
            vendor: Arc::new(vendor),
            config: Arc::new(config),
            subdomain,
            page_size: wiring.reach.page_size,
            listings: listings.into(),
            limit,
        }))
    }
}

/// What Freshteam can show: what members of a record are as they stand, and what is made of several.
pub(crate) fn capabilities() -> Capabilities {
    use StandardField::{
        Address, AddressCity, AddressCountry, AddressPostcode, AddressRegion, AddressStreet, Department,
        Email, EndDate, Id, LastWorkingDay, Location, ManagerEmail, PersonalPhone, PreferredName, RawStatus,
        StartDate, Status, Team, Teams, WorkPhone,
    };
    DEFAULTS
        .capabilities(LeaverSignals::new(true, false))
        .reading([Id, Status, RawStatus, StartDate, EndDate, LastWorkingDay, PreferredName])
        .reading(Person::FILLS.iter().map(|(_, field)| *field))
        .reading([Email, WorkPhone, PersonalPhone, Department, Location, Team, Teams, ManagerEmail])
        .reading([Address, AddressStreet, AddressCity, AddressRegion, AddressPostcode, AddressCountry])
}

fn key(key: Option<Secret>) -> Result<Secret> {
    let trimmed = key.map(|key| Secret::from(key.expose().trim().to_owned()));
    let with_word = |key: &Secret| {
        let start = key.expose().get(..7);
        start.is_some_and(|start| start.eq_ignore_ascii_case("bearer "))
    };
    if trimmed.as_ref().is_some_and(with_word) {
        return Err(Error::setting("API key", "begins with \"Bearer\"; leave that word out"));
    }
    let how = "in Freshteam open the profile picture (top right) and choose API Key";
    Secret::required("API key", trimmed, how)
}

/// The account's own address, or one of this machine: the key goes nowhere else.
pub(crate) fn base_url(wiring: &Wiring, subdomain: &Subdomain) -> Result<String> {
    let Some(address) = &wiring.reach.base_url else {
        return Ok(format!("https://{}/api", subdomain.host()));
    };
    let url = Url::parse(address).map_err(|_| Error::setting("base_url", "not an absolute address"))?;
    let is_own = url.domain() == Some(&*subdomain.host()) && url.scheme() == "https" && url.port().is_none();
    if !is_own && !is_loopback(&url) {
        let words = "the key goes to the account's own address or to this machine, and nowhere else";
        return Err(Error::setting("base_url", words));
    }
    Ok(address.trim_end_matches('/').to_owned())
}

/// The listings, with those after the first two in a fixed order, so that their order does not count as a
/// change.
fn sorted(mut words: Vec<String>) -> Vec<String> {
    if let Some(more) = words.get_mut(LISTINGS.len()..) {
        more.sort_unstable();
    }
    words.dedup();
    words
}

impl Config {
    /// The account, or the one of this name where none is set.
    pub(crate) fn subdomain(&self, unnamed: &str) -> Result<Subdomain> {
        let name = self.subdomain.as_deref().unwrap_or(unnamed);
        name.parse().map_err(|error| Error::setting("subdomain", error))
    }

    /// The listings as query pairs: active first and inactive second, so that a person who leaves between
    /// the two is in the second.
    pub(crate) fn check(&self) -> Result<Vec<(&'static str, &'static str)>> {
        if !(self.rate_share > 0.0 && self.rate_share <= 1.0) {
            return Err(Error::setting("rate_share", "must be above 0 and at most 1, such as 0.8"));
        }
        if self.new_hires {
            let words = "people before their first day are not read, because Freshteam does not document how \
                it sends them; they are read once they are employees";
            return Err(Error::setting("new_hires", words));
        }
        if self.listings.get(..LISTINGS.len()).is_none_or(|first| first != LISTINGS) {
            return Err(Error::setting("listings", "must begin with status=active, status=inactive"));
        }
        let known = |word: &String| LISTINGS.into_iter().chain(MORE_LISTINGS).find(|known| known == word);
        let pairs: Option<Vec<_>> = self.listings.iter().map(|word| known(word)?.split_once('=')).collect();
        pairs.ok_or_else(|| {
            let words = format!("after the first two may come {}", MORE_LISTINGS.join(", "));
            Error::setting("listings", words)
        })
    }
}
