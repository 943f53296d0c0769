//! One field that the target refuses, and what the target makes of values.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod support;

use hris_core::reconcile::ActionKind;
use hris_core::{StandardField, TargetField};
use hris_reconcile::report::Outcome;
use hris_reconcile::store::StateStore as _;
use support::mill::Mill;
use support::{codes, done, put};

/// The table refuses long family names, and says so in its own words or with the column's name.
#[tokio::test]
async fn a_refused_field_withholds_no_other() {
    for trigger in [
        "CREATE TRIGGER short BEFORE UPDATE ON users WHEN length(new.family_name) > 30 \
         BEGIN SELECT RAISE(ABORT, 'too long for us'); END",
        "CREATE TRIGGER short BEFORE UPDATE ON users WHEN length(new.family_name) > 30 \
         BEGIN SELECT RAISE(ABORT, 'family_name is too long'); END",
        "CREATE TRIGGER short BEFORE UPDATE ON users WHEN length(new.family_name) > 30 \
         BEGIN SELECT RAISE(ABORT, 'blame job_title'); END",
    ] {
        let mill = Mill::new(3).await;
        mill.run(1).await;
        mill.execute(trigger).await;
        put(&mill.directory, "e-1", StandardField::FamilyName, &"Mill".repeat(10));
        put(&mill.directory, "e-1", StandardField::GivenName, "Adeline");
        put(&mill.directory, "e-1", StandardField::JobTitle, "Baker");
        for n in 2..=3 {
            let report = mill.run(n).await;
            assert_eq!((report.outcome, report.exit_code()), (Outcome::Partial, 2), "{trigger}");
            assert_eq!(codes(&report), ["target_rejected"], "{trigger}");
            assert_eq!(report.problems[0].field.as_deref(), Some("family_name"), "{trigger}");
            assert_eq!(report.problems[0].employee.as_ref().map(|id| id.as_str()), Some("e-1"));
            if n == 2 {
                assert_eq!(done(&report), ["update e-1 (given_name, job_title)"], "{trigger}");
            }
        }
        let user = mill.user("e-1").await;
        assert_eq!(user.value(&TargetField::JobTitle), Some("Baker"), "{trigger}");
        assert_eq!(user.value(&TargetField::GivenName), Some("Adeline"), "{trigger}");
        assert_eq!(user.value(&TargetField::FamilyName), Some("Family e-1"), "{trigger}");
    }
}

#[tokio::test]
async fn an_update_of_which_every_field_is_refused_fails_as_one() {
    let mill = Mill::new(2).await;
    mill.run(1).await;
    mill.execute("CREATE TRIGGER no BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'no'); END").await;
    put(&mill.directory, "e-1", StandardField::GivenName, "Adeline");
    put(&mill.directory, "e-1", StandardField::JobTitle, "Baker");
    let report = mill.run(2).await;
    assert_eq!((codes(&report), report.counts.failed, report.exit_code()), (vec!["target_rejected"], 1, 2));
    assert!(done(&report).is_empty());
}

/// The table cuts titles. That is learned once, of who was made and of who was changed, and is no
/// difference afterwards, as far as the plan looks at what was learned.
#[tokio::test]
async fn what_the_target_makes_of_a_value_is_learned_from_what_it_shows() {
    let mill = Mill::new(3).await;
    mill.execute(
        "CREATE TRIGGER cut_i AFTER INSERT ON users WHEN length(new.job_title) > 6 \
         BEGIN UPDATE users SET job_title = substr(new.job_title, 1, 6) WHERE id = new.id; END; \
         CREATE TRIGGER cut_u AFTER UPDATE ON users WHEN length(new.job_title) > 6 \
         BEGIN UPDATE users SET job_title = substr(new.job_title, 1, 6) WHERE id = new.id; END;",
    )
    .await;
    put(&mill.directory, "e-1", StandardField::JobTitle, "Weaving master");
    mill.run(1).await;
    let learned = |links: &[hris_core::Link], id: &str| {
        let link = links.iter().find(|link| link.employee.as_str() == id).unwrap();
        let entry = link.learned.get(&TargetField::JobTitle).cloned();
        let is_own = |wanted: &str, now: &str| {
            entry
                .as_ref()
                .is_some_and(|entry| entry.is_own_form(&TargetField::JobTitle, Some(wanted), Some(now)))
        };
        (is_own("Weaving master", "Weavin"), is_own("Spinning master", "Spinni"), link.learned.len())
    };
    let links = mill.store.load("acme").await.unwrap().links;
    assert_eq!(learned(&links, "e-1"), (true, false, 1));
    assert_eq!(learned(&links, "e-2").2, 0, "what was kept as it was written needs no entry");

    put(&mill.directory, "e-1", StandardField::JobTitle, "Spinning master");
    let report = mill.run(2).await;
    assert!(report.actions.iter().any(|line| line.action == ActionKind::Update));
    let links = mill.store.load("acme").await.unwrap().links;
    assert_eq!(learned(&links, "e-1"), (false, true, 1));
}

/// A link knows what the account was given, so that it can be believed later.
#[tokio::test]
async fn a_link_remembers_the_external_id_and_counts_invitations() {
    let mill = Mill::new(2).await;
    mill.run(1).await;
    let links = mill.store.load("acme").await.unwrap().links;
    let known: Vec<_> = links.iter().map(|link| (link.external_id.as_deref(), link.invites)).collect();
    assert_eq!(known, [(Some("e-1"), 1), (Some("e-2"), 1)]);
}
