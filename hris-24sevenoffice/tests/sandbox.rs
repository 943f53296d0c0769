//! The fake payroll against the vendor's description, without the connector.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

use hris_24sevenoffice::sandbox::{Behaviour, CANARY, Employments, Omitted, Person, Sandbox, Shape};
use hris_core::Timestamp;
use hris_core::http::{Client, Request, Response, RetryPolicy};
use serde_json::{Value, json};

/// Somebody who asks by hand.
struct Desk {
    sandbox: Sandbox,
    client: Client,
}

impl Desk {
    async fn open(behaviour: impl FnOnce(&mut Behaviour)) -> Self {
        let sandbox = Sandbox::builder().employees(3).behaviour(behaviour).start().await.unwrap();
        let client = Client::builder(sandbox.url())
            .allow_http_loopback()
            .accepts_any_type()
            .retry(RetryPolicy::never())
            .vendor(Everything)
            .transport(sandbox.transport())
            .build()
            .unwrap();
        Self { sandbox, client }
    }

    async fn ask(&self, request: Request) -> (u16, Value) {
        let answer = self.client.send(&request).await.unwrap();
        (answer.status(), serde_json::from_slice(answer.body()).unwrap_or(Value::Null))
    }

    async fn access(&self) -> String {
        let request = Request::get("sign in").segments(["auth"]).query("token", self.sandbox.token());
        let (status, body) = self.ask(request).await;
        assert_eq!(status, 200);
        format!("Bearer {}", body["accessToken"].as_str().unwrap())
    }

    async fn get(&self, path: &[&str]) -> (u16, Value) {
        let request = Request::get("ask").segments(path.iter().copied());
        self.ask(request.header("authorization", self.access().await)).await
    }

    async fn post(&self, path: &[&str], body: Value) -> u16 {
        let request = Request::post("write").segments(path.iter().copied()).json(&body).unwrap();
        self.ask(request.header("authorization", self.access().await)).await.0
    }
}

/// Every status is an answer here.
#[derive(Debug)]
struct Everything;

impl hris_core::http::Vendor for Everything {
    fn classify(&self, _: &Request, _: &Response) -> Option<hris_core::http::Verdict> {
        Some(hris_core::http::Verdict::Success)
    }
}

#[tokio::test]
async fn who_may_ask() {
    let desk = Desk::open(|_| {}).await;
    let wrong = Request::get("sign in").segments(["auth"]).query("token", "mistyped");
    assert_eq!(desk.ask(wrong).await.0, 401);
    assert_eq!(desk.ask(Request::get("ask").segments(["employee", "v2"])).await.0, 401);
    let (status, people) = desk.get(&["employee", "v2"]).await;
    assert_eq!((status, people.as_array().unwrap().len()), (200, 3));
    assert!(people[0]["salary"].as_str().unwrap().contains(CANARY));
    let signed_in = desk.access().await;
    let token = desk.sandbox.token().to_owned();
    desk.sandbox.change(|company| company.revoke_token(&token)).unwrap();
    let again = Request::get("ask").segments(["employee", "v2"]).header("authorization", signed_in);
    assert_eq!(desk.ask(again).await.0, 401, "a dead token takes its access tokens with it");
    assert!(desk.sandbox.requests().iter().all(|request| request.parameter("token").is_none()));
}

#[tokio::test]
async fn one_person_and_nobody() {
    for (as_object, somebody, nobody) in [(false, json!("41"), json!([])), (true, json!("41"), Value::Null)] {
        let desk = Desk::open(|behaviour| behaviour.one_as_object = as_object).await;
        let (status, body) = desk.get(&["employee", "v2", "41"]).await;
        let one = if as_object { &body } else { &body[0] };
        assert_eq!((status, &one["empId"]), (200, &somebody));
        assert_eq!(desk.get(&["employee", "v2", "99"]).await, (200, nobody));
        assert_eq!(desk.get(&["employee", "v2", "x"]).await.0, 401, "bad input parameter");
        assert_eq!(desk.get(&["employment", "v2", "99"]).await.0, 401);
    }
    let desk = Desk::open(|behaviour| behaviour.shape = Shape::October2024).await;
    let (_, body) = desk.get(&["employee", "v2", "41"]).await;
    assert_eq!((&body[0]["empId"], body[0].get("salary_type")), (&json!(41), None));
}

