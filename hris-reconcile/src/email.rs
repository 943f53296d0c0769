//! The report of a run as a message to the person who set the connection up.

mod cause;

use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use hris_core::Secret;
use hris_core::tls::{TlsFault, cause_of};
use lettre::message::header::{self, ContentType};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::{SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use self::cause::{Fault, Server, Stage};
use crate::ReportHook;
use crate::error::{Error, ErrorKind, Result};
use crate::report::mail::{self, Attached};
use crate::report::{Report, visible};

/// How long the server may take for one command, and for a whole message with all tries.
const STEP_LIMIT: Duration = Duration::from_secs(30);
const WHOLE_LIMIT: Duration = Duration::from_secs(120);
/// How often a temporarily refused message is tried.
const TRIES: u32 = 3;
/// The largest attachment in bytes. Many servers and mailboxes end at 10 million.
const ATTACHED: usize = 1_000_000;

/// Sends reports to one person over SMTP.
///
/// A message has a line of plain words as its subject. Its body has a limited size: counts, the first
/// removals, actions and problems, and where the rest is. The whole report is attached as a page, and its
/// errors and warnings as CSV, as long as each is smaller than a million bytes. Like the report, a message
/// holds ids and field names, never a value of anybody's record.
///
/// Without TLS a message goes to this machine only: `smtp://` to another host insists on STARTTLS. A
/// temporarily refused message is tried twice more. A message that is too large is sent again without
/// attachments.
///
/// ```
/// use hris_core::Secret;
/// use hris_reconcile::email::EmailSender;
///
/// let url = Secret::from("smtps://apikey:s3cret@mail.acme.example".to_owned());
/// let sender = EmailSender::new(&url, Some("HRIS <hris@acme.example>"), "hr-admin@acme.example")?;
/// assert_eq!(sender.server(), "mail.acme.example:465");
/// assert!(!format!("{sender:?}").contains("s3cret"));
/// # Ok::<(), hris_reconcile::Error>(())
/// ```
pub struct EmailSender {
    host: String,
    port: u16,
    security: Security,
    login: Option<(String, Secret)>,
    trusted: Vec<Certificate>,
    from: Mailbox,
    to: Mailbox,
    step: Duration,
    whole: Duration,
}

/// When a conversation is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// Never: it stays within this machine.
    Open,
    /// After STARTTLS, before anything that matters.
    Upgraded,
    /// From the first byte on.
    Whole,
}

