//! Stopped while the answer to a renewal is on its way, at a vendor that takes a refresh token which comes
//! twice for stolen.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use hris_employmenthero::sandbox::{Fault, Rotation};

use super::common::{ended, signal};
use super::{REDIRECT, World};

const TOKEN: &str = "/oauth2/token";

/// A connected world whose next renewal is answered so late.
fn held_back(time: Duration) -> World {
    let world = World::of(10);
    world.configure(
        "hris.toml",
        "acme",
        &format!("redirect_uri = \"{REDIRECT}\"\n[schedule]\nevery = \"1h\""),
    );
    world.sandbox.behave(|behaviour| behaviour.rotation = Rotation::ReuseEnds);
    assert_eq!(world.connect().code, 0);
    world.sandbox.advance(Duration::from_secs(3600));
    world.sandbox.inject(Fault::Slow(time).on(TOKEN));
    world
}

/// Starts a command, and returns it once the vendor has got its renewal.
fn renewing(world: &World, args: &[&str]) -> Child {
    let before = world.sandbox.requests_to(TOKEN);
    let child = world.command(args).spawn().expect("the command");
    let start = Instant::now();
    while world.sandbox.requests_to(TOKEN) == before {
        assert!(start.elapsed() < Duration::from_secs(60), "{args:?} renews nothing");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn finishes(args: &[&str], name: &str, code: i32) {
    let world = held_back(Duration::from_secs(5));
    let child = renewing(&world, args);
    signal(&child, name);
    let stopped = ended(child.wait_with_output().expect("the end"));
    assert_eq!(stopped.code, code, "{args:?}: {}{}", stopped.out, stopped.err);
    assert!(stopped.err.contains("stopping as soon as the current step is finished"), "{}", stopped.err);
    world.sandbox.clear_faults();
    let next = world.hris(&["sync"]);
    assert_eq!(next.code, 0, "after {args:?}: {}", next.err);
    // One for the code, and one that was under way: nothing was asked for twice.
    assert_eq!(world.sandbox.requests_to(TOKEN), 2, "{args:?}");
}

#[test]
fn a_run_that_is_stopped_keeps_what_its_renewal_brings() {
    std::thread::scope(|scope| {
        for (args, name, code) in [
            (&["sync"][..], "INT", 130),
            (&["run"], "TERM", 0),
            (&["plan"], "TERM", 130),
            (&["check"], "INT", 130),
            (&["fields"], "INT", 130),
            (&["match"], "TERM", 130),
            (&["import", "somebody"], "INT", 130),
        ] {
            scope.spawn(move || finishes(args, name, code));
        }
    });
}

#[test]
fn a_second_signal_leaves_at_once() {
    let world = held_back(Duration::from_secs(90));
    let mut child = renewing(&world, &["sync"]);
    let mut told = BufReader::new(child.stderr.take().expect("stderr")).lines();
    signal(&child, "INT");
    assert!(told.any(|line| line.is_ok_and(|line| line.contains("a second signal stops at once"))));
    let start = Instant::now();
    signal(&child, "INT");
    assert_eq!(child.wait().expect("the end").code(), Some(130));
    assert!(start.elapsed() < Duration::from_secs(30));
}

/// The code is spent by then, so what it brings is stored.
#[test]
fn a_consent_that_is_stopped_while_its_code_is_redeemed_is_kept() {
    let world = World::of(10);
    world.sandbox.inject(Fault::Slow(Duration::from_secs(5)).on(TOKEN));
    let (mut child, address) = world.connecting(&["connect", "--paste"]);
    let returned = world.sandbox.consent(&address).expect("sent back");
    {
        use std::io::Write as _;
        writeln!(child.stdin.take().expect("stdin"), "{returned}").expect("pasted");
    }
    let start = Instant::now();
    while world.sandbox.requests_to(TOKEN) == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "the code is not redeemed");
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "INT");
    let connected = ended(child.wait_with_output().expect("the end"));
    assert_eq!(connected.code, 0, "{}", connected.err);
    world.sandbox.clear_faults();
    assert_eq!(world.hris(&["sync"]).code, 0);
}
