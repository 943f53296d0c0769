//! What actions do to the rows. Each function runs in the transaction of its action.

use std::collections::{BTreeMap, HashMap, HashSet};

use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{AssignmentKind, TargetField, Timestamp, UserId, UserStatus};
use serde_json::{Map, Value};
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::read::{push_is, push_is_one_of, push_list, status};
use super::{GivesIds, Refused};
use crate::target::{Invitation, NewUser, TargetError, TargetErrorKind};

type Tx<'a> = Transaction<'a, Sqlite>;

/// How many days the keys of done actions are kept: far longer than an interrupted run needs to be
/// finished.
const KEY_DAYS: i32 = 400;

/// The account of an action that was done before.
pub(super) async fn applied(tx: &mut Tx<'_>, key: &ActionKey) -> sqlx::Result<Option<UserId>> {
    let user: Option<String> = sqlx::query_scalar("SELECT user_id FROM hris_applied WHERE key = ?1")
        .bind(key.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(user.map(UserId::from))
}

/// The accounts of those actions that were done before, by their keys.
pub(super) async fn all_applied(
    tx: &mut Tx<'_>,
    keys: impl Iterator<Item = &ActionKey>,
) -> sqlx::Result<HashMap<ActionKey, UserId>> {
    let mut query = QueryBuilder::new("SELECT key, user_id FROM hris_applied WHERE key IN ");
    push_list(&mut query, keys.map(|key| key.as_str().to_owned()));
    let rows: Vec<(String, String)> = query.build_query_as().fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|(key, user)| (ActionKey::from(key), UserId::from(user))).collect())
}

/// Notes that actions were done.
pub(super) async fn record_all(
    tx: &mut Tx<'_>,
    done: &[(&ActionKey, &UserId)],
    now: Timestamp,
) -> sqlx::Result<()> {
    if done.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("INSERT OR REPLACE INTO hris_applied (key, user_id, at) ");
    query.push_values(done, |mut row, (key, user)| {
        row.push_bind(key.as_str().to_owned()).push_bind(user.as_str().to_owned()).push_bind(now.to_string());
    });
    query.build().execute(&mut **tx).await?;
    Ok(())
}

/// Notes that an action was done.
pub(super) async fn record(
    tx: &mut Tx<'_>,
    key: &ActionKey,
    user: &UserId,
    now: Timestamp,
) -> sqlx::Result<()> {
    record_all(tx, &[(key, user)], now).await
}

