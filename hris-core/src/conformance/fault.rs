//! What a directory does when something is broken: the whole truth, or an error; never a part.

use super::{Harness, Miss, Outcome, Person, Stage, Summary, ensure, faults::faults, ids, request, sorted};
use crate::{ErrorKind, Field, Level, Lookup, ProblemCode, Snapshot, StandardField, Status};

/// What must come of a fault.
#[derive(Clone, Copy)]
enum Expect {
    /// An error of one of these kinds.
    Error(&'static [ErrorKind]),
    /// Everybody, as if nothing had happened.
    Whole,
    /// An error of one of these kinds, or everybody.
    WholeOr(&'static [ErrorKind]),
    /// An answer of which this holds.
    And(fn(&Snapshot) -> Result<(), String>),
    /// The same, or an error of one of these kinds.
    AndOr(fn(&Snapshot) -> Result<(), String>, &'static [ErrorKind]),
}

use ErrorKind::{
    Auth, Config, Incomplete, Mismatch, NotFound, Permission, Protocol, RateLimited, Rejected, TooLarge,
    Unavailable,
};

const BROKEN: &[ErrorKind] = &[Incomplete, Mismatch, Protocol];

faults! {
    /// A way in which a vendor, or the net between, can be broken. It lasts unless it says
    /// "once". A fake of a vendor applies it to the list of people unless it says otherwise.
    Fault, cases "";
    /// The credential is refused.
    Unauthorised => Expect::Error(&[Auth]);
    /// The credential is refused from the second page on: it was revoked in between.
    RevokedBetweenPages => Expect::Error(&[Auth]);
    /// The credential may not list people.
    Forbidden => Expect::Error(&[Permission]);
    /// The credential may not read a list beside the people: job roles, places.
    SecondaryForbidden => Expect::And(secondary_hidden);
    /// A list beside the people answers 500.
    SecondaryDown => Expect::Error(&[Unavailable]);
    /// The list of people is not found.
    ListNotFound => Expect::Error(&[Protocol, NotFound, Config, Permission]);
    /// The query is refused with 400.
    BadRequest => Expect::Error(&[Rejected, Protocol, Config]);
    /// 500, once.
    ServerErrorOnce => Expect::Whole;
    /// 500.
    ServerErrors => Expect::Error(&[Unavailable]);
    /// 502 with an HTML page, once.
    BadGatewayOnce => Expect::Whole;
    /// 503 with `Retry-After: 0`, once.
    BusyOnce => Expect::Whole;
    /// 408, once.
    RequestTimeoutOnce => Expect::Whole;
    /// 429 with `Retry-After: 0`, once.
    ThrottledOnce => Expect::Whole;
    /// 429 without `Retry-After`, once.
    ThrottledSilentlyOnce => Expect::Whole;
    /// 429 with a `Retry-After` that is no number and no date, once.
    ThrottledGarbageOnce => Expect::Whole;
    /// 429 with `Retry-After: 86400`.
    ThrottledForADay => Expect::Error(&[RateLimited]);
    /// 429 with `Retry-After: 0`, for ever.
    ThrottledForEver => Expect::Error(&[RateLimited]);
    /// 201 with a right body.
    Created => Expect::Error(&[Protocol]);
    /// 202 with a right body.
    Accepted => Expect::Error(&[Protocol]);
    /// 204 without a body.
    NoContent => Expect::Error(&[Protocol]);
    /// 206 with a part of the body.
    PartialContent => Expect::Error(&[Protocol]);
    /// 304.
    NotModified => Expect::Error(&[Protocol]);
    /// A redirect to another host.
    RedirectElsewhere => Expect::Error(&[Protocol]);
    /// A redirect to itself.
    RedirectLoop => Expect::Error(&[Protocol]);
    /// A login page with 200 and `text/html`.
    LoginPage => Expect::Error(&[Protocol]);
    /// A login page with 200 and `application/json`.
    LoginPageAsJson => Expect::Error(&[Protocol]);
    /// The body ends in the middle, once.
    TruncatedOnce => Expect::Whole;
    /// The body ends in the middle.
    Truncated => Expect::Error(&[Protocol, Unavailable]);
    /// The body is no JSON.
    InvalidJson => Expect::Error(&[Protocol]);
    /// More follows after the JSON document.
    TrailingGarbage => Expect::Error(&[Protocol]);
    /// Bytes that are no UTF-8.
    InvalidUtf8 => Expect::Error(&[Protocol]);
    /// No body.
    EmptyBody => Expect::Error(&[Protocol]);
    /// `null`.
    NullBody => Expect::Error(&[Protocol]);
    /// `{}`.
    EmptyObject => Expect::Error(&[Protocol]);
    /// The list without its envelope, or an envelope where the vendor has none.
    WrongEnvelope => Expect::Error(&[Protocol]);
    /// The list is a text.
    ListOfAnotherType => Expect::Error(&[Protocol]);
    /// An error object with 200.
    ErrorWithSuccess => Expect::Error(&[Protocol]);
    /// The only record is a hundred thousand arrays inside each other.
    DeepNesting => Expect::AndOr(no_absence, &[Protocol]);
    /// A body larger than any page may be.
    HugeBody => Expect::Error(&[TooLarge]);
    /// A small body that unpacks to a huge one.
    DecompressionBomb => Expect::Error(&[TooLarge, Protocol]);
    /// An encoding nobody knows.
    UnknownEncoding => Expect::Error(&[Protocol]);
    /// The total is too high.
    TotalTooHigh => Expect::Error(&[Incomplete]);
    /// The total is too low.
    TotalTooLow => Expect::Error(&[Incomplete]);
    /// There is no total.
    TotalMissing => Expect::WholeOr(&[Incomplete]);
    /// The total is a text.
    TotalIsText => Expect::Error(BROKEN);
    /// The total is negative.
    TotalNegative => Expect::Error(BROKEN);
    /// The total grows from page to page.
    TotalGrows => Expect::Error(BROKEN);
    /// The last page ends with one row more, a copy of its first; the total stays.
    RowRepeated => Expect::WholeOr(&[Incomplete]);
    /// The last page ends with one row more, its first with another name; the total stays.
    RowContradicted => Expect::And(contradicted);
    /// The last row of a page is replaced by a copy of its first with another name; the total stays. Somebody
    /// is missing, and nothing says who.
    RowReplaced => Expect::AndOr(no_absence, BROKEN);
    /// A page has the rows of the page before.
    PageRepeated => Expect::Error(BROKEN);
    /// Every page is the first.
    OffsetIgnored => Expect::Error(BROKEN);
    /// The second page is empty.
    EmptyPageEarly => Expect::Error(BROKEN);
    /// A page in the middle has one row less, and the next goes on after it.
    ShortPageInTheMiddle => Expect::WholeOr(BROKEN);
    /// Every listing is in another order.
    OrderChanges => Expect::WholeOr(BROKEN);
    /// Somebody is added while the list is read.
    AddedWhileReading => Expect::WholeOr(BROKEN);
    /// Somebody is removed while the list is read.
    RemovedWhileReading => Expect::WholeOr(BROKEN);
    /// One record has no id.
    RecordWithoutId => Expect::And(unidentified);
    /// One record has an object where a text belongs.
    RecordMalformed => Expect::Whole;
    /// One person has a status that nobody knows.
    UnknownStatus => Expect::And(unknown_status);
    /// One person has a start date that no calendar has.
    ImpossibleDate => Expect::And(impossible_date);
    /// Every record has a member nobody knows.
    ExtraMember => Expect::Whole;
}

pub(super) async fn run(harness: &dyn Harness, summary: &mut Summary) {
    for (fault, name, expect) in FAULTS.iter().copied() {
        let stage = harness.stage(&Person::some(8)).await;
        summary.enter(name, try_fault(stage.as_ref(), fault, expect).await);
    }
}

async fn try_fault(stage: &dyn Stage, fault: Fault, expect: Expect) -> Outcome {
    let mut expected = sorted(stage.ids());
    stage.break_with(fault).await.map_err(Miss::Skipped)?;
    let result = stage.directory().snapshot(&request()).await;
    // The fake may have added or removed somebody meanwhile; that is then the truth.
    let now = sorted(stage.ids());
    if matches!(fault, Fault::AddedWhileReading | Fault::RemovedWhileReading) {
        expected = now;
    }
    if fault == Fault::ThrottledForADay
        && let Err(error) = &result
    {
        ensure(error.retry_after().is_some_and(|wait| wait.as_secs() >= 86_000), || {
            "the wait is lost".to_owned()
        })?;
    }
    if fault == Fault::Unauthorised {
        let level = stage.directory().check(&request()).await.map(|preflight| preflight.level());
        let told =
            matches!(&level, Ok(Level::Refused)) || level.as_ref().is_err_and(|error| error.kind() == Auth);
        ensure(told, || {
            format!(
                "the check says {level:?}; a refused credential is a finding of Level::Refused, or an error of \
                 ErrorKind::Auth"
            )
        })?;
    }
    // Whatever is broken, somebody who is there is not gone.
    if let Some(id) = sorted(stage.ids()).first()
        && let Ok(Lookup::Gone) = stage.directory().get(id, &request()).await
    {
        return Err(Miss::Failed("asked by id, a person who is there is said to be gone".to_owned()));
    }
    let whole = |snapshot: &Snapshot| {
        let found = ids(snapshot);
        ensure(found == expected, || format!("a part: {} of {} people", found.len(), expected.len()))
    };
    if fault == Fault::TotalMissing
        && let Ok(snapshot) = &result
    {
        let is_told = snapshot.is_weakly_proven() || !snapshot.absence_counts();
        ensure(is_told, || "the list counts for as sure as one with a total".to_owned())?;
    }
    match (expect, result) {
        (Expect::Whole | Expect::WholeOr(_), Ok(snapshot)) => whole(&snapshot),
        (Expect::Error(kinds) | Expect::WholeOr(kinds) | Expect::AndOr(_, kinds), Err(error)) => {
            ensure(kinds.contains(&error.kind()), || {
                format!("{:?}, not one of {kinds:?}: {error}", error.kind())
            })
        }
        (Expect::And(look) | Expect::AndOr(look, _), Ok(snapshot)) => look(&snapshot).map_err(Miss::Failed),
        (Expect::Error(kinds), Ok(snapshot)) => {
            Err(Miss::Failed(format!("{} people where one of {kinds:?} belongs", snapshot.people())))
        }
        (Expect::Whole | Expect::And(_), Err(error)) => Err(error.into()),
    }
}

fn has(snapshot: &Snapshot, code: ProblemCode) -> Result<(), String> {
    let found = snapshot.problems().iter().any(|problem| problem.code == code);
    if found { Ok(()) } else { Err(format!("no problem {}", code.as_str())) }
}

fn secondary_hidden(snapshot: &Snapshot) -> Result<(), String> {
    has(snapshot, ProblemCode::NotPermitted)?;
    let cleared = snapshot.employees().iter().any(|person| {
        person.text(StandardField::JobTitle) == Field::Cleared
            && person.text(StandardField::Location) == Field::Cleared
    });
    if cleared { Err("what may not be seen counts as empty".to_owned()) } else { Ok(()) }
}

fn contradicted(snapshot: &Snapshot) -> Result<(), String> {
    let mut ids = super::ids(snapshot);
    let all = ids.len();
    ids.dedup();
    if ids.len() < all
        || snapshot.problems().iter().any(|problem| problem.code == ProblemCode::DuplicateExternalId)
    {
        Ok(())
    } else {
        Err("one of two records was chosen".to_owned())
    }
}

fn no_absence(snapshot: &Snapshot) -> Result<(), String> {
    if !snapshot.absence_counts() {
        return Ok(());
    }
    let words =
        "everybody else counts as absent; what Listed::doubt says belongs into Snapshot::without_absence";
    Err(words.to_owned())
}

fn unidentified(snapshot: &Snapshot) -> Result<(), String> {
    match (snapshot.unidentified(), snapshot.absence_counts(), snapshot.people()) {
        (1, false, 8) => Ok(()),
        other => Err(format!("unidentified, absence counts, people: {other:?}")),
    }
}

fn unknown_status(snapshot: &Snapshot) -> Result<(), String> {
    has(snapshot, ProblemCode::UnknownStatus)?;
    let kept = snapshot
        .employees()
        .iter()
        .any(|person| person.status() == Status::Unknown && person.raw_status().is_value());
    if kept && snapshot.people() == 8 { Ok(()) } else { Err("the word or the person is lost".to_owned()) }
}

fn impossible_date(snapshot: &Snapshot) -> Result<(), String> {
    has(snapshot, ProblemCode::InvalidDate)?;
    let left_out = snapshot.employees().iter().any(|person| !person.start_date().is_visible());
    if left_out && snapshot.people() == 8 { Ok(()) } else { Err("the date was read as something".to_owned()) }
}
