//! Leases, the journal and the links.

use hris_core::reconcile::Learned;
use hris_core::{Assignment, AssignmentKind, TargetField};

use super::super::cases;
use super::*;

cases! { StoreHarness:
    one_run_at_a_time_holds_a_connection,
    a_lease_that_is_given_back_is_free_and_gone,
    a_late_run_writes_nothing,
    a_lease_runs_out_unless_it_is_renewed,
    two_callers_cannot_both_take_a_lease,
    the_journal_keeps_what_is_open_in_order,
    a_settled_action_is_open_no_more,
    a_large_batch_is_recorded_as_one_by_one,
    an_action_may_be_intended_again,
    links_follow_settlements,
    a_link_keeps_all_it_knows,
    a_note_closes_no_action,
    writing_to_the_source_stays_held,
    what_was_confirmed_is_there_after_opening_again,
}

async fn one_run_at_a_time_holds_a_connection(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    ensure(lease.connection == "acme" && lease.holder == "run-1", || {
        "a lease names another connection or run".to_owned()
    })?;
    let refused = store.acquire("acme", "run-2").await;
    let says_who = refused.as_ref().is_err_and(|error| error.to_string().contains("run-1"));
    busy(refused, "taking a lease that another run holds")?;
    ensure(says_who, || "the refusal does not say which run holds the connection".to_owned())?;
    store.acquire("other", "run-2").await?;
    store.renew(&lease).await?;
    Ok(store.holds(&lease).await?)
}

async fn a_lease_that_is_given_back_is_free_and_gone(scene: &Scene) -> Outcome {
    let store = scene.store();
    let first = store.acquire("acme", "run-1").await?;
    store.release(&first).await?;
    store.release(&first).await?;
    busy(store.renew(&first).await, "renewing a lease that was given back")?;
    let second = store.acquire("acme", "run-2").await?;
    ensure(second.token > first.token, || "a later lease has no greater token".to_owned())?;
    store.release(&first).await?;
    store.renew(&second).await?;
    busy(store.acquire("acme", "run-3").await, "taking a lease after the run before gave its own back twice")
}

async fn a_late_run_writes_nothing(scene: &Scene) -> Outcome {
    let store = scene.store();
    let first = store.acquire("acme", "run-1").await?;
    store.release(&first).await?;
    let _second = store.acquire("acme", "run-2").await?;
    let linked = Settlement::new(key("late"), true).with_link(Some(Link::new("e1", "u1")));
    busy(store.renew(&first).await, "renewing a lost lease")?;
    busy(store.holds(&first).await, "asking whether a lost lease is held")?;
    busy(store.intend(&first, &[intent("run-1", "late", "update", "e1", 0)]).await, "a late intent")?;
    busy(store.settle(&first, &[linked]).await, "a late settlement")?;
    busy(
        store.finish(&first, &report("acme", "run-1", 0), Some(&Baseline::default()), None).await,
        "a late report",
    )?;
    let state = store.load("acme").await?;
    let nothing = state.links.is_empty() && state.unsettled.is_empty() && state.baseline.is_none();
    ensure(nothing && store.history("acme", 9).await?.is_empty(), || {
        "a run that lost its lease wrote all the same".to_owned()
    })
}

async fn a_lease_runs_out_unless_it_is_renewed(scene: &Scene) -> Outcome {
    let lease = scene.store().acquire("acme", "run-1").await?;
    let soon = scene.0.after(crate::store::LEASE_SECONDS - 5).await.map_err(Miss::Skipped)?;
    busy(soon.acquire("acme", "run-2").await, "taking a lease before it ran out")?;
    soon.renew(&lease).await?;
    let later = scene.0.after(crate::store::LEASE_SECONDS + 5).await.map_err(Miss::Skipped)?;
    busy(later.acquire("acme", "run-2").await, "taking a lease that was renewed")?;
    let late = scene.0.after(2 * crate::store::LEASE_SECONDS + 5).await.map_err(Miss::Skipped)?;
    let second = late.acquire("acme", "run-2").await?;
    ensure(second.token > lease.token, || "a later lease has no greater token".to_owned())?;
    busy(late.holds(&lease).await, "asking whether a lease that ran out is held")
}

