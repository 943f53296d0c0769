//! What a target can do beyond making, changing and closing accounts.

use std::fmt;

use async_trait::async_trait;
use hris_core::reconcile::{ActionKey, AssignmentChange};
use hris_core::{Timestamp, User, UserId};

use super::{By, Call, Invitation, TargetError, Write};

/// How many calls a target that takes batches is given at once at most.
pub const MOST_AT_ONCE: usize = 256;

/// What a target can do beyond [`Target`](super::Target): each power is a trait of its own, and a target
/// returns itself for the powers that it has.
///
/// A missing power is not used: nobody is invited, no roles are given, and no closed account is opened
/// again.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct Powers<'a> {
    /// It keeps permission levels, locations and areas.
    pub assigns: Option<&'a dyn Assigns>,
    /// It takes several calls at once.
    pub batches: Option<&'a dyn Batches>,
    /// It invites.
    pub invites: Option<&'a dyn Invites>,
    /// It opens closed accounts again.
    pub reactivates: Option<&'a dyn Reactivates>,
    /// It has an id of its own, and remembers what was done under a key.
    pub remembers: Option<&'a dyn Remembers>,
    /// It has work under way that must be finished.
    pub settles: Option<&'a dyn Settles>,
    /// How many calls may be under way at once; 0 is the same as 1. A target that takes batches gets one batch
    /// at a time.
    pub side_by_side: usize,
}

impl<'a> Powers<'a> {
    /// No power yet.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With permission levels, locations and areas.
    #[must_use]
    pub fn assigning(mut self, target: &'a dyn Assigns) -> Self {
        self.assigns = Some(target);
        self
    }

    /// With several calls at once.
    #[must_use]
    pub fn batching(mut self, target: &'a dyn Batches) -> Self {
        self.batches = Some(target);
        self
    }

    /// With so many calls under way at once, such as requests over a network. The calls that are made side by side
    /// are about different accounts, and none has to wait for another.
    #[must_use]
    pub fn side_by_side(mut self, calls: usize) -> Self {
        self.side_by_side = calls;
        self
    }

    /// With invitations.
    #[must_use]
    pub fn inviting(mut self, target: &'a dyn Invites) -> Self {
        self.invites = Some(target);
        self
    }

    /// With opening closed accounts again.
    #[must_use]
    pub fn reactivating(mut self, target: &'a dyn Reactivates) -> Self {
        self.reactivates = Some(target);
        self
    }

    /// With an id of its own and a memory of keys.
    #[must_use]
    pub fn remembering(mut self, target: &'a dyn Remembers) -> Self {
        self.remembers = Some(target);
        self
    }

    /// With work that must be finished.
    #[must_use]
    pub fn settling(mut self, target: &'a dyn Settles) -> Self {
        self.settles = Some(target);
        self
    }
}

impl fmt::Debug for Powers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Powers")
            .field("assigns", &self.assigns.is_some())
            .field("batches", &self.batches.is_some())
            .field("invites", &self.invites.is_some())
            .field("reactivates", &self.reactivates.is_some())
            .field("remembers", &self.remembers.is_some())
            .field("settles", &self.settles.is_some())
            .field("side_by_side", &self.side_by_side)
            .finish()
    }
}

/// A target that keeps permission levels, locations and areas.
#[async_trait]
pub trait Assigns: Send + Sync {
    /// Gives and takes back assignments, and leaves all others alone. Giving what the account has, or
    /// taking what it lacks, is not an error.
    ///
    /// # Errors
    /// As [`Target::update`](super::Target::update).
    async fn assign(
        &self,
        id: &UserId,
        assignments: &[AssignmentChange],
        call: &Call<'_>,
    ) -> Result<(), TargetError>;
}

