//! A second engine, slow and plain, written from the table of situations: who is what, and what is
//! written. Order, keys, assignments and the steps of exchanges are other properties' business.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{
    ActionKind, FutureStarters, Leavers, MatchKey, PastEndDate, Rehire, Situation, UnlinkedUsers,
};
use hris_core::{Employee, Field, Link, Lookup, Status, TargetField, User, UserStatus};
use proptest::prelude::*;

use crate::support::World;
use crate::worlds::worlds;

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agreement(world in worlds()) {
        let plan = world.plan();
        let said = plan.people.iter().map(|one| {
            (one.employee.as_ref().map(|id| id.to_string()), one.user.as_ref().map(|id| id.to_string()), one.situation)
        });
        let writes = plan.actions.iter().filter(|action| action.kind != ActionKind::Assign && !action.releases);
        let writes = writes.map(|action| {
            let mut fields: Vec<String> = match action.kind {
                ActionKind::Update => action.changes.iter().map(|change| change.field.to_string()).collect(),
                _ => Vec::new(),
            };
            fields.sort();
            let of = |id: Option<String>| id.unwrap_or_default();
            let employee = of(action.employee.as_ref().map(ToString::to_string));
            format!("{} {employee} {} {}", action.kind.as_str(), of(action.user.as_ref().map(ToString::to_string)), fields.join(","))
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
        let mut naive = Naive { world, people, said: Said::new(), writes: BTreeMap::new() };
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
        let user = link.and_then(|link| self.user(link));
        if self.twice(person) {
            return self.say(id, user, Situation::Contested);
        }
        if let Some(link) = link {
            return match user {
                None if stand == Stand::Left => self.say(id, None, Situation::Gone),
                None => self.say(id, None, Situation::TargetMissing),
                Some(user) => self.pair(person, link, user),
            };
        }
        if person.is_sample() || !matches!(stand, Stand::Employed | Stand::PreHire) {
            return self.say(id, None, Situation::Ignored);
        }
        if self.is_contested(person) {
            return self.say(id, None, Situation::Contested);
        }
        let found = self.accounts(person);
        if found.len() > 1 {
            return self.say(id, None, Situation::Ambiguous);
        }
        let Some(user) = found.first().copied() else { return self.joiner(person) };
        let old = self.holder(user);
        let claims = |other: &&&Employee| {
            other.id() != person.id()
                && self.seeks(other)
                && !self.is_contested(other)
                && self.accounts(other) == [user]
                && self.is_free_for(other, user)
        };
        if !self.is_free_for(person, user) {
            return self.say(id, Some(user), Situation::FoundAlreadyLinked);
        }
        if self.people.iter().any(|other| claims(&other)) {
            return self.say(id, None, Situation::Contested);
        }
        let Some(old) = old else {
            self.say(id, Some(user), Situation::Found);
            self.write("link", id, Some(user), "");
            if user.is_live() {
                self.update(person, user, false);
            }
            return;
        };
        if stand == Stand::PreHire {
            return self.say(id, Some(user), Situation::PreHire);
        }
        self.say(id, Some(user), Situation::Rehire);
        if user.is_live() || self.reopens(old) {
            self.write("link", id, Some(user), "");
            if !user.is_live() {
                self.write("reactivate", id, Some(user), "");
            }
            self.update(person, user, false);
        }
    }

    fn seeks(&self, person: &Employee) -> bool {
        self.link_of(person).is_none()
            && !self.twice(person)
            && !person.is_sample()
            && matches!(self.stand(person), Stand::Employed | Stand::PreHire)
    }

    /// Nobody's, or that of an ended record of the same person.
    fn is_free_for(&self, person: &Employee, user: &User) -> bool {
        let Some(old) = self.holder(user) else { return true };
        let old = self.people.iter().find(|other| *other.id() == old.employee);
        old.is_some_and(|old| self.has_left(old)) && self.is_same(person, user)
    }

    fn reopens(&self, link: &Link) -> bool {
        link.deactivated_by_us
            && self.world.policy.rehire == Rehire::Reactivate
            && self.world.target.reactivates
    }

    fn is_contested(&self, person: &Employee) -> bool {
        self.world.policy.match_keys.iter().any(|key| {
            let wanted = key_of(person, *key);
            wanted.is_some()
                && self.people.iter().any(|other| {
                    other.id() != person.id() && !self.has_left(other) && key_of(other, *key) == wanted
                })
        })
    }

    /// The keys by which an account is this person's.
    fn keys(&self, person: &Employee, user: &User) -> Vec<MatchKey> {
        let keys = self.world.policy.match_keys.iter().copied();
        let same =
            keys.filter(|key| key_of(person, *key).is_some() && key_of(person, *key) == user_key(user, *key));
        same.filter(|key| !self.will_change(user, *key)).collect()
    }

    fn will_change(&self, user: &User, key: MatchKey) -> bool {
        let Some(link) = self.holder(user) else { return false };
        let Some(owner) = self.people.iter().find(|person| *person.id() == link.employee) else {
            return false;
        };
        let stand = self.stand(owner);
        let written = user.is_live() || (stand == Stand::Employed && self.reopens(link));
        let cleared = key == MatchKey::EmployeeNumber && owner.employee_number() == Field::Cleared;
        let other = key_of(owner, key).is_some_and(|wanted| Some(wanted) != user_key(user, key));
        stand != Stand::Left
            && !self.twice(owner)
            && written
            && !is_recycled(owner, user)
            && (other || cleared)
    }

    fn accounts(&self, person: &Employee) -> Vec<&'w User> {
        let counts = |user: &&User| {
            let keys = self.keys(person, user);
            if keys.iter().any(|key| *key != MatchKey::Email) {
                return true;
            }
            // An address alone is weak: it may have passed from one person to another.
            !keys.is_empty()
                && match self.holder(user) {
                    None => !user.value(&TargetField::ExternalId).is_some_and(|id| {
                        id != person.id().as_str()
                            && (self.people.iter().any(|other| other.id().as_str() == id)
                                || self.world.set_aside.iter().any(|other| other.as_str() == id))
                    }),
                    Some(link) => {
                        let old = self.people.iter().find(|other| *other.id() == link.employee);
                        self.is_same(person, user) && old.is_none_or(|old| self.has_left(old))
                    }
                }
        };
        self.world.users.iter().filter(counts).collect()
    }

    fn is_same(&self, person: &Employee, user: &User) -> bool {
        match (person.employee_number().value(), user.value(&TargetField::EmployeeNumber)) {
            (Some(one), Some(other)) => one == other,
            _ => [TargetField::Email, TargetField::GivenName, TargetField::FamilyName]
                .iter()
                .all(|field| differs(person, user, field) == Some(false)),
        }
    }

    /// Whether some employed person without a link may be the one behind this account.
    fn is_spared(&self, user: &User, employed_only: bool) -> bool {
        self.people.iter().any(|person| {
            self.seeks(person)
                && (!employed_only || self.stand(person) == Stand::Employed)
                && !self.keys(person, user).is_empty()
                && self.is_same(person, user)
        })
    }

    fn pair(&mut self, person: &'w Employee, link: &Link, user: &User) {
        let (id, stand) = (person.id().as_str(), self.stand(person));
        if stand == Stand::Left && self.is_spared(user, true) {
            return self.say(id, Some(user), Situation::Superseded);
        }
        if is_recycled(person, user) && (stand != Stand::Left || user.is_live()) {
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
                    self.update(person, user, true);
                }
                return;
            }
            (_, true) => {}
        }
        let later = stand == Stand::PreHire;
        self.say(id, Some(user), if later { Situation::PreHire } else { Situation::Confirmed });
        self.update(person, user, true);
        let policy = &self.world.policy;
        let due = stand == Stand::Employed || (later && policy.future_starters == FutureStarters::InviteNow);
        let old = user.invite.is_some_and(|invite| {
            let days = i32::try_from(policy.reinvite_after_days).unwrap();
            days > 0 && invite.sent_at.plus_days(days) <= self.world.now
        });
        if due && policy.invite && user.status == UserStatus::Pending && link.awaits_invite {
            self.write("invite", id, Some(user), "");
        }
        if due && policy.invite && user.status == UserStatus::Invited && old {
            self.write("reinvite", id, Some(user), "");
        }
    }

    fn leaver(&mut self, person: &Employee, id: &str, user: &User) {
        let unused = user.status == UserStatus::Pending;
        self.say(id, Some(user), if unused { Situation::Rescinded } else { Situation::Leaver });
        let by_date = person.status() != Status::Terminated;
        if by_date || self.world.leavers.status {
            self.close(id, user);
        }
    }

    fn close(&mut self, id: &str, user: &User) {
        let email = user.value(&TargetField::Email).unwrap_or_default();
        let named = |name: &String| name == user.id.as_str() || name.eq_ignore_ascii_case(email);
        let protected = self.world.policy.protected.iter().any(named)
            || (!id.is_empty() && self.world.fingerprint.credential.as_deref() == Some(id));
        let never = !id.is_empty() && self.world.policy.leavers == Leavers::Never;
        if user.is_live() && !protected && !never {
            self.write("deactivate", id, Some(user), "");
        }
    }

    fn missing(&mut self, link: &Link) {
        let id = link.employee.as_str();
        let Some(user) = self.user(link) else { return self.say(id, None, Situation::Gone) };
        let counts = matches!(self.world.policy.leavers, Leavers::Absence | Leavers::Vendor);
        if !user.is_live() || !counts || self.is_spared(user, false) {
            return self.say(id, Some(user), Situation::SourceMissing);
        }
        if self.world.unidentified > 0 || self.world.no_absence {
            return self.say(id, Some(user), Situation::SourceUnseen);
        }
        match self.world.absent.get(&link.employee) {
            Some(Lookup::Found(person)) if self.stand(person) == Stand::Left => self.leaver(person, id, user),
            Some(Lookup::Found(_) | Lookup::NotVisible) => self.say(id, Some(user), Situation::SourceUnseen),
            _ => {
                self.close(id, user);
                let unused = user.status == UserStatus::Pending;
                self.say(
                    id,
                    Some(user),
                    if unused { Situation::Rescinded } else { Situation::SourceMissing },
                );
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

    fn update(&mut self, person: &'w Employee, user: &User, moves: bool) {
        let mut fields: Vec<&str> = Vec::new();
        let mut address = None;
        for field in &TargetField::STANDARD {
            let current = user.value(field);
            let changes = match (self.wanted(person, field), current) {
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
            self.writes.insert(format!("update {} {} {}", person.id(), user.id, fields.join(",")), address);
        }
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
        self.said.insert((None, Some(user.id.to_string()), Situation::Unassigned));
        let mut keys = self.world.policy.match_keys.clone();
        keys.push(MatchKey::ExternalId);
        let claimed = self.people.iter().any(|person| {
            let there = (self.twice(person) || self.link_of(person).is_none()) && !self.has_left(person);
            there
                && keys
                    .iter()
                    .any(|key| key_of(person, *key).is_some() && key_of(person, *key) == user_key(user, *key))
        });
        let aside = self
            .world
            .set_aside
            .iter()
            .any(|id| Some(id.to_string()) == user_key(user, MatchKey::ExternalId));
        let proven = self.world.unidentified == 0 && !self.world.no_absence;
        if self.world.policy.unlinked_users == UnlinkedUsers::Deactivate && proven && !claimed && !aside {
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
                let ours = self.holder(user).is_some_and(|link| link.deactivated_by_us);
                let held = self.said.iter().any(|(_, said, situation)| {
                    said.as_deref() == Some(user.id.as_str())
                        && matches!(situation, Situation::Contested | Situation::Recycled)
                });
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
        let fields: Vec<&str> = fields.split(',').filter(|field| *field != "email").collect();
        if !fields.is_empty() {
            self.writes.insert(format!("{head} {}", fields.join(",")), None);
        }
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

fn key_of(person: &Employee, key: MatchKey) -> Option<String> {
    wanted(person, &target(key)).value()
}

fn user_key(user: &User, key: MatchKey) -> Option<String> {
    user.value(&target(key)).map(plain)
}

fn differs(person: &Employee, user: &User, field: &TargetField) -> Option<bool> {
    Some(plain(&wanted(person, field).value()?) != plain(user.value(field)?))
}

fn is_recycled(person: &Employee, user: &User) -> bool {
    let names = [TargetField::GivenName, TargetField::FamilyName];
    let names: Vec<bool> = names.iter().filter_map(|field| differs(person, user, field)).collect();
    let name = (!names.is_empty()).then(|| names.iter().all(|differs| *differs));
    let number = differs(person, user, &TargetField::EmployeeNumber);
    let start = differs(person, user, &TargetField::StartDate);
    let others: Vec<bool> = [number, name, start].into_iter().flatten().collect();
    differs(person, user, &TargetField::Email) == Some(true)
        && others.len() >= 2
        && others.iter().all(|one| *one)
}
