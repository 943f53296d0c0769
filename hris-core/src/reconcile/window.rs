//! Which removals of earlier runs count.

use serde::{Deserialize, Serialize};

use super::Safeguards;
use crate::Timestamp;

/// An account that an earlier run of the connection deactivated: an action of
/// [`ActionKind::Deactivate`](super::ActionKind::Deactivate) that was done. Who carries plans out keeps one of
/// each, for [`Inputs::removed_in_window`](super::Inputs::removed_in_window).
///
/// ```
/// use hris_core::Timestamp;
/// use hris_core::reconcile::{Removal, Safeguards};
///
/// let at = |text: &str| text.parse::<Timestamp>();
/// let removals = [
///     Removal::new(at("2026-11-01T02:00:00Z")?, false), // before the seven days
///     Removal::new(at("2026-11-20T02:00:00Z")?, true), // a person looked at that plan
///     Removal::new(at("2026-11-21T02:00:00Z")?, false),
/// ];
/// let counted = Safeguards::default().removed_in_window(&removals, at("2026-11-23T02:00:00Z")?);
/// assert_eq!(counted, 1);
/// # Ok::<(), hris_core::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Removal {
    /// The instant of the run: the `now` of its plan.
    pub at: Timestamp,
    /// Whether a person approved the plan. Such removals are not counted.
    pub approved: bool,
}

impl Removal {
    /// An account that the run of this instant deactivated.
    #[must_use]
    pub const fn new(at: Timestamp, approved: bool) -> Self {
        Self { at, approved }
    }

    /// Whether it counts in a window that begins at `since`.
    #[must_use]
    pub fn counts_since(&self, since: Timestamp) -> bool {
        self.at >= since && !self.approved
    }
}

impl Safeguards {
    /// When the window begins in which removals are counted; `None` where there is no such limit.
    #[must_use]
    pub fn window_begins(&self, now: Timestamp) -> Option<Timestamp> {
        let days = i32::try_from(self.window_days).unwrap_or(i32::MAX);
        (days > 0).then(|| now.plus_days(-days))
    }

    /// How many removals of earlier runs count for a plan of `now`.
    #[must_use]
    pub fn removed_in_window<'r>(
        &self,
        removals: impl IntoIterator<Item = &'r Removal>,
        now: Timestamp,
    ) -> u64 {
        let Some(since) = self.window_begins(now) else { return 0 };
        removals.into_iter().filter(|removal| removal.counts_since(since)).count() as u64
    }
}
