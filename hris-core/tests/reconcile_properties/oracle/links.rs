//! What links name, what was decided, and what others hold.

use super::*;

impl<'w> Naive<'w> {
    /// What was decided of a pair. Two decisions of which only one can be right are none.
    pub(super) fn judged(&self, id: &str, user: &User) -> Option<bool> {
        let one = self.fresh.iter().find(|one| one.employee.as_str() == id && one.user == user.id)?;
        (!one.same || self.decided(id) == Some(user)).then_some(one.same)
    }

    pub(super) fn decided(&self, id: &str) -> Option<&'w User> {
        let same = || self.fresh.iter().filter(|one| one.same);
        let mine: Vec<_> = same().filter(|one| one.employee.as_str() == id).collect();
        let [one] = mine.as_slice() else { return None };
        let alone = same().filter(|other| other.user == one.user).count() == 1;
        self.world.users.iter().find(|user| alone && user.id == one.user)
    }

    pub(super) fn owner_decided(&self, user: &User) -> Option<&'w str> {
        let ids = self.fresh.iter().filter(|one| one.same && one.user == user.id);
        let ids: Vec<&str> = ids.map(|one| one.employee.as_str()).collect();
        if let [one] = ids.as_slice() { Some(one) } else { None }
    }

    pub(super) fn bond(&self, link: &Link) -> Bond<'w> {
        let (world, field) = (self.world, TargetField::ExternalId);
        let id = link.employee.as_str();
        let given = link.external_id.as_deref().unwrap_or(id);
        let person = self.listed(id);
        // Of two records of one id nobody knows which one's facts count.
        let known = person.filter(|person| !self.twice(person));
        let named = self.user(link);
        if let Some(user) = named {
            let carries = match user.value(&field) {
                Some(carried) => carried == given || (person.is_some() && carried == id),
                None => {
                    link.external_id.is_none()
                        && known.is_some_and(|person| self.facts(person, user).suffice())
                }
            };
            let free = self.elsewhere(user).is_none_or(|held| held.closed);
            if carries || (free && self.judged(id, user) == Some(true)) {
                return Bond::Holds(user);
            }
        }
        let loose = |user: &User| self.holder(user).is_none() && !world.others.held.contains_key(&user.id);
        let carriers = |id: &str| -> Vec<&'w User> {
            world.users.iter().filter(|user| loose(user) && user.value(&field) == Some(id)).collect()
        };
        let first = [Some(given), person.map(|_| id)]
            .into_iter()
            .flatten()
            .find_map(|id| carriers(id).first().copied());
        let first = first.filter(|user| self.owner_decided(user).is_none_or(|owner| owner == id));
        let two = |user: &User| known.is_some_and(|person| self.facts(person, user).two());
        let first = first.filter(|user| self.elsewhere(user).is_none() || two(user));
        match (first, named) {
            (Some(user), _) => Bond::Remade(user),
            (None, Some(user)) => Bond::Replaced(user),
            (None, None) => Bond::Gone,
        }
    }

    /// In no link of this connection, and no other connection's.
    pub(super) fn is_free(&self, user: &User) -> bool {
        self.holder(user).is_none() && self.elsewhere(user).is_none()
    }

    /// Whose it is elsewhere: by a link, or by the id of an account that is not there any more.
    pub(super) fn elsewhere(&self, user: &User) -> Option<&'w Held> {
        let held = &self.world.others.held;
        let carried = user.value(&TargetField::ExternalId);
        let lost = || {
            let own = self.holder(user).is_some_and(|link| self.carries_of(link, user));
            let mut lost = held.iter().filter(|(id, held)| {
                let there = self.world.users.iter().find(|other| other.id == **id);
                carried.is_some()
                    && held.external_id.as_deref() == carried
                    && there.is_none_or(|other| other.value(&TargetField::ExternalId) != carried)
            });
            let first = lost.clone().find(|(_, held)| !held.closed).or_else(|| lost.next());
            first.map(|(_, held)| held).filter(|_| !own)
        };
        // Not believed where it carries what a link here gave it.
        let believed = |held: &&Held| {
            let carries = held.external_id.is_none() || held.external_id.as_deref() == carried;
            carries || !self.holder(user).is_some_and(|link| self.carries_of(link, user))
        };
        held.get(&user.id).filter(believed).or_else(lost)
    }

    /// Whether an account carries an id that the account of a link may carry.
    pub(super) fn carries_of(&self, link: &Link, user: &User) -> bool {
        let given = link.external_id.as_deref().unwrap_or(link.employee.as_str());
        let own = self.listed(link.employee.as_str()).map(|_| link.employee.as_str());
        let carried = user.value(&TargetField::ExternalId);
        carried.is_some() && (carried == Some(given) || carried == own)
    }

    /// Linked here and elsewhere, and by what it carries both may be right.
    pub(super) fn is_shared_with_others(&self, user: &User) -> bool {
        let Some(link) = self.holder(user) else { return false };
        let Some(held) = self.world.others.held.get(&user.id).filter(|held| !held.closed) else {
            return false;
        };
        match user.value(&TargetField::ExternalId) {
            Some(carried) => held.external_id.as_deref() == Some(carried) && self.carries_of(link, user),
            None => true,
        }
    }

    pub(super) fn takes_a_place(&self, user: &User) -> bool {
        self.world.links.iter().any(|link| self.bond(link) == Bond::Remade(user))
    }

    pub(super) fn is_anothers(&self, id: &str, user: &User) -> bool {
        let carried = user.value(&TargetField::ExternalId);
        let there = self.people.iter().filter(|person| !self.has_left(person)).map(|person| person.id());
        there
            .chain(&self.world.set_aside)
            .any(|other| other.as_str() != id && Some(other.as_str()) == carried)
    }
}

/// Whether another connection is done with an account: it closed it, and nobody opened it since.
pub(super) fn is_over(held: &Held, user: &User) -> bool {
    held.closed && !user.is_live()
}
