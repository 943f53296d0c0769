//! Fields of a customer's own, found by the name that somebody wrote into a mapping.

use crate::{Error, ErrorKind, SourceField, canon};

/// The custom fields that a name means: those that are called exactly so; else those whose name differs in
/// case, in blanks and in the form of its characters only. More than one is for a person to decide, by id.
///
/// ```
/// use hris_core::custom_fields_called;
///
/// let fields = ["Cost centre ", "Shirt", "shirt"];
/// let called = |name: &str| custom_fields_called(name, &fields, |field| Some(*field));
/// assert_eq!(called("Cost Centre"), [&"Cost centre "]);
/// assert_eq!(called("Shirt"), [&"Shirt"], "the exact one goes before");
/// assert_eq!(called("SHIRT").len(), 2);
/// assert!(called("Cost").is_empty());
/// ```
pub fn custom_fields_called<'d, D>(
    wanted: &str,
    fields: &'d [D],
    name: impl Fn(&'d D) -> Option<&'d str>,
) -> Vec<&'d D> {
    let exact: Vec<&D> = fields.iter().filter(|field| name(field) == Some(wanted)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let wanted = canon::word(wanted);
    fields.iter().filter(|field| name(field).is_some_and(|name| canon::word(name) == wanted)).collect()
}

/// Requested custom fields that the vendor does not have, each with a hint at the nearest one. Where a
/// vendor does not distinguish a missing field from a hidden one, it counts as missing.
///
/// ```
/// use hris_core::{ErrorKind, SourceField, no_such_custom_fields};
///
/// let field = SourceField::CustomName("Desc".to_owned());
/// let error = no_such_custom_fields([(&field, "; the nearest name is `custom.Desk`".to_owned())]).unwrap();
/// assert_eq!(error.kind(), ErrorKind::Config);
/// assert!(no_such_custom_fields([]).is_none());
/// ```
#[must_use]
pub fn no_such_custom_fields<'f>(
    lacking: impl IntoIterator<Item = (&'f SourceField, String)>,
) -> Option<Error> {
    let lines = lacking.into_iter().map(|(field, near)| format!("{field} can be seen nowhere{near}"));
    let lines: Vec<String> = lines.collect();
    let words = format!(
        "read the mapping: {}. It was renamed or deleted, or the credential may not see it; correct the mapping or what \
         the credential may see",
        lines.join("; ")
    );
    (!lines.is_empty()).then(|| Error::new(ErrorKind::Config, words))
}

/// What to say after a custom field was not found: the nearest name that there is, or nothing where none is
/// near or the field was asked for by id.
///
/// ```
/// use hris_core::{SourceField, nearest_custom_field};
///
/// let field = SourceField::CustomName("Cost center".to_owned());
/// let near = nearest_custom_field(&field, ["Shirt size", "Cost centre "]);
/// assert_eq!(near, "; the nearest name is `custom.Cost centre `");
/// assert_eq!(nearest_custom_field(&field, ["Shirt size"]), "");
/// ```
#[must_use]
pub fn nearest_custom_field<'n>(field: &SourceField, names: impl IntoIterator<Item = &'n str>) -> String {
    let SourceField::CustomName(wanted) = field else { return String::new() };
    let wanted = canon::word(wanted);
    let distance = |name: &str| strsim::damerau_levenshtein(&wanted, &canon::word(name));
    let near = names.into_iter().map(|name| (distance(name), name)).min();
    // More letters changed than kept is another name.
    let near = near.filter(|(distance, _)| distance.saturating_mul(2) <= wanted.chars().count());
    near.map_or_else(String::new, |(_, name)| format!("; the nearest name is `custom.{name}`"))
}
