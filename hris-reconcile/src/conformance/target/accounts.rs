//! Accounts are listed, found, changed and closed.

use super::super::cases;
use super::*;

const NOT_FOUND: &[TargetErrorKind] = &[TargetErrorKind::NotFound];
const CONFLICT: &[TargetErrorKind] = &[TargetErrorKind::Conflict];

fn nobody() -> UserId {
    UserId::from("conformance-nobody")
}

/// Another value of a field than an invented person's.
const OTHER: &str = "Weaving";

cases! { TargetHarness:
    no_accounts_are_an_answer,
    it_passes_its_own_check,
    a_new_account_is_whole,
    everybody_is_listed,
    an_account_is_found_by_its_external_id,
    nobody_is_an_answer_and_no_error,
    closed_accounts_are_listed_and_found,
    only_the_named_fields_are_written,
    a_value_is_taken_away,
    letters_arrive_as_they_are,
    a_long_value_is_kept_whole_or_refused,
    a_taken_address_is_a_conflict,
    an_address_in_capitals_is_the_same_address,
    a_closed_account_holds_its_address,
    an_address_that_was_given_up_is_free,
    a_taken_external_id_is_a_conflict,
    writing_to_nobody_is_an_error,
    closing_keeps_the_account_and_what_it_has,
    closing_one_account_closes_no_other,
    closing_a_closed_account_is_no_error,
    an_account_that_is_somebody_elses_by_now_is_not_closed,
    an_account_whose_job_changed_meanwhile_is_closed,
}

async fn no_accounts_are_an_answer(scene: &Scene) -> Outcome {
    let listed = scene.list().await?.len();
    ensure(listed == 0, || format!("{listed} accounts in a target that was said to have none"))
}

async fn it_passes_its_own_check(scene: &Scene) -> Outcome {
    Ok(scene.target().check(now(0)).await?)
}

async fn a_new_account_is_whole(scene: &Scene) -> Outcome {
    let new = scene.person(1);
    let id = scene.create(&new).await?;
    is_whole(&scene.can(), &new, &scene.read(&id).await?)?;
    match &scene.list().await?[..] {
        [listed] => ensure(*listed == scene.read(&id).await?, || {
            "the list shows an account otherwise than when it is asked for alone".to_owned()
        }),
        listed => failed(format!("{} accounts are listed after one was made", listed.len())),
    }
}

async fn everybody_is_listed(scene: &Scene) -> Outcome {
    const MANY: usize = 120;
    let mut made = std::collections::BTreeSet::new();
    for n in 1..=MANY {
        made.insert(scene.create(&scene.person(n)).await?);
    }
    ensure(made.len() == MANY, || format!("{MANY} people got {} ids", made.len()))?;
    let listed = scene.list().await?;
    let ids: std::collections::BTreeSet<UserId> = listed.iter().map(|user| user.id.clone()).collect();
    ensure(ids == made && listed.len() == MANY, || format!("{} of {MANY} accounts are listed", listed.len()))
}

async fn an_account_is_found_by_its_external_id(scene: &Scene) -> Outcome {
    if !scene.can().keeps(&TargetField::ExternalId) {
        return skipped("the target keeps no external ids");
    }
    let (one, _) = (scene.made(1).await?, scene.made(11).await?);
    let find = async |id: &str| scene.target().user(By::ExternalId(id), now(9)).await;
    let found = find("conformance-1").await?.map(|user| user.id);
    ensure(found == Some(one.id), || "the account of an external id is not found by it".to_owned())?;
    for id in ["conformance", "conformance-111", "Conformance-1", "%", ""] {
        ensure(find(id).await?.is_none(), || {
            format!("an account is found by {id:?}, which is nobody's external id")
        })?;
    }
    Ok(())
}

async fn nobody_is_an_answer_and_no_error(scene: &Scene) -> Outcome {
    scene.made(1).await?;
    for by in [By::Id(&nobody()), By::ExternalId("conformance-nobody")] {
        ensure(scene.target().user(by, now(9)).await?.is_none(), || {
            format!("an account is found by {by:?}, which is nobody's")
        })?;
    }
    Ok(())
}

