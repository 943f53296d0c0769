//! One account, one holder: several connections on one table.

use hris_core::reconcile::{FieldSupport, Mode, Plan, Rehire, UnlinkedUsers};
use hris_core::{Lookup, TargetField};

use crate::support::{World, person, world};

const DORA: &str = "email=dora@group.io given_name=Dora family_name=Lind";

fn company(people: &str, users: &str, links: &str) -> World {
    world(people, users, links).beside(8)
}

fn account(status: &str) -> String {
    format!("u1 {status} external_id=dirA number=1 {DORA}")
}

fn claims(plan: &Plan) -> Vec<String> {
    plan.claims.iter().map(|claim| format!("{} {}", claim.employee, claim.user)).collect()
}

#[test]
fn an_account_that_others_hold_is_waited_for() {
    let waits =
        company(&format!("dirB active number=B1 {DORA}"), &account("active"), "").held("u1", "co-a", false);
    waits.actions("").problems("warning held_elsewhere dirB - -");
    assert_eq!(claims(&waits.plan()), ["dirB u1"]);
    let plan = waits.plan();
    let (verdict, _) = plan.explain(&"dirB".into()).unwrap();
    assert_eq!(format!("{:?} {:?}", verdict.situation, verdict.reason), "HeldElsewhere HeldElsewhere");
    // Night after night it is the same, however often it is asked.
    waits.clone().carried_out().actions("").problems("warning held_elsewhere dirB - -");
    // Two people are one line.
    company(
        &format!("dirB active {DORA}\nc active number=5 email=c@x.io"),
        &format!("{}\nu2 active number=5 email=c@x.io external_id=x", account("active")),
        "",
    )
    .held("u1", "co-a", false)
    .held("u2", "co-a", false)
    .actions("")
    .problems("warning held_elsewhere c - -");
    // One fact is not enough to say that it is she.
    let unsure =
        company("dirB active email=dora@group.io given_name=Dora family_name=Berg", &account("active"), "");
    let unsure = unsure.held("u1", "co-a", false);
    unsure.actions("").problems("error ambiguous_match dirB u1 -");
    assert_eq!(claims(&unsure.plan()), [""; 0]);
    // Of whom nobody knows whether they work here, they wait on and are not asked about.
    let unknown = company(&format!("dirB unknown number=B1 {DORA}"), &account("active"), "");
    assert_eq!(claims(&unknown.held("u1", "co-a", false).actions("").plan()), ["dirB u1"]);
    // Whoever leaves waits for nothing.
    let left = company(&format!("dirB left {DORA}"), &account("active"), "").held("u1", "co-a", false);
    assert_eq!((left.actions("").plan().claims.len(), left.plan().handovers.len()), (0, 0));
}

#[test]
fn an_external_id_means_something_within_its_connection_only() {
    // Number one here, number one there.
    company(
        "1 active email=bob@b.io given_name=Bob family_name=Ray",
        "u1 active external_id=1 email=ann@a.io given_name=Ann family_name=Poe",
        "",
    )
    .held("u1", "co-a", false)
    .actions("")
    .problems("error uniqueness_conflict 1 - external_id");
    // A key that agrees beside it is a question all the same.
    company("1 active email=ann@a.io", "u1 active external_id=1 email=ann@a.io", "")
        .held("u1", "co-a", false)
        .actions("")
        .problems("error ambiguous_match 1 u1 -");
}

