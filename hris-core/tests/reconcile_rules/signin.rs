//! The address that people sign in with, and the table that they sign in to.

use hris_core::TargetField;
use hris_core::reconcile::{Decision, Learned, OnBreach, guard};

use crate::support::{World, person, world};

/// People in step; the first so many got another address.
fn company(people: usize, moved: usize) -> World {
    let all = |line: &dyn Fn(usize) -> String| (0..people).map(line).collect::<Vec<_>>().join("\n");
    let in_step = all(&|n| format!("p{n} active @ number=8{n} given_name=P{n} family_name=Mill"));
    let accounts = all(&|n| format!("u{n} active for=p{n} number=8{n} given_name=P{n} family_name=Mill"));
    let mut world = world(&in_step, &accounts, &all(&|n| format!("p{n}>u{n} id:p{n}"))).remembered();
    for n in 0..moved {
        world.people[n] =
            person(&format!("p{n} active email=p{n}@other.io number=8{n} given_name=P{n} family_name=Mill"));
    }
    world
}

#[test]
fn everybodys_address_at_once_is_refused() {
    for (people, moved, goes) in
        [(60, 12, true), (60, 13, false), (60, 60, false), (10, 5, true), (10, 6, false), (5, 5, true)]
    {
        let world = company(people, moved);
        let limit = (people / 5).max(5);
        world.guarded(&if goes {
            "go".to_owned()
        } else {
            format!("refuse max_email_changes {moved}/{limit}")
        });
        let hold = world.clone().with(|world| world.safeguards.on_breach = OnBreach::Hold);
        assert_eq!(hold.guard() == Decision::Go, goes, "letting removals wait helps nobody here");
    }
    let wide = company(60, 30).with(|world| world.safeguards.max_email_changes_percent = 50);
    wide.guarded("go");
    // Anonymised, numbers and all: these are other people.
    let mut anonymous = company(60, 0);
    for n in 0..60 {
        anonymous.people[n] = person(&format!(
            "p{n} active email=noreply{n}@tallowmill.invalid given_name=Anon family_name=Anon"
        ));
    }
    anonymous.actions("");
    assert_eq!(anonymous.plan().questions.len(), 60);
}

#[test]
fn a_change_of_domain_passes_whole_once_it_is_approved() {
    let world = company(60, 60);
    let plan = world.plan();
    assert_eq!(plan.actions.len(), 60);
    assert!(plan.actions.iter().all(|action| action.kind.as_str() == "update"));
    world.carried_out().actions("").guarded("go");
}

#[test]
fn after_changed_settings_more_addresses_than_a_few_are_refused() {
    for (moved, expected) in [(5, "go"), (6, "refuse config_changed 6/0"), (12, "refuse config_changed 12/0")]
    {
        company(60, moved).with(|world| world.config = "other".to_owned()).guarded(expected);
    }
}

#[test]
fn two_accounts_with_one_address_lose_nobodys_update() {
    // A table without an index of addresses: whoever takes one waits for both who have it.
    let circle = world(
        "a active email=y@x.io\nb active email=z@x.io\nc active email=x@x.io",
        "u1 active external_id=a email=x@x.io\nu2 active external_id=b email=x@x.io\nu3 active external_id=c email=y@x.io",
        "a>u1 id:a\nb>u2 id:b\nc>u3 id:c",
    );
    circle.actions(
        "update a u1 -email (FreesValueForNow)\nupdate b u2 email (FieldsDiffer)\nupdate c u3 email (FieldsDiffer)\n\
         update a u1 email (FieldsDiffer)",
    )
    .problems("");
    // One of the two is nobody's: then nobody takes it, and that is said.
    world(
        "a active email=y@x.io\nc active email=x@x.io",
        "u1 active external_id=a email=x@x.io\nu2 active email=x@x.io\nu3 active external_id=c email=y@x.io",
        "a>u1 id:a\nc>u3 id:c",
    )
    .actions("")
    .problems("error uniqueness_conflict a u1 email\nerror uniqueness_conflict c u3 email");
}

#[test]
fn another_target_is_refused() {
    let with_id = |before: Option<&str>, now: Option<&str>| {
        company(10, 0).with(|world| {
            world.last.as_mut().unwrap().target = before.map(str::to_owned);
            world.target_id = now.map(str::to_owned);
        })
    };
    with_id(Some("t1"), Some("t1")).guarded("go");
    with_id(None, Some("t1")).guarded("go");
    // A target that keeps an id of its own tells it, so one without is another one.
    with_id(Some("t1"), None).guarded("refuse target_changed 0/3");
    let other = with_id(Some("t1"), Some("t2"));
    other.guarded("refuse target_changed 0/3");
    other.with(|world| world.safeguards.on_breach = OnBreach::Hold).guarded("refuse target_changed 0/3");
    // What a run has seen is what the next one expects, also where the target says nothing.
    assert_eq!(with_id(None, Some("t1")).plan().baseline.target.as_deref(), Some("t1"));
    assert_eq!(with_id(Some("t1"), None).plan().baseline.target.as_deref(), Some("t1"));
    // A moved table, approved, is the target from then on. One without the linked accounts is not.
    let pinned = |world: World| world.plan().approved_baseline.target.unwrap();
    let other = || with_id(Some("t1"), Some("t2"));
    assert_eq!(pinned(other()), "t2");
    let rename = |world: &mut World| {
        world.users.iter_mut().for_each(|user| user.id = format!("new-{}", user.id).into());
    };
    assert_eq!(pinned(other().with(rename)), "t2");
    let strangers = |world: &mut World| {
        world.users.iter_mut().for_each(|user| user.put(&TargetField::ExternalId, Some("theirs")));
    };
    // Yet what was made there is this connection's too, and others are told so.
    let baseline = other().with(strangers).plan().approved_baseline;
    assert_eq!(baseline.target.as_deref(), Some("t1"));
    let in_it = ["t1", "t2", "t3"].map(|target| baseline.may_be_in(Some(target)));
    assert_eq!((in_it, baseline.may_be_in(None)), ([true, true, false], true));
    assert_eq!(pinned(other().with(|world| world.users.clear())), "t1");
}

