//! An update of several fields of which the target refuses one: the rest is written all the same, so that
//! one value that it does not take withholds no other.

use std::collections::BTreeSet;

use hris_core::reconcile::{Action, ActionKey, Change};
use hris_core::{Problem, TargetField, UserId};
use sha2::{Digest as _, Sha256};

use super::apply::Apply;
use super::attempt::Attempt;
use super::refused::{conflict, rejected};
use crate::Result;
use crate::target::{TargetError, TargetErrorKind, Write};

/// Whether the target refused a record, and not the run.
pub(super) fn is_refusal(kind: TargetErrorKind) -> bool {
    matches!(kind, TargetErrorKind::Conflict | TargetErrorKind::Rejected)
}

/// What became of the fields of an update.
#[derive(Debug, Default)]
struct Sorted {
    done: Vec<Change>,
    refused: Vec<(Change, TargetError)>,
}

impl Apply<'_> {
    /// Writes what is left of an update that was refused: without the fields that the target names, or
    /// field by field where it names none.
    pub(super) async fn the_rest(
        &mut self,
        action: &Action,
        user: &UserId,
        refused: TargetError,
    ) -> Result<Attempt> {
        let mut sorted = Sorted::default();
        let mut pending = action.changes.clone();
        let mut error = refused.clone();
        loop {
            let (named, others): (Vec<_>, Vec<_>) =
                pending.into_iter().partition(|change| is_named(&error, &change.field));
            let is_told = !named.is_empty();
            sorted.refused.extend(named.into_iter().map(|change| (change, error.clone())));
            pending = others;
            if pending.is_empty() || !is_told {
                break;
            }
            match self.write_part(action, user, &pending).await? {
                Ok(()) => sorted.done.append(&mut pending),
                Err(other) if is_refusal(other.kind) => error = other,
                Err(other) => return Ok(not_told(other)),
            }
        }
        if !pending.is_empty() {
            // What was named may not have been the reason, so each is tried by itself.
            pending.extend(std::mem::take(&mut sorted.refused).into_iter().map(|(change, _)| change));
            for change in pending {
                match self.write_part(action, user, std::slice::from_ref(&change)).await? {
                    Ok(()) => sorted.done.push(change),
                    Err(other) if is_refusal(other.kind) => sorted.refused.push((change, other)),
                    Err(other) => return Ok(not_told(other)),
                }
            }
        }
        let Sorted { done, refused: left } = sorted;
        if done.is_empty() {
            return Ok(match refused.kind {
                TargetErrorKind::Conflict => Attempt::Conflict(refused.fields),
                _ => Attempt::Failed(refused),
            });
        }
        let fields: BTreeSet<String> = left.iter().map(|(change, _)| change.field.to_string()).collect();
        for (change, error) in left {
            self.noted.push(told(action, user, &change, &error));
        }
        let mut part = action.clone();
        part.changes = done;
        let settlement = self.done_to(&part, user).await;
        self.wrote(&part, user);
        Ok(Attempt::Partly(settlement, user.clone(), fields))
    }

    /// Writes some fields of an update, under a key of their own.
    async fn write_part(
        &self,
        action: &Action,
        user: &UserId,
        changes: &[Change],
    ) -> Result<std::result::Result<(), TargetError>> {
        let mut part = action.clone();
        part.key = key_of(&action.key, changes);
        part.changes = changes.to_vec();
        self.keeper.ensure().await?;
        let write = Write::Update(user, changes);
        Ok(self.runner.calls.write_one(write, &part, self.order.now).await.map(drop))
    }
}

/// The key of a part of an update, which differs from those of the whole and of other parts.
fn key_of(key: &ActionKey, changes: &[Change]) -> ActionKey {
    let mut digest = Sha256::new();
    digest.update(key.as_str());
    for change in changes {
        digest.update([0]);
        digest.update(change.field.to_string());
    }
    ActionKey::from(hris_core::hex(digest.finalize().get(..16).unwrap_or_default()))
}

/// Whether the error is about this field. Custom fields may be kept together under one name.
fn is_named(error: &TargetError, field: &TargetField) -> bool {
    let kept_together = matches!(field, TargetField::Custom(_)) && error.fields.contains("custom");
    kept_together || error.fields.contains(&field.to_string())
}

/// What ends the run or has to be looked up: nothing is settled, and the next run sees what was written.
fn not_told(error: TargetError) -> Attempt {
    match error.kind {
        TargetErrorKind::UnknownOutcome => Attempt::Open(error),
        _ => Attempt::Failed(error),
    }
}

fn told(action: &Action, user: &UserId, change: &Change, error: &TargetError) -> Problem {
    let field = change.field.to_string();
    let mut problem = match error.kind {
        TargetErrorKind::Conflict => conflict(&BTreeSet::from([field])),
        _ => rejected(error).field(field),
    };
    problem.employee.clone_from(&action.employee);
    problem.user = Some(user.clone());
    problem
}
