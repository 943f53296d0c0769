//! Promises of the runner and its state that no larger story shows: who opened, closed or made what, writes
//! after a pause, and what stays expected of the source.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hris_core::reconcile::{Action, ActionKey, Change, Leavers, Rule};
use hris_core::{
    Field, Fingerprint, Invite, Link, MemoryDirectory, StandardField, Status, TargetField, UserStatus,
};
use hris_reconcile::ErrorKind;
use hris_reconcile::faults::{Fault, Faults};
use hris_reconcile::store::{Intent, LEASE_SECONDS, MemoryStore, Settlement, SqliteStore, StateStore as _};
use hris_reconcile::target::{Call, NewUser, Target as _};
use hris_reconcile::targets::MemoryTarget;
use serde_json::json;
use support::meddling::Meddling;
use support::{Company, builder, codes, day, done, edit, existing, leave, people, policy, put, user};

fn set_status(target: &MemoryTarget, employee: &str, status: UserStatus) {
    target.edit(|users| {
        let own = users.values_mut().find(|user| user.value(&TargetField::ExternalId) == Some(employee));
        own.unwrap().status = status;
    });
}

async fn link(store: &MemoryStore, employee: &str) -> Link {
    let links = store.load("acme").await.unwrap().links;
    links.into_iter().find(|link| link.employee.as_str() == employee).unwrap()
}

#[tokio::test]
async fn what_we_closed_and_opened_and_somebody_closed_stays_closed() {
    let company = Company::provisioned(5).await;
    leave(&company.directory, "e-1");
    company.runner().run(day(2)).await.unwrap();
    edit(&company.directory, "e-1", |person| person.put_status(Status::Active, "active"));
    assert_eq!(done(&company.runner().run(day(3)).await.unwrap()), ["reactivate e-1"]);
    assert!(!link(&company.store, "e-1").await.deactivated_by_us);
    set_status(&company.target, "e-1", UserStatus::Deactivated);
    let report = company.runner().run(day(4)).await.unwrap();
    assert!(done(&report).is_empty(), "{:?}", report.actions);
    assert!(!user(&company.target, "e-1").is_live());
}

/// What the vendor said at the last whole run is expected until it says it again or a person approves a plan
/// without it, however many quiet runs lie between.
#[tokio::test]
async fn what_was_visible_stays_expected_through_quiet_runs() {
    let full = Fingerprint {
        role: Some("admin".to_owned()),
        scopes: Some(BTreeSet::from(["read".to_owned()])),
        statuses: BTreeMap::from([("on leave".to_owned(), 4), ("active".to_owned(), 8)]),
        ..Fingerprint::default()
    };
    let hide = |fact: &str| {
        let mut less = full.clone();
        match fact {
            "role" => less.role = None,
            "scopes" => less.scopes = None,
            _ => less.statuses.retain(|status, _| status != "on leave"),
        }
        less
    };
    for fact in ["role", "scopes", "statuses"] {
        let company = Company::new(12);
        company.directory.set_fingerprint(full.clone());
        let mut policy = policy();
        policy.leavers = Leavers::Status;
        let runner = company.builder().policy(policy).build().unwrap();
        runner.run(day(1)).await.unwrap();
        let by_status = fact == "statuses";
        if by_status {
            // Whoever had that status is not listed any more.
            company.directory.edit(|people| people.truncate(8));
        }
        company.directory.set_fingerprint(hide(fact));
        for n in 2..=if by_status { 2 } else { 3 } {
            let report = runner.run(day(n)).await.unwrap();
            assert_eq!(report.refusal, None, "{fact}: nobody is to be removed");
            let kept = company.store.load("acme").await.unwrap().baseline.unwrap().fingerprint;
            let kept = (kept.role, kept.scopes, kept.statuses.get("on leave").copied());
            assert_eq!(kept, (full.role.clone(), full.scopes.clone(), Some(4)), "{fact} on day {n}");
        }
        if !by_status {
            leave(&company.directory, "e-1");
            let report = runner.run(day(4)).await.unwrap();
            assert_eq!(report.refusal.map(|refusal| refusal.rule), Some(Rule::CoverageLost), "{fact}");
            assert!(user(&company.target, "e-1").is_live(), "{fact}");
        }
    }
}

