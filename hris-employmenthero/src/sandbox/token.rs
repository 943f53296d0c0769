//! The authorisation server: applications, consents, grants and tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use hris_core::http::is_loopback;
use hris_core::oauth::TokenRequest;
use hris_core::sandbox::{Answer, OWN_WORDS, Received};
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use serde_json::json;
use url::{Url, form_urlencoded};

use super::behaviour::Rotation;
use super::world::World;

/// Scopes that an application of the sandbox has unless a test takes some away.
pub(super) const SCOPES: [&str; 10] = [
    "organisations:list",
    "organisations:show",
    "employees:list",
    "employees:show",
    "teams:list",
    "teams:employees:list",
    "work_locations:list",
    "work_sites:list",
    "custom_fields:list",
    "employees:custom_fields:list",
];

/// The registered application, and everything that was granted to it.
pub(super) struct Authority {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: BTreeSet<String>,
    /// People whom the next person to consent does not see.
    pub(super) hidden: BTreeSet<String>,
    /// The organisation with single sign-on in which the next person to consent logs in.
    pub(super) signed_in: Option<String>,
    codes: Vec<Code>,
    pub(super) grants: Vec<Granted>,
    access: Vec<Access>,
}

struct Code {
    text: String,
    challenge: String,
    redirect: String,
    grant: usize,
    used: bool,
}

/// What one person granted.
pub(super) struct Granted {
    pub(super) scopes: BTreeSet<String>,
    pub(super) hidden: BTreeSet<String>,
    pub(super) signed_in: Option<String>,
    pub(super) revoked: bool,
    refresh: Vec<String>,
    /// Refresh tokens that were used and replaced.
    spent: Vec<String>,
}

struct Access {
    text: String,
    grant: usize,
    ends: Duration,
    refused: bool,
}

impl Authority {
    pub(super) fn new(client_id: &str, client_secret: &str, redirect_uri: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            hidden: BTreeSet::new(),
            signed_in: None,
            codes: Vec::new(),
            grants: Vec::new(),
            access: Vec::new(),
        }
    }

    /// The grant that a bearer token stands for, if it is good now.
    pub(super) fn bearer(&self, token: Option<&str>, now: Duration) -> Option<&Granted> {
        let access = self.access.iter().find(|access| Some(&*access.text) == token)?;
        let good = !access.refused && access.ends > now;
        self.grants.get(access.grant).filter(|grant| good && !grant.revoked)
    }

    /// Revokes everything that was granted with this token.
    pub(super) fn revoke(&mut self, token: &str) {
        let grant = self.access.iter().find(|access| access.text == token).map(|access| access.grant);
        if let Some(grant) = grant.and_then(|grant| self.grants.get_mut(grant)) {
            grant.revoked = true;
        }
    }

    /// Has every access token so far refused, as when a firewall or a restart forgets them.
    pub(super) fn refuse_access_tokens(&mut self) {
        self.access.iter_mut().for_each(|access| access.refused = true);
    }
}

impl World {
    /// Makes a grant as if somebody had consented, and answers its number.
    pub(super) fn grant(&mut self, scopes: BTreeSet<String>) -> usize {
        let authority = &mut self.authority;
        authority.grants.push(Granted {
            scopes,
            hidden: authority.hidden.clone(),
            signed_in: authority.signed_in.clone(),
            revoked: false,
            refresh: Vec::new(),
            spent: Vec::new(),
        });
        authority.grants.len() - 1
    }

    /// A refresh token of a grant, beside those that it has.
    pub(super) fn refresh_token(&mut self, grant: usize, text: Option<String>) -> String {
        let text = text.unwrap_or_else(|| format!("eh-refresh-{}", self.rng.text(32)));
        if let Some(grant) = self.authority.grants.get_mut(grant) {
            grant.refresh.push(text.clone());
        }
        text
    }

    /// An access token of a grant.
    pub(super) fn access_token(&mut self, grant: usize, ends: Duration) -> String {
        let text = format!("eh-access-{}", self.rng.text(32));
        self.authority.access.push(Access { text: text.clone(), grant, ends, refused: false });
        text
    }

    /// The consent page. The logged-in person consents at once and is sent back.
    pub(super) fn authorize(&mut self, query: &[(String, String)]) -> Answer {
        let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let redirect = get("redirect_uri").unwrap_or_default().to_owned();
        let here = is_here(&redirect);
        if self.behaviour.loopback_refused && here {
            return help(
                403,
                "403 Forbidden",
                "redirect addresses on this machine are refused; use one that begins with https://",
            );
        }
        let authority = &self.authority;
        if get("client_id") != Some(&authority.client_id) {
            return help(
                400,
                "Unknown application",
                "the client id is not the one that the sandbox printed at its start",
            );
        }
        if !here && redirect != authority.redirect_uri {
            let text = format!(
                "the redirect address of this consent is not registered with the application. Registered is {}: put it into \
                 redirect_uri of [source] and paste the answer in{}. Stop `hris connect` with Ctrl-C before",
                authority.redirect_uri,
                if self.behaviour.loopback_refused { "" } else { ", or leave redirect_uri out" }
            );
            return help(400, "Unknown redirect address", &text);
        }
        let back = |parameters: &[(&str, &str)]| {
            let mut target = form_urlencoded::Serializer::new(String::new());
            target.extend_pairs(parameters);
            target.extend_pairs(get("state").map(|state| ("state", state)));
            let glue = if redirect.contains('?') { '&' } else { '?' };
            Answer::empty(302).header("Location", format!("{redirect}{glue}{}", target.finish()))
        };
        let challenge = get("code_challenge").unwrap_or_default().to_owned();
        if get("response_type") != Some("code")
            || challenge.is_empty()
            || get("code_challenge_method") != Some("S256")
        {
            return back(&[("error", "invalid_request"), ("error_description", OWN_WORDS)]);
        }
        let scopes: BTreeSet<String> = match get("scope") {
            None => authority.scopes.clone(),
            Some(asked) => asked.split_whitespace().map(str::to_owned).collect(),
        };
        if !scopes.is_subset(&authority.scopes) {
            return back(&[("error", "invalid_scope")]);
        }
        let code = format!("eh-code-{}", self.rng.text(24));
        let grant = self.grant(scopes);
        let answer = back(&[("code", &code)]);
        self.authority.codes.push(Code { text: code, challenge, redirect, grant, used: false });
        answer
    }

