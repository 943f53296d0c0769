//! Paging, filters and the invented company.

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;

use hris_humaans::sandbox::{AllStatus, OverLimit, Resource, Sandbox, SandboxError, StatusFilter};

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
async fn a_page_longer_than_the_maximum_is_cut_or_refused() {
    let sandbox = Sandbox::builder().employees(300).start().await.unwrap();
    let api = Api::new(&sandbox);
    let page = api.get("/people?status=all&$limit=1000").await;
    assert_eq!((data(&page).len(), &page["limit"]), (250, &250.into()));
    sandbox.behave(|behaviour| behaviour.max_limit = 40);
    assert_eq!(data(&api.get("/people?$limit=250").await).len(), 40);
    sandbox.behave(|behaviour| behaviour.over_limit = OverLimit::Refuse);
    assert_eq!(api.status("/people?$limit=250").await, 422);
    for bad in ["$limit=-1", "$limit=many", "$skip=-1", "$skip=", "$page=2"] {
        assert_eq!(api.status(&format!("/people?{bad}")).await, 422, "{bad}");
    }
}

#[tokio::test]
async fn status_narrows_the_list() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let active = api.total("/people?status=active").await;
    let hires = api.total("/people?status=newHire").await;
    let left = api.total("/people?status=offboarded").await;
    assert!(hires > 0 && left > 0);
    assert_eq!(active + hires + left, api.total("/people?status=all").await);
    assert_eq!(api.total("/people").await, active);
    for (default, total) in
        [(StatusFilter::All, 70), (StatusFilter::NewHire, hires), (StatusFilter::Offboarded, left)]
    {
        sandbox.behave(|behaviour| behaviour.default_status = default);
        assert_eq!(api.total("/people").await, total);
    }
    for status in [400, 403, 422] {
        sandbox.behave(|behaviour| behaviour.all_status = AllStatus::Refused(status));
        assert_eq!(api.status("/people?status=all").await, status);
        assert_eq!(api.status("/people?status=offboarded").await, 200);
    }
    assert_eq!(api.status("/people?status=sleeping").await, 422);
}

#[tokio::test]
async fn filters_compare_members() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let people = sandbox.people();
    let (one, other) = (&people[1], &people[2]);
    let email = one.email.clone().unwrap();
    let found = api.get(&format!("/people?email={email}")).await;
    assert_eq!(ids(data(&found)), [one.id.as_str()]);
    let both = format!("/people?id[$in]={}&id[$in]={}", one.id, other.id);
    assert_eq!(api.total(&both).await, 2);
    let listed = format!("/people?id%5B%24in%5D%5B%5D={}", one.id);
    assert_eq!(api.total(&listed).await, 1);
    let without = format!("/people?status=all&id[$nin]={}", one.id);
    assert_eq!(api.total(&without).await, 69);
    let team = &one.teams[0];
    let members = people.iter().filter(|p| p.status == "active" && p.teams.contains(team)).count();
    assert_eq!(api.total(&format!("/people?teams={}", team.replace(' ', "%20"))).await, members as u64);
    let roles = api.get(&format!("/job-roles?personId={}", one.id)).await;
    assert!(data(&roles).iter().all(|role| text(role, "personId") == one.id));
    assert!(!data(&roles).is_empty());
    for (query, bound) in [("$gte", true), ("$lt", false)] {
        let rows = api.all(&format!("/job-roles?effectiveDate[{query}]=2024-01-01")).await;
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|row| (text(row, "effectiveDate") >= "2024-01-01") == bound));
    }
    for bad in ["email[$regex]=a", "shoeSize=44", "updatedAt[$gte]=2026-01-01", "email[=a"] {
        assert_eq!(api.status(&format!("/people?{bad}")).await, 422, "{bad}");
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
async fn rows_are_sorted_when_asked() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let names = |page: &serde_json::Value| -> Vec<String> {
        data(page).iter().map(|row| text(row, "lastName").to_owned()).collect()
    };
    let rising = names(&api.get("/people?status=all&$sort[lastName]=1").await);
    assert!(rising.is_sorted() && rising.len() == 70);
    let falling = names(&api.get("/people?status=all&$sort[lastName]=-1").await);
    assert!(falling.iter().rev().is_sorted());
}

#[tokio::test]
async fn the_default_company_holds_no_contradiction() {
    let sandbox = Sandbox::builder().employees(1_000).start().await.unwrap();
    let people = sandbox.people();
    let status: HashMap<&str, &str> = people.iter().map(|p| (p.id.as_str(), p.status.as_str())).collect();
    assert_eq!(status.len(), 1_000);
    let unique = |values: Vec<String>| {
        let count = values.len();
        assert_eq!(values.into_iter().collect::<HashSet<_>>().len(), count);
    };
    unique(people.iter().filter_map(|p| p.email.clone()).collect());
    unique(people.iter().filter_map(|p| p.personal_email.clone()).collect());
    unique(people.iter().map(|p| p.employee_id.clone().unwrap()).collect());
    for person in &people {
        let start = person.start_date.as_deref().unwrap();
        match person.status.as_str() {
            "active" => assert!(start < "2026-11-24" && person.last_day.is_none()),
            "newHire" => assert!(start > "2027-01-01" && person.email.is_none()),
            "offboarded" => {
                let last = person.last_day.as_deref().unwrap();
                assert!(start <= last && last < "2026-11-24");
            }
            other => panic!("{other}"),
        }
        if let Some(email) = &person.email {
            assert!(email.is_ascii() && email.ends_with(".example"), "{email}");
        }
    }
    let count = |wanted: &str| people.iter().filter(|p| p.status == wanted).count();
    assert!((20..=40).contains(&count("newHire")) && (20..=40).contains(&count("offboarded")));
    assert!(people.iter().any(|p| !p.first_name.is_ascii()));
    assert!(people.iter().any(|p| p.location_id.as_deref() == Some("remote")));

    let offices = sandbox.change(|world| world.locations());
    assert!((3..=5).contains(&offices.len()));
    assert_eq!(offices.iter().filter(|(_, label)| label.is_empty()).count(), 1);
    let known: HashSet<&str> = offices.iter().map(|(id, _)| id.as_str()).collect();
    assert!(people.iter().all(|p| {
        let place = p.location_id.as_deref().unwrap();
        place == "remote" || known.contains(place)
    }));

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
    let start = people[0].start_date.clone().unwrap();
    assert!(start.as_str() > "2021" && start.as_str() < "2031", "{start}");
}

#[tokio::test]
async fn a_port_can_be_fixed() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let builder = Sandbox::builder().employees(1).port(port);
    let refused = builder.clone().start().await;
    assert!(matches!(refused, Err(SandboxError::Port { port: told, .. }) if told == port));
    drop(taken);
    let sandbox = builder.start().await.unwrap();
    assert_eq!(sandbox.url(), format!("http://127.0.0.1:{port}/api"));
    assert_eq!(sandbox.address().port(), port);
}
