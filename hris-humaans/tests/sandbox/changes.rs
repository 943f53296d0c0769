//! The company changes while it is served.

use hris_humaans::sandbox::{
    CustomField, Job, Location, Peculiarity, Person, Resource, Sandbox, Status, Token,
};
use serde_json::{Value, json};

use super::{Api, data, ids, small, text};

#[tokio::test]
async fn a_hire_is_served_at_once() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let manager = sandbox.people()[0].id.clone();
    let office = sandbox
        .change(|w| w.add_location(Location::new("Loft", "Porto", "Portugal").timezone("Europe/Lisbon")));
    let id = sandbox.hire(
        Person::new("Noor", "El-Amrani")
            .job("Buyer", "Sales")
            .reports_to(&manager)
            .starts("2026-11-02")
            .team("Benelux")
            .location(&office)
            .custom("Cost centre", "200")
            .member("phoneNumber", "+442079460999"),
    );
    let row = api.get(&format!("/people/{id}")).await;
    assert_eq!(text(&row, "firstName"), "Noor");
    assert_eq!(row["status"], "active");
    assert_eq!(row["locationId"], json!(office));
    assert_eq!(row["phoneNumber"], "+442079460999");
    assert_eq!(row["teams"], json!([{ "name": "Benelux" }]));
    assert!(text(&row, "email").starts_with("noor.elamrani."));
    assert_eq!(api.total("/people?status=all").await, 71);
    let roles = api.get(&format!("/job-roles?personId={id}")).await;
    assert_eq!(data(&roles).len(), 1);
    assert_eq!(data(&roles)[0]["reportingTo"], json!(manager));
    assert_eq!(data(&roles)[0]["effectiveDate"], "2026-11-02");
    let values = api.get(&format!("/custom-values?personId={id}")).await;
    assert_eq!(data(&values)[0]["value"], "200");
    let hire = sandbox.hire(Person::new_hire("Oisín", "Thorne").remote("Cork", "IE"));
    let row = api.get(&format!("/people/{hire}")).await;
    assert_eq!((&row["status"], &row["email"]), (&json!("newHire"), &Value::Null));
    assert_eq!((&row["locationId"], &row["remoteCity"]), (&json!("remote"), &json!("Cork")));
    sandbox.change(|w| w.activate(&hire, "oisin@tallowmill.example")).unwrap();
    assert_eq!(api.get(&format!("/people/{hire}")).await["status"], "active");
}

#[tokio::test]
async fn employee_ids_of_hires_are_new() {
    let sandbox = small().await;
    let taken: Vec<_> = sandbox.people().into_iter().map(|p| p.employee_id).collect();
    let id = sandbox.hire(Person::new("Noor", "Amrani"));
    let number = sandbox.person(&id).unwrap().employee_id;
    assert!(number.is_some() && !taken.contains(&number));
}

#[tokio::test]
async fn values_change_one_by_one() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let person = sandbox.people()[6].clone();
    let path = format!("/people/{}", person.id);
    let before = api.get(&path).await;
    sandbox
        .update(&person.id, |members| {
            assert_eq!(members.value("lastName"), Some(&json!(person.last_name)));
            members.set("lastName", "Married").set("phoneNumber", Value::Null).remove("timezone");
        })
        .unwrap();
    sandbox.set_field(&person.id, "/jobRole/department", "Finance").unwrap();
    let after = api.get(&path).await;
    assert_eq!(after["lastName"], "Married");
    assert_eq!((after.get("phoneNumber"), after.get("timezone")), (Some(&Value::Null), None));
    assert_eq!(after["jobRole"]["department"], "Finance");
    assert_eq!(after["jobRole"]["jobTitle"], before["jobRole"]["jobTitle"]);
    assert!(text(&after, "updatedAt") > text(&before, "updatedAt"));
    // The public view of the same row follows.
    let public = Api::issued(&sandbox, Token::public());
    assert_eq!(public.get(&path).await["lastName"], "Married");
    sandbox.set_field(&person.id, "lastName", "Again").unwrap();
    assert_eq!(public.get(&path).await["lastName"], "Again");

    sandbox.change(|w| w.set_teams(&person.id, &["One", "Two"])).unwrap();
    sandbox.change(|w| w.relocate(&person.id, "remote")).unwrap();
    let view = sandbox.person(&person.id).unwrap();
    assert_eq!(view.teams, ["One", "Two"]);
    assert_eq!(view.location_id.as_deref(), Some("remote"));
}

