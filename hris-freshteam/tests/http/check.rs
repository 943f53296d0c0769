//! What a preflight says.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_check_tells_wrong_subdomain_wrong_key_and_missing_right_apart() {
    let sandbox = started(60).await;
    let fields = request(&["department", "end_date"]);
    let good = connect(&sandbox).check(&fields).await.unwrap();
    assert_eq!(good.level(), Level::Warning, "the vendor's end, and nothing else: {}", told(&good));
    assert_eq!(good.organisation, Some(Organisation::new("lofotfisk", "lofotfisk.freshteam.com")));
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
