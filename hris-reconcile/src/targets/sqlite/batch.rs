//! Several calls in one transaction.
//!
//! Either all of them are done or none is, and then the batch is halved: a row that is refused goes by
//! itself in the end, and harms no other.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use hris_core::reconcile::ActionKey;
use hris_core::{TargetField, Timestamp, User, UserId};
use sqlx::{Connection as _, Sqlite, Transaction};

use super::super::effect::Effect;
use super::schema::Known;
use super::{GivesIds, Refused, SqliteTarget, close, fault, read, write};
use crate::store::sqlite::code;
use crate::target::{Batches, By, Call, Invitation, NewUser, TargetError, Write};

type One<'a> = (Write<'a>, Call<'a>);

#[async_trait]
impl Batches for SqliteTarget {
    async fn find(&self, by: &[By<'_>], _now: Timestamp) -> Result<Vec<Option<User>>, TargetError> {
        let look = async |tx: &mut Transaction<'_, Sqlite>, known: &mut Known| find(tx, known, by).await;
        self.look("find accounts", look).await.map(|found| match found.is_empty() {
            // There is no file yet.
            true => vec![None; by.len()],
            false => found,
        })
    }

    async fn write(&self, writes: &[(Write<'_>, Call<'_>)]) -> Vec<Result<UserId, TargetError>> {
        let mut answers = Vec::with_capacity(writes.len());
        let mut waiting = vec![writes];
        while let Some(next) = waiting.pop() {
            if let [(write, call)] = next {
                answers.push(write.by(self, call).await);
                continue;
            }
            match self.together(next).await {
                Ok(ids) => answers.extend(ids.into_iter().map(Ok)),
                Err(Apart::Halve) => {
                    let (first, second) = next.split_at(next.len() / 2);
                    waiting.extend([second, first]);
                }
                Err(Apart::Failed(error)) => answers.extend(next.iter().map(|_| Err(error.clone()))),
            }
        }
        answers
    }
}

/// Why calls were not done together. None of them was done, unless the error says that nobody knows.
enum Apart {
    /// The database works no better for one of them.
    Failed(TargetError),
    /// One of them is refused, or must be done by itself.
    Halve,
}

impl SqliteTarget {
    async fn together(&self, writes: &[One<'_>]) -> Result<Vec<UserId>, Apart> {
        const DOING: &str = "write several accounts";
        let Some((_, Call { now, .. })) = writes.first() else { return Ok(Vec::new()) };
        let keys: HashSet<&ActionKey> = writes.iter().map(|(_, call)| call.key).collect();
        if keys.len() != writes.len() || writes.iter().any(|(_, call)| call.now != *now) {
            return Err(Apart::Halve);
        }
        let mut guard = self.session().await.map_err(Apart::Failed)?;
        let Some(session) = guard.as_mut() else {
            return Err(Apart::Failed(self.explain(DOING, sqlx::Error::WorkerCrashed)));
        };
        let done: Result<_, Refused> = async {
            let mut tx = session.connection.begin_with("BEGIN IMMEDIATE").await?;
            if !session.swept {
                write::sweep(&mut tx, *now).await?;
            }
            let Some(ids) = all(&mut tx, &mut session.known, session.gives_ids, writes, *now).await? else {
                tx.rollback().await?;
                return Ok(None);
            };
            session.swept = true;
            Ok(Some((ids, tx.commit().await)))
        }
        .await;
        if matches!(done, Err(Refused::Database(_)) | Ok(Some((_, Err(_))))) {
            // As where one call is done.
            *guard = None;
        }
        match done {
            Ok(Some((ids, Ok(())))) => Ok(ids),
            Ok(Some((_, Err(error)))) => Err(Apart::Failed(fault::uncertain(DOING, &self.path, &error))),
            Ok(None) | Err(Refused::Target(_)) => Err(Apart::Halve),
            // A constraint, a wrong type, a value that is too long: of one row.
            Err(Refused::Database(error)) if matches!(code(&error) & 0xff, 18..=20) => Err(Apart::Halve),
            Err(Refused::Database(error)) => Err(Apart::Failed(self.explain(DOING, error))),
        }
    }
}

/// Does all writes in their order and notes their keys. `None` if one must be done by itself.
async fn all(
    tx: &mut Transaction<'_, Sqlite>,
    known: &mut Known,
    gives_ids: GivesIds,
    writes: &[One<'_>],
    now: Timestamp,
) -> Result<Option<Vec<UserId>>, Refused> {
    let before = write::all_applied(tx, writes.iter().map(|(_, call)| call.key)).await?;
    let mut ids: Vec<Option<UserId>> = vec![None; writes.len()];
    if !before.is_empty() {
        let users = read::users(tx, known, read::Which::Ids(&before.values().collect::<Vec<_>>())).await?;
        let users: HashMap<&UserId, &User> = users.iter().map(|user| (&user.id, user)).collect();
        for ((write, call), id) in writes.iter().zip(&mut ids) {
            let user = before.get(call.key);
            *id = user.filter(|user| effect(*write).stands(users.get(user).copied())).cloned();
        }
    }
    let waiting: Vec<(usize, &One<'_>)> =
        writes.iter().enumerate().filter(|(place, _)| ids.get(*place).is_some_and(Option::is_none)).collect();
    let mut done: Vec<(usize, UserId)> = Vec::with_capacity(waiting.len());
    for run in waiting.chunk_by(|(_, (one, _)), (_, (next, _))| is_same_statement(one, next)) {
        let made: Vec<&NewUser> = run
            .iter()
            .filter_map(|(_, (write, _))| if let Write::Create(new) = write { Some(*new) } else { None })
            .collect();
        let invited: Vec<(&UserId, Invitation)> = run
            .iter()
            .filter_map(
                |(_, (write, _))| if let Write::Invite(id, how) = write { Some((*id, *how)) } else { None },
            )
            .collect();
        let places = run.iter().map(|(place, _)| *place);
        if !made.is_empty() {
            let Some(made) = write::create_all(tx, &made, now, gives_ids).await? else { return Ok(None) };
            done.extend(places.zip(made));
        } else if !invited.is_empty() {
            let Some(()) = write::invite_all(tx, &invited, now).await? else { return Ok(None) };
            done.extend(places.zip(invited.into_iter().map(|(id, _)| id.clone())));
        } else {
            for (place, (write, _)) in run {
                done.push((*place, one(tx, known, *write, now).await?));
            }
        }
    }
    let keys: Vec<(&ActionKey, &UserId)> = done
        .iter()
        .filter_map(|(place, user)| writes.get(*place).map(|(_, call)| (call.key, user)))
        .collect();
    write::record_all(tx, &keys, now).await?;
    for (place, user) in done {
        if let Some(id) = ids.get_mut(place) {
            *id = Some(user);
        }
    }
    Ok(ids.into_iter().collect())
}

/// Whether two writes are rows of one statement.
fn is_same_statement(one: &Write<'_>, next: &Write<'_>) -> bool {
    matches!((one, next), (Write::Create(_), Write::Create(_)) | (Write::Invite(..), Write::Invite(..)))
}

async fn one(
    tx: &mut Transaction<'_, Sqlite>,
    known: &mut Known,
    write: Write<'_>,
    now: Timestamp,
) -> Result<UserId, Refused> {
    match write {
        Write::Assign(id, assignments) => write::assign(tx, id, assignments, now).await,
        Write::Create(new) => write::create(tx, new, now, GivesIds::Table).await,
        Write::Deactivate(seen) => close(tx, known, seen, now).await,
        Write::Invite(id, invitation) => write::invite(tx, id, &invitation, now).await,
        Write::Reactivate(id) => write::reactivate(tx, id, now).await,
        Write::Update(id, changes) => write::update(tx, id, changes, now).await,
    }
}

fn effect(write: Write<'_>) -> Effect<'_> {
    match write {
        Write::Assign(_, assignments) => Effect::Assigned(assignments),
        Write::Create(new) => Effect::Created(new),
        Write::Deactivate(_) => Effect::Closed,
        Write::Invite(..) => Effect::Invited,
        Write::Reactivate(_) => Effect::Opened,
        Write::Update(_, changes) => Effect::Updated(changes),
    }
}

/// The accounts that are looked for, each in the place of its question.
async fn find(
    tx: &mut Transaction<'_, Sqlite>,
    known: &mut Known,
    by: &[By<'_>],
) -> Result<Vec<Option<User>>, Refused> {
    let ids: Vec<&UserId> =
        by.iter().filter_map(|by| if let By::Id(id) = by { Some(*id) } else { None }).collect();
    let external_ids: Vec<&str> =
        by.iter().filter_map(|by| if let By::ExternalId(id) = by { Some(*id) } else { None }).collect();
    let mut by_id: HashMap<UserId, User> = HashMap::new();
    if !ids.is_empty() {
        let users = read::users(tx, known, read::Which::Ids(&ids)).await?;
        by_id.extend(users.into_iter().map(|user| (user.id.clone(), user)));
    }
    let mut by_external_id: HashMap<String, User> = HashMap::new();
    let mut otherwise = false;
    if !external_ids.is_empty() {
        let asked: HashSet<&str> = external_ids.iter().copied().collect();
        for user in read::users(tx, known, read::Which::ExternalIds(&external_ids)).await? {
            match user.value(&TargetField::ExternalId) {
                Some(id) if asked.contains(id) => {
                    by_external_id.entry(id.to_owned()).or_insert(user);
                }
                // A column of another type, or one that sees no difference in case, finds it under another spelling.
                _ => otherwise = true,
            }
        }
    }
    let mut found = Vec::with_capacity(by.len());
    for by in by {
        let mut user = match by {
            By::Id(id) => by_id.get(*id).cloned(),
            By::ExternalId(id) => by_external_id.get(*id).cloned(),
        };
        if let By::ExternalId(id) = by
            && otherwise
            && user.is_none()
        {
            user = read::users(tx, known, read::Which::ExternalIds(&[id])).await?.into_iter().next();
        }
        found.push(user);
    }
    Ok(found)
}
