//! Connecting by consent, from the outside: the answer pasted in or caught, tokens that renew or
//! are refused and come back, several connections in one state, and disconnecting.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
mod common;
mod counts;
mod sandbox;
mod stopped;
mod words;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Ended, NOW, ended, hris, signal};
use hris_employmenthero::sandbox::Sandbox;
use tempfile::TempDir;
use url::Url;

const REDIRECT: &str = "https://product.example/callback";

/// A fake Employment Hero, and a folder with a configuration for it.
struct World {
    runtime: tokio::runtime::Runtime,
    sandbox: Sandbox,
    folder: TempDir,
}

impl World {
    fn of(employees: usize) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let builder = Sandbox::builder().employees(employees).rate_limit(0);
        let sandbox = runtime.block_on(builder.start()).expect("a sandbox");
        let world = Self { runtime, sandbox, folder: tempfile::tempdir().expect("a folder") };
        world.configure("hris.toml", "acme", &format!("redirect_uri = \"{REDIRECT}\""));
        world
    }

    fn configure(&self, file: &str, connection: &str, source: &str) {
        let text = format!(
            "connection = \"{connection}\"\n[source]\nvendor = \"employmenthero\"\nbase_url = \"{}\"\n\
             client_id_env = \"EH_ID\"\nclient_secret_env = \"EH_SECRET\"\nrefresh_token_env = \"EH_REFRESH\"\n\
             rate_limit = {{ per_second = 1000, per_minute = 60000 }}\n{source}\n[state]\nkey_env = \"EH_KEY\"\n\
             [target]\npath = \"{connection}.db\"\n",
            self.sandbox.url()
        );
        std::fs::write(self.path(file), text).expect("a configuration");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = hris(self.folder.path(), args);
        command.env("EH_ID", self.sandbox.client_id()).env("EH_SECRET", self.sandbox.client_secret());
        command.env("EH_KEY", "0123456789abcdef0123456789abcdef").args(["--now", NOW]);
        command
    }

    fn hris(&self, args: &[&str]) -> Ended {
        ended(self.command(args).output().expect("the command"))
    }

    /// Starts `connect` and returns it with the address that it prints.
    fn connecting(&self, args: &[&str]) -> (Child, Url) {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().expect("the command");
        let json = args.contains(&"--json");
        let mut address = None;
        if json {
            let lines = BufReader::new(child.stderr.as_mut().expect("stderr"));
            address = lines.lines().map(|line| line.expect("a line")).find(|line| line.starts_with("http"));
        } else {
            // Byte by byte, so that what comes later stays for the end.
            let out = child.stdout.as_mut().expect("stdout");
            let mut line = Vec::new();
            let mut byte = [0];
            while address.is_none() && out.read_exact(&mut byte).is_ok() {
                match byte {
                    [b'\n'] if line.starts_with(b"http") => {
                        address = Some(String::from_utf8(line.clone()).expect("text"));
                    }
                    [b'\n'] => line.clear(),
                    [byte] => line.push(byte),
                }
            }
        }
        (child, address.expect("an address").parse().expect("an address"))
    }

    /// Connects as a person does who pastes what `answer` makes of the address they came back to.
    fn connect_with(&self, args: &[&str], answer: impl FnOnce(&Url) -> String) -> Ended {
        let (mut child, address) = self.connecting(args);
        let returned = self.sandbox.consent(&address).expect("sent back");
        let line = format!("{}\n", answer(&returned));
        child.stdin.take().expect("stdin").write_all(line.as_bytes()).expect("pasted");
        ended(child.wait_with_output().expect("the end"))
    }

    fn connect(&self) -> Ended {
        self.connect_with(&["connect", "--paste"], Url::to_string)
    }

    /// Whether any file of the folder holds this text.
    fn holds(&self, text: &str) -> bool {
        let files = std::fs::read_dir(self.folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("a file").path());
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file).expect("readable");
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        })
    }

    /// How many requests for people and tokens the vendor got.
    fn asked(&self) -> usize {
        self.sandbox.requests().len()
    }
}

fn no_token(ended: &Ended) {
    for secret in ["eh-refresh", "eh-access", "eh-code", "eh-sandbox-secret"] {
        assert!(
            !ended.out.contains(secret) && !ended.err.contains(secret),
            "{secret}: {}{}",
            ended.out,
            ended.err
        );
    }
}

