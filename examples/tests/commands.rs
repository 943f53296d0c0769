//! Every command from the outside: exit codes, the one JSON document, and what is left on disk.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod common;

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
fn a_wrong_command_line_is_exit_1_and_one_document() {
    let folder = tempfile::tempdir().expect("a folder");
    for args in
        [&["frobnicate"][..], &["sync", "--frob"], &["plan", "--now", "noon"], &["resolve", "--all"], &[]]
    {
        let plain = ended(hris(folder.path(), args).output().expect("the command"));
        assert_eq!(plain.code, 1, "{args:?}: {}", plain.err);
        assert!(plain.out.is_empty());
        let json = ended(hris(folder.path(), &[args, &["--json"]].concat()).output().expect("the command"));
        assert_eq!(json.code, 1, "{args:?}");
        assert_eq!(json.json()["outcome"], "failed");
    }
    for args in [&["--help"][..], &["--version"], &["sync", "--help"]] {
        assert_eq!(ended(hris(folder.path(), args).output().expect("the command")).code, 0, "{args:?}");
    }
    assert_eq!(files(folder.path()), []);
}

#[test]
fn a_failure_is_a_document_with_every_key_of_a_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let failed = ended(hris(folder.path(), &["sync", "--json"]).output().expect("the command"));
    assert_eq!(failed.code, 1);
    let document = failed.json();
    assert_eq!(
        keys(&document),
        [
            "actions",
            "command",
            "connection",
            "counts",
            "error",
            "finished_at",
            "outcome",
            "problems",
            "refusal",
            "run",
            "source",
            "started_at"
        ]
    );
    assert_eq!(keys(&document["counts"]), COUNTS);
    assert_eq!(document["command"], "sync");
    assert!(failed.err.contains("hris.toml does not exist"), "{}", failed.err);
}

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
fn a_token_that_is_not_there_is_named_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "[source]\nvendor = \"humaans\"\ntoken_env = \"NO_SUCH_VARIABLE_OF_HRIS\"\n";
    std::fs::write(folder.path().join("hris.toml"), config).expect("a configuration");
    for command in ["check", "fields", "plan", "sync", "match"] {
        let failed = ended(hris(folder.path(), &[command]).output().expect("the command"));
        assert_eq!(failed.code, 1, "{command}");
        assert!(
            failed.err.contains("hris.toml:3: the environment variable NO_SUCH_VARIABLE_OF_HRIS is not set"),
            "{}",
            failed.err
        );
    }
    assert_eq!(files(folder.path()).len(), 1, "nothing was made");
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let folder = tempfile::tempdir().expect("a folder");
    for (url, code) in
        [("http://app.humaans.io/api", 1), ("ftp://127.0.0.1/", 1), ("https://user:pw@host/", 1)]
    {
        let config = format!("[source]\nvendor = \"humaans\"\nbase_url = \"{url}\"\n");
        std::fs::write(folder.path().join("hris.toml"), config).expect("a configuration");
        let failed = ended(hris(folder.path(), &["history"]).output().expect("the command"));
        assert_eq!(failed.code, code, "{url}");
        assert!(failed.err.contains("hris.toml:3: source.base_url"), "{}", failed.err);
        assert!(!failed.err.contains("pw@"));
    }
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
fn records_that_cannot_be_used_are_exit_2_and_the_rest_is_done() {
    let world = World::of(20);
    let staff = world.staff();
    let email = world.sandbox.person(&staff[0]).and_then(|person| person.email).expect("an address");
    world.sandbox.set_field(&staff[1], "email", email).expect("somebody");
    let (code, plan) = world.json(&["plan"]);
    assert_eq!(code, 2, "{plan:#}");
    let (code, sync) = world.json(&["sync"]);
    assert_eq!(code, 2, "{sync:#}");
    assert_eq!(sync["outcome"], "partial");
    assert!(sync["counts"]["created"].as_u64().expect("a number") > 10);
    let codes: Vec<&Value> =
        sync["problems"].as_array().expect("problems").iter().map(|problem| &problem["code"]).collect();
    assert!(codes.contains(&&Value::from("duplicate_email")), "{codes:?}");
    let csv = world.hris(&["report", "latest", "--format", "csv"]);
    assert_eq!(csv.code, 0);
    assert!(csv.out.contains("duplicate_email"), "{}", csv.out);
}

#[test]
fn a_safeguard_refuses_and_one_approved_plan_passes_once() {
    let world = World::of(40);
    assert_eq!(world.hris(&["sync"]).code, 0);
    let before = world.users();
    for id in world.staff().iter().rev().take(12) {
        world.sandbox.offboard(id, "2026-11-20").expect("somebody");
    }
    let (code, sync) = world.json(&["sync"]);
    assert_eq!(code, 3, "{sync:#}");
    assert_eq!(sync["outcome"], "refused");
    assert_eq!(keys(&sync["refusal"]), ["limit", "message", "planned", "rule"]);
    assert_eq!(sync["refusal"]["rule"], "max_deactivations_percent");
    assert_eq!(world.users(), before);

    let plan = world.hris(&["plan", "--check", "--out", "plan.json"]);
    assert_eq!(plan.code, 3, "{}", plan.err);
    assert!(plan.out.contains("The plan does not contradict itself."), "{}", plan.out);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(world.path("plan.json")).expect("a plan");
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(world.hris(&["sync", "--plan", "plan.json"]).code, 3, "not approved");
    let (code, sync) = world.json(&["sync", "--plan", "plan.json", "--approve"]);
    assert_eq!(code, 0, "{sync:#}");
    assert_eq!(sync["counts"]["deactivated"], 12);
    assert_eq!(world.json(&["sync", "--plan", "plan.json", "--approve"]).0, 3, "once");
}

