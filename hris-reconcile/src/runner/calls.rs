//! Calls of a target, which is somebody else's code: bounded in time, and its panics kept in.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hris_core::reconcile::{Action, ActionKey, ActionKind, TargetCapabilities};
use hris_core::{Timestamp, User, UserId};

use crate::target::{Invitation, NewUser, Target, TargetError, TargetErrorKind};
use crate::{Error, ErrorKind};

/// A target whose calls end.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    target: Arc<dyn Target>,
    limit: Duration,
}

/// A list of everybody may take so many times as long as one call.
const LISTING: u32 = 20;

impl Calls {
    pub(super) fn new(target: Arc<dyn Target>, limit: Duration) -> Self {
        Self { target, limit }
    }

    /// How long one call may take.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    pub(super) async fn capabilities(&self) -> Result<TargetCapabilities, TargetError> {
        self.read("ask what it can do", self.limit, async { Ok(self.target.capabilities()) }).await
    }

    pub(super) async fn check(&self) -> Result<(), TargetError> {
        self.read("check", self.limit, self.target.check()).await
    }

    pub(super) async fn identity(&self) -> Result<Option<String>, TargetError> {
        self.read("tell it from another", self.limit, self.target.identity()).await
    }

    pub(super) async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        self.read("look for an action", self.limit, self.target.applied(key, user)).await
    }

    pub(super) async fn users(&self) -> Result<Vec<User>, TargetError> {
        self.read("list accounts", self.limit.saturating_mul(LISTING), self.target.users()).await
    }

    pub(super) async fn user(&self, id: &UserId) -> Result<Option<User>, TargetError> {
        self.read("read an account", self.limit, self.target.user(id)).await
    }

    pub(super) async fn find(&self, external_id: &str) -> Result<Option<User>, TargetError> {
        self.read("find an account", self.limit, self.target.find(external_id)).await
    }

    pub(super) async fn create(
        &self,
        action: &Action,
        user: &NewUser,
        now: Timestamp,
    ) -> Result<UserId, TargetError> {
        self.write("create", self.target.create(user, &action.key, now)).await
    }

    /// Closes an account that was looked at a moment ago.
    pub(super) async fn deactivate(
        &self,
        action: &Action,
        seen: &User,
        now: Timestamp,
    ) -> Result<(), TargetError> {
        self.write("deactivate", self.target.deactivate(seen, &action.key, now)).await
    }

    /// Does an action to an account that is there and stays open.
    pub(super) async fn change(
        &self,
        action: &Action,
        id: &UserId,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), TargetError> {
        let (target, key) = (&self.target, &action.key);
        let invitation = Invitation::new(expires_at, action.kind == ActionKind::Reinvite);
        self.write(action.kind.as_str(), async {
            match action.kind {
                ActionKind::Assign => target.assign(id, &action.assignments, key, now).await,
                ActionKind::Invite | ActionKind::Reinvite => target.invite(id, &invitation, key, now).await,
                ActionKind::Reactivate => target.reactivate(id, key, now).await,
                ActionKind::Update => target.update(id, &action.changes, key, now).await,
                other => {
                    let message = format!("{}: not something that is done to an account", other.as_str());
                    Err(TargetError::new(TargetErrorKind::Rejected, message))
                }
            }
        })
        .await
    }

    async fn read<T>(
        &self,
        doing: &str,
        limit: Duration,
        call: impl Future<Output = Result<T, TargetError>>,
    ) -> Result<T, TargetError> {
        self.bounded(doing, limit, TargetErrorKind::Unavailable, call).await
    }

    async fn write<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, TargetError>>,
    ) -> Result<T, TargetError> {
        self.bounded(doing, self.limit, TargetErrorKind::UnknownOutcome, call).await
    }

    /// `without_answer` is what a call that did not end, or ended in a panic, amounts to.
    async fn bounded<T>(
        &self,
        doing: &str,
        limit: Duration,
        without_answer: TargetErrorKind,
        call: impl Future<Output = Result<T, TargetError>>,
    ) -> Result<T, TargetError> {
        let call = AssertUnwindSafe(call).catch_unwind();
        match tokio::time::timeout(limit, call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => {
                Err(TargetError::new(without_answer, format!("{doing}: the target's code panicked")))
            }
            Err(_elapsed) => {
                let seconds = limit.as_secs();
                Err(TargetError::new(without_answer, format!("{doing}: no answer in {seconds} s")))
            }
        }
    }
}

/// What keeps a whole run from going on.
pub(super) fn fatal(doing: &str, error: TargetError) -> Error {
    let kind = match error.kind {
        TargetErrorKind::Auth => ErrorKind::Auth,
        _ => ErrorKind::Target,
    };
    Error::new(kind, format!("{doing}: {error}")).with_source(error)
}
