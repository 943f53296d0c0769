//! What people's own records say.

use super::*;

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
async fn hidden_phones_are_not_empty_ones() {
    let sandbox = started(5).await;
    sandbox.behave(|one| one.masked = true);
    let snapshot = connect(&sandbox).snapshot(&request(&["work_phone"])).await.unwrap();
    assert!(snapshot.employees().iter().all(|person| person.work_phone() == Field::NotPermitted));
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
