//! A company in a sandbox, a folder with an `hris.toml`, and the command run in it.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use hris_humaans::sandbox::{Builder, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

/// The clock of every run, unless a test says otherwise.
pub const NOW: &str = "2026-11-24T09:00:00Z";

/// A sandbox, and a folder that is configured for it.
pub struct World {
    pub runtime: tokio::runtime::Runtime,
    pub sandbox: Sandbox,
    pub folder: TempDir,
}

/// How a command ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl World {
    /// A company of so many people.
    pub fn of(employees: usize) -> Self {
        Self::with(|sandbox| sandbox.employees(employees), "")
    }

    /// A company, and further lines of the configuration.
    pub fn with(build: impl FnOnce(Builder) -> Builder, more: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let sandbox = runtime.block_on(build(Sandbox::builder()).start()).expect("a sandbox");
        let world = Self { runtime, sandbox, folder: tempfile::tempdir().expect("a folder") };
        world.configure(more);
        world
    }

    /// Writes `hris.toml`; `more` follows the keys of `[source]`.
    pub fn configure(&self, more: &str) {
        let text = format!(
            "connection = \"acme\"\n[source]\nvendor = \"humaans\"\nbase_url = \"http://{}\"\n\
             token_env = \"HRIS_TEST_TOKEN\"\nrate_limit = {{ per_second = 1000, burst = 1000 }}\n{more}\n",
            self.sandbox.address()
        );
        std::fs::write(self.path("hris.toml"), text).expect("a configuration");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command, not started yet, with the sandbox's token in its environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = hris(self.folder.path(), args);
        command.env("HRIS_TEST_TOKEN", self.sandbox.token());
        command
    }

    /// Runs the command at the usual time.
    pub fn hris(&self, args: &[&str]) -> Ended {
        self.hris_at(NOW, args)
    }

    /// Runs the command at another time.
    pub fn hris_at(&self, now: &str, args: &[&str]) -> Ended {
        ended(self.command(args).args(["--now", now]).output().expect("the command"))
    }

    /// Runs the command with `--json` and returns its one document.
    pub fn json(&self, args: &[&str]) -> (i32, Value) {
        let ended = self.hris(&[args, &["--json"]].concat());
        (ended.code, ended.json())
    }

    /// Ids of people who are active and have a work e-mail, the administrator apart.
    pub fn staff(&self) -> Vec<String> {
        let admin = self.sandbox.change(|company| company.admin().to_owned());
        let people = self.sandbox.people().into_iter();
        people
            .filter(|person| person.status == "active" && person.email.is_some() && person.id != admin)
            .map(|person| person.id)
            .collect()
    }

    /// Every account as the product sees it: everything but ids and times of writing, in order.
    pub fn users(&self) -> Vec<String> {
        self.query(
            "select coalesce(external_id,'') || '|' || coalesce(email,'') || '|' || coalesce(given_name,'') || '|' || \
             coalesce(job_title,'') || '|' || coalesce(role,'') || '|' || status || '|' || \
             (select count(*) from invites where invites.user_id = users.id) from users order by 1",
        )
    }

    /// The first column of a query on the accounts.
    pub fn query(&self, sql: &str) -> Vec<String> {
        use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
        let sql = sql.to_owned();
        let options = SqliteConnectOptions::new().filename(self.path("users.db"));
        self.runtime.block_on(async move {
            let mut connection = SqliteConnection::connect_with(&options).await.expect("the accounts");
            let rows =
                sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await;
            connection.close().await.expect("closed");
            rows.expect("rows")
        })
    }

    /// The names of the files in the folder, with their sizes.
    pub fn files(&self) -> Vec<(String, u64)> {
        files(self.folder.path())
    }
}

impl Ended {
    /// Standard output as exactly one document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error} in {:?}; stderr {}", self.out, self.err))
    }
}

/// The command in a folder, without anything of this process's environment that it might read.
pub fn hris(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hris"));
    command.current_dir(folder).args(args).env_remove("HUMAANS_TOKEN").env_remove("NO_COLOR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn ended(output: Output) -> Ended {
    let ended = Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
    ended
}

/// Sends a signal by its name to a process that this test started.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

pub fn files(folder: &Path) -> Vec<(String, u64)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            (entry.file_name().to_string_lossy().into_owned(), entry.metadata().expect("metadata").len())
        })
        .collect();
    files.sort();
    files
}

/// The names of an object's keys, in order.
pub fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
