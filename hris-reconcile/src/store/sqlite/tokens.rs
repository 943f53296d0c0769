//! The tokens of connections: the newest ones each, replaced by compare-and-swap.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hris_core::{CLAIM_SECONDS, Claim, Secret, StoredTokens, TokenStore, Tokens};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, Sqlite, Transaction};

use super::{Refused, SqliteStore, lease, process, tenants};
use crate::{Error, ErrorKind, Result};

/// The tokens of one connection in a [`SqliteStore`], made by [`SqliteStore::tokens`].
///
/// A renewal is claimed across processes: a claim ends when it is given back or the tokens are
/// replaced, after [`CLAIM_SECONDS`] by the machine's clock, and at once where the process that
/// claimed provably no longer exists. Tokens that were replaced or forgotten are overwritten in the
/// file.
#[derive(Clone, Debug)]
pub struct SqliteTokens {
    store: Arc<SqliteStore>,
    connection: String,
}

/// Tokens as they are stored.
#[derive(Deserialize, Serialize)]
struct Content {
    access_token: Option<String>,
    refresh_token: Option<String>,
    scopes: Option<BTreeSet<String>>,
    #[serde(default)]
    refused: bool,
}

impl SqliteStore {
    /// Where the tokens of a connection are kept. They are sealed if the store was given a key
    /// ([`super::SqliteStoreBuilder::seal_with`]).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("hris-state.db");
    /// use std::sync::Arc;
    /// use hris_core::{Tokens, TokenStore, Secret};
    /// use hris_reconcile::store::SqliteStore;
    ///
    /// let store = Arc::new(SqliteStore::open(&path).await?);
    /// let kept = store.tokens("acme");
    /// let tokens = Tokens::new(None, Some(Secret::from("refresh".to_owned())));
    /// assert!(kept.replace(0, &tokens).await?);
    /// assert!(store.tokens("other").load().await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tokens(self: &Arc<Self>, connection: impl Into<String>) -> SqliteTokens {
        SqliteTokens { store: Arc::clone(self), connection: connection.into() }
    }
}

impl SqliteTokens {
    /// Forgets the tokens, and says whether there were any. Links and history stay. It takes no key.
    ///
    /// A copy that was kept when the schema was brought up to date (`….bak-N`) and backups of your own
    /// still hold what they held.
    ///
    /// # Errors
    /// [`ErrorKind::State`].
    pub async fn forget(&self) -> Result<bool> {
        let forgotten = self
            .store
            .write("forget the tokens", async |tx| Ok(tenants::tokens(tx, &self.connection).await? > 0));
        let forgotten = forgotten.await?;
        self.store.empty_log().await;
        Ok(forgotten)
    }

    /// What sealed content is bound to. Stored files contain it, so it keeps its spelling.
    fn about(&self) -> String {
        format!("grant of {}", self.connection)
    }

    /// The row of the connection, unread.
    async fn row(&self, tx: &mut Transaction<'_, Sqlite>) -> Result<Option<Row>, Refused> {
        let row = sqlx::query(
            "SELECT version, content, sealed, claimed_until, process FROM grants WHERE connection = ?1",
        )
        .bind(&self.connection)
        .fetch_optional(&mut **tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Row {
            version: row.try_get(0)?,
            content: row.try_get(1)?,
            sealed: row.try_get(2)?,
            claimed_until: row.try_get(3)?,
            process: row.try_get(4)?,
        }))
    }

    fn read(&self, row: Option<Row>) -> Result<Option<StoredTokens>> {
        let Some(Row { version, content: Some(content), sealed, .. }) = row else { return Ok(None) };
        let what = format!("the tokens of connection {:?}", self.connection);
        let content = self.store.unseal((content, sealed), &self.about(), &what)?;
        let content: Content = serde_json::from_slice(&content)
            .map_err(|_| self.store.explain("read the tokens", Refused::Content("tokens")))?;
        let tokens =
            Tokens::new(content.access_token.map(Secret::from), content.refresh_token.map(Secret::from));
        let tokens = tokens.with_scopes(content.scopes).with_refused(content.refused);
        Ok(Some(StoredTokens::new(tokens, unsigned(version))))
    }

    fn written(&self, tokens: &Tokens) -> Result<(Vec<u8>, bool)> {
        let text = |token: &Option<Secret>| token.as_ref().map(|token| token.expose().to_owned());
        let content = Content {
            access_token: text(&tokens.access_token),
            refresh_token: text(&tokens.refresh_token),
            scopes: tokens.scopes.clone(),
            refused: tokens.refused,
        };
        let content = serde_json::to_vec(&content)
            .map_err(|_| Error::new(ErrorKind::State, "store the tokens: they cannot be written as JSON"))?;
        self.store.seal(&content, &self.about())
    }
}

