//! The suite for targets.

mod accounts;
mod batches;
mod cuts;
mod keys;
mod powers;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use hris_core::conformance::Summary;
use hris_core::reconcile::{ActionKey, AssignmentChange, Change, is_same};
use hris_core::{Assignment, AssignmentKind, TargetField, Timestamp, User, UserId, UserStatus};

use super::{Miss, Outcome, ensure, failed, skipped};
use crate::target::{By, Call, NewUser, Target, TargetCapabilities, TargetError, TargetErrorKind};

/// Makes targets without accounts.
#[async_trait]
pub trait TargetHarness: Send + Sync {
    /// A target without accounts that nobody else uses.
    async fn stage(&self) -> Box<dyn TargetStage>;
}

/// A target, and what can be done to its accounts behind its back.
#[async_trait]
pub trait TargetStage: Send + Sync {
    /// The target under test.
    fn target(&self) -> &dyn Target;

    /// The same accounts by another handle, as a program has that is started again.
    ///
    /// # Errors
    /// Why that cannot be, in words.
    async fn reopen(&self) -> Result<Box<dyn Target>, String> {
        Err("the harness does not open the same accounts again".to_owned())
    }

    /// Fields that the target has planned as unique although what is behind this stage does not hold to it, such
    /// as a directory in memory. Whether a second value is refused is not tried for them.
    fn unheld(&self) -> &[TargetField] {
        &[]
    }

    /// Deletes an account, as an administrator would.
    ///
    /// # Errors
    /// Why that cannot be, in words.
    async fn remove(&self, id: &UserId) -> Result<(), String> {
        let _ = id;
        Err("the harness deletes no accounts".to_owned())
    }
}

#[async_trait]
impl<F, W, T> TargetHarness for F
where
    F: Fn() -> W + Send + Sync,
    W: Future<Output = T> + Send,
    T: Target,
{
    async fn stage(&self) -> Box<dyn TargetStage> {
        Box::new(Alone(self().await))
    }
}

/// A target of which nothing else is known.
struct Alone<T>(T);

impl<T: Target> TargetStage for Alone<T> {
    fn target(&self) -> &dyn Target {
        &self.0
    }
}

/// Runs every case for targets, each on accounts of its own.
pub async fn target(harness: &dyn TargetHarness) -> Summary {
    let mut summary = Summary::default();
    accounts::run(harness, &mut summary).await;
    keys::run(harness, &mut summary).await;
    powers::run(harness, &mut summary).await;
    batches::run(harness, &mut summary).await;
    cuts::run(harness, &mut summary).await;
    summary
}

/// What a case works with.
struct Scene {
    stage: Box<dyn TargetStage>,
    keys: AtomicU64,
}

impl Scene {
    fn new(stage: Box<dyn TargetStage>) -> Self {
        Self { stage, keys: AtomicU64::new(0) }
    }

    fn target(&self) -> &dyn Target {
        self.stage.target()
    }

    fn can(&self) -> TargetCapabilities {
        self.target().capabilities()
    }

    /// A key that no call had before.
    fn key(&self) -> ActionKey {
        ActionKey::from(format!("conformance-{}", self.keys.fetch_add(1, Ordering::Relaxed)))
    }

    /// An account of the `n`-th invented person.
    fn person(&self, n: usize) -> NewUser {
        let value = |field: TargetField, value: String| Change::new(field, None, Some(value));
        let mut values = vec![
            value(TargetField::ExternalId, format!("conformance-{n}")),
            value(TargetField::Email, format!("person{n}@conformance.example")),
            value(TargetField::GivenName, format!("Given{n}")),
            value(TargetField::FamilyName, format!("Family{n}")),
            value(TargetField::JobTitle, format!("Job {n}")),
            value(TargetField::Department, "Dyeing".to_owned()),
        ];
        let can = self.can();
        let missing = can.required().filter(|field| !values.iter().any(|value| value.field == **field));
        let missing: Vec<TargetField> = missing.cloned().collect();
        values.extend(missing.into_iter().map(|field| value(field, n.to_string())));
        let status = if self.target().powers().invites.is_some() && can.invites {
            UserStatus::Pending
        } else {
            UserStatus::Active
        };
        NewUser::new(status, values, Vec::new())
    }

    async fn create(&self, new: &NewUser) -> Result<UserId, TargetError> {
        self.target().create(new, &Call::new(&self.key(), now(0))).await
    }

