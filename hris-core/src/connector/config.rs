//! A connector's settings, each named once: the type that code fills is the table that a file fills, and it knows its
//! own schema and digests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Explain;
use crate::http::{Client, ClientBuilder, Rate, RetryPolicy, Transport};
use crate::setting::{SettingValue, help_of};
use crate::{Capabilities, Error, LeaverSignals, Result, SourceSettings};

/// Settings as they stand in a file or a form: a value for each key.
pub type Table = Map<String, Value>;

/// One setting, as data.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Setting {
    /// Its key.
    pub name: &'static str,
    /// What it does, in sentences.
    pub help: String,
    /// What an edit of it may change.
    pub role: Role,
    /// The JSON Schema of its value.
    pub schema: Value,
    /// Its default; `null` where it has none.
    pub default: Value,
}

/// What an edit of a setting may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who is listed, which of somebody's records is current, or who counts as gone. The first run after such an edit
    /// removes nobody.
    Listing,
    /// How people are written.
    Writing,
    /// Neither: speed, and what a preflight says.
    Neither,
}

impl Setting {
    /// A setting whose value is a `T`. `help` is its documentation, line by line.
    #[must_use]
    pub fn new<T: SettingValue + Serialize>(name: &'static str, help: &str, role: Role, default: &T) -> Self {
        // A setting's value is made of texts, numbers and maps with text keys, so it can be written as JSON.
        let default = serde_json::to_value(default).unwrap_or_default();
        Self { name, help: help_of(help), role, schema: T::schema(), default }
    }

    /// Bounds the numbers that it takes.
    #[must_use]
    pub fn between(mut self, least: u32, most: u32) -> Self {
        if let Some(schema) = self.schema.as_object_mut() {
            schema.insert("minimum".to_owned(), least.into());
            schema.insert("maximum".to_owned(), most.into());
        }
        self
    }

    /// The line of a template: the key with its default, or a comment where it has none; behind it the first sentence
    /// of its help.
    #[must_use]
    pub fn template(&self) -> String {
        let line = match &self.default {
            Value::Null => format!("# {} = {}", self.name, example(&self.schema)),
            Value::Object(members) if members.is_empty() => format!("# {} = {{}}", self.name),
            value => format!("{} = {}", self.name, toml(value)),
        };
        let first = self.help.split_inclusive(". ").next().unwrap_or_default().trim().trim_end_matches('.');
        let first = lower(first);
        let words = match words_of(&self.schema) {
            Some(words) => format!("{first}: {words}"),
            None => first,
        };
        template_line(&line, &words)
    }
}

/// Takes the entries of these settings out of a table.
pub(super) fn taken(from: &mut Table, settings: &[Setting]) -> Table {
    settings.iter().filter_map(|setting| from.remove_entry(setting.name)).collect()
}

/// A line of a template with a remark behind it, in the column of the other remarks where there is room.
pub(super) fn template_line(line: &str, remark: &str) -> String {
    format!("{line:<37} # {remark}")
}

/// A sentence as the beginning of a remark: in lower case, unless it begins with an abbreviation.
fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => sentence.to_owned(),
    }
}

/// An example of a value that fits a schema, as it stands in TOML.
fn example(schema: &Value) -> String {
    if let Some(first) = schema.pointer("/enum/0") {
        return toml(first);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => "true".to_owned(),
        Some("integer") => schema.get("maximum").map_or_else(|| "1".to_owned(), ToString::to_string),
        Some("array") => "[]".to_owned(),
        Some("object") => "{}".to_owned(),
        _ => "\"…\"".to_owned(),
    }
}

/// The words that a setting takes.
fn words_of(schema: &Value) -> Option<String> {
    let words = schema.get("enum")?.as_array()?.iter().filter_map(Value::as_str);
    Some(words.collect::<Vec<_>>().join(" | "))
}

/// A JSON value as it stands in TOML, on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members: Vec<String> =
                members.map(|(name, value)| format!("{} = {}", key(name), toml(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        // JSON and TOML write texts, numbers and truth values alike.
        scalar => scalar.to_string(),
    }
}

/// A key as it stands in TOML: in quotes where it is not one plain word.
fn key(name: &str) -> Cow<'_, str> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    match !name.is_empty() && name.chars().all(is_plain) {
        true => name.into(),
        false => Value::from(name).to_string().into(),
    }
}

