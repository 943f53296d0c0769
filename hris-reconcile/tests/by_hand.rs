//! Actions of a run that was cut: what the run did is ours, and what an administrator did meanwhile is not.
//! On the targets and stores in memory and in files alike.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use hris_core::reconcile::{Action, ActionKey, AssignmentChange, AssignmentMode, Change, Policy};
use hris_core::{
    Assignment, AssignmentKind, Employee, Field, Link, MemoryDirectory, TargetField, UserId, UserStatus,
};
use hris_reconcile::Runner;
use hris_reconcile::report::Report;
use hris_reconcile::store::{Intent, MemoryStore, SqliteStore, StateStore};
use hris_reconcile::target::{By, Call, NewUser, Target, TargetErrorKind};
use hris_reconcile::targets::{MemoryTarget, SqliteTarget};
use serde_json::{Value, json};
use support::meddling::Meddling;
use support::{day, done, edit, leave, people, person};

/// A company whose areas follow teams exactly.
struct World {
    name: &'static str,
    directory: MemoryDirectory,
    target: Arc<dyn Target>,
    store: Arc<dyn StateStore>,
    _folder: tempfile::TempDir,
}

impl World {
    /// Everybody has an account, in memory and in files.
    async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for name in ["memory", "sqlite"] {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            let (target, store): (Arc<dyn Target>, Arc<dyn StateStore>) = match name {
                "memory" => (Arc::new(MemoryTarget::new()), Arc::new(MemoryStore::new())),
                _ => (
                    Arc::new(SqliteTarget::open(path("users.db")).await.unwrap()),
                    Arc::new(SqliteStore::open(path("state.db")).await.unwrap()),
                ),
            };
            let directory = MemoryDirectory::new(weavers());
            let world = Self { name, directory, target, store, _folder: folder };
            assert_eq!(world.run(1).await.counts.created, 5);
            all.push(world);
        }
        all
    }

    async fn run(&self, n: u8) -> Report {
        runner(&self.directory, Arc::clone(&self.target), Arc::clone(&self.store)).run(day(n)).await.unwrap()
    }

    async fn link(&self, employee: &str) -> Link {
        link(&*self.store, employee).await
    }

    async fn left_open(&self, kind: &str, content: Value) {
        left_open(&*self.store, kind, content).await;
    }

    /// Under the key of the run that was cut, or as an administrator would.
    fn key(by_us: bool) -> ActionKey {
        ActionKey::from(if by_us { "k" } else { "by hand" }.to_owned())
    }
}

fn runner(directory: &MemoryDirectory, target: Arc<dyn Target>, store: Arc<dyn StateStore>) -> Runner {
    let mut policy = Policy::default();
    policy.assignments.areas.insert("Weaving".to_owned(), "weaving".to_owned());
    policy.assignments.mode = AssignmentMode::Exact;
    Runner::builder(directory.clone(), target, store).connection("acme").policy(policy).build().unwrap()
}

async fn link(store: &dyn StateStore, employee: &str) -> Link {
    let links = store.load("acme").await.unwrap().links;
    links.into_iter().find(|link| link.employee.as_str() == employee).unwrap()
}

async fn left_open(store: &dyn StateStore, kind: &str, content: Value) {
    let mut action = json!({
        "key": "k", "kind": kind, "employee": null, "user": null, "changes": [], "grants": [],
        "situation": "confirmed", "reason": "fields_differ",
    });
    action.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    let action: Action = serde_json::from_value(action).unwrap();
    let lease = store.acquire("acme", "cut").await.unwrap();
    store.intend(&lease, &[Intent::new("cut", action, day(2), false)]).await.unwrap();
    store.release(&lease).await.unwrap();
}

/// Five people, all of whom but the first weave.
fn weavers() -> Vec<Employee> {
    let mut people = people(5);
    for (n, one) in people.iter_mut().enumerate() {
        let teams = if n == 0 { Field::Cleared } else { Field::Value(vec!["Weaving".to_owned()]) };
        *one = one.clone().with_teams(teams);
    }
    people
}

fn idle(person: Employee) -> Employee {
    person.with_teams(Field::Cleared)
}

