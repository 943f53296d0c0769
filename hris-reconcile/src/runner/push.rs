//! One account's edits, carried to the source at once.

use hris_core::reconcile::{Mode, Plan, Side};
use hris_core::{Lookup, Timestamp, UserId};

use super::Runner;
use super::calls::fatal;
use super::draft::Draft;
use super::links::Links;
use super::world::{Accounts, Known, World};
use crate::Result;

impl Runner {
    /// One account and its person, as if there were nobody else; none if there is nothing to carry
    /// over, and why is in the notices.
    pub(super) async fn one_pair(
        &self,
        (user, observed_at): (&UserId, Timestamp),
        mut known: Known,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<Option<World>> {
        let link = known.links.holder(user).and_then(|employee| known.links.of_employee(employee)).cloned();
        let Some(link) = link else {
            draft
                .notices
                .push(format!("account {user} is nobody's in the source yet; the next sync decides"));
            return Ok(None);
        };
        // The pair was compared at that instant or later, with what the account was then.
        if link.bases.values().any(|base| base.at >= observed_at) {
            draft
                .notices
                .push(format!("account {user} was compared after this event, so it was passed over"));
            return Ok(None);
        }
        let read = async {
            let target = self.calls.capabilities().await?;
            Ok((target, self.calls.identity().await?, self.calls.user(user).await?))
        };
        let (target, id, account) = self
            .unless_stopped(async { read.await.map_err(|error| fatal("read the target", error)) })
            .await?;
        let Some(account) = account else {
            draft.notices.push(format!("account {user} is gone; the next sync decides"));
            return Ok(None);
        };
        let request = self.request(now);
        let answer =
            self.unless_stopped(async { Ok(self.directory.get(&link.employee, &request).await?) }).await?;
        draft.source.requests = 1;
        let Lookup::Found(person) = answer else {
            draft
                .notices
                .push(format!("account {user} has nobody in the source any more; the next sync decides"));
            return Ok(None);
        };
        draft.source.employees = 1;
        let snapshot = self.alone(*person, &mut known);
        known.links = Links::of(vec![link]);
        let others = self.store.others(&self.connection, id.as_deref()).await?;
        let accounts = Accounts { users: vec![account], target, id, others, removed_in_window: 0 };
        Ok(Some(Self::world_of(Mode::Sync, snapshot, accounts, known)))
    }
}

/// Leaves of a plan what goes to the source.
pub(super) fn only_back(plan: &mut Plan) {
    plan.actions.retain(|action| action.side == Side::Source);
    plan.figures = hris_core::reconcile::Figures::default();
}
