//! Correlation: which account is this person, for people without a link. Never a guess.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::diff;
use super::inputs::Inputs;
use super::leaver::{Standing, standing};
use super::pairs::{Pairs, holder};
use super::policy::{MatchKey, Policy, Rehire, UnlinkedUsers};
use crate::{Date, Field, TargetField, User, canon};

/// What was found for each person without a link who may have an account.
#[derive(Debug, Default)]
pub(super) struct Matches {
    by_row: HashMap<usize, Match>,
    /// Accounts that were found to be somebody's.
    pub(super) found: HashSet<usize>,
    /// Accounts that some person without a link may be: nothing is done to them as unlinked ones.
    pub(super) claimed: HashSet<usize>,
    /// Links of ended records whose account another, employed record of the same person claims.
    pub(super) superseded: HashSet<usize>,
    /// Links of missing people of whom another record may have appeared.
    pub(super) rekeyed: HashSet<usize>,
}

/// What was found for one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Several accounts match.
    Ambiguous,
    /// Another person claims the same account by another key.
    Claimed { user: usize },
    /// Another person in the source has the same key.
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
    let search = Search { inputs, policy, today, pairs, ids: OnceCell::new() };
    let seeks = |row: &usize| {
        pairs.link_of(*row).is_none()
            && !pairs.contested.contains(row)
            && inputs.snapshot.employees().get(*row).is_some_and(|person| !person.is_sample())
            && matches!(search.stands(*row), Some(Standing::Employed { .. } | Standing::PreHire))
    };
    let seekers: BTreeSet<usize> = pairs.rows().filter(seeks).collect();
    let mut matches = Matches::default();
    if policy.unlinked_users == UnlinkedUsers::Deactivate {
        matches.claimed = search.bystanders();
    }
    if seekers.is_empty() {
        return matches;
    }

    let (contested, mut candidates) = search.look(&seekers);
    let mut claims: HashMap<usize, Vec<usize>> = HashMap::new();
    for row in seekers {
        let candidates = candidates.remove(&row).unwrap_or_default();
        matches.claimed.extend(candidates.iter().map(|(user, _)| *user));
        search.spare(row, &candidates, &mut matches);
        let found = match contested.get(&row) {
            Some(key) => Match::Contested(*key),
            None => search.decide(row, &candidates),
        };
        if let Match::One { user, .. } | Match::Returned { user, .. } = found {
            claims.entry(user).or_default().push(row);
        }
        matches.by_row.insert(row, found);
    }
    for (user, rows) in claims {
        if rows.len() > 1 {
            matches.by_row.extend(rows.into_iter().map(|row| (row, Match::Claimed { user })));
        } else {
            matches.found.insert(user);
        }
    }
    matches
}

/// A row's accounts, each with the key by which it was found, in the policy's order.
type Candidates = HashMap<usize, Vec<(usize, MatchKey)>>;

struct Search<'s, 'i> {
    inputs: &'s Inputs<'i>,
    policy: &'s Policy,
    today: Date,
    pairs: &'s Pairs<'i>,
    /// The rows by the external id that they should have, once somebody asks.
    ids: OnceCell<HashMap<Cow<'s, str>, usize>>,
}

