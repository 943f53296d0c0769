//! Why a message was not sent, and who has to act.
//!
//! A mail server's own words may repeat addresses or a user's name, so only its codes are kept.

use std::io;
use std::time::Duration;

use hris_core::tls::TlsFault;

use crate::error::{Error, ErrorKind};

/// How far a conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Connect,
    Greet,
    Encrypt,
    Login,
    Sender,
    Recipient,
    Message,
    /// The whole message was sent, and the answer is missing.
    Confirm,
}

/// Why a conversation ended without its purpose.
#[derive(Debug)]
pub(super) struct Fault {
    kind: ErrorKind,
    what: String,
    /// Whether the same message may be taken a little later.
    pub(super) passes: bool,
    /// Whether a smaller message may be taken.
    pub(super) too_large: bool,
    /// Whether the message may have arrived nevertheless.
    unknown: bool,
}

impl Fault {
    fn new(kind: ErrorKind, what: String) -> Self {
        Self { kind, what, passes: false, too_large: false, unknown: false }
    }

    fn passing(kind: ErrorKind, what: String) -> Self {
        Self { passes: true, ..Self::new(kind, what) }
    }

    /// As the error of a report that was to be sent, after so many tries.
    pub(super) fn of_report(self, tries: u32) -> Error {
        let tried = if tries > 1 { format!(" (tried {tries} times)") } else { String::new() };
        let begin = match self.unknown {
            true => "it is unknown whether the report mail was sent",
            false => "the report mail could not be sent",
        };
        Error::new(self.kind, format!("{begin}{tried}: {}", self.what))
    }

    /// As the error of a server that was only checked.
    pub(super) fn of_check(self) -> Error {
        Error::new(self.kind, self.what)
    }
}

/// The server of a conversation, as it is called in words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// Whether TLS is spoken from the first byte on.
    pub(super) is_tls: bool,
}

