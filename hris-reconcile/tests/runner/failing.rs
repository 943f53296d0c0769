//! Runs in which a side refuses, fails or does not answer, and runs that are stopped.

use super::*;

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
