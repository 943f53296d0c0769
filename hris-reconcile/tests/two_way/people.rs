//! People whom one side does not have, and addresses.

use super::*;

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
