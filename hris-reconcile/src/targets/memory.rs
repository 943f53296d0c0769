//! Accounts in memory, for tests and examples.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{Invite, TargetField, Timestamp, User, UserId, UserStatus};

use super::effect::Effect;
use crate::target::{
    Assigns, By, Call, Invitation, Invites, NewUser, Powers, Reactivates, Remembers, Target,
    TargetCapabilities, TargetError, TargetErrorKind, give,
};

/// Accounts in memory. Clones share them.
///
/// It keeps what a real target must: external ids and e-mail addresses are unique over all accounts, closed
/// ones too, addresses without regard to the case of A to Z, and an action of one key is done once as long
/// as its effect exists. See [`crate::faults`] for making its calls fail.
#[derive(Clone, Debug)]
pub struct MemoryTarget {
    world: Arc<Mutex<World>>,
    capabilities: TargetCapabilities,
}

#[derive(Debug, Default)]
struct World {
    id: String,
    users: BTreeMap<UserId, User>,
    /// The status of each account before it was closed.
    before: BTreeMap<UserId, UserStatus>,
    done: BTreeMap<String, UserId>,
    invited: Vec<UserId>,
    writes: u64,
    next: u64,
}

impl MemoryTarget {
    /// No accounts yet.
    #[must_use]
    pub fn new() -> Self {
        // Practically unique, without reading a clock.
        let half = || RandomState::new().build_hasher().finish();
        let world = World { id: format!("{:016x}{:016x}", half(), half()), ..World::default() };
        Self { world: Arc::new(Mutex::new(world)), capabilities: TargetCapabilities::full() }
    }

    /// Adds accounts, as if the product had created them.
    #[must_use]
    pub fn with_users(self, users: impl IntoIterator<Item = User>) -> Self {
        self.lock().users.extend(users.into_iter().map(|user| (user.id.clone(), user)));
        self
    }

    /// Sets the capabilities. The default is all of them.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: TargetCapabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Every account, by id.
    #[must_use]
    pub fn all(&self) -> Vec<User> {
        self.lock().users.values().cloned().collect()
    }

    /// Changes accounts outside any run, as an administrator would.
    pub fn edit(&self, change: impl FnOnce(&mut BTreeMap<UserId, User>)) {
        let mut world = self.lock();
        let World { users, before, .. } = &mut *world;
        change(users);
        // An account that was opened here no longer counts as closed by a run.
        before.retain(|id, _| users.get(id).is_some_and(|user| !user.is_live()));
    }

