//! Employment Hero (employmenthero.com): connected by consent, people with teams and places.

mod source;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hris_core::{
    Capabilities, Date, Directory, LeaverSignals, MemoryTokens, ReadRequest, Secret, TimeZone, Timestamp,
    TokenStore, Tokens,
};
use hris_employmenthero::sandbox::{Person, Rotation, Sandbox};
use hris_employmenthero::{EmploymentHero, requirements};
use serde_json::{Value, json};
use url::Url;

use self::source::{REFRESH_TOKEN, Source};
use super::{Answer, Consent, FakeVendor, OAuth, SandboxOptions, check_address};
use crate::config::{Settings, schema_of};
use crate::failure::{Failure, Result};

/// The vendor.
#[derive(Debug)]
pub(crate) struct Vendor;

/// What a sync asks for. What it needs does not depend on the day.
fn request(settings: &Settings) -> Option<ReadRequest> {
    let capabilities = super::Vendor::capabilities(&Vendor);
    let map = settings.mapping_for(&capabilities).ok()?.compile(&capabilities).ok()?;
    let day = Date::new(2026, 1, 1).ok()?;
    let own = settings.policy.sources().into_iter().filter(|field| capabilities.can_read(*field));
    Some(ReadRequest::new(day).with_fields(map.sources()).with_fields(own.map(Into::into)))
}

#[async_trait]
impl super::Vendor for Vendor {
    fn name(&self) -> &'static str {
        "employmenthero"
    }

    fn title(&self) -> &'static str {
        "Employment Hero"
    }

    fn capabilities(&self) -> Capabilities {
        let token = Secret::from("none".to_owned());
        EmploymentHero::builder().access_token(token).build().map_or_else(
            |_| Capabilities::read_only(self.name(), &[], LeaverSignals::new(true, true)),
            |directory| directory.capabilities().clone(),
        )
    }

    fn schema(&self) -> Value {
        schema_of::<Source>()
    }

    fn template(&self) -> &'static str {
        r#"# organisation = "Kererū Café Group"   # its id or exact name, where the consent sees several
client_id_env = "EMPLOYMENTHERO_CLIENT_ID"           # the variable with the client id of your application
# client_id_file = "employmenthero.client_id"         # or a file
client_secret_env = "EMPLOYMENTHERO_CLIENT_SECRET"   # the variable with its secret; secrets never stand here
# client_secret_file = "employmenthero.client_secret" # or a file that only you can read
# redirect_uri = "https://product.example/callback"   # as registered with the application; see `hris connect`
# refresh_token_env = "EMPLOYMENTHERO_REFRESH_TOKEN"  # a refresh token from elsewhere, in place of `hris connect`
# refresh_token_file = "employmenthero.token"         # or a file; what the state holds wins over both
# scopes = ["employees:list", "teams:list"]           # the scopes that the consent names; default: none, the application's hold
# send_scope = true                   # names those of `scopes`, else what the mapping needs; default: only with `scopes`
scope_notation = "resource_action"    # of those: resource_action (employees:list) | urn (urn:mainapp:employees:read)
token_request = "body"                # body | split (some of it in the query)
# base_url = "https://api.employmenthero.com"
# auth_url = "https://oauth.employmenthero.com/oauth2/authorize"
# token_url = "https://oauth.employmenthero.com/oauth2/token"
archived = "leaver"                   # what the status "archived" means: leaver | unknown
# status_words = { onboarding = "pending" }   # what further words mean: pending | active | on_leave | terminated | unknown
page_size = 100                       # people asked for at once; 100 is the most
concurrency = 4                       # requests in flight at most
rate_limit = { per_second = 15, per_minute = 95 }
"#
    }

    fn validate(&self, settings: &Settings) -> std::result::Result<(), (&'static str, String)> {
        let source = Source::of(settings).map_err(|failure| ("vendor", failure.message))?;
        for place in source.places() {
            place.validate()?;
        }
        check_address("base_url", source.base_url.as_deref())?;
        check_address("auth_url", source.auth_url.as_deref())?;
        check_address("token_url", source.token_url.as_deref())?;
        check_address("redirect_uri", source.redirect_uri.as_deref())
    }

    fn directory(&self, settings: &Settings) -> Result<Box<dyn Directory>> {
        OAuth::directory(self, settings, Arc::new(MemoryTokens::default()))
    }

    fn how_to_connect(&self, settings: &Settings) -> Vec<String> {
        let source = Source::of(settings).unwrap_or_default();
        let mut lines = vec![
            "In Employment Hero's Developer Portal (Platinum subscription or above), make an application. Its scopes"
                .to_owned(),
            "cannot be changed afterwards. What this configuration needs:".to_owned(),
        ];
        let needs = request(settings).map(|request| requirements(&request).needs).unwrap_or_default();
        lines.extend(needs.iter().map(|need| format!("  {need}")));
        lines.push(format!(
            "Register {} as its redirect address: it has to begin with https://, and need not lead anywhere.",
            source.redirect_uri.as_deref().unwrap_or("the `redirect_uri` of [source]")
        ));
        for place in source.places().into_iter().take(2) {
            lines.push(format!("Put the {} into {}.", place.stem.replace('_', " "), place.words(settings)));
        }
        lines.push(
            "Then `hris connect`, as an owner or full administrator, best one who is nobody's employee record."
                .to_owned(),
        );
        lines
    }

    fn oauth(&self) -> Option<&dyn OAuth> {
        Some(self)
    }

    fn how_to_revoke(&self) -> &'static str {
        hris_employmenthero::HOW_TO_REVOKE
    }

    async fn sandbox(&self, options: SandboxOptions) -> Result<Box<dyn FakeVendor>> {
        let started = Sandbox::builder()
            .port(options.port)
            .employees(options.employees as usize)
            .seed(options.seed)
            .today(&options.now.date_in(&TimeZone::utc()).to_string())
            .latency(Duration::from_millis(options.latency_ms))
            .rate_limit(options.rate_limit.unwrap_or_default())
            // A fake that is started again knows the token that it began with and no later one.
            .behaviour(|behaviour| {
                behaviour.rotation = Rotation::Silent;
                behaviour.loopback_refused = false;
            })
            .start()
            .await;
        Ok(Box::new(Fake(started.map_err(|error| Failure::config(format!("{error}; try another --port")))?)))
    }
}

