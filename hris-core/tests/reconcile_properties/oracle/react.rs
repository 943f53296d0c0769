//! What is said and done of each person, link and account.

use super::*;

impl<'w> Naive<'w> {
    pub(super) fn person(&mut self, person: &'w Employee) {
        let (id, stand) = (person.id().as_str(), self.stand(person));
        let link = self.link_of(person);
        if self.twice(person) {
            return self.say(id, link.and_then(|link| self.user(link)), Situation::Contested);
        }
        if let Some(link) = link {
            return self.linked(person, link);
        }
        let decided = self
            .decided(id)
            .filter(|user| self.is_free(user) && !self.takes_a_place(user) && !self.is_anothers(id, user));
        if let Some(user) = decided.filter(|_| stand == Stand::Left && !person.is_sample()) {
            self.write("link", id, Some(user), "");
            return self.leaver(person, id, user);
        }
        if person.is_sample() || !matches!(stand, Stand::Employed | Stand::PreHire) {
            return self.say(id, None, Situation::Ignored);
        }
        let user = match self.found(person) {
            Found::Contested => return self.say(id, None, Situation::Contested),
            Found::Nothing => return self.joiner(person),
            Found::Elsewhere(user) => return self.say(id, Some(user), Situation::HeldElsewhere),
            Found::Several(users) => {
                self.ask(&users);
                return self.say(id, None, Situation::Ambiguous);
            }
            Found::Open(users, recycled) => {
                self.ask(&users);
                if recycled {
                    return self.say(id, None, Situation::Recycled);
                }
                let mut held: Vec<&User> =
                    users.into_iter().filter(|user| self.holder(user).is_some()).collect();
                held.sort_by(|left, right| left.id.cmp(&right.id));
                let situation =
                    if held.is_empty() { Situation::Ambiguous } else { Situation::FoundAlreadyLinked };
                return self.say(id, held.first().copied(), situation);
            }
            Found::One(user) => user,
        };
        let claimed = self.is_claimed(person, user);
        if claimed {
            self.ask(&[user]);
            return self.say(id, None, Situation::Contested);
        }
        let (old, closed) = (self.holder(user), self.elsewhere(user).is_some());
        if old.is_none() && !closed {
            let carries = |one: &User| one.value(&TargetField::ExternalId) == Some(id);
            let taken = user.is_live() && !carries(user) && self.world.users.iter().any(carries);
            if taken && self.judged(id, user) != Some(true) {
                return self.say(id, Some(user), Situation::Contested);
            }
            self.say(id, Some(user), Situation::Found);
            self.write("link", id, Some(user), "");
            if user.is_live() {
                self.update(person, user, old, false);
            }
            return;
        }
        if stand == Stand::PreHire {
            return self.say(id, Some(user), Situation::PreHire);
        }
        // Where another account has the id already, one that others closed cannot get it.
        let carries = |one: &User| one.value(&TargetField::ExternalId) == Some(id);
        let taken = old.is_none() && !carries(user) && self.world.users.iter().any(carries);
        if taken && (user.is_live() || self.opens()) {
            return self.say(id, Some(user), Situation::Contested);
        }
        self.say(id, Some(user), Situation::Rehire);
        if user.is_live() || old.map_or(self.opens(), |old| self.reopens(old)) {
            self.write("link", id, Some(user), "");
            if !user.is_live() {
                self.write("reactivate", id, Some(user), "");
            }
            self.update(person, user, old, false);
        }
    }

    /// Whether the account that is found for somebody may be another one's too.
    pub(super) fn is_claimed(&self, person: &Employee, user: &User) -> bool {
        let others = || self.people.iter().filter(|other| other.id() != person.id() && self.seeks(other));
        self.may_be_anothers(person, user)
            || others().any(|other| matches!(self.found(other), Found::One(theirs) if theirs.id == user.id))
    }

