//! A second engine, slow and plain, written from the table of situations: who is what, and what is
//! written. Order, keys, assignments and the steps of exchanges are other properties' business.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{
    ActionKind, FutureStarters, Held, Judgement, Leavers, MatchKey, PastEndDate, Rehire, Situation,
    UnlinkedUsers,
};
use hris_core::{Employee, Field, Link, Lookup, Status, TargetField, User, UserStatus};
use proptest::prelude::*;

use crate::support::World;
use crate::worlds::{cases, worlds};

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn agreement(world in worlds()) {
        let plan = world.plan();
        let said = plan.people.iter().map(|one| {
            (one.employee.as_ref().map(|id| id.to_string()), one.user.as_ref().map(|id| id.to_string()), one.situation)
        });
        let writes = plan.actions.iter().filter(|action| action.kind != ActionKind::Assign && !action.releases);
        // What many people lose is planned apart; it is one write of each account.
        let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for action in writes {
            let of = |id: Option<String>| id.unwrap_or_default();
            let employee = of(action.employee.as_ref().map(ToString::to_string));
            let user = of(action.user.as_ref().map(ToString::to_string));
            let all = fields.entry(format!("{} {employee} {user}", action.kind.as_str())).or_default();
            if action.kind == ActionKind::Update {
                all.extend(action.changes.iter().map(|change| change.field.to_string()));
            }
        }
        let writes = fields.into_iter().map(|(write, fields)| {
            format!("{write} {}", fields.into_iter().collect::<Vec<_>>().join(","))
        });
        let naive = Naive::of(&world);
        prop_assert_eq!(said.collect::<BTreeSet<_>>(), naive.said);
        prop_assert_eq!(writes.collect::<BTreeSet<_>>(), naive.writes.into_keys().collect());
    }
}

type Said = BTreeSet<(Option<String>, Option<String>, Situation)>;

struct Naive<'w> {
    world: &'w World,
    /// Each id once.
    people: Vec<&'w Employee>,
    said: Said,
    /// Each write, and the address that it takes.
    writes: BTreeMap<String, Option<String>>,
    /// Accounts about which somebody is asked.
    asked: BTreeSet<String>,
    /// Decisions whose facts are what they were.
    fresh: Vec<&'w Judgement>,
    /// Invitations that follow a corrected address.
    moved: BTreeSet<String>,
}

/// What a link names.
#[derive(Clone, Copy, PartialEq)]
enum Bond<'w> {
    Holds(&'w User),
    Replaced(&'w User),
    Remade(&'w User),
    Gone,
}

/// What is written of a person and an account, side by side: the same, something else, or nothing.
#[derive(Clone, Copy)]
struct Facts {
    number: Option<bool>,
    email: Option<bool>,
    name: Option<bool>,
}

impl Facts {
    fn count(self, said: bool) -> usize {
        [self.number, self.email, self.name].iter().filter(|fact| **fact == Some(said)).count()
    }

    fn suffice(self) -> bool {
        let differ = self.count(false);
        self.two() || (self.email == Some(true) && differ < 2) || (self.number == Some(true) && differ == 0)
    }

    fn two(self) -> bool {
        self.count(true) >= 2
    }

    fn against(self) -> bool {
        self.count(false) >= 2
    }
}

/// How an account came into question.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Key,
    Name,
    Unmatched,
    Decision,
}

/// What an account is to a person without a link.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Theirs,
    TheirsById,
    TheirsByDecision,
    Question,
    Recycled,
    Not,
}

