//! What each side makes of values, and writes that lose fields.

use super::*;

#[tokio::test]
async fn what_payroll_makes_of_a_value_never_comes_back() {
    let office = Office::new().await;
    office.payroll.habits(|habits| (habits.cuts_prefix, habits.capitals) = (true, true));
    office.use_product("e-1", &TargetField::Phone, Some("+47 99 88 77 66"));
    office.use_product("e-1", &TargetField::GivenName, Some("Augusta"));
    office.run(2).await;
    assert_eq!(office.paid("e-1", StandardField::WorkPhone), some("99 88 77 66"));
    assert_eq!(office.paid("e-1", StandardField::GivenName), some("AUGUSTA"));
    let writes = (office.payroll.writes(), office.product.writes());
    for n in 3..6 {
        assert!(office.run(n).await.actions.is_empty());
    }
    assert_eq!((office.payroll.writes(), office.product.writes()), writes);
    assert!(office.store.history("acme", 9).await.unwrap().iter().all(|report| report.problems.is_empty()));
    assert_eq!(office.used("e-1", &TargetField::Phone), some("+47 99 88 77 66"));
}

/// A value that payroll keeps a part of is written once, told once, and does not come back.
#[tokio::test]
async fn a_shortened_value_is_told_once() {
    for (field, source, first, written, kept) in [
        (TargetField::GivenName, StandardField::GivenName, true, "Alexandra-Kristine", "Alexandr"),
        (TargetField::Phone, StandardField::WorkPhone, false, "+47 12345 99887766", "99887766"),
        (TargetField::Phone, StandardField::WorkPhone, false, "22 99887766", "99887766"),
    ] {
        let office = Office::new().await;
        office.payroll.habits(|habits| habits.keeps_letters = Some((source, 8, first)));
        office.use_product("e-1", &field, Some(written));
        let report = office.run(2).await;
        let told: Vec<_> =
            report.problems.iter().map(|one| (one.code.as_str(), one.field.as_deref())).collect();
        assert_eq!(told, [("divergence", Some(field.name()))], "{written}");
        assert_eq!(office.paid("e-1", source), some(kept), "{written}");
        let writes = office.payroll.writes();
        for n in 3..6 {
            let report = office.run(n).await;
            assert!(report.problems.is_empty() && report.actions.is_empty(), "told once: {written}");
        }
        assert_eq!((office.payroll.writes(), office.used("e-1", &field)), (writes, some(written)));
    }
}

#[tokio::test]
async fn what_cannot_be_taken_away_is_told_once() {
    let office = Office::new().await;
    office.payroll.habits(|habits| habits.keeps = Some(StandardField::WorkPhone));
    office.use_product("e-1", &TargetField::Phone, None);
    let report = office.run(2).await;
    assert_eq!(support::codes(&report), ["cannot_unset"]);
    let writes = office.payroll.writes();
    for n in 3..6 {
        let report = office.run(n).await;
        assert!(report.problems.is_empty() && report.actions.is_empty(), "told once");
    }
    assert_eq!(office.payroll.writes(), writes, "and not tried again");
    assert_eq!(office.used("e-1", &TargetField::Phone), None);
    assert_eq!(office.paid("e-1", StandardField::WorkPhone), some("+4722123451"));
}

#[tokio::test]
async fn a_write_without_effect_does_not_undo_the_edit() {
    let office = Office::new().await;
    office.payroll.habits(|habits| habits.ignores = Some(StandardField::JobTitle));
    office.use_product("e-1", &TargetField::JobTitle, Some("Baker"));
    assert_eq!(support::codes(&office.run(2).await), ["divergence"]);
    office.run(3).await;
    assert_eq!(office.used("e-1", &TargetField::JobTitle), some("Baker"));
    assert!(office.is_quiet(4).await);
}