    /// Whether it is open that somebody else who seeks an account has this one.
    pub(super) fn may_be_anothers(&self, person: &Employee, user: &User) -> bool {
        let others = || self.people.iter().filter(|other| other.id() != person.id() && self.seeks(other));
        others().any(|other| match self.found(other) {
            Found::Open(users, _) | Found::Several(users) => {
                users.contains(&user) && !self.facts(other, user).against()
            }
            _ => false,
        })
    }

    pub(super) fn ask(&mut self, users: &[&User]) {
        self.asked.extend(users.iter().map(|user| user.id.to_string()));
    }

    pub(super) fn linked(&mut self, person: &'w Employee, link: &'w Link) {
        let id = person.id().as_str();
        let bond = self.bond(link);
        let spared = self.is_spared(link);
        let decided = self.decided(id).filter(|user| {
            let place = self
                .world
                .links
                .iter()
                .any(|other| other.employee != link.employee && self.bond(other) == Bond::Remade(user));
            user.id != link.user && self.is_free(user) && !place && !self.is_anothers(id, user)
        });
        let anew = match (decided, bond) {
            (Some(user), _) => Some(user),
            (None, Bond::Remade(user)) => {
                if spared {
                    self.left_behind(link);
                    return self.say(id, Some(user), Situation::Superseded);
                }
                let settled = self.has_left(person) && !user.is_live();
                if is_recycled(person, user) && !settled && self.judged(id, user) != Some(true) {
                    self.left_behind(link);
                    self.ask(&[user]);
                    return self.say(id, Some(user), Situation::Recycled);
                }
                Some(user)
            }
            _ => None,
        };
        if let Some(user) = anew {
            self.write("link", id, Some(user), "");
            self.left_behind(link);
            let fresh = Link::new(id, user.id.clone());
            return self.pair(person, &fresh, user, spared, false);
        }
        match bond {
            Bond::Holds(user) | Bond::Replaced(user) if self.is_shared_with_others(user) => {
                self.say(id, Some(user), Situation::Contested);
            }
            Bond::Holds(user) => self.pair(person, link, user, spared, true),
            Bond::Replaced(user) => self.replaced(id, Some(person), user),
            _ if self.stand(person) == Stand::Left => self.say(id, None, Situation::Gone),
            _ => self.say(id, None, Situation::TargetMissing),
        }
    }

    pub(super) fn replaced(&mut self, id: &str, person: Option<&Employee>, user: &User) {
        if self.elsewhere(user).is_some_and(|held| !held.closed) {
            let waits = person.is_none_or(|person| {
                self.has_left(person) || self.facts(person, user).two() || self.judged(id, user) == Some(true)
            });
            let situation = if waits { Situation::HeldElsewhere } else { Situation::AccountReplaced };
            return self.say(id, Some(user), situation);
        }
        if !user.is_live() && person.is_some_and(|person| self.has_left(person)) {
            return self.say(id, Some(user), Situation::Gone);
        }
        self.ask(&[user]);
        self.say(id, Some(user), Situation::AccountReplaced);
    }

    pub(super) fn left_behind(&mut self, link: &Link) {
        if let Some(user) = self.user(link) {
            self.said.insert((None, Some(user.id.to_string()), Situation::Unassigned));
        }
    }

