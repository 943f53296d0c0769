//! People: status, dates, addresses, teams, managers, custom fields.

use hris_core::{
    Directory, EmployeeId, ErrorKind, Field, Lookup, ProblemCode, ReadRequest, Severity, SourceField,
    StandardField, Status,
};
use hris_employmenthero::Archived;
use hris_employmenthero::sandbox::{CANARY, Fault, Person};
use serde_json::{Value, json};

use super::{builder, directory, everything, person, sandbox, today};

#[tokio::test(start_paused = true)]
async fn every_status_of_the_table() {
    for (status, archived, expected) in [
        ("active", Archived::Leaver, Status::Active),
        ("Active", Archived::Leaver, Status::Active),
        ("ACTIVE", Archived::Leaver, Status::Active),
        ("inactive", Archived::Leaver, Status::Terminated),
        ("terminated", Archived::Leaver, Status::Terminated),
        ("archived", Archived::Leaver, Status::Terminated),
        ("archived", Archived::Unknown, Status::Unknown),
        ("pending", Archived::Leaver, Status::Pending),
        ("on_sabbatical", Archived::Leaver, Status::Unknown),
    ] {
        let sandbox = sandbox(1).await;
        let ids: Vec<String> =
            ["A", "B"].iter().map(|name| sandbox.hire(Person::new(*name, "Bee").status(status))).collect();
        let snapshot =
            builder(&sandbox).archived(archived).build().unwrap().snapshot(&everything()).await.unwrap();
        for id in &ids {
            assert_eq!(person(&snapshot, id).status(), expected, "{status}");
            assert_eq!(person(&snapshot, id).raw_status(), Field::Value(status));
        }
        let told = snapshot.problems().iter().filter(|problem| problem.code == ProblemCode::UnknownStatus);
        assert_eq!(told.count(), usize::from(status == "on_sabbatical"), "one warning a value");
        assert_eq!(
            snapshot.fingerprint().statuses.get(status).copied(),
            Some(if status == "active" { 3 } else { 2 })
        );
    }
}

/// Words beyond the documented ones mean what the customer says, and nothing before that.
#[tokio::test(start_paused = true)]
async fn further_status_words_mean_what_they_are_said_to_mean() {
    let sandbox = sandbox(1).await;
    for (status, starts) in
        [("Onboarding", "2026-12-01"), ("offboarding", "2020-01-01"), ("preboarding", "2026-12-01")]
    {
        sandbox.hire(Person::new(status, "Bee").status(status).starts(starts));
    }
    let statuses = |snapshot: &hris_core::Snapshot| -> Vec<Status> {
        snapshot.employees().iter().skip(1).map(hris_core::Employee::status).collect()
    };
    let plain = directory(&sandbox).snapshot(&everything()).await.unwrap();
    assert_eq!(statuses(&plain), [Status::Unknown; 3]);
    let told = builder(&sandbox)
        .status_word(" ONBOARDING ", Status::Pending)
        .status_word("offboarding", Status::Active)
        .status_word("preboarding", Status::Active);
    let told = told.build().unwrap().snapshot(&everything()).await.unwrap();
    // Somebody who is called active and has not started is pending here as well.
    assert_eq!(statuses(&told), [Status::Pending, Status::Active, Status::Pending]);
    assert!(!told.problems().iter().any(|problem| problem.code == ProblemCode::UnknownStatus));
    for word in ["active", "Terminated", "inactive", "pending", "archived", " "] {
        let error = builder(&sandbox).status_word(word, Status::Active).build().unwrap_err();
        assert!(error.to_string().contains("status_words"), "{word}: {error}");
    }
}

/// A date alone removes nobody, whatever the vendor's older answers leave out.
#[tokio::test(start_paused = true)]
async fn without_a_status_everybody_is_employed() {
    let sandbox = sandbox(1).await;
    sandbox.behave(|behaviour| behaviour.status_sent = false);
    let id = sandbox.hire(Person::new("Ola", "Past").ends("2026-10-30"));
    let snapshot = directory(&sandbox).snapshot(&everything()).await.unwrap();
    let past = person(&snapshot, &id);
    assert_eq!((past.status(), past.raw_status()), (Status::Active, Field::NotProvided));
    assert_eq!(past.end_date().value().map(|day| day.to_string()).as_deref(), Some("2026-10-30"));
}

