//! Whose accounts must not be closed because somebody who is there may be the one behind them.

use std::collections::{BTreeSet, HashMap};

use super::super::leaver::Standing;
use super::{Candidate, Found, Match, Matches, Search};

impl Search<'_, '_, '_> {
    /// Remembers whose accounts must not be closed because this person is, or may be, the same one.
    pub(super) fn spare(&self, row: usize, candidates: &[Candidate], matches: &mut Matches) {
        let found = matches.of_row(row);
        let is_open = matches!(
            found,
            Match::Open { .. } | Match::Ambiguous(_) | Match::Contested(_) | Match::Claimed { .. }
        );
        let employed = self.stands(row).is_some_and(Standing::is_employed);
        for Candidate { user, by } in candidates.iter().copied() {
            let link = self.holder_of(user);
            let Some((link, record)) = link.and_then(|link| Some((link, self.inputs.links.get(link)?)))
            else {
                continue;
            };
            let Some(account) = self.inputs.users.get(user) else { continue };
            // An equal number or address alone, with another name behind it, keeps nobody's account open.
            let facts = self.evidence(row, account);
            let may_be = match found {
                Match::Returned { user: one, .. } | Match::Claimed { user: one } if one == user => true,
                _ => is_open && (by == Found::Name || !facts.speaks_against()),
            };
            let gone = match self.pairs.row(record.employee.as_str()) {
                None => true,
                // Whoever returns later has left until then; a question is one today.
                Some(old) => (employed || is_open) && self.has_left(old),
            };
            if may_be && gone {
                matches.superseded.insert(link);
            }
        }
    }

    /// Whoever is in the source, has not left and seeks no account, because the last day is still to come or
    /// nobody knows the status, may be the one behind the account of a record that ended.
    pub(super) fn spare_the_present(&self, seekers: &BTreeSet<usize>, matches: &mut Matches) {
        let present = |row: &usize| {
            // Of two records of one id nobody knows which is the linked one.
            (self.pairs.link_of(*row).is_none() || self.pairs.contested.contains(row))
                && !seekers.contains(row)
                && !self.has_left(*row)
                && self.inputs.snapshot.employees().get(*row).is_some_and(|person| !person.is_sample())
        };
        let present: BTreeSet<usize> = self.pairs.rows().filter(present).collect();
        if present.is_empty() {
            return;
        }
        let mut found = self.look(&present).1;
        for row in present {
            let candidates = found.remove(&row).unwrap_or_default();
            for Candidate { user, .. } in candidates.into_iter().chain(self.decided(row)) {
                let Some(account) = self.inputs.users.get(user) else { continue };
                if self.pairs.elsewhere.holder_of(user).is_some_and(|held| !held.closed)
                    && self.evidence(row, account).suffices_against_another()
                {
                    matches.waiting.push((row, user));
                }
                let record = self.holder_of(user).and_then(|link| Some((link, self.inputs.links.get(link)?)));
                let Some((link, record)) = record else { continue };
                let old = self.pairs.row(record.employee.as_str());
                let over = old.is_none_or(|old| self.has_left(old));
                if over && !self.evidence(row, account).speaks_against() {
                    matches.superseded.insert(link);
                }
            }
        }
    }

    /// Accounts that may be those of people who have an open question, by what the facts say.
    pub(super) fn doubted(&self, matches: &Matches) -> HashMap<usize, Vec<usize>> {
        let mut doubted: HashMap<usize, Vec<usize>> = HashMap::new();
        for (row, found) in &matches.by_row {
            let (Match::Open { users, .. } | Match::Ambiguous(users)) = found else { continue };
            for user in users {
                let account = self.inputs.users.get(*user);
                if account.is_some_and(|account| !self.evidence(*row, account).speaks_against()) {
                    doubted.entry(*user).or_default().push(*row);
                }
            }
        }
        doubted
    }
}
