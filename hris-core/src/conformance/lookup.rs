//! What a directory says of one person when something is broken. Being gone is the second witness of a
//! removal, so it may come of nothing but the answer by which the vendor says it.

use super::{Harness, Miss, Outcome, Person, Stage, Summary, faults::faults, request};
use crate::{ErrorKind, Lookup};

/// What must come of a fault.
#[derive(Clone, Copy)]
enum Expect {
    /// An error of one of these kinds.
    Error(&'static [ErrorKind]),
    /// The person, as if nothing had happened.
    Found,
    /// An error of one of these kinds, or that the vendor does not say.
    Unsaid(&'static [ErrorKind]),
}

use ErrorKind::{
    Auth, Incomplete, Mismatch, Permission, Protocol, RateLimited, Rejected, TooLarge, Unavailable,
};

const BROKEN: &[ErrorKind] = &[Incomplete, Mismatch, Protocol];

faults! {
    /// A way in which the answer about one person can be broken. It lasts unless it says "once". The
    /// person is there all the time.
    LookupFault, cases "Lookup";
    /// 500, once.
    ServerErrorOnce => Expect::Found;
    /// The body ends in the middle, once.
    TruncatedOnce => Expect::Found;
    /// 429 with `Retry-After: 0`, once.
    ThrottledOnce => Expect::Found;
    /// 400.
    BadRequest => Expect::Unsaid(&[Rejected, Protocol]);
    /// 401.
    Unauthorised => Expect::Unsaid(&[Auth]);
    /// Status 403: the credential may not see this one person.
    Forbidden => Expect::Unsaid(&[Permission]);
    /// 403 with an HTML page of something between.
    ForbiddenPage => Expect::Unsaid(&[Permission, Protocol]);
    /// 404 with an HTML page: a wrong address, or something between that has lost the vendor.
    NotFoundPage => Expect::Unsaid(&[Protocol, Unavailable]);
    /// 410.
    Gone => Expect::Unsaid(&[Protocol]);
    /// 422.
    Unprocessable => Expect::Unsaid(&[Rejected, Protocol]);
    /// 451.
    LegalReasons => Expect::Unsaid(&[Permission, Protocol]);
    /// 429 with `Retry-After: 86400`.
    ThrottledForADay => Expect::Error(&[RateLimited]);
    /// 500.
    ServerErrors => Expect::Error(&[Unavailable]);
    /// 502 with an HTML page.
    BadGateway => Expect::Error(&[Unavailable]);
    /// The connection ends without an answer.
    Disconnected => Expect::Error(&[Unavailable]);
    /// 202 with a right body.
    Accepted => Expect::Error(&[Protocol]);
    /// 204 without a body.
    NoContent => Expect::Error(&[Protocol]);
    /// 304.
    NotModified => Expect::Error(&[Protocol]);
    /// A redirect to another host.
    RedirectElsewhere => Expect::Error(&[Protocol]);
    /// A login page with 200 and `text/html`.
    LoginPage => Expect::Error(&[Protocol]);
    /// A login page with 200 and `application/json`.
    LoginPageAsJson => Expect::Error(&[Protocol]);
    /// The body ends in the middle.
    Truncated => Expect::Error(&[Protocol, Unavailable]);
    /// The body is no JSON.
    InvalidJson => Expect::Error(&[Protocol]);
    /// More follows after the JSON document.
    TrailingGarbage => Expect::Error(&[Protocol]);
    /// No body.
    EmptyBody => Expect::Unsaid(BROKEN);
    /// `null`.
    NullBody => Expect::Error(BROKEN);
    /// `{}`.
    EmptyObject => Expect::Error(BROKEN);
    /// `[]`.
    EmptyList => Expect::Error(BROKEN);
    /// An error object with 200.
    ErrorWithSuccess => Expect::Error(BROKEN);
    /// A body larger than any answer may be.
    HugeBody => Expect::Error(&[TooLarge]);
    /// Another person's record.
    AnotherPerson => Expect::Error(BROKEN);
    /// The record has no id.
    RecordWithoutId => Expect::Error(BROKEN);
}

pub(super) async fn run(harness: &dyn Harness, summary: &mut Summary) {
    for (fault, name, expect) in FAULTS.iter().copied() {
        let stage = harness.stage(&Person::some(3)).await;
        let gone = harness.gone().contains(&fault);
        summary.enter(name, try_fault(stage.as_ref(), fault, gone, expect).await);
    }
}

async fn try_fault(stage: &dyn Stage, fault: LookupFault, gone: bool, expect: Expect) -> Outcome {
    let id = stage.ids().into_iter().next();
    let id = id.ok_or_else(|| Miss::Failed("the fake holds nobody".to_owned()))?;
    stage.break_lookup(&id, fault).await.map_err(Miss::Skipped)?;
    let failed = |how: String| Err(Miss::Failed(how));
    match (stage.directory().get(&id, &request()).await, expect) {
        (Ok(Lookup::Gone), _) if gone => Ok(()),
        (Ok(Lookup::Gone), _) => failed(format!(
            "under {fault:?} a person who is there is said to be gone; only the answer by which the vendor says so may \
             become Lookup::Gone, because accounts are removed on the strength of it"
        )),
        (Ok(Lookup::Found(person)), Expect::Found) if *person.id() == id => Ok(()),
        (Ok(Lookup::Found(_)), _) => failed(format!(
            "under {fault:?} a record is given out as the person's that is not theirs or is not whole"
        )),
        (Ok(Lookup::NotVisible), Expect::Unsaid(_)) => Ok(()),
        (Ok(Lookup::NotVisible), Expect::Error(kinds)) => {
            failed(format!("not visible where one of {kinds:?} belongs"))
        }
        (Ok(Lookup::NotVisible), Expect::Found) => failed("not visible where the person belongs".to_owned()),
        (Err(error), Expect::Error(kinds) | Expect::Unsaid(kinds)) if kinds.contains(&error.kind()) => Ok(()),
        (Err(error), _) => Err(error.into()),
    }
}
