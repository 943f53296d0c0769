//! The credentials of connections, sealed as tokens are.

use std::collections::BTreeMap;

use hris_core::Secret;
use serde_json::json;
use sqlx::{Row as _, Sqlite, Transaction};

use super::{Refused, SqliteStore};
use crate::{Error, ErrorKind, Result};

impl SqliteStore {
    /// Seals what is to be stored, if the store was given a key; also says whether it is sealed.
    pub(super) fn seal(&self, content: &[u8], about: &str) -> Result<(Vec<u8>, bool)> {
        match &self.seal {
            Some(seal) => Ok((seal.seal(content, about)?, true)),
            None => Ok((content.to_owned(), false)),
        }
    }

    /// Opens what was stored. `what` is what it is, for people: `the tokens of connection "acme"`.
    pub(super) fn unseal(
        &self,
        (content, sealed): (Vec<u8>, bool),
        about: &str,
        what: &str,
    ) -> Result<Vec<u8>> {
        let locked = |why: &str| Error::new(ErrorKind::Config, format!("read {what}: what is stored {why}"));
        match (sealed, &self.seal) {
            (false, _) => Ok(content),
            (true, None) => Err(locked("is sealed, and no key was given; give the one it was sealed with")),
            (true, Some(seal)) => seal.open(&content, about).ok_or_else(|| {
                locked("cannot be opened with this key; give the one it was sealed with, or connect again")
            }),
        }
    }

    pub(super) async fn save_sealed_credential(
        &self,
        connection: &str,
        name: &str,
        credential: &Secret,
    ) -> Result<()> {
        let (content, sealed) = self.seal(credential.expose().as_bytes(), &about(connection, name))?;
        let saved = self.write("store the credential", async |tx| {
            sqlx::query(
                "INSERT INTO credentials (connection, name, content, sealed) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (connection, name) DO UPDATE SET content = ?3, sealed = ?4",
            )
            .bind(connection)
            .bind(name)
            .bind(content)
            .bind(sealed)
            .execute(&mut **tx)
            .await?;
            Ok(())
        });
        saved.await?;
        self.empty_log().await;
        Ok(())
    }

    pub(super) async fn open_credentials(&self, connection: &str) -> Result<BTreeMap<String, Secret>> {
        const READING: &str = "read the credentials";
        let rows = self.read(READING, async |tx| {
            let select = "SELECT name, content, sealed FROM credentials WHERE connection = ?1";
            let rows = sqlx::query(select).bind(connection).fetch_all(&mut **tx).await?;
            let mut stored: Vec<(String, (Vec<u8>, bool))> = Vec::with_capacity(rows.len());
            for row in rows {
                stored.push((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)));
            }
            Ok(stored)
        });
        let mut credentials = BTreeMap::new();
        for (name, stored) in rows.await? {
            let what = format!("the credentials of connection {connection:?}");
            let content = self.unseal(stored, &about(connection, &name), &what)?;
            let text = String::from_utf8(content)
                .map_err(|_| self.explain(READING, Refused::Content("a credential")))?;
            credentials.insert(name, Secret::from(text));
        }
        Ok(credentials)
    }
}

/// Forgets a credential; says whether there was one.
pub(super) async fn forget(
    tx: &mut Transaction<'_, Sqlite>,
    connection: &str,
    name: &str,
) -> sqlx::Result<bool> {
    let delete = sqlx::query("DELETE FROM credentials WHERE connection = ?1 AND name = ?2");
    Ok(delete.bind(connection).bind(name).execute(&mut **tx).await?.rows_affected() > 0)
}

/// What a sealed credential is bound to, so that it cannot be moved to another connection or name. Stored files
/// contain it, so it keeps its spelling.
fn about(connection: &str, name: &str) -> String {
    json!(["credential", connection, name]).to_string()
}