async fn closed_accounts_are_listed_and_found(scene: &Scene) -> Outcome {
    let user = scene.made(1).await?;
    scene.close(&user).await?;
    let listed = scene.list().await?;
    ensure(listed.iter().any(|other| other.id == user.id), || {
        "a closed account is not listed, so its person would get a second one".to_owned()
    })?;
    if scene.can().keeps(&TargetField::ExternalId) {
        let found = scene.target().user(By::ExternalId("conformance-1"), now(9)).await?;
        ensure(found.is_some_and(|found| found.id == user.id), || {
            "a closed account is not found by its external id".to_owned()
        })?;
    }
    Ok(())
}

async fn only_the_named_fields_are_written(scene: &Scene) -> Outcome {
    let before = scene.made(1).await?;
    let other = scene.made(2).await?;
    let field = scene.changeable()?;
    scene.update(&before.id, &[set(field.clone(), OTHER)]).await?;
    let after = scene.read(&before.id).await?;
    ensure(after.value(&field) == Some(OTHER), || format!("a new value of {field} was not written"))?;
    let mut expected = before.clone();
    expected.put(&field, Some(OTHER));
    expected.changed_at = after.changed_at;
    ensure(after == expected, || format!("writing {field} changed more than that"))?;
    ensure(scene.read(&other.id).await?.value(&field) != Some(OTHER), || {
        "writing to one account changed another".to_owned()
    })
}

async fn a_value_is_taken_away(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    let user = scene.made(1).await?;
    let done = scene.update(&user.id, &[clear(field.clone())]).await;
    if !scene.can().clears(&field) {
        return skipped(format!("the target cannot take {field} away"));
    }
    done?;
    let after = scene.read(&user.id).await?;
    ensure(after.value(&field).is_none(), || format!("{field} was to be taken away and is still there"))
}

async fn letters_arrive_as_they_are(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    let user = scene.made(1).await?;
    for text in [
        "Zo\u{eb} O'Ne\u{301}ill",
        "\u{202e}<b>\"; DROP TABLE users; --",
        "\u{1f980} 100% _?",
        "\\'\\\"",
        "  a  b ",
    ] {
        scene.update(&user.id, &[set(field.clone(), text)]).await?;
        let after = scene.read(&user.id).await?;
        let kept = is_same(&field, Some(text), after.value(&field));
        ensure(kept, || format!("{text:?} was written into {field}, and something else stands there"))?;
    }
    Ok(())
}

async fn a_long_value_is_kept_whole_or_refused(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    let longest = scene.can().support(&field).longest;
    let user = scene.made(1).await?;
    let text: String = std::iter::repeat_n('\u{e9}', longest.unwrap_or(300)).collect();
    match scene.update(&user.id, &[set(field.clone(), &text)]).await {
        Err(error) if error.kind == TargetErrorKind::Rejected && longest.is_none() => {}
        done => done?,
    }
    let after = scene.read(&user.id).await?;
    let kept = after.value(&field) == Some(&text) || after.value(&field) == user.value(&field);
    ensure(kept, || {
        format!("{field} was cut without a word; name the most characters in the capabilities, or refuse")
    })
}

async fn a_taken_address_is_a_conflict(scene: &Scene) -> Outcome {
    scene.unique(&TargetField::Email)?;
    let (one, two) = (scene.made(1).await?, scene.made(2).await?);
    let taken = [
        set(TargetField::ExternalId, "conformance-3"),
        set(TargetField::Email, "person1@conformance.example"),
    ];
    let error = refused(
        scene.create(&NewUser::new(one.status, taken.to_vec(), Vec::new())).await,
        CONFLICT,
        "making an account with a taken address",
    )?;
    ensure(!error.to_string().contains("person1@"), || {
        "the error quotes an address, and errors stand in reports".to_owned()
    })?;
    ensure(scene.list().await?.len() == 2, || {
        "an account was made with an address that was taken".to_owned()
    })?;
    let field = scene.changeable()?;
    let changes = [set(field.clone(), OTHER), set(TargetField::Email, "person1@conformance.example")];
    refused(scene.update(&two.id, &changes).await, CONFLICT, "taking another account's address")?;
    ensure(scene.read(&two.id).await? == two, || "half an update was done".to_owned())
}

async fn an_address_in_capitals_is_the_same_address(scene: &Scene) -> Outcome {
    scene.unique(&TargetField::Email)?;
    let (one, two) = (scene.made(1).await?, scene.made(2).await?);
    let taken = [set(TargetField::Email, "PERSON1@Conformance.example")];
    refused(scene.update(&two.id, &taken).await, CONFLICT, "taking another account's address in capitals")?;
    scene
        .update(&one.id, &taken)
        .await
        .map_err(|_| Miss::Failed("an account cannot have its own address in capitals".to_owned()))
}

