//! The fake answers as the vendor's pages say, asked without the connector.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use hris_core::http::{Bearer, Client, Request, Response};
use hris_core::{Error, ErrorKind, Secret};
use hris_freshteam::sandbox::{
    CANARY, Ending, Fault, PerPage, Person, RetryAfter, Role, Sandbox, Unfiltered,
};
use serde_json::Value;

struct Asker(Client);

impl Asker {
    fn new(sandbox: &Sandbox, key: &str) -> Self {
        let client = Client::builder("https://lofotfisk.freshteam.com/api")
            .authorization(Bearer::new(Secret::from(key.to_owned())))
            .accepts_any_type()
            .transport(sandbox.transport());
        Self(client.build().unwrap())
    }

    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Response, Error> {
        let segments: Vec<&str> = path.split('/').collect();
        let mut request = Request::get("ask").segments(segments);
        for (name, value) in query {
            request = request.query(name, *value);
        }
        self.0.send(&request).await
    }

    async fn rows(&self, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
        self.ask(path, query).await.unwrap().json().unwrap()
    }
}

async fn started(employees: usize) -> (Sandbox, Asker) {
    let sandbox = Sandbox::builder().employees(employees).start().await.unwrap();
    let asker = Asker::new(&sandbox, sandbox.key());
    (sandbox, asker)
}

#[tokio::test(start_paused = true)]
async fn lists_are_bare_arrays_with_headers() {
    let (sandbox, asker) = started(120).await;
    let first = asker.ask("employees", &[("status", "active"), ("page", "1")]).await.unwrap();
    for (name, value) in [
        ("total-objects", "116"),
        ("total-pages", "3"),
        ("per-page", "50"),
        ("x-ratelimit-total", "60000"),
        ("x-ratelimit-used-currentrequest", "1"),
        ("x-freshteam-api-version", "1.0"),
    ] {
        assert_eq!(first.header(name), Some(value), "{name}");
    }
    assert_eq!(first.json::<Vec<Value>>().unwrap().len(), 50);
    let ids = |rows: Vec<Value>| rows.iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>();
    assert!(ids(first.json().unwrap()).iter().all(|id| *id > u64::from(u32::MAX)));
    assert_eq!(asker.rows("employees", &[("status", "active"), ("page", "4")]).await.len(), 0);
    assert_eq!(asker.rows("employees", &[("status", "inactive")]).await.len(), 4);
    assert_eq!(asker.rows("employees", &[("per_page", "7")]).await.len(), 7);
    sandbox.behave(|one| one.per_page = PerPage::Capped(5));
    assert_eq!(asker.rows("employees", &[("per_page", "7")]).await.len(), 5);
    sandbox.behave(|one| one.per_page = PerPage::Ignored);
    assert_eq!(asker.rows("employees", &[("per_page", "7")]).await.len(), 50);
    sandbox.behave(|one| one.totals = false);
    assert_eq!(asker.ask("employees", &[]).await.unwrap().header("total-objects"), None);
}

