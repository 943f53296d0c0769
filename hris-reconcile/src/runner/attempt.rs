//! Trying actions: whether they still make sense, doing them, and what to make of the answers.

use std::collections::BTreeSet;

use hris_core::reconcile::{Action, ActionKind, Change, Side, Situation};
use hris_core::{Problem, ProblemCode, User, UserId, UserStatus};

use super::apply::{Apply, who};
use super::partly::is_refusal;
use super::settle::{is_held_by_another, is_ours, read_back};
use crate::store::Settlement;
use crate::target::{By, Invitation, NewUser, TargetError, TargetErrorKind, Write};

/// How an attempt at one action ended.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The account that was to be made is there; it is this person's now.
    Adopted(User),
    /// A value that must be unique is taken.
    Conflict(BTreeSet<String>),
    /// It was done, and this is what becomes of the link.
    Done(Settlement, UserId),
    /// It was not done.
    Failed(TargetError),
    /// Nobody knows; the next run finds out.
    Open(TargetError),
    /// It was done but for these fields, which the target refuses.
    Partly(Settlement, UserId, BTreeSet<String>),
    /// It was not tried, and perhaps somebody should know.
    Skipped(Option<Problem>),
}

/// How far the attempt at an action has come.
#[derive(Debug)]
pub(super) enum Tried {
    /// It ended before anything was written.
    Ended(Box<Attempt>),
    /// The account that it relies on is to be looked at first.
    Look(Sight),
    /// It is to be written.
    Ready(Writing),
    /// It was written, and this is the answer.
    Written(Writing, Result<UserId, TargetError>),
}

/// What an account is looked at for.
#[derive(Debug)]
pub(super) enum Sight {
    /// It was opened in this run: it may need no invitation.
    CameBack(UserId),
    /// It may be there already.
    ToBeMade(String),
    /// It may be another one by now, or stand otherwise than the plan saw it.
    Unchanged(UserId),
}

impl Sight {
    fn by(&self) -> By<'_> {
        match self {
            Self::CameBack(id) | Self::Unchanged(id) => By::Id(id),
            Self::ToBeMade(external_id) => By::ExternalId(external_id),
        }
    }
}

/// What an action writes, and to which account.
#[derive(Debug)]
pub(super) enum Writing {
    Change(UserId),
    Close(Box<User>),
    Create(NewUser),
}

impl Writing {
    fn of<'a>(&'a self, action: &'a Action) -> Write<'a> {
        match (self, action.kind) {
            (Self::Create(new), _) => Write::Create(new),
            (Self::Close(seen), _) => Write::Deactivate(seen),
            (Self::Change(id), ActionKind::Assign) => Write::Assign(id, &action.assignments),
            (Self::Change(id), ActionKind::Invite | ActionKind::Reinvite) => {
                Write::Invite(id, Invitation::new(action.expires_at, action.kind == ActionKind::Reinvite))
            }
            (Self::Change(id), ActionKind::Reactivate) => Write::Reactivate(id),
            (Self::Change(id), _) => Write::Update(id, &action.changes),
        }
    }
}

impl From<Attempt> for Tried {
    fn from(ended: Attempt) -> Self {
        Self::Ended(Box::new(ended))
    }
}

