//! The HR systems of this build. A new one is a file beside this one and a line in [`VENDORS`].

mod employmenthero;
mod freshteam;
mod humaans;
mod secrets;
mod sevenoffice;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use hris_core::reconcile::Leavers;
use hris_core::{
    Capabilities, Date, Directory, LeaverSignals, ReadRequest, Secret, Timestamp, TokenStore, Tokens,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use self::secrets::SecretPlace;
use crate::config::{Settings, nearest};
use crate::failure::{Failure, Result};

/// The vendors of this build.
pub(crate) const VENDORS: &[&dyn Vendor] =
    &[&humaans::Vendor, &freshteam::Vendor, &employmenthero::Vendor, &sevenoffice::Vendor];

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

    /// Connects.
    fn directory(&self, settings: &Settings) -> Result<Box<dyn Directory>>;

    /// How a person gets a credential and where it goes, in lines.
    fn how_to_connect(&self, settings: &Settings) -> Vec<String>;

    /// What a person does at the vendor to take the access away, as programs cannot.
    fn how_to_revoke(&self) -> &'static str;

    /// How it is connected by consent, where it is. Its [`Vendor::directory`] is then for looking at
    /// settings only; whatever reads people takes [`OAuth::directory`].
    fn oauth(&self) -> Option<&dyn OAuth> {
        None
    }

    /// Starts a fake of the vendor on this machine.
    async fn sandbox(&self, options: SandboxOptions) -> Result<Box<dyn FakeVendor>>;
}

/// A vendor that is connected by a person's consent: OAuth 2.0 with an authorisation code.
#[async_trait]
pub(crate) trait OAuth: Sync {
    /// Connects with the kept tokens, which are renewed there.
    fn directory(&self, settings: &Settings, tokens: Arc<dyn TokenStore>) -> Result<Box<dyn Directory>>;

    /// Where the vendor sends the person back to: as the configuration says, or, without, to a free port of
    /// this machine. Fails where the vendor is known to refuse that.
    fn redirect_uri(&self, settings: &Settings) -> Result<Option<Url>>;

    /// Begins a consent from which the person is sent back to `redirect`.
    fn consent(&self, settings: &Settings, redirect: &Url) -> Result<Box<dyn Consent>>;

    /// The organisations that the tokens see: id and name of each.
    async fn organisations(
        &self,
        settings: &Settings,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Vec<(String, String)>>;

    /// The organisation of the configuration, by id or name.
    fn organisation(&self, settings: &Settings) -> Option<String>;
}

/// A consent under way. Its address holds a `state`, which the answer must bring back.
#[async_trait]
pub(crate) trait Consent: Send {
    /// Where the person gives consent.
    fn address(&self) -> &Url;

    /// Exchanges the answer for tokens. The consent is used up.
    async fn finish(self: Box<Self>, answer: Answer) -> Result<Tokens>;
}

/// What a person came back with.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The whole address, its `state` being that of the consent.
    Address(Secret),
    /// The code alone.
    Code(Secret),
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

    /// The id and secret of the application that is registered with it, where vendors have those, and
    /// the redirect address that is registered besides every port of this machine.
    fn client(&self) -> Option<(&str, &str, String)> {
        None
    }

    /// Somebody is hired, somebody changes, somebody leaves. Returns a sentence for each. The same
    /// company goes through the same three each time.
    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>>;
}

/// Whether a vendor's people can be written, so that it can be a target.
pub(crate) fn writes(vendor: &dyn Vendor) -> bool {
    vendor.capabilities().fields.iter().any(|field| field.writable)
}

/// The vendor that a template names as the target beside this source: another one that can be written.
pub(crate) fn target_for(source: &dyn Vendor) -> Option<&'static dyn Vendor> {
    VENDORS.iter().find(|vendor| writes(**vendor) && vendor.name() != source.name()).copied()
}