#[tokio::test]
async fn an_update_that_loses_fields_stops_everything_until_the_settings_change() {
    let office = Office::new().await;
    office.payroll.habits(|habits| habits.loses = Some(StandardField::WorkPhone));
    office.use_product("e-1", &TargetField::JobTitle, Some("Baker"));
    office.use_product("e-2", &TargetField::JobTitle, Some("Smith"));
    let error = office.runner().run(day(2)).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (hris_reconcile::ErrorKind::Source, 5));
    assert!(error.to_string().contains("work_phone"), "{error}");
    assert_eq!(office.payroll.writes(), 1, "the first one was the last one");

    // What was lost does not go on to the product, and nothing more is written to payroll.
    let report = office.run(3).await;
    assert!(support::codes(&report).contains(&"not_permitted"));
    assert_eq!(office.used("e-1", &TargetField::Phone), some("+4722123451"));
    assert_eq!(office.payroll.writes(), 1);
    // Payroll's own edits still arrive.
    office.pay("e-3", StandardField::JobTitle, Some("Dyer"));
    office.run(4).await;
    assert_eq!(office.used("e-3", &TargetField::JobTitle), some("Dyer"));

    // Somebody changed how updates are sent: the lost value is filled from the product.
    office.payroll.habits(|habits| habits.loses = None);
    let settings = SourceSettings::of("memory").writing("update_body", "full", "changed").build();
    office.payroll.people.set_settings(settings);
    let mended = office.runner();
    mended.run(day(5)).await.unwrap();
    assert_eq!(office.paid("e-1", StandardField::WorkPhone), some("+4722123451"));
    assert_eq!(office.paid("e-2", StandardField::JobTitle), some("Smith"));
    assert!(mended.plan(day(6)).await.unwrap().plan.is_empty());
}

/// The product's own rules put its value back after each write, and so do payroll's.
#[tokio::test]
async fn systems_that_undo_each_other_are_held_and_told() {
    let office = Office::new().await;
    let mut held = None;
    for n in 2..20 {
        office.pay("e-1", StandardField::JobTitle, Some("Baker"));
        office.use_product("e-1", &TargetField::JobTitle, Some("Miller"));
        let report = office.run(n).await;
        if report.counts.conflicts > 0 {
            held = Some((n, report));
            break;
        }
    }
    let (n, report) = held.expect("somebody notices");
    assert!(n < 8, "after {n} runs");
    assert!(report.problems[0].message.contains("undoing"), "{:?}", report.problems);
    let writes = (office.payroll.writes(), office.product.writes());
    office.run(20).await;
    assert_eq!((office.payroll.writes(), office.product.writes()), writes, "it is held");
    // Until somebody decides.
    let runner = office.runner();
    let conflicts = runner.plan(day(21)).await.unwrap().plan.conflicts;
    runner.resolve(&[conflicts[0].keep(Side::Source)]).await.unwrap();
    office.run(21).await;
    assert_eq!(office.used("e-1", &TargetField::JobTitle), some("Baker"));
    assert!(office.is_quiet(22).await);
}

/// Whoever edits between the reading and the write is not written over.
#[tokio::test]
async fn an_edit_while_a_run_goes_on_is_left_alone() {
    for side in [Side::Source, Side::Target] {
        let office = Office::new().await;
        if side == Side::Source {
            office.use_product("e-1", &TargetField::JobTitle, Some("Baker"));
        } else {
            office.pay("e-1", StandardField::JobTitle, Some("Baker"));
        }
        let saved = office.runner().plan(day(2)).await.unwrap().save();
        assert_eq!(saved.plan().actions.len(), 1);
        let (payroll, product) = (office.payroll.clone(), office.product.clone());
        // The state is asked for the last time before the first write.
        let script = Faults::new().after("intend", move || {
            if side == Side::Source {
                support::put(&payroll.people, "e-1", StandardField::JobTitle, "Dyer");
            } else {
                let id = support::user(&product, "e-1").id;
                product.edit(|users| users.get_mut(&id).unwrap().put(&TargetField::JobTitle, Some("Dyer")));
            }
        });
        let late = Faulty::new(office.store.clone(), script);
        let runner = builder(office.payroll.clone(), office.product.clone(), late).build().unwrap();
        let report = runner.run(day(2)).await.unwrap();
        assert_eq!(report.counts.skipped, 1, "{:?}", report.problems);
        let both = [office.paid("e-1", StandardField::JobTitle), office.used("e-1", &TargetField::JobTitle)];
        assert!(both.contains(&some("Dyer")) && both.contains(&some("Baker")), "{side:?}");
        assert_eq!(office.run(3).await.counts.conflicts, 1);
    }
}
