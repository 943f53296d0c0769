//! Each fault on demand, seen from outside.

use std::time::{Duration, Instant};

use hris_humaans::sandbox::{
    ErrorShape, Fault, Injection, OWN_WORDS, Person, RateLimit, RetryAfter, Sandbox, other_company,
};
use serde_json::{Value, json};

use super::{Api, data, ids, small, text};

const PAGE: &str = "/people?status=all&$limit=20";

fn skip(n: usize) -> String {
    format!("{PAGE}&$skip={n}")
}

#[tokio::test]
async fn scopes_of_a_fault_are_kept() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    sandbox.inject(Fault::Status(503).on("/people").nth(2).times(2));
    let mut met = Vec::new();
    for _ in 0..5 {
        assert_eq!(api.status("/locations").await, 200);
        met.push(api.status(PAGE).await);
    }
    assert_eq!(met, [200, 503, 503, 200, 200]);

    sandbox.inject(Fault::Status(500).on("/people").at_skip(40).once());
    assert_eq!(api.status(PAGE).await, 200);
    assert_eq!(api.status(&skip(40)).await, 500);
    assert_eq!(api.status(&skip(40)).await, 200);

    let id = sandbox.people()[0].id.clone();
    sandbox.inject(Fault::Status(404).on("/people/*"));
    assert_eq!(api.status(&format!("/people/{id}")).await, 404);
    assert_eq!(api.status(PAGE).await, 200);
    sandbox.clear_faults();
    assert_eq!(api.status(&format!("/people/{id}")).await, 200);
    sandbox.inject(Fault::Status(502));
    assert_eq!(api.status("/token-info").await, 502);
}

#[tokio::test]
async fn statuses_come_with_the_body_they_have() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    for (status, rows) in [(201, true), (202, true), (206, true), (204, false), (304, false)] {
        sandbox.inject(Fault::Status(status).once());
        let answer = api.raw(PAGE).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.text().await.unwrap().contains("\"data\""), rows, "{status}");
    }
    for status in [400, 401, 403, 404, 408, 422, 500, 503] {
        sandbox.inject(Fault::Status(status).once());
        let body: Value = api.raw(PAGE).await.json().await.unwrap();
        assert_eq!(body["code"], status);
    }
    sandbox.behave(|behaviour| behaviour.error_shape = ErrorShape::ErrorText);
    sandbox.inject(Fault::Status(500).once());
    assert!(api.raw(PAGE).await.json::<Value>().await.unwrap()["error"].is_string());
}

#[tokio::test]
async fn pages_of_html_replace_the_answer() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    for (fault, status, kind) in [
        (Fault::LoginPage, 200, "text/html"),
        (Fault::LoginPageAsJson, 200, "application/json"),
        (Fault::HtmlStatus(502), 502, "text/html"),
        (Fault::HtmlStatus(429), 429, "text/html"),
    ] {
        sandbox.inject(fault.once());
        let answer = api.raw(PAGE).await;
        assert_eq!(answer.status().as_u16(), status);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind));
        assert!(answer.text().await.unwrap().starts_with("<!doctype html>"));
    }
    sandbox.inject(Fault::Redirect(302, "https://login.example/".to_owned()).once());
    let answer = api.raw(PAGE).await;
    assert_eq!(answer.status().as_u16(), 302);
    assert_eq!(answer.headers()["location"], "https://login.example/");
    assert_eq!(answer.text().await.unwrap(), "");
}

#[tokio::test]
async fn bodies_are_broken_in_many_ways() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let good = api.text(PAGE).await;
    for fault in [
        Fault::Truncated,
        Fault::InvalidJson,
        Fault::InvalidUtf8,
        Fault::TrailingGarbage,
        Fault::ByteOrderMark,
        Fault::Body(Vec::new()),
    ] {
        sandbox.inject(fault.clone().once());
        let bytes = api.raw(PAGE).await.bytes().await.unwrap();
        assert!(serde_json::from_slice::<Value>(&bytes).is_err(), "{fault:?}");
        match fault {
            Fault::ByteOrderMark => assert_eq!(&bytes[3..], good.as_bytes()),
            Fault::TrailingGarbage => assert!(bytes.starts_with(good.as_bytes())),
            Fault::InvalidUtf8 => assert!(std::str::from_utf8(&bytes).is_err()),
            Fault::Truncated => assert_eq!(bytes.len(), good.len() / 2),
            _ => {}
        }
    }
    for body in ["null", "{}", "[]", "\"text\"", "{\"error\":\"busy\"}"] {
        sandbox.inject(Fault::Body(body.as_bytes().to_vec()).once());
        assert_eq!(api.text(PAGE).await, body);
    }
    assert_eq!(api.text(PAGE).await, good);
}

/// The page under one fault and without it.
async fn under(sandbox: &Sandbox, fault: Fault, path: &str) -> (Value, Value) {
    let api = Api::new(sandbox);
    let good = api.get(path).await;
    sandbox.inject(fault.once());
    (api.get(path).await, good)
}

