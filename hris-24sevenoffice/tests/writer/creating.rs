//! Creating people: one, and never two.

use hris_24sevenoffice::NewEmployeeNumber;
use hris_24sevenoffice::sandbox::{Fault, Injection, Person};
use hris_core::{ErrorKind, Field, FieldChange, StandardField};
use serde_json::json;

use super::support::{builder, create, payroll, sandbox, set, three};
use super::writes;

fn ines() -> Vec<FieldChange> {
    vec![
        set(StandardField::Email, "ines.moen@fjordkaffe.example"),
        set(StandardField::GivenName, "Ines"),
        set(StandardField::FamilyName, "Moen"),
        set(StandardField::StartDate, "2026-12-01"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_new_person_gets_the_next_number_and_an_employment() {
    let sandbox = three().await;
    let defaults = |name: &str, value: &str| {
        [(name.to_owned(), value.to_owned())].into_iter().collect::<std::collections::BTreeMap<_, _>>()
    };
    let payroll = builder(&sandbox)
        .create_defaults(defaults("salary_type", "monthly"))
        .employment_defaults(defaults("working_times", "ikkeSkift"))
        .build()
        .unwrap();
    let ids = json!([{ "number": "FP0000143", "kind": "passport", "country": "FI" }]).to_string();
    let mut values = ines();
    values.extend([
        set(StandardField::WorkPhone, "+4740555143"),
        set(StandardField::AddressStreet, "Storgata 12"),
        set(StandardField::AddressPostcode, "9008"),
        set(StandardField::AddressCity, "Tromsø"),
        set(StandardField::AddressCountry, "NO"),
        set(StandardField::Identifications, &ids),
    ]);
    let told = create(&payroll, &values).await.unwrap();
    assert_eq!(told.id().as_str(), "44");
    assert_eq!(told.email(), Field::Value("ines.moen@fjordkaffe.example"));
    assert_eq!(told.start_date(), Field::Value("2026-12-01".parse().unwrap()));
    let person = json!({
        "empId": "44", "email": "ines.moen@fjordkaffe.example", "firstname": "Ines", "lastname": "Moen",
        "employee_date": "2026-12-01", "telefon": "+4740555143", "postaddress": "Storgata 12", "zipcode": "9008",
        "city": "Tromsø", "countryCode": "NO", "salary_type": "monthly",
        "internationalID": { "countryCode": "FI", "ID": "FP0000143", "type": "passnummer" }
    });
    let employment = json!([{
        "employment_id": "44-1", "primary_employment": "1", "startdate": "2026-12-01", "working_times": "ikkeSkift"
    }]);
    assert_eq!(
        writes(&sandbox),
        [("/employee/v2".to_owned(), person), ("/employment/v2/44".to_owned(), employment)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_creation_twice_is_one_person() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    let one = create(&payroll, &ines()).await.unwrap();
    let written = sandbox.writes().len();
    let other = create(&payroll, &ines()).await.unwrap();
    assert_eq!((one.id(), sandbox.writes().len()), (other.id(), written));
    assert_eq!(sandbox.change(|company| company.ids()).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_unclear_creation_never_makes_two() {
    for (fault, posts) in [
        (Fault::StatusAfter(500), 1),
        (Fault::DisconnectAfter, 1),
        (Fault::Status(500), 2),
        (Fault::Disconnect, 2),
        (Fault::HtmlStatus(502), 2),
    ] {
        let sandbox = three().await;
        sandbox.inject(fault.clone().on("/employee/v2").by("POST").once());
        let told = create(&payroll(&sandbox), &ines()).await.unwrap();
        assert_eq!(told.id().as_str(), "44");
        assert_eq!(sandbox.change(|company| company.ids()).len(), 4, "{fault:?}");
        let created = sandbox.writes().iter().filter(|request| request.path == "/employee/v2").count();
        assert_eq!(created, posts, "{fault:?}");
    }
    let sandbox = three().await;
    sandbox.inject(Fault::Status(500).on("/employee/v2").by("POST"));
    let error = create(&payroll(&sandbox), &ines()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome);
    assert_eq!(sandbox.writes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn numbers_that_others_take_meanwhile() {
    let stranger = |company: &mut hris_24sevenoffice::sandbox::World| {
        let number = company.ids().len() + 41;
        company.hire(Person::new(format!("Somebody{number}"), "Else"));
    };
    // Once, between the look and the creation.
    let sandbox = three().await;
    sandbox.inject(Injection::then(stranger).on("/employee/v2").by("GET").once());
    let told = create(&payroll(&sandbox), &ines()).await.unwrap();
    assert_eq!(told.id().as_str(), "45");
    // Again and again: five attempts.
    let sandbox = three().await;
    sandbox.inject(Injection::then(stranger).on("/employee/v2").by("GET"));
    let error = create(&payroll(&sandbox), &ines()).await.unwrap_err();
    assert_eq!((error.kind(), sandbox.writes().len()), (ErrorKind::Rejected, 5), "{error}");
    // By somebody whom the list leaves out.
    let sandbox = three().await;
    sandbox.change(|company| company.hire(Person::new("Former", "Person").number("44")));
    sandbox.behave(|behaviour| behaviour.unlisted.extend(["44".to_owned()]));
    let told = create(&payroll(&sandbox), &ines()).await.unwrap();
    assert_eq!(told.id().as_str(), "45");
}

#[tokio::test(start_paused = true)]
async fn somebody_with_this_address_is_found_and_left_as_they_are() {
    // They are there already.
    let sandbox = three().await;
    let mut values = ines();
    values[0] = set(StandardField::Email, "Mateusz.Zielinski@fjordkaffe.example");
    let told = create(&payroll(&sandbox), &values).await.unwrap();
    assert_eq!((told.id().as_str(), told.given_name()), ("42", Field::Value("Mateusz")));
    assert_eq!(writes(&sandbox), []);
    // They come while the creation is under way, and the vendor refuses in whatever way.
    for status in [400, 401, 409, 500] {
        let sandbox = three().await;
        sandbox.behave(|behaviour| behaviour.duplicate_email = status);
        sandbox.inject(
            Injection::then(|company| {
                company.hire(Person::new("Ines", "Moen").number("60"));
            })
            .on("/employee/v2")
            .by("GET")
            .once(),
        );
        let told = create(&payroll(&sandbox), &ines()).await.unwrap();
        assert_eq!(told.id().as_str(), "60", "{status}");
        assert_eq!(sandbox.change(|company| company.ids()).len(), 4);
    }
    // Two have it: nobody guesses.
    let sandbox = three().await;
    sandbox.change(|company| company.set("41", "email", "mateusz.zielinski@fjordkaffe.example")).unwrap();
    assert_eq!(create(&payroll(&sandbox), &values).await.unwrap_err().kind(), ErrorKind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn numbers_from_elsewhere() {
    let number = |text: &str| {
        let mut values = ines();
        values.push(set(StandardField::EmployeeNumber, text));
        values
    };
    let sandbox = three().await;
    let source = builder(&sandbox)
        .new_employee_number(NewEmployeeNumber::Source)
        .empid_as_number(true)
        .build()
        .unwrap();
    for (values, word) in
        [(ines(), "whole numbers"), (number("A7"), "whole numbers"), (number("42"), "has it")]
    {
        let error = create(&source, &values).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(create(&source, &number("700")).await.unwrap().id().as_str(), "700");
    assert_eq!(writes(&sandbox)[0].1["empId"], json!(700));

    let server = |sandbox| builder(sandbox).new_employee_number(NewEmployeeNumber::Server).build().unwrap();
    let sandbox = three().await;
    assert_eq!(create(&server(&sandbox), &ines()).await.unwrap_err().kind(), ErrorKind::Rejected);
    sandbox.behave(|behaviour| behaviour.assigns_numbers = true);
    assert_eq!(create(&server(&sandbox), &ines()).await.unwrap().id().as_str(), "44");
    assert_eq!(writes(&sandbox)[0].1.get("empId"), None);

    let empty = super::support::sandbox(0).await;
    let error = create(&payroll(&empty), &ines()).await.unwrap_err();
    assert!(error.to_string().contains("next one is not known"), "{error}");
    assert_eq!(writes(&empty), []);
    drop(sandbox);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_created_without_what_is_needed() {
    let sandbox = sandbox(3).await;
    let payroll = payroll(&sandbox);
    for missing in [StandardField::Email, StandardField::GivenName, StandardField::FamilyName] {
        let values: Vec<_> = ines().into_iter().filter(|change| change.field != missing).collect();
        let error = create(&payroll, &values).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert!(error.to_string().starts_with(missing.as_str()), "{error}");
    }
    assert_eq!(writes(&sandbox), []);
    // What else is needed nobody knows; this person is refused, and the connection lives.
    sandbox.behave(|behaviour| behaviour.mandatory = vec!["taxtable".to_owned()]);
    let error = create(&payroll, &ines()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(400)));
}

#[tokio::test(start_paused = true)]
async fn a_person_without_their_employment_gets_it_with_the_next_call() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    sandbox.inject(Fault::Status(400).on("/employment/v2/44").by("POST").once());
    let error = create(&payroll, &ines()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("employee 44 was created"), "{error}");
    let told = create(&payroll, &ines()).await.unwrap();
    assert_eq!(told.id().as_str(), "44");
    assert_eq!(sandbox.change(|company| company.employments("44").len()), 1);
    assert_eq!(sandbox.change(|company| company.ids()).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_employment_of_unknown_outcome_is_never_two() {
    for fault in [Fault::StatusAfter(500), Fault::Status(500), Fault::DisconnectAfter] {
        let sandbox = three().await;
        sandbox.inject(fault.clone().on("/employment/v2/44").by("POST").once());
        create(&payroll(&sandbox), &ines()).await.unwrap();
        assert_eq!(sandbox.change(|company| company.employments("44").len()), 1, "{fault:?}");
    }
}
