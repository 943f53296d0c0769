//! One field of one pair, both of whose sides may be edited: who changed it since both were in step,
//! and what follows.
//!
//! [`merge`] knows nothing but its arguments. Values are compared in their canonical form; an edit is
//! carried over, is in conflict, or gives way to a declared rule, and never vanishes otherwise.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::policy::{Conflicts, MissingValue};
use crate::{Address, TargetField, Timestamp, canon};

/// One of the two systems that a connection keeps in step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The directory.
    Source,
    /// The product.
    #[default]
    Target,
}

impl Side {
    /// The word used in configuration and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }

    /// The opposite side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Source => Self::Target,
            Self::Target => Self::Source,
        }
    }

    /// Whether it is the target: what is written where nothing else is said.
    #[must_use]
    pub fn is_target(&self) -> bool {
        *self == Self::Target
    }
}

/// What one field was on either side when the two were last in step.
///
/// The two values differ where the sides write one thing in two ways, or where a difference was accepted.
/// Each side's edits show against its own value. Values are personal data; `Debug` shows none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The source's value, in canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The target's value, in canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The instant of the run that saw or made them so.
    pub at: Timestamp,
    /// The last write that made them so, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrote: Option<Wrote>,
}

/// What one side was made to change, and how often writes undid each other before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Wrote {
    to: Side,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over: Option<String>,
    flips: u8,
}

/// Values by field, as both sides had them when they were last in step.
pub type Bases = BTreeMap<TargetField, Base>;

/// After so many writes that each undid the one before, a field is held.
const FLIPS: u8 = 3;

impl Base {
    /// Both sides as they are.
    #[must_use]
    pub fn new(field: &TargetField, source: Option<&str>, target: Option<&str>, at: Timestamp) -> Self {
        let canonical = |value: Option<&str>| value.map(|value| canon::canonical(field, value).into_owned());
        Self { source: canonical(source), target: canonical(target), at, wrote: None }
    }

    /// What is known after `written` was made of `before` on `side`, where `found` was read back.
    ///
    /// What was read back counts as long as it is what was written in a form of the side's own
    /// ([`is_own_form`]), as it was before, or empty. Anything else was written by somebody meanwhile: then
    /// what we wrote is remembered, and the next run sees an edit.
    #[must_use]
    pub fn after_write(
        field: &TargetField,
        earlier: Option<&Self>,
        side: Side,
        (before, written): (Option<&str>, Option<&str>),
        found: Option<&str>,
        at: Timestamp,
    ) -> Self {
        let took = is_own_form(field, (before, written), found);
        let counts = took || found.is_none() || is_same(field, before, found);
        let kept = if counts { found } else { written };
        let mut base = match side {
            Side::Source => Self::new(field, kept, written, at),
            Side::Target => Self::new(field, written, kept, at),
        };
        let canonical = |value: Option<&str>| value.map(|value| canon::canonical(field, value).into_owned());
        let undoes = earlier.filter(|earlier| earlier.is_undone_by(field, side, written));
        let flips = undoes.and_then(|earlier| earlier.wrote.as_ref()).map_or(0, |wrote| wrote.flips);
        let flips = if undoes.is_some() { flips.saturating_add(1) } else { 0 };
        base.wrote = Some(Wrote { to: side, over: canonical(before), flips });
        base
    }

    /// Whether the sides were left different for good: a write did not have the effect it should.
    #[must_use]
    pub fn is_divergent(&self, field: &TargetField) -> bool {
        let (source, target) = (self.source.as_deref(), self.target.as_deref());
        !is_alike(field, source, target) && !is_alike(field, target, source)
    }

    /// Whether the difference was left as it is, and is not what a write came to.
    fn is_left_apart(&self, field: &TargetField) -> bool {
        self.wrote.is_none() && self.is_divergent(field)
    }

    /// Whether writing `value` to `side` puts back what the last write, to the other side, replaced.
    fn is_undone_by(&self, field: &TargetField, side: Side, value: Option<&str>) -> bool {
        let wrote = self.wrote.as_ref().filter(|wrote| wrote.to != side);
        wrote.is_some_and(|wrote| is_same(field, wrote.over.as_deref(), value))
    }

