//! All ids change: a re-import, or another HR system under the same connection.

use serde_json::{Value, json};

use crate::case::Case;
use crate::company::Company;

fn twelve() -> (Company, Case, Vec<(String, String)>) {
    let company = Company::of(12);
    let case = Case::synced(&company, "", "2026-11-02");
    case.everybody_accepts("2026-11-02");
    let owners = owners(&case);
    (company, case, owners)
}

/// Account and address, whatever id it carries.
fn owners(case: &Case) -> Vec<(String, String)> {
    case.users().into_iter().map(|row| (row["id"].clone(), row["given_name"].clone())).collect()
}

fn renamed(person: &Value) -> String {
    format!("new-{}", person["id"].as_str().unwrap_or_default())
}

fn relinked(case: &Case, before: &[(String, String)]) {
    let planned = case.plan("2026-11-03");
    assert_eq!((planned.count("created"), planned.count("deactivated")), (0, 0), "{:?}", planned.actions());
    let ran = if planned.rule().is_empty() {
        case.sync("2026-11-03")
    } else {
        assert_eq!(planned.rule(), "config_changed", "{:#}", planned.report);
        case.approved("2026-11-03")
    };
    assert_eq!(ran.expect(0).count("linked"), 12);
    assert_eq!(owners(case), before);
    for row in case.users() {
        assert!(row["external_id"].starts_with("new-"), "{row:?}");
    }
    case.quiet("2026-11-04");
}

#[test]
fn d_numbers_addresses_and_names_stay() {
    let (company, case, before) = twelve();
    company.set_all(|person| json!({ "id": renamed(person) }));
    company.edit(|records| records.me = "new-o001".to_owned());
    relinked(&case, &before);
}

#[test]
fn d_addresses_and_names_stay_and_numbers_are_new() {
    let (company, case, before) = twelve();
    company.set_all(|person| json!({ "id": renamed(person), "employeeId": renamed(person) }));
    company.edit(|records| records.me = "new-o001".to_owned());
    relinked(&case, &before);
}

#[test]
fn d_nothing_but_the_name_stays() {
    let (company, case, before) = twelve();
    company.set_all(|person| {
        let id = renamed(person);
        json!({ "id": id, "employeeId": id, "email": format!("{id}@tallowmill.example") })
    });
    company.edit(|records| records.me = "new-o001".to_owned());
    let rows = case.users();
    let ran = case.sync("2026-11-03");
    assert_ne!(ran.code, 0, "{:#}", ran.report);
    assert_eq!(case.users(), rows, "neither closed nor made a second time");
    assert_eq!(owners(&case), before);
    assert!(
        ran.report["problems"].to_string().contains("ambiguous_match"),
        "open questions, not `approve that plan`: {:#}",
        ran.report
    );
    // A person decides, and it is done.
    case.json("2026-11-03", &["resolve", "--all", "--same"]).expect(0);
    let ran = case.sync("2026-11-04");
    // Twelve people would sign in with another address.
    assert_eq!(ran.expect(3).rule(), "max_email_changes");
    let ran = case.approved("2026-11-04");
    assert_eq!(ran.expect(0).count("linked"), 12);
    assert_eq!(owners(&case), before);
    case.quiet("2026-11-05");
}
