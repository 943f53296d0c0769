//! Every standing problem names what ends it, and a mistake that would make accounts wrong makes none.

use serde_json::json;

use crate::case::Case;
use crate::company::{Company, other, person};

const MAPPING: &str = "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\n";

/// An account that somebody deleted in the product: three ways out, and the message names the commands.
#[test]
fn a_deleted_account_is_made_again_linked_again_or_put_back() {
    for way in ["put back", "unlink", "link"] {
        let company = Company::of(12);
        let case = Case::synced(&company, MAPPING, "2026-11-02");
        case.sql("delete from users where external_id = 'o001'; delete from invites;");
        for day in ["2026-11-03", "2026-11-04"] {
            let told = case.sync(day).expect(0);
            let message = told.problem("divergence")["message"].as_str().unwrap_or_default().to_owned();
            assert!(message.contains("hris unlink o001") && message.contains("hris link o001"), "{message}");
            assert_eq!(case.user("o001"), None);
        }
        let columns =
            "insert into users (id, email, external_id, status) values ('new', 'other1@tallowmill.example', ";
        match way {
            "put back" => case.sql(&format!("{columns} 'o001', 'active')")),
            "unlink" => drop(case.json("2026-11-05", &["unlink", "o001"]).expect(0)),
            _ => {
                case.sql(&format!("{columns} null, 'active')"));
                case.json("2026-11-05", &["link", "o001", "new"]).expect(0);
            }
        }
        case.sync("2026-11-05").expect(0);
        let made = case.user("o001").expect("an account");
        assert_eq!(made["id"] == "new", way != "unlink", "{way}");
        case.quiet("2026-11-06");
    }
}

/// What a run counts as open is what `resolve` lists.
#[test]
fn as_many_conflicts_are_counted_as_resolve_lists() {
    let company = Company::of(12);
    company.add(&person("ann", "14", "Ann Berg", "ann.berg@"));
    let case = Case::new(&company, "");
    case.carl();
    let same = |day: &str, open: u64| {
        let ran = case.sync(day).expect(2);
        let listed = case.json(day, &["resolve"]).expect(2);
        let count = |what: &str| listed.report[what].as_array().map_or(0, Vec::len) as u64;
        assert_eq!(
            (ran.count("conflicts"), count("conflicts") + count("questions")),
            (open, open),
            "{:#}",
            ran.report
        );
    };
    same("2026-11-02", 1);
    // A known id that is somebody else's by every fact.
    company.set("o002", json!({ "firstName": "Rita", "lastName": "Vale", "email": "rita.vale@tallowmill.example", "employeeId": "777", "employmentStartDate": "2026-11-03" }));
    same("2026-11-03", 2);
    // The account behind a link bears another id.
    case.sql("update users set external_id = 'zzz' where external_id = 'o003'");
    same("2026-11-04", 3);
}

/// A custom field that the vendor does not have is a mistake of the mapping for every command alike.
#[test]
fn a_custom_field_that_is_not_there_stops_check_plan_and_sync_alike() {
    let company = Company::of(3);
    company.edit(|records| {
        let desk = json!({ "id": "f1", "name": "Desk", "section": "basics", "type": "text" });
        records.custom_fields.push(desk);
    });
    let case = Case::new(&company, &format!("{MAPPING}\"custom.desk\" = \"custom.Desc\"\n"));
    for command in ["check", "plan", "sync"] {
        let ended = case.hris("2026-11-02", &[command]);
        assert_eq!(ended.code, 1, "{command}: {}{}", ended.out, ended.err);
        let said = format!("{}{}", ended.out, ended.err);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("the nearest name is `custom.Desk`"), "{command}: {said}");
    }
    assert!(!case.path("users.db").exists(), "nobody was made without the field");
}

