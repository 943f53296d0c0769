//! Trying one action: whether it still makes sense, doing it, and what to make of the answer.

use std::collections::BTreeSet;

use hris_core::reconcile::{Action, ActionKind, Change, Side, Situation};
use hris_core::{Problem, ProblemCode, TargetField, User, UserId, UserStatus};

use super::apply::{Apply, who};
use super::partly::is_refusal;
use super::settle::{is_held_by_another, is_ours, read_back};
use crate::store::Settlement;
use crate::target::{NewUser, TargetError, TargetErrorKind};

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

impl Apply<'_> {
    /// Tries one action. An error is what keeps the run from going on.
    pub(super) async fn attempt(&mut self, action: &Action) -> crate::Result<Attempt> {
        if self.stuck.contains(who(action)) {
            return Ok(Attempt::Skipped(None));
        }
        if !action.waits_for.iter().all(|user| self.released.contains(user)) {
            return Ok(Attempt::Conflict(action.fields().collect()));
        }
        match action.kind {
            _ if action.side == Side::Source => self.write_back(action).await,
            ActionKind::Create => self.create(action).await,
            ActionKind::Link => Ok(self.link(action)),
            _ => self.change(action).await,
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

    /// The account is looked up before it is created, and again after an unclear answer.
    async fn create(&mut self, action: &Action) -> crate::Result<Attempt> {
        let Some(external_id) = action.external_id() else {
            let message = "create: the account would have no external id; check the mapping";
            return Ok(Attempt::Failed(TargetError::new(TargetErrorKind::Rejected, message)));
        };
        match self.runner.calls.find(external_id, self.order.now).await {
            Ok(Some(user)) => return Ok(self.adopt(action, user)),
            Ok(None) => {}
            Err(error) => return Ok(Attempt::Failed(error)),
        }
        let status = if action.awaits_invite { UserStatus::Pending } else { UserStatus::Active };
        let user = NewUser::new(status, action.changes.clone(), action.assignments.clone());
        // Asked as late as can be: a run that was held up in between must not write any more.
        self.keeper.ensure().await?;
        let error = match self.runner.calls.create(action, &user, self.order.now).await {
            Ok(id) if is_held_by_another(&self.links, action, &id) => return Ok(taken()),
            Ok(id) => {
                self.made.insert(id.clone());
                return Ok(Attempt::Done(self.done_to(action, &id).await, id));
            }
            Err(error) => error,
        };
        Ok(match error.kind {
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
        })
    }

    fn adopt(&self, action: &Action, user: User) -> Attempt {
        if is_held_by_another(&self.links, action, &user.id) {
            return taken();
        }
        Attempt::Adopted(user)
    }

    /// Something is done to an account that is there.
    async fn change(&mut self, action: &Action) -> crate::Result<Attempt> {
        let Some(user) = self.links.user_of(action) else {
            let message = format!("{}: there is no account", action.kind.as_str());
            return Ok(Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, message)));
        };
        let seen = match self.looked_at(action, &user).await {
            Ok(seen) => seen,
            Err(attempt) => return Ok(attempt),
        };
        if let Some(attempt) = self.was_overtaken(action, &user).await {
            return Ok(attempt);
        }
        self.keeper.ensure().await?;
        let (calls, now) = (&self.runner.calls, self.order.now);
        let done = match seen.filter(|_| action.kind == ActionKind::Deactivate) {
            Some(seen) => calls.deactivate(action, &seen, now).await,
            None => calls.change(action, &user, now).await,
        };
        let Err(error) = done else {
            return Ok(Attempt::Done(self.done_to(action, &user).await, user));
        };
        if action.kind == ActionKind::Update && action.changes.len() > 1 && is_refusal(error.kind) {
            return self.the_rest(action, &user, error).await;
        }
        Ok(match error.kind {
            TargetErrorKind::Changed => changed(),
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

    /// Looks, right before an account is closed, opened or invited or loses something, whether it still stands as
    /// the plan saw it. `Err` if the action is not right any more.
    async fn looked_at(&self, action: &Action, id: &UserId) -> Result<Option<User>, Attempt> {
        let invites = matches!(action.kind, ActionKind::Invite | ActionKind::Reinvite);
        if invites && action.employee.as_ref().is_some_and(|employee| self.adopted.contains(employee)) {
            // An account that was there before is not ours to invite.
            return Err(Attempt::Skipped(None));
        }
        if invites && self.opened.contains(id) {
            return self.came_back(id).await.map_or(Ok(None), Err);
        }
        let closes = action.kind == ActionKind::Deactivate;
        let opens = action.kind == ActionKind::Reactivate;
        if !(invites || closes || opens || takes(action)) || (self.made.contains(id) && !closes) {
            return Ok(None);
        }
        let user = match self.runner.calls.user(id, self.order.now).await {
            Ok(Some(user)) => user,
            Ok(None) if closes => return Err(Attempt::Done(self.settled(action, id), id.clone())),
            Ok(None) => {
                let message = format!("{}: the account is gone", action.kind.as_str());
                return Err(Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, message)));
            }
            Err(error) => return Err(Attempt::Failed(error)),
        };
        let seen = self.seen.get(id);
        if seen.is_some_and(|seen| !seen.is_borne_by(&user)) {
            return Err(changed());
        }
        let problem = match action.kind {
            ActionKind::Deactivate if !user.is_live() => noted("somebody else closed the account meanwhile"),
            ActionKind::Deactivate
                if action.situation == Situation::Rescinded && user.status != UserStatus::Pending =>
            {
                left("the account was taken into use meanwhile; the next run decides again")
            }
            ActionKind::Reactivate if user.is_live() => noted("somebody else opened the account meanwhile"),
            ActionKind::Invite | ActionKind::Reinvite if seen.is_some_and(|seen| !seen.stands_as(&user)) => {
                noted("the account changed meanwhile, so no invitation was sent; the next run decides again")
            }
            _ => return Ok(Some(user)),
        };
        Err(Attempt::Skipped(Some(problem)))
    }
}

impl Apply<'_> {
    /// Whether an account that was opened in this run needs no invitation: it may have come back as one that
    /// was asked before, or is in use.
    async fn came_back(&self, id: &UserId) -> Option<Attempt> {
        match self.runner.calls.user(id, self.order.now).await {
            Ok(Some(user)) if user.status == UserStatus::Pending => None,
            Ok(Some(_)) => Some(Attempt::Skipped(None)),
            Ok(None) => {
                let message = "invite: the account is gone";
                Some(Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, message)))
            }
            Err(error) => Some(Attempt::Failed(error)),
        }
    }
}

/// Whether an action takes something from the owner of the account: a value, an assignment, the address to
/// sign in with.
fn takes(action: &Action) -> bool {
    let identifies = |field: &TargetField| matches!(field, TargetField::Email | TargetField::ExternalId);
    let taken = |change: &Change| change.from.is_some() && (change.to.is_none() || identifies(&change.field));
    action.changes.iter().any(taken) || action.assignments.iter().any(|change| !change.given)
}

/// The account bears another id or address than the plan saw.
fn changed() -> Attempt {
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