#[test]
fn a_plan_that_the_world_has_left_behind_is_stale() {
    let world = World::of(20);
    assert_eq!(world.hris(&["plan", "--out", "plan.json"]).code, 0);
    world.sandbox.hire(Person::new("Noor", "El-Amrani").starts("2026-11-24"));
    let (code, sync) = world.json(&["sync", "--plan", "plan.json"]);
    assert_eq!(code, 3, "{sync:#}");
    assert_eq!(sync["refusal"]["rule"], "plan_stale");
    assert!(!world.path("users.db").exists() || world.users().is_empty());
}

#[test]
fn a_revoked_token_is_exit_4_and_removes_nobody() {
    let world = World::of(20);
    assert_eq!(world.hris(&["sync"]).code, 0);
    let before = world.users();
    world.sandbox.revoke(world.sandbox.token()).expect("a token");
    for command in ["check", "plan", "sync", "fields"] {
        let (code, document) = world.json(&[command]);
        assert_eq!(code, 4, "{command}: {document:#}");
        assert_eq!(document["outcome"], "failed");
    }
    assert_eq!(world.users(), before);
}

#[test]
fn an_answer_that_is_no_directory_is_exit_5_and_changes_nothing() {
    let world = World::of(20);
    assert_eq!(world.hris(&["sync"]).code, 0);
    let before = world.users();
    world.sandbox.inject(hris_humaans::sandbox::Fault::LoginPage.on("/people"));
    let (code, document) = world.json(&["sync"]);
    assert_eq!(code, 5, "{document:#}");
    assert_eq!(document["error"]["kind"], "source");
    assert_eq!(world.users(), before);
}

#[test]
fn a_state_that_cannot_be_used_is_exit_7_and_stays_as_it_is() {
    let world = World::of(12);
    let garbage = "this is not a database, and it is long enough to have a header of a hundred bytes if it were one, I think";
    std::fs::write(world.path("hris-state.db"), garbage).expect("a file");
    for command in ["plan", "sync", "history", "check", "resolve"] {
        let (code, document) = world.json(&[command]);
        assert_eq!(code, 7, "{command}: {document:#}");
    }
    assert_eq!(std::fs::read_to_string(world.path("hris-state.db")).expect("a file"), garbage);
    assert!(!world.path("users.db").exists());
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

#[cfg(unix)]
#[test]
fn a_token_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::of(12);
    let config = std::fs::read_to_string(world.path("hris.toml")).expect("a file");
    let config = config.replace("token_env = \"HRIS_TEST_TOKEN\"", "token_file = \"token\"");
    std::fs::write(world.path("hris.toml"), config).expect("a file");
    std::fs::write(world.path("token"), format!("{}\n", world.sandbox.token())).expect("a file");
    for (mode, warned) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(world.path("token"), std::fs::Permissions::from_mode(mode)).expect("a mode");
        let check = world.hris(&["check"]);
        assert_eq!(check.code, 0, "{}", check.err);
        assert_eq!(check.out.contains("can be read by others"), warned, "{}", check.out);
    }
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

#[test]
fn the_schema_accepts_what_the_command_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| ended(hris(folder.path(), args).output().expect("the command"));
    let schema = run(&["schema"]).json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert_eq!(run(&["init", "--vendor", "humaans"]).code, 0);
    assert_eq!(run(&["demo", "--employees", "12", "--quiet", "--now", common::NOW]).code, 0);
    for name in ["hris.toml", "hris-demo/hris.toml"] {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a file");
        let instance = to_json(&text);
        let faults: Vec<String> = validator.iter_errors(&instance).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}");
    }
    let wrong = to_json("[source]\nvendor = \"humaans\"\npage_sise = 3\n");
    assert!(!validator.is_valid(&wrong));
}

/// Every example of a configuration in the documentation, which is each block that names a source.
#[test]
fn the_schema_accepts_what_the_documentation_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = ended(hris(folder.path(), &["schema"]).output().expect("the command")).json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut pages = vec![root.join("README.md")];
    for place in ["examples", "hris-humaans", "hris-reconcile", "hris-core/docs"] {
        pages.extend(
            std::fs::read_dir(root.join(place)).into_iter().flatten().flatten().map(|entry| entry.path()),
        );
    }
    let mut seen = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|kind| kind == "md")) {
        let Ok(text) = std::fs::read_to_string(page) else { continue };
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            if !block.contains("[source]") {
                continue;
            }
            seen += 1;
            let instance = to_json(block);
            let faults: Vec<String> =
                validator.iter_errors(&instance).map(|fault| fault.to_string()).collect();
            assert_eq!(faults, Vec::<String>::new(), "{}: {block}", page.display());
        }
    }
    assert!(seen > 0, "the README of the command shows one");
}

fn to_json(text: &str) -> Value {
    let table: toml::Table = text.parse().expect("TOML");
    serde_json::to_value(table).expect("JSON")
}
