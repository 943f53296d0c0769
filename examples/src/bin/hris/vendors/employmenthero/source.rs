//! The keys of `[source]`, and what is built of them.

use std::collections::BTreeMap;

use hris_core::Status;
use hris_core::oauth::{OAuthBuilder, TokenRequest};
use hris_employmenthero::{Archived, EmploymentHero, ScopeNotation, oauth};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::super::{SecretPlace, is_loopback, read};
use super::request;
use crate::config::Settings;
use crate::failure::Result;

/// Where the application's credentials are looked for unless the configuration says otherwise.
const CLIENT_ID: &str = "EMPLOYMENTHERO_CLIENT_ID";
const CLIENT_SECRET: &str = "EMPLOYMENTHERO_CLIENT_SECRET";
pub(super) const REFRESH_TOKEN: &str = "EMPLOYMENTHERO_REFRESH_TOKEN";

/// The HR system that people are read from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Source {
    /// Another address than the vendor's. Plain http is accepted for this machine only.
    pub(super) base_url: Option<String>,
    /// The organisation: its id, or its exact name. Needed where the consent sees several.
    #[schemars(length(min = 1))]
    pub(super) organisation: Option<String>,
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
    pub(super) redirect_uri: Option<String>,
    /// The whole address of the consent page.
    pub(super) auth_url: Option<String>,
    /// The whole address of the token endpoint.
    pub(super) token_url: Option<String>,
    /// The scopes that the consent names, as the application's page in the Developer Portal shows them. Default: none, so that those of the application hold.
    scopes: Option<Vec<String>>,
    /// How the scopes are written that `send_scope` names: as the application's page shows them. Default: resource_action.
    scope_notation: Option<Notation>,
    /// Whether the consent names scopes: those of `scopes`, else what the mapping needs. Default: only if `scopes` is set.
    send_scope: Option<bool>,
    /// Where the parts of a token request go: all in the body, or some in the query. Default: body.
    token_request: Option<TokenStyle>,
    /// What the status "archived" means. Default: leaver.
    archived: Option<ArchivedMeaning>,
    /// What further words of a status mean, such as onboarding = "pending". Without, nothing is decided on them.
    status_words: BTreeMap<String, Meaning>,
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
pub(super) enum Notation {
    ResourceAction,
    Urn,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenStyle {
    Body,
    Split,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ArchivedMeaning {
    Leaver,
    Unknown,
}

/// What a status means to us.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Meaning {
    Active,
    OnLeave,
    Pending,
    Terminated,
    Unknown,
}

impl From<Meaning> for Status {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Active => Self::Active,
            Meaning::OnLeave => Self::OnLeave,
            Meaning::Pending => Self::Pending,
            Meaning::Terminated => Self::Terminated,
            Meaning::Unknown => Self::Unknown,
        }
    }
}

/// The pace kept before the vendor asks for one.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RateLimit {
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
    pub(super) fn of(settings: &Settings) -> Result<Self> {
        read(&settings.source)
    }

    fn notation(&self) -> ScopeNotation {
        match self.scope_notation {
            Some(Notation::Urn) => ScopeNotation::Urn,
            Some(Notation::ResourceAction) | None => ScopeNotation::ResourceAction,
        }
    }

    pub(super) fn place<'a>(&'a self, stem: &'static str, default: &'static str) -> SecretPlace<'a> {
        let (env, file) = match stem {
            "client_id" => (&self.client_id_env, &self.client_id_file),
            "client_secret" => (&self.client_secret_env, &self.client_secret_file),
            _ => (&self.refresh_token_env, &self.refresh_token_file),
        };
        SecretPlace { stem, env: env.as_deref(), file: file.as_deref(), default }
    }

    pub(super) fn places(&self) -> [SecretPlace<'_>; 3] {
        [
            self.place("client_id", CLIENT_ID),
            self.place("client_secret", CLIENT_SECRET),
            self.place("refresh_token", REFRESH_TOKEN),
        ]
    }

    /// Whether everything is on this machine, as a fake is.
    pub(super) fn is_here(&self) -> bool {
        self.base_url.as_deref().and_then(|url| Url::parse(url).ok()).is_some_and(|url| is_loopback(&url))
    }

    /// The address of the authorisation server's page: the configured one; of a fake its own.
    fn authority(&self, configured: &Option<String>, path: &str) -> Option<String> {
        configured.clone().or_else(|| {
            let base = self.base_url.as_deref().filter(|_| self.is_here())?;
            Some(format!("{}{path}", base.trim_end_matches('/')))
        })
    }

    /// The registered application.
    pub(super) fn application(&self, settings: &Settings) -> Result<OAuthBuilder> {
        let id = self.place("client_id", CLIENT_ID).read(settings)?;
        let secret = self.place("client_secret", CLIENT_SECRET).read(settings)?;
        let mut application = oauth::application(id.expose(), secret)
            .scopes(match (self.send_scope.unwrap_or(self.scopes.is_some()), &self.scopes) {
                (false, _) => Vec::new(),
                (true, Some(own)) => own.clone(),
                (true, None) => scopes(settings, self.notation()),
            })
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
            address.as_deref().and_then(|url| Url::parse(url).ok()).is_some_and(|url| is_loopback(&url))
        };
        if self.is_here() || here(&self.auth_url) || here(&self.token_url) {
            application = application.allow_http_loopback();
        }
        Ok(application)
    }

    /// The connector's builder, but for the credential.
    pub(super) fn builder(&self) -> hris_employmenthero::Builder {
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
            builder = builder.concurrency(requests);
        }
        if let Some(RateLimit { per_second, per_minute }) = self.rate_limit {
            builder = builder.rate_limit(hris_core::RateLimit::per_second(per_second).per_minute(per_minute));
        }
        for (word, meaning) in &self.status_words {
            builder = builder.status_word(word, (*meaning).into());
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
