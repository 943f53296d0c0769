//! One account, one holder: what connections of one state see of each other.

use hris_core::UserId;
use hris_core::reconcile::{AccountClaim, Handover, Held, Others};

use super::super::cases;
use super::*;

fn baseline(target: Option<&str>) -> Baseline {
    let mut baseline = Baseline::default();
    baseline.target = target.map(str::to_owned);
    baseline.vendor = "memory".to_owned();
    baseline.fingerprint.organisation = Some("org".to_owned());
    baseline
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
    let handover: Handover = document(json!({ "employee": employee, "user": user, "to": to }));
    let mut settlement = Settlement::note();
    settlement.unlinked = vec![handover.employee.clone()];
    settlement.hand_over = Some(handover);
    settlement
}

fn holder<'a>(others: &'a Others, user: &str) -> Option<&'a Held> {
    others.held.get(&UserId::from(user))
}

impl Scene {
    /// A connection whose last whole run was against a target and that has these links.
    async fn connected(&self, name: &str, target: Option<&str>, links: &[Link]) -> Result<Lease, Miss> {
        let store = self.store();
        let lease = store.acquire(name, "run-1").await?;
        for link in links {
            store.settle(&lease, &[Settlement::note().with_link(Some(link.clone()))]).await?;
        }
        store.finish(&lease, &report(name, "run-1", 1), Some(&baseline(target)), None).await?;
        Ok(lease)
    }

    async fn claims(&self, lease: &Lease, claims: Option<&[AccountClaim]>) -> Result<(), Miss> {
        Ok(self.store().finish(lease, &report(&lease.connection, "run-2", 2), None, claims).await?)
    }
}

cases! { StoreHarness:
    holders_in_the_same_target_are_told,
    a_connection_counts_wherever_it_wrote,
    organisations_are_told,
    what_is_being_linked_or_made_is_told,
    a_cut_run_goes_before_a_holder_that_closed_the_account,
    where_a_cut_run_wrote_is_told,
    claims_stay_until_others_take_their_place,
    an_account_is_handed_over_in_one_step,
    an_account_that_nobody_waits_for_stays,
    only_a_closed_account_is_taken_over,
}

async fn holders_in_the_same_target_are_told(scene: &Scene) -> Outcome {
    let store = scene.store();
    scene.connected("one", Some("t1"), &[Link::new("e1", "a"), closed("e2", "b")]).await?;
    scene.connected("two", Some("t2"), &[Link::new("e1", "c")]).await?;
    scene.connected("none", None, &[Link::new("e1", "b"), Link::new("e3", "d")]).await?;
    let others = store.others("me", Some("t1")).await?;
    ensure(holder(&others, "a") == Some(&Held::new("one", false).giving("e1")), || {
        "an account that another connection holds is not listed".to_owned()
    })?;
    ensure(holder(&others, "b") == Some(&Held::new("none", false).giving("e1")), || {
        "of two holders it is not the one who did not close the account".to_owned()
    })?;
    ensure(holder(&others, "c").is_none(), || "an account of another target is listed".to_owned())?;
    ensure(holder(&others, "d").is_some(), || {
        "a connection that does not know its target counts as of another one".to_owned()
    })?;
    let unknown = store.others("me", None).await?;
    ensure(holder(&unknown, "c").is_some(), || {
        "where the target is unknown, another connection's account is not listed".to_owned()
    })?;
    let own = store.others("one", Some("t1")).await?;
    ensure(holder(&own, "a").is_none(), || "a connection is listed for itself as another one".to_owned())
}

async fn a_connection_counts_wherever_it_wrote(scene: &Scene) -> Outcome {
    let store = scene.store();
    let moved = scene.connected("moved", Some("t3"), &[Link::new("e5", "m")]).await?;
    let mut also = baseline(Some("t3"));
    also.also_in.insert("t1".to_owned());
    store.finish(&moved, &report("moved", "run-2", 2), Some(&also), None).await?;
    ensure(holder(&store.others("me", Some("t1")).await?, "m").is_some(), || {
        "a connection that wrote to this target too is not listed".to_owned()
    })?;
    ensure(holder(&store.others("me", Some("t2")).await?, "m").is_none(), || {
        "a connection is listed for a target where it never was".to_owned()
    })
}

async fn organisations_are_told(scene: &Scene) -> Outcome {
    scene.connected("one", Some("t1"), &[]).await?;
    scene.connected("two", Some("t2"), &[]).await?;
    let others = scene.store().others("me", Some("t1")).await?;
    let told: Vec<_> = others.organisations.into_iter().collect();
    let expected = ("one".to_owned(), ("memory".to_owned(), "org".to_owned()));
    ensure(told == [expected], || {
        "the organisation of another connection is missing, or one of another target is listed".to_owned()
    })
}

async fn what_is_being_linked_or_made_is_told(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = scene.connected("one", None, &[]).await?;
    let mut create = intent("run-2", "k2", "create", "e2", 5);
    create.action = document(json!({
        "key": "k2", "kind": "create", "employee": "e2", "user": null, "grants": [], "situation": "joiner",
        "changes": [{ "field": "external_id", "from": null, "to": "x-2" }], "reason": "new_employee",
    }));
    store.intend(&lease, &[intent("run-2", "k1", "link", "e1", 5), create]).await?;
    let others = store.others("me", None).await?;
    ensure(holder(&others, "user-e1").is_some(), || {
        "an account that another connection is about to link is not listed".to_owned()
    })?;
    ensure(others.making.get("x-2").map(String::as_str) == Some("one"), || {
        "an account that another connection is about to create is not listed".to_owned()
    })
}

