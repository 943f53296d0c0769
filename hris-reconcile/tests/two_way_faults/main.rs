//! Two-way runs that go wrong: what each side makes of values, writes that lose fields, cuts anywhere,
//! and any mixture of edits, runs, pushes, cuts and lost answers.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

mod cuts;
mod histories;
#[path = "../support/mod.rs"]
mod support;
mod values;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{MissingAccounts, Policy, Side, TwoWay};
use hris_core::{
    Capabilities, Directory, DirectoryWriter, Employee, EmployeeId, Error, ErrorKind, Field, FieldChange,
    FieldInfo, Lookup, MemoryDirectory, Preflight, ProblemCode, ReadRequest, Snapshot, SourceSettings,
    StandardField, Status, TargetField, Timestamp, User, UserStatus, Value,
};
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::report::Report;
use hris_reconcile::store::{MemoryStore, StateStore};
use hris_reconcile::target::Target;
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Runner, RunnerBuilder};
use proptest::prelude::*;
use support::day;

/// The last one cannot be written at payroll.
const FIELDS: [(TargetField, StandardField); 4] = [
    (TargetField::JobTitle, StandardField::JobTitle),
    (TargetField::Phone, StandardField::WorkPhone),
    (TargetField::GivenName, StandardField::GivenName),
    (TargetField::Department, StandardField::Department),
];

/// A payroll system with habits.
#[derive(Clone, Debug)]
struct Payroll {
    people: MemoryDirectory,
    habits: Arc<Mutex<Habits>>,
}

#[derive(Debug, Default)]
struct Habits {
    /// Cuts the prefix off phone numbers.
    cuts_prefix: bool,
    /// Writes names in capitals.
    capitals: bool,
    /// Keeps a value that should go.
    keeps: Option<StandardField>,
    /// Ignores what is written into a field.
    ignores: Option<StandardField>,
    /// Keeps this many letters of a field: the first, or the last.
    keeps_letters: Option<(StandardField, usize, bool)>,
    /// An update loses this field, unless it is sent.
    loses: Option<StandardField>,
    writes: u64,
}

impl Payroll {
    fn new(people: impl IntoIterator<Item = Employee>) -> Self {
        let people = MemoryDirectory::new(people);
        let mut capabilities = people.capabilities().clone();
        for field in capabilities.fields.iter_mut().filter(|one| one.field == StandardField::Department) {
            (field.writable, field.clearable) = (false, false);
        }
        Self { people: people.with_capabilities(capabilities), habits: Arc::default() }
    }

    fn habits(&self, change: impl FnOnce(&mut Habits)) {
        change(&mut self.habits.lock().unwrap());
    }

    fn writes(&self) -> u64 {
        self.habits.lock().unwrap().writes
    }

    /// What it makes of values.
    fn taken(&self, values: &[FieldChange]) -> Vec<FieldChange> {
        let mut habits = self.habits.lock().unwrap();
        habits.writes += 1;
        let mut values = values.to_vec();
        values.retain(|value| Some(value.field) != habits.ignores);
        values.retain(|value| value.value.is_some() || Some(value.field) != habits.keeps);
        for FieldChange { field, value } in &mut values {
            let Some(Value::Text(text)) = value else { continue };
            let mut value = String::from(std::mem::take(text));
            if habits.cuts_prefix && *field == StandardField::WorkPhone {
                value = value.trim_start_matches("+47").trim().to_owned();
            }
            if let Some((of, most, first)) = habits.keeps_letters
                && of == *field
            {
                let letters: Vec<char> = value.chars().collect();
                let more = letters.len().saturating_sub(most);
                let kept = if first { &letters[..letters.len() - more] } else { &letters[more..] };
                value = kept.iter().collect();
            }
            if habits.capitals && *field == StandardField::GivenName {
                value = value.to_uppercase();
            }
            *text = value.into();
        }
        values
    }
}

#[async_trait]
impl Directory for Payroll {
    fn capabilities(&self) -> &Capabilities {
        self.people.capabilities()
    }
    fn settings(&self) -> SourceSettings {
        self.people.settings()
    }
    async fn check(&self, request: &ReadRequest) -> hris_core::Result<Preflight> {
        self.people.check(request).await
    }
    async fn fields(&self, request: &ReadRequest) -> hris_core::Result<Vec<FieldInfo>> {
        self.people.fields(request).await
    }
    async fn snapshot(&self, request: &ReadRequest) -> hris_core::Result<Snapshot> {
        self.people.snapshot(request).await
    }
    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> hris_core::Result<Lookup> {
        self.people.get(id, request).await
    }
    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        Some(self)
    }
}

#[async_trait]
impl DirectoryWriter for Payroll {
    async fn create(&self, values: &[FieldChange], key: &str) -> hris_core::Result<Employee> {
        let values = self.taken(values);
        self.people.writer().unwrap().create(&values, key).await
    }

