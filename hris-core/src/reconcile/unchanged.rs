//! Pairs of which there is nothing to say: on most days nearly everybody.
//!
//! One pass finds the unchanged pairs, and no later step looks at them again. It is a short cut and no rule: the rules
//! decide about every pair that it leaves out, and would decide the same about those that it does not.

use std::collections::HashSet;

use super::assignment::{self, Given};
use super::coverage::Lost;
use super::index::Marks;
use super::inputs::Inputs;
use super::leaver::{Standing, standing};
use super::manager::{Manager, Managers};
use super::pairs::Pairs;
use super::policy::Policy;
use crate::{Date, Employee, Link, TargetField, User, UserStatus};

/// Which people and accounts are unchanged.
#[derive(Debug, Default)]
pub(super) struct Unchanged {
    rows: Marks,
    accounts: Marks,
    /// The row and the account of each.
    pairs: Vec<(u32, u32)>,
}

impl Unchanged {
    /// Nobody is, as where both sides are edited: there the two sides are held against what they were.
    pub(super) fn nobody() -> Self {
        Self::default()
    }

    pub(super) fn of(
        inputs: &Inputs<'_>,
        (policy, today): (&Policy, Date),
        lost: &Lost,
        pairs: &Pairs<'_>,
        managers: &Managers,
    ) -> Self {
        /// So many pairs are looked at side by side, so that memory is waited for once and not for each of them.
        const UNDER_WAY: usize = 32;
        let mut unchanged = Self {
            rows: Marks::none_of(inputs.snapshot.employees().len()),
            accounts: Marks::none_of(inputs.users.len()),
            pairs: Vec::with_capacity(inputs.links.len()),
        };
        let compare = Compare::new(inputs, (policy, today), lost, managers);
        let mut pairs_of_rows = inputs.snapshot.employees().iter().enumerate().filter_map(|(row, person)| {
            let (link, account) = pairs.link_of(row)?;
            Some(Pair { row, person, link, account: account? })
        });
        let mut batch: Vec<(Pair<'_>, &Link, &User)> = Vec::with_capacity(UNDER_WAY);
        loop {
            let is_clear = |pair: &Pair<'_>| {
                pairs.holder_of(pair.account) == Some(pair.link)
                    && (pairs.shared.is_empty() || !pairs.shared.contains(&pair.account))
                    && !(pairs.has_repeated()
                        && (pairs.contested.contains(&pair.row) || pairs.is_repeated(pair.row)))
            };
            let mut asked = 0;
            for pair in pairs_of_rows.by_ref().take(UNDER_WAY) {
                asked += 1;
                let both = inputs.links.get(pair.link).zip(inputs.users.get(pair.account));
                let both =
                    both.filter(|(link, user)| is_clear(&pair) && compare.may_be_unchanged(link, user));
                batch.extend(both.map(|(link, user)| (pair, link, user)));
            }
            if asked == 0 {
                return unchanged;
            }
            for (pair, link, user) in batch.drain(..) {
                if compare.is_unchanged((pair.row, pair.person), link, user) {
                    unchanged.enter(&pair);
                }
            }
        }
    }

    fn enter(&mut self, pair: &Pair<'_>) {
        if let (Ok(row), Ok(account)) = (u32::try_from(pair.row), u32::try_from(pair.account)) {
            self.rows.insert(pair.row);
            self.accounts.insert(pair.account);
            self.pairs.push((row, account));
        }
    }

    /// The row and the account of each.
    pub(super) fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }

    /// Whether the person at this row and their account are.
    pub(super) fn row(&self, row: usize) -> bool {
        self.rows.contains(row)
    }

    /// Whether this account and its person are.
    pub(super) fn account(&self, user: usize) -> bool {
        self.accounts.contains(user)
    }
}

/// A person who is linked to an account that is there.
#[derive(Clone, Copy)]
struct Pair<'i> {
    row: usize,
    person: &'i Employee,
    link: usize,
    account: usize,
}

