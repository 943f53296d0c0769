//! A folder with configurations, the command run in it, and the accounts looked at.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Column as _, Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;

use crate::common::{self, Ended};
use crate::company::Company;

/// A company, a product and a state.
pub(crate) struct Case {
    folder: TempDir,
    runtime: tokio::runtime::Runtime,
    /// Tokens by the variable that holds them.
    tokens: RefCell<BTreeMap<String, String>>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) report: Value,
    pub(crate) err: String,
}

/// A row of `users`, empty where it is null.
pub(crate) type Row = BTreeMap<String, String>;

impl Case {
    /// One connection, `acme`, in `hris.toml`; `more` follows the keys of `[source]`.
    pub(crate) fn new(company: &Company, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let case = Self { folder, runtime, tokens: RefCell::default() };
        case.configure("hris.toml", "acme", company, more);
        case
    }

    /// The same, synced once on that day without anything going wrong.
    pub(crate) fn synced(company: &Company, more: &str, day: &str) -> Self {
        let case = Self::new(company, more);
        case.sync(day).expect(0);
        case
    }

    /// Writes a configuration of this connection; the state and the product are the same for all.
    pub(crate) fn configure(&self, file: &str, connection: &str, company: &Company, more: &str) {
        let variable = format!("TOKEN_{}", connection.replace('-', "_"));
        let text = format!(
            "connection = \"{connection}\"\n[source]\nvendor = \"humaans\"\nbase_url = \"http://{}\"\n\
             token_env = \"{variable}\"\nrate_limit = {{ per_second = 1000, burst = 1000 }}\n{more}\n",
            company.address
        );
        self.tokens.borrow_mut().insert(variable, company.edit(|records| records.token.clone()));
        std::fs::write(self.path(file), text).expect("a configuration");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the command.
    pub(crate) fn hris(&self, now: &str, args: &[&str]) -> Ended {
        let now = if now.contains('T') { now.to_owned() } else { format!("{now}T09:00:00Z") };
        let mut command = common::hris(self.folder.path(), args);
        command.envs(self.tokens.borrow().iter()).args(["--now", &now]);
        common::ended(command.output().expect("the command"))
    }

    /// Runs the command with `--json`.
    pub(crate) fn json(&self, now: &str, args: &[&str]) -> Ran {
        let ended = self.hris(now, &[args, &["--json"]].concat());
        Ran { code: ended.code, report: ended.json(), err: ended.err }
    }

    pub(crate) fn sync(&self, day: &str) -> Ran {
        self.json(day, &["sync"])
    }

    /// Syncs the connection of another file.
    pub(crate) fn sync_of(&self, file: &str, day: &str) -> Ran {
        self.json(day, &["sync", "--config", file])
    }

    pub(crate) fn plan(&self, day: &str) -> Ran {
        self.json(day, &["plan"])
    }

    /// Plans, and carries the plan out as approved.
    pub(crate) fn approved(&self, day: &str) -> Ran {
        self.hris(day, &["plan", "--out", "plan.json"]);
        self.json(day, &["sync", "--plan", "plan.json", "--approve"])
    }

    /// Syncs once more: everybody is as they should be.
    #[track_caller]
    pub(crate) fn quiet(&self, day: &str) {
        self.sync(day).quietly();
    }

    /// Makes the tables of the product before the first run, as the product itself would.
    pub(crate) fn product(&self) {
        self.sql(&hris_reconcile::targets::SqliteTarget::statements());
    }

    /// The product knows Carl, whose account has number 14, before the first run.
    pub(crate) fn carl(&self) {
        self.product();
        self.sql(
            "insert into users (id, employee_number, email, given_name, family_name, status) values \
             ('carl', '14', 'carl.dahl@tallowmill.example', 'Carl', 'Dahl', 'active');",
        );
    }

    /// Runs statements on the accounts.
    pub(crate) fn sql(&self, sql: &str) {
        self.sql_in("users.db", sql);
    }

    pub(crate) fn sql_in(&self, file: &str, sql: &str) {
        let sql = sql.to_owned();
        self.connected(file, async move |connection| {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.expect("statements");
        });
    }

    /// All rows of a query, in its order.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Row> {
        self.rows_in("users.db", sql)
    }

    pub(crate) fn rows_in(&self, file: &str, sql: &str) -> Vec<Row> {
        let sql = sql.to_owned();
        self.connected(file, async move |connection| {
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(connection).await.expect("rows");
            let text = |row: &sqlx::sqlite::SqliteRow, at: usize| {
                let text = row.try_get::<Option<String>, _>(at);
                let number = || row.try_get::<Option<i64>, _>(at).expect("a number").map(|n| n.to_string());
                text.unwrap_or_else(|_| number()).unwrap_or_default()
            };
            let row = |row: &sqlx::sqlite::SqliteRow| {
                let columns = row.columns().iter().enumerate();
                columns.map(|(at, column)| (column.name().to_owned(), text(row, at))).collect()
            };
            rows.iter().map(row).collect()
        })
    }