    pub(super) fn pair(&mut self, person: &'w Employee, link: &Link, user: &User, spared: bool, moves: bool) {
        let (id, stand) = (person.id().as_str(), self.stand(person));
        if spared {
            return self.say(id, Some(user), Situation::Superseded);
        }
        let decided = self.judged(id, user) == Some(true);
        if is_recycled(person, user) && !decided && (stand != Stand::Left || user.is_live()) {
            self.ask(&[user]);
            return self.say(id, Some(user), Situation::Recycled);
        }
        match (stand, user.is_live()) {
            (Stand::Left, _) => return self.leaver(person, id, user),
            (Stand::PreHire, false) => return self.say(id, Some(user), Situation::PreHire),
            (Stand::Leaving | Stand::Unknown, false) => {
                return self.say(id, Some(user), Situation::Confirmed);
            }
            (Stand::Employed, false) => {
                self.say(id, Some(user), Situation::Rehire);
                if self.reopens(link) {
                    self.write("reactivate", id, Some(user), "");
                    self.update(person, user, Some(link), moves);
                }
                return;
            }
            (_, true) => {}
        }
        let later = stand == Stand::PreHire;
        self.say(id, Some(user), if later { Situation::PreHire } else { Situation::Confirmed });
        let address = self.update(person, user, Some(link), moves);
        let policy = &self.world.policy;
        let due = stand == Stand::Employed || (later && policy.future_starters == FutureStarters::InviteNow);
        let old = user.invite.is_some_and(|invite| {
            let days = i32::try_from(policy.reinvite_after_days).unwrap();
            days > 0 && invite.sent_at.plus_days(days) <= self.world.now
        });
        if due && policy.invite && user.status == UserStatus::Pending && link.awaits_invite {
            self.write("invite", id, Some(user), "");
        }
        let sent = link.invites.max(u32::from(user.invite.is_some()));
        let tired = policy.max_invites > 0 && sent >= policy.max_invites;
        // Whom somebody else invited is not asked again.
        let ours = user.invite.is_none() || link.invites > 0;
        if due && policy.invite && user.status == UserStatus::Invited && (old || address) && ours && !tired {
            self.write("reinvite", id, Some(user), "");
            if !old {
                self.moved.insert(format!("reinvite {id} {} ", user.id));
            }
        }
    }

    pub(super) fn leaver(&mut self, person: &Employee, id: &str, user: &User) {
        let unused = user.status == UserStatus::Pending;
        self.say(id, Some(user), if unused { Situation::Rescinded } else { Situation::Leaver });
        let by_date = person.status() != Status::Terminated;
        if by_date || self.world.leavers.status {
            let unused = if unused { Situation::Rescinded } else { Situation::Leaver };
            self.end(id, user, unused);
        }
    }

    /// Closes the account of somebody who is gone, unless another connection waits for it.
    pub(super) fn end(&mut self, id: &str, user: &User, situation: Situation) {
        let acts = user.is_live() && self.world.policy.leavers != Leavers::Never;
        if acts && self.world.others.claimed.contains_key(&user.id) {
            self.said.remove(&(Some(id.to_owned()), Some(user.id.to_string()), situation));
            return self.say(id, Some(user), Situation::HandedOver);
        }
        self.close(id, user);
    }

    pub(super) fn is_protected(&self, user: &User) -> bool {
        let email = user.value(&TargetField::Email).unwrap_or_default();
        self.world
            .policy
            .protected
            .iter()
            .any(|name| name == user.id.as_str() || name.eq_ignore_ascii_case(email))
    }

    pub(super) fn close(&mut self, id: &str, user: &User) {
        let protected = self.is_protected(user)
            || (!id.is_empty() && self.world.fingerprint.credential.as_deref() == Some(id));
        let never = !id.is_empty() && self.world.policy.leavers == Leavers::Never;
        if user.is_live() && !protected && !never {
            self.write("deactivate", id, Some(user), "");
        }
    }

    pub(super) fn missing(&mut self, link: &Link) {
        let id = link.employee.as_str();
        let spared = self.is_spared(link);
        let user = match self.bond(link) {
            Bond::Gone => return self.say(id, None, Situation::Gone),
            Bond::Holds(user) | Bond::Replaced(user) if self.is_shared_with_others(user) => {
                return self.say(id, Some(user), Situation::Contested);
            }
            Bond::Replaced(user) => return self.replaced(id, None, user),
            Bond::Holds(user) => user,
            Bond::Remade(user) => {
                self.left_behind(link);
                if spared {
                    return self.say(id, Some(user), Situation::SourceMissing);
                }
                self.write("link", id, Some(user), "");
                user
            }
        };
        let counts = matches!(self.world.policy.leavers, Leavers::Absence | Leavers::Vendor);
        if !user.is_live() || !counts || spared {
            return self.say(id, Some(user), Situation::SourceMissing);
        }
        if self.world.unidentified > 0 || self.world.no_absence {
            return self.say(id, Some(user), Situation::SourceUnseen);
        }
        match self.world.absent.get(&link.employee) {
            Some(Lookup::Found(person)) if self.stand(person) == Stand::Left => self.leaver(person, id, user),
            Some(Lookup::Found(_) | Lookup::NotVisible) => self.say(id, Some(user), Situation::SourceUnseen),
            _ => {
                let unused = user.status == UserStatus::Pending;
                let situation = if unused { Situation::Rescinded } else { Situation::SourceMissing };
                self.say(id, Some(user), situation);
                self.end(id, user, situation);
            }
        }
    }

