//! A target whose calls go wrong.

use async_trait::async_trait;
use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{Timestamp, User, UserId};

use super::Faulty;
use crate::target::{
    Assigns, Batches, By, Call, Invitation, Invites, NewUser, Powers, Reactivates, Remembers, Settles,
    Target, TargetCapabilities, TargetError, TargetErrorKind, Write,
};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Target> Target for Faulty<T> {
    fn capabilities(&self) -> TargetCapabilities {
        self.inner.capabilities()
    }

    fn powers(&self) -> Powers<'_> {
        self.inner.powers().through(self)
    }

    async fn check(&self, now: Timestamp) -> Result<(), TargetError> {
        self.faults.call("check", self.inner.check(now)).await
    }

    async fn users(&self, now: Timestamp) -> Result<Vec<User>, TargetError> {
        self.faults.call("users", self.inner.users(now)).await
    }

    async fn user(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError> {
        let name = match by {
            By::ExternalId(_) => "find",
            By::Id(_) => "user",
        };
        self.faults.call(name, self.inner.user(by, now)).await
    }

    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        self.faults.call("create", self.inner.create(new, call)).await
    }

    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        self.faults.call("update", self.inner.update(id, changes, call)).await
    }

    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        self.faults.call("deactivate", self.inner.deactivate(seen, call)).await
    }
}

/// A power is only asked for where the target has it.
fn lacking(power: &str) -> TargetError {
    TargetError::new(TargetErrorKind::Rejected, format!("the target does not {power}"))
}

#[async_trait]
impl<T: Target> Assigns for Faulty<T> {
    async fn assign(
        &self,
        id: &UserId,
        assignments: &[AssignmentChange],
        call: &Call<'_>,
    ) -> Result<(), TargetError> {
        let inner = self.inner.powers().assigns.ok_or_else(|| lacking("assign"))?;
        self.faults.call("assign", inner.assign(id, assignments, call)).await
    }
}

/// A batch is one call: a fault in it is a fault of each of its writes.
#[async_trait]
impl<T: Target> Batches for Faulty<T> {
    async fn find(&self, by: &[By<'_>], now: Timestamp) -> Result<Vec<Option<User>>, TargetError> {
        let inner = self.inner.powers().batches.ok_or_else(|| lacking("take batches"))?;
        self.faults.call("find", inner.find(by, now)).await
    }

    async fn write(&self, writes: &[(Write<'_>, Call<'_>)]) -> Vec<Result<UserId, TargetError>> {
        let done = self.faults.call("write", async {
            let inner = self.inner.powers().batches.ok_or_else(|| lacking("take batches"))?;
            Ok(inner.write(writes).await)
        });
        done.await.unwrap_or_else(|error: TargetError| writes.iter().map(|_| Err(error.clone())).collect())
    }
}

#[async_trait]
impl<T: Target> Invites for Faulty<T> {
    async fn invite(&self, id: &UserId, invitation: &Invitation, call: &Call<'_>) -> Result<(), TargetError> {
        let inner = self.inner.powers().invites.ok_or_else(|| lacking("invite"))?;
        self.faults.call("invite", inner.invite(id, invitation, call)).await
    }
}

#[async_trait]
impl<T: Target> Reactivates for Faulty<T> {
    async fn reactivate(&self, id: &UserId, call: &Call<'_>) -> Result<(), TargetError> {
        let inner = self.inner.powers().reactivates.ok_or_else(|| lacking("open accounts again"))?;
        self.faults.call("reactivate", inner.reactivate(id, call)).await
    }
}

#[async_trait]
impl<T: Target> Remembers for Faulty<T> {
    async fn identity(&self) -> Result<Option<String>, TargetError> {
        let inner = self.inner.powers().remembers.ok_or_else(|| lacking("remember"))?;
        self.faults.call("identity", inner.identity()).await
    }

    async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        let inner = self.inner.powers().remembers.ok_or_else(|| lacking("remember"))?;
        self.faults.call("applied", inner.applied(key, user)).await
    }
}

#[async_trait]
impl<T: Target> Settles for Faulty<T> {
    async fn settle(&self) -> Result<(), TargetError> {
        self.inner.powers().settles.ok_or_else(|| lacking("settle"))?.settle().await
    }
}
