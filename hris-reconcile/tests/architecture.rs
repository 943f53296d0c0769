//! The rules of the house that no compiler keeps: who may import whom, and what stays in one place.
//!
//! They look at the whole workspace, so in a published package of this crate there is nothing to
//! look at and they say so.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a rule that cannot be looked at has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The workspace, or `None` where this crate stands alone.
fn workspace() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.to_owned();
    let whole = root.join("hris-core/src/reconcile").is_dir() && root.join("README.md").is_file();
    if !whole {
        eprintln!("skipped: the workspace is not here");
    }
    whole.then_some(root)
}

fn cargo(root: &Path, arguments: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program).args(arguments).current_dir(root).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn packages(root: &Path) -> Vec<Value> {
    let text = cargo(root, &["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a name")
}

fn is_vendor(name: &str) -> bool {
    name.starts_with("hris-") && !["hris-core", "hris-reconcile", "hris-examples"].contains(&name)
}

/// Every file beneath `folder` whose name ends so, without what is built or hidden.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "hris-demo" {
            found.extend(files(&path, ending));
        } else if path.is_file() && name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of code of a file: no comments, and nothing after its unit tests begin.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("readable");
    let lines = text.lines().take_while(|line| !line.trim_start().starts_with("#[cfg(test)]"));
    lines.map(|line| line.split("//").next().unwrap_or_default().to_owned()).collect()
}

/// The library files in which a line of code holds `word`.
fn naming(root: &Path, word: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for package in packages(root) {
        let folder = root.join(Path::new(name(&package)));
        if !folder.join("src/lib.rs").is_file() {
            continue;
        }
        // A module of our own may bear the name of the crate that it hides.
        let own = format!("use self::{word}");
        for file in files(&folder.join("src"), ".rs") {
            if code(&file).iter().any(|line| line.contains(word) && !line.contains(&own)) {
                found.insert(file.strip_prefix(root).expect("inside").display().to_string());
            }
        }
    }
    found
}

#[test]
fn crates_point_one_way() {
    let Some(root) = workspace() else { return };
    for package in packages(&root) {
        let own = name(&package);
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = name(dependency);
            if !other.starts_with("hris-") || dependency["kind"] == "dev" {
                continue;
            }
            let allowed = match own {
                "hris-core" => false,
                "hris-reconcile" => other == "hris-core" || is_vendor(other),
                "hris-examples" => true,
                _ => other == "hris-core",
            };
            assert!(allowed, "{own} may not depend on {other}");
        }
    }
}

#[test]
fn the_engine_knows_no_effects() {
    let Some(root) = workspace() else { return };
    for file in files(&root.join("hris-core/src/reconcile"), ".rs") {
        for line in code(&file) {
            for effect in [
                "Directory",
                "Instant::",
                "SystemTime",
                "async ",
                "directory::",
                "env::",
                "fs::",
                "http::",
                "net::",
                "now(",
                "println!",
                "rand::",
                "thread::",
                "tokio::",
            ] {
                assert!(!line.contains(effect), "{}: {effect} in {line}", file.display());
            }
        }
    }
}

#[test]
fn foreign_crates_stay_in_one_file() {
    let Some(root) = workspace() else { return };
    for (word, only) in [
        ("reqwest::", "hris-core/src/http/reqwest.rs"),
        ("secrecy::", "hris-core/src/secret.rs"),
        ("lettre::", "hris-reconcile/src/email.rs"),
        ("minijinja::", "hris-reconcile/src/report/html.rs"),
    ] {
        assert_eq!(naming(&root, word).into_iter().collect::<Vec<_>>(), [only], "{word}");
    }
}

#[test]
fn libraries_leave_clock_environment_and_tasks_to_the_caller() {
    let Some(root) = workspace() else { return };
    for word in
        ["SystemTime::now", "Timestamp::now", "env::var", "tokio::spawn", "process::exit", "static mut"]
    {
        // A sandbox is a server, for tests and tours, and runs on its own.
        let found: Vec<_> =
            naming(&root, word).into_iter().filter(|file| !file.contains("/sandbox")).collect();
        // The machine's clock is a type of its own that the caller hands over.
        let chosen =
            |file: &str| word == "SystemTime::now" && file == "hris-reconcile/src/schedule/system.rs";
        let own =
            found.iter().filter(|file| !file.starts_with("examples/") && !chosen(file)).collect::<Vec<_>>();
        assert!(own.is_empty(), "{word} in {own:?}");
    }
}

#[test]
fn core_alone_is_small_and_has_no_http() {
    let Some(root) = workspace() else { return };
    let tree = cargo(
        &root,
        &[
            "tree",
            "--offline",
            "-p",
            "hris-core",
            "--no-default-features",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--no-dedupe",
        ],
    );
    let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.len() <= 35, "{} crates", crates.len());
    for heavy in ["reqwest", "hyper", "tokio", "sqlx", "rustls"] {
        assert!(!crates.contains(heavy), "core alone pulls in {heavy}");
    }
}

