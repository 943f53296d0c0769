//! The shape of `hris.toml`. The comments here are the help in its JSON Schema.

use std::collections::BTreeMap;

use hris_core::mapping::Rule;
use hris_core::reconcile::{
    self as engine, Conflicts, MatchKey, MissingAccounts, MissingPeople, MissingValue, TwoWay,
};
use hris_core::{SettingValue, TargetField};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The settings of one connection between an HR system and the accounts of a product.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "hris.toml")]
pub(crate) struct File {
    /// Name of this connection; state is kept per connection. Default: "default".
    #[schemars(length(min = 1, max = 100))]
    pub(crate) connection: Option<String>,
    /// The HR system that people are read from.
    #[schemars(schema_with = "any_table")]
    pub(crate) source: toml::Table,
    /// Where the accounts live.
    pub(crate) target: Target,
    /// When `hris run` syncs.
    pub(crate) schedule: Schedule,
    /// Who gets the report of each run.
    pub(crate) report: Report,
    /// Where links and history are kept between runs.
    pub(crate) state: State,
    /// Target field = source field, or a table. Without it each target field takes the source field of its own name, and
    /// phone takes work_phone.
    pub(crate) mapping: Option<Mapping>,
    /// How people who have no account yet find an existing one.
    #[serde(rename = "match")]
    pub(crate) matching: Match,
    /// Permission levels, locations and areas of work.
    pub(crate) assignments: Assignments,
    /// What to do in which situation.
    pub(crate) policy: Policy,
    /// How much one run may do without a person looking at it first.
    pub(crate) safeguards: Safeguards,
}

/// Where the accounts live.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Target {
    /// The kind of target. Default: sqlite.
    pub(crate) kind: Option<TargetKind>,
    /// The SQLite file with the tables users, assignments and invites. Default: users.db.
    pub(crate) path: Option<String>,
    /// The permission levels that exist in the product. With it, others are not given and are reported.
    pub(crate) levels: Option<Vec<String>>,
    /// The locations that exist in the product, likewise.
    pub(crate) locations: Option<Vec<String>>,
    /// The areas of work that exist in the product, likewise.
    pub(crate) areas: Option<Vec<String>>,
    /// The keys of the vendor, where another HR system is the target.
    #[serde(flatten)]
    #[schemars(skip)]
    pub(crate) vendor: toml::Table,
}

/// The kinds of target in this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TargetKind {
    /// Another HR system that can be written, with the keys that its vendor has in `[source]`.
    Directory,
    /// The embedded user table in a SQLite file.
    Sqlite,
}

/// When `hris run` syncs: one of the two.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Schedule {
    /// The time from one run to the next, such as "30m", "24h" or "7d".
    pub(crate) every: Option<String>,
    /// A cron pattern of five fields in the policy's time zone, such as "0 6 * * *".
    pub(crate) cron: Option<String>,
}

/// Who gets the report of each run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Report {
    /// The address that gets an e-mail with the counts after every run.
    pub(crate) email_to: Option<String>,
    /// The address that this e-mail comes from, such as "HRIS <hris@acme.example>". Default: the user of the mail server, if
    /// that is an address.
    pub(crate) email_from: Option<String>,
    /// The environment variable with the mail server, such as smtps://user:password@mail.acme.example.
    pub(crate) smtp_url_env: Option<String>,
}

/// Where links and history are kept between runs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct State {
    /// The SQLite file. Default: hris-state.db.
    pub(crate) path: Option<String>,
    /// The environment variable with the key that seals the tokens of a connection in it: at least 32 random characters.
    pub(crate) key_env: Option<String>,
}

/// Which target field takes what.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Mapping {
    /// Fields of the product's own: custom.NAME = source field, or a table.
    #[serde(default)]
    #[schemars(schema_with = "schema_for::<BTreeMap<String, Rule>>")]
    pub(crate) custom: BTreeMap<String, Rule>,
    /// The fields that every account has.
    #[serde(flatten)]
    #[schemars(schema_with = "schema_for::<BTreeMap<String, Rule>>")]
    pub(crate) fields: BTreeMap<String, Rule>,
}

impl Mapping {
    /// The rules by the names of their target fields. TOML reads a key `custom.size` as a table.
    pub(crate) fn into_rules(self) -> impl Iterator<Item = (String, Rule)> {
        let custom = self.custom.into_iter().map(|(name, rule)| (format!("custom.{name}"), rule));
        self.fields.into_iter().chain(custom)
    }
}

/// How people who have no account yet find an existing one.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Match {
    /// Tried in order; an ambiguous match is a conflict, never a guess.
    #[schemars(schema_with = "schema_for::<Vec<MatchKey>>")]
    pub(crate) keys: Vec<MatchKey>,
}

/// Permission levels, locations and areas of work. `default_role = ""` is none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Assignments {
    /// Areas of work, and what they are taken from.
    areas: Areas,
    #[serde(flatten)]
    #[schemars(skip)]
    rules: engine::Assignments,
}

/// Areas of work, and what they are taken from.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Areas {
    /// What areas are taken from.
    #[schemars(schema_with = "schema_for::<engine::AreaSource>")]
    from: engine::AreaSource,
    /// Source team, group or department = area in the product.
    map: BTreeMap<String, String>,
}

