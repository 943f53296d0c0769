//! Reports, baselines, removals, decisions and connections.

use hris_core::reconcile::Judgement;

use super::super::cases;
use super::*;

fn runs(reports: Vec<Report>) -> Vec<String> {
    reports.into_iter().map(|report| report.run).collect()
}

fn judgement(id: &str, same: bool) -> Judgement {
    document(json!({ "id": id, "employee": "e1", "user": "u1", "same": same, "facts": "f" }))
}

cases! { StoreHarness:
    a_baseline_stays_until_the_next_whole_run,
    history_is_newest_first_and_no_longer_than_asked,
    a_run_is_found_by_its_id,
    what_is_known_after_a_run_is_added_to_its_record,
    the_last_run_of_a_command_is_found,
    only_removals_that_were_done_and_not_approved_count,
    judgements_are_kept_until_they_are_over,
    connections_are_kept_by_name,
    connections_are_listed_in_order,
    a_connection_is_forgotten_as_a_whole,
    a_late_run_of_a_forgotten_connection_writes_nothing,
    credentials_are_kept_by_connection_and_name,
    credentials_go_with_their_connection,
}

async fn a_baseline_stays_until_the_next_whole_run(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let mut baseline = Baseline::default();
    baseline.people = 42;
    store.finish(&lease, &report("acme", "run-1", 100), Some(&baseline), None).await?;
    store.finish(&lease, &report("acme", "run-2", 200), None, None).await?;
    ensure(store.load("acme").await?.baseline == Some(baseline.clone()), || {
        "a run that was not whole changed what the next is compared with".to_owned()
    })?;
    baseline.people = 43;
    store.finish(&lease, &report("acme", "run-3", 300), Some(&baseline), None).await?;
    ensure(store.load("acme").await?.baseline == Some(baseline), || {
        "a whole run did not change what the next is compared with".to_owned()
    })?;
    ensure(store.load("other").await?.baseline.is_none(), || {
        "another connection is given this one's last run".to_owned()
    })
}

async fn history_is_newest_first_and_no_longer_than_asked(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    for n in 1..=3 {
        store.finish(&lease, &report("acme", &format!("run-{n}"), n), None, None).await?;
    }
    ensure(runs(store.history("acme", 9).await?) == ["run-3", "run-2", "run-1"], || {
        "past runs are not newest first".to_owned()
    })?;
    ensure(runs(store.history("acme", 2).await?) == ["run-3", "run-2"], || {
        "more past runs than were asked for, or the oldest".to_owned()
    })?;
    ensure(store.history("other", 9).await?.is_empty(), || {
        "another connection is given this one's runs".to_owned()
    })
}

async fn a_run_is_found_by_its_id(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let second = report("acme", "run-2", 200);
    store.finish(&lease, &report("acme", "run-1", 100), None, None).await?;
    store.finish(&lease, &second, None, None).await?;
    ensure(store.run("acme", "run-2").await? == Some(second), || {
        "a past run is not found as it was".to_owned()
    })?;
    let none = store.run("acme", "run-9").await?.is_none() && store.run("other", "run-2").await?.is_none();
    ensure(none, || "a run is found that there was not".to_owned())
}

async fn what_is_known_after_a_run_is_added_to_its_record(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    store.finish(&lease, &report("acme", "run-1", 100), None, None).await?;
    store.release(&lease).await?;
    let mut known_later = report("acme", "run-1", 100);
    known_later.notices.push("known later".to_owned());
    store.amend(&known_later).await?;
    ensure(store.run("acme", "run-1").await? == Some(known_later), || {
        "what is known after a run is not in its record".to_owned()
    })?;
    store.amend(&report("acme", "run-9", 100)).await?;
    store.amend(&report("other", "run-1", 100)).await?;
    ensure(runs(store.history("acme", 9).await?) == ["run-1"], || {
        "an amendment makes a record of a run that there was not".to_owned()
    })?;
    ensure(store.connections().await? == ["acme"], || "an amendment makes a connection".to_owned())
}

