//! A second engine, slow and plain, written from the table of situations: who is what, and what is
//! written. Order, keys, assignments and the steps of exchanges are other properties' business.

mod links;
mod matching;
mod react;
mod values;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{
    ActionKind, FutureStarters, Held, Judgement, Leavers, MatchKey, PastEndDate, Rehire, Situation,
    UnlinkedUsers,
};
use hris_core::{Employee, Field, Link, Lookup, StandardField, Status, TargetField, User, UserStatus};
use proptest::prelude::*;

use links::is_over;
use values::*;

use crate::support::World;
use crate::worlds::{cases, worlds};

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn agreement(world in worlds()) {
        let plan = world.plan();
        let said = plan.people.iter().map(|one| {
            (one.employee.map(str::to_owned), one.user.map(str::to_owned), one.situation)
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

    fn listed(&self, id: &str) -> Option<&'w Employee> {
        self.world.people.iter().find(|person| person.id().as_str() == id)
    }
}
