//! Which accounts may be whose.

use super::*;

impl<'w> Naive<'w> {
    pub(super) fn seeks(&self, person: &Employee) -> bool {
        self.link_of(person).is_none()
            && !person.is_sample()
            && (self.twice(person) || matches!(self.stand(person), Stand::Employed | Stand::PreHire))
    }

    pub(super) fn opens(&self) -> bool {
        self.world.policy.rehire == Rehire::Reactivate && self.world.target.reactivates
    }

    pub(super) fn reopens(&self, link: &Link) -> bool {
        link.deactivated_by_us && self.opens()
    }

    pub(super) fn is_contested(&self, person: &Employee) -> bool {
        self.twice(person)
            || self.world.policy.match_keys.iter().any(|key| {
                let wanted = self.key_of(person, *key);
                wanted.is_some()
                    && self.people.iter().any(|other| {
                        other.id() != person.id()
                            && !self.has_left(other)
                            && self.key_of(other, *key) == wanted
                    })
            })
    }

    /// How many people who have not left have this.
    pub(super) fn holders(&self, key: MatchKey, value: &str) -> usize {
        let people = self.people.iter().filter(|person| !self.has_left(person));
        let people = people.filter(|person| key_of(person, key).as_deref() == Some(value));
        people.map(|person| person.id()).collect::<BTreeSet<_>>().len()
    }

    /// What three have is nobody's number.
    pub(super) fn key_of(&self, person: &Employee, key: MatchKey) -> Option<String> {
        key_of(person, key).filter(|value| key != MatchKey::EmployeeNumber || self.holders(key, value) < 3)
    }

    pub(super) fn facts(&self, person: &Employee, user: &User) -> Facts {
        let key = |key| {
            let (mine, theirs) = (key_of(person, key)?, user_key(user, key)?);
            (self.holders(key, &mine) < 2).then_some(mine == theirs)
        };
        let name = |field| differs(person, user, &field);
        let name = match (name(TargetField::GivenName), name(TargetField::FamilyName)) {
            (Some(true), _) | (_, Some(true)) => Some(false),
            (Some(false), Some(false)) => Some(true),
            _ => None,
        };
        Facts { number: key(MatchKey::EmployeeNumber), email: key(MatchKey::Email), name }
    }

