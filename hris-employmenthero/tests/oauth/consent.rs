//! From the consent to the first grant.

use std::collections::HashMap;
use std::time::Duration;

use hris_core::http::{Client, Request};
use hris_core::{ErrorKind, Secret};
use hris_employmenthero::oauth::{Consent, OAuth, TokenRequest};
use hris_employmenthero::sandbox::{Fault, OWN_WORDS};
use url::Url;

use super::{answered, oauth, sandbox, token_requests};

fn query(address: &Url) -> HashMap<String, String> {
    address.query_pairs().into_owned().collect()
}

#[test]
fn what_the_consent_asks_for() {
    let build = |scopes: &[&str]| {
        OAuth::builder("the-id", Secret::from("the-secret".to_owned()))
            .redirect_uri("https://product.example")
            .scopes(scopes.iter().copied())
            .build()
            .unwrap()
            .consent()
            .unwrap()
    };
    let consent = build(&["employees:list", "teams:list"]);
    let asked = query(consent.address());
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], "the-id");
    // Exactly as registered, without a slash that was not there.
    assert_eq!(asked["redirect_uri"], "https://product.example");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["code_challenge"].len(), 43);
    assert_eq!(asked["scope"], "employees:list teams:list");
    assert!(asked["state"].len() >= 20);
    assert!(!consent.address().as_str().contains("the-secret"));
    assert_eq!(format!("{consent:?}"), "Consent(…)");
    let other = query(build(&[]).address());
    assert!(!other.contains_key("scope"), "the application's own scopes hold by default");
    assert!(other["state"] != asked["state"] && other["code_challenge"] != asked["code_challenge"]);
}

#[test]
fn settings_that_cannot_be_right() {
    let secret = || Secret::from("secret".to_owned());
    let built =
        |change: fn(hris_employmenthero::oauth::OAuthBuilder) -> hris_employmenthero::oauth::OAuthBuilder| {
            change(OAuth::builder("id", secret()))
                .build()
                .map(|_| ())
                .map_err(|error| (error.kind(), error.to_string()))
        };
    for (result, setting) in [
        (
            OAuth::builder(" ", secret())
                .build()
                .map(|_| ())
                .map_err(|error| (error.kind(), error.to_string())),
            "client_id",
        ),
        (built(|oauth| oauth.auth_url("http://oauth.example/authorize")), "auth_url"),
        (built(|oauth| oauth.auth_url("http://127.0.0.1/authorize")), "auth_url"),
        (built(|oauth| oauth.auth_url("https://user@oauth.example/")), "auth_url"),
        (built(|oauth| oauth.token_url("http://oauth.example/token")), "token_url"),
        (built(|oauth| oauth.redirect_uri("callback")), "redirect_uri"),
        (built(|oauth| oauth.redirect_uri("https://a.example/#x")), "redirect_uri"),
        (built(|oauth| oauth.scopes(["a b"])), "scopes"),
    ] {
        let (kind, words) = result.unwrap_err();
        assert_eq!(kind, ErrorKind::Config);
        assert!(words.contains(setting), "{words}");
    }
    assert!(built(|oauth| oauth.allow_http_loopback().auth_url("http://127.0.0.1/authorize")).is_ok());
    let error = OAuth::builder("id", secret()).build().unwrap().consent().unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.to_string().contains("redirect_uri"));
}

#[tokio::test(start_paused = true)]
async fn a_consent_becomes_a_grant() {
    let sandbox = sandbox().await;
    let oauth = oauth(&sandbox);
    let consent = oauth.consent().unwrap();
    let back = sandbox.consent(consent.address()).unwrap();
    let grant = oauth.exchange(consent, back.as_str()).await.unwrap();
    assert!(grant.access_token.is_some() && grant.refresh_token.is_some());
    assert!(grant.scopes.is_some_and(|scopes| scopes.contains("employees:list")));
    // The form holds what it must, the query nothing, and no record a secret.
    let request = &sandbox.requests()[0];
    assert!(request.query.is_empty());
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let names: Vec<&str> = request.form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["grant_type", "redirect_uri", "client_id"]);
}

