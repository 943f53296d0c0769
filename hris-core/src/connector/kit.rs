//! What a program has to know of a vendor before there is a connector: data, and how to make one.

use std::collections::BTreeMap;
use std::fmt;

#[cfg(feature = "oauth")]
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use url::Url;

use super::config::{taken, template_line};
use super::{Config, Defaults, Reach, Setting, Table, Wiring};
#[cfg(feature = "oauth")]
use crate::TokenStore;
use crate::http;
#[cfg(feature = "oauth")]
use crate::oauth::OAuthBuilder;
use crate::setting::described;
use crate::{Capabilities, Directory, Error, LeaverSignals, Need, ReadRequest, Requirements, Result, Secret};

/// A credential that a vendor needs, as a person is asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// Its name, which begins the keys that say where it is: `token` of `token_env` and `token_file`.
    pub name: &'static str,
    /// What people call it: `access token`.
    pub label: &'static str,
    /// The environment variable that holds it unless a key names another.
    pub variable: &'static str,
    /// Whether nothing works without it.
    pub is_required: bool,
}

impl Credential {
    /// A credential without which nothing works.
    #[must_use]
    pub const fn new(name: &'static str, label: &'static str, variable: &'static str) -> Self {
        Self { name, label, variable, is_required: true }
    }

    /// A credential that another one makes unnecessary.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { is_required: false, ..self }
    }
}

/// Credentials by their names. `Debug` shows the names only.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    /// Adds one.
    #[must_use]
    pub fn with(mut self, name: &str, secret: Secret) -> Self {
        self.0.insert(name.to_owned(), secret);
        self
    }

    /// Takes the one of this name.
    pub fn take(&mut self, name: &str) -> Option<Secret> {
        self.0.remove(name)
    }
}

impl FromIterator<(String, Secret)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(secrets: I) -> Self {
        Self(secrets.into_iter().collect())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What a program has to know of one vendor. It holds no state: programs keep a slice of `&dyn Kit`.
///
/// The settings are a [`Table`]: what a file or a form holds, without the vendor's name and without credentials.
pub trait Kit: fmt::Debug + Send + Sync {
    /// Its names, and how it is reached.
    fn defaults(&self) -> &'static Defaults;

    /// The settings that only this vendor has.
    fn own_settings(&self) -> Vec<Setting>;

    /// The credentials that it needs.
    fn credentials(&self) -> &'static [Credential];

    /// How a person gets the credentials, in sentences and in order.
    fn how_to_connect(&self, settings: &Table) -> Vec<String>;

    /// How a person takes the access away at the vendor, as programs cannot.
    fn how_to_revoke(&self) -> &'static str;

    /// What it can do with these settings. They may be incomplete.
    fn capabilities(&self, settings: &Table) -> Capabilities;

    /// What reading `request` needs, if somebody who leaves is known by `leavers`.
    fn requirements(&self, request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
        let _ = (request, leavers);
        Requirements::default()
    }

    /// Checks the vendor's own settings, and the address against them. A setting that is missing and has no default is
    /// no error here.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    fn check_own(&self, own: Table, wiring: &Wiring) -> Result<()>;

    /// Looks for a setting that is missing and has no default, so that it is named before a credential is asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    fn check_complete(&self, settings: &Table) -> Result<()> {
        let _ = settings;
        Ok(())
    }

    /// Makes the connector of the vendor's own settings.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    fn build(&self, own: Table, wiring: Wiring, secrets: Secrets) -> Result<Box<dyn Directory>>;

    /// How a person's consent connects it, where it does. [`Kit::connect`] then has no access that lasts.
    #[cfg(feature = "oauth")]
    fn consent(&self) -> Option<&dyn ConsentKit> {
        None
    }

    /// A fake of the vendor, for tests and demonstrations.
    #[cfg(feature = "sandbox")]
    fn fake(&self) -> Option<&dyn crate::sandbox::FakeKit> {
        None
    }

