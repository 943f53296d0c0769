//! Accounts in tables of a SQLite database.

mod batch;
mod fault;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{AssignmentKind, Timestamp, User, UserId};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, Transaction};
use tokio::sync::Mutex;

use self::schema::Known;
use super::effect::Effect;
use crate::store::sqlite::{create_private, options, prove_writable, writable};
use crate::target::{
    Assigns, By, Call, Invitation, Invites, NewUser, Powers, Reactivates, Remembers, Target,
    TargetCapabilities, TargetError,
};

/// Accounts in the tables `users`, `assignments` and `invites` of a SQLite database.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("users.db");
/// use hris_core::{TargetField, UserStatus};
/// use hris_core::reconcile::{ActionKey, Change};
/// use hris_reconcile::target::{Call, NewUser, Target};
/// use hris_reconcile::targets::SqliteTarget;
///
/// let users = SqliteTarget::open(&path).await?;
/// let email = Change::new(TargetField::Email, None, Some("ada@acme.example".into()));
/// let ada = NewUser::new(UserStatus::Pending, vec![email], vec![]);
/// let key = ActionKey::from("a key of this action".to_owned());
/// let call = Call::new(&key, "2026-11-23T09:00:00Z".parse()?);
/// let id = users.create(&ada, &call).await?;
/// assert_eq!(users.create(&ada, &call).await?, id, "one key, one account");
/// # Ok(())
/// # }
/// ```
///
/// The file and the tables are made by the first write (or [`SqliteTarget::prepare`]), so looking at
/// accounts never changes anything. A file that is made is readable by its owner only. Three further tables
/// are its own: `hris_applied` holds the keys of the actions that were done, each written in the
/// transaction of its action, `hris_closed` what accounts were before they were closed, and `hris_target`
/// the id of these tables.
///
/// Tables that somebody else made are taken as they are, whatever the types of their columns and
/// however their ids are made, as long as the columns are there; missing ones are named with the
/// statements that add them. So are rows: an unknown or missing `status` counts as active, an
/// unreadable date of an invitation as none, and an invitation known only by `invited_at` as one.
/// Locations and areas are rows of `assignments`, the permission level is `users.role`; rows of
/// another kind are left alone.
pub struct SqliteTarget {
    path: PathBuf,
    capabilities: TargetCapabilities,
    session: Mutex<Option<Session>>,
}

/// A connection whose tables are ready to be written.
struct Session {
    connection: SqliteConnection,
    gives_ids: GivesIds,
    known: Known,
    /// Whether old keys were forgotten since it was opened.
    swept: bool,
}

/// Who makes the id of a new row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GivesIds {
    /// The statement that puts it there.
    Statement,
    /// The table: by a default, or by numbering its rows.
    Table,
}

impl SqliteTarget {
    /// The SQL statements that make the tables where they are missing, for a product that makes them in a migration of
    /// its own. The target makes them by itself before its first write.
    #[must_use]
    pub fn statements() -> String {
        schema::statements()
    }

