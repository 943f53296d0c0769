//! The HR systems of this build, as the configuration names them.

mod secrets;

use std::sync::Arc;

use hris_core::connector::{ConsentKit, Kit, Secrets, Table, needs};
use hris_core::oauth::{self, OAuth};
use hris_core::reconcile::Leavers;
use hris_core::sandbox::{Fake, FakeOptions};
use hris_core::{Capabilities, Date, Directory, LeaverSignals, ReadRequest, Secret, TokenStore, Tokens};
use hris_reconcile::connectors;
use serde_json::Value;
use url::Url;

use self::secrets::SecretPlace;
use crate::config::{Settings, nearest};
use crate::failure::{Failure, Result};

/// One HR system of this build.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vendor(&'static dyn Kit);

/// The vendors of this build.
pub(crate) fn all() -> impl Iterator<Item = Vendor> {
    connectors::all().iter().copied().map(Vendor)
}

impl Vendor {
    /// Its name in configuration.
    pub(crate) fn name(self) -> &'static str {
        self.0.name()
    }

    /// Its name for people.
    pub(crate) fn title(self) -> &'static str {
        self.0.title()
    }

    /// What it can do where nothing is set.
    pub(crate) fn capabilities(self) -> Capabilities {
        self.0.capabilities(&Table::new())
    }

    /// The JSON Schema of `[source]`, without the key `vendor`.
    pub(crate) fn schema(self) -> Value {
        self.0.schema()
    }

    /// The lines of `[source]` in a fresh `hris.toml`, without the heading and the key `vendor`.
    pub(crate) fn template(self) -> String {
        self.0.template()
    }

    /// Checks values of `[source]` beyond their shape; a fault names the key.
    pub(crate) fn validate(self, settings: &Settings) -> std::result::Result<(), (String, String)> {
        for place in self.places(settings) {
            place.validate()?;
        }
        self.0.validate(&table(settings)).map_err(|error| fault(&error))
    }

    /// Connects. A vendor that is connected by consent has no lasting access then; see [`Consent::directory`].
    pub(crate) fn directory(self, settings: &Settings) -> Result<Box<dyn Directory>> {
        let secrets = self.secrets(settings)?;
        self.0.connect(&table(settings), secrets).map_err(|error| in_source(settings, error))
    }

    /// How a person gets a credential and where it goes, a step a line.
    pub(crate) fn how_to_connect(self, settings: &Settings) -> Vec<String> {
        let mut lines = self.0.how_to_connect(&table(settings));
        let credentials = self.0.credentials();
        let required = self.places(settings).into_iter().zip(credentials).filter(|(_, of)| of.is_required);
        lines.extend(
            required.map(|(place, of)| format!("Put the {} into {}.", of.label, place.words(settings))),
        );
        if self.consent().is_some() {
            lines.push("Then `hris connect` begins the consent.".to_owned());
        }
        let needs = wanted(settings, &self.capabilities())
            .map(|(request, leavers)| needs(&self.0.requirements(&request, leavers)))
            .unwrap_or_default();
        if !needs.is_empty() {
            lines.push("What this configuration needs:".to_owned());
            lines.extend(needs.into_iter().map(|need| format!("  {need}")));
        }
        lines
    }

    /// What a person does at the vendor to take the access away, as programs cannot.
    pub(crate) fn how_to_revoke(self) -> &'static str {
        self.0.how_to_revoke()
    }

    /// How it is connected by consent, where it is.
    pub(crate) fn consent(self) -> Option<Consent> {
        self.0.consent().map(|kit| Consent(self, kit))
    }

    /// Starts a fake of the vendor on this machine.
    pub(crate) async fn sandbox(self, options: FakeOptions) -> Result<Box<dyn Fake>> {
        let Some(kit) = self.0.fake() else {
            return Err(Failure::config(format!("there is no sandbox of {}", self.title())));
        };
        let started = kit.start(options).await;
        started.map_err(|error| Failure::config(format!("{error}; try another --port")))
    }

    /// The places of its credentials, in their order.
    fn places(self, settings: &Settings) -> Vec<SecretPlace> {
        let text = |key: String| Some(settings.source.get(&key)?.as_str()?.to_owned());
        let place = |of: &hris_core::connector::Credential| SecretPlace {
            stem: of.name,
            env: text(format!("{}_env", of.name)),
            file: text(format!("{}_file", of.name)),
            default: of.variable,
        };
        self.0.credentials().iter().map(place).collect()
    }

    /// Reads its credentials. One that is not required may be missing.
    fn secrets(self, settings: &Settings) -> Result<Secrets> {
        self.0.check_complete(&table(settings)).map_err(|error| in_source(settings, error))?;
        let mut secrets = Secrets::default();
        for (place, of) in self.places(settings).into_iter().zip(self.0.credentials()) {
            let secret = match of.is_required {
                true => Some(place.read(settings)?),
                false => place.read_if_there(settings)?,
            };
            if let Some(secret) = secret {
                secrets = secrets.with(of.name, secret);
            }
        }
        Ok(secrets)
    }
}

