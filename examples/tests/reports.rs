//! What people read: who would be removed, the figures, the report mail, a narrow terminal.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod common;

use common::{Ended, NOW, World, ended};
use hris_examples::mail::Mailbox;
use hris_humaans::sandbox::Fault;
use serde_json::Value;

const MAIL: &str = "[report]\nemail_to = \"hr-admin@acme.example\"\nemail_from = \"HRIS <hris@acme.example>\"\n\
                    smtp_url_env = \"HRIS_TEST_SMTP\"\n";

/// Runs the command with a mail server in the environment.
fn with_mail(world: &World, args: &[&str], url: &str) -> Ended {
    let mut command = world.command(&[args, &["--now", NOW]].concat());
    ended(command.env("HRIS_TEST_SMTP", url).output().expect("the command"))
}

/// A world of 60 people of whom so many left since the first sync; their ids and accounts.
fn with_leavers(count: usize) -> (World, Vec<String>) {
    let world = World::of(60);
    assert_eq!(world.hris(&["sync"]).code, 0);
    let gone: Vec<String> = world.staff().into_iter().rev().take(count).collect();
    for id in &gone {
        world.sandbox.offboard(id, "2026-11-20").expect("somebody");
    }
    (world, gone)
}

#[test]
fn everybody_who_would_be_removed_is_listed_one_by_one() {
    let (world, gone) = with_leavers(25);
    let accounts = world.query("select external_id || ' ' || id from users");
    let plan = world.hris(&["plan", "--out", "plan.json"]);
    assert_eq!(plan.code, 3, "{}", plan.err);
    let refused = world.hris(&["sync"]);
    let html = world.hris(&["report", "latest", "--format", "html"]).out;
    let emails = world.query("select email from users");
    for (name, text) in [("plan", &plan.out), ("sync", &refused.out), ("html", &html)] {
        for id in &gone {
            assert!(text.contains(id), "{name} does not name {id}: {text}");
            let account = accounts.iter().find_map(|pair| pair.strip_prefix(&format!("{id} "))).expect("one");
            assert!(text.contains(account), "{name} does not name the account of {id}");
        }
        assert!(!emails.iter().any(|email| text.contains(email)), "{name} holds a value");
    }
    // The file of the plan is private and names them first.
    let saved: Value =
        serde_json::from_str(&std::fs::read_to_string(world.path("plan.json")).expect("a plan"))
            .expect("a document");
    let removals = saved["removals"].as_array().expect("removals");
    assert_eq!(removals.len(), 25);
    for one in removals {
        assert!(emails.iter().any(|email| one["email"] == email.as_str()), "{one}");
        assert!(gone.iter().any(|id| one["employee"] == id.as_str()) && one["name"].is_string(), "{one}");
    }
}

#[test]
fn removals_stand_before_everything_else() {
    let (world, _) = with_leavers(2);
    let staff = world.staff();
    world.sandbox.hire(hris_humaans::sandbox::Person::new("Noor", "El-Amrani").starts("2026-11-24"));
    world
        .sandbox
        .update(&staff[3], |person| {
            person.set("phoneNumber", "+442079460999");
        })
        .expect("somebody");
    for text in [world.hris(&["plan"]).out, world.hris(&["sync"]).out] {
        let place = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word}: {text}"));
        assert!(place("deactivate · 2") < place("create · 1"), "{text}");
        assert!(place("deactivate · 2") < place("update · 1"), "{text}");
    }
    let html = world.hris(&["report", "latest", "--format", "html"]).out;
    assert!(html.find("<h3>Left</h3>") < html.find("<h3>Joined</h3>"));
}

#[cfg(target_os = "linux")]
mod terminal {
    use super::*;

