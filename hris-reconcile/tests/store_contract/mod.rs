//! What every state store must do, whatever it is made of.

mod holding;

use hris_core::reconcile::{Action, ActionKey, Baseline, Policy, Safeguards};
use hris_core::{Assignment, AssignmentKind, EmployeeId, Link, Timestamp};
use hris_reconcile::report::Report;
use hris_reconcile::store::{Intent, Settlement, StateStore};
use hris_reconcile::{Connection, ErrorKind};
use serde_json::json;

/// Runs the whole contract on an empty store.
pub(crate) async fn store_contract(store: &dyn StateStore) {
    leases_exclude_and_fence(store).await;
    the_journal_remembers_until_settled(store).await;
    links_follow_settlements(store).await;
    runs_and_baselines_are_kept(store).await;
    removals_are_counted(store).await;
    connections_are_kept_by_name(store).await;
    a_connection_is_listed_and_forgotten(store).await;
    holding::contract(store).await;
}

async fn leases_exclude_and_fence(store: &dyn StateStore) {
    let first = store.acquire("lease", "run-1").await.unwrap();
    assert_eq!((first.connection.as_str(), first.holder.as_str()), ("lease", "run-1"));
    let refused = store.acquire("lease", "run-2").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Busy);
    assert!(refused.to_string().contains("run-1"), "says who holds it: {refused}");
    store.acquire("another", "run-2").await.unwrap();

    store.renew(&first).await.unwrap();
    store.release(&first).await.unwrap();
    store.release(&first).await.unwrap();
    assert_eq!(store.renew(&first).await.unwrap_err().kind(), ErrorKind::Busy);

    let second = store.acquire("lease", "run-2").await.unwrap();
    assert!(second.token > first.token);
    store.release(&first).await.unwrap();
    store.renew(&second).await.unwrap();
    store.holds(&second).await.unwrap();

    let intents = [intent("run-1", "late", "update", "e1", 0)];
    let settled =
        [Settlement::new(ActionKey::from("late".to_owned()), true).with_link(Some(Link::new("e1", "u1")))];
    for refused in [
        store.renew(&first).await,
        store.holds(&first).await,
        store.intend(&first, &intents).await,
        store.settle(&first, &settled).await,
        store.finish(&first, &report("lease", "run-1", 0), Some(&Baseline::default()), None).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Busy);
    }
    let state = store.load("lease").await.unwrap();
    assert!(state.links.is_empty() && state.unsettled.is_empty() && state.baseline.is_none());
    assert!(store.history("lease", 10).await.unwrap().is_empty());
}

async fn the_journal_remembers_until_settled(store: &dyn StateStore) {
    let lease = store.acquire("journal", "run-1").await.unwrap();
    let intents = [
        intent("run-1", "k2", "update", "e2", 5),
        intent("run-1", "k1", "create", "e1", 5),
        intent("run-1", "k3", "invite", "e3", 5),
    ];
    store.intend(&lease, &intents).await.unwrap();
    assert_eq!(store.load("journal").await.unwrap().unsettled, intents, "in order, with their values");
    assert!(store.load("elsewhere").await.unwrap().unsettled.is_empty());

    let key = |text: &str| ActionKey::from(text.to_owned());
    let outcomes = [Settlement::new(key("k2"), true), Settlement::new(key("k3"), false)];
    store.settle(&lease, &outcomes).await.unwrap();
    assert_eq!(store.load("journal").await.unwrap().unsettled, [intents[1].clone()]);

    // What was not done may be intended again, and so may what nobody knows the end of.
    let again = [intent("run-2", "k3", "invite", "e3", 6), intent("run-2", "k1", "create", "e1", 6)];
    store.intend(&lease, &again).await.unwrap();
    assert_eq!(store.load("journal").await.unwrap().unsettled, again);
    store
        .settle(&lease, &[Settlement::new(key("k1"), true), Settlement::new(key("k3"), true)])
        .await
        .unwrap();
    assert!(store.load("journal").await.unwrap().unsettled.is_empty());
}

