//! The tour: what it shows, what it leaves, what it refuses.

mod common;

use common::{NOW, ended, files, hris};

#[test]
fn the_tour_shows_one_of_each_and_leaves_files_that_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let run =
        |args: &[&str]| ended(hris(folder.path(), args).args(["--now", NOW]).output().expect("the command"));
    let demo = run(&["demo", "--employees", "30", "--json"]);
    assert_eq!(demo.code, 0, "{}", demo.err);
    let document = demo.json();
    assert_eq!(document["outcome"], "completed");
    let second = &document["syncs"][1];
    let count = |name: &str| second["counts"][name].as_u64().expect("a number");
    assert_eq!(
        (count("created"), count("invited"), count("updated"), count("deactivated"), count("failed")),
        (1, 1, 1, 1, 0)
    );
    let left: Vec<String> =
        files(&folder.path().join("hris-demo")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["hris-state.db", "hris.toml", "humaans.token", "users.db"]);

    // The company can be brought back as the tour left it; then there is nothing to do.
    let again = document["sandbox"].as_str().expect("a command");
    let args: Vec<&str> = again.split(' ').skip(1).collect();
    let mut sandbox = hris(folder.path(), &args).spawn().expect("the sandbox");
    let mut line = String::new();
    let mut out = std::io::BufReader::new(sandbox.stdout.take().expect("its output"));
    std::io::BufRead::read_line(&mut out, &mut line).expect("a line");
    assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
    let sync = run(&["--config", "hris-demo/hris.toml", "plan", "--json"]);
    common::signal(&sandbox, "TERM");
    assert_eq!(sandbox.wait().expect("it ends").code(), Some(0));
    assert_eq!(sync.code, 0, "{}", sync.err);
    assert_eq!(sync.json()["actions"], serde_json::json!([]));
}

#[test]
fn a_problem_is_told_once_in_the_tour() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = hris(folder.path(), &["demo", "--employees", "60", "--now", NOW]).output();
    let demo = ended(demo.expect("the command"));
    assert_eq!(demo.code, 0, "{}", demo.err);
    assert_eq!(demo.out.matches("missing_email").count(), 1, "{}", demo.out);
    assert_eq!(demo.out.matches("of an earlier step are unchanged").count(), 2, "{}", demo.out);
}

#[test]
fn every_vendor_has_a_tour() {
    for (vendor, token) in [("24sevenoffice", "24sevenoffice.token")] {
        let folder = tempfile::tempdir().expect("a folder");
        let args = ["demo", "--vendor", vendor, "--employees", "30", "--json", "--now", NOW];
        let demo = ended(hris(folder.path(), &args).output().expect("the command"));
        assert_eq!(demo.code, 0, "{vendor}: {}", demo.err);
        let document = demo.json();
        let counts = &document["syncs"][1]["counts"];
        for (name, count) in
            [("created", 1), ("invited", 1), ("updated", 1), ("deactivated", 1), ("failed", 0)]
        {
            assert_eq!(counts[name], count, "{vendor}: {name}");
        }
        let secret = folder.path().join("hris-demo").join(token);
        assert!(secret.is_file(), "{vendor}");
        let secret = std::fs::read_to_string(secret).expect("the token");
        assert!(!demo.out.contains(secret.trim()) && !demo.err.contains(secret.trim()), "{vendor}");
    }
}

#[test]
fn the_tour_is_told_in_words_and_may_be_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| ended(hris(folder.path(), args).output().expect("the command"));
    let first = run(&["demo", "--employees", "12", "--dir", "d"]);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    for said in [
        "hris check",
        "hris plan",
        "hris sync",
        "1 created, 1 invited, 1 updated, 1 deactivated",
        "sqlite3 d/users.db",
    ] {
        assert!(first.out.contains(said), "{said} in {}", first.out);
    }
    let second = run(&["demo", "--employees", "12", "--dir", "d"]);
    assert_eq!(second.code, 0, "{}", second.err);
    assert!(second.out.contains("replaced"));
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("thesis.txt"), "ten years of work").expect("a file");
    let run = |args: &[&str]| ended(hris(folder.path(), args).output().expect("the command"));
    let refused = run(&["demo", "--dir", "."]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("thesis.txt"), "{}", refused.err);
    // A configuration of somebody's own is no demo's either.
    std::fs::remove_file(folder.path().join("thesis.txt")).expect("removed");
    assert_eq!(run(&["init", "--vendor", "humaans"]).code, 0);
    assert_eq!(run(&["demo", "--dir", "."]).code, 1);
    assert_eq!(files(folder.path()).len(), 1);
}
