//! Settings of the connector, checked once.

mod choice;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hris_core::http::{Client, ClientBuilder, Limits, Rate, RetryPolicy, Transport};
use hris_core::{Error, ErrorKind, Result, Secret, SourceSettings};

pub use choice::{EndDates, NewEmployeeNumber, PhoneRegion, UpdateBody};

use crate::client::{AccessTokens, Api, AuthVendor, Vendor};
use crate::convert::VENDOR;
use crate::directory::TwentyFourSevenOffice;
use crate::writer::reason;

/// Where the API is, unless [`Builder::base_url`] says otherwise.
pub(crate) const BASE_URL: &str = "https://payroll.24sevenoffice.com/api";

/// How a person takes an access token back, as no program can.
pub const HOW_TO_REVOKE: &str = "The access token lives on in 24SevenOffice Payroll until it is removed there: Settings, Misc (Innstillinger, Diverse \
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

/// Members of an employee that are never a constant of everybody: what the connector writes itself,
/// and what it never touches.
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

/// What reading and writing go by, beside the address and the token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) create_defaults: BTreeMap<String, String>,
    pub(crate) department_dimension: Option<String>,
    pub(crate) empid_as_number: bool,
    pub(crate) employment_defaults: BTreeMap<String, String>,
    pub(crate) end_dates: EndDates,
    pub(crate) enddate_reason: Option<String>,
    pub(crate) international_id_always: bool,
    pub(crate) new_employee_number: NewEmployeeNumber,
    pub(crate) phone_region: Option<PhoneRegion>,
    pub(crate) update_body: UpdateBody,
    pub(crate) update_includes_id: bool,
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
#[must_use]
pub struct Builder {
    token: Option<Secret>,
    base_url: String,
    auth_header: String,
    concurrency: usize,
    rate: Rate,
    retry: RetryPolicy,
    loopback: bool,
    transport: Option<Arc<dyn Transport>>,
    settings: Settings,
}

impl Default for Builder {
    fn default() -> Self {
        let mut retry = RetryPolicy::default();
        retry.attempts = 3;
        Self {
            token: None,
            base_url: BASE_URL.to_owned(),
            auth_header: "Authorization".to_owned(),
            concurrency: 2,
            rate: Rate::per_second(5).burst(5),
            retry,
            loopback: false,
            transport: None,
            settings: Settings::default(),
        }
    }
}

impl Builder {
    /// The persistent access token, as copied from the payroll's settings.
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// Where the API is. `https://payroll.24sevenoffice.com/api`; tokens go to this origin only.
    pub fn base_url(mut self, address: impl Into<String>) -> Self {
        self.base_url = address.into();
        self
    }

    /// Allows `http` to this machine itself, for sandboxes and tests.
    pub fn allow_http_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// The header field that carries `Bearer` and the token. `Authorization`: the vendor's text says
    /// so, while the machine-readable part of its file names a left-over of its documentation site.
    pub fn auth_header(mut self, name: impl Into<String>) -> Self {
        self.auth_header = name.into();
        self
    }

