//! Who stands where: people by id, accounts by id, and the pairs that links make of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::holding::Elsewhere;
use super::inputs::Inputs;
use crate::{Employee, Link, TargetField, canon};

/// The rows of the inputs, joined by stored links.
#[derive(Debug)]
pub(super) struct Pairs<'a> {
    /// Row of each employee by id; of several records with one id, the first.
    rows: HashMap<&'a str, usize>,
    users: HashMap<&'a str, usize>,
    /// Per row of the source: its link and account, if linked.
    linked: Vec<Option<(usize, Option<usize>)>>,
    /// Per account: the link that holds it.
    held: Vec<Option<usize>>,
    /// Links whose employee is not in the snapshot, with their account.
    pub(super) missing: Vec<(usize, Option<usize>)>,
    /// Rows that repeat an id: with another content (nobody knows which is right) or the same.
    pub(super) contested: HashSet<usize>,
    pub(super) repeated: HashSet<usize>,
    /// Accounts that two links hold, of this connection or of two, and accounts of an employee who has two
    /// links. Of two links of this connection one alone holds the account where it alone names the account by
    /// what that carries: the number of a deleted account was given again.
    pub(super) shared: HashSet<usize>,
    /// Which accounts other connections hold.
    pub(super) elsewhere: Elsewhere<'a>,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(inputs: &Inputs<'a>) -> Self {
        let employees = inputs.snapshot.employees();
        let mut pairs = Self {
            rows: HashMap::with_capacity(employees.len()),
            users: HashMap::with_capacity(inputs.users.len()),
            linked: vec![None; employees.len()],
            held: vec![None; inputs.users.len()],
            missing: Vec::new(),
            contested: HashSet::new(),
            repeated: HashSet::new(),
            shared: HashSet::new(),
            elsewhere: Elsewhere::default(),
        };
        pairs.enter_people(employees);
        for (index, user) in inputs.users.iter().enumerate() {
            pairs.users.insert(user.id.as_str(), index);
        }
        pairs.join(inputs);
        let own = |user| pairs.holder_of(user).is_some_and(|link| pairs.names(inputs, link, user));
        pairs.elsewhere = Elsewhere::of(inputs, |id| pairs.user(id.as_str()), own);
        pairs.claimed_twice(inputs);
        pairs
    }

    /// Whether an account carries the id that the account of a link was given, or is to have.
    pub(super) fn names(&self, inputs: &Inputs<'a>, link: usize, user: usize) -> bool {
        let field = TargetField::ExternalId;
        let (Some(link), Some(user)) = (inputs.links.get(link), inputs.users.get(user)) else { return false };
        let mut ids = self.ids(inputs, link);
        user.value(&field).is_some_and(|carried| ids.any(|id| canon::same(&field, id, carried)))
    }

    /// The external ids that the account of a link may carry: the one it was given, and the one its person should
    /// have.
    pub(super) fn ids<'b>(&self, inputs: &'b Inputs<'_>, link: &'b Link) -> impl Iterator<Item = &'b str> {
        let row = self.row(link.employee.as_str());
        let wanted = row.and_then(|row| inputs.desired.value(row, &TargetField::ExternalId).value());
        std::iter::once(link.given_id()).chain(wanted)
    }

    /// Accounts that a link of this connection and one of another both hold, by all that can be seen: an older
    /// state may have both, and so may two connections whose ids are small numbers.
    fn claimed_twice(&mut self, inputs: &Inputs<'a>) {
        let field = TargetField::ExternalId;
        for (index, user) in inputs.users.iter().enumerate() {
            let link = self.holder_of(index);
            let held = inputs.others.held.get(&user.id).filter(|held| !held.closed);
            let (Some(link), Some(held)) = (link, held) else { continue };
            let both = match user.value(&field) {
                Some(carried) if inputs.target.keeps(&field) => {
                    let theirs = held.external_id.as_deref();
                    theirs.is_some_and(|id| canon::same(&field, id, carried))
                        && self.names(inputs, link, index)
                }
                _ => true,
            };
            if both {
                self.shared.insert(index);
            }
        }
    }

    fn enter_people(&mut self, employees: &'a [Employee]) {
        let mut several: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, person) in employees.iter().enumerate() {
            if let Some(first) = self.rows.insert(person.id().as_str(), row) {
                self.rows.insert(person.id().as_str(), first);
                several.entry(person.id().as_str()).or_insert_with(|| vec![first]).push(row);
            }
        }
        for rows in several.into_values() {
            let records: Vec<_> = rows.iter().filter_map(|row| employees.get(*row)).collect();
            let equal = records.windows(2).all(|pair| matches!(pair, [left, right] if left == right));
            if equal {
                self.repeated.extend(rows.into_iter().skip(1));
            } else {
                self.contested.extend(rows);
            }
        }
    }

    fn join(&mut self, inputs: &Inputs<'a>) {
        // An id that is set aside is present: its link is neither a pair nor missing.
        let set_aside: HashSet<&str> =
            inputs.snapshot.set_aside().iter().map(crate::EmployeeId::as_str).collect();
        let mut missing: HashMap<&str, usize> = HashMap::new();
        let mut several: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, link) in inputs.links.iter().enumerate() {
            let user = self.users.get(link.user.as_str()).copied();
            if let Some(user) = user
                && let Some(place) = self.held.get_mut(user)
                && let Some(other) = place.replace(index)
            {
                several.entry(user).or_insert_with(|| vec![other]).push(index);
            }
            match self.rows.get(link.employee.as_str()) {
                Some(row) => {
                    if let Some(place) = self.linked.get_mut(*row)
                        && let Some((_, other)) = place.replace((index, user))
                    {
                        self.shared.extend(other.into_iter().chain(user));
                    }
                }
                None if set_aside.contains(link.employee.as_str()) => {}
                None => {
                    if let Some(place) = missing.insert(link.employee.as_str(), self.missing.len()) {
                        let other = self.missing.get(place).and_then(|(_, user)| *user);
                        self.shared.extend(other.into_iter().chain(user));
                    }
                    self.missing.push((index, user));
                }
            }
        }
        self.settle_several(inputs, several);
    }

    /// Of several links to one account, the one that holds it: the only one that names it by what it carries. Where
    /// there is none, or more than one, nobody knows.
    fn settle_several(&mut self, inputs: &Inputs<'a>, several: BTreeMap<usize, Vec<usize>>) {
        let kept = inputs.target.keeps(&TargetField::ExternalId);
        for (user, links) in several {
            let mut naming = links.into_iter().filter(|link| kept && self.names(inputs, *link, user));
            match (naming.next(), naming.next()) {
                (Some(one), None) => {
                    if let Some(place) = self.held.get_mut(user) {
                        *place = Some(one);
                    }
                }
                _ => drop(self.shared.insert(user)),
            }
        }
    }

    /// The place of an account.
    pub(super) fn user(&self, id: &str) -> Option<usize> {
        self.users.get(id).copied()
    }

    /// The row of an employee.
    pub(super) fn row(&self, employee: &str) -> Option<usize> {
        self.rows.get(employee).copied()
    }

    /// The row of a linked employee. Of two records of one id nobody knows which one's facts count.
    pub(super) fn one_row(&self, link: &Link) -> Option<usize> {
        self.row(link.employee.as_str()).filter(|row| !self.contested.contains(row))
    }

    /// The link and account of a row, if linked; an account that is gone is `None`.
    pub(super) fn link_of(&self, row: usize) -> Option<(usize, Option<usize>)> {
        self.linked.get(row).copied().flatten()
    }

    /// The link that holds an account.
    pub(super) fn holder_of(&self, user: usize) -> Option<usize> {
        self.held.get(user).copied().flatten()
    }

    /// Rows that are to be looked at: each id once.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.linked.len()).filter(|row| self.repeated.is_empty() || !self.repeated.contains(row))
    }
}

/// The link, the account and the person behind an account that is linked.
pub(super) fn holder<'a>(
    inputs: &Inputs<'a>,
    pairs: &Pairs<'a>,
    user: usize,
) -> Option<(&'a Link, Option<usize>)> {
    let link = inputs.links.get(pairs.holder_of(user)?)?;
    Some((link, pairs.row(link.employee.as_str())))
}
