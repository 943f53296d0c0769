//! Invitations, assignments, opening again, and what a target remembers.

use super::super::cases;
use super::*;
use crate::target::{Assigns, Invitation, Invites, Reactivates};

impl Scene {
    fn inviter(&self) -> Result<&dyn Invites, Miss> {
        match self.target().powers().invites.filter(|_| self.can().invites) {
            Some(inviter) => Ok(inviter),
            None => skipped("the target does not invite"),
        }
    }

    fn opener(&self) -> Result<&dyn Reactivates, Miss> {
        match self.target().powers().reactivates.filter(|_| self.can().reactivates) {
            Some(opener) => Ok(opener),
            None => skipped("the target opens no account again"),
        }
    }

    fn assigner(&self) -> Result<&dyn Assigns, Miss> {
        match self.target().powers().assigns.filter(|_| self.can().assigns) {
            Some(assigner) => Ok(assigner),
            None => skipped("the target keeps no permission levels, locations and areas"),
        }
    }

    /// The account of the first invented person, in use.
    async fn active(&self) -> Result<User, Miss> {
        let mut new = self.person(1);
        new.status = UserStatus::Active;
        let id = self.create(&new).await?;
        self.read(&id).await
    }
}

fn invitation() -> Invitation {
    Invitation::new(Some(now(86_400)), false)
}

const NOBODY: &str = "conformance-nobody";

cases! { TargetHarness:
    an_invitation_is_seen_with_its_time,
    an_invitation_is_sent_once_a_key,
    an_invitation_is_sent_again_under_another_key,
    who_has_joined_is_not_invited,
    an_invitation_opens_no_closed_account,
    nobody_is_invited_by_an_id_that_nobody_has,
    an_account_is_opened_as_it_was,
    opening_an_open_account_changes_nothing,
    nobody_is_opened_by_an_id_that_nobody_has,
    a_new_account_has_what_it_is_given,
    what_is_given_is_there_and_what_is_taken_is_gone,
    assigning_leaves_fields_and_status_alone,
    assigning_to_nobody_is_an_error,
    it_tells_what_was_done_under_a_key,
    it_is_told_from_others_by_its_id,
    nothing_is_left_under_way,
}

async fn an_invitation_is_seen_with_its_time(scene: &Scene) -> Outcome {
    let inviter = scene.inviter()?;
    let (user, key) = (scene.made(1).await?, scene.key());
    inviter.invite(&user.id, &invitation(), &Call::new(&key, now(3))).await?;
    let after = scene.read(&user.id).await?;
    ensure(after.status == UserStatus::Invited, || {
        format!("an invited account is {}", after.status.as_str())
    })?;
    let sent = after.invite.map(|invite| (invite.sent_at, invite.accepted_at));
    ensure(sent == Some((now(3), None)), || "the invitation does not show when it was sent".to_owned())
}

async fn an_invitation_is_sent_once_a_key(scene: &Scene) -> Outcome {
    let inviter = scene.inviter()?;
    let (user, key) = (scene.made(1).await?, scene.key());
    for n in [3, 5] {
        inviter.invite(&user.id, &invitation(), &Call::new(&key, now(n))).await?;
    }
    let sent = scene.read(&user.id).await?.invite.map(|invite| invite.sent_at);
    ensure(sent == Some(now(3)), || "an invitation was sent twice under one key".to_owned())
}

async fn an_invitation_is_sent_again_under_another_key(scene: &Scene) -> Outcome {
    let inviter = scene.inviter()?;
    let user = scene.made(1).await?;
    for n in [3, 5] {
        inviter.invite(&user.id, &Invitation::new(None, n > 3), &Call::new(&scene.key(), now(n))).await?;
    }
    let sent = scene.read(&user.id).await?.invite.map(|invite| invite.sent_at);
    ensure(sent == Some(now(5)), || "a second invitation was not sent, or does not show".to_owned())
}

