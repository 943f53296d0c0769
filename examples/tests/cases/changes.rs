//! Changes that nobody meant.

use serde_json::{Value, json};

use crate::case::Case;
use crate::company::{Company, person, with};

fn number(person: &Value) -> String {
    person["id"].as_str().unwrap_or_default().trim_start_matches('o').to_owned()
}

fn sixty() -> (Company, Case) {
    let company = Company::of(60);
    company.set_all(|person| json!({ "personalEmail": format!("n{}@home.example", number(person)) }));
    let case = Case::synced(&company, "", "2026-11-02");
    case.everybody_accepts("2026-11-02");
    (company, case)
}

#[test]
fn c_1_everybodys_sign_in_address_is_not_changed_in_passing() {
    let (company, case) = sixty();
    let before = case.users();
    company.set_all(|person| {
        json!({ "email": format!("noreply+{}@tallowmill.invalid", number(person)), "firstName": "Anonymised",
                "lastName": "Anonymised" })
    });
    let ran = case.sync("2026-11-03").expect(3);
    assert_eq!(ran.rule(), "max_email_changes");
    assert_eq!(case.users(), before);
}

#[test]
fn c_1_a_mapping_of_another_address_is_looked_at_first() {
    let (company, case) = sixty();
    let before = case.users();
    let mapping = "[mapping]\nexternal_id = \"id\"\nemployee_number = \"employee_number\"\n\
        email = \"personal_email\"\ngiven_name = \"given_name\"\nfamily_name = \"family_name\"\n";
    case.configure("hris.toml", "acme", &company, mapping);
    assert_eq!(case.sync("2026-11-03").expect(3).rule(), "config_changed");
    assert_eq!(case.users(), before);
}

#[test]
fn c_1_a_change_of_domain_asks_once_and_passes_whole_without_invitations() {
    let (company, case) = sixty();
    company.set_all(|person| json!({ "email": format!("other{}@newmill.example", number(person)) }));
    assert_eq!(case.sync("2026-11-03").expect(3).rule(), "max_email_changes");
    let ran = case.approved("2026-11-03").expect(0);
    assert_eq!((ran.count("updated"), ran.count("invited"), ran.count("reinvited")), (60, 0, 0));
    case.quiet("2026-11-04");
}

#[test]
fn c_1_a_few_addresses_change_by_themselves() {
    let (company, case) = sixty();
    for n in 1..=12 {
        company.set(&format!("o{n:03}"), json!({ "email": format!("moved{n}@tallowmill.example") }));
    }
    assert_eq!(case.sync("2026-11-03").expect(0).count("updated"), 12, "20 % of 60");
    case.quiet("2026-11-04");
}

#[test]
fn c_2_a_protection_that_protects_nobody_is_told() {
    for entry in ["owner@tallowmil.example", "own"] {
        let company = Company::of(20);
        company.add(&person("own", "1", "Olga Owner", "owner@"));
        let case =
            Case::synced(&company, &format!("[safeguards]\nprotected = [\"{entry}\"]\n"), "2026-11-02");
        let checked = case.json("2026-11-03", &["check"]).expect(0);
        assert!(checked.report.to_string().contains("protected_unknown"), "{:#}", checked.report);
        for command in ["plan", "sync"] {
            let ran = case.json("2026-11-03", &[command]).expect(0);
            assert!(ran.problem("protected_unknown")["message"].to_string().contains("entry 1"), "{command}");
        }
    }
}

#[test]
fn c_2_an_account_once_protected_stays_so_when_its_address_changes() {
    let company = Company::of(20);
    company.add(&person("own", "1", "Olga Owner", "owner@"));
    let protected = "[safeguards]\nprotected = [\"Owner@tallowmill.example\"]\n";
    let case = Case::synced(&company, protected, "2026-11-02");
    case.everybody_accepts("2026-11-02");
    case.quiet("2026-11-03");
    company.set("own", json!({ "email": "ceo@tallowmill.example" }));
    case.sync("2026-11-04").expect(0);
    assert_eq!(case.value("own", "email"), "ceo@tallowmill.example");
    let checked = case.json("2026-11-05", &["check"]).expect(0);
    assert!(!checked.report.to_string().contains("protected_unknown"), "{:#}", checked.report);
    company.offboard("own", "2026-11-04");
    let ran = case.sync("2026-11-05");
    assert_eq!(case.status("own"), "active", "{:#}", ran.report);
    assert_eq!(ran.problems_of("protected_unknown").len(), 0);
}

#[test]
fn c_3_a_form_of_the_targets_own_is_learned() {
    let company = Company::of(19);
    for n in 1..=19 {
        company.job(&format!("o{n:03}"), json!({ "jobTitle": format!("Weaver{n}") }));
    }
    let case = Case::new(&company, "");
    case.product();
    case.sql(
        "create trigger cut_insert after insert on users begin \
           update users set job_title = substr(new.job_title, 1, 6) where id = new.id; end; \
         create trigger cut_update after update of job_title on users when length(new.job_title) > 6 begin \
           update users set job_title = substr(new.job_title, 1, 6) where id = new.id; end;",
    );
    case.sync("2026-11-02");
    case.everybody_accepts("2026-11-02");
    let mut told = 0;
    for day in ["2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"] {
        let ran = case.sync(day);
        told += ran.problems_of("divergence").len();
        assert_eq!(ran.actions(), Vec::<String>::new(), "{day}: {:#}", ran.report);
    }
    assert!(told >= 1, "the field is named");
    case.sql("update users set job_title = 'Dyer' where external_id = 'o003';");
    assert_eq!(case.sync("2026-11-07").actions(), ["update o003"], "an edit is still brought back");
    assert_eq!(case.value("o003", "job_title"), "Weaver");
    assert_eq!(case.sync("2026-11-08").actions(), Vec::<String>::new());
}