    /// Runs the command on a terminal of so many columns.
    fn on_terminal(world: &World, columns: u16, args: &str) -> Ended {
        let hris = env!("CARGO_BIN_EXE_hris");
        let line = format!("stty rows 50 cols {columns}; exec {hris} {args} --no-color --quiet --now {NOW}");
        let mut command = std::process::Command::new("script");
        command.current_dir(world.folder.path()).env("HRIS_TEST_TOKEN", world.sandbox.token());
        command.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::null());
        ended(command.output().expect("`script` gives a terminal"))
    }

    #[test]
    fn a_plan_names_whom_it_would_remove_on_a_terminal_only() {
        let (world, gone) = with_leavers(2);
        let emails =
            world.query(&format!("select email from users where external_id in ('{}')", gone.join("', '")));
        let shown = on_terminal(&world, 200, "plan").out;
        let piped = world.hris(&["plan"]);
        let json = world.hris(&["plan", "--json"]);
        assert_eq!(emails.len(), 2);
        for email in emails {
            assert!(shown.contains(&email), "{shown}");
            for ended in [&piped, &json] {
                assert!(!ended.out.contains(&email) && !ended.err.contains(&email), "{}", ended.out);
            }
        }
        assert!(piped.out.contains("Their names are shown on a terminal"), "{}", piped.out);
    }

    #[test]
    fn no_word_is_broken_on_a_narrow_terminal() {
        let (world, gone) = with_leavers(2);
        let words = ["deactivate", "employee", "completed", "problems", "start_date"];
        let plan = on_terminal(&world, 60, "plan").out;
        assert!(gone.iter().all(|id| plan.contains(id)), "{plan}");
        assert_eq!(world.hris(&["sync"]).code, 0);
        let pages = [
            plan,
            on_terminal(&world, 60, "history latest").out,
            on_terminal(&world, 60, "history").out,
            on_terminal(&world, 60, "fields").out,
        ];
        for word in words {
            assert!(pages.iter().any(|page| page.contains(word)), "{word}: {pages:#?}");
        }
        // Lines of rows, which are stacked here: a heading or its margin, then words.
        let headings =
            ["name ", "e-mail ", "employee ", "user ", "fields ", "why ", "result ", "run ", "what ", "  "];
        let is_row = |line: &&str| headings.iter().any(|heading| line.starts_with(heading));
        for page in &pages[..3] {
            assert!(page.lines().any(|line| is_row(&line)), "{page}");
            let wide = page.lines().filter(is_row).find(|line| line.chars().count() > 60);
            assert_eq!(wide, None, "{page}");
        }
    }
}

#[test]
fn many_updates_name_their_fields_and_say_why_in_a_sentence() {
    let world = World::of(60);
    assert_eq!(world.hris(&["sync"]).code, 0);
    for (n, id) in world.staff().iter().enumerate().take(30) {
        world.sandbox.set_field(id, "phoneNumber", format!("+4420794610{n:02}")).expect("somebody");
    }
    let (_, plan) = world.json(&["plan"]);
    let text = world.hris(&["plan"]).out;
    let updates = plan["counts"]["updated"].as_u64().expect("a number");
    assert_eq!(updates, 30, "{plan:#}");
    assert!(text.contains("update · 30 · phone 30\nFor each, the source has other values.\n"), "{text}");
    assert!(text.contains("30 to update"), "{text}");
    let sync = world.hris(&["sync"]).out;
    assert!(sync.contains("update · 30 · phone 30") && sync.contains("30 updated"), "{sync}");
    let html = world.hris(&["report", "latest", "--format", "html"]).out;
    assert!(html.contains("30 updates"), "{html}");
}

#[test]
fn check_looks_at_the_mail_that_a_sync_would_send() {
    let world = World::of(12);
    world.configure(MAIL);
    let mailbox = world.runtime.block_on(Mailbox::open()).expect("a mailbox");
    let line = |ended: &Ended| {
        let document = ended.json();
        let findings = document["findings"].as_array().expect("findings");
        findings.iter().find(|one| one["subject"] == "report mail").expect("a line").clone()
    };
    let fine = with_mail(&world, &["check", "--json"], &mailbox.url());
    assert_eq!((fine.code, line(&fine)["level"].as_str()), (0, Some("passed")), "{}", fine.out);
    assert!(line(&fine)["found"].to_string().contains("hris@acme.example"), "{}", fine.out);
    assert_eq!(mailbox.messages().len(), 0, "a check sends nothing");

    let unset = world.hris(&["check", "--json"]);
    assert_eq!((unset.code, line(&unset)["level"].as_str()), (1, Some("missing")), "{}", unset.out);
    assert!(
        line(&unset)["found"].to_string().contains("hris.toml:10: the environment variable HRIS_TEST_SMTP")
    );
    for (url, code, word) in [
        ("smtp://127.0.0.1:1", 0, "nothing answers at 127.0.0.1:1"),
        ("smtps://no-such-host.invalid", 0, "the name no-such-host.invalid is not found"),
        ("mail.acme.example", 1, "HRIS_TEST_SMTP: e-mail: the SMTP URL"),
        ("smtp://user:s3cret@127.0.0.1:1/x", 1, "more than scheme"),
    ] {
        let ended = with_mail(&world, &["check", "--json"], url);
        let line = line(&ended);
        // Without a report a run goes on; with settings that cannot be right it does not begin.
        let level = if code == 0 { "warning" } else { "missing" };
        assert_eq!((ended.code, line["level"].as_str()), (code, Some(level)), "{url}: {line}");
        assert!(line["found"].to_string().contains(word), "{url}: {line}");
        assert!(!ended.out.contains("s3cret") && !ended.err.contains("s3cret"), "{url}");
    }
    world.configure(&format!("{MAIL}[schedule]\nevery = \"1h\"\n"));
    assert_eq!(world.hris(&["run"]).code, 1, "what each run needs is told before the first");
    // Without a sender there is none to be guessed.
    world.configure(&MAIL.replace("email_from = \"HRIS <hris@acme.example>\"\n", ""));
    for command in ["check", "sync"] {
        let ended = with_mail(&world, &[command], &mailbox.url());
        assert_eq!(ended.code, 1, "{}", ended.out);
        assert!((ended.out + &ended.err).replace('\n', " ").contains("report.email_from"), "{command}");
    }
}

