//! Runs against Freshteam: who joins, who leaves, and an account that is closed down.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::{Arc, Mutex};

use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{Leavers, PastEndDate, Policy, Rule};
use hris_core::{ProblemCode, Secret, TargetField, Timestamp, User, UserStatus};
use hris_freshteam::Freshteam;
use hris_freshteam::sandbox::{Ending, Fault, Injection, Person, Sandbox, Units};
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::store::MemoryStore;
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Approval, Error, ErrorKind, Event, Observer, Runner, RunnerBuilder};

/// A morning of November 2026.
fn day(day: u8) -> Timestamp {
    format!("2026-11-{day:02}T09:00:00Z").parse().unwrap()
}

/// An account and a product that is connected to it.
struct World {
    sandbox: Sandbox,
    target: MemoryTarget,
    store: MemoryStore,
}

impl World {
    /// Everybody has an account since the morning of the 24th.
    async fn provisioned(people: usize) -> Self {
        Self::provisioned_under(Policy::default(), people).await
    }

    async fn provisioned_under(policy: Policy, people: usize) -> Self {
        let sandbox = Sandbox::builder().employees(people).start().await.unwrap();
        let world = Self { sandbox, target: MemoryTarget::new(), store: MemoryStore::new() };
        let report = world.run_with(policy, 24).await.unwrap();
        assert_eq!(report.outcome, Outcome::Completed);
        world
    }

    fn builder(&self) -> RunnerBuilder {
        let freshteam = Freshteam::builder()
            .subdomain(self.sandbox.subdomain())
            .api_key(Secret::from(self.sandbox.key().to_owned()))
            .transport(self.sandbox.transport())
            .build()
            .unwrap();
        Runner::builder(freshteam, self.target.clone(), self.store.clone()).connection("acme")
    }

    async fn run(&self, on: u8) -> Result<Report, Error> {
        self.builder().build().unwrap().run(day(on)).await
    }

    async fn run_with(&self, policy: Policy, on: u8) -> Result<Report, Error> {
        self.builder().policy(policy).build().unwrap().run(day(on)).await
    }

    /// Somebody who works there, by a number that nothing else here uses.
    fn worker(&self, n: usize) -> String {
        let works = |one: &hris_freshteam::sandbox::PersonView| {
            one.status == "active" && one.joining_date.as_deref() < Some("2026-11-24")
        };
        self.sandbox.people().into_iter().filter(works).nth(n).unwrap().id
    }

    fn user(&self, id: &str) -> Option<User> {
        self.target.all().into_iter().find(|user| user.value(&TargetField::ExternalId) == Some(id))
    }

    fn status(&self, id: &str) -> UserStatus {
        self.user(id).expect("an account").status
    }

    fn closed(&self) -> usize {
        self.target.all().iter().filter(|user| user.status == UserStatus::Deactivated).count()
    }
}

fn has(report: &Report, code: ProblemCode) -> bool {
    report.problems.iter().any(|problem| problem.code == code)
}

