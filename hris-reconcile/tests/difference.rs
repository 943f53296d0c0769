//! The report is the difference that a run made, whatever fails.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeMap;

use hris_core::reconcile::Safeguards;
use hris_core::{Employee, Field, MemoryDirectory, StandardField, TargetField};
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::report::Report;
use proptest::prelude::*;
use support::{Company, assert_figures, builder, day};

/// What happens to one person between two runs.
#[derive(Clone, Copy, Debug)]
enum Turn {
    ChangesTitle,
    Joins,
    Leaves,
    Moves,
    Returns,
    Stays,
}

fn turn() -> impl Strategy<Value = Turn> {
    use Turn::{ChangesTitle, Joins, Leaves, Moves, Returns, Stays};
    prop_oneof![Just(ChangesTitle), Just(Joins), Just(Leaves), Just(Moves), Just(Returns), Just(Stays)]
}

fn take(directory: &MemoryDirectory, place: usize, turn: Turn, round: usize) {
    directory.edit(|people: &mut Vec<Employee>| {
        let count = people.len();
        let Some(person) = people.get_mut(place) else { return };
        match turn {
            Turn::ChangesTitle => person.put(StandardField::JobTitle, Field::Value(format!("Title {round}"))),
            Turn::Leaves => person.put_status(hris_core::Status::Terminated, "terminated"),
            Turn::Returns => person.put_status(hris_core::Status::Active, "active"),
            Turn::Moves => person
                .put(StandardField::Email, Field::Value(format!("p{}@mill.example", (place + round) % 9))),
            Turn::Joins => people.push(support::person(
                &format!("j-{round}-{place}"),
                &format!("j{count}-{round}@mill.example"),
            )),
            Turn::Stays => {}
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The report is the difference of the target before and after, its figures are its lines, and
    /// a second run has nothing to do, whatever fails in between.
    #[test]
    fn the_report_is_the_difference(
        rounds in prop::collection::vec(prop::collection::vec((0_usize..8, turn()), 0..6), 1..5),
        faults in prop::collection::vec((1_u64..40, prop::sample::select(vec![
            Fault::Rejected, Fault::Conflict, Fault::Unavailable, Fault::LostAfter, Fault::LostBefore, Fault::PanicAfter,
        ])), 0..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let company = Company::provisioned(8).await;
            let mut safeguards = Safeguards::default();
            safeguards.max_deactivations_percent = 100;
            safeguards.min_remaining_percent = 0;
            safeguards.window_days = 0;
            let script = faults.iter().fold(Faults::new(), |script, (call, fault)| script.at(*call, *fault));
            for (round, turns) in rounds.iter().enumerate() {
                for (place, turn) in turns {
                    take(&company.directory, *place, *turn, round);
                }
                let before = company.target.all();
                let target = Faulty::new(company.target.clone(), script.clone());
                let runner = builder(&company.directory, target, company.store.clone())
                    .safeguards(safeguards.clone()).build().unwrap();
                let report = match runner.run(day(2 + u8::try_from(round).unwrap())).await {
                    Ok(report) => report,
                    Err(error) => error.report().unwrap().clone(),
                };
                difference(&before, &company.target.all(), &report);
                assert_figures(&report);
            }
            let runner = company.builder().safeguards(safeguards.clone()).build().unwrap();
            for _ in 0..2 {
                runner.run(day(9)).await.unwrap();
            }
            let planned = runner.plan(day(9)).await.unwrap();
            assert!(planned.plan.is_empty(), "{:?}", planned.plan.actions);
            assert_figures(&planned.report);
        });
    }
}

/// Accounts that differ are those that actions were done to, and the other way round; an action that
/// is open may have been done or not.
fn difference(before: &[hris_core::User], after: &[hris_core::User], report: &Report) {
    let before: BTreeMap<_, _> = before.iter().map(|user| (user.id.clone(), user)).collect();
    let written = |line: &&hris_reconcile::report::ActionLine| line.action.as_str() != "link";
    let by_report: std::collections::BTreeSet<_> = report
        .actions
        .iter()
        .filter(|line| line.result.as_str() == "done")
        .filter(written)
        .filter_map(|line| line.user.clone())
        .collect();
    let open: std::collections::BTreeSet<_> = report
        .actions
        .iter()
        .filter(|line| line.result.as_str() == "failed")
        .filter_map(|line| line.employee.as_ref().map(ToString::to_string))
        .collect();
    let changed: std::collections::BTreeSet<_> = after
        .iter()
        .filter(|user| before.get(&user.id).is_none_or(|old| *old != *user))
        .filter(|user| {
            by_report.contains(&user.id)
                || !open.contains(user.value(&TargetField::ExternalId).unwrap_or_default())
        })
        .map(|user| user.id.clone())
        .collect();
    assert_eq!(changed, by_report, "{:?}", report.actions);
    let created = after.len() - before.len();
    assert!(report.counts.created <= created as u64);
}
