//! What a refusal means in 24SevenOffice, and what to do about it.

use hris_core::http::{Request, Response, Vendor, Verdict};
use hris_core::{Error, ErrorKind};

use crate::lists::LIST;

/// Says what a failure may mean in 24SevenOffice.
pub(crate) fn explain(error: Error, _: &'static str) -> Error {
    let hint = match (error.kind(), error.status()) {
        // What the call for an access token says about itself is said already.
        (ErrorKind::Auth, _) => return error,
        (ErrorKind::Permission, _) => {
            "the access token may not do this; ask 24SevenOffice which right it lacks"
        }
        (_, Some(401)) => {
            "24SevenOffice answers a value that it does not accept as it answers a refused token; a fresh token \
             was accepted, so it is the request"
        }
        (_, Some(300..=399)) => "if 24SevenOffice has moved to another address, set base_url to it",
        (ErrorKind::Protocol, Some(404)) => "base_url may be wrong",
        _ => return error,
    };
    error.with_hint(hint)
}

/// How 24SevenOffice words its refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words;

impl Vendor for Words {
    /// A 401 means "bad input parameter" as much as "not signed in". When it is judged here, the
    /// client has renewed the token and asked again: so it is about the request, not about the
    /// connection.
    fn classify(&self, request: &Request, response: &Response) -> Option<Verdict> {
        match response.status() {
            401 | 404 if request.label() == LIST => Some(Verdict::Refused(ErrorKind::Protocol)),
            401 => Some(Verdict::Refused(ErrorKind::Rejected)),
            _ => None,
        }
    }
}
