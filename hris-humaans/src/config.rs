//! The settings that only Humaans has, and the builder.

use std::sync::Arc;

use hris_core::connector::{Config as _, Defaults, RateLimit, Vendor};
use hris_core::http::Bearer;
use hris_core::{Capabilities, Error, LeaverSignals, Result, Secret, config, setting};

use crate::refusals::{self, Words};
use crate::source::{Api, FIELDS, Humaans};

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
        let vendor = Vendor {
            capabilities: capabilities(),
            settings: config.digests(DEFAULTS.vendor, base_url, DEFAULTS.base_url),
            client: client.build()?,
            concurrency: wiring.concurrency(&DEFAULTS),
            explain: refusals::explain,
            address: ("base_url", "https".to_owned()),
            credential: (
                "access token",
                "create a new token under API access tokens, as a person whose role has the permission API Access"
                    .to_owned(),
            ),
        };
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
    let mut capabilities = Capabilities::read_only(DEFAULTS.vendor, &FIELDS, LeaverSignals::new(true, true));
    capabilities.custom_fields = true;
    capabilities.max_page_size = DEFAULTS.page_size.unwrap_or_default();
    capabilities
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

#[cfg(test)]
mod tests {
    use hris_core::http::RetryPolicy;
    use hris_core::{Directory as _, SourceSettings};

    use super::*;

    fn some() -> Builder {
        Humaans::builder().token(Secret::from("one".to_owned()))
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
            ("rate_limit", some().rate_limit(RateLimit::per_second(1))),
            ("retry", some().retry(RetryPolicy::never())),
            (
                "a default, written out",
                some().base_url("https://app.humaans.io/api/").people_status(PeopleStatus::All),
            ),
        ] {
            assert_eq!(digests(same), plain, "{setting}");
        }
    }
}
