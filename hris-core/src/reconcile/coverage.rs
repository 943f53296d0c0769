//! What the source showed last time and does not show now, and the figures for the safeguards.

use std::collections::{BTreeMap, BTreeSet};

use super::assignment;
use super::bonds::Bonds;
use super::figures::{Baseline, Figures};
use super::holding::Handover;
use super::inputs::Inputs;
use super::matching::Matches;
use super::pairs::Pairs;
use super::people::People;
use super::plan::{Action, ActionKind, Mode};
use super::policy::{Policy, UnlinkedUsers};
use super::situation::{Reason, Situation};
use super::takings::{Taken, kind_name};
use crate::{AssignmentKind, EmployeeId, Fingerprint, TargetField, User, UserId};

/// What was visible at the last complete run and is not now.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Target fields that somebody had and nobody has, with how many had it.
    pub(super) fields: BTreeMap<String, u64>,
    /// Kinds of assignments for which somebody had something to go by and nobody has.
    pub(super) kinds: BTreeSet<AssignmentKind>,
    /// How many people have a value now, per target field and kind of assignment.
    pub(super) filled: BTreeMap<String, u64>,
    /// Less visibility in other ways, in words.
    pub(super) visibility: Option<String>,
    /// People whom the organisation has and the source does not list, in words.
    pub(super) hidden: Option<String>,
    pub(super) credential: bool,
    pub(super) organisation: bool,
    /// How many people are linked, if not one of them is in the source any more.
    pub(super) strangers: Option<u64>,
}

/// A sync beside accounts with external ids and without any memory of them only matches: the state
/// was lost or never was, and nobody may be removed, created or invited on that.
pub(super) fn mode(inputs: &Inputs<'_>, pairs: &Pairs<'_>) -> Mode {
    let no_memory = inputs.last.is_none() && inputs.links.is_empty();
    // What another connection holds says nothing of this one.
    let known = inputs.users.iter().enumerate().any(|(index, user)| {
        user.value(&TargetField::ExternalId).is_some() && pairs.elsewhere.holder_of(index).is_none()
    });
    if no_memory && known { Mode::Match } else { inputs.mode }
}

pub(super) fn compare(inputs: &Inputs<'_>, policy: &Policy) -> Lost {
    let kinds = assignment::filled(inputs.snapshot.employees(), &policy.assignments);
    let fields = inputs.desired.filled().map(|(target, filled)| (target.to_string(), filled));
    let filled = fields.chain(kinds.iter().map(|(kind, filled)| (kind_name(*kind), *filled))).collect();
    let hidden = inputs.snapshot.hidden().map(str::to_owned);
    let mut lost = Lost { filled, hidden, ..Lost::default() };
    let Some(last) = inputs.last else { return lost };
    let (before, now) = (&last.fingerprint, inputs.snapshot.fingerprint());
    let differs =
        |before: &Option<String>, now: &Option<String>| matches!((before, now), (Some(b), Some(n)) if b != n);
    let moved = !before.places.is_empty() && !now.places.is_empty() && before.places.is_disjoint(&now.places);
    lost.organisation = moved || differs(&before.organisation, &now.organisation);
    lost.credential = differs(&before.credential, &now.credential);
    if inputs.snapshot.people() > 0 {
        for (field, _) in lost.filled.iter().filter(|(_, filled)| **filled == 0) {
            if let Some(had) = last.filled.get(field).filter(|had| **had > 0) {
                lost.fields.insert(field.clone(), *had);
            }
        }
        let gone = |kind: &AssignmentKind| lost.fields.contains_key(&kind_name(*kind));
        lost.kinds = kinds.into_iter().map(|(kind, _)| kind).filter(gone).collect();
    }
    let silent = unsaid(before, now).filter(|fact| !last.accepted_silence.contains(*fact));
    let mut words: Vec<String> = silent.map(|fact| format!("the vendor no longer says {fact}")).collect();
    let shrunk = last.people.saturating_sub(inputs.snapshot.people());
    words.extend(vanished(before, now, shrunk));
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

/// How many people with an account in use are linked, if these are enough to recognise the source and not
/// one of them is there any more: neither listed, nor set aside, nor under another id.
pub(super) fn strangers(inputs: &Inputs<'_>, pairs: &Pairs<'_>, matches: &Matches) -> Option<u64> {
    const ENOUGH: u64 = 3;
    if inputs.snapshot.people() == 0 {
        return None;
    }
    let unread: BTreeSet<&EmployeeId> = inputs.snapshot.set_aside().iter().collect();
    let mut linked = 0;
    for (place, link) in inputs.links.iter().enumerate() {
        let user = pairs.account_of(place).and_then(|user| inputs.users.get(user));
        if user.is_some_and(User::is_live) {
            let is_there = pairs.row_of(place).is_some() || unread.contains(&link.employee);
            if is_there || matches.superseded.contains(&place) {
                return None;
            }
            linked += 1;
        }
    }
    (linked >= ENOUGH).then_some(linked)
}

/// What the vendor showed about the credential last time and does not show now. A credential that is no
/// longer identified may be another one.
fn unsaid(before: &Fingerprint, now: &Fingerprint) -> impl Iterator<Item = &'static str> {
    let facts = [
        ("which organisation answers", before.organisation.is_some(), now.organisation.is_some()),
        ("whose the credential is", before.credential.is_some(), now.credential.is_some()),
        ("which role the credential's owner has", before.role.is_some(), now.role.is_some()),
        ("what the credential may do", before.scopes.is_some(), now.scopes.is_some()),
    ];
    facts.into_iter().filter(|(_, said, says)| *said && !says).map(|(fact, _, _)| fact)
}

