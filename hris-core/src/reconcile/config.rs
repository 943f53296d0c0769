//! What of the settings is compared with those of the last run.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::policy::{Policy, TwoWay};
use crate::mapping::{Mapping, Rule};
use crate::{Error, ErrorKind, Result, SourceSettings, TimeZone, hex};

/// A digest of everything that decides who counts as gone, for [`Inputs::config`](super::Inputs::config): the
/// source's own settings, mapping, policy and the zone in which today is, as lower-case hex. What has its default
/// is left out, so that a setting that is new in a later version changes nobody's digest.
///
/// ```
/// use hris_core::mapping::{Mapping, from};
/// use hris_core::reconcile::{Policy, config_digest};
/// use hris_core::{SourceSettings, TimeZone};
///
/// let (mapping, source) = (Mapping::new().field("email", from("email")), SourceSettings::of("acme").build());
/// let digest = config_digest(&mapping, &Policy::default(), &TimeZone::utc(), &source)?;
/// let edited = mapping.field("phone", from("work_phone"));
/// assert_ne!(digest, config_digest(&edited, &Policy::default(), &TimeZone::utc(), &source)?);
/// # Ok::<(), hris_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Config`] where a setting cannot be written as JSON.
pub fn config_digest(
    mapping: &Mapping,
    policy: &Policy,
    time_zone: &TimeZone,
    source: &SourceSettings,
) -> Result<String> {
    let listing = &source.listing;
    let rule = json(&Rule::default())?;
    let mut rules = Map::new();
    for (target, own) in mapping.rules() {
        rules.insert(target.to_owned(), beyond(json(own)?, &rule));
    }
    let mut defaults = json(&Policy::default())?;
    if let Some(defaults) = defaults.as_object_mut() {
        defaults.insert("two_way".to_owned(), json(&TwoWay::default())?);
    }
    // That both sides may change a field is no default, whatever else is said of it.
    let two_way = policy.two_way.is_some();
    let policy = beyond(json(policy)?, &defaults);
    let zone = Some(time_zone.name()).filter(|name| *name != TimeZone::utc().name());
    let all = json!({ "listing": listing, "mapping": rules, "policy": policy, "time_zone": zone, "two_way": two_way });
    let text = serde_json::to_vec(&all).map_err(|_| unwritable())?;
    Ok(hex(&Sha256::digest(&text)))
}

/// The value without the members that are as in `default`, in objects within it as well.
fn beyond(value: Value, default: &Value) -> Value {
    match (value, default) {
        (Value::Object(own), Value::Object(default)) => {
            let kept = own.into_iter().filter_map(|(name, value)| match default.get(&name) {
                Some(default) if *default == value => None,
                Some(default) => Some((name, beyond(value, default))),
                None => Some((name, value)),
            });
            Value::Object(kept.collect())
        }
        (value, _) => value,
    }
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|_| unwritable())
}

fn unwritable() -> Error {
    Error::new(ErrorKind::Config, "read the settings: they cannot be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::from;
    use crate::reconcile::{AssignmentMode, Leavers};

    fn digest(change: impl FnOnce(&mut Mapping, &mut Policy, &mut TimeZone)) -> String {
        let (mut mapping, mut policy, mut zone) = (Mapping::new(), Policy::default(), TimeZone::utc());
        mapping = mapping.field("email", from("email"));
        change(&mut mapping, &mut policy, &mut zone);
        let source = SourceSettings { listing: String::new(), writing: String::new() };
        config_digest(&mapping, &policy, &zone, &source).unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn every_setting_that_is_no_default_counts() {
        let plain = digest(|_, _, _| {});
        let changed = [
            digest(|mapping, _, _| *mapping = mapping.clone().field("phone", from("work_phone"))),
            digest(|mapping, _, _| *mapping = Mapping::new().field("email", from("email").trim())),
            digest(|_, policy, _| policy.leavers = Leavers::Status),
            digest(|_, policy, _| policy.assignments.mode = AssignmentMode::Exact),
            digest(|_, policy, _| policy.assignments.default_role = None),
            digest(|_, policy, _| policy.two_way = Some(TwoWay::default())),
            digest(|_, _, zone| *zone = "Pacific/Kiritimati".parse().unwrap_or_default()),
        ];
        let all: std::collections::BTreeSet<_> = changed.iter().chain([&plain]).collect();
        assert_eq!(all.len(), changed.len() + 1);
    }

    /// Kept with every state: another digest of the same settings would hold everybody's removals after an update
    /// of the library, as if somebody had changed them. A new setting is read with its default and is in none.
    #[test]
    fn the_digests_of_settings_written_down_earlier_stay() {
        let set = |mapping: &mut Mapping, policy: &mut Policy, zone: &mut TimeZone| {
            *mapping = mapping.clone().field("phone", from("work_phone").trim());
            policy.leavers = Leavers::Status;
            policy.assignments.mode = AssignmentMode::Exact;
            policy.assignments.areas = [("Weaving".to_owned(), "weaving".to_owned())].into();
            policy.two_way = Some(TwoWay::default());
            *zone = "Europe/Oslo".parse().unwrap_or_default();
        };
        let pinned = [
            "a44088c463738ac27da054d172596e6e561a463a1b2b3db36dca0da903e09ec9",
            "30ceb6846f924f1354db04ce5cd085a3c5131f88099bd70b621343645452c6ec",
        ];
        assert_eq!([digest(|_, _, _| {}), digest(set)], pinned);
    }

    #[test]
    fn a_setting_that_is_new_with_its_default_changes_no_digest() {
        let default = json!({ "old": 1, "new": [], "inner": { "new": null, "map": {} } });
        let before = json!({ "old": 2, "inner": { "map": { "a": "b" } } });
        let after = json!({ "old": 2, "new": [], "inner": { "new": null, "map": { "a": "b" } } });
        assert_eq!(beyond(after, &default), before);
        assert_eq!(beyond(default.clone(), &default), json!({}));
    }
}
