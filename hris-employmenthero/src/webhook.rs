//! Reads a webhook as a hint that one person should be fetched again.
//!
//! Employment Hero documents neither the shape of a webhook nor a signature, so its content is never
//! applied and proves nothing. Accept a webhook only at a secret path or with a secret header of your own,
//! fetch the person with [`Directory::get`](hris_core::Directory::get), and leave the rest to the next
//! snapshot.

use hris_core::EmployeeId;

/// Returns the person a webhook may be about: the first UUID under `data.employee.id`, `data.employee_id`,
/// `employee.id`, `employee_id`, `data.id` or `id`. It may be the id of something else, such as of a leave
/// request; then no person has that id, and nothing follows from that.
///
/// ```
/// use hris_employmenthero::webhook::hint;
///
/// let body = br#"{"event":"employee_updated","data":{"id":"6f0d3c1e-2b7a-4c55-9d0e-0a4f5f1c7a11"}}"#;
/// assert_eq!(hint(body).map(|id| id.to_string()).as_deref(), Some("6f0d3c1e-2b7a-4c55-9d0e-0a4f5f1c7a11"));
/// assert_eq!(hint(b"{}"), None);
/// ```
#[must_use]
pub fn hint(body: &[u8]) -> Option<EmployeeId> {
    let places =
        ["/data/employee/id", "/data/employee_id", "/employee/id", "/employee_id", "/data/id", "/id"];
    hris_core::connector::hint(body, "read a webhook", &places, crate::source::is_uuid).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_it_may_be_about() {
        let (one, two) = ("6f0d3c1e-2b7a-4c55-9d0e-0a4f5f1c7a11", "d41f9f0a-9f6d-4d7c-8a0b-7b9d0f3f2c22");
        for (body, expected) in [
            (format!(r#"{{"data":{{"id":"{two}","employee":{{"id":"{one}"}}}}}}"#), Some(one)),
            (format!(r#"{{"employee_id":"{one}","id":"{two}"}}"#), Some(one)),
            (format!(r#"{{"data":{{"id":"17"}},"id":"{two}"}}"#), Some(two)),
            (format!(r#"{{"data":["{two}"]}}"#), None),
            (r#"{"id":"somebody@example.com"}"#.to_owned(), None),
            ("<html>".to_owned(), None),
        ] {
            assert_eq!(hint(body.as_bytes()).as_ref().map(EmployeeId::as_str), expected, "{body}");
        }
        assert_eq!(hint(&vec![b' '; 1024 * 1024 + 1]), None);
    }
}
