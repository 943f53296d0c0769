//! What must stay as it is.

use serde_json::json;

use crate::case::Case;
use crate::company::{Company, person};

fn address(n: usize) -> String {
    format!("other{n}@tallowmill.example")
}

#[test]
fn e_addresses_exchanged_in_a_circle() {
    let company = Company::of(30);
    let case = Case::synced(&company, "", "2026-11-02");
    case.everybody_accepts("2026-11-02");
    for (n, to) in [(1, 2), (2, 3), (3, 1)] {
        company.set(&format!("o{n:03}"), json!({ "email": address(to) }));
    }
    case.sync("2026-11-03").expect(0);
    for (n, to) in [(1, 2), (2, 3), (3, 1)] {
        assert_eq!(case.value(&format!("o{n:03}"), "email"), address(to));
    }
    case.quiet("2026-11-04");
}

#[test]
fn e_an_address_that_somebody_holds_keeps_the_rest_of_the_update_going() {
    let company = Company::of(10);
    let case = Case::new(&company, "");
    case.product();
    case.sql(
        "insert into users (id, email, given_name, family_name, status) \
         values ('held', 'wanted@tallowmill.example', 'Somebody', 'Else', 'active');",
    );
    case.sync("2026-11-02").expect(0);
    company.set("o003", json!({ "email": "wanted@tallowmill.example", "phoneNumber": "+442079460117" }));
    let ran = case.sync("2026-11-03").expect(2);
    assert_eq!(case.value("o003", "phone"), "+442079460117", "{:#}", ran.report);
    assert_eq!(case.value("o003", "email"), address(3));
    assert_eq!(case.account("held")["given_name"], "Somebody");
}

#[test]
fn e_shared_mailboxes_and_people_of_one_name() {
    let company = Company::of(5);
    company.add(&person("s1", "41", "Sam Field", "shop@"));
    company.add(&person("s2", "42", "Kim Moor", "shop@"));
    company.add(&person("n1", "43", "Jo Hart", "jo.one@"));
    company.add(&person("n2", "44", "Jo Hart", "jo.two@"));
    let case = Case::new(&company, "");
    let ran = case.sync("2026-11-02").expect(2);
    assert!(ran.problems().contains(&"duplicate_email"), "{:?}", ran.problems());
    assert_eq!((case.user("s1"), case.user("s2")), (None, None));
    assert_eq!(
        (case.value("n1", "email"), case.value("n2", "email")),
        ("jo.one@tallowmill.example".to_owned(), "jo.two@tallowmill.example".to_owned())
    );
    assert_ne!(case.value("n1", "id"), case.value("n2", "id"));
}

#[test]
fn e_ids_of_every_form() {
    let company = Company::of(3);
    for (n, id) in ["18446744073709551617", "a/b/../c", "0012", "ü id"].iter().enumerate() {
        company.add(&person(id, &format!("5{n}"), &format!("Given{n} Odd{n}"), &format!("odd{n}@")));
    }
    // As a number, not as text.
    company.add(&person("77", "60", "Numb Er", "numb@"));
    company.set("77", json!({ "id": 77 }));
    let case = Case::synced(&company, "", "2026-11-02");
    for id in ["18446744073709551617", "a/b/../c", "0012", "ü id", "77"] {
        assert_eq!(case.status(id), "invited", "{id}");
    }
    case.quiet("2026-11-03");
}

#[test]
fn e_formulas_and_escape_codes_do_nothing_in_reports() {
    let company = Company::of(3);
    company.add(&person("=cmd|' /C calc'!A0", "=1+1", "\u{1b}[31mEve Hill", "not an address"));
    let case = Case::new(&company, "");
    case.sync("2026-11-02");
    let csv = case.hris("2026-11-02", &["report", "latest", "--format", "csv"]);
    assert!(
        !csv.out.lines().any(|line| line.split(',').any(|cell| cell.trim_matches('"').starts_with('='))),
        "{}",
        csv.out
    );
    for args in [&["history", "latest"][..], &["report", "latest", "--format", "html"]] {
        assert!(!case.hris("2026-11-02", args).out.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn e_a_refused_person_stops_neither_the_batch_nor_the_own_closing() {
    let company = Company::of(12);
    company.add(&person("long", "1", "Ann Berg", "ann@"));
    let case = Case::new(&company, "");
    case.product();
    case.sql(
        "create trigger short before update on users when length(new.family_name) > 30 begin \
         select raise(abort, 'family_name is too long'); end;",
    );
    case.sync("2026-11-02").expect(0);
    case.everybody_accepts("2026-11-02");
    company.set("long", json!({ "lastName": "Longname".repeat(5) }));
    company.set("o005", json!({ "phoneNumber": "+442079460117" }));
    case.sync("2026-11-03").expect(2);
    assert_eq!(case.value("o005", "phone"), "+442079460117");
    company.offboard("long", "2026-11-03");
    case.sync("2026-11-04");
    assert_eq!(case.status("long"), "deactivated");
}
