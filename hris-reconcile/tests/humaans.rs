//! Runs against Humaans: settings that change who is read, ends that cannot be read, an answer in which
//! no status is known.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::{SystemTime, UNIX_EPOCH};

use hris_core::RateLimit;
use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{PastEndDate, Policy, Refusal, Rule};
use hris_core::{ProblemCode, Secret, Severity, TargetField, TimeZone, Timestamp, User};
use hris_humaans::sandbox::{CustomField, Sandbox, Token};
use hris_humaans::{Builder, Humaans, PeopleStatus};
use hris_reconcile::report::Report;
use hris_reconcile::store::MemoryStore;
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Error, ErrorKind, Runner, RunnerBuilder};
use serde_json::json;

/// A moment of November 2026.
fn at(day: u8, hour: u8) -> Timestamp {
    format!("2026-11-{day:02}T{hour:02}:00:00Z").parse().unwrap()
}

/// A company of thirty, a product that is connected to it, and an account for everybody since the
/// morning of the 24th.
struct World {
    sandbox: Sandbox,
    target: MemoryTarget,
    store: MemoryStore,
}

impl World {
    async fn provisioned() -> Self {
        let sandbox =
            Sandbox::builder().employees(30).plain().today("2026-11-24").start().await.expect("a free port");
        let world = Self { sandbox, target: MemoryTarget::new(), store: MemoryStore::new() };
        world.run(at(24, 9)).await.unwrap();
        world
    }

    fn source(&self) -> Builder {
        Humaans::builder()
            .base_url(self.sandbox.url())
            .allow_http_loopback()
            .transport(self.sandbox.transport())
            .token(Secret::from(self.sandbox.token().to_owned()))
            .rate_limit(RateLimit::per_second(10_000).burst(10_000))
    }

    fn runner(&self, source: Builder) -> RunnerBuilder {
        let source = source.build().expect("right settings");
        Runner::builder(source, self.target.clone(), self.store.clone()).connection("acme")
    }

    async fn run(&self, now: Timestamp) -> Result<Report, Error> {
        self.runner(self.source()).build().unwrap().run(now).await
    }

    /// Somebody who works there and has an account.
    fn worker(&self, n: usize) -> String {
        let works = |person: &hris_humaans::sandbox::PersonView| {
            person.status == "active" && self.user(&person.id).is_some()
        };
        let admin = self.sandbox.change(|company| company.admin().to_owned());
        let mut staff =
            self.sandbox.people().into_iter().filter(|person| works(person) && person.id != admin);
        staff.nth(n).expect("so many people").id
    }

    fn user(&self, id: &str) -> Option<User> {
        self.target.all().into_iter().find(|user| user.value(&TargetField::ExternalId) == Some(id))
    }
}

fn refused(report: &Report) -> Option<Rule> {
    report.refusal.as_ref().map(|Refusal { rule, .. }| *rule)
}

#[tokio::test]
async fn another_way_of_listing_removes_nobody_before_a_person_has_looked() {
    let world = World::provisioned().await;
    let leaver = world.worker(0);
    world.sandbox.offboard(&leaver, "2026-11-24").unwrap();
    // How fast it is read and with which token is nobody's to approve.
    let token = world.sandbox.issue_token(hris_humaans::sandbox::Token::private());
    let edited = world
        .source()
        .page_size(7)
        .concurrency(1)
        .rate_limit(RateLimit::per_second(5_000).burst(5_000))
        .retry(hris_core::http::RetryPolicy::default());
    let plan = world.runner(edited).build().unwrap().plan(at(25, 9)).await.unwrap();
    assert_eq!(refused(&plan.report), None);
    let renewed = world.source().token(Secret::from(token));
    let plan = world.runner(renewed).build().unwrap().plan(at(25, 9)).await.unwrap();
    assert_ne!(refused(&plan.report), Some(Rule::ConfigChanged));

    let split = || world.runner(world.source().people_status(PeopleStatus::Split)).build().unwrap();
    assert_eq!(refused(&split().run(at(25, 9)).await.unwrap()), Some(Rule::ConfigChanged));
    assert!(world.user(&leaver).unwrap().is_live());
    let report = world.run(at(25, 9)).await.unwrap();
    assert_eq!((refused(&report), report.counts.deactivated), (None, 1));
}

#[tokio::test]
async fn another_time_zone_removes_nobody_before_a_person_has_looked() {
    let world = World::provisioned().await;
    for n in 0..3 {
        world.sandbox.offboard(&world.worker(n), "2026-11-25").unwrap();
    }
    // The 25th is over on the Line Islands while it is still going on elsewhere.
    let there: TimeZone = "Pacific/Kiritimati".parse().unwrap();
    let moved = world.runner(world.source()).time_zone(there).build().unwrap();
    let report = moved.run(at(25, 12)).await.unwrap();
    assert_eq!((refused(&report), report.counts.deactivated), (Some(Rule::ConfigChanged), 0));
    let report = world.run(at(26, 9)).await.unwrap();
    assert_eq!((refused(&report), report.counts.deactivated), (None, 3));
}