impl Server<'_> {
    pub(super) fn unknown_name(&self) -> Fault {
        let what = format!(
            "the name {} is not found; correct the host in the SMTP URL, or look at this machine's DNS",
            self.host
        );
        Fault::passing(ErrorKind::Target, what)
    }

    /// The server did not answer, before or after it took the connection.
    pub(super) fn silent(&self, stage: Stage, waited: Duration) -> Fault {
        let Self { host, port, .. } = self;
        let seconds = waited.as_secs().max(1);
        match stage {
            Stage::Connect => Fault::passing(
                ErrorKind::Target,
                format!(
                    "{host}:{port} did not take the connection in {seconds} s; check host, port and firewall"
                ),
            ),
            Stage::Greet if self.is_tls => Fault::passing(
                ErrorKind::Target,
                format!(
                    "{host}:{port} took the connection and did not finish its greeting in {seconds} s; a port that \
                     begins without TLS, such as 587, is asked with smtp://"
                ),
            ),
            Stage::Greet => Fault::passing(
                ErrorKind::Target,
                format!(
                    "{host}:{port} took the connection and did not finish its greeting in {seconds} s; a port that \
                     begins with TLS, such as 465, is asked with smtps://"
                ),
            ),
            Stage::Confirm => self.unconfirmed(&format!("did not confirm it in {seconds} s")),
            _ => Fault::passing(
                ErrorKind::Target,
                format!("{host}:{port} fell silent for {seconds} s {}; try again later", doing(stage)),
            ),
        }
    }

    /// The connection could not be made, or broke off.
    pub(super) fn broken(&self, stage: Stage, cause: Option<io::ErrorKind>) -> Fault {
        let Self { host, port, .. } = self;
        match (stage, cause) {
            (Stage::Connect, Some(io::ErrorKind::TimedOut)) => Fault::passing(
                ErrorKind::Target,
                format!("{host}:{port} did not take the connection; check host, port and firewall"),
            ),
            (Stage::Connect, _) => Fault::passing(
                ErrorKind::Target,
                format!(
                    "nothing answers at {host}:{port}; check that the mail server runs, and host and port in the SMTP \
                     URL"
                ),
            ),
            (Stage::Confirm, _) => self.unconfirmed("broke the connection off before it confirmed that"),
            (Stage::Encrypt, _) => Fault::passing(
                ErrorKind::Target,
                format!("{host}:{port} broke the connection off while TLS was agreed on; check the port"),
            ),
            _ => Fault::passing(
                ErrorKind::Target,
                format!("{host}:{port} broke the connection off {}; try again later", doing(stage)),
            ),
        }
    }

    fn unconfirmed(&self, what: &str) -> Fault {
        let message =
            format!("{}:{} has the whole message and {what}, so it may still arrive", self.host, self.port);
        Fault { unknown: true, ..Fault::new(ErrorKind::Target, message) }
    }

    /// TLS was not agreed on.
    pub(super) fn untrusted(&self, fault: TlsFault) -> Fault {
        let Self { host, port, .. } = self;
        let what = match fault {
            TlsFault::AuthorityCertificate => format!(
                "the certificate of {host} is an authority's own, as `openssl req -x509` makes it, and trusting it \
                 does not help; give the mail server one that is no authority's (`openssl req -x509 -addext \
                 basicConstraints=critical,CA:FALSE`), and add that to the certificates that this machine trusts"
            ),
            TlsFault::BadCertificate => {
                format!("the certificate of {host} cannot be accepted; give the mail server another one")
            }
            TlsFault::Expired => {
                format!("the certificate of {host} has expired; renew it on the mail server")
            }
            TlsFault::NotTls => format!(
                "{host}:{port} does not begin with TLS; ask it with smtp://, or name the port that does, such as 465"
            ),
            TlsFault::NotYetValid => {
                format!(
                    "the certificate of {host} is not valid yet; check the clocks of this machine and the server"
                )
            }
            TlsFault::OldVersion => {
                format!("{host}:{port} speaks only outdated TLS; version 1.2 or 1.3 is needed")
            }
            TlsFault::Revoked => {
                format!("the certificate of {host} was revoked; renew it on the mail server")
            }
            TlsFault::UnknownAuthority => format!(
                "the certificate of {host} is self-signed, or from an authority that this machine does not trust; add \
                 it, or the certificate of the company's own CA, to those that the machine trusts (Debian and Ubuntu: put it into \
                 /usr/local/share/ca-certificates as NAME.crt and run update-ca-certificates), or name a file with all \
                 trusted certificates in the variable SSL_CERT_FILE"
            ),
            TlsFault::UnsafeEncryption => format!(
                "{host}:{port} offers no encryption that is safe enough; bring the server's TLS settings up to date"
            ),
            TlsFault::WrongName => format!(
                "the certificate of {host} is for another name; write a name that the certificate has into the SMTP \
                 URL, or give the server a certificate for {host}"
            ),
            _ => format!(
                "{host}:{port} and this program could not agree on TLS; check the server's TLS settings"
            ),
        };
        Fault::new(ErrorKind::Target, what)
    }

    /// This program was built without any TLS.
    pub(super) fn no_backend(&self) -> Fault {
        let what = format!(
            "{}:{} is asked with TLS, and this program has none: build hris-reconcile with its feature `aws-lc-rs` or `ring`",
            self.host, self.port
        );
        Fault::new(ErrorKind::Config, what)
    }

    /// The server offers no TLS, and nothing is sent in the open.
    pub(super) fn no_starttls(&self) -> Fault {
        let Self { host, port, .. } = self;
        let what = format!(
            "{host}:{port} offers no TLS (STARTTLS), and nothing is sent without; if the server has a port that begins \
             with TLS, such as 465, write smtps:// and that port"
        );
        Fault::new(ErrorKind::Target, what)
    }

    pub(super) fn no_login(&self) -> Fault {
        let Self { host, port, .. } = self;
        let what = format!(
            "{host}:{port} offers no login with user and password; leave them out of the SMTP URL, or ask another port, \
             such as 587"
        );
        Fault::new(ErrorKind::Auth, what)
    }

    pub(super) fn no_foreign_letters(&self) -> Fault {
        let what = format!(
            "{} takes no addresses with letters beyond A to Z; use addresses without (SMTPUTF8 is not offered)",
            self.host
        );
        Fault::new(ErrorKind::Config, what)
    }

    /// The answer is not one of a mail server.
    pub(super) fn nonsense(&self, stage: Stage) -> Fault {
        let Self { host, port, .. } = self;
        if stage == Stage::Confirm {
            return self.unconfirmed("gave no answer that can be read");
        }
        let what = format!("what answers at {host}:{port} is not a mail server; check host and port");
        Fault::new(ErrorKind::Target, what)
    }

    /// The server said no with a code, and perhaps with a second one that says more (RFC 3463).
    pub(super) fn refused(&self, stage: Stage, code: u16, more: Option<[u16; 3]>) -> Fault {
        let host = self.host;
        let code_in_words = match more {
            Some([class, subject, detail]) => format!("code {code} {class}.{subject}.{detail}"),
            None => format!("code {code}"),
        };
        if code < 500 {
            let what = match code {
                450 => "the recipient's mailbox cannot be reached now, or the server asks to come back later",
                452 => "it has no room now",
                454 => "its login does not work now",
                _ => "it asks to come back later",
            };
            return Fault::passing(
                ErrorKind::Target,
                format!("{host} did not take it now: {what} ({code_in_words})"),
            );
        }
        let is_policy = matches!(more, Some([5, 7, _]));
        let config = |what: String| Fault::new(ErrorKind::Config, what);
        match (stage, code) {
            (Stage::Login, _) => Fault::new(
                ErrorKind::Auth,
                format!(
                    "{host} refuses user or password ({code_in_words}); correct them in the SMTP URL, where signs such as \
                     @ : / % are written percent-encoded (%40 %3A %2F %25)"
                ),
            ),
            (_, 530) => Fault::new(
                ErrorKind::Auth,
                format!("{host} wants a login ({code_in_words}); write user and password into the SMTP URL"),
            ),
            (Stage::Sender, 552) | (Stage::Message | Stage::Confirm, 552) => Fault {
                too_large: true,
                ..config(format!(
                    "{host} takes no message of this size, or the recipient's mailbox is full ({code_in_words})"
                ))
            },
            (Stage::Sender, _) => config(format!(
                "{host} does not let this login send from the sender's address ({code_in_words}); set a sender that the \
                 server allows"
            )),
            (Stage::Recipient, 554) => config(self.no_relay(&code_in_words)),
            (Stage::Recipient, _) if is_policy => config(self.no_relay(&code_in_words)),
            (Stage::Recipient, 552) => {
                config(format!("the recipient's mailbox is full ({host}, {code_in_words}); make room in it"))
            }
            (Stage::Recipient, _) => config(format!(
                "{host} refuses the recipient ({code_in_words}); correct the address that reports go to"
            )),
            (Stage::Message | Stage::Confirm, _) => config(format!(
                "{host} refuses the message itself, such as for spam ({code_in_words}); have the sender's address \
                 allowed there"
            )),
            _ => config(format!(
                "{host} refuses to talk ({code_in_words}); ask who runs it whether this machine may"
            )),
        }
    }

    fn no_relay(&self, code: &str) -> String {
        format!(
            "{} does not pass mail on to the recipient's domain for this login ({code}); use a server and a login that \
             may send there",
            self.host
        )
    }
}

fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "as it was called",
        Stage::Greet => "before its greeting",
        Stage::Encrypt => "while TLS was agreed on",
        Stage::Login => "at the login",
        Stage::Sender => "after the sender was named",
        Stage::Recipient => "after the recipient was named",
        Stage::Message | Stage::Confirm => "during the message",
    }
}