async fn a_cut_run_goes_before_a_holder_that_closed_the_account(scene: &Scene) -> Outcome {
    let store = scene.store();
    let cut = scene.connected("cut", Some("t1"), &[]).await?;
    scene.connected("two", Some("t1"), &[closed("e2", "user-e3"), Link::new("e4", "user-e4")]).await?;
    let links = ["e3", "e4"].map(|employee| intent("run-2", employee, "link", employee, 5));
    store.intend(&cut, &links).await?;
    let others = store.others("me", Some("t1")).await?;
    let by = |user: &str| holder(&others, user).map(|held| (held.connection.as_str(), held.closed));
    ensure(by("user-e3") == Some(("cut", false)), || {
        "an account that an interrupted run may have linked is listed as one that another connection closed"
            .to_owned()
    })?;
    ensure(by("user-e4") == Some(("two", false)), || {
        "what a cut run may have linked goes before a link that is known".to_owned()
    })
}

async fn where_a_cut_run_wrote_is_told(scene: &Scene) -> Outcome {
    let store = scene.store();
    let cut = scene.connected("cut", Some("t1"), &[Link::new("e1", "cut-a")]).await?;
    let mut reaches = Settlement::note();
    reaches.also_in = Some("t2".to_owned());
    store.settle(&cut, &[reaches]).await?;
    for target in ["t1", "t2"] {
        let others = store.others("me", Some(target)).await?;
        ensure(holder(&others, "cut-a").is_some(), || {
            format!("an account of a run that said it writes to {target} is not listed there")
        })?;
    }
    let baseline = store.load("cut").await?.baseline;
    let kept = baseline.is_some_and(|baseline| baseline.target.as_deref() == Some("t1"));
    ensure(kept, || "a target that a run also wrote to took the place of its own".to_owned())
}

async fn claims_stay_until_others_take_their_place(scene: &Scene) -> Outcome {
    let store = scene.store();
    let one = scene.connected("one", None, &[]).await?;
    let claims = [claim("e9", "c"), claim("e8", "d")];
    let claimed = async || -> Result<usize, Miss> { Ok(store.others("me", None).await?.claimed.len()) };
    scene.claims(&one, Some(&claims)).await?;
    ensure(claimed().await? == 2, || "the claims of another connection are not listed".to_owned())?;
    ensure(store.others("one", None).await?.claimed.is_empty(), || {
        "a connection sees its own claims as another's".to_owned()
    })?;
    scene.claims(&one, None).await?;
    ensure(claimed().await? == 2, || "a run about one person ended the claims of a connection".to_owned())?;
    scene.claims(&one, Some(&claims[..1])).await?;
    ensure(claimed().await? == 1, || "later claims do not take the place of earlier ones".to_owned())?;
    scene.claims(&one, Some(&[])).await?;
    ensure(claimed().await? == 0, || "claims stay although there are none any more".to_owned())
}

async fn an_account_is_handed_over_in_one_step(scene: &Scene) -> Outcome {
    let store = scene.store();
    let mut ours = Link::new("e1", "given");
    (ours.awaits_invite, ours.deactivated_by_us, ours.invites) = (true, true, 2);
    let giver = scene.connected("from", None, &[ours.clone(), Link::new("e2", "kept")]).await?;
    let taker = scene.connected("to", None, &[]).await?;
    scene.claims(&taker, Some(&[claim("t1", "given")])).await?;
    store.settle(&giver, &[handover("e1", "given", "to")]).await?;
    let mut expected = ours;
    expected.employee = EmployeeId::from("t1");
    expected.deactivated_by_us = false;
    ensure(scene.links("to").await? == [expected], || {
        "the connection that waits for an account does not get it as it was".to_owned()
    })?;
    ensure(scene.links("from").await? == [Link::new("e2", "kept")], || {
        "an account that was handed over is held by both, or another one went too".to_owned()
    })?;
    ensure(store.others("from", None).await?.claimed.is_empty(), || {
        "a claim stays although the account came".to_owned()
    })
}

async fn an_account_that_nobody_waits_for_stays(scene: &Scene) -> Outcome {
    let store = scene.store();
    let giver = scene.connected("from", None, &[Link::new("e2", "kept")]).await?;
    let taker = scene.connected("to", None, &[Link::new("t9", "other")]).await?;
    scene.claims(&taker, Some(&[claim("t9", "kept")])).await?;
    // The one who waits has an account by now, and the other connection does not exist.
    store.settle(&giver, &[handover("e2", "kept", "to"), handover("e2", "kept", "nobody")]).await?;
    ensure(scene.links("from").await? == [Link::new("e2", "kept")], || {
        "an account was given to a connection that does not take it".to_owned()
    })?;
    ensure(scene.links("to").await? == [Link::new("t9", "other")], || {
        "a person got a second account".to_owned()
    })
}

async fn only_a_closed_account_is_taken_over(scene: &Scene) -> Outcome {
    let store = scene.store();
    scene.connected("from", None, &[closed("e1", "taken"), Link::new("e2", "open")]).await?;
    let taker = scene.connected("to", None, &[]).await?;
    for (employee, user) in [("t1", "taken"), ("t2", "open")] {
        let mut settlement = Settlement::note().with_link(Some(Link::new(employee, user)));
        settlement.takes_over = Some("from".to_owned());
        store.settle(&taker, &[settlement]).await?;
    }
    ensure(scene.links("from").await? == [Link::new("e2", "open")], || {
        "a connection lost an account that it had not closed, or keeps one that was taken over".to_owned()
    })?;
    ensure(scene.links("to").await?.len() == 2, || "a link that was taken over is not there".to_owned())
}
