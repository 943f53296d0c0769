//! The fake vendors as they meet a client that is not ours.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// The head and the body of an answer.
fn ask(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

#[test]
fn nobody_is_shown_a_canary_of_the_tests() {
    for (vendor, refused) in [
        ("humaans", "/api/people"),
        ("freshteam", "/api/employees"),
        ("employmenthero", "/api/v1/organisations"),
        ("24sevenoffice", "/api/auth?token=mistyped"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = common::hris(folder.path(), &["sandbox", vendor, "--employees", "12"])
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let mut next = || lines.next().expect("a line").expect("text");
        let (listening, token) = (next(), next());
        let url = listening.strip_prefix("listening on http://").expect("where");
        let address = url.split('/').next().expect("an address");
        let (head, body) = ask(address, refused);
        assert!(head.starts_with("HTTP/1.1 401"), "{vendor}: {head}");
        for shown in [&token, &head, &body] {
            assert!(!shown.contains("must-never"), "{vendor}: {shown}");
        }
        common::signal(&child, "TERM");
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
    }
}
