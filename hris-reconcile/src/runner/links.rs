//! Who is whom, while a run changes it: the rules are core's, here they become settlements.

use hris_core::reconcile::{self, Action, LinkChange, Others};
use hris_core::{EmployeeId, Link, User, UserId};

use crate::store::Settlement;

/// The links of a connection, by employee and by account.
#[derive(Debug, Default)]
pub(super) struct Links(reconcile::Links);

impl Links {
    pub(super) fn of(links: Vec<Link>) -> Self {
        Self(reconcile::Links::of(links))
    }

    /// With what other connections have to do with the accounts.
    pub(super) fn beside(self, others: &Others) -> Self {
        Self(self.0.beside(others))
    }

    pub(super) fn into_vec(self) -> Vec<Link> {
        self.0.into_vec()
    }

    pub(super) fn of_employee(&self, employee: &EmployeeId) -> Option<&Link> {
        self.0.of_employee(employee)
    }

    pub(super) fn holder(&self, user: &UserId) -> Option<&EmployeeId> {
        self.0.holder(user)
    }

    pub(super) fn user_of(&self, action: &Action) -> Option<UserId> {
        self.0.user_of(action)
    }

    /// Takes over what a settlement makes of the links.
    pub(super) fn take_over(&mut self, settlement: &Settlement) {
        self.0.put(&settlement.unlinked, settlement.link.as_ref());
    }

    /// The settlement of an action that was done to `user`.
    pub(super) fn after(&self, action: &Action, user: &UserId) -> Settlement {
        done(action, self.0.after(action, user))
    }

    /// The settlement of a creation that found the account there already.
    pub(super) fn adopted(&self, action: &Action, user: &User) -> Settlement {
        done(action, self.0.adopted(action, user))
    }
}

fn done(action: &Action, change: LinkChange) -> Settlement {
    let mut done = Settlement::new(action.key.clone(), true);
    (done.link, done.unlinked, done.takes_over) = (change.link, change.unlinked, change.takes_over);
    done
}
