//! What stops removals, and what a person has to approve.

use super::*;

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
