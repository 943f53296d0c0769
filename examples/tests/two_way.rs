//! Both ways from the outside: conflicts are shown and decided, and no value leaves through a pipe.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod common;

use common::{Ended, ended, hris};
use hris_24sevenoffice::sandbox::{Person, Sandbox};
use sqlx::{Connection as _, SqliteConnection};

const BASE: &str = "connection = \"acme\"\n[source]\nvendor = \"24sevenoffice\"\ntoken_env = \"HRIS_TEST_TOKEN\"\n\
    rate_limit = { per_second = 500, burst = 500 }\n";

/// Four people of a payroll system, and a folder in which the command is run.
struct Office {
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
    payroll: Sandbox,
    ids: Vec<String>,
}

impl Office {
    /// `member` gives each person what a test is about; `more` follows id and address in the mapping.
    fn new(member: impl Fn(usize, Person) -> Person, more: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let payroll = Sandbox::builder().employees(0).today("2026-11-24").start();
        let payroll = runtime.block_on(payroll).expect("a sandbox");
        let ids = payroll.change(|company| {
            let hire = |n: usize| Person::new(["Ida", "Kari", "Lars", "Maja"][n], "Moe").starts("2024-01-02");
            (0..4).map(|n| company.hire(member(n, hire(n)))).collect()
        });
        let text = format!(
            "{BASE}base_url = \"{}\"\n[mapping]\nexternal_id = \"id\"\nemail = \"email\"\n{more}",
            payroll.url()
        );
        std::fs::write(folder.path().join("hris.toml"), text).expect("a configuration");
        Self { runtime, folder, payroll, ids }
    }

    fn run(&self, now: &str, args: &[&str]) -> Ended {
        let mut command = hris(self.folder.path(), args);
        command.env("HRIS_TEST_TOKEN", self.payroll.token()).args(["--now", now]);
        ended(command.output().expect("the command"))
    }
}

#[test]
fn a_conflict_is_shown_decided_and_carried_out() {
    let office = Office::new(
        |n, person| person.member("telefon", format!("+474051000{n}")),
        "given_name = \"given_name\"\nphone = \"work_phone\"\n[policy]\ndirection = \"two_way\"\n\
         conflict = { default = \"ask\", given_name = \"source_wins\" }\n",
    );
    let Office { runtime, folder, payroll, ids } = &office;
    let run = |now: &str, args: &[&str]| office.run(now, args);
    let first = run("2026-11-24T09:00:00Z", &["sync"]);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    assert_eq!(
        run("2026-11-24T09:10:00Z", &["sync", "--json"]).json()["actions"].as_array().map(Vec::len),
        Some(0)
    );

    // Both sides change one number, the product another one alone.
    payroll.change(|company| company.set(&ids[1], "telefon", "+4748888888")).expect("known");
    let accounts = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("users.db"));
    runtime.block_on(async {
        let mut accounts = SqliteConnection::connect_with(&accounts).await.expect("the accounts");
        for (id, phone) in [(&ids[1], "+4749999999"), (&ids[2], "+4747777777")] {
            let change =
                sqlx::query("update users set phone = ?1 where external_id = ?2").bind(phone).bind(id);
            change.execute(&mut accounts).await.expect("changed");
        }
        accounts.close().await.expect("closed");
    });
    let plan = run("2026-11-25T09:00:00Z", &["plan", "--json"]);
    assert_eq!(plan.code, 2, "{}", plan.err);
    let document = plan.json();
    assert_eq!(document["counts"]["conflicts"], 1);
    assert_eq!(document["actions"][0]["side"], "source");
    let id = document["conflicts"][0]["id"].as_str().expect("an id").to_owned();
    let problems = document["problems"].as_array().expect("problems");
    let told = problems.iter().find(|one| one["code"] == "two_way_conflict").expect("a problem");
    let told = told["message"].as_str().unwrap_or_default();
    assert!(told.contains(&format!("`hris resolve {id} --keep source`")), "it names what ends it: {told}");
    let listed = run("2026-11-25T09:00:00Z", &["resolve"]);
    assert_eq!(listed.code, 2);
    assert!(listed.out.contains(&id) && listed.out.contains("phone"), "{}", listed.out);
    for said in [&plan.out, &listed.out, &run("2026-11-25T09:00:00Z", &["plan"]).out] {
        assert!(!said.contains("4748888888") && !said.contains("4749999999"), "a value left: {said}");
    }

    // The rest goes on, and the conflict waits.
    assert_eq!(run("2026-11-25T09:10:00Z", &["sync"]).code, 2);
    let telefon = |place: usize| payroll.change(|company| company.member(&ids[place], "telefon"));
    assert_eq!(telefon(2).as_deref(), Some("+4747777777"));
    assert_eq!(telefon(1).as_deref(), Some("+4748888888"));

    assert_eq!(run("2026-11-25T09:20:00Z", &["resolve", "nobody", "--keep", "source"]).code, 1);
    let decided = run("2026-11-25T09:20:00Z", &["resolve", &id, "--keep", "target", "--json"]);
    assert_eq!(decided.code, 0, "{}", decided.err);
    assert_eq!(decided.json()["decided"][0]["id"], id);
    assert_eq!(run("2026-11-25T09:30:00Z", &["sync"]).code, 0);
    assert_eq!(telefon(1).as_deref(), Some("+4749999999"));
    assert_eq!(
        run("2026-11-25T09:40:00Z", &["plan", "--json"]).json()["actions"].as_array().map(Vec::len),
        Some(0)
    );
}

