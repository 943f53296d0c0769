//! What both sides changed, and who decides.

use super::*;

#[tokio::test]
async fn both_changed_is_asked_and_the_decision_is_carried_out_once() {
    for keep in [Side::Source, Side::Target] {
        let office = Office::new().in_step().await;
        office.pay(StandardField::JobTitle, Some("Baker"));
        office.use_product(TargetField::JobTitle, Some("Smith"));
        for n in 3..5 {
            let report = office.run(n).await;
            assert_eq!((report.outcome, report.exit_code()), (Outcome::Partial, 2));
            assert_eq!(report.counts.conflicts, 1);
            assert!(report.actions.is_empty());
            assert_eq!(office.titles(), (some("Baker"), some("Smith")), "nothing is written");
            let text = report.to_json();
            assert!(!text.contains("Baker") && !text.contains("Smith"), "{text}");
        }
        let runner = office.runner();
        let conflicts = runner.plan(day(5)).await.unwrap().plan.conflicts;
        assert_eq!(conflicts.len(), 1);
        let conflict = &conflicts[0];
        assert_eq!((conflict.source.as_deref(), conflict.target.as_deref()), (Some("Baker"), Some("Smith")));
        assert_eq!(conflict.base.as_ref().unwrap().source.as_deref(), Some("Miller"));
        assert!(!format!("{conflict:?}").contains("Baker"));
        runner.resolve(&[conflict.keep(keep)]).await.unwrap();
        let report = office.run(6).await;
        assert_eq!(report.outcome, Outcome::Completed);
        let kept = if keep == Side::Source { "Baker" } else { "Smith" };
        assert_eq!(office.titles(), (some(kept), some(kept)));
        assert!(office.is_quiet(7).await);
        assert!(office.store.load("acme").await.unwrap().decisions.is_empty(), "it is over");
    }
}

#[tokio::test]
async fn a_decision_lapses_when_a_value_changes() {
    let office = Office::new().in_step().await;
    office.pay(StandardField::JobTitle, Some("Baker"));
    office.use_product(TargetField::JobTitle, Some("Smith"));
    let runner = office.runner();
    let conflicts = runner.plan(day(3)).await.unwrap().plan.conflicts;
    runner.resolve(&[conflicts[0].keep(Side::Source)]).await.unwrap();
    office.use_product(TargetField::JobTitle, Some("Dyer"));
    let report = office.run(4).await;
    assert_eq!(report.counts.conflicts, 1);
    assert_eq!(report.conflicts[0].id, conflicts[0].id, "the id stays");
    assert_eq!(office.titles(), (some("Baker"), some("Dyer")));
    // Not even when the old values come back.
    office.use_product(TargetField::JobTitle, Some("Smith"));
    assert_eq!(office.run(5).await.counts.conflicts, 1);
    assert_eq!(office.titles(), (some("Baker"), some("Smith")));
}

#[tokio::test]
async fn policies_decide_for_all_and_for_single_fields() {
    let table = [
        (Conflicts::SourceWins, None, "Baker"),
        (Conflicts::TargetWins, None, "Smith"),
        (Conflicts::Ask, Some(Conflicts::TargetWins), "Smith"),
        (Conflicts::TargetWins, Some(Conflicts::SourceWins), "Baker"),
    ];
    for (all, one, kept) in table {
        let office = Office::new().in_step().await.rules(|rules| {
            rules.conflict = all;
            rules.fields.extend(one.map(|one| (TargetField::JobTitle, one)));
        });
        office.pay(StandardField::JobTitle, Some("Baker"));
        office.use_product(TargetField::JobTitle, Some("Smith"));
        office.run(3).await;
        assert_eq!(office.titles(), (some(kept), some(kept)), "{all:?} {one:?}");
        assert!(office.is_quiet(4).await);
    }
}

#[tokio::test]
async fn the_newest_wins_only_where_both_times_can_be_relied_on() {
    let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let table = [
        (time("2026-11-02T12:00:00Z"), time("2026-11-02T13:00:00Z"), Some("Smith")),
        (time("2026-11-02T14:00:00Z"), time("2026-11-02T13:00:00Z"), Some("Baker")),
        (None, time("2026-11-02T13:00:00Z"), None),
        (time("2026-11-02T14:00:00Z"), None, None),
        // Before both were in step, or still to come: such a clock proves nothing.
        (time("2026-10-01T12:00:00Z"), time("2026-11-02T13:00:00Z"), None),
        (time("2027-11-02T12:00:00Z"), time("2026-11-02T13:00:00Z"), None),
        (time("2026-11-02T13:00:00Z"), time("2026-11-02T13:00:00Z"), None),
    ];
    for (paid, used, kept) in table {
        let office = Office::new().in_step().await.rules(|rules| rules.conflict = Conflicts::NewestWins);
        office.pay(StandardField::JobTitle, Some("Baker"));
        office.use_product(TargetField::JobTitle, Some("Smith"));
        support::edit(&office.payroll, "e-1", |person| *person = person.clone().with_changed_at(paid));
        office.product.edit(|users| users.get_mut(&UserId::from("u-ada")).unwrap().changed_at = used);
        office.run(3).await;
        let expected = match kept {
            Some(kept) => (some(kept), some(kept)),
            None => (some("Baker"), some("Smith")),
        };
        assert_eq!(office.titles(), expected, "{paid:?} {used:?}");
    }
}

