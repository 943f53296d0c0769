//! Whose account is it: an account moves on facts, and everything else is a question.

use serde_json::{Value, json};

use crate::case::{Case, Row};
use crate::company::{Company, person, starts, with};

fn anna() -> Value {
    starts(person("anna", "14", "Anna Berg", "anna.berg@"), "2018-01-01")
}

fn bela() -> Value {
    starts(person("bela", "14", "Bela Szabo", "bela.szabo@"), "2026-11-02")
}

/// Anna's account as an administrator left it: in use, with a level and an area.
fn with_anna() -> (Company, Case, String) {
    let company = Company::of(20);
    company.add(&anna());
    let case = Case::synced(&company, "", "2026-01-05");
    case.everybody_accepts("2026-01-06");
    let id = case.value("anna", "id");
    case.sql(&format!(
        "update users set role = 'manager' where id = '{id}'; \
         insert into assignments (user_id, kind, value) values ('{id}', 'area', 'payroll-admin');"
    ));
    (company, case, id)
}

/// Bela has nothing of Anna's: no account yet, or one of his own with the usual level.
#[track_caller]
fn bela_inherits_nothing(case: &Case, hers: &str) {
    for row in case.at("bela.szabo@") {
        assert_ne!(row["id"], hers);
        assert_ne!(row["role"], "manager");
        assert_eq!(case.assignments(&row["id"]), Vec::<String>::new());
    }
    let row = case.account(hers);
    assert_eq!((row["email"].as_str(), row["given_name"].as_str()), ("anna.berg@tallowmill.example", "Anna"));
    assert_eq!(case.assignments(hers), ["area payroll-admin"]);
}

#[test]
fn a_1_an_employee_number_given_again_gives_no_account_away() {
    let (company, case, hers) = with_anna();
    company.offboard("anna", "2026-02-27");
    assert_eq!(case.sync("2026-03-01").expect(0).actions().last().expect("one"), "deactivate anna");
    let closed = case.account(&hers);
    company.add(&bela());
    case.sync("2026-11-03");
    assert_eq!(case.account(&hers), closed, "closed, and nothing of it changed");
    bela_inherits_nothing(&case, &hers);
    case.sync("2026-11-04");
    assert_eq!(case.account(&hers), closed);
    bela_inherits_nothing(&case, &hers);
}

#[test]
fn a_1_nor_where_the_other_leaves_in_the_same_run() {
    let (company, case, hers) = with_anna();
    company.offboard("anna", "2026-10-30");
    company.add(&bela());
    for day in ["2026-11-03", "2026-11-04"] {
        case.sync(day);
        bela_inherits_nothing(&case, &hers);
        assert_eq!(case.account(&hers)["status"], "deactivated", "not open under a leaver's address");
    }
}

#[test]
fn a_2_a_number_that_equals_a_strangers_changes_nothing_of_the_stranger() {
    let company = Company::of(5);
    company.add(&person("ann", "14", "Ann Berg", "ann.berg@"));
    let case = Case::new(&company, "");
    case.product();
    case.sql(
        "insert into users (id, employee_number, email, given_name, family_name, role, status) values \
         ('carl', '14', 'carl.dahl@tallowmill.example', 'Carl', 'Dahl', 'admin', 'active');",
    );
    let before = case.account("carl");
    for day in ["2026-11-03", "2026-11-04"] {
        let ran = case.sync(day).expect(2);
        ran.problem("ambiguous_match");
        assert_eq!(case.account("carl"), before);
        assert_eq!(case.user("ann"), None, "nor is a second account made for her");
    }
}

#[test]
fn a_3_one_contract_ends_and_another_begins() {
    let company = Company::of(5);
    company.add(&person("jobA", "100", "Jo Hart", "jo@"));
    let case = Case::synced(&company, "", "2026-11-26");
    case.everybody_accepts("2026-11-26");
    let account = case.value("jobA", "id");
    company.add(&person("jobB", "200", "Jo Hart", "jo@"));
    case.sync("2026-11-27").expect(2);
    assert_eq!(case.status("jobA"), "active", "two records of one person are held, as long as both go on");
    company.offboard("jobA", "2026-11-27");
    let ran = case.sync("2026-11-28").expect(0);
    assert!(!ran.actions().iter().any(|action| action.starts_with("deactivate")), "{:?}", ran.actions());
    let row = case.account(&account);
    assert_eq!(
        (row["external_id"].as_str(), row["email"].as_str(), row["status"].as_str()),
        ("jobB", "jo@tallowmill.example", "active")
    );
    assert_eq!(case.users().len(), 6, "no second account");
    case.quiet("2026-11-29");
}

#[test]
fn a_3_a_contractor_with_a_new_family_name_and_no_number_keeps_the_account_until_somebody_decides() {
    let company = Company::of(5);
    company.add(&person("jobA", "", "Jo Hart", "jo@"));
    let case = Case::synced(&company, "", "2026-11-26");
    case.everybody_accepts("2026-11-26");
    let account = case.value("jobA", "id");
    company.offboard("jobA", "2026-11-26");
    company.add(&person("jobB", "", "Jo Harting", "jo@"));
    let before = case.account(&account);
    for day in ["2026-11-28", "2026-11-29"] {
        case.sync(day).expect(2).problem("ambiguous_match");
        assert_eq!(case.account(&account), before, "neither closed nor stripped of the address");
        assert_eq!(case.users().len(), 6, "nor is a second account made");
    }
    case.json("2026-11-29", &["resolve", "--all", "--same"]).expect(0);
    case.sync("2026-11-30").expect(0);
    assert_eq!(case.value("jobB", "id"), account);
    case.quiet("2026-12-01");
}

