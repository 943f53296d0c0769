//! Seeing less is never taking away: what many lose at once waits, and everything else goes on.

use hris_core::reconcile::{ActionKind, AreaSource, AssignmentMode, OnBreach, Plan, withheld};

use crate::support::{World, person, world};

/// People in step, each with a phone, a title and a place.
fn company(people: usize) -> World {
    let line =
        |n: usize| format!("p{n} active @ number=8{n} work_phone=+4420{n} job_title=Miller location=Oslo");
    let account =
        |n: usize| format!("u{n} active for=p{n} number=8{n} phone=+4420{n} job_title=Miller location=Oslo");
    let all = |line: &dyn Fn(usize) -> String| (0..people).map(line).collect::<Vec<_>>().join("\n");
    world(&all(&line), &all(&account), &all(&|n| format!("p{n}>u{n} id:p{n}"))).remembered()
}

/// The same where the first so many people have nothing any more.
fn emptied(mut world: World, people: usize, fields: &str) -> World {
    let gone: Vec<String> = fields.split(' ').map(|field| format!("{field}=")).collect();
    for n in 0..people {
        let line = format!(
            "p{n} active @ number=8{n} work_phone=+4420{n} job_title=Miller location=Oslo {}",
            gone.join(" ")
        );
        world.people[n] = person(&line);
    }
    world
}

fn taken(plan: &Plan, name: &str) -> (u64, u64) {
    plan.figures.taken.get(name).map_or((0, 0), |taken| (taken.had, taken.lose))
}

fn empties(plan: &Plan) -> usize {
    plan.actions.iter().flat_map(|action| &action.changes).filter(|change| change.to.is_none()).count()
}

#[test]
fn a_field_that_many_lose_at_once_waits() {
    // How many people, how many lose their phone, whether that may be.
    for (people, lose, goes) in [
        (40, 1, true),
        (40, 2, true),
        (40, 4, true),
        (40, 5, false),
        (40, 39, false),
        (200, 20, true),
        (200, 21, false),
        (200, 199, false),
        (20, 3, true),
        (20, 4, false),
        (4, 3, true),
    ] {
        let world = emptied(company(people), lose, "work_phone");
        let plan = world.plan();
        assert_eq!(taken(&plan, "phone"), (people as u64, lose as u64));
        assert_eq!(empties(&plan), lose);
        let waits = withheld(&plan, &world.safeguards);
        if goes {
            world.guarded("go");
            assert!(waits.is_empty(), "{waits:?}");
        } else {
            world.guarded(&format!("hold coverage_lost {lose}/0"));
            assert_eq!(waits.len(), 1);
            assert!(
                waits[0].message.contains(&format!("{people} people had phone and {} would", people - lose))
            );
            assert_eq!(empties(&plan.without_removals()), 0);
        }
    }
}

#[test]
fn while_it_waits_the_rest_goes_on_and_nobody_is_removed() {
    let mut world = emptied(company(40), 38, "work_phone job_title location");
    world.people[39] = person("p39 left @ number=839");
    world.people[5] = person("p5 active @ number=85 given_name=New work_phone= job_title= location=");
    world.people.push(person("new active @ number=1"));
    let plan = world.plan();
    world.guarded(&format!("hold coverage_lost {}/0", 38 * 3 + 1));
    assert_eq!(withheld(&plan, &world.safeguards).len(), 3);
    let rest: Vec<String> = plan.without_removals().actions.iter().map(crate::support::line_of).collect();
    assert_eq!(
        rest,
        [
            "update p5 u5 given_name (FieldsDiffer)",
            "create new - (NewEmployee)",
            "invite new - (FirstInvite)"
        ]
    );
    // Released by a person, it is done, and then there is nothing left.
    world.carried_out().actions("");
}

#[test]
fn each_limit_can_be_set() {
    let world = emptied(company(40), 10, "work_phone");
    world.clone().with(|world| world.safeguards.max_taken_away_percent = 25).guarded("go");
    world
        .clone()
        .with(|world| world.safeguards.max_taken_away_percent = 24)
        .guarded("hold coverage_lost 10/0");
    world.with(|world| world.safeguards.max_taken_away_percent = 0).guarded("hold coverage_lost 10/0");
    emptied(company(40), 3, "work_phone")
        .with(|world| world.safeguards.max_taken_away_percent = 0)
        .guarded("go");
}