#[tokio::test]
async fn envelopes_lie() {
    let sandbox = small().await;
    let (page, good) = under(&sandbox, Fault::WrongEnvelope, PAGE).await;
    assert_eq!(page, good["data"]);
    let (page, good) = under(&sandbox, Fault::Data(json!("rows")), PAGE).await;
    assert_eq!((&page["data"], &page["total"]), (&json!("rows"), &good["total"]));
    let (page, _) = under(&sandbox, Fault::NoData, PAGE).await;
    assert!(page.get("data").is_none() && page.get("total").is_some());
    let (page, _) = under(&sandbox, Fault::NoTotal, PAGE).await;
    assert!(page.get("total").is_none() && data(&page).len() == 20);
    let (page, _) = under(&sandbox, Fault::EmptyList, PAGE).await;
    assert_eq!((&page["total"], data(&page).len()), (&json!(0), 0));
    let (page, _) = under(&sandbox, Fault::EmptyPage, PAGE).await;
    assert_eq!((&page["total"], data(&page).len()), (&json!(70), 0));
    for total in [json!(null), json!(-1), json!("many"), json!(7)] {
        let (page, _) = under(&sandbox, Fault::Total(total.clone()), PAGE).await;
        assert_eq!(page["total"], total);
    }
    let (page, _) = under(&sandbox, Fault::TotalOff(-3), PAGE).await;
    assert_eq!(page["total"], 67);
    let (page, _) = under(&sandbox, other_company("elsewhere"), PAGE).await;
    assert!(data(&page).iter().all(|row| row["companyId"] == "elsewhere"));
    let other = other_company("elsewhere");
    assert_eq!(under(&sandbox, other, "/me").await.0["companyId"], "elsewhere");
    let edit = Fault::edit(|body| body["data"][3]["email"] = json!(5));
    let (page, good) = under(&sandbox, edit, PAGE).await;
    assert_eq!(page["data"][3]["email"], 5);
    assert_eq!(page["data"][4], good["data"][4]);
}

#[tokio::test]
async fn rows_go_astray() {
    let sandbox = small().await;
    let (page, good) = under(&sandbox, Fault::DuplicateRow, PAGE).await;
    assert_eq!((data(&page).len(), &page["total"]), (20, &json!(70)));
    assert_eq!(data(&page)[19], data(&page)[0]);
    assert_eq!(data(&page)[..19], data(&good)[..19]);
    let (page, _) = under(&sandbox, Fault::DuplicateRowChanged, PAGE).await;
    assert_eq!(data(&page)[19]["id"], data(&page)[0]["id"]);
    assert_ne!(data(&page)[19], data(&page)[0]);
    let (page, good) = under(&sandbox, Fault::RowWithoutId, PAGE).await;
    assert!(data(&page)[0].get("id").is_none());
    assert_eq!(data(&page)[1..], data(&good)[1..]);
    let (page, _) = under(&sandbox, Fault::ShortPage, PAGE).await;
    assert_eq!((data(&page).len(), &page["total"]), (19, &json!(70)));
    let (page, _) = under(&sandbox, Fault::ExtraRows(5), PAGE).await;
    assert_eq!((data(&page).len(), &page["limit"]), (25, &json!(20)));
    let (page, good) = under(&sandbox, Fault::Shuffle, PAGE).await;
    assert_ne!(ids(data(&page)), ids(data(&good)));
    let (again, _) = under(&sandbox, Fault::Shuffle, PAGE).await;
    assert_ne!(ids(data(&page)), ids(data(&again)));
}

#[tokio::test]
async fn paging_goes_in_circles() {
    let sandbox = small().await;
    let first = Api::new(&sandbox).get(PAGE).await;
    let (page, _) = under(&sandbox, Fault::IgnoreSkip, &skip(40)).await;
    assert_eq!(page, first);
    let (page, good) = under(&sandbox, Fault::RepeatPage, &skip(40)).await;
    assert_eq!((&page["data"], &page["skip"]), (&first["data"], &json!(40)));
    assert_ne!(page["data"], good["data"]);
    for at in [60, 7_000] {
        let (page, _) = under(&sandbox, Fault::Endless, &skip(at)).await;
        assert_eq!(data(&page).len(), 20);
        assert!(page["total"].as_u64().unwrap() as usize > at + 20);
    }
}