async fn who_has_joined_is_not_invited(scene: &Scene) -> Outcome {
    let inviter = scene.inviter()?;
    let user = scene.active().await?;
    match inviter.invite(&user.id, &invitation(), &Call::new(&scene.key(), now(3))).await {
        Err(error) if error.kind != TargetErrorKind::Rejected => return Err(error.into()),
        _ => {}
    }
    let after = scene.read(&user.id).await?;
    ensure(after.status == UserStatus::Active, || {
        format!("an account in use became {} by an invitation", after.status.as_str())
    })
}

async fn an_invitation_opens_no_closed_account(scene: &Scene) -> Outcome {
    let inviter = scene.inviter()?;
    let user = scene.made(1).await?;
    scene.close(&user).await?;
    // Whether it is refused does not matter.
    let _ = inviter.invite(&user.id, &invitation(), &Call::new(&scene.key(), now(3))).await;
    ensure(!scene.read(&user.id).await?.is_live(), || "an invitation opened a closed account".to_owned())
}

async fn nobody_is_invited_by_an_id_that_nobody_has(scene: &Scene) -> Outcome {
    let done =
        scene.inviter()?.invite(&UserId::from(NOBODY), &invitation(), &Call::new(&scene.key(), now(3))).await;
    refused(done, &[TargetErrorKind::NotFound], "inviting an id that nobody has")?;
    Ok(())
}

async fn an_account_is_opened_as_it_was(scene: &Scene) -> Outcome {
    let opener = scene.opener()?;
    let mut users = vec![scene.active().await?];
    if let Ok(inviter) = scene.inviter() {
        let (pending, invited) = (scene.made(2).await?, scene.made(3).await?);
        inviter.invite(&invited.id, &invitation(), &Call::new(&scene.key(), now(1))).await?;
        users.extend([pending, scene.read(&invited.id).await?]);
    }
    for before in users {
        scene.close(&before).await?;
        opener.reactivate(&before.id, &Call::new(&scene.key(), now(4))).await?;
        let after = scene.read(&before.id).await?;
        ensure(after.status == before.status, || {
            format!(
                "an account that was {} is {} after it was closed and opened",
                before.status.as_str(),
                after.status.as_str()
            )
        })?;
        for (field, _) in scene.person(1).values() {
            ensure(after.value(field) == before.value(field), || {
                format!("opening an account changed its {field}")
            })?;
        }
    }
    Ok(())
}

async fn opening_an_open_account_changes_nothing(scene: &Scene) -> Outcome {
    let opener = scene.opener()?;
    let before = scene.made(1).await?;
    opener.reactivate(&before.id, &Call::new(&scene.key(), now(4))).await?;
    ensure(scene.read(&before.id).await?.status == before.status, || {
        "opening an open account changed where it stands".to_owned()
    })
}

async fn nobody_is_opened_by_an_id_that_nobody_has(scene: &Scene) -> Outcome {
    let done = scene.opener()?.reactivate(&UserId::from(NOBODY), &Call::new(&scene.key(), now(4))).await;
    refused(done, &[TargetErrorKind::NotFound], "opening an id that nobody has")?;
    Ok(())
}

async fn a_new_account_has_what_it_is_given(scene: &Scene) -> Outcome {
    scene.assigner()?;
    let mut new = scene.person(1);
    for kind in [AssignmentKind::Role, AssignmentKind::Location, AssignmentKind::Area] {
        new.assignments.push(give(&scene.two_of(kind)?[0]));
    }
    let id = scene.create(&new).await?;
    is_whole(&scene.can(), &new, &scene.read(&id).await?)
}

