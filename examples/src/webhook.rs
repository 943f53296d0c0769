//! A receiver of a product's own webhooks, to be put behind any HTTP server: it says which account was
//! changed and when, or why a message is not believed.
//!
//! Messages are signed as in [Standard Webhooks](https://www.standardwebhooks.com): HMAC-SHA256 over
//! `id.timestamp.body`, in base64, with a secret that is written `whsec_` and base64. The receiver
//! believes only the account's id and the time: the account itself is read by
//! [`Runner::push`](hris_reconcile::Runner::push).
//!
//! A message counts as received only once [`Receiver::done`] says so, after the push went through. Answer with an
//! error until then: the sender repeats the message, and the repetition is believed.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hris_core::{Secret, Timestamp, UserId};
use serde::Deserialize;
use sha2::Sha256;

/// The largest body that is looked at.
const LARGEST: usize = 1024 * 1024;
/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// How many bytes a secret has.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
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
    /// `webhook-signature`: `v1,` and the HMAC in base64. Several are separated by spaces, as while a
    /// secret is replaced.
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
    /// It was received before and is done. Answer that all is well, and do nothing.
    Repeated,
    /// The signature is missing or wrong.
    Signature,
    /// It is too old, or from the future.
    Time,
    /// It is too large.
    TooLarge,
}

/// The text is no secret of Standard Webhooks: `whsec_` and the base64 of 24 to 64 random bytes, as the
/// sender shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSecret;

impl fmt::Display for InvalidSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the secret of the webhook is not `whsec_` and the base64 of 24 to 64 bytes; copy it from the sender")
    }
}

impl std::error::Error for InvalidSecret {}

/// Believes messages that are signed, new and in time.
pub struct Receiver {
    key: Hmac<Sha256>,
    /// The messages that are done, and when.
    done: BTreeMap<String, i64>,
}

impl Receiver {
    /// A receiver of messages signed with this secret, such as `whsec_MfKQ…`.
    ///
    /// # Errors
    /// [`InvalidSecret`].
    pub fn new(secret: &Secret) -> Result<Self, InvalidSecret> {
        let text = secret.expose().trim().strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let bytes = BASE64.decode(text).map_err(|_| InvalidSecret)?;
        if !SECRET_BYTES.contains(&bytes.len()) {
            return Err(InvalidSecret);
        }
        let key = Hmac::new_from_slice(&bytes).map_err(|_| InvalidSecret)?;
        Ok(Self { key, done: BTreeMap::new() })
    }

    /// What a message says. Call [`Receiver::done`] once what it says was carried out.
    ///
    /// # Errors
    /// [`Refused`] if it is not to be believed.
    pub fn accept(&self, headers: Headers<'_>, body: &[u8], now: Timestamp) -> Result<Event, Refused> {
        if body.len() > LARGEST {
            return Err(Refused::TooLarge);
        }
        let signed = headers.signature.split_whitespace().filter_map(|part| part.strip_prefix("v1,"));
        let mac = self.mac(headers.id, headers.timestamp, body);
        // Compares in constant time.
        let right = signed
            .filter_map(|text| BASE64.decode(text).ok())
            .any(|signature| mac.clone().verify_slice(&signature).is_ok());
        if !right || headers.id.is_empty() {
            return Err(Refused::Signature);
        }
        let sent: i64 = headers.timestamp.parse().map_err(|_| Refused::Time)?;
        let now = now.unix_seconds();
        if now.abs_diff(sent) > TOLERANCE.unsigned_abs() {
            return Err(Refused::Time);
        }
        if self.done.contains_key(headers.id) {
            return Err(Refused::Repeated);
        }
        let message: Message = serde_json::from_slice(body).map_err(|_| Refused::Malformed)?;
        Ok(Event { user: UserId::from(message.data.id), at: message.timestamp })
    }

    /// Remembers that what the message of this id says was carried out, so that its repetitions do nothing.
    pub fn done(&mut self, id: &str, now: Timestamp) {
        let now = now.unix_seconds();
        self.done.retain(|_, at| at.saturating_add(REMEMBERED) > now);
        self.done.insert(id.to_owned(), now);
    }

    /// The signature of a message, as the product that sends it makes it.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        format!("v1,{}", BASE64.encode(self.mac(id, timestamp, body).finalize().into_bytes()))
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("done", &self.done.len()).finish_non_exhaustive()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

    use super::*;

    const BODY: &[u8] = br#"{"type":"user.updated","timestamp":"2026-11-24T10:00:00Z","data":{"id":"u-1"}}"#;

    /// The secret and the message that the reference libraries of Standard Webhooks test themselves with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";

    fn receiver(secret: &str) -> Receiver {
        Receiver::new(&Secret::from(secret.to_owned())).unwrap()
    }

    fn receive(
        receiver: &Receiver,
        id: &str,
        sent: &str,
        body: &[u8],
        signature: &str,
    ) -> Result<Event, Refused> {
        let headers = Headers { id, timestamp: sent, signature };
        receiver.accept(headers, body, "2026-11-24T10:00:01Z".parse().unwrap())
    }

