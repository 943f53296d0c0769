//! The table of an account's fields is the only list of them: whatever it names goes through the standard mapping
//! and is kept by the embedded target and by another directory.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use hris_core::mapping::Mapping;
use hris_core::reconcile::{ActionKey, Change};
use hris_core::{Directory as _, Kind, MemoryDirectory, TargetField, User, UserStatus};
use hris_reconcile::target::{By, Call, NewUser, Target};
use hris_reconcile::targets::{DirectoryTarget, SqliteTarget};
use support::day;

/// A value that the field can hold, and another one.
fn values(field: &TargetField) -> [String; 2] {
    [1, 2].map(|n| match (field, field.kind()) {
        (TargetField::Email, _) => format!("ada{n}@mill.example"),
        (TargetField::Phone, _) => format!("+472200000{n}"),
        (_, Kind::Date) => format!("2026-11-0{n}"),
        (_, Kind::Address) => format!(r#"{{"street":"{n} \"Fuller's\" Yard","country":"NO"}}"#),
        _ => format!("{field} {n}"),
    })
}

/// Makes an account of a value in every field, writes another one and takes away what can go.
async fn every_field_is_kept(target: &dyn Target) {
    let kept = |field: &TargetField| target.capabilities().keeps(field);
    let value = |field: &TargetField, which: usize| values(field).into_iter().nth(which);
    let shows = |user: &User, which: Option<usize>| {
        for field in TargetField::STANDARD.iter().filter(|field| kept(field)) {
            let expected = which.and_then(|which| value(field, which));
            assert_eq!(user.value(field), expected.as_deref(), "{field}");
        }
    };
    let changes = |from: Option<usize>, to: Option<usize>, fields: &dyn Fn(&TargetField) -> bool| {
        let fields = TargetField::STANDARD.into_iter().filter(|field| kept(field) && fields(field));
        let change = |field: TargetField| {
            let of = |which: Option<usize>| which.and_then(|which| value(&field, which));
            let (from, to) = (of(from), of(to));
            Change::new(field, from, to)
        };
        fields.map(change).collect::<Vec<_>>()
    };
    let all = |_: &TargetField| true;
    let key = |key: &str| ActionKey::from(key.to_owned());
    let new = NewUser::new(UserStatus::Active, changes(None, Some(0), &all), vec![]);
    let id = target.create(&new, &Call::new(&key("create"), day(1))).await.unwrap();
    let read = async || target.user(By::Id(&id), day(1)).await.unwrap().unwrap();
    shows(&read().await, Some(0));
    let other = changes(Some(0), Some(1), &all);
    target.update(&id, &other, &Call::new(&key("update"), day(1))).await.unwrap();
    shows(&read().await, Some(1));
    let gone = changes(Some(1), None, &TargetField::is_clearable);
    target.update(&id, &gone, &Call::new(&key("clear"), day(1))).await.unwrap();
    let user = read().await;
    for field in TargetField::STANDARD.iter().filter(|field| kept(field)) {
        assert_eq!(user.value(field).is_some(), !field.is_clearable(), "{field}");
    }
}

#[tokio::test]
async fn the_embedded_target_keeps_every_field() {
    let folder = tempfile::tempdir().unwrap();
    let target = SqliteTarget::open(folder.path().join("users.db")).await.unwrap();
    target.prepare().await.unwrap();
    assert!(TargetField::STANDARD.iter().all(|field| target.capabilities().keeps(field)));
    every_field_is_kept(&target).await;
}

#[tokio::test]
async fn another_directory_keeps_every_field_but_ids() {
    let target = DirectoryTarget::new(MemoryDirectory::new([])).unwrap();
    for field in TargetField::STANDARD {
        assert_eq!(target.capabilities().keeps(&field), !field.is_id(), "{field}");
    }
    every_field_is_kept(&target).await;
}

#[test]
fn the_standard_mapping_fills_every_field_from_its_source() {
    let directory = MemoryDirectory::new([]);
    let mapping = Mapping::standard(directory.capabilities());
    let rules: Vec<(&str, Vec<&str>)> =
        mapping.rules().map(|(target, rule)| (target, rule.sources().collect())).collect();
    assert_eq!(rules.len(), TargetField::STANDARD.len());
    for field in TargetField::STANDARD {
        let source = field.source().expect("a source").as_str();
        assert!(rules.contains(&(field.name(), vec![source])), "{field}");
    }
    assert!(mapping.compile(directory.capabilities()).is_ok());
}
