//! Opens the state file. It has to be ours, undamaged, of a known schema, and readable by its owner only.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteOwnedBuf, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};

use super::fault::{Fault, file_error, state_error};
use crate::{Error, ErrorKind, Result};

/// The steps of the schema: the step at index N makes version N + 1 out of version N. Steps are only
/// ever added.
pub(super) const STEPS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_state.sql"),
    include_str!("../../../migrations/sqlite/0002_grants.sql"),
    include_str!("../../../migrations/sqlite/0003_two_way.sql"),
    include_str!("../../../migrations/sqlite/0004_identity.sql"),
    include_str!("../../../migrations/sqlite/0005_credentials.sql"),
    include_str!("../../../migrations/sqlite/0006_ended.sql"),
];

/// "HRIS" in ASCII, written into the file's header.
const APPLICATION: i64 = 0x4852_4953;

const OPENING: &str = "open the state";

/// How much of a file is looked at when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inspection {
    /// Whether it is of the length that its header says.
    Length,
    /// Every page.
    Whole,
}

/// Opens the file for writing. Creates a missing file, and migrates an older one.
///
/// A file that was closed in good order is not read whole, because that takes longer with each year of history.
/// One that has its log beside it was not, or is in use: its end may have been a crash of the machine.
pub(super) async fn open(path: &Path, steps: &[&'static str]) -> Result<SqliteConnection> {
    let failed = |error| state_error(OPENING, path, error);
    if is_empty(path)? {
        create_private(path).map_err(|error| file_error(OPENING, path, error))?;
    } else {
        check_header(path, steps)?;
        writable(path).map_err(|error| file_error(OPENING, path, error))?;
    }
    let has_log = fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let inspection = if has_log { Inspection::Whole } else { Inspection::Length };
    let mut connection = options(path).connect().await.map_err(failed)?;
    match prepare(&mut connection, path, steps, inspection).await {
        Ok(()) => Ok(connection),
        Err(error) => {
            // Awaited, so that SQLite's own files beside the refused one are gone when this returns.
            let _ = connection.close().await;
            Err(error)
        }
    }
}

/// Checks an opened file and migrates it.
async fn prepare(
    connection: &mut SqliteConnection,
    path: &Path,
    steps: &[&'static str],
    inspection: Inspection,
) -> Result<()> {
    let failed = |error| state_error(OPENING, path, error);
    let version = inspect(connection, path, steps, inspection).await?;
    make_private(path)?;
    enter_wal(connection).await.map_err(failed)?;
    if version > 0 && version < steps.len() {
        back_up(connection, path, version).await?;
    }
    migrate(connection, steps).await.map_err(failed)
}

/// Copies the file into memory, without writing to it or beside it. A missing file is an empty state.
pub(super) async fn open_copy(path: &Path, steps: &[&'static str]) -> Result<SqliteConnection> {
    let failed = |error| state_error(OPENING, path, error);
    let options = SqliteConnectOptions::new().in_memory(true).disable_statement_logging();
    let mut memory = options.connect().await.map_err(failed)?;
    if !is_empty(path)? {
        check_header(path, steps)?;
        let mut image = read_image(path).await.map_err(failed)?;
        // A copy in memory has no write-ahead log, so its header must not ask for one.
        for mode in image.iter_mut().skip(18).take(2) {
            *mode = 1;
        }
        memory.deserialize(None, image, false).await.map_err(failed)?;
        inspect(&mut memory, path, steps, Inspection::Whole).await?;
    }
    migrate(&mut memory, steps).await.map_err(failed)?;
    Ok(memory)
}

/// Whether [`open`] would succeed: whether the file can be written, or made. Nothing is made or changed.
pub(super) async fn check(path: &Path, steps: &[&'static str]) -> Result<()> {
    const DOING: &str = "check the state";
    let of_file = |error| file_error(DOING, path, error);
    if is_empty(path)? {
        return writable(path.parent().unwrap_or(path)).map_err(of_file);
    }
    check_header(path, steps)?;
    writable(path).map_err(of_file)?;
    let mut connection = options(path).connect().await.map_err(|error| state_error(DOING, path, error))?;
    let asked = async {
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        prove_writable(&mut tx).await?;
        tx.rollback().await
    };
    let asked = asked.await;
    let closed = connection.close().await;
    asked.and(closed).map_err(|error| state_error(DOING, path, error))
}

/// Fails if this transaction can only read. SQLite opens a file on a read-only disk to read alone and grants the
/// lock of a writer on it all the same; the first write fails. So the version is written as it is, and the caller
/// rolls back.
pub(crate) async fn prove_writable(tx: &mut SqliteConnection) -> sqlx::Result<()> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *tx).await?;
    sqlx::query(AssertSqlSafe(format!("PRAGMA user_version = {version}"))).execute(tx).await.map(drop)
}

/// Creates an empty file that only its owner can ever read. SQLite gives the files that it puts beside it
/// the same mode.
pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Refuses a file that is marked read-only, even for a user who could write it anyway. SQLite itself opens
/// such a file and gives its mode to the files beside it, which then outlive the mark. The file is not
/// opened for this: closing it would take away the locks that this process holds on it.
pub(crate) fn writable(path: &Path) -> std::io::Result<()> {
    match fs::metadata(path)?.permissions().readonly() {
        true => Err(std::io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

/// The path with a suffix.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// The connection settings of both state and target.
pub(crate) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(30))
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        // A statement over many rows keeps what it may have to undo in memory, and not in a file.
        .pragma("temp_store", "MEMORY")
        // KiB. A batch of random keys touches most pages of an index.
        .pragma("cache_size", "-16000")
        .pragma("wal_autocheckpoint", "4000")
        .disable_statement_logging()
}

/// Whether there is nothing yet: no file, or an empty one.
fn is_empty(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(file) if file.is_dir() => {
            let message = format!("{OPENING} in {}: that is a directory; name a file", path.display());
            Err(Error::new(ErrorKind::State, message))
        }
        Ok(file) => Ok(file.len() == 0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(file_error(OPENING, path, error)),
    }
}

/// Removes other users' rights to a file that was created or copied with them.
#[cfg(unix)]
fn make_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for path in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        let Ok(file) = fs::metadata(&path) else { continue };
        let mode = file.permissions().mode();
        if mode & 0o077 != 0 {
            let own = fs::Permissions::from_mode(mode & 0o700);
            fs::set_permissions(&path, own).map_err(|error| {
                let message = format!(
                    "{OPENING} in {0}: others may read the file, and it belongs to another user; as that \
                     user: chmod 600 {0}",
                    path.display()
                );
                Error::new(ErrorKind::State, message).with_source(error)
            })?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_path: &Path) -> Result<()> {
    Ok(())
}

/// Looks at the file's first bytes before SQLite does, which might finish another program's
/// interrupted work when it opens that program's file.
fn check_header(path: &Path, steps: &[&str]) -> Result<()> {
    let failed = |error| file_error(OPENING, path, error);
    let mut header = Vec::with_capacity(100);
    fs::File::open(path).map_err(failed)?.take(100).read_to_end(&mut header).map_err(failed)?;
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return Err(damaged(path));
    }
    let number = |at: usize| {
        let bytes = header.get(at..at.saturating_add(4)).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_be_bytes)
    };
    // Both are zero while everything written so far is still in the write-ahead log.
    match (i64::from(number(68)), i64::from(number(60))) {
        (0, _) => Ok(()),
        (application, version) => check_identity(path, steps, application, version),
    }
}

/// Looks at the file and returns the version of its schema, zero if there is none yet. A file that is to be
/// migrated is looked at whole.
async fn inspect(
    connection: &mut SqliteConnection,
    path: &Path,
    steps: &[&str],
    inspection: Inspection,
) -> Result<usize> {
    let failed = |error| state_error(OPENING, path, error);
    // One moment of the file, because another program may be making it just now.
    let mut look = connection.begin().await.map_err(failed)?;
    let mut number = async |query: &'static str| {
        sqlx::query_scalar::<_, i64>(query).fetch_one(&mut *look).await.map_err(failed)
    };
    let application = number("PRAGMA application_id").await?;
    let version = number("PRAGMA user_version").await?;
    let objects = number("SELECT count(*) FROM sqlite_schema").await?;
    if application == 0 && version == 0 && objects == 0 {
        return Ok(0);
    }
    check_identity(path, steps, application, version)?;
    let known = usize::try_from(version).unwrap_or_default();
    if inspection == Inspection::Length && known == steps.len() {
        let (pages, size) = (number("PRAGMA page_count").await?, number("PRAGMA page_size").await?);
        let length = fs::metadata(path).map_err(|error| file_error(OPENING, path, error))?.len();
        // A program that writes at this moment has some of it in its log.
        let is_whole = u64::try_from(pages.saturating_mul(size)).is_ok_and(|needed| needed <= length);
        if is_whole {
            return Ok(known);
        }
    }
    let found = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&mut *look).await;
    match found {
        Ok(word) if word == "ok" => Ok(known),
        Ok(_) => Err(damaged(path)),
        Err(error) => Err(failed(error)),
    }
}