async fn two_callers_cannot_both_take_a_lease(scene: &Scene) -> Outcome {
    let store = scene.store();
    let (one, other) =
        futures_util::future::join(store.acquire("acme", "run-1"), store.acquire("acme", "run-2")).await;
    ensure(one.is_ok() != other.is_ok(), || "not exactly one of two callers got the lease".to_owned())
}

async fn the_journal_keeps_what_is_open_in_order(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let intents = [
        intent("run-1", "k2", "update", "e2", 5).with_empty([TargetField::Phone]),
        intent("run-1", "k1", "create", "e1", 5),
        intent("run-1", "k3", "invite", "e3", 5),
    ];
    store.intend(&lease, &intents).await?;
    ensure(scene.unsettled("acme").await? == intents, || {
        "open actions are not kept in order and with all they hold".to_owned()
    })?;
    ensure(scene.unsettled("other").await?.is_empty(), || {
        "another connection is given this one's open actions".to_owned()
    })
}

async fn a_settled_action_is_open_no_more(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let [one, two, three] = ["k1", "k2", "k3"].map(|key| intent("run-1", key, "update", key, 5));
    store.intend(&lease, &[one, two.clone(), three]).await?;
    store.settle(&lease, &[Settlement::new(key("k1"), true), Settlement::new(key("k3"), false)]).await?;
    ensure(scene.unsettled("acme").await? == [two], || {
        "settling an action closes not that one alone".to_owned()
    })
}

async fn a_large_batch_is_recorded_as_one_by_one(scene: &Scene) -> Outcome {
    const MANY: usize = 600;
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    // Their names are in another order than they come in.
    let name = |n: usize| format!("{:03}", n * 7 % MANY);
    let intents: Vec<Intent> = (0..MANY)
        .map(|n| intent("run-1", &format!("k{}", name(n)), "create", &format!("e{}", name(n)), 5))
        .collect();
    store.intend(&lease, &intents).await?;
    ensure(scene.unsettled("acme").await? == intents, || {
        "open actions of a large batch are not kept in order and with all they hold".to_owned()
    })?;
    // Some are done and some not, one links a person anew within the batch, and one ends the link of another.
    let mut outcomes: Vec<Settlement> = (0..MANY - 1)
        .map(|n| {
            let link = Link::new(format!("e{}", name(n)), format!("u{n}"));
            let done = !n.is_multiple_of(5);
            Settlement::new(key(&format!("k{}", name(n))), done).with_link(done.then_some(link))
        })
        .collect();
    let anew = Link::new(format!("e{}", name(1)), "u-anew");
    outcomes.push(Settlement::note().with_link(Some(anew.clone())));
    let mut ends = Settlement::note();
    ends.unlinked = vec![format!("e{}", name(2)).as_str().into()];
    outcomes.insert(300, ends);
    store.settle(&lease, &outcomes).await?;
    ensure(scene.unsettled("acme").await? == intents.get(MANY - 1..).unwrap_or_default(), || {
        "a large batch of settlements closes not those actions alone".to_owned()
    })?;
    let mut expected: Vec<Link> = outcomes.iter().take(MANY).filter_map(|one| one.link.clone()).collect();
    expected
        .retain(|link| link.employee != anew.employee && link.employee.as_str() != format!("e{}", name(2)));
    expected.push(anew);
    expected.sort_by(|one, other| one.employee.cmp(&other.employee));
    let mut links = store.load("acme").await?.links;
    links.sort_by(|one, other| one.employee.cmp(&other.employee));
    ensure(links == expected, || {
        format!("{} links follow a large batch, which are to be {}", links.len(), expected.len())
    })
}