#[test]
fn what_another_connection_closed_is_opened_again_without_an_invitation() {
    let night = company(&format!("dirB active number=B1 {DORA}"), &account("deactivated"), "")
        .held("u1", "co-a", true);
    let plan = night.plan();
    let kinds: Vec<&str> = plan.actions.iter().map(|action| action.kind.as_str()).collect();
    assert_eq!(kinds, ["link", "reactivate", "update"]);
    let fields: Vec<String> = plan.actions[2].fields().collect();
    assert!(
        fields.contains(&"external_id".to_owned()) && !fields.contains(&"email".to_owned()),
        "{fields:?}"
    );
    let after = night.clone().carried_out();
    assert!(after.users.iter().any(|user| user.id.as_str() == "u1" && user.is_live()));
    after.actions("").problems("");
    // Opened by somebody meanwhile, it is in use again, and she waits until that connection has looked.
    let open =
        company(&format!("dirB active number=B1 {DORA}"), &account("active"), "").held("u1", "co-a", true);
    assert_eq!((open.plan().actions.len(), open.plan().claims.len()), (0, 1));
    // Not before the first day, not where the policy leaves it to people, not on one fact.
    let later =
        company(&format!("dirB active number=B1 start_date=2026-12-01 {DORA}"), &account("deactivated"), "");
    later.held("u1", "co-a", true).actions("").problems("");
    night
        .clone()
        .policy(|policy| policy.rehire = Rehire::Conflict)
        .actions("")
        .problems("error ambiguous_match dirB u1 -");
    night.with(|world| world.mode = Mode::Match).actions("link dirB u1 (ReturnedUnderNewId)");
    company("dirB active email=dora@group.io", &account("deactivated"), "")
        .held("u1", "co-a", true)
        .actions("")
        .problems("error ambiguous_match dirB u1 -");
}

#[test]
fn a_leavers_account_goes_to_the_connection_that_waits_for_it() {
    let leaves = |people: &str| {
        company(people, &account("active"), "dirA>u1 id:dirA").gone("dirA").claimed("u1", "co-b")
    };
    for people in [format!("dirA left number=1 {DORA}"), String::new()] {
        let world = leaves(&people);
        let plan = world.actions("").problems("").guarded("go").plan();
        let handed: Vec<String> =
            plan.handovers.iter().map(|one| format!("{} {} {}", one.employee, one.user, one.to)).collect();
        assert_eq!(handed, ["dirA u1 co-b"]);
        assert_eq!((plan.figures.removals, plan.claims.len()), (0, 0));
        world.carried_out().actions("");
    }
    // Missing from the list, she is asked for by id first: it goes nowhere if she is there all the same.
    let missing = leaves("").with(|world| world.absent.clear());
    let plan = missing.plan();
    assert_eq!(plan.unasked(&missing.snapshot(), &missing.absent), ["dirA".into()].into());
    let there = Lookup::Found(Box::new(person(&format!("dirA active number=1 {DORA}"))));
    let answered = missing.with(|world| drop(world.absent.insert("dirA".into(), there)));
    assert_eq!(answered.actions("").plan().handovers.len(), 0);
    // While she is employed here it stays, and a run that only matches gives nothing away.
    assert_eq!(leaves(&format!("dirA active number=1 {DORA}")).actions("").plan().handovers.len(), 0);
    let matched = leaves(&format!("dirA left number=1 {DORA}")).with(|world| world.mode = Mode::Match);
    assert_eq!(matched.actions("").plan().handovers.len(), 0);
    // What is closed already is nobody's to give.
    let closed = company(&format!("dirA left {DORA}"), &account("deactivated"), "dirA>u1 id:dirA by_us");
    assert_eq!(closed.claimed("u1", "co-b").actions("").plan().handovers.len(), 0);
}

#[test]
fn where_two_connections_link_one_account_the_external_id_says_whose_it_is() {
    let both = |person: &str| {
        company(person, &account("active"), "dirB>u1 id:dirB").held("u1", "co-a", false).gone("dirB")
    };
    let employed = both(&format!("dirB active number=B1 {DORA}"));
    employed.actions("").problems("warning held_elsewhere dirB - -");
    assert_eq!(claims(&employed.plan()), ["dirB u1"]);
    for gone in [both(&format!("dirB left number=B1 {DORA}")), both("")] {
        assert_eq!(claims(&gone.actions("").problems("").plan()), [""; 0]);
    }
    // Seen from the connection whose id it carries.
    company(&format!("dirA active number=1 job_title=New {DORA}"), &account("active"), "dirA>u1 id:dirA")
        .held("u1", "co-b", false)
        .actions("update dirA u1 job_title (FieldsDiffer)");
}

/// A link of another connection is not believed where the account carries what a link here gave it: the row's number
/// was given again. So a second record of its person has it, and it is not closed.
#[test]
fn a_link_that_is_not_believed_keeps_no_account_from_its_person() {
    company(&format!("new active number=1 {DORA}"), &account("active"), "dirA>u1 id:dirA")
        .gone("dirA")
        .given("u1", "co-b", "2", false)
        .actions("link new u1 replaces:dirA (ReturnedUnderNewId)\nupdate new u1 external_id (FieldsDiffer)");
}