    async fn update(
        &self,
        id: &EmployeeId,
        values: &[FieldChange],
        key: &str,
    ) -> hris_core::Result<Employee> {
        let taken = self.taken(values);
        let person = self.people.writer().unwrap().update(id, &taken, key).await?;
        let loses = self.habits.lock().unwrap().loses;
        let lost =
            loses.filter(|field| person.text(*field).is_value() && values.iter().all(|v| v.field != *field));
        let Some(lost) = lost else { return Ok(person) };
        support::edit(&self.people, id.as_str(), |person| person.put(lost, Field::Cleared));
        Err(Error::new(ErrorKind::FieldsLost, format!("update {id}: {lost} changed and was not sent")))
    }
}

fn employee(n: u32) -> Employee {
    Employee::new(format!("e-{n}"))
        .with_status(Status::Active, "active")
        .with(StandardField::Email, Field::Value(format!("p{n}@mill.example")))
        .with(StandardField::GivenName, Field::Value(format!("Given{n}")))
        .with(StandardField::WorkPhone, Field::Value(format!("+472212345{n}")))
        .with(StandardField::JobTitle, Field::Value("Miller".into()))
        .with(StandardField::Department, Field::Value("Mill".into()))
}

fn builder(payroll: impl Directory, product: impl Target, store: impl StateStore) -> RunnerBuilder {
    let mut rules = TwoWay::default();
    rules.missing_in_source = MissingAccounts::Create;
    let mut policy = Policy::default();
    policy.two_way = Some(rules);
    policy.invite = false;
    let mapping = Mapping::new()
        .field("external_id", from("id"))
        .field("email", from("email"))
        .field("given_name", from("given_name"))
        .field("phone", from("work_phone"))
        .field("job_title", from("job_title"))
        .field("department", from("department"));
    Runner::builder(payroll, product, store).connection("acme").mapping(mapping).policy(policy)
}

struct Office {
    payroll: Payroll,
    product: MemoryTarget,
    store: MemoryStore,
}

impl Office {
    /// Four people, in step.
    async fn new() -> Self {
        let payroll = Payroll::new((1..=4).map(employee));
        let office = Self { payroll, product: MemoryTarget::new(), store: MemoryStore::new() };
        office.run(1).await;
        office.run(1).await;
        office
    }

    fn runner(&self) -> Runner {
        builder(self.payroll.clone(), self.product.clone(), self.store.clone()).build().unwrap()
    }

    async fn run(&self, n: u8) -> Report {
        self.runner().run(day(n)).await.unwrap()
    }

    fn pay(&self, who: &str, field: StandardField, value: Option<&str>) {
        support::edit(&self.payroll.people, who, |person| {
            person.put(field, Field::from(value.map(str::to_owned)))
        });
    }

    fn use_product(&self, who: &str, field: &TargetField, value: Option<&str>) {
        let id = support::user(&self.product, who).id;
        self.product.edit(|users| users.get_mut(&id).unwrap().put(field, value));
    }

    fn paid(&self, who: &str, field: StandardField) -> Option<String> {
        let mut found = None;
        self.payroll.people.edit(|people| {
            let person = people.iter().find(|person| person.id().as_str() == who).unwrap();
            found = person.text(field).value().map(str::to_owned);
        });
        found
    }

    fn used(&self, who: &str, field: &TargetField) -> Option<String> {
        support::user(&self.product, who).value(field).map(str::to_owned)
    }

    /// What one side had when the two were last in step.
    async fn in_step(&self, who: &str, field: &TargetField, paid: bool) -> Option<Option<String>> {
        let state = self.store.load("acme").await.unwrap();
        let link = state.links.iter().find(|link| link.employee.as_str() == who).unwrap();
        let base = link.bases.get(field)?;
        Some(if paid { base.source.clone() } else { base.target.clone() })
    }

    async fn is_quiet(&self, n: u8) -> bool {
        let plan = self.runner().plan(day(n)).await.unwrap().plan;
        plan.is_empty() && plan.conflicts.is_empty()
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn faulty(office: &Office, faults: &Faults) -> Runner {
    builder(
        Faulty::new(office.payroll.clone(), faults.clone()),
        Faulty::new(office.product.clone(), faults.clone()),
        Faulty::new(office.store.clone(), faults.clone()),
    )
    .build()
    .unwrap()
}

/// What happens in a history.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody edits: at payroll or in the product, whom, which field, to what.
    Edit(bool, u8, usize, u8),
    /// A run that may go wrong at one call.
    Run(Option<(u64, u8)>),
    /// A push of one person's account, which may go wrong at one call.
    Push(u8, Option<(u64, u8)>),
    /// Somebody decides everything that is open.
    Decide(bool),
}

/// The last edit of a side that has not been seen on the other side, nor given up by a decision.
type Open = BTreeMap<(bool, u8, usize), Option<String>>;
