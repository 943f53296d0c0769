//! Runs against Humaans: settings that change who is read, ends that cannot be read, an answer in which
//! no status is known.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use hris_core::http::Rate;
use hris_core::reconcile::{Refusal, Rule};
use hris_core::{Secret, TargetField, TimeZone, Timestamp, User};
use hris_humaans::sandbox::Sandbox;
use hris_humaans::{Builder, Humaans, PeopleStatus};
use hris_reconcile::report::Report;
use hris_reconcile::store::MemoryStore;
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Error, Runner, RunnerBuilder};

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
            .rate_limit(Rate::per_second(10_000).burst(10_000))
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
        .rate_limit(Rate::per_second(5_000).burst(5_000))
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