/// Forgets the keys of actions done long ago.
pub(super) async fn sweep(tx: &mut Tx<'_>, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM hris_applied WHERE at < ?1")
        .bind(now.plus_days(-KEY_DAYS).to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn create(
    tx: &mut Tx<'_>,
    user: &NewUser,
    now: Timestamp,
    gives_ids: GivesIds,
) -> Result<UserId, Refused> {
    let columns = columns_of(user, now);
    let mut names: Vec<&str> = columns.keys().copied().collect();
    if gives_ids == GivesIds::Statement {
        names.push("id");
    }

    let mut query = QueryBuilder::new("INSERT INTO users (");
    query.push(names.join(", ")).push(") VALUES (");
    let mut values = query.separated(", ");
    for value in columns.into_values() {
        values.push_bind(value);
    }
    if gives_ids == GivesIds::Statement {
        values.push("lower(hex(randomblob(8)))");
    }
    query.push(") RETURNING CAST(id AS TEXT)");
    let id: Option<String> = query.build().fetch_one(&mut **tx).await?.try_get(0)?;
    let Some(id) = id.map(UserId::from) else {
        let message = "the table gave the new row no id; give its column id a default";
        return Err(TargetError::new(TargetErrorKind::Rejected, message).field("id").into());
    };
    let others: Vec<_> = user.assignments.iter().filter(|change| !is_role(change)).cloned().collect();
    give(tx, &id, &others).await?;
    Ok(id)
}

/// The columns of a new row. Its permission level is one of them.
fn columns_of(user: &NewUser, now: Timestamp) -> Columns<'_> {
    let Written { mut columns, custom } = Written::of(user.changes());
    columns.insert("status", Some(user.status.as_str().to_owned()));
    columns.insert("created_at", Some(now.to_string()));
    columns.insert("updated_at", Some(now.to_string()));
    if !custom.is_empty() {
        columns.insert("custom", merged(Map::new(), custom));
    }
    let mut latest = user.assignments.iter().rev();
    if let Some(role) = latest.find(|change| is_role(change) && change.given) {
        columns.insert("role", Some(role.assignment.value.clone()));
    }
    columns
}

fn is_role(change: &AssignmentChange) -> bool {
    change.assignment.kind == AssignmentKind::Role
}

/// Makes several accounts with a statement for all that have the same columns. The rows come back in any order, and
/// their external ids say which is whose. `None` if that cannot be, or if an account must be made by itself.
pub(super) async fn create_all(
    tx: &mut Tx<'_>,
    users: &[&NewUser],
    now: Timestamp,
    gives_ids: GivesIds,
) -> Result<Option<Vec<UserId>>, Refused> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(users.len());
    let mut shapes: BTreeMap<Vec<&str>, Vec<Vec<Option<String>>>> = BTreeMap::new();
    for (place, user) in users.iter().enumerate() {
        let Some(external_id) = user.external_id() else { return Ok(None) };
        let is_plain = user.assignments.iter().all(|change| change.given);
        if !is_plain || places.insert(external_id, place).is_some() {
            return Ok(None);
        }
        let (names, values) = columns_of(user, now).into_iter().unzip();
        shapes.entry(names).or_default().push(values);
    }
    let mut ids: Vec<Option<UserId>> = vec![None; users.len()];
    for (names, rows) in shapes {
        let mut query = QueryBuilder::new("INSERT INTO users (");
        query.push(names.join(", "));
        if gives_ids == GivesIds::Statement {
            query.push(", id");
        }
        query.push(") ");
        query.push_values(rows, |mut row, values| {
            for value in values {
                row.push_bind(value);
            }
            if gives_ids == GivesIds::Statement {
                row.push("lower(hex(randomblob(8)))");
            }
        });
        query.push(" RETURNING CAST(id AS TEXT), CAST(external_id AS TEXT)");
        for row in query.build().fetch_all(&mut **tx).await? {
            let (id, external_id): (Option<String>, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
            let place = external_id.and_then(|external_id| places.get(external_id.as_str()).copied());
            let (Some(id), Some(place)) = (id, place) else { return Ok(None) };
            if let Some(free) = ids.get_mut(place).filter(|free| free.is_none()) {
                *free = Some(id.into());
            }
        }
    }
    let Some(ids) = ids.into_iter().collect::<Option<Vec<UserId>>>() else { return Ok(None) };
    let mut given: Vec<(&UserId, &AssignmentChange)> = Vec::new();
    for (id, user) in ids.iter().zip(users) {
        let others = user.assignments.iter().filter(|change| !is_role(change));
        given.extend(others.map(|change| (id, change)));
    }
    give_all(tx, &given).await?;
    Ok(Some(ids))
}

/// Gives new accounts what they are to have, with one statement.
async fn give_all(tx: &mut Tx<'_>, given: &[(&UserId, &AssignmentChange)]) -> Result<(), Refused> {
    if given.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO assignments (user_id, kind, value) SELECT DISTINCT column1, column2, column3 FROM (",
    );
    query.push_values(given, |mut row, (id, change)| {
        row.push_bind(id.as_str().to_owned())
            .push_bind(change.assignment.kind.as_str())
            .push_bind(change.assignment.value.clone());
    });
    // What an account of the same id left behind; a column without a type may hold the id as a number.
    query.push(
        ") AS new WHERE NOT EXISTS (SELECT 1 FROM assignments AS old WHERE old.kind = column2 \
         AND old.value = column3 AND CAST(old.user_id AS TEXT) = column1)",
    );
    query.build().execute(&mut **tx).await?;
    Ok(())
}

/// Invites several accounts. `None` if one of them is to be looked at by itself.
pub(super) async fn invite_all(
    tx: &mut Tx<'_>,
    invited: &[(&UserId, Invitation)],
    now: Timestamp,
) -> Result<Option<()>, Refused> {
    let ids = || invited.iter().map(|(id, _)| *id);
    let mut query = QueryBuilder::new("SELECT CAST(status AS TEXT) FROM users WHERE ");
    let rows = push_is_one_of(&mut query, "id", ids()).build_query_scalar().fetch_all(&mut **tx).await?;
    let can =
        |word: &Option<String>| matches!(word_of(word.as_deref()), UserStatus::Invited | UserStatus::Pending);
    let different: HashSet<&UserId> = ids().collect();
    if rows.len() != invited.len() || different.len() != invited.len() || !rows.iter().all(can) {
        return Ok(None);
    }
    end_invitations(tx, ids(), now).await?;
    let mut query = QueryBuilder::new("INSERT INTO invites (user_id, sent_at, expires_at) ");
    query.push_values(invited, |mut row, (id, invitation)| {
        row.push_bind(id.as_str().to_owned())
            .push_bind(now.to_string())
            .push_bind(invitation.expires_at.map(|at| at.to_string()));
    });
    query.build().execute(&mut **tx).await?;
    let mut query = QueryBuilder::new("UPDATE users SET updated_at = ");
    query.push_bind(now.to_string()).push(", status = ").push_bind(UserStatus::Invited.as_str());
    query.push(", invited_at = ").push_bind(now.to_string()).push(" WHERE ");
    let done = push_is_one_of(&mut query, "id", ids()).build().execute(&mut **tx).await?;
    let is_all = usize::try_from(done.rows_affected()).is_ok_and(|rows| rows == invited.len());
    Ok(is_all.then_some(()))
}

/// Ends the open invitations of accounts, because one may have gone to a wrong address.
async fn end_invitations<'i>(
    tx: &mut Tx<'_>,
    ids: impl Iterator<Item = &'i UserId> + Clone,
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new("UPDATE invites SET expires_at = ");
    query
        .push_bind(now.to_string())
        .push(" WHERE accepted_at IS NULL AND (expires_at IS NULL OR expires_at > ");
    query.push_bind(now.to_string()).push(") AND ");
    push_is_one_of(&mut query, "user_id", ids).build().execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn update(
    tx: &mut Tx<'_>,
    id: &UserId,
    changes: &[Change],
    now: Timestamp,
) -> Result<UserId, Refused> {
    let written = Written::of(changes);
    let mut columns = written.columns;
    if !written.custom.is_empty() {
        let kept = custom(tx, id).await?;
        columns.insert("custom", merged(kept, written.custom));
    }
    set(tx, id, columns, now).await
}

pub(super) async fn assign(
    tx: &mut Tx<'_>,
    id: &UserId,
    assignments: &[AssignmentChange],
    now: Timestamp,
) -> Result<UserId, Refused> {
    set(tx, id, BTreeMap::new(), now).await?;
    give(tx, id, assignments).await?;
    Ok(id.clone())
}

/// The owner of an account in use has joined already, so no invitation is sent.
pub(super) async fn invite(
    tx: &mut Tx<'_>,
    id: &UserId,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<UserId, Refused> {
    match status_of(tx, id).await? {
        UserStatus::Invited | UserStatus::Pending => {}
        UserStatus::Deactivated => {
            let message = "the account is closed; open it again before an invitation";
            return Err(TargetError::new(TargetErrorKind::Rejected, message).field("status").into());
        }
        _ => return Ok(id.clone()),
    }
    end_invitations(tx, std::iter::once(id), now).await?;
    sqlx::query("INSERT INTO invites (user_id, sent_at, expires_at) VALUES (?1, ?2, ?3)")
        .bind(id.as_str())
        .bind(now.to_string())
        .bind(invitation.expires_at.map(|at| at.to_string()))
        .execute(&mut **tx)
        .await?;
    let invited = BTreeMap::from([
        ("status", Some(UserStatus::Invited.as_str().to_owned())),
        ("invited_at", Some(now.to_string())),
    ]);
    set(tx, id, invited, now).await
}

pub(super) async fn deactivate(tx: &mut Tx<'_>, id: &UserId, now: Timestamp) -> Result<UserId, Refused> {
    let before = status_word(tx, id).await?;
    if word_of(before.as_deref()) == UserStatus::Deactivated {
        return Ok(id.clone());
    }
    sqlx::query("INSERT OR REPLACE INTO hris_closed (user_id, status, at) VALUES (?1, ?2, ?3)")
        .bind(id.as_str())
        .bind(before)
        .bind(now.to_string())
        .execute(&mut **tx)
        .await?;
    let closed = BTreeMap::from([
        ("status", Some(UserStatus::Deactivated.as_str().to_owned())),
        ("deactivated_at", Some(now.to_string())),
    ]);
    set(tx, id, closed, now).await
}

pub(super) async fn reactivate(tx: &mut Tx<'_>, id: &UserId, now: Timestamp) -> Result<UserId, Refused> {
    if status_of(tx, id).await? != UserStatus::Deactivated {
        return Ok(id.clone());
    }
    let before = before_closing(tx, id, now).await?;
    sqlx::query("DELETE FROM hris_closed WHERE user_id = ?1").bind(id.as_str()).execute(&mut **tx).await?;
    let open = BTreeMap::from([("status", Some(before)), ("deactivated_at", None)]);
    set(tx, id, open, now).await
}

/// The status of a reopened account. The earlier status is known only if the account was closed here and
/// nobody else closed it since.
async fn before_closing(tx: &mut Tx<'_>, id: &UserId, now: Timestamp) -> Result<String, Refused> {
    let mut query = QueryBuilder::new("SELECT status FROM hris_closed WHERE user_id = ");
    query.push_bind(id.as_str().to_owned());
    query.push(" AND at = (SELECT CAST(deactivated_at AS TEXT) FROM users WHERE ");
    push_is(&mut query, "id", id).push(")");
    let kept: Option<Option<String>> = query.build_query_scalar().fetch_optional(&mut **tx).await?;
    if let Some(kept) = kept {
        return Ok(kept.unwrap_or_else(|| UserStatus::Active.as_str().to_owned()));
    }
    let mut query = QueryBuilder::new("SELECT EXISTS (SELECT 1 FROM invites WHERE accepted_at IS NULL AND ");
    query.push("(expires_at IS NULL OR expires_at > ").push_bind(now.to_string()).push(") AND ");
    push_is(&mut query, "user_id", id).push(")");
    let waits: bool = query.build_query_scalar().fetch_one(&mut **tx).await?;
    let status = if waits { UserStatus::Invited } else { UserStatus::Active };
    Ok(status.as_str().to_owned())
}

/// Columns and their new values. The names are the fields' own, never a customer's.
type Columns<'a> = BTreeMap<&'a str, Option<String>>;

/// The columns, and the keys in `custom`, that changes write.
struct Written<'a> {
    columns: Columns<'a>,
    custom: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Written<'a> {
    fn of(changes: &'a [Change]) -> Self {
        let mut written = Self { columns: BTreeMap::new(), custom: Vec::new() };
        for Change { field, to, .. } in changes {
            let value = to.as_deref().filter(|text| !text.is_empty());
            match field {
                TargetField::Custom(name) => written.custom.push((name, value)),
                standard => {
                    written.columns.insert(standard.name(), value.map(str::to_owned));
                }
            }
        }
        written
    }
}

/// Writes these columns of an account, and when that was.
async fn set(tx: &mut Tx<'_>, id: &UserId, columns: Columns<'_>, now: Timestamp) -> Result<UserId, Refused> {
    let mut query = QueryBuilder::new("UPDATE users SET updated_at = ");
    query.push_bind(now.to_string());
    for (column, value) in columns {
        query.push(format_args!(", {column} = ")).push_bind(value);
    }
    query.push(" WHERE ");
    let done = push_is(&mut query, "id", id).build().execute(&mut **tx).await?;
    if done.rows_affected() == 0 { Err(not_found().into()) } else { Ok(id.clone()) }
}

async fn status_of(tx: &mut Tx<'_>, id: &UserId) -> Result<UserStatus, Refused> {
    Ok(word_of(status_word(tx, id).await?.as_deref()))
}

fn word_of(word: Option<&str>) -> UserStatus {
    word.map_or_else(UserStatus::default, status)
}

/// The status in the row.
async fn status_word(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<String>, Refused> {
    let mut query = QueryBuilder::new("SELECT CAST(status AS TEXT) FROM users WHERE ");
    let row = push_is(&mut query, "id", id).build().fetch_optional(&mut **tx).await?;
    Ok(row.ok_or_else(not_found)?.try_get(0)?)
}

/// The object in `custom` as it is now. Anything else there is an error, because writing would lose it.
async fn custom(tx: &mut Tx<'_>, id: &UserId) -> Result<Map<String, Value>, Refused> {
    let mut query = QueryBuilder::new("SELECT CAST(custom AS TEXT) FROM users WHERE ");
    let row = push_is(&mut query, "id", id).build().fetch_optional(&mut **tx).await?;
    let text: Option<String> = row.ok_or_else(not_found)?.try_get(0)?;
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Map::new()) };
    serde_json::from_str(&text).map_err(|_| {
        let message = "the column custom does not hold a JSON object; correct that row";
        TargetError::new(TargetErrorKind::Rejected, message).field("custom").into()
    })
}

