//! A small company, and what the runs of its tests share.

#![allow(dead_code, reason = "each test program uses a part")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

pub(crate) mod meddling;
pub(crate) mod mill;

use hris_core::reconcile::Policy;
use hris_core::{
    Employee, EmployeeId, Field, MemoryDirectory, SourceSettings, StandardField, Status, TargetField,
    Timestamp, User, UserStatus,
};
use hris_reconcile::faults::{Faults, Faulty};
use hris_reconcile::report::Report;
use hris_reconcile::store::{MemoryStore, StateStore};
use hris_reconcile::target::Target;
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Runner, RunnerBuilder};

/// The morning of a day of November 2026.
pub(crate) fn day(day: u8) -> Timestamp {
    format!("2026-11-{day:02}T09:00:00Z").parse().unwrap()
}

pub(crate) fn person(id: &str, email: &str) -> Employee {
    Employee::new(id)
        .with_status(Status::Active, "active")
        .with(StandardField::Email, Field::Value(email.to_owned()))
        .with(StandardField::GivenName, Field::Value(format!("Given {id}")))
        .with(StandardField::FamilyName, Field::Value(format!("Family {id}")))
        .with(StandardField::JobTitle, Field::Value("Miller".to_owned()))
        .with(StandardField::Teams, Field::Cleared)
}

/// `count` people, `e-1` and so on.
pub(crate) fn people(count: usize) -> Vec<Employee> {
    (1..=count).map(|n| person(&format!("e-{n}"), &format!("p{n}@mill.example"))).collect()
}

pub(crate) fn edit(directory: &MemoryDirectory, id: &str, change: impl FnOnce(&mut Employee)) {
    directory.edit(|people| change(people.iter_mut().find(|person| person.id().as_str() == id).unwrap()));
}

pub(crate) fn put(directory: &MemoryDirectory, id: &str, field: StandardField, value: &str) {
    edit(directory, id, |person| person.put(field, Field::Value(value.to_owned())));
}

pub(crate) fn leave(directory: &MemoryDirectory, id: &str) {
    edit(directory, id, |person| person.put_status(Status::Terminated, "terminated"));
}

pub(crate) fn vanish(directory: &MemoryDirectory, id: &str) {
    directory.edit(|people| people.retain(|person| person.id().as_str() != id));
}

pub(crate) fn id(text: &str) -> EmployeeId {
    EmployeeId::from(text)
}

/// A policy under which areas follow teams.
pub(crate) fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.assignments.areas.insert("Weaving".to_owned(), "weaving".to_owned());
    policy
}

pub(crate) fn builder(
    directory: &MemoryDirectory,
    target: impl Target,
    store: impl StateStore,
) -> RunnerBuilder {
    Runner::builder(directory.clone(), target, store).connection("acme").policy(policy())
}

/// A company, its accounts and its state; everybody has an account since the first of November.
pub(crate) struct Company {
    pub(crate) directory: MemoryDirectory,
    pub(crate) target: MemoryTarget,
    pub(crate) store: MemoryStore,
}

impl Company {
    pub(crate) fn new(count: usize) -> Self {
        let directory = MemoryDirectory::new(people(count));
        Self { directory, target: MemoryTarget::new(), store: MemoryStore::new() }
    }

    pub(crate) async fn provisioned(count: usize) -> Self {
        let company = Self::new(count);
        let report = company.runner().run(day(1)).await.unwrap();
        assert_eq!(report.counts.created, count as u64);
        company
    }

    /// Somebody edits a setting of the source that decides who is listed.
    pub(crate) fn list_otherwise(&self) {
        self.directory.set_settings(SourceSettings::of("memory").listing("status", "split", "all").build());
    }

    pub(crate) fn list_as_before(&self) {
        self.directory.set_settings(SourceSettings::of("memory").build());
    }

    pub(crate) fn builder(&self) -> RunnerBuilder {
        builder(&self.directory, self.target.clone(), self.store.clone())
    }

    pub(crate) fn runner(&self) -> Runner {
        self.builder().build().unwrap()
    }

    pub(crate) fn faulty(&self, faults: &Faults) -> Runner {
        builder(&self.directory, Faulty::new(self.target.clone(), faults.clone()), self.store.clone())
            .build()
            .unwrap()
    }
}

/// One line an account: what it holds, and who it is by external id, so that worlds whose accounts
/// were made in another order can be compared.
pub(crate) fn accounts(users: &[User]) -> Vec<String> {
    let mut lines: Vec<String> = users.iter().map(account).collect();
    lines.sort();
    lines
}

