//! Settings of the connector, checked once.

mod subdomain;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hris_core::http::{Bearer, Client, ClientBuilder, Rate, RetryPolicy, Transport};
use hris_core::{Error, ErrorKind, Result, Secret, SourceSettings};
use url::{Host, Url};

pub use subdomain::{InvalidSubdomain, Subdomain};

use crate::client::{Api, Vendor, pace};
use crate::convert::VENDOR;
use crate::directory::Freshteam;

/// The most rows on one page, and what comes when nothing is asked for.
pub(crate) const PAGE_SIZE: u32 = 50;

/// The limit of the smallest plan, assumed until the first answer tells the account's own.
const FIRST_LIMIT: u64 = 10;

/// The listings that make a snapshot, in this order.
const LISTINGS: [&str; 2] = ["status=active", "status=inactive"];

/// Filters that may be listed besides.
const MORE_LISTINGS: [&str; 3] = ["terminated=true", "deleted=true", "draft=true"];

/// Members by which Freshteam sorts employees.
const SORTS: [&str; 3] = ["employee_id", "first_name", "last_name"];

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
#[must_use]
pub struct Builder {
    subdomain: Option<String>,
    key: Option<Secret>,
    base_url: Option<String>,
    page_size: Option<u32>,
    concurrency: usize,
    listings: Vec<String>,
    sort: String,
    rate_share: f64,
    key_owner: Option<String>,
    retry: RetryPolicy,
    loopback: bool,
    transport: Option<Box<dyn FnOnce(ClientBuilder) -> ClientBuilder + Send>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            subdomain: None,
            key: None,
            base_url: None,
            page_size: None,
            concurrency: 2,
            listings: LISTINGS.map(str::to_owned).to_vec(),
            sort: "employee_id".to_owned(),
            rate_share: 0.8,
            key_owner: None,
            retry: RetryPolicy::default(),
            loopback: false,
            transport: None,
        }
    }
}

impl Builder {
    /// The account: `acme` of `acme.freshteam.com`. A host or a pasted address is understood; see
    /// [`Subdomain`].
    pub fn subdomain(mut self, subdomain: impl Into<String>) -> Self {
        self.subdomain = Some(subdomain.into());
        self
    }

    /// The API key, as copied from Freshteam. Blanks around it are taken away.
    pub fn api_key(mut self, key: Secret) -> Self {
        self.key = Some(key);
        self
    }

    /// Another address than the account's own: of this machine only, for sandboxes and tests. With it
    /// the subdomain may be left out.
    pub fn base_url(mut self, address: impl Into<String>) -> Self {
        self.base_url = Some(address.into());
        self
    }

    /// Allows `http` to this machine itself, for sandboxes and tests.
    pub fn allow_http_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Rows asked for on a page, 1 to 50. By default nothing is asked for, because Freshteam does not
    /// document that it can be; 50 come.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = Some(rows);
        self
    }

    /// Requests under way at once, at most. 2: the limits are small.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// The listings that make a snapshot: `status=active`, then `status=inactive`, and after them any
    /// of `terminated=true`, `deleted=true` and `draft=true`. The first two.
    pub fn listings<S: Into<String>>(mut self, listings: impl IntoIterator<Item = S>) -> Self {
        self.listings = listings.into_iter().map(Into::into).collect();
        self
    }

    /// How employees are sorted while they are listed: `employee_id`, `first_name` or `last_name`.
    /// `employee_id`.
    pub fn sort(mut self, member: impl Into<String>) -> Self {
        self.sort = member.into();
        self
    }

    /// The share of the account's limit that is used, above 0 and up to 1. 0.8: the limit belongs to
    /// the account, so other integrations live on it too. One request a minute is always left over.
    pub fn rate_share(mut self, share: f64) -> Self {
        self.rate_share = share;
        self
    }

    /// The work e-mail of the user to whom the key belongs, so that the check can warn before that
    /// user leaves. Freshteam does not tell whose key it is.
    pub fn key_owner(mut self, email: impl Into<String>) -> Self {
        self.key_owner = Some(email.into());
        self
    }

    /// How often and how long a request is tried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sends through `transport` in place of the network, for tests and simulations.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(move |client| client.transport(transport)));
        self
    }

    /// The connector, if every setting can be right. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the setting: a subdomain that is none, no key, a share that is
    /// none, a page above 50.
    pub fn build(self) -> Result<Freshteam> {
        // On this machine any name is as good as another.
        let unsaid = if self.base_url.is_some() { "sandbox" } else { "" };
        let name = self.subdomain.as_deref().unwrap_or(unsaid);
        let subdomain: Subdomain = name.parse().map_err(|error| refuse(format!("subdomain: {error}")))?;
        let key = key(self.key)?;
        if self.page_size.is_some_and(|rows| !(1..=PAGE_SIZE).contains(&rows)) {
            return Err(refuse("page_size: must be between 1 and 50, the most that Freshteam gives"));
        }
        if self.concurrency == 0 {
            return Err(refuse("concurrency: must be at least 1"));
        }
        if !(self.rate_share > 0.0 && self.rate_share <= 1.0) {
            return Err(refuse("rate_share: must be above 0 and at most 1, such as 0.8"));
        }
        if !SORTS.contains(&self.sort.as_str()) {
            return Err(refuse(format!("sort: must be one of {}", SORTS.join(", "))));
        }
        let base = match &self.base_url {
            None => format!("https://{}/api", subdomain.host()),
            Some(address) => base_address(address, &subdomain)?,
        };
        let listings = listings(&self.listings)?;
        let settings = settings(&base, &listings, &self.sort);
        let limit = Arc::new(AtomicU64::new(0));
        let mut client = Client::builder(&base)
            .name("freshteam")
            .authorization(Bearer::new(key))
            .vendor(Vendor { share: self.rate_share, limit: Arc::clone(&limit) })
            .rate(Rate::per_minute(pace(FIRST_LIMIT, self.rate_share)))
            .retry(self.retry)
            .concurrency(self.concurrency);
        if self.loopback {
            client = client.allow_http_loopback();
        }
        if let Some(put) = self.transport {
            client = put(client);
        }
        let api = Api {
            client: client.build()?,
            page_size: self.page_size,
            concurrency: self.concurrency,
            listings: listings.into(),
            sort: self.sort,
            share: self.rate_share,
            limit,
        };
        let owner = self.key_owner.map(|email| email.trim().to_ascii_lowercase());
        Ok(Freshteam::new(api, subdomain, owner, settings, !base.starts_with("https")))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The subdomain is not shown: until it is checked it may be anything that was pasted.
        f.debug_struct("Builder")
            .field("key", &self.key)
            .field("page_size", &self.page_size)
            .field("concurrency", &self.concurrency)
            .field("listings", &self.listings)
            .field("rate_share", &self.rate_share)
            .finish_non_exhaustive()
    }
}

