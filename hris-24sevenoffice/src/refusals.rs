//! What a refusal means in 24SevenOffice, and what to do about it.

use hris_core::http::{Request, Response, Vendor, Verdict};
use hris_core::{Error, ErrorKind};

use crate::lists::LIST;

/// Adds to an error what the failure may mean in 24SevenOffice.
pub(crate) fn explain(error: Error, _: &'static str) -> Error {
    let hint = match (error.kind(), error.status()) {
        // The call for an access token has added its own hint already.
        (ErrorKind::Auth, _) => return error,
        (ErrorKind::Permission, _) => {
            "the access token may not do this; ask 24SevenOffice which right it lacks"
        }
        (_, Some(401)) => {
            "24SevenOffice gives the same answer for a value that it does not accept and for a refused token; \
             a fresh token was accepted, so the request is at fault"
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
    /// A 401 means "bad input parameter" as much as "not signed in". At this point the client has renewed
    /// the token and repeated the request. So the refusal is about the request, not about the connection.
    fn classify(&self, request: &Request, response: &Response) -> Option<Verdict> {
        match response.status() {
            401 | 404 if request.label() == LIST => Some(Verdict::Refused(ErrorKind::Protocol)),
            401 => Some(Verdict::Refused(ErrorKind::Rejected)),
            _ => None,
        }
    }
}