#[test]
fn a_value_that_stands_for_nothing_is_nothing() {
    let mut world = company(40);
    world.mapping =
        world.mapping.field("phone", hris_core::mapping::from("work_phone").default_value("none"));
    let world = emptied(world, 10, "work_phone");
    assert_eq!(taken(&world.plan(), "phone"), (40, 10));
    world.guarded("hold coverage_lost 10/0");
}

/// Twelve people who were given everything by a rule.
fn ruled(people: usize, words: &str) -> World {
    let all = |line: &dyn Fn(usize) -> String| (0..people).map(line).collect::<Vec<_>>().join("\n");
    let account =
        |n: usize| format!("u{n} active for=p{n} number=8{n} role=manager area:warehouse location:kiln");
    world(
        &all(&|n| format!("p{n} active @ number=8{n} {words}")),
        &all(&account),
        &all(&|n| format!("p{n}>u{n} id:p{n} role:manager area:warehouse location:kiln")),
    )
    .policy(|policy| {
        let rules = &mut policy.assignments;
        rules.mode = AssignmentMode::Exact;
        rules.default_role = Some("employee".to_owned());
        rules.roles =
            [("Manager".to_owned(), "manager".to_owned()), ("Cook".to_owned(), "cook".to_owned())].into();
        rules.areas_from = AreaSource::Teams;
        rules.areas =
            [("Warehouse".to_owned(), "warehouse".to_owned()), ("Shop".to_owned(), "shop".to_owned())].into();
        rules.locations =
            [("Kiln".to_owned(), "kiln".to_owned()), ("Mill".to_owned(), "mill".to_owned())].into();
    })
    .mapping(|mapping| {
        let none = || hris_core::mapping::from("custom.none");
        mapping.field("job_title", none()).field("location", none())
    })
}

#[test]
fn a_word_that_no_rule_names_keeps_what_was_given() {
    let rows = [
        ("job_title=Manager teams=Warehouse location=Kiln", None, ""),
        ("job_title=Boss teams=Warehouse location=Kiln", Some("role"), ""),
        ("job_title=Manager teams=Warehouse location=Kiln(new)", Some("location"), ""),
        ("job_title=Manager teams=Warehouse&Yard location=Kiln", Some("area"), ""),
        ("job_title= access_role= teams=Warehouse location=Kiln", None, ""),
        // A real move takes the old one back.
        ("job_title=Manager teams=Warehouse location=Mill", None, "+location:mill -location:kiln"),
        ("job_title=Cook teams=Shop location=Kiln", None, "+area:shop +role:cook -area:warehouse"),
    ];
    for (words, unnamed, moves) in rows {
        let world = ruled(12, words);
        let plan = world.plan();
        let unmapped: Vec<_> =
            plan.problems.iter().filter(|one| one.code.as_str() == "unmapped_value").collect();
        assert_eq!(
            unmapped.iter().map(|one| one.field.as_deref()).collect::<Vec<_>>(),
            unnamed.into_iter().map(Some).collect::<Vec<_>>(),
            "{words}"
        );
        assert!(unmapped.iter().all(|one| one.message.contains("12 people")), "{words}");
        let all = plan.actions.iter().flat_map(|action| &action.assignments);
        let all: std::collections::BTreeSet<String> =
            all.map(|one| format!("{}{:?}", if one.given { "+" } else { "-" }, one.assignment)).collect();
        assert_eq!(all, moves.split_whitespace().map(str::to_owned).collect(), "{words}");
        assert_eq!(plan.actions.is_empty(), moves.is_empty(), "{words}");
        // One who moves alone is daily business; twelve wait.
        if !moves.is_empty() {
            assert_eq!(ruled(3, words).guard(), hris_core::reconcile::Decision::Go);
            assert!(!matches!(world.guard(), hris_core::reconcile::Decision::Go), "{words}");
        }
    }
}

