//! A product's own table behind `Target`: other column names than ours, its own idea of who may log in, and the
//! suite that every target passes. Offline, in a file that is gone afterwards.
#![allow(clippy::panic, clippy::print_stdout, reason = "it shows what happens, and ends where it cannot")]

use std::error::Error;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use hris_core::reconcile::Change;
use hris_core::{
    Employee, Field, MemoryDirectory, StandardField, Status, TargetField, Timestamp, User, UserId, UserStatus,
};
use hris_examples::story::expect;
use hris_reconcile::target::{
    By, Call, FieldSupport, NewUser, Target, TargetCapabilities, TargetError, TargetErrorKind,
};
use hris_reconcile::{Runner, conformance, store::MemoryStore};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, QueryBuilder, Row as _, Sqlite, SqliteConnection};

/// The product's table, and one of ours beside it: which calls were done, and to which account.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS members (
        member_no INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL COLLATE NOCASE UNIQUE, hr_id TEXT UNIQUE,
        first_name TEXT, last_name TEXT, job TEXT, locked INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS done_calls (key TEXT PRIMARY KEY, member_no INTEGER NOT NULL);";

/// Which of our fields is which of the product's columns. Whatever is not here, the product does not keep.
const COLUMNS: [(TargetField, &str); 5] = [
    (TargetField::Email, "login"),
    (TargetField::ExternalId, "hr_id"),
    (TargetField::GivenName, "first_name"),
    (TargetField::FamilyName, "last_name"),
    (TargetField::JobTitle, "job"),
];

/// The members of the product.
#[derive(Clone, Debug)]
struct Members(SqlitePool);

impl Members {
    async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let pool = SqlitePool::connect_with(options).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        Ok(Self(pool))
    }

    async fn read(db: &mut SqliteConnection, filter: &str, value: &str) -> Result<Vec<User>, TargetError> {
        let statement = format!("SELECT * FROM members WHERE {filter} ORDER BY member_no");
        let rows = sqlx::query(AssertSqlSafe(statement)).bind(value).fetch_all(db).await.map_err(explain)?;
        rows.iter().map(member).collect::<Result<_, sqlx::Error>>().map_err(explain)
    }

    async fn find(&self, filter: &str, value: &str) -> Result<Vec<User>, TargetError> {
        Self::read(&mut *self.0.acquire().await.map_err(explain)?, filter, value).await
    }

    /// One call: a transaction that writes the member and the key together, or nothing.
    async fn write(
        &self,
        call: &Call<'_>,
        stands: impl Fn(&User) -> bool,
        mut work: QueryBuilder<Sqlite>,
        seen: Option<&User>,
    ) -> Result<UserId, TargetError> {
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await.map_err(explain)?;
        // Of a key nothing is done twice, as long as its effect stands.
        let filter = "member_no = (SELECT member_no FROM done_calls WHERE key = ?1)";
        if let Some(user) = Self::read(&mut tx, filter, call.key.as_str()).await?.pop().filter(&stands) {
            return Ok(user.id);
        }
        if let Some(seen) = seen {
            let now = Self::read(&mut tx, "CAST(member_no AS TEXT) = ?1", seen.id.as_str()).await?.pop();
            if now.is_some_and(|now| !now.is_still(seen)) {
                return Err(TargetError::changed()); // it is somebody else's by now
            }
        }
        let written = work.build().fetch_optional(&mut *tx).await.map_err(explain)?;
        let Some(written) = written else {
            return Err(TargetError::new(TargetErrorKind::NotFound, "there is no such member"));
        };
        let number: i64 = written.try_get("member_no").map_err(explain)?;
        let kept = sqlx::query("INSERT OR REPLACE INTO done_calls VALUES (?1, ?2)")
            .bind(call.key.as_str())
            .bind(number);
        kept.execute(&mut *tx).await.map_err(explain)?;
        // Whether a commit that fails was done nobody knows; the runner looks it up.
        let unknown = |_| {
            TargetError::new(TargetErrorKind::UnknownOutcome, "the database did not say whether it was done")
        };
        tx.commit().await.map_err(unknown)?;
        Ok(UserId::from(number.to_string()))
    }
}

/// A row as an account.
fn member(row: &SqliteRow) -> Result<User, sqlx::Error> {
    let locked: bool = row.try_get("locked")?;
    let number: i64 = row.try_get("member_no")?;
    let status = if locked { UserStatus::Deactivated } else { UserStatus::Active };
    let mut user = User::new(number.to_string(), status);
    for (field, column) in &COLUMNS {
        user.put(field, row.try_get(*column)?);
    }
    Ok(user)
}

