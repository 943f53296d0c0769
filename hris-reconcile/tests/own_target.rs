//! A product's own accounts, written without much care: values that are dropped, cut or put otherwise, a
//! mapping with fields that are not kept, and runs that have to end in time.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::reconcile::{ActionKey, ActionKind, AssignmentChange, Change, TargetCapabilities};
use hris_core::{Invite, StandardField, TargetField, Timestamp, User, UserId, UserStatus};
use hris_reconcile::report::Outcome;
use hris_reconcile::store::{MemoryStore, StateStore as _};
use hris_reconcile::target::{Invitation, NewUser, Target, TargetError, TargetErrorKind};
use hris_reconcile::{ErrorKind, Runner};
use support::{Company, day, people, put};

/// What a target makes of a value.
type Mangle = fn(&TargetField, &str) -> Option<String>;

/// Members in a list. It keeps no keys, no id of its own, and tells nothing of what it does to values.
#[derive(Clone, Debug)]
struct Members {
    all: Arc<Mutex<Vec<User>>>,
    mangle: Mangle,
    capabilities: TargetCapabilities,
    slow: Duration,
}

impl Members {
    fn new(mangle: Mangle) -> Self {
        let mut capabilities = TargetCapabilities::full();
        capabilities.assigns = false;
        Self { all: Arc::default(), mangle, capabilities, slow: Duration::ZERO }
    }

    fn put(&self, user: &mut User, changes: &[Change]) {
        for change in changes {
            let value = change.to.as_deref().and_then(|value| (self.mangle)(&change.field, value));
            user.put(&change.field, value.as_deref());
        }
    }

    async fn edit(&self, id: &UserId, change: impl FnOnce(&mut User)) -> Result<(), TargetError> {
        tokio::time::sleep(self.slow).await;
        let mut all = self.all.lock().unwrap();
        let user = all.iter_mut().find(|user| user.id == *id);
        change(user.ok_or_else(|| TargetError::new(TargetErrorKind::NotFound, "nobody"))?);
        Ok(())
    }
}

#[async_trait]
impl Target for Members {
    fn capabilities(&self) -> TargetCapabilities {
        self.capabilities.clone()
    }

    async fn check(&self) -> Result<(), TargetError> {
        Ok(())
    }

