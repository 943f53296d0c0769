//! A renewal is settled however a call of the connector ends: with a server that takes a refresh token which comes
//! twice for stolen.

use std::sync::Arc;
use std::time::Duration;

use hris_core::{Date, Directory, ErrorKind, Level, MemoryTokens, ReadRequest, TokenStore};
use hris_employmenthero::EmploymentHero;
use hris_employmenthero::sandbox::{Fault, Rotation, Sandbox};
use tokio::time::timeout;

use super::{directory, read, sandbox, token_requests};

const TOKEN: &str = "/oauth2/token";

/// A vendor that detects reuse, and a store with its tokens, whose access token is refused.
async fn strict() -> (Sandbox, MemoryTokens) {
    let sandbox = sandbox().await;
    sandbox.behave(|behaviour| behaviour.rotation = Rotation::ReuseEnds);
    let kept = MemoryTokens::default();
    assert!(kept.replace(0, &sandbox.tokens()).await.unwrap());
    sandbox.refuse_access_tokens();
    (sandbox, kept)
}

/// What another process finds that knows the store and nothing else.
async fn next_process(sandbox: &Sandbox, kept: &MemoryTokens) -> hris_core::Result<usize> {
    // The claim of a process that is gone runs out.
    if let Some(stored) = kept.load().await? {
        kept.release(stored.version).await?;
    }
    read(&directory(sandbox, Arc::new(kept.clone()))).await
}

fn request() -> ReadRequest {
    ReadRequest::everything(Date::new(2026, 11, 24).unwrap())
}

/// Calls something and gives it up after a second, as a stopped run does.
async fn give_up(directory: &EmploymentHero, call: &str) {
    let someone = "e".into();
    let request = request();
    let called = async {
        match call {
            "check" => directory.check(&request).await.map(drop),
            "fields" => directory.fields(&request).await.map(drop),
            "snapshot" => directory.snapshot(&request).await.map(drop),
            "get" => directory.get(&someone, &request).await.map(drop),
            _ => directory.cost(&request).await.map(drop),
        }
    };
    assert!(timeout(Duration::from_secs(1), called).await.is_err(), "{call} was to be given up");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_given_up_is_settled_and_its_tokens_are_stored() {
    for call in ["check", "fields", "snapshot", "get", "cost"] {
        let (sandbox, kept) = strict().await;
        sandbox.inject(Fault::Slow(Duration::from_secs(40)).on(TOKEN));
        let directory = directory(&sandbox, Arc::new(kept.clone()));
        give_up(&directory, call).await;
        assert_eq!(kept.load().await.unwrap().unwrap().version, 1, "{call}: the answer is on its way");
        directory.settle().await.unwrap();
        assert_eq!(kept.load().await.unwrap().unwrap().version, 2, "{call}");
        let calls = sandbox.requests().len();
        directory.settle().await.unwrap();
        assert_eq!(sandbox.requests().len(), calls, "{call}: there is nothing left to settle");
        assert_eq!(next_process(&sandbox, &kept).await.unwrap(), 1, "{call}");
        assert_eq!(token_requests(&sandbox), 1, "{call}");
    }
}

/// So the test above can fail: without it the connection is over.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_given_up_and_not_settled_ends_the_connection() {
    let (sandbox, kept) = strict().await;
    sandbox.inject(Fault::Slow(Duration::from_secs(40)).on(TOKEN).once());
    give_up(&directory(&sandbox, Arc::new(kept.clone())), "snapshot").await;
    let error = next_process(&sandbox, &kept).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_sent_once() {
    let (sandbox, kept) = strict().await;
    sandbox.revoke_all();
    let refused = |findings: &[hris_core::Finding]| {
        findings.iter().any(|one| one.level == Level::Refused && one.outcome.contains("refresh token"))
    };
    let first = directory(&sandbox, Arc::new(kept.clone())).check(&request()).await.unwrap();
    assert!(refused(&first.findings), "{first:?}");
    let calls = sandbox.requests().len();
    let again = directory(&sandbox, Arc::new(kept.clone())).check(&request()).await.unwrap();
    assert!(refused(&again.findings), "{again:?}");
    next_process(&sandbox, &kept).await.unwrap_err();
    assert_eq!(sandbox.requests().len(), calls, "a refused refresh token is not sent again");
    // A new consent takes its place.
    let version = kept.load().await.unwrap().unwrap().version;
    assert!(kept.replace(version, &sandbox.tokens()).await.unwrap());
    assert_eq!(next_process(&sandbox, &kept).await.unwrap(), 1);
}
