//! Listings, lists of units, and people who move between them.

use super::*;

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
async fn a_reset_key_in_the_middle_ends_the_run() {
    let sandbox = started(120).await;
    sandbox.inject(Fault::Revoke.on("/employees").once());
    let error = connect(&sandbox).snapshot(&request(&[])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
}