fn check_identity(path: &Path, steps: &[&str], application: i64, version: i64) -> Result<()> {
    let file = path.display();
    let message = if application != APPLICATION {
        format!(
            "{OPENING} in {file}: it is the database of another program (application id {application}); \
             nothing was changed in it. Name another file"
        )
    } else if usize::try_from(version).map_or(true, |version| version > steps.len()) {
        format!(
            "{OPENING} in {file}: it has schema version {version}, and this program knows versions up to {}; \
             nothing was changed in it. Use the newer program, or go back to the copy that it kept when it \
             changed the schema ({file}.bak-{})",
            steps.len(),
            steps.len()
        )
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::State, message))
}

fn damaged(path: &Path) -> Error {
    let remedy = Fault::Damaged.remedy();
    Error::new(ErrorKind::State, format!("{OPENING} in {}: {remedy}", path.display()))
}

/// Two programs that make one new file at the same time may meet here, and SQLite then does not wait
/// by itself.
async fn enter_wal(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut attempts = 0;
    loop {
        let mode = sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await;
        match mode {
            Err(error) if Fault::of(&error) == Fault::Locked && attempts < 600 => attempts += 1,
            other => return other.map(drop),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Keeps a complete copy of the file before its schema changes.
async fn back_up(connection: &mut SqliteConnection, path: &Path, version: usize) -> Result<()> {
    const KEEPING: &str = "keep a copy of the state before its schema changes";
    let kept = beside(path, &format!(".bak-{version}"));
    let unfinished = beside(path, &format!(".bak-{version}.part"));
    let failed = |error| file_error(KEEPING, &kept, error);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    create_private(&unfinished).map_err(failed)?;
    let copied = sqlx::query("VACUUM INTO ?1").bind(unfinished.to_string_lossy().into_owned());
    copied.execute(connection).await.map_err(|error| state_error(KEEPING, &kept, error))?;
    fs::File::open(&unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(&unfinished, &kept).map_err(failed)
}

/// Takes the missing steps in one transaction, so that another program never sees a half-migrated file.
/// Another program may be doing the same, so the version is read again under the lock. On a state that is
/// up to date this proves that it can be written.
async fn migrate(connection: &mut SqliteConnection, steps: &[&'static str]) -> sqlx::Result<()> {
    let mut all = connection.begin_with("BEGIN IMMEDIATE").await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *all).await?;
    let missing = usize::try_from(version).ok().and_then(|version| steps.get(version..)).unwrap_or_default();
    if missing.is_empty() {
        prove_writable(&mut all).await?;
        return all.rollback().await;
    }
    for script in missing {
        sqlx::raw_sql(*script).execute(&mut *all).await?;
    }
    all.commit().await
}

/// The bytes of the database, its write-ahead log included. Where there is no log to be read the file
/// is opened as one that nobody changes, because SQLite would otherwise put files beside it.
async fn read_image(path: &Path) -> sqlx::Result<SqliteOwnedBuf> {
    let state = || {
        let file = fs::metadata(path).map(|file| (file.len(), file.modified().ok())).ok();
        let log = fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
        (file, log)
    };
    let before = state();
    if before.1 == 0 {
        let image = serialize(options(path).read_only(true).immutable(true)).await;
        if state() == before {
            return image;
        }
    }
    serialize(options(path).read_only(true)).await
}

async fn serialize(options: SqliteConnectOptions) -> sqlx::Result<SqliteOwnedBuf> {
    let mut connection = options.connect().await?;
    let image = connection.serialize(None).await;
    connection.close().await?;
    image
}