async fn an_action_may_be_intended_again(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    store
        .intend(&lease, &[intent("run-1", "k1", "create", "e1", 5), intent("run-1", "k3", "invite", "e3", 5)])
        .await?;
    store.settle(&lease, &[Settlement::new(key("k3"), false)]).await?;
    let again = [intent("run-2", "k3", "invite", "e3", 6), intent("run-2", "k1", "create", "e1", 6)];
    store.intend(&lease, &again).await?;
    ensure(scene.unsettled("acme").await? == again, || {
        "an action that was intended again stands twice, or as it was before".to_owned()
    })?;
    store.settle(&lease, &[Settlement::new(key("k1"), true), Settlement::new(key("k3"), true)]).await?;
    ensure(scene.unsettled("acme").await?.is_empty(), || "it is still open after it was settled".to_owned())
}

async fn links_follow_settlements(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let (one, two) = (Link::new("e1", "u1"), Link::new("e2", "u2"));
    let outcomes = [&one, &two].map(|link| Settlement::note().with_link(Some(link.clone())));
    store.settle(&lease, &outcomes).await?;
    ensure(scene.links("acme").await? == [one, two.clone()], || "links are not kept".to_owned())?;
    ensure(scene.links("other").await?.is_empty(), || {
        "another connection is given this one's links".to_owned()
    })?;
    let mut moved = Settlement::note().with_link(Some(Link::new("e9", "u1")));
    moved.unlinked = vec![EmployeeId::from("e1")];
    store.settle(&lease, &[moved]).await?;
    ensure(scene.links("acme").await? == [two, Link::new("e9", "u1")], || {
        "a link that goes over to another record is not moved".to_owned()
    })
}

async fn a_link_keeps_all_it_knows(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let mut link = Link::new("e1", "u1");
    (link.deactivated_by_us, link.awaits_invite, link.invites) = (true, true, 3);
    link.external_id = Some("x-1".to_owned());
    link.protected_by = Some("owner@conformance.example".to_owned());
    link.invited_to = Some("digest".to_owned());
    link.granted.insert(Assignment { kind: AssignmentKind::Area, value: "weaving".into() });
    let field = TargetField::JobTitle;
    let learned = Learned::after_write(&field, None, (None, Some("Head of weaving")), Some(Some("Head of")));
    link.learned.insert(field, learned);
    store.settle(&lease, &[Settlement::note().with_link(Some(link.clone()))]).await?;
    ensure(scene.links("acme").await? == [link], || "a link lost something of what it knows".to_owned())
}

async fn a_note_closes_no_action(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    store.intend(&lease, &[intent("run-1", "k1", "update", "e1", 5)]).await?;
    store.settle(&lease, &[Settlement::note().with_link(Some(Link::new("e1", "u1")))]).await?;
    ensure(scene.unsettled("acme").await?.len() == 1, || "a note closed an action".to_owned())
}

async fn writing_to_the_source_stays_held(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let mut held = Settlement::note();
    held.source_hold = Some("digest".to_owned());
    store.settle(&lease, &[held, Settlement::note()]).await?;
    ensure(store.load("acme").await?.source_hold.as_deref() == Some("digest"), || {
        "that the source is not to be written is forgotten".to_owned()
    })
}

async fn what_was_confirmed_is_there_after_opening_again(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    let open = intent("run-1", "k1", "update", "e1", 5);
    store.intend(&lease, std::slice::from_ref(&open)).await?;
    store.settle(&lease, &[Settlement::note().with_link(Some(Link::new("e1", "u1")))]).await?;
    store.finish(&lease, &report("acme", "run-1", 5), Some(&Baseline::default()), None).await?;
    let other = scene.0.reopen().await.map_err(Miss::Skipped)?;
    let state = other.load("acme").await?;
    let same =
        state.unsettled == [open] && state.links == [Link::new("e1", "u1")] && state.baseline.is_some();
    ensure(same && other.history("acme", 9).await?.len() == 1, || {
        "something that was confirmed is gone after opening again".to_owned()
    })?;
    busy(other.acquire("acme", "run-2").await, "taking a lease that another run holds, by another handle")?;
    other.settle(&lease, &[Settlement::new(key("k1"), true)]).await?;
    ensure(scene.unsettled("acme").await?.is_empty(), || {
        "what is written by one handle is not seen by another".to_owned()
    })
}
