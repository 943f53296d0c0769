//! What a directory does when nothing is broken.

use super::{Harness, Outcome, Person, Stage, Summary, day, ensure, ids, request, sorted};
use crate::mapping::Mapping;
use crate::{Employee, EmployeeId, Field, Level, Lookup, ReadRequest, StandardField, Status};

/// The place of work that a case wants.
const PLACE: &str = "Conformance Harbour";
/// The value of a custom field that a case wants.
const CUSTOM: &str = "Conformance-7";

macro_rules! cases {
    ($($name:ident($stage:ident of $people:expr) $body:block)*) => {
        pub(super) async fn run(harness: &dyn Harness, summary: &mut Summary) {
            $({
                let stage = harness.stage(&$people).await;
                let outcome = $name(stage.as_ref()).await;
                summary.enter(stringify!($name), outcome);
            })*
        }
        $(async fn $name($stage: &dyn Stage) -> Outcome $body)*
    };
}

async fn lists_everybody(stage: &dyn Stage) -> Outcome {
    let snapshot = stage.directory().snapshot(&request()).await?;
    let (expected, found) = (sorted(stage.ids()), ids(&snapshot));
    ensure(found == expected, || format!("{} of {} people", found.len(), expected.len()))
}

async fn first(stage: &dyn Stage) -> Result<Employee, super::Miss> {
    let snapshot = stage.directory().snapshot(&request()).await?;
    let wanted = stage.ids().into_iter().next();
    let found = snapshot.employees().iter().find(|person| Some(person.id()) == wanted.as_ref());
    found.cloned().ok_or_else(|| super::Miss::Failed("the person is not listed".to_owned()))
}

/// A person asked for by id is the one who is listed.
fn same_person(listed: &Employee, found: &Employee) -> Outcome {
    ensure(found.id() == listed.id(), || "another person's record".to_owned())?;
    ensure(found.status() == listed.status(), || {
        format!("listed {:?}, by id {:?}", listed.status(), found.status())
    })?;
    for field in StandardField::ALL {
        let (one, other) = (listed.text(*field), found.text(*field));
        ensure(!one.is_value() || one == other, || format!("{field} is another one than in the list"))?;
        let (one, other) = (listed.date(*field), found.date(*field));
        ensure(!one.is_value() || one == other, || format!("{field} is another one than in the list"))?;
    }
    Ok(())
}

/// The listing with somebody who reports to the first of those who are there.
async fn with_report(stage: &dyn Stage, more: &Person) -> Result<(EmployeeId, Employee), super::Miss> {
    let boss = stage.ids().into_iter().next();
    let boss = boss.ok_or_else(|| super::Miss::Failed("the fake holds nobody".to_owned()))?;
    let id = stage.add(&Person { manager: Some(boss.clone()), ..more.clone() }).await;
    let snapshot = stage.directory().snapshot(&request()).await?;
    let found = snapshot.employees().iter().find(|person| *person.id() == id);
    found
        .cloned()
        .map(|person| (boss, person))
        .ok_or_else(|| super::Miss::Failed("the new person is not listed".to_owned()))
}

fn told(what: Option<&String>, name: &str) -> Outcome {
    ensure(what.is_some(), || {
        format!("the fingerprint of the snapshot names no {name}, so a change of it would not be noticed")
    })
}

fn unknown_to_all() -> EmployeeId {
    EmployeeId::from("conformance0nobody0here0")
}