    async fn users(&self) -> Result<Vec<User>, TargetError> {
        Ok(self.all.lock().unwrap().clone())
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, TargetError> {
        Ok(self.all.lock().unwrap().iter().find(|user| user.id == *id).cloned())
    }

    async fn find(&self, external_id: &str) -> Result<Option<User>, TargetError> {
        let all = self.all.lock().unwrap();
        Ok(all.iter().find(|user| user.value(&TargetField::ExternalId) == Some(external_id)).cloned())
    }

    async fn create(&self, new: &NewUser, _: &ActionKey, _: Timestamp) -> Result<UserId, TargetError> {
        tokio::time::sleep(self.slow).await;
        let mut all = self.all.lock().unwrap();
        let mut user = User::new(format!("m-{}", all.len() + 1), new.status);
        self.put(&mut user, &new.values);
        all.push(user.clone());
        Ok(user.id)
    }

    async fn update(
        &self,
        id: &UserId,
        changes: &[Change],
        _: &ActionKey,
        _: Timestamp,
    ) -> Result<(), TargetError> {
        self.edit(id, |user| self.put(user, changes)).await
    }

    async fn assign(
        &self,
        _: &UserId,
        _: &[AssignmentChange],
        _: &ActionKey,
        _: Timestamp,
    ) -> Result<(), TargetError> {
        Err(TargetError::new(TargetErrorKind::Rejected, "it keeps no assignments"))
    }

    async fn invite(
        &self,
        id: &UserId,
        _: &Invitation,
        _: &ActionKey,
        now: Timestamp,
    ) -> Result<(), TargetError> {
        self.edit(id, |user| user.invite = Some(Invite::sent(now))).await
    }

    async fn deactivate(&self, seen: &User, _: &ActionKey, _: Timestamp) -> Result<(), TargetError> {
        self.edit(&seen.id, |user| user.status = UserStatus::Deactivated).await
    }

    async fn reactivate(&self, id: &UserId, _: &ActionKey, _: Timestamp) -> Result<(), TargetError> {
        self.edit(id, |user| user.status = UserStatus::Active).await
    }
}

fn runner(company: &Company, members: &Members) -> Runner {
    support::builder(&company.directory, members.clone(), company.store.clone()).build().unwrap()
}

/// Whatever a target makes of a value without a word, it is not written to for ever, and each run says in one
/// problem a field what it makes of it. A value that changes in the source is written once more.
#[tokio::test]
async fn a_target_that_drops_or_rewrites_values_is_not_written_to_for_ever() {
    let table: [(&str, Mangle); 4] = [
        ("dropped", |field, value| (*field != TargetField::JobTitle).then(|| value.to_owned())),
        ("cut", |field, value| {
            Some(if *field == TargetField::JobTitle {
                value.chars().take(3).collect()
            } else {
                value.to_owned()
            })
        }),
        ("in capitals", |field, value| {
            Some(if *field == TargetField::JobTitle { value.to_uppercase() } else { value.to_owned() })
        }),
        ("put otherwise", |field, value| {
            Some(if *field == TargetField::JobTitle { "staff".to_owned() } else { value.to_owned() })
        }),
    ];
    for (how, mangle) in table {
        let (company, members) = (Company::new(9), Members::new(mangle));
        let mut written = Vec::new();
        for n in 1..=8 {
            if n == 6 {
                put(&company.directory, "e-1", StandardField::JobTitle, "Weaving master");
            }
            let report = runner(&company, &members).run(day(n)).await.unwrap();
            let updates = report.actions.iter().filter(|line| line.action == ActionKind::Update).count();
            written.push(updates);
            let told = report
                .problems
                .iter()
                .filter(|problem| problem.field.as_deref() == Some("job_title"))
                .count();
            assert!(told <= 1, "{how}, run {n}: {:?}", report.problems);
            if how == "dropped" && n > 2 && n != 6 {
                assert_eq!(told, 1, "{how}, run {n}: {:?}", report.problems);
            }
        }
        assert_eq!(written.first(), Some(&0), "{how}: everybody is made at first");
        assert_eq!(written.get(2..5), Some(&[0, 0, 0][..]), "{how}: it comes to rest, {written:?}");
        assert!(
            written.get(5).is_some_and(|updates| *updates <= 1),
            "{how}: one person changed, {written:?}"
        );
        assert_eq!(written.last(), Some(&0), "{how}: {written:?}");
    }
}

/// What a target says it does not keep is told in one problem that names the fields.
#[tokio::test]
async fn fields_that_are_not_kept_are_told_in_one_problem() {
    let (company, mut members) = (Company::new(3), Members::new(|_, value| Some(value.to_owned())));
    let unkept = [TargetField::JobTitle, TargetField::Phone, TargetField::Department];
    for (count, message) in [
        (0, None),
        (
            1,
            Some(
                "the target does not keep this field: job_title; take what you do not need out of the mapping",
            ),
        ),
        (
            3,
            Some(
                "the target does not keep these fields: department, job_title, phone; take what you do not need out of the mapping",
            ),
        ),
    ] {
        members.capabilities.unkept = unkept.iter().take(count).cloned().collect();
        let planned = runner(&company, &members).plan(day(1)).await.unwrap();
        let told = planned.report.problems.iter().filter(|problem| problem.message.contains("does not keep"));
        let told: Vec<&str> = told.map(|problem| problem.message.as_str()).collect();
        assert_eq!(told, message.into_iter().collect::<Vec<_>>());
    }
}

/// A run that takes too long ends between two actions, and the next goes on: nothing is done twice.
#[tokio::test(start_paused = true)]
async fn a_run_that_passes_its_deadline_ends_in_order_and_the_next_goes_on() {
    let (company, mut members) = (Company::new(6), Members::new(|_, value| Some(value.to_owned())));
    members.slow = Duration::from_secs(10);
    let timed = |seconds: u64| {
        support::builder(&company.directory, members.clone(), company.store.clone())
            .deadline(Duration::from_secs(seconds))
            .build()
            .unwrap()
    };
    // Making and inviting takes twenty seconds a person.
    let error = timed(45).run(day(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Deadline, 5));
    assert!(error.is_transient());
    let report = error.report().unwrap();
    assert_eq!(report.outcome, Outcome::Failed);
    let made = members.all.lock().unwrap().len();
    assert!((1..6).contains(&made), "{made} were made");
    let state = company.store.load("acme").await.unwrap();
    assert_eq!(
        (state.links.len(), state.unsettled.len()),
        (made, 0),
        "what was done is recorded, nothing is open"
    );
    assert_eq!(
        company.store.history("acme", 1).await.unwrap().first().map(|run| run.outcome),
        Some(Outcome::Failed)
    );

    let report = timed(1_000).run(day(2)).await.unwrap();
    assert_eq!(report.outcome, Outcome::Completed);
    let all = members.all.lock().unwrap().clone();
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|user| user.invite.is_some()));
}

/// A source that does not answer ends with the run, and nothing is changed.
#[tokio::test(start_paused = true)]
async fn a_source_that_takes_too_long_ends_with_the_run() {
    let members = Members::new(|_, value| Some(value.to_owned()));
    let source = hris_reconcile::faults::Faulty::new(
        hris_core::MemoryDirectory::new(people(3)),
        hris_reconcile::faults::Faults::new().from(1, hris_reconcile::faults::Fault::CutBefore),
    );
    let runner = Runner::builder(source, members.clone(), MemoryStore::new())
        .deadline(Duration::from_secs(60))
        .build()
        .unwrap();
    assert_eq!(runner.run(day(1)).await.unwrap_err().kind(), ErrorKind::Deadline);
    assert_eq!(runner.plan(day(1)).await.unwrap_err().kind(), ErrorKind::Deadline);
    assert!(members.all.lock().unwrap().is_empty());
}
