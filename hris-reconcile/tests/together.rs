//! Actions that are carried out together, in batches or side by side: the same end as one by one, wherever
//! a run is cut, and nobody is given another person's account.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::reconcile::{AssignmentChange, Change};
use hris_core::{MemoryDirectory, StandardField, TargetField, Timestamp, User, UserId};
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::report::Report;
use hris_reconcile::store::{MemoryStore, StateStore};
use hris_reconcile::target::{
    Assigns, Batches, By, Call, Invitation, Invites, NewUser, Powers, Reactivates, Target,
    TargetCapabilities, TargetError, Write,
};
use hris_reconcile::targets::{MemoryTarget, SqliteTarget};
use support::{accounts, builder, day, leave, people, put};

/// How calls come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Several in one.
    Batch,
    /// Several in one, and one answer too few.
    BatchThatLosesAnAnswer,
    /// So many under way at once.
    SideBySide(usize),
}

/// Accounts in memory whose calls come together.
#[derive(Clone, Debug)]
struct Together {
    inner: MemoryTarget,
    how: How,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Together {
    fn new(how: How) -> Self {
        Self { inner: MemoryTarget::new(), how, under_way: Arc::default(), most: Arc::default() }
    }

    /// The most calls that were under way at once.
    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    async fn counted<T>(&self, call: impl Future<Output = T>) -> T {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let done = call.await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        done
    }
}

#[async_trait]
impl Target for Together {
    fn capabilities(&self) -> TargetCapabilities {
        self.inner.capabilities()
    }
    fn powers(&self) -> Powers<'_> {
        let powers =
            Powers::none().assigning(self).inviting(self).reactivating(self).remembering(&self.inner);
        match self.how {
            How::SideBySide(calls) => powers.side_by_side(calls),
            _ => powers.batching(self),
        }
    }
    async fn check(&self, now: Timestamp) -> Result<(), TargetError> {
        self.inner.check(now).await
    }
    async fn users(&self, now: Timestamp) -> Result<Vec<User>, TargetError> {
        self.inner.users(now).await
    }
    async fn user(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError> {
        self.counted(self.inner.user(by, now)).await
    }
    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        self.counted(self.inner.create(new, call)).await
    }
    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        self.counted(self.inner.update(id, changes, call)).await
    }
    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        self.counted(self.inner.deactivate(seen, call)).await
    }
}

#[async_trait]
impl Assigns for Together {
    async fn assign(
        &self,
        id: &UserId,
        given: &[AssignmentChange],
        call: &Call<'_>,
    ) -> Result<(), TargetError> {
        self.counted(self.inner.assign(id, given, call)).await
    }
}

#[async_trait]
impl Invites for Together {
    async fn invite(&self, id: &UserId, invitation: &Invitation, call: &Call<'_>) -> Result<(), TargetError> {
        self.counted(self.inner.invite(id, invitation, call)).await
    }
}

#[async_trait]
impl Reactivates for Together {
    async fn reactivate(&self, id: &UserId, call: &Call<'_>) -> Result<(), TargetError> {
        self.counted(self.inner.reactivate(id, call)).await
    }
}

