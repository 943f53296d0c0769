//! What a person decided, on the facts as they were, and what is remembered of what was seen.

use hris_core::TargetField;
use hris_core::reconcile::{Question, Rehire, Seen};

use crate::support::{World, person, world};

fn company(people: &str, users: &str, links: &str) -> World {
    world(people, users, links).beside(8).policy(|policy| policy.invite = false)
}

fn lapsed(world: &World) -> usize {
    world.plan().lapsed.len()
}

#[test]
fn a_question_about_an_account_is_answered() {
    let open =
        company("a active @ number=7 given_name=Ann family_name=Berg", "u1 active number=7 email=c@x.io", "");
    let plan = open.plan();
    let [question] = plan.questions.as_slice() else { panic!("one question") };
    assert_eq!(question.id, Question::id("test", &"a".into(), &"u1".into()));
    for same in [true, false] {
        let answered = open.clone().judged("a", "u1", same);
        assert_eq!(answered.judgements[0], question.answer(same), "made beforehand or on the question");
        assert_eq!((answered.plan().questions.len(), lapsed(&answered)), (0, 0));
        let actions = if same {
            "link a u1 (Decided)\nupdate a u1 external_id family_name given_name (FieldsDiffer)"
        } else {
            "create a - (NewEmployee)"
        };
        let first = answered.plan().actions[0].kind.as_str();
        assert_eq!(first, actions.split(' ').next().unwrap());
        // A fact that changed makes it void, and the question is open again.
        let changed = [
            answered
                .clone()
                .with(|world| world.people[0] = person("a active @ number=7 given_name=Ann family_name=Ray")),
            answered.clone().with(|world| world.users[0].put(&TargetField::Email, Some("d@x.io"))),
            answered.clone().with(|world| world.users[0].put(&TargetField::ExternalId, Some("x"))),
        ];
        for world in changed {
            world.actions("").problems("error ambiguous_match a u1 -");
            assert_eq!(lapsed(&world), 1);
        }
        let gone = answered.with(|world| world.users.retain(|user| user.id.as_str() != "u1"));
        assert_eq!(lapsed(&gone), 1);
    }
}

#[test]
fn a_recycled_id_is_decided() {
    let world = company(
        "a active email=zed@x.io given_name=Zed family_name=Zulu",
        "ua active external_id=a email=ada@x.io given_name=Ada family_name=Mill",
        "a>ua id:a",
    );
    world.actions("").problems("error recycled_id a ua -");
    let same = world.clone().judged("a", "ua", true);
    assert_eq!(same.plan().actions.len(), 1);
    same.problems("");
    // A leaver of that id may be closed then.
    let left = world.clone().with(|world| {
        world.people[0] = person("a left email=zed@x.io given_name=Zed family_name=Zulu");
    });
    left.actions("").problems("error recycled_id a ua -");
    left.judged("a", "ua", true).actions("deactivate a ua (LeftByStatus)");
    // Somebody else has the id: the account is left alone.
    world.judged("a", "ua", false).actions("");
}

#[test]
fn a_replaced_account_is_decided() {
    let account = "ua active email=carla@x.io given_name=Carla family_name=Customer";
    let world = company("a active @", account, "a>ua id:a");
    world.actions("").problems("error account_replaced a ua -");
    let same = world.clone().judged("a", "ua", true);
    assert!(same.plan().actions.iter().any(|action| action.fields().any(|field| field == "external_id")));
    same.carried_out().actions("").problems("");
    world.judged("a", "ua", false).actions("");
    // Decided while the person was there; it is void once they are not.
    let absent = company("a active @", account, "a>ua id:a").judged("a", "ua", true);
    let absent = absent.with(|world| world.people.retain(|one| one.id().as_str() != "a")).gone("a");
    absent.actions("").problems("error account_replaced a ua -");
    assert_eq!(lapsed(&absent), 1);
    absent
        .with(|world| world.judgements.clear())
        .judged("a", "ua", true)
        .actions("deactivate a ua (AbsentAndGone)");
}

#[test]
fn a_decision_moves_a_linked_person_to_another_account() {
    let world = company(
        "a active @ number=7 given_name=Ann family_name=Berg",
        "u1 active for=a number=7\nu2 active email=ann@y.io given_name=Ann family_name=Berg number=7",
        "a>u1 id:a",
    )
    .judged("a", "u2", true);
    let lines: Vec<String> = world.plan().actions.iter().map(crate::support::line_of).collect();
    assert_eq!(lines[0], "link a u2 replaces:a (Decided)");
    assert!(world.plan().actions.iter().all(|action| action.user != Some("u1".into())));
    // Not to one that others hold, and not to one that bears the id of somebody who is there.
    world
        .clone()
        .held("u2", "other", false)
        .with(|world| world.people.truncate(1))
        .gone("f0 f1 f2 f3 f4 f5 f6 f7");
    let held = world.clone().held("u2", "other", false);
    assert!(held.plan().actions.iter().all(|action| action.user != Some("u2".into())));
    let anothers = world.with(|world| world.users[1].put(&TargetField::ExternalId, Some("f9")));
    let anothers = anothers.with(|world| {
        world.people.push(person("f9 unknown email=f9@x.io"));
        world.judgements.clear();
    });
    let anothers = anothers.judged("a", "u2", true);
    assert!(anothers.plan().actions.iter().all(|action| action.user != Some("u2".into())));
}

