//! Logs: off unless asked for, of every run, with connection, vendor and run, and of nobody.

mod common;

use common::{NOW, World, ended};

fn log_lines(err: &str) -> Vec<&str> {
    err.lines().filter(|line| line.contains("run{")).collect()
}

#[test]
fn an_operator_gets_logs_by_variable_or_option_and_nobody_is_in_them() {
    let world = World::of(12);
    let run = |args: &[&str], variable: &str| {
        let mut command = world.command(args);
        ended(command.args(["--now", NOW]).env("HRIS_LOG", variable).output().expect("the command"))
    };
    assert!(log_lines(&world.hris(&["sync"]).err).is_empty(), "none unless asked for");

    let sync = run(&["sync", "--json"], "info");
    let document = sync.json();
    let id = document["run"].as_str().expect("a run");
    let span = format!("run{{connection=\"acme\" vendor=\"humaans\" run=\"{id}\" command=\"sync\"}}");
    let told = log_lines(&sync.err);
    assert!(
        matches!(told.as_slice(), [line] if line.contains(" INFO ") && line.contains(&span)),
        "{}",
        sync.err
    );
    assert!(told.iter().all(|line| line.contains("completed") && line.contains("unchanged=")), "{told:?}");

    // The option has the last word.
    assert!(log_lines(&run(&["plan", "--log", "off"], "trace").err).is_empty());
    let fine = run(&["sync", "--log", "trace"], "off");
    assert!(log_lines(&fine.err).len() > 3 && fine.err.contains("answered"), "{}", fine.err);
    assert!(!fine.err.contains(world.sandbox.token()));
    for person in world.sandbox.people() {
        for word in [Some(person.id.clone()), Some(person.name()), person.email.clone()].into_iter().flatten()
        {
            assert!(!fine.err.contains(&word), "{word}");
        }
    }

    for (variable, args, told) in [
        ("inof", vec!["sync"], "hris: HRIS_LOG: \"inof\" is not a level; the nearest is `info`"),
        ("info", vec!["sync", "--log", "lettre=trace"], "hris: --log: \"lettre\" is none of our crates"),
    ] {
        let refused = run(&args, variable);
        assert_eq!(refused.code, 1, "{}", refused.err);
        assert!(refused.err.contains(told), "{}", refused.err);
    }
}

#[test]
fn a_failed_run_is_an_error_in_the_logs_and_the_check_says_what_it_found() {
    let world = World::of(12);
    let ready = world.hris(&["check", "--log", "info"]);
    assert_eq!(ready.code, 0, "{}", ready.err);
    let looked = "check{connection=\"acme\" vendor=\"humaans\"}";
    let found =
        |err: &str, level: &str| err.lines().any(|line| line.contains(level) && line.contains(looked));
    assert!(found(&ready.err, " INFO "), "{}", ready.err);
    world.sandbox.revoke(world.sandbox.token()).expect("a token");
    let refused = world.hris(&["check", "--log", "info"]);
    assert_eq!(refused.code, 4);
    assert!(found(&refused.err, " WARN "), "{}", refused.err);
    // Whose it is stands there also where nothing but errors is wanted.
    let failed = world.hris(&["sync", "--log", "error"]);
    assert_eq!(failed.code, 4);
    let told = log_lines(&failed.err);
    assert!(told.iter().any(|line| line.contains("ERROR") && line.contains("exit_code=4")), "{}", failed.err);
}
