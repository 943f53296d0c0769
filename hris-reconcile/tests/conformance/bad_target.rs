//! Targets that are wrong in one way each.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{TargetField, Timestamp, User, UserId, UserStatus};
use hris_reconcile::conformance::{self, TargetHarness, TargetStage};
use hris_reconcile::target::{
    Assigns, By, Call, Invitation, Invites, NewUser, Powers, Reactivates, Remembers, Target,
    TargetCapabilities, TargetError, TargetErrorKind,
};
use hris_reconcile::targets::MemoryTarget;

/// What is wrong with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AnswersWithAnIdGivenAgain,
    AssigningWritesTheStatus,
    ClosesWhoeverIsThere,
    ClosesTwoAccounts,
    ClosingDeletes,
    ClosingEmpties,
    CutsValues,
    ErrorsQuoteValues,
    FindsByPart,
    ForgetsKeys,
    FreesClosedAddresses,
    GivingReplaces,
    HalfACreationWhenCut,
    HalfAnUpdate,
    HalfAnUpdateWhenCut,
    IdentityChanges,
    InvitesTwice,
    InvitesWhoHasJoined,
    KeysOutliveTheirEffect,
    ListIsCut,
    ListLacksTheClosed,
    NobodyIsAnError,
    OpensAsActive,
    RemembersEverything,
    SeesCapitals,
    TakesNothingAway,
    UnknownIdsAreDone,
    WritesEveryField,
}

/// Each bug, and the case that finds it.
const FOUND: [(Bug, &str); 28] = [
    (Bug::AnswersWithAnIdGivenAgain, "an_id_that_is_given_again_is_not_taken_for_the_account_before"),
    (Bug::AssigningWritesTheStatus, "assigning_leaves_fields_and_status_alone"),
    (Bug::ClosesWhoeverIsThere, "an_account_that_is_somebody_elses_by_now_is_not_closed"),
    (Bug::ClosesTwoAccounts, "closing_one_account_closes_no_other"),
    (Bug::ClosingDeletes, "closing_keeps_the_account_and_what_it_has"),
    (Bug::ClosingEmpties, "closing_keeps_the_account_and_what_it_has"),
    (Bug::CutsValues, "a_long_value_is_kept_whole_or_refused"),
    (Bug::ErrorsQuoteValues, "a_taken_address_is_a_conflict"),
    (Bug::FindsByPart, "an_account_is_found_by_its_external_id"),
    (Bug::ForgetsKeys, "a_repeated_creation_makes_one_account"),
    (Bug::FreesClosedAddresses, "a_closed_account_holds_its_address"),
    (Bug::GivingReplaces, "what_is_given_is_there_and_what_is_taken_is_gone"),
    (Bug::HalfACreationWhenCut, "a_creation_that_is_cut_is_whole_or_nothing"),
    (Bug::HalfAnUpdate, "a_taken_address_is_a_conflict"),
    (Bug::HalfAnUpdateWhenCut, "an_update_that_is_cut_is_whole_or_nothing"),
    (Bug::IdentityChanges, "it_is_told_from_others_by_its_id"),
    (Bug::InvitesTwice, "an_invitation_is_sent_once_a_key"),
    (Bug::InvitesWhoHasJoined, "who_has_joined_is_not_invited"),
    (Bug::KeysOutliveTheirEffect, "an_update_whose_effect_is_gone_is_done_again"),
    (Bug::ListIsCut, "everybody_is_listed"),
    (Bug::ListLacksTheClosed, "closed_accounts_are_listed_and_found"),
    (Bug::NobodyIsAnError, "nobody_is_an_answer_and_no_error"),
    (Bug::OpensAsActive, "an_account_is_opened_as_it_was"),
    (Bug::RemembersEverything, "it_tells_what_was_done_under_a_key"),
    (Bug::SeesCapitals, "an_address_in_capitals_is_the_same_address"),
    (Bug::TakesNothingAway, "a_value_is_taken_away"),
    (Bug::UnknownIdsAreDone, "writing_to_nobody_is_an_error"),
    (Bug::WritesEveryField, "only_the_named_fields_are_written"),
];

#[tokio::test]
async fn each_wrong_target_is_found_by_the_case_that_looks_for_it() {
    for (bug, case) in FOUND {
        let summary = conformance::target(&Harness(bug)).await;
        let failed: Vec<&str> = summary.failed.iter().map(|(name, _)| *name).collect();
        assert!(failed.contains(&case), "{bug:?} is not found by {case}: {summary}");
    }
}

struct Harness(Bug);

#[async_trait]
impl TargetHarness for Harness {
    async fn stage(&self) -> Box<dyn TargetStage> {
        Box::new(Stage(Bad {
            inner: MemoryTarget::new(),
            bug: self.0,
            fresh: AtomicU64::new(0),
            numbers: Mutex::default(),
        }))
    }
}

