//! Whole runs: what they do, what they refuse, and what they leave as it is.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod approving;
mod failing;
mod reporting;
#[path = "../support/mod.rs"]
mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::reconcile::{OnBreach, Policy, Rule, Safeguards};
use hris_core::{
    ErrorKind as SourceError, Field, Fingerprint, MemoryDirectory, StandardField, TargetField, UserId,
    UserStatus,
};
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::store::{MemoryStore, StateStore};
use hris_reconcile::{Approval, ErrorKind, Event, Observer, ReportHook, Runner, SavedPlan, Stop};
use support::meddling::Meddling;
use support::{
    Company, builder, codes, day, done, edit, existing, id, leave, lines, person, put, user, vanish,
};

#[tokio::test]
async fn joiners_changes_and_leavers() {
    let company = Company::provisioned(5).await;
    company.directory.edit(|people| people.push(person("n-1", "new@mill.example")));
    put(&company.directory, "e-2", StandardField::JobTitle, "Baker");
    leave(&company.directory, "e-3");

    let report = company.runner().run(day(2)).await.unwrap();
    assert_eq!(
        done(&report),
        [
            "update e-2 (job_title)",
            "create n-1 (email, external_id, family_name, given_name, job_title, role)",
            "invite n-1",
            "deactivate e-3"
        ]
    );
    assert_eq!((report.outcome, report.exit_code()), (Outcome::Completed, 0));
    let counts = report.counts;
    assert_eq!((counts.created, counts.invited, counts.updated, counts.deactivated), (1, 1, 1, 1));
    assert_eq!((counts.unchanged, counts.skipped, counts.failed, counts.conflicts), (3, 0, 0, 0));
    assert_eq!((report.source.employees, report.source.complete), (6, true));
    assert_eq!(company.runner().report(&report.run).await.unwrap(), Some(report));
}

