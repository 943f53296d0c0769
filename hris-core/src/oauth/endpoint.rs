//! The token endpoint: what is sent there, and what an answer means. No body of an answer reaches an error.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Provider;
use crate::http::{Client, Limits, Request, Response, RetryPolicy, Transport, Vendor, Verdict, code_word};
use crate::{CLAIM_SECONDS, Error, ErrorKind, Result, Secret, Tokens};

/// The life of an access token whose answer does not say it, or says something absurd.
const UNTOLD_LIFE: Duration = Duration::from_secs(300);
/// The longest life that is believed.
const LONGEST_LIFE: u64 = 24 * 3600;
/// Time in which a token request that was not received is begun again.
const BEGIN_WITHIN: u64 = 25;
/// How long an answer is waited for. What was sent is not sent again, so giving up early loses the tokens.
const ANSWER_WITHIN: u64 = 110;
// Nobody else begins before this one has ended and stored what it brought.
const _: () = assert!(BEGIN_WITHIN + ANSWER_WITHIN < CLAIM_SECONDS);

crate::setting! {
    "token_request";
    /// Where the parts of a token request go. The client's id and secret, the code and the verifier are always in the
    /// form body.
    #[derive(Default)]
    TokenRequest {
        /// Everything in the form body, as in RFC 6749.
        #[default]
        Body = "body",
        /// `grant_type`, `redirect_uri` and `refresh_token` in the query.
        Split = "split",
    }
}

/// The token endpoint for one application.
pub(super) struct Endpoint {
    provider: Provider,
    client: Client,
    client_id: String,
    client_secret: Secret,
    style: TokenRequest,
}

/// What the authorisation server answered.
pub(super) enum Answer {
    /// It issued tokens.
    Issued(Issued),
    /// The code or the refresh token is not accepted any more.
    Dead,
    /// The request was refused for another reason.
    Refused(Error),
}

/// Tokens as they were received.
pub(super) struct Issued {
    pub(super) tokens: Tokens,
    /// How long the access token lives from now.
    pub(super) life: Duration,
}

impl Endpoint {
    pub(super) fn new(
        provider: Provider,
        address: &str,
        (client_id, client_secret): (String, Secret),
        style: TokenRequest,
        loopback: bool,
        transport: Option<Arc<dyn Transport>>,
    ) -> Result<Self> {
        let mut retry = RetryPolicy::default();
        (retry.attempts, retry.deadline, retry.longest_wait) =
            (3, Duration::from_secs(BEGIN_WITHIN), Duration::from_secs(BEGIN_WITHIN));
        let mut limits = Limits::default();
        (limits.idle, limits.total) =
            (Duration::from_secs(ANSWER_WITHIN), Duration::from_secs(ANSWER_WITHIN));
        limits.body = 1024 * 1024;
        let mut client =
            Client::builder(address).vendor(TokenVendor).retry(retry).limits(limits).concurrency(1);
        if loopback {
            client = client.allow_http_loopback();
        }
        if let Some(transport) = transport {
            client = client.transport(transport);
        }
        let client =
            client.build().map_err(|error| Error::new(ErrorKind::Config, format!("token_url: {error}")))?;
        Ok(Self { provider, client, client_id, client_secret, style })
    }

