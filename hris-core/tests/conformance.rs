//! The in-memory directory passes the suite.
#![cfg(feature = "conformance")]

use hris_core::conformance::{MemoryHarness, run};

#[tokio::test]
async fn memory() {
    let summary = run(&MemoryHarness).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 25, "only {} cases ran", summary.passed.len());
}
