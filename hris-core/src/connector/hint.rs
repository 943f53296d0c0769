//! The person that a webhook may be about.

use serde_json::Value;

use crate::{EmployeeId, Error, ErrorKind, Result};

/// The largest body that is looked at.
const LARGEST: usize = 1024 * 1024;

/// Returns the id at the first of these JSON pointers that has one which `is_id` accepts; a whole number counts as its
/// digits. Nothing else of the body is believed. `label` says what is read, as in "read a webhook".
///
/// # Errors
/// [`ErrorKind::TooLarge`] above 1 MiB, [`ErrorKind::Protocol`] for a body that names nobody.
pub fn hint(body: &[u8], label: &str, places: &[&str], is_id: fn(&str) -> bool) -> Result<EmployeeId> {
    if body.len() > LARGEST {
        return Err(Error::new(ErrorKind::TooLarge, format!("{label}: larger than 1 MiB")));
    }
    let event: Option<Value> = serde_json::from_slice(body).ok();
    let id = |place: &&str| {
        let id = match event.as_ref()?.pointer(place)? {
            Value::String(id) => id.clone(),
            Value::Number(id) if id.is_u64() => id.to_string(),
            _ => return None,
        };
        is_id(&id).then(|| EmployeeId::from(id))
    };
    let found = places.iter().find_map(id);
    found.ok_or_else(|| Error::new(ErrorKind::Protocol, format!("{label}: it names no person")))
}