    /// Exchanges a code for tokens. A code is good for one use, so a code that may be spent is not sent again.
    pub(super) async fn exchange(
        &self,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Answer> {
        let routed = [("grant_type", "authorization_code"), ("redirect_uri", redirect_uri)];
        let own = [("code", code.expose()), ("code_verifier", verifier.expose())];
        let request = self.request("connect", &routed, &own);
        self.client.exchange(&request, |response| read(self.provider, response)).await.map_err(|error| {
            match error.kind() {
                ErrorKind::UnknownOutcome | ErrorKind::Protocol | ErrorKind::Unavailable => {
                    unavailable(&error, "begin the consent again, because the code may be spent")
                }
                _ => error,
            }
        })
    }

    /// Exchanges a refresh token for new tokens. A server may take a token that comes twice for stolen and end the
    /// whole connection, so a token that was sent without an answer is not sent again.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownOutcome`] if the token was sent and there is no usable answer.
    pub(super) async fn refresh(&self, token: &Secret) -> Result<Answer> {
        let routed = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
        let request = self.request("renew the access token", &routed, &[]).spending();
        self.client.exchange(&request, |response| read(self.provider, response)).await.map_err(|error| match error.kind() {
            // Only a clear refusal ends a connection.
            ErrorKind::RateLimited | ErrorKind::Config => error,
            ErrorKind::UnknownOutcome => error.with_hint(format!(
                "{} may have renewed it and its answer is lost; the next run finds out, and says so if a new consent \
                 is needed",
                self.provider.vendor
            )),
            _ => unavailable(&error, "the connection stays; try again later"),
        })
    }

    fn request(&self, label: &'static str, routed: &[(&str, &str)], own: &[(&str, &str)]) -> Request {
        let client = [("client_id", &*self.client_id), ("client_secret", self.client_secret.expose())];
        let mut request = Request::post(label);
        let mut body: Vec<(&str, &str)> = Vec::new();
        match self.style {
            TokenRequest::Body => body.extend(routed),
            TokenRequest::Split => {
                for (name, value) in routed {
                    request = request.query(name, value);
                }
            }
        }
        body.extend(own);
        body.extend(client);
        request.form(body)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("client", &self.client).finish_non_exhaustive()
    }
}

fn unavailable(error: &Error, advice: &str) -> Error {
    let told = Error::new(ErrorKind::Unavailable, format!("{error}; {advice}"));
    match error.status() {
        Some(status) => told.with_status(status),
        None => told,
    }
}

/// Lets refusals through to be read, because their body says what they mean.
#[derive(Clone, Copy, Debug)]
struct TokenVendor;

impl Vendor for TokenVendor {
    fn classify(&self, _: &Request, response: &Response) -> Option<Verdict> {
        // A page is no refusal of this server's; what its status means says enough.
        let is_page = response.header("content-type").is_some_and(|kind| kind.contains("html"));
        (!is_page && matches!(response.status(), 400 | 401 | 403 | 422)).then_some(Verdict::Success)
    }

    fn words(&self, _: &Response) -> Option<String> {
        None
    }
}

/// A token answer (RFC 6749, 5.1), without its lifetime, which some servers send as text.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    refresh_token: Option<String>,
    scope: Option<String>,
}

fn read(provider: Provider, response: &Response) -> Result<Answer> {
    if response.status() != 200 {
        return Ok(refusal(provider, response));
    }
    let mut body: Value = response.json()?;
    let unreadable = |what: &str| {
        let words = format!("{}: {what}", response.label());
        Error::new(ErrorKind::Protocol, words).with_status(200)
    };
    let life = life(body.as_object_mut().and_then(|members| members.remove("expires_in")));
    // The message of a mismatch would quote the answer.
    let answer: TokenAnswer =
        serde_json::from_value(body).map_err(|_| unreadable("the answer is no token answer"))?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(unreadable("a token of another type than bearer"));
    }
    let access = answer.access_token;
    if access.is_empty() || !access.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unreadable("an access token that cannot be sent"));
    }
    let refresh = answer.refresh_token.filter(|token| !token.trim().is_empty());
    let scopes =
        answer.scope.map(|scopes| scopes.split_whitespace().map(str::to_owned).collect::<BTreeSet<String>>());
    let tokens = Tokens::new(Some(Secret::from(access)), refresh.map(Secret::from)).with_scopes(scopes);
    Ok(Answer::Issued(Issued { tokens, life }))
}

