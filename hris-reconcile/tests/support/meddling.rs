//! A target behind whose back somebody acts, or that is not all that a target in memory is.

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use hris_core::reconcile::{ActionKey, AssignmentChange, Change, TargetCapabilities};
use hris_core::{Timestamp, User, UserId};
use hris_reconcile::target::{
    Assigns, By, Call, Invitation, Invites, NewUser, Powers, Reactivates, Remembers, Target, TargetError,
    TargetErrorKind,
};
use hris_reconcile::targets::MemoryTarget;
use tokio::sync::Mutex;

type Act = Box<dyn Fn(MemoryTarget) -> BoxFuture<'static, ()> + Send + Sync>;

/// Acts once, right before the first call of a name.
pub(crate) struct Meddling {
    inner: MemoryTarget,
    before: &'static str,
    act: Mutex<Option<Act>>,
    /// How the call fails that was acted before.
    fails: Option<TargetErrorKind>,
    /// Whether it cannot tell what was done under a key.
    forgets: bool,
}

impl Meddling {
    pub(crate) fn new(
        inner: &MemoryTarget,
        before: &'static str,
        act: impl Fn(MemoryTarget) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        let act = Mutex::new(Some(Box::new(act) as Act));
        Self { inner: inner.clone(), before, act, fails: None, forgets: false }
    }

    /// The call that is acted before fails, and is not done.
    pub(crate) fn failing(
        inner: &MemoryTarget,
        before: &'static str,
        kind: TargetErrorKind,
        act: impl Fn(MemoryTarget) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self { fails: Some(kind), ..Self::new(inner, before, act) }
    }

    /// Nobody acts, and it cannot tell what was done under a key.
    pub(crate) fn forgetful(inner: &MemoryTarget) -> Self {
        Self { inner: inner.clone(), before: "", act: Mutex::new(None), fails: None, forgets: true }
    }

    pub(crate) fn edit(inner: &MemoryTarget, before: &'static str, edit: fn(&MemoryTarget)) -> Self {
        Self::new(inner, before, move |target| Box::pin(async move { edit(&target) }))
    }

    async fn at(&self, call: &str) -> Result<&MemoryTarget, TargetError> {
        if call == self.before
            && let Some(act) = self.act.lock().await.take()
        {
            act(self.inner.clone()).await;
            if let Some(kind) = self.fails {
                return Err(TargetError::new(kind, format!("{call}: no answer")));
            }
        }
        Ok(&self.inner)
    }
}

impl std::fmt::Debug for Meddling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Meddling(before {})", self.before)
    }
}

#[async_trait]
impl Target for Meddling {
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
        self.inner.users(now).await
    }
    async fn user(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError> {
        let name = match by {
            By::ExternalId(_) => "find",
            By::Id(_) => "user",
        };
        self.at(name).await?.user(by, now).await
    }
    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        self.at("create").await?.create(new, call).await
    }
    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        self.at("update").await?.update(id, changes, call).await
    }
    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        self.at("deactivate").await?.deactivate(seen, call).await
    }
}

#[async_trait]
impl Assigns for Meddling {
    async fn assign(
        &self,
        id: &UserId,
        assignments: &[AssignmentChange],
        call: &Call<'_>,
    ) -> Result<(), TargetError> {
        self.at("assign").await?.assign(id, assignments, call).await
    }
}

#[async_trait]
impl Invites for Meddling {
    async fn invite(&self, id: &UserId, invitation: &Invitation, call: &Call<'_>) -> Result<(), TargetError> {
        self.at("invite").await?.invite(id, invitation, call).await
    }
}

#[async_trait]
impl Reactivates for Meddling {
    async fn reactivate(&self, id: &UserId, call: &Call<'_>) -> Result<(), TargetError> {
        self.at("reactivate").await?.reactivate(id, call).await
    }
}

#[async_trait]
impl Remembers for Meddling {
    async fn identity(&self) -> Result<Option<String>, TargetError> {
        self.inner.identity().await
    }
    async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        if self.forgets { Ok(None) } else { self.inner.applied(key, user).await }
    }
}
