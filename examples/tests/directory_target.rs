//! The command with another HR system as the target: Humaans into a payroll.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod common;

use common::{Ended, World};
use hris_24sevenoffice::sandbox::Sandbox as Payroll;

/// People of a company in Humaans, and a payroll that is the target.
struct Both {
    world: World,
    payroll: Payroll,
}

impl Both {
    /// `more` follows the keys of `[target]`.
    fn new(more: &str) -> Self {
        let world = World::of(12);
        let started = world.runtime.block_on(Payroll::builder().employees(3).start());
        let both = Self { world, payroll: started.expect("a payroll") };
        let target = format!(
            "[target]\nkind = \"directory\"\nvendor = \"24sevenoffice\"\nbase_url = \"http://{}\"\n\
             token_env = \"PAYROLL_TOKEN\"\nrate_limit = {{ per_second = 1000, burst = 1000 }}\n{more}\n",
            both.payroll.address()
        );
        both.world.configure(&target);
        both
    }

    fn run(&self, token: &str, args: &[&str]) -> Ended {
        let mut command = self.world.command(args);
        let command = command.env("PAYROLL_TOKEN", token).args(["--now", common::NOW]);
        common::ended(command.output().expect("the command"))
    }

    fn sync(&self) -> (i32, serde_json::Value) {
        let ended = self.run(self.payroll.token(), &["sync", "--json"]);
        (ended.code, ended.json())
    }

    fn people(&self) -> usize {
        self.payroll.change(|company| company.ids().len())
    }
}

fn count(report: &serde_json::Value, name: &str) -> u64 {
    report["counts"][name].as_u64().expect("a number")
}

#[test]
fn people_are_made_in_the_payroll_once_and_nobody_is_invited() {
    let both = Both::new("");
    let check = both.run(both.payroll.token(), &["check"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    let (code, first) = both.sync();
    assert_eq!(code, 0, "{first}");
    let made = count(&first, "created");
    assert!(made >= 10 && count(&first, "invited") == 0, "{first}");
    assert_eq!(both.people(), 3 + usize::try_from(made).expect("few"));
    assert!(!both.world.path("users.db").exists(), "there is no table of accounts");

    let (code, second) = both.sync();
    assert_eq!((code, second["actions"].as_array().map(Vec::len)), (0, Some(0)), "{second}");

    let mover = both.world.staff().remove(0);
    both.world.sandbox.set_field(&mover, "phoneNumber", "+4740599999").expect("somebody");
    let (code, third) = both.sync();
    assert_eq!((code, count(&third, "updated")), (0, 1), "{third}");
    assert_eq!(third["actions"][0]["fields"], serde_json::json!(["phone"]));
}

#[test]
fn who_leaves_gets_an_end_date_only_where_a_reason_is_set() {
    for (reason, done) in [("", false), ("enddate_reason = \"arbeidstakerHarSagtOppSelv\"", true)] {
        let both = Both::new(reason);
        assert_eq!(both.sync().0, 0);
        let leaver = both.world.staff().pop().expect("somebody");
        both.world.sandbox.offboard(&leaver, "2026-11-20").expect("somebody");
        let (code, report) = both.sync();
        let expected = if done { (0, 1) } else { (2, 0) };
        assert_eq!((code, count(&report, "deactivated")), expected, "{report}");
    }
}

#[test]
fn a_target_that_refuses_or_is_away_changes_nothing() {
    let both = Both::new("");
    let refused = both.run("mistyped-t0ken", &["sync", "--json"]);
    assert_eq!((refused.code, refused.json()["outcome"].as_str()), (4, Some("failed")), "{}", refused.err);
    assert!(!format!("{}{}", refused.err, refused.out).contains("mistyped"), "a secret is printed");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    both.world.configure(&format!(
        "[target]\nkind = \"directory\"\nvendor = \"24sevenoffice\"\nbase_url = \"http://{free}\"\n\
         token_env = \"PAYROLL_TOKEN\"\n"
    ));
    assert_eq!(both.run(both.payroll.token(), &["plan"]).code, 5);
    assert_eq!(both.people(), 3);
}

#[test]
fn settings_of_the_target_are_judged_as_those_of_a_source() {
    let world = World::of(1);
    let same = "vendor = \"24sevenoffice\"\ntoken_env = \"ONE\"\n";
    let text = format!("[source]\n{same}[target]\nkind = \"directory\"\n{same}");
    std::fs::write(world.path("hris.toml"), text).expect("a configuration");
    let plan = world.hris(&["plan"]);
    assert!(plan.code == 1 && plan.err.contains("[target] is what [source] is"), "{}", plan.err);
    for (target, said) in [
        ("kind = \"directory\"", "target.vendor is missing; 24sevenoffice can be written"),
        ("kind = \"directory\"\nvendor = \"freshteam\"", "target.vendor: freshteam can only be read"),
        ("kind = \"directory\"\nvendor = \"24sevenoffise\"", "the nearest is \"24sevenoffice\""),
        ("kind = \"directory\"\nvendor = \"24sevenoffice\"\nconcurency = 2", "the nearest is `concurrency`"),
        (
            "kind = \"directory\"\nvendor = \"24sevenoffice\"\nsubdomain = \"x\"",
            "a key of the vendor freshteam",
        ),
        (
            "kind = \"directory\"\nvendor = \"24sevenoffice\"\nbase_url = \"http://a.example\"",
            "target.base_url",
        ),
        ("kind = \"directory\"\nvendor = \"24sevenoffice\"\ntoken_env = \"NOT_SET\"", "NOT_SET is not set"),
        ("vendor = \"24sevenoffice\"", "write kind = \"directory\""),
        ("kind = \"postgres\"", "this build has no target \"postgres\" yet"),
    ] {
        world.configure(&format!("[target]\n{target}\n"));
        let plan = world.hris(&["plan"]);
        assert_eq!(plan.code, 1, "{target}");
        assert!(plan.err.contains(said), "{target}: {}", plan.err);
    }
}
