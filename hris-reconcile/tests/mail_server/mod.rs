//! A mail server of the tests: speaks SMTP on a loopback port, with and without TLS, and answers as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

/// When the server speaks TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tls {
    #[default]
    Never,
    Offered,
    Whole,
}

/// What the server does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) tls: Tls,
    /// Answers to a command in the order in which it comes; the last one stays. `...` is no answer, `!` breaks
    /// the connection off. `greeting` and `.` (the end of a message) count as commands.
    answers: BTreeMap<&'static str, Vec<&'static str>>,
    /// The names in the certificate.
    names: Vec<&'static str>,
    /// Whether the certificate is from a CA of its own that nobody knows.
    unknown: bool,
    itself: Option<bool>,
    /// The years between which the certificate is good.
    years: Option<(i32, i32)>,
}

impl Script {
    pub(crate) fn tls(tls: Tls) -> Self {
        Self { tls, ..Self::default() }
    }

    pub(crate) fn on(mut self, command: &'static str, answers: &[&'static str]) -> Self {
        self.answers.insert(command, answers.to_vec());
        self
    }

    pub(crate) fn certified_for(self, name: &'static str) -> Self {
        Self { names: vec![name], ..self }
    }

    pub(crate) fn certified_by_nobody(self) -> Self {
        Self { unknown: true, ..self }
    }

    /// Its certificate is signed by itself; as an authority's, or as a server's.
    pub(crate) fn certified_by_itself(self, as_authority: bool) -> Self {
        Self { itself: Some(as_authority), ..self }
    }

    pub(crate) fn certified_between(self, from: i32, to: i32) -> Self {
        Self { years: Some((from, to)), ..self }
    }
}

/// A server that is running; what it was sent.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    /// The certificate of the CA that a client is to trust.
    pub(crate) ca: String,
    lines: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl MailServer {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (ca, acceptor) = certified(&script);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let script = Arc::new((script, Mutex::new(BTreeMap::new())));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (kept, script, acceptor) = (Arc::clone(&kept), Arc::clone(&script), acceptor.clone());
                tokio::spawn(async move {
                    let talk = Talk { script: &script.0, said: &script.1, lines: &kept };
                    if script.0.tls == Tls::Whole {
                        if let Ok(stream) = acceptor.accept(socket).await {
                            talk.run(stream, true).await;
                        }
                    } else if let Some(socket) = talk.run(socket, true).await
                        && let Ok(stream) = acceptor.accept(socket).await
                    {
                        talk.run(stream, false).await;
                    }
                });
            }
        });
        Self { port, ca, lines, task }
    }

    /// Everything that clients said, and the messages that they sent.
    pub(crate) fn seen(&self) -> String {
        self.lines.lock().expect("whole").join("\n")
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.lines.lock().expect("whole").iter().filter(|seen| seen.starts_with(line)).count()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Talk<'a> {
    script: &'a Script,
    said: &'a Mutex<BTreeMap<String, usize>>,
    lines: &'a Mutex<Vec<String>>,
}

impl Talk<'_> {
    fn answer(&self, command: &str, usual: &'static str) -> &'static str {
        let Some(answers) = self.script.answers.get(command) else { return usual };
        let mut said = self.said.lock().expect("whole");
        let count = said.entry(command.to_owned()).or_default();
        let answer = answers.get(*count).or(answers.last()).copied().unwrap_or(usual);
        *count += 1;
        if answer == "=" { usual } else { answer }
    }

    /// Talks until the client leaves. Gives the connection back when TLS is to begin.
    async fn run<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, greets: bool) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greets {
            self.say(&mut stream, self.answer("greeting", "220 ready")).await?;
        }
        let mut in_message = false;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            self.lines.lock().expect("whole").push(line.to_owned());
            let word = line.split([' ', ':']).next().unwrap_or_default();
            let answer = match word {
                "." if in_message => {
                    in_message = false;
                    self.answer(".", "250 taken")
                }
                _ if in_message => continue,
                "EHLO" if self.script.tls == Tls::Offered && greets => {
                    self.answer("EHLO", "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN")
                }
                "EHLO" => self.answer("EHLO", "250-here\r\n250 AUTH PLAIN"),
                "AUTH" => self.answer("AUTH", "235 welcome"),
                "DATA" => {
                    let answer = self.answer("DATA", "354 go on");
                    in_message = answer.starts_with('3');
                    answer
                }
                "QUIT" => "221 bye",
                word => self.answer(word, "250 yes"),
            };
            self.say(&mut stream, answer).await?;
            if word == "STARTTLS" && answer.starts_with('2') {
                return Some(stream.into_inner());
            }
        }
    }

    async fn say<S: AsyncWrite + Unpin>(&self, stream: &mut S, answer: &str) -> Option<()> {
        match answer {
            "..." => std::future::pending().await,
            "!" => return None,
            _ => {}
        }
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        stream.flush().await.ok()
    }
}

fn certified(script: &Script) -> (String, TlsAcceptor) {
    let authority = || {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA")
    };
    let (known, unknown) = (authority(), authority());
    let names = if script.names.is_empty() {
        vec!["localhost", "127.0.0.1", "0.0.0.0"]
    } else {
        script.names.clone()
    };
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        .expect("names");
    if let Some((from, to)) = script.years {
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
    }
    let key = KeyPair::generate().expect("a key");
    let issuer = if script.unknown { &unknown } else { &known };
    if script.itself == Some(true) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = match script.itself {
        Some(_) => params.self_signed(&key),
        None => params.signed_by(&key, issuer),
    };
    let certificate = certificate.expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        )
        .expect("a configuration");
    (known.pem(), TlsAcceptor::from(Arc::new(config)))
}