fn codes(report: &Report) -> Vec<(Severity, ProblemCode, usize)> {
    report.problems.iter().map(|problem| (problem.severity, problem.code, problem.about().count())).collect()
}

/// Somebody has left, and the day on which that takes effect cannot be read.
#[tokio::test]
async fn a_leaver_whose_last_day_cannot_be_read_keeps_the_account() {
    let world = World::provisioned().await;
    let [noon, words, midnight, missing] = [0, 1, 2, 3].map(|n| world.worker(n));
    for (id, day) in [
        (&noon, json!("2026-12-31T12:00:00.000Z")),
        (&words, json!("end of year")),
        (&midnight, json!("2026-12-31T00:00:00.000Z")),
        (&missing, json!(null)),
    ] {
        world.sandbox.offboard(id, "2026-11-24").unwrap();
        for member in ["lastWorkingDay", "employmentEndDate"] {
            world.sandbox.set_field(id, member, day.clone()).unwrap();
        }
    }
    let report = world.run(at(27, 9)).await.unwrap();
    assert_eq!((report.exit_code(), report.counts.deactivated), (2, 1));
    assert_eq!(codes(&report), [(Severity::Error, ProblemCode::InvalidDate, 2)], "two people, two days each");
    for (id, live) in [(&noon, true), (&words, true), (&midnight, true), (&missing, false)] {
        assert_eq!(world.user(id).unwrap().is_live(), live);
    }
    // Corrected, the day counts.
    for member in ["lastWorkingDay", "employmentEndDate"] {
        world.sandbox.set_field(&noon, member, "2026-11-26").unwrap();
        world.sandbox.set_field(&words, member, json!(null)).unwrap();
    }
    let report = world.run(at(28, 9)).await.unwrap();
    assert_eq!((report.exit_code(), report.counts.deactivated), (0, 2));
}

#[tokio::test]
async fn a_day_that_says_nothing_ends_nobody_even_where_a_past_end_does() {
    let mut policy = Policy::default();
    policy.past_end_date = PastEndDate::Leaver;
    let world = World::provisioned().await;
    let ids = [0, 1, 2, 3].map(|n| world.worker(n));
    for (id, end) in ids.iter().zip(["1970-01-01", "9999-12-31", "0001-01-01", "2026-11-20"]) {
        for (member, value) in [
            ("employmentStartDate", json!(null)),
            ("firstWorkingDay", json!(null)),
            ("employmentEndDate", json!(end)),
        ] {
            world.sandbox.set_field(id, member, value).unwrap();
        }
    }
    let runner = world.runner(world.source()).policy(policy).build().unwrap();
    // The policy is new, so a person looks at its first removals.
    let saved = runner.plan(at(27, 9)).await.unwrap().save();
    let report = runner.apply(&saved, hris_reconcile::Approval::Given, at(27, 9)).await.unwrap();
    assert_eq!((report.exit_code(), report.counts.deactivated), (2, 1));
    assert_eq!(codes(&report), [(Severity::Error, ProblemCode::InvalidDate, 2)]);
    let live = ids.each_ref().map(|id| world.user(id).unwrap().is_live());
    assert_eq!(live, [true, true, true, false]);
}

#[tokio::test]
async fn an_answer_in_which_no_status_is_known_changes_nobody() {
    let world = World::provisioned().await;
    let before = format!("{:?}", world.target.all());
    for person in world.sandbox.people() {
        world.sandbox.set_field(&person.id, "status", "actif").unwrap();
        world.sandbox.set_field(&person.id, "firstName", "Renamed").unwrap();
    }
    let error = world.run(at(25, 9)).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Source, 5));
    let message = error.to_string();
    assert!(message.contains("not one of its 30 people has a status that is known"), "{message}");
    assert!(message.contains("actif") && !message.contains('\n'), "{message}");
    assert_eq!(format!("{:?}", world.target.all()), before);
    // One that is known is enough to tell a typing error from a vendor that changed its words.
    world.sandbox.set_field(&world.sandbox.people().remove(0).id, "status", "active").unwrap();
    assert_eq!(world.run(at(25, 10)).await.unwrap().counts.deactivated, 0);
}

