//! What a refusal means in Humaans, and what to do about it.

use hris_core::http::{Response, Said, Vendor, said};
use hris_core::{Error, ErrorKind};

/// Whether Humaans refused the question itself, rather than failed to answer it.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 403 | 422))
}

/// Adds to an error what the refusal may mean in Humaans. The answer does not distinguish the reasons.
pub(crate) fn explain(error: Error, _: &'static str) -> Error {
    match error.kind() {
        ErrorKind::Auth => error.with_hint(
            "the access token is wrong or revoked, or its owner has left or lost the permission API Access, \
             or the company's plan has no API; create a new token",
        ),
        ErrorKind::Permission => error.with_hint(
            "the token's scopes or its owner's role do not allow this; `check` names what is missing",
        ),
        _ => error,
    }
}

/// What Humaans' refusals say: the name, the code, the request's id and the names of the issues.
const SAYS: [Said; 4] = [
    Said::word("/name"),
    Said::called("code", "/code"),
    Said::called("request id", "/id"),
    Said::about("/issues", &["/name", "/path"]),
];

/// How Humaans words its refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words;

impl Vendor for Words {
    fn words(&self, response: &Response) -> Option<String> {
        said(response, &SAYS)
    }
}
