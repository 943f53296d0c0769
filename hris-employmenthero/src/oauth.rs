//! OAuth 2.0, authorisation code with PKCE: from the consent to a grant, and its renewal.
//!
//! A product sends a person to [`Consent::address`], keeps the [`Consent`], and hands both it and
//! the address the person came back with to [`OAuth::exchange`]. What comes of it is stored in a
//! [`GrantStore`](hris_core::GrantStore), from which the connector reads and renews it by itself.
//!
//! Employment Hero demands PKCE from everybody, takes the client's credentials in the form body
//! only, and rejects redirect addresses on this machine; so a program without a public `https`
//! address lets the person paste the address they came back to.

mod session;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hris_core::http::{Transport, code_word};
use hris_core::{Error, ErrorKind, Grant, Result, Secret};
use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::{Host, Url};

pub(crate) use session::Session;
pub use token::TokenRequest;
use token::{Answer, Endpoint};

/// Where consent is given, unless [`OAuthBuilder::auth_url`] says otherwise.
const AUTH_URL: &str = "https://oauth.employmenthero.com/oauth2/authorize";
/// Where codes become tokens, unless [`OAuthBuilder::token_url`] says otherwise.
const TOKEN_URL: &str = "https://oauth.employmenthero.com/oauth2/token";
/// How long a consent may be under way.
const LONGEST_CONSENT: Duration = Duration::from_secs(600);

/// One registered application: it asks for consent, and makes and renews grants.
///
/// Cheap to clone. `Debug` shows neither the client's id nor its secret.
///
/// ```
/// use hris_core::Secret;
/// use hris_employmenthero::oauth::OAuth;
///
/// let oauth = OAuth::builder("the client id", Secret::from("the client secret".to_owned()))
///     .redirect_uri("https://product.example/callback")
///     .build()?;
/// let consent = oauth.consent()?;
/// let address = consent.address();
/// assert_eq!(address.host_str(), Some("oauth.employmenthero.com"));
/// assert!(address.query_pairs().any(|(name, value)| name == "code_challenge_method" && value == "S256"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone)]
pub struct OAuth(Arc<Application>);

struct Application {
    client_id: String,
    auth_url: Url,
    redirect_uri: Option<String>,
    scopes: Vec<String>,
    endpoint: Endpoint,
}

impl OAuth {
    /// A builder for the application of this client id and secret.
    pub fn builder(client_id: impl Into<String>, client_secret: Secret) -> OAuthBuilder {
        OAuthBuilder {
            client_id: client_id.into(),
            client_secret,
            redirect_uri: None,
            auth_url: AUTH_URL.to_owned(),
            token_url: TOKEN_URL.to_owned(),
            scopes: Vec::new(),
            token_request: TokenRequest::default(),
            loopback: false,
            transport: None,
        }
    }

