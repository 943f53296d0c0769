//! What a person decides about who is whom, and what several connections of one state know of each other: by
//! the calls of the runner, on the targets and stores in memory and in files alike.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::sync::Arc;

use hris_core::reconcile::{ActionKey, AssignmentChange, Change, MatchKey, Policy, Question};
use hris_core::{Field, Link, MemoryDirectory, StandardField, TargetField, UserId, UserStatus};
use hris_reconcile::report::Report;
use hris_reconcile::store::{MemoryStore, SqliteStore, State, StateStore};
use hris_reconcile::target::{By, Call, NewUser, Target};
use hris_reconcile::targets::{MemoryTarget, SqliteTarget};
use hris_reconcile::{ErrorKind, Runner};
use support::{codes, day, done, id, leave, people, person, put};

/// One target and one state, in memory or in files.
struct World {
    name: &'static str,
    target: Arc<dyn Target>,
    store: Arc<dyn StateStore>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn all() -> [Self; 2] {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let path = folders[1].path().to_owned();
        let [first, second] = folders;
        let users = SqliteTarget::open(path.join("users.db")).await.unwrap();
        let state = SqliteStore::open(path.join("state.db")).await.unwrap();
        [
            Self {
                name: "memory",
                target: Arc::new(MemoryTarget::new()),
                store: Arc::new(MemoryStore::new()),
                _folder: first,
            },
            Self { name: "sqlite", target: Arc::new(users), store: Arc::new(state), _folder: second },
        ]
    }

    fn runner(&self, connection: &str, directory: &MemoryDirectory) -> Runner {
        let mut policy = Policy::default();
        policy.invite = false;
        policy.match_keys = vec![MatchKey::ExternalId, MatchKey::Email];
        let builder = Runner::builder(directory.clone(), Arc::clone(&self.target), Arc::clone(&self.store));
        builder.connection(connection).policy(policy).build().unwrap()
    }

    async fn state(&self, connection: &str) -> State {
        self.store.load(connection).await.unwrap()
    }

    async fn link(&self, connection: &str, employee: &str) -> Option<Link> {
        let links = self.state(connection).await.links;
        links.into_iter().find(|link| link.employee.as_str() == employee)
    }

    /// An account that the product made; an empty value is none.
    async fn account(&self, email: &str, names: &str, external_id: &str) -> UserId {
        let (given, family) = names.split_once(' ').unwrap();
        let value = |field, value: &str| Change::new(field, None, Some(value.to_owned()));
        let mut values = vec![
            value(TargetField::Email, email),
            value(TargetField::GivenName, given),
            value(TargetField::FamilyName, family),
        ];
        if !external_id.is_empty() {
            values.push(value(TargetField::ExternalId, external_id));
        }
        let new = NewUser::new(UserStatus::Active, values, Vec::<AssignmentChange>::new());
        let key = ActionKey::from(format!("the product makes {email}"));
        self.target.create(&new, &Call::new(&key, day(1))).await.unwrap()
    }

    async fn edit(&self, user: &UserId, field: TargetField, value: &str) {
        let change = [Change::new(field, None, Some(value.to_owned()))];
        let key = ActionKey::from(format!("the product writes {value}"));
        self.target.update(user, &change, &Call::new(&key, day(1))).await.unwrap();
    }

    async fn value(&self, user: &UserId, field: TargetField) -> Option<String> {
        self.target.user(By::Id(user), day(1)).await.unwrap().unwrap().value(&field).map(str::to_owned)
    }
}

fn questions(report: &Report) -> usize {
    codes(report).iter().filter(|code| **code == "ambiguous_match").count()
}

/// A person, and an account with the address of that person and the names of somebody else.
async fn asked(world: &World) -> (MemoryDirectory, Runner, UserId, Question) {
    let directory = MemoryDirectory::new(people(4));
    let runner = world.runner("acme", &directory);
    runner.run(day(1)).await.unwrap();
    directory.edit(|people| people.push(person("n-1", "info@mill.example")));
    let account = world.account("info@mill.example", "Otto Old", "old-1").await;
    let planned = runner.plan(day(2)).await.unwrap();
    let [question] = planned.plan.questions.as_slice() else { panic!("{}: one question", world.name) };
    assert_eq!((question.employee.as_str(), &question.user), ("n-1", &account), "{}", world.name);
    let question = question.clone();
    (directory, runner, account, question)
}

