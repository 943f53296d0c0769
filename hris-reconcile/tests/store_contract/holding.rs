//! One account, one holder: what connections of one state are told of each other.

use hris_core::reconcile::{AccountClaim, Baseline, Change, Handover, Held, Judgement, Learned, Others};
use hris_core::{Assignment, AssignmentKind, EmployeeId, Link, TargetField, Timestamp, UserId};
use hris_reconcile::store::{Lease, Settlement, StateStore};
use serde_json::json;

use super::{intent, report};

pub(super) async fn contract(store: &dyn StateStore) {
    links_keep_all_they_know(store).await;
    others_are_told_of_holders_and_claims(store).await;
    others_are_told_of_what_a_run_that_was_cut_may_have_done(store).await;
    an_account_is_handed_over_in_one_step(store).await;
    a_closed_account_is_taken_over_in_one_step(store).await;
    judgements_are_kept_until_they_are_over(store).await;
    the_last_run_of_a_command_is_found(store).await;
}

fn baseline(target: Option<&str>) -> Baseline {
    let mut baseline = Baseline::default();
    baseline.target = target.map(str::to_owned);
    baseline.vendor = "memory".to_owned();
    baseline.fingerprint.organisation = Some("org".to_owned());
    baseline
}

async fn connected(store: &dyn StateStore, name: &str, target: Option<&str>, links: &[Link]) -> Lease {
    let lease = store.acquire(name, "run-1").await.unwrap();
    for link in links {
        store.settle(&lease, &[Settlement::note().with_link(Some(link.clone()))]).await.unwrap();
    }
    store.finish(&lease, &report(name, "run-1", 1), Some(&baseline(target)), None).await.unwrap();
    lease
}

fn closed(employee: &str, user: &str) -> Link {
    let mut link = Link::new(employee, user);
    link.deactivated_by_us = true;
    link
}

fn claim(employee: &str, user: &str) -> AccountClaim {
    AccountClaim::new(EmployeeId::from(employee), UserId::from(user))
}

fn handover(employee: &str, user: &str, to: &str) -> Settlement {
    let handover: Handover =
        serde_json::from_value(json!({ "employee": employee, "user": user, "to": to })).unwrap();
    let mut settlement = Settlement::note();
    settlement.unlinked = vec![handover.employee.clone()];
    settlement.hand_over = Some(handover);
    settlement
}

async fn links(store: &dyn StateStore, connection: &str) -> Vec<Link> {
    let mut links = store.load(connection).await.unwrap().links;
    links.sort_by(|one, other| one.employee.cmp(&other.employee));
    links
}

fn full(employee: &str, user: &str) -> Link {
    let mut link = Link::new(employee, user);
    link.external_id = Some("x-1".to_owned());
    link.protected_by = Some("owner@mill.example".to_owned());
    link.invites = 3;
    link.granted.insert(Assignment { kind: AssignmentKind::Area, value: "weaving".into() });
    let field = TargetField::JobTitle;
    let learned = Learned::after_write(&field, None, (None, Some("Head of weaving")), Some(Some("Head of")));
    link.learned.insert(field, learned);
    link
}

async fn links_keep_all_they_know(store: &dyn StateStore) {
    let link = full("e1", "hold-u1");
    connected(store, "hold-full", Some("elsewhere"), std::slice::from_ref(&link)).await;
    assert_eq!(links(store, "hold-full").await, [link]);
}