/// Connection co-a gave u0 the id dirA. u0 was deleted, and u1 was made with the same id.
#[test]
fn an_account_that_was_made_again_is_still_the_other_connections() {
    let made_again = |person: &str, status: &str, closed: bool| {
        company(person, &account(status), "").given("u0", "co-a", "dirA", closed)
    };
    // Two facts say that it is hers here too, so she waits.
    let hers = made_again(&format!("dirB active number=B1 {DORA}"), "active", false);
    hers.actions("").problems("warning held_elsewhere dirB - -");
    assert_eq!(claims(&hers.plan()), ["dirB u1"]);
    // What the other connection had closed comes here.
    let closed = made_again(&format!("dirB active number=B1 {DORA}"), "deactivated", true).plan();
    assert_eq!(closed.actions[0].reason.to_string(), "is the same person under a new record");
    // An id means something within its connection only, and a key beside it is a question.
    let same_id = |facts: &str| made_again(&format!("dirA active {facts}"), "active", false);
    same_id("email=bob@b.io given_name=Bob family_name=Ray")
        .actions("")
        .problems("error uniqueness_conflict dirA - external_id");
    same_id("email=dora@group.io").actions("").problems("error ambiguous_match dirA u1 -");
    // Nobody closes it, though nobody here is linked to it.
    made_again("", "active", false)
        .policy(|policy| policy.unlinked_users = UnlinkedUsers::Deactivate)
        .actions("");
    // Where the linked account is there and carries its id, another one is free.
    let there = format!("u0 active external_id=dirA2\n{}", account("active"));
    let free =
        company(&format!("dirB active number=B1 {DORA}"), &there, "").given("u0", "co-a", "dirA2", false);
    assert_eq!(free.plan().actions[0].user, Some("u1".into()));
}

/// Both connections gave an account the id 1, and one account that carries it is left.
#[test]
fn where_two_connections_lost_an_account_of_one_id_the_facts_say_whose_it_is() {
    let left = |facts: &str| {
        company(
            &format!("1 active {facts}"),
            "u9 active external_id=1 email=dora@group.io given_name=Dora family_name=Lind",
            "1>u1 id:1",
        )
        .given("u0", "co-a", "1", false)
    };
    left(DORA).actions("link 1 u9 replaces:1 (AccountRemade)").problems("");
    left("email=bob@b.io given_name=Bob family_name=Ray").actions("").problems("warning divergence 1 u1 -");
}

#[test]
fn one_account_that_two_connections_link_with_one_id_waits_for_a_person() {
    let both = |person: &str, closed: bool| {
        let account = "u1 active external_id=1 email=old@x.io given_name=Dora family_name=Lind";
        company(person, account, "1>u1 id:1").given("u1", "co-a", "1", closed).gone("1")
    };
    for person in ["1 active email=new@x.io given_name=Dora family_name=Lind", "1 left email=new@x.io", ""] {
        let world = both(person, false);
        world.actions("").problems("error ambiguous_match 1 u1 -").guarded("go");
        let plan = world.plan();
        let problem = plan.problems.iter().find(|one| one.code.as_str() == "ambiguous_match").unwrap();
        assert!(
            problem.message.contains("`hris unlink 1`") && problem.message.contains("co-a"),
            "{problem:?}"
        );
        assert_eq!((plan.claims.len(), plan.handovers.len(), plan.questions.len()), (0, 0, 0));
    }
    // What the other one closed it is done with.
    both("1 active email=new@x.io given_name=Dora family_name=Lind", true)
        .actions("update 1 u1 email (FieldsDiffer)");
}

/// The account of somebody here was deleted, and its row number was given to an account of another connection.
#[test]
fn nobody_waits_for_an_account_that_is_not_theirs() {
    let world = company(
        "dirB active email=bob@b.io given_name=Bob family_name=Ray",
        &account("active"),
        "dirB>u1 id:dirB",
    )
    .given("u1", "co-a", "dirA", false);
    world.actions("").problems("error account_replaced dirB u1 -");
    assert_eq!(claims(&world.plan()), [""; 0]);
    // Nor does a decision take it away from the connection that holds it.
    let decided = world.judged("dirB", "u1", true);
    decided.actions("").problems("warning held_elsewhere dirB - -");
}

