//! Stopping in the middle, however rudely, and going on.

#![cfg(unix)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{NOW, World, ended, signal};

/// Waits until `ready`, at most ten seconds.
fn until(what: &str, mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A company that answers slowly, so that a run can be met in the middle.
fn slow() -> World {
    World::with(|sandbox| sandbox.employees(60).latency(Duration::from_millis(300)), "page_size = 20\n")
}

#[test]
fn ctrl_c_ends_a_run_with_130_and_the_next_one_goes_on() {
    let world = slow();
    let child = world.command(&["sync", "--json", "--now", NOW]).spawn().expect("the command");
    until("it reads", || world.sandbox.requests_to("/people") > 0);
    signal(&child, "INT");
    let stopped = ended(child.wait_with_output().expect("it ends"));
    assert_eq!(stopped.code, 130, "{}", stopped.err);
    assert_eq!(stopped.json()["outcome"], "failed");
    assert_eq!(world.hris(&["sync"]).code, 0, "the lease was given back");
}

#[test]
fn two_runs_at_once_are_one_run_and_a_busy_one() {
    let world = slow();
    let mut child = world.command(&["sync", "--now", NOW]).spawn().expect("the command");
    until("it reads", || world.sandbox.requests_to("/people") > 0);
    let (code, second) = world.json(&["sync"]);
    assert_eq!(code, 6, "{second:#}");
    assert_eq!(second["error"]["kind"], "busy");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_run_killed_anywhere_is_finished_by_the_next() {
    let clean = World::of(60);
    assert_eq!(clean.hris(&["sync"]).code, 0);
    let expected = clean.users();
    for wait in [0, 5, 15, 30, 60, 120] {
        let world = World::of(60);
        let mut child = world.command(&["sync", "--now", NOW]).spawn().expect("the command");
        until("it begins", || {
            world.path("users.db").exists() || child.try_wait().expect("a child").is_some()
        });
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        let _ = child.wait();
        let next = world.hris(&["sync"]);
        assert_eq!(next.code, 0, "after {wait} ms: {}{}", next.out, next.err);
        assert_eq!(world.users(), expected, "after {wait} ms");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let world = World::of(30);
    for args in [&["plan"][..], &["plan", "--json"], &["schema"], &["sync"], &["history"]] {
        let mut child = world.command(args).args(["--now", NOW]).spawn().expect("the command");
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().expect("stderr").read_to_string(&mut said).expect("text");
        let code = child.wait().expect("it ends").code();
        assert_ne!(code, Some(0), "{args:?}");
        assert!(!said.contains("panicked"), "{said}");
    }
    // The sync was carried out all the same, and its journal is whole.
    let (code, again) = world.json(&["sync"]);
    assert_eq!((code, again["counts"]["created"].as_u64()), (0, Some(0)), "{again:#}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_and_no_standard_error_are_no_panic() {
    let world = World::of(12);
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let status = world.command(&["sync", "--json", "--now", NOW]).stdout(full()).stderr(full()).status();
    assert_eq!(status.expect("it ends").code(), Some(74));
    let (code, again) = world.json(&["sync"]);
    assert_eq!(
        (code, again["counts"]["created"].as_u64()),
        (0, Some(0)),
        "the run was carried out: {again:#}"
    );
}

#[test]
fn the_loop_syncs_catches_up_once_and_stops_on_request() {
    for (name, code) in [("TERM", 0), ("INT", 130)] {
        let world = World::with(|sandbox| sandbox.employees(12), "[schedule]\nevery = \"1h\"\n");
        assert_eq!(world.hris_at("2026-11-20T09:00:00Z", &["sync"]).code, 0);
        let mut child =
            world.command(&["run", "--now", NOW]).stderr(Stdio::piped()).spawn().expect("the command");
        let mut told = BufReader::new(child.stderr.take().expect("stderr")).lines();
        let next = told.find_map(|line| line.ok().filter(|line| line.starts_with("next run at")));
        assert_eq!(next.as_deref(), Some("next run at 2026-11-24T10:00:00Z"), "four days late makes one run");
        signal(&child, name);
        assert_eq!(child.wait().expect("it ends").code(), Some(code), "{name}");
        let (_, history) = world.json(&["history"]);
        assert_eq!(history["runs"].as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn a_failure_does_not_end_the_loop() {
    let world = World::with(|sandbox| sandbox.employees(12), "[schedule]\nevery = \"1s\"\n");
    world.sandbox.revoke(world.sandbox.token()).expect("a token");
    let mut child = world.command(&["run"]).spawn().expect("the command");
    let mut told = BufReader::new(child.stderr.take().expect("stderr")).lines();
    let failures =
        told.by_ref().map_while(Result::ok).filter(|line| line.starts_with("hris: ")).take(2).count();
    assert_eq!(failures, 2);
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_loop_without_a_schedule_is_told_at_once() {
    let world = World::of(12);
    let told = world.hris(&["run"]);
    assert_eq!(told.code, 1);
    assert!(told.err.contains("schedule.every"), "{}", told.err);
}

#[test]
fn the_sandbox_says_where_it_is_and_takes_addresses_with_and_without_a_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child =
        common::hris(folder.path(), &["sandbox", "humaans", "--employees", "12"]).spawn().expect("it starts");
    let mut lines =
        BufReader::new(child.stdout.take().expect("stdout")).lines().map(|line| line.expect("a line"));
    let url =
        lines.next().and_then(|line| line.strip_prefix("listening on ").map(str::to_owned)).expect("where");
    let token =
        lines.next().and_then(|line| line.strip_prefix("token ").map(str::to_owned)).expect("a token");
    for path in ["", "/", "/api", "/api/"] {
        let config = format!("[source]\nvendor = \"humaans\"\nbase_url = \"{url}{path}\"\n");
        std::fs::write(folder.path().join("hris.toml"), config).expect("a configuration");
        let mut plan = common::hris(folder.path(), &["plan", "--json"]);
        let plan = ended(plan.env("HUMAANS_TOKEN", &token).output().expect("the command"));
        assert_eq!(plan.code, 0, "{path}: {}", plan.err);
    }
    signal(&child, "INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}
