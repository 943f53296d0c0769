//! Worlds written as a few lines of text, and plans read back as text.
//!
//! A person: `a active number=1 email=b@x.io given_name=Ada`, `work_phone=` cleared, `email?` not
//! sent, `email!` not permitted, `@` for an e-mail address of the id. `for=a` on an account stands
//! for `external_id=a email=a@x.io`.
//! A link: `a>ua by_us awaits area:north id:a invites:2 entry:ua`.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_debug_implementations,
    unreachable_pub
)]

pub mod model;
mod print;

use std::collections::BTreeMap;

use hris_core::mapping::{FieldMap, Mapping};
use hris_core::reconcile::{
    Action, ActionKind, Baseline, Decision, Held, Inputs, Judgement, Mode, Others, Plan, Policy, Safeguards,
    TargetCapabilities, guard, plan,
};
use hris_core::{
    Assignment, AssignmentKind, Capabilities, Date, Directory, Employee, EmployeeId, Field, Fingerprint,
    Invite, LeaverSignals, Link, Lookup, MemoryDirectory, Problem, ProblemCode, Snapshot, SourceField,
    StandardField, Status, TargetField, Timestamp, User, UserStatus,
};

pub const TODAY: &str = "2026-11-23";
pub const NOW: &str = "2026-11-23T09:00:00Z";

/// Everything a plan is made from, owned.
#[derive(Clone)]
pub struct World {
    pub people: Vec<Employee>,
    pub set_aside: Vec<EmployeeId>,
    pub unidentified: u64,
    pub no_absence: bool,
    /// Whether nothing but its end proves the listing whole.
    pub by_end: bool,
    pub hidden: Option<&'static str>,
    pub users: Vec<User>,
    pub links: Vec<Link>,
    pub others: Others,
    pub judgements: Vec<Judgement>,
    pub target_id: Option<String>,
    pub policy: Policy,
    pub safeguards: Safeguards,
    pub target: TargetCapabilities,
    pub mapping: Mapping,
    pub mode: Mode,
    pub last: Option<Baseline>,
    pub absent: BTreeMap<EmployeeId, Lookup>,
    pub fingerprint: Fingerprint,
    pub config: String,
    pub leavers: LeaverSignals,
    pub removed: u64,
    pub today: Date,
    pub now: Timestamp,
}

pub fn capabilities() -> Capabilities {
    MemoryDirectory::new([]).capabilities().clone()
}

/// A world of people, accounts and links, one a line.
pub fn world(people: &str, users: &str, links: &str) -> World {
    // Assignments are written for everybody by default; most tables are about something else.
    let mut policy = Policy::default();
    policy.assignments.default_role = None;
    World {
        people: lines(people).map(person).collect(),
        set_aside: Vec::new(),
        unidentified: 0,
        no_absence: false,
        by_end: false,
        hidden: None,
        users: lines(users).map(user).collect(),
        links: lines(links).map(link).collect(),
        others: Others::default(),
        judgements: Vec::new(),
        target_id: None,
        policy,
        safeguards: Safeguards::default(),
        target: TargetCapabilities::full(),
        mapping: Mapping::standard(&capabilities()),
        mode: Mode::Sync,
        last: Some(Baseline::default()),
        absent: BTreeMap::new(),
        fingerprint: Fingerprint::default(),
        config: String::new(),
        leavers: LeaverSignals::new(true, true),
        removed: 0,
        today: TODAY.parse().unwrap(),
        now: NOW.parse().unwrap(),
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

pub fn person(line: &str) -> Employee {
    let mut words = line.split_whitespace();
    let (id, status) = (words.next().unwrap(), words.next().unwrap());
    let word = status;
    let status = match status {
        "active" | "sample" => Status::Active,
        "on_leave" => Status::OnLeave,
        "pending" => Status::Pending,
        "left" => Status::Terminated,
        "unknown" => Status::Unknown,
        other => panic!("no status {other}"),
    };
    let mut person = Employee::new(id).with_status(status, word);
    if word == "sample" {
        person = person.as_sample();
    }
    for word in words {
        if word == "@" {
            person.put(StandardField::Email, Field::Value(format!("{id}@x.io")));
            continue;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, "")) => (name, Field::Cleared),
            Some((name, value)) => (name, Field::Value(value.to_owned())),
            None => match word.split_at(word.len() - 1) {
                (name, "?") => (name, Field::NotProvided),
                (name, "!") => (name, Field::NotPermitted),
                _ => panic!("{word}"),
            },
        };
        match name {
            "number" => person.put(StandardField::EmployeeNumber, value),
            "teams" => {
                person = person.with_teams(value.map(|all| all.split(';').map(str::to_owned).collect()))
            }
            "groups" => {
                person = person.with_groups(value.map(|all| all.split(';').map(str::to_owned).collect()));
            }
            "start_date" | "end_date" | "last_working_day" => {
                person.put_date(standard(name), value.map(|day| day.parse().unwrap()));
            }
            name => person.put(standard(name), value),
        }
    }
    person
}

fn standard(name: &str) -> StandardField {
    match name.parse() {
        Ok(SourceField::Standard(field)) => field,
        _ => panic!("no field {name}"),
    }
}