#[test]
fn accounts_of_others_are_never_accounts_of_nobody() {
    let strict = |users: &str| {
        company("", users, "").policy(|policy| policy.unlinked_users = UnlinkedUsers::Deactivate)
    };
    strict("u1 active email=x@y.io").actions("deactivate - u1 (NoEmployeePolicy)");
    strict("u1 active email=x@y.io").held("u1", "co-a", false).actions("");
    strict("u1 active email=x@y.io external_id=theirs").actions("");
}

/// However many accounts others have in the same table: they make no room for removals here.
#[test]
fn accounts_of_others_loosen_no_limit() {
    let mut users =
        "u1 active email=a@x.io\nu2 active email=b@x.io\nu3 active email=c@x.io\nu4 active email=d@x.io"
            .to_owned();
    for n in 0..20 {
        users.push_str(&format!("\nh{n} active external_id=h{n}\nz{n} active external_id=z{n}"));
    }
    let mut world =
        company("", &users, "").policy(|policy| policy.unlinked_users = UnlinkedUsers::Deactivate);
    for n in 0..20 {
        world = world.held(&format!("h{n}"), "co-b", false);
    }
    let figures = world.guarded("refuse max_deactivations_percent 4/3").plan().figures;
    assert_eq!((figures.population, figures.removals), (8 + 4, 4));
}

#[test]
fn one_company_under_two_names() {
    let second = |organisation: &str| {
        company("", "", "").with(|world| {
            world.last = None;
            world.fingerprint.organisation = Some("co1".to_owned());
            let known = ("memory".to_owned(), organisation.to_owned());
            world.others.organisations.insert("x".to_owned(), known);
        })
    };
    second("co1").problems("warning already_connected - - -");
    second("co2").problems("");
    second("co1").with(|world| world.last = Some(Default::default())).problems("");
}

#[test]
fn two_links_to_one_account_touch_it_no_more() {
    // It carries the id of both, or of neither.
    for carried in ["x", "z"] {
        let account = format!("ua active external_id={carried} email=a@x.io");
        let links = "a>ua id:x\nb>ua id:x";
        world("a active @\nb active @", &account, links)
            .actions("")
            .situations("a ua Contested SharedKey\nb ua Contested SharedKey");
        // Neither does the one who has gone, or has left.
        world("a active @", &account, links).gone("b").actions("");
        world("a active @\nb left @", &account, links).actions("");
    }
}

/// The number of a deleted account was given again: the account is the one's whose id it carries, and the other link,
/// which was made for the deleted one, is not believed.
#[test]
fn of_two_links_to_one_account_the_one_that_it_carries_the_id_of_holds() {
    for links in ["a>ua\nb>ua", "b>ua\na>ua", "0>ua\na>ua\nb>ua"] {
        let both = |people: &str| world(people, "ua active for=a", links).gone("0 b").beside(8);
        both("a active @ job_title=New\nb active @").actions("update a ua job_title (FieldsDiffer)");
        // Who has left by the other link closes nothing, and whose account it is leaves as everybody does.
        both("a active @").actions("");
        both("a active @\nb left @").actions("");
        both("a left @\nb active @").actions("deactivate a ua (LeftByStatus)");
    }
    // Where the target keeps no external ids, nothing says whose it is.
    let unkept = world("a active @\nb left @", "ua active for=a", "a>ua\nb>ua");
    unkept
        .with(|world| world.target.set(TargetField::ExternalId, FieldSupport::plain().unkept()))
        .actions("");
}

#[test]
fn two_links_of_one_employee_touch_neither_account() {
    for links in ["a>ua\na>ub", "a>ub\na>ua"] {
        let world = world(
            "c active @",
            "ua active for=a\nub active email=b@x.io\nuc active for=c",
            &format!("{links}\nc>uc"),
        );
        world.clone().gone("a").actions("");
        world.clone().with(|world| world.people.push(person("a left @"))).actions("");
    }
}
