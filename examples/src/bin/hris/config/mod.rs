//! From `hris.toml` to checked settings, or one message that says what to correct.

mod check;
mod file;
mod rules;
mod schedule;
pub(crate) mod template;

use std::path::{Path, PathBuf};

use hris_core::mapping::{Mapping, MappingError, MappingFault};
use hris_core::reconcile::{Policy, Safeguards};
use hris_core::{AssignmentKind, Capabilities, StandardField, TargetField, TimeZone};
use hris_reconcile::email::is_address;
use hris_reconcile::schedule::Schedule;
use schemars::generate::SchemaSettings;
use serde_json::Value;

pub(crate) use self::check::nearest;
use self::check::{Lines, line_of};
use self::file::{Direction, File};
use crate::failure::{Failure, Result};
use crate::files;
use crate::vendors::{self, Vendor};

/// A checked configuration. Only the vendor, the target and the state can still refuse it.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The file they were read from.
    pub(crate) file: PathBuf,
    pub(crate) connection: String,
    pub(crate) vendor: Vendor,
    /// The table `[source]`, for the vendor to read; `[target]` where that is another HR system.
    pub(crate) source: toml::Table,
    table: &'static str,
    /// `None` where the file leaves it to the vendor's standard.
    pub(crate) mapping: Option<Mapping>,
    pub(crate) target: Target,
    /// The permission levels, locations and areas that exist, of the kinds for which the file says so.
    pub(crate) assignable: Vec<(AssignmentKind, Vec<String>)>,
    pub(crate) state: PathBuf,
    /// The variable that holds the key of the tokens in it.
    pub(crate) state_key_env: Option<String>,
    pub(crate) schedule: Option<Schedule>,
    pub(crate) mail: Option<Mail>,
    pub(crate) policy: Policy,
    pub(crate) safeguards: Safeguards,
    pub(crate) time_zone: TimeZone,
    /// What a person should know although it is allowed.
    pub(crate) warnings: Vec<String>,
    lines: Lines,
}

/// Where the accounts live.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// In another HR system: the settings with its table in place of `[source]`.
    Directory(Box<Settings>),
    /// In the embedded table, in this file.
    Sqlite(PathBuf),
}

/// Who gets the report of each run, and through which server.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    /// The sender, where it is not the user of the server.
    pub(crate) from: Option<String>,
    /// The variable that holds the server's address, which may hold a password.
    pub(crate) smtp_url_env: String,
}

/// Reads and checks a configuration.
pub(crate) fn load(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::config(format!(
            "{} does not exist; write one with `hris init --vendor {}` (or {}), or look at `hris demo`",
            path.display(),
            vendors::all().next().map(vendors::Vendor::name).unwrap_or_default(),
            vendors::all().skip(1).map(|vendor| vendor.name()).collect::<Vec<_>>().join(", ")
        )),
        _ => Failure::config(format!("read {}: {error}", path.display())),
    })?;
    parse(path, &text)
}

/// The connection's name if the file has one, for a document that says why the file cannot be used.
pub(crate) fn connection_name(path: &Path) -> String {
    let table = std::fs::read_to_string(path).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let name = table.as_ref().and_then(|table| table.get("connection")).and_then(toml::Value::as_str);
    name.unwrap_or("default").to_owned()
}

/// Checks the text of a configuration; paths in it are relative to the folder of `path`.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Settings> {
    let at = |line: usize, message: String| {
        Failure::config(format!("{}:{line}: {}", path.display(), crate::console::plain(&message)))
    };
    let syntax = |error: toml::de::Error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        at(line, error.message().to_owned())
    };
    let document = toml::de::DeTable::parse(text).map_err(syntax)?;
    let vendor = vendor_of(text, document.get_ref()).map_err(|(line, message)| at(line, message))?;
    let target = target_of(text, document.get_ref()).map_err(|(line, message)| at(line, message))?;
    let hint = |path: &str, name: &str| hint(path, name, vendor, target);
    let lines = check::check(text, document.get_ref(), &schema_for(vendor, target), &hint)
        .map_err(|fault| at(fault.line, fault.message))?;
    let file: File = toml::from_str(text).map_err(syntax)?;
    settle(path, vendor, target, file, lines).map_err(|(line, message)| at(line, message))
}