#[tokio::test]
async fn nobody_is_linked_to_an_account_that_another_connection_holds() {
    for world in World::all().await {
        let (a, b) = (MemoryDirectory::new(people(4)), MemoryDirectory::new(Vec::new()));
        world.runner("co-a", &a).run(day(1)).await.unwrap();
        b.edit(|all| all.extend((1..=4).map(|n| person(&format!("b-{n}"), &format!("b{n}@mill.example")))));
        let runner = world.runner("co-b", &b);
        runner.run(day(1)).await.unwrap();
        let theirs = world.link("co-a", "e-1").await.unwrap().user;
        let error = runner.link(&id("b-1"), &theirs, day(2)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{}", world.name);
        let message = error.to_string();
        assert!(message.contains("co-a") && message.contains("hris unlink"), "{message}");
        // The same within one connection.
        let own = world.link("co-b", "b-2").await.unwrap().user;
        let error = runner.link(&id("b-1"), &own, day(2)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{}", world.name);
        assert!(error.to_string().contains("b-2"), "{error}");
        for connection in ["co-a", "co-b"] {
            assert!(world.state(connection).await.judgements.is_empty(), "{}", world.name);
        }
        assert!(done(&runner.run(day(2)).await.unwrap()).is_empty(), "{}", world.name);
        // Nobody of this id, no such account.
        for (employee, user) in [("nobody", own.as_str()), ("b-1", "no-account")] {
            let error = runner.link(&id(employee), &UserId::from(user), day(2)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{} {employee}", world.name);
        }
    }
}

#[tokio::test]
async fn a_person_is_linked_to_an_account_with_another_id_and_it_gets_theirs() {
    for world in World::all().await {
        let (_directory, runner, account, _question) = asked(&world).await;
        runner.link(&id("n-1"), &account, day(2)).await.unwrap();
        assert_eq!(world.state("acme").await.judgements.len(), 1, "{}", world.name);
        assert_eq!(world.link("acme", "n-1").await, None, "the next run does it");
        let report = runner.run(day(2)).await.unwrap();
        assert_eq!(
            (report.counts.linked, questions(&report)),
            (1, 0),
            "{}: {:?}",
            world.name,
            report.problems
        );
        assert_eq!(world.link("acme", "n-1").await.unwrap().user, account, "{}", world.name);
        let external_id = world.value(&account, TargetField::ExternalId).await;
        assert_eq!(external_id.as_deref(), Some("n-1"), "{}", world.name);
        let quiet = runner.run(day(3)).await.unwrap();
        assert!(done(&quiet).is_empty() && quiet.problems.is_empty(), "{}: {:?}", world.name, quiet.problems);
    }
}

/// A fact of either side that changed makes a link void that nobody carried out yet.
#[tokio::test]
async fn a_decision_on_other_facts_links_nobody() {
    for of_the_account in [false, true] {
        for world in World::all().await {
            let (directory, runner, account, question) = asked(&world).await;
            runner.link(&id("n-1"), &account, day(2)).await.unwrap();
            match of_the_account {
                true => world.edit(&account, TargetField::FamilyName, "Older").await,
                false => put(&directory, "n-1", StandardField::FamilyName, "Newest"),
            }
            let report = runner.run(day(2)).await.unwrap();
            let what = format!("{} {of_the_account}", world.name);
            assert_eq!(world.link("acme", "n-1").await, None, "{what}");
            assert_eq!(questions(&report), 1, "{what}: {:?}", report.problems);
            assert!(world.state("acme").await.judgements.is_empty(), "{what}: it is forgotten");
            let again = runner.plan(day(3)).await.unwrap().plan.questions;
            assert_eq!((again.len(), again[0].id == question.id), (1, true), "{what}");
            assert_ne!(again[0].facts, question.facts, "{what}");
        }
    }
}

#[tokio::test]
async fn what_was_answered_is_remembered_while_the_facts_stand() {
    for world in World::all().await {
        let (directory, runner, account, question) = asked(&world).await;
        runner.judge(&[question.answer(false)], day(2)).await.unwrap();
        for n in [2, 3] {
            let report = runner.run(day(n)).await.unwrap();
            assert_eq!(questions(&report), 0, "{} {n}: {:?}", world.name, report.problems);
            assert_eq!(world.state("acme").await.judgements, [question.answer(false)], "{} {n}", world.name);
        }
        let linked = world.link("acme", "n-1").await;
        assert!(linked.is_none_or(|link| link.user != account), "{}", world.name);
        let theirs = world.value(&account, TargetField::ExternalId).await;
        assert_eq!(theirs.as_deref(), Some("old-1"), "{}: the account stays as it is", world.name);
        // Somebody corrects a name: it is asked again, and the answer is another one.
        put(&directory, "n-1", StandardField::GivenName, "Otto");
        let report = runner.run(day(4)).await.unwrap();
        assert!(world.state("acme").await.judgements.is_empty(), "{}: {:?}", world.name, report.problems);
        let questions = runner.plan(day(4)).await.unwrap().plan.questions;
        let [again] = questions.as_slice() else { panic!("{}: asked again", world.name) };
        runner.judge(&[again.answer(true)], day(4)).await.unwrap();
        runner.run(day(4)).await.unwrap();
        assert_eq!(world.link("acme", "n-1").await.unwrap().user, account, "{}", world.name);
    }
}

#[tokio::test]
async fn an_unlinked_account_stays_as_it_is_and_is_not_matched_again() {
    for world in World::all().await {
        let directory = MemoryDirectory::new(people(6));
        let runner = world.runner("acme", &directory);
        runner.run(day(1)).await.unwrap();
        let link = world.link("acme", "e-1").await.unwrap();
        let before = world.target.user(By::Id(&link.user), day(1)).await.unwrap();
        let unlinked = runner.unlink(&id("e-1"), day(2)).await.unwrap();
        assert_eq!((&unlinked.user, unlinked.is_gone), (&link.user, false), "{}", world.name);
        assert_eq!(world.link("acme", "e-1").await, None, "{}", world.name);
        let again = runner.unlink(&id("e-1"), day(2)).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Config, "{}", world.name);
        for n in [2, 3] {
            let report = runner.run(day(n)).await.unwrap();
            assert_eq!(
                world.target.user(By::Id(&link.user), day(1)).await.unwrap(),
                before,
                "{} {n}",
                world.name
            );
            let now = world.link("acme", "e-1").await;
            assert!(now.is_none_or(|now| now.user != link.user), "{} {n}", world.name);
            assert_eq!(report.exit_code(), 2, "{} {n}: somebody has to free the address", world.name);
        }
        // The person leaves: the account is not theirs, and stays.
        leave(&directory, "e-1");
        runner.run(day(4)).await.unwrap();
        assert_eq!(world.target.user(By::Id(&link.user), day(1)).await.unwrap(), before, "{}", world.name);
        // Linked again, it is theirs again, and goes with them.
        runner.link(&id("e-1"), &link.user, day(5)).await.unwrap();
        runner.run(day(5)).await.unwrap();
        runner.run(day(6)).await.unwrap();
        assert!(
            !world.target.user(By::Id(&link.user), day(1)).await.unwrap().unwrap().is_live(),
            "{}",
            world.name
        );
    }
}

/// The answer that a linked account is not the person's ends the link at once.
#[tokio::test]
async fn an_answer_against_a_link_ends_it_at_once() {
    for world in World::all().await {
        let directory = MemoryDirectory::new(people(6));
        let runner = world.runner("acme", &directory);
        runner.run(day(1)).await.unwrap();
        let link = world.link("acme", "e-1").await.unwrap();
        // The id was given to somebody else.
        for (field, value) in [
            (StandardField::Email, "zed@mill.example"),
            (StandardField::GivenName, "Zed"),
            (StandardField::FamilyName, "Zulu"),
        ] {
            put(&directory, "e-1", field, value);
        }
        let questions = runner.plan(day(2)).await.unwrap().plan.questions;
        let [question] = questions.as_slice() else { panic!("{}: one question", world.name) };
        assert_eq!(question.user, link.user, "{}", world.name);
        runner.judge(&[question.answer(false)], day(2)).await.unwrap();
        assert_eq!(world.link("acme", "e-1").await, None, "{}", world.name);
        let before = world.target.user(By::Id(&link.user), day(1)).await.unwrap();
        runner.run(day(2)).await.unwrap();
        assert_eq!(world.target.user(By::Id(&link.user), day(1)).await.unwrap(), before, "{}", world.name);
    }
}

/// A person of both connections: the second waits for the account, and has it once the first is done with it.
#[tokio::test]
async fn who_waits_for_an_account_gets_it_when_its_holder_leaves() {
    for world in World::all().await {
        let (a, b) = (MemoryDirectory::new(people(6)), MemoryDirectory::new(Vec::new()));
        b.edit(|all| all.extend((1..=6).map(|n| person(&format!("b-{n}"), &format!("b{n}@mill.example")))));
        let (first, second) = (world.runner("co-a", &a), world.runner("co-b", &b));
        first.run(day(1)).await.unwrap();
        second.run(day(1)).await.unwrap();
        let account = world.link("co-a", "e-1").await.unwrap().user;
        let mut same = person("b-7", "p1@mill.example");
        same.put(StandardField::GivenName, Field::Value("Given e-1".to_owned()));
        same.put(StandardField::FamilyName, Field::Value("Family e-1".to_owned()));
        b.edit(|people| people.push(same));
        let waiting = second.run(day(2)).await.unwrap();
        assert!(done(&waiting).is_empty() && codes(&waiting) == ["held_elsewhere"], "{:?}", waiting.problems);
        let identity = world.target.powers().remembers.unwrap().identity().await.unwrap();
        let others = world.store.others("co-a", identity.as_deref()).await.unwrap();
        assert_eq!(others.claimed.get(&account).map(String::as_str), Some("co-b"), "{}", world.name);
        let others = world.store.others("co-b", identity.as_deref()).await.unwrap();
        assert_eq!(others.held[&account].connection, "co-a", "{}", world.name);

        leave(&a, "e-1");
        let left = first.run(day(3)).await.unwrap();
        assert_eq!(left.counts.deactivated, 0, "{}", world.name);
        assert!(
            world.target.user(By::Id(&account), day(1)).await.unwrap().unwrap().is_live(),
            "{}",
            world.name
        );
        assert_eq!(world.link("co-a", "e-1").await, None, "{}", world.name);
        assert_eq!(world.link("co-b", "b-7").await.unwrap().user, account, "{}", world.name);
        second.run(day(4)).await.unwrap();
        let link = world.link("co-b", "b-7").await.unwrap();
        assert_eq!(link.external_id.as_deref(), Some("b-7"), "{}: seen and remembered", world.name);
        let others = world.store.others("co-a", identity.as_deref()).await.unwrap();
        assert!(others.claimed.is_empty(), "{}", world.name);
        for runner in [&first, &second] {
            assert!(done(&runner.run(day(5)).await.unwrap()).is_empty(), "{}", world.name);
        }
        // It goes with the second one now.
        leave(&b, "b-7");
        assert_eq!(second.run(day(6)).await.unwrap().counts.deactivated, 1, "{}", world.name);
    }
}

/// What a run sees and writes nothing for is remembered: somebody else opened what we had closed.
#[tokio::test]
async fn an_account_that_somebody_opened_is_noted_as_no_longer_ours_to_open() {
    for world in World::all().await {
        let directory = MemoryDirectory::new(people(6));
        let runner = world.runner("acme", &directory);
        runner.run(day(1)).await.unwrap();
        let account = world.link("acme", "e-1").await.unwrap().user;
        leave(&directory, "e-1");
        runner.run(day(2)).await.unwrap();
        assert!(world.link("acme", "e-1").await.unwrap().deactivated_by_us, "{}", world.name);
        let key = ActionKey::from("an administrator".to_owned());
        world
            .target
            .powers()
            .reactivates
            .unwrap()
            .reactivate(&account, &Call::new(&key, day(3)))
            .await
            .unwrap();
        support::edit(&directory, "e-1", |person| person.put_status(hris_core::Status::Active, "active"));
        assert!(done(&runner.run(day(3)).await.unwrap()).is_empty(), "{}", world.name);
        assert!(!world.link("acme", "e-1").await.unwrap().deactivated_by_us, "{}", world.name);
    }
}
