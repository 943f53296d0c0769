//! Rows as accounts, also rows that other programs wrote.

use std::borrow::Cow;
use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use hris_core::reconcile::ActionKey;
use hris_core::{Assignment, AssignmentKind, Invite, TargetField, Timestamp, User, UserId, UserStatus};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::Refused;
use super::schema::Known;
use crate::target::{TargetError, TargetErrorKind};

/// Which accounts are read.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    All,
    ExternalIds(&'a [&'a str]),
    Ids(&'a [&'a UserId]),
}

/// Rows of one page.
const ROWS: u32 = 256;

/// Every text is read as text, whatever the column's type is. A missing id is an error, because an account
/// without an id would look like a missing account.
pub(super) async fn users(
    tx: &mut Transaction<'_, Sqlite>,
    known: &mut Known,
    which: Which<'_>,
) -> Result<Vec<User>, Refused> {
    let tables = known.now(tx).await?;
    tables.require()?;
    if !tables.has_users() {
        return Ok(Vec::new());
    }

    let fields = TargetField::STANDARD.map(|field| format!("CAST({} AS TEXT)", field.name())).join(", ");
    let row = format!(
        "json_array(CAST(id AS TEXT), CAST(status AS TEXT), CAST(role AS TEXT), CAST(invited_at AS TEXT), \
         CAST(custom AS TEXT), {fields})"
    );
    let mut users = Vec::new();
    let mut nameless: u64 = 0;
    let mut take = |packed: &str| -> Result<(), Refused> {
        let rows: Vec<Vec<Option<Cell<'_>>>> = serde_json::from_str(packed)
            .map_err(|_| sqlx::Error::Decode("the rows of a page cannot be read".into()))?;
        for cells in rows {
            match user(&cells) {
                Some(user) => users.push(user),
                None => nameless = nameless.saturating_add(1),
            }
        }
        Ok(())
    };
    // Many rows in one text cost a fraction of as many values.
    if let (Which::All, true) = (which, tables.numbers_rows()) {
        let page = |after: &str| {
            format!(
                "SELECT max(rowid), json_group_array({row}) FROM (SELECT rowid, * FROM users \
                 WHERE rowid {after} ?1 ORDER BY rowid LIMIT {ROWS})"
            )
        };
        let (mut last, mut after) = (i64::MIN, ">=");
        loop {
            let page = sqlx::query(sqlx::AssertSqlSafe(page(after))).bind(last).fetch_one(&mut **tx).await?;
            let Some(end) = page.try_get::<Option<i64>, _>(0)? else { break };
            take(&text(&page, 1)?.unwrap_or_default())?;
            (last, after) = (end, ">");
        }
    } else {
        let mut query = QueryBuilder::new(format!("SELECT json_array({row}) FROM users WHERE "));
        match which {
            Which::All => query.push("TRUE"),
            Which::ExternalIds(ids) => {
                push_list(query.push("external_id IN "), ids.iter().map(|id| (*id).to_owned()));
                &mut query
            }
            Which::Ids(ids) => push_is_one_of(&mut query, "id", ids.iter().copied()),
        };
        let mut rows = query.build().fetch(&mut **tx);
        while let Some(row) = rows.try_next().await? {
            take(&text(&row, 0)?.unwrap_or_default())?;
        }
    }
    if nameless > 0 {
        let message = format!(
            "{nameless} rows of users have no id. Give them one: UPDATE users SET id = lower(hex(randomblob(8))) \
             WHERE id IS NULL;"
        );
        return Err(TargetError::new(TargetErrorKind::Unavailable, message).field("id").into());
    }

    let only: Option<Vec<UserId>> = match which {
        Which::All => None,
        _ => Some(users.iter().map(|user| user.id.clone()).collect()),
    };
    if users.is_empty() {
        return Ok(users);
    }
    let places: Places = users.iter().enumerate().map(|(place, user)| (user.id.clone(), place)).collect();
    if tables.has_assignments() {
        add_assignments(tx, &mut users, &places, only.as_deref()).await?;
    }
    if tables.has_invites() {
        add_invites(tx, &mut users, &places, only.as_deref()).await?;
    }
    Ok(users)
}

/// The id of these tables, if they have one yet.
pub(super) async fn identity(tx: &mut Transaction<'_, Sqlite>) -> sqlx::Result<Option<String>> {
    if !has_table(tx, "hris_target").await? {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT min(id) FROM hris_target").fetch_one(&mut **tx).await
}

/// Whether an action of this key was done to this account.
pub(super) async fn is_applied(
    tx: &mut Transaction<'_, Sqlite>,
    key: &ActionKey,
    user: &UserId,
) -> sqlx::Result<bool> {
    if !has_table(tx, "hris_applied").await? {
        return Ok(false);
    }
    let done =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM hris_applied WHERE key = ?1 AND user_id = ?2)");
    done.bind(key.as_str()).bind(user.as_str()).fetch_one(&mut **tx).await
}

async fn has_table(tx: &mut Transaction<'_, Sqlite>, name: &str) -> sqlx::Result<bool> {
    let there =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)");
    there.bind(name).fetch_one(&mut **tx).await
}

/// A condition: this column holds this account's id. A column without a type that holds numbers equals no
/// text, so a numeric id is compared as a number too. An index serves both.
pub(super) fn push_is<'q>(
    query: &'q mut QueryBuilder<Sqlite>,
    column: &str,
    id: &UserId,
) -> &'q mut QueryBuilder<Sqlite> {
    let id = id.as_str().to_owned();
    let number = id.parse::<i64>().ok().filter(|number| number.to_string() == id);
    query.push(format_args!("({column} = ")).push_bind(id);
    query.push(format_args!(" OR {column} = ")).push_bind(number).push(")")
}