#[async_trait]
impl OAuth for Vendor {
    fn directory(&self, settings: &Settings, tokens: Arc<dyn TokenStore>) -> Result<Box<dyn Directory>> {
        let source = Source::of(settings)?;
        let application = source.application(settings)?.build();
        let application = application.map_err(|error| settings.fault("source", error))?;
        let mut builder = source.builder().oauth(application, tokens);
        if let Some(token) = source.place("refresh_token", REFRESH_TOKEN).read_if_there(settings)? {
            builder = builder.refresh_token(token);
        }
        Ok(Box::new(builder.build().map_err(|error| settings.fault("source", error))?))
    }

    fn redirect_uri(&self, settings: &Settings) -> Result<Option<Url>> {
        let source = Source::of(settings)?;
        match &source.redirect_uri {
            Some(address) => Ok(Url::parse(address).ok()),
            None if source.is_here() => Ok(None),
            None => Err(settings.fault(
                "source.redirect_uri",
                "redirect_uri is missing, and Employment Hero refuses redirect addresses on this machine: set the https address that is \
                 registered with your application; it need not lead anywhere, because its address is pasted in",
            )),
        }
    }

    fn consent(&self, settings: &Settings, redirect: &Url) -> Result<Box<dyn Consent>> {
        let source = Source::of(settings)?;
        // What is registered is compared letter by letter, so it is sent as it was written.
        let redirect = source.redirect_uri.clone().unwrap_or_else(|| redirect.to_string());
        let application = source.application(settings)?.redirect_uri(redirect).build();
        let application = application.map_err(|error| settings.fault("source", error))?;
        let consent = application.consent()?;
        Ok(Box::new(UnderWay { application, consent }))
    }

    async fn organisations(
        &self,
        settings: &Settings,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Vec<(String, String)>> {
        let source = Source::of(settings)?;
        let application = source.application(settings)?.build();
        let application = application.map_err(|error| settings.fault("source", error))?;
        let directory = source.builder().oauth(application, tokens).build();
        let directory = directory.map_err(|error| settings.fault("source", error))?;
        Ok(directory.organisations().await?)
    }

    fn organisation(&self, settings: &Settings) -> Option<String> {
        Source::of(settings).ok()?.organisation
    }
}

/// A consent of Employment Hero under way.
struct UnderWay {
    application: hris_core::oauth::OAuth,
    consent: hris_core::oauth::Consent,
}

#[async_trait]
impl Consent for UnderWay {
    fn address(&self) -> &Url {
        self.consent.address()
    }

    async fn finish(self: Box<Self>, answer: Answer) -> Result<Tokens> {
        let Self { application, consent } = *self;
        Ok(match answer {
            Answer::Address(address) => application.exchange(consent, address.expose()).await?,
            Answer::Code(code) => application.exchange_without_state(consent, &code).await?,
        })
    }
}

/// A running sandbox.
struct Fake(Sandbox);

impl FakeVendor for Fake {
    fn url(&self) -> String {
        self.0.url().to_owned()
    }

    fn token(&self) -> &str {
        self.0.refresh_token()
    }

    fn source(&self, token_file: &str) -> Vec<(&'static str, String)> {
        let beside = |suffix: &str| format!("{:?}", token_file.replace(".token", suffix));
        vec![
            ("base_url", format!("{:?}", self.url())),
            ("client_id_file", beside(".client_id")),
            ("client_secret_file", beside(".client_secret")),
            ("refresh_token_file", format!("{token_file:?}")),
            // A fake on this machine is nobody's to spare.
            ("rate_limit", "{ per_second = 200, per_minute = 12000 }".to_owned()),
        ]
    }

    fn client(&self) -> Option<(&str, &str, String)> {
        Some((self.0.client_id(), self.0.client_secret(), self.0.redirect_uri()))
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>> {
        let today = now.date_in(&TimeZone::utc());
        let unknown = |error: hris_employmenthero::sandbox::SandboxError| Failure::config(error.to_string());
        self.0.change(|company| {
            let managers: Vec<_> = company.people().into_iter().filter_map(|person| person.manager).collect();
            let staff: Vec<_> = company
                .people()
                .into_iter()
                .filter(|person| {
                    person.status == "active" && person.email.is_some() && !managers.contains(&person.id)
                })
                .collect();
            let [.., promoted, leaver] = staff.as_slice() else {
                return Err(Failure::config(
                    "the sandbox has too few people for a day to pass; give it ten or more",
                ));
            };
            let joiner = company.hire(
                Person::new("Noor", "El-Amrani")
                    .email("noor.el-amrani@kererucafe.example")
                    .job("Buyer")
                    .location("Cuba Street")
                    .starts(today.to_string()),
            );
            company
                .update(&promoted.id, |members| {
                    members.insert("job_title".to_owned(), json!("Head of Good Ideas"));
                })
                .map_err(unknown)?;
            company.terminate(&leaver.id, &today.plus_days(-1).to_string()).map_err(unknown)?;
            Ok(vec![
                format!("{joiner} is hired and starts today"),
                format!("{} gets a new job title", promoted.id),
                format!("{} has left; yesterday was the last day", leaver.id),
            ])
        })
    }
}
