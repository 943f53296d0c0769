//! Freshteam (freshworks.com): a subdomain and an API key, and a limit a minute.

use std::time::Duration;

use async_trait::async_trait;
use hris_core::{Capabilities, Directory, LeaverSignals, Need, Secret, TimeZone, Timestamp};
use hris_freshteam::Freshteam;
use hris_freshteam::sandbox::{Person, PersonView, Sandbox};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{FakeVendor, SandboxOptions, TokenSource};
use crate::config::{Settings, schema_of};
use crate::failure::{Failure, Result};

/// Where the API key is looked for unless the configuration says otherwise.
const TOKEN_VARIABLE: &str = "FRESHTEAM_TOKEN";

/// The keys that the connector's own complaints begin with.
const KEYS: [&str; 7] =
    ["subdomain", "base_url", "page_size", "concurrency", "listings", "sort", "rate_share"];

/// The vendor.
#[derive(Debug)]
pub(crate) struct Vendor;

/// The HR system that people are read from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Source {
    /// The account: acme of acme.freshteam.com. The address of a page is understood.
    subdomain: Option<String>,
    #[serde(flatten)]
    access: TokenSource,
    /// People asked for at once. Default: nothing is asked for, and 50 come.
    #[schemars(range(min = 1, max = 50))]
    page_size: Option<u32>,
    /// Requests in flight at most; the account's limit always wins. Default: 2.
    #[schemars(range(min = 1, max = 32))]
    concurrency: Option<u32>,
    /// The listings that make a snapshot. They begin with status=active and status=inactive; terminated=true,
    /// deleted=true and draft=true may follow.
    listings: Option<Vec<String>>,
    /// How people are sorted while they are listed. Default: employee_id.
    sort: Option<Sort>,
    /// The share of the account's limit that is used, above 0 and at most 1. Default: 0.8.
    rate_share: Option<f64>,
    /// The work e-mail of the user whose key it is, for a warning before that user leaves.
    key_owner: Option<String>,
    /// Whether people are read before their first day. Only false: nobody documents how they are sent.
    new_hires: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    EmployeeId,
    FirstName,
    LastName,
}

impl From<Sort> for hris_freshteam::Sort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::EmployeeId => Self::EmployeeId,
            Sort::FirstName => Self::FirstName,
            Sort::LastName => Self::LastName,
        }
    }
}

impl Source {
    /// The connector's builder, but for the key.
    fn builder(&self, settings: &Settings) -> Result<hris_freshteam::Builder> {
        let mut builder = Freshteam::builder();
        if let Some(subdomain) = &self.subdomain {
            builder = builder.subdomain(subdomain);
        }
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
        if let Some(listings) = &self.listings {
            builder = builder.listings(listings.clone());
        }
        if let Some(sort) = self.sort {
            builder = builder.sort(hris_freshteam::Sort::from(sort));
        }
        if let Some(share) = self.rate_share {
            builder = builder.rate_share(share);
        }
        if let Some(owner) = &self.key_owner {
            builder = builder.key_owner(owner);
        }
        Ok(builder)
    }
}

/// What mapping and policy ask of the key's user.
fn needs(settings: &Settings) -> Vec<Need> {
    let wanted = super::wanted(settings, &super::Vendor::capabilities(&Vendor));
    wanted.map_or_else(Vec::new, |(request, leavers)| hris_freshteam::requirements(&request, leavers).needs)
}

#[async_trait]
impl super::Vendor for Vendor {
    fn name(&self) -> &'static str {
        "freshteam"
    }

    fn title(&self) -> &'static str {
        "Freshteam"
    }

    fn capabilities(&self) -> Capabilities {
        // What the vendor has does not depend on the account, and building sends nothing.
        let any = Freshteam::builder().subdomain("any").api_key(Secret::from("none".to_owned())).build();
        any.map_or_else(
            |_| Capabilities::read_only(self.name(), &[], LeaverSignals::new(true, false)),
            |freshteam| freshteam.capabilities().clone(),
        )
    }

    fn schema(&self) -> Value {
        schema_of::<Source>()
    }

    fn template(&self) -> &'static str {
        r#"# subdomain = "acme"                  # needed: the part before .freshteam.com in the browser's address
