//! What the client repeats, waits for, follows, refuses and never shows.
#![cfg(feature = "http")]
// Helpers of tests may break off like tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use hris_core::http::{
    Authorize, Bearer, Client, ClientBuilder, FnTransport, Headers, Limits, Outgoing, Pace, Rate, Request,
    Response, RetryPolicy, SendError, Vendor, Verdict,
};
use hris_core::{Error, ErrorKind, Result, Secret};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

const TOKEN: &str = "canary-token-5f1c";

fn ok() -> Result<Response, SendError> {
    Ok(Response::new(200).with_header("content-type", "application/json; charset=utf-8").with_body("[1]"))
}

fn status(status: u16) -> Result<Response, SendError> {
    Ok(Response::new(status))
}

fn not_sent() -> Result<Response, SendError> {
    Err(SendError::not_sent(ErrorKind::Unavailable, "no connection"))
}

fn maybe_sent() -> Result<Response, SendError> {
    Err(SendError::maybe_sent(ErrorKind::Unavailable, "broke off"))
}

type Answer = Result<Response, SendError>;

/// A transport that gives these answers in turn, then 200, and notes what was sent and when.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    sent: Arc<Mutex<Vec<(Instant, Outgoing)>>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), sent: Arc::default() }
    }

    fn builder(&self) -> ClientBuilder {
        let script = self.clone();
        Client::builder("https://hr.example/api").seed(3).transport(FnTransport::new(move |outgoing| {
            script.sent.lock().unwrap().push((Instant::now(), outgoing));
            let answer = script.answers.lock().unwrap().pop_front().unwrap_or_else(ok);
            async move { answer }
        }))
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// Milliseconds between one sending and the next.
    fn gaps(&self) -> Vec<u64> {
        let sent = self.sent.lock().unwrap();
        sent.windows(2).map(|pair| u64::try_from((pair[1].0 - pair[0].0).as_millis()).unwrap()).collect()
    }
}

fn read() -> Request {
    Request::get("list people").segments(["people"])
}

fn write() -> Request {
    Request::post("create person").segments(["people"])
}