async fn others_are_told_of_holders_and_claims(store: &dyn StateStore) {
    let at = |others: &Others, user: &str| others.held.get(&UserId::from(user)).cloned();
    let one = connected(store, "hold-one", Some("t1"), &[Link::new("e1", "a"), closed("e2", "b")]).await;
    connected(store, "hold-two", Some("t2"), &[Link::new("e1", "c")]).await;
    connected(store, "hold-none", None, &[Link::new("e1", "b"), Link::new("e3", "d")]).await;
    let moved = connected(store, "hold-moved", Some("t3"), &[Link::new("e5", "m")]).await;
    let mut also = baseline(Some("t3"));
    also.also_in.insert("t1".to_owned());
    store.finish(&moved, &report("hold-moved", "run-2", 2), Some(&also), None).await.unwrap();
    let claims = [claim("e9", "c"), claim("e8", "d")];
    store.finish(&one, &report("hold-one", "run-2", 2), None, Some(&claims)).await.unwrap();

    let others = store.others("hold-me", Some("t1")).await.unwrap();
    assert_eq!(at(&others, "a"), Some(Held::new("hold-one", false).giving("e1")));
    assert_eq!(
        at(&others, "b"),
        Some(Held::new("hold-none", false).giving("e1")),
        "of two holders the one who did not close it"
    );
    assert_eq!(at(&others, "c"), None, "an account of another target");
    assert_eq!(
        at(&others, "d"),
        Some(Held::new("hold-none", false).giving("e3")),
        "who knows whether it is the same"
    );
    assert_eq!(others.claimed.get(&UserId::from("c")), Some(&"hold-one".to_owned()));
    assert_eq!(
        at(&others, "m"),
        Some(Held::new("hold-moved", false).giving("e5")),
        "it has written here too"
    );
    assert_eq!(at(&store.others("hold-me", Some("t2")).await.unwrap(), "m"), None);
    let expected = ("memory".to_owned(), "org".to_owned());
    assert_eq!(others.organisations.get("hold-one"), Some(&expected));
    assert_eq!(others.organisations.get("hold-two"), None);

    let unknown = store.others("hold-me", None).await.unwrap();
    assert_eq!(at(&unknown, "c"), Some(Held::new("hold-two", false).giving("e1")));
    let own = store.others("hold-one", Some("t1")).await.unwrap();
    assert_eq!((at(&own, "a"), own.claimed.get(&UserId::from("c"))), (None, None), "not of itself");

    // None leaves the claims, others take their place.
    store.finish(&one, &report("hold-one", "run-3", 3), None, None).await.unwrap();
    assert_eq!(store.others("hold-me", None).await.unwrap().claimed.len(), 2);
    store.finish(&one, &report("hold-one", "run-4", 4), None, Some(&claims[..1])).await.unwrap();
    assert_eq!(store.others("hold-me", None).await.unwrap().claimed.len(), 1);
    store.finish(&one, &report("hold-one", "run-5", 5), None, Some(&[])).await.unwrap();
    assert!(store.others("hold-me", None).await.unwrap().claimed.is_empty());
}

async fn others_are_told_of_what_a_run_that_was_cut_may_have_done(store: &dyn StateStore) {
    let cut = connected(store, "cut-one", Some("cut-t1"), &[Link::new("e1", "cut-a")]).await;
    connected(store, "cut-two", Some("cut-t1"), &[closed("e2", "user-e3"), Link::new("e4", "user-e4")]).await;
    let held = async |target: &str, user: &str| {
        let others = store.others("cut-me", Some(target)).await.unwrap();
        others.held.get(&UserId::from(user)).map(|held| (held.connection.clone(), held.closed))
    };
    let by = |name: &str, closed| Some((name.to_owned(), closed));
    assert_eq!(held("cut-t1", "user-e3").await, by("cut-two", true));
    let mut create = intent("run-2", "k1", "create", "e2", 5);
    create.action.changes = vec![Change::new(TargetField::ExternalId, None, Some("x-2".to_owned()))];
    let links = ["e3", "e4", "e5"].map(|employee| intent("run-2", employee, "link", employee, 5));
    store.intend(&cut, &[create]).await.unwrap();
    store.intend(&cut, &links).await.unwrap();
    let making = store.others("cut-me", Some("cut-t1")).await.unwrap().making;
    assert_eq!(making.get("x-2"), Some(&"cut-one".to_owned()));
    assert_eq!(held("cut-t1", "user-e3").await, by("cut-one", false), "nobody may open it any more");
    assert_eq!(held("cut-t1", "user-e4").await, by("cut-two", false), "a link that is known goes before");
    assert_eq!(held("cut-t1", "user-e5").await, by("cut-one", false));

    // A run that writes to another target says so before it does.
    assert_eq!(held("cut-t2", "cut-a").await, None);
    let mut reaches = Settlement::note();
    reaches.also_in = Some("cut-t2".to_owned());
    store.settle(&cut, &[reaches]).await.unwrap();
    assert_eq!(held("cut-t2", "cut-a").await, by("cut-one", false));
    assert_eq!(held("cut-t1", "cut-a").await, by("cut-one", false), "and the former one is known as before");
    let baseline = store.load("cut-one").await.unwrap().baseline.unwrap();
    assert_eq!((baseline.target.as_deref(), baseline.also_in.len()), (Some("cut-t1"), 1));
}

