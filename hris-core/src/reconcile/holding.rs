//! One account, one holder: what other connections of the same state have to do with the accounts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Assignment, EmployeeId, TargetField, User, UserId};

/// What other connections of the same state have to do with the accounts of this target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Others {
    /// Accounts that another connection holds.
    pub held: BTreeMap<UserId, Held>,
    /// External ids of accounts that another connection is about to make, or may have made in a run that was
    /// cut, and which one.
    pub making: BTreeMap<String, String>,
    /// Accounts that another connection waits for, and which one.
    pub claimed: BTreeMap<UserId, String>,
    /// The vendor and the organisation of each other connection, as far as its last complete run knew them.
    pub organisations: BTreeMap<String, (String, String)>,
}

impl Others {
    /// The connection that holds an account, or may have made it just now.
    #[must_use]
    pub fn holder_of(&self, user: &User) -> Option<Held> {
        let made = || {
            let connection = self.making.get(user.value(&TargetField::ExternalId)?)?;
            Some(Held::new(connection.clone(), false))
        };
        self.held.get(&user.id).cloned().or_else(made)
    }
}

/// An account that another connection holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The connection.
    pub connection: String,
    /// Whether that connection closed the account: then it is done with it, and somebody else's person may
    /// have it again.
    pub closed: bool,
}

impl Held {
    /// An account that `connection` holds.
    #[must_use]
    pub fn new(connection: impl Into<String>, closed: bool) -> Self {
        Self { connection: connection.into(), closed }
    }
}

/// An account that this connection waits for: its person has it, and another connection holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountClaim {
    /// The person in this connection's source.
    pub employee: EmployeeId,
    /// The account.
    pub user: UserId,
}

impl AccountClaim {
    /// `employee` waits for `user`.
    #[must_use]
    pub fn new(employee: EmployeeId, user: UserId) -> Self {
        Self { employee, user }
    }
}

/// An account of a leaver that goes to the connection that waits for it, and is not closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Handover {
    /// The person who left.
    pub employee: EmployeeId,
    /// The account.
    pub user: UserId,
    /// The connection that it goes to.
    pub to: String,
}

/// Something about a pair that was seen and is to be remembered, without anything being written to the
/// target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// Whose link.
    pub employee: EmployeeId,
    /// What was seen.
    pub seen: Seen,
}

/// What a [`Note`] says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Seen {
    /// The account carries this external id, which is the person's.
    ExternalId(String),
    /// Somebody opened the account after this connection had closed it: it is no longer this connection's to
    /// open.
    Open,
    /// The account was found under this entry of the protected ones, or under none any more.
    Protected(Option<String>),
    /// Somebody took away what this connection had given: given again by somebody else, it is no longer this
    /// connection's to take.
    Taken(BTreeSet<Assignment>),
}

impl Note {
    /// Takes the note over into the link.
    pub fn apply(&self, link: &mut crate::Link) {
        match &self.seen {
            Seen::ExternalId(id) => link.external_id = Some(id.clone()),
            Seen::Open => link.deactivated_by_us = false,
            Seen::Protected(entry) => link.protected_by.clone_from(entry),
            Seen::Taken(grants) => link.granted.retain(|grant| !grants.contains(grant)),
        }
    }
}