async fn a_closed_account_holds_its_address(scene: &Scene) -> Outcome {
    scene.unique(&TargetField::Email)?;
    let (one, two) = (scene.made(1).await?, scene.made(2).await?);
    scene.close(&one).await?;
    let taken = [set(TargetField::Email, "person1@conformance.example")];
    refused(scene.update(&two.id, &taken).await, CONFLICT, "taking a closed account's address")?;
    Ok(())
}

async fn an_address_that_was_given_up_is_free(scene: &Scene) -> Outcome {
    scene.unique(&TargetField::Email)?;
    let (one, two) = (scene.made(1).await?, scene.made(2).await?);
    scene.update(&one.id, &[set(TargetField::Email, "person9@conformance.example")]).await?;
    scene.update(&two.id, &[set(TargetField::Email, "person1@conformance.example")]).await?;
    ensure(scene.bearing(1).await?.len() == 1, || "an address that was given up did not go over".to_owned())
}

async fn a_taken_external_id_is_a_conflict(scene: &Scene) -> Outcome {
    scene.unique(&TargetField::ExternalId)?;
    let one = scene.made(1).await?;
    let taken = [
        set(TargetField::ExternalId, "conformance-1"),
        set(TargetField::Email, "person2@conformance.example"),
    ];
    refused(
        scene.create(&NewUser::new(one.status, taken.to_vec(), Vec::new())).await,
        CONFLICT,
        "making a second account of one external id",
    )?;
    ensure(scene.list().await?.len() == 1, || "two accounts carry one external id".to_owned())
}

async fn writing_to_nobody_is_an_error(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    scene.made(1).await?;
    refused(
        scene.update(&nobody(), &[set(field, OTHER)]).await,
        NOT_FOUND,
        "writing to an id that nobody has",
    )?;
    let seen = User::new(nobody(), UserStatus::Active);
    refused(scene.close(&seen).await, NOT_FOUND, "closing an id that nobody has")?;
    ensure(scene.list().await?.len() == 1, || "an account came from nowhere".to_owned())
}

async fn closing_keeps_the_account_and_what_it_has(scene: &Scene) -> Outcome {
    let before = scene.made(1).await?;
    scene.close(&before).await?;
    let after = scene.read(&before.id).await?;
    ensure(!after.is_live(), || "a closed account is still in use".to_owned())?;
    for (field, _) in scene.person(1).values() {
        ensure(after.value(field) == before.value(field), || format!("closing took {field} away"))?;
    }
    Ok(())
}

async fn closing_one_account_closes_no_other(scene: &Scene) -> Outcome {
    let (one, two) = (scene.made(1).await?, scene.made(11).await?);
    scene.close(&one).await?;
    ensure(scene.read(&two.id).await?.is_live(), || "closing one account closed another".to_owned())
}

async fn closing_a_closed_account_is_no_error(scene: &Scene) -> Outcome {
    let user = scene.made(1).await?;
    scene.close(&user).await?;
    scene.close(&scene.read(&user.id).await?).await?;
    ensure(!scene.read(&user.id).await?.is_live(), || "closing it twice opened it".to_owned())
}

async fn an_account_that_is_somebody_elses_by_now_is_not_closed(scene: &Scene) -> Outcome {
    for field in [TargetField::Email, TargetField::ExternalId] {
        if !scene.can().changes(&field) {
            continue;
        }
        let n = if field == TargetField::Email { 1 } else { 2 };
        let seen = scene.made(n).await?;
        scene.update(&seen.id, &[set(field.clone(), "somebody-else@conformance.example")]).await?;
        refused(
            scene.close(&seen).await,
            &[TargetErrorKind::Changed],
            &format!("closing an account whose {field} changed since it was looked at"),
        )?;
        ensure(scene.read(&seen.id).await?.is_live(), || {
            format!("an account was closed although its {field} changed since it was looked at")
        })?;
    }
    Ok(())
}

async fn an_account_whose_job_changed_meanwhile_is_closed(scene: &Scene) -> Outcome {
    let field = scene.changeable()?;
    let seen = scene.made(1).await?;
    scene.update(&seen.id, &[set(field, OTHER)]).await?;
    scene.close(&seen).await?;
    ensure(!scene.read(&seen.id).await?.is_live(), || "it is said to be closed and is not".to_owned())
}
