//! A vendor's own ways and its own limits.

use super::*;

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
        let order = AtomicUsize::new(0);
        let client = Client::builder("https://hr.example")
            .concurrency(4)
            .transport(FnTransport::new(move |_| {
                let (windows, refusals) = (windows.clone(), refusals.clone());
                // Uneven, so that there are always others under way when an answer comes.
                let latency = [10, 25, 40, 15][order.fetch_add(1, Ordering::SeqCst) % 4];
                async move {
                    sleep(Duration::from_millis(latency)).await;
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