fn account(user: &User) -> String {
    let values: Vec<String> = TargetField::STANDARD
        .iter()
        .filter_map(|field| user.value(field).map(|value| format!("{field}={value}")))
        .collect();
    let given: Vec<String> = user.assignments.iter().map(|given| format!("{given:?}")).collect();
    let invite = user.invite.map(|invite| invite.sent_at.to_string());
    format!(
        "{} {} role={:?} given={given:?} invite={invite:?}",
        values.join(" "),
        user.status.as_str(),
        user.role
    )
}

/// One line a done action: `update e-1 (job_title)`.
pub(crate) fn done(report: &Report) -> Vec<String> {
    lines(report, "done")
}

pub(crate) fn lines(report: &Report, result: &str) -> Vec<String> {
    let lines = report.actions.iter().filter(|line| line.result.as_str() == result);
    lines
        .map(|line| {
            let who = line.employee.as_ref().map(ToString::to_string).unwrap_or_default();
            if line.fields.is_empty() {
                format!("{} {who}", line.action.as_str())
            } else {
                format!("{} {who} ({})", line.action.as_str(), line.fields.join(", "))
            }
        })
        .collect()
}

/// The account of an employee.
pub(crate) fn user(target: &MemoryTarget, employee: &str) -> User {
    let all = target.all();
    let found = all.into_iter().find(|user| user.value(&TargetField::ExternalId) == Some(employee));
    found.expect("the person has an account")
}

pub(crate) fn codes(report: &Report) -> Vec<&'static str> {
    report.problems.iter().map(|problem| problem.code.as_str()).collect()
}

pub(crate) fn existing(id: &str, external_id: &str, email: &str) -> User {
    let user = User::new(id, UserStatus::Active).with(TargetField::Email, email);
    if external_id.is_empty() { user } else { user.with(TargetField::ExternalId, external_id) }
}

/// The figures of a report are its lines, and everybody without a line that was tried is in one of two others.
pub(crate) fn assert_figures(report: &Report) {
    use std::collections::BTreeSet;
    let counts: serde_json::Value = serde_json::to_value(report.counts).unwrap();
    let document: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    let lines = document["actions"].as_array().unwrap();
    let changes_nothing =
        report.outcome == hris_reconcile::report::Outcome::Refused && report.command != "plan";
    let tried = |line: &&serde_json::Value| line["result"] != "skipped" && !changes_nothing;
    let number = |kinds: &[&str]| {
        let of_kind = |line: &&serde_json::Value| kinds.contains(&line["action"].as_str().unwrap());
        let done = lines.iter().filter(tried).filter(of_kind).filter(|line| line["result"] != "failed");
        done.count()
    };
    for (word, kinds) in [
        ("created", &["create"][..]),
        ("invited", &["invite"]),
        ("reinvited", &["reinvite"]),
        ("updated", &["update", "assign"]),
        ("deactivated", &["deactivate"]),
        ("reactivated", &["reactivate"]),
        ("linked", &["link"]),
    ] {
        assert_eq!(counts[word], number(kinds), "{word}: {document:#}");
    }
    assert_eq!(
        counts["failed"],
        lines.iter().filter(tried).filter(|line| line["result"] == "failed").count()
    );
    let acted: BTreeSet<&str> = lines
        .iter()
        .filter(tried)
        .map(|line| line["employee"].as_str().or(line["user"].as_str()).unwrap())
        .collect();
    let people: u64 = report.situations.values().sum();
    let counted = report.counts.unchanged + report.counts.skipped + acted.len() as u64;
    assert_eq!(counted, people, "{document:#}");
}

/// A busy day of ten people: joiners, two people exchange their addresses, a joiner gets a leaver's, some leave, one comes
/// back.
pub(crate) fn busy_day(directory: &MemoryDirectory) {
    let joiners = ["new1@mill.example", "p9@mill.example", "new3@mill.example", "new4@mill.example"];
    let joiners = (1..).zip(joiners).map(|(n, email)| person(&format!("n-{n}"), email));
    directory.edit(|people| people.extend(joiners));
    put(directory, "e-1", StandardField::Email, "p2@mill.example");
    put(directory, "e-2", StandardField::Email, "p1@mill.example");
    leave(directory, "e-8");
    leave(directory, "e-9");
    edit(directory, "e-10", |person| person.put_status(Status::Active, "active"));
}
