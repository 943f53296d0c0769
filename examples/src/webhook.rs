//! A receiver of a product's own webhooks, to be put behind any HTTP server: it says which account was
//! changed and when, or why a message is not believed.
//!
//! Messages are signed as in Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. The receiver
//! believes nothing but the account's id and the time: the account itself is read by
//! [`Runner::push`](hris_reconcile::Runner::push).

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use hris_core::{Secret, Timestamp, UserId};
use serde::Deserialize;
use sha2::Sha256;

/// The largest body that is looked at.
const LARGEST: usize = 1024 * 1024;
/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE: i64 = 5 * 60;
/// How long the ids of messages are remembered, in seconds.
const REMEMBERED: i64 = 24 * 60 * 60;

/// The three headers of a message.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// `webhook-id`: the same for each repetition of one message.
    pub id: &'a str,
    /// `webhook-timestamp`: when it was sent, in seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,` and the HMAC in hex; several are separated by spaces.
    pub signature: &'a str,
}

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no event of an account.
    Malformed,
    /// It was received before. Answer that all is well, and do nothing.
    Repeated,
    /// The signature is missing or wrong.
    Signature,
    /// It is too old, or from the future.
    Time,
    /// It is too large.
    TooLarge,
}

/// Believes messages that are signed, new and in time.
pub struct Receiver {
    secret: Secret,
    seen: BTreeMap<String, i64>,
}

impl Receiver {
    /// A receiver of messages signed with this secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self { secret, seen: BTreeMap::new() }
    }

    /// What a message says.
    ///
    /// # Errors
    /// [`Refused`] if it is not to be believed.
    pub fn accept(&mut self, headers: Headers<'_>, body: &[u8], now: Timestamp) -> Result<Event, Refused> {
        if body.len() > LARGEST {
            return Err(Refused::TooLarge);
        }
        let signed = headers.signature.split_whitespace().filter_map(|part| part.strip_prefix("v1,"));
        let right = signed.filter_map(bytes_of).any(|signature| {
            // Compares in constant time.
            self.mac(headers.id, headers.timestamp, body)
                .is_some_and(|mac| mac.verify_slice(&signature).is_ok())
        });
        if !right || headers.id.is_empty() {
            return Err(Refused::Signature);
        }
        let sent: i64 = headers.timestamp.parse().map_err(|_| Refused::Time)?;
        let now = now.unix_seconds();
        if now.abs_diff(sent) > TOLERANCE.unsigned_abs() {
            return Err(Refused::Time);
        }
        self.seen.retain(|_, at| *at + REMEMBERED > now);
        if self.seen.contains_key(headers.id) {
            return Err(Refused::Repeated);
        }
        let message: Message = serde_json::from_slice(body).map_err(|_| Refused::Malformed)?;
        self.seen.insert(headers.id.to_owned(), now);
        Ok(Event { user: UserId::from(message.data.id), at: message.timestamp })
    }

    /// The signature of a message, as the product that sends it makes it.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mac = self.mac(id, timestamp, body).map(|mac| mac.finalize().into_bytes());
        format!("v1,{}", mac.map(|mac| hris_core::hex(&mac)).unwrap_or_default())
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes()).ok()?;
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        Some(mac)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("seen", &self.seen.len()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Message {
    timestamp: Timestamp,
    data: Account,
}

#[derive(Deserialize)]
struct Account {
    id: String,
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    hex.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

    use super::*;

    const BODY: &[u8] = br#"{"type":"user.updated","timestamp":"2026-11-24T10:00:00Z","data":{"id":"u-1"}}"#;

    fn receive(
        receiver: &mut Receiver,
        id: &str,
        sent: &str,
        body: &[u8],
        signature: &str,
    ) -> Result<Event, Refused> {
        let headers = Headers { id, timestamp: sent, signature };
        receiver.accept(headers, body, "2026-11-24T10:00:01Z".parse().unwrap())
    }

    #[test]
    fn what_is_believed_and_what_is_not() {
        let mut receiver = Receiver::new(Secret::from("a secret of the endpoint".to_owned()));
        let now = "2026-11-24T10:00:01Z".parse::<Timestamp>().unwrap().unix_seconds();
        let at = |seconds: i64| (now + seconds).to_string();
        let sign = |id: &str, sent: &str, body: &[u8]| {
            Receiver::new(Secret::from("a secret of the endpoint".to_owned())).sign(id, sent, body)
        };
        let right = sign("m-1", &at(0), BODY);
        for wrong in [
            "",
            "v1,",
            "v1,zz",
            "v2,00",
            &sign("m-2", &at(0), BODY),
            &sign("m-1", &at(1), BODY),
            &sign("m-1", &at(0), b"{}"),
        ] {
            assert_eq!(
                receive(&mut receiver, "m-1", &at(0), BODY, wrong),
                Err(Refused::Signature),
                "{wrong}"
            );
        }
        let event = receive(&mut receiver, "m-1", &at(0), BODY, &format!("v1,00 {right}")).unwrap();
        assert_eq!(event, Event { user: UserId::from("u-1"), at: "2026-11-24T10:00:00Z".parse().unwrap() });
        assert_eq!(receive(&mut receiver, "m-1", &at(0), BODY, &right), Err(Refused::Repeated));
        for late in [at(-301), at(301)] {
            let signature = sign("m-3", &late, BODY);
            assert_eq!(receive(&mut receiver, "m-3", &late, BODY, &signature), Err(Refused::Time));
        }
        let signature = sign("m-4", &at(0), b"{}");
        assert_eq!(receive(&mut receiver, "m-4", &at(0), b"{}", &signature), Err(Refused::Malformed));
        let large = vec![b' '; LARGEST + 1];
        assert_eq!(receive(&mut receiver, "m-5", &at(0), &large, ""), Err(Refused::TooLarge));
        assert!(!format!("{receiver:?}").contains("secret"));
    }
}