pub fn user(line: &str) -> User {
    let mut words = line.split_whitespace();
    let id = words.next().unwrap();
    let mut user = User::new(id, words.next().unwrap().parse::<UserStatus>().unwrap());
    for word in words {
        match word.split_once(['=', ':']).unwrap_or((word, "")) {
            ("for", id) => {
                user.put(&TargetField::ExternalId, Some(id));
                user.put(&TargetField::Email, Some(&format!("{id}@x.io")));
            }
            ("number", value) => user.put(&TargetField::EmployeeNumber, Some(value)),
            ("role", role) => user.role = Some(role.to_owned()),
            ("sent", day) => {
                user.invite = Some(Invite::sent(format!("{day}T09:00:00Z").parse().unwrap()));
            }
            ("accepted", _) => {
                let sent = user.invite.unwrap();
                user.invite = Some(sent.accepted(Some(sent.sent_at)));
            }
            ("area" | "location", value) if word.contains(':') => {
                user.assignments.insert(assignment(word, value));
            }
            (name, value) => user.put(&name.parse().unwrap(), Some(value)),
        }
    }
    user
}

fn assignment(word: &str, value: &str) -> Assignment {
    let kind = match word.split(':').next().unwrap() {
        "area" => AssignmentKind::Area,
        "location" => AssignmentKind::Location,
        _ => AssignmentKind::Role,
    };
    Assignment { kind, value: value.to_owned() }
}

pub fn link(line: &str) -> Link {
    let mut words = line.split_whitespace();
    let (employee, user) = words.next().unwrap().split_once('>').unwrap();
    let mut link = Link::new(employee, user);
    link.invites = 1;
    for word in words {
        match word.split_once(':') {
            None if word == "by_us" => link.deactivated_by_us = true,
            None if word == "awaits" => (link.awaits_invite, link.invites) = (true, 0),
            Some(("id", value)) => link.external_id = Some(value.to_owned()),
            Some(("entry", value)) => link.protected_by = Some(value.to_owned()),
            Some(("invites", value)) => link.invites = value.parse().unwrap(),
            Some((_, value)) => {
                link.granted.insert(assignment(word, value));
            }
            _ => panic!("{word}"),
        }
    }
    link
}

impl World {
    pub fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn mapping(mut self, change: impl FnOnce(Mapping) -> Mapping) -> Self {
        self.mapping = change(self.mapping);
        self
    }

    /// The vendor knows nobody of these ids.
    pub fn gone(mut self, ids: &str) -> Self {
        self.absent.extend(ids.split_whitespace().map(|id| (EmployeeId::from(id), Lookup::Gone)));
        self
    }

    /// So many more people who are employed and in step, so that the safeguards are out of the way.
    pub fn beside(mut self, people: usize) -> Self {
        for n in 0..people {
            self.people.push(person(&format!("f{n} active @ number=9{n} given_name=F{n} family_name=Far")));
            let account = format!("vf{n} active for=f{n} number=9{n} given_name=F{n} family_name=Far");
            self.users.push(user(&account));
            self.links.push(link(&format!("f{n}>vf{n} id:f{n}")));
        }
        self
    }

    /// Another connection holds this account; it closed it, or not.
    pub fn held(mut self, user: &str, connection: &str, closed: bool) -> Self {
        self.others.held.insert(user.into(), Held::new(connection, closed));
        self
    }

    /// Another connection has a link to this account, which it gave this external id.
    pub fn given(mut self, user: &str, connection: &str, id: &str, closed: bool) -> Self {
        self.others.held.insert(user.into(), Held::new(connection, closed).giving(id));
        self
    }

    /// Another connection waits for this account.
    pub fn claimed(mut self, user: &str, connection: &str) -> Self {
        self.others.claimed.insert(user.into(), connection.to_owned());
        self
    }

    /// Somebody decided, on the facts as they are now, whether this account is this person's.
    pub fn judged(mut self, employee: &str, user: &str, same: bool) -> Self {
        let (snapshot, map) = (self.snapshot(), self.map());
        let desired = map.apply(&snapshot);
        let row = snapshot.employees().iter().position(|person| person.id().as_str() == employee);
        let account = self.users.iter().find(|one| one.id.as_str() == user).unwrap();
        let known = row.map(|row| (&desired, row));
        let judgement = Judgement::new("test", &employee.into(), known, account, same);
        self.judgements.push(judgement);
        self
    }

    /// Carries the plan out, as [`model::apply`] does.
    pub fn carried_out(mut self) -> Self {
        let plan = self.plan();
        model::apply(&mut self, &plan).unwrap();
        self
    }

    pub fn on(mut self, today: &str) -> Self {
        self.today = today.parse().unwrap();
        self
    }

    /// The last complete run, as it would be remembered of this source.
    pub fn remembered(mut self) -> Self {
        self.last = Some(self.plan().baseline);
        self
    }

