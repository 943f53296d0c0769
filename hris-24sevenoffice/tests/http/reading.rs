//! What a snapshot makes of the answers.

use std::time::Duration;

use hris_24sevenoffice::sandbox::{Fault, Person, Shape};
use hris_24sevenoffice::{EndDates, PhoneRegion};
use hris_core::{
    Directory, Employee, ErrorKind, Field, Lookup, Organisation, ProblemCode, ReadRequest, Severity,
    Snapshot, SourceField, StandardField, Status,
};
use serde_json::json;

use super::support::{builder, everything, id, payroll, sandbox, started, three, today};

fn person<'s>(snapshot: &'s Snapshot, number: &str) -> &'s Employee {
    snapshot.employees().iter().find(|person| person.id().as_str() == number).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_person_in_our_words() {
    let sandbox = three().await;
    let payroll = builder(&sandbox).department_dimension("Department").build().unwrap();
    sandbox.change(|company| {
        let share = |percentage: &str, value: &str| {
            json!({ "percentage": percentage, "dimensions": [{ "dimid": "2", "value": "7" }, { "dimid": 1, "value": value }] })
        };
        company.set("41", "accounting", json!([share("40.00", "10"), share("60", "20")])).unwrap();
        company.set("42", "accounting", json!([share("50.00", "10"), share("50", "20")])).unwrap();
    });
    let snapshot = payroll.snapshot(&everything()).await.unwrap();
    let one = person(&snapshot, "41");
    for (field, expected) in [
        (StandardField::EmployeeNumber, "41"),
        (StandardField::GivenName, "Sunniva"),
        (StandardField::FamilyName, "Lie"),
        (StandardField::Email, "sunniva.lie@fjordkaffe.example"),
        (StandardField::WorkPhone, "+4740555141"),
        (StandardField::AddressStreet, "Skansegata 7"),
        (StandardField::AddressPostcode, "0184"),
        (StandardField::AddressCity, "Oslo"),
        (StandardField::AddressCountry, "NO"),
        (StandardField::Department, "Coffee bars"),
        (StandardField::Location, "Oslo brenneri"),
        (StandardField::EmploymentKind, "fast"),
        (StandardField::RawStatus, "employed"),
    ] {
        assert_eq!(one.text(field), Field::Value(expected), "{field}");
    }
    assert_eq!(one.start_date(), Field::Value("2024-03-01".parse().unwrap()));
    assert_eq!((one.end_date(), one.status()), (Field::Cleared, Status::Active));
    assert_eq!(one.identifications(), Field::Cleared, "a type without a number is none");
    let custom = |name: &str| one.custom().iter().find(|custom| &*custom.name == name).unwrap().value.clone();
    assert_eq!(custom("Shirt size"), Field::Value("M".to_owned()));
    assert_eq!(custom("Parking space"), Field::Cleared);
    assert_eq!(custom("employment_rate"), Field::Value("100.00".to_owned()));
    assert_eq!(one.text(StandardField::Manager), Field::NotProvided);

    let two = person(&snapshot, "42");
    let Field::Value([identification]) = two.identifications() else { panic!("one number") };
    assert_eq!(
        (identification.number.as_str(), identification.kind.as_deref(), identification.country.as_deref()),
        ("ZS0000142", Some("passport"), Some("PL"))
    );
    assert_eq!(two.text(StandardField::Department), Field::NotProvided, "two with the same share");
    assert!(snapshot.problems().iter().any(|problem| problem.code == ProblemCode::UnmappedValue));

    let three = person(&snapshot, "43");
    assert_eq!((three.status(), three.raw_status()), (Status::Terminated, Field::Value("ended")));
    assert_eq!(three.end_date(), Field::Value("2026-01-31".parse().unwrap()));
    assert_eq!(three.last_working_day(), three.end_date());
    assert_eq!(snapshot.fingerprint().organisation.as_deref(), Some("999000000"));
    assert_eq!(snapshot.fingerprint().statuses["employed"], 2);
}

