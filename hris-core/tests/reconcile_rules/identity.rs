//! Whose account it is: what the facts say together, and what is done where they do not suffice.

use hris_core::TargetField;
use hris_core::reconcile::{ActionKind, Evidence, FieldSupport, MatchKey, Opinion, UnlinkedUsers};

use crate::support::{World, world};

/// Eight more people, in step, keep the safeguards out of the way.
fn company(people: &str, users: &str, links: &str) -> World {
    world(people, users, links).beside(8)
}

fn strict(people: &str, users: &str, links: &str) -> World {
    company(people, users, links).policy(|policy| policy.unlinked_users = UnlinkedUsers::Deactivate)
}

#[test]
fn which_facts_suffice() {
    use Opinion::{Agrees, Contradicts, Unknown};
    // Number, e-mail, name: whether a free account moves, one that bears another's id, and whether the facts
    // speak against it.
    let rows = [
        ((Agrees, Agrees, Contradicts), true, true, false),
        ((Agrees, Unknown, Agrees), true, true, false),
        ((Unknown, Agrees, Agrees), true, true, false),
        ((Contradicts, Agrees, Agrees), true, true, false),
        ((Unknown, Agrees, Contradicts), true, false, false),
        ((Unknown, Agrees, Unknown), true, false, false),
        ((Agrees, Unknown, Unknown), true, false, false),
        ((Agrees, Contradicts, Unknown), false, false, false),
        ((Agrees, Unknown, Contradicts), false, false, false),
        ((Contradicts, Agrees, Contradicts), false, false, true),
        ((Agrees, Contradicts, Contradicts), false, false, true),
        ((Contradicts, Contradicts, Agrees), false, false, true),
        ((Contradicts, Contradicts, Unknown), false, false, true),
        ((Unknown, Unknown, Agrees), false, false, false),
        ((Unknown, Unknown, Unknown), false, false, false),
    ];
    for ((employee_number, email, name), free, anothers, against) in rows {
        let facts = Evidence { employee_number, email, name };
        let found = (facts.suffices(), facts.suffices_against_another(), facts.speaks_against());
        assert_eq!(found, (free, anothers, against), "{facts}");
    }
}

#[test]
fn the_facts_decide_about_an_account_without_an_external_id() {
    let ada = "a active email=ada@x.io number=7 given_name=Ada family_name=Poe";
    let rows = [
        // The account, and by which key it is the person's; none is a question.
        ("email=ada@x.io number=9 given_name=ADA family_name=poe", Some("MatchedByEmail")),
        ("email=ada@x.io number=9", Some("MatchedByEmail")),
        ("email=ada@x.io given_name=Ada family_name=Ray", Some("MatchedByEmail")),
        ("email=ada@x.io number=9 given_name=Bob family_name=Ray", None),
        ("number=7", Some("MatchedByEmployeeNumber")),
        ("number=7 given_name=Ada family_name=Poe email=old@x.io", Some("MatchedByEmployeeNumber")),
        ("number=7 email=old@x.io", None),
        ("number=7 given_name=Bob family_name=Ray", None),
        // A placeholder is no fact, and half a name is none.
        ("number=7 email=N/A", Some("MatchedByEmployeeNumber")),
        ("number=7 given_name=Ada", Some("MatchedByEmployeeNumber")),
        ("number=7 given_name=Bob", None),
    ];
    for (account, found) in rows {
        let world = company(ada, &format!("u1 active {account}"), "");
        let plan = world.plan();
        let (verdict, _) = plan.explain(&"a".into()).unwrap();
        match found {
            Some(reason) => assert_eq!(format!("{:?}", verdict.reason), reason, "{account}"),
            None => {
                world.actions("").problems("error ambiguous_match a u1 -");
                assert_eq!(plan.questions.len(), 1, "{account}");
            }
        }
    }
    // A name alone finds nobody.
    company("a active @ given_name=Ada family_name=Poe", "u1 active given_name=Ada family_name=Poe", "")
        .actions("create a - (NewEmployee)\ninvite a - (FirstInvite)");
}