/// A record says when it was changed last, and not which field. Where it shows a second change, that may be the
/// later one.
#[tokio::test]
async fn an_older_edit_does_not_win_because_something_else_was_changed_later() {
    let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    for (later, other_change_at, decided) in [
        (Side::Source, Side::Source, false),
        (Side::Target, Side::Target, false),
        // What the older record shows besides does not matter: this field was not changed after its time.
        (Side::Source, Side::Target, true),
        (Side::Target, Side::Source, true),
    ] {
        let office = Office::new().in_step().await.rules(|rules| rules.conflict = Conflicts::NewestWins);
        office.pay(StandardField::JobTitle, Some("Baker"));
        office.use_product(TargetField::JobTitle, Some("Smith"));
        match other_change_at {
            Side::Source => office.pay(StandardField::GivenName, Some("Adelaide")),
            Side::Target => office.use_product(TargetField::GivenName, Some("Adelaide")),
        }
        let (paid, used) = match later {
            Side::Source => (time("2026-11-02T14:00:00Z"), time("2026-11-02T13:00:00Z")),
            Side::Target => (time("2026-11-02T13:00:00Z"), time("2026-11-02T14:00:00Z")),
        };
        support::edit(&office.payroll, "e-1", |person| *person = person.clone().with_changed_at(paid));
        office.product.edit(|users| users.get_mut(&UserId::from("u-ada")).unwrap().changed_at = used);
        let report = office.run(3).await;
        let expected = match (decided, later) {
            (true, Side::Source) => ("Baker", "Baker"),
            (true, Side::Target) => ("Smith", "Smith"),
            (false, _) => ("Baker", "Smith"),
        };
        let what = format!("{later:?} {other_change_at:?}");
        assert_eq!(office.titles(), (some(expected.0), some(expected.1)), "{what}");
        assert_eq!(report.conflicts.len(), usize::from(!decided), "{what}");
    }
}

#[tokio::test]
async fn the_first_contact_has_three_cases_and_shows_them_before_it_writes() {
    let table = [
        (
            MissingValue::Fill,
            vec!["update source e-1 (job_title) planned", "update target e-1 (phone) planned"],
            1,
        ),
        (MissingValue::Leave, vec![], 1),
        (MissingValue::Ask, vec![], 3),
    ];
    for (missing, expected, conflicts) in table {
        let office = Office::new().rules(|rules| rules.missing_value = missing);
        office.pay(StandardField::WorkPhone, Some("+4722123456"));
        office.pay(StandardField::JobTitle, None);
        office.use_product(TargetField::GivenName, Some("Adelaide"));
        // Whoever has accounts with external ids and no memory of them only matches first.
        office.run(1).await;
        let report = office.runner().plan(day(2)).await.unwrap().report;
        let mut found = lines(&report);
        found.retain(|line| !line.starts_with("link") && !line.contains("department"));
        found.sort();
        assert_eq!(found, expected, "{missing:?}");
        assert_eq!(report.counts.conflicts, conflicts, "{missing:?}");
        assert_eq!(office.user().value(&TargetField::Phone), None, "a plan writes nothing");
        office.run(2).await;
        let filled = missing == MissingValue::Fill;
        assert_eq!(office.user().value(&TargetField::Phone), filled.then_some("+4722123456"));
        assert_eq!(office.person().text(StandardField::GivenName), Field::Value("Ada"));
    }
}

#[tokio::test]
async fn what_was_left_different_takes_later_edits() {
    let office = Office::new().rules(|rules| rules.missing_value = MissingValue::Leave);
    office.pay(StandardField::WorkPhone, Some("+4722123456"));
    let office = office.in_step().await;
    assert_eq!(office.user().value(&TargetField::Phone), None);
    office.pay(StandardField::WorkPhone, Some("+4722999999"));
    office.run(3).await;
    assert_eq!(office.user().value(&TargetField::Phone), Some("+4722999999"));
}
