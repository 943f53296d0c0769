//! A company, the accounts that it left in a product, and what is remembered of both.

use std::collections::BTreeMap;
use std::error::Error;

use hris_core::mapping::{FieldMap, Mapping};
use hris_core::reconcile::{Inputs, Mode, Others, Plan, Policy, TargetCapabilities, plan};
use hris_core::{
    Capabilities, Date, Directory, Employee, Field, LeaverSignals, Link, MemoryDirectory, Snapshot,
    StandardField, Status, TargetField, User, UserStatus,
};

use crate::reference::Side;

/// What of a company is planned from.
pub(crate) struct Company {
    pub(crate) map: FieldMap,
    pub(crate) snapshot: Snapshot,
    pub(crate) users: Vec<User>,
    pub(crate) links: Vec<Link>,
    policy: Policy,
    target: TargetCapabilities,
    leavers: LeaverSignals,
    today: Date,
}

/// One in so many has another job title now, joined, or left.
const CHANGED: usize = 33;
const JOINED: usize = 100;
const LEFT: usize = 100;

impl Company {
    /// So many people; accounts stand in another order than people, and links in the order of their people.
    pub(crate) fn new(people: usize) -> Result<Self, Box<dyn Error>> {
        let directory = MemoryDirectory::new([]);
        let capabilities: &Capabilities = directory.capabilities();
        let map = Mapping::standard(capabilities).compile(capabilities)?;
        let staff = (0..people).map(|n| person(n, people)).collect();
        let snapshot = Snapshot::new("memory", staff);
        let mut company = Self {
            leavers: capabilities.leavers,
            map,
            snapshot,
            users: Vec::new(),
            links: Vec::new(),
            policy: Policy::default(),
            target: TargetCapabilities::full(),
            today: Date::new(2026, 11, 23)?,
        };
        company.provision(people);
        Ok(company)
    }

    /// A company in which every second person left and a joiner has the address now, and the others exchanged theirs
    /// with a colleague.
    pub(crate) fn handing_over(addresses: usize) -> Result<Self, Box<dyn Error>> {
        let mut company = Self::new(addresses)?;
        let address = |n: usize| Field::Value(format!("given.family.{n}@mill.example"));
        let mut staff: Vec<Employee> = company.snapshot.employees().to_vec();
        for n in 0..addresses {
            let (has, status) = if n % 2 == 0 { (n, Status::Terminated) } else { (n ^ 2, Status::Active) };
            if let Some(one) = staff.get_mut(n) {
                one.put_status(status, "");
                one.put(StandardField::Email, address(has));
            }
            if n % 2 == 0 {
                let mut joiner = person(addresses + n, addresses);
                joiner.put_status(Status::Active, "active");
                joiner.put(StandardField::Email, address(n));
                staff.push(joiner);
            }
        }
        company.snapshot = Snapshot::new("memory", staff);
        Ok(company)
    }

    /// Accounts and links as an earlier run would have left them.
    fn provision(&mut self, people: usize) {
        let targets: Vec<TargetField> = self.map.targets().cloned().collect();
        let desired = self.map.apply(&self.snapshot);
        let account = |n: usize| {
            let mut user = User::new(format!("u-{:022}", scattered(n, 7)), UserStatus::Active);
            user.role = Some("employee".to_owned());
            for target in &targets {
                if let Field::Value(value) = desired.value(n, target) {
                    user.put(target, Some(value));
                }
            }
            if n % CHANGED == 5 {
                user.put(&TargetField::JobTitle, Some("Apprentice"));
            }
            user
        };
        let had = |n: &usize| n % JOINED != 3;
        self.users = shuffled(people).filter(had).map(account).collect();
        // A store reads links in the order of their people.
        let mut order: Vec<usize> = (0..people).filter(had).collect();
        order.sort_by_cached_key(|n| id(*n));
        let link = |n: usize| {
            let mut link = Link::new(id(n), format!("u-{:022}", scattered(n, 7)));
            link.external_id = Some(id(n));
            link
        };
        self.links = order.into_iter().map(link).collect();
    }

