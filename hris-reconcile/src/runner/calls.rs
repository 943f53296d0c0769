//! Calls of a target, which is somebody else's code: bounded in time, and its panics kept in.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use hris_core::reconcile::{Action, ActionKey, TargetCapabilities};
use hris_core::{Timestamp, User, UserId};

use crate::target::{Batches, By, Call, MOST_AT_ONCE, Target, TargetError, TargetErrorKind, Write};
use crate::{Error, ErrorKind};

/// A target whose calls end.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    target: Arc<dyn Target>,
    limit: Duration,
}

/// A list of everybody, and a batch, may take so many times as long as one call.
const MANY: u32 = 20;

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
        self.read("list accounts", self.limit.saturating_mul(MANY), self.target.users(now)).await
    }

    pub(super) async fn user(&self, id: &UserId, now: Timestamp) -> Result<Option<User>, TargetError> {
        self.look(By::Id(id), now).await
    }

    pub(super) async fn find(&self, external_id: &str, now: Timestamp) -> Result<Option<User>, TargetError> {
        self.look(By::ExternalId(external_id), now).await
    }

    async fn look(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError> {
        let doing = match by {
            By::ExternalId(_) => "find an account",
            By::Id(_) => "read an account",
        };
        self.read(doing, self.limit, self.target.user(by, now)).await
    }

    /// How many calls can be made together, and whether as one.
    pub(super) fn together(&self) -> (usize, bool) {
        let asked = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let powers = self.target.powers();
            match powers.batches.is_some() {
                true => (MOST_AT_ONCE, true),
                false => (powers.side_by_side.clamp(1, MOST_AT_ONCE), false),
            }
        }));
        asked.unwrap_or((1, false))
    }

    fn batches(&self) -> Result<&dyn Batches, TargetError> {
        let none = || TargetError::new(TargetErrorKind::Unavailable, "the target takes no batches any more");
        self.target.powers().batches.ok_or_else(none)
    }

    /// Looks for several accounts. Each answer is in the place of its question.
    pub(super) async fn look_for(
        &self,
        by: &[By<'_>],
        now: Timestamp,
    ) -> Vec<Result<Option<User>, TargetError>> {
        let (most, as_one) = self.together();
        if by.len() < 2 || !as_one {
            return side_by_side(by.iter().map(|by| self.look(*by, now)).collect(), most).await;
        }
        let asked = async { self.batches()?.find(by, now).await };
        match self.read("find accounts", self.limit.saturating_mul(MANY), asked).await {
            Ok(found) if found.len() == by.len() => found.into_iter().map(Ok).collect(),
            Ok(_) => vec![Err(miscounted(TargetErrorKind::Unavailable)); by.len()],
            Err(error) => vec![Err(error); by.len()],
        }
    }

    /// Does one write.
    pub(super) async fn write_one(
        &self,
        write: Write<'_>,
        action: &Action,
        now: Timestamp,
    ) -> Result<UserId, TargetError> {
        self.write(action.kind.as_str(), self.limit, write.by(&*self.target, &Call::new(&action.key, now)))
            .await
    }

    /// Does several writes about different accounts. Each answer is in the place of its write.
    pub(super) async fn write_all(
        &self,
        writes: &[(Write<'_>, &Action)],
        now: Timestamp,
    ) -> Vec<Result<UserId, TargetError>> {
        let (most, as_one) = self.together();
        if writes.len() < 2 || !as_one {
            let each = writes.iter().map(|(write, action)| self.write_one(*write, action, now));
            return side_by_side(each.collect(), most).await;
        }
        let calls: Vec<_> =
            writes.iter().map(|(write, action)| (*write, Call::new(&action.key, now))).collect();
        let done = async { Ok(self.batches()?.write(&calls).await) };
        match self.write("write several accounts", self.limit.saturating_mul(MANY), done).await {
            Ok(done) if done.len() == writes.len() => done,
            // Nobody knows which answer is whose.
            Ok(_) => vec![Err(miscounted(TargetErrorKind::UnknownOutcome)); writes.len()],
            Err(error) => vec![Err(error); writes.len()],
        }
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
        limit: Duration,
        call: impl Future<Output = Result<T, TargetError>>,
    ) -> Result<T, TargetError> {
        self.bounded(doing, limit, TargetErrorKind::UnknownOutcome, call).await
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

/// Makes calls side by side, so many at once, and returns their answers in the order of the calls.
async fn side_by_side<T>(calls: Vec<impl Future<Output = T>>, most: usize) -> Vec<T> {
    stream::iter(calls).buffered(most).collect().await
}

fn miscounted(kind: TargetErrorKind) -> TargetError {
    TargetError::new(kind, "the target gave another number of answers than it got calls")
}

/// What keeps a whole run from going on.
pub(super) fn fatal(doing: &str, error: TargetError) -> Error {
    let kind = match error.kind {
        TargetErrorKind::Auth => ErrorKind::Auth,
        _ => ErrorKind::Target,
    };
    Error::new(kind, format!("{doing}: {error}")).with_source(error)
}
