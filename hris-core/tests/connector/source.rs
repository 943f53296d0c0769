//! One person's own record, and what the kit makes of a refusal to show it.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use hris_core::connector::{Checks, Source, Vendor, ask, check, snapshot};
use hris_core::http::Request;
use hris_core::{
    Capabilities, EmployeeId, ErrorKind, Field, Level, Lookup, Snapshot, SourceSettings, StandardField,
};

use super::*;

#[derive(Debug)]
struct Api {
    vendor: Vendor,
    confirms: Result<(), ErrorKind>,
    /// Whether the check counts who shows which field.
    covers: bool,
    confirmed: Arc<AtomicUsize>,
}

#[async_trait]
impl Source for Api {
    type Row = Person;
    type Around = ();

    fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    async fn read(&self, run: &Run<'_>) -> Result<(Snapshot, ())> {
        let mut assembly = Assembly::new("acme", "Acme", run.request());
        let crowd = Crowd::of(run.people(&list(Paging::WHOLE)).await?);
        assembly.convert(crowd, |_| None, |row, _| employee(row));
        Ok((assembly.finish(), ()))
    }

    async fn person(&self, run: &Run<'_>, id: &EmployeeId) -> Result<Person> {
        let request = Request::get("read a person").segments(["people", id.as_str()]);
        run.one(&request, None, &[], id.as_str()).await
    }

    async fn confirm_gone(&self, _: &Run<'_>) -> Result<()> {
        self.confirmed.fetch_add(1, Ordering::SeqCst);
        self.confirms.map_err(|kind| Error::new(kind, "the organisation is not there"))
    }

    async fn complete(&self, run: &Run<'_>, row: Person) -> Result<Employee> {
        // A place that is not found is nobody's leaving.
        if row.status.as_deref() == Field::Value("with a place") {
            run.exchange(&Request::get("read a place").segments(["places"]), |_| Ok(())).await?;
        }
        Ok(employee(row))
    }

    fn work_email(&self, row: Person) -> Field<String> {
        row.name
    }

    async fn check(&self, checks: &mut Checks<'_>) -> Result<()> {
        let answer = checks.run().first(&list(Paging::WHOLE)).await;
        checks.list(
            "people",
            answer.map(|(rows, _)| Some(rows.len() as u64)),
            "nobody can be read",
            "ask Acme",
        )?;
        if self.covers {
            let one = Employee::new("a").with(StandardField::JobTitle, Field::Value("Buyer".to_owned()));
            checks.coverage(&[one], &[StandardField::Location], |_| "ask Acme".to_owned());
        }
        Ok(())
    }
}

fn employee(row: Person) -> Employee {
    Employee::new(row.notes.id.as_deref().unwrap_or_default()).with(StandardField::Manager, row.changed)
}

fn api(client: Client) -> Api {
    let vendor = Vendor {
        capabilities: Capabilities::read_only(
            "acme",
            &[StandardField::Manager],
            hris_core::LeaverSignals::new(true, true),
        ),
        settings: SourceSettings::of("acme").build(),
        client,
        concurrency: 2,
        explain: as_it_is,
        address: ("base_url", "https".to_owned()),
        credential: ("token", "make another"),
    };
    Api { vendor, confirms: Ok(()), confirmed: Arc::default(), covers: false }
}

