//! The shape of `hris.toml`. The comments here are the help in its JSON Schema.

use std::collections::BTreeMap;

use hris_core::TargetField;
use hris_core::mapping::{self as core_mapping, Transform};
use hris_core::reconcile::{
    AreaSource, AssignmentMode, Conflicts, FutureStarters, Leavers, MatchKey, MissingAccounts, MissingPeople,
    MissingValue, OnBreach, PastEndDate, Rehire, TwoWay, UnlinkedUsers,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

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
    pub(crate) custom: BTreeMap<String, Rule>,
    /// The fields that every account has.
    #[serde(flatten)]
    pub(crate) fields: BTreeMap<String, Rule>,
}

impl Mapping {
    /// The rules by the names of their target fields. TOML reads a key `custom.size` as a table.
    pub(crate) fn into_rules(self) -> impl Iterator<Item = (String, Rule)> {
        let custom = self.custom.into_iter().map(|(name, rule)| (format!("custom.{name}"), rule));
        self.fields.into_iter().chain(custom)
    }
}

/// What one target field takes: the name of a source field, or a table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Rule {
    /// The name of a source field.
    Field(String),
    /// A source field with more to it.
    Table(RuleTable),
}

/// A source field, changed, looked up, or a default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTable {
    /// A source field, or several of which the first that has a value counts.
    pub(crate) from: OneOrMany,
    /// Changes to the value, in order; lowercase and uppercase change the letters A to Z alone.
    #[serde(default)]
    #[schemars(schema_with = "transforms")]
    pub(crate) transform: Vec<Transform>,
    /// The value where the source says there is none.
    #[serde(default)]
    pub(crate) default: Option<String>,
    /// This value in the source becomes that one, without regard to case and kinds of blanks.
    #[serde(default)]
    pub(crate) map: BTreeMap<String, String>,
    /// Words that mean no value, such as "N/A" and "-", without regard to case and kinds of blanks.
    #[serde(default)]
    pub(crate) empty: Vec<String>,
}

/// One name or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    /// One name.
    One(String),
    /// Several names.
    Many(Vec<String>),
}

/// How people who have no account yet find an existing one.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Match {
    /// Tried in order; an ambiguous match is a conflict, never a guess.
    #[schemars(schema_with = "match_keys")]
    pub(crate) keys: Vec<MatchKey>,
}

/// Permission levels, locations and areas of work.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Assignments {
    /// additive: given, never taken away. exact: what this connection gave is taken back when the source no longer says it.
    #[schemars(schema_with = "assignment_modes")]
    pub(crate) mode: AssignmentMode,
    /// The permission level of everybody whose role is not listed.
    pub(crate) default_role: String,
    /// Source role or job title = permission level.
    pub(crate) roles: BTreeMap<String, String>,
    /// Source location = location in the product.
    pub(crate) locations: BTreeMap<String, String>,
    /// Areas of work, and what they are taken from.
    pub(crate) areas: Areas,
}

/// Areas of work, and what they are taken from.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Areas {
    /// What areas are taken from.
    #[schemars(schema_with = "area_sources")]
    pub(crate) from: AreaSource,
    /// Source team, group or department = area in the product.
    pub(crate) map: BTreeMap<String, String>,
}

/// What to do in which situation.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Policy {
    /// Who counts as a leaver: as the vendor's signs say, by status, by being missing from the whole list, or nobody.
    #[schemars(schema_with = "leavers")]
    pub(crate) leavers: Leavers,
    /// An end date in the past while the status says employed: keep warns, leaver removes.
    #[schemars(schema_with = "past_end_dates")]
    pub(crate) past_end_date: PastEndDate,
    /// Accounts that no employee was ever linked to.
    #[schemars(schema_with = "unlinked_users")]
    pub(crate) unlinked_users: UnlinkedUsers,
    /// People who start later.
    #[schemars(schema_with = "future_starters")]
    pub(crate) future_starters: FutureStarters,
    /// Whether new accounts are invited.
    pub(crate) invite: bool,
    /// Days after which an invitation that was not accepted is sent again; 0 is never.
    pub(crate) reinvite_after_days: u32,
    /// How often a person is invited at most; 0 is no limit.
    pub(crate) max_invites: u32,
    /// People who come back: reactivate opens the account that this connection closed; conflict leaves it to a person.
    #[schemars(schema_with = "rehires")]
    pub(crate) rehire: Rehire,
    /// The time zone in which today is; a last working day is inclusive.
    pub(crate) time_zone: String,
    /// Who wins where both sides changed one field (two-way only): one word, or a table with one word a target field
    /// and one for all others under `default`.
    pub(crate) conflict: Conflict,
    /// Which way data flows.
    pub(crate) direction: Direction,
    /// People who are on one side only (two-way only).
    pub(crate) missing: Missing,
    /// Values that one side does not have when the two meet first (two-way only): fill, leave or ask.
    #[schemars(schema_with = "missing_values")]
    pub(crate) missing_value: MissingValue,
}