fn weaving() -> Assignment {
    Assignment { kind: AssignmentKind::Area, value: "weaving".to_owned() }
}

/// An account of nobody else's, in every way as the creation that is open would make it.
fn new_account(title: &str) -> NewUser {
    let value = |field, value: &str| Change::new(field, None, Some(value.to_owned()));
    let values = vec![
        value(TargetField::ExternalId, "n-1"),
        value(TargetField::Email, "new@mill.example"),
        value(TargetField::JobTitle, title),
    ];
    NewUser::new(UserStatus::Pending, values, vec![AssignmentChange::new(weaving(), true)])
}

fn open_creation() -> Value {
    let new = new_account("Miller");
    json!({ "employee": "n-1", "awaits_invite": true, "changes": new.changes(), "grants": new.assignments })
}

/// It is not ours to invite, and `exact` takes nothing away that we did not give.
#[tokio::test]
async fn an_account_made_by_hand_while_a_creation_is_open_is_not_ours() {
    for by_us in [false, true] {
        for world in World::all().await {
            world.directory.edit(|people| people.push(idle(person("n-1", "new@mill.example"))));
            world.left_open("create", open_creation()).await;
            let made = world
                .target
                .create(&new_account("Miller"), &Call::new(&World::key(by_us), day(2)))
                .await
                .unwrap();
            world.run(3).await;
            let (link, what) = (world.link("n-1").await, format!("{} by us {by_us}", world.name));
            assert_eq!(link.user, made, "{what}");
            let user = world.target.user(By::Id(&made), day(1)).await.unwrap().unwrap();
            assert_eq!(user.assignments.contains(&weaving()), !by_us, "{what}: taken back if we gave it");
            let status = if by_us { UserStatus::Invited } else { UserStatus::Pending };
            assert_eq!((user.status, link.invites), (status, u32::from(by_us)), "{what}");
        }
    }
}

/// Where the target does not say whose key did it, only an account that is in every way as we would have made
/// it counts as ours.
#[tokio::test]
async fn without_keys_an_account_made_otherwise_is_not_ours() {
    for (title, ours) in [("Smith", false), ("Miller", true)] {
        let directory = MemoryDirectory::new(weavers());
        let (target, store) = (MemoryTarget::new(), MemoryStore::new());
        let forgetful = Arc::new(Meddling::forgetful(&target));
        let runner = runner(&directory, forgetful, Arc::new(store.clone()));
        runner.run(day(1)).await.unwrap();
        directory.edit(|people| people.push(idle(person("n-1", "new@mill.example"))));
        left_open(&store, "create", open_creation()).await;
        target.create(&new_account(title), &Call::new(&World::key(false), day(2))).await.unwrap();
        let sent = target.invited().len();
        runner.run(day(3)).await.unwrap();
        let user = target.user(By::ExternalId("n-1"), day(1)).await.unwrap().unwrap();
        assert_eq!(user.assignments.contains(&weaving()), !ours, "{title}");
        assert_eq!(target.invited().len() > sent, ours, "{title}");
    }
}

/// It does not come back by itself, and it is none of our removals.
#[tokio::test]
async fn an_account_closed_by_hand_while_a_removal_is_open_is_not_closed_by_us() {
    for by_us in [false, true] {
        for world in World::all().await {
            let own = world.link("e-1").await.user;
            world.left_open("deactivate", json!({ "employee": "e-1", "user": own })).await;
            let seen = world.target.user(By::Id(&own), day(1)).await.unwrap().unwrap();
            world.target.deactivate(&seen, &Call::new(&World::key(by_us), day(2))).await.unwrap();
            leave(&world.directory, "e-1");
            world.run(3).await;
            let what = format!("{} by us {by_us}", world.name);
            assert_eq!(world.link("e-1").await.deactivated_by_us, by_us, "{what}");
            let removed = world.store.removals_since("acme", day(1)).await.unwrap();
            assert_eq!(removed, u64::from(by_us), "{what}");
            // Rehired: only what we closed comes back by itself.
            edit(&world.directory, "e-1", |person| {
                person.put_status(hris_core::Status::Active, "active");
            });
            world.run(4).await;
            let user = world.target.user(By::Id(&own), day(1)).await.unwrap().unwrap();
            assert_eq!(user.is_live(), by_us, "{what}");
        }
    }
}

