//! Calls of a target, which is somebody else's code: bounded in time, and its panics kept in.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hris_core::reconcile::{Action, ActionKey, ActionKind, TargetCapabilities};
use hris_core::{Timestamp, User, UserId};

use crate::target::{By, Call, Invitation, NewUser, Target, TargetError, TargetErrorKind};
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

    /// What the target can do: what it says, as far as it has the power.
    pub(super) async fn capabilities(&self) -> Result<TargetCapabilities, TargetError> {
        let asked = async {
            let (mut capabilities, powers) = (self.target.capabilities(), self.target.powers());
            capabilities.assigns &= powers.assigns.is_some();
            capabilities.invites &= powers.invites.is_some();
            capabilities.reactivates &= powers.reactivates.is_some();
            Ok(capabilities)
        };
        self.read("ask what it can do", self.limit, asked).await
    }

    pub(super) async fn check(&self, now: Timestamp) -> Result<(), TargetError> {
        self.read("check", self.limit, self.target.check(now)).await
    }

    pub(super) async fn identity(&self) -> Result<Option<String>, TargetError> {
        let asked = async {
            match self.target.powers().remembers {
                Some(target) => target.identity().await,
                None => Ok(None),
            }
        };
        self.read("tell it from another", self.limit, asked).await
    }

    pub(super) async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        let asked = async {
            match self.target.powers().remembers {
                Some(target) => target.applied(key, user).await,
                None => Ok(None),
            }
        };
        self.read("look for an action", self.limit, asked).await
    }

    pub(super) async fn users(&self, now: Timestamp) -> Result<Vec<User>, TargetError> {
        self.read("list accounts", self.limit.saturating_mul(LISTING), self.target.users(now)).await
    }

    pub(super) async fn user(&self, id: &UserId, now: Timestamp) -> Result<Option<User>, TargetError> {
        self.read("read an account", self.limit, self.target.user(By::Id(id), now)).await
    }

    pub(super) async fn find(&self, external_id: &str, now: Timestamp) -> Result<Option<User>, TargetError> {
        self.read("find an account", self.limit, self.target.user(By::ExternalId(external_id), now)).await
    }

    pub(super) async fn create(
        &self,
        action: &Action,
        user: &NewUser,
        now: Timestamp,
    ) -> Result<UserId, TargetError> {
        self.write("create", self.target.create(user, &Call::new(&action.key, now))).await
    }

    /// Closes an account that was looked at a moment ago.
    pub(super) async fn deactivate(
        &self,
        action: &Action,
        seen: &User,
        now: Timestamp,
    ) -> Result<(), TargetError> {
        self.write("deactivate", self.target.deactivate(seen, &Call::new(&action.key, now))).await
    }

    /// Does an action to an account that is there and stays open.
    pub(super) async fn change(
        &self,
        action: &Action,
        id: &UserId,
        now: Timestamp,
    ) -> Result<(), TargetError> {
        let call = &Call::new(&action.key, now);
        let invitation = Invitation::new(action.expires_at, action.kind == ActionKind::Reinvite);
        self.write(action.kind.as_str(), async {
            let powers = self.target.powers();
            match action.kind {
                ActionKind::Assign => match powers.assigns {
                    Some(target) => target.assign(id, &action.assignments, call).await,
                    None => Err(lacking(action.kind)),
                },
                ActionKind::Invite | ActionKind::Reinvite => match powers.invites {
                    Some(target) => target.invite(id, &invitation, call).await,
                    None => Err(lacking(action.kind)),
                },
                ActionKind::Reactivate => match powers.reactivates {
                    Some(target) => target.reactivate(id, call).await,
                    None => Err(lacking(action.kind)),
                },
                ActionKind::Update => self.target.update(id, &action.changes, call).await,
                other => Err(lacking(other)),
            }
        })
        .await
    }

    /// Finishes what the target has under way. It takes as long as it takes.
    pub(super) async fn settle(&self) -> Result<(), TargetError> {
        let settled = async {
            match self.target.powers().settles {
                Some(target) => target.settle().await,
                None => Ok(()),
            }
        };
        let panicked = || TargetError::new(TargetErrorKind::Unavailable, "the target's code panicked");
        AssertUnwindSafe(settled).catch_unwind().await.unwrap_or_else(|_panic| Err(panicked()))
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

fn lacking(kind: ActionKind) -> TargetError {
    TargetError::new(TargetErrorKind::Rejected, format!("{}: the target does not do that", kind.as_str()))
}

/// What keeps a whole run from going on.
pub(super) fn fatal(doing: &str, error: TargetError) -> Error {
    let kind = match error.kind {
        TargetErrorKind::Auth => ErrorKind::Auth,
        _ => ErrorKind::Target,
    };
    Error::new(kind, format!("{doing}: {error}")).with_source(error)
}
