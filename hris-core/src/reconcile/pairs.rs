//! Who stands where: people by id, accounts by id, and the pairs that links make of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::holding::Elsewhere;
use super::index::{Ids, Index, Place, at};
use super::inputs::Inputs;
use crate::{Employee, Link, TargetField, canon};

/// The rows of the inputs, joined by stored links.
#[derive(Debug)]
pub(super) struct Pairs<'a> {
    /// Row of each employee by id; of several records with one id, the first.
    rows: Index,
    users: Index,
    /// Per row of the source: its link, if linked.
    linked: Vec<Place>,
    /// Per account: the link that holds it.
    held: Vec<Place>,
    /// Per link: the row of its person and the place of its account.
    row_of_link: Vec<Place>,
    account_of_link: Vec<Place>,
    /// Links whose employee is not in the snapshot, with their account.
    pub(super) missing: Vec<(usize, Option<usize>)>,
    /// Rows that repeat an id: with another content (nobody knows which is right) or the same.
    pub(super) contested: HashSet<usize>,
    repeated: HashSet<usize>,
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
        let mut several: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let ids = employees.iter().map(|person| person.id().as_str());
        let rows = Index::of(ids, |first, row| {
            several.entry(first).or_insert_with(|| vec![first]).push(row);
            first
        });
        let mut pairs = Self {
            rows,
            users: Index::of(inputs.users.iter().map(|user| user.id.as_str()), |_, last| last),
            linked: vec![Place::NOWHERE; employees.len()],
            held: vec![Place::NOWHERE; inputs.users.len()],
            row_of_link: Vec::with_capacity(inputs.links.len()),
            account_of_link: Vec::with_capacity(inputs.links.len()),
            missing: Vec::new(),
            contested: HashSet::new(),
            repeated: HashSet::new(),
            shared: HashSet::new(),
            elsewhere: Elsewhere::default(),
        };
        pairs.tell_apart(employees, several);
        pairs.join(inputs);
        let own = |user| pairs.holder_of(user).is_some_and(|link| pairs.names(inputs, link, user));
        pairs.elsewhere = Elsewhere::of(inputs, |id| pairs.user(id.as_str()), own);
        pairs.claimed_twice(inputs);
        pairs
    }

    /// Whether an account carries the id that the account of a link was given, or is to have.
    pub(super) fn names(&self, inputs: &Inputs<'a>, link: usize, user: usize) -> bool {
        let field = TargetField::ExternalId;
        let (Some(record), Some(user)) = (inputs.links.get(link), inputs.users.get(user)) else {
            return false;
        };
        let mut ids = self.ids(inputs, (link, record));
        user.value(&field).is_some_and(|carried| ids.any(|id| canon::same(&field, id, carried)))
    }

    /// The external ids that the account of a link may carry: the one it was given, and the one its person should
    /// have.
    pub(super) fn ids<'b>(
        &self,
        inputs: &'b Inputs<'_>,
        (place, link): (usize, &'b Link),
    ) -> impl Iterator<Item = &'b str> {
        let row = self.row_of(place);
        let wanted = row.and_then(|row| inputs.desired.value(row, &TargetField::ExternalId).value());
        std::iter::once(link.given_id()).chain(wanted)
    }

    /// Accounts that a link of this connection and one of another both hold, by all that can be seen: an older
    /// state may have both, and so may two connections whose ids are small numbers.
    fn claimed_twice(&mut self, inputs: &Inputs<'a>) {
        let field = TargetField::ExternalId;
        if inputs.others.held.is_empty() {
            return;
        }
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

    /// Of several records of one id some repeat the first, and others are contested.
    fn tell_apart(&mut self, employees: &'a [Employee], several: BTreeMap<usize, Vec<usize>>) {
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
        let (employees, users) = (inputs.links.iter(), inputs.links.iter());
        let (rows, accounts) = (&mut self.row_of_link, &mut self.account_of_link);
        let employees = employees.map(|link| link.employee.as_str());
        self.rows.get_each(employees, |row| rows.push(Place::of(row)));
        let users = users.map(|link| link.user.as_str());
        self.users.get_each(users, |user| accounts.push(Place::of(user)));
        for (index, link) in inputs.links.iter().enumerate() {
            let user = self.account_of(index);
            if let Some(user) = user
                && let Some(place) = self.held.get_mut(user)
                && let Some(other) = std::mem::replace(place, Place::of(Some(index))).get()
            {
                several.entry(user).or_insert_with(|| vec![other]).push(index);
            }
            match self.row_of(index) {
                Some(row) => {
                    if let Some(place) = self.linked.get_mut(row)
                        && let Some(other) = std::mem::replace(place, Place::of(Some(index))).get()
                    {
                        let other = self.account_of(other);
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
                        *place = Place::of(Some(one));
                    }
                }
                _ => drop(self.shared.insert(user)),
            }
        }
    }

    /// The place of an account.
    pub(super) fn user(&self, id: &str) -> Option<usize> {
        self.users.get(id)
    }

    /// The row of an employee.
    pub(super) fn row(&self, employee: &str) -> Option<usize> {
        self.rows.get(employee)
    }

    /// The rows of many employees, in their order.
    pub(super) fn rows_of<'q>(
        &self,
        employees: impl Iterator<Item = &'q str>,
        found: impl FnMut(Option<usize>),
    ) {
        self.rows.get_each(employees, found);
    }

    /// The ids of all people and of all accounts.
    pub(super) fn into_ids(self) -> (Ids, Ids) {
        (self.rows.into_ids(), self.users.into_ids())
    }

    /// The row of the person of a link.
    pub(super) fn row_of(&self, link: usize) -> Option<usize> {
        at(&self.row_of_link, link)
    }

    /// The row of a linked employee. Of two records of one id nobody knows which one's facts count.
    pub(super) fn one_row_of(&self, link: usize) -> Option<usize> {
        self.row_of(link).filter(|row| !self.contested.contains(row))
    }

    /// The account that a link names.
    pub(super) fn account_of(&self, link: usize) -> Option<usize> {
        at(&self.account_of_link, link)
    }

    /// The link and account of a row, if linked; an account that is gone is `None`.
    pub(super) fn link_of(&self, row: usize) -> Option<(usize, Option<usize>)> {
        at(&self.linked, row).map(|link| (link, self.account_of(link)))
    }

    /// The link that holds an account.
    pub(super) fn holder_of(&self, user: usize) -> Option<usize> {
        at(&self.held, user)
    }

    /// Whether an id stands in several records.
    pub(super) fn has_repeated(&self) -> bool {
        !self.contested.is_empty() || !self.repeated.is_empty()
    }

    /// Rows that are to be looked at: each id once.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.linked.len()).filter(|row| !self.is_repeated(*row))
    }

    /// Whether a row is the repetition of another one.
    pub(super) fn is_repeated(&self, row: usize) -> bool {
        !self.repeated.is_empty() && self.repeated.contains(&row)
    }
}

/// The link, the account and the person behind an account that is linked.
pub(super) fn holder<'a>(
    inputs: &Inputs<'a>,
    pairs: &Pairs<'a>,
    user: usize,
) -> Option<(&'a Link, Option<usize>)> {
    let place = pairs.holder_of(user)?;
    Some((inputs.links.get(place)?, pairs.row_of(place)))
}
