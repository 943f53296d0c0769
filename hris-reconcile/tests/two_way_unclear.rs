//! Writes to the source of which nobody knows whether they happened, and what they lost.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::time::Duration;

use async_trait::async_trait;
use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{Policy, TwoWay};
use hris_core::{
    Capabilities, Directory, DirectoryWriter, EmployeeId, Field, FieldInfo, Lookup, MemoryDirectory,
    Preflight, Problem, ReadRequest, Snapshot, SourceSettings, StandardField, TargetField, UserId,
};
use hris_reconcile::Runner;
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::store::MemoryStore;
use hris_reconcile::targets::MemoryTarget;
use support::{day, people};

struct Office {
    payroll: MemoryDirectory,
    /// What becomes of updates there.
    faults: Faults,
    product: MemoryTarget,
    store: MemoryStore,
}

impl Office {
    /// Six people, in step.
    async fn in_step() -> Self {
        let mut staff = people(6);
        for (n, person) in staff.iter_mut().enumerate() {
            person.put(StandardField::WorkPhone, Field::Value(format!("+472212345{n}")));
            person.put(StandardField::AddressCity, Field::Value("Leeds".to_owned()));
            for part in [
                StandardField::AddressStreet,
                StandardField::AddressRegion,
                StandardField::AddressPostcode,
                StandardField::AddressCountry,
            ] {
                person.put(part, Field::Cleared);
            }
        }
        let office = Self {
            payroll: MemoryDirectory::new(staff),
            faults: Faults::new(),
            product: MemoryTarget::new(),
            store: MemoryStore::new(),
        };
        for n in 1..=2 {
            office.runner().run(day(n)).await.unwrap();
        }
        office
    }

    fn runner(&self) -> Runner {
        let mapping = Mapping::new()
            .field("external_id", from("id"))
            .field("email", from("email"))
            .field("given_name", from("given_name"))
            .field("phone", from("work_phone"))
            .field("job_title", from("job_title"))
            .field("address", from("address"));
        let mut policy = Policy::default();
        policy.two_way = Some(TwoWay::default());
        let payroll = Faulty::new(self.payroll.clone(), self.faults.clone());
        Runner::builder(payroll, self.product.clone(), self.store.clone())
            .mapping(mapping)
            .policy(policy)
            .build()
            .unwrap()
    }

    fn edit(&self, field: TargetField, value: &str) {
        let user = support::user(&self.product, "e-1").id;
        self.product.edit(|users| users.get_mut(&user).unwrap().put(&field, Some(value)));
    }

    /// A run whose update ends so; one without an answer is dropped, and the next one is another process.
    /// Everything that was told, from then on.
    async fn run_with(&mut self, fault: Fault) -> Vec<Problem> {
        let _script = self.faults.clone().on("update person", fault);
        let done = tokio::time::timeout(Duration::from_millis(200), self.runner().run(day(3))).await;
        assert_eq!(done.is_err(), matches!(fault, Fault::CutBefore | Fault::CutAfter), "{fault:?}");
        let mut told = Vec::new();
        if let Ok(report) = done {
            let report = report.unwrap();
            let is_done = fault == Fault::LostAfter;
            assert_eq!(support::done(&report).len(), usize::from(is_done), "{fault:?}");
            told.extend(report.problems);
        }
        self.faults.clear();
        self.store = self.store.backup();
        for n in 4..=5 {
            told.extend(self.runner().run(day(n)).await.unwrap().problems);
        }
        told
    }

    fn paid(&self, field: StandardField) -> Option<String> {
        let mut found = None;
        self.payroll.edit(|people| {
            let person = people.iter().find(|person| person.id().as_str() == "e-1").unwrap();
            found = person.text(field).value().map(|text| text.to_string());
        });
        found
    }

    fn used(&self, field: &TargetField) -> Option<String> {
        support::user(&self.product, "e-1").value(field).map(str::to_owned)
    }
}

#[tokio::test]
async fn an_edit_that_begins_with_the_value_before_is_not_lost() {
    for fault in [Fault::LostBefore, Fault::CutBefore] {
        let mut office = Office::in_step().await;
        let new = "Miller and head of weaving";
        office.edit(TargetField::JobTitle, new);
        office.run_with(fault).await;
        assert_eq!(office.paid(StandardField::JobTitle).as_deref(), Some(new), "{fault:?}");
        assert_eq!(office.used(&TargetField::JobTitle).as_deref(), Some(new), "{fault:?}");
    }
}