#[test]
fn a_check_and_a_sync_agree_about_custom_fields_that_may_not_be_read() {
    let world = World::of(12);
    world.configure(
        "[mapping]\nexternal_id = \"id\"\nemail = \"email\"\n\"custom.size\" = \"custom.T-shirt size\"\n",
    );
    for path in ["/custom-fields", "/custom-values"] {
        world.sandbox.inject(Fault::Status(403).on(path));
        let (code, check) = world.json(&["check"]);
        let findings = check["findings"].as_array().expect("findings");
        let found = findings.iter().find(|one| one["subject"] == path).expect("a line");
        assert_eq!((code, found["level"].as_str()), (0, Some("warning")), "{path}: {found}");
        let (code, sync) = world.json(&["sync"]);
        let problems = sync["problems"].as_array().expect("problems");
        assert!(problems.iter().any(|one| one["code"] == "not_permitted"), "{path}: {sync:#}");
        assert_eq!(code, 0, "{path}");
        world.sandbox.clear_faults();
    }
}

#[test]
fn a_report_that_is_not_sent_is_said_and_fails_no_run() {
    let world = World::of(12);
    world.configure(MAIL);
    // A server without TLS where TLS was asked for is not tried again.
    let mailbox = world.runtime.block_on(Mailbox::open()).expect("a mailbox");
    let url = mailbox.url().replace("smtp://", "smtps://");
    let text = with_mail(&world, &["sync"], &url);
    assert_eq!(text.code, 0, "{}", text.err);
    let flat = text.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("report_not_sent") && flat.contains("the report mail could not be sent"), "{flat}");
    assert!(!flat.contains("hook"), "{flat}");
    let document = with_mail(&world, &["sync", "--json"], &url).json();
    let problems = document["problems"].as_array().expect("problems");
    assert!(problems.iter().any(|one| one["code"] == "report_not_sent" && one["severity"] == "warning"));
    assert_eq!(document["outcome"], "completed");
    let (code, past) = world.json(&["history", "latest"]);
    assert_eq!((code, &past["problems"]), (0, &document["problems"]), "the history says it too");
    // A run that failed says both.
    world.sandbox.revoke(world.sandbox.token()).expect("a token");
    let failed = with_mail(&world, &["sync"], &url);
    assert_eq!(failed.code, 4, "{}", failed.err);
    assert!(failed.err.contains("the report mail could not be sent"), "{}", failed.err);
}

#[test]
fn an_address_that_is_none_is_found_as_the_configuration_is_read() {
    let world = World::of(12);
    for (report, line, key) in [
        ("[report]\nemail_to = \"x\"\nsmtp_url_env = \"S\"\n", 8, "report.email_to"),
        ("[report]\nemail_to = \"a@b.example, c@d.example\"\nsmtp_url_env = \"S\"\n", 8, "report.email_to"),
        (
            "[report]\nemail_to = \"a@b.example\"\nemail_from = \"nobody\"\nsmtp_url_env = \"S\"\n",
            9,
            "report.email_from",
        ),
        ("[report]\nemail_from = \"a@b.example\"\n", 8, "report.email_from"),
    ] {
        world.configure(report);
        for command in ["check", "plan", "history"] {
            let ended = world.hris(&[command]);
            assert_eq!(ended.code, 1, "{command}");
            assert!(ended.err.contains(&format!("hris.toml:{line}: {key}: ")), "{}", ended.err);
        }
    }
}

#[test]
fn a_plan_that_cannot_be_saved_names_its_file_and_the_folder() {
    let world = World::of(12);
    let plan = world.hris(&["plan", "--out", "no-such-folder/p.json"]);
    assert_eq!(plan.code, 1);
    let expected = "no-such-folder/p.json is not written: the folder no-such-folder does not exist";
    assert!(plan.err.contains(expected), "{}", plan.err);
    assert!(!plan.err.contains(".tmp"), "{}", plan.err);
}
