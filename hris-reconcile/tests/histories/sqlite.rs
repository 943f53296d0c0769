//! A table in a SQLite file that the product has made: its ids are row numbers, which come again.

use std::sync::Arc;

use async_trait::async_trait;
use hris_core::Timestamp;
use hris_reconcile::target::Target;
use hris_reconcile::targets::SqliteTarget;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, QueryBuilder, Row as _, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::accounts::{Accounts, COLUMNS, Row};

const TABLE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; \
    CREATE TABLE users (id INTEGER PRIMARY KEY, external_id TEXT UNIQUE, employee_number TEXT, \
    email TEXT COLLATE NOCASE UNIQUE, given_name TEXT, family_name TEXT, phone TEXT, job_title TEXT, \
    department TEXT, location TEXT, manager_external_id TEXT, start_date TEXT, end_date TEXT, address TEXT, \
    custom TEXT, role TEXT, status TEXT NOT NULL DEFAULT 'active', invited_at TEXT, deactivated_at TEXT, \
    created_at TEXT, updated_at TEXT)";

/// A file.
pub(crate) struct Sqlite {
    target: Arc<SqliteTarget>,
    connection: Mutex<SqliteConnection>,
    _folder: TempDir,
}

impl Sqlite {
    /// What the product does to its database.
    pub(crate) async fn execute(&self, script: &'static str) {
        let mut connection = self.connection.lock().await;
        sqlx::raw_sql(script).execute(&mut *connection).await.unwrap();
    }
}

#[async_trait]
impl Accounts for Sqlite {
    async fn empty() -> Self {
        // In memory where there is such a place: a history writes often.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let path = folder.path().join("users.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&mut connection).await.unwrap();
        let target = SqliteTarget::open(&path).await.unwrap();
        target.prepare().await.unwrap();
        Self { target: Arc::new(target), connection: Mutex::new(connection), _folder: folder }
    }

    fn target(&self) -> Arc<dyn Target> {
        Arc::clone(&self.target) as Arc<dyn Target>
    }

    async fn rows(&self) -> Vec<Row> {
        let mut connection = self.connection.lock().await;
        let columns: Vec<String> = COLUMNS.iter().map(ToString::to_string).collect();
        let query = format!(
            "SELECT CAST(id AS TEXT) AS id, status, role, {}, \
             (SELECT count(*) FROM invites WHERE CAST(user_id AS TEXT) = CAST(users.id AS TEXT)) AS invitations, \
             (SELECT group_concat(kind || ':' || value) FROM assignments \
              WHERE CAST(user_id AS TEXT) = CAST(users.id AS TEXT)) AS given FROM users ORDER BY users.id",
            columns.join(", ")
        );
        let found = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut *connection).await.unwrap();
        found.iter().map(|row| read(row, &columns)).collect()
    }

    async fn put(&self, row: &Row) -> bool {
        let mut query = QueryBuilder::new("UPDATE users SET status = ");
        query.push_bind(row.status.clone());
        if row.is_open() {
            query.push(", deactivated_at = NULL");
        }
        for column in COLUMNS.iter().map(ToString::to_string) {
            let value = row.get(&column).map(str::to_owned);
            query.push(format_args!(", {column} = ")).push_bind(value);
        }
        query.push(" WHERE id = ").push_bind(row.id.parse::<i64>().unwrap());
        let mut connection = self.connection.lock().await;
        query.build().execute(&mut *connection).await.is_ok()
    }

    async fn insert(&self, row: &Row) -> Option<String> {
        let mut query = QueryBuilder::new("INSERT INTO users (id, status");
        for column in &COLUMNS {
            query.push(format_args!(", {column}"));
        }
        query.push(") VALUES (").push_bind(row.id.parse::<i64>().ok());
        query.push(", ").push_bind(row.status.clone());
        for column in COLUMNS.iter().map(ToString::to_string) {
            query.push(", ").push_bind(row.get(&column).map(str::to_owned));
        }
        query.push(") RETURNING CAST(id AS TEXT)");
        let mut connection = self.connection.lock().await;
        query.build().fetch_one(&mut *connection).await.ok()?.try_get(0).ok()
    }

    async fn delete(&self, id: &str) {
        let mut connection = self.connection.lock().await;
        for statement in [
            "DELETE FROM users WHERE CAST(id AS TEXT) = ?1",
            "DELETE FROM assignments WHERE CAST(user_id AS TEXT) = ?1",
            "DELETE FROM invites WHERE CAST(user_id AS TEXT) = ?1",
        ] {
            sqlx::query(statement).bind(id).execute(&mut *connection).await.unwrap();
        }
    }

    async fn calm(&self) {
        // What was begun ends before this is answered: calls take turns.
        let _ = self.target.users(Timestamp::from_unix_seconds(0)).await;
    }
}

fn read(row: &SqliteRow, columns: &[String]) -> Row {
    let text = |name: &str| row.try_get::<Option<String>, _>(name).unwrap();
    let invitations: i64 = row.try_get("invitations").unwrap();
    let level = text("role").map(|role| format!("role:{role}"));
    let given = text("given").unwrap_or_default();
    Row {
        id: text("id").unwrap(),
        status: text("status").unwrap(),
        values: columns
            .iter()
            .filter_map(|name| Some((name.clone(), text(name).filter(|text| !text.is_empty())?)))
            .collect(),
        given: level
            .into_iter()
            .chain(given.split(',').filter(|one| !one.is_empty()).map(str::to_owned))
            .collect(),
        invitations: usize::try_from(invitations).unwrap(),
    }
}
