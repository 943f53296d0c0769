//! What cannot work, and the exit code that says so.

use super::*;

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
