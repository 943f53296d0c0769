//! `hris sandbox employmenthero` and `hris connect` meet, as a person tries them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use url::Url;

use super::common::{ended, hris, signal};

/// The sandbox of the command, and a folder beside it.
struct Tried {
    sandbox: Child,
    told: Vec<String>,
    folder: TempDir,
}

impl Tried {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let args = ["sandbox", "employmenthero", "--employees", "10"];
        let mut sandbox = hris(folder.path(), &args).spawn().expect("the command");
        let lines = BufReader::new(sandbox.stdout.take().expect("stdout")).lines();
        let told = lines.take(5).map(|line| line.expect("a line")).collect();
        Self { sandbox, told, folder }
    }

    fn said(&self, what: &str) -> String {
        let line = self.told.iter().find_map(|line| line.strip_prefix(what));
        line.expect("the sandbox says it").trim().to_owned()
    }

    fn configure(&self, more: &str) {
        let text = format!(
            "[source]\nvendor = \"employmenthero\"\nbase_url = \"{}\"\nclient_id_env = \"EH_ID\"\n\
             client_secret_env = \"EH_SECRET\"\n{more}\n",
            self.said("listening on")
        );
        std::fs::write(self.folder.path().join("hris.toml"), text).expect("a configuration");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = hris(self.folder.path(), args);
        command.env("EH_ID", self.said("client_id")).env("EH_SECRET", self.said("client_secret"));
        command
    }

    /// Starts `connect`, and returns it with the address that it prints.
    fn connecting(&self) -> (Child, Url) {
        let mut child = self.command(&["connect"]).stdin(Stdio::piped()).spawn().expect("the command");
        let out = child.stdout.as_mut().expect("stdout");
        let (mut text, mut byte) = (String::new(), [0]);
        while !text.ends_with("browser ends at here, whatever its page shows, and press Enter:\n")
            && !text.ends_with("takes its answer.\n")
            && out.read_exact(&mut byte).is_ok()
        {
            text.push(char::from(byte[0]));
        }
        let address = text.lines().find(|line| line.starts_with("http")).expect("an address");
        (child, address.parse().expect("an address"))
    }
}

impl Drop for Tried {
    fn drop(&mut self) {
        let _ = self.sandbox.kill();
        let _ = self.sandbox.wait();
    }
}

/// What a browser gets there.
fn visit(address: &Url) -> String {
    let at = (address.host_str().expect("a host"), address.port().expect("a port"));
    let mut stream = TcpStream::connect(at).expect("somebody listens");
    let path = &address[url::Position::BeforePath..];
    let host = address.authority();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("a page");
    page
}

#[test]
fn without_a_redirect_address_the_browser_comes_back_by_itself() {
    let tried = Tried::new();
    tried.configure("");
    let (child, address) = tried.connecting();
    let page = visit(&address);
    assert!(page.starts_with("HTTP/1.1 302"), "{page}");
    let back = page.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location").then_some(value)
    });
    let back: Url = back.expect("sent back").trim().parse().expect("an address");
    assert!(back.as_str().starts_with("http://127.0.0.1:"), "{back}");
    assert!(visit(&back).starts_with("HTTP/1.1 200"));
    let connected = ended(child.wait_with_output().expect("the end"));
    assert_eq!(connected.code, 0, "{}", connected.err);
    let synced = ended(tried.command(&["sync", "--json"]).output().expect("the command"));
    assert_eq!(synced.code, 0, "{}", synced.err);
    assert!(synced.json()["counts"]["created"].as_u64() > Some(5));
}

#[test]
fn a_redirect_address_that_is_not_registered_is_answered_with_what_to_do() {
    let tried = Tried::new();
    let registered = tried.said("redirect_uri");
    tried.configure("redirect_uri = \"https://elsewhere.example/callback\"");
    let (mut child, address) = tried.connecting();
    let _open = child.stdin.take();
    let page = visit(&address);
    assert!(page.starts_with("HTTP/1.1 400"), "{page}");
    assert!(page.contains(&registered) && page.contains("redirect_uri"), "{page}");
    signal(&child, "INT");
    assert_eq!(ended(child.wait_with_output().expect("the end")).code, 130);
    // The one that it names works, pasted in.
    tried.configure(&format!("redirect_uri = \"{registered}\""));
    let (mut child, address) = tried.connecting();
    let page = visit(&address);
    let back = page.lines().find_map(|line| line.split_once(&registered)).expect("sent back").1.trim();
    writeln!(child.stdin.take().expect("stdin"), "{registered}{back}").expect("pasted");
    assert_eq!(ended(child.wait_with_output().expect("the end")).code, 0);
}
