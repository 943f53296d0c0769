//! Why TLS could not be agreed on with a server, and the way to an error's causes.

use std::error::Error as StdError;

use rustls::{AlertDescription as Alert, CertificateError as Bad, Error, PeerIncompatible as Old};

/// Why TLS could not be agreed on with a server.
///
/// Programs that connect to different kinds of servers word it differently; the classification is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate is an authority's own, and no authority's certificate can be a server's.
    AuthorityCertificate,
    /// The certificate cannot be accepted for a reason that has no name here.
    BadCertificate,
    /// The certificate has expired.
    Expired,
    /// The handshake failed for a reason that has no name here.
    Handshake,
    /// The server does not speak TLS on this port.
    NotTls,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The server offers no version of TLS from 1.2 on.
    OldVersion,
    /// The certificate was revoked.
    Revoked,
    /// The certificate is self-signed, or this machine does not know its authority.
    UnknownAuthority,
    /// The server offers no encryption that is safe enough.
    UnsafeEncryption,
    /// The certificate is for another name.
    WrongName,
}

impl TlsFault {
    /// The TLS fault among the causes of an error. `None` if no cause is one.
    ///
    /// ```
    /// use hris_core::tls::TlsFault;
    ///
    /// let error = std::io::Error::other("the disk is full");
    /// assert_eq!(TlsFault::of(&error), None);
    /// ```
    #[must_use]
    pub fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        cause_of::<Error>(error).map(Self::classify)
    }

    fn classify(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(bad) => Self::of_certificate(bad),
            Error::PeerIncompatible(
                Old::ServerDoesNotSupportTls12Or13 | Old::ServerTlsVersionIsDisabledByOurConfig,
            )
            | Error::AlertReceived(Alert::ProtocolVersion) => Self::OldVersion,
            Error::PeerIncompatible(_)
            | Error::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity) => {
                Self::UnsafeEncryption
            }
            Error::InvalidMessage(_) => Self::NotTls,
            _ => Self::Handshake,
        }
    }

    fn of_certificate(bad: &Bad) -> Self {
        match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotYetValid,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::WrongName,
            Bad::Revoked => Self::Revoked,
            // It has no name in rustls, so only its text shows it.
            Bad::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Self::AuthorityCertificate
            }
            // The second is for an authority that was made anew under its old name.
            Bad::UnknownIssuer | Bad::BadSignature | Bad::Other(_) => Self::UnknownAuthority,
            _ => Self::BadCertificate,
        }
    }
}

/// The first cause of this type, the error itself included.
#[must_use]
pub fn cause_of<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The error and its causes, from the outermost to the innermost. The error inside an I/O error counts as its cause,
/// although [`source`](StdError::source) skips it.
///
/// ```
/// use std::io;
/// use hris_core::tls::causes;
///
/// let inner = io::Error::other("the disk is full");
/// let outer = io::Error::other(inner);
/// assert!(causes(&outer).any(|cause| cause.to_string() == "the disk is full"));
/// assert!(causes(&outer).count() >= 2);
/// ```
pub fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<std::io::Error>() {
            // The error inside an I/O error is not its source but itself.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// The client side of TLS: version 1.2 or 1.3, with the authorities that this machine trusts.
#[cfg(all(feature = "http", any(feature = "aws-lc-rs", feature = "ring")))]
pub(crate) fn client() -> Result<rustls::ClientConfig, Error> {
    use std::sync::Arc;

    #[cfg(feature = "aws-lc-rs")]
    use rustls::crypto::aws_lc_rs::default_provider;
    #[cfg(not(feature = "aws-lc-rs"))]
    use rustls::crypto::ring::default_provider;

    let provider = Arc::new(default_provider());
    let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(&provider))?;
    // The name warns that the caller chooses the verifier; this one is the machine's own.
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // A server that prefers HTTP/2 must not choose it.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(all(feature = "http", not(any(feature = "aws-lc-rs", feature = "ring"))))]
pub(crate) fn client() -> Result<rustls::ClientConfig, Error> {
    Err(Error::General("hris-core was built without its features `aws-lc-rs` and `ring`".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_handshake_has_its_class() {
        for (error, expected) in [
            (Error::InvalidCertificate(Bad::Expired), TlsFault::Expired),
            (Error::InvalidCertificate(Bad::NotValidYet), TlsFault::NotYetValid),
            (Error::InvalidCertificate(Bad::NotValidForName), TlsFault::WrongName),
            (Error::InvalidCertificate(Bad::Revoked), TlsFault::Revoked),
            (Error::InvalidCertificate(Bad::UnknownIssuer), TlsFault::UnknownAuthority),
            (Error::InvalidCertificate(Bad::BadSignature), TlsFault::UnknownAuthority),
            (Error::InvalidCertificate(Bad::BadEncoding), TlsFault::BadCertificate),
            (Error::PeerIncompatible(Old::ServerDoesNotSupportTls12Or13), TlsFault::OldVersion),
            (Error::PeerIncompatible(Old::ServerTlsVersionIsDisabledByOurConfig), TlsFault::OldVersion),
            (Error::AlertReceived(Alert::ProtocolVersion), TlsFault::OldVersion),
            (Error::AlertReceived(Alert::HandshakeFailure), TlsFault::UnsafeEncryption),
            (Error::PeerIncompatible(Old::NoCipherSuitesInCommon), TlsFault::UnsafeEncryption),
            (Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType), TlsFault::NotTls),
            (Error::DecryptError, TlsFault::Handshake),
        ] {
            let words = format!("{error:?}");
            // As a library hands it out: inside an I/O error inside another.
            let wrapped = std::io::Error::other(std::io::Error::other(error));
            assert_eq!(TlsFault::of(&wrapped), Some(expected), "{words}");
        }
    }
}
