//! The settings of one application.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::endpoint::{Endpoint, TokenRequest};
use super::{Application, OAuth, Provider};
use crate::http::{Transport, is_loopback};
use crate::{Error, ErrorKind, Result, Secret};

/// Builds an [`OAuth`].
#[must_use]
pub struct OAuthBuilder {
    provider: Provider,
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
    pub(super) fn new(provider: Provider, client_id: String, client_secret: Secret) -> Self {
        Self {
            provider,
            client_id,
            client_secret,
            redirect_uri: None,
            auth_url: provider.auth_url.to_owned(),
            token_url: provider.token_url.to_owned(),
            scopes: Vec::new(),
            token_request: TokenRequest::default(),
            loopback: false,
            transport: None,
        }
    }

    /// Where the person comes back to, exactly as registered with the application. A consent needs it; a renewal
    /// does not.
    pub fn redirect_uri(mut self, address: impl Into<String>) -> Self {
        self.redirect_uri = Some(address.into());
        self
    }

    /// The address of the consent page, in place of the provider's.
    pub fn auth_url(mut self, address: impl Into<String>) -> Self {
        self.auth_url = address.into();
        self
    }

    /// The address of the token endpoint, in place of the provider's. The client's secret goes there and nowhere
    /// else.
    pub fn token_url(mut self, address: impl Into<String>) -> Self {
        self.token_url = address.into();
        self
    }

    /// The scopes that the consent names. By default it names none, and the vendor takes those of the application.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Where the parts of a token request go. By default [`TokenRequest::Body`].
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

    /// The application, after a check of every setting. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the setting.
    pub fn build(self) -> Result<OAuth> {
        let refuse = |words: String| Err(Error::new(ErrorKind::Config, words));
        if self.client_id.trim().is_empty() || self.client_secret.is_blank() {
            let place = self.provider.credentials_at;
            return refuse(format!("client_id, client_secret: both are needed; see {place}"));
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
            self.provider,
            &self.token_url,
            (self.client_id.clone(), self.client_secret),
            self.token_request,
            self.loopback,
            self.transport,
        )?;
        Ok(OAuth(Arc::new(Application {
            provider: self.provider,
            client_id: self.client_id,
            auth_url,
            redirect_uri: self.redirect_uri,
            scopes: self.scopes,
            endpoint,
        })))
    }
}

/// Whether a person may be sent there to log in.
fn is_safe(url: &Url, loopback: bool) -> bool {
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let here = loopback && is_loopback(url);
    plain && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

impl fmt::Debug for OAuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBuilder")
            .field("provider", &self.provider)
            .field("scopes", &self.scopes)
            .field("token_request", &self.token_request)
            .finish_non_exhaustive()
    }
}