/// What is found for a person without a link.
#[derive(Clone, PartialEq)]
enum Found<'w> {
    Contested,
    Elsewhere(&'w User),
    Nothing,
    One(&'w User),
    Open(Vec<&'w User>, bool),
    Several(Vec<&'w User>),
}

#[derive(Clone, Copy, PartialEq)]
enum Stand {
    Employed,
    Left,
    Leaving,
    PreHire,
    Unknown,
}

impl<'w> Naive<'w> {
    fn of(world: &'w World) -> Self {
        let mut people: Vec<&Employee> = Vec::new();
        for person in &world.people {
            if !people.contains(&person) {
                people.push(person);
            }
        }
        let mut naive = Naive {
            world,
            people,
            said: Said::new(),
            writes: BTreeMap::new(),
            asked: BTreeSet::new(),
            moved: BTreeSet::new(),
            fresh: world.judgements.iter().filter(|one| is_fresh(world, one)).collect(),
        };
        for person in naive.people.clone() {
            naive.person(person);
        }
        for id in &world.set_aside {
            let user = world.links.iter().find(|link| link.employee == *id).map(|link| link.user.to_string());
            naive.said.insert((Some(id.to_string()), user, Situation::Invalid));
        }
        for link in &world.links {
            let listed = world.people.iter().any(|person| *person.id() == link.employee);
            if !listed && !world.set_aside.contains(&link.employee) {
                naive.missing(link);
            }
        }
        for user in &world.users {
            naive.unlinked_user(user);
        }
        naive.addresses();
        naive
    }

    fn say(&mut self, person: &str, user: Option<&User>, situation: Situation) {
        self.said.insert((Some(person.to_owned()), user.map(|user| user.id.to_string()), situation));
    }

    fn write(&mut self, kind: &str, person: &str, user: Option<&User>, fields: &str) {
        let user = user.map_or("", |user| user.id.as_str());
        self.writes.insert(format!("{kind} {person} {user} {fields}"), None);
    }

    fn user(&self, link: &Link) -> Option<&'w User> {
        self.world.users.iter().find(|user| user.id == link.user)
    }

    fn link_of(&self, person: &Employee) -> Option<&'w Link> {
        self.world.links.iter().find(|link| link.employee == *person.id())
    }

    fn holder(&self, user: &User) -> Option<&'w Link> {
        self.world.links.iter().find(|link| link.user == user.id)
    }

    fn twice(&self, person: &Employee) -> bool {
        self.people.iter().filter(|other| other.id() == person.id()).count() > 1
    }

    fn has_left(&self, person: &Employee) -> bool {
        !self.twice(person) && self.stand(person) == Stand::Left
    }

    fn stand(&self, person: &Employee) -> Stand {
        let (world, today) = (self.world, self.world.today);
        let end = person.last_working_day().value().or(person.end_date().value());
        match person.status() {
            Status::Terminated if end.is_some_and(|end| end >= today) => Stand::Leaving,
            Status::Terminated => Stand::Left,
            Status::Pending => Stand::PreHire,
            Status::Active | Status::OnLeave => match (person.start_date().value(), end) {
                (Some(start), _) if start > today => Stand::PreHire,
                (_, Some(end)) if end < today && world.policy.past_end_date == PastEndDate::Leaver => {
                    Stand::Left
                }
                _ => Stand::Employed,
            },
            _ => Stand::Unknown,
        }
    }

    fn person(&mut self, person: &'w Employee) {
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
    fn is_claimed(&self, person: &Employee, user: &User) -> bool {
        let others = || self.people.iter().filter(|other| other.id() != person.id() && self.seeks(other));
        others().any(|other| match self.found(other) {
            Found::One(theirs) => theirs.id == user.id,
            Found::Open(users, _) | Found::Several(users) => {
                users.contains(&user) && !self.facts(other, user).against()
            }
            _ => false,
        })
    }

    fn ask(&mut self, users: &[&User]) {
        self.asked.extend(users.iter().map(|user| user.id.to_string()));
    }

    fn linked(&mut self, person: &'w Employee, link: &'w Link) {
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

    fn replaced(&mut self, id: &str, person: Option<&Employee>, user: &User) {
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

    fn left_behind(&mut self, link: &Link) {
        if let Some(user) = self.user(link) {
            self.said.insert((None, Some(user.id.to_string()), Situation::Unassigned));
        }
    }

    fn listed(&self, id: &str) -> Option<&'w Employee> {
        self.world.people.iter().find(|person| person.id().as_str() == id)
    }

    /// What was decided of a pair. Two decisions of which only one can be right are none.
    fn judged(&self, id: &str, user: &User) -> Option<bool> {
        let one = self.fresh.iter().find(|one| one.employee.as_str() == id && one.user == user.id)?;
        (!one.same || self.decided(id) == Some(user)).then_some(one.same)
    }

    fn decided(&self, id: &str) -> Option<&'w User> {
        let same = || self.fresh.iter().filter(|one| one.same);
        let mine: Vec<_> = same().filter(|one| one.employee.as_str() == id).collect();
        let [one] = mine.as_slice() else { return None };
        let alone = same().filter(|other| other.user == one.user).count() == 1;
        self.world.users.iter().find(|user| alone && user.id == one.user)
    }

    fn owner_decided(&self, user: &User) -> Option<&'w str> {
        let ids = self.fresh.iter().filter(|one| one.same && one.user == user.id);
        let ids: Vec<&str> = ids.map(|one| one.employee.as_str()).collect();
        if let [one] = ids.as_slice() { Some(one) } else { None }
    }

    fn bond(&self, link: &Link) -> Bond<'w> {
        let (world, field) = (self.world, TargetField::ExternalId);
        let id = link.employee.as_str();
        let given = link.external_id.as_deref().unwrap_or(id);
        let person = self.listed(id);
        let named = self.user(link);
        if let Some(user) = named {
            let carries = match user.value(&field) {
                Some(carried) => carried == given || (person.is_some() && carried == id),
                None => {
                    link.external_id.is_none()
                        && person.is_some_and(|person| self.facts(person, user).suffice())
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
        let two = |user: &User| person.is_some_and(|person| self.facts(person, user).two());
        let first = first.filter(|user| self.elsewhere(user).is_none() || two(user));
        match (first, named) {
            (Some(user), _) => Bond::Remade(user),
            (None, Some(user)) => Bond::Replaced(user),
            (None, None) => Bond::Gone,
        }
    }

    /// In no link of this connection, and no other connection's.
    fn is_free(&self, user: &User) -> bool {
        self.holder(user).is_none() && self.elsewhere(user).is_none()
    }

    /// Whose it is elsewhere: by a link, or by the id of an account that is not there any more.
    fn elsewhere(&self, user: &User) -> Option<&'w Held> {
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
        held.get(&user.id).or_else(lost)
    }

    /// Whether an account carries an id that the account of a link may carry.
    fn carries_of(&self, link: &Link, user: &User) -> bool {
        let given = link.external_id.as_deref().unwrap_or(link.employee.as_str());
        let own = self.listed(link.employee.as_str()).map(|_| link.employee.as_str());
        let carried = user.value(&TargetField::ExternalId);
        carried.is_some() && (carried == Some(given) || carried == own)
    }

    /// Linked here and elsewhere, and by what it carries both may be right.
    fn is_shared_with_others(&self, user: &User) -> bool {
        let Some(link) = self.holder(user) else { return false };
        let Some(held) = self.world.others.held.get(&user.id).filter(|held| !held.closed) else {
            return false;
        };
        match user.value(&TargetField::ExternalId) {
            Some(carried) => held.external_id.as_deref() == Some(carried) && self.carries_of(link, user),
            None => true,
        }
    }

    fn takes_a_place(&self, user: &User) -> bool {
        self.world.links.iter().any(|link| self.bond(link) == Bond::Remade(user))
    }

    fn is_anothers(&self, id: &str, user: &User) -> bool {
        let carried = user.value(&TargetField::ExternalId);
        let there = self.people.iter().filter(|person| !self.has_left(person)).map(|person| person.id());
        there
            .chain(&self.world.set_aside)
            .any(|other| other.as_str() != id && Some(other.as_str()) == carried)
    }

    fn seeks(&self, person: &Employee) -> bool {
        self.link_of(person).is_none()
            && !person.is_sample()
            && (self.twice(person) || matches!(self.stand(person), Stand::Employed | Stand::PreHire))
    }

    fn opens(&self) -> bool {
        self.world.policy.rehire == Rehire::Reactivate && self.world.target.reactivates
    }

    fn reopens(&self, link: &Link) -> bool {
        link.deactivated_by_us && self.opens()
    }

    fn is_contested(&self, person: &Employee) -> bool {
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
    fn holders(&self, key: MatchKey, value: &str) -> usize {
        let people = self.people.iter().filter(|person| !self.has_left(person));
        let people = people.filter(|person| key_of(person, key).as_deref() == Some(value));
        people.map(|person| person.id()).collect::<BTreeSet<_>>().len()
    }

    /// What three have is nobody's number.
    fn key_of(&self, person: &Employee, key: MatchKey) -> Option<String> {
        key_of(person, key).filter(|value| key != MatchKey::EmployeeNumber || self.holders(key, value) < 3)
    }

    fn facts(&self, person: &Employee, user: &User) -> Facts {
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
    fn candidates(&self, person: &Employee) -> Vec<(&'w User, By)> {
        let by = |user: &'w User| {
            if self.decided(person.id().as_str()) == Some(user) {
                return Some((user, By::Decision));
            }
            let same = |key: &MatchKey| {
                let wanted = self.key_of(person, *key);
                wanted.is_some() && wanted == user_key(user, *key) && !self.will_change(user, *key)
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
            let Some(link) = self.holder(user) else { return unmatched };
            let closes = self.listed(link.employee.as_str()).is_none()
                && matches!(self.world.policy.leavers, Leavers::Absence | Leavers::Vendor)
                && user.is_live()
                && self.bond(link) == Bond::Holds(user)
                && self.is_gone(link);
            let by_name = closes && self.facts(person, user).name == Some(true);
            by_name.then_some((user, By::Name)).or(unmatched)
        };
        self.world.users.iter().filter_map(by).collect()
    }

    /// Whether the account in use is, by its link, that of somebody who is gone or has left.
    fn would_close(&self, user: &User) -> bool {
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

    fn is_gone(&self, link: &Link) -> bool {
        let answer = self.world.absent.get(&link.employee);
        self.absence_counts()
            && !self.world.set_aside.contains(&link.employee)
            && !matches!(answer, Some(Lookup::Found(_) | Lookup::NotVisible))
    }

    fn absence_counts(&self) -> bool {
        self.world.unidentified == 0 && !self.world.no_absence
    }

    fn will_change(&self, user: &User, key: MatchKey) -> bool {
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

    fn verdict(&self, person: &Employee, user: &'w User, by: By) -> Verdict {
        let (id, facts) = (person.id().as_str(), self.facts(person, user));
        let judged = self.judged(id, user);
        if judged == Some(false) || self.owner_decided(user).is_some_and(|owner| owner != id) {
            return Verdict::Not;
        }
        let judged = judged == Some(true);
        let theirs = if judged { Verdict::TheirsByDecision } else { Verdict::Theirs };
        let two = facts.two() || judged;
        if let Some(held) = self.elsewhere(user).filter(|_| !self.takes_a_place(user)) {
            return match (two, held.closed) {
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

    fn found(&self, person: &Employee) -> Found<'w> {
        if self.is_contested(person) {
            return Found::Contested;
        }
        let all: Vec<(&User, Verdict)> = self
            .candidates(person)
            .into_iter()
            .map(|(user, by)| (user, self.verdict(person, user, by)))
            .collect();
        let of = |wanted: &[Verdict]| -> Vec<&'w User> {
            all.iter().filter(|(_, said)| wanted.contains(said)).map(|(user, _)| *user).collect()
        };
        let questions = of(&[Verdict::Question, Verdict::Recycled]);
        let sure = of(&[Verdict::Theirs, Verdict::TheirsById, Verdict::TheirsByDecision]);
        let decided = of(&[Verdict::TheirsByDecision]);
        let one = |user: &'w User| {
            let held = self.elsewhere(user).is_some_and(|held| !held.closed);
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
    fn is_spared(&self, link: &Link) -> bool {
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

    /// In the source, not gone, and not looking for an account today.
    fn is_present(&self, person: &Employee) -> bool {
        let apart = self.twice(person) || (self.link_of(person).is_none() && !self.seeks(person));
        apart && !self.has_left(person) && !person.is_sample()
    }

    fn may_be_behind(&self, person: &Employee, link: &Link) -> bool {
        let old = self.people.iter().find(|person| *person.id() == link.employee);
        old.is_none_or(|old| self.has_left(old))
            && self.candidates(person).into_iter().any(|(user, _)| {
                let concerns = match self.holder(user) {
                    Some(held) => held == link,
                    None => self.bond(link) == Bond::Remade(user),
                };
                concerns && !self.facts(person, user).against()
            })
    }

    fn pair(&mut self, person: &'w Employee, link: &Link, user: &User, spared: bool, moves: bool) {
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

    fn leaver(&mut self, person: &Employee, id: &str, user: &User) {
        let unused = user.status == UserStatus::Pending;
        self.say(id, Some(user), if unused { Situation::Rescinded } else { Situation::Leaver });
        let by_date = person.status() != Status::Terminated;
        if by_date || self.world.leavers.status {
            let unused = if unused { Situation::Rescinded } else { Situation::Leaver };
            self.end(id, user, unused);
        }
    }

    /// Closes the account of somebody who is gone, unless another connection waits for it.
    fn end(&mut self, id: &str, user: &User, situation: Situation) {
        let acts = user.is_live() && self.world.policy.leavers != Leavers::Never;
        if acts && self.world.others.claimed.contains_key(&user.id) {
            self.said.remove(&(Some(id.to_owned()), Some(user.id.to_string()), situation));
            return self.say(id, Some(user), Situation::HandedOver);
        }
        self.close(id, user);
    }

    fn is_protected(&self, user: &User) -> bool {
        let email = user.value(&TargetField::Email).unwrap_or_default();
        self.world
            .policy
            .protected
            .iter()
            .any(|name| name == user.id.as_str() || name.eq_ignore_ascii_case(email))
    }

    fn close(&mut self, id: &str, user: &User) {
        let protected = self.is_protected(user)
            || (!id.is_empty() && self.world.fingerprint.credential.as_deref() == Some(id));
        let never = !id.is_empty() && self.world.policy.leavers == Leavers::Never;
        if user.is_live() && !protected && !never {
            self.write("deactivate", id, Some(user), "");
        }
    }

    fn missing(&mut self, link: &Link) {
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

    fn joiner(&mut self, person: &'w Employee) {
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

    fn is_shared(&self, person: &Employee) -> bool {
        let address = key_of(person, MatchKey::Email);
        let same = |other: &&&Employee| {
            other.id() != person.id()
                && self.stand(other) != Stand::Left
                && key_of(other, MatchKey::Email) == address
        };
        address.is_some() && self.people.iter().any(|other| same(&other))
    }

    /// Writes what differs; says whether the address is among it.
    fn update(&mut self, person: &'w Employee, user: &User, link: Option<&Link>, moves: bool) -> bool {
        // Whose owner was decided gets the address at once.
        let moves = moves || self.judged(person.id().as_str(), user) == Some(true);
        let mut fields: Vec<&str> = Vec::new();
        let mut address = None;
        for field in &TargetField::STANDARD {
            let current = user.value(field);
            let value = self.wanted(person, field);
            let learned = link.and_then(|link| link.learned.get(field)).filter(|_| value.is_visible());
            let wish = value.as_ref().value().map(String::as_str);
            if learned.is_some_and(|one| {
                one.is_own_form(field, wish, current) || one.is_worn_out(field, wish, current)
            }) {
                continue;
            }
            let changes = match (value, current) {
                (Field::Value(_), None) => true,
                (Field::Value(wanted), Some(current)) => plain(&wanted) != plain(current),
                (Field::Cleared, Some(_)) => {
                    !matches!(field, TargetField::Email | TargetField::ExternalId)
                        && !self.world.target.unclearable.contains(field)
                }
                _ => false,
            };
            let free = match field {
                TargetField::Email => moves && !self.is_shared(person),
                TargetField::ExternalId => !self
                    .world
                    .users
                    .iter()
                    .any(|other| other.id != user.id && other.value(field) == Some(person.id().as_str())),
                _ => true,
            };
            if changes && free {
                fields.push(field.name());
                if *field == TargetField::Email {
                    address = key_of(person, MatchKey::Email);
                }
            }
        }
        fields.sort_unstable();
        if !fields.is_empty() {
            let write = format!("update {} {} {}", person.id(), user.id, fields.join(","));
            self.writes.insert(write, address.clone());
        }
        address.is_some()
    }

    fn wanted(&self, person: &'w Employee, field: &TargetField) -> Field<String> {
        if *field != TargetField::ManagerExternalId {
            return wanted(person, field);
        }
        let above = |person: &'w Employee| {
            let id = person.manager().value()?;
            self.people.iter().find(|other| other.id().as_str() == id && !self.twice(other)).copied()
        };
        match person.manager() {
            Field::Value(_) => {
                let mut seen = vec![person];
                let mut at = person;
                while let Some(next) = above(at) {
                    if next == person {
                        return Field::NotProvided;
                    }
                    if seen.contains(&next) {
                        break;
                    }
                    seen.push(next);
                    at = next;
                }
                above(person).map_or(Field::NotProvided, |above| Field::Value(above.id().to_string()))
            }
            other => other.map(str::to_owned),
        }
    }

    fn unlinked_user(&mut self, user: &'w User) {
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

    /// Takes out whoever wants an address that its holder does not give up, until nobody does.
    fn addresses(&mut self) {
        let clears = !self.world.target.unclearable.contains(&TargetField::Email);
        loop {
            let takers: Vec<(String, String)> = self
                .writes
                .iter()
                .filter_map(|(write, address)| Some((write.clone(), address.clone()?)))
                .collect();
            let taker_of =
                |user: &User| takers.iter().find(|(write, _)| write.contains(&format!(" {} ", user.id)));
            let gives = |user: &User| {
                let closing = self
                    .writes
                    .keys()
                    .any(|key| key.starts_with("deactivate") && key.contains(&format!(" {} ", user.id)));
                let opening = self
                    .writes
                    .keys()
                    .any(|key| key.starts_with("reactivate") && key.contains(&format!(" {} ", user.id)));
                let ours = self.holder(user).is_some_and(|link| {
                    link.deactivated_by_us && self.bond(link) == Bond::Holds(self.user(link).unwrap())
                });
                let held = self.said.iter().any(|(_, said, situation)| {
                    said.as_deref() == Some(user.id.as_str())
                        && matches!(
                            situation,
                            Situation::AccountReplaced
                                | Situation::Contested
                                | Situation::HeldElsewhere
                                | Situation::Recycled
                                | Situation::Superseded
                        )
                }) || self.asked.contains(user.id.as_str())
                    || self.is_protected(user);
                clears && !held && (closing || (!user.is_live() && ours && !opening))
            };
            let holder = |write: &str, address: &str| {
                let holds = |user: &&User| {
                    user.value(&TargetField::Email).is_some_and(|email| plain(email) == address)
                };
                self.world.users.iter().find(holds).filter(|user| !write.contains(&format!(" {} ", user.id)))
            };
            let in_circle = |start: &str, address: &str| {
                let mut at = (start.to_owned(), address.to_owned());
                for _ in 0..20 {
                    match holder(&at.0, &at.1).and_then(taker_of) {
                        Some(next) if next.0 == start => return true,
                        Some(next) => at = next.clone(),
                        None => return false,
                    }
                }
                false
            };
            let stuck: Vec<String> = takers
                .iter()
                .filter(|(write, address)| match holder(write, address) {
                    None => false,
                    Some(user) if taker_of(user).is_some() => !clears && in_circle(write, address),
                    Some(user) => !gives(user),
                })
                .map(|(write, _)| write.clone())
                .collect();
            if stuck.is_empty() {
                return;
            }
            for write in stuck {
                self.drop_address(&write);
            }
        }
    }

    fn drop_address(&mut self, write: &str) {
        self.writes.remove(write);
        let id = write.split(' ').nth(1).unwrap().to_owned();
        if write.starts_with("create") {
            self.writes.remove(&format!("invite {id}  "));
            self.said.retain(|(person, _, _)| person.as_deref() != Some(id.as_str()));
            self.said.insert((Some(id), None, Situation::Contested));
            return;
        }
        let (head, fields) = write.rsplit_once(' ').unwrap();
        let user = write.split(' ').nth(2).unwrap();
        if self.moved.contains(&format!("reinvite {id} {user} ")) {
            self.writes.remove(&format!("reinvite {id} {user} "));
        }
        let fields: Vec<&str> = fields.split(',').filter(|field| *field != "email").collect();
        if !fields.is_empty() {
            self.writes.insert(format!("{head} {}", fields.join(",")), None);
        }
    }
}

/// Whether a decision made now would be on the same facts.
fn is_fresh(world: &World, one: &Judgement) -> bool {
    world.users.iter().any(|user| user.id == one.user) && {
        let plain = World { judgements: Vec::new(), ..world.clone() };
        let now = plain.judged(one.employee.as_str(), one.user.as_str(), one.same);
        now.judgements[0].facts == one.facts
    }
}

/// One form for all texts of these worlds.
fn plain(text: &str) -> String {
    let text = text.replace("e\u{308}", "\u{eb}");
    if text.contains('@') { text.to_lowercase() } else { text }
}

fn wanted(person: &Employee, field: &TargetField) -> Field<String> {
    let text = |value: Field<&str>| value.map(str::to_owned);
    match field {
        TargetField::ExternalId => Field::Value(person.id().to_string()),
        TargetField::EmployeeNumber => text(person.employee_number()),
        TargetField::Email => text(person.email()).map(|email| email.to_lowercase()),
        TargetField::GivenName => text(person.given_name()),
        TargetField::FamilyName => text(person.family_name()),
        TargetField::JobTitle => text(person.job_title()),
        TargetField::StartDate => person.start_date().map(|day| day.to_string()),
        TargetField::EndDate => person.end_date().map(|day| day.to_string()),
        _ => Field::NotProvided,
    }
}

fn target(key: MatchKey) -> TargetField {
    match key {
        MatchKey::Email => TargetField::Email,
        MatchKey::EmployeeNumber => TargetField::EmployeeNumber,
        _ => TargetField::ExternalId,
    }
}

/// What these worlds have for nothing.
fn says(value: String) -> Option<String> {
    Some(value).filter(|value| value != "N/A" && value != "0")
}

fn key_of(person: &Employee, key: MatchKey) -> Option<String> {
    wanted(person, &target(key)).value().and_then(says)
}

fn user_key(user: &User, key: MatchKey) -> Option<String> {
    user.value(&target(key)).map(plain).and_then(says)
}

fn differs(person: &Employee, user: &User, field: &TargetField) -> Option<bool> {
    let (mine, theirs) = (says(wanted(person, field).value()?)?, says(user.value(field)?.to_owned())?);
    let name = matches!(field, TargetField::GivenName | TargetField::FamilyName);
    let shown = |text: &str| if name { plain(text).to_lowercase() } else { plain(text) };
    Some(shown(&mine) != shown(&theirs))
}

fn is_recycled(person: &Employee, user: &User) -> bool {
    let known = |fields: [TargetField; 2]| -> Vec<bool> {
        fields.iter().filter_map(|field| differs(person, user, field)).collect()
    };
    let names = known([TargetField::GivenName, TargetField::FamilyName]);
    let others = known([TargetField::EmployeeNumber, TargetField::StartDate]);
    differs(person, user, &TargetField::Email) == Some(true)
        && (names.len() == 2 || names.len() + others.len() >= 2)
        && names.iter().chain(&others).all(|new| *new)
}
