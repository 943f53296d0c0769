//! The suite that every directory passes: right directories pass it, and each wrong one fails where it is
//! wrong, in words that name the fault.
#![cfg(all(feature = "conformance", feature = "sandbox"))]
#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod acme;
mod harness;

use acme::Flaw;
use harness::AcmeHarness;
use hris_core::conformance::{MemoryHarness, run};

#[tokio::test]
async fn memory() {
    let summary = run(&MemoryHarness).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 30, "only {} cases ran", summary.passed.len());
}

#[tokio::test(start_paused = true)]
async fn a_right_connector_passes() {
    let summary = run(&AcmeHarness(None)).await;
    println!("{summary}");
    summary.require();
    assert!(summary.passed.len() >= 115, "only {} cases ran", summary.passed.len());
}

/// Each wrong connector fails exactly the cases that look at what is wrong, and the first of them says what.
#[tokio::test(start_paused = true)]
async fn each_wrong_connector_fails() {
    let table: [(Flaw, &[&str], &str); 14] = [
        (
            Flaw::ForbiddenIsGone,
            &["LookupForbidden", "LookupForbiddenPage"],
            "under Forbidden a person who is there is said to be gone; only the answer by which the vendor says so",
        ),
        (
            Flaw::RefusedIsGone,
            &["LookupBadRequest", "LookupForbidden", "LookupForbiddenPage", "LookupUnprocessable"],
            "under BadRequest a person who is there is said to be gone",
        ),
        (
            Flaw::EmptyIsGone,
            &["LookupNullBody", "LookupEmptyObject", "LookupErrorWithSuccess", "LookupRecordWithoutId"],
            "under NullBody a person who is there is said to be gone",
        ),
        (
            Flaw::AnyRecordIsTheirs,
            &["LookupAnotherPerson"],
            "under AnotherPerson a record is given out as the person's that is not theirs",
        ),
        (
            Flaw::ManagerAndLocationSwapped,
            &["manager_and_location_arrive", "managers_and_locations_are_each_ones_own"],
            "the manager is Value(…), not the id",
        ),
        (
            Flaw::PlaceOfTheFirst,
            &["managers_and_locations_are_each_ones_own"],
            "the location is another person's",
        ),
        (
            Flaw::AnyNameWillDo,
            &["a_custom_field_that_is_not_there_is_told", "CustomTwin"],
            "the check says nothing of it, so nobody corrects the mapping",
        ),
        (Flaw::HiddenIsEmpty, &["CustomHidden"], "what may not be seen counts as empty"),
        (Flaw::TwinsAreOne, &["CustomTwin"], "two fields have the name, and one of them was chosen"),
        (Flaw::WeakProofIgnored, &["TotalMissing"], "the list counts for as sure as one with a total"),
        (
            Flaw::DoubtIgnored,
            &["RowReplaced"],
            "what Listed::doubt says belongs into Snapshot::without_absence",
        ),
        (
            Flaw::NoFingerprint,
            &[
                "another_organisation_is_seen",
                "another_credential_is_seen",
                "the_fingerprint_is_that_of_the_snapshot",
            ],
            "the fingerprint of the snapshot names no organisation",
        ),
        (
            Flaw::OldFingerprint,
            &["another_organisation_is_seen", "another_credential_is_seen"],
            "another organisation answers, and the fingerprint names the same",
        ),
        (
            Flaw::NoCustomFields,
            &["custom_fields_arrive", "CustomHidden", "CustomTwin"],
            "custom fields are declared, and the value of one is not delivered",
        ),
    ];
    for (flaw, cases, words) in table {
        let summary = run(&AcmeHarness(Some(flaw))).await;
        let failed: Vec<&str> = summary.failed.iter().map(|(name, _)| *name).collect();
        assert_eq!(failed, cases, "{flaw:?}: {summary}");
        let said = summary.failed.first().map(|(_, how)| how.as_str()).unwrap_or_default();
        assert!(said.contains(words), "{flaw:?}: {said}");
    }
}