#[tokio::test(start_paused = true)]
async fn filters_order_and_what_nobody_knows() {
    let (sandbox, asker) = started(40).await;
    let all = |query: &'static [(&'static str, &'static str)]| asker.rows("employees", query);
    assert_eq!(all(&[]).await.len(), 39, "active people");
    sandbox.behave(|one| one.unfiltered = Unfiltered::Everybody);
    assert_eq!(all(&[]).await.len(), 40);
    let sorted = all(&[("sort", "employee_id"), ("sort_type", "asc"), ("status", "active")]).await;
    let numbers: Vec<Option<&str>> = sorted.iter().map(|row| row["employee_id"].as_str()).collect();
    let known: Vec<&str> = numbers.iter().copied().flatten().collect();
    assert!(known.is_sorted() && numbers.last() == Some(&None), "those without a number come last");
    let id = sandbox.people()[2].id.clone();
    sandbox.change(|company| company.delete(&id)).unwrap();
    assert_eq!(all(&[]).await.len(), 39);
    assert_eq!(all(&[("deleted", "true")]).await.len(), 1);
    sandbox.behave(|one| one.status_filter = false);
    assert_eq!(all(&[("status", "inactive")]).await.len(), 39);
    let email = sandbox.people()[0].email.clone().unwrap();
    assert_eq!(asker.rows("employees", &[("official_email", &email)]).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn roles_see_what_they_may() {
    let (sandbox, admin) = started(60).await;
    let left = sandbox.people().into_iter().find(|person| person.status == "inactive").unwrap().id;
    let key = |role| sandbox.change(|company| company.issue_key(role));
    let employee = Asker::new(&sandbox, &key(Role::Employee));
    let limited = Asker::new(&sandbox, &key(Role::LimitedHrPartner));
    let nobody = Asker::new(&sandbox, &key(Role::Nobody));
    let inactive = [("status", "inactive")];
    assert!(admin.rows("employees", &inactive).await[0].get("termination_date").is_some());
    assert!(employee.rows("employees", &inactive).await.is_empty());
    assert!(limited.rows("employees", &inactive).await[0].get("termination_date").is_none());
    let path = format!("employees/{left}");
    assert_eq!(employee.ask(&path, &[]).await.unwrap_err().kind(), ErrorKind::Permission);
    let own: Value = admin.ask(&path, &[]).await.unwrap().json().unwrap();
    assert!(own.get("custom_field_values").is_some() && own.get("roles").is_none());
    let with: Value = admin.ask(&path, &[("include", "roles,level")]).await.unwrap().json().unwrap();
    assert_eq!(with["roles"][0]["name"], "Employee");
    assert!(with.to_string().contains(CANARY), "there is something to drop");
    assert_eq!(nobody.ask("branches", &[]).await.unwrap_err().kind(), ErrorKind::Permission);
    let wrong = Asker::new(&sandbox, "wrong").ask("branches", &[]).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Auth);
    assert_eq!(admin.ask("employees/1", &[]).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(admin.ask("job_postings", &[]).await.unwrap_err().kind(), ErrorKind::NotFound);
    for units in ["branches", "departments", "sub_departments", "business_units", "teams", "levels"] {
        assert!(!admin.rows(units, &[]).await.is_empty(), "{units}");
    }
    assert!(admin.rows("sub_departments", &[]).await[0]["deleted"].is_null());
    assert_eq!(admin.rows("employee_fields", &[]).await.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn the_limit_counts_down_and_is_the_accounts() {
    let (sandbox, asker) = started(5).await;
    sandbox.behave(|one| (one.per_minute, one.retry_after) = (10, RetryAfter::Seconds));
    let other = Asker::new(&sandbox, &sandbox.change(|company| company.issue_key(Role::Admin)));
    for left in (0..10_u32).rev() {
        let who = if left % 2 == 0 { &asker } else { &other };
        let answer = who.ask("branches", &[]).await.unwrap();
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left.to_string().as_str()));
    }
    // The client waits as told; meanwhile the bucket fills.
    asker.ask("branches", &[]).await.unwrap();
    let refused = sandbox.requests().iter().filter(|request| request.status == Some(429)).count();
    assert_eq!(refused, 1);
}

#[tokio::test(start_paused = true)]
async fn an_ended_account_answers_in_six_ways() {
    for (ending, status, rows) in [
        (Ending::Unauthorised, Some(401), None),
        (Ending::Forbidden, Some(403), None),
        (Ending::Redirect, Some(302), None),
        (Ending::Page, None, None),
        (Ending::Empty, None, Some(0)),
        (Ending::Frozen, None, Some(9)),
    ] {
        let (sandbox, asker) = started(9).await;
        sandbox.change(|company| company.end(ending));
        sandbox.hire(Person::new("Noor", "El-Amrani"));
        match (asker.ask("employees", &[]).await, status, rows) {
            (Err(error), Some(status), _) => assert!(error.status().is_none_or(|found| found == status)),
            (Ok(answer), None, Some(rows)) => assert_eq!(answer.json::<Vec<Value>>().unwrap().len(), rows),
            (Ok(answer), None, None) => assert_eq!(answer.body()[0], b'<'),
            (other, ..) => panic!("{ending:?}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_company() {
    let (one, _) = started(30).await;
    let (other, _) = started(30).await;
    assert_eq!((one.people(), one.key()), (other.people(), other.key()));
    let third = Sandbox::builder().employees(30).seed(8).start().await.unwrap();
    assert!(third.people() != one.people());
    assert!(one.change(|company| company.deactivate("7", None)).is_err(), "nobody has that id");
    let names: std::collections::BTreeSet<String> =
        one.people().into_iter().filter_map(|one| one.email).collect();
    assert_eq!(names.len(), 30, "no address twice");
    one.inject(Fault::LoginPage.on("/employees"));
    one.clear_faults();
}

#[tokio::test(start_paused = true)]
async fn named_units_have_the_members_of_their_kind_in_lists_and_by_id() {
    let (_sandbox, asker) = started(3).await;
    let common = ["created_at", "id", "updated_at"];
    for (list, own) in [
        ("branches", &["city", "country_code", "deleted", "name", "time_zone"][..]),
        ("business_units", &["deleted", "name"]),
        ("departments", &["deleted", "name"]),
        ("levels", &["deleted", "name"]),
        ("roles", &["default", "description", "name"]),
        ("sub_departments", &["deleted", "name"]),
        ("teams", &["deleted", "name"]),
        ("user_functions", &["deleted", "value"]),
    ] {
        let rows = asker.rows(list, &[]).await;
        let mut members: Vec<&str> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        let mut expected = [&common[..], own].concat();
        expected.sort_unstable();
        assert_eq!(members, expected, "{list}");
        for row in &rows {
            let one = asker.ask(&format!("{list}/{}", row["id"]), &[]).await.unwrap();
            assert_eq!(&one.json::<Value>().unwrap(), row, "{list}");
        }
        for wrong in ["1", "x", "1/2"] {
            let error = asker.ask(&format!("{list}/{wrong}"), &[]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{list}/{wrong}");
        }
    }
    // What people have is in the lists.
    let person = &asker.rows("employees", &[]).await[0];
    let record = asker.ask(&format!("employees/{}", person["id"]), &[("include", "roles")]).await.unwrap();
    let record: Value = record.json().unwrap();
    let function = asker.ask(&format!("user_functions/{}", record["user_function_id"]), &[]).await;
    assert_eq!(function.unwrap().json::<Value>().unwrap()["value"], "Administration");
    let role = asker.ask(&format!("roles/{}", record["roles"][0]["id"]), &[]).await.unwrap();
    assert_eq!(role.json::<Value>().unwrap()["name"], record["roles"][0]["name"]);
}
