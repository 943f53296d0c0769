//! An edit goes to the other side, as far as it can.

use super::*;

#[tokio::test]
async fn an_edit_goes_to_the_other_side_once() {
    let office = Office::new().in_step().await;
    office.pay(StandardField::JobTitle, Some("Baker"));
    office.use_product(TargetField::Phone, Some("+47 22 12 34 56"));
    let report = office.run(3).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(lines(&report), ["update target e-1 (job_title) done", "update source e-1 (phone) done"]);
    assert_eq!(report.counts.updated, 2, "each side was updated");
    assert_eq!(office.user().value(&TargetField::JobTitle), Some("Baker"));
    assert_eq!(office.person().text(StandardField::WorkPhone), Field::Value("+47 22 12 34 56"));
    assert!(office.is_quiet(4).await);

    office.use_product(TargetField::Phone, None);
    office.pay(StandardField::JobTitle, None);
    office.run(4).await;
    assert_eq!(office.person().text(StandardField::WorkPhone), Field::Cleared);
    assert_eq!(office.user().value(&TargetField::JobTitle), None);
    assert!(office.is_quiet(5).await);
}

#[tokio::test]
async fn an_address_and_a_date_flow_back_as_a_whole() {
    let office = Office::new().in_step().await;
    office.use_product(TargetField::Address, Some(r#"{"street":"4 Yard","city":"Oslo","country":"NO"}"#));
    office.use_product(TargetField::EndDate, Some("2026-12-31"));
    office.run(3).await;
    let person = office.person();
    assert_eq!(person.text(StandardField::AddressCity), Field::Value("Oslo"));
    assert_eq!(person.end_date(), Field::Value(Date::new(2026, 12, 31).unwrap()));
    assert!(office.is_quiet(4).await);

    office.pay(StandardField::AddressStreet, Some("5 Yard"));
    office.run(4).await;
    let address = office.user().value(&TargetField::Address).unwrap().to_owned();
    assert!(address.contains("5 Yard") && address.contains("Oslo"), "{address}");
    assert!(office.is_quiet(5).await);
}

/// A default, a table of values or several sources: nothing leads back from there.
#[tokio::test]
async fn an_edit_that_cannot_go_back_stays_and_is_told_once() {
    let office = Office::new().in_step().await;
    office.use_product(TargetField::Department, Some("Weaving"));
    let told = |report: &Report| {
        let about = |problem: &&hris_core::Problem| problem.field.as_deref() == Some("department");
        report.problems.iter().filter(about).map(|problem| problem.code.as_str()).collect::<Vec<_>>()
    };
    let report = office.run(3).await;
    assert_eq!(told(&report), ["divergence"]);
    assert_eq!(lines(&report), Vec::<String>::new());
    assert_eq!(office.user().value(&TargetField::Department), Some("Weaving"));
    assert_eq!(office.person().text(StandardField::Department), Field::Cleared);
    assert_eq!(told(&office.run(4).await), Vec::<&str>::new());

    // The source's own edit is told too, and goes over once the product's is gone.
    office.pay(StandardField::Department, Some("Dyeing"));
    assert_eq!(told(&office.run(5).await), ["divergence"]);
    assert_eq!(office.user().value(&TargetField::Department), Some("Weaving"));
    office.use_product(TargetField::Department, Some("Dyeing"));
    assert_eq!(told(&office.run(6).await), Vec::<&str>::new());
    office.pay(StandardField::Department, Some("Spinning"));
    let report = office.run(7).await;
    assert_eq!(lines(&report), ["update target e-1 (department) done"]);
    assert!(office.is_quiet(8).await);
}

/// People whom both sides have, first seen: an empty side takes nothing, and nothing is written over.
#[tokio::test]
async fn at_first_contact_what_cannot_go_back_is_only_filled() {
    let office = Office::new();
    office.pay(StandardField::StartDate, None);
    support::edit(&office.payroll, "e-1", |person| {
        person.put_date(StandardField::StartDate, Field::Value("2026-01-02".parse().unwrap()));
    });
    office.use_product(TargetField::EndDate, Some("2026-12-31"));
    office.use_product(TargetField::EmployeeNumber, Some("17"));
    office.use_product(TargetField::JobTitle, None);
    office.pay(StandardField::EmployeeNumber, Some("71"));
    let mut capabilities = hris_core::Directory::capabilities(&office.payroll).clone();
    for field in &mut capabilities.fields {
        field.writable = field.field == StandardField::Email;
    }
    let payroll = office.payroll.clone().with_capabilities(capabilities);
    let mapping = mapping()
        .field("start_date", from("start_date"))
        .field("employee_number", from("employee_number"))
        .field("custom.teams", from("teams"));
    let mut policy = Policy::default();
    policy.two_way = Some(TwoWay::default());
    let runner = Runner::builder(payroll, office.product.clone(), office.store.clone())
        .connection("acme")
        .mapping(mapping)
        .policy(policy)
        .build()
        .unwrap();
    runner.run(day(1)).await.unwrap();
    let report = runner.run(day(2)).await.unwrap();
    let user = office.user();
    assert_eq!(user.value(&TargetField::EndDate), Some("2026-12-31"));
    assert_eq!(user.value(&TargetField::EmployeeNumber), Some("17"));
    assert_eq!(user.value(&TargetField::StartDate), Some("2026-01-02"), "an empty field is filled");
    assert_eq!(user.value(&TargetField::JobTitle), Some("Miller"));
    let told: Vec<_> = report.problems.iter().filter_map(|problem| problem.field.as_deref()).collect();
    assert_eq!(told, ["employee_number", "end_date"], "{:?}", report.problems);
    assert_eq!(report.counts.conflicts, 0);
    let report = runner.run(day(3)).await.unwrap();
    assert!(report.problems.is_empty() && report.actions.is_empty(), "{:?}", report.problems);
}

/// Payroll may give a city back in capitals.
#[tokio::test]
async fn a_city_in_capitals_is_the_same_city() {
    let office = Office::new();
    office.pay(StandardField::AddressStreet, Some("Skansegata 7b"));
    office.pay(StandardField::AddressCity, Some("TROMS\u{d8}"));
    office.pay(StandardField::AddressCountry, Some("NO"));
    let own = r#"{"street":"Skansegata 7B","city":"Troms\u00f8","country":"no"}"#;
    office.use_product(TargetField::Address, Some(own));
    office.run(1).await;
    let report = office.run(2).await;
    assert_eq!((report.counts.conflicts, lines(&report)), (0, Vec::new()));
    office.pay(StandardField::AddressCity, Some("Troms\u{f8}"));
    office.pay(StandardField::AddressStreet, Some("SKANSEGATA 7B"));
    assert!(office.is_quiet(3).await);
    assert_eq!(office.user().value(&TargetField::Address), Some(own));
    office.pay(StandardField::AddressStreet, Some("SKANSEGATA 8"));
    assert_eq!(lines(&office.run(4).await), ["update target e-1 (address) done"]);
}

#[tokio::test]
async fn a_field_that_is_hidden_is_no_edit() {
    let office = Office::new().in_step().await;
    support::edit(&office.payroll, "e-1", |person| person.put(StandardField::JobTitle, Field::NotPermitted));
    office.use_product(TargetField::JobTitle, Some("Smith"));
    office.run(3).await;
    assert_eq!(office.user().value(&TargetField::JobTitle), Some("Smith"));
    support::edit(&office.payroll, "e-1", |person| {
        person.put(StandardField::JobTitle, Field::Value("Miller".into()))
    });
    office.run(4).await;
    assert_eq!(office.titles(), (some("Smith"), some("Smith")));
}

#[tokio::test]
async fn an_edit_is_pushed_at_once_and_one_way() {
    let office = Office::new().in_step().await;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let user = UserId::from("u-ada");
    office.use_product(TargetField::Phone, Some("+4722123456"));
    office.pay(StandardField::JobTitle, Some("Baker"));
    let runner = office.runner();
    let report = runner.push(&user, at("2026-11-03T10:00:00Z"), at("2026-11-03T10:00:01Z")).await.unwrap();
    assert_eq!(report.command, "push");
    assert_eq!(lines(&report), ["update source e-1 (phone) done"]);
    assert_eq!(office.titles(), (some("Baker"), some("Miller")), "the other way waits for a sync");

    // The same event again, and an older one.
    for seen in ["2026-11-03T10:00:00Z", "2026-11-03T09:00:00Z"] {
        let report = runner.push(&user, at(seen), at("2026-11-03T10:05:00Z")).await.unwrap();
        assert!(report.actions.is_empty() && report.notices.len() == 1, "{:?}", report.notices);
    }
    // Both changed: nothing is written, and it is said.
    office.use_product(TargetField::JobTitle, Some("Smith"));
    let report = runner.push(&user, at("2026-11-03T11:00:00Z"), at("2026-11-03T11:00:01Z")).await.unwrap();
    assert_eq!((report.counts.conflicts, report.outcome), (1, Outcome::Partial));
    assert_eq!(office.titles(), (some("Baker"), some("Smith")));
    // Somebody who is linked to nobody, and nobody at all.
    let report = runner.push(&UserId::from("u-new"), day(4), day(4)).await.unwrap();
    assert_eq!(report.notices.len(), 1);
    // The sync goes on from there.
    let report = office.run(4).await;
    assert_eq!(report.counts.conflicts, 1);
}

#[tokio::test]
async fn a_push_needs_a_two_way_policy() {
    let office = Office::new();
    let runner = Runner::builder(office.payroll.clone(), office.product.clone(), office.store.clone());
    let runner = runner.mapping(mapping()).build().unwrap();
    let error = runner.push(&UserId::from("u-ada"), day(1), day(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_rule_about_a_field_that_cannot_flow_back_is_a_mistake() {
    let office = Office::new().rules(|rules| {
        rules.fields.insert(TargetField::Department, Conflicts::SourceWins);
    });
    let error = office.builder().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("department"), "{error}");
}

/// What is remembered survives in a file.
#[tokio::test]
async fn bases_and_decisions_are_kept_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let office = Office::new();
    let runner = async || {
        let store = SqliteStore::open(&path).await.unwrap();
        let mut policy = Policy::default();
        policy.two_way = Some(TwoWay::default());
        let runner = Runner::builder(office.payroll.clone(), office.product.clone(), store);
        runner.connection("acme").mapping(mapping()).policy(policy).build().unwrap()
    };
    runner().await.run(day(1)).await.unwrap();
    runner().await.run(day(2)).await.unwrap();
    office.pay(StandardField::JobTitle, Some("Baker"));
    office.use_product(TargetField::JobTitle, Some("Smith"));
    let conflicts = runner().await.plan(day(3)).await.unwrap().plan.conflicts;
    runner().await.resolve(&[conflicts[0].keep(Side::Target)]).await.unwrap();
    let report = runner().await.run(day(4)).await.unwrap();
    assert_eq!(lines(&report), ["update source e-1 (job_title) done"]);
    let store = SqliteStore::open(&path).await.unwrap();
    let state = store.load("acme").await.unwrap();
    assert!(state.decisions.is_empty());
    assert_eq!(state.links[0].bases[&TargetField::JobTitle].target.as_deref(), Some("Smith"));
}