    /// Names the database. It is not written before the first account is.
    ///
    /// # Errors
    /// [`crate::target::TargetErrorKind::Unavailable`] if the file is there and is no database.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, TargetError> {
        let path = path.as_ref();
        // SQLite gives some relative names a meaning of their own.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let target = Self { path, capabilities: TargetCapabilities::full(), session: Mutex::new(None) };
        if !target.is_empty()? {
            target.look("open the accounts", async |tx, known| known.now(tx).await.map(drop)).await?;
        }
        Ok(target)
    }

    /// Sets the permission levels, locations or areas that exist. Others are not given, and reported. The
    /// tables themselves do not list them. Of a kind that is not set here, every value is allowed.
    #[must_use]
    pub fn with_assignable(
        mut self,
        kind: AssignmentKind,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.capabilities.assignable.insert(kind, values.into_iter().map(Into::into).collect());
        self
    }

    /// Makes the file and the tables that are missing.
    ///
    /// # Errors
    /// [`crate::target::TargetErrorKind::Unavailable`] with a remedy.
    pub async fn prepare(&self) -> Result<(), TargetError> {
        self.session().await.map(drop)
    }

    /// Writes everything into the one file and closes it; the next call opens it again. A target that
    /// is dropped instead loses nothing, but may leave SQLite's own files beside it.
    ///
    /// # Errors
    /// [`crate::target::TargetErrorKind::Unavailable`] with a remedy.
    pub async fn close(&self) -> Result<(), TargetError> {
        let Some(session) = self.session.lock().await.take() else { return Ok(()) };
        session.connection.close().await.map_err(|error| self.explain("close the accounts", error))
    }

    /// Looks at the tables as they are at one moment; the answer to no file is the default.
    async fn look<T: Default>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&mut Transaction<'_, Sqlite>, &mut Known) -> Result<T, Refused>,
    ) -> Result<T, TargetError> {
        self.look_with("BEGIN", doing, work).await
    }

    async fn look_with<T: Default>(
        &self,
        begin: &'static str,
        doing: &str,
        work: impl AsyncFnOnce(&mut Transaction<'_, Sqlite>, &mut Known) -> Result<T, Refused>,
    ) -> Result<T, TargetError> {
        let mut session = self.session.lock().await;
        let found = match session.as_mut() {
            Some(session) => one_look(&mut session.connection, &mut session.known, begin, work).await,
            None if self.is_empty()? => {
                // A folder that is not there is a path that is wrong, and no table without rows.
                let folder = self.path.parent().map_or(Ok(()), |folder| std::fs::metadata(folder).map(drop));
                folder.map_err(|error| fault::of_file(doing, &self.path, &error))?;
                return Ok(T::default());
            }
            None => {
                let connected = options(&self.path).connect().await;
                let mut connection = connected.map_err(|error| self.explain(doing, error))?;
                let found = one_look(&mut connection, &mut Known::default(), begin, work).await;
                // Closing takes the files away that SQLite has put beside it.
                connection.close().await.map_err(|error| self.explain(doing, error))?;
                found
            }
        };
        if let Err(Refused::Database(_)) = found {
            *session = None;
        }
        found.map_err(|refused| self.refuse(doing, refused))
    }

    /// One action: done once a key, whole or not at all. It answers with the account's id, and so it
    /// does when it was done before and its effect stands.
    async fn apply(
        &self,
        doing: &str,
        effect: Effect<'_>,
        call: &Call<'_>,
        work: impl AsyncFnOnce(&mut Transaction<'_, Sqlite>, &mut Known, GivesIds) -> Result<UserId, Refused>,
    ) -> Result<UserId, TargetError> {
        let mut guard = self.session().await?;
        let Some(session) = guard.as_mut() else {
            return Err(self.explain(doing, sqlx::Error::WorkerCrashed));
        };
        let done: Result<_, Refused> = async {
            let mut tx = session.connection.begin_with("BEGIN IMMEDIATE").await?;
            if let Some(user) = write::applied(&mut tx, call.key).await? {
                let found = read::users(&mut tx, &mut session.known, read::Which::Ids(&[&user])).await?;
                if effect.stands(found.first()) {
                    tx.rollback().await?;
                    return Ok((user, Ok(())));
                }
            }
            if !session.swept {
                write::sweep(&mut tx, call.now).await?;
            }
            let user = work(&mut tx, &mut session.known, session.gives_ids).await?;
            write::record(&mut tx, call.key, &user, call.now).await?;
            session.swept = true;
            Ok((user, tx.commit().await))
        }
        .await;
        let mut triggers = Vec::new();
        if let Err(Refused::Database(error)) = &done
            && fault::is_trigger(error)
        {
            triggers = schema::triggers(&mut session.connection).await.unwrap_or_default();
        }
        if matches!(done, Err(Refused::Database(_)) | Ok((_, Err(_)))) {
            // After some errors SQLite has ended the transaction by itself, and what the connection
            // believes of it is no longer true.
            *guard = None;
        }
        let (user, committed) =
            done.map_err(|refused| fault::of_triggers(self.refuse(doing, refused), &triggers))?;
        committed.map_err(|error| fault::uncertain(doing, &self.path, &error))?;
        Ok(user)
    }

    /// The connection for writing, opened and its tables made if need be.
    async fn session(&self) -> Result<tokio::sync::MutexGuard<'_, Option<Session>>, TargetError> {
        const DOING: &str = "prepare the accounts";
        let mut session = self.session.lock().await;
        if session.is_none() {
            let made = if self.is_empty()? { create_private(&self.path) } else { writable(&self.path) };
            made.map_err(|error| fault::of_file(DOING, &self.path, &error))?;
            let connected = options(&self.path).connect().await;
            let mut connection = connected.map_err(|error| self.explain(DOING, error))?;
            match schema::prepare(&mut connection).await {
                Ok(gives_ids) => {
                    *session = Some(Session { connection, gives_ids, known: Known::default(), swept: false });
                }
                Err(refused) => {
                    let closed = connection.close().await;
                    closed.map_err(|error| self.explain(DOING, error))?;
                    return Err(self.refuse(DOING, refused));
                }
            }
        }
        Ok(session)
    }

    fn is_empty(&self) -> Result<bool, TargetError> {
        match std::fs::metadata(&self.path) {
            Ok(file) if file.is_dir() => {
                let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
                Err(fault::of_file("open the accounts", &self.path, &error))
            }
            Ok(file) => Ok(file.len() == 0),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(fault::of_file("open the accounts", &self.path, &error)),
        }
    }

    fn refuse(&self, doing: &str, refused: Refused) -> TargetError {
        match refused {
            Refused::Database(error) => self.explain(doing, error),
            Refused::Target(mut error) => {
                error.message = format!("{doing}: {}", error.message);
                error
            }
        }
    }

    fn explain(&self, doing: &str, error: sqlx::Error) -> TargetError {
        fault::of(doing, &self.path, &error)
    }
}

