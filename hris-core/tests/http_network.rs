//! The network transport against a server on this machine that misbehaves byte by byte.
#![cfg(feature = "http")]
// Helpers of tests may break off like tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use hris_core::http::{Bearer, Client, ClientBuilder, Limits, Request, RetryPolicy};
use hris_core::{ErrorKind, Secret};

type Answer = Box<dyn Fn(&mut TcpStream) + Send>;

/// Answers one connection after the other with these, the last one again and again, and keeps
/// the head of each request.
struct Server {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(mut answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = heads.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                kept.lock().unwrap().push(head(&mut stream));
                let answer = if answers.len() > 1 { answers.remove(0) } else { answers.pop().unwrap() };
                answer(&mut stream);
                if answers.is_empty() {
                    answers.push(answer);
                }
            }
        });
        Self { port, heads }
    }

    fn builder(&self) -> ClientBuilder {
        let mut policy = RetryPolicy::default();
        policy.base = Duration::from_millis(1);
        Client::builder(&format!("http://127.0.0.1:{}", self.port)).allow_http_loopback().retry(policy)
    }

    fn count(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

/// Reads a request up to the end of its head, or whatever came if it never ends.
fn head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    while !text.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => text.extend_from_slice(&buffer[..count]),
            _ => break,
        }
        if text.first() == Some(&0x16) {
            break; // The beginning of a TLS handshake, not of a request.
        }
    }
    String::from_utf8_lossy(&text).to_lowercase()
}

fn bytes(answer: impl Into<Vec<u8>>) -> Answer {
    let answer = answer.into();
    Box::new(move |stream| drop(stream.write_all(&answer)))
}