impl Apply<'_> {
    /// Tries actions that have nothing to do with each other, together as far as the target allows: first the
    /// accounts are looked at, then everything is written. An error is what keeps the run from going on.
    pub(super) async fn try_all(&mut self, actions: &[Action]) -> crate::Result<Vec<Tried>> {
        let (runner, now) = (self.runner, self.order.now);
        let mut tried = Vec::with_capacity(actions.len());
        for action in actions {
            tried.push(self.begin(action).await?);
        }
        let questions: Vec<By<'_>> = tried
            .iter()
            .filter_map(|one| if let Tried::Look(sight) = one { Some(sight.by()) } else { None })
            .collect();
        let found = match questions.is_empty() {
            true => Vec::new(),
            false => runner.calls.look_for(&questions, now).await,
        };
        let mut found = found.into_iter();
        for (one, action) in tried.iter_mut().zip(actions) {
            if let Tried::Look(sight) = one {
                let Some(found) = found.next() else { continue };
                *one = self.looked_at(action, sight, found);
            }
            if let Tried::Ready(Writing::Change(id)) = one
                && let Some(attempt) = self.was_overtaken(action, id).await
            {
                *one = attempt.into();
            }
        }
        let ready = |one: &&Tried| matches!(one, Tried::Ready(_));
        if tried.iter().filter(ready).count() == 0 {
            return Ok(tried);
        }
        // Asked as late as can be: a run that was held up in between must not write any more.
        self.keeper.ensure().await?;
        let writes: Vec<(Write<'_>, &Action)> = tried
            .iter()
            .zip(actions)
            .filter_map(|(one, action)| match one {
                Tried::Ready(writing) => Some((writing.of(action), action)),
                _ => None,
            })
            .collect();
        let mut done = runner.calls.write_all(&writes, now).await.into_iter();
        let written = |one| match one {
            Tried::Ready(writing) => match done.next() {
                Some(done) => Tried::Written(writing, done),
                None => Tried::Ready(writing),
            },
            other => other,
        };
        Ok(tried.into_iter().map(written).collect())
    }

    /// What can be said of an action without asking the target.
    async fn begin(&mut self, action: &Action) -> crate::Result<Tried> {
        if self.stuck.contains(who(action)) {
            return Ok(Attempt::Skipped(None).into());
        }
        if !action.waits_for.iter().all(|user| self.released.contains(user)) {
            return Ok(Attempt::Conflict(action.fields().collect()).into());
        }
        Ok(match action.kind {
            _ if action.side == Side::Source => self.write_back(action).await?.into(),
            // The account is looked up before it is created, and again after an unclear answer.
            ActionKind::Create => match action.external_id() {
                Some(external_id) => Tried::Look(Sight::ToBeMade(external_id.to_owned())),
                None => {
                    let message = "create: the account would have no external id; check the mapping";
                    Attempt::Failed(TargetError::new(TargetErrorKind::Rejected, message)).into()
                }
            },
            ActionKind::Link => self.link(action).into(),
            _ => self.before_change(action),
        })
    }

    /// What became of an action that was tried. An error is what keeps the run from going on.
    pub(super) async fn outcome(&mut self, action: &Action, tried: Tried) -> crate::Result<Attempt> {
        match tried {
            Tried::Ended(attempt) => Ok(*attempt),
            Tried::Written(Writing::Create(_), done) => Ok(self.created(action, done).await),
            Tried::Written(Writing::Close(seen), done) => self.changed(action, seen.id, done.map(drop)).await,
            Tried::Written(Writing::Change(id), done) => self.changed(action, id, done.map(drop)).await,
            Tried::Look(_) | Tried::Ready(_) => {
                let message = "the target did not answer to every call";
                Ok(Attempt::Open(TargetError::new(TargetErrorKind::UnknownOutcome, message)))
            }
        }
    }

    /// Nothing is written to the target: from now on the account is remembered as this person's.
    fn link(&self, action: &Action) -> Attempt {
        let Some(user) = action.user.clone() else {
            return Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, "link: no account is named"));
        };
        let other = self.links.holder(&user).filter(|holder| Some(*holder) != action.employee.as_ref());
        if other.is_some_and(|holder| Some(holder) != action.replaces.as_ref()) {
            return Attempt::Conflict(BTreeSet::new());
        }
        Attempt::Done(self.settled(action, &user), user)
    }

    async fn created(&mut self, action: &Action, done: Result<UserId, TargetError>) -> Attempt {
        let error = match done {
            Ok(id) if is_held_by_another(&self.links, action, &id) => return taken(),
            Ok(id) => {
                self.made.insert(id.clone());
                return Attempt::Done(self.done_to(action, &id).await, id);
            }
            Err(error) => error,
        };
        let Some(external_id) = action.external_id() else { return Attempt::Failed(error) };
        match error.kind {
            TargetErrorKind::Conflict => match self.runner.calls.find(external_id, self.order.now).await {
                Ok(Some(user)) => self.adopt(action, user),
                _ => Attempt::Conflict(error.fields),
            },
            TargetErrorKind::UnknownOutcome => {
                match self.runner.calls.find(external_id, self.order.now).await {
                    Ok(Some(user)) if is_held_by_another(&self.links, action, &user.id) => taken(),
                    Ok(Some(user)) => match is_ours(&self.runner.calls, action, &user).await {
                        Ok(true) => {
                            self.made.insert(user.id.clone());
                            Attempt::Done(self.settled(action, &user.id), user.id)
                        }
                        Ok(false) => Attempt::Adopted(user),
                        Err(_) => Attempt::Open(error),
                    },
                    Ok(None) => Attempt::Failed(error),
                    Err(_) => Attempt::Open(error),
                }
            }
            _ => Attempt::Failed(error),
        }
    }

    fn adopt(&self, action: &Action, user: User) -> Attempt {
        if is_held_by_another(&self.links, action, &user.id) {
            return taken();
        }
        Attempt::Adopted(user)
    }

    /// Something is to be done to an account that is there. Right before one is closed, opened or invited or loses
    /// something, it is looked at whether it still stands as the plan saw it.
    fn before_change(&self, action: &Action) -> Tried {
        let Some(id) = self.links.user_of(action) else {
            let message = format!("{}: there is no account", action.kind.as_str());
            return Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, message)).into();
        };
        let invites = matches!(action.kind, ActionKind::Invite | ActionKind::Reinvite);
        if invites && action.employee.as_ref().is_some_and(|employee| self.adopted.contains(employee)) {
            // An account that was there before is not ours to invite.
            return Attempt::Skipped(None).into();
        }
        if invites && self.opened.contains(&id) {
            return Tried::Look(Sight::CameBack(id));
        }
        let closes = action.kind == ActionKind::Deactivate;
        let opens = action.kind == ActionKind::Reactivate;
        if !(invites || closes || opens || takes(action)) || (self.made.contains(&id) && !closes) {
            return Tried::Ready(Writing::Change(id));
        }
        Tried::Look(Sight::Unchanged(id))
    }

    async fn changed(
        &mut self,
        action: &Action,
        user: UserId,
        done: Result<(), TargetError>,
    ) -> crate::Result<Attempt> {
        let Err(error) = done else {
            return Ok(Attempt::Done(self.done_to(action, &user).await, user));
        };
        if action.kind == ActionKind::Update && action.changes.len() > 1 && is_refusal(error.kind) {
            return self.the_rest(action, &user, error).await;
        }
        Ok(match error.kind {
            TargetErrorKind::Changed => is_another(),
            TargetErrorKind::Conflict => Attempt::Conflict(error.fields),
            TargetErrorKind::NotFound if action.kind == ActionKind::Deactivate => {
                Attempt::Done(self.settled(action, &user), user)
            }
            TargetErrorKind::UnknownOutcome => {
                match read_back(&self.runner.calls, &self.links, action, (self.order.now, self.order.now))
                    .await
                {
                    Ok(Some(found)) => match is_ours(&self.runner.calls, action, &found).await {
                        Ok(true) => Attempt::Done(self.done_to(action, &user).await, user),
                        Ok(false) => Attempt::Skipped(Some(noted("somebody else did it meanwhile"))),
                        Err(_) => Attempt::Open(error),
                    },
                    Ok(None) => Attempt::Failed(error),
                    Err(_) => Attempt::Open(error),
                }
            }
            _ => Attempt::Failed(error),
        })
    }

    /// Whether an action is still right, now that the account was looked at.
    fn looked_at(&self, action: &Action, sight: &Sight, found: Result<Option<User>, TargetError>) -> Tried {
        let found = match found {
            Ok(found) => found,
            Err(error) => return Attempt::Failed(error).into(),
        };
        let ended = match (sight, found) {
            (Sight::ToBeMade(_), Some(user)) => self.adopt(action, user),
            (Sight::ToBeMade(_), None) => {
                let status = if action.awaits_invite { UserStatus::Pending } else { UserStatus::Active };
                let new = NewUser::new(status, action.changes.clone(), action.assignments.clone());
                return Tried::Ready(Writing::Create(new));
            }
            (Sight::Unchanged(id), None) if action.kind == ActionKind::Deactivate => {
                Attempt::Done(self.settled(action, id), id.clone())
            }
            (_, None) => {
                let message = format!("{}: the account is gone", action.kind.as_str());
                Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, message))
            }
            // It may have come back as one that was asked before, or is in use.
            (Sight::CameBack(id), Some(user)) => match user.status {
                UserStatus::Pending => return Tried::Ready(Writing::Change(id.clone())),
                _ => Attempt::Skipped(None),
            },
            (Sight::Unchanged(id), Some(user)) => match self.not_right(action, &user) {
                Some(attempt) => attempt,
                None if action.kind == ActionKind::Deactivate => {
                    return Tried::Ready(Writing::Close(Box::new(user)));
                }
                None => return Tried::Ready(Writing::Change(id.clone())),
            },
        };
        ended.into()
    }

    /// Why an action is not right for the account as it stands now.
    fn not_right(&self, action: &Action, user: &User) -> Option<Attempt> {
        let seen = self.seen.get(&user.id);
        if seen.is_some_and(|seen| !seen.is_borne_by(user)) {
            return Some(is_another());
        }
        let problem = match action.kind {
            ActionKind::Deactivate if !user.is_live() => noted("somebody else closed the account meanwhile"),
            ActionKind::Deactivate
                if action.situation == Situation::Rescinded && user.status != UserStatus::Pending =>
            {
                left("the account was taken into use meanwhile; the next run decides again")
            }
            ActionKind::Reactivate if user.is_live() => noted("somebody else opened the account meanwhile"),
            ActionKind::Invite | ActionKind::Reinvite if seen.is_some_and(|seen| !seen.stands_as(user)) => {
                noted("the account changed meanwhile, so no invitation was sent; the next run decides again")
            }
            _ => return None,
        };
        Some(Attempt::Skipped(Some(problem)))
    }
}

/// Whether an action takes something from the owner of the account: a value, an assignment, the address to
/// sign in with.
fn takes(action: &Action) -> bool {
    let taken = |change: &Change| change.from.is_some() && (change.to.is_none() || change.field.is_unique());
    action.changes.iter().any(taken) || action.assignments.iter().any(|change| !change.given)
}

/// The account bears another id or address than the plan saw.
fn is_another() -> Attempt {
    let message = "the account carries another external id or e-mail address than the plan saw, so it may be somebody \
                   else's by now; nothing was done to it, and the next run decides again";
    Attempt::Skipped(Some(left(message)))
}

/// The account with this person's external id is linked to somebody else.
fn taken() -> Attempt {
    Attempt::Conflict(BTreeSet::from(["external_id".to_owned()]))
}

/// Nothing was left undone that somebody wants done.
fn noted(message: &str) -> Problem {
    Problem::warning(ProblemCode::Divergence, message)
}

/// Something was left undone.
pub(super) fn left(message: &str) -> Problem {
    Problem::error(ProblemCode::Divergence, message)
}