async fn what_is_given_is_there_and_what_is_taken_is_gone(scene: &Scene) -> Outcome {
    let assigner = scene.assigner()?;
    let user = scene.made(1).await?;
    let assign = async |changes: &[AssignmentChange]| {
        assigner.assign(&user.id, changes, &Call::new(&scene.key(), now(3))).await
    };
    for kind in [AssignmentKind::Location, AssignmentKind::Area] {
        let [one, other] = scene.two_of(kind)?;
        assign(&[give(&one)]).await?;
        assign(&[give(&other)]).await?;
        assign(&[give(&other)]).await?;
        let there = scene.read(&user.id).await?.assignments;
        ensure(there.contains(&one) && there.contains(&other), || {
            format!("giving a second {} took the first away, or did nothing", kind.as_str())
        })?;
        assign(&[take(&one)]).await?;
        assign(&[take(&one)]).await?;
        let there = scene.read(&user.id).await?.assignments;
        ensure(!there.contains(&one) && there.contains(&other), || {
            format!("taking one {} took another too, or did nothing", kind.as_str())
        })?;
    }
    let [one, other] = scene.two_of(AssignmentKind::Role)?;
    assign(&[take(&one), give(&other)]).await?;
    ensure(scene.read(&user.id).await?.role == Some(other.value.clone()), || {
        "a permission level was not given".to_owned()
    })?;
    assign(&[take(&other)]).await?;
    ensure(scene.read(&user.id).await?.role.is_none(), || "a permission level was not taken back".to_owned())
}

async fn assigning_leaves_fields_and_status_alone(scene: &Scene) -> Outcome {
    let assigner = scene.assigner()?;
    let before = scene.made(1).await?;
    let [area, _] = scene.two_of(AssignmentKind::Area)?;
    assigner.assign(&before.id, &[give(&area)], &Call::new(&scene.key(), now(3))).await?;
    let mut after = scene.read(&before.id).await?;
    ensure(after.assignments.remove(&area), || "an area was not given".to_owned())?;
    after.changed_at = before.changed_at;
    ensure(after == before, || "assigning changed something else".to_owned())
}

async fn assigning_to_nobody_is_an_error(scene: &Scene) -> Outcome {
    let [area, _] = scene.two_of(AssignmentKind::Area)?;
    let done = scene
        .assigner()?
        .assign(&UserId::from(NOBODY), &[give(&area)], &Call::new(&scene.key(), now(3)))
        .await;
    refused(done, &[TargetErrorKind::NotFound], "assigning to an id that nobody has")?;
    Ok(())
}

async fn it_tells_what_was_done_under_a_key(scene: &Scene) -> Outcome {
    let Some(memory) = scene.target().powers().remembers else {
        return skipped("the target remembers no keys");
    };
    let (key, other) = (scene.key(), scene.made(2).await?);
    let id = scene.target().create(&scene.person(1), &Call::new(&key, now(0))).await?;
    for (key, user, done) in [(&key, &id, true), (&key, &other.id, false), (&scene.key(), &id, false)] {
        let told = memory.applied(key, user).await?;
        ensure(told.is_none_or(|told| told == done), || {
            format!("it says {told:?} of a call, where {done} is right")
        })?;
    }
    // What became of its effect since does not matter.
    scene.close(&scene.read(&id).await?).await?;
    let told = memory.applied(&key, &id).await?;
    ensure(told != Some(false), || "a call is forgotten once its account changed".to_owned())
}

async fn it_is_told_from_others_by_its_id(scene: &Scene) -> Outcome {
    let Some(memory) = scene.target().powers().remembers else {
        return skipped("the target has no id of its own");
    };
    scene.made(1).await?;
    let Some(id) = memory.identity().await? else { return skipped("the target has no id of its own") };
    scene.made(2).await?;
    ensure(memory.identity().await?.as_ref() == Some(&id), || "its id is another one each time".to_owned())?;
    if let Ok(other) = scene.stage.reopen().await {
        let again = match other.powers().remembers {
            Some(memory) => memory.identity().await?,
            None => None,
        };
        ensure(again == Some(id), || "its id is another one after opening again".to_owned())?;
    }
    Ok(())
}

async fn nothing_is_left_under_way(scene: &Scene) -> Outcome {
    match scene.target().powers().settles {
        Some(settles) => Ok(settles.settle().await?),
        None => skipped("the target has nothing under way"),
    }
}