/// As [`push_is`], of several accounts.
pub(super) fn push_is_one_of<'q, 'i>(
    query: &'q mut QueryBuilder<Sqlite>,
    column: &str,
    ids: impl Iterator<Item = &'i UserId> + Clone,
) -> &'q mut QueryBuilder<Sqlite> {
    let numbers = ids.clone().filter_map(|id| {
        let number = id.as_str().parse::<i64>().ok();
        number.filter(|number| number.to_string() == id.as_str())
    });
    let numbers: Vec<i64> = numbers.collect();
    push_list(query.push(format_args!("({column} IN ")), ids.map(|id| id.as_str().to_owned()));
    if !numbers.is_empty() {
        push_list(query.push(format_args!(" OR {column} IN ")), numbers.into_iter());
    }
    query.push(")")
}

/// A list of values in brackets.
pub(super) fn push_list<T>(query: &mut QueryBuilder<Sqlite>, values: impl Iterator<Item = T>)
where
    T: for<'t> sqlx::Encode<'t, Sqlite> + sqlx::Type<Sqlite> + Send + 'static,
{
    query.push("(");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
}

/// The instant that a text names: RFC 3339, or what SQLite writes by itself.
fn moment(text: &str) -> Option<Timestamp> {
    let written = || text.parse().or_else(|_| format!("{text}Z").parse());
    written().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

/// The position of each account in the list.
type Places = HashMap<UserId, usize>;

async fn add_assignments(
    tx: &mut Transaction<'_, Sqlite>,
    users: &mut [User],
    places: &Places,
    only: Option<&[UserId]>,
) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new(
        "SELECT CAST(user_id AS TEXT), CAST(kind AS TEXT), CAST(value AS TEXT) FROM assignments WHERE ",
    );
    match only {
        None => query.push("TRUE"),
        Some(ids) => push_is_one_of(&mut query, "user_id", ids.iter()),
    };
    let mut rows = query.build().fetch(&mut **tx);
    while let Some(row) = rows.try_next().await? {
        let kind = match text(&row, 1)?.as_deref() {
            Some("area") => AssignmentKind::Area,
            Some("location") => AssignmentKind::Location,
            _ => continue,
        };
        if let (Some(user), Some(value)) = (at(users, places, &row)?, text(&row, 2)?) {
            user.assignments.insert(Assignment { kind, value: value.into_owned() });
        }
    }
    Ok(())
}

/// The last invitation is the one sent last. An invitation known only from `invited_at` was added before.
async fn add_invites(
    tx: &mut Transaction<'_, Sqlite>,
    users: &mut [User],
    places: &Places,
    only: Option<&[UserId]>,
) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new(
        "SELECT CAST(user_id AS TEXT), CAST(sent_at AS TEXT), CAST(accepted_at AS TEXT) FROM invites WHERE ",
    );
    match only {
        None => query.push("TRUE"),
        Some(ids) => push_is_one_of(&mut query, "user_id", ids.iter()),
    };
    let mut rows = query.build().fetch(&mut **tx);
    while let Some(row) = rows.try_next().await? {
        let Some(sent_at) = text(&row, 1)?.as_deref().and_then(moment) else { continue };
        let Some(user) = at(users, places, &row)? else { continue };
        if user.invite.is_none_or(|invite| invite.sent_at <= sent_at) {
            let accepted_at = text(&row, 2)?.as_deref().and_then(moment);
            user.invite = Some(Invite::sent(sent_at).accepted(accepted_at));
        }
    }
    Ok(())
}

/// The account whose id is in the row's first column.
fn at<'u>(users: &'u mut [User], places: &Places, row: &SqliteRow) -> sqlx::Result<Option<&'u mut User>> {
    let id = text(row, 0)?;
    let place = id.and_then(|id| places.get(id.as_ref()).copied());
    Ok(place.and_then(|place| users.get_mut(place)))
}

/// A value of a packed row.
#[derive(serde::Deserialize)]
struct Cell<'r>(#[serde(borrow)] Cow<'r, str>);

/// `None` for a row without an id.
fn user(cells: &[Option<Cell<'_>>]) -> Option<User> {
    let mut cells = cells.iter().map(|cell| cell.as_ref().map(|Cell(text)| text.as_ref()));
    let mut next = || cells.next().flatten();
    let (id, word) = (next()?, next());
    let mut user = User::new(id, word.map_or_else(Default::default, status));
    user.role = next().filter(|role| !role.is_empty()).map(str::to_owned);
    user.invite = next().and_then(moment).map(Invite::sent);
    if let Some(custom) = next() {
        put_custom(&mut user, custom);
    }
    for (field, value) in TargetField::STANDARD.iter().zip(cells) {
        if let Some(value) = value {
            user.put(field, Some(value));
        }
    }
    Some(user)
}

/// An account with an unknown status counts as in use, so nobody is invited or opened again because of it.
pub(super) fn status(word: &str) -> UserStatus {
    word.trim().to_ascii_lowercase().parse().unwrap_or_default()
}

/// Other programs may have written values that are not texts. They are shown as JSON. An unreadable object
/// has no values.
fn put_custom(user: &mut User, text: &str) {
    let Ok(values) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) else { return };
    for (name, value) in values {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(value) => user.put(&TargetField::Custom(name), Some(&value)),
            other => user.put(&TargetField::Custom(name), Some(&other.to_string())),
        }
    }
}

/// A text as it is stored; bytes that are no text are replaced, because one row must not hide the
/// others.
fn text(row: &SqliteRow, column: usize) -> sqlx::Result<Option<Cow<'_, str>>> {
    Ok(row.try_get::<Option<&[u8]>, _>(column)?.map(String::from_utf8_lossy))
}