fn told(answer: &Result<Lookup>) -> String {
    match answer {
        Ok(Lookup::Found(person)) => format!("found {}", person.id()),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("{:?}", error.kind()),
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_vendors_own_404_says_that_a_person_is_gone() {
    for (status, body, expected) in [
        (200, r#"{"id":"a"}"#, "found a"),
        (200, r#"{"id":"b"}"#, "Mismatch"),
        (200, r#"{"name":"Ada"}"#, "Protocol"),
        (200, r#"{"id":"a","id":"a"}"#, "Protocol"),
        (200, "[]", "Protocol"),
        (200, "null", "Protocol"),
        (404, "{}", "Gone"),
        (404, "<html>", "Protocol"),
        (410, "{}", "Protocol"),
        (403, "{}", "NotVisible"),
        (400, "{}", "NotVisible"),
        (401, "{}", "Auth"),
        (500, "{}", "Unavailable"),
    ] {
        let (client, _) = vendor(move |_| Response::new(status).with_body(body));
        let answer = ask(&api(client), &"a".into(), &everything()).await;
        assert_eq!(told(&answer), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn nobody_is_gone_while_the_organisation_cannot_be_seen() {
    for (status, confirms, expected, asked) in [
        (404, Ok(()), "Gone", 1),
        (404, Err(ErrorKind::Permission), "Permission", 1),
        (404, Err(ErrorKind::NotFound), "NotFound", 1),
        (403, Err(ErrorKind::Permission), "NotVisible", 0),
    ] {
        let (client, _) = vendor(move |_| Response::new(status).with_body("{}"));
        let api = Api { confirms, ..api(client) };
        let answer = ask(&api, &"a".into(), &everything()).await;
        assert_eq!(told(&answer), expected, "{status} {confirms:?}");
        assert_eq!(api.confirmed.load(Ordering::SeqCst), asked, "{status} {confirms:?}");
    }
}

#[tokio::test]
async fn what_is_missing_beside_a_record_says_nothing_of_the_person() {
    let (client, _) = vendor(|outgoing| match outgoing.url().path() {
        "/people/a" => ok(&json!({"id": "a", "status": "with a place"})),
        _ => Response::new(404).with_body("{}"),
    });
    assert_eq!(told(&ask(&api(client), &"a".into(), &everything()).await), "NotFound");
}

#[tokio::test(start_paused = true)]
async fn the_managers_address_is_asked_for_and_left_out_where_it_may_not_be_seen() {
    for (status, expected) in [
        (200, Ok(Field::Value("boss@acme.example"))),
        (403, Ok(Field::NotProvided)),
        (404, Ok(Field::NotProvided)),
        (401, Err(ErrorKind::Auth)),
        (500, Err(ErrorKind::Unavailable)),
    ] {
        let (client, sent) = vendor(move |outgoing| match outgoing.url().path() {
            "/people/a" => ok(&json!({"id": "a", "changed": "boss"})),
            _ => {
                let body = json!({"id": "boss", "name": "boss@acme.example"}).to_string();
                Response::new(status).with_body(body)
            }
        });
        let api = api(client);
        match (ask(&api, &"a".into(), &everything()).await, expected) {
            (Ok(Lookup::Found(person)), Ok(email)) => {
                assert_eq!(person.text(StandardField::ManagerEmail), email)
            }
            (Err(error), Err(kind)) => assert_eq!(error.kind(), kind),
            (other, _) => panic!("{status}: {other:?}"),
        }
        sent.lock().unwrap().clear();
        let few = ReadRequest::new("2026-11-23".parse().unwrap()).with_field(StandardField::Manager);
        assert_eq!(told(&ask(&api, &"a".into(), &few).await), "found a");
        assert_eq!(sent.lock().unwrap().len(), 1, "nobody wants the manager's address");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_a_finding_and_no_answer_is_an_error() {
    for (status, level) in [
        (200, Ok(Level::Passed)),
        (403, Ok(Level::Warning)),
        (401, Ok(Level::Refused)),
        (500, Err(ErrorKind::Unavailable)),
    ] {
        let (client, _) = vendor(move |_| Response::new(status).with_body("[]"));
        let found = check(&api(client), &everything()).await;
        let found = found.map(|preflight| preflight.level()).map_err(|error| error.kind());
        assert_eq!(found, level, "{status}");
    }
}

#[tokio::test]
async fn a_record_may_stand_as_a_member_and_members_that_are_asked_for_are_read() {
    for (body, expected) in [
        (json!({"data": {"id": "a", "shoe": 38}}), Ok(1)),
        (json!({"data": {"id": "b"}}), Err(ErrorKind::Mismatch)),
        (json!({"data": {"shoe": 38}}), Err(ErrorKind::Protocol)),
        (json!({"data": [{"id": "a"}]}), Err(ErrorKind::Protocol)),
        (json!({"data": null}), Err(ErrorKind::Protocol)),
        (json!({"id": "a"}), Err(ErrorKind::Protocol)),
    ] {
        let shown = body.to_string();
        let (client, _) = vendor(move |_| ok(&body));
        let request = everything();
        let run = Run::new(&client, 1, as_it_is, &request);
        let own = Request::get("read a person").segments(["people", "a"]);
        let person = run.one::<Person>(&own, Some("data"), &["shoe"], "a").await;
        let found = person.map(|person| person.notes.asked.len()).map_err(|error| error.kind());
        assert_eq!(found, expected, "{shown}");
    }
}

#[tokio::test]
async fn coverage_tells_of_the_fields_that_stand_on_a_record_and_of_no_id_or_status() {
    let (client, _) = vendor(|_| ok(&json!([])));
    let mut api = api(client);
    let fields = [StandardField::Id, StandardField::Status, StandardField::JobTitle, StandardField::Location];
    api.vendor.capabilities = api.vendor.capabilities.reading(fields);
    api.covers = true;
    let found = check(&api, &everything()).await.unwrap();
    let told: Vec<&str> = found.findings.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(told, ["base_url", "people", "field job_title", "field manager"]);
}

#[tokio::test]
async fn a_single_page_tells_how_many_rows_the_list_has() {
    let (client, sent) = vendor(|_| ok(&json!({"total": 9, "data": people(5, 2)})));
    let request = everything();
    let run = Run::new(&client, 1, as_it_is, &request);
    let paging = Paging::by_offset("limit", "skip").rows_in(&["data"]).total_in("total");
    let (rows, total) = run.page(&list(paging), 2).await.unwrap();
    assert_eq!((ids(&rows).join(" "), total), ("p5 p6".to_owned(), Some(9)));
    assert_eq!(sent.lock().unwrap()[0].1, "/people?limit=2&skip=4");
    // Only the page before knows where the next one begins.
    let cursor = Paging::by_cursor("after", &["next"]).rows_in(&["data"]);
    assert_eq!(run.page(&list(cursor), 0).await.unwrap().0.len(), 2);
    assert_eq!(run.page(&list(cursor), 1).await.err().map(|error| error.kind()), Some(ErrorKind::Protocol));
    assert_eq!(sent.lock().unwrap().len(), 2, "nothing is asked that cannot be answered");
}

#[tokio::test]
async fn a_snapshot_counts_its_own_requests() {
    let (client, _) = vendor(|_| ok(&json!(people(1, 2))));
    let api = api(client);
    for _ in 0..2 {
        let snapshot = snapshot(&api, &everything()).await.unwrap();
        assert_eq!((snapshot.people(), snapshot.requests()), (2, 1));
    }
}

#[tokio::test]
async fn people_who_are_asked_about_one_by_one_are_answered_in_order() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let progress = Arc::new(move |read, total| tell.lock().unwrap().push((read, total)));
    let request = everything().with_progress(progress);
    let (client, _) = vendor(|_| ok(&json!([])));
    let run = Run::new(&client, 2, as_it_is, &request);
    let ids = ["a", "b", "c"].map(EmployeeId::from).to_vec();
    let mut taken = Vec::new();
    let ask = |id: EmployeeId| async move {
        if id.as_str() == "b" { Err(Error::new(ErrorKind::Permission, "no")) } else { Ok(id.to_string()) }
    };
    let take = |id: EmployeeId, answer: Result<String>| {
        taken.push((id.to_string(), answer.is_ok()));
        Ok(())
    };
    run.each(ids, ask, take).await.unwrap();
    assert_eq!(taken, [("a".to_owned(), true), ("b".to_owned(), false), ("c".to_owned(), true)]);
    assert_eq!(*told.lock().unwrap(), [(1, Some(3)), (2, Some(3)), (3, Some(3))]);
}
