//! Accounts in a file: what actions do to the rows, once a key, whoever made the tables.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hris_core::reconcile::{ActionKey, AssignmentChange, Change};
use hris_core::{Assignment, AssignmentKind, TargetField, Timestamp, User, UserId, UserStatus};
use hris_reconcile::target::{
    Assigns as _, By, Call, Invitation, Invites as _, NewUser, Reactivates as _, Remembers as _, Target,
    TargetError, TargetErrorKind,
};
use hris_reconcile::targets::SqliteTarget;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

#[tokio::test]
async fn looking_makes_nothing() {
    let (guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    target.check(at(0)).await.unwrap();
    assert!(target.users(at(0)).await.unwrap().is_empty());
    assert_eq!(target.user(By::ExternalId("e1"), at(0)).await.unwrap(), None);
    assert_eq!(target.user(By::Id(&UserId::from("1")), at(0)).await.unwrap(), None);
    assert_eq!(fs::read_dir(guard.path()).unwrap().count(), 0);

    run(&path, "PRAGMA journal_mode = WAL; CREATE TABLE unrelated (x)").await;
    let before = fs::read(&path).unwrap();
    target.check(at(0)).await.unwrap();
    assert!(target.users(at(0)).await.unwrap().is_empty());
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(fs::read_dir(guard.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_no_table_without_rows() {
    let (guard, _) = place();
    let target = SqliteTarget::open(guard.path().join("no-such-folder/users.db")).await.unwrap();
    let one = target.user(By::ExternalId("e1"), at(0)).await;
    for refused in [target.users(at(0)).await.map(drop), one.map(drop), target.check(at(0)).await] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind, TargetErrorKind::Unavailable);
        assert!(refused.to_string().contains("make its directory"), "{refused}");
    }
}

/// Closes an account as it stands.
async fn close(
    target: &SqliteTarget,
    id: &UserId,
    key: &ActionKey,
    now: Timestamp,
) -> Result<(), TargetError> {
    let seen =
        target.user(By::Id(id), at(0)).await?.unwrap_or_else(|| User::new(id.clone(), UserStatus::Active));
    target.deactivate(&seen, &Call::new(key, now)).await
}

#[tokio::test]
async fn an_account_that_is_not_the_one_that_was_seen_stays_open() {
    for change in ["external_id = 'e2'", "email = 'bo@acme.example'", "external_id = NULL", "email = NULL"] {
        let (_guard, path) = place();
        let target = SqliteTarget::open(&path).await.unwrap();
        let values = vec![set(TargetField::ExternalId, "e1"), set(TargetField::Email, "ada@acme.example")];
        let new = NewUser::new(UserStatus::Active, values, vec![]);
        let id = target.create(&new, &Call::new(&key("create"), at(0))).await.unwrap();
        let seen = target.user(By::Id(&id), at(0)).await.unwrap().unwrap();
        run(&path, &format!("UPDATE users SET {change}")).await;
        let refused = target.deactivate(&seen, &Call::new(&key("close"), at(1))).await.unwrap_err();
        assert_eq!(refused.kind, TargetErrorKind::Changed, "{change}");
        assert_eq!(cell(&path, "SELECT status FROM users").await, "active", "{change}");
        run(&path, "UPDATE users SET external_id = 'e1', email = 'Ada@Acme.example'").await;
        target.deactivate(&seen, &Call::new(&key("close"), at(2))).await.unwrap();
        assert_eq!(cell(&path, "SELECT status FROM users").await, "deactivated", "{change}");
    }
}

#[tokio::test]
async fn an_account_goes_through_its_life() {
    let (guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    let values = vec![
        set(TargetField::ExternalId, "e1"),
        set(TargetField::Email, "ada@acme.example"),
        set(TargetField::StartDate, "2026-12-01"),
        set(TargetField::Address, r#"{"city":"Oslo"}"#),
        set(TargetField::Custom("shirt".into()), "M"),
        set(TargetField::Phone, ""),
    ];
    let assignments = vec![give(AssignmentKind::Role, "employee"), give(AssignmentKind::Location, "oslo")];
    let new = NewUser::new(UserStatus::Pending, values, assignments);
    let id = target.create(&new, &Call::new(&key("create"), at(0))).await.unwrap();
    let user = target.user(By::ExternalId("e1"), at(0)).await.unwrap().unwrap();
    assert_eq!((&user.id, user.status, user.role.as_deref()), (&id, UserStatus::Pending, Some("employee")));
    assert_eq!(user.value(&TargetField::Email), Some("ada@acme.example"));
    assert_eq!(user.value(&TargetField::Address), Some(r#"{"city":"Oslo"}"#));
    assert_eq!(user.value(&TargetField::Phone), None);
    assert_eq!(user.custom().collect::<Vec<_>>(), [("shirt", "M")]);
    assert_eq!(user.assignments, [location("oslo")].into());
    assert_eq!(user.invite, None);
    assert_eq!(
        cell(&path, "SELECT created_at || ' ' || updated_at FROM users").await,
        format!("{0} {0}", at(0))
    );

    let invitation = Invitation::new(Some(at(100)), false);
    target.invite(&id, &invitation, &Call::new(&key("invite"), at(1))).await.unwrap();
    let user = target.user(By::Id(&id), at(0)).await.unwrap().unwrap();
    assert_eq!(user.status, UserStatus::Invited);
    assert_eq!(user.invite.map(|invite| (invite.sent_at, invite.accepted_at)), Some((at(1), None)));
    assert_eq!(cell(&path, "SELECT invited_at FROM users").await, at(1).to_string());
    assert_eq!(
        cell(&path, "SELECT sent_at || ' ' || expires_at FROM invites").await,
        format!("{} {}", at(1), at(100))
    );
    target.invite(&id, &Invitation::new(None, true), &Call::new(&key("again"), at(50))).await.unwrap();
    assert_eq!(target.user(By::Id(&id), at(0)).await.unwrap().unwrap().invite.unwrap().sent_at, at(50));

    // The product does this when the owner accepts.
    run(&path, &format!("UPDATE invites SET accepted_at = '{}' WHERE sent_at = '{}'", at(60), at(50))).await;
    run(&path, "UPDATE users SET status = 'active'").await;
    let user = target.user(By::Id(&id), at(0)).await.unwrap().unwrap();
    assert_eq!(user.invite.unwrap().accepted_at, Some(at(60)));
    target.invite(&id, &invitation, &Call::new(&key("late"), at(70))).await.unwrap();
    assert_eq!(cell(&path, "SELECT count(*) FROM invites").await, "2", "who has joined is not asked");

    close(&target, &id, &key("close"), at(80)).await.unwrap();
    close(&target, &id, &key("close later"), at(81)).await.unwrap();
    assert_eq!(
        cell(&path, "SELECT status || deactivated_at FROM users").await,
        format!("deactivated{}", at(80))
    );
    let refused = target.invite(&id, &invitation, &Call::new(&key("closed"), at(82))).await.unwrap_err();
    assert_eq!(refused.kind, TargetErrorKind::Rejected);
    target.reactivate(&id, &Call::new(&key("open"), at(90))).await.unwrap();
    target.reactivate(&id, &Call::new(&key("open later"), at(91))).await.unwrap();
    assert_eq!(cell(&path, "SELECT status || deactivated_at IS NULL FROM users").await, "1");
    assert_eq!(cell(&path, "SELECT status || updated_at FROM users").await, format!("active{}", at(90)));

    target.close().await.unwrap();
    assert_eq!(fs::read_dir(guard.path()).unwrap().count(), 1, "closed, it is one file");
    close(&target, &id, &key("after"), at(95)).await.unwrap();
}

#[tokio::test]
async fn an_update_writes_what_it_names_and_nothing_else() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    target.prepare().await.unwrap();
    run(
        &path,
        r#"INSERT INTO users (id, email, given_name, job_title, custom)
           VALUES ('1', 'a@x', 'Ada', 'Boss', '{"shirt":"M","desk":7,"keep":[1]}'), ('2', 'b@x', 'Bo', NULL, NULL)"#,
    )
    .await;
    let one = UserId::from("1");
    let changes = [
        set(TargetField::GivenName, "Eva"),
        Change::new(TargetField::JobTitle, Some("Boss".into()), None),
        set(TargetField::Custom("shirt".into()), "L"),
        set(TargetField::Custom("new".into()), "\"'); DROP TABLE users; --"),
        Change::new(TargetField::Custom("desk".into()), Some("7".into()), None),
    ];
    target.update(&one, &changes, &Call::new(&key("u"), at(5))).await.unwrap();
    let user = target.user(By::Id(&one), at(0)).await.unwrap().unwrap();
    assert_eq!(user.value(&TargetField::GivenName), Some("Eva"));
    assert_eq!(user.value(&TargetField::JobTitle), None);
    assert_eq!(user.value(&TargetField::Email), Some("a@x"));
    let custom: BTreeMap<_, _> = user.custom().collect();
    assert_eq!(
        custom,
        BTreeMap::from([("keep", "[1]"), ("new", "\"'); DROP TABLE users; --"), ("shirt", "L")])
    );
    assert_eq!(cell(&path, "SELECT updated_at FROM users WHERE id = '1'").await, at(5).to_string());
    assert_eq!(
        cell(&path, "SELECT given_name || coalesce(custom, '-') FROM users WHERE id = '2'").await,
        "Bo-"
    );

    let last = [Change::new(TargetField::Custom("x".into()), None, None)];
    target.update(&UserId::from("2"), &last, &Call::new(&key("none"), at(6))).await.unwrap();
    run(&path, "UPDATE users SET custom = 'no object' WHERE id = '2'").await;
    let refused = target.update(&UserId::from("2"), &last, &Call::new(&key("bad"), at(6))).await.unwrap_err();
    assert_eq!((refused.kind, fields(&refused)), (TargetErrorKind::Rejected, vec!["custom"]));
    assert_eq!(cell(&path, "SELECT custom FROM users WHERE id = '2'").await, "no object", "nothing is lost");
}

#[tokio::test]
async fn assignments_are_given_and_taken_back() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    target.prepare().await.unwrap();
    run(
        &path,
        "INSERT INTO users (id, role) VALUES ('1', 'owner'); \
         INSERT INTO assignments VALUES ('1', 'location', 'oslo'), ('1', 'badge', 'x'), ('gone', 'area', 'y')",
    )
    .await;
    let id = UserId::from("1");
    let take = |kind, value: &str| AssignmentChange::new(Assignment { kind, value: value.into() }, false);
    let first = [
        give(AssignmentKind::Location, "oslo"),
        give(AssignmentKind::Area, "warehouse"),
        take(AssignmentKind::Role, "employee"),
    ];
    target.assign(&id, &first, &Call::new(&key("1"), at(1))).await.unwrap();
    let user = target.user(By::Id(&id), at(0)).await.unwrap().unwrap();
    let area = Assignment { kind: AssignmentKind::Area, value: "warehouse".into() };
    assert_eq!(user.assignments, [location("oslo"), area.clone()].into());
    assert_eq!(user.role.as_deref(), Some("owner"), "only what was given is taken back");
    assert_eq!(target.users(at(0)).await.unwrap(), [user]);

    let second = [take(AssignmentKind::Location, "oslo"), take(AssignmentKind::Role, "owner")];
    target.assign(&id, &second, &Call::new(&key("2"), at(2))).await.unwrap();
    let user = target.user(By::Id(&id), at(0)).await.unwrap().unwrap();
    assert_eq!((user.assignments, user.role), ([area].into(), None));
    assert_eq!(cell(&path, "SELECT count(*) FROM assignments").await, "3", "others' rows stay");
}

#[tokio::test]
async fn each_key_is_done_once() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    let new = NewUser::new(UserStatus::Pending, vec![set(TargetField::Email, "a@x")], vec![]);
    let id = target.create(&new, &Call::new(&key("create"), at(0))).await.unwrap();
    for (name, repeated) in
        [("same process", SqliteTarget::open(&path).await.unwrap()), ("a later one", target)]
    {
        assert_eq!(repeated.create(&new, &Call::new(&key("create"), at(1))).await.unwrap(), id, "{name}");
        assert_eq!(cell(&path, "SELECT count(*) FROM users").await, "1");

        // Each call is repeated, and once more after somebody undid it: a key does not stand for an
        // effect that is gone.
        let mark = |action: &str| key(&format!("{action} {name}"));
        let title = [set(TargetField::JobTitle, "Boss")];
        let area = [give(AssignmentKind::Area, "a")];
        let invitation = Invitation::new(None, false);
        for round in 0..3 {
            repeated.update(&id, &title, &Call::new(&mark("update"), at(2 + round))).await.unwrap();
            repeated.assign(&id, &area, &Call::new(&mark("assign"), at(2 + round))).await.unwrap();
            repeated.invite(&id, &invitation, &Call::new(&mark("invite"), at(2 + round))).await.unwrap();
            let seen = "SELECT (SELECT count(*) FROM assignments) || status || coalesce(job_title, '-') \
                        || (SELECT count(*) FROM invites) FROM users";
            assert_eq!(cell(&path, seen).await, "1invitedBoss1", "{name}, round {round}");
            if round == 1 {
                let undo = "UPDATE users SET job_title = NULL, status = 'pending', invited_at = NULL; \
                            DELETE FROM assignments; DELETE FROM invites";
                run(&path, undo).await;
            }
        }
        close(&repeated, &id, &mark("close"), at(5)).await.unwrap();
        repeated.reactivate(&id, &Call::new(&mark("open"), at(6))).await.unwrap();
        assert_eq!(cell(&path, "SELECT status FROM users").await, "invited", "{name}");
        close(&repeated, &id, &mark("close"), at(7)).await.unwrap();
        assert_eq!(cell(&path, "SELECT status FROM users").await, "deactivated", "{name}");
        repeated.reactivate(&id, &Call::new(&mark("open"), at(8))).await.unwrap();
        assert_eq!(cell(&path, "SELECT status FROM users").await, "invited", "{name}");
        run(
            &path,
            "UPDATE users SET status = 'pending', deactivated_at = NULL, invited_at = NULL, job_title = NULL; \
             DELETE FROM assignments; DELETE FROM invites",
        )
        .await;
    }
    assert_eq!(target_of(&path).await.applied(&key("create"), &id).await.unwrap(), Some(true));
    assert_eq!(target_of(&path).await.applied(&key("never"), &id).await.unwrap(), Some(false));

    // The account was deleted, or its number was given to somebody else: the creation is done again.
    let ada = |external: &str| {
        let values = vec![set(TargetField::Email, "b@x"), set(TargetField::ExternalId, external)];
        NewUser::new(UserStatus::Active, values, vec![])
    };
    let target = target_of(&path).await;
    let first = target.create(&ada("e-1"), &Call::new(&key("ada"), at(9))).await.unwrap();
    run(&path, &format!("DELETE FROM users WHERE id = '{first}'")).await;
    let second = target.create(&ada("e-1"), &Call::new(&key("ada"), at(10))).await.unwrap();
    assert_eq!(target.user(By::ExternalId("e-1"), at(0)).await.unwrap().unwrap().id, second);
    let stranger = "UPDATE users SET external_id = 'e-2', email = 'c@x' WHERE external_id = 'e-1'";
    run(&path, stranger).await;
    let third = target.create(&ada("e-1"), &Call::new(&key("ada"), at(11))).await.unwrap();
    assert_ne!(third, second);
}

async fn target_of(path: &Path) -> SqliteTarget {
    SqliteTarget::open(path).await.unwrap()
}

#[tokio::test]
async fn an_action_that_failed_may_be_repeated_under_its_key() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    let create = |email: &str| NewUser::new(UserStatus::Active, vec![set(TargetField::Email, email)], vec![]);
    target.create(&create("a@x"), &Call::new(&key("1"), at(0))).await.unwrap();
    let refused = target.create(&create("A@X"), &Call::new(&key("2"), at(0))).await.unwrap_err();
    assert_eq!((refused.kind, fields(&refused)), (TargetErrorKind::Conflict, vec!["email"]));
    assert!(!format!("{refused:?} {refused}").to_lowercase().contains("a@x"));
    target.create(&create("b@x"), &Call::new(&key("2"), at(0))).await.unwrap();
    assert_eq!(target.users(at(0)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn addresses_are_exchanged_one_write_at_a_time() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    let create = |email: &str, id: &str| {
        let values = vec![set(TargetField::Email, email), set(TargetField::ExternalId, id)];
        NewUser::new(UserStatus::Active, values, vec![])
    };
    let a = target.create(&create("a@x", "ea"), &Call::new(&key("1"), at(0))).await.unwrap();
    let b = target.create(&create("b@x", "eb"), &Call::new(&key("2"), at(0))).await.unwrap();
    let email = |to: Option<&str>| [Change::new(TargetField::Email, None, to.map(str::to_owned))];
    let refused = target.update(&a, &email(Some("B@x")), &Call::new(&key("3"), at(1))).await.unwrap_err();
    assert_eq!(refused.kind, TargetErrorKind::Conflict);
    target.update(&a, &email(None), &Call::new(&key("4"), at(1))).await.unwrap();
    target.update(&b, &email(Some("a@x")), &Call::new(&key("5"), at(1))).await.unwrap();
    target.update(&a, &email(Some("b@x")), &Call::new(&key("6"), at(1))).await.unwrap();
    let find = async |id: &str| {
        target
            .user(By::ExternalId(id), at(0))
            .await
            .unwrap()
            .unwrap()
            .value(&TargetField::Email)
            .map(str::to_owned)
    };
    assert_eq!((find("ea").await.as_deref(), find("eb").await.as_deref()), (Some("b@x"), Some("a@x")));
    let refused = target.create(&create("c@x", "ea"), &Call::new(&key("7"), at(2))).await.unwrap_err();
    assert_eq!((refused.kind, fields(&refused)), (TargetErrorKind::Conflict, vec!["external_id"]));
    // Two accounts without an address are no conflict.
    target.update(&a, &email(None), &Call::new(&key("8"), at(1))).await.unwrap();
    target.update(&b, &email(Some("")), &Call::new(&key("9"), at(1))).await.unwrap();
}

#[tokio::test]
async fn an_account_that_is_not_there_is_said_so() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    let id = UserId::from("nobody");
    let kinds = [
        target.update(&id, &[set(TargetField::Phone, "1")], &Call::new(&key("1"), at(0))).await,
        target.update(&id, &[set(TargetField::Custom("x".into()), "1")], &Call::new(&key("2"), at(0))).await,
        target.assign(&id, &[give(AssignmentKind::Area, "a")], &Call::new(&key("3"), at(0))).await,
        target.invite(&id, &Invitation::new(None, false), &Call::new(&key("4"), at(0))).await,
        close(&target, &id, &key("5"), at(0)).await,
        target.reactivate(&id, &Call::new(&key("6"), at(0))).await,
    ];
    for refused in kinds {
        assert_eq!(refused.unwrap_err().kind, TargetErrorKind::NotFound);
    }
    assert_eq!(
        cell(&path, "SELECT (SELECT count(*) FROM assignments) + (SELECT count(*) FROM hris_applied)").await,
        "0"
    );
}

/// The columns of the contract but for the id, of whatever type.
fn columns(kind: &str) -> String {
    let names = [
        "external_id",
        "employee_number",
        "email",
        "given_name",
        "family_name",
        "phone",
        "job_title",
        "department",
        "location",
        "manager_external_id",
        "start_date",
        "end_date",
        "address",
        "custom",
        "role",
        "status",
        "invited_at",
        "deactivated_at",
        "created_at",
        "updated_at",
    ];
    names.map(|name| format!("{name} {kind}")).join(", ")
}

#[tokio::test]
async fn tables_that_others_made_are_used_as_they_are() {
    for (case, table, id) in [
        ("numbered", format!("CREATE TABLE users (id INTEGER PRIMARY KEY, {})", columns("TEXT")), "7"),
        ("no types", format!("CREATE TABLE users (id, {})", columns("")), "7"),
        (
            "texts",
            format!("CREATE TABLE users (id TEXT PRIMARY KEY, {})", columns("VARCHAR(200)")),
            "'seven'",
        ),
        (
            "strict",
            format!("CREATE TABLE users (id TEXT PRIMARY KEY, {}) STRICT", columns("TEXT")),
            "'seven'",
        ),
        (
            "without rowid",
            format!("CREATE TABLE users (id TEXT PRIMARY KEY, {}) WITHOUT ROWID", columns("TEXT")),
            "'7'",
        ),
        (
            "capitals",
            format!("CREATE TABLE Users (ID INTEGER PRIMARY KEY, {})", columns("TEXT").to_uppercase()),
            "7",
        ),
        (
            "their own rows too",
            format!(
                "CREATE TABLE users (id INTEGER PRIMARY KEY, {}, extra BLOB DEFAULT x'00'); \
                 CREATE TABLE assignments (user_id INTEGER REFERENCES users (id), kind TEXT, value TEXT); \
                 CREATE TABLE invites (id INTEGER PRIMARY KEY, user_id INTEGER, sent_at TEXT, expires_at TEXT, accepted_at TEXT)",
                columns("TEXT")
            ),
            "7",
        ),
    ] {
        let (_guard, path) = place();
        run(&path, &table).await;
        run(&path, &format!("INSERT INTO users (id, email, employee_number) VALUES ({id}, 'Old@x', 12)"))
            .await;
        let target = SqliteTarget::open(&path).await.unwrap();
        target.check(at(0)).await.unwrap();
        let old = target.users(at(0)).await.unwrap().remove(0);
        assert_eq!(old.id.as_str(), id.trim_matches('\''), "{case}");
        assert_eq!(
            (old.status, old.value(&TargetField::Email)),
            (UserStatus::Active, Some("Old@x")),
            "{case}"
        );
        assert_eq!(old.value(&TargetField::EmployeeNumber), Some("12"), "{case}");

        let changes = [set(TargetField::ExternalId, "41"), set(TargetField::Custom("a".into()), "b")];
        target.update(&old.id, &changes, &Call::new(&key("u"), at(0))).await.unwrap();
        target
            .assign(&old.id, &[give(AssignmentKind::Location, "oslo")], &Call::new(&key("a"), at(0)))
            .await
            .unwrap();
        target
            .assign(&old.id, &[give(AssignmentKind::Location, "oslo")], &Call::new(&key("b"), at(0)))
            .await
            .unwrap();
        run(&path, "UPDATE users SET status = 'pending'").await;
        target.invite(&old.id, &Invitation::new(None, false), &Call::new(&key("i"), at(1))).await.unwrap();
        let found = target.user(By::ExternalId("41"), at(0)).await.unwrap().unwrap();
        assert_eq!(found.id, old.id, "{case}");
        assert_eq!(found.assignments, [location("oslo")].into(), "{case}");
        assert_eq!((found.status, found.invite.unwrap().sent_at), (UserStatus::Invited, at(1)), "{case}");
        assert_eq!(cell(&path, "SELECT count(*) FROM assignments").await, "1", "{case}");

        let new = NewUser::new(
            UserStatus::Active,
            vec![set(TargetField::ExternalId, "42")],
            vec![give(AssignmentKind::Area, "z")],
        );
        let made = target.create(&new, &Call::new(&key("c"), at(2))).await.unwrap();
        assert_ne!(made, old.id, "{case}");
        let user = target.user(By::Id(&made), at(0)).await.unwrap().unwrap();
        assert_eq!((user.value(&TargetField::ExternalId), user.assignments.len()), (Some("42"), 1), "{case}");
        close(&target, &made, &key("d"), at(3)).await.unwrap();
        let users: BTreeMap<UserId, User> =
            target.users(at(0)).await.unwrap().into_iter().map(|user| (user.id.clone(), user)).collect();
        assert_eq!(users[&made].status, UserStatus::Deactivated, "{case}");
        assert_eq!(users[&old.id].status, UserStatus::Invited, "{case}");
    }
}

#[tokio::test]
async fn a_row_without_an_id_gets_one() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    target.prepare().await.unwrap();
    run(&path, "INSERT INTO users (email) VALUES ('a@x'), ('b@x')").await;
    let users = target.users(at(0)).await.unwrap();
    assert_eq!(users.iter().map(|user| user.id.as_str().len()).collect::<Vec<_>>(), [16, 16]);
    assert_eq!(users[0].status, UserStatus::Active);
    assert_ne!(cell(&path, "SELECT created_at FROM users").await, "");

    // A table of others that gives none: the list would not be whole, so it is an error.
    let (_guard, path) = place();
    run(&path, &format!("CREATE TABLE users (id TEXT PRIMARY KEY, {})", columns("TEXT"))).await;
    run(&path, "INSERT INTO users (email) VALUES ('a@x')").await;
    let refused = SqliteTarget::open(&path).await.unwrap().users(at(0)).await.unwrap_err();
    assert!(refused.message.contains("UPDATE users SET id"), "{refused}");
}

#[tokio::test]
async fn rows_of_others_do_not_hide_the_rest() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    target.prepare().await.unwrap();
    run(
        &path,
        "INSERT INTO users (id, email, status, invited_at, custom) VALUES \
         ('odd', 'odd@x', 'on holiday', 'yesterday', 'not json'), \
         ('bytes', CAST(x'66ff' AS TEXT), 'Deactivated ', NULL, '[1]'), \
         ('told', 'told@x', 'invited', '2026-11-01 08:00:00', '{\"n\":1,\"gone\":null}'), \
         ('two', 'two@x', 'invited', '2020-01-01', NULL); \
         INSERT INTO invites (user_id, sent_at, accepted_at) VALUES \
         ('two', '2026-11-03T08:00:00+01:00', 'never'), ('two', '2026-11-02T08:00:00Z', '2026-11-02T09:00:00Z'), \
         ('two', 'soon', NULL), ('nobody', '2026-11-02T08:00:00Z', NULL); \
         INSERT INTO assignments VALUES ('two', 'location', 'oslo'), ('odd', 'mood', 'good')",
    )
    .await;
    let users: BTreeMap<String, User> =
        target.users(at(0)).await.unwrap().into_iter().map(|user| (user.id.to_string(), user)).collect();
    assert_eq!(users.len(), 4);
    let sent = |id: &str| users[id].invite.map(|invite| invite.sent_at.to_string());
    assert_eq!(
        (users["odd"].status, sent("odd"), users["odd"].custom().count()),
        (UserStatus::Active, None, 0)
    );
    assert_eq!(users["bytes"].status, UserStatus::Deactivated);
    assert_eq!(users["bytes"].value(&TargetField::Email), Some("f\u{fffd}"));
    assert_eq!(sent("told").as_deref(), Some("2026-11-01T08:00:00Z"));
    assert_eq!(users["told"].custom().collect::<Vec<_>>(), [("n", "1")]);
    assert_eq!(sent("two").as_deref(), Some("2026-11-03T07:00:00Z"));
    assert_eq!(users["two"].invite.unwrap().accepted_at, None);
}

#[tokio::test]
async fn missing_columns_are_named_with_the_statements_that_add_them() {
    let (_guard, path) = place();
    let table = format!("CREATE TABLE users (id INTEGER PRIMARY KEY, {})", columns("TEXT"));
    run(&path, &table.replace("custom TEXT, ", "").replace(", status TEXT", "")).await;
    run(
        &path,
        "CREATE TABLE invites (user_id, sent_at, accepted_at); INSERT INTO users (email) VALUES ('a@x')",
    )
    .await;
    let target = SqliteTarget::open(&path).await.unwrap();
    let before = fs::read(&path).unwrap();
    let statements = [
        "ALTER TABLE users ADD COLUMN custom TEXT;",
        "ALTER TABLE users ADD COLUMN status TEXT NOT NULL DEFAULT 'active';",
        "ALTER TABLE invites ADD COLUMN expires_at TEXT;",
    ];
    for refused in [
        target.check(at(0)).await.unwrap_err(),
        target.users(at(0)).await.unwrap_err(),
        close(&target, &UserId::from("1"), &key("d"), at(0)).await.unwrap_err(),
    ] {
        assert_eq!(refused.kind, TargetErrorKind::Unavailable);
        assert!(statements.iter().all(|statement| refused.message.contains(statement)), "{refused}");
        assert_eq!(fields(&refused), ["invites.expires_at", "users.custom", "users.status"]);
    }
    assert!(fs::read(&path).unwrap() == before);
    run(&path, &statements.concat()).await;
    target.check(at(0)).await.unwrap();
    assert_eq!(target.users(at(0)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_tables_own_rules_refuse_one_record() {
    let (_guard, path) = place();
    let rules = columns("TEXT")
        .replace("family_name TEXT", "family_name TEXT NOT NULL")
        .replace("role TEXT", "role TEXT CHECK (role IN ('employee', 'manager'))");
    run(
        &path,
        &format!(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, {rules}); \
        CREATE UNIQUE INDEX users_email_lower ON users (lower(email)); \
        CREATE TRIGGER t BEFORE UPDATE OF phone ON users BEGIN SELECT RAISE(ROLLBACK, 'secret'); END"
        ),
    )
    .await;
    let target = SqliteTarget::open(&path).await.unwrap();
    let create = |values: &[(TargetField, &str)], role: &str| {
        let values = values.iter().map(|(field, value)| set(field.clone(), value)).collect();
        NewUser::new(UserStatus::Active, values, vec![give(AssignmentKind::Role, role)])
    };
    let named = [(TargetField::FamilyName, "L"), (TargetField::Email, "a@x")];
    let id = target.create(&create(&named, "employee"), &Call::new(&key("1"), at(0))).await.unwrap();
    for (case, user, kind, field) in [
        ("not null", create(&[], "employee"), TargetErrorKind::Rejected, "family_name"),
        ("check", create(&[(TargetField::FamilyName, "L")], "boss"), TargetErrorKind::Rejected, "role"),
        ("index", create(&named, "employee"), TargetErrorKind::Conflict, "email"),
    ] {
        let refused = target.create(&user, &Call::new(&key(case), at(0))).await.unwrap_err();
        assert_eq!((refused.kind, fields(&refused)), (kind, vec![field]), "{case}");
    }
    // A trigger that ends the transaction by itself leaves the next action unharmed.
    let phone = [set(TargetField::Phone, "1")];
    let refused = target.update(&id, &phone, &Call::new(&key("t"), at(0))).await.unwrap_err();
    assert_eq!(refused.kind, TargetErrorKind::Rejected);
    assert!(!refused.message.contains("secret"), "{refused}");
    close(&target, &id, &key("d"), at(1)).await.unwrap();
    assert_eq!(target.users(at(0)).await.unwrap().len(), 1, "what was refused is not there in part");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let (guard, path) = place();
    for (case, path) in [
        ("garbage", path),
        ("directory", guard.path().to_owned()),
        ("no directory", guard.path().join("no/users.db")),
    ] {
        if case == "garbage" {
            fs::write(&path, [b'x'; 5000]).unwrap();
        }
        let refused = match SqliteTarget::open(&path).await {
            Err(refused) => refused,
            Ok(target) => {
                let asked = target.check(at(0)).await.unwrap_err();
                let new = NewUser::new(UserStatus::Active, vec![], vec![]);
                assert_eq!(
                    target.create(&new, &Call::new(&key("c"), at(0))).await.unwrap_err().kind,
                    asked.kind,
                    "{case}"
                );
                asked
            }
        };
        assert_eq!(refused.kind, TargetErrorKind::Unavailable, "{case}");
        assert!(
            refused.message.contains(path.to_str().unwrap().trim_end_matches("/users.db")),
            "{case}: {refused}"
        );
        if case == "garbage" {
            assert!(fs::read(&path).unwrap() == [b'x'; 5000]);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_file_is_read_and_never_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let (guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    target.prepare().await.unwrap();
    target.close().await.unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let new = NewUser::new(UserStatus::Active, vec![], vec![]);
    let refused = target.create(&new, &Call::new(&key("c"), at(0))).await.unwrap_err();
    assert_eq!(
        (refused.kind, target.check(at(0)).await.unwrap_err().kind),
        (TargetErrorKind::Unavailable, refused.kind)
    );
    assert!(refused.message.contains("is read-only"), "{refused}");
    assert_eq!(fs::read_dir(guard.path()).unwrap().count(), 1, "nothing is left beside it");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    target.create(&new, &Call::new(&key("c"), at(0))).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_made_is_private_and_one_that_is_there_is_left() {
    use std::os::unix::fs::PermissionsExt as _;
    let (guard, path) = place();
    let modes = || -> Vec<u32> {
        let files = fs::read_dir(guard.path()).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777).collect()
    };
    let target = SqliteTarget::open(&path).await.unwrap();
    target.prepare().await.unwrap();
    run(&path, "INSERT INTO users (email) VALUES ('a@x')").await;
    assert_eq!(modes(), [0o600; 3]);
    target.close().await.unwrap();

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    target.prepare().await.unwrap();
    target.close().await.unwrap();
    assert_eq!(modes(), [0o640], "how a product shares its own file is its own business");
}

#[tokio::test]
async fn ten_thousand_accounts_are_listed_whole() {
    let (_guard, path) = place();
    let target = SqliteTarget::open(&path).await.unwrap();
    target.prepare().await.unwrap();
    run(
        &path,
        "INSERT INTO users (id, external_id, email, given_name, status) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
         SELECT i, 'e' || i, i || '@x', 'N', 'active' FROM n; \
         INSERT INTO assignments SELECT id, 'location', 'oslo' FROM users; \
         INSERT INTO invites (user_id, sent_at) SELECT id, '2026-01-01T00:00:00Z' FROM users",
    )
    .await;
    let users = target.users(at(0)).await.unwrap();
    assert_eq!(users.len(), 10_000);
    assert!(users.iter().all(|user| user.invite.is_some() && user.assignments.len() == 1));
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("users.db");
    (directory, path)
}

fn key(text: &str) -> ActionKey {
    ActionKey::from(text.to_owned())
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_000_000 + minutes * 60)
}

fn set(field: TargetField, to: &str) -> Change {
    Change::new(field, None, Some(to.to_owned()))
}

fn give(kind: AssignmentKind, value: &str) -> AssignmentChange {
    AssignmentChange::new(Assignment { kind, value: value.to_owned() }, true)
}

fn location(value: &str) -> Assignment {
    Assignment { kind: AssignmentKind::Location, value: value.to_owned() }
}

fn fields(error: &TargetError) -> Vec<&str> {
    error.fields.iter().map(String::as_str).collect()
}

async fn raw(path: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    options.connect().await.unwrap()
}

/// What somebody else does to the file.
async fn run(path: &Path, script: &str) {
    let mut connection = raw(path).await;
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// What somebody else sees in the file: the first cell of the first row.
async fn cell(path: &Path, query: &str) -> String {
    let mut connection = raw(path).await;
    let query = format!("SELECT CAST(({query}) AS TEXT)");
    let cell: Option<String> =
        sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    cell.unwrap_or_default()
}