async fn links_follow_settlements(store: &dyn StateStore) {
    let lease = store.acquire("links", "run-1").await.unwrap();
    let key = |text: &str| ActionKey::from(text.to_owned());
    let mut full = Link::new("e1", "u1");
    full.deactivated_by_us = true;
    full.awaits_invite = true;
    full.granted.insert(Assignment { kind: AssignmentKind::Location, value: "oslo".into() });
    let plain = Link::new("e2", "u2");
    let outcomes = [
        Settlement::new(key("a"), true).with_link(Some(plain.clone())),
        Settlement::new(key("b"), true).with_link(Some(full.clone())),
    ];
    store.settle(&lease, &outcomes).await.unwrap();
    let mut links = store.load("links").await.unwrap().links;
    links.sort_by(|one, other| one.employee.cmp(&other.employee));
    assert_eq!(links, [full, plain.clone()]);
    assert!(store.load("elsewhere").await.unwrap().links.is_empty());

    // A person under a new record: the old pair goes and the new one comes in one step.
    let mut moved = Settlement::new(key("c"), true).with_link(Some(Link::new("e9", "u1")));
    moved.unlinked = vec![EmployeeId::from("e1")];
    store.settle(&lease, &[moved]).await.unwrap();
    let mut links = store.load("links").await.unwrap().links;
    links.sort_by(|one, other| one.employee.cmp(&other.employee));
    assert_eq!(links, [plain, Link::new("e9", "u1")]);
}

async fn runs_and_baselines_are_kept(store: &dyn StateStore) {
    let lease = store.acquire("runs", "run-1").await.unwrap();
    let mut baseline = Baseline::default();
    baseline.people = 42;
    store.finish(&lease, &report("runs", "run-1", 100), Some(&baseline), None).await.unwrap();
    store.finish(&lease, &report("runs", "run-2", 200), None, None).await.unwrap();
    store.finish(&lease, &report("runs", "run-3", 300), None, None).await.unwrap();
    let state = store.load("runs").await.unwrap();
    assert_eq!(state.baseline, Some(baseline), "a run that was not complete leaves the baseline");

    let runs = |reports: Vec<Report>| reports.into_iter().map(|report| report.run).collect::<Vec<_>>();
    assert_eq!(runs(store.history("runs", 10).await.unwrap()), ["run-3", "run-2", "run-1"]);
    assert_eq!(runs(store.history("runs", 2).await.unwrap()), ["run-3", "run-2"]);
    assert!(store.history("elsewhere", 10).await.unwrap().is_empty());
    assert_eq!(store.run("runs", "run-2").await.unwrap(), Some(report("runs", "run-2", 200)));
    assert_eq!(store.run("runs", "run-9").await.unwrap(), None);
    assert_eq!(store.run("elsewhere", "run-2").await.unwrap(), None);

    // What became known after the end of a run is added to its record, and makes no record of its own.
    let mut known_later = report("runs", "run-2", 200);
    known_later.notices.push("known later".to_owned());
    store.release(&lease).await.unwrap();
    store.amend(&known_later).await.unwrap();
    assert_eq!(store.run("runs", "run-2").await.unwrap(), Some(known_later));
    store.amend(&report("runs", "run-9", 200)).await.unwrap();
    store.amend(&report("elsewhere", "run-2", 200)).await.unwrap();
    assert_eq!(runs(store.history("runs", 10).await.unwrap()), ["run-3", "run-2", "run-1"]);
    assert!(!store.connections().await.unwrap().contains(&"elsewhere".to_owned()));
}

async fn removals_are_counted(store: &dyn StateStore) {
    let lease = store.acquire("removals", "run-1").await.unwrap();
    let mut approved = intent("run-1", "approved", "deactivate", "e5", 50);
    approved.approved = true;
    let intents = [
        intent("run-1", "early", "deactivate", "e1", 10),
        intent("run-1", "done", "deactivate", "e2", 50),
        intent("run-1", "not-done", "deactivate", "e3", 50),
        intent("run-1", "other", "update", "e4", 50),
        intent("run-1", "open", "deactivate", "e6", 50),
        approved,
    ];
    store.intend(&lease, &intents).await.unwrap();
    for (key, done) in
        [("early", true), ("done", true), ("not-done", false), ("other", true), ("approved", true)]
    {
        store.settle(&lease, &[Settlement::new(ActionKey::from(key.to_owned()), done)]).await.unwrap();
    }
    for (since, expected) in [(0, 2), (10, 2), (11, 1), (50, 1), (51, 0)] {
        let counted = store.removals_since("removals", Timestamp::from_unix_seconds(since)).await.unwrap();
        assert_eq!(counted, expected, "since {since}");
    }
    assert_eq!(store.removals_since("elsewhere", Timestamp::from_unix_seconds(0)).await.unwrap(), 0);
}

