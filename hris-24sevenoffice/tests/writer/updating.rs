//! Updates of a person's own record.

use std::time::Duration;

use hris_24sevenoffice::sandbox::{CANARY, Fault, OWN_WORDS, Omitted, Person};
use hris_24sevenoffice::{TwentyFourSevenOffice, UpdateBody};
use hris_core::{Directory, Employee, ErrorKind, Field, StandardField, Status};
use serde_json::{Value, json};

use super::support::{builder, clear, everything, id, payroll, set, three, update};
use super::writes;

const PHONE: StandardField = StandardField::WorkPhone;

#[tokio::test(start_paused = true)]
async fn an_update_sends_what_changes_and_nothing_else() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    let before = sandbox.change(|company| company.employee("41").cloned()).unwrap();
    let told = update(
        &payroll,
        "41",
        &[
            set(PHONE, "+4740555999"),
            set(StandardField::GivenName, "Sunniva"),
            set(StandardField::Email, "Sunniva.Lie@fjordkaffe.example"),
            set(StandardField::AddressStreet, "Storgata 12"),
            set(StandardField::AddressPostcode, "0184"),
            set(StandardField::AddressCity, "OSLO"),
            set(StandardField::AddressCountry, "no"),
        ],
    )
    .await
    .unwrap();
    let body = json!({ "telefon": "+4740555999", "postaddress": "Storgata 12" });
    assert_eq!(writes(&sandbox), [("/employee/v2/41".to_owned(), body)]);
    assert_eq!(told.work_phone(), Field::Value("+4740555999"));
    assert_eq!(told.text(StandardField::AddressStreet), Field::Value("Storgata 12"));
    assert_eq!(
        (told.status(), told.start_date()),
        (Status::Active, Field::Value("2024-03-01".parse().unwrap()))
    );
    let mut after = sandbox.change(|company| company.employee("41").cloned()).unwrap();
    for member in ["telefon", "postaddress"] {
        after.insert(member.to_owned(), before[member].clone());
    }
    assert_eq!(after, before);

    // The same again, in other spellings, is no change.
    update(&payroll, "41", &[set(PHONE, "40 55 59 99"), set(StandardField::AddressStreet, " storgata  12 ")])
        .await
        .unwrap();
    assert_eq!(sandbox.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_wipes_what_it_does_not_name_is_the_last() {
    for object in [false, true] {
        let sandbox = three().await;
        sandbox.behave(|behaviour| {
            behaviour.omitted = Omitted::Wiped;
            behaviour.one_as_object = object;
        });
        let payroll = payroll(&sandbox);
        let error = update(&payroll, "41", &[set(PHONE, "+4740555999")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FieldsLost, "{error}");
        let words = format!("{error} {error:?}");
        for member in ["salary", "account", "personnr", "city", "employee 41", "update_body"] {
            assert!(words.contains(member), "{member}: {words}");
        }
        for value in [CANARY, OWN_WORDS, "Oslo", "Skansegata", "4055", "sunniva"] {
            assert!(!words.contains(value), "{value}: {words}");
        }
        assert!(!words.contains("telefon"), "what was sent is not lost: {words}");

        // Nothing more, to nobody, by no clone; not even a question.
        let asked = sandbox.requests().len();
        let error = update(&payroll.clone(), "42", &[set(PHONE, "+4740555000")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FieldsLost);
        let error = super::support::create(&payroll, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FieldsLost);
        assert_eq!(sandbox.requests().len(), asked);
        assert!(!format!("{payroll:?}").contains(CANARY));
        // Reading goes on.
        payroll.snapshot(&everything()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn sending_everything_back_survives_a_vendor_that_wipes() {
    let sandbox = three().await;
    sandbox.behave(|behaviour| behaviour.omitted = Omitted::Wiped);
    let payroll = builder(&sandbox).update_body(UpdateBody::Full).update_includes_id(true).build().unwrap();
    let before = sandbox.change(|company| company.employee("41").cloned()).unwrap();
    update(&payroll, "41", &[set(PHONE, "+4740555999")]).await.unwrap();
    update(&payroll, "42", &[set(PHONE, "+4740555000")]).await.unwrap();
    let mut after = sandbox.change(|company| company.employee("41").cloned()).unwrap();
    assert_eq!(after.insert("telefon".to_owned(), before["telefon"].clone()), Some(json!("+4740555999")));
    assert_eq!(after, before);
    let (_, body) = &writes(&sandbox)[0];
    assert_eq!(
        (body.get("empid"), body.get("empId"), &body["salary"]),
        (Some(&json!("41")), None, &before["salary"])
    );
}

#[tokio::test(start_paused = true)]
async fn sensitive_members_are_in_no_request_of_a_usual_update() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    let told = update(&payroll, "41", &[set(PHONE, "+4740555999")]).await.unwrap();
    for request in sandbox.requests() {
        assert!(!String::from_utf8_lossy(&request.body).contains(CANARY));
    }
    assert!(!told.extra().unwrap_or_default().contains(CANARY));
    assert!(!format!("{told:?} {payroll:?}").contains(CANARY));
}

#[tokio::test(start_paused = true)]
async fn a_city_that_comes_back_in_capitals_is_written_once() {
    let sandbox = three().await;
    sandbox.behave(|behaviour| behaviour.city_in_capitals = true);
    let payroll = payroll(&sandbox);
    let told = update(&payroll, "41", &[set(StandardField::AddressCity, "Bergen")]).await.unwrap();
    assert_eq!(told.text(StandardField::AddressCity), Field::Value("BERGEN"), "as the vendor has it");
    update(&payroll, "41", &[set(StandardField::AddressCity, "Bergen")]).await.unwrap();
    assert_eq!(sandbox.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn clearing_is_sent_as_empty_and_what_became_of_it_is_told() {
    for (clears, left) in [(true, Field::Cleared), (false, Field::Value("+4740555141"))] {
        let sandbox = three().await;
        sandbox.behave(|behaviour| behaviour.clears = clears);
        let told = update(&payroll(&sandbox), "41", &[clear(PHONE)]).await.unwrap();
        assert_eq!(writes(&sandbox), [("/employee/v2/41".to_owned(), json!({ "telefon": "" }))]);
        assert_eq!(told.work_phone(), left);
    }
    // What is empty already needs no write.
    let sandbox = three().await;
    update(&payroll(&sandbox), "42", &[clear(StandardField::AddressCity), clear(StandardField::Address)])
        .await
        .unwrap();
    assert_eq!(writes(&sandbox), []);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_is_refused_before_anything_is_sent() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    let known = json!([{ "number": "X1", "kind": "library card", "country": "NO" }]).to_string();
    let abroad = json!([{ "number": "X1", "country": "Norway" }]).to_string();
    for (number, change, word) in [
        ("41", clear(StandardField::Email), "email"),
        ("41", clear(StandardField::GivenName), "given_name"),
        ("41", set(StandardField::FamilyName, "  "), "family_name"),
        ("41", clear(StandardField::StartDate), "start_date"),
        ("41", set(StandardField::StartDate, "1.3.2024"), "start_date"),
        ("41", set(StandardField::AddressCountry, "Norway"), "address.country"),
        ("41", set(StandardField::Address, "Storgata"), "address"),
        ("41", set(StandardField::JobTitle, "Barista"), "job_title"),
        ("41", set(StandardField::EmployeeNumber, "77"), "employee_number"),
        ("42", clear(StandardField::Identifications), "identifications"),
        ("42", set(StandardField::Identifications, "[]"), "identifications"),
        ("42", set(StandardField::Identifications, "X1"), "identifications"),
        ("42", set(StandardField::Identifications, &known), "identifications"),
        ("42", set(StandardField::Identifications, &abroad), "identifications"),
        ("4x", set(PHONE, "1"), "number"),
    ] {
        let error =
            update(&payroll, number, &[set(StandardField::AddressCity, "Bergen"), change]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{word}: {error}");
        assert!(error.to_string().contains(word), "{word}: {error}");
        assert!(!error.to_string().contains("X1"), "{error}");
    }
    let error = update(&payroll, "99", &[set(PHONE, "1")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(writes(&sandbox), []);
}

#[tokio::test(start_paused = true)]
async fn an_international_id_is_written_whole_and_only_where_it_belongs() {
    let sandbox = three().await;
    let ids = json!([
        { "number": "T-9", "kind": "tax", "country": "pl" },
        { "number": "zs 0000999", "kind": "passport", "country": "pl" },
    ])
    .to_string();
    let payroll = payroll(&sandbox);
    let told = update(&payroll, "42", &[set(StandardField::Identifications, &ids)]).await.unwrap();
    let body =
        json!({ "internationalID": { "countryCode": "PL", "ID": "zs 0000999", "type": "passnummer" } });
    assert_eq!(writes(&sandbox), [("/employee/v2/42".to_owned(), body)]);
    let Field::Value([one]) = told.identifications() else { panic!("one number") };
    assert_eq!(one.number, "zs 0000999");
    // In another spelling it is the same.
    let again = json!([{ "number": "ZS0000999", "kind": "passport", "country": "PL" }]).to_string();
    update(&payroll, "42", &[set(StandardField::Identifications, &again)]).await.unwrap();
    assert_eq!(sandbox.writes().len(), 1);
    // 41 has a national number.
    let error = update(&payroll, "41", &[set(StandardField::Identifications, &again)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("international_id_always"), "{error}");
    let always = builder(&sandbox).international_id_always(true).build().unwrap();
    update(&always, "41", &[set(StandardField::Identifications, &again)]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_address_is_refused_however_the_vendor_says_so() {
    for status in [400, 401, 409, 500] {
        let sandbox = three().await;
        sandbox.behave(|behaviour| behaviour.duplicate_email = status);
        let payroll = payroll(&sandbox);
        let email = set(StandardField::Email, "mateusz.zielinski@fjordkaffe.example");
        let error = update(&payroll, "41", &[email]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{status}: {error}");
        assert!(error.to_string().contains("employee 42"), "{error}");
        assert!(!error.to_string().contains("mateusz"), "{error}");
        // The connection lives.
        update(&payroll, "41", &[set(PHONE, "+4740555999")]).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_of_unknown_outcome_is_read_back_before_it_is_repeated() {
    let phone = || [set(PHONE, "+4740555999")];
    for (fault, posts) in [
        (Fault::StatusAfter(500), 1),
        (Fault::DisconnectAfter, 1),
        (Fault::Status(500), 2),
        (Fault::Disconnect, 2),
        (Fault::HtmlStatus(502), 2),
        (Fault::Redirect(302, "/login".into()), 2),
    ] {
        let sandbox = three().await;
        let payroll = payroll(&sandbox);
        sandbox.inject(fault.clone().on("/employee/v2/41").by("POST").once());
        let told = update(&payroll, "41", &phone()).await.unwrap();
        assert_eq!(told.work_phone(), Field::Value("+4740555999"));
        assert_eq!(sandbox.writes().len(), posts, "{fault:?}");
    }
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    sandbox.inject(Fault::Status(500).on("/employee/v2/41").by("POST"));
    let error = update(&payroll, "41", &phone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{error}");
    assert_eq!(sandbox.writes().len(), 2);
    sandbox.clear_faults();
    update(&payroll, "41", &phone()).await.unwrap();

    // Of unknown outcome, and then out of sight: not "unavailable", which would mean that nothing was sent.
    let sandbox = three().await;
    let payroll = super::support::payroll(&sandbox);
    sandbox.inject(Fault::StatusAfter(500).on("/employee/v2/41").by("POST").once());
    sandbox.inject(Fault::Status(500).on("/employee/v2/41").by("GET").nth(2));
    let error = update(&payroll, "41", &phone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{error}");
    assert_eq!(sandbox.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_for_people_in_answer_to_a_write_is_not_believed() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    // 200, and nothing was done.
    sandbox.inject(Fault::LoginPage.on("/employee/v2/41").by("POST").once());
    let told = update(&payroll, "41", &[set(PHONE, "+4740555999")]).await.unwrap();
    assert_eq!(told.work_phone(), Field::Value("+4740555141"), "what is there, not what was sent");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_cut_off_is_looked_at_before_the_next() {
    let sandbox = three().await;
    sandbox.behave(|behaviour| behaviour.omitted = Omitted::Wiped);
    let payroll = payroll(&sandbox);
    // The second look at the person is slow, and the caller does not wait for it.
    sandbox.inject(Fault::Slow(Duration::from_secs(20)).on("/employee/v2/41").by("GET").nth(2).once());
    let change = [set(PHONE, "+4740555999")];
    let cut = tokio::time::timeout(Duration::from_secs(10), update(&payroll, "41", &change)).await;
    assert!(cut.is_err());
    assert_eq!(sandbox.writes().len(), 1);
    let error = update(&payroll, "42", &[set(PHONE, "+4740555000")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FieldsLost, "{error}");
    assert_eq!(sandbox.writes().len(), 1, "nothing was sent to the second person");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_cannot_be_read_back_is_of_unknown_outcome() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    sandbox.inject(Fault::Status(500).on("/employee/v2/41").by("GET").nth(2));
    let error = update(&payroll, "41", &[set(PHONE, "+4740555999")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{error}");
    // While it cannot be looked at, nobody else is written.
    let error = update(&payroll, "42", &[set(PHONE, "+4740555000")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{error}");
    assert_eq!(sandbox.writes().len(), 1);
    sandbox.clear_faults();
    update(&payroll, "42", &[set(PHONE, "+4740555000")]).await.unwrap();
    assert_eq!(sandbox.writes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn writes_of_one_directory_run_one_after_another() {
    let sandbox = three().await;
    sandbox.set_latency(Duration::from_secs(1));
    let payroll = payroll(&sandbox);
    let write = |number: &'static str| {
        let payroll: TwentyFourSevenOffice = payroll.clone();
        async move { update(&payroll, number, &[set(PHONE, "+4740555999")]).await.unwrap() }
    };
    let done: (Employee, Employee) = tokio::join!(write("41"), write("42"));
    assert_eq!((done.0.id(), done.1.id()), (&id("41"), &id("42")));
    let people: Vec<String> = sandbox
        .requests()
        .iter()
        .filter_map(|request| request.path.rsplit('/').next().map(str::to_owned))
        .filter(|last| last.starts_with('4'))
        .collect();
    let turn = people.iter().position(|number| number == "42").unwrap();
    assert!(people[turn..].iter().all(|number| number == "42"), "{people:?}");
}

#[tokio::test(start_paused = true)]
async fn editions_with_older_members_are_written_like_the_newest() {
    for shape in
        [hris_24sevenoffice::sandbox::Shape::October2024, hris_24sevenoffice::sandbox::Shape::September2025]
    {
        let sandbox = three().await;
        sandbox.behave(|behaviour| behaviour.shape = shape);
        let payroll = payroll(&sandbox);
        let told = update(
            &payroll,
            "41",
            &[set(
                StandardField::Address,
                r#"{"street":"Storgata 12","city":"Oslo","postcode":"9008","country":"NO"}"#,
            )],
        )
        .await
        .unwrap();
        let body: Value = json!({ "postaddress": "Storgata 12", "zipcode": "9008" });
        assert_eq!(writes(&sandbox), [("/employee/v2/41".to_owned(), body)], "{shape:?}");
        assert_eq!(told.text(StandardField::AddressPostcode), Field::Value("9008"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_contradicts_itself_is_not_written() {
    let sandbox = three().await;
    sandbox.change(|company| company.hire(Person::new("Ola", "Nes").number("44")));
    sandbox.inject(
        Fault::Body(br#"[{"empId":"44","telefon":"1","telefon":"2"}]"#.to_vec())
            .on("/employee/v2/44")
            .by("GET"),
    );
    let error = update(&payroll(&sandbox), "44", &[set(PHONE, "3")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(writes(&sandbox), []);
}

#[tokio::test(start_paused = true)]
async fn what_is_of_an_unknown_type_is_not_overwritten() {
    let sandbox = three().await;
    sandbox.change(|company| company.set("41", "telefon", json!({ "mobile": "405" }))).unwrap();
    sandbox.change(|company| company.set("42", "internationalID", json!([]))).unwrap();
    let payroll = payroll(&sandbox);
    let error = update(&payroll, "41", &[set(PHONE, "+4740555999")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("telefon"), "{error}");
    assert_eq!(writes(&sandbox), []);
    // An empty list where an object belongs is only another way to write nothing.
    let ids = json!([{ "number": "ZS0000999", "kind": "passport", "country": "PL" }]).to_string();
    update(&payroll, "42", &[set(StandardField::Identifications, &ids)]).await.unwrap();
    assert_eq!(sandbox.writes().len(), 1);
}