async fn an_account_is_handed_over_in_one_step(store: &dyn StateStore) {
    let mut ours = full("e1", "given");
    ours.awaits_invite = true;
    ours.deactivated_by_us = true;
    let giver = connected(store, "give-from", None, &[ours.clone(), Link::new("e2", "kept")]).await;
    let taker = connected(store, "give-to", None, &[Link::new("t9", "other")]).await;
    let claims = [claim("t1", "given"), claim("t9", "kept")];
    store.finish(&taker, &report("give-to", "run-2", 2), None, Some(&claims)).await.unwrap();

    store.settle(&giver, &[handover("e1", "given", "give-to")]).await.unwrap();
    let mut expected = ours;
    expected.employee = EmployeeId::from("t1");
    expected.deactivated_by_us = false;
    assert_eq!(links(store, "give-to").await, [expected, Link::new("t9", "other")]);
    assert_eq!(links(store, "give-from").await, [Link::new("e2", "kept")]);
    assert!(!store.others("give-from", None).await.unwrap().claimed.contains_key(&UserId::from("given")));

    // Nobody waits for it any more, or whoever waits has an account: it stays where it is.
    let refused = [handover("e2", "kept", "give-to"), handover("e2", "kept", "give-nobody")];
    store.settle(&giver, &refused).await.unwrap();
    assert_eq!(links(store, "give-from").await, [Link::new("e2", "kept")]);
    assert_eq!(links(store, "give-to").await.len(), 2);
}

async fn a_closed_account_is_taken_over_in_one_step(store: &dyn StateStore) {
    connected(store, "take-from", None, &[closed("e1", "taken"), Link::new("e2", "open")]).await;
    let taker = connected(store, "take-to", None, &[]).await;
    for (employee, user) in [("t1", "taken"), ("t2", "open")] {
        let mut settlement = Settlement::note().with_link(Some(Link::new(employee, user)));
        settlement.takes_over = Some("take-from".to_owned());
        store.settle(&taker, &[settlement]).await.unwrap();
    }
    assert_eq!(links(store, "take-from").await, [Link::new("e2", "open")], "only what it had closed");
    assert_eq!(links(store, "take-to").await, [Link::new("t1", "taken"), Link::new("t2", "open")]);
}

async fn judgements_are_kept_until_they_are_over(store: &dyn StateStore) {
    let judgement = |id: &str, same: bool| -> Judgement {
        let json = json!({ "id": id, "employee": "e1", "user": "u1", "same": same, "facts": "f" });
        serde_json::from_value(json).unwrap()
    };
    store.judge("judged", &[judgement("1", true), judgement("2", true)]).await.unwrap();
    store.judge("judged", &[judgement("2", false)]).await.unwrap();
    let kept = store.load("judged").await.unwrap().judgements;
    assert_eq!(kept, [judgement("1", true), judgement("2", false)]);
    assert!(store.load("elsewhere").await.unwrap().judgements.is_empty());
    let lease = store.acquire("judged", "run-1").await.unwrap();
    let mut over = Settlement::note();
    over.decided = vec!["1".to_owned()];
    store.settle(&lease, &[over]).await.unwrap();
    assert_eq!(store.load("judged").await.unwrap().judgements, [judgement("2", false)]);
}

async fn the_last_run_of_a_command_is_found(store: &dyn StateStore) {
    let lease = store.acquire("last", "run-1").await.unwrap();
    assert_eq!(store.last_started("last", "sync").await.unwrap(), None);
    store.finish(&lease, &report("last", "run-0", 100), None, None).await.unwrap();
    for n in 1..=60 {
        let mut push = report("last", &format!("push-{n}"), 100 + n);
        push.command = "push".to_owned();
        store.finish(&lease, &push, None, None).await.unwrap();
    }
    let at = |seconds| Some(Timestamp::from_unix_seconds(seconds));
    assert_eq!(store.last_started("last", "sync").await.unwrap(), at(100));
    assert_eq!(store.last_started("last", "push").await.unwrap(), at(160));
    assert_eq!(store.last_started("elsewhere", "sync").await.unwrap(), None);
}