    /// The token endpoint.
    pub(super) fn token(&mut self, request: &Received) -> Answer {
        let form = request.form();
        let own = ["client_id", "client_secret", "code", "code_verifier"];
        if own.iter().any(|name| request.parameter(name).is_some()) || form.is_empty() {
            return refuse(400, "invalid_request");
        }
        let of = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let routed = |name: &str| match self.behaviour.token_request {
            TokenRequest::Split => request.parameter(name).map(str::to_owned),
            _ => of(name).filter(|_| request.parameter(name).is_none()),
        };
        if of("client_id").as_ref() != Some(&self.authority.client_id)
            || of("client_secret").as_ref() != Some(&self.authority.client_secret)
        {
            return refuse(401, "invalid_client");
        }
        match routed("grant_type").as_deref() {
            Some("authorization_code") => {
                let redirect = routed("redirect_uri");
                self.redeem(request, of("code"), of("code_verifier"), redirect)
            }
            Some("refresh_token") => {
                let token = routed("refresh_token");
                self.renew(request, token)
            }
            _ => refuse(400, "unsupported_grant_type"),
        }
    }

    fn redeem(
        &mut self,
        request: &Received,
        code: Option<String>,
        verifier: Option<String>,
        redirect: Option<String>,
    ) -> Answer {
        let Some(verifier) = verifier.filter(|verifier| (43..=128).contains(&verifier.len())) else {
            return refuse(400, "invalid_request");
        };
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier));
        let known = self.authority.codes.iter_mut().find(|known| Some(&known.text) == code.as_ref());
        let Some(known) = known.filter(|known| !known.used) else { return refuse(400, "invalid_grant") };
        // A code is spent by the first attempt, right or wrong.
        known.used = true;
        if known.challenge != challenge.as_str() || redirect.as_ref() != Some(&known.redirect) {
            return refuse(400, "invalid_grant");
        }
        let grant = known.grant;
        let refresh = self.refresh_token(grant, None);
        self.tokens(request, grant, Some(refresh))
    }

    fn renew(&mut self, request: &Received, token: Option<String>) -> Answer {
        let Some(token) = token else { return refuse(400, "invalid_request") };
        let has = |grant: &Granted| !grant.revoked && grant.refresh.contains(&token);
        let Some(grant) = self.authority.grants.iter().position(has) else {
            if self.behaviour.rotation == Rotation::ReuseEnds {
                let stolen = self.authority.grants.iter_mut().filter(|grant| grant.spent.contains(&token));
                stolen.for_each(|grant| grant.revoked = true);
            }
            return refuse(400, "invalid_grant");
        };
        let next = match self.behaviour.rotation {
            Rotation::Silent => None,
            Rotation::OldLives => Some(self.refresh_token(grant, None)),
            Rotation::OldDies | Rotation::ReuseEnds => {
                let next = self.refresh_token(grant, None);
                if let Some(grant) = self.authority.grants.get_mut(grant) {
                    grant.refresh.retain(|known| *known != token);
                    grant.spent.push(token);
                }
                Some(next)
            }
        };
        self.tokens(request, grant, next)
    }

    fn tokens(&mut self, request: &Received, grant: usize, refresh: Option<String>) -> Answer {
        let life = self.behaviour.token_life;
        let access = self.access_token(grant, request.at.saturating_add(life));
        let scopes = self
            .authority
            .grants
            .get(grant)
            .map(|grant| grant.scopes.iter().cloned().collect::<Vec<_>>().join(" "));
        let mut body =
            json!({ "access_token": access, "token_type": "bearer", "expires_in": life.as_secs() });
        if let Some(members) = body.as_object_mut() {
            members.extend(refresh.map(|refresh| ("refresh_token".to_owned(), json!(refresh))));
            let scopes = scopes.filter(|_| self.behaviour.scope_told);
            members.extend(scopes.map(|scopes| ("scope".to_owned(), json!(scopes))));
        }
        Answer::json(&body)
    }
}

/// Whether an address leads to a port of this machine.
fn is_here(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| is_loopback(&url))
}

/// A page of the sandbox that says what to do.
fn help(status: u16, title: &str, text: &str) -> Answer {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><body><h1>{title}</h1>\
         <p>Sandbox of Employment Hero: {text}.</p></body></html>"
    );
    Answer::new(page, "text/html; charset=utf-8").status(status)
}

fn refuse(status: u16, error: &str) -> Answer {
    Answer::json(&json!({ "error": error, "error_description": format!("refused, in {OWN_WORDS}") }))
        .status(status)
}