    /// The account of the `n`-th invented person, made.
    async fn made(&self, n: usize) -> Result<User, Miss> {
        let id = self.create(&self.person(n)).await?;
        self.read(&id).await
    }

    async fn update(&self, id: &UserId, changes: &[Change]) -> Result<(), TargetError> {
        self.target().update(id, changes, &Call::new(&self.key(), now(1))).await
    }

    async fn close(&self, seen: &User) -> Result<(), TargetError> {
        self.target().deactivate(seen, &Call::new(&self.key(), now(2))).await
    }

    async fn list(&self) -> Result<Vec<User>, TargetError> {
        self.target().users(now(9)).await
    }

    /// An account that is there.
    async fn read(&self, id: &UserId) -> Result<User, Miss> {
        match self.target().user(By::Id(id), now(9)).await? {
            Some(user) if user.id == *id => Ok(user),
            Some(_) => failed("another account than the one that was asked for by its id"),
            None => failed("an account that is there is not found by its id"),
        }
    }

    /// The accounts that bear the address of the `n`-th invented person.
    async fn bearing(&self, n: usize) -> Result<Vec<User>, Miss> {
        let address = format!("person{n}@conformance.example");
        let is = |user: &User| is_same(&TargetField::Email, Some(&address), user.value(&TargetField::Email));
        Ok(self.list().await?.into_iter().filter(is).collect())
    }

    /// A field beside the address that can be changed.
    fn changeable(&self) -> Result<TargetField, Miss> {
        let can = self.can();
        let fields =
            [TargetField::JobTitle, TargetField::Department, TargetField::GivenName, TargetField::FamilyName];
        match fields.into_iter().find(|field| can.changes(field)) {
            Some(field) => Ok(field),
            None => skipped("the target keeps none of the fields that the suite changes"),
        }
    }

    /// Skips a case unless a field is kept unique.
    fn unique(&self, field: &TargetField) -> Outcome {
        let support = self.can().support(field);
        if support.kept && support.unique && !self.stage.unheld().contains(field) {
            return Ok(());
        }
        skipped(format!("{field} is not kept unique"))
    }

    /// Two values of a kind that may be given.
    fn two_of(&self, kind: AssignmentKind) -> Result<[Assignment; 2], Miss> {
        let of = |value: &str| Assignment { kind, value: value.to_owned() };
        match self.can().assignable.get(&kind) {
            None => Ok([of("conformance-a"), of("conformance-b")]),
            Some(values) => match values.iter().take(2).collect::<Vec<_>>()[..] {
                [one, other] => Ok([of(one), of(other)]),
                _ => skipped(format!("there are not two values of {}", kind.as_str())),
            },
        }
    }
}

/// The instants of a case, one after the other.
fn now(n: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_424_400 + n)
}

fn set(field: TargetField, value: &str) -> Change {
    Change::new(field, None, Some(value.to_owned()))
}

fn clear(field: TargetField) -> Change {
    Change::new(field, None, None)
}

fn give(what: &Assignment) -> AssignmentChange {
    AssignmentChange::new(what.clone(), true)
}

fn take(what: &Assignment) -> AssignmentChange {
    AssignmentChange::new(what.clone(), false)
}

/// Whether an account is in every way as it was to be made.
fn is_whole(can: &TargetCapabilities, new: &NewUser, user: &User) -> Outcome {
    for (field, value) in new.values().filter(|(field, _)| can.keeps(field)) {
        ensure(is_same(field, Some(value), user.value(field)), || {
            format!("an account was made without its {field}, or with another one")
        })?;
    }
    ensure(user.status == new.status, || {
        format!("an account that was to be {} is {}", new.status.as_str(), user.status.as_str())
    })?;
    let missing =
        new.assignments.iter().find(|change| change.given && !crate::targets::effect::has(user, change));
    ensure(missing.is_none(), || "an account was made without what it was to be given".to_owned())
}

/// Expects a refusal of one of these kinds.
fn refused<T>(
    done: Result<T, TargetError>,
    kinds: &[TargetErrorKind],
    what: &str,
) -> Result<TargetError, Miss> {
    match done {
        Err(error) if kinds.contains(&error.kind) => Ok(error),
        Err(error) => failed(format!("{what} fails as {:?}, which is to be {kinds:?}", error.kind)),
        Ok(_) => failed(format!("{what} is said to be done, which is to fail as {kinds:?}")),
    }
}
