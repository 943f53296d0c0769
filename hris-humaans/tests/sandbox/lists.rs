//! Paging, filters and the invented company.

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;

use hris_humaans::sandbox::{AllStatus, Resource, Sandbox, SandboxError};

use super::{Api, data, ids, small, text};

#[tokio::test]
async fn pages_add_up_to_the_whole() {
    let sandbox = Sandbox::builder().employees(600).start().await.unwrap();
    let api = Api::new(&sandbox);
    let rows = api.all("/people?status=all").await;
    let unique: HashSet<String> = ids(&rows).into_iter().collect();
    assert_eq!((rows.len(), unique.len()), (600, 600));
    assert_eq!(sandbox.requests_to("/people"), 4);

    let last = api.get("/people?status=all&$limit=250&$skip=500").await;
    assert_eq!((&last["total"], &last["limit"], &last["skip"]), (&600.into(), &250.into(), &500.into()));
    assert_eq!(data(&last).len(), 100);
    let plain = api.get("/people?status=all").await;
    assert_eq!((data(&plain).len(), &plain["limit"]), (100, &100.into()));
    let none = api.get("/people?status=all&$limit=0").await;
    assert_eq!((data(&none).len(), &none["total"]), (0, &600.into()));
    let beyond = api.get("/people?status=all&$skip=9000").await;
    assert_eq!((data(&beyond).len(), &beyond["total"]), (0, &600.into()));
}

#[tokio::test]
async fn a_page_is_cut_at_the_maximum_and_a_strange_query_is_refused() {
    let sandbox = Sandbox::builder().employees(300).start().await.unwrap();
    let api = Api::new(&sandbox);
    let page = api.get("/people?status=all&$limit=1000").await;
    assert_eq!((data(&page).len(), &page["limit"]), (250, &250.into()));
    for bad in
        ["$limit=-1", "$limit=many", "$skip=", "$page=2", "status=sleeping", "shoeSize=44", "$sort[id]=0"]
    {
        assert_eq!(api.status(&format!("/people?{bad}")).await, 422, "{bad}");
    }
}

#[tokio::test]
async fn lists_are_narrowed_and_sorted() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let active = api.total("/people?status=active").await;
    let hires = api.total("/people?status=newHire").await;
    let left = api.total("/people?status=offboarded").await;
    assert!(hires > 0 && left > 0);
    assert_eq!(active + hires + left, api.total("/people?status=all").await);
    assert_eq!(api.total("/people").await, active);
    let id = sandbox.people()[1].id.clone();
    for list in ["job-roles", "custom-values"] {
        let rows = api.get(&format!("/{list}?personId={id}")).await;
        assert!(!data(&rows).is_empty() && data(&rows).iter().all(|row| text(row, "personId") == id));
    }
    let rows = api.all("/people?status=all&$sort[lastName]=1").await;
    assert!(rows.is_sorted_by_key(|row| text(row, "lastName").to_owned()) && rows.len() == 70);
    for status in [400, 403, 422] {
        sandbox.behave(|behaviour| behaviour.all_status = AllStatus::Refused(status));
        assert_eq!(api.status("/people?status=all").await, status);
        assert_eq!(api.status("/people?status=offboarded").await, 200);
    }
}

#[tokio::test]
async fn job_roles_can_be_asked_for_on_a_day() {
    let sandbox = Sandbox::start().await.unwrap();
    let api = Api::new(&sandbox);
    let rows = api.all("/job-roles?$asOf=2026-11-24").await;
    let mut seen = HashSet::new();
    for row in &rows {
        assert!(text(row, "effectiveDate") <= "2026-11-24");
        assert!(row["endDate"].is_null() || text(row, "endDate") >= "2026-11-24");
        assert!(seen.insert(text(row, "personId")), "two roles on one day");
    }
    let hires = sandbox.people().iter().filter(|p| p.status == "newHire").count();
    assert_eq!(rows.len(), 250 - hires);
}

