//! Seeing less is never taking away.

use serde_json::{Value, json};

use crate::case::Case;
use crate::company::{Company, person, with};

/// So many people with everything, `p000` the maker of the token, whose manager this is.
fn complete(people: usize, manager_of_the_maker: Value) -> Company {
    let company = Company::empty("co1");
    company.office("l1", "Mill House");
    for n in 0..people {
        let id = format!("p{n:03}");
        let one = person(&id, &format!("{}", 100 + n), &format!("Given{n} Family{n}"), &format!("p{n}@"));
        company.add(&with(one, json!({ "phoneNumber": format!("+4420794601{n:02}"), "locationId": "l1" })));
        let manager = match n {
            0 => manager_of_the_maker.clone(),
            1 if !manager_of_the_maker.is_null() => Value::Null,
            _ => json!("p000"),
        };
        company.job(&id, json!({ "jobTitle": "Weaver", "department": "Weaving", "reportingTo": manager }));
    }
    company
}

/// Of these people the credential sees the record only.
fn hide(company: &Company, from: usize, to: usize) {
    for n in from..to {
        let id = format!("p{n:03}");
        company.set(
            &id,
            json!({ "phoneNumber": null, "employeeId": null, "employmentStartDate": null,
                    "firstWorkingDay": null, "locationId": null }),
        );
        company.job(&id, json!({ "jobTitle": null, "department": null, "reportingTo": null }));
    }
}

#[test]
fn b_1_what_most_people_lose_at_once_waits() {
    for people in [40_usize, 200] {
        let company = complete(people, json!("p001"));
        let case = Case::synced(&company, "", "2026-11-02");
        case.everybody_accepts("2026-11-02");
        let before = case.users();
        hide(&company, 1, people);
        let ran = case.sync("2026-11-03").expect(2);
        assert_eq!(case.users(), before, "nothing is emptied");
        let lost = ran.problems_of("visibility_lost");
        let phone = lost.iter().find(|problem| problem["field"] == "phone").expect("the phone");
        let message = phone["message"].as_str().expect("a message");
        assert!(
            message.contains(&format!("{people} people had")) && message.contains(" 1 would"),
            "{message}"
        );
        // Removals wait as well, and what is added goes on.
        company.remove(&format!("p{:03}", people - 1));
        company.add(&person("new", "9", "New Comer", "new@"));
        case.sync("2026-11-04").expect(2);
        assert_eq!(case.status(&format!("p{:03}", people - 1)), "active");
        assert_eq!(case.status("new"), "invited");
        if people == 40 {
            case.approved("2026-11-05").expect(0);
            assert_eq!(
                (case.value("p001", "phone"), case.value("p001", "job_title")),
                (String::new(), String::new())
            );
            case.quiet("2026-11-06");
        }
    }
}

#[test]
fn b_1_a_field_that_nobody_has_any_more_beside_them_changes_nothing_of_that() {
    let company = complete(40, Value::Null);
    let case = Case::synced(&company, "", "2026-11-02");
    let before = case.users();
    hide(&company, 1, 40);
    case.sync("2026-11-03").expect(2);
    assert_eq!(case.users(), before);
    // With somebody who would be removed besides, it is refused.
    company.remove("p039");
    assert_eq!(case.sync("2026-11-04").expect(3).rule(), "coverage_lost");
    assert_eq!(case.users(), before);
}

#[test]
fn b_1_what_one_or_two_lose_is_written() {
    let company = complete(40, Value::Null);
    let case = Case::synced(&company, "", "2026-11-02");
    hide(&company, 5, 7);
    case.sync("2026-11-03").expect(0);
    assert_eq!(
        (case.value("p005", "phone"), case.value("p006", "job_title")),
        (String::new(), String::new())
    );
    assert_ne!(case.value("p007", "phone"), "");
    case.quiet("2026-11-04");
}

const EXACT: &str = "[assignments]\nmode = \"exact\"\nroles = { \"Store Manager\" = \"manager\" }\n\
    locations = { \"Kiln Yard\" = \"kiln\", \"Mill House\" = \"mill\" }\n\
    areas = { from = \"teams\", map = { \"Warehouse\" = \"warehouse\" } }\n";

