//! 24SevenOffice Payroll: one access token, employees and their employments, which can be written too.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use hris_24sevenoffice::sandbox::{Person, Sandbox, SandboxError};
use hris_24sevenoffice::{Builder, TwentyFourSevenOffice};
use hris_core::{Capabilities, Directory, LeaverSignals, Secret, TimeZone, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{FakeVendor, RateLimit, SandboxOptions, TokenSource};
use crate::config::{Settings, schema_of};
use crate::failure::{Failure, Result};

/// Where the token is looked for unless the configuration says otherwise.
const TOKEN_VARIABLE: &str = "TWENTYFOURSEVENOFFICE_TOKEN";

/// Keys whose values only the connector can judge; its words begin with the key.
const JUDGED: [&str; 5] =
    ["auth_header", "create_defaults", "department_dimension", "employment_defaults", "enddate_reason"];

/// The vendor.
#[derive(Debug)]
pub(crate) struct Vendor;

/// The payroll that people are read from, or written to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Source {
    #[serde(flatten)]
    access: TokenSource,
    /// The header that carries the token. Default: Authorization.
    auth_header: Option<String>,
    /// Requests in flight at most; the rate limit always wins. Default: 2.
    #[schemars(range(min = 1, max = 32))]
    concurrency: Option<u32>,
    /// The pace kept before the vendor asks for one.
    rate_limit: Option<RateLimit>,
    /// The dimension, by id or name, whose value is a person's department.
    department_dimension: Option<String>,
    /// What somebody without an employment is: employed (optional), or unknown (required). Default: optional.
    end_dates: Option<EndDates>,
    /// The country whose code completes phone numbers without one. Default: the company's.
    phone_region: Option<PhoneRegion>,
    /// What an update sends: the members that changed, or everything that was read. Default: changed.
    update_body: Option<UpdateBody>,
    /// Puts the number into the body of updates as well. Default: false.
    update_includes_id: Option<bool>,
    /// Sends numbers of employees as numbers in place of texts. Default: false.
    empid_as_number: Option<bool>,
    /// Where a new person's number comes from: the next one, the source's, or the server's choice. Default: next.
    new_employee_number: Option<NewEmployeeNumber>,
    /// Further members that every new person gets, by the vendor's names.
    create_defaults: Option<BTreeMap<String, String>>,
    /// Further members that every new employment gets, by the vendor's names.
    employment_defaults: Option<BTreeMap<String, String>>,
    /// The code reported to the tax authority with every end date; without it no end date is written.
    enddate_reason: Option<String>,
    /// Writes the international id even of people who have a national number. Default: false.
    international_id_always: Option<bool>,
}

/// A setting with a word for each choice, as the connector has it.
macro_rules! choice {
    ($name:ident { $($variant:ident $(= $word:literal)?),* $(,)? }) => {
        #[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        enum $name { $($(#[serde(rename = $word)])? $variant,)* }

        impl From<$name> for hris_24sevenoffice::$name {
            fn from(choice: $name) -> Self {
                match choice { $($name::$variant => Self::$variant,)* }
            }
        }
    };
}

choice!(EndDates { Optional, Required });
choice!(NewEmployeeNumber { Next, Server, Source });
choice!(PhoneRegion { Norway = "NO", Sweden = "SE" });
choice!(UpdateBody { Changed, Full });

impl Source {
    /// The connector's builder, but for the token.
    fn builder(&self, settings: &Settings) -> Result<Builder> {
        let mut builder = TwentyFourSevenOffice::builder();
        if let Some((address, here)) = self.access.address(settings, "/api")? {
            if here {
                builder = builder.allow_http_loopback();
            }
            builder = builder.base_url(address);
        }
        if let Some(name) = &self.auth_header {
            builder = builder.auth_header(name);
        }
        if let Some(requests) = self.concurrency {
            builder = builder.concurrency(requests);
        }
        if let Some(RateLimit { per_second, burst }) = self.rate_limit {
            builder = builder.rate_limit(hris_core::RateLimit::per_second(per_second).burst(burst));
        }
        if let Some(dimension) = &self.department_dimension {
            builder = builder.department_dimension(dimension);
        }
        if let Some(how) = self.end_dates {
            builder = builder.end_dates(hris_24sevenoffice::EndDates::from(how));
        }
        if let Some(region) = self.phone_region {
            builder = builder.phone_region(hris_24sevenoffice::PhoneRegion::from(region));
        }
        if let Some(what) = self.update_body {
            builder = builder.update_body(hris_24sevenoffice::UpdateBody::from(what));
        }
        if let Some(from) = self.new_employee_number {
            builder = builder.new_employee_number(hris_24sevenoffice::NewEmployeeNumber::from(from));
        }
        if let Some(code) = &self.enddate_reason {
            builder = builder.enddate_reason(code);
        }
        Ok(builder
            .update_includes_id(self.update_includes_id.unwrap_or_default())
            .empid_as_number(self.empid_as_number.unwrap_or_default())
            .international_id_always(self.international_id_always.unwrap_or_default())
            .create_defaults(self.create_defaults.clone().unwrap_or_default())
            .employment_defaults(self.employment_defaults.clone().unwrap_or_default()))
    }
}

#[async_trait]
impl super::Vendor for Vendor {
    fn name(&self) -> &'static str {
        "24sevenoffice"
    }

    fn title(&self) -> &'static str {
        "24SevenOffice Payroll (Finago Payday)"
    }

    fn capabilities(&self) -> Capabilities {
        // What can be read does not depend on the credential, and building sends nothing.
        let any = TwentyFourSevenOffice::builder().token(Secret::from("none".to_owned())).build();
        any.map_or_else(
            |_| Capabilities::read_only(self.name(), &[], LeaverSignals::new(true, true)),
            |payroll| payroll.capabilities().clone(),
        )
    }

    fn schema(&self) -> Value {
        schema_of::<Source>()
    }

    fn template(&self) -> &'static str {
        r#"token_env = "TWENTYFOURSEVENOFFICE_TOKEN"   # the variable that holds the access token; the token never stands here
