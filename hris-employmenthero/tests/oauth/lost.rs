//! Renewals that are given up in the middle, answered late, or not answered: against a server that takes a
//! refresh token which comes twice for stolen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::http::{Limits, Outgoing, Response, SendError, Transport};
use hris_core::{
    CLAIM_SECONDS, Claim, Date, Directory, ErrorKind, GrantStore, Level, MemoryGrants, ReadRequest,
};
use hris_employmenthero::EmploymentHero;
use hris_employmenthero::sandbox::{Fault, RetryAfter, Rotation, Sandbox};
use tokio::time::{Instant, advance, timeout};

use super::store::FullDisk;
use super::{directory, oauth, read, sandbox, token_requests};

const TOKEN: &str = "/oauth2/token";

/// A vendor that detects reuse, and a store with a grant of it whose access token is refused.
async fn strict() -> (Sandbox, MemoryGrants) {
    let sandbox = sandbox().await;
    sandbox.behave(|behaviour| behaviour.rotation = Rotation::ReuseEnds);
    let grants = MemoryGrants::default();
    assert!(grants.replace(0, &sandbox.grant()).await.unwrap());
    sandbox.refuse_access_tokens();
    (sandbox, grants)
}

/// What another process finds that knows the store and nothing else.
async fn next_process(sandbox: &Sandbox, grants: &MemoryGrants) -> hris_core::Result<usize> {
    // The claim of a process that is gone runs out.
    if let Some(stored) = grants.load().await? {
        grants.release(stored.version).await?;
    }
    read(&directory(sandbox, Arc::new(grants.clone()))).await
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
        let (sandbox, grants) = strict().await;
        sandbox.inject(Fault::Slow(Duration::from_secs(40)).on(TOKEN));
        let directory = directory(&sandbox, Arc::new(grants.clone()));
        give_up(&directory, call).await;
        assert_eq!(grants.load().await.unwrap().unwrap().version, 1, "{call}: the answer is on its way");
        directory.settle().await.unwrap();
        assert_eq!(grants.load().await.unwrap().unwrap().version, 2, "{call}");
        let calls = sandbox.requests().len();
        directory.settle().await.unwrap();
        assert_eq!(sandbox.requests().len(), calls, "{call}: there is nothing left to settle");
        assert_eq!(next_process(&sandbox, &grants).await.unwrap(), 1, "{call}");
        assert_eq!(token_requests(&sandbox), 1, "{call}");
    }
}

/// So the test above can fail: without it the connection is over.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_given_up_and_not_settled_ends_the_connection() {
    let (sandbox, grants) = strict().await;
    sandbox.inject(Fault::Slow(Duration::from_secs(40)).on(TOKEN).once());
    give_up(&directory(&sandbox, Arc::new(grants.clone())), "snapshot").await;
    let error = next_process(&sandbox, &grants).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
}