impl EmailSender {
    /// Sends to the address `to` over the mail server at `url`, from the address `from`.
    ///
    /// `smtps://USER:PASSWORD@HOST` speaks TLS from the start (port 465), `smtp://…` after STARTTLS
    /// (port 587), and `smtp://` to a loopback address in the open (port 25). Another port may be
    /// given; user and password are percent-encoded, or left out where the server asks for none.
    ///
    /// Without `from` the sender is the user, where that is an e-mail address.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if an address or the URL cannot be used, or there is no sender. The message never
    /// shows the URL.
    pub fn new(url: &Secret, from: Option<&str>, to: &str) -> Result<Self> {
        let url = Url::parse(url.expose().trim()).map_err(|_| config("the SMTP URL cannot be read"))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| config("the SMTP URL names no host"))?.to_owned();
        if url.query().is_some() || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
            return Err(config("the SMTP URL has more than scheme, user, password, host and port"));
        }
        let security = match url.scheme() {
            "smtps" => Security::Whole,
            "smtp" if is_loopback(&host) => Security::Open,
            "smtp" => Security::Upgraded,
            _ => return Err(config("the SMTP URL begins with neither smtp: nor smtps:")),
        };
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(String::from).map_err(|_| config("user or password of the SMTP URL cannot be read"))
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (_, None) => return Err(config("the SMTP URL has a user and no password")),
            (user, Some(password)) => Some((decoded(user)?, Secret::from(decoded(password)?))),
        };
        let from = match (from, &login) {
            (Some(from), _) => mailbox(from, "the sender")?,
            (None, Some((user, _))) if is_address(user) => mailbox(user, "the sender")?,
            _ => {
                return Err(config(
                    "there is no sender: the user of the SMTP URL is not an e-mail address, so set `report.email_from`",
                ));
            }
        };
        let port = url.port().unwrap_or(match security {
            Security::Open => SMTP_PORT,
            Security::Upgraded => SUBMISSION_PORT,
            Security::Whole => SUBMISSIONS_PORT,
        });
        let to = mailbox(to, "the recipient")?;
        let (trusted, step, whole) = (Vec::new(), STEP_LIMIT, WHOLE_LIMIT);
        Ok(Self { host, port, security, login, trusted, from, to, step, whole })
    }

    /// Trusts these certificates (PEM) besides those that the machine trusts, such as the one of a company's
    /// own CA.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if they cannot be read.
    pub fn trusting(mut self, certificates: &[u8]) -> Result<Self> {
        let read = Certificate::from_pem(certificates);
        self.trusted.push(read.map_err(|_| config("the trusted certificates cannot be read"))?);
        Ok(self)
    }

    /// How long the server may take for one command, and for a whole message with all tries; 30 and 120
    /// seconds by default. A third of the first is waited before a message is tried again.
    #[must_use]
    pub fn limits(self, step: Duration, whole: Duration) -> Self {
        Self { step, whole, ..self }
    }

    /// The mail server, as `HOST:PORT`.
    #[must_use]
    pub fn server(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The address that messages come from.
    #[must_use]
    pub fn sender(&self) -> String {
        self.from.email.to_string()
    }

    /// Checks whether messages could be sent: the server answers, TLS is trusted and the login is taken.
    /// Sends nothing, and names neither sender nor recipient to the server.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the login is refused, else [`ErrorKind::Target`] or [`ErrorKind::Config`]. The
    /// message says what to correct.
    pub async fn check(&self) -> Result<()> {
        let until = Instant::now() + self.whole;
        let mut talk = self.open(until).await.map_err(Fault::of_check)?;
        self.farewell(&mut talk).await;
        Ok(())
    }

    /// Sends the report.
    ///
    /// A message carries the run's id, so that mail programs know one that was sent twice.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the server refuses the login, [`ErrorKind::Config`] if it refuses sender,
    /// recipient or message, and [`ErrorKind::Target`] if it could not be reached or trusted, did not take the
    /// message now, or did not confirm it. The message says what to correct; it names the server and its
    /// codes, not its words.
    pub async fn send(&self, report: &Report) -> Result<()> {
        let until = Instant::now() + self.whole;
        let pause = self.step / 3;
        let mut message = self.message(report, true)?;
        let (mut tries, mut is_whole) = (1, true);
        loop {
            let fault = match self.deliver(&message, until).await {
                Ok(()) => return Ok(()),
                Err(fault) => fault,
            };
            if fault.too_large && is_whole {
                is_whole = false;
                message = self.message(report, false)?;
            } else if fault.passes && tries < TRIES && Instant::now() + pause < until {
                tokio::time::sleep(pause).await;
                tries += 1;
            } else {
                return Err(fault.of_report(tries));
            }
        }
    }

    async fn deliver(&self, message: &[u8], until: Instant) -> Result<(), Fault> {
        let mut talk = self.open(until).await?;
        let done = self.hand_over(&mut talk, message, until).await;
        if done.is_ok() {
            self.farewell(&mut talk).await;
        }
        done
    }

    /// Connects, agrees on TLS and logs in.
    async fn open(&self, until: Instant) -> Result<AsyncSmtpConnection, Fault> {
        let resolved = tokio::net::lookup_host((bare(&self.host), self.port));
        let resolved = timeout_at(self.limit(until), resolved).await;
        let addresses: Vec<SocketAddr> = match resolved {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        if addresses.is_empty() {
            return Err(self.named().unknown_name());
        }
        // The greeting names the sender's domain: the machine's own name is not shown.
        let greeting = ClientId::Domain(self.from.email.domain().to_owned());
        let mut talk = match self.security {
            Security::Whole => {
                let tls = Some(self.tls()?);
                let addresses = &addresses[..];
                let open =
                    AsyncSmtpConnection::connect_tokio1(addresses, Some(self.step), &greeting, tls, None);
                // The first limit is that of the connection alone.
                let limit = until.min(self.limit(until) + self.step);
                self.within(limit, Stage::Greet, open).await?
            }
            Security::Open | Security::Upgraded => {
                let connected = timeout_at(self.limit(until), TcpStream::connect(&addresses[..])).await;
                let stream = match connected {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(error)) => return Err(self.named().broken(Stage::Connect, Some(error.kind()))),
                    Err(_) => return Err(self.named().silent(Stage::Connect, self.step)),
                };
                let open = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &greeting);
                self.within(self.limit(until), Stage::Greet, open).await?
            }
        };
        if self.security == Security::Upgraded {
            if !talk.can_starttls() {
                return Err(self.named().no_starttls());
            }
            let upgrade = talk.starttls(self.tls()?, &greeting);
            self.within(self.limit(until), Stage::Encrypt, upgrade).await?;
        }
        if let Some((user, password)) = &self.login {
            if talk.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(self.named().no_login());
            }
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let login = talk.auth(DEFAULT_MECHANISMS, &credentials);
            self.within(self.limit(until), Stage::Login, login).await?;
        }
        Ok(talk)
    }

    async fn hand_over(
        &self,
        talk: &mut AsyncSmtpConnection,
        message: &[u8],
        until: Instant,
    ) -> Result<(), Fault> {
        let (from, to) = (self.from.email.clone(), self.to.email.clone());
        let mut parameters = Vec::new();
        if ![&from, &to].iter().all(|address| address.to_string().is_ascii()) {
            if !talk.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(self.named().no_foreign_letters());
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let sender = talk.command(Mail::new(Some(from), parameters));
        self.within(self.limit(until), Stage::Sender, sender).await?;
        let recipient = talk.command(Rcpt::new(to, Vec::new()));
        self.within(self.limit(until), Stage::Recipient, recipient).await?;
        self.within(self.limit(until), Stage::Message, talk.command(Data)).await?;
        // Stopping early here could send a second message.
        self.within(until, Stage::Confirm, talk.message(message)).await?;
        Ok(())
    }

    /// Ends the conversation. Its result does not matter.
    async fn farewell(&self, talk: &mut AsyncSmtpConnection) {
        let _ = timeout(self.step.min(Duration::from_secs(5)), talk.quit()).await;
    }

    fn limit(&self, until: Instant) -> Instant {
        until.min(Instant::now() + self.step)
    }

    async fn within<T>(
        &self,
        limit: Instant,
        stage: Stage,
        step: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, Fault> {
        let begun = Instant::now();
        match timeout_at(limit, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.fault(stage, &error)),
            Err(_) => Err(self.named().silent(stage, begun.elapsed())),
        }
    }

    fn fault(&self, stage: Stage, error: &smtp::Error) -> Fault {
        let server = self.named();
        if let Some(code) = error.status().and_then(|code| code.to_string().parse().ok()) {
            let words = error.source().map(ToString::to_string).unwrap_or_default();
            return server.refused(stage, code, enhanced(&words));
        }
        if let Some(fault) = TlsFault::of(error) {
            return server.untrusted(fault);
        }
        if let Some(error) = cause_of::<io::Error>(error) {
            // The connection is made and greeted in one step where TLS comes first.
            let refused = [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut];
            let is_early = stage == Stage::Greet && refused.contains(&error.kind());
            let stage = match stage {
                _ if is_early => Stage::Connect,
                Stage::Greet if server.is_tls => Stage::Encrypt,
                stage => stage,
            };
            return server.broken(stage, Some(error.kind()));
        }
        let words = error.source().map(ToString::to_string).unwrap_or_default();
        match words.as_str() {
            // The words of the transport for a connection that ended.
            "incomplete response" => server.broken(stage, None),
            _ => server.nonsense(stage),
        }
    }

    fn named(&self) -> Server<'_> {
        Server { host: &self.host, port: self.port, is_tls: self.security == Security::Whole }
    }

    fn tls(&self) -> Result<TlsParameters, Fault> {
        // The transport panics without one.
        if !cfg!(any(feature = "aws-lc-rs", feature = "ring")) {
            return Err(self.named().no_backend());
        }
        let builder = TlsParameters::builder(bare(&self.host).to_owned());
        let builder =
            self.trusted.iter().cloned().fold(builder, |builder, one| builder.add_root_certificate(one));
        builder.build().map_err(|error| self.fault(Stage::Encrypt, &error))
    }

    /// The message as it goes over the wire.
    fn message(&self, report: &Report, may_attach: bool) -> Result<Vec<u8>> {
        let run = plain_word(&report.run);
        let fits = |text: String| (may_attach && text.len() <= ATTACHED).then_some(text);
        let says_more = !report.actions.is_empty() || report.needs_attention();
        let page = says_more.then(|| report.to_html()).and_then(fits);
        let table = says_more.then(|| report.to_csv()).filter(|csv| csv.lines().count() > 1).and_then(fits);
        let attached = Attached { page: page.is_some(), table: table.is_some() };
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail::text(report, attached));
        let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(mail::html(report, attached));
        let mut body =
            MultiPart::mixed().multipart(MultiPart::alternative().singlepart(text).singlepart(html));
        // A longer name would be sent in a form that not every mail program knows.
        let day: String = report.finished_at.to_string().chars().take(10).collect();
        if let Some(page) = page {
            let name = format!("report-{day}.html");
            body = body.singlepart(Attachment::new(name).body(page, ContentType::TEXT_HTML));
        }
        if let Some(table) = table {
            let csv = ContentType::parse("text/csv; charset=utf-8").map_err(|_| unbuilt())?;
            body = body.singlepart(Attachment::new(format!("problems-{day}.csv")).body(table, csv));
        }
        let seconds = u64::try_from(report.finished_at.unix_seconds()).unwrap_or_default();
        let message = Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(subject(report))
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{run}.report@{}>", self.from.email.domain())))
            // Programs that answer mail by themselves leave such a message alone.
            .header(AutoSubmitted)
            .multipart(body)
            .map_err(|_| unbuilt())?;
        Ok(message.formatted())
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

/// Whether this is an e-mail address, with a name before it or not.
///
/// ```
/// use hris_reconcile::email::is_address;
///
/// assert!(is_address("HRIS <hris@acme.example>") && is_address("hris@acme.example"));
/// assert!(!is_address("apikey") && !is_address("a@acme.example, b@acme.example"));
/// ```
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.trim().parse::<Mailbox>().is_ok()
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

/// The code of three numbers (RFC 3463) with which a server's words begin.
fn enhanced(words: &str) -> Option<[u16; 3]> {
    let mut numbers = words.split_whitespace().next()?.split('.').map(|number| number.parse().ok());
    let code = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(code)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || bare(host).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A host without the brackets that a URL puts around numbers of IPv6.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn subject(report: &Report) -> String {
    format!("[{}] {}", visible(&report.connection), report.headline())
}

/// The letters, digits and hyphens of a text: enough for a run's id, harmless in a name.
fn plain_word(text: &str) -> String {
    text.chars().filter(|character| character.is_ascii_alphanumeric() || *character == '-').take(64).collect()
}