struct Row {
    version: i64,
    content: Option<Vec<u8>>,
    sealed: bool,
    claimed_until: i64,
    process: Option<String>,
}

impl Row {
    /// The version of the tokens, zero where there are no tokens.
    fn newest(row: Option<&Self>) -> u64 {
        row.filter(|row| row.content.is_some()).map_or(0, |row| unsigned(row.version))
    }

    fn is_claimed(&self, now: i64) -> bool {
        self.claimed_until > now && !self.process.as_deref().is_some_and(process::is_gone)
    }
}

#[async_trait]
impl TokenStore for SqliteTokens {
    async fn load(&self) -> hris_core::Result<Option<StoredTokens>> {
        let row = self.store.read("read the tokens", async |tx| self.row(tx).await).await;
        row.and_then(|row| self.read(row)).map_err(Into::into)
    }

    async fn claim(&self, version: u64) -> hris_core::Result<Claim> {
        let claimed = self.store.write("claim the tokens", async |tx| {
            let row = self.row(tx).await?;
            let Some(row) = row.filter(|row| Row::newest(Some(row)) == version && row.content.is_some())
            else {
                return Ok(Claimed::Stale);
            };
            let now = lease::now(tx, self.store.clock_offset).await?;
            if row.is_claimed(now) {
                return Ok(Claimed::Busy);
            }
            let seconds = i64::try_from(CLAIM_SECONDS).unwrap_or(i64::MAX);
            sqlx::query("UPDATE grants SET claimed_until = ?2, process = ?3 WHERE connection = ?1")
                .bind(&self.connection)
                .bind(now.saturating_add(seconds.saturating_mul(1000)))
                .bind(self.store.process.as_deref())
                .execute(&mut **tx)
                .await?;
            Ok(Claimed::Taken)
        });
        match claimed.await? {
            Claimed::Busy => Ok(Claim::Busy),
            Claimed::Stale => Ok(Claim::Stale(self.load().await?)),
            Claimed::Taken => Ok(Claim::Taken),
        }
    }

    async fn replace(&self, version: u64, tokens: &Tokens) -> hris_core::Result<bool> {
        let (content, sealed) = self.written(tokens)?;
        let replaced = self.store.write("store the tokens", async |tx| {
            let row = self.row(tx).await?;
            if Row::newest(row.as_ref()) != version {
                return Ok(false);
            }
            let last = row.map_or(0, |row| row.version);
            sqlx::query(
                "INSERT INTO grants (connection, version, content, sealed, claimed_until) VALUES (?1, ?2, ?3, ?4, 0) \
                 ON CONFLICT (connection) DO UPDATE SET version = ?2, content = ?3, sealed = ?4, claimed_until = 0, \
                 process = NULL",
            )
            .bind(&self.connection)
            .bind(last.saturating_add(1))
            .bind(content)
            .bind(sealed)
            .execute(&mut **tx)
            .await?;
            Ok(true)
        });
        let replaced = replaced.await?;
        self.store.empty_log().await;
        Ok(replaced)
    }

    async fn release(&self, version: u64) -> hris_core::Result<()> {
        let released = self.store.write("give the tokens back", async |tx| {
            // A claim that ran out may be another process's by now.
            sqlx::query(
                "UPDATE grants SET claimed_until = 0, process = NULL \
                 WHERE connection = ?1 AND version = ?2 AND process IS ?3",
            )
            .bind(&self.connection)
            .bind(i64::try_from(version).unwrap_or(i64::MAX))
            .bind(self.store.process.as_deref())
            .execute(&mut **tx)
            .await?;
            Ok(())
        });
        released.await.map_err(Into::into)
    }
}

enum Claimed {
    Busy,
    Stale,
    Taken,
}

fn unsigned(version: i64) -> u64 {
    u64::try_from(version).unwrap_or_default()
}