#[tokio::test]
async fn what_nobody_has_cannot_change() {
    let sandbox = small().await;
    let id = sandbox.people()[1].id.clone();
    assert!(sandbox.update("nobody", |_| ()).is_err());
    assert!(sandbox.offboard("nobody", "2026-01-01").is_err());
    assert!(sandbox.delete("nobody").is_err());
    assert!(sandbox.rehire_as_new("nobody", "2026-01-01").is_err());
    assert!(sandbox.change_job("nobody", Job::new("a", "b")).is_err());
    assert!(sandbox.set_field(&id, "/jobRole/none/deeper", 1).is_err());
    assert!(sandbox.set_custom(&id, "No such field", "x").is_err());
    assert!(sandbox.change(|w| w.remove(Resource::Locations, "nowhere")).is_err());
}

#[tokio::test]
async fn people_leave_and_come_back() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let person = sandbox.people()[3].clone();
    let path = format!("/people/{}", person.id);
    sandbox.change(|w| w.plan_leaving(&person.id, "2026-12-31")).unwrap();
    let row = api.get(&path).await;
    assert_eq!((&row["status"], &row["lastWorkingDay"]), (&json!("active"), &json!("2026-12-31")));
    sandbox.offboard(&person.id, "2026-10-31").unwrap();
    let row = api.get(&path).await;
    assert_eq!((&row["status"], &row["employmentEndDate"]), (&json!("offboarded"), &json!("2026-10-31")));
    assert_eq!(row["employeeId"], json!(person.employee_id));
    let new = sandbox.rehire_as_new(&person.id, "2026-11-20").unwrap();
    let twin = sandbox.person(&new).unwrap();
    assert_eq!((&twin.email, &twin.employee_id), (&person.email, &person.employee_id));
    assert_eq!((twin.status.as_str(), twin.id == person.id), ("active", false));
    sandbox.delete(&new).unwrap();
    sandbox.rehire(&person.id, "2026-11-20").unwrap();
    let row = api.get(&path).await;
    assert_eq!((&row["status"], &row["lastWorkingDay"]), (&json!("active"), &Value::Null));
    assert_eq!((&row["leavingReason"], &row["employmentStartDate"]), (&Value::Null, &json!("2026-11-20")));
}

#[tokio::test]
async fn the_deleted_are_gone_with_all_they_had() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let id = sandbox.people()[9].id.clone();
    sandbox.delete(&id).unwrap();
    assert_eq!(api.status(&format!("/people/{id}")).await, 404);
    assert_eq!(api.total(&format!("/job-roles?personId={id}")).await, 0);
    assert_eq!(api.total(&format!("/custom-values?personId={id}")).await, 0);
    assert_eq!(api.total("/people?status=all").await, 69);
    let after = sandbox.people()[9].id.clone();
    assert_eq!(text(&api.get(&format!("/people/{after}")).await, "id"), after);
}

#[tokio::test]
async fn a_job_change_leaves_a_history() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let id = sandbox.hire(Person::new("Wren", "Thorne").starts("2024-01-01"));
    let before = api.get(&format!("/people/{id}")).await;
    sandbox.change_job(&id, Job::new("Lead", "Sales").from("2026-06-01")).unwrap();
    let role = sandbox.change_job(&id, Job::new("Chief", "Sales").from("2027-03-01")).unwrap();
    let roles = api.get(&format!("/job-roles?personId={id}")).await;
    let ends: Vec<_> = data(&roles).iter().map(|role| role["endDate"].clone()).collect();
    assert_eq!(ends, [json!("2026-05-31"), json!("2027-02-28"), Value::Null]);
    assert_eq!(text(&data(&roles)[2], "id"), role);
    let after = api.get(&format!("/people/{id}")).await;
    assert_eq!(after["jobRole"]["jobTitle"], "Lead");
    assert_eq!(after["updatedAt"], before["updatedAt"]);
}

#[tokio::test]
async fn custom_fields_change() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let id = sandbox.people()[2].id.clone();
    let field =
        sandbox.change(|w| w.add_custom_field(CustomField::select("Shirt", ["S", "M"]).section("social")));
    sandbox.set_custom(&id, "Shirt", "M").unwrap();
    sandbox.set_custom(&id, &field, json!(["S", "M"])).unwrap();
    let values = api.get(&format!("/custom-values?customFieldId={field}")).await;
    assert_eq!((data(&values).len(), &data(&values)[0]["value"]), (1, &json!(["S", "M"])));
    sandbox.change(|w| w.set(Resource::CustomFields, &field, "name", "Top")).unwrap();
    let fields = api.all("/custom-fields").await;
    let known = fields.iter().find(|row| text(row, "id") == field).unwrap();
    assert_eq!((text(known, "name"), text(known, "section")), ("Top", "social"));
    assert_eq!(known["config"], json!({ "choices": ["S", "M"] }));
}