#[async_trait]
impl Batches for Together {
    async fn find(&self, by: &[By<'_>], now: Timestamp) -> Result<Vec<Option<User>>, TargetError> {
        let mut found = Vec::new();
        for by in by {
            found.push(self.inner.user(*by, now).await?);
        }
        Ok(found)
    }

    async fn write(&self, writes: &[(Write<'_>, Call<'_>)]) -> Vec<Result<UserId, TargetError>> {
        let mut answers = Vec::new();
        for (write, call) in writes {
            answers.push(write.by(&self.inner, call).await);
            tokio::task::yield_now().await;
        }
        if self.how == How::BatchThatLosesAnAnswer {
            drop(answers.remove(0));
        }
        answers
    }
}

/// The busy day, with changes that go together.
fn busy_day(directory: &MemoryDirectory) {
    support::busy_day(directory);
    for n in [3, 4, 5, 6] {
        put(directory, &format!("e-{n}"), StandardField::JobTitle, "Baker");
    }
}

async fn prepared<T: Target + Clone>(target: &T) -> (MemoryDirectory, MemoryStore) {
    let (directory, store) = (MemoryDirectory::new(people(10)), MemoryStore::new());
    let runner = builder(&directory, target.clone(), store.clone()).build().unwrap();
    assert_eq!(runner.run(day(1)).await.unwrap().counts.created, 10);
    leave(&directory, "e-10");
    assert_eq!(runner.run(day(2)).await.unwrap().counts.deactivated, 1);
    busy_day(&directory);
    (directory, store)
}

/// What must be the same however actions were carried out: accounts, whose they are, invitations.
async fn end(target: &MemoryTarget, store: &MemoryStore) -> (Vec<String>, Vec<String>, usize) {
    let users = target.all();
    let state = store.load("acme").await.unwrap();
    assert!(state.unsettled.is_empty(), "nothing stays open");
    let links = state.links.iter().map(|link| {
        let user = users.iter().find(|user| user.id == link.user).expect("a linked account is there");
        let carried = user.value(&TargetField::ExternalId).unwrap_or_default();
        assert_eq!(carried, link.employee.as_str(), "nobody has another person's account");
        format!("{carried} {} {} {:?}", link.deactivated_by_us, link.awaits_invite, link.granted)
    });
    (accounts(&users), links.collect(), target.invited().len())
}

async fn run(directory: &MemoryDirectory, target: impl Target, store: &MemoryStore) -> Report {
    builder(directory, target, store.clone()).build().unwrap().run(day(3)).await.unwrap()
}

async fn one_by_one() -> (Vec<String>, Vec<String>, usize) {
    let target = MemoryTarget::new();
    let (directory, store) = prepared(&target).await;
    run(&directory, target.clone(), &store).await;
    end(&target, &store).await
}

const WAYS: [How; 4] = [How::Batch, How::SideBySide(1), How::SideBySide(3), How::SideBySide(1000)];

#[tokio::test(start_paused = true)]
async fn actions_together_end_as_one_by_one() {
    let expected = one_by_one().await;
    let target = MemoryTarget::new();
    let (directory, store) = prepared(&target).await;
    let counts = run(&directory, target, &store).await.counts;
    for how in WAYS {
        let target = Together::new(how);
        let (directory, store) = prepared(&target).await;
        let report = run(&directory, target.clone(), &store).await;
        assert_eq!(report.counts, counts, "{how:?}");
        assert_eq!(end(&target.inner, &store).await, expected, "{how:?}");
        match how {
            How::SideBySide(most) => assert!(target.most() <= most, "{} calls at once", target.most()),
            _ => assert!(target.most() <= 1, "a target that takes batches gets one at a time"),
        }
        if how == How::SideBySide(3) {
            assert_eq!(target.most(), 3);
        }
    }
}

/// A call that is cut, whose answer is lost, or in which the target's code panics.
#[tokio::test(start_paused = true)]
async fn a_run_of_actions_together_may_be_cut_anywhere() {
    let expected = one_by_one().await;
    for how in [How::Batch, How::SideBySide(3)] {
        for fault in
            [Fault::CutBefore, Fault::CutAfter, Fault::LostBefore, Fault::LostAfter, Fault::PanicAfter]
        {
            let mut call = 1;
            loop {
                let target = Together::new(how);
                let (directory, store) = prepared(&target).await;
                let faults = Faults::new().at(call, fault);
                let faulty = Faulty::new(target.clone(), faults.clone());
                // The code of a store is ours, so its panics are not kept in.
                let of_store = if fault == Fault::PanicAfter { Faults::new() } else { faults.clone() };
                let runner = builder(&directory, faulty, Faulty::new(store.clone(), of_store));
                let runner = runner.build().unwrap();
                tokio::select! {
                    biased;
                    () = faults.cut() => {}
                    done = runner.run(day(3)) => drop(done),
                }
                if faults.calls() < call {
                    break;
                }
                tokio::time::advance(Duration::from_secs(61)).await;
                // One by one, as by a version before.
                run(&directory, target.inner.clone(), &store).await;
                let again = run(&directory, target.inner.clone(), &store).await;
                assert!(again.actions.is_empty(), "{how:?} {fault:?} at {call}: {:?}", again.actions);
                assert_eq!(end(&target.inner, &store).await, expected, "{how:?} {fault:?} at {call}");
                call += 1;
            }
            assert!(call > 10, "the loop ended at once");
        }
    }
}

/// A batch that is cut within, between any two of its writes.
#[tokio::test(start_paused = true)]
async fn a_batch_may_be_cut_between_its_writes() {
    let expected = one_by_one().await;
    let mut was_done = false;
    let mut polls = 1;
    while !was_done {
        let target = Together::new(How::Batch);
        let (directory, store) = prepared(&target).await;
        let runner = builder(&directory, target.clone(), store.clone()).build().unwrap();
        {
            let mut left = polls;
            let mut cut = std::pin::pin!(runner.run(day(3)));
            was_done = std::future::poll_fn(|context| {
                if left == 0 {
                    return std::task::Poll::Ready(false);
                }
                left -= 1;
                cut.as_mut().poll(context).map(|_| true)
            })
            .await;
        }
        tokio::time::advance(Duration::from_secs(61)).await;
        run(&directory, target.inner.clone(), &store).await;
        assert_eq!(end(&target.inner, &store).await, expected, "cut after {polls} polls");
        polls += 1;
    }
    assert!(polls > 10, "the run was cut {polls} times");
}

/// Without its answers nobody knows whose an account is, so each is looked at by itself.
#[tokio::test]
async fn an_answer_too_few_gives_nobody_another_account() {
    let target = Together::new(How::BatchThatLosesAnAnswer);
    let (directory, store) = (MemoryDirectory::new(people(7)), MemoryStore::new());
    let report = run(&directory, target.clone(), &store).await;
    assert_eq!((report.counts.created, report.counts.failed), (7, 0));
    let (accounts, links, invitations) = end(&target.inner, &store).await;
    assert_eq!((accounts.len(), links.len(), invitations), (7, 7, 7));
}

/// One row that the product's own rules refuse fails alone, in a file too.
#[tokio::test]
async fn a_refused_row_harms_no_other_of_its_batch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.db");
    let target = SqliteTarget::open(&path).await.unwrap();
    target.prepare().await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    let rule = "CREATE TRIGGER bakers BEFORE INSERT ON users WHEN new.job_title = 'Baker' \
                BEGIN SELECT RAISE(ROLLBACK, 'no bakers'); END";
    sqlx::raw_sql(rule).execute(&mut other).await.unwrap();
    let directory = MemoryDirectory::new(people(600));
    for n in [1, 77, 599] {
        put(&directory, &format!("e-{n}"), StandardField::JobTitle, "Baker");
    }
    let store = MemoryStore::new();
    let runner = builder(&directory, target, store.clone()).build().unwrap();
    let report = runner.run(day(3)).await.unwrap();
    assert_eq!((report.counts.created, report.counts.invited, report.counts.failed), (597, 597, 3));
    let failed: Vec<_> = report.problems.iter().filter_map(|problem| problem.employee.clone()).collect();
    assert!(["e-1", "e-77", "e-599"].iter().all(|id| failed.iter().any(|one| one.as_str() == *id)));
    let users = runner_users(&path).await;
    assert_eq!(users.len(), 597);
    for link in store.load("acme").await.unwrap().links {
        let user = users.iter().find(|user| user.id == link.user).expect("a linked account is there");
        assert_eq!(user.value(&TargetField::ExternalId), Some(link.employee.as_str()));
    }
}

async fn runner_users(path: &std::path::Path) -> Vec<User> {
    SqliteTarget::open(path).await.unwrap().users(day(3)).await.unwrap()
}
