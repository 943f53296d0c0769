//! Reads a product event as a hint that one person should be fetched again.
//!
//! Freshteam sends no webhooks by itself; apps that run in the customer's account can pass its product
//! events on. Events are not signed, so their content is not believed: fetch the person with
//! [`Directory::get`](hris_core::Directory::get), and leave the rest to the next snapshot.

use hris_core::{EmployeeId, Result};

/// Returns the person a product event is about: `onEmployeeCreate` or `onEmployeeUpdate`, in the shapes of
/// 2019 and of 2020.
///
/// ```
/// use hris_freshteam::webhook::hint;
///
/// let body = br#"{"event":"onEmployeeUpdate","data":{"employee":{"id":6000910017}}}"#;
/// assert_eq!(hint(body)?.as_str(), "6000910017");
/// # Ok::<(), hris_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::TooLarge`](hris_core::ErrorKind::TooLarge) above 1 MiB, [`ErrorKind::Protocol`](hris_core::ErrorKind::Protocol) for a body that names no person.
pub fn hint(body: &[u8]) -> Result<EmployeeId> {
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    hris_core::connector::hint(
        body,
        "read an event",
        &["/data/employee/id", "/data/user/id", "/user/id"],
        is_id,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hris_core::ErrorKind;

    #[test]
    fn whom_it_is_about() {
        for (body, expected) in [
            (r#"{"data":{"employee":{"id":6000910017}}}"#, Some("6000910017")),
            (r#"{"data":{"employee":{"id":"6000910017"}}}"#, Some("6000910017")),
            (r#"{"data":{"user":{"id":7}}}"#, Some("7")),
            (r#"{"user":{"id":8}}"#, Some("8")),
            (r#"{"data":{"employee":{"id":"../roles"}}}"#, None),
            (r#"{"data":{"employee":{"id":-1}}}"#, None),
            (r#"{"data":{"newhire":{"id":9}}}"#, None),
            ("[]", None),
            ("<html>", None),
        ] {
            let found = hint(body.as_bytes());
            assert_eq!(found.as_ref().ok().map(EmployeeId::as_str), expected, "{body}");
        }
        let large = vec![b' '; 1024 * 1024 + 1];
        assert_eq!(hint(&large).map_err(|error| error.kind()), Err(ErrorKind::TooLarge));
    }
}
