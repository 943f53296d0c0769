//! From the consent to the first tokens.

use std::collections::HashMap;
use std::time::Duration;

use hris_core::oauth::{Consent, OAuth, OAuthBuilder, TokenRequest};
use hris_core::sandbox::{CANARY, Fault, OWN_WORDS};
use hris_core::{ErrorKind, Secret};
use url::Url;

use super::server::{PROVIDER, Vendor};

fn query(address: &Url) -> HashMap<String, String> {
    address.query_pairs().into_owned().collect()
}

#[test]
fn what_the_consent_asks_for() {
    let build = |scopes: &[&str]| {
        OAuth::builder(PROVIDER, "the-id", Secret::from("the-secret".to_owned()))
            .redirect_uri("https://product.example")
            .scopes(scopes.iter().copied())
            .build()
            .unwrap()
            .consent()
            .unwrap()
    };
    let consent = build(&["people:list", "teams:list"]);
    let asked = query(consent.address());
    assert_eq!(consent.address().host_str(), Some("login.acme.example"));
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], "the-id");
    // Exactly as registered, without a slash that was not there.
    assert_eq!(asked["redirect_uri"], "https://product.example");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["code_challenge"].len(), 43);
    assert_eq!(asked["scope"], "people:list teams:list");
    assert!(asked["state"].len() >= 20);
    assert!(!consent.address().as_str().contains("the-secret"));
    assert_eq!(format!("{consent:?}"), "Consent(…)");
    let other = query(build(&[]).address());
    assert!(!other.contains_key("scope"), "the application's own scopes hold by default");
    assert!(other["state"] != asked["state"] && other["code_challenge"] != asked["code_challenge"]);
}

#[test]
fn settings_that_cannot_be_right() {
    let application = |id: &str| OAuth::builder(PROVIDER, id, Secret::from("secret".to_owned()));
    let rows: [(OAuthBuilder, &str); 8] = [
        (application(" "), "client_id, client_secret: both are needed; see the page Apps"),
        (application("id").auth_url("http://oauth.example/authorize"), "auth_url"),
        (application("id").auth_url("http://127.0.0.1/authorize"), "auth_url"),
        (application("id").auth_url("https://user@oauth.example/"), "auth_url"),
        (application("id").token_url("http://oauth.example/token"), "token_url"),
        (application("id").redirect_uri("callback"), "redirect_uri"),
        (application("id").redirect_uri("https://a.example/#x"), "redirect_uri"),
        (application("id").scopes(["a b"]), "scopes"),
    ];
    for (builder, says) in rows {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert!(application("id").allow_http_loopback().auth_url("http://127.0.0.1/authorize").build().is_ok());
    let error = application("id").build().unwrap().consent().unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.to_string().contains("redirect_uri"));
}

#[tokio::test(start_paused = true)]
async fn a_consent_becomes_tokens() {
    let vendor = Vendor::start().await;
    let oauth = vendor.oauth();
    let consent = oauth.consent().unwrap();
    let back = vendor.consent(consent.address());
    let tokens = oauth.exchange(consent, back.as_str()).await.unwrap();
    assert!(tokens.access_token.is_some() && tokens.refresh_token.is_some() && !tokens.refused);
    assert!(tokens.scopes.as_ref().is_some_and(|scopes| scopes.contains("people:read")), "{tokens:?}");
    assert!(!format!("{tokens:?}").contains(CANARY));
    // The form holds what it must, the query nothing, and no record a secret.
    let request = &vendor.requests()[0];
    assert!(request.query.is_empty());
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let names: Vec<&str> = request.form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["grant_type", "redirect_uri", "client_id"]);
}