#[tokio::test(start_paused = true)]
async fn dates_are_never_shifted_by_an_offset() {
    for offset in [None, Some("+00:00"), Some("Z"), Some("+13:00"), Some("-11:00")] {
        let sandbox = sandbox(1).await;
        sandbox.behave(|behaviour| behaviour.offset = offset);
        let id = sandbox.hire(Person::new("Ola", "Nord").starts("2026-01-01").ends("2026-12-31"));
        let snapshot = directory(&sandbox).snapshot(&everything()).await.unwrap();
        let dates = [StandardField::StartDate, StandardField::EndDate, StandardField::LastWorkingDay]
            .map(|field| person(&snapshot, &id).date(field).value().map(|day| day.to_string()));
        let expected = ["2026-01-01", "2026-12-31", "2026-12-31"].map(|day| Some(day.to_owned()));
        assert_eq!(dates, expected, "{offset:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn dates_that_cannot_be_are_left_out_and_told() {
    let sandbox = sandbox(1).await;
    let id = sandbox.hire(Person::new("Ola", "Odd").starts("2026-02-30").ends("soon"));
    let back = sandbox.hire(Person::new("Ola", "Back").starts("2026-05-01").ends("2026-04-01"));
    let snapshot = directory(&sandbox).snapshot(&everything()).await.unwrap();
    assert_eq!(person(&snapshot, &id).start_date(), Field::NotProvided);
    assert_eq!(person(&snapshot, &id).end_date(), Field::NotProvided);
    assert_eq!(person(&snapshot, &back).end_date(), Field::NotProvided);
    assert_eq!(person(&snapshot, &back).status(), Status::Active);
    let told = snapshot.problems().iter().filter(|problem| problem.code == ProblemCode::InvalidDate);
    assert_eq!(told.count(), 3);
    assert!(!format!("{:?}", snapshot.problems()).contains("soon"));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_read_is_unknown_and_no_missing_one() {
    let sandbox = sandbox(1).await;
    let table = [
        ("2026-12-31T00:00:00.000Z", Some("2026-12-31"), None),
        ("9999-12-31", None, None),
        ("", None, None),
        ("soon", None, Some(Severity::Error)),
        ("1970-01-01", None, Some(Severity::Error)),
        ("0001-01-01T00:00:00Z", None, Some(Severity::Error)),
        ("2001-01-01", None, Some(Severity::Warning)),
    ];
    let hire = |end: &str| {
        sandbox.hire(Person::new("Ola", "Odd").starts("2020-01-06").status("Terminated").ends(end))
    };
    let ids = table.map(|(end, ..)| hire(end));
    let snapshot = directory(&sandbox).snapshot(&everything()).await.unwrap();
    for (id, (sent, end, severity)) in ids.iter().zip(table) {
        let found = person(&snapshot, id);
        assert_eq!(found.status(), Status::Terminated, "{sent}");
        let days = [found.end_date(), found.last_working_day()];
        let shown = days.map(|day| day.value().map(|day| day.to_string()));
        assert_eq!(shown, [end, end].map(|day| day.map(str::to_owned)), "{sent}");
        assert_eq!(found.end_date().is_visible(), severity.is_none(), "{sent}");
        assert_eq!(found.has_unreadable_end(), severity == Some(Severity::Error), "{sent}");
        let about = |problem: &&hris_core::Problem| {
            problem.code == ProblemCode::InvalidDate && problem.about().any(|about| about.as_str() == id)
        };
        let told: Vec<_> = snapshot.problems().iter().filter(about).map(|problem| problem.severity).collect();
        assert_eq!(told, Vec::from_iter(severity), "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_the_vendor_confirms_arrives() {
    let sandbox = sandbox(1).await;
    let boss = sandbox.people()[0].id.clone();
    let id = sandbox.hire(
        Person::new("Ngaire", "Tautahi")
            .email("Ngaire.Tautahi@KereruCafe.example")
            .job("Shift Supervisor")
            .location(" Cuba Street ")
            .role("manager")
            .team("Front of House")
            .team("Openers")
            .reports_to(boss.clone())
            .set("code", "K-017")
            .set("known_as", "Nai")
            .set("MiddleName", "Aroha")
            .set("company_number", "+64 21 555 0117")
            .set("personal_mobile_number", "+64 21 555 9999")
            .set("employment_type", "Full-time")
            .set("address", "12 Aro Street, Wellington"),
    );
    sandbox
        .update(&id, |members| {
            // The vendor's own client knows these two under other names.
            members.remove("middle_name");
            members.remove("company_mobile");
        })
        .unwrap();
    let snapshot = directory(&sandbox).snapshot(&everything()).await.unwrap();
    let ngaire = person(&snapshot, &id);
    let boss_email = person(&snapshot, &boss).email().value().map(str::to_owned);
    for (field, expected) in [
        (StandardField::EmployeeNumber, "K-017"),
        (StandardField::GivenName, "Ngaire"),
        (StandardField::MiddleName, "Aroha"),
        (StandardField::FamilyName, "Tautahi"),
        (StandardField::PreferredName, "Nai"),
        (StandardField::DisplayName, "Ngaire Tautahi"),
        (StandardField::Email, "ngaire.tautahi@kererucafe.example"),
        (StandardField::WorkPhone, "+64 21 555 0117"),
        (StandardField::PersonalPhone, "+64 21 555 9999"),
        (StandardField::JobTitle, "Shift Supervisor"),
        (StandardField::Location, "Cuba Street"),
        (StandardField::AccessRole, "manager"),
        (StandardField::EmploymentKind, "Full-time"),
        (StandardField::AddressStreet, "12 Aro Street, Wellington"),
        (StandardField::Manager, &boss),
        (StandardField::ManagerEmail, boss_email.as_deref().unwrap()),
    ] {
        assert!(ngaire.text(field) == Field::Value(expected), "{field}");
    }
    let teams = ["Front of House".to_owned(), "Openers".to_owned()];
    assert!(ngaire.teams() == Field::Value(&teams) && ngaire.groups() == Field::Value(&teams));
    assert_eq!(ngaire.text(StandardField::Department), Field::NotProvided);
    // The same by id, the manager's address with it.
    let Lookup::Found(same) = directory(&sandbox).get(&id.into(), &everything()).await.unwrap() else {
        panic!("the person is there")
    };
    assert!(*same == *ngaire);
}

#[tokio::test(start_paused = true)]
async fn which_address_is_taken() {
    let value = |text: &str| json!(text);
    for (company, account, newer, expected) in [
        (value("A@x.example"), value("b@x.example"), value("c@x.example"), "a@x.example"),
        (Value::Null, value(" b@x.example "), value("c@x.example"), "b@x.example"),
        (value(""), Value::Null, value("c@x.example"), "c@x.example"),
        (Value::Null, Value::Null, Value::Null, ""),
    ] {
        let sandbox = sandbox(1).await;
        let id = sandbox.hire(
            Person::new("A", "B")
                .set("company_email", company)
                .set("account_email", account)
                .set("email", newer)
                .set("personal_email", "home@x.example"),
        );
        let snapshot = directory(&sandbox).snapshot(&everything()).await.unwrap();
        let email = person(&snapshot, &id).email();
        assert_eq!(email.value().unwrap_or_default(), expected, "never the personal one");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_asked_for_is_not_held() {
    let sandbox = sandbox(2).await;
    let plain = ReadRequest::new(today()).with_field(StandardField::Email);
    for request in [&plain, &everything()] {
        let snapshot = directory(&sandbox).snapshot(request).await.unwrap();
        for person in snapshot.employees() {
            let custom = person
                .custom()
                .iter()
                .any(|value| value.value.as_deref().value().is_some_and(|text| text.contains(CANARY)));
            assert!(!custom && !person.extra().unwrap_or_default().contains(CANARY));
        }
    }
    let snapshot = directory(&sandbox).snapshot(&plain).await.unwrap();
    let first = &snapshot.employees()[0];
    assert_eq!(first.text(StandardField::PersonalEmail), Field::NotProvided);
    assert_eq!(first.text(StandardField::AddressStreet), Field::NotProvided);
    // By its name, what is private and not forbidden; never what is.
    let named = plain.with_field("custom.date_of_birth".parse::<SourceField>().unwrap());
    let forbidden =
        named.clone().with_field("custom.uk_tax_and_national_insurance".parse::<SourceField>().unwrap());
    let refused = directory(&sandbox).snapshot(&forbidden).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Config);
    let snapshot = directory(&sandbox).snapshot(&named).await.unwrap();
    let custom = snapshot.employees()[0].custom();
    assert!(custom.iter().any(|value| &*value.name == "date_of_birth" && value.value.is_value()));
    assert!(!custom.iter().any(|value| value.value.is_value() && &*value.name != "date_of_birth"));
}

#[tokio::test(start_paused = true)]
async fn custom_fields_cost_a_request_a_person_and_only_when_asked_for() {
    let sandbox = sandbox(3).await;
    let field = sandbox.change(|world| world.add_custom_field("Locker"));
    let id = sandbox.people()[1].id.clone();
    sandbox.change(|world| world.set_custom(&id, &field, json!(["12", { "value": "13" }]))).unwrap();
    sandbox
        .update(&id, |members| {
            drop(members.insert("primary_cost_centre".into(), json!({ "id": "c", "name": "Wellington" })))
        })
        .unwrap();
    sandbox.behave(|behaviour| behaviour.value_member = "answer");
    let asked = |name: &str| ReadRequest::new(today()).with_field(name.parse::<SourceField>().unwrap());
    let values = |request: ReadRequest| {
        let (directory, id) = (directory(&sandbox), id.clone());
        async move {
            let snapshot = directory.snapshot(&request).await.unwrap();
            let custom = person(&snapshot, &id).custom().to_vec();
            custom.into_iter().map(|value| (value.name.to_string(), value.value.value())).collect::<Vec<_>>()
        }
    };
    // By its name, however it is written, or by id.
    for name in ["custom.Locker".to_owned(), "custom. locker".to_owned(), format!("custom.#{field}")] {
        assert_eq!(values(asked(&name)).await, [("Locker".to_owned(), Some("12; 13".to_owned()))]);
    }
    assert_eq!(sandbox.requests_to(&sandbox.path(&format!("employees/{id}/custom_fields"))), 3);
    // A cost centre stands in the record itself.
    let cost = [("cost_centre".to_owned(), Some("Wellington".to_owned()))];
    assert_eq!(values(asked("custom.cost_centre")).await, cost);
    assert_eq!(sandbox.requests_to(&sandbox.path(&format!("employees/{id}/custom_fields"))), 3);
    // Two of one name are no choice of ours.
    sandbox.change(|world| world.add_custom_field("Locker"));
    let error = directory(&sandbox).snapshot(&asked("custom.Locker")).await.unwrap_err();
    assert!(error.to_string().contains(&field), "{error}");
    // A name that is not there is a mistake of the mapping, for a run and for the check alike.
    for (name, near) in [("custom.Gone", ""), ("custom.Loker", "the nearest name is `custom.Locker`")] {
        let error = directory(&sandbox).snapshot(&asked(name)).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains(near), "{error}");
        let error = directory(&sandbox).check(&asked(name)).await.unwrap().require().unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains(near), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn people_who_are_missing_are_asked_for() {
    let sandbox = sandbox(4).await;
    let directory = directory(&sandbox);
    let people = sandbox.people();
    let (left, gone) = (people[1].id.clone(), people[2].id.clone());
    sandbox.behave(|behaviour| behaviour.leavers_listed = false);
    sandbox.terminate(&left, "2026-11-20").unwrap();
    sandbox.delete(&gone).unwrap();
    let snapshot = directory.snapshot(&everything()).await.unwrap();
    assert_eq!((snapshot.people(), snapshot.absence_counts()), (2, true));
    let Lookup::Found(found) = directory.get(&left.into(), &everything()).await.unwrap() else {
        panic!("who has left is still known")
    };
    assert_eq!(found.status(), Status::Terminated);
    let gone = EmployeeId::from(gone);
    assert!(matches!(directory.get(&gone, &everything()).await.unwrap(), Lookup::Gone));
    // Refused is no answer.
    sandbox.inject(Fault::Status(403).on(sandbox.path(&format!("employees/{gone}"))));
    assert!(matches!(directory.get(&gone, &everything()).await.unwrap(), Lookup::NotVisible));
    sandbox.clear_faults();
    // An organisation that the grant lost would make everybody look gone.
    let organisation = sandbox.organisation().to_owned();
    sandbox.change(|world| world.remove_organisation(&organisation)).unwrap();
    let error = directory.get(&gone, &everything()).await.unwrap_err();
    assert_eq!(error.kind(), hris_core::ErrorKind::Permission, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_gives_smaller_pages_than_asked_for() {
    for (most, pages) in [(100, 1), (20, 3), (7, 7)] {
        let sandbox = sandbox(45).await;
        sandbox.behave(|behaviour| behaviour.max_page = most);
        let snapshot = directory(&sandbox).snapshot(&ReadRequest::new(today())).await.unwrap();
        assert_eq!(snapshot.people(), 45);
        assert_eq!(sandbox.requests_to(&sandbox.path("employees")), pages, "{most} rows a page");
        let asked = sandbox
            .requests()
            .iter()
            .all(|request| request.parameter("item_per_page").is_none_or(|size| size == "100"));
        assert!(asked, "never more than the vendor allows");
    }
}
