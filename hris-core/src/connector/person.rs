//! One person's record on its way to an [`Employee`]: what every connector does the same.

use crate::wire::Record;
use crate::{Employee, Field, ProblemCode, ReadRequest, StandardField, Tally};

/// Whether a field may be kept. Personal values are kept only if the request names them; a part of the home address
/// also where it asks for the whole.
#[must_use]
pub fn may_keep(request: &ReadRequest, field: StandardField) -> bool {
    match field {
        StandardField::PersonalEmail | StandardField::PersonalPhone => request.wants(field),
        StandardField::AddressStreet
        | StandardField::AddressCity
        | StandardField::AddressRegion
        | StandardField::AddressPostcode
        | StandardField::AddressCountry => request.wants(StandardField::Address) || request.wants(field),
        _ => true,
    }
}

/// Sets the field if it may be kept; see [`may_keep`].
pub fn keep(employee: &mut Employee, request: &ReadRequest, field: StandardField, value: Field<String>) {
    if may_keep(request, field) {
        employee.put(field, value);
    }
}

/// Sets every field that a member of the record is as it stands ([`Record::FILLS`]), if it may be kept.
pub fn fill<R: Record>(employee: &mut Employee, record: &mut R, request: &ReadRequest) {
    record.texts(&mut |field, value| keep(employee, request, field, value));
}

/// Counts the members of a record that could not be read: of another type than `title`, the vendor's name for people,
/// documents, or no date. `name` says how reports call a member. The members in `apart` are dates that are judged
/// elsewhere.
pub fn count_unreadable<R: Record>(
    record: &R,
    title: &str,
    name: impl Fn(&str) -> String,
    apart: &[&str],
    tally: &mut Tally,
) {
    let id = record.id().unwrap_or_default();
    for member in &record.notes().unfit {
        let words = format!("the value is of another type than {title} documents; left out");
        tally.count(ProblemCode::InvalidRecord, name(member), words, id);
    }
    for member in record.notes().undated.iter().filter(|member| !apart.contains(&&***member)) {
        tally.count(
            ProblemCode::InvalidDate,
            name(member),
            "not a date of the form YYYY-MM-DD; left out",
            id,
        );
    }
}

/// A work e-mail as every connector writes it: without white space around it, in lower case.
#[must_use]
pub fn work_email(email: Field<String>) -> Field<String> {
    email.map(|email| email.trim().to_ascii_lowercase())
}

/// Whether a member's value was of a type that it cannot have.
#[must_use]
pub fn is_unfit<R: Record>(record: &R, member: &str) -> bool {
    record.notes().unfit.iter().any(|name| **name == *member)
}

/// Whether a member's value is no date.
#[must_use]
pub fn is_undated<R: Record>(record: &R, member: &str) -> bool {
    record.notes().undated.iter().any(|name| **name == *member)
}
