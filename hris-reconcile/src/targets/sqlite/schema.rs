//! The tables: ours where there are none, existing ones if they have the columns.

use std::collections::BTreeSet;

use hris_core::TargetField;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, Sqlite, SqliteConnection, Transaction};

use super::{GivesIds, Refused};
use crate::target::{TargetError, TargetErrorKind};

const TABLES: &str = include_str!("../../../migrations/sqlite/target.sql");

/// A column that is read or written.
struct Column {
    name: &'static str,
    /// What stands behind its name in a table of ours.
    kind: &'static str,
    /// What stands behind its name where it is added to somebody else's table.
    added: &'static str,
}

const fn text(name: &'static str) -> Column {
    column(name, "TEXT")
}

const fn column(name: &'static str, kind: &'static str) -> Column {
    Column { name, kind, added: "TEXT" }
}

const STATUS: &str = "TEXT NOT NULL DEFAULT 'active'";
const NOW: &str = "TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))";

/// The columns of `users`: the fields of an account between its id and what happened to it.
fn users() -> Vec<Column> {
    let field = |field: &'static TargetField| Column {
        name: field.name(),
        kind: match field {
            TargetField::Email => "TEXT COLLATE NOCASE UNIQUE",
            field if field.is_unique() => "TEXT UNIQUE",
            _ => "TEXT",
        },
        added: "TEXT",
    };
    let own = [
        text("custom"),
        text("role"),
        Column { added: STATUS, ..column("status", STATUS) },
        text("invited_at"),
        text("deactivated_at"),
        column("created_at", NOW),
        column("updated_at", NOW),
    ];
    let id = column("id", "TEXT PRIMARY KEY NOT NULL DEFAULT (lower(hex(randomblob(8))))");
    [id].into_iter().chain(TARGET_FIELDS.iter().map(field)).chain(own).collect()
}

/// The names of the columns of `users`.
pub(super) fn column_names() -> impl Iterator<Item = &'static str> {
    users().into_iter().map(|column| column.name)
}

/// The statements that make the tables where they are missing.
pub(super) fn statements() -> String {
    format!("{}\n{TABLES}", users_table())
}

/// The statement that makes `users` where it is missing.
fn users_table() -> String {
    let columns: Vec<String> =
        users().iter().map(|Column { name, kind, .. }| format!("{name} {kind}")).collect();
    format!("CREATE TABLE IF NOT EXISTS users ({});", columns.join(", "))
}

static TARGET_FIELDS: [TargetField; TargetField::STANDARD.len()] = TargetField::STANDARD;

const ASSIGNMENTS: [Column; 3] = [text("user_id"), text("kind"), text("value")];

const INVITES: [Column; 4] = [text("user_id"), text("sent_at"), text("expires_at"), text("accepted_at")];

/// The columns of the tables. A missing table has none.
pub(super) struct Tables {
    users: BTreeSet<String>,
    assignments: BTreeSet<String>,
    invites: BTreeSet<String>,
    numbers_rows: bool,
}

/// The tables as they were looked at last.
#[derive(Default)]
pub(super) struct Known(Option<(i64, Tables)>);

impl Known {
    /// The tables as they are now. They are looked at again only if a schema was changed since.
    pub(super) async fn now(&mut self, tx: &mut Transaction<'_, Sqlite>) -> Result<&Tables, Refused> {
        let version: i64 = sqlx::query_scalar("PRAGMA schema_version").fetch_one(&mut **tx).await?;
        let (_, tables) = match self.0.take().filter(|(known, _)| *known == version) {
            Some(known) => self.0.insert(known),
            None => self.0.insert((version, Tables::of(tx).await?)),
        };
        Ok(tables)
    }
}

