//! Faults of bytes and statuses, the same in memory and over the network.

use std::time::Duration;

use super::*;

/// What can be compared of an answer.
fn seen(raw: &Raw) -> Result<(u16, Option<&str>, &[u8]), &str> {
    match raw {
        Ok(answer) => Ok((answer.status(), header(answer, "content-type"), answer.body())),
        Err(words) => Err(words),
    }
}

#[tokio::test]
async fn memory_and_network_give_the_same() {
    let faults = [
        Fault::Body(b"null".to_vec()),
        Fault::Body(Vec::new()),
        Fault::ByteOrderMark,
        Fault::DeepNesting(50),
        Fault::Disconnect,
        Fault::DisconnectAfter,
        Fault::Encoding("br-ng".to_owned()),
        Fault::ErrorBody(500),
        Fault::GzipBomb(500_000),
        Fault::GzipBomb(2 << 20),
        Fault::HtmlStatus(502),
        Fault::HugeBody(500_000),
        Fault::HugeBody(2 << 20),
        Fault::InvalidJson,
        Fault::InvalidUtf8,
        Fault::LoginPage,
        Fault::LoginPageAsJson,
        Fault::RateLimited(RetryAfter::Text("7".to_owned())),
        Fault::Redirect(302, "https://elsewhere.example/".to_owned()),
        Fault::Slow(Duration::from_millis(5)),
        Fault::Status(201),
        Fault::Status(204),
        Fault::Status(304),
        Fault::Status(404),
        Fault::Status(999),
        Fault::StatusAfter(500),
        Fault::TrailingGarbage,
        Fault::Truncated,
        Fault::WrongEnvelope,
    ];
    for envelope in [NUMBERED, NESTED] {
        for fault in &faults {
            // Each from the beginning, so that ids of requests are the same.
            let (here, there) =
                (Vendor::of(envelope, 8).start().await, Vendor::of(envelope, 8).start().await);
            here.inject(fault.clone());
            there.inject(fault.clone());
            let (here, there) =
                (Way::memory(&here).people(&[]).await, Way::network(&there).people(&[]).await);
            assert!(seen(&here) == seen(&there), "{fault:?}: {here:?} {there:?}");
            for name in ["location", "retry-after", "total-objects", "total-pages"] {
                let of = |raw: &Raw| raw.as_ref().ok().and_then(|raw| header(raw, name).map(str::to_owned));
                assert_eq!(of(&here), of(&there), "{fault:?}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn damaged_bodies_are_damaged_as_they_say() {
    for envelope in [NUMBERED, NESTED, WHOLE] {
        for people in [0, 4] {
            let body = async |fault: Option<Fault>| {
                let vendor = Vendor::of(envelope, people).start().await;
                fault.into_iter().for_each(|fault| vendor.inject(fault));
                Way::memory(&vendor).people(&[]).await.unwrap().body().to_vec()
            };
            let good = body(None).await;
            let huge = body(Some(Fault::HugeBody(10_000))).await;
            assert!(huge.len() >= 10_000 && serde_json::from_slice::<Value>(&huge).is_ok());
            let text = body(Some(Fault::InvalidUtf8)).await;
            assert!(std::str::from_utf8(&text).is_err());
            let mended = String::from_utf8_lossy(&text).into_owned();
            assert!(serde_json::from_str::<Value>(&mended).is_ok(), "nothing but the text is wrong");
            for fault in [Fault::InvalidJson, Fault::TrailingGarbage, Fault::Truncated, Fault::ByteOrderMark]
            {
                let bytes = body(Some(fault.clone())).await;
                assert!(serde_json::from_slice::<Value>(&bytes).is_err(), "{fault:?}");
                assert_ne!(bytes, good);
            }
            let deep = String::from_utf8(body(Some(Fault::DeepNesting(500))).await).unwrap();
            assert!(deep.contains(&"[".repeat(500)) && deep.matches('[').count() <= 502, "{deep}");
        }
    }
}

#[tokio::test]
async fn a_write_may_be_lost_before_or_after_it_took_effect() {
    for (fault, taken, status) in [
        (Fault::Status(500), false, Some(500)),
        (Fault::StatusAfter(500), true, Some(500)),
        (Fault::Disconnect, false, None),
        (Fault::DisconnectAfter, true, None),
        (Fault::Status(202), true, Some(202)),
    ] {
        for network in [false, true] {
            let vendor = Vendor::of(WHOLE, 1).start().await;
            vendor.inject(fault.clone().by("POST"));
            let way = if network { Way::network(&vendor) } else { Way::memory(&vendor) };
            let person = json!({ "id": 2 });
            let create = Request::post("create person").segments(["people"]).json(&person).unwrap();
            let raw = way.send(create).await;
            assert_eq!(raw.ok().map(|answer| answer.status()), status, "{fault:?}");
            assert_eq!(vendor.change(|world| world.people.len()) == 2, taken, "{fault:?}");
            let record = vendor.requests().pop().unwrap();
            assert_eq!((record.status, record.json()), (status, Some(person)));
            assert_eq!(way.status().await, 200, "reads are left alone");
        }
    }
}
