//! Whether an account is still the one that the plan saw.

use std::collections::BTreeSet;

use hris_core::reconcile::Action;
use hris_core::{TargetField, User};

/// An account as the plan saw it, as far as that says whose it is and where it stands.
#[derive(Debug)]
pub(super) struct Seen {
    account: User,
    /// What this run wrote since: it may have got another form in the target, so it says nothing more.
    written: BTreeSet<TargetField>,
}

impl Seen {
    pub(super) fn of(user: &User) -> Self {
        let mut account = User::new(user.id.clone(), user.status);
        account.invite = user.invite;
        for field in [TargetField::ExternalId, TargetField::Email] {
            account.put(&field, user.value(&field));
        }
        Self { account, written: BTreeSet::new() }
    }

    /// Remembers what an action wrote.
    pub(super) fn rewrite(&mut self, action: &Action) {
        self.written.extend(action.changes.iter().map(|change| change.field.clone()));
    }

    /// Whether the account is still the one that the plan saw.
    pub(super) fn is_borne_by(&self, user: &User) -> bool {
        let mut user = user.clone();
        for field in &self.written {
            user.put(field, self.account.value(field));
        }
        user.is_still(&self.account)
    }

    /// Whether the account stands where it stood.
    pub(super) fn stands_as(&self, user: &User) -> bool {
        let sent = |user: &User| user.invite.map(|invite| invite.sent_at);
        self.account.status == user.status && sent(&self.account) == sent(user)
    }
}