    fn is_worn_out(&self, field: &TargetField, side: Side, value: Option<&str>) -> bool {
        let flips = self.wrote.as_ref().map_or(0, |wrote| wrote.flips);
        flips >= FLIPS && self.is_undone_by(field, side, value)
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Base").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Whether two values of a field mean the same; two missing ones do.
#[must_use]
pub fn is_same(field: &TargetField, left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => canon::same(field, left, right),
        (left, right) => left.is_none() && right.is_none(),
    }
}

/// Whether `found` is what a system may make of `written`: the same letters and digits in another
/// form, a phone number without its prefix, a text cut short, an address without a part.
#[must_use]
pub fn is_alike(field: &TargetField, written: Option<&str>, found: Option<&str>) -> bool {
    let (Some(written), Some(found)) = (written, found) else { return written.is_none() && found.is_none() };
    if canon::same(field, written, found) {
        return true;
    }
    if *field == TargetField::Address {
        let (Some(written), Some(found)) = (parts(written), parts(found)) else { return false };
        return written
            .iter()
            .zip(&found)
            .all(|(written, found)| found.is_none() || alike_opt(written, found));
    }
    alike_text(written, found)
}

/// Whether `found` is what a side that had `before` may have made of `written` by itself: alike, as by
/// [`is_alike`], and no shorter than what that side is known to keep. A text that ends sooner than the one
/// before did, or an address without a part that it had before, was shortened by somebody.
#[must_use]
pub fn is_own_form(
    field: &TargetField,
    (before, written): (Option<&str>, Option<&str>),
    found: Option<&str>,
) -> bool {
    let keeps_it = || match (before, written, found) {
        (Some(before), Some(written), Some(found)) if *field == TargetField::Address => {
            let Some(((before, written), found)) = parts(before).zip(parts(written)).zip(parts(found)) else {
                return true;
            };
            let mut all = before.iter().zip(&written).zip(&found);
            all.all(|((before, written), found)| match (before, written, found) {
                (Some(_), Some(_), None) => false,
                (Some(before), Some(written), Some(found)) => !is_shortened(before, written, found),
                _ => true,
            })
        }
        (Some(before), Some(written), Some(found)) => !is_shortened(before, written, found),
        _ => true,
    };
    is_alike(field, written, found) && keeps_it()
}

/// Whether a text is the beginning of what was written and ends where the side is known to go on.
fn is_shortened(before: &str, written: &str, found: &str) -> bool {
    /// A side that counts bytes may stop within a letter, and drop a blank at the end: this much less is no
    /// proof.
    const NEARLY: usize = 4;
    let goes_on = |measure: fn(&str) -> usize| measure(before) > measure(found).saturating_add(NEARLY);
    let (written, folded) = (fold(written), fold(found));
    let is_cut = written.starts_with(&folded) && folded.len() < written.len();
    is_cut && !is_number(&written) && goes_on(str::len) && goes_on(|text| text.chars().count())
}

fn parts(address: &str) -> Option<[Option<String>; 5]> {
    let Address { street, city, region, postcode, country, .. } = serde_json::from_str(address).ok()?;
    Some([street, city, region, postcode, country])
}

fn alike_opt(written: &Option<String>, found: &Option<String>) -> bool {
    match (written, found) {
        (Some(written), Some(found)) => alike_text(written, found),
        (written, found) => written.is_none() && found.is_none(),
    }
}

fn alike_text(written: &str, found: &str) -> bool {
    /// Fewer letters or digits than this prove nothing.
    const ENOUGH: usize = 5;
    let (written, found) = (fold(written), fold(found));
    if written == found {
        return true;
    }
    if found.len() < ENOUGH || written.len() < ENOUGH {
        return false;
    }
    let numbers = is_number(&written) && is_number(&found);
    (numbers && (written.ends_with(&found) || found.ends_with(&written)))
        || (!numbers && written.starts_with(&found))
}

/// The letters and digits of a text.
fn fold(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_number(folded: &str) -> bool {
    folded.bytes().all(|byte| byte.is_ascii_digit())
}

/// What follows for one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Both sides are equal, and from now on that is what they are compared with.
    Agree,
    /// A rule or a person has to decide: nothing is written.
    Conflict(Cause),
    /// This side cannot lose the value that the other one lost, or cannot be written at all. That is
    /// remembered and reported once.
    Diverge(Side),
    /// The difference stays, as the policy says, and is what later edits are compared with.
    Leave,
    /// Nothing changed since both were in step.
    Nothing,
    /// This side gets the value of the other one.
    Write(Side),
}

/// Why somebody has to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// Both sides changed it since they were in step.
    BothChanged,
    /// The sides differ and were never in step.
    FirstContact,
    /// The person is not in the source.
    MissingInSource,
    /// The person is not in the target.
    MissingInTarget,
    /// One side has no value, they were never in step, and the policy asks.
    MissingValue,
    /// Two systems keep undoing each other.
    Undone,
}

impl Cause {
    /// The cause in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BothChanged => "both sides changed it",
            Self::FirstContact => "the sides differ and were never in step",
            Self::MissingInSource => "is in the target only",
            Self::MissingInTarget => "is in the source only",
            Self::MissingValue => "one side has no value and they were never in step",
            Self::Undone => "two systems keep undoing each other",
        }
    }
}

