//! What is remembered, limited, delayed and met.

use std::time::Duration;

use hris_core::conformance;
use hris_core::sandbox::{Breakages, Names, Rng, day, http_date};
use tokio::time::Instant;

use super::*;

#[tokio::test]
async fn no_record_keeps_a_credential() {
    let vendor = Vendor::of(WHOLE, 1).start().await;
    for way in [Way::memory(&vendor), Way::network(&vendor)] {
        let secret = "sesame-5a1d";
        let form = [("client_secret", secret), ("grant_type", "refresh")];
        let echo = Request::post("echo").segments(["echo"]);
        let asked = echo.clone().query("token", secret).header("X-Key", secret).form(form);
        let answer = way.send(asked.header("Cookie", secret)).await;
        assert_eq!(value(&answer), json!([["client_secret", secret], ["grant_type", "refresh"]]));
        let json = json!({ "client_secret": secret, "kept": { "token": 1 } });
        way.send(echo.json(&json).unwrap()).await.unwrap();

        let records = vendor.requests();
        assert_eq!(records.len(), 2);
        for record in &records {
            let everything = (&record.query, &record.headers, &record.form, &record.body);
            let everything = format!("{everything:?} {}", String::from_utf8_lossy(&record.body));
            assert!(!everything.contains(secret) && !everything.contains("Bearer"), "{everything}");
            assert!(!format!("{record:?}").contains(secret));
        }
        assert_eq!(records[0].form, [("grant_type".to_owned(), "refresh".to_owned())]);
        assert_eq!(records[1].json(), Some(json!({ "kept": { "token": 1 } })));
        vendor.forget_requests();
    }
}

#[tokio::test]
async fn paths_are_told_beneath_the_base_and_decoded_in_parts() {
    let vendor = Vendor::of(WHOLE, 1).start().await;
    let way = Way::network(&vendor);
    for id in ["a/b", "a+b=c&d e", "ø%"] {
        let raw = way.send(Request::get("echo").segments(["echo", id])).await;
        assert_eq!(value(&raw), id);
    }
    let outside = Client::builder(&vendor.url().replace("/api", "/elsewhere"));
    let outside = outside.allow_http_loopback().transport(vendor.transport()).build().unwrap();
    let _refused = outside.send(&Request::get("stray").segments(["people"])).await;
    assert_eq!(vendor.requests().pop().unwrap().path, "../elsewhere/people");
}

#[tokio::test(start_paused = true)]
async fn limits_run_on_the_callers_clock() {
    let begun = std::time::Instant::now();
    let mut world = Vendor::of(WHOLE, 1);
    world.limits = vec![RateLimit::per_second(2), RateLimit::per_minute(6).burst(3)];
    let vendor = world.start().await;
    let way = Way::memory(&vendor);
    let ask = async || {
        let answer = way.people(&[]).await.unwrap();
        let told = answer.headers().values("x-remaining").map(str::to_owned).collect::<Vec<_>>();
        (answer.status(), told.join(" "), header(&answer, "retry-after").map(str::to_owned))
    };
    assert_eq!(ask().await, (200, "1 2".to_owned(), None));
    assert_eq!(ask().await, (200, "0 1".to_owned(), None));
    assert_eq!(ask().await, (429, "0 1".to_owned(), Some("1".to_owned())));
    tokio::time::advance(Duration::from_secs(1)).await;
    // A refused request counted against neither.
    assert_eq!(ask().await, (200, "1 0".to_owned(), None));
    let (status, _, wait) = ask().await;
    assert_eq!((status, wait.as_deref()), (429, Some("9")), "six a minute: one in ten seconds");
    vendor.advance(Duration::from_secs(60));
    assert_eq!(ask().await, (200, "1 2".to_owned(), None));
    // Headers are on faults as well, and a fault counts against nothing.
    vendor.inject(Fault::Status(503));
    assert_eq!(ask().await, (503, "1 2".to_owned(), None));
    assert!(begun.elapsed() < Duration::from_secs(1), "no time passed");
}

#[tokio::test(start_paused = true)]
async fn waiting_takes_no_time_in_memory() {
    let vendor = Vendor::of(WHOLE, 1).start().await;
    let way = Way::memory(&vendor);
    vendor.inject(Fault::Slow(Duration::from_secs(20)).once());
    let begun = Instant::now();
    assert_eq!(way.status().await, 200);
    assert_eq!(begun.elapsed().as_secs(), 20);
    vendor.inject(Fault::Slow(Duration::from_secs(40)).once());
    assert_eq!(way.people(&[]).await.map(|_| ()), Err("no answer in 30 s".to_owned()));
}