    fn connected<T>(&self, file: &str, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
        let options = SqliteConnectOptions::new().filename(self.path(file)).create_if_missing(true);
        self.runtime.block_on(async move {
            let mut connection = SqliteConnection::connect_with(&options).await.expect("the accounts");
            let done = work(&mut connection).await;
            connection.close().await.expect("closed");
            done
        })
    }

    /// Every account, by its id.
    pub(crate) fn users(&self) -> Vec<Row> {
        self.rows("select * from users order by id")
    }

    /// What stands about an account apart from the time of its last change.
    pub(crate) fn account(&self, id: &str) -> Row {
        let mut rows = self.rows(&format!("select * from users where id = '{id}'"));
        let mut row = rows.pop().expect("an account");
        row.remove("updated_at");
        row
    }

    /// The account that carries this external id, if any.
    pub(crate) fn user(&self, external_id: &str) -> Option<Row> {
        self.rows(&format!("select * from users where external_id = '{external_id}'")).pop()
    }

    /// The accounts of this address.
    pub(crate) fn at(&self, email: &str) -> Vec<Row> {
        let email =
            if email.ends_with('@') { format!("{email}tallowmill.example") } else { email.to_owned() };
        self.rows(&format!("select * from users where email = '{email}'"))
    }

    /// One column of the account of an external id, empty where there is none.
    pub(crate) fn value(&self, external_id: &str, column: &str) -> String {
        self.user(external_id).and_then(|row| row.get(column).cloned()).unwrap_or_default()
    }

    pub(crate) fn status(&self, external_id: &str) -> String {
        self.value(external_id, "status")
    }

    /// What an account was given: `area payroll-admin`, ….
    pub(crate) fn assignments(&self, user: &str) -> Vec<String> {
        let sql = format!(
            "select kind || ' ' || value as it from assignments where user_id = '{user}' order by kind, value"
        );
        self.rows(&sql).into_iter().filter_map(|mut row| row.remove("it")).collect()
    }

    /// How many invitations an account was sent.
    pub(crate) fn invites(&self, external_id: &str) -> usize {
        let sql = format!(
            "select sent_at from invites join users on users.id = user_id where external_id = '{external_id}'"
        );
        self.rows(&sql).len()
    }

    /// Everybody has accepted: all accounts are in use.
    pub(crate) fn everybody_accepts(&self, day: &str) {
        self.sql(&format!(
            "update users set status = 'active' where status = 'invited'; \
             update invites set accepted_at = '{day}T10:00:00Z' where accepted_at is null;"
        ));
    }
}

impl Ran {
    /// It ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{:#}\n{}", self.report, self.err);
        self
    }

    /// Nothing was done, and there is nothing to do.
    #[track_caller]
    pub(crate) fn quietly(self) -> Self {
        let ran = self.expect(0);
        assert_eq!(ran.actions(), Vec::<String>::new(), "{:#}", ran.report);
        assert_eq!(ran.count("conflicts"), 0, "{:#}", ran.report);
        ran
    }

    /// `kind employee`, in order.
    pub(crate) fn actions(&self) -> Vec<String> {
        let line = |action: &Value| {
            let word = |key: &str| action[key].as_str().unwrap_or("-").to_owned();
            format!("{} {}", word("action"), word("employee"))
        };
        self.report["actions"].as_array().expect("actions").iter().map(line).collect()
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.report["counts"][name].as_u64().expect("a count")
    }

    /// The codes of the problems, in order.
    pub(crate) fn problems(&self) -> Vec<&str> {
        let problems = self.report["problems"].as_array().expect("problems").iter();
        problems.filter_map(|problem| problem["code"].as_str()).collect()
    }

    /// The problems of this code.
    pub(crate) fn problems_of(&self, code: &str) -> Vec<&Value> {
        let problems = self.report["problems"].as_array().expect("problems").iter();
        problems.filter(|problem| problem["code"] == code).collect()
    }

    /// The one problem of this code.
    #[track_caller]
    pub(crate) fn problem(&self, code: &str) -> &Value {
        let found = self.problems_of(code);
        assert_eq!(found.len(), 1, "one {code} in {:#}", self.report);
        found[0]
    }

    /// The rule that refused it, or "".
    pub(crate) fn rule(&self) -> &str {
        self.report["refusal"]["rule"].as_str().unwrap_or_default()
    }
}