#[tokio::test]
async fn the_world_moves_between_pages() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let victim = sandbox.people()[1].id.clone();
    let gone = victim.clone();
    sandbox.inject(
        Injection::then(move |world| {
            world.delete(&gone).ok();
            world.hire(Person::new("Late", "Comer"));
            world.hire(Person::new("Later", "Comer"));
        })
        .on("/people")
        .once(),
    );
    let first = api.get(PAGE).await;
    assert_eq!(first["total"], 70);
    assert!(ids(data(&first)).contains(&victim));
    let second = api.get(&skip(20)).await;
    assert_eq!(second["total"], 71);
    let everybody: Vec<String> = sandbox.people().into_iter().map(|p| p.id).collect();
    // One row moved up past the border between the pages, and is missed.
    assert_eq!(ids(data(&second)), everybody[20..40]);
    assert!(!ids(data(&first)).contains(&everybody[19]));

    sandbox.inject(Fault::Revoke.on("/people").once());
    assert_eq!(api.status(PAGE).await, 200);
    assert_eq!(api.status(&skip(20)).await, 401);
}

#[tokio::test]
async fn bodies_can_be_too_large() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    sandbox.inject(Fault::HugeBody(3_000_000).once());
    let body = api.text(PAGE).await;
    assert!(body.len() >= 3_000_000);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["total"], 70);
    sandbox.inject(Fault::GzipBomb(2_000_000).once());
    // The client asked for gzip and unpacks it, which proves it well-formed.
    let body = api.text(PAGE).await;
    assert!((1_999_000..=2_000_000).contains(&body.len()), "{}", body.len());
    assert!(body.bytes().all(|byte| byte == b' '));
    sandbox.inject(Fault::Encoding("zip-of-rust".to_owned()).once());
    assert_eq!(api.raw(PAGE).await.headers()["content-encoding"], "zip-of-rust");
    let date = "Tue, 15 Nov 1994 08:12:31 GMT".to_owned();
    sandbox.inject(Fault::Header("Date".to_owned(), date.clone()).once());
    assert_eq!(api.raw(PAGE).await.headers()["date"], date);
}

#[tokio::test]
async fn connections_are_cut() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    assert_eq!(api.status(PAGE).await, 200);
    sandbox.inject(Fault::Disconnect.on("/people").nth(1).times(3));
    let request = api.client.get(format!("{}/people", api.base));
    // The client may itself try once more on a connection that was idle.
    assert!(request.bearer_auth(&api.token).send().await.is_err());
    let cut = sandbox.requests().into_iter().filter(|request| request.status.is_none());
    assert!((1..=3).contains(&cut.count()));
    sandbox.clear_faults();
    assert_eq!(api.status(PAGE).await, 200);
}

#[tokio::test]
async fn a_limit_on_requests_answers_429() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    // So slow that no pause of the machine refills it.
    let limit = RateLimit::per_second(1).burst(2);
    sandbox.behave(|behaviour| {
        behaviour.rate_limit = Some(limit);
        behaviour.rate_limit.as_mut().unwrap().per_second = 0.001;
    });
    let met = [api.status(PAGE).await, api.status(PAGE).await, api.status(PAGE).await];
    assert_eq!(met, [200, 200, 429]);
    let answer = api.raw(PAGE).await;
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((900..=1_001).contains(&wait), "{wait}");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["name"], "TooManyRequests");
    // Another token has a bucket of its own.
    let other = sandbox.issue_token(hris_humaans::sandbox::Token::public());
    assert_eq!(Api::with(&sandbox, &other).status(PAGE).await, 200);
}

#[tokio::test]
async fn retry_after_takes_every_form() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let header = async |retry_after: RetryAfter| {
        sandbox.inject(Fault::RateLimited(retry_after).once());
        let answer = api.raw(PAGE).await;
        assert_eq!(answer.status().as_u16(), 429);
        let value = answer.headers().get("retry-after");
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header(RetryAfter::Seconds).await.as_deref(), Some("1"));
    assert_eq!(header(RetryAfter::Missing).await, None);
    assert_eq!(header(RetryAfter::Text("120".to_owned())).await.as_deref(), Some("120"));
    assert!(header(RetryAfter::Absurd).await.unwrap().len() > 20);
    assert!(header(RetryAfter::Malformed).await.unwrap().parse::<f64>().is_err());
    let date = header(RetryAfter::HttpDate).await.unwrap();
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
}

#[tokio::test]
async fn answers_can_be_slow() {
    let sandbox = Sandbox::builder().employees(2).latency(Duration::from_millis(30)).start().await.unwrap();
    let api = Api::new(&sandbox);
    let begun = Instant::now();
    api.get("/me").await;
    assert!(begun.elapsed() >= Duration::from_millis(30));
    sandbox.inject(Fault::Slow(Duration::from_millis(40)).once());
    let begun = Instant::now();
    api.get("/me").await;
    assert!(begun.elapsed() >= Duration::from_millis(70));
}

#[tokio::test]
async fn error_messages_say_that_they_are_the_sandbox_s() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    for fault in [Fault::Status(500), Fault::LoginPage, Fault::HtmlStatus(502)] {
        sandbox.inject(fault.once());
        assert!(api.text(PAGE).await.contains(OWN_WORDS));
    }
    let body: Value = Api::with(&sandbox, "x").raw(PAGE).await.json().await.unwrap();
    assert!(text(&body, "message").contains(OWN_WORDS));
}
