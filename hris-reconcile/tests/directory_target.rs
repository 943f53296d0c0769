//! People of one HR system kept in another.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::time::Duration;

use hris_core::mapping::{Mapping, from};
use hris_core::{
    Capabilities, Date, Directory, Employee, Field, LeaverSignals, MemoryDirectory, StandardField, Status,
    TargetField,
};
use hris_reconcile::Runner;
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::store::MemoryStore;
use hris_reconcile::target::{Target, TargetErrorKind};
use hris_reconcile::targets::DirectoryTarget;
use support::{day, leave, lines, people, put, vanish};

fn date(n: i8) -> Date {
    Date::new(2026, 11, n).unwrap()
}

struct Pair {
    hr: MemoryDirectory,
    payroll: MemoryDirectory,
    store: MemoryStore,
}

impl Pair {
    fn new(count: usize) -> Self {
        Self {
            hr: MemoryDirectory::new(people(count)),
            payroll: MemoryDirectory::new([]),
            store: MemoryStore::new(),
        }
    }

    fn runner(&self) -> Runner {
        self.runner_of(DirectoryTarget::new(self.payroll.clone()).unwrap())
    }

    fn runner_of(&self, target: impl Target) -> Runner {
        let mapping = Mapping::new()
            .field("external_id", from("id"))
            .field("email", from("email"))
            .field("given_name", from("given_name"))
            .field("job_title", from("job_title"))
            .field("address", from("address"));
        Runner::builder(self.hr.clone(), target, self.store.clone()).mapping(mapping).build().unwrap()
    }

    async fn run(&self, n: u8) -> Report {
        self.runner().run(day(n)).await.unwrap()
    }

    fn people(&self) -> Vec<Employee> {
        let mut all = Vec::new();
        self.payroll.edit(|people| all.clone_from(people));
        all
    }
}

#[tokio::test]
async fn people_are_created_changed_and_ended() {
    let pair = Pair::new(5);
    let report = pair.run(3).await;
    assert_eq!((report.counts.created, report.counts.invited, report.problems.len()), (5, 0, 0));
    assert!(
        pair.runner().plan(day(4)).await.unwrap().plan.is_empty(),
        "an id that is not kept is not written"
    );

    put(&pair.hr, "e-1", StandardField::JobTitle, "Baker");
    put(&pair.hr, "e-1", StandardField::AddressStreet, "4 Yard");
    let report = pair.run(5).await;
    assert_eq!(lines(&report, "done"), ["update e-1 (address, job_title)"]);
    let first = &pair.people()[0];
    assert_eq!(first.job_title(), Field::Value("Baker"));
    assert_eq!(first.text(StandardField::AddressStreet), Field::Value("4 Yard"));

    leave(&pair.hr, "e-2");
    vanish(&pair.hr, "e-3");
    let report = pair.run(6).await;
    assert_eq!(report.counts.deactivated, 2);
    let ends: Vec<_> = pair.people().iter().map(Employee::end_date).collect();
    assert_eq!(ends.iter().filter(|end| **end == Field::Value(date(5))).count(), 2);
    assert!(pair.runner().plan(day(7)).await.unwrap().plan.is_empty());
}