/// The settings of one connector. [`config!`](crate::config) implements it.
pub trait Config:
    Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Every setting, in the order in which they are declared.
    fn settings() -> Vec<Setting>;

    /// Reads settings from a table that holds nothing else.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting, where its value is of another shape.
    fn read(table: Table) -> Result<Self> {
        // Each by itself first, so that an error knows its key.
        for (name, value) in &table {
            let one = Map::from_iter([(name.clone(), value.clone())]);
            if let Err(error) = serde_json::from_value::<Self>(Value::Object(one)) {
                return Err(Error::setting(name, error.to_string()));
            }
        }
        serde_json::from_value(Value::Object(table)).map_err(|error| Error::setting("", error.to_string()))
    }

    /// Takes these settings out of a table, and leaves the others there.
    ///
    /// # Errors
    /// As [`Config::read`].
    fn take(from: &mut Table) -> Result<Self> {
        Self::read(taken(from, &Self::settings()))
    }

    /// Digests of what decides who is listed and how people are written, read from the server at `base_url`. A setting
    /// with its default leaves no trace.
    fn digests(&self, vendor: &str, base_url: &str, default_url: &str) -> SourceSettings {
        let values = serde_json::to_value(self).unwrap_or_default();
        let mut digests = SourceSettings::of(vendor).server(base_url, default_url);
        for setting in Self::settings() {
            let value = plain(values.get(setting.name).unwrap_or(&Value::Null));
            let default = plain(&setting.default);
            digests = match setting.role {
                Role::Listing => digests.listing(setting.name, value, default),
                Role::Writing => digests.writing(setting.name, value, default),
                Role::Neither => digests,
            };
        }
        digests.build()
    }
}

/// A value as a digest sees it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// How a vendor is reached, as every connector has it. None of it decides who is listed, but for the host of
/// `base_url`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Reach {
    /// Where the API is, in place of the vendor's own address.
    pub base_url: Option<String>,
    /// Rows asked for on a page.
    pub page_size: Option<u32>,
    /// Requests under way at once, at most.
    pub concurrency: Option<u32>,
    /// The pace that is kept before the vendor asks for one.
    pub rate_limit: Option<RateLimit>,
}

/// A pace: so many requests a second after a burst, or so many in any second and in any minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests a second.
    pub per_second: Option<u32>,
    /// Requests that may be sent at once, before the pace counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// Requests in any minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
}

impl RateLimit {
    /// So many requests a second in the long run.
    #[must_use]
    pub const fn per_second(requests: u32) -> Self {
        Self { per_second: Some(requests), burst: None, per_minute: None }
    }

    /// So many at once before the pace counts.
    #[must_use]
    pub const fn burst(self, requests: u32) -> Self {
        Self { burst: Some(requests), ..self }
    }

    /// So many in any minute besides; the requests a second then hold for any second.
    #[must_use]
    pub const fn per_minute(self, requests: u32) -> Self {
        Self { per_minute: Some(requests), ..self }
    }

    /// The same, with what it leaves open from `default`.
    fn or(self, default: Self) -> Self {
        Self {
            per_second: self.per_second.or(default.per_second),
            burst: self.burst.or(default.burst),
            per_minute: self.per_minute.or(default.per_minute),
        }
    }
}

impl Config for Reach {
    /// None by itself: [`Defaults::settings`] says which of them a vendor has.
    fn settings() -> Vec<Setting> {
        Vec::new()
    }
}

impl SettingValue for RateLimit {
    type Input = Self;

    fn put(&mut self, value: Self) {
        *self = value;
    }

    fn schema() -> Value {
        json!({"type": "object"})
    }
}

/// What one vendor's [`Reach`] is by default, and how far it goes.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// The vendor's name in configuration and reports.
    pub vendor: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where its API is; empty where each account has an address of its own.
    pub base_url: &'static str,
    /// The path of the API at another host: a bare host in `base_url` is taken to have it.
    pub path: &'static str,
    /// The most rows that it gives on a page; `None` where nothing can be asked for.
    pub page_size: Option<u32>,
    /// Whether a size of pages is asked for by default: the most that the vendor gives.
    pub asks_page_size: bool,
    /// Requests under way at once.
    pub concurrency: u32,
    /// The pace; `None` where the pace is no setting.
    pub rate_limit: Option<RateLimit>,
    /// What the credential is called, and how to replace one that is refused.
    pub credential: (&'static str, &'static str),
    /// Says what a refusal may mean.
    pub explain: Explain,
}

impl Defaults {
    /// What the vendor can do besides its fields, which are still to be added. People have custom fields.
    #[must_use]
    pub fn capabilities(&self, leavers: LeaverSignals) -> Capabilities {
        let mut capabilities = Capabilities::read_only(self.vendor, &[], leavers);
        capabilities.custom_fields = true;
        // Without pages a list comes whole.
        capabilities.max_page_size = self.page_size.unwrap_or(u32::MAX);
        capabilities
    }