#[async_trait]
impl Target for SqliteTarget {
    fn capabilities(&self) -> TargetCapabilities {
        self.capabilities.clone()
    }

    fn powers(&self) -> Powers<'_> {
        Powers::none().assigning(self).batching(self).inviting(self).reactivating(self).remembering(self)
    }

    /// Looks whether the tables, where they are there, have their columns, ask for nothing that is never written, and
    /// can be written. It writes nothing: what is missing is made by the first write.
    async fn check(&self, _now: Timestamp) -> Result<(), TargetError> {
        const DOING: &str = "check the accounts";
        if self.is_empty()? {
            let directory = self.path.parent().unwrap_or(&self.path);
            let file =
                std::fs::metadata(directory).map_err(|error| fault::of_file(DOING, directory, &error))?;
            if file.permissions().readonly() {
                let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
                return Err(fault::of_file(DOING, directory, &error));
            }
            return Ok(());
        }
        writable(&self.path).map_err(|error| fault::of_file(DOING, &self.path, &error))?;
        self.look_with("BEGIN IMMEDIATE", DOING, async |tx, known| {
            prove_writable(tx).await?;
            known.now(tx).await?.require()?;
            schema::unfilled(tx).await
        })
        .await
    }

    async fn users(&self, _now: Timestamp) -> Result<Vec<User>, TargetError> {
        self.look("list accounts", async |tx, known| read::users(tx, known, read::Which::All).await).await
    }

    async fn user(&self, by: By<'_>, _now: Timestamp) -> Result<Option<User>, TargetError> {
        let found = match by {
            By::Id(id) => {
                let which = read::Which::Ids(&[id]);
                self.look("read an account", async |tx, known| read::users(tx, known, which).await).await?
            }
            By::ExternalId(id) => {
                let which = read::Which::ExternalIds(&[id]);
                self.look("find an account", async |tx, known| read::users(tx, known, which).await).await?
            }
        };
        Ok(found.into_iter().next())
    }

    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        self.apply("create an account", Effect::Created(new), call, async |tx, _, gives_ids| {
            write::create(tx, new, call.now, gives_ids).await
        })
        .await
    }

    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        let work = async |tx: &mut Transaction<'_, Sqlite>, _: &mut Known, _| {
            write::update(tx, id, changes, call.now).await
        };
        self.apply("update an account", Effect::Updated(changes), call, work).await.map(drop)
    }

    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        let work = async |tx: &mut Transaction<'_, Sqlite>, known: &mut Known, _| {
            close(tx, known, seen, call.now).await
        };
        self.apply("deactivate an account", Effect::Closed, call, work).await.map(drop)
    }
}