impl Settings {
    /// The mapping to use with a vendor of these capabilities, proven to fit them.
    pub(crate) fn mapping_for(&self, capabilities: &Capabilities) -> Result<Mapping> {
        let mapping = self.mapping.clone().unwrap_or_else(|| Mapping::standard(capabilities));
        mapping.compile(capabilities).map_err(|error| self.mapping_failure(&error, capabilities))?;
        Ok(mapping)
    }

    fn mapping_failure(&self, error: &MappingError, capabilities: &Capabilities) -> Failure {
        let has = |field: &&StandardField| {
            matches!(field, StandardField::Id | StandardField::Status) || capabilities.can_read(**field)
        };
        let sources = || StandardField::ALL.iter().filter(has).map(|field| field.as_str());
        let explain = |fault: &MappingFault| {
            let (target, near) = match fault {
                MappingFault::UnknownSource { target, name }
                | MappingFault::NotAtVendor { target, name, .. } => {
                    (target.as_str(), nearest(name, sources()))
                }
                MappingFault::UnknownTarget { name } => {
                    let fields = TargetField::STANDARD;
                    let near = nearest(name, fields.iter().map(TargetField::name)).map(str::to_owned);
                    let near = near.map_or(String::new(), |near| {
                        format!("; the nearest is `{near}`, or use custom.NAME")
                    });
                    return format!("{}: {fault}{near}", self.place(&format!("mapping.{name}")));
                }
                MappingFault::NoSource { target } => (target.as_str(), None),
                MappingFault::Required { .. } => ("", None),
                _ => ("", None),
            };
            let key = if target.is_empty() { "mapping".to_owned() } else { format!("mapping.{target}") };
            let near = near.map_or(String::new(), |near| format!("; the nearest it has is `{near}`"));
            format!("{}: {fault}{near}", self.place(&key))
        };
        let faults: Vec<String> = error.faults.iter().map(explain).collect();
        Failure::config(crate::console::plain(&faults.join("; ")))
    }

    /// `hris.toml:12`, for a key of the file.
    fn place(&self, key: &str) -> String {
        let line = self.lines.get(key).or_else(|| self.lines.get("mapping")).copied().unwrap_or(1);
        format!("{}:{line}", self.file.display())
    }

    /// A failure at a key of the file. What a vendor calls `source` is the table that it was given.
    pub(crate) fn fault(&self, key: &str, message: impl std::fmt::Display) -> Failure {
        let key = key.replacen("source", self.table, 1);
        let line = self.lines.get(&key).or_else(|| self.lines.get(self.table)).copied().unwrap_or(1);
        Failure::config(format!("{}:{line}: {message}", self.file.display()))
    }

    /// Has the vendor check its table.
    fn validate(&self) -> At<()> {
        self.vendor.validate(self).map_err(|(key, message)| {
            let key = format!("{}.{key}", self.table);
            (self.lines.get(&key).copied().unwrap_or(1), format!("{key}: {message}"))
        })
    }

    /// The same settings for the vendor whose table is `[target]`.
    fn of_target(&self, vendor: Vendor, table: toml::Table) -> Self {
        Self { vendor, source: table, table: "target", ..self.clone() }
    }

    /// A path of the file, relative to the folder the file is in.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        beside(&self.file, path)
    }
}

fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