    pub(super) fn joiner(&mut self, person: &'w Employee) {
        let (id, later) = (person.id().as_str(), self.stand(person) == Stand::PreHire);
        let policy = &self.world.policy;
        let situation = if later { Situation::PreHire } else { Situation::Joiner };
        if later && policy.future_starters == FutureStarters::Skip {
            return self.say(id, None, situation);
        }
        let Some(address) = key_of(person, MatchKey::Email) else {
            return self.say(id, None, Situation::Invalid);
        };
        let taken = self.world.users.iter().any(|user| user.value(&TargetField::ExternalId) == Some(id));
        if taken || self.is_shared(person) {
            return self.say(id, None, Situation::Contested);
        }
        self.say(id, None, situation);
        self.writes.insert(format!("create {id}  "), Some(address));
        if policy.invite && (!later || policy.future_starters == FutureStarters::InviteNow) {
            self.write("invite", id, None, "");
        }
    }

    pub(super) fn unlinked_user(&mut self, user: &'w User) {
        let linked = |key: &String| key.starts_with("link ") && key.contains(&format!(" {} ", user.id));
        if self.holder(user).is_some() || self.writes.keys().any(linked) {
            return;
        }
        let back = !self.is_free(user)
            && self.said.iter().any(|(person, said, situation)| {
                let acts = matches!(situation, Situation::Rehire | Situation::PreHire);
                acts && person.is_some() && said.as_deref() == Some(user.id.as_str())
            });
        let refused = self.said.iter().any(|(person, said, situation)| {
            let contested = *situation == Situation::Contested && person.is_some();
            contested && said.as_deref() == Some(user.id.as_str())
        });
        if back || refused {
            return;
        }
        self.said.insert((None, Some(user.id.to_string()), Situation::Unassigned));
        let keys = [MatchKey::Email, MatchKey::EmployeeNumber, MatchKey::ExternalId];
        let there: Vec<&Employee> =
            self.people.iter().copied().filter(|person| !self.has_left(person)).collect();
        let claimed = there.iter().any(|person| {
            keys.iter()
                .any(|key| key_of(person, *key).is_some() && key_of(person, *key) == user_key(user, *key))
                || (self.seeks(person) && self.candidates(person).iter().any(|(other, _)| *other == user))
        });
        let carried = user.value(&TargetField::ExternalId);
        let aside = self.world.set_aside.iter().any(|id| Some(id.as_str()) == carried);
        let hides = |key: &MatchKey| {
            let sees = |person: &&Employee| wanted(person, &target(*key)).is_visible();
            there.iter().any(|person| wanted(person, &target(*key)) == Field::NotPermitted)
                || (there.iter().any(sees) && !there.iter().all(sees))
        };
        let hidden = !self.world.set_aside.is_empty() || keys.iter().any(hides);
        let theirs = |id: &str| self.listed(id).is_some_and(|person| !self.facts(person, user).against());
        let elsewhere = carried.is_some_and(|id| !theirs(id)) || !self.is_free(user);
        let closes = self.world.policy.unlinked_users == UnlinkedUsers::Deactivate && self.absence_counts();
        if closes && !claimed && !aside && !hidden && !elsewhere && !self.takes_a_place(user) {
            self.close("", user);
        }
    }
}