#[test]
fn placeholders_and_what_a_crowd_holds_are_no_keys() {
    for word in ["N/A", "none", "NULL", "nil", "Unknown", "tbc", "TBD", "true", "false", "0", "-", "."] {
        company(&format!("a active @ number={word}"), &format!("u1 active number={word}"), "")
            .actions("create a - (NewEmployee)\ninvite a - (FirstInvite)")
            .problems("");
        // Two of them are in nobody's way.
        company(&format!("a active @ number={word}\nb active @ number={word}"), "", "")
            .policy(|policy| policy.invite = false)
            .actions("create a - (NewEmployee)\ncreate b - (NewEmployee)");
    }
    let people =
        |count: usize| -> String { (0..count).map(|n| format!("p{n} active @ number=77\n")).collect() };
    let account = "u1 active number=77 email=old@x.io";
    let problems = "error duplicate_employee_number p0 - employee_number\n\
                    error duplicate_employee_number p1 - employee_number";
    company(&people(2), account, "").actions("").problems(problems);
    let three = company(&people(3), account, "").policy(|policy| policy.invite = false);
    three
        .actions("create p0 - (NewEmployee)\ncreate p1 - (NewEmployee)\ncreate p2 - (NewEmployee)")
        .problems("");
    // One record that is there twice is one person, whichever comes first.
    let mut twice = company("p0 active @ number=77\np1 active @ number=77\np0 active @ number=8", "", "");
    let before = twice.plan().people;
    twice.people.swap(0, 2);
    assert_eq!(before, twice.plan().people);
}

#[test]
fn a_shared_address_is_no_fact() {
    // The number was given again, and the mailbox is everybody's.
    company(
        "a active email=info@x.io number=7 given_name=Ann family_name=New\nb active email=info@x.io number=8",
        "u1 active email=info@x.io number=7 given_name=Otto family_name=Old\nub active for=b number=8",
        "b>ub",
    )
    .policy(|policy| policy.match_keys = vec![MatchKey::EmployeeNumber])
    .with(|world| world.target.set(TargetField::Email, FieldSupport::plain()))
    .actions("update b ub email (FieldsDiffer)")
    .problems("error ambiguous_match a u1 -");
}

#[test]
fn an_account_behind_a_link_that_is_not_the_one_that_was_linked() {
    let ada = "email=ada@x.io given_name=Ada family_name=Mill start_date=2020-01-01 number=1";
    let accounts = [
        "5 active email=carl@contractor.io given_name=Carl family_name=Contractor",
        "5 active email=carl@contractor.io external_id=zzz number=99 start_date=2026-01-01",
        // Even where everything else is the same.
        "5 active email=ada@x.io given_name=Ada family_name=Mill number=1",
    ];
    for account in accounts {
        for people in ["", &format!("a left {ada}"), &format!("a active {ada}"), &format!("a unknown {ada}")]
        {
            company(people, account, "a>5 id:a")
                .gone("a")
                .actions("")
                .problems("error account_replaced a 5 -")
                .guarded("go");
        }
    }
    // A link from before ids were remembered: the facts decide, or the employee's own id.
    for (account, actions) in [
        (accounts[0], ""),
        (accounts[1], ""),
        (accounts[2], "update a 5 external_id start_date (FieldsDiffer)"),
        (
            "5 active external_id=a email=ada@x.io",
            "update a 5 employee_number family_name given_name start_date (FieldsDiffer)",
        ),
    ] {
        let mut world = company(&format!("a active {ada}"), account, "a>5");
        for action in &mut world.plan().actions {
            action.changes.sort_by(|left, right| left.field.name().cmp(right.field.name()));
        }
        let fields: Vec<_> = world.plan().actions.iter().flat_map(|action| action.fields()).collect();
        assert_eq!(fields.is_empty(), actions.is_empty(), "{account}: {fields:?}");
        world.people.retain(|person| person.id().as_str() != "a");
        let closes = account.contains("external_id=a");
        world.gone("a").actions(if closes { "deactivate a 5 (AbsentAndGone)" } else { "" });
    }
    // A target that keeps no external ids has nothing to compare.
    company("", accounts[0], "a>5 id:a")
        .gone("a")
        .with(|world| {
            world.target.set(TargetField::ExternalId, FieldSupport::plain().unkept());
        })
        .actions("deactivate a 5 (AbsentAndGone)");
}

