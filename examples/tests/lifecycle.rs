//! What happens to people over time, through the command: who starts, is asked again, leaves, comes back,
//! and what the safeguards and a state that cannot be used keep from happening.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod common;

use common::{World, keys};
use hris_humaans::sandbox::{Person, Status};
use serde_json::Value;

/// A company without peculiarities, synced once.
fn synced(employees: usize, more: &str) -> World {
    let world = World::with(|sandbox| sandbox.employees(employees).plain(), more);
    assert_eq!(world.hris(&["sync"]).code, 0);
    world
}

impl World {
    /// Syncs at that time: the exit code, and what was done to whom.
    fn sync_at(&self, now: &str) -> (i32, Vec<String>) {
        let (code, report) = self.json_at(now, &["sync"]);
        let actions = report["actions"].as_array().expect("actions").iter();
        let text = |action: &Value, key: &str| action[key].as_str().unwrap_or_default().to_owned();
        (
            code,
            actions.map(|action| format!("{} {}", text(action, "action"), text(action, "result"))).collect(),
        )
    }

    fn json_at(&self, now: &str, args: &[&str]) -> (i32, Value) {
        let ended = self.hris_at(now, &[args, &["--json"]].concat());
        (ended.code, ended.json())
    }

    fn status(&self, employee: &str) -> String {
        let found = self.query(&format!("select status from users where external_id = '{employee}'"));
        found.into_iter().next().unwrap_or_else(|| "none".to_owned())
    }
}

fn nothing() -> (i32, Vec<String>) {
    (0, Vec::new())
}

fn done(action: &str) -> (i32, Vec<String>) {
    (0, vec![format!("{action} done")])
}

#[test]
fn a_life_from_before_the_first_day_to_a_return() {
    let world = synced(12, "[policy]\ntime_zone = \"America/New_York\"\n");
    let id = world
        .sandbox
        .hire(Person::new_hire("Noor", "El-Amrani").starts("2026-12-01").email("noor@acme.example"));
    assert_eq!(world.sync_at("2026-11-25T09:00:00Z"), done("create"), "an account, and no invitation yet");
    assert_eq!(world.status(&id), "pending");
    world.sandbox.change(|sandbox| sandbox.activate(&id, "noor@acme.example")).expect("somebody");
    // The day begins at midnight in New York, five hours after it does in UTC.
    assert_eq!(world.sync_at("2026-12-01T04:59:59Z"), nothing());
    assert_eq!(world.sync_at("2026-12-01T05:00:00Z"), done("invite"));
    assert_eq!((world.status(&id).as_str(), world.sync_at("2026-12-01T05:00:01Z")), ("invited", nothing()));

    world.sandbox.offboard(&id, "2026-12-10").expect("somebody");
    let (code, actions) = world.sync_at("2026-12-11T04:59:59Z");
    assert_eq!((code, actions), done("update"), "the last day counts as worked; only its date is written");
    assert_eq!(world.sync_at("2026-12-11T05:00:00Z"), done("deactivate"));
    assert_eq!(
        (world.status(&id).as_str(), world.sync_at("2026-12-11T05:00:01Z")),
        ("deactivated", nothing())
    );

    world.sandbox.rehire(&id, "2026-12-14").expect("somebody");
    let (code, actions) = world.sync_at("2026-12-15T12:00:00Z");
    assert_eq!((code, actions[0].as_str()), (0, "reactivate done"), "{actions:?}");
    assert_eq!(world.status(&id), "invited", "as before: the invitation was never accepted");
    let invites = world.query(
        "select count(*) || '' from invites join users on users.id = user_id where email = 'noor@acme.example'",
    );
    assert_eq!(invites, ["1"], "asked once in all that time");
}

#[test]
fn an_invitation_that_is_not_accepted_is_sent_again_after_thirty_days_and_never_after_it_was() {
    let world = synced(3, "");
    let people = world.users().len();
    assert_eq!(world.sync_at("2026-12-24T08:59:59Z"), nothing());
    let (code, actions) = world.sync_at("2026-12-24T09:00:00Z");
    assert_eq!((code, actions), (0, vec!["reinvite done".to_owned(); people]));
    assert_eq!(world.sync_at("2026-12-24T09:00:01Z"), nothing());
    world.query("update invites set accepted_at = '2026-12-25T00:00:00Z' returning user_id");
    world.query("update users set status = 'active' returning id");
    assert_eq!(world.sync_at("2027-06-01T00:00:00Z"), nothing());

    let never = synced(3, "[policy]\nreinvite_after_days = 0\n");
    assert_eq!(never.sync_at("2027-06-01T00:00:00Z"), nothing());
}

