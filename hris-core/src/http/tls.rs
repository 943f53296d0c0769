//! What a failed handshake says about the other side, and what helps.

use rustls::{AlertDescription as Alert, CertificateError as Bad, Error, PeerIncompatible as Old};

/// Why nothing was entrusted to this connection. Neither a certificate nor an address is quoted.
pub(super) fn reason(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(bad) => certificate(bad),
        Error::PeerIncompatible(Old::ServerDoesNotSupportTls12Or13)
        | Error::AlertReceived(Alert::ProtocolVersion) => "it offers no version of TLS from 1.2 on",
        Error::PeerIncompatible(_)
        | Error::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity) => {
            "it offers no encryption that is safe enough"
        }
        Error::InvalidMessage(_) => "it does not speak TLS on this port; perhaps the port is for http",
        _ => "the TLS handshake failed",
    }
}

fn certificate(bad: &Bad) -> &'static str {
    match bad {
        Bad::Expired | Bad::ExpiredContext { .. } => {
            "its certificate has expired; it must be renewed there, unless this machine's clock is wrong"
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its certificate is not valid yet; correct this machine's clock"
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            "its certificate is for another name; correct the address"
        }
        Bad::Revoked => "its certificate was revoked",
        // The second is what an authority gives that was made anew under its old name, the third an
        // authority's own certificate where a server's should be.
        Bad::UnknownIssuer | Bad::BadSignature | Bad::Other(_) => {
            "its certificate is self-signed or of an authority that this machine does not know; add a company's \
             own authority to this machine's trust store, or to the PEM file that SSL_CERT_FILE names"
        }
        _ => "its certificate cannot be accepted",
    }
}
