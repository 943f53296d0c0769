//! Running again and again: on a clock that jumps, after failures, and never two at once. Time here
//! passes only while somebody waits for it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use hris_core::reconcile::TwoWay;
use hris_core::{ErrorKind as SourceError, MemoryDirectory, StandardField, TimeZone, Timestamp};
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::schedule::{Clock, Ended, Job, Schedule, repeat, run_every};
use hris_reconcile::store::{MemoryStore, SqliteStore};
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{ErrorKind, Stop};
use support::{builder, day, people, put};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn every(seconds: i64) -> Schedule {
    Schedule::every(Duration::from_secs(seconds.unsigned_abs()))
}

fn oslo(pattern: &str) -> Schedule {
    Schedule::cron(pattern, &"Europe/Oslo".parse().unwrap()).unwrap()
}

/// A clock that goes on only while somebody waits for it, may be set, and stops the loop in the end.
#[derive(Debug)]
struct Turning {
    state: Mutex<Shown>,
    stop: Stop,
}

#[derive(Debug)]
struct Shown {
    now: Timestamp,
    /// How long it ran, whatever it was set to.
    passed: i64,
    until: i64,
    /// After so long it is set by so much.
    jumps: Vec<(i64, i64)>,
}

impl Turning {
    fn new(from: &str, until: i64, jumps: &[(i64, i64)]) -> Self {
        let shown = Shown { now: at(from), passed: 0, until, jumps: jumps.to_vec() };
        Self { state: Mutex::new(shown), stop: Stop::new() }
    }

    fn pass(&self, seconds: i64) {
        let mut shown = self.state.lock().unwrap();
        shown.passed += seconds;
        shown.now = shown.now.plus_seconds(seconds);
        let passed = shown.passed;
        let due: i64 = shown.jumps.iter().filter(|(at, _)| *at <= passed).map(|(_, by)| by).sum();
        shown.jumps.retain(|(at, _)| *at > passed);
        shown.now = shown.now.plus_seconds(due);
        if passed >= shown.until {
            self.stop.stop();
        }
    }
}

#[async_trait]
impl Clock for Turning {
    fn now(&self) -> Timestamp {
        self.state.lock().unwrap().now
    }

    async fn sleep(&self, duration: Duration) {
        self.pass(i64::try_from(duration.as_secs()).unwrap());
    }
}

/// When runs begin, each of which takes so long and ends so.
async fn runs(
    clock: &Turning,
    schedule: &Schedule,
    last: Option<&str>,
    work: impl FnMut(usize) -> (i64, Ended) + Send,
) -> Vec<String> {
    let mut made_up = MadeUp { clock, work, began: Vec::new() };
    repeat(schedule, clock, &clock.stop, last.map(at), &mut made_up).await.unwrap();
    made_up.began
}

struct MadeUp<'a, F> {
    clock: &'a Turning,
    work: F,
    began: Vec<String>,
}

#[async_trait]
impl<F: FnMut(usize) -> (i64, Ended) + Send> Job for MadeUp<'_, F> {
    async fn run(&mut self, now: Timestamp) -> Ended {
        self.began.push(now.to_string());
        let (takes, ended) = (self.work)(self.began.len());
        self.clock.pass(takes);
        ended
    }
}

fn well(_: usize) -> (i64, Ended) {
    (0, Ended::Done)
}

#[test]
fn next_runs() {
    for (last, now, next) in [
        // Never ran: now.
        (None, "2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z"),
        // An hour ago: tomorrow.
        (Some("2026-11-23T08:00:00Z"), "2026-11-23T09:00:00Z", "2026-11-24T08:00:00Z"),
        // Due this second.
        (Some("2026-11-22T09:00:00Z"), "2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z"),
        // Missed ten: now, and once.
        (Some("2026-11-13T09:00:00Z"), "2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z"),
        // The clock was set back a year: in a day, not in a year.
        (Some("2027-11-23T09:00:00Z"), "2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z"),
        // The clock was set forth a year: now.
        (Some("2025-11-23T09:00:00Z"), "2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z"),
    ] {
        assert_eq!(every(DAY).next_after(last.map(at), at(now)), Some(at(next)), "last {last:?}, now {now}");
    }
    let least = Schedule::every(Duration::ZERO);
    assert_eq!(least.next_after(Some(day(1)), day(1)), Some(day(1).plus_seconds(1)));
}

#[tokio::test]
async fn what_was_missed_is_caught_up_with_once() {
    let clock = Turning::new("2026-11-23T09:00:00Z", 2 * DAY + 1, &[]);
    let began = runs(&clock, &every(DAY), Some("2026-11-13T06:00:00Z"), well).await;
    assert_eq!(began, ["2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z", "2026-11-25T09:00:00Z"]);

    let clock = Turning::new("2026-11-23T09:00:00Z", 2 * DAY, &[]);
    let began = runs(&clock, &oslo("0 6 * * *"), Some("2026-11-13T05:00:00Z"), well).await;
    assert_eq!(began, ["2026-11-23T09:00:00Z", "2026-11-24T05:00:00Z", "2026-11-25T05:00:00Z"]);
}

