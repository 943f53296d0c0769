//! A fresh `hris.toml`: every key with its default and a sentence.

use hris_core::TargetField;

use crate::vendors::Vendor;

const SQLITE: &str = r##"kind = "sqlite"                       # the embedded user table
path = "users.db"                     # paths are relative to this file
# levels = ["employee", "manager"]    # the permission levels that exist; others are not given, and reported
# locations = ["oslo"]                # the locations that exist, likewise
# areas = ["warehouse"]               # the areas of work that exist, likewise
"##;

/// The lines of `[target]` where it is another HR system.
fn directory(vendor: Vendor) -> String {
    format!(
        "kind = \"directory\"                    # another HR system, with the keys that it has as a source\nvendor = {:?}\n{}",
        vendor.name(),
        vendor.template()
    )
}

/// The text for a vendor, and for another one as the target if there is one. `[source]` and the mapping are
/// the vendor's own.
pub(crate) fn template(vendor: Vendor, target: Option<Vendor>) -> String {
    let name = vendor.name();
    let source = vendor.template();
    let target = target.map_or_else(|| SQLITE.to_owned(), directory);
    let mapping = mapping(vendor);
    format!(
        r##"# Settings of one connection between {name} and the accounts of a product.
# Every key stands here with its default; lines that begin with # are keys without one.
# Look at `hris check` first, then at `hris plan`; nothing is written before `hris sync`.

connection = "default"                # name of this connection; state is kept per connection

[source]                              # the HR system that people are read from
vendor = "{name}"
{source}
[target]                              # where the accounts live
{target}
[schedule]                            # when `hris run` syncs: one of the two
every = "24h"                         # such as 30m, 24h, 7d
# cron = "0 6 * * *"                  # five fields, in the policy's time zone

[report]                              # who gets each run's report by e-mail
# email_to = "hr-admin@acme.example"
# email_from = "HRIS <hris@acme.example>"   # default: the user of the mail server, if that is an address
# smtp_url_env = "SMTP_URL"           # the variable that holds smtps://user:password@mail.acme.example

[state]                               # links, history, and the tokens of vendors that are connected by consent
path = "hris-state.db"                # readable by you alone
# key_env = "HRIS_STATE_KEY"          # the variable with a key that seals those tokens, such as `openssl rand -hex 32`

[mapping]                             # target field = source field; `hris fields` lists them
{mapping}# custom.cost_centre = "custom.Cost centre"                        # a field of your own
# department = {{ from = "department", default = "Unassigned", map = {{ "Ops" = "Operations" }}, empty = ["N/A", "-"] }}

[match]                               # how people without an account find an existing one
keys = ["external_id", "employee_number", "email"]   # tried in order; an ambiguous match is a conflict, never a guess

[assignments]
mode = "additive"                     # additive: given, never taken away | exact: taken back when the source drops it
default_role = "employee"             # permission level of everybody whose role is not listed
roles = {{}}                            # {{ "Store Manager" = "manager" }}: source role or job title = permission level
locations = {{}}                        # {{ "Oslo HQ" = "oslo" }}: source location = location in the product
areas = {{ from = "teams", map = {{}} }}  # from = teams | groups | department; map = {{ "Warehouse" = "warehouse" }}

[policy]
leavers = "vendor"                    # who has left: vendor (its own signs) | status | absence | never
past_end_date = "keep"                # an end date in the past while the status says employed: keep (and warn) | leaver
unlinked_users = "ignore"             # accounts that no employee was ever linked to: ignore | deactivate
future_starters = "invite_on_start"   # people who start later: invite_on_start | invite_now | skip
invite = true                         # whether new accounts are invited
reinvite_after_days = 30              # an invitation not accepted by then is sent again; 0 is never
max_invites = 3                       # a person is invited at most so often; 0 is no limit
rehire = "reactivate"                 # people who come back: reactivate (only accounts closed by this connection) | conflict
time_zone = "UTC"                     # in which today is; a last working day is inclusive
conflict = "ask"                      # two-way only: ask | source_wins | target_wins | newest_wins; or a table with one
                                      # word a field: {{ default = "ask", phone = "source_wins" }}
direction = "source_to_target"        # source_to_target | two_way
missing = {{ in_target = "create", in_source = "ignore" }}   # two-way only: create | ignore | ask
missing_value = "fill"                # two-way only, values that one side lacks at first contact: fill | leave | ask

[safeguards]                          # above these limits a run changes nothing until a person approves the plan
max_deactivations = 100               # the most accounts one run may close
max_deactivations_percent = 10        # the same in percent of the linked accounts in use; three are always within it
window_days = 7                       # within these days at most twice the limit of one run; 0 is no such limit
min_remaining_percent = 50            # so many of the linked accounts stay in use
max_creations_percent = 0             # the most new accounts in percent of the linked ones; 0 is no limit
min_source_percent = 50               # the source may not shrink below this share of its last size
max_email_changes_percent = 20        # sign-in addresses that may change in one run; five always may
max_taken_away_percent = 10           # of those who have a field, how many may lose it in one run; three always may
on_breach = "refuse"                  # refuse: change nothing | hold: removals wait, everything else goes on
protected = []                        # e-mails or user ids that are never closed or stripped, only reported
"##
    )
}

