//! Employment Hero (employmenthero.com): connected by consent, people with teams and places.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hris_core::{
    Capabilities, Date, Directory, Grant, GrantStore, LeaverSignals, MemoryGrants, ReadRequest, Secret,
    TimeZone, Timestamp,
};
use hris_employmenthero::oauth::{OAuthBuilder, TokenRequest};
use hris_employmenthero::sandbox::{Person, Rotation, Sandbox};
use hris_employmenthero::{Archived, EmploymentHero, ScopeNotation, oauth, requirements};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Answer, Consent, FakeVendor, OAuth, SandboxOptions, SecretPlace, check_address};
use crate::config::{Settings, schema_of};
use crate::failure::{Failure, Result};

/// Where the application's credentials are looked for unless the configuration says otherwise.
const CLIENT_ID: &str = "EMPLOYMENTHERO_CLIENT_ID";
const CLIENT_SECRET: &str = "EMPLOYMENTHERO_CLIENT_SECRET";
const REFRESH_TOKEN: &str = "EMPLOYMENTHERO_REFRESH_TOKEN";

/// The vendor.
#[derive(Debug)]
pub(crate) struct Vendor;

/// The HR system that people are read from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Source {
    /// Another address than the vendor's. Plain http is accepted for this machine only.
    base_url: Option<String>,
    /// The organisation: its id, or its exact name. Needed where the consent sees several.
    #[schemars(length(min = 1))]
    organisation: Option<String>,
    /// The environment variable that holds the application's client id.
    client_id_env: Option<String>,
    /// The file that holds the application's client id.
    client_id_file: Option<String>,
    /// The environment variable that holds the application's client secret.
    client_secret_env: Option<String>,
    /// The file that holds the application's client secret; it should be readable by its owner only.
    client_secret_file: Option<String>,
    /// The environment variable that holds a refresh token to begin with. One in the state wins over it.
    refresh_token_env: Option<String>,
    /// The file that holds a refresh token to begin with.
    refresh_token_file: Option<String>,
    /// Where the vendor sends people back to, exactly as registered with the application.
    redirect_uri: Option<String>,
    /// The whole address of the consent page.
    auth_url: Option<String>,
    /// The whole address of the token endpoint.
    token_url: Option<String>,
    /// The scopes to ask for, as the application's page in the Developer Portal shows them. Default: what the mapping needs.
    scopes: Option<Vec<String>>,
    /// How the scopes that the mapping needs are written: as the application's page shows them. Default: resource_action.
    scope_notation: Option<Notation>,
    /// Whether the consent names the scopes; without, those of the application hold. Default: true.
    send_scope: Option<bool>,
    /// Where the parts of a token request go: all in the body, or some in the query. Default: body.
    token_request: Option<TokenStyle>,
    /// What the status "archived" means. Default: leaver.
    archived: Option<ArchivedMeaning>,
    /// People asked for at once. Default: 100, the vendor's largest.
    #[schemars(range(min = 1, max = 100))]
    page_size: Option<u32>,
    /// Requests in flight at most; the rate limit always wins.
    #[schemars(range(min = 1, max = 32))]
    concurrency: Option<u32>,
    /// The pace kept before the vendor asks for one.
    rate_limit: Option<RateLimit>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Notation {
    ResourceAction,
    Urn,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TokenStyle {
    Body,
    Split,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ArchivedMeaning {
    Leaver,
    Unknown,
}

/// The pace kept before the vendor asks for one.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct RateLimit {
    /// Requests in any second.
    #[schemars(range(min = 1, max = 1000))]
    per_second: u32,
    /// Requests in any minute.
    #[schemars(range(min = 1, max = 60000))]
    per_minute: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: 15, per_minute: 95 }
    }
}

impl Source {
    fn of(settings: &Settings) -> Result<Self> {
        super::read(&settings.source)
    }

    fn notation(&self) -> ScopeNotation {
        match self.scope_notation {
            Some(Notation::Urn) => ScopeNotation::Urn,
            Some(Notation::ResourceAction) | None => ScopeNotation::ResourceAction,
        }
    }

