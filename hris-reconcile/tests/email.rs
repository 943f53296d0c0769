//! Reports by e-mail: what arrives, what is refused and how that is said, what is never shown.
#![cfg(feature = "email")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up has failed")]

mod mail_server;

use std::time::{Duration, Instant};

use hris_core::Secret;
use hris_reconcile::ErrorKind;
use hris_reconcile::email::EmailSender;
use hris_reconcile::report::Report;
use mail_server::{MailServer, Script, Tls};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const FROM: Option<&str> = Some("HRIS <hris@acme.example>");

fn report(change: Value) -> Report {
    let mut report = json!({
        "run": "01JDC0000000000000000000AA", "connection": "acme", "command": "sync",
        "outcome": "completed", "started_at": "2026-11-23T09:00:00Z", "finished_at": "2026-11-23T09:00:04Z",
        "source": { "vendor": "humaans", "employees": 9, "complete": true, "requests": 4 },
        "counts": { "created": 3, "unchanged": 6 }, "actions": [], "problems": [], "refusal": null,
    });
    for (key, value) in change.as_object().expect("members") {
        report[key] = value.clone();
    }
    serde_json::from_value(report).expect("a report")
}

fn problem() -> Value {
    json!([{ "severity": "warning", "code": "missing_email", "employee": "e9", "message": "none" }])
}

fn sender(url: impl Into<String>) -> EmailSender {
    EmailSender::new(&Secret::from(url.into()), FROM, "Admin <hr@acme.example>").expect("usable")
}

/// Limits under which a silent server is given up soon.
fn hasty(sender: EmailSender) -> EmailSender {
    sender.limits(Duration::from_millis(300), Duration::from_secs(2))
}

/// The text of a message as a reader sees it: soft line ends of quoted-printable joined.
fn unfolded(seen: &str) -> String {
    seen.replace("=\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn the_report_arrives_with_what_is_to_be_looked_at_attached() {
    for (problems, attached) in [(json!([]), false), (problem(), true)] {
        let server = MailServer::start(Script::default()).await;
        let sender = sender(format!("smtp://127.0.0.1:{}", server.port));
        sender.send(&report(json!({ "problems": problems }))).await.expect("sent");
        let seen = server.seen();
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
        for name in ["filename=\"problems-2026-11-23.csv\"", "filename=\"report-2026-11-23.html\""] {
            assert_eq!(seen.contains(name), attached, "{seen}");
        }
        assert_eq!(unfolded(&seen).contains("warning,missing_email,e9"), attached, "{seen}");
    }
}

#[tokio::test]
async fn a_name_cannot_add_a_header_or_a_recipient() {
    let server = MailServer::start(Script::default()).await;
    let hostile = "x\r\nBcc: thief@evil.example\r\n\r\nbody";
    let sender = sender(format!("smtp://localhost:{}", server.port));
    sender.send(&report(json!({ "connection": hostile }))).await.expect("sent");
    let seen = server.seen();
    assert!(!seen.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")));
    assert_eq!(server.count("RCPT TO"), 1);
    let url = Secret::from("smtp://localhost".to_owned());
    for address in ["hr@acme.example\r\nBcc: thief@evil.example", "a@b.example, c@d.example", "nobody", ""] {
        for (from, to) in [(FROM, address), (Some(address), "hr@acme.example")] {
            let error = EmailSender::new(&url, from, to).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Config, "{address:?}");
        }
    }
}

#[tokio::test]
async fn the_sender_is_chosen_or_the_user_and_never_a_guess() {
    let sender = |url: &str, from| EmailSender::new(&Secret::from(url.to_owned()), from, "hr@acme.example");
    for (url, from, address) in [
        ("smtps://hris%40acme.example:x@mail.acme.example", None, "hris@acme.example"),
        ("smtps://apikey:x@mail.acme.example", FROM, "hris@acme.example"),
        ("smtps://other%40acme.example:x@mail.acme.example", FROM, "hris@acme.example"),
    ] {
        assert_eq!(sender(url, from).expect("usable").sender(), address);
    }
    for url in ["smtps://apikey:x@mail.acme.example", "smtp://mail.acme.example", "smtp://127.0.0.1"] {
        let error = sender(url, None).expect_err("no sender");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("report.email_from"), "{error}");
    }
}

