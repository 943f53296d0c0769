//! Why a connection is not trusted, in words that tell the causes apart.
#![cfg(feature = "http")]
// Helpers of tests may break off like tests.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use hris_core::http::{Bearer, Client, Request};
use hris_core::{ErrorKind, Secret};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};

/// The variable that tells the test within which ports to ask.
const PORTS: &str = "HRIS_TEST_TLS_PORTS";

/// Serves each connection in turn with `talk`.
fn serve(talk: impl Fn(&mut TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            talk(&mut stream.unwrap());
        }
    });
    port
}

/// Serves `[1]` behind a certificate, over HTTP/1.1, as a server that would rather speak HTTP/2.
fn behind(certificate: &rcgen::Certificate, key: &KeyPair) -> u16 {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let chain = vec![certificate.der().clone()];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    serve(move |socket| {
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = Stream::new(&mut connection, socket);
        // A client that does not trust us goes away.
        if stream.read(&mut [0; 4096]).is_ok() {
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\
                          connection: close\r\n\r\n[1]";
            let _ = stream.write_all(answer.as_bytes());
        }
    })
}

/// Answers the beginning of TLS with these bytes.
fn answering(bytes: &'static [u8]) -> u16 {
    serve(move |socket| {
        let _ = socket.read(&mut [0; 4096]);
        let _ = socket.write_all(bytes);
        // Until the client goes away.
        let _ = socket.read(&mut [0; 4096]);
    })
}

#[test]
fn each_cause_has_its_own_words() {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let known = CertifiedIssuer::self_signed(authority.clone(), KeyPair::generate().unwrap()).unwrap();
    let unknown = CertifiedIssuer::self_signed(authority.clone(), KeyPair::generate().unwrap()).unwrap();
    let mut elsewhere = authority.clone();
    elsewhere.distinguished_name.push(DnType::CommonName, "another authority");
    let other_name = CertifiedIssuer::self_signed(elsewhere, KeyPair::generate().unwrap()).unwrap();
    let here = || CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let signed = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = here();
        change(&mut params);
        behind(&params.signed_by(&key, &known).unwrap(), &key)
    };
    let mut own_authority = authority.clone();
    own_authority.subject_alt_names = here().subject_alt_names;
    let (expired, yet, name) = ("has expired", "not valid yet", "for another name");
    let (unknown_issuer, old) = ("SSL_CERT_FILE", "no version of TLS from 1.2 on");
    // A whole hello of TLS 1.1, as a server gives it that knows no other.
    const HELLO: &[u8] = &[
        0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 0xc0, 0x13, 0,
    ];
    let cases = [
        (signed(&|_| {}), None),
        (signed(&|one| one.not_after = date_time_ymd(2020, 1, 1)), Some(expired)),
        (signed(&|one| one.not_before = date_time_ymd(3000, 1, 1)), Some(yet)),
        (
            signed(&|one| {
                one.subject_alt_names =
                    CertificateParams::new(vec!["hr.example".into()]).unwrap().subject_alt_names;
            }),
            Some(name),
        ),
        (behind(&here().signed_by(&key, &unknown).unwrap(), &key), Some(unknown_issuer)),
        (behind(&here().signed_by(&key, &other_name).unwrap(), &key), Some(unknown_issuer)),
        (behind(&here().self_signed(&key).unwrap(), &key), Some(unknown_issuer)),
        (behind(&own_authority.self_signed(&key).unwrap(), &key), Some("is an authority's own")),
        (answering(HELLO), Some(old)),
        (answering(&[0x15, 3, 1, 0, 2, 2, 70]), Some(old)),
        (answering(&[0x15, 3, 1, 0, 2, 2, 40]), Some("no encryption that is safe enough")),
        (answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Some("perhaps the port is for http")),
    ];
    // The trust store is read once in a process, so another one asks.
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("authorities.pem");
    std::fs::write(&store, known.pem()).unwrap();
    let ports: Vec<String> = cases.iter().map(|(port, _)| port.to_string()).collect();
    let mut within = Command::new(std::env::current_exe().unwrap());
    within.args(["--exact", "--nocapture", "nothing_is_sent_to_a_server_that_is_not_trusted"]);
    within.env("SSL_CERT_FILE", &store).env(PORTS, ports.join(","));
    let output = within.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for (port, said) in cases {
        let start = format!("{port}: ");
        let line = told.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        match said {
            None => assert_eq!(line, "trusted"),
            Some(said) => {
                assert!(line.starts_with("read: no trusted connection to 127.0.0.1: "), "{line}");
                assert!(line.contains(said), "{said} in {line}");
            }
        }
    }
}

#[tokio::test]
#[allow(clippy::print_stdout, reason = "how the test above hears of it")]
async fn nothing_is_sent_to_a_server_that_is_not_trusted() {
    // The test above names the ports; alone it is a server of our own that nobody trusts.
    let (key, here) = (KeyPair::generate().unwrap(), CertificateParams::new(vec!["127.0.0.1".to_owned()]));
    let alone = || behind(&here.unwrap().self_signed(&key).unwrap(), &key).to_string();
    let asked = std::env::var(PORTS).ok();
    let trusted = asked.is_some();
    let ports = asked.unwrap_or_else(alone);
    for port in ports.split(',') {
        let client = Client::builder(&format!("https://127.0.0.1:{port}"))
            .authorization(Bearer::new(Secret::from("t0ken".to_owned())))
            .build()
            .unwrap();
        match client.json::<Vec<u8>>(&Request::get("read").segments(["people"])).await {
            Ok(_) => {
                assert!(trusted, "{port}");
                println!("{port}: trusted");
            }
            Err(error) => {
                assert_eq!((error.kind(), client.requests()), (ErrorKind::Protocol, 1), "{error}");
                assert!(!format!("{error} {error:?}").contains("t0ken"));
                println!("{port}: {error}");
            }
        }
    }
}