#[tokio::test]
async fn people_who_are_there_are_found_and_never_made_twice() {
    let pair = Pair::new(3);
    pair.payroll.edit(|people| people.push(support::person("x-9", "P2@mill.example")));
    let report = pair.run(3).await;
    assert_eq!((report.counts.linked, report.counts.created), (1, 2));
    assert_eq!(pair.people().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cut_makes_nobody_twice() {
    for call in 1.. {
        let pair = Pair::new(3);
        let faults = Faults::new().at(call, Fault::CutAfter);
        let target = DirectoryTarget::new(Faulty::new(pair.payroll.clone(), faults.clone())).unwrap();
        let runner = pair.runner_of(target);
        let was_cut = tokio::select! {
            biased;
            () = faults.cut() => true,
            done = runner.run(day(3)) => { done.unwrap(); false }
        };
        tokio::time::advance(Duration::from_secs(61)).await;
        pair.run(4).await;
        assert_eq!(pair.people().len(), 3, "cut at {call}");
        assert!(pair.runner().plan(day(5)).await.unwrap().plan.is_empty(), "cut at {call}");
        if !was_cut {
            assert!(call > 3);
            break;
        }
    }
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_written_over() {
    let pair = Pair::new(4);
    pair.run(3).await;
    support::edit(&pair.payroll, "m-1", |person| person.put(StandardField::JobTitle, Field::NotPermitted));
    let report = pair.run(4).await;
    assert_eq!(report.counts.failed, 1);
    assert_eq!(pair.people()[0].text(StandardField::JobTitle), Field::NotPermitted);
}

#[tokio::test]
async fn a_directory_that_can_only_be_read_is_no_target() {
    #[derive(Debug)]
    struct ReadOnly(Capabilities);
    #[async_trait::async_trait]
    impl Directory for ReadOnly {
        fn capabilities(&self) -> &Capabilities {
            &self.0
        }
        fn settings(&self) -> hris_core::SourceSettings {
            hris_core::SourceSettings::of("reader").build()
        }
        async fn check(&self, _: &hris_core::ReadRequest) -> hris_core::Result<hris_core::Preflight> {
            Ok(hris_core::Preflight::new())
        }
        async fn fields(&self, _: &hris_core::ReadRequest) -> hris_core::Result<Vec<hris_core::FieldInfo>> {
            Ok(Vec::new())
        }
        async fn snapshot(&self, _: &hris_core::ReadRequest) -> hris_core::Result<hris_core::Snapshot> {
            Ok(hris_core::Snapshot::new("none", Vec::new()))
        }
        async fn get(
            &self,
            _: &hris_core::EmployeeId,
            _: &hris_core::ReadRequest,
        ) -> hris_core::Result<hris_core::Lookup> {
            Ok(hris_core::Lookup::Gone)
        }
    }
    let fields = [StandardField::Email];
    let directory = ReadOnly(Capabilities::read_only("reader", &fields, LeaverSignals::new(true, true)));
    let error = DirectoryTarget::new(directory).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Rejected);
    assert!(error.message.contains("reader can only be read"), "{error}");
}

#[tokio::test]
async fn fields_that_are_not_kept_are_told_and_not_tried() {
    let pair = Pair::new(3);
    let target = DirectoryTarget::new(pair.payroll.clone()).unwrap();
    assert!(!target.capabilities().keeps(&TargetField::ManagerExternalId));
    let mapping = Mapping::new()
        .field("external_id", from("id"))
        .field("email", from("email"))
        .field("manager_external_id", from("given_name"));
    let runner =
        Runner::builder(pair.hr.clone(), target, pair.store.clone()).mapping(mapping).build().unwrap();
    let report = runner.run(day(3)).await.unwrap();
    assert_eq!(report.counts.created, 3);
    assert_eq!(support::codes(&report), ["not_permitted"]);
    assert!(runner.plan(day(4)).await.unwrap().plan.is_empty());
}

/// The day ends later in Los Angeles than in UTC, and both the closing and the reading go by it.
#[tokio::test]
async fn who_leaves_is_ended_once_and_on_the_day_of_the_zone() {
    let zone: hris_core::TimeZone = "America/Los_Angeles".parse().unwrap();
    let pair = Pair::new(6);
    let run = async |now: &str| {
        let now: hris_core::Timestamp = now.parse().unwrap();
        let target = DirectoryTarget::new(pair.payroll.clone()).unwrap();
        let mapping = Mapping::new().field("external_id", from("id")).field("email", from("email"));
        let runner =
            Runner::builder(pair.hr.clone(), target.with_time_zone(zone.clone()), pair.store.clone());
        runner.mapping(mapping).time_zone(zone.clone()).build().unwrap().run(now).await.unwrap()
    };
    run("2026-11-20T18:00:00Z").await;
    support::edit(&pair.hr, "e-1", |person| {
        person.put_status(Status::Terminated, "terminated");
        person.put_date(StandardField::LastWorkingDay, Field::Value("2026-11-22".parse().unwrap()));
    });
    let mut closed = 0;
    for hour in 1..=7 {
        let report = run(&format!("2026-11-24T0{hour}:00:00Z")).await;
        assert_eq!(report.outcome, Outcome::Completed, "{:?}", report.refusal);
        closed += report.counts.deactivated;
    }
    assert_eq!(closed, 1);
    let people = pair.people();
    let ended: Vec<_> = people.iter().filter_map(|person| person.end_date().value()).collect();
    assert_eq!(ended, ["2026-11-22".parse::<Date>().unwrap()]);
}

/// A target that lives for days goes by the day of each call.
#[tokio::test]
async fn who_is_closed_is_told_by_the_day_of_the_call() {
    let pair = Pair::new(5);
    let target = DirectoryTarget::new(pair.payroll.clone()).unwrap();
    let runner = pair.runner();
    runner.run(day(3)).await.unwrap();
    support::edit(&pair.payroll, "m-1", |person| {
        person.put_date(StandardField::EndDate, Field::Value(date(9)))
    });
    for (n, live) in [(8, 5), (9, 5), (10, 4), (8, 5)] {
        let users = target.users(day(n)).await.unwrap();
        assert_eq!(users.iter().filter(|user| user.is_live()).count(), live, "on day {n}");
    }
    leave(&pair.hr, "e-2");
    let report = runner.run(day(12)).await.unwrap();
    assert_eq!(report.counts.deactivated, 1, "{:?} {:?}", report.problems, report.refusal);
    let ends: Vec<_> = pair.people().iter().filter_map(|person| person.end_date().value()).collect();
    assert_eq!(ends, [date(9), date(11)], "the day before the run, not before the target was made");
}