    /// The plan of people who are linked, or of a first run, which matches them.
    pub(crate) fn plan(
        &self,
        desired: &hris_core::mapping::Desired<'_>,
        is_first: bool,
    ) -> Result<Plan, Box<dyn Error>> {
        let inputs = Inputs {
            connection: "bench",
            mode: Mode::Sync,
            snapshot: &self.snapshot,
            desired,
            users: &self.users,
            links: if is_first { &[] } else { &self.links },
            others: &Others::default(),
            judgements: &[],
            target_id: None,
            last: None,
            absent: &BTreeMap::new(),
            target: &self.target,
            leavers: self.leavers,
            config: "",
            removed_in_window: 0,
            now: "2026-11-23T09:00:00Z".parse()?,
        };
        Ok(plan(&inputs, &self.policy, self.today))
    }

    /// The rows of both sides as a reference takes them.
    pub(crate) fn sides(&self) -> (Side, Side) {
        let targets: Vec<TargetField> = self.map.targets().cloned().collect();
        let keys = [TargetField::ExternalId, TargetField::Email, TargetField::EmployeeNumber];
        let desired = self.map.apply(&self.snapshot);
        let (mut source, mut target) = (Side::default(), Side::default());
        for row in 0..self.snapshot.employees().len() {
            let value = |field: &TargetField| desired.value(row, field).value().unwrap_or_default();
            source.push(targets.iter().map(value), [value(&keys[0]), value(&keys[1]), value(&keys[2])]);
        }
        for user in &self.users {
            let value = |field: &TargetField| user.value(field).unwrap_or_default();
            target.push(targets.iter().map(value), [value(&keys[0]), value(&keys[1]), value(&keys[2])]);
        }
        (source, target)
    }
}

/// A number that follows from another one and shows no order.
fn scattered(n: usize, salt: u64) -> u64 {
    let mut state = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt;
    for _ in 0..2 {
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    state ^ (state >> 31)
}

fn shuffled(people: usize) -> impl Iterator<Item = usize> {
    let mut order: Vec<usize> = (0..people).collect();
    order.sort_by_key(|n| scattered(*n, 11));
    order.into_iter()
}

fn id(n: usize) -> String {
    format!("e-{:022}", scattered(n, 3))
}

fn person(n: usize, people: usize) -> Employee {
    let value = |text: String| Field::Value(text);
    let left = n % LEFT == 17;
    let (status, raw) = if left { (Status::Terminated, "terminated") } else { (Status::Active, "active") };
    let start = Date::new(2010 + i16::try_from(n % 15).unwrap_or_default(), 3, 1).ok();
    let mut person = Employee::new(id(n)).with_status(status, raw);
    let texts = [
        (StandardField::EmployeeNumber, format!("{n:07}")),
        (StandardField::GivenName, format!("Given{}", n % 4999)),
        (StandardField::FamilyName, format!("Family{}", n % 9973)),
        (StandardField::DisplayName, format!("Given{} Family{}", n % 4999, n % 9973)),
        (StandardField::Email, format!("given.family.{n}@mill.example")),
        (StandardField::WorkPhone, format!("+4420794{n:07}")),
        (StandardField::JobTitle, format!("Weaver {}", n % 97)),
        (StandardField::Department, format!("Shed {}", n % 31)),
        (StandardField::Location, format!("Mill {}", n % 13)),
        (StandardField::AddressStreet, format!("{} Canal Yard", n % 311)),
        (StandardField::AddressCity, "Leeds".to_owned()),
        (StandardField::AddressPostcode, format!("LS{} 1AA", n % 29)),
        (StandardField::AddressCountry, "GB".to_owned()),
    ];
    for (field, text) in texts {
        person.put(field, value(text));
    }
    let manager = if n == 0 { Field::Cleared } else { value(id(n / 9 % people)) };
    person.put(StandardField::Manager, manager);
    person.put_date(StandardField::StartDate, start.map_or(Field::Cleared, Field::Value));
    person.put_date(StandardField::EndDate, Field::Cleared);
    person
}
