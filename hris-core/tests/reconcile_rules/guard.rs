//! How much a plan may do: each rule at its edge, for companies of every size.

use hris_core::reconcile::{
    Baseline, Decision, OnBreach, Plan, Refusal, Rule, Safeguards, UnlinkedUsers, guard,
};

use crate::support::{decision, world};

fn plan(population: u64, removals: u64) -> Plan {
    let mut plan = world("", "", "").plan();
    plan.figures.population = population;
    plan.figures.removals = removals;
    plan.figures.linked = population > 0;
    plan.figures.source_people = population.max(1);
    plan.figures.last_source_people = Some(population.max(1));
    plan
}

fn refused(plan: &Plan, safeguards: &Safeguards) -> Option<Refusal> {
    match guard(plan, safeguards) {
        Decision::Go => None,
        Decision::Refuse(refusal) | Decision::Hold(refusal) => Some(refusal),
        other => panic!("{other:?}"),
    }
}

const SIZES: [u64; 14] = [0, 1, 2, 3, 5, 10, 29, 30, 31, 100, 999, 1000, 1001, 100_000];

#[test]
fn the_limit_for_every_size() {
    // Worked by hand: the smaller of 100 and max(3, 10 %), but at least half must remain, and with
    // one or two accounts any removal needs approval.
    let most = [0_u64, 0, 0, 1, 2, 3, 3, 3, 3, 10, 99, 100, 100, 100];
    for (size, most) in SIZES.into_iter().zip(most) {
        for removals in [most.saturating_sub(1), most, most + 1] {
            let found = refused(&plan(size, removals), &Safeguards::default());
            assert_eq!(found.is_none(), removals <= most, "{removals} of {size}: {found:?}");
        }
    }
}

/// Only one rule at a time, everything else wide open.
fn only(change: impl FnOnce(&mut Safeguards)) -> Safeguards {
    let mut safeguards = Safeguards::default();
    safeguards.max_deactivations = u64::MAX;
    safeguards.max_deactivations_percent = 100;
    safeguards.window_days = 0;
    safeguards.min_remaining_percent = 0;
    safeguards.min_source_percent = 0;
    change(&mut safeguards);
    safeguards
}

#[test]
fn each_rule_at_its_edge() {
    for size in SIZES.into_iter().filter(|size| *size > 2) {
        let percent = (size * 10 / 100).max(3);
        let rows: [(Rule, Safeguards, u64); 4] = [
            (Rule::MaxDeactivations, only(|safe| safe.max_deactivations = 2), 2),
            (Rule::MaxDeactivationsPercent, only(|safe| safe.max_deactivations_percent = 10), percent),
            (Rule::MinRemainingPercent, only(|safe| safe.min_remaining_percent = 50), size / 2),
            (Rule::MinRemainingPercent, only(|safe| safe.min_remaining_percent = 100), 0),
        ];
        for (rule, safeguards, most) in rows {
            for removals in [most.saturating_sub(1), most, most + 1].into_iter().filter(|n| *n <= size) {
                let found = refused(&plan(size, removals), &safeguards).map(|refusal| refusal.rule);
                assert_eq!(found, (removals > most).then_some(rule), "{removals} of {size}");
            }
        }
    }
}

#[test]
fn the_window_allows_twice_a_runs_limit() {
    let safeguards = only(|safe| {
        safe.window_days = 7;
        safe.max_deactivations_percent = 10;
    });
    for (removed, removals, expected) in [
        (17, 3, None),
        (18, 3, Some((Rule::MaxDeactivationsWindow, 21))),
        (25, 0, None),
        (u64::MAX, 1, Some((Rule::MaxDeactivationsWindow, u64::MAX))),
    ] {
        let mut plan = plan(100, removals);
        plan.figures.removed_in_window = removed;
        let found = refused(&plan, &safeguards).map(|refusal| (refusal.rule, refusal.planned));
        assert_eq!(found, expected);
    }
}