    /// Its name in configuration and reports.
    fn name(&self) -> &'static str {
        self.defaults().vendor
    }

    /// Its name for people.
    fn title(&self) -> &'static str {
        self.defaults().title
    }

    /// Every setting: how the vendor is reached, and its own.
    fn settings(&self) -> Vec<Setting> {
        let mut settings = self.own_settings();
        settings.extend(self.defaults().settings());
        settings
    }

    /// The JSON Schema of the settings, with the keys that say where credentials are.
    fn schema(&self) -> Value {
        let mut properties = Map::new();
        for credential in self.credentials() {
            for (suffix, what) in [
                ("env", "The environment variable that holds"),
                ("file", "The file, readable by its owner only, that holds"),
            ] {
                let schema =
                    json!({"type": "string", "description": format!("{what} the {}.", credential.label)});
                properties.insert(format!("{}_{suffix}", credential.name), schema);
            }
        }
        for setting in self.settings() {
            let schema = described(setting.schema, setting.help, setting.default);
            properties.insert(setting.name.to_owned(), schema);
        }
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    }

    /// The lines of a fresh configuration: where credentials are, then every setting with its default.
    fn template(&self) -> String {
        let mut lines = Vec::new();
        for credential in self.credentials() {
            let Credential { name, label, variable, is_required } = credential;
            let mark = if *is_required { "" } else { "# " };
            let line = format!("{mark}{name}_env = {variable:?}");
            let remark = format!("the variable that holds the {label}; secrets never stand here");
            lines.push(template_line(&line, &remark));
            let line = format!("# {name}_file = {:?}", format!("{}.{name}", self.name()));
            lines.push(template_line(&line, "or a file that only you can read"));
        }
        lines.extend(self.settings().iter().map(Setting::template));
        lines.join("\n") + "\n"
    }

    /// Checks settings without connecting. A setting that is missing and has no default is no error here.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    fn validate(&self, settings: &Table) -> Result<()> {
        let (own, wiring) = self.split(settings)?;
        wiring.check(self.defaults())?;
        self.check_own(own, &wiring)
    }

    /// Makes the connector. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting or the credential.
    fn connect(&self, settings: &Table, secrets: Secrets) -> Result<Box<dyn Directory>> {
        let (own, wiring) = self.split(settings)?;
        self.build(own, wiring, secrets)
    }

    /// Parts settings into the vendor's own and the wiring; the keys that say where credentials are belong to
    /// neither.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    fn split(&self, settings: &Table) -> Result<(Table, Wiring)> {
        let mut own = settings.clone();
        for credential in self.credentials() {
            own.remove(&format!("{}_env", credential.name));
            own.remove(&format!("{}_file", credential.name));
        }
        let wiring = Wiring::take(&mut own, self.defaults())?;
        Ok((own, wiring))
    }
}

/// What a program has to know of a vendor whose settings are one [`Config`] and whose credential is one text. It is
/// a [`Kit`].
pub trait TokenKit: fmt::Debug + Send + Sync {
    /// The settings that only this vendor has.
    type Config: Config;

    /// Its names, and how it is reached.
    const DEFAULTS: &'static Defaults;

    /// The credential.
    const CREDENTIAL: &'static [Credential; 1];

    /// How a person gets it, in sentences and in order.
    const HOW_TO_CONNECT: &'static [&'static str];

    /// How a person takes the access away at the vendor, as programs cannot.
    const HOW_TO_REVOKE: &'static str;

    /// As [`Kit::capabilities`].
    fn capabilities(config: &Self::Config) -> Capabilities;

    /// As [`Kit::requirements`].
    fn requirements(request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
        let _ = (request, leavers);
        Requirements::default()
    }

    /// As [`Kit::check_own`].
    ///
    /// # Errors
    /// As there.
    fn check(config: &Self::Config, wiring: &Wiring) -> Result<()> {
        let _ = (config, wiring);
        Ok(())
    }

    /// As [`Kit::check_complete`].
    ///
    /// # Errors
    /// As there.
    fn check_complete(settings: &Table) -> Result<()> {
        let _ = settings;
        Ok(())
    }

    /// As [`Kit::build`].
    ///
    /// # Errors
    /// As there.
    fn build(config: Self::Config, wiring: Wiring, credential: Option<Secret>) -> Result<Box<dyn Directory>>;

    /// As [`Kit::fake`].
    #[cfg(feature = "sandbox")]
    fn fake(&self) -> Option<&dyn crate::sandbox::FakeKit> {
        None
    }
}

