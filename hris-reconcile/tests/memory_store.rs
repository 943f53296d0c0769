//! The state in memory keeps the contract of every store.

mod store_contract;

#[tokio::test]
async fn memory_keeps_the_contract() {
    store_contract::store_contract(&hris_reconcile::store::MemoryStore::new()).await;
}
