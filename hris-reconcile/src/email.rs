//! The report of a run as a message to the person who set the connection up.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use hris_core::Secret;
use lettre::message::header::{self, ContentType};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, AsyncSmtpTransportBuilder};
use lettre::{AsyncTransport as _, Tokio1Executor};
use url::Url;

use crate::ReportHook;
use crate::error::{Error, ErrorKind, Result};
use crate::report::{Report, visible};

/// How long one command of the mail server may take, and a whole message.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(120);

/// Sends reports to one person over SMTP.
///
/// A message has a line of plain words as its subject, the same in the text, the whole page as its
/// HTML, and the errors and warnings as a CSV attachment if there are any. Like the report, it holds
/// ids and field names, never a value of anybody's record.
///
/// Without TLS a message goes to this machine only: `smtp://` to another host insists on STARTTLS.
///
/// ```
/// use hris_core::Secret;
/// use hris_reconcile::email::EmailSender;
///
/// let url = Secret::from("smtps://hris%40acme.example:s3cret@mail.acme.example".to_owned());
/// let sender = EmailSender::new(&url, "hr-admin@acme.example")?;
/// assert!(!format!("{sender:?}").contains("s3cret"));
/// # Ok::<(), hris_reconcile::Error>(())
/// ```
pub struct EmailSender {
    server: AsyncSmtpTransportBuilder,
    host: String,
    from: Mailbox,
    to: Mailbox,
}

impl EmailSender {
    /// Sends to the address `to` over the mail server at `url`.
    ///
    /// `smtps://USER:PASSWORD@HOST` speaks TLS from the start (port 465), `smtp://…` after STARTTLS
    /// (port 587), and `smtp://` to a loopback address in the open (port 25). Another port may be
    /// given; user and password are percent-encoded, or left out where the server asks for none.
    ///
    /// The sender is the user where that is an e-mail address, and `hris@HOST` otherwise; see
    /// [`EmailSender::from`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the address or the URL cannot be used. The message never shows the
    /// URL.
    pub fn new(url: &Secret, to: &str) -> Result<Self> {
        let url = Url::parse(url.expose().trim()).map_err(|_| config("the SMTP URL cannot be read"))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| config("the SMTP URL names no host"))?.to_owned();
        let from = default_sender(&url, &host)?;
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(connection(url, &host)?.as_str())
            .map_err(|_| config("the SMTP URL cannot be used"))?;
        Ok(Self {
            server: server.timeout(Some(COMMAND_TIMEOUT)),
            to: mailbox(to, "the recipient")?,
            from,
            host,
        })
    }

    /// Puts this address in the place of the sender.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is no e-mail address.
    pub fn from(mut self, address: &str) -> Result<Self> {
        self.from = mailbox(address, "the sender's address")?;
        Ok(self)
    }

    /// Sends the report.
    ///
    /// A message carries the run's id, so that mail programs know one that was sent twice.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the server refused the credential, the sender or the recipient, and
    /// [`ErrorKind::Target`] if it did not answer. The message names the server and its code, not
    /// its words.
    pub async fn send(&self, report: &Report) -> Result<()> {
        let message = self.message(report)?;
        // The greeting names the sender's domain: the machine's own name is nobody's business.
        let greeting = ClientId::Domain(self.from.email.domain().to_owned());
        let transport: AsyncSmtpTransport<Tokio1Executor> = self.server.clone().hello_name(greeting).build();
        match tokio::time::timeout(TOTAL_TIMEOUT, transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.failure(&error)),
            Err(_) => Err(self.unavailable("no answer in 120 s")),
        }
    }

    fn message(&self, report: &Report) -> Result<Message> {
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain(report));
        let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(report.to_html());
        let mut body =
            MultiPart::mixed().multipart(MultiPart::alternative().singlepart(text).singlepart(html));
        if report.needs_attention() {
            let csv = ContentType::parse("text/csv; charset=utf-8").map_err(|_| unbuilt())?;
            let name = format!("problems-{}.csv", plain_word(&report.run));
            body = body.singlepart(Attachment::new(name).body(report.to_csv(), csv));
        }
        let seconds = u64::try_from(report.finished_at.unix_seconds()).unwrap_or_default();
        Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(subject(report))
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{}.report@{}>", plain_word(&report.run), self.from.email.domain())))
            // Programs that answer mail by themselves leave such a message alone.
            .header(AutoSubmitted)
            .multipart(body)
            .map_err(|_| unbuilt())
    }

    fn failure(&self, error: &lettre::transport::smtp::Error) -> Error {
        // The server's words may repeat addresses or the user's name, so only its code is kept.
        let code = error.status().map(|code| code.to_string());
        match code {
            Some(code) if error.is_permanent() => Error::new(
                ErrorKind::Config,
                format!(
                    "send report: {} refused it with code {code}; check user, password and addresses",
                    self.host
                ),
            ),
            Some(code) => self.unavailable(&format!("code {code}")),
            None if error.is_tls() => self.unavailable("no trusted TLS connection"),
            None if error.is_timeout() => self.unavailable("no answer in time"),
            None => self.unavailable("no usable answer"),
        }
    }

    fn unavailable(&self, why: &str) -> Error {
        Error::new(ErrorKind::Target, format!("send report: {why} from {}", self.host))
    }
}

