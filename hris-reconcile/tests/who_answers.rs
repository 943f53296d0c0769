//! Who answers, and what an approval covers: pushes, imports and approved plans that meet other people than
//! the ones that were looked at.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use std::collections::BTreeSet;

use async_trait::async_trait;
use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{Policy, Rule, TwoWay};
use hris_core::{
    Capabilities, Directory, DirectoryWriter, EmployeeId, Field, FieldInfo, Fingerprint, Lookup,
    MemoryDirectory, Preflight, ReadRequest, Snapshot, SourceSettings, StandardField, TargetField, UserId,
};
use hris_reconcile::report::Outcome;
use hris_reconcile::store::{MemoryStore, StateStore as _};
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Approval, Runner, SavedPlan};
use support::{Company, codes, day, done, id, leave, people, person, put, vanish};

/// A directory that tells who answers with a listing only.
#[derive(Clone, Debug)]
struct Listing(MemoryDirectory);

#[async_trait]
impl Directory for Listing {
    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }
    fn settings(&self) -> SourceSettings {
        self.0.settings()
    }

    async fn check(&self, request: &ReadRequest) -> hris_core::Result<Preflight> {
        self.0.check(request).await
    }
    async fn fields(&self, request: &ReadRequest) -> hris_core::Result<Vec<FieldInfo>> {
        self.0.fields(request).await
    }
    async fn snapshot(&self, request: &ReadRequest) -> hris_core::Result<Snapshot> {
        self.0.snapshot(request).await
    }
    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> hris_core::Result<Lookup> {
        self.0.get(id, request).await
    }
    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        self.0.writer()
    }
}

struct Office {
    payroll: MemoryDirectory,
    product: MemoryTarget,
    store: MemoryStore,
}

fn from_org(organisation: &str, credential: &str) -> Fingerprint {
    Fingerprint {
        organisation: Some(organisation.to_owned()),
        credential: Some(credential.to_owned()),
        ..Fingerprint::default()
    }
}

impl Office {
    async fn in_step(lists_only: bool) -> Self {
        let mut staff = people(5);
        for (n, person) in staff.iter_mut().enumerate() {
            person.put(StandardField::EmployeeNumber, Field::Value(format!("1{n}")));
            person.put_date(StandardField::StartDate, Field::Value("2020-01-01".parse().unwrap()));
        }
        let payroll = MemoryDirectory::new(staff);
        payroll.set_fingerprint(from_org("a", "key"));
        let office = Self { payroll, product: MemoryTarget::new(), store: MemoryStore::new() };
        for n in 1..=2 {
            office.runner(lists_only).run(day(n)).await.unwrap();
        }
        office
    }

    fn runner(&self, lists_only: bool) -> Runner {
        let mapping = Mapping::new()
            .field("external_id", from("id"))
            .field("email", from("email"))
            .field("employee_number", from("employee_number"))
            .field("start_date", from("start_date"))
            .field("given_name", from("given_name"))
            .field("family_name", from("family_name"))
            .field("job_title", from("job_title"));
        let mut policy = Policy::default();
        policy.two_way = Some(TwoWay::default());
        let source: Box<dyn Directory> =
            if lists_only { Box::new(Listing(self.payroll.clone())) } else { Box::new(self.payroll.clone()) };
        Runner::builder(source, self.product.clone(), self.store.clone())
            .mapping(mapping)
            .policy(policy)
            .build()
            .unwrap()
    }

    fn edit_title(&self) -> UserId {
        let user = support::user(&self.product, "e-1").id;
        self.product.edit(|users| {
            users.get_mut(&user).unwrap().put(&TargetField::JobTitle, Some("Director"));
        });
        user
    }

    fn title(&self) -> Option<String> {
        let mut title = None;
        self.payroll.edit(|people| {
            let person = people.iter().find(|person| person.id().as_str() == "e-1").unwrap();
            title = person.text(StandardField::JobTitle).value().map(|text| text.to_string());
        });
        title
    }
}