#[test]
fn what_the_safeguards_let_pass_at_their_edges() {
    // Accounts, leavers, the rule that refuses them.
    for (accounts, leavers, rule) in [
        (1, 1, Some("min_remaining_percent")),
        (2, 1, Some("min_remaining_percent")),
        (3, 1, None),
        (3, 2, Some("min_remaining_percent")),
        (10, 3, None),
        (10, 4, Some("max_deactivations_percent")),
        (29, 3, None),
        (30, 4, Some("max_deactivations_percent")),
        (31, 3, None),
        (40, 4, None),
    ] {
        // One person more than accounts: whoever made the token is protected, so they get none.
        let world = World::with(|sandbox| sandbox.employees(1).plain(), "");
        let maker = world.sandbox.people()[0].id.clone();
        world.sandbox.change(|sandbox| sandbox.set_field(&maker, "status", "newHire")).expect("somebody");
        world.sandbox.set_field(&maker, "email", Value::Null).expect("somebody");
        let hired: Vec<String> = (0..accounts)
            .map(|n| {
                let person = Person::new("Given", format!("Family{n}")).starts("2020-01-06");
                world.sandbox.hire(person.email(format!("p{n}@acme.example")))
            })
            .collect();
        assert_eq!(world.hris(&["sync"]).code, 0);
        assert_eq!(world.users().len(), accounts);
        for id in hired.iter().take(leavers) {
            world.sandbox.offboard(id, "2026-11-20").expect("somebody");
        }
        let (code, report) = world.json(&["sync"]);
        assert_eq!(report["refusal"]["rule"].as_str(), rule, "{leavers} of {accounts}: {report:#}");
        assert_eq!(code, if rule.is_some() { 3 } else { 0 });
        let closed = if rule.is_some() { 0 } else { leavers };
        assert_eq!(report["counts"]["deactivated"].as_u64(), Some(closed as u64));
        assert_eq!(world.query("select id from users where status = 'deactivated'").len(), closed);
    }
}

#[test]
fn protected_accounts_and_accounts_of_nobody_stay() {
    let world = synced(12, "");
    let leaver = world.staff()[5].clone();
    let email = world.sandbox.person(&leaver).and_then(|person| person.email).expect("an address");
    world.query("insert into users (email, status) values ('owner@acme.example', 'active') returning id");
    world.configure(&format!("[safeguards]\nprotected = [\"{}\"]\n", email.to_uppercase()));
    world.sandbox.offboard(&leaver, "2026-11-20").expect("somebody");
    let (code, report) = world.json(&["sync"]);
    assert_eq!((code, &report["actions"]), (2, &Value::Array(Vec::new())), "{report:#}");
    assert_eq!(report["problems"][0]["code"], "protected");
    // Programs rely on the keys of a problem, also where it concerns no field.
    for key in ["severity", "code", "employee", "field", "message"] {
        assert!(keys(&report["problems"][0]).contains(&key), "{key}: {report:#}");
    }
    assert_eq!(world.query("select status from users where email = 'owner@acme.example'"), ["active"]);

    // Only the policy closes accounts of nobody, and the first time only a person's approval.
    world.configure("[policy]\nunlinked_users = \"deactivate\"\n[safeguards]\nprotected = []\n");
    world.sandbox.rehire(&leaver, "2026-11-23").expect("somebody");
    let (code, report) = world.json(&["sync"]);
    assert_eq!((code, report["refusal"]["rule"].as_str()), (3, Some("config_changed")), "{report:#}");
    assert_eq!(world.hris(&["plan", "--out", "plan.json"]).code, 3);
    assert_eq!(world.hris(&["sync", "--plan", "plan.json", "--approve"]).code, 0);
    assert_eq!(world.query("select status from users where email = 'owner@acme.example'"), ["deactivated"]);
}

