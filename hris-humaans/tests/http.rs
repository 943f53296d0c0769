//! What is Humaans' own on the wire, read by the connector: the status filter and its refusals, hidden
//! people and members, job roles, custom fields, dates, and what must never be kept or shown.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

mod peculiar;

use std::time::Duration;

use hris_core::RateLimit;
use hris_core::http::RetryPolicy;
use hris_core::{
    Date, Directory, Employee, EmployeeId, ErrorKind, Field, Level, Lookup, ProblemCode, ReadRequest, Secret,
    Snapshot, SourceField, StandardField, Status,
};
use hris_humaans::sandbox::{
    AllStatus, CANARY, CustomField, Fault, Hidden, Job, OWN_WORDS, Person, Profiles, Resource, Role, Sandbox,
    Scope, Token,
};
use hris_humaans::{Humaans, LastDay, PeopleStatus};
use peculiar::{Peculiarity, add};
use serde_json::{Value, json};

const TODAY: &str = "2026-11-24";

fn today() -> Date {
    TODAY.parse().expect("a day")
}

fn everything() -> ReadRequest {
    ReadRequest::everything(today())
}

/// A company of 30 without anything odd.
async fn company() -> Sandbox {
    Sandbox::builder().employees(30).plain().today(TODAY).start().await.expect("a free port")
}

fn connect(sandbox: &Sandbox, token: &str) -> hris_humaans::Builder {
    let mut retry = RetryPolicy::default();
    retry.base = Duration::from_millis(1);
    retry.throttled_base = Duration::from_millis(1);
    Humaans::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .token(Secret::from(token.to_owned()))
        .page_size(7)
        .rate_limit(RateLimit::per_second(10_000).burst(10_000))
        .retry(retry)
}

async fn read(sandbox: &Sandbox, request: &ReadRequest) -> Snapshot {
    let humaans = connect(sandbox, sandbox.token()).build().expect("right settings");
    humaans.snapshot(request).await.expect("a whole directory")
}

async fn read_as(sandbox: &Sandbox, token: Token) -> Snapshot {
    let token = sandbox.issue_token(token);
    let humaans = connect(sandbox, &token).build().expect("right settings");
    humaans.snapshot(&everything()).await.expect("a whole directory")
}

fn person<'s>(snapshot: &'s Snapshot, id: &str) -> &'s Employee {
    snapshot.employees().iter().find(|person| person.id().as_str() == id).expect("the person is listed")
}

fn has(snapshot: &Snapshot, code: ProblemCode, field: &str) -> bool {
    let is = |field: &str, found: Option<&str>| found.unwrap_or_default() == field;
    snapshot.problems().iter().any(|problem| problem.code == code && is(field, problem.field.as_deref()))
}

#[tokio::test]
async fn everybody_is_asked_for_and_a_refusal_of_the_filter_leads_to_the_next_way() {
    for refused in [None, Some(400), Some(403), Some(422)] {
        let sandbox = company().await;
        if let Some(status) = refused {
            sandbox.behave(|behaviour| behaviour.all_status = AllStatus::Refused(status));
        }
        sandbox.hire(Person::new_hire("Noor", "El-Amrani").starts("2027-01-11"));
        let leaver = sandbox.people()[4].id.clone();
        sandbox.offboard(&leaver, "2026-10-30").expect("somebody");
        let snapshot = read(&sandbox, &everything()).await;
        assert_eq!(snapshot.people(), 31, "{refused:?}");
        assert!(snapshot.absence_counts(), "{refused:?}: three lists are as whole as one");
        assert_eq!(person(&snapshot, &leaver).status(), Status::Terminated);
    }
}

#[tokio::test]
async fn without_the_filter_nobody_counts_as_absent() {
    let sandbox = company().await;
    let humaans =
        connect(&sandbox, sandbox.token()).people_status(PeopleStatus::Omit).build().expect("right settings");
    let snapshot = humaans.snapshot(&everything()).await.expect("a list");
    assert!(!snapshot.absence_counts());
    assert!(sandbox.requests().iter().all(|request| request.parameter("status").is_none()));
}