impl fmt::Debug for EmailSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailSender").field("host", &self.host).finish_non_exhaustive()
    }
}

/// As a hook of a runner it sends the report of each run; a message that cannot be sent never fails
/// the run.
#[async_trait]
impl ReportHook for EmailSender {
    async fn finished(&self, report: &Report) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.send(report).await?)
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn config(what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("e-mail: {what}"))
}

fn unbuilt() -> Error {
    config("the message could not be built")
}

fn mailbox(address: &str, what: &str) -> Result<Mailbox> {
    address.trim().parse().map_err(|_| config(&format!("{what} is not an e-mail address")))
}

/// The user where that is an address, or else a name at the mail server's domain.
fn default_sender(url: &Url, host: &str) -> Result<Mailbox> {
    if let Ok(sender) = url.username().replace("%40", "@").parse() {
        return Ok(sender);
    }
    // A bare number is no domain; the message stays within the machine or the network.
    let domain = if address(host).is_some() { "localhost" } else { host };
    mailbox(&format!("hris@{domain}"), "the sender's address")
}

/// The URL as the transport wants it, with TLS asked for wherever the message leaves the machine.
fn connection(mut url: Url, host: &str) -> Result<Url> {
    if url.query().is_some() || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
        return Err(config("the SMTP URL has more than scheme, user, password, host and port"));
    }
    if !url.username().is_empty() && url.password().is_none() {
        return Err(config("the SMTP URL has a user and no password"));
    }
    url.set_path("");
    match url.scheme() {
        "smtps" => {}
        "smtp" if is_loopback(host) => {}
        "smtp" => url.set_query(Some("tls=required")),
        _ => return Err(config("the SMTP URL begins with neither smtp: nor smtps:")),
    }
    Ok(url)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn subject(report: &Report) -> String {
    format!("[{}] {}", visible(&report.connection), report.headline())
}

/// The text for those who read no HTML.
fn plain(report: &Report) -> String {
    let mut text = format!(
        "{}\r\n\r\nConnection {}, run {}, {}.\r\n",
        report.headline(),
        visible(&report.connection),
        visible(&report.run),
        report.outcome.as_str()
    );
    if let Some(refusal) = &report.refusal {
        text.push_str(&format!("\r\n{}: {}\r\n", refusal.rule.as_str(), visible(&refusal.message)));
    }
    if let Some(error) = &report.error {
        text.push_str(&format!("\r\n{}: {}\r\n", visible(&error.kind), visible(&error.message)));
    }
    match report.problems.len() {
        0 => {}
        1 => text.push_str("\r\n1 problem; the attached file names it and what to do.\r\n"),
        many => text.push_str(&format!(
            "\r\n{many} problems; the attached file has a row for each, with what to do.\r\n"
        )),
    }
    text
}

/// The letters, digits and hyphens of a text: enough for a run's id, harmless in a name.
fn plain_word(text: &str) -> String {
    text.chars().filter(|character| character.is_ascii_alphanumeric() || *character == '-').take(64).collect()
}
