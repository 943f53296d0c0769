//! The stories hold what they promise.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::Path;
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
fn new_connector() {
    told(env!("CARGO_BIN_EXE_new_connector"));
}

/// The page "a new connector" shows the code that runs, and the lines that it promises.
#[test]
fn the_page_on_a_new_connector_shows_the_connector_that_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
    let page = read("hris-core/docs/new-connector.md");
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let code = plain(&read("examples/src/bin/new_connector/birch.rs"));
    let blocks: Vec<&str> =
        page.split("```rust,ignore").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 7, "{} blocks", blocks.len());
    for block in blocks {
        assert!(code.contains(&plain(block)), "not in birch.rs:{block}");
    }
    let table = page.split("| file | lines | which |").nth(1).expect("a table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let mut lines = 0;
    for row in &rows {
        let [_, file, number, ..] = row.as_slice() else { panic!("{row:?}") };
        let file = file.trim_matches('`');
        lines += number.parse::<u32>().expect("a number");
        assert!(read(file).to_lowercase().contains("24sevenoffice"), "{file} names no vendor");
    }
    assert!(rows.len() <= 8 && lines <= 15, "{lines} lines in {} files", rows.len());
    assert!(page.contains(&format!("takes {lines} lines in eight files")), "{lines} lines");
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