    /// Requests under way at once, at most. 2.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// The pace kept. Five requests a second: 24SevenOffice publishes no limit, and its own words
    /// win whenever it says less.
    pub fn rate_limit(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// How often and how long a request is tried. Three times; a write is never repeated blindly.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// What an update sends. [`UpdateBody::Changed`].
    pub fn update_body(mut self, what: UpdateBody) -> Self {
        self.settings.update_body = what;
        self
    }

    /// Puts the number (`empid`) into the body of updates as well. Off: it is in the address.
    pub fn update_includes_id(mut self, on: bool) -> Self {
        self.settings.update_includes_id = on;
        self
    }

    /// Sends the number as a number in place of a text. Off.
    pub fn empid_as_number(mut self, on: bool) -> Self {
        self.settings.empid_as_number = on;
        self
    }

    /// Where a new person's number comes from. [`NewEmployeeNumber::Next`].
    pub fn new_employee_number(mut self, from: NewEmployeeNumber) -> Self {
        self.settings.new_employee_number = from;
        self
    }

    /// Further members that every new person gets, by 24SevenOffice's names. None.
    pub fn create_defaults(mut self, members: BTreeMap<String, String>) -> Self {
        self.settings.create_defaults = members;
        self
    }

    /// Further members that every new employment gets, by 24SevenOffice's names; Norwegian reporting
    /// needs most of them. None.
    pub fn employment_defaults(mut self, members: BTreeMap<String, String>) -> Self {
        self.settings.employment_defaults = members;
        self
    }

    /// The code that goes with every end date that is written. It is reported to the tax authority,
    /// so there is no default, and without it no end date can be written.
    pub fn enddate_reason(mut self, code: impl Into<String>) -> Self {
        self.settings.enddate_reason = Some(code.into());
        self
    }

    /// The dimension, by id or name, whose value is a person's department. None: then nothing is said
    /// of departments.
    pub fn department_dimension(mut self, dimension: impl Into<String>) -> Self {
        self.settings.department_dimension = Some(dimension.into());
        self
    }

    /// What somebody without an employment is. [`EndDates::Optional`].
    pub fn end_dates(mut self, how: EndDates) -> Self {
        self.settings.end_dates = how;
        self
    }

    /// The country whose code completes phone numbers without one. The company's own.
    pub fn phone_region(mut self, region: PhoneRegion) -> Self {
        self.settings.phone_region = Some(region);
        self
    }

    /// Writes the international id even of people who have a national number. Off.
    pub fn international_id_always(mut self, on: bool) -> Self {
        self.settings.international_id_always = on;
        self
    }

    /// Sends through `transport` in place of the network, for tests and simulations.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The connector, if every setting can be right. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the setting: no token, an address that is not `https`, a reason
    /// or a default member that 24SevenOffice does not document.
    pub fn build(self) -> Result<TwentyFourSevenOffice> {
        let refuse = |words: String| Err(Error::new(ErrorKind::Config, words));
        let Some(token) = self.token.as_ref().filter(|token| !token.is_blank()) else {
            return refuse(
                "token: missing; make one in 24SevenOffice Payroll under Settings, Misc".to_owned(),
            );
        };
        if !token.is_word() {
            return refuse("token: holds blanks or line breaks; copy it again".to_owned());
        }
        if self.concurrency == 0 {
            return refuse("concurrency: must be at least 1".to_owned());
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if self.auth_header.is_empty() || !self.auth_header.bytes().all(plain) {
            return refuse("auth_header: must be the name of a header field".to_owned());
        }
        self.settings.check()?;
        let tokens = AccessTokens::new(
            self.client().vendor(AuthVendor).build()?,
            token.clone(),
            self.auth_header.clone(),
        );
        let client = self.client().vendor(Vendor).authorization(tokens).build()?;
        let api = Api { client, concurrency: self.concurrency };
        let digests = self.settings.digests(&self.base_url);
        Ok(TwentyFourSevenOffice::new(api, self.settings, digests, !self.base_url.starts_with("https")))
    }

    /// A client to this address; one obtains tokens, the other does everything else.
    fn client(&self) -> ClientBuilder {
        let mut limits = Limits::default();
        // A whole company is one answer, which may be long in the making.
        limits.idle = Duration::from_secs(60);
        limits.total = limits.idle;
        let mut client = Client::builder(&self.base_url)
            .name("24sevenoffice")
            .accepts_any_type()
            .rate(self.rate)
            .retry(self.retry)
            .limits(limits)
            .concurrency(self.concurrency);
        if self.loopback {
            client = client.allow_http_loopback();
        }
        match &self.transport {
            Some(transport) => client.transport(transport.clone()),
            None => client,
        }
    }
}

impl Settings {
    /// Who is listed and which record of theirs counts, and how people are written.
    fn digests(&self, base_url: &str) -> SourceSettings {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut all = SourceSettings::of(VENDOR)
            .server(base_url, BASE_URL)
            .listing("end_dates", self.end_dates, EndDates::default())
            .listing("department_dimension", text(&self.department_dimension), "")
            .writing("update_body", self.update_body, UpdateBody::default())
            .writing("update_includes_id", self.update_includes_id, false)
            .writing("empid_as_number", self.empid_as_number, false)
            .writing("new_employee_number", self.new_employee_number, NewEmployeeNumber::default())
            .writing("enddate_reason", text(&self.enddate_reason), "")
            .writing("international_id_always", self.international_id_always, false)
            .writing("phone_region", self.phone_region.map_or("", PhoneRegion::as_str), "");
        for (table, members) in
            [("create_defaults", &self.create_defaults), ("employment_defaults", &self.employment_defaults)]
        {
            // An empty value is a value, so it is told from a member that is not there.
            let told = |all: hris_core::SourceSettingsBuilder, (name, value): (&String, &String)| {
                all.writing(&format!("{table}.{name}"), format!("={value}"), "")
            };
            all = members.iter().fold(all, told);
        }
        all.build()
    }

    fn check(&self) -> Result<()> {
        let refuse = |words: String| Err(Error::new(ErrorKind::Config, words));
        if let Some(code) = &self.enddate_reason
            && !reason::is_known(code)
        {
            return refuse(format!(
                "enddate_reason: {code:?} is none of 24SevenOffice's; use {}",
                reason::all()
            ));
        }
        let unknown =
            self.employment_defaults.keys().find(|name| !EMPLOYMENT_MEMBERS.contains(&name.as_str()));
        if let Some(name) = unknown {
            let known = EMPLOYMENT_MEMBERS.join(", ");
            return refuse(format!("employment_defaults: {name:?} is not known; there are {known}"));
        }
        let ours = self.create_defaults.keys().find(|name| NO_CREATE_DEFAULT.contains(&name.as_str()));
        if let Some(name) = ours {
            return refuse(format!("create_defaults: {name} cannot be the same for everybody"));
        }
        if self.department_dimension.as_ref().is_some_and(|dimension| dimension.trim().is_empty()) {
            return refuse("department_dimension: is empty".to_owned());
        }
        Ok(())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not shown: until it is checked it may hold a password.
        f.debug_struct("Builder")
            .field("token", &self.token)
            .field("concurrency", &self.concurrency)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use hris_core::Directory as _;

    use super::*;

    fn some() -> Builder {
        TwentyFourSevenOffice::builder().token(Secret::from("one".to_owned()))
    }

    fn members(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
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
            ("base_url", some().base_url("https://payroll.example/api")),
            ("end_dates", some().end_dates(EndDates::Required)),
            ("department_dimension", some().department_dimension("Avdeling")),
        ] {
            let changed = digests(changed);
            assert_ne!(changed.listing, plain.listing, "{setting}");
            assert_eq!(changed.writing, plain.writing, "{setting}");
        }
        for (setting, changed) in [
            ("update_body", some().update_body(UpdateBody::Full)),
            ("update_includes_id", some().update_includes_id(true)),
            ("empid_as_number", some().empid_as_number(true)),
            ("new_employee_number", some().new_employee_number(NewEmployeeNumber::Source)),
            ("create_defaults", some().create_defaults(members("employee_field_1", ""))),
            ("employment_defaults", some().employment_defaults(members("working_times", "ikkeSkift"))),
            ("enddate_reason", some().enddate_reason("arbeidstakerHarSagtOppSelv")),
            ("international_id_always", some().international_id_always(true)),
            ("phone_region", some().phone_region(PhoneRegion::Sweden)),
        ] {
            let changed = digests(changed);
            assert_ne!(changed.writing, plain.writing, "{setting}");
            assert_eq!(changed.listing, plain.listing, "{setting}");
        }
        for (setting, same) in [
            ("token", some().token(Secret::from("two".to_owned()))),
            ("auth_header", some().auth_header("X-Token")),
            ("concurrency", some().concurrency(1)),
            ("rate_limit", some().rate_limit(Rate::per_second(1))),
            ("retry", some().retry(once())),
            (
                "a default, written out",
                some().base_url("https://payroll.24sevenoffice.com/api/").update_body(UpdateBody::Changed),
            ),
        ] {
            assert_eq!(digests(same), plain, "{setting}");
        }
    }
}
