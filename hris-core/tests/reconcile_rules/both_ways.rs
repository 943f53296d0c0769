//! Where both sides are edited: what cannot be seen is no edit.

use hris_core::reconcile::{Base, BothWays, Inputs, Plan, SharedField, TwoWay, plan_both_ways};
use hris_core::{StandardField, TargetField};

use crate::support::{World, line_of, world};

const TITLE: TargetField = TargetField::JobTitle;

/// The plan of a company whose titles flow both ways, and were "Cook" when both were in step.
fn both_ways(person: &str, account: &str) -> Plan {
    let mut world: World = world(
        &format!("a active @ {person}\nb active @ job_title=Cook"),
        &format!("ua active for=a {account}\nub active for=b job_title=Cook"),
        "a>ua id:a\nb>ub id:b",
    );
    for link in &mut world.links {
        link.bases.insert(TITLE, Base::new(&TITLE, Some("Cook"), Some("Cook"), world.now));
    }
    plan_of(&world)
}

/// The plan of a company whose titles flow both ways.
fn plan_of(world: &World) -> Plan {
    let (snapshot, map) = (world.snapshot(), world.map());
    let desired = map.apply(&snapshot);
    let (rules, fields) = (TwoWay::default(), [SharedField::new(TITLE, StandardField::JobTitle)]);
    let both = BothWays::new(&rules, &fields);
    let inputs = Inputs {
        connection: "test",
        mode: world.mode,
        snapshot: &snapshot,
        desired: &desired,
        users: &world.users,
        links: &world.links,
        others: &world.others,
        judgements: &world.judgements,
        target_id: None,
        last: world.last.as_ref(),
        absent: &world.absent,
        target: &world.target,
        leavers: world.leavers,
        config: &world.config,
        removed_in_window: 0,
        now: world.now,
    };
    plan_both_ways(&inputs, &both, &world.policy, world.today)
}

#[test]
fn what_is_hidden_is_neither_an_edit_nor_empty() {
    let rows = [
        // The source, the product, and what is written; `to source` where it flows back.
        ("job_title=Cook", "job_title=Cook", ""),
        ("job_title=Baker", "job_title=Cook", "update a ua job_title (FieldsDiffer)"),
        ("job_title=Cook", "job_title=Baker", "to source update a ua job_title (TargetChanged)"),
        ("job_title=", "job_title=Cook", "update a ua -job_title (FieldsDiffer)"),
        ("job_title!", "job_title=Cook", ""),
        ("job_title?", "job_title=Cook", ""),
        ("job_title!", "job_title=Baker", ""),
        ("job_title?", "job_title=Baker", ""),
        ("job_title!", "", ""),
        ("job_title?", "", ""),
    ];
    for (person, account, expected) in rows {
        let plan = both_ways(person, account);
        let line = |action: &hris_core::reconcile::Action| {
            format!("{}{}", if action.side.is_target() { "" } else { "to source " }, line_of(action))
        };
        let lines: Vec<String> = plan.actions.iter().map(line).collect();
        assert_eq!(lines.join("\n"), expected, "{person} {account}");
        assert!(
            plan.conflicts.is_empty()
                && plan.agreed.iter().all(|one| one.employee != "a".into()
                    || !expected.is_empty()
                    || person == "job_title=Cook"),
            "{person} {account}"
        );
    }
}

/// An account without an id is found for somebody whose id another account carries: as long as it is not theirs,
/// nothing of it goes to their record.
#[test]
fn an_account_that_cannot_become_somebodys_tells_the_source_nothing() {
    let world = world(
        "a active email=a@x.io job_title=",
        "ua active email=a@x.io job_title=Cook\nub active external_id=a email=z@x.io",
        "",
    );
    let world = world.held("ub", "other", false);
    let plan = plan_of(&world);
    assert_eq!(plan.actions.iter().map(line_of).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(plan.problems.len(), 1, "{:?}", plan.problems);
}
