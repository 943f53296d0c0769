//! Directories around another one: what they leave out, and that nobody leaves because of it.
#![cfg(feature = "conformance")]
// Helpers of tests may break off like tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use async_trait::async_trait;
use hris_core::conformance::{CustomFault, Fault, Harness, LookupFault, MemoryHarness, Person, Stage, run};
use hris_core::{
    CustomValue, Directory, Employee, EmployeeId, ErrorKind, Field, Fingerprint, Level, Limit, Lookup,
    MemoryDirectory, ReadRequest, Scope, Snapshot, SourceField, StandardField, Status,
};

fn everything() -> ReadRequest {
    ReadRequest::everything("2026-11-23".parse().unwrap())
}

fn text(value: Field<&str>) -> Field<String> {
    value.map(str::to_owned)
}

fn person(id: &str, place: Field<&str>, kind: Field<&str>, team: &[&str]) -> Employee {
    Employee::new(id)
        .with_status(Status::Active, "active")
        .with(StandardField::Location, text(place))
        .with(StandardField::EmploymentKind, text(kind))
        .with_teams(Field::Value(team.iter().map(|name| (*name).to_owned()).collect()))
        .with_custom(CustomValue { id: "cc".into(), name: "Cost centre".into(), value: text(place) })
}

fn company() -> MemoryDirectory {
    let directory = MemoryDirectory::new([
        person("a", Field::Value("Oslo"), Field::Value("employee"), &["Ops", "Tea"]),
        person("b", Field::Value("Leeds"), Field::Value("contractor"), &["Tea"]),
        person("c", Field::Cleared, Field::Cleared, &[]),
        person("d", Field::NotPermitted, Field::Value("contractor"), &["Ops"]),
        person("e", Field::NotProvided, Field::Value("employee"), &["Ops"]),
    ]);
    directory.set_fingerprint(Fingerprint { organisation: Some("one".to_owned()), ..Fingerprint::default() });
    directory
}

/// Who is listed, and behind a bar who is set aside.
fn shown(snapshot: &Snapshot) -> String {
    let listed: Vec<&str> = snapshot.employees().iter().map(|person| person.id().as_str()).collect();
    let aside: Vec<&str> = snapshot.set_aside().iter().map(EmployeeId::as_str).collect();
    format!("{}|{}", listed.join(""), aside.join(""))
}

#[tokio::test]
async fn a_scope_lists_who_meets_every_rule_and_sets_aside_of_whom_it_cannot_be_seen() {
    let custom = || "custom.#cc".parse::<SourceField>().unwrap();
    for (case, scope, expected) in [
        ("no rule", Scope::new(company()), "abcde|"),
        ("one place", Scope::new(company()).only(StandardField::Location, ["Oslo"]), "a|de"),
        (
            "whatever its case and blanks",
            Scope::new(company()).only(StandardField::Location, [" OSLO "]),
            "a|de",
        ),
        ("but one place", Scope::new(company()).without(StandardField::Location, ["Oslo"]), "bc|de"),
        (
            "but contractors",
            Scope::new(company()).without(StandardField::EmploymentKind, ["contractor"]),
            "ace|",
        ),
        (
            "two rules, of which one is enough to leave somebody out",
            Scope::new(company())
                .only(StandardField::Location, ["Oslo"])
                .without(StandardField::EmploymentKind, ["contractor"]),
            "a|e",
        ),
        ("one of the teams", Scope::new(company()).only(StandardField::Teams, ["tea"]), "ab|"),
        ("a custom field", Scope::new(company()).only(custom(), ["Leeds"]), "b|de"),
    ] {
        let few = ReadRequest::new(everything().today()).with_field(StandardField::Email);
        for request in [everything(), few] {
            let snapshot = scope.snapshot(&request).await.unwrap();
            assert_eq!(shown(&snapshot), expected, "{case}");
            assert!(snapshot.absence_counts(), "{case}");
            assert_eq!(snapshot.fingerprint().organisation.as_deref(), Some("one"), "{case}");
            let told = snapshot.problems().iter().flat_map(hris_core::Problem::about).count();
            assert_eq!(told, snapshot.set_aside().len(), "{case}");
        }
    }
}

#[tokio::test]
async fn somebody_outside_the_scope_or_past_the_limit_is_not_gone() {
    let scope = Scope::new(company()).only(StandardField::Location, ["Oslo"]);
    let limit = Limit::new(company(), 1);
    for directory in [&scope as &dyn Directory, &limit] {
        for id in ["b", "d"] {
            let answer = directory.get(&id.into(), &everything()).await.unwrap();
            assert!(
                matches!(&answer, Lookup::Found(person) if person.id().as_str() == id),
                "{id}: {answer:?}"
            );
        }
        let answer = directory.get(&"z".into(), &everything()).await.unwrap();
        assert!(matches!(answer, Lookup::Gone), "{answer:?}");
    }
}