#[test]
fn a_replaced_account_gives_up_no_address() {
    let users = "5 deactivated email=j@x.io external_id=zzz";
    for person in ["a left email=ada@x.io", "a active email=ada@x.io"] {
        let world = company(&format!("{person}\nj active @ number=5"), users, "a>5 id:a by_us");
        let plan = world.policy(|policy| policy.match_keys = vec![MatchKey::EmployeeNumber]).plan();
        assert!(plan.actions.is_empty(), "{person}: {plan:?}");
    }
}

#[test]
fn a_number_that_was_given_again_moves_no_account() {
    let people = "p1 left number=7 email=ann@x.io given_name=Ann family_name=Old start_date=2019-01-01\n\
                  p2 active number=7 email=bob@x.io given_name=Bob family_name=New start_date=2026-11-01";
    let account = |status: &str| {
        format!(
            "u1 {status} external_id=p1 number=7 email=ann@x.io given_name=Ann family_name=Old start_date=2019-01-01"
        )
    };
    company(people, &account("deactivated"), "p1>u1 by_us")
        .actions("")
        .problems("error ambiguous_match p2 u1 -");
    // Both in one night: whoever left is closed, and the newcomer waits for an answer.
    company(people, &account("active"), "p1>u1")
        .actions("deactivate p1 u1 (LeftByStatus)")
        .problems("error ambiguous_match p2 u1 -");
    // And nobody inherits a stranger's account by it, in this run or the next.
    let stranger = company(
        "a active email=ann.berg@x.io number=14 given_name=Ann family_name=Berg",
        "u1 active email=carl.dahl@x.io number=14 given_name=Carl family_name=Dahl role=admin",
        "",
    );
    stranger.actions("").problems("error ambiguous_match a u1 -");
    stranger.carried_out().actions("");
}

#[test]
fn one_equal_key_moves_no_account_that_bears_anothers_id() {
    for (person, account) in
        [("email=info@x.io", "email=info@x.io"), ("email=nina@x.io number=7", "email=otto@x.io number=7")]
    {
        company(
            &format!("n active {person} given_name=Nina family_name=New start_date=2026-11-01"),
            &format!("u1 active external_id=old-1 {account} given_name=Otto family_name=Old role=admin"),
            "",
        )
        .actions("")
        .problems("error ambiguous_match n u1 -");
    }
    // Two do, unless that other person is there.
    let account = "u1 active external_id=old email=nina@x.io given_name=Nina family_name=New";
    let nina = "n active email=nina@x.io given_name=Nina family_name=New";
    company(nina, account, "").actions("link n u1 (MatchedByEmail)\nupdate n u1 external_id (FieldsDiffer)");
    // Whoever is not in a listing that proves nothing may be there.
    company(nina, account, "")
        .with(|world| world.no_absence = true)
        .actions("")
        .problems("error ambiguous_match n u1 -");
    let there = company(&format!("{nina}\nold active email=o@x.io"), account, "")
        .policy(|policy| policy.invite = false);
    let asked: Vec<_> = there.plan().questions.iter().map(|one| one.employee.to_string()).collect();
    assert_eq!(asked, ["n", "old"].map(str::to_owned)[..asked.len()], "{asked:?}");
    assert!(there.plan().actions.iter().all(|action| action.employee != Some("n".into())));
}