/// A program links SQLite once, and its own may be another than ours.
#[test]
fn default_features_leave_sqlite_to_the_program() {
    let Some(root) = workspace() else { return };
    for package in [
        "hris-24sevenoffice",
        "hris-core",
        "hris-employmenthero",
        "hris-freshteam",
        "hris-humaans",
        "hris-reconcile",
    ] {
        let tree = cargo(&root, &["tree", "--offline", "-p", package, "-e", "normal", "--prefix", "none"]);
        assert!(tree.starts_with(package), "{tree}");
        assert!(!tree.contains("libsqlite3-sys"), "{package} links SQLite by default");
    }
}

#[test]
fn vendor_crates_have_one_shape() {
    let Some(root) = workspace() else { return };
    const ALWAYS: [&str; 9] =
        ["checks", "config", "convert", "kit", "lib", "lists", "refusals", "source", "wire"];
    const SOMETIMES: [&str; 6] = ["oauth", "requirements", "sandbox", "token", "webhook", "writer"];
    for package in packages(&root) {
        if !is_vendor(name(&package)) {
            continue;
        }
        let folder = root.join(name(&package));
        let entries = fs::read_dir(folder.join("src")).expect("sources");
        let stems: BTreeSet<String> = entries
            .map(|entry| {
                entry.expect("an entry").path().file_stem().unwrap_or_default().to_string_lossy().into_owned()
            })
            .collect();
        for stem in ALWAYS {
            assert!(stems.contains(stem), "{} has no {stem}", name(&package));
        }
        for stem in &stems {
            assert!(
                ALWAYS.contains(&stem.as_str()) || SOMETIMES.contains(&stem.as_str()),
                "{} has {stem}, which no other vendor would look for",
                name(&package)
            );
        }
        let lib = code(&folder.join("src/lib.rs")).join("\n");
        assert!(!lib.contains("pub mod wire") && !lib.contains("pub use wire"), "wire types stay inside");
        assert!(folder.join("README.md").is_file(), "{} has a front page", name(&package));
    }
}

/// Lines of code that are no blank and no comment.
fn count(files: &[PathBuf]) -> usize {
    files.iter().flat_map(|file| code(file)).filter(|line| !line.trim().is_empty()).count()
}

/// The most lines of code of a vendor's crate without its fake and its writer. What is above the aim of 1,300 is what
/// only that vendor has: Freshteam a status made of five flags, an account's own host and a limit that its answers
/// state; Employment Hero a consent with an application of the customer's own; 24SevenOffice employments that have to
/// be added up, and a token for a token.
const MOST: [(&str, usize); 4] = [
    ("hris-24sevenoffice", 1_500),
    ("hris-employmenthero", 1_500),
    ("hris-freshteam", 1_550),
    ("hris-humaans", 1_300),
];

/// A vendor's crate holds what only that vendor knows. The kit in core does the rest, once.
#[test]
fn vendor_crates_stay_small_and_leave_the_directory_to_the_kit() {
    let Some(root) = workspace() else { return };
    for package in packages(&root).iter().filter(|package| is_vendor(name(package))) {
        let all = files(&root.join(name(package)).join("src"), ".rs");
        let is_apart = |file: &PathBuf| {
            let path = file.display().to_string();
            path.contains("/sandbox") || path.contains("/writer")
        };
        let own: Vec<PathBuf> = all.into_iter().filter(|file| !is_apart(file)).collect();
        let lines = count(&own);
        let most = MOST.iter().find(|(vendor, _)| *vendor == name(package)).map_or(1_300, |(_, most)| *most);
        assert!(lines <= most, "{} has {lines} lines of code; at most {most}", name(package));
        for file in &own {
            for line in code(file) {
                assert!(!line.contains("impl Directory for"), "{}: {line}", file.display());
            }
        }
    }
    let kit = naming(&root, "Directory for $name").into_iter().collect::<Vec<_>>();
    assert_eq!(kit, ["hris-core/src/connector/source.rs"]);
}

/// A file is read in one sitting.
#[test]
fn no_file_is_long() {
    let Some(root) = workspace() else { return };
    for file in files(&root, ".rs") {
        let own = file.strip_prefix(&root).expect("inside").display().to_string();
        let lines = fs::read_to_string(&file).expect("readable").lines().count();
        assert!(lines <= 500, "{own} has {lines} lines; split it by theme");
    }
}

/// The settings that only one vendor has, by their declarations.
fn declared(config: &Path) -> Vec<String> {
    let role = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_role = matches!(words.first(), Some(&"listing" | &"writing" | &"neither"));
        words.get(1).filter(|_| is_role).map(|name| name.trim_end_matches(':').to_owned())
    };
    code(config).iter().filter_map(|line| role(line)).collect()
}

