//! Humaans (humaans.io): an access token, people with job roles, offices and custom fields.

use std::time::Duration;

use async_trait::async_trait;
use hris_core::{Capabilities, Directory, LeaverSignals, Secret, TimeZone, Timestamp};
use hris_humaans::sandbox::{Job, Person, Resource, Sandbox};
use hris_humaans::{Humaans, Need};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{FakeVendor, RateLimit, SandboxOptions, TokenSource};
use crate::config::{Settings, schema_of};
use crate::failure::{Failure, Result};

/// Where the token is looked for unless the configuration says otherwise.
const TOKEN_VARIABLE: &str = "HUMAANS_TOKEN";

/// The vendor.
#[derive(Debug)]
pub(crate) struct Vendor;

/// The HR system that people are read from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Source {
    #[serde(flatten)]
    access: TokenSource,
    /// People asked for at once. Default: 250, the vendor's largest.
    #[schemars(range(min = 1, max = 250))]
    page_size: Option<u32>,
    /// Requests in flight at most; the rate limit always wins.
    #[schemars(range(min = 1, max = 32))]
    concurrency: Option<u32>,
    /// How everybody is asked for: all in one list, split into a list a status, or omit the status where the vendor
    /// refuses both. Default: all.
    people_status: Option<PeopleStatus>,
    /// Which date is the last day of a leaver. Default: last_working_day.
    last_day: Option<LastDay>,
    /// The pace kept before the vendor asks for one.
    rate_limit: Option<RateLimit>,
    /// The field by which lists are sorted; not sent by default.
    #[schemars(length(min = 1))]
    sort: Option<String>,
    /// Asks for the job roles of today only. Default: false.
    job_roles_as_of: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PeopleStatus {
    All,
    Split,
    Omit,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum LastDay {
    LastWorkingDay,
    EmploymentEnd,
}

/// The scopes and permissions that mapping and policy ask for.
fn needs(settings: &Settings) -> Vec<Need> {
    let wanted = super::wanted(settings, &super::Vendor::capabilities(&Vendor));
    wanted.map_or_else(Vec::new, |(request, leavers)| hris_humaans::requirements(&request, leavers).needs)
}

impl Source {
    /// The connector's builder, but for the token.
    fn builder(&self, settings: &Settings) -> Result<hris_humaans::Builder> {
        let mut builder = Humaans::builder();
        if let Some((address, here)) = self.access.address(settings, "/api")? {
            builder = builder.base_url(address);
            if here {
                builder = builder.allow_http_loopback();
            }
        }
        if let Some(rows) = self.page_size {
            builder = builder.page_size(rows);
        }
        if let Some(requests) = self.concurrency {
            builder = builder.concurrency(requests);
        }
        if let Some(how) = self.people_status {
            builder = builder.people_status(hris_humaans::PeopleStatus::from(how));
        }
        if let Some(which) = self.last_day {
            builder = builder.last_day(hris_humaans::LastDay::from(which));
        }
        if let Some(RateLimit { per_second, burst }) = self.rate_limit {
            builder = builder.rate_limit(hris_core::RateLimit::per_second(per_second).burst(burst));
        }
        if let Some(member) = &self.sort {
            builder = builder.sort(member);
        }
        Ok(builder.job_roles_as_of(self.job_roles_as_of.unwrap_or_default()))
    }
}

impl From<PeopleStatus> for hris_humaans::PeopleStatus {
    fn from(how: PeopleStatus) -> Self {
        match how {
            PeopleStatus::All => Self::All,
            PeopleStatus::Split => Self::Split,
            PeopleStatus::Omit => Self::Omit,
        }
    }
}

impl From<LastDay> for hris_humaans::LastDay {
    fn from(which: LastDay) -> Self {
        match which {
            LastDay::LastWorkingDay => Self::LastWorkingDay,
            LastDay::EmploymentEnd => Self::EmploymentEnd,
        }
    }
}

#[async_trait]
impl super::Vendor for Vendor {
    fn name(&self) -> &'static str {
        "humaans"
    }

    fn title(&self) -> &'static str {
        "Humaans"
    }

    fn capabilities(&self) -> Capabilities {
        // What the vendor has does not depend on the credential, and building sends nothing.
        let any = Humaans::builder().token(Secret::from("none".to_owned())).build();
        any.map_or_else(
            |_| Capabilities::read_only(self.name(), &[], LeaverSignals::new(true, true)),
            |humaans| humaans.capabilities().clone(),
        )
    }

    fn schema(&self) -> Value {
        schema_of::<Source>()
    }

    fn template(&self) -> &'static str {
        r#"token_env = "HUMAANS_TOKEN"           # the variable that holds the access token; the token never stands here
