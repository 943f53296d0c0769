//! Each endpoint against the documented example.

use hris_humaans::sandbox::{CANARY, OWN_WORDS, Resource, Sandbox};
use serde_json::{Value, json};

use super::peculiar::{Peculiarity, add};
use super::{Api, data, small, text};

/// Every member of the example is served, with a value of the same kind
/// unless one of the two is null.
fn assert_like(example: &Value, served: &Value, at: &str) {
    match (example, served) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(example), Value::Object(served)) => {
            for (member, value) in example {
                let found = served.get(member);
                let found = found.unwrap_or_else(|| panic!("{at}.{member} is missing"));
                assert_like(value, found, &format!("{at}.{member}"));
            }
        }
        (Value::Array(example), Value::Array(served)) => {
            for (value, found) in example.iter().zip(served) {
                assert_like(value, found, at);
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_)) => {}
        _ => panic!("{at}: {example} against {served}"),
    }
}

fn assert_id(id: &Value) {
    let id = id.as_str().unwrap();
    assert_eq!(id.len(), 24);
    assert!(id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
}

fn person() -> Value {
    json!({ "id": "q3Vn7TzLw0Bc4XyKd9Hs2MfR", "companyId": "c9Lp2XwQe7Rt5YuIo1AsDf3G",
        "firstName": "Imogen", "middleName": null, "lastName": "Achterberg",
        "preferredName": "Immy", "email": "i@tallowmill.example", "isWorkEmailHidden": false,
        "personalEmail": "immy@home.example", "phoneNumber": "+442079460117",
        "formattedPhoneNumber": "+44 20 7946 0117", "personalPhoneNumber": null,
        "locationId": "l5Gh8JkQw2Er6TyUi3OpAs7D", "remoteCity": null, "remoteRegionCode": "CJ",
        "remoteCountryCode": null, "remoteTimezone": "Europe/Bucharest",
        "timezone": "Europe/London", "address": "4 Fuller's Yard", "city": "Leeds",
        "state": null, "postcode": "LS1 4XX", "countryCode": "GB", "country": "United Kingdom",
        "employmentStartDate": "2021-04-06", "firstWorkingDay": "2021-04-06",
        "employmentEndDate": "2026-11-30", "lastWorkingDay": "2026-10-31",
        "leavingReason": "resigned", "contractType": "Full time",
        "workingDays": [{ "day": "monday" }], "employeeId": "14",
        "teams": [{ "name": "Operations" }],
        "jobRole": { "jobTitle": "Operations Lead", "department": "Operations" },
        "status": "active", "role": "user", "calendarFeedToken": "x", "profilePhoto": null,
        "demo": false, "createdAt": "2021-03-20T10:02:11.000Z",
        "updatedAt": "2026-09-01T07:45:00.000Z" })
}

#[tokio::test]
async fn lists_look_like_the_examples() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let examples = [
        ("/people?status=all&$limit=250", person()),
        (
            "/job-roles?$limit=250",
            json!({ "id": "r1", "personId": "p", "jobTitle": "Operations Lead",
                "department": "Operations", "reportingTo": "m", "effectiveDate": "2024-01-01",
                "endDate": "2024-01-01", "note": null }),
        ),
        (
            "/locations",
            json!({ "id": "l", "label": "Mill House", "city": "Leeds",
                "country": "United Kingdom", "timezone": "Europe/London" }),
        ),
        (
            "/companies",
            json!({ "id": "c", "name": "Tallow Mill Ltd", "domains": ["tallowmill.example"],
                "status": "active", "paymentStatus": "ok", "trialEndDate": null,
                "package": "growth" }),
        ),
        (
            "/custom-fields",
            json!({ "id": "f", "companyId": "c", "name": "Cost centre", "section": "basics",
                "resourceId": null, "type": "select", "config": { "choices": ["100"] } }),
        ),
        (
            "/custom-values?$limit=250",
            json!({ "id": "v", "personId": "p", "customFieldId": "f", "resourceId": null,
                "value": "100" }),
        ),
    ];
    for (path, example) in examples {
        let page = api.get(path).await;
        let envelope = json!({ "total": 3, "limit": 250, "skip": 0, "data": [] });
        assert_like(&envelope, &page, path);
        assert!(!data(&page).is_empty(), "{path}");
        for row in data(&page) {
            assert_like(&example, row, path);
            assert_id(&row["id"]);
        }
    }
}