#[tokio::test(start_paused = true)]
async fn settling_waits_for_nobody_else() {
    let (sandbox, grants) = strict().await;
    assert!(matches!(grants.claim(1).await.unwrap(), Claim::Taken), "another process renews");
    let directory = directory(&sandbox, Arc::new(grants));
    give_up(&directory, "snapshot").await;
    let began = Instant::now();
    directory.settle().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_waited_for_and_not_asked_for_again() {
    for seconds in [35, 100] {
        let (sandbox, grants) = strict().await;
        sandbox.inject(Fault::Slow(Duration::from_secs(seconds)).on(TOKEN));
        let directory = directory(&sandbox, Arc::new(grants.clone()));
        assert_eq!(read(&directory).await.unwrap(), 1, "{seconds} s");
        assert_eq!(token_requests(&sandbox), 1, "{seconds} s");
    }
    // The same of a code.
    let sandbox = sandbox().await;
    sandbox.inject(Fault::Slow(Duration::from_secs(100)).on(TOKEN));
    let oauth = oauth(&sandbox);
    let consent = oauth.consent().unwrap();
    let back = sandbox.consent(consent.address()).unwrap();
    assert!(oauth.exchange(consent, back.as_str()).await.is_ok());
    assert_eq!(token_requests(&sandbox), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_without_an_answer_is_not_sent_again_and_nobody_says_that_all_is_well() {
    for (fault, took_effect) in [
        (Fault::Slow(Duration::from_secs(300)), true),
        (Fault::DisconnectAfter, true),
        (Fault::Truncated, true),
        (Fault::HugeBody(2 << 20), true),
        (Fault::Disconnect, false),
        (Fault::LoginPage, false),
    ] {
        let (sandbox, grants) = strict().await;
        sandbox.inject(fault.clone().on(TOKEN));
        let directory = directory(&sandbox, Arc::new(grants.clone()));
        let began = Instant::now();
        let error = read(&directory).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{fault:?}: {error}");
        assert!(error.is_transient(), "the next run finds out");
        let words = error.to_string();
        assert!(words.contains("may have renewed") && !words.contains("the connection stays"), "{words}");
        assert!(began.elapsed() < Duration::from_secs(CLAIM_SECONDS), "{fault:?}: within the claim");
        let error = read(&directory).await.unwrap_err();
        assert_eq!((error.kind(), token_requests(&sandbox)), (ErrorKind::UnknownOutcome, 1), "{fault:?}");
        // The vendor may not have got it, so it is tried once no answer can be on its way.
        sandbox.clear_faults();
        advance(Duration::from_secs(CLAIM_SECONDS)).await;
        let next = read(&directory).await.map_err(|error| error.kind());
        let expected = if took_effect { Err(ErrorKind::Auth) } else { Ok(1) };
        assert_eq!((next, token_requests(&sandbox)), (expected, 2), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answered_that_it_failed_is_asked_again() {
    for fault in [
        Fault::Status(503),
        Fault::HtmlStatus(502),
        Fault::RateLimited(RetryAfter::Text("3".to_owned())),
        Fault::RateLimited(RetryAfter::Missing),
    ] {
        let (sandbox, grants) = strict().await;
        sandbox.inject(fault.clone().on(TOKEN).once());
        read(&directory(&sandbox, Arc::new(grants))).await.unwrap();
        assert_eq!(token_requests(&sandbox), 2, "{fault:?}");
    }
}

/// A way to the vendor that cannot be connected at first.
#[derive(Debug)]
struct Unreachable<T> {
    inner: T,
    failures: AtomicU32,
}

#[async_trait]
impl<T: Transport> Transport for Unreachable<T> {
    async fn send(&self, request: Outgoing, limits: &Limits) -> Result<Response, SendError> {
        let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => Err(SendError::not_sent(ErrorKind::Unavailable, "no connection")),
            Err(_) => self.inner.send(request, limits).await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_is_sent_again() {
    let (sandbox, grants) = strict().await;
    let transport = Unreachable { inner: sandbox.transport(), failures: AtomicU32::new(2) };
    let directory = EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .oauth(sandbox.oauth().transport(transport).build().unwrap(), Arc::new(grants))
        .build()
        .unwrap();
    assert_eq!(read(&directory).await.unwrap(), 1);
    assert_eq!(token_requests(&sandbox), 1, "the vendor saw one of three");
}

#[tokio::test(start_paused = true)]
async fn settling_stores_what_could_not_be_stored_or_says_what_follows() {
    let (sandbox, grants) = strict().await;
    let store = FullDisk { inner: grants.clone(), ..FullDisk::default() };
    store.failures.store(8, Ordering::SeqCst);
    let directory = directory(&sandbox, Arc::new(store.clone()));
    read(&directory).await.unwrap_err();
    let error = directory.settle().await.unwrap_err();
    assert!(error.to_string().contains("are lost when this process ends"), "{error}");
    directory.settle().await.unwrap();
    assert_eq!(next_process(&sandbox, &grants).await.unwrap(), 1);
    assert_eq!(token_requests(&sandbox), 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_life_has_a_short_spare() {
    for (life, renewals) in [(30, 1), (300, 1), (10, 3)] {
        let (sandbox, grants) = strict().await;
        sandbox.behave(|behaviour| behaviour.token_life = Duration::from_secs(life));
        let directory = directory(&sandbox, Arc::new(grants));
        for _ in 0..8 {
            read(&directory).await.unwrap();
            advance(Duration::from_secs(3)).await;
        }
        assert_eq!(token_requests(&sandbox), renewals, "tokens of {life} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_grant_is_asked_about_once_whoever_asks() {
    let (sandbox, grants) = strict().await;
    sandbox.revoke_all();
    let refused = |findings: &[hris_core::Finding]| {
        findings.iter().any(|one| one.level == Level::Refused && one.outcome.contains("refresh token"))
    };
    let first = directory(&sandbox, Arc::new(grants.clone())).check(&request()).await.unwrap();
    assert!(refused(&first.findings), "{first:?}");
    let calls = sandbox.requests().len();
    let again = directory(&sandbox, Arc::new(grants.clone())).check(&request()).await.unwrap();
    assert!(refused(&again.findings), "{again:?}");
    next_process(&sandbox, &grants).await.unwrap_err();
    assert_eq!(sandbox.requests().len(), calls, "nobody is asked with a dead grant");
    // A new consent takes its place.
    let version = grants.load().await.unwrap().unwrap().version;
    assert!(grants.replace(version, &sandbox.grant()).await.unwrap());
    assert_eq!(next_process(&sandbox, &grants).await.unwrap(), 1);
}
