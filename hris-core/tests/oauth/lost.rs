//! Renewals that are dropped half-way, answered late, or not answered, with a server that takes a refresh token which
//! comes twice for stolen.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::http::{Limits, Outgoing, Response, SendError, Transport};
use hris_core::sandbox::{Fault, RetryAfter};
use hris_core::{CLAIM_SECONDS, Claim, ErrorKind, MemoryTokens, TokenStore};
use tokio::time::{Instant, advance, timeout};

use super::server::{Reader, Rotation, Vendor};
use super::store::FullDisk;

/// A vendor that detects reuse, and a store with its tokens, whose access token is refused.
async fn strict() -> (Vendor, MemoryTokens) {
    let vendor = Vendor::start().await;
    vendor.behave(|acme| acme.rotation = Rotation::ReuseEnds);
    let store = MemoryTokens::default();
    assert!(store.replace(0, &vendor.tokens()).await.unwrap());
    vendor.refuse_access_tokens();
    (vendor, store)
}

/// What another process finds, which knows only the store.
async fn next_process(vendor: &Vendor, store: &MemoryTokens) -> hris_core::Result<usize> {
    // The claim of a process that is gone ends by itself.
    if let Some(stored) = store.load().await? {
        store.release(stored.version).await?;
    }
    vendor.reader(store.clone()).read().await
}

/// Reads, and drops the call after a second, as a stopped run does.
async fn drop_half_way(reader: &Reader) {
    assert!(timeout(Duration::from_secs(1), reader.read()).await.is_err(), "it was to be dropped");
}

async fn version(store: &MemoryTokens) -> u64 {
    store.load().await.unwrap().unwrap().version
}

#[tokio::test(start_paused = true)]
async fn a_dropped_renewal_is_settled_and_its_tokens_are_stored() {
    let (vendor, store) = strict().await;
    vendor.spoil(&Fault::Slow(Duration::from_secs(40)));
    let reader = vendor.reader(store.clone());
    drop_half_way(&reader).await;
    assert_eq!(version(&store).await, 1, "the answer is on its way");
    reader.session.settle().await.unwrap();
    assert_eq!(version(&store).await, 2);
    let calls = vendor.requests().len();
    reader.session.settle().await.unwrap();
    assert_eq!(vendor.requests().len(), calls, "there is nothing left to settle");
    assert_eq!(next_process(&vendor, &store).await.unwrap(), 1);
    assert_eq!(vendor.token_requests(), 1);
}