impl<K: TokenKit> Kit for K {
    fn defaults(&self) -> &'static Defaults {
        K::DEFAULTS
    }

    fn own_settings(&self) -> Vec<Setting> {
        K::Config::settings()
    }

    fn credentials(&self) -> &'static [Credential] {
        K::CREDENTIAL
    }

    fn how_to_connect(&self, _: &Table) -> Vec<String> {
        K::HOW_TO_CONNECT.iter().map(|line| (*line).to_owned()).collect()
    }

    fn how_to_revoke(&self) -> &'static str {
        K::HOW_TO_REVOKE
    }

    fn capabilities(&self, settings: &Table) -> Capabilities {
        let own = self.split(settings).and_then(|(own, _)| K::Config::read(own));
        K::capabilities(&own.unwrap_or_default())
    }

    fn requirements(&self, request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
        K::requirements(request, leavers)
    }

    fn check_own(&self, own: Table, wiring: &Wiring) -> Result<()> {
        K::check(&K::Config::read(own)?, wiring)
    }

    fn check_complete(&self, settings: &Table) -> Result<()> {
        K::check_complete(settings)
    }

    fn build(&self, own: Table, wiring: Wiring, mut secrets: Secrets) -> Result<Box<dyn Directory>> {
        let [credential] = K::CREDENTIAL;
        K::build(K::Config::read(own)?, wiring, secrets.take(credential.name))
    }

    #[cfg(feature = "sandbox")]
    fn fake(&self) -> Option<&dyn crate::sandbox::FakeKit> {
        TokenKit::fake(self)
    }
}

/// How a person's consent connects a vendor: OAuth 2.0 with an authorisation code.
#[cfg(feature = "oauth")]
#[async_trait]
pub trait ConsentKit: Send + Sync {
    /// The settings of the application that is registered with the vendor, at `redirect_uri` where the person is sent
    /// back to another address than the one that is set. `request` is what will be read: it decides which scopes are
    /// named.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting or the credential.
    fn application(
        &self,
        settings: &Table,
        secrets: &mut Secrets,
        request: Option<&ReadRequest>,
    ) -> Result<OAuthBuilder>;

    /// Where the vendor sends the person back to: the address that is set, or `None` for a free port of this machine.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where none is set and the vendor refuses this machine.
    fn redirect_uri(&self, settings: &Table) -> Result<Option<String>>;

    /// Makes the connector with the tokens that are kept in `store`, which are renewed there.
    ///
    /// # Errors
    /// As [`Kit::connect`].
    fn connect(
        &self,
        settings: &Table,
        secrets: Secrets,
        store: std::sync::Arc<dyn TokenStore>,
    ) -> Result<Box<dyn Directory>>;

    /// The organisations that the consent sees.
    ///
    /// # Errors
    /// As [`Kit::connect`], and whatever kept the vendor from answering.
    async fn organisations(
        &self,
        settings: &Table,
        secrets: Secrets,
        store: std::sync::Arc<dyn TokenStore>,
    ) -> Result<Vec<crate::Organisation>>;

    /// The organisation that is set, by id or name.
    fn organisation(&self, settings: &Table) -> Option<String>;
}

/// The words of what is needed, a line each.
#[must_use]
pub fn needs(requirements: &Requirements) -> Vec<String> {
    requirements.needs.iter().map(Need::to_string).collect()
}

impl Wiring {
    /// Takes the settings of [`Reach`] that a vendor has out of a table. Plain `http` to this machine is allowed by
    /// naming it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    pub fn take(settings: &mut Table, of: &Defaults) -> Result<Self> {
        let mut wiring = Self { reach: Reach::read(taken(settings, &of.settings()))?, ..Self::default() };
        if let Some(address) = &wiring.reach.base_url {
            let mut url = address_of("base_url", address)?;
            wiring.loopback = is_loopback(&url);
            // A bare host is taken for the vendor's own layout.
            if url.path() == "/" {
                url.set_path(of.path);
            }
            wiring.reach.base_url = Some(url.as_str().trim_end_matches('/').to_owned());
        }
        Ok(wiring)
    }
}

/// An address that a person wrote. Plain `http` is for this machine only.
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
pub fn address_of(setting: &str, address: &str) -> Result<Url> {
    let refuse = |words: String| Err(Error::setting(setting, words));
    match Url::parse(address) {
        Err(error) => refuse(format!("is not an address: {error}")),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            refuse("must not hold a name or a password".to_owned())
        }
        Ok(url) if url.scheme() == "https" && url.host().is_some() => Ok(url),
        Ok(url) if url.scheme() == "http" && is_loopback(&url) => Ok(url),
        Ok(url) if url.scheme() == "http" => refuse(
            "must begin with https://; plain http is accepted for this machine only (127.0.0.1, localhost)"
                .to_owned(),
        ),
        Ok(_) => refuse("must begin with https://".to_owned()),
    }
}

/// Whether an address that a person wrote is this machine, `NAME.localhost` included.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    http::is_loopback(url) || url.domain().is_some_and(|name| name.ends_with(".localhost"))
}
