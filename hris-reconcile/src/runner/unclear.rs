//! What is made of a write to the source of which nobody knows whether it was done.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{Action, is_own_form, is_same};
use hris_core::{Link, Problem, ProblemCode, TargetField};

use super::two_way::Values;

/// The fields that are empty.
pub(super) fn empty_of(values: &Values) -> BTreeSet<TargetField> {
    values.iter().filter(|(_, value)| value.is_none()).map(|(field, _)| field.clone()).collect()
}

/// Whether a side has every value of an action, in whatever form, and not the one before. Where the two
/// look the same it counts as not done, because writing the same again does no harm.
pub(super) fn has_taken(action: &Action, found: &Values) -> bool {
    action.changes.iter().all(|change| {
        let Some(found) = found.get(&change.field) else { return false };
        let (field, from, found) = (&change.field, change.from.as_deref(), found.as_deref());
        is_own_form(field, (from, change.to.as_deref()), found) && !is_same(field, from, found)
    })
}

/// Whether a side kept the beginning or the end of what was written, or an address without a part. A phone number
/// without its country code is a form of its own.
pub(super) fn is_cut(
    field: &TargetField,
    (before, written): (Option<&str>, Option<&str>),
    found: Option<&str>,
) -> bool {
    if is_same(field, written, found) || !is_own_form(field, (before, written), found) {
        return false;
    }
    let (Some(written), Some(found)) = (written, found) else { return false };
    let missing = letters(written).saturating_sub(letters(found));
    let prefix = written.trim_start().starts_with('+') || written.trim_start().starts_with("00");
    let code = if *field == TargetField::Phone && prefix { COUNTRY_CODE } else { 0 };
    missing > code
}

/// Digits of a country code, the two that may stand for its `+` included.
const COUNTRY_CODE: usize = 5;

/// How many letters and digits a value has; those of all parts of an address.
fn letters(value: &str) -> usize {
    let count = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).count();
    match serde_json::from_str::<BTreeMap<String, Option<String>>>(value) {
        Ok(parts) => parts.values().flatten().map(|part| count(part)).sum(),
        Err(_) => count(value),
    }
}

/// After an update of which nobody knows whether it was done: fields of the link that were not sent, were not
/// empty before and are empty now, count as never in step. What such an update lost is an empty
/// value that the other side fills, not an edit that goes there.
pub(super) fn forget_lost(
    link: &mut Link,
    action: &Action,
    found: &Values,
    empty: &BTreeSet<TargetField>,
) -> Vec<Problem> {
    let is_sent = |field: &TargetField| action.changes.iter().any(|change| change.field == *field);
    let had = link
        .bases
        .iter()
        .filter(|(field, base)| base.source.is_some() && !is_sent(field) && !empty.contains(*field));
    let lost: Vec<TargetField> =
        had.map(|(field, _)| field.clone()).filter(|field| found.get(field) == Some(&None)).collect();
    let told = lost.into_iter().map(|field| {
        link.bases.remove(&field);
        let message = "is empty since an update of other fields of which nobody knows whether it was done; that is \
                       taken for a loss and not for an edit";
        let problem = Problem::warning(ProblemCode::Divergence, message).field(field.to_string());
        problem.employee(&link.employee).user(&link.user)
    });
    told.collect()
}
