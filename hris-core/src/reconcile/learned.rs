//! What a target makes of a value that it was given: its own form, or the value before because somebody
//! put that back.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::merge::{self, is_same};
use crate::{TargetField, canon, hex};

/// After so many writes that were each undone, a field is held.
const FLIPS: u8 = 3;

/// What became of the last write of one field. It holds digests, no values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// What was written.
    wrote: String,
    /// What stood there before.
    over: String,
    /// What the target made of it, where that is known and something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<String>,
    /// How often the same was written over the same.
    #[serde(default)]
    flips: u8,
}

impl Learned {
    /// What is known once `written` was put in place of `before`, and `found` was read back.
    ///
    /// What was read back counts as the target's own form by [`is_own_form`](merge::is_own_form), if it is what
    /// stood there before, or if nothing stands there. Anything else was written by somebody meanwhile.
    #[must_use]
    pub fn after_write(
        field: &TargetField,
        earlier: Option<&Self>,
        (before, written): (Option<&str>, Option<&str>),
        found: Option<Option<&str>>,
    ) -> Self {
        let (wrote, over) = (digest(field, written), digest(field, before));
        let again = earlier.filter(|earlier| earlier.wrote == wrote && earlier.over == over);
        let flips = again.map_or(0, |earlier| earlier.flips.saturating_add(1));
        let made = found.filter(|found| {
            let is_own_form = merge::is_own_form(field, (before, written), *found)
                || found.is_none()
                || is_same(field, before, *found);
            is_own_form && !is_same(field, written, *found)
        });
        Self { wrote, over, made: made.map(|made| digest(field, made)), flips }
    }

    /// Whether `current` is what the target made of `wanted`.
    #[must_use]
    pub fn is_own_form(&self, field: &TargetField, wanted: Option<&str>, current: Option<&str>) -> bool {
        self.made.as_ref().is_some_and(|made| *made == digest(field, current))
            && self.wrote == digest(field, wanted)
    }

    /// Whether writing `wanted` over `current` would be the same write once too often: another system keeps
    /// putting the old value back.
    #[must_use]
    pub fn is_worn_out(&self, field: &TargetField, wanted: Option<&str>, current: Option<&str>) -> bool {
        self.flips >= FLIPS.saturating_sub(1)
            && self.wrote == digest(field, wanted)
            && self.over == digest(field, current)
    }
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} writes", u32::from(self.flips) + 1)
    }
}

/// A digest of a value in its canonical form.
pub(super) fn digest(field: &TargetField, value: Option<&str>) -> String {
    let value = value.map(|value| canon::canonical(field, value));
    let content = serde_json::to_vec(&(field, value)).unwrap_or_default();
    hex(Sha256::digest(&content).get(..8).unwrap_or_default())
}
