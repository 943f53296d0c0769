//! What a run, a check and an explanation tell.

use super::*;

#[tokio::test]
async fn explain_says_why() {
    let company = Company::provisioned(3).await;
    put(&company.directory, "e-1", StandardField::JobTitle, "Baker");
    let runner = company.runner();
    let text = runner.explain(&id("e-1"), day(2)).await.unwrap().unwrap().to_string();
    assert!(text.contains("confirmed") && text.contains("would update (job_title)"), "{text}");
    assert!(!text.contains("Baker"), "no value is shown");
    let text = runner.explain(&id("e-2"), day(2)).await.unwrap().unwrap().to_string();
    assert!(text.contains("nothing would be done"), "{text}");
    assert!(runner.explain(&id("e-77"), day(2)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_hook_that_fails_does_not_fail_the_run() {
    let company = Company::new(1);
    let report = company.builder().after_run(Broken).build().unwrap().run(day(1)).await.unwrap();
    assert_eq!(
        (report.outcome, report.exit_code(), codes(&report)),
        (Outcome::Completed, 0, vec!["report_not_sent"])
    );
    assert_eq!(report.problems[0].message, "no mail server");
}

#[tokio::test]
async fn a_report_that_was_not_handed_over_is_in_the_history() {
    let company = Company::new(3);
    let runner = company.builder().after_run(Broken).build().unwrap();
    let report = runner.run(day(1)).await.unwrap();
    assert_eq!(runner.report(&report.run).await.unwrap(), Some(report));

    company.directory.fail_with(Some((SourceError::Unavailable, "list people: no answer")));
    let error = runner.run(day(2)).await.unwrap_err();
    let report = error.report().unwrap();
    assert_eq!((report.outcome, codes(report)), (Outcome::Failed, vec!["report_not_sent"]));
    assert_eq!(runner.report(&report.run).await.unwrap().as_ref(), Some(report));
}

#[tokio::test]
async fn check_names_what_is_missing() {
    let company = Company::provisioned(2).await;
    let check = company.runner().check(day(2)).await.unwrap();
    check.require().unwrap();
    assert!(check.state.outcome.starts_with("2 links"), "{}", check.state);
    let check = company.faulty(&Faults::new().at(1, Fault::Unavailable)).check(day(2)).await.unwrap();
    assert_eq!(check.require().unwrap_err().kind(), ErrorKind::Target);
    let faults = Faults::new().at(1, Fault::LostBefore);
    let store = Faulty::new(company.store.clone(), faults);
    let runner = builder(&company.directory, company.target.clone(), store).build().unwrap();
    assert_eq!(runner.check(day(2)).await.unwrap().require().unwrap_err().exit_code(), 7);
}

/// What a target does not keep is said once a run, with the fields, however many they are.
#[tokio::test]
async fn fields_that_the_target_does_not_keep_are_one_problem() {
    let company = Company::new(3);
    for (unkept, named) in [
        (vec![TargetField::Phone], "this field: phone"),
        (vec![TargetField::JobTitle, TargetField::Phone, TargetField::Location], "these fields: "),
    ] {
        let mut can = hris_core::reconcile::TargetCapabilities::full();
        for field in &unkept {
            can.set(field.clone(), hris_core::reconcile::FieldSupport::plain().unkept());
        }
        let target = hris_reconcile::targets::MemoryTarget::new().with_capabilities(can);
        let runner = builder(&company.directory, target, MemoryStore::new()).build().unwrap();
        for n in 1..=2 {
            let report = runner.run(day(n)).await.unwrap();
            assert_eq!(codes(&report), ["not_permitted"]);
            let problem = &report.problems[0];
            assert!(problem.message.contains(named), "{}", problem.message);
            assert!(unkept.iter().all(|field| problem.message.contains(field.name())), "{}", problem.message);
        }
    }
}

#[test]
fn a_bad_mapping_is_named_in_full() {
    let company = Company::new(1);
    let mapping = hris_core::mapping::Mapping::new().field("emial", hris_core::mapping::from("e_mail"));
    let error = company.builder().mapping(mapping).build().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Config, 1));
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.downcast_ref::<hris_core::mapping::MappingError>().unwrap().faults.len(), 4);
}
