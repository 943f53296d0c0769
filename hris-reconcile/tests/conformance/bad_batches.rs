//! Targets that are wrong only where they are given several calls at once.

use async_trait::async_trait;
use hris_core::reconcile::{ActionKey, Change};
use hris_core::{TargetField, Timestamp, User, UserId};
use hris_reconcile::conformance::{self, TargetHarness, TargetStage};
use hris_reconcile::target::{
    Assigns, Batches, By, Call, Invites, NewUser, Powers, Reactivates, Remembers, Target, TargetCapabilities,
    TargetError, Write,
};
use hris_reconcile::targets::MemoryTarget;

/// What is wrong with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AnswersInAnotherOrder,
    DoesTheLastFirst,
    FindsInAnotherOrder,
    FindsOnlyWhoIsThere,
    HalfAnAccountWhenCut,
    HalfOfAFailedBatch,
    InvitesAgain,
    KeysOutliveTheirEffect,
    LosesARow,
    RepeatsADoneKey,
    StopsAtTheFirstFailure,
}

/// Each bug, and the case that finds it.
const FOUND: [(Bug, &str); 11] = [
    (Bug::AnswersInAnotherOrder, "a_batch_of_creations_makes_each_account_and_answers_in_order"),
    (Bug::DoesTheLastFirst, "of_two_in_a_batch_that_take_one_address_the_first_gets_it"),
    (Bug::FindsInAnotherOrder, "several_are_found_each_in_its_place"),
    (Bug::FindsOnlyWhoIsThere, "several_are_found_each_in_its_place"),
    (Bug::HalfAnAccountWhenCut, "a_batch_that_is_cut_is_finished_by_its_keys"),
    (Bug::HalfOfAFailedBatch, "one_that_is_refused_harms_no_other_of_its_batch"),
    (Bug::InvitesAgain, "invitations_in_a_batch_are_sent_once_a_key"),
    (Bug::KeysOutliveTheirEffect, "what_is_gone_of_a_batch_is_done_again"),
    (Bug::LosesARow, "a_batch_of_every_size_is_whole"),
    (Bug::RepeatsADoneKey, "a_batch_that_was_begun_before_is_finished"),
    (Bug::StopsAtTheFirstFailure, "a_batch_of_different_writes_does_each"),
];

#[tokio::test]
async fn each_wrong_batch_is_found_by_the_case_that_looks_for_it() {
    for (bug, case) in FOUND {
        let summary = conformance::target(&Harness(Some(bug))).await;
        let failed: Vec<&str> = summary.failed.iter().map(|(name, _)| *name).collect();
        assert!(failed.contains(&case), "{bug:?} is not found by {case}: {summary}");
    }
}

/// The same target without a bug: calls one after the other, each answered in its place.
#[tokio::test]
async fn calls_one_by_one_are_a_right_batch() {
    super::passes(&conformance::target(&Harness(None)).await, 58);
}

struct Harness(Option<Bug>);

#[async_trait]
impl TargetHarness for Harness {
    async fn stage(&self) -> Box<dyn TargetStage> {
        Box::new(Stage(Bad { inner: MemoryTarget::new(), bug: self.0 }))
    }
}

struct Stage(Bad);

#[async_trait]
impl TargetStage for Stage {
    fn target(&self) -> &dyn Target {
        &self.0
    }
}

#[derive(Debug)]
struct Bad {
    inner: MemoryTarget,
    bug: Option<Bug>,
}

impl Bad {
    fn is(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    async fn one(&self, write: &Write<'_>, call: &Call<'_>) -> Result<UserId, TargetError> {
        let another = ActionKey::from(format!("{}-at-{}", call.key.as_str(), call.now.unix_seconds()));
        match write {
            Write::Create(_) if self.is(Bug::RepeatsADoneKey) => {
                write.by(&self.inner, &Call::new(&another, call.now)).await
            }
            Write::Invite(..) if self.is(Bug::InvitesAgain) => {
                write.by(&self.inner, &Call::new(&another, call.now)).await
            }
            Write::Update(id, _)
                if self.is(Bug::KeysOutliveTheirEffect)
                    && self.inner.applied(call.key, id).await == Ok(Some(true)) =>
            {
                Ok((*id).clone())
            }
            Write::Create(new) if self.is(Bug::HalfAnAccountWhenCut) => {
                let kept = new.changes().iter().filter(|change| change.field != TargetField::JobTitle);
                let part = NewUser::new(new.status, kept.cloned().collect(), Vec::new());
                let id = self.inner.create(&part, call).await?;
                tokio::task::yield_now().await;
                let whole = new.to_user(id.clone());
                self.inner.edit(|users| drop(users.insert(id.clone(), whole)));
                Ok(id)
            }
            _ => write.by(&self.inner, call).await,
        }
    }
}

#[async_trait]
impl Batches for Bad {
    async fn find(&self, by: &[By<'_>], now: Timestamp) -> Result<Vec<Option<User>>, TargetError> {
        let mut found = Vec::new();
        for by in by {
            found.push(self.inner.user(*by, now).await?);
        }
        if self.is(Bug::FindsInAnotherOrder) {
            found.sort_by_key(|user| user.as_ref().map(|user| user.id.clone()));
        }
        if self.is(Bug::FindsOnlyWhoIsThere) {
            found.retain(Option::is_some);
        }
        Ok(found)
    }

    async fn write(&self, writes: &[(Write<'_>, Call<'_>)]) -> Vec<Result<UserId, TargetError>> {
        let mut answers = Vec::new();
        let mut failed = None;
        let last_first = self.is(Bug::DoesTheLastFirst);
        let order: Vec<usize> = match last_first {
            true => (0..writes.len()).rev().collect(),
            false => (0..writes.len()).collect(),
        };
        for place in order {
            let (write, call) = &writes[place];
            if self.is(Bug::LosesARow) && place == 255 {
                answers.push(Ok(UserId::from("u-1")));
                continue;
            }
            let stops = self.is(Bug::HalfOfAFailedBatch) || self.is(Bug::StopsAtTheFirstFailure);
            if let Some(error) = failed.clone().filter(|_| stops) {
                answers.push(Err(error));
                continue;
            }
            let done = self.one(write, call).await;
            failed = failed.or(done.clone().err());
            answers.push(done);
        }
        if let (Some(error), true) = (&failed, self.is(Bug::HalfOfAFailedBatch)) {
            answers.iter_mut().for_each(|answer| *answer = Err(error.clone()));
        }
        if last_first || self.is(Bug::AnswersInAnotherOrder) {
            answers.reverse();
        }
        answers
    }
}

#[async_trait]
impl Target for Bad {
    fn capabilities(&self) -> TargetCapabilities {
        self.inner.capabilities()
    }
    fn powers(&self) -> Powers<'_> {
        let (assigns, invites): (&dyn Assigns, &dyn Invites) = (&self.inner, &self.inner);
        let (opens, remembers): (&dyn Reactivates, &dyn Remembers) = (&self.inner, &self.inner);
        Powers::none()
            .assigning(assigns)
            .inviting(invites)
            .reactivating(opens)
            .remembering(remembers)
            .batching(self)
    }
    async fn check(&self, now: Timestamp) -> Result<(), TargetError> {
        self.inner.check(now).await
    }
    async fn users(&self, now: Timestamp) -> Result<Vec<User>, TargetError> {
        self.inner.users(now).await
    }
    async fn user(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError> {
        self.inner.user(by, now).await
    }
    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        self.inner.create(new, call).await
    }
    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        self.inner.update(id, changes, call).await
    }
    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        self.inner.deactivate(seen, call).await
    }
}
