//! What actions do to the rows, once a key.

use super::*;

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