#[test]
fn an_id_whose_facts_are_all_new_is_somebody_elses() {
    let account = "ua active external_id=a email=ada@x.io given_name=Ada family_name=Mill role=admin number=4 start_date=2020-01-01";
    let rows = [
        ("email=zed@x.io given_name=Zed family_name=Zulu", true),
        ("email=zed@x.io given_name=Zed family_name=Zulu number= start_date=2026-11-01", true),
        ("email=zed@x.io given_name=Zed family_name=Zulu number=5", true),
        ("email=zed@x.io given_name=Zed family_name=Zulu number=4", false),
        ("email=zed@x.io given_name=Zed family_name=Zulu start_date=2020-01-01", false),
        ("email=ada@x.io given_name=Zed family_name=Zulu", false),
        // A marriage, and names in large letters.
        ("email=ada.ray@x.io given_name=Ada family_name=Ray", false),
        ("email=zed@x.io given_name=ADA family_name=MILL", false),
    ];
    // Where a side has no e-mail, the number or the start date tells.
    let bare = account.replace("email=ada@x.io ", "");
    let without = [
        ("email=zed@x.io given_name=Zed family_name=Zulu number=5", true),
        ("email=zed@x.io given_name=Zed family_name=Zulu start_date=2026-11-01", true),
        ("email=zed@x.io given_name=Zed family_name=Zulu number=5 start_date=2020-01-01", false),
        ("email=zed@x.io given_name=Zed family_name=Zulu number=4", false),
        ("email=zed@x.io given_name=Zed family_name=Zulu", false),
        ("email=zed@x.io given_name=Ada family_name=Zulu number=5", false),
    ];
    let rows = rows.map(|row| (row, account)).into_iter().chain(without.map(|row| (row, bare.as_str())));
    for ((person, recycled), account) in rows {
        for links in ["a>ua id:a", ""] {
            let world = company(&format!("a active {person}"), account, links);
            let plan = world.plan();
            let touched = plan.actions.iter().any(|action| action.user == Some("ua".into()));
            assert_eq!(touched, !recycled, "{person} {links:?}");
            if recycled {
                world.problems("error recycled_id a ua -");
            }
        }
    }
}

#[test]
fn an_account_that_was_made_again_takes_the_place_of_the_linked_one() {
    let facts = "email=ada@x.io given_name=Ada family_name=Mill number=1";
    let account = format!("new active external_id=a {facts}");
    let link = "link a new replaces:a (AccountRemade)";
    for links in ["a>old id:a", "a>old"] {
        strict(&format!("a active {facts}"), &account, links).actions(link).problems("").guarded("go");
        strict(&format!("a left {facts}"), &account, links)
            .actions(&format!("{link}\ndeactivate a new (LeftByStatus)"));
        strict("", &account, links).gone("a").actions(&format!("{link}\ndeactivate a new (AbsentAndGone)"));
    }
    // Of two that carry it nobody knows, and what others hold is not taken.
    let twice = format!("{account}\nmore active external_id=a");
    company(&format!("a active {facts}"), &twice, "a>old id:a").actions("");
    company(&format!("a active {facts}"), &account, "a>old id:a").held("new", "other", false).actions("");
    // It keeps the address that people sign in with until the next run.
    let moved = account.replace("ada@x.io", "old@x.io");
    let moved = company(&format!("a active {facts}"), &moved, "a>old id:a");
    moved.actions(link);
    moved.carried_out().actions("update a new email (FieldsDiffer)");
    // Two links of which each would be replaced by it.
    company("a active @\nb active @", "new active external_id=a", "a>x id:a\nb>y id:a").actions("");
    // A record that is there twice says nothing of its account, and nobody else closes it.
    strict("a active @\na active @ number=1", "new active external_id=a", "a>old id:a").actions("");
}

