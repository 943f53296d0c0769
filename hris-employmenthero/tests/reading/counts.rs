//! Whether everybody is seen: the organisation's counts against the list, whatever they mean.

use std::collections::BTreeSet;

use hris_core::{Directory, Finding, Level, ProblemCode, Snapshot};
use hris_employmenthero::sandbox::{Fault, Person, Sandbox};

use super::{directory, everything, sandbox};

/// Ten people, three of whom have left.
async fn company(counted: bool, listed: bool) -> Sandbox {
    let sandbox = sandbox(10).await;
    sandbox.behave(|behaviour| {
        (behaviour.leavers_counted, behaviour.leavers_listed) = (counted, listed);
    });
    for leaver in &sandbox.people()[5..8] {
        sandbox.terminate(&leaver.id, "2026-11-20").unwrap();
    }
    sandbox
}

async fn snapshot(sandbox: &Sandbox) -> Snapshot {
    directory(sandbox).snapshot(&everything()).await.unwrap()
}

async fn everybody(sandbox: &Sandbox) -> Finding {
    let preflight = directory(sandbox).check(&everything()).await.unwrap();
    preflight.findings.into_iter().find(|finding| finding.subject == "everybody").unwrap()
}

#[tokio::test(start_paused = true)]
async fn leavers_in_the_list_hold_nothing_back_whether_they_are_counted_or_not() {
    for (counted, listed, people) in [(true, true, 10), (false, true, 10), (false, false, 7)] {
        let sandbox = company(counted, listed).await;
        let snapshot = snapshot(&sandbox).await;
        assert_eq!((snapshot.people(), snapshot.hidden()), (people, None), "{counted} {listed}");
        assert!(snapshot.absence_counts());
        assert_eq!(everybody(&sandbox).await.level, Level::Passed, "{counted} {listed}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_active_person_who_is_hidden_is_noticed_under_either_meaning() {
    for (counted, listed, said) in [
        (true, true, "9 people are listed and the organisation says that it has 10"),
        // The leavers in the list make up for who is missing, but not among the active ones.
        (false, true, "6 active people are listed and the organisation says that it has 7"),
        (false, false, "6 people are listed and the organisation says that it has 7"),
    ] {
        let sandbox = company(counted, listed).await;
        sandbox.hide([sandbox.people()[0].id.clone()]);
        let snapshot = snapshot(&sandbox).await;
        let why = snapshot.hidden().unwrap_or_default();
        assert!(why.starts_with(said), "{counted} {listed}: {why}");
        let found = everybody(&sandbox).await;
        assert!(found.level == Level::Warning && found.outcome == why, "{found}");
    }
}

/// Counted and not listed: nobody can tell that from people who are hidden, and the words say both.
#[tokio::test(start_paused = true)]
async fn leavers_who_are_counted_and_not_listed_may_be_hidden_people() {
    let sandbox = company(true, false).await;
    let snapshot = snapshot(&sandbox).await;
    let why = snapshot.hidden().unwrap();
    assert!(why.starts_with("7 people are listed and the organisation says that it has 10"), "{why}");
    assert!(why.contains("or former people are counted and not listed"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn people_who_are_not_active_yet_stand_in_for_nobody() {
    let sandbox = company(false, true).await;
    let words = ["pending", "onboarding", "Preboarding"];
    for word in words {
        sandbox.hire(Person::new("New", word).status(word));
    }
    assert_eq!(snapshot(&sandbox).await.hidden(), None);
    sandbox.hide([sandbox.people()[0].id.clone()]);
    // Whether the vendor counts its other words as active is not known; the one it calls pending it does not.
    for word in words.into_iter().skip(1) {
        let id = sandbox.people().into_iter().find(|person| person.status == word).unwrap().id;
        sandbox.delete(&id).unwrap();
    }
    assert!(snapshot(&sandbox).await.hidden().is_some());
}

#[tokio::test(start_paused = true)]
async fn counts_that_may_not_be_read_are_told() {
    let sandbox = company(false, true).await;
    sandbox.inject(Fault::Status(403).on(sandbox.path("")));
    let snapshot = snapshot(&sandbox).await;
    assert_eq!((snapshot.people(), snapshot.hidden()), (10, None));
    let codes: BTreeSet<ProblemCode> = snapshot.problems().iter().map(|problem| problem.code).collect();
    assert!(codes.contains(&ProblemCode::NotPermitted));
}
