//! What is read of an answer.

use super::*;

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
    for body in [&b"[\"\xff\"]"[..], b"\xff\xfe[\0]\0"] {
        let error = Response::new(200).with_body(body).json::<Vec<String>>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.to_string(), "read an answer: the body is not text in UTF-8, as JSON is");
    }
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
    assert_eq!(error.to_string(), "list people: no whole answer in 120 s");
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