/// Another run takes over while the process stands still in the middle of a call: the write after it is not
/// made, whatever it is.
#[tokio::test(start_paused = true)]
async fn a_paused_run_makes_no_late_update_removal_or_invitation() {
    let pausing = |company: &Company, before: &'static str| {
        let store = company.store.clone();
        Meddling::new(&company.target, before, move |_| {
            let store = store.clone();
            Box::pin(async move {
                tokio::time::advance(Duration::from_secs(LEASE_SECONDS + 1)).await;
                store.acquire("acme", "another").await.expect("the lease has run out");
            })
        })
    };
    let change = |company: &Company, what: &str| match what {
        // The first update is the one in which it stands still; the second is the late one.
        "update" => {
            for who in ["e-1", "e-2"] {
                put(&company.directory, who, StandardField::JobTitle, "Baker");
            }
        }
        "removal" => leave(&company.directory, "e-1"),
        _ => company.target.edit(|users| {
            for user in users.values_mut() {
                user.invite = Some(Invite::sent(day(1).plus_days(-40)));
            }
        }),
    };
    for (what, before) in [("update", "update"), ("removal", "user"), ("invitation", "user")] {
        let company = Company::provisioned(6).await;
        change(&company, what);
        let (writes, sent) = (company.target.writes(), company.target.invited().len());
        let target = pausing(&company, before);
        let runner = builder(&company.directory, target, company.store.clone()).build().unwrap();
        let error = runner.run(day(2)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{what}");
        let allowed = u64::from(what == "update");
        assert_eq!(company.target.writes() - writes, allowed, "{what}");
        assert_eq!(company.target.invited().len(), sent, "{what}");
    }
}