impl Tables {
    pub(super) async fn of(tx: &mut Transaction<'_, Sqlite>) -> Result<Self, Refused> {
        let mut tables = Self {
            users: BTreeSet::new(),
            assignments: BTreeSet::new(),
            invites: BTreeSet::new(),
            numbers_rows: false,
        };
        for (name, columns) in [
            ("users", &mut tables.users),
            ("assignments", &mut tables.assignments),
            ("invites", &mut tables.invites),
        ] {
            let found: Vec<String> = sqlx::query_scalar("SELECT lower(name) FROM pragma_table_xinfo(?1)")
                .bind(name)
                .fetch_all(&mut **tx)
                .await?;
            columns.extend(found);
        }
        let numbered = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM pragma_table_list('users') \
             WHERE schema = 'main' AND type = 'table' AND NOT wr)",
        );
        let numbered: bool = numbered.fetch_one(&mut **tx).await?;
        tables.numbers_rows = numbered && !tables.users.contains("rowid");
        Ok(tables)
    }

    /// Refuses existing tables that lack columns.
    pub(super) fn require(&self) -> Result<(), TargetError> {
        let mut statements = Vec::new();
        let mut lacking = Vec::new();
        let users = users();
        for (table, has, needs) in [
            ("users", &self.users, &users[..]),
            ("assignments", &self.assignments, &ASSIGNMENTS[..]),
            ("invites", &self.invites, &INVITES[..]),
        ] {
            let missing = needs.iter().filter(|column| !has.is_empty() && !has.contains(column.name));
            for Column { name, added, .. } in missing {
                statements.push(format!("ALTER TABLE {table} ADD COLUMN {name} {added};"));
                lacking.push(format!("{table}.{name}"));
            }
        }
        if lacking.is_empty() {
            return Ok(());
        }
        let columns = lacking.join(", ");
        let message = format!("columns are missing: {columns}. Add them: {}", statements.join(" "));
        let error = TargetError::new(TargetErrorKind::Unavailable, message);
        Err(lacking.into_iter().fold(error, TargetError::field))
    }

    pub(super) fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    /// Whether `rowid` is the number of a row of `users`.
    pub(super) fn numbers_rows(&self) -> bool {
        self.numbers_rows
    }

    pub(super) fn has_assignments(&self) -> bool {
        !self.assignments.is_empty()
    }

    pub(super) fn has_invites(&self) -> bool {
        !self.invites.is_empty()
    }
}

/// Columns that a new row never gets, though they are ours.
const LATER: [&str; 3] = ["invited_at", "deactivated_at", "accepted_at"];

/// Refuses tables that require a value that no new row of ours has.
pub(super) async fn unfilled(tx: &mut Transaction<'_, Sqlite>) -> Result<(), Refused> {
    let mut asked = Vec::new();
    let users = users();
    for (table, ours) in [("users", &users[..]), ("assignments", &ASSIGNMENTS[..]), ("invites", &INVITES[..])]
    {
        // A column that is generated is hidden, and a row id is numbered by the table.
        let columns = sqlx::query_scalar(
            "SELECT name FROM pragma_table_xinfo(?1) WHERE \"notnull\" AND dflt_value IS NULL AND hidden = 0 \
             AND NOT (pk = 1 AND upper(type) = 'INTEGER')",
        );
        let columns: Vec<String> = columns.bind(table).fetch_all(&mut **tx).await?;
        let filled = |column: &str| {
            let column = column.to_ascii_lowercase();
            !LATER.contains(&column.as_str()) && ours.iter().any(|one| one.name == column)
        };
        asked.extend(columns.into_iter().filter(|name| !filled(name)).map(|name| format!("{table}.{name}")));
    }
    if asked.is_empty() {
        return Ok(());
    }
    let message = format!(
        "no new row is possible: {} must have a value and never gets one. Give each a default, or allow it to \
         be empty",
        asked.join(", ")
    );
    let error = TargetError::new(TargetErrorKind::Rejected, message);
    Err(asked.into_iter().fold(error, TargetError::field).into())
}

/// The triggers of the tables, by name.
pub(super) async fn triggers(connection: &mut SqliteConnection) -> sqlx::Result<Vec<String>> {
    let names = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' \
         AND lower(tbl_name) IN ('users', 'assignments', 'invites') ORDER BY name",
    );
    names.fetch_all(connection).await
}

/// Creates the missing tables in one transaction.
pub(super) async fn prepare(connection: &mut SqliteConnection) -> Result<GivesIds, Refused> {
    let objects: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    if objects == 0 {
        // The journal mode of an existing database is not changed.
        sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await?;
    }
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(AssertSqlSafe(users_table())).execute(&mut *tx).await?;
    sqlx::raw_sql(TABLES).execute(&mut *tx).await?;
    Tables::of(&mut tx).await?.require()?;
    let id = sqlx::query(
        "SELECT dflt_value IS NOT NULL OR (pk = 1 AND upper(type) = 'INTEGER') FROM pragma_table_xinfo('users') \
         WHERE lower(name) = 'id'",
    );
    let gives_ids: bool = id.fetch_one(&mut *tx).await?.try_get(0)?;
    tx.commit().await?;
    Ok(if gives_ids { GivesIds::Table } else { GivesIds::Statement })
}
