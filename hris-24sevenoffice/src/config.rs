//! The settings that only 24SevenOffice has, and the builder.

mod choice;

use std::sync::Arc;
use std::time::Duration;

use hris_core::connector::{Defaults, Members, RateLimit, Vendor};
use hris_core::http::{ClientBuilder, Limits, RetryPolicy};
use hris_core::{Error, Result, Secret, config};

pub use choice::{EndDates, NewEmployeeNumber, PhoneRegion, UpdateBody};

use crate::refusals::{self, Words};
use crate::source::{Api, TwentyFourSevenOffice, capabilities};
use crate::token::{AccessTokens, AuthWords};
use crate::writer::reason;

/// How 24SevenOffice is reached. It sends everybody in one answer and publishes no limit.
pub(crate) const DEFAULTS: Defaults = Defaults {
    vendor: "24sevenoffice",
    title: "24SevenOffice Payroll (Finago Payday)",
    base_url: "https://payroll.24sevenoffice.com/api",
    path: "/api",
    page_size: None,
    asks_page_size: false,
    concurrency: 2,
    rate_limit: Some(RateLimit::per_second(5).burst(5)),
    credential: ("access token", "create a new token in 24SevenOffice Payroll under Settings, Misc"),
    explain: refusals::explain,
};

/// How a person revokes an access token. No program can.
pub const HOW_TO_REVOKE: &str = "The access token stays valid in 24SevenOffice Payroll until it is removed \
    there: Settings, Misc (Innstillinger, Diverse \
     innstillinger: API, e-post, integrasjoner), administer integrations.";

/// Members of an employment that every new one may be given.
const EMPLOYMENT_MEMBERS: [&str; 7] = [
    "employment_form",
    "employment_rate",
    "employment_type",
    "enterprise_number",
    "primary_employment",
    "profession_code",
    "working_times",
];

/// Members of an employee that cannot have one value for everybody: those the connector writes itself, and
/// those it never touches.
const NO_CREATE_DEFAULT: [&str; 13] = [
    "city",
    "countryCode",
    "email",
    "empId",
    "empid",
    "employee_date",
    "firstname",
    "hidden",
    "internationalID",
    "lastname",
    "postaddress",
    "telefon",
    "zipcode",
];

config! {
    /// The settings that only 24SevenOffice has.
    pub config Config {
        /// The header that carries the token. The vendor's text names Authorization, while the
        /// machine-readable part of its file names a leftover of its documentation site.
        neither auth_header: String = "Authorization".to_owned();
        /// The dimension, by id or name, whose value is a person's department. Without it departments are not read.
        listing department_dimension: Option<String>;
        /// The status of a person without an employment. Employed where end dates are optional, unknown
        /// where they are required.
        listing end_dates: EndDates;
        /// The country whose code completes phone numbers without one. The company's own country by default.
        writing phone_region: Option<PhoneRegion>;
        /// What an update sends. The members that changed, or everything that was read.
        writing update_body: UpdateBody;
        /// Whether the number is put into the body of updates as well. It is in the address.
        writing update_includes_id: bool;
        /// Whether the numbers of employees are sent as numbers. They are sent as texts otherwise.
        writing empid_as_number: bool;
        /// Where a new person's number comes from. The next one, the source's, or the server's choice.
        writing new_employee_number: NewEmployeeNumber;
        /// Further members that every new person gets, by 24SevenOffice's names.
        writing create_defaults: Members;
        /// Further members that every new employment gets, by 24SevenOffice's names. Norwegian reporting needs most of
        /// them.
        writing employment_defaults: Members;
        /// The code that goes with every end date that is written. It is reported to the tax authority, so there is no
        /// default, and without it no end date is written.
        writing enddate_reason: Option<String>;
        /// Whether the international id is written even for people who have a national number.
        writing international_id_always: bool;
    }
    /// Builds a [`TwentyFourSevenOffice`]. Every setting but the token has a default.
    ///
    /// ```
    /// use hris_24sevenoffice::{TwentyFourSevenOffice, UpdateBody};
    /// use hris_core::Secret;
    ///
    /// let payroll = TwentyFourSevenOffice::builder()
    ///     .token(Secret::from("the-access-token".to_owned()))
    ///     .enddate_reason("arbeidstakerHarSagtOppSelv")
    ///     .update_body(UpdateBody::Changed)
    ///     .build()?;
    /// assert!(TwentyFourSevenOffice::builder().build().is_err(), "there is no default token");
    /// # Ok::<(), hris_core::Error>(())
    /// ```
    pub builder Builder { token: Option<Secret> }
}

impl Builder {
    /// The persistent access token, as copied from the payroll's settings.
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// Builds the connector after checking every setting. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](hris_core::ErrorKind::Config) naming the setting: a missing token, an address that is not
    /// `https`, a reason or a default member that 24SevenOffice does not document.
    pub fn build(self) -> Result<TwentyFourSevenOffice> {
        let Self { config, mut wiring, token } = self;
        config.check()?;
        let token =
            Secret::required("token", token, "create one in 24SevenOffice Payroll under Settings, Misc")?;
        let mut retry = RetryPolicy::default();
        retry.attempts = 3;
        wiring.retry.get_or_insert(retry);
        let base_url = wiring.base_url(&DEFAULTS);
        let client = || Ok::<_, Error>(patient(wiring.client(&DEFAULTS, base_url)?));
        // One client obtains tokens, the other does everything else.
        let tokens =
            AccessTokens::new(client()?.vendor(AuthWords).build()?, token, config.auth_header.clone());
        let client = client()?.vendor(Words).authorization(tokens).build()?;
        let vendor = Vendor::new(&DEFAULTS, &wiring, &config, base_url, capabilities(&config), client);
        let vendor = Arc::new(vendor);
        Ok(TwentyFourSevenOffice(Api { vendor, config: Arc::new(config), writing: Arc::default() }))
    }
}

/// A whole company is one answer. It may take long, and may carry any content type.
fn patient(client: ClientBuilder) -> ClientBuilder {
    let mut limits = Limits::default();
    limits.idle = Duration::from_secs(60);
    limits.total = limits.idle;
    client.accepts_any_type().limits(limits)
}

impl Config {
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |setting: &str, words: String| Err(Error::setting(setting, words));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if self.auth_header.is_empty() || !self.auth_header.bytes().all(plain) {
            return refuse("auth_header", "must be the name of a header field".to_owned());
        }
        if let Some(code) = &self.enddate_reason
            && !reason::is_known(code)
        {
            return refuse(
                "enddate_reason",
                format!("{code:?} is not one of 24SevenOffice's codes; use {}", reason::all()),
            );
        }
        let unknown =
            self.employment_defaults.keys().find(|name| !EMPLOYMENT_MEMBERS.contains(&name.as_str()));
        if let Some(name) = unknown {
            let known = EMPLOYMENT_MEMBERS.join(", ");
            return refuse("employment_defaults", format!("{name:?} is not known; there are {known}"));
        }
        let ours = self.create_defaults.keys().find(|name| NO_CREATE_DEFAULT.contains(&name.as_str()));
        if let Some(name) = ours {
            return refuse("create_defaults", format!("{name} cannot be the same for everybody"));
        }
        if self.department_dimension.as_ref().is_some_and(|dimension| dimension.trim().is_empty()) {
            return refuse("department_dimension", "is empty".to_owned());
        }
        Ok(())
    }
}