struct Stage(Bad);

#[async_trait]
impl TargetStage for Stage {
    fn target(&self) -> &dyn Target {
        &self.0
    }
    async fn reopen(&self) -> Result<Box<dyn Target>, String> {
        Ok(Box::new(Bad {
            inner: self.0.inner.clone(),
            bug: self.0.bug,
            fresh: AtomicU64::new(0),
            numbers: Mutex::default(),
        }))
    }
    async fn remove(&self, id: &UserId) -> Result<(), String> {
        self.0.inner.edit(|users| drop(users.remove(id)));
        Ok(())
    }
}

#[derive(Debug)]
struct Bad {
    inner: MemoryTarget,
    bug: Bug,
    fresh: AtomicU64,
    numbers: Mutex<BTreeMap<String, UserId>>,
}

impl Bad {
    fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn fresh(&self) -> ActionKey {
        ActionKey::from(format!("fresh-{}", self.fresh.fetch_add(1, Ordering::Relaxed)))
    }

    fn edit(&self, id: &UserId, change: impl FnOnce(&mut User)) {
        self.inner.edit(|users| {
            if let Some(user) = users.get_mut(id) {
                change(user);
            }
        });
    }

    fn with(&self, change: impl FnOnce(&mut BTreeMap<UserId, User>)) {
        self.inner.edit(change);
    }

    /// Whether the call was done before, whatever became of it.
    async fn was_done(&self, key: &ActionKey, id: &UserId) -> bool {
        self.inner.applied(key, id).await == Ok(Some(true))
    }
}

#[async_trait]
impl Target for Bad {
    fn capabilities(&self) -> TargetCapabilities {
        self.inner.capabilities()
    }

    fn powers(&self) -> Powers<'_> {
        Powers::none().assigning(self).inviting(self).reactivating(self).remembering(self)
    }

    async fn check(&self, now: Timestamp) -> Result<(), TargetError> {
        self.inner.check(now).await
    }

    async fn users(&self, now: Timestamp) -> Result<Vec<User>, TargetError> {
        let mut users = self.inner.users(now).await?;
        match self.bug {
            Bug::ListIsCut => users.truncate(100),
            Bug::ListLacksTheClosed => users.retain(User::is_live),
            _ => {}
        }
        Ok(users)
    }

    async fn user(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError> {
        let found = self.inner.user(by, now).await?;
        match (self.bug, by, &found) {
            (Bug::NobodyIsAnError, _, None) => {
                Err(TargetError::new(TargetErrorKind::NotFound, "there is no such account"))
            }
            (Bug::FindsByPart, By::ExternalId(part), _) => {
                let has =
                    |user: &User| user.value(&TargetField::ExternalId).is_some_and(|id| id.starts_with(part));
                Ok(self.inner.all().into_iter().find(has))
            }
            _ => Ok(found),
        }
    }

    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        match self.bug {
            Bug::ForgetsKeys => self.inner.create(new, &Call::new(&self.fresh(), call.now)).await,
            Bug::AnswersWithAnIdGivenAgain => {
                // Numbers come again, and a key answers with whoever has its number now.
                let mut numbers = self.numbers.lock().expect("no test panics here");
                let key = call.key.as_str().to_owned();
                let there = |id: &UserId| self.inner.all().iter().any(|user| user.id == *id);
                if let Some(id) = numbers.get(&key).filter(|id| there(id)) {
                    return Ok(id.clone());
                }
                let free = (1..).map(|n| UserId::from(format!("n-{n}"))).find(|id| !there(id));
                let id = free.expect("there are enough numbers");
                self.with(|users| drop(users.insert(id.clone(), new.to_user(id.clone()))));
                numbers.insert(key, id.clone());
                Ok(id)
            }
            Bug::HalfACreationWhenCut => {
                let part =
                    new.changes().iter().filter(|change| change.field != TargetField::JobTitle).cloned();
                let part = NewUser::new(new.status, part.collect(), Vec::new());
                let id = self.inner.create(&part, call).await?;
                tokio::task::yield_now().await;
                let whole = new.to_user(id.clone());
                self.edit(&id, |user| *user = whole);
                Ok(id)
            }
            Bug::ErrorsQuoteValues => self.inner.create(new, call).await.map_err(|mut error| {
                error.message = format!("{} is taken", new.email().unwrap_or_default());
                error
            }),
            _ => self.inner.create(new, call).await,
        }
    }

    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        match self.bug {
            Bug::CutsValues => {
                let mut cut = changes.to_vec();
                for change in &mut cut {
                    change.to = change.to.as_ref().map(|value| value.chars().take(250).collect());
                }
                self.inner.update(id, &cut, call).await
            }
            Bug::FreesClosedAddresses => {
                self.with(|users| {
                    for user in users.values_mut().filter(|user| !user.is_live()) {
                        user.put(&TargetField::Email, None);
                    }
                });
                self.inner.update(id, changes, call).await
            }
            Bug::HalfAnUpdate => {
                for change in changes {
                    self.inner
                        .update(id, std::slice::from_ref(change), &Call::new(&self.fresh(), call.now))
                        .await?;
                }
                Ok(())
            }
            Bug::HalfAnUpdateWhenCut => {
                for change in changes {
                    self.inner
                        .update(id, std::slice::from_ref(change), &Call::new(&self.fresh(), call.now))
                        .await?;
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
            Bug::KeysOutliveTheirEffect if self.was_done(call.key, id).await => Ok(()),
            Bug::SeesCapitals => {
                let taken = changes.iter().any(|change| {
                    let other =
                        |user: &User| user.id != *id && user.value(&change.field) == change.to.as_deref();
                    change.field == TargetField::Email && self.inner.all().iter().any(other)
                });
                if taken {
                    return Err(TargetError::new(
                        TargetErrorKind::Conflict,
                        "another account has this email",
                    ));
                }
                self.edit(id, |user| changes.iter().for_each(|one| user.put(&one.field, one.to.as_deref())));
                Ok(())
            }
            Bug::TakesNothingAway => {
                let kept: Vec<Change> =
                    changes.iter().filter(|change| change.to.is_some()).cloned().collect();
                self.inner.update(id, &kept, call).await
            }
            Bug::UnknownIdsAreDone => match self.inner.update(id, changes, call).await {
                Err(error) if error.kind == TargetErrorKind::NotFound => Ok(()),
                done => done,
            },
            Bug::WritesEveryField => {
                self.edit(id, |user| user.put(&TargetField::Department, None));
                self.inner.update(id, changes, call).await
            }
            _ => self.inner.update(id, changes, call).await,
        }
    }

    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        match self.bug {
            Bug::ClosesWhoeverIsThere => match self.inner.user(By::Id(&seen.id), call.now).await? {
                Some(user) => self.inner.deactivate(&user, call).await,
                None => self.inner.deactivate(seen, call).await,
            },
            Bug::ClosesTwoAccounts => {
                self.inner.deactivate(seen, call).await?;
                let begins = seen.value(&TargetField::ExternalId).unwrap_or_default().to_owned();
                self.with(|users| {
                    for user in users.values_mut() {
                        let carried = user.value(&TargetField::ExternalId).unwrap_or_default();
                        if carried.starts_with(&begins) {
                            user.status = UserStatus::Deactivated;
                        }
                    }
                });
                Ok(())
            }
            Bug::ClosingDeletes => {
                self.inner.deactivate(seen, call).await?;
                self.with(|users| drop(users.remove(&seen.id)));
                Ok(())
            }
            Bug::ClosingEmpties => {
                self.inner.deactivate(seen, call).await?;
                self.edit(&seen.id, |user| user.put(&TargetField::Email, None));
                Ok(())
            }
            _ => self.inner.deactivate(seen, call).await,
        }
    }
}

