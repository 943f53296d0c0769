//! The stories hold what they promise.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

fn told(program: &str) {
    let output = Command::new(program).output().expect("the story");
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{error}");
    assert!(text.contains('✓'), "it shows something");
}

#[test]
fn quickstart() {
    let output = Command::new(env!("CARGO_BIN_EXE_quickstart")).output().expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn own_accounts() {
    told(env!("CARGO_BIN_EXE_own_accounts"));
}

#[test]
fn own_loop() {
    told(env!("CARGO_BIN_EXE_own_loop"));
}

#[test]
fn the_page_about_a_loop_of_your_own_shows_the_loop_that_runs() {
    let program = include_str!("../src/bin/own_loop.rs");
    let page = include_str!("../../hris-core/docs/your-own-loop.md");
    let (_, shown) = page.split_once("```rust\n").expect("code on the page");
    let (shown, _) = shown.split_once("# fn main() {}\n```").expect("the end of the code");
    assert!(!shown.is_empty() && program.contains(shown), "copy the loop from the program to the page");
}

#[test]
fn story_1_humaans_benefits() {
    told(env!("CARGO_BIN_EXE_story_1_humaans_benefits"));
}

#[test]
fn story_2_freshteam_leavers() {
    told(env!("CARGO_BIN_EXE_story_2_freshteam_leavers"));
}

#[test]
fn story_3_connection_flow() {
    told(env!("CARGO_BIN_EXE_story_3_connection_flow"));
}

#[test]
fn story_4_payroll_both_ways() {
    told(env!("CARGO_BIN_EXE_story_4_payroll_both_ways"));
}

#[test]
fn story_5_employment_hero_operations() {
    told(env!("CARGO_BIN_EXE_story_5_employment_hero_operations"));
}