#[test]
fn a_7_an_international_domain_is_one_domain_in_both_forms() {
    for (stored, says) in [
        ("anna@xn--bcher-kva.example", "anna@bücher.example"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
    ] {
        let company = Company::of(3);
        company.add(&person("anna", "", "Anna Berg", says));
        let case = Case::new(&company, "");
        case.product();
        case.sql(&format!(
            "insert into users (id, email, given_name, family_name, status) \
             values ('ua', '{stored}', 'Anna', 'Berg', 'active');"
        ));
        case.sync("2026-11-03").expect(0);
        let row = case.user("anna").expect("linked");
        assert_eq!((row["id"].as_str(), row["email"].as_str()), ("ua", stored), "the stored form stays");
        case.quiet("2026-11-04");
    }
}

#[test]
fn a_7_letters_before_the_at_are_never_equated() {
    for (stored, says) in [
        ("groß@tallowmill.example", "gross@"),
        ("аnna@tallowmill.example", "anna@"),
        ("ılse@tallowmill.example", "ilse@"),
    ] {
        let company = Company::of(3);
        company.add(&person("new", "", "New Person", says));
        let case = Case::new(&company, "");
        case.product();
        case.sql(&format!(
            "insert into users (id, email, given_name, family_name, status) \
             values ('ua', '{stored}', 'Somebody', 'Else', 'active');"
        ));
        let before = case.account("ua");
        case.sync("2026-11-03");
        assert_eq!(case.account("ua"), before);
        assert_ne!(case.value("new", "id"), "ua");
    }
}

fn invited(policy: &str) -> (Company, Case) {
    let company = Company::of(5);
    company.add(&person("ann", "7", "Ann Berg", "ann@tallowmil.example"));
    let case = Case::synced(&company, policy, "2026-11-01");
    case.sql(
        "update users set status = 'active' where external_id <> 'ann'; \
              update invites set accepted_at = '2026-11-01T10:00:00Z' where user_id in \
              (select id from users where external_id <> 'ann');",
    );
    company.set("ann", json!({ "email": "ann@tallowmill.example" }));
    (company, case)
}

#[test]
fn a_8_a_joiner_is_invited_at_the_corrected_address() {
    for policy in ["", "[policy]\nreinvite_after_days = 0\n"] {
        let (_company, case) = invited(policy);
        let ran = case.sync("2026-11-02").expect(0);
        assert_eq!(ran.count("reinvited") + ran.count("invited"), 1, "{:?}", ran.actions());
        assert_eq!(case.value("ann", "email"), "ann@tallowmill.example");
        let open = "select user_id from invites join users on users.id = user_id where external_id = 'ann' \
            and accepted_at is null and (expires_at is null or expires_at > '2026-11-02T09:00:00Z')";
        assert_eq!(case.rows(open).len(), 1, "the old invitation has ended");
        case.quiet("2026-11-03");
    }
}

#[test]
fn a_8_whoever_has_accepted_is_not_invited_again() {
    let (_company, case) = invited("");
    case.everybody_accepts("2026-11-01");
    let ran = case.sync("2026-11-02").expect(0);
    assert_eq!(ran.actions(), ["update ann"]);
    assert_eq!(case.invites("ann"), 1);
    case.quiet("2026-11-03");
}

#[test]
fn a_9_an_invitation_is_not_sent_for_ever() {
    let company = Company::of(1);
    let case = Case::new(&company, "");
    let mut day: hris_core::Date = "2026-01-01".parse().expect("a day");
    for _ in 0..36 {
        let ran = case.sync(&day.to_string()).expect(0);
        assert!(ran.problems().len() <= 1, "one warning a run: {:#}", ran.report);
        day = day.plus_days(31);
    }
    assert_eq!(case.invites("o001"), 3, "max_invites");
    let last = case.sync(&day.to_string()).expect(0);
    assert!(last.problem("divergence")["message"].to_string().contains("hris link"));
}

#[test]
fn a_9_the_number_of_invitations_is_a_setting() {
    let company = Company::of(1);
    let case = Case::new(&company, "[policy]\nmax_invites = 1\n");
    for day in ["2026-01-01", "2026-02-01", "2026-03-04"] {
        case.sync(day).expect(0);
    }
    assert_eq!(case.invites("o001"), 1);
}

#[test]
fn a_placeholder_is_no_key() {
    for (number, email) in [("N/A", "ann@"), ("0", "ann@"), ("tbd", "ann@")] {
        let company = Company::of(5);
        company.add(&person("ann", number, "Ann Berg", email));
        let case = Case::new(&company, "");
        case.product();
        case.sql(&format!(
            "insert into users (id, employee_number, email, given_name, family_name, status) values \
             ('carl', '{number}', 'carl@tallowmill.example', 'Carl', 'Dahl', 'active');"
        ));
        let before: Row = case.account("carl");
        case.sync("2026-11-03").expect(0);
        assert_eq!(case.account("carl"), before);
        assert_ne!(case.value("ann", "id"), "", "an account of her own");
    }
}

#[test]
fn two_facts_move_an_account_that_bears_the_id_of_somebody_who_left() {
    let company = Company::of(5);
    company.add(&person("old", "7", "Ann Berg", "ann@"));
    let case = Case::synced(&company, "", "2026-11-01");
    case.everybody_accepts("2026-11-01");
    let account = case.value("old", "id");
    company.remove("old");
    company.add(&with(person("new", "8", "Ann Berg", "ann@"), json!({})));
    case.sync("2026-11-02").expect(0);
    assert_eq!(case.value("new", "id"), account);
    case.quiet("2026-11-03");
}