#[tokio::test]
async fn a_task_that_never_pauses_can_end_a_server() {
    let vendor = Vendor::of(WHOLE, 1).start().await;
    let way = Way::memory(&vendor);
    for _ in 0..300 {
        assert_eq!(way.status().await, 200);
    }
    drop(vendor);
}

#[tokio::test]
async fn a_fault_meets_what_it_names() {
    let vendor = Vendor::of(NUMBERED, 8).start().await;
    let way = Way::memory(&vendor);
    vendor.inject(Fault::Status(500).on("/people").with("page", "2"));
    assert_eq!(way.status().await, 200);
    assert_eq!(way.people(&[("page", 2)]).await.unwrap().status(), 500);
    vendor.clear_faults();
    vendor.inject(Fault::Status(500).on("/peo*").nth(2).times(2));
    let mut met = Vec::new();
    for _ in 0..5 {
        met.push(way.status().await);
    }
    assert_eq!(met, [200, 500, 500, 200, 200]);
    vendor.inject(Injection::then(|world: &mut Vendor| world.people.clear()).on("/people").once());
    assert_eq!(ids(&way.people(&[]).await), [1, 2, 3], "the world changes after the answer");
    assert_eq!(ids(&way.people(&[]).await), [0_u64; 0]);
    vendor.inject(Fault::Revoke.once());
    assert_eq!((way.status().await, way.status().await), (200, 401));
    assert_eq!(vendor.requests_to("/people"), 11);
}

#[tokio::test]
async fn what_a_vendor_cannot_show_the_suite_skips_for_a_reason() {
    use conformance::Fault as Wanted;
    let breakages = || Breakages::<Vendor>::of("/people");
    let whole = Vendor::of(WHOLE, 8).start().await;
    for (fault, reason) in [
        (Wanted::PageRepeated, "no pages"),
        (Wanted::TotalTooHigh, "no total"),
        (Wanted::SecondaryDown, "beside"),
        (Wanted::UnknownStatus, "no status"),
        (Wanted::ImpossibleDate, "no dates"),
        (Wanted::AddedWhileReading, "does not say how"),
    ] {
        let skipped = breakages().apply(&whole, fault).unwrap_err();
        assert!(skipped.contains(reason), "{fault:?}: {skipped}");
    }
    assert_eq!(Way::memory(&whole).status().await, 200, "and nothing is broken");

    // Where lists come whole, what would meet the second page meets the only one.
    breakages().apply(&whole, Wanted::RecordWithoutId).unwrap();
    assert_eq!(ids(&Way::memory(&whole).people(&[]).await)[0], 0);
    let paged = Vendor::of(NUMBERED, 8).start().await;
    breakages().apply(&paged, Wanted::RecordWithoutId).unwrap();
    assert_eq!(ids(&Way::memory(&paged).people(&[]).await), [1, 2, 3]);
    assert_eq!(ids(&Way::memory(&paged).people(&[("page", 2)]).await), [0, 5, 6]);
    breakages().apply(&paged, Wanted::BusyOnce).unwrap();
    let busy = Way::memory(&paged).people(&[]).await.unwrap();
    assert_eq!((busy.status(), header(&busy, "retry-after")), (503, Some("0")));
}

#[test]
fn what_is_invented_is_the_same_each_time() {
    let people = |seed| {
        let (mut rng, mut names) = (Rng::new(seed), Names::default());
        (0..3_000).map(|_| names.next(&mut rng).mailbox()).collect::<Vec<_>>()
    };
    assert_eq!(people(7), people(7));
    assert_ne!(people(7), people(8));
    let mailboxes = people(7);
    assert!(mailboxes.iter().all(|name| name.chars().all(|c| c.is_ascii_graphic())));
    let unique: std::collections::BTreeSet<_> = mailboxes.iter().collect();
    assert_eq!(unique.len(), mailboxes.len(), "namesakes have a mailbox each");

    let mut rng = Rng::new(1);
    let uuid = rng.uuid();
    assert_eq!((uuid.len(), &uuid[14..15], uuid.matches('-').count()), (36, "4", 4), "{uuid}");
    assert_eq!((rng.text(24).len(), rng.below(0), rng.pick::<u8>(&[])), (24, 0, None));
    assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(
        (day(2026, 11, 24).to_string(), day(2025, 2, 31).to_string()),
        ("2026-11-24".into(), "1970-01-01".into())
    );
}