    /// The accounts that may be this person's, and how they came up.
    pub(super) fn candidates(&self, person: &Employee) -> Vec<(&'w User, By)> {
        let by = |user: &'w User| {
            if self.decided(person.id().as_str()) == Some(user) {
                return Some((user, By::Decision));
            }
            let same = |key: &MatchKey| {
                let wanted = self.key_of(person, *key);
                let passes_on = || self.will_change(user, *key) && !self.facts(person, user).two();
                wanted.is_some() && wanted == user_key(user, *key) && !passes_on()
            };
            if self.world.policy.match_keys.iter().any(same) {
                return Some((user, By::Key));
            }
            let any = [MatchKey::Email, MatchKey::EmployeeNumber, MatchKey::ExternalId].iter().any(|key| {
                let wanted = self.key_of(person, *key);
                wanted.is_some() && wanted == user_key(user, *key)
            });
            let unmatched = any && self.would_close(user) && !self.facts(person, user).against();
            let unmatched = unmatched.then_some((user, By::Unmatched));
            let named = self.facts(person, user).name == Some(true);
            let hides = [StandardField::Email, StandardField::EmployeeNumber]
                .iter()
                .any(|field| matches!(person.text(*field), Field::NotPermitted));
            let hidden = (named && hides && self.would_close(user)).then_some((user, By::Name));
            let Some(link) = self.holder(user) else { return hidden.or(unmatched) };
            let closes = self.listed(link.employee.as_str()).is_none()
                && matches!(self.world.policy.leavers, Leavers::Absence | Leavers::Vendor)
                && user.is_live()
                && self.bond(link) == Bond::Holds(user)
                && self.is_gone(link);
            (closes && named).then_some((user, By::Name)).or(hidden).or(unmatched)
        };
        self.world.users.iter().filter_map(by).collect()
    }

    /// Whether the account in use is, by its link, that of somebody who is gone or has left.
    pub(super) fn would_close(&self, user: &User) -> bool {
        let remade = || self.world.links.iter().find(|link| self.bond(link) == Bond::Remade(user));
        let Some(link) = self.holder(user).or_else(remade) else { return false };
        let over = match self.people.iter().find(|person| *person.id() == link.employee) {
            Some(old) => self.has_left(old),
            None => {
                matches!(self.world.policy.leavers, Leavers::Absence | Leavers::Vendor)
            }
        };
        over && user.is_live() && [Bond::Holds(user), Bond::Remade(user)].contains(&self.bond(link))
    }

    pub(super) fn is_gone(&self, link: &Link) -> bool {
        let answer = self.world.absent.get(&link.employee);
        self.absence_counts()
            && !self.world.set_aside.contains(&link.employee)
            && !matches!(answer, Some(Lookup::Found(_) | Lookup::NotVisible))
    }

    pub(super) fn absence_counts(&self) -> bool {
        self.world.unidentified == 0 && !self.world.no_absence
    }

    pub(super) fn will_change(&self, user: &User, key: MatchKey) -> bool {
        let Some(link) = self.holder(user) else { return false };
        let Some(owner) = self.people.iter().find(|person| *person.id() == link.employee) else {
            return false;
        };
        let stand = self.stand(owner);
        let written = user.is_live() || (stand == Stand::Employed && self.reopens(link));
        let cleared = key == MatchKey::EmployeeNumber && owner.employee_number() == Field::Cleared;
        let wanted = wanted(owner, &target(key)).value();
        let other = wanted.is_some_and(|wanted| Some(plain(&wanted)) != user.value(&target(key)).map(plain));
        stand != Stand::Left
            && !self.twice(owner)
            && written
            && self.bond(link) == Bond::Holds(self.user(link).unwrap())
            && !self.is_shared_with_others(user)
            && !is_recycled(owner, user)
            && (other || cleared)
    }

    pub(super) fn verdict(&self, person: &Employee, user: &'w User, by: By) -> Verdict {
        let (id, facts) = (person.id().as_str(), self.facts(person, user));
        let judged = self.judged(id, user);
        if judged == Some(false) || self.owner_decided(user).is_some_and(|owner| owner != id) {
            return Verdict::Not;
        }
        let judged = judged == Some(true);
        let theirs = if judged { Verdict::TheirsByDecision } else { Verdict::Theirs };
        let two = facts.two() || judged;
        if let Some(held) = self.elsewhere(user).filter(|_| !self.takes_a_place(user)) {
            return match (two, is_over(held, user)) {
                (true, true) if self.holder(user).is_some() => Verdict::Question,
                (true, _) => theirs,
                (false, _) if facts.number == Some(true) || facts.email == Some(true) => Verdict::Question,
                (false, _) => Verdict::Not,
            };
        }
        if let Some(link) = self.holder(user) {
            let over = match self.people.iter().find(|other| *other.id() == link.employee) {
                Some(old) => self.has_left(old),
                None => self.is_gone(link),
            };
            let free = over && self.bond(link) == Bond::Holds(user);
            let passes_on = facts.against() && facts.number != Some(true) && facts.name != Some(true);
            return match (free, two) {
                (true, _) if passes_on && !judged => Verdict::Not,
                (true, true) if by != By::Unmatched => theirs,
                _ => Verdict::Question,
            };
        }
        match user.value(&TargetField::ExternalId) {
            Some(carried) if carried == id => match (is_recycled(person, user), judged) {
                (true, false) => Verdict::Recycled,
                (_, true) => theirs,
                (false, false) => Verdict::TheirsById,
            },
            _ if self.takes_a_place(user) || self.is_anothers(id, user) => Verdict::Question,
            Some(_) if judged || (facts.two() && self.absence_counts()) => theirs,
            None if judged || facts.suffice() => theirs,
            _ => Verdict::Question,
        }
    }

    pub(super) fn found(&self, person: &Employee) -> Found<'w> {
        let all: Vec<(&User, Verdict)> = self
            .candidates(person)
            .into_iter()
            .map(|(user, by)| (user, self.verdict(person, user, by)))
            .collect();
        let of = |wanted: &[Verdict]| -> Vec<&'w User> {
            all.iter().filter(|(_, said)| wanted.contains(said)).map(|(user, _)| *user).collect()
        };
        if self.is_contested(person) {
            return match of(&[Verdict::TheirsById]).as_slice() {
                [user] if !self.twice(person) => Found::One(user),
                _ => Found::Contested,
            };
        }
        let questions = of(&[Verdict::Question, Verdict::Recycled]);
        let sure = of(&[Verdict::Theirs, Verdict::TheirsById, Verdict::TheirsByDecision]);
        let decided = of(&[Verdict::TheirsByDecision]);
        let one = |user: &'w User| {
            let held = self.elsewhere(user).is_some_and(|held| !is_over(held, user));
            if held { Found::Elsewhere(user) } else { Found::One(user) }
        };
        match (sure.as_slice(), decided.as_slice()) {
            ([], _) if questions.is_empty() => Found::Nothing,
            ([], _) => Found::Open(questions, !of(&[Verdict::Recycled]).is_empty()),
            (_, [user]) => one(user),
            ([user], _) => {
                let plain = !of(&[Verdict::TheirsById]).is_empty();
                if plain || questions.iter().all(|user| self.facts(person, user).against()) {
                    one(user)
                } else {
                    Found::Several(sure.into_iter().chain(questions).collect())
                }
            }
            _ => Found::Several(sure.into_iter().chain(questions).collect()),
        }
    }

    /// Whether the account of a link may be, or is, that of somebody without one.
    pub(super) fn is_spared(&self, link: &Link) -> bool {
        let old = self.people.iter().find(|person| *person.id() == link.employee);
        self.people.iter().filter(|person| self.seeks(person)).any(|person| {
            let employed = self.stand(person) == Stand::Employed;
            let found = self.found(person);
            let claimed = matches!(&found, Found::One(one) if self.is_claimed(person, one));
            let open = claimed || matches!(found, Found::Open(..) | Found::Several(_) | Found::Contested);
            self.candidates(person).into_iter().any(|(user, by)| {
                let concerns = match self.holder(user) {
                    Some(held) => held == link,
                    None => self.bond(link) == Bond::Remade(user),
                };
                let elsewhere = self.elsewhere(user).is_some();
                let may_be = match &found {
                    Found::One(one) if *one == user => claimed || (self.holder(user).is_some() && !elsewhere),
                    _ => open && (by == By::Name || !self.facts(person, user).against()),
                };
                let over = old.is_none_or(|old| (employed || open) && self.has_left(old));
                concerns && may_be && over
            })
        }) || self.people.iter().any(|person| self.is_present(person) && self.may_be_behind(person, link))
    }

    /// Linked to an account that is in use and surely theirs.
    fn has_account(&self, person: &Employee) -> bool {
        let link = self.link_of(person);
        link.is_some_and(|link| match self.bond(link) {
            Bond::Holds(user) | Bond::Remade(user) => {
                let opens = self.stand(person) == Stand::Employed && self.reopens(link);
                (user.is_live() || opens) && !self.is_shared_with_others(user)
            }
            Bond::Replaced(_) | Bond::Gone => false,
        })
    }

    /// In the source, not gone, not looking for an account today, and without one that is surely theirs.
    pub(super) fn is_present(&self, person: &Employee) -> bool {
        let apart = self.twice(person) || !(self.has_account(person) || self.seeks(person));
        apart && !self.has_left(person) && !person.is_sample()
    }

    pub(super) fn may_be_behind(&self, person: &Employee, link: &Link) -> bool {
        let old = self.people.iter().find(|person| *person.id() == link.employee);
        old.is_none_or(|old| self.has_left(old))
            && self.candidates(person).into_iter().any(|(user, _)| {
                let concerns = match self.holder(user) {
                    Some(held) => held == link,
                    None => self.bond(link) == Bond::Remade(user),
                };
                let id = person.id().as_str();
                let denied = self.judged(id, user) == Some(false)
                    || self.owner_decided(user).is_some_and(|owner| owner != id);
                concerns && !denied && !self.facts(person, user).against()
            })
    }
}