#[async_trait]
impl Assigns for Bad {
    async fn assign(
        &self,
        id: &UserId,
        assignments: &[AssignmentChange],
        call: &Call<'_>,
    ) -> Result<(), TargetError> {
        if self.is(Bug::GivingReplaces) && assignments.iter().any(|change| change.given) {
            self.edit(id, |user| user.assignments.clear());
        }
        self.inner.assign(id, assignments, call).await?;
        if self.is(Bug::AssigningWritesTheStatus) {
            self.edit(id, |user| user.status = UserStatus::Active);
        }
        Ok(())
    }
}

#[async_trait]
impl Invites for Bad {
    async fn invite(&self, id: &UserId, invitation: &Invitation, call: &Call<'_>) -> Result<(), TargetError> {
        if self.is(Bug::InvitesTwice) {
            return self.inner.invite(id, invitation, &Call::new(&self.fresh(), call.now)).await;
        }
        if self.is(Bug::InvitesWhoHasJoined) {
            self.edit(id, |user| user.status = UserStatus::Pending);
        }
        self.inner.invite(id, invitation, call).await
    }
}

#[async_trait]
impl Reactivates for Bad {
    async fn reactivate(&self, id: &UserId, call: &Call<'_>) -> Result<(), TargetError> {
        self.inner.reactivate(id, call).await?;
        if self.is(Bug::OpensAsActive) {
            self.edit(id, |user| user.status = UserStatus::Active);
        }
        Ok(())
    }
}

#[async_trait]
impl Remembers for Bad {
    async fn identity(&self) -> Result<Option<String>, TargetError> {
        if self.is(Bug::IdentityChanges) {
            return Ok(Some(self.fresh().as_str().to_owned()));
        }
        self.inner.identity().await
    }

    async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        if self.is(Bug::RemembersEverything) { Ok(Some(true)) } else { self.inner.applied(key, user).await }
    }
}
