//! A vendor with an authorisation server of its own, and a list of people that takes an access token.

use std::time::Duration;

use hris_core::http::{Client, Transport};
use hris_core::oauth::{OAuth, OAuthBuilder, Provider, Session, TokenRequest};
use hris_core::sandbox::{
    Answer, CANARY, Envelope, Fault, OWN_WORDS, Received, RecordedRequest, Server, World,
};
use hris_core::{Result, Secret, TokenStore, Tokens};
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use serde_json::{Value, json};
use std::sync::Arc;
use url::Url;

pub(crate) const PROVIDER: Provider =
    Provider::new("Acme", "https://login.acme.example/authorize", "https://login.acme.example/token")
        .credentials_at("the page Apps")
        .dead_when(|answer| answer.json::<Value>().is_ok_and(|body| body["message"] == "gone"));

pub(crate) const CLIENT_ID: &str = "acme-client";
pub(crate) const CLIENT_SECRET: &str = "acme-secret";
pub(crate) const TOKEN: &str = "/token";
const REDIRECT_URI: &str = "https://product.example/callback";
/// The life of an access token.
pub(crate) const LIFE: Duration = Duration::from_secs(900);

/// What a renewal makes of the old refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// There is a new one, and the old one is dead.
    OldDies,
    /// There is a new one, and the old one lives.
    OldLives,
    /// As [`Rotation::OldDies`], and an old one that comes again ends the whole connection.
    ReuseEnds,
    /// There is no new one.
    Silent,
}

pub(crate) struct Acme {
    pub(crate) rotation: Rotation,
    pub(crate) style: TokenRequest,
    pub(crate) life: Duration,
    /// Says that a token is dead in the vendor's own words.
    pub(crate) own_refusal: bool,
    codes: Vec<Code>,
    consents: Vec<Consented>,
    access: Vec<Access>,
    issued: u64,
}

struct Code {
    text: String,
    challenge: String,
    redirect: String,
    used: bool,
}

#[derive(Default)]
struct Consented {
    revoked: bool,
    refresh: Vec<String>,
    spent: Vec<String>,
}

struct Access {
    text: String,
    consent: usize,
    ends: Duration,
    refused: bool,
}

impl Acme {
    fn text(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("acme-{kind}-{}-of-this-server", self.issued)
    }

    fn consented(&mut self) -> (usize, String) {
        let refresh = self.text("refresh");
        self.consents.push(Consented { refresh: vec![refresh.clone()], ..Consented::default() });
        (self.consents.len() - 1, refresh)
    }

    fn access(&mut self, consent: usize, now: Duration) -> String {
        let text = self.text("access");
        self.access.push(Access { text: text.clone(), consent, ends: now + self.life, refused: false });
        text
    }

    fn authorize(&mut self, query: &[(String, String)]) -> Url {
        let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        assert_eq!(
            (
                get("response_type").as_deref(),
                get("code_challenge_method").as_deref(),
                get("client_id").as_deref()
            ),
            (Some("code"), Some("S256"), Some(CLIENT_ID))
        );
        let (redirect, challenge) = (get("redirect_uri").unwrap(), get("code_challenge").unwrap());
        let code = self.text("code");
        let mut back = Url::parse(&redirect).unwrap();
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &get("state").unwrap());
        self.codes.push(Code { text: code, challenge, redirect, used: false });
        back
    }

    fn token(&mut self, request: &Received) -> Answer {
        let form = request.form();
        let of = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let split = self.style == TokenRequest::Split;
        let routed = |name: &str| if split { request.parameter(name).map(str::to_owned) } else { of(name) };
        if (of("client_id").as_deref(), of("client_secret").as_deref())
            != (Some(CLIENT_ID), Some(CLIENT_SECRET))
        {
            return refuse(401, "invalid_client");
        }
        match routed("grant_type").as_deref() {
            Some("authorization_code") => {
                let (code, verifier) = (of("code"), of("code_verifier").unwrap_or_default());
                let challenge =
                    PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier));
                let known =
                    self.codes.iter_mut().find(|known| Some(&known.text) == code.as_ref() && !known.used);
                let Some(known) = known else { return refuse(400, "invalid_grant") };
                // The first attempt spends a code, right or wrong.
                known.used = true;
                if known.challenge != challenge.as_str()
                    || routed("redirect_uri").as_ref() != Some(&known.redirect)
                {
                    return refuse(400, "invalid_grant");
                }
                let (consent, refresh) = self.consented();
                self.tokens(request, consent, Some(refresh))
            }
            Some("refresh_token") => self.renew(request, &routed("refresh_token").unwrap_or_default()),
            _ => refuse(400, "unsupported_grant_type"),
        }
    }

    fn renew(&mut self, request: &Received, token: &String) -> Answer {
        let has = |one: &Consented| !one.revoked && one.refresh.contains(token);
        let Some(consent) = self.consents.iter().position(has) else {
            if self.rotation == Rotation::ReuseEnds {
                let stolen = self.consents.iter_mut().filter(|one| one.spent.contains(token));
                stolen.for_each(|one| one.revoked = true);
            }
            return match self.own_refusal {
                true => Answer::json(&json!({ "message": "gone" })).status(400),
                false => refuse(400, "invalid_grant"),
            };
        };
        let next = (self.rotation != Rotation::Silent).then(|| self.text("refresh"));
        let one = &mut self.consents[consent];
        one.refresh.extend(next.clone());
        if matches!(self.rotation, Rotation::OldDies | Rotation::ReuseEnds) {
            one.refresh.retain(|known| known != token);
            one.spent.push(token.clone());
        }
        self.tokens(request, consent, next)
    }

    fn tokens(&mut self, request: &Received, consent: usize, refresh: Option<String>) -> Answer {
        let mut body = json!({
            "access_token": self.access(consent, request.at),
            "token_type": "bearer",
            "expires_in": self.life.as_secs(),
            "scope": "people:read teams:read",
            "email": CANARY,
        });
        if let Some(refresh) = refresh {
            body["refresh_token"] = json!(refresh);
        }
        Answer::json(&body)
    }
}