#[test]
fn the_same_word_in_other_characters_is_that_word() {
    let rules = |policy: &mut hris_core::reconcile::Policy| {
        policy.assignments.locations = [("Z\u{fc}rich HQ".to_owned(), "zrh".to_owned())].into();
        policy.assignments.default_role = None;
    };
    for (word, named) in [
        ("Z\u{fc}rich HQ", true),
        ("Z\u{fc}rich\u{a0}HQ", true),
        ("Z\u{fc}rich  HQ", true),
        ("Z\u{fc}rich\tHQ ", true),
        ("Zu\u{308}rich hq", true),
        ("Z\u{dc}RICH HQ", true),
        ("\u{ff3a}\u{fc}rich HQ", true),
        ("Zurich HQ", false),
        ("Z\u{fc}rich-HQ", false),
        ("Z\u{fc}r\u{131}ch HQ", false),
    ] {
        let mut world = world("a active @", "ua active for=a", "a>ua id:a").policy(rules);
        world.people[0].put(hris_core::StandardField::Location, hris_core::Field::Value(word.to_owned()));
        world.mapping = world.mapping.field("location", hris_core::mapping::from("custom.none"));
        let given = world.plan().of_kind(ActionKind::Assign).count();
        assert_eq!(
            (given, world.plan().problems.len()),
            (usize::from(named), usize::from(!named)),
            "{word:?}"
        );
    }
}

#[test]
fn what_many_are_stripped_of_waits() {
    // A credential that sees the team of one person only.
    let mut world = ruled(40, "job_title=Manager location=Kiln teams=Warehouse").remembered();
    for n in 1..40 {
        world.people[n] =
            person(&format!("p{n} active @ number=8{n} job_title=Manager location=Kiln teams="));
    }
    let plan = world.plan();
    assert_eq!(taken(&plan, "assignments.area"), (40, 39));
    world.guarded("hold coverage_lost 39/0");
    assert!(plan.without_removals().actions.is_empty());
    assert_eq!(withheld(&plan, &world.safeguards).len(), 1);
    world
        .clone()
        .with(|world| world.safeguards.on_breach = OnBreach::Refuse)
        .guarded("hold coverage_lost 39/0");
    // Levels exchanged for lower ones count as well.
    let cooks = ruled(40, "job_title=Cook teams=Warehouse location=Kiln");
    assert_eq!(taken(&cooks.plan(), "assignments.role"), (40, 40));
    cooks.guarded("hold coverage_lost 40/0");
}

#[test]
fn whoever_changed_the_settings_or_the_credential_takes_nothing_away_unseen() {
    let one = |world: World| emptied(world, 1, "work_phone");
    one(company(40)).guarded("go");
    one(company(40)).with(|world| world.config = "other".to_owned()).guarded("refuse config_changed 1/0");
    let other = |world: &mut World| {
        world.last.as_mut().unwrap().fingerprint.credential = Some("c-A".to_owned());
        world.fingerprint.credential = Some("c-B".to_owned());
    };
    one(company(40)).with(other).guarded("refuse credential_changed 1/0");
    company(40).with(other).guarded("go");
    // One stripped area does as well; held, it waits and the rest goes on.
    let mut stripped = ruled(12, "job_title=Manager location=Kiln teams=Warehouse").remembered();
    stripped.people[0] =
        person("p0 active @ number=80 job_title=Manager location=Kiln teams= given_name=Ada");
    stripped.guarded("go");
    let stripped = stripped.with(|world| world.config = "other".to_owned());
    stripped.guarded("refuse config_changed 1/0");
    let rest: Vec<String> =
        stripped.plan().without_removals().actions.iter().map(crate::support::line_of).collect();
    assert_eq!(rest, ["update p0 u0 given_name (FieldsDiffer)"]);
    let silent = one(company(40)).with(|world| {
        world.last.as_mut().unwrap().fingerprint.organisation = Some("co1".to_owned());
    });
    silent.guarded("refuse coverage_lost 1/0");
    assert_eq!(empties(&silent.plan().without_removals()), 0);
}