/// A vendor that tells no total: who is in its list is there, and who is not may have slipped through.
#[test]
fn who_is_missing_from_a_list_that_only_its_end_proves_counts_twice() {
    let safeguards = only(|safe| {
        safe.window_days = 7;
        safe.max_deactivations_percent = 10;
    });
    for (removals, weak, within, expected) in [
        (10, 0, 0, None),
        (5, 5, 0, None),
        (6, 5, 0, Some((Rule::MaxDeactivationsPercent, 11))),
        (10, 1, 0, Some((Rule::MaxDeactivationsPercent, 11))),
        (3, 3, 14, None),
        (3, 3, 15, Some((Rule::MaxDeactivationsWindow, 21))),
    ] {
        let mut plan = plan(100, removals);
        (plan.figures.weak_removals, plan.figures.removed_in_window) = (weak, within);
        let found = refused(&plan, &safeguards);
        let told = found.as_ref().is_none_or(|found| found.message.contains("count twice") == (weak > 0));
        assert!(told, "{found:?}");
        assert_eq!(
            found.map(|refusal| (refusal.rule, refusal.planned)),
            expected,
            "{removals} {weak} {within}"
        );
    }
    let number = only(|safe| safe.max_deactivations = 4);
    for (weak, expected) in [(2, None), (3, Some(Rule::MaxDeactivations))] {
        let mut plan = plan(100, weak);
        plan.figures.weak_removals = weak;
        assert_eq!(refused(&plan, &number).map(|refusal| refusal.rule), expected);
    }
    // People whom the list shows as leavers are as sure as ever; those who are missing are asked for by id, and
    // an account that is nobody's has nobody to ask for.
    let people = "l left @ number=1";
    let users = "ul active for=l number=1\nua active for=a\nuc active email=c@x.io";
    let weak = world(people, users, "l>ul\na>ua").beside(9).gone("a").with(|world| {
        world.policy.unlinked_users = UnlinkedUsers::Deactivate;
        world.by_end = true;
    });
    let figures = weak.plan().figures;
    assert_eq!((figures.removals, figures.weak_removals), (3, 2));
    weak.guarded("refuse max_deactivations_percent 5/3");
    weak.with(|world| world.by_end = false).guarded("go");
}

#[test]
fn a_source_that_shrank() {
    for (last, now, rule) in [
        (100, 50, None),
        (100, 49, Some(Rule::MinSourcePercent)),
        (3, 2, None),
        (3, 1, Some(Rule::MinSourcePercent)),
        (1, 1, None),
        (0, 0, Some(Rule::EmptySource)),
        (10, 0, Some(Rule::EmptySource)),
    ] {
        let mut plan = plan(100, 0);
        plan.figures.source_people = now;
        plan.figures.last_source_people = Some(last);
        assert_eq!(refused(&plan, &Safeguards::default()).map(|refusal| refusal.rule), rule, "{last} {now}");
    }
    // Before anybody is linked an empty source is just empty.
    let mut first = plan(0, 0);
    first.figures.source_people = 0;
    first.figures.last_source_people = None;
    assert_eq!(guard(&first, &Safeguards::default()), Decision::Go);
}

#[test]
fn too_many_new_accounts_are_refused_even_where_removals_would_wait() {
    let safeguards = only(|safe| {
        safe.max_creations_percent = 10;
        safe.on_breach = OnBreach::Hold;
    });
    for (creations, expected) in [(10, "go"), (11, "refuse max_creations_percent 11/10")] {
        let mut plan = plan(100, 0);
        plan.figures.creations = creations;
        assert_eq!(decision(&guard(&plan, &safeguards)), expected);
    }
    let mut first = plan(0, 0);
    first.figures.creations = 1000;
    assert_eq!(guard(&first, &safeguards), Decision::Go);
}

