//! Whoever left is deactivated, whatever the organisation's counts count.

use super::{REDIRECT, World};

#[test]
fn leavers_go_whether_the_organisation_counts_them_or_not() {
    for counted in [true, false] {
        let world = World::of(24);
        world.sandbox.behave(|behaviour| behaviour.leavers_counted = counted);
        assert_eq!(world.connect().code, 0);
        assert_eq!(world.hris(&["sync"]).code, 0, "{counted}");
        let staff = world.sandbox.people();
        let leaver = staff.iter().rfind(|person| person.status == "active").expect("somebody");
        world.sandbox.terminate(&leaver.id, "2026-11-20").expect("somebody");
        let left = world.hris(&["sync", "--json"]);
        let report = left.json();
        assert_eq!((left.code, &report["counts"]["deactivated"]), (0, &1.into()), "{counted}: {report:#}");
        assert_eq!(report["refusal"], serde_json::Value::Null, "{counted}");

        // Somebody who sees less consents: removals wait under either meaning, and a plan can be approved.
        let next = staff.iter().filter(|person| person.status == "active").nth(3).expect("somebody");
        world.sandbox.terminate(&next.id, "2026-11-20").expect("somebody");
        world.sandbox.hide([staff[0].id.clone()]);
        assert_eq!(world.connect().code, 0);
        let held = world.hris(&["sync", "--json"]);
        let report = held.json();
        assert_eq!(held.code, 2, "{counted}: {report:#}");
        assert_eq!(report["refusal"]["rule"], "coverage_lost");
        assert_eq!(report["counts"]["deactivated"], 0, "{counted}: {report:#}");
        let why = report["refusal"]["message"].as_str().unwrap_or_default();
        assert!(why.contains("are listed and the organisation says that it has"), "{why}");
        let check = world.hris(&["check"]);
        assert!(check.code == 0 && check.out.contains("removals wait"), "{}", check.out);
        let plan = world.hris(&["plan", "--out", "plan.json", "--json"]).json();
        assert!(plan["refusal"]["rule"] == "coverage_lost", "{plan:#}");
    }
}

#[test]
fn a_word_for_new_starters_can_be_said_to_mean_pending() {
    let world = World::of(10);
    world.sandbox.hire(
        hris_employmenthero::sandbox::Person::new("Noor", "El-Amrani")
            .email("noor@x.example")
            .status("onboarding")
            .starts("2026-11-26"),
    );
    let source = |more: &str| {
        world.configure(
            "hris.toml",
            "acme",
            &format!("redirect_uri = \"{REDIRECT}\"\n{more}\n[policy]\nfuture_starters = \"invite_now\""),
        );
    };
    source("");
    assert_eq!(world.connect().code, 0);
    let created = |more: &str| {
        source(more);
        let plan = world.hris(&["plan", "--json"]);
        assert_eq!(plan.code, 0, "{}", plan.err);
        plan.json()["counts"]["created"].as_u64().expect("a number")
    };
    let without = created("");
    assert_eq!(created("status_words = { onboarding = \"pending\" }"), without + 1);
    for wrong in ["status_words = { active = \"terminated\" }", "status_words = { onboarding = \"soon\" }"] {
        source(wrong);
        let refused = world.hris(&["plan"]);
        assert_eq!(refused.code, 1, "{wrong}: {}", refused.err);
        assert!(refused.err.contains("status_words"), "{}", refused.err);
    }
}