#[tokio::test(start_paused = true)]
async fn the_other_style_of_a_token_request() {
    let sandbox = sandbox().await;
    sandbox.behave(|behaviour| behaviour.token_request = TokenRequest::Split);
    let split =
        sandbox.oauth().transport(sandbox.transport()).token_request(TokenRequest::Split).build().unwrap();
    let consent = split.consent().unwrap();
    let back = sandbox.consent(consent.address()).unwrap();
    split.exchange(consent, back.as_str()).await.unwrap();
    // A code is never tried in the other style by itself.
    let body = oauth(&sandbox);
    let consent = body.consent().unwrap();
    let back = sandbox.consent(consent.address()).unwrap();
    let before = token_requests(&sandbox);
    let error = body.exchange(consent, back.as_str()).await.unwrap_err();
    assert_eq!((error.kind(), token_requests(&sandbox)), (ErrorKind::Unavailable, before + 1));
    assert!(error.to_string().contains("token_request"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn only_the_answer_to_this_consent_counts() {
    let sandbox = sandbox().await;
    let oauth = oauth(&sandbox);
    let consent = oauth.consent().unwrap();
    let state = query(consent.address())["state"].clone();
    let kept = consent.to_secret();
    let base = "https://product.example/callback";
    for (redirected, kind, says) in [
        (format!("{base}?code=c&state=other"), ErrorKind::Auth, "state differs"),
        (format!("{base}?code=c"), ErrorKind::Auth, "state differs"),
        (format!("{base}?code=c&state={state}&state={state}"), ErrorKind::Auth, "state differs"),
        (format!("{base}?code=c&state={}", state.to_uppercase()), ErrorKind::Auth, "state differs"),
        (format!("{base}?error=access_denied&state=other"), ErrorKind::Auth, "state differs"),
        (format!("{base}?error=access_denied&state={state}"), ErrorKind::Auth, "access_denied"),
        (
            format!("{base}?error=Somebody%20Else&state={state}"),
            ErrorKind::Auth,
            "no reason that can be shown",
        ),
        (format!("{base}?state={state}"), ErrorKind::Auth, "no code"),
        (format!("{base}?code=&state={state}"), ErrorKind::Auth, "no code"),
        (format!("{base}?code=a&code=b&state={state}"), ErrorKind::Auth, "no code"),
        ("just-a-code".to_owned(), ErrorKind::Config, "whole one"),
        (String::new(), ErrorKind::Config, "whole one"),
    ] {
        let consent = Consent::from_secret(&kept).unwrap();
        let error = oauth.exchange(consent, &redirected).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{redirected}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(!format!("{error:?}").contains(&state));
    }
    assert_eq!(token_requests(&sandbox), 0, "no code of a doubtful answer is ever sent");
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_once_and_with_its_own_verifier() {
    let sandbox = sandbox().await;
    let oauth = oauth(&sandbox);
    let consent = oauth.consent().unwrap();
    let again = Consent::from_secret(&consent.to_secret()).unwrap();
    let back = sandbox.consent(consent.address()).unwrap();
    oauth.exchange(consent, back.as_str()).await.unwrap();
    let error = oauth.exchange(again, back.as_str()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(
        error.to_string().contains("begin again") && !format!("{error:?}").contains(OWN_WORDS),
        "{error}"
    );

    // Somebody else's code does not fit our verifier, and is spent by the attempt.
    let (mine, theirs) = (oauth.consent().unwrap(), oauth.consent().unwrap());
    let back = sandbox.consent(theirs.address()).unwrap();
    let code = Secret::from(query(&back)["code"].clone());
    assert_eq!(oauth.exchange_without_state(mine, &code).await.unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(oauth.exchange_without_state(theirs, &code).await.unwrap_err().kind(), ErrorKind::Auth);

    // A bare code that a person copied by hand, blanks and all.
    let consent = oauth.consent().unwrap();
    let back = sandbox.consent(consent.address()).unwrap();
    let code = Secret::from(format!(" {} ", query(&back)["code"]));
    assert!(oauth.exchange_without_state(consent, &code).await.is_ok());
    let empty = Secret::from(" ".to_owned());
    let error = oauth.exchange_without_state(oauth.consent().unwrap(), &empty).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test(start_paused = true)]
async fn a_consent_ends_after_ten_minutes() {
    let sandbox = sandbox().await;
    let oauth = oauth(&sandbox);
    let consent = oauth.consent().unwrap();
    let back = sandbox.consent(consent.address()).unwrap();
    tokio::time::advance(Duration::from_secs(601)).await;
    let error = oauth.exchange(consent, back.as_str()).await.unwrap_err();
    assert_eq!((error.kind(), token_requests(&sandbox)), (ErrorKind::Auth, 0));
    assert!(Consent::from_secret(&Secret::from("{}".to_owned())).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_code_that_may_be_spent_is_not_sent_again() {
    for fault in [
        Fault::Status(500),
        Fault::StatusAfter(503),
        Fault::Disconnect,
        Fault::DisconnectAfter,
        Fault::LoginPage,
        Fault::Truncated,
        Fault::Body(Vec::new()),
    ] {
        let sandbox = sandbox().await;
        let oauth = oauth(&sandbox);
        let consent = oauth.consent().unwrap();
        let back = sandbox.consent(consent.address()).unwrap();
        sandbox.inject(fault.clone().on("/oauth2/token"));
        let error = oauth.exchange(consent, back.as_str()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{fault:?}: {error}");
        assert!(error.to_string().contains("begin the consent again"), "{error}");
        assert_eq!(token_requests(&sandbox), 1, "{fault:?}");
    }
}

/// The sandbox keeps the vendor's rules, so that a client which breaks them cannot pass here.
#[tokio::test(start_paused = true)]
async fn the_vendor_refuses_what_it_documents_to_refuse() {
    let sandbox = sandbox().await;
    let oauth = oauth(&sandbox);
    let consent = oauth.consent().unwrap();
    let without = |name: &str| {
        let mut address = consent.address().clone();
        let kept: Vec<(String, String)> =
            address.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
        address.query_pairs_mut().clear().extend_pairs(kept);
        address
    };
    let back = sandbox.consent(&without("code_challenge")).unwrap();
    assert_eq!(query(&back)["error"], "invalid_request");
    assert!(sandbox.consent(&without("client_id")).is_err());
    let loopback = sandbox.oauth().redirect_uri("http://127.0.0.1:8080/").build().unwrap().consent().unwrap();
    assert!(sandbox.consent(loopback.address()).unwrap_err().to_string().contains("403"));

    let client =
        Client::builder(sandbox.url()).transport(sandbox.transport()).allow_http_loopback().build().unwrap();
    let post = || Request::post("ask").segments(["oauth2", "token"]);
    let token = sandbox.refresh_token();
    let (id, secret) = (sandbox.client_id(), sandbox.client_secret());
    let body = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", id)];
    let requests = [
        post().form(body).query("client_secret", secret),
        post().query("client_id", id).query("client_secret", secret).query("grant_type", "refresh_token"),
        post().json(&serde_json::json!({ "client_id": id, "client_secret": secret })).unwrap(),
    ];
    for request in &requests {
        assert_eq!(client.send(request).await.unwrap_err().status(), Some(400));
    }
    let good = post().form(body.into_iter().chain([("client_secret", secret)]));
    assert_eq!(client.send(&good).await.unwrap().status(), 200);
    assert_eq!(answered(&sandbox, 400), 3);
    // Whatever was sent, no record holds it.
    let recorded: String = sandbox
        .requests()
        .iter()
        .map(|request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            format!("{:?}{:?}{body}", request.query, request.form)
        })
        .collect();
    assert!(!recorded.contains(secret) && !recorded.contains(token), "{recorded}");
}
