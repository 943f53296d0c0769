//! Renewing a grant: in time, once, and never lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use hris_core::sandbox::Injection;
use hris_core::{
    CLAIM_SECONDS, Claim, Date, Directory, Error, ErrorKind, Grant, GrantStore, MemoryGrants, ReadRequest,
    Secret, StandardField,
};
use hris_employmenthero::EmploymentHero;
use hris_employmenthero::sandbox::{CANARY, Fault, OWN_WORDS, RetryAfter, Rotation, Sandbox};
use tokio::time::advance;

use super::store::{FullDisk, Reconnecting};
use super::{answered, directory, oauth, read, sandbox, token_requests};

/// A store that holds a grant of the sandbox.
async fn connected(sandbox: &Sandbox) -> MemoryGrants {
    let grants = MemoryGrants::default();
    assert!(grants.replace(0, &sandbox.grant()).await.unwrap());
    grants
}

async fn refresh_token(grants: &dyn GrantStore) -> String {
    let stored = grants.load().await.unwrap().unwrap();
    stored.grant.refresh_token.unwrap().expose().to_owned()
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
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    let directory = directory(&sandbox, Arc::new(grants));
    read(&directory).await.unwrap();
    assert_eq!(token_requests(&sandbox), 0, "a stored token is used as it is");
    // Nobody here knows its age, so it is used until it is refused.
    advance(Duration::from_secs(901)).await;
    read(&directory).await.unwrap();
    assert_eq!((token_requests(&sandbox), answered(&sandbox, 401)), (1, 1));
    // The next one was received here: it is renewed with a minute to spare, and never refused.
    for (seconds, requests) in [(839, 1), (2, 2), (838, 2), (3, 3)] {
        advance(Duration::from_secs(seconds)).await;
        read(&directory).await.unwrap();
        assert_eq!((token_requests(&sandbox), answered(&sandbox, 401)), (requests, 1), "after {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_a_renewal_does_to_the_refresh_token() {
    for (rotation, changes) in
        [(Rotation::OldDies, true), (Rotation::OldLives, true), (Rotation::Silent, false)]
    {
        let sandbox = sandbox().await;
        sandbox.behave(|behaviour| behaviour.rotation = rotation);
        let grants = connected(&sandbox).await;
        let mut known = refresh_token(&grants).await;
        for _ in 0..3 {
            advance(Duration::from_secs(1000)).await;
            // Each time another process, which knows what is stored and nothing else.
            read(&directory(&sandbox, Arc::new(grants.clone()))).await.unwrap();
            let next = refresh_token(&grants).await;
            assert_eq!(next != known, changes, "{rotation:?}");
            known = next;
        }
        assert_eq!(token_requests(&sandbox), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_in_the_middle_of_a_list() {
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    let directory = EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .oauth(oauth(&sandbox), Arc::new(grants))
        .page_size(1)
        .build()
        .unwrap();
    let end = |world: &mut hris_employmenthero::sandbox::World| world.refuse_access_tokens();
    sandbox.inject(Injection::then(end).on(sandbox.path("employees")).nth(2).once());
    let request = ReadRequest::new(Date::new(2026, 11, 24).unwrap()).with_field(StandardField::Email);
    assert_eq!(directory.snapshot(&request).await.unwrap().people(), 5);
    assert_eq!(token_requests(&sandbox), 1, "of all that were refused one renewed");
}

#[tokio::test(start_paused = true)]
async fn many_tasks_renew_once() {
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    let directory = directory(&sandbox, Arc::new(grants));
    sandbox.refuse_access_tokens();
    for result in join_all((0..6).map(|_| read(&directory))).await {
        assert_eq!(result.unwrap(), 1);
    }
    assert_eq!(token_requests(&sandbox), 1);
    // And when it is nearly over rather than refused.
    advance(Duration::from_secs(850)).await;
    for result in join_all((0..6).map(|_| read(&directory))).await {
        assert_eq!(result.unwrap(), 1);
    }
    assert_eq!(token_requests(&sandbox), 2);
}

#[tokio::test(start_paused = true)]
async fn many_processes_renew_once() {
    let sandbox = sandbox().await;
    sandbox.behave(|behaviour| behaviour.latency = Duration::from_secs(1));
    let grants = connected(&sandbox).await;
    let processes: Vec<EmploymentHero> =
        (0..4).map(|_| directory(&sandbox, Arc::new(grants.clone()))).collect();
    for process in &processes {
        read(process).await.unwrap();
    }
    sandbox.refuse_access_tokens();
    for result in join_all(processes.iter().map(read)).await {
        assert_eq!(result.unwrap(), 1);
    }
    assert_eq!(token_requests(&sandbox), 1, "one of four renewed, the others took what it stored");
}

#[tokio::test(start_paused = true)]
async fn somebody_who_never_gives_the_claim_back() {
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    assert!(matches!(grants.claim(1).await.unwrap(), Claim::Taken));
    sandbox.refuse_access_tokens();
    let error = read(&directory(&sandbox, Arc::new(grants.clone()))).await.unwrap_err();
    assert_eq!((error.kind(), token_requests(&sandbox)), (ErrorKind::Unavailable, 0), "{error}");
    grants.release(1).await.unwrap();
    read(&directory(&sandbox, Arc::new(grants))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_revoked_grant_says_reconnect_and_stays_where_it_is() {
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    let directory = directory(&sandbox, Arc::new(grants.clone()));
    read(&directory).await.unwrap();
    sandbox.revoke_all();
    says_reconnect(&read(&directory).await.unwrap_err());
    assert_eq!(token_requests(&sandbox), 1, "a dead grant is asked about once");
    let stored = grants.load().await.unwrap().unwrap();
    assert!(stored.grant.refused && stored.grant.refresh_token.is_some(), "nothing is taken away");
    // The way back: the same connector goes on with what a new consent brought.
    assert!(grants.replace(stored.version, &sandbox.grant()).await.unwrap());
    read(&directory).await.unwrap();
    // And a connection that was removed is one to be made again.
    grants.forget();
    sandbox.refuse_access_tokens();
    says(&read(&directory).await.unwrap_err(), "connect: give consent first");
}

#[tokio::test(start_paused = true)]
async fn a_dead_copy_is_no_dead_connection() {
    // Somebody reconnected long ago, and somebody does at this very moment.
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    let earlier = directory(&sandbox, Arc::new(grants.clone()));
    read(&earlier).await.unwrap();
    sandbox.revoke_all();
    assert!(grants.replace(1, &sandbox.grant()).await.unwrap());
    read(&earlier).await.unwrap();
    assert_eq!(token_requests(&sandbox), 0, "the newer one was looked up first");

    let dead = sandbox.grant();
    sandbox.revoke_all();
    let inner = MemoryGrants::default();
    inner.replace(0, &dead).await.unwrap();
    let store = Reconnecting { inner, with: sandbox.grant() };
    read(&directory(&sandbox, Arc::new(store))).await.unwrap();
    assert_eq!(token_requests(&sandbox), 1, "refused, and then looked up again");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_is_not_used_and_not_lost() {
    let sandbox = sandbox().await;
    let store = FullDisk { inner: connected(&sandbox).await, ..FullDisk::default() };
    let directory = directory(&sandbox, Arc::new(store.clone()));
    read(&directory).await.unwrap();
    sandbox.refuse_access_tokens();
    let first = refresh_token(&store).await;
    let calls = sandbox.requests().len();

    // A short trouble is passed over.
    store.failures.store(2, Ordering::SeqCst);
    read(&directory).await.unwrap();
    assert_ne!(refresh_token(&store).await, first);

    // A long one fails, without any request that carries the token which is not stored.
    sandbox.refuse_access_tokens();
    let (second, calls) = (refresh_token(&store).await, sandbox.requests().len() - calls);
    assert!(calls > 0);
    store.failures.store(100, Ordering::SeqCst);
    let before = sandbox.requests().len();
    let error = read(&directory).await.unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!(sandbox.requests().len() - before, 2, "one refused read and one renewal");
    // Its only refresh token is dead at the vendor, and the new one is still in our hands.
    store.failures.store(0, Ordering::SeqCst);
    read(&directory).await.unwrap();
    assert_ne!(refresh_token(&store).await, second);
    assert_eq!(token_requests(&sandbox), 2);
}

/// A run that fails drops everything it had under way.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_given_up_in_the_middle_is_taken_to_its_end() {
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    let directory = directory(&sandbox, Arc::new(grants.clone()));
    read(&directory).await.unwrap();
    sandbox.refuse_access_tokens();
    sandbox.inject(Fault::Slow(Duration::from_secs(2)).on("/oauth2/token"));
    assert!(tokio::time::timeout(Duration::from_secs(1), read(&directory)).await.is_err());
    assert_eq!((token_requests(&sandbox), grants.load().await.unwrap().unwrap().version), (1, 1));
    // The vendor has forgotten the old refresh token, and the new one is still on its way to us.
    read(&directory).await.unwrap();
    assert_eq!((token_requests(&sandbox), grants.load().await.unwrap().unwrap().version), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_last_minute_of_a_token_is_used_where_no_other_can_be_had() {
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    let directory = directory(&sandbox, Arc::new(grants));
    sandbox.refuse_access_tokens();
    read(&directory).await.unwrap();
    advance(Duration::from_secs(850)).await;
    sandbox.inject(Fault::Status(422).on("/oauth2/token"));
    read(&directory).await.unwrap();
    advance(Duration::from_secs(51)).await;
    assert_eq!(read(&directory).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(answered(&sandbox, 401), 1, "a token that has ended is not even tried");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_between_answer_and_store() {
    for (rotation, lives) in
        [(Rotation::OldLives, true), (Rotation::Silent, true), (Rotation::OldDies, false)]
    {
        let sandbox = sandbox().await;
        sandbox.behave(|behaviour| behaviour.rotation = rotation);
        let store = FullDisk { inner: connected(&sandbox).await, ..FullDisk::default() };
        sandbox.refuse_access_tokens();
        store.failures.store(100, Ordering::SeqCst);
        read(&directory(&sandbox, Arc::new(store.clone()))).await.unwrap_err();
        store.failures.store(0, Ordering::SeqCst);
        // The claim of the dead process runs out.
        store.inner.release(1).await.unwrap();
        let result = read(&directory(&sandbox, Arc::new(store.clone()))).await;
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
        let sandbox = sandbox().await;
        // Some of these renewals take effect at the vendor without our seeing it.
        sandbox.behave(|behaviour| behaviour.rotation = Rotation::OldLives);
        let grants = connected(&sandbox).await;
        sandbox.refuse_access_tokens();
        sandbox.inject(fault.clone().on("/oauth2/token"));
        let directory = directory(&sandbox, Arc::new(grants.clone()));
        let error = read(&directory).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert!(!format!("{error:?}").contains(OWN_WORDS), "{fault:?}");
        assert_eq!(grants.load().await.unwrap().unwrap().version, 1, "{fault:?}");
        sandbox.clear_faults();
        let unanswered = Duration::from_secs(CLAIM_SECONDS);
        advance(error.retry_after().unwrap_or(unanswered)).await;
        read(&directory).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_client_secret_is_a_setting() {
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    sandbox.refuse_access_tokens();
    let oauth = hris_employmenthero::oauth::OAuth::builder(
        sandbox.client_id(),
        Secret::from("eh-canary-secret".to_owned()),
    )
    .token_url(format!("{}/oauth2/token", sandbox.url()))
    .allow_http_loopback()
    .transport(sandbox.transport())
    .build()
    .unwrap();
    let directory = EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .oauth(oauth, Arc::new(grants.clone()))
        .build()
        .unwrap();
    let error = read(&directory).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("client id or secret"), "{error}");
    assert!(!format!("{error:?}{directory:?}").contains("eh-canary-secret"));
    assert_eq!(grants.load().await.unwrap().unwrap().version, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_from_outside_begins_and_a_kept_one_wins() {
    let sandbox = sandbox().await;
    let grants = MemoryGrants::default();
    let with = |token: &str| {
        EmploymentHero::builder()
            .base_url(sandbox.url())
            .allow_http_loopback()
            .transport(sandbox.transport())
            .oauth(oauth(&sandbox), Arc::new(grants.clone()))
            .refresh_token(Secret::from(token.to_owned()))
            .build()
            .unwrap()
    };
    read(&with(sandbox.refresh_token())).await.unwrap();
    assert_ne!(refresh_token(&grants).await, sandbox.refresh_token(), "it was rotated and kept");
    sandbox.refuse_access_tokens();
    // The one from outside is dead by now.
    read(&with(sandbox.refresh_token())).await.unwrap();
    let nothing = MemoryGrants::default();
    let error = read(&directory(&sandbox, Arc::new(nothing))).await.unwrap_err();
    says(&error, "there is no grant of Employment Hero; connect: give consent first");
    let access_only = MemoryGrants::default();
    let grant = Grant::new(Some(Secret::from("dead".to_owned())), None);
    access_only.replace(0, &grant).await.unwrap();
    says_reconnect(&read(&directory(&sandbox, Arc::new(access_only))).await.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn nothing_shows_a_token() {
    let sandbox = sandbox().await;
    let grants = connected(&sandbox).await;
    let oauth = oauth(&sandbox);
    let directory = directory(&sandbox, Arc::new(grants.clone()));
    let request = ReadRequest::everything(Date::new(2026, 11, 24).unwrap());
    sandbox.refuse_access_tokens();
    let snapshot = directory.snapshot(&request).await.unwrap();
    let check = directory.check(&request).await.unwrap();
    let mut shown = format!("{oauth:?}{directory:?}{snapshot:?}{check:?}{:?}", grants.load().await.unwrap());
    sandbox.revoke_all();
    let error = directory.snapshot(&request).await.unwrap_err();
    shown.push_str(&format!("{error}{error:?}{:?}", directory.check(&request).await.unwrap()));
    for request in sandbox.requests() {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        shown.push_str(&format!(
            "{request:?}{:?}{:?}{:?}{body}",
            request.query, request.headers, request.form
        ));
    }
    for secret in ["eh-access-", "eh-refresh-", sandbox.client_secret(), CANARY, OWN_WORDS] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}
