//! Faults, limits and latency, where they meet what is peculiar to this vendor.

use std::time::{Duration, Instant};

use hris_humaans::sandbox::{Fault, Injection, Person, Sandbox, Token};
use serde_json::json;

use super::{Api, data, ids, small};

const PAGE: &str = "/people?status=all&$limit=20";

#[tokio::test]
async fn faults_know_the_vendors_lists_and_refusals() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let good = api.get(PAGE).await;
    sandbox.inject(Fault::TotalOff(-3).once());
    assert_eq!(api.get(PAGE).await["total"], 67);
    sandbox.inject(Fault::RepeatPage.once());
    let page = api.get(&format!("{PAGE}&$skip=40")).await;
    assert_eq!((&page["data"], &page["skip"]), (&good["data"], &json!(40)));
    sandbox.inject(Fault::DuplicateRowChanged.once());
    let page = api.get(PAGE).await;
    assert_eq!(data(&page)[19]["id"], data(&page)[0]["id"]);
    assert_ne!(data(&page)[19], data(&page)[0]);
    for status in [400, 401, 403, 404, 422, 500, 503] {
        sandbox.inject(Fault::Status(status).on("/people").once());
        assert_eq!(api.raw(PAGE).await.json()["code"], status);
    }
    sandbox.inject(Fault::Revoke.on("/people").once());
    assert_eq!([api.status(PAGE).await, api.status(PAGE).await], [200, 401]);
}

#[tokio::test]
async fn the_company_moves_between_pages() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let victim = sandbox.people()[1].id.clone();
    let gone = victim.clone();
    let move_on = Injection::then(move |world| {
        world.delete(&gone).ok();
        world.hire(Person::new("Late", "Comer"));
        world.hire(Person::new("Later", "Comer"));
    });
    sandbox.inject(move_on.on("/people").once());
    let first = api.get(PAGE).await;
    assert!(first["total"] == 70 && ids(data(&first)).contains(&victim));
    let second = api.get(&format!("{PAGE}&$skip=20")).await;
    assert_eq!(second["total"], 71);
    let everybody: Vec<String> = sandbox.people().into_iter().map(|person| person.id).collect();
    // One row moved up past the border between the pages, and is missed.
    assert_eq!(ids(data(&second)), everybody[20..40]);
    assert!(!ids(data(&first)).contains(&everybody[19]));
}

#[tokio::test]
async fn a_limit_counts_for_each_token() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    sandbox.behave(|behaviour| {
        let mut limit = hris_core::sandbox::RateLimit::per_second(1).burst(2);
        // So slow that no pause of the machine refills it.
        limit.per_second = 0.001;
        behaviour.rate_limit = Some(limit);
    });
    assert_eq!([api.status(PAGE).await, api.status(PAGE).await], [200, 200]);
    let answer = api.raw(PAGE).await;
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((900..=1_001).contains(&wait), "{wait}");
    assert_eq!(answer.json()["name"], "TooManyRequests");
    assert_eq!(Api::issued(&sandbox, Token::public()).status(PAGE).await, 200);
}

#[tokio::test]
async fn answers_can_be_slow() {
    let sandbox = Sandbox::builder().employees(2).latency(Duration::from_millis(30)).start().await.unwrap();
    let begun = Instant::now();
    Api::new(&sandbox).get("/me").await;
    assert!(begun.elapsed() >= Duration::from_millis(30));
}