#[tokio::test]
async fn a_push_writes_nothing_to_another_organisation_or_by_another_credential() {
    for lists_only in [false, true] {
        for (fingerprint, rule) in [
            (from_org("b", "key"), Rule::OrganisationChanged),
            (from_org("a", "other key"), Rule::CredentialChanged),
        ] {
            let office = Office::in_step(lists_only).await;
            let user = office.edit_title();
            office.payroll.set_fingerprint(fingerprint);
            let report = office.runner(lists_only).push(&user, day(3), day(3)).await.unwrap();
            assert_eq!((report.outcome, report.exit_code()), (Outcome::Refused, 3), "{rule:?}");
            assert_eq!(report.refusal.unwrap().rule, rule);
            assert_eq!(office.title().as_deref(), Some("Miller"));
            assert!(office.store.load("default").await.unwrap().unsettled.is_empty());

            office.payroll.set_fingerprint(from_org("a", "key"));
            let report = office.runner(lists_only).push(&user, day(3), day(3)).await.unwrap();
            assert_eq!(done(&report), ["update e-1 (job_title)"]);
            assert_eq!(office.title().as_deref(), Some("Director"));
        }
    }
}

/// The id is somebody else's now: whatever was edited in the account is not theirs.
#[tokio::test]
async fn a_push_writes_nothing_to_a_person_who_is_somebody_else() {
    for lists_only in [false, true] {
        let office = Office::in_step(lists_only).await;
        let user = office.edit_title();
        support::edit(&office.payroll, "e-1", |somebody| {
            *somebody = person("e-1", "zoe@mill.example");
            somebody.put(StandardField::EmployeeNumber, Field::Value("99".to_owned()));
            somebody.put_date(StandardField::StartDate, Field::Value("2026-11-01".parse().unwrap()));
            somebody.put(StandardField::GivenName, Field::Value("Zoe".to_owned()));
            somebody.put(StandardField::FamilyName, Field::Value("Zander".to_owned()));
        });
        let report = office.runner(lists_only).push(&user, day(3), day(3)).await.unwrap();
        assert!(done(&report).is_empty(), "{:?}", report.actions);
        assert_eq!(office.title().as_deref(), Some("Miller"));
    }
}

/// An event of the very instant of the comparison was seen by it.
#[tokio::test]
async fn an_event_of_the_instant_of_the_comparison_is_passed_over() {
    let office = Office::in_step(false).await;
    let user = office.edit_title();
    let link = office.store.load("default").await.unwrap().links;
    let base = link.iter().find(|link| link.user == user).unwrap().bases[&TargetField::JobTitle].at;
    let report = office.runner(false).push(&user, base, day(3)).await.unwrap();
    assert!(report.actions.is_empty() && report.notices.len() == 1, "{:?}", report.notices);
    let report = office.runner(false).push(&user, base.plus_seconds(1), day(3)).await.unwrap();
    assert_eq!(done(&report), ["update e-1 (job_title)"]);
}

#[tokio::test]
async fn an_import_writes_nothing_of_another_organisation_or_by_another_credential() {
    for (fingerprint, rule) in
        [(from_org("b", "key"), Rule::OrganisationChanged), (from_org("a", "x"), Rule::CredentialChanged)]
    {
        let company = Company::new(5);
        company.directory.set_fingerprint(from_org("a", "key"));
        company.runner().run(day(1)).await.unwrap();
        put(&company.directory, "e-1", StandardField::Email, "other@b.example");
        company.directory.set_fingerprint(fingerprint);
        let writes = company.target.writes();
        let report = company.runner().import(&id("e-1"), day(2)).await.unwrap();
        assert_eq!((report.refusal.unwrap().rule, company.target.writes()), (rule, writes));
    }
}

/// What everybody together contests, one person alone does not get.
#[tokio::test]
async fn an_import_does_what_a_sync_would_and_no_more() {
    let company = Company::provisioned(6).await;
    company.directory.edit(|people| {
        people.push(person("n-1", "twin@mill.example"));
        people.push(person("n-2", "twin@mill.example"));
    });
    put(&company.directory, "e-3", StandardField::Email, "p4@mill.example");
    let writes = company.target.writes();
    for who in ["n-1", "e-3"] {
        let report = company.runner().import(&id(who), day(2)).await.unwrap();
        assert!(done(&report).is_empty(), "{who}: {:?}", report.actions);
        assert!(!codes(&report).is_empty(), "{who}: it is told why");
    }
    assert_eq!(company.target.writes(), writes);
}

fn four_leave(company: &Company) {
    for n in 1..=4 {
        leave(&company.directory, &format!("e-{n}"));
    }
}