/// What decides who is listed; nothing is ever written. The first two listings are always there, and the
/// order of the others changes nothing.
fn settings(base: &str, listings: &[(&str, &str)], sort: &str) -> SourceSettings {
    let mut more: Vec<&str> = listings.iter().skip(LISTINGS.len()).map(|(name, _)| *name).collect();
    more.sort_unstable();
    more.dedup();
    SourceSettings::of(VENDOR)
        .server(base, "")
        .listing("listings", more.join(" "), "")
        .listing("sort", sort, SORTS[0])
        .build()
}

fn refuse(words: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, words)
}

fn key(key: Option<Secret>) -> Result<Secret> {
    let Some(key) = key.filter(|key| !key.is_blank()) else {
        return Err(refuse(
            "API key: missing; in Freshteam open the profile picture (top right) and choose API Key",
        ));
    };
    let text = key.expose().trim();
    if text.len() > 7 && text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
        return Err(refuse("API key: begins with \"Bearer\"; leave that word out"));
    }
    if text.chars().any(|char| char.is_whitespace() || char.is_control()) {
        return Err(refuse("API key: holds blanks or line breaks; copy it again"));
    }
    Ok(Secret::from(text.to_owned()))
}

/// The account's own address, or one of this machine: the key goes nowhere else.
fn base_address(address: &str, subdomain: &Subdomain) -> Result<String> {
    let url = Url::parse(address).map_err(|_| refuse("base_url: not an absolute address"))?;
    let allowed = match url.host() {
        Some(Host::Domain("localhost")) => true,
        Some(Host::Domain(name)) => {
            name == subdomain.host() && url.scheme() == "https" && url.port().is_none()
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !allowed {
        return Err(refuse(
            "base_url: the key goes to the account's own address or to this machine, and nowhere else",
        ));
    }
    Ok(address.trim_end_matches('/').to_owned())
}

/// The listings as query pairs: active first and inactive second, or somebody who leaves between
/// the two is seen in neither.
fn listings(words: &[String]) -> Result<Vec<(&'static str, &'static str)>> {
    let (first, more) = words.split_at_checked(LISTINGS.len()).unwrap_or((words, &[]));
    if first != LISTINGS {
        return Err(refuse("listings: must begin with status=active, status=inactive"));
    }
    let known = |word: &String| MORE_LISTINGS.iter().copied().find(|known| known == word);
    let more: Option<Vec<&'static str>> = more.iter().map(known).collect();
    let Some(more) = more else {
        let words = format!("listings: after the first two may come {}", MORE_LISTINGS.join(", "));
        return Err(refuse(words));
    };
    Ok(LISTINGS.into_iter().chain(more).filter_map(|word| word.split_once('=')).collect())
}

#[cfg(test)]
mod tests {
    use hris_core::Directory as _;

    use super::*;

    fn some() -> Builder {
        Freshteam::builder().subdomain("acme").api_key(Secret::from("one".to_owned()))
    }

    fn once() -> RetryPolicy {
        let mut policy = RetryPolicy::default();
        policy.attempts = 1;
        policy
    }

    fn digests(builder: Builder) -> SourceSettings {
        builder.build().unwrap_or_else(|error| unreachable!("{error}")).settings()
    }

    #[test]
    fn what_decides_who_is_listed_changes_the_digest_and_speed_and_credential_do_not() {
        let plain = digests(some());
        for (setting, changed) in [
            ("subdomain", some().subdomain("other")),
            ("base_url", some().base_url("http://127.0.0.1:9/api").allow_http_loopback()),
            ("listings", some().listings(["status=active", "status=inactive", "deleted=true"])),
            ("sort", some().sort("last_name")),
        ] {
            let changed = digests(changed);
            assert_ne!(changed.listing, plain.listing, "{setting}");
            assert_eq!(changed.writing, plain.writing, "{setting}");
        }
        for (setting, same) in [
            ("api_key", some().api_key(Secret::from("two".to_owned()))),
            ("page_size", some().page_size(7)),
            ("concurrency", some().concurrency(1)),
            ("rate_share", some().rate_share(0.5)),
            ("retry", some().retry(once())),
            ("key_owner", some().key_owner("ada@mill.example")),
            (
                "a default, written out",
                some().subdomain("https://acme.freshteam.com/home").sort("employee_id").listings(LISTINGS),
            ),
        ] {
            assert_eq!(digests(same), plain, "{setting}");
        }
    }
}