#[test]
fn a_lost_state_closes_and_invites_nobody_and_names_a_leaver() {
    let world = synced(12, "");
    let before = world.users();
    let leaver = world.staff()[5].clone();
    world.sandbox.offboard(&leaver, "2026-11-20").expect("somebody");
    for (name, _) in world.files() {
        if name.starts_with("hris-state.db") {
            std::fs::remove_file(world.path(&name)).expect("removed");
        }
    }
    let (code, report) = world.json(&["sync"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(world.users(), before);
    let named = |problem: &Value| problem["code"] == "divergence" && problem["employee"] == *leaver;
    assert!(report["problems"].as_array().expect("problems").iter().any(named), "{report:#}");
}

#[cfg(unix)]
#[test]
fn files_that_are_read_only_are_refused_and_used_once_they_are_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = synced(12, "");
    world.sandbox.hire(Person::new("Noor", "El-Amrani").status(Status::Active).starts("2026-11-24"));
    for (file, code) in [("hris-state.db", 7), ("users.db", 5)] {
        let mode = |mode| {
            std::fs::set_permissions(world.path(file), std::fs::Permissions::from_mode(mode))
                .expect("a mode");
        };
        let before = world.users();
        mode(0o400);
        let (found, report) = world.json(&["sync"]);
        assert_eq!(found, code, "{file}: {report:#}");
        assert!(report["error"]["message"].as_str().unwrap_or_default().contains("read-only"), "{report:#}");
        assert_eq!(world.hris(&["plan"]).code, 0, "{file}: it may be looked at");
        mode(0o600);
        assert_eq!(world.users(), before, "{file}");
    }
    assert_eq!(world.json(&["sync"]).1["counts"]["created"], 1);
}

#[test]
fn a_state_of_a_newer_program_is_exit_7_and_left_alone() {
    let world = synced(12, "");
    let path = world.path("hris-state.db");
    let mut bytes = std::fs::read(&path).expect("a state");
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&path, &bytes).expect("a state");
    for command in ["plan", "sync", "match", "history", "check", "resolve"] {
        let (code, document) = world.json(&[command]);
        assert_eq!(code, 7, "{command}: {document:#}");
    }
    assert!(std::fs::read(&path).expect("a state") == bytes);
}

#[test]
fn a_source_that_is_down_and_a_wrong_token_change_nothing() {
    let world = synced(12, "");
    let before = world.users();
    let config = std::fs::read_to_string(world.path("hris.toml")).expect("a file");
    let wrong = common::ended(
        world
            .command(&["sync", "--json"])
            .env("HRIS_TEST_TOKEN", "another-token")
            .output()
            .expect("the command"),
    );
    assert_eq!(
        (wrong.code, wrong.json()["error"]["kind"].as_str().map(str::to_owned)),
        (4, Some("auth".to_owned()))
    );
    // Nobody listens on port 1.
    let address = world.sandbox.address().to_string();
    std::fs::write(world.path("hris.toml"), config.replace(&address, "127.0.0.1:1")).expect("a file");
    let (code, document) = world.json(&["sync"]);
    assert_eq!((code, &document["error"]["kind"]), (5, &Value::from("source")), "{document:#}");
    assert_eq!(world.users(), before);
    let history = world.hris(&["history"]);
    assert!(history.out.contains("no connection to"), "{}", history.out);
}

#[test]
fn two_records_of_one_id_hold_one_person_and_remove_nobody() {
    let world = synced(12, "");
    let before = world.users();
    let twice = world.staff()[3].clone();
    let missing = world.staff()[6].clone();
    world
        .sandbox
        .change(|sandbox| sandbox.hire_as(twice.clone(), Person::new("Some", "Twin").starts("2020-01-06")));
    world.sandbox.delete(&missing).expect("somebody");
    let (code, report) = world.json(&["sync"]);
    assert_eq!(code, 2, "{report:#}");
    let codes: Vec<&Value> =
        report["problems"].as_array().expect("problems").iter().map(|problem| &problem["code"]).collect();
    assert!(codes.contains(&&Value::from("duplicate_external_id")), "{codes:?}");
    assert!(codes.contains(&&Value::from("visibility_lost")), "nobody is kept in silence: {codes:?}");
    assert_eq!(world.users(), before);
}

#[test]
fn quiet_and_colourless_say_the_same_without_remarks() {
    let world = synced(12, "");
    let loud = world.hris(&["history"]);
    let quiet = world.hris(&["history", "--quiet", "--no-color"]);
    assert!(loud.out.len() + loud.err.len() > quiet.out.len() + quiet.err.len());
    assert!(quiet.out.contains("completed") && !quiet.out.contains('\u{1b}'));
    assert!(!loud.out.contains('\u{1b}'), "no colour where nobody looks");
}
