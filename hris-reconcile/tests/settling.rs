//! Whatever ends a call of the runner, nothing that the directory must not give up is left under way.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::{
    Capabilities, Directory, DirectoryWriter, EmployeeId, Error, ErrorKind as Core, FieldInfo, Lookup,
    MemoryDirectory, Preflight, ReadRequest, Result as CoreResult, Snapshot, SourceSettings, UserId,
};
use hris_reconcile::report::Outcome;
use hris_reconcile::store::MemoryStore;
use hris_reconcile::targets::DirectoryTarget;
use hris_reconcile::{ErrorKind, Result, Runner};
use support::{Company, day, id};
use tokio::time::sleep;

/// How a call of the directory goes on once it has begun a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Answers,
    Fails,
    Hangs,
}

/// A directory whose every call begins a renewal, which `settle` takes to its end in 40 seconds.
#[derive(Clone, Debug)]
struct Renewing {
    inner: MemoryDirectory,
    then: Then,
    under_way: Arc<AtomicBool>,
    /// Whether what the renewal brings cannot be stored.
    lost: bool,
}

impl Renewing {
    async fn call(&self) -> CoreResult<()> {
        self.under_way.store(true, Ordering::SeqCst);
        match self.then {
            Then::Answers => Ok(()),
            Then::Fails => Err(Error::new(Core::Unavailable, "list people: HTTP 503")),
            Then::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Directory for Renewing {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    fn settings(&self) -> SourceSettings {
        self.inner.settings()
    }
    async fn check(&self, request: &ReadRequest) -> CoreResult<Preflight> {
        self.call().await?;
        self.inner.check(request).await
    }
    async fn fields(&self, request: &ReadRequest) -> CoreResult<Vec<FieldInfo>> {
        self.call().await?;
        self.inner.fields(request).await
    }
    async fn snapshot(&self, request: &ReadRequest) -> CoreResult<Snapshot> {
        self.call().await?;
        self.inner.snapshot(request).await
    }
    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> CoreResult<Lookup> {
        self.call().await?;
        self.inner.get(id, request).await
    }
    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        self.inner.writer()
    }
    async fn settle(&self) -> CoreResult<()> {
        if !self.under_way.load(Ordering::SeqCst) {
            return Ok(());
        }
        sleep(Duration::from_secs(40)).await;
        self.under_way.store(false, Ordering::SeqCst);
        match self.lost {
            false => Ok(()),
            true => Err(Error::new(Core::Unavailable, "store the grant: the disk is full")),
        }
    }
}

async fn office(then: Then, lost: bool) -> (Runner, Renewing, UserId) {
    let company = Company::provisioned(4).await;
    let directory = Renewing { inner: company.directory.clone(), then, under_way: Arc::default(), lost };
    let user = company.target.all()[0].id.clone();
    let runner = Runner::builder(directory.clone(), company.target.clone(), company.store.clone());
    let runner = runner.connection("acme").policy(support::policy()).build().unwrap();
    (runner, directory, user)
}

const CALLS: [&str; 9] = ["check", "explain", "fields", "import", "link", "match", "plan", "run", "unlink"];

async fn call(runner: &Runner, what: &str, user: &UserId) -> Result<()> {
    let someone = id("e-1");
    match what {
        "check" => runner.check(day(2)).await.map(drop),
        "explain" => runner.explain(&someone, day(2)).await.map(drop),
        "fields" => runner.fields(day(2)).await.map(drop),
        "import" => runner.import(&someone, day(2)).await.map(drop),
        "link" => runner.link(&someone, user, day(2)).await,
        "match" => runner.match_users(day(2)).await.map(drop),
        "plan" => runner.plan(day(2)).await.map(drop),
        "run" => runner.run(day(2)).await.map(drop),
        _ => runner.unlink(&someone, day(2)).await.map(drop),
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_stopped_settles_before_it_ends() {
    for what in CALLS {
        let (runner, directory, user) = office(Then::Hangs, false).await;
        let stop = runner.stop().clone();
        let stopping = async {
            sleep(Duration::from_secs(1)).await;
            assert!(directory.under_way.load(Ordering::SeqCst), "{what} was to be met in the middle");
            stop.stop();
        };
        let (ended, ()) = tokio::join!(call(&runner, what, &user), stopping);
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled, "{what}");
        assert!(!directory.under_way.load(Ordering::SeqCst), "{what} left a renewal under way");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_or_ends_well_settles_too() {
    for what in CALLS {
        for then in [Then::Fails, Then::Answers] {
            let (runner, directory, user) = office(then, false).await;
            let ended = call(&runner, what, &user).await;
            assert_eq!(ended.is_ok(), then == Then::Answers, "{what}: {ended:?}");
            assert!(!directory.under_way.load(Ordering::SeqCst), "{what} left a renewal under way");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_is_settled_by_hand() {
    let (runner, directory, _) = office(Then::Hangs, false).await;
    let run = runner.run(day(2));
    assert!(tokio::time::timeout(Duration::from_secs(1), run).await.is_err());
    assert!(directory.under_way.load(Ordering::SeqCst));
    runner.settle().await.unwrap();
    assert!(!directory.under_way.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_cannot_be_stored_are_told() {
    let (runner, ..) = office(Then::Answers, true).await;
    let report = runner.run(day(2)).await.unwrap();
    assert_eq!(report.outcome, Outcome::Completed, "it was carried out and recorded");
    assert!(report.notices.iter().any(|notice| notice.contains("the disk is full")), "{:?}", report.notices);
    let error = runner.plan(day(2)).await.unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    let (runner, ..) = office(Then::Fails, true).await;
    let error = runner.run(day(2)).await.unwrap_err();
    assert!(error.to_string().contains("503") && error.to_string().contains("disk is full"), "{error}");
}

/// A directory that is the target may renew its credential as well.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_settles_its_target_too() {
    for (then, ends) in [(Then::Hangs, Some(ErrorKind::Cancelled)), (Then::Answers, None)] {
        let payroll =
            Renewing { inner: MemoryDirectory::new([]), then, under_way: Arc::default(), lost: false };
        let target = DirectoryTarget::new(payroll.clone()).unwrap();
        let people = MemoryDirectory::new(support::people(4));
        let runner = Runner::builder(people, target, MemoryStore::new()).build().unwrap();
        let stop = runner.stop().clone();
        let stopping = async {
            sleep(Duration::from_secs(1)).await;
            if then == Then::Hangs {
                assert!(payroll.under_way.load(Ordering::SeqCst), "the run was to be met in the middle");
                stop.stop();
            }
        };
        let (ended, ()) = tokio::join!(runner.run(day(2)), stopping);
        assert_eq!(ended.err().map(|error| error.kind()), ends, "{then:?}");
        assert!(!payroll.under_way.load(Ordering::SeqCst), "{then:?} left a renewal under way");
    }
}
