//! Random worlds, drawn from bytes: shrinking towards zero shrinks towards the plain.

use hris_core::reconcile::{
    AreaSource, AssignmentMode, FutureStarters, Held, Judgement, Learned, Leavers, MatchKey, PastEndDate,
    Rehire, UnlinkedUsers,
};
use hris_core::{
    Assignment, AssignmentKind, Employee, Field, Invite, Link, Lookup, StandardField, Status, TargetField,
    User, UserStatus,
};
use proptest::prelude::*;

use crate::support::{NOW, World, world};

pub(crate) struct Dice {
    bytes: std::vec::IntoIter<u8>,
}

impl Dice {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into_iter() }
    }

    pub(crate) fn below(&mut self, sides: usize) -> usize {
        usize::from(self.bytes.next().unwrap_or(0)) % sides
    }

    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == sides - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

pub(crate) const IDS: [&str; 14] =
    ["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "ea", "eb", "ec", "ed"];
const NUMBERS: [&str; 8] = ["1", "2", "3", "4", "5", "6", "N/A", "0"];
const EMAILS: [&str; 13] = [
    "a@x.io", "b@x.io", "c@x.io", "d@x.io", "e@x.io", "f@x.io", "g@x.io", "h@x.io", "i@x.io", "j@x.io",
    "k@x.io", "l@x.io", "A@x.io",
];
/// How many of them an account may have; the last is one of those in another case.
const ADDRESSES: usize = EMAILS.len() - 1;
const DAYS: [&str; 3] = ["2026-11-22", "2026-11-23", "2026-11-24"];

/// How many worlds a property is held against; `PROPTEST_CASES` says another number for a hunt.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let hunt = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: hunt.unwrap_or(usual), failure_persistence: None, ..ProptestConfig::default() }
}

pub(crate) fn worlds() -> impl Strategy<Value = World> {
    proptest::collection::vec(any::<u8>(), 0..640).prop_map(|bytes| draw(&mut Dice::new(bytes)))
}

pub(crate) fn draw(dice: &mut Dice) -> World {
    let mut world = world("", "", "");
    let people = if dice.one_in(3) { dice.below(15) } else { dice.below(9) };
    for id in IDS.iter().take(people) {
        let person = person(dice, id);
        world.people.push(person);
    }
    if people > 1 && dice.one_in(16) {
        world.people.push(person(dice, IDS[0]));
    }
    if dice.one_in(16) {
        world.set_aside.push(dice.pick(&["e1", "e6", "e7", "g0"]).into());
        let aside = world.set_aside.clone();
        world.people.retain(|person| !aside.contains(person.id()));
    }
    world.unidentified = u64::from(dice.one_in(16));
    world.no_absence = dice.one_in(16);
    accounts(dice, &mut world);
    policy(dice, &mut world);
    others(dice, &mut world);
    let mut world = decisions(dice, world);
    world.by_end = dice.one_in(4);
    world
}

fn value<T>(dice: &mut Dice, choices: &[&'static str], make: impl Fn(&'static str) -> T) -> Field<T> {
    match dice.below(8) {
        0..=4 => Field::Value(make(dice.pick(choices))),
        5 => Field::NotProvided,
        6 => Field::Cleared,
        _ => Field::NotPermitted,
    }
}

pub(crate) fn person(dice: &mut Dice, id: &str) -> Employee {
    use Status::{Active, OnLeave, Pending, Terminated, Unknown};
    let status =
        dice.pick(&[Active, Active, Active, Active, Terminated, Terminated, Pending, OnLeave, Unknown]);
    let mut person = Employee::new(id).with_status(status, status.as_str());
    let text = str::to_owned;
    for (field, choices) in [
        (StandardField::Email, &EMAILS[..]),
        (StandardField::EmployeeNumber, &NUMBERS),
        (StandardField::GivenName, &["Ada", "Zo\u{eb}", "ADA"]),
        (StandardField::FamilyName, &["Poe", "Ray"]),
        (StandardField::JobTitle, &["Boss", "Cook"]),
        (StandardField::Manager, &["e0", "e1", "e2", "e9"]),
    ] {
        person.put(field, value(dice, choices, text));
    }
    for field in [StandardField::StartDate, StandardField::EndDate, StandardField::LastWorkingDay] {
        if dice.one_in(3) {
            person.put_date(field, value(dice, &DAYS, |day| day.parse().unwrap()));
        }
    }
    person = person.with_teams(value(dice, &["North", "South", "East"], |team| vec![team.to_owned()]));
    if dice.one_in(24) { person.as_sample() } else { person }
}