/// Statuses that more than a few people had and nobody has, where the source shrank by as many: the
/// vendor lists them no more.
fn vanished(before: &Fingerprint, now: &Fingerprint, shrunk: u64) -> Vec<String> {
    const A_FEW: u64 = 3;
    let gone = before.statuses.iter().filter(|(status, had)| {
        **had > A_FEW && **had <= shrunk && now.statuses.get(*status).is_none_or(|has| *has == 0)
    });
    gone.map(|(status, had)| format!("{had} people had the status {status} and nobody is listed with it"))
        .collect()
}

pub(super) fn figures(
    inputs: &Inputs<'_>,
    (policy, mode): (&Policy, Mode),
    (pairs, bonds): (&Pairs<'_>, &Bonds),
    lost: &Lost,
    (actions, taken): (&[Action], BTreeMap<String, Taken>),
    (people, handovers): (&People, &[Handover]),
) -> Figures {
    let count = |kind| actions.iter().filter(|action| action.kind == kind).count() as u64;
    // An account that takes the place of a linked one counts for it, and so does one that is linked and closed at
    // once.
    let closed = actions.iter().filter(|action| action.kind == ActionKind::Deactivate);
    let closed: BTreeSet<&UserId> = closed.filter_map(|action| action.user.as_ref()).collect();
    let closes = |user: &Option<UserId>| user.as_ref().is_some_and(|user| closed.contains(user));
    let relinks = actions.iter().filter(|action| action.kind == ActionKind::Link);
    let relinks = relinks.filter(|action| {
        (action.replaces.is_some() && action.replaces == action.employee)
            || (action.situation == Situation::Leaver && closes(&action.user))
    });
    let relinked: BTreeSet<&UserId> = relinks.filter_map(|action| action.user.as_ref()).collect();
    // What is somebody else's is never removed, so it makes no room for removals either.
    let others =
        people.unordered().filter(|one| matches!(one.reason, Reason::HeldElsewhere | Reason::SomebodyElses));
    let others: BTreeSet<&str> = others.filter_map(|one| one.user).collect();
    let (mut linked_accounts, mut unlinked) = (0, 0);
    for (index, user) in inputs.users.iter().enumerate().filter(|(_, user)| user.is_live()) {
        let holder = pairs.holder_of(index);
        let ours = holder.is_some_and(|link| bonds.holds(link)) || relinked.contains(&user.id);
        linked_accounts += u64::from(ours);
        let theirs = || pairs.elsewhere.holder_of(index).is_some() || others.contains(user.id.as_str());
        unlinked += u64::from(!ours && holder.is_none() && !theirs());
    }
    let mut population = linked_accounts;
    if policy.unlinked_users == UnlinkedUsers::Deactivate {
        population += unlinked;
    }
    let withheld = people.unordered().filter(|verdict| {
        verdict.situation == Situation::SourceUnseen && verdict.reason == Reason::AbsenceUnproven
    });
    let last_people = inputs.last.map_or(0, |last| last.people);
    let doubtful = |(name, had): &(&String, &u64)| is_doubtful(name, **had, last_people);
    Figures {
        population,
        removals: count(ActionKind::Deactivate),
        weak_removals: if inputs.snapshot.is_weakly_proven() { absent(actions) } else { 0 },
        withheld_removals: if mode == Mode::Match { 0 } else { withheld.count() as u64 },
        handovers: handovers.len() as u64,
        creations: count(ActionKind::Create),
        taken,
        linked_accounts,
        email_changes: email_changes(actions),
        links: inputs.links.len() as u64,
        replaced: bonds.replaced,
        none_listed: bonds.current > 0 && bonds.listed == 0,
        target_changed: inputs
            .last
            .and_then(|last| last.target.as_deref())
            .is_some_and(|before| inputs.target_id != Some(before)),
        removed_in_window: inputs.removed_in_window,
        source_people: inputs.snapshot.people(),
        unidentified: inputs.snapshot.unidentified(),
        linked: !inputs.links.is_empty(),
        coverage_lost: lost.fields.iter().filter(doubtful).map(|(name, _)| name.clone()).collect(),
        visibility_lost: lost.visibility.clone(),
        credential_changed: lost.credential,
        organisation_changed: lost.organisation,
        strangers: lost.strangers,
        config_changed: inputs.last.is_some_and(|last| last.config != inputs.config),
        last_source_people: inputs.last.map(|last| last.people),
        hidden: lost.hidden.clone(),
    }
}

/// How many removals rest on the absence of somebody from the source.
fn absent(actions: &[Action]) -> u64 {
    let absent = actions.iter().filter(|action| {
        action.kind == ActionKind::Deactivate
            && matches!(
                action.reason,
                Reason::AbsentAndGone | Reason::AbsentUnasked | Reason::NoEmployeePolicy
            )
    });
    absent.count() as u64
}

/// Whether a lost field makes removals doubtful. Only few ever have an end date, and it goes with them: its
/// being gone from all, where one or two of many had one, says nothing about what can be seen.
fn is_doubtful(field: &str, had: u64, people: u64) -> bool {
    field != TargetField::EndDate.to_string() || had >= 3 || had.saturating_mul(2) >= people
}

/// How many accounts get another address to sign in with.
fn email_changes(actions: &[Action]) -> u64 {
    let changes = |action: &&Action| {
        let moves = |change: &super::plan::Change| {
            change.field == TargetField::Email && change.to.is_some() && change.from != change.to
        };
        action.kind == ActionKind::Update && action.side.is_target() && action.changes.iter().any(moves)
    };
    actions.iter().filter(changes).count() as u64
}

/// What the next run is compared with. A field that was lost keeps its old figure, and what the vendor said
/// of the credential stays expected, until it is visible again or a person approves a plan without it.
pub(super) fn baseline(inputs: &Inputs<'_>, lost: &Lost) -> Baseline {
    let mut baseline = seen(inputs, lost);
    baseline.filled.extend(lost.fields.iter().map(|(name, had)| (name.clone(), *had)));
    if let Some(last) = inputs.last {
        let (now, before) = (&mut baseline.fingerprint, &last.fingerprint);
        if lost.visibility.is_some() {
            now.role.clone_from(&before.role);
            now.scopes.clone_from(&before.scopes);
            now.statuses.clone_from(&before.statuses);
        }
    }
    baseline
}

/// The same once a person approved the plan.
pub(super) fn approved_baseline(inputs: &Inputs<'_>, lost: &Lost) -> Baseline {
    let mut baseline = seen(inputs, lost);
    if let Some(last) = inputs.last {
        let now = inputs.snapshot.fingerprint();
        baseline.accepted_silence.extend(unsaid(&last.fingerprint, now).map(str::to_owned));
    }
    baseline
}

/// Which target a plan was made for, to be remembered if it is carried out. A table that does not have the
/// accounts that were linked is not taken for the target of these links, even if a person approves the
/// plan: other connections must still know whose the accounts of the former one are. They know of those in
/// the new one too.
pub(super) fn target(
    inputs: &Inputs<'_>,
    bonds: &Bonds,
    figures: &Figures,
) -> (Option<String>, BTreeSet<String>) {
    let before = inputs.last.and_then(|last| last.target.as_deref());
    let mut also_in = inputs.last.map(|last| last.also_in.clone()).unwrap_or_default();
    let strange = figures.target_changed && bonds.known().saturating_mul(2) < figures.links;
    let now = if strange { before } else { inputs.target_id.or(before) };
    if strange {
        also_in.extend(inputs.target_id.map(str::to_owned));
    }
    (now.map(str::to_owned), also_in)
}

/// What is seen now. Which organisation and whose credential it was stays pinned when an answer says nothing.
fn seen(inputs: &Inputs<'_>, lost: &Lost) -> Baseline {
    let mut fingerprint = inputs.snapshot.fingerprint().clone();
    let mut accepted_silence = BTreeSet::new();
    if let Some(last) = inputs.last {
        let now = inputs.snapshot.fingerprint();
        let silent: Vec<&str> = unsaid(&last.fingerprint, now).collect();
        let still = |fact: &&String| silent.contains(&fact.as_str());
        accepted_silence = last.accepted_silence.iter().filter(still).cloned().collect();
        let before = &last.fingerprint;
        if fingerprint.places.is_empty() {
            fingerprint.places.clone_from(&before.places);
        }
        fingerprint.organisation = fingerprint.organisation.or_else(|| before.organisation.clone());
        fingerprint.credential = fingerprint.credential.or_else(|| before.credential.clone());
    }
    Baseline {
        fingerprint,
        people: inputs.snapshot.people(),
        filled: lost.filled.clone(),
        config: inputs.config.to_owned(),
        vendor: inputs.snapshot.vendor().to_owned(),
        target: None,
        also_in: BTreeSet::new(),
        accepted_silence,
        at: Some(inputs.now),
    }
}

impl Lost {
    /// Whether something is wrong with this run, so that nothing may be taken away by it.
    pub(super) fn is_wrong(&self, inputs: &Inputs<'_>) -> bool {
        self.organisation
            || self.strangers.is_some()
            || self.credential
            || self.visibility.is_some()
            || self.hidden.is_some()
            || !self.fields.is_empty()
            || inputs.snapshot.unidentified() > 0
            || inputs.last.is_some_and(|last| last.config != inputs.config)
    }
}
