//! Which accounts have a key of whom, and whose they are now.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::bonds::Bond;
use super::super::identity::{Identity, Opinion, is_placeholder};
use super::super::leaver::{self, Standing};
use super::super::pairs::holder;
use super::super::policy::{MatchKey, Rehire};
use super::{Candidate, Found, Search};
use crate::{Field, TargetField, User, canon};

/// Adds an account to those that may be a person's, unless it was found before.
fn offer(candidates: &mut HashMap<usize, Vec<Candidate>>, row: usize, user: usize, by: Found) {
    let candidates = candidates.entry(row).or_default();
    if candidates.iter().all(|candidate| candidate.user != user) {
        candidates.push(Candidate { user, by });
    }
}

impl Search<'_, '_, '_> {
    /// Accounts of people who are there, by every key that can be seen, whatever keys count for a match and
    /// whatever the links say; and whether somebody's keys cannot be seen.
    pub(super) fn bystanders(&self) -> (HashSet<usize>, bool) {
        let rows: Vec<usize> = self.pairs.rows().filter(|row| !self.has_left(*row)).collect();
        let keys = [TargetField::Email, TargetField::EmployeeNumber, TargetField::ExternalId];
        let hides = |field: &TargetField| {
            let value = |row: &usize| self.inputs.desired.value(*row, field);
            // What nobody is sent is no key of this source.
            let sent = rows.iter().any(|row| value(row).is_visible());
            rows.iter().any(|row| match value(row) {
                Field::NotPermitted => true,
                Field::NotProvided => sent,
                Field::Cleared | Field::Value(_) => false,
            })
        };
        let hidden = !self.inputs.snapshot.set_aside().is_empty() || keys.iter().any(hides);
        let mut found = HashSet::new();
        for field in keys {
            let wanted = |row: &usize| {
                let value = self.inputs.desired.value(*row, &field).value()?;
                Some(canon::canonical(&field, value).into_owned())
            };
            let mut wanted: HashSet<String> = rows.iter().filter_map(wanted).collect();
            if field == TargetField::ExternalId {
                wanted.extend(self.inputs.snapshot.set_aside().iter().map(ToString::to_string));
            }
            found.extend(self.inputs.users.iter().enumerate().filter_map(|(index, user)| {
                let value = user.value(&field).filter(|value| !is_placeholder(value))?;
                wanted.contains(canon::canonical(&field, value).as_ref()).then_some(index)
            }));
        }
        (found, hidden)
    }

    /// Who shares a key with another person, and which accounts have each person's keys.
    pub(super) fn look(
        &self,
        seekers: &BTreeSet<usize>,
    ) -> (HashMap<usize, MatchKey>, HashMap<usize, Vec<Candidate>>) {
        let mut contested: HashMap<usize, MatchKey> = HashMap::new();
        let mut candidates: HashMap<usize, Vec<Candidate>> = HashMap::new();
        for key in &self.policy.match_keys {
            let field = key.field();
            let mut wanted: HashMap<_, Vec<usize>> = HashMap::new();
            for row in seekers {
                if let Some(value) = self.identity.key(*row, &field) {
                    wanted.entry(value).or_default().push(*row);
                }
            }
            // Everybody who has not left counts against a key, linked or not.
            for row in self.pairs.rows().filter(|row| !seekers.contains(row)) {
                let Some(rows) = self.identity.key(row, &field).and_then(|value| wanted.get(&value)) else {
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
                let Some(value) = Identity::key_of(user, &field) else { continue };
                let Some(rows) = wanted.get(&value) else { continue };
                // A value passes on, unless a second fact says that the account may be the seeker's.
                let passes_on = self.is_on_its_way_out(index, user, &field, &value);
                let takes =
                    |row: &&usize| !passes_on || self.evidence(**row, user).suffices_against_another();
                for row in rows.iter().filter(takes) {
                    offer(&mut candidates, *row, index, Found::Key(*key));
                }
            }
        }
        self.namesakes(seekers, &mut candidates);
        self.hidden(seekers, &mut candidates);
        self.unmatched(seekers, &mut candidates);
        (contested, candidates)
    }

    /// Accounts that would be closed because their person is gone or has left, while somebody who seeks one has a
    /// key of theirs by which the policy does not match.
    fn unmatched(&self, seekers: &BTreeSet<usize>, candidates: &mut HashMap<usize, Vec<Candidate>>) {
        let every = MatchKey::ALL.iter().map(|(_, key)| key);
        for key in every.filter(|key| !self.policy.match_keys.contains(key)) {
            let field = key.field();
            let mut wanted: HashMap<_, Vec<usize>> = HashMap::new();
            for row in seekers {
                if let Some(value) = self.identity.key(*row, &field) {
                    wanted.entry(value).or_default().push(*row);
                }
            }
            for (index, user) in self.inputs.users.iter().enumerate().filter(|(_, user)| user.is_live()) {
                let rows = Identity::key_of(user, &field).and_then(|value| wanted.get(&value));
                let Some(rows) = rows.filter(|_| self.would_close(index)) else { continue };
                for row in rows.iter().filter(|row| !self.evidence(**row, user).speaks_against()) {
                    offer(candidates, *row, index, Found::Unmatched);
                }
            }
        }
    }

    /// Accounts that would be closed because their person has left, while somebody of the same name is new
    /// and has a key that the credential does not show: that key may decide.
    fn hidden(&self, seekers: &BTreeSet<usize>, candidates: &mut HashMap<usize, Vec<Candidate>>) {
        let hides = |row: &&usize| {
            let keys = [TargetField::Email, TargetField::EmployeeNumber];
            keys.iter().any(|key| matches!(self.inputs.desired.value(**row, key), Field::NotPermitted))
        };
        let hiding: Vec<usize> = seekers.iter().filter(hides).copied().collect();
        if hiding.is_empty() {
            return;
        }
        for (index, user) in self.inputs.users.iter().enumerate() {
            if !user.is_live() || !self.would_close(index) {
                continue;
            }
            for row in hiding.iter().filter(|row| self.evidence(**row, user).name == Opinion::Agrees) {
                offer(candidates, *row, index, Found::Name);
            }
        }
    }

    /// Whether the person whose account this is, by a link that is believed, is gone or has left.
    fn would_close(&self, user: usize) -> bool {
        let link = self.holder_of(user);
        let Some((link, record)) = link.and_then(|link| Some((link, self.inputs.links.get(link)?))) else {
            return false;
        };
        matches!(self.bonds.of_link(link), Bond::Holds(one) | Bond::Remade(one) if one == user)
            && match self.pairs.row(record.employee.as_str()) {
                Some(row) => self.has_left(row),
                None => leaver::absence_counts(self.inputs, self.policy),
            }
    }

    /// Accounts that would be closed because their person is gone while somebody of the same name is new: when
    /// every id, number and address was given anew, the name is all that is left.
    fn namesakes(&self, seekers: &BTreeSet<usize>, candidates: &mut HashMap<usize, Vec<Candidate>>) {
        if !leaver::absence_counts(self.inputs, self.policy) {
            return;
        }
        for (link, account) in &self.pairs.missing {
            let Some((account, user)) =
                account.and_then(|index| Some((index, self.inputs.users.get(index)?)))
            else {
                continue;
            };
            if !user.is_live() || !self.bonds.holds(*link) || !self.is_gone(*link) {
                continue;
            }
            for row in seekers.iter().filter(|row| self.evidence(**row, user).name == Opinion::Agrees) {
                offer(candidates, *row, account, Found::Name);
            }
        }
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
            && self.pairs.holder_of(index).is_some_and(|link| self.bonds.holds(link))
            && !self.identity.is_recycled(row, user)
            && match self.inputs.desired.value(row, field) {
                Field::Value(wanted) => !canon::same(field, wanted, value),
                Field::Cleared => *field == TargetField::EmployeeNumber && self.inputs.target.clears(field),
                Field::NotPermitted | Field::NotProvided => false,
            }
    }
}
