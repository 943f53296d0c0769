//! A call that is cut at any point is whole or not at all, and its key finishes it.

use super::super::{MOST_CUTS, cases, cut_after};
use super::*;

impl Scene {
    /// An account of the `n`-th person with assignments, where they are kept.
    fn furnished(&self, n: usize) -> NewUser {
        let mut new = self.person(n);
        if self.target().powers().assigns.is_some() && self.can().assigns {
            let kinds = [AssignmentKind::Role, AssignmentKind::Location, AssignmentKind::Area];
            let given = kinds.into_iter().filter_map(|kind| self.two_of(kind).ok());
            new.assignments = given.map(|[one, _]| give(&one)).collect();
        }
        new
    }
}

cases! { TargetHarness:
    a_creation_that_is_cut_is_whole_or_nothing,
    an_update_that_is_cut_is_whole_or_nothing,
    a_closing_that_is_cut_is_finished_by_its_key,
}

async fn a_creation_that_is_cut_is_whole_or_nothing(scene: &Scene) -> Outcome {
    for polls in 0..MOST_CUTS {
        let (new, key) = (scene.furnished(polls + 1), scene.key());
        let call = Call::new(&key, now(0));
        let done = cut_after(polls, scene.target().create(&new, &call)).await;
        for user in scene.bearing(polls + 1).await? {
            is_whole(&scene.can(), &new, &user)?;
        }
        let id = scene.target().create(&new, &call).await?;
        is_whole(&scene.can(), &new, &scene.read(&id).await?)?;
        let there = scene.bearing(polls + 1).await?.len();
        ensure(there == 1, || format!("a creation that was cut and repeated made {there} accounts"))?;
        ensure(scene.list().await?.len() == polls + 1, || {
            "a creation that was cut left an account behind that has no address".to_owned()
        })?;
        if done.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

async fn an_update_that_is_cut_is_whole_or_nothing(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    let can = scene.can();
    let fields = [TargetField::FamilyName, TargetField::GivenName, TargetField::Department];
    let Some(second) = fields.into_iter().find(|other| *other != field && can.changes(other)) else {
        return skipped("the target keeps no second field that can be changed");
    };
    let user = scene.made(1).await?;
    for polls in 0..MOST_CUTS {
        let (key, value) = (scene.key(), format!("Value {polls}"));
        let changes = [set(field.clone(), &value), set(second.clone(), &value)];
        let call = Call::new(&key, now(1));
        let done = cut_after(polls, scene.target().update(&user.id, &changes, &call)).await;
        let after = scene.read(&user.id).await?;
        let has = |field: &TargetField| after.value(field) == Some(&value);
        ensure(has(&field) == has(&second), || "half of an update that was cut is done".to_owned())?;
        scene.target().update(&user.id, &changes, &call).await?;
        let after = scene.read(&user.id).await?;
        let both = [&field, &second].iter().all(|field| after.value(field) == Some(&value));
        ensure(both, || "an update that was cut is not done when it is repeated".to_owned())?;
        if done.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

async fn a_closing_that_is_cut_is_finished_by_its_key(scene: &Scene) -> Outcome {
    for polls in 0..MOST_CUTS {
        let (user, key) = (scene.made(polls + 1).await?, scene.key());
        let call = Call::new(&key, now(2));
        let done = cut_after(polls, scene.target().deactivate(&user, &call)).await;
        // It must still be there.
        scene.read(&user.id).await?;
        scene.target().deactivate(&user, &call).await?;
        ensure(!scene.read(&user.id).await?.is_live(), || {
            "a closing that was cut is not done when it is repeated".to_owned()
        })?;
        if done.is_some() {
            return Ok(());
        }
    }
    Ok(())
}