fn merged(mut object: Map<String, Value>, changes: Vec<(&str, Option<&str>)>) -> Option<String> {
    for (name, value) in changes {
        match value {
            Some(value) => object.insert(name.to_owned(), Value::from(value)),
            None => object.remove(name),
        };
    }
    if object.is_empty() { None } else { Some(Value::Object(object).to_string()) }
}

async fn give(tx: &mut Tx<'_>, id: &UserId, assignments: &[AssignmentChange]) -> Result<(), Refused> {
    for AssignmentChange { assignment, given, .. } in assignments {
        let value = || assignment.value.clone();
        let mut query = match (assignment.kind, *given) {
            (AssignmentKind::Role, true) => {
                let mut query = QueryBuilder::new("UPDATE users SET role = ");
                query.push_bind(value()).push(" WHERE ");
                push_is(&mut query, "id", id);
                query
            }
            (AssignmentKind::Role, false) => {
                let mut query = QueryBuilder::new("UPDATE users SET role = NULL WHERE role = ");
                query.push_bind(value()).push(" AND ");
                push_is(&mut query, "id", id);
                query
            }
            (kind, true) => {
                // An existing table may lack the key that prevents duplicate rows.
                let mut query = QueryBuilder::new("INSERT INTO assignments (user_id, kind, value) SELECT ");
                query.push_bind(id.as_str().to_owned()).push(", ").push_bind(kind.as_str()).push(", ");
                query.push_bind(value()).push(" WHERE NOT EXISTS (SELECT 1 FROM assignments WHERE kind = ");
                query.push_bind(kind.as_str()).push(" AND value = ").push_bind(value()).push(" AND ");
                push_is(&mut query, "user_id", id).push(")");
                query
            }
            (kind, false) => {
                let mut query = QueryBuilder::new("DELETE FROM assignments WHERE kind = ");
                query.push_bind(kind.as_str()).push(" AND value = ").push_bind(value()).push(" AND ");
                push_is(&mut query, "user_id", id);
                query
            }
        };
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

fn not_found() -> TargetError {
    TargetError::new(TargetErrorKind::NotFound, "there is no account with this id")
}