#[tokio::test]
async fn the_default_company_holds_no_contradiction() {
    let sandbox = Sandbox::builder().employees(1_000).start().await.unwrap();
    let people = sandbox.change(|world| world.rows(Resource::People));
    let status: HashMap<&str, &str> = people.iter().map(|p| (text(p, "id"), text(p, "status"))).collect();
    assert_eq!(status.len(), 1_000);
    for member in ["email", "personalEmail", "employeeId"] {
        let values: Vec<&str> = people.iter().filter_map(|p| p[member].as_str()).collect();
        assert_eq!(values.iter().collect::<HashSet<_>>().len(), values.len(), "{member}");
    }
    for person in &people {
        let (start, last) = (text(person, "employmentStartDate"), text(person, "lastWorkingDay"));
        match text(person, "status") {
            "active" => assert!(start < "2026-11-24" && last.is_empty()),
            "newHire" => assert!(start > "2027-01-01" && person["email"].is_null()),
            "offboarded" => assert!(start <= last && last < "2026-11-24"),
            other => panic!("{other}"),
        }
        let email = text(person, "email");
        assert!(email.is_ascii() && (email.is_empty() || email.ends_with(".example")), "{email}");
    }
    let count = |wanted: &str| status.values().filter(|status| **status == wanted).count();
    assert!((20..=40).contains(&count("newHire")) && (20..=40).contains(&count("offboarded")));
    assert!(people.iter().any(|p| !text(p, "firstName").is_ascii()));

    let offices = sandbox.change(|world| world.rows(Resource::Locations));
    assert_eq!(offices.iter().filter(|office| text(office, "label").is_empty()).count(), 1);
    let known: HashSet<&str> = offices.iter().map(|office| text(office, "id")).collect();
    let (remote, placed): (Vec<_>, Vec<_>) = people.iter().partition(|p| p["locationId"] == "remote");
    assert!(!remote.is_empty() && placed.iter().all(|p| known.contains(text(p, "locationId"))));

    let roles = sandbox.change(|world| world.rows(Resource::JobRoles));
    let mut managers = HashMap::new();
    let (mut ended, mut ahead, mut gone) = (0, 0, 0);
    for role in &roles {
        let (person, manager) = (text(role, "personId"), text(role, "reportingTo"));
        assert!(status.contains_key(person));
        ahead += usize::from(status[person] == "active" && text(role, "effectiveDate") > "2026-11-24");
        gone += usize::from(status.get(manager) == Some(&"offboarded"));
        if role["endDate"].is_null() {
            assert!(managers.insert(person, manager).is_none(), "two open roles");
            assert!(manager.is_empty() || status[manager] == "active");
        } else {
            ended += 1;
            assert!(text(role, "effectiveDate") <= text(role, "endDate"));
        }
    }
    assert!(ended > 100 && ahead > 10 && gone > 10, "{ended} {ahead} {gone}");
    // Everybody's line of managers ends at the one person who has none.
    assert_eq!(managers.values().filter(|manager| manager.is_empty()).count(), 1);
    for person in managers.keys() {
        let mut at = *person;
        let mut steps = 0;
        while let Some(above) = managers.get(at).filter(|above| !above.is_empty()) {
            at = above;
            steps += 1;
            assert!(steps < 20, "a circle");
        }
    }
}

#[tokio::test]
async fn a_seed_is_a_company() {
    let world = |seed| async move {
        let sandbox = Sandbox::builder().employees(40).seed(seed).start().await.unwrap();
        let rows = |of| sandbox.change(|world| world.rows(of));
        let all = [Resource::People, Resource::JobRoles, Resource::CustomValues].map(rows);
        (sandbox.token().to_owned(), all)
    };
    let (first, again, other) = (world(1).await, world(1).await, world(2).await);
    assert!(first == again);
    assert!(first.0 != other.0 && first.1 != other.1);
    assert!(first.0.starts_with("humaans-sandbox-"));
}

#[tokio::test]
async fn a_plain_company_is_uniform() {
    let sandbox = Sandbox::builder().employees(500).plain().start().await.unwrap();
    let people = sandbox.people();
    assert!(people.iter().all(|p| p.status == "active" && p.email.is_some()));
    let count = |of| sandbox.change(|world| world.rows(of).len());
    assert_eq!(count(Resource::JobRoles), 500);
    assert_eq!(count(Resource::CustomValues), 500);
}

#[tokio::test]
async fn the_day_and_the_size_can_be_chosen() {
    let sandbox = Sandbox::builder().employees(0).today("2031-05-01").start().await.unwrap();
    let people = sandbox.people();
    assert_eq!(people.len(), 1);
    assert_eq!(people[0].id, sandbox.change(|world| world.admin().to_owned()));
    let rows = sandbox.change(|world| world.rows(Resource::People));
    let start = text(&rows[0], "employmentStartDate");
    assert!(start > "2021" && start < "2031", "{start}");
}

#[tokio::test]
async fn a_port_can_be_fixed() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let refused = Sandbox::builder().port(port).start().await;
    assert!(matches!(refused, Err(SandboxError::Port { port: told, .. }) if told == port));
    drop(taken);
    let sandbox = Sandbox::builder().employees(1).port(port).start().await.unwrap();
    assert_eq!(sandbox.url(), format!("http://127.0.0.1:{port}/api"));
    assert_eq!(sandbox.address().port(), port);
}