#[tokio::test]
async fn a_clock_that_is_set_neither_stops_the_loop_nor_makes_it_rush() {
    for schedule in [every(DAY), Schedule::cron("0 9 * * *", &TimeZone::utc()).unwrap()] {
        // Forward over three runs: one makes up for them.
        let clock = Turning::new("2026-11-23T09:00:00Z", 2 * DAY, &[(HOUR, 3 * DAY)]);
        let began = runs(&clock, &schedule, Some("2026-11-23T09:00:00Z"), well).await;
        assert_eq!(began.len(), 2, "{schedule:?} {began:?}");
        assert!(began[0].starts_with("2026-11-26T10:00"), "{began:?}");

        // Back by a year: the next one is a day later by that clock, not a year.
        let clock = Turning::new("2026-11-23T09:00:00Z", 3 * DAY, &[(HOUR, -365 * DAY)]);
        let began = runs(&clock, &schedule, Some("2026-11-23T09:00:00Z"), well).await;
        assert!((2..=3).contains(&began.len()), "{schedule:?} {began:?}");
        assert!(began.iter().all(|at| at.starts_with("2025-11-2")), "{began:?}");
    }
}

#[tokio::test]
async fn a_run_longer_than_the_interval_is_followed_and_never_overlapped() {
    let clock = Turning::new("2026-11-23T00:00:00Z", 8 * HOUR, &[]);
    let began = runs(&clock, &every(HOUR), None, |_| (3 * HOUR, Ended::Done)).await;
    assert_eq!(began, ["2026-11-23T00:00:00Z", "2026-11-23T03:00:00Z", "2026-11-23T06:00:00Z"]);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_less_and_less_often() {
    let clock = Turning::new("2026-11-23T00:00:00Z", 5 * HOUR, &[]);
    let began =
        runs(&clock, &every(DAY), None, |n| (0, if n < 8 { Ended::Passing } else { Ended::Done })).await;
    let began: Vec<&str> = began.iter().map(|at| &at[11..16]).collect();
    assert_eq!(began, ["00:00", "00:01", "00:03", "00:08", "00:23", "00:53", "01:23", "01:53"]);
    // What somebody has to mend waits for the schedule, as does everything after a success.
    let clock = Turning::new("2026-11-23T00:00:00Z", DAY, &[]);
    assert_eq!(runs(&clock, &every(DAY), None, well).await.len(), 1);
}

#[tokio::test]
async fn nobody_is_asked_earlier_than_they_said() {
    let wait = |seconds: i64| Ended::Wait(Duration::from_secs(seconds.unsigned_abs()));
    // Longer than the schedule: the schedule waits too. Shorter: it is tried again before it.
    for (interval, asked, second) in [
        (300, HOUR, "2026-11-23T01:00:01Z"),
        (DAY, HOUR, "2026-11-23T01:00:01Z"),
        (DAY, 5, "2026-11-23T00:01:00Z"),
    ] {
        let clock = Turning::new("2026-11-23T00:00:00Z", 2 * HOUR, &[]);
        let began =
            runs(&clock, &every(interval), None, |n| (0, if n == 1 { wait(asked) } else { Ended::Done }))
                .await;
        assert_eq!(began[1], second, "every {interval} s, asked to wait {asked} s");
    }
}

#[tokio::test]
async fn it_stops_while_waiting_and_after_the_run_that_is_on() {
    let clock = Turning::new("2026-11-23T00:00:00Z", DAY, &[]);
    let stop = clock.stop.clone();
    let work = |n| {
        if n == 3 {
            stop.stop();
        }
        (0, Ended::Passing)
    };
    assert_eq!(runs(&clock, &every(60), None, work).await.len(), 3);

    let clock = Turning::new("2026-11-23T00:00:00Z", HOUR, &[]);
    clock.stop.stop();
    assert!(runs(&clock, &every(60), None, well).await.is_empty());
}

#[tokio::test]
async fn a_time_of_day_comes_once_a_day_when_clocks_change() {
    for (from, expected) in [
        // 02:30 does not exist on 29 March: as soon as clocks went forward.
        ("2026-03-28T23:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
        // 02:30 comes twice on 25 October: the first.
        ("2026-10-24T23:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
    ] {
        let clock = Turning::new(from, 27 * HOUR, &[]);
        assert_eq!(runs(&clock, &oslo("30 2 * * *"), None, well).await, expected);
    }
    // Every hour is every hour.
    let clock = Turning::new("2026-10-24T20:30:00Z", 8 * HOUR, &[]);
    assert_eq!(runs(&clock, &oslo("0 * * * *"), None, well).await.len(), 8);
}

#[test]
fn patterns_that_cannot_be_meant_are_refused() {
    for (pattern, said) in [
        (
            "every day",
            "a pattern has five fields (minute, hour, day of the month, month, day of the week), and this has 2",
        ),
        ("", "and this has 0"),
        ("0 0 6 * * *", "and this has 6"),
        ("61 * * * *", "the minute cannot be \"61\"; it takes 0 to 59"),
        ("0 24 * * *", "the hour cannot be \"24\"; it takes 0 to 23"),
        ("0 6 1- * *", "the day of the month cannot be \"1-\"; it takes 1 to 31"),
        ("0 6 * 13 *", "the month cannot be \"13\"; it takes 1 to 12"),
        ("0 6 * * MOO", "the day of the week cannot be \"MOO\"; it takes 0 to 7"),
        ("0 0 30 2 *", "the pattern never comes"),
    ] {
        let refused = Schedule::cron(pattern, &TimeZone::utc()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Config, "{pattern}");
        let words = refused.to_string();
        assert!(words.contains(said) && words.ends_with("; a pattern is such as \"0 6 * * *\""), "{words}");
    }
}

/// Every push writes a report, and none of them hides the last sync from a process that starts anew.
#[tokio::test]
async fn a_restart_after_many_pushes_goes_by_the_last_sync() {
    let folder = tempfile::tempdir().unwrap();
    let directory = MemoryDirectory::new(people(3));
    let target = MemoryTarget::new();
    let noon = |n: u8| day(n).plus_seconds(3 * HOUR);
    for (number, (schedule, began)) in [
        (every(DAY), [day(2), day(3)]),
        (every(2 * HOUR), [noon(1), day(1).plus_seconds(5 * HOUR)]),
        (
            Schedule::cron("0 6 * * *", &TimeZone::utc()).unwrap(),
            [at("2026-11-02T06:00:00Z"), at("2026-11-03T06:00:00Z")],
        ),
        (Schedule::cron("0 11 * * *", &TimeZone::utc()).unwrap(), [noon(1), at("2026-11-02T11:00:00Z")]),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{number}.db"));
        let clock = Turning::new(&noon(1).to_string(), 3 * DAY, &[]);
        let runner = async || {
            let mut policy = support::policy();
            policy.two_way = Some(TwoWay::default());
            let store = SqliteStore::open(&path).await.unwrap();
            let runner = builder(&directory, target.clone(), store).policy(policy).stop(clock.stop.clone());
            runner.build().unwrap()
        };
        let first = runner().await;
        first.run(day(1)).await.unwrap();
        let account = support::user(&target, "e-1").id;
        for n in 1..=25 {
            let now = day(1).plus_seconds(60 * n);
            first.push(&account, now, now).await.unwrap();
        }
        assert!(first.history(20).await.unwrap().iter().all(|report| report.command == "push"));
        drop(first);
        let again = runner().await;
        let mut found = Vec::new();
        let each = |done: hris_reconcile::Result<Report>| found.push(done.unwrap().started_at);
        run_every(&again, &schedule, &clock, each).await.unwrap();
        assert_eq!(found.get(..2), Some(&began[..]), "{number}");
    }
}

#[tokio::test]
async fn the_loop_of_a_runner_survives_failures_and_goes_by_its_history() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let directory = MemoryDirectory::new(people(3));
    let store = MemoryStore::new();
    let target = MemoryTarget::new();
    let first = builder(&directory, target.clone(), store.clone()).build().unwrap();
    first.run(day(1)).await.unwrap();
    first.match_users(day(1).plus_seconds(600)).await.unwrap();
    for n in 0..30 {
        first.import(&support::id("e-1"), day(1).plus_seconds(700 + n)).await.unwrap();
    }
    assert_eq!(first.last_sync().await.unwrap(), Some(day(1)), "a match or an import puts no sync off");

    let clock = Turning::new(&day(1).plus_seconds(HOUR).to_string(), 4 * DAY - HOUR, &[]);
    let runner = builder(&directory, target, store.clone()).stop(clock.stop.clone()).build().unwrap();
    let mut began = Vec::new();
    let each = |done: hris_reconcile::Result<Report>| match done {
        Ok(report) => {
            began.push((report.started_at, report.outcome));
            if began.len() == 1 {
                directory.fail_with(Some((SourceError::Unavailable, "list people: no")));
            }
        }
        Err(error) => {
            let report = error.report().unwrap();
            began.push((report.started_at, report.outcome));
            directory.fail_with(None);
            put(&directory, "e-1", StandardField::JobTitle, "Baker");
        }
    };
    is_send(run_every(&runner, &every(DAY), &clock, each)).await.unwrap();
    let again = day(3).plus_seconds(60);
    assert_eq!(
        began,
        [
            (day(2), Outcome::Completed),
            (day(3), Outcome::Failed),
            (again, Outcome::Completed),
            (again.plus_seconds(DAY), Outcome::Completed),
        ]
    );
}