/// A target that takes several calls at once, such as rows of one database in one transaction.
///
/// A run gives it up to [`MOST_AT_ONCE`] calls, which are about different accounts. Without this power each call
/// is made by itself, by the methods of [`Target`](super::Target) and of the other powers.
#[async_trait]
pub trait Batches: Send + Sync {
    /// Returns the accounts that are looked for, each in the place of its question, `None` where there is no such
    /// account: what [`Target::user`](super::Target::user) answers to each question.
    ///
    /// # Errors
    /// Whatever kept the target from answering all of them.
    async fn find(&self, by: &[By<'_>], now: Timestamp) -> Result<Vec<Option<User>>, TargetError>;

    /// Does several writes, and answers each in its place with the id of its account, or with why it was not
    /// done. Each write has its whole effect or none, takes effect once a key, and fails alone: the others are
    /// done. They are done in their order, so that of two that take one address the first gets it.
    ///
    /// An id that is answered in a wrong place gives a person somebody else's account. A database does not promise
    /// to return new rows in the order in which they were given, so tell them apart by their external ids.
    async fn write(&self, writes: &[(Write<'_>, Call<'_>)]) -> Vec<Result<UserId, TargetError>>;
}

/// A target that invites.
#[async_trait]
pub trait Invites: Send + Sync {
    /// Asks the account's owner to join. One invitation is sent for each key, and earlier open invitations
    /// of the account end. The owner of an account in use has joined already, so no invitation is sent. A
    /// closed account stays closed.
    ///
    /// # Errors
    /// As [`Target::update`](super::Target::update).
    async fn invite(&self, id: &UserId, invitation: &Invitation, call: &Call<'_>) -> Result<(), TargetError>;
}

/// A target that opens closed accounts again.
#[async_trait]
pub trait Reactivates: Send + Sync {
    /// Opens a closed account as it was before it was closed: pending, invited or active. Where that is
    /// unknown, an account whose last invitation is open is invited again, and any other is active. Opening
    /// an open account is not an error.
    ///
    /// # Errors
    /// As [`Target::update`](super::Target::update).
    async fn reactivate(&self, id: &UserId, call: &Call<'_>) -> Result<(), TargetError>;
}

/// A target that has an id of its own, and remembers what was done under a key.
#[async_trait]
pub trait Remembers: Send + Sync {
    /// An id that the target keeps and that no other table, database or tenant has. It is copied and
    /// restored with the accounts. `None` where the target cannot keep one, or has none yet. This call
    /// creates none.
    ///
    /// # Errors
    /// Whatever kept the question from being answered.
    async fn identity(&self) -> Result<Option<String>, TargetError>;

    /// Whether a call with this key was done to this account, whatever became of its effect since. This
    /// separates what an interrupted run did from what a person did in the product. `None` where the target
    /// does not know.
    ///
    /// # Errors
    /// Whatever kept the question from being answered.
    async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError>;
}

/// A target that has work under way that must be finished, such as the renewal of a credential.
#[async_trait]
pub trait Settles: Send + Sync {
    /// Finishes what is under way. It is called at the end of each run, stopped runs included, and by
    /// [`Runner::settle`](crate::Runner::settle).
    ///
    /// # Errors
    /// If what was under way is lost.
    async fn settle(&self) -> Result<(), TargetError>;
}

impl<'a> Powers<'a> {
    /// The same powers, returned by a wrapper of the target.
    #[must_use]
    pub fn through<T>(self, outer: &'a T) -> Self
    where
        T: Assigns + Batches + Invites + Reactivates + Remembers + Settles,
    {
        Self {
            assigns: self.assigns.map(|_| outer as &dyn Assigns),
            batches: self.batches.map(|_| outer as &dyn Batches),
            invites: self.invites.map(|_| outer as &dyn Invites),
            reactivates: self.reactivates.map(|_| outer as &dyn Reactivates),
            remembers: self.remembers.map(|_| outer as &dyn Remembers),
            settles: self.settles.map(|_| outer as &dyn Settles),
            side_by_side: self.side_by_side,
        }
    }
}
