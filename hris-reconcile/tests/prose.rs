//! The phrases that a reader has to decode: no comment, page or message may gain one.
//!
//! `prose/remaining.txt` lists the files that still hold some, and how many. A number in it may only
//! fall. In a published package of this crate there is no workspace to read, and the tests say so.
#![allow(clippy::expect_used, clippy::print_stderr, reason = "a rule that cannot be looked at has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The most phrases that `prose/remaining.txt` may allow in all. Lower it with the list.
const REMAINING: usize = 0;

/// A phrase in lower case, and what to write in its place.
const BANNED: [(&str, &str); 32] = [
    ("that is none", "write `invalid` or `missing`"),
    ("that are none", "write `invalid` or `missing`"),
    ("which is none", "write `invalid` or `missing`"),
    ("it is none", "write `invalid` or `missing`"),
    ("none if", "write `None` in backticks, or the noun"),
    ("none where", "write `None` in backticks, or the noun"),
    ("none when", "write `None` in backticks, or the noun"),
    ("none unless", "write `None` in backticks, or the noun"),
    ("some if", "write `Some` in backticks, or the noun"),
    ("some where", "write `Some` in backticks, or the noun"),
    ("is told", "write who reports or returns what"),
    ("are told", "write who reports or returns what"),
    ("was told", "write who reports or returns what"),
    ("were told", "write who reports or returns what"),
    ("be told", "write who reports or returns what"),
    ("been told", "write who reports or returns what"),
    ("not told", "write `unknown` or `not given`"),
    ("tells", "write `returns`, `reports` or `shows`; `distinguishes` for two things"),
    ("whoever", "name the person, the account or the caller"),
    ("what is of", "name the thing"),
    ("of no such", "name the thing"),
    ("what it has not", "write `what it lacks`"),
    ("the same as nothing", "write `missing` or `empty`"),
    ("more than nothing", "write `greater than zero`"),
    ("absence means nothing", "say that the list does not prove who is gone"),
    ("nobody's can be", "start with the subject"),
    ("none of it can be", "start with the subject"),
    ("can be right", "say what is checked"),
    ("came to its end", "write `finished`"),
    ("comes to its end", "write `finishes`"),
    ("is to give up", "write `releases`"),
    ("was to give up", "write `releases`"),
];

/// The workspace, or `None` where this crate stands alone.
fn workspace() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.to_owned();
    let whole = root.join("hris-core/src/reconcile").is_dir() && root.join("README.md").is_file();
    if !whole {
        eprintln!("skipped: the workspace is not here");
    }
    whole.then_some(root)
}

/// Every page, and every source file outside `tests` folders.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let skipped = name.starts_with('.') || ["target", "tests", "hris-demo"].contains(&name.as_str());
        if path.is_dir() && !skipped {
            found.extend(files(&path));
        } else if path.is_file() && !skipped && (name.ends_with(".rs") || name.ends_with(".md")) {
            found.push(path);
        }
    }
    found
}

/// The comments and the string literals of a source file, one paragraph a line.
fn prose(source: &str) -> String {
    let mut prose = String::new();
    let mut rest = source;
    let mut after_comment = false;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            let line = rest.lines().next().unwrap_or_default();
            let text = line.trim_start_matches(['/', '!']).trim();
            // A comment that goes on in the next line is one paragraph; an empty line ends it.
            if !after_comment || text.is_empty() {
                prose.push('\n');
            }
            prose.push_str(text);
            prose.push(' ');
            rest = rest.get(line.len()..).unwrap_or_default();
            after_comment = true;
            continue;
        }
        if let Some(text) = rest.strip_prefix("r#\"") {
            let literal = text.split("\"#").next().unwrap_or_default();
            prose.push_str(&format!("\n{literal}\n"));
            rest = text.get(literal.len() + 2..).unwrap_or_default();
        } else if let Some(text) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = text.find(|character| {
                let ends = character == '"' && !escaped;
                escaped = character == '\\' && !escaped;
                ends
            });
            let literal = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
            prose.push_str(&format!("\n{}\n", literal.replace("\\\n", " ")));
            rest = text.get(literal.len() + 1..).unwrap_or_default();
        } else if let Some(character) = ["'\"'", "'\\\"'"].iter().find_map(|it| rest.strip_prefix(it)) {
            rest = character;
        } else {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
        after_comment = after_comment && first.is_whitespace();
    }
    prose
}

