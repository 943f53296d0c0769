//! What operations see: spans that tell many connections apart, levels that tell how runs ended, events
//! while a vendor makes a run wait; never a person, never a secret.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join;
use hris_core::RateLimit;
use hris_core::{ErrorKind as Core, Secret, Timestamp};
use hris_freshteam::Freshteam;
use hris_freshteam::sandbox::{Fault as FreshteamFault, RetryAfter, Sandbox as FreshteamSandbox};
use hris_humaans::Humaans;
use hris_humaans::sandbox::{CANARY, Fault, Sandbox};
use hris_reconcile::store::MemoryStore;
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{ErrorKind, Event, Observer, Runner};
use tracing_subscriber::fmt::MakeWriter;

/// Keeps what is traced on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .without_time()
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (log, guard)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines of a level in which all of these stand.
    fn lines(&self, level: &str, words: &[&str]) -> usize {
        let text = self.text();
        let fits = |line: &&str| {
            line.trim_start().starts_with(level) && words.iter().all(|word| line.contains(word))
        };
        text.lines().filter(fits).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[derive(Clone, Debug, Default)]
struct Waits(Arc<Mutex<Vec<Duration>>>);

impl Observer for Waits {
    fn event(&self, event: &Event) {
        if let Event::Waiting { time } = event {
            self.0.lock().unwrap().push(*time);
        }
    }
}

fn morning(day: u8) -> Timestamp {
    format!("2026-11-{day:02}T09:00:00Z").parse().unwrap()
}

async fn mill() -> Sandbox {
    Sandbox::builder().employees(20).plain().today("2026-11-24").start().await.expect("a free port")
}

async fn fishery() -> FreshteamSandbox {
    FreshteamSandbox::builder().employees(20).start().await.expect("a free port")
}

fn of_mill(sandbox: &Sandbox, target: &MemoryTarget, store: &MemoryStore) -> Runner {
    let humaans = Humaans::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .token(Secret::from(sandbox.token().to_owned()))
        .rate_limit(RateLimit::per_second(10_000).burst(10_000))
        .build()
        .unwrap();
    Runner::builder(humaans, target.clone(), store.clone()).connection("the-mill").build().unwrap()
}

fn of_fishery(sandbox: &FreshteamSandbox, waits: &Waits) -> Runner {
    let freshteam = Freshteam::builder()
        .subdomain(sandbox.subdomain())
        .api_key(Secret::from(sandbox.key().to_owned()))
        .transport(sandbox.transport())
        .build()
        .unwrap();
    let runner = Runner::builder(freshteam, MemoryTarget::new(), MemoryStore::new());
    runner.connection("the-fishery").observer(waits.clone()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn connections_side_by_side_are_told_apart_and_levels_tell_how_they_ended() {
    let (log, _guard) = Log::begin();
    let (mill, fishery) = (mill().await, fishery().await);
    let (target, store) = (MemoryTarget::new(), MemoryStore::new());
    let runner = of_mill(&mill, &target, &store);
    let other = of_fishery(&fishery, &Waits::default());
    let (one, two) = join(runner.run(morning(24)), other.run(morning(24))).await;
    let (one, two) = (one.unwrap(), two.unwrap());

    for (report, connection, vendor) in [(&one, "the-mill", "humaans"), (&two, "the-fishery", "freshteam")] {
        let run = format!("run{{connection=\"{connection}\" vendor=\"{vendor}\" run=\"{}\"", report.run);
        assert_eq!(log.lines("INFO", &[&run, "completed", "created="]), 1, "{}", log.text());
        let request = format!("request{{vendor=\"{vendor}\"}}");
        assert!(log.lines("DEBUG", &[&run, &request, "answered"]) > 1, "{}", log.text());
    }
    // No request is anybody's.
    assert_eq!(log.lines("DEBUG", &["answered"]), log.lines("DEBUG", &["answered", "run{connection="]));
    let plan = runner.plan(morning(25)).await.unwrap();
    assert_eq!(log.lines("INFO", &[&plan.report.run, "command=\"plan\"", "completed"]), 1);

    // Refused.
    mill.inject(Fault::Body(br#"{"total":0,"limit":250,"skip":0,"data":[]}"#.to_vec()).on("/people"));
    let refused = runner.run(morning(25)).await.unwrap();
    let rule = format!("rule=\"{}\"", refused.refusal.as_ref().unwrap().rule.as_str());
    assert_eq!(log.lines("WARN", &["connection=\"the-mill\"", &refused.run, "refused", &rule]), 1);
    mill.clear_faults();

    // Failed.
    mill.inject(Fault::Status(500).on("/people"));
    let error = runner.run(morning(25)).await.unwrap_err();
    let run = &error.report().unwrap().run;
    assert_eq!((error.kind(), error.source_kind()), (ErrorKind::Source, Some(Core::Unavailable)));
    assert_eq!(log.lines("ERROR", &[run, "failed", "kind=\"source\"", "source=\"Unavailable\""]), 1);
    mill.clear_faults();
    mill.revoke(mill.token()).unwrap();
    let error = runner.run(morning(25)).await.unwrap_err();
    let run = &error.report().unwrap().run;
    assert_eq!(log.lines("ERROR", &[run, "failed", "kind=\"auth\"", "exit_code=4"]), 1);

    let text = log.text();
    for secret in [CANARY, mill.token(), fishery.key()] {
        assert!(!text.contains(secret), "{secret}");
    }
    for person in mill.people() {
        for word in [Some(person.id.clone()), Some(person.name()), person.email] {
            assert!(word.is_none_or(|word| !text.contains(&word)), "{}", person.id);
        }
    }
    for person in fishery.people() {
        for word in [Some(person.id), person.email] {
            assert!(word.is_none_or(|word| !text.contains(&word)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_makes_a_run_wait_is_told_and_not_waited_for_without_end() {
    let (log, _guard) = Log::begin();
    let (fishery, waits) = (fishery().await, Waits::default());
    let runner = of_fishery(&fishery, &waits);
    fishery.inject(FreshteamFault::RateLimited(RetryAfter::Missing).on("/employees"));
    let started = tokio::time::Instant::now();
    let error = runner.run(morning(24)).await.unwrap_err();
    assert_eq!((error.kind(), error.source_kind()), (ErrorKind::Source, Some(Core::RateLimited)));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert!(started.elapsed() <= Duration::from_secs(135), "{:?}", started.elapsed());
    let told = waits.0.lock().unwrap().clone();
    assert_eq!(told, [Duration::from_secs(60); 2]);
    assert_eq!(log.lines("INFO", &["the-fishery", "waiting for the vendor", "wait_ms=60000"]), 2);

    // Once, and the run goes on.
    fishery.clear_faults();
    waits.0.lock().unwrap().clear();
    fishery.inject(FreshteamFault::RateLimited(RetryAfter::Text("7".to_owned())).on("/employees").once());
    runner.run(morning(24)).await.unwrap();
    assert!(waits.0.lock().unwrap().iter().any(|time| time.as_secs() == 7));
}