impl World for Acme {
    fn envelope(&self) -> Envelope {
        Envelope::bare()
    }

    fn secrets(&self) -> &[&str] {
        &["client_secret", "code", "code_verifier", "refresh_token"]
    }

    fn answer(&mut self, request: &Received) -> Answer {
        if request.path == TOKEN {
            return self.token(request);
        }
        let known = self.access.iter().find(|access| Some(&*access.text) == request.bearer());
        let good = known.filter(|access| !access.refused && access.ends > request.at);
        match good {
            Some(access) if !self.consents[access.consent].revoked => Answer::json(&json!(["Ada"])),
            _ => self.refuse(request, 401),
        }
    }

    fn refuse(&self, _: &Received, status: u16) -> Answer {
        refuse(status, "no")
    }

    fn revoke(&mut self, _: &Received) {}
}

fn refuse(status: u16, error: &str) -> Answer {
    Answer::json(&json!({ "error": error, "error_description": OWN_WORDS })).status(status)
}

/// The running vendor. Its clock is the test's, which is paused.
pub(crate) struct Vendor(Server<Acme>);

impl Vendor {
    pub(crate) async fn start() -> Self {
        let acme = Acme {
            rotation: Rotation::OldDies,
            style: TokenRequest::Body,
            life: LIFE,
            own_refusal: false,
            codes: Vec::new(),
            consents: Vec::new(),
            access: Vec::new(),
            issued: 0,
        };
        Self(Server::start(acme, 0).await.expect("a free port"))
    }

    pub(crate) fn behave(&self, change: impl FnOnce(&mut Acme)) {
        self.0.change(change);
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        self.0.set_latency(latency);
    }

    pub(crate) fn transport(&self) -> impl Transport + use<> {
        self.0.transport()
    }

    pub(crate) fn application(&self) -> OAuthBuilder {
        OAuth::builder(PROVIDER, CLIENT_ID, Secret::from(CLIENT_SECRET.to_owned()))
            .token_url(format!("{}{TOKEN}", self.0.url()))
            .redirect_uri(REDIRECT_URI)
            .allow_http_loopback()
            .transport(self.transport())
    }

    pub(crate) fn oauth(&self) -> OAuth {
        self.application().build().expect("the settings are right")
    }

    /// Where the browser of a person who consents is sent.
    pub(crate) fn consent(&self, address: &Url) -> Url {
        let query: Vec<(String, String)> = address.query_pairs().into_owned().collect();
        self.0.change(|acme| acme.authorize(&query))
    }

    /// Tokens of a fresh consent.
    pub(crate) fn tokens(&self) -> Tokens {
        let now = self.0.elapsed();
        self.0.change(|acme| {
            let (consent, refresh) = acme.consented();
            let access = acme.access(consent, now);
            Tokens::new(Some(Secret::from(access)), Some(Secret::from(refresh)))
        })
    }

    pub(crate) fn refuse_access_tokens(&self) {
        self.behave(|acme| acme.access.iter_mut().for_each(|access| access.refused = true));
    }

    pub(crate) fn revoke_all(&self) {
        self.behave(|acme| acme.consents.iter_mut().for_each(|one| one.revoked = true));
    }

    /// From now on each token request meets this fault.
    pub(crate) fn spoil(&self, fault: &Fault) {
        self.0.inject(fault.clone().on(TOKEN));
    }

    /// The next token request meets this fault.
    pub(crate) fn spoil_once(&self, fault: &Fault) {
        self.0.inject(fault.clone().on(TOKEN).once());
    }

    pub(crate) fn clear_faults(&self) {
        self.0.clear_faults();
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.0.requests()
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.0.requests_to(TOKEN)
    }

    /// Requests that were answered with this status.
    pub(crate) fn answered(&self, status: u16) -> usize {
        self.requests().iter().filter(|request| request.status == Some(status)).count()
    }

    /// A connector with the tokens in this store.
    pub(crate) fn reader(&self, store: impl TokenStore) -> Reader {
        self.reader_of(self.oauth(), store, None)
    }

    pub(crate) fn reader_of(&self, oauth: OAuth, store: impl TokenStore, seed: Option<Secret>) -> Reader {
        let session = Session::new(oauth, Arc::new(store), seed);
        let client = Client::builder(self.0.url())
            .allow_http_loopback()
            .transport(self.transport())
            .authorization(session.clone())
            .build()
            .expect("the settings are right");
        Reader { client, session }
    }
}

/// The least connector there can be.
#[derive(Debug)]
pub(crate) struct Reader {
    client: Client,
    pub(crate) session: Session,
}

impl Reader {
    pub(crate) async fn read(&self) -> Result<usize> {
        let request = hris_core::http::Request::get("list people").segments(["people"]);
        self.client.json::<Vec<String>>(&request).await.map(|people| people.len())
    }
}