#[test]
fn all_rules_are_named_in_their_order() {
    let mut plan = plan(1000, 900);
    let figures = &mut plan.figures;
    figures.creations = 900;
    figures.removed_in_window = 900;
    figures.source_people = 0;
    figures.last_source_people = Some(1000);
    figures.coverage_lost.insert("phone".to_owned());
    figures.credential_changed = true;
    figures.organisation_changed = true;
    figures.unidentified = 1;
    figures.config_changed = true;
    figures.target_changed = true;
    figures.email_changes = 900;
    let mut safeguards = Safeguards::default();
    safeguards.max_creations_percent = 10;
    let refusal = refused(&plan, &safeguards).unwrap();
    assert_eq!(refusal.rule, Rule::UnidentifiedRecord);
    let words = [
        "organisation_changed",
        "credential_changed",
        "target_changed",
        "empty_source",
        "min_source_percent",
        "coverage_lost",
        "config_changed",
        "max_deactivations",
        "max_deactivations_percent",
        "max_deactivations_window",
        "min_remaining_percent",
        "max_creations_percent",
        "max_email_changes",
    ];
    let places: Vec<_> = words.iter().map(|word| refusal.message.find(&format!("also {word}:"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{}", refusal.message);
}

#[test]
fn held_or_refused() {
    let breach = plan(100, 50);
    let mut safeguards = Safeguards::default();
    assert!(matches!(guard(&breach, &safeguards), Decision::Refuse(_)));
    safeguards.on_breach = OnBreach::Hold;
    assert!(matches!(guard(&breach, &safeguards), Decision::Hold(_)));
    let mut stranger = plan(100, 50);
    stranger.figures.organisation_changed = true;
    assert!(matches!(guard(&stranger, &safeguards), Decision::Refuse(_)), "another company's people");
}

#[test]
fn fewer_listed_than_employed_lets_removals_wait_and_nothing_else() {
    let company = |hidden| {
        let mut world = world(
            "a active @\nb left @\nc active @",
            "ua active for=a\nub active for=b\nud active for=d",
            "a>ua\nb>ub\nd>ud",
        );
        world.hidden = hidden;
        world.absent.insert("d".into(), hris_core::Lookup::NotVisible);
        world.policy(|policy| policy.invite = false)
    };
    let why = "3 people are listed and the organisation says it has 4";
    for (hidden, expected) in [(None, "go"), (Some(why), "hold coverage_lost 1/0")] {
        let world = company(hidden);
        world.guarded(expected);
        let warned = world.plan().problems.iter().any(|one| one.message.contains(why));
        assert_eq!(warned, hidden.is_some());
    }
    let world = company(Some(why));
    let Decision::Hold(refusal) = world.guard() else { panic!("it goes on without removals") };
    assert!(refusal.message.contains(why), "{}", refusal.message);
    let rest: Vec<String> =
        world.plan().without_removals().actions.iter().map(crate::support::line_of).collect();
    assert_eq!(rest, ["create c - (NewEmployee)"]);

    // Beside anything worse it is one cause more.
    world.clone().with(|world| world.config = "other".to_owned()).guarded("refuse coverage_lost 1/0");
    // Where nobody is to go, there is nothing to wait for.
    world
        .with(|world| world.people.retain(|one| one.id().as_str() != "b"))
        .with(|world| {
            world.links.retain(|link| link.employee.as_str() != "b");
        })
        .guarded("go");
}

#[test]
fn the_plan_counts_what_the_guard_needs() {
    let people: String = (0..40).map(|n| format!("p{n} active @\n")).collect();
    let users: String = (0..40).map(|n| format!("u{n} invited for=p{n}\n")).collect();
    let links: String = (0..40).map(|n| format!("p{n}>u{n}\n")).collect();
    let mut world = world(&people, &users, &links).remembered();
    let ids: Vec<String> = (0..5).map(|n| format!("p{n}")).collect();
    world.people.drain(..5);
    let world = world.gone(&ids.join(" "));
    world.guarded("refuse max_deactivations_percent 5/4");
    let figures = world.plan().figures;
    assert_eq!((figures.population, figures.removals, figures.last_source_people), (40, 5, Some(40)));
}

#[test]
fn a_field_that_few_had_is_kept_and_stops_no_removal() {
    // How many of how many had a value at the last run; now nobody has, and somebody leaves.
    for (field, had, people, stops) in [
        ("end_date", 1, 3, false),
        ("end_date", 2, 5, false),
        ("end_date", 2, 4, true),
        ("end_date", 3, 7, true),
        ("employee_number", 1, 7, true),
        ("phone", 1, 7, true),
    ] {
        let mut last = Baseline::default();
        last.people = people;
        last.filled.insert(field.to_owned(), had);
        let people = "a active @ end_date=\nb left @\nc active @\nd active @";
        let users = "ua active for=a end_date=2026-12-31\nub active for=b\nuc active for=c\nud active for=d";
        let world = world(people, users, "a>ua\nb>ub\nc>uc\nd>ud").with(|world| world.last = Some(last));
        let plan = world.plan();
        let mut changes = plan.actions.iter().flat_map(|action| &action.changes);
        assert!(changes.all(|change| change.field.to_string() != field), "what was lost is kept");
        let rule = refused(&plan, &world.safeguards).map(|refusal| refusal.rule);
        assert_eq!(rule, stops.then_some(Rule::CoverageLost), "{field} {had}");
    }
}
