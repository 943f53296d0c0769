//! Whose accounts must not be closed because somebody who is there may be the one behind them.

use std::collections::HashSet;

use super::super::bonds::Bond;
use super::super::leaver::Standing;
use super::super::policy::Rehire;
use super::{Candidate, Found, Match, Matches, Rows, Search};
use crate::User;

impl Search<'_, '_, '_> {
    /// Remembers whose accounts must not be closed because this person is, or may be, the same one.
    pub(super) fn spare(&self, place: usize, candidates: &[Candidate], matches: &mut Matches) {
        let (Some(row), Some(found)) = (matches.seekers.rows.get(place), matches.of_seeker.get(place)) else {
            return;
        };
        let row = *row;
        let is_open = matches!(
            found,
            Match::Open { .. } | Match::Ambiguous(_) | Match::Contested(_) | Match::Claimed { .. }
        );
        let employed = self.stands(row).is_some_and(Standing::is_employed);
        for Candidate { user, by } in candidates.iter().copied() {
            let Some(link) = self.holder_of(user) else { continue };
            let Some(account) = self.inputs.users.get(user) else { continue };
            // An equal number or address alone, with another name behind it, keeps nobody's account open.
            let facts = self.evidence(row, account);
            let may_be = match found {
                Match::Returned { user: one, .. } | Match::Claimed { user: one } if *one == user => true,
                _ => is_open && (by == Found::Name || !facts.speaks_against()),
            };
            let gone = match self.pairs.row_of(link) {
                None => true,
                // A person who returns later has left until then. A question counts only today.
                Some(old) => (employed || is_open) && self.has_left(old),
            };
            if may_be && gone {
                matches.superseded.insert(link);
            }
        }
    }

    /// A person who is in the source, has not left and seeks no account may own the account of a record
    /// that ended: the last day is still to come, nobody knows the status, or the account of their own is
    /// lost or closed.
    pub(super) fn spare_the_present(&self, seekers: &Rows, matches: &mut Matches) {
        let present = |row: &usize| {
            // Of two records of one id nobody knows which is the linked one.
            (!self.has_account(*row) || self.pairs.contested.contains(row))
                && !seekers.contains(*row)
                && !self.has_left(*row)
                && self.inputs.snapshot.employees().get(*row).is_some_and(|person| !person.is_sample())
        };
        let changed = self.pairs.rows().filter(|row| !self.unchanged.row(*row));
        let present = Rows::of(self.inputs, changed.filter(present));
        if present.is_empty() {
            return;
        }
        let found = self.look(&present).1;
        for (row, candidates) in present.iter().zip(found) {
            let is_linked = self.pairs.link_of(row).is_some() && !self.pairs.contested.contains(&row);
            for Candidate { user, .. } in candidates.into_iter().chain(self.decided(row)) {
                let Some(account) = self.inputs.users.get(user) else { continue };
                if !is_linked
                    && self.pairs.elsewhere.holder_of(user).is_some_and(|held| !held.is_over(account))
                    && self.evidence(row, account).suffices_against_another()
                {
                    matches.waiting.push((row, user));
                }
                let Some(link) = self.holder_of(user) else { continue };
                let over = self.pairs.row_of(link).is_none_or(|old| self.has_left(old));
                if over
                    && !self.evidence(row, account).speaks_against()
                    && !self.is_denied(row, user, account)
                {
                    matches.superseded.insert(link);
                    if is_linked && account.is_live() {
                        matches.spared.push((row, user));
                    }
                }
            }
        }
    }

    /// Whether a person decided that an account is not this one's, or that it is somebody else's.
    fn is_denied(&self, row: usize, user: usize, account: &User) -> bool {
        let Some(person) = self.inputs.snapshot.employees().get(row) else { return false };
        self.identity.judged(Some(row), person.id(), account) == Some(false)
            || self.identity.decided_owner(user).is_some_and(|owner| owner != person.id().as_str())
    }

    /// Whether a person surely has an account that is in use, or is opened again in this run.
    fn has_account(&self, row: usize) -> bool {
        let Some((link, _)) = self.pairs.link_of(row) else { return false };
        let (Bond::Holds(user) | Bond::Remade(user)) = self.bonds.of_link(link) else { return false };
        let opens = self.inputs.links.get(link).is_some_and(|link| link.deactivated_by_us)
            && self.policy.rehire == Rehire::Reactivate
            && self.inputs.target.reactivates
            && self.stands(row).is_some_and(Standing::is_employed);
        !self.pairs.shared.contains(&user)
            && (opens || self.inputs.users.get(user).is_some_and(User::is_live))
    }

    /// Accounts that may be those of people who have an open question, by what the facts say.
    pub(super) fn doubted(&self, matches: &Matches) -> HashSet<usize> {
        let mut doubted = HashSet::new();
        for (row, found) in matches.seekers.iter().zip(&matches.of_seeker) {
            let (Match::Open { users, .. } | Match::Ambiguous(users)) = found else { continue };
            doubted.extend(users.iter().copied().filter(|user| {
                let account = self.inputs.users.get(*user);
                account.is_some_and(|account| !self.evidence(row, account).speaks_against())
            }));
        }
        doubted
    }
}