/// The JSON Schema of a configuration for any vendor of this build.
pub(crate) fn schema() -> Value {
    let sources: Vec<Value> = vendors::all().map(vendor_schema).collect();
    let source = match sources.as_slice() {
        [only] => only.clone(),
        several => serde_json::json!({ "oneOf": several }),
    };
    let mut schema = file::schema();
    let description = schema.pointer("/properties/source/description").cloned();
    if let Some(place) = schema.pointer_mut("/properties/source") {
        *place = source;
        if let (Some(map), Some(description)) = (place.as_object_mut(), description) {
            map.insert("description".to_owned(), description);
        }
    }
    if let Some(place) = schema.pointer_mut("/properties/target") {
        let mut embedded = place.clone();
        if let Some(kind) = embedded.pointer_mut("/properties/kind") {
            *kind = serde_json::json!({ "const": "sqlite", "type": "string", "description": "The embedded user table." });
        }
        let directories = vendors::all().filter(|vendor| vendors::writes(*vendor));
        let mut forms = vec![embedded];
        forms.extend(directories.map(target_schema));
        *place = serde_json::json!({ "description": place.get("description"), "oneOf": forms });
    }
    if let Some(map) = schema.as_object_mut() {
        map.insert("required".to_owned(), serde_json::json!(["source"]));
    }
    rules::add(&mut schema);
    schema
}

fn schema_for(vendor: Vendor, target: Option<Vendor>) -> Value {
    let mut schema = file::schema();
    for (table, form) in [("source", Some(vendor_schema(vendor))), ("target", target.map(target_schema))] {
        if let (Some(place), Some(form)) = (schema.pointer_mut(&format!("/properties/{table}")), form) {
            *place = form;
        }
    }
    schema
}

/// The JSON Schema of `[target]` where it is another HR system.
fn target_schema(vendor: Vendor) -> Value {
    let mut schema = vendor_schema(vendor);
    if let Some(keys) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let kind = serde_json::json!({ "const": "directory", "type": "string", "description": "Another HR system." });
        keys.insert("kind".to_owned(), kind);
    }
    if let Some(map) = schema.as_object_mut() {
        map.insert("required".to_owned(), serde_json::json!(["kind", "vendor"]));
    }
    schema
}

fn vendor_schema(vendor: Vendor) -> Value {
    let mut schema = vendor.schema();
    if let Some(keys) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let word =
            serde_json::json!({ "const": vendor.name(), "type": "string", "description": "The vendor." });
        keys.insert("vendor".to_owned(), word);
    }
    if let Some(map) = schema.as_object_mut() {
        map.insert("required".to_owned(), serde_json::json!(["vendor"]));
        map.insert("additionalProperties".to_owned(), false.into());
    }
    schema
}

/// The JSON Schema of one type, without references, so that it can be walked and merged.
pub(crate) fn schema_of<T: schemars::JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

type At<T> = std::result::Result<T, (usize, String)>;

/// The vendor decides which keys `[source]` may have, so it is read before anything else.
fn vendor_of(text: &str, document: &toml::de::DeTable<'_>) -> At<Vendor> {
    let Some(source) = document.get("source") else {
        let message =
            format!("source.vendor is missing: write [source] with vendor = one of {}", vendors::names());
        // Perhaps it is there, under a name that does not exist.
        return match check::unknown_table(text, document, &schema()) {
            Some(fault) => Err((fault.line, format!("{}; {message}", fault.message))),
            None => Err((1, message)),
        };
    };
    let line = line_of(text, source.span().start);
    let Some(vendor) = source.get_ref().get("vendor") else {
        return Err((line, format!("source.vendor is missing; this build has {}", vendors::names())));
    };
    let line = line_of(text, vendor.span().start);
    let Some(name) = vendor.get_ref().as_str() else {
        return Err((
            line,
            format!("source.vendor must be text in quotes; this build has {}", vendors::names()),
        ));
    };
    vendors::find(name).map_err(|message| (line, format!("source.vendor: {message}")))
}