/// What to do in which situation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Policy {
    /// The time zone in which today is; a last working day is inclusive.
    pub(crate) time_zone: String,
    /// Who wins where both sides changed one field (two-way only): one word, or a table with one word a target field
    /// and one for all others under `default`.
    conflict: Conflict,
    /// Which way data flows.
    pub(crate) direction: Direction,
    /// People who are on one side only (two-way only).
    missing: Missing,
    /// Values that one side does not have when the two meet first (two-way only): fill, leave or ask.
    #[schemars(schema_with = "schema_for::<MissingValue>")]
    missing_value: MissingValue,
    #[serde(flatten)]
    #[schemars(skip)]
    rules: engine::Policy,
}

/// Who wins where both sides changed one field.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Conflict {
    /// One rule for all fields.
    All(#[schemars(schema_with = "schema_for::<Conflicts>")] Conflicts),
    /// A rule for single fields; `default` is for all others.
    Fields(
        #[schemars(schema_with = "schema_for::<BTreeMap<String, Conflicts>>")] BTreeMap<String, Conflicts>,
    ),
}

/// Which way data flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// From the HR system into the product.
    #[default]
    SourceToTarget,
    /// Both ways.
    TwoWay,
}

/// People who are on one side only.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Missing {
    /// People who are not in the target: create, ignore or ask.
    #[schemars(schema_with = "schema_for::<MissingPeople>")]
    in_target: MissingPeople,
    /// Accounts of people who are not in the source: create, ignore or ask.
    #[schemars(schema_with = "schema_for::<MissingAccounts>")]
    in_source: MissingAccounts,
}

/// How much one run may do without a person looking at it first.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Safeguards {
    /// E-mail addresses or user ids that are never closed or stripped, only reported.
    pub(crate) protected: Vec<String>,
    #[serde(flatten)]
    #[schemars(skip)]
    pub(crate) limits: engine::Safeguards,
}

impl Default for Match {
    fn default() -> Self {
        Self { keys: engine::Policy::default().match_keys }
    }
}

impl Default for Areas {
    fn default() -> Self {
        Self { from: engine::Assignments::default().areas_from, map: BTreeMap::new() }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            conflict: Conflict::All(Conflicts::default()),
            direction: Direction::default(),
            missing: Missing::default(),
            missing_value: MissingValue::default(),
            rules: engine::Policy::default(),
        }
    }
}

impl Assignments {
    fn into_core(self) -> engine::Assignments {
        let mut rules = self.rules;
        rules.default_role = rules.default_role.filter(|role| !role.is_empty());
        (rules.areas_from, rules.areas) = (self.areas.from, self.areas.map);
        rules
    }
}

impl Policy {
    /// The policy of the engine, with what stands in other tables of the file.
    pub(crate) fn into_core(
        self,
        matching: Match,
        assignments: Assignments,
        protected: Vec<String>,
    ) -> engine::Policy {
        let two_way = self.two_way();
        let mut rules = self.rules;
        rules.two_way = two_way;
        rules.match_keys = matching.keys;
        rules.assignments = assignments.into_core();
        rules.protected = protected;
        rules
    }

    /// The rules for both ways, where data flows both ways. Fields that do not exist are left for
    /// [`Policy::unknown_conflict`] to tell.
    fn two_way(&self) -> Option<TwoWay> {
        (self.direction == Direction::TwoWay).then(|| {
            let mut rules = TwoWay::default();
            match &self.conflict {
                Conflict::All(rule) => rules.conflict = *rule,
                Conflict::Fields(fields) => {
                    rules.conflict = fields.get("default").copied().unwrap_or_default();
                    let named = fields.iter().filter_map(|(name, rule)| Some((name.parse().ok()?, *rule)));
                    rules.fields = named.collect();
                }
            }
            rules.missing_in_target = self.missing.in_target;
            rules.missing_in_source = self.missing.in_source;
            rules.missing_value = self.missing_value;
            rules
        })
    }

    /// A field with a rule of its own that does not exist.
    pub(crate) fn unknown_conflict(&self) -> Option<&str> {
        let Conflict::Fields(fields) = &self.conflict else { return None };
        let unknown = |name: &&String| *name != "default" && name.parse::<TargetField>().is_err();
        fields.keys().find(unknown).map(String::as_str)
    }
}

/// The JSON Schema of a file, with the settings of the engine where they stand in it.
pub(crate) fn schema() -> Value {
    let mut schema = super::schema_of::<File>();
    for (table, own, elsewhere) in [
        ("policy", engine::Policy::schema(), &["match_keys", "assignments", "protected", "two_way"][..]),
        ("assignments", engine::Assignments::schema(), &["areas_from", "areas"]),
        ("safeguards", engine::Safeguards::schema(), &[]),
    ] {
        let place = schema.pointer_mut(&format!("/properties/{table}/properties"));
        let known = own.get("properties").and_then(Value::as_object);
        if let (Some(place), Some(known)) = (place.and_then(Value::as_object_mut), known) {
            let here = known.iter().filter(|(name, _)| !elsewhere.contains(&name.as_str()));
            place.extend(here.map(|(name, schema)| (name.clone(), schema.clone())));
        }
    }
    schema
}

/// The schema of a setting as the library knows it.
fn schema_for<T: SettingValue>(_: &mut SchemaGenerator) -> Schema {
    T::schema().try_into().unwrap_or_default()
}

fn any_table(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}
