//! The short-lived token of requests, obtained with the persistent one.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use hris_core::http::{Authorize, Client, Headers, Request, Response, Vendor, Verdict};
use hris_core::{Error, ErrorKind, Result, Secret, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a token is used if its answer gives no time, or an absurd one.
const UNTOLD: Duration = Duration::from_secs(600);

/// What must remain of a token's life.
const MARGIN: Duration = Duration::from_secs(60);

/// A longer life than this is not believed.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Exchanges the persistent token for access tokens, one at a time, and puts these on requests.
///
/// The persistent token travels in the query of that one call and nowhere else.
pub(crate) struct AccessTokens {
    client: Client,
    persistent: Secret,
    header: String,
    current: Mutex<Option<Current>>,
}

struct Current {
    token: Secret,
    renew_at: Instant,
}

impl AccessTokens {
    /// `client` carries no credential of its own; requests get theirs in the field `header`.
    pub(crate) fn new(client: Client, persistent: Secret, header: String) -> Self {
        Self { client, persistent, header, current: Mutex::new(None) }
    }

    async fn obtain(&self) -> Result<Current> {
        let request =
            Request::get("get an access token").segments(["auth"]).query("token", self.persistent.expose());
        let (token, life) = self.client.exchange(&request, read).await.map_err(explain)?;
        Ok(Current { token, renew_at: Instant::now() + life })
    }
}

#[async_trait]
impl Authorize for AccessTokens {
    async fn authorize(&self, headers: &mut Headers) -> Result<()> {
        let mut current = self.current.lock().await;
        let token = match &*current {
            Some(current) if Instant::now() < current.renew_at => current.token.clone(),
            _ => {
                let fresh = self.obtain().await?;
                let token = fresh.token.clone();
                *current = Some(fresh);
                token
            }
        };
        headers.set(&self.header, format!("Bearer {}", token.expose()));
        Ok(())
    }

    async fn refresh(&self) -> Result<bool> {
        let mut current = self.current.lock().await;
        *current = None;
        *current = Some(self.obtain().await?);
        Ok(true)
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens").field("header", &self.header).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    access_token: Option<String>,
    // Of any type. An unreadable time counts as missing.
    expires_on: Option<serde_json::Value>,
}

/// The token of an answer, and for how long it may be used.
fn read(response: &Response) -> Result<(Secret, Duration)> {
    let answer: Answer = response.json()?;
    let token = answer.access_token.map(Secret::from).filter(|token| !token.is_blank());
    let Some(token) = token else {
        let words = format!("{}: the answer holds no accessToken", response.label());
        return Err(Error::new(ErrorKind::Protocol, words).with_status(response.status()));
    };
    let expires = answer.expires_on.as_ref().and_then(|text| text.as_str()?.parse::<Timestamp>().ok());
    // Measured by the vendor's own clock, which set both times.
    let seconds = expires.zip(response.date()).map(|(end, now)| end.unix_seconds() - now.unix_seconds());
    let told = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    let life = told.filter(|life| *life > MARGIN && *life <= LONGEST);
    Ok((token, life.unwrap_or(UNTOLD).saturating_sub(MARGIN)))
}

/// Adds to an error what a failure of this call means.
fn explain(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Auth => error.with_hint(
            "the persistent token is wrong or was revoked: create a new one in 24SevenOffice Payroll under \
             Settings, Misc",
        ),
        _ => error,
    }
}

/// What the answers of `/auth` mean: only a 401 means that the token is invalid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthWords;

impl Vendor for AuthWords {
    fn classify(&self, _: &Request, response: &Response) -> Option<Verdict> {
        match response.status() {
            408 | 425 | 429 => None,
            400 | 402..=499 => Some(Verdict::Refused(ErrorKind::Unavailable)),
            _ => None,
        }
    }
}