/// The HR system that is the target, if one is. A known target or store that this build lacks is reported
/// as such, and not as an unknown word.
fn target_of(text: &str, document: &toml::de::DeTable<'_>) -> At<Option<Vendor>> {
    let state = document.get("state").and_then(|state| state.get_ref().as_table());
    if let Some((key, _)) = state.and_then(|state| state.iter().find(|(key, _)| key.get_ref() == "url_env")) {
        let message = "state.url_env: this build keeps state in a SQLite file only; use state.path";
        return Err((line_of(text, key.span().start), message.to_owned()));
    }
    let target = document.get("target").and_then(|target| target.get_ref().as_table());
    let value = |name: &str| target.and_then(|target| target.get(name));
    let Some((kind, name)) = value("kind").and_then(|kind| Some((kind, kind.get_ref().as_str()?))) else {
        return Ok(None);
    };
    let line = line_of(text, kind.span().start);
    if let Some(message) = no_such_target(name) {
        return Err((line, format!("target.kind: {message}")));
    }
    if name != "directory" {
        return Ok(None);
    }
    let Some((vendor, name)) = value("vendor").and_then(|name| Some((name, name.get_ref().as_str()?))) else {
        return Err((line, format!("target.vendor is missing; {} can be written", vendors::written())));
    };
    let line = line_of(text, vendor.span().start);
    let vendor = vendors::find(name).map_err(|message| (line, format!("target.vendor: {message}")))?;
    if !vendors::writes(vendor) {
        let message =
            format!("target.vendor: {name} can only be read; {} can be written", vendors::written());
        return Err((line, message));
    }
    Ok(Some(vendor))
}

/// Why a kind of target cannot be had, if it is known and not in this build.
pub(crate) fn no_such_target(kind: &str) -> Option<String> {
    let known = ["postgres", "scim"].contains(&kind);
    known.then(|| format!("this build has no target {kind:?} yet; it has \"sqlite\" and \"directory\""))
}

/// What to say of a key that is unknown where it stands, beyond the nearest one.
fn hint(path: &str, name: &str, vendor: Vendor, target: Option<Vendor>) -> Option<String> {
    let secret =
        ["token", "api_key", "apikey", "key", "password", "secret", "client_secret", "smtp_url", "url"];
    if secret.contains(&name.to_lowercase().as_str()) && path != name {
        return Some(format!(
            "{path} is not a key: secrets do not belong into this file; put it into an environment variable, and name \
             the variable with a key that ends in _env"
        ));
    }
    let table = if path.starts_with("source.") {
        Some(vendor)
    } else {
        target.filter(|_| path.starts_with("target."))
    };
    if let Some(vendor) = table {
        let owner = vendors::owner_of(name).filter(|owner| *owner != vendor.name())?;
        return Some(format!("{path} is a key of the vendor {owner}; {} does not have it", vendor.name()));
    }
    let kind = match path {
        "target.url_env" => "postgres",
        "target.base_url" | "target.token_env" => "scim",
        "target.vendor" => {
            return Some(
                "target.vendor is a key of the target \"directory\"; write kind = \"directory\"".to_owned(),
            );
        }
        _ => return None,
    };
    Some(format!("{path} is a key of the target {kind:?}, which this build does not have"))
}

