//! Leases: one run at a time for each connection, and no late writes.

use hris_core::Timestamp;
use sqlx::{Row as _, Sqlite, Transaction};

use super::super::{LEASE_SECONDS, Lease};
use super::{Refused, process};

/// The connection and the holder of a requested lease.
pub(super) struct Request<'a> {
    pub(super) connection: &'a str,
    pub(super) holder: &'a str,
    /// Milliseconds to add to SQLite's clock.
    pub(super) clock_offset: i64,
    /// The requesting process, where processes count too.
    pub(super) process: Option<&'a str>,
}

pub(super) async fn acquire(
    tx: &mut Transaction<'_, Sqlite>,
    request: Request<'_>,
) -> Result<Lease, Refused> {
    let now = now(tx, request.clock_offset).await?;
    let row =
        sqlx::query("SELECT token, holder, taken_at, expires_at, process FROM leases WHERE connection = ?1")
            .bind(request.connection)
            .fetch_optional(&mut **tx)
            .await?;
    let mut last: i64 = 0;
    if let Some(row) = row {
        last = row.try_get("token")?;
        let holder: Option<String> = row.try_get("holder")?;
        let expires: i64 = row.try_get("expires_at")?;
        let held_by: Option<String> = row.try_get("process")?;
        let ended = request.process.is_some() && held_by.as_deref().is_some_and(process::is_gone);
        if let Some(holder) = holder.filter(|_| expires > now && !ended) {
            return Err(Refused::Busy(format!(
                "run {holder} has held connection {:?} since {}; its lease runs out at {} unless it renews it. \
                 Wait for it, then run again",
                request.connection,
                instant(row.try_get("taken_at")?),
                instant(expires),
            )));
        }
    }
    let token = last.saturating_add(1);
    sqlx::query(
        "INSERT INTO leases (connection, token, holder, taken_at, expires_at, process) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (connection) DO UPDATE SET token = ?2, holder = ?3, taken_at = ?4, expires_at = ?5, process = ?6",
    )
    .bind(request.connection)
    .bind(token)
    .bind(request.holder)
    .bind(now)
    .bind(end_of(now))
    .bind(request.process)
    .execute(&mut **tx)
    .await?;
    Ok(Lease::new(request.connection, request.holder, u64::try_from(token).unwrap_or_default()))
}

pub(super) async fn renew(
    tx: &mut Transaction<'_, Sqlite>,
    lease: &Lease,
    clock_offset: i64,
) -> Result<(), Refused> {
    check(tx, lease).await?;
    let now = now(tx, clock_offset).await?;
    sqlx::query("UPDATE leases SET expires_at = ?2 WHERE connection = ?1")
        .bind(&lease.connection)
        .bind(end_of(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn release(tx: &mut Transaction<'_, Sqlite>, lease: &Lease) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE leases SET holder = NULL, process = NULL, expires_at = 0 \
         WHERE connection = ?1 AND token = ?2 AND holder = ?3",
    )
    .bind(&lease.connection)
    .bind(number(lease.token))
    .bind(&lease.holder)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Refuses a lease that is not the newest of its connection, or was released. An expired lease that no
/// other run took still counts, because no other run has written since.
pub(super) async fn check(tx: &mut Transaction<'_, Sqlite>, lease: &Lease) -> Result<(), Refused> {
    let row = sqlx::query("SELECT token, holder FROM leases WHERE connection = ?1")
        .bind(&lease.connection)
        .fetch_optional(&mut **tx)
        .await?;
    let mut newest = None;
    if let Some(row) = row {
        newest = Some((row.try_get::<i64, _>("token")?, row.try_get::<Option<String>, _>("holder")?));
    }
    match newest {
        Some((token, Some(holder))) if token == number(lease.token) && holder == lease.holder => Ok(()),
        Some((_, Some(holder))) => Err(Refused::Busy(format!(
            "run {} lost the lease of connection {:?} to run {holder} and writes nothing more",
            lease.holder, lease.connection
        ))),
        _ => Err(Refused::Busy(format!(
            "run {} no longer holds connection {:?} and writes nothing more",
            lease.holder, lease.connection
        ))),
    }
}

/// SQLite's clock, in milliseconds since 1970.
pub(super) async fn now(tx: &mut Transaction<'_, Sqlite>, clock_offset: i64) -> sqlx::Result<i64> {
    let now = sqlx::query_scalar("SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) + ?1");
    now.bind(clock_offset).fetch_one(&mut **tx).await
}

fn end_of(now: i64) -> i64 {
    now.saturating_add(number(LEASE_SECONDS).saturating_mul(1000))
}

fn instant(milliseconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(milliseconds.div_euclid(1000))
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
