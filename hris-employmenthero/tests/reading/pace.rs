//! The pace: two limits at once, neither ever passed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use hris_core::http::{FnTransport, Response};
use hris_core::{Directory, ReadRequest, Secret};
use hris_employmenthero::EmploymentHero;
use hris_employmenthero::sandbox::RetryAfter;
use tokio::time::Instant;

use super::{builder, directory, sandbox, today};

#[tokio::test(start_paused = true)]
async fn neither_limit_is_ever_passed() {
    let sent: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let log = sent.clone();
    let directory = EmploymentHero::builder()
        .access_token(Secret::from("token".to_owned()))
        .concurrency(50)
        .transport(FnTransport::new(move |_| {
            log.lock().unwrap().push(Instant::now());
            let body = r#"{"data":{"items":[{"id":"1","name":"One"}],"page_index":1,"total_items":1,"total_pages":1}}"#;
            async move { Ok(Response::new(200).with_body(body)) }
        }))
        .build()
        .unwrap();
    let began = Instant::now();
    for answer in join_all((0..300).map(|_| directory.organisations())).await {
        assert_eq!(answer.unwrap().len(), 1);
    }
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 300);
    for (window, most) in [(Duration::from_secs(1), 15), (Duration::from_secs(60), 95)] {
        for (place, first) in sent.iter().enumerate() {
            let inside = sent[place..].iter().take_while(|at| **at < *first + window).count();
            assert!(inside <= most, "{inside} requests in {window:?}");
        }
    }
    // And nothing of what is allowed is given away: 95, 95, 95 and 15.
    assert!(began.elapsed() < Duration::from_secs(182), "{:?}", began.elapsed());
    assert!(sent[94] < sent[0] + Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn the_vendors_limits_are_kept_without_a_refusal() {
    let sandbox = sandbox(400).await;
    let directory = builder(&sandbox).page_size(2).build().unwrap();
    let snapshot = directory.snapshot(&ReadRequest::new(today())).await.unwrap();
    assert_eq!(snapshot.people(), 400);
    assert!(sandbox.requests().iter().all(|request| request.status == Some(200)));
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_allows_less_than_it_says() {
    for retry_after in [RetryAfter::Seconds, RetryAfter::Missing, RetryAfter::Malformed] {
        let sandbox = sandbox(120).await;
        sandbox.behave(|behaviour| {
            behaviour.limits = Some((3, 60));
            behaviour.retry_after = retry_after.clone();
        });
        let directory = builder(&sandbox).page_size(3).build().unwrap();
        let snapshot = directory.snapshot(&ReadRequest::new(today())).await;
        assert_eq!(snapshot.map(|snapshot| snapshot.people()).ok(), Some(120), "{retry_after:?}");
        let refused = sandbox.requests().iter().filter(|request| request.status == Some(429)).count();
        assert!((1..=20).contains(&refused), "{refused} refusals, {retry_after:?}");
    }
    assert!(format!("{:?}", directory(&sandbox(1).await)).contains("127.0.0.1"));
}