fn store_managers() -> (Company, Case) {
    let company = Company::empty("co1");
    company.office("k", "Kiln Yard");
    company.office("m", "Mill House");
    for n in 0..12 {
        let id = format!("p{n:03}");
        let one = person(&id, &format!("{}", 100 + n), &format!("Given{n} Family{n}"), &format!("p{n}@"));
        company.add(&with(one, json!({ "locationId": "k", "teams": [{ "name": "Warehouse" }] })));
        company.job(&id, json!({ "jobTitle": "Store Manager" }));
    }
    let case = Case::synced(&company, EXACT, "2026-11-02");
    case.everybody_accepts("2026-11-02");
    case.quiet("2026-11-03");
    (company, case)
}

fn given(case: &Case) -> Vec<(String, Vec<String>)> {
    let users = case.users();
    users.iter().map(|row| (row["role"].clone(), case.assignments(&row["id"]))).collect()
}

#[test]
fn b_2_a_word_that_no_rule_names_takes_nothing_away() {
    type Change = fn(&Company);
    let changes: [(&str, Change); 4] = [
        ("title", |company| {
            for n in 0..12 {
                company.job(&format!("p{n:03}"), json!({ "jobTitle": "Shop Manager" }));
            }
        }),
        ("place", |company| company.office("k", "Kiln Yard (new)")),
        ("team", |company| company.set_all(|_| json!({ "teams": [{ "name": "Warehouse & Yard" }] }))),
        ("null", |company| {
            for n in 0..12 {
                company.job(&format!("p{n:03}"), json!({ "jobTitle": null }));
            }
        }),
    ];
    for (what, change) in changes {
        let (company, case) = store_managers();
        let before = given(&case);
        change(&company);
        let ran = case.sync("2026-11-04");
        assert_eq!(given(&case), before, "{what}: {:#}", ran.report);
        if what != "null" {
            let message = ran.problem("unmapped_value")["message"].as_str().expect("a message");
            assert!(message.contains("12"), "{what}: {message}");
        }
        case.sync("2026-11-05");
        assert_eq!(given(&case), before, "{what}");
    }
}

#[test]
fn b_2_a_move_to_a_place_that_a_rule_names_takes_the_old_one_back() {
    let (company, case) = store_managers();
    company.set("p003", json!({ "locationId": "m" }));
    case.sync("2026-11-04").expect(0);
    let id = case.value("p003", "id");
    assert_eq!(case.assignments(&id), ["area warehouse", "location mill"]);
    case.quiet("2026-11-05");
}

#[test]
fn b_2_taking_from_many_at_once_waits() {
    let (company, case) = store_managers();
    let before = given(&case);
    company.set_all(|_| json!({ "teams": [] }));
    // Nobody has a team any more: that is not believed at all.
    case.sync("2026-11-04").expect(0).problem("visibility_lost");
    assert_eq!(given(&case), before);
    company.set("p000", json!({ "teams": [{ "name": "Warehouse" }] }));
    let ran = case.sync("2026-11-04").expect(2);
    assert!(
        ran.problem("visibility_lost")["message"].to_string().contains("12 people had"),
        "{:#}",
        ran.report
    );
    assert_eq!(given(&case), before);
    company.set_all(|person| match person["id"].as_str() {
        Some("p000" | "p001") => json!({ "teams": [] }),
        _ => json!({ "teams": [{ "name": "Warehouse" }] }),
    });
    case.sync("2026-11-05").expect(0);
    assert_eq!(case.assignments(&case.value("p001", "id")), ["location kiln"], "two are daily business");
}

#[test]
fn b_3_the_same_word_in_other_characters_is_the_same_word() {
    const RULES: &str = "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\ngiven_name = \"given_name\"\n\
        department = { from = \"location\", map = { \"Zürich HQ\" = \"Head office\" } }\n\
        [assignments]\nmode = \"exact\"\nlocations = { \"Zürich HQ\" = \"zurich\" }\n";
    let company = Company::empty("co1");
    for (n, label) in
        ["Zürich HQ", "Zürich\u{a0}HQ", "Zürich  HQ", "Zürich\tHQ", "zürich hq", "Zu\u{308}rich HQ"]
            .into_iter()
            .enumerate()
    {
        company.office(&format!("l{n}"), label);
        let one = person(&format!("p{n}"), "", &format!("Given{n} Family{n}"), &format!("p{n}@"));
        company.add(&with(one, json!({ "locationId": format!("l{n}") })));
    }
    let case = Case::new(&company, RULES);
    let ran = case.sync("2026-11-02").expect(0);
    assert_eq!(ran.problems(), Vec::<&str>::new());
    for row in case.users() {
        assert_eq!(row["department"], "Head office", "{row:?}");
        assert_eq!(case.assignments(&row["id"]), ["location zurich"], "{row:?}");
    }
    case.quiet("2026-11-03");
}