    pub fn map(&self) -> FieldMap {
        self.mapping.compile(&capabilities()).unwrap()
    }

    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new("memory", self.people.clone())
            .with_fingerprint(self.fingerprint.clone())
            .weakly_proven(self.by_end);
        if let Some(why) = self.hidden {
            snapshot = snapshot.with_hidden(why);
        }
        for id in &self.set_aside {
            snapshot = snapshot.with_set_aside(
                id.clone(),
                Problem::error(ProblemCode::InvalidRecord, "unreadable").employee(id),
            );
        }
        for _ in 0..self.unidentified {
            snapshot = snapshot.with_unidentified(Problem::error(ProblemCode::InvalidRecord, "no id"));
        }
        if self.no_absence { snapshot.without_absence("the connector says so") } else { snapshot }
    }

    pub fn plan(&self) -> Plan {
        self.with_inputs(|inputs| plan(inputs, &self.policy, self.today))
    }

    /// What is made of everything that a plan of this world is made from.
    pub fn with_inputs<T>(&self, make: impl FnOnce(&Inputs<'_>) -> T) -> T {
        let (snapshot, map) = (self.snapshot(), self.map());
        let desired = map.apply(&snapshot);
        let inputs = Inputs {
            connection: "test",
            mode: self.mode,
            snapshot: &snapshot,
            desired: &desired,
            users: &self.users,
            links: &self.links,
            others: &self.others,
            judgements: &self.judgements,
            target_id: self.target_id.as_deref(),
            last: self.last.as_ref(),
            absent: &self.absent,
            target: &self.target,
            leavers: self.leavers,
            config: &self.config,
            removed_in_window: self.removed,
            now: self.now,
        };
        make(&inputs)
    }

    pub fn guard(&self) -> Decision {
        guard(&self.plan(), &self.safeguards)
    }

    /// The actions are these, in order.
    #[track_caller]
    pub fn actions(&self, expected: &str) -> &Self {
        let found: Vec<String> = self.plan().actions.iter().map(line_of).collect();
        same("actions", found, expected, |_| {});
        self
    }

    /// Everybody is in these situations, in any order.
    #[track_caller]
    pub fn situations(&self, expected: &str) -> &Self {
        let plan = self.plan();
        let found = plan.people.iter().map(|one| {
            let (employee, user) = (one.employee.unwrap_or("-"), one.user.unwrap_or("-"));
            format!("{employee} {user} {:?} {:?}", one.situation, one.reason)
        });
        same("situations", found.collect(), expected, |lines| lines.sort());
        self
    }

    /// The problems are these, in any order: severity, code, employee, account, field.
    #[track_caller]
    pub fn problems(&self, expected: &str) -> &Self {
        let plan = self.plan();
        let found = plan.problems.iter().map(|problem| {
            let severity = format!("{:?}", problem.severity).to_lowercase();
            let employee = problem.employee.as_ref().map_or("-", EmployeeId::as_str);
            let user = problem.user.as_ref().map_or("-", |user| user.as_str());
            let field = problem.field.as_deref().unwrap_or("-");
            format!("{severity} {} {employee} {user} {field}", problem.code.as_str())
        });
        same("problems", found.collect(), expected, |lines| lines.sort());
        self
    }

    /// What the safeguards say: `go`, or `refuse RULE limit/planned`, or `hold …`.
    #[track_caller]
    pub fn guarded(&self, expected: &str) -> &Self {
        let found = decision(&self.guard());
        assert_eq!(found, expected);
        self
    }
}

pub fn decision(decision: &Decision) -> String {
    let (word, refusal) = match decision {
        Decision::Go => return "go".to_owned(),
        Decision::Hold(refusal) => ("hold", refusal),
        Decision::Refuse(refusal) => ("refuse", refusal),
        other => panic!("{other:?}"),
    };
    format!("{word} {} {}/{}", refusal.rule.as_str(), refusal.planned, refusal.limit)
}

/// `kind employee account fields (Reason)`; a field that is emptied has a `-`, as has an assignment that
/// is taken back.
pub fn line_of(action: &Action) -> String {
    let mut words = vec![action.kind.as_str().to_owned()];
    words.push(action.employee.as_ref().map_or("-", EmployeeId::as_str).to_owned());
    words.push(action.user.as_ref().map_or("-", |user| user.as_str()).to_owned());
    if action.kind != ActionKind::Create {
        for change in &action.changes {
            words.push(format!("{}{}", if change.to.is_some() { "" } else { "-" }, change.field));
        }
    }
    for change in &action.assignments {
        words.push(format!("{}{:?}", if change.given { "+" } else { "-" }, change.assignment));
    }
    if let Some(old) = &action.replaces {
        words.push(format!("replaces:{old}"));
    }
    words.push(format!("({:?})", action.reason));
    words.join(" ")
}

#[track_caller]
fn same(what: &str, mut found: Vec<String>, expected: &str, arrange: impl Fn(&mut Vec<String>)) {
    let mut expected: Vec<String> = lines(expected).map(str::to_owned).collect();
    arrange(&mut found);
    arrange(&mut expected);
    assert!(
        found == expected,
        "{what}\n--- found\n{}\n--- expected\n{}\n",
        found.join("\n"),
        expected.join("\n")
    );
}