/// So the test above can fail: without settling, the connection is over.
#[tokio::test(start_paused = true)]
async fn a_dropped_renewal_that_is_not_settled_ends_the_connection() {
    let (vendor, store) = strict().await;
    vendor.spoil_once(&Fault::Slow(Duration::from_secs(40)));
    drop_half_way(&vendor.reader(store.clone())).await;
    let error = next_process(&vendor, &store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
}

#[tokio::test(start_paused = true)]
async fn settling_waits_for_no_other_process() {
    let (vendor, store) = strict().await;
    assert!(matches!(store.claim(1).await.unwrap(), Claim::Taken), "another process renews");
    let reader = vendor.reader(store);
    drop_half_way(&reader).await;
    let began = Instant::now();
    reader.session.settle().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_waited_for_and_not_asked_for_again() {
    for seconds in [35, 100] {
        let (vendor, store) = strict().await;
        vendor.spoil(&Fault::Slow(Duration::from_secs(seconds)));
        assert_eq!(vendor.reader(store).read().await.unwrap(), 1, "{seconds} s");
        assert_eq!(vendor.token_requests(), 1, "{seconds} s");
    }
    // The same of a code.
    let vendor = Vendor::start().await;
    vendor.spoil(&Fault::Slow(Duration::from_secs(100)));
    let oauth = vendor.oauth();
    let consent = oauth.consent().unwrap();
    let back = vendor.consent(consent.address());
    assert!(oauth.exchange(consent, back.as_str()).await.is_ok());
    assert_eq!(vendor.token_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_without_an_answer_is_not_sent_again_and_the_error_says_so() {
    for (fault, took_effect) in [
        (Fault::Slow(Duration::from_secs(300)), true),
        (Fault::DisconnectAfter, true),
        (Fault::Truncated, true),
        (Fault::HugeBody(2 << 20), true),
        (Fault::Disconnect, false),
        (Fault::LoginPage, false),
    ] {
        let (vendor, store) = strict().await;
        vendor.spoil(&fault);
        let reader = vendor.reader(store);
        let began = Instant::now();
        let error = reader.read().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{fault:?}: {error}");
        assert!(error.is_transient(), "the next run finds out");
        let words = error.to_string();
        assert!(
            words.contains("Acme may have renewed") && !words.contains("the connection stays"),
            "{words}"
        );
        assert!(began.elapsed() < Duration::from_secs(CLAIM_SECONDS), "{fault:?}: within the claim");
        let error = reader.read().await.unwrap_err();
        assert_eq!((error.kind(), vendor.token_requests()), (ErrorKind::UnknownOutcome, 1), "{fault:?}");
        // The vendor may not have got it, so it is tried once no answer can be on its way.
        vendor.clear_faults();
        advance(Duration::from_secs(CLAIM_SECONDS)).await;
        let next = reader.read().await.map_err(|error| error.kind());
        let expected = if took_effect { Err(ErrorKind::Auth) } else { Ok(1) };
        assert_eq!((next, vendor.token_requests()), (expected, 2), "{fault:?}");
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
        let (vendor, store) = strict().await;
        vendor.spoil_once(&fault);
        vendor.reader(store).read().await.unwrap();
        assert_eq!(vendor.token_requests(), 2, "{fault:?}");
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
    let (vendor, store) = strict().await;
    let transport = Unreachable { inner: vendor.transport(), failures: AtomicU32::new(2) };
    let oauth = vendor.application().transport(transport).build().unwrap();
    assert_eq!(vendor.reader_of(oauth, store, None).read().await.unwrap(), 1);
    assert_eq!(vendor.token_requests(), 1, "the vendor saw one of three");
}

#[tokio::test(start_paused = true)]
async fn settling_stores_what_could_not_be_stored_or_says_what_follows() {
    let (vendor, store) = strict().await;
    let disk = FullDisk { inner: store.clone(), ..FullDisk::default() };
    disk.failures.store(8, Ordering::SeqCst);
    let reader = vendor.reader(disk);
    reader.read().await.unwrap_err();
    let error = reader.session.settle().await.unwrap_err();
    assert!(error.to_string().contains("are lost when this process ends; if Acme"), "{error}");
    reader.session.settle().await.unwrap();
    assert_eq!(next_process(&vendor, &store).await.unwrap(), 1);
    assert_eq!(vendor.token_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_life_has_a_short_spare() {
    for (life, renewals) in [(30, 1), (300, 1), (10, 3)] {
        let (vendor, store) = strict().await;
        vendor.behave(|acme| acme.life = Duration::from_secs(life));
        let reader = vendor.reader(store);
        for _ in 0..8 {
            reader.read().await.unwrap();
            advance(Duration::from_secs(3)).await;
        }
        assert_eq!(vendor.token_requests(), renewals, "tokens of {life} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_refresh_token_is_sent_once_by_all_processes_together() {
    for own_refusal in [false, true] {
        let (vendor, store) = strict().await;
        vendor.behave(|acme| acme.own_refusal = own_refusal);
        vendor.revoke_all();
        let error = vendor.reader(store.clone()).read().await.unwrap_err();
        assert_eq!((error.kind(), vendor.token_requests()), (ErrorKind::Auth, 1), "{error}");
        let calls = vendor.requests().len();
        assert_eq!(next_process(&vendor, &store).await.unwrap_err().kind(), ErrorKind::Auth);
        assert_eq!(vendor.requests().len(), calls, "no request with dead tokens");
        // A new consent replaces them.
        assert!(store.replace(version(&store).await, &vendor.tokens()).await.unwrap());
        assert_eq!(next_process(&vendor, &store).await.unwrap(), 1);
    }
}
