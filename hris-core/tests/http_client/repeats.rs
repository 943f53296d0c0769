//! What is sent again, and when.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_is_repeated_and_what_is_not() {
    use ErrorKind::*;
    type Case = (&'static str, fn() -> Answer, Request, usize, Option<ErrorKind>);
    let repeatable = || write().repeatable();
    let spending = || write().spending();
    let cases: Vec<Case> = vec![
        // (fault that comes once, request, times sent, what comes of it)
        ("nothing sent", not_sent, read(), 2, None),
        ("nothing sent", not_sent, write(), 2, None),
        ("maybe sent", maybe_sent, read(), 2, None),
        ("maybe sent", maybe_sent, write(), 1, Some(UnknownOutcome)),
        ("maybe sent", maybe_sent, repeatable(), 2, None),
        ("nothing sent", not_sent, spending(), 2, None),
        ("maybe sent", maybe_sent, spending(), 1, Some(UnknownOutcome)),
        ("429", || status(429), spending(), 2, None),
        ("500", || status(500), spending(), 2, None),
        ("503 with a wait", || Ok(Response::new(503).with_header("retry-after", "3")), spending(), 2, None),
        ("400", || status(400), spending(), 1, Some(Rejected)),
        ("too large", || Err(SendError::too_large(9)), spending(), 1, Some(UnknownOutcome)),
        ("late", late, read(), 2, None),
        ("late", late, write(), 1, Some(UnknownOutcome)),
        ("late", late, repeatable(), 2, None),
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
    for (gap, most) in gaps.iter().zip([50, 100, 200, 400]) {
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

/// A read returns at once, because that costs nothing; everything else gives the server more time. A limit
/// is a limit for reads too.
#[tokio::test(start_paused = true)]
async fn the_first_waits_of_reads_are_short_and_those_of_writes_and_limits_are_not() {
    let busy = || Ok(Response::new(503).with_header("retry-after", "0"));
    type Case = (&'static str, fn() -> Answer, Request, u64);
    let cases: [Case; 9] = [
        ("500", || status(500), read(), 50),
        ("503", || status(503), read(), 50),
        ("maybe sent", maybe_sent, read(), 50),
        ("nothing sent", not_sent, read(), 50),
        ("429", || status(429), read(), 1_000),
        ("503 with a wait", busy, read(), 1_000),
        ("nothing sent", not_sent, write(), 500),
        ("500", || status(500), write().repeatable(), 500),
        ("500", || status(500), write().spending(), 500),
    ];
    for (name, fault, request, base) in cases {
        let mut longest = 0;
        for seed in 0..64 {
            let script = Script::new([fault(), fault()]);
            script.builder().seed(seed).build().unwrap().send(&request).await.unwrap();
            for (gap, most) in script.gaps().into_iter().zip([base, 2 * base]) {
                assert!(gap <= most + 1, "{name}, {request:?}: {gap} ms");
                longest = longest.max(gap);
            }
        }
        // Both waits are drawn from nothing to their most, so of so many one comes near it.
        assert!(longest > 2 * base * 8 / 10, "{name}, {request:?}: {longest} ms");
    }
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
async fn what_comes_too_late_is_asked_for_once_more_and_not_again() {
    let script = Script::new((0..9).map(|_| late()));
    let error = script.client().send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::Unavailable, 2));
    assert_eq!(error.to_string(), "list people: no answer in 30 s after 2 attempts");
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_after_the_deadline() {
    let mut policy = RetryPolicy::default();
    (policy.read_base, policy.cap, policy.attempts) = (Duration::from_secs(60), Duration::from_secs(60), 50);
    policy.deadline = Duration::from_secs(100);
    let script = Script::new((0..50).map(|_| status(500)));
    let started = Instant::now();
    let error = script.builder().retry(policy).build().unwrap().send(&read()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(started.elapsed() <= policy.deadline, "{:?}", started.elapsed());
    assert!((2..11).contains(&script.count()), "{}", script.count());
}

/// Says with every refusal, in its own way, how long nobody may ask.
#[derive(Debug)]
struct Holding(Duration);

impl Vendor for Holding {
    fn pace(&self, response: &Response) -> Option<Pace> {
        (response.status() == 429).then(|| Pace::hold(self.0))
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_in_all_no_longer_than_a_vendor_may_ask_for() {
    let seconds = Duration::from_secs;
    let told_after = |after: &'static str| Response::new(429).with_header("retry-after", after);
    for (refusal, hold, waits, back) in [
        (told_after("110"), 0, &[110][..], seconds(110)),
        (told_after("40"), 0, &[40, 40, 40], seconds(40)),
        (Response::new(429), 60, &[60, 60], seconds(60)),
        (Response::new(429), 90, &[90], seconds(90)),
        (Response::new(429), 130, &[], seconds(130)),
        // Nothing is known: our own short waits, and come back in a minute.
        (Response::new(429), 0, &[0, 0, 0, 0], seconds(60)),
    ] {
        let script = Script::new((0..9).map(|_| Ok(refusal.clone())));
        let told = Arc::new(Mutex::new(Vec::new()));
        let (heard, started) = (told.clone(), Instant::now());
        let client = script.builder().vendor(Holding(seconds(hold))).build().unwrap();
        let client = client.on_wait(Some(Arc::new(move |time| heard.lock().unwrap().push(time.as_secs()))));
        let error = client.send(&read()).await.unwrap_err();
        let case = format!("{refusal:?}, {hold} s: {error}");
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(back)), "{case}");
        assert_eq!(script.count(), waits.len() + 1, "{case}");
        assert!(started.elapsed() < seconds(waits.iter().sum::<u64>() + 16), "{case}");
        // What takes a second or more is told, once, as it begins.
        let long: Vec<u64> = waits.iter().copied().filter(|wait| *wait > 9).collect();
        let told: Vec<u64> = told.lock().unwrap().iter().copied().filter(|wait| *wait > 9).collect();
        assert_eq!(told, long, "{case}");
    }
}

/// After refusals the pace falls until requests are seconds apart. Nobody may take that for a program that hangs.
#[tokio::test(start_paused = true)]
async fn the_waits_of_a_pace_that_fell_are_told() {
    let script = Script::new((0..4).map(|_| status(429)));
    let told = Arc::new(Mutex::new(Duration::ZERO));
    let heard = told.clone();
    let client = script.builder().rate(Rate::per_second(5).burst(1)).build().unwrap();
    let client = client.on_wait(Some(Arc::new(move |time| *heard.lock().unwrap() += time)));
    let started = Instant::now();
    for _ in 0..6 {
        client.send(&read()).await.unwrap();
    }
    let (elapsed, told) = (started.elapsed(), *told.lock().unwrap());
    assert!(elapsed > Duration::from_secs(15), "{elapsed:?}");
    let untold = elapsed.saturating_sub(told);
    assert!(untold < Duration::from_secs(6), "of {elapsed:?} only {told:?} was told");
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
