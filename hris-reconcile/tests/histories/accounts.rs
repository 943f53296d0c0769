//! Tables of accounts that others edit behind everybody's back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use hris_core::reconcile::ActionKey;
use hris_core::{AssignmentKind, TargetField, Timestamp, User, UserId, UserStatus};
use hris_reconcile::target::{Call, NewUser, Target};
use hris_reconcile::targets::MemoryTarget;

/// The columns that somebody reads or writes here.
pub(crate) const COLUMNS: [TargetField; 8] = [
    TargetField::ExternalId,
    TargetField::EmployeeNumber,
    TargetField::Email,
    TargetField::GivenName,
    TargetField::FamilyName,
    TargetField::Phone,
    TargetField::JobTitle,
    TargetField::StartDate,
];

/// An account, as its table shows it to anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) values: BTreeMap<String, String>,
    /// Permission level, locations, areas.
    pub(crate) given: BTreeSet<String>,
    /// How many invitations were ever sent to it.
    pub(crate) invitations: usize,
}

impl Row {
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.values.get(field).map(String::as_str)
    }

    pub(crate) fn set(&mut self, field: &str, value: Option<&str>) {
        match value {
            Some(value) => self.values.insert(field.to_owned(), value.to_owned()),
            None => self.values.remove(field),
        };
    }

    pub(crate) fn external_id(&self) -> Option<&str> {
        self.get("external_id")
    }

    pub(crate) fn external_id_text(&self) -> &str {
        self.external_id().unwrap_or_default()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.status != "deactivated" && self.status != "suspended"
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.status)?;
        for (field, value) in &self.values {
            write!(f, " {field}={value:?}")?;
        }
        write!(f, " {:?} invited {}×", self.given, self.invitations)
    }
}

/// A table of accounts.
#[async_trait]
pub(crate) trait Accounts: Sized + Send + Sync + 'static {
    /// An empty one that the product has made beforehand.
    async fn empty() -> Self;
    /// What a run is given.
    fn target(&self) -> Arc<dyn Target>;
    async fn rows(&self) -> Vec<Row>;
    /// Writes a row that is there; not if a value that must be unique is taken.
    async fn put(&self, row: &Row) -> bool;
    /// Makes a row, under its id or, where that is empty, under one of the table's.
    async fn insert(&self, row: &Row) -> Option<String>;
    async fn delete(&self, id: &str);
    /// Waits until nothing of a call that was dropped is going on any more.
    async fn calm(&self) {}
}

/// In memory.
pub(crate) struct Memory {
    target: MemoryTarget,
    next: AtomicU64,
    /// The highest number that the target has surely given.
    next_of_target: AtomicU64,
}

#[async_trait]
impl Accounts for Memory {
    async fn empty() -> Self {
        Self { target: MemoryTarget::new(), next: AtomicU64::new(0), next_of_target: AtomicU64::new(0) }
    }

    fn target(&self) -> Arc<dyn Target> {
        Arc::new(self.target.clone())
    }

    async fn rows(&self) -> Vec<Row> {
        let invited = self.target.invited();
        let row = |user: User| Row {
            id: user.id.to_string(),
            status: user.status.as_str().to_owned(),
            values: COLUMNS
                .iter()
                .filter_map(|field| Some((field.to_string(), user.value(field)?.to_owned())))
                .collect(),
            given: given(&user),
            invitations: invited.iter().filter(|id| **id == user.id).count(),
        };
        self.target.all().into_iter().map(row).collect()
    }

    async fn put(&self, row: &Row) -> bool {
        self.write(row, false)
    }

    async fn insert(&self, row: &Row) -> Option<String> {
        let mut row = row.clone();
        if row.id.is_empty() {
            row.id = format!("x-{}", self.next.fetch_add(1, Ordering::Relaxed));
        }
        if !self.write(&row, true) {
            return None;
        }
        // An id that is taken is never given again: the table's own count goes past it.
        let taken = row.id.strip_prefix("u-").and_then(|n| n.parse::<u64>().ok()).unwrap_or_default();
        while self.next_of_target.load(Ordering::Relaxed) < taken {
            self.burn().await;
        }
        Some(row.id)
    }

    async fn delete(&self, id: &str) {
        self.target.edit(|users| drop(users.remove(&UserId::from(id))));
    }
}

fn given(user: &User) -> BTreeSet<String> {
    let level = user.role.iter().map(|role| format!("role:{role}"));
    let others = user.assignments.iter().filter(|given| given.kind != AssignmentKind::Role);
    level.chain(others.map(|given| format!("{given:?}"))).collect()
}

impl Memory {
    /// Has the target give an id to nobody.
    async fn burn(&self) {
        let nobody = NewUser::new(UserStatus::Pending, Vec::new(), Vec::new());
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let key = ActionKey::from(format!("burnt {n}"));
        let kept = self.target.all();
        let id =
            self.target.create(&nobody, &Call::new(&key, Timestamp::from_unix_seconds(0))).await.unwrap();
        self.target.edit(|users| {
            users.remove(&id);
            // A count that is behind has just written over somebody.
            users.extend(kept.into_iter().filter(|user| user.id == id).map(|user| (user.id.clone(), user)));
        });
        let given = id.as_str().trim_start_matches("u-").parse().unwrap_or(u64::MAX);
        self.next_of_target.fetch_max(given, Ordering::Relaxed);
    }

    fn write(&self, row: &Row, new: bool) -> bool {
        let mut done = false;
        self.target.edit(|users| {
            let taken = |user: &User| {
                let same = |field: TargetField| {
                    let name = field.to_string();
                    row.get(&name).is_some_and(|wanted| {
                        user.value(&field).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
                    })
                };
                user.id.as_str() != row.id && (same(TargetField::Email) || same(TargetField::ExternalId))
            };
            let id = UserId::from(row.id.as_str());
            if users.values().any(taken) || users.contains_key(&id) == new {
                return;
            }
            let Ok(status) = row.status.parse() else { return };
            let user = users.entry(id.clone()).or_insert_with(|| User::new(id, status));
            user.status = status;
            for field in &COLUMNS {
                user.put(field, row.get(&field.to_string()));
            }
            done = true;
        });
        done
    }
}