/// The type of a setting is the schema of the file, the builder's method, the template and the digest.
#[test]
fn each_setting_of_a_vendor_is_named_in_one_crate_only() {
    let Some(root) = workspace() else { return };
    let mut settings = 0;
    for package in packages(&root).iter().filter(|package| is_vendor(name(package))) {
        let folder = root.join(name(package)).join("src");
        let declared = [
            declared(&folder.join("config.rs")),
            if folder.join("oauth.rs").is_file() { declared(&folder.join("oauth.rs")) } else { Vec::new() },
        ];
        for setting in declared.concat() {
            settings += 1;
            let quoted = format!("\"{setting}\"");
            for file in files(&root.join("examples/src/bin/hris"), ".rs") {
                // Words that mean something outside a table of settings too.
                if ["organisation", "redirect_uri", "scopes", "sort", "subdomain"].contains(&setting.as_str())
                {
                    continue;
                }
                for line in code(&file) {
                    assert!(!line.contains(&quoted), "{}: {setting} of {}", file.display(), name(package));
                }
            }
        }
    }
    assert!(settings > 25, "{settings} settings were found");
}

/// A further vendor costs a line here and there, not a file of its own.
#[test]
fn a_vendor_is_named_in_few_files_outside_its_crate() {
    let Some(root) = workspace() else { return };
    for package in packages(&root).iter().filter(|package| is_vendor(name(package))) {
        let word = name(package).replace('-', "_");
        let mut sources = Vec::new();
        for part in ["hris-core/src", "hris-reconcile/src", "examples/src/bin/hris"] {
            sources.extend(files(&root.join(part), ".rs"));
        }
        let naming: Vec<PathBuf> =
            sources.into_iter().filter(|file| code(file).iter().any(|line| line.contains(&word))).collect();
        assert!(naming.len() <= 2, "{word} is named in {naming:?}");
    }
}

#[test]
fn nothing_is_left_for_later() {
    let Some(root) = workspace() else { return };
    for file in files(&root, ".rs").iter().filter(|file| !file.ends_with("architecture.rs")) {
        for line in code(file) {
            for word in ["todo!(", "unimplemented!(", "#[ignore"] {
                assert!(!line.contains(word), "{}: {word}", file.display());
            }
        }
    }
}

#[test]
fn no_file_names_a_machine() {
    let Some(root) = workspace() else { return };
    let texts = [".rs", ".md", ".toml", ".html", ".sql"].iter().flat_map(|ending| files(&root, ending));
    for file in texts.filter(|file| !file.ends_with("architecture.rs")) {
        let text = fs::read_to_string(&file).expect("readable");
        for path in ["/home/", "/root/", "/work/", "/Users/", "/tmp/wt"] {
            assert!(!text.contains(path), "{}: {path}", file.display());
        }
    }
}

#[test]
fn the_commands_of_the_readme_are_the_ones_that_are_tested() {
    let Some(root) = workspace() else { return };
    let readme = fs::read_to_string(root.join("README.md")).expect("a README");
    let script = fs::read_to_string(root.join(".ci/run")).expect("a script");
    for command in
        ["cargo run -q -p hris-examples --bin hris -- demo", "cargo test --workspace --all-features"]
    {
        assert!(readme.contains(command), "the README lacks {command}");
        assert!(script.contains(command), ".ci/run lacks {command}");
    }
}

#[test]
fn each_promise_of_the_readme_names_a_test_that_exists() {
    let Some(root) = workspace() else { return };
    let readme = fs::read_to_string(root.join("README.md")).expect("a README");
    let promises = readme.split("| promise |").nth(1).and_then(|rest| rest.split("\n\n").next());
    let rows: Vec<&str> = promises.expect("a table").lines().filter(|row| row.starts_with("| ")).collect();
    assert!(rows.len() > 5, "{} promises", rows.len());
    let sources: Vec<String> =
        files(&root, ".rs").iter().map(|file| fs::read_to_string(file).expect("readable")).collect();
    for row in rows {
        let proof = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        // Names stand between backticks.
        for name in proof.split('`').skip(1).step_by(2).filter(|name| *name != ".ci/run") {
            let found = sources.iter().any(|text| text.contains(&format!("fn {name}(")));
            assert!(found, "no test is called {name}");
        }
    }
}

#[test]
fn the_example_of_the_readme_is_the_one_that_is_compiled() {
    let Some(root) = workspace() else { return };
    let readme = fs::read_to_string(root.join("README.md")).expect("a README");
    let compiled = fs::read_to_string(root.join("hris-reconcile/README.md")).expect("a README");
    let example =
        readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert!(compiled.contains(example), "the two examples differ");
    assert!(example.lines().count() <= 26, "it is short");
}

#[test]
fn every_library_is_fit_to_publish() {
    let Some(root) = workspace() else { return };
    for package in packages(&root).iter().filter(|package| name(package) != "hris-examples") {
        let own = name(package);
        for member in ["description", "license", "repository", "readme", "rust_version"] {
            assert!(package[member].as_str().is_some_and(|text| !text.is_empty()), "{own} has no {member}");
        }
        let keywords = package["keywords"].as_array().map_or(0, Vec::len);
        assert!((1..=5).contains(&keywords), "{own} has {keywords} keywords");
        assert_eq!(package["metadata"]["docs"]["rs"]["all-features"], true, "{own} on docs.rs");
        assert_eq!(package["license"], "MIT OR Apache-2.0");
    }
}