#[tokio::test]
async fn what_is_refused() {
    let desk = Desk::open(|_| {}).await;
    let person = json!({ "empId": "60", "email": "a@fjordkaffe.example", "firstname": "A", "lastname": "B" });
    let with = |name: &str, value: Value| {
        let mut person = person.clone();
        person[name] = value;
        person
    };
    let known = desk.sandbox.change(|company| company.member("42", "email")).unwrap();
    for (path, body, status) in [
        (&["employee", "v2"][..], with("empId", json!("41")), 409),
        (&["employee", "v2"], with("empId", json!("")), 400),
        (&["employee", "v2"], with("email", json!(known)), 400),
        (&["employee", "v2"], with("email", json!("")), 400),
        (&["employee", "v2"], with("countryCode", json!("Norway")), 400),
        (&["employee", "v2"], with("internationalID", json!({ "ID": "1" })), 400),
        (&["employee", "v2", "41"], json!({ "email": known }), 400),
        (&["employee", "v2", "41"], json!({ "lastname": "" }), 400),
        (&["employee", "v2", "99"], json!({ "telefon": "1" }), 401),
        (&["employment", "v2", "41"], json!([{ "employment_id": "41-1", "enddate": "2026-12-31" }]), 400),
        (&["employment", "v2", "41"], json!([{ "employment_id": "41-9" }]), 400),
        (&["employment", "v2", "41"], json!({ "employment_id": "41-1" }), 400),
        (&["employment", "v2", "99"], json!([]), 401),
        (&["organization", "v2"], json!({}), 404),
        (&["employee_field", "v2", "1"], json!({}), 404),
        (&["employee", "v2"], person.clone(), 200),
    ] {
        assert_eq!(desk.post(path, body.clone()).await, status, "{path:?} {body}");
    }
    assert_eq!(desk.sandbox.change(|company| company.ids()).len(), 4);
}

#[tokio::test]
async fn what_writes_do_to_everything_else() {
    for (omitted, city) in [(Omitted::Kept, "Oslo"), (Omitted::Wiped, "")] {
        let desk = Desk::open(|behaviour| behaviour.omitted = omitted).await;
        assert_eq!(desk.post(&["employee", "v2", "41"], json!({ "telefon": "1" })).await, 200);
        let member = |name: &str| desk.sandbox.change(|company| company.member("41", name)).unwrap();
        assert_eq!((member("telefon").as_str(), member("city").as_str()), ("1", city));
    }
    for (employments, left) in [(Employments::Merged, 2), (Employments::Replaced, 1)] {
        let desk = Desk::open(|behaviour| behaviour.employments = employments).await;
        let more = json!([{ "startdate": "2027-01-01" }]);
        assert_eq!(desk.post(&["employment", "v2", "41"], more).await, 200);
        assert_eq!(desk.sandbox.change(|company| company.employments("41").len()), left);
    }
    // An international id stays, whatever is sent in its place.
    let desk = Desk::open(|_| {}).await;
    let id = desk.sandbox.change(|company| {
        let id = json!({ "countryCode": "PL", "ID": "Z1", "type": "passnummer" });
        company.hire(Person::new("A", "B").member("internationalID", id))
    });
    let none = json!({ "internationalID": { "countryCode": "", "ID": "", "type": "passnummer" } });
    assert_eq!(desk.post(&["employee", "v2", &id], none).await, 200);
    assert!(desk.sandbox.change(|company| company.member(&id, "internationalID")).unwrap().contains("Z1"));
}

#[tokio::test]
async fn the_same_seed_is_the_same_company() {
    let company = |seed: u64| async move {
        let sandbox = Sandbox::builder().employees(30).seed(seed).start().await.unwrap();
        let people = sandbox
            .change(|company| company.ids().iter().map(|id| json!(company.employee(id))).collect::<Vec<_>>());
        (sandbox.token().to_owned(), people)
    };
    assert_eq!(company(7).await, company(7).await);
    assert_ne!(company(7).await, company(8).await);
}

#[tokio::test]
async fn a_new_token_ends_later_than_its_answer_and_than_the_clock_of_whoever_asks() {
    let given: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
    for now in [None, Some(given)] {
        let mut builder = Sandbox::builder().employees(1);
        if let Some(now) = now {
            builder = builder.now(now);
        }
        let sandbox = builder.start().await.unwrap();
        // Over the network, as a client would that is not ours.
        let client = Client::builder(sandbox.url()).allow_http_loopback().build().unwrap();
        let request = Request::get("sign in").segments(["auth"]).query("token", sandbox.token());
        let answer = client.send(&request).await.unwrap();
        let told: Value = answer.json().unwrap();
        let end: Timestamp = told["expiresOn"].as_str().unwrap().parse().unwrap();
        let (date, clock) = (answer.date().unwrap(), now.unwrap_or_else(clock));
        assert_eq!(end.unix_seconds() - date.unix_seconds(), 3600);
        assert!(end > clock && (clock.unix_seconds() - date.unix_seconds()).abs() < 30, "{date} {clock}");
    }
}

fn clock() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_seconds(i64::try_from(since.as_secs()).unwrap())
}