cases! {
    an_empty_directory_is_an_answer(stage of []) { lists_everybody(stage).await }
    one_person(stage of Person::some(1)) { lists_everybody(stage).await }
    exactly_one_page(stage of Person::some(3)) { lists_everybody(stage).await }
    one_more_than_a_page(stage of Person::some(4)) { lists_everybody(stage).await }
    many_pages(stage of Person::some(20)) { lists_everybody(stage).await }
    many_full_pages(stage of Person::some(21)) { lists_everybody(stage).await }
    the_same_answer_twice(stage of Person::some(8)) {
        let directory = stage.directory();
        let (one, other) = (directory.snapshot(&request()).await?, directory.snapshot(&request()).await?);
        ensure(one.employees() == other.employees(), || "two listings differ".to_owned())
    }
    two_readers_at_once(stage of Person::some(8)) {
        let directory = stage.directory();
        let asked = request();
        let (mut one, mut other) = (directory.snapshot(&asked), directory.snapshot(&asked));
        let mut done = (None, None);
        let both = std::future::poll_fn(|context| {
            use std::task::Poll;
            if done.0.is_none() && let Poll::Ready(result) = one.as_mut().poll(context) { done.0 = Some(result); }
            if done.1.is_none() && let Poll::Ready(result) = other.as_mut().poll(context) { done.1 = Some(result); }
            match (done.0.take(), done.1.take()) {
                (Some(one), Some(other)) => Poll::Ready((one, other)),
                waiting => { done = waiting; Poll::Pending }
            }
        });
        let (one, other) = both.await;
        ensure(one?.employees() == other?.employees(), || "two listings differ".to_owned())
    }
    names_and_email_arrive(stage of Person::some(2)) {
        let person = first(stage).await?;
        let wanted = Person::number(1);
        ensure(person.given_name() == Field::Value(wanted.given_name.as_str()), || "given name".to_owned())?;
        ensure(person.family_name() == Field::Value(wanted.family_name.as_str()), || "family name".to_owned())?;
        ensure(person.email().value() == wanted.email.as_deref(), || "e-mail".to_owned())
    }
    job_title_and_start_arrive(stage of Person::some(2)) {
        let person = first(stage).await?;
        if stage.directory().capabilities().can_read(StandardField::JobTitle) {
            ensure(person.job_title() == Field::Value("Job 1"), || "job title".to_owned())?;
        }
        ensure(person.start_date() == Field::Value(day("2020-01-06")), || "start date".to_owned())
    }
    a_missing_email_is_no_value(stage of [Person { email: None, ..Person::number(1) }]) {
        let person = first(stage).await?;
        ensure(!person.email().is_value(), || "an e-mail came from nowhere".to_owned())
    }
    employed_is_active(stage of Person::some(1)) {
        let person = first(stage).await?;
        ensure(person.status() == Status::Active, || format!("{:?}", person.status()))?;
        ensure(person.raw_status().is_value(), || "the vendor's own word is lost".to_owned())
    }
    a_future_starter_is_pending(stage of [Person { status: Status::Pending, start_date: day("2027-02-01"), ..Person::number(1) }]) {
        let person = first(stage).await?;
        ensure(person.status() == Status::Pending, || format!("{:?}", person.status()))?;
        ensure(person.start_date() == Field::Value(day("2027-02-01")), || "start date".to_owned())
    }
    a_leaver_is_terminated(stage of [Person { status: Status::Terminated, last_working_day: Some(day("2026-10-30")), ..Person::number(1) }]) {
        let person = first(stage).await?;
        ensure(person.status() == Status::Terminated, || format!("{:?}", person.status()))?;
        ensure(person.last_working_day() == Field::Value(day("2026-10-30")), || "last working day".to_owned())
    }
    names_arrive_letter_by_letter(stage of [Person { given_name: "Zo\u{eb} \u{202e}<b>".into(), family_name: "=O'Ne\u{301}ill \u{1f980}".into(), ..Person::number(1) }]) {
        let person = first(stage).await?;
        ensure(person.given_name() == Field::Value("Zo\u{eb} \u{202e}<b>"), || "given name changed".to_owned())?;
        ensure(person.family_name() == Field::Value("=O'Ne\u{301}ill \u{1f980}"), || "family name changed".to_owned())
    }
    one_person_is_found_by_id(stage of Person::some(5)) {
        let listed = first(stage).await?;
        match stage.directory().get(listed.id(), &request()).await? {
            Lookup::Found(person) => same_person(&listed, &person),
            other => ensure(false, || format!("{other:?}")),
        }
    }
    nobody_is_gone_not_an_error(stage of Person::some(2)) {
        let answer = stage.directory().get(&unknown_to_all(), &request()).await?;
        ensure(matches!(answer, Lookup::Gone | Lookup::NotVisible), || format!("{answer:?}"))
    }
    manager_and_location_arrive(stage of Person::some(3)) {
        let directory = stage.directory();
        let reads = |field| directory.capabilities().can_read(field);
        if !reads(StandardField::Manager) && !reads(StandardField::Location) {
            return Err(super::Miss::Skipped("the vendor has neither managers nor places".to_owned()));
        }
        let wanted = Person { location: Some(PLACE.to_owned()), ..Person::number(9) };
        let (boss, person) = with_report(stage, &wanted).await?;
        if reads(StandardField::Manager) {
            ensure(person.manager() == Field::Value(boss.as_str()), || {
                format!("the manager is {:?}, not the id {boss}", person.manager())
            })?;
        }
        if reads(StandardField::Location) {
            ensure(person.location() == Field::Value(PLACE), || format!("the location is {:?}, not {PLACE:?}", person.location()))?;
        }
        match directory.get(person.id(), &request()).await? {
            Lookup::Found(found) => same_person(&person, &found),
            other => ensure(false, || format!("{other:?}")),
        }
    }
    managers_and_locations_are_each_ones_own(stage of Person::some(3)) {
        let directory = stage.directory();
        let reads = |field| directory.capabilities().can_read(field);
        if !reads(StandardField::Manager) && !reads(StandardField::Location) {
            return Err(super::Miss::Skipped("the vendor has neither managers nor places".to_owned()));
        }
        let mut expected = Vec::new();
        for (boss, (place, n)) in stage.ids().into_iter().zip([("Conformance Harbour", 8), ("Conformance Hill", 9)]) {
            let more = Person { manager: Some(boss.clone()), location: Some(place.to_owned()), ..Person::number(n) };
            expected.push((stage.add(&more).await, boss, place));
        }
        let snapshot = directory.snapshot(&request()).await?;
        for (id, boss, place) in expected {
            let listed = snapshot.employees().iter().find(|person| *person.id() == id);
            let listed = listed.ok_or_else(|| super::Miss::Failed("the new person is not listed".to_owned()))?;
            if reads(StandardField::Manager) {
                let is_own = listed.manager() == Field::Value(boss.as_str());
                ensure(is_own, || "the manager is another person's".to_owned())?;
            }
            if reads(StandardField::Location) {
                ensure(listed.location() == Field::Value(place), || "the location is another person's".to_owned())?;
            }
            match directory.get(&id, &request()).await? {
                Lookup::Found(found) => same_person(listed, &found)?,
                other => ensure(false, || format!("{other:?}"))?,
            }
        }
        Ok(())
    }
    custom_fields_arrive(stage of Person::some(2)) {
        let directory = stage.directory();
        if !directory.capabilities().custom_fields {
            return Err(super::Miss::Skipped("the vendor has no custom fields".to_owned()));
        }
        let wanted = Person { custom: Some(CUSTOM.to_owned()), ..Person::number(9) };
        let (_, person) = with_report(stage, &wanted).await?;
        let has = |person: &Employee| person.custom().iter().any(|custom| custom.value.as_deref() == Field::Value(CUSTOM));
        ensure(has(&person), || "custom fields are declared, and the value of one is not delivered".to_owned())?;
        let fields = directory.fields(&request()).await?;
        let counted = fields.iter().find(|info| info.field.custom().is_some() && info.filled > 0);
        let counted = counted.ok_or_else(|| super::Miss::Failed("no custom field is counted in fields()".to_owned()))?;
        let alone = ReadRequest::new(day(super::TODAY)).with_field(counted.field.clone());
        let snapshot = directory.snapshot(&alone).await?;
        ensure(snapshot.employees().iter().any(has), || "a custom field that is asked for alone is not delivered".to_owned())
    }
    another_organisation_is_seen(stage of Person::some(3)) {
        let before = stage.directory().snapshot(&request()).await?.fingerprint().clone();
        stage.change_organisation().await.map_err(super::Miss::Skipped)?;
        let after = stage.directory().snapshot(&request()).await?.fingerprint().clone();
        told(before.organisation.as_ref().and(after.organisation.as_ref()), "organisation")?;
        ensure(before.organisation != after.organisation, || "another organisation answers, and the fingerprint names the same".to_owned())
    }
    another_credential_is_seen(stage of Person::some(3)) {
        let before = stage.directory().snapshot(&request()).await?.fingerprint().clone();
        stage.change_credential().await.map_err(super::Miss::Skipped)?;
        let after = stage.directory().snapshot(&request()).await?.fingerprint().clone();
        told(before.credential.as_ref().and(after.credential.as_ref()), "credential")?;
        ensure(before.credential != after.credential, || "the credential is another, and the fingerprint is the same".to_owned())
    }
    the_fingerprint_is_that_of_the_snapshot(stage of Person::some(3)) {
        let directory = stage.directory();
        let Some(alone) = directory.fingerprint(&request()).await? else {
            return Err(super::Miss::Skipped("only a snapshot shows who answers".to_owned()));
        };
        let listed = directory.snapshot(&request()).await?.fingerprint().clone();
        ensure(alone.organisation.is_some() || alone.credential.is_some(), || "the fingerprint is empty; \
            where the vendor does not show it, fingerprint() is None".to_owned())?;
        let same = alone.organisation == listed.organisation && alone.credential == listed.credential;
        ensure(same, || "fingerprint() names others than the snapshot".to_owned())
    }
    a_joiner_appears(stage of Person::some(3)) {
        let id = stage.add(&Person::number(9)).await;
        let snapshot = stage.directory().snapshot(&request()).await?;
        ensure(ids(&snapshot).contains(&id), || "the new person is not listed".to_owned())
    }
    a_change_is_seen(stage of Person::some(3)) {
        let Some(id) = stage.ids().into_iter().next() else { return Ok(()) };
        let changed = Person { given_name: "Bea".into(), job_title: Some("Head of bees".into()), ..Person::number(1) };
        stage.change(&id, &changed).await;
        let person = first(stage).await?;
        ensure(person.given_name() == Field::Value("Bea"), || "the change is not seen".to_owned())?;
        if stage.directory().capabilities().can_read(StandardField::JobTitle) {
            ensure(person.job_title() == Field::Value("Head of bees"), || "the change of job is not seen".to_owned())?;
        }
        Ok(())
    }
    a_removed_person_is_gone(stage of Person::some(4)) {
        let Some(id) = stage.ids().into_iter().next() else { return Ok(()) };
        stage.remove(&id).await;
        let snapshot = stage.directory().snapshot(&request()).await?;
        ensure(!ids(&snapshot).contains(&id), || "still listed".to_owned())?;
        let answer = stage.directory().get(&id, &request()).await?;
        ensure(matches!(answer, Lookup::Gone), || format!("{answer:?}"))
    }
    few_fields_list_the_same_people(stage of Person::some(7)) {
        let few = ReadRequest::new(day(super::TODAY)).with_field(StandardField::Email);
        let snapshot = stage.directory().snapshot(&few).await?;
        ensure(ids(&snapshot) == sorted(stage.ids()), || "other people".to_owned())
    }
    progress_is_told_to_the_end(stage of Person::some(10)) {
        let told = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let tell = told.clone();
        let asked = request().with_progress(std::sync::Arc::new(move |read, _| {
            tell.fetch_max(read, std::sync::atomic::Ordering::Relaxed);
        }));
        stage.directory().snapshot(&asked).await?;
        let told = told.load(std::sync::atomic::Ordering::Relaxed);
        ensure(told >= 10, || format!("{told} of 10 told"))
    }
    a_good_credential_passes_the_check(stage of Person::some(3)) {
        let preflight = stage.directory().check(&request()).await?;
        ensure(preflight.level() < Level::Missing, || format!("{:?}", preflight.findings))?;
        ensure(!preflight.findings.is_empty(), || "nothing was looked at".to_owned())
    }
    the_catalogue_counts(stage of Person::some(5)) {
        let fields = stage.directory().fields(&request()).await?;
        let email = fields.iter().find(|info| info.field == StandardField::Email.into());
        ensure(email.is_some_and(|info| info.filled == 5 && info.people == 5), || "e-mails miscounted".to_owned())?;
        let leaks = fields.iter().any(|info| info.example.as_deref().is_some_and(|example| example.contains("conformance")));
        ensure(!leaks, || "an example is a real value".to_owned())
    }
    the_standard_mapping_fits(stage of []) {
        let directory = stage.directory();
        let capabilities = directory.capabilities();
        ensure(!capabilities.vendor.is_empty() && capabilities.max_page_size > 0, || "capabilities are empty".to_owned())?;
        Mapping::standard(capabilities).compile(capabilities).map(|_| ()).map_err(|error| super::Miss::Failed(error.to_string()))
    }
    nobody_is_shown_by_debug(stage of Person::some(2)) {
        let directory = stage.directory();
        let snapshot = directory.snapshot(&request()).await?;
        let shown = format!("{directory:?} {snapshot:?} {:?}", directory.check(&request()).await?);
        let leak = ["person1@conformance", "Given1", "Family1"].into_iter().find(|text| shown.contains(text));
        ensure(leak.is_none(), || format!("{leak:?} is shown"))
    }
}