#[test]
fn accounts_of_people_who_are_there_stay_open_whatever_the_keys() {
    let by_id = |world: World| world.policy(|policy| policy.match_keys = vec![MatchKey::ExternalId]);
    let ada = "u1 active email=ada@x.io given_name=Ada family_name=Mill";
    strict("", ada, "")
        .with(|world| world.set_aside.push("a".into()))
        .actions("")
        .problems("error invalid_record a - -\nwarning visibility_lost - - -");
    strict("a active email! given_name=Ada family_name=Mill", ada, "").actions("");
    by_id(strict("a unknown email=ada@x.io", ada, "")).actions("");
    by_id(strict("a active email=ada@x.io given_name=Ada", ada, ""))
        .actions("")
        .problems("error uniqueness_conflict a - email");
    strict(
        "a active email=ada@x.io",
        "u1 active external_id=a email=ada.old@x.io\nu2 active email=ada@x.io",
        "a>u1 id:a",
    )
    .actions("")
    .problems("error uniqueness_conflict a u1 email");
    // Whoever has an external id that is none of this source's is somebody else's.
    strict("", "u1 active external_id=theirs", "").actions("").situations(
        &(0..8)
            .map(|n| format!("f{n} vf{n} Confirmed Unchanged\n"))
            .chain(["- u1 Unassigned SomebodyElses".to_owned()])
            .collect::<String>(),
    );
    // Nobody's account is closed, and a leaver's is too.
    strict("", ada, "").actions("deactivate - u1 (NoEmployeePolicy)");
    strict("a left email=ada@x.io", ada, "").actions("deactivate - u1 (NoEmployeePolicy)");
    // One hidden number is enough to know nothing.
    strict("a active @ number!", ada, "")
        .policy(|policy| policy.invite = false)
        .actions("create a - (NewEmployee)");
}

#[test]
fn one_contract_ends_and_another_begins() {
    let account = "ua active external_id=c number=1 email=ada@x.io given_name=Ada family_name=Mill";
    let ada = "email=ada@x.io given_name=Ada family_name=Mill";
    let fields = |world: &World| -> Vec<String> {
        let mut lines: Vec<String> = world
            .plan()
            .actions
            .iter()
            .map(|action| {
                let mut fields: Vec<String> = action.fields().collect();
                fields.sort();
                format!("{} {}", action.kind.as_str(), fields.join(" "))
            })
            .collect();
        lines.sort();
        lines
    };
    for before in ["c left number=1", ""] {
        let old = if before.is_empty() { String::new() } else { format!("{before} {ada}\n") };
        let world = company(&format!("{old}e active number=2 {ada}"), account, "c>ua id:c").gone("c");
        assert_eq!(fields(&world), ["link ", "update employee_number external_id"], "{old}");
        let after = world.carried_out();
        after.actions("");
        assert_eq!(
            after
                .users
                .iter()
                .find(|user| user.id.as_str() == "ua")
                .unwrap()
                .value(&hris_core::TargetField::Email),
            Some("ada@x.io")
        );
    }
    // The day before, both are there: nobody knows, and nothing is done.
    company(&format!("c active number=1 {ada}\ne active number=2 {ada}"), account, "c>ua id:c")
        .actions("")
        .problems("error duplicate_email e - email");
    // Where the credential does not show the address that would tell, the name is enough to ask.
    company(
        &format!("c left number=1 {ada}\ne active number=2 email! given_name=Ada family_name=Mill"),
        account,
        "c>ua id:c",
    )
    .actions("")
    .problems("error ambiguous_match e ua -");
    // With one fact too few it is a question, and the account stays open.
    company(
        "c left email=ada@x.io given_name=Ada family_name=Mill\ne active email=ada@x.io given_name=Ada family_name=Miller",
        "ua active external_id=c email=ada@x.io given_name=Ada family_name=Mill",
        "c>ua id:c",
    )
    .actions("")
    .problems("error ambiguous_match e ua -");
}