/// Dates without a reason for the end, numbers and custom fields cannot be written at payroll.
#[test]
fn an_edit_that_payroll_cannot_take_stays_and_is_told_once() {
    let office = Office::new(
        |n, person| person.member("email_copy", format!("copy{n}@moe.example")),
        "end_date = \"end_date\"\nemployee_number = \"employee_number\"\n\
         \"custom.copy\" = \"custom.email_copy\"\n[policy]\ndirection = \"two_way\"\n",
    );
    let Office { runtime, folder, payroll, ids } = &office;
    let run = |now: &str, args: &[&str]| office.run(now, args);
    let first = run("2026-11-24T09:00:00Z", &["sync"]);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let accounts = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("users.db"));
    let on_accounts = |statement: String| {
        runtime.block_on(async {
            let mut accounts = SqliteConnection::connect_with(&accounts).await.expect("the accounts");
            let rows: Vec<(Option<String>, Option<String>, Option<String>)> =
                sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_all(&mut accounts).await.expect("done");
            accounts.close().await.expect("closed");
            rows
        })
    };
    let edit = format!(
        "update users set end_date = '2026-12-31', employee_number = 'A-7', custom = '{{\"copy\":\"own@moe.example\"}}' \
         where external_id = '{}' returning null, null, null",
        ids[0]
    );
    on_accounts(edit);
    payroll.change(|company| company.set(&ids[0], "email_copy", "new@moe.example")).expect("known");
    let told = |ended: &Ended| {
        let document = ended.json();
        let problems = document["problems"].as_array().expect("problems").iter();
        let about = problems.filter(|one| one["code"] == "divergence");
        about.map(|one| one["field"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let second = run("2026-11-25T09:00:00Z", &["sync", "--json"]);
    assert_eq!(second.code, 0, "{}", second.err);
    assert_eq!(second.json()["actions"].as_array().map(Vec::len), Some(0), "{}", second.out);
    assert_eq!(told(&second), ["custom.copy", "employee_number", "end_date"], "{}", second.out);
    let row = format!(
        "select end_date, employee_number, json_extract(custom, '$.copy') from users where external_id = '{}'",
        ids[0]
    );
    let kept = |text: &str| Some(text.to_owned());
    assert_eq!(on_accounts(row), [(kept("2026-12-31"), kept("A-7"), kept("own@moe.example"))]);
    assert_eq!(told(&run("2026-11-26T09:00:00Z", &["sync", "--json"])), Vec::<String>::new());
}

#[test]
fn what_cannot_be_right_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    for (vendor, policy, said) in [
        ("humaans", "direction = \"two_way\"", "humaans can only be read"),
        ("24sevenoffice", "conflict = { fone = \"ask\" }", "the nearest is `phone`"),
        ("24sevenoffice", "conflict = { phone = \"source\" }", "the nearest is \"source_wins\""),
        ("24sevenoffice", "missing_value = \"full\"", "the nearest is \"fill\""),
    ] {
        let text = format!("[source]\nvendor = \"{vendor}\"\n[policy]\n{policy}\n");
        std::fs::write(folder.path().join("hris.toml"), text).expect("a configuration");
        let ended = ended(hris(folder.path(), &["plan"]).output().expect("the command"));
        assert_eq!(ended.code, 1, "{policy}");
        assert!(ended.err.contains(said), "{policy}: {}", ended.err);
    }
}