/// The standard mapping of a vendor, a line a field.
fn mapping(vendor: Vendor) -> String {
    let mapping = hris_core::mapping::Mapping::standard(&vendor.capabilities());
    let line = |(target, rule): (&str, &hris_core::mapping::Rule)| {
        let source = rule.sources().next().unwrap_or_default();
        match target {
            "email" => format!(
                "email = {{ from = \"{source}\", transform = [\"trim\", \"lowercase\"] }}   # must be there\n"
            ),
            "external_id" => {
                format!("external_id = \"{source}\"                    # must be there: the immutable id\n")
            }
            "phone" => format!(
                "phone = \"{source}\"                  # or {{ from = [\"work_phone\", \"personal_phone\"] }}\n"
            ),
            target => format!("{target} = \"{source}\"\n"),
        }
    };
    let place = |target: &str| TargetField::STANDARD.iter().position(|field| field.name() == target);
    let mut rules: Vec<_> = mapping.rules().collect();
    rules.sort_by_key(|(target, _)| place(target));
    rules.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::config::{Target, parse, schema};
    use crate::vendors;

    #[test]
    fn a_fresh_file_is_valid_and_says_only_defaults() {
        for vendor in vendors::all() {
            let fresh = parse(Path::new("hris.toml"), &template(vendor, None)).expect("a valid file");
            let bare = format!("[source]\nvendor = \"{}\"\n", vendor.name());
            let bare = parse(Path::new("hris.toml"), &bare).expect("a valid file");
            let capabilities = vendor.capabilities();
            assert_eq!(fresh.connection, bare.connection);
            assert_eq!(fresh.policy, bare.policy);
            assert_eq!(fresh.safeguards, bare.safeguards);
            assert_eq!(format!("{:?}", fresh.target), format!("{:?}", bare.target));
            assert_eq!(fresh.state, bare.state);
            assert_eq!(
                fresh.mapping_for(&capabilities).expect("a mapping"),
                bare.mapping_for(&capabilities).expect("a mapping")
            );
            assert!(fresh.warnings.is_empty(), "{:?}", fresh.warnings);
        }
    }

    #[test]
    fn a_fresh_file_with_another_hr_system_as_the_target_is_valid() {
        for vendor in vendors::all() {
            let Some(target) = vendors::target_for(vendor) else { continue };
            let fresh = parse(Path::new("hris.toml"), &template(vendor, Some(target))).expect("a valid file");
            let Target::Directory(other) = fresh.target else { panic!("{}", vendor.name()) };
            assert_eq!((fresh.vendor.name(), other.vendor.name()), (vendor.name(), target.name()));
        }
    }

    #[test]
    fn a_fresh_file_mentions_every_key() {
        let text = template(vendors::all().next().expect("a vendor"), None);
        let schema = schema();
        let mut missing = Vec::new();
        for (table, form) in schema["properties"].as_object().expect("tables") {
            let keys = form.get("properties").or_else(|| form.pointer("/oneOf/0/properties"));
            let keys = keys.and_then(Value::as_object);
            for key in keys.into_iter().flat_map(|keys| keys.keys()) {
                let said = text.lines().any(|line| says(line, key));
                missing.extend((!said).then(|| format!("{table}.{key}")));
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    /// Whether the line sets the key, or something below it, or shows how.
    fn says(line: &str, key: &str) -> bool {
        let rest = line.trim_start_matches("# ").strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with(" =") || rest.starts_with('.'))
    }
}
