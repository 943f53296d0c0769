//! What a refusal means in Freshteam and what to do about it, and the account's limit as answers state it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hris_core::http::{Pace, Rate, Response, Said, Vendor, said};
use hris_core::{Error, ErrorKind};

/// How long the account's limit counts, by the vendor's page: "a minute".
const WINDOW: Duration = Duration::from_secs(60);

/// Requests a minute that we allow ourselves of a limit: the share, and always one fewer than the
/// limit, so that no minute, wherever it begins, has more.
pub(crate) fn pace(limit: u64, share: f64) -> u32 {
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    // A product such as 0.7 × 10 may be slightly below its whole number.
    let shared = (f64::from(limit) * share + 1e-6).floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a u32")]
    let shared = shared as u32;
    shared.min(limit.saturating_sub(1)).max(1)
}

/// What Freshteam's refusals say: the code, the field it is about and the request's id.
const SAYS: [Said; 3] = [
    Said::word("/errors/0/code"),
    Said::called("about", "/errors/0/field"),
    Said::request_id("x-request-id"),
];

/// How Freshteam states its limit and words its refusals.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub(crate) share: f64,
    /// The limit as last stated.
    pub(crate) limit: Arc<AtomicU64>,
}

impl Vendor for Words {
    /// The limit and what this request cost give the rate. No header says when the minute ends. So after
    /// other programs used it up, or after a 429 without a time, the wait is a whole minute.
    fn pace(&self, response: &Response) -> Option<Pace> {
        let mut pace = Pace::default();
        if let Some(limit) = response.number("x-ratelimit-total").filter(|limit| *limit > 0) {
            self.limit.store(limit, Ordering::Relaxed);
            let cost = response.number("x-ratelimit-used-currentrequest").unwrap_or(1).max(1);
            let ours = u64::from(self::pace(limit, self.share));
            pace.rate = Some(Rate::per_minute(u32::try_from(ours / cost).unwrap_or(u32::MAX)));
            // Two requests stay in reserve, unless our own share is that small.
            let low = limit.saturating_sub(ours + 2).min(2);
            if response.number("x-ratelimit-remaining").is_some_and(|left| left <= low) {
                pace.hold = Some(WINDOW);
            }
        }
        if response.status() == 429 && !tells_wait(response) {
            pace.hold = Some(WINDOW);
        }
        (pace != Pace::default()).then_some(pace)
    }

    fn words(&self, response: &Response) -> Option<String> {
        said(response, &SAYS)
    }
}

/// Whether a 429 says in a readable way how long to wait.
fn tells_wait(response: &Response) -> bool {
    response.header("retry-after").is_some_and(|text| {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())) || text.ends_with("GMT")
    })
}

/// Adds to an error what the refusal may mean in Freshteam, and what to do. The answer does not distinguish
/// the reasons.
pub(crate) fn explain(error: Error, _: &'static str) -> Error {
    let hint = match (error.kind(), error.status()) {
        (ErrorKind::Auth, _) => {
            "the API key is wrong or was reset, or its user was deactivated, or the account has ended; copy the key \
             again (in Freshteam: profile picture, top right › API Key)"
        }
        (ErrorKind::Permission, _) => {
            "the key works and the role of its user does not allow this; give that user the role HR Partner or Admin \
             (an IP restriction of the account is the other cause)"
        }
        (ErrorKind::Protocol, Some(404)) => "the address is wrong: it should be SUBDOMAIN.freshteam.com/api",
        (ErrorKind::Protocol, Some(200 | 300..=399)) => {
            "no Freshteam account answers at this subdomain, or it was closed, as Freshworks retires the product; \
             compare the subdomain with the browser's address when you are logged in, and if the account has ended, \
             connect the HR system that follows it; nobody is removed"
        }
        _ => return error,
    };
    error.with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_limit() {
        for (limit, share, expected) in [
            (10, 0.8, 8),
            (50, 0.8, 40),
            (50, 1.0, 49),
            (10, 0.7, 7),
            (100, 0.29, 29),
            (1, 1.0, 1),
            (2, 0.01, 1),
            (5_000, 0.8, 4_000),
            (u64::MAX, 1.0, u32::MAX - 1),
        ] {
            assert_eq!(pace(limit, share), expected, "{share} of {limit}");
        }
    }

    #[test]
    fn what_an_answer_says_about_the_pace() {
        let rate = |a_minute| Some(Rate::per_minute(a_minute));
        let minute = Some(WINDOW);
        type Row = (u16, &'static [(&'static str, &'static str)], Option<Rate>, Option<Duration>);
        let rows: [Row; 12] = [
            (200, &[("X-RateLimit-Total", "50"), ("X-RateLimit-Remaining", "47")], rate(40), None),
            (200, &[("x-ratelimit-total", "50.0"), ("x-ratelimit-remaining", "3.0")], rate(40), None),
            (200, &[("x-ratelimit-total", "50"), ("x-ratelimit-remaining", "2")], rate(40), minute),
            (200, &[("x-ratelimit-total", "50"), ("x-ratelimit-remaining", "0")], rate(40), minute),
            (200, &[("x-ratelimit-total", "10"), ("x-ratelimit-remaining", "2")], rate(8), None),
            (200, &[("x-ratelimit-total", "10"), ("x-ratelimit-remaining", "0")], rate(8), minute),
            (200, &[("x-ratelimit-total", "50"), ("x-ratelimit-used-currentrequest", "4")], rate(10), None),
            (200, &[("x-ratelimit-total", "50"), ("x-ratelimit-used-currentrequest", "0")], rate(40), None),
            (200, &[("x-ratelimit-total", "many"), ("x-ratelimit-remaining", "0")], None, None),
            (429, &[], None, minute),
            (429, &[("retry-after", "soon")], None, minute),
            (429, &[("retry-after", "5")], None, None),
        ];
        for (status, headers, rate, hold) in rows {
            let vendor = Words { share: 0.8, limit: Arc::default() };
            let mut response = Response::new(status);
            for (name, value) in headers {
                response = response.with_header(name, *value);
            }
            let pace = vendor.pace(&response).unwrap_or_default();
            assert_eq!((pace.rate, pace.hold), (rate, hold), "{status} {headers:?}");
        }
    }

    #[test]
    fn refusals_are_worded_without_messages() {
        let vendor = Words { share: 0.8, limit: Arc::default() };
        for (body, expected) in [
            (r#"{"errors":[{"code":"forbidden","message":"Ada may not"}]}"#, Some("forbidden")),
            (
                r#"{"errors":[{"code":"invalid_value","message":"x","field":"branch_id"}]}"#,
                Some("invalid_value, about branch_id"),
            ),
            (r#"{"errors":[{"code":"Ada Lovelace, ada@x.example"}]}"#, None),
            (r#"{"message":"Ada"}"#, None),
            (r#"{"error":"Ada"}"#, None),
            ("[]", None),
            ("<html>", None),
            ("", None),
        ] {
            let words = vendor.words(&Response::new(403).with_body(body));
            assert_eq!(words.as_deref(), expected, "{body}");
        }
    }
}