/// The product's own table asks for a value that nobody gives it.
#[test]
fn a_column_that_must_have_a_value_is_named_beforehand_and_afterwards() {
    let company = Company::of(3);
    let case = Case::new(&company, MAPPING);
    case.product();
    case.sql(
        "alter table users rename to old; create table users (id text primary key not null default (lower(hex(randomblob(8)))), \
         external_id text unique, employee_number text, email text unique, given_name text, family_name text, phone text, \
         job_title text, department text, location text, manager_external_id text, start_date text, end_date text, \
         address text, custom text, role text, status text not null default 'active', invited_at text, deactivated_at text, \
         created_at text, updated_at text, password_hash text not null); drop table old;",
    );
    let check = case.hris("2026-11-02", &["check"]);
    assert_eq!(check.code, 5, "{}", check.out);
    assert!(check.out.contains("users.password_hash"), "{}", check.out);
    let ran = case.sync("2026-11-02").expect(2);
    let refused = ran.problems_of("target_rejected");
    assert_eq!(refused.len(), 3, "{:#}", ran.report);
    assert!(refused.iter().all(|one| one["field"] == "password_hash"), "{refused:?}");
    case.sql("alter table users rename column password_hash to hash; update users set hash = '';");
    case.sql(
        "create table copy as select * from users; drop table users; \
         create table users (id text primary key not null default (lower(hex(randomblob(8)))), \
         external_id text unique, employee_number text, email text unique constraint local check (email not like '%other2%'), \
         given_name text, family_name text, phone text, job_title text, department text, location text, \
         manager_external_id text, start_date text, end_date text, address text, custom text, role text, \
         status text not null default 'active', invited_at text, deactivated_at text, created_at text, updated_at text); \
         create trigger house_rule before insert on users when new.email like '%other3%' \
         begin select raise(abort, 'not you, other3'); end;",
    );
    assert_eq!(case.hris("2026-11-03", &["check"]).code, 0);
    let ran = case.sync("2026-11-03").expect(2);
    let messages: Vec<&str> =
        ran.problems_of("target_rejected").iter().filter_map(|one| one["message"].as_str()).collect();
    assert!(messages.iter().any(|message| message.contains("(local)")), "{messages:?}");
    assert!(messages.iter().any(|message| message.contains("trigger house_rule")), "{messages:?}");
    assert!(!ran.report.to_string().contains("not you"), "what a trigger says may hold a value");
}

/// Mapped fields that the token shows of nobody: told in the first run, with how many people it is about.
#[test]
fn a_mapped_field_that_nobody_shows_is_told_at_the_first_run() {
    let company = Company::of(4);
    let case = Case::new(&company, &format!("{MAPPING}employee_number = \"employee_number\"\n"));
    company.edit(|records| {
        for person in &mut records.people {
            person.as_object_mut().expect("an object").remove("employeeId");
        }
    });
    let first = case.sync("2026-11-02").expect(0);
    let told = first.problem("not_permitted");
    assert_eq!(told["field"], "employee_number");
    assert!(told["message"].to_string().contains("4 people"), "{told}");
    case.sync("2026-11-03").quietly();
    assert_eq!(case.sync("2026-11-04").problems(), Vec::<&str>::new(), "told once");
}

/// Nobody of those who are linked is listed, and everybody else is a stranger.
#[test]
fn strangers_under_the_same_name_are_refused_and_pass_once_when_approved() {
    let company = Company::of(12);
    let case = Case::synced(&company, "[policy]\nleavers = \"status\"\n", "2026-11-02");
    company.edit(|records| {
        records.people = (101..113).map(other).collect();
        records.me = "o101".to_owned();
    });
    let refused = case.sync("2026-11-03").expect(3);
    assert_eq!((refused.rule(), case.users().len()), ("organisation_changed", 12), "{:#}", refused.report);
    assert_eq!(case.plan("2026-11-03").rule(), "organisation_changed");
    case.approved("2026-11-03").expect(0);
    assert_eq!(case.users().len(), 24);
    case.quiet("2026-11-04");
}

/// What keeps a sync from writing its state, `check` says beforehand, with the same code.
#[test]
fn a_state_that_a_sync_cannot_write_fails_check_alike() {
    let company = Company::of(3);
    for (more, code, words) in [
        ("[state]\npath = \"hris-state.db\"\nkey_env = \"NO_SUCH_KEY\"\n", 1, "NO_SUCH_KEY"),
        ("[state]\npath = \"nowhere/hris-state.db\"\n", 7, "make its directory"),
        ("[state]\npath = \"kept.db\"\n", 7, "read-only"),
    ] {
        let case = Case::synced(&company, "", "2026-11-01");
        std::fs::copy(case.path("hris-state.db"), case.path("kept.db")).expect("a copy");
        let mut mode = std::fs::metadata(case.path("kept.db")).expect("a file").permissions();
        mode.set_readonly(true);
        std::fs::set_permissions(case.path("kept.db"), mode).expect("a mode");
        let before = std::fs::read(case.path("kept.db")).expect("a file");
        case.configure("hris.toml", "acme", &company, more);
        for command in ["check", "sync"] {
            let ended = case.hris("2026-11-02", &[command]);
            let said = format!("{}{}", ended.out, ended.err);
            assert_eq!(ended.code, code, "{command} {more}: {said}");
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(words) && !said.contains("Ready."), "{command}: {said}");
        }
        assert_eq!(std::fs::read(case.path("kept.db")).expect("a file"), before, "nothing was written");
        assert!(!case.path("nowhere").exists(), "and nothing was made");
    }
}
