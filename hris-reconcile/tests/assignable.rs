//! Permission levels, locations and areas that a target has or has not: told beforehand, left out, and
//! given once they are there.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use hris_core::reconcile::{Policy, TargetCapabilities};
use hris_core::{AssignmentKind, Level, MemoryDirectory, Severity, StandardField};
use hris_reconcile::report::Outcome;
use hris_reconcile::store::MemoryStore;
use hris_reconcile::target::Target;
use hris_reconcile::targets::{MemoryTarget, SqliteTarget};
use hris_reconcile::{Runner, RunnerBuilder};
use support::{day, people, put};

fn levels(levels: &[&str]) -> TargetCapabilities {
    let mut can = TargetCapabilities::full();
    can.assignable.insert(AssignmentKind::Role, levels.iter().map(|level| (*level).to_owned()).collect());
    can
}

fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.assignments.roles = [("Boss".to_owned(), "manager".to_owned())].into();
    policy
}

fn runner(directory: &MemoryDirectory, target: impl Target, store: &MemoryStore) -> RunnerBuilder {
    Runner::builder(directory.clone(), target, store.clone()).policy(policy())
}

#[tokio::test]
async fn an_unknown_level_stops_only_itself_and_is_given_once_it_is_there() {
    let directory = MemoryDirectory::new(people(3));
    put(&directory, "e-2", StandardField::JobTitle, "Boss");
    let (users, store) = (MemoryTarget::new(), MemoryStore::new());
    let without = users.clone().with_capabilities(levels(&["employee"]));
    let runner_without = runner(&directory, without, &store).build().unwrap();

    let check = runner_without.check(day(1)).await.unwrap();
    let said = check.mapping.iter().find(|finding| finding.subject == "assignments").unwrap();
    assert_eq!(said.level, Level::Warning);
    assert!(
        said.to_string().contains("role \"manager\"") && !said.to_string().contains("employee\""),
        "{said}"
    );

    let report = runner_without.run(day(1)).await.unwrap();
    assert_eq!((report.counts.created, report.outcome), (3, Outcome::Partial));
    let errors: Vec<_> = report.problems.iter().filter(|one| one.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors.iter().all(|one| one.message.contains("1 person") && one.message.contains("e-2")),
        "{errors:?}"
    );
    let roles = || users.all().into_iter().filter_map(|user| user.role).collect::<Vec<_>>();
    assert_eq!(roles(), ["employee", "employee"], "nobody gets another level in its place");

    let with = users.clone().with_capabilities(levels(&["employee", "manager"]));
    let report = runner(&directory, with, &store).build().unwrap().run(day(2)).await.unwrap();
    assert_eq!((report.counts.updated, report.outcome), (1, Outcome::Completed));
    assert_eq!(roles().iter().filter(|role| *role == "manager").count(), 1);
}

#[tokio::test]
async fn a_table_knows_what_it_was_told_and_any_level_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || SqliteTarget::open(folder.path().join("users.db")).await.unwrap();
    assert!(open().await.capabilities().assignable.is_empty());
    let told = open().await.with_assignable(AssignmentKind::Role, ["employee"]);
    let directory = MemoryDirectory::new(people(1));
    put(&directory, "e-1", StandardField::JobTitle, "Boss");
    let report =
        runner(&directory, told, &MemoryStore::new()).build().unwrap().plan(day(1)).await.unwrap().report;
    assert!(report.problems.iter().any(|one| one.message.contains("manager")), "{:?}", report.problems);
}
