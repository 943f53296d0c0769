//! Whether each link still ties its person to the account that it was made for.
//!
//! A target may give the id of a deleted account to the next one, and another table may stand behind the
//! same state. So a link is believed only while its account carries the external id that it was given.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use super::identity::Identity;
use super::inputs::Inputs;
use super::pairs::Pairs;
use super::unchanged::Unchanged;
use crate::{Link, TargetField, User, canon};

/// What a link names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// The account that it was made for.
    Holds(usize),
    /// An account that is not the one it was made for.
    Replaced(usize),
    /// No account; but another one carries the external id that the account was given.
    Remade(usize),
    /// No account.
    Gone,
}

/// What every link names.
#[derive(Debug)]
pub(super) struct Bonds {
    of_link: Vec<Bond>,
    /// Accounts that take the place of a linked one, and the link.
    remade: HashMap<usize, usize>,
    /// Links whose account does not carry the external id that it was given.
    pub(super) replaced: u64,
    /// Links of people who have not left, and how many of their accounts the target lists.
    pub(super) current: u64,
    pub(super) listed: u64,
}

impl Bonds {
    pub(super) fn of<'i>(
        inputs: &Inputs<'i>,
        (pairs, unchanged): (&Pairs<'i>, &Unchanged),
        identity: &Identity<'_, 'i>,
    ) -> Self {
        let carriers = Carriers { inputs, pairs, identity, by_id: OnceCell::new() };
        let mut bonds = Self {
            of_link: Vec::with_capacity(inputs.links.len()),
            remade: HashMap::new(),
            replaced: 0,
            current: 0,
            listed: 0,
        };
        let mut twice = HashSet::new();
        for (place, link) in inputs.links.iter().enumerate() {
            let (row, account) = (pairs.row_of(place), pairs.account_of(place));
            if let Some(account) = account.filter(|_| row.is_some_and(|row| unchanged.row(row))) {
                bonds.current += 1;
                bonds.listed += 1;
                bonds.of_link.push(Bond::Holds(account));
                continue;
            }
            let known = pairs.one_row_of(place);
            let user = account.and_then(|account| Some((account, inputs.users.get(account)?)));
            let bond = match user {
                Some((account, user))
                    if is_believed(inputs, (pairs, identity), (place, link, row), (account, user)) =>
                {
                    Bond::Holds(account)
                }
                Some((account, _)) => {
                    bonds.replaced += 1;
                    carriers.of((place, link), known).map_or(Bond::Replaced(account), Bond::Remade)
                }
                None => carriers.of((place, link), known).map_or(Bond::Gone, Bond::Remade),
            };
            if row.is_some_and(|row| !identity.has_left(row)) {
                bonds.current += 1;
                bonds.listed += u64::from(account.is_some());
            }
            if let Bond::Remade(account) = bond
                && bonds.remade.insert(account, place).is_some()
            {
                twice.insert(account);
            }
            bonds.of_link.push(bond);
        }
        // An account takes the place of one link at most.
        for (place, bond) in bonds.of_link.iter_mut().enumerate().filter(|_| !twice.is_empty()) {
            if matches!(bond, Bond::Remade(account) if twice.contains(account)) {
                *bond = pairs.account_of(place).map_or(Bond::Gone, Bond::Replaced);
            }
        }
        bonds
    }

    pub(super) fn of_link(&self, link: usize) -> Bond {
        self.of_link.get(link).copied().unwrap_or(Bond::Gone)
    }

    /// The link the place of whose account this one takes.
    pub(super) fn remade(&self, user: usize) -> Option<usize> {
        self.remade.get(&user).copied()
    }

    /// Links whose account is there, or one that takes its place.
    pub(super) fn known(&self) -> u64 {
        self.of_link.iter().filter(|bond| matches!(bond, Bond::Holds(_) | Bond::Remade(_))).count() as u64
    }

    /// Whether a link holds the account that it names.
    pub(super) fn holds(&self, link: usize) -> bool {
        matches!(self.of_link(link), Bond::Holds(_))
    }
}

fn is_believed(
    inputs: &Inputs<'_>,
    (pairs, identity): (&Pairs<'_>, &Identity<'_, '_>),
    (place, link, row): (usize, &Link, Option<usize>),
    (account, user): (usize, &User),
) -> bool {
    let field = TargetField::ExternalId;
    if !inputs.target.keeps(&field) {
        return true;
    }
    let carried = match user.value(&field) {
        Some(_) => pairs.names(inputs, place, account),
        // It was linked and not written yet, so it is tied by its facts, as when it was matched.
        None if link.external_id.is_none() => {
            pairs.one_row_of(place).is_some_and(|row| identity.evidence(row, user).suffices())
        }
        None => false,
    };
    // A decision here takes no account away from another connection.
    let free = || pairs.elsewhere.holder_of(account).is_none_or(|held| held.closed);
    carried || (free() && identity.judged(row, &link.employee, user) == Some(true))
}

/// Accounts that nobody is linked to, by external id.
struct Carriers<'a, 'd, 'i> {
    inputs: &'a Inputs<'i>,
    pairs: &'a Pairs<'i>,
    identity: &'a Identity<'d, 'i>,
    by_id: OnceCell<HashMap<String, Option<usize>>>,
}

impl Carriers<'_, '_, '_> {
    /// The one account that carries the external id of a link.
    fn of(&self, (place, link): (usize, &Link), row: Option<usize>) -> Option<usize> {
        let field = TargetField::ExternalId;
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id = HashMap::new();
            for (index, user) in self.inputs.users.iter().enumerate() {
                let others = self.pairs.elsewhere.holder_of(index);
                let free = self.pairs.holder_of(index).is_none()
                    && (others.is_none() || self.pairs.elsewhere.is_by_id(self.inputs, index));
                let Some(id) = user.value(&field).filter(|_| free) else { continue };
                let id = canon::canonical(&field, id).into_owned();
                by_id.entry(id).and_modify(|several| *several = None).or_insert(Some(index));
            }
            by_id
        });
        let one = self
            .pairs
            .ids(self.inputs, (place, link))
            .map(|id| canon::canonical(&field, id))
            .find_map(|id| by_id.get(id.as_ref()).copied().flatten());
        // A person decided that it is somebody else's.
        let decided = |user: usize| {
            self.identity.decided_owner(user).is_some_and(|owner| owner != link.employee.as_str())
        };
        // Another connection gave the same id to an account that is not there any more: the facts say whose
        // this one is.
        let theirs =
            |index: usize| {
                self.pairs.elsewhere.holder_of(index).is_some()
                    && !self.inputs.users.get(index).zip(row).is_some_and(|(user, row)| {
                        self.identity.evidence(row, user).suffices_against_another()
                    })
            };
        one.filter(|user| !decided(*user) && !theirs(*user))
    }
}
