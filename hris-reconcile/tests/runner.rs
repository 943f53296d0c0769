//! Whole runs: what they do, what they refuse, and what they leave as it is.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

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

/// A plan that is not the one that would be made now, for whatever reason, changes nothing.
#[tokio::test]
async fn stale_edited_foreign_and_old_plans() {
    let company = Company::provisioned(3).await;
    put(&company.directory, "e-1", StandardField::JobTitle, "Baker");
    let text = company.runner().plan(day(2)).await.unwrap().save().to_json().unwrap();
    let writes = company.target.writes();

    let edited = SavedPlan::read(&text.replace("Baker", "Owner")).unwrap();
    assert!(!edited.is_intact());
    let foreign = SavedPlan::read(&text.replace("\"acme\"", "\"other\"")).unwrap();
    let good = SavedPlan::read(&text).unwrap();
    assert!(good.is_intact());
    for (plan, now) in [(&edited, day(2)), (&foreign, day(2)), (&good, day(20))] {
        let report = company.runner().apply(plan, Approval::Given, now).await.unwrap();
        assert_eq!(report.refusal.as_ref().unwrap().rule, Rule::PlanStale);
        assert_eq!((report.outcome, report.exit_code()), (Outcome::Refused, 3));
    }
    put(&company.directory, "e-2", StandardField::JobTitle, "Baker");
    let report = company.runner().apply(&good, Approval::Given, day(2)).await.unwrap();
    assert_eq!(report.refusal.unwrap().rule, Rule::PlanStale);
    assert_eq!(company.target.writes(), writes);

    assert_eq!(SavedPlan::read("not json").unwrap_err().kind(), ErrorKind::Config);
    let newer = text.replace("\"format\": 4", "\"format\": 9");
    assert!(SavedPlan::read(&newer).unwrap_err().to_string().contains("newer"));
}

#[tokio::test]
async fn a_breach_changes_nothing_until_it_is_approved() {
    let company = Company::provisioned(10).await;
    for n in 1..=4 {
        vanish(&company.directory, &format!("e-{n}"));
    }
    put(&company.directory, "e-9", StandardField::JobTitle, "Baker");
    let writes = company.target.writes();
    let refused = company.runner().run(day(2)).await.unwrap();
    let refusal = refused.refusal.clone().unwrap();
    assert_eq!((refusal.rule, refusal.limit, refusal.planned), (Rule::MaxDeactivationsPercent, 3, 4));
    assert_eq!((refused.outcome, refused.exit_code()), (Outcome::Refused, 3));
    assert_eq!(refused.counts.deactivated + refused.counts.updated, 0);
    assert_eq!(lines(&refused, "planned").len(), 5);
    assert_eq!(company.target.writes(), writes);
    assert_eq!(company.runner().history(1).await.unwrap(), [refused]);

    // One of them is there after all: approved or not, whoever is there stays.
    company.directory.edit(|people| people.push(person("e-4", "p4@mill.example")));
    let saved = company.runner().plan(day(2)).await.unwrap().save();
    vanish(&company.directory, "e-4");
    let stale = company.runner().apply(&saved, Approval::Given, day(2)).await.unwrap();
    assert_eq!(stale.refusal.unwrap().rule, Rule::PlanStale);

    let saved = company.runner().plan(day(2)).await.unwrap().save();
    let unapproved = company.runner().apply(&saved, Approval::None, day(2)).await.unwrap();
    assert_eq!(unapproved.outcome, Outcome::Refused);
    let report = company.runner().apply(&saved, Approval::Given, day(2)).await.unwrap();
    assert_eq!((report.outcome, report.counts.deactivated), (Outcome::Completed, 4));
    assert_eq!(report.source.requests, 4, "all four were asked for by id");
    assert_eq!(company.store.removals_since("acme", day(1)).await.unwrap(), 0, "approved ones do not count");

    // An approval is for once.
    company.target.edit(|users| users.values_mut().for_each(|user| user.status = UserStatus::Active));
    let again = company.runner().apply(&saved, Approval::Given, day(2)).await.unwrap();
    assert_eq!(again.refusal.unwrap().rule, Rule::PlanStale);
}

