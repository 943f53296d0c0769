//! What is peculiar to Freshteam, over the wire.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use hris_core::sandbox::CANARY;
use hris_core::{
    Date, Directory, EmployeeId, ErrorKind, Field, Level, Lookup, Preflight, ProblemCode, ReadRequest,
    Secret, Snapshot, SourceField, StandardField, Status,
};
use hris_freshteam::sandbox::{
    Company, Ending, Fault, Injection, PastEnd, PerPage, Person, Role, Sandbox, Unfiltered,
};
use hris_freshteam::{Builder, Freshteam};
use serde_json::{Value, json};

fn builder(sandbox: &Sandbox) -> Builder {
    Freshteam::builder()
        .subdomain(sandbox.subdomain())
        .api_key(Secret::from(sandbox.key().to_owned()))
        .transport(sandbox.transport())
}

fn connect(sandbox: &Sandbox) -> Freshteam {
    builder(sandbox).build().expect("the settings are right")
}

fn with_key(sandbox: &Sandbox, key: String) -> Freshteam {
    builder(sandbox).api_key(Secret::from(key)).build().expect("the settings are right")
}

async fn started(employees: usize) -> Sandbox {
    Sandbox::builder().employees(employees).start().await.expect("a free port")
}

fn today() -> Date {
    Date::new(2026, 11, 24).expect("a day")
}

fn request(fields: &[&str]) -> ReadRequest {
    let fields = fields.iter().map(|field| field.parse::<SourceField>().expect("a field"));
    ReadRequest::new(today()).with_field(StandardField::Email).with_fields(fields)
}

fn has(snapshot: &Snapshot, code: ProblemCode) -> bool {
    snapshot.problems().iter().any(|problem| problem.code == code)
}

fn find<'s>(snapshot: &'s Snapshot, id: &str) -> &'s hris_core::Employee {
    snapshot.employees().iter().find(|person| person.id().as_str() == id).expect("the person is there")
}

#[tokio::test(start_paused = true)]
async fn two_filtered_listings_one_after_the_other() {
    let sandbox = started(120).await;
    let snapshot = connect(&sandbox).snapshot(&request(&[])).await.unwrap();
    assert_eq!(snapshot.people(), 120);
    let asked: Vec<String> = sandbox
        .requests()
        .iter()
        .map(|request| {
            assert_eq!(request.path, "/employees");
            assert_eq!(request.parameter("sort"), Some("employee_id"));
            assert_eq!(request.parameter("per_page"), None, "not documented, so not sent");
            let value = |name| request.parameter(name).unwrap_or("?").to_owned();
            format!("{} {}", value("status"), value("page"))
        })
        .collect();
    assert_eq!(asked, ["active 1", "active 2", "active 3", "inactive 1"]);
    assert_eq!(snapshot.fingerprint().organisation.as_deref(), Some("lofotfisk"));
    assert_eq!(snapshot.fingerprint().statuses["inactive"], 4);
    assert!(has(&snapshot, ProblemCode::SourceRetiring));
}

