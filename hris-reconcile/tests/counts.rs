//! The figures of a report are its actions and the people without one.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use hris_core::{Field, StandardField};
use hris_reconcile::Approval;
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::report::{ActionResult, Outcome};
use hris_reconcile::target::Target as _;
use support::mill::Mill;
use support::{Company, assert_figures, builder, day, edit, lines, put, vanish};

#[tokio::test]
async fn accounts_that_were_made_count_although_their_invitations_failed() {
    let mill = Mill::new(5).await;
    mill.execute("CREATE TRIGGER no BEFORE INSERT ON invites BEGIN SELECT RAISE(ABORT, 'no'); END").await;
    let report = mill.run(1).await;
    assert_eq!((report.counts.created, report.counts.invited, report.counts.failed), (5, 0, 5));
    assert_eq!(mill.target.users(day(1)).await.unwrap().len(), 5);
    assert_eq!(report.headline(), "5 people joined, 5 failures");
    assert_eq!(report.exit_code(), 2);
}

#[tokio::test]
async fn an_account_that_was_linked_counts_although_its_update_failed() {
    let mill = Mill::new(1).await;
    mill.execute(
        "INSERT INTO users (email, given_name, family_name, status) \
         VALUES ('p1@mill.example', 'Given e-1', 'Family e-1', 'active'); \
         CREATE TRIGGER no BEFORE UPDATE OF job_title ON users BEGIN SELECT RAISE(ABORT, 'no'); END; \
         CREATE TRIGGER nor BEFORE UPDATE OF external_id ON users BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .await;
    let report = mill.run(1).await;
    assert_eq!((report.counts.linked, report.counts.failed), (1, 1), "{:?}", report.actions);
    assert_eq!((report.counts.unchanged, report.counts.skipped), (0, 0));
}

#[tokio::test]
async fn an_update_counts_although_an_assignment_failed() {
    let mill = Mill::new(2).await;
    mill.run(1).await;
    mill.execute("CREATE TRIGGER no BEFORE INSERT ON assignments BEGIN SELECT RAISE(ABORT, 'no'); END").await;
    put(&mill.directory, "e-1", StandardField::JobTitle, "Weaver");
    edit(&mill.directory, "e-1", |person| {
        *person = person.clone().with_teams(Field::Value(vec!["Weaving".to_owned()]));
    });
    let report = mill.run(2).await;
    assert_eq!((report.counts.updated, report.counts.failed, report.counts.unchanged), (1, 1, 1));
}

/// A refused run has done nothing, also where its report cannot be recorded.
#[tokio::test]
async fn a_refused_run_whose_report_is_lost_counts_nothing_as_done() {
    let company = Company::provisioned(8).await;
    for n in 1..=5 {
        vanish(&company.directory, &format!("e-{n}"));
    }
    let faults = Faults::new().on("finish", Fault::Unavailable);
    let store = Faulty::new(company.store.clone(), faults);
    let runner = builder(&company.directory, company.target.clone(), store).build().unwrap();
    let error = runner.run(day(2)).await.unwrap_err();
    let report = error.report().unwrap();
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.counts.deactivated, 0, "{:?}", report.counts);
    assert!(report.actions.iter().all(|line| line.result == ActionResult::Planned), "{:?}", report.actions);
}

/// Whom a safeguard held and a person let go, was asked for by id in between, and the report says so.
#[tokio::test]
async fn an_approved_run_says_what_asking_by_id_found() {
    let company = Company::provisioned(8).await;
    for n in 1..=5 {
        vanish(&company.directory, &format!("e-{n}"));
    }
    let planned = company.runner().plan(day(2)).await.unwrap();
    assert_figures(&planned.report);
    assert!(planned.report.actions.iter().all(|line| line.reason.contains("not asked for by id")));
    let named: Vec<_> = planned.removals.iter().filter_map(|one| one.email.as_deref()).collect();
    assert_eq!(named.len(), 5);
    assert!(named.contains(&"p1@mill.example"));
    assert!(!format!("{:?} {:?}", planned.removals, planned.save()).contains("p1@mill.example"));
    let saved = hris_reconcile::SavedPlan::read(&planned.save().to_json().unwrap()).unwrap();
    assert_eq!(saved.removals(), planned.removals);
    assert!(saved.is_intact());

    let report = company.runner().apply(&saved, Approval::Given, day(2)).await.unwrap();
    assert_eq!((report.counts.deactivated, report.source.requests), (5, 5));
    for line in &report.actions {
        assert_eq!((line.result, line.reason.contains("not asked")), (ActionResult::Done, false), "{line:?}");
    }
    assert_eq!(lines(&report, "done").len(), 5);
}
