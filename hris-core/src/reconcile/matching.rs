//! Correlation: which account is this person, for people without a link. Never a guess.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::inputs::Inputs;
use super::leaver::{Standing, standing};
use super::pairs::{Pairs, holder};
use super::policy::{MatchKey, Policy};
use crate::{Date, Field, TargetField, canon};

/// What was found for each person without a link who may have an account.
#[derive(Debug, Default)]
pub(super) struct Matches {
    by_row: HashMap<usize, Match>,
    /// Accounts that some person without a link may be: nothing is done to them as unlinked ones.
    pub(super) claimed: HashSet<usize>,
    /// Links whose account goes over to another record of the same person.
    pub(super) superseded: HashSet<usize>,
    /// Links of missing people of whom another record may have appeared.
    pub(super) rekeyed: HashSet<usize>,
}

/// What was found for one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Several accounts match.
    Ambiguous,
    /// Another person in the source has the same key, or claims the same account.
    Contested(MatchKey),
    /// Nothing matches.
    None,
    /// Exactly one account matches, by this key.
    One { user: usize, key: MatchKey },
    /// The account of an ended record of the same person, and that record's link.
    Returned { user: usize, link: usize },
    /// The account of a missing record with the same number.
    Rekeyed { user: usize },
    /// The account belongs to another person.
    Taken { user: usize },
}

impl Matches {
    pub(super) fn of_row(&self, row: usize) -> Match {
        self.by_row.get(&row).copied().unwrap_or(Match::None)
    }
}

impl MatchKey {
    pub(super) fn field(self) -> TargetField {
        match self {
            Self::Email => TargetField::Email,
            Self::EmployeeNumber => TargetField::EmployeeNumber,
            Self::ExternalId => TargetField::ExternalId,
        }
    }
}

pub(super) fn correlate(inputs: &Inputs<'_>, policy: &Policy, today: Date, pairs: &Pairs<'_>) -> Matches {
    let employees = inputs.snapshot.employees();
    let stands = |row: usize| employees.get(row).map(|person| standing(person, policy, today));
    let seeks = |row: &usize| {
        pairs.link_of(*row).is_none()
            && !pairs.contested.contains(row)
            && employees.get(*row).is_some_and(|person| !person.is_sample())
            && matches!(stands(*row), Some(Standing::Employed { .. } | Standing::PreHire))
    };
    let seekers: BTreeSet<usize> = pairs.rows().filter(seeks).collect();
    let mut matches = Matches::default();
    if seekers.is_empty() {
        return matches;
    }

    let mut contested: HashMap<usize, MatchKey> = HashMap::new();
    let mut candidates: HashMap<usize, Vec<(usize, MatchKey)>> = HashMap::new();
    for key in &policy.match_keys {
        let field = key.field();
        let mut wanted: HashMap<Cow<'_, str>, Vec<usize>> = HashMap::new();
        for row in &seekers {
            if let Field::Value(value) = inputs.desired.value(*row, &field) {
                wanted.entry(canon::canonical(&field, value)).or_default().push(*row);
            }
        }
        // Everybody who has not left counts against a key, linked or not.
        for row in pairs.rows().filter(|row| !seekers.contains(row)) {
            let Field::Value(value) = inputs.desired.value(row, &field) else { continue };
            let Some(rows) = wanted.get(&canon::canonical(&field, value)) else { continue };
            if !matches!(stands(row), Some(Standing::Left(_))) {
                contested.extend(rows.iter().map(|row| (*row, *key)));
            }
        }
        for rows in wanted.values().filter(|rows| rows.len() > 1) {
            contested.extend(rows.iter().map(|row| (*row, *key)));
        }
        for (index, user) in inputs.users.iter().enumerate() {
            let Some(value) = user.value(&field) else { continue };
            for row in wanted.get(&canon::canonical(&field, value)).into_iter().flatten() {
                candidates.entry(*row).or_default().push((index, *key));
            }
        }
    }

    let mut claims: HashMap<usize, Vec<usize>> = HashMap::new();
    for row in seekers {
        let candidates = candidates.remove(&row).unwrap_or_default();
        matches.claimed.extend(candidates.iter().map(|(user, _)| *user));
        let found = match contested.get(&row) {
            Some(key) => Match::Contested(*key),
            None => decide(inputs, policy, today, pairs, row, &candidates),
        };
        match found {
            Match::One { user, .. } | Match::Returned { user, .. } => {
                claims.entry(user).or_default().push(row)
            }
            _ => {}
        }
        matches.by_row.insert(row, found);
    }
    for rows in claims.into_values().filter(|rows| rows.len() > 1) {
        let key = policy.match_keys.first().copied().unwrap_or(MatchKey::ExternalId);
        matches.by_row.extend(rows.into_iter().map(|row| (row, Match::Contested(key))));
    }
    for found in matches.by_row.values() {
        match found {
            Match::Returned { link, .. } => {
                matches.superseded.insert(*link);
            }
            Match::Rekeyed { user } => {
                matches.rekeyed.extend(pairs.holder_of(*user));
            }
            _ => {}
        }
    }
    matches
}

/// Looks at all keys at once: keys that point at two accounts are no match, whichever comes first.
fn decide(
    inputs: &Inputs<'_>,
    policy: &Policy,
    today: Date,
    pairs: &Pairs<'_>,
    row: usize,
    candidates: &[(usize, MatchKey)],
) -> Match {
    let mut found: Vec<Match> = Vec::new();
    let users: BTreeSet<usize> = candidates.iter().map(|(user, _)| *user).collect();
    for user in users {
        // The keys come in the policy's order, so the first is the one that counts.
        let Some((_, key)) = candidates.iter().find(|(candidate, _)| *candidate == user) else { continue };
        let only_email =
            candidates.iter().all(|(candidate, key)| *candidate != user || *key == MatchKey::Email);
        let verdict = match holder(inputs, pairs, user) {
            None => Match::One { user, key: *key },
            Some(_) if pairs.shared.contains(&user) => Match::Taken { user },
            Some((_, old)) => {
                let same = is_same_person(inputs, row, user);
                let ended = old
                    .and_then(|old| inputs.snapshot.employees().get(old))
                    .map(|person| matches!(standing(person, policy, today), Standing::Left(_)));
                match (ended, pairs.holder_of(user)) {
                    (Some(true), Some(link)) if same => Match::Returned { user, link },
                    (None, _) if same => Match::Rekeyed { user },
                    // An address alone may pass from one person to another: the new person gets an
                    // account of their own once it is free.
                    _ if only_email => continue,
                    _ => Match::Taken { user },
                }
            }
        };
        found.push(verdict);
    }
    match found.as_slice() {
        [] => Match::None,
        [one] => *one,
        _ => Match::Ambiguous,
    }
}

/// Whether a person without a link is the one behind a linked account: the same number, or where a
/// side has none, the same e-mail and the same name.
fn is_same_person(inputs: &Inputs<'_>, row: usize, user: usize) -> bool {
    let Some(user) = inputs.users.get(user) else { return false };
    let same = |field: &TargetField| match (inputs.desired.value(row, field), user.value(field)) {
        (Field::Value(wanted), Some(current)) => Some(canon::same(field, wanted, current)),
        _ => None,
    };
    match same(&TargetField::EmployeeNumber) {
        Some(same) => same,
        None => [TargetField::Email, TargetField::GivenName, TargetField::FamilyName]
            .iter()
            .all(|field| same(field) == Some(true)),
    }
}
