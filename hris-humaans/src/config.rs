//! The settings that only Humaans has, and the builder.

use std::sync::Arc;

use hris_core::connector::{Defaults, RateLimit, Vendor};
use hris_core::http::Bearer;
use hris_core::{Capabilities, Error, LeaverSignals, Result, Secret, StandardField, config, setting};

use crate::refusals::{self, Words};
use crate::requirements::SECTIONS;
use crate::source::{Api, Humaans};

/// How Humaans is reached. It publishes no limit, so the pace is a cautious one.
pub(crate) const DEFAULTS: Defaults = Defaults {
    vendor: "humaans",
    title: "Humaans",
    base_url: "https://app.humaans.io/api",
    path: "/api",
    page_size: Some(250),
    asks_page_size: true,
    concurrency: 4,
    rate_limit: Some(RateLimit::per_second(5).burst(10)),
    credential: (
        "access token",
        "create a new token under API access tokens, as a person whose role has the permission API Access",
    ),
    explain: refusals::explain,
};

config! {
    /// The settings that only Humaans has.
    pub config Config {
        /// How everybody is listed: in one list, in a list for each status, or without a status where
        /// Humaans refuses both.
        listing people_status: PeopleStatus;
        /// Which date is a leaver's last day. The other one counts where it is missing.
        listing last_day: LastDay;
        /// The member by which every list is sorted. Nothing is sent by default, because Humaans does not document
        /// sorting.
        listing sort: Option<String>;
        /// Whether job roles are requested as of the day of the snapshot. By default the whole history is
        /// read, because Humaans does not document the parameter.
        listing job_roles_as_of: bool;
    }
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
    pub builder Builder { token: Option<Secret> }
}

impl Builder {
    /// The API access token, as copied from Humaans.
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// Builds the connector after checking every setting. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](hris_core::ErrorKind::Config) naming the setting: a missing token, an address that is not
    /// `https`, a page size above 250.
    pub fn build(self) -> Result<Humaans> {
        let Self { config, wiring, token } = self;
        config.check()?;
        let token = Secret::required("token", token, "create one in Humaans under API access tokens")?;
        let base_url = wiring.base_url(&DEFAULTS);
        let client = wiring.client(&DEFAULTS, base_url)?.vendor(Words).authorization(Bearer::new(token));
        let vendor = Vendor::new(&DEFAULTS, &wiring, &config, base_url, capabilities(), client.build()?);
        Ok(Humaans(Api {
            vendor: Arc::new(vendor),
            config: Arc::new(config),
            page_size: wiring.page_size(&DEFAULTS),
        }))
    }
}

impl Config {
    pub(crate) fn check(&self) -> Result<()> {
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.');
        if self.sort.as_ref().is_some_and(|member| member.is_empty() || !member.chars().all(plain)) {
            return Err(Error::setting("sort", "must be the name of one member, such as id"));
        }
        Ok(())
    }
}

/// What Humaans can show.
pub(crate) fn capabilities() -> Capabilities {
    let capabilities = DEFAULTS.capabilities(LeaverSignals::new(true, true));
    let sections = SECTIONS.iter().flat_map(|section| section.fields);
    capabilities.reading([StandardField::Id, StandardField::Status]).reading(sections.copied())
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
        /// One list without the filter. It is unknown which people it leaves out, so absence from it proves
        /// nothing.
        Omit = "omit",
    }
}

setting! {
    "last_day";
    /// Which date is a leaver's last day; the other one counts where it is missing.
    #[derive(Default)]
    LastDay {
        /// `lastWorkingDay`, else `employmentEndDate`.
        #[default]
        LastWorkingDay = "last_working_day",
        /// `employmentEndDate`, else `lastWorkingDay`.
        EmploymentEnd = "employment_end",
    }
}