/// An area that was given by hand stays, and one that we gave goes when no rule gives it any more.
#[tokio::test]
async fn an_area_given_by_hand_while_an_assignment_is_open_is_not_given_by_us() {
    for by_us in [false, true] {
        for world in World::all().await {
            let own = world.link("e-1").await.user;
            let assignments = [AssignmentChange::new(weaving(), true)];
            world.left_open("assign", json!({ "employee": "e-1", "user": own, "grants": assignments })).await;
            world
                .target
                .powers()
                .assigns
                .unwrap()
                .assign(&own, &assignments, &Call::new(&World::key(by_us), day(2)))
                .await
                .unwrap();
            world.run(3).await;
            let user = world.target.user(By::Id(&own), day(1)).await.unwrap().unwrap();
            let what = format!("{} by us {by_us}", world.name);
            assert_eq!(user.assignments.contains(&weaving()), !by_us, "{what}");
        }
    }
}

/// What we gave is ours until it is seen to be gone: given again by hand it stays.
#[tokio::test]
async fn an_area_taken_and_given_again_by_hand_is_not_given_by_us() {
    for world in World::all().await {
        let weaver = |teams: &[&str]| {
            let teams = teams.iter().map(|team| (*team).to_owned()).collect();
            edit(&world.directory, "e-1", |person| *person = person.clone().with_teams(Field::Value(teams)));
        };
        let own = world.link("e-1").await.user;
        let by_hand = async |n: u8, given: bool| {
            let key = ActionKey::from(format!("by hand {n}"));
            let change = [AssignmentChange::new(weaving(), given)];
            world
                .target
                .powers()
                .assigns
                .unwrap()
                .assign(&own, &change, &Call::new(&key, day(n)))
                .await
                .unwrap();
        };
        weaver(&["Weaving"]);
        assert_eq!(done(&world.run(2).await), ["assign e-1 (area)"], "{}", world.name);
        weaver(&[]);
        by_hand(3, false).await;
        assert!(done(&world.run(3).await).is_empty(), "{}", world.name);
        by_hand(4, true).await;
        assert!(done(&world.run(4).await).is_empty(), "{}", world.name);
        let user = world.target.user(By::Id(&own), day(1)).await.unwrap().unwrap();
        assert!(user.assignments.contains(&weaving()), "{}", world.name);
    }
}

/// The removal was cut off by its time limit and did nothing; before we look, somebody closes the account.
#[tokio::test]
async fn an_account_closed_by_hand_after_an_unclear_removal_is_not_closed_by_us() {
    let directory = MemoryDirectory::new(weavers());
    let (target, store) = (MemoryTarget::new(), MemoryStore::new());
    runner(&directory, Arc::new(target.clone()), Arc::new(store.clone())).run(day(1)).await.unwrap();
    leave(&directory, "e-1");
    let own: UserId = link(&store, "e-1").await.user;
    let closed = own.clone();
    let unclear = Meddling::failing(&target, "deactivate", TargetErrorKind::UnknownOutcome, move |target| {
        let closed = closed.clone();
        Box::pin(async move {
            let seen = target.user(By::Id(&closed), day(1)).await.unwrap().unwrap();
            target.deactivate(&seen, &Call::new(&World::key(false), day(2))).await.unwrap();
        })
    });
    let report = runner(&directory, Arc::new(unclear), Arc::new(store.clone())).run(day(2)).await.unwrap();
    assert!(done(&report).is_empty(), "{:?}", report.actions);
    assert!(!link(&store, "e-1").await.deactivated_by_us);
    assert_eq!(store.removals_since("acme", day(1)).await.unwrap(), 0);
    let open: BTreeSet<String> = store
        .load("acme")
        .await
        .unwrap()
        .unsettled
        .into_iter()
        .map(|one| one.action.key.to_string())
        .collect();
    assert!(open.is_empty(), "{open:?}");
}
