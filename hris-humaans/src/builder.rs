//! Settings of the connector, checked once.

use std::fmt;

use hris_core::http::{Bearer, Client, Rate, RetryPolicy, Transport};
use hris_core::{Error, ErrorKind, Result, Secret, SourceSettings, setting};

use crate::client::{Api, Vendor};
use crate::convert::VENDOR;
use crate::directory::Humaans;

/// Where the API is, unless [`Builder::base_url`] says otherwise.
pub(crate) const BASE_URL: &str = "https://app.humaans.io/api";

/// The most rows Humaans gives on one page.
pub(crate) const MAX_PAGE_SIZE: u32 = 250;

/// Builds a [`Humaans`]. Every setting but the token has a default.
///
/// ```
/// use hris_core::Secret;
/// use hris_humaans::{Humaans, LastDay};
///
/// let humaans = Humaans::builder()
///     .token(Secret::from("the-access-token".to_owned()))
///     .last_day(LastDay::EmploymentEnd)
///     .build()?;
/// assert!(Humaans::builder().build().is_err(), "there is no default token");
/// # Ok::<(), hris_core::Error>(())
/// ```
#[must_use]
pub struct Builder {
    token: Option<Secret>,
    base_url: String,
    page_size: u32,
    concurrency: usize,
    rate: Rate,
    retry: RetryPolicy,
    people_status: PeopleStatus,
    last_day: LastDay,
    sort: Option<String>,
    job_roles_as_of: bool,
    loopback: bool,
    transport:
        Option<Box<dyn FnOnce(hris_core::http::ClientBuilder) -> hris_core::http::ClientBuilder + Send>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            token: None,
            base_url: BASE_URL.to_owned(),
            page_size: MAX_PAGE_SIZE,
            concurrency: 4,
            rate: Rate::per_second(5).burst(10),
            retry: RetryPolicy::default(),
            people_status: PeopleStatus::default(),
            last_day: LastDay::default(),
            sort: None,
            job_roles_as_of: false,
            loopback: false,
            transport: None,
        }
    }
}

impl Builder {
    /// The API access token, as copied from Humaans.
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// Where the API is. `https://app.humaans.io/api`; the token goes to this origin only.
    pub fn base_url(mut self, address: impl Into<String>) -> Self {
        self.base_url = address.into();
        self
    }