fn accounts(dice: &mut Dice, world: &mut World) {
    let mut emails: Vec<&str> = EMAILS[..ADDRESSES].to_vec();
    let mut ids: Vec<String> = Vec::new();
    let count = if dice.one_in(3) { dice.below(13) } else { dice.below(9) };
    let mut free: Vec<&str> = IDS.iter().copied().chain(["g0", "g1"]).collect();
    for n in 0..count {
        use UserStatus::{Active, Deactivated, Invited, Pending};
        let mut user =
            User::new(format!("u{n}"), dice.pick(&[Active, Active, Deactivated, Invited, Pending]));
        let mut link = None;
        if !dice.one_in(3) {
            let employee = free.remove(dice.below(free.len()));
            let mut made = Link::new(employee, user.id.clone());
            made.deactivated_by_us = !user.is_live() && !dice.one_in(3);
            made.awaits_invite = user.status == Pending && !dice.one_in(2);
            made.external_id = match dice.below(6) {
                0..=2 => Some(employee.to_owned()),
                3 => Some("old".to_owned()),
                _ => None,
            };
            made.invites = u32::try_from(dice.below(5)).unwrap();
            link = Some(made);
        }
        let external = match (&link, dice.below(8)) {
            (Some(link), 0..=5) => link.external_id.clone().or(Some(link.employee.to_string())),
            (Some(_), 6) => Some(dice.pick(&IDS).to_owned()),
            (None, 0) => Some(dice.pick(&IDS).to_owned()),
            (None, 1) => Some(dice.pick(&IDS).to_owned()),
            (_, 2 | 3) => Some(format!("x{n}")),
            _ => None,
        };
        if let Some(external) = external.filter(|external| !ids.contains(external)) {
            user.put(&TargetField::ExternalId, Some(&external));
            ids.push(external);
        }
        if !emails.is_empty() && !dice.one_in(6) {
            let email = emails.remove(dice.below(emails.len()));
            user.put(&TargetField::Email, Some(email));
        }
        for (field, choices) in [
            (TargetField::EmployeeNumber, &NUMBERS[..]),
            (TargetField::GivenName, &["Ada", "Zoe\u{308}"]),
            (TargetField::FamilyName, &["Poe", "Ray"]),
            (TargetField::JobTitle, &["Boss", "Cook"]),
            (TargetField::ManagerExternalId, &["e0", "e3"]),
            (TargetField::StartDate, &DAYS),
        ] {
            if !dice.one_in(3) {
                user.put(&field, Some(dice.pick(choices)));
            }
        }
        user.role =
            [None, Some("employee"), Some("manager"), Some("admin")][dice.below(4)].map(str::to_owned);
        for value in ["n", "s"] {
            let assignment = Assignment { kind: AssignmentKind::Area, value: value.to_owned() };
            if dice.one_in(3) {
                if let Some(link) = link.as_mut().filter(|_| dice.one_in(2)) {
                    link.granted.insert(assignment.clone());
                }
                user.assignments.insert(assignment);
            }
        }
        if let (Some(link), Some(role)) = (&mut link, &user.role)
            && dice.one_in(2)
        {
            link.granted.insert(Assignment { kind: AssignmentKind::Role, value: role.clone() });
        }
        if user.status == Invited {
            let days = dice.pick(&[-1, -29, -30, -400]);
            user.invite = Some(Invite::sent(NOW.parse::<hris_core::Timestamp>().unwrap().plus_days(days)));
        }
        if let Some(link) = link.as_mut().filter(|_| dice.one_in(6)) {
            // A title that the target keeps in a form of its own, or that somebody puts back again and again.
            let title = TargetField::JobTitle;
            let mut learned = None;
            for _ in 0..dice.pick(&[1, 3]) {
                let found = dice.pick(&["Boss", "Cook"]);
                let write = (Some("Cook"), Some("Boss"));
                learned = Some(Learned::after_write(&title, learned.as_ref(), write, Some(Some(found))));
            }
            link.learned.extend(learned.map(|learned| (title, learned)));
        }
        world.links.extend(link);
        if !dice.one_in(12) {
            world.users.push(user);
        }
    }
    let missing: Vec<_> = world.links.iter().map(|link| link.employee.clone()).collect();
    for employee in missing {
        let answer = match dice.below(5) {
            0 | 1 => Lookup::Gone,
            2 => Lookup::NotVisible,
            3 => Lookup::Found(Box::new(person(dice, employee.as_str()))),
            _ => continue,
        };
        world.absent.insert(employee, answer);
    }
}

