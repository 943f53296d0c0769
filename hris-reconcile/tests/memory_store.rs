//! The state in memory keeps the contract of every store.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod store_contract;

#[tokio::test]
async fn memory_keeps_the_contract() {
    store_contract::store_contract(&hris_reconcile::store::MemoryStore::new()).await;
}