    /// Begins one consent, with a state and a PKCE verifier of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] without a redirect address.
    pub fn consent(&self) -> Result<Consent> {
        let redirect = RedirectUrl::new(self.redirect_uri()?.to_owned())
            .map_err(|_| Error::new(ErrorKind::Config, "redirect_uri: is no absolute address"))?;
        let client = BasicClient::new(ClientId::new(self.0.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(self.0.auth_url.clone()))
            .set_redirect_uri(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.0.scopes.iter().cloned().map(Scope::new);
        let (address, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        Ok(Consent {
            address,
            state: Secret::from(state.into_secret()),
            verifier: Secret::from(verifier.into_secret()),
            begun: Instant::now(),
        })
    }

    /// Makes a grant of the address that the person came back to. The consent is used up, whatever
    /// comes of it.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if consent was refused, if the address belongs to another consent or is
    /// older than ten minutes, or if the code is not accepted: begin again. [`ErrorKind::Config`]
    /// if it is no such address or the client's id or secret is wrong. [`ErrorKind::Unavailable`]
    /// without a usable answer: begin again, because the code may be spent. The answer is waited for as long as
    /// two minutes; a future that is dropped before loses what it was about to bring.
    pub async fn exchange(&self, consent: Consent, redirected: &str) -> Result<Grant> {
        let code = code(&consent, redirected)?;
        self.redeem(consent, &code).await
    }

    /// Makes a grant of a code alone, which nothing ties to this consent but that it is redeemed
    /// with its verifier. Only for a person who copied the code by hand, in the process that
    /// printed the address.
    ///
    /// # Errors
    /// As [`OAuth::exchange`].
    pub async fn exchange_without_state(&self, consent: Consent, code: &Secret) -> Result<Grant> {
        if code.is_blank() {
            return Err(Error::new(ErrorKind::Config, "connect: the code is empty"));
        }
        self.redeem(consent, &Secret::from(code.expose().trim().to_owned())).await
    }

    async fn redeem(&self, consent: Consent, code: &Secret) -> Result<Grant> {
        if consent.begun.elapsed() > LONGEST_CONSENT {
            let words = "connect: the consent was begun more than ten minutes ago; begin again";
            return Err(Error::new(ErrorKind::Auth, words));
        }
        match self.0.endpoint.exchange(code, &consent.verifier, self.redirect_uri()?).await? {
            Answer::Granted(granted) => Ok(granted.grant),
            Answer::Dead => Err(Error::new(
                ErrorKind::Auth,
                "connect: Employment Hero does not accept the code: it is spent, too old or of another application; \
                 begin again",
            )),
            Answer::Refused(error) => Err(error),
        }
    }

    fn redirect_uri(&self) -> Result<&str> {
        let missing = || {
            let words = "redirect_uri: missing; it must be the address registered with the application";
            Error::new(ErrorKind::Config, words)
        };
        self.0.redirect_uri.as_deref().ok_or_else(missing)
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("host", &self.0.auth_url.host_str())
            .field("scopes", &self.0.scopes)
            .finish_non_exhaustive()
    }
}

/// The code in the address a person came back to, if it is an answer to this consent.
fn code(consent: &Consent, redirected: &str) -> Result<Secret> {
    let refuse = |kind, words: &str| Err(Error::new(kind, format!("connect: {words}")));
    let Ok(address) = Url::parse(redirected.trim()) else {
        return refuse(
            ErrorKind::Config,
            "this is no address; paste the whole one from the address bar, with code and state in it",
        );
    };
    let of = |wanted: &str| -> Vec<String> {
        let pairs = address.query_pairs().filter(|(name, _)| name == wanted);
        pairs.map(|(_, value)| value.into_owned()).collect()
    };
    let states = of("state");
    if !matches!(states.as_slice(), [state] if state == consent.state.expose()) {
        return refuse(
            ErrorKind::Auth,
            "the address is no answer to this consent (its state differs); begin again and use the newest page",
        );
    }
    if let Some(error) = of("error").first() {
        let told = code_word(error).unwrap_or("no reason that can be shown");
        return refuse(ErrorKind::Auth, &format!("consent was refused ({told}); begin again and allow it"));
    }
    let mut codes = of("code");
    match (codes.pop(), codes.is_empty()) {
        (Some(code), true) if !code.trim().is_empty() => Ok(Secret::from(code)),
        _ => refuse(ErrorKind::Auth, "the address holds no code; begin again"),
    }
}

/// One consent under way: where to send the person, and what must be kept until they are back.
///
/// `Debug` shows nothing of it.
pub struct Consent {
    address: Url,
    state: Secret,
    verifier: Secret,
    begun: Instant,
}

/// What is kept of a consent outside this process.
#[derive(Serialize, Deserialize)]
struct Kept {
    address: Url,
    state: String,
    verifier: String,
}

impl Consent {
    /// Where the person gives consent. It holds the state, so it belongs to that person alone.
    #[must_use]
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// The whole consent as one secret, to be kept until the person is back, such as sealed in
    /// their session. Whoever keeps it forgets it after one use and after ten minutes.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        let kept = Kept {
            address: self.address.clone(),
            state: self.state.expose().to_owned(),
            verifier: self.verifier.expose().to_owned(),
        };
        // Three texts are always told in JSON.
        Secret::from(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// The consent that was kept. Its ten minutes begin anew, because nobody here knows its age.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if this is none.
    pub fn from_secret(kept: &Secret) -> Result<Self> {
        let kept: Kept = serde_json::from_str(kept.expose()).map_err(|_| {
            Error::new(ErrorKind::Config, "connect: what was kept is no consent; begin again")
        })?;
        Ok(Self {
            address: kept.address,
            state: Secret::from(kept.state),
            verifier: Secret::from(kept.verifier),
            begun: Instant::now(),
        })
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Consent(…)")
    }
}

/// Builds an [`OAuth`].
#[must_use]
pub struct OAuthBuilder {
    client_id: String,
    client_secret: Secret,
    redirect_uri: Option<String>,
    auth_url: String,
    token_url: String,
    scopes: Vec<String>,
    token_request: TokenRequest,
    loopback: bool,
    transport: Option<Arc<dyn Transport>>,
}

impl OAuthBuilder {
    /// Where the person comes back to: exactly as registered with the application. Needed for a
    /// consent, not for renewing a grant.
    pub fn redirect_uri(mut self, address: impl Into<String>) -> Self {
        self.redirect_uri = Some(address.into());
        self
    }

    /// The address of the consent page. `https://oauth.employmenthero.com/oauth2/authorize`.
    pub fn auth_url(mut self, address: impl Into<String>) -> Self {
        self.auth_url = address.into();
        self
    }

    /// The address of the token endpoint. `https://oauth.employmenthero.com/oauth2/token`; the
    /// client's secret goes there and nowhere else.
    pub fn token_url(mut self, address: impl Into<String>) -> Self {
        self.token_url = address.into();
        self
    }

    /// The scopes that the consent names, in whichever notation the application shows them. By default it
    /// names none and those of the application hold, which is what other clients of this vendor do;
    /// [`scopes`](crate::scopes()) says what a mapping needs.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Where the parts of a token request go. [`TokenRequest::Body`].
    pub fn token_request(mut self, style: TokenRequest) -> Self {
        self.token_request = style;
        self
    }

    /// Allows `http` to this machine itself, for sandboxes and tests.
    pub fn allow_http_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Sends through `transport` in place of the network, for tests and simulations.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The application, if every setting can be right. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the setting.
    pub fn build(self) -> Result<OAuth> {
        let refuse = |words: String| Err(Error::new(ErrorKind::Config, words));
        if self.client_id.trim().is_empty() || self.client_secret.is_blank() {
            return refuse("client_id, client_secret: both are needed; see the Developer Portal".to_owned());
        }
        if let Some(scope) =
            self.scopes.iter().find(|scope| scope.is_empty() || scope.contains(char::is_whitespace))
        {
            return refuse(format!("scopes: {scope:?} is not one scope"));
        }
        if let Some(redirect) = &self.redirect_uri
            && !Url::parse(redirect).is_ok_and(|url| url.has_host() && url.fragment().is_none())
        {
            return refuse("redirect_uri: must be one absolute address without a fragment".to_owned());
        }
        let auth_url = match Url::parse(&self.auth_url) {
            Ok(url) if is_safe(&url, self.loopback) => url,
            _ => return refuse("auth_url: must be a whole https address".to_owned()),
        };
        let endpoint = Endpoint::new(
            &self.token_url,
            (self.client_id.clone(), self.client_secret),
            self.token_request,
            self.loopback,
            self.transport,
        )?;
        Ok(OAuth(Arc::new(Application {
            client_id: self.client_id,
            auth_url,
            redirect_uri: self.redirect_uri,
            scopes: self.scopes,
            endpoint,
        })))
    }
}

/// Whether a person's login may be sent there.
fn is_safe(url: &Url, loopback: bool) -> bool {
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    plain && (url.scheme() == "https" || (url.scheme() == "http" && loopback && here))
}

impl fmt::Debug for OAuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBuilder")
            .field("scopes", &self.scopes)
            .field("token_request", &self.token_request)
            .finish_non_exhaustive()
    }
}