/// Other connections hold accounts that no link of this one ties to the person whose id they carry.
fn others(dice: &mut Dice, world: &mut World) {
    for user in world.users.clone() {
        let link = world.links.iter().find(|link| link.user == user.id);
        let carried = user.value(&TargetField::ExternalId);
        let ours = link.is_some_and(|link| {
            carried.is_none_or(|id| id == link.employee.as_str() || Some(id) == link.external_id.as_deref())
        });
        if ours && dice.one_in(12) {
            world.others.claimed.insert(user.id.clone(), "other".to_owned());
        } else if !ours && dice.one_in(6) {
            let closed = !user.is_live() && !dice.one_in(3);
            let mut held = Held::new("other", closed);
            if let Some(id) = user.value(&TargetField::ExternalId).filter(|_| !dice.one_in(3)) {
                held = held.giving(id);
            }
            world.others.held.insert(user.id.clone(), held);
        } else if let Some(id) = carried.filter(|_| dice.one_in(8)) {
            // Their account of this id is not there any more; or both have linked this one.
            let named = if dice.one_in(3) { user.id.to_string() } else { format!("gone of {}", user.id) };
            world.others.held.insert(named.into(), Held::new("other", dice.one_in(3)).giving(id));
        }
    }
}

/// What people decided about some pairs, and about some on other facts than those of now.
fn decisions(dice: &mut Dice, mut world: World) -> World {
    if !dice.one_in(4) {
        return world;
    }
    for _ in 0..1 + dice.below(3) {
        let (id, same) = (dice.pick(&IDS), dice.below(3) > 0);
        let user = dice.below(4);
        let Some(user) = world.users.get(user).map(|user| user.id.to_string()) else { continue };
        let twice = |one: &Judgement| one.employee.as_str() == id && one.user.as_str() == user;
        if world.judgements.iter().any(twice)
            || world.people.iter().filter(|one| one.id().as_str() == id).count() > 1
        {
            continue;
        }
        world = world.judged(id, &user, same);
        if dice.one_in(8) {
            world.judgements.last_mut().unwrap().facts = "other".to_owned();
        }
    }
    world
}

fn policy(dice: &mut Dice, world: &mut World) {
    use MatchKey::{Email, EmployeeNumber, ExternalId};
    let policy = &mut world.policy;
    policy.match_keys = [
        vec![ExternalId, EmployeeNumber, Email],
        vec![Email],
        vec![EmployeeNumber, Email],
        vec![ExternalId],
        Vec::new(),
    ][dice.pick(&[0, 0, 0, 1, 2, 3, 4])]
    .clone();
    policy.leavers =
        dice.pick(&[Leavers::Vendor, Leavers::Vendor, Leavers::Status, Leavers::Absence, Leavers::Never]);
    policy.past_end_date = dice.pick(&[PastEndDate::Keep, PastEndDate::Leaver]);
    policy.unlinked_users =
        dice.pick(&[UnlinkedUsers::Ignore, UnlinkedUsers::Ignore, UnlinkedUsers::Deactivate]);
    policy.future_starters =
        dice.pick(&[FutureStarters::InviteOnStart, FutureStarters::InviteNow, FutureStarters::Skip]);
    policy.invite = !dice.one_in(4);
    policy.reinvite_after_days = dice.pick(&[30, 0]);
    policy.rehire = dice.pick(&[Rehire::Reactivate, Rehire::Reactivate, Rehire::Conflict]);
    if dice.one_in(4) {
        policy.protected = vec![dice.pick(&["u0", "u1", "B@x.io", "c@x.io"]).to_owned()];
    }
    if !dice.one_in(3) {
        let rules = &mut policy.assignments;
        rules.mode = dice.pick(&[AssignmentMode::Additive, AssignmentMode::Exact]);
        rules.default_role = [None, Some("employee".to_owned())][dice.below(2)].clone();
        rules.roles = [("Boss".to_owned(), "manager".to_owned())].into();
        rules.areas_from = AreaSource::Teams;
        rules.areas = [("North".to_owned(), "n".to_owned()), ("South".to_owned(), "s".to_owned())].into();
    }
    if dice.one_in(8) {
        world.fingerprint.credential = Some(dice.pick(&IDS).to_owned());
    }
    world.target.reactivates = !dice.one_in(8);
    if dice.one_in(8) {
        let field: TargetField = dice.pick(&["email", "job_title"]).parse().unwrap();
        let support = world.target.support(&field).unclearable();
        world.target.set(field, support);
    }
}