#[tokio::test]
async fn nothing_to_change_writes_nothing() {
    let company = Company::provisioned(4).await;
    let faults = Faults::new();
    let report = company.faulty(&faults).run(day(2)).await.unwrap();
    assert_eq!(faults.names(), ["identity", "users"]);
    assert!(report.actions.is_empty());
    assert_eq!(report.counts.unchanged, 4);
    assert_eq!(company.runner().history(10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_plan_writes_nothing_anywhere() {
    let company = Company::new(3);
    let faults = Faults::new();
    let store = Faulty::new(company.store.clone(), faults.clone());
    let runner = builder(&company.directory, company.target.clone(), store).build().unwrap();
    let planned = runner.plan(day(1)).await.unwrap();
    assert_eq!((planned.report.counts.created, planned.report.counts.invited), (3, 3));
    assert!(lines(&planned.report, "planned").len() == 6);
    assert_eq!(faults.names(), ["load", "removals_since", "others"]);
    assert_eq!(company.target.writes(), 0);
}

#[tokio::test]
async fn what_was_planned_is_what_is_done() {
    let company = Company::provisioned(5).await;
    put(&company.directory, "e-1", StandardField::Email, "p2@mill.example");
    put(&company.directory, "e-2", StandardField::Email, "p1@mill.example");
    leave(&company.directory, "e-3");
    let planned = company.runner().plan(day(2)).await.unwrap();
    let saved = SavedPlan::read(&planned.save().to_json().unwrap()).unwrap();
    let report = company.runner().apply(&saved, Approval::None, day(2)).await.unwrap();
    assert_eq!(done(&report), lines(&planned.report, "planned"));
    assert_eq!(report.counts, planned.report.counts);
    assert_eq!(user(&company.target, "e-1").value(&TargetField::Email), Some("p2@mill.example"));
    assert_eq!(user(&company.target, "e-2").value(&TargetField::Email), Some("p1@mill.example"));
}

/// A directory whose list lacks people that it knows by id.
#[derive(Debug)]
struct Hiding {
    inner: MemoryDirectory,
    hidden: Vec<&'static str>,
    gone: Vec<&'static str>,
}

#[async_trait]
impl hris_core::Directory for Hiding {
    fn capabilities(&self) -> &hris_core::Capabilities {
        self.inner.capabilities()
    }
    fn settings(&self) -> hris_core::SourceSettings {
        self.inner.settings()
    }
    async fn check(&self, request: &hris_core::ReadRequest) -> hris_core::Result<hris_core::Preflight> {
        self.inner.check(request).await
    }
    async fn fields(&self, request: &hris_core::ReadRequest) -> hris_core::Result<Vec<hris_core::FieldInfo>> {
        self.inner.fields(request).await
    }
    async fn snapshot(&self, request: &hris_core::ReadRequest) -> hris_core::Result<hris_core::Snapshot> {
        let whole = self.inner.snapshot(request).await?;
        let listed = whole.employees().iter().filter(|person| !self.hidden.contains(&person.id().as_str()));
        Ok(hris_core::Snapshot::new("memory", listed.cloned().collect()))
    }
    async fn get(
        &self,
        id: &hris_core::EmployeeId,
        request: &hris_core::ReadRequest,
    ) -> hris_core::Result<hris_core::Lookup> {
        if self.gone.contains(&id.as_str()) {
            return Ok(hris_core::Lookup::Gone);
        }
        self.inner.get(id, request).await
    }
}

/// The state is gone and the accounts are there: only matched, then as before.
#[tokio::test]
async fn lost_state() {
    let company = Company::provisioned(5).await;
    leave(&company.directory, "e-5");
    company.directory.edit(|people| people.push(person("n-1", "new@mill.example")));
    let lost = Company { store: MemoryStore::new(), ..company };
    let (writes, invited) = (lost.target.writes(), lost.target.invited().len());
    let first = lost.runner().run(day(2)).await.unwrap();
    assert_eq!((first.counts.linked, first.counts.created, first.counts.deactivated), (4, 0, 0));
    assert!(codes(&first).contains(&"state_missing"));
    assert_eq!((lost.target.writes(), lost.target.invited().len()), (writes, invited));

    let second = lost.runner().run(day(3)).await.unwrap();
    assert_eq!((second.counts.created, second.counts.deactivated), (1, 0));
    assert_eq!(lost.target.invited().len(), invited + 1, "nobody is asked twice");
}

/// Yesterday's backup: nobody is made, removed or asked a second time.
#[tokio::test]
async fn older_state() {
    let company = Company::provisioned(5).await;
    let backup = company.store.backup();
    company.directory.edit(|people| people.push(person("n-1", "new@mill.example")));
    leave(&company.directory, "e-1");
    company.runner().run(day(2)).await.unwrap();
    let restored = Company { store: backup, ..company };
    let (users, invited) = (restored.target.all(), restored.target.invited());
    let report = restored.runner().run(day(3)).await.unwrap();
    assert_eq!(done(&report), ["link n-1"]);
    assert_eq!((restored.target.all(), restored.target.invited()), (users, invited));
    assert!(restored.runner().plan(day(3)).await.unwrap().plan.is_empty());
}

#[tokio::test]
async fn match_links_gives_the_id_and_assigns_and_nothing_else() {
    let company = Company::new(3);
    let target = company
        .target
        .clone()
        .with_users([existing("u-7", "", "p1@mill.example"), existing("u-8", "", "stranger@mill.example")]);
    let runner = builder(&company.directory, target.clone(), company.store.clone()).build().unwrap();
    let report = runner.match_users(day(1)).await.unwrap();
    assert_eq!(done(&report), ["link e-1", "update e-1 (external_id)", "assign e-1 (role)"]);
    assert_eq!((report.command.as_str(), report.counts.linked, target.all().len()), ("match", 1, 2));
    assert_eq!(report.counts.skipped, 3, "two people without an account, one account without a person");
}

/// Stops the run once so many actions are done; panics in between, which must not matter.
#[derive(Debug)]
struct StopAfter {
    stop: Stop,
    actions: u64,
    seen: Arc<Mutex<Vec<Event>>>,
}

impl Observer for StopAfter {
    fn event(&self, event: &Event) {
        self.seen.lock().unwrap().push(event.clone());
        if matches!(event, Event::Applying { done, .. } if *done == self.actions) {
            self.stop.stop();
            std::panic::resume_unwind(Box::new("an observer's fault"));
        }
    }
}

#[tokio::test]
async fn import_of_one_person() {
    let company = Company::provisioned(5).await;
    company
        .directory
        .edit(|people| people.extend([person("n-1", "new@mill.example"), person("n-2", "n2@mill.example")]));
    put(&company.directory, "e-1", StandardField::JobTitle, "Baker");
    vanish(&company.directory, "e-3");
    leave(&company.directory, "e-4");
    let before = company.store.load("acme").await.unwrap().baseline;
    // Settings that changed hold back removals only.
    company.list_otherwise();
    let runner = company.runner();

    let report = runner.import(&id("n-1"), day(2)).await.unwrap();
    assert_eq!((report.command.as_str(), report.counts.created, report.counts.invited), ("import", 1, 1));
    assert_eq!(report.actions.len(), 2);
    assert_eq!(done(&runner.import(&id("e-1"), day(2)).await.unwrap()), ["update e-1 (job_title)"]);
    let refused = runner.import(&id("e-4"), day(2)).await.unwrap();
    assert_eq!(refused.refusal.unwrap().rule, Rule::ConfigChanged);
    company.list_as_before();
    assert_eq!(done(&company.runner().import(&id("e-4"), day(2)).await.unwrap()), ["deactivate e-4"]);
    let gone = company.runner().import(&id("e-3"), day(2)).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Config);
    assert!(user(&company.target, "e-3").is_live());
    assert_eq!(company.store.load("acme").await.unwrap().baseline, before);
}

#[tokio::test]
async fn people_who_come_back() {
    let company = Company::provisioned(4).await;
    leave(&company.directory, "e-1");
    company.runner().run(day(2)).await.unwrap();
    edit(&company.directory, "e-1", |person| person.put_status(hris_core::Status::Active, "active"));
    let report = company.runner().run(day(3)).await.unwrap();
    assert_eq!((done(&report), report.counts.reactivated), (vec!["reactivate e-1".to_owned()], 1));
    assert!(company.runner().plan(day(3)).await.unwrap().plan.is_empty());
}

#[derive(Debug)]
struct Broken;

#[async_trait]
impl ReportHook for Broken {
    async fn finished(&self, _report: &Report) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err("no mail server".into())
    }
}

#[test]
fn a_run_can_be_spawned_and_boxed() {
    fn is_send<T: Send>(_: &T) {}
    let company = Company::new(1);
    let directory: Box<dyn hris_core::Directory> = Box::new(company.directory.clone());
    let target: Box<dyn hris_reconcile::target::Target> = Box::new(company.target.clone());
    let store: Arc<dyn StateStore> = Arc::new(company.store.clone());
    let runner = Runner::builder(directory, target, store).build().unwrap();
    is_send(&runner.run(day(1)));
    is_send(&runner.plan(day(1)));
}

#[tokio::test]
async fn a_run_without_invitations_makes_active_accounts() {
    let company = Company::new(1);
    let mut policy = Policy::default();
    policy.invite = false;
    let report = company.builder().policy(policy).build().unwrap().run(day(1)).await.unwrap();
    assert_eq!(report.counts.invited, 0);
    assert_eq!(user(&company.target, "e-1").status, UserStatus::Active);
}