#[tokio::test]
async fn user_and_password_arrive_as_they_are_and_are_never_shown() {
    let server = MailServer::start(Script::tls(Tls::Whole)).await;
    let url = format!("smtps://a%40b%3A%2F:s3%25%20cr%40et@localhost:{}", server.port);
    let sender = sender(url).trusting(server.ca.as_bytes()).expect("certificates");
    sender.check().await.expect("fine");
    assert!(!server.seen().contains("MAIL"), "nothing is sent");
    sender.send(&report(json!({}))).await.expect("sent");
    // AUTH PLAIN of "\0a@b:/\0s3% cr@et".
    assert!(server.seen().contains("AUTH PLAIN AGFAYjovAHMzJSBjckBldA=="), "{}", server.seen());
    let server =
        MailServer::start(Script::default().on("AUTH", &["535 no s3cret for e@people.example"])).await;
    let sender = self::sender(format!("smtp://hris%40acme.example:s3cret@127.0.0.1:{}", server.port));
    let error = sender.send(&report(json!({}))).await.expect_err("refused");
    for shown in [format!("{error} {error:?}"), format!("{sender:?}")] {
        assert!(!shown.contains("s3cret") && !shown.contains("people.example"), "{shown}");
    }
}

/// A situation, the address under which the server is asked, and what is said of it.
type Situation = (&'static str, Script, &'static str, ErrorKind, &'static [&'static str]);

fn plain(command: &'static str, answer: &'static str) -> Script {
    Script::default().on(
        command,
        match answer {
            "550 5.1.1 no" => &["550 5.1.1 no"],
            "550 5.7.1 no" => &["550 5.7.1 no"],
            "554 5.7.1 no" => &["554 5.7.1 no"],
            "554 no" => &["554 no"],
            "553 no" => &["553 no"],
            "552 no" => &["552 no"],
            "530 no" => &["530 no"],
            "535 5.7.8 no" => &["535 5.7.8 no"],
            "450 4.2.1 later" => &["450 4.2.1 later"],
            "452 later" => &["452 later"],
            "421 later" => &["421 later"],
            "..." => &["..."],
            "!" => &["!"],
            _ => &["nonsense"],
        },
    )
}

fn situations() -> Vec<Situation> {
    use ErrorKind::{Auth, Config, Target};
    let (open, whole, upgraded) = ("smtp://u:p@127.0.0.1", "smtps://u:p@127.0.0.1", "smtp://u:p@0.0.0.0");
    let tls = Script::tls;
    vec![
        (
            "password",
            plain("AUTH", "535 5.7.8 no"),
            open,
            Auth,
            &["user or password", "code 535 5.7.8", "%40"],
        ),
        ("login missing", plain("MAIL", "530 no"), open, Auth, &["wants a login"]),
        ("login not offered", Script::default().on("EHLO", &["250 here"]), open, Auth, &["offers no login"]),
        ("sender", plain("MAIL", "553 no"), open, Config, &["the sender's address", "553"]),
        ("recipient", plain("RCPT", "550 5.1.1 no"), open, Config, &["refuses the recipient", "550 5.1.1"]),
        ("relay", plain("RCPT", "554 5.7.1 no"), open, Config, &["does not pass mail on"]),
        ("relay by policy", plain("RCPT", "550 5.7.1 no"), open, Config, &["does not pass mail on"]),
        ("spam", plain(".", "554 no"), open, Config, &["refuses the message itself"]),
        ("size", plain(".", "552 no"), open, Config, &["no message of this size"]),
        (
            "later",
            plain("RCPT", "450 4.2.1 later"),
            open,
            Target,
            &["not take it now", "tried 3 times", "450"],
        ),
        ("full", plain(".", "452 later"), open, Target, &["no room now", "tried 3 times"]),
        ("busy", plain("greeting", "421 later"), open, Target, &["come back later", "tried 3 times"]),
        ("no mail server", plain("greeting", "HTTP"), open, Target, &["is not a mail server"]),
        ("not welcome", plain("greeting", "554 no"), open, Config, &["refuses to talk"]),
        (
            "silent",
            plain("greeting", "..."),
            open,
            Target,
            &["its greeting", "such as 465, is asked with smtps://"],
        ),
        ("silent at login", plain("AUTH", "..."), open, Target, &["fell silent", "at the login"]),
        ("breaks off", plain("RCPT", "!"), open, Target, &["broke the connection off", "recipient"]),
        ("plain port, smtps", Script::default(), whole, Target, &["does not begin with TLS", "smtp://"]),
        ("TLS port, smtp", tls(Tls::Whole), upgraded, Target, &["its greeting", "asked with smtps://"]),
        ("no STARTTLS", Script::default(), upgraded, Target, &["offers no TLS (STARTTLS)"]),
        (
            "unknown CA",
            tls(Tls::Whole).certified_by_nobody(),
            whole,
            Target,
            &["the company's own CA", "update-ca-certificates", "SSL_CERT_FILE"],
        ),
        (
            "unknown CA after STARTTLS",
            tls(Tls::Offered).certified_by_nobody(),
            upgraded,
            Target,
            &["the company's own CA"],
        ),
        (
            "self-signed",
            tls(Tls::Whole).certified_by_itself(false),
            whole,
            Target,
            &["is self-signed", "update-ca-certificates", "SSL_CERT_FILE"],
        ),
        (
            "self-signed as an authority",
            tls(Tls::Whole).certified_by_itself(true),
            whole,
            Target,
            &["an authority's own", "CA:FALSE"],
        ),
        (
            "another name",
            tls(Tls::Whole).certified_for("mail.other.example"),
            whole,
            Target,
            &["is for another name"],
        ),
        ("run out", tls(Tls::Whole).certified_between(2020, 2021), whole, Target, &["has expired"]),
        (
            "not yet",
            tls(Tls::Whole).certified_between(2090, 2091),
            whole,
            Target,
            &["not valid yet", "clocks"],
        ),
    ]
}

