//! Token stores that fail or meddle at chosen moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use hris_core::{Claim, Error, ErrorKind, MemoryTokens, Result, StoredTokens, TokenStore, Tokens};

/// Cannot store the next so many tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct FullDisk {
    pub(crate) inner: MemoryTokens,
    pub(crate) failures: Arc<AtomicU32>,
}

#[async_trait]
impl TokenStore for FullDisk {
    async fn load(&self) -> Result<Option<StoredTokens>> {
        self.inner.load().await
    }

    async fn claim(&self, version: u64) -> Result<Claim> {
        self.inner.claim(version).await
    }

    async fn replace(&self, version: u64, tokens: &Tokens) -> Result<bool> {
        let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() {
            return Err(Error::new(ErrorKind::Unavailable, "store the tokens: the disk is full"));
        }
        self.inner.replace(version, tokens).await
    }

    async fn release(&self, version: u64) -> Result<()> {
        self.inner.release(version).await
    }
}

/// Stores other tokens as soon as a claim was given, as a person does who reconnects meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Reconnecting {
    pub(crate) inner: MemoryTokens,
    pub(crate) with: Tokens,
}

#[async_trait]
impl TokenStore for Reconnecting {
    async fn load(&self) -> Result<Option<StoredTokens>> {
        self.inner.load().await
    }

    async fn claim(&self, version: u64) -> Result<Claim> {
        let claim = self.inner.claim(version).await?;
        self.inner.replace(version, &self.with).await?;
        Ok(claim)
    }

    async fn replace(&self, version: u64, tokens: &Tokens) -> Result<bool> {
        self.inner.replace(version, tokens).await
    }

    async fn release(&self, version: u64) -> Result<()> {
        self.inner.release(version).await
    }
}
