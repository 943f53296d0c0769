//! Stores of grants that fail or meddle at chosen moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use hris_core::{Claim, Error, ErrorKind, Grant, GrantStore, MemoryGrants, Result, StoredGrant};

/// Cannot store the next so many grants.
#[derive(Clone, Debug, Default)]
pub(crate) struct FullDisk {
    pub(crate) inner: MemoryGrants,
    pub(crate) failures: Arc<AtomicU32>,
}

#[async_trait]
impl GrantStore for FullDisk {
    async fn load(&self) -> Result<Option<StoredGrant>> {
        self.inner.load().await
    }

    async fn claim(&self, version: u64) -> Result<Claim> {
        self.inner.claim(version).await
    }

    async fn replace(&self, version: u64, grant: &Grant) -> Result<bool> {
        let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() {
            return Err(Error::new(ErrorKind::Unavailable, "store the grant: the disk is full"));
        }
        self.inner.replace(version, grant).await
    }

    async fn release(&self, version: u64) -> Result<()> {
        self.inner.release(version).await
    }
}

/// Stores another grant as soon as a claim was given, as a person does who reconnects meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Reconnecting {
    pub(crate) inner: MemoryGrants,
    pub(crate) with: Grant,
}

#[async_trait]
impl GrantStore for Reconnecting {
    async fn load(&self) -> Result<Option<StoredGrant>> {
        self.inner.load().await
    }

    async fn claim(&self, version: u64) -> Result<Claim> {
        let claim = self.inner.claim(version).await?;
        self.inner.replace(version, &self.with).await?;
        Ok(claim)
    }

    async fn replace(&self, version: u64, grant: &Grant) -> Result<bool> {
        self.inner.replace(version, grant).await
    }

    async fn release(&self, version: u64) -> Result<()> {
        self.inner.release(version).await
    }
}
