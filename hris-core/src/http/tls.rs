//! What a failed handshake shows about a vendor's server, and what helps.

use crate::tls::TlsFault;

/// Why the connection is not trusted. Neither a certificate nor an address is quoted.
pub(super) fn reason(fault: TlsFault) -> &'static str {
    match fault {
        TlsFault::BadCertificate => "its certificate cannot be accepted",
        TlsFault::Expired => {
            "its certificate has expired; it must be renewed there, unless this machine's clock is wrong"
        }
        TlsFault::Handshake => "the TLS handshake failed",
        TlsFault::NotTls => "it does not speak TLS on this port; perhaps the port is for http",
        TlsFault::NotYetValid => "its certificate is not valid yet; correct this machine's clock",
        TlsFault::OldVersion => "it offers no version of TLS from 1.2 on",
        TlsFault::Revoked => "its certificate was revoked",
        TlsFault::AuthorityCertificate => {
            "its certificate is an authority's own, as `openssl req -x509` makes it; the server needs one that is \
             no authority's (basicConstraints CA:FALSE), which this machine then has to trust"
        }
        TlsFault::UnknownAuthority => {
            "its certificate is self-signed or of an authority that this machine does not know; add a self-signed \
             certificate or a company's own authority to this machine's trust store, or to the PEM file that \
             SSL_CERT_FILE names"
        }
        TlsFault::UnsafeEncryption => "it offers no encryption that is safe enough",
        TlsFault::WrongName => "its certificate is for another name; correct the address",
    }
}
