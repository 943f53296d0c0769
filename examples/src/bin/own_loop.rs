//! The loop of a platform that has its own scheduler and its own database: `hris-core` alone, for a month of fake days.
//! The first part is what the page "A loop of your own" shows.
#![allow(clippy::print_stdout, reason = "it shows what happens")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use hris_core::mapping::Mapping;
use hris_core::reconcile::{
    Action, ActionKey, ActionKind, Baseline, Decision, Extent, Inputs, Links, Mode, Others, Plan, Policy,
    Removal, Safeguards, TargetCapabilities, config_digest, guard, plan,
};
use hris_core::{
    AssignmentKind, Directory, EmployeeId, Invite, Link, Lookup, TimeZone, Timestamp, User, UserId,
    UserStatus,
};

/// How one connection is set up.
struct Connection {
    mapping: Mapping,
    policy: Policy,
    safeguards: Safeguards,
    time_zone: TimeZone,
}

/// What the platform keeps of one connection between two runs.
#[derive(Default)]
struct Kept {
    links: Vec<Link>,
    last: Option<Baseline>,
    removals: Vec<Removal>,
}

/// The product's accounts. Each key is done once.
#[derive(Default)]
struct Accounts {
    all: BTreeMap<UserId, User>,
    done: BTreeSet<ActionKey>,
}

impl Accounts {
    /// Does one action to one account, and answers which account it was.
    fn apply(
        &mut self,
        key: ActionKey,
        action: &Action,
        user: Option<UserId>,
        now: Timestamp,
    ) -> Option<UserId> {
        // A creation has no account yet. Its id is made of the external id, so nobody is made twice.
        let id = user.or_else(|| Some(UserId::from(format!("u-{}", action.external_id()?))))?;
        if !self.done.insert(key) {
            return Some(id);
        }
        let made = if action.awaits_invite { UserStatus::Pending } else { UserStatus::Active };
        let user = self.all.entry(id.clone()).or_insert_with(|| User::new(id.clone(), made));
        for change in &action.changes {
            user.put(&change.field, change.to.as_deref());
        }
        for change in &action.assignments {
            let assignment = change.assignment.clone();
            match (assignment.kind, change.given) {
                (AssignmentKind::Role, given) => user.role = given.then_some(assignment.value),
                (_, true) => user.assignments.extend([assignment]),
                (_, false) => user.assignments.retain(|held| *held != assignment),
            }
        }
        match action.kind {
            ActionKind::Deactivate => user.status = UserStatus::Deactivated,
            ActionKind::Reactivate => user.status = UserStatus::Active,
            ActionKind::Invite | ActionKind::Reinvite => {
                user.status = UserStatus::Invited;
                user.invite = Some(Invite::sent(now));
            }
            _ => {}
        }
        Some(id)
    }
}