    /// The settings of [`Reach`] that this vendor has.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = vec![Setting::new(
            "base_url",
            "Where the API is, in place of the vendor's own address. Plain http is accepted for this machine only.",
            Role::Listing,
            &None::<String>,
        )];
        if let Some(most) = self.page_size {
            let help = "People asked for at once. The default is the most that the vendor gives.";
            let default = Some(most).filter(|_| self.asks_page_size);
            settings.push(Setting::new("page_size", help, Role::Neither, &default).between(1, most));
        }
        let help = "Requests under way at once, at most. The pace holds besides.";
        settings
            .push(Setting::new("concurrency", help, Role::Neither, &Some(self.concurrency)).between(1, 32));
        if let Some(rate) = self.rate_limit {
            let help = "The pace that is kept before the vendor asks for one.";
            let mut setting = Setting::new("rate_limit", help, Role::Neither, &Some(rate));
            let names = setting.default.as_object().into_iter().flat_map(Map::keys);
            let one =
                |name: &String| (name.clone(), json!({"type": "integer", "minimum": 1, "maximum": 60000}));
            let members: Map<String, Value> = names.map(one).collect();
            setting.schema = json!({"type": "object", "properties": members, "additionalProperties": false});
            settings.push(setting);
        }
        settings
    }
}

/// How a connector is wired to the network: [`Reach`], and what only code can set.
#[derive(Clone, Default)]
pub struct Wiring {
    /// How the vendor is reached.
    pub reach: Reach,
    /// How often and how long a request is tried; the vendor's own policy by default.
    pub retry: Option<RetryPolicy>,
    /// Whether plain `http` to this machine is allowed.
    pub loopback: bool,
    /// What sends requests in place of the network.
    pub transport: Option<Arc<dyn Transport>>,
}

impl fmt::Debug for Wiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not shown: until it is checked it may hold a password.
        f.debug_struct("Wiring")
            .field("page_size", &self.reach.page_size)
            .field("concurrency", &self.reach.concurrency)
            .field("rate_limit", &self.reach.rate_limit)
            .field("loopback", &self.loopback)
            .finish_non_exhaustive()
    }
}

impl Wiring {
    /// The address of the API.
    #[must_use]
    pub fn base_url<'a>(&'a self, of: &'a Defaults) -> &'a str {
        self.reach.base_url.as_deref().unwrap_or(of.base_url)
    }

    /// Rows to ask for on a page, or the vendor's most.
    #[must_use]
    pub fn page_size(&self, of: &Defaults) -> u32 {
        self.reach.page_size.or(of.page_size).unwrap_or(1)
    }

    /// Requests under way at once, at most.
    #[must_use]
    pub fn concurrency(&self, of: &Defaults) -> usize {
        self.reach.concurrency.unwrap_or(of.concurrency) as usize
    }

    /// Checks everything but the address.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    pub fn check(&self, of: &Defaults) -> Result<()> {
        if let (Some(rows), Some(most)) = (self.reach.page_size, of.page_size)
            && !(1..=most).contains(&rows)
        {
            let words = format!("must be between 1 and {most}, the most that {} gives", of.title);
            return Err(Error::setting("page_size", words));
        }
        if self.reach.concurrency == Some(0) {
            return Err(Error::setting("concurrency", "must be at least 1"));
        }
        let rate = self.reach.rate_limit.unwrap_or_default();
        if [rate.per_second, rate.burst, rate.per_minute].contains(&Some(0)) {
            return Err(Error::setting("rate_limit", "must be at least 1"));
        }
        Ok(())
    }

    /// A client at the address of `base_url`, at this pace, after everything is checked.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    pub fn client(&self, of: &Defaults, base_url: &str) -> Result<ClientBuilder> {
        self.check(of)?;
        let mut client = Client::builder(base_url).name(of.vendor).concurrency(self.concurrency(of));
        if let Some(default) = of.rate_limit {
            let rate = self.reach.rate_limit.unwrap_or_default().or(default);
            let per_second = rate.per_second.unwrap_or(1);
            client = match rate.per_minute {
                Some(per_minute) => client
                    .window(per_second, Duration::from_secs(1))
                    .window(per_minute, Duration::from_secs(60)),
                None => client.rate(Rate::per_second(per_second).burst(rate.burst.unwrap_or(per_second))),
            };
        }
        if let Some(policy) = self.retry {
            client = client.retry(policy);
        }
        if self.loopback {
            client = client.allow_http_loopback();
        }
        Ok(match &self.transport {
            Some(transport) => client.transport(Arc::clone(transport)),
            None => client,
        })
    }
}

/// A map of texts, as in `{ name = "value" }`.
pub type Members = BTreeMap<String, String>;
