//! The command with `vendor = "freshteam"`.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod common;

use std::io::BufRead as _;

use common::{Ended, NOW, ended, files, hris};

/// A folder, and the command in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn run(&self, args: &[&str]) -> Ended {
        let mut command = hris(self.0.path(), args);
        ended(command.env_remove("FRESHTEAM_TOKEN").args(["--now", NOW]).output().expect("the command"))
    }

    fn write(&self, text: &str) {
        std::fs::write(self.0.path().join("hris.toml"), text).expect("a configuration");
    }
}

#[test]
fn the_tour_shows_one_of_each() {
    let place = Place::new();
    let demo = place.run(&["demo", "--vendor", "freshteam", "--employees", "40", "--json"]);
    assert_eq!(demo.code, 0, "{}", demo.err);
    let document = demo.json();
    let count = |name: &str| document["syncs"][1]["counts"][name].as_u64().expect("a number");
    assert_eq!(
        (count("created"), count("invited"), count("updated"), count("deactivated"), count("failed")),
        (1, 1, 1, 1, 0)
    );
    let left: Vec<String> =
        files(&place.0.path().join("hris-demo")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["freshteam.token", "hris-state.db", "hris.toml", "users.db"]);
    assert!(demo.err.contains("this reads 4 requests"), "{}", demo.err);
    let retiring = |problem: &serde_json::Value| problem["code"] == "source_retiring";
    assert!(document["syncs"][1]["problems"].as_array().expect("problems").iter().any(retiring));
}

#[test]
fn init_asks_for_the_subdomain_first_and_then_the_key() {
    let place = Place::new();
    let init = place.run(&["init", "--vendor", "freshteam"]);
    assert_eq!(init.code, 0, "{}", init.err);
    let (subdomain, key) = (init.out.find("the subdomain"), init.out.find("API Key"));
    assert!(subdomain.is_some() && subdomain < key, "{}", init.out);
    for said in ["before .freshteam.com", "FRESHTEAM_TOKEN", "role HR Partner or Admin"] {
        assert!(init.out.contains(said), "{said} in {}", init.out);
    }
    let check = place.run(&["check"]);
    assert_eq!(check.code, 1);
    assert!(check.err.contains("the part before .freshteam.com"), "{}", check.err);
    let text = std::fs::read_to_string(place.0.path().join("hris.toml")).expect("a file");
    place.write(&text.replace("# subdomain = \"…\"", "subdomain = \"acme\""));
    let check = place.run(&["check"]);
    assert_eq!(check.code, 1);
    assert!(check.err.contains("FRESHTEAM_TOKEN is not set"), "{}", check.err);
}

#[test]
fn a_setting_that_cannot_be_right_is_named_with_its_line() {
    let place = Place::new();
    for (line, said) in [
        ("subdomain = \"acme.evil.example\"", "source.subdomain: is not an address of Freshteam"),
        ("subdomain = \"acme.freshdesk.com\"", "another Freshworks product"),
        ("rate_share = 1.5", "source.rate_share: must be above 0 and at most 1"),
        ("new_hires = true", "source.new_hires"),
        ("listings = [\"status=all\"]", "source.listings: must begin with"),
        ("page_size = 51", "source.page_size must be a whole number from 1 to 50"),
        ("sort = \"updated_at\"", "source.sort must be one of"),
        ("base_url = \"https://evil.example\"", "nowhere else"),
        ("people_status = \"all\"", "is a key of the vendor humaans"),
    ] {
        place.write(&format!("[source]\nvendor = \"freshteam\"\n{line}\n"));
        let plan = place.run(&["plan"]);
        assert_eq!(plan.code, 1, "{line}");
        assert!(plan.err.contains("hris.toml:3") && plan.err.contains(said), "{line}: {}", plan.err);
    }
    place.write("[source]\nvendor = \"humaans\"\nsubdomain = \"acme\"\n");
    let plan = place.run(&["plan"]);
    assert!(plan.err.contains("is a key of the vendor freshteam"), "{}", plan.err);
}

#[test]
fn a_sandbox_from_check_to_sync() {
    let place = Place::new();
    let mut sandbox =
        hris(place.0.path(), &["sandbox", "freshteam", "--employees", "60"]).spawn().expect("it starts");
    let mut lines = std::io::BufReader::new(sandbox.stdout.take().expect("its output")).lines();
    let mut next = |prefix: &str| {
        let line = lines.next().expect("a line").expect("text");
        line.strip_prefix(prefix).expect("what the contract says").to_owned()
    };
    let (url, token) = (next("listening on "), next("token "));
    std::fs::write(place.0.path().join("key"), &token).expect("a file");
    let source = format!(
        "[source]\nvendor = \"freshteam\"\nsubdomain = \"lofotfisk\"\nbase_url = \"{url}\"\ntoken_file = \"key\"\n\
         [mapping]\nexternal_id = \"id\"\nemail = \"email\"\n"
    );
    place.write(&format!("{source}custom.locker = \"custom.locker_no_cf_str01\"\n"));
    let check = place.run(&["check"]);
    assert_eq!(check.code, 0, "{}", check.err);
    for said in ["61 requests", "one request a person is for", "source_retiring"] {
        assert!(check.out.contains(said), "{said} in {}", check.out);
    }
    place.write(&source);
    let plan = place.run(&["plan", "--json"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    assert_eq!(plan.json()["source"]["vendor"], "freshteam");
    assert!(plan.err.contains("this reads 3 requests"), "{}", plan.err);
    let fields = place.run(&["fields", "--json"]);
    let named = |field: &serde_json::Value| {
        field["field"] == "custom.locker_no_cf_str01" && field["label"] == "Locker no"
    };
    assert!(fields.json()["fields"].as_array().expect("fields").iter().any(named));
    let sync = place.run(&["sync", "--json"]);
    assert_eq!((sync.code, sync.json()["counts"]["created"].as_u64()), (0, Some(58)));
    std::fs::write(place.0.path().join("key"), "wrong").expect("a file");
    let refused = place.run(&["sync"]);
    assert_eq!(refused.code, 4);
    assert!(refused.err.contains("profile picture, top right › API Key"), "{}", refused.err);
    common::signal(&sandbox, "TERM");
    assert_eq!(sandbox.wait().expect("it ends").code(), Some(0));
    for output in [check.out, plan.out, plan.err, refused.err] {
        assert!(!output.contains(&token));
    }
}