/// A vendor that is connected by a person's consent: OAuth 2.0 with an authorisation code.
#[derive(Clone, Copy)]
pub(crate) struct Consent(Vendor, &'static dyn ConsentKit);

impl Consent {
    /// Connects with the tokens that are kept, which are renewed there.
    pub(crate) fn directory(
        self,
        settings: &Settings,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Box<dyn Directory>> {
        let secrets = self.0.secrets(settings)?;
        self.1.connect(&table(settings), secrets, tokens).map_err(|error| in_source(settings, error))
    }

    /// Where the vendor sends the person back to: as the configuration says, or, without, to a free port of
    /// this machine. Fails where the vendor is known to refuse that.
    pub(crate) fn redirect_uri(self, settings: &Settings) -> Result<Option<Url>> {
        let set = self.1.redirect_uri(&table(settings)).map_err(|error| in_source(settings, error))?;
        Ok(set.and_then(|address| Url::parse(&address).ok()))
    }

    /// Begins a consent from which the person is sent back to `redirect`.
    pub(crate) fn begin(self, settings: &Settings, redirect: &Url) -> Result<UnderWay> {
        let capabilities = self.0.capabilities();
        let request = wanted(settings, &capabilities).map(|(request, _)| request);
        let mut secrets = self.0.secrets(settings)?;
        let in_source = |error| in_source(settings, error);
        let application = self.1.application(&table(settings), &mut secrets, request.as_ref());
        let mut application = application.map_err(in_source)?;
        // What is registered is compared letter by letter, so it is sent as it was written.
        if self.1.redirect_uri(&table(settings)).map_err(in_source)?.is_none() {
            application = application.redirect_uri(redirect.to_string());
        }
        let application = application.build().map_err(in_source)?;
        let consent = application.consent()?;
        Ok(UnderWay { application, consent })
    }

    /// The organisations that the tokens see.
    pub(crate) async fn organisations(
        self,
        settings: &Settings,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Vec<hris_core::Organisation>> {
        let secrets = self.0.secrets(settings)?;
        Ok(self.1.organisations(&table(settings), secrets, tokens).await?)
    }

    /// The organisation of the configuration, by id or name.
    pub(crate) fn organisation(self, settings: &Settings) -> Option<String> {
        self.1.organisation(&table(settings))
    }
}

/// A consent under way. Its address holds a `state`, which the answer must bring back.
pub(crate) struct UnderWay {
    application: OAuth,
    consent: oauth::Consent,
}

impl UnderWay {
    /// Where the person gives consent.
    pub(crate) fn address(&self) -> &Url {
        self.consent.address()
    }

    /// Makes tokens of the answer; the consent is used up.
    pub(crate) async fn finish(self, answer: Answer) -> Result<Tokens> {
        let Self { application, consent } = self;
        Ok(match answer {
            Answer::Address(address) => application.exchange(consent, address.expose()).await?,
            Answer::Code(code) => application.exchange_without_state(consent, &code).await?,
        })
    }
}

/// What a person came back with.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The whole address, its `state` being that of the consent.
    Address(Secret),
    /// The code alone.
    Code(Secret),
}

/// The table `[source]` as a kit reads it.
fn table(settings: &Settings) -> Table {
    let mut table = settings.source.clone();
    table.remove("vendor");
    // TOML has two kinds of value that JSON lacks, dates and NaN, and no setting takes them.
    match serde_json::to_value(table) {
        Ok(Value::Object(table)) => table,
        _ => Table::new(),
    }
}

/// The key and the words of an error about a setting.
fn fault(error: &hris_core::Error) -> (String, String) {
    let key = error.setting_name().unwrap_or("vendor").to_owned();
    let words = error.to_string();
    let words = words.strip_prefix(&format!("{key}: ")).unwrap_or(&words).to_owned();
    (key, words)
}

/// An error about a setting, as a failure that names the line.
fn in_source(settings: &Settings, error: hris_core::Error) -> Failure {
    match error.setting_name() {
        Some(_) => {
            let (key, words) = fault(&error);
            settings.fault(&format!("source.{key}"), words)
        }
        None => error.into(),
    }
}

/// Whether a vendor's people can be written, so that it can be a target.
pub(crate) fn writes(vendor: Vendor) -> bool {
    vendor.capabilities().fields.iter().any(|field| field.writable)
}

/// The vendor that a template names as the target beside this source: another one that can be written.
pub(crate) fn target_for(source: Vendor) -> Option<Vendor> {
    all().find(|vendor| writes(*vendor) && vendor.name() != source.name())
}

/// The names of the vendors that can be written.
pub(crate) fn written() -> String {
    all().filter(|vendor| writes(*vendor)).map(Vendor::name).collect::<Vec<_>>().join(", ")
}

/// The names of the vendors of this build.
pub(crate) fn names() -> String {
    all().map(Vendor::name).collect::<Vec<_>>().join(", ")
}

/// The vendor of this name, or what to say of it.
pub(crate) fn find(name: &str) -> std::result::Result<Vendor, String> {
    if let Some(vendor) = all().find(|vendor| vendor.name() == name) {
        return Ok(vendor);
    }
    let near = nearest(name, all().map(Vendor::name)).unwrap_or_default();
    Err(format!("there is no vendor {name:?}; the nearest is {near:?}; this build has {}", names()))
}

/// The vendor of whose `[source]` this is a key.
pub(crate) fn owner_of(key: &str) -> Option<&'static str> {
    let has = |vendor: &Vendor| vendor.schema().pointer(&format!("/properties/{key}")).is_some();
    all().find(has).map(Vendor::name)
}

/// The request that mapping and policy make of a connector, and the signs of leaving that the policy uses.
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
    Some((ReadRequest::new(Date::EPOCH).with_fields(fields), leavers))
}
