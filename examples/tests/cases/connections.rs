//! Several HR systems and one product: one account has one holder.

use serde_json::{Value, json};

use crate::case::Case;
use crate::company::{Company, person, with};

fn dora(id: &str, number: &str) -> Value {
    person(id, number, "Dora Lind", "dora@group.example")
}

/// `co-a` with Dora in `hris.toml`, and `co-b` in `b.toml`, each with twenty others, on one state and one product.
fn two() -> (Company, Company, Case) {
    let (a, b) = (Company::empty("co1"), Company::empty("co2"));
    for n in 1..=20 {
        let other = |side: &str, number: usize| {
            person(
                &format!("{side}{n}"),
                &number.to_string(),
                &format!("{side}{n} Person{n}"),
                &format!("{side}{n}@"),
            )
        };
        a.add(&other("a", 100 + n));
        b.add(&with(other("b", 500 + n), json!({ "companyId": "co2" })));
    }
    a.add(&dora("dirA", "1"));
    let case = Case::new(&a, "");
    case.configure("hris.toml", "co-a", &a, "");
    case.configure("b.toml", "co-b", &b, "");
    (a, b, case)
}

impl Case {
    #[track_caller]
    fn both(&self, day: &str) {
        self.sync(day).expect(0);
        self.sync_of("b.toml", day).expect(0);
    }
}

/// Both synced twice, everybody in use; Dora's account.
fn both_synced(case: &Case) -> String {
    case.both("2026-10-01");
    case.everybody_accepts("2026-10-01");
    case.both("2026-10-02");
    case.value("dirA", "id")
}

#[test]
fn a_4_she_moves_and_the_new_system_runs_first() {
    let (a, b, case) = two();
    let account = both_synced(&case);
    a.offboard("dirA", "2026-11-02");
    b.add(&with(dora("dirB", "B1"), json!({ "companyId": "co2" })));
    let ran = case.sync_of("b.toml", "2026-11-03");
    ran.problem("held_elsewhere");
    assert_eq!(case.account(&account)["status"], "active");
    case.sync("2026-11-03").expect(0);
    assert_eq!(case.account(&account)["status"], "active", "handed over, not closed");
    case.sync_of("b.toml", "2026-11-03").expect(0);
    let row = case.account(&account);
    assert_eq!((row["status"].as_str(), row["external_id"].as_str()), ("active", "dirB"));
    assert_eq!(case.at("dora@group.example").len(), 1);
    for night in ["2026-11-04", "2026-11-05"] {
        case.quiet(night);
        case.sync_of("b.toml", night).quietly();
    }
}

#[test]
fn a_4_she_moves_and_the_old_system_runs_first() {
    let (a, b, case) = two();
    let account = both_synced(&case);
    let invites = case.invites("dirA");
    a.offboard("dirA", "2026-11-02");
    b.add(&with(dora("dirB", "B1"), json!({ "companyId": "co2" })));
    case.sync("2026-11-03").expect(0);
    let ran = case.sync_of("b.toml", "2026-11-03").expect(0);
    assert_eq!((ran.count("invited"), ran.count("created")), (0, 0), "{:?}", ran.actions());
    let row = case.account(&account);
    assert_eq!((row["status"].as_str(), row["external_id"].as_str()), ("active", "dirB"));
    assert_eq!(case.invites("dirB"), invites);
    for night in ["2026-11-04", "2026-11-05"] {
        case.quiet(night);
        case.sync_of("b.toml", night).quietly();
    }
}

#[test]
fn a_5_employed_in_both() {
    let (a, b, case) = two();
    b.add(&with(dora("dirB", "B1"), json!({ "companyId": "co2" })));
    case.sync("2026-10-01").expect(0);
    let first = case.sync_of("b.toml", "2026-10-01");
    assert_eq!(first.count("created"), 20, "{:#}", first.report);
    case.everybody_accepts("2026-10-01");
    let account = case.value("dirA", "id");
    let before = case.account(&account);
    for night in 2..=11 {
        let day = format!("2026-10-{night:02}");
        case.quiet(&day);
        let ran = case.sync_of("b.toml", &day);
        assert_eq!(ran.actions(), Vec::<String>::new());
        ran.problem("held_elsewhere");
        assert_eq!(case.account(&account), before);
    }
    // One ends at b: nothing happens.
    b.offboard("dirB", "2026-10-11");
    case.sync_of("b.toml", "2026-10-13").expect(0);
    assert_eq!(case.account(&account), before);
    case.quiet("2026-10-13");
    // Ends at a while b waits: b takes over.
    b.set("dirB", json!({ "status": "active", "lastWorkingDay": null, "employmentEndDate": null }));
    case.sync_of("b.toml", "2026-10-14");
    a.offboard("dirA", "2026-10-14");
    case.sync("2026-10-15").expect(0);
    assert_eq!(case.account(&account)["status"], "active");
    case.sync_of("b.toml", "2026-10-15").expect(0);
    assert_eq!(case.account(&account)["external_id"], "dirB");
    case.sync_of("b.toml", "2026-10-16").quietly();
    case.quiet("2026-10-16");
}

#[test]
fn a_6_one_company_under_two_names_is_told_and_links_nothing_twice() {
    let company = Company::of(6);
    let case = Case::new(&company, "");
    case.configure("hris.toml", "x", &company, "");
    case.configure("y.toml", "y", &company, "");
    case.sync("2026-10-01").expect(0);
    let before = case.users();
    let checked = case.json("2026-10-02", &["check", "--config", "y.toml"]);
    let found = checked.report.to_string();
    assert!(found.contains("already_connected") && found.contains("\\\"x\\\""), "{:#}", checked.report);
    let ran = case.sync_of("y.toml", "2026-10-02");
    let problem = ran.problem("already_connected");
    assert!(problem["message"].as_str().is_some_and(|text| text.contains("\"x\"")), "{problem}");
    assert_eq!(ran.count("linked") + ran.count("created"), 0);
    assert_eq!(case.users(), before);
    let own = case.json("2026-10-02", &["check"]);
    assert!(!own.report.to_string().contains("target_changed"), "{:#}", own.report);
}

#[test]
fn small_numbers_as_ids_mean_something_within_their_connection_only() {
    let (a, b) = (Company::empty("co1"), Company::empty("co2"));
    for n in 1..=6 {
        let id = n.to_string();
        a.add(&person(&id, "", &format!("Ann{n} Alpha{n}"), &format!("a{n}@")));
        b.add(&with(
            person(&id, "", &format!("Bob{n} Beta{n}"), &format!("b{n}@")),
            json!({ "companyId": "co2" }),
        ));
    }
    let case = Case::new(&a, "");
    case.configure("hris.toml", "co-a", &a, "");
    case.configure("b.toml", "co-b", &b, "");
    case.sync("2026-10-01").expect(0);
    let before = case.users();
    let ran = case.sync_of("b.toml", "2026-10-01");
    assert_eq!(
        ran.count("linked") + ran.count("updated") + ran.count("deactivated"),
        0,
        "{:?}",
        ran.actions()
    );
    let after = case.users();
    for row in &before {
        assert!(after.contains(row), "an account of the other connection was changed: {row:?}");
    }
}
