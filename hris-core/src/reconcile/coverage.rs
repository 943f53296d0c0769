//! What the source showed last time and does not show now, and the figures for the safeguards.

use std::collections::{BTreeMap, BTreeSet};

use super::inputs::Inputs;
use super::pairs::{self, Pairs};
use super::plan::{Action, ActionKind, Baseline, Figures, Mode, Verdict};
use super::policy::{Policy, UnlinkedUsers};
use super::situation::{Reason, Situation};
use crate::TargetField;

/// What was visible at the last complete run and is not now.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Target fields that somebody had and nobody has, with how many had it.
    pub(super) fields: BTreeMap<String, u64>,
    /// Less visibility in other ways, in words.
    pub(super) visibility: Option<String>,
    pub(super) credential: bool,
    pub(super) organisation: bool,
}

/// A sync beside accounts with external ids and without any memory of them only matches: the state
/// was lost or never was, and nobody may be removed, created or invited on that.
pub(super) fn mode(inputs: &Inputs<'_>) -> Mode {
    let no_memory = inputs.last.is_none() && inputs.links.is_empty();
    let known = inputs.users.iter().any(|user| user.value(&TargetField::ExternalId).is_some());
    if no_memory && known { Mode::Match } else { inputs.mode }
}

pub(super) fn compare(inputs: &Inputs<'_>) -> Lost {
    let mut lost = Lost::default();
    let Some(last) = inputs.last else { return lost };
    let (before, now) = (&last.fingerprint, inputs.snapshot.fingerprint());
    let differs =
        |before: &Option<String>, now: &Option<String>| matches!((before, now), (Some(b), Some(n)) if b != n);
    lost.organisation = differs(&before.organisation, &now.organisation);
    lost.credential = differs(&before.credential, &now.credential);
    if inputs.snapshot.people() > 0 {
        for (target, _) in inputs.desired.filled().filter(|(_, filled)| *filled == 0) {
            let name = target.to_string();
            if let Some(had) = last.filled.get(&name).filter(|had| **had > 0) {
                lost.fields.insert(name, *had);
            }
        }
    }
    let mut words = Vec::new();
    if let (Some(before), Some(now)) = (&before.scopes, &now.scopes) {
        let gone: Vec<&str> = before.difference(now).map(String::as_str).collect();
        if !gone.is_empty() {
            words.push(format!("the credential no longer has {}", gone.join(", ")));
        }
    }
    if differs(&before.role, &now.role) {
        words.push("the credential's owner has another role".to_owned());
    }
    lost.visibility = (!words.is_empty()).then(|| words.join("; "));
    lost
}

pub(super) fn figures(
    inputs: &Inputs<'_>,
    policy: &Policy,
    pairs: &Pairs<'_>,
    lost: &Lost,
    actions: &[Action],
    people: &[Verdict],
) -> Figures {
    let count = |kind| actions.iter().filter(|action| action.kind == kind).count() as u64;
    let mut population = pairs::linked_live(inputs, pairs);
    if policy.unlinked_users == UnlinkedUsers::Deactivate {
        let unlinked =
            |(index, user): (usize, &crate::User)| user.is_live() && pairs.holder_of(index).is_none();
        population += inputs.users.iter().enumerate().filter(|pair| unlinked(*pair)).count() as u64;
    }
    let withheld = people.iter().filter(|verdict| {
        verdict.situation == Situation::SourceUnseen && verdict.reason == Reason::AbsenceUnproven
    });
    Figures {
        population,
        removals: count(ActionKind::Deactivate),
        withheld_removals: withheld.count() as u64,
        creations: count(ActionKind::Create),
        removed_in_window: inputs.removed_in_window,
        source_people: inputs.snapshot.people(),
        unidentified: inputs.snapshot.unidentified(),
        linked: !inputs.links.is_empty(),
        coverage_lost: lost.fields.keys().cloned().collect::<BTreeSet<_>>(),
        visibility_lost: lost.visibility.clone(),
        credential_changed: lost.credential,
        organisation_changed: lost.organisation,
        config_changed: inputs.last.is_some_and(|last| last.config != inputs.config),
        last_source_people: inputs.last.map(|last| last.people),
    }
}

/// What the next run is compared with. A field that was lost keeps its old figure, so that it is
/// held until it comes back or a person approves a plan without it.
pub(super) fn baseline(inputs: &Inputs<'_>, lost: &Lost) -> Baseline {
    let mut filled: BTreeMap<String, u64> =
        inputs.desired.filled().map(|(target, filled)| (target.to_string(), filled)).collect();
    filled.extend(lost.fields.iter().map(|(name, had)| (name.clone(), *had)));
    Baseline {
        fingerprint: inputs.snapshot.fingerprint().clone(),
        people: inputs.snapshot.people(),
        filled,
        config: inputs.config.to_owned(),
        at: Some(inputs.now),
    }
}