#[test]
fn consent_pasted_in_and_tokens_that_renew() {
    let world = World::of(20);
    assert_eq!(world.hris(&["check"]).code, 4);
    let before = world.hris(&["plan"]);
    assert_eq!(before.code, 4, "{}", before.err);
    assert!(before.err.contains("hris connect"), "{}", before.err);
    let check = world.hris(&["check"]);
    assert!(check.out.contains("`hris connect`: give consent"), "{}", check.out);
    for told in [&before.err, &check.out] {
        let words = told.to_lowercase();
        assert!(
            !words.contains("reconnect") && !words.contains("again") && !words.contains("history"),
            "{told}"
        );
    }

    let connected = world.connect();
    assert_eq!(connected.code, 0, "{}", connected.err);
    assert!(connected.out.contains("Kererū Café Group"), "{}", connected.out);
    no_token(&connected);
    assert!(!world.holds("eh-refresh") && !world.holds("eh-access"), "sealed with the key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(world.path("hris-state.db")).expect("a state").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    // The sandbox gives a new refresh token each time and the old one is dead at once.
    for command in ["check", "fields", "plan", "sync", "sync"] {
        world.sandbox.advance(Duration::from_secs(3600));
        let done = world.hris(&[command]);
        assert_eq!(done.code, 0, "{command}: {}", done.err);
        no_token(&done);
    }
}

#[test]
fn only_the_answer_to_this_consent_counts() {
    let world = World::of(10);
    let other = |_: &Url| format!("{REDIRECT}?code=eh-code-stolen&state=another");
    let code = |url: &Url| {
        let code = url.query_pairs().find(|(name, _)| name == "code");
        code.expect("a code").1.into_owned()
    };
    let refused = world.connect_with(&["connect", "--paste"], other);
    assert_eq!(refused.code, 4, "{}", refused.err);
    no_token(&refused);
    // The redirect leads elsewhere, so it is pasted anyway; but a bare code takes the word.
    let refused = world.connect_with(&["connect"], code);
    assert_eq!(refused.code, 4, "{}", refused.err);
    no_token(&refused);
    assert_eq!(world.hris(&["plan"]).code, 4, "nothing was stored");
    assert_eq!(world.connect_with(&["connect", "--paste"], code).code, 0);
    assert_eq!(world.hris(&["plan"]).code, 0);

    let (mut child, _) = world.connecting(&["connect"]);
    let _open = child.stdin.take();
    signal(&child, "INT");
    assert_eq!(ended(child.wait_with_output().expect("the end")).code, 130);
}

#[test]
fn the_redirect_is_caught_on_this_machine() {
    let world = World::of(10);
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let redirect = format!("http://127.0.0.1:{free}/back");
    world.sandbox.register_redirect(&redirect);
    world.sandbox.behave(|behaviour| behaviour.loopback_refused = false);
    world.configure("hris.toml", "acme", &format!("redirect_uri = \"{redirect}\""));

    let (child, address) = world.connecting(&["connect"]);
    let returned = world.sandbox.consent(&address).expect("sent back");
    let visit = |path: &str| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", free)).expect("somebody listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").expect("sent");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("a page");
        page
    };
    assert!(visit("/back?code=guess&state=guess").starts_with("HTTP/1.1 404"));
    let page = visit(&format!("/back?{}", returned.query().expect("an answer")));
    assert!(page.starts_with("HTTP/1.1 200") && !page.contains("eh-code"), "{page}");
    let connected = ended(child.wait_with_output().expect("the end"));
    assert_eq!(connected.code, 0, "{}", connected.err);
    assert_eq!(world.hris(&["sync"]).code, 0);
}

#[test]
fn a_new_consent_brings_back_links_and_history() {
    let world = World::of(20);
    assert_eq!(world.connect().code, 0);
    let first = world.hris(&["sync", "--json"]).json();
    assert!(first["counts"]["created"].as_u64() > Some(10), "{first}");

    world.sandbox.revoke_all();
    let check = world.hris(&["check"]);
    assert_eq!(check.code, 4, "{}", check.err);
    assert!(check.out.contains("`hris connect`: give consent"), "{}", check.out);
    let asked = world.asked();
    for command in ["check", "plan", "fields"] {
        assert_eq!(world.hris(&[command]).code, 4, "{command}");
    }
    assert_eq!(world.asked(), asked, "a refused refresh token is sent once");
    let died = world.hris(&["sync"]);
    assert_eq!(died.code, 4, "{}", died.err);
    assert!(died.err.contains("hris connect"), "{}", died.err);
    let asked = world.asked();
    let waits = world.hris(&["sync"]);
    assert_eq!(
        (waits.code, world.asked()),
        (4, asked),
        "a refused refresh token is not sent again: {}",
        waits.err
    );
    assert!(waits.err.contains("hris connect"), "{}", waits.err);

    let (mut child, address) = world.connecting(&["connect", "--paste", "--json"]);
    let returned = world.sandbox.consent(&address).expect("sent back");
    writeln!(child.stdin.take().expect("stdin"), "{returned}").expect("pasted");
    let document = ended(child.wait_with_output().expect("the end")).json();
    assert_eq!((&document["outcome"], &document["reconnected"]), (&"completed".into(), &true.into()));
    assert_eq!(document["organisations"][0]["chosen"], true, "{document}");
    assert_eq!(document["organisations"][0]["id"], world.sandbox.organisation(), "{document}");

    let back = world.hris(&["sync", "--json"]).json();
    assert_eq!((&back["counts"]["created"], &back["counts"]["linked"]), (&0.into(), &0.into()), "{back}");
    assert_eq!(back["counts"]["unchanged"], first["counts"]["created"]);
    assert!(world.hris(&["history"]).out.matches("sync").count() >= 3);
}