/// What pairs are held against.
struct Compare<'c, 'i> {
    inputs: &'c Inputs<'i>,
    policy: &'c Policy,
    today: Date,
    lost: &'c Lost,
    managers: &'c Managers,
    /// The columns, with the number of each.
    columns: Vec<(usize, &'i TargetField)>,
    /// Whether a column names a manager.
    has_managers: bool,
    /// That column, where the target may call somebody otherwise than a record does.
    reference: Option<usize>,
    keeps_id: bool,
    /// People and accounts about whom somebody decided something.
    decided: HashSet<&'i str>,
}

impl<'c, 'i> Compare<'c, 'i> {
    fn new(
        inputs: &'c Inputs<'i>,
        (policy, today): (&'c Policy, Date),
        lost: &'c Lost,
        managers: &'c Managers,
    ) -> Self {
        let columns: Vec<(usize, &TargetField)> = inputs.desired.targets().enumerate().collect();
        let reference =
            columns.iter().map(|(column, _)| *column).find(|one| inputs.desired.is_reference(*one));
        let judged = inputs.judgements.iter().flat_map(|one| [one.employee.as_str(), one.user.as_str()]);
        Self {
            inputs,
            policy,
            today,
            lost,
            managers,
            has_managers: reference.is_some(),
            reference: reference.filter(|_| !inputs.desired.calls_people_by_id()),
            columns,
            keeps_id: inputs.target.keeps(&TargetField::ExternalId),
            decided: judged.collect(),
        }
    }

    /// Whether the account is in use and carries an id as long as the one that it was given: a first look, at what stands
    /// in the two records themselves.
    fn may_be_unchanged(&self, link: &Link, user: &User) -> bool {
        user.status == UserStatus::Active
            && !link.deactivated_by_us
            && match user.value(&TargetField::ExternalId) {
                Some(carried) => link.external_id.as_ref().is_some_and(|given| given.len() == carried.len()),
                None => !self.keeps_id,
            }
    }

    /// Whether an account that may be is as the person should have it, and nothing else is to be said of the two.
    fn is_unchanged(&self, (row, person): (usize, &Employee), link: &Link, user: &User) -> bool {
        let carried = user.value(&TargetField::ExternalId);
        carried.is_none_or(|carried| link.external_id.as_deref() == Some(carried))
            && standing(person, self.policy, self.today) == Standing::Employed { past_end: false }
            && (self.decided.is_empty()
                || !self.decided.contains(person.id().as_str()) && !self.decided.contains(user.id.as_str()))
            && self.has_all_values(row, user)
            && self.has_all_assignments(person, link, user)
    }

    fn has_all_values(&self, row: usize, user: &User) -> bool {
        if self.has_managers
            && !matches!(self.managers.of_row(row), Manager::Known(_) | Manager::Nobody | Manager::Unseen)
        {
            return false;
        }
        let (wanted, ends) = self.inputs.desired.texts(row);
        let (has, has_ends) = user.texts();
        let is_same_text =
            ends.get(..has_ends.len()) == Some(has_ends) && wanted.get(..has.len()) == Some(has);
        // In the row of a person stands how the record names the manager, and not how the target does.
        let mut others = self.columns.iter().filter(|(column, target)| {
            !is_same_text || target.slot().is_none() || self.reference == Some(*column)
        });
        others.all(|column| self.has_value(row, *column, user))
    }

    /// Whether one value is as it should be. What cannot be seen in the source is as it is.
    fn has_value(&self, row: usize, (column, target): (usize, &TargetField), user: &User) -> bool {
        use crate::Field::{Cleared, NotPermitted, NotProvided, Value};
        let wanted = self.managers.wanted(self.inputs, row, (column, target));
        match (wanted, user.value(target)) {
            (Value(wanted), Some(current)) => self.inputs.desired.agrees(column, wanted, current),
            (NotPermitted | NotProvided, _) | (Cleared, None) => true,
            (Value(_), None) => !self.inputs.target.keeps(target),
            (Cleared, Some(_)) => false,
        }
    }

    fn has_all_assignments(&self, person: &Employee, link: &Link, user: &User) -> bool {
        if !link.granted.is_empty() && !assignment::taken(user, link).is_empty() {
            return false;
        }
        if !self.inputs.target.assigns {
            return true;
        }
        let rules = &self.policy.assignments;
        let mut given = Given::to(person, rules);
        given.hide(&self.lost.kinds);
        given.unnamed(Some(user), Some(link), rules).next().is_none()
            && given.changes(user, Some(link), rules, false).is_empty()
    }
}
