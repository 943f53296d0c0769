//! Two systems that are both edited: what a run does about it, field by field.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod conflicts;
mod edits;
mod people;
#[path = "../support/mod.rs"]
mod support;

use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{Conflicts, MissingAccounts, MissingPeople, MissingValue, Policy, Side, TwoWay};
use hris_core::{
    Date, Employee, Field, MemoryDirectory, StandardField, Status, TargetField, Timestamp, User, UserId,
    UserStatus,
};
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::store::{MemoryStore, SqliteStore, StateStore};
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{ErrorKind, Runner, RunnerBuilder};
use support::day;

/// Payroll and a product with four people whom both sides know.
struct Office {
    payroll: MemoryDirectory,
    product: MemoryTarget,
    store: MemoryStore,
    rules: TwoWay,
}

fn mapping() -> Mapping {
    Mapping::new()
        .field("external_id", from("id"))
        .field("email", from("email").trim().lowercase())
        .field("given_name", from("given_name"))
        .field("phone", from("work_phone"))
        .field("job_title", from("job_title"))
        .field("end_date", from("end_date"))
        .field("address", from("address"))
        .field("department", from("department").default_value("Unassigned"))
}

impl Office {
    fn new() -> Self {
        let (mut people, mut users) = (Vec::new(), Vec::new());
        // The others are there so that one person is neither everybody nor the only one with a value.
        for (n, name) in [(1, "ada"), (7, "gus"), (8, "hal"), (9, "ida")] {
            let (id, email) = (format!("e-{n}"), format!("{name}@mill.example"));
            let alone = n == 1;
            let phone = if alone { Field::Cleared } else { Field::Value(format!("+472200000{n}")) };
            people.push(
                Employee::new(id.as_str())
                    .with_status(Status::Active, "active")
                    .with(StandardField::Email, Field::Value(email.clone()))
                    .with(StandardField::GivenName, Field::Value("Ada".into()))
                    .with(StandardField::WorkPhone, phone.clone())
                    .with(StandardField::JobTitle, Field::Value("Miller".into()))
                    .with(StandardField::AddressStreet, Field::Cleared)
                    .with(StandardField::Department, Field::Cleared)
                    .with_date(StandardField::EndDate, Field::Cleared),
            );
            let mut user = User::new(format!("u-{name}"), UserStatus::Active)
                .with(TargetField::ExternalId, &id)
                .with(TargetField::Email, &email)
                .with(TargetField::GivenName, "Ada")
                .with(TargetField::JobTitle, "Miller")
                .with(TargetField::Department, "Unassigned");
            user.put(&TargetField::Phone, phone.as_deref().value());
            users.push(user);
        }
        Self {
            payroll: MemoryDirectory::new(people),
            product: MemoryTarget::new().with_users(users),
            store: MemoryStore::new(),
            rules: TwoWay::default(),
        }
    }

    fn rules(mut self, change: impl FnOnce(&mut TwoWay)) -> Self {
        change(&mut self.rules);
        self
    }

    /// The same, in step since the second of November.
    async fn in_step(self) -> Self {
        self.run(1).await;
        self.run(2).await;
        assert!(self.is_quiet(2).await);
        self
    }

    fn builder(&self) -> RunnerBuilder {
        let mut policy = Policy::default();
        policy.two_way = Some(self.rules.clone());
        Runner::builder(self.payroll.clone(), self.product.clone(), self.store.clone())
            .connection("acme")
            .mapping(mapping())
            .policy(policy)
    }

    fn runner(&self) -> Runner {
        self.builder().build().unwrap()
    }

    async fn run(&self, n: u8) -> Report {
        self.runner().run(day(n)).await.unwrap()
    }

    async fn is_quiet(&self, n: u8) -> bool {
        let planned = self.runner().plan(day(n)).await.unwrap();
        planned.plan.is_empty() && planned.plan.conflicts.is_empty() && planned.plan.agreed.is_empty()
    }

    fn pay(&self, field: StandardField, value: Option<&str>) {
        support::edit(&self.payroll, "e-1", |person| {
            person.put(field, Field::from(value.map(str::to_owned)));
        });
    }

    fn use_product(&self, field: TargetField, value: Option<&str>) {
        self.product.edit(|users| users.get_mut(&UserId::from("u-ada")).unwrap().put(&field, value));
    }

    fn person(&self) -> Employee {
        let mut found = None;
        self.payroll.edit(|people| found = people.iter().find(|one| one.id().as_str() == "e-1").cloned());
        found.unwrap()
    }

    fn user(&self) -> User {
        self.product.all().into_iter().find(|user| user.id.as_str() == "u-ada").unwrap()
    }

    fn titles(&self) -> (Option<String>, Option<String>) {
        let text = self.person().text(StandardField::JobTitle).value().map(str::to_owned);
        (text, self.user().value(&TargetField::JobTitle).map(str::to_owned))
    }
}

/// `update source e-1 (phone)` a line.
fn lines(report: &Report) -> Vec<String> {
    let line = |line: &hris_reconcile::report::ActionLine| {
        let who = line.employee.as_ref().map(ToString::to_string);
        let who = who.or(line.user.as_ref().map(ToString::to_string)).unwrap_or_default();
        format!(
            "{} {} {who} ({}) {}",
            line.action.as_str(),
            line.side.as_str(),
            line.fields.join(", "),
            line.result.as_str()
        )
    };
    report.actions.iter().map(line).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}