async fn the_last_run_of_a_command_is_found(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    ensure(store.last_started("acme", "sync").await?.is_none(), || {
        "a run is reported before there was one".to_owned()
    })?;
    store.finish(&lease, &report("acme", "run-0", 100), None, None).await?;
    for n in 1..=60 {
        let mut push = report("acme", &format!("push-{n}"), 100 + n);
        push.command = "push".to_owned();
        store.finish(&lease, &push, None, None).await?;
    }
    let at = |seconds| Some(Timestamp::from_unix_seconds(seconds));
    ensure(store.last_started("acme", "sync").await? == at(100), || {
        "the last run of a command is another one's, or lost among many".to_owned()
    })?;
    ensure(store.last_started("acme", "push").await? == at(160), || {
        "the last run of a command is not the newest".to_owned()
    })?;
    ensure(store.last_started("other", "sync").await?.is_none(), || {
        "another connection is given this one's runs".to_owned()
    })
}

async fn only_removals_that_were_done_and_not_approved_count(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let mut approved = intent("run-1", "approved", "deactivate", "e5", 50);
    approved.approved = true;
    let intents = [
        intent("run-1", "early", "deactivate", "e1", 10),
        intent("run-1", "done", "deactivate", "e2", 50),
        intent("run-1", "not-done", "deactivate", "e3", 50),
        intent("run-1", "update", "update", "e4", 50),
        intent("run-1", "open", "deactivate", "e6", 50),
        approved,
    ];
    store.intend(&lease, &intents).await?;
    for (name, done) in
        [("early", true), ("done", true), ("not-done", false), ("update", true), ("approved", true)]
    {
        store.settle(&lease, &[Settlement::new(key(name), done)]).await?;
    }
    for (since, expected) in [(0, 2), (10, 2), (11, 1), (50, 1), (51, 0)] {
        let counted = store.removals_since("acme", Timestamp::from_unix_seconds(since)).await?;
        ensure(counted == expected, || {
            format!("{counted} removals since {since}, where {expected} is right")
        })?;
    }
    ensure(store.removals_since("other", Timestamp::from_unix_seconds(0)).await? == 0, || {
        "another connection's removals count".to_owned()
    })
}

async fn judgements_are_kept_until_they_are_over(scene: &Scene) -> Outcome {
    let store = scene.store();
    store.judge("acme", &[judgement("1", true), judgement("2", true)]).await?;
    store.judge("acme", &[judgement("2", false)]).await?;
    let mut kept = store.load("acme").await?.judgements;
    kept.sort_by(|one, other| one.id.cmp(&other.id));
    ensure(kept == [judgement("1", true), judgement("2", false)], || {
        "a later answer does not take the place of an earlier one".to_owned()
    })?;
    ensure(store.load("other").await?.judgements.is_empty(), || {
        "another connection is given this one's answers".to_owned()
    })?;
    let lease = store.acquire("acme", "run-1").await?;
    let mut over = Settlement::note();
    over.decided = vec!["1".to_owned()];
    store.settle(&lease, &[over]).await?;
    ensure(store.load("acme").await?.judgements == [judgement("2", false)], || {
        "an answer that is over is kept, or another one goes with it".to_owned()
    })
}

async fn connections_are_kept_by_name(scene: &Scene) -> Outcome {
    let store = scene.store();
    ensure(store.connection("acme").await?.is_none(), || {
        "a connection is there before it was saved".to_owned()
    })?;
    for (name, label) in [("acme", "Acme"), ("other", "Other"), ("acme", "Acme Ltd")] {
        store.save_connection(&connection(name, label)).await?;
    }
    let kept = store.connection("acme").await?;
    ensure(kept == Some(connection("acme", "Acme Ltd")), || {
        "a connection is not kept as it was saved last".to_owned()
    })
}

async fn connections_are_listed_in_order(scene: &Scene) -> Outcome {
    let store = scene.store();
    for name in ["zebra", "acme", "middle"] {
        store.save_connection(&connection(name, name)).await?;
    }
    let lease = store.acquire("only-ran", "run-1").await?;
    store.finish(&lease, &report("only-ran", "run-1", 1), None, None).await?;
    let names = store.connections().await?;
    ensure(names == ["acme", "middle", "only-ran", "zebra"], || {
        format!("the connections are listed as {names:?}")
    })
}