impl<'s> Search<'s, '_> {
    fn stands(&self, row: usize) -> Option<Standing> {
        let person = self.inputs.snapshot.employees().get(row)?;
        Some(standing(person, self.policy, self.today))
    }

    /// Of two records of one id nobody knows which is right, so such a person has not left.
    fn has_left(&self, row: usize) -> bool {
        !self.pairs.contested.contains(&row) && matches!(self.stands(row), Some(Standing::Left(_)))
    }

    fn wanted(&self, row: usize, field: &TargetField) -> Option<Cow<'s, str>> {
        self.inputs.desired.value(row, field).value().map(|value| canon::canonical(field, value))
    }

    /// Accounts of people who are there without a link, whatever keys count for a match: a status
    /// that nobody knows, a last working day to come, a record that cannot be read or told from
    /// another.
    fn bystanders(&self) -> HashSet<usize> {
        let is_bystander = |row: &usize| {
            let unlinked = self.pairs.contested.contains(row) || self.pairs.link_of(*row).is_none();
            unlinked && !self.has_left(*row)
        };
        let rows: Vec<usize> = self.pairs.rows().filter(is_bystander).collect();
        let mut found = HashSet::new();
        for field in self.policy.match_keys.iter().map(|key| key.field()).chain([TargetField::ExternalId]) {
            let mut wanted: HashSet<Cow<'_, str>> =
                rows.iter().filter_map(|row| self.wanted(*row, &field)).collect();
            if field == TargetField::ExternalId {
                let ids = self.inputs.snapshot.set_aside().iter();
                wanted.extend(ids.map(|id| canon::canonical(&field, id.as_str())));
            }
            let users = self.inputs.users.iter().enumerate();
            found.extend(users.filter_map(|(index, user)| {
                let value = canon::canonical(&field, user.value(&field)?);
                wanted.contains(&value).then_some(index)
            }));
        }
        found
    }

    /// Who shares a key with another person, and which accounts have each person's keys.
    fn look(&self, seekers: &BTreeSet<usize>) -> (HashMap<usize, MatchKey>, Candidates) {
        let mut contested: HashMap<usize, MatchKey> = HashMap::new();
        let mut candidates = Candidates::new();
        for key in &self.policy.match_keys {
            let field = key.field();
            let mut wanted: HashMap<Cow<'_, str>, Vec<usize>> = HashMap::new();
            for row in seekers {
                if let Some(value) = self.wanted(*row, &field) {
                    wanted.entry(value).or_default().push(*row);
                }
            }
            // Everybody who has not left counts against a key, linked or not.
            for row in self.pairs.rows().filter(|row| !seekers.contains(row)) {
                let Some(rows) = self.wanted(row, &field).and_then(|value| wanted.get(&value)) else {
                    continue;
                };
                if !self.has_left(row) {
                    contested.extend(rows.iter().map(|row| (*row, *key)));
                }
            }
            for rows in wanted.values().filter(|rows| rows.len() > 1) {
                contested.extend(rows.iter().map(|row| (*row, *key)));
            }
            for (index, user) in self.inputs.users.iter().enumerate() {
                let Some(value) = user.value(&field) else { continue };
                let Some(rows) = wanted.get(&canon::canonical(&field, value)) else { continue };
                if self.is_on_its_way_out(index, user, &field, value) {
                    continue;
                }
                for row in rows {
                    candidates.entry(*row).or_default().push((index, *key));
                }
            }
        }
        (contested, candidates)
    }

    /// Whether an account in use, or about to be opened again, is about to get another value from
    /// the person it is linked to.
    fn is_on_its_way_out(&self, index: usize, user: &User, field: &TargetField, value: &str) -> bool {
        let Some((link, Some(row))) = holder(self.inputs, self.pairs, index) else { return false };
        let opens = link.deactivated_by_us
            && self.policy.rehire == Rehire::Reactivate
            && self.inputs.target.reactivates
            && self.stands(row).is_some_and(Standing::is_employed);
        (user.is_live() || opens)
            && !self.has_left(row)
            && !self.pairs.shared.contains(&index)
            && !self.pairs.contested.contains(&row)
            && !diff::is_recycled(self.inputs, row, user)
            && match self.inputs.desired.value(row, field) {
                Field::Value(wanted) => !canon::same(field, wanted, value),
                Field::Cleared => {
                    *field == TargetField::EmployeeNumber && !self.inputs.target.unclearable.contains(field)
                }
                Field::NotPermitted | Field::NotProvided => false,
            }
    }

    /// Remembers whose accounts must not be closed because this person may be the same one,
    /// whatever comes of the match.
    fn spare(&self, row: usize, candidates: &[(usize, MatchKey)], matches: &mut Matches) {
        let employed = self.stands(row).is_some_and(Standing::is_employed);
        for (user, _) in candidates {
            let Some(link) = self.pairs.holder_of(*user) else { continue };
            if !is_same_person(self.inputs, row, *user) {
                continue;
            }
            match holder(self.inputs, self.pairs, *user) {
                Some((_, None)) => {
                    matches.rekeyed.insert(link);
                }
                // Whoever returns later has left until then.
                Some((_, Some(old))) if employed && self.has_left(old) => {
                    matches.superseded.insert(link);
                }
                _ => {}
            }
        }
    }

    /// Looks at all keys at once: keys that point at two accounts are no match, whichever comes
    /// first.
    fn decide(&self, row: usize, candidates: &[(usize, MatchKey)]) -> Match {
        let mut found: Vec<Match> = Vec::new();
        let users: BTreeSet<usize> = candidates.iter().map(|(user, _)| *user).collect();
        for user in users {
            // The keys come in the policy's order, so the first is the one that counts.
            let Some((_, key)) = candidates.iter().find(|(candidate, _)| *candidate == user) else {
                continue;
            };
            let only_email =
                candidates.iter().all(|(candidate, key)| *candidate != user || *key == MatchKey::Email);
            let verdict = match holder(self.inputs, self.pairs, user) {
                // An address may have passed on; the external id says whose account it is.
                None if only_email && self.names_another(row, user) => continue,
                None => Match::One { user, key: *key },
                Some(_) if self.pairs.shared.contains(&user) => Match::Taken { user },
                Some((_, old)) => {
                    let same = is_same_person(self.inputs, row, user);
                    match (old.map(|old| self.has_left(old)), self.pairs.holder_of(user)) {
                        (Some(true), Some(link)) if same => Match::Returned { user, link },
                        (None, _) if same => Match::Rekeyed { user },
                        // An address alone may pass from one person to another: the new person gets
                        // an account of their own once it is free.
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

    /// Whether the external id of an account is that of another person in the source.
    fn names_another(&self, row: usize, user: usize) -> bool {
        let field = TargetField::ExternalId;
        let Some(id) = self.inputs.users.get(user).and_then(|user| user.value(&field)) else { return false };
        let ids = self.ids.get_or_init(|| {
            self.pairs.rows().filter_map(|row| Some((self.wanted(row, &field)?, row))).collect()
        });
        let id = canon::canonical(&field, id);
        ids.get(&id).is_some_and(|other| *other != row)
            || self.inputs.snapshot.set_aside().iter().any(|other| other.as_str() == id)
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
