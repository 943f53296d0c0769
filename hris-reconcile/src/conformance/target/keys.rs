//! A call of one key takes effect once, as long as its effect stands.

use super::super::cases;
use super::*;

cases! { TargetHarness:
    a_repeated_creation_makes_one_account,
    a_repeated_update_is_no_error,
    an_update_whose_effect_is_gone_is_done_again,
    a_closing_whose_effect_is_gone_is_done_again,
    a_creation_is_done_again_once_its_account_is_gone,
    an_id_that_is_given_again_is_not_taken_for_the_account_before,
    what_was_done_is_there_after_opening_again,
    two_callers_with_one_key_make_one_account,
    two_callers_cannot_both_take_an_address,
    two_callers_who_write_two_fields_both_do,
}

async fn a_repeated_creation_makes_one_account(scene: &Scene) -> Outcome {
    let (new, key) = (scene.person(1), scene.key());
    let first = scene.target().create(&new, &Call::new(&key, now(0))).await?;
    let again = scene.target().create(&new, &Call::new(&key, now(5))).await?;
    ensure(first == again, || "a repeated creation answers with another id".to_owned())?;
    let there = scene.bearing(1).await?.len();
    ensure(there == 1, || format!("a repeated creation made {there} accounts"))
}

async fn a_repeated_update_is_no_error(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    let (user, key) = (scene.made(1).await?, scene.key());
    for n in [1, 5] {
        scene.target().update(&user.id, &[set(field.clone(), "Weaving")], &Call::new(&key, now(n))).await?;
    }
    ensure(scene.read(&user.id).await?.value(&field) == Some("Weaving"), || {
        format!("{field} was not written")
    })
}

async fn an_update_whose_effect_is_gone_is_done_again(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    let (user, key) = (scene.made(1).await?, scene.key());
    let write = async |n| {
        scene.target().update(&user.id, &[set(field.clone(), "Weaving")], &Call::new(&key, now(n))).await
    };
    write(1).await?;
    scene.update(&user.id, &[set(field.clone(), "Spinning")]).await?;
    write(5).await?;
    ensure(scene.read(&user.id).await?.value(&field) == Some("Weaving"), || {
        "a repeated update is said to be done, and its value is not there".to_owned()
    })
}

async fn a_closing_whose_effect_is_gone_is_done_again(scene: &Scene) -> Outcome {
    let can = scene.can();
    let Some(opens) = scene.target().powers().reactivates.filter(|_| can.reactivates) else {
        return skipped("the target opens no account again");
    };
    let (user, key) = (scene.made(1).await?, scene.key());
    for n in [1, 5] {
        scene.target().deactivate(&user, &Call::new(&key, now(n))).await?;
        ensure(!scene.read(&user.id).await?.is_live(), || {
            "a closing is said to be done, and the account is in use".to_owned()
        })?;
        opens.reactivate(&user.id, &Call::new(&scene.key(), now(n + 1))).await?;
    }
    Ok(())
}

async fn a_creation_is_done_again_once_its_account_is_gone(scene: &Scene) -> Outcome {
    let (new, key) = (scene.person(1), scene.key());
    let first = scene.target().create(&new, &Call::new(&key, now(0))).await?;
    scene.stage.remove(&first).await.map_err(Miss::Skipped)?;
    let again = scene.target().create(&new, &Call::new(&key, now(5))).await?;
    is_whole(&scene.can(), &new, &scene.read(&again).await?)
}

async fn an_id_that_is_given_again_is_not_taken_for_the_account_before(scene: &Scene) -> Outcome {
    let (new, key) = (scene.person(1), scene.key());
    let first = scene.target().create(&new, &Call::new(&key, now(0))).await?;
    scene.stage.remove(&first).await.map_err(Miss::Skipped)?;
    let second = scene.create(&scene.person(2)).await?;
    let again = scene.target().create(&new, &Call::new(&key, now(5))).await?;
    ensure(again != second, || {
        "a repeated creation answers with an id that is another person's by now".to_owned()
    })?;
    is_whole(&scene.can(), &new, &scene.read(&again).await?)
}

async fn what_was_done_is_there_after_opening_again(scene: &Scene) -> Outcome {
    let (new, key) = (scene.person(1), scene.key());
    let first = scene.target().create(&new, &Call::new(&key, now(0))).await?;
    let other = scene.stage.reopen().await.map_err(Miss::Skipped)?;
    let found = other.user(By::Id(&first), now(9)).await?;
    let Some(found) = found else { return failed("an account is not there any more after opening again") };
    is_whole(&scene.can(), &new, &found)?;
    let again = other.create(&new, &Call::new(&key, now(5))).await?;
    ensure(again == first, || "keys are forgotten when the target is opened again".to_owned())
}

async fn two_callers_with_one_key_make_one_account(scene: &Scene) -> Outcome {
    let (new, key) = (scene.person(1), scene.key());
    let call = Call::new(&key, now(0));
    let target = scene.target();
    let (one, other) =
        futures_util::future::join(target.create(&new, &call), target.create(&new, &call)).await;
    let there = scene.bearing(1).await?.len();
    ensure(there == 1, || format!("two callers with one key made {there} accounts"))?;
    ensure(one.is_ok() || other.is_ok(), || "neither of two callers learns that it was done".to_owned())?;
    match (one, other) {
        (Ok(one), Ok(other)) => {
            ensure(one == other, || "two callers with one key get two accounts".to_owned())
        }
        _ => Ok(()),
    }
}

async fn two_callers_cannot_both_take_an_address(scene: &Scene) -> Outcome {
    scene.unique(&TargetField::Email)?;
    let address = |n: usize| {
        let values = [
            set(TargetField::ExternalId, &format!("conformance-{n}")),
            set(TargetField::Email, "person1@conformance.example"),
        ];
        NewUser::new(scene.person(n).status, values.to_vec(), Vec::new())
    };
    let (one, other) = (address(1), address(2));
    let done = futures_util::future::join(scene.create(&one), scene.create(&other)).await;
    let there = scene.bearing(1).await?.len();
    ensure(there == 1, || format!("{there} accounts have one address after two callers took it"))?;
    ensure(done.0.is_ok() != done.1.is_ok(), || "both of two callers get the same address".to_owned())
}

async fn two_callers_who_write_two_fields_both_do(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    let can = scene.can();
    let custom = TargetField::Custom("conformance".to_owned());
    let second = [TargetField::FamilyName, TargetField::GivenName, custom];
    let Some(second) = second.into_iter().find(|other| *other != field && can.changes(other)) else {
        return skipped("the target keeps no second field that can be changed");
    };
    let user = scene.made(1).await?;
    let (left, right) = ([set(field.clone(), "Weaving")], [set(second.clone(), "Spinning")]);
    let (one, other) =
        futures_util::future::join(scene.update(&user.id, &left), scene.update(&user.id, &right)).await;
    one?;
    other?;
    let after = scene.read(&user.id).await?;
    let both = after.value(&field) == Some("Weaving") && after.value(&second) == Some("Spinning");
    ensure(both, || "one of two writes at once is lost".to_owned())
}