#[tokio::test(start_paused = true)]
async fn what_is_repeated_and_what_is_not() {
    use ErrorKind::*;
    type Case = (&'static str, fn() -> Answer, Request, usize, Option<ErrorKind>);
    let repeatable = || write().repeatable();
    let cases: Vec<Case> = vec![
        // (fault that comes once, request, times sent, what comes of it)
        ("nothing sent", not_sent, read(), 2, None),
        ("nothing sent", not_sent, write(), 2, None),
        ("maybe sent", maybe_sent, read(), 2, None),
        ("maybe sent", maybe_sent, write(), 1, Some(UnknownOutcome)),
        ("maybe sent", maybe_sent, repeatable(), 2, None),
        ("429", || status(429), read(), 2, None),
        ("429", || status(429), write(), 2, None),
        ("500", || status(500), read(), 2, None),
        ("500", || status(500), write(), 1, Some(UnknownOutcome)),
        ("500", || status(500), repeatable(), 2, None),
        ("503 with a wait", || Ok(Response::new(503).with_header("retry-after", "3")), read(), 2, None),
        (
            "503 with a wait",
            || Ok(Response::new(503).with_header("retry-after", "3")),
            write(),
            1,
            Some(UnknownOutcome),
        ),
        ("408", || status(408), read(), 2, None),
        ("408", || status(408), write(), 1, Some(UnknownOutcome)),
        ("425", || status(425), read(), 2, None),
        ("400", || status(400), read(), 1, Some(Rejected)),
        ("400", || status(400), write(), 1, Some(Rejected)),
        ("401", || status(401), read(), 1, Some(Auth)),
        ("403", || status(403), write(), 1, Some(Permission)),
        ("404", || status(404), read(), 1, Some(NotFound)),
        ("405", || status(405), read(), 1, Some(Protocol)),
        ("409", || status(409), write(), 1, Some(Rejected)),
        ("422", || status(422), write(), 1, Some(Rejected)),
        ("201 to a write", || status(201), write(), 1, None),
        ("204 to a write", || status(204), write(), 1, None),
        ("201 to a read", || status(201), read(), 1, Some(Protocol)),
        ("206 to a read", || status(206), read(), 1, Some(Protocol)),
        ("304 to a read", || status(304), read(), 1, Some(Protocol)),
        ("TLS", || Err(SendError::not_sent(Protocol, "no trusted connection")), read(), 1, Some(Protocol)),
        ("TLS", || Err(SendError::not_sent(Protocol, "no trusted connection")), write(), 1, Some(Protocol)),
        ("too large", || Err(SendError::too_large(9)), read(), 1, Some(TooLarge)),
        ("too large", || Err(SendError::too_large(9)), write(), 1, Some(UnknownOutcome)),
    ];
    for (name, fault, request, sent, expected) in cases {
        let script = Script::new([fault()]);
        let client = script.client();
        let kind = client.send(&request).await.err().map(|error| error.kind());
        assert_eq!((script.count(), kind), (sent, expected), "{name}: {request:?}");
        assert_eq!(client.requests(), sent as u64, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn five_attempts_with_growing_random_waits_then_the_fault_itself() {
    let script = Script::new((0..9).map(|_| status(500)));
    let error = script.client().send(&read()).await.unwrap_err();
    assert_eq!(error.to_string(), "list people: HTTP 500 after 5 attempts");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unavailable, Some(500)));
    let gaps = script.gaps();
    assert_eq!(gaps.len(), 4);
    for (gap, most) in gaps.iter().zip([500, 1_000, 2_000, 4_000]) {
        assert!(*gap <= most + 1, "{gaps:?}");
    }
    // The same seed draws the same waits; another one does not.
    let again = Script::new((0..9).map(|_| status(500)));
    again.client().send(&read()).await.unwrap_err();
    assert_eq!(again.gaps(), gaps);
    let other = Script::new((0..9).map(|_| status(500)));
    other.builder().seed(4).build().unwrap().send(&read()).await.unwrap_err();
    assert_ne!(other.gaps(), gaps);
}

#[tokio::test(start_paused = true)]
async fn nobody_comes_back_earlier_than_asked() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (after, date, least) in [
        ("7", None, 7_000),
        ("120", None, 120_000),
        ("Sun, 06 Nov 1994 08:49:47 GMT", Some(date), 10_000),
        ("Sunday, 06-Nov-94 08:49:47 GMT", Some(date), 10_000),
        ("Sun Nov  6 08:49:47 1994", Some(date), 10_000),
        // Nonsense and the past are as nothing: our own wait, a second at most.
        ("Sun, 06 Nov 1994 08:49:00 GMT", Some(date), 0),
        ("0", None, 0),
        ("", None, 0),
        ("-5", None, 0),
        ("1.5", None, 0),
        ("soon", None, 0),
        ("5 s", None, 0),
    ] {
        let mut answer = Response::new(429).with_header("retry-after", after);
        if let Some(date) = date {
            answer = answer.with_header("date", date);
        }
        let script = Script::new([Ok(answer)]);
        script.client().send(&read()).await.unwrap();
        let gap = script.gaps()[0];
        assert!(gap >= least && gap <= least.max(1_000) + 1, "{after:?}: {gap}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the fields that tell waits, nothing breaks, and plain seconds are kept.
    #[test]
    fn any_text_may_stand_where_a_wait_is_told(
        after in prop_oneof!["[ -~]{0,40}", "[0-9]{1,25}", "[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT"],
        date in "[ -~]{0,40}",
        left in "[ -~]{0,25}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let told = Response::new(429).with_header("retry-after", after.clone()).with_header("date", date)
                .with_header("ratelimit-remaining", left.clone()).with_header("ratelimit-reset", left);
            let script = Script::new([Ok(told)]);
            let ended = script.client().send(&read()).await;
            match (after.trim().parse::<u64>(), ended) {
                (Ok(seconds), Ok(_)) if !after.contains('+') => assert!(script.gaps()[0] >= seconds * 1_000),
                (_, Err(error)) => assert_eq!(error.kind(), ErrorKind::RateLimited),
                _ => {}
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_too_long_is_handed_back_at_once_and_holds_for_all() {
    let century = 100 * 365 * 24 * 3_600;
    for (after, seconds) in [("121", 121), ("86400", 86_400), ("100000000000000000000", century)] {
        for code in [429, 503] {
            let script = Script::new([Ok(Response::new(code).with_header("retry-after", after))]);
            let client = script.client();
            let started = Instant::now();
            let error = client.send(&read()).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.retry_after()),
                (ErrorKind::RateLimited, Some(Duration::from_secs(seconds)))
            );
            assert_eq!((script.count(), started.elapsed()), (1, Duration::ZERO));
            // Another request of the same credential must not try meanwhile either.
            let error = client.send(&read()).await.unwrap_err();
            assert_eq!((error.kind(), script.count()), (ErrorKind::RateLimited, 1));
            assert!(error.retry_after().unwrap() >= Duration::from_secs(seconds) - Duration::from_secs(1));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_date_without_anything_to_measure_it_by_stops() {
    let script =
        Script::new([Ok(Response::new(429).with_header("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"))]);
    let error = script.client().send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after(), script.count()), (ErrorKind::RateLimited, None, 1));
}

#[tokio::test(start_paused = true)]
async fn all_requests_of_a_client_wait_together() {
    let script = Script::new([Ok(Response::new(429).with_header("retry-after", "20"))]);
    let client = script.client();
    let request = read();
    let first = client.send(&request);
    let clone = client.begin_run();
    let later = async {
        sleep(Duration::from_secs(1)).await;
        clone.send(&request).await
    };
    let (first, later) = futures_util::future::join(first, later).await;
    first.unwrap();
    later.unwrap();
    let sent = script.sent.lock().unwrap();
    assert_eq!(sent.len(), 3);
    assert!(sent[1..].iter().all(|(at, _)| *at - sent[0].0 >= Duration::from_secs(20)));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_after_five_minutes() {
    let script = Script::new((0..9).map(|_| Ok(Response::new(429).with_header("retry-after", "110"))));
    let error = script.client().send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(110))));
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_budget_of_a_run_is_shared_and_ends_storms() {
    let script = Script::new((0..99).map(|_| status(500)));
    let client = script.client();
    let request = read();
    join_all((0..8).map(|_| client.send(&request))).await;
    // Eight requests and ten repeats, not eight times five.
    assert_eq!((script.count(), client.requests()), (18, 18));
    let fresh = client.begin_run();
    fresh.send(&request).await.unwrap_err();
    assert_eq!((fresh.requests(), client.requests()), (5, 18));
}

#[tokio::test(start_paused = true)]
async fn a_fifth_of_many_requests_may_be_repeats() {
    let mut answers = Vec::new();
    for _ in 0..100 {
        answers.extend([ok(), ok(), ok(), ok(), ok(), status(500)]);
    }
    let script = Script::new(answers);
    let client = script.client();
    for _ in 0..500 {
        client.send(&read()).await.unwrap();
    }
    assert_eq!(client.requests(), 599);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_answer_is_asked_for_once_more() {
    let bad = || Ok(Response::new(200).with_body("[1"));
    let script = Script::new([bad()]);
    assert_eq!(script.client().json::<Vec<u8>>(&read()).await.unwrap(), [1]);
    let script = Script::new([bad(), bad(), bad()]);
    let error = script.client().json::<Vec<u8>>(&read()).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::Protocol, 2));
    assert_eq!(error.to_string(), "list people: the JSON ends too early, at line 1 column 2");
    // A write that was taken but answered with rubbish is neither repeated nor refused.
    let script = Script::new([bad()]);
    let error = script.client().json::<Vec<u8>>(&write()).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::UnknownOutcome, 1));
}

#[test]
fn only_one_whole_json_document_is_read() {
    for (body, expected) in [
        ("[1]", None),
        (" [1] \n", None),
        ("\u{feff}[1]", None),
        ("", Some("the body is empty")),
        (" \n", Some("the body is empty")),
        ("[1][1]", Some("not JSON, at line 1 column 4")),
        ("[1] x", Some("not JSON, at line 1 column 5")),
        ("[300]", Some("another shape than documented, at line 1 column 4")),
        ("{\"a\":\"canary\"}", Some("another shape than documented, at line 1 column 0")),
        ("<!doctype html>", Some("not JSON, probably a login page")),
        ("\u{feff}\n <html>", Some("not JSON, probably a login page")),
        ("\"\\ud800\"", Some("not JSON, at line 1 column 8")),
    ] {
        let read = Response::new(200).with_body(body).json::<Vec<u8>>();
        let told = read.as_ref().err().map(|error| error.to_string().replace("read an answer: ", ""));
        assert_eq!(told.as_deref(), expected, "{body:?}");
    }
    let bytes = Response::new(200).with_body(*b"[\"\xff\"]").json::<Vec<String>>();
    assert_eq!(bytes.unwrap_err().kind(), ErrorKind::Protocol);
    let deep = Response::new(200).with_body("[".repeat(100_000)).json::<serde_json::Value>();
    assert_eq!(deep.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn only_documented_types_are_parsed() {
    let typed = |name: &'static str| {
        move || Ok(Response::new(200).with_header("content-type", name).with_body("[1]"))
    };
    for (name, default, listed, any) in [
        ("application/json", true, true, true),
        ("Application/JSON; charset=utf-8", true, true, true),
        ("application/vnd.api+json", true, true, true),
        ("text/html; charset=utf-8", false, true, true),
        ("text/plain", false, false, true),
        ("*/*", false, false, true),
    ] {
        let answers = || Script::new([typed(name)(), typed(name)()]);
        let accepts = [
            (answers().builder(), default),
            (answers().builder().accepts(["application/json", "text/html"]), listed),
            (answers().builder().accepts_any_type(), any),
        ];
        for (builder, expected) in accepts {
            let told = builder.build().unwrap().json::<Vec<u8>>(&read()).await;
            assert_eq!(told.is_ok(), expected, "{name}: {told:?}");
        }
    }
}

fn redirect(code: u16, location: &str) -> Answer {
    Ok(Response::new(code).with_header("location", location))
}

#[tokio::test(start_paused = true)]
async fn redirects_stay_on_the_origin_are_few_and_only_for_reads() {
    for code in [301, 302, 303, 307, 308] {
        let script = Script::new([redirect(code, "/elsewhere?a=b")]);
        script.client().send(&read()).await.unwrap();
        assert_eq!(script.sent.lock().unwrap()[1].1.url().as_str(), "https://hr.example/elsewhere?a=b");
    }
    for location in [
        "https://evil.example/api/people",
        "//evil.example/",
        "http://hr.example/api/people",
        "https://hr.example:8443/",
        "https://user@hr.example/",
        "https://login.hr.example/",
        "javascript:alert(1)",
        "https://",
    ] {
        let script = Script::new([redirect(302, location)]);
        let error = script.client().send(&read()).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (ErrorKind::Protocol, 1), "{location}");
        assert!(!error.to_string().contains("evil"), "{error}");
    }
    let script = Script::new((0..9).map(|_| redirect(302, "/api/people")));
    assert_eq!(script.client().send(&read()).await.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(script.count(), 4);
    for (code, kind) in
        [(307, ErrorKind::Protocol), (308, ErrorKind::Protocol), (302, ErrorKind::UnknownOutcome)]
    {
        let script = Script::new([redirect(code, "/elsewhere")]);
        let error = script.client().send(&write()).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (kind, 1), "{code}");
    }
}

#[test]
fn a_link_gives_its_path_and_query_only() {
    let client = Script::default().client();
    assert!(client.link("next page", "https://hr.example/api/people?cursor=a%2Fb").is_ok());
    assert!(client.link("next page", "/api/people?cursor=c").is_ok());
    for link in [
        "https://evil.example/api",
        "//evil.example",
        "http://hr.example/",
        "https://hr.example@evil.example/",
        "https://a@hr.example/",
        "data:x",
    ] {
        assert_eq!(client.link("next page", link).unwrap_err().kind(), ErrorKind::Protocol, "{link}");
    }
}

#[tokio::test]
async fn a_link_is_sent_to_our_own_address() {
    let script = Script::default();
    let client = script.client();
    let next = client.link("next page", "https://hr.example/v2/people?cursor=a%2Fb&x=1#top").unwrap();
    client.send(&next).await.unwrap();
    assert_eq!(
        script.sent.lock().unwrap()[0].1.url().as_str(),
        "https://hr.example/v2/people?cursor=a%2Fb&x=1"
    );
}

#[tokio::test]
async fn addresses_are_built_not_joined() {
    for (id, path) in [
        ("a b", "/api/people/a%20b"),
        ("a/../b", "/api/people/a%2F..%2Fb"),
        ("a?b#c", "/api/people/a%3Fb%23c"),
        ("%2e%2e", "/api/people/%252e%252e"),
        ("é", "/api/people/%C3%A9"),
    ] {
        let script = Script::default();
        script.client().send(&Request::get("read person").segments(["people", id])).await.unwrap();
        assert_eq!(script.sent.lock().unwrap()[0].1.url().path(), path);
    }
    for id in ["", ".", ".."] {
        let script = Script::default();
        let error =
            script.client().send(&Request::get("read person").segments(["people", id])).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (ErrorKind::Config, 0), "{id:?}");
    }
    let script = Script::default();
    script.client().send(&read().query("$limit", 250).query("q", "a&b=c ü")).await.unwrap();
    let url = script.sent.lock().unwrap()[0].1.url().clone();
    assert_eq!(
        url.query_pairs().collect::<Vec<_>>(),
        [("$limit".into(), "250".into()), ("q".into(), "a&b=c ü".into())]
    );
}

