//! Who is whom, while a run changes it.

use std::collections::BTreeMap;

use hris_core::reconcile::{Action, ActionKind, Others, Side};
use hris_core::{AssignmentKind, EmployeeId, Link, TargetField, User, UserId};

use crate::store::Settlement;

/// The links of a connection, by employee and by account.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_employee: BTreeMap<EmployeeId, Link>,
    by_user: BTreeMap<UserId, EmployeeId>,
    /// Accounts that another connection closed and is done with, and which one.
    closed_elsewhere: BTreeMap<UserId, String>,
}

impl Links {
    pub(super) fn of(links: Vec<Link>) -> Self {
        let mut all = Self::default();
        for link in links {
            all.insert(link);
        }
        all
    }

    /// With what other connections have to do with the accounts.
    pub(super) fn beside(mut self, others: &Others) -> Self {
        let closed = others.held.iter().filter(|(_, held)| held.closed);
        self.closed_elsewhere = closed.map(|(user, held)| (user.clone(), held.connection.clone())).collect();
        self
    }

    pub(super) fn into_vec(self) -> Vec<Link> {
        self.by_employee.into_values().collect()
    }

    pub(super) fn of_employee(&self, employee: &EmployeeId) -> Option<&Link> {
        self.by_employee.get(employee)
    }

    pub(super) fn holder(&self, user: &UserId) -> Option<&EmployeeId> {
        self.by_user.get(user)
    }

    /// The account an action is about: its own, or the one of its employee, made since it was planned.
    pub(super) fn user_of(&self, action: &Action) -> Option<UserId> {
        let linked = || self.of_employee(action.employee.as_ref()?).map(|link| link.user.clone());
        action.user.clone().or_else(linked)
    }

    /// Takes over what a settlement makes of the links.
    pub(super) fn take_over(&mut self, settlement: &Settlement) {
        for employee in &settlement.unlinked {
            if let Some(link) = self.by_employee.remove(employee)
                && self.by_user.get(&link.user) == Some(employee)
            {
                self.by_user.remove(&link.user);
            }
        }
        if let Some(link) = &settlement.link {
            self.insert(link.clone());
        }
    }

    /// The settlement of an action that was done to `user`.
    pub(super) fn after(&self, action: &Action, user: &UserId) -> Settlement {
        let mut done = Settlement::new(action.key.clone(), true);
        let Some(employee) = &action.employee else { return done };
        if action.kind == ActionKind::Link {
            let former = action.replaces.as_ref().and_then(|former| self.of_employee(former));
            let holder = self.holder(user).filter(|holder| *holder != employee);
            done.unlinked = action.replaces.iter().chain(holder).cloned().collect();
            done.unlinked.dedup();
            // Of another account than the former link is about nothing is known yet.
            let former = former.filter(|former| former.user == *user).cloned();
            let mut link = former.unwrap_or_else(|| Link::new(employee.clone(), user.clone()));
            link.employee = employee.clone();
            link.external_id.clone_from(&action.carries);
            link.awaits_invite |= action.awaits_invite;
            done.takes_over = self.closed_elsewhere.get(user).cloned();
            return done.with_link(Some(link));
        }
        let mut link = match (action.kind, self.of_employee(employee)) {
            (ActionKind::Create, _) => {
                let mut link = Link::new(employee.clone(), user.clone());
                link.awaits_invite = action.awaits_invite;
                link.external_id = action.external_id().map(str::to_owned);
                link
            }
            (_, Some(link)) if link.user == *user => link.clone(),
            _ => return done,
        };
        match action.kind {
            ActionKind::Deactivate => link.deactivated_by_us = true,
            ActionKind::Reactivate => link.deactivated_by_us = false,
            ActionKind::Invite | ActionKind::Reinvite => {
                link.awaits_invite = false;
                link.invites = link.invites.saturating_add(1);
                link.invited_to.clone_from(&action.invites_to);
            }
            ActionKind::Assign | ActionKind::Create => {
                for change in &action.grants {
                    if change.given && change.grant.kind == AssignmentKind::Role {
                        // An account has one permission level, so a new one ends the last.
                        link.granted.retain(|grant| grant.kind != AssignmentKind::Role);
                    }
                    if change.given {
                        link.granted.insert(change.grant.clone());
                    } else {
                        link.granted.remove(&change.grant);
                    }
                }
            }
            ActionKind::Update if action.side == Side::Target => {
                if let Some(change) = action.change_of(&TargetField::ExternalId) {
                    link.external_id.clone_from(&change.to);
                }
            }
            _ => {}
        }
        done.with_link(Some(link))
    }

    /// The settlement of a creation that found the account there already: it is linked as it stands,
    /// so nothing counts as given by us and no invitation is owed.
    pub(super) fn adopted(&self, action: &Action, user: &User) -> Settlement {
        let link = action.employee.as_ref().map(|employee| {
            let mut link = Link::new(employee.clone(), user.id.clone());
            link.external_id = user.value(&TargetField::ExternalId).map(str::to_owned);
            link
        });
        Settlement::new(action.key.clone(), true).with_link(link)
    }

    fn insert(&mut self, link: Link) {
        // A person whose account was made again leaves the former one to nobody.
        if let Some(former) = self.by_employee.get(&link.employee)
            && former.user != link.user
            && self.by_user.get(&former.user) == Some(&link.employee)
        {
            self.by_user.remove(&former.user);
        }
        self.by_user.insert(link.user.clone(), link.employee.clone());
        self.by_employee.insert(link.employee.clone(), link);
    }
}
