//! Other accounts behind the same state.

use crate::case::Case;
use crate::company::{Company, person};

/// The tables as a product makes them that numbers its rows.
const NUMBERED: &str = "create table users (id integer primary key, external_id text unique, employee_number text, \
    email text collate nocase unique, given_name text, family_name text, phone text, job_title text, \
    department text, location text, manager_external_id text, start_date text, end_date text, address text, \
    custom text, role text, status text not null default 'active', invited_at text, deactivated_at text, \
    created_at text, updated_at text);";

fn on(file: &str) -> String {
    format!("[target]\nkind = \"sqlite\"\npath = \"{file}\"\n")
}

#[test]
fn another_table_behind_the_same_state_is_refused_before_anything_is_written() {
    let company = Company::of(19);
    let case = Case::new(&company, &on("staging.db"));
    case.sql_in("staging.db", NUMBERED);
    case.sql_in("production.db", NUMBERED);
    for n in 1..=25 {
        let real = format!("('Real{n}', 'Customer', 'real{n}@customer.example')");
        case.sql_in(
            "production.db",
            &format!("insert into users (given_name, family_name, email) values {real};"),
        );
    }
    assert_eq!(case.sync("2026-11-23").expect(0).count("created"), 19);
    case.configure("hris.toml", "acme", &company, &on("production.db"));
    let customers = "select * from users order by id";
    let before = case.rows_in("production.db", customers);
    assert_eq!(case.plan("2026-11-24").expect(3).rule(), "target_changed");
    assert_eq!(case.sync("2026-11-24").expect(3).rule(), "target_changed");
    let checked = case.json("2026-11-24", &["check"]).expect(3);
    assert!(checked.report.to_string().contains("target_changed"), "{:#}", checked.report);
    // Nor does one who is gone take a customer along.
    company.remove("o006");
    assert_eq!(case.sync("2026-11-25").expect(3).rule(), "target_changed");
    assert_eq!(case.rows_in("production.db", customers), before);
    // Back to the right one.
    case.configure("hris.toml", "acme", &company, &on("staging.db"));
    assert_eq!(case.sync("2026-11-26").expect(0).actions(), ["deactivate o006"]);
}

#[test]
fn an_emptied_or_absent_table_is_refused_for_ever() {
    let company = Company::of(19);
    let case = Case::synced(&company, "", "2026-11-23");
    case.configure("hris.toml", "acme", &company, &on("other.db"));
    for day in ["2026-11-24", "2026-11-25"] {
        assert_eq!(case.sync(day).expect(3).rule(), "target_changed");
    }
    case.configure("hris.toml", "acme", &company, "");
    case.sql("delete from users; delete from assignments; delete from invites;");
    for day in ["2026-11-26", "2026-11-27"] {
        assert_eq!(case.sync(day).expect(3).rule(), "target_changed");
        assert_eq!(case.users().len(), 0);
    }
    let checked = case.json("2026-11-27", &["check"]).expect(3);
    assert!(checked.report.to_string().contains("target_changed"), "{:#}", checked.report);
}

#[test]
fn starting_over_makes_the_accounts_that_the_report_counts() {
    let company = Company::of(19);
    let case = Case::synced(&company, "", "2026-11-23");
    case.sql("delete from users; delete from assignments; delete from invites;");
    for file in ["hris-state.db", "hris-state.db-wal", "hris-state.db-shm"] {
        let _ = std::fs::remove_file(case.path(file));
    }
    let ran = case.sync("2026-11-24").expect(0);
    assert_eq!((ran.count("created"), ran.count("invited")), (19, 19));
    assert_eq!(case.users().len(), 19, "what the report says is so");
    case.quiet("2026-11-25");
}

#[test]
fn a_row_number_given_again_is_not_the_linked_account() {
    let company = Company::of(12);
    let case = Case::new(&company, "");
    case.sql(NUMBERED);
    case.sync("2026-11-23").expect(0);
    case.everybody_accepts("2026-11-23");
    let last = case.rows("select * from users order by id desc limit 1").remove(0);
    case.sql(&format!(
        "delete from users where id = {id}; insert into users (id, given_name, family_name, email) \
         values ({id}, 'Carla', 'Customer', 'carla@customer.example');",
        id = last["id"]
    ));
    let carla = case.account(&last["id"]);
    let ran = case.sync("2026-11-24").expect(2);
    ran.problem("account_replaced");
    company.remove(&last["external_id"]);
    case.sync("2026-11-25");
    assert_eq!(case.account(&last["id"]), carla, "neither overwritten nor closed");
}

#[test]
fn an_account_that_was_made_again_takes_the_links_place() {
    let company = Company::of(12);
    company.add(&person("ada", "1", "Ada Mill", "ada@"));
    let policy = "[policy]\nunlinked_users = \"deactivate\"\n";
    let case = Case::synced(&company, policy, "2026-11-23");
    case.everybody_accepts("2026-11-23");
    case.sql("update users set id = 'again' where external_id = 'ada';");
    case.sync("2026-11-24").expect(0);
    assert_eq!(case.status("ada"), "active");
    case.quiet("2026-11-25");
    company.offboard("ada", "2026-11-25");
    case.sync("2026-11-26").expect(0);
    assert_eq!(case.account("again")["status"], "deactivated");
}
