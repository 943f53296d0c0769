//! What a vendor's fake has of its own.

use super::{Allowance, Answer, Envelope, RateLimit, Received, RetryAfter};

/// An invented company and the vendor's rules about it: what a [`Server`](super::Server) serves.
pub trait World: Send + Sized + 'static {
    /// The path beneath which the API lies, such as `/api`; nothing when not said. Requests name
    /// their paths without it.
    fn base(&self) -> &str {
        ""
    }

    /// How this vendor's lists look at present.
    fn envelope(&self) -> Envelope;

    /// Names of headers and of query, form and top-level JSON members whose values are credentials
    /// and stay out of every record, in lower case. `authorization`, `proxy-authorization` and
    /// `cookie` always do.
    fn secrets(&self) -> &[&str] {
        &[]
    }

    /// The limits this request counts against, each with the name of whom it is counted for: an
    /// access token, an account. A request beyond one of them is answered with 429 and counts
    /// against none.
    fn limits(&self, request: &Received) -> Vec<(String, RateLimit)> {
        let _unlimited = request;
        Vec::new()
    }

    /// How a 429 says when to come back; in whole seconds when not said.
    fn retry_after(&self) -> RetryAfter {
        RetryAfter::Seconds
    }

    /// What the vendor answers. Faults that twist a list ask for more than one page, so a read must
    /// change nothing but counters.
    fn answer(&mut self, request: &Received) -> Answer;

    /// The vendor's answer of a status of 400 or more.
    fn refuse(&self, request: &Received, status: u16) -> Answer;

    /// Takes back the credential that this request carried.
    fn revoke(&mut self, request: &Received);

    /// A last look at every answer, those of most faults included: the place for headers that all of
    /// them carry. The allowances are those of [`World::limits`], in their order.
    fn finish(&self, request: &Received, answer: &mut Answer, allowances: &[Allowance]) {
        let _as_it_is = (request, answer, allowances);
    }
}