#[async_trait]
impl Assigns for SqliteTarget {
    async fn assign(
        &self,
        id: &UserId,
        assignments: &[AssignmentChange],
        call: &Call<'_>,
    ) -> Result<(), TargetError> {
        let work = async |tx: &mut Transaction<'_, Sqlite>, _: &mut Known, _| {
            write::assign(tx, id, assignments, call.now).await
        };
        self.apply("assign", Effect::Assigned(assignments), call, work).await.map(drop)
    }
}

#[async_trait]
impl Invites for SqliteTarget {
    async fn invite(&self, id: &UserId, invitation: &Invitation, call: &Call<'_>) -> Result<(), TargetError> {
        let work = async |tx: &mut Transaction<'_, Sqlite>, _: &mut Known, _| {
            write::invite(tx, id, invitation, call.now).await
        };
        self.apply("invite", Effect::Invited, call, work).await.map(drop)
    }
}

#[async_trait]
impl Reactivates for SqliteTarget {
    async fn reactivate(&self, id: &UserId, call: &Call<'_>) -> Result<(), TargetError> {
        let work = async |tx: &mut Transaction<'_, Sqlite>, _: &mut Known, _| {
            write::reactivate(tx, id, call.now).await
        };
        self.apply("reactivate an account", Effect::Opened, call, work).await.map(drop)
    }
}

#[async_trait]
impl Remembers for SqliteTarget {
    async fn identity(&self) -> Result<Option<String>, TargetError> {
        self.look("tell the accounts from others", async |tx, _| Ok(read::identity(tx).await?)).await
    }

    async fn applied(&self, key: &ActionKey, user: &UserId) -> Result<Option<bool>, TargetError> {
        let look = async |tx: &mut Transaction<'_, Sqlite>, _: &mut Known| {
            Ok(read::is_applied(tx, key, user).await?)
        };
        self.look("look for an action", look).await.map(Some)
    }
}

impl fmt::Debug for SqliteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTarget").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Closes an account if it is still the one that was seen.
async fn close(
    tx: &mut Transaction<'_, Sqlite>,
    known: &mut Known,
    seen: &User,
    now: Timestamp,
) -> Result<UserId, Refused> {
    match read::users(tx, known, read::Which::Ids(&[&seen.id])).await?.first() {
        Some(user) if !user.is_still(seen) => Err(TargetError::changed().into()),
        _ => write::deactivate(tx, &seen.id, now).await,
    }
}

async fn one_look<T>(
    connection: &mut SqliteConnection,
    known: &mut Known,
    begin: &'static str,
    work: impl AsyncFnOnce(&mut Transaction<'_, Sqlite>, &mut Known) -> Result<T, Refused>,
) -> Result<T, Refused> {
    let mut tx = connection.begin_with(begin).await?;
    let found = work(&mut tx, known).await;
    tx.rollback().await?;
    found
}

/// Why a transaction came to nothing.
enum Refused {
    /// SQLite says so.
    Database(sqlx::Error),
    /// What is in the tables says so.
    Target(TargetError),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<TargetError> for Refused {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}