fn json(fields: &str, body: &[u8]) -> Answer {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{fields}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    bytes(answer)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn read() -> Request {
    Request::get("list people").segments(["people"])
}

#[tokio::test]
async fn a_plain_answer_is_read_and_nothing_superfluous_is_sent() {
    let server = Server::start(vec![json("", b"[1,2]")]);
    let client =
        server.builder().authorization(Bearer::new(Secret::from("t0ken".to_owned()))).build().unwrap();
    assert_eq!(client.json::<Vec<u8>>(&read().query("$limit", 2)).await.unwrap(), [1, 2]);
    let heads = server.heads.lock().unwrap();
    assert!(heads[0].starts_with("get /people?%24limit=2 http/1.1\r\n"), "{}", heads[0]);
    for field in
        ["authorization: bearer t0ken\r\n", "accept: application/json\r\n", "accept-encoding: gzip\r\n"]
    {
        assert_eq!(heads[0].matches(field).count(), 1, "{field} in {}", heads[0]);
    }
    assert!(!heads[0].contains("referer") && !heads[0].contains("cookie"), "{}", heads[0]);
}

#[test]
fn the_proxy_of_the_environment_is_not_used() {
    // Nothing listens on the proxy's port, so the test within fails if the proxy is asked.
    let mut within = std::process::Command::new(std::env::current_exe().unwrap());
    within.args(["--exact", "a_plain_answer_is_read_and_nothing_superfluous_is_sent"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        within.env(name, "http://127.0.0.1:1");
    }
    within.env_remove("no_proxy").env_remove("NO_PROXY");
    let output = within.output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[tokio::test]
async fn a_proxy_that_is_given_is_used() {
    let proxy = Server::start(vec![json("", b"[1]")]);
    let address = format!("http://127.0.0.1:{}", proxy.port).parse().unwrap();
    let client = Client::builder("http://127.0.0.1:1").allow_http_loopback().proxy(address).build().unwrap();
    client.send(&read()).await.unwrap();
    assert!(proxy.heads.lock().unwrap()[0].starts_with("get http://127.0.0.1:1/people "));
}

#[tokio::test]
async fn a_cut_answer_is_dropped_even_where_its_beginning_is_whole_json() {
    for cut in [
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n[1,2]",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2]\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nff\r\n[1,2]",
        "HTTP/1.1 200 OK\r\ncontent-type: app",
        "",
    ] {
        let server = Server::start(vec![bytes(cut), json("", b"[3]")]);
        let client = server.builder().build().unwrap();
        assert_eq!(client.json::<Vec<u8>>(&read()).await.unwrap(), [3], "{cut}");
        assert_eq!(server.count(), 2);
        let always = Server::start(vec![bytes(cut)]);
        let error = always.builder().build().unwrap().json::<Vec<u8>>(&read()).await.unwrap_err();
        assert_eq!((error.kind(), always.count()), (ErrorKind::Unavailable, 5), "{cut}: {error}");
        let write = Request::post("create person").segments(["people"]);
        let error =
            Server::start(vec![bytes(cut)]).builder().build().unwrap().send(&write).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{cut}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_decoded_once_and_unknown_encodings_are_refused() {
    let whole = gzip(b"[1,2]");
    let server = Server::start(vec![json("content-encoding: gzip\r\n", &whole)]);
    assert_eq!(server.builder().build().unwrap().json::<Vec<u8>>(&read()).await.unwrap(), [1, 2]);
    for (fields, body) in [
        ("content-encoding: br\r\n", whole.clone()),
        ("content-encoding: zstd\r\n", whole.clone()),
        ("content-encoding: x-own\r\n", whole.clone()),
        ("content-encoding: gzip, gzip\r\n", gzip(&whole)),
    ] {
        let server = Server::start(vec![json(fields, &body)]);
        let error = server.builder().build().unwrap().json::<Vec<u8>>(&read()).await.unwrap_err();
        assert_eq!((error.kind(), server.count()), (ErrorKind::Protocol, 1), "{fields}: {error}");
    }
    // A compressed answer that ends early is cut, whatever its length says.
    let server = Server::start(vec![json("content-encoding: gzip\r\n", &whole[..whole.len() - 9])]);
    let error = server.builder().build().unwrap().json::<Vec<u8>>(&read()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn bombs_and_endless_bodies_stop_at_the_limit() {
    let mut limits = Limits::default();
    limits.body = 1024 * 1024;
    let bomb = gzip(&vec![b' '; 16 * 1024 * 1024]);
    assert!(bomb.len() < 100 * 1024);
    let endless: Answer = Box::new(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[");
        while stream.write_all(&[b' '; 65_536]).is_ok() {}
    });
    for answer in [json("content-encoding: gzip\r\n", &bomb), endless] {
        let server = Server::start(vec![answer]);
        let error =
            server.builder().limits(limits).build().unwrap().json::<Vec<u8>>(&read()).await.unwrap_err();
        assert_eq!((error.kind(), server.count()), (ErrorKind::TooLarge, 1));
        assert_eq!(error.to_string(), "list people: the answer is larger than 1048576 bytes");
    }
    // Exactly the limit is not above it.
    let mut fits = vec![b' '; limits.body - 3];
    fits.extend_from_slice(b"[1]");
    let server = Server::start(vec![json("", &fits)]);
    assert_eq!(server.builder().limits(limits).build().unwrap().json::<Vec<u8>>(&read()).await.unwrap(), [1]);
}

#[tokio::test]
async fn silence_ends_after_the_idle_time_and_dripping_after_the_total_time() {
    // The limit that is not meant is far away, so that a slow machine cannot meet it first.
    let limits = |idle: u64, total: u64| {
        let mut limits = Limits::default();
        limits.idle = Duration::from_millis(idle);
        limits.total = Duration::from_millis(total);
        limits
    };
    let (idle, total) = (limits(60, 60_000), limits(60_000, 200));
    let silent = |before: &'static str| -> Answer {
        Box::new(move |stream| {
            let _ = stream.write_all(before.as_bytes());
            // Until the client goes away.
            let _ = stream.read(&mut [0; 1]);
        })
    };
    let dripping: Answer = Box::new(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[");
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let headless: Answer = Box::new(|stream| {
        let mut head = b"HTTP/1.1 200 OK\r\nx-long: ".iter().chain(std::iter::repeat(&b'-'));
        while stream.write_all(&[*head.next().unwrap()]).is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let (nothing, none) = ("list people: nothing received in 0.06 s", "list people: no answer in 0.06 s");
    for (answer, limits, least, words) in [
        (silent(""), idle, 60, none),
        (silent("HTTP/1.1 200 OK\r\n"), idle, 60, none),
        (headless, idle, 60, none),
        (silent("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1]"), idle, 60, nothing),
        (dripping, total, 200, "list people: no whole answer in 1 s"),
    ] {
        let server = Server::start(vec![answer]);
        let client = server.builder().limits(limits).retry(RetryPolicy::never()).build().unwrap();
        let started = Instant::now();
        let error = client.json::<Vec<u8>>(&read()).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unavailable, words));
        assert!(started.elapsed() >= Duration::from_millis(least));
    }
}

#[tokio::test]
async fn what_is_no_tls_is_refused_without_a_byte_of_the_request() {
    let server = Server::start(vec![bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")]);
    let client = Client::builder(&format!("https://127.0.0.1:{}", server.port))
        .authorization(Bearer::new(Secret::from("t0ken".to_owned())))
        .build()
        .unwrap();
    let error = client.send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), client.requests(), server.count()), (ErrorKind::Protocol, 1, 1));
    assert_eq!(
        error.to_string(),
        "list people: no trusted connection to 127.0.0.1: it does not speak TLS on this port; perhaps the port is for http"
    );
    assert!(!server.heads.lock().unwrap()[0].contains("t0ken"));
}

#[tokio::test]
async fn a_port_that_is_silent_or_hangs_up_when_tls_begins_is_not_tried_again() {
    let silent: Answer = Box::new(|stream| drop(stream.read(&mut [0; 1])));
    for (answer, said) in [
        (silent, "it is silent when TLS begins; perhaps the port is for http"),
        (bytes(""), "it hung up when TLS began; perhaps the port is for http"),
    ] {
        let server = Server::start(vec![answer]);
        let mut limits = Limits::default();
        limits.connect = Duration::from_millis(300);
        let client = Client::builder(&format!("https://127.0.0.1:{}", server.port)).limits(limits);
        let client = client.build().unwrap();
        let error = client.send(&Request::post("create person").segments(["people"])).await.unwrap_err();
        assert_eq!((error.kind(), client.requests()), (ErrorKind::Protocol, 1), "{error}");
        let expected = format!("create person: no trusted connection to 127.0.0.1: {said}");
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_even_for_a_write() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut policy = RetryPolicy::default();
    policy.base = Duration::from_millis(1);
    let base = format!("http://127.0.0.1:{port}");
    let client = Client::builder(&base).allow_http_loopback().retry(policy).build().unwrap();
    let error = client.send(&Request::post("create person").segments(["people"])).await.unwrap_err();
    assert_eq!((error.kind(), client.requests()), (ErrorKind::Unavailable, 5));
    assert_eq!(error.to_string(), "create person: no connection to 127.0.0.1 after 5 attempts");
}

#[tokio::test]
async fn redirects_are_not_followed_to_another_port() {
    let other = Server::start(vec![json("", b"[1]")]);
    let away = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/people\r\ncontent-length: 0\r\n\r\n",
        other.port
    );
    let server = Server::start(vec![bytes(away)]);
    let error = server.builder().build().unwrap().send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), other.count()), (ErrorKind::Protocol, 0));
}
