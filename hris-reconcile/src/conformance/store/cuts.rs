//! A call that is cut at any point happened, or did not.

use super::super::{MOST_CUTS, cases, cut_after};
use super::*;

cases! { StoreHarness:
    intents_that_are_cut_are_there_whole_or_not_at_all,
    settlements_that_are_cut_are_there_whole_or_not_at_all,
    a_report_that_is_cut_is_there_with_its_baseline_or_not_at_all,
    a_lease_that_is_cut_runs_out,
}

async fn intents_that_are_cut_are_there_whole_or_not_at_all(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    for polls in 0..MOST_CUTS {
        let name = |n: usize| format!("k{polls}-{n}");
        let intents: Vec<Intent> = (0..3).map(|n| intent("run-1", &name(n), "update", &name(n), 5)).collect();
        let done = cut_after(polls, store.intend(&lease, &intents)).await;
        let there = scene.unsettled("acme").await?.len();
        ensure(there == 0 || there == 3, || format!("{there} of 3 intents are there after a cut"))?;
        store.intend(&lease, &intents).await?;
        ensure(scene.unsettled("acme").await? == intents, || {
            "intents that were cut are not there when they are repeated".to_owned()
        })?;
        let outcomes: Vec<Settlement> = (0..3).map(|n| Settlement::new(key(&name(n)), true)).collect();
        store.settle(&lease, &outcomes).await?;
        if done.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

async fn settlements_that_are_cut_are_there_whole_or_not_at_all(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    for polls in 0..MOST_CUTS {
        let names = [format!("k{polls}-1"), format!("k{polls}-2")];
        let intents = names.each_ref().map(|name| intent("run-1", name, "create", name, 5));
        store.intend(&lease, &intents).await?;
        let outcomes = names.each_ref().map(|name| {
            let link = Link::new(name.as_str(), format!("user-{name}"));
            Settlement::new(key(name), true).with_link(Some(link))
        });
        let before = scene.links("acme").await?.len();
        let done = cut_after(polls, store.settle(&lease, &outcomes)).await;
        let (open, links) = (scene.unsettled("acme").await?.len(), scene.links("acme").await?.len() - before);
        ensure((open, links) == (2, 0) || (open, links) == (0, 2), || {
            format!("after a cut {open} of 2 actions are open and {links} of 2 links are there")
        })?;
        store.settle(&lease, &outcomes).await?;
        ensure(scene.unsettled("acme").await?.is_empty(), || {
            "settlements that were cut are not there when they are repeated".to_owned()
        })?;
        if done.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

async fn a_report_that_is_cut_is_there_with_its_baseline_or_not_at_all(scene: &Scene) -> Outcome {
    let store = scene.store();
    let lease = store.acquire("acme", "run-1").await?;
    for polls in 0..MOST_CUTS {
        let run = format!("run-{polls}");
        let mut baseline = Baseline::default();
        baseline.people = u64::try_from(polls).unwrap_or_default() + 1;
        let done =
            cut_after(polls, store.finish(&lease, &report("acme", &run, 5), Some(&baseline), None)).await;
        let told = store.run("acme", &run).await?.is_some();
        let compared = store.load("acme").await?.baseline == Some(baseline);
        ensure(told == compared, || {
            "a report that was cut is there without its baseline, or the other way about".to_owned()
        })?;
        if done.is_some() {
            return ensure(told, || "a report is said to be kept and is not".to_owned());
        }
    }
    Ok(())
}

async fn a_lease_that_is_cut_runs_out(scene: &Scene) -> Outcome {
    for polls in 0..MOST_CUTS {
        let connection = format!("acme-{polls}");
        let done = cut_after(polls, scene.store().acquire(&connection, "run-1")).await;
        if done.is_some() {
            return Ok(());
        }
        let store = scene.0.after(crate::store::LEASE_SECONDS + 5).await.map_err(Miss::Skipped)?;
        store.acquire(&connection, "run-2").await?;
    }
    Ok(())
}