#[test]
fn several_labelled_connections_live_in_one_state() {
    let world = World::of(12);
    let second = world.sandbox.add_organisation("Tūī Bakery", false);
    world.configure(
        "hris.toml",
        "cafe",
        &format!("redirect_uri = \"{REDIRECT}\"\norganisation = \"Kererū Café Group\""),
    );
    world.configure(
        "bakery.toml",
        "bakery",
        &format!("redirect_uri = \"{REDIRECT}\"\norganisation = \"{second}\""),
    );
    world
        .runtime
        .block_on(async {
            use hris_employmenthero::sandbox::Person;
            world.sandbox.change(|company| {
                company.hire_into(&second, Person::new("Aroha", "Baker").email("a@b.example"))
            })
        })
        .expect("hired");
    assert_eq!(world.connect().code, 0);
    let bakery = ["--config", "bakery.toml"];
    let of = |args: &[&'static str]| [args, &bakery[..]].concat();
    let connected = world.connect_with(&of(&["connect", "--paste"]), Url::to_string);
    assert_eq!(connected.code, 0, "{}", connected.err);
    assert!(connected.out.contains(&format!("→ {second}")), "{}", connected.out);

    assert_eq!(world.hris(&["sync"]).code, 0);
    assert_eq!(world.hris(&of(&["sync", "--json"])).json()["counts"]["created"], 1);

    // One is disconnected; the other goes on.
    let gone = world.hris(&["disconnect", "--json"]).json();
    assert_eq!(gone["secrets_forgotten"], 1);
    assert_eq!(world.hris(&["sync"]).code, 4);
    assert_eq!(world.hris(&of(&["sync", "--json"])).json()["counts"]["unchanged"], 1);
    assert!(world.hris(&["history"]).out.contains("completed"), "its history stays");
    assert_eq!(world.hris(&["disconnect", "--json"]).json()["secrets_forgotten"], 0);

    // Another organisation takes no connection over, and what it has stays.
    world.configure(
        "bakery.toml",
        "bakery",
        &format!("redirect_uri = \"{REDIRECT}\"\norganisation = \"Kererū Café Group\""),
    );
    let refused = world.connect_with(&of(&["connect", "--paste"]), Url::to_string);
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(refused.err.contains("belongs to organisation"), "{}", refused.err);
    world.configure(
        "bakery.toml",
        "bakery",
        &format!("redirect_uri = \"{REDIRECT}\"\norganisation = \"{second}\""),
    );
    assert_eq!(world.hris(&of(&["sync"])).code, 0);

    // One that the consent does not see is named, with those it sees.
    world.configure(
        "hris.toml",
        "cafe",
        &format!("redirect_uri = \"{REDIRECT}\"\norganisation = \"Nobody's\""),
    );
    let refused = world.connect();
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(
        refused.err.contains("Tūī Bakery") && refused.err.contains("Nothing was stored"),
        "{}",
        refused.err
    );
}

#[test]
fn a_refresh_token_from_the_environment_begins_and_the_state_wins_from_then_on() {
    let world = World::of(10);
    let with = |token: &str, args: &[&str]| {
        ended(world.command(args).env("EH_REFRESH", token).output().expect("the command"))
    };
    assert_eq!(with(world.sandbox.refresh_token(), &["sync"]).code, 0);
    // The first renewal killed it; the one that came of it is in the state.
    world.sandbox.advance(Duration::from_secs(3600));
    let again = with(world.sandbox.refresh_token(), &["sync"]);
    assert_eq!(again.code, 0, "{}", again.err);
    no_token(&again);
    // Without its key the state gives no token away, and a wrong one is no reason to forget it.
    let keyless = ended(world.command(&["sync"]).env_remove("EH_KEY").output().expect("the command"));
    assert_eq!(keyless.code, 1, "{}", keyless.err);
    assert!(keyless.err.contains("EH_KEY"), "{}", keyless.err);
    let wrong = "another key, which is long enough as well";
    let refused = ended(world.command(&["sync"]).env("EH_KEY", wrong).output().expect("the command"));
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert_eq!(world.hris(&["sync"]).code, 0);
}