#[tokio::test]
async fn an_address_that_gains_a_part_is_not_lost() {
    for fault in [Fault::LostBefore, Fault::CutBefore] {
        let mut office = Office::in_step().await;
        office.edit(TargetField::Address, r#"{"street":"4 Yard","city":"Leeds"}"#);
        office.run_with(fault).await;
        assert_eq!(office.paid(StandardField::AddressStreet).as_deref(), Some("4 Yard"), "{fault:?}");
        assert!(office.used(&TargetField::Address).unwrap().contains("4 Yard"), "{fault:?}");
    }
}

#[tokio::test]
async fn what_an_unclear_update_lost_is_filled_and_taken_from_nobody() {
    for fault in [Fault::LostAfter, Fault::CutAfter] {
        let mut office = Office::in_step().await;
        office.edit(TargetField::JobTitle, "Baker");
        let payroll = office.payroll.clone();
        let _script = office.faults.clone().after("update person", move || {
            support::edit(&payroll, "e-1", |person| person.put(StandardField::WorkPhone, Field::Cleared));
        });
        let told = office.run_with(fault).await;
        for phone in [office.paid(StandardField::WorkPhone), office.used(&TargetField::Phone)] {
            assert_eq!(phone.as_deref(), Some("+4722123450"), "{fault:?}");
        }
        assert_eq!(office.paid(StandardField::JobTitle).as_deref(), Some("Baker"), "{fault:?}");
        assert!(
            told.iter().any(|problem| problem.field.as_deref() == Some("phone")),
            "{fault:?}: it is told"
        );
    }
}

/// A person who is created in the source by a run whose answer never came is looked for under the same key.
#[tokio::test]
async fn a_creation_without_an_answer_keeps_its_key() {
    use hris_core::reconcile::MissingAccounts;
    use hris_core::{User, UserStatus};
    use hris_reconcile::store::StateStore as _;

    /// Lists nobody who was made: a list that lags behind.
    #[derive(Clone, Debug)]
    struct Lagging(MemoryDirectory);

    #[async_trait]
    impl Directory for Lagging {
        fn settings(&self) -> SourceSettings {
            self.0.settings()
        }
        fn capabilities(&self) -> &Capabilities {
            self.0.capabilities()
        }
        async fn check(&self, request: &ReadRequest) -> hris_core::Result<Preflight> {
            self.0.check(request).await
        }
        async fn fields(&self, request: &ReadRequest) -> hris_core::Result<Vec<FieldInfo>> {
            self.0.fields(request).await
        }
        async fn snapshot(&self, request: &ReadRequest) -> hris_core::Result<Snapshot> {
            let people = self.0.snapshot(request).await?.employees().to_vec();
            let known = people.into_iter().filter(|person| person.id().as_str().starts_with("e-"));
            Ok(Snapshot::new("memory", known.collect()))
        }
        async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> hris_core::Result<Lookup> {
            self.0.get(id, request).await
        }
        fn writer(&self) -> Option<&dyn DirectoryWriter> {
            self.0.writer()
        }
    }

    let directory = MemoryDirectory::new(people(4));
    let (product, store) = (MemoryTarget::new(), MemoryStore::new());
    let runner = |source: &dyn Fn(Lagging) -> Box<dyn Directory>| {
        let mapping = Mapping::new()
            .field("external_id", from("id"))
            .field("email", from("email"))
            .field("given_name", from("given_name"));
        let mut policy = Policy::default();
        let mut rules = TwoWay::default();
        rules.missing_in_source = MissingAccounts::Create;
        policy.two_way = Some(rules);
        let source = source(Lagging(directory.clone()));
        Runner::builder(source, product.clone(), store.clone())
            .mapping(mapping)
            .policy(policy)
            .build()
            .unwrap()
    };
    let plain = |source: Lagging| Box::new(source) as Box<dyn Directory>;
    for n in 1..=2 {
        runner(&plain).run(day(n)).await.unwrap();
    }
    product.edit(|users| {
        let new = User::new("u-new", UserStatus::Active)
            .with(TargetField::Email, "new@mill.example")
            .with(TargetField::GivenName, "New");
        users.insert(UserId::from("u-new"), new);
    });
    let faults = Faults::new();
    let names = || {
        let made = faults.names();
        made.iter().position(|name| *name == "create person")
    };
    // The answer to the creation is lost, wherever in the run it comes.
    let probe = faults.clone();
    let counted = runner(&|source| Box::new(Faulty::new(source, probe.clone())) as Box<dyn Directory>);
    let planned = counted.plan(day(3)).await.unwrap();
    assert_eq!(planned.plan.actions.len(), 1, "{:?}", planned.plan.problems);
    assert!(names().is_none());
    let before = faults.calls();
    let faults = Faults::new().at(before + 1, Fault::LostAfter);
    let lost = faults.clone();
    let report = runner(&|source| Box::new(Faulty::new(source, lost.clone())) as Box<dyn Directory>)
        .run(day(3))
        .await
        .unwrap();
    assert_eq!(faults.names().last(), Some(&"create person"));
    assert_eq!(report.exit_code(), 5);
    assert_eq!(store.load("default").await.unwrap().unsettled.len(), 1);
    runner(&plain).run(day(4)).await.unwrap();
    let mut made = 0;
    directory.edit(|people| made = people.len());
    assert_eq!(made, 5, "one person, although the list did not show the first");
    assert!(store.load("default").await.unwrap().unsettled.is_empty());
}