/// The checks that take more than the shape of a value.
fn settle(path: &Path, vendor: Vendor, target: Option<Vendor>, file: File, lines: Lines) -> At<Settings> {
    let line = |key: &str| lines.get(key).copied().unwrap_or(1);
    let fault = |key: &str, message: String| Err((line(key), format!("{key}: {message}")));
    let mut warnings = Vec::new();

    let writes = || vendor.capabilities().fields.iter().any(|field| field.writable);
    if file.policy.direction == Direction::TwoWay && !writes() {
        return fault(
            "policy.direction",
            format!("{} can only be read; use \"source_to_target\"", vendor.name()),
        );
    }
    if file.policy.direction == Direction::TwoWay && target.is_some() {
        let message = "two_way needs the product's own accounts as the target; use \"source_to_target\"";
        return fault("policy.direction", message.to_owned());
    }
    if let Some(name) = file.policy.unknown_conflict() {
        let known = TargetField::STANDARD;
        let near = nearest(name, known.iter().map(TargetField::name)).unwrap_or_default();
        return fault(
            "policy.conflict",
            format!(
                "there is no target field {name:?}; the nearest is `{near}`, and all others are `default`"
            ),
        );
    }
    let zone = file.policy.time_zone.parse::<TimeZone>();
    let time_zone = match zone {
        Ok(zone) => zone,
        Err(error) => return fault("policy.time_zone", error.to_string()),
    };
    let schedule = match (&file.schedule.every, &file.schedule.cron) {
        (Some(_), Some(_)) => {
            return fault("schedule.cron", "every is set as well; one of the two decides".to_owned());
        }
        (Some(every), None) => match schedule::every(every) {
            Ok(schedule) => Some(schedule),
            Err(message) => return fault("schedule.every", message),
        },
        (None, Some(cron)) => match schedule::cron(cron, &time_zone) {
            Ok(schedule) => Some(schedule),
            Err(message) => return fault("schedule.cron", message),
        },
        (None, None) => None,
    };
    for (key, address) in
        [("report.email_to", &file.report.email_to), ("report.email_from", &file.report.email_from)]
    {
        if address.as_ref().is_some_and(|address| !is_address(address)) {
            return fault(
                key,
                "this is not one e-mail address, such as \"hr-admin@acme.example\"".to_owned(),
            );
        }
    }
    let from = file.report.email_from;
    let mail = match (file.report.email_to, file.report.smtp_url_env) {
        (Some(to), Some(smtp_url_env)) => Some(Mail { to, from, smtp_url_env }),
        (Some(_), None) => {
            return fault(
                "report.email_to",
                "smtp_url_env is missing: name the environment variable that holds the mail server"
                    .to_owned(),
            );
        }
        (None, Some(_)) => return fault("report.smtp_url_env", "email_to is missing".to_owned()),
        (None, None) if from.is_some() => {
            return fault("report.email_from", "email_to is missing".to_owned());
        }
        (None, None) => None,
    };
    let rules: Option<Vec<_>> = file.mapping.map(|mapping| mapping.into_rules().collect());
    for (target, rule) in rules.iter().flatten() {
        if rule.sources().next().is_none() {
            return fault(&format!("mapping.{target}"), "from names no source field".to_owned());
        }
    }
    let mapping = rules.map(|rules| {
        let rules = rules.into_iter();
        rules.fold(Mapping::new(), |mapping, (target, rule)| mapping.field(&target, rule))
    });
    let secrets = file.source.iter().chain(&file.target.vendor).filter(|(key, _)| key.ends_with("_file"));
    for secret in secrets.filter_map(|(_, file)| file.as_str()) {
        let secret = beside(path, secret);
        if files::open_to_others(&secret) {
            warnings.push(format!("{} can be read by others; run `chmod 600` on it", secret.display()));
        }
    }
    let exist = [
        (AssignmentKind::Role, file.target.levels),
        (AssignmentKind::Location, file.target.locations),
        (AssignmentKind::Area, file.target.areas),
    ];
    let exist = exist.into_iter().filter_map(|(kind, values)| Some((kind, values?)));
    let users = beside(path, file.target.path.as_deref().unwrap_or("users.db"));
    let mut settings = Settings {
        file: path.to_owned(),
        connection: file.connection.unwrap_or_else(|| "default".to_owned()),
        vendor,
        source: file.source,
        table: "source",
        mapping,
        target: Target::Sqlite(users),
        assignable: exist.collect(),
        state: beside(path, file.state.path.as_deref().unwrap_or("hris-state.db")),
        state_key_env: file.state.key_env,
        schedule,
        mail,
        policy: file.policy.into_core(file.matching, file.assignments, file.safeguards.protected),
        safeguards: file.safeguards.limits,
        time_zone,
        warnings,
        lines,
    };
    settings.validate()?;
    if let Some(vendor) = target {
        let target = settings.of_target(vendor, file.target.vendor);
        target.validate()?;
        if target.source == settings.source {
            let line = settings.lines.get("target.vendor").copied().unwrap_or(1);
            let message = "target.vendor: [target] is what [source] is; the source cannot be its own target";
            return Err((line, message.to_owned()));
        }
        settings.target = Target::Directory(Box::new(target));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests;
