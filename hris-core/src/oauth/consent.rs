//! One consent: where the person is sent, and the answer they come back with.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

use crate::http::code_word;
use crate::{Error, ErrorKind, Result, Secret};

/// How long a person may take over a consent.
const LONGEST_CONSENT: Duration = Duration::from_secs(600);

/// A consent that has begun: the address for the person, and the secrets that belong to the answer.
///
/// `Debug` shows none of it.
pub struct Consent {
    pub(super) address: Url,
    pub(super) state: Secret,
    pub(super) verifier: Secret,
    pub(super) begun: Instant,
}

/// A consent outside this process.
#[derive(Serialize, Deserialize)]
struct Kept {
    address: Url,
    state: String,
    verifier: String,
}

impl Consent {
    /// Where the person gives consent. The address contains the state, so show it to that person only.
    #[must_use]
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// The whole consent as one secret. A product keeps it until the person is back, for example sealed in the
    /// person's session. It must forget the secret after one use, and after ten minutes.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        let kept = Kept {
            address: self.address.clone(),
            state: self.state.expose().to_owned(),
            verifier: self.verifier.expose().to_owned(),
        };
        // Three texts can always be written as JSON.
        Secret::from(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// The consent of a kept secret. Its ten minutes begin anew, because the secret does not contain its age.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the secret is not a consent.
    pub fn from_secret(kept: &Secret) -> Result<Self> {
        let kept: Kept = serde_json::from_str(kept.expose()).map_err(|_| {
            Error::new(ErrorKind::Config, "connect: the kept secret is not a consent; begin again")
        })?;
        Ok(Self {
            address: kept.address,
            state: Secret::from(kept.state),
            verifier: Secret::from(kept.verifier),
            begun: Instant::now(),
        })
    }

    pub(super) fn has_ended(&self) -> bool {
        self.begun.elapsed() > LONGEST_CONSENT
    }

    /// The code in the address that the person came back to, if the address answers this consent.
    pub(super) fn code(&self, redirected: &str) -> Result<Secret> {
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
        if !matches!(states.as_slice(), [state] if state == self.state.expose()) {
            return refuse(
                ErrorKind::Auth,
                "the address is no answer to this consent (its state differs); begin again and use the newest page",
            );
        }
        if let Some(error) = of("error").first() {
            let told = code_word(error).unwrap_or("no reason that can be shown");
            return refuse(
                ErrorKind::Auth,
                &format!("consent was refused ({told}); begin again and allow it"),
            );
        }
        let mut codes = of("code");
        match (codes.pop(), codes.is_empty()) {
            (Some(code), true) if !code.trim().is_empty() => Ok(Secret::from(code)),
            _ => refuse(ErrorKind::Auth, "the address holds no code; begin again"),
        }
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Consent(…)")
    }
}