async fn a_connection_is_forgotten_as_a_whole(scene: &Scene) -> Outcome {
    let store = scene.store();
    ensure(!store.forget("acme").await?, || "something was kept of a connection that never was".to_owned())?;
    let lease = store.acquire("acme", "run-1").await?;
    let intents = [intent("run-1", "k1", "deactivate", "e1", 5), intent("run-1", "k2", "update", "e2", 5)];
    store.intend(&lease, &intents).await?;
    store.settle(&lease, &[Settlement::new(key("k1"), true).with_link(Some(Link::new("e1", "u1")))]).await?;
    store.finish(&lease, &report("acme", "run-1", 1), Some(&Baseline::default()), None).await?;
    store.save_connection(&connection("acme", "Acme")).await?;
    store.save_connection(&connection("other", "Other")).await?;
    busy(store.forget("acme").await, "forgetting a connection while a run holds it")?;
    ensure(scene.links("acme").await?.len() == 1, || {
        "a connection was forgotten in part while a run holds it".to_owned()
    })?;
    store.release(&lease).await?;
    ensure(store.forget("acme").await? && !store.forget("acme").await?, || {
        "it does not say whether anything was kept".to_owned()
    })?;
    let state = store.load("acme").await?;
    let gone = state.links.is_empty() && state.unsettled.is_empty() && state.baseline.is_none();
    let gone =
        gone && store.history("acme", 9).await?.is_empty() && store.connection("acme").await?.is_none();
    let gone = gone && store.removals_since("acme", Timestamp::from_unix_seconds(0)).await? == 0;
    ensure(gone, || "something is kept of a connection that was forgotten".to_owned())?;
    ensure(store.connections().await? == ["other"], || {
        "another connection was forgotten too, or this one is still listed".to_owned()
    })
}

async fn a_late_run_of_a_forgotten_connection_writes_nothing(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    store.finish(&lease, &report("acme", "run-1", 1), None, None).await?;
    store.release(&lease).await?;
    store.forget("acme").await?;
    let again = store.acquire("acme", "run-2").await?;
    ensure(again.token > lease.token, || {
        "leases are counted anew once a connection is forgotten, so a late run could write".to_owned()
    })?;
    busy(store.intend(&lease, &[]).await, "a late intent of a forgotten connection")
}

async fn credentials_are_kept_by_connection_and_name(scene: &Scene) -> Outcome {
    let store = scene.store();
    for (connection, name, text) in [
        ("acme", "id", "acme-id"),
        ("acme", "token", "first"),
        ("acme", "token", "acme-token"),
        ("other", "token", "other-token"),
    ] {
        store.save_credential(connection, name, &Secret::from(text.to_owned())).await?;
    }
    ensure(scene.secrets("acme").await? == ["id acme-id", "token acme-token"], || {
        "the credentials of a connection are not the newest ones that were saved for it".to_owned()
    })?;
    ensure(scene.secrets("nobody").await?.is_empty(), || {
        "a connection without credentials is given some".to_owned()
    })?;
    ensure(store.connections().await? == ["acme", "other"], || {
        "a connection of which a credential is kept is not listed".to_owned()
    })?;
    let said = store.forget_credential("acme", "token").await?;
    ensure(said && !store.forget_credential("acme", "token").await?, || {
        "it does not say whether there was a credential to forget".to_owned()
    })?;
    ensure(scene.secrets("acme").await? == ["id acme-id"], || {
        "a credential that was forgotten is still there, or another one of its connection went too".to_owned()
    })?;
    ensure(scene.secrets("other").await? == ["token other-token"], || {
        "forgetting a credential took one of another connection".to_owned()
    })
}

async fn credentials_go_with_their_connection(scene: &Scene) -> Outcome {
    let store = scene.store();
    for connection in ["acme", "other"] {
        store.save_credential(connection, "token", &Secret::from(connection.to_owned())).await?;
    }
    ensure(store.forget("acme").await?, || "it is not said that a credential was kept".to_owned())?;
    ensure(scene.secrets("acme").await?.is_empty(), || {
        "the credential of a connection that was forgotten is still there".to_owned()
    })?;
    ensure(scene.secrets("other").await? == ["token other"], || {
        "the credential of another connection went too".to_owned()
    })
}