# token_file = "humaans.token"        # or a file that only you can read
# base_url = "https://app.humaans.io/api"
page_size = 250                       # people asked for at once; 250 is the most
concurrency = 4                       # requests in flight at most
people_status = "all"                 # all | split (a list a status) | omit
last_day = "last_working_day"         # last day of a leaver: last_working_day | employment_end
rate_limit = { per_second = 5, burst = 10 }
# sort = "createdAt"                  # not sent by default
job_roles_as_of = false               # ask for the job roles of today only
"#
    }

    fn validate(&self, settings: &Settings) -> std::result::Result<(), (&'static str, String)> {
        let source: Source = super::read(&settings.source).map_err(|failure| ("vendor", failure.message))?;
        source.access.validate()
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
        let mut lines = vec![
            "In Humaans, open the menu at your name (top left) and choose API access tokens. If it is not there, your"
                .to_owned(),
            "role lacks \"API Access\": ask an owner or administrator.".to_owned(),
            "Generate new token, label it, choose its scopes, create and copy it; it is shown once.".to_owned(),
            format!("Then {place}. What this configuration needs:"),
        ];
        lines.extend(needs(settings).into_iter().map(|need| format!("  {need}")));
        lines
    }

    fn how_to_revoke(&self) -> &'static str {
        hris_humaans::HOW_TO_REVOKE
    }

    async fn sandbox(&self, options: SandboxOptions) -> Result<Box<dyn FakeVendor>> {
        let mut builder = Sandbox::builder()
            .port(options.port)
            .employees(options.employees as usize)
            .seed(options.seed)
            .today(&options.now.date_in(&TimeZone::utc()).to_string())
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
            // A fake on this machine is nobody's to spare.
            ("rate_limit", "{ per_second = 200, burst = 200 }".to_owned()),
        ]
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>> {
        let today = now.date_in(&TimeZone::utc());
        let unknown = |error: hris_humaans::sandbox::SandboxError| Failure::config(error.to_string());
        self.0.change(|company| {
            let staff: Vec<_> = company
                .people()
                .into_iter()
                .filter(|person| {
                    person.status == "active" && person.email.is_some() && person.id != company.admin()
                })
                .collect();
            // The last of the list manage nobody, so exactly one person changes with each of them.
            let [.., promoted, leaver] = staff.as_slice() else {
                return Err(Failure::config(
                    "the sandbox has too few people for a day to pass; give it ten or more",
                ));
            };
            let joiner = company.hire(
                Person::new("Noor", "El-Amrani")
                    .job("Buyer", "Operations")
                    .starts(today.to_string())
                    .team("Operations"),
            );
            let roles = company.rows(Resource::JobRoles);
            let current = roles.iter().find(|role| {
                role.get("personId").and_then(Value::as_str) == Some(&promoted.id)
                    && role.get("endDate").is_none_or(Value::is_null)
            });
            let mut job = Job::new("Head of Good Ideas", promoted.department.clone().unwrap_or_default());
            if let Some(manager) = current.and_then(|role| role.get("reportingTo")).and_then(Value::as_str) {
                job = job.reports_to(manager);
            }
            company.change_job(&promoted.id, job).map_err(unknown)?;
            company.offboard(&leaver.id, &today.plus_days(-1).to_string()).map_err(unknown)?;
            Ok(vec![
                format!("{joiner} is hired and starts today"),
                format!("{} gets a new job title", promoted.id),
                format!("{} has left; yesterday was the last day", leaver.id),
            ])
        })
    }
}
