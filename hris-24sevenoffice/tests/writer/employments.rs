//! Start and end dates, which stand in employments.

use hris_24sevenoffice::sandbox::{Employments, Person, Sandbox};
use hris_24sevenoffice::{TwentyFourSevenOffice, sandbox};
use hris_core::{Directory, ErrorKind, Field, StandardField};
use serde_json::{Value, json};

use super::support::{builder, clear, payroll, set, three, update};
use super::writes;

const START: StandardField = StandardField::StartDate;
const END: StandardField = StandardField::EndDate;
const REASON: &str = "arbeidstakerHarSagtOppSelv";

fn with_reason(sandbox: &Sandbox) -> TwentyFourSevenOffice {
    builder(sandbox).enddate_reason(REASON).build().unwrap()
}

/// The elements written, each with the path it went to.
fn elements(sandbox: &Sandbox) -> Vec<Value> {
    writes(sandbox)
        .into_iter()
        .flat_map(|(path, body)| {
            assert!(path.starts_with("/employment/v2/"), "{path}");
            assert_eq!(body.as_array().unwrap().len(), 1, "one element a write");
            body.as_array().unwrap().clone()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn without_a_reason_no_end_date_is_written_and_nothing_with_it() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    assert!(!payroll.capabilities().field(END).unwrap().writable);
    let error = update(&payroll, "41", &[set(StandardField::WorkPhone, "1"), set(END, "2026-11-30")])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("enddate_reason"), "{error}");
    assert_eq!(writes(&sandbox), []);
    assert!(with_reason(&sandbox).capabilities().field(END).unwrap().clearable);
}

#[tokio::test(start_paused = true)]
async fn a_reason_must_be_one_of_the_companys_country() {
    let sandbox = three().await;
    sandbox.change(|company| company.organisation_mut()["country_code"] = json!("SE"));
    let error = update(&with_reason(&sandbox), "41", &[set(END, "2026-11-30")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("EgenBegaran"), "{error}");
    assert_eq!(writes(&sandbox), []);
}

#[tokio::test(start_paused = true)]
async fn a_leaver_gets_an_end_and_a_reason() {
    let sandbox = three().await;
    let payroll = with_reason(&sandbox);
    let told = update(&payroll, "41", &[set(END, "2026-11-30")]).await.unwrap();
    let element = json!({ "employment_id": "41-1", "enddate": "2026-11-30", "enddate_reason": REASON });
    assert_eq!(elements(&sandbox), [element]);
    assert_eq!(told.end_date(), Field::Value("2026-11-30".parse().unwrap()));
    // The same again is no change; another day moves it.
    update(&payroll, "41", &[set(END, "2026-11-30")]).await.unwrap();
    assert_eq!(sandbox.writes().len(), 1);
    let told = update(&payroll, "41", &[set(END, "2026-12-31")]).await.unwrap();
    assert_eq!(told.end_date(), Field::Value("2026-12-31".parse().unwrap()));
    // A resignation that is withdrawn takes both away.
    let told = update(&payroll, "41", &[clear(END)]).await.unwrap();
    assert_eq!(
        elements(&sandbox)[2],
        json!({ "employment_id": "41-1", "enddate": "", "enddate_reason": "" })
    );
    assert_eq!(told.end_date(), Field::Cleared);
    update(&payroll, "41", &[clear(END)]).await.unwrap();
    assert_eq!(sandbox.writes().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn which_employments_are_written() {
    struct Case(
        &'static [(&'static str, &'static str)],
        &'static [(StandardField, &'static str)],
        Option<Value>,
    );
    for (number, Case(known, changes, expected)) in [
        // Nobody was employed yet.
        Case(&[], &[(START, "2026-12-01")], Some(json!([{ "employment_id": "9-1", "primary_employment": "1", "startdate": "2026-12-01" }]))),
        // A start that is corrected.
        Case(&[("2024-03-01", "")], &[(START, "2024-04-01")], Some(json!([{ "employment_id": "9-1", "startdate": "2024-04-01" }]))),
        Case(&[("2024-03-01", "")], &[(START, "2024-03-01")], Some(json!([]))),
        // Somebody who comes again: the old employment stays shut.
        Case(
            &[("2020-01-01", "2021-01-01")],
            &[(START, "2026-12-01")],
            Some(json!([{ "employment_id": "9-2", "primary_employment": "1", "startdate": "2026-12-01" }])),
        ),
        // … and whose new end is known already.
        Case(
            &[("2020-01-01", "2021-01-01")],
            &[(START, "2026-12-01"), (END, "2027-06-30")],
            Some(json!([{ "employment_id": "9-2", "primary_employment": "1", "startdate": "2026-12-01", "enddate": "2027-06-30", "enddate_reason": REASON }])),
        ),
        // Both jobs end; the one that is over stays as it is.
        Case(
            &[("2020-01-01", ""), ("2021-01-01", "2022-01-01"), ("2023-01-01", "")],
            &[(END, "2026-11-30")],
            Some(json!([
                { "employment_id": "9-1", "enddate": "2026-11-30", "enddate_reason": REASON },
                { "employment_id": "9-3", "enddate": "2026-11-30", "enddate_reason": REASON }
            ])),
        ),
        // A start and an end of one employment go together.
        Case(
            &[("2024-03-01", "")],
            &[(START, "2024-04-01"), (END, "2026-11-30")],
            Some(json!([{ "employment_id": "9-1", "startdate": "2024-04-01", "enddate": "2026-11-30", "enddate_reason": REASON }])),
        ),
        // What cannot be meant is refused.
        Case(&[("2024-03-01", "")], &[(END, "2023-01-01")], None),
        Case(&[("2024-03-01", "")], &[(START, "2026-12-31"), (END, "2026-11-30")], None),
        Case(&[("2024-03-01", "2026-12-31")], &[(START, "2024-02-31")], None),
        Case(&[("2020-01-01", "2021-01-01")], &[(END, "")], None),
        Case(&[("2020-01-01", "soon")], &[(START, "2020-02-01")], None),
        Case(&[], &[(END, "2026-11-30")], None),
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = three().await;
        let mut person = Person::new("Ola", "Nes").number("9");
        for (start, end) in known {
            person = person.employment(&[("startdate", start), ("enddate", end)]);
        }
        sandbox.change(|company| company.hire(person));
        let changes: Vec<_> = changes
            .iter()
            .map(|(field, value)| if value.is_empty() { clear(*field) } else { set(*field, value) })
            .collect();
        let done = update(&with_reason(&sandbox), "9", &changes).await;
        match (expected, done) {
            (Some(expected), Ok(_)) => assert_eq!(Value::from(elements(&sandbox)), expected, "case {number}"),
            (None, Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::Rejected, "case {number}: {error}");
                assert_eq!(writes(&sandbox), [], "case {number}");
            }
            (expected, done) => panic!("case {number}: {expected:?} {:?}", done.map(|_| ())),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn employments_that_vanish_with_a_write_stop_everything() {
    let sandbox = three().await;
    sandbox.behave(|behaviour| behaviour.employments = Employments::Replaced);
    // With one employment nothing can vanish.
    let payroll = with_reason(&sandbox);
    update(&payroll, "41", &[set(END, "2026-11-30")]).await.unwrap();
    // Somebody who comes again would lose the first.
    let error = update(&payroll, "43", &[set(START, "2026-12-01")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FieldsLost, "{error}");
    assert!(error.to_string().contains("43-1.startdate"), "{error}");
    assert!(!error.to_string().contains("2020-01-01"), "{error}");
    let error = update(&payroll, "41", &[set(StandardField::WorkPhone, "1")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FieldsLost);
    assert_eq!(sandbox.writes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_unclear_end_is_read_back() {
    for (fault, posts) in [(sandbox::Fault::StatusAfter(500), 1), (sandbox::Fault::Status(500), 2)] {
        let sandbox = three().await;
        sandbox.inject(fault.on("/employment/v2/41").by("POST").once());
        let told = update(&with_reason(&sandbox), "41", &[set(END, "2026-11-30")]).await.unwrap();
        assert_eq!(told.end_date(), Field::Value("2026-11-30".parse().unwrap()));
        assert_eq!(sandbox.writes().len(), posts);
    }
}
