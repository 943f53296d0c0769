//! The company changes while it is served.

use hris_humaans::sandbox::{CustomField, Job, Location, Person, Resource, Token};
use serde_json::{Value, json};

use super::peculiar::{Peculiarity, add};
use super::{Api, data, small, text};

#[tokio::test]
async fn a_hire_is_served_at_once() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let people = sandbox.change(|world| world.rows(Resource::People));
    let office = sandbox.change(|world| world.add_location(Location::new("Loft", "Porto", "Portugal")));
    let id = sandbox.hire(
        Person::new("Noor", "El-Amrani")
            .job("Buyer", "Sales")
            .reports_to(text(&people[0], "id"))
            .starts("2026-11-02")
            .team("Benelux")
            .location(&office)
            .custom("Cost centre", "200")
            .member("phoneNumber", "+442079460999"),
    );
    let row = api.get(&format!("/people/{id}")).await;
    assert_eq!((&row["firstName"], &row["status"]), (&json!("Noor"), &json!("active")));
    assert_eq!((&row["locationId"], &row["phoneNumber"]), (&json!(office), &json!("+442079460999")));
    assert_eq!(row["teams"], json!([{ "name": "Benelux" }]));
    assert!(text(&row, "email").starts_with("noor.elamrani."));
    assert!(people.iter().all(|other| other["employeeId"] != row["employeeId"]));
    assert_eq!(api.total("/people?status=all").await, 71);
    let roles = api.get(&format!("/job-roles?personId={id}")).await;
    assert_eq!(data(&roles).len(), 1);
    assert_eq!(data(&roles)[0]["reportingTo"], people[0]["id"]);
    assert_eq!(data(&roles)[0]["effectiveDate"], "2026-11-02");
    let values = api.get(&format!("/custom-values?personId={id}")).await;
    assert_eq!(data(&values)[0]["value"], "200");
    let hire = sandbox.hire(Person::new_hire("Oisín", "Thorne"));
    let row = api.get(&format!("/people/{hire}")).await;
    assert_eq!((&row["status"], &row["email"]), (&json!("newHire"), &Value::Null));
    sandbox.change(|world| world.activate(&hire, "oisin@tallowmill.example")).unwrap();
    assert_eq!(api.get(&format!("/people/{hire}")).await["status"], "active");
}

#[tokio::test]
async fn values_change_for_every_reader() {
    let sandbox = small().await;
    let (api, public) = (Api::new(&sandbox), Api::issued(&sandbox, Token::public()));
    let id = sandbox.people()[6].id.clone();
    let path = format!("/people/{id}");
    let before = api.get(&path).await;
    sandbox
        .update(&id, |members| {
            members.set("lastName", "Married").set("phoneNumber", Value::Null);
        })
        .unwrap();
    let after = api.get(&path).await;
    assert_eq!((&after["lastName"], &after["phoneNumber"]), (&json!("Married"), &Value::Null));
    assert!(text(&after, "updatedAt") > text(&before, "updatedAt"));
    assert_eq!(public.get(&path).await["lastName"], "Married");
    sandbox.set_field(&id, "lastName", "Again").unwrap();
    assert_eq!(public.get(&path).await["lastName"], "Again");

    let field =
        sandbox.change(|world| world.add_custom_field(CustomField::new("Shirt", "text").section("social")));
    sandbox.set_custom(&id, "Shirt", "M").unwrap();
    sandbox.set_custom(&id, &field, json!(["S", "M"])).unwrap();
    let values = api.get(&format!("/custom-values?customFieldId={field}")).await;
    assert_eq!((data(&values).len(), &data(&values)[0]["value"]), (1, &json!(["S", "M"])));
    let fields = api.all("/custom-fields").await;
    assert_eq!(text(fields.iter().find(|row| text(row, "id") == field).unwrap(), "section"), "social");

    let strange = json!({ "status": "active", "x": 1 });
    sandbox.change(|world| world.insert(Resource::People, strange.clone()));
    assert_eq!(api.all("/people?status=all").await[70], strange);
}

#[tokio::test]
async fn what_nobody_has_cannot_change() {
    let sandbox = small().await;
    let id = sandbox.people()[1].id.clone();
    assert!(sandbox.update("nobody", |_| ()).is_err());
    assert!(sandbox.offboard("nobody", "2026-01-01").is_err());
    assert!(sandbox.delete("nobody").is_err());
    for day in ["2026-01-01", "2030-01-01"] {
        assert!(sandbox.change_job("nobody", Job::new("a", "b").from(day)).is_err());
    }
    assert!(sandbox.set_custom(&id, "No such field", "x").is_err());
}

#[tokio::test]
async fn people_leave_and_come_back() {
    let sandbox = small().await;
    let api = Api::new(&sandbox);
    let id = sandbox.people()[3].id.clone();
    let path = format!("/people/{id}");
    let before = api.get(&path).await;
    sandbox.offboard(&id, "2026-10-31").unwrap();
    let row = api.get(&path).await;
    assert_eq!((&row["status"], &row["employmentEndDate"]), (&json!("offboarded"), &json!("2026-10-31")));
    assert_eq!(row["employeeId"], before["employeeId"]);
    sandbox.rehire(&id, "2026-11-20").unwrap();
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
async fn peculiar_cases_are_what_they_say() {
    let sandbox = small().await;
    for case in Peculiarity::ALL {
        let id = add(&sandbox, case);
        let rows = Api::new(&sandbox).all("/people?status=all").await;
        let row = rows.iter().find(|row| text(row, "id") == id).unwrap();
        let holds = match case {
            Peculiarity::ActivePastLastDay => {
                let last = text(row, "lastWorkingDay");
                row["status"] == "active" && !last.is_empty() && last < "2026-11-24"
            }
            Peculiarity::ActiveStartingLater => {
                row["status"] == "active" && text(row, "employmentStartDate") > "2026-11-24"
            }
            Peculiarity::DemoPerson => row["demo"] == true,
            Peculiarity::HiddenEmail => row["isWorkEmailHidden"] == true,
            Peculiarity::InvalidDate => row["employmentStartDate"] == "2025-02-31",
            Peculiarity::OffboardedUndated => {
                row["status"] == "offboarded" && row["lastWorkingDay"].is_null()
            }
            Peculiarity::OffboardedToday => {
                row["status"] == "offboarded" && row["lastWorkingDay"] == "2026-11-24"
            }
            Peculiarity::RepeatedId => {
                let twins = rows.iter().filter(|other| other["id"] == row["id"]);
                twins.map(|twin| text(twin, "lastName")).eq(["RepeatedId", "Twin"])
            }
            Peculiarity::StrangeName => text(row, "lastName").contains('\n'),
            Peculiarity::UnknownStatus => row["status"] == "sabbatical",
        };
        assert!(holds, "{case:?}");
    }
}