#[test]
fn addresses_that_cannot_be_meant_are_refused_before_anything_is_sent() {
    for (base, plain, loopback) in [
        ("https://hr.example", true, true),
        ("https://hr.example/api/", true, true),
        ("https://127.0.0.1:8443", true, true),
        ("http://127.0.0.1:8080", false, true),
        ("http://[::1]:8080", false, true),
        ("http://localhost", false, true),
        ("http://hr.example", false, false),
        ("http://localhost.evil.example", false, false),
        ("http://192.168.0.1", false, false),
        ("http://0.0.0.0", false, false),
        ("https://user@hr.example", false, false),
        ("https://user:pass@hr.example", false, false),
        ("https://hr.example/?a=b", false, false),
        ("https://evil.example/#.hr.example", false, false),
        ("ftp://hr.example", false, false),
        ("data:text/plain,x", false, false),
        ("hr.example", false, false),
        ("", false, false),
    ] {
        let built = |builder: ClientBuilder| match builder.build() {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Config);
                false
            }
        };
        assert_eq!(built(Client::builder(base)), plain, "{base}");
        assert_eq!(built(Client::builder(base).allow_http_loopback()), loopback, "{base} with loopback");
    }
}

/// A credential that is renewed once it is refused.
#[derive(Debug)]
struct Renewing {
    token: AtomicU64,
    renewals: Arc<AtomicU64>,
    may: bool,
}