#[tokio::test]
async fn single_objects_come_without_a_wrapper() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let info = api.get("/token-info").await;
    assert_like(&json!({ "id": "t", "personId": "p", "label": "l", "scopes": [] }), &info, "token-info");
    assert_eq!(info["scopes"], json!(["private:read", "public:read"]));
    let me = api.get("/me").await;
    assert_like(&person(), &me, "me");
    assert_eq!(me["id"], info["personId"]);
    assert_eq!(me["companyId"], json!(sandbox.change(|w| w.company_id().to_owned())));
    let id = text(&me, "id");
    assert_eq!(api.get(&format!("/people/{id}")).await, me);
    let listed = api.all("/people?status=all").await;
    assert_eq!(listed.iter().find(|row| row["id"] == me["id"]), Some(&me));
}

#[tokio::test]
async fn secret_members_carry_the_canary() {
    let sandbox = small().await;
    let rows = sandbox.change(|world| world.rows(Resource::People));
    for row in &rows {
        for member in ["calendarFeedToken", "taxId", "taxCode", "profilePhotoId"] {
            assert!(text(row, member).contains(CANARY), "{member}");
        }
    }
    let leaver = rows.iter().find(|row| row["status"] == "offboarded");
    assert!(text(leaver.unwrap(), "leavingReason").contains(CANARY));
}

#[tokio::test]
async fn refusals_have_the_documented_bodies() {
    let sandbox = small().await;
    let wrong = Api::with(&sandbox, "humaans-sandbox-nonsense");
    let answer = wrong.raw("/people").await;
    let body = answer.json();
    assert_eq!((answer.status, &body["code"], &body["name"]), (401, &json!(401), &json!("NotAuthenticated")));
    assert!(text(&body, "id").starts_with("req_") && text(&body, "message").contains(OWN_WORDS));

    let api = Api::new(&sandbox);
    assert_eq!(api.ask("GET", "/people", "").status, 401);
    for path in ["/compensations", "/teams", "/people/", "/people/x/y", "/nothing"] {
        let answer = api.raw(path).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["name"], body.get("id")), (404, &json!("NotFound"), None), "{path}");
    }
    let token = format!("Content-Length: 0\r\nAuthorization: Bearer {}\r\n", sandbox.token());
    assert_eq!(api.ask("POST", "/people", &token).status, 405);
    let strayed = sandbox.strayed();
    assert_eq!(strayed.len(), 6);
    assert_eq!(strayed[0].path, "/compensations");
    assert_eq!((strayed[5].method.as_str(), strayed[5].status), ("POST", Some(405)));
}

#[tokio::test]
async fn requests_are_recorded_without_the_token() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    api.get("/people?%24limit=5&%24skip=10&status=all").await;
    api.get("/locations").await;
    assert_eq!(sandbox.requests_to("/people"), 1);
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].parameter("$limit"), Some("5"));
    assert_eq!(requests[0].parameter("status"), Some("all"));
    assert_eq!((requests[0].method.as_str(), requests[0].status), ("GET", Some(200)));
    assert!(requests[0].header("host").is_some());
    assert_eq!(requests[0].header("authorization"), None);
    assert!(sandbox.strayed().is_empty());
    sandbox.forget_requests();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn debug_shows_no_person_and_no_token() {
    let sandbox = Sandbox::builder().employees(3).start().await.unwrap();
    Api::new(&sandbox).get("/people?email=someone@tallowmill.example").await;
    let id = add(&sandbox, Peculiarity::StrangeName);
    let shown = format!(
        "{sandbox:?} {:?} {:?} {}",
        sandbox.people(),
        sandbox.requests(),
        sandbox.change(|world| format!("{world:?}")),
    );
    for person in sandbox.people() {
        assert!(!shown.contains(&person.last_name), "{}", person.last_name);
    }
    assert!(!shown.contains(sandbox.token()));
    assert!(!shown.contains("tallowmill.example"));
    assert!(!shown.contains(CANARY));
    assert!(shown.contains(&id));
}
