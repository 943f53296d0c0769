//! Several calls at once: each is answered in its place, and fails alone.

use super::super::{MOST_CUTS, cases, cut_after};
use super::*;
use crate::target::{Batches, Invitation, MOST_AT_ONCE, Write};

cases! { TargetHarness:
    a_batch_of_creations_makes_each_account_and_answers_in_order,
    a_batch_of_every_size_is_whole,
    one_that_is_refused_harms_no_other_of_its_batch,
    of_two_in_a_batch_that_take_one_address_the_first_gets_it,
    a_repeated_batch_has_no_further_effect,
    a_batch_that_was_begun_before_is_finished,
    what_is_gone_of_a_batch_is_done_again,
    invitations_in_a_batch_are_sent_once_a_key,
    a_batch_of_different_writes_does_each,
    several_are_found_each_in_its_place,
    a_batch_that_is_cut_is_finished_by_its_keys,
}

impl Scene {
    fn batches(&self) -> Result<&dyn Batches, Miss> {
        match self.target().powers().batches {
            Some(target) => Ok(target),
            None => skipped("the target takes no batches"),
        }
    }

    /// Accounts of the people of these numbers, as they are to be made. They differ in what they have.
    fn people(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<NewUser> {
        let person = |n: usize| {
            let mut new = self.person(n);
            if n.is_multiple_of(3) {
                let values = new.changes().to_vec();
                let kept = values.into_iter().filter(|change| change.field != TargetField::Department);
                new = NewUser::new(new.status, kept.collect(), Vec::new());
            }
            if n.is_multiple_of(2) && self.target().powers().assigns.is_some() && self.can().assigns {
                let kinds = [AssignmentKind::Role, AssignmentKind::Location, AssignmentKind::Area];
                let given = kinds.into_iter().filter_map(|kind| self.two_of(kind).ok());
                new.assignments = given.map(|[one, _]| give(&one)).collect();
            }
            new
        };
        numbers.into_iter().map(person).collect()
    }

    async fn create_all(&self, people: &[NewUser], keys: &[ActionKey], n: i64) -> Result<Answers, Miss> {
        let writes: Vec<_> =
            people.iter().zip(keys).map(|(new, key)| (Write::Create(new), Call::new(key, now(n)))).collect();
        let answers = self.batches()?.write(&writes).await;
        ensure(answers.len() == people.len(), || {
            format!("a batch of {} calls has {} answers", people.len(), answers.len())
        })?;
        Ok(answers)
    }

    /// Each of these is done, whole, and answered by the id of its own account.
    async fn are_made(&self, people: &[NewUser], answers: Answers) -> Result<Vec<UserId>, Miss> {
        let mut ids = Vec::new();
        for (new, answer) in people.iter().zip(answers) {
            let id = answer?;
            is_whole(&self.can(), new, &self.read(&id).await?)?;
            ids.push(id);
        }
        Ok(ids)
    }

    async fn count(&self, expected: usize, what: &str) -> Outcome {
        let there = self.list().await?.len();
        ensure(there == expected, || {
            format!("{there} accounts are there after {what}, which are to be {expected}")
        })
    }
}

type Answers = Vec<Result<UserId, TargetError>>;

fn keys(scene: &Scene, count: usize) -> Vec<ActionKey> {
    (0..count).map(|_| scene.key()).collect()
}

async fn a_batch_of_creations_makes_each_account_and_answers_in_order(scene: &Scene) -> Outcome {
    scene.batches()?;
    // An order in which no index keeps them.
    let people = scene.people((1..=9).map(|n| n * 7 % 10));
    let answers = scene.create_all(&people, &keys(scene, 9), 0).await?;
    scene.are_made(&people, answers).await?;
    scene.count(9, "a batch of 9 creations").await
}

async fn a_batch_of_every_size_is_whole(scene: &Scene) -> Outcome {
    let batches = scene.batches()?;
    ensure(batches.write(&[]).await.is_empty(), || "an empty batch has answers".to_owned())?;
    ensure(batches.find(&[], now(0)).await?.is_empty(), || "no question has answers".to_owned())?;
    let people = scene.people(1..=1);
    let answers = scene.create_all(&people, &keys(scene, 1), 0).await?;
    scene.are_made(&people, answers).await?;
    let people = scene.people(2..=MOST_AT_ONCE + 1);
    let answers = scene.create_all(&people, &keys(scene, MOST_AT_ONCE), 0).await?;
    scene.are_made(&people, answers).await?;
    scene.count(MOST_AT_ONCE + 1, "a batch of one creation and one of the most").await
}

async fn one_that_is_refused_harms_no_other_of_its_batch(scene: &Scene) -> Outcome {
    scene.batches()?;
    scene.unique(&TargetField::Email)?;
    scene.made(3).await?;
    let mut people = scene.people(1..=6);
    let taken = [
        set(TargetField::ExternalId, "conformance-other"),
        set(TargetField::Email, "person3@conformance.example"),
    ];
    if let Some(third) = people.get_mut(2) {
        *third = NewUser::new(third.status, taken.to_vec(), Vec::new());
    }
    let mut answers = scene.create_all(&people, &keys(scene, 6), 0).await?;
    refused(answers.remove(2), &[TargetErrorKind::Conflict], "a creation with a taken address in a batch")?;
    people.remove(2);
    scene.are_made(&people, answers).await?;
    scene.count(6, "a batch of 6 creations of which one is refused").await
}

async fn of_two_in_a_batch_that_take_one_address_the_first_gets_it(scene: &Scene) -> Outcome {
    scene.batches()?;
    scene.unique(&TargetField::Email)?;
    let mut people = scene.people([1, 2, 3]);
    let values = [
        set(TargetField::ExternalId, "conformance-3"),
        set(TargetField::Email, "person1@conformance.example"),
    ];
    if let Some(third) = people.get_mut(2) {
        *third = NewUser::new(third.status, values.to_vec(), Vec::new());
    }
    let mut answers = scene.create_all(&people, &keys(scene, 3), 0).await?;
    refused(
        answers.remove(2),
        &[TargetErrorKind::Conflict],
        "the second creation with one address in a batch",
    )?;
    people.remove(2);
    scene.are_made(&people, answers).await?;
    scene.count(2, "a batch in which two took one address").await
}

async fn a_repeated_batch_has_no_further_effect(scene: &Scene) -> Outcome {
    scene.batches()?;
    let (people, keys) = (scene.people(1..=5), keys(scene, 5));
    let answers = scene.create_all(&people, &keys, 0).await?;
    let first = scene.are_made(&people, answers).await?;
    let answers = scene.create_all(&people, &keys, 5).await?;
    let again = scene.are_made(&people, answers).await?;
    ensure(first == again, || "a repeated batch answers with other ids".to_owned())?;
    scene.count(5, "a batch of 5 creations that was repeated").await
}

async fn a_batch_that_was_begun_before_is_finished(scene: &Scene) -> Outcome {
    scene.batches()?;
    let (people, keys) = (scene.people(1..=4), keys(scene, 4));
    // As by a batch that was cut, or calls made one by one.
    let mut before = Vec::new();
    for (new, key) in people.iter().zip(&keys).skip(1).step_by(2) {
        before.push(scene.target().create(new, &Call::new(key, now(0))).await?);
    }
    let answers = scene.create_all(&people, &keys, 5).await?;
    let ids = scene.are_made(&people, answers).await?;
    ensure(ids.into_iter().skip(1).step_by(2).eq(before), || {
        "what was done before is answered with another id by a batch".to_owned()
    })?;
    scene.count(4, "a batch of which half was done before").await
}

async fn what_is_gone_of_a_batch_is_done_again(scene: &Scene) -> Outcome {
    let (batches, field) = (scene.batches()?, scene.changeable()?);
    let (one, other) = (scene.made(1).await?, scene.made(2).await?);
    let changes = [set(field.clone(), "Weaving")];
    let keys = keys(scene, 2);
    let [first, second] = &keys[..] else { return failed("two keys are made") };
    for n in [1, 5] {
        let writes = [
            (Write::Update(&one.id, &changes), Call::new(first, now(n))),
            (Write::Update(&other.id, &changes), Call::new(second, now(n))),
        ];
        for answer in batches.write(&writes).await {
            answer?;
        }
        for id in [&one.id, &other.id] {
            ensure(scene.read(id).await?.value(&field) == Some("Weaving"), || {
                "an update in a batch is said to be done, and its value is not there".to_owned()
            })?;
        }
        scene.update(&other.id, &[set(field.clone(), "Spinning")]).await?;
    }
    Ok(())
}

async fn invitations_in_a_batch_are_sent_once_a_key(scene: &Scene) -> Outcome {
    let batches = scene.batches()?;
    if scene.target().powers().invites.is_none() || !scene.can().invites {
        return skipped("the target does not invite");
    }
    let (people, keys) = (scene.people(1..=4), keys(scene, 4));
    let answers = scene.create_all(&people, &self::keys(scene, 4), 0).await?;
    let ids = scene.are_made(&people, answers).await?;
    let invitation = Invitation::new(Some(now(90_000)), false);
    for n in [1, 5] {
        let writes: Vec<_> = ids
            .iter()
            .zip(&keys)
            .map(|(id, key)| (Write::Invite(id, invitation), Call::new(key, now(n))))
            .collect();
        let answers = batches.write(&writes).await;
        ensure(answers.len() == ids.len(), || "a batch of invitations lacks an answer".to_owned())?;
        for (answer, id) in answers.into_iter().zip(&ids) {
            ensure(answer? == *id, || "an invitation in a batch answers with another account".to_owned())?;
        }
    }
    for id in &ids {
        let user = scene.read(id).await?;
        ensure(user.status == UserStatus::Invited, || "an account of a batch is not invited".to_owned())?;
        let sent = user.invite.map(|invite| invite.sent_at);
        ensure(sent == Some(now(1)), || "an invitation of a batch was sent again under its key".to_owned())?;
    }
    Ok(())
}

async fn a_batch_of_different_writes_does_each(scene: &Scene) -> Outcome {
    let (batches, field) = (scene.batches()?, scene.changeable()?);
    let (one, other) = (scene.made(1).await?, scene.made(2).await?);
    let changes = [set(field.clone(), "Weaving")];
    let nobody = UserId::from("987654321");
    let (new, keys) = (scene.person(3), keys(scene, 4));
    let [first, second, third, fourth] = &keys[..] else { return failed("four keys are made") };
    let writes = [
        (Write::Update(&one.id, &changes), Call::new(first, now(1))),
        (Write::Update(&nobody, &changes), Call::new(second, now(1))),
        (Write::Deactivate(&other), Call::new(third, now(1))),
        (Write::Create(&new), Call::new(fourth, now(1))),
    ];
    let mut answers = batches.write(&writes).await;
    ensure(answers.len() == 4, || format!("a batch of 4 calls has {} answers", answers.len()))?;
    refused(answers.remove(1), &[TargetErrorKind::NotFound], "an update of nobody in a batch")?;
    let ids = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    let [updated, closed, made] = &ids[..] else { return failed("three answers are left") };
    ensure((updated, closed) == (&one.id, &other.id), || {
        "a batch answers with other accounts than it was given".to_owned()
    })?;
    ensure(scene.read(&one.id).await?.value(&field) == Some("Weaving"), || {
        format!("{field} was not written by a batch")
    })?;
    ensure(!scene.read(&other.id).await?.is_live(), || "a batch did not close an account".to_owned())?;
    is_whole(&scene.can(), &new, &scene.read(made).await?)
}

async fn several_are_found_each_in_its_place(scene: &Scene) -> Outcome {
    let batches = scene.batches()?;
    let (one, other) = (scene.made(1).await?, scene.made(2).await?);
    scene.close(&other).await?;
    let nobody = UserId::from("987654321");
    let mut by = vec![By::Id(&other.id), By::Id(&nobody), By::Id(&one.id)];
    let mut expected = vec![Some(&other.id), None, Some(&one.id)];
    if scene.can().keeps(&TargetField::ExternalId) {
        by.extend([
            By::ExternalId("conformance-2"),
            By::ExternalId("conformance-77"),
            By::ExternalId("conformance-1"),
        ]);
        expected.extend([Some(&other.id), None, Some(&one.id)]);
    }
    let found = batches.find(&by, now(9)).await?;
    let ids: Vec<Option<&UserId>> = found.iter().map(|user| user.as_ref().map(|user| &user.id)).collect();
    ensure(ids == expected, || "accounts that are looked for together come in wrong places".to_owned())?;
    for user in found.iter().flatten() {
        ensure(scene.target().user(By::Id(&user.id), now(9)).await?.as_ref() == Some(user), || {
            "an account that is found among others is not as it is found alone".to_owned()
        })?;
    }
    Ok(())
}

async fn a_batch_that_is_cut_is_finished_by_its_keys(scene: &Scene) -> Outcome {
    scene.batches()?;
    for polls in 0..MOST_CUTS {
        let first = polls * 3 + 1;
        let (people, keys) = (scene.people(first..first + 3), keys(scene, 3));
        let done = cut_after(polls, scene.create_all(&people, &keys, 0)).await;
        for (n, new) in (first..).zip(&people) {
            for user in scene.bearing(n).await? {
                is_whole(&scene.can(), new, &user)?;
            }
        }
        let answers = scene.create_all(&people, &keys, 5).await?;
        scene.are_made(&people, answers).await?;
        scene.count(first + 2, "a batch that was cut and repeated").await?;
        if done.is_some() {
            return Ok(());
        }
    }
    Ok(())
}