#[async_trait]
impl Authorize for Renewing {
    async fn authorize(&self, headers: &mut Headers) -> Result<()> {
        headers.set("authorization", format!("Bearer {}", self.token.load(Ordering::SeqCst)));
        Ok(())
    }

    async fn refresh(&self) -> Result<bool> {
        sleep(Duration::from_millis(100)).await;
        self.renewals.fetch_add(1, Ordering::SeqCst);
        self.token.fetch_add(1, Ordering::SeqCst);
        Ok(self.may)
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_renewed_once_for_all_and_each_request_repeated_once() {
    for (accepted, sent, ends) in [("Bearer 1", 8, None), ("never", 8, Some(ErrorKind::Auth))] {
        let (renewals, count) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = count.clone();
        let client = Client::builder("https://hr.example")
            .authorization(Renewing { token: AtomicU64::new(0), renewals: renewals.clone(), may: true })
            .transport(FnTransport::new(move |outgoing: Outgoing| {
                counted.fetch_add(1, Ordering::SeqCst);
                async move {
                    sleep(Duration::from_millis(10)).await;
                    if outgoing.headers().value("authorization") == Some(accepted) {
                        ok()
                    } else {
                        status(401)
                    }
                }
            }))
            .build()
            .unwrap();
        let request = write();
        for result in join_all((0..4).map(|_| client.send(&request))).await {
            assert_eq!(result.err().map(|error| error.kind()), ends);
        }
        assert_eq!((renewals.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (1, sent), "{accepted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_renewed_is_refused_at_once() {
    let script = Script::new([status(401)]);
    let client = script.builder().authorization(Bearer::new(Secret::from(TOKEN.to_owned()))).build().unwrap();
    let error = client.send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::Auth, 1));
    let sent = script.sent.lock().unwrap()[0].1.clone();
    assert_eq!(sent.headers().value("Authorization"), Some("Bearer canary-token-5f1c"));
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_a_setting_to_correct() {
    for token in ["", "  ", "a\r\nx-evil: 1", "a\nb", "a\0"] {
        let script = Script::default();
        let client =
            script.builder().authorization(Bearer::new(Secret::from(token.to_owned()))).build().unwrap();
        let error = client.send(&read()).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (ErrorKind::Config, 0), "{token:?}");
    }
    assert!(Client::builder("https://hr.example").header("a b", "c").build().is_err());
}

#[derive(Debug)]
struct Peculiar;

impl Vendor for Peculiar {
    fn classify(&self, _: &Request, response: &Response) -> Option<Verdict> {
        match (response.status(), response.header("x-error")) {
            (403, Some("limit")) => Some(Verdict::Throttled),
            (404, _) => Some(Verdict::Refused(ErrorKind::Permission)),
            _ => None,
        }
    }

    fn pace(&self, response: &Response) -> Option<Pace> {
        (response.status() == 429).then(|| Pace::hold(Duration::from_secs(60)))
    }

    fn words(&self, response: &Response) -> Option<String> {
        response.header("x-words").map(str::to_owned)
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendors_own_ways_are_understood() {
    let limit = || Ok(Response::new(403).with_header("x-error", "limit").with_header("retry-after", "9"));
    let script = Script::new([limit()]);
    script.builder().vendor(Peculiar).build().unwrap().send(&write()).await.unwrap();
    assert!(script.gaps()[0] >= 9_000);
    let script = Script::new([status(404)]);
    let error = script.builder().vendor(Peculiar).build().unwrap().send(&read()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    // A limit told without a wait: the vendor's own rule says a minute.
    let script = Script::new([status(429)]);
    script.builder().vendor(Peculiar).build().unwrap().send(&read()).await.unwrap();
    assert!(script.gaps()[0] >= 60_000);
}

#[tokio::test(start_paused = true)]
async fn errors_say_what_was_done_and_the_safe_words_of_the_vendor() {
    for (answer, expected) in [
        (Response::new(403), "list people: HTTP 403"),
        (
            Response::new(403).with_header("x-words", "Forbidden, request id req_a2"),
            "list people: HTTP 403 (Forbidden, request id req_a2)",
        ),
        (Response::new(403).with_header("x-words", "a\u{1b}[31m\nb"), "list people: HTTP 403 (a[31mb)"),
    ] {
        let script = Script::new([Ok(answer)]);
        let error = script.builder().vendor(Peculiar).build().unwrap().send(&read()).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    for (id, expected) in [
        ("req_a2", "list people: HTTP 403 (request id req_a2)"),
        ("ada@x.example <b>", "list people: HTTP 403"),
    ] {
        let script = Script::new([Ok(Response::new(403).with_header("X-Request-Id", id))]);
        assert_eq!(script.client().send(&read()).await.unwrap_err().to_string(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_vendors_allowance_is_not_passed() {
    // Twenty requests in each window of ten seconds, told in every answer.
    for (remaining, reset) in
        [("RateLimit-Remaining", "RateLimit-Reset"), ("x-ratelimit-remaining", "x-ratelimit-reset")]
    {
        let started = Instant::now();
        let used = Arc::new(Mutex::new((0_u64, 0_u64)));
        let refused = Arc::new(AtomicU64::new(0));
        let (windows, refusals) = (used.clone(), refused.clone());
        let client = Client::builder("https://hr.example")
            .concurrency(4)
            .transport(FnTransport::new(move |_| {
                let (windows, refusals) = (windows.clone(), refusals.clone());
                async move {
                    sleep(Duration::from_millis(20)).await;
                    let now = started.elapsed();
                    let mut used = windows.lock().unwrap();
                    let window = now.as_secs() / 10;
                    *used = if used.0 == window { (window, used.1 + 1) } else { (window, 1) };
                    if used.1 > 20 {
                        refusals.fetch_add(1, Ordering::SeqCst);
                        return status(429);
                    }
                    let left = Duration::from_secs((window + 1) * 10) - now;
                    Ok(Response::new(200)
                        .with_header(remaining, (20 - used.1).to_string())
                        .with_header(reset, (left.as_secs() + 1).to_string()))
                }
            }))
            .build()
            .unwrap();
        let request = read();
        join_all((0..100).map(|_| client.send(&request)))
            .await
            .into_iter()
            .for_each(|result| drop(result.unwrap()));
        assert_eq!(refused.load(Ordering::SeqCst), 0);
        // Five windows when all is used; one more is allowed for caution about requests under way.
        assert!(started.elapsed() < Duration::from_secs(63), "{:?}", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_about_the_allowance_is_passed_over() {
    for (remaining, reset) in [
        ("0", "100000000000000000000"),
        ("0", "-1"),
        ("0", "x"),
        ("x", "5"),
        ("-1", "5"),
        ("0", "90000"),
        ("0", "1900000000"),
    ] {
        let odd = Response::new(200)
            .with_header("ratelimit-remaining", remaining)
            .with_header("ratelimit-reset", reset);
        let script = Script::new([Ok(odd)]);
        let client = script.client();
        client.send(&read()).await.unwrap();
        client.send(&read()).await.unwrap();
        assert_eq!(script.gaps(), [0], "{remaining} {reset}");
    }
    // A reset told as a Unix time counts from the answer's own date.
    let unix = Response::new(200)
        .with_header("x-ratelimit-remaining", "0")
        .with_header("x-ratelimit-reset", "1700000005")
        .with_header("date", "Tue, 14 Nov 2023 22:13:20 GMT");
    let script = Script::new([Ok(unix)]);
    let client = script.client();
    client.send(&read()).await.unwrap();
    client.send(&read()).await.unwrap();
    assert_eq!(script.gaps(), [5_000]);
}

#[derive(Debug)]
struct Stated;

impl Vendor for Stated {
    fn pace(&self, response: &Response) -> Option<Pace> {
        let total: u32 = response.header("x-ratelimit-total")?.parse().ok()?;
        Some(Pace::rate(Rate::per_minute(total)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_the_vendor_states_takes_the_place_of_ours() {
    let stated = || Ok(Response::new(200).with_header("x-ratelimit-total", "60"));
    let script = Script::new((0..9).map(|_| stated()));
    let client = script.builder().vendor(Stated).rate(Rate::per_minute(10)).build().unwrap();
    for _ in 0..5 {
        client.send(&read()).await.unwrap();
    }
    assert_eq!(script.gaps(), [1_000; 4]);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_after_the_total_time_and_large_answers_are_refused() {
    let policy = RetryPolicy::never();
    let silent = Client::builder("https://hr.example")
        .retry(policy)
        .transport(FnTransport::new(|_| async {
            sleep(Duration::from_secs(3_600)).await;
            ok()
        }))
        .build()
        .unwrap();
    let started = Instant::now();
    let error = silent.send(&read()).await.unwrap_err();
    assert_eq!(error.to_string(), "list people: no answer in 120 s");
    assert_eq!((error.kind(), started.elapsed()), (ErrorKind::Unavailable, Duration::from_secs(120)));
    let error = silent.send(&write()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome);

    let mut limits = Limits::default();
    limits.body = 3;
    for (body, expected) in [("[1]", None), ("[12]", Some(ErrorKind::TooLarge))] {
        let script = Script::new([Ok(Response::new(200).with_body(body))]);
        let told = script.builder().limits(limits).build().unwrap().send(&read()).await;
        assert_eq!(told.err().map(|error| error.kind()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_gives_its_place_back() {
    let script = Script::new([]);
    let client = script.builder().concurrency(1).rate(Rate::per_second(1)).build().unwrap();
    client.send(&read()).await.unwrap();
    let request = read();
    assert!(tokio::time::timeout(Duration::from_millis(10), client.send(&request)).await.is_err());
    client.send(&read()).await.unwrap();
    assert_eq!((script.count(), client.requests()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn neither_token_nor_person_is_in_any_debug_or_error() {
    const PERSON: &str = "canary-person-77aa";
    let request = || {
        Request::post("create person")
            .segments(["people", PERSON])
            .query("email", PERSON)
            .header("x-key", TOKEN)
            .json(&serde_json::json!({ "name": PERSON, "secret": TOKEN }))
            .unwrap()
    };
    let list = || Request::get("list people").query("email", PERSON).header("x-key", TOKEN);
    let body = format!("{{\"name\":\"{PERSON}\",\"token\":\"{TOKEN}\"}}");
    let page = |code: u16| Response::new(code).with_header("x-echo", TOKEN).with_body(body.clone());
    let mut shown = vec![format!("{:?} {:?} {:?}", request(), list(), page(200))];
    let bearer = || Bearer::new(Secret::from(TOKEN.to_owned()));
    for code in [200, 201, 302, 307, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503] {
        for request in [request(), list()] {
            let answers = (0..9).map(|_| {
                Ok(page(code)
                    .with_header("location", format!("https://evil.example/{PERSON}"))
                    .with_header("x-request-id", format!("{PERSON} {TOKEN}")))
            });
            let script = Script::new(answers);
            let builder = script.builder().authorization(bearer()).header("x-static", TOKEN);
            shown.push(format!("{builder:?}"));
            let client = builder.build().unwrap();
            shown.push(format!("{client:?}"));
            // The body is an object, so reading it as a list of numbers fails and may quote it.
            shown.extend(client.json::<Vec<u8>>(&request).await.err().iter().flat_map(all_of));
            shown.push(format!("{:?}", script.sent.lock().unwrap()));
        }
    }
    shown.extend(
        Script::default()
            .client()
            .link("next page", &format!("https://{PERSON}.example"))
            .err()
            .iter()
            .flat_map(all_of),
    );
    let refused = Client::builder(&format!("https://{TOKEN}:{TOKEN}@hr.example/{PERSON}")).build();
    shown.extend(refused.err().iter().flat_map(all_of));
    let form = Request::post("refresh").form([("refresh_token", TOKEN)]);
    shown.push(format!("{form:?}"));
    assert!(shown.len() > 80);
    for text in shown {
        assert!(!text.contains(TOKEN) && !text.contains(PERSON), "{text}");
    }
}

fn all_of(error: &Error) -> Vec<String> {
    let mut all = vec![format!("{error} {error:?} {error:#?}")];
    let mut source = error.source();
    while let Some(cause) = source {
        all.push(format!("{cause} {cause:?}"));
        source = cause.source();
    }
    all
}