#[tokio::test(start_paused = true)]
async fn every_reading_of_the_open_questions_gives_the_same_people() {
    let expected = {
        let sandbox = started(130).await;
        connect(&sandbox).snapshot(&request(&[])).await.unwrap().people()
    };
    assert_eq!(expected, 130);
    type Change = fn(&mut hris_freshteam::sandbox::Behaviour);
    let changes: [(&str, Change, Option<u32>); 9] = [
        ("no totals", |one| one.totals = false, None),
        (
            "filter not heard",
            |one| (one.status_filter, one.unfiltered) = (false, Unfiltered::Everybody),
            None,
        ),
        ("filter not heard, active only", |one| one.status_filter = false, None),
        ("page size ignored", |one| one.per_page = PerPage::Ignored, Some(20)),
        ("page size capped", |one| one.per_page = PerPage::Capped(7), Some(20)),
        ("page size obeyed", |one| one.per_page = PerPage::Obeyed, Some(20)),
        ("not found past the end", |one| one.past_end = PastEnd::NotFound, None),
        ("masked", |one| one.masked = true, None),
        ("units not paged", |one| one.units_paged = false, None),
    ];
    for (name, change, page_size) in changes {
        let sandbox = started(130).await;
        sandbox.behave(change);
        let mut builder = builder(&sandbox);
        if let Some(rows) = page_size {
            builder = builder.page_size(rows);
        }
        let fields = request(&["department", "location", "teams", "custom.business_unit"]);
        let snapshot = builder.build().unwrap().snapshot(&fields).await;
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{name}: {error}"));
        let hidden = if name == "filter not heard, active only" { 4 } else { 0 };
        assert_eq!(snapshot.people() + hidden, 130, "{name}");
        assert!(snapshot.employees()[0].department().is_value(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn lists_of_units_may_be_paged_or_not_and_long() {
    for (paged, totals) in [(true, true), (true, false), (false, false)] {
        let sandbox = started(10).await;
        let unit = sandbox.change(|company| {
            let of = hris_freshteam::sandbox::Units::Departments;
            (0..130).map(|n| company.add_unit(of, &format!("Department {n}"))).last().unwrap()
        });
        let id = sandbox.hire(Person::new("Siv", "Aasen").set("department_id", unit));
        sandbox.behave(|one| (one.units_paged, one.totals) = (paged, totals));
        let snapshot = connect(&sandbox).snapshot(&request(&["department"])).await.unwrap();
        assert_eq!(find(&snapshot, &id).department(), Field::Value("Department 129"), "{paged} {totals}");
        assert!(!has(&snapshot, ProblemCode::UnmappedValue));
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_found_past_a_full_end_is_an_error_not_an_end() {
    let sandbox = started(50).await;
    sandbox.behave(|one| (one.past_end, one.totals) = (PastEnd::NotFound, false));
    let company = |company: &mut Company| {
        let inactive: Vec<String> =
            company.people().into_iter().filter(|one| one.status != "active").map(|one| one.id).collect();
        inactive.iter().for_each(|id| company.rehire(id, "2026-01-05").unwrap());
    };
    sandbox.change(company);
    let error = connect(&sandbox).snapshot(&request(&[])).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Protocol, Some(404)));
}

#[tokio::test(start_paused = true)]
async fn whoever_moves_between_the_listings_is_seen_once_and_later() {
    let sandbox = started(60).await;
    let mover = sandbox.people()[3].id.clone();
    let id = mover.clone();
    let leaves = move |company: &mut Company| company.deactivate(&id, Some("2026-11-20")).unwrap();
    sandbox.inject(Injection::then(leaves).on("/employees").with("status", "active").nth(2).once());
    let snapshot = connect(&sandbox).snapshot(&request(&[])).await.unwrap();
    assert_eq!(snapshot.people(), 60);
    let person = find(&snapshot, &mover);
    assert_eq!(
        (person.status(), person.end_date()),
        (Status::Terminated, Field::Value("2026-11-20".parse().unwrap()))
    );
    assert!(!has(&snapshot, ProblemCode::DuplicateExternalId));

    // The record of the earlier listing is the later one, as from a replica that lags: it stays.
    let sandbox = started(60).await;
    let left: String = sandbox.people().into_iter().find(|one| one.status == "inactive").unwrap().id;
    let number: u64 = left.parse().unwrap();
    let early = Fault::edit(move |body| {
        let rows = body.as_array_mut().unwrap();
        rows.push(json!({ "id": number, "status": "active", "updated_at": "2027-01-01T00:00:00.000Z" }));
    });
    let second = Injection::from(early).on("/employees").with("status", "active").with("page", "2");
    sandbox.inject(second);
    let total = Injection::from(Fault::TotalOff(1)).on("/employees").with("status", "active");
    sandbox.inject(total);
    let snapshot = connect(&sandbox).snapshot(&request(&[])).await.unwrap();
    assert_eq!(find(&snapshot, &left).status(), Status::Active);
}

#[tokio::test(start_paused = true)]
async fn contradicting_records_without_a_time_change_nobody() {
    let sandbox = started(20).await;
    let left = sandbox.hire(Person::new("Lotte", "Vinter").set("status", "inactive"));
    let number: u64 = left.parse().unwrap();
    let ghost = Fault::edit(move |body| {
        body.as_array_mut().unwrap().push(json!({ "id": number, "status": "active" }));
    });
    sandbox.inject(Injection::from(ghost).on("/employees").with("status", "active"));
    sandbox.inject(Injection::from(Fault::TotalOff(1)).on("/employees").with("status", "active"));
    let snapshot = connect(&sandbox).snapshot(&request(&[])).await.unwrap();
    assert_eq!(snapshot.set_aside(), [EmployeeId::from(left)]);
    assert!(has(&snapshot, ProblemCode::DuplicateExternalId));
}

#[tokio::test(start_paused = true)]
async fn records_are_read_only_for_mapped_fields_and_people_who_have_not_left() {
    let sandbox = started(100).await;
    let directory = connect(&sandbox);
    let plain = ["given_name", "department", "manager_email", "custom.date_of_birth"];
    directory.snapshot(&request(&plain)).await.unwrap();
    let own = |sandbox: &Sandbox| {
        sandbox.requests().iter().filter(|request| request.path.starts_with("/employees/")).count()
    };
    assert_eq!(own(&sandbox), 0);
    let fields =
        request(&["custom.locker_no_cf_str01", "custom.shoe_size_cf_str02", "access_role", "custom.level"]);
    let snapshot = directory.snapshot(&fields).await.unwrap();
    let working = snapshot.employees().iter().filter(|person| person.status() != Status::Terminated).count();
    assert_eq!((own(&sandbox), working), (96, 96));
    let person = &snapshot.employees()[0];
    let custom = |name: &str| {
        let found = person.custom().iter().find(|value| *value.name == *name).expect("the field");
        found.value.clone().value().expect("a value")
    };
    assert!(custom("locker_no_cf_str01").starts_with("B-"));
    assert!(custom("shoe_size_cf_str02").parse::<u32>().is_ok(), "the value, not the choice's number");
    assert!(["IC3", "IC4", "M1"].contains(&custom("level").as_str()));
    assert_eq!(person.text(StandardField::AccessRole), Field::Value("Employee"));
    assert_eq!(person.custom().len(), 3, "nothing that was not asked for");
    assert!(!has(&snapshot, ProblemCode::NotPermitted));

    sandbox.behave(|one| one.other_custom_name = true);
    let again = directory.snapshot(&fields).await.unwrap();
    assert_eq!(again.employees(), snapshot.employees());
}

#[tokio::test(start_paused = true)]
async fn a_custom_field_that_nobody_has_is_a_mistake_of_the_mapping() {
    let sandbox = started(10).await;
    for (name, near) in [
        ("custom.no_such_cf_str09", ""),
        ("custom.locker_cf_str01", "the nearest name is `custom.locker_no_cf_str01`"),
    ] {
        let error = connect(&sandbox).snapshot(&request(&[name])).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains(near), "{error}");
        let error = connect(&sandbox).check(&request(&[name])).await.unwrap().require().unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains(near), "{error}");
    }

    let snapshot = connect(&sandbox).snapshot(&request(&["custom.Locker_No_cf_str01 "])).await.unwrap();
    assert!(snapshot.employees().iter().any(|person| !person.custom().is_empty()), "it is written otherwise");
    assert!(!has(&snapshot, ProblemCode::NotPermitted));
}

#[tokio::test(start_paused = true)]
async fn somebody_who_vanishes_meanwhile_has_everybody_listed_again_once() {
    let sandbox = started(30).await;
    let gone = sandbox.people()[5].id.clone();
    let id = gone.clone();
    let vanish = move |company: &mut Company| company.delete_for_ever(&id).unwrap();
    sandbox.inject(Injection::then(vanish).on("/employees").with("status", "inactive").once());
    let snapshot = connect(&sandbox).snapshot(&request(&["custom.locker_no_cf_str01"])).await.unwrap();
    assert_eq!(snapshot.people(), 29);

    // A record that is never found is not believed.
    sandbox.inject(Fault::Status(404).on("/employees/*"));
    let error = connect(&sandbox).snapshot(&request(&["custom.locker_no_cf_str01"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    sandbox.clear_faults();
    sandbox.inject(Fault::Status(403).on("/employees/*"));
    let error = connect(&sandbox).snapshot(&request(&["custom.locker_no_cf_str01"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
}

#[tokio::test(start_paused = true)]
async fn one_person_by_id() {
    let sandbox = started(20).await;
    let directory = connect(&sandbox);
    let person = sandbox.people()[4].id.clone();
    sandbox.change(|company| company.delete(&person)).unwrap();
    let fields = request(&["manager_email", "department", "custom.locker_no_cf_str01"]);
    let Lookup::Found(found) = directory.get(&person.as_str().into(), &fields).await.unwrap() else {
        panic!("restorable people are still there by id")
    };
    assert_eq!(found.status(), Status::Terminated);
    assert!(found.text(StandardField::ManagerEmail).is_value());
    assert_eq!(found.custom().len(), 1);
    sandbox.change(|company| company.delete_for_ever(&person)).unwrap();
    let gone = directory.get(&person.as_str().into(), &fields).await.unwrap();
    assert!(matches!(gone, Lookup::Gone));
    sandbox.inject(Fault::Status(403).on("/employees/*"));
    let hidden = directory.get(&"6000910001".into(), &fields).await.unwrap();
    assert!(matches!(hidden, Lookup::NotVisible));
    sandbox.clear_faults();
    let other = Fault::edit(|body| body["id"] = json!(7));
    sandbox.inject(other.on("/employees/*"));
    let error = directory.get(&"6000910001".into(), &fields).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_ends_is_never_read_as_nobody() {
    let cases = [
        (Ending::Page, Some(ErrorKind::Protocol)),
        (Ending::Redirect, Some(ErrorKind::Protocol)),
        (Ending::Unauthorised, Some(ErrorKind::Auth)),
        (Ending::Forbidden, Some(ErrorKind::Permission)),
        (Ending::Empty, None),
        (Ending::Frozen, None),
    ];
    for (ending, kind) in cases {
        let sandbox = started(60).await;
        let directory = connect(&sandbox);
        sandbox.change(|company| company.end(ending));
        sandbox.hire(Person::new("Noor", "El-Amrani"));
        let read = directory.snapshot(&request(&[])).await;
        let check = directory.check(&request(&[])).await;
        match kind {
            Some(kind) => assert_eq!(read.unwrap_err().kind(), kind, "{ending:?}"),
            None if ending == Ending::Frozen => assert_eq!(read.unwrap().people(), 60),
            // Proven, and empty: the runner refuses it once anybody is linked.
            None => assert_eq!(read.unwrap().people(), 0),
        }
        let advice = match (ending, check) {
            (Ending::Page | Ending::Redirect, Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::Protocol);
                error.to_string()
            }
            (_, Ok(preflight)) => told(&preflight),
            (_, Err(error)) => panic!("{ending:?}: {error}"),
        };
        let expected = match ending {
            Ending::Unauthorised => "the account has ended; copy the key again",
            Ending::Forbidden => "HR Partner or Admin",
            Ending::Empty => "if the account is empty or has ended, connect the HR system that follows it",
            Ending::Frozen => "Freshworks retires Freshteam",
            _ => "connect the HR system that follows it; nobody is removed",
        };
        assert!(advice.contains(expected), "{ending:?}: {advice}");
    }
}

fn told(preflight: &Preflight) -> String {
    preflight.findings.iter().chain(&preflight.unknown).map(|finding| format!("{finding}\n")).collect()
}

#[tokio::test(start_paused = true)]
async fn the_check_tells_wrong_subdomain_wrong_key_and_missing_right_apart() {
    let sandbox = started(60).await;
    let fields = request(&["department", "end_date"]);
    let good = connect(&sandbox).check(&fields).await.unwrap();
    assert_eq!(good.level(), Level::Warning, "the vendor's end, and nothing else: {}", told(&good));
    assert_eq!(good.organisation, Some(("lofotfisk".to_owned(), "lofotfisk.freshteam.com".to_owned())));
    assert!(good.require().is_ok());

    let wrong_key = with_key(&sandbox, "wrong".to_owned()).check(&fields).await.unwrap();
    assert_eq!(wrong_key.level(), Level::Refused);
    assert!(told(&wrong_key).contains("profile picture, top right › API Key"));
    assert_eq!(wrong_key.require().unwrap_err().kind(), ErrorKind::Auth);

    let nobody = sandbox.change(|company| company.issue_key(Role::Nobody));
    let refused = with_key(&sandbox, nobody).check(&fields).await.unwrap();
    assert_eq!(refused.level(), Level::Missing);
    assert!(told(&refused).contains("the key works and the role of its user does not allow this"));
    assert_eq!(refused.require().unwrap_err().kind(), ErrorKind::Permission);

    let employee = sandbox.change(|company| company.issue_key(Role::Employee));
    let few = with_key(&sandbox, employee).check(&fields).await.unwrap();
    assert_eq!(few.level(), Level::Warning);
    assert!(told(&few).contains("inactive employees: none is visible"), "{}", told(&few));

    let limited = sandbox.change(|company| company.issue_key(Role::LimitedHrPartner));
    let rows = with_key(&sandbox, limited).check(&fields).await.unwrap();
    assert!(told(&rows).contains("no inactive employee shows a termination date"), "{}", told(&rows));

    sandbox.inject(Fault::LoginPage);
    let elsewhere = connect(&sandbox).check(&fields).await.unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::Protocol);
    assert!(elsewhere.to_string().contains("no Freshteam account answers at this subdomain"));
    sandbox.clear_faults();
    sandbox.inject(Fault::Status(404).on("/employees"));
    let wrong = connect(&sandbox).check(&fields).await.unwrap_err();
    assert!(wrong.to_string().contains("the address is wrong"), "{wrong}");
}

#[tokio::test(start_paused = true)]
async fn the_check_looks_at_fields_owner_and_cost() {
    let sandbox = started(60).await;
    let owner = sandbox.people()[0].email.clone().unwrap();
    let left = sandbox.people().into_iter().find(|one| one.status == "inactive").unwrap().email.unwrap();
    let check = |owner: String, fields: &'static [&'static str]| {
        let directory = builder(&sandbox).key_owner(owner).build().unwrap();
        async move { directory.check(&request(fields)).await.unwrap() }
    };
    let fine = check(owner.to_uppercase(), &["custom.locker_no_cf_str01"]).await;
    assert!(told(&fine).contains("key's owner: is active"), "{}", told(&fine));
    assert!(told(&fine).contains("one request a person is for custom.locker_no_cf_str01"), "{}", told(&fine));
    assert!(told(&fine).contains("cost of a run: 61 requests"), "{}", told(&fine));
    assert!(told(&check(left, &[]).await).contains("key's owner: is leaving or has left"));
    assert!(told(&check("x@y.example".into(), &[]).await).contains("is not among the visible employees"));
    let label = check(owner.clone(), &["custom.Locker no"]).await;
    assert_eq!(label.level(), Level::Missing);
    assert!(told(&label).contains("this is the label of custom.locker_no_cf_str01"));
    let shown: String = format!("{fine:?}{label:?}");
    assert!(!shown.contains(&owner), "nobody's address");
}

#[tokio::test(start_paused = true)]
async fn the_catalogue_looks_at_few_records() {
    let sandbox = started(120).await;
    let infos = connect(&sandbox).fields(&ReadRequest::everything(today())).await.unwrap();
    let own = sandbox.requests().iter().filter(|one| one.path.starts_with("/employees/")).count();
    assert_eq!(own, 50);
    let locker = infos.iter().find(|info| info.field.to_string() == "custom.locker_no_cf_str01").unwrap();
    assert_eq!((locker.label.as_deref(), locker.kind.as_str()), (Some("Locker no"), "text"));
    assert_eq!((locker.filled, locker.people), (50, 50));
    let email = infos.iter().find(|info| info.field == StandardField::Email.into()).unwrap();
    assert_eq!((email.filled, email.people), (120, 120));
}

#[tokio::test(start_paused = true)]
async fn what_must_not_be_kept_is_dropped_and_nobody_is_shown() {
    let sandbox = started(25).await;
    let directory = connect(&sandbox);
    let everything = ReadRequest::everything(today());
    let snapshot = directory.snapshot(&everything).await.unwrap();
    let extra: String = snapshot.employees().iter().filter_map(|person| person.extra()).collect();
    assert!(extra.contains("created_at"), "what nobody knows is kept");
    for member in ["eeo_veteran", "bank_accounts", "blood_group", "termination_reason", "avatar_url"] {
        assert!(!extra.contains(member), "{member}");
    }
    let held: String = snapshot
        .employees()
        .iter()
        .flat_map(|person| person.custom().iter().filter_map(|value| value.value.clone().value()))
        .chain([extra])
        .collect();
    assert!(!held.contains(CANARY));
    let mut shown = format!("{directory:?} {snapshot:?} {:?}", directory.check(&everything).await.unwrap());
    for fault in [Fault::Status(401), Fault::Status(403), Fault::Status(500), Fault::LoginPage] {
        sandbox.inject(fault.on("/employees"));
        let error = directory.snapshot(&everything).await.unwrap_err();
        shown.push_str(&format!("{error} {error:?}"));
        sandbox.clear_faults();
    }
    let person = sandbox.people()[1].email.clone().unwrap();
    for secret in [CANARY, hris_core::sandbox::OWN_WORDS, sandbox.key(), person.as_str(), "Fjordgata"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("invalid_credentials") && shown.contains("request id 5a0c2f9e"));
}

#[tokio::test(start_paused = true)]
async fn a_link_to_another_host_is_an_error_and_one_to_ours_is_fine() {
    let sandbox = started(120).await;
    sandbox.behave(|one| one.links = Some("https://lofotfisk.freshteam.com/api".to_owned()));
    assert_eq!(connect(&sandbox).snapshot(&request(&[])).await.unwrap().people(), 120);
    sandbox.behave(|one| one.links = Some("https://evil.example/api".to_owned()));
    let error = connect(&sandbox).snapshot(&request(&[])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("another host"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn hidden_phones_are_not_empty_ones() {
    let sandbox = started(5).await;
    sandbox.behave(|one| one.masked = true);
    let snapshot = connect(&sandbox).snapshot(&request(&["work_phone"])).await.unwrap();
    assert!(snapshot.employees().iter().all(|person| person.work_phone() == Field::NotPermitted));
}

#[tokio::test(start_paused = true)]
async fn further_listings_are_read_after_the_two() {
    let sandbox = started(20).await;
    let deleted = sandbox.people()[7].id.clone();
    sandbox.change(|company| company.delete(&deleted)).unwrap();
    let plain = connect(&sandbox).snapshot(&request(&[])).await.unwrap();
    assert_eq!(plain.people(), 19);
    let more = builder(&sandbox)
        .listings(["status=active", "status=inactive", "deleted=true"].map(str::to_owned))
        .build()
        .unwrap();
    let all = more.snapshot(&request(&[])).await.unwrap();
    assert_eq!(find(&all, &deleted).status(), Status::Terminated);
}

#[tokio::test(start_paused = true)]
async fn drafts_are_present_and_never_given_an_account() {
    let sandbox = started(5).await;
    let draft = sandbox.hire(Person::new("Not", "Yet").set("draft", true));
    let snapshot = connect(&sandbox).snapshot(&request(&[])).await.unwrap();
    let person = find(&snapshot, &draft);
    assert!(person.is_sample() && person.status() == Status::Pending);
}

#[tokio::test(start_paused = true)]
async fn values_in_every_form_of_empty() {
    let sandbox = started(0).await;
    let id = sandbox.hire(
        Person::new("Emeka", "Obi")
            .set("middle_name", "")
            .set("nick_name", Value::Null)
            .set("work_numbers", Value::Null)
            .set("phone_numbers", json!([]))
            .set("address", json!({}))
            .set("employee_type", json!({ "id": 1, "value": "Contract" }))
            .custom("union_cf_str03", json!({ "id": 0, "value": null }))
            .custom("tags_cf_str04", json!(["a", { "id": 2, "value": "b" }]))
            .custom("count_cf_number01", json!(12.50)),
    );
    let fields = request(&[
        "middle_name",
        "work_phone",
        "personal_phone",
        "address",
        "custom.union_cf_str03",
        "custom.tags_cf_str04",
        "custom.count_cf_number01",
    ]);
    let snapshot = connect(&sandbox).snapshot(&fields).await.unwrap();
    let person = find(&snapshot, &id);
    for field in [
        StandardField::MiddleName,
        StandardField::PreferredName,
        StandardField::WorkPhone,
        StandardField::PersonalPhone,
        StandardField::AddressCity,
    ] {
        assert_eq!(person.text(field), Field::Cleared, "{field}");
    }
    assert_eq!(person.text(StandardField::EmploymentKind), Field::Value("Contract"));
    let custom = |name: &str| person.custom().iter().find(|one| *one.name == *name).unwrap().value.clone();
    assert_eq!(custom("union_cf_str03"), Field::Cleared);
    assert_eq!(custom("tags_cf_str04"), Field::Value("a; b".to_owned()));
    assert_eq!(custom("count_cf_number01"), Field::Value("12.5".to_owned()));
    assert_eq!(snapshot.problems().len(), 1, "only the vendor's end: {:?}", snapshot.problems());
}

#[tokio::test(start_paused = true)]
async fn a_reset_key_in_the_middle_ends_the_run() {
    let sandbox = started(120).await;
    sandbox.inject(Fault::Revoke.on("/employees").once());
    let error = connect(&sandbox).snapshot(&request(&[])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[test]
fn settings_that_cannot_be_right() {
    let key = || Secret::from("key".to_owned());
    let base = || Freshteam::builder().subdomain("acme").api_key(key());
    let here =
        || Freshteam::builder().api_key(key()).base_url("http://127.0.0.1:4010/api").allow_http_loopback();
    let cases: [(Builder, &str); 17] = [
        (here().subdomain(""), "subdomain: is empty"),
        (here().subdomain(" "), "subdomain: is empty"),
        (Freshteam::builder().api_key(key()), "subdomain: is empty"),
        (Freshteam::builder().subdomain("acme"), "API key: missing"),
        (base().api_key(Secret::from("Bearer abc".to_owned())), "API key: begins with \"Bearer\""),
        (base().api_key(Secret::from("a b".to_owned())), "API key: holds blanks"),
        (base().api_key(Secret::from(" \n".to_owned())), "API key: missing"),
        (base().page_size(51), "page_size"),
        (base().page_size(0), "page_size"),
        (base().concurrency(0), "concurrency"),
        (base().rate_share(0.0), "rate_share"),
        (base().rate_share(1.01), "rate_share"),
        (base().rate_share(f64::NAN), "rate_share"),
        (base().listings(["status=inactive", "status=active"].map(str::to_owned)), "listings"),
        (base().listings(["status=active", "status=inactive", "status=all"].map(str::to_owned)), "listings"),
        (base().base_url("https://evil.example/api"), "base_url"),
        (base().base_url("http://acme.freshteam.com/api"), "base_url"),
    ];
    for (builder, words) in cases {
        let error = builder.build().expect_err(words);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains("evil"), "what was pasted is not repeated");
    }
    for fine in [
        base(),
        base().api_key(Secret::from(" key \n".to_owned())),
        base().base_url("https://acme.freshteam.com/api"),
        base().base_url("http://127.0.0.1:4010/api").allow_http_loopback(),
        here(),
    ] {
        fine.build().expect("right");
    }
    assert!(base().base_url("http://127.0.0.1:4010/api").build().is_err(), "http must be allowed");
    assert!(!format!("{:?}", base().api_key(Secret::from("s3cret".to_owned()))).contains("s3cret"));
}
