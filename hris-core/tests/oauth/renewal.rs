//! Renewing tokens: in time, once, and without losing them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use hris_core::oauth::OAuth;
use hris_core::sandbox::{CANARY, Fault, OWN_WORDS, RetryAfter};
use hris_core::{CLAIM_SECONDS, Claim, Error, ErrorKind, MemoryTokens, Secret, TokenStore, Tokens};
use tokio::time::{advance, timeout};

use super::server::{CLIENT_ID, CLIENT_SECRET, PROVIDER, Reader, Rotation, Vendor};
use super::store::{FullDisk, Reconnecting};

/// A store with tokens of the vendor.
async fn connected(vendor: &Vendor) -> MemoryTokens {
    let store = MemoryTokens::default();
    assert!(store.replace(0, &vendor.tokens()).await.unwrap());
    store
}

async fn refresh_token(store: &dyn TokenStore) -> String {
    let stored = store.load().await.unwrap().unwrap();
    stored.tokens.refresh_token.unwrap().expose().to_owned()
}

fn says_reconnect(error: &Error) {
    says(error, "reconnect: give consent again");
}

fn says(error: &Error, words: &str) {
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    assert!(!format!("{error:?}").contains(OWN_WORDS));
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_age_is_known_is_renewed_before_it_ends() {
    let vendor = Vendor::start().await;
    let reader = vendor.reader(connected(&vendor).await);
    reader.read().await.unwrap();
    assert_eq!(vendor.token_requests(), 0, "a stored token is used as it is");
    // A stored token of unknown age is used until it is refused.
    advance(Duration::from_secs(901)).await;
    reader.read().await.unwrap();
    assert_eq!((vendor.token_requests(), vendor.answered(401)), (1, 1));
    // The next one was received here: it is renewed with a minute to spare, and never refused.
    for (seconds, requests) in [(839, 1), (2, 2), (838, 2), (3, 3)] {
        advance(Duration::from_secs(seconds)).await;
        reader.read().await.unwrap();
        assert_eq!((vendor.token_requests(), vendor.answered(401)), (requests, 1), "after {seconds} s");
    }
    assert!(reader.session.scopes().unwrap().contains("teams:read"));
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_rotation_is_followed() {
    for (rotation, changes) in
        [(Rotation::OldDies, true), (Rotation::OldLives, true), (Rotation::Silent, false)]
    {
        let vendor = Vendor::start().await;
        vendor.behave(|acme| acme.rotation = rotation);
        let store = connected(&vendor).await;
        let mut known = refresh_token(&store).await;
        for _ in 0..3 {
            advance(Duration::from_secs(1000)).await;
            // Each time another process, which knows only what is stored.
            vendor.reader(store.clone()).read().await.unwrap();
            let next = refresh_token(&store).await;
            assert_eq!(next != known, changes, "{rotation:?}");
            known = next;
        }
        assert_eq!(vendor.token_requests(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn many_tasks_renew_once() {
    let vendor = Vendor::start().await;
    let reader = vendor.reader(connected(&vendor).await);
    vendor.refuse_access_tokens();
    for result in join_all((0..6).map(|_| reader.read())).await {
        assert_eq!(result.unwrap(), 1);
    }
    assert_eq!(vendor.token_requests(), 1);
    // And when it is nearly over rather than refused.
    advance(Duration::from_secs(850)).await;
    for result in join_all((0..6).map(|_| reader.read())).await {
        assert_eq!(result.unwrap(), 1);
    }
    assert_eq!(vendor.token_requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_processes_renew_once() {
    let vendor = Vendor::start().await;
    vendor.set_latency(Duration::from_secs(1));
    let store = connected(&vendor).await;
    let processes: Vec<Reader> = (0..4).map(|_| vendor.reader(store.clone())).collect();
    for process in &processes {
        process.read().await.unwrap();
    }
    vendor.refuse_access_tokens();
    for result in join_all(processes.iter().map(Reader::read)).await {
        assert_eq!(result.unwrap(), 1);
    }
    assert_eq!(vendor.token_requests(), 1, "one of four renewed, the others took what it stored");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_never_releases_its_claim() {
    let vendor = Vendor::start().await;
    let store = connected(&vendor).await;
    assert!(matches!(store.claim(1).await.unwrap(), Claim::Taken));
    vendor.refuse_access_tokens();
    let error = vendor.reader(store.clone()).read().await.unwrap_err();
    assert_eq!((error.kind(), vendor.token_requests()), (ErrorKind::Unavailable, 0), "{error}");
    store.release(1).await.unwrap();
    vendor.reader(store).read().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn revoked_tokens_say_reconnect_and_stay_where_they_are() {
    let vendor = Vendor::start().await;
    let store = connected(&vendor).await;
    let reader = vendor.reader(store.clone());
    reader.read().await.unwrap();
    vendor.revoke_all();
    let error = reader.read().await.unwrap_err();
    says_reconnect(&error);
    says(&error, "Acme does not accept the refresh token any more");
    assert_eq!(vendor.token_requests(), 1, "a dead refresh token is sent once");
    let stored = store.load().await.unwrap().unwrap();
    assert!(stored.tokens.refused && stored.tokens.refresh_token.is_some(), "nothing is taken away");
    // The way back: the same connector goes on with the tokens of a new consent.
    assert!(store.replace(stored.version, &vendor.tokens()).await.unwrap());
    reader.read().await.unwrap();
    // And a connection that was removed has to be made again.
    store.forget();
    vendor.refuse_access_tokens();
    says(&reader.read().await.unwrap_err(), "connect: give consent first");
}

#[tokio::test(start_paused = true)]
async fn a_dead_copy_is_no_dead_connection() {
    // A person reconnected long ago.
    let vendor = Vendor::start().await;
    let store = connected(&vendor).await;
    let earlier = vendor.reader(store.clone());
    earlier.read().await.unwrap();
    vendor.revoke_all();
    assert!(store.replace(1, &vendor.tokens()).await.unwrap());
    earlier.read().await.unwrap();
    assert_eq!(vendor.token_requests(), 0, "the newer ones were looked up first");

    // A person reconnects at this very moment.
    let dead = vendor.tokens();
    vendor.revoke_all();
    let inner = MemoryTokens::default();
    inner.replace(0, &dead).await.unwrap();
    let store = Reconnecting { inner, with: vendor.tokens() };
    vendor.reader(store).read().await.unwrap();
    assert_eq!(vendor.token_requests(), 1, "refused, and then looked up again");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_is_not_used_and_not_lost() {
    let vendor = Vendor::start().await;
    let store = FullDisk { inner: connected(&vendor).await, ..FullDisk::default() };
    let reader = vendor.reader(store.clone());
    reader.read().await.unwrap();
    vendor.refuse_access_tokens();
    let first = refresh_token(&store).await;

    // A short trouble is passed over.
    store.failures.store(2, Ordering::SeqCst);
    reader.read().await.unwrap();
    let second = refresh_token(&store).await;
    assert_ne!(second, first);

    // A long one fails, without any request that carries the token which is not stored.
    vendor.refuse_access_tokens();
    store.failures.store(100, Ordering::SeqCst);
    let before = vendor.requests().len();
    let error = reader.read().await.unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!(vendor.requests().len() - before, 2, "one refused read and one renewal");
    // The stored refresh token is dead at the vendor, and the new one is still in memory.
    store.failures.store(0, Ordering::SeqCst);
    reader.read().await.unwrap();
    assert_ne!(refresh_token(&store).await, second);
    assert_eq!(vendor.token_requests(), 2);
}

/// A run that fails drops everything it had in progress.
#[tokio::test(start_paused = true)]
async fn a_dropped_renewal_is_completed_by_the_next_call() {
    let vendor = Vendor::start().await;
    let store = connected(&vendor).await;
    let reader = vendor.reader(store.clone());
    reader.read().await.unwrap();
    vendor.refuse_access_tokens();
    vendor.spoil(&Fault::Slow(Duration::from_secs(2)));
    assert!(timeout(Duration::from_secs(1), reader.read()).await.is_err());
    assert_eq!((vendor.token_requests(), store.load().await.unwrap().unwrap().version), (1, 1));
    // The vendor has forgotten the old refresh token, and the new one is still on its way to us.
    reader.read().await.unwrap();
    assert_eq!((vendor.token_requests(), store.load().await.unwrap().unwrap().version), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_last_minute_of_a_token_is_used_when_a_renewal_fails() {
    let vendor = Vendor::start().await;
    let reader = vendor.reader(connected(&vendor).await);
    vendor.refuse_access_tokens();
    reader.read().await.unwrap();
    advance(Duration::from_secs(850)).await;
    vendor.spoil(&Fault::Status(422));
    reader.read().await.unwrap();
    advance(Duration::from_secs(51)).await;
    assert_eq!(reader.read().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(vendor.answered(401), 1, "a token that has ended is not even tried");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_between_answer_and_store() {
    for (rotation, lives) in
        [(Rotation::OldLives, true), (Rotation::Silent, true), (Rotation::OldDies, false)]
    {
        let vendor = Vendor::start().await;
        vendor.behave(|acme| acme.rotation = rotation);
        let store = FullDisk { inner: connected(&vendor).await, ..FullDisk::default() };
        vendor.refuse_access_tokens();
        store.failures.store(100, Ordering::SeqCst);
        vendor.reader(store.clone()).read().await.unwrap_err();
        store.failures.store(0, Ordering::SeqCst);
        // The claim of the dead process ends by itself.
        store.inner.release(1).await.unwrap();
        let result = vendor.reader(store.clone()).read().await;
        assert_eq!(result.is_ok(), lives, "{rotation:?}");
        if let Err(error) = result {
            says_reconnect(&error);
        }
        assert!(store.load().await.unwrap().is_some(), "nothing was taken away");
    }
}

#[tokio::test(start_paused = true)]
async fn no_trouble_of_the_token_endpoint_ends_a_connection() {
    for (fault, kind) in [
        (Fault::Status(500), ErrorKind::Unavailable),
        (Fault::Status(403), ErrorKind::Unavailable),
        (Fault::Status(422), ErrorKind::Unavailable),
        (Fault::Status(404), ErrorKind::Unavailable),
        (Fault::HtmlStatus(502), ErrorKind::Unavailable),
        (Fault::HtmlStatus(400), ErrorKind::Unavailable),
        (Fault::LoginPage, ErrorKind::UnknownOutcome),
        (Fault::LoginPageAsJson, ErrorKind::UnknownOutcome),
        (Fault::Body(b"{}".to_vec()), ErrorKind::UnknownOutcome),
        (Fault::Body(b"{\"access_token\":\"a\",\"token_type\":\"mac\"}".to_vec()), ErrorKind::UnknownOutcome),
        (Fault::Disconnect, ErrorKind::UnknownOutcome),
        (Fault::Slow(Duration::from_secs(300)), ErrorKind::UnknownOutcome),
        (Fault::HugeBody(2 << 20), ErrorKind::UnknownOutcome),
        (Fault::Redirect(302, "https://login.example/".to_owned()), ErrorKind::Unavailable),
        (Fault::RateLimited(RetryAfter::Text("86400".to_owned())), ErrorKind::RateLimited),
    ] {
        let vendor = Vendor::start().await;
        // Some of these renewals take effect at the vendor without our seeing it.
        vendor.behave(|acme| acme.rotation = Rotation::OldLives);
        let store = connected(&vendor).await;
        vendor.refuse_access_tokens();
        vendor.spoil(&fault);
        let reader = vendor.reader(store.clone());
        let error = reader.read().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert!(!format!("{error:?}").contains(OWN_WORDS), "{fault:?}");
        assert_eq!(store.load().await.unwrap().unwrap().version, 1, "{fault:?}");
        vendor.clear_faults();
        let unanswered = Duration::from_secs(CLAIM_SECONDS);
        advance(error.retry_after().unwrap_or(unanswered)).await;
        reader.read().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_client_secret_is_a_setting() {
    let vendor = Vendor::start().await;
    let store = connected(&vendor).await;
    vendor.refuse_access_tokens();
    let oauth = OAuth::builder(PROVIDER, CLIENT_ID, Secret::from("acme-canary-secret".to_owned()))
        .token_url("http://127.0.0.1/token")
        .allow_http_loopback()
        .transport(vendor.transport())
        .build()
        .unwrap();
    let reader = vendor.reader_of(oauth, store.clone(), None);
    let error = reader.read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(
        error.to_string().contains("client id or secret is wrong; copy both from the page Apps"),
        "{error}"
    );
    assert!(!format!("{error:?}{reader:?}").contains("acme-canary-secret"));
    assert_eq!(store.load().await.unwrap().unwrap().version, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_from_outside_begins_and_a_kept_one_wins() {
    let vendor = Vendor::start().await;
    let outside = vendor.tokens().refresh_token.unwrap();
    let store = MemoryTokens::default();
    let begin = || vendor.reader_of(vendor.oauth(), store.clone(), Some(outside.clone()));
    begin().read().await.unwrap();
    assert_ne!(refresh_token(&store).await, outside.expose(), "it was rotated and kept");
    vendor.refuse_access_tokens();
    // The one from outside is dead by now.
    begin().read().await.unwrap();
    let error = vendor.reader(MemoryTokens::default()).read().await.unwrap_err();
    says(&error, "there are no tokens of Acme; connect: give consent first");
    let access_only = MemoryTokens::default();
    let tokens = Tokens::new(Some(Secret::from("dead".to_owned())), None);
    access_only.replace(0, &tokens).await.unwrap();
    says_reconnect(&vendor.reader(access_only).read().await.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn nothing_shows_a_token() {
    let vendor = Vendor::start().await;
    let store = connected(&vendor).await;
    let reader = vendor.reader(store.clone());
    vendor.refuse_access_tokens();
    reader.read().await.unwrap();
    let mut shown = format!("{:?}{reader:?}{:?}", vendor.oauth(), store.load().await.unwrap());
    shown.push_str(&format!("{:?}{PROVIDER:?}", vendor.application()));
    vendor.revoke_all();
    let error = reader.read().await.unwrap_err();
    shown.push_str(&format!("{error}{error:?}"));
    for request in vendor.requests() {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        shown.push_str(&format!(
            "{request:?}{:?}{:?}{:?}{body}",
            request.query, request.headers, request.form
        ));
    }
    for secret in ["acme-access-", "acme-refresh-", CLIENT_SECRET, CANARY, OWN_WORDS] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}
