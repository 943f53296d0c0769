//! What a refusal means in Employment Hero, and what to do about it.

use hris_core::http::{Response, Said, Vendor, said};
use hris_core::{Error, ErrorKind};

use crate::lists::{
    CUSTOM_FIELDS, CUSTOM_VALUES, EMPLOYEES, ORGANISATION, ORGANISATIONS, PERSON, TEAMS, WORK_LOCATIONS,
};

/// The scope that a call needs, in both notations as far as they are known.
fn scope(label: &str) -> &'static str {
    match label {
        EMPLOYEES => "employees:list (urn:mainapp:employees:read)",
        ORGANISATION => "organisations:show (urn:mainapp:organisations:read)",
        ORGANISATIONS => "organisations:list (urn:mainapp:organisations:read)",
        PERSON => "employees:show (urn:mainapp:employees:read)",
        TEAMS => "teams:list",
        WORK_LOCATIONS => "work_locations:list",
        CUSTOM_FIELDS | CUSTOM_VALUES => "for custom fields, whose name is not published",
        _ => "for this, whose name is not known",
    }
}

/// Says what a refusal may mean in Employment Hero. The answer cannot tell the reasons apart.
pub(crate) fn explain(error: Error, label: &'static str) -> Error {
    match (error.kind(), error.status()) {
        // Without a status it is the session's own word, which says everything.
        (ErrorKind::Auth, Some(_)) => error.with_hint(
            "the access token is refused, and renewing it did not help; reconnect: give consent again, as an owner or a full \
             administrator",
        ),
        (ErrorKind::Permission, _) => error.with_hint(format_args!(
            "the grant lacks the scope {}, or the person who consented may not see this, or the plan has no API (Platinum \
             and above have)",
            scope(label)
        )),
        // Nothing at all is found in an organisation that the grant does not cover.
        (ErrorKind::NotFound | ErrorKind::Protocol, Some(404))
            if matches!(label, EMPLOYEES | ORGANISATION) =>
        {
            Error::new(ErrorKind::Permission, error.to_string())
                .with_status(404)
                .with_hint("the organisation is not visible to this grant; `organisation` may be wrong")
        }
        _ => error,
    }
}

/// What Employment Hero's refusals say: the code, the names of refused fields and the request's id.
const SAYS: [Said; 3] =
    [Said::called("code", "/code"), Said::about("/errors", &[]), Said::request_id("x-request-id")];

/// How Employment Hero words its refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words;

impl Vendor for Words {
    fn words(&self, response: &Response) -> Option<String> {
        said(response, &SAYS)
    }
}