# token_file = "payroll.token"        # or a file that only you can read
# base_url = "https://payroll.24sevenoffice.com/api"
# auth_header = "Authorization"
concurrency = 2                       # requests in flight at most
rate_limit = { per_second = 5, burst = 5 }
# department_dimension = "Department"   # the dimension that holds departments; without it they are not read
end_dates = "optional"                # somebody without an employment is: optional (employed) | required (unknown)
# phone_region = "NO"                 # completes phone numbers without a country code: NO | SE; the company's country
# What follows is for writing to the payroll.
update_body = "changed"               # changed | full: what an update sends
update_includes_id = false
empid_as_number = false
new_employee_number = "next"          # next | source | server
# create_defaults = { salary_type = "monthly" }
# employment_defaults = { employment_form = "fast", working_times = "ikkeSkift" }
# enddate_reason = "arbeidstakerHarSagtOppSelv"   # goes to the tax authority; without it no end date is written
international_id_always = false       # even of people who have a national number
"#
    }

    fn validate(&self, settings: &Settings) -> std::result::Result<(), (&'static str, String)> {
        let source: Source = super::read(&settings.source).map_err(|failure| ("vendor", failure.message))?;
        source.access.validate()?;
        let builder = source.builder(settings).map_err(|failure| ("base_url", failure.message))?;
        let Err(error) = builder.token(Secret::from("none".to_owned())).build() else { return Ok(()) };
        let words = error.to_string();
        let judged = JUDGED.iter().find_map(|key| Some((*key, words.strip_prefix(key)?.strip_prefix(": ")?)));
        Err(judged.map_or_else(|| ("vendor", words.clone()), |(key, what)| (key, what.to_owned())))
    }

    fn directory(&self, settings: &Settings) -> Result<Box<dyn Directory>> {
        let source: Source = super::read(&settings.source)?;
        let token = source.access.token(settings, TOKEN_VARIABLE)?;
        let built = source.builder(settings)?.token(token).build();
        Ok(Box::new(built.map_err(|error| settings.fault("source", error))?))
    }

    fn how_to_connect(&self, settings: &Settings) -> Vec<String> {
        let source: Source = super::read(&settings.source).unwrap_or_default();
        let place = source.access.place(settings, TOKEN_VARIABLE);
        vec![
            "In 24SevenOffice Payroll (now Finago Payday), open Settings, then Misc (Innstillinger, Diverse".to_owned(),
            "innstillinger: API, e-post, integrasjoner), administer integrations and make an access token. It belongs"
                .to_owned(),
            "to one company.".to_owned(),
            "It can read national numbers, bank accounts and pay of everybody and can change them; this connector"
                .to_owned(),
            "drops them while reading. Make it only if you have the authority to.".to_owned(),
            format!("Then {place}."),
        ]
    }

    fn how_to_revoke(&self) -> &'static str {
        hris_24sevenoffice::HOW_TO_REVOKE
    }

    async fn sandbox(&self, options: SandboxOptions) -> Result<Box<dyn FakeVendor>> {
        let mut builder = Sandbox::builder()
            .port(options.port)
            .employees(options.employees as usize)
            .seed(options.seed)
            .today(&options.now.date_in(&TimeZone::utc()).to_string())
            .now(options.now)
            .latency(Duration::from_millis(options.latency_ms));
        if let Some(rate) = options.rate_limit {
            builder = builder.rate_limit(rate);
        }
        let started = builder.start().await;
        Ok(Box::new(Fake(started.map_err(|error| Failure::config(format!("{error}; try another --port")))?)))
    }
}

/// A running sandbox.
struct Fake(Sandbox);

impl FakeVendor for Fake {
    fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }

    fn token(&self) -> &str {
        self.0.token()
    }

    fn source(&self, token_file: &str) -> Vec<(&'static str, String)> {
        vec![
            ("base_url", format!("{:?}", self.url())),
            ("token_file", format!("{token_file:?}")),
            ("department_dimension", format!("{:?}", "Department")),
            // A fake on this machine is nobody's to spare.
            ("concurrency", "8".to_owned()),
            ("rate_limit", "{ per_second = 500, burst = 500 }".to_owned()),
        ]
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>> {
        let today = now.date_in(&TimeZone::utc());
        let unknown = |error: SandboxError| Failure::config(error.to_string());
        self.0.change(|company| {
            let staff: Vec<String> = company
                .ids()
                .into_iter()
                .filter(|id| {
                    let open = |employment: &serde_json::Map<String, Value>| {
                        let day =
                            |member: &str| employment.get(member).and_then(Value::as_str).unwrap_or_default();
                        day("enddate").is_empty() && day("startdate") < today.to_string().as_str()
                    };
                    company.employments(id).iter().any(open)
                })
                .collect();
            let [.., mover, leaver] = staff.as_slice() else {
                return Err(Failure::config(
                    "the sandbox has too few people for a day to pass; give it ten or more",
                ));
            };
            let joiner = company.hire(Person::new("Noor", "El-Amrani").starts(today.to_string()));
            company.set(mover, "telefon", "+47 405 99 999").map_err(unknown)?;
            company.leave(leaver, &today.plus_days(-1).to_string()).map_err(unknown)?;
            Ok(vec![
                format!("{joiner} is hired and starts today"),
                format!("{mover} gets a new phone number"),
                format!("{leaver} has left; yesterday was the last day"),
            ])
        })
    }
}