    /// Allows `http` to this machine itself, for sandboxes and tests.
    pub fn allow_http_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Rows asked for on a page, 1 to 250. 250.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    /// Requests under way at once, at most. 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// The pace kept. Five requests a second after a burst of ten: Humaans publishes no limit, and
    /// its own words win whenever it says less.
    pub fn rate_limit(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// How often and how long a request is tried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How everybody is listed. [`PeopleStatus::All`].
    pub fn people_status(mut self, how: PeopleStatus) -> Self {
        self.people_status = how;
        self
    }

    /// Which of the two dates is the last day. [`LastDay::LastWorkingDay`].
    pub fn last_day(mut self, which: LastDay) -> Self {
        self.last_day = which;
        self
    }

    /// Has every list sorted by this member (`$sort[member]=1`). By default nothing is sent,
    /// because Humaans does not document sorting.
    pub fn sort(mut self, member: impl Into<String>) -> Self {
        self.sort = Some(member.into());
        self
    }

    /// Asks for job roles as of the day of the snapshot (`$asOf`) in place of the whole history.
    /// Off, because Humaans does not document it.
    pub fn job_roles_as_of(mut self, on: bool) -> Self {
        self.job_roles_as_of = on;
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
    /// [`ErrorKind::Config`] naming the setting: no token, an address that is not `https`, a page
    /// above 250.
    pub fn build(self) -> Result<Humaans> {
        let refuse = |words: &str| Err(Error::new(ErrorKind::Config, words));
        let settings = self.settings();
        let Some(token) = self.token.filter(|token| !token.is_blank()) else {
            return refuse("token: missing; make one in Humaans under API access tokens");
        };
        if !token.is_word() {
            return refuse("token: holds blanks or line breaks; copy it again");
        }
        if !(1..=MAX_PAGE_SIZE).contains(&self.page_size) {
            return refuse("page_size: must be between 1 and 250, the most that Humaans gives");
        }
        if self.concurrency == 0 {
            return refuse("concurrency: must be at least 1");
        }
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.');
        if self.sort.as_ref().is_some_and(|member| member.is_empty() || !member.chars().all(plain)) {
            return refuse("sort: must be the name of one member, such as id");
        }
        let mut client = Client::builder(&self.base_url)
            .name("humaans")
            .authorization(Bearer::new(token))
            .vendor(Vendor)
            .rate(self.rate)
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
            sort: self.sort,
            job_roles_as_of: self.job_roles_as_of,
            people_status: self.people_status,
        };
        Ok(Humaans::new(api, self.last_day, settings, !self.base_url.starts_with("https")))
    }

    /// What decides who is listed and who counts as gone; nothing is ever written.
    fn settings(&self) -> SourceSettings {
        SourceSettings::of(VENDOR)
            .server(&self.base_url, BASE_URL)
            .listing("people_status", self.people_status, PeopleStatus::default())
            .listing("last_day", self.last_day, LastDay::default())
            .listing("sort", self.sort.as_deref().unwrap_or_default(), "")
            .listing("job_roles_as_of", self.job_roles_as_of, false)
            .build()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not shown: until it is checked it may hold a password.
        f.debug_struct("Builder")
            .field("token", &self.token)
            .field("page_size", &self.page_size)
            .field("concurrency", &self.concurrency)
            .field("people_status", &self.people_status)
            .field("last_day", &self.last_day)
            .finish_non_exhaustive()
    }
}

setting! {
    "people_status";
    /// How everybody is listed, leavers and new hires included.
    ///
    /// ```
    /// use hris_humaans::PeopleStatus;
    ///
    /// assert_eq!("split".parse(), Ok(PeopleStatus::Split));
    /// let error = "each".parse::<PeopleStatus>().unwrap_err();
    /// assert_eq!(error.to_string(), r#"people_status: "each" is not known; use all or split or omit"#);
    /// ```
    #[derive(Default)]
    PeopleStatus {
        /// One list with `status=all`. If Humaans refuses that, as [`PeopleStatus::Split`].
        #[default]
        All = "all",
        /// Three lists: `active`, `newHire`, `offboarded`. If Humaans refuses these, as
        /// [`PeopleStatus::Omit`].
        Split = "split",
        /// One list without the filter. Nobody knows whom it leaves out, so being absent from it
        /// means nothing.
        Omit = "omit",
    }
}

setting! {
    "last_day";
    /// Which date is a leaver's last day; the other one stands in where it is missing.
    #[derive(Default)]
    LastDay {
        /// `lastWorkingDay`, else `employmentEndDate`.
        #[default]
        LastWorkingDay = "last_working_day",
        /// `employmentEndDate`, else `lastWorkingDay`.
        EmploymentEnd = "employment_end",
    }
}

#[cfg(test)]
mod tests {
    use hris_core::Directory as _;

    use super::*;

    fn some() -> Builder {
        Humaans::builder().token(Secret::from("one".to_owned()))
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
            ("base_url", some().base_url("https://eu.humaans.io/api")),
            ("people_status", some().people_status(PeopleStatus::Split)),
            ("last_day", some().last_day(LastDay::EmploymentEnd)),
            ("sort", some().sort("createdAt")),
            ("job_roles_as_of", some().job_roles_as_of(true)),
        ] {
            let changed = digests(changed);
            assert_ne!(changed.listing, plain.listing, "{setting}");
            assert_eq!(changed.writing, plain.writing, "{setting}");
        }
        for (setting, same) in [
            ("token", some().token(Secret::from("two".to_owned()))),
            ("page_size", some().page_size(7)),
            ("concurrency", some().concurrency(1)),
            ("rate_limit", some().rate_limit(Rate::per_second(1))),
            ("retry", some().retry(once())),
            (
                "a default, written out",
                some().base_url("https://app.humaans.io/api/").people_status(PeopleStatus::All),
            ),
        ] {
            assert_eq!(digests(same), plain, "{setting}");
        }
    }
}