#[test]
fn a_table_of_other_accounts_is_refused() {
    for (people, strangers, goes) in
        [(10, 3, true), (10, 4, false), (40, 4, true), (40, 5, false), (40, 40, false)]
    {
        for external_id in [None, Some("theirs")] {
            let mut world = company(people, 0);
            for n in 0..strangers {
                let id = external_id.map(|id| format!("{id}{n}"));
                world.users[n].put(&TargetField::ExternalId, id.as_deref());
            }
            let plan = world.plan();
            assert!(plan.actions.is_empty(), "not one of them is written");
            assert_eq!((plan.figures.replaced, plan.questions.len()), (strangers as u64, strangers));
            let limit = (people / 10).max(3);
            world.guarded(&if goes {
                "go".to_owned()
            } else {
                format!("refuse target_changed {strangers}/{limit}")
            });
        }
    }
    // All made again elsewhere: each takes its place, and a person looks at it first.
    let mut moved = company(40, 0);
    for user in &mut moved.users {
        user.id = format!("new-{}", user.id).into();
    }
    moved.guarded("refuse target_changed 0/4");
}

#[test]
fn an_account_that_takes_anothers_place_counts_for_it() {
    let mut moved = company(10, 0);
    moved.users[0].id = "new".into();
    moved.people[0] = person("p0 left @ number=80 given_name=P0 family_name=Mill");
    let figures = moved.plan().figures;
    assert_eq!((figures.removals, figures.population, figures.linked_accounts), (1, 10, 10));
    // What is not believed to be ours does not.
    let mut strangers = company(10, 0);
    strangers.users[0].put(&TargetField::ExternalId, Some("theirs"));
    assert_eq!(strangers.plan().figures.population, 9);
}

#[test]
fn an_emptied_table_is_refused() {
    let empty = company(10, 0).with(|world| world.users.clear());
    empty.actions("").guarded("refuse target_changed 0/3");
    company(10, 0).with(|world| world.users.truncate(1)).guarded("go");
    // Where all of them have left there is nothing to expect.
    let over = company(10, 0).with(|world| {
        world.users.clear();
        for n in 0..10 {
            world.people[n] = person(&format!("p{n} left @"));
        }
    });
    over.guarded("go");
    // Without any link an empty table is a first run.
    assert_eq!(guard(&world("a active @", "", "").plan(), &Default::default()), Decision::Go);
}

#[test]
fn a_target_that_keeps_a_form_of_its_own_is_written_once() {
    let field = TargetField::JobTitle;
    let title = "Head-of-weaving";
    let start =
        world(&format!("a active @ job_title={title}"), "ua active for=a job_title=Cook", "a>ua id:a")
            .beside(3);
    start.actions("update a ua job_title (FieldsDiffer)");
    // The target cut it to six letters, which was read back.
    let learned = |earlier: Option<&Learned>, before: &str, found: &str| {
        Learned::after_write(&field, earlier, (Some(before), Some(title)), Some(Some(found)))
    };
    let own_form = learned(None, "Cook", "Head-o");
    let now = |current: &str, learned: &Learned| {
        start.clone().with(|world| {
            world.users[0].put(&field, Some(current));
            world.links[0].learned.insert(field.clone(), learned.clone());
        })
    };
    // What was read back as it was written is no form of its own.
    let unread = Learned::after_write(&field, None, (Some("Cook"), Some(title)), None);
    assert_eq!(learned(None, "Cook", title), unread);
    assert_ne!(own_form, unread);
    now("Head-o", &own_form).actions("").problems("warning divergence a - job_title");
    // Edited there by hand, it is brought back once; the source's next value is written.
    now("Baker", &own_form).actions("update a ua job_title (FieldsDiffer)");
    let back = learned(Some(&own_form), "Baker", "Head-o");
    now("Head-o", &back).actions("").problems("warning divergence a - job_title");
    let next = now("Head-o", &back).with(|world| world.people[0] = person("a active @ job_title=Miller"));
    next.actions("update a ua job_title (FieldsDiffer)");
    // Empty in the source, it is emptied there.
    let gone = now("Head-o", &back).with(|world| world.people[0] = person("a active @ job_title="));
    gone.actions("update a ua -job_title (FieldsDiffer)");
}

#[test]
fn a_system_that_keeps_putting_the_old_value_back_wins_after_three_writes() {
    let field = TargetField::JobTitle;
    let mut world =
        world("a active @ job_title=Miller", "ua active for=a job_title=Cook", "a>ua id:a").beside(3);
    let mut writes = 0;
    for _ in 0..10 {
        let earlier = world.links[0].learned.get(&field).cloned();
        if world.plan().actions.is_empty() {
            break;
        }
        writes += 1;
        let learned = Learned::after_write(
            &field,
            earlier.as_ref(),
            (Some("Cook"), Some("Miller")),
            Some(Some("Miller")),
        );
        world.links[0].learned.insert(field.clone(), learned);
    }
    assert_eq!(writes, 3);
    world.problems("error divergence a - job_title");
    world.people[0] = person("a active @ job_title=Baker");
    world.actions("update a ua job_title (FieldsDiffer)");
}
