//! The links, while a plan is carried out.

use std::collections::BTreeMap;

use super::holding::{Note, Others};
use super::merge::{Bases, Side};
use super::plan::{Action, ActionKind};
use crate::{AssignmentKind, EmployeeId, Link, TargetField, User, UserId};

/// The links of one connection by employee and by account, while a plan is carried out.
///
/// After each action that was done, [`Links::after`] says what it makes of the links, and [`Links::take_over`]
/// keeps it. The next plan is made from [`Links::into_vec`]. The runner of `hris-reconcile` does the same.
///
/// ```
/// use hris_core::reconcile::Links;
/// use hris_core::{EmployeeId, Link, UserId};
///
/// let links = Links::of(vec![Link::new("e-1", "u-7")]);
/// assert_eq!(links.holder(&UserId::from("u-7")), Some(&EmployeeId::from("e-1")));
/// assert_eq!(links.into_vec().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Links {
    by_employee: BTreeMap<EmployeeId, Link>,
    by_user: BTreeMap<UserId, EmployeeId>,
    /// Accounts that another connection closed and is done with, and which one.
    closed_elsewhere: BTreeMap<UserId, String>,
}

/// What an action that was done makes of the links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkChange {
    /// The link as it is now; `None` if the action is about nobody who has one.
    pub link: Option<Link>,
    /// People whose links are no more: somebody else has their account now.
    pub unlinked: Vec<EmployeeId>,
    /// The connection whose link to the account goes in the same step, because it had closed the account.
    pub takes_over: Option<String>,
}

impl Links {
    /// These links.
    #[must_use]
    pub fn of(links: Vec<Link>) -> Self {
        let mut all = Self::default();
        for link in links {
            all.insert(link);
        }
        all
    }

    /// With what other connections have to do with the accounts.
    #[must_use]
    pub fn beside(mut self, others: &Others) -> Self {
        let closed = others.held.iter().filter(|(_, held)| held.closed);
        self.closed_elsewhere = closed.map(|(user, held)| (user.clone(), held.connection.clone())).collect();
        self
    }

    /// The links as they are now, by employee.
    #[must_use]
    pub fn into_vec(self) -> Vec<Link> {
        self.by_employee.into_values().collect()
    }

    /// The link of a person.
    #[must_use]
    pub fn of_employee(&self, employee: &EmployeeId) -> Option<&Link> {
        self.by_employee.get(employee)
    }

    /// The person whose account this is.
    #[must_use]
    pub fn holder(&self, user: &UserId) -> Option<&EmployeeId> {
        self.by_user.get(user)
    }

    /// The account that an action is about: its own, or the one of its employee, made since it was planned.
    #[must_use]
    pub fn user_of(&self, action: &Action) -> Option<UserId> {
        let linked = || self.of_employee(action.employee.as_ref()?).map(|link| link.user.clone());
        action.user.clone().or_else(linked)
    }

    /// What an action makes of the links that was done to `user`: of a creation the account that was made.
    #[must_use]
    pub fn after(&self, action: &Action, user: &UserId) -> LinkChange {
        let mut change = LinkChange::default();
        let Some(employee) = &action.employee else { return change };
        if action.kind == ActionKind::Link {
            let former = action.replaces.as_ref().and_then(|former| self.of_employee(former));
            let holder = self.holder(user).filter(|holder| *holder != employee);
            change.unlinked = action.replaces.iter().chain(holder).cloned().collect();
            change.unlinked.dedup();
            // Of another account than the former link is about nothing is known yet.
            let former = former.filter(|former| former.user == *user).cloned();
            let mut link = former.unwrap_or_else(|| Link::new(employee.clone(), user.clone()));
            link.employee = employee.clone();
            link.external_id.clone_from(&action.carries);
            link.awaits_invite |= action.awaits_invite;
            change.takes_over = self.closed_elsewhere.get(user).cloned();
            change.link = Some(link);
            return change;
        }
        let mut link = match (action.kind, self.of_employee(employee)) {
            (ActionKind::Create, _) => {
                let mut link = Link::new(employee.clone(), user.clone());
                link.awaits_invite = action.awaits_invite;
                link.external_id = action.external_id().map(str::to_owned);
                link
            }
            (_, Some(link)) if link.user == *user => link.clone(),
            _ => return change,
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
                for change in &action.assignments {
                    if change.given && change.assignment.kind == AssignmentKind::Role {
                        // An account has one permission level, so a new one ends the last.
                        link.granted.retain(|assignment| assignment.kind != AssignmentKind::Role);
                    }
                    if change.given {
                        link.granted.insert(change.assignment.clone());
                    } else {
                        link.granted.remove(&change.assignment);
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
        change.link = Some(link);
        change
    }

    /// What a creation makes of the links that found the account there already: it is linked as it stands, so
    /// nothing counts as given by us and no invitation is owed.
    #[must_use]
    pub fn adopted(&self, action: &Action, user: &User) -> LinkChange {
        let link = action.employee.as_ref().map(|employee| {
            let mut link = Link::new(employee.clone(), user.id.clone());
            link.external_id = user.value(&TargetField::ExternalId).map(str::to_owned);
            link
        });
        LinkChange { link, ..LinkChange::default() }
    }

    /// What was seen of a pair beside the actions; such notes come before them.
    #[must_use]
    pub fn noted(&self, note: &Note) -> LinkChange {
        let link = self.of_employee(&note.employee).cloned().map(|mut link| {
            note.apply(&mut link);
            link
        });
        LinkChange { link, ..LinkChange::default() }
    }

    /// Keeps a change.
    pub fn take_over(&mut self, change: &LinkChange) {
        self.put(&change.unlinked, change.link.as_ref());
    }

    /// Takes these people's links away, then keeps this one.
    pub fn put(&mut self, unlinked: &[EmployeeId], link: Option<&Link>) {
        for employee in unlinked {
            if let Some(link) = self.by_employee.remove(employee)
                && self.by_user.get(&link.user) == Some(employee)
            {
                self.by_user.remove(&link.user);
            }
        }
        if let Some(link) = link {
            self.insert(link.clone());
        }
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

impl Link {
    /// The link of the connection that an account is handed over to, for the person who waits for it there: what is
    /// known of the account stays. It is not closed by that connection, and its two sides were never in step.
    ///
    /// ```
    /// use hris_core::Link;
    ///
    /// let mut ours = Link::new("e-1", "u-7");
    /// (ours.deactivated_by_us, ours.invites) = (true, 1);
    /// let theirs = ours.handed_over("t-4");
    /// assert_eq!((theirs.employee.as_str(), theirs.user.as_str()), ("t-4", "u-7"));
    /// assert_eq!((theirs.deactivated_by_us, theirs.invites), (false, 1));
    /// ```
    #[must_use]
    pub fn handed_over(&self, to: impl Into<EmployeeId>) -> Self {
        let (employee, bases) = (to.into(), Bases::default());
        Self { employee, deactivated_by_us: false, bases, ..self.clone() }
    }
}