#[test]
fn an_account_that_was_decided_is_nobody_elses() {
    let users = "u1 active for=a number=7\nu2 active email=ann@y.io";
    let people = "a active @ number=7\nb active email=ann@y.io number=8";
    let world = company(people, users, "a>u1 id:a").judged("a", "u2", true);
    let strict =
        world.policy(|policy| policy.unlinked_users = hris_core::reconcile::UnlinkedUsers::Deactivate);
    let lines: Vec<String> = strict.plan().actions.iter().map(crate::support::line_of).collect();
    assert_eq!(lines[0], "link a u2 replaces:a (Decided)");
    assert!(lines.iter().all(|line| !line.starts_with("deactivate - u2")), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("link")).count(), 1, "{lines:?}");
    // Two decisions of which one must be wrong are none.
    for (employee, user) in [("a", "u3"), ("b", "u2")] {
        let mut both = company(people, &format!("{users}\nu3 active email=x@y.io"), "a>u1 id:a");
        both = both.judged("a", "u2", true).judged(employee, user, true);
        assert_eq!(
            both.plan().of_kind(hris_core::reconcile::ActionKind::Link).count(),
            usize::from(employee == "b")
        );
        both.judgements.reverse();
        assert!(both.plan().actions.iter().all(|action| action.employee != Some("a".into())));
    }
    // Nor does it take the place of another's account, whatever it carries.
    let carried = company(
        "a left email=a@y.io\nb active email=ann@y.io number=8",
        "u2 active external_id=a email=z@y.io",
        "a>u1 id:a",
    );
    let carried = carried.judged("b", "u2", true).plan();
    assert_eq!(crate::support::line_of(&carried.actions[0]), "link b u2 (Decided)");
    // What takes the place of a linked account is not somebody else's.
    let made_again = company(
        "a left number=7 email=ann@y.io\nb active email=ann@y.io number=7",
        "u2 active external_id=a email=ann@y.io number=7",
        "a>u1 id:a",
    );
    made_again.actions("").problems("error ambiguous_match b u2 -");
}

#[test]
fn a_decision_does_not_take_an_account_from_somebody_who_is_there() {
    for held in ["", "b>u1 id:b"] {
        let world = company(
            "a active @ number=7\nb active email=b@x.io",
            "u1 active external_id=b email=b@x.io number=7",
            held,
        );
        let world = world.judged("a", "u1", true);
        assert!(world.plan().actions.iter().all(|action| action.employee != Some("a".into())), "{held}");
        assert_eq!(
            world.plan().questions.iter().filter(|one| one.employee == "a".into()).count(),
            1,
            "{held}"
        );
    }
}

#[test]
fn an_account_that_somebody_opened_is_no_longer_ours_to_open() {
    // We closed it, an administrator opened it, HR corrected the record.
    let seen = company("a active @", "ua active for=a", "a>ua id:a by_us");
    assert!(seen.plan().notes.iter().any(|note| note.seen == Seen::Open));
    let mut after = seen.carried_out();
    assert!(!after.links[0].deactivated_by_us);
    assert!(after.plan().notes.is_empty());
    // Later somebody suspends it.
    after.users[0].status = hris_core::UserStatus::Deactivated;
    after.actions("").problems("warning divergence a ua -");
    // Whoever is missing or has left is seen too, and one that is closed is not.
    for (people, open) in [("", "active"), ("a left @", "active")] {
        let world = company(people, &format!("ua {open} for=a"), "a>ua id:a by_us").gone("a");
        assert!(world.plan().notes.iter().any(|note| note.seen == Seen::Open), "{people}");
    }
    let closed = company("a left @", "ua deactivated for=a", "a>ua id:a by_us");
    assert!(closed.plan().notes.is_empty());
    assert_eq!(closed.policy.rehire, Rehire::Reactivate);
}

#[test]
fn the_external_id_is_remembered_once_it_is_seen() {
    let world = company("a active @", "ua active for=a", "a>ua");
    let notes: Vec<_> = world.plan().notes.into_iter().map(|note| note.seen).collect();
    assert_eq!(notes, [Seen::ExternalId("a".to_owned())]);
    assert_eq!(world.carried_out().links[0].external_id.as_deref(), Some("a"));
    // A stranger's is not.
    assert!(company("a active @", "ua active external_id=z", "a>ua id:a").plan().notes.is_empty());
}