/// The list hides four people; asked for one by one, two of them answer.
#[tokio::test]
async fn an_approved_plan_spares_whoever_answers() {
    let company = Company::provisioned(10).await;
    let hiding = Hiding {
        inner: company.directory.clone(),
        hidden: vec!["e-1", "e-2", "e-3", "e-4"],
        gone: vec!["e-3", "e-4"],
    };
    let runner = Runner::builder(hiding, company.target.clone(), company.store.clone())
        .connection("acme")
        .policy(support::policy());
    let runner = runner.build().unwrap();
    let saved = runner.plan(day(2)).await.unwrap().save();
    let report = runner.apply(&saved, Approval::Given, day(2)).await.unwrap();
    assert_eq!(done(&report), ["deactivate e-3", "deactivate e-4"]);
    assert_eq!(lines(&report, "skipped"), ["deactivate e-1", "deactivate e-2"]);
    assert!(user(&company.target, "e-1").is_live());
    let said: Vec<bool> =
        report.actions.iter().map(|line| line.reason.contains("is there when asked for by id")).collect();
    assert_eq!(said, [true, true, false, false], "{:?}", report.actions);
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

#[tokio::test]
async fn missing_people_are_asked_for_before_they_go() {
    let company = Company::provisioned(10).await;
    let hiding = Hiding { inner: company.directory.clone(), hidden: vec!["e-1", "e-2"], gone: vec!["e-2"] };
    let runner = Runner::builder(hiding, company.target.clone(), company.store.clone())
        .connection("acme")
        .policy(support::policy());
    let report = runner.build().unwrap().run(day(2)).await.unwrap();
    assert_eq!(done(&report), ["deactivate e-2"]);
    assert_eq!(report.source.requests, 2);
    assert!(codes(&report).contains(&"visibility_lost"));
}

#[tokio::test]
async fn on_hold_removals_wait_and_the_rest_goes_on() {
    let company = Company::provisioned(10).await;
    for n in 1..=4 {
        leave(&company.directory, &format!("e-{n}"));
    }
    put(&company.directory, "e-9", StandardField::JobTitle, "Baker");
    let mut safeguards = Safeguards::default();
    safeguards.on_breach = OnBreach::Hold;
    company.list_otherwise();
    for now in [day(2), day(3)] {
        let runner = company.builder().safeguards(safeguards.clone()).build().unwrap();
        let report = runner.run(now).await.unwrap();
        assert_eq!((report.outcome, report.exit_code()), (Outcome::Partial, 2));
        assert_eq!(report.refusal.as_ref().unwrap().rule, Rule::ConfigChanged, "the cause comes first");
        assert_eq!(lines(&report, "skipped").len(), 4);
        assert_eq!((report.counts.skipped, report.counts.deactivated), (4, 0));
        assert_eq!(report.counts.updated, u64::from(now == day(2)));
    }
}

/// What stopped removals once stops them until somebody approves, also when the rest went on.
#[tokio::test]
async fn a_held_run_does_not_become_what_the_next_is_compared_with() {
    let company = Company::provisioned(10).await;
    leave(&company.directory, "e-1");
    let mut safeguards = Safeguards::default();
    safeguards.on_breach = OnBreach::Hold;
    company.list_otherwise();
    for now in [day(2), day(3)] {
        let runner = company.builder().safeguards(safeguards.clone()).build().unwrap();
        let report = runner.run(now).await.unwrap();
        assert_eq!(report.refusal.as_ref().unwrap().rule, Rule::ConfigChanged, "on {now}");
    }
    // A run that only matches must not make the change look reviewed.
    let runner = company.runner();
    runner.match_users(day(4)).await.unwrap();
    assert_eq!(runner.run(day(4)).await.unwrap().refusal.unwrap().rule, Rule::ConfigChanged);
    let saved = runner.plan(day(4)).await.unwrap().save();
    assert_eq!(runner.apply(&saved, Approval::Given, day(4)).await.unwrap().counts.deactivated, 1);
}

#[tokio::test]
async fn the_window_counts_earlier_runs() {
    let company = Company::provisioned(30).await;
    let mut next = 1;
    for (now, expected) in
        [(day(2), Outcome::Completed), (day(3), Outcome::Completed), (day(4), Outcome::Refused)]
    {
        for _ in 0..3 {
            leave(&company.directory, &format!("e-{next}"));
            next += 1;
        }
        let report = company.runner().run(now).await.unwrap();
        assert_eq!(report.outcome, expected, "{now}: {:?}", report.refusal);
        if expected == Outcome::Refused {
            assert_eq!(report.refusal.unwrap().rule, Rule::MaxDeactivationsWindow);
        }
    }
    let later = company.runner().run(day(11)).await.unwrap();
    assert_eq!(later.counts.deactivated, 3, "the window has moved on: {:?}", later.refusal);
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

/// A limit that was loosened is named in each report while it is.
#[tokio::test]
async fn loosened_safeguards_are_shown() {
    let company = Company::new(1);
    let mut safeguards = Safeguards::default();
    safeguards.max_deactivations_percent = 75;
    safeguards.max_deactivations = 50;
    let runner = company.builder().safeguards(safeguards).build().unwrap();
    let expected =
        ["safeguards are looser than the default: max_deactivations_percent = 75 (default 10)".to_owned()];
    assert_eq!(runner.plan(day(1)).await.unwrap().report.notices, expected);
    assert_eq!(runner.run(day(1)).await.unwrap().notices, expected);
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

/// Somebody made the account between the plan and the creation: it is linked, not made again.
#[tokio::test]
async fn an_account_that_appears_is_adopted() {
    let company = Company::provisioned(1).await;
    company.directory.edit(|people| people.push(person("n-1", "new@mill.example")));
    let appearing = Meddling::edit(&company.target, "find", |target| {
        target.edit(|users| {
            users.insert(UserId::from("u-99"), existing("u-99", "n-1", "new@mill.example"));
        });
    });
    let runner = builder(&company.directory, appearing, company.store.clone()).build().unwrap();
    let report = runner.run(day(2)).await.unwrap();
    assert_eq!((done(&report), report.outcome), (vec!["link n-1".to_owned()], Outcome::Completed));
    assert_eq!(lines(&report, "skipped"), ["invite n-1"]);
    assert_eq!((report.counts.linked, report.counts.created, report.counts.invited), (1, 0, 0));
    assert_eq!(company.target.all().len(), 2);
}

/// The account changed between the plan and the write.
#[tokio::test]
async fn what_changed_meanwhile_is_left_alone() {
    // Somebody else closed the leaver's account: it is closed, and not by us.
    let company = Company::provisioned(5).await;
    leave(&company.directory, "e-1");
    let closing = Meddling::edit(&company.target, "user", |target| {
        target
            .edit(|users| users.values_mut().take(1).for_each(|user| user.status = UserStatus::Deactivated));
    });
    let report = builder(&company.directory, closing, company.store.clone())
        .build()
        .unwrap()
        .run(day(2))
        .await
        .unwrap();
    assert_eq!(
        (lines(&report, "skipped"), report.outcome),
        (vec!["deactivate e-1".to_owned()], Outcome::Completed)
    );
    assert!(!company.store.load("acme").await.unwrap().links[0].deactivated_by_us);
    assert_eq!(company.store.removals_since("acme", day(1)).await.unwrap(), 0);

    // The account is gone: done, and noted.
    leave(&company.directory, "e-2");
    let removing = Meddling::edit(&company.target, "user", |target| {
        target.edit(|users| users.retain(|_, user| user.value(&TargetField::ExternalId) != Some("e-2")));
    });
    let report = builder(&company.directory, removing, company.store.clone())
        .build()
        .unwrap()
        .run(day(3))
        .await
        .unwrap();
    assert_eq!((done(&report), report.outcome), (vec!["deactivate e-2".to_owned()], Outcome::Completed));

    // The person joined while the invitation was about to be sent again.
    let joining = Meddling::edit(&company.target, "user", |target| {
        target.edit(|users| users.values_mut().for_each(|user| user.status = UserStatus::Active));
    });
    let sent = company.target.invited().len();
    let runner = builder(&company.directory, joining, company.store.clone()).build().unwrap();
    let report = runner.run("2026-12-24T09:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!((lines(&report, "skipped").len(), company.target.invited().len()), (3, sent));
}

/// Somebody took the address between the plan and the write: that person is in conflict, others are
/// not held up, and the next run tries again.
#[tokio::test]
async fn a_conflict_concerns_one_person() {
    let company = Company::provisioned(3).await;
    put(&company.directory, "e-1", StandardField::Email, "wanted@mill.example");
    put(&company.directory, "e-2", StandardField::JobTitle, "Baker");
    let taking = Meddling::edit(&company.target, "update", |target| {
        target.edit(|users| {
            users.insert(UserId::from("u-99"), existing("u-99", "", "Wanted@mill.example"));
        });
    });
    let runner = builder(&company.directory, taking, company.store.clone()).build().unwrap();
    let report = runner.run(day(2)).await.unwrap();
    assert_eq!(
        (done(&report), lines(&report, "failed")),
        (vec!["update e-2 (job_title)".to_owned()], vec!["update e-1 (email)".to_owned()])
    );
    assert_eq!((report.counts.failed, report.counts.updated, report.exit_code()), (1, 1, 2));
    assert_eq!(codes(&report), ["uniqueness_conflict"]);
    company.target.edit(|users| {
        users.remove("u-99");
    });
    // The invitation went to an address that is corrected now.
    assert_eq!(done(&company.runner().run(day(3)).await.unwrap()), ["update e-1 (email)", "reinvite e-1"]);
}

#[tokio::test]
async fn one_refused_record_stops_that_person_only() {
    let company = Company::new(3);
    // identity, users, find, create, find, create: the second creation is refused.
    let report = company.faulty(&Faults::new().at(6, Fault::Rejected)).run(day(1)).await.unwrap();
    assert_eq!((report.counts.created, report.counts.failed, report.counts.invited), (2, 1, 2));
    assert_eq!(
        (lines(&report, "failed").len(), lines(&report, "skipped")),
        (1, vec!["invite e-2".to_owned()])
    );
    assert_eq!((codes(&report), report.exit_code()), (vec!["target_rejected"], 2));
    let next = company.runner().run(day(2)).await.unwrap();
    assert_eq!((next.counts.created, company.target.all().len(), company.target.invited().len()), (1, 3, 3));
}

/// The target did not work when it was one person's turn, as when another program holds a lock: everybody else
/// is done, and the run says that the target was not there.
#[tokio::test]
async fn one_write_that_met_no_target_is_told_as_that() {
    for fault in [Fault::Unavailable, Fault::LostBefore] {
        let company = Company::new(3);
        let report = company.faulty(&Faults::new().at(6, fault)).run(day(1)).await.unwrap();
        assert_eq!((report.counts.created, lines(&report, "failed").len()), (2, 1), "{fault:?}");
        assert_eq!((codes(&report), report.exit_code()), (vec!["target_unavailable"], 5), "{fault:?}");
        let next = company.runner().run(day(2)).await.unwrap();
        assert_eq!(
            (next.counts.created, next.exit_code(), company.target.all().len()),
            (1, 0, 3),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn three_unavailable_in_a_row_stop_the_run() {
    let company = Company::new(6);
    let faults = Faults::new().from(5, Fault::Unavailable);
    let error = company.faulty(&faults).run(day(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Target, 5));
    let report = error.report().unwrap();
    assert_eq!(
        (done(report).len(), lines(report, "failed").len(), lines(report, "skipped").len()),
        (1, 3, 8)
    );
    assert_eq!((report.outcome, report.counts.created), (Outcome::Failed, 1));
    assert_eq!(company.runner().history(1).await.unwrap().first(), Some(report));
    let next = company.runner().run(day(2)).await.unwrap();
    assert_eq!((next.counts.created, company.target.all().len(), company.target.invited().len()), (5, 6, 6));
    assert!(next.notices.is_empty(), "what was not begun was known: {:?}", next.notices);
}

#[tokio::test]
async fn a_refused_credential_stops_the_run_at_once() {
    let company = Company::new(3);
    let faults = Faults::new().at(4, Fault::Auth);
    let error = company.faulty(&faults).run(day(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code(), faults.calls()), (ErrorKind::Auth, 4, 4));
    assert_eq!(error.report().unwrap().exit_code(), 4);
}

#[tokio::test]
async fn a_failing_source_changes_nothing() {
    let company = Company::provisioned(3).await;
    let before = company.store.load("acme").await.unwrap();
    let writes = company.target.writes();
    for (kind, expected) in [
        (SourceError::Incomplete, ErrorKind::Source),
        (SourceError::Unavailable, ErrorKind::Source),
        (SourceError::Auth, ErrorKind::Auth),
    ] {
        company.directory.fail_with(Some((kind, "list people: no")));
        let error = company.runner().run(day(2)).await.unwrap_err();
        assert_eq!(error.kind(), expected);
        assert_eq!(company.runner().history(1).await.unwrap()[0].outcome, Outcome::Failed);
        assert_eq!(company.runner().plan(day(2)).await.unwrap_err().kind(), expected);
    }
    let after = company.store.load("acme").await.unwrap();
    assert_eq!(
        (after.links, after.baseline, company.target.writes()),
        (before.links, before.baseline, writes)
    );
}

/// A target that never answers is given up on, and asked how things stand.
#[tokio::test(start_paused = true)]
async fn no_answer_is_an_unknown_outcome() {
    for fault in [Fault::CutAfter, Fault::CutBefore] {
        let company = Company::new(1);
        let report = company.faulty(&Faults::new().at(4, fault)).run(day(1)).await.unwrap();
        let made = fault == Fault::CutAfter;
        assert_eq!(report.counts.created, u64::from(made), "{fault:?}");
        assert_eq!(report.exit_code(), if made { 0 } else { 5 });
        let next = company.runner().run(day(1)).await.unwrap();
        assert_eq!(next.counts.created, u64::from(!made));
        assert_eq!((company.target.all().len(), company.target.invited().len()), (1, 1));
    }
}

/// Nobody knows whether the invitation went out, and the target is not there to be asked: it stays
/// open, and the next run finds out.
#[tokio::test]
async fn an_open_invitation_is_not_sent_again() {
    for fault in [Fault::LostAfter, Fault::LostBefore] {
        let company = Company::new(1);
        // identity, users, find, create, invite, and then the question how the account stands.
        let faults = Faults::new().at(5, fault).at(6, Fault::Unavailable);
        let report = company.faulty(&faults).run(day(1)).await.unwrap();
        assert_eq!((lines(&report, "failed"), report.exit_code()), (vec!["invite e-1".to_owned()], 5));
        assert_eq!(company.store.load("acme").await.unwrap().unsettled.len(), 1);
        company.runner().run(day(2)).await.unwrap();
        assert_eq!(company.target.invited().len(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_runners_at_once() {
    let company = Company::provisioned(3).await;
    let lease = company.store.acquire("acme", "another").await.unwrap();
    let error = company.runner().run(day(2)).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Busy, 6));
    assert!(company.runner().plan(day(2)).await.is_ok(), "looking is always allowed");
    company.store.release(&lease).await.unwrap();
    assert!(company.runner().run(day(2)).await.is_ok());
}

/// A run that is held up for longer than its lease finds out before it writes.
#[tokio::test(start_paused = true)]
async fn a_paused_run_writes_nothing_late() {
    let company = Company::new(4);
    let store = company.store.clone();
    let target = Meddling::new(&company.target, "find", move |_| {
        let store = store.clone();
        Box::pin(async move {
            // The whole process stands still, and another run takes over.
            tokio::time::advance(Duration::from_secs(61)).await;
            store.acquire("acme", "another").await.expect("the lease has run out");
        })
    });
    let runner = builder(&company.directory, target, company.store.clone()).build().unwrap();
    let error = runner.run(day(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(company.target.writes(), 0);
    assert!(company.runner().history(1).await.unwrap().is_empty(), "nothing is recorded late either");
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
async fn stopping_finishes_the_current_write_and_saves() {
    let company = Company::new(5);
    let (stop, seen) = (Stop::new(), Arc::new(Mutex::new(Vec::new())));
    let observer = StopAfter { stop: stop.clone(), actions: 2, seen: Arc::clone(&seen) };
    let runner = company.builder().stop(stop).observer(observer).build().unwrap();
    let error = runner.run(day(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Cancelled, 130));
    assert_eq!(error.report().unwrap().counts.created, 2);
    let state = company.store.load("acme").await.unwrap();
    assert_eq!((state.links.len(), state.unsettled.len(), company.target.all().len()), (2, 0, 2));
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert!(matches!(seen.first(), Some(Event::Started { .. })));
    assert!(matches!(seen.last(), Some(Event::Finished { outcome: Outcome::Failed, .. })));
    let next = company.runner().run(day(1)).await.unwrap();
    assert_eq!((next.counts.created, company.target.invited().len()), (3, 5));
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
async fn another_organisation_removes_nobody() {
    let company = Company::provisioned(5).await;
    let fingerprint = |id: &str| Fingerprint { organisation: Some(id.to_owned()), ..Fingerprint::default() };
    company.directory.set_fingerprint(fingerprint("mill"));
    company.runner().run(day(2)).await.unwrap();
    company.directory.set_fingerprint(fingerprint("other"));
    leave(&company.directory, "e-1");
    let report = company.runner().run(day(3)).await.unwrap();
    assert_eq!(report.refusal.unwrap().rule, Rule::OrganisationChanged);
}

/// A field that nobody has any more is asked for until a person says that this is right.
#[tokio::test]
async fn lost_coverage_is_remembered_until_it_is_approved() {
    let company = Company::provisioned(5).await;
    for n in 1..=5 {
        edit(&company.directory, &format!("e-{n}"), |person| {
            person.put(StandardField::JobTitle, Field::Cleared)
        });
    }
    for now in [day(2), day(3)] {
        let report = company.runner().run(now).await.unwrap();
        assert_eq!((report.outcome, codes(&report)), (Outcome::Completed, vec!["visibility_lost"]));
    }
    leave(&company.directory, "e-1");
    assert_eq!(company.runner().run(day(4)).await.unwrap().refusal.unwrap().rule, Rule::CoverageLost);
    let saved = company.runner().plan(day(4)).await.unwrap().save();
    assert_eq!(company.runner().apply(&saved, Approval::Given, day(4)).await.unwrap().counts.deactivated, 1);
    leave(&company.directory, "e-2");
    assert_eq!(company.runner().run(day(5)).await.unwrap().outcome, Outcome::Completed);
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

#[tokio::test]
async fn explain_says_why() {
    let company = Company::provisioned(3).await;
    put(&company.directory, "e-1", StandardField::JobTitle, "Baker");
    let runner = company.runner();
    let text = runner.explain(&id("e-1"), day(2)).await.unwrap().unwrap().to_string();
    assert!(text.contains("confirmed") && text.contains("would update (job_title)"), "{text}");
    assert!(!text.contains("Baker"), "no value is shown");
    let text = runner.explain(&id("e-2"), day(2)).await.unwrap().unwrap().to_string();
    assert!(text.contains("nothing would be done"), "{text}");
    assert!(runner.explain(&id("e-77"), day(2)).await.unwrap().is_none());
}

#[derive(Debug)]
struct Broken;

#[async_trait]
impl ReportHook for Broken {
    async fn finished(&self, _report: &Report) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err("no mail server".into())
    }
}

#[tokio::test]
async fn a_hook_that_fails_does_not_fail_the_run() {
    let company = Company::new(1);
    let report = company.builder().after_run(Broken).build().unwrap().run(day(1)).await.unwrap();
    assert_eq!(
        (report.outcome, report.exit_code(), codes(&report)),
        (Outcome::Completed, 0, vec!["report_not_sent"])
    );
    assert_eq!(report.problems[0].message, "no mail server");
}

#[tokio::test]
async fn a_report_that_was_not_handed_over_is_in_the_history() {
    let company = Company::new(3);
    let runner = company.builder().after_run(Broken).build().unwrap();
    let report = runner.run(day(1)).await.unwrap();
    assert_eq!(runner.report(&report.run).await.unwrap(), Some(report));

    company.directory.fail_with(Some((SourceError::Unavailable, "list people: no answer")));
    let error = runner.run(day(2)).await.unwrap_err();
    let report = error.report().unwrap();
    assert_eq!((report.outcome, codes(report)), (Outcome::Failed, vec!["report_not_sent"]));
    assert_eq!(runner.report(&report.run).await.unwrap().as_ref(), Some(report));
}

#[tokio::test]
async fn check_names_what_is_missing() {
    let company = Company::provisioned(2).await;
    let check = company.runner().check(day(2)).await.unwrap();
    check.require().unwrap();
    assert!(check.state.outcome.starts_with("2 links"), "{}", check.state);
    let check = company.faulty(&Faults::new().at(1, Fault::Unavailable)).check(day(2)).await.unwrap();
    assert_eq!(check.require().unwrap_err().kind(), ErrorKind::Target);
    let faults = Faults::new().at(1, Fault::LostBefore);
    let store = Faulty::new(company.store.clone(), faults);
    let runner = builder(&company.directory, company.target.clone(), store).build().unwrap();
    assert_eq!(runner.check(day(2)).await.unwrap().require().unwrap_err().exit_code(), 7);
}

/// What a target does not keep is said once a run, with the fields, however many they are.
#[tokio::test]
async fn fields_that_the_target_does_not_keep_are_one_problem() {
    let company = Company::new(3);
    for (unkept, named) in [
        (vec![TargetField::Phone], "this field: phone"),
        (vec![TargetField::JobTitle, TargetField::Phone, TargetField::Location], "these fields: "),
    ] {
        let mut can = hris_core::reconcile::TargetCapabilities::full();
        for field in &unkept {
            can.set(field.clone(), hris_core::reconcile::FieldSupport::plain().unkept());
        }
        let target = hris_reconcile::targets::MemoryTarget::new().with_capabilities(can);
        let runner = builder(&company.directory, target, MemoryStore::new()).build().unwrap();
        for n in 1..=2 {
            let report = runner.run(day(n)).await.unwrap();
            assert_eq!(codes(&report), ["not_permitted"]);
            let problem = &report.problems[0];
            assert!(problem.message.contains(named), "{}", problem.message);
            assert!(unkept.iter().all(|field| problem.message.contains(field.name())), "{}", problem.message);
        }
    }
}

#[test]
fn a_bad_mapping_is_named_in_full() {
    let company = Company::new(1);
    let mapping = hris_core::mapping::Mapping::new().field("emial", hris_core::mapping::from("e_mail"));
    let error = company.builder().mapping(mapping).build().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Config, 1));
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.downcast_ref::<hris_core::mapping::MappingError>().unwrap().faults.len(), 4);
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
