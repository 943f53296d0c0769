//! OAuth 2.0 with an authorisation code and PKCE: from the consent to the tokens, and their renewal.
//!
//! A product sends a person to [`Consent::address`] and keeps the [`Consent`]. When the person comes back, it gives
//! both the consent and the address of that request to [`OAuth::exchange`]. It stores the tokens in a
//! [`TokenStore`](crate::TokenStore). From there a [`Session`] reads them, puts the access token on each request, and
//! renews it.
//!
//! A vendor's own facts are in its [`Provider`]. The client's id and secret go in the form body of a token request.

mod builder;
mod consent;
mod endpoint;
mod provider;
mod session;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use url::Url;

use crate::{Error, ErrorKind, Result, Secret, Tokens};

pub use builder::OAuthBuilder;
pub use consent::Consent;
pub use endpoint::TokenRequest;
pub use provider::Provider;
pub use session::Session;

use endpoint::{Answer, Endpoint};

/// One registered application. It asks for consent, and it obtains and renews tokens.
///
/// Cheap to clone. `Debug` shows neither the client's id nor its secret.
///
/// ```
/// use hris_core::Secret;
/// use hris_core::oauth::{OAuth, Provider};
///
/// const ACME: Provider =
///     Provider::new("Acme", "https://login.acme.example/authorize", "https://login.acme.example/token");
///
/// let oauth = OAuth::builder(ACME, "the client id", Secret::from("the client secret".to_owned()))
///     .redirect_uri("https://product.example/callback")
///     .build()?;
/// let consent = oauth.consent()?;
/// let address = consent.address();
/// assert_eq!(address.host_str(), Some("login.acme.example"));
/// assert!(address.query_pairs().any(|(name, value)| name == "code_challenge_method" && value == "S256"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone)]
pub struct OAuth(Arc<Application>);

struct Application {
    provider: Provider,
    client_id: String,
    auth_url: Url,
    redirect_uri: Option<String>,
    scopes: Vec<String>,
    endpoint: Endpoint,
}

impl OAuth {
    /// A builder for the application with this client id and secret at the vendor.
    pub fn builder(provider: Provider, client_id: impl Into<String>, client_secret: Secret) -> OAuthBuilder {
        OAuthBuilder::new(provider, client_id.into(), client_secret)
    }

    /// Begins one consent, with its own state and PKCE verifier.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the redirect address is missing or if the system gives no random numbers.
    pub fn consent(&self) -> Result<Consent> {
        let redirect = self.redirect_uri()?;
        if Url::parse(redirect).is_err() {
            return Err(Error::new(ErrorKind::Config, "redirect_uri: is not an absolute address"));
        }
        let (state, verifier) = (random()?, random()?);
        let mut address = self.0.auth_url.clone();
        {
            let mut query = address.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &self.0.client_id)
                .append_pair("state", state.expose())
                .append_pair("code_challenge", &challenge(&verifier))
                .append_pair("code_challenge_method", "S256")
                .append_pair("redirect_uri", redirect);
            if !self.0.scopes.is_empty() {
                query.append_pair("scope", &self.0.scopes.join(" "));
            }
        }
        Ok(Consent { address, state, verifier, begun: Instant::now() })
    }

    /// Exchanges the address that the person came back to for tokens. The consent is used up, even after an error.
    ///
    /// An answer may take two minutes. Dropping the future before that loses the tokens.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if consent was refused, if the address belongs to another consent, if the consent is
    /// older than ten minutes, or if the code is not accepted. [`ErrorKind::Config`] if the text is not such an
    /// address, or if the client's id or secret is wrong. [`ErrorKind::Unavailable`] without a usable answer. Begin
    /// a new consent after each of them, because the code may be spent.
    pub async fn exchange(&self, consent: Consent, redirected: &str) -> Result<Tokens> {
        let code = consent.code(redirected)?;
        self.redeem(consent, &code).await
    }

    /// Exchanges a code alone for tokens. The code's only bond to the consent is the PKCE verifier. Use this only for
    /// a person who copied the code by hand, in the process that printed the address.
    ///
    /// # Errors
    /// The errors of [`OAuth::exchange`].
    pub async fn exchange_without_state(&self, consent: Consent, code: &Secret) -> Result<Tokens> {
        if code.is_blank() {
            return Err(Error::new(ErrorKind::Config, "connect: the code is empty"));
        }
        self.redeem(consent, &Secret::from(code.expose().trim().to_owned())).await
    }

    async fn redeem(&self, consent: Consent, code: &Secret) -> Result<Tokens> {
        if consent.has_ended() {
            let words = "connect: the consent was begun more than ten minutes ago; begin again";
            return Err(Error::new(ErrorKind::Auth, words));
        }
        match self.0.endpoint.exchange(code, &consent.verifier, self.redirect_uri()?).await? {
            Answer::Issued(issued) => Ok(issued.tokens),
            Answer::Dead => Err(Error::new(
                ErrorKind::Auth,
                format!(
                    "connect: {} does not accept the code: it is spent, too old or of another application; begin again",
                    self.vendor()
                ),
            )),
            Answer::Refused(error) => Err(error),
        }
    }

    fn vendor(&self) -> &'static str {
        self.0.provider.vendor
    }

    fn redirect_uri(&self) -> Result<&str> {
        let missing = || {
            let words = "redirect_uri: missing; it must be the address registered with the application";
            Error::new(ErrorKind::Config, words)
        };
        self.0.redirect_uri.as_deref().ok_or_else(missing)
    }
}

/// 256 random bits as text: the state of a consent, and a verifier of PKCE, which must have 43 letters or more
/// (RFC 7636, 4.1).
fn random() -> Result<Secret> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits)
        .map_err(|error| Error::new(ErrorKind::Config, "connect: no random numbers").with_source(error))?;
    Ok(Secret::from(URL_SAFE_NO_PAD.encode(bits)))
}

/// What the authorisation server gets of a verifier before it sees it (RFC 7636, 4.2).
fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()))
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("host", &self.0.auth_url.host_str())
            .field("scopes", &self.0.scopes)
            .finish_non_exhaustive()
    }
}
