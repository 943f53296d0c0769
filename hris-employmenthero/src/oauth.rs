//! Employment Hero's authorisation server: its addresses, and the words of its refusals.
//!
//! [`hris_core::oauth`] does everything else: the consent, the tokens and their renewal. Employment Hero demands PKCE
//! from every application, takes the client's credentials in the form body only, and refuses redirect addresses on
//! this machine. A program without a public `https` address lets the person paste the address they came back to.
//!
//! What its pages say about the place of `grant_type`, `redirect_uri` and `refresh_token` differs; see
//! [`TokenRequest`].

use hris_core::http::Response;
use hris_core::oauth::{OAuth, OAuthBuilder, Provider, TokenRequest};
use hris_core::{Secret, config};
use serde_json::Value;

use crate::requirements::ScopeNotation;

/// Employment Hero's authorisation server.
pub const PROVIDER: Provider = Provider::new(
    "Employment Hero",
    "https://oauth.employmenthero.com/oauth2/authorize",
    "https://oauth.employmenthero.com/oauth2/token",
)
.credentials_at("the Developer Portal")
.dead_when(is_dead);

/// The settings of an application that is registered with Employment Hero.
///
/// [`scopes`](crate::scopes()) says which scopes a mapping needs. By default a consent names none, as other clients of
/// this vendor do, and the application's own scopes hold.
///
/// ```
/// use hris_core::Secret;
///
/// let secret = Secret::from("the client secret".to_owned());
/// let oauth = hris_employmenthero::oauth::application("the client id", secret)
///     .redirect_uri("https://product.example/callback")
///     .build()?;
/// assert_eq!(oauth.consent()?.address().host_str(), Some("oauth.employmenthero.com"));
/// # Ok::<(), hris_core::Error>(())
/// ```
pub fn application(client_id: impl Into<String>, client_secret: Secret) -> OAuthBuilder {
    OAuth::builder(PROVIDER, client_id, client_secret)
}

config! {
    /// The settings of an application that is registered with Employment Hero.
    pub config Application {
        /// Where the vendor sends people back to, exactly as registered with the application. It has to begin with
        /// https://, and need not lead anywhere.
        neither redirect_uri: Option<String>;
        /// The whole address of the consent page.
        neither auth_url: Option<String>;
        /// The whole address of the token endpoint.
        neither token_url: Option<String>;
        /// The scopes that the consent names, as the application's page in the Developer Portal shows them. By default
        /// it names none, so that those of the application hold.
        neither scopes: Option<Vec<String>>;
        /// How the scopes are written that `send_scope` names. The application's page shows which notation is right.
        neither scope_notation: ScopeNotation;
        /// Whether the consent names scopes. It names those of `scopes`, else what the mapping needs. By default it
        /// does only if `scopes` is set.
        neither send_scope: Option<bool>;
        /// Where the parts of a token request go. All of them in the body, or some in the query.
        neither token_request: TokenRequest;
    }
}

/// One client has seen a dead refresh token refused with this message in place of `invalid_grant`.
fn is_dead(answer: &Response) -> bool {
    let body: Option<Value> = answer.json().ok();
    body.is_some_and(|body| body.get("message").and_then(Value::as_str) == Some("Invalid token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_a_dead_token_is_known() {
        for (body, expected) in [
            (r#"{"message":"Invalid token"}"#, true),
            (r#"{"message":"invalid token"}"#, false),
            (r#"{"error":"Invalid token"}"#, false),
            ("<html>Invalid token", false),
        ] {
            assert_eq!(is_dead(&Response::new(400).with_body(body)), expected, "{body}");
        }
    }
}