/// The names of the vendors that can be written.
pub(crate) fn written() -> String {
    let vendors = VENDORS.iter().filter(|vendor| writes(**vendor));
    vendors.map(|vendor| vendor.name()).collect::<Vec<_>>().join(", ")
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
    let known = VENDORS.iter().map(|vendor| vendor.name());
    let near = nearest(name, known).unwrap_or_default();
    Err(format!("there is no vendor {name:?}; the nearest is {near:?}; this build has {}", names()))
}

/// The vendor of whose `[source]` this is a key.
pub(crate) fn owner_of(key: &str) -> Option<&'static str> {
    let has = |vendor: &&&dyn Vendor| vendor.schema().pointer(&format!("/properties/{key}")).is_some();
    VENDORS.iter().find(has).map(|vendor| vendor.name())
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
        self.secret("").validate()?;
        check_address("base_url", self.base_url.as_deref())
    }

    /// The address in place of the vendor's, and whether it is this machine. A bare host is taken for
    /// the vendor's own layout, which has this path.
    pub(crate) fn address(&self, settings: &Settings, path: &str) -> Result<Option<(String, bool)>> {
        let Some(address) = &self.base_url else { return Ok(None) };
        let mut address: url::Url =
            address.parse().map_err(|error| settings.fault("source.base_url", error))?;
        if address.path() == "/" {
            address.set_path(path);
        }
        let here = is_loopback(&address);
        Ok(Some((address.as_str().trim_end_matches('/').to_owned(), here)))
    }

    /// Where a person puts the token.
    pub(crate) fn place(&self, settings: &Settings, default_variable: &str) -> String {
        match (&self.token_file, &self.token_env) {
            (Some(file), _) => format!("put it into the file {}", settings.path(file).display()),
            (None, name) => {
                let name = name.as_deref().unwrap_or(default_variable);
                format!("put it into the environment variable {name}")
            }
        }
    }

    /// Reads the token.
    pub(crate) fn token(&self, settings: &Settings, default_variable: &'static str) -> Result<Secret> {
        self.secret(default_variable).read(settings)
    }

    fn secret(&self, default: &'static str) -> SecretPlace<'_> {
        let (env, file) = (self.token_env.as_deref(), self.token_file.as_deref());
        SecretPlace { stem: "token", env, file, default }
    }
}

/// Checks an address of `[source]`; plain http is for this machine only.
pub(crate) fn check_address(
    key: &'static str,
    address: Option<&str>,
) -> std::result::Result<(), (&'static str, String)> {
    let Some(address) = address else { return Ok(()) };
    match Url::parse(address) {
        Err(error) => Err((key, format!("is not an address: {error}"))),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err((key, "must not hold a name or a password".to_owned()))
        }
        Ok(url) if url.scheme() == "https" && url.host().is_some() => Ok(()),
        Ok(url) if url.scheme() == "http" && is_loopback(&url) => Ok(()),
        Ok(url) if url.scheme() == "http" => Err((
            key,
            "must begin with https://; plain http is accepted for this machine only (127.0.0.1, localhost)"
                .to_owned(),
        )),
        Ok(_) => Err((key, "must begin with https://".to_owned())),
    }
}

/// What mapping and policy ask for, as a connector tells its requirements, and the signs of leaving
/// that the policy goes by.
pub(crate) fn wanted(
    settings: &Settings,
    capabilities: &Capabilities,
) -> Option<(ReadRequest, LeaverSignals)> {
    let mapping = settings.mapping_for(capabilities).ok();
    let map = mapping.and_then(|mapping| mapping.compile(capabilities).ok());
    let fields = map.iter().flat_map(|map| map.sources().into_iter());
    let fields = fields.chain(settings.policy.sources().into_iter().map(Into::into));
    let leavers = match settings.policy.leavers {
        Leavers::Never => LeaverSignals::new(false, false),
        Leavers::Status => LeaverSignals::new(true, false),
        Leavers::Vendor => capabilities.leavers,
        _ => LeaverSignals::new(true, true),
    };
    // What is needed does not depend on the day.
    let day = Date::new(2026, 1, 1).ok()?;
    Some((ReadRequest::new(day).with_fields(fields), leavers))
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