#[test]
fn whom_the_policy_protects_stays_protected() {
    let entry = |name: &str| {
        let name = name.to_owned();
        move |policy: &mut hris_core::reconcile::Policy| policy.protected = vec![name]
    };
    // The address changes, and later the person leaves.
    for name in ["owner@x.io", " Owner@X.io ", "uo", " uo "] {
        let owner =
            company("o active email=ceo@x.io", "uo active external_id=o email=owner@x.io", "o>uo id:o");
        let mut after = owner.policy(entry(name)).carried_out();
        assert_eq!(after.users[0].value(&TargetField::Email), Some("ceo@x.io"), "{name}");
        after.people[0] = person("o left email=ceo@x.io");
        after.actions("").problems("error protected o uo -");
        // Written in another way it is the same entry; taken out, it is none.
        after
            .clone()
            .policy(entry(&name.to_uppercase().replace("UO", "uo")))
            .actions("")
            .problems("error protected o uo -");
        let free = after.policy(|policy| policy.protected.clear());
        free.actions("deactivate o uo (LeftByStatus)");
        assert!(free.plan().notes.iter().any(|note| note.seen == Seen::Protected(None)));
    }
    // Nor does it give up its address for a joiner.
    let stripped = company(
        "j active email=owner@x.io number=2 given_name=Jo family_name=Ray",
        "uo deactivated external_id=o email=owner@x.io number=1 given_name=Ada family_name=Poe",
        "o>uo id:o by_us",
    )
    .gone("o");
    assert_eq!(stripped.plan().actions.len(), 2);
    stripped.policy(entry("owner@x.io")).actions("").problems("error uniqueness_conflict j - email");
}

#[test]
fn a_name_that_protects_nobody_is_told() {
    let told = |names: &[&str]| {
        let world = company("a active @", "ua active for=a", "a>ua id:a");
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let plan = world.policy(|policy| policy.protected = names).plan();
        plan.problems.iter().filter(|one| one.code == hris_core::ProblemCode::ProtectedUnknown).count()
    };
    assert_eq!(told(&["owner@tallowmil.example", "own"]), 2);
    assert_eq!(told(&["a@x.io", "ua", " A@X.io "]), 0, "several names of one account");
    assert_eq!(told(&["a"]), 1, "an employee is no account");
    // One that is remembered under a name is found.
    let renamed =
        company("a active email=n@x.io", "ua active external_id=a email=n@x.io", "a>ua id:a entry:old@x.io");
    renamed.policy(|policy| policy.protected = vec!["old@x.io".to_owned()]).problems("");
}

#[test]
fn protected_accounts_are_reported_and_kept() {
    let linked = world("a left @\nb active @", "ua active for=a\nub active for=b", "a>ua\nb>ub");
    for name in ["ua", "a@x.io", " A@X.io "] {
        linked
            .clone()
            .policy(|policy| policy.protected = vec![name.to_owned()])
            .actions("")
            .situations("a ua Leaver Protected\nb ub Confirmed Unchanged")
            .problems("error protected a ua -");
    }
    linked
        .clone()
        .with(|world| world.fingerprint.credential = Some("a".to_owned()))
        .actions("")
        .problems("error protected a ua -");
    linked
        .policy(|policy| policy.protected = vec!["b@x.io".to_owned()])
        .actions("deactivate a ua (LeftByStatus)");
}

/// Whoever has left and is given an account by a decision is closed at once, so that account may be removed.
#[test]
fn a_leavers_decided_account_is_among_those_that_may_be_removed() {
    let world = world("a left @", "u1 active email=a@x.io", "").judged("a", "u1", true);
    let plan = world.plan();
    assert_eq!((plan.figures.removals, plan.figures.population), (1, 1));
    // Nobody who is there loses their account by such a decision.
    let theirs =
        crate::support::world("a left @\nb active email=b@x.io", "u1 active external_id=b email=b@x.io", "");
    theirs.judged("a", "u1", true).actions("");
}

/// After `hris unlink` the account still carries the person's id and address. Until somebody frees it, or links the
/// two again, the person is neither made a second time nor linked against the decision.
#[test]
fn whoever_was_unlinked_on_purpose_waits_for_a_person() {
    let accounts = ["u1 active for=a", "u1 deactivated for=a", "u1 active external_id=a email=b@x.io"];
    for account in accounts {
        let mut unlinked = world("a active @ number=7", account, "").judged("a", "u1", false);
        for _ in 0..3 {
            unlinked.actions("").problems("error uniqueness_conflict a - external_id");
            let message = unlinked.plan().problems[0].message.clone();
            assert!(message.contains("`hris link a u1`"), "{message}");
            unlinked = unlinked.carried_out();
        }
        // Linked again, or freed, it ends.
        let linked = world("a active @ number=7", account, "").judged("a", "u1", true);
        assert_eq!(linked.plan().actions[0].user, Some("u1".into()), "{account}");
        let freed = unlinked.with(|world| world.users.clear());
        assert_eq!(freed.plan().actions[0].kind.as_str(), "create", "{account}");
    }
    let address = world("a active @", "u1 active email=a@x.io", "").judged("a", "u1", false);
    address.actions("").problems("error uniqueness_conflict a - email");
    assert!(address.plan().problems[0].message.contains("`hris link a USER`"));
}
