//! Which accounts have a key of whom, and whose they are now.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::bonds::Bond;
use super::super::evidence::Opinion;
use super::super::identity::{self, is_placeholder};
use super::super::index::{Marks, Sought};
use super::super::keys::{Having, KEYS};
use super::super::leaver::{self, Standing};
use super::super::pairs::holder;
use super::super::policy::{MatchKey, Rehire};
use super::{Candidate, Found, Rows, Search};
use crate::{Field, TargetField, User, canon};

/// The accounts that may be each seeker's.
struct Candidates<'s> {
    seekers: &'s Rows,
    of_seeker: Vec<Vec<Candidate>>,
}

impl Candidates<'_> {
    /// Adds an account to those that may be a person's, unless it was found before.
    fn offer(&mut self, row: usize, user: usize, by: Found) {
        let place = self.seekers.place(row);
        let Some(candidates) = place.and_then(|place| self.of_seeker.get_mut(place)) else { return };
        if candidates.iter().all(|candidate| candidate.user != user) {
            candidates.push(Candidate { user, by });
        }
    }
}

impl Search<'_, '_, '_> {
    /// Accounts of people who are there, by every key that can be seen, whatever keys count for a match and
    /// whatever the links say; and whether somebody's keys cannot be seen.
    pub(super) fn bystanders(&self) -> (Marks, bool) {
        let rows: Vec<usize> = self.pairs.rows().filter(|row| !self.has_left(*row)).collect();
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
        let hidden = !self.inputs.snapshot.set_aside().is_empty() || KEYS.iter().any(hides);
        let mut found = Marks::none_of(self.inputs.users.len());
        for field in KEYS {
            let mut sought = Sought::with_capacity(rows.len());
            let values = rows.iter().filter_map(|row| self.inputs.desired.value(*row, &field).value());
            values.for_each(|value| {
                sought.seek(canon::canonical(&field, value), ());
            });
            if field == TargetField::ExternalId {
                for id in self.inputs.snapshot.set_aside() {
                    sought.seek(Cow::Borrowed(id.as_str()), ());
                }
            }
            for (index, user) in self.inputs.users.iter().enumerate() {
                let value = user.value(&field).filter(|value| !is_placeholder(value));
                if value.is_some_and(|value| sought.get(&canon::canonical(&field, value)).is_some()) {
                    found.insert(index);
                }
            }
        }
        (found, hidden)
    }

    /// Calls `tell` for each value of a key that some of these people have: with those of them who have it, and with
    /// all who do.
    fn each_sought<'s>(
        &'s self,
        seekers: &Rows,
        field: &TargetField,
        mut tell: impl FnMut(&[usize], &'s Having),
    ) {
        let mut rows = Vec::new();
        for (_, having) in self.identity.asked(field).into_iter().flat_map(Sought::iter) {
            let seeks = |row: &usize| seekers.contains(*row) && self.identity.is_key(*row, field, having);
            rows.clear();
            rows.extend(having.rows().filter(seeks));
            if !rows.is_empty() {
                tell(&rows, having);
            }
        }
    }

    /// The accounts that have a value which identifies their person.
    fn accounts<'s>(
        &'s self,
        having: &'s Having,
        field: &'s TargetField,
    ) -> impl Iterator<Item = (usize, &'s User, &'s str)> {
        having.accounts().filter_map(move |index| {
            let user = self.inputs.users.get(index)?;
            let value = user.value(field).filter(|value| !is_placeholder(value))?;
            Some((index, user, value))
        })
    }

    /// Who shares a key with another person, and which accounts have each person's keys.
    pub(super) fn look(&self, seekers: &Rows) -> (HashMap<usize, MatchKey>, Vec<Vec<Candidate>>) {
        let mut contested: HashMap<usize, MatchKey> = HashMap::new();
        let mut candidates = Candidates { seekers, of_seeker: vec![Vec::new(); seekers.rows.len()] };
        for key in &self.policy.match_keys {
            let field = key.field();
            self.each_sought(seekers, &field, |rows, having| {
                // Everybody who has not left counts against a key, linked or not.
                let counts = |row: usize| {
                    !seekers.contains(row)
                        && !self.pairs.is_repeated(row)
                        && !self.has_left(row)
                        && self.identity.is_key(row, &field, having)
                };
                if rows.len() > 1 || having.rows().any(counts) {
                    contested.extend(rows.iter().map(|row| (*row, *key)));
                }
                for (index, user, value) in self.accounts(having, &field) {
                    // A value passes on, unless a second fact says that the account may be the seeker's.
                    let passes_on = self.is_on_its_way_out(index, user, &field, value);
                    let takes =
                        |row: &&usize| !passes_on || self.evidence(**row, user).suffices_against_another();
                    for row in rows.iter().filter(takes) {
                        candidates.offer(*row, index, Found::Key(*key));
                    }
                }
            });
        }
        self.namesakes(seekers, &mut candidates);
        self.hidden(seekers, &mut candidates);
        self.unmatched(seekers, &mut candidates);
        (contested, candidates.of_seeker)
    }

    /// Accounts that would be closed because their person is gone or has left, while somebody who seeks one has a
    /// key of theirs by which the policy does not match.
    fn unmatched(&self, seekers: &Rows, candidates: &mut Candidates<'_>) {
        let every = MatchKey::ALL.iter().map(|(_, key)| key);
        for key in every.filter(|key| !self.policy.match_keys.contains(key)) {
            let field = key.field();
            self.each_sought(seekers, &field, |rows, having| {
                for (index, user, _) in self.accounts(having, &field) {
                    if !user.is_live() || !self.would_close(index) {
                        continue;
                    }
                    for row in rows.iter().filter(|row| !self.evidence(**row, user).speaks_against()) {
                        candidates.offer(*row, index, Found::Unmatched);
                    }
                }
            });
        }
    }

    /// Accounts that would be closed because their person has left, while somebody of the same name is new
    /// and has a key that the credential does not show: that key may decide.
    fn hidden(&self, seekers: &Rows, candidates: &mut Candidates<'_>) {
        let hides = |row: &usize| {
            let keys = [TargetField::Email, TargetField::EmployeeNumber];
            keys.iter().any(|key| matches!(self.inputs.desired.value(*row, key), Field::NotPermitted))
        };
        let hiding = self.called(seekers.iter().filter(hides));
        if hiding.is_empty() {
            return;
        }
        for (index, user) in self.inputs.users.iter().enumerate() {
            if self.unchanged.account(index) || !user.is_live() || !self.would_close(index) {
                continue;
            }
            self.offer_namesakes(&hiding, (index, user), candidates);
        }
    }

    /// People by their names.
    fn called(&self, rows: impl Iterator<Item = usize>) -> HashMap<[String; 2], Vec<usize>> {
        let mut called: HashMap<[String; 2], Vec<usize>> = HashMap::new();
        for row in rows {
            let name = identity::names(|field| self.inputs.desired.value(row, field).value());
            if let Some(name) = name {
                called.entry(name).or_default().push(row);
            }
        }
        called
    }

    fn offer_namesakes(
        &self,
        called: &HashMap<[String; 2], Vec<usize>>,
        (index, user): (usize, &User),
        candidates: &mut Candidates<'_>,
    ) {
        let rows = identity::names(|field| user.value(field)).and_then(|name| called.get(&name));
        for row in rows.into_iter().flatten() {
            if self.evidence(*row, user).name == Opinion::Agrees {
                candidates.offer(*row, index, Found::Name);
            }
        }
    }

    /// Whether the person whose account this is, by a link that is believed, is gone or has left.
    fn would_close(&self, user: usize) -> bool {
        let Some(link) = self.holder_of(user) else { return false };
        matches!(self.bonds.of_link(link), Bond::Holds(one) | Bond::Remade(one) if one == user)
            && match self.pairs.row_of(link) {
                Some(row) => self.has_left(row),
                None => leaver::absence_counts(self.inputs, self.policy),
            }
    }

    /// Accounts that would be closed because their person is gone while somebody of the same name is new: when
    /// every id, number and address was given anew, the name is all that is left.
    fn namesakes(&self, seekers: &Rows, candidates: &mut Candidates<'_>) {
        if !leaver::absence_counts(self.inputs, self.policy) || self.pairs.missing.is_empty() {
            return;
        }
        let called = self.called(seekers.iter());
        for (link, account) in &self.pairs.missing {
            let Some((account, user)) =
                account.and_then(|index| Some((index, self.inputs.users.get(index)?)))
            else {
                continue;
            };
            if !user.is_live() || !self.bonds.holds(*link) || !self.is_gone(*link) {
                continue;
            }
            self.offer_namesakes(&called, (account, user), candidates);
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
