//! One account's edits, carried to the source at once.

use std::collections::BTreeSet;

use hris_core::reconcile::{Baseline, Mode, Plan, Side, Situation};
use hris_core::{Employee, EmployeeId, Fingerprint, Lookup, Snapshot, Timestamp, UserId};

use super::Runner;
use super::calls::fatal;
use super::draft::Draft;
use super::fetch::{Accounts, Known, World};
use crate::Result;

impl Runner {
    /// Plans for one account and its person alone. Returns `None` if there is nothing to carry over; the
    /// notices say why.
    pub(super) async fn one_pair(
        &self,
        (user, observed_at): (&UserId, Timestamp),
        mut known: Known,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<Option<World>> {
        let link = known.links.iter().find(|link| link.user == *user).cloned();
        let Some(link) = link else {
            draft
                .notices
                .push(format!("account {user} has no person in the source yet; the next sync decides"));
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
            Ok((target, self.calls.identity().await?, self.calls.user(user, now).await?))
        };
        let (target, id, account) = self
            .unless_stopped(async { read.await.map_err(|error| fatal("read the target", error)) })
            .await?;
        let Some(account) = account else {
            draft.notices.push(format!("account {user} is gone; the next sync decides"));
            return Ok(None);
        };
        let request = self.request(now);
        let (answer, answers) = self
            .unless_stopped(async {
                let answers = self.directory.fingerprint(&request).await?;
                Ok((self.directory.get(&link.employee, &request).await?, answers))
            })
            .await?;
        draft.source.requests = 1;
        let Lookup::Found(person) = answer else {
            draft
                .notices
                .push(format!("account {user} has nobody in the source any more; the next sync decides"));
            return Ok(None);
        };
        let Some(fingerprint) = answers else {
            // Only a listing shows who answers.
            return self.fetch(Mode::Sync, known, draft, now).await.map(Some);
        };
        draft.source.employees = 1;
        let snapshot = self.alone(*person, fingerprint, &mut known);
        known.links = vec![link];
        let others = self.store.others(&self.connection, id.as_deref()).await?;
        let accounts = Accounts { users: vec![account], target, id, others, removed_in_window: 0 };
        let today = now.date_in(&self.time_zone);
        Ok(Some(Self::world_of(Mode::Sync, (snapshot, today), accounts, known)))
    }

    /// A listing of one person, and a last run to compare it with: who answers is compared, and the rest
    /// cannot be, as this person alone is not everybody.
    fn alone(&self, person: Employee, fingerprint: Fingerprint, known: &mut Known) -> Snapshot {
        known.last = known.last.take().map(|last| {
            let mut alone = Baseline::default();
            alone.fingerprint = last.fingerprint;
            alone.config = last.config;
            alone.vendor = last.vendor;
            alone.target = last.target;
            alone.people = 1;
            alone
        });
        Snapshot::new(self.directory.capabilities().vendor, vec![person])
            .without_absence("one person was asked for")
            .with_fingerprint(fingerprint)
    }
}

/// Leaves of a plan what goes from one account to the source.
pub(super) fn only_back(plan: &mut Plan, user: &UserId) {
    plan.actions.retain(|action| action.side == Side::Source && action.user.as_ref() == Some(user));
    plan.people.retain(|verdict| verdict.is_about(user));
    let people = plan.people.unordered().filter_map(|verdict| verdict.employee);
    let people: BTreeSet<EmployeeId> = people.map(EmployeeId::from).collect();
    plan.problems.retain(|problem| {
        problem.user.as_ref() == Some(user) || problem.employee.as_ref().is_some_and(|id| people.contains(id))
    });
    plan.conflicts.retain(|conflict| conflict.user.as_ref() == Some(user));
    plan.agreed.retain(|agreement| people.contains(&agreement.employee));
    plan.questions.retain(|question| question.user == *user);
    plan.notes.retain(|note| people.contains(&note.employee));
    plan.handovers.clear();
    plan.lapsed.clear();
    // A pair that does not belong together is left alone, whichever way data would flow.
    if plan.people.unordered().any(|verdict| is_doubtful(verdict.situation)) {
        plan.actions.clear();
        plan.agreed.clear();
    }
    plan.figures = hris_core::reconcile::Figures::default();
}

/// Whether person and account may be two people.
fn is_doubtful(situation: Situation) -> bool {
    !matches!(
        situation,
        Situation::Confirmed
            | Situation::Leaver
            | Situation::PreHire
            | Situation::Rehire
            | Situation::Rescinded
            | Situation::SourceUnseen
    )
}