async fn connections_are_kept_by_name(store: &dyn StateStore) {
    assert_eq!(store.connection("acme").await.unwrap(), None);
    store.save_connection(&connection("acme", "Acme")).await.unwrap();
    store.save_connection(&connection("other", "Other")).await.unwrap();
    store.save_connection(&connection("acme", "Acme Ltd")).await.unwrap();
    assert_eq!(store.connection("acme").await.unwrap(), Some(connection("acme", "Acme Ltd")));
}

async fn a_connection_is_listed_and_forgotten(store: &dyn StateStore) {
    let names = async || store.connections().await.unwrap();
    let before = names().await;
    assert!(before.contains(&"links".to_owned()) && before.contains(&"acme".to_owned()), "{before:?}");
    assert!(before.is_sorted() && !before.contains(&"gone".to_owned()), "{before:?}");
    assert!(!store.forget("gone").await.unwrap(), "nothing was kept of it");

    let lease = store.acquire("gone", "run-1").await.unwrap();
    let intents = [intent("run-1", "k1", "deactivate", "e1", 5), intent("run-1", "k2", "update", "e2", 5)];
    store.intend(&lease, &intents).await.unwrap();
    let linked =
        Settlement::new(ActionKey::from("k1".to_owned()), true).with_link(Some(Link::new("e1", "u1")));
    store.settle(&lease, &[linked]).await.unwrap();
    store.finish(&lease, &report("gone", "run-1", 1), Some(&Baseline::default()), None).await.unwrap();
    store.save_connection(&connection("gone", "Gone")).await.unwrap();
    assert_eq!(store.forget("gone").await.unwrap_err().kind(), ErrorKind::Busy, "while a run holds it");
    assert!(names().await.contains(&"gone".to_owned()));
    assert_eq!(store.load("gone").await.unwrap().links.len(), 1, "nothing is forgotten then");
    assert!(store.connection("gone").await.unwrap().is_some());

    store.release(&lease).await.unwrap();
    assert!(store.forget("gone").await.unwrap());
    assert!(!store.forget("gone").await.unwrap());
    assert_eq!(names().await, before, "and all others are as they were");
    let state = store.load("gone").await.unwrap();
    assert!(state.links.is_empty() && state.unsettled.is_empty() && state.baseline.is_none());
    assert!(store.history("gone", 10).await.unwrap().is_empty());
    assert_eq!(store.connection("gone").await.unwrap(), None);
    assert_eq!(store.removals_since("gone", Timestamp::from_unix_seconds(0)).await.unwrap(), 0);

    let again = store.acquire("gone", "run-2").await.unwrap();
    assert!(again.token > lease.token, "a late run of before cannot write");
    assert_eq!(store.intend(&lease, &[]).await.unwrap_err().kind(), ErrorKind::Busy);
    store.release(&again).await.unwrap();
}

pub(crate) fn intent(run: &str, key: &str, kind: &str, employee: &str, at: i64) -> Intent {
    let action: Action = serde_json::from_value(json!({
        "key": key, "kind": kind, "employee": employee, "user": format!("user-{employee}"),
        "changes": [{ "field": "given_name", "from": null, "to": "marker-of-a-value" }],
        "grants": [], "status": null, "situation": "confirmed", "reason": "fields_differ",
    }))
    .unwrap();
    Intent::new(run, action, Timestamp::from_unix_seconds(at), false)
}

pub(crate) fn report(connection: &str, run: &str, at: i64) -> Report {
    let at = Timestamp::from_unix_seconds(at);
    serde_json::from_value(json!({
        "run": run, "connection": connection, "command": "sync", "outcome": "completed",
        "started_at": at, "finished_at": at,
        "source": { "vendor": "memory", "employees": 1, "complete": true, "requests": 1 },
        "counts": {}, "actions": [], "problems": [], "refusal": null,
    }))
    .unwrap()
}

fn connection(name: &str, label: &str) -> Connection {
    serde_json::from_value(json!({
        "name": name, "label": label, "vendor": "memory", "stage": "draft", "every_seconds": 86_400,
        "mapping": null, "policy": Policy::default(), "safeguards": Safeguards::default(),
        "organisation": null, "reviewed": null,
    }))
    .unwrap()
}
