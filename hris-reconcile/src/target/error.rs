//! Why a target did not do what it was asked.

use std::collections::BTreeSet;

/// Why a target did not do what it was asked. The message carries no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct TargetError {
    /// The coarse kind.
    pub kind: TargetErrorKind,
    /// What happened and what to do.
    pub message: String,
    /// The fields it is about.
    pub fields: BTreeSet<String>,
}

impl TargetError {
    /// The account carries another external id or address than before.
    #[must_use]
    pub fn changed() -> Self {
        let message = "the account carries another external id or e-mail address than before, so it may \
            belong to another person now; nothing was done to it";
        Self::new(TargetErrorKind::Changed, message)
    }

    /// An error of `kind`.
    pub fn new(kind: TargetErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), fields: BTreeSet::new() }
    }

    /// Names a field it is about.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.fields.insert(field.into());
        self
    }
}

/// The coarse kinds of [`TargetError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetErrorKind {
    /// The target's credential or permission is missing: the run stops.
    Auth,
    /// The account is not the one that was seen, so nothing was done to it: this record only.
    Changed,
    /// A value that must be unique is taken: this record only.
    Conflict,
    /// A write changed other fields: the run stops, and nothing more is written until a person has looked.
    Harmed,
    /// The account is not there: this record only.
    NotFound,
    /// The record was refused: this record only.
    Rejected,
    /// Nothing was done and the target does not work now: the run stops after three in a row.
    Unavailable,
    /// It is unknown whether it was done: read back before anything else.
    UnknownOutcome,
}
