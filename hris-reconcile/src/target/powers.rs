//! What a target can do beyond making, changing and closing accounts.

use std::fmt;

use async_trait::async_trait;
use hris_core::UserId;
use hris_core::reconcile::{ActionKey, AssignmentChange};

use super::{Call, Invitation, TargetError};

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
    /// It invites.
    pub invites: Option<&'a dyn Invites>,
    /// It opens closed accounts again.
    pub reactivates: Option<&'a dyn Reactivates>,
    /// It has an id of its own, and remembers what was done under a key.
    pub remembers: Option<&'a dyn Remembers>,
    /// It has work under way that must be finished.
    pub settles: Option<&'a dyn Settles>,
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
            .field("invites", &self.invites.is_some())
            .field("reactivates", &self.reactivates.is_some())
            .field("remembers", &self.remembers.is_some())
            .field("settles", &self.settles.is_some())
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
        T: Assigns + Invites + Reactivates + Remembers + Settles,
    {
        Self {
            assigns: self.assigns.map(|_| outer as &dyn Assigns),
            invites: self.invites.map(|_| outer as &dyn Invites),
            reactivates: self.reactivates.map(|_| outer as &dyn Reactivates),
            remembers: self.remembers.map(|_| outer as &dyn Remembers),
            settles: self.settles.map(|_| outer as &dyn Settles),
        }
    }
}