token_env = "FRESHTEAM_TOKEN"         # the variable that holds the API key; the key never stands here
# token_file = "freshteam.token"      # or a file that only you can read
# base_url = "http://127.0.0.1:4010"  # a sandbox on this machine; the key goes nowhere else
# page_size = 50                      # not sent by default; 50 come, and are the most
concurrency = 2                       # requests in flight at most
listings = ["status=active", "status=inactive"]   # after these: terminated=true, deleted=true, draft=true
sort = "employee_id"                  # employee_id | first_name | last_name
rate_share = 0.8                      # share of the account's limit a minute that is used
# key_owner = "hris@acme.example"     # whose key it is: `hris check` warns before that user leaves
new_hires = false                     # people before their first day are not read
"#
    }

    fn validate(&self, settings: &Settings) -> std::result::Result<(), (&'static str, String)> {
        let source: Source = super::read(&settings.source).map_err(|failure| ("vendor", failure.message))?;
        source.access.validate()?;
        if source.new_hires == Some(true) {
            let words = "people before their first day are not read: nobody documents how Freshteam sends them; they \
                         come in once they are employees";
            return Err(("new_hires", words.to_owned()));
        }
        let mut builder = source.builder(settings).map_err(|failure| ("base_url", failure.message))?;
        if source.subdomain.is_none() {
            // A fresh file has none yet; without it nothing can be connected.
            builder = builder.subdomain("any");
        }
        let built = builder.api_key(Secret::from("none".to_owned())).build();
        let Err(error) = built else { return Ok(()) };
        let words = error.to_string();
        let key = KEYS.into_iter().find(|key| words.starts_with(&format!("{key}: ")));
        let key = key.unwrap_or("vendor");
        Err((key, words.strip_prefix(&format!("{key}: ")).unwrap_or(&words).to_owned()))
    }

    fn directory(&self, settings: &Settings) -> Result<Box<dyn Directory>> {
        let source: Source = super::read(&settings.source)?;
        if source.subdomain.is_none() && source.access.base_url.is_none() {
            let words = "is missing: it is the part before .freshteam.com in the browser's address when you are \
                         logged in";
            return Err(settings.fault("source.subdomain", words));
        }
        let key = source.access.token(settings, TOKEN_VARIABLE)?;
        let built = source.builder(settings)?.api_key(key).build();
        Ok(Box::new(built.map_err(|error| settings.fault("source", error))?))
    }

    fn how_to_connect(&self, settings: &Settings) -> Vec<String> {
        let source: Source = super::read(&settings.source).unwrap_or_default();
        let place = source.access.place(settings, TOKEN_VARIABLE);
        let mut lines = vec![
            "In Freshteam, look at the browser's address: the part before .freshteam.com is the subdomain; set it in"
                .to_owned(),
            format!("{}.", settings.file.display()),
            "Then open the profile picture (top right) and choose API Key; solve the captcha and copy the key.".to_owned(),
            "The key can do what its user can: best take a dedicated user with the role HR Partner or Admin that is no"
                .to_owned(),
            format!("real person's record. Then {place}. What this configuration needs:"),
        ];
        lines.extend(needs(settings).into_iter().map(|need| format!("  {need}")));
        lines
    }

    fn how_to_revoke(&self) -> &'static str {
        hris_freshteam::HOW_TO_REVOKE
    }

    async fn sandbox(&self, options: SandboxOptions) -> Result<Box<dyn FakeVendor>> {
        let mut builder = Sandbox::builder()
            .port(options.port)
            .employees(options.employees as usize)
            .seed(options.seed)
            .today(options.now.date_in(&TimeZone::utc()))
            .latency(Duration::from_millis(options.latency_ms));
        if let Some(rate) = options.rate_limit {
            // Freshteam counts by the minute.
            builder = builder.per_minute(rate.saturating_mul(60));
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
        self.0.key()
    }

    fn source(&self, token_file: &str) -> Vec<(&'static str, String)> {
        vec![
            ("subdomain", format!("{:?}", self.0.subdomain())),
            ("base_url", format!("{:?}", self.url())),
            ("token_file", format!("{token_file:?}")),
        ]
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>> {
        let today = now.date_in(&TimeZone::utc());
        let unknown = |error: hris_freshteam::sandbox::SandboxError| Failure::config(error.to_string());
        self.0.change(|company| {
            let works = |person: &PersonView| {
                let started = person.joining_date.as_deref().is_some_and(|day| *day <= *today.to_string());
                person.status == "active" && person.email.is_some() && person.reports == 0 && started
            };
            let staff: Vec<PersonView> = company.people().into_iter().filter(works).collect();
            // The last of the list manage nobody, so exactly one person changes with each of them.
            let [.., promoted, leaver] = staff.as_slice() else {
                return Err(Failure::config(
                    "the sandbox has too few people for a day to pass; give it ten or more",
                ));
            };
            let joiner = company.hire(
                Person::new("Noor", "El-Amrani")
                    .email("noor.el-amrani.joins@lofotfisk.example")
                    .title("Buyer")
                    .starts(today.to_string())
                    .set("employee_id", "A-9001"),
            );
            company.set(&promoted.id, "designation", "Head of Good Ideas").map_err(unknown)?;
            company.deactivate(&leaver.id, Some(&today.plus_days(-1).to_string())).map_err(unknown)?;
            Ok(vec![
                format!("{joiner} is hired and starts today"),
                format!("{} gets a new job title", promoted.id),
                format!("{} is made inactive; yesterday was the last day", leaver.id),
            ])
        })
    }
}