#[test]
fn b_3_other_letters_are_other_words() {
    for (rule, says) in [("Istanbul", "İstanbul"), ("Strasse", "Straße"), ("North-West", "North–West")] {
        let company = Company::empty("co1");
        company.office("l", says);
        company.add(&with(person("p", "", "Given Family", "p@"), json!({ "locationId": "l" })));
        let case = Case::new(&company, &format!("[assignments]\nlocations = {{ \"{rule}\" = \"it\" }}\n"));
        let ran = case.sync("2026-11-02").expect(0);
        ran.problem("unmapped_value");
        assert_eq!(case.assignments(&case.value("p", "id")), Vec::<String>::new(), "{rule} {says}");
    }
}

#[test]
fn b_4_a_last_day_that_cannot_be_read_ends_nothing() {
    for (day, kept_until) in [("2026-12-31T00:00:00.000Z", "2026-12-31"), ("soon", "2027-06-01")] {
        let company = Company::of(20);
        company.add(&person("ann", "7", "Ann Berg", "ann@"));
        let case = Case::synced(&company, "", "2026-11-02");
        case.everybody_accepts("2026-11-02");
        company.offboard("ann", day);
        let ran = case.sync("2026-11-27");
        assert_eq!(case.status("ann"), "active", "{day}");
        if ran.code != 0 {
            assert_eq!(ran.code, 2);
            assert_eq!(ran.problem("invalid_date")["severity"], "error");
        }
        case.sync(kept_until);
        assert_eq!(case.status("ann"), "active", "{day}");
    }
    // Dates that are missing say nothing against the status.
    let company = Company::of(20);
    company.add(&person("ann", "7", "Ann Berg", "ann@"));
    let case = Case::synced(&company, "", "2026-11-02");
    company.set("ann", json!({ "status": "offboarded" }));
    case.sync("2026-11-27").expect(0);
    assert_eq!(case.status("ann"), "deactivated");
}

#[test]
fn b_5_an_answer_whose_statuses_are_all_unknown_is_not_believed() {
    let company = Company::of(20);
    let case = Case::synced(&company, "", "2026-11-02");
    let before = case.users();
    company.set_all(|_| json!({ "status": "actif" }));
    let ran = case.sync("2026-11-03").expect(5);
    assert_eq!(case.users(), before);
    let text = ran.report.to_string();
    assert!(text.contains("status"), "{text}");
    company.set_all(|_| json!({ "status": "active" }));
    case.quiet("2026-11-04");
}

const LEAVER: &str = "[policy]\npast_end_date = \"leaver\"\n";

#[test]
fn b_6_a_date_that_stands_for_none_ends_nothing() {
    let company = Company::of(20);
    company.add(&person("ann", "7", "Ann Berg", "ann@"));
    let case = Case::synced(&company, LEAVER, "2026-11-02");
    case.everybody_accepts("2026-11-02");
    let nothing = json!({ "employmentStartDate": null, "firstWorkingDay": null });
    company.set("ann", nothing);
    company.set("ann", json!({ "employmentEndDate": "1970-01-01" }));
    let ran = case.sync("2026-11-03");
    assert_eq!(case.status("ann"), "active");
    assert!(ran.problems().contains(&"invalid_date"), "{:?}", ran.problems());
    company.set("ann", json!({ "employmentEndDate": "1970-01-01", "lastWorkingDay": "0001-01-01" }));
    let ran = case.sync("2026-11-04");
    assert_eq!(case.status("ann"), "active");
    let told: Vec<String> =
        ran.problems_of("invalid_date").iter().map(|one| one["message"].to_string()).collect();
    assert!(!told.iter().any(|text| text.contains("2 people")), "one person is one: {told:?}");
}

#[test]
fn b_6_the_end_of_time_is_no_end() {
    let company = Company::of(5);
    company.add(&with(
        person("ann", "7", "Ann Berg", "ann@"),
        json!({ "employmentEndDate": "9999-12-31", "lastWorkingDay": "9999-12-31" }),
    ));
    let case = Case::new(&company, LEAVER);
    let ran = case.sync("2026-11-02").expect(0);
    assert_eq!(ran.problems(), Vec::<&str>::new(), "{:#}", ran.report);
    case.quiet("2026-11-03");
}