/// The same subdomain, and other people, or the same people in other places.
#[tokio::test(start_paused = true)]
async fn another_company_under_the_same_subdomain_is_refused_and_passes_once_when_approved() {
    for strangers in [true, false] {
        let world = World::provisioned(12).await;
        let before = world.target.all().len();
        world.sandbox.change(|company| {
            let place = company.add_unit(Units::Branches, "Elsewhere");
            for one in company.people() {
                match strangers {
                    true => company.delete_for_ever(&one.id).unwrap(),
                    false => company.set(&one.id, "branch_id", place).unwrap(),
                }
            }
            for n in 0..if strangers { 12 } else { 1 } {
                let person = Person::new(format!("Given{n}"), format!("Family{n}")).starts("2024-01-02");
                company.hire(person.set("branch_id", place));
            }
        });
        let report = world.run(25).await.unwrap();
        let refusal = report.refusal.as_ref().map(|refusal| refusal.rule);
        assert_eq!((refusal, report.exit_code()), (Some(Rule::OrganisationChanged), 3), "{strangers}");
        assert_eq!(world.target.all().len(), before, "nobody is made or invited");

        let runner = world.builder().build().unwrap();
        let saved = runner.plan(day(25)).await.unwrap().save();
        let report = runner.apply(&saved, Approval::Given, day(25)).await.unwrap();
        assert_eq!(report.refusal, None);
        assert!(world.target.all().len() > before);
        let report = world.run(26).await.unwrap();
        assert_eq!(report.refusal, None, "{strangers}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_wound_down_removes_nobody() {
    for (ending, kind, code) in [
        (Ending::Unauthorised, Some(ErrorKind::Auth), 4),
        (Ending::Forbidden, Some(ErrorKind::Auth), 4),
        (Ending::Page, Some(ErrorKind::Source), 5),
        (Ending::Redirect, Some(ErrorKind::Source), 5),
        (Ending::Empty, None, 3),
        (Ending::Frozen, None, 0),
    ] {
        let world = World::provisioned(60).await;
        let before = world.target.all();
        world.sandbox.change(|company| company.end(ending));
        match (world.run(25).await, kind) {
            (Err(error), Some(kind)) => {
                assert_eq!((error.kind(), error.exit_code()), (kind, code), "{ending:?}: {error}");
            }
            (Ok(report), None) => {
                assert_eq!(report.exit_code(), code, "{ending:?}");
                assert!(has(&report, ProblemCode::SourceRetiring), "said in every run");
                let refusal = report.refusal.map(|refusal| (refusal.rule, refusal.message));
                if ending == Ending::Empty {
                    let (rule, message) = refusal.expect("nobody is a refusal");
                    assert_eq!(rule, Rule::EmptySource);
                    assert!(message.contains("min_source_percent"), "{message}");
                } else {
                    assert_eq!(refusal, None);
                }
            }
            (other, _) => panic!("{ending:?}: {other:?}"),
        }
        assert_eq!(world.target.all(), before, "{ending:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_inactive_at_once_is_not_believed() {
    let world = World::provisioned(60).await;
    let all = Fault::edit_rows(|row| row["status"] = "inactive".into());
    world.sandbox.inject(all.on("/employees"));
    let report = world.run(25).await.unwrap();
    assert_eq!(report.outcome, Outcome::Refused);
    assert_eq!(world.closed(), 0);
}

#[tokio::test(start_paused = true)]
async fn inactive_is_a_leaver_and_missing_is_none() {
    let world = World::provisioned(60).await;
    let (left, missing, deleted) = (world.worker(3), world.worker(4), world.worker(5));
    world.sandbox.change(|company| {
        company.deactivate(&left, None).unwrap();
        company.delete_for_ever(&missing).unwrap();
        // Restorable people are in no list; by id they are still there.
        company.delete(&deleted).unwrap();
    });
    let report = world.run(25).await.unwrap();
    assert_eq!(report.counts.deactivated, 1);
    assert_eq!(world.status(&left), UserStatus::Deactivated);
    assert_ne!(world.status(&missing), UserStatus::Deactivated);
    assert_ne!(world.status(&deleted), UserStatus::Deactivated);
}

#[tokio::test(start_paused = true)]
async fn missing_is_a_leaver_where_the_policy_says_so_and_is_asked_for_first() {
    let mut policy = Policy::default();
    policy.leavers = Leavers::Absence;
    let world = World::provisioned_under(policy.clone(), 60).await;
    let (missing, unseen) = (world.worker(4), world.worker(5));
    world.sandbox.change(|company| company.delete_for_ever(&missing)).unwrap();
    let number: u64 = unseen.parse().unwrap();
    let without = Fault::edit(move |body| {
        body.as_array_mut().unwrap().retain(|row| row["id"] != number);
    });
    world.sandbox.inject(without.on("/employees"));
    let total = Injection::from(Fault::TotalOff(-1)).on("/employees").with("status", "active");
    world.sandbox.inject(total);
    world.sandbox.forget_requests();
    let report = world.run_with(policy, 25).await.unwrap();
    assert_eq!(world.sandbox.requests_to(&format!("/employees/{missing}")), 1);
    assert_eq!(world.status(&missing), UserStatus::Deactivated);
    assert_ne!(world.status(&unseen), UserStatus::Deactivated, "still there when asked for by id");
    assert_eq!(report.counts.deactivated, 1);
}

#[tokio::test(start_paused = true)]
async fn notice_given_a_last_day_and_a_return() {
    let world = World::provisioned(60).await;
    let id = world.worker(3);
    // Terminated, still active, and the last day to come: nothing happens.
    world.sandbox.change(|company| company.give_notice(&id, "2026-11-26")).unwrap();
    let report = world.run(25).await.unwrap();
    assert_eq!(report.counts.deactivated, 0);
    // Made inactive before the last day, which is inclusive.
    world.sandbox.change(|company| company.deactivate(&id, Some("2026-11-26"))).unwrap();
    let report = world.run(26).await.unwrap();
    assert_eq!(report.counts.deactivated, 0);
    assert!(has(&report, ProblemCode::Divergence), "said, as the two do not fit");
    let report = world.run(27).await.unwrap();
    assert_eq!((report.counts.deactivated, world.status(&id)), (1, UserStatus::Deactivated));

    // Back under the same id: the account that this connection closed opens again, without a welcome.
    world.sandbox.change(|company| company.rehire(&id, "2026-11-28")).unwrap();
    let report = world.run(28).await.unwrap();
    assert_eq!((report.counts.reactivated, report.counts.created, report.counts.invited), (1, 0, 0));
    assert_ne!(world.status(&id), UserStatus::Deactivated);
}

#[tokio::test(start_paused = true)]
async fn dates_alone_remove_nobody_and_a_word_that_nobody_knows_neither() {
    let world = World::provisioned(60).await;
    let (past, unknown, nothing) = (world.worker(3), world.worker(4), world.worker(5));
    world.sandbox.change(|company| {
        company.set(&past, "termination_date", "2026-11-20").unwrap();
        company.set(&unknown, "status", "sabbatical").unwrap();
        company.set(&nothing, "status", serde_json::Value::Null).unwrap();
    });
    let before = world.target.all();
    let report = world.run(25).await.unwrap();
    assert_eq!(world.closed(), 0);
    assert!(has(&report, ProblemCode::Divergence) && has(&report, ProblemCode::UnknownStatus));
    let keep = |users: Vec<User>| users.into_iter().map(|user| (user.id, user.status)).collect::<Vec<_>>();
    assert_eq!(keep(world.target.all()), keep(before));

    let mut policy = Policy::default();
    policy.past_end_date = PastEndDate::Leaver;
    let outcome = world.run_with(policy, 25).await.unwrap();
    assert_eq!(outcome.refusal.map(|refusal| refusal.rule), Some(Rule::ConfigChanged));
}

#[tokio::test(start_paused = true)]
async fn joiners_are_active_people_who_have_started_drafts_are_none() {
    let world = World::provisioned(60).await;
    let joiner = world.sandbox.hire(Person::new("Noor", "El-Amrani").starts("2026-11-25"));
    let later = world.sandbox.hire(Person::new("Ola", "Nordmann").starts("2027-01-04"));
    let draft = world.sandbox.hire(Person::new("Not", "Yet").set("draft", true));
    let left = world.sandbox.hire(Person::new("Lotte", "Vinter").set("status", "inactive"));
    let odd = world.sandbox.hire(Person::new("Un", "Known").set("status", "sabbatical"));
    let nobody = world.sandbox.hire(Person::new("No", "Mail").without_email());
    let report = world.run(25).await.unwrap();
    assert_eq!((report.counts.created, report.counts.invited), (2, 1));
    assert_eq!(world.status(&joiner), UserStatus::Invited);
    assert_eq!(world.status(&later), UserStatus::Pending, "invited on the first day");
    for id in [draft, left, odd, nobody] {
        assert!(world.user(&id).is_none(), "{id}");
    }
    assert!(has(&report, ProblemCode::MissingEmail));
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_while_the_listings_are_read_leaves_once() {
    let world = World::provisioned(60).await;
    let id = world.worker(3);
    let mover = id.clone();
    let leaves = move |company: &mut hris_freshteam::sandbox::Company| {
        company.deactivate(&mover, Some("2026-11-20")).unwrap();
    };
    let after_active = Injection::then(leaves).on("/employees").with("status", "active").with("page", "2");
    // The cost is asked for first, with a page of each.
    world.sandbox.inject(after_active.once());
    let report = world.run(25).await.unwrap();
    assert_eq!((report.counts.deactivated, world.closed()), (1, 1));
    assert!(!has(&report, ProblemCode::DuplicateExternalId));
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_seen_any_more_stays_as_it_was() {
    let world = World::provisioned(60).await;
    let before = world.target.all();
    world.sandbox.inject(Fault::Status(403).on("/departments"));
    let report = world.run(25).await.unwrap();
    assert!(has(&report, ProblemCode::NotPermitted));
    assert_eq!(world.target.all(), before);
    world.sandbox.clear_faults();
    let emptied = Fault::edit_rows(|row| row["designation"] = serde_json::Value::Null);
    world.sandbox.inject(emptied.on("/employees"));
    let report = world.run(26).await.unwrap();
    assert_eq!(world.target.all(), before, "{:?}", report.refusal);
}

/// Keeps what was told.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Observer for Told {
    fn event(&self, event: &Event) {
        let mut told = self.0.lock().unwrap();
        match event {
            Event::Expected { cost } => told.push(cost.to_string()),
            Event::Fetching { .. } if told.last().is_some_and(|last| last != "reading") => {
                told.push("reading".to_owned());
            }
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_and_a_plan_say_beforehand_what_they_take() {
    let world = World::provisioned(60).await;
    world.sandbox.behave(|one| one.per_minute = 50);
    let mapping = Mapping::new()
        .field("external_id", from("id"))
        .field("email", from("email"))
        .field("custom.locker", from("custom.locker_no_cf_str01"));
    let told = Told::default();
    let runner = world.builder().mapping(mapping).observer(told.clone()).build().unwrap();
    let planned = runner.plan(day(25)).await.unwrap();
    assert_eq!(*told.0.lock().unwrap(), ["61 requests, about 2 min at 40 a minute", "reading"]);
    assert_eq!(planned.report.source.requests, 63, "with the two that it took to know");
}