/// Whether a paragraph begins with the number of a section of some other document, as in `4.1: `.
fn begins_with_a_number(paragraph: &str) -> bool {
    let paragraph = paragraph.trim_start();
    let number =
        paragraph.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    number.len() < paragraph.len() && number.starts_with(": ")
}

/// The banned phrases of a text, each as often as it is there, and the advice for each.
fn banned(text: &str) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    for paragraph in text.lines() {
        if begins_with_a_number(paragraph) {
            found.push(("a bare number", "name the endpoint or link the vendor's page"));
        }
        if paragraph.split(". ").any(|sentence| sentence.trim_start().starts_with("Whom ")) {
            found.push(("a sentence that begins with `Whom`", "name the person"));
        }
        let words = paragraph.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        for (phrase, advice) in BANNED {
            let whole = |(at, _): &(usize, &str)| {
                let before = words.get(..*at).and_then(|text| text.chars().next_back());
                let after = words.get(at + phrase.len()..).and_then(|text| text.chars().next());
                !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
            };
            found.extend(words.match_indices(phrase).filter(whole).map(|_| (phrase, advice)));
        }
    }
    found
}

/// The lines of `prose/remaining.txt`: a number and a file.
fn remaining() -> BTreeMap<String, usize> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prose/remaining.txt");
    let text = fs::read_to_string(list).expect("a list");
    let entry = |line: &str| {
        let (count, file) = line.split_once(' ').expect("a number and a file");
        (file.to_owned(), count.parse().expect("a number"))
    };
    text.lines().map(entry).collect()
}

#[test]
fn no_file_gains_a_phrase_that_has_to_be_decoded() {
    let Some(root) = workspace() else { return };
    let allowed = remaining();
    let mut faults = Vec::new();
    for path in files(&root) {
        let text = fs::read_to_string(&path).expect("readable");
        let is_source = path.extension().is_some_and(|ending| ending == "rs");
        // A paragraph of a page goes on over line ends, and is one line here.
        let paragraphs = |page: &str| page.split("\n\n").map(|it| it.replace('\n', " ") + "\n").collect();
        let found = banned(&if is_source { prose(&text) } else { paragraphs(&text) });
        let file = path.strip_prefix(&root).expect("inside").display().to_string();
        let limit = allowed.get(&file).copied().unwrap_or_default();
        if found.len() > limit {
            faults.push(format!("{} {file} (at most {limit}): {found:?}", found.len()));
        } else if found.len() < limit {
            eprintln!("{} {file}: lower the number in prose/remaining.txt from {limit}", found.len());
        }
    }
    faults.sort();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_list_of_what_remains_only_shrinks() {
    let total: usize = remaining().values().sum();
    assert!(total == REMAINING, "prose/remaining.txt allows {total} phrases, {REMAINING} is right");
}

#[test]
fn a_phrase_is_found_in_comments_and_messages_and_not_in_code() {
    for (source, count) in [
        ("/// A share that is\n/// none.\nfn told() {}", 1),
        ("let text = \"the key is \\\n    told\"; // whoever asks", 2),
        ("fn tells(whoever: u32) -> u32 { whoever }", 0),
        ("/// Returns `None` if the key is missing.", 0),
        ("/// 4.1: what the token may do.", 1),
        ("/// Port 80: plain.\nlet quote = '\"'; let tells = 1;", 0),
        ("let raw = r#\"a \"quoted\" word, and whoever\"#;", 1),
        ("/// The people. Whom to ask.", 1),
    ] {
        assert_eq!(banned(&prose(source)).len(), count, "{source}");
    }
}
