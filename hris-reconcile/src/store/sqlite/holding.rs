//! Which connection holds an account, which one claims it, and what people decided about it.

use hris_core::UserId;
use hris_core::reconcile::{AccountClaim, Action, ActionKind, Handover, Held, Judgement, Others};
use sqlx::{Row as _, Sqlite, Transaction};

use super::Refused;
use super::journal::{self, from_json, to_json};

type Tx<'a> = Transaction<'a, Sqlite>;

/// A condition for rows of connections other than `?1` whose target is `?2` or unknown. The table needs a
/// column `connection`.
const OF_OTHERS: &str = "connection <> ?1 AND (?2 IS NULL OR NOT EXISTS (SELECT 1 FROM baselines AS last \
     WHERE last.connection = kept.connection AND last.target IS NOT NULL AND last.target <> ?2 \
     AND ?2 NOT IN (SELECT value FROM json_each(last.baseline, '$.also_in'))))";

/// What other connections have to do with the accounts of a target.
pub(super) async fn others(
    tx: &mut Tx<'_>,
    connection: &str,
    target: Option<&str>,
) -> Result<Others, Refused> {
    let mut others = Others::default();
    let select = format!(
        "SELECT user, connection, deactivated_by_us, coalesce(external_id, employee) FROM links AS kept WHERE {OF_OTHERS} \
         ORDER BY deactivated_by_us, connection"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(select)).bind(connection).bind(target);
    for row in rows.fetch_all(&mut **tx).await? {
        let held =
            Held::new(row.try_get::<String, _>(1)?, row.try_get(2)?).giving(row.try_get::<String, _>(3)?);
        others.held.entry(UserId::from(row.try_get::<&str, _>(0)?)).or_insert(held);
    }
    let select = format!(
        "SELECT action, connection FROM journal AS kept \
         WHERE action IS NOT NULL AND kind IN ('create', 'link') AND {OF_OTHERS}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(select)).bind(connection).bind(target);
    for row in rows.fetch_all(&mut **tx).await? {
        let action: Action = from_json(row.try_get(0)?, "an intent")?;
        match (action.kind, action.external_id(), &action.user) {
            // An interrupted run may have linked an account without recording it.
            (ActionKind::Link, _, Some(user)) => others.about_to_hold(user, row.try_get(1)?),
            (ActionKind::Create, Some(id), _) => drop(others.making.insert(id.to_owned(), row.try_get(1)?)),
            _ => {}
        }
    }
    let select = format!("SELECT user, connection FROM claims AS kept WHERE {OF_OTHERS} ORDER BY connection");
    let rows = sqlx::query(sqlx::AssertSqlSafe(select)).bind(connection).bind(target);
    for row in rows.fetch_all(&mut **tx).await? {
        let user = UserId::from(row.try_get::<&str, _>(0)?);
        others.claimed.entry(user).or_insert(row.try_get(1)?);
    }
    let select = format!(
        "SELECT connection, vendor, organisation FROM baselines AS kept \
         WHERE vendor IS NOT NULL AND organisation IS NOT NULL AND {OF_OTHERS}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(select)).bind(connection).bind(target);
    for row in rows.fetch_all(&mut **tx).await? {
        others.organisations.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
    }
    Ok(others)
}

/// Puts these claims in place of those before.
pub(super) async fn claim(tx: &mut Tx<'_>, connection: &str, claims: &[AccountClaim]) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM claims WHERE connection = ?1").bind(connection).execute(&mut **tx).await?;
    for AccountClaim { employee, user, .. } in claims {
        sqlx::query("INSERT OR REPLACE INTO claims (connection, employee, user) VALUES (?1, ?2, ?3)")
            .bind(connection)
            .bind(employee.as_str())
            .bind(user.as_str())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Gives an account to the connection that claims it. Returns whether it got the account.
pub(super) async fn hand_over(
    tx: &mut Tx<'_>,
    connection: &str,
    handover: &Handover,
) -> Result<bool, Refused> {
    let Handover { employee, user, to, .. } = handover;
    let ours = journal::link_of(tx, connection, employee).await?.filter(|link| link.user == *user);
    let waits: Option<String> = sqlx::query_scalar(
        "SELECT employee FROM claims WHERE connection = ?1 AND user = ?2 \
         AND NOT EXISTS (SELECT 1 FROM links WHERE connection = ?1 AND links.employee = claims.employee \
                         AND links.user <> ?2)",
    )
    .bind(to)
    .bind(user.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    let (Some(ours), Some(waits)) = (ours, waits) else { return Ok(false) };
    sqlx::query("DELETE FROM claims WHERE connection = ?1 AND user = ?2 AND employee = ?3")
        .bind(to)
        .bind(user.as_str())
        .bind(&waits)
        .execute(&mut **tx)
        .await?;
    journal::save_link(tx, to, &ours.handed_over(waits)).await?;
    Ok(true)
}

/// Takes an account away from the connection that closed it.
pub(super) async fn take_over(tx: &mut Tx<'_>, from: &str, user: &UserId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM links WHERE connection = ?1 AND user = ?2 AND deactivated_by_us")
        .bind(from)
        .bind(user.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn judge(
    tx: &mut Tx<'_>,
    connection: &str,
    judgements: &[Judgement],
) -> Result<(), Refused> {
    for judgement in judgements {
        sqlx::query("INSERT OR REPLACE INTO judgements (connection, id, judgement) VALUES (?1, ?2, ?3)")
            .bind(connection)
            .bind(&judgement.id)
            .bind(to_json(judgement, "a decision")?)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

pub(super) async fn judgements(tx: &mut Tx<'_>, connection: &str) -> Result<Vec<Judgement>, Refused> {
    let texts: Vec<String> =
        sqlx::query_scalar("SELECT judgement FROM judgements WHERE connection = ?1 ORDER BY id")
            .bind(connection)
            .fetch_all(&mut **tx)
            .await?;
    texts.iter().map(|text| from_json(text, "a decision")).collect()
}