#[tokio::test(start_paused = true)]
async fn the_other_style_of_a_token_request() {
    let vendor = Vendor::start().await;
    vendor.behave(|acme| acme.style = TokenRequest::Split);
    let split = vendor.application().token_request(TokenRequest::Split).build().unwrap();
    let consent = split.consent().unwrap();
    let back = vendor.consent(consent.address());
    split.exchange(consent, back.as_str()).await.unwrap();
    // A code is not tried in the other style.
    let body = vendor.oauth();
    let consent = body.consent().unwrap();
    let back = vendor.consent(consent.address());
    let before = vendor.token_requests();
    let error = body.exchange(consent, back.as_str()).await.unwrap_err();
    assert_eq!((error.kind(), vendor.token_requests()), (ErrorKind::Unavailable, before + 1));
    assert!(error.to_string().contains("token_request"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn only_the_answer_to_this_consent_counts() {
    let vendor = Vendor::start().await;
    let oauth = vendor.oauth();
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
    assert_eq!(vendor.token_requests(), 0, "no code of a doubtful answer is sent");
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_once_and_with_its_own_verifier() {
    let vendor = Vendor::start().await;
    let oauth = vendor.oauth();
    let consent = oauth.consent().unwrap();
    let again = Consent::from_secret(&consent.to_secret()).unwrap();
    let back = vendor.consent(consent.address());
    oauth.exchange(consent, back.as_str()).await.unwrap();
    let error = oauth.exchange(again, back.as_str()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    let words = error.to_string();
    assert!(words.contains("Acme does not accept the code") && words.contains("begin again"), "{words}");
    assert!(!format!("{error:?}").contains(OWN_WORDS), "{error:?}");

    // Another consent's code does not fit our verifier, and the attempt spends it.
    let (mine, theirs) = (oauth.consent().unwrap(), oauth.consent().unwrap());
    let back = vendor.consent(theirs.address());
    let code = Secret::from(query(&back)["code"].clone());
    assert_eq!(oauth.exchange_without_state(mine, &code).await.unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(oauth.exchange_without_state(theirs, &code).await.unwrap_err().kind(), ErrorKind::Auth);

    // A bare code that a person copied by hand, with blanks.
    let consent = oauth.consent().unwrap();
    let back = vendor.consent(consent.address());
    let code = Secret::from(format!(" {} ", query(&back)["code"]));
    assert!(oauth.exchange_without_state(consent, &code).await.is_ok());
    let empty = Secret::from(" ".to_owned());
    let error = oauth.exchange_without_state(oauth.consent().unwrap(), &empty).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test(start_paused = true)]
async fn a_consent_ends_after_ten_minutes() {
    let vendor = Vendor::start().await;
    let oauth = vendor.oauth();
    let consent = oauth.consent().unwrap();
    let back = vendor.consent(consent.address());
    tokio::time::advance(Duration::from_secs(601)).await;
    let error = oauth.exchange(consent, back.as_str()).await.unwrap_err();
    assert_eq!((error.kind(), vendor.token_requests()), (ErrorKind::Auth, 0));
    assert!(Consent::from_secret(&Secret::from("{}".to_owned())).is_err());
}

/// A product may have sealed a consent into a session before it was updated.
#[tokio::test(start_paused = true)]
async fn a_consent_that_an_earlier_version_kept_is_still_read() {
    let kept =
        r#"{"address":"https://login.acme.example/authorize?state=s-1","state":"s-1","verifier":"v-1"}"#;
    let consent = Consent::from_secret(&Secret::from(kept.to_owned())).unwrap();
    assert_eq!(consent.to_secret().expose(), kept);
    let vendor = Vendor::start().await;
    let error =
        vendor.oauth().exchange(consent, "https://product.example/callback?state=s-1").await.unwrap_err();
    assert!(error.to_string().contains("no code"), "the state fits: {error}");
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
        let vendor = Vendor::start().await;
        let oauth = vendor.oauth();
        let consent = oauth.consent().unwrap();
        let back = vendor.consent(consent.address());
        vendor.spoil(&fault);
        let error = oauth.exchange(consent, back.as_str()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{fault:?}: {error}");
        assert!(error.to_string().contains("begin the consent again"), "{error}");
        assert_eq!(vendor.token_requests(), 1, "{fault:?}");
    }
}
