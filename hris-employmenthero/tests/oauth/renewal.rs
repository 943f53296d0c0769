//! Renewals as the connector meets them.

use std::sync::Arc;

use hris_core::sandbox::Injection;
use hris_core::{Date, Directory, ErrorKind, MemoryTokens, ReadRequest, Secret, StandardField, TokenStore};
use hris_employmenthero::EmploymentHero;
use hris_employmenthero::sandbox::{CANARY, OWN_WORDS, Sandbox};

use super::{directory, oauth, read, sandbox, token_requests};

/// A store that holds tokens of the sandbox.
async fn connected(sandbox: &Sandbox) -> MemoryTokens {
    let kept = MemoryTokens::default();
    assert!(kept.replace(0, &sandbox.tokens()).await.unwrap());
    kept
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_in_the_middle_of_a_list() {
    let sandbox = sandbox().await;
    let kept = connected(&sandbox).await;
    let directory = EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .oauth(oauth(&sandbox), Arc::new(kept))
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
async fn nothing_shows_a_token() {
    let sandbox = sandbox().await;
    let kept = connected(&sandbox).await;
    let oauth = oauth(&sandbox);
    let directory = directory(&sandbox, Arc::new(kept.clone()));
    let request = ReadRequest::everything(Date::new(2026, 11, 24).unwrap());
    sandbox.refuse_access_tokens();
    let snapshot = directory.snapshot(&request).await.unwrap();
    let check = directory.check(&request).await.unwrap();
    let mut shown = format!("{oauth:?}{directory:?}{snapshot:?}{check:?}{:?}", kept.load().await.unwrap());
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

#[tokio::test(start_paused = true)]
async fn messages_name_the_vendor_and_its_portal() {
    let sandbox = sandbox().await;
    let store = connected(&sandbox).await;
    sandbox.refuse_access_tokens();
    let wrong =
        hris_employmenthero::oauth::application(sandbox.client_id(), Secret::from("wrong".to_owned()))
            .token_url(format!("{}/oauth2/token", sandbox.url()))
            .allow_http_loopback()
            .transport(sandbox.transport())
            .build()
            .unwrap();
    let directory = EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .oauth(wrong, Arc::new(store))
        .build()
        .unwrap();
    let error = read(&directory).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("copy both from the Developer Portal"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_from_outside_begins() {
    let sandbox = sandbox().await;
    let builder = EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .refresh_token(Secret::from(sandbox.refresh_token().to_owned()));
    let store = MemoryTokens::default();
    read(&builder.oauth(oauth(&sandbox), Arc::new(store.clone())).build().unwrap()).await.unwrap();
    assert!(store.is_kept(), "it was renewed and kept");
    let error = read(&directory(&sandbox, Arc::new(MemoryTokens::default()))).await.unwrap_err();
    assert!(error.to_string().contains("there are no tokens of Employment Hero; connect"), "{error}");
}