/// Who wins where both sides changed one field.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Conflict {
    /// One rule for all fields.
    All(#[schemars(schema_with = "conflicts")] Conflicts),
    /// A rule for single fields; `default` is for all others.
    Fields(#[schemars(schema_with = "conflicts_by_field")] BTreeMap<String, Conflicts>),
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
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Missing {
    /// People who are not in the target: create, ignore or ask.
    #[schemars(schema_with = "missing_people")]
    pub(crate) in_target: MissingPeople,
    /// Accounts of people who are not in the source: create, ignore or ask.
    #[schemars(schema_with = "missing_accounts")]
    pub(crate) in_source: MissingAccounts,
}

/// How much one run may do without a person looking at it first.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Safeguards {
    /// The most accounts one run may close; above it none is closed.
    pub(crate) max_deactivations: u64,
    /// The same as a percentage of the linked accounts in use; three are always within it.
    #[schemars(range(max = 100))]
    pub(crate) max_deactivations_percent: u64,
    /// Days within which at most twice the limit of one run may be closed; 0 is no such limit.
    pub(crate) window_days: u32,
    /// The least percentage of linked accounts that stays in use.
    #[schemars(range(max = 100))]
    pub(crate) min_remaining_percent: u64,
    /// The most new accounts in one run, as a percentage of the linked ones; 0 is no limit.
    pub(crate) max_creations_percent: u64,
    /// The least size of the source, as a percentage of its size at the last complete run.
    #[schemars(range(max = 100))]
    pub(crate) min_source_percent: u64,
    /// The most sign-in addresses that one run may change, as a percentage of the linked accounts; five are always within
    /// it.
    #[schemars(range(max = 100))]
    pub(crate) max_email_changes_percent: u64,
    /// Of those who have a field, an assignment of one kind or a permission level, the most that may lose it in one run, as
    /// a percentage; three are always within it. More wait, and everything else goes on.
    #[schemars(range(max = 100))]
    pub(crate) max_taken_away_percent: u64,
    /// refuse: the run changes nothing. hold: removals wait, everything else goes on.
    #[schemars(schema_with = "on_breach")]
    pub(crate) on_breach: OnBreach,
    /// E-mail addresses or user ids that are never closed or stripped, only reported.
    pub(crate) protected: Vec<String>,
}

impl Default for Match {
    fn default() -> Self {
        Self { keys: hris_core::reconcile::Policy::default().match_keys }
    }
}

impl Default for Assignments {
    fn default() -> Self {
        let core = hris_core::reconcile::Assignments::default();
        Self {
            mode: core.mode,
            default_role: core.default_role.unwrap_or_default(),
            roles: core.roles,
            locations: core.locations,
            areas: Areas::default(),
        }
    }
}

impl Default for Areas {
    fn default() -> Self {
        let core = hris_core::reconcile::Assignments::default();
        Self { from: core.areas_from, map: core.areas }
    }
}

impl Default for Policy {
    fn default() -> Self {
        let core = hris_core::reconcile::Policy::default();
        Self {
            leavers: core.leavers,
            past_end_date: core.past_end_date,
            unlinked_users: core.unlinked_users,
            future_starters: core.future_starters,
            invite: core.invite,
            reinvite_after_days: core.reinvite_after_days,
            max_invites: core.max_invites,
            rehire: core.rehire,
            time_zone: "UTC".to_owned(),
            conflict: Conflict::All(Conflicts::default()),
            direction: Direction::default(),
            missing: Missing::default(),
            missing_value: MissingValue::default(),
        }
    }
}

impl Default for Safeguards {
    fn default() -> Self {
        let core = hris_core::reconcile::Safeguards::default();
        Self {
            max_deactivations: core.max_deactivations,
            max_deactivations_percent: core.max_deactivations_percent,
            window_days: core.window_days,
            min_remaining_percent: core.min_remaining_percent,
            max_creations_percent: core.max_creations_percent,
            min_source_percent: core.min_source_percent,
            max_email_changes_percent: core.max_email_changes_percent,
            max_taken_away_percent: core.max_taken_away_percent,
            on_breach: core.on_breach,
            protected: Vec::new(),
        }
    }
}

impl Policy {
    /// The policy of the engine, with what stands in other tables of the file.
    pub(crate) fn into_core(
        self,
        matching: Match,
        assignments: Assignments,
        protected: Vec<String>,
    ) -> hris_core::reconcile::Policy {
        let mut core = hris_core::reconcile::Policy::default();
        core.match_keys = matching.keys;
        core.leavers = self.leavers;
        core.past_end_date = self.past_end_date;
        core.unlinked_users = self.unlinked_users;
        core.future_starters = self.future_starters;
        core.invite = self.invite;
        core.reinvite_after_days = self.reinvite_after_days;
        core.max_invites = self.max_invites;
        core.rehire = self.rehire;
        core.two_way = self.two_way();
        core.protected = protected;
        core.assignments.mode = assignments.mode;
        core.assignments.default_role = Some(assignments.default_role).filter(|role| !role.is_empty());
        core.assignments.roles = assignments.roles;
        core.assignments.locations = assignments.locations;
        core.assignments.areas_from = assignments.areas.from;
        core.assignments.areas = assignments.areas.map;
        core
    }
}

impl Policy {
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

impl Safeguards {
    pub(crate) fn to_core(&self) -> hris_core::reconcile::Safeguards {
        let mut core = hris_core::reconcile::Safeguards::default();
        core.max_deactivations = self.max_deactivations;
        core.max_deactivations_percent = self.max_deactivations_percent;
        core.window_days = self.window_days;
        core.min_remaining_percent = self.min_remaining_percent;
        core.max_creations_percent = self.max_creations_percent;
        core.min_source_percent = self.min_source_percent;
        core.max_email_changes_percent = self.max_email_changes_percent;
        core.max_taken_away_percent = self.max_taken_away_percent;
        core.on_breach = self.on_breach;
        core
    }
}

impl Rule {
    pub(crate) fn into_core(self) -> core_mapping::Rule {
        let table = match self {
            Self::Field(name) => return core_mapping::from(&name),
            Self::Table(table) => table,
        };
        let names = match table.from {
            OneOrMany::One(name) => vec![name],
            OneOrMany::Many(names) => names,
        };
        let mut names = names.iter();
        let mut rule =
            names.next().map_or_else(core_mapping::Rule::default, |first| core_mapping::from(first));
        rule = names.fold(rule, |rule, name| rule.or(name));
        rule = table.transform.into_iter().fold(rule, core_mapping::Rule::transform);
        rule = table.map.iter().fold(rule, |rule, (value, replacement)| rule.map(value, replacement));
        rule = table.empty.iter().fold(rule, |rule, word| rule.empty(word));
        match &table.default {
            Some(value) => rule.default_value(value),
            None => rule,
        }
    }
}

fn conflicts_by_field(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": one_of(Conflicts::ALL) })
}

fn any_table(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

fn one_of<T>(words: &[(&str, T)]) -> Schema {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json_schema!({ "type": "string", "enum": words })
}

fn list_of<T>(words: &[(&str, T)]) -> Schema {
    json_schema!({ "type": "array", "items": one_of(words) })
}

macro_rules! words {
    ($($name:ident => $form:ident($all:expr);)*) => {
        $(fn $name(_: &mut SchemaGenerator) -> Schema { $form($all) })*
    };
}
words! {
    transforms => list_of(&Transform::ALL);
    match_keys => list_of(MatchKey::ALL);
    assignment_modes => one_of(AssignmentMode::ALL);
    area_sources => one_of(AreaSource::ALL);
    leavers => one_of(Leavers::ALL);
    past_end_dates => one_of(PastEndDate::ALL);
    unlinked_users => one_of(UnlinkedUsers::ALL);
    future_starters => one_of(FutureStarters::ALL);
    rehires => one_of(Rehire::ALL);
    on_breach => one_of(OnBreach::ALL);
    conflicts => one_of(Conflicts::ALL);
    missing_values => one_of(MissingValue::ALL);
    missing_people => one_of(MissingPeople::ALL);
    missing_accounts => one_of(MissingAccounts::ALL);
}
