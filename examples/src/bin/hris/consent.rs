//! Waiting for a person to come back from a consent page: on a port of this machine, or with the
//! address pasted in.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use hris_core::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::{Host, Url};

use crate::Shell;
use crate::failure::{Failure, Result};
use crate::vendors::Answer;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often a person is reminded that somebody waits.
const REMINDER: Duration = Duration::from_secs(60);
/// How long a browser may take to send what it has to say.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// The longest head of a request that is read.
const HEAD_BYTES: usize = 16 * 1024;
const PATH: &str = "/callback";

/// How the answer comes back.
#[derive(Debug)]
pub(crate) enum Way {
    /// The browser is sent to a port of this machine.
    Caught(TcpListener, Url),
    /// The person brings it. The address leads elsewhere, or nowhere.
    Pasted(Url),
}

impl Way {
    /// On this machine where that is where the redirect leads; else by hand.
    pub(crate) async fn new(redirect: Option<Url>, paste: bool) -> Result<Self> {
        let (redirect, port, ip) = match redirect {
            Some(url) => match loopback(&url) {
                Some(ip) if !paste => {
                    let port = url.port_or_known_default().unwrap_or_default();
                    (url, port, ip)
                }
                _ => return Ok(Self::Pasted(url)),
            },
            None if paste => return Ok(Self::Pasted(address(Ipv4Addr::LOCALHOST.into(), 80)?)),
            None => (address(Ipv4Addr::LOCALHOST.into(), 0)?, 0, Ipv4Addr::LOCALHOST.into()),
        };
        let cannot = |error: io::Error| {
            Failure::config(format!(
                "listen on {ip}:{port} for the redirect: {error}; use --paste, or another redirect_uri"
            ))
        };
        let listener = TcpListener::bind(SocketAddr::new(ip, port)).await.map_err(cannot)?;
        let redirect =
            if port == 0 { address(ip, listener.local_addr().map_err(cannot)?.port())? } else { redirect };
        Ok(Self::Caught(listener, redirect))
    }

    /// Where the vendor sends the person back to.
    pub(crate) fn redirect(&self) -> &Url {
        let (Self::Caught(_, redirect) | Self::Pasted(redirect)) = self;
        redirect
    }

    /// Waits for the answer to the consent of this state. A bare code counts only where the person
    /// asked to paste.
    pub(crate) async fn answer(self, state: &Secret, bare: bool, shell: &Shell) -> Result<Answer> {
        let answer = async {
            match self {
                Self::Caught(listener, redirect) => caught(&listener, redirect.path(), state).await,
                Self::Pasted(_) => pasted(&line().await?, state, bare),
            }
        };
        let mut stop = shell.stop.clone();
        let mut answer = pin!(tokio::time::timeout(PATIENCE, answer));
        let mut left = PATIENCE.as_secs() / 60;
        loop {
            return tokio::select! {
                biased;
                _ = stop.stopped() => Err(Failure::interrupted()),
                answer = &mut answer => answer.unwrap_or_else(|_elapsed| {
                    Err(Failure::auth("the consent page sent no answer within 10 minutes; run `hris connect` again"))
                }),
                () = tokio::time::sleep(REMINDER) => {
                    left = left.saturating_sub(1);
                    shell.console.note(format!("still waiting for the answer of the page, {left} minutes more"));
                    continue;
                }
            };
        }
    }
}

/// The state that a consent's address carries.
pub(crate) fn state_of(address: &Url) -> Option<Secret> {
    let mut pairs = address.query_pairs().filter(|(name, _)| name == "state");
    pairs.next().map(|(_, state)| Secret::from(state.into_owned())).filter(|state| !state.is_blank())
}

fn address(ip: IpAddr, port: u16) -> Result<Url> {
    let url = Url::parse(&format!("http://{}{PATH}", SocketAddr::new(ip, port)));
    url.map_err(|error| Failure::config(format!("redirect address: {error}")))
}

/// Where on this machine an address leads, if it does and a program can listen there.
fn loopback(url: &Url) -> Option<IpAddr> {
    if url.scheme() != "http" {
        return None;
    }
    match url.host()? {
        Host::Domain("localhost") => Some(Ipv4Addr::LOCALHOST.into()),
        Host::Ipv4(ip) if ip.is_loopback() => Some(ip.into()),
        Host::Ipv6(ip) if ip.is_loopback() => Some(ip.into()),
        _ => None,
    }
}