#[test]
fn c_4_the_order_of_a_list_is_no_change() {
    let company = Company::of(3);
    company.set("o002", json!({ "teams": [{ "name": "Weaving" }, { "name": "First aiders" }] }));
    let mapping = "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\ncustom.teams = \"teams\"\n";
    let case = Case::synced(&company, mapping, "2026-11-02");
    company.set("o002", json!({ "teams": [{ "name": "First aiders" }, { "name": "Weaving" }] }));
    case.quiet("2026-11-03");
}

#[test]
fn c_5_one_field_refused_does_not_keep_the_others() {
    let company = Company::of(5);
    let case = Case::new(&company, "");
    case.product();
    case.sql(
        "create trigger short before update on users when length(new.family_name) > 30 begin \
         select raise(abort, 'family_name is too long'); end;",
    );
    case.sync("2026-11-02").expect(0);
    let long = "Longname".repeat(5);
    company.set("o002", json!({ "lastName": long, "phoneNumber": "+442079460117" }));
    let ran = case.sync("2026-11-03").expect(2);
    assert_eq!(case.value("o002", "phone"), "+442079460117", "{:#}", ran.report);
    assert_eq!(case.value("o002", "family_name"), "Person2");
    assert!(ran.report.to_string().contains("family_name"), "{:#}", ran.report);
    company.set("o002", json!({ "lastName": "Short" }));
    case.sync("2026-11-04").expect(0);
    case.quiet("2026-11-05");
}

#[test]
fn c_6_invisible_characters_are_named_and_not_stored() {
    let company = Company::of(5);
    company.add(&person("anna", "7", "Anna Berg", "anna@tallowmill.example\u{200b}"));
    let case = Case::new(&company, "");
    let ran = case.sync("2026-11-02");
    assert_eq!(ran.problems(), ["invalid_email"], "{:#}", ran.report);
    let message = ran.problem("invalid_email")["message"].to_string();
    assert!(message.contains("invisible") || message.contains("cannot be seen"), "{message}");
    assert_eq!(case.user("anna"), None);
    // A name with such a character is left out, and the account keeps its own.
    company.set("anna", json!({ "email": "anna@tallowmill.example" }));
    case.sync("2026-11-03").expect(0);
    company.set("anna", json!({ "firstName": "An\u{0}na", "phoneNumber": "+442079460117" }));
    let ran = case.sync("2026-11-04");
    assert!(!ran.problems().is_empty(), "{:#}", ran.report);
    assert_eq!(
        (case.value("anna", "given_name"), case.value("anna", "phone")),
        ("Anna".into(), "+442079460117".into())
    );
}

#[test]
fn c_6_what_is_no_address_is_told_and_nobody_is_invited_there() {
    let long = format!("{}@tallowmill.example", "a".repeat(250));
    for email in [long.as_str(), "anna@tallowmill", "anna@[192.0.2.1]"] {
        let company = Company::of(3);
        company.add(&person("anna", "7", "Anna Berg", email));
        let case = Case::new(&company, "");
        let ran = case.sync("2026-11-02");
        assert_eq!(ran.problems(), ["invalid_email"], "{email}: {:#}", ran.report);
        assert_eq!(case.user("anna"), None, "{email}");
    }
}

#[test]
fn c_7_a_custom_field_is_found_by_a_near_name_or_the_name_is_offered() {
    let company = Company::of(3);
    company.edit(|records| {
        records
            .custom_fields
            .push(json!({ "id": "f1", "name": "Cost centre ", "section": "basics", "type": "text" }));
        records
            .custom_values
            .push(json!({ "id": "v1", "personId": "o002", "customFieldId": "f1", "value": "100" }));
    });
    let mapping =
        "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\ncustom.cost_centre = \"custom.Cost centre\"\n";
    let case = Case::new(&company, mapping);
    let ran = case.sync("2026-11-02");
    let found = case.value("o002", "custom").contains("100");
    assert!(found || ran.report.to_string().contains("Cost centre "), "{:#}", ran.report);
}

#[test]
fn two_bad_members_of_one_person_are_one_person() {
    let company = Company::of(3);
    company.add(&with(
        person("ann", "7", "Ann Berg", "ann@"),
        json!({ "employmentEndDate": "31.12.2026", "employmentStartDate": "first of May" }),
    ));
    let case = Case::new(&company, "");
    let ran = case.sync("2026-11-02");
    for problem in ran.problems_of("invalid_date") {
        assert_ne!(problem["employees"].as_array().map(Vec::len), Some(2), "{problem}");
        assert!(!problem["message"].to_string().contains("2 people"), "{problem}");
    }
}
