//! From the consent to the first tokens, with what only Employment Hero asks for.

use std::collections::HashMap;

use hris_core::http::{Client, Request};
use hris_core::oauth::TokenRequest;
use url::Url;

use super::{answered, oauth, sandbox};

fn query(address: &Url) -> HashMap<String, String> {
    address.query_pairs().into_owned().collect()
}

#[tokio::test(start_paused = true)]
async fn a_consent_becomes_tokens_in_both_styles_of_a_token_request() {
    for style in [TokenRequest::Body, TokenRequest::Split] {
        let sandbox = sandbox().await;
        sandbox.behave(|behaviour| behaviour.token_request = style);
        let oauth = sandbox.oauth().transport(sandbox.transport()).token_request(style).build().unwrap();
        let consent = oauth.consent().unwrap();
        assert!(!query(consent.address()).contains_key("scope"), "the application's own scopes hold");
        let back = sandbox.consent(consent.address()).unwrap();
        let tokens = oauth.exchange(consent, back.as_str()).await.unwrap();
        assert!(tokens.scopes.is_some_and(|scopes| scopes.contains("employees:list")), "{style:?}");
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