fn column_of(field: &TargetField) -> Option<&'static str> {
    COLUMNS.iter().find(|(one, _)| one == field).map(|(_, column)| *column)
}

/// What the database says, without the values that it quotes.
fn explain(error: sqlx::Error) -> TargetError {
    match error.as_database_error() {
        Some(error) if error.is_unique_violation() => {
            TargetError::new(TargetErrorKind::Conflict, "another member has this login or HR id")
        }
        Some(_) => TargetError::new(TargetErrorKind::Rejected, "the table of members refused the values"),
        None => TargetError::new(TargetErrorKind::Unavailable, "the database of the product cannot be used"),
    }
}

#[async_trait]
impl Target for Members {
    fn capabilities(&self) -> TargetCapabilities {
        let mut capabilities = TargetCapabilities::full();
        for field in TargetField::STANDARD.into_iter().filter(|field| column_of(field).is_none()) {
            capabilities.set(field, FieldSupport::plain().unkept());
        }
        capabilities.with(TargetField::Email, FieldSupport::plain().unique().required())
    }

    async fn check(&self, _: Timestamp) -> Result<(), TargetError> {
        self.find("hr_id = ?1", "").await.map(drop)
    }

    async fn users(&self, _: Timestamp) -> Result<Vec<User>, TargetError> {
        self.find("?1 = ''", "").await
    }

    async fn user(&self, by: By<'_>, _: Timestamp) -> Result<Option<User>, TargetError> {
        let (filter, value) = match by {
            By::ExternalId(id) => ("hr_id = ?1", id),
            By::Id(id) => ("CAST(member_no AS TEXT) = ?1", id.as_str()),
        };
        Ok(self.find(filter, value).await?.pop())
    }

    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        let mut work =
            QueryBuilder::new("INSERT INTO members (login, hr_id, first_name, last_name, job) VALUES (");
        let mut values = work.separated(", ");
        for (field, _) in &COLUMNS {
            values.push_bind(new.get(field).map(str::to_owned));
        }
        work.push(") RETURNING member_no");
        self.write(call, |user| user.value(&TargetField::ExternalId) == new.external_id(), work, None).await
    }

    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        let mut work = QueryBuilder::new("UPDATE members SET member_no = member_no");
        for change in changes {
            let Some(column) = column_of(&change.field) else { continue };
            work.push(format!(", {column} = ")).push_bind(change.to.clone());
        }
        work.push(" WHERE CAST(member_no AS TEXT) = ").push_bind(id.to_string()).push(" RETURNING member_no");
        let stands =
            |user: &User| changes.iter().all(|change| user.value(&change.field) == change.to.as_deref());
        self.write(call, stands, work, None).await.map(drop)
    }

    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        let mut work = QueryBuilder::new("UPDATE members SET locked = 1 WHERE CAST(member_no AS TEXT) = ");
        work.push_bind(seen.id.to_string()).push(" RETURNING member_no");
        self.write(call, |user| !user.is_live(), work, Some(seen)).await.map(drop)
    }
}

fn person(id: &str, status: Status) -> Employee {
    let value = |text: String| Field::Value(text);
    Employee::new(id)
        .with_status(status, status.as_str())
        .with(StandardField::Email, value(format!("{id}@mill.example")))
        .with(StandardField::GivenName, value(format!("Given {id}")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let numbers = std::sync::atomic::AtomicU64::new(0);
    let fresh = || -> PathBuf {
        folder.path().join(format!("{}.db", numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
    };

    // What must hold, tried: repeated keys, cut calls, two callers, somebody else's account.
    let empty = || async { Members::open(&fresh()).await.unwrap_or_else(|error| panic!("{error}")) };
    let summary = conformance::target(&empty).await;
    print!("{summary}");
    expect(
        summary.failed.is_empty() && summary.passed.len() > 25,
        "the suite finds nothing wrong with the table",
    )?;

    let members = Members::open(&fresh()).await?;
    let names = ["ada", "bo", "carl", "dina", "eve", "finn"];
    let company = MemoryDirectory::new(names.map(|name| person(name, Status::Active)));
    let runner = Runner::builder(company.clone(), members.clone(), MemoryStore::new()).build()?;
    let monday: Timestamp = "2026-11-23T02:00:00Z".parse()?;
    println!("{}", runner.run(monday).await?.headline());
    company.edit(|people| people.iter_mut().take(1).for_each(|ada| *ada = person("ada", Status::Terminated)));
    println!("{}", runner.run(monday.plus_days(1)).await?.headline());
    let locked = members.users(monday).await?.iter().filter(|user| !user.is_live()).count();
    expect(locked == 1, "who has left is locked, and still there")?;
    Ok(())
}