/// The machine sleeps, so no time passes for the run, and another machine takes over by the store's clock.
#[tokio::test]
async fn a_run_that_slept_writes_nothing_after_another_took_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = |ahead: u64| {
        let store = SqliteStore::builder(path.clone()).leases_by_time_only();
        store.clock_ahead_seconds(i64::try_from(ahead).unwrap()).open()
    };
    let (directory, target) = (MemoryDirectory::new(people(4)), MemoryTarget::new());
    let other = Arc::new(store(LEASE_SECONDS + 1).await.unwrap());
    let sleeping = Meddling::new(&target, "create", move |_| {
        let other = Arc::clone(&other);
        Box::pin(async move {
            other.acquire("acme", "another").await.expect("the lease has run out");
        })
    });
    let runner = builder(&directory, sleeping, store(0).await.unwrap()).build().unwrap();
    let error = runner.run(day(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    // The one that was under way when it fell asleep.
    assert_eq!(target.writes(), 1);
}

/// Hired, and taken back before the first day; by the time it is written somebody uses the account.
#[tokio::test]
async fn a_rescinded_account_that_was_taken_into_use_meanwhile_is_not_closed() {
    let company = Company::new(6);
    edit(&company.directory, "e-1", |person| {
        person.put_date(StandardField::StartDate, Field::Value("2026-12-10".parse().unwrap()));
    });
    company.runner().run(day(1)).await.unwrap();
    assert_eq!(user(&company.target, "e-1").status, UserStatus::Pending);
    leave(&company.directory, "e-1");
    let meddling =
        Meddling::edit(&company.target, "user", |target| set_status(target, "e-1", UserStatus::Active));
    let runner = builder(&company.directory, meddling, company.store.clone()).build().unwrap();
    let report = runner.run(day(2)).await.unwrap();
    assert!(done(&report).is_empty(), "{:?}", report.actions);
    assert_eq!((codes(&report), report.exit_code()), (vec!["divergence"], 2));
    assert_eq!(user(&company.target, "e-1").status, UserStatus::Active);
}

/// Two accounts exchange external id and address between the plan and the write: the account is looked at again
/// right before it loses something, and once more by the target as it is closed.
#[tokio::test]
async fn what_is_somebody_elses_by_now_loses_nothing() {
    fn exchange(target: &MemoryTarget) {
        let (one, other) = (user(target, "e-1"), user(target, "e-2"));
        target.edit(|users| {
            for (own, new) in [(&one, &other), (&other, &one)] {
                let account = users.get_mut(&own.id).unwrap();
                for field in [TargetField::ExternalId, TargetField::Email] {
                    account.put(&field, new.value(&field));
                }
            }
        });
    }
    for (what, before) in [
        ("leaves", "user"),
        ("leaves", "deactivate"),
        ("moves", "user"),
        ("strips", "user"),
        ("empties", "user"),
    ] {
        let company = Company::new(8);
        for n in 1..=8 {
            let weaving = vec!["Weaving".to_owned()];
            edit(&company.directory, &format!("e-{n}"), |person| {
                *person = person.clone().with_teams(Field::Value(weaving));
            });
        }
        let mut exact = policy();
        exact.assignments.mode = hris_core::reconcile::AssignmentMode::Exact;
        let runner = |target: Meddling| {
            let runner = builder(&company.directory, target, company.store.clone());
            runner.policy(exact.clone()).build().unwrap()
        };
        runner(Meddling::edit(&company.target, "none", |_| {})).run(day(1)).await.unwrap();
        match what {
            "leaves" => leave(&company.directory, "e-1"),
            "moves" => put(&company.directory, "e-1", StandardField::Email, "new@mill.example"),
            "strips" => edit(&company.directory, "e-1", |person| {
                *person = person.clone().with_teams(Field::Cleared);
            }),
            _ => {
                edit(&company.directory, "e-1", |person| person.put(StandardField::JobTitle, Field::Cleared))
            }
        }
        let plain = runner(Meddling::edit(&company.target, "none", |_| {})).plan(day(2)).await.unwrap();
        assert!(!plain.plan.actions.is_empty(), "{what}");
        let account = user(&company.target, "e-1").id;
        let report = runner(Meddling::edit(&company.target, before, exchange)).run(day(2)).await.unwrap();
        assert!(done(&report).is_empty(), "{what} {before}: {:?}", report.actions);
        assert_eq!((codes(&report), report.exit_code()), (vec!["divergence"], 2), "{what} {before}");
        let now = company.target.all().into_iter().find(|user| user.id == account).unwrap();
        assert!(now.is_live(), "{what} {before}");
        assert_eq!(now.value(&TargetField::Email), Some("p2@mill.example"), "{what} {before}");
        assert_eq!(now.value(&TargetField::JobTitle), Some("Miller"), "{what} {before}");
        assert_eq!(now.assignments.len(), 1, "{what} {before}");
    }
}

/// An action that an interrupted run intended.
fn intent(kind: &str, key: &str, content: serde_json::Value) -> Intent {
    let mut action = json!({
        "key": key, "kind": kind, "employee": null, "user": null, "changes": [], "grants": [],
        "situation": "confirmed", "reason": "fields_differ",
    });
    action.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    let action: Action = serde_json::from_value(action).unwrap();
    Intent::new("cut", action, day(2), false)
}

async fn left_open(company: &Company, intent: Intent) {
    let lease = company.store.acquire("acme", "cut").await.unwrap();
    company.store.intend(&lease, &[intent]).await.unwrap();
    company.store.release(&lease).await.unwrap();
}

/// Wherever a first run is cut: whose address an administrator exchanged before the next one gets it back, and no second
/// invitation to it.
#[tokio::test]
async fn an_invitation_of_a_run_that_was_cut_is_known_by_its_address() {
    let mut sent_and_cut = 0;
    for call in 1..16 {
        let company = Company::new(1);
        let faults = Faults::new().at(call, Fault::CutAfter);
        let runner = company.faulty(&faults);
        let cut = tokio::select! {
            biased;
            () = faults.cut() => true,
            _ = runner.run(day(1)) => false,
        };
        let before = company.target.invited().len();
        sent_and_cut += usize::from(cut && before == 1);
        company.target.edit(|users| {
            users.values_mut().for_each(|user| user.put(&TargetField::Email, Some("typo@mill.example")));
        });
        let next = builder(&company.directory, company.target.clone(), company.store.backup());
        next.build().unwrap().run(day(1)).await.unwrap();
        if before == 1 {
            assert_eq!(company.target.invited().len(), 1, "cut after call {call}");
        }
    }
    assert!(sent_and_cut > 0);
}

/// The invitation was about to be sent; whoever uses the account now was asked or needs no asking.
#[tokio::test]
async fn an_open_invitation_to_an_account_in_use_counts_as_sent() {
    let company = Company::new(3);
    company.builder().build().unwrap().run(day(1)).await.unwrap();
    let mut owed = link(&company.store, "e-1").await;
    owed.awaits_invite = true;
    let lease = company.store.acquire("acme", "cut").await.unwrap();
    company.store.settle(&lease, &[Settlement::note().with_link(Some(owed.clone()))]).await.unwrap();
    company.store.release(&lease).await.unwrap();
    company.target.edit(|users| {
        let account = users.get_mut(&owed.user).unwrap();
        (account.status, account.invite) = (UserStatus::Active, None);
    });
    left_open(&company, intent("invite", "k", json!({ "employee": "e-1", "user": owed.user }))).await;
    company.runner().run(day(3)).await.unwrap();
    assert!(!link(&company.store, "e-1").await.awaits_invite, "it is owed no more");
}

/// An account with the right external id that is somebody else's by a link is not what the cut run made.
#[tokio::test]
async fn an_open_creation_does_not_take_an_account_that_is_linked_to_another() {
    let company = Company::provisioned(4).await;
    let theirs = link(&company.store, "e-1").await.user;
    company.target.edit(|users| users.get_mut(&theirs).unwrap().put(&TargetField::ExternalId, Some("n-1")));
    let create = json!({
        "employee": "n-1",
        "changes": [{ "field": "external_id", "from": null, "to": "n-1" }],
    });
    left_open(&company, intent("create", "k", create)).await;
    // Not even a plan may believe it.
    let planned = company.runner().plan(day(3)).await.unwrap();
    assert!(
        planned
            .plan
            .people
            .iter()
            .all(|verdict| { !verdict.is_about(&theirs) || verdict.employee.is_none_or(|id| id == "e-1") })
    );
    company.runner().run(day(3)).await.unwrap();
    let links = company.store.load("acme").await.unwrap().links;
    assert!(links.iter().all(|link| link.employee.as_str() != "n-1"), "{links:?}");
    assert_eq!(link(&company.store, "e-1").await.user, theirs);
}

/// A setting of the policy that is at its default is in no digest, so that a version that adds one holds
/// nobody's removals; one that is set is.
#[tokio::test]
async fn settings_at_their_default_change_no_digest_and_the_time_zone_does() {
    let company = Company::provisioned(6).await;
    leave(&company.directory, "e-1");
    let runner = company.builder().policy(policy()).build().unwrap();
    assert_eq!(runner.plan(day(2)).await.unwrap().report.refusal, None);
    let zone = "Pacific/Kiritimati".parse().unwrap();
    let elsewhere = company.builder().time_zone(zone).build().unwrap();
    let refusal = elsewhere.plan(day(2)).await.unwrap().report.refusal.unwrap();
    assert_eq!(refusal.rule, Rule::ConfigChanged);
}

/// The same creation under the same key after the account was deleted makes it anew.
#[tokio::test]
async fn a_key_does_not_stand_for_an_account_that_is_gone() {
    let target = MemoryTarget::new();
    let key = ActionKey::from("k".to_owned());
    let new = NewUser::new(
        UserStatus::Active,
        vec![Change::new(TargetField::ExternalId, None, Some("e-1".to_owned()))],
        vec![],
    );
    let first = target.create(&new, &Call::new(&key, day(1))).await.unwrap();
    assert_eq!(target.create(&new, &Call::new(&key, day(1))).await.unwrap(), first);
    target.edit(BTreeMap::clear);
    let second = target.create(&new, &Call::new(&key, day(2))).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(target.all().len(), 1);
}

/// What a test or an administrator has put there is never written over by an account that is made.
#[tokio::test]
async fn a_new_account_takes_no_id_that_is_there() {
    let there = |n: u8| existing(&format!("u-{n}"), &format!("x-{n}"), &format!("x{n}@mill.example"));
    let target = MemoryTarget::new().with_users([there(1), there(3)]);
    target.edit(|users| drop(users.insert("u-4".into(), there(4))));
    let mut ids = Vec::new();
    for n in 0..3_u8 {
        let value = Change::new(TargetField::ExternalId, None, Some(format!("e-{n}")));
        let new = NewUser::new(UserStatus::Active, vec![value], vec![]);
        let id = target.create(&new, &Call::new(&ActionKey::from(format!("k-{n}")), day(1))).await.unwrap();
        ids.push(id.to_string());
    }
    assert_eq!(ids, ["u-2", "u-5", "u-6"]);
    assert_eq!(target.all().len(), 6);
}