#[tokio::test]
async fn nobody_leaves_because_a_limit_is_short() {
    for (people, expected) in [(0, "|"), (2, "ab|"), (9, "abcde|")] {
        let snapshot = Limit::new(company(), people).snapshot(&everything()).await.unwrap();
        assert_eq!(shown(&snapshot), expected);
        assert!(!snapshot.absence_counts(), "{people}");
        let why = format!("only the first {people} people are shown");
        assert_eq!(snapshot.absence_reason(), Some(why.as_str()));
    }
}

#[test]
fn each_rule_and_each_limit_has_a_digest_of_its_own_and_their_order_none() {
    let place = |scope: Scope<MemoryDirectory>| scope.only(StandardField::Location, ["Oslo", "Leeds"]);
    let kind = |scope: Scope<MemoryDirectory>| scope.without(StandardField::EmploymentKind, ["contractor"]);
    let of = |scope: Scope<MemoryDirectory>| scope.settings();
    let all = Scope::new(company());
    assert_eq!(of(all.clone()), company().settings(), "no rule changes nothing");
    assert_eq!(of(place(kind(all.clone()))), of(kind(place(all.clone()))));
    let oslo_last = all.clone().only(StandardField::Location, ["leeds", "oslo"]);
    assert_eq!(of(place(all.clone())), of(oslo_last));
    let digests = [
        of(all.clone()),
        of(place(all.clone())),
        of(kind(all.clone())),
        of(place(kind(all.clone()))),
        of(all.clone().only(StandardField::Location, ["Oslo"])),
        of(all.clone().without(StandardField::Location, ["Oslo", "Leeds"])),
        of(all.only(StandardField::Department, ["Oslo", "Leeds"])),
        Limit::new(company(), 1).settings(),
        Limit::new(company(), 2).settings(),
    ];
    for (at, one) in digests.iter().enumerate() {
        assert_eq!(one.writing, company().settings().writing, "how people are written is the same");
        assert!(digests.iter().skip(at + 1).all(|other| other.listing != one.listing), "{at}");
    }
    let elsewhere = company();
    elsewhere.set_settings(hris_core::SourceSettings::of("memory").listing("office", 2, 1).build());
    assert_ne!(of(place(Scope::new(elsewhere))).listing, digests[1].listing, "what is inside counts too");
}

/// Shows no locations.
fn without_locations() -> MemoryDirectory {
    let mut capabilities = company().capabilities().clone();
    capabilities.fields.retain(|capability| capability.field != StandardField::Location);
    company().with_capabilities(capabilities)
}

#[tokio::test]
async fn a_rule_that_cannot_be_followed_is_told_and_lists_nobody() {
    for (case, scope) in [
        ("no value", Scope::new(company()).only(StandardField::Location, [""; 0])),
        ("a blank value", Scope::new(company()).without(StandardField::Location, [" "])),
        ("no such field", Scope::new(without_locations()).only(StandardField::Location, ["Oslo"])),
    ] {
        let error = scope.snapshot(&everything()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{case}");
        assert_eq!(scope.check(&everything()).await.unwrap().level(), Level::Missing, "{case}");
    }
}

/// Around the directory of each stage.
struct Around<H>(H);

struct AroundStage(Box<dyn Stage>);

#[async_trait]
impl<H: Harness> Harness for Around<H> {
    async fn stage(&self, people: &[Person]) -> Box<dyn Stage> {
        Box::new(AroundStage(self.0.stage(people).await))
    }
}

#[async_trait]
impl Stage for AroundStage {
    fn directory(&self) -> Arc<dyn Directory> {
        let scope = Scope::new(self.0.directory()).without(StandardField::JobTitle, ["Nobody's job"]);
        Arc::new(Limit::new(scope, 1_000))
    }
    fn ids(&self) -> Vec<EmployeeId> {
        self.0.ids()
    }
    async fn change(&self, id: &EmployeeId, person: &Person) {
        self.0.change(id, person).await;
    }
    async fn add(&self, person: &Person) -> EmployeeId {
        self.0.add(person).await
    }
    async fn remove(&self, id: &EmployeeId) {
        self.0.remove(id).await;
    }
    async fn break_with(&self, fault: Fault) -> Result<(), String> {
        self.0.break_with(fault).await
    }
    async fn break_lookup(&self, id: &EmployeeId, fault: LookupFault) -> Result<(), String> {
        self.0.break_lookup(id, fault).await
    }
    async fn break_custom(&self, field: &str, fault: CustomFault) -> Result<(), String> {
        self.0.break_custom(field, fault).await
    }
    async fn change_organisation(&self) -> Result<(), String> {
        self.0.change_organisation().await
    }
    async fn change_credential(&self) -> Result<(), String> {
        self.0.change_credential().await
    }
}

#[tokio::test]
async fn a_directory_around_another_passes_the_suite() {
    let summary = run(&Around(MemoryHarness)).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 30, "only {} cases ran", summary.passed.len());
}