fn life(told: Option<Value>) -> Duration {
    let seconds = match told {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.filter(|life| (1..=LONGEST_LIFE).contains(life)).map_or(UNTOLD_LIFE, Duration::from_secs)
}

fn refusal(provider: Provider, response: &Response) -> Answer {
    let status = response.status();
    // A body that is not JSON is a refusal without a reason.
    let body: Value = response.json().unwrap_or(Value::Null);
    let error = body.get("error").and_then(Value::as_str).unwrap_or_default();
    if matches!(status, 400 | 401) && (error == "invalid_grant" || (provider.is_dead)(response)) {
        return Answer::Dead;
    }
    let told = code_word(error).map_or_else(String::new, |word| format!(" ({word})"));
    let place = provider.credentials_at;
    let (kind, advice) = match error {
        "invalid_client" | "unauthorized_client" => (
            ErrorKind::Config,
            format!("the client id or secret is wrong; copy both from {place}, the connection itself stays"),
        ),
        "invalid_scope" => (ErrorKind::Config, "the application lacks a scope of `scopes`".to_owned()),
        _ => (ErrorKind::Unavailable, "the connection stays; if this lasts, see `token_request`".to_owned()),
    };
    let words = format!("token request: HTTP {status}{told}; {advice}");
    Answer::Refused(Error::new(kind, words).with_status(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer> {
        let provider =
            Provider::new("Acme", "", "").dead_when(|answer| answer.body() == br#"{"message":"gone"}"#);
        read(provider, &Response::new(status).with_body(body))
    }

    #[test]
    fn lives_that_are_believed() {
        for (told, seconds) in [
            ("900", 900),
            (r#""900""#, 900),
            ("0", 300),
            ("-5", 300),
            ("1e30", 300),
            ("86401", 300),
            ("null", 300),
            ("{}", 300),
        ] {
            let body = format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{told}}}"#);
            let Ok(Answer::Issued(issued)) = answer(200, &body) else { panic!("{told}: no tokens") };
            assert_eq!(issued.life.as_secs(), seconds, "{told}");
        }
    }

    #[test]
    fn what_a_refusal_means() {
        for (status, body, dead, kind) in [
            (400, r#"{"error":"invalid_grant","error_description":"canary"}"#, true, None),
            (401, r#"{"error":"invalid_grant"}"#, true, None),
            (400, r#"{"message":"gone"}"#, true, None),
            (403, r#"{"message":"gone"}"#, false, Some(ErrorKind::Unavailable)),
            (403, r#"{"error":"invalid_grant"}"#, false, Some(ErrorKind::Unavailable)),
            (400, r#"{"message":"canary"}"#, false, Some(ErrorKind::Unavailable)),
            (401, r#"{"error":"invalid_client"}"#, false, Some(ErrorKind::Config)),
            (400, r#"{"error":"invalid_scope"}"#, false, Some(ErrorKind::Config)),
            (400, r#"{"error":"Canary Name"}"#, false, Some(ErrorKind::Unavailable)),
            (422, r#"[]"#, false, Some(ErrorKind::Unavailable)),
        ] {
            match answer(status, body) {
                Ok(Answer::Dead) => assert!(dead, "{body}"),
                Ok(Answer::Refused(error)) => {
                    assert_eq!((Some(error.kind()), dead), (kind, false), "{body}");
                    assert!(!format!("{error:?}").to_lowercase().contains("canary"));
                }
                _ => panic!("{body} was taken for tokens"),
            }
        }
    }

    #[test]
    fn answers_that_are_no_tokens() {
        for body in [
            "<html>canary",
            "",
            "null",
            "{}",
            r#"{"access_token":"canary","token_type":"mac"}"#,
            r#"{"access_token":"","token_type":"bearer"}"#,
            r#"{"access_token":"can\nary","token_type":"bearer"}"#,
            r#"{"token_type":"bearer","refresh_token":"canary"}"#,
        ] {
            let error = answer(200, body).err().expect("an error");
            assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
            assert!(!format!("{error:?} {error}").contains("canary"), "{body}");
        }
    }
}
