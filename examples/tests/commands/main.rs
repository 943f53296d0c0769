//! Every command from the outside: exit codes, the one JSON document, and what is left on disk.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
mod common;
mod failing;
mod schema;

use common::{World, ended, files, hris, keys};
use hris_humaans::sandbox::Person;
use serde_json::Value;

const COUNTS: [&str; 11] = [
    "conflicts",
    "created",
    "deactivated",
    "failed",
    "invited",
    "linked",
    "reactivated",
    "reinvited",
    "skipped",
    "unchanged",
    "updated",
];

#[test]
fn init_writes_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| ended(hris(folder.path(), args).output().expect("the command"));
    assert_eq!(run(&["init", "--vendor", "humaans"]).code, 0);
    let written = std::fs::read_to_string(folder.path().join("hris.toml")).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(folder.path().join("hris.toml")).expect("a file");
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
    let again = run(&["init", "--vendor", "humaans"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(folder.path().join("hris.toml")).expect("a file"), written);

    let vendor = run(&["init", "--vendor", "humans", "--config", "other.toml"]);
    assert_eq!(vendor.code, 1);
    assert!(vendor.err.contains("the nearest is \"humaans\""), "{}", vendor.err);
    let target = run(&["init", "--vendor", "humaans", "--target", "scim", "--config", "other.toml"]);
    assert_eq!(target.code, 1);
    assert!(target.err.contains("no target \"scim\" yet"), "{}", target.err);
}

#[test]
fn plan_writes_nothing_anywhere() {
    let world = World::of(20);
    let before = world.files();
    let (code, plan) = world.json(&["plan"]);
    assert_eq!(code, 0, "{plan:#}");
    assert_eq!(world.files(), before);
    assert_eq!(plan["command"], "plan");
    assert!(plan["counts"]["created"].as_u64().expect("a number") > 10);
    assert!(plan["actions"].as_array().expect("actions").iter().all(|action| action["result"] == "planned"));

    assert_eq!(world.hris(&["sync"]).code, 0);
    let before = world.files();
    assert_eq!(world.hris(&["plan"]).code, 0);
    assert_eq!(world.hris(&["check"]).code, 0);
    assert_eq!(world.hris(&["history"]).code, 0);
    assert_eq!(world.files(), before);
}

#[test]
fn sync_does_what_plan_said_and_then_nothing() {
    let world = World::of(20);
    let (_, plan) = world.json(&["plan"]);
    let (code, sync) = world.json(&["sync"]);
    assert_eq!(code, 0, "{sync:#}");
    for key in [
        "run",
        "connection",
        "command",
        "outcome",
        "started_at",
        "finished_at",
        "source",
        "counts",
        "actions",
        "problems",
        "refusal",
    ] {
        assert!(sync.get(key).is_some(), "{key}");
    }
    assert_eq!(keys(&sync["counts"]), COUNTS);
    assert_eq!(keys(&sync["source"]), ["complete", "employees", "requests", "vendor"]);
    assert_eq!(sync["outcome"], "completed");
    assert_eq!(sync["connection"], "acme");
    assert_eq!(sync["refusal"], Value::Null);
    assert_eq!(sync["counts"]["created"], plan["counts"]["created"]);
    assert_eq!(sync["counts"]["invited"], plan["counts"]["invited"]);
    let action = &sync["actions"][0];
    for key in ["action", "employee", "user", "fields", "reason", "result"] {
        assert!(action.get(key).is_some(), "{key}");
    }

    let (code, again) = world.json(&["sync"]);
    assert_eq!(code, 0);
    assert_eq!(again["actions"], Value::Array(Vec::new()));
    assert_eq!(again["counts"]["created"], 0);
    assert_eq!(again["counts"]["unchanged"], sync["counts"]["created"]);
}

#[test]
fn one_of_each_is_one_of_each() {
    let world = World::of(30);
    assert_eq!(world.hris(&["sync"]).code, 0);
    let staff = world.staff();
    world.sandbox.hire(Person::new("Noor", "El-Amrani").starts("2026-11-24"));
    world
        .sandbox
        .update(&staff[3], |person| {
            person.set("phoneNumber", "+442079460999");
        })
        .expect("somebody");
    world.sandbox.offboard(staff.last().expect("somebody"), "2026-11-20").expect("somebody");
    let (code, sync) = world.json(&["sync"]);
    assert_eq!(code, 0, "{sync:#}");
    let count = |name: &str| sync["counts"][name].as_u64().expect("a number");
    assert_eq!(
        (count("created"), count("invited"), count("updated"), count("deactivated")),
        (1, 1, 1, 1),
        "{sync:#}"
    );
}

