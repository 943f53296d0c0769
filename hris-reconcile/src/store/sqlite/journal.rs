//! Links, intents, runs and connections as rows.

use hris_core::reconcile::{Action, ActionKind, Baseline, Resolution};
use hris_core::{EmployeeId, Link, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::{Refused, holding};
use crate::Connection;
use crate::report::Report;
use crate::store::{Intent, Settlement, State};

type Tx<'a> = Transaction<'a, Sqlite>;

pub(super) async fn load(tx: &mut Tx<'_>, connection: &str) -> Result<State, Refused> {
    // Many links in one text cost a fraction of as many values.
    let page = |after: &str| {
        format!(
            "SELECT max(employee), json_group_array({LINK}) FROM (SELECT * FROM links \
             WHERE connection = ?1 AND employee {after} ?2 ORDER BY employee LIMIT {ROWS})"
        )
    };
    let (mut links, mut last, mut after) = (Vec::new(), String::new(), ">=");
    loop {
        let query = sqlx::query(sqlx::AssertSqlSafe(page(after))).bind(connection).bind(&last);
        let row = query.fetch_one(&mut **tx).await?;
        let Some(end) = row.try_get::<Option<String>, _>(0)? else { break };
        for packed in from_json::<Vec<Packed>>(row.try_get(1)?, "a link")? {
            links.push(link(packed)?);
        }
        (last, after) = (end, ">");
    }

    let rows = sqlx::query(
        "SELECT run, action, at, approved, empty FROM journal \
         WHERE connection = ?1 AND action IS NOT NULL ORDER BY position",
    )
    .bind(connection)
    .fetch_all(&mut **tx)
    .await?;
    let unsettled = rows.iter().map(intent).collect::<Result<_, _>>()?;

    let baseline = baseline(tx, connection).await?;
    let decisions: Vec<String> =
        sqlx::query_scalar("SELECT decision FROM decisions WHERE connection = ?1 ORDER BY id")
            .bind(connection)
            .fetch_all(&mut **tx)
            .await?;
    let decisions = decisions.iter().map(|text| from_json(text, "a decision")).collect::<Result<_, _>>()?;
    let source_hold = sqlx::query_scalar("SELECT settings FROM holds WHERE connection = ?1")
        .bind(connection)
        .fetch_optional(&mut **tx)
        .await?;
    let judgements = holding::judgements(tx, connection).await?;
    Ok(State { links, baseline, unsettled, decisions, judgements, source_hold })
}

pub(super) async fn decide(
    tx: &mut Tx<'_>,
    connection: &str,
    decisions: &[Resolution],
) -> Result<(), Refused> {
    for decision in decisions {
        sqlx::query("INSERT OR REPLACE INTO decisions (connection, id, decision) VALUES (?1, ?2, ?3)")
            .bind(connection)
            .bind(&decision.id)
            .bind(to_json(decision, "a decision")?)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Rows of one statement, far below SQLite's limit of values.
const ROWS: usize = 256;

/// An action that is intended again replaces its earlier entry and becomes the newest.
pub(super) async fn intend(tx: &mut Tx<'_>, connection: &str, intents: &[Intent]) -> Result<(), Refused> {
    for part in intents.chunks(ROWS) {
        let mut texts = Vec::with_capacity(part.len());
        for Intent { action, empty, .. } in part {
            let empty = if empty.is_empty() { None } else { Some(to_json(empty, "an intent")?) };
            texts.push((to_json(action, "an intent")?, empty));
        }
        let mut query = QueryBuilder::new(
            "INSERT OR REPLACE INTO journal \
             (connection, key, run, kind, employee, user, at, approved, action, empty) ",
        );
        query.push_values(part.iter().zip(texts), |mut row, (intent, (text, empty))| {
            let Intent { run, action, at, approved, .. } = intent;
            row.push_bind(connection.to_owned())
                .push_bind(action.key.as_str().to_owned())
                .push_bind(run.clone())
                .push_bind(action.kind.as_str())
                .push_bind(action.employee.as_ref().map(|id| id.as_str().to_owned()))
                .push_bind(action.user.as_ref().map(|id| id.as_str().to_owned()))
                .push_bind(at.unix_seconds())
                .push_bind(*approved)
                .push_bind(text)
                .push_bind(empty);
        });
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// Whether a settlement ends an action and leaves a link, and no more.
fn is_plain(outcome: &Settlement) -> bool {
    let Settlement { unlinked, decided, hand_over, takes_over, also_in, source_hold, .. } = outcome;
    let rest = (hand_over, takes_over, also_in, source_hold);
    unlinked.is_empty() && decided.is_empty() && matches!(rest, (None, None, None, None))
}

/// Plain settlements that follow each other go together; of two links of one person the later one stays.
pub(super) async fn settle(
    tx: &mut Tx<'_>,
    connection: &str,
    outcomes: &[Settlement],
) -> Result<(), Refused> {
    let runs: Vec<_> = outcomes.chunk_by(|one, next| is_plain(one) && is_plain(next)).collect();
    for run in runs {
        for part in run.chunks(ROWS) {
            let alike: Vec<_> = part.chunk_by(|one, next| one.done == next.done).collect();
            for alike in alike {
                end_actions(tx, connection, alike).await?;
            }
            match part {
                [one] if !is_plain(one) => settle_one(tx, connection, one).await?,
                _ => {
                    let links: Vec<&Link> = part.iter().filter_map(|one| one.link.as_ref()).collect();
                    save_links(tx, connection, &links).await?;
                }
            }
        }
    }
    Ok(())
}

/// Takes the actions out of the journal that ended one way.
async fn end_actions(tx: &mut Tx<'_>, connection: &str, outcomes: &[Settlement]) -> sqlx::Result<()> {
    // A fact that is remembered without an action has no key.
    let keys: Vec<String> =
        outcomes.iter().map(|one| one.key.as_str().to_owned()).filter(|key| !key.is_empty()).collect();
    let Some(first) = outcomes.first().filter(|_| !keys.is_empty()) else { return Ok(()) };
    let mut query = QueryBuilder::new("UPDATE journal SET action = NULL, done = ");
    query.push_bind(first.done).push(" WHERE connection = ").push_bind(connection.to_owned());
    query.push(" AND key IN (");
    let mut list = query.separated(", ");
    for key in keys {
        list.push_bind(key);
    }
    query.push(")").build().execute(&mut **tx).await?;
    Ok(())
}

/// What follows from one settlement beside the end of its action.
async fn settle_one(tx: &mut Tx<'_>, connection: &str, outcome: &Settlement) -> Result<(), Refused> {
    let Settlement { link, unlinked, decided, hand_over, takes_over, also_in, source_hold, .. } = outcome;
    let mut stays = None;
    if let Some(handover) = hand_over
        && !holding::hand_over(tx, connection, handover).await?
    {
        stays = Some(&handover.employee);
    }
    if let (Some(former), Some(link)) = (takes_over, link) {
        holding::take_over(tx, former, &link.user).await?;
    }
    for employee in unlinked.iter().filter(|employee| Some(*employee) != stays) {
        sqlx::query("DELETE FROM links WHERE connection = ?1 AND employee = ?2")
            .bind(connection)
            .bind(employee.as_str())
            .execute(&mut **tx)
            .await?;
    }
    if let Some(link) = link {
        save_link(tx, connection, link).await?;
    }
    for id in decided {
        for forget in [
            "DELETE FROM decisions WHERE connection = ?1 AND id = ?2",
            "DELETE FROM judgements WHERE connection = ?1 AND id = ?2",
        ] {
            sqlx::query(forget).bind(connection).bind(id).execute(&mut **tx).await?;
        }
    }
    if let Some(target) = also_in
        && let Some(mut last) = baseline(tx, connection).await?
    {
        last.also_in.insert(target.clone());
        save_baseline(tx, connection, &last).await?;
    }
    if let Some(settings) = source_hold {
        sqlx::query("INSERT OR REPLACE INTO holds (connection, settings) VALUES (?1, ?2)")
            .bind(connection)
            .bind(settings)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

pub(super) async fn finish(
    tx: &mut Tx<'_>,
    connection: &str,
    report: &Report,
    baseline: Option<&Baseline>,
) -> Result<(), Refused> {
    sqlx::query(
        "INSERT INTO runs (connection, run, started_at, report, command) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (connection, run) DO UPDATE SET started_at = ?3, report = ?4, command = ?5",
    )
    .bind(connection)
    .bind(&report.run)
    .bind(report.started_at.unix_seconds())
    .bind(to_json(report, "a report")?)
    .bind(&report.command)
    .execute(&mut **tx)
    .await?;
    match baseline {
        Some(baseline) => save_baseline(tx, connection, baseline).await,
        None => Ok(()),
    }
}

async fn baseline(tx: &mut Tx<'_>, connection: &str) -> Result<Option<Baseline>, Refused> {
    let text: Option<String> = sqlx::query_scalar("SELECT baseline FROM baselines WHERE connection = ?1")
        .bind(connection)
        .fetch_optional(&mut **tx)
        .await?;
    text.map(|text| from_json(&text, "the last complete run")).transpose()
}

async fn save_baseline(tx: &mut Tx<'_>, connection: &str, baseline: &Baseline) -> Result<(), Refused> {
    sqlx::query(
        "INSERT OR REPLACE INTO baselines (connection, baseline, target, organisation, vendor) \
         VALUES (?1, ?2, ?3, ?4, nullif(?5, ''))",
    )
    .bind(connection)
    .bind(to_json(baseline, "the last complete run")?)
    .bind(&baseline.target)
    .bind(&baseline.fingerprint.organisation)
    .bind(&baseline.vendor)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Replaces the report of a recorded run.
pub(super) async fn amend(tx: &mut Tx<'_>, report: &Report) -> Result<(), Refused> {
    sqlx::query("UPDATE runs SET report = ?3 WHERE connection = ?1 AND run = ?2")
        .bind(&report.connection)
        .bind(&report.run)
        .bind(to_json(report, "a report")?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets settled actions. Open ones stay, however old.
pub(super) async fn prune_journal(tx: &mut Tx<'_>, connection: &str, before: Timestamp) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM journal WHERE connection = ?1 AND at < ?2 AND action IS NULL")
        .bind(connection)
        .bind(before.unix_seconds())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn prune_runs(tx: &mut Tx<'_>, connection: &str, before: Timestamp) -> sqlx::Result<u64> {
    let runs = sqlx::query("DELETE FROM runs WHERE connection = ?1 AND started_at < ?2")
        .bind(connection)
        .bind(before.unix_seconds())
        .execute(&mut **tx)
        .await?;
    Ok(runs.rows_affected())
}

pub(super) async fn removals(tx: &mut Tx<'_>, connection: &str, since: Timestamp) -> Result<u64, Refused> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM journal \
         WHERE connection = ?1 AND kind = ?2 AND at >= ?3 AND done = 1 AND approved = 0",
    )
    .bind(connection)
    .bind(ActionKind::Deactivate.as_str())
    .bind(since.unix_seconds())
    .fetch_one(&mut **tx)
    .await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

pub(super) async fn history(tx: &mut Tx<'_>, connection: &str, limit: u32) -> Result<Vec<Report>, Refused> {
    let reports: Vec<String> =
        sqlx::query_scalar("SELECT report FROM runs WHERE connection = ?1 ORDER BY position DESC LIMIT ?2")
            .bind(connection)
            .bind(limit)
            .fetch_all(&mut **tx)
            .await?;
    reports.iter().map(|text| from_json(text, "a report")).collect()
}

pub(super) async fn run(tx: &mut Tx<'_>, connection: &str, run: &str) -> Result<Option<Report>, Refused> {
    let report: Option<String> =
        sqlx::query_scalar("SELECT report FROM runs WHERE connection = ?1 AND run = ?2")
            .bind(connection)
            .bind(run)
            .fetch_optional(&mut **tx)
            .await?;
    report.map(|text| from_json(&text, "a report")).transpose()
}

pub(super) async fn save_connection(tx: &mut Tx<'_>, connection: &Connection) -> Result<(), Refused> {
    sqlx::query(
        "INSERT INTO connections (name, connection) VALUES (?1, ?2) \
         ON CONFLICT (name) DO UPDATE SET connection = ?2",
    )
    .bind(&connection.name)
    .bind(to_json(connection, "a connection")?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn connection(tx: &mut Tx<'_>, name: &str) -> Result<Option<Connection>, Refused> {
    let text: Option<String> = sqlx::query_scalar("SELECT connection FROM connections WHERE name = ?1")
        .bind(name)
        .fetch_optional(&mut **tx)
        .await?;
    text.map(|text| from_json(&text, "a connection")).transpose()
}

/// When the last run of a command began.
pub(super) async fn last_started(
    tx: &mut Tx<'_>,
    connection: &str,
    command: &str,
) -> sqlx::Result<Option<Timestamp>> {
    let at: Option<i64> = sqlx::query_scalar(
        "SELECT started_at FROM runs WHERE connection = ?1 AND command = ?2 ORDER BY position DESC LIMIT 1",
    )
    .bind(connection)
    .bind(command)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(at.map(Timestamp::from_unix_seconds))
}

/// A link as one text.
const LINK: &str = "json_array(employee, user, deactivated_by_us, awaits_invite, granted, bases, external_id, \
                    protected_by, invites, learned, invited_to)";

/// What [`LINK`] holds.
type Packed = (
    String,
    String,
    u8,
    u8,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    u32,
    Option<String>,
    Option<String>,
);

pub(super) async fn link_of(
    tx: &mut Tx<'_>,
    connection: &str,
    employee: &EmployeeId,
) -> Result<Option<Link>, Refused> {
    let select = format!("SELECT {LINK} FROM links WHERE connection = ?1 AND employee = ?2");
    let row = sqlx::query(sqlx::AssertSqlSafe(select)).bind(connection).bind(employee.as_str());
    let Some(row) = row.fetch_optional(&mut **tx).await? else { return Ok(None) };
    link(from_json(row.try_get(0)?, "a link")?).map(Some)
}

pub(super) async fn save_link(tx: &mut Tx<'_>, connection: &str, link: &Link) -> Result<(), Refused> {
    save_links(tx, connection, &[link]).await
}

async fn save_links(tx: &mut Tx<'_>, connection: &str, links: &[&Link]) -> Result<(), Refused> {
    if links.is_empty() {
        return Ok(());
    }
    let mut texts = Vec::with_capacity(links.len());
    for link in links {
        let Link { granted, bases, learned, .. } = link;
        let granted = if granted.is_empty() { None } else { Some(to_json(granted, "a link")?) };
        let bases = if bases.is_empty() { None } else { Some(to_json(bases, "a link")?) };
        let learned = if learned.is_empty() { None } else { Some(to_json(learned, "a link")?) };
        texts.push((granted, bases, learned));
    }
    let mut query = QueryBuilder::new(
        "INSERT OR REPLACE INTO links \
         (connection, employee, user, deactivated_by_us, awaits_invite, granted, sequence, bases, external_id, \
          protected_by, invites, learned, invited_to) ",
    );
    query.push_values(links.iter().zip(texts), |mut row, (link, (granted, bases, learned))| {
        row.push_bind(connection.to_owned())
            .push_bind(link.employee.as_str().to_owned())
            .push_bind(link.user.as_str().to_owned())
            .push_bind(link.deactivated_by_us)
            .push_bind(link.awaits_invite)
            .push_bind(granted)
            .push_bind(0)
            .push_bind(bases)
            .push_bind(link.external_id.clone())
            .push_bind(link.protected_by.clone())
            .push_bind(link.invites)
            .push_bind(learned)
            .push_bind(link.invited_to.clone());
    });
    query.build().execute(&mut **tx).await?;
    Ok(())
}

fn link(packed: Packed) -> Result<Link, Refused> {
    let (employee, user, closed, awaits, granted, bases, external_id, protected_by, invites, learned, to) =
        packed;
    let mut link = Link::new(employee, user);
    link.deactivated_by_us = closed != 0;
    link.awaits_invite = awaits != 0;
    if let Some(granted) = granted {
        link.granted = from_json(&granted, "a link")?;
    }
    if let Some(bases) = bases {
        link.bases = from_json(&bases, "a link")?;
    }
    link.external_id = external_id;
    link.protected_by = protected_by;
    link.invites = invites;
    if let Some(learned) = learned {
        link.learned = from_json(&learned, "a link")?;
    }
    link.invited_to = to;
    Ok(link)
}

fn intent(row: &SqliteRow) -> Result<Intent, Refused> {
    let action: Action = from_json(row.try_get(1)?, "an intent")?;
    let at = Timestamp::from_unix_seconds(row.try_get(2)?);
    let mut intent = Intent::new(row.try_get::<&str, _>(0)?, action, at, row.try_get(3)?);
    if let Some(empty) = row.try_get::<Option<&str>, _>(4)? {
        intent.empty = from_json(empty, "an intent")?;
    }
    Ok(intent)
}

pub(super) fn to_json(value: &impl Serialize, what: &'static str) -> Result<String, Refused> {
    serde_json::to_string(value).map_err(|_| Refused::Content(what))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, Refused> {
    serde_json::from_str(text).map_err(|_| Refused::Content(what))
}