    /// How many calls have changed something.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// The accounts that invitations were sent to, in order.
    #[must_use]
    pub fn invited(&self) -> Vec<UserId> {
        self.lock().invited.clone()
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to an account once for each key, as long as its effect exists.
    fn write(
        &self,
        id: &UserId,
        (key, effect): (&ActionKey, Effect<'_>),
        change: impl FnOnce(&mut World, &mut User) -> Result<(), TargetError>,
    ) -> Result<(), TargetError> {
        let mut world = self.lock();
        if world.was_done(key, effect).is_some() {
            return Ok(());
        }
        let Some(mut user) = world.users.get(id).cloned() else {
            return Err(TargetError::new(TargetErrorKind::NotFound, format!("there is no account {id}")));
        };
        change(&mut world, &mut user)?;
        world.unique(&user)?;
        world.users.insert(id.clone(), user);
        world.done.insert(key.as_str().to_owned(), id.clone());
        world.writes += 1;
        Ok(())
    }
}

impl Default for MemoryTarget {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// The account of a call that was done and whose effect exists.
    fn was_done(&self, key: &ActionKey, effect: Effect<'_>) -> Option<&UserId> {
        self.done.get(key.as_str()).filter(|id| effect.stands(self.users.get(*id)))
    }

    /// Whether another account holds a value that this one is to have.
    fn unique(&self, user: &User) -> Result<(), TargetError> {
        for field in [TargetField::Email, TargetField::ExternalId] {
            let Some(wanted) = user.value(&field) else { continue };
            let same = |held: &str| match field {
                TargetField::Email => held.eq_ignore_ascii_case(wanted),
                _ => held == wanted,
            };
            let mut others = self.users.values().filter(|other| other.id != user.id);
            if others.any(|other| other.value(&field).is_some_and(same)) {
                let message = format!("another account has this {field}");
                return Err(TargetError::new(TargetErrorKind::Conflict, message).field(field.to_string()));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Target for MemoryTarget {
    fn capabilities(&self) -> TargetCapabilities {
        self.capabilities.clone()
    }

    fn powers(&self) -> Powers<'_> {
        Powers::none().assigning(self).inviting(self).reactivating(self).remembering(self)
    }

    async fn check(&self, _now: Timestamp) -> Result<(), TargetError> {
        Ok(())
    }

    async fn users(&self, _now: Timestamp) -> Result<Vec<User>, TargetError> {
        Ok(self.all())
    }

    async fn user(&self, by: By<'_>, _now: Timestamp) -> Result<Option<User>, TargetError> {
        let world = self.lock();
        Ok(match by {
            By::Id(id) => world.users.get(id).cloned(),
            By::ExternalId(_) => world.users.values().find(|user| by.is(user)).cloned(),
        })
    }

    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        let mut world = self.lock();
        if let Some(id) = world.was_done(call.key, Effect::Created(new)) {
            return Ok(id.clone());
        }
        // A number that is taken already is skipped.
        let number = (world.next.saturating_add(1)..=u64::MAX)
            .find(|number| !world.users.contains_key(&UserId::from(format!("u-{number}"))));
        let number = number.unwrap_or(u64::MAX);
        let user = new.to_user(format!("u-{number}"));
        let id = user.id.clone();
        world.unique(&user)?;
        world.next = number;
        world.users.insert(id.clone(), user);
        world.done.insert(call.key.as_str().to_owned(), id.clone());
        world.writes += 1;
        Ok(id)
    }

    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        self.write(id, (call.key, Effect::Updated(changes)), |_, user| {
            for change in changes {
                user.put(&change.field, change.to.as_deref());
            }
            Ok(())
        })
    }

    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        self.write(&seen.id, (call.key, Effect::Closed), |world, user| {
            if !user.is_still(seen) {
                return Err(TargetError::changed());
            }
            if user.is_live() {
                world.before.insert(user.id.clone(), user.status);
                user.status = UserStatus::Deactivated;
            }
            Ok(())
        })
    }
}

#[async_trait]
impl Assigns for MemoryTarget {
    async fn assign(
        &self,
        id: &UserId,
        assignments: &[AssignmentChange],
        call: &Call<'_>,
    ) -> Result<(), TargetError> {
        self.write(id, (call.key, Effect::Assigned(assignments)), |_, user| {
            give(user, assignments);
            Ok(())
        })
    }
}

#[async_trait]
impl Invites for MemoryTarget {
    async fn invite(
        &self,
        id: &UserId,
        _invitation: &Invitation,
        call: &Call<'_>,
    ) -> Result<(), TargetError> {
        self.write(id, (call.key, Effect::Invited), |world, user| {
            if !matches!(user.status, UserStatus::Invited | UserStatus::Pending) {
                let message = format!("an account that is {} is not invited", user.status.as_str());
                return Err(TargetError::new(TargetErrorKind::Rejected, message));
            }
            user.status = UserStatus::Invited;
            user.invite = Some(Invite::sent(call.now));
            world.invited.push(user.id.clone());
            Ok(())
        })
    }
}

#[async_trait]
impl Reactivates for MemoryTarget {
    async fn reactivate(&self, id: &UserId, call: &Call<'_>) -> Result<(), TargetError> {
        self.write(id, (call.key, Effect::Opened), |world, user| {
            if !user.is_live() {
                let waits = user.invite.is_some_and(|invite| invite.accepted_at.is_none());
                let otherwise = if waits { UserStatus::Invited } else { UserStatus::Active };
                user.status = world.before.remove(&user.id).unwrap_or(otherwise);
            }
            Ok(())
        })
    }
}

#[async_trait]
impl Remembers for MemoryTarget {
    async fn identity(&self) -> Result<Option<String>, TargetError> {
        Ok(Some(self.lock().id.clone()))
    }

    async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        Ok(Some(self.lock().done.get(key.as_str()) == Some(user)))
    }
}