/// Humaans tells the time with each answer. A machine that is three days ahead closes nobody's account early.
#[tokio::test]
async fn a_clock_that_is_days_ahead_of_the_sources_closes_no_account_early() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Timestamp::from_unix_seconds(i64::try_from(since.as_secs()).unwrap());
    let zone = TimeZone::utc();
    let date = |days: i32| now.plus_days(days).date_in(&zone).to_string();
    let sandbox = Sandbox::builder().employees(30).plain().today(date(0)).start().await.expect("a free port");
    let world = World { sandbox, target: MemoryTarget::new(), store: MemoryStore::new() };
    let runner = || world.runner(world.source()).real_time().build().unwrap();
    let first = runner().run(now).await.unwrap();
    assert!(
        !codes(&first).iter().any(|(_, code, _)| *code == ProblemCode::ClockDiffers),
        "{:?}",
        first.problems
    );
    let leaver = world.worker(0);
    world.sandbox.offboard(&leaver, &date(1)).unwrap();
    for ahead in [3, 400] {
        let report = runner().run(now.plus_days(ahead)).await.unwrap();
        let told = report.problems.iter().find(|problem| problem.code == ProblemCode::ClockDiffers).unwrap();
        assert_eq!(told.severity, Severity::Warning);
        assert_eq!((report.exit_code(), report.counts.deactivated), (0, 0), "{ahead}: {:?}", report.problems);
        assert!(world.user(&leaver).unwrap().is_live(), "{ahead}");
    }
    // Within a day clocks may differ, and where time is made up no clocks are compared.
    let hours = runner().plan(now.plus_seconds(11 * 60)).await.unwrap().report;
    let differs = codes(&hours).iter().any(|(_, code, _)| *code == ProblemCode::ClockDiffers);
    assert_eq!(differs, now.plus_seconds(11 * 60).date_in(&zone) != now.date_in(&zone));
    let made_up = world.run(now.plus_days(3)).await.unwrap();
    assert_eq!(made_up.counts.deactivated, 1);
    assert!(!codes(&made_up).iter().any(|(_, code, _)| *code == ProblemCode::ClockDiffers));
}

/// A token of public data: what it hides is named by the check, and by the first run with how many people it
/// is about.
#[tokio::test]
async fn what_a_token_hides_is_told_by_the_check_and_by_the_first_run() {
    let sandbox =
        Sandbox::builder().employees(30).plain().today("2026-11-24").start().await.expect("a free port");
    let world = World { sandbox, target: MemoryTarget::new(), store: MemoryStore::new() };
    let runner = |token: &str| {
        let source = world.source().token(Secret::from(token.to_owned()));
        world.runner(source).build().unwrap()
    };
    let public = world.sandbox.issue_token(Token::public());
    let check = runner(&public).check(at(24, 9)).await.unwrap();
    check.require().unwrap();
    let error = check.require_all().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Auth, 4));
    assert!(error.to_string().contains("private:read"), "{error}");

    let report = runner(&public).run(at(24, 9)).await.unwrap();
    let hidden = report.problems.iter().filter(|problem| problem.code == ProblemCode::NotPermitted);
    let hidden: Vec<_> = hidden
        .filter(|problem| problem.message.contains(" people)"))
        .filter_map(|problem| problem.field.as_deref())
        .collect();
    assert!(hidden.contains(&"employee_number") && hidden.contains(&"start_date"), "{hidden:?}");
    assert!(report.counts.created > 0 && report.needs_attention());

    let full = runner(world.sandbox.token()).check(at(24, 9)).await.unwrap();
    full.require_all().unwrap();
}

#[tokio::test]
async fn a_custom_field_is_found_by_its_name_however_it_is_written() {
    let world = World::provisioned().await;
    let worker = world.worker(0);
    world.sandbox.change(|company| company.add_custom_field(CustomField::new("Cost centre 7 ", "text")));
    world.sandbox.set_custom(&worker, "Cost centre 7 ", "100").unwrap();
    let run = async |name: &str, hour| {
        let mapping = Mapping::new()
            .field("external_id", from("id"))
            .field("email", from("email"))
            .field("custom.cost_centre", from(name));
        let runner = world.runner(world.source()).mapping(mapping).build().unwrap();
        runner.run(at(25, hour)).await
    };
    let told = |report: &Report| {
        let one = report.problems.iter().find(|problem| problem.code == ProblemCode::NotPermitted);
        one.map(|problem| problem.message.clone()).unwrap_or_default()
    };
    let error = run("custom.Cost center 7", 9).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Config, 1));
    assert!(error.to_string().contains("the nearest name is `custom.Cost centre 7 `"), "{error}");
    let report = run("custom.cost CENTRE 7", 10).await.unwrap();
    assert_eq!(told(&report), "");
    let field = TargetField::Custom("cost_centre".to_owned());
    assert_eq!(world.user(&worker).unwrap().value(&field), Some("100"));
}
