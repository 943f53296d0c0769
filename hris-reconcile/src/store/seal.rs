//! Seals secrets, so that a copy of the state does not show them.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, Generate as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hris_core::Secret;
use sha2::{Digest as _, Sha256};

use crate::{Error, ErrorKind, Result};

/// The shortest key. It is hashed and not stretched, so it has to be random.
const LEAST: usize = 32;
/// The length of the nonce before each sealed content.
const NONCE: usize = 24;

/// Seals and opens with one key. `Debug` shows nothing of it.
#[derive(Clone)]
pub(super) struct Seal(XChaCha20Poly1305);

impl Seal {
    pub(super) fn new(key: &Secret) -> Result<Self> {
        let key = key.expose().trim();
        if key.len() < LEAST {
            let message = format!(
                "read the key of the state: it is shorter than {LEAST} characters; use a random one, such as \
                 the output of `openssl rand -hex 32`"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        let digest = Sha256::new().chain_update(b"hris state\0").chain_update(key.as_bytes()).finalize();
        let key = <[u8; 32]>::from(digest);
        Ok(Self(XChaCha20Poly1305::new(&Key::from(key))))
    }

    /// Seals `content`, bound to `about`.
    pub(super) fn seal(&self, content: &[u8], about: &str) -> Result<Vec<u8>> {
        let failed = |_| Error::new(ErrorKind::State, "seal a secret: the system gives no random numbers");
        let nonce = XNonce::try_generate().map_err(|_| failed(()))?;
        let payload = Payload { msg: content, aad: about.as_bytes() };
        let sealed = self.0.encrypt(&nonce, payload).map_err(|_| failed(()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens sealed content. Returns `None` if the key or `about` differs, or the content was changed.
    pub(super) fn open(&self, sealed: &[u8], about: &str) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let nonce = <[u8; NONCE]>::try_from(nonce).ok()?;
        let payload = Payload { msg: sealed, aad: about.as_bytes() };
        self.0.decrypt(&XNonce::from(nonce), payload).ok()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(key: &str) -> Seal {
        Seal::new(&Secret::from(key.to_owned())).unwrap()
    }

    #[test]
    fn only_the_same_key_opens_and_only_as_the_same_thing() {
        let (own, other) = (seal(&"a".repeat(32)), seal(&"b".repeat(32)));
        let sealed = own.seal(b"content", "acme").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"content"));
        assert_eq!(own.open(&sealed, "acme").as_deref(), Some(&b"content"[..]));
        assert_eq!(own.open(&sealed, "mill"), None);
        assert_eq!(other.open(&sealed, "acme"), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(own.open(&changed, "acme"), None, "byte {at}");
        }
        assert_eq!(own.open(b"short", "acme"), None);
        assert_ne!(own.seal(b"content", "acme").unwrap(), sealed, "no number is used twice");
    }

    #[test]
    fn a_key_that_can_be_guessed_is_refused() {
        let refused = Seal::new(&Secret::from("hunter2".to_owned())).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Config);
        assert!(
            !refused.to_string().contains("hunter2") && format!("{:?}", seal(&"k".repeat(32))) == "Seal(…)"
        );
    }
}