/// One run: what was planned, and what the safeguards said.
async fn run(
    directory: &dyn Directory,
    connection: &Connection,
    accounts: &mut Accounts,
    kept: &mut Kept,
    now: Timestamp,
) -> Result<(Plan, Decision), Box<dyn Error>> {
    let Connection { mapping, policy, safeguards, time_zone } = connection;
    let today = now.date_in(time_zone);
    let config = config_digest(mapping, policy, time_zone, &directory.settings())?;
    let map = mapping.compile(directory.capabilities())?;
    let request = policy.request(&map, directory.capabilities(), today);
    let snapshot = directory.snapshot(&request).await?;
    let users: Vec<User> = accounts.all.values().cloned().collect();
    let make = |absent: &BTreeMap<EmployeeId, Lookup>| {
        let inputs = Inputs {
            connection: "acme",
            mode: Mode::Sync,
            snapshot: &snapshot,
            desired: &map.apply(&snapshot),
            users: &users,
            links: &kept.links,
            others: &Others::default(),
            judgements: &[],
            target_id: None,
            last: kept.last.as_ref(),
            absent,
            target: &TargetCapabilities::full(),
            leavers: directory.capabilities().leavers,
            config: &config,
            removed_in_window: safeguards.removed_in_window(&kept.removals, now),
            now,
        };
        plan(&inputs, policy, today)
    };

    let mut absent = BTreeMap::new();
    let mut plan = make(&absent);
    let mut decision = guard(&plan, safeguards);
    if decision == Decision::Go {
        for id in plan.unasked(&snapshot, &absent) {
            absent.insert(id.clone(), directory.get(&id, &request).await?);
        }
        plan = make(&absent);
        decision = guard(&plan, safeguards);
    }
    let extent = match &decision {
        Decision::Go => Extent::Whole,
        Decision::Hold(_) => Extent::WithoutRemovals,
        _ => return Ok((plan, decision)), // refused: nothing is changed, and a person looks at the plan
    };
    if extent == Extent::WithoutRemovals {
        plan = plan.without_removals();
    }

    let mut links = Links::of(std::mem::take(&mut kept.links));
    for note in &plan.notes {
        links.take_over(&links.noted(note));
    }
    // The id of a run is never given twice; an id of the platform's own job will do.
    let run = format!("acme-{now}");
    for action in &plan.actions {
        let Some(user) = accounts.apply(action.key.in_run(&run), action, links.user_of(action), now) else {
            continue;
        };
        links.take_over(&links.after(action, &user));
        if action.kind == ActionKind::Deactivate {
            kept.removals.push(Removal::new(now, false));
        }
    }
    kept.links = links.into_vec();
    kept.last = plan.next_baseline(extent).cloned().or(kept.last.take());
    Ok((plan, decision))
}

// The month: what happens in the HR system, day by day, and what the product makes of it.

use hris_core::mapping::from;
use hris_core::reconcile::Rule;
use hris_core::{Date, Employee, Field, MemoryDirectory, StandardField, Status, TargetField};
use hris_examples::story::expect;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let connection = Connection {
        mapping: ["email", "given_name", "family_name", "job_title", "start_date"]
            .into_iter()
            .fold(Mapping::new().field("external_id", from("id")), |mapping, name| {
                mapping.field(name, from(name))
            }),
        policy: Policy::default(),
        safeguards: Safeguards::default(),
        time_zone: TimeZone::utc(),
    };
    let names = ["ada", "bea", "cem", "dan", "eve", "finn", "gro", "hal", "ida", "jon", "kim", "liv"];
    let (mut people, directory) = (names.map(employed).to_vec(), MemoryDirectory::new([]));
    let (mut accounts, mut kept) = (Accounts::default(), Kept::default());
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();

    for day in 1..=30 {
        // Yesterday's invitations were accepted.
        for user in accounts.all.values_mut().filter(|user| user.status == UserStatus::Invited) {
            user.status = UserStatus::Active;
        }
        happens(day, &mut people)?;
        // On one day something is wrong with the list.
        let listed = if day == 25 { 5 } else { people.len() };
        directory.edit(|list| *list = people.iter().take(listed).cloned().collect());

        let (planned, decision) = run(&directory, &connection, &mut accounts, &mut kept, at(day, 2)?).await?;
        if let Decision::Refuse(refusal) = &decision {
            println!("{day:2}: refused: {refusal}");
            expect(day == 25 && refusal.rule == Rule::MinSourcePercent, "half a list removes nobody")?;
            continue;
        }
        for action in &planned.actions {
            let who = action.employee.as_ref().map(EmployeeId::as_str).unwrap_or_default();
            let fields = action.fields().collect::<Vec<_>>().join(", ");
            println!("{day:2}: {} {who} ({}) {fields}", action.kind.as_str(), action.reason);
            *done.entry(action.kind.as_str()).or_default() += 1;
        }
        let (again, decision) = run(&directory, &connection, &mut accounts, &mut kept, at(day, 3)?).await?;
        if decision != Decision::Go || !again.is_empty() {
            return Err(format!("the second run of day {day} plans {:?}: {decision:?}", again.actions).into());
        }
    }
    expect(true, "on each other day a second run planned nothing")?;
    let expected = [("create", 15), ("deactivate", 4), ("invite", 15), ("reactivate", 1), ("update", 2)];
    expect(done == BTreeMap::from(expected), "each joiner, mover, leaver and returned person was seen once")?;
    converged(&people, &accounts)
}

