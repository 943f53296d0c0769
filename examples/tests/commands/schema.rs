//! The schema of a configuration, held against the command and the documentation.

use super::*;

#[test]
fn the_schema_accepts_what_the_command_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| ended(hris(folder.path(), args).output().expect("the command"));
    let schema = run(&["schema"]).json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert_eq!(run(&["init", "--vendor", "humaans"]).code, 0);
    assert_eq!(run(&["demo", "--employees", "12", "--quiet", "--now", common::NOW]).code, 0);
    for name in ["hris.toml", "hris-demo/hris.toml"] {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a file");
        let instance = to_json(&text);
        let faults: Vec<String> = validator.iter_errors(&instance).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}");
    }
    let wrong = to_json("[source]\nvendor = \"humaans\"\npage_sise = 3\n");
    assert!(!validator.is_valid(&wrong));
}

/// Every example of a configuration in the documentation, which is each block that names a source.
#[test]
fn the_schema_accepts_what_the_documentation_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = ended(hris(folder.path(), &["schema"]).output().expect("the command")).json();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut pages = vec![root.join("README.md")];
    for place in ["examples", "hris-humaans", "hris-reconcile", "hris-core/docs"] {
        pages.extend(
            std::fs::read_dir(root.join(place)).into_iter().flatten().flatten().map(|entry| entry.path()),
        );
    }
    let mut seen = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|kind| kind == "md")) {
        let Ok(text) = std::fs::read_to_string(page) else { continue };
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            if !block.contains("[source]") {
                continue;
            }
            seen += 1;
            let instance = to_json(block);
            let faults: Vec<String> =
                validator.iter_errors(&instance).map(|fault| fault.to_string()).collect();
            assert_eq!(faults, Vec::<String>::new(), "{}: {block}", page.display());
        }
    }
    assert!(seen > 0, "the README of the command shows one");
}

fn to_json(text: &str) -> Value {
    let table: toml::Table = text.parse().expect("TOML");
    serde_json::to_value(table).expect("JSON")
}