#[tokio::test]
async fn an_approval_covers_the_rules_that_were_breached_when_the_plan_was_made() {
    let company = Company::new(12);
    company.directory.set_fingerprint(from_org("a", "key"));
    company.runner().run(day(1)).await.unwrap();
    four_leave(&company);
    let saved = company.runner().plan(day(2)).await.unwrap().save();
    assert_eq!(saved.breached(), &BTreeSet::from([Rule::MaxDeactivationsPercent]));

    // The same actions would be planned, and another company answers.
    company.directory.set_fingerprint(from_org("b", "key"));
    let writes = company.target.writes();
    let stale = company.runner().apply(&saved, Approval::Given, day(2)).await.unwrap();
    let refusal = stale.refusal.unwrap();
    assert_eq!((refusal.rule, company.target.writes()), (Rule::PlanStale, writes));

    company.directory.set_fingerprint(from_org("a", "key"));
    let text = saved.to_json().unwrap();
    let forged = text.replace("max_deactivations_percent\"", "organisation_changed\"");
    assert!(!SavedPlan::read(&forged).unwrap().is_intact(), "what is approved cannot be written in");
    let done =
        company.runner().apply(&SavedPlan::read(&text).unwrap(), Approval::Given, day(2)).await.unwrap();
    assert_eq!((done.outcome, done.counts.deactivated), (Outcome::Completed, 4));
}

/// A plan of the earlier format says of no rule that it was looked at.
#[tokio::test]
async fn a_plan_of_the_earlier_format_is_read_and_approves_no_breach() {
    use sha2::{Digest as _, Sha256};

    let company = Company::provisioned(12).await;
    put(&company.directory, "e-9", StandardField::JobTitle, "Baker");
    let older = |saved: &SavedPlan| {
        let mut json: serde_json::Value = serde_json::from_str(&saved.to_json().unwrap()).unwrap();
        json["format"] = 1.into();
        json.as_object_mut().unwrap().remove("breached");
        let content =
            serde_json::to_vec(&(1, saved.connection(), saved.created_at(), saved.digest(), saved.plan()));
        let sum: String = Sha256::digest(content.unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
        json["checksum"] = sum.into();
        SavedPlan::read(&json.to_string()).unwrap()
    };
    let quiet = older(&company.runner().plan(day(2)).await.unwrap().save());
    assert!(quiet.is_intact());
    let report = company.runner().apply(&quiet, Approval::Given, day(2)).await.unwrap();
    assert_eq!(done(&report), ["update e-9 (job_title)"]);
    four_leave(&company);
    let breaching = older(&company.runner().plan(day(3)).await.unwrap().save());
    let report = company.runner().apply(&breaching, Approval::Given, day(3)).await.unwrap();
    assert_eq!(report.refusal.unwrap().rule, Rule::PlanStale);
}

#[tokio::test]
async fn an_import_of_nobody_is_an_error_and_not_a_removal() {
    let company = Company::provisioned(5).await;
    vanish(&company.directory, "e-3");
    let error = company.runner().import(&id("e-3"), day(2)).await.unwrap_err();
    assert_eq!(error.kind(), hris_reconcile::ErrorKind::Config);
    assert!(support::user(&company.target, "e-3").is_live());
}

/// Plans and journals that earlier versions wrote are read: a plan of format 3 is whole, and its actions are open
/// actions of a journal like any other. An invitation of it names no end.
#[tokio::test]
async fn plans_and_open_actions_of_the_version_before_are_read() {
    let text = include_str!("recorded/plan-format-3.json");
    let saved = SavedPlan::read(text).unwrap();
    assert!(saved.is_intact(), "nobody changed it");
    assert_eq!((saved.plan().actions.len(), saved.connection()), (8, "default"));
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    let store = hris_reconcile::store::MemoryStore::new();
    let lease = store.acquire("default", "run-1").await.unwrap();
    let open: Vec<hris_reconcile::store::Intent> = json["plan"]["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| {
            let intent = serde_json::json!({
                "run": "run-1", "action": action, "at": "2026-11-23T09:00:00Z", "approved": false
            });
            serde_json::from_value(intent).unwrap()
        })
        .collect();
    assert!(open.iter().all(|intent| intent.action.expires_at.is_none()));
    store.intend(&lease, &open).await.unwrap();
    assert_eq!(store.load("default").await.unwrap().unsettled, open);

    let again = saved.to_json().unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&again).unwrap(), json, "and written as it was");
}