/// By which rules a field is merged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Who wins where both sides changed it.
    pub conflict: Conflicts,
    /// What to do where one side has no value and they were never in step.
    pub missing_value: MissingValue,
    /// Whether the source cannot be written. Then its edits go to the target as long as nobody edited the field
    /// there, and every other difference stays as each side has it, whatever [`Rules::conflict`] says.
    pub source_refuses: bool,
    /// Whether the source can lose a value.
    pub source_clears: bool,
    /// Whether the target can lose a value.
    pub target_clears: bool,
    /// Which side is known to have changed the field later, where both say so credibly.
    pub newer: Option<Side>,
    /// Whose value somebody decided to keep, seeing these very values.
    pub keep: Option<Side>,
}

/// Decides about one field from what it was and what it is on either side.
///
/// ```
/// use hris_core::TargetField;
/// use hris_core::reconcile::{Base, Cause, Merge, Rules, Side, merge};
///
/// let (field, at) = (TargetField::JobTitle, "2026-11-23T09:00:00Z".parse()?);
/// let base = Base::new(&field, Some("Miller"), Some("Miller"), at);
/// let merged = |source, target| merge(&field, Some(&base), source, target, &Rules::default());
///
/// assert_eq!(merged(Some("Miller"), Some("Miller ")), Merge::Nothing);
/// assert_eq!(merged(Some("Baker"), Some("Miller")), Merge::Write(Side::Target));
/// assert_eq!(merged(Some("Miller"), Some("Smith")), Merge::Write(Side::Source));
/// assert_eq!(merged(Some("Baker"), Some("Smith")), Merge::Conflict(Cause::BothChanged));
/// assert_eq!(merged(Some("Baker"), Some("Baker")), Merge::Agree);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn merge(
    field: &TargetField,
    base: Option<&Base>,
    source: Option<&str>,
    target: Option<&str>,
    rules: &Rules,
) -> Merge {
    let changed_in = |base: &Base| {
        let source = !is_same(field, base.source.as_deref(), source);
        (source, !is_same(field, base.target.as_deref(), target))
    };
    let changed = base.map(changed_in);
    if is_same(field, source, target) {
        return if changed == Some((false, false)) { Merge::Nothing } else { Merge::Agree };
    }
    // A number with and without its prefix is one number, and each side keeps its own form.
    let alike = is_alike(field, source, target) || is_alike(field, target, source);
    if base.is_none() && *field == TargetField::Phone && alike {
        return Merge::Agree;
    }
    let write = |side: Side| {
        if side == Side::Source && rules.source_refuses {
            return Merge::Diverge(side);
        }
        let (value, clears) = match side {
            Side::Source => (target, rules.source_clears),
            Side::Target => (source, rules.target_clears),
        };
        let worn_out = base.is_some_and(|base| base.is_worn_out(field, side, value));
        if worn_out && rules.keep != Some(side.other()) {
            return Merge::Conflict(Cause::Undone);
        }
        if value.is_none() && !clears { Merge::Diverge(side) } else { Merge::Write(side) }
    };
    let clash = |policy: Conflicts, cause: Cause| {
        if rules.source_refuses && cause != Cause::MissingValue {
            return Merge::Diverge(Side::Source);
        }
        let rule = match policy {
            Conflicts::Ask => None,
            Conflicts::NewestWins => rules.newer,
            Conflicts::SourceWins => Some(Side::Source),
            Conflicts::TargetWins => Some(Side::Target),
        };
        rules.keep.or(rule).map_or(Merge::Conflict(cause), |winner| write(winner.other()))
    };
    match changed {
        Some((false, false)) => Merge::Nothing,
        Some((true, false)) if rules.source_refuses && base.is_some_and(|base| base.is_left_apart(field)) => {
            Merge::Diverge(Side::Source)
        }
        Some((true, false)) => keep_or(rules, Side::Source, write),
        Some((false, true)) => keep_or(rules, Side::Target, write),
        Some((true, true)) => clash(rules.conflict, Cause::BothChanged),
        None => match (source, target, rules.missing_value) {
            (Some(_), Some(_), _) => clash(rules.conflict, Cause::FirstContact),
            (_, _, MissingValue::Ask) => clash(Conflicts::Ask, Cause::MissingValue),
            (_, _, MissingValue::Leave) => Merge::Leave,
            (None, _, MissingValue::Fill) => write(Side::Source),
            (_, None, MissingValue::Fill) => write(Side::Target),
        },
    }
}

/// One side changed. That carries over, unless somebody decided on a field that is held.
fn keep_or(rules: &Rules, winner: Side, write: impl Fn(Side) -> Merge) -> Merge {
    let carried = write(winner.other());
    match rules.keep {
        Some(keep) if carried == Merge::Conflict(Cause::Undone) => write(keep.other()),
        _ => carried,
    }
}