#[tokio::test(start_paused = true)]
async fn every_edition_of_the_description_reads_alike() {
    let mut all = Vec::new();
    for shape in [Shape::October2024, Shape::September2025, Shape::December2025] {
        for content_type in [Some("application/json"), Some("text/html"), Some("*/*"), None] {
            for one_as_object in [true, false] {
                let sandbox = three().await;
                sandbox.behave(|behaviour| {
                    behaviour.shape = shape;
                    behaviour.content_type = content_type.map(str::to_owned);
                    behaviour.one_as_object = one_as_object;
                });
                let payroll = payroll(&sandbox);
                let request = ReadRequest::new(today())
                    .with_fields(StandardField::ALL.iter().map(|field| (*field).into()));
                let snapshot = payroll.snapshot(&request).await.unwrap();
                let Lookup::Found(one) = payroll.get(&id("41"), &request).await.unwrap() else {
                    panic!("is there")
                };
                assert_eq!(*one, *person(&snapshot, "41"));
                // An empty list is nobody; an empty answer, which no description mentions, says nothing.
                let nobody = payroll.get(&id("99"), &request).await.unwrap();
                let wanted = |answer: &Lookup| match one_as_object {
                    true => matches!(answer, Lookup::NotVisible),
                    false => matches!(answer, Lookup::Gone),
                };
                assert!(wanted(&nobody), "{nobody:?}");
                let plain: Vec<Employee> =
                    snapshot.employees().iter().map(|person| person.clone().with_extra(None)).collect();
                all.push(plain);
            }
        }
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test(start_paused = true)]
async fn employments_are_asked_for_only_when_they_are_needed() {
    for (fields, asked) in [
        (&[StandardField::Email, StandardField::WorkPhone, StandardField::Address][..], 0),
        (&[StandardField::StartDate], 3),
        (&[StandardField::Status], 3),
        (&[StandardField::Location], 3),
    ] {
        let sandbox = three().await;
        let request = ReadRequest::new(today()).with_fields(fields.iter().map(|field| (*field).into()));
        let snapshot = payroll(&sandbox).snapshot(&request).await.unwrap();
        let made =
            sandbox.requests().iter().filter(|request| request.path.starts_with("/employment/")).count();
        assert_eq!((made, snapshot.employees().len()), (asked, 3), "{fields:?}");
        if asked == 0 {
            let somebody = person(&snapshot, "43");
            assert_eq!(somebody.end_date(), Field::NotProvided, "nobody looked");
            assert_eq!(
                somebody.status(),
                Status::Unknown,
                "nobody looked, so nobody is known to be employed"
            );
            assert_eq!(somebody.identifications(), Field::NotProvided, "nobody asked");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_list_is_never_an_empty_one() {
    for (fault, kind) in [
        (Fault::LoginPage, ErrorKind::Protocol),
        (Fault::LoginPageAsJson, ErrorKind::Protocol),
        (Fault::Body(Vec::new()), ErrorKind::Protocol),
        (Fault::Body(b"{\"employees\":[],\"next\":2}".to_vec()), ErrorKind::Protocol),
        (Fault::Truncated, ErrorKind::Protocol),
        (Fault::Header("Link".into(), "</api/employee/v2?page=2>; rel=\"next\"".into()), ErrorKind::Protocol),
        (Fault::Status(404), ErrorKind::Protocol),
        (Fault::Status(403), ErrorKind::Permission),
        (Fault::Redirect(302, "https://payday.example/api".into()), ErrorKind::Protocol),
    ] {
        let sandbox = three().await;
        sandbox.inject(fault.clone().on("/employee/v2"));
        let error = payroll(&sandbox).snapshot(&everything()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        if matches!(fault, Fault::Redirect(..)) {
            assert!(error.to_string().contains("base_url"), "{error}");
        }
    }
    let empty = payroll(&sandbox(0).await).snapshot(&everything()).await.unwrap();
    assert_eq!(empty.people(), 0, "an empty list is an answer; what it may do is for the safeguards");
}

#[tokio::test(start_paused = true)]
async fn a_custom_field_is_found_by_its_name_however_it_is_written() {
    let sandbox = three().await;
    let named = |name: &str| ReadRequest::new(today()).with_field(SourceField::CustomName(name.into()));
    for name in ["Shirt size", " shirt\u{a0}SIZE "] {
        let snapshot = payroll(&sandbox).snapshot(&named(name)).await.unwrap();
        let custom = person(&snapshot, "41").custom();
        assert!(custom.iter().any(|custom| custom.value == Field::Value("M".to_owned())), "{name:?}");
    }
    let error = payroll(&sandbox).snapshot(&named("Shirtsize")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("the nearest name is `custom.Shirt size`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn lists_beside_the_people_may_be_missing() {
    let sandbox = three().await;
    sandbox.inject(Fault::Status(404).on("/employee_field/v2/"));
    sandbox.inject(Fault::Status(403).on("/organization/v2"));
    let by_id = SourceField::CustomId("2".into());
    let request = ReadRequest::new(today())
        .with_field(by_id)
        .with_field(SourceField::CustomName("Shirt size".into()))
        .with_field(StandardField::Location);
    let snapshot = payroll(&sandbox).snapshot(&request).await.unwrap();
    let one = person(&snapshot, "41");
    assert_eq!(one.custom()[0].value, Field::Value("M".to_owned()), "an id needs no definition");
    assert_eq!(one.text(StandardField::Location), Field::NotPermitted);
    let told: Vec<_> =
        snapshot.problems().iter().filter(|problem| problem.code == ProblemCode::NotPermitted).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    // Whoever maps no custom field is not concerned.
    sandbox.inject(Fault::Status(500).on("/employee_field/v2/"));
    let few = ReadRequest::new(today()).with_field(StandardField::Email);
    payroll(&sandbox).snapshot(&few).await.unwrap();
    // Down is not the same as hidden.
    sandbox.inject(Fault::Status(500).on("/organization/v2"));
    sandbox.clear_faults();
    sandbox.inject(Fault::Status(500).on("/organization/v2"));
    assert_eq!(payroll(&sandbox).snapshot(&few).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn what_a_member_says_and_does_not() {
    let sandbox = three().await;
    sandbox.change(|company| {
        company.set("41", "telefon", json!(null)).unwrap();
        company.set("42", "telefon", json!({ "mobile": 1 })).unwrap();
        company.set("43", "telefon", json!(40_555_143)).unwrap();
        company.set("41", "countryCode", "no").unwrap();
        company.set("42", "internationalID", json!([])).unwrap();
        company
            .set(
                "43",
                "internationalID",
                json!({ "ID": 7, "countryCode": "fi", "type": "taxIdentificationNumber" }),
            )
            .unwrap();
    });
    sandbox.inject(
        Fault::edit_rows(|row| {
            if let Some(row) = row.as_object_mut() {
                row.remove("city");
            }
        })
        .on("/employee/v2"),
    );
    let snapshot = payroll(&sandbox).snapshot(&everything()).await.unwrap();
    let phone = |number: &str| person(&snapshot, number).work_phone().map(str::to_owned);
    assert_eq!(phone("41"), Field::Cleared);
    assert_eq!(phone("42"), Field::NotProvided, "of another type: it says nothing");
    assert_eq!(phone("43"), Field::Value("+4740555143".to_owned()));
    let one = person(&snapshot, "41");
    assert_eq!(one.text(StandardField::AddressCity), Field::Cleared, "absent is empty here");
    assert_eq!(one.text(StandardField::AddressCountry), Field::Value("NO"));
    let Field::Value([number]) = person(&snapshot, "43").identifications() else { panic!("one number") };
    assert_eq!(
        (number.number.as_str(), number.kind.as_deref(), number.country.as_deref()),
        ("7", Some("tax"), Some("FI"))
    );
    assert!(snapshot.problems().iter().any(|problem| problem.code == ProblemCode::InvalidRecord));
}

#[tokio::test(start_paused = true)]
async fn people_without_an_employment_are_employed_unless_told_otherwise() {
    for (how, status) in [(EndDates::Optional, Status::Active), (EndDates::Required, Status::Unknown)] {
        let sandbox = sandbox(0).await;
        sandbox
            .change(|company| company.hire(Person::new("Ola", "Nes").member("employee_date", "2026-01-01")));
        let payroll = builder(&sandbox).end_dates(how).build().unwrap();
        let snapshot = payroll.snapshot(&everything()).await.unwrap();
        let ola = person(&snapshot, "1");
        assert_eq!((ola.status(), ola.start_date()), (status, Field::Value("2026-01-01".parse().unwrap())));
        assert!(snapshot.problems().iter().any(|problem| problem.code == ProblemCode::UnknownStatus));
    }
}

#[tokio::test(start_paused = true)]
async fn phones_are_completed_by_the_country() {
    let sandbox = three().await;
    let phone = |snapshot: Snapshot| person(&snapshot, "41").work_phone().map(str::to_owned).value().unwrap();
    let swedish = builder(&sandbox).phone_region(PhoneRegion::Sweden).build().unwrap();
    assert_eq!(phone(swedish.snapshot(&everything()).await.unwrap()), "405 55 141");
    sandbox.change(|company| company.organisation_mut()["country_code"] = json!(null));
    assert_eq!(phone(payroll(&sandbox).snapshot(&everything()).await.unwrap()), "405 55 141");
    let norwegian = builder(&sandbox).phone_region(PhoneRegion::Norway).build().unwrap();
    assert_eq!(phone(norwegian.snapshot(&everything()).await.unwrap()), "+4740555141");
}

#[tokio::test(start_paused = true)]
async fn records_that_contradict_each_other_or_themselves_are_set_aside() {
    let sandbox = three().await;
    sandbox.inject(Fault::RepeatRowChanged.on("/employee/v2"));
    let snapshot = payroll(&sandbox).snapshot(&everything()).await.unwrap();
    assert_eq!(snapshot.set_aside(), [id("41")]);
    assert_eq!(snapshot.employees().len(), 2);
    sandbox.clear_faults();
    sandbox.inject(
        Fault::Body(br#"[{"empId":"41","email":"a@x.example","email":"b@x.example"}]"#.to_vec())
            .on("/employee/v2"),
    );
    let snapshot = payroll(&sandbox).snapshot(&everything()).await.unwrap();
    assert_eq!((snapshot.set_aside(), snapshot.employees().len()), (&[id("41")][..], 0));
    sandbox.clear_faults();
    // A custom field that is there twice says nothing; it does not say that it is empty.
    let twice = br#"[{"empId":"41","employee_field_2":"S","employee_field_2":"M"}]"#.to_vec();
    sandbox.inject(Fault::Body(twice).on("/employee/v2"));
    let snapshot = payroll(&sandbox).snapshot(&everything()).await.unwrap();
    assert!(person(&snapshot, "41").custom().iter().all(|custom| custom.value == Field::NotProvided));
}

#[tokio::test(start_paused = true)]
async fn somebody_whom_the_list_leaves_out_is_found_by_number() {
    let sandbox = three().await;
    sandbox.behave(|behaviour| behaviour.unlisted.extend(["42".to_owned()]));
    let payroll = payroll(&sandbox);
    assert_eq!(payroll.snapshot(&everything()).await.unwrap().employees().len(), 2);
    assert!(matches!(payroll.get(&id("42"), &everything()).await.unwrap(), Lookup::Found(_)));
    for odd in ["", "a", "4 2", "-1", "../41"] {
        assert!(matches!(payroll.get(&id(odd), &everything()).await.unwrap(), Lookup::NotVisible), "{odd:?}");
    }
    sandbox.inject(Fault::Body(br#"[{"empId":"43"}]"#.to_vec()).on("/employee/v2/42"));
    let error = payroll.get(&id("42"), &everything()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

#[tokio::test(start_paused = true)]
async fn one_slow_answer_among_many_people_holds_nobody_up_for_long() {
    let sandbox = started(hris_24sevenoffice::sandbox::Sandbox::builder().employees(1000)).await;
    sandbox.inject(Fault::Slow(Duration::from_secs(25)).on("/employment/v2/500").once());
    let began = tokio::time::Instant::now();
    let snapshot = builder(&sandbox).concurrency(2).build().unwrap().snapshot(&everything()).await.unwrap();
    assert_eq!((snapshot.people(), snapshot.set_aside().len()), (1000, 0));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let deepest =
        sandbox.requests().iter().filter(|request| request.path.starts_with("/employment/")).count();
    assert_eq!(deepest, 1000);
}

#[tokio::test(start_paused = true)]
async fn pay_tax_bank_and_national_numbers_leave_no_trace_in_what_was_read() {
    let sandbox = sandbox(60).await;
    let payroll = builder(&sandbox).department_dimension("1").build().unwrap();
    let snapshot = payroll.snapshot(&everything()).await.unwrap();
    for person in snapshot.employees() {
        let extra = person.extra().unwrap();
        assert!(!extra.contains("must-never-be-kept"), "{extra}");
        assert!(extra.contains("original_start_date") && extra.contains("hours_per_week"), "{extra}");
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(extra).unwrap();
        for custom in person.custom() {
            assert!(!custom.value.as_deref().value().unwrap_or_default().contains("must-never"));
        }
        for identification in person.identifications().value().unwrap_or_default() {
            assert!(!identification.number.contains("must-never"));
        }
    }
    let infos = payroll.fields(&everything()).await.unwrap();
    assert!(infos.iter().all(|info| !info.sample.as_deref().unwrap_or_default().contains("must-never")));
    assert!(sandbox.writes().is_empty(), "reading writes nothing");
}

#[tokio::test(start_paused = true)]
async fn the_check_names_what_is_missing() {
    let sandbox = three().await;
    let texts = |preflight: hris_core::Preflight| -> Vec<String> {
        let all = preflight.findings.iter().chain(&preflight.unknown);
        all.map(|finding| format!("{:?} {finding}", finding.level)).collect()
    };
    let good = payroll(&sandbox).check(&everything()).await.unwrap();
    assert_eq!(good.organisation, Some(Organisation::new("999000000", "Fjordkaffe AS")));
    good.require().unwrap();
    let lines = texts(good);
    for part in ["3 employees", "does not show whether a token may write", "/employment/v2", "NO"] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:#?}");
    }

    sandbox.inject(Fault::Status(403).on("/employment/v2/41"));
    let request = everything().with_field(SourceField::CustomName("Shoes".into()));
    let bad = builder(&sandbox)
        .enddate_reason("EgenBegaran")
        .department_dimension("Nothing")
        .build()
        .unwrap()
        .check(&request)
        .await;
    assert_eq!(bad.unwrap_err().kind(), ErrorKind::Config, "a dimension that is not there");
    let request = ReadRequest::new(today())
        .with_field(SourceField::CustomName("Shoes".into()))
        .with_field(SourceField::CustomName("Shirt sizes".into()))
        .with_field(StandardField::EndDate);
    let bad = builder(&sandbox).enddate_reason("EgenBegaran").build().unwrap().check(&request).await.unwrap();
    let lines = texts(bad);
    for part in [
        "Missing enddate_reason",
        "Missing /employment/v2",
        "Missing field custom.Shoes",
        "is `custom.Shirt size`",
    ] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:#?}");
    }
}

#[test]
fn settings_that_cannot_be_right_are_refused() {
    use hris_24sevenoffice::TwentyFourSevenOffice;
    let start = || TwentyFourSevenOffice::builder().token(hris_core::Secret::from("x".to_owned()));
    let table = |name: &str| std::collections::BTreeMap::from([(name.to_owned(), "1".to_owned())]);
    for (builder, word) in [
        (TwentyFourSevenOffice::builder(), "token"),
        (start().token(hris_core::Secret::from("a b".to_owned())), "token"),
        (start().base_url("http://payroll.24sevenoffice.com/api"), "base address"),
        (start().concurrency(0), "concurrency"),
        (start().auth_header("a: b"), "auth_header"),
        (start().enddate_reason("sluttet"), "enddate_reason"),
        (start().employment_defaults(table("startdate")), "employment_defaults"),
        (start().create_defaults(table("hidden")), "create_defaults"),
        (start().department_dimension(" "), "department_dimension"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(word), "{error}");
    }
    start()
        .employment_defaults(table("working_times"))
        .create_defaults(table("salary_type"))
        .build()
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_read_is_unknown_and_no_missing_one() {
    let sandbox = sandbox(0).await;
    let table = [
        ("2026-12-31T00:00:00.000Z", Some("2026-12-31"), None),
        ("9999-12-31", None, None),
        ("0001-01-01", None, None),
        ("", None, None),
        ("31.10.2026", None, Some(Severity::Error)),
        ("1970-01-01", None, Some(Severity::Error)),
        ("2001-01-01", None, Some(Severity::Warning)),
    ];
    for (number, (end, ..)) in (1..).zip(table) {
        let person = Person::new("Ola", "Odd").number(number.to_string()).starts("2020-01-06").ends(end);
        sandbox.change(|company| company.hire(person));
    }
    let snapshot = payroll(&sandbox).snapshot(&everything()).await.unwrap();
    for (number, (sent, end, severity)) in (1..).zip(table) {
        let number = number.to_string();
        let found = person(&snapshot, &number);
        assert_eq!(found.status(), Status::Active, "{sent}");
        assert_eq!(found.end_date().value().map(|day| day.to_string()).as_deref(), end, "{sent}");
        assert_eq!(found.end_date().is_visible(), severity.is_none(), "{sent}");
        assert_eq!(found.has_unreadable_end(), severity == Some(Severity::Error), "{sent}");
        let about = |problem: &&hris_core::Problem| {
            problem.code == ProblemCode::InvalidDate && problem.about().any(|about| about.as_str() == number)
        };
        let told: Vec<_> = snapshot.problems().iter().filter(about).map(|problem| problem.severity).collect();
        assert_eq!(told, Vec::from_iter(severity), "{sent}");
    }
}
