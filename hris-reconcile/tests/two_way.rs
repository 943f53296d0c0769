//! Two systems that are both edited: what a run does about it, field by field.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

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

#[tokio::test]
async fn an_edit_goes_to_the_other_side_once() {
    let office = Office::new().in_step().await;
    office.pay(StandardField::JobTitle, Some("Baker"));
    office.use_product(TargetField::Phone, Some("+47 22 12 34 56"));
    let report = office.run(3).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(lines(&report), ["update target e-1 (job_title) done", "update source e-1 (phone) done"]);
    assert_eq!(report.counts.updated, 2, "each side was updated");
    assert_eq!(office.user().value(&TargetField::JobTitle), Some("Baker"));
    assert_eq!(office.person().text(StandardField::WorkPhone), Field::Value("+47 22 12 34 56"));
    assert!(office.is_quiet(4).await);

    office.use_product(TargetField::Phone, None);
    office.pay(StandardField::JobTitle, None);
    office.run(4).await;
    assert_eq!(office.person().text(StandardField::WorkPhone), Field::Cleared);
    assert_eq!(office.user().value(&TargetField::JobTitle), None);
    assert!(office.is_quiet(5).await);
}

#[tokio::test]
async fn an_address_and_a_date_flow_back_as_a_whole() {
    let office = Office::new().in_step().await;
    office.use_product(TargetField::Address, Some(r#"{"street":"4 Yard","city":"Oslo","country":"NO"}"#));
    office.use_product(TargetField::EndDate, Some("2026-12-31"));
    office.run(3).await;
    let person = office.person();
    assert_eq!(person.text(StandardField::AddressCity), Field::Value("Oslo"));
    assert_eq!(person.end_date(), Field::Value(Date::new(2026, 12, 31).unwrap()));
    assert!(office.is_quiet(4).await);

    office.pay(StandardField::AddressStreet, Some("5 Yard"));
    office.run(4).await;
    let address = office.user().value(&TargetField::Address).unwrap().to_owned();
    assert!(address.contains("5 Yard") && address.contains("Oslo"), "{address}");
    assert!(office.is_quiet(5).await);
}

/// A default, a table of values or several sources: nothing leads back from there.
#[tokio::test]
async fn an_edit_that_cannot_go_back_stays_and_is_told_once() {
    let office = Office::new().in_step().await;
    office.use_product(TargetField::Department, Some("Weaving"));
    let told = |report: &Report| {
        let about = |problem: &&hris_core::Problem| problem.field.as_deref() == Some("department");
        report.problems.iter().filter(about).map(|problem| problem.code.as_str()).collect::<Vec<_>>()
    };
    let report = office.run(3).await;
    assert_eq!(told(&report), ["divergence"]);
    assert_eq!(lines(&report), Vec::<String>::new());
    assert_eq!(office.user().value(&TargetField::Department), Some("Weaving"));
    assert_eq!(office.person().text(StandardField::Department), Field::Cleared);
    assert_eq!(told(&office.run(4).await), Vec::<&str>::new());

    // The source's own edit is told too, and goes over once the product's is gone.
    office.pay(StandardField::Department, Some("Dyeing"));
    assert_eq!(told(&office.run(5).await), ["divergence"]);
    assert_eq!(office.user().value(&TargetField::Department), Some("Weaving"));
    office.use_product(TargetField::Department, Some("Dyeing"));
    assert_eq!(told(&office.run(6).await), Vec::<&str>::new());
    office.pay(StandardField::Department, Some("Spinning"));
    let report = office.run(7).await;
    assert_eq!(lines(&report), ["update target e-1 (department) done"]);
    assert!(office.is_quiet(8).await);
}

/// People whom both sides have, first seen: an empty side takes nothing, and nothing is written over.
#[tokio::test]
async fn at_first_contact_what_cannot_go_back_is_only_filled() {
    let office = Office::new();
    office.pay(StandardField::StartDate, None);
    support::edit(&office.payroll, "e-1", |person| {
        person.put_date(StandardField::StartDate, Field::Value("2026-01-02".parse().unwrap()));
    });
    office.use_product(TargetField::EndDate, Some("2026-12-31"));
    office.use_product(TargetField::EmployeeNumber, Some("17"));
    office.use_product(TargetField::JobTitle, None);
    office.pay(StandardField::EmployeeNumber, Some("71"));
    let mut capabilities = hris_core::Directory::capabilities(&office.payroll).clone();
    for field in &mut capabilities.fields {
        field.writable = field.field == StandardField::Email;
    }
    let payroll = office.payroll.clone().with_capabilities(capabilities);
    let mapping = mapping()
        .field("start_date", from("start_date"))
        .field("employee_number", from("employee_number"))
        .field("custom.teams", from("teams"));
    let mut policy = Policy::default();
    policy.two_way = Some(TwoWay::default());
    let runner = Runner::builder(payroll, office.product.clone(), office.store.clone())
        .connection("acme")
        .mapping(mapping)
        .policy(policy)
        .build()
        .unwrap();
    runner.run(day(1)).await.unwrap();
    let report = runner.run(day(2)).await.unwrap();
    let user = office.user();
    assert_eq!(user.value(&TargetField::EndDate), Some("2026-12-31"));
    assert_eq!(user.value(&TargetField::EmployeeNumber), Some("17"));
    assert_eq!(user.value(&TargetField::StartDate), Some("2026-01-02"), "an empty field is filled");
    assert_eq!(user.value(&TargetField::JobTitle), Some("Miller"));
    let told: Vec<_> = report.problems.iter().filter_map(|problem| problem.field.as_deref()).collect();
    assert_eq!(told, ["employee_number", "end_date"], "{:?}", report.problems);
    assert_eq!(report.counts.conflicts, 0);
    let report = runner.run(day(3)).await.unwrap();
    assert!(report.problems.is_empty() && report.actions.is_empty(), "{:?}", report.problems);
}

/// Payroll may give a city back in capitals.
#[tokio::test]
async fn a_city_in_capitals_is_the_same_city() {
    let office = Office::new();
    office.pay(StandardField::AddressStreet, Some("Skansegata 7b"));
    office.pay(StandardField::AddressCity, Some("TROMS\u{d8}"));
    office.pay(StandardField::AddressCountry, Some("NO"));
    let own = r#"{"street":"Skansegata 7B","city":"Troms\u00f8","country":"no"}"#;
    office.use_product(TargetField::Address, Some(own));
    office.run(1).await;
    let report = office.run(2).await;
    assert_eq!((report.counts.conflicts, lines(&report)), (0, Vec::new()));
    office.pay(StandardField::AddressCity, Some("Troms\u{f8}"));
    office.pay(StandardField::AddressStreet, Some("SKANSEGATA 7B"));
    assert!(office.is_quiet(3).await);
    assert_eq!(office.user().value(&TargetField::Address), Some(own));
    office.pay(StandardField::AddressStreet, Some("SKANSEGATA 8"));
    assert_eq!(lines(&office.run(4).await), ["update target e-1 (address) done"]);
}

#[tokio::test]
async fn both_changed_is_asked_and_the_decision_is_carried_out_once() {
    for keep in [Side::Source, Side::Target] {
        let office = Office::new().in_step().await;
        office.pay(StandardField::JobTitle, Some("Baker"));
        office.use_product(TargetField::JobTitle, Some("Smith"));
        for n in 3..5 {
            let report = office.run(n).await;
            assert_eq!((report.outcome, report.exit_code()), (Outcome::Partial, 2));
            assert_eq!(report.counts.conflicts, 1);
            assert!(report.actions.is_empty());
            assert_eq!(office.titles(), (some("Baker"), some("Smith")), "nothing is written");
            let text = report.to_json();
            assert!(!text.contains("Baker") && !text.contains("Smith"), "{text}");
        }
        let runner = office.runner();
        let conflicts = runner.plan(day(5)).await.unwrap().plan.conflicts;
        assert_eq!(conflicts.len(), 1);
        let conflict = &conflicts[0];
        assert_eq!((conflict.source.as_deref(), conflict.target.as_deref()), (Some("Baker"), Some("Smith")));
        assert_eq!(conflict.base.as_ref().unwrap().source.as_deref(), Some("Miller"));
        assert!(!format!("{conflict:?}").contains("Baker"));
        runner.resolve(&[conflict.keep(keep)]).await.unwrap();
        let report = office.run(6).await;
        assert_eq!(report.outcome, Outcome::Completed);
        let kept = if keep == Side::Source { "Baker" } else { "Smith" };
        assert_eq!(office.titles(), (some(kept), some(kept)));
        assert!(office.is_quiet(7).await);
        assert!(office.store.load("acme").await.unwrap().decisions.is_empty(), "it is over");
    }
}

#[tokio::test]
async fn a_decision_lapses_when_a_value_changes() {
    let office = Office::new().in_step().await;
    office.pay(StandardField::JobTitle, Some("Baker"));
    office.use_product(TargetField::JobTitle, Some("Smith"));
    let runner = office.runner();
    let conflicts = runner.plan(day(3)).await.unwrap().plan.conflicts;
    runner.resolve(&[conflicts[0].keep(Side::Source)]).await.unwrap();
    office.use_product(TargetField::JobTitle, Some("Dyer"));
    let report = office.run(4).await;
    assert_eq!(report.counts.conflicts, 1);
    assert_eq!(report.conflicts[0].id, conflicts[0].id, "the id stays");
    assert_eq!(office.titles(), (some("Baker"), some("Dyer")));
    // Not even when the old values come back.
    office.use_product(TargetField::JobTitle, Some("Smith"));
    assert_eq!(office.run(5).await.counts.conflicts, 1);
    assert_eq!(office.titles(), (some("Baker"), some("Smith")));
}

#[tokio::test]
async fn policies_decide_for_all_and_for_single_fields() {
    let table = [
        (Conflicts::SourceWins, None, "Baker"),
        (Conflicts::TargetWins, None, "Smith"),
        (Conflicts::Ask, Some(Conflicts::TargetWins), "Smith"),
        (Conflicts::TargetWins, Some(Conflicts::SourceWins), "Baker"),
    ];
    for (all, one, kept) in table {
        let office = Office::new().in_step().await.rules(|rules| {
            rules.conflict = all;
            rules.fields.extend(one.map(|one| (TargetField::JobTitle, one)));
        });
        office.pay(StandardField::JobTitle, Some("Baker"));
        office.use_product(TargetField::JobTitle, Some("Smith"));
        office.run(3).await;
        assert_eq!(office.titles(), (some(kept), some(kept)), "{all:?} {one:?}");
        assert!(office.is_quiet(4).await);
    }
}

#[tokio::test]
async fn the_newest_wins_only_where_both_times_can_be_relied_on() {
    let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let table = [
        (time("2026-11-02T12:00:00Z"), time("2026-11-02T13:00:00Z"), Some("Smith")),
        (time("2026-11-02T14:00:00Z"), time("2026-11-02T13:00:00Z"), Some("Baker")),
        (None, time("2026-11-02T13:00:00Z"), None),
        (time("2026-11-02T14:00:00Z"), None, None),
        // Before both were in step, or still to come: such a clock proves nothing.
        (time("2026-10-01T12:00:00Z"), time("2026-11-02T13:00:00Z"), None),
        (time("2027-11-02T12:00:00Z"), time("2026-11-02T13:00:00Z"), None),
        (time("2026-11-02T13:00:00Z"), time("2026-11-02T13:00:00Z"), None),
    ];
    for (paid, used, kept) in table {
        let office = Office::new().in_step().await.rules(|rules| rules.conflict = Conflicts::NewestWins);
        office.pay(StandardField::JobTitle, Some("Baker"));
        office.use_product(TargetField::JobTitle, Some("Smith"));
        support::edit(&office.payroll, "e-1", |person| *person = person.clone().with_changed_at(paid));
        office.product.edit(|users| users.get_mut(&UserId::from("u-ada")).unwrap().changed_at = used);
        office.run(3).await;
        let expected = match kept {
            Some(kept) => (some(kept), some(kept)),
            None => (some("Baker"), some("Smith")),
        };
        assert_eq!(office.titles(), expected, "{paid:?} {used:?}");
    }
}

/// A record says when it was changed last, and not which field. Where it shows a second change, that may be the
/// later one.
#[tokio::test]
async fn an_older_edit_does_not_win_because_something_else_was_changed_later() {
    let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    for (later, other_change_at, decided) in [
        (Side::Source, Side::Source, false),
        (Side::Target, Side::Target, false),
        // What the older record shows besides does not matter: this field was not changed after its time.
        (Side::Source, Side::Target, true),
        (Side::Target, Side::Source, true),
    ] {
        let office = Office::new().in_step().await.rules(|rules| rules.conflict = Conflicts::NewestWins);
        office.pay(StandardField::JobTitle, Some("Baker"));
        office.use_product(TargetField::JobTitle, Some("Smith"));
        match other_change_at {
            Side::Source => office.pay(StandardField::GivenName, Some("Adelaide")),
            Side::Target => office.use_product(TargetField::GivenName, Some("Adelaide")),
        }
        let (paid, used) = match later {
            Side::Source => (time("2026-11-02T14:00:00Z"), time("2026-11-02T13:00:00Z")),
            Side::Target => (time("2026-11-02T13:00:00Z"), time("2026-11-02T14:00:00Z")),
        };
        support::edit(&office.payroll, "e-1", |person| *person = person.clone().with_changed_at(paid));
        office.product.edit(|users| users.get_mut(&UserId::from("u-ada")).unwrap().changed_at = used);
        let report = office.run(3).await;
        let expected = match (decided, later) {
            (true, Side::Source) => ("Baker", "Baker"),
            (true, Side::Target) => ("Smith", "Smith"),
            (false, _) => ("Baker", "Smith"),
        };
        let what = format!("{later:?} {other_change_at:?}");
        assert_eq!(office.titles(), (some(expected.0), some(expected.1)), "{what}");
        assert_eq!(report.conflicts.len(), usize::from(!decided), "{what}");
    }
}

#[tokio::test]
async fn the_first_contact_has_three_cases_and_shows_them_before_it_writes() {
    let table = [
        (
            MissingValue::Fill,
            vec!["update source e-1 (job_title) planned", "update target e-1 (phone) planned"],
            1,
        ),
        (MissingValue::Leave, vec![], 1),
        (MissingValue::Ask, vec![], 3),
    ];
    for (missing, expected, conflicts) in table {
        let office = Office::new().rules(|rules| rules.missing_value = missing);
        office.pay(StandardField::WorkPhone, Some("+4722123456"));
        office.pay(StandardField::JobTitle, None);
        office.use_product(TargetField::GivenName, Some("Adelaide"));
        // Whoever has accounts with external ids and no memory of them only matches first.
        office.run(1).await;
        let report = office.runner().plan(day(2)).await.unwrap().report;
        let mut found = lines(&report);
        found.retain(|line| !line.starts_with("link") && !line.contains("department"));
        found.sort();
        assert_eq!(found, expected, "{missing:?}");
        assert_eq!(report.counts.conflicts, conflicts, "{missing:?}");
        assert_eq!(office.user().value(&TargetField::Phone), None, "a plan writes nothing");
        office.run(2).await;
        let filled = missing == MissingValue::Fill;
        assert_eq!(office.user().value(&TargetField::Phone), filled.then_some("+4722123456"));
        assert_eq!(office.person().text(StandardField::GivenName), Field::Value("Ada"));
    }
}

#[tokio::test]
async fn what_was_left_different_takes_later_edits() {
    let office = Office::new().rules(|rules| rules.missing_value = MissingValue::Leave);
    office.pay(StandardField::WorkPhone, Some("+4722123456"));
    let office = office.in_step().await;
    assert_eq!(office.user().value(&TargetField::Phone), None);
    office.pay(StandardField::WorkPhone, Some("+4722999999"));
    office.run(3).await;
    assert_eq!(office.user().value(&TargetField::Phone), Some("+4722999999"));
}

#[tokio::test]
async fn people_on_one_side_only() {
    let newcomer = || {
        User::new("u-bo", UserStatus::Active)
            .with(TargetField::Email, "bo@mill.example")
            .with(TargetField::GivenName, "Bo")
            .with(TargetField::Phone, "+4722000000")
    };
    for choice in [MissingAccounts::Create, MissingAccounts::Ignore, MissingAccounts::Ask] {
        let office = Office::new().in_step().await.rules(|rules| rules.missing_in_source = choice);
        office.product.edit(|users| {
            users.insert(UserId::from("u-bo"), newcomer());
        });
        let report = office.run(3).await;
        let mut people = Vec::new();
        office.payroll.edit(|all| people.clone_from(all));
        match choice {
            MissingAccounts::Create => {
                // The product learns at once what payroll gave, and then it is quiet.
                let mut done = lines(&report);
                done.sort();
                assert_eq!(
                    done,
                    [
                        "assign target m-1 (role) done",
                        "create source u-bo (email, given_name, phone) done",
                        "update target m-1 (external_id, department) done"
                    ]
                );
                assert_eq!(report.counts.created, 1);
                assert_eq!(people.len(), 5);
                assert_eq!(people[4].work_phone(), Field::Value("+4722000000"));
                assert!(office.is_quiet(4).await);
                assert!(office.run(4).await.actions.is_empty());
                assert_eq!(office.product.all().len(), 5);
            }
            MissingAccounts::Ask => {
                assert_eq!((report.counts.conflicts, people.len()), (1, 4));
                let runner = office.runner();
                let conflicts = runner.plan(day(3)).await.unwrap().plan.conflicts;
                runner.resolve(&[conflicts[0].keep(Side::Source)]).await.unwrap();
                assert_eq!(office.run(4).await.counts.conflicts, 0);
                assert!(office.is_quiet(5).await);
                runner.resolve(&[conflicts[0].keep(Side::Target)]).await.unwrap();
                assert_eq!(office.run(6).await.counts.created, 1);
            }
            _ => assert!(report.actions.is_empty() && people.len() == 4),
        }
    }
}

#[tokio::test]
async fn people_missing_in_the_product_are_made_ignored_or_asked() {
    for choice in [MissingPeople::Create, MissingPeople::Ignore, MissingPeople::Ask] {
        let office = Office::new().in_step().await.rules(|rules| rules.missing_in_target = choice);
        let cy = support::person("e-2", "cy@mill.example");
        office.payroll.edit(|people| people.push(cy));
        let report = office.run(3).await;
        let expected = match choice {
            MissingPeople::Create => (1, 0),
            MissingPeople::Ignore => (0, 0),
            _ => (0, 1),
        };
        assert_eq!((report.counts.created, report.counts.conflicts), expected, "{choice:?}");
        if choice == MissingPeople::Ask {
            let runner = office.runner();
            let conflicts = runner.plan(day(3)).await.unwrap().plan.conflicts;
            runner.resolve(&[conflicts[0].keep(Side::Source)]).await.unwrap();
            assert_eq!(office.run(4).await.counts.created, 1);
        }
        office.run(5).await;
        assert!(office.is_quiet(6).await);
    }
}

#[tokio::test]
async fn nobody_is_made_in_payroll_who_may_be_there_or_was() {
    let office =
        Office::new().in_step().await.rules(|rules| rules.missing_in_source = MissingAccounts::Create);
    office.product.edit(|users| {
        let was = User::new("u-was", UserStatus::Active)
            .with(TargetField::ExternalId, "e-gone")
            .with(TargetField::Email, "was@mill.example");
        let closed =
            User::new("u-closed", UserStatus::Deactivated).with(TargetField::Email, "cl@mill.example");
        let odd = User::new("u-odd", UserStatus::Active).with(TargetField::Email, "no address");
        for user in [was, closed, odd, User::new("u-none", UserStatus::Active)] {
            users.insert(user.id.clone(), user);
        }
    });
    let report = office.run(3).await;
    assert!(report.actions.is_empty(), "{:?}", lines(&report));
    let mut about: Vec<&str> =
        report.problems.iter().filter_map(|p| p.user.as_ref()).map(UserId::as_str).collect();
    about.sort_unstable();
    assert_eq!(about, ["u-none", "u-odd", "u-was"]);
}

#[tokio::test]
async fn an_address_that_another_person_has_does_not_go_to_payroll() {
    let office = Office::new().in_step().await;
    let cy = support::person("e-2", "cy@mill.example");
    office.payroll.edit(|people| people.push(cy));
    office.run(3).await;
    office.product.edit(|users| {
        // Cy's account lets go of the address, and Ada's takes it.
        let cy = users
            .values_mut()
            .find(|user| user.value(&TargetField::Email) == Some("cy@mill.example"))
            .unwrap();
        cy.put(&TargetField::Email, Some("cyrus@mill.example"));
        users.get_mut(&UserId::from("u-ada")).unwrap().put(&TargetField::Email, Some("cy@mill.example"));
    });
    let report = office.run(4).await;
    assert!(support::codes(&report).contains(&"uniqueness_conflict"));
    assert_eq!(office.person().email(), Field::Value("ada@mill.example"));
    // Cy's address has moved by then, so Ada's follows.
    let report = office.run(5).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(office.person().email(), Field::Value("cy@mill.example"));
    assert!(office.is_quiet(6).await);
}

#[tokio::test]
async fn an_emptied_address_takes_nothing_from_the_other_side() {
    let office = Office::new().in_step().await;
    office.use_product(TargetField::Email, None);
    let report = office.run(3).await;
    assert_eq!(support::codes(&report), ["cannot_unset"]);
    assert_eq!(office.person().email(), Field::Value("ada@mill.example"));
    // Told once, and not tried again.
    assert!(support::codes(&office.run(4).await).is_empty());
    assert!(office.is_quiet(5).await);
    // The next edit of either side goes over.
    office.pay(StandardField::Email, Some("lovelace@mill.example"));
    office.run(5).await;
    assert_eq!(office.user().value(&TargetField::Email), Some("lovelace@mill.example"));
    assert!(office.is_quiet(6).await);
}

#[tokio::test]
async fn a_field_that_is_hidden_is_no_edit() {
    let office = Office::new().in_step().await;
    support::edit(&office.payroll, "e-1", |person| person.put(StandardField::JobTitle, Field::NotPermitted));
    office.use_product(TargetField::JobTitle, Some("Smith"));
    office.run(3).await;
    assert_eq!(office.user().value(&TargetField::JobTitle), Some("Smith"));
    support::edit(&office.payroll, "e-1", |person| {
        person.put(StandardField::JobTitle, Field::Value("Miller".into()))
    });
    office.run(4).await;
    assert_eq!(office.titles(), (some("Smith"), some("Smith")));
}

#[tokio::test]
async fn a_leaver_leaves_the_product_and_a_closed_account_nobody() {
    let office = Office::new().in_step().await;
    office
        .product
        .edit(|users| users.get_mut(&UserId::from("u-ada")).unwrap().status = UserStatus::Deactivated);
    let report = office.run(3).await;
    assert!(report.actions.is_empty());
    assert_eq!(office.person().status(), Status::Active);
    office.product.edit(|users| users.get_mut(&UserId::from("u-ada")).unwrap().status = UserStatus::Active);
    support::leave(&office.payroll, "e-1");
    assert_eq!(office.run(4).await.counts.deactivated, 1);
}

#[tokio::test]
async fn an_edit_is_pushed_at_once_and_one_way() {
    let office = Office::new().in_step().await;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let user = UserId::from("u-ada");
    office.use_product(TargetField::Phone, Some("+4722123456"));
    office.pay(StandardField::JobTitle, Some("Baker"));
    let runner = office.runner();
    let report = runner.push(&user, at("2026-11-03T10:00:00Z"), at("2026-11-03T10:00:01Z")).await.unwrap();
    assert_eq!(report.command, "push");
    assert_eq!(lines(&report), ["update source e-1 (phone) done"]);
    assert_eq!(office.titles(), (some("Baker"), some("Miller")), "the other way waits for a sync");

    // The same event again, and an older one.
    for seen in ["2026-11-03T10:00:00Z", "2026-11-03T09:00:00Z"] {
        let report = runner.push(&user, at(seen), at("2026-11-03T10:05:00Z")).await.unwrap();
        assert!(report.actions.is_empty() && report.notices.len() == 1, "{:?}", report.notices);
    }
    // Both changed: nothing is written, and it is said.
    office.use_product(TargetField::JobTitle, Some("Smith"));
    let report = runner.push(&user, at("2026-11-03T11:00:00Z"), at("2026-11-03T11:00:01Z")).await.unwrap();
    assert_eq!((report.counts.conflicts, report.outcome), (1, Outcome::Partial));
    assert_eq!(office.titles(), (some("Baker"), some("Smith")));
    // Somebody who is linked to nobody, and nobody at all.
    let report = runner.push(&UserId::from("u-new"), day(4), day(4)).await.unwrap();
    assert_eq!(report.notices.len(), 1);
    // The sync goes on from there.
    let report = office.run(4).await;
    assert_eq!(report.counts.conflicts, 1);
}

#[tokio::test]
async fn a_push_needs_a_two_way_policy() {
    let office = Office::new();
    let runner = Runner::builder(office.payroll.clone(), office.product.clone(), office.store.clone());
    let runner = runner.mapping(mapping()).build().unwrap();
    let error = runner.push(&UserId::from("u-ada"), day(1), day(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_rule_about_a_field_that_cannot_flow_back_is_a_mistake() {
    let office = Office::new().rules(|rules| {
        rules.fields.insert(TargetField::Department, Conflicts::SourceWins);
    });
    let error = office.builder().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("department"), "{error}");
}

/// What is remembered survives in a file.
#[tokio::test]
async fn bases_and_decisions_are_kept_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let office = Office::new();
    let runner = async || {
        let store = SqliteStore::open(&path).await.unwrap();
        let mut policy = Policy::default();
        policy.two_way = Some(TwoWay::default());
        let runner = Runner::builder(office.payroll.clone(), office.product.clone(), store);
        runner.connection("acme").mapping(mapping()).policy(policy).build().unwrap()
    };
    runner().await.run(day(1)).await.unwrap();
    runner().await.run(day(2)).await.unwrap();
    office.pay(StandardField::JobTitle, Some("Baker"));
    office.use_product(TargetField::JobTitle, Some("Smith"));
    let conflicts = runner().await.plan(day(3)).await.unwrap().plan.conflicts;
    runner().await.resolve(&[conflicts[0].keep(Side::Target)]).await.unwrap();
    let report = runner().await.run(day(4)).await.unwrap();
    assert_eq!(lines(&report), ["update source e-1 (job_title) done"]);
    let store = SqliteStore::open(&path).await.unwrap();
    let state = store.load("acme").await.unwrap();
    assert!(state.decisions.is_empty());
    assert_eq!(state.links[0].bases[&TargetField::JobTitle].target.as_deref(), Some("Smith"));
}
