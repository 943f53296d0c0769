//! What is remembered of pairs beside their actions: what was seen, what the target made of values, and
//! which accounts go to another connection.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{Action, ActionKind, Change, Handover, Learned, Note, Side, is_same};
use hris_core::{EmployeeId, Link, User, UserId};

use super::apply::Apply;
use super::fetch::World;
use crate::Result;
use crate::store::Settlement;

/// So many accounts are read one by one; of more the whole list is read.
const ONE_BY_ONE: usize = 8;

/// What was written to accounts in this run, by the people whose they are.
#[derive(Debug, Default)]
pub(super) struct Written(BTreeMap<EmployeeId, (UserId, Vec<(ActionKind, Change)>)>);

impl Apply<'_> {
    /// Records that this run writes to a target which the last complete run did not know, before it does: even if it
    /// is cut, other connections must know of the accounts that it made and linked there.
    pub(super) async fn reach(&mut self, world: &World) -> Result<()> {
        let is_new = |id: &&String| world.last.as_ref().is_some_and(|last| !last.may_be_in(Some(id)));
        if let Some(id) = world.target_id.as_ref().filter(is_new) {
            let mut settlement = Settlement::note();
            settlement.also_in = Some(id.clone());
            self.settle_with(settlement);
        }
        self.record().await
    }

    /// Records what was seen of pairs. It comes before the actions, which may change what was seen.
    pub(super) async fn note(&mut self, notes: &[Note]) -> Result<()> {
        let mut pairs: BTreeMap<&EmployeeId, Link> = BTreeMap::new();
        for note in notes {
            let Some(link) = self.links.of_employee(&note.employee) else { continue };
            note.apply(pairs.entry(&note.employee).or_insert_with(|| link.clone()));
        }
        for link in pairs.into_values() {
            self.remember_link(link);
        }
        self.record().await
    }

    /// Gives accounts to the connections that wait for them.
    pub(super) async fn hand_over(&mut self, handovers: &[Handover]) -> Result<()> {
        for handover in handovers {
            let mut settlement = Settlement::note();
            settlement.unlinked = vec![handover.employee.clone()];
            settlement.hand_over = Some(handover.clone());
            self.take_over(&settlement);
            self.settle_with(settlement);
        }
        self.record().await
    }

    /// Keeps in mind what an action wrote, to look later what the target made of it. What both sides may
    /// change is read back at once and kept with the bases.
    pub(super) fn wrote(&mut self, action: &Action, user: &UserId) {
        let writes = matches!(action.kind, ActionKind::Create | ActionKind::Update);
        if !writes || action.side != Side::Target || action.releases {
            return;
        }
        let Some(employee) = &action.employee else { return };
        let own = action.changes.iter().filter(|change| self.runner.shares(change).is_none());
        let own: Vec<_> = own.map(|change| (action.kind, change.clone())).collect();
        if own.is_empty() {
            return;
        }
        let place = self.written.0.entry(employee.clone()).or_insert_with(|| (user.clone(), Vec::new()));
        place.1.extend(own);
    }

    /// Looks what the target made of what this run wrote. Where it does not say, the next run writes once
    /// more.
    pub(super) async fn learn(&mut self) -> Result<()> {
        let Written(written) = std::mem::take(&mut self.written);
        if written.is_empty() {
            return Ok(());
        }
        let accounts = self.accounts(&written.values().map(|(id, _)| id.clone()).collect()).await;
        for (employee, (id, changes)) in written {
            let account = accounts.get(&id);
            let Some(link) = self.links.of_employee(&employee).filter(|link| link.user == id) else {
                continue;
            };
            let mut learned = link.clone();
            for (kind, Change { field, from, to, .. }) in &changes {
                let found = account.map(|account| account.value(field));
                let as_written = found.is_none_or(|found| is_same(field, to.as_deref(), found));
                if *kind == ActionKind::Create && as_written {
                    continue;
                }
                let (from, to) = (from.as_deref(), to.as_deref());
                let entry = Learned::after_write(field, link.learned.get(field), (from, to), found);
                learned.learned.insert(field.clone(), entry);
            }
            if learned != *link {
                self.remember_link(learned);
            }
        }
        self.record().await
    }

    /// Accounts as they stand now, as far as the target says.
    async fn accounts(&self, written: &BTreeSet<UserId>) -> BTreeMap<UserId, User> {
        let mut accounts = BTreeMap::new();
        if written.len() > ONE_BY_ONE {
            let all = self.runner.calls.users(self.order.now).await.unwrap_or_default();
            accounts.extend(all.into_iter().map(|user| (user.id.clone(), user)));
            return accounts;
        }
        for id in written {
            if let Ok(Some(user)) = self.runner.calls.user(id, self.order.now).await {
                accounts.insert(id.clone(), user);
            }
        }
        accounts
    }

    fn remember_link(&mut self, link: Link) {
        let note = Settlement::note().with_link(Some(link));
        self.take_over(&note);
        self.settle_with(note);
    }
}