/// Every person who works here has an open account with what the HR system says of them, and nobody else has one.
fn converged(people: &[Employee], accounts: &Accounts) -> Result<(), Box<dyn Error>> {
    let open = |user: &&User| user.status == UserStatus::Active;
    let mut wanted = BTreeMap::new();
    for person in people.iter().filter(|person| person.status() == Status::Active) {
        let fields = [StandardField::Email, StandardField::FamilyName, StandardField::JobTitle];
        wanted.insert(person.id().as_str(), fields.map(|field| person.text(field).value()));
    }
    let found: BTreeMap<_, _> = accounts
        .all
        .values()
        .filter(open)
        .filter_map(|user| {
            let fields = [TargetField::Email, TargetField::FamilyName, TargetField::JobTitle];
            Some((user.value(&TargetField::ExternalId)?, fields.map(|field| user.value(&field))))
        })
        .collect();
    expect(
        found == wanted,
        "the open accounts are those of the people who work here, with what HR says of them",
    )?;
    expect(accounts.all.len() == 15, "nobody was made twice")
}

/// What HR does on a day.
fn happens(day: u8, people: &mut Vec<Employee>) -> Result<(), Box<dyn Error>> {
    use StandardField::{Email, FamilyName, JobTitle, StartDate};
    let gone = |people: &mut Vec<Employee>, name: &str| people.retain(|person| person.id().as_str() != name);
    let change = |people: &mut Vec<Employee>, name: &str, fields: &[(StandardField, &str)]| {
        for person in people.iter_mut().filter(|person| person.id().as_str() == name) {
            fields.iter().for_each(|(field, text)| person.put(*field, Field::Value((*text).to_owned())));
        }
    };
    let status = |people: &mut Vec<Employee>, name: &str, status: Status| {
        for person in people.iter_mut().filter(|person| person.id().as_str() == name) {
            person.put_status(status, status.as_str());
        }
    };
    match day {
        2 => people.push(employed("mia")),
        4 => change(people, "bea", &[(JobTitle, "Foreman")]),
        6 => gone(people, "cem"),
        // She starts on the fifteenth: the account is made now, and the invitation waits.
        8 => people.push(
            employed("noa")
                .with_status(Status::Pending, "pending")
                .with_date(StartDate, Field::Value(Date::new(2026, 11, 15)?)),
        ),
        10 => change(people, "dan", &[(FamilyName, "Berg"), (Email, "dan.berg@mill.example")]),
        13 => status(people, "eve", Status::Terminated),
        15 => status(people, "noa", Status::Active),
        16 => people.push(employed("cem")),
        19 => people.push(employed("oda")),
        22 => gone(people, "mia"),
        28 => gone(people, "cem"),
        _ => {}
    }
    Ok(())
}

fn employed(name: &str) -> Employee {
    let text = |text: &str| Field::Value(text.to_owned());
    Employee::new(name)
        .with_status(Status::Active, "active")
        .with(StandardField::Email, text(&format!("{name}@mill.example")))
        .with(StandardField::GivenName, text(name))
        .with(StandardField::FamilyName, text(&format!("{name}sen")))
        .with(StandardField::JobTitle, text("Miller"))
}

fn at(day: u8, hour: u8) -> Result<Timestamp, Box<dyn Error>> {
    Ok(format!("2026-11-{day:02}T{hour:02}:00:00Z").parse()?)
}