/// The first answer to this consent that a browser brings. Whatever else asks gets a page that says
/// so, and the wait goes on: anybody on this machine may knock.
async fn caught(listener: &TcpListener, path: &str, state: &Secret) -> Result<Answer> {
    let mut visits = JoinSet::new();
    loop {
        tokio::select! {
            visitor = listener.accept() => {
                // A visitor that has gone again needs no answer.
                let Ok((stream, _)) = visitor else { continue };
                visits.spawn(visit(stream, path.to_owned(), state.clone()));
            }
            Some(visited) = visits.join_next() => {
                if let Ok(Some(answer)) = visited {
                    return Ok(Answer::Address(answer));
                }
            }
        }
    }
}

/// Reads one request and answers it. Returns the address that was asked for, if it is the answer.
async fn visit(mut stream: TcpStream, path: String, state: Secret) -> Option<Secret> {
    let head = tokio::time::timeout(HEAD_LIMIT, head(&mut stream)).await.ok()?.ok()?;
    let answer = requested(&head, &path).filter(|address| answers(address, &state));
    let page = match &answer {
        Some(_) => {
            page("200 OK", "Back to the terminal", "The answer has arrived; this window may be closed.")
        }
        None => page(
            "404 Not Found",
            "Not the answer",
            "This is not the answer that hris connect waits for. Open the last address that it printed.",
        ),
    };
    // The answer counts whether or not the browser shows the page.
    let _ = stream.write_all(page.as_bytes()).await;
    let _ = stream.shutdown().await;
    answer.map(|address| Secret::from(String::from(address)))
}

async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while head.len() < HEAD_BYTES && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part).await?;
        if read == 0 {
            break;
        }
        head.extend(part.iter().take(read));
    }
    Ok(head)
}

/// The address that a request asks for, if it is a GET of this path.
fn requested(head: &[u8], path: &str) -> Option<Url> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    if method != "GET" || !target.starts_with('/') || !words.next()?.starts_with("HTTP/1.") {
        return None;
    }
    let address = Url::parse("http://localhost/").ok()?.join(target).ok()?;
    (address.path() == path && address.host_str() == Some("localhost")).then_some(address)
}

/// Whether the address brings back exactly this state.
fn answers(address: &Url, state: &Secret) -> bool {
    let mut states = address.query_pairs().filter(|(name, _)| name == "state");
    matches!((states.next(), states.next()), (Some((_, found)), None) if found == state.expose())
}

/// A page that holds nothing of what was asked and leads nowhere.
fn page(status: &str, title: &str, text: &str) -> String {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>hris</title>\
         <body style=\"font-family: sans-serif; margin: 4em\"><h1>{title}</h1><p>{text}</p></body></html>"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n{body}",
        body.len()
    )
}

/// One line of standard input. The thread that waits for it ends with the process.
async fn line() -> Result<Secret> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| Secret::from(line))
    });
    let failed = |error: String| Failure::config(format!("read the pasted address: {error}"));
    let line = read.await.map_err(|error| failed(error.to_string()))?;
    line.map_err(|error| failed(error.to_string()))
}