    fn place<'a>(&'a self, stem: &'static str, default: &'static str) -> SecretPlace<'a> {
        let (env, file) = match stem {
            "client_id" => (&self.client_id_env, &self.client_id_file),
            "client_secret" => (&self.client_secret_env, &self.client_secret_file),
            _ => (&self.refresh_token_env, &self.refresh_token_file),
        };
        SecretPlace { stem, env: env.as_deref(), file: file.as_deref(), default }
    }

    fn places(&self) -> [SecretPlace<'_>; 3] {
        [
            self.place("client_id", CLIENT_ID),
            self.place("client_secret", CLIENT_SECRET),
            self.place("refresh_token", REFRESH_TOKEN),
        ]
    }

    /// Whether everything is on this machine, as a fake is.
    fn is_here(&self) -> bool {
        self.base_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok())
            .is_some_and(|url| super::is_loopback(&url))
    }

    /// The address of the authorisation server's page: the configured one; of a fake its own.
    fn authority(&self, configured: &Option<String>, path: &str) -> Option<String> {
        configured.clone().or_else(|| {
            let base = self.base_url.as_deref().filter(|_| self.is_here())?;
            Some(format!("{}{path}", base.trim_end_matches('/')))
        })
    }

    /// The registered application.
    fn application(&self, settings: &Settings) -> Result<OAuthBuilder> {
        let id = self.place("client_id", CLIENT_ID).read(settings)?;
        let secret = self.place("client_secret", CLIENT_SECRET).read(settings)?;
        let mut application = oauth::OAuth::builder(id.expose(), secret)
            .scopes(self.scopes.clone().unwrap_or_else(|| scopes(settings, self.notation())))
            .send_scope(self.send_scope.unwrap_or(true))
            .token_request(match self.token_request {
                Some(TokenStyle::Split) => TokenRequest::Split,
                Some(TokenStyle::Body) | None => TokenRequest::Body,
            });
        if let Some(address) = self.authority(&self.auth_url, "/oauth2/authorize") {
            application = application.auth_url(address);
        }
        if let Some(address) = self.authority(&self.token_url, "/oauth2/token") {
            application = application.token_url(address);
        }
        let here = |address: &Option<String>| {
            address
                .as_deref()
                .and_then(|url| Url::parse(url).ok())
                .is_some_and(|url| super::is_loopback(&url))
        };
        if self.is_here() || here(&self.auth_url) || here(&self.token_url) {
            application = application.allow_http_loopback();
        }
        Ok(application)
    }

    /// The connector's builder, but for the credential.
    fn builder(&self) -> hris_employmenthero::Builder {
        let mut builder = EmploymentHero::builder();
        if let Some(address) = &self.base_url {
            builder = builder.base_url(address.trim_end_matches('/'));
        }
        if self.is_here() {
            builder = builder.allow_http_loopback();
        }
        if let Some(organisation) = &self.organisation {
            builder = builder.organisation(organisation);
        }
        if let Some(rows) = self.page_size {
            builder = builder.page_size(rows);
        }
        if let Some(requests) = self.concurrency {
            builder = builder.concurrency(requests as usize);
        }
        if let Some(RateLimit { per_second, per_minute }) = self.rate_limit {
            builder = builder.rate_limit(per_second, per_minute);
        }
        builder.archived(match self.archived {
            Some(ArchivedMeaning::Unknown) => Archived::Unknown,
            Some(ArchivedMeaning::Leaver) | None => Archived::Leaver,
        })
    }
}

/// The scopes that mapping and policy ask for.
fn scopes(settings: &Settings, notation: ScopeNotation) -> Vec<String> {
    request(settings).map_or_else(Vec::new, |request| hris_employmenthero::scopes(&request, notation))
}

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
# scopes = ["employees:list", "teams:list"]           # as your application's page shows them; default: what the mapping needs
scope_notation = "resource_action"    # resource_action (employees:list) | urn (urn:mainapp:employees:read)
send_scope = true                     # whether the consent names the scopes
token_request = "body"                # body | split (some of it in the query)
# base_url = "https://api.employmenthero.com"
# auth_url = "https://oauth.employmenthero.com/oauth2/authorize"
# token_url = "https://oauth.employmenthero.com/oauth2/token"
archived = "leaver"                   # what the status "archived" means: leaver | unknown
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
        OAuth::directory(self, settings, Arc::new(MemoryGrants::default()))
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

    async fn sandbox(&self, options: SandboxOptions) -> Result<Box<dyn FakeVendor>> {
        let started = Sandbox::builder()
            .port(options.port)
            .employees(options.employees as usize)
            .seed(options.seed)
            .today(&options.now.date_in(&TimeZone::utc()).to_string())
            .latency(Duration::from_millis(options.latency_ms))
            .rate_limit(options.rate_limit.unwrap_or_default())
            // A fake that is started again knows the token that it began with and no later one.
            .behaviour(|behaviour| behaviour.rotation = Rotation::Silent)
            .start()
            .await;
        Ok(Box::new(Fake(started.map_err(|error| Failure::config(format!("{error}; try another --port")))?)))
    }
}

#[async_trait]
impl OAuth for Vendor {
    fn directory(&self, settings: &Settings, grants: Arc<dyn GrantStore>) -> Result<Box<dyn Directory>> {
        let source = Source::of(settings)?;
        let application = source.application(settings)?.build();
        let application = application.map_err(|error| settings.fault("source", error))?;
        let mut builder = source.builder().oauth(application, grants);
        if let Some(token) = source.place("refresh_token", REFRESH_TOKEN).read_if_there(settings)? {
            builder = builder.refresh_token(token);
        }
        Ok(Box::new(builder.build().map_err(|error| settings.fault("source", error))?))
    }

    fn redirect_uri(&self, settings: &Settings) -> Option<Url> {
        Source::of(settings).ok()?.redirect_uri.and_then(|address| Url::parse(&address).ok())
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
        grants: Arc<dyn GrantStore>,
    ) -> Result<Vec<(String, String)>> {
        let source = Source::of(settings)?;
        let application = source.application(settings)?.build();
        let application = application.map_err(|error| settings.fault("source", error))?;
        let directory = source.builder().oauth(application, grants).build();
        let directory = directory.map_err(|error| settings.fault("source", error))?;
        Ok(directory.organisations().await?)
    }

    fn organisation(&self, settings: &Settings) -> Option<String> {
        Source::of(settings).ok()?.organisation
    }

    fn how_to_revoke(&self) -> &'static str {
        "Employment Hero has no way for a program to revoke them: remove the application's access there (Settings › API \
         access), or delete the application in the Developer Portal."
    }
}

/// A consent of Employment Hero under way.
struct UnderWay {
    application: oauth::OAuth,
    consent: oauth::Consent,
}

#[async_trait]
impl Consent for UnderWay {
    fn address(&self) -> &Url {
        self.consent.address()
    }

    async fn finish(self: Box<Self>, answer: Answer) -> Result<Grant> {
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

    fn client(&self) -> Option<(&str, &str)> {
        Some((self.0.client_id(), self.0.client_secret()))
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