#[test]
fn check_names_what_a_narrow_token_lacks() {
    let world = World::of(20);
    let (code, check) = world.json(&["check"]);
    assert_eq!(code, 0, "{check:#}");
    let narrow = world.sandbox.issue_token(hris_humaans::sandbox::Token::public());
    let mut command = world.command(&["check"]);
    let check = ended(command.env("HRIS_TEST_TOKEN", narrow).output().expect("the command"));
    assert!(check.out.contains("private:read"), "{}", check.out);
}

#[test]
fn removals_may_wait_while_everything_else_goes_on() {
    let world = World::with(|sandbox| sandbox.employees(40), "[safeguards]\non_breach = \"hold\"\n");
    assert_eq!(world.hris(&["sync"]).code, 0);
    for id in world.staff().iter().rev().take(12) {
        world.sandbox.offboard(id, "2026-11-20").expect("somebody");
    }
    world.sandbox.hire(Person::new("Noor", "El-Amrani").starts("2026-11-24"));
    assert_eq!(world.hris(&["plan"]).code, 2);
    let (code, sync) = world.json(&["sync"]);
    assert_eq!((code, &sync["outcome"]), (2, &Value::from("partial")), "{sync:#}");
    assert_eq!(sync["refusal"]["rule"], "max_deactivations_percent");
    assert_eq!(
        (sync["counts"]["created"].as_u64(), sync["counts"]["deactivated"].as_u64()),
        (Some(1), Some(0))
    );
}

#[test]
fn a_mapping_fills_fields_of_the_products_own() {
    let mapping = "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\ncustom.title = \"job_title\"\n\
                   department = { from = \"department\", map = { \"Operations\" = \"Ops\" }, default = \"Other\" }\n";
    let world = World::with(|sandbox| sandbox.employees(20), mapping);
    let synced = world.hris(&["sync"]);
    assert!([0, 2].contains(&synced.code), "{}{}", synced.out, synced.err);
    let own = world
        .query("select coalesce(json_extract(custom, '$.title'), '') from users where custom is not null");
    assert!(own.iter().any(|title| !title.is_empty()), "{own:?}");
    let named = world.query("select given_name from users where given_name is not null");
    assert_eq!(named, Vec::<String>::new(), "what is not mapped stays out");
}

#[test]
fn the_person_who_set_it_up_gets_an_e_mail_and_a_dead_mail_server_fails_no_run() {
    let world = World::of(20);
    let mailbox = world.runtime.block_on(hris_examples::mail::Mailbox::open()).expect("a mailbox");
    world.configure(
        "[report]\nemail_to = \"hr-admin@acme.example\"\nemail_from = \"hris@acme.example\"\n\
         smtp_url_env = \"HRIS_TEST_SMTP\"\n",
    );
    assert_eq!(world.hris(&["sync"]).code, 1, "the variable is not set");
    let sync = |url: &str| {
        let mut command = world.command(&["sync", "--json", "--now", common::NOW]);
        ended(command.env("HRIS_TEST_SMTP", url).output().expect("the command"))
    };
    assert_eq!(sync(&mailbox.url()).code, 0);
    let messages = mailbox.messages();
    assert_eq!(messages.len(), 1);
    assert!(messages[0].contains("To: hr-admin@acme.example"), "{}", messages[0]);
    drop(mailbox);
    let without = sync("smtp://127.0.0.1:1");
    assert_eq!(without.code, 0, "{}", without.err);
    assert!(without.json()["problems"].to_string().contains("127.0.0.1"), "{}", without.out);
}

