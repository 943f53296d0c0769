//! The HR systems of this build. A new one is a file beside this one and a line in [`VENDORS`].

mod humaans;
mod sevenoffice;

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use hris_core::{Capabilities, Directory, Secret, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::config::{Settings, nearest};
use crate::failure::{Failure, Result};

/// The vendors of this build.
pub(crate) const VENDORS: &[&dyn Vendor] = &[&humaans::Vendor, &sevenoffice::Vendor];

/// Vendors and keys of `[source]` that a configuration may mention and this build does not have.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("freshteam", &["subdomain", "listings", "rate_share", "key_owner", "new_hires"]),
    (
        "employmenthero",
        &[
            "organisation",
            "client_id_env",
            "client_secret_env",
            "refresh_token_env",
            "redirect_uri",
            "auth_url",
            "token_url",
        ],
    ),
];

/// What the command needs to know of one HR system.
#[async_trait]
pub(crate) trait Vendor: fmt::Debug + Sync {
    /// Its name in configuration.
    fn name(&self) -> &'static str;

    /// Its name for people.
    fn title(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// The JSON Schema of `[source]`, without the key `vendor`.
    fn schema(&self) -> Value;

    /// The lines of `[source]` in a fresh `hris.toml`, without the heading and the key `vendor`.
    fn template(&self) -> &'static str;

    /// Checks values of `[source]` beyond their shape; a fault names the key.
    fn validate(&self, settings: &Settings) -> std::result::Result<(), (&'static str, String)>;

    /// The settings that decide who is listed, as text: the first run after they changed removes
    /// nobody. How fast and with which token is none of them, nor is a default that is written out.
    fn listing(&self, settings: &Settings) -> String;

    /// Connects.
    fn directory(&self, settings: &Settings) -> Result<Box<dyn Directory>>;

    /// How a person gets a credential and where it goes, in lines.
    fn how_to_connect(&self, settings: &Settings) -> Vec<String>;

    /// Starts a fake of the vendor on this machine.
    async fn sandbox(&self, options: SandboxOptions) -> Result<Box<dyn FakeVendor>>;
}

/// How a fake vendor should be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SandboxOptions {
    pub(crate) port: u16,
    pub(crate) employees: u32,
    pub(crate) seed: u64,
    pub(crate) rate_limit: Option<u32>,
    pub(crate) latency_ms: u64,
    pub(crate) now: Timestamp,
}

/// A fake vendor. It stops when dropped.
pub(crate) trait FakeVendor: Send + Sync {
    /// Where it listens, without a path.
    fn url(&self) -> String;

    /// A credential that sees everything it should.
    fn token(&self) -> &str;

    /// Keys of `[source]` that lead to this fake, with the token in a file of this name.
    fn source(&self, token_file: &str) -> Vec<(&'static str, String)>;

    /// Somebody is hired, somebody changes, somebody leaves. Returns a sentence for each. The same
    /// company goes through the same three each time.
    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>>;
}

/// The names of the vendors of this build.
pub(crate) fn names() -> String {
    VENDORS.iter().map(|vendor| vendor.name()).collect::<Vec<_>>().join(", ")
}

/// The vendor of this name, or what to say of it.
pub(crate) fn find(name: &str) -> std::result::Result<&'static dyn Vendor, String> {
    if let Some(vendor) = VENDORS.iter().find(|vendor| vendor.name() == name) {
        return Ok(*vendor);
    }
    if ELSEWHERE.iter().any(|(other, _)| *other == name) {
        return Err(format!("this build has no connector for {name}; it has {}", names()));
    }
    let known = VENDORS.iter().map(|vendor| vendor.name());
    let near = nearest(name, known).unwrap_or_default();
    Err(format!("there is no vendor {name:?}; the nearest is {near:?}; this build has {}", names()))
}

/// The vendor of whose `[source]` this is a key.
pub(crate) fn owner_of(key: &str) -> Option<&'static str> {
    let built =
        VENDORS.iter().find(|vendor| vendor.schema().pointer(&format!("/properties/{key}")).is_some());
    let other = || ELSEWHERE.iter().find(|(_, keys)| keys.contains(&key)).map(|(vendor, _)| *vendor);
    built.map(|vendor| vendor.name()).or_else(other)
}

/// The pace kept before the vendor asks for one.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RateLimit {
    /// Requests a second in the long run.
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) per_second: u32,
    /// Requests that may be sent at once.
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) burst: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: 5, burst: 10 }
    }
}

/// The keys of `[source]` that a vendor with a token has.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct TokenSource {
    /// Another address than the vendor's. Plain http is accepted for this machine only.
    pub(crate) base_url: Option<String>,
    /// The environment variable that holds the token.
    pub(crate) token_env: Option<String>,
    /// The file that holds the token; it should be readable by its owner only.
    pub(crate) token_file: Option<String>,
}

impl TokenSource {
    /// Checks what can be checked without reading the token.
    pub(crate) fn validate(&self) -> std::result::Result<(), (&'static str, String)> {
        if self.token_env.is_some() && self.token_file.is_some() {
            return Err(("token_file", "token_env is set as well; keep one of the two".to_owned()));
        }
        if self.token_env.as_deref().is_some_and(|name| name.trim().is_empty() || name.contains(['=', '\0']))
        {
            return Err(("token_env", "is not the name of an environment variable".to_owned()));
        }
        let Some(url) = &self.base_url else { return Ok(()) };
        match url::Url::parse(url) {
            Err(error) => Err(("base_url", format!("is not an address: {error}"))),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                Err(("base_url", "must not hold a name or a password".to_owned()))
            }
            Ok(url) if url.scheme() == "https" && url.host().is_some() => Ok(()),
            Ok(url) if url.scheme() == "http" && is_loopback(&url) => Ok(()),
            Ok(url) if url.scheme() == "http" => Err((
                "base_url",
                "must begin with https://; plain http is accepted for this machine only (127.0.0.1, localhost)".to_owned(),
            )),
            Ok(_) => Err(("base_url", "must begin with https://".to_owned())),
        }
    }

    /// Reads the token.
    pub(crate) fn token(&self, settings: &Settings, default_variable: &str) -> Result<Secret> {
        if let Some(file) = &self.token_file {
            let path = settings.path(file);
            return read_token(&path).map_err(|message| settings.fault("source.token_file", message));
        }
        let name = self.token_env.as_deref().unwrap_or(default_variable);
        let missing = |what: &str| {
            settings.fault(
                "source.token_env",
                format!("the environment variable {name} {what}; put the token there, or into a file named by token_file"),
            )
        };
        match std::env::var(name) {
            Ok(token) if token.trim().is_empty() => Err(missing("is empty")),
            Ok(token) => Ok(Secret::from(token.trim().to_owned())),
            Err(std::env::VarError::NotPresent) => Err(missing("is not set")),
            Err(std::env::VarError::NotUnicode(_)) => Err(missing("does not hold text")),
        }
    }
}

fn read_token(path: &Path) -> std::result::Result<Secret, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("read {}: {error}", path.display()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(format!("{} is empty; put the token into it", path.display()));
    }
    Ok(Secret::from(token.to_owned()))
}

/// Whether the address is this machine.
pub(crate) fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The table `[source]` as a vendor's own type. The shape was checked before, so this cannot fail
/// but for a mistake in the schema, which the tests would show.
pub(crate) fn read<T: serde::de::DeserializeOwned>(source: &toml::Table) -> Result<T> {
    let mut source = source.clone();
    source.remove("vendor");
    source
        .try_into()
        .map_err(|error: toml::de::Error| Failure::config(format!("source: {}", error.message())))
}