/// What a person pasted. Nothing of it is ever shown again.
fn pasted(line: &Secret, state: &Secret, bare: bool) -> Result<Answer> {
    let text = line.expose().trim();
    if text.is_empty() {
        return Err(Failure::config("nothing was pasted; run `hris connect` again"));
    }
    if let Ok(address) = Url::parse(text)
        && address.has_host()
    {
        return if answers(&address, state) {
            Ok(Answer::Address(Secret::from(text.to_owned())))
        } else {
            Err(Failure::auth(
                "the pasted address is not the answer to this consent (its state differs); run `hris connect` again and \
                 use the address that it prints",
            ))
        };
    }
    if text.contains(['?', '=', '&', '/', ' ']) {
        return Err(Failure::config(
            "the pasted text is not a whole address; copy all of it from the address bar, from https:// on",
        ));
    }
    if bare {
        return Ok(Answer::Code(Secret::from(text.to_owned())));
    }
    Err(Failure::auth(
        "a code alone does not show which consent it belongs to; paste the whole address, or use \
         `hris connect --paste`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    #[test]
    fn what_is_pasted_must_belong_to_this_consent() {
        let code = |answer: Result<Answer>| match answer {
            Ok(Answer::Address(_)) => "address".to_owned(),
            Ok(Answer::Code(_)) => "code".to_owned(),
            Err(failure) => failure.code.to_string(),
        };
        for (text, bare, expected) in [
            (" https://app.example/cb?code=marker&state=right \n", false, "address"),
            ("https://app.example/cb?error=access_denied&state=right", false, "address"),
            ("https://app.example/cb?code=marker&state=wrong", true, "4"),
            ("https://app.example/cb?code=marker", true, "4"),
            ("https://app.example/cb?code=marker&state=right&state=wrong", true, "4"),
            ("app.example/cb?code=marker&state=right", true, "1"),
            ("marker-code", true, "code"),
            ("marker-code", false, "4"),
            ("\n", true, "1"),
        ] {
            let answer = pasted(&secret(text), &secret("right"), bare);
            assert!(!format!("{answer:?}").contains("marker"), "{text}");
            assert_eq!(code(answer), expected, "{text}");
        }
    }

    #[test]
    fn only_a_get_of_the_path_is_looked_at() {
        let asks =
            |line: &str| requested(format!("{line}\r\nHost: x\r\n\r\n").as_bytes(), "/callback").is_some();
        assert!(asks("GET /callback?code=c&state=s HTTP/1.1"));
        for line in [
            "POST /callback?code=c&state=s HTTP/1.1",
            "GET /favicon.ico HTTP/1.1",
            "GET //evil.example/callback?code=c HTTP/1.1",
            "GET http://evil.example/callback HTTP/1.1",
            "GET /callback",
            "",
        ] {
            assert!(!asks(line), "{line}");
        }
    }

    #[tokio::test]
    async fn the_way_follows_the_redirect() {
        let way = async |redirect: Option<&str>, paste| {
            let redirect = redirect.map(|text| Url::parse(text).expect("an address"));
            match Way::new(redirect, paste).await.expect("a way") {
                Way::Caught(listener, redirect) => {
                    assert_eq!(
                        redirect.port_or_known_default(),
                        listener.local_addr().ok().map(|at| at.port())
                    );
                    assert!(listener.local_addr().is_ok_and(|at| at.ip().is_loopback()));
                    "caught"
                }
                Way::Pasted(_) => "pasted",
            }
        };
        assert_eq!(way(None, false).await, "caught");
        assert_eq!(way(None, true).await, "pasted");
        assert_eq!(way(Some("https://app.example/cb"), false).await, "pasted");
        assert_eq!(way(Some("https://localhost/cb"), false).await, "pasted", "we hold no certificate");
        let free =
            TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("a port").port();
        assert_eq!(way(Some(&format!("http://localhost:{free}/cb")), false).await, "caught");
        assert_eq!(way(Some("http://127.0.0.1:1/cb"), true).await, "pasted");
    }

    #[tokio::test]
    async fn strangers_do_not_use_up_the_wait() {
        let Way::Caught(listener, redirect) = Way::new(None, false).await.expect("a way") else { return };
        let at = listener.local_addr().expect("a port");
        let state = secret("right");
        let asked = async {
            let ask = async |target: &str| {
                let mut stream = TcpStream::connect(at).await.expect("a connection");
                let request = format!("GET {target} HTTP/1.1\r\nHost: {at}\r\n\r\n");
                stream.write_all(request.as_bytes()).await.expect("sent");
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.expect("an answer");
                answer
            };
            // A browser may connect and say nothing for now.
            let _silent = TcpStream::connect(at).await.expect("a connection");
            let wrong = ask("/callback?code=marker&state=wrong").await;
            assert!(wrong.starts_with("HTTP/1.1 404") && !wrong.contains("marker"), "{wrong}");
            assert!(ask("/favicon.ico").await.starts_with("HTTP/1.1 404"));
            let right = ask("/callback?code=marker&state=right").await;
            assert!(right.starts_with("HTTP/1.1 200") && !right.contains("marker"), "{right}");
        };
        let (answer, ()) = tokio::join!(caught(&listener, redirect.path(), &state), asked);
        assert!(matches!(answer, Ok(Answer::Address(address)) if address.expose().contains("code=marker")));
    }
}
