//! One account, one holder: what other connections of the same state have to do with the accounts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use crate::{Assignment, EmployeeId, Link, TargetField, User, UserId, canon};

/// What other connections of the same state have to do with the accounts of this target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Others {
    /// Accounts that another connection holds, or may have linked in a run that was cut.
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
    /// A run of `connection` that did not end may have linked this account.
    pub fn about_to_hold(&mut self, user: &UserId, connection: &str) {
        let held = self.held.entry(user.clone()).or_insert_with(|| Held::new(connection, false));
        if held.closed {
            *held = Held::new(connection, false);
        }
    }
}

/// An account that another connection holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The connection.
    pub connection: String,
    /// Whether that connection closed the account: then it is done with it, and somebody else's person may
    /// have it again, unless somebody opened it meanwhile.
    pub closed: bool,
    /// The external id that the connection gave the account. It shows whether the account is still the one
    /// that was linked, and which one takes its place if it was deleted and created again.
    pub external_id: Option<String>,
}

impl Held {
    /// An account that `connection` holds.
    #[must_use]
    pub fn new(connection: impl Into<String>, closed: bool) -> Self {
        Self { connection: connection.into(), closed, external_id: None }
    }

    /// Whether the connection is done with the account. One that somebody opened since is in use, and the connection
    /// that closed it has not seen that yet.
    pub(super) fn is_over(&self, user: &User) -> bool {
        self.closed && !user.is_live()
    }

    /// The same, of an account that was given this external id.
    #[must_use]
    pub fn giving(mut self, external_id: impl Into<String>) -> Self {
        self.external_id = Some(external_id.into());
        self
    }
}

/// Who else holds which account of a target.
#[derive(Debug, Default)]
pub(super) struct Elsewhere<'a> {
    by_account: HashMap<usize, Held>,
    /// External ids that other connections gave to accounts which are not there any more.
    lost: HashMap<Cow<'a, str>, &'a Held>,
}

impl<'a> Elsewhere<'a> {
    /// `own` says whether this connection's link names the account by what it carries. Such an account was not
    /// made for another connection, whatever its id: external ids mean something within their connection only.
    pub(super) fn of(
        inputs: &Inputs<'a>,
        account: impl Fn(&UserId) -> Option<usize>,
        own: impl Fn(usize) -> bool,
    ) -> Self {
        let (others, field) = (inputs.others, TargetField::ExternalId);
        let mut elsewhere = Self::default();
        if others.held.is_empty() && others.making.is_empty() {
            return elsewhere;
        }
        for (user, held) in &others.held {
            let Some(id) = held.external_id.as_deref() else { continue };
            let user = account(user).and_then(|index| inputs.users.get(index));
            if user
                .and_then(|user| user.value(&field))
                .is_some_and(|carried| canon::same(&field, carried, id))
            {
                continue;
            }
            let place = elsewhere.lost.entry(canon::canonical(&field, id)).or_insert(held);
            if place.closed {
                *place = held;
            }
        }
        for (index, user) in inputs.users.iter().enumerate() {
            let made = || {
                let id = user.value(&field).filter(|_| !own(index))?;
                let making = others.making.get(id).map(|connection| Held::new(connection.clone(), false));
                making.or_else(|| elsewhere.lost.get(&canon::canonical(&field, id)).copied().cloned())
            };
            // A link of another connection is not believed where the account carries what a link here gave it.
            let believed = |held: &&Held| {
                let carries =
                    |id: &str| user.value(&field).is_some_and(|carried| canon::same(&field, carried, id));
                held.external_id.as_deref().is_none_or(carries) || !own(index)
            };
            if let Some(held) = others.held.get(&user.id).filter(believed).cloned().or_else(made) {
                elsewhere.by_account.insert(index, held);
            }
        }
        elsewhere
    }

    /// The connection that holds an account, may have made it just now, or had the account in whose place this
    /// one was made.
    pub(super) fn holder_of(&self, user: usize) -> Option<&Held> {
        self.by_account.get(&user)
    }

    /// Whether it is held for the external id that it carries, and not because a link names it.
    pub(super) fn is_by_id(&self, inputs: &Inputs<'_>, user: usize) -> bool {
        let named = inputs.users.get(user).is_some_and(|user| inputs.others.held.contains_key(&user.id));
        self.by_account.contains_key(&user) && !named
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
    pub fn apply(&self, link: &mut Link) {
        match &self.seen {
            Seen::ExternalId(id) => link.external_id = Some(id.clone()),
            Seen::Open => link.deactivated_by_us = false,
            Seen::Protected(entry) => link.protected_by.clone_from(entry),
            Seen::Taken(assignments) => link.granted.retain(|assignment| !assignments.contains(assignment)),
        }
    }
}