#[tokio::test]
async fn each_cause_has_its_own_words() {
    for (name, script, url, kind, expected) in situations() {
        let server = MailServer::start(script).await;
        let sender = hasty(sender(format!("{url}:{}", server.port)));
        let sender = sender.trusting(server.ca.as_bytes()).expect("certificates");
        let error = sender.send(&report(json!({}))).await.expect_err(name);
        let text = error.to_string();
        assert!(text.starts_with("the report mail could not be sent"), "{name}: {text}");
        for part in expected {
            assert!(text.contains(part), "{name}: {part:?} is missing from {text}");
        }
        assert_eq!(error.kind(), kind, "{name}");
        assert!(!text.contains("hook"), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_server_without_modern_tls_is_named_as_such() {
    // A whole hello of TLS 1.1, the alert about a version, and the alert that nothing is shared.
    const HELLO: &[u8] = &[
        0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 0xc0, 0x13, 0,
    ];
    for (answer, says) in [
        (HELLO, "speaks only outdated TLS"),
        (&[0x15, 3, 1, 0, 2, 2, 70], "speaks only outdated TLS"),
        (&[0x15, 3, 1, 0, 2, 2, 40], "offers no encryption that is safe enough"),
    ] {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let _hello = stream.read(&mut [0; 4096]).await.expect("its hello");
            stream.write_all(answer).await.expect("sent");
            // Until the client goes away.
            let _gone = stream.read(&mut [0; 4096]).await;
        };
        let sender = hasty(sender(format!("smtps://127.0.0.1:{port}")));
        let (error, ()) = tokio::join!(sender.check(), serve);
        let text = error.expect_err("no TLS").to_string();
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[tokio::test]
async fn a_check_finds_what_shows_before_a_message() {
    let early = ["password", "login not offered", "no STARTTLS", "unknown CA", "another name", "silent"];
    let mut found = 0;
    for (name, script, url, kind, expected) in situations() {
        if !early.contains(&name) {
            continue;
        }
        found += 1;
        let server = MailServer::start(script).await;
        let sender = hasty(sender(format!("{url}:{}", server.port)));
        let sender = sender.trusting(server.ca.as_bytes()).expect("certificates");
        let error = sender.check().await.expect_err(name);
        assert_eq!(error.kind(), kind, "{name}");
        assert!(expected.iter().all(|part| error.to_string().contains(part)), "{name}: {error}");
    }
    assert_eq!(found, early.len());
}

#[tokio::test]
async fn a_server_or_a_name_that_is_not_there_is_told_apart() {
    let port = {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        listener.local_addr().expect("an address").port()
    };
    for url in [format!("smtp://127.0.0.1:{port}"), format!("smtps://127.0.0.1:{port}")] {
        let error = hasty(sender(url)).send(&report(json!({}))).await.expect_err("nobody there");
        assert!(error.is_transient());
        assert!(error.to_string().contains("nothing answers at 127.0.0.1"), "{error}");
    }
    let error = hasty(sender("smtps://mail.invalid")).check().await.expect_err("nobody there");
    assert!(error.to_string().contains("the name mail.invalid is not found"), "{error}");
}

#[tokio::test]
async fn what_is_not_taken_now_is_tried_again() {
    for (command, answers) in [
        ("RCPT", &["450 4.7.1 greylisted", "="][..]),
        (".", &["452 later", "451 later", "="]),
        ("greeting", &["!", "="]),
        ("MAIL", &["421 later", "="]),
    ] {
        let server = MailServer::start(Script::default().on(command, answers)).await;
        let sender = hasty(sender(format!("smtp://127.0.0.1:{}", server.port)));
        sender.send(&report(json!({}))).await.expect(command);
    }
    for command in ["RCPT", "."] {
        let server = MailServer::start(plain(command, "550 5.1.1 no")).await;
        let sender = hasty(sender(format!("smtp://127.0.0.1:{}", server.port)));
        sender.send(&report(json!({}))).await.expect_err("refused");
        assert_eq!(server.count("MAIL"), 1, "a refusal for good is asked for once");
    }
}

#[tokio::test]
async fn a_message_that_is_not_confirmed_is_sent_once_and_said_to_be_open() {
    for answer in ["...", "!", "nonsense"] {
        let server = MailServer::start(plain(".", answer)).await;
        let sender = hasty(sender(format!("smtp://127.0.0.1:{}", server.port)));
        let error = sender.send(&report(json!({}))).await.expect_err("open");
        assert!(error.to_string().starts_with("it is unknown whether the report mail was sent"), "{error}");
        assert!(error.to_string().contains("may still arrive"), "{error}");
        assert_eq!(server.count("DATA"), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_within_the_limits() {
    let server = MailServer::start(plain("MAIL", "...")).await;
    let sender = sender(format!("smtp://127.0.0.1:{}", server.port));
    let begun = Instant::now();
    let limits = sender.limits(Duration::from_millis(200), Duration::from_millis(500));
    limits.send(&report(json!({}))).await.expect_err("silent");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_is_too_large_goes_without_attachments() {
    let server = MailServer::start(Script::default().on(".", &["552 5.3.4 too big", "="])).await;
    let sender = sender(format!("smtp://127.0.0.1:{}", server.port));
    sender.send(&report(json!({ "problems": problem() }))).await.expect("sent");
    let seen = server.seen();
    assert_eq!((server.count("DATA"), seen.matches("filename=").count()), (2, 2), "{seen}");
}

#[tokio::test]
async fn nothing_leaves_the_machine_without_tls() {
    // The address answers on loopback but is not loopback by name, so the sender must ask for TLS;
    // this server offers none, and no message may follow.
    let server = MailServer::start(Script::default()).await;
    sender(format!("smtp://u:p@0.0.0.0:{}", server.port)).send(&report(json!({}))).await.expect_err("no TLS");
    let seen = server.seen();
    assert!(!seen.contains("MAIL FROM") && !seen.contains("AUTH") && !seen.contains("Subject"), "{seen}");
    // With TLS it goes, and everything but the greeting goes through it.
    let server = MailServer::start(Script::tls(Tls::Offered)).await;
    let sender = sender(format!("smtp://u:p@0.0.0.0:{}", server.port));
    let sender = sender.trusting(server.ca.as_bytes()).expect("certificates");
    sender.send(&report(json!({}))).await.expect("sent");
    assert!(server.seen().contains("STARTTLS\nEHLO acme.example\nAUTH PLAIN"), "{}", server.seen());
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
        let error =
            EmailSender::new(&Secret::from(text.to_owned()), FROM, "hr@acme.example").expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{text}");
    }
}

/// A run of so many people under words that take the most room.
fn enormous(people: usize, word: &str) -> Report {
    let id = |n: usize| format!("{n}-{word}");
    let action = |kind: &str, n: usize| {
        json!({ "action": kind, "employee": id(n), "user": id(n), "fields": [word, "b", "c", "d", "e", "f", "g", "h", "i"],
                "reason": format!("{word} {n}"), "result": "planned" })
    };
    let actions: Vec<_> = (0..people).map(|n| action(["deactivate", "create", "update"][n % 3], n)).collect();
    let problems: Vec<_> = (0..people)
        .map(|n| {
            json!({ "severity": "error", "code": "invalid_record", "employee": id(n), "field": word,
                         "message": format!("{word} {n}") })
        })
        .collect();
    report(json!({
        "outcome": "refused", "actions": actions, "problems": problems, "connection": word,
        "refusal": { "rule": "max_deactivations", "limit": 3, "planned": people, "message": word },
    }))
}

#[tokio::test]
async fn a_message_is_bounded_whatever_the_run_was() {
    for (people, word) in [(60, "x"), (5_000, "x"), (300, "\u{202e}<&\"'=+@"), (300, &"é".repeat(3_000))] {
        let server = MailServer::start(Script::default()).await;
        let sender = sender(format!("smtp://127.0.0.1:{}", server.port));
        sender.send(&enormous(people, word)).await.expect("sent");
        let seen = server.seen();
        let bodies: Vec<&str> = seen.split("Content-Type: ").collect();
        let of = |kind: &str| bodies.iter().find(|part| part.starts_with(kind)).expect("a body").len();
        assert!(of("text/plain") < 80_000 && of("text/html") < 80_000, "{people} {}", of("text/html"));
        assert!(seen.len() < 4_000_000, "{} bytes", seen.len());
        match people {
            60 => assert!(seen.contains("filename=\"report-2026-11-23.html\"")),
            5_000 => assert!(
                !seen.contains("filename=\"report-2026-11-23.html\""),
                "a page of this size is not sent"
            ),
            _ => {}
        }
        let seen = unfolded(&seen);
        // What is hardly readable as text is sent in base64.
        if word == "x" {
            assert!(seen.contains("hris report 01JDC0000000000000000000AA --format html"));
        }
        if people == 60 {
            let html = seen.find("text/html").expect("a body");
            let (removal, joiner) = (seen[html..].find("0-x"), seen[html..].find("1-x"));
            assert!(removal.is_some() && removal < joiner, "removals come first");
        }
        if let Ok(folder) = std::env::var("HRIS_KEEP_MAIL") {
            std::fs::write(format!("{folder}/mail-{people}.eml"), server.seen()).expect("kept");
        }
    }
}

#[tokio::test]
async fn mail_programs_can_draw_it_and_tell_a_refusal_from_a_success() {
    let refusal = json!({ "rule": "max_deactivations", "limit": 3, "planned": 5, "message": "look" });
    let removal = json!([{ "action": "deactivate", "employee": "e1", "user": "u1", "fields": [],
                           "reason": "has left", "result": "planned" }]);
    let mut texts = Vec::new();
    for change in [json!({}), json!({ "outcome": "refused", "refusal": refusal, "actions": removal })] {
        let server = MailServer::start(Script::default()).await;
        let sender = sender(format!("smtp://127.0.0.1:{}", server.port));
        sender.send(&report(change)).await.expect("sent");
        let seen = unfolded(&server.seen());
        let body = seen.split("text/html").nth(1).expect("a body").split("</html>").next().expect("an end");
        for unknown in
            ["var(", "--", "grid", "clamp", ":root", "::before", "<details", "<style", "flex", "class="]
        {
            assert!(!body.contains(unknown) || unknown == "--", "{unknown}: {body}");
        }
        // What is left of it without any style.
        let bare: String =
            body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect();
        texts.push(bare);
    }
    assert!(texts[0].contains("COMPLETED") && texts[1].contains("REFUSED"), "{texts:?}");
    assert!(texts[1].contains("e1") && texts[1].contains("u1"));
}