    #[test]
    fn the_known_message_of_the_standard_has_its_known_signature() {
        let (sent, body) = ("1614265330", br#"{"test": 2432232314}"#);
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let receiver = receiver(SECRET);
        assert_eq!(receiver.sign(ID, sent, body), signature);
        let headers = Headers { id: ID, timestamp: sent, signature };
        let at = |seconds: i64| Timestamp::from_unix_seconds(1_614_265_330 + seconds);
        // Its signature and its time are right, and it is no event of an account.
        assert_eq!(receiver.accept(headers, body, at(0)), Err(Refused::Malformed));
        assert_eq!(receiver.accept(headers, body, at(301)), Err(Refused::Time));
        let changed = Headers { timestamp: "1614265331", ..headers };
        assert_eq!(receiver.accept(changed, body, at(0)), Err(Refused::Signature));
    }

    #[test]
    fn secrets_that_are_none_of_the_standard() {
        for secret in [
            "",
            "whsec_",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "a long secret that the product and the receiver share",
            "whsec_not base64!",
            "whsec_c2hvcnQ=",
            &format!("whsec_{}", BASE64.encode([7; 65])),
        ] {
            let refused = Receiver::new(&Secret::from(secret.to_owned())).err();
            assert_eq!(refused, Some(InvalidSecret), "{secret}");
        }
        assert!(Receiver::new(&Secret::from(format!("whsec_{}", BASE64.encode([7; 64])))).is_ok());
    }

    #[test]
    fn what_is_believed_and_what_is_not() {
        let mut own = receiver(SECRET);
        let now = "2026-11-24T10:00:01Z".parse::<Timestamp>().unwrap().unix_seconds();
        let at = |seconds: i64| (now + seconds).to_string();
        let sign = |id: &str, sent: &str, body: &[u8]| receiver(SECRET).sign(id, sent, body);
        let right = sign("m-1", &at(0), BODY);
        let hex = {
            let mac = receiver(SECRET).mac("m-1", &at(0), BODY).finalize().into_bytes();
            format!("v1,{}", hris_core::hex(&mac))
        };
        let of_another = receiver(&format!("whsec_{}", BASE64.encode([7; 32]))).sign("m-1", &at(0), BODY);
        for wrong in [
            "",
            "v1,",
            "v1,zz",
            "v2,AA==",
            &right.replacen("v1,", "v1a,", 1),
            &right.replacen("v1,", "", 1),
            right.trim_end_matches('='),
            &hex,
            &of_another,
            &sign("m-2", &at(0), BODY),
            &sign("m-1", &at(1), BODY),
            &sign("m-1", &at(0), b"{}"),
        ] {
            assert_eq!(receive(&own, "m-1", &at(0), BODY, wrong), Err(Refused::Signature), "{wrong}");
        }
        // While a secret is replaced, messages are signed with both.
        let both = format!("v1a,AA== {of_another} {right}");
        let event = receive(&own, "m-1", &at(0), BODY, &both).unwrap();
        assert_eq!(event, Event { user: UserId::from("u-1"), at: "2026-11-24T10:00:00Z".parse().unwrap() });
        own.done("m-1", Timestamp::from_unix_seconds(now));
        assert_eq!(receive(&own, "m-1", &at(0), BODY, &right), Err(Refused::Repeated));
        for late in [at(-301), at(301)] {
            let signature = sign("m-3", &late, BODY);
            assert_eq!(receive(&own, "m-3", &late, BODY, &signature), Err(Refused::Time));
        }
        let signature = sign("m-4", &at(0), b"{}");
        assert_eq!(receive(&own, "m-4", &at(0), b"{}", &signature), Err(Refused::Malformed));
        let large = vec![b' '; LARGEST + 1];
        assert_eq!(receive(&own, "m-5", &at(0), &large, ""), Err(Refused::TooLarge));
        assert!(!format!("{own:?}").contains("MfKQ"));
    }

    #[test]
    fn a_message_whose_push_failed_is_believed_again() {
        let mut own = receiver(SECRET);
        let sent = "2026-11-24T10:00:01Z".parse::<Timestamp>().unwrap().unix_seconds().to_string();
        let signature = own.sign("m-1", &sent, BODY);
        let first = receive(&own, "m-1", &sent, BODY, &signature).unwrap();
        // The push failed, so the sender got an error and repeats the message.
        assert_eq!(receive(&own, "m-1", &sent, BODY, &signature), Ok(first));
        own.done("m-1", "2026-11-24T10:00:01Z".parse().unwrap());
        assert_eq!(receive(&own, "m-1", &sent, BODY, &signature), Err(Refused::Repeated));
        // A day later nothing repeats it any more, and it is too old to be believed.
        own.done("m-2", "2026-11-25T10:00:02Z".parse().unwrap());
        assert_eq!(own.done.len(), 1);
    }
}