#[tokio::test]
async fn a_status_that_may_not_be_listed_is_said_and_does_not_stop_the_rest() {
    let sandbox = company().await;
    sandbox.behave(|behaviour| behaviour.hidden = Hidden::Forbidden);
    let snapshot = read_as(&sandbox, Token::public()).await;
    assert_eq!(snapshot.people(), 30);
    let said: Vec<&str> = snapshot
        .problems()
        .iter()
        .filter(|problem| problem.code == ProblemCode::NotPermitted)
        .map(|problem| problem.message.as_str())
        .collect();
    assert!(said.iter().any(|words| words.contains("newHire")), "{said:?}");
    assert!(said.iter().any(|words| words.contains("offboarded")), "{said:?}");
}

#[tokio::test]
async fn people_who_may_not_be_listed_at_all_are_an_error_that_names_the_remedy() {
    let sandbox = company().await;
    sandbox.behave(|behaviour| behaviour.all_status = AllStatus::Refused(403));
    sandbox.inject(Fault::Status(403).on("/people"));
    let humaans = connect(&sandbox, sandbox.token()).build().expect("right settings");
    let error = humaans.snapshot(&everything()).await.expect_err("nobody may be listed");
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(error.to_string().contains("scopes or its owner's role"), "{error}");
}

#[tokio::test]
async fn one_person_is_there_or_gone_or_not_visible() {
    let sandbox = company().await;
    let id = sandbox.people()[3].id.clone();
    let ask = async |token: &str, id: &str| {
        let humaans = connect(&sandbox, token).build().expect("right settings");
        humaans.get(&EmployeeId::from(id), &everything()).await.expect("an answer")
    };
    assert!(matches!(ask(sandbox.token(), &id).await, Lookup::Found(found) if found.id().as_str() == id));
    // An id is one segment of the path, whatever is in it.
    for nobody in ["000000000000000000000000", "../me", "a/b?c#d"] {
        assert!(matches!(ask(sandbox.token(), nobody).await, Lookup::Gone), "{nobody}");
    }
    let own = Token::private().role(Role::everything().people(Profiles::Own));
    let own = sandbox.issue_token(own);
    sandbox.behave(|behaviour| behaviour.hidden_person_status = 403);
    assert!(matches!(ask(&own, &id).await, Lookup::NotVisible));
    sandbox.revoke(&own).expect("a token");
    let humaans = connect(&sandbox, &own).build().expect("right settings");
    let error = humaans.get(&EmployeeId::from(id), &everything()).await.expect_err("a revoked token");
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn people_of_another_company_are_never_taken_in() {
    let sandbox = company().await;
    let id = sandbox.people()[9].id.clone();
    sandbox.set_field(&id, "companyId", "another-company").expect("somebody");
    let humaans = connect(&sandbox, sandbox.token()).build().expect("right settings");
    let error = humaans.snapshot(&everything()).await.expect_err("two companies in one list");
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

#[tokio::test]
async fn the_fingerprint_says_who_asked_and_whom_they_saw() {
    let sandbox = company().await;
    let leaver = sandbox.people()[4].id.clone();
    sandbox.offboard(&leaver, "2026-10-30").expect("somebody");
    let maker = sandbox.people()[2].id.clone();
    let snapshot = read_as(&sandbox, Token::private().maker(maker.clone())).await;
    let seen = snapshot.fingerprint();
    assert_eq!(seen.organisation, Some(sandbox.change(|world| world.company_id().to_owned())));
    assert_eq!(seen.credential, Some(maker));
    assert!(seen.scopes.as_ref().is_some_and(|scopes| scopes.contains("private:read")));
    assert_eq!(
        seen.statuses.iter().map(|(word, count)| (word.as_str(), *count)).collect::<Vec<_>>(),
        [("active", 29), ("offboarded", 1)]
    );
}

#[tokio::test]
async fn hidden_is_never_empty_however_it_is_hidden() {
    let private = [
        StandardField::EmployeeNumber,
        StandardField::PersonalEmail,
        StandardField::AddressCity,
        StandardField::EmploymentKind,
    ];
    for hidden in [Hidden::Absent, Hidden::Null, Hidden::Forbidden] {
        let sandbox = company().await;
        sandbox.behave(|behaviour| behaviour.hidden = hidden);
        let snapshot = read_as(&sandbox, Token::new([Scope::PublicRead])).await;
        for person in snapshot.employees() {
            for field in private {
                assert!(!person.text(field).is_visible(), "{hidden:?}: {field} would be cleared");
            }
            for date in [StandardField::StartDate, StandardField::EndDate, StandardField::LastWorkingDay] {
                assert!(!person.date(date).is_visible(), "{hidden:?}: {date} would be cleared");
            }
            assert!(person.custom().iter().all(|custom| !custom.value.is_visible()), "{hidden:?}");
        }
    }
    // A member that the role hides from a token that may see private data.
    let sandbox = company().await;
    let snapshot =
        read_as(&sandbox, Token::private().role(Role::everything().without_member("phoneNumber"))).await;
    assert!(snapshot.employees().iter().all(|person| person.work_phone() == Field::NotProvided));
    // A list that the role hides: what hangs on it stays, and it is said.
    let role = Role::everything().without_path("/job-roles").without_path("/locations");
    let snapshot = read_as(&sandbox, Token::private().role(role)).await;
    assert!(snapshot.employees().iter().all(|person| person.manager() == Field::NotPermitted));
    assert!(has(&snapshot, ProblemCode::NotPermitted, "job_title"));
    assert!(has(&snapshot, ProblemCode::NotPermitted, "location"));
}

#[tokio::test]
async fn dates_mean_what_the_vendor_says_and_nothing_when_they_cannot_be_read() {
    let day = |text: &str| Field::Value(text.parse::<Date>().expect("a day"));
    // start, first day, end, last day → start, end, last working day
    let table: &[([Value; 4], [Field<Date>; 3])] = &[
        (
            [json!("2020-01-06"), json!("2020-01-07"), json!("2026-12-31"), json!("2026-12-15")],
            [day("2020-01-06"), day("2026-12-31"), day("2026-12-15")],
        ),
        (
            [Value::Null, json!("2020-01-07"), Value::Null, json!("2026-12-15")],
            [day("2020-01-07"), day("2026-12-15"), day("2026-12-15")],
        ),
        (
            [json!("2020-01-06"), Value::Null, json!("2026-12-31"), Value::Null],
            [day("2020-01-06"), day("2026-12-31"), day("2026-12-31")],
        ),
        (
            [json!("2020-01-06"), Value::Null, Value::Null, json!("")],
            [day("2020-01-06"), Field::Cleared, Field::Cleared],
        ),
        // Neither a day that does not exist nor an end before the start empties anything.
        (
            [json!("2025-02-31"), Value::Null, json!("0000-00-00"), Value::Null],
            [Field::NotProvided, Field::NotProvided, Field::NotProvided],
        ),
        (
            [json!("2020-01-06"), Value::Null, json!("2019-01-01"), Value::Null],
            [day("2020-01-06"), Field::NotProvided, Field::NotProvided],
        ),
    ];
    let sandbox = company().await;
    let ids: Vec<String> = sandbox.people().iter().map(|person| person.id.clone()).collect();
    for (id, (dates, _)) in ids.iter().zip(table) {
        let names = ["employmentStartDate", "firstWorkingDay", "employmentEndDate", "lastWorkingDay"];
        for (name, date) in names.into_iter().zip(dates) {
            sandbox.set_field(id, name, date.clone()).expect("somebody");
        }
    }
    let snapshot = read(&sandbox, &everything()).await;
    for (id, (dates, expected)) in ids.iter().zip(table) {
        let found = person(&snapshot, id);
        assert!(
            [found.start_date(), found.end_date(), found.last_working_day()] == *expected,
            "{dates:?}: {:?}",
            [found.start_date().value(), found.end_date().value(), found.last_working_day().value()]
        );
        assert_eq!(found.status(), Status::Active, "dates alone end nothing");
    }
    // Reports speak of fields, in the words of every vendor.
    for field in ["start_date", "end_date"] {
        assert!(has(&snapshot, ProblemCode::InvalidDate, field), "{field}");
    }
    let humaans = connect(&sandbox, sandbox.token()).last_day(LastDay::EmploymentEnd).build();
    let snapshot = humaans.expect("right settings").snapshot(&everything()).await.expect("a whole directory");
    assert!(person(&snapshot, &ids[0]).last_working_day() == day("2026-12-31"));
}

#[tokio::test]
async fn the_job_role_of_today_counts_and_the_next_one_does_not_yet() {
    let sandbox = company().await;
    let people = sandbox.people();
    let (id, boss) = (people[5].id.clone(), people[6].id.clone());
    sandbox
        .change_job(&id, Job::new("Miller", "Mill").from("2026-11-24").reports_to(&boss))
        .expect("somebody");
    sandbox.change_job(&id, Job::new("Head miller", "Mill").from("2026-11-25")).expect("somebody");
    let starter =
        sandbox.hire(Person::new_hire("Teo", "Vasile").starts("2027-01-11").job("Millwright", "Mill"));
    let snapshot = read(&sandbox, &everything()).await;
    let found = person(&snapshot, &id);
    assert!(found.job_title() == Field::Value("Miller") && found.manager() == Field::Value(&*boss));
    let email = sandbox.person(&boss).and_then(|boss| boss.email).expect("an address").to_lowercase();
    assert!(found.text(StandardField::ManagerEmail) == Field::Value(&*email));
    assert!(person(&snapshot, &starter).job_title() == Field::Value("Millwright"), "the first to come");

    let tomorrow = ReadRequest::everything("2026-11-25".parse().expect("a day"));
    assert!(person(&read(&sandbox, &tomorrow).await, &id).job_title() == Field::Value("Head miller"));
    // The same for one person on demand.
    let humaans = connect(&sandbox, sandbox.token()).build().expect("right settings");
    let Lookup::Found(found) = humaans.get(&EmployeeId::from(id), &everything()).await.expect("an answer")
    else {
        panic!("not found")
    };
    assert!(found.job_title() == Field::Value("Miller") && found.manager() == Field::Value(&*boss));
}

#[tokio::test]
async fn custom_fields_go_by_name_or_id_and_sensitive_ones_by_id_only() {
    let sandbox = company().await;
    let id = sandbox.people()[5].id.clone();
    let field = |name: &str, section: &str| {
        let field = CustomField::new(name, "text").section(section);
        let key = sandbox.change(|world| world.add_custom_field(field));
        sandbox.set_custom(&id, &key, format!("value of {name}")).expect("somebody");
        key
    };
    let shirt = field("Shirt", "basics");
    let sort_code = field("Sort code", "Bank details");
    let ask = async |field: SourceField| {
        let request = ReadRequest::new(today()).with_field(field);
        let snapshot = read(&sandbox, &request).await;
        let own = person(&snapshot, &id).custom();
        own.iter().find_map(|custom| custom.value.as_deref().value().map(str::to_owned))
    };
    assert_eq!(ask(SourceField::CustomName("Shirt".into())).await.as_deref(), Some("value of Shirt"));
    assert_eq!(ask(SourceField::CustomId(shirt.clone())).await.as_deref(), Some("value of Shirt"));
    assert_eq!(ask(SourceField::CustomId(sort_code)).await.as_deref(), Some("value of Sort code"));
    for (hidden, near) in
        [("Sort code", ""), ("Renamed", ""), ("Shrit", "the nearest name is `custom.Shirt`")]
    {
        let request = ReadRequest::new(today()).with_field(SourceField::CustomName(hidden.into()));
        let humaans = connect(&sandbox, sandbox.token()).build().expect("right settings");
        let error = humaans.snapshot(&request).await.expect_err("no such field");
        assert_eq!(error.kind(), ErrorKind::Config, "{hidden}");
        assert!(error.to_string().contains(near), "{error}");
        let error = humaans.check(&request).await.expect("looked at").require().expect_err("no such field");
        assert_eq!(error.kind(), ErrorKind::Config, "{hidden}");
        assert!(error.to_string().contains(near), "{error}");
    }
    // Nobody's bank details are read because everything is.
    let snapshot = read(&sandbox, &everything()).await;
    assert!(person(&snapshot, &id).custom().iter().all(|custom| &*custom.name != "Sort code"));

    let twin = sandbox.change(|world| world.add_custom_field(CustomField::new("Shirt", "text")));
    let request = ReadRequest::new(today()).with_field(SourceField::CustomName("Shirt".into()));
    let humaans = connect(&sandbox, sandbox.token()).build().expect("right settings");
    let error = humaans.snapshot(&request).await.expect_err("two fields of one name");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains(&format!("custom.#{shirt}")) && error.to_string().contains(&twin));
}

#[tokio::test]
async fn a_custom_value_of_an_earlier_job_is_not_todays() {
    let sandbox = company().await;
    let id = sandbox.people()[5].id.clone();
    let key = sandbox.change(|world| world.add_custom_field(CustomField::new("Grade", "text")));
    let old = sandbox.change_job(&id, Job::new("Miller", "Mill").from("2024-01-01")).expect("somebody");
    let new = sandbox.change_job(&id, Job::new("Head miller", "Mill").from("2026-01-01")).expect("somebody");
    for (role, grade) in [(&old, "B"), (&new, "A")] {
        let row = json!({ "id": format!("v-{role}"), "personId": id, "customFieldId": key, "resourceId": role, "value": grade });
        sandbox.change(|world| world.insert(Resource::CustomValues, row));
    }
    let snapshot = read(&sandbox, &everything()).await;
    let grade = person(&snapshot, &id).custom().iter().find(|custom| &*custom.name == "Grade");
    assert!(grade.is_some_and(|grade| grade.value.as_deref() == Field::Value("A")));
}

#[tokio::test]
async fn offices_have_the_name_that_people_use() {
    let sandbox = company().await;
    let people = sandbox.people();
    let place = |id: &str, location: &str| sandbox.set_field(id, "locationId", location).expect("somebody");
    let bare = sandbox.change(|world| {
        world.add_location(hris_humaans::sandbox::Location::new("", "Leeds", "United Kingdom"))
    });
    place(&people[3].id, "remote");
    place(&people[4].id, "an-office-nobody-lists");
    place(&people[5].id, &bare);
    let snapshot = read(&sandbox, &everything()).await;
    let location =
        |at: usize| person(&snapshot, &people[at].id).location().value().unwrap_or_default().to_owned();
    assert_eq!(
        [location(3), location(4), location(5)],
        ["Remote", "an-office-nobody-lists", "Leeds, United Kingdom"]
    );
    assert!(has(&snapshot, ProblemCode::UnmappedValue, "location"));
}

#[tokio::test]
async fn peculiar_people_are_read_as_the_vendor_means_them() {
    for (case, expected) in [
        (Peculiarity::ActivePastLastDay, Status::Active),
        (Peculiarity::ActiveStartingLater, Status::Pending),
        (Peculiarity::OffboardedUndated, Status::Terminated),
        (Peculiarity::OffboardedToday, Status::Terminated),
        (Peculiarity::UnknownStatus, Status::Unknown),
    ] {
        let sandbox = company().await;
        let id = add(&sandbox, case);
        let snapshot = read(&sandbox, &everything()).await;
        assert_eq!(person(&snapshot, &id).status(), expected, "{case:?}");
    }
    let sandbox = company().await;
    let (demo, hidden, twice) = (
        add(&sandbox, Peculiarity::DemoPerson),
        add(&sandbox, Peculiarity::HiddenEmail),
        add(&sandbox, Peculiarity::RepeatedId),
    );
    sandbox.set_field(&hidden, "email", Value::Null).expect("somebody");
    let snapshot = read(&sandbox, &everything()).await;
    assert!(person(&snapshot, &demo).is_sample());
    assert!(person(&snapshot, &hidden).email() == Field::NotPermitted);
    assert!(has(&snapshot, ProblemCode::NotPermitted, "email"));
    assert_eq!(snapshot.set_aside(), [EmployeeId::from(twice)], "present, and not believed");
    assert!(!snapshot.absence_counts(), "the total counts both records, so one may stand for somebody else");
}

#[tokio::test]
async fn the_check_names_what_is_missing_in_the_vendors_words() {
    let sandbox = company().await;
    sandbox.hire(Person::new_hire("Noor", "El-Amrani").starts("2027-01-11"));
    let leaver = sandbox.people()[4].id.clone();
    sandbox.offboard(&leaver, "2026-10-30").expect("somebody");
    let maker = sandbox.people()[2].id.clone();
    let table: Vec<(Token, Level, &[&str])> = vec![
        (Token::private(), Level::Passed, &[]),
        (Token::public(), Level::Warning, &["scope private:read", "new hires and offboarded people"]),
        (Token::new([Scope::DocumentsRead]), Level::Missing, &["scope private:read", "nobody can be read"]),
        (Token::new([Scope::PrivateRead, Scope::PrivateWrite]), Level::Warning, &["private:write"]),
        (
            Token::private().role(Role::everything().without_offboarded()),
            Level::Warning,
            &["Offboarded: see"],
        ),
        (
            Token::private().role(Role::everything().without_path("/job-roles")),
            Level::Warning,
            &["/job-roles", "Employment › Role"],
        ),
        (
            Token::private().role(Role::everything().without_member("email")),
            Level::Missing,
            &["field email", "*view* on Basics"],
        ),
        (Token::private().role(Role::everything().without_api_access(401)), Level::Refused, &["API Access"]),
    ];
    for (token, level, words) in table {
        let shown = format!("{token:?}");
        let token = sandbox.issue_token(token.maker(maker.clone()));
        let humaans = connect(&sandbox, &token).build().expect("right settings");
        let request = [StandardField::Email, StandardField::JobTitle, StandardField::Location]
            .into_iter()
            .fold(ReadRequest::new(today()), |request, field| request.with_field(field));
        let preflight = humaans.check(&request).await.expect("an answer");
        let lines = preflight.findings.iter().filter(|finding| finding.level > Level::Passed);
        let lines: Vec<String> = lines.map(ToString::to_string).collect();
        let beyond = |line: &&String| !line.starts_with("base_url");
        let found = lines.iter().filter(beyond).cloned().collect::<Vec<_>>().join("\n");
        for word in words {
            assert!(found.contains(word), "{shown}: {word} is not in {found}");
        }
        let worst = preflight.findings.iter().filter(|finding| finding.subject != "base_url");
        assert_eq!(worst.map(|finding| finding.level).max(), Some(level), "{shown}: {found}");
    }
}

#[tokio::test]
async fn what_must_never_be_kept_or_called_is_not() {
    let sandbox = Sandbox::builder().employees(60).today(TODAY).start().await.expect("a port");
    for case in Peculiarity::ALL {
        add(&sandbox, case);
    }
    let humaans = connect(&sandbox, sandbox.token()).build().expect("right settings");
    let request = everything();
    let snapshot = humaans.snapshot(&request).await.expect("a whole directory");
    let fields = humaans.fields(&request).await.expect("a catalogue");
    let check = humaans.check(&request).await.expect("an answer");
    let mut held = format!("{humaans:?} {snapshot:?} {fields:?} {check:?} {:?}", snapshot.problems());
    for person in snapshot.employees() {
        held.push_str(person.extra().unwrap_or_default());
        held.extend(person.custom().iter().filter_map(|custom| custom.value.as_deref().value()));
    }
    assert!(!held.contains(CANARY) && !held.contains(sandbox.token()));
    for person in sandbox.people() {
        let email = person.email.unwrap_or_else(|| "no address".to_owned()).to_lowercase();
        assert!(!held.to_lowercase().contains(&email), "{} is shown", person.id);
    }
    assert!(sandbox.strayed().is_empty(), "{:?}", sandbox.strayed());

    for fault in [Fault::Status(500), Fault::Status(422), Fault::LoginPage, Fault::InvalidJson, Fault::Revoke]
    {
        sandbox.inject(fault.on("/people"));
        let error = humaans.snapshot(&request).await.expect_err("a broken answer");
        let shown = format!("{error} {error:?}");
        for secret in [CANARY, OWN_WORDS, sandbox.token()] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        sandbox.clear_faults();
    }
}
