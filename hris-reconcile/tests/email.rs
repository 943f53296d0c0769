//! Reports by e-mail: what arrives, what is refused, what is never shown.
#![cfg(feature = "email")]
#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use hris_core::Secret;
use hris_reconcile::ErrorKind;
use hris_reconcile::email::EmailSender;
use hris_reconcile::report::Report;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

fn report(connection: &str, problems: Value) -> Report {
    let report = json!({
        "run": "01JDC0000000000000000000AA", "connection": connection, "command": "sync",
        "outcome": "completed", "started_at": "2026-11-23T09:00:00Z", "finished_at": "2026-11-23T09:00:04Z",
        "source": { "vendor": "humaans", "employees": 9, "complete": true, "requests": 4 },
        "counts": { "created": 3, "unchanged": 6 }, "actions": [], "problems": problems, "refusal": null,
    });
    serde_json::from_value(report).expect("a report")
}

/// A mail server for one connection: answers `refused` with 550 and everything else with yes, and
/// gives back the commands and the message it was sent.
async fn server(refused: &'static str) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a caller");
        let (read, mut write) = socket.split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 ready\r\n").await.expect("sent");
        let (mut seen, mut in_message) = (String::new(), false);
        while let Ok(Some(line)) = lines.next_line().await {
            seen.push_str(&line);
            seen.push('\n');
            let answer = match line.split(' ').next().unwrap_or_default() {
                "." if in_message => {
                    in_message = false;
                    "250 taken"
                }
                _ if in_message => continue,
                word if !refused.is_empty() && word == refused => "550 no s3cret for e-mail@people.example",
                "EHLO" => "250-here\r\n250 AUTH PLAIN",
                "AUTH" => "235 welcome",
                "DATA" => {
                    in_message = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 yes",
            };
            if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                break;
            }
        }
        seen
    });
    (port, task)
}

fn url(text: impl Into<String>) -> Secret {
    Secret::from(text.into())
}

#[tokio::test]
async fn the_report_arrives_with_its_problems_attached() {
    let problems =
        json!([{ "severity": "warning", "code": "missing_email", "employee": "e9", "message": "none" }]);
    for (problems, attached) in [(json!([]), false), (problems, true)] {
        let (port, server) = server("").await;
        let sender = EmailSender::new(&url(format!("smtp://127.0.0.1:{port}")), "Admin <hr@acme.example>")
            .and_then(|sender| sender.from("HRIS <hris@acme.example>"))
            .expect("usable");
        sender.send(&report("acme", problems)).await.expect("sent");
        drop(sender);
        let seen = server.await.expect("served");
        for line in [
            "EHLO acme.example",
            "MAIL FROM:<hris@acme.example>",
            "RCPT TO:<hr@acme.example>",
            "Subject: [acme] 3 people joined, 6 unchanged",
            "Message-ID: <01JDC0000000000000000000AA.report@acme.example>",
            "Date: Mon, 23 Nov 2026 09:00:04 +0000",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(seen.contains(line), "{line} is missing from {seen}");
        }
        assert!(seen.contains("text/plain") && seen.contains("text/html"));
        assert_eq!(seen.contains("problems-01JDC0000000000000000000AA.csv"), attached, "{seen}");
        // Long lines are folded on the way.
        assert_eq!(seen.replace("=\n", "").contains("warning,missing_email,e9"), attached, "{seen}");
    }
}

#[tokio::test]
async fn a_name_cannot_add_a_header_or_a_recipient() {
    let (port, server) = server("").await;
    let sender =
        EmailSender::new(&url(format!("smtp://localhost:{port}")), "hr@acme.example").expect("usable");
    let hostile = "x\r\nBcc: thief@evil.example\r\n\r\nbody";
    sender.send(&report(hostile, json!([]))).await.expect("sent");
    drop(sender);
    let seen = server.await.expect("served");
    assert!(!seen.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")));
    assert_eq!(seen.lines().filter(|line| line.starts_with("RCPT TO")).count(), 1);
    for address in ["hr@acme.example\r\nBcc: thief@evil.example", "a@b.example, c@d.example", "nobody", ""] {
        let error = EmailSender::new(&url("smtp://localhost"), address).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Config, "{address:?}");
    }
}

#[tokio::test]
async fn credentials_are_used_and_never_shown() {
    let (port, server) = server("AUTH").await;
    let text = format!("smtp://hris%40acme.example:s3cret@127.0.0.1:{port}");
    let sender = EmailSender::new(&url(text), "hr@acme.example").expect("usable");
    let error = sender.send(&report("acme", json!([]))).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("550"), "{error}");
    for shown in [format!("{error} {error:?}"), format!("{sender:?}")] {
        assert!(!shown.contains("s3cret") && !shown.contains("people.example"), "{shown}");
    }
    drop(sender);
    assert!(server.await.expect("served").contains("AUTH PLAIN"));
}

#[tokio::test]
async fn a_server_that_is_not_there_may_be_asked_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let sender =
        EmailSender::new(&url(format!("smtp://127.0.0.1:{port}")), "hr@acme.example").expect("usable");
    let error = sender.send(&report("acme", json!([]))).await.expect_err("nobody there");
    assert!(error.is_transient());
}

#[tokio::test]
async fn nothing_leaves_the_machine_without_tls() {
    // The address answers on loopback but is not loopback by name, so the sender must ask for TLS;
    // this server offers none, and no message may follow.
    let (port, server) = server("STARTTLS").await;
    let sender = EmailSender::new(&url(format!("smtp://0.0.0.0:{port}")), "hr@acme.example").expect("usable");
    sender.send(&report("acme", json!([]))).await.expect_err("no TLS");
    drop(sender);
    let seen = server.await.expect("served");
    assert!(!seen.contains("MAIL FROM") && !seen.contains("Subject"), "{seen}");
}

#[test]
fn a_url_that_cannot_be_right_is_refused_without_being_shown() {
    for text in [
        "mail.acme.example",
        "http://user:s3cret@mail.acme.example",
        "smtp://",
        "smtp://user@mail.acme.example",
        "smtp://user:s3cret@mail.acme.example/path",
        "smtps://user:s3cret@mail.acme.example?tls=none",
        "smtp://user:s3cret@mail.acme.example:notaport",
    ] {
        let error = EmailSender::new(&url(text), "hr@acme.example").expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{text}");
    }
}
