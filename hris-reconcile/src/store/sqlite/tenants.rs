//! Lists connections, and forgets one.

use sqlx::{AssertSqlSafe, Sqlite, Transaction};

use super::super::Lease;
use super::lease;

type Tx<'a> = Transaction<'a, Sqlite>;

/// Where something of a connection is kept, and the column with its name. Leases are not among them: their count
/// stays, so that a late run of before cannot write.
const TABLES: [(&str, &str); 10] = [
    ("baselines", "connection"),
    ("claims", "connection"),
    ("connections", "name"),
    ("credentials", "connection"),
    ("decisions", "connection"),
    ("holds", "connection"),
    ("journal", "connection"),
    ("judgements", "connection"),
    ("links", "connection"),
    ("runs", "connection"),
];

pub(super) async fn names(tx: &mut Tx<'_>) -> sqlx::Result<Vec<String>> {
    let tables = TABLES.map(|(table, column)| format!("SELECT {column} AS name FROM {table}"));
    let select = format!(
        "SELECT DISTINCT name FROM ({} UNION SELECT connection FROM grants WHERE content IS NOT NULL) ORDER BY name",
        tables.join(" UNION ")
    );
    sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut **tx).await
}

/// Forgets the connection of a lease, which ends with it. The version of the tokens stays, as it does when
/// the tokens alone are forgotten.
pub(super) async fn forget(tx: &mut Tx<'_>, lease: &Lease) -> sqlx::Result<bool> {
    let mut forgotten = 0;
    for (table, column) in TABLES {
        let delete = format!("DELETE FROM {table} WHERE {column} = ?1");
        forgotten += sqlx::query(AssertSqlSafe(delete))
            .bind(&lease.connection)
            .execute(&mut **tx)
            .await?
            .rows_affected();
    }
    forgotten += tokens(tx, &lease.connection).await?;
    lease::release(tx, lease).await?;
    Ok(forgotten > 0)
}

/// Forgets the tokens of a connection. Returns how many there were.
pub(super) async fn tokens(tx: &mut Tx<'_>, connection: &str) -> sqlx::Result<u64> {
    let forgotten = sqlx::query(
        "UPDATE grants SET version = version + 1, content = NULL, sealed = 0, claimed_until = 0, process = NULL \
         WHERE connection = ?1 AND content IS NOT NULL",
    )
    .bind(connection)
    .execute(&mut **tx)
    .await?;
    Ok(forgotten.rows_affected())
}