#[test]
fn fields_shows_real_values_only_when_asked() {
    let world = World::of(20);
    let person = world.sandbox.person(&world.staff()[0]).expect("somebody");
    let (code, fields) = world.json(&["fields"]);
    assert_eq!(code, 0);
    let text = fields.to_string();
    assert!(fields["fields"].as_array().expect("fields").len() > 15);
    for secret in [
        person.email.as_deref().expect("an address"),
        person.last_name.as_str(),
        hris_humaans::sandbox::CANARY,
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    let (_, values) = world.json(&["fields", "--values"]);
    assert!(values.to_string().contains(".example"));
    assert!(!values.to_string().contains(hris_humaans::sandbox::CANARY));
}

#[test]
fn match_links_and_creates_nobody() {
    let world = World::of(20);
    assert_eq!(world.hris(&["sync"]).code, 0);
    // The state is lost; the accounts and their external ids are not.
    for (name, _) in world.files() {
        if name.starts_with("hris-state.db") {
            std::fs::remove_file(world.path(&name)).expect("removed");
        }
    }
    let before = world.users();
    let (code, matched) = world.json(&["match"]);
    assert_eq!(code, 0, "{matched:#}");
    assert_eq!(matched["command"], "match");
    assert_eq!(matched["counts"]["linked"].as_u64(), Some(before.len() as u64));
    assert_eq!(world.users(), before);
}

#[test]
fn history_and_report_tell_the_past() {
    let world = World::of(12);
    let (code, history) = world.json(&["history"]);
    assert_eq!((code, &history["runs"]), (0, &Value::Array(Vec::new())));
    assert_eq!(world.hris(&["report", "latest", "--format", "json"]).code, 1);
    let (_, sync) = world.json(&["sync"]);
    let run = sync["run"].as_str().expect("an id");
    let (_, history) = world.json(&["history"]);
    assert_eq!(history["runs"][0]["run"], run);
    let (_, one) = world.json(&["history", run]);
    assert_eq!(one["counts"], sync["counts"]);
    let report = world.hris(&["report", run, "--format", "json"]);
    assert_eq!(report.json()["counts"], sync["counts"]);
    let html = world.hris(&["report", "latest", "--format", "html"]);
    assert!(
        html.out.trim_start().starts_with("<!doctype html>")
            || html.out.trim_start().starts_with("<!DOCTYPE html>")
    );
    assert_eq!(world.hris(&["report", "01NOPE", "--format", "json"]).code, 1);
}

#[test]
fn there_is_nothing_to_resolve_one_way_and_no_consent_page_for_a_token() {
    let world = World::of(12);
    let (code, resolve) = world.json(&["resolve"]);
    assert_eq!((code, &resolve["conflicts"]), (0, &Value::Array(Vec::new())));
    assert_eq!(world.hris(&["resolve", "c-1", "--keep", "source"]).code, 1);
    assert_eq!(world.hris(&["resolve", "--all", "--keep", "source"]).code, 0);
    let connect = world.hris(&["connect"]);
    assert_eq!(connect.code, 1);
    assert!(connect.err.contains("HRIS_TEST_TOKEN"), "{}", connect.err);
    assert_eq!(world.hris(&["disconnect"]).code, 0);
}

#[test]
fn no_secret_and_no_person_in_any_output() {
    let world = World::of(20);
    let mut seen = String::new();
    for args in [
        &["check"][..],
        &["fields"],
        &["plan"],
        &["plan", "--json"],
        &["sync", "--json"],
        &["history"],
        &["history", "latest"],
        &["report", "latest", "--format", "csv"],
        &["report", "latest", "--format", "html"],
        &["connect"],
        &["disconnect"],
    ] {
        let ended = world.hris(args);
        seen.push_str(&ended.out);
        seen.push_str(&ended.err);
    }
    world.sandbox.revoke(world.sandbox.token()).expect("a token");
    let failed = world.hris(&["sync", "--json"]);
    seen.push_str(&failed.out);
    seen.push_str(&failed.err);
    assert!(!seen.contains(world.sandbox.token()), "the token");
    for words in [hris_humaans::sandbox::CANARY, hris_humaans::sandbox::OWN_WORDS] {
        assert!(!seen.contains(words), "{words}");
    }
    for person in world.sandbox.people() {
        if let Some(email) = &person.email {
            assert!(!seen.to_lowercase().contains(&email.to_lowercase()), "an address");
        }
        assert!(!seen.contains(&person.name()), "a name");
    }
}
