//! Tables that others made, and files that are none.

use super::*;

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