#[tokio::test]
async fn any_row_can_be_served() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let key = sandbox.change(|w| w.insert(Resource::People, json!({ "status": "active", "x": 1 })));
    let rows = api.all("/people?status=all").await;
    assert_eq!(rows[70], json!({ "status": "active", "x": 1 }));
    sandbox.change(|w| w.set(Resource::People, &key, "id", 17)).unwrap();
    assert_eq!(api.all("/people?status=all").await[70]["id"], 17);
    sandbox.change(|w| w.remove(Resource::People, &key)).unwrap();
    assert_eq!(api.total("/people?status=all").await, 70);
}

#[tokio::test]
async fn ids_can_be_recycled_and_replaced() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let person = sandbox.people()[5].clone();
    let new = sandbox.change(|w| w.rekey(&person.id)).unwrap();
    assert_eq!(api.status(&format!("/people/{}", person.id)).await, 404);
    let moved = sandbox.person(&new).unwrap();
    assert_eq!((moved.email, moved.employee_id), (person.email, person.employee_id));
    assert_eq!(api.total(&format!("/job-roles?personId={}", person.id)).await, 0);
    assert!(api.total(&format!("/job-roles?personId={new}")).await > 0);
    sandbox.change(|w| w.recycle(&new, Person::new("Someone", "Else"))).unwrap();
    let other = api.get(&format!("/people/{new}")).await;
    assert_eq!((text(&other, "firstName"), text(&other, "id")), ("Someone", new.as_str()));
    assert_eq!(api.total(&format!("/job-roles?personId={new}")).await, 1);
}

#[tokio::test]
async fn peculiar_cases_are_what_they_say() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let all = async || api.all("/people?status=all").await;
    for case in Peculiarity::ALL {
        let id = sandbox.add(case);
        let rows = all().await;
        let row = rows.iter().find(|row| text(row, "id") == id).unwrap();
        let same = |member: &str| rows.iter().filter(|other| other[member] == row[member]).count();
        let roles = api.get(&format!("/job-roles?personId={id}")).await;
        let manager = data(&roles).last().map(|role| text(role, "reportingTo").to_owned());
        let manager = manager.unwrap_or_default();
        let boss = rows.iter().find(|row| text(row, "id") == manager);
        let offices = sandbox.change(|w| w.locations());
        let office = offices.iter().find(|(id, _)| *id == text(row, "locationId"));
        let holds = match case {
            Peculiarity::ActivePastLastDay => {
                row["status"] == "active"
                    && text(row, "lastWorkingDay") < "2026-11-24"
                    && !row["lastWorkingDay"].is_null()
            }
            Peculiarity::ActiveStartingLater => {
                row["status"] == "active" && text(row, "employmentStartDate") > "2026-11-24"
            }
            Peculiarity::DemoPerson => row["demo"] == true,
            Peculiarity::HiddenEmail => row["isWorkEmailHidden"] == true,
            Peculiarity::InvalidDate => row["employmentStartDate"] == "2025-02-31",
            Peculiarity::ManagerCycle => {
                let path = format!("/job-roles?personId={manager}");
                text(&data(&api.get(&path).await)[0], "reportingTo") == id
            }
            Peculiarity::ManagerHasLeft => boss.unwrap()["status"] == "offboarded",
            Peculiarity::MissingEmail => row["email"].is_null() && row["status"] == "active",
            Peculiarity::OffboardedUndated => {
                row["status"] == "offboarded" && row["lastWorkingDay"].is_null()
            }
            Peculiarity::OffboardedToday => {
                row["status"] == "offboarded" && row["lastWorkingDay"] == "2026-11-24"
            }
            Peculiarity::RepeatedId => same("id") == 2 && same("lastName") == 1,
            Peculiarity::SharedEmail => same("email") == 2,
            Peculiarity::SharedEmployeeId => same("employeeId") == 2,
            Peculiarity::StrangeName => text(row, "lastName").contains('\n'),
            Peculiarity::UnknownLocation => office.is_none(),
            Peculiarity::UnknownManager => !manager.is_empty() && boss.is_none(),
            Peculiarity::UnknownStatus => row["status"] == "sabbatical",
            Peculiarity::UnlabelledOffice => office.unwrap().1.is_empty(),
            other => panic!("{other:?} has no test"),
        };
        assert!(holds, "{case:?}");
    }
    let sandbox = Sandbox::builder().employees(5).peculiarities().start().await.unwrap();
    assert_eq!(sandbox.people().iter().filter(|p| p.first_name == "Peculiar").count(), 19);
    let statuses: Vec<_> = sandbox.people().into_iter().map(|p| p.status).collect();
    assert!(statuses.iter().any(|status| status == Status::Offboarded.as_str()));
    let rows = Api::new(&sandbox).all("/people?status=all").await;
    assert_eq!(ids(&rows).len(), sandbox.people().len());
}
