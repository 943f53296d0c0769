//! Reads a webhook as a hint that one person should be fetched again.
//!
//! Its content is never applied: it can be old, repeated or forged in parts that no signature covers. Fetch
//! the person with [`Directory::get`](hris_core::Directory::get), and leave the rest to the next snapshot.

use hmac::{Hmac, KeyInit, Mac};
use hris_core::{EmployeeId, Error, ErrorKind, Result, Secret};
use sha2::Sha256;

/// The header that carries the signature, as seen in clients; Humaans does not document it.
pub const SIGNATURE_HEADER: &str = "x-humaans-signature";

/// Returns the person a webhook is about, after checking its signature.
///
/// With a `secret`, a missing or wrong `signature` is refused: it must be the hex HMAC-SHA256 of the raw
/// `body`, with or without `sha256=` before it, in any case. Without a secret nothing is verified, and
/// anybody can make your program fetch one person.
///
/// ```
/// use hris_humaans::webhook::hint;
///
/// let body = br#"{"event":"person.updated","data":{"id":"q3Vn7TzLw0Bc4XyKd9Hs2MfR"}}"#;
/// assert_eq!(hint(body, None, None)?.as_str(), "q3Vn7TzLw0Bc4XyKd9Hs2MfR");
///
/// let secret = hris_core::Secret::from("the endpoint's secret".to_owned());
/// assert!(hint(body, Some("sha256=00"), Some(&secret)).is_err());
/// # Ok::<(), hris_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Auth`] for a signature that is missing or wrong, [`ErrorKind::TooLarge`] above 1 MiB,
/// [`ErrorKind::Protocol`] for a body that names no person.
pub fn hint(body: &[u8], signature: Option<&str>, secret: Option<&Secret>) -> Result<EmployeeId> {
    if let Some(secret) = secret {
        verify(body, signature, secret)?;
    }
    let is_id = |id: &str| !id.trim().is_empty();
    hris_core::connector::hint(
        body,
        "read a webhook",
        &["/data/id", "/data/personId", "/personId", "/id"],
        is_id,
    )
}

fn verify(body: &[u8], signature: Option<&str>, secret: &Secret) -> Result<()> {
    let refuse = |what: &str| Error::new(ErrorKind::Auth, format!("read a webhook: {what}"));
    if secret.is_blank() {
        return Err(refuse("the secret is empty"));
    }
    let signature = signature.ok_or_else(|| refuse("it is not signed"))?;
    let wrong = || refuse("the signature is wrong");
    let mac = decode(signature).ok_or_else(wrong)?;
    let mut expected = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map_err(|_| wrong())?;
    expected.update(body);
    // Compares in constant time.
    expected.verify_slice(&mac).map_err(|_| wrong())
}

/// The bytes of a hex text, whatever its case and prefix.
fn decode(signature: &str) -> Option<Vec<u8>> {
    let text = signature.trim();
    let hex = match text.split_once('=') {
        Some((prefix, hex)) if prefix.eq_ignore_ascii_case("sha256") => hex,
        Some(_) => return None,
        None => text,
    };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = hex.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"event":"person.updated","data":{"personId":"p1"}}"#;

    fn sign(body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret").unwrap();
        mac.update(body);
        hris_core::hex(&mac.finalize().into_bytes())
    }

    #[test]
    fn a_known_signature() {
        // RFC 4231, test case 2.
        let secret = Secret::from("Jefe".to_owned());
        let mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let error = hint(b"what do ya want for nothing?", Some(mac), Some(&secret)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "signed rightly, but it names nobody");
    }

    #[test]
    fn signatures() {
        let secret = Secret::from("s3cret".to_owned());
        let right = sign(BODY);
        for good in [right.clone(), format!("sha256={right}"), format!(" SHA256={} ", right.to_uppercase())] {
            assert_eq!(hint(BODY, Some(&good), Some(&secret)).unwrap().as_str(), "p1");
        }
        let other = sign(b"{}");
        for bad in ["", "sha256=", "zz", &right[1..], &right[2..], &other, &format!("sha1={right}"), "é"] {
            assert_eq!(hint(BODY, Some(bad), Some(&secret)).unwrap_err().kind(), ErrorKind::Auth, "{bad}");
        }
        assert_eq!(hint(BODY, None, Some(&secret)).unwrap_err().kind(), ErrorKind::Auth);
        let empty = Secret::from(String::new());
        assert_eq!(hint(BODY, Some(&right), Some(&empty)).unwrap_err().kind(), ErrorKind::Auth);
        let mut changed = BODY.to_vec();
        changed.push(b' ');
        assert_eq!(hint(&changed, Some(&right), Some(&secret)).unwrap_err().kind(), ErrorKind::Auth);
    }

    #[test]
    fn whom_it_is_about() {
        for (body, expected) in [
            (r#"{"data":{"id":"a","personId":"b"},"personId":"c","id":"d"}"#, Some("a")),
            (r#"{"data":{"personId":"b"},"personId":"c","id":"d"}"#, Some("b")),
            (r#"{"data":[],"personId":"c","id":"d"}"#, Some("c")),
            (r#"{"id":"d"}"#, Some("d")),
            (r#"{"id":17}"#, Some("17")),
            (r#"{"data":{"id":" "}}"#, None),
            (r#"{"data":{"id":{}}}"#, None),
            ("[]", None),
            ("<html>", None),
        ] {
            let found = hint(body.as_bytes(), None, None);
            assert_eq!(found.as_ref().ok().map(EmployeeId::as_str), expected, "{body}");
        }
        let large = vec![b' '; 1024 * 1024 + 1];
        assert_eq!(hint(&large, None, None).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}