/// The match keys say which accounts are taken over. Whose account may be closed is told by every key.
#[test]
fn a_second_record_keeps_the_account_open_whatever_the_match_keys() {
    let account = "ua active external_id=c number=1 email=ada@x.io given_name=Ada family_name=Mill";
    let ada = "email=ada@x.io given_name=Ada family_name=Mill";
    for keys in [vec![MatchKey::ExternalId], vec![MatchKey::EmployeeNumber], Vec::new()] {
        let company = |people: &str| {
            let world = company(people, account, "c>ua id:c").gone("c");
            world.policy(|policy| policy.match_keys = keys.clone())
        };
        for old in [format!("c left number=1 {ada}\n"), String::new()] {
            let second = company(&format!("{old}e active number=2 {ada}"));
            let plan = second.guarded("go").plan();
            assert_eq!((plan.figures.removals, plan.figures.creations), (0, 0), "{keys:?} {old}");
            if old.is_empty() {
                // Whoever is gone while somebody of the same name is new is looked for by the name.
                assert_eq!(plan.of_kind(ActionKind::Link).count(), 1, "{keys:?}");
                continue;
            }
            second.actions("").problems("error ambiguous_match e ua -");
            assert_eq!(plan.questions.len(), 1, "{keys:?} {old}");
            // A person's answer is carried out.
            let same = second.clone().judged("e", "ua", true).plan();
            assert!(same.of_kind(ActionKind::Link).count() == 1 && same.figures.removals == 0, "{keys:?}");
            let other = second.judged("e", "ua", false).plan();
            assert_eq!(other.figures.removals, 1, "{keys:?}");
            // Whoever starts later, or whose status nobody knows, is there too.
            for status in ["pending", "unknown"] {
                company(&format!("{old}e {status} number=2 {ada}")).actions("");
            }
        }
        // An address that passes on keeps nobody's account open.
        let plan =
            company("c left number=1\ne active number=2 email=ada@x.io given_name=Bob family_name=Ray")
                .plan();
        assert_eq!((plan.figures.removals, plan.figures.creations), (1, 1), "{keys:?}");
    }
}

#[test]
fn everybody_gets_a_new_id() {
    let twelve = |line: &dyn Fn(usize) -> String| (0..12).map(line).collect::<Vec<_>>().join("\n");
    let users = twelve(&|n| {
        format!("u{n} active external_id=o{n} number={n}7 email=p{n}@x.io given_name=P{n} family_name=Mill")
    });
    let links = twelve(&|n| format!("o{n}>u{n} id:o{n}"));
    let gone: Vec<String> = (0..12).map(|n| format!("o{n}")).collect();
    let company = |people: &dyn Fn(usize) -> String| {
        world(&twelve(people), &users, &links).gone(&gone.join(" ")).policy(|policy| policy.invite = false)
    };
    let kept =
        company(&|n| format!("n{n} active number={n}7 email=p{n}@x.io given_name=P{n} family_name=Mill"));
    let renumbered =
        company(&|n| format!("n{n} active number={n}8 email=p{n}@x.io given_name=P{n} family_name=Mill"));
    for world in [kept, renumbered] {
        let plan = world.plan();
        let kinds: std::collections::BTreeSet<_> =
            plan.actions.iter().map(|action| action.kind.as_str()).collect();
        assert_eq!(kinds, ["link", "update"].into());
        assert_eq!(plan.of_kind(ActionKind::Link).count(), 12);
        world.guarded("go");
        let after = world.carried_out();
        after.actions("").problems("");
    }
    // With nothing but the name nobody knows: twelve questions, no closing and no second account.
    let names =
        company(&|n| format!("n{n} active number={n}8 email=q{n}@x.io given_name=P{n} family_name=Mill"));
    names.actions("").guarded("go");
    assert_eq!(names.plan().questions.len(), 12);
    // Once it was answered that they are others, they are.
    let others = (0..12).fold(names, |world, n| world.judged(&format!("n{n}"), &format!("u{n}"), false));
    let plan = others.plan();
    let count = |kind| plan.of_kind(kind).count();
    assert_eq!((count(ActionKind::Create), count(ActionKind::Deactivate)), (12, 12));
    others.guarded("refuse organisation_changed 24/0");
    // With the number alone neither is anybody made a second time.
    let numbers =
        company(&|n| format!("n{n} active number={n}7 email=q{n}@x.io given_name=Q{n} family_name=Ray"));
    assert_eq!((numbers.plan().questions.len(), numbers.plan().of_kind(ActionKind::Create).count()), (12, 0));
}
